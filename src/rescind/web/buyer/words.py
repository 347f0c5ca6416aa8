"""What a buyer is told: of the order, of the policy's answer, of a request."""

from __future__ import annotations

from dataclasses import dataclass

from rescind.core import failed_refund
from rescind.core.cancellation import called_back, reason_for_buyer
from rescind.core.money import Money
from rescind.core.offer import open_offer
from rescind.core.order import Order
from rescind.core.outlook import Answer
from rescind.core.parts import Cancellation, CancellationStatus, RefundStatus
from rescind.core.policy import ResolvedRule
from rescind.core.prospect import AnswerKind, Said, kind_by
from rescind.core.stage import Stage
from rescind.locales import Locale
from rescind.web.explain import silence_word, span_words


@dataclass(frozen=True, slots=True)
class Offer:
    """The one thing to do about cancelling: its button, the line under it, and what stands above it."""

    label: str
    href: str
    kind: str
    note: str
    sentence: str


def pill_key(one: Cancellation) -> str:
    """Key of the pill of a request: a status that somebody or something brought about says who."""
    if one.filed_by == "seller" and one.status is CancellationStatus.APPROVED:
        return "cancelled_by_seller"
    if offer_to_answer(one):
        return "offer_made"
    by = {
        "rule": "by_rule",
        "silence": "on_silence",
        "carrier": "by_carrier",
        "support": "by_support",
        "system": "by_system",
    }.get(one.closed_by or "", "")
    if by and one.status in {CancellationStatus.APPROVED, CancellationStatus.REFUSED}:
        return f"{one.status.value}_{by}"
    return one.status.value


def offer_to_answer(one: Cancellation) -> bool:
    """Whether the shop has made an offer that its buyer can answer."""
    offer = open_offer(one)
    return offer is not None and offer.by == "seller"


def title(locale: Locale, stage: Stage, *, reviewed: bool) -> str:
    """Where the order is, as a heading."""
    _ = locale.gettext
    if reviewed and stage in {Stage.REVIEW, Stage.ALLOCATED, Stage.ON_HOLD}:
        return _("Your order is being checked")
    return {
        Stage.UNPAID: _("Your order waits for your payment"),
        Stage.ON_HOLD: _("We have your order"),
        Stage.REVIEW: _("We have your order"),
        Stage.ALLOCATED: _("Your goods are set aside"),
        Stage.PREPARING: _("The shop is preparing your order"),
        Stage.PACKING: _("Your order is being packed"),
        Stage.PACKED: _("Your order is packed"),
        Stage.AWAITING_COLLECTION: _("Your parcel waits for the carrier"),
        Stage.PARTIALLY_SHIPPING: _("A part of your order is on its way"),
        Stage.IN_TRANSIT: _("Your order is on its way"),
        Stage.DELIVERED: _("Your order was delivered"),
        Stage.COMPLETED: _("Your order is complete"),
        Stage.CANCELLED: _("Your order is cancelled"),
    }[stage]


def time_to_answer(locale: Locale, answer: Answer) -> str:
    """How long whoever is asked has, as in "24 hours", or from the shortest to the longest where reasons differ."""
    if answer.said is not None:
        return _time(locale, answer.said)
    deadline = answer.finding.deadline
    return span_words(locale, deadline.span) if deadline else ""


def _time(locale: Locale, said: Said) -> str:
    most, least = said.worst.deadline, said.best.deadline
    if most is None:
        return ""
    longest = span_words(locale, most.said)
    if least is None or least.said == most.said or kind_by(said.best) != said.kind:
        return longest
    same_unit = least.span.unit == most.span.unit
    shortest = locale.number(least.span.amount) if same_unit else span_words(locale, least.said)
    text = locale.gettext("%(least)s to %(most)s (depending on the reason)")
    return text % {"least": shortest, "most": longest}


def waiting(locale: Locale, length: str, silence: str) -> str:
    """How long somebody has to answer and what follows if they do not. ``length``: as a policy writes it."""
    _ = locale.gettext
    text = {
        "approve": _("%(time)s to answer; no answer means yes"),
        "refuse": _("%(time)s to answer; no answer means no"),
        "escalate": _("%(time)s to answer; without an answer the platform decides"),
    }.get(silence, _("%(time)s to answer"))
    return text % {"time": span_words(locale, length)}


