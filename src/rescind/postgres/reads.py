"""Everything pages and the API read, each through somebody's scope: what is foreign is as if it were not there (I-30).

A list is one statement: the rows of the page, what is shown of each, and how many there are in all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any, TypeVar

import asyncpg
import msgspec

from rescind.core.cancellation import RequestTerms
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.errors import InvalidField, NotFound, one_of
from rescind.core.event import NoteRef
from rescind.core.ids import ShopId, canonical, shop_of
from rescind.core.instant import Instant, instant
from rescind.core.money import CAP_MINOR, Money
from rescind.core.order import CancellationStatus, Order, Stage, stage
from rescind.core.packing import to_unpack
from rescind.core.record import Record, decode, decode_order
from rescind.core.scope import Scope
from rescind.core.views import (
    CASE_TABS,
    ORDER_TABS,
    STAGE_TABS,
    BuyerView,
    CaseRow,
    EventEntry,
    Events,
    Filters,
    OrderRow,
    OrderView,
    Page,
    RowLine,
    ShopCard,
    ShopView,
    TimelineEntry,
    UnpackRow,
)
from rescind.postgres import paging
from rescind.postgres.paging import COUNTED, Cursors, Mark
from rescind.postgres.tail import Position

T = TypeVar("T")

MOST_NUMBERS = 100
LONGEST_NUMBER = 128
LONGEST_TEXT = 200
SOON = timedelta(hours=24)
"""What the tiles that warn of a time running out call soon."""

_ORDER_SORTS = {
    "newest": paging.Order("newest", "o.placed_at", "o.order_id", "timestamptz", descending=True),
    "amount": paging.Order("amount", "o.total_minor", "o.order_id", "bigint", descending=True),
    "time_left": paging.Order("time_left", "o.due_at", "o.order_id", "timestamptz", nullable=True),
}
_CASE_SORTS = {
    "newest": paging.Order("newest", "c.requested_at", "c.case_id", "timestamptz", descending=True),
    "amount": paging.Order("amount", "c.amount_minor", "c.case_id", "bigint", descending=True),
    "time_left": paging.Order("time_left", "c.due_at", "c.case_id", "timestamptz", nullable=True),
    # What is closed keeps the deadline it had; where both stand in one list it must not come first.
    "open_first": paging.Order(
        "open_first", "CASE WHEN c.closed_at IS NULL THEN c.due_at END", "c.case_id", "timestamptz", nullable=True
    ),
}
_BY_TIME_LEFT = {"cancellation_requested", "auto_cancelling_24h", "to_respond", "with_platform"}


def _statement(name: str) -> str:
    text = files("rescind.postgres").joinpath("queries", f"{name}.sql").read_text("utf-8")
    # Its comments speak of the places to be filled, and would be filled as well.
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


_ORDER = _statement("order")
_ORDERS = _statement("orders")
_CASES = _statement("cases")
_CASE_COUNTS = _statement("case_counts")
_ORDER_COUNTS = _statement("order_counts")
_TIMELINE = _statement("timeline")
_EVENTS = _statement("events")
_SHOPS = _statement("shops")
_UNPACKING = _statement("unpacking")
_BUYER = "SELECT buyer_id, name, email, locale FROM buyers WHERE buyer_id = $1"
_PLACED_BETWEEN = """
SELECT EXISTS (SELECT FROM orders WHERE shop_id = $1 AND buyer_id = $2 AND placed_at BETWEEN $3 AND $4
               AND number <> $5 AND total_minor = $6 AND currency = $7 AND stage <> 'cancelled')
