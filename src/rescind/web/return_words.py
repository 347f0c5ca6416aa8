"""A return case in words, for whoever reads it."""

from __future__ import annotations

from typing import Any

from rescind.core import returns
from rescind.core.exhibits import Said
from rescind.core.ids import OrderId
from rescind.core.order import Order
from rescind.core.parts import ReturnCase, ReturnStatus
from rescind.locales import Locale
from rescind.web.evidence import tile


def return_rows(locale: Locale, order: Order, path: str) -> list[dict[str, Any]]:
    """The cases of an order, newest first, each with its number and address. ``path``: of the order's page."""
    return [
        {
            "case": one,
            "number": returns.number(order, one),
            "reason": locale.term("return_reason", one.reason),
            "href": f"{path}/returns/{one.id}",
        }
        for one in reversed(order.returns)
    ]


def sentence(locale: Locale, case: ReturnCase) -> str:
    """What the state of a case means for its buyer."""
    _ = locale.gettext
    match case.status:
        case ReturnStatus.WITH_SUPPORT:
            taken = _("Somebody of platform support has your case.")
            return taken if case.owner else _("Platform support looks at it next.")
        case ReturnStatus.WITH_BUYER:
            return _("Support has a question. Answer it below, and it goes on.")
        case ReturnStatus.ESCALATED:
            return _("Support did not get to it in time. Whoever leads support has it now.")
        case ReturnStatus.CLOSED:
            return {
                "refund_by_shop": _("The shop refunds you by its ordinary way. This case itself moves no money."),
                "return_agreed": _("You send the goods back as written below. The refund follows when they are there."),
                "replacement_agreed": _("The shop sends you another one."),
                "credit_given": _("You get credit toward a later purchase, as agreed with you."),
                "not_upheld": _("Support does not follow your wish. The reason stands below."),
                returns.WITHDRAWN: _("You said that nothing is needed any more."),
            }.get(case.outcome, "")


def conversation(locale: Locale, order: OrderId, said: tuple[Said, ...], reader: str) -> list[dict[str, Any]]:
    """What was said and shown in a case, and what happened between."""
    return [
        {
            "at": one.at,
            "who": locale.gettext("You") if one.by.value == reader else locale.term("actor", one.by.value),
            "own": one.by.value == reader,
            "what": happened(locale, one),
            "words": one.words,
            "files": [tile(locale, order, ref) for ref in one.evidence],
        }
        for one in said
    ]


def happened(locale: Locale, one: Said) -> str:
    """One step of a case in words."""
    if one.kind == "ReturnClosed":
        return locale.term("return_outcome", one.outcome)
    if one.kind == "ReturnLapsed":
        return locale.term("return_step", f"silent_{one.silent}")
    return locale.term("return_step", one.kind.removeprefix("Return").lower())
