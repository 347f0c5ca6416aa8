"""The table of webhook endpoints: whose they are, where they are, what they chose, and how they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound
from rescind.core.instant import Instant
from rescind.core.scope import Scope

State = Literal["on", "paused", "gone", "failing", "removed"]
"""paused: by somebody; gone: the receiver said 410; failing: nothing but failures for days; removed: for good."""
_SEEN = (
    "endpoint_id, shop_id, url, about, events, state, key_pair, old_until, failing_since, stopped_at, created_at, "
    "created_by, changed_at, changed_by"
)
_THROUGH = "state <> 'removed' AND ($1::text IS NULL OR shop_id = $1)"
_ALL = f"SELECT {_SEEN} FROM webhook_endpoints WHERE {_THROUGH} ORDER BY shop_id NULLS FIRST, created_at, endpoint_id"  # noqa: S608 - names of ours
_FIND = f"SELECT {_SEEN} FROM webhook_endpoints WHERE {_THROUGH} AND endpoint_id = $2"  # noqa: S608
_SECRETS = f"""
SELECT secret, made_with, rotated_with, old_secret, old_until FROM webhook_endpoints
WHERE {_THROUGH} AND endpoint_id = $2
"""  # noqa: S608
_LISTENING = "SELECT endpoint_id, shop_id, events, state FROM webhook_endpoints WHERE state <> 'removed'"
_COUNT = "SELECT count(*) FROM webhook_endpoints WHERE state <> 'removed' AND shop_id IS NOT DISTINCT FROM $1"
_ADD = """
INSERT INTO webhook_endpoints (endpoint_id, shop_id, url, about, events, secret, made_with, created_at, created_by,
    changed_at, changed_by, key_pair)
SELECT $1, $2, $3, $4, $5, $6, $7, at, $9, at, $9, $10 FROM coalesce($8, clock_timestamp()) AS at
ON CONFLICT DO NOTHING
"""
# Switched on again, it begins with a clean slate: what failed before does not count.
_CHANGE = f"""
UPDATE webhook_endpoints
SET url = coalesce($3, url), about = coalesce($4, about), events = coalesce($5, events), state = coalesce($6, state),
    stopped_at = CASE WHEN coalesce($6, state) = 'on' THEN NULL WHEN $6 = state OR $6 IS NULL THEN stopped_at
        ELSE coalesce($7, clock_timestamp()) END,
    failing_since = CASE WHEN $6 = 'on' OR $3 <> url THEN NULL ELSE failing_since END,
    key_pair = coalesce($9, key_pair), changed_at = coalesce($7, clock_timestamp()), changed_by = $8
WHERE {_THROUGH} AND endpoint_id = $2 RETURNING {_SEEN}
"""  # noqa: S608
_ROTATE = f"""
UPDATE webhook_endpoints
SET old_secret = secret, old_until = coalesce($5, clock_timestamp()) + interval '24 hours', secret = $3,
    rotated_with = $4, changed_at = coalesce($5, clock_timestamp()), changed_by = $6
WHERE {_THROUGH} AND endpoint_id = $2 AND rotated_with IS DISTINCT FROM $4
"""  # noqa: S608
# How many of the last attempts of each endpoint came to what; looked at are as many as fit on a page.
_TOLD = """
SELECT e.endpoint_id, d.state, count(*) FROM unnest($1::text[]) AS e (endpoint_id), LATERAL (
    SELECT state FROM deliveries WHERE endpoint_id = e.endpoint_id ORDER BY made_at DESC LIMIT 1000) AS d
GROUP BY 1, 2
"""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody wants to be told. shop: whose it is, None for the marketplace's own. events: empty for everything.

    asymmetric: whether messages carry a signature for the public key too. old_until: until when the secret before still
    signs beside the present one. stopped_at: since when nothing is sent.
    """

    id: str
    shop: str | None
    url: str
    about: str
    events: tuple[str, ...]
    state: State
    asymmetric: bool
    old_until: Instant | None
    failing_since: Instant | None
    stopped_at: Instant | None
    created_at: Instant
    created_by: str
    changed_at: Instant
    changed_by: str


