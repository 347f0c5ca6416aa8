"""Receipts and credit notes: what they say, worked out of an order and its history; and how they are numbered.

A document says what was so when it was issued, and is never changed. What has changed since is told by a new document
that names the old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

from rescind.core.cancellation import CancellationApproved
from rescind.core.deadline import zone_of
from rescind.core.details import Details
from rescind.core.errors import NotFound
from rescind.core.ids import CancellationId, DocumentId, OrderId, RefundId
from rescind.core.instant import Instant
from rescind.core.lifecycle import apply
from rescind.core.offer import OfferAccepted
from rescind.core.order import Order
from rescind.core.parts import Cancellation, CancellationStatus, RefundStatus
from rescind.core.quote import quote
from rescind.core.record import Record
from rescind.core.refund import SANDBOX, RefundOwed
from rescind.core.views import ShopView

WHOLE_ORDER = ""
"""What a receipt is about; a credit note is about one cancellation, by its id."""


_NOT_GIVEN_BACK = frozenset({RefundStatus.FAILED, RefundStatus.TAKEN_ELSEWHERE})
"""What failed is owed to nobody, and what the buyer got another way is told with its payment."""


class DocumentKind(StrEnum):
    """A receipt of what was paid and cancelled; a credit note of what one cancellation gave back; its reversal."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"
    REVERSAL = "reversal"

    @property
    def series(self) -> str:
        """The letters its number begins with; each series of a shop counts for itself in each year."""
        return "R" if self is DocumentKind.RECEIPT else "C"


class _Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what a document says; defaults are left out of the bytes."""


class Seller(_Said, frozen=True, kw_only=True):
    """Who issues it, as the shop was called that day. trader: the person or company behind it."""

    name: str
    trader: str = ""
    address: str = ""
    register: str = ""
    email: str = ""
    phone: str = ""


class Row(_Said, frozen=True, kw_only=True):
    """One line, amounts in minor units for its quantity. cancelled: units of it that were, on a receipt."""

    line: str
    sku: str
    title: str
    quantity: int
    unit_minor: int
    goods_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    cancelled: int = 0

    @property
    def total_minor(self) -> int:
        """Goods less their discount share plus their recorded tax."""
        return self.goods_minor - self.discount_minor + self.tax_minor


class Payment(_Said, frozen=True, kw_only=True):
    """What came in by one means of payment. elsewhere_minor: what left it again by other ways, such as a chargeback."""

    tender: str
    method: str
    label: str = ""
    amount_minor: int
    elsewhere_minor: int = 0


class Kept(_Said, frozen=True, kw_only=True):
    """What the seller kept of a cancellation, by which rule of the policy."""

    rule: str
    amount_minor: int


class PaidBack(_Said, frozen=True, kw_only=True):
    """Money owed back to one means of payment. reference: the provider's own, where it was known that day. into: the
    other way it went, where its means could not take it. state: ``failed``, it could not go back and support decides;
    ``elsewhere``, the buyer has it another way, such as by a bank; empty for every other. trial: it was only tried, and
    no money moves.
    """

    refund: RefundId
    tender: str
    method: str
    label: str = ""
    amount_minor: int
    owed_at: Instant
    cancellation: str = ""
    reference: str = ""
    into: str = ""
    state: str = ""
    trial: bool = False


class Content(_Said, frozen=True, kw_only=True):
    """Everything a document says, in codes, amounts and the words of that day. ``format``: of this shape.

    buyer: the marketplace's own id of them; names are of people and can be erased, what was issued cannot.
    cancellation, cancelled_at: what a credit note is about. settled: it is for keeping the goods, none were. owed: of a
    note about no cancellation, why money went back: ``given`` by the shop or support, a ``late_payment``, or a
    ``chargeback`` that was won; cancelled_at is then when. fees: what the seller kept of it. charges_minor: for the
    order as a whole. released_minor: what was only reserved, and let go. other_minor: what the parts do not explain,
    such as money that had left another way. replaces, replaces_number: the document that this one takes the place of,
    or takes back.
    """

    format: Annotated[int, msgspec.Meta(ge=1)] = 1
    kind: DocumentKind
    id: DocumentId
    number: str
    issued_at: Instant
    zone: str
    order: OrderId
    order_number: str
    placed_at: Instant
    buyer: str
    currency: str
    seller: Seller
    rows: tuple[Row, ...] = ()
    shipping_minor: int = 0
    charges_minor: int = 0
    fees: tuple[Kept, ...] = ()
    released_minor: int = 0
    other_minor: int = 0
    total_minor: int
    payments: tuple[Payment, ...] = ()
    back: tuple[PaidBack, ...] = ()
    cancellation: str = ""
    cancelled_at: Instant | None = None
    settled: bool = False
    owed: str = ""
    replaces: str = ""
    replaces_number: str = ""

    @property
    def tax_minor(self) -> int:
        """The tax recorded for all rows."""
        return sum(row.tax_minor for row in self.rows)

    @property
    def back_minor(self) -> int:
        """All that is owed back."""
        return sum(one.amount_minor for one in self.back)

    @property
    def paid_minor(self) -> int:
        """All that came in."""
        return sum(one.amount_minor for one in self.payments)

    @property
    def elsewhere_minor(self) -> int:
        """All that left by other ways."""
        return sum(one.elsewhere_minor for one in self.payments)

    def says_the_same_money(self, other: Content) -> bool:
        """Whether both tell the same amounts: then nothing new is to be issued, whatever the shop is called by now."""
        return _money(self) == _money(other)


def _money(content: Content) -> object:
    back = tuple((one.refund, one.tender, one.amount_minor) for one in content.back)
    rows = tuple(msgspec.structs.replace(row, title="", sku="") for row in content.rows)
    paid = tuple((one.tender, one.amount_minor, one.elsewhere_minor) for one in content.payments)
    beside = content.shipping_minor, content.charges_minor, content.fees, content.released_minor, content.other_minor
    return content.kind, rows, beside, content.total_minor, paid, back


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is kept. replaced_by: the later one that names it; empty while it is the last word."""

    content: Content
    digest: str
    about: str
    revision: int
    replaced_by: str = ""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Content)


