"""A receipt or credit note on a page, on paper and as a file: one sheet, told in the language of whoever reads it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.documents import WHOLE_ORDER, Content, DocumentKind, Issued, PaidBack, due, owed_beside
from rescind.core.errors import AddressBounces, MailLimit, NoMailAddress, NotFound, RescindError
from rescind.core.failed_refund import WayOn
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.locales import LANGUAGE_NAMES, Locale, locale
from rescind.postgres.credentials import Role
from rescind.web.document_mail import LONGEST_KEY, panel
from rescind.web.quote_words import fee_words
from rescind.web.rendering import STATIC, render
from rescind.web.session import Html, Visit
from rescind.web.tender import method_name

MAY: tuple[Role, ...] = ("buyer", "seller", "support", "operator")
"""Who reads documents: those of an order, each through their own scope."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document in words for one reader. facts: name and value; sums: label, amount, whether it is taken off.

    rows: lines of goods; ways: by which means money came in or goes back, with a note each. as_paid: all of it goes
    back the way it came.
    """

    kind: str
    title: str
    lead: str
    issued_on: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[dict[str, Any], ...]
    sums: tuple[dict[str, Any], ...]
    total: tuple[str, Money]
    tax: Money | None
    came_in: tuple[dict[str, Any], ...]
    goes_back: tuple[dict[str, Any], ...]
    as_paid: bool
    kept: Money | None
    seller: tuple[str, ...]
    reach: tuple[str, ...]
    small_print: tuple[str, ...]


def title(language: Locale, kind: DocumentKind) -> str:
    """What people call such a document."""
    return language.term("document", kind.value)


def sheet(language: Locale, issued: Issued, reader: Role) -> Sheet:
    """What stands on it. A seller is told how much came in and goes back, not by which means (I-26)."""
    _ = language.gettext
    said = issued.content

    def money(minor: int) -> Money:
        return Money(minor, said.currency)

    sums: list[dict[str, Any]] = []
    if said.rows and (
        said.shipping_minor or said.charges_minor or said.fees or said.released_minor or said.other_minor
    ):
        sums.append({"label": _("Items"), "amount": money(sum(row.total_minor for row in said.rows))})
    if said.shipping_minor:
        sums.append({"label": _("Delivery"), "amount": money(said.shipping_minor)})
    if said.charges_minor:
        sums.append({"label": _("Charges on the whole order"), "amount": money(said.charges_minor)})
    sums.extend(
        {
            "label": _("Kept by the shop: %(why)s") % {"why": fee_words(language, fee.rule)},
            "amount": money(-fee.amount_minor),
        }
        for fee in said.fees
    )
    if said.released_minor:
        sums.append({"label": _("Only reserved, and let go"), "amount": money(-said.released_minor)})
    if said.other_minor:
        label = _("Kept, or given back before") if said.other_minor < 0 else _("Paid beyond the price")
        if said.settled:
            label = _("For keeping the goods, as agreed")
        elif said.owed:
            label = _("Given back")
        sums.append({"label": label, "amount": money(said.other_minor)})
    receipt = said.kind is DocumentKind.RECEIPT
    total = {
        DocumentKind.RECEIPT: _("Order total"),
        DocumentKind.CREDIT_NOTE: _("Credited"),
        DocumentKind.REVERSAL: _("Credit taken back"),
    }[said.kind]
    return Sheet(
        kind=said.kind.value,
        title=title(language, said.kind),
        lead=_lead(language, said),
        issued_on=day(language, said, said.issued_at),
        facts=_facts(language, said),
        rows=tuple(
            {
                "title": row.title or row.sku,
                "sku": row.sku,
                "quantity": row.quantity,
                "unit": money(row.unit_minor),
                "discount": money(row.discount_minor) if row.discount_minor else None,
                "tax": money(row.tax_minor) if row.tax_minor else None,
                "amount": money(row.total_minor),
                "cancelled": language.ngettext("%(num)s cancelled", "%(num)s cancelled", row.cancelled)
                % {"num": row.cancelled}
                if row.cancelled
                else "",
            }
            for row in said.rows
        ),
        sums=tuple(sums),
        total=(total, money(said.total_minor)),
        tax=money(said.tax_minor) if said.tax_minor else None,
        came_in=_came_in(language, said, reader),
        goes_back=_goes_back(language, said, reader),
        as_paid=not any(one.into or one.state for one in said.back),
        kept=money(said.paid_minor - said.elsewhere_minor - said.back_minor)
        if receipt and (said.back_minor or said.elsewhere_minor)
        else None,
        seller=tuple(part for part in (said.seller.trader or said.seller.name, said.seller.address) if part),
        reach=tuple(part for part in (said.seller.register, said.seller.email, said.seller.phone) if part),
        small_print=(
            _("Issued electronically; it holds without a signature."),
            _("Document %(id)s") % {"id": said.id},
            _("SHA-256 %(digest)s") % {"digest": issued.digest},
        ),
    )


def day(language: Locale, said: Content, moment: Instant) -> str:
    """A day by the shop's own clock."""
    return language.day(moment, said.zone)


