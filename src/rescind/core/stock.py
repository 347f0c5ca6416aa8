"""What the host is told to do with its stock: worked out from the order before and after each event, written nowhere.

The host owns stock. It set units aside when the order was paid (or is to be paid at the door, or goods were allocated),
and it counts them out when they leave. What is left to say is what becomes of cancelled units: those that stayed in the
house are not set aside any more, and those that left come back on the day somebody says that they are there.

An instruction is the difference that one event makes to that. So nothing is released twice, and a correction that puts
cancelled goods into a parcel after all takes its release back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.errors import Forbidden, InvalidField, NothingSelected, QuantityNotOpen
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import ENDINGS
from rescind.core.ids import CancellationId, OrderId
from rescind.core.instant import Instant
from rescind.core.intercept import NEVER_LEFT
from rescind.core.order import Order, stage, units_in
from rescind.core.parts import Cancellation, CancellationStatus, Parcel
from rescind.core.stage import Stage

Units = Mapping[str, int]


class InstructionKind(StrEnum):
    """What the host does with units. reserve: what was released or restocked is this order's again."""

    RELEASE = "release"
    RESTOCK = "restock"
    RESERVE = "reserve"


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for the host to do once, however often it reads it. ``seq``: the event that made it so."""

    id: str
    order: OrderId
    seq: int
    kind: InstructionKind
    line: str
    sku: str
    quantity: int


class ReceiveBack(BaseCommand, frozen=True, kw_only=True):
    """Goods that had left are in the house again. lines: units by line, None for all that are still out.

    unsellable: those of them that cannot be sold again.
    """

    lines: dict[str, int] | None = None
    unsellable: dict[str, int] = msgspec.field(default_factory=dict[str, int])


class GoodsCameBack(BaseEvent, frozen=True, kw_only=True):
    """Cancelled goods that had left are in the house again; ``sellable``: those that go on the shelf. By line."""

    lines: dict[str, int]
    sellable: dict[str, int]


# --- where cancelled units are ---------------------------------------------------------------------------------------


def instructions(before: Order, after: Order) -> tuple[Instruction, ...]:
    """What one event, which led from ``before`` to ``after``, makes the host do."""
    if not after.cancellations:
        return ()
    found: list[Instruction] = []
    was, now = (released(before), back_on_shelf(before)), (released(after), back_on_shelf(after))
    for line in after.lines:
        let_go, put_back = (new.get(line.id, 0) - old.get(line.id, 0) for old, new in zip(was, now, strict=True))
        again = max(0, -let_go) + max(0, -put_back)
        for kind, count in (
            (InstructionKind.RESERVE, again),
            (InstructionKind.RELEASE, let_go),
            (InstructionKind.RESTOCK, put_back),
        ):
            if count > 0:
                found.append(_instruction(after, kind, line.id, line.sku, count))
    return tuple(found)


def _instruction(order: Order, kind: InstructionKind, line: str, sku: str, count: int) -> Instruction:
    return Instruction(
        id=f"{order.id}.{order.version}.{kind.value}.{line}",
        order=order.id,
        seq=order.version,
        kind=kind,
        line=line,
        sku=sku,
        quantity=count,
    )


def released(order: Order) -> dict[str, int]:
    """Cancelled units by line that the host had set aside, and that did not leave the house."""
    return _stayed(order, reserved_only=True)


def back_on_shelf(order: Order) -> dict[str, int]:
    """Cancelled units by line that had left and are in the house again, to be sold."""
    return {line.id: min(order.sellable.get(line.id, 0), line.cancelled) for line in order.lines}


def back_to_stock(order: Order) -> dict[str, int]:
    """Cancelled units by line that are free to be sold: what was said adds up to this."""
    back = _plus(released(order), back_on_shelf(order))
    return {line: count for line, count in back.items() if count}


def outside(order: Order) -> dict[str, int]:
    """Cancelled units by line that left and of which nobody has said that they came back."""
    stayed = _stayed(order, reserved_only=False)
    out = {line.id: line.cancelled - stayed.get(line.id, 0) - order.came_back.get(line.id, 0) for line in order.lines}
    return {line: count for line, count in out.items() if count > 0}


def would_release(order: Order, units: Units, now: Instant) -> dict[str, int]:
    """What cancelling these units now gives back to the shelf at once."""
    asked = order.open_cancellation
    cancelled = Cancellation(
        id=asked.id if asked else CancellationId(""),
        status=CancellationStatus.APPROVED,
        reason="",
        requested_at=now,
        requested_by="",
        filed_by="",
        stage=stage(order, now),
        rule="",
        verdict="",
        lines=dict(units),
        refund_minor=0,
        closed_at=now,
    )
    then = msgspec.structs.replace(
        order,
        lines=tuple(
            msgspec.structs.replace(line, cancelled=line.cancelled + units.get(line.id, 0)) for line in order.lines
        ),
        cancellations=(*(one for one in order.cancellations if one is not asked), cancelled),
    )
    was, will = released(order), released(then)
    return {line: count - was.get(line, 0) for line, count in will.items() if count > was.get(line, 0)}


def _stayed(order: Order, *, reserved_only: bool) -> dict[str, int]:
    """Cancelled units by line that did not leave the house: a cancellation takes what is still there first.

    What somebody said came back had left, whatever was corrected since.
    """
    gone = _gone(order)
    outside_of = units_in(parcel for parcel in gone if parcel.lines) or {}
    whole = min((_left_at(parcel) for parcel in gone if not parcel.lines), default=None)
    room = {
        line.id: min(
            line.quantity - outside_of.get(line.id, 0),
            line.cancelled - order.came_back.get(line.id, 0),
        )
        for line in order.lines
    }
    since = _reserved_at(order)
    ended = [parcel for parcel in gone if parcel.ended and parcel.lines]
    stayed: dict[str, int] = {}
    for one in _approved(order):
        if _by_ending(one, ended):
            continue
        if whole is not None and not _before(one, whole, order):
            continue
        counts = not reserved_only or _was_reserved(order, one, since)
        for line, count in one.lines.items():
            here = max(0, min(count, room[line]))
            room[line] -= here
            if counts and here:
                stayed[line] = stayed.get(line, 0) + here
    return stayed


def _by_ending(one: Cancellation, ended: list[Parcel]) -> bool:
    """Whether a parcel was cancelled because its way had ended. Each ended once, also where that answered a request: it
    keeps the reason it was made for.
    """
    if one.closed_by != "system" or (one.filed_by == "system" and one.reason not in ENDINGS):
        return False
    units = one.lines.items()
    holding = [parcel for parcel in ended if all(parcel.lines.get(line, 0) >= count for line, count in units)]
    if holding:
        ended.remove(holding[0])
    return bool(holding) or one.reason in ENDINGS


def _approved(order: Order) -> Iterable[Cancellation]:
    approved = [one for one in order.cancellations if one.status is CancellationStatus.APPROVED and one.closed_at]
    return sorted(approved, key=lambda one: (one.closed_at, one.requested_at))


def _gone(order: Order) -> list[Parcel]:
    """The parcels that are or were out of the house. One that a person found still there never left."""
    here: set[str] = set()
    of_report = {report.seq: report.parcel for report in order.reports}
    for noted in order.contradictions:
        seq = noted.id.rpartition("-")[2]
        parcel = of_report.get(int(seq), "") if seq.isdigit() else ""
        (here.add if noted.outcome == NEVER_LEFT else here.discard)(parcel)
    return [parcel for parcel in order.parcels if (parcel.gone or parcel.ended) and parcel.id not in here]


def _left_at(parcel: Parcel) -> Instant:
    signs = (parcel.handed_over_at, parcel.delivered_at, parcel.ended_at)
    return min(at for at in signs if at is not None)


def _before(cancelled: Cancellation, left_at: Instant, order: Order) -> bool:
    """Whether units were out of a parcel that holds all there was when it left.

    A parcel that left after nothing was to be shipped can only hold what was cancelled last.
    """
    assert cancelled.closed_at is not None, "it is approved"
    ended = order.progress.cancelled_at
    return cancelled.closed_at < left_at and not (ended and ended < left_at and cancelled.closed_at == ended)


def _reserved_at(order: Order) -> Instant | None:
    """Since when the host holds units for this order, as far as anybody told; a payment for want of which the order was
    cancelled is not asked here.
    """
    if order.cash_on_delivery:
        return order.placed_at
    progress = order.progress
    signs = (
        progress.allocated_at,
        progress.preparation_started_at,
        progress.packing_started_at,
        progress.packed_at,
        *(parcel.labelled_at for parcel in order.parcels),
    )
    return min((at for at in signs if at is not None), default=None)


def _was_reserved(order: Order, one: Cancellation, since: Instant | None) -> bool:
    """Whether the host held units for the order when this cancellation was decided (KF-20)."""
    assert one.closed_at is not None, "it is approved"
    if since is not None and since <= one.closed_at:
        return True
    if one.reason == "unpaid_timeout":
        # A payment in time undoes it, and one that came later found nothing to hold.
        return False
    paid_at = order.progress.paid_at
    # Somebody whose clock is ahead may report a payment for a time after a cancellation that knew of it.
    return paid_at is not None and (paid_at <= one.closed_at or one.stage in _PAID)


_PAID = frozenset({Stage.ON_HOLD, Stage.REVIEW})


# --- goods that come back --------------------------------------------------------------------------------------------

_MAY = frozenset({ActorKind.SELLER, ActorKind.HOST, ActorKind.SUPPORT})


def receive(order: Order, command: ReceiveBack, actor: Actor, now: Instant) -> Decision:
    """Say that goods are in the house again. Raises Forbidden, NothingSelected, QuantityNotOpen, InvalidField."""
    if actor.kind not in _MAY:
        raise Forbidden(action="receive_back")
    out = outside(order)
    lines = out if command.lines is None else command.lines
    if not lines:
        if command.lines is None and order.came_back:
            return Decision(events=())
        raise NothingSelected
    for line, count in lines.items():
        if not 0 < count <= out.get(line, 0):
            raise QuantityNotOpen(line=line, open=out.get(line, 0))
    for line, count in command.unsellable.items():
        if not 0 < count <= lines.get(line, 0):
            raise InvalidField(field="/unsellable", expected="at most the units that came back")
    return Decision(events=(came_back(lines, command.unsellable, now),))


def came_back(lines: Units, unsellable: Units, now: Instant) -> GoodsCameBack:
    """The event that says so."""
    sellable = {line: count - unsellable.get(line, 0) for line, count in lines.items()}
    return GoodsCameBack(at=now, lines=dict(lines), sellable={line: count for line, count in sellable.items() if count})


def apply_came_back(order: Order, event: GoodsCameBack) -> Order:
    """Count the units as back."""
    return msgspec.structs.replace(
        order,
        came_back=_plus(order.came_back, event.lines),
        sellable=_plus(order.sellable, event.sellable),
    )


def _plus(units: Units, more: Units) -> dict[str, int]:
    return dict(units) | {line: units.get(line, 0) + count for line, count in more.items()}
