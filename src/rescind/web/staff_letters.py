"""Letters to people who work here: an invitation, a new beginning, another password. Each is a link that works once."""

from __future__ import annotations

from rescind.core.mail import Mail
from rescind.desk import Desk
from rescind.locales import Locale, locale
from rescind.mail.message import Letter, Over
from rescind.postgres.staff_links import StaffLink
from rescind.web.letter import Said, letter


async def of_link(desk: Desk, mail: Mail) -> Letter:
    """The letter with a link. Raises Over: it was used, taken back or is over."""
    link = await desk.people.links.find(mail.about)
    if link is None or not desk.base_url:
        raise Over
    language = locale(mail.language)
    return letter(language, await _said(desk, language, link), desk.now())


async def _said(desk: Desk, language: Locale, link: StaffLink) -> Said:
    _ = language.gettext
    address = desk.people.address(link)
    until = _("It works once, until %(when)s UTC.") % {"when": language.instant(link.expires_at)}
    if link.kind == "password":
        return Said(
            subject=_("Choose another password"),
            lead=_("Somebody asked for another password for this address. The link below lets you choose one."),
            more=(until, _("The code of your app is asked for as before.")),
            link=address,
            label=_("Choose a password"),
            foot=(_("If it was not you, there is nothing to do: your password stays."),),
        )
    if link.kind == "anew":
        return Said(
            subject=_("Choose anew what you sign in with"),
            lead=_("An operator has let you begin anew: what you signed in with before is forgotten."),
            more=(until,),
            link=address,
            label=_("Begin anew"),
            foot=(_("If you did not ask for it, tell an operator: you cannot sign in until you have chosen."),),
        )
    shop = (await desk.reads.shop(link.grant.shop)).name if link.grant.shop else ""
    of = {"shop": shop, "role": language.term("actor", link.role), "name": link.name}
    return Said(
        subject=_("You are invited to %(shop)s") % of if shop else _("You are invited to the cancellation desk"),
        lead=(
            _("%(name)s, you are invited to answer buyers and look after orders for %(shop)s.") % of
            if shop
            else _("%(name)s, you are invited to work at the cancellation desk as: %(role)s.") % of
        ),
        more=(_("Choose a passkey, or a password with an authenticator app."), until),
        link=address,
        label=_("Take it up"),
        foot=(_("If you do not know what this is about, leave it: nothing happens without you."),),
    )
