"""`rescind replay`: what a policy would have answered to the orders of the past."""

import gc
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from holidays import country_holidays
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from rescind.commands.policy_file import UnknownPolicy, find
from rescind.commands.speaking import _, fail, language
from rescind.core.deadline import Calendar
from rescind.core.policy import Policy
from rescind.core.sentence import phrased, why
from rescind.simulator.history import BadRow, Reader, Reading
from rescind.simulator.layouts import recognise
from rescind.simulator.replay import ASKED, NoReasonListed, Player
from rescind.simulator.report import Account, PolicyName, Report, show
from rescind.simulator.tables import UnknownLayoutError

YEARS = range(2005, 2041)
"""Histories are older than the orders we serve, and their business days count as well."""

_FINISHED, _WITH_BAD_ROWS = 0, 1
_STANDARD_OUTPUT = Path("-")
_COUNT = "{task.fields[orders]:,}"
"""As the bar fills it in."""

History = Annotated[Path, typer.Argument(metavar="PATH", help="Folder of a published history, or one of its files.")]
PolicyOption = Annotated[str, typer.Option("--policy", metavar="NAME", help="A preset, or a .toml file of your own.")]
JsonOption = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the report there as JSON, too; - for JSON alone.", dir_okay=False
    ),
]


def replay(path: History, policy: PolicyOption, json: JsonOption = None) -> None:
    """Play a history of orders and report what a policy would have answered.

    Exit code 0: every row was read; 1: bad rows were skipped, each is named on standard error; 2: nothing was reported,
    because the history, the policy or the file to write cannot be used.
    """
    try:
        chosen = _preset(policy)
        calendar = _calendar(chosen)
        reader = recognise(path)
        alone = json == _STANDARD_OUTPUT
        file = None if alone else json
        if file is not None:
            file.open("ab").close()  # Better to hear of it now than after the replay.
        report = run(reader, path, chosen, calendar)
        if file is not None:
            file.write_bytes(report.json())
    except (UnknownPolicy, UnknownLayoutError, NoReasonListed) as error:
        fail(language().told(why(error)))
    except OSError as error:
        fail(f"{error.filename or path}: {error.strerror}")
    if alone:
        sys.stdout.buffer.write(report.json())
    else:
        show(report, Console(), language())
    raise typer.Exit(_WITH_BAD_ROWS if report.bad_rows.count else _FINISHED)


def run(reader: Reader, path: Path, policy: Policy, calendar: Calendar) -> Report:
    """Read and play everything, with a bar and the bad rows on standard error. Raises what those raise."""
    started, worked = time.perf_counter(), time.process_time()
    asked = ASKED[reader.name]
    player = Player(policy, calendar, asked)
    account = Account(reader.name, PolicyName(policy.name, policy.hash), asked)
    console = Console(stderr=True, highlight=False)
    with _no_collections():
        reading = reader.read(path)
        with _Bar(reading, console) as bar:
            for entry in reading:
                if isinstance(entry, BadRow):
                    account.bad(entry)
                    bar.console.print(str(entry), markup=False, soft_wrap=True)
                else:
                    account.add(entry, player.play(entry))
        return account.report(reading.tally, time.perf_counter() - started, time.process_time() - worked)


class _Bar(Progress):
    """How much of the files was read and how many orders were played; looks at the tally when it draws itself.

    Where nobody watches, as in a log, it draws nothing.
    """

    def __init__(self, reading: Reading, console: Console) -> None:
        self._tally = reading.tally
        super().__init__(
            TextColumn(_("Replaying")),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn(_("orders: %(count)s") % {"count": _COUNT}),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=5,
            disable=not console.is_terminal,
        )
        self.add_task("", orders=0)

    def get_renderables(self) -> Iterator[RenderableType]:
        tally = self._tally
        for task in self.task_ids:  # None yet when the base class draws for the first time.
            self.update(task, total=tally.bytes_total or None, completed=tally.bytes_read, orders=tally.orders)
        yield from super().get_renderables()


@contextmanager
def _no_collections() -> Generator[None]:
    """Leave out the search for cycles, of which orders have none: over so many live objects it costs a quarter."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _preset(name: str) -> Policy:
    """A policy that has an answer to every question. Raises UnknownPolicy."""
    policy = find(name)
    if policy.layer != "preset":
        raise UnknownPolicy(
            phrased(
                "%(name)s is a %(layer)s layer, which leaves questions open; give a preset.",
                name=policy.name,
                layer=policy.layer,
            )
        )
    return policy


def _calendar(policy: Policy) -> Calendar:
    """The days that count where the policy holds. Raises UnknownPolicy for a calendar nobody knows."""
    country = policy.calendar.partition("-")[0]
    if not country:
        return Calendar(policy.zone)
    try:
        return Calendar(policy.zone, holidays=frozenset(country_holidays(country, years=YEARS)))
    except NotImplementedError:
        raise UnknownPolicy(
            phrased(
                "%(name)s counts by the calendar %(calendar)s, which is not known.",
                name=policy.name,
                calendar=repr(policy.calendar),
            )
        ) from None
