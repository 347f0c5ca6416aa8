"""A policy in the words of the people who answer for it: its values and their days, its rules, and what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import msgspec

from rescind.core.deadline import span
from rescind.core.policy import Atom, Phrase, Policy, ResolvedRule, Rule, Tunable, phrase
from rescind.core.policy.difference import Change
from rescind.core.policy.literal import Plain
from rescind.core.policy.policy import Dated, DeadlineTerms, NamedValue
from rescind.core.policy.unheard import silence
from rescind.core.policy.vocabulary import STANDARD
from rescind.locales import Locale
from rescind.policies.sources import named
from rescind.web.buyer.words import rule_line
from rescind.web.explain import span_words, wanted_words

_MONEY = re.compile(r"([A-Z]{3}) (\d+(?:\.\d+)?)")
_PER_TEN_THOUSAND = "_bps"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value means from a day on. now: it is the one that orders of today are bought under."""

    day: str
    text: str
    source: str
    unverified: bool
    now: bool
    to_come: bool


@dataclass(frozen=True, slots=True)
class ValueWords:
    """One value with its history. kind: how it is asked for: ``flag``, ``number``, ``percent`` or ``text``. hint: what
    it is now, and how another one is written.
    """

    name: str
    title: str
    kind: str
    meanings: tuple[Meaning, ...]
    latest: Plain
    hint: str


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule. conditions: all of them must hold; written: as the file has it. sources: what it cites, one by one."""

    id: str
    sentence: str
    verdict: str
    answer: str
    conditions: tuple[str, ...]
    cites: str
    sources: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """One thing that is written otherwise, as it was and as it would be; a side is empty where it is not there."""

    kind: str
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def day_words(locale: Locale, day: date) -> str:
    """A day as people write it, with its year."""
    return locale.day(datetime.combine(day, time(12), UTC))


def plain_words(locale: Locale, name: str, value: Plain) -> str:
    """What a value says: `24h` is 24 hours, 1000 of ten thousand is 10 %."""
    _ = locale.gettext
    match value:
        case bool():
            return _("Yes") if value else _("No")
        case int() if name.endswith(_PER_TEN_THOUSAND):
            return locale.percent(value / 10_000, digits=0 if value % 100 == 0 else 1 if value % 10 == 0 else 2)
        case int():
            return locale.number(value)
        case str():
            try:
                return span_words(locale, value) if span(value).amount else _("None")
            except ValueError:
                return value


def value_words(locale: Locale, value: NamedValue, today: date) -> ValueWords:
    """A value with everything it ever meant, the latest first."""
    current = value.on(today)
    latest = value.history[-1].value
    return ValueWords(
        name=value.name,
        title=locale.pgettext("policy.value", value.name),
        kind=kind_of(value),
        meanings=tuple(
            Meaning(
                day=day_words(locale, one.first_day),
                text=plain_words(locale, value.name, one.value),
                source=one.source,
                unverified=one.unverified,
                now=one is current,
                to_come=one.first_day > today,
            )
            for one in reversed(value.history)
        ),
        latest=latest,
        hint=_hint(locale, value),
    )


def kind_of(value: NamedValue) -> str:
    """How a value is asked for. A share is asked for in percent: nobody should have to know that 9000 is 90 %."""
    match value.history[-1].value:
        case bool():
            return "flag"
        case int():
            return "percent" if value.name.endswith(_PER_TEN_THOUSAND) else "number"
        case str():
            return "text"


def _hint(locale: Locale, value: NamedValue) -> str:
    _ = locale.gettext
    latest = value.history[-1].value
    if kind_of(value) == "percent":
        return _("As before: %(latest)s") % {"latest": plain_words(locale, value.name, latest)}
    said = {"latest": latest}
    try:
        span(str(latest))
    except ValueError:
        return _("As before: %(latest)s") % said
    return _("As before: %(latest)s. 30m are minutes, 24h hours, 7d days, 2bd working days") % said


def rule_words(
    locale: Locale, policy: Policy, rule: Rule, values: Mapping[str, Plain], *, reached: bool = True
) -> RuleWords:
    """A rule as it reads while the values are these. reached: of a shop's own rule, whether that shop can be told."""
    return RuleWords(
        id=rule.id,
        sentence=locale.pgettext("rule", rule.id) if locale.has("rule", rule.id) else "",
        verdict=rule.verdict.value,
        answer=answer_words(locale, policy, rule, values, reached=reached),
        conditions=_conditions(locale, phrase(rule.when, values, STANDARD)),
        cites=", ".join(rule.cites),
        sources=tuple(one for cite in rule.cites for one in named(cite)),
        written=rule.text,
    )


def answer_words(
    locale: Locale, policy: Policy, rule: Rule, values: Mapping[str, Plain], *, reached: bool = True
) -> str:
    """What a rule answers and what follows, in a line."""
    answer = locale.term("verdict", rule.verdict.value)
    terms = next((one for one in policy.deadlines if one.name == rule.deadline), None)
    if terms is not None:
        terms = msgspec.structs.replace(terms, on_silence=silence(rule.verdict, terms.on_silence, reached=reached))
        return locale.gettext("%(answer)s; %(wait)s") % {"answer": answer, "wait": _wait(locale, terms, values)}
    if rule.instead:
        return locale.gettext("%(answer)s; instead: %(way)s") % {
            "answer": answer,
            "way": locale.term("way_on", rule.instead),
        }
    return answer


def decided_words(locale: Locale, rule: ResolvedRule | None) -> str:
    """The answer to somebody who asks, with the rule that gives it."""
    if rule is None:
        return locale.gettext("No answer")
    return locale.gettext("%(answer)s (%(rule)s)") % {"answer": rule_line(locale, rule), "rule": rule.id}