def offer(locale: Locale, answer: Answer, path: str, *, arrived: bool, reached: bool) -> Offer:
    """The button for what the policy says, and nothing else.

    arrived: the goods are there. reached: the shop can be told.
    """
    return _offer(locale, answer.kind, time_to_answer(locale, answer), path, arrived=arrived, reached=reached)


def offered(locale: Locale, said: Said, path: str, *, arrived: bool, reached: bool) -> Offer:
    """The same of what is said without working out the money: for lists."""
    return _offer(locale, said.kind, _time(locale, said), path, arrived=arrived, reached=reached)


def _offer(locale: Locale, kind: AnswerKind, time: str, path: str, *, arrived: bool, reached: bool) -> Offer:
    _ = locale.gettext
    verdict, silence, instead = kind
    match verdict:
        case "approve":
            sentence = _("You can still cancel it. Nobody has to agree.")
            note = _("Cancels at once")
            return Offer(_("Cancel order"), f"{path}/cancel", "primary", note, sentence)
        case "ask_seller":
            sentence = {
                "approve": _("You can still ask to cancel. The shop has %(time)s to answer; no answer means yes."),
                "refuse": _("You can still ask to cancel. The shop has %(time)s to answer; no answer means no."),
                "escalate": _(
                    "You can still ask to cancel. The shop has %(time)s to answer; "
                    "without an answer the platform decides."
                ),
            }.get(silence, _("You can still ask to cancel. The shop has %(time)s to answer."))
            return Offer(_("Request cancellation"), f"{path}/cancel", "primary", "", sentence % {"time": time})
        case "ask_carrier":
            sentence = _("You can still ask to cancel. The carrier has %(time)s to stop the parcel.") % {"time": time}
            note = silence_word(locale, silence)
            return Offer(_("Request cancellation"), f"{path}/cancel", "primary", note, sentence)
        case "review":
            sentence = _("You can still ask to cancel. The platform looks at it within %(time)s.") % {"time": time}
            note = silence_word(locale, silence)
            return Offer(_("Request cancellation"), f"{path}/cancel", "primary", note, sentence)
        case _:
            return way_on(locale, instead, path, arrived=arrived, reached=reached)


def way_on(locale: Locale, instead: str, path: str, *, arrived: bool, reached: bool) -> Offer:
    """What is left to a buyer whom the policy refuses, by what it offers instead."""
    _ = locale.gettext
    match instead:
        case "ask_seller_anyway":
            return Offer(
                _("Ask the shop anyway"),
                f"{path}/cancel?anyway=1",
                "primary",
                _("A favour, not a right: no answer means no")
                if reached
                else _("A favour, not a right: without an answer the platform decides"),
                _("The time in which it can be cancelled is over. The shop may still agree: ask before it ships."),
            )
        case "return_or_refund":
            return Offer(
                _("Return or refund"),
                f"{path}/return",
                "secondary",
                _("How it goes back, and whom to ask"),
                _("It can no longer be cancelled, but you can send it back for a refund.")
                if arrived
                else _("It can no longer be cancelled. Refuse the parcel at the door, or send it back for a refund."),
            )
        case "ask_for_what_is_open":
            return Offer(
                _("Request cancellation"),
                f"{path}/cancel",
                "primary",
                _("Only for what has not left yet"),
                _("A part has left. You can still ask to cancel the rest."),
            )
        case "request_whole_order":
            return Offer(
                _("Request cancellation"),
                f"{path}/cancel",
                "primary",
                _("Only for the whole order"),
                _("You can ask to cancel the whole order, not a part of it."),
            )
        case "see_refund":
            return Offer(_("See the refund"), f"{path}#refund", "secondary", "", _("It is cancelled already."))
        case "wait_for_hold" | "wait_for_payment" | "wait_for_review":
            way = locale.term("way_on", instead)
            return Offer("", "", "", "", _("It cannot be cancelled at this moment. %(way)s.") % {"way": way})
        case _:
            return Offer(
                _("Get help"),
                f"{path}#help",
                "secondary",
                _("Platform support can look at it with you"),
                _("It cannot be cancelled here any more."),
            )


