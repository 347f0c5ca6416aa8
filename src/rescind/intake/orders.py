"""An order as the host marketplace reports it: what was bought, how it is paid, and where it goes."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from rescind.core.details import BuyerWords, Details, LineWords, Recipient
from rescind.core.errors import InvalidField
from rescind.core.fulfilment import PlaceOrder, check_time
from rescind.core.ids import OrderId, ShopId, canonical
from rescind.core.instant import Instant
from rescind.core.money import CAP_MINOR
from rescind.core.order_note import wish_of
from rescind.core.parts import Line, Pins, Tender
from rescind.core.price import Benefit, BenefitKind, Charge, Payer
from rescind.intake import fields
from rescind.intake.fields import (
    Amount,
    Category,
    Code,
    Country,
    Currency,
    Identifier,
    Incoming,
    Moment,
    Quantity,
    Words,
)
from rescind.intake.text import label, words

LINES, TENDERS, OPTIONS = 500, 20, 20
CHARGES, BENEFITS = 20, 20
_POINTS = 10**9
_STORED_BYTES = 40_000
"""Room for an order as it is placed; what happens to it later has the rest of its 64 KiB."""
# Whether somebody reads there only a letter can tell; this keeps out what is no address at all.
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_IMAGE = 500


Options = Annotated[dict[str, Words], msgspec.Meta(max_length=OPTIONS)]


Shipper = Literal["seller", "platform", "fulfilled_by_platform"]
"""Who ships: a word nobody knows is refused, for rules ask whether it is the seller."""

SpecialReason = Literal[
    "hygiene",
    "perishable",
    "cut_to_length",
    "unsealed_media",
    "digital",
    "dated",
    "living",
    "mixed",
    "hazardous",
    "other",
]
"""Why goods cannot be sold again, as in ``SPECIAL_REASONS``; a bare true is ``other``."""

Handling = Literal["regular", "made_to_order", "backorder", "custom", "pre_order"]


class NewLine(Incoming, frozen=True, kw_only=True):
    """One line as bought. ``discount`` and ``tax`` are the line's recorded shares and are never worked out again.

    discount_by_platform: what of the discount the platform gave; the seller gave the rest.
    """

    id: Identifier
    sku: Identifier
    title: Words
    variant: Words = ""
    options: Annotated[dict[str, Words], msgspec.Meta(max_length=OPTIONS)] = msgspec.field(
        default_factory=dict[str, str]
    )
    image: Words = ""
    quantity: Quantity
    unit_price: Amount
    discount: Amount | None = None
    discount_by_platform: Amount | None = None
    tax: Amount | None = None
    custom_made: bool = False
    special: bool | SpecialReason = False
    category: Category = ""


class NewTender(Incoming, frozen=True, kw_only=True):
    """One means of payment and the share of the total it carries. ``label``: brand and last four digits, never more.

    payment: what the payment provider calls it, such as Stripe's ``pi_…`` or a PayPal capture; it may come later, as
    the reference of ``paid``. provider: the name of the connection it is taken through; without, the installation's
    own. account: the seller's account at the provider, such as Stripe's ``acct_…``, where money was taken on or for it.
    """

    id: Identifier
    method: Code
    label: Words = ""
    amount: Amount
    payment: Identifier | None = None
    provider: Code | None = None
    account: Identifier | None = None


class NewCharge(Incoming, frozen=True, kw_only=True):
    """Something paid for the order as a whole, such as a service fee. ``returns``: it goes back with the last of it."""

    code: Code
    amount: Amount
    returns: bool = True
    by: Payer = "platform"


class NewBenefit(Incoming, frozen=True, kw_only=True):
    """A voucher or points the buyer used; it goes back as what it was, never as money. ``units``: of points."""

    id: Identifier
    kind: BenefitKind
    units: Annotated[int, msgspec.Meta(ge=1, le=_POINTS)] = 1
    by: Payer = "platform"
    expires_at: Moment | None = None


class NewRecipient(Incoming, frozen=True, kw_only=True):
    """Whom the parcel goes to."""

    name: Words = ""
    phone: Words = ""
    email: Words = ""
    street: Words = ""
    city: Words = ""
    region: Words = ""
    postcode: Words = ""
    country: Country = ""


class NewBuyer(Incoming, frozen=True, kw_only=True):
    """Who bought. Name and e-mail are kept with this order: they are for the people who handle it, mail about it goes
    there, and a guest proves this address. ``locale``: the language they read.

    country: where they live; the law of that country may give more than the policy (ISO 3166 alpha-2). Without it, the
    country that the parcel goes to.
    """

    id: Identifier
    name: Words = ""
    email: Words = ""
    country: Country = ""
    locale: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[A-Za-z]{2,8})?(?!\n)$")] = "en"


class NewOrder(Incoming, frozen=True, kw_only=True):
    """An order. Lines, less discounts, with tax, shipping and charges add up to the tenders.

    shipping: what was paid for delivery. shipping_tax: of it, the tax. shipping_discount: what it would have cost more.

    handling: whether the goods are ready, or made, got or released first; then ``promised_at`` says when they will be.
    deliver_by: the first instant at which the estimated day of delivery is over.
    """

    shop: str
    number: Identifier
    buyer: NewBuyer
    currency: Currency
    placed_at: Moment
    lines: Annotated[tuple[NewLine, ...], msgspec.Meta(min_length=1, max_length=LINES)]
    tenders: Annotated[tuple[NewTender, ...], msgspec.Meta(min_length=1, max_length=TENDERS)]
    shipping: Amount | None = None
    shipping_tax: Amount | None = None
    shipping_discount: Amount | None = None
    charges: Annotated[tuple[NewCharge, ...], msgspec.Meta(max_length=CHARGES)] = ()
    benefits: Annotated[tuple[NewBenefit, ...], msgspec.Meta(max_length=BENEFITS)] = ()
    shipping_by: Shipper = "seller"
    handling: Handling = "regular"
    promised_at: Moment | None = None
    deliver_by: Moment | None = None
    cross_border: bool = False
    recipient: NewRecipient = NewRecipient()
    note: Words = ""


def shop_of(body: NewOrder) -> ShopId:
    """The shop an order is for. Raises NotFound for what is no shop's id."""
    return ShopId(canonical("shp", body.shop))


