"""What there is of an order in writing: receipts and credit notes, as data, as a page and as PDF."""

from __future__ import annotations

from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.money_answers import MONEY_SEEN_BY, FeeTold
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.documents import Content, Issued
from rescind.core.ids import OrderId, canonical
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.locales import locale, negotiate
from rescind.pdf import PdfUnavailable
from rescind.postgres.credentials import Role
from rescind.web.document import html, style_policy

JSON, HTML, PDF = "application/json", "text/html", "application/pdf"
_FORMS = {"json": JSON, "html": HTML, "pdf": PDF}


class DocumentNamed(Told, frozen=True, kw_only=True):
    """A document in a list. kind: receipt, credit_note, or reversal, which takes a credit note back.

    cancellation: whose credit note it is; empty on a receipt. replaces: the document it takes the place of, or takes
    back; replaced_by: the later one that does so to it. digest: SHA-256 of what is kept, in hex.
    """

    id: str
    kind: str
    number: str
    issued_at: Instant
    order: str
    cancellation: str
    total: Money
    replaces: str
    replaced_by: str
    digest: str


class DocumentsTold(Told, frozen=True, kw_only=True):
    """The documents of an order, in the order in which they were issued."""

    rows: list[DocumentNamed]


class SellerTold(Told, frozen=True, kw_only=True):
    """Who issued it, as the shop was called that day."""

    name: str
    trader: str
    address: str
    register: str
    email: str
    phone: str


class DocumentRowTold(Told, frozen=True, kw_only=True):
    """A line of it. total: goods less discount plus tax. cancelled: units of the line that were, on a receipt."""

    line: str
    sku: str
    title: str
    quantity: int
    unit_price: Money
    goods: Money
    discount: Money
    tax: Money
    total: Money
    cancelled: int


class PaymentTold(Told, frozen=True, kw_only=True):
    """What came in by one tender; elsewhere: what left it again by other ways."""

    tender: str
    amount: Money
    elsewhere: Money


class PaidBackTold(Told, frozen=True, kw_only=True):
    """Money owed back to one tender. reference: the provider's own, where it was known when this was issued, or the
    number of the voucher where it went ``into`` another way. state: `failed` while support decides about it,
    `elsewhere` where the buyer has it by a bank, else empty.
    """

    refund: str
    tender: str
    amount: Money
    owed_at: Instant
    cancellation: str
    reference: str
    into: str
    state: str


class DocumentTold(DocumentNamed, frozen=True, kw_only=True):
    """A document in full. charges: on the order as a whole. fees: what the seller kept, by which rule. released: what
    was only reserved, and let go. other: what the parts do not explain, such as money for keeping the goods
    (``settled``). owed: of a credit note about no cancellation, why money went back: `given`, `late_payment` or
    `chargeback`; cancelled_at is then when.

    To a seller it does not say by which means somebody paid.
    """

    order_number: str
    placed_at: Instant
    buyer: str
    zone: str
    seller: SellerTold
    lines: list[DocumentRowTold]
    shipping: Money
    charges: Money
    fees: list[FeeTold]
    released: Money
    other: Money
    tax: Money
    payments: list[PaymentTold]
    refunds: list[PaidBackTold]
    cancelled_at: Instant | None
    settled: bool
    owed: str


