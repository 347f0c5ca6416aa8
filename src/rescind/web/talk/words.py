"""What conversations and those in them are called, and where their pages are."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.conversation import About, Audience, Side, Thread, audiences
from rescind.locales import Locale

ROOT: Mapping[Side, str] = {"buyer": "/messages", "seller": "/seller/messages", "platform": "/support/messages"}
PARTS: Mapping[Side, str] = {"buyer": "/orders", "seller": "/seller/orders", "platform": "/support/orders"}
REQUESTS: Mapping[Side, str] = {"buyer": "/orders/{order}/requests/", "seller": "/seller/requests/", "platform": ""}
"""Where requests are read and offers are answered; support has both on the order's page."""
FRAME: Mapping[Side, str] = {
    "buyer": "buyer/frame.html",
    "seller": "seller/frame.html",
    "platform": "seller/frame.html",
}


def choices(locale: Locale, side: Side) -> list[tuple[str, str]]:
    """Whom a side may address, in words that name everybody who will read it."""
    _ = locale.gettext
    said = {
        ("buyer", Audience.EVERYONE): _("The shop and platform support"),
        ("buyer", Audience.BUYER): _("Platform support only"),
        ("seller", Audience.EVERYONE): _("The buyer and platform support"),
        ("seller", Audience.SELLER): _("Platform support only"),
        ("platform", Audience.EVERYONE): _("Buyer and shop"),
        ("platform", Audience.BUYER): _("The buyer only"),
        ("platform", Audience.SELLER): _("The shop only"),
        ("platform", Audience.INTERNAL): _("Support only"),
    }
    return [(one.value, said[side, one]) for one in audiences(side)]


def name_of(locale: Locale, thread: Thread, by: Side) -> str:
    """What a side is called by the others."""
    if by == "platform":
        return locale.gettext("Platform support")
    return (thread.shop_name if by == "seller" else thread.buyer_name) or locale.term("actor", by)


def subject(locale: Locale, thread: Thread) -> str:
    """What a conversation is about, in a few words."""
    _ = locale.gettext
    if thread.about is About.ORDER:
        return _("Order %(number)s") % {"number": thread.number}
    if thread.about is About.PRODUCT:
        return thread.subject or thread.sku
    return _("A question to the shop")
