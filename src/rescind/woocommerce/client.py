"""Asking a shop's REST API: by https and Basic authentication alone, no further than the public internet.

What is not clear is told apart from what is: a request that may have done its work is never simply sent again.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec

from rescind.core.errors import InvalidField, RescindError
from rescind.core.instant import Instant
from rescind.intake import document
from rescind.webhooks.egress import Egress, is_public
from rescind.webhooks.posting import Refused, guarded
from rescind.woocommerce.documents import Note, WooOrder, WooRefund

T = TypeVar("T")

TIMEOUT_S = 30.0
MOST_BYTES = 8 * 1024 * 1024
"""A page of orders of a shop with many plugins is large."""
PAGE = 25
_RESOLVERS = 8
PLACE = "wp-json/wc/v3"

Cause = Literal["unreachable", "refused", "timeout", "no_answer", "busy", "forbidden", "missing", "declined", "private"]
"""Why a request came to nothing. timeout, no_answer: it may have done its work."""


class Trouble(Exception):
    """A request that came to nothing. cause: a code; retry_after_s: how long the shop asks to be left alone.

    code: WooCommerce's own word for it.
    """

    def __init__(self, cause: Cause, retry_after_s: int = 0, code: str = "") -> None:
        super().__init__(cause, code)
        self.cause: Cause = cause
        self.retry_after_s = retry_after_s
        self.code = code

    @property
    def unclear(self) -> bool:
        """Whether the shop may have done what it was asked."""
        return self.cause in {"timeout", "no_answer"}


class Line:
    """Connections to shops, opened when they are first needed. egress: what may be called."""

    def __init__(self, egress: Egress, timeout_s: float = TIMEOUT_S) -> None:
        self._egress = egress
        self._timeout_s = timeout_s
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._threads: ThreadPoolExecutor | None = None

    def wrong(self, url: str) -> str | None:
        """What is wrong with the address of a shop, in a code of the guard's."""
        return self._egress.wrong(url)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Any, bytes]:
        """Status, headers and body of the answer. Raises Trouble."""
        if self._egress.wrong(url):
            raise Trouble("private")
        try:
            async with asyncio.timeout(self._timeout_s):
                async with self._session(url).request(
                    method, url, headers=headers, data=body, allow_redirects=False
                ) as response:
                    read = await response.content.read(MOST_BYTES + 1)
                    while len(read) <= MOST_BYTES and not response.content.at_eof():
                        read += await response.content.read(MOST_BYTES + 1 - len(read))
                    return response.status, response.headers, read
        except TimeoutError:
            raise Trouble("timeout") from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientSSLError, ssl.SSLError, Refused):
            # Nothing was sent: there was no connection.
            raise Trouble("unreachable") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Trouble("no_answer") from None

    def _session(self, url: str) -> aiohttp.ClientSession:
        here = "here" if url.startswith("http:") else "public"
        if here not in self._sessions:
            self._threads = self._threads or ThreadPoolExecutor(_RESOLVERS, "shop-resolver")
            # Plain HTTP reaches this machine and nothing else, as for webhooks.
            self._sessions[here] = (
                guarded(lambda address: address.is_loopback, tls=False, threads=self._threads)
                if here == "here"
                else guarded(is_public, ssl.create_default_context(), self._threads)
            )
        return self._sessions[here]

    async def close(self) -> None:
        """Give up the connections."""
        for one in self._sessions.values():
            await one.close()
        self._sessions.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


