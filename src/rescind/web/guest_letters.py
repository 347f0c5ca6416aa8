"""The letter to a guest: the code that opens one order."""

from __future__ import annotations

from rescind.access.guest_codes import GOOD_FOR
from rescind.core.mail import Mail
from rescind.desk import Desk
from rescind.locales import locale
from rescind.mail.message import Letter, Over
from rescind.web.letter import Said, letter


def of_code(desk: Desk, mail: Mail) -> Letter:
    """The digits. Raises Over: by now they open nothing."""
    now = desk.now()
    if now >= mail.asked_at + GOOD_FOR:
        raise Over
    language = locale(mail.language)
    _ = language.gettext
    code = desk.guest_codes.code(mail.about)
    said = Said(
        subject=_("%(code)s opens your order") % {"code": code},
        lead=_("Type %(code)s on the page where you asked for it. It holds for ten minutes and opens one order.")
        % {"code": code},
        more=(_("Give it to nobody: no shop and no support asks for it."),),
        foot=(_("If it was not you, there is nothing to do: without the code nobody sees your order."),),
    )
    return letter(language, said, now)