class Secrets(NamedTuple):
    """The sealed secret of an endpoint, what the requests that made it were known by, and the secret before."""

    secret: bytes
    made_with: bytes
    rotated_with: bytes | None
    old_secret: bytes | None
    old_until: Instant | None


class Listener(NamedTuple):
    """What fan-out has to know of an endpoint."""

    id: str
    shop: str | None
    events: tuple[str, ...]
    state: State


class EndpointTable:
    """Reads endpoints through a scope, and changes them."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def all(self, scope: Scope) -> tuple[Endpoint, ...]:
        """Every endpoint that is visible, the marketplace's own first."""
        return tuple(map(_endpoint, await self._pool.fetch(_ALL, scope.shop)))

    async def find(self, scope: Scope, identifier: str) -> Endpoint:
        """One endpoint. Raises NotFound, for a foreign one likewise."""
        row = await self._pool.fetchrow(_FIND, scope.shop, identifier)
        if row is None:
            raise NotFound(kind="endpoint")
        return _endpoint(row)

    async def secrets(self, scope: Scope, identifier: str) -> Secrets:
        """What is kept of its secret. Raises NotFound."""
        row = await self._pool.fetchrow(_SECRETS, scope.shop, identifier)
        if row is None:
            raise NotFound(kind="endpoint")
        return Secrets(*row)

    async def count(self, shop: str | None) -> int:
        """How many endpoints a shop has; None: the marketplace."""
        return int(await self._pool.fetchval(_COUNT, shop))

    async def add(
        self,
        identifier: str,
        shop: str | None,
        url: str,
        about: str,
        events: Sequence[str],
        secret: bytes,
        made_with: bytes,
        by: str,
        asymmetric: bool = False,
    ) -> None:
        """Keep a new endpoint; one that the same request has made already stays as it is."""
        now = self._clock.read()
        await self._pool.execute(
            _ADD, identifier, shop, url, about, list(events), secret, made_with, now, by, asymmetric
        )

    async def change(
        self,
        scope: Scope,
        identifier: str,
        by: str,
        *,
        url: str | None = None,
        about: str | None = None,
        events: Sequence[str] | None = None,
        state: State | None = None,
        asymmetric: bool | None = None,
    ) -> Endpoint:
        """Change what is given. Raises NotFound."""
        chosen = None if events is None else list(events)
        row = await self._pool.fetchrow(
            _CHANGE, scope.shop, identifier, url, about, chosen, state, self._clock.read(), by, asymmetric
        )
        if row is None:
            raise NotFound(kind="endpoint")
        return _endpoint(row)

    async def rotate(self, scope: Scope, identifier: str, secret: bytes, rotated_with: bytes, by: str) -> None:
        """Put a new secret in place; the one before holds for a day. The same request again changes nothing."""
        await self._pool.execute(_ROTATE, scope.shop, identifier, secret, rotated_with, self._clock.read(), by)

    async def listening(self) -> tuple[Listener, ...]:
        """Everybody who may have to be told."""
        return tuple(
            Listener(row["endpoint_id"], row["shop_id"], tuple(row["events"]), row["state"])
            for row in await self._pool.fetch(_LISTENING)
        )

    async def told(self, endpoints: Iterable[str]) -> dict[str, dict[str, int]]:
        """How many of the last thousand deliveries of each endpoint are in which state."""
        found: dict[str, dict[str, int]] = {}
        for row in await self._pool.fetch(_TOLD, list(endpoints)):
            found.setdefault(row["endpoint_id"], {})[row["state"]] = row["count"]
        return found


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=row["endpoint_id"],
        shop=row["shop_id"],
        url=row["url"],
        about=row["about"],
        events=tuple(row["events"]),
        state=row["state"],
        asymmetric=row["key_pair"],
        old_until=row["old_until"],
        failing_since=row["failing_since"],
        stopped_at=row["stopped_at"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )
