"""What somebody offers instead of an answer, said to whoever reads it."""

from __future__ import annotations

from rescind.core.money import Money
from rescind.core.offer import OfferKind, OfferMade
from rescind.core.order import Order
from rescind.core.parts import Offer
from rescind.locales import Locale


def offered(locale: Locale, offer: Offer, order: Order, zone: str, reader: str) -> str:
    """One sentence: who offers what, and what taking it does. reader: buyer or seller."""
    _ = locale.gettext
    own = offer.by == reader
    match offer.kind:
        case OfferKind.SHIP_LATER:
            assert offer.ship_by is not None, "a later shipment has its day"
            values = {"when": f"{locale.instant(offer.ship_by, zone)} {locale.zone(offer.ship_by, zone)}"}
            text = {
                ("buyer", False): _("The shop offers to ship it by %(when)s. If you accept, the order goes on."),
                ("buyer", True): _("You offered to wait until %(when)s."),
                ("seller", True): _("You offered to ship it by %(when)s."),
                ("seller", False): _("The buyer offers to wait until %(when)s. If you accept, the order goes on."),
            }[reader, own]
        case OfferKind.CANCEL_WITH_COSTS:
            values = {
                "material": locale.money(Money(offer.material_minor, order.currency)),
                "labour": locale.money(Money(offer.labour_minor, order.currency)),
                "refund": locale.money(Money(offer.refund_minor, order.currency)),
            }
            text = {
                ("buyer", False): _(
                    "The shop agrees to cancel and keeps %(material)s for material and %(labour)s for labour. If you "
                    "accept, the order is cancelled and %(refund)s goes back."
                ),
                ("buyer", True): _(
                    "You offered to leave the shop %(material)s for material and %(labour)s for labour; %(refund)s "
                    "would go back."
                ),
                ("seller", True): _(
                    "You offered to cancel and to keep %(material)s for material and %(labour)s for labour; %(refund)s "
                    "would go back."
                ),
                ("seller", False): _(
                    "The buyer offers to leave you %(material)s for material and %(labour)s for labour. If you accept, "
                    "the order is cancelled and %(refund)s goes back."
                ),
            }[reader, own]
        case _:
            values = {"amount": locale.money(Money(offer.amount_minor, order.currency))}
            text = {
                ("buyer", False): _(
                    "The shop offers %(amount)s back if you keep the goods. If you accept, the order goes on."
                ),
                ("buyer", True): _("You offered to keep the goods for %(amount)s back."),
                ("seller", True): _("You offered %(amount)s back for keeping the goods."),
                ("seller", False): _(
                    "The buyer offers to keep the goods for %(amount)s back. If you accept, the order goes on."
                ),
            }[reader, own]
    return text % values


def answered(locale: Locale, offer: Offer, reader: str) -> str:
    """What became of it; whoever did not make it answers."""
    _ = locale.gettext
    yours = offer.by != reader
    return {
        ("accepted", True): _("You accepted."),
        ("declined", True): _("You declined."),
        ("accepted", False): _("The shop accepted.") if reader == "buyer" else _("The buyer accepted."),
        ("declined", False): _("The shop declined.") if reader == "buyer" else _("The buyer declined."),
    }.get((offer.answer, yours), "")


def made(locale: Locale, offer: Offer | OfferMade, currency: str, *, mine: bool) -> str:
    """Who offers what, in a few words. mine: the reader is the buyer."""
    _ = locale.gettext
    by_buyer = offer.by == "buyer"
    match offer.kind:
        case OfferKind.SHIP_LATER:
            assert offer.ship_by is not None, "a later shipment has its day"
            text = _("The shop offers to ship it later, by %(day)s")
            if by_buyer:
                text = _("You offer to wait until %(day)s") if mine else _("The buyer offers to wait until %(day)s")
            return text % {"day": locale.day(offer.ship_by)}
        case OfferKind.CANCEL_WITH_COSTS:
            text = _("The shop offers to cancel and keep %(material)s for material and %(labour)s for labour")
            if by_buyer and mine:
                text = _("You offer to leave %(material)s for material and %(labour)s for labour")
            elif by_buyer:
                text = _("The buyer offers to leave %(material)s for material and %(labour)s for labour")
            material, labour = Money(offer.material_minor, currency), Money(offer.labour_minor, currency)
            return text % {"material": locale.money(material), "labour": locale.money(labour)}
        case _:
            text = _("The shop offers %(amount)s back if the goods are kept")
            if by_buyer and mine:
                text = _("You offer to keep the goods for %(amount)s back")
            elif by_buyer:
                text = _("The buyer offers to keep the goods for %(amount)s back")
            return text % {"amount": locale.money(Money(offer.amount_minor, currency))}


def replied(locale: Locale, answer: str, *, by: str, mine: bool) -> str:
    """Who accepted or declined an offer. mine: the reader is the buyer."""
    _ = locale.gettext
    if by != "buyer":
        return {"accepted": _("The shop accepted the offer"), "declined": _("The shop declined the offer")}[answer]
    if mine:
        return {"accepted": _("You accepted the offer"), "declined": _("You declined the offer")}[answer]
    return {"accepted": _("The buyer accepted the offer"), "declined": _("The buyer declined the offer")}[answer]
