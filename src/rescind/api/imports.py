"""Files with orders, and with what happened to them: put in, looked at, confirmed; and what stays out, and why."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec

from rescind.access.principal import Principal
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.instant import Instant
from rescind.intake.sheet import MOST_BYTES
from rescind.intake.text import label
from rescind.locales import Locale, locale, negotiate
from rescind.postgres.credentials import Role
from rescind.postgres.imports import Import, Kind, State
from rescind.web.import_words import errors_file, faults_of, said

_WHO: frozenset[Role] = frozenset({"host", "operator", "seller"})
_SHOWN = 100
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FaultTold(Told, frozen=True, kw_only=True):
    """What is wrong with one row. row: its place in the file, where the header is 1. type: the problem's address."""

    row: int
    column: str
    type: str
    detail: str


class ImportTold(Told, frozen=True, kw_only=True):
    """A file that was put in. kind: orders, or stages of orders that are there.

    state: reading, checking, checked (it waits to be confirmed), writing, ended, refused (it cannot be read at all) or
    dropped. rows, orders: what the file has; looked_at: orders that were gone through so far. live, history: orders
    that go in, by whether deadlines run and anybody is told; there_already: orders that change nothing; left_out:
    orders with a row that is wrong. ignored: headers of columns that are not read. faults: the first of them.
    """

    id: str
    kind: Kind
    state: State
    name: str
    shop: str | None
    rows: int
    orders: int
    looked_at: int
    live: int
    history: int
    there_already: int
    left_out: int
    ignored: list[str]
    faults: list[FaultTold]
    made_at: Instant
    ended_at: Instant | None


class ImportsTold(Told, frozen=True, kw_only=True):
    """The last imports, the newest first, without their faults."""

    rows: list[ImportTold]


class PuttingIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: what people know the file by. confirmed: it goes in without anybody looking at it first."""

    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    confirmed: bool = False


class Latest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25


@operation(
    "POST",
    "/v1/imports",
    may=_WHO,
    through="scope",
    summary="Put in a file",
    takes=(CSV, XLSX),
    most=MOST_BYTES,
    query=PuttingIn,
    gives=ImportTold,
    changes=True,
    keyed=False,
    statuses=(201,),
    fails=(errors.InvalidText,),
)
async def put_in(call: Call) -> Answer:
    """Send a table of orders, or of what happened to them, as CSV or XLSX; its columns say which. It is checked first
    and waits to be confirmed, unless `confirmed=true` says that it need not.

    A file that is no such table is refused at once. Of any other each order goes in whole or stays out, and the same
    file again changes nothing. A seller's file tells what happened to the shop's own orders and places none.
    """
    who, asked = call.principal, call.query
    with io.BytesIO(call.body) as file:
        one = await call.desk.importing.receive(
            file,
            label(asked.name, field="?name"),
            by=by(who),
            shop=who.scope.shop,
            confirmed=asked.confirmed,
        )
    return Answer(body=await _told(call, one), status=201, location=f"/v1/imports/{one.id}")


@operation(
    "GET",
    "/v1/imports",
    may=_WHO,
    through="scope",
    summary="List imports",
    query=Latest,
    gives=ImportsTold,
)
async def latest(call: Call) -> Answer:
    """The last files that were put in."""
    found = await call.desk.importing.table.latest(call.principal.scope, call.query.limit)
    return Answer(body=ImportsTold(rows=[import_told(one, []) for one in found]))


@operation(
    "GET",
    "/v1/imports/{import}",
    may=_WHO,
    through="scope",
    summary="Read an import",
    gives=ImportTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """How far it is, what became of its orders, and the first rows that are wrong."""
    return Answer(body=await _told(call, await _one(call)))


@operation(
    "POST",
    "/v1/imports/{import}/confirm",
    may=_WHO,
    through="scope",
    summary="Confirm an import",
    gives=ImportTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.ImportSettled),
)
async def confirm(call: Call) -> Answer:
    """Put in what was checked; what is wrong stays out. Said again it changes nothing."""
    identifier = call.identifier("import", "imp")
    return Answer(body=await _told(call, await call.desk.importing.confirm(call.principal.scope, identifier)))


@operation(
    "POST",
    "/v1/imports/{import}/drop",
    may=_WHO,
    through="scope",
    summary="Drop an import",
    gives=ImportTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.ImportSettled),
)
async def drop(call: Call) -> Answer:
    """Let it be: nothing of it goes in. Said again it changes nothing."""
    identifier = call.identifier("import", "imp")
    return Answer(body=await _told(call, await call.desk.importing.drop(call.principal.scope, identifier)))


@operation(
    "GET",
    "/v1/imports/{import}/errors",
    may=_WHO,
    through="scope",
    summary="Get the rows that stay out",
    media_type=CSV,
    fails=(errors.NotFound,),
)
async def stay_out(call: Call) -> Answer:
    """The rows of every order that stays out, as they were, with a column that says what is wrong with each: to be
    corrected and put in again. They are kept for thirty days.
    """
    one = await _one(call)
    disposition = f'attachment; filename="{one.id}-errors.csv"'.encode()
    return Answer(
        body=b"",
        media_type=f"{CSV}; charset=utf-8".encode(),
        headers=((b"content-disposition", disposition),),
        stream=_errors(call, one),
    )


def by(who: Principal) -> str:
    """Who puts something in, as it is kept."""
    return f"{who.role}:{who.id}"


def import_told(one: Import, faults: list[FaultTold]) -> ImportTold:
    """An import as everybody reads it who may."""
    counts = one.counts
    return ImportTold(
        id=one.id,
        kind=one.kind,
        state=one.state,
        name=one.name,
        shop=one.shop,
        rows=one.rows,
        orders=one.orders,
        looked_at=counts.done,
        live=counts.live,
        history=counts.history,
        there_already=counts.there,
        left_out=counts.wrong,
        ignored=list(one.ignored),
        faults=faults,
        made_at=one.made_at,
        ended_at=one.ended_at,
    )


async def _one(call: Call) -> Import:
    return await call.desk.importing.table.read(call.principal.scope, call.identifier("import", "imp"))


async def _told(call: Call, one: Import) -> ImportTold:
    language = _language(call)
    kept = [text for _, text in await call.desk.importing.table.faults(one, _SHOWN)]
    faults = [
        FaultTold(row=each.nth, column=each.column, type=f"/problems/{each.code}", detail=said(language, each))
        for text in (kept or [one.fault])
        for each in faults_of(text)
    ]
    return import_told(one, faults)


def _errors(call: Call, one: Import) -> AsyncIterator[bytes]:
    return errors_file(_language(call), call.desk.importing.table, one)


def _language(call: Call) -> Locale:
    said_ = call.headers.get(b"accept-language", b"").decode("latin-1")
    return locale(negotiate(said_))


OPERATIONS = (put_in, latest, read, confirm, drop, stay_out)
