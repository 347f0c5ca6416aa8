"""The one write path: lock, decide, append, commit.

Commands that wait at the same moment share one transaction, so that one flush to disk serves them all. A lane that
becomes free takes whatever waits. Another lane joins in only when a whole batch waits: two half batches cost more
than one whole.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

import msgspec
import structlog

from rescind.core import lifecycle
from rescind.core.actor import Actor
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.details import Details
from rescind.core.errors import IdempotencyKeyReused, NotFound, RescindError, StaleOrder, Unavailable
from rescind.core.fulfilment import PlaceOrder
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.ledger import postings
from rescind.core.lifecycle import Command, Due
from rescind.core.order import Order
from rescind.core.policy import Finding
from rescind.core.ports import (
    Change,
    Conflict,
    Fingerprint,
    Key,
    Retry,
    Situation,
    Store,
    Stored,
    TermsBook,
    UnitOfWork,
    Used,
    Written,
)
from rescind.core.record import ROOT, Record, chain, encode
from rescind.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

log = structlog.get_logger()

LANES = 2
BATCH = 64
TRIES = 5
_RANDOM_BITS = 28


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A command with its circumstances.

    key and fingerprint: what makes a repeat a repeat. expected_version: the order's version the caller last saw.
    settled: the due row this command answers, deleted with it. scope: through whose eyes the order is looked for; one
    outside of it is not found (I-30), and no read before the command is needed to know.
    """

    command: Command
    actor: Actor
    key: Key | None = None
    fingerprint: Fingerprint = Fingerprint(b"")
    expected_version: int | None = None
    details: Details | None = None
    settled: Due | None = None
    scope: Scope = Scope()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did. ``order``: right after it, also for a repeat. ``records``: none when nothing was news."""

    order: Order
    records: tuple[Record, ...]
    finding: Finding | None = None
    replayed: bool = False


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    submission: Submission
    answer: asyncio.Future[Outcome]


class Engine:
    """Handles commands. Use as ``async with engine.running():``; outside of it nothing is taken from the queue."""

    def __init__(self, store: Store, book: TermsBook, *, lanes: int = LANES, batch: int = BATCH) -> None:
        self._store = store
        self._book = book
        self._lanes = lanes
        self._batch = batch
        self._queue: deque[_Waiting] = deque()
        self._busy: set[OrderId] = set()
        self._working = 0
        self._news = asyncio.Condition()

    async def handle(self, submission: Submission) -> Outcome:
        """Decide and write one command; it is committed when this returns (I-16).

        Raises RescindError; nothing was written then (I-20). Unavailable when the database cannot be reached.
        """
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        async with self._news:
            self._news.notify()
        return await waiting.answer

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Self]:
        """Serve the queue while the block runs; what was taken is finished before it ends."""
        stop = asyncio.Event()
        lanes = [asyncio.create_task(self._lane(stop), name=f"lane-{n}") for n in range(self._lanes)]
        try:
            yield self
        finally:
            stop.set()
            async with self._news:
                self._news.notify_all()
            await asyncio.gather(*lanes)
            for waiting in self._queue:
                waiting.answer.cancel()
            self._queue.clear()

    async def _lane(self, stop: asyncio.Event) -> None:
        while True:
            async with self._news:
                while not (batch := self._take()):
                    if stop.is_set():
                        return
                    await self._news.wait()
            self._working += 1
            try:
                await self._serve(batch)
            finally:
                self._working -= 1
                self._busy.difference_update(waiting.submission.command.order for waiting in batch)
                if self._queue:
                    async with self._news:
                        self._news.notify()

    def _take(self) -> list[_Waiting]:
        """What may run together: no order twice, and none that another lane holds; the rest keeps its place."""
        if self._working and len(self._queue) < self._batch:
            return []
        batch: list[_Waiting] = []
        passed: list[_Waiting] = []
        while self._queue and len(batch) < self._batch:
            waiting = self._queue.popleft()
            if waiting.answer.cancelled():
                continue
            order = waiting.submission.command.order
            if order in self._busy:
                passed.append(waiting)
            else:
                self._busy.add(order)
                batch.append(waiting)
        self._queue.extendleft(reversed(passed))
        return batch

    async def _serve(self, batch: Sequence[_Waiting]) -> None:
        """Answer every command of a batch: together, or alone when together the database would not have it."""
        try:
            answers = await self._together([waiting.submission for waiting in batch])
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told to the caller it belongs to
            if not isinstance(fault, Retry | Conflict):
                log.warning("batch.failed", size=len(batch), fault=repr(fault))
            answers = [await self._alone(waiting.submission) for waiting in batch]
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.answer.done():
                continue
            if isinstance(answer, Outcome):
                waiting.answer.set_result(answer)
            else:
                waiting.answer.set_exception(answer)

    async def _alone(self, submission: Submission) -> Outcome | Exception:
        """Try one command until it is decided. A commit whose answer was lost is found again by the command's key."""
        for attempt in range(TRIES):
            try:
                return (await self._together([submission]))[0]
            except (Retry, Conflict) as fault:
                log.warning("transaction.retried", order=submission.command.order, attempt=attempt, fault=str(fault))
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
            except Exception as fault:  # noqa: BLE001 - it belongs to the caller of handle(), not to the lane
                return fault
        return Unavailable(retry_after=1)

    async def _together(self, submissions: Sequence[Submission]) -> list[Outcome | Exception]:
        """One transaction for all of them; a command that is refused leaves no trace in it."""
        async with self._store.unit_of_work() as work:
            placed = [s.command for s in submissions if isinstance(s.command, PlaceOrder)]
            stored = await work.lock(
                [s.command.order for s in submissions], [(command.shop, command.number) for command in placed]
            )
            by_id = {one.order.id: one for one in stored}
            by_number = {(one.order.shop, one.order.number): one for one in stored}
            situation = await work.look([s.key for s in submissions if s.key], list(by_id))
            answers: list[Outcome | Exception] = []
            changes: list[Change] = []
            for submission in submissions:
                command = submission.command
                have = by_id.get(command.order)
                if isinstance(command, PlaceOrder):
                    have = by_number.get((command.shop, command.number), have)
                used = situation.used.get(submission.key) if submission.key else None
                if used:
                    answers.append(await _again(work, submission, used))
                    continue
                try:
                    outcome, change = await self._decide(submission, have, situation)
                except RescindError as refusal:
                    answers.append(refusal)
                except Exception as fault:
                    # One command that cannot be decided must not take its neighbours with it.
                    log.exception("command.failed", order=command.order, command=type(command).__name__)
                    answers.append(fault)
                else:
                    answers.append(outcome)
                    if change:
                        changes.append(change)
            if changes:
                await work.write(changes, situation.now)
        return answers

    async def _decide(
        self, submission: Submission, have: Stored | None, situation: Situation
    ) -> tuple[Outcome, Change | None]:
        command = submission.command
        before = have.order if have else None
        if before and not submission.scope.sees(before.shop, before.buyer):
            raise NotFound(kind="order")
        if submission.expected_version is not None and before and before.version != submission.expected_version:
            raise StaleOrder(order=before.id, expected=submission.expected_version, actual=before.version)
        # Never below the order's last record, so that a clock set back cannot turn its history around (I-38).
        now = max(situation.now, have.updated_at) if have else situation.now
        pins, placed_at = (
            (command.pins, command.placed_at)
            if isinstance(command, PlaceOrder)
            else (lifecycle.require(before).pins, lifecycle.require(before).placed_at)
        )
        terms = await self._book.terms(pins, placed_at)
        context = Context(
            calendar=self._book.calendar(terms),
            entropy=secrets.randbits(_RANDOM_BITS),
            buyer_cancels_30d=situation.buyer_cancels_30d.get(command.order, 0),
            as_of=situation.now,
        )
        decision = lifecycle.decide(before, command, submission.actor, context, terms, now)
        after, written = _append(before, have.head if have else ROOT, decision, submission, now)
        outcome = Outcome(order=after, records=tuple(one.record for one in written), finding=decision.finding)
        settled = (submission.settled,) if submission.settled else ()
        if not written and not settled:
            return outcome, None
        return outcome, Change(
            before=before,
            after=after,
            written=written,
            notes=decision.notes,
            details=submission.details,
            key=submission.key if written else None,
            fingerprint=submission.fingerprint,
            settled=settled,
        )


def _append(
    before: Order | None, head: bytes, decision: Decision, submission: Submission, now: Instant
) -> tuple[Order, tuple[Written, ...]]:
    order = before
    written: list[Written] = []
    for event in map(lifecycle.known, decision.events):
        after = lifecycle.apply(order, event)
        record = Record(
            order=after.id,
            seq=after.version,
            received_at=now,
            actor=submission.actor,
            key=submission.key.key if submission.key else "",
            event=event,
        )
        data = encode(record)
        head = chain(head, data)
        written.append(Written(record=record, data=data, hash=head, postings=postings(order, event)))
        order = after
    return lifecycle.require(order), tuple(written)


async def _again(work: UnitOfWork, submission: Submission, used: Used) -> Outcome | RescindError:
    """Give the first answer again, from what it wrote (ID-02). A fault of the database belongs to the whole batch."""
    if used.fingerprint != submission.fingerprint:
        return IdempotencyKeyReused()
    records = await work.records(used.order, used.last)
    order = lifecycle.replay(tuple(record.event for record in records))
    if not submission.scope.sees(order.shop, order.buyer):
        return NotFound(kind="order")
    return Outcome(order=order, records=tuple(records[used.first - 1 :]), replayed=True)
