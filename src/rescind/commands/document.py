"""`rescind document`: what a shop issued in a year, one document as a file, and whether all of them are as issued."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import asyncpg
import typer

from rescind.clock import DatabaseClock, wall_clock
from rescind.commands.installation import shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, out, pour, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.deadline import zone_of
from rescind.core.documents import Issued, encode
from rescind.core.errors import NotFound, Unavailable
from rescind.core.money import Money
from rescind.core.scope import Scope
from rescind.documents import Documents
from rescind.locales import locale
from rescind.pdf import PdfUnavailable, Press
from rescind.postgres.documents import DocumentTable, Flaw
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings
from rescind.web.document import html

app = typer.Typer(no_args_is_help=True, help="Receipts and credit notes.")

Shop = Annotated[str, typer.Argument(help="The shop, by its id or its exact name.")]
Form = Literal["html", "pdf", "json"]
_EVERYBODY = Scope()


@app.command("list")
def list_documents(
    shop: Shop,
    year: Annotated[int | None, typer.Option(help="This year unless it is given.")] = None,
    data: Data = None,
) -> None:
    """Print what a shop issued in a year, series by series."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[Issued, ...]:
        owner = await shop_called(Reads(pool, secret(settings)), shop)
        wanted = year or wall_clock().astimezone(zone_of(owner.zone)).year
        return await DocumentTable(pool, DatabaseClock()).of_year(owner.id, wanted)

    table = columns(_("number"), _("document"), _("order"), _("issued"), _("amount"), whole=(0, 1))
    for one in run(with_pool(read_settings(data=data), work)):
        said = one.content
        issued = f"{said.issued_at.astimezone(zone_of(said.zone)):%Y-%m-%d}"
        table.add_row(said.number, said.id, said.order_number, issued, str(Money(said.total_minor, said.currency)))
    out.print(table)


@app.command()
def get(
    document: Annotated[str, typer.Argument(help="Its id.")],
    form: Annotated[Form, typer.Option(help="json prints what is kept, byte by byte.")] = "html",
    language: Annotated[Literal["en", "zh"], typer.Option(help="In which language.")] = "en",
    file: Annotated[Path | None, typer.Option(help="Where to write it; without it, to standard output.")] = None,
    data: Data = None,
) -> None:
    """Write one document as a file."""
    if file is not None and file.exists():
        fail(_("%(file)s is there already; a document does not write over anything.") % {"file": file})

    async def work(pool: asyncpg.Pool[Any], _settings: Settings) -> bytes:
        try:
            issued = await DocumentTable(pool, DatabaseClock()).read(_EVERYBODY, document)
            if form == "json":
                return encode(issued.content)
            page = html(locale(language), issued, "operator", printed=form == "pdf")
            return await Press().print(page) if form == "pdf" else page.encode()
        except NotFound:
            fail(_("There is no document %(document)s; see: rescind document list SHOP") % {"document": document})
        except PdfUnavailable:
            fail(_("No PDF is made here: install the extra rescind[pdf] and Pango, or take --form html and print it."))
        except Unavailable:
            fail(_("The PDF could not be made. Take --form html and print it."))

    written = run(with_pool(read_settings(data=data), work))
    if file is None:
        to_file = f"rescind document get {document} --form {form} --file {document}.{form}"
        pour(written, text=form != "pdf", to_file=to_file)
    else:
        file.write_bytes(written)


@app.command()
def issue(shop: Shop, data: Data = None) -> None:
    """Issue the credit notes nobody has asked for yet, the oldest first: what an accountant does before a year ends."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> list[str]:
        reads = Reads(pool, secret(settings))
        owner = await shop_called(reads, shop)
        table = DocumentTable(pool, DatabaseClock())
        documents = Documents(table, reads)
        issued: list[str] = []
        for order, about in await table.unasked(owner.id):
            # What was only reserved was let go, and is not credited.
            with suppress(NotFound):
                issued.append((await documents.about(_EVERYBODY, order, about)).content.number)
        return issued

    for number in run(with_pool(read_settings(data=data), work)):
        say(number)


@app.command()
def check(shop: Shop, data: Data = None) -> None:
    """Check that no number of a shop is missing and that every document is as it was issued. Exit status 1: not so."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[Flaw, ...]:
        owner = await shop_called(Reads(pool, secret(settings)), shop)
        return await DocumentTable(pool, DatabaseClock()).flaws(owner.id)

    flaws = run(with_pool(read_settings(data=data), work))
    for one in flaws:
        said = _("%(number)s has no document.") if one.why == "missing" else _("%(number)s is not as it was issued.")
        say(said % {"number": one.number})
    if flaws:
        raise typer.Exit(1)
    say(_("Every number has its document, and every document is as it was issued."))
