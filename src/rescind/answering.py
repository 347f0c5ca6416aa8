"""Answering many requests to cancel at once: each by a command of its own, as a single answer would be decided."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rescind.access.principal import Principal
from rescind.core.cancellation import ApproveCancellation, RefuseCancellation
from rescind.core.errors import NotFound, RescindError
from rescind.core.event import Note
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.ports import Fingerprint, Key
from rescind.core.views import CaseRow, Filters
from rescind.engine import Engine, Outcome, Submission
from rescind.postgres.reads import Reads

MOST = 500
"""So many at once."""
_LOOKED_FOR = 100
_TOGETHER = 50
"""How many wait for the engine at a time, so that others get their turn between them."""
_ROUTE = "answer many requests"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. approve: else it is refused, for which there is a reason. comment: words for the buyer. version: of
    the order, as it was read; refund: what was shown. None: whatever there is now.
    """

    request: str
    approve: bool
    reason: str = ""
    carrier: str = ""
    tracking: str = ""
    comment: Note | None = None
    version: int | None = None
    refund: Money | None = None

    def command(self, case: CaseRow) -> ApproveCancellation | RefuseCancellation:
        """The command of a single answer."""
        of = CancellationId(self.request)
        if self.approve:
            return ApproveCancellation(order=case.order_id, cancellation=of, comment=self.comment, refund=self.refund)
        return RefuseCancellation(
            order=case.order_id,
            cancellation=of,
            reason=self.reason,
            carrier=self.carrier,
            tracking=self.tracking,
            comment=self.comment,
        )


class Answering:
    """Answers requests of a shop, or of the platform."""

    def __init__(self, engine: Engine, reads: Reads) -> None:
        self._engine = engine
        self._reads = reads

    async def cases(self, who: Principal, requests: Iterable[str], now: Instant) -> Mapping[str, CaseRow]:
        """The requests of these ids that somebody may see, by id."""
        wanted, found = list(requests), dict[str, CaseRow]()
        for first in range(0, len(wanted), _LOOKED_FOR):
            some = Filters(numbers=tuple(wanted[first : first + _LOOKED_FOR]))
            page = await self._reads.cases(who.scope, some, limit=_LOOKED_FOR, now=now)
            found |= {row.case_id: row for row in page.rows if row.kind == "cancellation"}
        return {one: found[one] for one in wanted if one in found}

    async def each(
        self, who: Principal, replies: Sequence[Reply], key: str, now: Instant
    ) -> list[Outcome | RescindError]:
        """What became of each, in their order; one that cannot be decided keeps no other from it.

        key: whoever sends the same ones again under it learns what became of them, and nothing happens twice.
        """
        cases = await self.cases(who, (one.request for one in replies), now)
        turns = asyncio.Semaphore(_TOGETHER)
        return await asyncio.gather(*(self._one(who, one, cases.get(one.request), key, turns) for one in replies))

    async def _one(
        self, who: Principal, reply: Reply, case: CaseRow | None, key: str, turns: asyncio.Semaphore
    ) -> Outcome | RescindError:
        if case is None:
            return NotFound(kind="can")
        one = hashlib.sha256(f"{key}\n{reply.request}".encode()).hexdigest()
        submission = Submission(
            command=reply.command(case),
            actor=who.actor(),
            key=Key(shop=case.shop_id, principal=f"{who.role}:{who.id}", route=_ROUTE, key=one),
            fingerprint=_fingerprint(reply),
            expected_version=reply.version,
            scope=who.scope,
        )
        async with turns:
            try:
                return await self._engine.handle(submission)
            except RescindError as error:
                return error


def _fingerprint(reply: Reply) -> Fingerprint:
    """What was asked; each time it is asked, the same words have another salt."""
    words = reply.comment.body if reply.comment else None
    said: list[object] = [reply.request, reply.approve, reply.reason, reply.carrier, reply.tracking, words]
    if reply.refund is not None:
        said.append(reply.refund)
    return Fingerprint(hashlib.sha256(msgspec.json.encode(said)).digest())
