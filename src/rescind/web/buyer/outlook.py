"""What cancelling would mean: now, until when, and at each step still to come.

Everything here asks the policy about an order as it is or as it would be. No stage is tied to an answer in this file: a
shop with other rules gets other buttons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import msgspec

from rescind.core.cancellation import starts
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.event import Ground
from rescind.core.fees import keepable
from rescind.core.instant import Instant
from rescind.core.order import CancellationStatus, Order, Parcel, Progress, Stage, rank, stage
from rescind.core.policy import Atom, Explainer, Finding, Reason, ResolvedPolicy
from rescind.core.policy.facts import facts
from rescind.core.refund import Quote, quote, select
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict

SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy would say to a request, and what it would give back."""

    finding: Finding
    ground: Ground
    quote: Quote
    selection: dict[str, int]

    @property
    def kind(self) -> tuple[str, str, str]:
        """What a person would call the same answer: verdict, meaning of silence, way on."""
        deadline = self.finding.deadline
        return (
            self.finding.verdict.value,
            (deadline.on_silence or "") if deadline else "",
            self.finding.instead or "",
        )


@dataclass(frozen=True, slots=True)
class Until:
    """The moment at which the answer gets worse by the clock alone, and the answer from then on."""

    at: Instant
    then: Answer


@dataclass(frozen=True, slots=True)
class Ahead:
    """The present answer, or one to come; ``at``: when the clock alone brings it, None where a stage does."""

    stage: Stage
    answer: Answer
    now: bool = False
    at: Instant | None = None


class Outlook:
    """One order under its own terms. ``cancels``: the buyer's counted cancellations in 30 days."""

    def __init__(self, order: Order, terms: Terms, calendar: Calendar, cancels: int = 0) -> None:
        self.order = order
        self.terms = terms
        self._context = Context(calendar=calendar, entropy=0, buyer_cancels_30d=cancels)

    def reasons(self, now: Instant, order: Order | None = None) -> tuple[Reason, ...]:
        """The reasons the policy lists for this stage, in its order."""
        asked = order or self.order
        read = facts(
            asked,
            now=now,
            at_stage=stage(asked, now),
            actor="buyer",
            selection=asked.open_units(),
            amount_minor=0,
            context=self._context,
        )
        return tuple({reason.code: reason for reason in self.terms.reasons("buyer", read, now)}.values())

    def ask(
        self,
        now: Instant,
        *,
        order: Order | None = None,
        reason: str = "",
        lines: dict[str, int] | None = None,
        anyway: bool = False,
    ) -> Answer | None:
        """The policy's answer to a request made then. None where nobody can ask: cancelled, or a request waits.

        An order that has left whole is asked about whole: the policy says what is possible instead.
        """
        asked = order or self.order
        if asked.progress.cancelled_at or asked.open_cancellation is not None:
            return None
        selection = lines or select(asked, None)
        money = quote(asked, selection)
        listed = [one.code for one in self.reasons(now, asked)]
        read = facts(
            asked,
            now=now,
            at_stage=stage(asked, now),
            actor="buyer",
            reason=reason if reason in listed else (listed[0] if listed else "none"),
            selection=selection,
            amount_minor=money.total_minor,
            asked_anyway=anyway,
            context=self._context,
        )
        finding = self.terms.judge(
            "request", read, now=now, starts=starts(asked, now), calendar=self._context.calendar, trace=False
        )
        ground = Ground(
            rule=finding.rule,
            layer=finding.layer,
            verdict=finding.verdict.value,
            policies=self.terms.hashes(read, now),
            facts=read,
            as_of=now,
            cites=finding.cites,
            instead=finding.instead or "",
        )
        if finding.verdict is not Verdict.REFUSE:
            fees = keepable(asked, selection, read, self.terms, now)
            money = quote(asked, selection, fees=fees, at=now)
        return Answer(finding, ground, money, selection)

    def until(self, now: Instant, answer: Answer) -> Until | None:
        """When the clock alone makes the answer worse: asked at each moment at which a rule could change its mind."""
        for at in sorted(set(self._turns(now))):
            later = self.ask(at)
            if later is not None and later.kind != answer.kind and _rank(later) > _rank(answer):
                return Until(at, later)
        return None

    def ahead(self, now: Instant, until: Until | None) -> tuple[Ahead, ...]:
        """The present answer, the one that time brings, and those of later stages; neighbours that agree are one."""
        here = stage(self.order, now)
        present = self.ask(now)
        if present is None:
            return ()
        found = [Ahead(here, present, now=True)]
        if until is not None:
            found.append(Ahead(here, until.then, at=until.at))
        # Later stages are asked about as they will be met: after the time in force now has run out.
        for at_stage, order in _to_come(self.order, here, now):
            answer = self.ask(until.at if until else now, order=order)
            if answer is not None and found[-1].answer.kind != answer.kind:
                found.append(Ahead(at_stage, answer))
        return tuple(found)

    def closes(self, now: Instant, until: Until | None) -> Stage | None:
        """The stage from which on a request is refused, where one made now is not; None where no stage does that."""
        steps = self.ahead(now, until)
        if not steps or steps[0].answer.finding.verdict is Verdict.REFUSE:
            return None
        return next((one.stage for one in steps if one.answer.finding.verdict is Verdict.REFUSE and not one.at), None)

    def after_withdrawal(self, identifier: str, now: Instant) -> Answer | None:
        """The answer to asking once more, had this request been withdrawn."""
        withdrawn = tuple(
            msgspec.structs.replace(one, status=CancellationStatus.WITHDRAWN, closed_at=now)
            if one.id == identifier
            else one
            for one in self.order.cancellations
        )
        return self.ask(now, order=msgspec.structs.replace(self.order, cancellations=withdrawn))

    def tries_left(self) -> int | None:
        """Requests still allowed on this order; None where the policy does not count them."""
        limit = self.terms.preset.values.get("requests_per_order")
        return max(0, limit - len(self.order.cancellations)) if isinstance(limit, int) else None

    def _turns(self, now: Instant) -> Iterator[Instant]:
        """Moments after ``now`` at which something a rule reads becomes different."""
        order = self.order
        for moment in (order.hold_until, order.dispatch_due_at, order.deliver_by):
            if moment is not None and moment > now:
                yield moment
        starts = {"since_placed": order.placed_at, "since_paid": order.progress.paid_at}
        for fact, seconds in self._spans(now):
            start = starts.get(fact)
            if start is not None and start + timedelta(seconds=seconds) > now:
                yield start + timedelta(seconds=seconds)
                yield start + timedelta(seconds=seconds) + SOON

    def _spans(self, now: Instant) -> Iterator[tuple[str, int]]:
        read = facts(
            self.order,
            now=self.order.placed_at,
            at_stage=Stage.REVIEW,
            actor="buyer",
            selection=self.order.open_units() or {line.id: 1 for line in self.order.lines},
            amount_minor=0,
            context=self._context,
        )
        asked = msgspec.msgpack.encode(read)
        for layer in self.terms.layers_for(read, now):
            yield from _compared(layer, asked)


