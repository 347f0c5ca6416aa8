"""The HTTP server around the application: its limits, its signals, and how it writes."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

STOPS = (signal.SIGTERM, signal.SIGINT)
HEAD_BYTES = 64 * 1024
"""A head that has not ended by here is not read further; what is answered with reasons is far shorter."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Server(uvicorn.Server):
    """uvicorn on a socket that is already bound, with limits of our own.

    It would send itself the signal again once it has ended, and so end the process before the database is stopped.

    proxies: addresses in front of us that are believed when they say for whom they call.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str] = ()) -> None:
        super().__init__(
            uvicorn.Config(
                cast("Any", app),
                loop="none",
                http=_Http,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_keep_alive=30,
                timeout_graceful_shutdown=2,
                lifespan="on",
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """A signal ends serving; what serves is then taken down in order."""
        loop = asyncio.get_running_loop()
        for name in STOPS:
            loop.add_signal_handler(name, self.handle_exit, name, None)
        try:
            yield
        finally:
            for name in STOPS:
                loop.remove_signal_handler(name)


class _Http(HttpToolsProtocol):
    """Reads no head without an end, and sends the head and the body of an answer at once.

    The server would collect headers as long as they come. And it gives head and body to the socket one by one: two
    system calls, two packets, and a client woken for a head alone (measured: a tenth of the cancellations a second at
    16 connections).
    """

    _head_bytes: int | None = None
    """Bytes read since a head began that has not ended; None between heads."""

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become longer than any request needs."""
        super().data_received(data)
        if self._head_bytes is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", _Gathering(transport)))


class _Gathering:
    """A transport that writes once what was given to it in one turn of the loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._soon = asyncio.get_running_loop().call_soon
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep the data until the turn ends."""
        if not self._parts:
            self._soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Write what is kept, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._parts.clear()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def settle() -> None:
    """What was built at the start stays: the collector need not look through it again with every hundredth call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
