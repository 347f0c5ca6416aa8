"""What happened: an order's timeline, and the live stream of everything the caller may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, cast

import msgspec

from rescind.api.cancellation_answers import cancellation_of, ground_of
from rescind.api.endpoint import ANYBODY, STAFF, Answer, Call, operation
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import (
    cancellation,
    chargeback,
    errors,
    failed_refund,
    fulfilment,
    override,
    refund,
    second_person,
    stock,
)
from rescind.core.event import NoteRef
from rescind.core.instant import Instant
from rescind.core.lifecycle import Event
from rescind.core.money import Money
from rescind.core.record import Record
from rescind.core.scope import Scope
from rescind.core.views import TimelineEntry
from rescind.postgres.credentials import Role
from rescind.postgres.tail import NOTICE_MADE, LiveEvent, Reset

HEARTBEAT_S = 15.0
RETRY_MS = 2000
_encode = msgspec.json.Encoder().encode


class EventTold(Told, frozen=True, kw_only=True):
    """One thing that happened. Members that do not belong to its type are null or empty.

    at: when, by its own clock; received_at: when we heard. by: the role that acted; behalf: support acted for the
    buyer; mandate: under which a program did it for them, else empty. decided_by: whose decision it was: rule, seller,
    carrier, silence, support; against the rules, which person of support, and confirmed_by the second one. verdict,
    rule, cites: of the policy.
    amount: money that became owed, was captured, or was taken. text: somebody's words, empty once erased.
    corrects: the event whose report a correction takes back; with occurred_at it happened then, without it did not.
    """

    seq: int
    type: str
    at: Instant
    received_at: Instant
    by: str
    behalf: bool
    mandate: str
    cancellation: str | None
    refund: str | None
    fact: str
    kind: str
    reason: str
    stage: str
    verdict: str
    rule: str
    cites: list[str]
    decided_by: str
    status: str
    answer: str
    deadline: Instant | None
    if_silent: str
    lines: list[UnitsTold]
    amount: Money | None
    parcel: str
    carrier: str
    tracking: str
    corrects: int | None
    confirmed_by: str
    occurred_at: Instant | None
    text: str
    consent: str


class TimelineTold(Told, frozen=True, kw_only=True):
    """Everything that happened to an order, from the first."""

    order: str
    rows: list[EventTold]


@operation(
    "GET",
    "/v1/orders/{order}/events",
    may=ANYBODY,
    through="order",
    summary="Read an order's timeline",
    gives=TimelineTold,
    fails=(errors.NotFound,),
)
async def timeline(call: Call) -> Answer:
    """Everything that happened to an order, oldest first: who, what, when, and which rule said so."""
    who = call.principal
    view = await call.view()
    entries = await call.desk.reads.timeline(who.scope, view.order.id)
    currency = view.order.currency
    return Answer(
        body=TimelineTold(
            order=view.order.id,
            rows=[_told(entry, currency, who.role) for entry in entries if _tells(who.role, entry.record.event)],
        ),
        version=view.order.version,
    )


def _tells(role: Role, event: Event) -> bool:
    """Whether a reader of this role is told of it at all."""
    if role in STAFF:
        return True
    if isinstance(event, second_person.EVENTS):
        return role == "seller" and event.side == "seller"
    return not isinstance(event, override.AMONG_STAFF)


def _told(entry: TimelineEntry, currency: str, role: Role) -> EventTold:
    record, event = entry.record, entry.record.event
    ground = ground_of(record)
    asked = getattr(event, "request", None)
    staff = role in STAFF
    reason = asked.reason if asked else str(getattr(event, "reason", ""))
    return EventTold(
        seq=record.seq,
        type=type(event).__name__,
        at=event.at,
        received_at=record.received_at,
        by=record.actor.kind.value,
        behalf=bool(record.actor.on_behalf_of),
        mandate=record.actor.mandate,
        cancellation=cancellation_of(record),
        refund=getattr(event, "refund", None) or getattr(getattr(event, "terms", None), "refund", None),
        fact=str(getattr(event, "fact", "")),
        kind=getattr(event, "kind", ""),
        reason=cancellation.reason_for_buyer(reason) if role == "buyer" else reason,
        stage=asked.stage.value if asked else "",
        verdict=ground.verdict if ground else "",
        rule=ground.rule if ground else "",
        cites=list(ground.cites) if ground else [],
        decided_by=str(getattr(event, "by", "")),
        status=str(getattr(event, "status", "")),
        answer=getattr(event, "answer", ""),
        deadline=getattr(event, "answer_due_at", None) or getattr(event, "due_at", None),
        if_silent=getattr(event, "on_silence", ""),
        lines=units_told(_lines(record)),
        amount=_amount(record, currency),
        parcel=getattr(event, "parcel", ""),
        carrier=getattr(event, "carrier", ""),
        tracking=getattr(event, "tracking", ""),
        corrects=getattr(event, "seq", None),
        confirmed_by=getattr(event, "confirmed_by", ""),
        occurred_at=getattr(event, "occurred_at", None),
        text=_said(entry, getattr(event, "comment", None) or (asked.comment if asked else None)),
        # How a buyer agreed is between them and the platform.
        consent=_said(entry, getattr(event, "consent", None) or (asked.consent if asked else None)) if staff else "",
    )


def _lines(record: Record) -> dict[str, int]:
    match record.event:
        case (
            cancellation.CancellationApproved()
            | fulfilment.FactReported()
            | override.OverrideProposed()
            | override.RulesOverridden()
            | stock.GoodsCameBack()
        ):
            return record.event.lines
        case cancellation.SellerAsked():
            return record.event.request.lines
        case cancellation.CancellationHeld() | cancellation.CancellationRefused():
            return record.event.request.lines if record.event.request else {}
        case _:
            return {}


def _amount(record: Record, currency: str) -> Money | None:
    match record.event:
        case cancellation.CancellationApproved() | refund.RefundOwed() | failed_refund.FailedRefundSettled():
            return Money(sum(one.amount_minor for one in record.event.refunds if not one.release), currency)
        case cancellation.SellerAsked():
            return Money(record.event.request.refund_minor, currency)
        case override.OverrideProposed() | override.RulesOverridden():
            return Money(record.event.amount_minor, currency)
        case second_person.ProposalMade() | second_person.ProposalConfirmed() | second_person.ProposalDropped():
            return Money(record.event.terms.amount_minor, currency)
        case chargeback.RefundCovered():
            return Money(record.event.amount_minor, currency)
        case fulfilment.FactReported(captured=captured, taken=taken, returned=back) if captured or taken or back:
            return Money(sum(captured.values()) + (sum(taken.values()) or sum(back.values())), currency)
        case _:
            return None


def _said(entry: TimelineEntry, note: NoteRef | None) -> str:
    return entry.notes.get(note.id, "") if note else ""


class StreamPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to go on, for readers that cannot send ``Last-Event-ID`` themselves."""

    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None


@operation(
    "GET",
    "/v1/events",
    may=ANYBODY,
    through="scope",
    summary="Follow what happens",
    query=StreamPlace,
    media_type="text/event-stream",
)
async def follow(call: Call) -> Answer:
    """A stream of server-sent events: that something happened to an order the caller may see, never what.

    Each message's data is `{"order", "shop", "seq", "type"}` and its id a cursor; `Last-Event-ID` (or `after`) goes on
    after it. Of something that was said, or seen, it is `{"thread", "order", "shop", "type"}`, with an empty order
    where it was said before any, and only for those who may know it. `event: reset` says that the place is too long
    ago: read your page again and go on from the new id.
    """
    after = call.headers.get(b"last-event-id", b"").decode("latin-1") or call.query.after
    return Answer(
        body=b"",
        media_type=b"text/event-stream; charset=utf-8",
        headers=((b"x-accel-buffering", b"no"),),
        stream=_stream(call, after, call.principal.scope),
    )


async def _stream(call: Call, after: str | None, scope: Scope) -> AsyncGenerator[bytes, None]:
    """Messages for one reader, until they leave or may no longer read.

    A comment every few seconds keeps proxies from closing the line. A reader's credential is looked at again and again,
    and before each message, so that nobody hears of anything after they were shut out (I-32).
    """
    tail, access = call.desk.tail, call.desk.access
    # Without data this tells the reader where it is and dispatches nothing. Who goes on after a place keeps that place.
    here = tail.cursor
    yield (f"retry: {RETRY_MS}\n\n" if after else f"retry: {RETRY_MS}\nid: {here}\n\n").encode()
    async with aclosing(_happenings(call, after or here, scope)) as happenings:
        waiting = asyncio.ensure_future(anext(happenings, None))
        try:
            while True:
                if not await access.valid_until(call, waiting, HEARTBEAT_S):
                    return
                if not waiting.done():
                    yield b": still here\n\n"
                    continue
                message = waiting.result()
                if message is None:
                    return
                yield message
                waiting = asyncio.ensure_future(anext(happenings, None))
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})


async def _happenings(call: Call, after: str, scope: Scope) -> AsyncGenerator[bytes, None]:
    tail = call.desk.tail
    try:
        # A generator that is not closed would stay among the tail's readers until it is collected.
        async with aclosing(cast("AsyncGenerator[LiveEvent | Reset, None]", tail.subscribe(scope, after))) as events:
            async for event in events:
                if isinstance(event, Reset):
                    yield f"event: reset\nid: {event.cursor}\ndata: {{}}\n\n".encode()
                elif event.type == NOTICE_MADE:
                    # Of pages alone: programs are told of the event itself.
                    continue
                elif event.thread:
                    # Conversations are of buyers, sellers and the platform's own people; the host has no part in them.
                    if call.principal.role != "host":
                        said = {"thread": event.thread, "order": event.order, "shop": event.shop, "type": event.type}
                        yield b"id: " + event.cursor.encode() + b"\ndata: " + _encode(said) + b"\n\n"
                else:
                    said = {"order": event.order, "shop": event.shop, "seq": event.seq, "type": event.type}
                    yield b"id: " + event.cursor.encode() + b"\ndata: " + _encode(said) + b"\n\n"
    except errors.InvalidField:
        # A cursor we never gave: to its holder that is no different from one that is too old.
        yield f"event: reset\nid: {tail.cursor}\ndata: {{}}\n\n".encode()
        async with aclosing(_happenings(call, tail.cursor, scope)) as happenings:
            async for message in happenings:
                yield message


OPERATIONS = (timeline, follow)
