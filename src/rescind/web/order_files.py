"""Files with orders and with what happened to them, for the operator and for a shop: put in, looked at, confirmed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream

from rescind.core.errors import Forbidden, ImportSettled, InvalidField, NotFound
from rescind.core.ids import canonical
from rescind.exporting import csv_file, workbook
from rescind.intake.columns import KINDS, Kind
from rescind.intake.sheet import MOST_BYTES
from rescind.intake.template import Form, template
from rescind.lists import File
from rescind.locales import Locale
from rescind.postgres.imports import WORKS, Import, State
from rescind.web.console_lists import streamed
from rescind.web.import_words import all_said, errors_file, faults_of, refused
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

_SENT_AT_ONCE = MOST_BYTES + 64 * 1024
"""A file and the form around it."""
_SHOWN = 50
_FAULTS = 100
_MEDIA = {"csv": csv_file.MEDIA_TYPE, "xlsx": workbook.MEDIA_TYPE}
_TONES: dict[State, tuple[str, str]] = {
    "reading": ("calm", "hourglass"),
    "checking": ("calm", "hourglass"),
    "checked": ("wait", "clock"),
    "writing": ("calm", "hourglass"),
    "ended": ("good", "circle-check"),
    "refused": ("urgent", "triangle-alert"),
    "dropped": ("calm", "circle-x"),
}


@get("/imports")
async def files(console: Here) -> Html:
    """The last files, and a form for another."""
    return await _list(console, notice=_told(console))


@post("/imports", status_code=200, request_max_body_size=_SENT_AT_ONCE)
async def put_in(console: Here) -> Html:
    """Keep a file and check it; nothing of it goes in before somebody has seen what would happen."""
    await console.form()
    sent = (await console.visit.request.form()).get("file")
    language = console.language
    if not isinstance(sent, UploadFile) or not sent.filename:
        return await _list(console, errors={"file": language.gettext("Choose a file.")}, status=422)
    try:
        one = await console.desk.importing.receive(
            sent.file,
            sent.filename,
            by=f"{console.person.role}:{console.person.id}",
            shop=console.scope.shop,
        )
    except InvalidField as error:
        return await _list(console, errors={"file": refused(language, error)}, status=422)
    except Forbidden:
        words = language.gettext(
            "This file has orders in it. A shop tells here what happened to its orders; the marketplace puts them in."
        )
        return await _list(console, errors={"file": words}, status=HTTPStatus.FORBIDDEN)
    return console.go(f"{_home(console)}/{one.id}")


@get("/import-templates/{kind:str}/{form:str}")
async def to_fill_in(console: Here, kind: FromPath[str], form: FromPath[str]) -> Response[bytes]:
    """A file to fill in, in the reader's language."""
    kinds, forms = {one: one for one in KINDS}, {one: one for one in get_args(Form)}
    if kind not in _offered(console) or form not in forms:
        raise NotFound(kind="file")
    tag = "zh" if console.language.tag == "zh" else "en"
    shop = console.scope.shop or next((one.id for one in await console.desk.reads.shops()), "")
    data = template(kinds[kind], forms[form], tag, shop, console.now)  # pyright: ignore[reportArgumentType] - checked above
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"', "Content-Type": _MEDIA[form]}
    return Response(data, headers=headers)


@get("/imports/{identifier:str}")
async def read(console: Here, identifier: FromPath[str]) -> Html:
    """One file: how far it is, what would become or became of it, and what is wrong."""
    return await _one(console, identifier, notice=_told(console))


@post("/imports/{identifier:str}/confirm", status_code=200)
async def confirm(console: Here, identifier: FromPath[str]) -> Html:
    """Put in what was checked."""
    await console.form()
    try:
        one = await console.desk.importing.confirm(console.scope, canonical("imp", identifier))
    except ImportSettled as error:
        return await _one(console, identifier, notice=console.problem(error), status=HTTPStatus.CONFLICT)
    return console.go(f"{_home(console)}/{one.id}")


