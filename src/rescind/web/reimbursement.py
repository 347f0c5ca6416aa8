"""What leaving a contract gives back, in words: the same before it is confirmed, when it was, and in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.quote import Quote
from rescind.core.reimbursement import Reimbursement
from rescind.locales import Locale
from rescind.web.quote_words import quote_notes, quote_rows, quote_tenders


@dataclass(frozen=True, slots=True)
class Sum:
    """A table of amounts. heading: what it is about; total: None where nothing was paid of it."""

    heading: str
    rows: list[dict[str, Any]]
    total: Money | None
    tenders: list[dict[str, Any]]
    notes: tuple[str, ...]


def sums(
    locale: Locale,
    found: Reimbursement,
    order: Order,
    titles: Mapping[str, str],
    *,
    sends_back: bool,
    nowhere: frozenset[str] = frozenset(),
) -> tuple[Sum, ...]:
    """What is cancelled, and what is sent back, each with what comes back for it.

    sends_back: as in ``Right``; nowhere: as in ``quote_tenders``.
    """
    _ = locale.gettext
    told: list[Sum] = []
    if found.stopped is not None:
        kept = () if found.stopped.fees or not found.stopped.freed_minor else (_("The shop keeps nothing of it."),)
        told.append(_sum(locale, _("For what is cancelled"), found.stopped, order, titles, kept, nowhere))
    if found.back is not None:
        told.append(
            _sum(locale, _("For what you send back"), found.back, order, titles, _cost(locale, sends_back), nowhere)
        )
    return tuple(told)


def _sum(
    locale: Locale,
    heading: str,
    quote: Quote,
    order: Order,
    titles: Mapping[str, str],
    notes: tuple[str, ...],
    nowhere: frozenset[str],
) -> Sum:
    _ = locale.gettext
    if not quote.freed_minor:
        notes = (_("Nothing has been paid yet, so there is nothing to give back."),)
    return Sum(
        heading=heading,
        rows=quote_rows(locale, quote, dict(titles), order) if quote.freed_minor else [],
        total=Money(quote.total_minor, quote.currency) if quote.total_minor else None,
        tenders=quote_tenders(locale, quote, order, nowhere),
        notes=(*quote_notes(locale, quote), *notes),
    )


def _cost(locale: Locale, sends_back: bool) -> tuple[str, ...]:
    """What of it may be less, and what sending back costs: the laws differ in both."""
    _ = locale.gettext
    if sends_back:
        return (_("The goods must be in good condition. Sending them back is at your cost, unless agreed otherwise."),)
    return (
        _("Less may come back only for goods that lost in value because they were used more than trying them takes."),
        _("Sending them back is at your cost, unless the trader took that on or did not tell you before you bought."),
    )


def lines(locale: Locale, found: tuple[Sum, ...]) -> tuple[str, ...]:
    """The same as plain text, a line a row, for a file."""
    _ = locale.gettext
    said: list[str] = []
    for one in found:
        said.append(one.heading)
        for row in one.rows:
            amount = locale.money(row["amount"])
            said.append(f"- {row['label']}{_(': ')}{'−' if row.get('minus') else ''}{amount}")
        if one.total is not None:
            said.append(f"- {_('You get back')}{_(': ')}{locale.money(one.total)}")
        said += [f"- {note}" for note in one.notes]
    return tuple(said)
