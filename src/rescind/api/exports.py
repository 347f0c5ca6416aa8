"""Lists as files, and the record of who took one away."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.access.people import by, whose
from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.orders import narrowed
from rescind.api.told import Told
from rescind.core.instant import Instant
from rescind.core.listing import Listing
from rescind.core.lists import MESSAGES, ORDERS, PEOPLE, REFUNDS, REQUESTS, SHOPS
from rescind.core.views import ExportFilters
from rescind.exporting import workbook
from rescind.intake import query
from rescind.intake.narrowing import (
    NARROWINGS,
    Format,
    Limit,
    Narrowing,
    PersonNarrowing,
    RefundNarrowing,
    ShopNarrowing,
    ThreadNarrowing,
)
from rescind.lists import Wanted
from rescind.postgres.credentials import Role
from rescind.postgres.exports import Taken

CSV = "text/csv"
_SHOPS_OWN: frozenset[Role] = frozenset({"seller", "support", "operator", "host"})
_STAFF_AND_SHOPS: frozenset[Role] = frozenset({"seller", "support", "operator"})
Columns = Annotated[
    tuple[str, ...], msgspec.Meta(max_length=50, description="Which columns; those a page shows at first without one.")
]


class OrdersExported(Narrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list or the queue is narrowed, the form of the file, and its columns."""

    format: Format = "csv"
    column: Columns = ()


class RefundsExported(RefundNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list is narrowed, the form of the file, and its columns."""

    format: Format = "csv"
    column: Columns = ()


class ThreadsExported(ThreadNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the inbox is narrowed, the form of the file, and its columns."""

    format: Format = "csv"
    column: Columns = ()


class ShopsExported(ShopNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list is narrowed, the form of the file, and its columns."""

    format: Format = "csv"
    column: Columns = ()


class PeopleExported(PersonNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list is narrowed, the form of the file, and its columns."""

    format: Format = "csv"
    column: Columns = ()


class ExportsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """list, via, person: of these alone. personal: whether they say something of people who bought. The part of the
    record that is wanted.
    """

    list: Annotated[str, msgspec.Meta(max_length=64)] = ""
    via: Literal["", "page", "api", "cli", "mail"] = ""
    person: Annotated[str, msgspec.Meta(max_length=200)] = ""
    personal: bool | None = None
    cursor: str | None = None
    limit: Limit = 25


class ExportTold(Told, frozen=True, kw_only=True):
    """A list that somebody took away. via: page, api, cli or mail. personal: it says something of people who bought.

    query: what it was narrowed to. rows: how many left; ended_at: null while it goes on.
    """

    id: str
    role: str
    shop: str | None
    person: str
    via: str
    list: str
    query: str
    columns: tuple[str, ...]
    personal: bool
    format: str
    rows: int
    began_at: Instant
    ended_at: Instant | None


class ExportsTold(Told, frozen=True, kw_only=True):
    """A part of the record, newest first. next, previous: cursors, null at an end. total: null when there are many."""

    rows: list[ExportTold]
    next: str | None
    previous: str | None
    total: int | None


@operation(
    "GET",
    "/v1/orders/export",
    may=_SHOPS_OWN,
    through="scope",
    summary="Export orders",
    query=OrdersExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def orders(call: Call) -> Answer:
    """All orders that the list would show, as a file that is written while it is read. Codes and ids are those of the
    API, amounts decimal with a currency beside them, times RFC 3339. Who took it is written down.
    """
    return await _export(call, ORDERS)


@operation(
    "GET",
    "/v1/cancellations/export",
    may=_SHOPS_OWN,
    through="scope",
    summary="Export requests",
    query=OrdersExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def requests(call: Call) -> Answer:
    """All requests that the queue would show, in the form of exported orders."""
    return await _export(call, REQUESTS)


@operation(
    "GET",
    "/v1/refunds/export",
    may=_STAFF_AND_SHOPS,
    through="scope",
    summary="Export refunds",
    query=RefundsExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def refunds(call: Call) -> Answer:
    """All refunds that the list would show, in the form of exported orders."""
    return await _export(call, REFUNDS)


@operation(
    "GET",
    "/v1/threads/export",
    may=_STAFF_AND_SHOPS,
    through="scope",
    summary="Export conversations",
    query=ThreadsExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def threads(call: Call) -> Answer:
    """Your inbox with the last message of each conversation, in the form of exported orders."""
    return await _export(call, MESSAGES)


@operation(
    "GET",
    "/v1/shops/export",
    may=STAFF | {"host"},
    through="scope",
    summary="Export shops",
    query=ShopsExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def shops(call: Call) -> Answer:
    """All shops, in the form of exported orders."""
    return await _export(call, SHOPS)


@operation(
    "GET",
    "/v1/people/export",
    may=frozenset({"seller", "operator"}),
    through="scope",
    summary="Export people",
    query=PeopleExported,
    media_type=CSV,
    also=(workbook.MEDIA_TYPE,),
)
async def people(call: Call) -> Answer:
    """All who work here, or the people of your shop, in the form of exported orders."""
    whose(by(call.principal))
    return await _export(call, PEOPLE)


async def _export(call: Call, listing: Listing) -> Answer:
    asked = call.query
    where = query.only(call.scope["query_string"].decode("ascii"), NARROWINGS[listing.name])
    zone: str = getattr(asked, "zone", "") or "UTC"
    wanted = Wanted(listing, where, asked.column, asked.format, zone)
    file = await narrowed(call.desk.lists.export(call.principal, wanted, "api"))
    headers = ((b"content-disposition", f'attachment; filename="{file.name}"'.encode()),)
    return Answer(body=b"", stream=file.parts, media_type=file.media_type.encode(), headers=headers)


@operation(
    "GET",
    "/v1/exports",
    may=frozenset({"operator"}),
    through="scope",
    summary="List what was exported",
    query=ExportsAsked,
    gives=ExportsTold,
)
async def taken(call: Call) -> Answer:
    """Who took which list away, when, and with how many rows, newest first."""
    wanted: ExportsAsked = call.query
    filters = ExportFilters(list=wanted.list, via=wanted.via, person=wanted.person, personal=wanted.personal)
    page = await narrowed(call.desk.reads.exports(filters, wanted.cursor, wanted.limit))
    rows = [_told(one) for one in page.rows]
    return Answer(body=ExportsTold(rows=rows, next=page.next, previous=page.previous, total=page.total))


def _told(one: Taken) -> ExportTold:
    assert one.began_at is not None, "it was read"
    return ExportTold(
        id=one.export_id,
        role=one.role,
        shop=one.shop_id or None,
        person=one.person,
        via=one.via,
        list=one.list,
        query=one.query,
        columns=tuple(one.columns),
        personal=one.personal,
        format=one.format,
        rows=one.rows,
        began_at=one.began_at,
        ended_at=one.ended_at,
    )


OPERATIONS = (orders, requests, refunds, threads, shops, people, taken)
