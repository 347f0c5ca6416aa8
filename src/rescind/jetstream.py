"""A NATS server with JetStream that is told what happens: connecting, the stream, and publishing until it is kept.

The client (nats-py, the extra ``nats``) is loaded where a server is set. Its own ways of connecting again are off: what
could not be published is published again from PostgreSQL, by whoever is next.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.client import JetStreamContext

Fault = Literal["unreachable", "not_let_in", "no_jetstream", "not_kept", "password_unreadable"]
"""Why nothing is published. not_kept: the server answered, and would not keep a message."""
FAULTS: tuple[Fault, ...] = ("unreachable", "not_let_in", "no_jetstream", "not_kept", "password_unreadable")
PATIENCE_S = 5.0
CONNECT_S = 3
REMEMBERED_S = 600.0
"""How long a stream that we make knows the ids of messages, and drops one that comes twice."""
LARGEST = 64 * 1024
_SAID = 200


class Server(NamedTuple):
    """Where to publish. prefix: of the subjects; days, mib: how much a stream keeps that we make ourselves."""

    addresses: tuple[str, ...]
    stream: str = "RESCIND"
    prefix: str = "rescind"
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    days: int = 7
    mib: int = 1024


class Message(NamedTuple):
    """One event. subject: without the prefix; id: by which a repeat is known."""

    id: str
    subject: str
    body: bytes


class NotPublished(Exception):
    """The server did not keep all of it. What it kept already it will know again by its id."""

    def __init__(self, fault: Fault, said: str) -> None:
        super().__init__(fault, said)
        self.fault: Fault = fault
        self.said = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:_SAID]


def installed() -> bool:
    """Whether the client is there."""
    return find_spec("nats") is not None


class JetStream:
    """A connection that is opened when it is first needed and again after each fault."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._lost = asyncio.Event()

    async def publish(self, waves: Iterable[Sequence[Message]]) -> None:
        """Publish wave after wave; the messages of one wave beside each other. Raises NotPublished.

        A wave begins once the server has kept all of the one before.
        """
        from nats.errors import Error  # noqa: PLC0415 - an extra

        try:
            stream = self._stream or await self._open()
            for wave in waves:
                await self._send(stream, wave)
        except NotPublished:
            await self.close()
            raise
        except (Error, OSError, TimeoutError, ValueError) as fault:
            await self.close()
            raise _meant(fault) from None

    async def close(self) -> None:
        """Hang up."""
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            from nats.errors import Error  # noqa: PLC0415 - an extra

            with suppress(Error, OSError, TimeoutError):
                await asyncio.wait_for(client.close(), PATIENCE_S)

    async def _send(self, stream: JetStreamContext, wave: Sequence[Message]) -> None:
        """Until the server has kept each, or has hung up: then nobody answers any more."""
        # They share a connection, so what happened to one is what happened to all.
        sending = asyncio.gather(*(self._send_one(stream, one) for one in wave), return_exceptions=True)
        lost = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait({sending, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ConnectionResetError("the server hung up")
            if fault := next((one for one in await sending if one is not None), None):
                raise fault
        finally:
            sending.cancel()
            lost.cancel()
            await asyncio.gather(sending, lost, return_exceptions=True)

    async def _send_one(self, stream: JetStreamContext, one: Message) -> None:
        await stream.publish(
            f"{self._server.prefix}.{one.subject}",
            one.body,
            timeout=PATIENCE_S,
            stream=self._server.stream,
            headers={"Nats-Msg-Id": one.id, "Content-Type": "application/json"},
        )

    async def _open(self) -> JetStreamContext:
        from nats.aio.client import Client  # noqa: PLC0415 - an extra
        from nats.js.errors import NotFoundError  # noqa: PLC0415 - likewise

        said = self._server
        password = _password(said.password_file) if said.user else None
        # Known before it is connected: half a connection is closed too.
        client = self._client = Client()
        lost = self._lost = asyncio.Event()

        async def hung_up() -> None:
            lost.set()

        await client.connect(
            list(said.addresses),
            name="rescind",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_S,
            error_cb=_told_elsewhere,
            closed_cb=hung_up,
            user=said.user or None,
            password=password,
            tls=ssl.create_default_context(cafile=said.ca_file) if said.ca_file else None,
        )
        stream = client.jetstream(timeout=PATIENCE_S)  # pyright: ignore[reportUnknownMemberType]  # further words
        try:
            await stream.stream_info(said.stream)
        except NotFoundError:
            await self._make(stream)
        self._stream = stream
        return stream

    async def _make(self, stream: JetStreamContext) -> None:
        """The stream, where nobody has made it: on disk, with an end in time and in size. One that is there stays."""
        from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig  # noqa: PLC0415 - an extra

        said = self._server
        await stream.add_stream(  # pyright: ignore[reportUnknownMemberType]  # likewise
            StreamConfig(
                name=said.stream,
                description="What happens to orders",
                subjects=[f"{said.prefix}.>"],
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=said.days * 86400.0,
                max_bytes=said.mib * 1024 * 1024,
                max_msg_size=LARGEST,
                duplicate_window=REMEMBERED_S,
            )
        )


async def _told_elsewhere(_: Exception) -> None:
    """The client tells each fault twice: what it raises is what we keep."""


def _password(path: Path | None) -> str:
    """Read each time, so that a new one needs no restart."""
    assert path is not None, "the settings were checked"
    try:
        return path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise NotPublished("password_unreadable", str(fault)) from None


def _meant(fault: BaseException) -> NotPublished:
    """What a fault of the client means for whoever looks after the server."""
    from nats.errors import AuthorizationError, NoRespondersError  # noqa: PLC0415 - an extra
    from nats.js.errors import APIError, NoStreamResponseError, ServiceUnavailableError  # noqa: PLC0415 - likewise

    said = str(fault) or type(fault).__name__
    if isinstance(fault, AuthorizationError) or "authorization violation" in said.lower():
        return NotPublished("not_let_in", said)
    if isinstance(fault, (NoRespondersError, ServiceUnavailableError)):
        return NotPublished("no_jetstream", said)
    if isinstance(fault, (APIError, NoStreamResponseError)):
        return NotPublished("not_kept", fault.description or said if isinstance(fault, APIError) else said)
    return NotPublished("unreachable", said)
