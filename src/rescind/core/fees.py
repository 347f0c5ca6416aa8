"""What the seller may keep of a cancellation: by the policy alone, and no more than was shown when it was asked.

A fee is judged line by line. The preset must allow it; a shop's own rules and the laws that protect the buyer may only
make it smaller. What is kept once a cancellation is kept once, however many lines it is about (I-12).
"""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.policy import ResolvedPolicy
from rescind.core.policy.facts import line_facts
from rescind.core.policy.resolved import ResolvedRule
from rescind.core.price import Fee
from rescind.core.quote import QuoteLine, capped, quote
from rescind.core.terms import Terms

BPS = 10_000


def keepable(
    order: Order, selection: Mapping[str, int], read: Mapping[str, object], terms: Terms, now: Instant
) -> tuple[Fee, ...]:
    """The fees of a cancellation of these units, as they are to be shown before anybody confirms it.

    read: the facts the request is judged by. Nothing is kept of an order of which nothing was paid.
    """
    if not terms.preset.has_fees or not any(tender.left_minor or tender.authorised_minor for tender in order.tenders):
        return ()
    lines = quote(order, dict(selection)).lines
    by_line = {line.id: line for line in order.lines}
    others = tuple(one for one in terms.layers_for(read, now) if one is not terms.preset and one.layer != "standing")
    once: dict[str, int] = {}
    found: list[Fee] = []
    for line in lines:
        rule = _lowest(terms.preset, others, {**read, "lines": [line_facts(by_line[line.line])]}, line)
        if rule is None:
            continue
        if rule.fee_minor:
            once[rule.id] = rule.fee_minor
        amount = line.total_minor * rule.fee_bps // BPS
        if amount:
            found.append(Fee(rule=rule.id, amount_minor=amount, line=line.line, units=line.quantity))
    found.extend(Fee(rule=rule, amount_minor=amount) for rule, amount in once.items())
    return capped(found, lines)


def _lowest(
    preset: ResolvedPolicy, others: tuple[ResolvedPolicy, ...], facts: Mapping[str, object], line: QuoteLine
) -> ResolvedRule | None:
    """The rule that takes least of a line among those of the layers that speak; None when the preset does not."""
    best = _first(preset, facts)
    if best is None:
        return None
    for layer in others:
        rule = _first(layer, facts)
        if rule is not None and _takes(rule, line) < _takes(best, line):
            best = rule
    return best


def _first(layer: ResolvedPolicy, facts: Mapping[str, object]) -> ResolvedRule | None:
    number = layer.first["fee"](facts) if "fee" in layer.first else -1
    return layer.rules_on("fee")[number] if number >= 0 else None


def _takes(rule: ResolvedRule, line: QuoteLine) -> int:
    return rule.fee_minor + line.total_minor * rule.fee_bps // BPS
