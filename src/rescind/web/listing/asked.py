"""A list's address, read: what narrows it, what was typed, and the one address that says the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from rescind.core.errors import InvalidField, RescindError
from rescind.core.listing import Listing
from rescind.core.money import Money
from rescind.core.views import CASE_TABS, ORDER_TABS, Filters
from rescind.intake import query
from rescind.intake.fields import currencies
from rescind.intake.narrowing import NARROWINGS, Narrowing, RefundNarrowing
from rescind.lists import AnyNarrowing
from rescind.locales import Locale
from rescind.web.search import MOST, Search, read_search, read_words, too_many
from rescind.web.session import Visit

_TABS: Mapping[str, Iterable[str]] = {"orders": ORDER_TABS, "requests": CASE_TABS}
TYPED = ("from", "to", "least", "most", "shop_name")
"""What forms have in the place of instants, minor units and ids."""
_SEARCHED = frozenset({"number", "text"})
"""What the search box says, too."""
PLACES = frozenset({"cursor", "after", "said", "open", "of", "view", *TYPED})
"""What of an address does not narrow the list."""
_SHOWN, _LONGEST = 5, 40
"""So many words that the list does not know are told back, and so much of each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it. where: what narrows it, in one spelling. go: the address that says the same
    in the API's words, empty where this one does. errors: (field, what is wrong). typed: as it was typed.
    shops: (id, name) of those that fit what was typed, where several do.
    """

    listing: Listing
    narrowing: AnyNarrowing
    where: str
    search: Search
    go: str = ""
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    typed: Mapping[str, str] = field(default_factory=dict[str, str])
    shops: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def filters(self, visit: Visit, zone: str) -> Filters:
        """Of a list of orders, requests or refunds, as the reads take them."""
        if isinstance(self.narrowing, RefundNarrowing):
            return self.narrowing.filters(zone)
        assert isinstance(self.narrowing, Narrowing), "this list has such filters"
        return self.narrowing.filters(visit.person.role, zone)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What narrows the list, name by name; a name may stand several times."""
        return parse_qsl(self.where)

    def value(self, name: str) -> str:
        """What one filter is set to."""
        return dict(self.pairs).get(name, "")

    def values(self, name: str) -> tuple[str, ...]:
        """All that it is set to, any of which may fit."""
        return tuple(value for one, value in self.pairs if one == name)


def asked(visit: Visit, listing: Listing, zone: str, *, usual: Mapping[str, str] | None = None) -> Asked:
    """Read a list's address. What cannot be meant is left out, and said.

    usual: what holds where the address does not say otherwise, such as the first tab.
    """
    kind = NARROWINGS[listing.name]
    names = query.names(kind)
    sent = list(visit.request.query_params.multi_items())
    known = [(name, value) for name, value in sent if value and name in names and name not in _SEARCHED]
    search = _searched(visit, sent, names)
    typed = {name: visit.query(name).strip() for name in TYPED}
    errors = too_many(visit.locale, search)
    said = _said(visit.locale, typed, dict(known), zone, errors)
    empty = [name for name, value in sent if not value and name != "q"]
    moved = "" if errors or not (empty or any(typed.values())) else _address(visit, sent, said)
    pairs = [(name, value) for name, value in known if name not in said] + list(said.items())
    if listing.name in _TABS and (tab := dict(pairs).get("tab", "all")) not in _TABS[listing.name]:
        pairs = [(name, value) for name, value in pairs if name != "tab"]
        errors.append(("q", _unread(visit.locale, f"tab={tab}")))
    given = dict(pairs)
    pairs += [(name, value) for name, value in (usual or {}).items() if name not in given]
    pairs += [("number", one) for one in search.numbers]
    if search.words:
        # A list that is found by numbers alone finds nothing by words.
        pairs.append(("text" if "text" in names else "number", search.words))
    narrowing, left = _shaped(kind, pairs, visit, zone)
    errors += [
        ("q", _unread(visit.locale, f"{name}={value}"))
        for name, value in pairs
        if (name, value) not in left and name not in _SEARCHED
    ]
    errors += _crossed(visit.locale, narrowing)
    unknown = dict.fromkeys(name for name, value in sent if value and name not in {"q", *names, *PLACES})
    errors += [("q", _unknown(visit.locale, name)) for name in list(unknown)[:_SHOWN]]
    return Asked(listing, narrowing, urlencode(sorted(left)), search, moved, errors, typed if errors else {})


