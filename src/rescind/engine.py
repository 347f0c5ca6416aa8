"""The one write path: read, decide, append, write.

Commands that wait at the same moment share one transaction, so that one flush to disk serves them all. One lane decides
while another waits for the database to write.
"""

from __future__ import annotations

import asyncio
import math
import random
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

import msgspec
import structlog

from rescind.core import lifecycle
from rescind.core.actor import Actor
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.details import Details
from rescind.core.errors import DailyLimit, IdempotencyKeyReused, NotFound, RescindError, StaleOrder, Unavailable
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.history import tells_nobody
from rescind.core.ids import OrderId, shop_of
from rescind.core.instant import Instant
from rescind.core.ledger import postings
from rescind.core.lifecycle import Command, Due
from rescind.core.limits import Guards, gift
from rescind.core.mandate import errand
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import PAYING, Through
from rescind.core.policy import Finding
from rescind.core.ports import (
    Beyond,
    Change,
    Conflict,
    Fingerprint,
    Found,
    GuardBook,
    Key,
    Paths,
    Retry,
    Store,
    TermsBook,
    UnitOfWork,
    Used,
    Wanted,
    Written,
)
from rescind.core.record import ROOT, Record, chain, encode
from rescind.core.room import require_room
from rescind.core.scope import Scope
from rescind.core.second_person import ProposalMade
from rescind.core.terms import Terms

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

log = structlog.get_logger()