def deadline_words(locale: Locale, terms: DeadlineTerms, values: Mapping[str, Plain]) -> str:
    """How long, counted from what, and what happens when it is over."""
    text = _wait(locale, terms, values)
    if terms.cutoff:
        text = locale.gettext("%(deadline)s; after %(time)s it begins the next day") % {
            "deadline": text,
            "time": terms.cutoff,
        }
    return text


def tunable_words(locale: Locale, tunable: Tunable) -> str:
    """What a shop may choose."""
    _ = locale.gettext
    if tunable.choices:
        return _(", ").join(plain_words(locale, tunable.name, one) for one in tunable.choices)
    return _("from %(low)s to %(high)s") % {
        "low": plain_words(locale, tunable.name, tunable.low),
        "high": plain_words(locale, tunable.name, tunable.high),
    }


def flow_words(locale: Locale, policy: Policy) -> list[tuple[str, str]]:
    """How the flow works around the rules: label and choice."""
    _ = locale.gettext
    flow = policy.settings
    seller = {"no": _("No"), "out_of_stock": _("Only what is out of stock"), "any": _("Yes")}
    ship = {
        "rejects_request": _("Shipping answers the request with no"),
        "blocked": _("The shop cannot ship until it has answered"),
    }
    return [
        (_("Shipping while a request waits"), ship[flow.ship_while_pending]),
        (_("The shop may refuse in words"), _("Yes") if flow.explicit_reject else _("No")),
        (_("A buyer may cancel some items"), _("Yes") if flow.buyer_partial else _("No")),
        (_("The shop may cancel some items"), seller[flow.seller_partial]),
    ]


def change_words(locale: Locale, change: Change, before: Policy, after: Policy) -> ChangeWords:
    """A difference with its two sides in words."""
    _ = locale.gettext
    kinds = {
        "policy": _("About the policy"),
        "setting": _("How it works"),
        "value": _("Value"),
        "deadline": _("Deadline"),
        "rule": _("Rule"),
        "order": _("Order of the rules"),
        "tunable": _("What a shop may choose"),
        "reasons": _("Reasons on offer"),
    }
    title = {
        "value": locale.pgettext("policy.value", change.name),
        "tunable": locale.pgettext("policy.value", change.name),
        "deadline": locale.pgettext("policy.deadline", change.name),
        "order": "",
    }.get(change.kind, change.name)
    return ChangeWords(
        kind=kinds[change.kind],
        title=title,
        before=_side(locale, change, before, change.before),
        after=_side(locale, change, after, change.after),
    )


def _side(locale: Locale, change: Change, policy: Policy, written: str) -> tuple[str, ...]:
    if not written:
        return ()
    values = {one.name: one.history[-1].value for one in policy.values}
    match change.kind:
        case "value":
            found = next(one for one in policy.values if one.name == change.name)
            return tuple(_dated(locale, found.name, one) for one in found.history)
        case "deadline":
            terms = next(one for one in policy.deadlines if one.name == change.name)
            return (deadline_words(locale, terms, values),)
        case "rule":
            rule = policy.rule(change.name)
            told = rule_words(locale, policy, rule, values)
            return (told.answer, *told.conditions)
        case "tunable":
            tunable = next(one for one in policy.tunable if one.name == change.name)
            return (tunable_words(locale, tunable),)
        case _:
            return (written,)


def _dated(locale: Locale, name: str, dated: Dated) -> str:
    return locale.gettext("%(what)s from %(day)s") % {
        "what": plain_words(locale, name, dated.value),
        "day": day_words(locale, dated.first_day),
    }


def _wait(locale: Locale, terms: DeadlineTerms, values: Mapping[str, Plain]) -> str:
    _ = locale.gettext
    said = {
        "time": span_words(locale, str(values.get(terms.span, terms.span))),
        "event": locale.pgettext("policy.from", terms.event),
    }
    if terms.on_silence:
        said["silence"] = locale.term("silence", terms.on_silence.value)
        return _("%(time)s from %(event)s. %(silence)s") % said
    said["after"] = locale.pgettext("policy.then", terms.then or "")
    return _("%(time)s from %(event)s, then %(after)s") % said


def _conditions(locale: Locale, told: Phrase) -> tuple[str, ...]:
    """A list of sentences all of which must hold."""
    if told.how == "and":
        return tuple(_sentence(locale, part) for part in told.parts)
    return (_sentence(locale, told),)


def _sentence(locale: Locale, told: Phrase) -> str:
    _ = locale.gettext
    match told.how:
        case "always":
            return _("In every case")
        case "never":
            return _("Never, as the values stand")
        case "atom":
            return wanted_words(locale, _atom(told))
        case "and":
            return _begun(_(" and ").join(_inner(locale, part) for part in told.parts))
        case "or":
            return _begun(_(" or ").join(_inner(locale, part) for part in told.parts))


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _inner(locale: Locale, told: Phrase) -> str:
    text = _sentence(locale, told)
    text = text[:1].lower() + text[1:]
    return locale.gettext("(%(what)s)") % {"what": text} if told.parts else text


def _atom(told: Phrase) -> Atom:
    """The comparison as ``explain`` tells it."""
    if told.op in {"is", "is not"}:
        return Atom(told.fact, told.op, wanted=True, actual=True, held=True)
    many = told.op in {"in", "not in"}
    wanted = told.wanted if many else told.wanted[0]
    return Atom(told.fact, told.op, wanted=wanted, actual="", held=True, unit=told.unit, by=told.by)
