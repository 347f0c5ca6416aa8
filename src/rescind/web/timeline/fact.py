"""What was reported of an order, and what of it was put right."""

from __future__ import annotations

from rescind.core import correction, fulfilment
from rescind.core.actor import ActorKind
from rescind.core.packing import AT_THE_BENCH
from rescind.core.parts import FactKind
from rescind.web.tender import tender_name
from rescind.web.timeline.review import found_words
from rescind.web.timeline.teller import Entry, Teller


def placed(teller: Teller) -> Entry:
    _ = teller.locale.gettext
    text = _("You placed the order") if teller.mine else _("The buyer placed the order")
    return teller.entry(text, "receipt", by="buyer")


def reported(teller: Teller, event: fulfilment.FactReported) -> Entry | None:
    _ = teller.locale.gettext
    if event.fact is FactKind.PAID:
        if not any(event.captured.values()):
            return None
        # A seller is told how much, not by which means (I-26).
        seen = teller.order.tenders if teller.mine or teller.among_staff else ()
        names = [tender_name(teller.locale, one) for one in seen if event.captured.get(one.id)]
        text = _("Paid %(amount)s") % {"amount": teller.money(sum(event.captured.values()))}
        if event.by == ActorKind.SYSTEM.value and not teller.mine:
            # Word of it never came; the provider was asked before the order was given up (KF-17).
            names.append(_("found by asking the payment provider"))
        return teller.entry(text, "credit-card", detail=_(", ").join(names), by="buyer")
    if event.fact is FactKind.AUTHORISED:
        text = _("The bank reserved %(amount)s") % {"amount": teller.money(sum(event.authorised.values()))}
        return teller.entry(text, "credit-card", by="buyer")
    text, icon = {
        FactKind.REVIEW_OPENED: (_("A person checks the order"), "eye"),
        FactKind.REVIEW_CLEARED: (_("The check is done"), "check"),
        FactKind.ALLOCATED: (_("The goods are set aside"), "package"),
        FactKind.PREPARATION_STARTED: (_("The shop began to prepare the order"), "package-open"),
        FactKind.PACKING_STARTED: (_("The shop began to pack"), "package-open"),
        FactKind.PACKED: (_("The parcel is packed"), "package-check"),
        FactKind.TRACKING_ADDED: (_("A shipping label was made"), "package-check"),
        FactKind.HANDED_OVER: (_("Handed to the carrier"), "truck"),
        FactKind.OUT_FOR_DELIVERY: (_("Out for delivery"), "truck"),
        FactKind.DELIVERED: (_("Delivered"), "house"),
        FactKind.REFUSED: (_("The parcel was refused at the door"), "undo-2"),
        FactKind.DELIVERY_FAILED: (_("The carrier could not deliver the parcel"), "undo-2"),
        FactKind.LOST: (_("The carrier lost the parcel"), "triangle-alert"),
        FactKind.DAMAGED: (_("The parcel was damaged on its way"), "triangle-alert"),
        FactKind.TRACKING_STALE: (_("The tracking has not moved for days: the parcel counts as lost"), "clock"),
        FactKind.UNTRACEABLE: (_("The carrier does not know the tracking number"), "triangle-alert"),
        FactKind.COMPLETED: (_("The order is complete"), "check"),
        FactKind.CHARGED_BACK: (_("The bank took the payment back"), "banknote"),
        FactKind.CHARGEBACK_WON: (_("The bank decided for the marketplace: the payment stands"), "banknote"),
        FactKind.CHARGEBACK_LOST: (_("The bank decided for the buyer: the money stays with them"), "banknote"),
        FactKind.REFUNDED_ELSEWHERE: (_("Money was paid back outside of this desk"), "banknote"),
        FactKind.ERROR_CONFIRMED: (_("A mistake in the order was confirmed"), "circle-alert"),
        FactKind.SELLER_AT_FAULT: (_("The shop was found to be at fault"), "scale"),
    }[event.fact]
    detail = " ".join(part for part in (event.carrier, event.tracking) if part)
    if moved := sum(event.taken.values()) or sum(event.returned.values()):
        detail = teller.money(moved)
    found = found_words(teller, event.review.found if event.review else ())
    return teller.entry(text, icon, detail=detail or found or _after_the_end(teller, event))


def _after_the_end(teller: Teller, event: fulfilment.FactReported) -> str:
    """What work at the bench means that was told when the order had been cancelled; empty for all else."""
    _ = teller.locale.gettext
    ended = teller.order.progress.cancelled_at
    if event.fact not in AT_THE_BENCH or ended is None or not event.at < ended <= teller.record.received_at:
        return ""
    if teller.mine:
        return _("We heard of it after the cancellation, which stands.")
    return _("Told after the cancellation, which stands: what was packed comes out of the parcel.")


def corrected(teller: Teller, event: correction.FactCorrected) -> Entry:
    _ = teller.locale.gettext
    what = {"what": teller.locale.term("event", event.fact.value)}
    text = _("Taken back: %(what)s") if event.occurred_at is None else _("Time put right: %(what)s")
    reason = teller.locale.term("correction", event.reason.value)
    return teller.entry(text % what, "undo-2", detail=reason, said=teller.said(event.comment))
