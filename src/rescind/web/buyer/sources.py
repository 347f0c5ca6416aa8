"""What a code on a page stands for: a rule in words, or a source with everything that rests on it (M-36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.errors import NotFound
from rescind.core.policy import Policy
from rescind.locales import Locale
from rescind.policies import names, preset
from rescind.policies.sources import Page, Source, catalogue, codes_in
from rescind.web.citations import explained
from rescind.web.policy_words import RuleWords, day_words, plain_words, rule_words, tunable_words
from rescind.web.session import Html, Visit


@dataclass(frozen=True, slots=True)
class Cited:
    """One thing that rests on a source. code: of a rule; where: the policies that have it so."""

    code: str
    text: str
    where: str
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class PageWords:
    """Where a source was read. day: empty where nothing is known of it."""

    address: str
    shown: str
    day: str


@get("/rules/{code:str}")
async def explanation(visit: NamedDependency[Visit], code: FromPath[str]) -> Html:
    """A rule as each policy has it and what its sources say, or a source: what it says, how good it is, where it was
    read, and what rests on it.
    """
    if code not in explained():
        raise NotFound(kind="page")
    language = visit.locale
    versions = _versions(visit, code)
    source = catalogue().get(code)
    return visit.page(
        "buyer/source.html",
        live=False,
        code=code,
        kind=code[0] if not versions else "",
        sentence=language.rule(code) if versions else language.source(code),
        source=source,
        markets=_markets(language, source),
        pages=_pages(language, code),
        says=language.source,
        pages_of=partial(_pages, language),
        versions=versions,
        rules=_rules(language, code),
        values=_gathered(language, _values(language, code)),
        terms=_gathered(language, _terms(language, code)),
    )


def _markets(language: Locale, source: Source | None) -> str:
    if source is None or not source.markets:
        return language.gettext("Every market")
    return language.gettext(", ").join(map(language.country, source.markets))


def _pages(language: Locale, code: str) -> list[PageWords]:
    source = catalogue().get(code)
    return [_page_words(language, page) for page in source.pages] if source else []


def _page_words(language: Locale, page: Page) -> PageWords:
    _ = language.gettext
    days = [
        _("dated %(day)s") % {"day": language.day_or_month(page.printed)} if page.printed else "",
        _("read in a copy of %(day)s") % {"day": language.date(page.copied)} if page.copied else "",
        _("holds since %(day)s") % {"day": language.date(page.since)} if page.since else "",
    ]
    return PageWords(page.at, page.at.removeprefix("https://"), _("; ").join(filter(None, days)))


def _called(language: Locale, policy: Policy) -> str:
    # Codes that begin with X are given to no country.
    region = policy.region
    named = policy.layer == "preset" and region and region[0] != "X"
    if not named:
        return policy.name
    said = {"policy": policy.name, "place": language.country(region)}
    return language.gettext("%(policy)s (%(place)s)") % said


def _versions(visit: Visit, code: str) -> list[tuple[RuleWords, str]]:
    """The rule in words, once for all policies that say the same."""
    found: dict[RuleWords, list[str]] = {}
    for policy in map(preset, names()):
        for rule in policy.rules:
            if rule.id == code:
                told = rule_words(visit.locale, policy, rule, policy.at(visit.now).values)
                found.setdefault(told, []).append(_called(visit.locale, policy))
    return [(told, visit.locale.gettext(", ").join(where)) for told, where in found.items()]


def _rules(language: Locale, code: str) -> list[Cited]:
    return _gathered(
        language,
        (
            (rule.id, language.rule(rule.id), _called(language, policy), False)
            for policy in map(preset, names())
            for rule in policy.rules
            if code in codes_in(", ".join(rule.cites))
        ),
    )


def _values(language: Locale, code: str) -> Iterator[tuple[str, str, str, bool]]:
    for policy in map(preset, names()):
        for value in policy.values:
            for dated in value.history:
                if code in codes_in(dated.source):
                    said = {
                        "value": language.pgettext("policy.value", value.name),
                        "what": plain_words(language, value.name, dated.value),
                        "day": day_words(language, dated.first_day),
                    }
                    text = language.gettext("%(value)s: %(what)s, since %(day)s") % said
                    yield "", text, _called(language, policy), dated.unverified


def _terms(language: Locale, code: str) -> Iterator[tuple[str, str, str, bool]]:
    for policy in map(preset, names()):
        for terms in policy.deadlines:
            if code in codes_in(", ".join(terms.cites)):
                yield "", language.pgettext("policy.deadline", terms.name), _called(language, policy), False
        for tunable in policy.tunable:
            if code in codes_in(", ".join(tunable.cites)):
                said = {
                    "value": language.pgettext("policy.value", tunable.name),
                    "what": tunable_words(language, tunable),
                }
                text = language.gettext("A shop may choose %(value)s: %(what)s") % said
                yield "", text, _called(language, policy), False


def _gathered(language: Locale, found: Iterable[tuple[str, str, str, bool]]) -> list[Cited]:
    """The same said by several policies is said once, with all of their names."""
    where: dict[tuple[str, str, bool], list[str]] = {}
    for code, text, policy, unverified in found:
        where.setdefault((code, text, unverified), []).append(policy)
    return [
        Cited(code, text, language.gettext(", ").join(dict.fromkeys(policies)), unverified)
        for (code, text, unverified), policies in where.items()
    ]


ROUTES = (explanation,)
