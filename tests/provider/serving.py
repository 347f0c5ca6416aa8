"""HTTP that can misbehave: answers that never come, that come in drops, that end in the middle.

No framework: those decide themselves when to close a connection, and the bench must not wait for its provider.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import unquote

import httptools
import msgspec


class Manner(StrEnum):
    """How an answer leaves, or does not."""

    PLAIN = "plain"
    SLOW = "slow"
    DRIP = "drip"
    DROP = "drop"
    HANG = "hang"
    TRUNCATED = "truncated"
    GARBLED = "garbled"
    HTML = "html"
    HUGE = "huge"


class Request:
    """One request, its header names in lower case."""

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.query, self.headers, self.body = method, path, query, headers, body

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class Answer:
    """What is said, and how. ``sent`` is called once it has left, or once it is certain that it never will."""

    __slots__ = ("body", "content_type", "headers", "manner", "seconds", "sent", "status")

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}
        self.content_type = "application/json"
        self.manner, self.seconds = Manner.PLAIN, 0.0
        self.sent: Callable[[], None] | None = None


def json(status: int, value: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(value), headers)


@functools.cache
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


def _head(answer: Answer, length: int, content_type: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return b"%b%bcontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (
        _status_line(answer.status),
        lines.encode("latin-1"),
        content_type.encode(),
        length,
    )


class Connection(asyncio.Protocol):
    """One client. Requests that it pipelines wait for the answer before theirs."""

    def __init__(self, handle: Callable[[Request], Answer], loop: asyncio.AbstractEventLoop) -> None:
        self._handle, self._loop = handle, loop
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's own name
        if self._timer:
            self._timer.cancel()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, UnicodeError):
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            self._transport.close()

    # What the parser finds, in turn.

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", {}, []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        method = self._parser.get_method().decode()
        request = Request(method, unquote(path), query, self._headers, b"".join(self._body))
        self._waiting.append((request, self._parser.should_keep_alive()))
        if not self._busy:
            self._next()

    # Answers.

    def _next(self) -> None:
        while self._waiting and not self._busy and not self._transport.is_closing():
            request, keep = self._waiting.popleft()
            answer = self._handle(request)
            if answer.manner is Manner.PLAIN:
                self._write(answer, answer.body, answer.content_type)
                self._done(answer, keep)
            else:
                self._busy = True
                self._misbehave(answer, keep)

    def _write(self, answer: Answer, body: bytes, content_type: str) -> None:
        self._transport.write(_head(answer, len(body), content_type) + body)

    def _done(self, answer: Answer, keep: bool) -> None:
        if answer.sent:
            answer.sent()
        if not keep:
            self._transport.close()

    def _freed(self, answer: Answer, keep: bool) -> None:
        self._busy, self._timer = False, None
        self._done(answer, keep)
        self._next()

    def _misbehave(self, answer: Answer, keep: bool) -> None:
        match answer.manner:
            case Manner.SLOW:
                # Nothing is lost when the client goes away meanwhile: it is still answered to whoever asks again.
                self._loop.call_later(answer.seconds, self._late, answer, keep)
            case Manner.DRIP:
                self._write_head(answer)
                self._drip(answer, keep, 0)
            case Manner.DROP:
                self._transport.abort()
            case Manner.HANG:
                self._timer = self._loop.call_later(answer.seconds, self._transport.abort)
            case Manner.TRUNCATED:
                self._write_head(answer)
                self._transport.write(answer.body[: len(answer.body) // 2])
                self._transport.close()
            case Manner.GARBLED:
                self._write(answer, answer.body[: len(answer.body) // 2], answer.content_type)
                self._freed(answer, keep)
            case Manner.HTML:
                self._write(answer, b"<!doctype html><title>Maintenance</title>", "text/html; charset=utf-8")
                self._freed(answer, keep)
            case Manner.HUGE:
                self._write(answer, b" " * (32 << 20) + answer.body, answer.content_type)
                self._freed(answer, keep)
        if answer.sent and answer.manner in {Manner.DROP, Manner.HANG, Manner.TRUNCATED, Manner.DRIP}:
            answer.sent()
            answer.sent = None

    def _late(self, answer: Answer, keep: bool) -> None:
        if self._transport.is_closing():
            if answer.sent:
                answer.sent()
            return
        self._write(answer, answer.body, answer.content_type)
        self._freed(answer, keep)

    def _write_head(self, answer: Answer) -> None:
        self._transport.write(_head(answer, len(answer.body), answer.content_type))

    def _drip(self, answer: Answer, keep: bool, position: int) -> None:
        """A drop at a time, so that no single wait between two is long."""
        if self._transport.is_closing():
            return
        size = max(1, len(answer.body) // 20)
        self._transport.write(answer.body[position : position + size])
        if position + size >= len(answer.body):
            self._freed(answer, keep)
        else:
            self._timer = self._loop.call_later(answer.seconds / 20, self._drip, answer, keep, position + size)


async def listen(handle: Callable[[Request], Answer], port: int) -> asyncio.Server:
    """Serve on the loopback address only; port 0 is any that is free."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(handle, loop), "127.0.0.1", port, backlog=1024)