"""
_EPOCH = "SELECT value FROM installation WHERE key = 'epoch'"


def _words(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


# The predicates below speak of an order as o and of a case as c; {0}, {1} stand for their parameters.

_WAITING_WORDS = _words(status for status in CancellationStatus if status.waiting)
_TO_SHIP_WORDS = _words(one for one in STAGE_TABS["to_ship"] if one is not Stage.AWAITING_COLLECTION)
_SHIPPING = f"o.stage IN ({_TO_SHIP_WORDS})"
_WAITING = f"(c.kind = 'cancellation' AND c.status IN ({_WAITING_WORDS}))"
_CANCELLED = f"(c.kind = 'cancellation' AND c.status IN ('approved', {_WAITING_WORDS}))"
_LAPSING = f"({_WAITING} AND c.on_silence = 'approve' AND c.due_at < {{0}})"
_CONTRADICTION = "(c.kind = 'contradiction' AND c.closed_at IS NULL)"
_HAS_CASE = "EXISTS (SELECT FROM cases c WHERE c.shop_id = o.shop_id AND c.order_id = o.order_id AND {})"

_NUMBERED = """
    SELECT o.shop_id, o.order_id FROM orders o WHERE {where} AND o.number = ANY({numbers})
    UNION ALL
    SELECT o.shop_id, o.order_id FROM orders o WHERE {where} AND o.shop_id = ANY({shops}) AND o.order_id = ANY({ids})
    UNION ALL
    SELECT o.shop_id, o.order_id FROM parcels p JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
    WHERE {where} AND p.tracking = ANY({numbers})"""
_ASKED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM cases c JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
    WHERE {where} AND c.shop_id = ANY({shops}) AND c.case_id = ANY({ids})"""
_STOCKED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM order_lines l JOIN orders o ON o.shop_id = l.shop_id AND o.order_id = l.order_id
    WHERE {where} AND l.sku = ANY({numbers})"""
_NAMED = """
    SELECT o.shop_id, o.order_id FROM buyers b JOIN orders o ON o.buyer_id = b.buyer_id
    WHERE {where} AND (b.name ILIKE {pattern} OR b.email ILIKE {pattern})
    UNION ALL
    SELECT o.shop_id, o.order_id FROM people p JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
    WHERE {where} AND (p.recipient ->> 'name' ILIKE {pattern} OR p.recipient ->> 'email' ILIKE {pattern})"""
_TITLED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM order_lines l JOIN orders o ON o.shop_id = l.shop_id AND o.order_id = l.order_id
    WHERE {where} AND l.title ILIKE {pattern}"""


