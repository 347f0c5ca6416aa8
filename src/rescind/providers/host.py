"""The marketplace as its own provider: it pays out by its bank, Alipay, WeChat Pay or in cash, and says so.

A refund order is made by asking once and stands in the order itself, so there is nothing to send and nothing to keep
here. What became of it is what somebody confirmed or declined; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from rescind.core.errors import Unavailable
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.ports import Captured, PaymentCall, ProviderRefund, ProviderReply, ProviderTraits, RefundCall
from rescind.core.refund import HOST, ProviderOutcome

CHECK_AFTER_S = 86_400


class Host:
    """Leaves every refund to people. ``days``: working days they have; ``said``: what was said of a refund so far."""

    name = HOST
    traits = ProviderTraits(pays_into=True)

    def __init__(self, days: int, said: Callable[[RefundId], Awaitable[ProviderReply | None]]) -> None:
        self._days = days
        self._said = said

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Order it. The refund's id is the order's number, so asking twice orders once (I-05)."""
        return self._ordered(call.refund)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """What somebody said of it; while nobody has, it stays ordered."""
        return await self._said(call.refund) or self._ordered(call.refund)

    async def captured(self, call: PaymentCall) -> Captured:  # noqa: ARG002 - the answer is the same for all
        """It reports what came in by itself, as facts of the order, so there is nobody else to ask."""
        return Captured(clear=True)

    async def release(self, call: PaymentCall) -> ProviderReply:  # noqa: ARG002 - as above
        """A promise is a bank's; nobody here holds one."""
        return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=CHECK_AFTER_S)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:  # noqa: ARG002
        """Its refund orders stand in our own orders, so there is no list to hold against them."""
        raise Unavailable(retry_after=0)
        yield

    def _ordered(self, refund: RefundId) -> ProviderReply:
        return ProviderReply(
            outcome=ProviderOutcome.SUBMITTED,
            reference=refund,
            check_after_s=CHECK_AFTER_S,
            confirm_days=self._days,
        )
