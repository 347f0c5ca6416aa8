"""`rescind import`: orders and stage changes from a file, checked first or put in at once, and gone on with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, cast

import typer

from rescind.clock import wall_clock
from rescind.commands.desk import with_desk
from rescind.commands.speaking import _, err, fail, pour, say
from rescind.commands.speaking import language as spoken
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidField
from rescind.core.scope import Scope
from rescind.desk import Desk
from rescind.intake.columns import Kind
from rescind.intake.template import Form, Language, template
from rescind.locales import locale
from rescind.postgres.imports import WORKS, Import
from rescind.serving import settle
from rescind.web.import_words import all_said, errors_file, faults_of, refused

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
    language: Annotated[
        Language | None, typer.Option(help="Of the template, and of what is said of rows; usual: the terminal's.")
    ] = None,
    data: Data = None,
) -> None:
    """Put orders in from a file, or tell what happened to those that are there.

    An order with a row that is wrong stays out, and all others go in; the same file again changes nothing.
    """
    tag: Language = language or cast("Language", spoken().tag)
    if make_template is not None:
        made = template(kind, make_template, tag, shop, wall_clock())
        to_file = f"rescind import --template {make_template} > {kind}.{make_template}"
        pour(made, text=make_template == "csv", to_file=to_file)
        return
    if (file is None) == (resume is None):
        fail(_("Name one file, or with --resume the id of an import."))
    if errors is not None and errors.exists():
        fail(_("%(errors)s is there already; nothing is written over.") % {"errors": errors})

    async def work(desk: Desk) -> Import:
        settle()
        one = await _begun(desk, file, resume, tag, dry_run=dry_run)
        done = await _worked(desk, one)
        await _tell(desk, done, tag, errors)
        return done

    done = run(with_desk(read_settings(data=data), work))
    if done.state == "refused" or done.counts.wrong:
        raise typer.Exit(1)


async def _begun(desk: Desk, file: Path | None, resume: str | None, tag: Language, *, dry_run: bool) -> Import:
    if file is None:
        one = await desk.importing.table.read(Scope(), resume or "")
        if one.state == "checked" and not dry_run:
            await desk.importing.confirm(Scope(), one.id)
        return await desk.importing.table.read(Scope(), one.id)
    try:
        with file.open("rb") as opened:
            one = await desk.importing.receive(opened, file.name, by=_BY, confirmed=not dry_run)
    except InvalidField as error:
        fail(refused(locale(tag), error))
    except OSError as fault:
        fail(_("%(file)s cannot be read: %(strerror)s.") % {"file": file, "strerror": fault.strerror})
    err.print(
        _("%(id)s: if this is stopped, go on with: rescind import --resume %(id)s") % {"id": one.id},
        highlight=False,
        soft_wrap=True,
    )
    return one


async def _worked(desk: Desk, one: Import) -> Import:
    """Work until there is nothing left to do; somebody else may have the import, and then is waited for."""
    with err.status("") as status:
        working = asyncio.ensure_future(_all_of_it(desk, one))
        while not working.done():
            now = await desk.importing.table.read(Scope(), one.id)
            status.update(_progress(now))
            await asyncio.wait({working}, timeout=_LOOK_S)
        return await working


def _progress(one: Import) -> str:
    if not one.orders:
        return _("Reading the file")
    return _("Orders: %(done)s of %(all)s") % {"done": f"{one.counts.done:,}", "all": f"{one.orders:,}"}


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
    counts = one.counts
    number = {
        "live": f"{counts.live:,}",
        "history": f"{counts.history:,}",
        "count": f"{counts.live + counts.history:,}",
    }
    if one.kind == "orders":
        ended, would = (
            _("Put in: %(live)s live, %(history)s as history"),
            _("Would be put in: %(live)s live, %(history)s as history"),
        )
    else:
        ended, would = _("Put in: %(count)s"), _("Would be put in: %(count)s")
    say((ended if one.state == "ended" else would) % number)
    say(_("There already: %(there)s") % {"there": f"{counts.there:,}"})
    say(_("Stay out: %(wrong)s") % {"wrong": f"{counts.wrong:,}"})
    if one.state == "checked":
        say(_("To put it in: rescind import --resume %(id)s") % {"id": one.id})
    if one.ignored:
        say(_("Columns that were not read: %(these)s") % {"these": ", ".join(one.ignored)})
    for nth, kept in await table.faults(one, _SHOWN):
        say(_("row %(row)s: %(why)s") % {"row": nth, "why": all_said(language, faults_of(kept))})
    if counts.rows_wrong > _SHOWN:
        say(_("More such rows: %(more)s.") % {"more": f"{counts.rows_wrong - _SHOWN:,}"})
    if errors is not None and counts.wrong:
        with errors.open("wb") as file:
            async for part in errors_file(language, table, one):
                file.write(part)
        say(_("Wrote the rows that stay out to %(errors)s.") % {"errors": errors})