def answer_line(locale: Locale, answer: Answer) -> str:
    """The answer in one short line."""
    if answer.said is not None:
        return said_line(locale, answer.said)
    return _line(locale, answer.kind, time_to_answer(locale, answer))


def said_line(locale: Locale, said: Said) -> str:
    """What is sure of an answer in one short line, for a table of steps; and what some reasons get beside it."""
    line = _line(locale, said.kind, _time(locale, said))
    if kind_by(said.best) == said.kind:
        return line
    text = locale.gettext("%(answer)s. For some reasons: %(better)s")
    return text % {"answer": line, "better": inside(locale, rule_line(locale, said.best))}


def rule_line(locale: Locale, rule: ResolvedRule) -> str:
    """What a rule answers, in the same short line."""
    deadline = rule.deadline
    kind = (rule.verdict.value, (deadline.on_silence or "") if deadline else "", rule.instead or "")
    return _line(locale, kind, span_words(locale, str(deadline.span)) if deadline else "")


def _line(locale: Locale, kind: AnswerKind, time: str) -> str:
    _ = locale.gettext
    verdict, silence, instead = kind
    match verdict:
        case "approve":
            return _("Cancels at once")
        case "ask_seller" if silence == "approve":
            return _("The shop is asked; no answer within %(time)s means yes") % {"time": time}
        case "ask_seller" if silence == "refuse":
            return _("The shop is asked; no answer within %(time)s means no") % {"time": time}
        case "ask_seller" if silence == "escalate":
            return _("The shop is asked; without an answer within %(time)s the platform decides") % {"time": time}
        case "ask_seller":
            return _("The shop is asked and has %(time)s") % {"time": time}
        case "ask_carrier":
            return _("The carrier is asked and has %(time)s") % {"time": time}
        case "review":
            return _("The platform looks at it within %(time)s") % {"time": time}
        case _:
            return {
                "ask_seller_anyway": _("Only if the shop agrees"),
                "return_or_refund": _("No longer; refuse the parcel or return the goods"),
            }.get(instead, locale.term("way_on", instead) if instead else locale.term("verdict", "refuse"))


def request_sentence(locale: Locale, one: Cancellation, order: Order) -> str:  # noqa: C901, PLR0912, PLR0915 - one line for each state
    """Where a request stands, in a sentence that says what follows."""
    _ = locale.gettext
    values = {"amount": locale.money(Money(one.refund_minor, order.currency))}
    match one.status:
        case CancellationStatus.AWAITING_SELLER:
            text = _with_the_shop(locale, one)
        case CancellationStatus.AWAITING_CARRIER:
            text = {
                "approve": _("We asked the carrier to bring the parcel back. No answer in time means yes."),
                "refuse": _("We asked the carrier to bring the parcel back. No answer in time means no."),
                "escalate": _(
                    "We asked the carrier to bring the parcel back. No answer in time: the platform decides."
                ),
            }.get(one.on_silence, _("We asked the carrier to bring the parcel back."))
        case CancellationStatus.IN_REVIEW:
            text = _("A person of the platform is looking at your request. You need to do nothing.")
        case CancellationStatus.APPROVED if told := _astray(locale, order, one):
            return told
        case CancellationStatus.APPROVED if one.refund_minor and _only_tried(order, one):
            text = _("The refund of %(amount)s is only tried: this is a trial, and no money moves.")
        case CancellationStatus.APPROVED if one.closed_by == "carrier" and one.refund_minor:
            text = _("The carrier brings the parcel back. %(amount)s goes back the way you paid.")
        case CancellationStatus.APPROVED if one.refund_minor and _paid_back(order, one):
            text = _("%(amount)s has gone back the way you paid.")
        case CancellationStatus.APPROVED if one.refund_minor:
            text = _("%(amount)s goes back the way you paid. Below you see how far it is.")
        case CancellationStatus.APPROVED if order.paid:
            text = _("Nothing is left to refund: what you paid had gone back before, or stays as shown below.")
        case CancellationStatus.APPROVED:
            text = _("Nothing had been paid, so there is nothing to refund.")
        case CancellationStatus.REFUSED if one.closed_by == "seller":
            text = _("The shop declined, so the order goes on. You can still turn to platform support.")
        case CancellationStatus.REFUSED if one.closed_by == "silence" and (one.escalated_at or one.instead):
            text = {
                "return_or_refund": _(
                    "Nobody answered in time, and the parcel is on its way. Refuse it at the door or send it back."
                ),
            }.get(
                one.instead,
                _("Nobody answered in time, so the order goes on. You can still turn to platform support."),
            )
        case CancellationStatus.REFUSED if one.closed_by == "silence":
            text = _("The shop did not answer in time, so the order goes on.")
        case CancellationStatus.REFUSED if one.closed_by == "carrier":
            text = _("The carrier could not stop the parcel. Refuse it at the door, or send it back for a refund.")
        case CancellationStatus.REFUSED if one.closed_by == "support" and one.instead == "return_or_refund":
            text = _("The platform declined, and the parcel has left. You can send it back for a refund.")
        case CancellationStatus.REFUSED if one.closed_by == "support":
            text = _("The platform declined, so the order goes on. Its reason stands below.")
        case CancellationStatus.REFUSED:
            text = {
                "ask_seller_anyway": _("The policy does not allow it any more, but the shop may still agree."),
                "return_or_refund": _("The parcel has left. Refuse it at the door, or send it back for a refund."),
            }.get(one.instead, _("The policy does not allow it at this stage, so the order goes on."))
        case CancellationStatus.WITHDRAWN:
            text = _("You took the request back, so the order goes on.")
        case CancellationStatus.OVERTAKEN if called_back(one):
            text = _("The parcel arrived before the carrier could stop it. You can send it back for a refund.")
        case CancellationStatus.OVERTAKEN:
            text = _("The parcel left before anybody answered. You can refuse it at the door or return it.")
        case CancellationStatus.SETTLED if one.refund_minor:
            text = _("You took the shop's offer: you keep the goods, and %(amount)s goes back the way you paid.")
        case CancellationStatus.SETTLED:
            text = _("You took the shop's offer: the order ships later.")
        case CancellationStatus.UNDONE if one.closed_by == "support":
            text = _("The platform restored your order, so it goes on.")
        case CancellationStatus.UNDONE:
            text = _("Your payment had come in time, so the order goes on.")
    return text % values