def encode(content: Content) -> bytes:
    """The bytes that are kept and hashed."""
    return _encoder.encode(content)


def decode(data: bytes) -> Content:
    """Read kept bytes of any released format."""
    return _decoder.decode(data)


def digest(data: bytes) -> str:
    """SHA-256 in hex of the bytes that are kept."""
    return hashlib.sha256(data).hexdigest()


def number(kind: DocumentKind, year: int, count: int) -> str:
    """``C2026-000042``: the forty-second credit note of this shop in 2026."""
    return f"{kind.series}{year}-{count:06}"


def year_of(issued_at: Instant, zone: str) -> int:
    """The calendar year it counts in: that of the shop's own clock."""
    return issued_at.astimezone(zone_of(zone)).year


def due(order: Order) -> tuple[tuple[DocumentKind, str], ...]:
    """Every document there is reason to issue: (kind, what it is about), a cancellation's credit note before the rest.

    A reversal is due only where a credit note was issued, which the order does not know.
    """
    found: list[tuple[DocumentKind, str]] = []
    # Of what was only reserved nothing was paid, so nothing is credited.
    given = {one.cancellation for one in order.refunds if not one.release}
    found.extend((DocumentKind.CREDIT_NOTE, one.id) for one in order.cancellations if one.id in given and _stands(one))
    found.extend((DocumentKind.CREDIT_NOTE, one) for one in owed_beside(order))
    if any(tender.captured_minor for tender in order.tenders):
        found.append((DocumentKind.RECEIPT, WHOLE_ORDER))
    return tuple(found)


def owed_beside(order: Order) -> dict[str, Instant]:
    """Money that became owed although nothing was cancelled by it: the id of its first refund, and when."""
    found: dict[Instant, str] = {}
    for one in order.refunds:
        if one.cancellation is None and one.instead_of is None and not one.release:
            found.setdefault(one.owed_at, one.id)
    return {refund: at for at, refund in found.items()}


