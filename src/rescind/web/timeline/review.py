"""The automatic checks, and the person who looks at what they found."""

from __future__ import annotations

from collections.abc import Sequence

from rescind.core import review
from rescind.web.timeline.teller import Entry, Teller


def taken(teller: Teller) -> Entry | None:
    _ = teller.locale.gettext
    return None if teller.mine else teller.entry(_("Support looks at the order"), "eye")


def recipient_corrected(teller: Teller, event: review.RecipientCorrected) -> Entry:
    _ = teller.locale.gettext
    text = _("You put the address right") if teller.mine else _("The buyer put the address right")
    return teller.entry(text, "house", detail=found_words(teller, event.found))


def found_words(teller: Teller, codes: Sequence[str]) -> str:
    """What the automatic checks found, in words."""
    return teller.locale.gettext(", ").join(teller.locale.term("finding", code) for code in codes)
