"""Refunds that the marketplace pays out itself: who says so, one by one or many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from rescind.core import refund_order
from rescind.core.actor import Actor
from rescind.core.errors import NotFound, RescindError
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.parts import RefundStatus
from rescind.core.ports import ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.core.refund_order import ConfirmRefundOrder, DeclineRefundOrder, TakeRefundOrder
from rescind.core.scope import Scope
from rescind.core.second_person import proposed_before, to_confirm
from rescind.core.views import RefundOrderFilters, RefundOrderRow
from rescind.engine import Engine, Submission
from rescind.postgres.reads import Reads

_PAGE = 100
MOST_ROWS = 5_000
"""Rows of a file, given or taken."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says that one refund was paid out."""

    refund: str
    reference: str
    paid_on: date
    amount: Money


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one: the refund order since, whether that was news, and whether a second person has to agree."""

    row: RefundOrderRow
    news: bool

    @property
    def proposed(self) -> bool:
        """Whether it was only proposed, and waits for a second person."""
        return refund_order.said_paid(self.row.order, self.row.refund)


class PayingOut:
    """What host, support and operators do about refund orders. Nothing here decides."""

    def __init__(self, engine: Engine, reads: Reads) -> None:
        self._engine = engine
        self._reads = reads

    async def take(self, scope: Scope, actor: Actor, refund: str, *, over: bool = False) -> Confirmed:
        """See to it oneself; ``over``: in a colleague's place. Raises Forbidden, NotFound, RefundSettled,
        InvalidTransition.
        """
        found = await self._reads.refund_order(scope, refund)
        command = TakeRefundOrder(order=found.order.id, refund=found.refund.id, over=over)
        return await self._do(scope, actor, found, command)

    async def confirm(self, scope: Scope, actor: Actor, said: Confirmation) -> Confirmed:
        """It was paid out. Raises what ``refund_order.confirm`` does."""
        found = await self._reads.refund_order(scope, said.refund)
        return await self._do(scope, actor, found, _command(found, said))

    async def decline(self, scope: Scope, actor: Actor, refund: str, code: str) -> Confirmed:
        """It could not be paid out, or came back. Raises what ``refund_order.decline`` does."""
        found = await self._reads.refund_order(scope, refund)
        command = DeclineRefundOrder(order=found.order.id, refund=found.refund.id, code=code)
        return await self._do(scope, actor, found, command)

    async def confirm_each(
        self, scope: Scope, actor: Actor, said: Sequence[Confirmation]
    ) -> list[Confirmed | RescindError]:
        """Each by itself; one that cannot be confirmed keeps no other from it."""
        return [await self._told(scope, actor, one) for one in said]

    async def check_each(
        self, scope: Scope, actor: Actor, said: Sequence[Confirmation], now: Instant
    ) -> list[RefundOrderRow | RescindError]:
        """What confirming each would say now; nothing is written."""
        return [await self._checked(scope, actor, one, now) for one in said]

    async def every(self, scope: Scope, filters: RefundOrderFilters) -> list[RefundOrderRow]:
        """All of them, up to ``MOST_ROWS``, the oldest first; not what somebody says was paid out, lest it be twice."""
        rows: list[RefundOrderRow] = []
        cursor: str | None = None
        while len(rows) < MOST_ROWS:
            page = await self._reads.refund_orders(scope, filters, cursor, _PAGE)
            rows.extend(one for one in page.rows if not refund_order.said_paid(one.order, one.refund))
            cursor = page.next
            if cursor is None:
                break
        return rows[:MOST_ROWS]

    async def said(self, refund: RefundId) -> ProviderReply | None:
        """What somebody said of a refund, as a provider would; None while nobody has."""
        try:
            found = (await self._reads.refund_order(Scope(), refund)).refund
        except NotFound:
            return None
        outcome = {
            RefundStatus.SUCCEEDED: ProviderOutcome.SUCCEEDED,
            RefundStatus.FAILED: ProviderOutcome.DECLINED,
        }.get(found.status)
        return ProviderReply(outcome=outcome, reference=found.reference) if outcome else None

    async def _told(self, scope: Scope, actor: Actor, said: Confirmation) -> Confirmed | RescindError:
        try:
            return await self.confirm(scope, actor, said)
        except RescindError as error:
            return error

    async def _checked(
        self, scope: Scope, actor: Actor, said: Confirmation, now: Instant
    ) -> RefundOrderRow | RescindError:
        try:
            found = await self._reads.refund_order(scope, said.refund)
            command = _command(found, said)
            refund_order.confirm(found.order, command, actor, now)
            if refund_order.waits(found.refund):
                proposed_before(found.order, actor.kind, to_confirm(found.order, command))
        except RescindError as error:
            return error
        return found

    async def _do(self, scope: Scope, actor: Actor, found: RefundOrderRow, command: Command) -> Confirmed:
        outcome = await self._engine.handle(Submission(command=command, actor=actor, scope=scope))
        refund = next(one for one in outcome.order.refunds if one.id == found.refund.id)
        row = msgspec.structs.replace(found, order=outcome.order, refund=refund)
        return Confirmed(row=row, news=bool(outcome.records))


def _command(found: RefundOrderRow, said: Confirmation) -> ConfirmRefundOrder:
    return ConfirmRefundOrder(
        order=found.order.id,
        refund=found.refund.id,
        reference=said.reference,
        paid_on=said.paid_on,
        amount=said.amount,
    )
