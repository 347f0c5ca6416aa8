"""Our refunds against a provider's from the command line: comparing, explaining, and letting refunds run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import msgspec
import typer

from rescind.commands.desk import with_desk
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, fail, language, must_be, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidText, Unavailable
from rescind.core.instant import Instant, instant
from rescind.core.ports import PaymentProvider
from rescind.core.reconcile import LATE_AFTER
from rescind.core.sentence import why as why_of
from rescind.desk import Desk
from rescind.intake.text import label
from rescind.postgres.backup import BackupError
from rescind.postgres.hold import Wanted, held, release
from rescind.postgres.reconciliation import KeptDifference, Reconciliations, Run, in_parts
from rescind.providers.exported import COLUMNS, BadExport, refunds
from rescind.providers.kinds import KINDS
from rescind.settings import Settings
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
        fail(_("--column says what columns of a file are called; give the file with --file."))
    try:
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC) if file else None
    except OSError as error:
        fail(_("%(file)s cannot be read: %(strerror)s.") % {"file": file, "strerror": error.strerror})

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
            fail(_("--since must be before --until."))
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
        fail(language().told(why_of(error)))
    except Unavailable:
        fail(_("The provider did not answer; nothing was compared. Try again later, or give its list with --file."))
    for one in found:
        say(f"{one.place}. {difference_words(one)}")
    more = done.open + done.told - len(found)
    if more > 0:
        say(_("… and %(more)s more, on the page of reconciliation %(number)s.") % {"more": more, "number": done.number})
    say(
        _(
            "Reconciliation %(number)s: %(ours)s of ours, %(theirs)s of theirs; %(agreed)s agree, %(on_its_way)s are "
            "on their way, %(not_sent)s were not sent, %(told)s were told to their orders, %(open)s differ."
        )
        % msgspec.structs.asdict(done)
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
        fail(
            _("--until must be %(latest)s or before; the provider's list is so far behind.")
            % {"latest": f"{latest:%Y-%m-%dT%H:%M:%SZ}"}
        )
    return end


def _named(columns: Sequence[str]) -> dict[str, str]:
    """What our columns are called in the file."""
    named: dict[str, str] = {}
    for one in columns:
        ours, equals, theirs = one.partition("=")
        if not equals or ours not in COLUMNS:
            fail(_("%(one)s is no OURS=THEIRS; ours are: %(these)s.") % {"one": one, "these": ", ".join(COLUMNS)})
        named[ours] = theirs
    return named


async def _asked(desk: Desk, name: str) -> PaymentProvider:
    """The provider that says itself which refunds it made."""
    found = await desk.connected.provider(name)
    if found is None:
        fail(
            _("No payment provider %(name)s is connected; give its list with --file.") % {"name": name}
            if name
            else _("No payment provider is connected; give its list with --file.")
        )
    if not found.traits.lists_refunds:
        fail(
            _("The payment provider %(name)s cannot be asked for its refunds; give its list with --file.")
            % {"name": found.name}
        )
    return found


def explain_difference(
    reconciliation: Annotated[int, typer.Argument(help="Its number.", min=1)],
    difference: Annotated[int, typer.Argument(help="The number of the difference in it.", min=1)],
    why: Annotated[str, typer.Argument(help="Why it is as it should be, or what was done about it.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "command line",
    data: Data = None,
) -> None:
    """Explain a difference between our refunds and a provider's; the explanation stands with your name."""
    words_given = _said(why, _("explanation"))
    who = f"operator:{_said(by, _('name'))}"

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Run:  # noqa: ARG001 - every command's work has both
        table = Reconciliations(pool)
        await table.explain(reconciliation, difference, who, words_given)
        return await table.run(reconciliation)

    done = run(with_pool(read_settings(data=data), work))
    say(
        _("Explained. %(open)s differences of reconciliation %(number)s are open.")
        % {"open": done.open, "number": done.number}
    )


