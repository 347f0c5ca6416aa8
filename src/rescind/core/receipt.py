"""What a receipt is made of, so that whoever holds one can check it without asking us.

A receipt is one JSON object in one form (``canonical``). Its member ``signature`` lists a digest of every other member
and is signed itself; so an altered receipt does not only fail, it is known which member was altered.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from rescind.core import lifecycle
from rescind.core.cancellation import starts
from rescind.core.deadline import Calendar
from rescind.core.event import Ground
from rescind.core.instant import Instant
from rescind.core.parts import Cancellation
from rescind.core.policy import Finding, Policy, ResolvedPolicy, judge
from rescind.core.policy.boundary import boundaries
from rescind.core.record import Record
from rescind.core.terms import Terms

SIGNATURE = "signature"
_MOST_TRIED = 10_000


def canonical(value: object) -> bytes:
    """The one form of a JSON value (RFC 8785): members sorted, no white space, UTF-8. ValueError for a fraction.

    Our member names are ASCII and our numbers whole, so nothing of that standard's finer points is needed.
    """
    _refuse_fractions(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refuse_fractions(value: object) -> None:
    match value:
        case float():
            msg = "a receipt holds whole numbers only"
            raise ValueError(msg)
        case dict():
            for part in value.values():  # pyright: ignore[reportUnknownVariableType]
                _refuse_fractions(part)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for part in value:  # pyright: ignore[reportUnknownVariableType]
                _refuse_fractions(part)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            pass


def digests(document: Mapping[str, object]) -> dict[str, str]:
    """SHA-256 of the canonical form of every member but the signature, in hex."""
    return {name: hashlib.sha256(canonical(value)).hexdigest() for name, value in document.items() if name != SIGNATURE}


def signed_bytes(signature: Mapping[str, object]) -> bytes:
    """What the key signs: the canonical form of the signature's members without its ``value``."""
    return canonical({name: value for name, value in signature.items() if name != "value"})


def commitment(fact: str, value: object, salt: str) -> str:
    """A fact that is not told, held to what it was: SHA-256 of the canonical form of [salt, fact, value], in hex."""
    return hashlib.sha256(canonical([salt, fact, value])).hexdigest()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it was made, judged once more from its stored ground, so that its arithmetic is there again."""

    record: Record
    ground: Ground
    on: str
    starts: dict[str, Instant]
    finding: Finding


def ground_for(record: Record, about: Cancellation) -> Ground | None:
    """Why a policy answered a cancellation as it did, where this record is its answer."""
    ground: Ground | None = getattr(record.event, "ground", None)
    return ground if getattr(record.event, "cancellation", None) == about.id else None


def judged_again(records: Sequence[Record], about: Cancellation, terms: Terms, calendar: Calendar) -> Judged | None:
    """What a policy said to a cancellation, from the order's whole history; None where no policy was asked."""
    on = "seller_cancel" if about.filed_by == "seller" else "request"
    for record in records:
        event = record.event
        ground = ground_for(record, about)
        if ground is None:
            continue
        # As it was when the question was put: a fact that came later with an earlier time must not move the arithmetic.
        before = lifecycle.replay(tuple(one.event for one in records[: record.seq - 1]))
        begun = starts(before, event.at)
        finding = terms.judge(on, ground.facts, now=event.at, starts=begun, calendar=calendar, trace=True)
        return Judged(record=record, ground=ground, on=on, starts=begun, finding=finding)
    return None


class LayerNamed(msgspec.Struct, frozen=True, kw_only=True):
    """One layer that was judged: its published text by hash, and what it was resolved with.

    as_of: the moment whose values hold: of a law and a standing consent that of the decision, else that of the order.
    """

    layer: str
    name: str
    language: int
    hash: str
    settings: dict[str, bool | int | str]
    as_of: Instant


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar as a receipt gives it."""

    hash: str
    zone: str
    weekend: frozenset[int]
    holidays: frozenset[str]
    working: frozenset[str] = frozenset()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a receipt that are the question; whoever asks it again gets the answer that stands beside it."""

    on: str
    decided_at: Instant
    layers: tuple[LayerNamed, ...]
    starts: dict[str, Instant]
    facts: dict[str, object]
    withheld: tuple[str, ...]
    calendar: Days

    def days(self) -> Calendar:
        """The calendar as the core counts by it. ValueError when a day is none."""
        return msgspec.convert(
            {
                "zone": self.calendar.zone,
                "weekend": sorted(self.calendar.weekend),
                "holidays": sorted(self.calendar.holidays),
                "working": sorted(self.calendar.working),
            },
            Calendar,
            strict=False,
        )


def answers(question: Question, policies: Mapping[str, Policy]) -> Iterator[Finding]:
    """What the policy texts (by hash) say to the question: one finding when every fact is told.

    For facts that are withheld, one finding for each of the values between which the rules can tell a difference; so
    when all of them agree, what was withheld played no part. None at all where there would be too many.
    KeyError without a text; ValueError for unusable facts.
    """
    layers = [policies[one.hash].at(one.as_of, one.settings) for one in question.layers]
    for guess in _guesses(layers, question):
        yield judge(
            layers,
            question.on,
            {**question.facts, **guess},
            question.decided_at,
            question.starts,
            question.days(),
            trace=True,
        )


def _guesses(layers: Sequence[ResolvedPolicy], question: Question) -> Iterator[dict[str, object]]:
    names = sorted(question.withheld)
    known = boundaries(layers, question.on)
    # A fact that no rule reads may be anything.
    values = [known.get(name, (0,)) for name in names]
    if math.prod(len(one) for one in values) <= _MOST_TRIED:
        for guess in itertools.product(*values):
            yield dict(zip(names, guess, strict=True))
