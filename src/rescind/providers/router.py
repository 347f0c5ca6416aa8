"""Every payment goes back through the connection it was taken through, or by the marketplace itself."""

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
from rescind.providers.host import Host

TRIES_AGAIN_AFTER_S = 900
ALL = "all"
"""Every means of payment."""


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
    """A provider that asks the right one. What has no connection is not sent, and is tried again (KF-16).

    host, methods: who pays refunds by these means out, wherever they were paid.
    """

    name = "router"
    traits = ProviderTraits()

    def __init__(
        self, connections: Connections, host: Host | None = None, methods: frozenset[str] = frozenset()
    ) -> None:
        self.connections = connections
        self._host = host
        self._methods = methods

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask whoever pays by this means, else the provider of this payment, for a refund."""
        provider = self._paying(call.into or call.method) or await self.connections.provider(call.provider)
        if provider is None or (call.into and not provider.traits.pays_into):
            # One that only sends money back where it came from would send it there a second time.
            return _not_set_up()
        return await provider.refund(call)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Ask it what became of one. It was asked once, so without it nobody knows.

        Only a refund that went through a connection is looked up: a refund order waits for people.
        """
        provider = await self.connections.provider(call.provider)
        if provider is None:
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=TRIES_AGAIN_AFTER_S)
        return await provider.look_up(call)

    async def captured(self, call: PaymentCall) -> Captured:
        """Ask it what came in."""
        provider = self._paying(call.method) or await self.connections.provider(call.provider)
        if provider is None:
            return Captured(clear=False, check_after_s=TRIES_AGAIN_AFTER_S)
        return await provider.captured(call)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Let it let go of what was never captured."""
        provider = await self.connections.provider(call.provider)
        if provider is None or not provider.traits.releases:
            return _not_set_up()
        return await provider.release(call)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """What the installation's own provider made; each other one is asked by name."""
        provider = await self.connections.provider("")
        assert provider is not None, "the installation has a provider of its own"
        async for one in provider.refunds(since, until):
            yield one

    def _paying(self, method: str) -> PaymentProvider | None:
        return self._host if {method, ALL} & self._methods else None


def _not_set_up() -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=TRIES_AGAIN_AFTER_S)
