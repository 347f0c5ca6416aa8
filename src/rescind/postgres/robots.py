"""The table of group robots: whose they are, what their groups hear, and how they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound
from rescind.core.instant import Instant
from rescind.core.scope import Scope

State = Literal["on", "paused", "gone", "failing", "removed"]
"""paused: by somebody; gone: it is not in its group any more; failing: nothing but failures for days."""
_SEEN = (
    "robot_id, shop_id, kind, signed, shown, about, topics, language, state, free_at, next_at, failing_since, "
    "stopped_at, last_at, last_fault, last_said, last_test, verified_at, created_at, created_by, changed_at, changed_by"
)
_THROUGH = "state <> 'removed' AND ($1::text IS NULL OR shop_id = $1)"
_ALL = f"SELECT {_SEEN} FROM robots WHERE {_THROUGH} ORDER BY shop_id, created_at, robot_id"  # noqa: S608 - names of ours
_FIND = f"SELECT {_SEEN} FROM robots WHERE {_THROUGH} AND robot_id = $2"  # noqa: S608
_ASKED = f"SELECT made_with, tested_with FROM robots WHERE {_THROUGH} AND robot_id = $2"  # noqa: S608
_COUNT = "SELECT count(*) FROM robots WHERE state <> 'removed' AND shop_id = $1"
_ADD = """
INSERT INTO robots (shop_id, robot_id, kind, url, secret, signed, shown, address, about, topics, language, made_with,
    free_at, next_at, created_at, created_by, changed_at, changed_by)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, at, at, at, $14, at, $14
FROM coalesce($13, clock_timestamp()) AS at
ON CONFLICT (shop_id, robot_id) DO NOTHING
"""
# Switched on again, or put right, it begins with a clean slate: what failed before does not count.
_CHANGE = f"""
UPDATE robots
SET about = coalesce($3, about), topics = coalesce($4, topics), language = coalesce($5, language),
    state = coalesce($6, state), url = coalesce($7, url), shown = coalesce($8, shown), address = coalesce($9, address),
    secret = coalesce($10, secret), signed = coalesce($11, signed),
    stopped_at = CASE WHEN coalesce($6, state) = 'on' THEN NULL WHEN $6 = state OR $6 IS NULL THEN stopped_at
        ELSE coalesce($12, clock_timestamp()) END,
    failing_since = CASE WHEN $6 = 'on' OR $7 IS NOT NULL OR $10 IS NOT NULL THEN NULL ELSE failing_since END,
    tries = CASE WHEN $6 = 'on' OR $7 IS NOT NULL OR $10 IS NOT NULL THEN 0 ELSE tries END,
    next_at = CASE WHEN $6 = 'on' OR $7 IS NOT NULL OR $10 IS NOT NULL THEN coalesce($12, clock_timestamp())
        ELSE next_at END,
    verified_at = CASE WHEN $7 IS NULL THEN verified_at END,
    changed_at = coalesce($12, clock_timestamp()), changed_by = $13
WHERE {_THROUGH} AND robot_id = $2 RETURNING {_SEEN}
"""  # noqa: S608
# Somebody speaks to it now; nobody else does before the span is over.
_CLAIM = """
UPDATE robots SET free_at = coalesce($3, clock_timestamp()) + $4::interval, fence = fence + 1, tested_with = $5
WHERE shop_id = $1 AND robot_id = $2 AND state <> 'removed' AND free_at <= coalesce($3, clock_timestamp())
RETURNING shop_id, robot_id, kind, url, secret, language, fence, tries
"""
# Whoever slept past the lease changes nothing: the fence is another's by then. A test that was heard ends a row of
# failures; it switches nothing on by itself.
_FINISH = """
UPDATE robots r
SET free_at = at + $4::interval, last_at = at, last_fault = $5, last_said = $6, last_test = $7,
    tries = CASE WHEN $5 = '' THEN 0 WHEN $7 THEN tries ELSE tries + 1 END,
    next_at = CASE WHEN $5 = '' THEN at WHEN $7 THEN next_at ELSE at + $8::interval END,
    failing_since = CASE WHEN $5 = '' THEN NULL WHEN $7 THEN failing_since ELSE coalesce(failing_since, at) END,
    verified_at = CASE WHEN $5 = '' THEN coalesce(verified_at, at) ELSE verified_at END,
    state = CASE WHEN state <> 'on' OR $5 = '' OR $7 THEN state WHEN $5 = 'no_robot' THEN 'gone'
        WHEN failing_since <= at - $9::interval THEN 'failing' ELSE state END,
    stopped_at = CASE WHEN state = 'on' AND $5 <> '' AND NOT $7
        AND ($5 = 'no_robot' OR failing_since <= at - $9::interval) THEN at ELSE stopped_at END
