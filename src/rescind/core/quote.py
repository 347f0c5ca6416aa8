"""What a cancellation gives back, worked out before anybody commits to it.

One allocation serves quotes, decisions and receipts, so that they cannot differ. Goods, discounts, tax, delivery and
charges are what was recorded at checkout; nothing is priced a second time (E-05).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rescind.core.errors import InParcel, NothingSelected, QuantityNotOpen, UnknownLine
from rescind.core.instant import Instant
from rescind.core.money import split_minor
from rescind.core.order import Order
from rescind.core.parts import Line, Tender
from rescind.core.price import BenefitKind, Fee


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one line that a selection gives back (minor units; discount is taken off, tax added).

    platform_minor: what of the discount the platform gave.
    """

    line: str
    quantity: int
    goods_minor: int
    discount_minor: int
    tax_minor: int
    platform_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Goods less their discount share plus their recorded tax."""
        return self.goods_minor - self.discount_minor + self.tax_minor


class TenderShare(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back to one tender, or is let go of it, in minor units, more than zero."""

    tender: str
    amount_minor: int


class BenefitShare(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a voucher or of points that go back as what they were."""

    id: str
    kind: BenefitKind
    units: int


class Funding(msgspec.Struct, frozen=True, kw_only=True):
    """Who bears what goes back, in minor units. seller and platform add up to all that goes back or is let go.

    subsidy: what the platform had paid of the price of these units, as a discount; it falls to the platform again.
    """

    seller_minor: int
    platform_minor: int
    subsidy_minor: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What cancelling a selection would give back. ``total_minor`` is what the tenders add up to.

    charges_minor: of what was paid for the order as a whole. fees: what the seller keeps; fees and what goes back make
    up the price. releases: what was promised and not captured, and is let go (``released_minor``). benefits: what goes
    back as voucher or points. rounding_minor: what of the total is there only because no smaller amount can be sent,
    below zero where that much stays until the last of the order goes back.
    """

    currency: str
    lines: tuple[QuoteLine, ...]
    shipping_minor: int
    total_minor: int
    tenders: tuple[TenderShare, ...]
    shipping_tax_minor: int = 0
    charges_minor: int = 0
    fees: tuple[Fee, ...] = ()
    released_minor: int = 0
    releases: tuple[TenderShare, ...] = ()
    benefits: tuple[BenefitShare, ...] = ()
    funding: Funding = Funding(seller_minor=0, platform_minor=0, subsidy_minor=0)
    rounding_minor: int = 0

    @property
    def freed_minor(self) -> int:
        """What the buyer has of it, in minor units: what goes back, and what is let go before it was taken."""
        return self.total_minor + self.released_minor

    @property
    def other_minor(self) -> int:
        """What the parts do not explain, in minor units: below zero what was not paid, was given back before or left
        another way, above it what was paid beyond the price. Parts, this and the rounding make up what goes back and is
        let go.
        """
        parts = sum([line.total_minor for line in self.lines]) + self.shipping_minor + self.charges_minor
        return self.freed_minor - self.rounding_minor - parts + self.fee_minor

    @property
    def fee_minor(self) -> int:
        """What the seller keeps, in minor units."""
        return sum(fee.amount_minor for fee in self.fees)


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """An amount over the tenders: what goes back of what was captured, what is let go of what was only promised.

    rounding_minor: how much more than the amount that is, because it goes in steps; below zero: less.
    """

    refunds: tuple[TenderShare, ...] = ()
    releases: tuple[TenderShare, ...] = ()
    rounding_minor: int = 0


def select(order: Order, lines: dict[str, int] | None) -> dict[str, int]:
    """Turn what was asked into units by line: None is everything open; an empty choice is refused (KF-06).

    Of an order that is on its way whole, None is all that has not arrived, and so is naming just that: it can still be
    asked to come back, though not in part (R-007, R-037).

    Raises NothingSelected, QuantityNotOpen, InParcel (of a split order, what is in a parcel that is further on goes
    with its parcel: R-024), UnknownLine.
    """
    left = order.open_units()
    if lines is None or (not left and lines and lines == order.undelivered()):
        return left or order.undelivered() or {line.id: line.open for line in order.lines if line.open}
    if not lines:
        raise NothingSelected
    bought = {line.id for line in order.lines}
    for place, (line, count) in enumerate(lines.items()):
        if line not in bought:
            raise UnknownLine(field=f"/lines/{place}/line")
        if not 0 < count <= left.get(line, 0):
            raise QuantityNotOpen(line=line, open=left.get(line, 0))
    if lines != left:
        by_line = order.units_by_line()
        for line, count in lines.items():
            if count > by_line.get(line, 0):
                raise InParcel(line=line, open=by_line.get(line, 0))
    return dict(lines)


def quote(order: Order, selection: dict[str, int], *, fees: Sequence[Fee] = (), at: Instant | None = None) -> Quote:
    """Work out what a selection of open units gives back.

    The order's own recorded discount and tax are shared over units, never worked out anew (E-05, KF-02, KF-03).
    Delivery and charges come back only when nothing of the order ships any more (E-10). fees: what the policy lets the
    seller keep. at: when, for vouchers that may be over by then.
    """
    lines = tuple([_quote_line(line, selection[line.id]) for line in order.lines if line.id in selection])
    last = not [line for line in order.lines if line.open != selection.get(line.id, 0)]
    shipping = order.shipping_minor - order.shipping_refunded_minor if last else 0
    charges = order.returning_charges_minor if last and order.charges else 0
    goods = sum([line.total_minor for line in lines])
    kept = capped(fees, lines) if fees else ()
    fee = sum([one.amount_minor for one in kept])
    shares = share(order.free, goods - fee + shipping + charges, keep=stays(order, fee) if last else None)
    total = sum([one.amount_minor for one in shares.refunds])
    released = sum([one.amount_minor for one in shares.releases])
    return Quote(
        currency=order.currency,
        lines=lines,
        shipping_minor=shipping,
        total_minor=total,
        tenders=shares.refunds,
        shipping_tax_minor=order.shipping_tax_minor if shipping else 0,
        charges_minor=charges,
        fees=kept,
        released_minor=released,
        releases=shares.releases,
        benefits=_benefits(order, selection, last=last, at=at) if order.benefits else (),
        funding=_funding(order, lines, total + released, shipping=shipping, last=last),
        rounding_minor=shares.rounding_minor,
    )


def sent_back(order: Order, selection: Mapping[str, int], *, price_alone: bool) -> Quote:
    """What was paid for units that have left and come back, no more than is left of it; nothing is kept or moved by it.

    With the last of the order comes what was paid for delivery and as charges, unless a law gives the ``price_alone``.
    """
    lines = tuple([_quote_line(line, selection[line.id]) for line in order.lines if line.id in selection])
    whole = not price_alone and not [line for line in order.lines if line.open > selection.get(line.id, 0)]
    shipping = order.shipping_minor - order.shipping_refunded_minor if whole else 0
    charges = order.returning_charges_minor if whole else 0
    shares = share(order.free, sum([line.total_minor for line in lines]) + shipping + charges, keep=None)
    total = sum([one.amount_minor for one in shares.refunds])
    released = sum([one.amount_minor for one in shares.releases])
    return Quote(
        currency=order.currency,
        lines=lines,
        shipping_minor=shipping,
        total_minor=total,
        tenders=shares.refunds,
        shipping_tax_minor=order.shipping_tax_minor if shipping else 0,
        charges_minor=charges,
        released_minor=released,
        releases=shares.releases,
        funding=_funding(order, lines, total + released, shipping=shipping, last=whole),
    )


def share(tenders: tuple[Tender, ...], amount: int, *, keep: int | None) -> Shares:
    """Share an amount over the tenders by what each secured, never more than is left on one (E-06, KF-10).

    What exceeds all that is left is not owed: money that already went another way is not paid twice. A tender's promise
    is let go before what it captured goes back: nothing need be taken that is given back.
    ``keep``: nothing of the order remains, so whatever is left goes back but for that, and no cent stays (KF-07).

    What goes back to a tender is whole steps of it, to the nearest, or all that is left there: a provider that counts
    in whole forints can send the first part and the last, and together they are what was paid (KF-08). Where something
    is kept, the step is the buyer's.
    """
    left = [tender.left_minor + tender.authorised_minor for tender in tenders]
    everything = sum(left)
    amount = max(0, everything - keep) if keep is not None else min(amount, everything)
    if amount <= 0:
        return Shares()
    parts = left if amount == everything else _parts(tenders, amount, left)
    if amount != everything and any(one.step_minor > 1 for one in tenders):
        parts = _in_steps(tenders, parts, left, up=keep is not None)
    refunds: list[TenderShare] = []
    releases: list[TenderShare] = []
    for tender, part in zip(tenders, parts, strict=True):
        let_go = min(part, tender.authorised_minor)
        if let_go:
            releases.append(TenderShare(tender=tender.id, amount_minor=let_go))
        if part > let_go:
            refunds.append(TenderShare(tender=tender.id, amount_minor=part - let_go))
    return Shares(refunds=tuple(refunds), releases=tuple(releases), rounding_minor=sum(parts) - amount)


def _in_steps(tenders: tuple[Tender, ...], parts: list[int], left: list[int], *, up: bool) -> list[int]:
    """The parts in whole steps of each tender. What is short goes to one that takes any amount, then as a whole step.

    A promise that is let go is not sent as an amount, so only what was captured is counted in steps.
    """
    found = list(parts)
    over = [0] * len(parts)
    for i, tender in enumerate(tenders):
        if tender.step_minor > 1 and parts[i] < left[i]:
            over[i] = max(0, parts[i] - tender.authorised_minor) % tender.step_minor
            found[i] -= over[i]
    short = sum(over)
    for i, tender in enumerate(tenders):
        if tender.step_minor <= 1:
            more = min(short, left[i] - found[i])
            found[i] += more
            short -= more
    for i in sorted(range(len(parts)), key=lambda place: -over[place]):
        step = tenders[i].step_minor
        if short > 0 and step > 1 and (up or 2 * short >= step):
            more = min(step, left[i] - found[i])
            found[i] += more
            short -= more
    return found


def _parts(tenders: tuple[Tender, ...], amount: int, left: list[int]) -> list[int]:
    """Shares by what was secured; what one has no room for goes to the first of the others that has."""
    weights = [tender.secured_minor for tender in tenders]
    parts = [min(part, room) for part, room in zip(split_minor(amount, weights), left, strict=True)]
    missing = amount - sum(parts)
    for i, room in enumerate(left):
        more = min(missing, room - parts[i])
        parts[i] += more
        missing -= more
    return parts


def share_out(tenders: tuple[Tender, ...], amount: int, *, everything: bool) -> tuple[TenderShare, ...]:
    """What of an amount goes back of what was captured; ``everything``: whatever is left of it."""
    captured = tuple(msgspec.structs.replace(one, authorised_minor=0) for one in tenders)
    return share(captured, amount, keep=0 if everything else None).refunds


def nearest(order: Order, amount: int) -> int:
    """What of an amount would go back of what was captured, in minor units: as near as whole steps come to it."""
    return sum(one.amount_minor for one in share_out(order.free, amount, everything=False))


def overpaid(order: Order) -> Shares:
    """What was secured beyond the price of all that is not cancelled: a payment that came after units were stopped,
    or after the whole order was, goes back (R-070, S-04).
    """
    left = sum(tender.left_minor + tender.authorised_minor for tender in order.free)
    return share(order.free, left - wanted(order), keep=None)


def wanted(order: Order) -> int:
    """The price of all that is not cancelled, and what stays of what is, in minor units."""
    price = sum(_quote_line(line, line.open).total_minor for line in order.lines)
    if any(line.open for line in order.lines):
        price += order.shipping_minor - order.shipping_refunded_minor + order.returning_charges_minor
    return price + stays(order)


def worth(order: Order, selection: Mapping[str, int]) -> int:
    """What units were sold for, in minor units, whatever was paid of it; all of an order together are its total.

    With the last of it come delivery and every charge, less what went back of them before.
    """
    price = sum(_quote_line(line, selection[line.id]).total_minor for line in order.lines if line.id in selection)
    if all(line.open <= selection.get(line.id, 0) for line in order.lines):
        price += order.shipping_minor - order.shipping_refunded_minor
        price += sum(charge.amount_minor for charge in order.charges) - order.charges_refunded_minor
    return price


def stays(order: Order, fee: int = 0) -> int:
    """What stays when nothing of the order remains: fees that were kept, and charges that never go back."""
    return order.kept_minor + fee + sum([charge.amount_minor for charge in order.charges if not charge.returns])


def paid_in_full(order: Order) -> bool:
    """Whether everything was secured, or as much as is still wanted; what is paid at the door is not waited for."""
    before = [tender for tender in order.tenders if tender.method != "cash_on_delivery"]
    if all(tender.secured_minor + tender.released_minor >= tender.amount_minor for tender in before):
        return True
    at_the_door = sum(tender.amount_minor for tender in order.tenders if tender not in before)
    there = [tender for tender in order.free if tender.method != "cash_on_delivery"]
    return sum(tender.left_minor + tender.authorised_minor for tender in there) >= wanted(order) - at_the_door


def capped(fees: Sequence[Fee], lines: tuple[QuoteLine, ...]) -> tuple[Fee, ...]:
    """Fees that take no more than the price of the units they are about, and together none of the delivery.

    A line that is cancelled in fewer units than its fee was said for gives its share, rounded in the buyer's favour.
    """
    left = {line.line: line.total_minor for line in lines}
    units = {line.line: line.quantity for line in lines}
    found: list[Fee] = []
    for fee in sorted(fees, key=lambda one: not one.line):
        amount = fee.amount_minor
        if fee.line:
            count = min(units.get(fee.line, 0), fee.units)
            amount = min(amount * count // fee.units, left.get(fee.line, 0))
            if amount > 0:
                left[fee.line] -= amount
                found.append(Fee(rule=fee.rule, amount_minor=amount, line=fee.line, units=count))
        elif (amount := min(amount, sum(left.values()))) > 0:
            found.append(Fee(rule=fee.rule, amount_minor=amount))
            parts = split_minor(amount, list(left.values()))
            left = {line: room - part for (line, room), part in zip(left.items(), parts, strict=True)}
    return tuple(found)


def _quote_line(line: Line, count: int) -> QuoteLine:
    return QuoteLine(
        line=line.id,
        quantity=count,
        goods_minor=count * line.unit_minor,
        discount_minor=units_share(line.discount_minor, line.quantity, line.cancelled, count),
        tax_minor=units_share(line.tax_minor, line.quantity, line.cancelled, count),
        platform_minor=units_share(line.discount_platform_minor, line.quantity, line.cancelled, count)
        if line.discount_platform_minor
        else 0,
    )


def _benefits(order: Order, selection: dict[str, int], *, last: bool, at: Instant | None) -> tuple[BenefitShare, ...]:
    """What goes back as what it was: a voucher with the last of the order, points with the units they paid for.

    What is over by then does not come back (R-144, Q-10).
    """
    worth = [line.quantity * line.unit_minor for line in order.lines]
    gone = [
        (line.cancelled + selection.get(line.id, 0)) * line.unit_minor if not last else worth[place]
        for place, line in enumerate(order.lines)
    ]
    found: list[BenefitShare] = []
    for one in order.benefits:
        if one.expires_at is not None and at is not None and at >= one.expires_at:
            continue
        reached = one.units if last else 0
        if one.kind is BenefitKind.POINTS and not last and sum(worth):
            reached = one.units * sum(gone) // sum(worth)
        if reached > one.returned:
            found.append(BenefitShare(id=one.id, kind=one.kind, units=reached - one.returned))
    return tuple(found)


def _funding(order: Order, lines: tuple[QuoteLine, ...], back: int, *, shipping: int, last: bool) -> Funding:
    """Who bears what goes back: delivery falls to whoever ships, a charge to whose it was, the rest to the seller."""
    platform = shipping if order.shipping_by != "seller" else 0
    if last and order.charges:
        platform += sum(one.amount_minor for one in order.charges if one.returns and one.by == "platform")
    platform = min(platform, back)
    return Funding(
        seller_minor=back - platform,
        platform_minor=platform,
        subsidy_minor=sum([line.platform_minor for line in lines]),
    )


def units_share(whole: int, units: int, first: int, count: int) -> int:
    """What units ``first`` to ``first + count`` carry of ``whole``: spare cents belong to the earlier (I-11)."""
    if not whole:
        return 0
    each, spare = divmod(whole, units)
    return count * each + min(first + count, spare) - min(first, spare)