LANES = 2
BATCH = 64
FEW = 8
"""So many commands are never divided."""
PATIENCE_S = 0.05
"""How long a command waits at most for company while a larger batch is being written."""
TRIES = 5
_RANDOM_BYTES = 4
_UNGUARDED = Guards()


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

    @property
    def proposed(self) -> ProposalMade | None:
        """That money is to move, where a second person has to agree first."""
        return next((one.event for one in self.records if isinstance(one.event, ProposalMade)), None)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing of an order was written. ``place``: which of its commands was refused."""

    place: int
    error: RescindError


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    submission: Submission
    answer: asyncio.Future[Outcome]


class Engine:
    """Handles commands. Use as ``async with engine.running():``; outside of it nothing is taken from the queue."""

    def __init__(
        self,
        store: Store,
        book: TermsBook,
        *,
        lanes: int = LANES,
        batch: int = BATCH,
        guards: GuardBook | None = None,
        paths: Paths | None = None,
    ) -> None:
        """guards: what one person may do with money; None: anything. paths: which connection takes a payment that is
        told; None where none does.
        """
        self._paths = paths
        self._store = store
        self._book = book
        self._lanes = lanes
        self._batch = batch
        self._guards = guards
        self._queue: deque[_Waiting] = deque()
        self._busy: set[OrderId] = set()
        self._deciding: asyncio.Task[None] | None = None
        self._writing = 0
        self._news = asyncio.Event()

    async def handle(self, submission: Submission) -> Outcome:
        """Decide and write one command; it is committed when this returns (I-16).

        Raises RescindError; nothing was written then (I-20). Unavailable when the database cannot be reached.
        """
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._news.set()
        return await waiting.answer

    async def bring_in(self, orders: Sequence[Sequence[Submission]]) -> list[Outcome | Refused]:
        """Decide and write what is brought along, many orders in one transaction; of each all commands, or none.

        Each command is decided on what the ones before it made of the order. An order stands once, its commands have no
        keys, and one that is there already is placed no second time. The outcome is that of the last command, with the
        records of all. Other commands go on meanwhile: nothing is locked, and an order that moved on since it was read
        makes the try begin anew. Raises Unavailable.
        """
        return await self._patiently(orders, write=True)

    async def weigh(self, orders: Sequence[Sequence[Submission]]) -> list[Outcome | Refused]:
        """What ``bring_in`` would answer now; nothing is written."""
        return await self._patiently(orders, write=False)

    async def _patiently(self, orders: Sequence[Sequence[Submission]], *, write: bool) -> list[Outcome | Refused]:
        for attempt in range(TRIES):
            try:
                return await self._bring_in(orders, write=write)
            except (Retry, Conflict) as fault:
                log.warning("import.retried", orders=len(orders), attempt=attempt, fault=str(fault))
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
        raise Unavailable(retry_after=1)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Self]:
        """Serve the queue while the block runs; what was taken is finished before it ends."""
        stop = asyncio.Event()
        lanes = [asyncio.create_task(self._lane(stop), name=f"lane-{n}") for n in range(self._lanes)]
        try:
            yield self
        finally:
            stop.set()
            self._news.set()
            await asyncio.gather(*lanes)
            for waiting in self._queue:
                waiting.answer.cancel()
            self._queue.clear()

    async def _lane(self, stop: asyncio.Event) -> None:
        while True:
            patient = True
            while not (batch := self._take(patient=patient)):
                if stop.is_set() and not self._queue:
                    return
                patient = await self._wait()
            self._deciding = asyncio.current_task()
            try:
                await self._serve(batch)
            finally:
                self._busy.difference_update(waiting.submission.command.order for waiting in batch)
                self._decided()

    async def _wait(self) -> bool:
        """Wait until there may be something to take; False when something has waited long enough."""
        self._news.clear()
        try:
            async with asyncio.timeout(PATIENCE_S if self._queue and self._deciding is None else None):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _decided(self) -> None:
        """Let another lane begin, once this one has nothing left to decide."""
        if self._deciding is asyncio.current_task():
            self._deciding = None
        self._news.set()

    def _take(self, *, patient: bool) -> list[_Waiting]:
        """What may run together: no order twice, and none that another lane holds; the rest keeps its place.

        Nothing while another lane decides: two would only take turns. patient: nothing either while far more commands
        are being written than wait, for a small batch costs nearly as much as a large one. And never many more than a
        lane's share of all that is under way: callers who were answered together ask again together, and if all of them
        were one batch, the database would wait while it is decided and everybody while it is written.
        """
        if self._deciding is not None or (patient and len(self._queue) * self._lanes < self._writing):
            return []
        share = math.ceil((len(self._queue) + self._writing) / self._lanes)
        most = min(self._batch, max(FEW, share))
        batch: list[_Waiting] = []
        passed: list[_Waiting] = []
        while self._queue and len(batch) < most:
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
            # What a provider is asked for meanwhile could not be told from the orders themselves.
            locking = any(lifecycle.weighs_refunds(one.submission.command) for one in batch)
            answers = await self._together([waiting.submission for waiting in batch], locking=locking)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told to the caller it belongs to
            if not isinstance(fault, Retry | Conflict):
                log.warning("batch.failed", size=len(batch), fault=repr(fault))
            self._decided()
            answers = [await self._alone(waiting.submission) for waiting in batch]
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.answer.done():
                continue
            if isinstance(answer, Outcome):
                waiting.answer.set_result(answer)
            else:
                waiting.answer.set_exception(answer)

    async def _alone(self, submission: Submission) -> Outcome | Exception:
        """Try one command until it is decided, and hold its order meanwhile: somebody wants it at the same moment.

        A commit whose answer was lost is found again by the command's key.
        """
        for attempt in range(TRIES):
            try:
                return (await self._together([submission], locking=True))[0]
            except (Retry, Conflict) as fault:
                log.warning("transaction.retried", order=submission.command.order, attempt=attempt, fault=str(fault))
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
            except Exception as fault:  # noqa: BLE001 - it belongs to the caller of handle(), not to the lane
                return fault
        return Unavailable(retry_after=1)

    async def _together(self, submissions: Sequence[Submission], *, locking: bool) -> list[Outcome | Exception]:
        """One transaction for all of them; a command that is refused leaves no trace in it."""
        async with self._store.unit_of_work(locking=locking) as work:
            situation = await work.read([_wanted(one) for one in submissions])
            answers: list[Outcome | Exception] = []
            changes: list[Change] = []
            # One trip to the system's source for all of them.
            entropy = secrets.token_bytes(_RANDOM_BYTES * len(submissions))
            for place, (submission, found) in enumerate(zip(submissions, situation.found, strict=True)):
                if found.used:
                    answers.append(await _again(work, submission, found.used))
                    continue
                own = int.from_bytes(entropy[place * _RANDOM_BYTES :][:_RANDOM_BYTES], "big")
                try:
                    outcome, change = await self._decide(submission, found, situation.now, own)
                except RescindError as refusal:
                    answers.append(refusal)
                except Exception as fault:
                    # One command that cannot be decided must not take its neighbours with it.
                    command = submission.command
                    log.exception("command.failed", order=command.order, command=type(command).__name__)
                    answers.append(fault)
                else:
                    answers.append(outcome)
                    if change:
                        changes.append(change)
            self._decided()
            if changes:
                self._writing += len(changes)
                try:
                    beyond = await work.write(changes, situation.now)
                finally:
                    self._writing -= len(changes)
                if beyond:
                    answers = _refused(answers, beyond, situation.now)
        return answers

    async def _bring_in(self, orders: Sequence[Sequence[Submission]], *, write: bool) -> list[Outcome | Refused]:
        async with self._store.unit_of_work(many=True) as work:
            situation = await work.read([_wanted(commands[0]) for commands in orders])
            answers: list[Outcome | Refused] = []
            changes: list[Change] = []
            for commands, found in zip(orders, situation.found, strict=True):
                outcome, change = await self._whole(commands, found, situation.now)
                answers.append(outcome)
                if change:
                    changes.append(change)
                # A batch takes a while to decide; whoever waits for a page or an answer has a turn in between.
                await asyncio.sleep(0)
            if changes and write:
                await work.write(changes, situation.now)
        return answers

    async def _whole(
        self, commands: Sequence[Submission], found: Found, moment: Instant
    ) -> tuple[Outcome | Refused, Change | None]:
        """All commands of one order as one change."""
        have = found.stored
        before, head = (have.order, have.head) if have else (None, ROOT)
        now = max(moment, have.updated_at) if have else moment
        order, written, notes, decision = before, (), (), Decision(events=())
        terms, context, _ = await self._circumstances(before, commands[0].command, found, moment)
        for place, submission in enumerate(commands):
            try:
                _require_seen(submission, order)
                entropy = int.from_bytes(secrets.token_bytes(_RANDOM_BYTES), "big")
                paths = await self._paths_of(order, submission.command)
                context = msgspec.structs.replace(context, entropy=entropy, paths=paths)
                decision = lifecycle.decide(order, submission.command, submission.actor, context, terms, now)
                order, news = _append(order, head, decision, submission, now)
                require_room(submission.command, submission.actor, order)
            except RescindError as error:
                return Refused(place=place, error=error), None
            if news:
                head, written, notes = news[-1].hash, (*written, *news), (*notes, *decision.notes)
            elif isinstance(submission.command, PlaceOrder):
                break
        after = lifecycle.require(order)
        records = tuple([one.record for one in written])
        outcome = Outcome(order=after, records=records, finding=decision.finding)
        if not written:
            return outcome, None
        change = Change(
            before=before,
            after=after,
            written=written,
            notes=notes,
            details=commands[0].details,
            due=lifecycle.due_moves(before, after),
            told=not tells_nobody(before, after, records),
        )
        return outcome, change

    async def _decide(
        self, submission: Submission, found: Found, moment: Instant, entropy: int
    ) -> tuple[Outcome, Change | None]:
        have = found.stored
        command = submission.command
        before = have.order if have else None
        _require_seen(submission, before)
        # Never below the order's last record, so that a clock set back cannot turn its history around (I-38).
        now = max(moment, have.updated_at) if have else moment
        terms, context, guards = await self._circumstances(before, command, found, moment, entropy)
        decision = lifecycle.decide(before, command, submission.actor, context, terms, now)
        after, written = _append(before, have.head if have else ROOT, decision, submission, now)
        require_room(command, submission.actor, after)
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
            due=lifecycle.due_moves(before, after, settled),
            gift=gift(decision.events, submission.actor, after.currency, guards.daily),
            errand=errand(command, submission.actor, before, decision.events),
        )

    async def _circumstances(
        self, before: Order | None, command: Command, found: Found, moment: Instant, entropy: int = 0
    ) -> tuple[Terms, Context, Guards]:
        """The terms the order was bought under, and what else a decision depends on."""
        pins, placed_at = (
            (command.pins, command.placed_at)
            if isinstance(command, PlaceOrder)
            else (lifecycle.require(before).pins, lifecycle.require(before).placed_at)
        )
        guards = await self._guards.now() if self._guards else _UNGUARDED
        terms = await self._book.terms(pins, placed_at, shop_of(command.order))
        context = Context(
            calendar=self._book.calendar(terms),
            entropy=entropy,
            buyer_cancels_30d=found.buyer_cancels_30d,
            as_of=moment,
            asked=found.asked,
            outages=self._book.outages,
            alone_up_to_minor=guards.alone_up_to.get(before.currency) if before else None,
            reached=self._book.reached(shop_of(command.order)),
            paths=await self._paths_of(before, command),
        )
        return terms, context, guards

    async def _paths_of(self, order: Order | None, command: Command) -> Mapping[str, Through]:
        if order is None or self._paths is None or not isinstance(command, ReportFact) or command.fact not in PAYING:
            return {}
        return await self._paths.of(order.tenders, order.currency, command.occurred_at, command.connection)


def _require_seen(submission: Submission, order: Order | None) -> None:
    """Raises NotFound where the order is not in the caller's scope, StaleOrder where it is another than they saw."""
    if order is None:
        return
    if not submission.scope.sees(order.shop, order.buyer, order.id):
        raise NotFound(kind="order")
    if submission.expected_version is not None and order.version != submission.expected_version:
        raise StaleOrder(order=order.id, expected=submission.expected_version, actual=order.version)


