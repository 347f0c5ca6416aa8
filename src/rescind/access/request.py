"""What a request says of whoever sent it: its headers, read once each, and its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from rescind.core.errors import RescindError

_LONGEST_AGENT = 300


class CrossSite(RescindError):
    """A form or script of another site, or one without the session's own token. Params: none."""

    code = "csrf"


class Whence(msgspec.Struct, frozen=True):
    """Whence somebody signs in: what their browser says of itself, and the address that the server sees.

    fresh_s: how long ago they showed who they are, where that was before; None for just now.
    """

    agent: str = ""
    address: str = ""
    fresh_s: float | None = None


def whence(connection: Connection, fresh_s: float | None = None) -> Whence:
    """Whence a request comes."""
    agent = header(connection.scope["headers"], b"user-agent") or b""
    return Whence(agent.decode("latin-1")[:_LONGEST_AGENT], address_of(connection.scope), fresh_s)


class Connection(Protocol):
    """What is read of a request: its ASGI scope; Litestar's ``Request`` has one."""

    @property
    def scope(self) -> Mapping[str, object]: ...


def header(headers: object, name: bytes) -> bytes | None:
    """A header that may stand once. Standing twice it is nobody's word: empty, which no check accepts."""
    found: bytes | None = None
    pairs: Iterable[tuple[bytes, bytes]] = headers  # pyright: ignore[reportAssignmentType]  # ASGI says so
    for key, value in pairs:
        if key == name:
            if found is not None:
                return b""
            found = value
    return found


def address_of(scope: Mapping[str, object]) -> str:
    """The address that the server sees, or believes of a proxy that settings name; empty for none."""
    client: Any = scope.get("client")
    return str(client[0]) if client else ""
