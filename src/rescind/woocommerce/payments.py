"""Refunds that a shop's own payment plugins send back, where the operator chose so: then nobody else pays them.

WooCommerce knows no idempotency key. So each refund carries our id in its meta data, is looked for by that id before
it is asked for, and is asked for once: an answer that was lost, or that says a plugin failed, may hide money that left.
What is not found then stays in doubt, and a person says what became of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from rescind.core.errors import Unavailable
from rescind.core.instant import Instant
from rescind.core.ports import Captured, PaymentCall, ProviderRefund, ProviderReply, ProviderTraits, RefundCall
from rescind.core.refund import ProviderOutcome
from rescind.core.retelling import restocked_with
from rescind.postgres.order_sources import Linked, OrderSourceTable
from rescind.woocommerce.client import Shop, Trouble
from rescind.woocommerce.documents import WooRefund, minor, moment
from rescind.woocommerce.telling import found_by, refund_asked

AGAIN_S = 900


class Payments:
    """The plugins of one shop. name: of the connection; source: of the order source; restock: what is cancelled goes
    back into its stock.
    """

    traits = ProviderTraits(asynchronous=False)

    def __init__(self, name: str, source: str, shop: Shop, table: OrderSourceTable, *, restock: bool) -> None:
        self.name = name
        self._source = source
        self._shop = shop
        self._table = table
        self._restock = restock

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask for a refund, once."""
        linked = await self._linked(call)
        if linked is None:
            return _not_sent()
        try:
            known = found_by(await self._shop.refunds(linked.foreign), call.refund)
            if known is not None:
                return _reply(known)
            if _asked(call) in linked.told:
                return _in_doubt()
            order = await self._table.order(linked.shop, linked.order)
            woo = await self._shop.order(linked.foreign)
        except Trouble:
            # Nothing was asked for yet.
            return _not_sent()
        assert order is not None, "orders are never removed"
        asked = refund_asked(
            woo, call.refund, call.amount_minor, restocked_with(order, call.refund), pays=True, restock=self._restock
        )
        if not await self._table.mark(linked, _asked(call)):
            return _in_doubt()
        try:
            return _reply(await self._shop.refund(linked.foreign, asked))
        except Trouble as trouble:
            if trouble.unclear:
                return _in_doubt()
            await self._table.unmark(linked, _asked(call))
            if trouble.cause in {"declined", "missing"}:
                return ProviderReply(outcome=ProviderOutcome.DECLINED)
            return _not_sent(trouble.retry_after_s)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Look for it by our id; what was asked for and is not there stays in doubt."""
        return await self.refund(call)

    async def captured(self, call: PaymentCall) -> Captured:
        """What the order there says of its payment."""
        linked = await self._linked(call)
        if linked is None:
            return Captured(clear=False, check_after_s=AGAIN_S)
        try:
            woo = await self._shop.order(linked.foreign)
        except Trouble as trouble:
            return Captured(clear=False, check_after_s=trouble.retry_after_s or AGAIN_S)
        at = moment(woo.date_paid_gmt, field="/date_paid_gmt")
        amount = minor(woo.total, woo.currency, field="/total") if at else 0
        return Captured(clear=True, at=at, amount_minor=min(amount, call.amount_minor))

    async def release(self, call: PaymentCall) -> ProviderReply:  # noqa: ARG002 - a plugin cannot be asked to
        """WooCommerce has no such request."""
        return _not_sent()

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:  # noqa: ARG002
        """It lists refunds order by order, and none by time."""
        raise Unavailable(retry_after=0)
        yield

    async def _linked(self, call: PaymentCall) -> Linked | None:
        found = await self._table.ours(call.shop, call.order)
        return found if found is not None and found.source == self._source else None


def _asked(call: RefundCall) -> str:
    """The mark of a refund that was asked for."""
    return f"asked:{call.refund}"


def _reply(refund: WooRefund) -> ProviderReply:
    if not refund.refunded_payment:
        # It stands in the books there, and no plugin says that it sent the money.
        return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, reference=str(refund.id), check_after_s=AGAIN_S)
    return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=str(refund.id))


def _in_doubt() -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=AGAIN_S)


def _not_sent(after_s: int = 0) -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=after_s or AGAIN_S)
