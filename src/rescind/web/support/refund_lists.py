"""Refunds that have not arrived: by where they stand, how old, who looks after each, and when its provider is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import RescindError
from rescind.core.ids import RefundId, canonical
from rescind.core.money import Money
from rescind.locales import Locale
from rescind.postgres.refunds import LISTS, LOOKED_AT, RefundLists, RefundView, Where
from rescind.web.rendering import address
from rescind.web.search import too_many
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

PATH: Final = "/support/refunds"
_A_PAGE: Final = 50


@get("/refunds")
async def read(console: Here) -> Html:
    """One list of them; the address says which."""
    where = _where(console.query("state"))
    lists, language = RefundLists(console.desk.pool), console.language
    _ = language.gettext
    after = _refund(console.query("after"))
    search = console.search()
    # What has no digit is no number of anything; looking for it finds nothing.
    numbers = search.numbers or ((search.words,) if search.words else ())
    counts = await lists.counts(console.scope)
    found = await lists.listed(console.scope, where, after=after, limit=_A_PAGE + 1, numbers=numbers)
    shown = found[:_A_PAGE]
    people = await console.staff(one.owner for one in shown)
    said = {"taken": Notice(_("Noted: you look after this refund."))}.get(console.query("said"))
    return console.page(
        "support/refunds.html",
        notice=said,
        errors=too_many(language, search),
        q=search.text,
        where=where,
        tabs=[
            {
                "href": address(PATH, state=None if one == LISTS[0] else one, q=search.text or None),
                "label": label,
                "count": counts[one],
                "current": one == where,
            }
            for one, label in names(language).items()
        ],
        about=_about(language)[where],
        rows=[_row(console, one, people) for one in shown],
        capped=sum(counts[one] for one in LISTS if one != "failed") >= LOOKED_AT,
        next=address(PATH, state=where, q=search.text or None, after=shown[-1].refund) if len(found) > _A_PAGE else "",
        first=address(PATH, state=where, q=search.text or None) if after else "",
    )


@post("/refunds/{refund:str}/take", status_code=200)
async def take(console: Here, refund: FromPath[str]) -> Html:
    """Somebody of support puts their name to it."""
    form = await console.form()
    await RefundLists(console.desk.pool).take(RefundId(canonical("ref", refund)), console.person.id)
    where = _where(form.text("state"))
    return console.go(address(PATH, state=where, said="taken"))


ROUTES = (read, take)


def _where(text: str) -> Where:
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
            "Something is in the way before anything can be sent. It is tried again by itself; until then support can"
            " send the money another way, on the order's page."
        ),
        "failed": _("The provider declined, or the bank sent the money back. Somebody has to find another way."),
        "owed": _("Decided, and to be sent in a moment. After a restore they wait here until refunds are released."),
        "submitted": _("The provider has them. They arrive in the bank's own time."),
    }


def _row(console: Console, one: RefundView, people: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.refund,
        "label": one.number,
        "href": f"/support/orders/{one.order_id}",
        "one": one,
        "amount": Money(one.amount_minor, one.currency),
        "days": (console.now - one.owed_at).days,
        "owner": people[one.owner] if one.owner else "",
        "mine": one.owner == console.person.id,
        "old": one.status == "in_doubt" and (console.now - one.owed_at).days >= 1,
    }


def _refund(text: str) -> str | None:
    try:
        return canonical("ref", text) if text else None
    except RescindError:
        return None
