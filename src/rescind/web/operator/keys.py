"""Keys of programs: who holds one, until when, when it was last used; making one, and ending one at once."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import InvalidText, NotFound
from rescind.core.ids import ShopId
from rescind.intake.text import label
from rescind.postgres.credentials import Role
from rescind.web.operator.console import KEYS, told
from rescind.web.seller.console import Console, Fields, Here
from rescind.web.session import Html

ROLES: Final[tuple[Role, ...]] = ("host", "seller", "support")
"""For whom a key is made here. One for an operator would let one person be two, so it takes the command line."""
_MOST_DAYS = 3660


@get("/keys")
async def read(console: Here) -> Html:
    """Every key by its mark; the key itself is nowhere."""
    return await _page(console)


@post("/keys", status_code=200)
async def make(console: Here) -> Html:
    """Make a key and show it, this once."""
    form = await console.form()
    shops = {one.id for one in await console.desk.reads.shops()}
    _ = console.language.gettext
    errors: dict[str, str] = {}
    role: Role | None = next((one for one in ROLES if one == form.text("role")), None)
    if role is None:
        errors["role"] = _("Choose what it may do.")
    name = _name(form)
    if not name:
        errors["name"] = _("Say which program it is for.")
    shop = form.text("shop")
    if role == "seller" and shop not in shops:
        errors["shop"] = _("Choose the shop.")
    days = form.text("days")
    if not (days.isascii() and days.isdigit() and len(days) < 6 and 1 <= int(days) <= _MOST_DAYS):
        errors["days"] = _("Write a number of days up to %(most)s.") % {"most": _MOST_DAYS}
    if errors or role is None:
        return await _page(console, form=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    key = await console.desk.access.issue_key(
        role, name, name=name, shop_id=ShopId(shop) if role == "seller" else None, lifetime=timedelta(days=int(days))
    )
    return await _page(console, made=key)


@post("/keys/{mark:str}/revoke", status_code=200)
async def revoke(console: Here, mark: FromPath[str]) -> Html:
    """End a key now, also for whoever is using it."""
    await console.form()
    if not await console.desk.access.revoke_key(mark):
        raise NotFound(kind="key")
    return console.go(f"{KEYS}?said=revoked")


ROUTES = (read, make, revoke)


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    made: str = "",
    status: int = HTTPStatus.OK,
) -> Html:
    language = console.language
    shops = await console.desk.reads.shops()
    names = {one.id: one.name for one in shops}
    return console.page(
        "operator/keys.html",
        status=status,
        here=KEYS,
        notice=told(console),
        errors=errors or {},
        values=form.values if form else {"days": "365", "role": "host"},
        made=made,
        rows=[
            {
                "id": one.mark,
                "key": one,
                "whose": names.get(one.shop_id, one.shop_id) if one.shop_id else one.buyer_id or "",
            }
            for one in await console.desk.access.keys()
        ],
        roles=[(role, language.term("actor", role)) for role in ROLES],
        shops=[("", "–"), *((one.id, one.name) for one in shops)],
    )


def _name(form: Fields) -> str:
    try:
        return label(form.text("name"), field="name", blank=False)
    except InvalidText:
        return ""
