"""What lists can be sorted by, and what each tab is sorted by when nobody says."""

from __future__ import annotations

from rescind.core.errors import InvalidField, one_of
from rescind.core.views import Filters
from rescind.postgres import paging
from rescind.postgres.reads.amounts import by_amount

ORDER_SORTS = {
    "newest": paging.Order("newest", "o.placed_at", "o.order_id", "timestamptz", descending=True),
    "amount": by_amount("o", "total_minor", "order_id"),
    "time_left": paging.Order("time_left", "o.due_at", "o.order_id", "timestamptz", nullable=True),
}
_CASE_SORTS = {
    "newest": paging.Order("newest", "c.requested_at", "c.case_id", "timestamptz", descending=True),
    "amount": by_amount("c", "amount_minor", "case_id"),
    "time_left": paging.Order("time_left", "c.due_at", "c.case_id", "timestamptz", nullable=True),
    # What is closed keeps the deadline it had; where both stand in one list it must not come first.
    "open_first": paging.Order(
        "open_first", "CASE WHEN c.closed_at IS NULL THEN c.due_at END", "c.case_id", "timestamptz", nullable=True
    ),
}
_SHIP_FIRST = paging.Order("ship_first", "o.dispatch_due_at", "o.order_id", "timestamptz", nullable=True)
_BY_TIME_LEFT = {"cancellation_requested", "auto_cancelling_24h", "to_respond", "with_platform", "second_person"}


def order_sort(filters: Filters) -> paging.Order:
    """Raises InvalidField: sort."""
    if filters.tab == "notes_to_read" and filters.sort is None:
        return _SHIP_FIRST
    return ORDER_SORTS[_name(filters)]


def case_sort(filters: Filters) -> paging.Order:
    """Raises InvalidField: sort."""
    name = _name(filters)
    return _CASE_SORTS["open_first" if name == "time_left" and filters.tab not in _BY_TIME_LEFT else name]


def _name(filters: Filters) -> str:
    if filters.sort is None:
        return "time_left" if filters.tab in _BY_TIME_LEFT else "newest"
    if filters.sort not in ORDER_SORTS:
        raise InvalidField(field="sort", expected=one_of(ORDER_SORTS))
    return filters.sort
