"""What goes into which parcel, and what came back."""

from __future__ import annotations

from rescind.core import parcels, stock
from rescind.web.timeline.teller import Entry, Teller


def moved(teller: Teller, event: parcels.ParcelsArranged | stock.GoodsCameBack) -> Entry | None:
    """Parcels that are arranged, goods that are back; the shelf is no matter of the buyer's."""
    _, ngettext = teller.locale.gettext, teller.locale.ngettext
    match event:
        case parcels.ParcelsArranged(together=""):
            several = len(event.parcels)
            text = ngettext("It goes into one parcel", "It goes into %(num)s parcels", several) % {"num": several}
            return teller.entry(text, "package")
        case parcels.ParcelsArranged():
            return teller.entry(_("It travels together with parcels of other orders"), "package")
        case stock.GoodsCameBack() if teller.mine:
            return None
        case stock.GoodsCameBack():
            back, kept = sum(event.lines.values()), sum(event.sellable.values())
            text = ngettext("%(num)s unit came back", "%(num)s units came back", back) % {"num": back}
            detail = "" if kept == back else _("%(count)s of them can be sold again") % {"count": kept}
            return teller.entry(text, "undo-2", detail=detail)
