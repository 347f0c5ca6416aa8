"""The packing bench: what to do with the order that was just scanned, who ships it, and what must come out again.

Whether an order ships or is cancelled is settled by its lock. A lease on shipping says only that somebody is about to.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from itertools import count

import msgspec

from rescind.core import cancellation, order_note, stock
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_speaker
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.errors import BeingShipped, InvalidField, InvalidTransition, NotTakenOut, one_of
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import ReportFact
from rescind.core.instant import Instant
from rescind.core.intercept import IN_HOUSE_AGAIN
from rescind.core.order import Order, in_manual_review, leased, stage, units_in
from rescind.core.parts import CancellationStatus, FactKind, ShippingLease
from rescind.core.policy import Finding
from rescind.core.policy.facts import facts
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict

LEASE = timedelta(minutes=10)
"""How long somebody is about to ship: enough to print a label and hand it over, and nobody waits longer for them."""


class LeaseShipping(BaseCommand, frozen=True, kw_only=True):
    """Somebody of the shop is about to hand the order to the carrier."""


class GiveBackShipping(BaseCommand, frozen=True, kw_only=True):
    """It does not ship now after all."""


class ShipOrder(BaseCommand, frozen=True, kw_only=True):
    """The seller ships what is ready: an act, so it is refused where a mere fact would be believed.

    With a tracking number a new parcel leaves; without one all that are labelled, or one of which no number is known.
    parcel: which of several that were arranged and have no label yet.
    """

    carrier: str = ""
    tracking: str = ""
    parcel: str = ""


class AcknowledgeUnpacked(BaseCommand, frozen=True, kw_only=True):
    """Everything cancelled has been taken out of its parcel."""


class ShippingLeased(BaseEvent, frozen=True, kw_only=True):
    """Somebody (an actor's id) is about to ship, at the latest at ``until``, when the lease ends by itself."""

    by: str
    until: Instant


class ShippingGivenBack(BaseEvent, frozen=True, kw_only=True):
    """Nobody is about to ship any more."""


class GoodsUnpacked(BaseEvent, frozen=True, kw_only=True):
    """Cancelled units are out of their parcel, by line. Who did it stands in the record."""

    lines: dict[str, int]


# --- acts ------------------------------------------------------------------------------------------------------------


def lease(order: Order, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Begin to ship. No news for whoever has begun already.

    Raises Forbidden, BeingShipped (somebody else has), NotTakenOut (what is cancelled lies in the parcel still),
    NoteUnread, InvalidTransition (nothing to ship, or the policy says no).
    """
    _require_leavable(order, "lease_shipping", actor, context.calendar, terms, now, with_tracking=True)
    if leased(order, now) is not None:
        return Decision(events=())
    return Decision(events=(ShippingLeased(at=now, by=actor.id, until=now + LEASE),))


def give_back(order: Order, actor: Actor, now: Instant) -> Decision:
    """End a lease early, one's own or a colleague's who has left the bench. Raises Forbidden."""
    require_speaker(actor, ActorKind.SELLER, "give_back_shipping")
    return Decision(events=(ShippingGivenBack(at=now),) if leased(order, now) else ())


def leaving(
    order: Order, command: ShipOrder, actor: Actor, context: Context, terms: Terms, now: Instant
) -> tuple[ReportFact, ...]:
    """The parcels that leave by this act, as facts to be recorded. Raises what ``lease`` raises."""
    tracked = bool(command.tracking)
    _require_leavable(order, "ship", actor, context.calendar, terms, now, with_tracking=tracked)
    if order.arranged and (tracked or command.parcel):
        return (_handed_over(command, now, _arranged(order, command.parcel)),)
    waiting = [one.id for one in order.parcels if not one.gone and (one.further_on or not one.arranged_at)]
    if waiting and not tracked:
        return tuple(_handed_over(command, now, parcel) for parcel in waiting)
    # A second parcel takes what the first one left; the only one takes everything, whatever that will be.
    left = order.open_units() if order.parcels else {}
    return (_handed_over(command, now, unused_name(order), left),)


def _arranged(order: Order, name: str) -> str:
    """The arranged parcel that leaves. Raises InvalidField where it is not said which."""
    names = [one.id for one in order.arranged]
    if name in names:
        return name
    if name or len(names) > 1:
        raise InvalidField(field="/parcel", expected=one_of(names))
    return names[0]


def unused_name(order: Order) -> str:
    """A name for one parcel more."""
    known = {one.id for one in order.parcels}
    return next(name for name in map(str, count(len(known) + 1)) if name not in known)


def _handed_over(command: ShipOrder, now: Instant, parcel: str, lines: dict[str, int] | None = None) -> ReportFact:
    return ReportFact(
        order=command.order,
        fact=FactKind.HANDED_OVER,
        occurred_at=now,
        parcel=parcel,
        lines=lines or {},
        carrier=command.carrier,
        tracking=command.tracking,
    )


def acknowledge(order: Order, actor: Actor, now: Instant) -> Decision:
    """Say that what was cancelled is out of its parcel; no news when a colleague has said so. Raises Forbidden."""
    require_speaker(actor, ActorKind.SELLER, "acknowledge_unpacked")
    out = to_unpack(order)
    if not out:
        return Decision(events=())
    away = stock.outside(order)
    back = {line: min(units, away[line]) for line, units in out.items() if away.get(line)}
    unpacked = GoodsUnpacked(at=now, lines=out)
    return Decision(events=(unpacked, stock.came_back(back, {}, now)) if back else (unpacked,))


def _require_leavable(
    order: Order, action: str, actor: Actor, calendar: Calendar, terms: Terms, now: Instant, *, with_tracking: bool
) -> None:
    require_speaker(actor, ActorKind.SELLER, action)
    at_stage = stage(order, now)
    if not order.open_units() or order.progress.cancelled_at:
        # What has left all the same is no act but a fact, and is believed: support has it turned back (I-27).
        instead = ("report_handed_over",) if order.progress.cancelled_at else ()
        raise InvalidTransition(action=action, current_state=at_stage.value, allowed_actions=instead)
    other = leased(order, now)
    if other is not None and other.by != actor.id:
        raise BeingShipped(until=other.until)
    if inside := to_unpack(order):
        raise NotTakenOut(units=sum(inside.values()))
    order_note.require_read(order)
    require_may_ship(order, action, terms, calendar, now, with_tracking=with_tracking)


def require_may_ship(
    order: Order,
    action: str,
    terms: Terms,
    calendar: Calendar,
    now: Instant,
    *,
    with_tracking: bool = False,
    answered: bool = False,
) -> None:
    """The policy lets the seller ship now. Raises InvalidTransition with its rule, and when a hold ends (R-021)."""
    finding = may_ship(order, terms, calendar, now, with_tracking=with_tracking, answered=answered)
    if finding.verdict is Verdict.REFUSE:
        raise not_to_ship(order, action, finding, now)


def not_to_ship(order: Order, action: str, finding: Finding, now: Instant) -> InvalidTransition:
    """The problem that says so."""
    held = {"deadline": order.hold_until} if finding.instead == WAIT_FOR_HOLD and order.hold_until else {}
    return InvalidTransition(
        action=action,
        current_state=stage(order, now).value,
        allowed_actions=(finding.instead,) if finding.instead else (),
        rule=finding.rule,
        **held,
    )


WAIT_FOR_HOLD = "wait_for_hold"
PLATFORM_SHIPS = "platform_ships"
"""Two ways on that a policy gives a seller who may not ship: later, and not at all (R-021, R-026)."""


AT_THE_BENCH = frozenset({FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED})
"""The work before a parcel has a label. A hold lets a seller do it."""


def platform_ships(order: Order, terms: Terms, calendar: Calendar, now: Instant) -> bool:
    """Whether the policy says that the seller has nothing to do with this order's way (R-026)."""
    if order.shipping_by == "seller":
        return False
    return may_ship(order, terms, calendar, now, with_tracking=False).instead == PLATFORM_SHIPS


def require_not_the_platforms(order: Order, action: str, terms: Terms, calendar: Calendar, now: Instant) -> None:
    """The seller works on the order, not the platform. Raises InvalidTransition."""
    if platform_ships(order, terms, calendar, now):
        finding = may_ship(order, terms, calendar, now, with_tracking=False)
        raise not_to_ship(order, action, finding, now)


def may_ship(
    order: Order, terms: Terms, calendar: Calendar, now: Instant, *, with_tracking: bool, answered: bool = False
) -> Finding:
    """What the policy says to shipping this order now. answered: as if no request to cancel waited."""
    read = facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor="seller",
        selection=order.open_units(),
        amount_minor=0,
        with_tracking=with_tracking,
        # Shipping makes no ids, so the entropy is never used.
        context=Context(calendar=calendar, entropy=0),
    )
    if answered:
        read |= {"request_open": False}
    return terms.judge("ship", read, now=now, starts=cancellation.starts(order, now), calendar=calendar, trace=False)


# --- what is folded --------------------------------------------------------------------------------------------------


def apply_leased(order: Order, event: ShippingLeased) -> Order:
    """Keep who is about to ship."""
    return msgspec.structs.replace(order, shipping_lease=ShippingLease(by=event.by, since=event.at, until=event.until))


def apply_given_back(order: Order) -> Order:
    """Nobody is."""
    return msgspec.structs.replace(order, shipping_lease=None)


def apply_unpacked(order: Order, event: GoodsUnpacked) -> Order:
    """Count the units as taken out."""
    out = {line: order.unpacked.get(line, 0) + count for line, count in event.lines.items()}
    return msgspec.structs.replace(order, unpacked=order.unpacked | out)


# --- what the bench is told ------------------------------------------------------------------------------------------


def to_unpack(order: Order) -> dict[str, int]:
    """Cancelled units by line that lie in a parcel of the house, and that nobody has said to have taken out.

    What was cancelled before packing began never went in. What has left the house is not here, unless it came back.
    """
    began = packing_began(order)
    if began is None:
        return {}
    ended = order.progress.cancelled_at
    inside: dict[str, int] = {}
    for one in order.cancellations:
        if one.status is not CancellationStatus.APPROVED or one.closed_at is None:
            continue
        if one.closed_at >= began or one.closed_at == ended:
            for line, count in one.lines.items():
                inside[line] = inside.get(line, 0) + count
    gone = _left_the_house(order)
    if gone is None:
        return {}
    bought = {line.id: line.quantity for line in order.lines}
    still = {
        line: min(count, bought[line] - gone.get(line, 0)) - order.unpacked.get(line, 0)
        for line, count in inside.items()
    }
    return {line: count for line, count in still.items() if count > 0}


def packing_began(order: Order) -> Instant | None:
    """The first sign that goods went into a parcel; None while they lie on the shelf."""
    labelled = [parcel.labelled_at for parcel in order.parcels]
    signs = (order.progress.packing_started_at, order.progress.packed_at, *labelled)
    return min((at for at in signs if at is not None), default=None)


def _left_the_house(order: Order) -> dict[str, int] | None:
    """Units by line that are with the carrier; None when that is everything."""
    if any(one.outcome in IN_HOUSE_AGAIN for one in order.contradictions):
        return {}
    return units_in(one for one in order.parcels if one.handed_over_at or one.delivered_at)


class Answer(StrEnum):
    """What the bench does with an order; the graver the earlier."""

    STOP = "stop"
    HOLD = "hold"
    NOTE = "note"
    GO = "go"


class Why(StrEnum):
    """The reason for the answer."""

    CANCELLED = "cancelled"
    PLATFORM_SHIPS = "platform_ships"
    TAKE_OUT = "take_out"
    ASKED = "asked"
    LEFT = "left"
    UNPAID = "unpaid"
    ON_HOLD = "on_hold"
    IN_REVIEW = "in_review"
    BEING_SHIPPED = "being_shipped"
    NOT_YET = "not_yet"
    UNREAD = "unread"
    PART_CANCELLED = "part_cancelled"
    WORDS = "words"
    READY = "ready"


class Step(StrEnum):
    """The next thing done at the bench."""

    START = "start"
    FINISH = "finish"
    LEASE = "lease"
    SHIP = "ship"


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """What the bench is told about one order.

    pack: units by line that belong in the parcel. out: cancelled ones that must come out of it. step: None where
    nothing may be done. instead: the policy's way on. until: when a hold or somebody's lease ends.
    """

    answer: Answer
    why: Why
    pack: dict[str, int]
    out: dict[str, int]
    step: Step | None = None
    instead: str = ""
    until: Instant | None = None


def look(order: Order, terms: Terms, calendar: Calendar, now: Instant, *, who: str, words: bool) -> Scanned:
    """Answer a scan. who: the actor's id, for a lease of one's own. words: whether the buyer wrote something."""
    pack, out = order.open_units(), to_unpack(order)

    def said(answer: Answer, why: Why, **more: object) -> Scanned:
        return msgspec.structs.replace(Scanned(answer=answer, why=why, pack=pack, out=out), **more)

    stopped = _stop(order, out)
    if stopped is not None:
        return said(Answer.STOP, stopped)
    if platform_ships(order, terms, calendar, now):
        return said(Answer.HOLD, Why.PLATFORM_SHIPS, instead=PLATFORM_SHIPS)
    other = leased(order, now)
    if order.progress.paid_at is None and not order.cash_on_delivery:
        return said(Answer.HOLD, Why.UNPAID)
    if order.hold_until is not None and now < order.hold_until:
        return said(Answer.HOLD, Why.ON_HOLD, until=order.hold_until)
    if in_manual_review(order):
        return said(Answer.HOLD, Why.IN_REVIEW)
    if other is not None and other.by != who:
        return said(Answer.HOLD, Why.BEING_SHIPPED, until=other.until)
    step = _step(stage(order, now), mine=other is not None)
    if step in {Step.LEASE, Step.SHIP}:
        finding = may_ship(order, terms, calendar, now, with_tracking=True)
        if finding.verdict is Verdict.REFUSE:
            return said(Answer.HOLD, Why.NOT_YET, instead=finding.instead or "")
    noted = _noted(order, words=words)
    if noted is None:
        return said(Answer.GO, Why.READY, step=step)
    # Nobody goes on past what the buyer asked for: it is read first, and somebody says so.
    return said(Answer.NOTE, noted, step=None if noted is Why.UNREAD else step)


def _noted(order: Order, *, words: bool) -> Why | None:
    if order_note.unread(order):
        return Why.UNREAD
    if any(line.cancelled for line in order.lines):
        return Why.PART_CANCELLED
    return Why.WORDS if words or order.notes else None


def _stop(order: Order, out: dict[str, int]) -> Why | None:
    if order.progress.cancelled_at:
        return Why.CANCELLED
    if out:
        return Why.TAKE_OUT
    if order.open_cancellation is not None:
        return Why.ASKED
    return None if order.open_units() else Why.LEFT


def _step(at_stage: Stage, *, mine: bool) -> Step:
    if mine:
        return Step.SHIP
    if at_stage is Stage.PACKING:
        return Step.FINISH
    return Step.START if rank(at_stage) < rank(Stage.PACKING) else Step.LEASE
