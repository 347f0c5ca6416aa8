"""A typed client of Rescind, the cancellation desk of a marketplace.

    with Rescind("https://desk.example", key) as desk:
        told = desk.cancellability.ask("ord_…")
        desk.cancellations.request("ord_…", models.NewCancellation(reason="changed_mind"))

Methods stand under what they are about, as in the reference at ``/docs/api``. ``AsyncRescind`` is the same for programs
that do other things meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Self

import httpx

from rescind_client import async_operations, models, operations
from rescind_client.transport import (
    AsyncTransport,
    Happening,
    InvalidCall,
    ProblemError,
    Transport,
    UnexpectedAnswer,
    Unreachable,
    moment,
)

__all__ = [
    "AsyncRescind",
    "Happening",
    "InvalidCall",
    "ProblemError",
    "Rescind",
    "UnexpectedAnswer",
    "Unreachable",
    "models",
    "moment",
]


class Rescind(operations.Operations):
    """The desk at an address, for whoever holds this key.

    language: of what people read, ``en`` or ``zh``. timeout_s: of one try; a file may take longer, as long as it comes.
    tries: how often a call is made that got no answer, or was asked to come back. client: an ``httpx.Client`` of one's
    own, for proxies and certificates. Raises InvalidCall for a key that is none.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        language: str = "en",
        timeout_s: float = 30,
        tries: int = 4,
        client: httpx.Client | None = None,
    ) -> None:
        self._transport = Transport(base_url, key, language=language, timeout_s=timeout_s, tries=tries, client=client)
        super().__init__(self._transport)

    def follow(self, after: str = "") -> Iterator[Happening]:
        """Everything that happens, as it happens, from after this message's id on; it takes up a line that ends."""
        return self._transport.follow("/v1/events", after)

    def close(self) -> None:
        """End the connections."""
        self._transport.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncRescind(async_operations.Operations):
    """The same desk, for programs that do other things meanwhile; client: an ``httpx.AsyncClient`` of one's own."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        language: str = "en",
        timeout_s: float = 30,
        tries: int = 4,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._transport = AsyncTransport(
            base_url, key, language=language, timeout_s=timeout_s, tries=tries, client=client
        )
        super().__init__(self._transport)

    def follow(self, after: str = "") -> AsyncIterator[Happening]:
        """Everything that happens, as it happens, from after this message's id on; it takes up a line that ends."""
        return self._transport.follow("/v1/events", after)

    async def close(self) -> None:
        """End the connections."""
        await self._transport.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
