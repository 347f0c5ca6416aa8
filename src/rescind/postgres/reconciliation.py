"""Runs of comparing our refunds with a provider's: both sides in order, what differed, and who explained it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import asyncpg
import msgspec

from rescind.core.errors import DifferenceSettled, NotFound
from rescind.core.instant import Instant
from rescind.core.ledger import CREDIT_METHODS
from rescind.core.parts import FactKind, RefundStatus
from rescind.core.ports import ProviderRefund
from rescind.core.reconcile import GRACE, Difference, Kind, OurRefund
from rescind.core.record import decode_order
from rescind.core.refund import SANDBOX, ProviderOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

State = Literal["open", "told", "explained"]
AT_ONCE: Final = 5_000
"""Rows that travel together."""
LONGEST_S: Final = 3600.0
"""Seconds that one statement of a comparison may take."""
LARGEST: Final = 2**31 - 1
"""The largest number a run or a difference can have."""
BACK: Final = timedelta(days=30)
"""From when on refunds are compared, where nothing says otherwise."""

# No statement of these transactions is cut off, and nobody waits for them: their tables are the session's own. No state
# comes twice, so remembering what was made of one only costs.
_PATIENT = """
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL enable_memoize = off
"""
_TABLES = """
CREATE TEMPORARY TABLE ours (
    refund text COLLATE "C", shop text, order_id text, number text, tender text, payment text, amount_minor bigint,
    currency text, status text, reference text, owed_at timestamptz, expected boolean
);
CREATE TEMPORARY TABLE theirs (
    reference text COLLATE "C", refund text COLLATE "C", payment text, amount_minor bigint, currency text, status text,
    at timestamptz
)
"""
_GONE = "DROP TABLE IF EXISTS pg_temp.ours, pg_temp.theirs"
# An order that owed something since then has changed since then. Refunds are only in the state; of an order that never
# owed one the state is not read. What is credit of our own no provider lists, though the marketplace itself may; nor
# does it list what the marketplace pays out or what goes another way. To let go of a promise is no refund there. What
# was asked of a connection is there, whatever its payment names; what names none is the installation's own, and so is
# what names that.
_OURS = """
INSERT INTO ours
SELECT r ->> 'id', o.shop_id, o.order_id, o.number, r ->> 'tender', coalesce(t ->> 'payment', ''),
       (r ->> 'amount_minor')::bigint, o.currency, coalesce(r ->> 'status', 'owed'), coalesce(r ->> 'reference', ''),
       (r ->> 'owed_at')::timestamptz,
       (r ->> 'owed_at')::timestamptz >= $2 AND (r ->> 'owed_at')::timestamptz < $3 AND t ->> 'method' <> ALL ($4)
           AND r -> 'ordered' IS NULL AND coalesce(r ->> 'into', '') = ''
FROM orders o
CROSS JOIN LATERAL (SELECT convert_from(o.state, 'UTF8')::jsonb AS said OFFSET 0) AS state
CROSS JOIN LATERAL jsonb_array_elements(state.said -> 'refunds') AS r
CROSS JOIN LATERAL (
    SELECT one FROM jsonb_array_elements(state.said -> 'tenders') AS one WHERE one ->> 'id' = r ->> 'tender'
) AS tender (t)
WHERE o.updated_at >= $5 AND position('"refunds":[{'::bytea IN o.state) > 0
  AND coalesce(nullif(coalesce(r ->> 'through', t ->> 'provider'),
                      coalesce((SELECT name FROM provider_connections WHERE own), $6)), '') = $1
  AND NOT coalesce((r ->> 'release')::boolean, false)
"""
# Where a provider does not know our id, ours may know theirs.
_BY_REFERENCE = """
UPDATE theirs SET refund = ours.refund FROM ours
WHERE theirs.refund = '' AND theirs.reference <> '' AND ours.reference = theirs.reference
"""
_IN_ORDER_OURS = "SELECT * FROM ours ORDER BY refund"
_IN_ORDER_THEIRS = "SELECT * FROM theirs ORDER BY refund, at, reference"
_PAID_BY = """
SELECT state FROM orders WHERE (shop_id, order_id) IN (
    SELECT shop_id, order_id FROM payments
    WHERE payment = $1
      AND provider IN ('', coalesce(nullif($2, ''), (SELECT name FROM provider_connections WHERE own))))
