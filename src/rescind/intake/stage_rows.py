"""Rows of a file that say what happened to orders that are there: one fact a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rescind.core.errors import InvalidField, RescindError, one_of
from rescind.core.fulfilment import OF_PARCELS, ReportFact
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.intake import document
from rescind.intake.columns import STAGES
from rescind.intake.facts import Fact, report_fact
from rescind.intake.faults import Fault, expects, fault_of, of_cells
from rescind.intake.moments import NOT_BEFORE, before, read_moment
from rescind.intake.order_rows import Unreadable
from rescind.intake.sheet import Row, narrow, plain

FACTS: Mapping[FactKind, tuple[str, ...]] = {
    FactKind.PAID: ("已付款", "待发货"),
    FactKind.ALLOCATED: ("已配货",),
    FactKind.PREPARATION_STARTED: ("备货中",),
    FactKind.PACKING_STARTED: ("打包中",),
    FactKind.PACKED: ("已打包",),
    FactKind.TRACKING_ADDED: ("已出面单", "已打单"),
    FactKind.HANDED_OVER: ("已发货", "已揽收"),
    FactKind.OUT_FOR_DELIVERY: ("派送中",),
    FactKind.DELIVERED: ("已签收",),
    FactKind.COMPLETED: ("交易完成", "交易成功", "已完成"),
}
"""What a file may tell, by its code or in Chinese. How else a parcel's way ends moves money, and is told one by one."""

_BY_WORD = {word: fact for fact, words in FACTS.items() for word in (fact.value, *words)}
_NEEDED = tuple(column.name for column in STAGES if column.needed and column.name not in {"shop", "order_number"})
_MOST = 100


class StageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row and the command it is."""

    nth: int
    column: str
    command: ReportFact


def read_stages(
    rows: Sequence[Row], places: Mapping[str, int], order: Order, zone: str, role: str
) -> tuple[StageRow, ...]:
    """What these rows say of an order, the earliest first. role: whose word it is. Raises Unreadable."""
    if len(rows) > _MOST:
        raise Unreadable(
            [expects(row.nth, "order_number", expected=f"at most {_MOST} rows of one order") for row in rows]
        )
    faults: list[Fault] = []
    found: list[StageRow] = []
    for row in rows:
        said = {name: plain(row.cells[place]) if place < len(row.cells) else "" for name, place in places.items()}
        wrong = of_cells(row.nth, row.bad, places)
        wrong += [expects(row.nth, name, expected="present") for name in _NEEDED if not said[name]]
        if not wrong:
            try:
                found.append(_one(row.nth, said, order, zone, role))
            except RescindError as error:
                column = str(error.params.get("field", "fact")).strip("/")
                wrong = [fault_of(row.nth, {"tracking": "tracking_number"}.get(column, column), error)]
        faults += wrong
    if faults:
        raise Unreadable(faults)
    return tuple(sorted(found, key=lambda one: one.command.occurred_at))


def _one(nth: int, said: Mapping[str, str], order: Order, zone: str, role: str) -> StageRow:
    fact = _BY_WORD.get(said["fact"])
    if fact is None:
        # Whoever writes Chinese is told the words of it.
        codes = FACTS if said["fact"].isascii() else (words[0] for words in FACTS.values())
        raise InvalidField(field="fact", expected=one_of(codes))
    at = read_moment(narrow(said["occurred_at"]), zone, "occurred_at")
    if before(order.placed_at, at):
        raise InvalidField(field="occurred_at", expected=NOT_BEFORE)
    tracked = said.get("tracking_number", "") if fact in OF_PARCELS else ""
    body = {
        "fact": fact.value,
        "occurred_at": at,
        "parcel": said.get("parcel") or None,
        "carrier": said.get("carrier", "") if fact in OF_PARCELS else "",
        "tracking": tracked,
    }
    command = report_fact(document.shape(body, Fact), order, role)
    return StageRow(nth=nth, column="fact", command=command)