FROM coalesce($10, clock_timestamp()) AS at
WHERE r.shop_id = $1 AND r.robot_id = $2 AND r.fence = $3 AND r.state <> 'removed'
RETURNING r.state
"""
GIVEN_UP_AFTER = timedelta(days=5)
"""A robot that has answered nothing but failures for so long is switched off."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A robot as people see it. shown: what they may see of its address. topics: empty for everything.

    free_at: when it may be spoken to again. last_fault: empty when it took the last message; None before the first.
    """

    id: str
    shop: str
    kind: str
    signed: bool
    shown: str
    about: str
    topics: tuple[str, ...]
    language: str
    state: State
    free_at: Instant
    next_at: Instant
    failing_since: Instant | None
    stopped_at: Instant | None
    last_at: Instant | None
    last_fault: str
    last_said: str
    last_test: bool
    verified_at: Instant | None
    created_at: Instant
    created_by: str
    changed_at: Instant
    changed_by: str


class Asked(NamedTuple):
    """What the requests that made a robot, and that last tried it, are known by."""

    made_with: bytes
    tested_with: bytes | None


class Address(NamedTuple):
    """A robot's address, sealed; what of it may be seen; and what it is known by."""

    sealed: bytes
    shown: str
    hash: bytes


class Held(NamedTuple):
    """A robot that somebody speaks to now. fence: what the end of that has to show; tries: failures in a row."""

    shop: str
    id: str
    kind: str
    url: bytes
    secret: bytes
    language: str
    fence: int
    tries: int


class Heard(NamedTuple):
    """What came of speaking to a robot. fault: empty when it took it. gap: how long it is then left alone.

    wait: after a failure, until it is tried again.
    """

    fault: str
    said: str
    gap: timedelta
    wait: timedelta = timedelta(0)


class RobotTable:
    """Reads robots through a scope, and changes them."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def all(self, scope: Scope) -> tuple[Row, ...]:
        """Every robot that is visible."""
        return tuple(map(_row, await self._pool.fetch(_ALL, scope.shop)))

    async def find(self, scope: Scope, identifier: str) -> Row:
        """One robot. Raises NotFound, for a foreign one likewise."""
        return _found(await self._pool.fetchrow(_FIND, scope.shop, identifier))

    async def asked(self, scope: Scope, identifier: str) -> Asked:
        """By which requests it was made and tried. Raises NotFound."""
        row = await self._pool.fetchrow(_ASKED, scope.shop, identifier)
        if row is None:
            raise NotFound(kind="robot")
        return Asked(*row)

    async def count(self, shop: str) -> int:
        """How many robots a shop has."""
        return int(await self._pool.fetchval(_COUNT, shop))

    async def add(
        self,
        shop: str,
        identifier: str,
        kind: str,
        address: Address,
        secret: bytes,
        *,
        signed: bool,
        about: str,
        topics: Sequence[str],
        language: str,
        made_with: bytes,
        by: str,
    ) -> bool:
        """Keep a new robot; one that the same request has made already stays as it is.

        False: the shop has a robot at this address already.
        """
        try:
            await self._pool.execute(
                _ADD,
                shop,
                identifier,
                kind,
                address.sealed,
                secret,
                signed,
                address.shown,
                address.hash,
                about,
                list(topics),
                language,
                made_with,
                self._clock.read(),
                by,
            )
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def change(
        self,
        scope: Scope,
        identifier: str,
        by: str,
        *,
        about: str | None = None,
        topics: Sequence[str] | None = None,
        language: str | None = None,
        state: State | None = None,
        address: Address | None = None,
        secret: tuple[bytes, bool] | None = None,
    ) -> Row | None:
        """Change what is given; None: the shop has another robot at that address. Raises NotFound.

        secret: sealed, and whether messages are signed with it.
        """
        try:
            row = await self._pool.fetchrow(
                _CHANGE,
                scope.shop,
                identifier,
                about,
                None if topics is None else list(topics),
                language,
                state,
                *(address or (None, None, None)),
                *(secret or (None, None)),
                self._clock.read(),
                by,
            )
        except asyncpg.UniqueViolationError:
            return None
        return _found(row)

    async def claim(self, shop: str, identifier: str, span: timedelta, asked: bytes) -> Held | None:
        """Try a robot now, and nobody else speaks to it before ``span`` is over; None: it is not free yet.

        asked: what the request is known by.
        """
        row = await self._pool.fetchrow(_CLAIM, shop, identifier, self._clock.read(), span, asked)
        return Held(*row) if row else None

    async def finish(self, connection: Any, held: Held, heard: Heard, *, test: bool = False) -> State | None:
        """Write down what came of it, within the caller's transaction; the state from now on.

        None: somebody else holds the robot by now, or it was removed, and nothing was written.
        """
        return await connection.fetchval(
            _FINISH,
            held.shop,
            held.id,
            held.fence,
            heard.gap,
            heard.fault,
            heard.said,
            test,
            heard.wait,
            GIVEN_UP_AFTER,
            self._clock.read(),
        )

    async def tested(self, held: Held, heard: Heard) -> None:
        """Write down what came of a test."""
        await self.finish(self._pool, held, heard, test=True)


def _found(row: Any) -> Row:
    if row is None:
        raise NotFound(kind="robot")
    return _row(row)


def _row(row: Any) -> Row:
    return msgspec.convert({**row, "id": row["robot_id"], "shop": row["shop_id"]}, Row)
