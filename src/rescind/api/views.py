"""Lists as people see them: their columns, the views that somebody keeps, and the files that are mailed of these."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind import saved_views
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.exports import CSV
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.errors import one_of
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.listing import Listing
from rescind.core.lists import LISTS
from rescind.core.schedule import Schedule
from rescind.exporting import csv_file, workbook
from rescind.inbox import owner
from rescind.intake import query
from rescind.intake.fields import Incoming
from rescind.intake.narrowing import NARROWINGS, Format, Zone
from rescind.lists import listing_of, reader_of
from rescind.postgres.credentials import Role
from rescind.postgres.exports import KEPT_FOR, KeptFile
from rescind.postgres.saved_views import SavedView
from rescind.saved_views import Mailed

_MAY: frozenset[Role] = frozenset({"seller", "support", "operator"})
_Name = Annotated[str, msgspec.Meta(max_length=64)]
_Columns = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=50)]


class ListColumnTold(Told, frozen=True, kw_only=True):
    """A column of a list. kind: id, text, code, money, time or number. shown: the caller sees it on pages. personal: it
    says something of people who bought.
    """

    name: str
    kind: str
    shown: bool
    personal: bool


class ReadyViewTold(Told, frozen=True, kw_only=True):
    """A view that everybody has. where: as it stands behind the question mark of an address."""

    name: str
    where: dict[str, str]


class ListTold(Told, frozen=True, kw_only=True):
    """A list that the caller has. filters: the parameters it can be narrowed by, sorting among them."""

    name: str
    columns: list[ListColumnTold]
    filters: list[str]
    views: list[ReadyViewTold]


class ListsTold(Told, frozen=True, kw_only=True):
    """The lists that the caller has."""

    lists: list[ListTold]


class ListColumnsPut(Incoming, frozen=True, kw_only=True):
    """The columns to show, in whatever order; none for those that a list shows by itself."""

    columns: _Columns = ()


class ViewsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """list: of this one alone."""

    list: _Name = ""


class NewView(Incoming, frozen=True, kw_only=True):
    """A list as it is to be kept. where: what stands behind the question mark of its address, such as
    ``stage=packed&placed=7d``. columns: none for the usual ones.
    """

    list: _Name
    name: Annotated[str, msgspec.Meta(max_length=200)]
    where: Annotated[str, msgspec.Meta(max_length=saved_views.LONGEST_WHERE)] = ""
    columns: _Columns = ()


class ViewMail(Incoming, frozen=True, kw_only=True):
    """When a view is mailed. rhythm: empty for not at all. weekday: of a weekly one, Monday is 0; hour: by the clock of
    ``zone``. language: of the file. channel: the id of a mail address of the caller's that is verified.
    """

    rhythm: Literal["", "daily", "weekly"]
    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)] = 0
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8
    zone: Zone = "UTC"
    format: Format = "csv"
    language: Literal["en", "zh"] = "en"
    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""


class ViewTold(Told, frozen=True, kw_only=True):
    """A view that the caller keeps. rhythm: empty where it is not mailed; channel, weekday, hour, zone, format,
    language: how it is. next_at: when next, null for not. paused: why not at the moment.
    """

    id: str
    list: str
    name: str
    where: str
    columns: tuple[str, ...]
    rhythm: str
    weekday: int
    hour: int
    zone: str
    format: str
    language: str
    channel: str
    next_at: Instant | None
    paused: str


class ViewsTold(Told, frozen=True, kw_only=True):
    """The views that the caller keeps, up to 50."""

    views: list[ViewTold]


class ViewFileTold(Told, frozen=True, kw_only=True):
    """A file that was made of a view. size: bytes. until: when it is gone."""

    id: str
    view: str
    list: str
    format: str
    rows: int
    size: int
    made_at: Instant
    until: Instant


class ViewFilesTold(Told, frozen=True, kw_only=True):
    """The files of the caller that are still there, the latest first."""

    files: list[ViewFileTold]


@operation("GET", "/v1/lists", may=_MAY, through="self", summary="List the lists", gives=ListsTold)
async def lists(call: Call) -> Answer:
    """Which lists you have: what each can be narrowed by, its columns and those you see, the views it comes with."""
    found = [one for one in LISTS.values() if reader_of(call.principal) in one.readers]
    return Answer(body=ListsTold(lists=[await _list(call, one) for one in found]))


@operation(
    "PUT",
    "/v1/lists/{list}/columns",
    may=_MAY,
    through="self",
    summary="Choose the columns of a list",
    body=ListColumnsPut,
    gives=ListTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.InvalidField),
)
async def choose(call: Call) -> Answer:
    """What you see of a list on pages from now on, and what its files have where nobody says otherwise there."""
    body: ListColumnsPut = call.body
    listing = listing_of(call.principal, call.ids["list"])
    listing.chosen(body.columns, reader_of(call.principal))
    await call.desk.views.choose(owner(call.principal), listing.name, body.columns)
    return Answer(body=await _list(call, listing))


@operation("GET", "/v1/views", may=_MAY, through="self", summary="List your views", query=ViewsAsked, gives=ViewsTold)
async def views(call: Call) -> Answer:
    """The views that you keep, of one list or of all, and when each is mailed."""
    wanted: ViewsAsked = call.query
    found = await call.desk.views.of(owner(call.principal), wanted.list)
    return Answer(body=ViewsTold(views=list(map(_view, found))))


@operation(
    "POST",
    "/v1/views",
    may=_MAY,
    through="self",
    summary="Keep a view",
    body=NewView,
    gives=ViewTold,
    changes=True,
    statuses=(201,),
    fails=(errors.InvalidField, errors.InvalidText, errors.ViewsFull),
)
async def keep(call: Call) -> Answer:
    """Keep a list as it is narrowed under a name, for yourself alone. One of that name is kept anew."""
    call.key(ShopId(""))  # A name is kept once; the header is wanted as of every change.
    body: NewView = call.body
    known = [one.name for one in LISTS.values() if reader_of(call.principal) in one.readers]
    if body.list not in known:
        raise errors.InvalidField(field="/list", expected=one_of(known))
    try:
        kept = await saved_views.keep(call.desk, call.principal, LISTS[body.list], body.name, body.where, body.columns)
    except (errors.InvalidField, errors.UnknownField) as fault:
        field = str(fault.params["field"])
        if not field.startswith("?"):
            raise
        known = query.names(NARROWINGS[body.list])
        raise errors.InvalidField(field="/where", expected=str(fault.params.get("expected") or one_of(known))) from None
    return Answer(body=_view(kept), status=201, location=f"/v1/views/{kept.view_id}")


@operation(
    "GET",
    "/v1/views/{view}",
    may=_MAY,
    through="self",
    summary="Read a view",
    gives=ViewTold,
    fails=(errors.NotFound,),
)
async def one(call: Call) -> Answer:
    """A view that you keep, and when it is mailed."""
    return Answer(body=_view(await call.desk.views.find(owner(call.principal), call.ids["view"])))


@operation(
    "PUT",
    "/v1/views/{view}/mail",
    may=_MAY,
    through="self",
    summary="Have a view mailed",
    body=ViewMail,
    gives=ViewTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.InvalidField),
)
async def mail(call: Call) -> Answer:
    """Mail a view every day or every week, or not any more. The mail has a link and no data; the file lies behind
    sign-in for a week.
    """
    body: ViewMail = call.body
    found = await call.desk.views.find(owner(call.principal), call.ids["view"])
    if not body.rhythm:
        await call.desk.views.stop(found.view_id)
    else:
        schedule = Schedule(rhythm=body.rhythm, hour=body.hour, zone=body.zone or "UTC", weekday=body.weekday)
        mailed = Mailed(schedule, body.format, body.language, body.channel)
        await saved_views.mail(call.desk, call.principal, found, mailed)
    return Answer(body=_view(await call.desk.views.find(owner(call.principal), found.view_id)))


@operation(
    "POST",
    "/v1/views/{view}/remove",
    may=_MAY,
    through="self",
    summary="Remove a view",
    body=Untouched,
    gives=ViewsTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def remove(call: Call) -> Answer:
    """Keep it no longer, and mail nothing of it; the answer has the views that are left."""
    call.key(ShopId(""))
    await call.desk.views.remove(owner(call.principal), call.ids["view"])
    left = await call.desk.views.of(owner(call.principal))
    return Answer(body=ViewsTold(views=list(map(_view, left))))


@operation("GET", "/v1/view-files", may=_MAY, through="self", summary="List files of your views", gives=ViewFilesTold)
async def files(call: Call) -> Answer:
    """What was made of your views in the last week."""
    found = await call.desk.lists.exports.files(owner(call.principal))
    return Answer(body=ViewFilesTold(files=list(map(_file, found))))


@operation(
    "GET",
    "/v1/view-files/{file}",
    may=_MAY,
    through="self",
    summary="Fetch a file of a view",
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
    fails=(errors.NotFound,),
)
async def file(call: Call) -> Answer:
    """The file itself, in the form in which the view is mailed. Another's is as missing as one that is gone."""
    found = await call.desk.lists.exports.file(call.ids["file"])
    mine, parts = owner(call.principal), None
    if (found.role, found.shop_id, found.person) == (mine.role, mine.shop, mine.person):
        parts = await call.desk.files.stream(found.file_id)
    if parts is None:
        raise errors.NotFound(kind="file")
    media_type = workbook.MEDIA_TYPE if found.format == "xlsx" else csv_file.MEDIA_TYPE
    name = f"{found.list}-{found.made_at:%Y%m%d-%H%M}.{found.format}"
    headers = ((b"content-disposition", f'attachment; filename="{name}"'.encode()),)
    return Answer(body=b"", stream=parts, media_type=media_type.encode(), headers=headers)


