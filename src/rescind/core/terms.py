"""The terms one order is judged by: the policies pinned when it was placed, resolved at that moment."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.instant import Instant
from rescind.core.order import Review, Timer
from rescind.core.policy import Finding, Reason, ResolvedPolicy, deadline_of, judge
from rescind.core.policy.policy import Catalogue

_KINDS = re.compile(r"_(handling|pre_order)$")
"""A deadline of this name takes the place of the one without it, for goods that are not ready yet."""


BY_BUYER = frozenset({"recipient_missing", "address_implausible"})
"""What the automatic checks find that only the buyer can put right (R-027)."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """``preset``: the platform's rules with the shop's own settings; ``others``: law packs and shop rules, if any."""

    preset: ResolvedPolicy
    others: tuple[ResolvedPolicy, ...] = ()

    @property
    def layers(self) -> tuple[ResolvedPolicy, ...]:
        """Every layer that is judged, each alone; the outcome is the most generous."""
        return (self.preset, *self.others)

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
        """Judge every layer and keep the most generous answer. The trace costs forty times the judgement: ask for it
        where somebody reads it; from stored facts it can be worked out again.
        """
        return judge(self.layers, on, facts, now, starts, calendar, trace=trace)

    def reasons(self, actor: Catalogue, facts: Mapping[str, object]) -> tuple[Reason, ...]:
        """The reasons this actor may choose from now (R-130)."""
        return self.preset.policy.reasons_for(actor, facts)

    def due_at(self, name: str, starts: Mapping[str, Instant], calendar: Calendar) -> Instant | None:
        """When a deadline of the preset falls; None when the preset has none of that name."""
        if name not in self.preset.deadlines:
            return None
        return deadline_of(self.preset, name, starts, calendar).due_at

    def timers(self, starts: Mapping[str, Instant], calendar: Calendar, now: Instant) -> tuple[Timer, ...]:
        """Everything the clock does by itself to an order, as far as what it counts from has happened.

        A limit that was over before we heard of the order counts from now: nobody could keep it. A reminder of then
        would remind of nothing.
        """
        found: list[Timer] = []
        for name in dict.fromkeys(_KINDS.sub("", name) for name in self.preset.deadlines):
            terms = self.preset.deadlines.get(name)
            if terms is None or terms.then not in {"cancel", "late", "remind"} or terms.event not in starts:
                continue
            due_at = self.due_at(name, starts, calendar)
            if due_at is not None and due_at <= now and terms.then == "cancel":
                due_at = self.due_at(name, dict.fromkeys(starts, now), calendar)
            if due_at is not None and (due_at > now or terms.then == "late"):
                found.append(Timer(name=name, then=terms.then, due_at=due_at))
        return tuple(found)

    def review(self, found: tuple[str, ...], at: Instant, calendar: Calendar) -> Review:
        """What a review that opens at ``at`` promises; what only the buyer can put right has an outcome of its own."""
        by_buyer = BY_BUYER & set(found) and "address_check" in self.preset.deadlines
        name = "address_check" if by_buyer else "order_check"
        due_at = self.due_at(name, {"review_opened": at}, calendar)
        then = self.preset.deadlines[name].then if due_at else None
        return Review(found=found, due_at=due_at, on_silence=then or "")

    def hashes(self) -> dict[str, str]:
        """Hash of each policy by its layer, as receipts name them."""
        return {policy.layer: policy.hash for policy in self.layers}
