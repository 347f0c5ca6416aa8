"""`rescind import`: orders and stage changes from a file, checked first or put in at once, and gone on with."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from rescind.clock import wall_clock
from rescind.core.scope import Scope
from rescind.desk import Desk
from rescind.desk_command import with_desk
from rescind.intake.columns import Kind
from rescind.intake.template import Form, Language, template
from rescind.locales import locale
from rescind.postgres.imports import WORKS, Import
from rescind.serving import settle
from rescind.terminal import Data, err, fail, out, read_settings, run
from rescind.web.import_words import all_said, errors_file, faults_of

_BY = "operator:command line"
_SHOWN = 20
_LOOK_S = 0.5
_A_SHOP = "shp_00000000"


def import_file(
    file: Annotated[Path | None, typer.Argument(help="The file, CSV or XLSX.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and put nothing in.")] = False,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with an import that was stopped.")] = None,
    errors: Annotated[Path | None, typer.Option(help="Where to write the rows that stay out, and why.")] = None,
    make_template: Annotated[
        Form | None, typer.Option("--template", help="Print a file to fill in, instead of reading one.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Of the template: orders, or stages of orders that are there.")] = "orders",
    shop: Annotated[str, typer.Option(help="Of the template: whose orders its examples are.")] = _A_SHOP,
    language: Annotated[Language, typer.Option(help="Of the template, and of what is said of rows.")] = "en",
    data: Data = None,
) -> None:
    """Put orders in from a file, or tell what happened to those that are there.

    An order with a row that is wrong stays out, and all others go in; the same file again changes nothing.
    """
    if make_template is not None:
        sys.stdout.buffer.write(template(kind, make_template, language, shop, wall_clock()))
        return
    if (file is None) == (resume is None):
        fail("Name one file, or with --resume the id of an import.")
    if errors is not None and errors.exists():
        fail(f"{errors} is there already; nothing is written over.")

    async def work(desk: Desk) -> Import:
        settle()
        one = await _begun(desk, file, resume, dry_run=dry_run)
        done = await _worked(desk, one)
        await _tell(desk, done, language, errors)
        return done

    done = run(with_desk(read_settings(data=data), work))
    if done.state == "refused" or done.counts.wrong:
        raise typer.Exit(1)


async def _begun(desk: Desk, file: Path | None, resume: str | None, *, dry_run: bool) -> Import:
    if file is None:
        one = await desk.importing.table.read(Scope(), resume or "")
        if one.state == "checked" and not dry_run:
            await desk.importing.confirm(Scope(), one.id)
        return await desk.importing.table.read(Scope(), one.id)
    try:
        with file.open("rb") as opened:
            one = await desk.importing.receive(opened, file.name, by=_BY, confirmed=not dry_run)
    except OSError as fault:
        fail(f"{file} cannot be read: {fault.strerror}.")
    err.print(
        f"{one.id}: if this is stopped, go on with: rescind import --resume {one.id}", highlight=False, soft_wrap=True
    )
    return one


async def _worked(desk: Desk, one: Import) -> Import:
    """Work until there is nothing left to do; somebody else may have the import, and then is waited for."""
    with err.status("") as status:
        working = asyncio.ensure_future(_all_of_it(desk, one))
        while not working.done():
            now = await desk.importing.table.read(Scope(), one.id)
            status.update(f"{now.counts.done:,} of {now.orders:,} orders" if now.orders else "Reading the file")
            await asyncio.wait({working}, timeout=_LOOK_S)
        return await working


async def _all_of_it(desk: Desk, one: Import) -> Import:
    while one.state in WORKS:
        done = await desk.importing.work(one.id)
        if done is None:
            await asyncio.sleep(_LOOK_S)
        one = done or await desk.importing.table.read(Scope(), one.id)
    return one


async def _tell(desk: Desk, one: Import, tag: Language, errors: Path | None) -> None:
    language, table = locale(tag), desk.importing.table
    if one.state == "refused":
        err.print(f"rescind: {all_said(language, faults_of(one.fault))}", highlight=False, markup=False, soft_wrap=True)
        return
    counts, would = one.counts, "" if one.state == "ended" else "would be "
    said = [
        f"{counts.live:,} live" if one.kind == "orders" else f"{counts.live + counts.history:,}",
        f"{counts.history:,} as history" if one.kind == "orders" else "",
    ]
    out.print(f"{would}put in: {', '.join(one for one in said if one)}".capitalize(), highlight=False)
    out.print(f"There already: {counts.there:,}", highlight=False)
    out.print(f"Stay out: {counts.wrong:,}", highlight=False)
    if one.state == "checked":
        out.print(f"To put it in: rescind import --resume {one.id}", highlight=False)
    if one.ignored:
        out.print(f"Columns that were not read: {', '.join(one.ignored)}", highlight=False, markup=False)
    for nth, kept in await table.faults(one, _SHOWN):
        out.print(f"row {nth}: {all_said(language, faults_of(kept))}", highlight=False, markup=False, soft_wrap=True)
    if counts.rows_wrong > _SHOWN:
        out.print(f"and {counts.rows_wrong - _SHOWN:,} more rows.", highlight=False)
    if errors is not None and counts.wrong:
        with errors.open("wb") as file:
            async for part in errors_file(language, table, one):
                file.write(part)
        out.print(f"Wrote the rows that stay out to {errors}.", highlight=False)
