"""What the shop offered instead of an answer."""

from __future__ import annotations

from rescind.core import offer
from rescind.web.offer_words import made, replied
from rescind.web.timeline.teller import Entry, Teller


def offered(teller: Teller, event: offer.OfferMade | offer.OfferAccepted | offer.OfferDeclined) -> Entry:
    """What the shop offered instead of an answer, and what the buyer said."""
    match event:
        case offer.OfferMade():
            text = made(teller.locale, event, teller.order.currency, mine=teller.mine)
            return teller.entry(text, "message-square", "wait", said=teller.said(event.comment))
        case offer.OfferAccepted():
            text = replied(teller.locale, "accepted", by=event.by, mine=teller.mine)
            return teller.entry(text, "circle-check", "good")
        case offer.OfferDeclined():
            return teller.entry(replied(teller.locale, "declined", by=event.by, mine=teller.mine), "circle-x")
