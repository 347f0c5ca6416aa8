"""The path of one call: who asks, may they, what do they send, the answer or the problem, and one line in the log.

Each address is one plain ASGI application. What an operation needs is declared as data, which routing, checks and the
OpenAPI document read; nothing is injected at run time.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import asyncpg
import msgspec
import structlog
from litestar.types import HTTPScope, Receive, Send

from rescind.access.principal import Principal
from rescind.api import problems
from rescind.api.scopes import GROUP
from rescind.core import errors
from rescind.core.errors import RescindError
from rescind.core.ids import ShopId, canonical
from rescind.core.instant import Instant
from rescind.core.mandate import Bound
from rescind.core.order import Order
from rescind.core.ports import Fingerprint, Key
from rescind.core.scopes import OF_THE_SHOP
from rescind.core.views import OrderView
from rescind.headers import EVERYWHERE, SECURE, as_bytes
from rescind.intake import document, query
from rescind.locales import locale, negotiate
from rescind.postgres.credentials import Role

if TYPE_CHECKING:
    from rescind.desk import Desk

log = structlog.get_logger()
T = TypeVar("T")

BODY_BYTES, ADDRESS_BYTES, HEADER_BYTES = 256 * 1024, 4096, 16 * 1024
CALL_S = 15
"""Longest time a call may take, a stream excepted."""

ANYBODY: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator", "host"})
STAFF: frozenset[Role] = frozenset({"support", "operator"})

Method = Literal["GET", "POST", "PUT", "PATCH"]
Through = Literal["order", "scope", "shop", "self", "public"]
"""How the object is reached: an order fetched through the caller's scope, a list narrowed to it, a shop the host names
in a new order, the caller's own credential, or nothing that belongs to anybody."""

JSON = b"application/json; charset=utf-8"
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    *as_bytes(EVERYWHERE),
)
_encode = msgspec.json.Encoder().encode

_DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    OSError,
)
_ONCE = (b"authorization", b"idempotency-key", b"if-match", b"content-type", b"last-event-id", b"x-csrf-token")


_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")

SLOW_MS = 1000.0
"""A call that took longer is told in the log although it succeeded."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation gives back. ``body``: a struct to be written as JSON, or bytes that are it already.

    afterwards: what is done once the answer has left, so that neither it nor its time tells anything of that.
    """

    body: object
    status: int = 200
    version: int | None = None
    location: str = ""
    replayed: bool = False
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    stream: AsyncIterator[bytes] | None = None
    afterwards: Callable[[], Awaitable[None]] | None = None