def _lead(language: Locale, said: Content) -> str:
    _ = language.gettext
    if said.kind is DocumentKind.REVERSAL:
        text = _("Takes back credit note %(number)s: the cancellation was undone, and the order stands as it was.")
        return text % {"number": said.replaces_number}
    if said.kind is DocumentKind.RECEIPT:
        if said.replaces_number:
            text = _("Takes the place of receipt %(number)s, because amounts have changed since.")
            return text % {"number": said.replaces_number}
        return ""
    return {
        "given": _("For money that was given back although nothing was cancelled for it."),
        "late_payment": _("For a payment that came when less was to be paid."),
        "chargeback": _("For money that a bank had taken and gave back to the marketplace."),
    }.get(said.owed, _("For goods that were kept for less.") if said.settled else "")


def _facts(language: Locale, said: Content) -> tuple[tuple[str, str], ...]:
    _ = language.gettext
    facts = [
        (_("Order"), said.order_number),
        (_("Ordered on"), day(language, said, said.placed_at)),
        (_("Buyer"), said.buyer),
        (_("Shop"), said.seller.name),
    ]
    if said.cancelled_at is not None:
        done = _("Agreed on") if said.settled else (_("Given back on") if said.owed else _("Cancelled on"))
        facts.append((done, day(language, said, said.cancelled_at)))
    if said.cancellation:
        facts.append((_("Request"), said.cancellation))
    return tuple(facts)


def _by(language: Locale, reader: Role, method: str, label: str) -> str:
    if reader == "seller":
        return language.gettext("By the buyer's means of payment")
    # "Visa ··4242" and "PayPal" say what they are; "··7731" does not.
    if label[:1].isalpha():
        return label
    name = method_name(language, method)
    return f"{name} {label}" if label else name


def _came_in(language: Locale, said: Content, reader: Role) -> tuple[dict[str, Any], ...]:
    _ = language.gettext
    return tuple(
        {
            "label": _by(language, reader, one.method, one.label),
            "amount": Money(one.amount_minor, said.currency),
            "note": _("Of it %(amount)s left by another way, such as a chargeback.")
            % {"amount": language.money(one.elsewhere_minor, said.currency)}
            if one.elsewhere_minor
            else "",
        }
        for one in said.payments
    )


def _goes_back(language: Locale, said: Content, reader: Role) -> tuple[dict[str, Any], ...]:
    _ = language.gettext
    back: list[dict[str, Any]] = []
    for one in said.back:
        parts = [day(language, said, one.owed_at)] if said.kind is DocumentKind.RECEIPT else []
        parts.append(_("Refund %(id)s") % {"id": one.refund})
        if one.reference and reader != "seller":
            voucher = one.into == WayOn.PAID_OUT
            named = _("voucher %(reference)s") if voucher else _("provider's reference %(reference)s")
            parts.append(named % {"reference": one.reference})
        if one.trial:
            parts.append(_("Trial: no money moves"))
        if one.state == "failed":
            parts.append(_("it could not be paid back this way; platform support finds another"))
        back.append(
            {
                "label": _back_by(language, one, reader),
                "amount": Money(one.amount_minor, said.currency),
                "note": " · ".join(parts),
            }
        )
    return tuple(back)


def _back_by(language: Locale, one: PaidBack, reader: Role) -> str:
    """By which way it comes to the buyer, or came."""
    _ = language.gettext
    if one.state == "elsewhere":
        return _("Another way, such as by the buyer's bank")
    other = {WayOn.STORE_CREDIT.value: _("Credit with the marketplace"), WayOn.PAID_OUT.value: _("Paid out by hand")}
    if one.into and reader != "seller":
        return other[one.into]
    return _by(language, reader, one.method, one.label)


# --- forms of one sheet ----------------------------------------------------------------------------------------------


@cache
def _style(*, printed: bool) -> str:
    style = STATIC.joinpath("document.css").read_text("utf-8")
    if not printed:
        return style
    font = base64.b64encode(STATIC.joinpath("inter-latin.woff2").read_bytes()).decode()
    face = f'@font-face{{font-family:"Inter";font-weight:100 900;src:url(data:font/woff2;base64,{font})}}'
    return face + style


def html(language: Locale, issued: Issued, reader: Role, *, printed: bool = False) -> str:
    """The sheet as a file that holds everything it shows. ``printed``: with our typeface in it, for a PDF."""
    return render(
        "document/alone.html",
        language,
        now=issued.content.issued_at,
        zone=issued.content.zone,
        sheet=sheet(language, issued, reader),
        number=issued.content.number,
        style=_style(printed=printed),
    )


