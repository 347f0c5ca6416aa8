"""What stands around a list that is on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from rescind.core.listing import Column, Listing
from rescind.core.lists import LISTS
from rescind.inbox import owner
from rescind.lists import reader_of
from rescind.locales import Locale
from rescind.postgres.saved_views import SavedView
from rescind.web.listing import shops
from rescind.web.listing.asked import PLACES, Asked
from rescind.web.listing.fields import KEPT, fields, in_force, said
from rescind.web.rendering import address
from rescind.web.session import Visit

ROOT = {"seller": "/seller", "support": "/support"}


@dataclass(frozen=True, slots=True)
class Tools:
    """What the pieces around a list show. fields: filters, each by its kind. chips: those in force.

    kept: hidden fields of the form that filters. columns: those of the list, and which of them are shown.
    """

    name: str
    path: str
    back: str
    kept: Mapping[str, str]
    fields: list[dict[str, Any]]
    chips: list[dict[str, str]]
    narrowed: bool
    views: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    shown: tuple[str, ...]
    where: str
    files: list[dict[str, str]]
    root: str
    count: str


async def tools(
    visit: Visit, given: Asked, zone: str, *, path: str, total: int | None = None, counted: bool = True
) -> Tools:
    """Everything around a list that is on a page. total: of its rows, None for more than are counted."""
    listing, reader = given.listing, reader_of(visit.person)
    views = await visit.desk.views.of(owner(visit.person), listing.name)
    current = next((one for one in views if one.view_id == visit.query("view")), None)
    columns = await columns_of(visit, listing, current)
    by_name = "shop" in listing.filters and reader == "support"
    shop = await shops.name_of(visit, given.value("shop")) if by_name else ""
    offered = await shops.names(visit) if by_name else []
    root = ROOT[reader]
    shown = tuple(one.name for one in columns)
    here = address(visit.here, cursor=None, after=None, said=None, open=None, of=None)
    takes = f"{root}/lists/{listing.name}/export?{given.where}"
    chosen = [("column", name) for name in shown]
    kept = {name: given.value(name) for name in KEPT if given.value(name)}
    return Tools(
        name=listing.name,
        path=path,
        back=here,
        kept=kept,
        fields=fields(visit, given, zone, shop, offered),
        chips=_chips(visit, given, here, zone, shop),
        narrowed=bool(given.search.text) or any(in_force(given)),
        views=_views(visit, listing, views, path, current),
        columns=[
            {"name": one.name, "label": visit.locale.pgettext("column", one.name), "shown": one.name in shown}
            for one in listing.of(reader)
        ],
        shown=shown,
        where=given.where,
        files=[
            {"href": f"{takes}&{urlencode([('format', form), *chosen])}", "label": label}
            for form, label in (("csv", "CSV"), ("xlsx", visit.locale.gettext("Excel workbook (XLSX)")))
        ],
        root=root,
        count=count_words(visit.locale, total) if counted else "",
    )


async def columns_of(visit: Visit, listing: Listing, view: SavedView | None = None) -> tuple[Column, ...]:
    """The columns that somebody sees: those of the view, else those they chose, else the usual ones."""
    reader = reader_of(visit.person)
    names = view.columns if view else await visit.desk.views.columns(owner(visit.person), listing.name)
    known = {one.name for one in listing.of(reader)}
    return listing.chosen([one for one in names if one in known], reader)


def count_words(language: Locale, total: int | None) -> str:
    """How many rows there are, in words."""
    if total is None:
        return language.gettext("More than 10,000")
    return language.ngettext("%(num)s row", "%(num)s rows", total) % {"num": language.number(total)}


def _chips(visit: Visit, given: Asked, here: str, zone: str, shop: str) -> list[dict[str, str]]:
    """What is in force, each with the address that takes it off."""
    chips: list[dict[str, str]] = []
    if given.search.text:
        chips.append({"href": address(here, q=None, number=None, text=None), "label": given.search.short})
    for name, value in in_force(given):
        if visit.query(name):
            off: dict[str, Any] = {name: tuple(one for one in given.values(name) if one != value), "view": None}
            if name == "currency":
                # An amount without its currency is no amount.
                off |= {"amount_min": None, "amount_max": None}
            chips.append({"href": address(here, **off), "label": said(visit.locale, given, name, value, zone, shop)})
    return chips


def _views(
    visit: Visit, listing: Listing, own: Sequence[SavedView], path: str, current: SavedView | None
) -> list[dict[str, Any]]:
    """Views that everybody has, then those that somebody keeps. One is current where the address is its own."""
    here = sorted((name, value) for name, value in visit.request.query_params.multi_items() if name not in PLACES)
    shipped = [
        {
            "href": f"{path}?{urlencode(one.where)}",
            "label": visit.locale.pgettext("view", one.name),
            "current": current is None and here == sorted(one.where.items()),
        }
        for one in listing.views_of(reader_of(visit.person))
    ]
    return shipped + [
        {"href": opened(path, one), "label": one.name, "current": current is not None and one == current} for one in own
    ]


def opened(path: str, view: SavedView) -> str:
    """The address of a list as a view keeps it."""
    pairs = parse_qsl(view.query)
    rest = [(name, value) for name, value in pairs if name not in {"number", "text"}]
    words = " ".join(value for name, value in pairs if name in {"number", "text"})
    return f"{path}?{urlencode([*rest, *([('q', words)] if words else []), ('view', view.view_id)])}"


def path_of(root: str, name: str) -> str:
    """Where a list is."""
    if name == "people" and root == ROOT["support"]:
        # It is the operator's alone.
        return "/operator/people"
    return f"{root}/{name}"


def heads(language: Locale, around: Tools, *, main: str = "number") -> list[dict[str, Any]]:
    """The heads of the columns that are shown, as tables take them. main: the one that leads to the row's own page.

    It is there in any case: without it nobody could open a row.
    """
    listing = LISTS[around.name]
    names = around.shown if main in around.shown else (main, *around.shown)
    return [
        {
            "key": one.name,
            "label": language.pgettext("column", one.name),
            "main": one.name == main,
            "align": "end" if one.kind in {"money", "number"} else "",
        }
        for one in listing.columns
        if one.name in names
    ]