def _stands(one: Cancellation) -> bool:
    return one.status in {CancellationStatus.APPROVED, CancellationStatus.SETTLED}


def taken_back(order: Order, about: str) -> bool:
    """Whether a cancellation that a credit note is about was undone, so that the note is to be taken back."""
    return any(one.id == about and one.status is CancellationStatus.UNDONE for one in order.cancellations)


def draft(
    kind: DocumentKind, about: str, order: Order, details: Details, shop: ShopView, records: Iterable[Record]
) -> Content:
    """What a document says, before it has an id, a number and a time. Raises NotFound where there is no reason for it.

    A reversal is made of the document it takes back, by ``reversed_by``.
    """
    if (kind, about) not in due(order):
        raise NotFound(kind="document")
    titles = {one.line: " · ".join(part for part in (one.title, one.variant) if part) for one in details.lines}
    blank = Content(
        kind=kind,
        id=DocumentId(""),
        number="",
        issued_at=order.placed_at,
        zone=shop.zone,
        order=order.id,
        order_number=order.number,
        placed_at=order.placed_at,
        buyer=order.buyer,
        currency=order.currency,
        seller=_seller(shop),
        total_minor=0,
    )
    if kind is DocumentKind.RECEIPT:
        return _receipt(blank, order, titles)
    if about in owed_beside(order):
        return _note_beside(blank, about, order, records)
    return _credit_note(blank, CancellationId(about), order, titles, records)


def reversed_by(note: Content) -> Content:
    """What takes a credit note back: the same amounts, told the other way round by their kind."""
    return msgspec.structs.replace(
        note, kind=DocumentKind.REVERSAL, id=DocumentId(""), number="", replaces=note.id, replaces_number=note.number
    )


def _seller(shop: ShopView) -> Seller:
    said = shop.contact
    return Seller(
        name=shop.name,
        trader=said.get("trader", ""),
        address=said.get("address") or said.get("city", ""),
        register=said.get("register", ""),
        email=said.get("email", ""),
        phone=said.get("phone", ""),
    )


def _receipt(blank: Content, order: Order, titles: dict[str, str]) -> Content:
    rows = tuple(
        Row(
            line=line.id,
            sku=line.sku,
            title=titles.get(line.id, ""),
            quantity=line.quantity,
            unit_minor=line.unit_minor,
            goods_minor=line.quantity * line.unit_minor,
            discount_minor=line.discount_minor,
            tax_minor=line.tax_minor,
            cancelled=line.cancelled,
        )
        for line in order.lines
    )
    return msgspec.structs.replace(
        blank,
        rows=rows,
        shipping_minor=order.shipping_minor,
        charges_minor=sum(charge.amount_minor for charge in order.charges),
        total_minor=order.total.minor,
        payments=tuple(
            Payment(
                tender=one.id,
                method=one.method,
                label=one.label,
                amount_minor=one.captured_minor,
                elsewhere_minor=one.taken_elsewhere_minor,
            )
            for one in order.tenders
            if one.captured_minor
        ),
        back=_back(order, {one.id: one.amount_minor for one in order.refunds if one.status not in _NOT_GIVEN_BACK}),
    )


def _back(order: Order, those: Mapping[RefundId, int]) -> tuple[PaidBack, ...]:
    """Refunds of captured money, how much of each. On a receipt not those that failed: they are owed to nobody until
    somebody decides.
    """
    tenders = {one.id: one for one in order.tenders}
    return tuple(
        PaidBack(
            refund=one.id,
            tender=one.tender,
            method=tenders[one.tender].method,
            label=tenders[one.tender].label,
            amount_minor=those[one.id],
            owed_at=one.owed_at,
            cancellation=one.cancellation or "",
            reference=one.reference,
            into=one.into,
            trial=one.through == SANDBOX,
        )
        for one in order.refunds
        if one.id in those and not one.release
    )


