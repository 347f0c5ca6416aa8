"""How calls reach the desk: once, whatever happens to the line.

Every change that can be made twice carries a key of its own. When no answer comes, or the desk asks for a moment, the
call is sent again under the same key, so that it happens once. What has no key is sent again where twice is once, and
where nothing was done for certain. Answers become the structs of ``models``, problems become ``ProblemError``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date, datetime
from typing import IO, Any, NoReturn, TypeVar
from urllib.parse import quote

import httpx
import msgspec

T = TypeVar("T")

_BUSY = frozenset({429, 502, 503, 504})
"""Answers that say nothing was done, or nothing is known: the same call may be made again."""
_TOO_MANY = 429
_NEVER = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
"""Faults of the call itself: it was not sent, and will not be however often it is tried."""
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Faults of a line on which nothing was said yet."""
_LONGEST_WAIT_S = 30.0
_JSON, _STREAM = "application/json", "text/event-stream"
_PRINTABLE = frozenset(map(chr, range(0x21, 0x7F)))


class InvalidCall(ValueError):
    """What was passed cannot be sent, so nothing was: an id that is none, a key that is none, an address that is none.
    It never says the key.
    """


class ProblemError(Exception):
    """The desk refused a call (RFC 9457).

    code: the last part of its type, such as ``not-found``. title, detail: words for people, in the language asked for.
    errors: where the faults are. members: whatever else belongs to this kind of problem.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = members
        self.type = str(members.get("type", "about:blank"))
        self.code = self.type.rpartition("/")[2]
        self.title = str(members.get("title", ""))
        self.detail = str(members.get("detail", ""))
        self.errors: list[dict[str, Any]] = list(members.get("errors") or ())
        super().__init__(f"{status} {self.code}: {self.detail or self.title}")


class Unreachable(Exception):
    """No answer came, after every try that was safe. A change may have been made: making the call again with its key
    finds out, and where it has none, reading does.
    """


class UnexpectedAnswer(Exception):
    """An answer came that is none of the desk's, such as the page of a proxy: what was asked for may have been done.

    status: of the answer; content_type: what it says it is.
    """

    def __init__(self, status: int, content_type: str) -> None:
        self.status = status
        self.content_type = content_type
        super().__init__(f"{status} with {content_type or 'no content type'} is no answer of the desk to this call")


class Happening(msgspec.Struct, frozen=True):
    """One message of the stream. id: what to go on after; name: ``event``, ``reset`` and the like; data: its JSON."""

    id: str
    name: str
    data: Any


def segment(value: object) -> str:
    """A part of an address, with nothing in it that would make two of it or none. Raises InvalidCall."""
    text = str(value)
    if text in {"", ".", ".."}:
        # What follows an address folds these away, and another call would be made than the one that is meant.
        raise InvalidCall(f"{text!r} names nothing")
    return quote(text, safe="")


def moment(text: str) -> datetime:
    """A time of an answer, with its offset. Raises ValueError for what is none."""
    return datetime.fromisoformat(text)


def shown(key: str) -> str:
    """A key as it is sent, without what an editor left around it. Raises InvalidCall, which does not say it."""
    key = key.strip()
    if not key or not _PRINTABLE.issuperset(key):
        raise InvalidCall("The key is empty, or has signs in it that no key has")
    return key


class _Calls:
    """What both transports do alike: writing calls and reading answers."""

    def __init__(self, base_url: str, key: str, *, language: str, timeout_s: float, tries: int) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {shown(key)}", "accept-language": language}
        self._timeout_s = timeout_s
        self._tries = max(1, tries)

    def _request(
        self,
        client: httpx.Client | httpx.AsyncClient,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, Any] | None = None,
        key: str | None = None,
        keyed: bool = False,
        if_match: int | str | None = None,
    ) -> httpx.Request:
        headers = dict(self._headers)
        if body is not None or content is not None:
            headers["content-type"] = content_type
        if keyed:
            headers["idempotency-key"] = key or secrets.token_hex(16)
        if if_match is not None:
            headers["if-match"] = f'"{if_match}"' if isinstance(if_match, int) else if_match
        try:
            return client.build_request(
                method,
                self._base_url + path,
                params=list(_pairs(query or {})),
                content=msgspec.json.encode(body) if body is not None else content,
                headers=headers,
            )
        except httpx.InvalidURL as fault:
            raise InvalidCall(str(fault)) from None

    def _wait_s(
        self,
        request: httpx.Request,
        tried: int,
        answer: httpx.Response | None = None,
        fault: httpx.TransportError | None = None,
    ) -> float | None:
        """How long to wait before the call is made again; None where its answer is the last word.

        Raises InvalidCall for what no line takes.
        """
        if isinstance(fault, _NEVER):
            raise InvalidCall(str(fault)) from None
        if tried >= self._tries or (answer is not None and answer.status_code not in _BUSY):
            return None
        undone = isinstance(fault, _UNSENT) or (answer is not None and answer.status_code == _TOO_MANY)
        return _pause_s(tried, answer) if undone or _once(request) else None


def _once(request: httpx.Request) -> bool:
    """Whether a call that is made twice is made once. One that names a version would meet its own change."""
    if request.method in {"PUT", "PATCH"} and "if-match" not in request.headers:
        return True
    return request.method == "GET" or "idempotency-key" in request.headers


def _pause_s(tried: int, answer: httpx.Response | None) -> float:
    """How long to wait after so many tries in vain: as the answer asks, else longer each time."""
    said = answer.headers.get("retry-after", "") if answer is not None else ""
    if said.isascii() and said.isdigit():
        return min(float(said), _LONGEST_WAIT_S)
    longer = 0.2 * 2 ** min(tried - 1, 10) * (1 + random.random())  # noqa: S311 - spreads load, hides nothing
    return min(longer, _LONGEST_WAIT_S)


def _pairs(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        many: list[Any] = [*value] if isinstance(value, list | tuple) else [value]
        for one in many:
            if isinstance(one, bool):
                yield name, "true" if one else "false"
            elif isinstance(one, datetime | date):
                yield name, one.isoformat()
            elif one is not None:
                yield name, str(one)


def _require_expected(answer: httpx.Response, gives: type[Any]) -> None:
    """Before a good answer is read: a stream has no end to be read to, and a page is no struct."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.is_success and (kind == _STREAM or (gives is not bytes and kind != _JSON)):
        raise UnexpectedAnswer(answer.status_code, kind)


