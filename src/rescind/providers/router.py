"""Every payment goes back through the connection it was taken through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from rescind.core.instant import Instant
from rescind.core.ports import (
    Captured,
    PaymentCall,
    PaymentProvider,
    ProviderRefund,
    ProviderReply,
    ProviderTraits,
    RefundCall,
)
from rescind.core.refund import ProviderOutcome

TRIES_AGAIN_AFTER_S = 900


class Connections(Protocol):
    """The providers that are connected now. The name "" is the installation's own."""

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name; None while nobody has connected it."""
        ...


class Fixed:
    """Connections that were there from the start and stay."""

    def __init__(self, own: PaymentProvider, others: Mapping[str, PaymentProvider] | None = None) -> None:
        self._known = {"": own, own.name: own, **(others or {})}

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name."""
        return self._known.get(name)


class Router:
    """A provider that asks the right one. What has no connection is not sent, and is tried again (KF-16)."""

    name = "router"
    traits = ProviderTraits()

    def __init__(self, connections: Connections) -> None:
        self.connections = connections

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask the provider of this payment for a refund."""
        provider = await self.connections.provider(call.provider)
        if provider is None:
            return ProviderReply(
                outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=TRIES_AGAIN_AFTER_S
            )
        return await provider.refund(call)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Ask it what became of one. It was asked once, so without it nobody knows."""
        provider = await self.connections.provider(call.provider)
        if provider is None:
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=TRIES_AGAIN_AFTER_S)
        return await provider.look_up(call)

    async def captured(self, call: PaymentCall) -> Captured:
        """Ask it what came in."""
        provider = await self.connections.provider(call.provider)
        if provider is None:
            return Captured(clear=False, check_after_s=TRIES_AGAIN_AFTER_S)
        return await provider.captured(call)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Let it let go of what was never captured."""
        provider = await self.connections.provider(call.provider)
        if provider is None or not provider.traits.releases:
            return ProviderReply(
                outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=TRIES_AGAIN_AFTER_S
            )
        return await provider.release(call)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """What the installation's own provider made; each other one is asked by name."""
        provider = await self.connections.provider("")
        assert provider is not None, "the installation has a provider of its own"
        async for one in provider.refunds(since, until):
            yield one
