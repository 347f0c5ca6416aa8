"""Tabs and tiles of both lists: what each holds, and how many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from rescind.core.errors import InvalidField, one_of
from rescind.core.instant import Instant
from rescind.core.parts import CancellationStatus
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.core.views import CASE_TABS, ORDER_TABS, STAGE_TABS
from rescind.postgres.reads.conditions import HAS_CASE, Where, scoped, scoped_cases
from rescind.postgres.reads.source import Source, query

SOON = timedelta(hours=24)
"""What the tiles that warn of a time running out call soon."""

_CASE_COUNTS = query("case_counts")
_ORDER_COUNTS = query("order_counts")


def _words(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


# The predicates below speak of an order as o and of a case as c; {0}, {1} stand for their parameters.

_WAITING_WORDS = _words(status for status in CancellationStatus if status.waiting)
_TO_SHIP_WORDS = _words(one for one in STAGE_TABS["to_ship"] if one is not Stage.AWAITING_COLLECTION)
_SHIPPING = f"o.stage IN ({_TO_SHIP_WORDS})"
_WAITING = f"(c.kind = 'cancellation' AND c.status IN ({_WAITING_WORDS}))"
_CANCELLED = f"(c.kind = 'cancellation' AND c.status IN ('approved', {_WAITING_WORDS}))"
_LAPSING = f"({_WAITING} AND c.on_silence = 'approve' AND c.due_at < {{0}})"
_BEFORE_LEAVING_WORDS = _words(
    (Stage.UNPAID, *STAGE_TABS["to_ship"], Stage.PARTIALLY_SHIPPING),
)
# Few orders have notes, and the state of no other is taken apart.
_UNREAD = (
    f"CASE WHEN o.stage IN ({_BEFORE_LEAVING_WORDS}) AND position('\"notes\":'::bytea IN o.state) > 0"
    " THEN jsonb_path_exists(convert_from(o.state, 'UTF8')::jsonb, '$.notes[*] ? (!exists(@.acknowledged_at))')"
    " ELSE false END"
)
_CONTRADICTION = "(c.kind = 'contradiction' AND c.closed_at IS NULL)"


class Tabs(Source):
    async def case_counts(self, scope: Scope) -> dict[str, int]:
        """How many rows each tab of the queue has."""
        where = scoped_cases(scope)
        rows = await self._pool.fetch(_CASE_COUNTS.format(where=where), *where.parameters)
        return {
            tab: sum(row["count"] for row in rows if statuses is None or row["status"] in statuses)
            for tab, statuses in CASE_TABS.items()
        }

    async def order_counts(self, scope: Scope, *, now: Instant) -> dict[str, int]:
        """How many rows each tab and tile of the order list has."""
        where = scoped(scope, "o")
        here, tomorrow = where.bind(now, "::timestamptz"), where.bind(now + SOON, "::timestamptz")
        statement = _ORDER_COUNTS.format(
            where=where,
            now=here,
            tomorrow=tomorrow,
            shipping=_SHIPPING,
            cancelled=_CANCELLED,
            waiting=_WAITING,
            lapsing=_LAPSING.format(tomorrow),
            contradiction=_CONTRADICTION,
            unread=_UNREAD,
        )
        found: dict[str, int] = {
            row["name"]: row["count"] for row in await self._pool.fetch(statement, *where.parameters)
        }
        stages = {one: found.get(f"stage:{one.value}", 0) for one in Stage}
        counts = dict.fromkeys(ORDER_TABS, 0) | {
            tab: sum(stages[one] for one in chosen) for tab, chosen in STAGE_TABS.items()
        }
        counts |= {name: count for name, count in found.items() if name in ORDER_TABS}
        counts["cancelled"] = found["cancelled"] + stages[Stage.CANCELLED]
        return counts | {"all": sum(stages.values())}


def add_order_tab(where: Where, tab: str, now: Instant) -> None:
    if tab not in ORDER_TABS:
        raise InvalidField(field="tab", expected=one_of(ORDER_TABS))
    if tab in STAGE_TABS:
        where.add("o.stage = ANY({})", [one.value for one in STAGE_TABS[tab]])
        return
    match tab:
        case "cancelled":
            where.add(f"(o.stage = 'cancelled' OR {HAS_CASE.format(_CANCELLED)})")
        case "cancellation_requested":
            where.add(HAS_CASE.format(_WAITING))
        case "auto_cancelling_24h":
            where.add(HAS_CASE.format(_LAPSING.format("{}")), now + SOON)
        case "contradictions":
            where.add(HAS_CASE.format(_CONTRADICTION))
        case "notes_to_read":
            where.add(_UNREAD)
        case "ship_within_24h":
            where.add(f"{_SHIPPING} AND o.dispatch_due_at >= {{}} AND o.dispatch_due_at < {{}}", now, now + SOON)
        case "shipping_overdue":
            where.add(f"{_SHIPPING} AND o.dispatch_due_at < {{}}", now)
        case _:
            assert tab == "all", tab


def add_case_tab(where: Where, tab: str) -> None:
    if tab not in CASE_TABS:
        raise InvalidField(field="tab", expected=one_of(CASE_TABS))
    statuses = CASE_TABS[tab]
    if statuses is not None:
        where.add("c.status = ANY({})", list(statuses))
