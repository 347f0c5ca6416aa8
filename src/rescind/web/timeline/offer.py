"""What the shop offered instead of an answer."""

from __future__ import annotations

from rescind.core import offer
from rescind.web.timeline.teller import Entry, Teller


def offered(teller: Teller, event: offer.OfferMade | offer.OfferAccepted | offer.OfferDeclined) -> Entry:
    """What the shop offered instead of an answer, and what the buyer said."""
    _ = teller.locale.gettext
    match event:
        case offer.OfferMade():
            return teller.entry(_made(teller, event), "message-square", "wait", said=teller.said(event.comment))
        case offer.OfferAccepted():
            text = _("The shop accepted the offer")
            if event.by == "buyer":
                text = _("You accepted the offer") if teller.mine else _("The buyer accepted the offer")
            return teller.entry(text, "circle-check", "good")
        case offer.OfferDeclined():
            text = _("The shop declined the offer")
            if event.by == "buyer":
                text = _("You declined the offer") if teller.mine else _("The buyer declined the offer")
            return teller.entry(text, "circle-x")


def _made(teller: Teller, event: offer.OfferMade) -> str:
    """Who offered what."""
    _ = teller.locale.gettext
    by_buyer = event.by == "buyer"
    match event.kind:
        case offer.OfferKind.SHIP_LATER:
            assert event.ship_by is not None, "a later shipment has its day"
            text = _("The shop offers to ship it later, by %(day)s")
            if by_buyer:
                text = _("The buyer offers to wait until %(day)s")
            return text % {"day": teller.locale.day(event.ship_by)}
        case offer.OfferKind.CANCEL_WITH_COSTS:
            text = _("The shop offers to cancel and keep %(material)s for material and %(labour)s for labour")
            if by_buyer:
                text = _("The buyer offers to leave %(material)s for material and %(labour)s for labour")
            return text % {"material": teller.money(event.material_minor), "labour": teller.money(event.labour_minor)}
        case _:
            text = _("The shop offers %(amount)s back if the goods are kept")
            if by_buyer:
                text = _("The buyer offers to keep the goods for %(amount)s back")
            return text % {"amount": teller.money(event.amount_minor)}
