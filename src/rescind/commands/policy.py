"""`rescind policy`: list the shipped presets, show one, and check presets or a file of one's own."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from rescind.commands import policy_publishing
from rescind.commands.policy_file import examples_of, policy_called, told_failure
from rescind.commands.speaking import _, language, pgettext, say
from rescind.core.playing import verdict
from rescind.core.policy import Policy, check
from rescind.core.policy.policy import Catalogue, Dated, NamedValue
from rescind.core.policy.reach import too_late
from rescind.core.sentence import marked
from rescind.core.story import scenarios
from rescind.policies import automation, laws, names, preset, retold, told
from rescind.policies.sources import Page, catalogue, cited

_HEADS = (
    marked("name"),
    marked("region"),
    marked("zone"),
    marked("calendar"),
    marked("currency"),
    marked("rules"),
    marked("values"),
    marked("unverified"),
    marked("hash"),
)

app = typer.Typer(no_args_is_help=True, help="Look at policies and check them.")
for one in (
    policy_publishing.diff,
    policy_publishing.publish,
    policy_publishing.approve,
    policy_publishing.reject,
    policy_publishing.versions,
):
    app.command()(one)

Which = Annotated[str, typer.Argument(metavar="NAME", help="A preset, or a .toml file of your own.")]
Several = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Presets or .toml files; all presets by default.")
]


@app.command("list")
def list_presets() -> None:
    """List what is shipped: presets that a shop is sold under, law packs that protect buyers of some countries, and
    what the platform agrees to in the place of a shop.
    """
    for layer, title in (("preset", _("Presets")), ("law", _("Law packs")), ("standing", _("Standing consents"))):
        table = Table(
            *map(_, _HEADS),
            title=title,
            title_justify="left",
            box=None,
            pad_edge=False,
        )
        for policy in map(preset, names()):
            if policy.layer == layer:
                table.add_row(
                    policy.name,
                    policy.region or (_countries(policy) if layer == "law" else _("any")),
                    policy.zone,
                    policy.calendar or _("weekdays"),
                    policy.currency or _("any"),
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
    policy = policy_called(name)
    told = {"name": policy.name, "layer": policy.layer, "region": policy.region or _("any"), "zone": policy.zone}
    say(_("%(name)s: %(layer)s, region %(region)s, zone %(zone)s") % told)
    say(f"{_('hash')} {policy.hash}")
    if policy.layer == "law":
        told = {"day": policy.in_force, "applies": policy.applies}
        say(_("in force since %(day)s, for orders: %(applies)s, of buyers who live in") % told)
        say(f"  {' '.join(policy.countries)}")
    say(f"\n{_('Values')}")
    for value, dated in _dated(policy):
        doubt = f"  {_('UNVERIFIED')}" if dated.unverified else ""
        since = _("from %(day)s") % {"day": dated.first_day}
        say(f"  {value.name} = {dated.value} {since} ({dated.source}){doubt}")
    if policy.layer == "preset":
        _show_settings(policy)
    say(f"\n{_('Deadlines')}")
    for deadline in policy.deadlines:
        after = (
            _("silence: %(means)s") % {"means": deadline.on_silence.value}
            if deadline.on_silence
            else _("then: %(event)s") % {"event": deadline.then}
        )
        late = _(", or the day after from %(clock)s on") % {"clock": deadline.cutoff} if deadline.cutoff else ""
        since = _("%(span)s from %(event)s") % {"span": deadline.span, "event": deadline.event}
        say(f"  {deadline.name}: {since}{late}; {after}")
    say(f"\n{_('Rules, the first that holds decides')}")
    for rule in policy.rules:
        until = " " + _("until %(deadline)s") % {"deadline": rule.deadline} if rule.deadline else ""
        way_on = _(", instead %(way)s") % {"way": rule.instead} if rule.instead else ""
        question = _("%(rule)s on %(question)s") % {"rule": rule.id, "question": rule.on}
        say(f"  {question}: {rule.verdict.value}{until}{way_on} [{' '.join(rule.cites)}]")
        say(f"      {_('when %(condition)s') % {'condition': ' '.join(rule.text.split())}}")
    say(f"\n{_('Reasons')}")
    for listed in get_args(Catalogue):
        for reason in getattr(policy.reasons, listed):
            more = [_("when %(condition)s") % {"condition": reason.text}] if reason.text else []
            more += [_("needs %(evidence)s") % {"evidence": ", ".join(reason.needs)}] if reason.needs else []
            fault = {"condition": reason.fault_text}
            more += [_("seller's fault when %(condition)s") % fault] if reason.fault_text else []
            more += [_("platform: %(reasons)s") % {"reasons": " ".join(reason.platform)}] if reason.platform else []
            say(f"  {listed} {reason.code}: {'; '.join(more) or _('always')}")
    doubtful = [value.name for value, dated in _dated(policy) if dated.unverified]
    say("")
    say(_("%(some)s of %(all)s values are unverified") % {"some": len(doubtful), "all": len(_dated(policy))})
    if doubtful:
        say(f"  {' '.join(dict.fromkeys(doubtful))}")
    _show_sources(policy)


def _show_sources(policy: Policy) -> None:
    say(f"\n{_('Sources')}")
    spoken = language()
    for one in cited(policy):
        source = catalogue().get(one)
        if source is None:
            # A file of one's own may rest on what nobody here has heard of.
            say(f"  {_('%(source)s: not in the catalogue') % {'source': one}}")
            continue
        markets = ", ".join(map(spoken.country, source.markets)) or _("every market")
        say(f"  {one} ({spoken.pgettext('source.grade', source.grade)}; {markets})")
        say(f"      {spoken.source(one)}")
        for page in source.pages:
            say(f"      {page.at}{_days(page)}")


def _days(page: Page) -> str:
    said = [
        _("dated %(day)s") % {"day": page.printed} if page.printed else "",
        _("read in a copy of %(day)s") % {"day": page.copied} if page.copied else "",
        _("holds since %(day)s") % {"day": page.since} if page.since else "",
    ]
    told = "; ".join(filter(None, said))
    return f" ({told})" if told else ""


def _show_settings(policy: Policy) -> None:
    say(f"\n{_('Settings')}")
    for setting, chosen in msgspec.structs.asdict(policy.settings).items():
        say(f"  {setting} = {chosen}")
    for tunable in policy.tunable:
        offered = ", ".join(map(str, tunable.choices)) or _("%(low)s to %(high)s") % {
            "low": tunable.low,
            "high": tunable.high,
        }
        said = _("a shop may choose %(name)s: %(offered)s") % {"name": tunable.name, "offered": offered}
        say(f"  {said} [{' '.join(tunable.cites)}]")


@app.command("check")
def check_policies(which: Several = None) -> None:
    """Load policies and try their worked examples; without a name also every scenario of the rule book.

    Exit code 1: something did not come out; 2: a policy cannot be used. A file's examples stand beside it: those of
    shop.toml in shop.examples.toml.
    """
    failed = False
    results: list[tuple[str, str, str]] = []
    for name in which or names():
        policy = policy_called(name)
        book = examples_of(name)
        failures = check(policy, book) if book else []
        count = {"examples": len(book.examples) if book else 0, "failed": len(failures)}
        said = _("examples: %(examples)s, failed: %(failed)s") % count if book else _("loads; it has no examples")
        say(f"{policy.name}: {said}")
        for failure in failures:
            say(told_failure(failure))
        reach = too_late(policy.at(_ONCE_ALL_HOLDS), policy.at(_ONCE_ALL_HOLDS))
        if reach is not None:
            say(language().told(reach.sentence))
        failed = failed or bool(failures) or reach is not None
        wrong = {failure.example: failure.message for failure in failures}
        results += [(one.id, wrong.get(one.id, ""), "") for one in (book.examples if book else ())]
    if not which:
        failed = not _scenarios(results) or failed
    raise typer.Exit(1 if failed else 0)


def _scenarios(results: list[tuple[str, str, str]]) -> bool:
    """Play the stories, and print what became of every scenario; whether nothing went wrong."""
    failed = 0
    for story in told():
        wrong = verdict(story, preset(story.policy), laws(), automation())
        results.append((story.id, wrong, story.not_yet))
        if wrong:
            failed += 1
            say(f"{story.id}: {retold(story.says, language().tag)}\n    {wrong}")
    say(_("stories: %(stories)s, failed: %(failed)s") % {"stories": len(told()), "failed": failed})
    say("")
    found = scenarios(results)
    for one in found:
        said = f": {one.why}" if one.why else ""
        say(f"{one.id}  {pgettext('scenario', one.state)}{said}")
    states = Counter(one.state for one in found)
    say(", ".join(f"{count} {pgettext('scenario', state)}" for state, count in states.items()))
    return not failed and not states.keys() & {"failed", "not told"}