def _read(answer: httpx.Response, body: bytes, gives: type[T]) -> T:
    if not answer.is_success:
        raise _problem(answer, body)
    if gives is bytes:
        return body  # pyright: ignore[reportReturnType]  # it is what was asked for
    try:
        return msgspec.json.decode(body, type=gives)
    except msgspec.MsgspecError:
        raise UnexpectedAnswer(answer.status_code, _JSON) from None


def _problem(answer: httpx.Response, body: bytes) -> ProblemError:
    try:
        members = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        # Something between us answered, such as a proxy.
        members = {"title": answer.reason_phrase, "detail": body[:200].decode("utf-8", "replace")}
    return ProblemError(answer.status_code, members)


class _Into:
    """A file that an answer is written into, piece by piece; what one try has left is taken back before the next."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._from = to.tell() if to.seekable() else None
        self._written = False

    def write(self, piece: bytes) -> None:
        self._to.write(piece)
        self._written = True

    def back(self) -> bool:
        """Go back to where it began; whether that can be done."""
        if self._written and self._from is not None:
            self._to.seek(self._from)
            self._to.truncate()
            self._written = False
        return not self._written


def _late(request: httpx.Request) -> NoReturn:
    raise httpx.ReadTimeout("The answer does not end", request=request)


class Transport(_Calls):
    """Makes calls and waits for them."""

    def __init__(self, base_url: str, key: str, *, language: str, timeout_s: float, tries: int, client: Any) -> None:
        super().__init__(base_url, key, language=language, timeout_s=timeout_s, tries=tries)
        self.client: httpx.Client = client or httpx.Client(timeout=timeout_s)

    def call(self, method: str, path: str, gives: type[T], *, to: IO[bytes] | None = None, **more: Any) -> T:
        """One call, made again where that is safe. to: a file that the answer is written into, and is empty then.

        Raises ProblemError, Unreachable, UnexpectedAnswer, InvalidCall.
        """
        request, tried = self._request(self.client, method, path, **more), 0
        into = _Into(to) if to else None
        while True:
            tried += 1
            try:
                answer = self.client.send(request, stream=True)
                with contextlib.closing(answer):
                    body = self._body(answer, gives, into)
            except httpx.TransportError as fault:
                wait_s, last = self._wait_s(request, tried, fault=fault), fault
            else:
                wait_s, last = self._wait_s(request, tried, answer), None
                if wait_s is None:
                    return _read(answer, body, gives)
            if wait_s is None or (into and not into.back()):
                raise Unreachable(str(last)) from last
            time.sleep(wait_s)

    def _body(self, answer: httpx.Response, gives: type[Any], into: _Into | None) -> bytes:
        """What an answer says: a file takes its time as long as it comes, anything else is there within one try's."""
        _require_expected(answer, gives)
        if into and answer.is_success:
            for piece in answer.iter_bytes():
                into.write(piece)
            return b""
        if gives is bytes and answer.is_success:
            return answer.read()
        ends_at, pieces = time.monotonic() + self._timeout_s, list[bytes]()
        for piece in answer.iter_bytes():
            pieces.append(piece)
            if time.monotonic() > ends_at:
                _late(answer.request)
        return b"".join(pieces)

    def follow(self, path: str, after: str) -> Iterator[Happening]:
        """The stream from after that message on, for ever: where the line ends, or a moment is asked for, it
        is taken up again. Raises ProblemError where the desk refuses.
        """
        tried = 0
        while True:
            headers = {**self._headers, "accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
            tried, refused = tried + 1, None
            try:
                with self.client.stream("GET", self._base_url + path, headers=headers, timeout=60) as answer:
                    if answer.is_success:
                        lines = _Lines()
                        for line in answer.iter_lines():
                            tried = 1
                            yield from lines.take(line)
                            after = lines.last_id or after
                    else:
                        said = answer.read()
                        if answer.status_code not in _BUSY:
                            raise _problem(answer, said)
                        refused = answer
            except _NEVER as fault:
                raise InvalidCall(str(fault)) from None
            except httpx.TransportError:
                pass
            time.sleep(_pause_s(tried, refused))


class AsyncTransport(_Calls):
    """Makes calls for a program that does other things meanwhile."""

    def __init__(self, base_url: str, key: str, *, language: str, timeout_s: float, tries: int, client: Any) -> None:
        super().__init__(base_url, key, language=language, timeout_s=timeout_s, tries=tries)
        self.client: httpx.AsyncClient = client or httpx.AsyncClient(timeout=timeout_s)

    async def call(self, method: str, path: str, gives: type[T], *, to: IO[bytes] | None = None, **more: Any) -> T:
        """One call, made again where that is safe. to: a file that the answer is written into, and is empty then.

        Raises ProblemError, Unreachable, UnexpectedAnswer, InvalidCall.
        """
        request, tried = self._request(self.client, method, path, **more), 0
        into = _Into(to) if to else None
        while True:
            tried += 1
            try:
                answer = await self.client.send(request, stream=True)
                async with contextlib.aclosing(answer):
                    body = await self._body(answer, gives, into)
            except httpx.TransportError as fault:
                wait_s, last = self._wait_s(request, tried, fault=fault), fault
            else:
                wait_s, last = self._wait_s(request, tried, answer), None
                if wait_s is None:
                    return _read(answer, body, gives)
            if wait_s is None or (into and not into.back()):
                raise Unreachable(str(last)) from last
            await asyncio.sleep(wait_s)

    async def _body(self, answer: httpx.Response, gives: type[Any], into: _Into | None) -> bytes:
        """What an answer says: a file takes its time as long as it comes, anything else is there within one try's."""
        _require_expected(answer, gives)
        if into and answer.is_success:
            async for piece in answer.aiter_bytes():
                into.write(piece)
            return b""
        if gives is bytes and answer.is_success:
            return await answer.aread()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answer.aread()
        except TimeoutError:
            _late(answer.request)

    async def follow(self, path: str, after: str) -> AsyncIterator[Happening]:
        """The stream from after that message on, for ever: where the line ends, or a moment is asked for, it
        is taken up again. Raises ProblemError where the desk refuses.
        """
        tried = 0
        while True:
            headers = {**self._headers, "accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
            tried, refused = tried + 1, None
            try:
                async with self.client.stream("GET", self._base_url + path, headers=headers, timeout=60) as answer:
                    if answer.is_success:
                        lines = _Lines()
                        async for line in answer.aiter_lines():
                            tried = 1
                            for one in lines.take(line):
                                yield one
                            after = lines.last_id or after
                    else:
                        said = await answer.aread()
                        if answer.status_code not in _BUSY:
                            raise _problem(answer, said)
                        refused = answer
            except _NEVER as fault:
                raise InvalidCall(str(fault)) from None
            except httpx.TransportError:
                pass
            await asyncio.sleep(_pause_s(tried, refused))


class _Lines:
    """Server-sent events, put together of their lines. last_id: where to go on, which may come without a message."""

    def __init__(self) -> None:
        self.last_id = ""
        self._fields: dict[str, str] = {}

    def take(self, line: str) -> Iterator[Happening]:
        """One line; gives the message that it ends."""
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data" and "data" in self._fields:
                value = f"{self._fields['data']}\n{value}"
            if name:
                self._fields[name] = value
            return
        fields, self._fields = self._fields, {}
        self.last_id = fields.get("id", self.last_id)
        if "data" in fields:
            data = msgspec.json.decode(fields["data"])
            yield Happening(fields.get("id", ""), fields.get("event", "message"), data)
