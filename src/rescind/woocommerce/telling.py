"""Telling a shop what became of its order here: status, history, refunds. What is there already is not told again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rescind.core.money import Money, split_minor
from rescind.core.retelling import Telling
from rescind.locales import Locale
from rescind.woocommerce.client import Shop
from rescind.woocommerce.documents import LineItem, Note, WooOrder, WooRefund, minor, said

META = "_rescind_refund"
"""The member of a refund's meta data in which our id of it stands."""
SET_TO = "cancelled"


async def tell(
    shop: Shop, foreign: str, tellings: Sequence[Telling], known: list[str], *, restock: bool, language: Locale
) -> None:
    """Tell all of it. known: takes the names of what is known there, as far as it came; language: of its history.

    Raises Trouble.
    """
    woo = await shop.order(foreign)
    refunds = await shop.refunds(foreign) if any(one.kind == "refund" for one in tellings) else ()
    notes = await shop.notes(foreign) if any(one.kind != "cancelled" for one in tellings) else ()
    for one in tellings:
        match one.kind:
            case "cancelled":
                if woo.status not in {SET_TO, "refunded"}:
                    await shop.cancel(foreign)
            case "refund":
                if found_by(refunds, one.id) is None:
                    asked = refund_asked(woo, one.id, one.amount_minor, one.lines, pays=False, restock=restock)
                    await shop.refund(foreign, asked)
            case _:
                if not _noted(notes, one):
                    await shop.note(foreign, _sentence(language, woo, one))
        known.append(one.name)


def found_by(refunds: Iterable[WooRefund], ours: str) -> WooRefund | None:
    """The refund there that is ours, by its meta data."""
    return next((one for one in refunds if our_id(one) == ours), None)


def our_id(refund: WooRefund) -> str:
    """Our id of a refund there; empty for one that was made there."""
    return next((str(one.value) for one in refund.meta_data if one.key == META), "")


def refund_asked(
    woo: WooOrder, ours: str, amount_minor: int, lines: Mapping[str, int], *, pays: bool, restock: bool
) -> dict[str, object]:
    """The refund as WooCommerce is asked for it. lines: units that are put back with it; pays: by its own plugins."""
    items = [_item(item, lines[str(item.id)], woo.currency) for item in woo.line_items if lines.get(str(item.id))]
    return {
        "amount": said(amount_minor, woo.currency),
        "reason": f"Cancelled ({ours})",
        "api_refund": pays,
        "api_restock": restock and bool(items),
        "meta_data": [{"key": META, "value": ours}],
        "line_items": items,
    }


def _item(item: LineItem, units: int, currency: str) -> dict[str, Any]:
    """A line's part of a refund: its share of price and taxes by units, as numbers are written there."""
    bought = max(1, int(item.quantity))
    units = min(units, bought)

    def share(text: str) -> str:
        whole = max(0, minor(text or "0", currency, field=""))
        return said(split_minor(whole, [units, bought - units])[0] if bought > units else whole, currency)

    return {
        "id": item.id,
        "quantity": units,
        "refund_total": float(share(item.total)),
        "refund_tax": [{"id": tax.id, "refund_total": float(share(tax.total))} for tax in item.taxes],
    }


def _noted(notes: Iterable[Note], one: Telling) -> bool:
    return any(f"[{one.id or one.name}]" in note.note for note in notes)


def _sentence(language: Locale, woo: WooOrder, one: Telling) -> str:
    """A line of the history there. The id in it is how it is found again."""
    _ = language.gettext
    mark = f"[{one.id or one.name}]"
    match one.kind:
        case "part":
            names = {str(item.id): item.name for item in woo.line_items}
            units = _(", ").join(f"{count} × {names.get(line, line)}" for line, count in one.lines.items())
            sentence = _("Cancelled and not to be sent: %(units)s.") % {"units": units}
        case "goes_on":
            sentence = _("The cancellation was undone: the order goes on. Please set its status.")
        case _:
            sentence = _("Sent back to the buyer: %(amount)s.") % {"amount": Money(one.amount_minor, woo.currency)}
    return f"{sentence} {mark}"