"""
_BEGIN = """
INSERT INTO reconciliations (provider, source, since, until, started_by)
VALUES ($1, $2, $3, $4, $5) RETURNING number
"""
_FINISH = """
UPDATE reconciliations
SET finished_at = clock_timestamp(), ours = $2, theirs = $3, agreed = $4, on_its_way = $5, not_sent = $6
WHERE number = $1
"""
_KEEP = """
INSERT INTO differences (run, place, kind, refund_id, shop_id, order_id, order_number, our_status, our_minor,
                         our_currency, our_payment, owed_at, their_reference, their_status, their_minor, their_currency,
                         their_payment, their_at, their_count, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
"""
_RUNS = """
SELECT r.*, d.open, d.told, d.explained FROM reconciliations r CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'told') AS told,
           count(*) FILTER (WHERE state = 'explained') AS explained
    FROM differences WHERE run = r.number
) d
"""
_COLUMNS = """
run, place, kind, coalesce(refund_id, '') AS refund, coalesce(shop_id, '') AS shop, coalesce(order_id, '') AS "order",
coalesce(order_number, '') AS number, our_status, our_minor, our_currency, our_payment, owed_at, their_reference,
their_status, their_minor, their_currency, their_payment, their_at, their_count, state, explained_by, explained_at,
explanation
"""
# What waits for somebody comes first, and within that in the order of our own ids, which is the order they were found.
_DIFFERENCES = f"""
SELECT {_COLUMNS} FROM differences
WHERE run = $1 AND ($2::text IS NULL OR state = $2) AND place > $3 ORDER BY place LIMIT $4
"""  # noqa: S608 - our own columns
_EXPLAIN = f"""
UPDATE differences SET state = 'explained', explained_by = $3, explained_at = clock_timestamp(), explanation = $4
WHERE run = $1 AND place = $2 AND state = 'open' RETURNING {_COLUMNS}
"""  # noqa: S608 - our own columns
_ONE = f"SELECT {_COLUMNS} FROM differences WHERE run = $1 AND place = $2"  # noqa: S608 - our own columns
_SINCE = """
SELECT max(until) FROM reconciliations r WHERE provider = $1 AND finished_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM differences WHERE run = r.number AND state = 'open')
"""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison. ours and theirs: how many were looked at; open, told, explained: differences by state."""

    number: int
    provider: str
    source: str
    since: Instant
    until: Instant
    started_by: str
    started_at: Instant
    finished_at: Instant | None
    ours: int
    theirs: int
    agreed: int
    on_its_way: int
    not_sent: int
    open: int
    told: int
    explained: int


class Counts(msgspec.Struct, kw_only=True):
    """How many of each, while a run goes on."""

    ours: int = 0
    theirs: int = 0
    agreed: int = 0
    on_its_way: int = 0
    not_sent: int = 0


class KeptDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference as it is kept. Ours or theirs is None where there is none; their_count: of ``twice`` how many."""

    run: int
    place: int
    kind: Kind
    refund: str
    shop: str
    order: str
    number: str
    our_status: str | None
    our_minor: int | None
    our_currency: str | None
    our_payment: str
    owed_at: Instant | None
    their_reference: str
    their_status: str | None
    their_minor: int | None
    their_currency: str | None
    their_payment: str
    their_at: Instant | None
    their_count: int
    state: State
    explained_by: str | None
    explained_at: Instant | None
    explanation: str | None


class Reconciliations:
    """Reads and writes ``reconciliations`` and ``differences``."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def begins_at(self, provider: str, until: Instant) -> Instant:
        """From when on to compare where nobody says: since before the last run in which nothing stayed open."""
        last = await self._pool.fetchval(_SINCE, provider)
        return min(last, until) - timedelta(days=1) if last else until - BACK

    @asynccontextmanager
    async def both(
        self, theirs: AsyncIterator[Sequence[ProviderRefund]], *, provider: str, since: Instant, until: Instant
    ) -> AsyncGenerator[tuple[AsyncIterator[OurRefund], AsyncIterator[ProviderRefund]]]:
        """Both sides in the order of our ids, while the block runs.

        theirs: everything the provider has, in any order, some at a time; it is asked after ours were read, so that
        whatever ours say was sent is there, and between two transactions, so that a provider that takes its time holds
        nothing back in the database. The database sorts both, so that they need not fit into memory.
        """
        async with self._pool.acquire() as connection:
            try:
                async with connection.transaction():
                    await connection.execute(_PATIENT)
                    await connection.execute(_TABLES)
                    # A refund may be in the provider's list long after it was owed, so older ones are looked at too.
                    await connection.execute(
                        _OURS,
                        provider,
                        since,
                        until - GRACE,
                        sorted(CREDIT_METHODS),
                        since - BACK,
                        SANDBOX,
                        timeout=LONGEST_S,
                    )
                async for some in theirs:
                    rows = [_row(one) for one in some if since <= one.at <= until]
                    await connection.copy_records_to_table("theirs", records=rows, timeout=LONGEST_S)
                async with connection.transaction():
                    await connection.execute(_PATIENT)
                    await connection.execute("ANALYZE ours; ANALYZE theirs")
                    await connection.execute(_BY_REFERENCE, timeout=LONGEST_S)
                    yield _ours(connection), _theirs(connection)
            finally:
                if not connection.is_closed():
                    await connection.execute(_GONE)

    async def told_elsewhere(self, theirs: ProviderRefund, provider: str) -> bool:
        """Whether the order that this payment pays for was told of this very money as taken elsewhere."""
        for row in await self._pool.fetch(_PAID_BY, theirs.payment, provider) if theirs.payment else ():
            told = decode_order(row["state"])
            if any(
                one.fact is FactKind.REFUNDED_ELSEWHERE
                and (one.reference, one.amount_minor) == (theirs.reference, theirs.amount_minor)
                for one in told.reports
            ):
                return theirs.currency == told.currency
        return False

    async def begin(self, *, provider: str, source: str, since: Instant, until: Instant, by: str) -> int:
        """Note that a run has begun; gives its number."""
        return await self._pool.fetchval(_BEGIN, provider, source, since, until, by)

    async def keep(self, run: int, first: int, found: Sequence[tuple[Difference, State]]) -> None:
        """Keep differences under their places from ``first`` on."""
        rows = [_kept(run, place, one, state) for place, (one, state) in enumerate(found, first)]
        await self._pool.executemany(_KEEP, rows)

    async def finish(self, run: int, counts: Counts) -> Run:
        """Say that everything was looked at."""
        await self._pool.execute(
            _FINISH, run, counts.ours, counts.theirs, counts.agreed, counts.on_its_way, counts.not_sent
        )
        return await self.run(run)

    async def runs(self, limit: int = 50, before: int | None = None) -> tuple[Run, ...]:
        """The latest runs, newest first; those that broke off are among them, without an end."""
        rows = await self._pool.fetch(
            f"{_RUNS} WHERE $1::bigint IS NULL OR number < $1 ORDER BY number DESC LIMIT $2", before, limit
        )
        return tuple(Run(**dict(row)) for row in rows)

    async def run(self, number: int) -> Run:
        """One run. Raises NotFound."""
        row = await self._pool.fetchrow(f"{_RUNS} WHERE number = $1", number) if 0 < number <= LARGEST else None
        if row is None:
            raise NotFound(kind="reconciliation")
        return Run(**dict(row))

    async def differences(
        self, run: int, *, state: State | None = None, after: int = 0, limit: int = 100
    ) -> tuple[KeptDifference, ...]:
        """Differences of a run in the order in which they were found, which is that of our ids."""
        rows = await self._pool.fetch(_DIFFERENCES, run, state, after, limit)
        return tuple(KeptDifference(**dict(row)) for row in rows)

    async def explain(self, run: int, place: int, by: str, words: str) -> KeptDifference:
        """Say why an open difference is none that matters. The same words by the same person again change nothing.

        Raises NotFound, and DifferenceSettled for one that is not open any more.
        """
        if not (0 < run <= LARGEST and 0 < place <= LARGEST):
            raise NotFound(kind="difference")
        row = await self._pool.fetchrow(_EXPLAIN, run, place, by, words)
        if row is None:
            row = await self._pool.fetchrow(_ONE, run, place)
            if row is None:
                raise NotFound(kind="difference")
            if (row["explained_by"], row["explanation"]) != (by, words):
                raise DifferenceSettled(run=run, place=place, state=row["state"])
        return KeptDifference(**dict(row))


