"""One comparison that a rule made, in words: a sentence a fact."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rescind.core.policy import Atom
from rescind.locales import Locale
from rescind.web.explain.span import seconds_words


def atom_words(locale: Locale, atom: Atom) -> str:
    """One comparison as it came out: a sentence that is true."""
    return _words(locale, atom, true=atom.held)


def wanted_words(locale: Locale, atom: Atom) -> str:
    """One comparison as it would have had to come out."""
    return _words(locale, atom, true=True)


_OF_A_RULE = re.compile(r"holds_\d+")
"""What ``core/standing.py`` calls the switch for the days of one rule."""
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}


def _words(locale: Locale, atom: Atom, *, true: bool) -> str:
    if atom.op in {"is", "is not"}:
        return _flag(locale, atom.fact, yes=(atom.op == "is") == true)
    op = atom.op if true else _OPPOSITE[atom.op]
    many = isinstance(atom.wanted, tuple)
    wanted = atom.wanted if isinstance(atom.wanted, tuple) else (atom.wanted,)
    match atom.fact:
        case "stage" | "status":
            names = _listed(locale, (locale.term(atom.fact, str(one)) for one in wanted))
            return _level(locale, op) % {"stage": names}
        case "since_placed" | "since_paid":
            return _elapsed(locale, atom.fact, op, int(str(wanted[0])))
        case "amount":
            return _amount(locale, op) % {"money": locale.money(int(str(wanted[0])), atom.unit)}
        case "requests_on_order" | "buyer_cancels_30d" | "working_days_late":
            return _count(locale, atom.fact, op, int(str(wanted[0])))
        case _:
            names = _listed(locale, (locale.term(_CODE_TERMS.get(atom.fact, atom.fact), str(one)) for one in wanted))
            text = locale.gettext("%(fact)s is one of: %(what)s") if many else locale.gettext("%(fact)s is %(what)s")
            if op in {"!=", "not in"}:
                text = locale.gettext("%(fact)s is none of: %(what)s")
            return text % {"fact": locale.term("fact", atom.fact), "what": names}


_CODE_TERMS = {"shipping_by": "shipping_by", "actor": "actor", "reason": "reason"}


def _listed(locale: Locale, names: Iterable[str]) -> str:
    quoted = [locale.gettext("“%(name)s”") % {"name": name} for name in names]
    return locale.gettext(", ").join(quoted)


def _flag(locale: Locale, fact: str, *, yes: bool) -> str:
    _ = locale.gettext
    said: dict[str, tuple[str, str]] = {
        "": ("", ""),
        "paid": (_("The payment has arrived"), _("The payment has not arrived")),
        "past_dispatch_sla": (_("The shop's time to ship is over"), _("The shop is still within its time to ship")),
        "past_estimated_delivery": (
            _("The estimated day of delivery is over, and the order has not arrived"),
            _("The estimated day of delivery is not over"),
        ),
        "in_manual_review": (_("A person is still checking the order"), _("No person is checking the order")),
        "production_started": (_("Work on the order has begun"), _("Work on the order has not begun")),
        "asked_anyway": (_("The shop was asked for a favour"), _("The shop has not been asked for a favour")),
        "partial": (_("The request is for some of what is left"), _("The request is for all that is left")),
        "request_open": (_("Another request is waiting"), _("No other request is waiting")),
        "shipping_leased": (
            _("The shop is handing the parcel over right now"),
            _("The shop is not handing the parcel over right now"),
        ),
        "with_tracking": (_("A tracking number was given"), _("No tracking number was given")),
        "order_error_confirmed": (
            _("A mistake in the order was confirmed"),
            _("No mistake in the order has been confirmed"),
        ),
        "seller_fault": (_("The shop was found to be at fault"), _("The shop was not found to be at fault")),
        "cash_on_delivery": (_("The order is paid at the door"), _("The order is not paid at the door")),
        "custom_made": (_("An item is made to order"), _("No item is made to order")),
        "special": (_("An item cannot be sold again"), _("Every item can be sold again")),
    }
    if _OF_A_RULE.fullmatch(fact):
        return _("The rule holds on this day") if yes else _("The rule does not hold on this day")
    pair = said.get(fact)
    if pair is None:
        # A policy reads its own switches beside facts; its authors may have made more of either than we have words for.
        name = next((locale.term(kind, fact) for kind in ("fact", "policy.value") if locale.has(kind, fact)), fact)
        return (_("%(fact)s: yes") if yes else _("%(fact)s: no")) % {"fact": name}
    return pair[0] if yes else pair[1]


def _level(locale: Locale, op: str) -> str:
    _ = locale.gettext
    return {
        "=": _("The order is at %(stage)s"),
        "!=": _("The order is not at %(stage)s"),
        "<": _("The order has not reached %(stage)s"),
        "<=": _("The order is no further than %(stage)s"),
        ">": _("The order is past %(stage)s"),
        ">=": _("The order has reached %(stage)s"),
        "in": _("The order is at one of %(stage)s"),
        "not in": _("The order is at none of %(stage)s"),
    }[op]


def _elapsed(locale: Locale, fact: str, op: str, seconds: int) -> str:
    _ = locale.gettext
    if seconds <= 0 and op in {"<", "<="}:
        # A window of no length: the shop gives none, so there is nothing that could have been in time.
        return _("The shop had promised a time in which cancelling is free")
    if seconds <= 0:
        return _("The shop has promised no time in which cancelling is free")
    early = op in {"<", "<="}
    if fact == "since_placed":
        text = (
            _("Less than %(time)s since the order was placed")
            if early
            else _("%(time)s or more since the order was placed")
        )
    else:
        text = _("Less than %(time)s since the payment") if early else _("%(time)s or more since the payment")
    return text % {"time": seconds_words(locale, seconds)}


def _amount(locale: Locale, op: str) -> str:
    _ = locale.gettext
    return {
        "<": _("The refund is less than %(money)s"),
        "<=": _("The refund is at most %(money)s"),
        ">": _("The refund is more than %(money)s"),
        ">=": _("The refund is at least %(money)s"),
        "=": _("The refund is exactly %(money)s"),
    }.get(op, _("The refund is not %(money)s"))


def _count(locale: Locale, fact: str, op: str, number: int) -> str:
    count = locale.ngettext
    fewer = op in {"<", "<="}
    bound = number + (1 if op in {"<=", ">"} else 0)
    if fact == "working_days_late":
        text = (
            count("Not a working day late", "Fewer than %(num)s working days late", bound)
            if fewer
            else count("At least one working day late", "%(num)s or more working days late", bound)
        )
    elif fact == "requests_on_order":
        text = (
            count("No earlier request for this order", "Fewer than %(num)s earlier requests for this order", bound)
            if fewer
            else count(
                "At least one earlier request for this order", "%(num)s or more earlier requests for this order", bound
            )
        )
    else:
        text = (
            count(
                "No cancellation by this buyer in 30 days",
                "Fewer than %(num)s cancellations by this buyer in 30 days",
                bound,
            )
            if fewer
            else count(
                "At least one cancellation by this buyer in 30 days",
                "%(num)s or more cancellations by this buyer in 30 days",
                bound,
            )
        )
    return text % {"num": bound}