def _crossed(language: Locale, narrowing: AnyNarrowing) -> list[tuple[str, str]]:
    """What no row can be, since it ends before it begins."""
    if not isinstance(narrowing, Narrowing | RefundNarrowing):
        return []
    _, found = language.gettext, list[tuple[str, str]]()
    first, last = narrowing.placed_from, narrowing.placed_to
    if first is not None and last is not None and first >= last:
        found.append(("to", _("The last day is before the first, so no row fits")))
    least, most = narrowing.amount_min, narrowing.amount_max
    if least is not None and most is not None and least > most:
        found.append(("most", _("It is less than the least amount, so no row fits")))
    return found


def _searched(visit: Visit, sent: Sequence[tuple[str, str]], names: Sequence[str]) -> Search:
    """What is looked for: as it was typed into the box, else in the words of the API."""
    if typed := visit.query("q"):
        found = read_search(typed)
        # A list that has words alone is searched by them, whatever they look like.
        return found if "number" in names else read_words(typed)
    numbers = tuple(value for name, value in sent if name == "number" and value and name in names)
    words = read_words(visit.query("text") if "text" in names else "").words
    return Search(" ".join((*numbers, *filter(None, (words,)))), numbers[:MOST], words, max(0, len(numbers) - MOST))


def _unknown(language: Locale, name: str) -> str:
    return language.gettext("This list has no filter %(word)s; it was left out") % {"word": _shown(name)}


def _unread(language: Locale, said: str) -> str:
    return language.gettext("%(word)s cannot be read; it was left out") % {"word": _shown(said)}


def _shown(word: str) -> str:
    plain = "".join(sign for sign in word if sign.isprintable())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


def _shaped(
    kind: type[Any], pairs: list[tuple[str, str]], visit: Visit, zone: str
) -> tuple[AnyNarrowing, list[tuple[str, str]]]:
    """The pairs as a struct; one that cannot be meant goes."""
    while True:
        try:
            found = query.read(urlencode(pairs).encode(), kind)
            if isinstance(found, Narrowing):
                found.filters(visit.person.role, zone)
            elif isinstance(found, RefundNarrowing):
                found.filters(zone)
        except RescindError as fault:
            wrong = str(fault.params.get("field", "")).lstrip("?")
            left = [(name, value) for name, value in pairs if name != wrong]
            pairs = left if len(left) < len(pairs) else []
        else:
            return found, pairs


def _said(
    language: Locale, typed: Mapping[str, str], known: Mapping[str, str], zone: str, errors: list[tuple[str, str]]
) -> dict[str, str]:
    """Days and amounts of a form in the API's words."""
    _ = language.gettext
    said: dict[str, str] = {}
    for name, to, days in (("from", "placed_from", 0), ("to", "placed_to", 1)):
        if typed[name]:
            try:
                day = date.fromisoformat(typed[name]) + timedelta(days=days)
                said[to] = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).isoformat()
            except (ValueError, OverflowError):
                errors.append((name, _("Write a day as 2026-11-28")))
    currency = known.get("currency", "")
    for name, to in (("least", "amount_min"), ("most", "amount_max")):
        if not typed[name]:
            continue
        if currency not in currencies():
            errors.append(("currency", _("Choose the currency of the amount")))
            break
        try:
            said[to] = str(Money.parse(typed[name], currency).minor)
        except InvalidField:
            errors.append((name, _("Write an amount like 12.50")))
    return said


def _address(visit: Visit, sent: Sequence[tuple[str, str]], said: Mapping[str, str]) -> str:
    pairs = [(name, value) for name, value in sent if value and name not in TYPED and name not in said]
    return visit.request.url.path + "?" + urlencode([*pairs, *said.items()])
