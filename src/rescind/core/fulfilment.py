"""Facts of the world: placed, paid, packed, shipped. They are recorded, whatever was decided before (promise 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

from rescind.core import chargeback
from rescind.core.errors import AmountsDoNotAddUp, FactFromTheFuture, InvalidField, InvalidTransition
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.money import CAP_MINOR, Money
from rescind.core.order import Order, in_manual_review, rearranged
from rescind.core.parts import (
    PAYING,
    Contradiction,
    FactKind,
    Line,
    Parcel,
    Pins,
    Progress,
    Report,
    Review,
    Tender,
    Through,
    Timer,
)
from rescind.core.price import Benefit, Charge
from rescind.core.quote import paid_in_full

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""How far ahead of ours an honest reporter's clock may be."""

SHIPPING = frozenset({FactKind.TRACKING_ADDED, FactKind.HANDED_OVER, FactKind.DELIVERED})
ENDINGS = frozenset(
    {
        FactKind.REFUSED,
        FactKind.DELIVERY_FAILED,
        FactKind.LOST,
        FactKind.DAMAGED,
        FactKind.TRACKING_STALE,
        FactKind.UNTRACEABLE,
    }
)
"""How a parcel's way can end elsewhere than at the buyer's (R-078, R-084, R-110, R-111). The carrier says so (Q-09)."""
OF_PARCELS = SHIPPING | ENDINGS


