"""A policy as it stands for orders of one day: values put in, spans read, conditions compiled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from rescind.core.deadline import Span, span
from rescind.core.policy.as_python import First, first_that_holds
from rescind.core.policy.as_sql import SqlNames, first_rule_sql
from rescind.core.policy.as_trace import Asked, Trace, compiled
from rescind.core.policy.explain import Explainer
from rescind.core.policy.literal import Plain
from rescind.core.policy.vocabulary import STANDARD, Vocabulary
from rescind.core.verdict import SILENCE_RANK, VERDICT_RANK, OnSilence, Verdict

if TYPE_CHECKING:
    from rescind.core.policy.policy import DeadlineTerms, Policy, Rule


class ResolvedDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline with its span read. said: the span as written. elapsed: its length where it runs on the clock alone.
    cutoff: local time of day.
    """

    name: str
    event: str
    span: Span
    said: str
    elapsed: timedelta | None
    on_silence: OnSilence | None
    then: str | None
    cutoff: time | None
    cites: tuple[str, ...]


class ResolvedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule ready to answer. rank: place in the published order by verdict and silence, 0 the most generous.

    fee_bps, fee_minor: what the seller keeps of a line's price, in hundredths of a per cent, and once a cancellation.
    """

    rule: Rule
    deadline: ResolvedDeadline | None
    rank: int
    fee_bps: int = 0
    fee_minor: int = 0

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def verdict(self) -> Verdict:
        return self.rule.verdict

    @property
    def instead(self) -> str | None:
        return self.rule.instead or None


class ResolvedPolicy:
    """Immutable by convention; made by `Policy.at` only. values: what each name means here, settings included."""

    __slots__ = (
        *("_rules", "deadlines", "explainer", "first", "has_fees"),
        *("policy", "settings", "trace", "values", "vocabulary"),
    )

    def __init__(
        self,
        policy: Policy,
        values: Mapping[str, Plain],
        settings: Mapping[str, Plain],
        vocabulary: Vocabulary = STANDARD,
    ) -> None:
        self.policy = policy
        self.values = values
        self.settings = settings
        self.vocabulary = vocabulary
        self.explainer = Explainer(values, vocabulary)
        self.deadlines: Mapping[str, ResolvedDeadline] = {
            terms.name: _deadline(terms, values) for terms in policy.deadlines
        }
        self._rules: dict[str, tuple[ResolvedRule, ...]] = {}
        for on in dict.fromkeys(rule.on for rule in policy.rules):
            self._rules[on] = tuple(self._rule(rule) for rule in policy.rules_on(on))
        self.first: Mapping[str, First] = {
            on: first_that_holds(
                [(rule.rule.when, rule.rule.lines) for rule in rules], values, vocabulary, f"{policy.name} {on}"
            )
            for on, rules in self._rules.items()
        }
        self.has_fees = any(rule.fee_bps or rule.fee_minor for rule in self.rules_on("fee"))
        self.trace: Mapping[str, Trace] = {
            on: compiled(
                [Asked(rule.id, rule.rule.when, rule.rule.lines) for rule in rules],
                policy.layer,
                policy.name,
                self.explainer,
            )
            for on, rules in self._rules.items()
        }

    def _rule(self, rule: Rule) -> ResolvedRule:
        deadline = self.deadlines[rule.deadline] if rule.deadline else None
        return ResolvedRule(
            rule=rule,
            deadline=deadline,
            rank=place(rule.verdict, deadline.on_silence if deadline else None),
            fee_bps=sum(int(self.values[name]) for name in rule.fee if name.endswith("_bps")),
            fee_minor=sum(int(self.values[name]) for name in rule.fee if name.endswith("_minor")),
        )

    @property
    def name(self) -> str:
        return self.policy.name

    @property
    def layer(self) -> str:
        return self.policy.layer

    @property
    def hash(self) -> str:
        return self.policy.hash

    def rules_on(self, on: str) -> tuple[ResolvedRule, ...]:
        """The rules for one kind of question, in their order; none when the policy is silent about it."""
        return self._rules.get(on, ())

    def sql(self, on: str, dialect: str, names: SqlNames | None = None) -> str:
        """SQL expression for the id of the rule that decides; NULL where the policy abstains."""
        rules = [(rule.id, rule.rule.when, rule.rule.lines) for rule in self.rules_on(on)]
        return first_rule_sql(rules, self.values, self.vocabulary, dialect, names)


def place(verdict: Verdict, on_silence: OnSilence | None) -> int:
    """Place in the published order, 0 the most generous: by verdict, among equals by what silence means."""
    return VERDICT_RANK[verdict] * 4 + (SILENCE_RANK[on_silence] if on_silence is not None else 0)


_DAY_S = 86_400
_LONGEST_BUSINESS_DAY = 5
_WAYS = {"request_whole_order": 0, "ask_for_what_is_open": 0, "ask_seller_anyway": 1, "wait_for_hold": 1}
_NO_WAY = 2


def badness(rule: ResolvedRule) -> tuple[int, int, int]:
    """Place of a rule among others, the most generous first: verdict and silence, time to wait, way on."""
    way = _WAYS.get(rule.instead or "", _NO_WAY) if rule.verdict is Verdict.REFUSE else 0
    return rule.rank, _longest_s(rule.deadline.span) if rule.deadline else 0, way


def _longest_s(length: Span) -> int:
    """Seconds that a span may take; a business day may have a long weekend before it."""
    return length.amount * _DAY_S * _LONGEST_BUSINESS_DAY if length.unit == "bd" else length.seconds


def resolve(policy: Policy, day: date, settings: Mapping[str, Plain]) -> ResolvedPolicy:
    """Put in the values of `day` and the shop's settings. The policy was validated when it was loaded."""
    values = {value.name: value.on(day).value for value in policy.values}
    return ResolvedPolicy(policy, {**values, **settings}, settings)


def _deadline(terms: DeadlineTerms, values: Mapping[str, Plain]) -> ResolvedDeadline:
    length = span(str(values.get(terms.span, terms.span)))
    return ResolvedDeadline(
        name=terms.name,
        event=terms.event,
        span=length,
        said=str(length),
        elapsed=timedelta(seconds=length.seconds) if length.elapsed else None,
        on_silence=terms.on_silence,
        then=terms.then,
        cutoff=time.fromisoformat(terms.cutoff) if terms.cutoff else None,
        cites=terms.cites,
    )
