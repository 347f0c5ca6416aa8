"""What cancelling would mean: now, until when, and at each step still to come.

Everything here asks the policy about an order as it is or as it would be. No stage is tied to an answer in this file: a
shop with other rules gets other buttons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from rescind.core.cancellation import Said as FiledFrom
from rescind.core.cancellation import starts
from rescind.core.cancellation.moments import lost_to, moments
from rescind.core.cancellation.said import generosity
from rescind.core.context import Context
from rescind.core.event import Ground
from rescind.core.fees import keepable
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.outage import Outage
from rescind.core.parts import CancellationStatus
from rescind.core.policy import Finding, Reason, ResolvedPolicy, as_heard, as_promised, judge_fast
from rescind.core.policy.boundary import boundaries
from rescind.core.policy.facts import facts
from rescind.core.policy.resolved import badness
from rescind.core.prospect import AnswerKind, Said, Step, course, kind_by, said
from rescind.core.quote import Quote, quote, select
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict


def kind_said(
    order: Order, terms: Terms, on: str, read: dict[str, object], context: Context, now: Instant
) -> AnswerKind:
    """The kind of answer that the terms give to these facts, without its deadline and without its reasons."""
    layers = terms.layers_for(read, now)
    rule = judge_fast(layers, on, read, {"requested": now, **starts(order, now)}, context.calendar)[1]
    return kind_by(as_heard(rule, reached=context.reached))


def kind_of(finding: Finding) -> AnswerKind:
    """The kind of an answer that was given."""
    deadline = finding.deadline
    return finding.verdict.value, (deadline.on_silence or "") if deadline else "", finding.instead or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy would say to a request, and what it would give back.

    said: what it would say for any of the reasons; None where one was given.
    """

    finding: Finding
    ground: Ground
    quote: Quote
    selection: dict[str, int]
    said: Said | None = None

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
    """The present answer, or one to come; ``at``: when the clock alone brings it, None where a stage does.

    said: what is sure then, whichever reason is given.
    """

    stage: Stage
    said: Said
    now: bool = False
    at: Instant | None = None


