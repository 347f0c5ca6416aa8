"""Group robots of a shop: which groups are told, what of, whether it works, and trying it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import (
    InvalidField,
    InvalidText,
    RateLimited,
    RobotsFull,
)
from rescind.core.ids import ShopId
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.notices.robots import ROBOTS
from rescind.postgres.robots import Row
from rescind.robots import TOPICS, Choice
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

HOME = "/seller/robots"
SHOWN = 20


@get("/robots")
async def read(console: Here) -> Html:
    """Every robot, and a form for one more."""
    return await _list(console)


@post("/robots", status_code=200)
async def connect(console: Here) -> Html:
    """Connect a robot; the next page has the button that tries it."""
    form = await console.form()
    try:
        made = await console.desk.robots.create(
            console.scope,
            _shop(console),
            form.text("kind"),
            form.text("url"),
            secret=form.text("secret"),
            about=form.text("about"),
            topics=_chosen(form),
            language=form.text("language"),
            by=console.person.by,
            key=form.key(),
        )
    except (InvalidField, InvalidText) as wrong:
        errors = console.beside(wrong)
        return await _list(console, form=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except RobotsFull as full:
        return await _list(console, form=form, notice=console.problem(full), status=HTTPStatus.CONFLICT)
    return console.go(f"{HOME}/{made.id}?said=connected")


@get("/robots/{robot:str}")
async def one(console: Here, robot: FromPath[str]) -> Html:
    """A robot, how it is, and what its group heard."""
    return await _one(console, await console.desk.robots.find(console.scope, robot), notice=_said(console))


@post("/robots/{robot:str}", status_code=200)
async def change(console: Here, robot: FromPath[str]) -> Html:
    """Other topics, another language, another address. An address or a secret that is left empty stays."""
    form = await console.form()
    try:
        await console.desk.robots.change(
            console.scope,
            robot,
            console.person.by,
            url=form.text("url") or None,
            secret="" if form.text("unsigned") else form.text("secret") or None,
            about=form.text("about"),
            topics=_chosen(form),
            language=form.text("language"),
        )
    except (InvalidField, InvalidText) as wrong:
        found = await console.desk.robots.find(console.scope, robot)
        errors = console.beside(wrong)
        return await _one(console, found, form=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    await console.desk.book.refresh()
    return console.go(f"{HOME}/{robot}?said=saved")


@post("/robots/{robot:str}/test", status_code=200)
async def test(console: Here, robot: FromPath[str]) -> Html:
    """Let it say something now, and show what came of it."""
    form = await console.form()
    shop = await console.desk.reads.shop(ShopId(_shop(console)))
    base = console.desk.base_url
    link = f"{base}{HOME}/{robot}" if base else ""
    try:
        await console.desk.robots.test(console.scope, robot, shop.name, link, by=console.person.by, key=form.key())
    except RateLimited as busy:
        found = await console.desk.robots.find(console.scope, robot)
        return await _one(console, found, notice=_not_now(console, busy), status=HTTPStatus.TOO_MANY_REQUESTS)
    await console.desk.book.refresh()
    return console.go(f"{HOME}/{robot}?said=tested")


@post("/robots/{robot:str}/state", status_code=200)
async def switch(console: Here, robot: FromPath[str]) -> Html:
    """Pause it, or switch it on again."""
    form = await console.form()
    state: Choice = "paused" if form.text("state") == "paused" else "on"
    await console.desk.robots.change(console.scope, robot, console.person.by, state=state)
    await console.desk.book.refresh()
    return console.go(f"{HOME}/{robot}?said={state}")


@post("/robots/{robot:str}/remove", status_code=200)
async def remove(console: Here, robot: FromPath[str]) -> Html:
    """Say nothing there any more."""
    await console.form()
    await console.desk.robots.remove(console.scope, robot, console.person.by)
    await console.desk.book.refresh()
    return console.go(f"{HOME}?said=removed")


ROUTES = (read, connect, one, change, test, switch, remove)


async def troubles(console: Console) -> list[dict[str, str]]:
    """A line for each robot that was switched off because nothing of it arrived, for the page people begin on."""
    _ = console.language.gettext
    return [
        {
            "title": _("A group hears nothing any more."),
            "text": _("The robot “%(name)s” was switched off: %(why)s")
            % {"name": _name(console.language, one), "why": console.language.term("robot_fault", one.last_fault)},
            "href": f"{HOME}/{one.id}",
        }
        for one in await console.desk.robots.all(console.scope)
        if one.state in {"gone", "failing"}
    ]


async def _list(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    found = await console.desk.robots.all(console.scope)
    return console.page(
        "robots/list.html",
        status=status,
        here=HOME,
        notice=notice or _said(console),
        errors=errors or {},
        values=form.values if form else {"language": console.language.tag},
        rows=[
            {
                "id": one.id,
                "href": f"{HOME}/{one.id}",
                "one": one,
                "name": _name(console.language, one),
                "state": state_of(one),
                "hears": _hears(console.language, one),
            }
            for one in found
        ],
        kinds=tuple(ROBOTS),
        languages=tuple(LANGUAGE_NAMES.items()),
        topics=TOPICS,
    )


async def _one(
    console: Console,
    found: Row,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    given = {"about": found.about, "language": found.language} | dict.fromkeys(
        (f"on_{one}" for one in found.topics), "1"
    )
    return console.page(
        "robots/one.html",
        status=status,
        here=f"{HOME}/{found.id}",
        notice=notice,
        errors=errors or {},
        one=found,
        name=_name(console.language, found),
        state=state_of(found),
        hears=_hears(console.language, found),
        signs=ROBOTS[found.kind].signs,
        rows=[
            {"id": str(place), "one": each}
            for place, each in enumerate(await console.desk.robots.messages.log(found.shop, found.id, SHOWN))
        ],
        values=form.values if form else given,
        languages=tuple(LANGUAGE_NAMES.items()),
        language_name=LANGUAGE_NAMES.get(found.language, found.language),
        topics=TOPICS,
        hearing=await console.desk.inbox.people.hearing(ShopId(found.shop)),
    )


def state_of(one: Row) -> str:
    """A robot's state as a pill says it: one that is on and was never heard, or fails, is neither."""
    if one.state != "on":
        return one.state
    if one.failing_since:
        return "troubled"
    return "on" if one.verified_at else "untried"


