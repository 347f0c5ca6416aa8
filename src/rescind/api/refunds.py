"""Money that goes back without a cancellation, and money that could not go back."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.acting import act
from rescind.api.cancellations import note
from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.money_answers import RefundTold, refunds_told
from rescind.api.order_state import OrderState, order_state
from rescind.api.policies import OPERATOR
from rescind.api.proposal_answers import ProposalTold, proposal_told
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.failed_refund import FailedRefundSettled, SettleFailedRefund, WayOn
from rescind.core.giving_back import GiveBack
from rescind.core.ids import OrderId, RefundId
from rescind.core.lifecycle import Command
from rescind.core.money import CAP_MINOR, Money
from rescind.core.refund import RefundOwed
from rescind.core.tried import OweTried
from rescind.intake import fields
from rescind.intake.fields import Currency, Incoming, Moment, Words
from rescind.intake.text import label


class AskedAmount(Incoming, frozen=True, kw_only=True):
    """Money somebody wants to give back, in whole minor units of the order's currency; more than zero."""

    amount: Annotated[int, msgspec.Meta(ge=-CAP_MINOR, le=CAP_MINOR)]
    currency: Currency


class LeftAmount(Incoming, frozen=True, kw_only=True):
    """What could go back when the caller looked, in whole minor units of the order's currency."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=CAP_MINOR)]
    currency: Currency


class NewRefund(Incoming, frozen=True, kw_only=True):
    """What to give back: the ``shipping`` as it was paid, an ``amount``, or both together. Nothing is cancelled by it.

    ``left``: what can go back as the caller saw it; when it is another amount by now, nothing is done.

    The money goes back to where it came from; nobody chooses where. ``credit``: support rules that it becomes credit
    toward a later purchase instead, with the buyer's ``consent`` in words and a ``comment`` that says why.
    """

    shipping: bool = False
    amount: AskedAmount | None = None
    credit: bool = False
    consent: Words | None = None
    comment: Words | None = None
    left: LeftAmount | None = None


class TriedRefund(Incoming, frozen=True, kw_only=True):
    """Why a refund that was only tried is owed as money; the buyer, the shop and support read the ``comment``."""

    comment: Words | None = None


class FailedRefund(Incoming, frozen=True, kw_only=True):
    """What becomes of money a provider could not send back.

    way: ``again`` to the same tender, at ``wait_until`` or at once; ``store_credit``, with the buyer's ``consent`` in
    words; ``paid_out`` by hand, with the number of its ``voucher``.
    """

    way: WayOn
    wait_until: Moment | None = None
    consent: Words | None = None
    voucher: Words = ""
    comment: Words | None = None


class RefundsTold(Told, frozen=True, kw_only=True):
    """The refunds that are owed by what was done, or the proposal where a second person has to agree first; and where
    the order stands.
    """

    refunds: list[RefundTold]
    proposal: ProposalTold | None
    order: OrderState


@operation(
    "POST",
    "/v1/orders/{order}/refunds",
    may=frozenset({"seller", "support", "operator"}),
    through="order",
    summary="Give money back",
    body=NewRefund,
    gives=RefundsTold,
    changes=True,
    versioned=True,
    statuses=(201, 202),
    fails=(
        errors.NotFound,
        errors.Forbidden,
        errors.NothingSelected,
        errors.RefundOfNothing,
        errors.RefundTooHigh,
        errors.LeftChanged,
        errors.CurrencyMismatch,
        errors.ConsentMissing,
        errors.InvalidText,
    ),
)
async def give_back(call: Call) -> Answer:
    """Give back the delivery alone, or an amount, while the order stays as it is.

    Above the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE`, of all that single people moved on this order, the answer
    is `202`: nothing is owed until another person confirms the `proposal`, and after two days it lapses.

    It is shared over the payments by what each took, and is never more than is left of them. What is given back so is
    not given back again when the order is cancelled later. As `credit` it is support's ruling: the same
    money, which then lies with the marketplace for the buyer's next purchase and does not go back as well.
    """
    order, body = await call.order(), call.body
    if body.amount is not None and body.amount.currency != order.currency:
        raise errors.CurrencyMismatch(expected=order.currency, actual=body.amount.currency)
    command = GiveBack(
        order=order.id,
        shipping=body.shipping,
        amount_minor=None if body.amount is None else body.amount.amount,
        credit=body.credit,
        consent=note(call, body.consent, "/consent"),
        comment=note(call, body.comment, "/comment"),
        left=None if body.left is None else Money(body.left.amount, body.left.currency),
    )
    return await _owed(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/refunds/{refund}/settlement",
    may=STAFF,
    through="order",
    summary="Settle a refund that failed",
    body=FailedRefund,
    gives=RefundsTold,
    changes=True,
    versioned=True,
    statuses=(201, 202),
    fails=(
        errors.NotFound,
        errors.Forbidden,
        errors.InvalidTransition,
        errors.ConsentMissing,
        errors.InvalidText,
    ),
)
async def settle(call: Call) -> Answer:
    """Send the money another way, once, as far as the policy allows; `allowed_actions` of a problem names the ways.

    No way takes a destination: the money goes to its own tender, into credit with the marketplace, or has been handed
    over by somebody who keeps the voucher.

    Another way than the tender takes a second person above the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE`, as for
    money that is given back.
    """
    body = call.body
    command = SettleFailedRefund(
        order=OrderId(call.identifier("order", "ord")),
        refund=RefundId(call.identifier("refund", "ref")),
        way=body.way,
        wait_until=None if body.wait_until is None else fields.moment(body.wait_until, field="/wait_until"),
        consent=note(call, body.consent, "/consent"),
        voucher=label(body.voucher, field="/voucher"),
        comment=note(call, body.comment, "/comment"),
    )
    return await _owed(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/refunds/{refund}/owed-again",
    may=OPERATOR,
    through="order",
    summary="Owe a refund that was only tried",
    body=TriedRefund,
    gives=RefundsTold,
    changes=True,
    versioned=True,
    fresh=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidTransition, errors.InvalidText),
)
async def owe_again(call: Call) -> Answer:
    """Say that a payment is real whose refunds were only tried: all of them are owed again, and no longer a trial.

    Where a provider is connected that takes the payment they are sent as money; until then they wait.
    """
    command = OweTried(
        order=OrderId(call.identifier("order", "ord")),
        refund=RefundId(call.identifier("refund", "ref")),
        comment=note(call, call.body.comment, "/comment"),
    )
    return await _owed(call, command)


async def _owed(call: Call, command: Command) -> Answer:
    outcome = await act(call, command)
    order = outcome.order
    new = {
        terms.id
        for one in outcome.records
        if isinstance(one.event, RefundOwed | FailedRefundSettled)
        for terms in one.event.refunds
    }
    made = outcome.proposed
    proposed = next((one for one in order.proposals if made and one.number == made.number), None)
    return Answer(
        body=RefundsTold(
            refunds=refunds_told(order, (one for one in order.refunds if one.id in new), call.principal.role),
            proposal=None if proposed is None else proposal_told(proposed, order.currency),
            order=order_state(order, outcome.records[-1].received_at),
        ),
        status=201 if proposed is None else 202,
        version=order.version,
        location=f"/v1/orders/{order.id}",
        replayed=outcome.replayed,
    )


OPERATIONS = (give_back, settle, owe_again)
