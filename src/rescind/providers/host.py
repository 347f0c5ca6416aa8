"""The marketplace as its own provider: it pays out by its bank, Alipay, WeChat Pay or in cash, and says so.

A refund order is made by asking once and stands in the order itself, so there is nothing to send and nothing to keep
here. What became of it is what somebody confirmed or declined; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rescind.core.ids import RefundId
from rescind.core.ports import Captured, PaymentProvider, ProviderReply
from rescind.core.refund import ProviderOutcome

CHECK_AFTER_S = 86_400


class Host:
    """Leaves every refund to people. ``days``: working days they have; ``said``: what was said of a refund so far."""

    name = "host"

    def __init__(self, days: int, said: Callable[[RefundId], Awaitable[ProviderReply | None]]) -> None:
        self._days = days
        self._said = said

    async def refund(self, refund: RefundId, method: str, amount_minor: int, currency: str) -> ProviderReply:  # noqa: ARG002
        """Order it. The refund's id is the order's number, so asking twice orders once (I-05)."""
        return self._ordered(refund)

    async def look_up(self, refund: RefundId) -> ProviderReply:
        """What somebody said of it; while nobody has, it stays ordered."""
        return await self._said(refund) or self._ordered(refund)

    async def captured(self, number: str, tender: str, method: str, amount_minor: int, currency: str) -> Captured:  # noqa: ARG002
        """It reports what came in by itself, as facts of the order, so there is nobody else to ask."""
        return Captured(clear=True)

    def _ordered(self, refund: RefundId) -> ProviderReply:
        return ProviderReply(
            outcome=ProviderOutcome.SUBMITTED,
            reference=refund,
            check_after_s=CHECK_AFTER_S,
            confirm_days=self._days,
        )


class ByMethod:
    """Leaves refunds to some means of payment to the host, and all others to another provider.

    Only a refund of the other's is ever looked up: a refund order waits for people and is not asked about.
    """

    def __init__(self, host: Host, methods: frozenset[str], other: PaymentProvider) -> None:
        self.name = other.name
        self._host = host
        self._methods = methods
        self._other = other

    async def refund(self, refund: RefundId, method: str, amount_minor: int, currency: str) -> ProviderReply:
        """Ask whoever pays to this means."""
        return await self._of(method).refund(refund, method, amount_minor, currency)

    async def look_up(self, refund: RefundId) -> ProviderReply:
        """Ask the other one."""
        return await self._other.look_up(refund)

    async def captured(self, number: str, tender: str, method: str, amount_minor: int, currency: str) -> Captured:
        """Ask whoever takes money by this means."""
        return await self._of(method).captured(number, tender, method, amount_minor, currency)

    def _of(self, method: str) -> PaymentProvider:
        return self._host if method in self._methods else self._other
