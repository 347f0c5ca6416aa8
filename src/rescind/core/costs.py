"""What a seller may charge for work that was begun: material and labour, quoted for a request, agreed to by its buyer.

The policy says of which goods and when: the lines whose fee rule names what is kept for material. Where that rule keeps
nothing, because the seller is at fault, the order late, or the goods not begun, nothing may be charged either.
"""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.policy.facts import line_facts
from rescind.core.price import Fee
from rescind.core.quote import quote
from rescind.core.terms import Terms

MATERIAL, LABOUR = "material", "labour"
"""What a fee that was agreed on is called, in the place of the rule that gives one."""


def chargeable_minor(
    order: Order, selection: Mapping[str, int], read: Mapping[str, object], terms: Terms, now: Instant
) -> int:
    """The most that may be charged, in minor units: what the units cost that the policy allows it for.

    read: the facts the request is judged by. A law or the shop's own rules that keep less keep this away as well.
    """
    by_line = {line.id: line for line in order.lines}
    layers = [one for one in terms.layers_for(read, now) if one.layer != "standing"]
    found = 0
    for line in quote(order, dict(selection)).lines:
        facts = {**read, "lines": [line_facts(by_line[line.line])]}
        first = [
            layer.rules_on("fee")[number].rule.fee
            for layer in layers
            if "fee" in layer.first and (number := layer.first["fee"](facts)) >= 0
        ]
        if first and all(any(name.startswith(MATERIAL) for name in fee) for fee in first):
            found += line.total_minor
    return found


def agreed(material_minor: int, labour_minor: int) -> tuple[Fee, ...]:
    """The two amounts as fees of the whole cancellation; what is nothing is none."""
    both = ((MATERIAL, material_minor), (LABOUR, labour_minor))
    return tuple(Fee(rule=name, amount_minor=amount) for name, amount in both if amount)