class Shop:
    """One shop's REST API. url: of the shop; key, secret: of a REST API key with read and write access."""

    def __init__(self, line: Line, url: str, key: str, secret: str) -> None:
        self._line = line
        self._base = f"{url.rstrip('/')}/{PLACE}"
        told = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {told}", "Accept": "application/json"}

    async def check(self) -> None:
        """Ask for something that only reads. Raises Trouble."""
        await self._ask("GET", "orders", query={"per_page": "1"})

    async def changed_since(self, since: Instant, page: int = 1) -> tuple[list[Mapping[str, Any]], bool]:
        """Orders that changed there after an instant, the earliest change first, as they are told; whether there are
        more pages. Raises Trouble.
        """
        query = {
            "modified_after": _time(since),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "status": "any",
            "per_page": str(PAGE),
            "page": str(page),
        }
        told, headers = await self._ask("GET", "orders", query=query)
        if not isinstance(told, list):
            raise Trouble("no_answer")
        pages = headers.get("X-WP-TotalPages", "")
        return told, pages.isdigit() and int(pages) > page  # pyright: ignore[reportUnknownVariableType]

    async def order(self, order: str) -> WooOrder:
        """An order as it stands there. Raises Trouble."""
        told, _ = await self._ask("GET", f"orders/{order}")
        return _shaped(told, WooOrder)

    async def refunds(self, order: str) -> tuple[WooRefund, ...]:
        """The refunds of an order there. Raises Trouble."""
        told, _ = await self._ask("GET", f"orders/{order}/refunds", query={"per_page": "100"})
        return _shaped(told, tuple[WooRefund, ...])

    async def notes(self, order: str) -> tuple[Note, ...]:
        """What stands in the history of an order there. Raises Trouble."""
        told, _ = await self._ask("GET", f"orders/{order}/notes")
        return _shaped(told, tuple[Note, ...])

    async def cancel(self, order: str) -> None:
        """Set an order to cancelled; WooCommerce puts back what it had set aside. Raises Trouble."""
        await self._ask("PUT", f"orders/{order}", {"status": "cancelled"})

    async def note(self, order: str, text: str) -> None:
        """Write into the history of an order, for the shop's people alone. Raises Trouble."""
        await self._ask("POST", f"orders/{order}/notes", {"note": text, "customer_note": False})

    async def refund(self, order: str, asked: Mapping[str, object]) -> WooRefund:
        """Make a refund there. Raises Trouble."""
        told, _ = await self._ask("POST", f"orders/{order}/refunds", asked)
        return _shaped(told, WooRefund)

    async def _ask(
        self, method: str, place: str, body: Mapping[str, object] | None = None, query: Mapping[str, str] | None = None
    ) -> tuple[Any, Any]:
        url = f"{self._base}/{place}" + (f"?{urlencode(query)}" if query else "")
        data = msgspec.json.encode(body) if body is not None else None
        status, headers, said = await self._line.send(method, url, self._headers, data)
        read = _json(said)
        if 200 <= status < 300:
            if read is None or len(said) > MOST_BYTES:
                # A page in place of an answer: a cache or a maintenance plugin stands before the shop.
                raise Trouble("no_answer")
            return read, headers
        raise _trouble(status, headers, read, reads=method == "GET")


def _trouble(status: int, headers: Any, read: Any, *, reads: bool) -> Trouble:
    """What an answer that is none means. reads: nothing was to be done there but to read."""
    after = headers.get("Retry-After", "")
    wait = int(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0
    code = str(read.get("code", ""))[:80] if isinstance(read, dict) else ""  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    match status:
        case 429:
            return Trouble("busy", wait, code)
        case 503 if reads:
            return Trouble("busy", wait, code)
        case 401 | 403:
            return Trouble("forbidden", 0, code)
        case 404 | 410:
            return Trouble("missing", 0, code)
        case _ if 400 <= status < 500 and code:
            return Trouble("declined", 0, code)
        case _:
            # A redirect, an error of the server or a page: what became of it is not said. A proxy says 503, too, after
            # the shop was asked and while it is at work.
            return Trouble("no_answer", wait, code)


def _json(said: bytes) -> Any:
    try:
        return msgspec.json.decode(said)
    except msgspec.DecodeError:
        return None


def _shaped(told: Any, kind: type[T]) -> T:
    try:
        return document.shape(told, kind)
    except (InvalidField, RescindError):
        raise Trouble("no_answer") from None


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