def _with_the_shop(locale: Locale, one: Cancellation) -> str:
    """The sentence of a request that waits for the shop's answer, or for its buyer's to what the shop has offered."""
    _ = locale.gettext
    if offer_to_answer(one):
        # Nobody's silence is an answer to an offer: the request goes on.
        return {
            "approve": _("You can accept or decline it. If neither of you answers in time, your request is approved."),
            "refuse": _("You can accept or decline it. If neither of you answers in time, your request is declined."),
            "escalate": _("You can accept or decline it. If neither of you answers in time, the platform decides."),
        }.get(one.on_silence, _("You can accept or decline it."))
    if one.unreached:
        return _("The shop is asked, but nothing tells it so. If it does not answer in time, the platform decides.")
    return {
        "approve": _("The shop was told at once. If it does not answer in time, your request is approved."),
        "refuse": _("The shop was told at once. If it does not answer in time, the order goes on."),
        "escalate": _("The shop was told at once. If it does not answer in time, the platform decides."),
    }.get(one.on_silence, _("The shop was told at once and must answer."))


def _astray(locale: Locale, order: Order, one: Cancellation) -> str:
    """The sentence of a refund that did not go the way the buyer paid; empty for every other."""
    _ = locale.gettext
    undecided = failed_refund.unsettled(order)
    mine = [refund for refund in order.refunds if refund.cancellation == one.id and not refund.release]
    failed = sum(refund.amount_minor for refund in mine if refund in undecided)
    if failed:
        text = _("%(amount)s could not be paid back the way you paid. Platform support finds another way.")
        return text % {"amount": locale.money(Money(failed, order.currency))}
    values = {"amount": locale.money(Money(one.refund_minor, order.currency))}
    going = [refund for refund in mine if refund.status is not RefundStatus.FAILED]
    if not any(refund.into or refund.status is RefundStatus.TAKEN_ELSEWHERE for refund in going):
        return ""
    if all(refund.status in _THERE for refund in going):
        return _("You have %(amount)s back, not all of it the way you paid. Below you see how.") % values
    return _("You get %(amount)s back, not all of it the way you paid. Below you see how far it is.") % values


