"""Who took which list away, when and how much of it, for operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.ids import ShopId
from rescind.core.lists import LISTS
from rescind.core.staff import KEY_HOLDER
from rescind.core.views import ExportFilters
from rescind.postgres.exports import Taken
from rescind.web.listing.tools import count_words
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here
from rescind.web.session import Html

_WAYS = ("page", "api", "cli", "mail")


@get("/exports")
async def read(console: Here) -> Html:
    """The record, newest first; the address says of which list, by which way, and whether of people who bought."""
    language, reads = console.language, console.desk.reads
    _ = language.gettext
    chosen = {name: console.query(name) for name in ("list", "via", "personal", "person")}
    filters = ExportFilters(
        list=chosen["list"] if chosen["list"] in LISTS else "",
        via=chosen["via"] if chosen["via"] in _WAYS else "",
        person=chosen["person"],
        personal={"yes": True, "no": False}.get(chosen["personal"]),
    )
    try:
        page = await reads.exports(filters, console.query("cursor") or None)
    except InvalidField:
        filters = ExportFilters()
        page = await reads.exports(filters)
    base = address(console.here, cursor=None)
    people = await _people(console, page.rows)
    return console.page(
        "operator/exports.html",
        rows=[_row(console, one, people) for one in page.rows],
        chosen=chosen,
        lists=[("", _("Any")), *((name, language.pgettext("list", name)) for name in LISTS)],
        ways=[("", _("Any")), *((way, language.pgettext("export_way", way)) for way in _WAYS)],
        kinds=[("", _("Any")), ("yes", _("With people who bought")), ("no", _("Without people who bought"))],
        off=[{"href": address(base, person=None), "label": filters.person}] if filters.person else [],
        narrowed=filters != ExportFilters(),
        count=count_words(language, page.total),
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


async def _people(console: Console, rows: Iterable[Taken]) -> Mapping[tuple[str, str], str]:
    """What everybody of a page is called, by shop (empty for the platform) and id."""
    by_shop: dict[str, set[str]] = {}
    for one in rows:
        by_shop.setdefault(one.shop_id, set()).add(one.person)
    found: dict[tuple[str, str], str] = {}
    for shop, ids in by_shop.items():
        if shop:
            names = await console.desk.access.names("seller", ids, ShopId(shop))
        else:
            names = await console.staff(ids)
        found |= {(shop, person): name for person, name in names.items()}
    return found


def _row(console: Console, one: Taken, people: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    language = console.language
    who = people.get((one.shop_id, one.person), one.person)
    return {
        "id": one.export_id,
        "one": one,
        "list": language.pgettext("list", one.list),
        "who": language.gettext("key %(name)s") % {"name": who} if one.person.startswith(KEY_HOLDER) else who,
        "only": address(console.here, cursor=None, person=one.person),
        "of": one.shop_name or language.term("actor", one.role),
        "way": language.pgettext("export_way", one.via),
        "columns": language.gettext(", ").join(language.pgettext("column", name) for name in one.columns),
    }


ROUTES = (read,)
