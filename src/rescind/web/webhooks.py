"""Webhook endpoints, for a shop and for the operator: who is told, how that goes, and sending again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final, get_args

import msgspec
from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import (
    EndpointsFull,
    InvalidField,
    InvalidText,
    InvalidTransition,
    NotFound,
    Unavailable,
)
from rescind.core.ids import ShopId
from rescind.core.news import CHOICES, TOPICS
from rescind.core.views import ShopView
from rescind.endpoints import Choice, Made, PublicKey
from rescind.locales import Locale
from rescind.postgres.deliveries import Attempt, Delivery, State
from rescind.postgres.endpoints import Endpoint
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

HOURS: Final = (1, 24, 7 * 24, 30 * 24)
"""How far back a form sends again what failed."""
SHOWN = 50
_STATES: Mapping[str, State] = {one: one for one in get_args(State)}


@dataclass(frozen=True, slots=True)
class Sent:
    """A line of the log in words. said: what came of the last attempt; answer: the first of what the receiver said."""

    id: str
    href: str
    one: Delivery
    said: str
    answer: str


@get("/webhooks")
async def read(console: Here) -> Html:
    """Every endpoint, and a form for one more."""
    return await _list(console)


@post("/webhooks", status_code=200)
async def make(console: Here) -> Html:
    """Make an endpoint and show its secret, this once."""
    form = await console.form()
    shop = console.scope.shop or (ShopId(form.text("shop")) if form.text("shop") else None)
    if shop and not console.scope.shop and shop not in {one.id for one in await console.desk.reads.shops()}:
        raise NotFound(kind="shp")
    try:
        made = await console.desk.endpoints.create(
            console.scope,
            shop,
            form.text("url"),
            about=form.text("about"),
            events=_chosen(form),
            by=console.person.by,
            key=form.key(),
            asymmetric=form.text("asymmetric") != "",
        )
    except (InvalidField, InvalidText) as wrong:
        return await _list(console, form=form, errors=console.beside(wrong), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except EndpointsFull as full:
        return await _list(console, form=form, notice=console.problem(full), status=HTTPStatus.CONFLICT)
    return await _one(console, made.endpoint, made=made)


@get("/webhooks/{endpoint:str}")
async def one(console: Here, endpoint: FromPath[str]) -> Html:
    """An endpoint, how it is, and what was sent there."""
    return await _one(console, await console.desk.endpoints.find(console.scope, endpoint), notice=_said(console))


@post("/webhooks/{endpoint:str}", status_code=200)
async def change(console: Here, endpoint: FromPath[str]) -> Html:
    """Another address, another purpose, other events."""
    form = await console.form()
    try:
        await console.desk.endpoints.change(
            console.scope,
            endpoint,
            console.person.by,
            url=form.text("url"),
            about=form.text("about"),
            events=_chosen(form),
            asymmetric=form.text("asymmetric") != "",
        )
    except (InvalidField, InvalidText) as wrong:
        found = await console.desk.endpoints.find(console.scope, endpoint)
        errors = console.beside(wrong)
        return await _one(console, found, form=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return console.go(f"{_home(console)}/{endpoint}?said=saved")


@post("/webhooks/{endpoint:str}/state", status_code=200)
async def switch(console: Here, endpoint: FromPath[str]) -> Html:
    """Pause it, or switch it on again."""
    form = await console.form()
    state: Choice = "paused" if form.text("state") == "paused" else "on"
    await console.desk.endpoints.change(console.scope, endpoint, console.person.by, state=state)
    return console.go(f"{_home(console)}/{endpoint}?said={state}")


@post("/webhooks/{endpoint:str}/rotate", status_code=200)
async def rotate(console: Here, endpoint: FromPath[str]) -> Html:
    """Make a new secret and show it, this once."""
    form = await console.form()
    made = await console.desk.endpoints.rotate(console.scope, endpoint, console.person.by, form.key())
    return await _one(console, made.endpoint, made=made)


@post("/webhooks/{endpoint:str}/test", status_code=200)
async def test(console: Here, endpoint: FromPath[str]) -> Html:
    """Send a test."""
    form = await console.form()
    try:
        sent = await console.desk.endpoints.test(console.scope, endpoint, console.person.by, form.key())
    except InvalidTransition as off:
        found = await console.desk.endpoints.find(console.scope, endpoint)
        return await _one(console, found, notice=console.problem(off), status=HTTPStatus.CONFLICT)
    return console.go(f"{_home(console)}/{endpoint}/{sent.event}?said=tested")


@post("/webhooks/{endpoint:str}/remove", status_code=200)
async def remove(console: Here, endpoint: FromPath[str]) -> Html:
    """Send nothing there any more."""
    await console.form()
    await console.desk.endpoints.remove(console.scope, endpoint, console.person.by)
    return console.go(f"{_home(console)}?said=removed")


@post("/webhooks/{endpoint:str}/replay", status_code=200)
async def replay_many(console: Here, endpoint: FromPath[str]) -> Html:
    """Send again what failed or was missed in the last hours."""
    form = await console.form()
    hours = next((one for one in HOURS if str(one) == form.text("hours")), HOURS[0])
    again = await console.desk.endpoints.all_again(console.scope, endpoint, console.now - timedelta(hours=hours))
    return console.go(f"{_home(console)}/{endpoint}?said=again&count={again}")


@get("/webhooks/{endpoint:str}/{event:str}")
async def message(console: Here, endpoint: FromPath[str], event: FromPath[str]) -> Html:
    """One message, and every attempt."""
    found = await console.desk.endpoints.find(console.scope, endpoint)
    sent = await console.desk.endpoints.delivery(console.scope, endpoint, event)
    language = console.language
    return console.page(
        "webhooks/message.html",
        here=f"{_home(console)}/{endpoint}/{event}",
        around=_around(console),
        notice=_said(console),
        home=_home(console),
        endpoint=found,
        one=sent,
        body=msgspec.json.format(sent.body, indent=2).decode(),
        rows=[
            {"id": str(place), "one": each, "said": _came(language, each)} for place, each in enumerate(sent.attempts)
        ],
    )


@post("/webhooks/{endpoint:str}/{event:str}/replay", status_code=200)
async def replay(console: Here, endpoint: FromPath[str], event: FromPath[str]) -> Html:
    """Send it again, whatever came of it."""
    await console.form()
    await console.desk.endpoints.again(console.scope, endpoint, event)
    return console.go(f"{_home(console)}/{endpoint}/{event}?said=again&count=1")


ROUTES = (read, make, one, change, switch, rotate, test, remove, replay_many, message, replay)


async def _list(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    endpoints = console.desk.endpoints
    found = await endpoints.all(console.scope)
    told = await endpoints.table.told(one.id for one in found)
    shops: Sequence[ShopView] = () if console.scope.shop else await console.desk.reads.shops()
    names = {str(one.id): one.name for one in shops}
    return console.page(
        "webhooks/list.html",
        status=status,
        here=_home(console),
        around=_around(console),
        home=_home(console),
        notice=notice or _said(console),
        errors=errors or {},
        values=form.values if form else {},
        rows=[
            {
                "id": one.id,
                "href": f"{_home(console)}/{one.id}",
                "one": one,
                "state": _state(one),
                "hears": _hears(console.language, one),
                "whose": names.get(one.shop or "", one.shop),
                "told": told.get(one.id, {}),
            }
            for one in found
        ],
        topics=_topics(),
        shops=[("", console.language.gettext("The marketplace itself")), *((one.id, one.name) for one in shops)],
        for_all=console.scope.shop is None,
    )


async def _one(
    console: Console,
    found: Endpoint,
    *,
    made: Made | None = None,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    wanted = _STATES.get(console.query("state"))
    after = console.query("after") or None
    rows = await console.desk.endpoints.log(console.scope, found.id, wanted, after=after, limit=SHOWN + 1)
    here = f"{_home(console)}/{found.id}"
    next_page = f"{here}?state={wanted or ''}&after={rows[SHOWN - 1].event}" if len(rows) > SHOWN else ""
    whose = (await console.desk.reads.shop(ShopId(found.shop))).name if found.shop else ""
    given = {"url": found.url, "about": found.about, "asymmetric": "1" if found.asymmetric else ""} | dict.fromkeys(
        (_field(one) for one in found.events), "1"
    )
    return console.page(
        "webhooks/one.html",
        status=status,
        here=here,
        around=_around(console),
        home=_home(console),
        notice=notice,
        errors=errors or {},
        made=made.secret if made else "",
        public=await _public_keys(console, found),
        one=found,
        whose=whose,
        state=_state(found),
        hears=_hears(console.language, found),
        wanted=wanted or "",
        states=tuple(_STATES),
        rows=[_sent(console.language, here, each) for each in rows[:SHOWN]],
        next_page=next_page,
        values=form.values if form else given,
        topics=_topics(),
        kinds=[one for one in found.events if not one.endswith(".*")],
        hours=[(str(one), console.language.time_left(one * 3600)) for one in HOURS],
        hour=str(HOURS[1]),
    )


async def _public_keys(console: Console, found: Endpoint) -> tuple[PublicKey, ...]:
    """What the receiver verifies with; none while the secret cannot be opened, which the log of attempts says."""
    try:
        return await console.desk.endpoints.public_keys(console.scope, found.id)
    except Unavailable:
        return ()


def _sent(language: Locale, here: str, one: Delivery) -> Sent:
    last = one.attempts[0] if one.attempts else None
    said = _came(language, last) if last else language.gettext("Not sent yet")
    return Sent(one.event, f"{here}/{one.event}", one, said, last.answer if last else "")


def _came(language: Locale, attempt: Attempt) -> str:
    """What came of an attempt, in a few words."""
    if attempt.status:
        return language.gettext("Answered %(status)s") % {"status": attempt.status}
    return language.term("webhook_fault", attempt.fault)


def _state(one: Endpoint) -> str:
    """The endpoint's state as a pill says it: one that is on and fails is neither."""
    return "troubled" if one.state == "on" and one.failing_since else one.state


