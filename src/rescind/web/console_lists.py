"""What people of a shop and of the platform do with lists: choose columns, keep views, take a list away as a file."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream

from rescind import saved_views
from rescind.core.errors import InvalidField, NotFound
from rescind.core.lists import LISTS
from rescind.core.schedule import Schedule
from rescind.exporting import csv_file, workbook
from rescind.inbox import owner
from rescind.intake import query
from rescind.intake.narrowing import NARROWINGS
from rescind.lists import File, Wanted, listing_of, reader_of
from rescind.locales import Locale
from rescind.postgres.exports import KEPT_FOR
from rescind.saved_views import Mailed
from rescind.web.listing import ROOT, opened, path_of
from rescind.web.seller.console import Console, Here, back_to
from rescind.web.session import Html


@get("/lists/{name:str}/export")
async def export(console: Here, name: FromPath[str]) -> Stream:
    """The list of the address as a file. Raises NotFound, InvalidField, UnknownField."""
    listing = listing_of(console.person, name)
    form = "xlsx" if console.query("format") == "xlsx" else "csv"
    url = console.visit.request.url
    wanted = Wanted(
        listing,
        query.only(url.query, NARROWINGS[listing.name]),
        tuple(console.visit.request.query_params.getall("column", [])),
        form,
        console.zone,
        console.language,
    )
    return streamed(await console.desk.lists.export(console.person, wanted, "page"))


def streamed(file: File) -> Stream:
    """A file that is sent while it is made."""
    # As a header: what a response says of its type gives way to what its route says.
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Content-Type": file.media_type}
    return Stream(file.parts, headers=headers)


@post("/lists/{name:str}/columns", status_code=303)
async def choose(console: Here, name: FromPath[str]) -> Html:
    """Show these columns from now on."""
    form = await console.form()
    listing = listing_of(console.person, name)
    sent = await console.visit.request.form()
    columns = () if form.text("usual") else [one for one in sent.getall("column", []) if isinstance(one, str)]
    if columns:
        listing.chosen(columns, reader_of(console.person))
    await console.desk.views.choose(owner(console.person), listing.name, columns)
    root = ROOT[reader_of(console.person)]
    return console.go(back_to(form.text("back"), path_of(root, listing.name)))


@post("/lists/{name:str}/views", status_code=303)
async def keep(console: Here, name: FromPath[str]) -> Html:
    """Keep a list as it is under a name. Raises InvalidText, ViewsFull."""
    form = await console.form()
    listing = listing_of(console.person, name)
    sent = await console.visit.request.form()
    columns = [one for one in sent.getall("column", []) if isinstance(one, str)]
    where = query.only(form.text("where"), NARROWINGS[listing.name])
    view = await saved_views.keep(console.desk, console.person, listing, form.text("name"), where, columns)
    return console.go(opened(path_of(ROOT[reader_of(console.person)], listing.name), view))


@get("/views")
async def views(console: Here) -> Html:
    """The views that somebody keeps, when each is mailed, and the files that were made of them."""
    return await _views(console)


async def _views(console: Console, errors: dict[str, str] | None = None, at: str = "", status: int = 200) -> Html:
    language, who = console.language, console.person
    _ = language.gettext
    root = ROOT[reader_of(who)]
    addresses = await saved_views.addresses(console.desk, console.person)
    said = {
        "mailed": _("Kept. The view is mailed from now on."),
        "not_mailed": _("Kept. The view is not mailed."),
        "removed": _("Removed."),
    }.get(console.query("said"), "")
    return console.page(
        "lists/views.html",
        status=status,
        here=f"{root}/views",
        root=root,
        said=said,
        errors=errors or {},
        at=at,
        clock=await _zone(console),
        whens=[
            ("", _("Not by mail")),
            ("daily", _("Every day")),
            *((f"weekly-{day}", _("Every %(day)s") % {"day": _weekday(language, day)}) for day in range(7)),
        ],
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)],
        forms=[("csv", "CSV"), ("xlsx", "XLSX")],
        addresses=[(one.id, one.address) for one in addresses],
        rows=[
            {
                "view": one,
                "list": language.pgettext("list", one.list),
                "href": opened(path_of(root, one.list), one),
                "when": f"weekly-{one.weekday}" if one.rhythm == "weekly" else one.rhythm,
                "mailed": not LISTS[one.list].of_staff,
                "paused": language.pgettext("view_paused", one.paused) if one.paused else "",
            }
            for one in await console.desk.views.of(owner(who))
        ],
        files=[
            {"file": one, "list": language.pgettext("list", one.list), "until": one.made_at + KEPT_FOR}
            for one in await console.desk.lists.exports.files(owner(who))
        ],
    )


def _weekday(language: Locale, day: int) -> str:
    names: Mapping[int, str] = language.cldr.days["stand-alone"]["wide"]
    return names[day]


async def _zone(console: Console) -> str:
    """Whose clock mails go by: what somebody chose, else their browser's, else this console's."""
    chosen = (await console.desk.inbox.preferences(console.person)).zone
    return chosen or console.visit.zone or console.zone


@post("/views/{view:str}/mail", status_code=303)
async def mail(console: Here, view: FromPath[str]) -> Html:
    """When a view is mailed, and where to; or that it is not."""
    form = await console.form()
    found = await console.desk.views.find(owner(console.person), view)
    root, when, hour = ROOT[reader_of(console.person)], form.text("when"), form.text("hour")
    rhythm, _, weekday = when.partition("-")
    if not rhythm:
        await console.desk.views.stop(found.view_id)
        return console.go(f"{root}/views?said=not_mailed")
    if rhythm not in ("daily", "weekly") or not hour.isdigit() or int(hour) > 23 or (weekday or "0") not in "0123456":
        raise InvalidField(field="when", expected="a day and an hour of the form")
    schedule = Schedule(
        rhythm="weekly" if rhythm == "weekly" else "daily",
        hour=int(hour),
        zone=await _zone(console),
        weekday=int(weekday or 0),
    )
    language = "zh" if console.language.tag == "zh" else "en"
    mailed = Mailed(schedule, "xlsx" if form.text("format") == "xlsx" else "csv", language, form.text("address"))
    try:
        await saved_views.mail(console.desk, console.person, found, mailed)
    except InvalidField:
        missing = console.language.gettext("Choose an address that was verified on the page of notices")
        return await _views(console, {"address": missing}, found.view_id, 422)
    return console.go(f"{root}/views?said=mailed")


@post("/views/{view:str}/remove", status_code=303)
async def remove(console: Here, view: FromPath[str]) -> Html:
    """Keep a view no longer."""
    await console.form()
    await console.desk.views.remove(owner(console.person), view)
    return console.go(f"{ROOT[reader_of(console.person)]}/views?said=removed")


@get("/views/files/{file:str}")
async def kept(console: Here, file: FromPath[str]) -> Stream:
    """A file that was made of somebody's view, for that person alone. Raises NotFound: another's, or gone."""
    found = await console.desk.lists.exports.file(file)
    mine = owner(console.person)
    parts = None
    if (found.role, found.shop_id, found.person) == (mine.role, mine.shop, mine.person):
        parts = await console.desk.files.stream(found.file_id)
    if parts is None:
        raise NotFound(kind="file")
    name = f"{found.list}-{found.made_at:%Y%m%d-%H%M}.{found.format}"
    media_type = workbook.MEDIA_TYPE if found.format == "xlsx" else csv_file.MEDIA_TYPE
    return streamed(File(name, media_type, parts, ""))


ROUTES = (export, choose, keep, views, mail, remove, kept)