def _name(language: Locale, one: Row) -> str:
    return one.about or language.term("robot_kind", one.kind)


def _hears(language: Locale, one: Row) -> list[str]:
    return [language.pgettext("notice_group", each) for each in one.topics] or [language.gettext("Everything")]


def _chosen(form: Fields) -> list[str]:
    return [one for one in TOPICS if form.text(f"on_{one}")]


def _not_now(console: Console, busy: RateLimited) -> Notice:
    _ = console.language.gettext
    after = busy.params["retry_after"]
    seconds = after if isinstance(after, int) else 1
    text = _("The robot takes no more messages at the moment. Try again in %(time)s.")
    return Notice(text % {"time": console.language.time_left(max(60, seconds))}, "wait")


def _shop(console: Console) -> str:
    assert console.scope.shop is not None, "a seller has a shop"
    return console.scope.shop


def _said(console: Console) -> Notice | None:
    _ = console.language.gettext
    texts: Mapping[str, str] = {
        "connected": _("Connected. Send a test: the group hears nothing before one was taken."),
        "saved": _("Saved. It holds for what is said from now on."),
        "on": _("Switched on. The group hears what happens from now on."),
        "paused": _("Paused. What happens meanwhile is not said later."),
        "removed": _("Removed. Nothing is said there any more, and its address is forgotten."),
    }
    text = texts.get(console.query("said"))
    return Notice(text) if text else None