def _went(order: Order, those: Mapping[RefundId, int]) -> tuple[PaidBack, ...]:
    """What became, until now, of refunds that were decided, how much of each: a note has all of it, for what the seller
    gave up stays given up. One that failed is told by what was sent in its place.
    """
    instead = {one.instead_of: one for one in order.refunds if one.instead_of is not None}
    waits = {one.id for one in order.undecided}
    found: list[PaidBack] = []
    for refund in (one for one in order.refunds if one.id in those and not one.release):
        amount, last = those[refund.id], refund
        while last.id in instead:
            last = instead[last.id]
        gone = last.status in _NOT_GIVEN_BACK and last.id not in waits
        there = 0 if gone else min(amount, last.amount_minor)
        (told,) = _back(order, {last.id: there})
        if there:
            found.append(msgspec.structs.replace(told, state="failed" if last.id in waits else ""))
        if amount > there:
            rest = msgspec.structs.replace(told, amount_minor=amount - there, reference="", into="", state="elsewhere")
            found.append(rest)
    return tuple(found)


def _note_beside(blank: Content, about: str, order: Order, records: Iterable[Record]) -> Content:
    """The note of money that went back although nothing was cancelled by it. Raises NotFound."""
    before: Order | None = None
    for record in records:
        event = record.event
        if isinstance(event, RefundOwed) and any(terms.id == about for terms in event.refunds):
            break
        before = apply(before, event)
    else:
        raise NotFound(kind="document")
    assert before is not None, "money is owed of an order"
    back = _went(order, {terms.id: terms.amount_minor for terms in event.refunds})
    total = sum(one.amount_minor for one in back)
    returned = {one.tender for one in before.chargebacks if one.returned_minor}
    why = "given" if event.by else "late_payment"
    if not event.by and any(terms.tender in returned for terms in event.refunds):
        why = "chargeback"
    return msgspec.structs.replace(
        blank,
        total_minor=total,
        back=back,
        cancelled_at=event.at,
        owed=why,
        shipping_minor=event.shipping_minor,
        other_minor=total - event.shipping_minor,
    )


def _credit_note(
    blank: Content, about: CancellationId, order: Order, titles: dict[str, str], records: Iterable[Record]
) -> Content:
    before: Order | None = None
    gives: CancellationApproved | OfferAccepted | None = None
    for record in records:
        event = record.event
        if isinstance(event, CancellationApproved | OfferAccepted) and event.cancellation == about:
            gives = event
            break
        before = apply(before, event)
    assert gives is not None and before is not None, "money that is owed was decided"  # noqa: PT018 - one thing
    back = _went(order, {terms.id: terms.amount_minor for terms in gives.refunds})
    total = sum(one.amount_minor for one in back)
    said = msgspec.structs.replace(blank, total_minor=total, back=back, cancellation=about, cancelled_at=gives.at)
    if isinstance(gives, OfferAccepted):
        return msgspec.structs.replace(said, settled=True, other_minor=total)
    bought = {line.id: line for line in before.lines}
    rows = tuple(
        Row(
            line=one.line,
            sku=bought[one.line].sku,
            title=titles.get(one.line, ""),
            quantity=one.quantity,
            unit_minor=bought[one.line].unit_minor,
            goods_minor=one.goods_minor,
            discount_minor=one.discount_minor,
            tax_minor=one.tax_minor,
        )
        for one in quote(before, gives.lines).lines
    )
    kept = tuple(Kept(rule=one.rule, amount_minor=one.amount_minor) for one in gives.fees)
    released = sum(terms.amount_minor for terms in gives.refunds if terms.release)
    parts = sum(row.total_minor for row in rows) + gives.shipping_minor + gives.charges_minor
    parts -= sum(one.amount_minor for one in kept) + released
    return msgspec.structs.replace(
        said,
        rows=rows,
        shipping_minor=gives.shipping_minor,
        charges_minor=gives.charges_minor,
        fees=kept,
        released_minor=released,
        other_minor=total - parts,
    )
