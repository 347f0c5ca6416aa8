"""A notice in words: what it means, whose move it is until when and what happens otherwise, and where to act."""

from __future__ import annotations

import msgspec

from rescind.core.instant import Instant
from rescind.core.notice import Notice, NoticeKind
from rescind.locales import Locale, locale
from rescind.notices.sentences import said


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown or sent. sentence: the one meaning. deadline: until when something is asked, with its zone; empty
    where nothing is. move: whose move it is, until when and what happens otherwise; empty where nothing is asked of
    anybody. link: where the action itself is; label: what it is called. notice, order, group, reader, language: which
    notice and whose, for a channel with a queue of its own that makes the words anew when its turn comes.
    """

    subject: str
    sentence: str
    deadline: str = ""
    move: str = ""
    link: str
    label: str
    notice: str = ""
    order: str = ""
    group: str = ""
    reader: str = ""
    language: str = ""


def words(
    notice: Notice,
    language: Locale | str,
    *,
    shop: str = "",
    zone: str = "UTC",
    promised_in: str = "",
    base_url: str = "",
    identifier: str = "",
    reader: str = "",
    now: Instant | None = None,
) -> Words:
    """A notice, as it stands, in words. shop: its name; zone: the reader's, IANA; base_url: goes before the link.

    promised_in: the zone of the shop, for a reader who has orders of many: said too where the hour is another.

    identifier: the notice's id; reader: the recipient's.
    now: when it is read, so that the year is said only where it is another.
    """
    spoken = locale(language) if isinstance(language, str) else language
    text, gaps = said(notice), _gaps(notice, spoken, shop)
    link, label = _action(notice, spoken)
    deadline = _deadline(notice.due_at, spoken, zone, promised_in, now) if notice.due_at else ""
    meant = [spoken.gettext(text.sentence) % gaps, *_possible(notice, spoken)]
    return Words(
        subject=spoken.gettext(text.subject) % gaps,
        sentence=("" if spoken.tag == "zh" else " ").join(meant),
        deadline=deadline,
        move="" if notice.over else _move(notice, spoken, deadline),
        link=base_url + link,
        label=label,
        notice=identifier,
        order=notice.order,
        group=notice.group,
        reader=reader,
        language=spoken.tag,
    )


def _deadline(due_at: Instant, language: Locale, zone: str, promised_in: str, now: Instant | None) -> str:
    told = f"{language.instant(due_at, zone, now=now)} {language.zone(due_at, zone)}"
    there = language.zone(due_at, promised_in) if promised_in else ""
    if not there or there == language.zone(due_at, zone):
        return told
    at = f"{language.instant(due_at, promised_in, now=now)} {there}"
    return language.gettext("%(when)s (at the shop: %(there)s)") % {"when": told, "there": at}


def _gaps(notice: Notice, language: Locale, shop: str) -> dict[str, str]:
    _ = language.gettext
    name = shop or language.term("actor", "seller")
    writers = {"buyer": _("The buyer"), "seller": name, "platform": _("Platform support")}
    count = notice.unread
    return {
        "number": notice.number,
        "shop": name,
        "amount": language.money(notice.amount) if notice.amount else "",
        "topic": _topic(notice, language),
        "from": writers.get(notice.by, ""),
        "unread": language.ngettext("%(num)s new message", "%(num)s new messages", count)
        % {"num": language.number(count)},
        "text": notice.text or _("These words were erased."),
    }


def _possible(notice: Notice, language: Locale) -> tuple[str, ...]:
    """What its buyer can do about the order, as the order's page says it; nothing where the policy lets nothing."""
    _ = language.gettext
    match notice.can:
        case "cancel":
            return (_("You can still cancel it. Nobody has to agree."),)
        case "ask":
            return (_("You can still ask to cancel it."),)
        case "favour":
            return (_("The time in which it can be cancelled is over. The shop may still agree: ask before it ships."),)
        case "":
            return ()


def _topic(notice: Notice, language: Locale) -> str:
    """What a conversation is about, within a sentence."""
    _ = language.gettext
    if notice.number:
        return _("order %(number)s") % {"number": notice.number}
    return _("“%(subject)s”") % {"subject": notice.subject} if notice.subject else _("a question to the shop")


def _move(notice: Notice, language: Locale, deadline: str) -> str:
    """Whose move, by when, and what if not."""
    _ = language.gettext
    if not notice.move:
        return ""
    if notice.kind is NoticeKind.OFFER_MADE and notice.role == "buyer":
        whose = _("You can answer the offer until %(when)s.")
    elif notice.yours:
        whose = _("It is your move, until %(when)s.") if deadline else _("It is your move.")
    else:
        whose = {
            "buyer": _("It is the buyer's move, until %(when)s.") if deadline else _("It is the buyer's move."),
            "seller": _("It is the shop's move, until %(when)s.") if deadline else _("It is the shop's move."),
            "support": _("It is the platform's move, until %(when)s.") if deadline else _("It is the platform's move."),
            "carrier": _("It is the carrier's move, until %(when)s.") if deadline else _("It is the carrier's move."),
        }[notice.move]
    parts = [whose % {"when": deadline}]
    if deadline and (otherwise := _otherwise(notice, language)):
        parts.append(otherwise)
    return ("" if language.tag == "zh" else " ").join(parts)


