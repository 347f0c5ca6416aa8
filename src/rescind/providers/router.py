"""Every payment goes back through the connection it was taken through, or by the marketplace itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from rescind.core.errors import Unavailable
from rescind.core.instant import Instant
from rescind.core.ledger import CREDIT_METHODS
from rescind.core.ports import (
    Captured,
    PaymentCall,
    PaymentProvider,
    ProviderRefund,
    ProviderReply,
    ProviderTraits,
    RefundCall,
)
from rescind.core.refund import HOST, ProviderOutcome
from rescind.providers.host import Host
from rescind.providers.paths import ALL, Known, by_hand, path, real

TRIES_AGAIN_AFTER_S = 900


class Connections(Protocol):
    """The providers that are connected now. The name "" is the installation's own, where one was chosen."""

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name; None while nobody has connected it."""
        ...

    async def known(self) -> Sequence[Known]:
        """Every one of them."""
        ...


class Fixed:
    """Connections that were there from the start and stay."""

    def __init__(self, own: PaymentProvider, others: Mapping[str, PaymentProvider] | None = None) -> None:
        self._own = own
        self._others = others or {}

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name."""
        return {"": self._own, self._own.name: self._own, **self._others}.get(name)

    async def known(self) -> Sequence[Known]:
        """Every one of them."""
        own = Known(name=self._own.name, own=True, means=self._own.traits.means)
        return (own, *(Known(name=name, own=False, means=one.traits.means) for name, one in self._others.items()))


class Router:
    """A provider that asks the right one. What has no connection is not sent, and is tried again (KF-16).

    host, methods: who pays refunds by these means out, wherever they were paid. It pays out, too, what is credit of the
    marketplace's own and what no provider takes.
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
        paying = None if call.trial else await self._paying(call.into or call.method)
        provider = paying or await self._of(call)
        if provider is not None and call.into and not provider.traits.pays_into:
            # One that only sends money back where it came from would send it there a second time.
            provider = self._host
        if provider is None:
            return _not_set_up()
        return _through(await provider.refund(call), provider)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Ask it what became of one. It was asked once, so without it nobody knows.

        Only a refund that went through a connection is looked up: a refund order waits for people.
        """
        provider = await self._of(call)
        if provider is None:
            return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=TRIES_AGAIN_AFTER_S)
        return _through(await provider.look_up(call), provider)

    async def captured(self, call: PaymentCall) -> Captured:
        """Ask it what came in. Of what the marketplace takes itself it knows alone; else the provider may."""
        paying = await self._paying(call.method)
        provider = paying or await self._of(call)
        ours = paying is not None or call.method in CREDIT_METHODS
        if provider is self._host and not call.provider and not ours:
            provider = await self.connections.provider("")
        known = [one for one in real(await self.connections.known()) if one.name != HOST]
        if provider is None and not call.provider and not known:
            # Nobody takes payments for this installation, so what it was told of them is all there is.
            return Captured(clear=True)
        if provider is None:
            return Captured(clear=False, check_after_s=TRIES_AGAIN_AFTER_S)
        return await provider.captured(call)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Let it let go of what was never captured."""
        provider = await self._of(call)
        if provider is None or not provider.traits.releases:
            return _not_set_up()
        return _through(await provider.release(call), provider)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """What the installation's own provider made; each other one is asked by name."""
        provider = await self.connections.provider("")
        if provider is None:
            raise Unavailable(retry_after=TRIES_AGAIN_AFTER_S)
        async for one in provider.refunds(since, until):
            yield one

    async def _of(self, call: PaymentCall) -> PaymentProvider | None:
        """The connection that the payment names; where it names none, the one it was taken through by all we know."""
        name = call.provider or path(call.method, call.payment, real(await self.connections.known()))
        if name == HOST:
            return self._host
        provider = await self.connections.provider(name)
        if call.method in CREDIT_METHODS and (provider is None or provider.traits.means.methods is not None):
            return self._host
        return provider

    async def _paying(self, method: str) -> PaymentProvider | None:
        chosen = self._methods | by_hand(await self.connections.known())
        return self._host if {method, ALL} & chosen else None


def _not_set_up() -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=TRIES_AGAIN_AFTER_S)


def _through(reply: ProviderReply, provider: PaymentProvider) -> ProviderReply:
    return msgspec.structs.replace(reply, through=provider.name)
