"""Files that show something: sent before the request, the refusal or the return case that names them."""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.evidence import MOST, EvidenceRef, MediaType
from rescind.core.exhibits import exhibits
from rescind.core.instant import Instant
from rescind.headers import as_bytes
from rescind.postgres.evidence import Once

EvidenceName = Annotated[str, msgspec.Meta(pattern=r"^evd_[0-9a-hjkmnp-tv-z]{22}(?!\n)$", description="Id of a file.")]
Files = Annotated[tuple[EvidenceName, ...], msgspec.Meta(max_length=MOST, description="Files that were sent before.")]


MessageName = Annotated[
    str, msgspec.Meta(pattern=r"^msg_[0-9a-hjkmnp-tv-z]{22}(?!\n)$", description="Id of a message.")
]


class EvidenceTold(Told, frozen=True, kw_only=True):
    """A file. digest: SHA-256 in hex of the bytes that are kept, from which a photo's place and time were taken out."""

    id: str
    type: str
    size: int
    digest: str


class ExhibitTold(Told, frozen=True, kw_only=True):
    """A file of a case. about: id of the request to cancel or the return case; by: buyer, seller or support."""

    file: EvidenceTold
    about: str
    by: str
    at: Instant


class ExhibitsTold(Told, frozen=True, kw_only=True):
    """The files of an order, oldest first."""

    rows: list[ExhibitTold]


def evidence_told(evidence: tuple[EvidenceRef, ...]) -> list[EvidenceTold]:
    """The files an event names."""
    return [EvidenceTold(id=one.id, type=one.type, size=one.size, digest=one.digest) for one in evidence]


async def named(call: Call, ids: tuple[str, ...]) -> tuple[EvidenceRef, ...]:
    """The files a body names. Raises NotFound, FileRefused, InvalidField."""
    if not ids:
        return ()
    order = await call.order()
    return await call.desk.evidence.named(order.id, call.principal, ids)


@operation(
    "POST",
    "/v1/orders/{order}/evidence",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Send a photo or document",
    takes=get_args(MediaType),
    gives=EvidenceTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidField, errors.EvidenceFull),
)
async def send(call: Call) -> Answer:
    """Send one file as the body, and name its id in the request, refusal or return case it belongs to, within a day.

    What it is must show in its bytes and agree with `Content-Type`. What photos and documents say of their maker is
    removed, so that nobody tells where they live. The same file sent twice is one file. What nothing names is removed.
    """
    order = await call.order()
    once = Once(call.key(order.shop), call.fingerprint())
    ref, repeated = await call.desk.evidence.keep(order.id, call.principal, call.body, call.media_type, once)
    return Answer(
        body=evidence_told((ref,))[0],
        status=201,
        location=f"/v1/orders/{order.id}/evidence/{ref.id}",
        replayed=repeated,
    )


@operation(
    "GET",
    "/v1/orders/{order}/evidence/{evidence}",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Get a photo or document",
    media_type="*/*",
    fails=(errors.NotFound,),
)
async def get(call: Call) -> Answer:
    """The bytes of a file that is part of a case of this order, or that the caller has just sent.

    Do not show it inside a page of yours without the headers it comes with: what people send is not to be trusted.
    """
    order = await call.order()
    shown = await call.desk.evidence.show(order.id, call.principal, call.identifier("evidence", "evd"))
    return Answer(body=shown.data, media_type=shown.ref.type.encode(), headers=as_bytes(shown.headers))


@operation(
    "GET",
    "/v1/orders/{order}/evidence",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="List the photos and documents of an order",
    gives=ExhibitsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every file that came with a request, a refusal or a return case of this order, with whose it is and when."""
    order = await call.order()
    entries = await call.desk.reads.timeline(call.principal.scope, order.id)
    rows = [
        ExhibitTold(file=evidence_told((one.ref,))[0], about=one.about, by=one.by.value, at=one.at)
        for one in exhibits(entry.record for entry in entries)
    ]
    return Answer(body=ExhibitsTold(rows=rows), version=order.version)


OPERATIONS = (send, of_order, get)
