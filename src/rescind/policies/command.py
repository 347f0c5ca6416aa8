"""`rescind policy`: list the shipped presets, show one, and check presets or a file of one's own."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rescind.core.policy import Policy, PolicyError, check, examples, load
from rescind.core.policy.example import Book
from rescind.core.policy.position import near
from rescind.core.story import scenarios, verdict
from rescind.policies import laws, names, preset, told, worked_examples

ENDING = ".toml"

app = typer.Typer(no_args_is_help=True, help="Look at policies and check them.")

Which = Annotated[str, typer.Argument(metavar="NAME", help="A preset, or a .toml file of your own.")]
Several = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Presets or .toml files; all presets by default.")
]


class UnknownPolicy(Exception):
    """There is no such policy, or it cannot be read. The message says what there is, or where the mistake stands."""


def find(name: str) -> Policy:
    """The preset of this name, or the policy in this .toml file, which may extend a preset. Raises UnknownPolicy."""
    try:
        if name.endswith(ENDING):
            bases = {known: preset(known) for known in names()}
            return load(Path(name).read_bytes(), name, bases=bases)
        return preset(name)
    except KeyError:
        guess = near(name, names()) or "."
        message = f"There is no policy called {name!r}{guess} Presets: {', '.join(names())}."
        raise UnknownPolicy(message) from None
    except PolicyError as error:
        raise UnknownPolicy(str(error)) from None
    except OSError as error:
        raise UnknownPolicy(f"{name} cannot be read: {error.strerror}.") from None


@app.command("list")
def list_presets() -> None:
    """List the presets that are shipped."""
    table = Table("preset", "region", "zone", "calendar", "rules", "hash", box=None, pad_edge=False)
    for name in names():
        policy = preset(name)
        table.add_row(
            name, policy.region, policy.zone, policy.calendar, str(len(policy.rules)), policy.hash[:12], style=None
        )
    Console().print(table)


@app.command()
def show(name: Which) -> None:
    """Print a policy whole, as it is published: values with their days, deadlines, and the rules in their order."""
    policy = _found(name)
    out = Console(highlight=False)
    out.print(f"{policy.name}: {policy.layer}, region {policy.region or 'any'}, zone {policy.zone}", markup=False)
    out.print(f"hash {policy.hash}")
    out.print("\nValues", style="bold")
    for value in policy.values:
        for dated in value.history:
            doubt = ", unverified" if dated.unverified else ""
            out.print(f"  {value.name} = {dated.value} from {dated.first_day} ({dated.source}{doubt})", markup=False)
    out.print("\nDeadlines", style="bold")
    for deadline in policy.deadlines:
        after = f"silence: {deadline.on_silence.value}" if deadline.on_silence else f"then: {deadline.then}"
        out.print(f"  {deadline.name}: {deadline.span} from {deadline.event}; {after}", markup=False)
    out.print("\nRules, the first that holds decides", style="bold")
    for rule in policy.rules:
        answer = f"{rule.verdict.value}{f' until {rule.deadline}' if rule.deadline else ''}"
        way_on = f", instead {rule.instead}" if rule.instead else ""
        out.print(f"  {rule.id} on {rule.on}: {answer}{way_on} [{' '.join(rule.cites)}]", markup=False)
        out.print(Padding(Text(f"when {' '.join(rule.text.split())}"), (0, 0, 0, 6)))


@app.command("check")
def check_policies(which: Several = None) -> None:
    """Load policies and try their worked examples; without a name also every scenario of the rule book.

    Exit code 1: something did not come out; 2: a policy cannot be used. A file's examples stand beside it: those of
    shop.toml in shop.examples.toml.
    """
    out = Console(highlight=False, soft_wrap=True)
    failed = False
    results: list[tuple[str, str, str]] = []
    for name in which or names():
        policy = _found(name)
        book = _examples(name)
        failures = check(policy, book) if book else []
        said = f"{len(book.examples)} examples, {len(failures)} failed" if book else "loads; it has no examples"
        out.print(f"{policy.name}: {said}", markup=False)
        for failure in failures:
            out.print(str(failure), markup=False)
        failed = failed or bool(failures)
        wrong = {failure.example: failure.message for failure in failures}
        results += [(one.id, wrong.get(one.id, ""), "") for one in (book.examples if book else ())]
    if not which:
        failed = not _scenarios(out, results) or failed
    raise typer.Exit(1 if failed else 0)


def _scenarios(out: Console, results: list[tuple[str, str, str]]) -> bool:
    """Play the stories, and print what became of every scenario; whether nothing went wrong."""
    failed = 0
    for story in told():
        wrong = verdict(story, preset(story.policy), laws())
        results.append((story.id, wrong, story.not_yet))
        if wrong:
            failed += 1
            out.print(f"{story.id}: {story.says}\n    {wrong}", markup=False)
    out.print(f"scenarios: {len(told())} stories, {failed} failed\n", markup=False)
    found = scenarios(results)
    for one in found:
        why = f": {one.why}" if one.why else ""
        out.print(f"{one.id}  {one.state}{why}", markup=False)
    states = Counter(one.state for one in found)
    out.print(", ".join(f"{count} {state}" for state, count in states.items()), markup=False)
    return not failed and not states.keys() & {"failed", "not told"}


def _found(name: str) -> Policy:
    try:
        return find(name)
    except UnknownPolicy as error:
        raise refusal(str(error)) from None


def _examples(name: str) -> Book | None:
    """The worked examples of a policy; a file of one's own may have none."""
    if not name.endswith(ENDING):
        return worked_examples(name)
    file = Path(name.removesuffix(ENDING) + ".examples.toml")
    if not file.exists():
        return None
    try:
        return examples(file.read_bytes(), str(file))
    except (PolicyError, OSError) as error:
        raise refusal(str(error)) from None


def refusal(message: str) -> typer.Exit:
    """Say why nothing was done; raise what comes back."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
    return typer.Exit(2)
