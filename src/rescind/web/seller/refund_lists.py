"""Refunds of a shop: by where they stand, and since when. To act on them is the platform's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.lists import REFUNDS
from rescind.core.refund import SANDBOX
from rescind.core.views import RefundRow, RefundState
from rescind.intake.narrowing import RefundNarrowing
from rescind.locales import Locale
from rescind.web.listing import asked, by_shop, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html
from rescind.web.tender import method_name

PATH: Final = "/seller/refunds"
_A_PAGE: Final = 50
_COUNTED: Final = ("in_doubt", "not_sent", "failed", "owed", "submitted")
"""Where refunds stand about which there may be something to do; how many have ended is on no tab."""

_PAST: Final = ("failed", "succeeded", "settled")


@get("/refunds")
async def read(console: Here) -> Html:
    """One list of them; the address says which."""
    return await by_state(console, PATH, _about(console.language))


async def by_state(
    console: Console,
    path: str,
    about: Mapping[RefundState, str],
    *,
    staff: bool = False,
    notice: Notice | None = None,
) -> Html:
    """The page under ``path``. about: what each list is, and whose move. staff: who looks after each is shown, and what
    the provider calls it.
    """
    language = console.language
    reads = console.desk.reads
    counts = await reads.refund_counts(console.scope)
    # Nobody is to look for work behind an empty tab.
    first = next((place for place in _COUNTED if counts[place]), "all")
    given = await by_shop(console.visit, asked(console.visit, REFUNDS, console.zone, usual={"state": first}))
    if given.go:
        return console.go(given.go)
    assert isinstance(given.narrowing, RefundNarrowing), "this list has such filters"
    where, filters = given.narrowing.state, given.filters(console.visit, console.zone)
    cursor = console.query("cursor") or None
    try:
        page = await reads.refunds(console.scope, filters, cursor, _A_PAGE, now=console.now)
    except InvalidField:
        page = await reads.refunds(console.scope, filters, None, _A_PAGE, now=console.now)
    if filters.numbers and not page.rows:
        # Whoever looks for a number does not know under which tab it stands.
        anywhere = msgspec.structs.replace(filters, tab="all")
        found = await reads.refunds(console.scope, anywhere, None, _A_PAGE, now=console.now)
        where, page = ("all", found) if found.rows else (where, page)
    around = await tools(console.visit, given, console.zone, path=path, total=page.total)
    columns = heads(language, around)
    for one in columns:
        if one["key"] == "next_check" and where in _PAST:
            # Nobody is asked any more; when it ended stands there instead.
            one["label"] = language.gettext("Failed on") if where == "failed" else language.pgettext("column", "ended")
    people: Mapping[str, str] = await console.staff(one.owner for one in page.rows) if staff else {}
    base = address(console.here, cursor=None, said=None)
    return console.page(
        "seller/refunds.html",
        notice=notice,
        errors=given.errors,
        path=path,
        staff=staff,
        tools=around,
        columns=columns,
        q=given.search.text,
        where=where,
        past=where in _PAST,
        sorts=[
            ("", language.gettext("Recommended")),
            ("newest", language.gettext("Newest")),
            ("amount", language.gettext("Amount")),
        ],
        sort=filters.sort or "",
        tabs=[
            {
                "href": address(base, state=place, sort=None, view=None),
                "label": label,
                "count": counts[place] if place in _COUNTED else None,
                "current": place == where,
            }
            for place, label in names(language).items()
        ],
        about=about[where],
        rows=[_row(console, one, people) for one in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


ROUTES = (read,)


def names(language: Locale) -> dict[RefundState, str]:
    """What each list is called."""
    _ = language.gettext
    return {
        "in_doubt": _("In doubt"),
        "not_sent": _("Not sent"),
        "failed": _("Failed"),
        "owed": _("To be sent"),
        "submitted": _("On their way"),
        "succeeded": _("Arrived"),
        "settled": _("Ended another way"),
        "all": _("All"),
    }


def ended(language: Locale) -> dict[RefundState, str]:
    """What the lists of refunds are about which there is nothing to do, and that of all, to whomever reads them."""
    _ = language.gettext
    return {
        "succeeded": _("The provider has confirmed them, or the platform has paid them out."),
        "settled": _("They did not go through, and the buyer got the money another way, or support said what becomes."),
        "all": _("Every refund that was ever owed, whatever became of it."),
    }


def _about(language: Locale) -> dict[RefundState, str]:
    _ = language.gettext
    return {
        "in_doubt": _("The provider gave no clear answer. It is asked again by itself; nothing is paid twice."),
        "not_sent": _(
            "Something is in the way before anything can be sent. It is tried again by itself, and platform support can"
            " send it another way. There is nothing for you to do."
        ),
        "failed": _(
            "The provider declined, or the bank sent the money back. Platform support finds another way with the buyer."
        ),
        "owed": _("Decided, and to be sent in a moment."),
        "submitted": _("The provider has them. They arrive in the bank's own time."),
        **ended(language),
    }


def _row(console: Console, one: RefundRow, people: Mapping[str, str]) -> dict[str, Any]:
    root = "/seller" if console.person.role == "seller" else "/support"
    return {
        "id": one.refund,
        "label": one.number,
        "href": f"{root}/orders/{one.order_id}",
        "one": one,
        "method": method_name(console.language, one.method),
        "tried": one.reference.startswith(f"{SANDBOX}-") and not console.desk.settings.demo,
        "days": (console.now - one.owed_at).days,
        "owner": people.get(one.owner or "", ""),
        "mine": one.owner == console.person.id,
        "old": one.place == "in_doubt" and (console.now - one.owed_at).days >= 1,
    }
