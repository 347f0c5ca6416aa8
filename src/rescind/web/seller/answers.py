"""What each answer to a request would do, worked out by the core's own arithmetic before anybody presses a button."""

from __future__ import annotations

import msgspec

from rescind.core.cancellation import starts
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation
from rescind.core.policy import Finding, Reason
from rescind.core.policy.facts import facts
from rescind.core.quote import Quote, quote
from rescind.core.stock import would_release
from rescind.core.terms import Terms


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """quote: what an approval gives back. refusals: the reasons on offer now. plain_no: whether words alone may refuse.

    back: units by line that return to the shelf. whole: nothing of the order is left after an approval.
    """

    quote: Quote
    refusals: tuple[Reason, ...]
    plain_no: bool
    back: dict[str, int]
    whole: bool


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What a cancellation by the shop itself would do, and whether the policy has it."""

    quote: Quote
    reasons: tuple[Reason, ...]
    finding: Finding


def answers(order: Order, waiting: Cancellation, terms: Terms, calendar: Calendar, now: Instant) -> Answers:
    """The two answers a seller may give to a request that waits, as they stand at ``now``."""
    left = order.open_units()
    back = {line: min(count, left.get(line, 0)) for line, count in waiting.lines.items() if left.get(line, 0)}
    money = quote(order, back, fees=waiting.fees, at=now)
    read = _facts(order, calendar, now, back, money)
    # Work has begun only on what is made for somebody.
    made = any(line.custom_made for line in order.lines if line.id in waiting.lines)
    return Answers(
        quote=money,
        refusals=tuple(one for one in terms.reasons("refusal", read, now) if one.code != "production_started" or made),
        plain_no=terms.explicit_reject,
        back=would_release(order, back, now),
        whole=all(line.open == back.get(line.id, 0) for line in order.lines),
    )


def stop(order: Order, selection: dict[str, int], reason: str, terms: Terms, calendar: Calendar, now: Instant) -> Stop:
    """What the shop may do to units that are open, for a reason that may still be empty."""
    money = quote(order, selection)
    read = _facts(order, calendar, now, selection, money) | ({"reason": reason} if reason else {})
    return Stop(
        quote=money,
        reasons=terms.reasons("seller", read, now),
        finding=terms.judge("seller_cancel", read, now=now, starts=starts(order, now), calendar=calendar, trace=False),
    )


def shipping(order: Order, terms: Terms, calendar: Calendar, now: Instant) -> Finding:
    """Whether the order may leave the house now, with a tracking number."""
    read = _facts(order, calendar, now, order.open_units(), None)
    return terms.judge(
        "ship", read | {"with_tracking": True}, now=now, starts=starts(order, now), calendar=calendar, trace=False
    )


def _facts(
    order: Order, calendar: Calendar, now: Instant, selection: dict[str, int], money: Quote | None
) -> dict[str, object]:
    return facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor="seller",
        selection=selection,
        amount_minor=money.total_minor if money else 0,
        # Looking makes no ids, so the entropy is never used; the engine judges again with its own.
        context=Context(calendar=calendar, entropy=0),
    )