async def _list(call: Call, listing: Listing) -> ListTold:
    reader = reader_of(call.principal)
    names = await call.desk.views.columns(owner(call.principal), listing.name)
    known = {one.name for one in listing.of(reader)}
    shown = listing.chosen([name for name in names if name in known], reader)
    return ListTold(
        name=listing.name,
        columns=[
            ListColumnTold(name=one.name, kind=one.kind, shown=one in shown, personal=one.personal)
            for one in listing.of(reader)
        ],
        filters=list(query.names(NARROWINGS[listing.name])),
        views=[ReadyViewTold(name=one.name, where=dict(one.where)) for one in listing.views_of(reader)],
    )


def _view(one: SavedView) -> ViewTold:
    return ViewTold(
        id=one.view_id,
        list=one.list,
        name=one.name,
        where=one.query,
        columns=tuple(one.columns),
        rhythm=one.rhythm,
        weekday=one.weekday,
        hour=one.hour,
        zone=one.zone,
        format=one.format,
        language=one.language,
        channel=one.channel,
        next_at=one.next_at,
        paused=one.paused,
    )


def _file(one: KeptFile) -> ViewFileTold:
    return ViewFileTold(
        id=one.file_id,
        view=one.view_id,
        list=one.list,
        format=one.format,
        rows=one.rows,
        size=one.size,
        made_at=one.made_at,
        until=one.made_at + KEPT_FOR,
    )


OPERATIONS = (lists, choose, views, keep, one, mail, remove, files, file)
