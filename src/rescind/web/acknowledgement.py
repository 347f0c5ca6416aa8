"""The acknowledgement of a withdrawal in words: the same on the page, in the file to keep and over the API."""

from __future__ import annotations

from dataclasses import dataclass

from rescind.core import returns
from rescind.core.acknowledgement import Declared
from rescind.core.deadline import last_before
from rescind.core.parts import CancellationStatus
from rescind.core.reimbursement import Reimbursement
from rescind.core.views import OrderView
from rescind.core.withdrawal import Follows, Right
from rescind.locales import Locale
from rescind.web.explain import span_words
from rescind.web.reimbursement import Sum, lines, sums


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A declaration with what its reader is told. numbers: of the request and of the case; follows: sentences; sums:
    what it gives back.
    """

    declared: Declared
    received: str
    goods: tuple[str, ...]
    trader: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    follows: tuple[str, ...]
    sums: tuple[Sum, ...]


def statement(locale: Locale, view: OrderView, name: str, to: str, *, sends_back: bool = False) -> str:
    """What the buyer declares, in the language in which they confirm it. sends_back: a law lets them do no more."""
    order, _ = view.order, locale.gettext
    said = (
        _(
            "I, %(name)s, send back without a reason the items named with this statement, of order %(number)s, placed"
            " on %(day)s with %(shop)s. Acknowledge its receipt to %(to)s."
        )
        if sends_back
        else _(
            "I, %(name)s, withdraw from the contract of order %(number)s, placed on %(day)s with %(shop)s, for the"
            " items named with this statement. Acknowledge its receipt to %(to)s."
        )
    )
    return said % {
        "name": name,
        "number": order.number,
        "day": locale.day(order.placed_at, view.shop.zone),
        "shop": view.shop.name,
        "to": to,
    }


def until(locale: Locale, may: Right) -> str:
    """How long the right lasts. Its last day is one of the law's own zone."""
    _ = locale.gettext
    if may.sends_back and may.until is None:
        told = _("You may send back what has come without giving a reason, until %(time)s after the rest has come.")
        return told % {"time": span_words(locale, may.period)}
    if may.sends_back and may.until is not None:
        told = _("You may send these goods back without giving a reason, until the end of %(day)s, %(place)s time.")
        return told % {"day": locale.day(last_before(may.until), may.zone), "place": locale.place(may.zone)}
    if may.until is None:
        told = _(
            "You may withdraw from this contract without giving a reason, until %(time)s after everything has come."
        )
        return told % {"time": span_words(locale, may.period)}
    told = _("You may withdraw from this contract without giving a reason, until the end of %(day)s, %(place)s time.")
    return told % {"day": locale.day(last_before(may.until), may.zone), "place": locale.place(may.zone)}


def acknowledged(
    locale: Locale, view: OrderView, declared: Declared, bound: Follows | None, money: Reimbursement, zone: str
) -> Acknowledged:
    """What is told of a declaration. money: what it gives back; zone: whose clock the time is told by."""
    _ = locale.gettext
    order, shop = view.order, view.shop
    named = {one.line: " · ".join(part for part in (one.title, one.variant) if part) for one in view.details.lines}
    titles = {line.id: named.get(line.id) or line.sku for line in order.lines}
    numbers: list[tuple[str, str]] = []
    if declared.cancellation:
        numbers.append((_("Number of the cancellation"), declared.cancellation))
    case = next((one for one in order.returns if one.id == declared.case), None)
    if case is not None:
        numbers.append((_("Number of the case"), returns.number(order, case)))
    return Acknowledged(
        declared=declared,
        received=f"{locale.instant(declared.at, zone)} {locale.zone(declared.at, zone)}",
        goods=tuple(f"{count} × {titles[line]}" for line, count in declared.lines.items()),
        trader=tuple(
            part
            for part in (shop.contact.get("trader", shop.name), _address(shop.contact), _reach(shop.contact))
            if part
        ),
        numbers=tuple(numbers),
        follows=_follows(locale, view, declared, bound),
        sums=sums(locale, money, order, titles, sends_back=bound is not None and bound.sends_back),
    )


def pays(locale: Locale, bound: Follows, *, back: bool) -> str:
    """By when the money is back. back: goods are sent back for it."""
    _ = locale.gettext
    if bound.from_return and back:
        told = _("The trader pays your money back within %(time)s of having the goods back, the way you paid.")
        return told % {"time": span_words(locale, bound.refund_within)}
    day = locale.day(last_before(bound.refund_by), bound.zone)
    return _("The trader pays your money back by %(day)s, the way you paid.") % {"day": day}


def _address(contact: dict[str, str]) -> str:
    return contact.get("address") or contact.get("city", "")


def _reach(contact: dict[str, str]) -> str:
    return contact.get("email", "")


def _follows(locale: Locale, view: OrderView, declared: Declared, bound: Follows | None) -> tuple[str, ...]:
    _ = locale.gettext
    said: list[str] = []
    stopped = next((one for one in view.order.cancellations if one.id == declared.cancellation), None)
    if stopped is not None and stopped.status is CancellationStatus.APPROVED:
        said.append(_("What has not left the shop is cancelled and will not be sent."))
    elif stopped is not None:
        said.append(_("What has not left the shop was asked to be stopped. The answer stands with your request."))
    if declared.returned:
        said.append(_("What has left the shop goes back. Platform support tells you where to, in the case named here."))
    if bound is not None and declared.returned and bound.send_back_by is not None:
        day = locale.day(last_before(bound.send_back_by), bound.zone)
        said.append(_("Send the goods on their way back by %(day)s.") % {"day": day})
    if bound is not None:
        said.append(pays(locale, bound, back=bool(declared.returned)))
        if declared.returned and not bound.from_return:
            said.append(_("For goods you send back, it may wait until they are there or you show that you sent them."))
    return tuple(said)


def text(locale: Locale, view: OrderView, told: Acknowledged) -> str:
    """The file to keep: plain text, UTF-8, whole in itself."""
    _ = locale.gettext
    rows = [
        (_("Received"), told.received),
        (_("Order"), view.order.number),
        *told.numbers,
        (_("Trader"), ", ".join(told.trader)),
    ]
    title = _("Acknowledgement of receipt of your withdrawal")
    parts = [
        title,
        "=" * len(title),
        "",
        *(f"{name}{_(': ')}{value}" for name, value in rows),
        "",
        _("Your statement"),
        told.declared.statement or _("It was made without words, or its words were erased."),
        "",
        _("Withdrawn from"),
        *(f"- {one}" for one in told.goods),
        "",
        _("What comes back"),
        *lines(locale, told.sums),
        "",
        _("What follows"),
        *(f"- {one}" for one in told.follows),
        "",
    ]
    return "\n".join(parts)
