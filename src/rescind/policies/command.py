"""`rescind policy`: list the shipped presets, show one, and check presets or a file of one's own."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from rescind.core.playing import verdict
from rescind.core.policy import Policy, PolicyError, check, examples, load
from rescind.core.policy.example import Book
from rescind.core.policy.policy import Catalogue, Dated, NamedValue
from rescind.core.policy.position import near
from rescind.core.policy.reach import too_late
from rescind.core.story import scenarios
from rescind.locales import DEFAULT, locale
from rescind.policies import automation, laws, names, preset, told, worked_examples
from rescind.policies.sources import Page, catalogue, cited

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
    """List what is shipped: presets that a shop is sold under, law packs that protect buyers of some countries, and
    what the platform agrees to in the place of a shop.
    """
    for layer, title in (("preset", "Presets"), ("law", "Law packs"), ("standing", "Standing consents")):
        table = Table(
            *("name", "region", "zone", "calendar", "currency", "rules", "values", "unverified", "hash"),
            title=title,
            title_justify="left",
            box=None,
            pad_edge=False,
        )
        for policy in map(preset, names()):
            if policy.layer == layer:
                table.add_row(
                    policy.name,
                    policy.region or (_countries(policy) if layer == "law" else "any"),
                    policy.zone,
                    policy.calendar or "weekdays",
                    policy.currency or "any",
                    str(len(policy.rules)),
                    str(len(_dated(policy))),
                    str(sum(dated.unverified for _, dated in _dated(policy))),
                    policy.hash[:12],
                )
        Console(width=_WIDTH).print(table)


_WIDTH = 120
_ONCE_ALL_HOLDS = datetime(9999, 1, 1, tzinfo=UTC)
"""A day on which every value that is written down has its newest meaning."""


def _countries(policy: Policy) -> str:
    """One country by its code, more by their number."""
    return policy.countries[0] if len(policy.countries) == 1 else f"{len(policy.countries)} countries"


def _dated(policy: Policy) -> list[tuple[NamedValue, Dated]]:
    return [(value, dated) for value in policy.values for dated in value.history]


@app.command()
def show(name: Which) -> None:
    """Print a policy whole, as it is published: every value with its day and source, deadlines, rules, reasons.

    A value for which there is no good source is marked UNVERIFIED, and they are counted at the end. Then everything it
    cites, with what it says, how good it is and where it was read.
    """
    policy = _found(name)
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"{policy.name}: {policy.layer}, region {policy.region or 'any'}, zone {policy.zone}", markup=False)
    out.print(f"hash {policy.hash}")
    if policy.layer == "law":
        out.print(
            f"in force since {policy.in_force}, for orders: {policy.applies}, of buyers who live in", markup=False
        )
        out.print(f"  {' '.join(policy.countries)}", markup=False)
    out.print("\nValues", style="bold")
    for value, dated in _dated(policy):
        doubt = "  UNVERIFIED" if dated.unverified else ""
        out.print(f"  {value.name} = {dated.value} from {dated.first_day} ({dated.source}){doubt}", markup=False)
    if policy.layer == "preset":
        _show_settings(out, policy)
    out.print("\nDeadlines", style="bold")
    for deadline in policy.deadlines:
        after = f"silence: {deadline.on_silence.value}" if deadline.on_silence else f"then: {deadline.then}"
        late = f", or the day after from {deadline.cutoff} on" if deadline.cutoff else ""
        out.print(f"  {deadline.name}: {deadline.span} from {deadline.event}{late}; {after}", markup=False)
    out.print("\nRules, the first that holds decides", style="bold")
    for rule in policy.rules:
        answer = f"{rule.verdict.value}{f' until {rule.deadline}' if rule.deadline else ''}"
        way_on = f", instead {rule.instead}" if rule.instead else ""
        out.print(f"  {rule.id} on {rule.on}: {answer}{way_on} [{' '.join(rule.cites)}]", markup=False)
        out.print(f"      when {' '.join(rule.text.split())}", markup=False)
    out.print("\nReasons", style="bold")
    for listed in get_args(Catalogue):
        for reason in getattr(policy.reasons, listed):
            more = [f"when {reason.text}"] if reason.text else []
            more += [f"needs {' and '.join(reason.needs)}"] if reason.needs else []
            more += [f"seller's fault when {reason.fault_text}"] if reason.fault_text else []
            more += [f"platform: {' '.join(reason.platform)}"] if reason.platform else []
            out.print(f"  {listed} {reason.code}: {'; '.join(more) or 'always'}", markup=False)
    doubtful = [value.name for value, dated in _dated(policy) if dated.unverified]
    out.print(f"\n{len(doubtful)} of {len(_dated(policy))} values are unverified", markup=False, style="bold")
    if doubtful:
        out.print(f"  {' '.join(dict.fromkeys(doubtful))}", markup=False)
    _show_sources(out, policy)


def _show_sources(out: Console, policy: Policy) -> None:
    out.print("\nSources", style="bold")
    english = locale(DEFAULT)
    for one in cited(policy):
        source = catalogue().get(one)
        if source is None:
            # A file of one's own may rest on what nobody here has heard of.
            out.print(f"  {one}: not in the catalogue", markup=False)
            continue
        markets = ", ".join(map(english.country, source.markets)) or "every market"
        out.print(f"  {one} ({english.pgettext('source.grade', source.grade)}; {markets})", markup=False)
        out.print(f"      {english.source(one)}", markup=False)
        for page in source.pages:
            out.print(f"      {page.at}{_days(page)}", markup=False)


def _days(page: Page) -> str:
    said = [
        f"dated {page.printed}" if page.printed else "",
        f"read in a copy of {page.copied}" if page.copied else "",
        f"holds since {page.since}" if page.since else "",
    ]
    told = "; ".join(filter(None, said))
    return f" ({told})" if told else ""


def _show_settings(out: Console, policy: Policy) -> None:
    out.print("\nSettings", style="bold")
    for setting, chosen in msgspec.structs.asdict(policy.settings).items():
        out.print(f"  {setting} = {chosen}", markup=False)
    for tunable in policy.tunable:
        offered = ", ".join(map(str, tunable.choices)) or f"{tunable.low} to {tunable.high}"
        out.print(f"  a shop may choose {tunable.name}: {offered} [{' '.join(tunable.cites)}]", markup=False)


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
        reach = too_late(policy.at(_ONCE_ALL_HOLDS), policy.at(_ONCE_ALL_HOLDS))
        if reach is not None:
            out.print(str(reach), markup=False)
        failed = failed or bool(failures) or reach is not None
        wrong = {failure.example: failure.message for failure in failures}
        results += [(one.id, wrong.get(one.id, ""), "") for one in (book.examples if book else ())]
    if not which:
        failed = not _scenarios(out, results) or failed
    raise typer.Exit(1 if failed else 0)


def _scenarios(out: Console, results: list[tuple[str, str, str]]) -> bool:
    """Play the stories, and print what became of every scenario; whether nothing went wrong."""
    failed = 0
    for story in told():
        wrong = verdict(story, preset(story.policy), laws(), automation())
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
