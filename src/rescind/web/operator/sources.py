"""Order sources: who sends us orders, how that goes, what could not be understood, and trying again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, get_args

import msgspec
from litestar import get, post
from litestar.params import FromPath

from rescind.api.problems import PROBLEMS
from rescind.core.errors import InvalidField, InvalidText, Unavailable
from rescind.locales import Locale
from rescind.order_sources import KINDS, LONGEST_REASON, REASONS, Chosen, Made, chosen_of
from rescind.postgres.order_sources import Counts, Entry, Source, State, Told
from rescind.web.operator.console import SOURCES
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html
from rescind.woocommerce.orders import MEANINGS, Meaning

SHOWN: Final = 50
_TOLD: Mapping[str, Told] = {one: one for one in ("set_aside", "waiting", "done", "no_news", "ignored")}
_PROBLEMS = frozenset(one.code for one in PROBLEMS)


@get("/sources")
async def read(console: Here) -> Html:
    """Every source, and a form for one more."""
    return await _list(console)


@post("/sources", status_code=200)
async def make(console: Here) -> Html:
    """Make a source and show its secret, this once."""
    form = await console.form()
    try:
        made = await console.desk.order_sources.create(
            form.text("name"),
            form.text("kind"),
            _by(console),
            request=form.key(),
            shop=form.text("shop"),
            url=form.text("url"),
            key=form.text("consumer_key"),
            secret=form.text("consumer_secret"),
            chosen=Chosen(pays="there" if form.text("pays") == "there" else "here"),
        )
    except InvalidField as wrong:
        return await _list(console, form=form, errors=_errors(console.language, wrong), status=_UNPROCESSABLE)
    except Unavailable:
        return await _list(console, form=form, errors=_away(console.language), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return await _one(console, made.source, made=made)


@get("/sources/{source:str}")
async def one(console: Here, source: FromPath[str]) -> Html:
    """A source: how it is, what it sent, and what it could not be told."""
    return await _one(console, await console.desk.order_sources.find(source), notice=_said(console))


@post("/sources/{source:str}", status_code=200)
async def change(console: Here, source: FromPath[str]) -> Html:
    """Another address, other keys, other meanings."""
    form = await console.form()
    found = await console.desk.order_sources.find(source)
    try:
        await console.desk.order_sources.change(
            source,
            _by(console),
            url=form.text("url") or None,
            key=form.text("consumer_key") or None,
            secret=form.text("consumer_secret") or None,
            chosen=_chosen(form, found),
        )
    except InvalidField as wrong:
        return await _one(console, found, form=form, errors=_errors(console.language, wrong), status=_UNPROCESSABLE)
    except Unavailable:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return await _one(console, found, form=form, errors=_away(console.language), status=status)
    return console.go(f"{SOURCES}/{source}?said=saved")


@post("/sources/{source:str}/state", status_code=200)
async def switch(console: Here, source: FromPath[str]) -> Html:
    """Pause it, or switch it on again."""
    form = await console.form()
    state: State = "paused" if form.text("state") == "paused" else "on"
    await console.desk.order_sources.change(source, _by(console), state=state)
    return console.go(f"{SOURCES}/{source}?said={state}")


@post("/sources/{source:str}/rotate", status_code=200)
async def rotate(console: Here, source: FromPath[str]) -> Html:
    """Make a new secret and show it, this once."""
    form = await console.form()
    made = await console.desk.order_sources.rotate(source, _by(console), request=form.key())
    return await _one(console, made.source, made=made)


@post("/sources/{source:str}/check", status_code=200)
async def check(console: Here, source: FromPath[str]) -> Html:
    """Try the key of a shop system."""
    await console.form()
    trouble = await console.desk.order_sources.check(source)
    language = console.language
    said = language.term("source trouble", trouble) if trouble else language.gettext("The shop accepts the key.")
    notice = Notice(said, "urgent" if trouble else "good")
    return await _one(console, await console.desk.order_sources.find(source), notice=notice)


@post("/sources/{source:str}/fetch", status_code=200)
async def fetch(console: Here, source: FromPath[str]) -> Html:
    """Ask a shop system at once for what changed."""
    await console.form()
    await console.desk.order_sources.catch_up(source, _by(console))
    return console.go(f"{SOURCES}/{source}?said=fetching")


@post("/sources/{source:str}/retry", status_code=200)
async def retry_all(console: Here, source: FromPath[str]) -> Html:
    """Read again everything that nothing could be made of."""
    await console.form()
    again = await console.desk.order_sources.all_again(source)
    return console.go(f"{SOURCES}/{source}?said=again&count={again}")


@get("/sources/{source:str}/{message:str}")
async def message(console: Here, source: FromPath[str], message: FromPath[str]) -> Html:
    """One message as it came, and what was made of it."""
    return await _message(console, source, message)


async def _message(
    console: Console, source: str, message: str, errors: Mapping[str, str] | None = None, status: int = HTTPStatus.OK
) -> Html:
    found = await console.desk.order_sources.find(source)
    entry = await console.desk.order_sources.entry(source, message)
    return console.page(
        "operator/source_message.html",
        status=status,
        here=f"{SOURCES}/{source}/{message}",
        notice=_said(console),
        errors=errors or {},
        longest=LONGEST_REASON,
        by=await _who(console, entry.ignored_by),
        source=found,
        one=entry,
        why=_why(console.language, entry),
        number=await _number(console, entry),
        body=msgspec.json.format(entry.body, indent=2).decode(),
    )


@post("/sources/{source:str}/{message:str}/ignore", status_code=200)
async def ignore(console: Here, source: FromPath[str], message: FromPath[str]) -> Html:
    """Make nothing of it, for a reason."""
    form = await console.form()
    try:
        await console.desk.order_sources.ignore(source, message, _by(console), form.text("reason"))
    except InvalidText:
        wrong = {"reason": console.language.gettext("Say why, in a sentence.")}
        return await _message(console, source, message, wrong, _UNPROCESSABLE)
    return console.go(f"{SOURCES}/{source}/{message}?said=ignored")


@post("/sources/{source:str}/{message:str}/count", status_code=200)
async def count(console: Here, source: FromPath[str], message: FromPath[str]) -> Html:
    """The refund that may have been told twice is money of its own."""
    await console.form()
    await console.desk.order_sources.count(source, message)
    return console.go(f"{SOURCES}/{source}/{message}?said=counted")


@post("/sources/{source:str}/{message:str}/retry", status_code=200)
async def retry(console: Here, source: FromPath[str], message: FromPath[str]) -> Html:
    """Try again to make something of it."""
    await console.form()
    await console.desk.order_sources.again(source, message)
    return console.go(f"{SOURCES}/{source}/{message}?said=again&count=1")


ROUTES = (read, make, one, change, switch, rotate, check, fetch, retry_all, message, retry, ignore, count)
_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_HIDDEN = ("consumer_key", "consumer_secret")


async def _list(
    console: Console, *, form: Fields | None = None, errors: dict[str, str] | None = None, status: int = HTTPStatus.OK
) -> Html:
    desk, language = console.desk, console.language
    counts = await desk.order_sources.counts()
    shops = await desk.reads.shops()
    names = {str(one.id): one.name for one in shops}
    asked = form.text("kind") if form else console.query("kind")
    kind = asked if asked in KINDS else KINDS[0]
    first = [] if kind == "woocommerce" else [("", language.gettext("Any: each message says it"))]
    return console.page(
        "operator/sources.html",
        status=status,
        here=SOURCES,
        notice=_said(console),
        errors=errors or {},
        values=_shown(form),
        rows=[
            {
                "id": one.name,
                "href": f"{SOURCES}/{one.name}",
                "one": one,
                "state": _state(one, counts.get(one.name)),
                "whose": names.get(one.shop, one.shop),
                "counts": counts.get(one.name, Counts()),
            }
            for one in await desk.order_sources.all()
        ],
        kind=kind,
        kinds=[
            {"label": language.term("order source", one), "href": f"{SOURCES}?kind={one}#add", "current": one == kind}
            for one in KINDS
        ],
        shops=[*first, *((one.id, one.name) for one in shops)],
        payers=_payers(language),
    )


async def _one(
    console: Console,
    found: Source,
    *,
    made: Made | None = None,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    desk, language = console.desk, console.language
    told = _TOLD.get(console.query("told"))
    after = console.query("after") or None
    rows = await desk.order_sources.entries(found.name, told, after=after, limit=SHOWN + 1)
    here = f"{SOURCES}/{found.name}"
    counts = (await desk.order_sources.counts()).get(found.name, Counts())
    chosen = chosen_of(found)
    return console.page(
        "operator/source.html",
        status=status,
        here=here,
        notice=notice,
        errors=errors or {},
        values=_shown(form)
        or {"url": found.url, "pays": chosen.pays, "reason": chosen.reason, "locale": chosen.locale},
        made=made.secret if made else "",
        one=found,
        chosen=chosen,
        state=_state(found, counts),
        whose=(await desk.reads.shop(found.shop)).name if found.shop else "",
        counts=counts,
        told=told or "",
        tolds=("set_aside", "waiting"),
        rows=[
            {"id": each.id, "href": f"{here}/{each.id}", "one": each, "why": _why(language, each)}
            for each in rows[:SHOWN]
        ],
        next_page=f"{here}?told={told or ''}&after={rows[SHOWN - 1].id}" if len(rows) > SHOWN else "",
        untold=[
            {"id": each.foreign, "one": each, "why": language.term("source trouble", each.trouble)}
            for each in await desk.order_sources.table.untold(found.name)
        ],
        statuses=_statuses(chosen),
        meanings=[(one, language.term("source meaning", one)) for one in get_args(Meaning)],
        plugins=list(chosen.providers.items()),
        connections=[
            ("", language.gettext("By itself")),
            *((one.name, one.name) for one in await desk.connected.all()),
        ],
        payers=_payers(language),
        reasons=[(one, language.term("reason", one, "seller")) for one in REASONS],
        locales=[("en", "English"), ("zh", "中文")],
        address=f"{desk.base_url}/v1/intake/{found.name}",
    )


def _statuses(chosen: Chosen) -> list[tuple[str, str]]:
    """Statuses there with what each means: WooCommerce's own, then those of plugins."""
    return list({**MEANINGS, **chosen.statuses}.items())


