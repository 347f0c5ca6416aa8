"""Notices on pages: the list of a buyer, a shop or the platform, and reading them; the same for all three."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.errors import InvalidField
from rescind.core.instant import instant
from rescind.inbox import Shown, reader
from rescind.postgres.reads.notices import NoticeTab
from rescind.web.rendering import address
from rescind.web.session import Html, Visit, notices_of

Page = Callable[..., Html]
"""How a role's pages are made: ``visit.page`` or that of its console."""
ROOT = {"buyer": "/notices", "seller": "/seller/notices", "support": "/support/notices"}
FRAME = {"buyer": "buyer/frame.html", "seller": "seller/frame.html", "support": "seller/frame.html"}


async def listing(visit: Visit, page: Page) -> Html:
    """Somebody's notices, the latest first."""
    role, _party = reader(visit.person)
    _ = visit.locale.gettext
    names: dict[NoticeTab, str] = {"all": _("All"), "unread": _("Unread")}
    tab: NoticeTab = "unread" if visit.query("tab") == "unread" else "all"
    cursor, zone = visit.query("cursor") or None, visit.chosen.zone if role == "seller" else visit.zone
    inbox = visit.desk.inbox
    try:
        found = await inbox.page(visit.person, visit.locale, tab, cursor, zone=zone)
    except InvalidField:
        # A place of another list: the list from its beginning is what was meant.
        found = await inbox.page(visit.person, visit.locale, tab, zone=zone)
    base = address(visit.here, cursor=None, said=None)
    return page(
        "notices/list.html",
        base=FRAME[role],
        root=ROOT[role],
        tabs=[
            {
                "href": ROOT[role] if name == "all" else f"{ROOT[role]}?tab={name}",
                "label": label,
                "count": visit.unread_notices if name == "unread" else None,
                "current": name == tab,
            }
            for name, label in names.items()
        ],
        rows=[_row(one, ROOT[role]) for one in found.rows],
        previous=address(base, cursor=found.previous) if found.previous else "",
        next=address(base, cursor=found.next) if found.next else "",
        upto=found.rows[0].row.made_at.isoformat() if found.rows and not cursor else "",
        unread=visit.unread_notices,
        narrowed=tab != "all",
    )


def _row(one: Shown, root: str) -> dict[str, Any]:
    return {
        "id": one.row.id,
        "href": f"{root}/{one.row.id}",
        "notice": one.notice,
        "words": one.words,
        "at": one.row.made_at,
        "unread": one.row.read_at is None,
        "shop": one.row.shop_name,
    }


async def follow(visit: Visit, notice: str) -> Html:
    """Read one: go to where its action is. Raises NotFound for a missing and a foreign one alike."""
    found = await visit.desk.inbox.one(visit.person, notice, visit.locale)
    await visit.desk.inbox.read(visit.person, found.row.id)
    return visit.go(found.words.link)


async def read_all(visit: Visit) -> Html:
    """Everything that was on the page, and what is older, has been read."""
    form = await visit.form()
    role, _party = reader(visit.person)
    try:
        upto = instant(form.get("upto", ""))
    except InvalidField:
        upto = visit.now
    await visit.desk.inbox.read_all(visit.person, upto)
    return visit.go(ROOT[role])


# --- a buyer's own ---------------------------------------------------------------------------------------------------


@get("/notices")
async def of_buyer(visit: NamedDependency[Visit]) -> Html:
    """What a buyer was told."""
    visit.require("buyer")
    return await listing(visit, visit.page)


@get("/notices/unread")
async def unread(visit: NamedDependency[Visit]) -> Html:
    """The entry of the navigation alone, with the count as it is now; for whoever is signed in."""
    reader(visit.person)
    return visit.entry(notices_of(visit, visit.query("at")))


@get("/notices/{notice:str}")
async def follow_of_buyer(visit: NamedDependency[Visit], notice: FromPath[str]) -> Html:
    """Read one, and go where it leads."""
    visit.require("buyer")
    return await follow(visit, notice)


@post("/notices/read", status_code=HTTPStatus.SEE_OTHER)
async def read_all_of_buyer(visit: NamedDependency[Visit]) -> Html:
    """Everything has been read."""
    visit.require("buyer")
    return await read_all(visit)


ROUTES = (of_buyer, unread, follow_of_buyer, read_all_of_buyer)
