"""Deciders beside buyer and seller: the carrier, whose word is told, and the platform against the rules."""

from __future__ import annotations

from typing import Literal

from rescind.api.acting import act, numbered
from rescind.api.cancellation_answers import DecisionTold
from rescind.api.cancellations import DECISION_FAILS, decide, note
from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.order_answers import OverrideTold, override_told
from rescind.api.order_state import OrderState, order_state
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.cancellation import AnswerForCarrier
from rescind.core.ids import CancellationId, OrderId
from rescind.core.lifecycle import Command
from rescind.core.override import AnswerOverride, OverrideRules
from rescind.core.parts import Act
from rescind.intake import fields
from rescind.intake.fields import Code, Incoming, Units, Words


class CarrierAnswer(Incoming, frozen=True, kw_only=True):
    """The carrier's word. comment: what it said, or where that is written down; wanted from support."""

    answer: Literal["yes", "no"]
    comment: Words | None = None


class NewOverride(Incoming, frozen=True, kw_only=True):
    """A decision against the rules. act: ``approve`` a request, ``cancel`` the order, ``reverse`` a cancellation.

    cancellation: of ``approve`` and ``reverse``. lines: of ``cancel``; without them everything that is not delivered.
    """

    act: Act
    cancellation: Code | None = None
    lines: tuple[Units, ...] | None = None
    reason: Code
    comment: Words | None = None


class OverrideAnswer(Incoming, frozen=True, kw_only=True):
    """A second person's word on what was proposed."""

    comment: Words | None = None


class OverrideDecisionTold(Told, frozen=True, kw_only=True):
    """What became of it: ``done``, or ``proposed`` until a second person confirms; and where the order stands."""

    override: OverrideTold
    order: OrderState


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/carrier-answer",
    may=frozenset({"host", "support", "operator"}),
    through="order",
    summary="Tell the carrier's answer",
    body=CarrierAnswer,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed, errors.EvidenceMissing),
)
async def carrier_answer(call: Call) -> Answer:
    """Say whether the carrier brings the goods back, while a request waits for it.

    `yes` approves it and the refund is owed while they travel back; `no` lets the order go on, with a return as the
    way that is left. After its deadline the platform decides instead. Support says what the carrier said.
    """
    command = AnswerForCarrier(
        order=OrderId(call.identifier("order", "ord")),
        cancellation=CancellationId(call.identifier("cancellation", "can")),
        stops=call.body.answer == "yes",
        comment=note(call, call.body.comment, "/comment"),
    )
    return await decide(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/overrides",
    may=STAFF,
    through="order",
    summary="Decide against the rules",
    body=NewOverride,
    gives=OverrideDecisionTold,
    changes=True,
    versioned=True,
    statuses=(201,),
    fails=(
        *DECISION_FAILS,
        errors.ReasonNotListed,
        errors.EvidenceMissing,
        errors.NothingSelected,
        errors.UnknownLine,
        errors.QuantityNotOpen,
    ),
)
async def override(call: Call) -> Answer:
    """Approve what was refused, stop an order for the platform's own reasons, or restore what was cancelled.

    Up to the amount of `RESCIND_SECOND_PERSON_ABOVE`, of all that was decided so on this order, it is done at once;
    above it, it waits two days for another person of support to confirm it, and nothing happens meanwhile.
    """
    body = call.body
    order = await call.order()
    if (body.act is Act.CANCEL) != (body.cancellation is None):
        expected = "absent, for the whole order is meant" if body.cancellation else "the cancellation that is meant"
        raise errors.InvalidField(field="/cancellation", expected=expected)
    if body.lines is not None and body.act is not Act.CANCEL:
        raise errors.InvalidField(field="/lines", expected="absent, for those of the cancellation are meant")
    command = OverrideRules(
        order=order.id,
        act=body.act,
        cancellation=CancellationId(body.cancellation) if body.cancellation else None,
        lines=fields.selection(body.lines),
        reason=body.reason,
        comment=note(call, body.comment, "/comment"),
        alone_up_to_minor=call.desk.settings.second_person_above.of(order.currency),
    )
    return await _overridden(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/overrides/{number}/confirm",
    may=STAFF,
    through="order",
    summary="Confirm a decision against the rules",
    body=OverrideAnswer,
    gives=OverrideDecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed, errors.SecondPersonNeeded),
)
async def confirm(call: Call) -> Answer:
    """Agree, as another person than who proposed it, and have it done at once."""
    return await _answered(call, confirmed=True)


@operation(
    "POST",
    "/v1/orders/{order}/overrides/{number}/reject",
    may=STAFF,
    through="order",
    summary="Drop a decision against the rules",
    body=OverrideAnswer,
    gives=OverrideDecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed),
)
async def reject(call: Call) -> Answer:
    """Reject what somebody proposed, or withdraw what you proposed yourself; nothing of it happens."""
    return await _answered(call, confirmed=False)


async def _answered(call: Call, *, confirmed: bool) -> Answer:
    command = AnswerOverride(
        order=OrderId(call.identifier("order", "ord")),
        number=numbered(call, "number", "override"),
        confirm=confirmed,
        comment=note(call, call.body.comment, "/comment"),
    )
    return await _overridden(call, command)


async def _overridden(call: Call, command: Command) -> Answer:
    outcome = await act(call, command)
    order = outcome.order
    about = next(number for one in outcome.records if (number := getattr(one.event, "number", None)) is not None)
    found = next(one for one in order.overrides if one.number == about)
    status = call.operation.statuses[0]
    return Answer(
        body=OverrideDecisionTold(
            override=override_told(found, order.currency), order=order_state(order, outcome.records[-1].received_at)
        ),
        status=status,
        version=order.version,
        location=f"/v1/orders/{order.id}" if status == 201 else "",
        replayed=outcome.replayed,
    )


OPERATIONS = (carrier_answer, override, confirm, reject)
