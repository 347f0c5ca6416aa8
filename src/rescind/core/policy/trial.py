"""A draft tried before it is in force: the worked examples and the requests of the past, as it would answer them.

Everything is asked as of one day, that on which the draft says the last of what is new: a value that begins next month
would change nothing about a story of last year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec

from rescind.core.instant import Instant
from rescind.core.policy.example import Book, Example, situation
from rescind.core.policy.judge import judge_fast
from rescind.core.policy.literal import Plain
from rescind.core.policy.policy import Dated, Policy
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule

_ZONES = timedelta(days=1)


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """A worked example that is answered otherwise. A side is None where it cannot be asked or has no answer."""

    example: Example
    before: ResolvedRule | None
    after: ResolvedRule | None


def as_of(before: Sequence[Policy], after: Sequence[Policy], now: Instant) -> Instant:
    """The first moment, and not before now, at which everything holds that is new in ``after``."""
    old = {_dated(name, one) for policy in before for name, one in _history(policy)}
    days = [one.first_day for policy in after for name, one in _history(policy) if _dated(name, one) not in old]
    # A day begins at another moment in each zone; the day after has begun in all of them.
    return max([now, *(datetime.combine(day, time(), UTC) + _ZONES for day in days)])


def rewritten(before: Policy, after: Policy) -> tuple[str, ...]:
    """Names of values of which something that was said before is not said any more: they were edited."""
    said = {_dated(name, one) for name, one in _history(after)}
    return tuple(
        value.name
        for value in before.values
        if any(value.name == one.name for one in after.values)
        and any(_dated(value.name, one) not in said for one in value.history)
    )


def turned(before: Sequence[Policy], after: Sequence[Policy], books: Iterable[Book], at: Instant) -> tuple[Turned, ...]:
    """The examples about a buyer's request whose answer is another one; the first policy of each side is the preset."""
    found: dict[str, Turned] = {}
    for book in books:
        for example in book.examples:
            if example.on != "request" or example.deadline or example.listed is False or example.id in found:
                continue
            one, other = _asked(before, example, at), _asked(after, example, at)
            if said(one) != said(other):
                found[example.id] = Turned(example=example, before=one, after=other)
    return tuple(found.values())


def answered(layers: Sequence[ResolvedPolicy], facts: Mapping[str, Any]) -> ResolvedRule | None:
    """What the layers say to a buyer's request; None where none answers, or the facts are of an older vocabulary."""
    try:
        return judge_fast(layers, "request", facts)[1]
    except LookupError:
        return None


def resolved(policies: Sequence[Policy], at: Instant, settings: Mapping[str, Plain]) -> list[ResolvedPolicy] | None:
    """The policies as of a moment; None when the preset, which comes first, does not offer one of the settings."""
    try:
        return [policy.at(at, settings if place == 0 else None) for place, policy in enumerate(policies)]
    except ValueError:
        return None


def said(rule: ResolvedRule | None) -> tuple[str, ...]:
    """All of an answer that somebody who asks would notice."""
    if rule is None:
        return ()
    deadline = rule.deadline
    waits = (str(deadline.span), str(deadline.cutoff or ""), deadline.on_silence or "") if deadline else ()
    return (rule.verdict.value, rule.instead or "", *waits)


def _asked(policies: Sequence[Policy], example: Example, at: Instant) -> ResolvedRule | None:
    layers = resolved(policies, at, example.settings)
    if layers is None:
        return None
    try:
        facts = situation(policies[0], example)
    except (ValueError, LookupError):
        return None
    return answered(layers, facts)


def _history(policy: Policy) -> list[tuple[str, Dated]]:
    return [(value.name, one) for value in policy.values for one in value.history]


def _dated(name: str, one: Dated) -> tuple[object, ...]:
    return name, one.first_day, type(one.value), one.value