async def let_go(dsn: str, by: str, reason: str) -> str:
    """End the hold after a restore; gives what to say. Raises BackupError while there is something to wait for."""
    connection = await asyncpg.connect(dsn)
    try:
        found = await held(connection)
        if found is None:
            return _("Refunds are not held.")
        rows = await connection.fetch("SELECT name, kind, own FROM provider_connections")
        kinds = {"" if row["own"] else row["name"]: row["kind"] for row in rows}
        if found.waits_for and not reason:
            raise BackupError(
                "\n".join(
                    [_("Refunds stay held."), *(_wanted(one, kinds, found.restored_at) for one in found.waits_for)]
                )
            )
        await release(connection, by, found.runs, reason)
    finally:
        await connection.close()
    return _("Refunds run again.")


def _wanted(one: Wanted, kinds: Mapping[str, str], restored_at: Instant) -> str:
    """What ends the hold for one provider. kinds: of the connections that there are, by name."""
    command = "rescind reconcile" + (f" --provider {one.provider}" if one.provider else "")
    if one.run is None and one.provider and one.provider not in kinds:
        return _(
            "No provider %(name)s is connected. Connect it again and run %(command)s, or give its list: %(command)s "
            '--file LIST. If it never was there, nothing went through it: rescind release --without-comparing "WHY".'
        ) % {"name": one.provider, "command": command}
    name = _("provider %(name)s") % {"name": one.provider} if one.provider else _("the payment provider")
    if one.run is not None:
        return _(
            "Reconciliation %(number)s with %(name)s has %(open)s open differences; explain each, on its page or with: "
            "rescind explain-difference %(number)s NUMBER WHY"
        ) % {"number": one.run, "name": name, "open": one.open}
    kind = KINDS.get(kinds.get(one.provider, ""))
    said = _("Compare ours with those of %(name)s from %(since)s until after the restore: %(command)s") % {
        "name": name,
        "since": f"{one.since:%Y-%m-%dT%H:%M:%SZ}",
        "command": command if kind else f"{command} --file LIST",
    }
    if kind is None or not kind.lists_after:
        return said
    counts_from = f"{restored_at + kind.lists_after:%Y-%m-%dT%H:%M:%SZ}"
    return f"{said}. " + _("Its list is behind, so a run counts from %(instant)s on.") % {"instant": counts_from}


def difference_words(one: KeptDifference) -> str:
    """A difference as somebody says it who has to find it, our own reference first."""
    spoken = language()
    named = {"refund": one.refund or _("without our id"), "number": one.number}
    mine = spoken.money(one.our_minor, one.our_currency) if one.our_minor is not None and one.our_currency else ""
    his = (
        spoken.money(one.their_minor, one.their_currency) if one.their_minor is not None and one.their_currency else ""
    )
    told = {
        "ours": (_("Refund %(refund)s of order %(number)s") if one.order else _("Refund %(refund)s")) % named,
        "mine": mine,
        "status": one.our_status,
        "his": his,
        "their_status": one.their_status,
        "reference": one.their_reference or _("none"),
        "payment": one.our_payment,
        "their_payment": one.their_payment,
        "times": one.their_count,
        "since": f"{one.their_at:%Y-%m-%d}" if one.their_at else "",
    }
    told["theirs"] = _("%(his)s, %(their_status)s, reference %(reference)s") % told
    match one.kind:
        case "missing":
            said = _("%(ours)s: %(mine)s, %(status)s here, is not at the provider.")
        case "unknown":
            said = _("%(ours)s is at the provider (%(theirs)s) and not here.")
        case "twice":
            said = _("%(ours)s: %(mine)s here, and more than once (%(times)s) at the provider, %(his)s together.")
        case "payment":
            said = _("%(ours)s: ours is of payment %(payment)s, theirs of %(their_payment)s (%(theirs)s).")
        case "currency" | "amount":
            said = _("%(ours)s: %(mine)s here, %(his)s at the provider (reference %(reference)s).")
        case "status":
            said = _("%(ours)s: %(status)s here, %(their_status)s at the provider (%(theirs)s).")
        case "late":
            said = _("%(ours)s: %(mine)s is on its way since %(since)s, which is long.")
    words = said % told
    return f"{words} {_('The order was told.')}" if one.state == "told" else words


def _said(text: str, what: str) -> str:
    try:
        return label(text, field="text", blank=False)
    except InvalidText as error:
        fail(must_be(error, what))
