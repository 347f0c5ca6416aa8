"""The shops of the marketplace: adding one, and changing its name, time zone, contact and preset."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.params import FromPath

from rescind import zones
from rescind.beginning import markets
from rescind.core.errors import InvalidField, InvalidText, StaleShop
from rescind.core.ids import ShopId, canonical
from rescind.core.lists import SHOPS as LISTED
from rescind.core.shop_fit import Fit
from rescind.core.views import ShopRow
from rescind.intake.contact import REACH
from rescind.intake.narrowing import ShopNarrowing
from rescind.postgres.shop_versions import ShopFacts
from rescind.shops import NewShop, ShopChange
from rescind.web.listing import asked, heads, tools
from rescind.web.operator.console import SHOPS, told
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.seller.settings import choice_line, version_of
from rescind.web.session import Html, zone_of

_USUAL: Final = {"policy": "base"}


@get("/shops")
async def read(console: Here) -> Html:
    """Every shop, and the form that adds one."""
    return await _list(console)


@post("/shops", status_code=200)
async def add(console: Here) -> Html:
    """Add a shop."""
    form = await console.form()
    wanted = NewShop(name=form.text("name"), policy=form.text("policy"), zone=form.text("zone"), contact=_contact(form))
    try:
        key = f"{console.person.by} {form.key()}"
        shop = await console.desk.shops.add(wanted, console.person.by, _called(console), key=key)
    except (InvalidField, InvalidText) as wrong:
        return await _list(console, form=form, errors=_errors(console, wrong))
    return console.go(f"{SHOPS}/{shop}?said=shop_added")


@get("/shops/{shop:str}")
async def one(console: Here, shop: FromPath[str]) -> Html:
    """What is said of a shop, in a form."""
    facts, version = await console.desk.versions.facts(_id(shop))
    return await _one(console, _id(shop), facts, version)


@post("/shops/{shop:str}", status_code=200)
async def change(console: Here, shop: FromPath[str]) -> Html:
    """Say something else; of another policy it is shown first what it takes with it."""
    form, identifier = await console.form(), _id(shop)
    facts, version = await console.desk.versions.facts(identifier)
    policy = form.text("policy")
    said = ShopChange(name=form.text("name"), policy=policy, zone=form.text("zone"), contact=_contact(form))
    try:
        if policy not in {facts.preset, form.text("agreed")}:
            fit = await console.desk.shops.fit(identifier, policy)
            return await _one(console, identifier, facts, version_of(form) or 0, form=form, fit=fit)
        await console.desk.shops.change(
            identifier, said, console.person.by, _called(console), expected=version_of(form)
        )
    except (InvalidField, InvalidText) as wrong:
        return await _one(console, identifier, facts, version, form=form, errors=_errors(console, wrong))
    except StaleShop as stale:
        notice = console.problem(stale)
        return await _one(console, identifier, facts, version, notice=notice, status=HTTPStatus.CONFLICT)
    await console.desk.book.refresh()
    return console.go(f"{SHOPS}/{identifier}?said=shop_changed")


ROUTES = (read, add, one, change)


async def _list(console: Console, *, form: Fields | None = None, errors: Mapping[str, str] | None = None) -> Html:
    given = asked(console.visit, LISTED, console.zone)
    if given.go:
        return console.go(given.go)
    assert isinstance(given.narrowing, ShopNarrowing), "this list has such filters"
    filters = given.narrowing.filters()
    try:
        page = await console.desk.reads.shop_rows(filters, console.query("cursor") or None)
    except InvalidField:
        page = await console.desk.reads.shop_rows(filters, None)
    around = await tools(console.visit, given, console.zone, path=SHOPS, total=page.total)
    # An answered form stands where only forms are taken.
    base = address(console.here if console.visit.request.method == "GET" else SHOPS, cursor=None, said=None)
    _ = console.language.gettext
    return console.page(
        "operator/shops.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        here=SHOPS,
        notice=told(console),
        errors=errors or {},
        read_errors=given.errors,
        tools=around,
        q=given.search.text,
        sort=given.value("sort"),
        sorts=[("", _("Name")), ("newest", _("Newest"))],
        columns=heads(console.language, around, main="name"),
        rows=[_row(row) for row in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
        **_choices(console, {**_USUAL, "zone": zone_of(console.visit.request) or "UTC"}, form),
    )


async def _one(
    console: Console,
    shop: ShopId,
    facts: ShopFacts,
    version: int,
    *,
    form: Fields | None = None,
    errors: Mapping[str, str] | None = None,
    fit: Fit | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    there = {**facts.contact, "name": facts.name, "zone": facts.zone, "policy": facts.preset}
    given = _choices(console, there, form)
    lost = fit and [choice_line(console.language, name, value) for name, value in fit.lost_settings.items()]
    rules = console.language.gettext("Automatic approval: %(rules)s")
    return console.page(
        "operator/shop.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else status,
        here=f"{SHOPS}/{shop}",
        notice=notice or told(console),
        errors=errors or {},
        shop=shop,
        facts=facts,
        version=version,
        asked_policy=form.text("policy") if form and fit else "",
        lost=[*(lost or ()), *(rules % {"rules": rule.name} for rule in (fit.lost_rules if fit else ()))],
        market=dict(markets(console.language)),
        **given,
    )


def _choices(console: Console, there: Mapping[str, str], form: Fields | None) -> dict[str, object]:
    values = {**dict.fromkeys(("name", *REACH), ""), **there, **(form.values if form else {})}
    policies = list(markets(console.language))
    offered = zones.offered()
    # A shop may be where no list offers it, and its preset may have been another's in an older release.
    named = () if values["zone"] in offered else ((values["zone"], values["zone"]),)
    if values["policy"] not in dict(policies):
        policies.insert(0, (values["policy"], values["policy"]))
    return {"values": values, "policies": policies, "zones": [*named, *((name, name) for name in offered)]}


def _contact(form: Fields) -> dict[str, str]:
    return {kind: form.text(kind) for kind in REACH}


def _errors(console: Console, wrong: InvalidField | InvalidText) -> dict[str, str]:
    said = console.language.expected(str(wrong.params["expected"]))
    field = str(wrong.params["field"]).rpartition("/")[2]
    return {field: console.language.gettext("Write %(expected)s.") % {"expected": said}}


def _called(console: Console) -> str:
    return console.person.name or console.person.id


def _id(shop: str) -> ShopId:
    return ShopId(canonical("shp", shop))


def _row(row: ShopRow) -> dict[str, object]:
    return {"id": row.shop.id, "href": f"{SHOPS}/{row.shop.id}", "row": row}
