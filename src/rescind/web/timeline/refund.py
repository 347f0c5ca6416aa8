"""Money on its way back."""

from __future__ import annotations

from rescind.core import chargeback, refund
from rescind.core.order import RefundStatus
from rescind.web.tender import tender_name
from rescind.web.timeline.teller import Entry, Teller


def owed(teller: Teller, event: refund.RefundOwed) -> Entry:
    """Money that came in too late, or twice."""
    _ = teller.locale.gettext
    amount = teller.money(sum(one.amount_minor for one in event.refunds))
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


def answered(teller: Teller, event: refund.RefundAnswered) -> Entry | None:
    _ = teller.locale.gettext
    found = next((one for one in teller.order.refunds if one.id == event.refund), None)
    if found is None:
        return None
    tender = next(one for one in teller.order.tenders if one.id == found.tender)
    values = {"amount": teller.money(found.amount_minor), "tender": tender_name(teller.locale, tender)}
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
    if event.cause and not teller.mine:
        return teller.entry(
            text % values,
            icon,
            tone,
            detail=teller.locale.term("not_sent", event.cause),
            cancellation=found.cancellation or "",
        )
    detail = _("Reference %(reference)s") % {"reference": event.reference} if event.reference else ""
    return teller.entry(text % values, icon, tone, detail=detail, cancellation=found.cancellation or "")