def style_policy() -> str:
    """The content security policy of the sheet as a file: its own style, and nothing else at all."""
    hashed = base64.b64encode(hashlib.sha256(_style(printed=False).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{hashed}'; frame-ancestors 'none'"


# --- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """A document that can be asked for, on the page of an order."""

    title: str
    note: str
    href: str


def offered(language: Locale, order: Order, zone: str) -> list[Offered]:
    """What there is in writing about an order; it is issued when somebody first asks for it."""
    _ = language.gettext
    days = {
        about: _("For what was given back on %(day)s") % {"day": language.day(at, zone)}
        for about, at in owed_beside(order).items()
    }
    for one in order.cancellations:
        day_of = {"day": language.day(one.closed_at or one.requested_at, zone)}
        days[one.id] = _("For the cancellation of %(day)s") % day_of
    return [
        Offered(
            title=title(language, kind),
            note=days[about] if about else _("What was paid, cancelled and given back, as it stands now"),
            href=f"/documents/of/{order.id}/{about or DocumentKind.RECEIPT.value}",
        )
        for kind, about in reversed(due(order))
    ]


_HOME: dict[Role, str] = {
    "buyer": "/orders",
    "seller": "/seller/orders",
    "support": "/support/orders",
    "operator": "/support/orders",
}


@get("/documents/of/{order_id:str}/{about:str}")
async def ask(visit: NamedDependency[Visit], order_id: FromPath[str], about: FromPath[str]) -> Html:
    """Go to the receipt of an order, or to the credit note of a cancellation; it is issued if it was not before."""
    visit.require(*MAY)
    wanted = WHOLE_ORDER if about == DocumentKind.RECEIPT.value else about
    issued = await visit.desk.documents.about(visit.scope, OrderId(order_id), wanted)
    return visit.go(f"/documents/{issued.content.id}")


@get("/documents/{document_id:str}")
async def page(visit: NamedDependency[Visit], document_id: FromPath[str]) -> Html:
    """One document as it was issued. Raises NotFound for a missing and a foreign one alike."""
    visit.require(*MAY)
    return await _page(visit, await visit.desk.documents.read(visit.scope, document_id))


@post("/documents/{document_id:str}/mail", status_code=HTTPStatus.SEE_OTHER)
async def mail(visit: NamedDependency[Visit], document_id: FromPath[str]) -> Html:
    """Send the document to its buyer, whoever asks: buyers in the language they read the page in."""
    who = visit.require(*MAY)
    form = await visit.form()
    issued = await visit.desk.documents.read(visit.scope, document_id)
    language = visit.locale.tag if who.role == "buyer" else None
    try:
        await visit.desk.document_mail.send(who, issued.content.id, form.get("key", "")[:LONGEST_KEY], language)
    except (NoMailAddress, AddressBounces) as error:
        return await _page(visit, issued, wrong=error, status=HTTPStatus.CONFLICT)
    except MailLimit as error:
        full = await _page(visit, issued, wrong=error, status=HTTPStatus.TOO_MANY_REQUESTS)
        full.headers["Retry-After"] = str(error.params["retry_after"])
        return full
    return visit.go(f"/documents/{issued.content.id}#mail")


async def _page(
    visit: Visit, issued: Issued, *, wrong: RescindError | None = None, status: int = HTTPStatus.OK
) -> Html:
    who, said = visit.person, issued.content
    return visit.page(
        "document/page.html",
        status=status,
        mail=await panel(visit, issued, wrong),
        live=False,
        zone=said.zone,
        number=said.number,
        sheet=sheet(visit.locale, issued, who.role),
        back=f"{_HOME[who.role]}/{said.order}",
        order_number=said.order_number,
        replaced_by=issued.replaced_by,
        path=f"/documents/{said.id}",
        pdf=visit.desk.press.here,
        languages=LANGUAGE_NAMES,
    )


@get("/documents/{document_id:str}/{name:str}")
async def file(visit: NamedDependency[Visit], document_id: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """The document as a file: ``en.pdf``, ``zh.html``."""
    who = visit.require(*MAY)
    issued = await visit.desk.documents.read(visit.scope, document_id)
    tag, _, form = name.partition(".")
    if tag not in LANGUAGE_NAMES or form not in {"pdf", "html"}:
        raise NotFound(kind="file")
    text = html(locale(tag), issued, who.role, printed=form == "pdf")
    data = await visit.desk.press.print(text) if form == "pdf" else text.encode()
    kind = "application/pdf" if form == "pdf" else "text/html; charset=utf-8"
    return Response(
        data,
        media_type=kind,
        status_code=HTTPStatus.OK,
        headers={
            "Content-Disposition": f'attachment; filename="{issued.content.number}-{tag}.{form}"',
            "Content-Security-Policy": style_policy(),
        },
    )


ROUTES = (ask, page, mail, file)