def _otherwise(notice: Notice, language: Locale) -> str:
    _ = language.gettext
    if notice.kind is NoticeKind.OFFER_MADE and notice.role == "buyer":
        # Nobody's silence is an answer to an offer: the request goes on, and it is the shop that owes an answer.
        return {
            "approve": _("If you do nothing and the shop does not answer either, your request is approved then."),
            "refuse": _("If you do nothing and the shop does not answer either, your request is declined then."),
            "escalate": _("If you do nothing and the shop does not answer either, the platform decides then."),
        }.get(notice.then, "")
    return {
        "approve": _("Without an answer by then the request is approved by itself."),
        "refuse": _("Without an answer by then the request is declined by itself."),
        "escalate": _("Without an answer by then the platform decides."),
        "cancel": _("Otherwise the order is cancelled by itself."),
        "release": _("Otherwise the order goes on by itself."),
        "lead": _("Otherwise it goes to whoever leads support."),
        "lapse": _("Otherwise nothing of it happens."),
        "call": _("Without an answer by then the buyer can call the platform."),
        "called": _("That is over, so the buyer can call the platform."),
    }.get(notice.then, "")


_PARTS = {"buyer": "", "seller": "/seller", "support": "/support"}


def _action(notice: Notice, language: Locale) -> tuple[str, str]:
    """The page on which the action itself is done, and what the link to it says.

    Where nothing is to be done any more, what the link leads to tells what happened instead.
    """
    _ = language.gettext
    part = _PARTS[notice.role]
    if notice.thread is not None:
        # At the first message that was not read: a conversation is read downwards from there.
        there = f"{part}/messages/{notice.thread}?from={notice.about}#{notice.about}"
        return there, _("Reply") if notice.yours else _("See the conversation")
    order = f"{part}/orders/{notice.order}"
    found = {"buyer": _for_buyer, "seller": _for_seller, "support": _for_support}[notice.role](notice, order, language)
    return found or (order, _("See the order"))


_OF_RETURN = frozenset(
    {
        NoticeKind.RETURN_OPENED,
        NoticeKind.RETURN_QUESTIONED,
        NoticeKind.RETURN_ANSWERED,
        NoticeKind.RETURN_LATE,
        NoticeKind.RETURN_CLOSED,
    }
)


def _for_buyer(notice: Notice, order: str, language: Locale) -> tuple[str, str] | None:
    _ = language.gettext
    match notice.can:
        case "cancel":
            return f"{order}/cancel", _("Cancel order")
        case "ask":
            return f"{order}/cancel", _("Request cancellation")
        case "favour":
            return f"{order}/cancel?anyway=1", _("Ask the shop anyway")
        case "":
            pass
    if notice.kind is NoticeKind.ADDRESS_WANTED and not notice.over:
        return f"{order}/address", _("Check the address")
    if notice.kind in _OF_RETURN:
        return f"{order}/returns/{notice.about}", _("Answer") if notice.yours else _("See the case")
    if notice.group == "money":
        return f"{order}#refund", _("See the refund")
    if notice.group == "requests" and notice.about:
        return f"{order}/requests/{notice.about}", _("See the offer") if notice.yours else _("See the request")
    return None


def _for_seller(notice: Notice, order: str, language: Locale) -> tuple[str, str] | None:
    _ = language.gettext
    if notice.kind in _OF_RETURN:
        return f"{order}/returns/{notice.about}", _("See the case")
    if notice.group == "requests" and notice.about:
        return f"/seller/requests/{notice.about}", _("Answer the request") if notice.yours else _("See the request")
    match notice.kind:
        case NoticeKind.CONTRADICTION:
            return f"{order}/contradictions/{notice.about}", _("See what to do")
        case NoticeKind.ORDER_NOTE:
            return f"{order}#notes", _("Read the note")
        case NoticeKind.CALLED | NoticeKind.CALLED_CLOSED:
            return f"{order}#called", _("See what it was called for")
        case NoticeKind.CHARGEBACK:
            return f"{order}#money", _("See the money")
        case NoticeKind.SECOND_WANTED if not notice.over:
            return f"{order}#{notice.about.replace(':', '-')}", _("Look at the proposal")
        case NoticeKind.SECOND_WANTED:
            return f"{order}#story", _("See what happened")
        case _:
            return None


def _for_support(notice: Notice, order: str, language: Locale) -> tuple[str, str] | None:
    _ = language.gettext
    if notice.kind in _OF_RETURN:
        return f"{order}/returns/{notice.about}", _("See the case")
    match notice.kind:
        case NoticeKind.CONTRADICTION:
            return f"{order}/contradictions/{notice.about}", _("See what to do")
        case NoticeKind.PAY_OUT | NoticeKind.PAY_OUT_LATE:
            return f"/support/refund-orders/{notice.about}", _("Pay it out")
        case NoticeKind.CALLED | NoticeKind.CALLED_LATE:
            return f"{order}#called", _("See what it was called for")
        case NoticeKind.CHARGEBACK | NoticeKind.REFUND_UNCLEAR:
            return f"{order}#money", _("See the money")
        case NoticeKind.REFUND_FAILED if notice.over:
            return f"{order}#money", _("See the money")
        case NoticeKind.REFUND_FAILED:
            return f"{order}#failed-{notice.about}", _("Find another way")
        case _ if notice.over or notice.kind is NoticeKind.OVERTAKEN:
            return f"{order}#story", _("See what happened")
        case NoticeKind.REVIEW_WANTED:
            return f"{order}#review", _("Look at it")
        case NoticeKind.REQUEST_HELD | NoticeKind.REOPENED | NoticeKind.EXTENDED:
            return f"{order}#decide", _("Decide")
        case NoticeKind.SECOND_WANTED:
            return f"{order}#{notice.about.replace(':', '-')}", _("Look at the proposal")
        case _:
            return None
