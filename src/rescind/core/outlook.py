"""What cancelling would mean: now, until when, and at each step still to come.

Everything here asks the policy about an order as it is or as it would be. No stage is tied to an answer in this file: a
shop with other rules gets other buttons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import msgspec

from rescind.core.cancellation import Said, starts
from rescind.core.cancellation.said import as_said, generosity
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.event import Ground
from rescind.core.fees import keepable
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import CancellationStatus, Parcel, Progress
from rescind.core.policy import Finding, Reason, ResolvedPolicy, judge_fast
from rescind.core.policy.boundary import boundaries
from rescind.core.policy.facts import facts
from rescind.core.quote import Quote, quote, select
from rescind.core.stage import Stage, rank, status_of
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict

AnswerKind: TypeAlias = tuple[str, str, str]
"""What a person would call the same answer: verdict, meaning of silence, way on."""


def kind_said(
    order: Order, terms: Terms, on: str, read: dict[str, object], calendar: Calendar, now: Instant
) -> AnswerKind:
    """The kind of answer that the terms give to these facts, without its deadline and without its reasons."""
    layers = terms.layers_for(read, now)
    _, rule = judge_fast(layers, on, read, {"requested": now, **starts(order, now)}, calendar)
    silence = rule.deadline.on_silence if rule.deadline else None
    return rule.verdict.value, silence or "", rule.instead or ""


def kind_of(finding: Finding) -> AnswerKind:
    """The kind of an answer that was given."""
    deadline = finding.deadline
    return finding.verdict.value, (deadline.on_silence or "") if deadline else "", finding.instead or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy would say to a request, and what it would give back."""

    finding: Finding
    ground: Ground
    quote: Quote
    selection: dict[str, int]

    @property
    def kind(self) -> AnswerKind:
        return kind_of(self.finding)


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

    def reasons(self, now: Instant) -> tuple[Reason, ...]:
        """The reasons the policy lists for this stage, each once, in its order."""
        return self._reasons(self._read(self.order, now, self.order.open_units(), 0), now)

    def ask(
        self,
        now: Instant,
        *,
        order: Order | None = None,
        reason: str = "",
        lines: dict[str, int] | None = None,
        anyway: bool = False,
        said: Said | None = None,
    ) -> Answer | None:
        """The policy's answer to a request made then. None where nobody can ask: cancelled, or a request waits.

        An order that has left whole is asked about whole: the policy says what is possible instead. said: the message
        it is filed from, whose time counts where that is kinder.
        """
        asked = order or self.order
        if _closed(asked):
            return None
        selection = lines or select(asked, None)
        money = quote(asked, selection)
        read = self._question(asked, now, selection, money, reason=reason, anyway=anyway)
        finding = self.terms.judge(
            "request", read, now=now, starts=starts(asked, now), calendar=self._context.calendar, trace=False
        )
        if said is not None and (before := as_said(asked, said, self.terms, now)) is not None:
            then = self._question(before, said.at, selection, money, reason=reason, anyway=anyway)
            kinder = self.terms.judge(
                "request", then, now=now, starts=starts(asked, now), calendar=self._context.calendar, trace=False
            )
            if generosity(kinder) < generosity(finding):
                read, finding = then, kinder
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

    def kind(self, now: Instant, order: Order | None = None) -> AnswerKind | None:
        """The kind of that answer alone, at a third of the cost: most are only compared."""
        asked = order or self.order
        if _closed(asked):
            return None
        selection = select(asked, None)
        read = self._question(asked, now, selection, quote(asked, selection))
        return self._said(asked, read, now)

    def _question(
        self,
        order: Order,
        now: Instant,
        selection: dict[str, int],
        money: Quote,
        *,
        reason: str = "",
        anyway: bool = False,
    ) -> dict[str, object]:
        """What the rules may read of a request for this reason, or for the first that is listed."""
        read = self._read(order, now, selection, money.total_minor, anyway=anyway)
        listed = [one.code for one in self._reasons(read, now)]
        read["reason"] = reason if reason in listed else (listed[0] if listed else "none")
        return read

    def _reasons(self, read: dict[str, object], now: Instant) -> tuple[Reason, ...]:
        return tuple({reason.code: reason for reason in self.terms.reasons("buyer", read, now)}.values())

    def _read(
        self, order: Order, now: Instant, selection: dict[str, int], amount_minor: int, *, anyway: bool = False
    ) -> dict[str, object]:
        return facts(
            order,
            now=now,
            at_stage=stage(order, now),
            actor="buyer",
            selection=selection,
            amount_minor=amount_minor,
            asked_anyway=anyway,
            context=self._context,
        )

    def until(self, now: Instant, answer: Answer) -> Until | None:
        """When the clock alone makes the answer worse: asked at each moment at which a rule could change its mind."""
        for at in turns(self.order, self.terms.layers_for(answer.ground.facts, now), "request", now):
            later = self.kind(at)
            if later is not None and later != answer.kind and _rank(later) > _rank(answer.kind):
                then = self.ask(at)
                assert then is not None, "the same question has an answer"
                return Until(at, then)
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
        at = until.at if until else now
        for at_stage, order, kind in self.kinds_to_come(now, at):
            if found[-1].answer.kind != kind:
                answer = self.ask(at, order=order)
                assert answer is not None, "the same question has an answer"
                found.append(Ahead(at_stage, answer))
        return tuple(found)

    def closes(self, now: Instant, until: Until | None) -> Stage | None:
        """The stage from which on a request is refused, where one made now is not; None where no stage does that."""
        before = self.kind(now)
        if before is None or before[0] == Verdict.REFUSE:
            return None
        at, before = (until.at, until.then.kind) if until else (now, before)
        for at_stage, _, kind in self.kinds_to_come(now, at):
            if kind != before and kind[0] == Verdict.REFUSE:
                return at_stage
            before = kind
        return None

    def kinds_to_come(self, now: Instant, at: Instant) -> Iterator[tuple[Stage, Order, AnswerKind]]:
        """Each stage after this one, the order as it would be there, and the kind of answer it would get at ``at``.

        Until it ships, what a rule reads of an order changes in a few places only, so the rest is read once.
        """
        selection = select(self.order, None)
        read = self._read(self.order, at, selection, quote(self.order, selection).total_minor)
        for at_stage, order in _to_come(self.order, stage(self.order, now), now):
            then: dict[str, object] | None = None
            if not order.parcels:
                progress = order.progress
                assert progress.paid_at is not None, "what is got ready is paid"
                then = read | {
                    "stage": str(at_stage),
                    "status": status_of(at_stage),
                    "paid": True,
                    "since_paid": max(0, int((at - progress.paid_at).total_seconds())),
                    "production_started": progress.preparation_started_at is not None,
                }
                listed = self._reasons(then, at)
                then["reason"] = listed[0].code if listed else "none"
            kind = self.kind(at, order) if then is None else self._said(order, then, at)
            if kind is not None:
                yield at_stage, order, kind

    def _said(self, order: Order, read: dict[str, object], now: Instant) -> AnswerKind:
        return kind_said(order, self.terms, "request", read, self._context.calendar, now)

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


def turns(order: Order, layers: Sequence[ResolvedPolicy], on: str, now: Instant) -> tuple[Instant, ...]:
    """The moments to come, earliest first, at which time makes something different that rules on ``on`` read."""
    found = {moment for moment in (order.hold_until, order.dispatch_due_at, order.deliver_by) if moment}
    told = boundaries(layers, on)
    for fact, start in (("since_placed", order.placed_at), ("since_paid", order.progress.paid_at)):
        if start is not None:
            found.update(start + timedelta(seconds=int(content)) for content in told.get(fact, ()))
    return tuple(sorted(moment for moment in found if moment > now))


def _closed(order: Order) -> bool:
    return order.progress.cancelled_at is not None or order.open_cancellation is not None


_ORDER = ("approve", "ask_seller", "ask_carrier", "review", "refuse")


def _rank(kind: AnswerKind) -> tuple[int, int]:
    verdict, silence, _ = kind
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