class Call:
    """One request, as an operation sees it."""

    __slots__ = (
        "_principal",
        "body",
        "described",
        "desk",
        "document",
        "headers",
        "ids",
        "media_type",
        "operation",
        "query",
        "scope",
    )

    def __init__(self, desk: Desk, scope: Mapping[str, Any], headers: dict[bytes, bytes], described: Any) -> None:
        self.desk = desk
        self.described = described
        self.scope = scope
        self.headers = headers
        self.ids: dict[str, str] = scope.get("path_params") or {}
        self.operation: Operation = cast("Operation", None)
        self.body: Any = None
        self.query: Any = None
        self.document: Any = None
        self.media_type = ""
        self._principal: Principal | None = None

    @property
    def principal(self) -> Principal:
        """Who asks; an operation that is open to the public has nobody."""
        assert self._principal is not None, "a public operation asks for nobody"
        return self._principal

    @principal.setter
    def principal(self, principal: Principal) -> None:
        self._principal = principal

    @property
    def asker(self) -> Principal | None:
        """Who asks, if anybody is known."""
        return self._principal

    def identifier(self, name: str, prefix: str) -> str:
        """An id from the address. Raises NotFound for one that is not canonical."""
        return canonical(prefix, self.ids[name])

    def preferred(self) -> str:
        """The form of the answer that the caller likes best, of those on offer."""
        return _acceptable(self.headers.get(b"accept"), (self.operation.media_type, *self.operation.also))

    def expected_version(self) -> int | None:
        """The version named by ``If-Match``, None without one or for ``*``. Raises InvalidField."""
        raw = self.headers.get(b"if-match")
        if raw is None or raw.strip() == b"*":
            return None
        text = raw.strip()
        if not (len(text) < 16 and text[:1] == text[-1:] == b'"' and text[1:-1].isdigit()):
            raise errors.InvalidField(field="If-Match", expected='one entity tag of the order, such as "7"')
        return int(text[1:-1])

    def key(self, shop: ShopId) -> Key:
        """What makes a repeat of this call a repeat (ID-01). Raises IdempotencyKeyRequired, IdempotencyKeyInvalid."""
        raw = self.headers.get(b"idempotency-key")
        if raw is None:
            raise errors.IdempotencyKeyRequired
        if not 16 <= len(raw) <= 255 or not all(0x21 <= sign <= 0x7E for sign in raw):
            raise errors.IdempotencyKeyInvalid
        who = self.principal
        return Key(shop=shop, principal=f"{who.role}:{who.id}", route=self.operation.path, key=raw.decode("ascii"))

    def fingerprint(self) -> Fingerprint:
        """SHA-256 of method, route, ids and document, however the document was spelled (ID-02)."""
        said = "\n".join((self.operation.method, self.operation.path, *(self.ids[name] for name in sorted(self.ids))))
        return Fingerprint(hashlib.sha256(said.encode() + b"\n" + document.encode_sorted(self.document)).digest())

    async def view(self, *, counting: Instant | None = None) -> OrderView:
        """The order of the address with everything about it, seen through the caller's scope. Raises NotFound.

        counting: since when the buyer's cancellations are to be counted.
        """
        return await self.desk.reads.order(self.principal.scope, self.identifier("order", "ord"), counting=counting)

    async def order(self) -> Order:
        """That order itself, as it is now. Raises NotFound."""
        return (await self.view()).order


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one address.

    may: roles that may call it, None for everybody without a credential. through: its object rule. body, query, gives:
    structs. takes: media types of a body that is a file; most: its bytes, where it is no photo. changes: it writes, so
    a session must prove that its own page asks. keyed: a change wants an Idempotency-Key, unless doing it twice is
    doing it once. versioned: it honours ``If-Match``; what it meets when the version is another. also: other forms of
    the answer, by ``Accept``. statuses: of success. fails: problems of its own, beside those every call can meet.
    fresh: it could let others in, so a session has to be one of the last minutes. under_mandate: it is an act on an
    order that a program may do under a mandate; every other change is refused to a key that acts under mandates alone.
    """

    method: Method
    path: str
    may: frozenset[Role] | None
    through: Through
    summary: str
    handler: Handler
    body: type[msgspec.Struct] | None = None
    takes: tuple[str, ...] = ()
    query: type[msgspec.Struct] | None = None
    gives: type[msgspec.Struct] | None = None
    changes: bool = False
    statuses: tuple[int, ...] = (200,)
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    fails: tuple[type[RescindError], ...] = ()
    versioned: bool | type[RescindError] = False
    keyed: bool = True
    fresh: bool = False
    under_mandate: bool = False
    most: int | None = None

    @property
    def name(self) -> str:
        """Its name in the OpenAPI document: ``orders_place``."""
        return f"{self.tag}_{self.handler.__name__}"

    @property
    def tag(self) -> str:
        """The noun it belongs to, which is the file it is written in."""
        return self.handler.__module__.rpartition(".")[2]

    @property
    def about(self) -> str:
        """What its author says of it."""
        return self.handler.__doc__ or ""


def operation(method: Method, path: str, **declared: Any) -> Callable[[Handler], Operation]:
    """Declare a function to be an operation; the rest is as in :class:`Operation`."""

    def declare(handler: Handler) -> Operation:
        return Operation(method=method, path=path, handler=handler, **declared)

    return declare


class Endpoint:
    """Everything that can be done at one address."""

    def __init__(self, desk: Desk, operations: Sequence[Operation], described: Any) -> None:
        self._desk = desk
        self._described = described
        self.operations = {one.method: one for one in operations}
        if "GET" in self.operations:
            self.operations["HEAD"] = self.operations["GET"]
        self._path = operations[0].path if operations else "/v1/…"
        extra = as_bytes(SECURE) if desk.access.secure else ()
        self._headers = [*HEADERS, *extra]

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one call. Nothing escapes from here but a client that went away."""
        began = perf_counter()
        request_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
        method: str = scope["method"]
        call: Call | None = None
        afterwards: Callable[[], Awaitable[None]] | None = None
        try:
            _require_small(scope)
            sent = _headers(scope)
            if method not in self.operations:
                raise self._refusal()
            call = Call(self._desk, scope, sent, self._described)
            call.operation = self.operations[method]
            async with asyncio.timeout(CALL_S):
                answer = await self._answer(call, receive)
            status, headers, body, stream = answer.status, _answer_headers(answer), _written(answer), answer.stream
            afterwards = answer.afterwards
        except Exception as fault:  # noqa: BLE001 - every fault is answered, and our own are logged with their trace
            error = _problem(fault, request_id)
            language = locale(negotiate(_accept_language(scope)))
            status, stream = problems.status(error), None
            body = problems.document(error, request_id, language)
            headers = [
                (b"content-type", problems.MEDIA_TYPE),
                (b"content-language", language.tag.encode()),
                (b"vary", b"Accept-Language"),
                *problems.headers(error),
            ]
        who = call.asker if call else None
        elapsed_ms = round((perf_counter() - began) * 1000, 2)
        # What went well and fast is told at debug only: a line costs as much as finding the way to the handler.
        tell = log.debug if status < HTTPStatus.BAD_REQUEST and elapsed_ms < SLOW_MS else log.info
        tell(
            "call",
            id=request_id,
            method=method,
            route=self._path,
            status=status,
            role=who.role if who else "",
            credential=who.credential if who else "",
            ms=elapsed_ms,
        )
        set_already = {name for name, _ in headers}
        headers += [one for one in self._headers if one[0] not in set_already]
        headers.append((b"x-request-id", request_id.encode()))
        if stream is None or method == "HEAD":
            headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})
        else:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await _pour(stream, receive, send)
        if afterwards is not None:
            await _done(afterwards, request_id)

    def _refusal(self) -> RescindError:
        if not self.operations:
            return errors.NotFound(kind="address")
        return problems.MethodNotAllowed(allowed_methods=", ".join(sorted(self.operations)))

    async def _answer(self, call: Call, receive: Receive) -> Answer:
        wanted = call.operation
        _acceptable(call.headers.get(b"accept"), (wanted.media_type, *wanted.also))
        if wanted.may is not None:
            access = self._desk.access
            call.principal = who = await access.principal_of(call)
            if wanted.changes and b"authorization" not in call.headers:
                token = call.headers.get(b"x-csrf-token")
                access.require_csrf(call, who, token.decode("latin-1") if token else None)
            if who.role not in wanted.may or not _answers(who, wanted):
                raise errors.Forbidden(action=wanted.name)
            if who.mandated and wanted.changes and not wanted.under_mandate:
                raise _outside(who)
            if who.scopes and (needed := scope_of(wanted)) and needed not in who.scopes:
                raise errors.OutsideScope(action=wanted.name, scope=needed)
            if wanted.fresh:
                who.require_fresh()
        call.query = query.read(call.scope["query_string"], wanted.query)
        if wanted.body is not None:
            _require_json(call.headers.get(b"content-type"))
            call.document = document.parse(await _body(call, receive, BODY_BYTES))
            call.body = document.shape(call.document, wanted.body)
        elif wanted.takes:
            call.media_type = _require_taken(call.headers.get(b"content-type"), wanted.takes)
            call.body = await _body(call, receive, wanted.most or self._desk.evidence.limits.size)
            call.document = hashlib.sha256(call.body).hexdigest()
        return await wanted.handler(call)