def _hears(language: Locale, one: Endpoint) -> list[str]:
    """What an endpoint hears, in words where there are any, else by its code."""
    if not one.events:
        return [language.gettext("Everything")]
    return [
        language.term("webhook_topic", each.removesuffix(".*")) if each.endswith(".*") else each for each in one.events
    ]


def _topics() -> list[str]:
    return list(TOPICS)


def _field(event: str) -> str:
    """The form field of a choice."""
    return "on_" + event.removesuffix(".*").replace(".", "-")


def _chosen(form: Fields) -> list[str]:
    return [one for one in CHOICES if form.text(_field(one))]


def _home(console: Console) -> str:
    return f"/{'seller' if console.scope.shop else 'operator'}/webhooks"


def _around(console: Console) -> str:
    return f"{'seller' if console.scope.shop else 'operator'}/frame.html"


def _said(console: Console) -> Notice | None:
    _, ngettext = console.language.gettext, console.language.ngettext
    number = console.count()
    texts: Mapping[str, str] = {
        "saved": _("Saved. It holds for what is sent from now on."),
        "on": _("Switched on. What waits is sent now."),
        "paused": _("Paused. What happens meanwhile is kept for thirty days and can be sent later."),
        "tested": _("A test is on its way. Load this page again to see what came of it."),
        "removed": _("Removed. Nothing is sent there any more."),
        "again": ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", number)
        % {"num": number},
    }
    text = texts.get(console.query("said"))
    return Notice(text) if text else None