_THERE = frozenset({RefundStatus.SUCCEEDED, RefundStatus.TAKEN_ELSEWHERE})


def _paid_back(order: Order, one: Cancellation) -> bool:
    """Whether every refund of a request has come to the buyer, each by whichever way it went in the end."""
    states = {refund.status for refund in order.refunds if refund.cancellation == one.id and not refund.settled}
    return bool(states) and states <= _THERE


def _only_tried(order: Order, one: Cancellation) -> bool:
    """Whether all that goes back for a request was paid on trial."""
    on_trial = {tender.id for tender in order.tenders if tender.trial}
    tenders = {refund.tender for refund in order.refunds if refund.cancellation == one.id and not refund.settled}
    return bool(tenders) and tenders <= on_trial


def deadline_kind(one: Cancellation) -> str:
    """Which deadline a waiting request has."""
    if offer_to_answer(one):
        return "offer_answer"
    return {
        CancellationStatus.AWAITING_SELLER: "seller_answer",
        CancellationStatus.AWAITING_CARRIER: "carrier_answer",
    }.get(one.status, "review")


def reason(one: Cancellation) -> str:
    """The code of the reason that the buyer is told."""
    return reason_for_buyer(one.reason)


def request_title(locale: Locale, one: Cancellation) -> str:  # noqa: C901 - one line for each state
    """Where a request stands, as a heading."""
    _ = locale.gettext
    match one.status:
        case CancellationStatus.AWAITING_SELLER if offer_to_answer(one):
            return _("The shop has made you an offer")
        case CancellationStatus.AWAITING_SELLER:
            return _("You asked the shop to cancel")
        case CancellationStatus.AWAITING_CARRIER:
            return _("The carrier tries to stop the parcel")
        case CancellationStatus.IN_REVIEW:
            return _("The platform looks at your request")
        case CancellationStatus.APPROVED if one.filed_by == "seller":
            return _("The shop cancelled your order")
        case CancellationStatus.APPROVED:
            return _("Cancelled")
        case CancellationStatus.REFUSED:
            return _("Not cancelled")
        case CancellationStatus.WITHDRAWN:
            return _("You withdrew your request")
        case CancellationStatus.OVERTAKEN if called_back(one):
            return _("The parcel had already arrived")
        case CancellationStatus.OVERTAKEN:
            return _("The parcel had already left")
        case CancellationStatus.SETTLED:
            return _("Settled: you took the shop's offer")
        case CancellationStatus.UNDONE:
            return _("The order is restored")


def consequence(locale: Locale, answer: Answer) -> str:
    """What sending the form does, in one sentence above its button."""
    _ = locale.gettext
    match answer.kind[0]:
        case "approve":
            return _("Sending cancels at once. Nobody has to agree, and it cannot be undone.")
        case "ask_seller":
            return _("Sending asks the shop. You can withdraw the request until it has answered.")
        case "ask_carrier":
            return _("Sending asks the carrier to stop the parcel. You can withdraw until it has answered.")
        case "review":
            return _("Sending asks the platform to look at it. You can withdraw until it has answered.")
        case _:
            return _("Under the policy this selection cannot be cancelled.")


def send_label(locale: Locale, answer: Answer) -> str:
    """What the form's button says."""
    _ = locale.gettext
    return _("Cancel now") if answer.kind[0] == "approve" else _("Send the request")


def asked_kind(answer: Answer) -> str:
    """Which deadline begins when the form is sent."""
    return {"ask_seller": "seller_answer", "ask_carrier": "carrier_answer"}.get(answer.kind[0], "review")


def then_line(locale: Locale, answer: Answer) -> str:
    """What follows a free span, after "until ..."."""
    return locale.gettext("after that: %(answer)s") % {"answer": inside(locale, answer_line(locale, answer))}


def inside(locale: Locale, line: str) -> str:
    """A line as it stands inside a sentence; 中文 knows no capitals."""
    return line[:1].lower() + line[1:] if locale.tag == "en" else line


def option_name(locale: Locale, name: str) -> str:
    """What an option of a product is called; the shop's own word when it is none of the usual ones."""
    _ = locale.gettext
    return {
        "colour": _("Colour"),
        "color": _("Colour"),
        "size": _("Size"),
        "letter": _("Letter"),
        "text": _("Inscription"),
    }.get(name, name)
