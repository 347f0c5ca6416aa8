"""The books: the trial balance, and our refunds against a provider's, with what differs and who explained it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import InvalidText
from rescind.core.money import Money
from rescind.intake.text import words
from rescind.postgres.hold import held
from rescind.postgres.ledger import Balance, balance
from rescind.postgres.reconciliation import KeptDifference, Reconciliations
from rescind.web.operator.console import BOOKS, told
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here
from rescind.web.session import Html

_A_PAGE: Final = 50


@get("/books")
async def read(console: Here) -> Html:
    """What each account holds by currency, of all shops or of one, and the latest reconciliations."""
    desk = console.desk
    shops = await desk.reads.shops()
    shop = next((one.id for one in shops if one.id == console.query("shop")), None)
    found = await balance(desk.pool, shop)
    return console.page(
        "operator/books.html",
        notice=told(console),
        hold=await held(desk.pool),
        currencies=_currencies([one for one in found if bool(one.shop) == bool(shop)]),
        shops=[("", console.language.gettext("All shops")), *((one.id, one.name) for one in shops)],
        shop=shop or "",
        runs=[
            {"id": one.number, "href": f"{BOOKS}/{one.number}", "one": one}
            for one in await Reconciliations(desk.pool).runs()
        ],
    )


@get("/books/{number:int}")
async def reconciliation(console: Here, number: FromPath[int]) -> Html:
    """One reconciliation and what differs."""
    return await _show(console, number)


@post("/books/{number:int}/{place:int}", status_code=200)
async def explain(console: Here, number: FromPath[int], place: FromPath[int]) -> Html:
    """An operator says why a difference is none that matters."""
    form = await console.form()
    try:
        said = words(form.text("why"), field="why")
    except InvalidText as error:
        expected = console.language.expected(str(error.params["expected"]))
        wrong = {f"why-{place}": console.language.gettext("It must be: %(expected)s.") % {"expected": expected}}
        return await _show(console, number, errors=wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    await Reconciliations(console.desk.pool).explain(number, place, console.person.id, said)
    return console.go(address(f"{BOOKS}/{number}", said="explained", after=form.text("after") or None))


ROUTES = (read, reconciliation, explain)


async def _show(
    console: Console, number: int, *, errors: dict[str, str] | None = None, status: int = HTTPStatus.OK
) -> Html:
    table = Reconciliations(console.desk.pool)
    run = await table.run(number)
    text = console.query("after")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    found = await table.differences(number, after=after, limit=_A_PAGE + 1)
    here = f"{BOOKS}/{number}"
    return console.page(
        "operator/reconciliation.html",
        status=status,
        here=here,
        notice=told(console),
        errors=errors or {},
        run=run,
        after=after,
        rows=[_row(one) for one in found[:_A_PAGE]],
        next=address(here, after=str(found[_A_PAGE - 1].place)) if len(found) > _A_PAGE else "",
        first=here if after else "",
    )


def _currencies(rows: list[Balance]) -> list[dict[str, Any]]:
    return [
        {
            "currency": currency,
            "total": Money(sum(one.amount_minor for one in rows if one.currency == currency), currency),
            "rows": [
                {"account": one.account, "postings": one.postings, "holds": Money(one.amount_minor, currency)}
                for one in rows
                if one.currency == currency
            ],
        }
        for currency in dict.fromkeys(one.currency for one in rows)
    ]


def _row(one: KeptDifference) -> dict[str, Any]:
    def amount(minor: int | None, currency: str | None) -> Money | None:
        return Money(minor, currency) if minor is not None and currency else None

    return {
        "id": str(one.place),
        "one": one,
        "href": f"/support/orders/{one.order}" if one.order else "",
        "ours": amount(one.our_minor, one.our_currency),
        "theirs": amount(one.their_minor, one.their_currency),
    }
