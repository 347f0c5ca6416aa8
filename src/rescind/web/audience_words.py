"""Who reads a message or a file, in words."""

from __future__ import annotations

from rescind.core.conversation import Audience, Side
from rescind.locales import Locale


def label(locale: Locale, side: Side, audience: Audience) -> str:
    """Who reads it, as its reader is told."""
    _ = locale.gettext
    if side != "platform" and audience is not Audience.EVERYONE:
        return _("You and platform support")
    # Whoever reads it here is of the platform: "the buyer only" would be untrue.
    with_us = {Audience.BUYER: _("The buyer and platform support"), Audience.SELLER: _("The shop and platform support")}
    return with_us.get(audience) or locale.term("audience", audience.value)