class _Where:
    """Conditions that must all hold, with their parameters; ``{}`` in a condition is where its own stands."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self._matched: list[str] = []
        self.parameters: list[object] = []

    def bind(self, value: object, cast: str = "") -> str:
        """A place for a value."""
        self.parameters.append(value)
        return f"${len(self.parameters)}{cast}"

    def add(self, condition: str, *values: object) -> None:
        self._conditions.append(condition.format(*(self.bind(value) for value in values)))

    def add_matched(self, of: str, name: str, query: str, otherwise: str = "") -> None:
        """Only orders that a query finds; it runs once however often the conditions stand in a statement."""
        self._matched.append(f"{name} AS MATERIALIZED ({query})")
        found = f"({of}.shop_id, {of}.order_id) IN (TABLE {name})"
        self._conditions.append(f"({otherwise} OR {found})" if otherwise else found)

    @property
    def matched(self) -> str:
        return "WITH " + ", ".join(self._matched) if self._matched else ""

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "true"


class Reads:
    """Reads for pages and the API. ``secret``: the installation's, for cursors. Nothing here writes or decides."""

    def __init__(self, pool: asyncpg.Pool[Any], secret: bytes) -> None:
        self._pool = pool
        self._cursors = Cursors(secret)

    async def order(self, scope: Scope, order_id: str) -> OrderView:
        """One order. Raises NotFound: missing, foreign, or no id of an order."""
        where = _scoped(scope, "o")
        _add_id(where, order_id)
        return await self._one(where)

    async def placed_between(
        self, shop: str, buyer: str, since: Instant, until: Instant, *, total: Money, besides: str
    ) -> bool:
        """Whether this buyer placed an order of this worth in this shop between the two, ``besides`` one of a number,
        and it still stands.
        """
        given = (shop, buyer, since, until, besides, total.minor, total.currency)
        return bool(await self._pool.fetchval(_PLACED_BETWEEN, *given))

    async def order_by_number(self, scope: Scope, number: str, shop: ShopId | None = None) -> OrderView:
        """One order by its number, which is unique in its shop.

        Raises NotFound; InvalidField(field="shop") when several shops have one of this number and none is named.
        """
        if not _sane(number, LONGEST_NUMBER):
            raise NotFound(kind="order")
        where = _scoped(scope, "o")
        where.add("o.number = {}", number)
        if shop is not None:
            where.add("o.shop_id = {}", _known("shp", shop, "shop"))
        return await self._one(where)

    async def _one(self, where: _Where) -> OrderView:
        rows = await self._pool.fetch(_ORDER.format(where=where), *where.parameters)
        if len(rows) > 1:
            raise InvalidField(field="shop", expected="the shop, for several have an order of this number")
        if not rows:
            raise NotFound(kind="order")
        row = rows[0]
        return OrderView(
            order=decode_order(row["state"]),
            details=Details(
                lines=_json(row["lines"], tuple[LineWords, ...], ()),
                recipient=_json(row["recipient"], Recipient, Recipient()),
                note=row["note"],
            ),
            shop=_shop(row),
            buyer=BuyerView(
                id=row["buyer_id"],
                name=row["buyer_name"] or "",
                email=row["email"] or "",
                locale=row["locale"] or "en",
            ),
            notes=_json(row["notes"], dict[str, str], {}),
            updated_at=row["updated_at"],
        )

    async def orders(
        self, scope: Scope, filters: Filters, cursor: str | None = None, limit: int = 25, *, now: Instant
    ) -> Page[OrderRow]:
        """A page of orders. ``now``: for the stage, and for tabs about times.

        Raises InvalidField: cursor, limit, tab, or a filter out of its range.
        """
        where = _scoped(scope, "o")
        _add_tab(where, filters.tab, now)
        _add_orders(where, filters)
        _add_searches(where, "o", scope, filters)
        sort = _ORDER_SORTS[_sort(filters)]
        of = msgspec.json.encode(["orders", sort.name, scope, filters])

        def read(row: asyncpg.Record) -> OrderRow:
            return _order_row(row, now)

        return await self._page(_ORDERS, where, sort, of, cursor, limit, read)

    async def cases(
        self, scope: Scope, filters: Filters, cursor: str | None = None, limit: int = 25, *, now: Instant
    ) -> Page[CaseRow]:
        """A page of requests and, for whoever is no buyer, contradictions. ``now``: for the order's stage.

        Raises InvalidField: cursor, limit, tab, or a filter out of its range.
        """
        where = _scoped_cases(scope)
        if filters.tab not in CASE_TABS:
            raise InvalidField(field="tab", expected=one_of(CASE_TABS))
        statuses = CASE_TABS[filters.tab]
        if statuses is not None:
            where.add("c.status = ANY({})", list(statuses))
        _add_cases(where, filters)
        _add_searches(where, "c", scope, filters)
        name = _sort(filters)
        sort = _CASE_SORTS["open_first" if name == "time_left" and filters.tab not in _BY_TIME_LEFT else name]
        of = msgspec.json.encode(["cases", sort.name, scope, filters])

        def read(row: asyncpg.Record) -> CaseRow:
            return _case_row(row, now)

        return await self._page(_CASES, where, sort, of, cursor, limit, read)

    async def case_counts(self, scope: Scope) -> dict[str, int]:
        """How many rows each tab of the queue has."""
        where = _scoped_cases(scope)
        rows = await self._pool.fetch(_CASE_COUNTS.format(where=where), *where.parameters)
        return {
            tab: sum(row["count"] for row in rows if statuses is None or row["status"] in statuses)
            for tab, statuses in CASE_TABS.items()
        }

    async def order_counts(self, scope: Scope, *, now: Instant) -> dict[str, int]:
        """How many rows each tab and tile of the order list has."""
        where = _scoped(scope, "o")
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

    async def to_unpack(self, scope: Scope, limit: int = 50) -> Page[UnpackRow]:
        """Parcels that must be taken apart, the one that has waited longest first. Raises InvalidField: limit."""
        paging.check_limit(limit)
        where = _scoped(scope, "o")
        rows = await self._pool.fetch(_UNPACKING.format(where=where, limit=limit), *where.parameters)
        return Page(rows=tuple(_unpack_row(row) for row in rows), total=rows[0]["total"] if rows else 0)

    async def timeline(self, scope: Scope, order_id: str) -> tuple[TimelineEntry, ...]:
        """Everything that happened to an order, from the first. Raises NotFound like ``order``."""
        where = _scoped(scope, "o")
        _add_id(where, order_id)
        rows = await self._pool.fetch(_TIMELINE.format(where=where), *where.parameters)
        if not rows:
            raise NotFound(kind="order")
        notes = _json(rows[0]["notes"], dict[str, str], {})
        return tuple(_entry(decode(row["body"]), notes) for row in rows)

    async def events_after(self, scope: Scope, cursor: str | None, limit: int = 100) -> Events:
        """Records in the order in which they became visible, after a cursor or from the first.

        The cursors are those of the live stream. Raises InvalidField: limit, or a cursor from before a restore.
        """
        paging.check_limit(limit)
        epoch = int(await self._pool.fetchval(_EPOCH) or 1)
        position = Position(epoch, 0, 0)
        if cursor is not None:
            try:
                position = Position.parse(cursor)
            except InvalidField:
                position = Position(-1, 0, 0)
            if position.epoch != epoch or position.tx >= 2**63 or position.id >= 2**63:
                raise InvalidField(field="cursor", expected="a cursor that this stream has given out")
        where = _Where()
        where.parameters += [str(position.tx), position.id, limit]
        _scope(where, scope, "o")
        rows = await self._pool.fetch(_EVENTS.format(where=where), *where.parameters)
        entries = tuple(
            EventEntry(
                cursor=str(Position(epoch, int(row["tx"]), row["id"])),
                shop=row["shop_id"],
                buyer=row["buyer_id"],
                record=decode(row["body"]),
            )
            for row in rows
        )
        return Events(entries=entries, cursor=entries[-1].cursor if entries else str(position))

    async def shops(self) -> tuple[ShopView, ...]:
        """Every shop of the marketplace by name."""
        return tuple(_shop(row) for row in await self._pool.fetch(_SHOPS, None))

    async def shop(self, shop_id: str) -> ShopView:
        """One shop. Raises NotFound."""
        row = await self._pool.fetchrow(_SHOPS, _known("shp", shop_id, "shop"))
        if row is None:
            raise NotFound(kind="shop")
        return _shop(row)

    async def shops_public(self, shop_id: str) -> ShopCard:
        """What anybody may know of a shop. Raises NotFound."""
        shop = await self.shop(shop_id)
        return ShopCard(id=shop.id, name=shop.name, zone=shop.zone, contact=shop.contact)

    async def buyer(self, buyer_id: str) -> BuyerView:
        """One buyer from the directory. Raises NotFound."""
        row = await self._pool.fetchrow(_BUYER, buyer_id) if _sane(buyer_id, LONGEST_TEXT) else None
        if row is None:
            raise NotFound(kind="buyer")
        return BuyerView(id=row["buyer_id"], name=row["name"], email=row["email"], locale=row["locale"])

    async def find(self, scope: Scope, text: str, limit: int = 25, *, now: Instant) -> tuple[OrderRow, ...]:
        """Orders a caller may mean, newest first.

        text: numbers, ids of orders or cancellations, or tracking numbers, apart by commas or spaces; or a part of
        the name or e-mail of buyer or recipient. Empty text finds nothing. Raises InvalidField.
        """
        paging.check_limit(limit)
        wanted = _text("text", text)
        if not wanted:
            return ()
        inner = _scoped(scope, "o")
        outer = _Where()
        outer.parameters = inner.parameters
        numbers = tuple(word[:LONGEST_NUMBER] for word in re.split(r"[\s,;]+", wanted) if word)
        named = _NAMED.format(where=inner, pattern=inner.bind(_pattern(wanted)))
        query = _numbered(inner, numbers, _NUMBERED + _ASKED) + "\n    UNION ALL" + named
        outer.add_matched("o", "found", query)

        def read(row: asyncpg.Record) -> OrderRow:
            return _order_row(row, now)

        page = await self._page(_ORDERS, outer, _ORDER_SORTS["newest"], b"", None, limit, read)
        return page.rows

    async def by_scan(self, scope: Scope, text: str, *, now: Instant) -> tuple[OrderRow, ...]:
        """Orders a label may mean: the one of this number or id, else those whose parcel has this tracking number.

        Several share a tracking number when their parcels travel as one.
        """
        wanted = text.strip()
        if not wanted or not _sane(wanted, LONGEST_NUMBER):
            return ()
        inner = _scoped(scope, "o")
        outer = _Where()
        outer.parameters = inner.parameters
        outer.add_matched("o", "found", _numbered(inner, (wanted,), _NUMBERED))

        def read(row: asyncpg.Record) -> OrderRow:
            return _order_row(row, now)

        page = await self._page(_ORDERS, outer, _ORDER_SORTS["newest"], b"", None, 25, read)
        spelt = _spellings((wanted,))
        named = tuple(row for row in page.rows if row.number in spelt or row.order_id in spelt)
        return named or page.rows

    async def _page(
        self,
        statement: str,
        where: _Where,
        sort: paging.Order,
        of: bytes,
        cursor: str | None,
        limit: int,
        read: Callable[[asyncpg.Record], T],
    ) -> Page[T]:
        paging.check_limit(limit)
        mark = self._cursors.open(of, cursor) if cursor else None
        rows = await self._rows(statement, where, sort, mark, limit)
        if mark is not None and mark.backward and len(rows) < limit:
            # Back at the beginning, with room left on the page: show the whole first one.
            mark, rows = None, await self._rows(statement, where, sort, None, limit)

        def seal(row: asyncpg.Record, backward: bool) -> str:
            return self._cursors.seal(of, Mark(backward, row["lead"], row["tie"]))

        total = rows[0]["total"] if rows else 0
        return paging.page(rows, mark=mark, limit=limit, total=total, read=read, seal=seal)

    async def _rows(
        self, statement: str, where: _Where, sort: paging.Order, mark: Mark | None, limit: int
    ) -> Sequence[asyncpg.Record]:
        beyond, parameters = mark.predicate(sort, len(where.parameters) + 1) if mark else ("true", ())
        backward = mark is not None and mark.backward
        text = statement.format(
            matched=where.matched,
            where=where,
            lead=sort.lead,
            tie=sort.tie,
            beyond=beyond,
            order=sort.by(backward=backward),
            order_out=sort.by(backward=backward, lead="lead", tie="tie"),
            limit=limit + 1,
            counted=COUNTED + 1,
        )
        return await self._pool.fetch(text, *where.parameters, *parameters)


