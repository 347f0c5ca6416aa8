"""Refunds of a shop that have not arrived: by where they stand, and since when. To act on them is the platform's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import get

from rescind.core.errors import RescindError
from rescind.core.ids import canonical
from rescind.core.lists import REFUNDS
from rescind.core.money import Money
from rescind.intake.narrowing import RefundNarrowing
from rescind.locales import Locale
from rescind.postgres.refunds import LISTS, LOOKED_AT, RefundLists, RefundView, Where
from rescind.web.listing import asked, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

PATH: Final = "/seller/refunds"
_A_PAGE: Final = 50


@get("/refunds")
async def read(console: Here) -> Html:
    """One list of them; the address says which."""
    return await by_state(console, PATH, _about(console.language))


async def by_state(
    console: Console, path: str, about: Mapping[Where, str], *, staff: bool = False, notice: Notice | None = None
) -> Html:
    """The page under ``path``. about: what each list is, and whose move. staff: who looks after each is shown, and what
    the provider calls it.
    """
    given = asked(console.visit, REFUNDS, console.zone)
    if given.go:
        return console.go(given.go)
    assert isinstance(given.narrowing, RefundNarrowing), "this list has such filters"
    where, numbers = given.narrowing.state, given.narrowing.number
    lists = RefundLists(console.desk.pool)
    after = _refund(console.query("after"))
    counts = await lists.counts(console.scope)
    found = await lists.listed(console.scope, where, after=after, limit=_A_PAGE + 1, numbers=numbers)
    if numbers and not found:
        # Whoever looks for a number does not know under which tab it stands.
        for other in LISTS:
            if elsewhere := await lists.listed(console.scope, other, limit=_A_PAGE + 1, numbers=numbers):
                where, found = other, elsewhere
                break
    shown = found[:_A_PAGE]
    base = address(path, state=where, q=given.search.text or None)
    around = await tools(console.visit, given, console.zone, path=path, counted=False)
    columns = heads(console.language, around)
    for one in columns:
        if one["key"] == "next_check" and where == "failed":
            one["label"] = console.language.gettext("Failed on")
    people: Mapping[str, str] = await console.staff(one.owner for one in shown) if staff else {}
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
        tabs=[
            {
                "href": address(path, state=None if one == LISTS[0] else one, q=given.search.text or None),
                "label": label,
                "count": counts[one],
                "current": one == where,
            }
            for one, label in names(console.language).items()
        ],
        about=about[where],
        rows=[_row(console, one, people) for one in shown],
        capped=sum(counts[one] for one in LISTS if one != "failed") >= LOOKED_AT,
        next=address(base, after=shown[-1].refund) if len(found) > _A_PAGE else "",
        first=base if after else "",
    )


ROUTES = (read,)


def where_of(text: str) -> Where:
    """The list that an address or a form names; the first where it names none."""
    for one in LISTS:
        if text == one:
            return one
    return LISTS[0]


def names(language: Locale) -> dict[Where, str]:
    """What each list is called."""
    _ = language.gettext
    return {
        "in_doubt": _("In doubt"),
        "not_sent": _("Not sent"),
        "failed": _("Failed"),
        "owed": _("To be sent"),
        "submitted": _("On their way"),
    }


def _about(language: Locale) -> dict[Where, str]:
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
    }


def _row(console: Console, one: RefundView, people: Mapping[str, str]) -> dict[str, Any]:
    root = "/seller" if console.person.role == "seller" else "/support"
    return {
        "id": one.refund,
        "label": one.number,
        "href": f"{root}/orders/{one.order_id}",
        "one": one,
        "amount": Money(one.amount_minor, one.currency),
        "days": (console.now - one.owed_at).days,
        "owner": people.get(one.owner or "", ""),
        "mine": one.owner == console.person.id,
        "old": one.status == "in_doubt" and (console.now - one.owed_at).days >= 1,
    }


def _refund(text: str) -> str | None:
    try:
        return canonical("ref", text) if text else None
    except RescindError:
        return None