@lru_cache(maxsize=512)
def _compared(layer: ResolvedPolicy, asked: bytes) -> tuple[tuple[str, int], ...]:
    """The spans of time that rules compare with for such facts; most orders are alike in them, and finding out takes
    a quarter of what it costs to be asked.
    """
    read: dict[str, object] = msgspec.msgpack.decode(asked)
    explainer = layer.explainer
    found: dict[tuple[str, int], None] = {}
    for rule in layer.rules_on("request"):
        for want in (True, False):
            for atom in explainer.what_would_change(rule.rule.when, read, rule.rule.lines, want=want):
                found.update(dict.fromkeys(_elapsed(atom)))
        found.update(dict.fromkeys(_elapsed_in(explainer, rule.rule.when, read, rule.rule.lines)))
    return tuple(found)


def _elapsed_in(explainer: Explainer, node: object, read: dict[str, object], lines: str) -> Iterator[tuple[str, int]]:
    trace = explainer.trace(node, read, lines)  # pyright: ignore[reportArgumentType]  # the rule's own condition
    waiting = [trace]
    while waiting:
        branch = waiting.pop()
        waiting.extend(branch.parts)
        if branch.atom is not None:
            yield from _elapsed(branch.atom)


def _elapsed(atom: Atom) -> Iterator[tuple[str, int]]:
    if atom.fact in {"since_placed", "since_paid"} and isinstance(atom.wanted, int):
        yield atom.fact, atom.wanted


_ORDER = ("approve", "ask_seller", "ask_carrier", "review", "refuse")


def _rank(answer: Answer) -> tuple[int, int]:
    verdict, silence, _ = answer.kind
    return _ORDER.index(verdict), ("approve", "", "escalate", "refuse").index(silence)


def _to_come(order: Order, here: Stage, now: Instant) -> Iterator[tuple[Stage, Order]]:
    """The order as it would be at each step after this one."""
    steps: tuple[tuple[Stage, dict[str, Instant]], ...] = (
        (Stage.REVIEW, {"paid_at": now}),
        (Stage.PREPARING, {"paid_at": now, "preparation_started_at": now}),
        (Stage.PACKING, {"paid_at": now, "preparation_started_at": now, "packing_started_at": now}),
        (Stage.PACKED, {"paid_at": now, "preparation_started_at": now, "packing_started_at": now, "packed_at": now}),
    )
    for at_stage, reached in steps:
        if rank(at_stage) > rank(here):
            known = {name: getattr(order.progress, name) or moment for name, moment in reached.items()}
            progress: Progress = msgspec.structs.replace(order.progress, **known)
            yield at_stage, msgspec.structs.replace(order, progress=progress, hold_until=None)
    if rank(here) < rank(Stage.IN_TRANSIT):
        gone = Parcel(id="ahead", handed_over_at=now)
        yield Stage.IN_TRANSIT, _shipped(order, gone)


def _shipped(order: Order, parcel: Parcel) -> Order:
    return msgspec.structs.replace(order, parcels=(parcel,), hold_until=None)