# --- conditions -------------------------------------------------------------------------------------------------------


def _scoped(scope: Scope, of: str) -> _Where:
    where = _Where()
    _scope(where, scope, of)
    return where


def _scope(where: _Where, scope: Scope, of: str) -> None:
    if scope.shop is not None:
        where.add(f"{of}.shop_id = {{}}", scope.shop)
    if scope.buyer is not None:
        where.add(f"{of}.buyer_id = {{}}", scope.buyer)


def _scoped_cases(scope: Scope) -> _Where:
    """A contradiction is between the marketplace and its sellers, and a decision against the rules the platform's."""
    where = _scoped(scope, "c")
    if scope.shop is not None:
        where.add("c.kind <> 'override'")
    if scope.buyer is not None:
        where.add("c.kind = 'cancellation'")
    return where


def _add_id(where: _Where, order_id: str) -> None:
    identifier = _known("ord", order_id, "order")
    where.add("o.shop_id = {} AND o.order_id = {}", shop_of(identifier), identifier)


def _add_tab(where: _Where, tab: str, now: Instant) -> None:
    if tab not in ORDER_TABS:
        raise InvalidField(field="tab", expected=one_of(ORDER_TABS))
    if tab in STAGE_TABS:
        where.add("o.stage = ANY({})", [one.value for one in STAGE_TABS[tab]])
        return
    match tab:
        case "cancelled":
            where.add(f"(o.stage = 'cancelled' OR {_HAS_CASE.format(_CANCELLED)})")
        case "cancellation_requested":
            where.add(_HAS_CASE.format(_WAITING))
        case "auto_cancelling_24h":
            where.add(_HAS_CASE.format(_LAPSING.format("{}")), now + SOON)
        case "contradictions":
            where.add(_HAS_CASE.format(_CONTRADICTION))
        case "ship_within_24h":
            where.add(f"{_SHIPPING} AND o.dispatch_due_at >= {{}} AND o.dispatch_due_at < {{}}", now, now + SOON)
        case "shipping_overdue":
            where.add(f"{_SHIPPING} AND o.dispatch_due_at < {{}}", now)
        case _:
            assert tab == "all", tab


