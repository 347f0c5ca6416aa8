"""The list of those who work here, as whoever lets them in has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from rescind.core.errors import InvalidField, one_of
from rescind.core.views import Page, PersonFilters
from rescind.postgres import paging
from rescind.postgres.accounts import PersonView
from rescind.postgres.reads.conditions import Where, short_text
from rescind.postgres.reads.search import anywhere
from rescind.postgres.reads.source import Source, query

_PEOPLE = query("person_rows")
_SORTS = {
    "name": paging.Order("name", "o.name", "o.place", "text"),
    "newest": paging.Order("newest", "o.given_at", "o.place", "timestamptz", descending=True),
    "seen": paging.Order("seen", "coalesce(o.used_at, 'epoch'::timestamptz)", "o.place", "timestamptz"),
}
_FIELDS = PersonView.__struct_fields__


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person in one role, in a list. shop_name: of a seller, else empty."""

    person: PersonView
    shop_name: str

    @property
    def way(self) -> str:
        """What they sign in with, the strongest of it; empty where there is nothing yet."""
        one = self.person
        return "passkey" if one.passkeys else "app" if one.app else "provider" if one.identity else ""


class PersonRows(Source):
    async def person_rows(self, filters: PersonFilters, cursor: str | None = None, limit: int = 25) -> Page[PersonRow]:
        """A page of people. For whoever lets them in alone. Raises InvalidField: cursor, limit, text, sort."""
        of = msgspec.json.encode(["people", filters])
        return await self._page(_PEOPLE, _where(filters), _sort(filters), of, cursor, limit, _row)

    def every_person(self, filters: PersonFilters) -> AsyncIterator[PersonRow]:
        """All people of a list, in its order. Raises InvalidField: text, sort."""
        return self._every(_PEOPLE, _where(filters), _sort(filters), _row)


def _where(filters: PersonFilters) -> Where:
    where = Where()
    if text := short_text("text", filters.text):
        where.add("(o.name ILIKE {} OR o.email ILIKE {})", anywhere(text), anywhere(text))
    for name, value in (("role", filters.role), ("shop", filters.shop)):
        if value:
            where.add(f"o.{name} = {{}}", value)
    if filters.rights:
        # What somebody may do in a shop says nothing of who is not in one.
        where.add("o.shop <> '' AND o.rights = {}", filters.rights)
    if filters.signed_in:
        where.add(f"(o.used_at IS {'NOT NULL' if filters.signed_in == 'yes' else 'NULL'})")
    return where


def _sort(filters: PersonFilters) -> paging.Order:
    if filters.sort not in _SORTS:
        raise InvalidField(field="sort", expected=one_of(_SORTS))
    return _SORTS[filters.sort]


def _row(row: asyncpg.Record) -> PersonRow:
    return PersonRow(person=PersonView(**{name: row[name] for name in _FIELDS}), shop_name=row["shop_name"])
