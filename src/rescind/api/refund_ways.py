"""Money on its way back, refund by refund: how far it is, when it should be there, and whose move it is."""

from __future__ import annotations

from datetime import date

from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.money_answers import MONEY_SEEN_BY, RefundTold, refunds_told
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.arrival import Move, StepName, StepState, Trouble, Way
from rescind.core.ids import canonical
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.postgres.credentials import Role


class RefundStepTold(Told, frozen=True, kw_only=True):
    """One step of its way; at: when it was reached, null before."""

    step: StepName
    state: StepState
    at: Instant | None


class RefundWayTold(RefundTold, frozen=True, kw_only=True):
    """A refund with its way.

    expected_from, expected_by: the days on which it should be there, both included, in working days where the buyer
    lives; null once it is there, and while it is not on its way. overdue: they are over. trouble: what is in the way,
    empty where nothing is. move: who must act now; move_by: the day by which the platform means to, null where it is
    not its move. reference: the provider's own; to a seller empty, as the tender is.
    """

    expected_from: date | None
    expected_by: date | None
    overdue: bool
    steps: list[RefundStepTold]
    trouble: Trouble
    move: Move
    move_by: date | None
    reference: str


class RefundWaysTold(Told, frozen=True, kw_only=True):
    """The refunds of an order, in the order in which they came to be owed."""

    rows: list[RefundWayTold]


@operation(
    "GET",
    "/v1/orders/{order}/refunds",
    may=ANYBODY,
    through="order",
    summary="List the refunds of an order",
    gives=RefundWaysTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every refund of this order with its way: approved, sent, accepted, there."""
    order, ways = await _ways(call)
    rows = [_told(order, one, call.principal.role) for one in ways]
    return Answer(body=RefundWaysTold(rows=rows), version=order.version)


@operation(
    "GET",
    "/v1/orders/{order}/refunds/{refund}",
    may=ANYBODY,
    through="order",
    summary="Read a refund",
    gives=RefundWayTold,
    fails=(errors.NotFound,),
)
async def get(call: Call) -> Answer:
    """One refund with its way."""
    wanted = canonical("ref", call.ids["refund"])
    order, ways = await _ways(call)
    found = next((one for one in ways if one.refund.id == wanted), None)
    if found is None:
        raise errors.NotFound(kind="refund")
    return Answer(body=_told(order, found, call.principal.role), version=order.version)


async def _ways(call: Call) -> tuple[Order, tuple[Way, ...]]:
    view = await call.view()
    entries = await call.desk.reads.timeline(call.principal.scope, view.order.id) if view.order.refunds else ()
    return view.order, await call.desk.ways(view, [entry.record for entry in entries])


def _told(order: Order, way: Way, role: Role) -> RefundWayTold:
    (plain,) = refunds_told(order, (way.refund,), role)
    going = way.expected if way.trouble != "not_sent" else None
    return RefundWayTold(
        **{name: getattr(plain, name) for name in plain.__struct_fields__},
        expected_from=going.first_on if going else None,
        expected_by=going.last_on if going else None,
        overdue=way.overdue,
        steps=[RefundStepTold(step=one.name, state=one.state, at=one.at) for one in way.steps],
        trouble=way.trouble,
        move=way.move,
        move_by=way.due_on,
        reference=way.refund.reference if role in MONEY_SEEN_BY else "",
    )


OPERATIONS = (of_order, get)
