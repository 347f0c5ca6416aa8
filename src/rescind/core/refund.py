"""Money owed to a buyer: to which tender, and what the provider said about it. How much is worked out by ``quote``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from rescind.core.context import Context
from rescind.core.errors import NotFound
from rescind.core.event import BaseCommand, BaseEvent, NoteRef
from rescind.core.ids import CancellationId, RefundId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus, Tender
from rescind.core.quote import (
    Shares,
)


class ProviderOutcome(StrEnum):
    """What a payment provider's answer means. Whatever is not clear is in doubt, which is not failed (I-07)."""

    SUCCEEDED = "succeeded"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"


HOST, SANDBOX = "host", "sandbox"
"""Connections that are there without anybody connecting them: the marketplace pays out itself; nothing moves."""

NOT_SENT_BECAUSE = ("account_missing", "details_invalid", "not_set_up", "still_held")
"""Why an adapter sends nothing: nowhere to send it to, nothing a provider would take, no access to the provider, or a
promise of the bank that is let go whole or not at all, and of which a part is wanted still."""
ONLY_TRIED = "only_tried"
"""Why a refund that went to the sandbox failed after all: its payment is real, and no money moved (ADR 0143)."""
NEEDS_SOMEBODY = frozenset(NOT_SENT_BECAUSE) - {"still_held"}
"""Causes that do not go away by themselves: support finds another way, or an operator puts the provider right."""


class RecordRefundReply(BaseCommand, frozen=True, kw_only=True):
    """A reply, a later message or a look-up about one refund; all three come as this.

    reference: the provider's own id. next_check_at: when to ask again, for an answer that is not final. cause: of
    ``NOT_SENT_BECAUSE``, for what the provider was never asked. confirm_days: working days in which people confirm it,
    for a refund order; 0 where the provider says itself what became of it. through: the connection that said so.
    """

    refund: RefundId
    outcome: ProviderOutcome
    reference: str = ""
    cause: str = ""
    next_check_at: Instant | None = None
    confirm_days: int = 0
    through: str = ""


class RefundTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that becomes owed to one tender. release: it was not captured, and is let go. into: as in ``Refund``."""

    id: RefundId
    tender: str
    amount_minor: int
    release: bool = False
    into: str = ""


class RefundOwed(BaseEvent, frozen=True, kw_only=True):
    """Money is owed although nothing new was cancelled: a payment reached an order that had ended (R-070, S-04), or
    ``by`` the seller or support gave some back; ``shipping_minor`` of it for delivery. alone_minor: what of it counts
    against the amount that one person moves alone; none where two decided it, or any amount is left to one.
    consent: how the buyer agreed to credit in place of money.
    """

    refunds: tuple[RefundTerms, ...]
    by: str = ""
    shipping_minor: int = 0
    comment: NoteRef | None = None
    consent: NoteRef | None = None
    alone_minor: int = 0


def terms_of(shares: Shares, order: Order, context: Context, now: Instant) -> tuple[RefundTerms, ...]:
    """What becomes owed by a sharing: the refunds in the order of their tenders, then what is let go."""
    parts = [(one, False) for one in shares.refunds] + [(one, True) for one in shares.releases]
    return tuple(
        RefundTerms(
            id=context.refund_id(order.shop, now, place),
            tender=share.tender,
            amount_minor=share.amount_minor,
            release=release,
        )
        for place, (share, release) in enumerate(parts)
    )


class RefundAnswered(BaseEvent, frozen=True, kw_only=True):
    """The provider said something new about a refund, or it was not asked and ``cause`` says why not (KF-16).

    Of a refund order: confirm_by, until when and in how many working days (confirm_days) somebody is to confirm it;
    paid_on, the day it left; declined, the code for which it was not paid out. through: the connection that was asked,
    where that was not known.
    """

    refund: RefundId
    status: RefundStatus
    reference: str = ""
    cause: str = ""
    next_check_at: Instant | None = None
    confirm_by: Instant | None = None
    confirm_days: int = 0
    paid_on: date | None = None
    declined: str = ""
    through: str = ""


_FOLLOWS: Mapping[RefundStatus, Mapping[ProviderOutcome, RefundStatus]] = {
    status: {
        ProviderOutcome.SUCCEEDED: RefundStatus.SUCCEEDED,
        ProviderOutcome.SUBMITTED: RefundStatus.SUBMITTED,
        ProviderOutcome.DECLINED: RefundStatus.FAILED,
        ProviderOutcome.IN_DOUBT: RefundStatus.IN_DOUBT,
    }
    for status in (RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT)
} | {
    # Nothing was sent, so nothing is under way: it is owed as before. What was asked once cannot come to this.
    RefundStatus.OWED: {
        ProviderOutcome.SUCCEEDED: RefundStatus.SUCCEEDED,
        ProviderOutcome.SUBMITTED: RefundStatus.SUBMITTED,
        ProviderOutcome.DECLINED: RefundStatus.FAILED,
        ProviderOutcome.IN_DOUBT: RefundStatus.IN_DOUBT,
        ProviderOutcome.NOT_SENT: RefundStatus.OWED,
    },
    # A bank may send money back days after it was accepted (I-09); nothing brings a failed refund back to life.
    RefundStatus.SUCCEEDED: {ProviderOutcome.DECLINED: RefundStatus.FAILED},
    RefundStatus.FAILED: {},
    RefundStatus.TAKEN_ELSEWHERE: {},
}


def answer(order: Order, command: RecordRefundReply, now: Instant) -> tuple[BaseEvent, ...]:
    """What a provider's word changes; nothing when it is no news (KF-14). Raises NotFound for another order's."""
    refund = next((one for one in order.refunds if one.id == command.refund), None)
    if refund is None:
        raise NotFound(kind="refund")
    status = _FOLLOWS[refund.status].get(command.outcome)
    if status is None:
        return ()
    if status is RefundStatus.OWED:
        if command.cause == refund.cause:
            return ()  # Still not sent, and for the same cause.
    elif status is refund.status and command.next_check_at == refund.next_check_at:
        return ()
    return (
        RefundAnswered(
            at=now,
            refund=refund.id,
            status=status,
            reference=command.reference,
            cause=command.cause if status is RefundStatus.OWED else "",
            next_check_at=command.next_check_at if status in OPEN else None,
            through=command.through if status is not RefundStatus.OWED and not refund.through else "",
        ),
    )


OPEN = frozenset({RefundStatus.OWED, RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT})
"""A refund in one of these has its money reserved and somebody asking about it."""


def owe(order: Order, refunds: tuple[RefundTerms, ...], cancellation: CancellationId | None, at: Instant) -> Order:
    """Reserve money on its tenders, let go of what was only promised, and keep both as refunds that are owed."""
    return msgspec.structs.replace(
        order,
        tenders=_moved(order.tenders, refunds),
        refunds=(
            *order.refunds,
            *(
                Refund(
                    id=terms.id,
                    cancellation=cancellation,
                    tender=terms.tender,
                    amount_minor=terms.amount_minor,
                    owed_at=at,
                    next_check_at=at,
                    release=terms.release,
                    into=terms.into,
                )
                for terms in refunds
            ),
        ),
    )


def _moved(tenders: tuple[Tender, ...], refunds: tuple[RefundTerms, ...]) -> tuple[Tender, ...]:
    owed = {terms.tender: terms.amount_minor for terms in refunds if not terms.release}
    let_go = {terms.tender: terms.amount_minor for terms in refunds if terms.release}
    return tuple(
        msgspec.structs.replace(
            tender,
            reserved_minor=tender.reserved_minor + owed.get(tender.id, 0),
            authorised_minor=tender.authorised_minor - let_go.get(tender.id, 0),
            released_minor=tender.released_minor + let_go.get(tender.id, 0),
        )
        if tender.id in owed or tender.id in let_go
        else tender
        for tender in tenders
    )


def apply_owed(order: Order, event: RefundOwed) -> Order:
    """Owe what came too late, or what somebody gave back."""
    order = owe(order, event.refunds, None, event.at)
    if not event.by:
        return order
    given = sum(one.amount_minor for one in event.refunds) - event.shipping_minor
    return msgspec.structs.replace(
        order,
        shipping_refunded_minor=order.shipping_refunded_minor + event.shipping_minor,
        given_minor=order.given_minor + given,
        alone_minor=order.alone_minor + event.alone_minor,
    )


def apply_answered(order: Order, event: RefundAnswered) -> Order:
    """Move a refund on, and its money from reserved to refunded, or back to where it can be refunded again."""
    before = next(one for one in order.refunds if one.id == event.refund)
    reserved = (event.status in OPEN) - (before.status in OPEN)
    refunded = (event.status is RefundStatus.SUCCEEDED) - (before.status is RefundStatus.SUCCEEDED)
    after = msgspec.structs.replace(
        before,
        status=event.status,
        reference=event.reference or before.reference,
        cause=event.cause,
        through=before.through or event.through,
        next_check_at=event.next_check_at,
        settled_at=None if event.status in OPEN else event.at,
    )
    tenders = tuple(
        _answered(tender, before, event, reserved, refunded) if tender.id == before.tender else tender
        for tender in order.tenders
    )
    refunds = tuple(after if one.id == event.refund else one for one in order.refunds)
    return msgspec.structs.replace(order, tenders=tenders, refunds=refunds)


def _answered(tender: Tender, before: Refund, event: RefundAnswered, reserved: int, refunded: int) -> Tender:
    if event.cause == ONLY_TRIED:
        # What was taken for a trial is money, which goes wherever its payment went.
        tender = msgspec.structs.replace(
            tender, trial=False, provider="" if tender.provider == SANDBOX else tender.provider
        )
    if event.through and not tender.provider and not before.into and event.through != HOST:
        # Nobody had said through which connection it was paid. What took its refund takes the others, too.
        tender = msgspec.structs.replace(tender, provider=event.through)
    if before.release:
        # A bank that does not let go holds the promise still; that it did was taken for granted.
        back = before.amount_minor if event.status is RefundStatus.FAILED else 0
        return msgspec.structs.replace(
            tender,
            authorised_minor=tender.authorised_minor + back,
            released_minor=tender.released_minor - back,
        )
    return msgspec.structs.replace(
        tender,
        reserved_minor=tender.reserved_minor + reserved * before.amount_minor,
        refunded_minor=tender.refunded_minor + refunded * before.amount_minor,
    )