@post("/imports/{identifier:str}/drop", status_code=200)
async def drop(console: Here, identifier: FromPath[str]) -> Html:
    """Let it be."""
    await console.form()
    try:
        await console.desk.importing.drop(console.scope, canonical("imp", identifier))
    except ImportSettled as error:
        return await _one(console, identifier, notice=console.problem(error), status=HTTPStatus.CONFLICT)
    return console.go(f"{_home(console)}?said=dropped")


@get("/imports/{identifier:str}/errors.csv")
async def stay_out(console: Here, identifier: FromPath[str]) -> Stream:
    """The rows that stay out, with what is wrong with each."""
    table = console.desk.importing.table
    one = await table.read(console.scope, canonical("imp", identifier))
    parts = errors_file(console.language, table, one)
    return streamed(File(f"{one.id}-errors.csv", csv_file.MEDIA_TYPE, parts, ""))


ROUTES = (files, put_in, to_fill_in, read, confirm, drop, stay_out)


def _home(console: Console) -> str:
    return "/seller/imports" if console.scope.shop else "/operator/imports"


def _offered(console: Console) -> tuple[Kind, ...]:
    """What may be put in here: whose shop it is tells what happened, and places no orders."""
    return ("stages",) if console.scope.shop else ("orders", "stages")


async def _list(
    console: Console, *, notice: Notice | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Html:
    language, home = console.language, _home(console)
    found = await console.desk.importing.table.latest(console.scope, _SHOWN)
    root = home.rpartition("/")[0]
    return console.page(
        "imports/list.html",
        status=status,
        here=home,
        around=f"{root.strip('/')}/frame.html",
        home=home,
        notice=notice,
        errors=errors or {},
        for_all=console.scope.shop is None,
        rows=[_row(language, home, one) for one in found],
        most=MOST_BYTES // 1024 // 1024,
        templates=[
            {
                "label": _kind(language, kind),
                "forms": [(form.upper(), f"{root}/import-templates/{kind}/{form}") for form in _MEDIA],
            }
            for kind in _offered(console)
        ],
    )


async def _one(console: Console, identifier: str, *, notice: Notice | None = None, status: int = 200) -> Html:
    language, home = console.language, _home(console)
    table = console.desk.importing.table
    one = await table.read(console.scope, canonical("imp", identifier))
    faults = await table.faults(one, _FAULTS)
    counts = one.counts
    return console.page(
        "imports/one.html",
        status=status,
        here=f"{home}/{one.id}",
        around=f"{home.rpartition('/')[0].strip('/')}/frame.html",
        home=home,
        notice=notice,
        row=_row(language, home, one),
        one=one,
        working=one.state in WORKS,
        done=counts.done,
        goes_in=counts.live + counts.history,
        refused=all_said(language, faults_of(one.fault)) if one.fault else "",
        faults=[
            {"id": str(nth), "nth": language.number(nth), "words": all_said(language, faults_of(kept))}
            for nth, kept in faults
        ],
        more=max(0, counts.rows_wrong - len(faults)),
        errors_file=f"{home}/{one.id}/errors.csv" if counts.wrong and one.state != "dropped" else "",
        ignored=language.gettext(", ").join(one.ignored),
    )


def _row(language: Locale, home: str, one: Import) -> dict[str, Any]:
    tone, icon = _TONES[one.state]
    return {
        "id": one.id,
        "href": address(f"{home}/{one.id}"),
        "name": one.name or one.id,
        "what": _kind(language, one.kind),
        "state": language.term("import", one.state),
        "tone": tone,
        "icon": icon,
        "goes_in": one.counts.live + one.counts.history,
        "there": one.counts.there,
        "wrong": one.counts.wrong,
        "made_at": one.made_at,
    }


def _kind(language: Locale, kind: Kind) -> str:
    _ = language.gettext
    return _("Orders") if kind == "orders" else _("What happened to orders")


def _told(console: Console) -> Notice | None:
    if console.query("said") != "dropped":
        return None
    return Notice(console.language.gettext("Nothing of the file was put in."), "calm")
