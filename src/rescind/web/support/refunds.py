"""Support says what becomes of money that could not go back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rescind.core.errors import InvalidField
from rescind.core.failed_refund import SettleFailedRefund, WayOn, being_settled, open_minor, stuck, to_settle, ways
from rescind.core.ids import RefundId
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.terms import Terms
from rescind.intake.text import label
from rescind.web.seller.console import Console, new_key
from rescind.web.seller.giving import alone_of
from rescind.web.tender import tender_name


def failed_of(console: Console, order: Order, terms: Terms) -> list[dict[str, Any]]:
    """Each refund that failed or cannot be sent, with the ways the policy leaves, and how much of it alone.

    cause: why it cannot be sent, empty for one that failed. proposed: a colleague has to confirm what becomes of it.
    """
    language = console.language
    by_id = {tender.id: tender for tender in order.tenders}
    return [
        {
            "id": one.id,
            "amount": Money(open_minor(order, one), order.currency),
            "tender": tender_name(language, by_id[one.tender]),
            "ways": [(way.value, language.term("way", way.value)) for way in ways(order, one, terms)],
            "alone": alone_of(console, order),
            "cause": language.term("not_sent", one.cause) if stuck(order, one) else "",
            "proposed": being_settled(order, one),
            "key": new_key(),
        }
        for one in to_settle(order)
    ]


async def settle(console: Console, order_id: str) -> str:
    """Send a failed refund another way. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    way = form.text("way_back")
    if way not in {one.value for one in WayOn}:
        raise InvalidField(field="way_back", expected="a choice of the list")
    refund = RefundId(form.text("refund"))
    command = SettleFailedRefund(
        order=view.order.id,
        refund=refund,
        way=WayOn(way),
        wait_until=_until(form.text("wait_until"), console.zone) if way == WayOn.AGAIN else None,
        consent=console.note(form.text("agreed_how"), "agreed_how") if way == WayOn.STORE_CREDIT else None,
        voucher=label(form.text("voucher"), field="voucher") if way == WayOn.PAID_OUT else "",
    )
    outcome = await console.submit(command, view.shop.id, f"settle:{refund}", form.text("key"))
    return "proposed" if outcome.proposed else f"settled_{way}"


def _until(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(field="wait_until", expected="a time that is still to come") from None
    return local.replace(tzinfo=local.tzinfo or ZoneInfo(zone)).astimezone(UTC)