def _add_orders(where: _Where, filters: Filters) -> None:
    _add_common(where, "o", "placed_at", "total_minor", filters)
    if filters.stage:
        where.add("o.stage = ANY({})", _codes("stage", filters.stage))
    if filters.reason:
        where.add(_HAS_CASE.format("c.reason = ANY({})"), _codes("reason", filters.reason))


def _add_cases(where: _Where, filters: Filters) -> None:
    _add_common(where, "c", "requested_at", "amount_minor", filters)
    if filters.stage:
        where.add("c.stage = ANY({})", _codes("stage", filters.stage))
    if filters.reason:
        where.add("c.reason = ANY({})", _codes("reason", filters.reason))


def _add_common(where: _Where, of: str, at: str, amount: str, filters: Filters) -> None:
    if filters.placed_from is not None:
        where.add(f"{of}.{at} >= {{}}", instant(filters.placed_from, field="placed_from"))
    if filters.placed_to is not None:
        where.add(f"{of}.{at} < {{}}", instant(filters.placed_to, field="placed_to"))
    if filters.amount_min_minor is not None:
        where.add(f"{of}.{amount} >= {{}}", _amount("amount_min_minor", filters.amount_min_minor))
    if filters.amount_max_minor is not None:
        where.add(f"{of}.{amount} <= {{}}", _amount("amount_max_minor", filters.amount_max_minor))
    if filters.currency:
        if not _CURRENCY.fullmatch(filters.currency):
            raise InvalidField(field="currency", expected="three capital letters of ISO 4217")
        where.add(f"{of}.currency = {{}}::text", filters.currency)
    if filters.due_before is not None:
        where.add(f"{of}.due_at < {{}}", instant(filters.due_before, field="due_before"))
        if of == "c":
            where.add("c.closed_at IS NULL")
    if filters.shop:
        where.add(f"{of}.shop_id = {{}}", _text("shop", filters.shop))
    if filters.buyer:
        where.add(f"{of}.buyer_id = {{}}", _text("buyer", filters.buyer))