class PlaceOrder(BaseCommand, frozen=True, kw_only=True):
    """The host reports an order with everything a later refund will need. ``pins``: the terms in force at placing.

    found: what the automatic checks want a person to look at. noted: what the buyer's note is about, as an order's note
    has it; empty without one. history: it is brought along, and over: nothing is promised, and nobody has to look.
    """

    shop: ShopId
    buyer: str
    number: str
    currency: str
    placed_at: Instant
    pins: Pins
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    shipping_minor: int = 0
    shipping_by: str = "seller"
    shipping_tax_minor: int = 0
    shipping_discount_minor: int = 0
    charges: tuple[Charge, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    found: tuple[str, ...] = ()
    handling: str = "regular"
    promised_at: Instant | None = None
    deliver_by: Instant | None = None
    cross_border: bool = False
    country: str = ""
    noted: Literal["", "words", "address"] = ""
    history: bool = False


class ReportFact(BaseCommand, frozen=True, kw_only=True):
    """Somebody saw something happen. ``lines``: units in the parcel; empty means everything that is open.

    tender and amount_minor belong to ``paid`` (empty: every tender in full) and ``charged_back``. amount_minor: more
    than 0; None for all of it, which 0 never means (KF-06). reference: what the bank or the provider calls this money;
    told again under it, it is the same money. connection: the one that told us.
    """

    fact: FactKind
    occurred_at: Instant
    parcel: str = ""
    lines: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    carrier: str = ""
    tracking: str = ""
    tender: str = ""
    amount_minor: int | None = None
    reference: str = ""
    connection: str = ""


class EndHold(BaseCommand, frozen=True, kw_only=True):
    """The hold's last instant has come; pages are told that the stage moved."""


class OrderPlaced(BaseEvent, frozen=True, kw_only=True):
    """An order exists and its terms are fixed. Contents as in :class:`PlaceOrder`."""

    order: Order


class FactReported(BaseEvent, frozen=True, kw_only=True):
    """Something happened in the world at ``at``. ``captured``, ``authorised``: minor units by tender, for ``paid`` and
    ``authorised``.

    by: the kind of actor who said so; a seller's word may be taken back where a carrier's may not. review: what
    ``review_opened`` is about, and what the policy promises for it. partly: the payment leaves something to pay.
    reference, amount_minor: of money that has a name outside, as it was told; ``captured`` and ``taken`` are what of it
    had not been told before; ``returned``: what of it the bank gave back to us. tender: of money that moved past us.
    payments: by tender, what the provider calls the payment it now knows it was paid by; through: how it came in, where
    that was not known.
    """

    fact: FactKind
    by: str = ""
    parcel: str = ""
    lines: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    carrier: str = ""
    tracking: str = ""
    captured: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    taken: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    authorised: dict[str, int] = {}  # noqa: RUF012 - copied each time, and left out of the bytes while empty
    hold_until: Instant | None = None
    dispatch_due_at: Instant | None = None
    timers: tuple[Timer, ...] = ()
    review: Review | None = None
    partly: bool = False
    reference: str = ""
    amount_minor: int = 0
    payments: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    tender: str = ""
    returned: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    through: dict[str, Through] = {}  # noqa: RUF012 - as of ``authorised``


class HoldEnded(BaseEvent, frozen=True, kw_only=True):
    """The span in which nobody ships is over."""


class ContradictionNoted(BaseEvent, frozen=True, kw_only=True):
    """A fact does not fit what was decided. ``kind`` is a code; ``fact`` what arrived."""

    id: str
    kind: str
    fact: FactKind


def place(command: PlaceOrder, timers: tuple[Timer, ...] = ()) -> OrderPlaced:
    """Check an order's own arithmetic and make it exist, with what the clock will do to it.

    Raises AmountsDoNotAddUp, InvalidField.
    """
    if len({line.id for line in command.lines}) != len(command.lines):
        raise InvalidField(field="lines", expected="each line id once")
    if len({tender.id for tender in command.tenders}) != len(command.tenders):
        raise InvalidField(field="tenders", expected="each tender id once")
    if len({one.id for one in command.benefits}) != len(command.benefits):
        raise InvalidField(field="benefits", expected="each benefit id once")
    if command.shipping_tax_minor > command.shipping_minor:
        raise InvalidField(field="shipping_tax", expected="at most what was paid for delivery, of which it is a part")
    order = Order(
        id=command.order,
        shop=command.shop,
        buyer=command.buyer,
        number=command.number,
        currency=command.currency,
        placed_at=command.placed_at,
        pins=command.pins,
        lines=command.lines,
        tenders=command.tenders,
        shipping_minor=command.shipping_minor,
        shipping_by=command.shipping_by,
        shipping_tax_minor=command.shipping_tax_minor,
        shipping_discount_minor=command.shipping_discount_minor,
        charges=command.charges,
        benefits=command.benefits,
        timers=timers,
        handling=command.handling,
        promised_at=command.promised_at,
        deliver_by=command.deliver_by,
        cross_border=command.cross_border,
        country=command.country,
        history=command.history,
    )
    if order.cash_on_delivery:
        # Nothing will be paid from which the promise could count.
        due_at = next((one.due_at for one in timers if one.then == "late"), None)
        order = msgspec.structs.replace(order, dispatch_due_at=due_at)
    total = order.total
    if total.minor > CAP_MINOR:
        raise InvalidField(field="lines", expected=f"together at most {CAP_MINOR} minor units")
    agreed = Money(sum([tender.amount_minor for tender in command.tenders]), command.currency)
    if [line for line in command.lines if line.paid_minor < 0] or total != agreed:
        raise AmountsDoNotAddUp(lines_and_shipping=total, tenders=agreed)
    return OrderPlaced(at=command.placed_at, order=order)


def difference(order: Order, command: PlaceOrder) -> str:
    """Where a second report of an order first says otherwise than the first one did, as a pointer; empty where it says
    the same. What happened since does not count.
    """
    told = place(command).order
    # Where a buyer lives was not always read from where the parcel goes.
    told = told if order.country else msgspec.structs.replace(told, country="")
    before, now = _contents(order), _contents(told)
    name = next((name for name, said in now.items() if before[name] != said), "")
    if name not in {"lines", "tenders"}:
        return f"/{name}" if name else ""
    ones, others = (tuple(getattr(each, name)) for each in (order, told))
    # One more or one less has no place of its own.
    if len(ones) != len(others):
        return f"/{name}"
    place_ = next(nth for nth, pair in enumerate(zip(before[name], now[name], strict=True)) if pair[0] != pair[1])
    return f"/{name}/{place_}"


def _contents(order: Order) -> dict[str, Any]:
    """What a report of an order says of it, by the names that documents have for it."""
    return {
        "buyer": order.buyer,
        "currency": order.currency,
        "placed_at": order.placed_at,
        "lines": [msgspec.structs.replace(line, cancelled=0) for line in order.lines],
        "tenders": [(tender.id, tender.method, tender.label, tender.amount_minor) for tender in order.tenders],
        "shipping": order.shipping_minor,
        "shipping_tax": order.shipping_tax_minor,
        "shipping_discount": order.shipping_discount_minor,
        "shipping_by": order.shipping_by,
        "charges": order.charges,
        "benefits": [msgspec.structs.replace(one, returned=0) for one in order.benefits],
        "handling": order.handling,
        "promised_at": order.promised_at,
        "deliver_by": order.deliver_by,
        "cross_border": order.cross_border,
        "recipient": order.country,
    }


def check_time(occurred_at: Instant, now: Instant) -> None:
    """Refuse a fact from beyond an honest clock's difference (promise 7). Raises FactFromTheFuture."""
    if occurred_at > now + CLOCK_DIFFERENCE:
        raise FactFromTheFuture(occurred_at=occurred_at, now=now)


def report(
    order: Order,
    command: ReportFact,
    *,
    by: str,
    hold_until: Instant | None,
    dispatch_due_at: Instant | None,
    timers: tuple[Timer, ...] = (),
    review: Review | None = None,
    paths: Mapping[str, Through] | None = None,
) -> FactReported:
    """Turn a report into the fact that is recorded. ``paid`` promises hold, dispatch, and what the clock will do.

    Raises InvalidField for a tender or line the order does not have, money beyond the tender and an amount of 0.
    """
    if command.amount_minor is not None and command.amount_minor <= 0:
        raise InvalidField(field="/amount", expected="more than nothing, or absent for all of it")
    for line, count in command.lines.items():
        bought = next((have.quantity for have in order.lines if have.id == line), 0)
        if not 0 < count <= bought:
            raise InvalidField(field="lines", expected="units of lines that the order has")
    paid = command.fact in PAYING
    captured = _captured(order, command) if command.fact is FactKind.PAID else {}
    authorised = _authorised(order, command) if command.fact is FactKind.AUTHORISED else {}
    partly = paid and not paid_in_full(
        msgspec.structs.replace(order, tenders=_secured(order.tenders, captured, authorised))
    )
    moved = _moved(order, command) if command.fact in chargeback.ELSEWHERE else chargeback.Moved()
    return FactReported(
        at=command.occurred_at,
        fact=command.fact,
        by=by,
        parcel=command.parcel or _the_parcel(order, command.fact),
        lines=command.lines,
        carrier=command.carrier,
        tracking=command.tracking,
        captured=captured,
        authorised=authorised,
        taken={command.tender: moved.taken} if moved.taken else {},
        hold_until=hold_until if paid and not partly else None,
        dispatch_due_at=dispatch_due_at if paid and not partly else None,
        timers=_unknown(order, timers) if paid and not partly else (),
        review=review,
        partly=partly,
        reference=command.reference,
        amount_minor=(command.amount_minor or 0) if command.reference else 0,
        tender=command.tender if command.fact in chargeback.ELSEWHERE else "",
        returned={command.tender: moved.returned} if moved.returned else {},
        payments=_payments(order, {**captured, **authorised}, command.reference),
        through=_through(order, {**captured, **authorised}, paths) if paths else {},
    )


def told_before(order: Order, fact: FactKind, reference: str) -> list[int]:
    """The amounts that were told of one money fact under its name outside, each in its turn."""
    if not reference:
        return []
    return [one.amount_minor for one in order.reports if one.fact is fact and one.reference == reference]


def paid_since(reports: Iterable[Report], at: Instant) -> Instant:
    """When an order was paid whose last part was captured ``at``: with the latest of its parts (E-08)."""
    return max((at, *(one.at for one in reports if one.fact in PAYING and one.partly)))


def _secured(
    tenders: tuple[Tender, ...], captured: Mapping[str, int], authorised: Mapping[str, int]
) -> tuple[Tender, ...]:
    """The tenders with what came in, and what is promised: what is captured was promised before, as far as it was."""
    found: list[Tender] = []
    for tender in tenders:
        came_in, promised = captured.get(tender.id, 0), authorised.get(tender.id, 0)
        if came_in or promised:
            tender = msgspec.structs.replace(  # noqa: PLW2901
                tender,
                captured_minor=tender.captured_minor + came_in,
                authorised_minor=max(0, tender.authorised_minor - came_in) + promised,
            )
        found.append(tender)
    return tuple(found)


def _unknown(order: Order, timers: tuple[Timer, ...]) -> tuple[Timer, ...]:
    """Those that were not promised yet: a promise is made once."""
    known = {one.name for one in order.timers}
    return tuple(one for one in timers if one.name not in known)


def _the_parcel(order: Order, fact: FactKind) -> str:
    """The parcel of a report that names none. Raises InvalidField where that could be any of several."""
    if fact not in OF_PARCELS:
        return ""
    if not order.parcels:
        return "1"
    arranged = order.arranged
    several = len(arranged) > 1 or (bool(arranged) and len(order.travelling) > 1)
    if several or (fact in ENDINGS and len(order.parcels) > 1):
        raise InvalidField(field="/parcel", expected="the parcel, because the order has several")
    if arranged:
        return arranged[0].id
    return next(iter(order.parcels)).id if fact in ENDINGS else "1"


def _captured(order: Order, command: ReportFact) -> dict[str, int]:
    """Newly captured money by tender; a payment reported twice captures nothing twice."""
    if not command.tender:
        return {tender.id: tender.wanted_minor for tender in order.tenders if tender.wanted_minor}
    tender = _tender(order, command.tender)
    if told_before(order, FactKind.PAID, command.reference):
        # What came in by it is known; another amount is for a person to look at, and pays nobody back meanwhile.
        return {}
    amount = tender.wanted_minor if command.amount_minor is None else command.amount_minor
    if amount > tender.amount_minor - tender.captured_minor:
        raise InvalidField(field="amount", expected="at most what the tender was to pay and has not paid")
    return {tender.id: amount} if amount else {}


def _authorised(order: Order, command: ReportFact) -> dict[str, int]:
    """What a bank newly promises by tender; a promise told twice is one."""
    if not command.tender:
        found = {tender.id: tender.wanted_minor - tender.authorised_minor for tender in order.tenders}
        return {tender: amount for tender, amount in found.items() if amount > 0}
    tender = _tender(order, command.tender)
    if told_before(order, FactKind.AUTHORISED, command.reference):
        return {}
    most = max(0, tender.wanted_minor - tender.authorised_minor)
    amount = most if command.amount_minor is None else command.amount_minor
    if amount > most:
        raise InvalidField(field="amount", expected="at most what the tender was to pay and nobody has promised")
    return {tender.id: amount} if amount else {}


def _moved(order: Order, command: ReportFact) -> chargeback.Moved:
    """What moved past us and was not told before: of one chargeback the highest amount that was ever named."""
    tender = _tender(order, command.tender)
    if command.fact in chargeback.ENDS:
        return chargeback.ended(
            order, tender, command.fact, command.amount_minor, command.reference, command.occurred_at
        )
    told = told_before(order, command.fact, command.reference)
    known = chargeback.find(order, tender, command.reference) if command.reference else None
    if known is not None and command.fact is FactKind.CHARGED_BACK:
        # The word of its end overtook it.
        told.append(known.amount_minor)
    return chargeback.taken(tender, command.amount_minor or 0, max(told, default=0))


def _payments(order: Order, secured: Mapping[str, int], reference: str) -> dict[str, str]:
    """What a payment is called by the provider, for the tenders it pays; the first one to be told stays."""
    if not reference:
        return {}
    unnamed = {tender.id for tender in order.tenders if not tender.payment}
    return {tender: reference for tender in secured if tender in unnamed}


def _through(order: Order, secured: Mapping[str, int], paths: Mapping[str, Through]) -> dict[str, Through]:
    """How the tenders it pays were paid; the first answer stays, whatever is connected or chosen later."""
    unknown = {one.id: one for one in order.tenders if not one.captured_minor}
    found: dict[str, Through] = {}
    for tender in secured:
        through = paths.get(tender, _ANYHOW)
        if tender in unknown and through.trial and unknown[tender].secured_minor and not unknown[tender].trial:
            # A bank had promised it before the trial began, so that money stands behind it.
            through = msgspec.structs.replace(through, connection="", trial=False)
        if tender in unknown and through != _ANYHOW:
            found[tender] = through
    return found


_ANYHOW = Through()


def _tender(order: Order, identifier: str) -> Tender:
    found = next((tender for tender in order.tenders if tender.id == identifier), None)
    if found is None:
        raise InvalidField(field="tender", expected="a tender of this order")
    return found


def end_hold(order: Order, now: Instant) -> tuple[BaseEvent, ...]:
    """Say once that the hold is over; nothing when it is not, or when the order went on without it."""
    if order.hold_ended or order.hold_until is None or now < order.hold_until:
        return ()
    return (HoldEnded(at=order.hold_until),)


def require_not_cancelled(order: Order, action: str) -> None:
    """For acts, not facts: what is cancelled is not worked on. Raises InvalidTransition."""
    if order.progress.cancelled_at:
        raise InvalidTransition(action=action, current_state="cancelled", allowed_actions=())


def is_news(order: Order, fact: FactReported) -> bool:
    """Whether a fact says anything new: about the order, or that the carrier itself saw what a seller had said."""
    if fact.fact in ENDINGS:
        return not any(one.fact in ENDINGS and one.parcel == fact.parcel for one in order.reports)
    if fact.fact in chargeback.ENDS:
        known = [one for one in order.reports if (one.fact, one.tender) == (fact.fact, fact.tender)]
        if not any(one.reference == fact.reference for one in known):
            return True
    elif fact.reference and (told := told_before(order, fact.fact, fact.reference)):
        return fact.amount_minor not in told
    seen = fact.fact in SCANS and fact.by != SELLER and not scanned(order, fact.parcel, fact.fact)
    return seen or msgspec.structs.replace(apply_fact(order, fact), reports=order.reports) != order


SCANS = frozenset({FactKind.HANDED_OVER, FactKind.DELIVERED})
"""What only a carrier can know. A seller may say it first."""
SELLER = "seller"


def scanned(order: Order, parcel: str = "", *facts: FactKind) -> bool:
    """Whether the carrier, or the host for it, has seen this parcel; any parcel, any scan where none is named."""
    return any(
        one.fact in (facts or SCANS) and one.by != SELLER and parcel in {"", one.parcel} for one in order.reports
    )


def apply_fact(order: Order, event: FactReported) -> Order:
    """Fold a fact into the order. Total: odd and repeated facts are folded too; the earliest report counts."""
    told = Report(
        seq=order.version + 1,
        fact=event.fact,
        at=event.at,
        by=event.by,
        parcel=event.parcel,
        carrier=event.carrier,
        tracking=event.tracking,
        partly=event.partly,
        reference=event.reference,
        amount_minor=event.amount_minor,
        tender=event.tender,
    )
    if event.fact in chargeback.OF_BANKS and event.tender:
        order = chargeback.apply_told(order, event.fact, event.tender, event.reference, event.at, _past_us(event))
    changed: dict[str, object] = {"reports": (*order.reports, told)}
    if event.fact in _MONEY:
        changed |= _money(order, event)
    if event.fact in OF_PARCELS:
        return rearranged(msgspec.structs.replace(order, **changed, parcels=_parcels(order, event)))
    # Where only a part of the money came in, the order is paid when all of it has.
    if not event.partly:
        at = paid_since((*order.reports, told), event.at) if event.fact in PAYING else event.at
        changed["progress"] = noted(order.progress, event.fact, at)
    if event.fact is FactKind.REVIEW_OPENED and not in_manual_review(order):
        changed["review"] = event.review
    return msgspec.structs.replace(order, **changed)


def noted(progress: Progress, fact: FactKind, at: Instant) -> Progress:
    """What one more report makes of the times that are known; the earliest of a thing counts."""
    field = FIELDS.get(fact)
    if field is None:
        return progress
    if fact is FactKind.REVIEW_OPENED and progress.review_cleared_at is not None:
        return msgspec.structs.replace(progress, review_opened_at=at, review_cleared_at=None)
    known = getattr(progress, field)
    return progress if known is not None and known <= at else msgspec.structs.replace(progress, **{field: at})


FIELDS: Mapping[FactKind, str] = {
    FactKind.PAID: "paid_at",
    FactKind.AUTHORISED: "paid_at",
    FactKind.REVIEW_OPENED: "review_opened_at",
    FactKind.REVIEW_CLEARED: "review_cleared_at",
    FactKind.ALLOCATED: "allocated_at",
    FactKind.PREPARATION_STARTED: "preparation_started_at",
    FactKind.PACKING_STARTED: "packing_started_at",
    FactKind.PACKED: "packed_at",
    FactKind.OUT_FOR_DELIVERY: "out_for_delivery_at",
    FactKind.COMPLETED: "completed_at",
    FactKind.ERROR_CONFIRMED: "error_confirmed_at",
    FactKind.SELLER_AT_FAULT: "seller_fault_at",
}


_MONEY = chargeback.ELSEWHERE | PAYING


def _money(order: Order, event: FactReported) -> dict[str, object]:
    """What a payment, or what went past us, changes in an order."""
    tenders = _secured(order.tenders, event.captured, event.authorised)
    if event.taken or event.returned or event.payments or event.through:
        tenders = tuple(
            [
                msgspec.structs.replace(
                    tender,
                    taken_elsewhere_minor=tender.taken_elsewhere_minor
                    + event.taken.get(tender.id, 0)
                    - event.returned.get(tender.id, 0),
                    payment=tender.payment or event.payments.get(tender.id, ""),
                    provider=tender.provider or event.through.get(tender.id, _ANYHOW).connection,
                    step_minor=tender.step_minor or event.through.get(tender.id, _ANYHOW).step_minor,
                    trial=tender.trial or event.through.get(tender.id, _ANYHOW).trial,
                )
                for tender in tenders
            ]
        )
    return {
        "tenders": tenders,
        "timers": (*order.timers, *event.timers),
        "hold_until": order.hold_until or event.hold_until,
        "dispatch_due_at": order.dispatch_due_at or event.dispatch_due_at,
    }


def _past_us(event: FactReported) -> chargeback.Moved:
    return chargeback.Moved(taken=event.taken.get(event.tender, 0), returned=event.returned.get(event.tender, 0))


def _parcels(order: Order, event: FactReported) -> tuple[Parcel, ...]:
    """The parcels after one report of one of them."""
    known = {parcel.id: parcel for parcel in order.parcels}
    parcel = known.get(event.parcel) or Parcel(id=event.parcel)
    known[event.parcel] = msgspec.structs.replace(
        parcel,
        lines=event.lines or parcel.lines,
        carrier=event.carrier or parcel.carrier,
        tracking=event.tracking or parcel.tracking,
        **(_ending(parcel, event) if event.fact in ENDINGS else _stamp(parcel, event)),
    )
    return tuple(known.values())


def _stamp(parcel: Parcel, event: FactReported) -> dict[str, object]:
    before = getattr(parcel, STAMPS[event.fact])
    return {STAMPS[event.fact]: event.at if before is None else min(before, event.at)}


def _ending(parcel: Parcel, event: FactReported) -> dict[str, object]:
    """A way ends once; what was delivered ended well."""
    return {} if parcel.ended or parcel.delivered_at else {"ended": event.fact.value, "ended_at": event.at}


STAMPS: Mapping[FactKind, str] = {
    FactKind.TRACKING_ADDED: "labelled_at",
    FactKind.HANDED_OVER: "handed_over_at",
    FactKind.DELIVERED: "delivered_at",
}


def apply_placed(event: OrderPlaced) -> Order:
    """The order as it began."""
    return event.order


def apply_hold_ended(order: Order) -> Order:
    """Nothing waits for the hold's end any more. Its promise stays, so that a later payment makes no new one."""
    return msgspec.structs.replace(order, hold_ended=True)


def apply_contradiction(order: Order, event: ContradictionNoted) -> Order:
    """Keep the contradiction for the person who looks at it."""
    noted = Contradiction(id=event.id, kind=event.kind, fact=event.fact, at=event.at)
    return msgspec.structs.replace(order, contradictions=(*order.contradictions, noted))
