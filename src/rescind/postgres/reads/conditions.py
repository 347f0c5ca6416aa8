"""Conditions of a read: what must hold of a row, first of all that its reader may see it (I-30)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rescind.core.errors import InvalidField, NotFound
from rescind.core.ids import canonical, shop_of
from rescind.core.instant import Instant, instant
from rescind.core.money import CAP_MINOR
from rescind.core.period import since, until
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.postgres.reads.amounts import place, within_currency

MOST_NUMBERS = 100
LONGEST_NUMBER = 128
LONGEST_TEXT = 200

HAS_CASE = "EXISTS (SELECT FROM cases c WHERE c.shop_id = o.shop_id AND c.order_id = o.order_id AND {})"
"""Of an order o: whether a case c of it is such a one."""

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Where:
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

    def add_matched(self, of: str, name: str, query: str, *, key: str = "order_id") -> None:
        """Only rows that a query finds, by shop and key; it runs once however often a statement has the conditions."""
        self._matched.append(f"{name} AS MATERIALIZED ({query})")
        self._conditions.append(f"({of}.shop_id, {of}.{key}) IN (TABLE {name})")

    @property
    def matched(self) -> str:
        return "WITH " + ", ".join(self._matched) if self._matched else ""

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "true"


def scoped(scope: Scope, of: str) -> Where:
    where = Where()
    narrow(where, scope, of)
    return where


def narrow(where: Where, scope: Scope, of: str) -> None:
    if scope.shop is not None:
        where.add(f"{of}.shop_id = {{}}", scope.shop)
    if scope.buyer is not None:
        where.add(f"{of}.buyer_id = {{}}", scope.buyer)
    if scope.order is not None:
        where.add(f"{of}.order_id = {{}}", scope.order)


def scoped_cases(scope: Scope) -> Where:
    """A contradiction is between the marketplace and its sellers; a decision against the rules is the platform's, and
    so is what it pays out itself. Money that somebody proposes to move is seen by support, and by the shop its own.
    """
    where = scoped(scope, "c")
    if scope.shop is not None:
        where.add(
            "c.kind NOT IN ('override', 'refund', 'escalation') AND (c.kind <> 'proposal' OR c.filed_by = 'seller')"
        )
    if scope.buyer is not None:
        where.add("c.kind = 'cancellation'")
    return where


def buyer_told(scope: Scope, said: str) -> str:
    """What an order p of the table ``people`` says of its buyer b: what was told with it, else what else is known.

    said: name, email or locale.
    """
    told = f"nullif(p.buyer ->> '{said}', '')"
    return f"coalesce({told}, b.{said})" if scope.knows_buyers else told


def add_id(where: Where, order_id: str) -> None:
    identifier = known("ord", order_id, "order")
    where.add("o.shop_id = {} AND o.order_id = {}", shop_of(identifier), identifier)


def add_filters(where: Where, of: str, at: str, amount: str, filters: Filters, now: Instant) -> None:
    _add_times(where, of, at, filters, now)
    _add_amounts(where, of, amount, filters)
    if filters.shop:
        where.add(f"{of}.shop_id = {{}}", short_text("shop", filters.shop))
    if filters.buyer:
        where.add(f"{of}.buyer_id = {{}}", short_text("buyer", filters.buyer))


def _add_amounts(where: Where, of: str, amount: str, filters: Filters) -> None:
    currency = filters.currency
    if currency:
        if not _CURRENCY.fullmatch(currency):
            raise InvalidField(field="currency", expected="three capital letters of ISO 4217")
        where.add(f"{of}.currency = {{}}::char(3)", currency)
    for field, minor, sign in (
        ("amount_min_minor", filters.amount_min_minor, "<="),
        ("amount_max_minor", filters.amount_max_minor, ">="),
    ):
        if minor is not None:
            if not currency:
                raise InvalidField(field=field, expected="an amount beside its currency")
            where.add(f"{within_currency(of, amount)} {sign} {{}}", place(currency, _amount(field, minor)))


def _add_times(where: Where, of: str, at: str, filters: Filters, now: Instant) -> None:
    if filters.placed_from is not None:
        where.add(f"{of}.{at} >= {{}}", instant(filters.placed_from, field="placed_from"))
    if filters.placed_to is not None:
        where.add(f"{of}.{at} < {{}}", instant(filters.placed_to, field="placed_to"))
    if (lately := since(filters.placed, now, filters.zone)) is not None:
        where.add(f"{of}.{at} >= {{}}", lately)
    for due in (filters.due_before, until(filters.due, now, filters.zone)):
        if due is not None:
            where.add(f"{of}.due_at < {{}}", instant(due, field="due_before"))
            if of == "c":
                where.add("c.closed_at IS NULL")


def sane(text: str, longest: int) -> bool:
    """Whether the database can hold such text at all; what it cannot hold is found nowhere."""
    return len(text) <= longest and not _UNPRINTABLE.search(text)


def short_text(field: str, text: str) -> str:
    if not sane(text, LONGEST_TEXT):
        raise InvalidField(field=field, expected=f"at most {LONGEST_TEXT} characters on one line")
    return text.strip()


def checked_codes(field: str, codes: Sequence[str]) -> list[str]:
    if len(codes) > MOST_NUMBERS or not all(_CODE.fullmatch(code) for code in codes):
        raise InvalidField(field=field, expected="codes of small letters, digits and underscores")
    return list(codes)


def _amount(field: str, minor: int) -> int:
    if not 0 <= minor <= CAP_MINOR:
        raise InvalidField(field=field, expected=f"an amount in minor units from 0 to {CAP_MINOR}")
    return minor


def known(prefix: str, identifier: str, kind: str) -> str:
    """An id in its canonical form; any other is as missing as one that nobody has."""
    try:
        return canonical(prefix, identifier)
    except NotFound:
        raise NotFound(kind=kind) from None
