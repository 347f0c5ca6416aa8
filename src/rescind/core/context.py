"""Every outside fact a rule may read, gathered by the shell before it decides and stored with what was decided."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.ids import CancellationId, RefundId, ReturnId, ShopId, make_id
from rescind.core.instant import Instant
from rescind.core.outage import Outage
from rescind.core.parts import Through


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """``entropy``: random bits for the ids this decision needs. ``as_of``: how fresh the counters are.

    alone_up_to_minor: how much of the order's money one person moves by hand; None: as much as they like.
    explain: keep the trace of every rule that was asked, for somebody who reads it now. asked: refunds that a provider
    may have been asked for; only read for commands that have to know. outages: when nobody could ask for anything.
    reached: the shop has an address at which it was told something and took it, so that its silence is an answer.
    paths: by tender, how its money comes in; only read when a payment is told.
    """

    calendar: Calendar
    entropy: int
    buyer_cancels_30d: int = 0
    as_of: Instant | None = None
    alone_up_to_minor: int | None = None
    explain: bool = False
    asked: frozenset[RefundId] = frozenset()
    outages: tuple[Outage, ...] = ()
    reached: bool = True
    paths: Mapping[str, Through] = {}

    def cancellation_id(self, shop: ShopId, now: Instant) -> CancellationId:
        """Id for a cancellation this decision opens."""
        return CancellationId(make_id("can", shop, now, self.entropy))

    def refund_id(self, shop: ShopId, now: Instant, place: int) -> RefundId:
        """Id for the refund to the tender at ``place`` of the quote."""
        return RefundId(make_id("ref", shop, now, self.entropy + place))

    def return_id(self, shop: ShopId, now: Instant) -> ReturnId:
        """Id for a return case this decision opens."""
        return ReturnId(make_id("ret", shop, now, self.entropy))
