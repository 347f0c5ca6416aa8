"""The way of a refund in words: how far it is, when it should be there, whose move it is; for each who reads it.

A seller is told how much goes back and how far it is, not by which means (I-26).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rescind.core import failed_refund
from rescind.core.arrival import Step, Way, at_once, goes_by, usual_days
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus, Tender
from rescind.core.refund_order import waits
from rescind.locales import Locale
from rescind.web.tender import goes_to

Reader = Literal["buyer", "seller", "support"]


@dataclass(frozen=True, slots=True)
class Told:
    """A refund as ``ui.way`` shows it. expected: a sentence; note: how its days are counted; trouble: title and text.

    steps: as of ``ui.tracker``; move: whose it is and by when, empty where nobody has one; otherwise: what holds if it
    is not made by then. trial: it is only tried. reference: what it is found by, and
    reference_of: whose word that is. instead: what became of one that failed, once that is known. href: of its refund
    order.
    """

    refund: Any
    amount: Money
    tender: str
    heading: str
    expected: str
    note: str
    steps: tuple[dict[str, Any], ...]
    trouble: tuple[str, str]
    move: str
    reference: str
    reader: Reader
    href: str = ""
    reference_of: str = ""
    instead: str = ""
    otherwise: str = ""
    trial: bool = False


def told(locale: Locale, order: Order, ways: Iterable[Way], reader: Reader) -> list[Told]:
    """Every refund of an order, or those that are asked about."""
    tenders = {tender.id: tender for tender in order.tenders}
    return [_one(locale, order, one, tenders[one.refund.tender], reader) for one in ways]


def _one(locale: Locale, order: Order, way: Way, tender: Tender, reader: Reader) -> Told:
    _ = locale.gettext
    amount = Money(way.refund.amount_minor, order.currency)
    name = goes_to(locale, way.refund, tender, seller=reader == "seller")
    heading = _("%(amount)s, only reserved") if way.refund.release else _("%(amount)s to %(tender)s")
    return Told(
        refund=way.refund,
        amount=amount,
        tender=name,
        heading=heading % {"amount": locale.money(amount), "tender": name},
        expected=_expected(locale, way, reader),
        note=_counted(locale, order, way, tender),
        steps=tuple(_step(locale, way, one, tender, reader) for one in way.steps),
        trouble=_trouble(locale, way, reader),
        move=_move(locale, way, reader),
        # The means of payment is not the seller's to know, and a reference leads to it (I-26).
        reference="" if reader == "seller" else way.refund.reference,
        reference_of=reference_of(locale, way.refund.into, by_people=way.refund.ordered is not None),
        instead=_instead(locale, way),
        otherwise=_otherwise(locale, way, reader),
        trial=way.trial,
        reader=reader,
        href=f"/support/refund-orders/{way.refund.id}" if way.refund.ordered and reader == "support" else "",
    )


def reference_of(locale: Locale, into: str, *, by_people: bool) -> str:
    """Whose word a reference is: the provider's, a payment's that people made, or the number of a voucher."""
    _ = locale.gettext
    if into == failed_refund.WayOn.PAID_OUT:
        return _("Voucher")
    return _("Reference") if by_people else _("Provider's reference")


def _instead(locale: Locale, way: Way) -> str:
    """What became of the money of a refund that failed, in two or three words."""
    _ = locale.gettext
    if not way.over:
        return ""
    if way.cause and way.refund.settled == failed_refund.WayOn.AGAIN:
        return _("Owed anew")
    return {
        failed_refund.WayOn.AGAIN.value: _("Sent once more"),
        failed_refund.WayOn.STORE_CREDIT.value: _("Became credit"),
        failed_refund.WayOn.PAID_OUT.value: _("Paid out by hand"),
    }.get(way.refund.settled, _("Nothing left to send"))


def usually(locale: Locale, method: str) -> str:
    """When money usually is there once it was sent, by the kind of payment (M-15)."""
    _ = locale.gettext
    low, high = usual_days(method)
    if high == 0:
        return _("There at once")
    if low == 0:
        return _("Usually there the same or the next day")
    text = locale.ngettext(
        "Usually there in %(low)s to %(num)s working day", "Usually there in %(low)s to %(num)s working days", high
    )
    return text % {"low": low, "num": high}


def _expected(locale: Locale, way: Way, reader: Reader) -> str:
    _ = locale.gettext
    if way.expected is None or way.trouble == "not_sent":
        return ""
    first_on, last_on = way.expected.first_on, way.expected.last_on
    days = {"last": locale.date(last_on)}
    if way.overdue and reader == "buyer":
        text = _("It should have been there by %(last)s. Ask your bank, and give it the reference below.")
    elif way.overdue:
        text = _("It should have been with the buyer by %(last)s. The buyer's bank finds it by the reference below.")
    elif way.trouble == "unclear":
        text = _("If the provider has taken it, it is there by %(last)s.")
    elif first_on == last_on:
        text = _("Expected on %(last)s")
    else:
        text = _("Expected between %(first)s and %(last)s")
        days = dict(zip(("first", "last"), locale.days(first_on, last_on), strict=True))
    return text % days


def _counted(locale: Locale, order: Order, way: Way, tender: Tender) -> str:
    method = goes_by(way.refund, tender)
    if way.expected is None or way.trouble == "not_sent" or at_once(method):
        return ""
    low, high = usual_days(method)
    if low == 0 or not order.country:
        return usually(locale, method)
    text = locale.ngettext(
        "%(low)s to %(num)s working day in %(country)s; the bank decides",
        "%(low)s to %(num)s working days in %(country)s; the bank decides",
        high,
    )
    return text % {"low": low, "num": high, "country": locale.country(order.country)}


def _step(locale: Locale, way: Way, step: Step, tender: Tender, reader: Reader) -> dict[str, Any]:
    _ = locale.gettext
    failed = step.state == "failed"
    labels = {
        "approved": _("Approved"),
        "sent": _("It could not be sent") if failed else _("Sent to the payment provider"),
        "accepted": _("The provider could not pay it out") if failed else _("Accepted by the provider"),
        "there": _("Sent back by the bank") if failed else _there(locale, way, tender, reader),
        "paid_out": _("It could not be paid out") if failed else _paying(locale, way.refund),
        "bank": _("Waiting for your bank") if reader == "buyer" else _("Waiting for the buyer's bank"),
        "elsewhere": _("Paid another way"),
        "tried": _("Tried: no money moves"),
        "let_go": _("Your bank lets the reserved amount go")
        if reader == "buyer"
        else _("The buyer's bank lets the reserved amount go"),
    }
    detail = ""
    if step.name == "accepted" and way.trouble == "unclear":
        detail = _("Its answer was not clear")
    elif step.name == "paid_out" and not failed:
        detail = _paid_out(locale, way.refund, reader)
    elif step.name == "bank":
        detail = _waits(locale, way, reader)
    elif step.name == "elsewhere":
        detail = (
            _("You got this money another way, from your bank or from the shop, so it is not sent a second time.")
            if reader == "buyer"
            else _("The buyer got this money another way, so it is not sent a second time.")
        )
    elif step.name == "let_go" and failed:
        detail = _("The bank ends it by itself after some days. Nothing is taken.")
    return {"label": labels[step.name], "state": step.state, "at": step.at, "detail": detail}


def _waits(locale: Locale, way: Way, reader: Reader) -> str:
    _ = locale.gettext
    assert way.frozen_until is not None, "it waits until then"
    if reader == "buyer":
        text = _(
            "You asked your bank to take the payment back. While it decides, nothing more is sent to this payment. We "
            "hear of the decision from the bank; if no word has come by %(day)s, platform support asks for it."
        )
    else:
        text = _("the buyer's bank decides about this payment; support asks on %(day)s at the latest")
    return text % {"day": locale.date(way.frozen_until)}


def _paying(locale: Locale, refund: Refund) -> str:
    _ = locale.gettext
    return _("Paid out by the platform") if refund.status is RefundStatus.SUCCEEDED else _("The platform pays it out")


def _paid_out(locale: Locale, refund: Refund, reader: Reader) -> str:
    """Until when people pay it out; then by which reference, and on which day."""
    _ = locale.gettext
    ordered = refund.ordered
    if ordered is None:
        return _("Voucher %(number)s") % {"number": refund.reference} if reader != "seller" else ""
    if waits(refund):
        if ordered.escalated_at is not None:
            return _("It takes longer than planned. Whoever leads support sees to it.")
        return _("To be paid out by %(day)s. You need to do nothing.") % {"day": locale.instant(ordered.due_at)}
    if ordered.paid_on is None:
        return ""
    day = locale.date(ordered.paid_on)
    if reader == "seller":
        return _("Paid out on %(day)s") % {"day": day}
    return _("Reference %(reference)s, paid out on %(day)s") % {"reference": refund.reference, "day": day}


def _there(locale: Locale, way: Way, tender: Tender, reader: Reader) -> str:
    _ = locale.gettext
    if reader != "buyer":
        return _("With the buyer")
    method = goes_by(way.refund, tender)
    by_bank = method.endswith("card") and not at_once(method) and way.refund.ordered is None
    return _("On your statement") if by_bank else _("With you")


def _unsent(locale: Locale, cause: str) -> str:
    """What is in the way of sending anything, and who does what about it."""
    _ = locale.gettext
    text = {
        "not_set_up": _(
            "In the way: %(cause)s. An operator connects a provider on the page of payment providers, or chooses there"
            " that the marketplace pays this out itself; then it goes on by itself. Until then you can send it another"
            " way."
        ),
        "still_held": _("In the way: %(cause)s. When the last of it is let go, so is this; nobody need do anything."),
    }.get(
        cause,
        _("In the way: %(cause)s. It is our move: send the money another way. What was put right is sent by itself."),
    )
    return text % {"cause": locale.term("not_sent", cause)}


def _trouble(locale: Locale, way: Way, reader: Reader) -> tuple[str, str]:
    """What is in the way, and what happens next."""
    _ = locale.gettext
    if way.refund.release and reader != "support":
        # It costs the buyer nothing: what is not let go ends by itself.
        return "", ""
    if way.over:
        return _("It did not go through."), _what_became(locale, way.refund)
    if way.trouble == "not_sent":
        said = {
            "buyer": _(
                "Something is in the way on our side, and the platform is putting it right. The money is set aside for"
                " you; you need to do nothing."
            ),
            "seller": _("The platform is putting it right. You need to do nothing."),
            "support": _unsent(locale, way.cause),
        }
        if way.cause == "not_set_up":
            said["buyer"] = _(
                "You are owed this money. The marketplace has no working connection to a payment provider yet; once it"
                " has one, the money is sent by itself, and you need to do nothing."
            )
        return _("Not sent yet."), said[reader]
    if way.trouble == "unclear":
        said = _(
            "We ask again until it has answered. Nothing is lost and nothing is sent twice; nobody need do anything."
        )
        return _("The provider's answer was not clear."), said
    if way.trouble:
        said = {
            "buyer": _(
                "The money stays yours. Platform support finds another way to pay it back and contacts you if it needs"
                " anything; until then you need to do nothing."
            ),
            "seller": _("Platform support finds another way to pay the buyer. You need to do nothing."),
            "support": _("It is our move: agree with the buyer on another way. It is not tried again by itself."),
        }
        title = _("It could not be paid out.") if way.refund.ordered else _("The provider could not pay it out.")
        if way.trouble == "came_back":
            title = _("The bank sent the money back, usually because the account is closed.")
        return title, said[reader]
    return "", ""


def _what_became(locale: Locale, refund: Refund) -> str:
    """What was done with money that could not go back, for a reader who would else wait for it."""
    _ = locale.gettext
    if refund.cause and refund.settled == failed_refund.WayOn.AGAIN:
        # Nothing was ever sent of it.
        return _("It is owed anew in its place, and that is followed by itself on this page.")
    return {
        failed_refund.WayOn.AGAIN.value: _("It was sent once more, and that is followed by itself on this page."),
        failed_refund.WayOn.STORE_CREDIT.value: _("It became credit in its place, and that is followed on this page."),
        failed_refund.WayOn.PAID_OUT.value: _("It was paid out by hand in its place, as this page tells."),
    }.get(refund.settled, _("Its money went another way or is not owed any more, so nobody has to do anything."))


def _move(locale: Locale, way: Way, reader: Reader) -> str:
    _ = locale.gettext
    if way.move == "nobody":
        return ""
    if way.move == "platform" and way.due_on:
        return _("The platform, by %(day)s") % {"day": locale.date(way.due_on)}
    if way.move == "platform":
        return _("The platform")
    if way.move == "bank":
        return _("Your bank") if reader == "buyer" else _("The buyer's bank")
    return _("The bank") if way.refund.status is RefundStatus.SUCCEEDED else _("The payment provider")


def _otherwise(locale: Locale, way: Way, reader: Reader) -> str:
    """What holds if the platform has not moved by the day that it means to."""
    _ = locale.gettext
    if not way.due_on:
        return ""
    return {
        "buyer": _("The money stays owed to you, whenever that is. Ask platform support about it on this page."),
        "seller": _("The money stays owed to the buyer, and the platform is reminded of it."),
        "support": _("It stays owed, and stands among what waits on the first pages of support and operators."),
    }[reader]
