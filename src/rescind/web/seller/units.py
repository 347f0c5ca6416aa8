"""Which units a shop or support picks of an order: a number a line, all that is open unless somebody says less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rescind.core.views import OrderView
from rescind.locales import Locale


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its field. ``chosen``: what stands in it, as it was typed; ``open``: the most it takes."""

    field: str
    title: str
    variant: str
    image: str
    quantity: int
    open: int
    chosen: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """units: by line id, none of them 0. whole: everything that is open. errors: by field; with one of them, ``units``
    are not what was meant.
    """

    rows: tuple[Row, ...]
    units: dict[str, int]
    errors: dict[str, str]
    whole: bool

    @property
    def lines(self) -> dict[str, int] | None:
        """As a command takes it: None for everything."""
        return None if self.whole else self.units


def pick(view: OrderView, typed: Callable[[str], str], language: Locale) -> Picked:
    """Read the fields. ``typed``: the text of one, empty where it was not sent, which means all that is open."""
    _ = language.gettext
    left = view.order.open_units()
    said = {one.line: one for one in view.details.lines}
    rows: list[Row] = []
    units: dict[str, int] = {}
    errors: dict[str, str] = {}
    for place, line in enumerate(view.order.lines):
        most = left.get(line.id, 0)
        if not most:
            continue
        field = f"units-{place}"
        text = typed(field) or str(most)
        words = said.get(line.id)
        title = (words.title if words else "") or line.sku
        if not text.isascii() or not text.isdigit() or int(text[:9]) > most:
            errors[field] = _("Choose a number from 0 to %(most)s for %(item)s") % {"most": most, "item": title}
        elif int(text):
            units[line.id] = int(text)
        rows.append(
            Row(
                field=field,
                title=title,
                variant=words.variant if words else "",
                image=words.image if words else "",
                quantity=line.quantity,
                open=most,
                chosen=text,
                error=errors.get(field, ""),
            )
        )
    if rows and not units and not errors:
        errors[rows[0].field] = _("Choose at least one item to cancel")
    return Picked(rows=tuple(rows), units=units, errors=errors, whole=units == left)