def _refused(
    answers: Sequence[Outcome | Exception], beyond: Sequence[Beyond], now: Instant
) -> list[Outcome | Exception]:
    """The answers, with a problem for each command that goes beyond its mandate, or would have given more than somebody
    may on this day.
    """
    left = {one.change.after.id: one for one in beyond}
    seconds = 86_400 - (now.hour * 60 + now.minute) * 60 - now.second
    return [
        _beyond(left[answer.order.id], seconds) if isinstance(answer, Outcome) and answer.order.id in left else answer
        for answer in answers
    ]


def _beyond(one: Beyond, seconds: int) -> RescindError:
    if one.outside is not None:
        return one.outside
    gift_ = one.change.gift
    assert gift_ is not None, "only what is given has a limit"
    limits: dict[str, Money | int] = {}
    if gift_.most_minor is not None:
        limits["most"] = Money(gift_.most_minor, gift_.currency)
    if gift_.most_acts is not None:
        limits["acts"] = gift_.most_acts
    return DailyLimit(currency=gift_.currency, retry_after=seconds, **limits)


def _wanted(submission: Submission) -> Wanted:
    command = submission.command
    if isinstance(command, PlaceOrder):
        return Wanted(order=command.order, shop=command.shop, number=command.number, key=submission.key)
    return Wanted(
        order=command.order,
        shop=shop_of(command.order),
        key=submission.key,
        asked=lifecycle.weighs_refunds(command),
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
    if not submission.scope.sees(order.shop, order.buyer, order.id):
        return NotFound(kind="order")
    return Outcome(order=order, records=tuple(records[used.first - 1 :]), replayed=True)
