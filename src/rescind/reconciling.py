"""Our refunds against a provider's from the command line: comparing, explaining, and letting refunds run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from rescind.administration import with_pool
from rescind.core.errors import InvalidText, Unavailable
from rescind.core.instant import Instant, instant
from rescind.core.ports import PaymentProvider
from rescind.core.reconcile import LATE_AFTER
from rescind.desk import Desk
from rescind.desk_command import with_desk
from rescind.intake.text import label
from rescind.locales import DEFAULT, locale
from rescind.postgres.backup import BackupError
from rescind.postgres.hold import Wanted, held, release
from rescind.postgres.reconciliation import KeptDifference, Reconciliations, Run, in_parts
from rescind.providers.exported import COLUMNS, BadExport, refunds
from rescind.providers.kinds import KINDS
from rescind.settings import Settings
from rescind.terminal import Data, fail, out, read_settings, run
from rescind.worker import reconciliation as working

T = TypeVar("T")
_BY = "operator:command line"
_TOLD = 20
"""Differences that are told in words; the page has all of them."""


def reconcile(
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="The provider's list of refunds: CSV, or a JSON object a line; usual: the provider is asked for it.",
        ),
    ] = None,
    provider: Annotated[str, typer.Option(help="The connection to the provider; usual: the installation's own.")] = "",
    since: Annotated[str | None, typer.Option(help="From when on, such as 2026-05-01T00:00:00Z.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Up to when the list goes; usual: when the file was written, or now.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="OURS=THEIRS", help="What a column is called in the file.")
    ] = None,
    late_days: Annotated[int, typer.Option(min=1, max=365, help="Days a refund may be on its way.")] = LATE_AFTER.days,
    data: Data = None,
) -> None:
    """Compare our refunds with a provider's own list; exit status 1 while a difference is open."""
    named = _named(column or ())
    if named and file is None:
        fail("--column says what columns of a file are called; give the file with --file.")
    try:
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC) if file else None
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")

    async def work(desk: Desk) -> tuple[Run, Sequence[KeptDifference]]:
        table = Reconciliations(desk.pool)
        # What the installation itself uses goes by no name, so that both names are of one account at the provider.
        name = "" if await desk.connected.same("", provider) else provider
        asked = None if file else await _asked(desk, name)
        end = _end(until, written, asked.traits.lists_after if asked else timedelta(), desk.now())
        hold = await held(desk.pool)
        # What a restored installation has to compare began when its backup ends.
        wanted = [one.since for one in hold.waits_for] if hold else []
        first = instant(since, field="--since") if since else min([await table.begins_at(name, end), *wanted])
        if first >= end:
            fail("--since must be before --until.")
        if file:
            theirs, source = in_parts(refunds(file, named)), file.name
        else:
            assert asked is not None, "without a file the provider is asked"
            theirs, source = in_parts(asked.refunds(first, end)), asked.name
        done = await working.reconcile(
            desk.engine,
            table,
            theirs,
            provider=name,
            source=source,
            since=first,
            until=end,
            by=_BY,
            late_after=timedelta(days=late_days),
        )
        return done, await table.differences(done.number, limit=_TOLD)

    try:
        done, found = run(with_desk(read_settings(data=data), work))
    except BadExport as error:
        fail(str(error))
    except Unavailable:
        fail("The provider did not answer; nothing was compared. Try again later, or give its list with --file.")
    for one in found:
        out.print(f"{one.place}. {difference_words(one)}", highlight=False, markup=False, soft_wrap=True)
    more = done.open + done.told - len(found)
    if more > 0:
        out.print(f"… and {more} more, on the page of reconciliation {done.number}.", highlight=False)
    out.print(
        f"Reconciliation {done.number}: {done.ours} of ours, {done.theirs} of theirs; {done.agreed} agree, "
        f"{done.on_its_way} are on their way, {done.not_sent} were not sent, {done.told} were told to their orders, "
        f"{done.open} differ.",
        highlight=False,
        soft_wrap=True,
    )
    if done.open:
        raise typer.Exit(1)


def _end(until: str | None, written: datetime | None, behind: timedelta, now: Instant) -> Instant:
    """Up to when the list goes. behind: how long it takes to know everything."""
    latest = now - behind
    if not until:
        return min(written + timedelta(seconds=1), latest) if written else latest
    end = instant(until, field="--until")
    if behind and end > latest:
        fail(f"--until must be {latest:%Y-%m-%dT%H:%M:%SZ} or before; the provider's list is so far behind.")
    return end


def _named(columns: Sequence[str]) -> dict[str, str]:
    """What our columns are called in the file."""
    named: dict[str, str] = {}
    for one in columns:
        ours, equals, theirs = one.partition("=")
        if not equals or ours not in COLUMNS:
            fail(f"{one} is no OURS=THEIRS; ours are: {', '.join(COLUMNS)}.")
        named[ours] = theirs
    return named