@operation(
    "GET",
    "/v1/orders/{order}/documents",
    may=ANYBODY,
    through="order",
    summary="List the documents of an order",
    gives=DocumentsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every receipt and credit note of this order. What is due and nobody had asked for is issued by asking.

    A receipt says what was paid, cancelled and given back; when amounts have changed, asking again issues a later one
    that names it. A credit note says what one cancellation gave back. Numbers of a shop have no gaps within a year.
    """
    order = OrderId(call.identifier("order", "ord"))
    issued = await call.desk.documents.of_order(call.principal.scope, order)
    return Answer(body=DocumentsTold(rows=[_named(one) for one in issued]))


@operation(
    "GET",
    "/v1/documents/{document}",
    may=ANYBODY,
    through="scope",
    summary="Get a document",
    gives=DocumentTold,
    also=(HTML, PDF),
    fails=(errors.NotFound, PdfUnavailable),
)
async def get(call: Call) -> Answer:
    """One document as it was issued: as data, or as a page or PDF in the language of `Accept-Language`.

    The form is chosen by `Accept`, or by what stands after the id: `.json`, `.html`, `.pdf`.
    """
    identifier, _, ending = call.ids["document"].partition(".")
    if ending not in {"", *_FORMS}:
        raise errors.NotFound(kind="document")
    issued = await call.desk.documents.read(call.principal.scope, canonical("doc", identifier))
    form = _FORMS[ending] if ending else call.preferred()
    role = call.principal.role
    if form == JSON:
        return Answer(body=_told(issued, role))
    header = call.headers.get(b"accept-language")
    language = locale(negotiate(header.decode("latin-1") if header else None))
    text = html(language, issued, role, printed=form == PDF)
    name = f"{issued.content.number}-{language.tag}.{'pdf' if form == PDF else 'html'}"
    headers = (
        (b"content-language", language.tag.encode()),
        (b"vary", b"Accept, Accept-Language"),
        (b"content-disposition", f'inline; filename="{name}"'.encode()),
        (b"content-security-policy", style_policy().encode()),
    )
    if form == PDF:
        return Answer(body=await call.desk.press.print(text), media_type=PDF.encode(), headers=headers)
    return Answer(body=text.encode(), media_type=b"text/html; charset=utf-8", headers=headers)


def _named(one: Issued) -> DocumentNamed:
    said = one.content
    return DocumentNamed(
        id=said.id,
        kind=said.kind.value,
        number=said.number,
        issued_at=said.issued_at,
        order=said.order,
        cancellation=said.cancellation,
        total=Money(said.total_minor, said.currency),
        replaces=said.replaces,
        replaced_by=one.replaced_by,
        digest=one.digest,
    )


def _told(one: Issued, role: Role) -> DocumentTold:
    said, named = one.content, _named(one)

    def money(minor: int) -> Money:
        return Money(minor, said.currency)

    return DocumentTold(
        **{name: getattr(named, name) for name in named.__struct_fields__},
        order_number=said.order_number,
        placed_at=said.placed_at,
        buyer=said.buyer,
        zone=said.zone,
        seller=SellerTold(**{name: getattr(said.seller, name) for name in said.seller.__struct_fields__}),
        lines=[
            DocumentRowTold(
                line=row.line,
                sku=row.sku,
                title=row.title,
                quantity=row.quantity,
                unit_price=money(row.unit_minor),
                goods=money(row.goods_minor),
                discount=money(row.discount_minor),
                tax=money(row.tax_minor),
                total=money(row.total_minor),
                cancelled=row.cancelled,
            )
            for row in said.rows
        ],
        shipping=money(said.shipping_minor),
        charges=money(said.charges_minor),
        fees=[FeeTold(rule=one.rule, line=None, amount=money(one.amount_minor)) for one in said.fees],
        released=money(said.released_minor),
        other=money(said.other_minor),
        tax=money(said.tax_minor),
        payments=_payments(said, role),
        refunds=_paid_back(said, role),
        cancelled_at=said.cancelled_at,
        settled=said.settled,
        owed=said.owed,
    )


def _payments(said: Content, role: Role) -> list[PaymentTold]:
    return [
        PaymentTold(
            tender=one.tender if role in MONEY_SEEN_BY else "",
            amount=Money(one.amount_minor, said.currency),
            elsewhere=Money(one.elsewhere_minor, said.currency),
        )
        for one in said.payments
    ]


def _paid_back(said: Content, role: Role) -> list[PaidBackTold]:
    seen = role in MONEY_SEEN_BY
    return [
        PaidBackTold(
            refund=one.refund,
            tender=one.tender if seen else "",
            amount=Money(one.amount_minor, said.currency),
            owed_at=one.owed_at,
            cancellation=one.cancellation,
            reference=one.reference if seen else "",
            into=one.into if seen else "",
            state=one.state,
        )
        for one in said.back
    ]


OPERATIONS = (of_order, get)
