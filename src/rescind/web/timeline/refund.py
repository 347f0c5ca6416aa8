"""Money on its way back."""

from __future__ import annotations

from rescind.core import chargeback, failed_refund, refund, refund_order
from rescind.core.parts import Refund, RefundStatus
from rescind.web.tender import goes_to
from rescind.web.timeline.teller import Entry, Teller


def owed(teller: Teller, event: refund.RefundOwed) -> Entry:
    """Money that came in too late, or twice, or that somebody gave back."""
    _ = teller.locale.gettext
    amount = teller.money(sum(one.amount_minor for one in event.refunds))
    if event.by and any(one.into for one in event.refunds):
        text = _("%(amount)s becomes credit toward a later purchase")
        return teller.entry(text % {"amount": amount}, "banknote", said=teller.said(event.comment))
    if event.by:
        text = _("%(amount)s given back, the delivery among it") if event.shipping_minor else _("%(amount)s given back")
        return teller.entry(text % {"amount": amount}, "banknote", said=teller.said(event.comment))
    returned = {one.tender for one in teller.order.chargebacks if one.returned_minor}
    if any(one.tender in returned for one in event.refunds):
        text = _("The bank gave %(amount)s back to the marketplace; it goes back to the buyer")
        if teller.mine:
            text = _("The bank gave %(amount)s back to the marketplace; it goes back to you")
        return teller.entry(text % {"amount": amount}, "banknote")
    return teller.entry(_("A late payment of %(amount)s goes back") % {"amount": amount}, "banknote")


def covered(teller: Teller, event: chargeback.RefundCovered) -> Entry:
    """What is not sent, because the buyer has it."""
    _ = teller.locale.gettext
    text = _("You got %(amount)s of the refund another way, so it is not sent again")
    if not teller.mine:
        text = _("The buyer got %(amount)s of the refund another way, so it is not sent again")
    return teller.entry(text % {"amount": teller.money(event.amount_minor)}, "banknote")


def settled(teller: Teller, event: failed_refund.FailedRefundSettled) -> Entry:
    """What became of money that could not go back."""
    _ = teller.locale.gettext
    amount = teller.money(sum(one.amount_minor for one in event.refunds))
    before = next((one for one in teller.order.refunds if one.id == event.refund), None)
    if before is not None and before.cause == refund.ONLY_TRIED:
        text = _("%(amount)s is owed again, as money")
        return teller.entry(text % {"amount": amount}, "banknote", said=teller.said(event.comment))
    if before is not None and before.cause and event.way is failed_refund.WayOn.AGAIN:
        return teller.entry(_("%(amount)s is to be sent; nothing was sent before") % {"amount": amount}, "banknote")
    text, icon = {
        failed_refund.WayOn.AGAIN: (_("%(amount)s is sent back once more"), "banknote"),
        failed_refund.WayOn.STORE_CREDIT: (_("%(amount)s becomes credit with us"), "banknote"),
        failed_refund.WayOn.PAID_OUT: (_("%(amount)s was paid out by hand"), "circle-check"),
    }[event.way]
    detail = _("Voucher %(number)s") % {"number": event.voucher} if event.voucher and not teller.in_shop else ""
    return teller.entry(text % {"amount": amount}, icon, detail=detail)


def answered(teller: Teller, event: refund.RefundAnswered) -> Entry | None:
    _ = teller.locale.gettext
    found = next((one for one in teller.order.refunds if one.id == event.refund), None)
    if found is None:
        return None
    tender = next(one for one in teller.order.tenders if one.id == found.tender)
    # No reference that leads to a means of payment is the seller's to know (I-26).
    to = goes_to(teller.locale, found, tender, seller=not teller.mine and not teller.among_staff)
    values = {"amount": teller.money(found.amount_minor), "tender": to}
    if found.ordered is not None:
        return _by_hand(teller, event, found, values)
    text, icon, tone = {
        RefundStatus.OWED: (_("%(amount)s to %(tender)s was not sent yet"), "circle-alert", "wait"),
        RefundStatus.SUBMITTED: (_("%(amount)s sent back to %(tender)s"), "banknote", ""),
        RefundStatus.SUCCEEDED: (_("%(amount)s refunded to %(tender)s"), "circle-check", "good"),
        RefundStatus.FAILED: (
            _("The refund of %(amount)s to %(tender)s did not go through"),
            "triangle-alert",
            "urgent",
        ),
        RefundStatus.IN_DOUBT: (
            _("The payment provider has not answered about %(amount)s to %(tender)s; we keep asking"),
            "circle-alert",
            "wait",
        ),
        RefundStatus.TAKEN_ELSEWHERE: (_("%(amount)s to %(tender)s reached the buyer another way"), "banknote", ""),
    }[event.status]
    if event.cause == refund.ONLY_TRIED:
        text = _("The refund of %(amount)s was only tried: no money moved")
        return teller.entry(text % values, icon, "wait", cancellation=found.cancellation or "")
    if event.cause and event.status is RefundStatus.FAILED:
        text, tone = _("%(amount)s to %(tender)s could not be sent"), "wait"
    if event.cause and not teller.mine:
        return teller.entry(
            text % values,
            icon,
            tone,
            detail=teller.locale.term("not_sent", event.cause),
            cancellation=found.cancellation or "",
        )
    told = event.reference and not teller.in_shop
    detail = _("Reference %(reference)s") % {"reference": event.reference} if told else ""
    return teller.entry(text % values, icon, tone, detail=detail, cancellation=found.cancellation or "")


def _by_hand(teller: Teller, event: refund.RefundAnswered, found: Refund, values: dict[str, str]) -> Entry:
    """What became of a refund that the platform pays out itself."""
    _ = teller.locale.gettext
    cancellation = found.cancellation or ""
    if event.confirm_by is not None:
        text = _("%(amount)s to %(tender)s is being paid out by the platform") % values
        until = _("To be confirmed by %(until)s") % {"until": teller.locale.instant(event.confirm_by)}
        return teller.entry(text, "banknote", detail="" if teller.mine else until, cancellation=cancellation)
    if event.status is RefundStatus.SUCCEEDED:
        day = teller.locale.date(event.paid_on) if event.paid_on else ""
        text = _("%(amount)s paid out to %(tender)s") % values
        told = {"reference": event.reference, "day": day}
        detail = _("Reference %(reference)s, paid out on %(day)s") % told
        if teller.in_shop:
            detail = _("Paid out on %(day)s") % told
        return teller.entry(text, "circle-check", "good", detail=detail, cancellation=cancellation)
    text = _("The refund of %(amount)s to %(tender)s did not go through") % values
    why = teller.locale.term("not_paid_out", event.declined) if event.declined else ""
    return teller.entry(text, "triangle-alert", "urgent", detail=why, cancellation=cancellation)


def ordered(teller: Teller, event: refund_order.RefundOrderTaken | refund_order.RefundOrderLapsed) -> Entry | None:
    """Who sees to a refund that the platform pays out itself; a matter of the platform's."""
    if not teller.among_staff:
        return None
    _ = teller.locale.gettext
    if isinstance(event, refund_order.RefundOrderTaken):
        return teller.entry(_("%(owner)s pays this refund out") % {"owner": event.owner}, "user")
    text = _("Nobody confirmed the refund in time. Whoever leads support has it now.")
    return teller.entry(text, "clock", "urgent")