def buyer_of(body: NewOrder) -> BuyerWords:
    """The buyer's name and e-mail address, for the people who handle the order. Raises InvalidText, InvalidField."""
    name = label(body.buyer.name, field="/buyer/name", blank=not body.buyer.name)
    email = label(body.buyer.email, field="/buyer/email", blank=not body.buyer.email)
    if email and not _EMAIL.fullmatch(email):
        raise InvalidField(field="/buyer/email", expected="an e-mail address")
    # English is also what stands there by itself; alone it is no word about the buyer.
    said = name or email or body.buyer.locale != "en"
    return BuyerWords(name=name, email=email, locale=body.buyer.locale if said else "")


def place_order(body: NewOrder, order: OrderId, pins: Pins, now: Instant) -> tuple[PlaceOrder, Details]:
    """The command and the words of an order. ``pins``: the terms in force now.

    Raises InvalidField, InvalidText, CurrencyMismatch, FactFromTheFuture.
    """
    if body.currency not in fields.currencies():
        raise InvalidField(field="/currency", expected="an ISO 4217 code")
    currency = body.currency
    placed_at = fields.moment(body.placed_at, field="/placed_at")
    check_time(placed_at, now)
    lives_in = fields.country(body.buyer.country, field="/buyer/country")
    sent_to = fields.country(body.recipient.country, field="/recipient/country")
    details = _details(body)
    command = PlaceOrder(
        order=order,
        shop=shop_of(body),
        buyer=body.buyer.id,
        number=body.number,
        currency=currency,
        placed_at=placed_at,
        pins=pins,
        lines=tuple(_line(line, currency, place) for place, line in enumerate(body.lines)),
        tenders=tuple(
            Tender(
                id=tender.id,
                method=tender.method,
                label=label(tender.label, field=f"/tenders/{place}/label"),
                amount_minor=fields.minor(tender.amount, currency),
                payment=tender.payment or "",
                provider=tender.provider or "",
                account=tender.account or "",
            )
            for place, tender in enumerate(body.tenders)
        ),
        shipping_minor=fields.minor(body.shipping, currency),
        shipping_tax_minor=fields.minor(body.shipping_tax, currency),
        shipping_discount_minor=fields.minor(body.shipping_discount, currency),
        charges=tuple(
            Charge(code=one.code, amount_minor=fields.minor(one.amount, currency), returns=one.returns, by=one.by)
            for one in body.charges
        ),
        benefits=tuple(_benefit(one, place) for place, one in enumerate(body.benefits)),
        shipping_by=body.shipping_by,
        handling=body.handling,
        promised_at=_moment(body.promised_at, "/promised_at"),
        deliver_by=_moment(body.deliver_by, "/deliver_by"),
        cross_border=body.cross_border,
        country=lives_in or sent_to,
        noted=wish_of(details.note) if details.note else "",
    )
    if len(msgspec.json.encode(command)) > _STORED_BYTES:
        raise InvalidField(field="/lines", expected=f"an order of at most {_STORED_BYTES} bytes")
    return command, details