def _add_searches(where: _Where, of: str, scope: Scope, filters: Filters) -> None:
    """What was typed into the search box. Of a request's number only that request is found, not its order's others."""
    if filters.numbers:
        seen = _Where()
        seen.parameters = where.parameters
        _scope(seen, scope, "o")
        numbers = filters.numbers
        if of == "o":
            where.add_matched(of, "numbered", _numbered(seen, numbers, _NUMBERED + _ASKED + _STOCKED))
        else:
            query = _numbered(seen, numbers, _NUMBERED + _STOCKED)
            where.add_matched(of, "numbered", query, f"c.case_id = ANY({where.bind(_spellings(numbers))}::text[])")
    if text := _text("text", filters.text):
        seen = _Where()
        seen.parameters = where.parameters
        _scope(seen, scope, "o")
        pattern = where.bind(_pattern(text))
        where.add_matched(of, "worded", (_NAMED + _TITLED).format(where=seen, pattern=pattern))


def _numbered(where: _Where, numbers: Sequence[str], query: str) -> str:
    if len(numbers) > MOST_NUMBERS or not all(_sane(number, LONGEST_NUMBER) for number in numbers):
        expected = f"at most {MOST_NUMBERS} numbers of at most {LONGEST_NUMBER} characters"
        raise InvalidField(field="numbers", expected=expected)
    spelt = _spellings(numbers)
    owned = {word: shop for word in spelt if (shop := _shop_of(word))}
    return query.format(
        where=where,
        numbers=where.bind(spelt, "::text[]"),
        ids=where.bind(list(owned), "::text[]"),
        shops=where.bind(sorted(set(owned.values())), "::text[]"),
    )


