"""Money that could not go back: what support does with it, as far as the policy allows.

A provider refused it, or there was nothing that any provider could be sent: for whoever waits for it that is the same.
Nothing here names where money goes. It is sent to its tender again, becomes credit with the marketplace if the buyer
agrees, or somebody has paid it out by hand and says by which voucher (I-04).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rescind.core import proposal
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_speaker
from rescind.core.chargeback import ASKED_AGAIN_S, frozen
from rescind.core.context import Context
from rescind.core.errors import ConsentMissing, InvalidField, InvalidTransition, NotFound, RefundUnderWay
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import MoneyAct, Refund, RefundStatus
from rescind.core.refund import NEEDS_SOMEBODY, RefundAnswered, RefundTerms, owe
from rescind.core.terms import Terms


class WayOn(StrEnum):
    """What may become of it. ``again``: to the same tender, now or later."""

    AGAIN = "again"
    STORE_CREDIT = "store_credit"
    PAID_OUT = "paid_out"


class SettleFailedRefund(BaseCommand, frozen=True, kw_only=True):
    """Support says what becomes of a refund that failed, or that could not be sent.

    wait_until: when to try again, for a tender that cannot take it today. consent: how the buyer agreed to credit.
    voucher: the number of the document by which it was paid out by hand; comment: what happened.
    """

    refund: RefundId
    way: WayOn
    wait_until: Instant | None = None
    consent: Note | None = None
    voucher: str = ""
    comment: Note | None = None


class FailedRefundSettled(BaseEvent, frozen=True, kw_only=True):
    """``by`` whom of support, and what is owed in place of what failed. alone_minor: as in ``RefundOwed``."""

    refund: RefundId
    way: WayOn
    refunds: tuple[RefundTerms, ...]
    by: str
    wait_until: Instant | None = None
    voucher: str = ""
    consent: NoteRef | None = None
    comment: NoteRef | None = None
    alone_minor: int = 0


def unsettled(order: Order) -> tuple[Refund, ...]:
    """The refunds that failed and about whose money somebody still has to say what becomes of it.

    Nothing is to be said where nothing is left to send: a bank took it for the buyer meanwhile.
    """
    return tuple(one for one in order.undecided if open_minor(order, one))


def stuck(order: Order, refund: Refund) -> bool:
    """Whether it is owed, was never sent, and waits for a person and not for the buyer's bank."""
    return refund.status is RefundStatus.OWED and refund.cause in NEEDS_SOMEBODY and not frozen(order, refund)


def to_settle(order: Order) -> tuple[Refund, ...]:
    """The refunds of which support says what becomes of them: those that failed, and those that cannot be sent."""
    failed = {one.id for one in unsettled(order)}
    return tuple(one for one in order.refunds if one.id in failed or stuck(order, one))


def being_settled(order: Order, refund: Refund) -> bool:
    """Whether it may go another way once a second person has agreed, so that it is not sent meanwhile."""
    return any(
        one.terms.act is MoneyAct.SETTLE and one.terms.refund == refund.id for one in proposal.waiting(order.proposals)
    )


def open_minor(order: Order, failed: Refund) -> int:
    """What of a failed refund can go another way, in minor units: what went back meanwhile does not (I-10).

    What was never sent is set aside for it still, so all of it can.
    """
    if failed.status is RefundStatus.OWED:
        return failed.amount_minor
    tender = next(one for one in order.tenders if one.id == failed.tender)
    return min(failed.amount_minor, tender.authorised_minor if failed.release else tender.left_minor)


def ways(order: Order, failed: Refund, terms: Terms) -> tuple[WayOn, ...]:
    """What may be done with it: the policy's list, and of a promise that was not let go only to try again.

    What nobody can send yet is not sent again: it is tried by itself, and goes out as soon as somebody can.
    """
    allowed = tuple(WayOn(one) for one in terms.preset.policy.settings.failed_refund)
    if not open_minor(order, failed):
        return ()
    if failed.status is RefundStatus.OWED and failed.cause == "not_set_up":
        allowed = tuple(one for one in allowed if one is not WayOn.AGAIN)
    return tuple(one for one in allowed if one is WayOn.AGAIN or not failed.release)


