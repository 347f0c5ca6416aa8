"""The terms one order is judged by: the policies pinned when it was placed, resolved at that moment."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.errors import ReasonNotListed
from rescind.core.instant import Instant
from rescind.core.parts import Review, Timer
from rescind.core.policy import (
    Finding,
    Policy,
    Reason,
    ResolvedDeadline,
    ResolvedPolicy,
    deadline_of,
    due_of,
    judge,
)
from rescind.core.policy.facts import NONE
from rescind.core.policy.policy import Catalogue
from rescind.core.stage import Stage
from rescind.core.verdict import OnSilence

_HANDLED = {"made_to_order": "handling", "backorder": "handling", "custom": "handling", "pre_order": "pre_order"}
_KINDS = re.compile(r"_(handling|pre_order)$")
_OVER = frozenset({Stage.COMPLETED.value, Stage.CANCELLED.value})

_REVIEW_SPAN = timedelta(hours=48)

BY_PAYER = "unpaid"
"""The limit that the buyer keeps outside, by paying, whether we have heard of the order yet or not."""
_TO_HEAR = timedelta(hours=1)

BY_SELLER = "undelivered"
"""The limit that is there only where the seller sees to the delivery (R-083)."""

_BY_BUYER = frozenset({"recipient_missing", "street_missing", "town_missing", "country_unknown", "address_implausible"})


def undeliverable(found: Iterable[str]) -> bool:
    """Whether the checks found what no parcel can do without, so that only the buyer can put it right (R-027).

    What merely looks unusual is a person's to look at, and cancels nothing.
    """
    return not _BY_BUYER.isdisjoint(found)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """``preset``: the platform's rules with the shop's own settings; ``others``: the shop's own rules, if any.

    laws: every law pack there is. Which of them speaks about an order is asked with each judgement: the policies are
    those of the day the order was placed, a law is that of the day of the decision. standing: what the shop agrees to
    in advance on that day, or the platform for it; None for most.
    """

    preset: ResolvedPolicy
    others: tuple[ResolvedPolicy, ...] = ()
    laws: tuple[Policy, ...] = ()
    standing: Policy | None = None

    @property
    def layers(self) -> tuple[ResolvedPolicy, ...]:
        """The layers that were pinned; the preset first."""
        return (self.preset, *self.others)

    def layers_for(self, facts: Mapping[str, object], now: Instant) -> tuple[ResolvedPolicy, ...]:
        """Every layer that is judged, each alone; the outcome is the most generous.

        A law that protects this buyer comes after the preset: where both say the same, the platform's rule is named.
        A standing consent comes last.
        """
        if self.standing is not None:
            return (*self._without_standing(facts, now), self.standing.at(now))
        return self._without_standing(facts, now)

    def _without_standing(self, facts: Mapping[str, object], now: Instant) -> tuple[ResolvedPolicy, ...]:
        laws = self.laws_for(facts, now)
        return (*self.layers, *laws) if laws else self.layers

    def laws_for(self, facts: Mapping[str, object], now: Instant) -> tuple[ResolvedPolicy, ...]:
        """The laws that speak about an order, as they stand on the day of the decision."""
        if not self.laws or facts["country"] == NONE:
            return ()
        country, since, over = str(facts["country"]), facts["since_placed"], facts["stage"] in _OVER
        assert isinstance(since, int), "a count"
        placed_at = now - timedelta(seconds=since)
        return tuple(
            law.at(now) for law in self.laws if law.protects(country, placed_at=placed_at, now=now, ended=over)
        )

    @property
    def explicit_reject(self) -> bool:
        """Whether the seller may plainly say no, rather than only approve or add tracking (R-031, R-054)."""
        return self.preset.policy.settings.explicit_reject

    @property
    def shipping_rejects(self) -> bool:
        """Whether shipping while a request waits is its rejection (R-050); elsewhere it is not allowed (R-052)."""
        return self.preset.policy.settings.ship_while_pending == "rejects_request"

    def judge(
        self,
        on: str,
        facts: Mapping[str, object],
        *,
        now: Instant,
        starts: Mapping[str, Instant],
        calendar: Calendar,
        trace: bool,
    ) -> Finding:
        """Judge every layer and keep the most generous answer. The trace costs several times the judgement: ask for
        it where somebody reads it; from stored facts it can be worked out again.
        """
        return judge(self.layers_for(facts, now), on, facts, now, starts, calendar, trace=trace)

    def reasons(self, actor: Catalogue, facts: Mapping[str, object], now: Instant) -> tuple[Reason, ...]:
        """The reasons this actor may choose from now (R-130): the preset's, then a protecting law's.

        A code that the preset lists already means what the preset says.
        """
        listed = self.preset.policy.reasons_for(actor, facts)
        more = [reason for law in self.laws_for(facts, now) for reason in law.policy.reasons_for(actor, facts)]
        known = {reason.code for reason in listed} if more else ()
        return (*listed, *(reason for reason in more if reason.code not in known)) if more else listed

    def reason(self, actor: Catalogue, code: str, facts: Mapping[str, object], now: Instant) -> Reason:
        """The reason of this code among those that this actor may choose from now. Raises ReasonNotListed."""
        for policy in (self.preset.policy, *(law.policy for law in self.laws_for(facts, now))):
            found = policy.reason_for(actor, code, facts)
            if found is not None:
                return found
        raise ReasonNotListed(reason=code, listed=tuple(one.code for one in self.reasons(actor, facts, now)))

    def due_at(
        self, name: str, starts: Mapping[str, Instant], calendar: Calendar, handling: str = "regular"
    ) -> Instant | None:
        """When a deadline of the preset falls; None when the preset has none of that name, or its start is not known.

        Goods that are made, got or released first have deadlines of their own where the preset has them: those of
        ``dispatch_handling`` and ``dispatch_pre_order`` take the place of ``dispatch`` (R-074, R-075, R-082). Without
        such a one the ordinary time counts from the promised day.
        """
        chosen = _holding(self.preset, name, starts, handling)
        if chosen is None:
            return None
        return due_of(self.preset, chosen, _not_before_the_promise(self.preset, chosen, starts), calendar)

    def needs_promise(self, handling: str) -> bool:
        """Whether such goods are judged by the day they are promised for, so that they cannot do without one.

        That is so where the clock marks them as late or cancels them by a time of theirs, or by one that would run from
        the order, before anybody can have them ready.
        """
        kind = _HANDLED.get(handling)
        return handling == "pre_order" or any(
            name.endswith(f"_{kind}") if deadline.event == "promised" else _runs_from_the_order(name, deadline)
            for name, deadline in self.preset.deadlines.items()
            if kind
        )

    def timers(
        self,
        starts: Mapping[str, Instant],
        calendar: Calendar,
        now: Instant,
        handling: str = "regular",
        *,
        shipping_by: str = "seller",
    ) -> tuple[Timer, ...]:
        """Everything the clock does by itself to an order, as far as what it counts from has happened.

        A limit that was over before we heard of the order counts from now: nobody could keep it. The one to pay counts
        from its own time all the same (E-08), and leaves what was told late long enough for the word of its payment.
        A reminder of then would remind of nothing.
        """
        found: list[Timer] = []
        for name, chosen, then in _kept_by_the_clock(self.preset, tuple(starts), handling):
            if name == BY_SELLER and shipping_by != "seller":
                continue
            due_at = due_of(self.preset, chosen, _not_before_the_promise(self.preset, chosen, starts), calendar)
            if name == BY_PAYER and then == "cancel":
                due_at = max(due_at, now + min(_TO_HEAR, due_at - starts[self.preset.deadlines[chosen].event]))
            elif due_at <= now and then == "cancel":
                due_at = due_of(self.preset, chosen, dict.fromkeys(starts, now), calendar)
            if due_at > now or then == "late":
                found.append(Timer(name=name, then=then, due_at=due_at, since=now if then == "cancel" else None))
        return tuple(found)

    def review(self, found: tuple[str, ...], at: Instant, calendar: Calendar) -> Review:
        """What a review that opens at ``at`` promises; what only the buyer can put right has an outcome of its own."""
        by_buyer = undeliverable(found) and "address_check" in self.preset.deadlines
        name = "address_check" if by_buyer else "order_check"
        due_at = self.due_at(name, {"review_opened": at}, calendar)
        then = self.preset.deadlines[name].then if due_at else None
        return Review(found=found, due_at=due_at, on_silence=then or "")

    def escalated(self, at: Instant, calendar: Calendar, *, on_its_way: bool) -> tuple[Instant, str]:
        """Until when the platform decides what others left to it at ``at``, and what its own silence means then.

        on_its_way: a carrier has the goods. Orders placed under a policy that does not say get what is said since.
        """
        name = "escalated_on_its_way" if on_its_way else "escalated"
        if name in self.preset.deadlines:
            found = deadline_of(self.preset, name, {"escalated": at}, calendar)
            if found.on_silence is OnSilence.APPROVE or found.on_silence is OnSilence.REFUSE:
                return found.due_at, found.on_silence
        return at + _REVIEW_SPAN, OnSilence.REFUSE if on_its_way else OnSilence.APPROVE

    def seller_at_fault(self, catalogue: Catalogue, reason: str, facts: Mapping[str, object]) -> bool:
        """Whether a cancellation for this reason counts against the seller (E-09)."""
        return self.preset.policy.seller_at_fault(catalogue, reason, facts)

    def hashes(self, facts: Mapping[str, object], now: Instant) -> dict[str, str]:
        """Hash of each policy that was judged by its layer, as receipts name them."""
        return {policy.layer: policy.hash for policy in self.layers_for(facts, now)}


def _runs_from_the_order(name: str, deadline: ResolvedDeadline) -> bool:
    """Whether the clock makes something late, or cancels it, by a time that begins with the order or its payment.

    The time to pay is the buyer's, whenever the goods are ready.
    """
    return deadline.then in {"cancel", "late"} and deadline.event in {"placed", "paid"} and name != BY_PAYER


def _not_before_the_promise(preset: ResolvedPolicy, name: str, starts: Mapping[str, Instant]) -> Mapping[str, Instant]:
    """What a deadline counts from: of goods that are promised for a day not from before that day (R-087, R-101).

    Nothing is late or cancelled for not being there before it was promised.
    """
    deadline, promised = preset.deadlines[name], starts.get("promised")
    if promised is None or not (_runs_from_the_order(name, deadline) or deadline.event == "estimated"):
        return starts
    return {**starts, deadline.event: max(starts[deadline.event], promised)}


def _holding(preset: ResolvedPolicy, name: str, known: Container[str], handling: str) -> str | None:
    """The deadline that holds for goods handled like this, among those whose start is known."""
    special = f"{name}_{_HANDLED[handling]}" if handling in _HANDLED else name
    for one in (special, name):
        terms = preset.deadlines.get(one)
        if terms is not None and terms.event in known:
            return one
    return None


@lru_cache(maxsize=1024)
def _kept_by_the_clock(
    preset: ResolvedPolicy, known: tuple[str, ...], handling: str
) -> tuple[tuple[str, str, str], ...]:
    """What the clock does by itself to such orders: the timer's name, the deadline that it is, and what follows.

    Orders are alike in this: every one of them asks, and the answer changes with the policy only.
    """
    found: list[tuple[str, str, str]] = []
    for name in dict.fromkeys(_KINDS.sub("", name) for name in preset.deadlines):
        chosen = _holding(preset, name, known, handling)
        then = preset.deadlines[chosen].then if chosen else None
        if chosen is not None and then in {"cancel", "late", "remind"}:
            found.append((name, chosen, then))
    return tuple(found)
