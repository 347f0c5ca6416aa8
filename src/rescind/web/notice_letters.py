"""Letters that tell of a notice, of a day's notices, or prove an address; their words are made when they are sent."""

from __future__ import annotations

from rescind.core.mail import Mail
from rescind.desk import Desk
from rescind.locales import Locale, locale
from rescind.mail.message import Letter, Over
from rescind.notices import Words, words
from rescind.postgres.notice_people import Owner, Recipient
from rescind.postgres.notice_sends import Found
from rescind.web.letter import Said, letter

PREFERENCES = {"buyer": "/notices/preferences", "seller": "/seller/notices/preferences"}
_STAFF = "/support/notices/preferences"


async def of_notice(desk: Desk, mail: Mail) -> Letter:
    """One notice as it stands. Raises Over: it does not any more, or nobody is to be told of it."""
    to = await desk.inbox.people.recipient(mail.reader)
    found = await desk.inbox.sends.one(mail.about)
    if to is None or found is None:
        raise Over
    language = locale(mail.language)
    told = await _words(desk, found, language, to, mail.about)
    if told is None:
        raise Over
    token = desk.inbox.unsubscribing.token(to.owner, found.notice.group)
    end = f"{desk.base_url}/unsubscribe/{token}" if token and desk.base_url else ""
    said = Said(
        subject=told.subject,
        lead=told.sentence,
        more=(told.move,) if told.move else (),
        link=told.link if desk.base_url else "",
        label=told.label,
        foot=_foot(desk, language, to.owner, end),
    )
    # RFC 8058 wants https; without it the link in the letter is the way.
    return letter(language, said, desk.now(), unsubscribe=end if end.startswith("https://") else "")


async def of_day(desk: Desk, mail: Mail) -> Letter:
    """A day's notices, those that still stand. Raises Over: none of them does."""
    to = await desk.inbox.people.recipient(mail.reader)
    if to is None:
        raise Over
    language = locale(mail.language)
    found = await desk.inbox.sends.of_mail(mail.id)
    told = [one for name, each in found if (one := await _words(desk, each, language, to, name)) is not None]
    if not told:
        raise Over
    ngettext = language.ngettext
    said = Said(
        subject=ngettext("%(num)s thing happened to your orders", "%(num)s things happened to your orders", len(told))
        % {"num": len(told)},
        lead=language.gettext("This is what happened, once a day as you chose."),
        more=tuple(_line(one, linked=bool(desk.base_url)) for one in told),
        foot=_foot(desk, language, to.owner, ""),
        link=f"{desk.base_url}{_inbox(to.owner)}" if desk.base_url else "",
        label=language.gettext("See all notices"),
    )
    return letter(language, said, desk.now())


async def of_code(desk: Desk, mail: Mail) -> Letter:
    """The code that proves an address. Raises Over: it is proved already, or was taken away."""
    kept = await desk.inbox.people.by_id(mail.reader)
    if kept is None or kept.verified_at is not None:
        raise Over
    _ = locale(mail.language).gettext
    code = desk.inbox.code(kept.id, mail.about)
    said = Said(
        subject=_("%(code)s is your code") % {"code": code},
        lead=_("Type %(code)s on the page of notices to be told at this address. It holds for an hour.")
        % {"code": code},
        more=(_("If you did not ask for it, there is nothing to do: without the code nothing is sent here."),),
        foot=(_("Sent because somebody gave this address to be told of orders."),),
    )
    return letter(locale(mail.language), said, desk.now())


async def _words(desk: Desk, found: Found, language: Locale, to: Recipient, identifier: str) -> Words | None:
    notice = await desk.prospects.notice(found.notice, found.order, found.unread)
    if notice.over:
        return None
    zone = to.preferences.zone or found.zone
    return words(
        notice,
        language,
        shop=found.shop_name,
        zone=zone,
        promised_in=found.zone if notice.role == "support" else "",
        base_url=desk.base_url,
        identifier=identifier,
        reader=to.id,
        now=desk.now(),
    )


def _line(one: Words, *, linked: bool) -> str:
    said = " ".join(part for part in (one.sentence, one.move) if part)
    return f"{said}\n{one.link}" if linked else said


def _inbox(owner: Owner) -> str:
    return {"buyer": "/notices", "seller": "/seller/notices"}.get(owner.role, "/support/notices")


def _foot(desk: Desk, language: Locale, owner: Owner, end: str) -> tuple[str, ...]:
    _ = language.gettext
    lines = [
        _("Sent because you have an order here.")
        if owner.role == "buyer"
        # Also true of what nobody can switch off.
        else _("Sent because somebody gave this address to be told of orders.")
    ]
    if desk.base_url:
        page = desk.base_url + PREFERENCES.get(owner.role, _STAFF)
        lines.append(_("How you are told: %(page)s") % {"page": page})
    if end:
        lines.append(_("No more mail of this kind: %(link)s") % {"link": end})
    return tuple(lines)