async def _done(afterwards: Callable[[], Awaitable[None]], request_id: str) -> None:
    """Do what comes after an answer. Nobody waits for it any more, so what goes wrong stands in the log alone."""
    try:
        async with asyncio.timeout(CALL_S):
            await afterwards()
    except Exception:
        log.exception("call.afterwards", id=request_id)


def _outside(who: Principal) -> RescindError:
    """Why a program may not make a call that no mandate is about."""
    if not who.mandate:
        return errors.MandateNeeded()
    return errors.OutsideMandate(mandate=who.mandate, bound=Bound.ACTS.value)


def scope_of(wanted: Operation) -> str | None:
    """What a key that was made for some calls alone needs for this one; None for what every key may."""
    if wanted.tag not in GROUP:
        return None
    return f"{GROUP[wanted.tag]}:{'write' if wanted.changes else 'read'}"


def _answers(who: Principal, wanted: Operation) -> bool:
    """Whether it is for somebody of these rights: who answers only for a shop changes nothing of the shop itself."""
    if who.rights == "answer" and wanted.changes and GROUP.get(wanted.tag) in OF_THE_SHOP:
        return wanted.through == "self"
    return True


def _headers(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Headers by name. One that must stand once and stands twice is refused: nobody could say which of them counts."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in _ONCE:
            if name == b"idempotency-key":
                raise errors.IdempotencyKeyInvalid
            if name == b"authorization":
                raise errors.Unauthenticated
            raise errors.InvalidField(field=name.decode("ascii").title(), expected="one such header")
        found[name] = value
    return found


def _accept_language(scope: Mapping[str, Any]) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), None)