def _moment(value: datetime | None, field: str) -> Instant | None:
    return None if value is None else fields.moment(value, field=field)


def _benefit(one: NewBenefit, place: int) -> Benefit:
    if one.kind is BenefitKind.VOUCHER and one.units != 1:
        raise InvalidField(field=f"/benefits/{place}/units", expected="1: a voucher is one")
    return Benefit(
        id=one.id,
        kind=one.kind,
        units=one.units,
        by=one.by,
        expires_at=_moment(one.expires_at, f"/benefits/{place}/expires_at"),
    )


def _line(line: NewLine, currency: str, place: int) -> Line:
    made = Line(
        id=line.id,
        sku=line.sku,
        quantity=line.quantity,
        unit_minor=fields.minor(line.unit_price, currency),
        discount_minor=fields.minor(line.discount, currency),
        discount_platform_minor=fields.minor(line.discount_by_platform, currency),
        tax_minor=fields.minor(line.tax, currency),
        custom_made=line.custom_made,
        special=line.special is not False,
        special_reason="other" if line.special is True else line.special or "",
        category=line.category,
    )
    if made.discount_minor > made.quantity * made.unit_minor:
        raise InvalidField(field=f"/lines/{place}/discount", expected="at most the price of the line")
    if made.discount_platform_minor > made.discount_minor:
        raise InvalidField(field=f"/lines/{place}/discount_by_platform", expected="at most the discount of the line")
    if made.paid_minor > CAP_MINOR:
        raise InvalidField(field=f"/lines/{place}/unit_price", expected=f"a line of at most {CAP_MINOR}")
    return made


def _details(body: NewOrder) -> Details:
    return Details(
        lines=tuple(_words(line, f"/lines/{place}") for place, line in enumerate(body.lines)),
        recipient=recipient(body.recipient, "/recipient"),
        buyer=buyer_of(body),
        note=words(body.note, field="/note", blank=True),
    )


def recipient(to: NewRecipient, at: str = "") -> Recipient:
    """Whom a parcel goes to, from its part of a document. Raises InvalidText, InvalidField."""
    return Recipient(
        name=label(to.name, field=f"{at}/name"),
        phone=label(to.phone, field=f"{at}/phone"),
        email=label(to.email, field=f"{at}/email"),
        street=words(to.street, field=f"{at}/street", limit=400, blank=True),
        city=label(to.city, field=f"{at}/city"),
        region=label(to.region, field=f"{at}/region"),
        postcode=label(to.postcode, field=f"{at}/postcode"),
        country=fields.country(to.country, field=f"{at}/country"),
    )


def _words(line: NewLine, at: str) -> LineWords:
    image = label(line.image, field=f"{at}/image", limit=_IMAGE)
    if image and not image.startswith(("/", "https://")):
        raise InvalidField(field=f"{at}/image", expected="a path, or an https address")
    return LineWords(
        line=line.id,
        title=label(line.title, field=f"{at}/title", blank=False),
        variant=label(line.variant, field=f"{at}/variant"),
        # The name of an option is the caller's word, so the place named is the whole object.
        options={
            label(name, field=f"{at}/options", blank=False): words(said, field=f"{at}/options", limit=400, blank=True)
            for name, said in line.options.items()
        },
        image=image,
    )