def _chosen(form: Fields, found: Source) -> Chosen | None:
    """What the form says; None for a source about which there is nothing to choose."""
    if found.kind != "woocommerce":
        return None
    before = chosen_of(found)
    said = {status: form.text(f"status_{status}") for status, _ in _statuses(before)}
    if form.text("new_status"):
        said[form.text("new_status").removeprefix("wc-")] = form.text("new_meaning")
    providers = {plugin: form.text(f"plugin_{plugin}") for plugin in before.providers}
    if form.text("new_plugin"):
        providers[form.text("new_plugin")] = form.text("new_connection")
    return Chosen(
        statuses={status: means for status, means in said.items() if means and means != MEANINGS.get(status)},
        providers={plugin: connection for plugin, connection in providers.items() if connection},
        pays="there" if form.text("pays") == "there" else "here",
        restock=bool(form.text("restock")),
        reason=form.text("reason") or before.reason,
        locale=form.text("locale") or before.locale,
    )


def _state(one: Source, counts: Counts | None) -> str:
    """How a source is: one that is on may want somebody."""
    if one.state == "paused":
        return "paused"
    if one.fetch_trouble:
        return "troubled"
    return "odd" if counts and counts.by_told.get("set_aside") else "on"


def _why(language: Locale, one: Entry) -> str:
    """Why nothing could be made of a message, or nothing yet, in a sentence; empty where something was."""
    if not one.cause:
        return ""
    if one.cause in {"invalid-field", "unknown-field", "invalid-text", "malformed-body"} and one.expected:
        return language.gettext("It should be %(expected)s.") % {"expected": language.expected(one.expected)}
    context = "problem.title" if one.cause in _PROBLEMS else "source trouble"
    return language.pgettext(context, one.cause)


