"""`rescind calendar`: the days that count for business days, and an operator's word about one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Any

import asyncpg
import typer

from rescind.book import Book
from rescind.clock import wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.operator_key import Key, operator_of
from rescind.commands.speaking import _, columns, fail, language, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.business_calendar import CalendarDay, Says
from rescind.core.errors import InvalidField, InvalidText, NotFound
from rescind.intake.text import label
from rescind.policies import names, preset
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.policies import PolicyTable
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Business calendars: which days count.")

Name = Annotated[str, typer.Argument(help="As policies name it, such as US or GB-ENG; weekdays for those that do not.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Such as 2026-09-08.")]
Reason = Annotated[str, typer.Option(prompt="Why", help="Everybody who works with the calendar reads it.")]


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(help="Without it, the calendars there are.")] = None,
    year: Annotated[int | None, typer.Option(help="This year unless it is given.")] = None,
    data: Data = None,
) -> None:
    """Print the days of a year that are not as their weekday says, with who said so and why."""

    async def work(
        pool: asyncpg.Pool[Any], _settings: Settings
    ) -> tuple[dict[str, tuple[str, ...]], tuple[CalendarDay, ...]]:
        async with _mending(name or ""):
            book = await _opened(pool)
            return book.zones(), book.year(name, year or wall_clock().year, language().tag) if name else ()

    zones, days = run(with_pool(read_settings(data=data), work))
    if name is None:
        listed = columns(_("calendar"), _("read in"))
        for one, places in zones.items():
            listed.add_row(one, ", ".join(places))
        out.print(listed)
        return
    table = columns(_("day"), "", _("counts"), _("says"), _("why"), _("known at"))
    for one in days:
        word = one.word
        known = f"{word.known_at:%Y-%m-%d %H:%M}Z" if word else ""
        said, why = (word.said_by, word.reason) if word else (_("package"), one.name)
        table.add_row(f"{one.day}", language().weekday(one.day), _("yes") if one.counts else _("no"), said, why, known)
    out.print(table)


@app.command("close")
def close_day(name: Name, day: Day, reason: Reason, key: Key, data: Data = None) -> None:
    """Let a day not count: a typhoon, a strike, a day of mourning. What was promised before keeps its instant."""
    _say(name, day.date(), "closed", reason, key, data)


@app.command("open")
def open_day(name: Name, day: Day, reason: Reason, key: Key, data: Data = None) -> None:
    """Let a day count: a Saturday worked for a holiday, a holiday that shops here do not keep."""
    _say(name, day.date(), "open", reason, key, data)


@app.command("restore")
def restore_day(name: Name, day: Day, reason: Reason, key: Key, data: Data = None) -> None:
    """Let a day be again as the package has it."""
    _say(name, day.date(), "package", reason, key, data)


def _say(name: str, day: date, says: Says, reason: str, key: str, data: Data) -> None:
    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[bool, bool]:
        by = await operator_of(pool, settings, key)
        async with _mending(name):
            book = await _opened(pool)
            news = await book.say(name, day, says, label(reason, field="reason", blank=False), by, wall_clock())
            return news, book.counts(name, day)

    news, counts = run(with_pool(read_settings(data=data), work))
    told = {"day": f"{language().weekday(day)} {day}", "name": name}
    if news:
        say((_("%(day)s counts for %(name)s.") if counts else _("%(day)s does not count for %(name)s.")) % told)
    else:
        say(
            (
                _("%(day)s counts for %(name)s, as was said before.")
                if counts
                else _("%(day)s does not count for %(name)s, as was said before.")
            )
            % told
        )


async def _opened(pool: asyncpg.Pool[Any]) -> Book:
    book = Book(PolicyTable(pool), CalendarTable(pool))
    await book.open(tuple(preset(one) for one in names()))
    return book


@asynccontextmanager
async def _mending(name: str) -> AsyncGenerator[None]:
    """End the command with a sentence for what somebody at a terminal can mend."""
    try:
        yield
    except NotFound:
        fail(
            _("No policy counts by a calendar %(name)s. To see those there are: rescind calendar show") % {"name": name}
        )
    except (InvalidField, InvalidText) as error:
        fail(must_be(error))
