"""What a seller agrees to in advance: rules in the seller's own terms, and the policy they are (R-035). Pure.

The seller says which requests and how long to wait; the condition is written here, so that a rule can be shown in a
form, and means what every other rule of a policy means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import cast

import msgspec

from rescind.core.business_calendar import FIRST_YEAR, LAST_YEAR
from rescind.core.deadline import span
from rescind.core.errors import CurrencyMismatch, InvalidField, one_of
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.policy import Policy, PolicyError
from rescind.core.policy.checking import problems
from rescind.core.policy.facts import NONE
from rescind.core.policy.language import parse
from rescind.core.policy.literal import Plain
from rescind.core.policy.policy import Dated, DeadlineTerms, NamedValue, Rule
from rescind.core.policy.resolved import ResolvedPolicy
from rescind.core.policy.tree import LANGUAGE
from rescind.core.policy.vocabulary import STANDARD
from rescind.core.verdict import OnSilence, Verdict

MOST = 20
"""How many rules a shop may have; more would be read by nobody."""
LISTED = 20
"""How many reasons or categories a rule may name."""
AT_ONCE = "0h"
WAITS = (AT_ONCE, "1h", "2h", "4h", "8h", "12h", "24h")
ALLOWED = "auto_approval_rules"
"""The value of a preset that lets shops have such rules (R-035)."""
_SOURCE = "R-035"
_ALWAYS = date(1970, 1, 1)


class StandingRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Requests that a shop agrees to in advance. What is not said does not matter.

    reasons, categories: codes, any of which will do; every line must be of one of the categories. least_minor and
    most_minor: what the request would give back, both included, in ``currency``. first_day, last_day: days on which it
    holds where the shop is, both included. wait: how long the seller may still answer before silence agrees.
    """

    name: str
    reasons: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    least_minor: int | None = None
    most_minor: int | None = None
    currency: str = ""
    first_day: date | None = None
    last_day: date | None = None
    wait: str = AT_ONCE

    def condition(self, switch: str) -> str:
        """As the policy language says it. switch: name of the value that is true on the days it holds, or empty."""
        parts = ["stage < 'awaiting_collection'"]
        if switch:
            parts.append(switch)
        for fact, codes in (("reason", self.reasons), ("category", self.categories)):
            if codes:
                listed = ", ".join(f"'{code}'" for code in codes)
                parts.append(f"{fact} in ({listed})")
        for op, minor in ((">=", self.least_minor), ("<=", self.most_minor)):
            if minor is not None:
                number, _, currency = str(Money(minor, self.currency)).partition(" ")
                parts.append(f"amount {op} '{currency} {number}'")
        return " and ".join(parts)

    def days(self) -> tuple[Dated, ...]:
        """When it holds, as the history of a value; empty when it always does."""
        if self.first_day is None and self.last_day is None:
            return ()
        history: list[Dated] = []
        if self.first_day is not None:
            history.append(Dated(_ALWAYS, value=False, source=_SOURCE))
        history.append(Dated(self.first_day or _ALWAYS, value=True, source=_SOURCE))
        if self.last_day is not None:
            history.append(Dated(self.last_day + timedelta(days=1), value=False, source=_SOURCE))
        return tuple(history)


def rule_id(place: int) -> str:
    """What a decision calls the rule at this place, counted from 0."""
    return f"SHOP-{place + 1}"


def allowed(preset: ResolvedPolicy) -> bool:
    """Whether shops of this preset may have such rules."""
    return preset.values.get(ALLOWED) is True


