"""Money owed to a buyer: how much, to which tender, and what the provider said about it.

One allocation serves quotes, decisions and receipts, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rescind.core.errors import InParcel, InvalidField, NotFound, NothingSelected, QuantityNotOpen
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import CancellationId, RefundId
from rescind.core.instant import Instant
from rescind.core.money import split_minor
from rescind.core.order import Line, Order, Refund, RefundStatus, Tender


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one line that a selection gives back (minor units; discount is taken off, tax added)."""

    line: str
    quantity: int
    goods_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Goods less their discount share plus their recorded tax."""
        return self.goods_minor - self.discount_minor + self.tax_minor


class TenderShare(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back to one tender, in minor units, more than zero."""

    tender: str
    amount_minor: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What cancelling a selection would give back. ``total_minor`` is what the tenders add up to."""

    currency: str
    lines: tuple[QuoteLine, ...]
    shipping_minor: int
    total_minor: int
    tenders: tuple[TenderShare, ...]


def select(order: Order, lines: dict[str, int] | None) -> dict[str, int]:
    """Turn what was asked into units by line: None is everything open; an empty choice is refused (KF-06).

    Of an order that is on its way whole, None is all that has not arrived, and so is naming just that: it can still be
    asked to come back, though not in part (R-007, R-037).

    Raises NothingSelected, QuantityNotOpen, InParcel (of a split order, what is in a parcel that is further on goes
    with its parcel: R-024), InvalidField for a line the order does not have.
    """
    left = order.open_units()
    if lines is None or (not left and lines and lines == order.undelivered()):
        return left or order.undelivered() or {line.id: line.open for line in order.lines if line.open}
    if not lines:
        raise NothingSelected
    bought = {line.id for line in order.lines}
    for place, (line, count) in enumerate(lines.items()):
        if line not in bought:
            raise InvalidField(field=f"/lines/{place}/line", expected="a line of this order")
        if not 0 < count <= left.get(line, 0):
            raise QuantityNotOpen(line=line, open=left.get(line, 0))
    if lines != left:
        by_line = order.units_by_line()
        for line, count in lines.items():
            if count > by_line.get(line, 0):
                raise InParcel(line=line, open=by_line.get(line, 0))
    return dict(lines)


def quote(order: Order, selection: dict[str, int]) -> Quote:
    """Work out what a selection of open units gives back.

    The order's own recorded discount and tax are shared over units, never worked out anew (E-05, KF-02, KF-03).
    Shipping comes back only when nothing of the order ships any more (E-10).
    """
    lines = tuple([_quote_line(line, selection[line.id]) for line in order.lines if line.id in selection])
    nothing_ships = not [line for line in order.lines if line.open != selection.get(line.id, 0)]
    shipping = order.shipping_minor - order.shipping_refunded_minor if nothing_ships else 0
    value = sum([line.total_minor for line in lines]) + shipping
    shares = share_out(order.tenders, value, everything=nothing_ships)
    return Quote(
        currency=order.currency,
        lines=lines,
        shipping_minor=shipping,
        total_minor=sum([share.amount_minor for share in shares]),
        tenders=shares,
    )


def share_out(tenders: tuple[Tender, ...], amount: int, *, everything: bool) -> tuple[TenderShare, ...]:
    """Share an amount over the tenders by what was captured on each, never more than is left on one (E-06, KF-10).

    What exceeds all that is left is not owed: money that already went another way is not paid twice.
    ``everything``: nothing of the order remains, so whatever is left goes back and no cent stays behind (KF-07).
    """
    left = [tender.left_minor for tender in tenders]
    most = sum(left)
    amount = most if everything else min(amount, most)
    if amount <= 0:
        return ()
    parts = left if amount == most else _parts(tenders, amount, left)
    return tuple(
        [TenderShare(tender=tender.id, amount_minor=part) for tender, part in zip(tenders, parts, strict=True) if part]
    )


def _parts(tenders: tuple[Tender, ...], amount: int, left: list[int]) -> list[int]:
    """Shares by what was captured; what one has no room for goes to the first of the others that has."""
    parts = [min(part, room) for part, room in zip(_by_capture(tenders, amount), left, strict=True)]
    missing = amount - sum(parts)
    for i, room in enumerate(left):
        more = min(missing, room - parts[i])
        parts[i] += more
        missing -= more
    return parts


def overpaid(order: Order) -> tuple[TenderShare, ...]:
    """What was captured beyond the price of all that is not cancelled: a payment that came after units were stopped,
    or after the whole order was, goes back (R-070, S-04).
    """
    left = sum(tender.left_minor for tender in order.tenders)
    return share_out(order.tenders, left - wanted(order), everything=False)


def wanted(order: Order) -> int:
    """The price of all that is not cancelled, in minor units."""
    price = sum(_quote_line(line, line.open).total_minor for line in order.lines)
    if any(line.open for line in order.lines):
        price += order.shipping_minor - order.shipping_refunded_minor
    return price


def paid_in_full(order: Order) -> bool:
    """Whether everything was captured, or as much as is still wanted; what is paid at the door is not waited for."""
    before = [tender for tender in order.tenders if tender.method != "cash_on_delivery"]
    if all(tender.captured_minor >= tender.amount_minor for tender in before):
        return True
    at_the_door = sum(tender.amount_minor for tender in order.tenders if tender not in before)
    return sum(tender.left_minor for tender in before) >= wanted(order) - at_the_door


def _by_capture(tenders: tuple[Tender, ...], amount: int) -> list[int]:
    return split_minor(amount, [tender.captured_minor for tender in tenders])


def _quote_line(line: Line, count: int) -> QuoteLine:
    return QuoteLine(
        line=line.id,
        quantity=count,
        goods_minor=count * line.unit_minor,
        discount_minor=units_share(line.discount_minor, line.quantity, line.cancelled, count),
        tax_minor=units_share(line.tax_minor, line.quantity, line.cancelled, count),
    )


def units_share(whole: int, units: int, first: int, count: int) -> int:
    """What units ``first`` to ``first + count`` carry of ``whole``: spare cents belong to the earlier (I-11)."""
    if not whole:
        return 0
    each, spare = divmod(whole, units)
    return count * each + min(first + count, spare) - min(first, spare)


class ProviderOutcome(StrEnum):
    """What a payment provider's answer means. Whatever is not clear is in doubt, which is not failed (I-07)."""

    SUCCEEDED = "succeeded"
    SUBMITTED = "submitted"
    DECLINED = "declined"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"


