"""Keys of programs and secrets for links: who holds one, when it was last used; making one, ending one at once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.params import FromPath

from rescind.access.keys import NewKey
from rescind.access.people import COMMAND_LINE, by
from rescind.core.errors import InvalidField, InvalidText, NotFound, SecretsFull
from rescind.core.ids import ShopId
from rescind.core.scopes import SCOPES, scopes
from rescind.intake.text import label
from rescind.postgres.credentials import Role
from rescind.web import typed
from rescind.web.operator.console import KEYS, told
from rescind.web.seller.console import Console, Fields, Here
from rescind.web.session import Html

ROLES: Final[tuple[Role, ...]] = ("host", "seller", "support")
"""For whom a key is made here. One for an operator would let one person be two, so it takes the command line."""
_MOST_DAYS = 3660


@get("/keys")
async def read(console: Here) -> Html:
    """Every key by its mark; the key itself is nowhere."""
    kept = typed.kept(console.visit)
    page = await _page(console, form=Fields(kept, ()) if kept else None)
    return typed.forget(console.visit, page, KEYS)


@post("/keys", status_code=200)
async def make(console: Here) -> Html:
    """Make a key and show it, this once."""
    form = await console.form()
    typed.keep(console.visit, KEYS, form.values)
    console.person.require_fresh()
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
    allowed = scopes(one for one in SCOPES if form.text(_field(one)))
    if errors or role is None:
        return await _page(console, form=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    new = NewKey(
        role=role,
        name=name,
        shop=ShopId(shop) if role == "seller" else None,
        lifetime=timedelta(days=int(days)),
        scopes=allowed,
        mandated=bool(form.text("mandated")),
    )
    try:
        key = await console.desk.keys.make(by(console.person), new)
    except InvalidField as wrong:
        return await _page(console, form=form, errors=console.beside(wrong), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _page(console, made=key)


@post("/keys/{mark:str}/revoke", status_code=200)
async def revoke(console: Here, mark: FromPath[str]) -> Html:
    """End a key now, also for whoever is using it."""
    await console.form()
    if not await console.desk.keys.end(by(console.person), mark):
        raise NotFound(kind="key")
    return console.go(f"{KEYS}?said=revoked")


@post("/keys/secrets", status_code=200)
async def make_secret(console: Here) -> Html:
    """Make a secret under which the marketplace signs links, and show it, this once."""
    console.person.require_fresh()
    form = await console.form()
    try:
        made = await console.desk.links.secrets.make(by(console.person), form.text("once"))
    except SecretsFull as full:
        refused = console.language.pgettext("problem.detail", full.code) % full.params
        return await _page(console, refused=refused, status=HTTPStatus.CONFLICT)
    return await _page(console, secret=made.text)


@post("/keys/secrets/{secret:str}/end", status_code=200)
async def end_secret(console: Here, secret: FromPath[str]) -> Html:
    """Let a secret count no more, also for links that are out already."""
    await console.form()
    await console.desk.links.secrets.end(by(console.person), secret)
    return console.go(f"{KEYS}?said=secret_ended#links")


ROUTES = (read, make, revoke, make_secret, end_secret)


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    made: str = "",
    secret: str = "",
    refused: str = "",
    status: int = HTTPStatus.OK,
) -> Html:
    language = console.language
    shops = await console.desk.reads.shops()
    names = {one.id: one.name for one in shops}
    keys = await console.desk.access.keys()
    signing = await console.desk.links.secrets.all()
    makers = await _makers(console, {one.made_by for one in (*keys, *signing) if one.made_by})
    return console.page(
        "operator/keys.html",
        status=status,
        here=KEYS,
        notice=told(console),
        errors=errors or {},
        values={"days": "365", "role": "host", **(form.values if form else {})},
        made=made,
        secret=secret,
        refused=refused,
        once=secrets.token_hex(16),
        signing=[{"id": one.id, "one": one, "by": makers.get(one.made_by, "")} for one in signing],
        sites=console.desk.links.sites,
        rows=[
            {
                "id": one.mark,
                "key": one,
                "may": [language.term("scope", scope) for scope in one.scopes],
                "by": makers.get(one.made_by, ""),
                "whose": names.get(one.shop_id, one.shop_id) if one.shop_id else one.buyer_id or "",
            }
            for one in keys
        ],
        fresh=console.person.fresh,
        scopes=[(_field(one), language.term("scope", one)) for one in SCOPES],
        roles=[(role, language.term("actor", role)) for role in ROLES],
        shops=[("", "–"), *((one.id, one.name) for one in shops)],
    )


async def _makers(console: Console, who: set[str]) -> dict[str, str]:
    """What those are called who made keys, by how keys name them."""
    ids = {one: one.partition(":")[2] for one in who}
    names = await console.staff(ids.values())
    line = console.language.gettext("The command line")
    return {one: line if one == COMMAND_LINE.who else names.get(name, name) for one, name in ids.items()}


def _field(scope: str) -> str:
    """The name of a scope's box on the form."""
    return f"may_{scope.replace(':', '_')}"


def _name(form: Fields) -> str:
    try:
        return label(form.text("name"), field="name", blank=False)
    except InvalidText:
        return ""
