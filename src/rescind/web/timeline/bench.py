"""What was done at the packing bench."""

from __future__ import annotations

from rescind.core import packing
from rescind.web.timeline.teller import Entry, Teller


def at_bench(
    teller: Teller, event: packing.ShippingLeased | packing.ShippingGivenBack | packing.GoodsUnpacked
) -> Entry | None:
    """What was done at the packing bench; how a parcel is taken apart is no matter of the buyer's."""
    _ = teller.locale.gettext
    match event:
        case packing.ShippingLeased():
            return teller.entry(_("The shop is about to hand the parcel over"), "truck")
        case packing.ShippingGivenBack():
            return teller.entry(_("It is not handed over now after all"), "undo-2")
        case packing.GoodsUnpacked():
            return None if teller.mine else teller.entry(_("The cancelled goods are unpacked"), "package-open")
