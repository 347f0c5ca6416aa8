"""The receipt of a decision: everything needed to come to the same answer again, without asking us; and the keys.

It leaves in its one canonical form and is signed; `rescind receipt verify` checks it offline.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from rescind.api.cancellation_answers import CancellationTold, cancellation_of, cancellation_told, ground_of
from rescind.api.cancellations import find
from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.money_answers import RefundTold, refunds_told
from rescind.api.reasoning import (
    SENSITIVE,
    DeadlineTold,
    StepTold,
    deadline_told,
    facts_told,
    findings_told,
    withheld,
)
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.event import Ground
from rescind.core.instant import Instant
from rescind.core.receipt import SIGNATURE, LayerNamed, canonical, commitment, judged_again
from rescind.core.record import ROOT, Record, chain, encode
from rescind.core.terms import Terms
from rescind.postgres.credentials import Role
from rescind.postgres.receipt_keys import ReceiptKey
from rescind.receipts.signing import ALGORITHM


class PlaceTold(Told, frozen=True, kw_only=True):
    """A record's place in the order's chain: hash = SHA-256(previous, record). head: the last hash of the chain."""

    seq: int
    type: str
    at: Instant
    received_at: Instant
    hash: str
    previous: str


class CalendarTold(Told, frozen=True, kw_only=True):
    """The days that count. weekend: 0 is Monday. working: days of a weekend that count all the same.

    hash: SHA-256 of zone, weekend, holidays, and working where there are any, as sorted JSON.
    """

    hash: str
    zone: str
    weekend: list[int]
    holidays: list[date]
    working: list[date]


class Unsigned(Told, frozen=True, kw_only=True):
    """A receipt before it is signed; what its members are stands at ``Receipt``."""

    format: int
    issuer: str
    issued_at: Instant
    reader: str
    order: str
    number: str
    cancellation: CancellationTold
    refunds: list[RefundTold]
    on: str
    decided_at: Instant
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    fault: str
    layers: list[LayerNamed]
    placed_at: Instant
    starts: dict[str, Instant]
    facts: dict[str, object]
    commitments: dict[str, str]
    openings: dict[str, str]
    withheld: list[str]
    counted_at: Instant | None
    calendar: CalendarTold
    deadline: DeadlineTold | None
    findings: list[StepTold]
    records: list[PlaceTold]
    head: str
    length: int


class SignatureTold(Told, frozen=True, kw_only=True):
    """digests: SHA-256 of each other member's canonical form. key: SHA-256 of public_key, listed at /v1/receipt-keys.

    value: the key's Ed25519 signature over the canonical form of the four other members. All in lower-case hex.
    """

    algorithm: str
    digests: dict[str, str]
    key: str
    public_key: str
    value: str


class Receipt(Unsigned, frozen=True, kw_only=True):
    """Why the policy answered as it did, and what became of it.

    on, layers, facts, starts and calendar are the whole question; the texts of the layers are at
    ``/v1/policies/{hash}``. verdict, rule, findings and deadline are the answer that anybody gets who asks it. fault:
    ``seller`` where the reason counts against the seller, empty where it is nobody's.

    commitments: of each fact that not every reader may see, SHA-256 of the canonical form of [salt, fact, value].
    openings: the salts of those that this reader may see. withheld: those it may not; with any there, this receipt
    alone may not be enough to come to the answer again. records: every record about this cancellation, each with its
    place in the order's hash chain, which holds ``length`` records and ends in ``head``.
    """

    signature: SignatureTold


class ReceiptKeyTold(Told, frozen=True, kw_only=True):
    """A public key as JSON Web Key (RFC 8037). kid: SHA-256 of its 32 bytes; retired_at: it signed nothing after."""

    kty: str
    crv: str
    use: str
    kid: str
    x: str
    added_at: Instant
    retired_at: Instant | None


class ReceiptKeysTold(Told, frozen=True, kw_only=True):
    """Every key that ever signed a receipt here, the newest first."""

    keys: list[ReceiptKeyTold]


@operation(
    "GET",
    "/v1/orders/{order}/cancellations/{cancellation}/receipt",
    may=ANYBODY,
    through="order",
    summary="Read the receipt of a decision",
    gives=Receipt,
    fails=(errors.NotFound,),
)
async def receipt(call: Call) -> Answer:
    """The decision with its rule, facts, policies, calendar, deadline arithmetic and place in the hash chain, signed.

    The bytes are the signed form (RFC 8785); keep them as they are, and `rescind receipt verify` checks them offline.
    """
    desk, who = call.desk, call.principal
    order = await call.order()
    cancellation = find(call, order)
    about = cancellation.id
    entries = await desk.reads.timeline(who.scope, order.id)
    records = [entry.record for entry in entries]
    grounds = (ground_of(one) for one in records if cancellation_of(one) == about)
    ground = next((one for one in grounds if one), None)
    if ground is None:
        # The system's own cancellations follow from what happened, not from a rule.
        raise errors.NotFound(kind="receipt")
    terms = await desk.book.terms_of(ground, order.pins, order.placed_at)
    calendar = await desk.book.calendar_of(ground.calendar, terms)
    judged = judged_again(records, cancellation, terms, calendar)
    assert judged is not None, "a record has its ground"
    decided, finding = judged.record, judged.finding
    places, head = _places(records, about)
    commitments, openings = await _committed(call, about, ground.facts, who.role)
    now = desk.now()
    body = Unsigned(
        format=1,
        issuer=desk.base_url,
        issued_at=now,
        reader=who.role,
        order=order.id,
        number=order.number,
        cancellation=cancellation_told(cancellation, order, who.role),
        refunds=refunds_told(order, (one for one in order.refunds if one.cancellation == about), who.role),
        on=judged.on,
        decided_at=decided.event.at,
        verdict=ground.verdict,
        rule=ground.rule,
        layer=ground.layer,
        cites=list(ground.cites),
        instead=ground.instead,
        fault=ground.fault,
        layers=_layers(terms, ground, order.placed_at, decided.event.at),
        placed_at=order.placed_at,
        starts=judged.starts,
        facts=facts_told(who.role, ground.facts),
        commitments=commitments,
        openings=openings,
        withheld=withheld(who.role, ground.facts),
        counted_at=ground.as_of,
        calendar=CalendarTold(
            hash=ground.calendar,
            zone=calendar.zone,
            weekend=sorted(calendar.weekend),
            holidays=sorted(calendar.holidays),
            working=sorted(calendar.working),
        ),
        deadline=deadline_told(finding.deadline),
        findings=findings_told(finding, who.role),
        records=places,
        head=head,
        length=len(records),
    )
    document = msgspec.to_builtins(body)
    document[SIGNATURE] = await desk.signer.sign(document, now)
    return Answer(body=canonical(document), version=order.version)


@operation(
    "GET", "/v1/receipt-keys", may=None, through="public", summary="Read the keys of receipts", gives=ReceiptKeysTold
)
async def receipt_keys(call: Call) -> Answer:
    """The public keys that receipts are signed with, retired ones among them. Keep a copy to check receipts offline."""
    return Answer(body=keys_told(await call.desk.signer.keys.all()))


def keys_told(keys: Sequence[ReceiptKey]) -> ReceiptKeysTold:
    """Published keys as the API and the command line tell them."""
    return ReceiptKeysTold(
        keys=[
            ReceiptKeyTold(
                kty="OKP",
                crv=ALGORITHM,
                use="sig",
                kid=key.id,
                x=urlsafe_b64encode(bytes.fromhex(key.public)).rstrip(b"=").decode(),
                added_at=key.added_at,
                retired_at=key.retired_at,
            )
            for key in keys
        ]
    )


def _layers(terms: Terms, ground: Ground, placed_at: Instant, decided_at: Instant) -> list[LayerNamed]:
    return [
        LayerNamed(
            layer=one.layer,
            name=one.name,
            language=one.policy.language,
            hash=one.hash,
            settings=dict(one.settings),
            as_of=decided_at if one.layer in {"law", "standing"} else placed_at,
        )
        for one in terms.layers_for(ground.facts, decided_at)
    ]


async def _committed(
    call: Call, decision: str, facts: Mapping[str, object], role: Role
) -> tuple[dict[str, str], dict[str, str]]:
    """What holds every sensitive fact to its value, whoever reads; and the salts of those this reader may see."""
    hidden = withheld(role, facts)
    salts = {name: await call.desk.signer.salt(decision, name) for name in sorted(SENSITIVE & facts.keys())}
    commitments = {name: commitment(name, facts[name], salt) for name, salt in salts.items()}
    return commitments, {name: salt for name, salt in salts.items() if name not in hidden}


def _places(records: Sequence[Record], cancellation: str) -> tuple[list[PlaceTold], str]:
    """Where the records about a cancellation stand in the chain, and the hash it ends in.

    Encoding is exact: what was stored by this version comes out as the same bytes, which a test holds against the
    stored hashes.
    """
    found: list[PlaceTold] = []
    head = ROOT
    for record in records:
        before, head = head, chain(head, encode(record))
        if cancellation_of(record) == cancellation:
            found.append(
                PlaceTold(
                    seq=record.seq,
                    type=type(record.event).__name__,
                    at=record.event.at,
                    received_at=record.received_at,
                    hash=head.hex(),
                    previous=before.hex(),
                )
            )
    return found, head.hex()


OPERATIONS = (receipt, receipt_keys)