async def _who(console: Console, by: str) -> str:
    """What somebody is called who is kept as operator:id; empty for nobody."""
    person = by.removeprefix("operator:")
    return (await console.staff([person])).get(person, person) if person else ""


async def _number(console: Console, one: Entry) -> str:
    if not one.order:
        return ""
    return (await console.desk.reads.order(console.scope, one.order)).order.number


def _payers(language: Locale) -> list[tuple[str, str]]:
    return [(one, language.term("source pays", one)) for one in ("here", "there")]


def _shown(form: Fields | None) -> dict[str, str]:
    """What was typed, without what opens something."""
    return {name: value for name, value in form.values.items() if name not in _HIDDEN} if form else {}


def _errors(language: Locale, wrong: InvalidField) -> dict[str, str]:
    field = str(wrong.params["field"]).strip("/")
    said = language.expected(str(wrong.params["expected"]))
    return {field: language.gettext("Write %(expected)s.") % {"expected": said}}


def _away(language: Locale) -> dict[str, str]:
    return {"url": language.gettext("The shop cannot be reached now. Try again in a moment.")}


def _by(console: Console) -> str:
    return f"operator:{console.person.id}"


def _said(console: Console) -> Notice | None:
    _, ngettext = console.language.gettext, console.language.ngettext
    number = console.count()
    texts: Mapping[str, str] = {
        "saved": _("Saved. It holds for what is read from now on."),
        "on": _("Switched on. What waits is read now."),
        "paused": _("Paused. Messages are kept meanwhile, and nothing is told to the shop."),
        "fetching": _("The shop is being asked. Load this page again to see what came."),
        "ignored": _("Ignored, with your reason. It can be read again all the same."),
        "counted": _("It is read again, and the refund is counted."),
        "again": ngettext("%(num)s message is read again.", "%(num)s messages are read again.", number)
        % {"num": number},
    }
    text = texts.get(console.query("said"))
    return Notice(text) if text else None
