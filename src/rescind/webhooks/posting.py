"""One message to one address: no redirects, no patience without end, and nothing read that nobody needs (WH-11)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from rescind import __version__
from rescind.webhooks.egress import Address, Egress, is_public

TIMEOUT_S = 15.0
CONNECT_S = 5.0
_BODY_S = 2.0
"""The answer is known by its status; what it says besides is not waited for long."""
READ_BYTES = 64 * 1024
KEPT_BYTES = 500
FAULTS = (
    "timeout",
    "unreachable",
    "unknown_name",
    "tls",
    "no_answer",
    "redirect",
    "status",
    "refused",
    "sealed_elsewhere",
    "not_sent",
)
"""Why an attempt failed; the last two before anything was sent."""
RESOLVERS = 256
"""Names are looked up beside each other: one whose servers are silent keeps no other waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of one attempt. status: of HTTP, 0 where there was no answer. fault: why, in a code.

    answer: the first of what the receiver said, as text. retry_after_s: how long it asks to be left alone.
    """

    status: int = 0
    ms: int = 0
    fault: str = ""
    answer: str = ""
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has it. A redirect is no receipt."""
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == 410


class Refused(OSError):
    """An address that is not called."""


class Poster:
    """Posts, over connections that are kept. Use as an asynchronous context manager.

    egress: what may be called. timeout_s: how long one attempt may take in all.
    """

    def __init__(self, egress: Egress, *, timeout_s: float = TIMEOUT_S) -> None:
        self._egress = egress
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(RESOLVERS, "webhook-resolver")
        self._public: aiohttp.ClientSession | None = None
        self._here: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._public = self._session(is_public, ssl.create_default_context())
        if self._egress.loopback:
            # Plain HTTP reaches this machine and nothing else, HTTPS everything but this machine and its network.
            self._here = self._session(lambda address: address.is_loopback, tls=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in (self._public, self._here):
            if session is not None:
                await session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, *, kept: int = KEPT_BYTES) -> Posted:
        """Send it once, and say what came of it. Raises nothing but the end of the task.

        kept: bytes of the answer that are wanted, at most.
        """
        began = perf_counter()
        posted = await self._post(url, headers, body, kept)
        return Posted(
            status=posted.status,
            ms=round((perf_counter() - began) * 1000),
            fault=posted.fault,
            answer=posted.answer,
            retry_after_s=posted.retry_after_s,
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, kept: int) -> Posted:
        # What is allowed may have changed since the endpoint was made.
        if wrong := self._egress.wrong(url):
            return Posted(fault="refused", answer=wrong)
        session = self._here if url.startswith("http:") else self._public
        assert session is not None, "it is opened first"
        try:
            async with asyncio.timeout(self._timeout_s):
                async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                    said = await _read(response, kept)
                    return Posted(
                        status=response.status,
                        fault=_fault(response.status),
                        answer=said,
                        retry_after_s=_retry_after(response),
                    )
        except TimeoutError:
            return Posted(fault="timeout")
        except aiohttp.ClientConnectorDNSError as away:
            return Posted(fault="refused" if _refused(away) else "unknown_name")
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return Posted(fault="tls")
        except (aiohttp.ClientConnectorError, Refused) as away:
            return Posted(fault="refused" if _refused(away) else "unreachable")
        except (aiohttp.ClientError, OSError, ValueError):
            # It hung up, or what it said is no HTTP.
            return Posted(fault="no_answer")

    def _session(self, allowed: Callable[[Address], bool], tls: ssl.SSLContext | bool) -> aiohttp.ClientSession:
        return guarded(allowed, tls, self._threads)


def guarded(
    allowed: Callable[[Address], bool], tls: ssl.SSLContext | bool, threads: ThreadPoolExecutor
) -> aiohttp.ClientSession:
    """A client that connects to nothing but what is allowed, sends no cookies, and knows no proxy.

    threads: in which names are looked up.
    """
    connector = aiohttp.TCPConnector(
        # How many are under way is decided before: here nothing may wait behind somebody else.
        limit=0,
        ssl=tls,
        use_dns_cache=False,
        resolver=_Resolver(allowed, threads),
        socket_factory=partial(_checked, allowed),
        keepalive_timeout=20,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={
            "User-Agent": f"Rescind/{__version__}",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
        },
    )


class _Resolver(AbstractResolver):
    """Looks a name up, and gives an answer only if every address in it may be called."""

    def __init__(self, allowed: Callable[[Address], bool], threads: ThreadPoolExecutor) -> None:
        self._allowed = allowed
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of a name. Raises Refused, or what the system's resolver does."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        numbers = [str(where[0]) for *_, where in found]
        if not all(self._allowed(ipaddress.ip_address(one.partition("%")[0])) for one in numbers):
            raise Refused("the name leads to an address that is not called")
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for one, (kind, _, protocol, _, _) in zip(numbers, found, strict=True)
        ]

    async def close(self) -> None:
        """Nothing of its own is open."""


def _checked(allowed: Callable[[Address], bool], info: Any) -> socket.socket:
    """A socket for an address that is about to be connected to: the last place, which numbers in a URL pass too."""
    family, kind, protocol, _, where = info
    if not allowed(ipaddress.ip_address(str(where[0]).partition("%")[0])):
        raise Refused("an address that is not called")
    return socket.socket(family, kind, protocol)


async def _read(response: aiohttp.ClientResponse, kept: int) -> str:
    """The first of what it says. More than nobody reads, or later than nobody waits for, closes the connection."""
    read = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_BODY_S):
            async for part in response.content.iter_any():
                read += part
                if len(read) > READ_BYTES:
                    break
    if not response.content.at_eof():
        response.close()
    text = bytes(read[:kept]).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text).strip()


def _fault(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "status"


def _retry_after(response: aiohttp.ClientResponse) -> int:
    """Seconds, where it is busy and says them; a date is not read."""
    text = response.headers.get("Retry-After", "")
    return int(text) if response.status in {429, 503} and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _refused(fault: BaseException) -> bool:
    """Whether the guard was the cause, however deep the client has put it."""
    seen: BaseException | None = fault
    while seen is not None:
        inner = getattr(seen, "os_error", None)
        if isinstance(seen, Refused) or isinstance(inner, Refused):
            return True
        seen = seen.__cause__
    return False