class Outlook:
    """One order under its own terms. ``context``: what a decision about it would read now."""

    def __init__(self, order: Order, terms: Terms, context: Context) -> None:
        self.order = order
        self.terms = terms
        self._context = context

    @property
    def reached(self) -> bool:
        """Whether the shop can be told, so that its silence means what the policy says."""
        return self._context.reached

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
        said: FiledFrom | None = None,
    ) -> Answer | None:
        """The policy's answer to a request made then. None where nobody can ask: cancelled, or a request waits.

        An order that has left whole is asked about whole: the policy says what is possible instead. Without a reason
        it is the answer that any of those listed gets at least. said: the message it is filed from, whose time counts
        where that is kinder.
        """
        asked = order or self.order
        if _closed(asked):
            return None
        selection = lines or select(asked, None)
        money = quote(asked, selection)
        read = self._read(asked, now, selection, money.freed_minor, anyway=anyway)
        listed = [one.code for one in self._reasons(read, now)]
        any_of = None if reason in listed else listed
        finding, told = self._judged(asked, read, reason, any_of, now)
        _, *others = moments(asked, said, self.terms, self._context.outages, now)
        for one in others:
            then = self._read(one.order, one.at, selection, money.freed_minor, anyway=anyway)
            kinder, then_told = self._judged(asked, then, reason, any_of, now)
            if generosity(kinder) < generosity(finding):
                read, finding, told = then, kinder, then_told
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
        return Answer(finding, ground, money, selection, told)

    def _judged(
        self, asked: Order, read: dict[str, object], reason: str, any_of: Sequence[str] | None, now: Instant
    ) -> tuple[Finding, Said | None]:
        """The answer to these facts, which get the reason they are judged by: the one given, or that one of ``any_of``
        which is told the worst.
        """
        told: Said | None = None
        if any_of is not None:
            told, reason = self._for_any(asked, read, any_of, now)
        read["reason"] = reason
        finding = self.terms.judge(
            "request", read, now=now, starts=starts(asked, now), calendar=self._context.calendar, trace=False
        )
        return as_promised(finding, reached=self.reached), told

    def said(self, now: Instant) -> Said | None:
        """That answer alone, at a third of the cost: most are only compared. None as above."""
        if _closed(self.order):
            return None
        told = self._said(now, now)
        if away := lost_to(self.order, self._context.outages, now):
            # As long as it was promised, without the time in which nobody could ask.
            told = min(told, self._said(now - away, now), key=_badness_of_said)
        return told

    def _said(self, at: Instant, now: Instant) -> Said:
        read = self._whole(at)
        return self._for_any(self.order, read, [one.code for one in self._reasons(read, now)], now)[0]

    def _for_any(self, order: Order, read: dict[str, object], listed: Sequence[str], now: Instant) -> tuple[Said, str]:
        layers = self.terms.layers_for(read, now)
        begun = {"requested": now, **starts(order, now)}
        return said(layers, read, listed, begun, self._context.calendar, reached=self.reached)

    def _whole(self, now: Instant) -> dict[str, object]:
        """What the rules may read of a request for everything."""
        selection = select(self.order, None)
        return self._read(self.order, now, selection, quote(self.order, selection).freed_minor)

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
        for at, _ in self._worsenings(now, answer):
            then = self.ask(at)
            assert then is not None, "the same question has an answer"
            return Until(at, then)
        return None

    def _worsenings(self, now: Instant, answer: Answer) -> Iterator[tuple[Instant, Said]]:
        """The moments at which the clock alone makes the answer worse, and the one from then on."""
        before = answer.said or self.said(now)
        for at in self._turns(now, answer.ground.facts):
            later = self.said(at)
            if before is not None and later is not None and later.less_than(before):
                yield at, later
                before = later

    def _turns(self, now: Instant, read: dict[str, object]) -> tuple[Instant, ...]:
        found = turns(self.order, self.terms.layers_for(read, now), "request", now, self._context.outages)
        # What a shop agrees to in advance may have a last day.
        more = self.terms.standing.changes_after(now) if self.terms.standing else ()
        return tuple(sorted({*found, *more})) if more else found

    def ahead(self, now: Instant) -> tuple[Ahead, ...]:
        """The present answer, those that time brings, and those of later stages; neighbours that agree are one."""
        here = stage(self.order, now)
        answer = self.ask(now)
        if answer is None or answer.said is None:
            return ()
        found = [Ahead(here, answer.said, now=True)]
        found += [Ahead(here, later, at=at) for at, later in self._worsenings(now, answer)]
        by_clock, ends = tuple(found), [one.at for one in found[1:]]
        # Between two moments of the clock a later stage may promise less than what stands there.
        spans = [self.course(one.at or now, here, end) for one, end in zip(by_clock, [*ends, None], strict=True)]
        for at_stage, told in self.course(now, here):
            last = found[-1]
            if last in by_clock:
                then = [dict(steps)[at_stage] for steps in spans]
                hidden = any(one.less_than(told_there.said) for one, told_there in zip(then, by_clock, strict=True))
            else:
                hidden = False
            # A no that the clock brings later is none yet for whoever gets there before.
            if hidden or (not told.same(last.said) and not _over(last, at_stage, told)):
                found.append(Ahead(at_stage, told))
        return tuple(found)

    def closes(self, now: Instant) -> Stage | None:
        """The stage from which on a request is refused, where one made now is not; None where no stage does that."""
        present = self.said(now)
        if present is None or present.worst.verdict is Verdict.REFUSE:
            return None
        steps = self.course(now, stage(self.order, now))
        return next((at_stage for at_stage, told in steps if told.worst.verdict is Verdict.REFUSE), None)

    def course(self, now: Instant, here: Stage, until: Instant | None = None) -> tuple[Step, ...]:
        """What is sure at each stage after ``here``, whenever it is asked there from ``now`` on."""
        read = self._whole(now)
        most_s = None if until is None else int((until - self.order.placed_at).total_seconds()) - 1
        changes = self.terms.standing.changes_after(now) if self.terms.standing else ()
        moments = (now, *(one for one in changes if until is None or one < until))
        found = [
            course(
                self.order,
                self.terms.layers_for(read, at),
                read,
                here,
                self._context.calendar,
                reached=self.reached,
                most_s=most_s,
            )
            for at in moments
        ]
        return tuple(max(steps, key=_badness_of_step) for steps in zip(*found, strict=True))

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


def turns(
    order: Order, layers: Sequence[ResolvedPolicy], on: str, now: Instant, outages: tuple[Outage, ...] = ()
) -> tuple[Instant, ...]:
    """The moments to come, earliest first, at which time makes something different that rules on ``on`` read.

    outages: each of those moments may be meant by the clock, or later by what was lost of the time.
    """
    found = {moment for moment in (order.hold_until, order.dispatch_due_at, order.deliver_by) if moment}
    told = boundaries(layers, on)
    for fact, start in (("since_placed", order.placed_at), ("since_paid", order.progress.paid_at)):
        if start is not None:
            found.update(start + timedelta(seconds=int(content)) for content in told.get(fact, ()))
    if away := lost_to(order, outages, now):
        found |= {moment + away for moment in found}
    return tuple(sorted(moment for moment in found if moment > now))


def _closed(order: Order) -> bool:
    return order.progress.cancelled_at is not None or order.open_cancellation is not None


def _badness_of_said(told: Said) -> tuple[int, int, int]:
    return badness(told.worst)


def _badness_of_step(step: Step) -> tuple[int, int, int]:
    return badness(step.said.worst)


def _over(last: Ahead, at_stage: Stage, told: Said) -> bool:
    """Whether there is no more to say: a no stays a no, and once something has left it needs no other words."""
    if last.said.worst.verdict is not Verdict.REFUSE or told.worst.verdict is not Verdict.REFUSE:
        return False
    left = rank(at_stage) >= rank(Stage.PARTIALLY_SHIPPING)
    return rank(last.stage) >= rank(Stage.IN_TRANSIT) or (left and not told.less_than(last.said))
