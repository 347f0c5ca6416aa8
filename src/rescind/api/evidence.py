"""Files that show something: sent before the request, the refusal, the return case or the message that names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, get_args

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.shops import shop_of
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.evidence import MOST, EvidenceRef, Home, MediaType, shop_at
from rescind.core.exhibits import Exhibit, exhibits
from rescind.core.instant import Instant
from rescind.headers import as_bytes
from rescind.postgres.credentials import Role
from rescind.postgres.evidence import Once

EvidenceName = Annotated[str, msgspec.Meta(pattern=r"^evd_[0-9a-hjkmnp-tv-z]{22}(?!\n)$", description="Id of a file.")]
Files = Annotated[tuple[EvidenceName, ...], msgspec.Meta(max_length=MOST, description="Files that were sent before.")]


MessageName = Annotated[
    str, msgspec.Meta(pattern=r"^msg_[0-9a-hjkmnp-tv-z]{22}(?!\n)$", description="Id of a message.")
]
MAY: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator"})
"""Whom files and conversations are of; the host has no part in them."""


class EvidenceTold(Told, frozen=True, kw_only=True):
    """A file. digest: SHA-256 in hex of the bytes that are kept, from which a photo's place and time were taken out."""

    id: str
    type: str
    size: int
    digest: str


class ExhibitTold(Told, frozen=True, kw_only=True):
    """A file of a case or a conversation. about: id of the request to cancel, the return case or the conversation; by:
    buyer, seller or support.
    """

    file: EvidenceTold
    about: str
    by: str
    at: Instant


class ExhibitsTold(Told, frozen=True, kw_only=True):
    """The files of an order or a conversation, oldest first."""

    rows: list[ExhibitTold]


def evidence_told(evidence: tuple[EvidenceRef, ...]) -> list[EvidenceTold]:
    """The files an event names."""
    return [EvidenceTold(id=one.id, type=one.type, size=one.size, digest=one.digest) for one in evidence]


def exhibits_told(found: Iterable[Exhibit]) -> ExhibitsTold:
    """Files with what they came with, oldest first."""
    rows = [
        ExhibitTold(file=evidence_told((one.ref,))[0], about=one.about, by=one.by.value, at=one.at) for one in found
    ]
    return ExhibitsTold(rows=sorted(rows, key=lambda one: one.at))


async def named(call: Call, ids: tuple[str, ...]) -> tuple[EvidenceRef, ...]:
    """The files a body names. Raises NotFound, FileRefused, InvalidField."""
    if not ids:
        return ()
    order = await call.order()
    return await call.desk.evidence.named(order.id, call.principal, ids)


@operation(
    "POST",
    "/v1/orders/{order}/evidence",
    may=MAY,
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
    return await _keep(call, order.id, f"/v1/orders/{order.id}")


@operation(
    "GET",
    "/v1/orders/{order}/evidence/{evidence}",
    may=MAY,
    through="order",
    summary="Get a photo or document",
    media_type="*/*",
    fails=(errors.NotFound,),
)
async def get(call: Call) -> Answer:
    """The bytes of a file that is part of a case of this order or of what was said about it and before it, or that the
    caller has just sent.

    Do not show it inside a page of yours without the headers it comes with: what people send is not to be trusted.
    """
    return await _show(call, (await call.order()).id)


@operation(
    "GET",
    "/v1/orders/{order}/evidence",
    may=MAY,
    through="order",
    summary="List the photos and documents of an order",
    gives=ExhibitsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every file that came with a request, a refusal or a return case of this order, with a message about it, or with a
    question that it followed; with whose it is and when.
    """
    order = await call.order()
    entries = await call.desk.reads.timeline(call.principal.scope, order.id)
    said = await call.desk.conversations.shown_about(call.principal, order)
    found = (*exhibits(entry.record for entry in entries), *said)
    return Answer(body=exhibits_told(found), version=order.version)


@operation(
    "POST",
    "/v1/shops/{shop}/evidence",
    may=frozenset({"buyer"}),
    through="shop",
    summary="Send a photo or document for a question",
    takes=get_args(MediaType),
    gives=EvidenceTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidField, errors.EvidenceFull),
)
async def send_to_shop(call: Call) -> Answer:
    """Send one file as the body before you ask a shop something, and name its id in the question within a day.

    It goes along with that question and with no other. Otherwise it is as with an order.
    """
    shop = (await shop_of(call)).id
    return await _keep(call, shop, f"/v1/shops/{shop}")


@operation(
    "GET",
    "/v1/shops/{shop}/evidence/{evidence}",
    may=frozenset({"buyer"}),
    through="shop",
    summary="Get a photo or document of a question to come",
    media_type="*/*",
    fails=(errors.NotFound,),
)
async def get_of_shop(call: Call) -> Answer:
    """The bytes of a file that you have just sent; once it was named it is read with its conversation."""
    return await _show(call, (await shop_of(call)).id)


@operation(
    "POST",
    "/v1/threads/{thread}/evidence",
    may=MAY,
    through="scope",
    summary="Send a photo or document for a conversation",
    takes=get_args(MediaType),
    gives=EvidenceTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidField, errors.EvidenceFull),
)
async def send_to_thread(call: Call) -> Answer:
    """Send one file as the body, and name its id in a message of this conversation within a day."""
    thread = call.identifier("thread", "cnv")
    home = await call.desk.conversations.home(call.principal, thread)
    return await _keep(call, home, f"/v1/threads/{thread}")


@operation(
    "GET",
    "/v1/threads/{thread}/evidence/{evidence}",
    may=MAY,
    through="scope",
    summary="Get a photo or document of a conversation",
    media_type="*/*",
    fails=(errors.NotFound,),
)
async def get_of_thread(call: Call) -> Answer:
    """The bytes of a file that came with a message you may read, or that you have just sent."""
    thread = call.identifier("thread", "cnv")
    return await _show(call, await call.desk.conversations.home(call.principal, thread))


@operation(
    "GET",
    "/v1/threads/{thread}/evidence",
    may=MAY,
    through="scope",
    summary="List the photos and documents of a conversation",
    gives=ExhibitsTold,
    fails=(errors.NotFound,),
)
async def of_thread(call: Call) -> Answer:
    """Every file that came with a message you may read, with whose it is and when."""
    talks = call.desk.conversations
    thread = await talks.thread(call.principal, call.identifier("thread", "cnv"))
    return Answer(body=exhibits_told(await talks.shown(call.principal, [thread])))


async def _keep(call: Call, home: Home, address: str) -> Answer:
    once = Once(call.key(shop_at(home)), call.fingerprint())
    ref, repeated = await call.desk.evidence.keep(home, call.principal, call.body, call.media_type, once)
    return Answer(body=evidence_told((ref,))[0], status=201, location=f"{address}/evidence/{ref.id}", replayed=repeated)


async def _show(call: Call, home: Home) -> Answer:
    shown = await call.desk.evidence.show(home, call.principal, call.identifier("evidence", "evd"))
    return Answer(body=shown.data, media_type=shown.ref.type.encode(), headers=as_bytes(shown.headers))


OPERATIONS = (send, of_order, get, send_to_shop, get_of_shop, send_to_thread, of_thread, get_of_thread)
