"""The host's stock as the host would keep it: it sets aside, counts out, and does what our instructions say, once each.

It follows an order's records one by one. Nothing in it looks at what the desk worked out, but the instructions.
"""

from __future__ import annotations

from collections import Counter

from rescind.core.lifecycle import apply
from rescind.core.stock import InstructionKind, instructions


class Warehouse:
    """``on_hand`` and ``reserved`` by line; what is free to sell is the difference."""

    def __init__(self, **on_hand: int) -> None:
        self.on_hand = Counter(on_hand)
        self.reserved = Counter()
        self.done = []
        self._known = set()

    def sets_aside(self, **units: int) -> None:
        self.reserved.update(units)

    def counts_out(self, **units: int) -> None:
        """Goods leave: they were set aside, and are neither here nor set aside any more."""
        self.on_hand.subtract(units)
        self.reserved.subtract(units)

    def does(self, told) -> None:
        """Follow an instruction; one that was done before is not done again."""
        if told.id in self._known:
            return
        self._known.add(told.id)
        self.done.append(told)
        match told.kind:
            case InstructionKind.RELEASE:
                self.reserved[told.line] -= told.quantity
            case InstructionKind.RESTOCK:
                self.on_hand[told.line] += told.quantity
            case InstructionKind.RESERVE:
                self.reserved[told.line] += told.quantity

    def catches_up(self, shop) -> None:
        """Read everything the order's history says, from the first record on, as a feed does."""
        order = None
        for record in shop.records:
            after = apply(order, record.event)
            if order is not None:
                for told in instructions(order, after):
                    self.does(told)
            order = after

    def totals(self) -> dict[tuple[str, str], int]:
        """Units by kind and line, over everything that was done."""
        sums = Counter()
        for told in self.done:
            sums[told.kind.value, told.line] += told.quantity
        return dict(sums)
