"""The letter that says that a list is ready. It names no person and no order: those are in the file, behind sign-in."""

from __future__ import annotations

from rescind.core.errors import NotFound
from rescind.core.mail import Mail
from rescind.desk import Desk
from rescind.locales import locale
from rescind.mail.message import Letter, Over
from rescind.postgres.exports import KEPT_FOR
from rescind.web.letter import Said, letter

_ROOT = {"seller": "/seller", "support": "/support"}


async def of_list(desk: Desk, mail: Mail) -> Letter:
    """That a file is ready. Raises Over: it is not there any more, or its view is not mailed any more."""
    language = locale(mail.language)
    _, ngettext = language.gettext, language.ngettext
    try:
        file = await desk.lists.exports.file(mail.about)
    except NotFound:
        raise Over from None
    view = await desk.views.by_id(file.view_id)
    if view is None or not view.rhythm:
        raise Over
    root, named = _ROOT[view.role], language.pgettext("list", file.list)
    rows = ngettext("%(num)s row", "%(num)s rows", file.rows) % {"num": language.number(file.rows)}
    until = language.date((file.made_at + KEPT_FOR).date())
    end = f"{desk.base_url}/unsubscribe/{desk.inbox.unsubscribing.of_view(view.owner, view.view_id)}"
    linked = bool(desk.base_url)
    said = Said(
        subject=_("Your list is ready: %(list)s") % {"list": named},
        lead=_("A view that you keep was made into a file: %(list)s, %(rows)s.") % {"list": named, "rows": rows},
        more=(_("It is there for you alone, once you have signed in, until %(day)s.") % {"day": until},),
        link=f"{desk.base_url}{root}/views/files/{file.file_id}" if linked else "",
        label=_("Get the file"),
        foot=(
            _("Sent because you chose to be mailed this view."),
            *((_("When it is mailed: %(page)s") % {"page": f"{desk.base_url}{root}/views"},) if linked else ()),
            *((_("No more mail of this kind: %(link)s") % {"link": end},) if linked else ()),
        ),
    )
    # RFC 8058 wants https; without it the link in the letter is the way.
    return letter(language, said, desk.now(), unsubscribe=end if end.startswith("https://") else "")
