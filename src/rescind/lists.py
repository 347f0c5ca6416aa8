"""Lists for pages, the API, the command line and mail alike: their rows through somebody's eyes, and as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple, cast

from rescind.access.people import by, whose
from rescind.access.principal import Principal
from rescind.clock import Clock, wall_clock
from rescind.conversations import inbox_side
from rescind.core.errors import Forbidden, InvalidField, NotFound
from rescind.core.instant import Instant
from rescind.core.listing import Column, Listing, Reader
from rescind.core.lists import LISTS
from rescind.exporting import csv_file, workbook
from rescind.exporting.cells import Cell, Cells
from rescind.intake import query
from rescind.intake.narrowing import (
    NARROWINGS,
    Format,
    Narrowing,
    PersonNarrowing,
    RefundNarrowing,
    ShopNarrowing,
    ThreadNarrowing,
)
from rescind.locales import Locale
from rescind.postgres.exports import ExportTable, Taken
from rescind.postgres.reads import Reads

AnyNarrowing = Narrowing | RefundNarrowing | ThreadNarrowing | ShopNarrowing | PersonNarrowing


class Wanted(NamedTuple):
    """A list as somebody wants it in a file. where: as it stands in an address. columns: names, none for the usual.

    zone: whose clock its times go by. language: None writes names and codes, as programs read them.
    """

    listing: Listing
    where: str
    columns: Sequence[str] = ()
    form: Format = "csv"
    zone: str = "UTC"
    language: Locale | None = None


class File(NamedTuple):
    """A file as it is made. export: the record of it. rows: how many went into it, once all parts are there."""

    name: str
    media_type: str
    parts: AsyncIterator[bytes]
    export: str


def reader_of(who: Principal) -> Reader:
    """Whose lists somebody has: their shop's, or the platform's."""
    return "seller" if who.role == "seller" else "support"


def listing_of(who: Principal, name: str) -> Listing:
    """The list of that name. Raises NotFound for one that there is not, or not for somebody like this, and Forbidden
    of those who work here for whoever lets nobody in.
    """
    listing = LISTS.get(name)
    if listing is None or who.role == "buyer" or reader_of(who) not in listing.readers:
        raise NotFound(kind="list")
    if listing.of_staff:
        whose(by(who))
    return listing


class Lists:
    """Reads lists through whoever asks, and makes files of them."""

    def __init__(self, reads: Reads, exports: ExportTable, clock: Clock) -> None:
        self.exports = exports
        self._reads = reads
        self._clock = clock

    def narrowed(self, listing: Listing, where: str) -> AnyNarrowing:
        """What an address narrows a list to. Raises InvalidField, UnknownField."""
        return query.read(where.encode("ascii", "replace"), NARROWINGS[listing.name])

    def require(self, who: Principal, listing: Listing, where: str) -> None:
        """Let only through what opens a list for somebody: what narrows it, and each value of that.

        Raises InvalidField, UnknownField, Forbidden; the fields are those of an address.
        """
        try:
            # Rows that are never read: what cannot be meant is refused before the first.
            self.rows(who, listing, self.narrowed(listing, where), "UTC", wall_clock())
        except InvalidField as fault:
            field = str(fault.params["field"]).lstrip("?/")
            raise InvalidField(**fault.params | {"field": f"?{field}"}) from None

    def rows(
        self, who: Principal, listing: Listing, where: AnyNarrowing, zone: str, now: Instant
    ) -> AsyncIterator[Any]:
        """Every row of a list that somebody may see, in its order. Raises InvalidField, Forbidden."""
        match where:
            case Narrowing():
                filters = where.filters(who.role, zone)
                every = self._reads.every_order if listing.name == "orders" else self._reads.every_case
                return cast("AsyncIterator[Any]", every(who.scope, filters, now=now))
            case RefundNarrowing():
                return self._reads.every_refund(who.scope, where.filters(zone), now=now)
            case ThreadNarrowing():
                if who.role == "host":
                    raise Forbidden(action="list_messages")
                filters = where.filters()
                return self._reads.every_thread(who.scope, inbox_side(who, filters), filters)
            case ShopNarrowing():
                return self._reads.every_shop(where.filters())
            case PersonNarrowing():
                return self._reads.every_person(where.filters(whose(by(who))))

    async def export(self, who: Principal, wanted: Wanted, via: str) -> File:
        """Begin a file of what a list shows now, and write down that it is taken away.

        Raises InvalidField, UnknownField, Forbidden; nothing is written down then.
        """
        reader = reader_of(who)
        columns = wanted.listing.chosen(wanted.columns, reader, "column")
        now = self._clock.read() or wall_clock()
        narrowing = self.narrowed(wanted.listing, wanted.where)
        rows = self.rows(who, wanted.listing, narrowing, wanted.zone, now)
        cells = Cells(columns, zone=wanted.zone, language=wanted.language, reader=reader)
        export = await self.exports.begin(_taken(who, wanted, columns, via))
        counted = self._counted(export, rows, cells)
        name = f"{wanted.listing.name}-{now:%Y%m%d-%H%M}.{wanted.form}"
        if wanted.form == "csv":
            return File(name, csv_file.MEDIA_TYPE, csv_file.parts(cells.header(), counted), export)
        made = workbook.parts(cells.header(), cells.kinds, cells.zone, counted)
        return File(name, workbook.MEDIA_TYPE, made, export)

    async def _counted(self, export: str, rows: AsyncIterator[Any], cells: Cells) -> AsyncIterator[Sequence[Cell]]:
        count = 0
        try:
            async for row in rows:
                count += 1
                yield cells.row(row)
        finally:
            # Also of what somebody broke off it is known how much left.
            await self.exports.end(export, count)


def _taken(who: Principal, wanted: Wanted, columns: Sequence[Column], via: str) -> Taken:
    return Taken(
        role=who.role,
        shop_id=who.shop_id or "",
        person=who.holder,
        credential=who.credential,
        via=via,
        list=wanted.listing.name,
        query=wanted.where,
        columns=tuple(one.name for one in columns),
        personal=any(one.personal for one in columns),
        format=wanted.form,
    )
