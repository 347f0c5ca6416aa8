"""What is typed into a search box, as conditions: numbers people have at hand, and parts of names and titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from rescind.core.errors import InvalidField, NotFound
from rescind.core.ids import ShopId, shop_of
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.postgres.reads.conditions import LONGEST_NUMBER, MOST_NUMBERS, Where, narrow, sane, short_text

NUMBERED = """
    SELECT o.shop_id, o.order_id FROM orders o WHERE {where} AND o.number = ANY({numbers})
    UNION ALL
    SELECT o.shop_id, o.order_id FROM orders o WHERE {where} AND o.shop_id = ANY({shops}) AND o.order_id = ANY({ids})
    UNION ALL
    SELECT o.shop_id, o.order_id FROM parcels p JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
    WHERE {where} AND p.tracking = ANY({numbers})"""
ASKED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM cases c JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
    WHERE {where} AND c.shop_id = ANY({shops}) AND c.case_id = ANY({ids})"""
# Of a case's number that case, of an order's all of its cases; a contradiction's has its order's before the colon.
_CASES_OF = """
    SELECT k.shop_id, k.case_id FROM ($orders) AS f JOIN cases k ON k.shop_id = f.shop_id AND k.order_id = f.order_id
    UNION ALL
    SELECT k.shop_id, k.case_id FROM cases k
    WHERE k.shop_id = ANY({shops}) AND k.case_id = ANY({spelt})"""
STOCKED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM order_lines l JOIN orders o ON o.shop_id = l.shop_id AND o.order_id = l.order_id
    WHERE {where} AND l.sku = ANY({numbers})"""
_NAMED = """
    SELECT o.shop_id, o.order_id FROM people p JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
    WHERE {where} AND (p.recipient ->> 'name' ILIKE {pattern} OR p.recipient ->> 'email' ILIKE {pattern}
                       OR p.buyer ->> 'name' ILIKE {pattern} OR p.buyer ->> 'email' ILIKE {pattern})"""
_KNOWN = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM buyers b JOIN orders o ON o.buyer_id = b.buyer_id
    WHERE {where} AND (b.name ILIKE {pattern} OR b.email ILIKE {pattern})"""
_TITLED = """
    UNION ALL
    SELECT o.shop_id, o.order_id FROM order_lines l JOIN orders o ON o.shop_id = l.shop_id AND o.order_id = l.order_id
    WHERE {where} AND l.title ILIKE {pattern}"""


def add_searches(where: Where, of: str, scope: Scope, filters: Filters) -> None:
    """What was typed into the search box. Of a request's number only that request is found, not its order's others."""
    if filters.numbers:
        seen = Where()
        seen.parameters = where.parameters
        narrow(seen, scope, "o")
        numbers = filters.numbers
        if of == "o":
            where.add_matched(of, "numbered", numbered(seen, numbers, NUMBERED + ASKED + STOCKED))
        else:
            query = numbered(seen, numbers, _CASES_OF.replace("$orders", NUMBERED + STOCKED))
            where.add_matched(of, "numbered", query, key="case_id")
    if text := short_text("text", filters.text):
        seen = Where()
        seen.parameters = where.parameters
        narrow(seen, scope, "o")
        pattern = where.bind(anywhere(text))
        where.add_matched(of, "worded", (named(scope) + _TITLED).format(where=seen, pattern=pattern))


def named(scope: Scope) -> str:
    """Orders by what was told of people with them, and for some readers by what else is known of buyers."""
    return _NAMED + _KNOWN if scope.knows_buyers else _NAMED


def numbered(where: Where, numbers: Sequence[str], query: str) -> str:
    if len(numbers) > MOST_NUMBERS or not all(sane(number, LONGEST_NUMBER) for number in numbers):
        expected = f"at most {MOST_NUMBERS} numbers of at most {LONGEST_NUMBER} characters"
        raise InvalidField(field="numbers", expected=expected)
    spelt = spellings(numbers)
    owned = {word: shop for word in spelt if (shop := _shop_of(word.partition(":")[0]))}
    return query.format(
        where=where,
        numbers=where.bind(spelt, "::text[]"),
        spelt=f"${len(where.parameters)}::text[]",
        ids=where.bind(list(owned), "::text[]"),
        shops=where.bind(sorted(set(owned.values())), "::text[]"),
    )


def spellings(numbers: Iterable[str]) -> list[str]:
    """Numbers as people write them: with a sign before, read out in small or capital letters, or in wide ones.

    A Chinese or Japanese keyboard in its own mode types RM-20197 as ＲＭ－２０１９７, and so does a scanner behind it.
    Some scanners pass on the stars that begin and end a Code 39.
    """
    typed = [number.strip().strip("*") for number in numbers]
    bare = [form.removeprefix("#") for number in typed for form in {number, normalize("NFKC", number).strip()}]
    return sorted({spelt for number in bare if number for spelt in (number, number.upper(), number.lower())})


def anywhere(text: str) -> str:
    """Text to be found anywhere, as it is: what ILIKE would read as a wildcard loses its meaning."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _shop_of(word: str) -> ShopId | None:
    try:
        return shop_of(word)
    except NotFound:
        return None
