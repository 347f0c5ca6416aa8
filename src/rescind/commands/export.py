"""`rescind export`: a list as a file, with the filters and columns that pages and the API have for it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import urlencode

import asyncpg
import typer

from rescind import zones
from rescind.access.principal import Principal
from rescind.clock import DatabaseClock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, fail, must_be, say, told
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidField, InvalidText, UnknownField
from rescind.core.lists import LISTS
from rescind.intake.narrowing import NARROWINGS, Format
from rescind.intake.query import names
from rescind.lists import Lists, Wanted
from rescind.postgres.exports import ExportTable
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings


def export(
    listing: Annotated[str, typer.Argument(metavar="LIST", help=f"One of: {', '.join(LISTS)}.")],
    file: Annotated[
        Path, typer.Argument(help="Where to write it; .xlsx makes a workbook, anything else CSV; - is standard output.")
    ],
    filters: Annotated[
        list[str] | None, typer.Option("--filter", metavar="NAME=VALUE", help="As in the API; may stand several times.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--column", help="Which columns; may stand several times.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Whose clock times are written by.")] = "UTC",
    data: Data = None,
) -> None:
    """Write a list of the whole marketplace to a file, and write down who did."""
    if listing not in LISTS:
        fail(_("There is no list %(listing)s. There are: %(these)s.") % {"listing": listing, "these": ", ".join(LISTS)})
    if str(file) != "-" and file.exists():
        fail(_("%(file)s is there already; an export does not write over anything.") % {"file": file})
    if zone not in zones.known():
        fail(_("%(zone)s is no time zone; write one like Europe/London.") % {"zone": zone})
    pairs = [one.partition("=") for one in filters or ()]
    known = names(NARROWINGS[listing])
    for name, equals, _value in pairs:
        if not equals or name not in known:
            fail(
                _("%(name)s is no filter of %(listing)s. There are: %(these)s.")
                % {"name": name, "listing": listing, "these": ", ".join(known)}
            )
    form: Format = "xlsx" if file.suffix == ".xlsx" else "csv"
    piped = str(file) == "-"
    where = urlencode([(name, value) for name, _equals, value in pairs])
    wanted = Wanted(LISTS[listing], where, tuple(columns or ()), form, zone)

    async def work(pool: asyncpg.Pool[Any], settings: Settings, to: BinaryIO) -> int:
        clock = DatabaseClock()
        lists = Lists(Reads(pool, secret(settings)), ExportTable(pool, clock), clock)
        try:
            made = await lists.export(_somebody(), wanted, "cli")
        except (InvalidField, InvalidText, UnknownField) as error:
            fail(must_be(error) if "expected" in error.params else told(error))
        async for part in made.parts:
            to.write(part)
        return await lists.exports.rows(made.export)

    chosen = read_settings(data=data)
    if piped:
        to = sys.stdout.buffer
        run(with_pool(chosen, lambda pool, settings: work(pool, settings, to)))
        to.flush()
        return
    # Before the database is asked: nothing is taken away where there is no place to put it, nor recorded as if it were.
    try:
        opened = file.open("xb")
    except OSError as error:
        fail(_("%(file)s cannot be written: %(why)s.") % {"file": file, "why": error.strerror})
    with removed_unless_written(file), opened as to:
        rows = run(with_pool(chosen, lambda pool, settings: work(pool, settings, to)))
    say(_("Wrote %(file)s. Rows: %(rows)s.") % {"file": file, "rows": rows})


@contextmanager
def removed_unless_written(file: Path) -> Generator[None]:
    """Leave no file behind that has not everything that it should have."""
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _somebody() -> Principal:
    """Whoever is at the machine may read everything; their name there is what is written down."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "command line"
    return Principal(role="operator", id=name, credential="command line")
