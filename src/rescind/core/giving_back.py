"""Money the seller or support gives back although nothing is cancelled: the delivery alone, or an amount (KF-06)."""

from __future__ import annotations

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.errors import (
    ConsentMissing,
    CurrencyMismatch,
    Forbidden,
    InvalidField,
    LeftChanged,
    NothingSelected,
    RefundOfNothing,
    RefundTooHigh,
)
from rescind.core.event import BaseCommand, Note, NoteRef
from rescind.core.failed_refund import WayOn
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.offer import IN_STEPS
from rescind.core.order import Order
from rescind.core.quote import Shares, share_out
from rescind.core.refund import RefundOwed, terms_of


class GiveBack(BaseCommand, frozen=True, kw_only=True):
    """Give back what was paid for delivery, an amount in minor units of the order's currency, or both together.

    left: the most that could go back when whoever gives it looked; None does not say. shipping: the delivery, as far as
    it was not given back. amount_minor: None for none. credit: support rules that it
    becomes credit toward a later purchase, and does not go back where it came from; consent: how the buyer agreed.
    """

    shipping: bool = False
    amount_minor: int | None = None
    credit: bool = False
    consent: Note | None = None
    comment: Note | None = None
    left: Money | None = None


def most(order: Order) -> int:
    """The most that can be given back, in minor units: what was captured, is neither back nor on its way, and
    did not fail to go back, which support decides about.
    """
    return sum(tender.left_minor for tender in order.free)


def shipping_left(order: Order) -> int:
    """What of the delivery can be given back, in minor units."""
    return min(order.shipping_minor - order.shipping_refunded_minor, most(order))


def give(order: Order, command: GiveBack, actor: Actor, context: Context, now: Instant) -> Decision:
    """Owe it, shared over the payments as every refund is.

    Credit is owed of the very same money, so that what became credit does not go back as money as well, whatever is
    cancelled later.

    Raises Forbidden, NothingSelected (neither delivery nor amount), RefundOfNothing (0, less, or delivery of which
    nothing is left), RefundTooHigh, LeftChanged, CurrencyMismatch, InvalidField (an amount that no provider can send);
    of credit ConsentMissing, InvalidField (no words why), Forbidden for a shop.
    """
    if actor.speaks_as not in {ActorKind.SELLER, ActorKind.SUPPORT}:
        raise Forbidden(action="give_back")
    _require_agreed(command, actor)
    _require_seen(command.left, Money(most(order), order.currency))
    if not command.shipping and command.amount_minor is None:
        raise NothingSelected
    shipping = shipping_left(order) if command.shipping else 0
    if (command.shipping and shipping <= 0) or (command.amount_minor is not None and command.amount_minor <= 0):
        raise RefundOfNothing(left=Money(most(order), order.currency))
    amount = shipping + (command.amount_minor or 0)
    if amount > most(order):
        raise RefundTooHigh(asked=Money(amount, order.currency), left=Money(most(order), order.currency))
    # Only what was captured is given back: of a promise less can be captured instead.
    # Credit is the marketplace's own, of any amount.
    tenders = tuple(msgspec.structs.replace(one, step_minor=0) if command.credit else one for one in order.free)
    shares = share_out(tenders, amount, everything=False)
    if not shipping and sum(one.amount_minor for one in shares) != amount:
        raise InvalidField(field="/amount", expected=IN_STEPS)
    refunds = terms_of(Shares(refunds=shares), order, context, now)
    if command.credit:
        refunds = tuple(msgspec.structs.replace(one, into=WayOn.STORE_CREDIT.value) for one in refunds)
    event = RefundOwed(
        at=now,
        refunds=refunds,
        by=actor.id,
        shipping_minor=shipping,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
    )
    return Decision(events=(event,), notes=tuple(one for one in (command.comment, command.consent) if one))


def _require_seen(seen: Money | None, left: Money) -> None:
    """A form that was filled in before other money went back would give it a second time."""
    if seen is None or seen == left:
        return
    if seen.currency != left.currency:
        raise CurrencyMismatch(expected=left.currency, actual=seen.currency)
    raise LeftChanged(seen=seen, left=left)


def _require_agreed(command: GiveBack, actor: Actor) -> None:
    """Money that became credit cannot go back as money, so nobody is given credit in its place unasked."""
    if not command.credit:
        if command.consent is not None:
            raise InvalidField(field="/consent", expected="absent, unless it becomes credit")
        return
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action="give_credit")
    if command.consent is None:
        raise ConsentMissing
    if command.comment is None:
        raise InvalidField(field="/comment", expected="why, for a credit is a ruling")
