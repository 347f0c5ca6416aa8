"""Refunds: the provider is asked outside any transaction, and only for what was committed as owed (I-05, I-08)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Self

import msgspec

from rescind.core.actor import SYSTEM
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus, Tender
from rescind.core.ports import PaymentProvider, ProviderReply, RefundCall
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable, Leased
from rescind.worker.each import each

AT_ONCE = 32
REFILLED_AT, REFILLED_AFTER_S = 8, 0.2
"""Places are filled again many at a time, when no more than so many refunds are under way, or so long after."""
LEASE = timedelta(seconds=30)
CHECK_AGAIN = timedelta(minutes=15)


async def sweep(engine: Engine, due: DueTable, provider: PaymentProvider) -> int:
    """Send or ask about up to ``AT_ONCE`` refunds that are due, and wait for all of them; returns how many.

    Raises an ExceptionGroup of what failed.
    """
    leased = await due.lease("refund", LEASE, AT_ONCE)
    await each(_ask(engine, due, one, provider) for one in leased)
    return len(leased)


class Sending:
    """Refunds that are under way beside each other, for ``async with``.

    Each is written down as soon as its provider has answered. One whose provider takes its time keeps one of the places
    and no other refund waiting: the others' places are filled again meanwhile.
    """

    def __init__(self, engine: Engine, due: DueTable, provider: PaymentProvider) -> None:
        self._engine, self._due, self._provider = engine, due, provider
        self._under_way: set[asyncio.Task[None]] = set()
        self._failed: list[Exception] = []
        self._room = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in self._under_way:
            one.cancel()
        # What a provider was asked and we did not wait for is asked about by whoever has the lease next.
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def sweep(self) -> int:
        """Fill the places with refunds that are due; returns how many, when most places are free or after a moment.

        Raises an ExceptionGroup of what failed since the last time.
        """
        if self._failed:
            failed, self._failed = self._failed, []
            raise ExceptionGroup("some refunds failed", failed)
        places = AT_ONCE - len(self._under_way)
        leased = await self._due.lease("refund", LEASE, places) if places else []
        for one in leased:
            task = asyncio.create_task(_ask(self._engine, self._due, one, self._provider))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        if len(self._under_way) > REFILLED_AT:
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), REFILLED_AFTER_S)
        return len(leased)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and isinstance(fault := task.exception(), Exception):
            self._failed.append(fault)
        if len(self._under_way) <= REFILLED_AT:
            self._room.set()


async def _ask(engine: Engine, due: DueTable, leased: Leased, provider: PaymentProvider) -> None:
    order = leased.order
    refund = next((one for one in order.refunds if one.id == leased.due.ref), None)
    if refund is None or refund.status not in OPEN:
        return
    call = refund_call(order, refund, leased.at)
    promised = await _promised(due, order, refund.tender) if refund.release else []
    if promised:
        # A promise is let go whole or not at all, so what counts is all that is let go of it, by whichever order.
        let_go = sum(tender.released_minor for _, tender in promised)
        call = msgspec.structs.replace(call, amount_minor=let_go)
    reply = await _asked(provider, call, refund)
    wait = timedelta(seconds=reply.check_after_s) if reply.check_after_s else CHECK_AGAIN
    command = RecordRefundReply(
        order=order.id,
        refund=refund.id,
        outcome=reply.outcome,
        reference=reply.reference,
        cause=reply.cause,
        next_check_at=leased.at + wait,
        confirm_days=reply.confirm_days,
        through=reply.through,
    )
    await engine.handle(Submission(command=command, actor=SYSTEM))
    if reply.outcome is ProviderOutcome.SUCCEEDED:
        # The earlier parts of a promise waited for the last one, which took them with it.
        for each, tender in promised:
            for one in each.refunds:
                if one.release and one.tender == tender.id and one.status in OPEN and one.id != refund.id:
                    told = msgspec.structs.replace(command, order=each.id, refund=one.id)
                    await engine.handle(Submission(command=told, actor=SYSTEM))
    if reply.outcome is ProviderOutcome.NOT_SENT:
        # It is owed as before, so nothing in the order says when to try again.
        await due.postpone(leased, wait)


async def _promised(due: DueTable, order: Order, tender: str) -> list[tuple[Order, Tender]]:
    """The tenders that one promise of a bank is behind, this one among them: an authorisation may be shared."""
    this = next(one for one in order.tenders if one.id == tender)
    orders = {one.id: one for one in (await due.paid_by(this.payment) if this.payment else ())} | {order.id: order}
    return [
        (each, one)
        for each in orders.values()
        for one in each.tenders
        if one is this or (this.payment and one.payment == this.payment and one.provider in {"", this.provider})
    ]


async def _asked(provider: PaymentProvider, call: RefundCall, refund: Refund) -> ProviderReply:
    if refund.release:
        # Letting go is asked for again until it is clear: what was let go stays so, and there is no refund to look up.
        return await provider.release(call)
    if refund.status is RefundStatus.OWED:
        return await provider.refund(call)
    return await provider.look_up(call)


def refund_call(order: Order, refund: Refund, at: Instant) -> RefundCall:
    """A refund as its provider is asked for it."""
    tender = next(tender for tender in order.tenders if tender.id == refund.tender)
    return RefundCall(
        order=order.id,
        number=order.number,
        shop=order.shop,
        tender=tender.id,
        method=tender.method,
        payment=tender.payment,
        provider=refund.through or tender.provider,
        trial=tender.trial,
        account=tender.account,
        amount_minor=refund.amount_minor,
        currency=order.currency,
        refund=refund.id,
        owed_at=refund.owed_at,
        at=at,
        reference=refund.reference,
        into=refund.into,
    )