def is_small(scope: Mapping[str, Any]) -> bool:
    """Whether the address and the headers are no longer than any request needs, to a page or to the API."""
    return _address_bytes(scope) <= ADDRESS_BYTES and _header_bytes(scope) <= HEADER_BYTES


def _require_small(scope: Mapping[str, Any]) -> None:
    if _address_bytes(scope) > ADDRESS_BYTES:
        raise problems.AddressTooLong(limit=ADDRESS_BYTES)
    if _header_bytes(scope) > HEADER_BYTES:
        raise problems.HeadersTooLarge(limit=HEADER_BYTES)


def _address_bytes(scope: Mapping[str, Any]) -> int:
    return len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])


def _header_bytes(scope: Mapping[str, Any]) -> int:
    return sum(len(name) + len(value) for name, value in scope["headers"])


def _acceptable(accept: bytes | None, offered: Sequence[str]) -> str:
    """The form of the answer that the caller's Accept likes best, the first among equals; ``q=0`` is a refusal.

    Raises NotAcceptable. What is no quality counts as the highest.
    """
    if accept is None or accept == b"*/*":
        return offered[0]
    best, liked = "", 0.0
    wanted: dict[str, float] = {}
    for part in accept.decode("latin-1").lower().split(","):
        kind, _, parameters = part.strip().partition(";")
        wanted[kind.strip()] = _quality(parameters)
    for one in offered:
        # The more exactly it is named, the more it counts.
        names = (one, f"{one.partition('/')[0]}/*", "*/*")
        quality = next((wanted[name] for name in names if name in wanted), 0.0)
        if quality > liked:
            best, liked = one, quality
    if not best:
        raise problems.NotAcceptable(offered=", ".join(offered))
    return best


def _quality(parameters: str) -> float:
    found = _QUALITY.fullmatch(parameters.replace(" ", ""))
    return float(found[1]) if found else 1.0


def _require_json(content_type: bytes | None) -> None:
    kind, _, parameters = (content_type or b"").decode("latin-1").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    if kind.strip() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise problems.UnsupportedMediaType(expected="application/json")


def _require_taken(content_type: bytes | None, takes: tuple[str, ...]) -> str:
    kind = (content_type or b"").decode("latin-1").lower().partition(";")[0].strip()
    if kind not in takes:
        raise problems.UnsupportedMediaType(expected=", ".join(takes))
    return kind


async def _body(call: Call, receive: Receive, most: int) -> bytes:
    """The whole body, never more than its limit, whatever Content-Length says."""
    declared = call.headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared[:12]) > most:
        raise problems.TooLarge(limit=most)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.MalformedBody(expected="complete")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise problems.TooLarge(limit=most)
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _problem(fault: Exception, request_id: str) -> RescindError:
    if isinstance(fault, RescindError):
        return fault
    # An order matters: a database's time-out is also an OSError, and a TimeoutError is the call's own.
    if isinstance(fault, (TimeoutError, *_DATABASE_AWAY)):
        log.warning("call.unavailable", id=request_id, fault=type(fault).__name__)
        return errors.Unavailable(retry_after=2)
    log.error("call.failed", id=request_id, exc_info=fault)
    return problems.Unexpected()


def _written(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else _encode(answer.body)


def _answer_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    headers = [(b"content-type", answer.media_type), *answer.headers]
    if answer.version is not None:
        headers.append((b"etag", f'"{answer.version}"'.encode()))
    if answer.location:
        headers.append((b"location", answer.location.encode()))
    if answer.replayed:
        headers.append((b"idempotent-replay", b"true"))
    return headers


async def _pour(stream: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send a stream until it ends or the reader has gone."""
    pouring = asyncio.ensure_future(_send_all(stream, send))
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pouring, leaving):
            task.cancel()
        ends = await asyncio.gather(pouring, leaving, return_exceptions=True)
        if isinstance(ends[0], Exception):
            log.error("stream.failed", exc_info=ends[0])


async def _send_all(stream: AsyncIterator[bytes], send: Send) -> None:
    async for part in stream:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
