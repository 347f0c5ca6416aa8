"""The filters of a list's form, and how each that is in force is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rescind.core.money import decimals
from rescind.core.staff import RIGHTS, ROLES
from rescind.core.stage import Stage
from rescind.intake.fields import currencies
from rescind.locales import Locale
from rescind.web.listing.asked import Asked
from rescind.web.session import Visit

TABS = ("tab", "state")
"""What a page's tabs choose."""
KEPT = (*TABS, "buyer", "due_before", "zone")
"""What the form that filters has no field for, and keeps."""
_REASONS = (
    *("changed_mind", "ordered_by_mistake", "duplicate", "wrong_address", "wrong_variant", "wrong_contact"),
    *("better_price", "change_payment", "too_late", "seller_asked", "price_error", "undeliverable_address", "other"),
)


def in_force(given: Asked) -> Iterable[tuple[str, str]]:
    """Every filter that is in force with its value, one that has several as often."""
    return ((name, value) for name, value in given.pairs if name not in {*TABS, "sort", "number", "text"})


def fields(visit: Visit, given: Asked, zone: str, shop: str, shops: Sequence[str]) -> list[dict[str, Any]]:
    """The filters of a list's form, in its order. shop: what the one in force is called; shops: names to offer."""
    language, found = visit.locale, list[dict[str, Any]]()
    for name in given.listing.filters:
        match name:
            case "stage":
                options = [(one.value, language.term("stage", one.value)) for one in Stage]
                found.append(_choices(language, given, "stage", language.gettext("Stage"), options))
            case "reason":
                options = [(one, language.term("reason", one)) for one in _REASONS]
                found.append(_choices(language, given, "reason", language.gettext("Reason"), options))
            case "placed":
                found.append(_select(visit, given, "placed", _began(language, given.listing.name), periods(language)))
                found.append(_days(given, zone, language))
            case "due":
                found.append(_select(visit, given, "due", language.gettext("Time left"), dues(language)))
            case "amount":
                found.append(_amounts(given, language))
            case "role" if visit.person.role != "seller":
                options = [(one, language.term("actor", one)) for one in ROLES]
                found.append(_select(visit, given, "role", language.gettext("As"), options))
            case "rights":
                options = [(one, language.term("rights", one)) for one in RIGHTS]
                label = language.gettext("What they may do in the shop")
                found.append(_select(visit, given, "rights", label, options))
            case "signed_in":
                label = language.gettext("Signed in")
                found.append(_select(visit, given, "signed_in", label, signed_in(language)))
            case "shop" if visit.person.role != "seller":
                typed = given.typed.get("shop_name", shop)
                found.append({"kind": "shop", "value": typed, "names": shops, "choices": given.shops})
            case _:
                # Tabs and sorting stand elsewhere on the page.
                continue
    return found


def _began(language: Locale, listing: str) -> str:
    """What the day is of by which a list is narrowed."""
    _ = language.gettext
    return {"orders": _("Placed"), "refunds": _("Owed since")}.get(listing, _("Asked"))


def _select(visit: Visit, given: Asked, name: str, label: str, options: list[tuple[str, str]]) -> dict[str, Any]:
    first = ("", visit.locale.gettext("Any"))
    return {"kind": "select", "name": name, "label": label, "options": [first, *options], "value": given.value(name)}


def _choices(language: Locale, given: Asked, name: str, label: str, options: list[tuple[str, str]]) -> dict[str, Any]:
    """A filter that may have several values; its chosen ones are said where it is closed."""
    values = given.values(name)
    listed = [*options, *((one, language.term(name, one)) for one in values if one not in dict(options))]
    chosen = [text for value, text in listed if value in values]
    return {"kind": "choices", "name": name, "label": label, "options": listed, "given": values, "chosen": chosen}


def periods(language: Locale) -> list[tuple[str, str]]:
    _ = language.gettext
    return [("today", _("Today")), ("7d", _("Last 7 days")), ("30d", _("Last 30 days"))]


def dues(language: Locale) -> list[tuple[str, str]]:
    _ = language.gettext
    return [("overdue", _("Overdue")), ("24h", _("Within 24 hours")), ("today", _("Until the end of today"))]


def signed_in(language: Locale) -> list[tuple[str, str]]:
    _ = language.gettext
    return [("yes", _("At least once")), ("never", _("Never"))]


def _days(given: Asked, zone: str, language: Locale) -> dict[str, Any]:
    return {
        "kind": "days",
        "label": language.gettext("Or from day to day"),
        "first": given.typed.get("from") or day(given.value("placed_from"), zone, 0),
        "last": given.typed.get("to") or day(given.value("placed_to"), zone, 1),
    }


def day(moment: str, zone: str, days: int) -> str:
    """The day of an instant as a form has it; the end of a span is the day before it."""
    try:
        return (datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)) - timedelta(days=days)).date().isoformat()
    except ValueError:
        return ""


def _amounts(given: Asked, language: Locale) -> dict[str, Any]:
    currency = given.value("currency")
    often = ["EUR", "GBP", "USD", "CNY", "JPY"]
    listed = [*often, *sorted(currencies() - set(often))]
    return {
        "kind": "amounts",
        "label": language.gettext("Amount"),
        "least": given.typed.get("least") or _plain(given.value("amount_min"), currency),
        "most": given.typed.get("most") or _plain(given.value("amount_max"), currency),
        "currency": currency,
        "currencies": [("", language.gettext("Any currency")), *((one, one) for one in listed)],
    }


def _plain(minor: str, currency: str) -> str:
    """An amount as somebody types it."""
    if not minor:
        return ""
    places = decimals(currency)
    digits = minor.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def said(language: Locale, given: Asked, name: str, value: str, zone: str, shop: str) -> str:
    """A filter that is in force, in words. shop: what that one is called."""
    _ = language.gettext
    match name:
        case "stage" | "reason":
            return language.term(name, value)
        case "role":
            return language.term("actor", value)
        case "rights":
            return language.term("rights", value)
        case "signed_in":
            return dict(signed_in(language)).get(value, value)
        case "placed":
            return dict(periods(language)).get(value, value)
        case "due":
            return dict(dues(language)).get(value, value)
        case "placed_from":
            return _("from %(day)s") % {"day": day(value, zone, 0)}
        case "placed_to":
            return _("to %(day)s") % {"day": day(value, zone, 1)}
        case "amount_min" | "amount_max":
            return f"{'≥' if name == 'amount_min' else '≤'} {language.money(int(value), given.value('currency'))}"
        case "shop":
            return shop
        case _:
            return value
