"""Mandates: what programs may do for people, what is used of it, giving one, and ending one at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus

from litestar import get, post
from litestar.params import FromPath

from rescind.access.mandating import WantedMandate
from rescind.access.people import by
from rescind.core.errors import InvalidField, InvalidText, MandateStands, NotFound
from rescind.core.ids import ShopId
from rescind.core.mandate import LONGEST, MOST_ACTS, ProgramAct
from rescind.core.money import Money
from rescind.postgres.credentials import KeyView
from rescind.web.operator.console import MANDATES, told
from rescind.web.programs import mandate_row, shop_names
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

_USUAL = {"until": "30"}


@get("/mandates")
async def read(console: Here) -> Html:
    """What programs may do, those mandates first that hold."""
    return await _page(console)


@post("/mandates", status_code=HTTPStatus.OK)
async def give(console: Here) -> Html:
    """Give a program a mandate."""
    console.person.require_fresh()
    form = await console.form()
    try:
        wanted = _wanted(console, form, await shop_names(console))
        await console.desk.mandates.make(by(console.person), wanted, console.now)
    except (InvalidField, InvalidText) as wrong:
        return await _page(console, form=form, errors=console.beside(wrong))
    except (MandateStands, NotFound) as error:
        return await _page(console, form=form, notice=console.problem(error), status=HTTPStatus.CONFLICT)
    return console.go(f"{MANDATES}?said=mandate_given")


@post("/mandates/{mandate:str}/end", status_code=HTTPStatus.OK)
async def end(console: Here, mandate: FromPath[str]) -> Html:
    """End a mandate now, also for whoever is using it."""
    await console.form()
    await console.desk.mandates.end(by(console.person), mandate, console.now)
    return console.go(f"{MANDATES}?said=mandate_ended")


ROUTES = (read, give, end)


def _wanted(console: Console, form: Fields, known: Iterable[ShopId]) -> WantedMandate:
    """The form as it was filled in. known: the shops that it offers. Raises InvalidField."""
    days = form.text("until")
    if not (days.isascii() and days.isdigit() and len(days) < 4 and 1 <= int(days) <= LONGEST.days):
        raise InvalidField(field="/until", expected=f"a number of days from 1 to {LONGEST.days}")
    currency = form.text("currency").upper()
    return WantedMandate(
        key=form.text("key"),
        acts=[one for one in ProgramAct if form.text(_field(one))],
        shops=[one for one in known if form.text(_box(one))],
        buyer=form.text("buyer"),
        currency=currency,
        each_minor=_minor(form, "each", currency),
        a_day_minor=_minor(form, "a_day", currency),
        acts_a_day=_count(form, "acts_a_day"),
        until=console.now + timedelta(days=int(days)),
        because=form.text("because"),
    )


def _minor(form: Fields, name: str, currency: str) -> int:
    try:
        return Money.parse(form.text(name), currency).minor
    except InvalidField as wrong:
        raise InvalidField(field=f"/{name}", expected=str(wrong.params["expected"])) from None


def _count(form: Fields, name: str) -> int | None:
    """A number that may be left out. Raises InvalidField."""
    said = form.text(name)
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(MOST_ACTS))):
        raise InvalidField(field=f"/{name}", expected=f"a number from 1 to {MOST_ACTS}")
    return int(said)


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    language, desk = console.language, console.desk
    shops = await shop_names(console)
    mandates = await desk.mandates.all(console.now)
    taken = {one.key for one in mandates if one.holds(console.now)}
    free = [one for one in await desk.access.keys() if one.mandated and one.in_force and one.mark not in taken]
    return console.page(
        "operator/mandates.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else status,
        here=MANDATES,
        notice=notice or told(console),
        errors=errors or {},
        values=form.values if form else _USUAL,
        rows=[mandate_row(console, one, shops) for one in mandates],
        fresh=console.person.fresh,
        keys=[(one.mark, _called(console, one, shops)) for one in free],
        shops=[(_box(one), name) for one, name in shops.items()],
        acts=[(_field(one), language.term("program_act", one)) for one in ProgramAct],
    )


def _called(console: Console, key: KeyView, shops: Mapping[ShopId, str]) -> str:
    whose = shops.get(key.shop_id, key.shop_id) if key.shop_id else key.buyer_id or ""
    parts = (key.principal, console.language.term("actor", key.role), whose)
    return " · ".join(part for part in parts if part)


def _box(shop: ShopId) -> str:
    """The name of a shop's box on the form."""
    return f"for_{shop}"


def _field(act: ProgramAct) -> str:
    """The name of an act's box on the form."""
    return f"may_{act.value}"
