"""What the shop offered instead of an answer."""

from __future__ import annotations

from rescind.core import offer
from rescind.web.timeline.teller import Entry, Teller


def offered(teller: Teller, event: offer.OfferMade | offer.OfferAccepted | offer.OfferDeclined) -> Entry:
    """What the shop offered instead of an answer, and what the buyer said."""
    _ = teller.locale.gettext
    match event:
        case offer.OfferMade() if event.ship_by is not None:
            text = _("The shop offers to ship it later, by %(day)s") % {"day": teller.locale.day(event.ship_by)}
            return teller.entry(text, "message-square", "wait", said=teller.said(event.comment))
        case offer.OfferMade():
            text = _("The shop offers %(amount)s back if the goods are kept")
            text %= {"amount": teller.money(event.amount_minor)}
            return teller.entry(text, "message-square", "wait", said=teller.said(event.comment))
        case offer.OfferAccepted():
            text = _("You accepted the offer") if teller.mine else _("The buyer accepted the offer")
            return teller.entry(text, "circle-check", "good")
        case offer.OfferDeclined():
            text = _("You declined the offer") if teller.mine else _("The buyer declined the offer")
            return teller.entry(text, "circle-x")
