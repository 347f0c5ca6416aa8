"""Facts of the world as the host, a seller or support reports them, and who may report which."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.chargeback import ELSEWHERE, ENDS
from rescind.core.errors import Forbidden, InvalidField
from rescind.core.fulfilment import OF_PARCELS, ReportFact
from rescind.core.order import Order
from rescind.core.parts import PAYING, FactKind
from rescind.intake import fields
from rescind.intake.fields import Amount, Identifier, Incoming, Moment, Units, Words
from rescind.intake.text import label
from rescind.intake.tracking import tracking_number

_BY_SELLER = frozenset(
    {
        FactKind.ALLOCATED,
        FactKind.PREPARATION_STARTED,
        FactKind.PACKING_STARTED,
        FactKind.PACKED,
        FactKind.TRACKING_ADDED,
        FactKind.HANDED_OVER,
        FactKind.DELIVERED,
    }
)
_BY_SUPPORT = frozenset(
    {FactKind.REVIEW_OPENED, FactKind.REVIEW_CLEARED, FactKind.ERROR_CONFIRMED, FactKind.SELLER_AT_FAULT}
)
REPORTED_BY: Mapping[str, frozenset[FactKind]] = {
    "host": frozenset(FactKind),
    "seller": _BY_SELLER,
    "support": _BY_SUPPORT,
    "operator": _BY_SUPPORT,
}
"""Which facts a role may report. Money is the host's word alone: a seller's would make us pay back what never came."""

_WITH_MONEY = ELSEWHERE | PAYING

_TAKES = frozenset({FactKind.CHARGED_BACK, FactKind.REFUNDED_ELSEWHERE})


class Fact(Incoming, frozen=True, kw_only=True):
    """Something that happened to an order, by its own clock.

    parcel, lines, carrier, tracking: of tracking_added, handed_over, delivered, and of how else a parcel's way ends
    (refused, delivery_failed, lost, damaged, tracking_stale, untraceable); without lines, everything open.
    tender, amount: of paid and authorised (without: every tender in full), charged_back, refunded_elsewhere (paid back
    at the provider's own page, or by hand), chargeback_won (what came back; without: all) and chargeback_lost (what
    stays with the buyer; without: all). reference: what the bank or the provider calls it; told again, the money counts
    once. An amount of 0 is refused: nothing came in by it, and it never means everything.
    """

    fact: FactKind
    occurred_at: Moment
    parcel: Identifier | None = None
    lines: tuple[Units, ...] | None = None
    carrier: Words = ""
    tracking: Words = ""
    tender: Identifier | None = None
    amount: Amount | None = None
    reference: Identifier | None = None


def report_fact(body: Fact, order: Order, role: str) -> ReportFact:
    """The command for a fact reported by this role. Raises Forbidden, InvalidField, InvalidText, CurrencyMismatch."""
    if body.fact not in REPORTED_BY.get(role, frozenset()):
        raise Forbidden(action=body.fact.value)
    if body.fact not in OF_PARCELS and (body.parcel or body.lines or body.carrier or body.tracking):
        raise InvalidField(field="/fact", expected="a fact of a parcel, as a parcel is described")
    if body.fact not in _WITH_MONEY and (body.tender or body.amount or body.reference):
        raise InvalidField(field="/fact", expected="a fact of money, as money is described")
    if body.amount and not body.tender:
        raise InvalidField(field="/tender", expected="present when amount is given")
    if body.fact in _TAKES and not (body.tender and body.amount):
        raise InvalidField(field="/amount", expected="present, with its tender, where money left another way")
    if body.fact in ENDS and not body.tender:
        raise InvalidField(field="/tender", expected="present, for the end of a chargeback")
    if body.reference and body.fact not in ENDS and not (body.tender and body.amount):
        raise InvalidField(field="/amount", expected="present, with its tender, when there is a reference")
    return ReportFact(
        order=order.id,
        fact=body.fact,
        occurred_at=fields.moment(body.occurred_at, field="/occurred_at"),
        parcel=body.parcel or "",
        lines=fields.selection(body.lines) or {},
        carrier=label(body.carrier, field="/carrier"),
        tracking=tracking_number(body.tracking, field="/tracking"),
        tender=body.tender or "",
        amount_minor=fields.minor(body.amount, order.currency) if body.amount else None,
        reference=body.reference or "",
    )