def _spellings(numbers: Iterable[str]) -> list[str]:
    """Numbers as people write them: with a sign before, or read out in small or capital letters."""
    bare = [number.strip().removeprefix("#") for number in numbers]
    return sorted({spelt for number in bare if number for spelt in (number, number.upper(), number.lower())})


def _pattern(text: str) -> str:
    """Text to be found anywhere, as it is: what ILIKE would read as a wildcard loses its meaning."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _sort(filters: Filters) -> str:
    if filters.sort is None:
        return "time_left" if filters.tab in _BY_TIME_LEFT else "newest"
    if filters.sort not in _ORDER_SORTS:
        raise InvalidField(field="sort", expected=one_of(_ORDER_SORTS))
    return filters.sort


def _sane(text: str, longest: int) -> bool:
    """Whether the database can hold such text at all; what it cannot hold is found nowhere."""
    return len(text) <= longest and not _UNPRINTABLE.search(text)


def _text(field: str, text: str) -> str:
    if not _sane(text, LONGEST_TEXT):
        raise InvalidField(field=field, expected=f"at most {LONGEST_TEXT} characters on one line")
    return text.strip()


def _codes(field: str, codes: Sequence[str]) -> list[str]:
    if len(codes) > MOST_NUMBERS or not all(_CODE.fullmatch(code) for code in codes):
        raise InvalidField(field=field, expected="codes of small letters, digits and underscores")
    return list(codes)


def _amount(field: str, minor: int) -> int:
    if not 0 <= minor <= CAP_MINOR:
        raise InvalidField(field=field, expected=f"an amount in minor units from 0 to {CAP_MINOR}")
    return minor


def _known(prefix: str, identifier: str, kind: str) -> str:
    """An id in its canonical form; any other is as missing as one that nobody has."""
    try:
        return canonical(prefix, identifier)
    except NotFound:
        raise NotFound(kind=kind) from None


def _shop_of(word: str) -> ShopId | None:
    try:
        return shop_of(word)
    except NotFound:
        return None


_CODE = re.compile(r"[a-z0-9_]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# --- rows -------------------------------------------------------------------------------------------------------------


def _json(text: str | None, shape: type[T], otherwise: T) -> T:
    return otherwise if text is None else msgspec.json.decode(text, type=shape)


def _row_lines(row: asyncpg.Record) -> tuple[RowLine, ...]:
    return () if row["lines"] is None else _lines.decode(row["lines"])


_lines = msgspec.json.Decoder(tuple[RowLine, ...])


def _shop(row: asyncpg.Record) -> ShopView:
    return ShopView(
        id=row["shop_id"],
        name=row["shop_name"],
        preset_hash=row["preset_hash"],
        preset=row["preset"],
        shop_hash=row["shop_hash"],
        settings=_json(row["settings"], dict[str, bool | int | str], {}),
        zone=row["zone"],
        contact=_json(row["contact"], dict[str, str], {}),
    )


def _order_row(row: asyncpg.Record, now: Instant) -> OrderRow:
    order = decode_order(row["state"])
    waiting = order.open_cancellation
    asked = waiting.lines if waiting else {}
    last = order.open_cancellation or (order.cancellations[-1] if order.cancellations else None)
    return OrderRow(
        order_id=order.id,
        number=order.number,
        shop_id=order.shop,
        shop_name=row["shop_name"] or "",
        buyer_id=order.buyer,
        buyer_name=row["buyer_name"] or "",
        stage=stage(order, now),
        case_status=waiting.status.value if waiting else None,
        due_at=waiting.due_at if waiting else None,
        on_silence=waiting.on_silence if waiting else "",
        hold_until=order.hold_until,
        dispatch_due_at=order.dispatch_due_at,
        total=order.total,
        refunded=order.refunded,
        placed_at=order.placed_at,
        updated_at=row["updated_at"],
        version=order.version,
        lines=tuple(msgspec.structs.replace(line, asked=asked.get(line.line, 0)) for line in _row_lines(row)),
        open_case_id=waiting.id if waiting else None,
        last_case_id=last.id if last else None,
        tracking=_tracking(order),
        contradictions=len(order.open_contradictions),
    )


def _case_row(row: asyncpg.Record, now: Instant) -> CaseRow:
    order = decode_order(row["state"])
    request = next((one for one in order.cancellations if one.id == row["case_id"]), None)
    lines = _row_lines(row)
    if request is not None:
        asked = request.lines
        lines = tuple(msgspec.structs.replace(line, asked=asked[line.line]) for line in lines if line.line in asked)
    return CaseRow(
        case_id=row["case_id"],
        kind=row["kind"],
        order_id=order.id,
        number=order.number,
        shop_id=order.shop,
        shop_name=row["shop_name"] or "",
        buyer_id=order.buyer,
        buyer_name=row["buyer_name"] or "",
        status=row["status"],
        reason=row["reason"],
        stage=row["stage"],
        rule=row["rule"],
        amount=Money(row["amount_minor"], row["currency"]),
        requested_at=row["requested_at"],
        due_at=row["due_at"],
        on_silence=row["on_silence"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        filed_by=row["filed_by"],
        answer=request.answer if request else "",
        instead=request.instead if request else "",
        lines=lines,
        order_version=order.version,
        order_stage=stage(order, now),
        order_total=order.total,
        tracking=_tracking(order),
        note=row["note"],
        requests_on_order=len(order.cancellations),
    )


def _unpack_row(row: asyncpg.Record) -> UnpackRow:
    order = decode_order(row["state"])
    out = to_unpack(order)
    return UnpackRow(
        order_id=order.id,
        number=order.number,
        since=row["since"],
        whole=order.progress.cancelled_at is not None,
        lines=tuple(
            msgspec.structs.replace(line, asked=out[line.line]) for line in _row_lines(row) if line.line in out
        ),
    )


def _tracking(order: Order) -> tuple[str, ...]:
    return tuple(parcel.tracking for parcel in order.parcels if parcel.tracking)


def _entry(record: Record, notes: Mapping[str, str]) -> TimelineEntry:
    return TimelineEntry(record=record, notes={one: notes.get(one, "") for one in _note_ids(record.event)})


def _note_ids(struct: msgspec.Struct) -> Iterable[str]:
    """The texts an event refers to, its request's among them."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, NoteRef):
            yield value.id
        elif isinstance(value, RequestTerms):
            yield from _note_ids(value)