def waits(preset: ResolvedPolicy) -> tuple[str, ...]:
    """How long a rule may let a request wait: less than the seller has anyway, or it would change nothing."""
    answer = preset.deadlines.get("seller_answer")
    if answer is None or answer.span.unit in {"d", "bd"}:
        return WAITS
    return tuple(one for one in WAITS if span(one).seconds < answer.span.seconds)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What rules would have done with requests that the seller was asked about."""

    at_once: int = 0
    after_wait: int = 0
    asked: int = 0


def tried(policy: Policy, requests: Iterable[tuple[Instant, Mapping[str, object]]]) -> Trial:
    """Ask a standing policy about requests of the past, each with its time and the facts that were read then.

    A fact that nobody knew of then is what it is where nobody tells.
    """
    found: Counter[str] = Counter()
    for at, facts in requests:
        lines = cast("Sequence[Mapping[str, object]]", facts["lines"])
        standing = policy.at(at)
        first = standing.first.get("request")
        number = -1 if first is None else first({**facts, "lines": [{"category": NONE, **line} for line in lines]})
        if number < 0:
            found["asked"] += 1
        else:
            approves = standing.rules_on("request")[number].verdict is Verdict.APPROVE
            found["at_once" if approves else "after_wait"] += 1
    return Trial(**found)


def policy_of(rules: Sequence[StandingRule], preset: ResolvedPolicy, zone: str) -> Policy:
    """The policy that these rules are. zone: the shop's, for their days.

    Raises InvalidField, which names the field of the rule and what it should have been; CurrencyMismatch for an amount
    in another currency than the preset's, with which no order of the shop would ever be compared.
    """
    if not allowed(preset):
        raise InvalidField(field="/rules", expected="no rules, for this policy does not offer them")
    if len(rules) > MOST:
        raise InvalidField(field="/rules", expected=f"at most {MOST} rules")
    for place, rule in enumerate(rules):
        _check(rule, f"/rules/{place}", preset)
    days = {f"holds_{place + 1}": rule.days() for place, rule in enumerate(rules) if rule.days()}
    values = tuple(NamedValue(name, history) for name, history in days.items())
    meanings: Mapping[str, Sequence[Plain]] = {name: [one.value for one in history] for name, history in days.items()}
    found = Policy(
        language=LANGUAGE,
        name="shop",
        layer="standing",
        zone=zone,
        values=values,
        deadlines=tuple(
            DeadlineTerms(f"wait_{length}", "requested", length, OnSilence.APPROVE, cites=(_SOURCE,))
            for length in dict.fromkeys(rule.wait for rule in rules)
            if length != AT_ONCE
        ),
        rules=tuple(_rule(rule, place, meanings) for place, rule in enumerate(rules)),
    )
    assert not list(problems(found, STANDARD)), "what was checked makes a sound policy"
    return found


def _rule(rule: StandingRule, place: int, meanings: Mapping[str, Sequence[Plain]]) -> Rule:
    name = f"holds_{place + 1}"
    text = rule.condition(name if name in meanings else "")
    waits = rule.wait != AT_ONCE
    return Rule(
        id=rule_id(place),
        on="request",
        text=text,
        when=parse(text, STANDARD, meanings, _never),
        verdict=Verdict.ASK_SELLER if waits else Verdict.APPROVE,
        cites=(_SOURCE,),
        deadline=f"wait_{rule.wait}" if waits else "",
        lines="all" if rule.categories else "any",
    )


def _never(message: str, index: int) -> PolicyError:
    """A condition is written here, from what was checked; one that cannot be read is a mistake of ours."""
    return PolicyError("<rule>", 1, index + 1, message)


def _check(rule: StandingRule, at: str, preset: ResolvedPolicy) -> None:
    listed = tuple(dict.fromkeys(reason.code for reason in preset.policy.reasons.buyer))
    if any(code not in listed for code in rule.reasons):
        raise InvalidField(field=f"{at}/reasons", expected=one_of(listed))
    for name in ("reasons", "categories"):
        if len(getattr(rule, name)) > LISTED:
            raise InvalidField(field=f"{at}/{name}", expected=f"at most {LISTED} of them")
    if rule.wait not in waits(preset):
        raise InvalidField(field=f"{at}/wait", expected=one_of(waits(preset)))
    own, low, high = preset.policy.currency, rule.least_minor, rule.most_minor
    if own and rule.currency not in {"", own}:
        raise CurrencyMismatch(expected=own, actual=rule.currency)
    if (low is not None or high is not None) and not rule.currency:
        raise InvalidField(field=f"{at}/amount", expected="the currency of the amounts")
    if low is not None and high is not None and low > high:
        raise InvalidField(field=f"{at}/amount", expected="an amount from the smaller to the larger")
    for name in ("first_day", "last_day"):
        day: date | None = getattr(rule, name)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise InvalidField(field=f"{at}/{name}", expected=f"a day from {FIRST_YEAR} to {LAST_YEAR}")
    if rule.first_day and rule.last_day and rule.first_day > rule.last_day:
        raise InvalidField(field=f"{at}/last_day", expected="a day that is not before the first")
