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
    base_url: str = "",
    identifier: str = "",
    reader: str = "",
    now: Instant | None = None,
) -> Words:
    """A notice, as it stands, in words. shop: its name; zone: the reader's, IANA; base_url: goes before the link.

    identifier: the notice's id; reader: the recipient's.
    now: when it is read, so that the year is said only where it is another.
    """
    spoken = locale(language) if isinstance(language, str) else language
    text, gaps = said(notice), _gaps(notice, spoken, shop)
    link, label = _action(notice, spoken)
    deadline = (
        f"{spoken.instant(notice.due_at, zone, now=now)} {spoken.zone(notice.due_at, zone)}" if notice.due_at else ""
    )
    return Words(
        subject=spoken.gettext(text.subject) % gaps,
        sentence=spoken.gettext(text.sentence) % gaps,
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


def _gaps(notice: Notice, language: Locale, shop: str) -> dict[str, str]:
    return {
        "number": notice.number,
        "shop": shop or language.term("actor", "seller"),
        "amount": language.money(notice.amount) if notice.amount else "",
    }


def _move(notice: Notice, language: Locale, deadline: str) -> str:
    """Whose move, by when, and what if not."""
    _ = language.gettext
    if not notice.move:
        return ""
    if notice.yours:
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
    return {
        "approve": _("Without an answer by then the request is approved by itself."),
        "refuse": _("Without an answer by then the request is declined by itself."),
        "escalate": _("Without an answer by then the platform decides."),
        "cancel": _("Otherwise the order is cancelled by itself."),
        "release": _("Otherwise the order goes on by itself."),
        "lead": _("Otherwise it goes to whoever leads support."),
        "lapse": _("Otherwise nothing of it happens."),
    }.get(notice.then, "")


_PARTS = {"buyer": "", "seller": "/seller", "support": "/support"}


def _action(notice: Notice, language: Locale) -> tuple[str, str]:
    """The page on which the action itself is done, and what the link to it says."""
    _ = language.gettext
    order = f"{_PARTS[notice.role]}/orders/{notice.order}"
    here = (order, _("See the order"))
    if notice.role == "buyer":
        return _for_buyer(notice, language) or here
    about = f"{order}/returns/{notice.about}"
    match notice.kind:
        case _ if notice.kind in _OF_RETURN:
            return about, _("See the case")
        case NoticeKind.CONTRADICTION:
            return f"{order}/contradictions/{notice.about}", _("See what to do")
        case NoticeKind.PAY_OUT | NoticeKind.PAY_OUT_LATE:
            return f"/support/refund-orders/{notice.about}", _("Pay it out")
        case NoticeKind.REQUEST_HELD if notice.role == "support":
            return f"{order}#decide", _("Decide")
        case _ if notice.role == "seller" and notice.group == "requests" and notice.about:
            return f"/seller/requests/{notice.about}", _("Answer the request") if notice.yours else _("See the request")
        case _:
            return here


_OF_RETURN = frozenset(
    {
        NoticeKind.RETURN_OPENED,
        NoticeKind.RETURN_QUESTIONED,
        NoticeKind.RETURN_ANSWERED,
        NoticeKind.RETURN_LATE,
        NoticeKind.RETURN_CLOSED,
    }
)


def _for_buyer(notice: Notice, language: Locale) -> tuple[str, str] | None:
    _ = language.gettext
    order = f"/orders/{notice.order}"
    if notice.open:
        return f"{order}/cancel", _("Request cancellation")
    if notice.kind is NoticeKind.ADDRESS_WANTED and not notice.over:
        return f"{order}/address", _("Check the address")
    if notice.kind in _OF_RETURN:
        return f"{order}/returns/{notice.about}", _("Answer") if notice.yours else _("See the case")
    if notice.group == "money":
        return f"{order}#refund", _("See the refund")
    if notice.group == "requests" and notice.about:
        return f"{order}/requests/{notice.about}", _("See the offer") if notice.yours else _("See the request")
    return None