NOT_SENT_BECAUSE = ("account_missing", "details_invalid", "not_set_up")
"""Why an adapter sends nothing: nowhere to send it to, nothing a provider would take, no access to the provider."""


class RecordRefundReply(BaseCommand, frozen=True, kw_only=True):
    """A reply, a later message or a look-up about one refund; all three come as this.

    reference: the provider's own id. next_check_at: when to ask again, for an answer that is not final. cause: of
    ``NOT_SENT_BECAUSE``, for what the provider was never asked.
    """

    refund: RefundId
    outcome: ProviderOutcome
    reference: str = ""
    cause: str = ""
    next_check_at: Instant | None = None


class RefundTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Money that becomes owed to one tender."""

    id: RefundId
    tender: str
    amount_minor: int


class RefundOwed(BaseEvent, frozen=True, kw_only=True):
    """Money is owed although nothing new was cancelled: a payment reached an order that had ended (R-070, S-04)."""

    refunds: tuple[RefundTerms, ...]


class RefundAnswered(BaseEvent, frozen=True, kw_only=True):
    """The provider said something new about a refund, or it was not asked and ``cause`` says why not (KF-16)."""

    refund: RefundId
    status: RefundStatus
    reference: str = ""
    cause: str = ""
    next_check_at: Instant | None = None


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
}


def answer(order: Order, command: RecordRefundReply, now: Instant) -> tuple[BaseEvent, ...]:
    """What a provider's word changes; nothing when it is no news (KF-14). Raises NotFound for another order's."""
    refund = next((one for one in order.refunds if one.id == command.refund), None)
    if refund is None:
        raise NotFound(kind="refund")
    status = _FOLLOWS[refund.status].get(command.outcome)
    if status is None or (status is refund.status and command.next_check_at == refund.next_check_at):
        return ()
    if status is RefundStatus.OWED and command.cause == refund.cause:
        return ()  # Still not sent, and for the same cause.
    return (
        RefundAnswered(
            at=now,
            refund=refund.id,
            status=status,
            reference=command.reference,
            cause=command.cause if status is RefundStatus.OWED else "",
            next_check_at=command.next_check_at if status in OPEN else None,
        ),
    )


OPEN = frozenset({RefundStatus.OWED, RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT})
"""A refund in one of these has its money reserved and somebody asking about it."""


def owe(order: Order, refunds: tuple[RefundTerms, ...], cancellation: CancellationId | None, at: Instant) -> Order:
    """Reserve money on its tenders and keep the refunds that are owed."""
    owed = {terms.tender: terms.amount_minor for terms in refunds}
    return msgspec.structs.replace(
        order,
        tenders=tuple(
            msgspec.structs.replace(tender, reserved_minor=tender.reserved_minor + owed.get(tender.id, 0))
            for tender in order.tenders
        ),
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
                )
                for terms in refunds
            ),
        ),
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
        next_check_at=event.next_check_at,
        settled_at=None if event.status in OPEN else event.at,
    )
    tenders = tuple(
        msgspec.structs.replace(
            tender,
            reserved_minor=tender.reserved_minor + reserved * before.amount_minor,
            refunded_minor=tender.refunded_minor + refunded * before.amount_minor,
        )
        if tender.id == before.tender
        else tender
        for tender in order.tenders
    )
    refunds = tuple(after if one.id == event.refund else one for one in order.refunds)
    return msgspec.structs.replace(order, tenders=tenders, refunds=refunds)