def _row(one: ProviderRefund) -> tuple[object, ...]:
    return (one.reference, one.refund, one.payment, one.amount_minor, one.currency, one.status.value, one.at)


def _kept(run: int, place: int, one: Difference, state: State) -> tuple[object, ...]:
    ours, theirs = one.ours, one.theirs[0] if one.theirs else None
    return (
        run,
        place,
        one.kind,
        ours.refund if ours else (theirs.refund or None if theirs else None),
        *((ours.shop, ours.order, ours.number) if ours else (None, None, None)),
        *((ours.status.value, ours.amount_minor, ours.currency) if ours else (None, None, None)),
        ours.payment if ours else "",
        ours.owed_at if ours else None,
        theirs.reference if theirs else "",
        theirs.status.value if theirs else None,
        sum(each.amount_minor for each in one.theirs) if theirs else None,
        theirs.currency if theirs else None,
        theirs.payment if theirs else "",
        theirs.at if theirs else None,
        len(one.theirs),
        state,
    )


async def _ours(connection: Any) -> AsyncIterator[OurRefund]:
    async for row in connection.cursor(_IN_ORDER_OURS, prefetch=AT_ONCE, timeout=LONGEST_S):
        yield OurRefund(
            refund=row["refund"],
            shop=row["shop"],
            order=row["order_id"],
            number=row["number"],
            tender=row["tender"],
            payment=row["payment"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            status=RefundStatus(row["status"]),
            reference=row["reference"],
            owed_at=row["owed_at"],
            expected=row["expected"],
        )


async def _theirs(connection: Any) -> AsyncIterator[ProviderRefund]:
    async for row in connection.cursor(_IN_ORDER_THEIRS, prefetch=AT_ONCE, timeout=LONGEST_S):
        yield ProviderRefund(
            reference=row["reference"],
            refund=row["refund"],
            payment=row["payment"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            status=ProviderOutcome(row["status"]),
            at=row["at"],
        )


async def in_parts(
    refunds: AsyncIterator[ProviderRefund] | Iterable[ProviderRefund],
) -> AsyncIterator[list[ProviderRefund]]:
    """What comes one by one, some at a time."""
    some: list[ProviderRefund] = []
    async for one in refunds if isinstance(refunds, AsyncIterator) else _each(refunds):
        some.append(one)
        if len(some) == AT_ONCE:
            yield some
            some = []
    yield some


async def _each(refunds: Iterable[ProviderRefund]) -> AsyncIterator[ProviderRefund]:
    for one in refunds:
        yield one