def settle(
    order: Order, command: SettleFailedRefund, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Give the money another way, once. What was not sent is given up first, and is not tried again.

    Raises Forbidden, NotFound, InvalidTransition (it did not fail, somebody was quicker, or the policy does not allow
    this way), RefundUnderWay (a provider may be asked for it at this moment), ConsentMissing, InvalidField.
    """
    require_speaker(actor, ActorKind.SUPPORT, "settle_failed_refund")
    failed = next((one for one in order.refunds if one.id == command.refund), None)
    if failed is None:
        raise NotFound(kind="refund")
    if failed not in to_settle(order):
        raise InvalidTransition(
            action=command.way.value, current_state=failed.settled or failed.status.value, allowed_actions=()
        )
    if failed.id in context.asked:
        raise RefundUnderWay(refund=failed.id, retry_after=ASKED_AGAIN_S)
    possible = ways(order, failed, terms)
    if command.way not in possible:
        raise InvalidTransition(
            action=command.way.value,
            current_state=failed.status.value,
            allowed_actions=tuple(one.value for one in possible),
        )
    _require_said(command, now)
    terms_of_it = RefundTerms(
        id=context.refund_id(order.shop, now, 0),
        tender=failed.tender,
        amount_minor=open_minor(order, failed),
        release=failed.release,
        into="" if command.way is WayOn.AGAIN else command.way.value,
    )
    event = FailedRefundSettled(
        at=now,
        refund=failed.id,
        way=command.way,
        refunds=(terms_of_it,),
        by=actor.id,
        wait_until=command.wait_until,
        voucher=command.voucher,
        consent=NoteRef.of(command.consent),
        comment=NoteRef.of(command.comment),
    )
    return Decision(
        events=(*_given_up(failed, now), event),
        notes=tuple(one for one in (command.consent, command.comment) if one),
    )


def _given_up(refund: Refund, now: Instant) -> tuple[RefundAnswered, ...]:
    """That what was never sent will not be: its money is free again, and the cause stays."""
    if refund.status is not RefundStatus.OWED:
        return ()
    return (RefundAnswered(at=now, refund=refund.id, status=RefundStatus.FAILED, cause=refund.cause),)


def _require_said(command: SettleFailedRefund, now: Instant) -> None:
    """Each way comes with what shows that it was right, and with nothing else."""
    if command.way is WayOn.STORE_CREDIT and command.consent is None:
        raise ConsentMissing
    if command.way is not WayOn.STORE_CREDIT and command.consent is not None:
        raise InvalidField(field="/consent", expected="absent, unless the way is store_credit")
    if (command.way is WayOn.PAID_OUT) != bool(command.voucher):
        raise InvalidField(field="/voucher", expected="the number of the voucher for paid_out, and absent otherwise")
    if command.way is not WayOn.AGAIN and command.wait_until is not None:
        raise InvalidField(field="/wait_until", expected="absent, unless the way is again")
    if command.wait_until is not None and command.wait_until <= now:
        raise InvalidField(field="/wait_until", expected="a time that is still to come")


def apply_settled(order: Order, event: FailedRefundSettled) -> Order:
    """Owe it anew; what was paid out by hand is done."""
    before = next(one for one in order.refunds if one.id == event.refund)
    order = msgspec.structs.replace(
        order,
        refunds=tuple(
            msgspec.structs.replace(one, settled=event.way.value) if one is before else one for one in order.refunds
        ),
    )
    order = owe(order, event.refunds, before.cancellation, event.at)
    anew = {terms.id for terms in event.refunds}
    changes: dict[str, object] = {"next_check_at": event.wait_until or event.at, "instead_of": before.id}
    tenders = order.tenders
    if event.way is WayOn.PAID_OUT:
        changes |= {
            "status": RefundStatus.SUCCEEDED,
            "reference": event.voucher,
            "settled_at": event.at,
            "next_check_at": None,
        }
        paid = {terms.tender: terms.amount_minor for terms in event.refunds}
        tenders = tuple(
            msgspec.structs.replace(
                one,
                reserved_minor=one.reserved_minor - paid.get(one.id, 0),
                refunded_minor=one.refunded_minor + paid.get(one.id, 0),
            )
            for one in tenders
        )
    return msgspec.structs.replace(
        order,
        tenders=tenders,
        refunds=tuple(msgspec.structs.replace(one, **changes) if one.id in anew else one for one in order.refunds),
        alone_minor=order.alone_minor + event.alone_minor,
    )
