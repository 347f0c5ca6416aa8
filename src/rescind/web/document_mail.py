"""A document by mail, as its page tells it: where it may go, when it went, and whether a server took it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from rescind.core.documents import Issued
from rescind.core.errors import RescindError
from rescind.core.mail import Mail, MailStatus
from rescind.locales import Locale
from rescind.web.session import Visit

LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class Sending:
    """One time it was sent. to: the address as this reader may see it, or who it was; said: what became of it."""

    mail: Mail
    to: str
    by: str
    said: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands on the page. where: the sentence beside the button; without a ``button`` it says why there is none.

    moving: something goes out by itself in a moment, so that it is worth looking again.
    """

    button: str
    where: str
    key: str
    wrong: str
    sendings: tuple[Sending, ...]
    moving: bool


async def panel(visit: Visit, issued: Issued, wrong: RescindError | None = None) -> Panel:
    """What there is to say about sending this document, to whoever is here. wrong: why it was not sent just now."""
    _ = visit.locale.gettext
    sent = await visit.desk.document_mail.of(visit.person, issued)
    server = await visit.desk.post.view() is not None
    own = visit.person.role == "buyer"
    if not sent.possible:
        button, where = "", _no_address(visit.locale, own=own)
    elif own:
        button = _("Send to my e-mail")
        where = _("To %(address)s, the address the marketplace knows you by.") % {"address": sent.to}
    else:
        button = _("Send to the buyer")
        where = (
            _("To the buyer's own address, %(address)s, and to no other.") % {"address": sent.to}
            if sent.to
            else _("To the buyer's own address and to no other; you need not know it.")
        )
    if button and not server:
        where += " " + _("This marketplace sends no mail at the moment; yours waits until it does.")
    return Panel(
        button=button,
        where=where,
        key=secrets.token_urlsafe(18),
        wrong=visit.locale.pgettext("problem.detail", wrong.code) % wrong.params if wrong else "",
        sendings=tuple(_sending(visit, one, hidden=sent.hidden, server=server) for one in sent.mails),
        moving=server and any(one.status is MailStatus.WAITING and not one.put_off for one in sent.mails),
    )


def _no_address(language: Locale, *, own: bool) -> str:
    _ = language.gettext
    if own:
        return _(
            "The marketplace has told us no e-mail address of yours that we can write to. Save the document instead."
        )
    return _("The marketplace has told us no e-mail address of this buyer that we can write to.")


def _sending(visit: Visit, one: Mail, *, hidden: bool, server: bool) -> Sending:
    _ = visit.locale.gettext
    return Sending(
        mail=one,
        to=_("the buyer") if hidden else one.masked,
        by=visit.locale.term("actor", one.asked_by.partition(":")[0]),
        said=said_of(visit.locale, one, server=server),
    )


def said_of(language: Locale, one: Mail, *, server: bool) -> str:
    """What became of a mail, for whoever asked for it. server: whether there is one to hand mail to."""
    _ = language.gettext
    match one.status:
        case MailStatus.TAKEN:
            return _("The mail server took it. If it does not arrive, look among unwanted mail.")
        case MailStatus.REFUSED:
            return _("The mail server refused it, so this one does not arrive.")
        case MailStatus.FAILED:
            return _("No mail server took it for three days, so it is not tried any more.")
        case MailStatus.DROPPED:
            return _("What it was to tell did not stand any more, so it was not sent.")
        case MailStatus.IN_DOUBT:
            return _(
                "The line broke before the server said whether it took it. "
                "See whether it arrived before you send it again."
            )
        case MailStatus.WAITING if not server:
            return _("It waits in the outbox until this marketplace sends mail.")
        case MailStatus.WAITING if one.put_off:
            return _("The mail server does not take it at the moment. It is tried again by itself.")
        case MailStatus.WAITING:
            return _("It goes out in a moment.")