async def _asked(desk: Desk, name: str) -> PaymentProvider:
    """The provider that says itself which refunds it made."""
    found = await desk.connected.provider(name)
    if found is None:
        called = f"No payment provider {name}" if name else "No payment provider"
        fail(f"{called} is connected; give its list with --file.")
    if not found.traits.lists_refunds:
        fail(f"The payment provider {found.name} cannot be asked for its refunds; give its list with --file.")
    return found


def explain_difference(
    reconciliation: Annotated[int, typer.Argument(help="Its number.", min=1)],
    difference: Annotated[int, typer.Argument(help="The number of the difference in it.", min=1)],
    why: Annotated[str, typer.Argument(help="Why it is as it should be, or what was done about it.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "command line",
    data: Data = None,
) -> None:
    """Explain a difference between our refunds and a provider's; the explanation stands with your name."""
    words_given = _said(why, "The explanation")
    who = f"operator:{_said(by, 'The name')}"

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Run:  # noqa: ARG001 - every command's work has both
        table = Reconciliations(pool)
        await table.explain(reconciliation, difference, who, words_given)
        return await table.run(reconciliation)

    done = run(with_pool(read_settings(data=data), work))
    out.print(f"Explained. {done.open} differences of reconciliation {done.number} are open.", highlight=False)


async def let_go(dsn: str, by: str, reason: str) -> str:
    """End the hold after a restore; gives what to say. Raises BackupError while there is something to wait for."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await held(connection)
        if found is None:
            return "Refunds are not held."
        rows = await connection.fetch("SELECT name, kind, own FROM provider_connections")
        kinds = {"" if row["own"] else row["name"]: row["kind"] for row in rows}
        if found.waits_for and not reason:
            raise BackupError(
                "\n".join(["Refunds stay held.", *(_wanted(one, kinds, found.restored_at) for one in found.waits_for)])
            )
        await release(connection, by, found.runs, reason)
    finally:
        await connection.close()
    return "Refunds run again."


def _wanted(one: Wanted, kinds: Mapping[str, str], restored_at: Instant) -> str:
    """What ends the hold for one provider. kinds: of the connections that there are, by name."""
    name = f"provider {one.provider}" if one.provider else "the payment provider"
    command = "rescind reconcile" + (f" --provider {one.provider}" if one.provider else "")
    if one.run is None and one.provider and one.provider not in kinds:
        return (
            f"No {name} is connected. Connect it again and run {command}, or give its list: {command} --file LIST. "
            'If it never was there, nothing went through it: rescind release --without-comparing "WHY".'
        )
    if one.run is None:
        kind = KINDS.get(kinds.get(one.provider, ""))
        if kind is None:
            return (
                f"Compare ours with {name}'s from {one.since:%Y-%m-%dT%H:%M:%SZ} until after the restore: "
                f"{command} --file LIST"
            )
        behind = kind.lists_after
        said = f"Compare ours with {name}'s from {one.since:%Y-%m-%dT%H:%M:%SZ} until after the restore: {command}"
        if not behind:
            return said
        return f"{said}. Its list is behind, so a run counts from {restored_at + behind:%Y-%m-%dT%H:%M:%SZ} on."
    return (
        f"Reconciliation {one.run} with {name} has {one.open} open differences; explain each, on its page or with: "
        f"rescind explain-difference {one.run} NUMBER WHY"
    )


def difference_words(one: KeptDifference) -> str:
    """A difference as somebody says it who has to find it, our own reference first."""
    language = locale(DEFAULT)
    ours = f"Refund {one.refund} of order {one.number}" if one.order else f"Refund {one.refund or 'without our id'}"
    mine = language.money(one.our_minor, one.our_currency) if one.our_minor is not None and one.our_currency else ""
    his = (
        language.money(one.their_minor, one.their_currency)
        if one.their_minor is not None and one.their_currency
        else ""
    )
    theirs = f"{his}, {one.their_status}, reference {one.their_reference or 'none'}"
    match one.kind:
        case "missing":
            said = f"{ours}: {mine}, {one.our_status} here, is not at the provider."
        case "unknown":
            said = f"{ours} is at the provider ({theirs}) and not here."
        case "twice":
            said = f"{ours}: {mine} here, and {one.their_count} times at the provider, {his} together."
        case "payment":
            said = f"{ours}: ours is of payment {one.our_payment}, theirs of {one.their_payment} ({theirs})."
        case "currency" | "amount":
            said = f"{ours}: {mine} here, {his} at the provider (reference {one.their_reference or 'none'})."
        case "status":
            said = f"{ours}: {one.our_status} here, {one.their_status} at the provider ({theirs})."
        case "late":
            said = f"{ours}: {mine} is on its way since {one.their_at:%Y-%m-%d}, which is long."
    return f"{said} The order was told." if one.state == "told" else said


def _said(text: str, what: str) -> str:
    try:
        return label(text, field="text", blank=False)
    except InvalidText as error:
        fail(f"{what} must be {error.params['expected']}.")
