"""What is typed into a search box finds what was meant."""

import pytest

from postgres.mall import ANN, BOB, EVERYBODY, KILNS, NOW, names
from rescind.core.errors import InvalidField
from rescind.core.views import Filters


async def test_any_number_people_have_at_hand_finds_the_order(reads, order, case):
    for number, expected in (
        ("1005", "shipped"),
        ("#1005", "shipped"),
        (order["shipped"], "shipped"),
        (order["shipped"].upper(), "shipped"),
        ("JD0001234SE", "shipped"),
        ("jd0001234se ", "shipped"),
        ("CUP-7", "shipped"),
        ("cup-7", "shipped"),
        (case["stopped"], "stopped"),
    ):
        for scope in (EVERYBODY, KILNS, BOB):
            assert names(await reads.orders(scope, Filters(numbers=(number,)), now=NOW), order) == [expected], number
    many = ("1005", case["stopped"], order["asked"], "CUP-7", "unknown", *(f"n{n}" for n in range(95)))
    page = await reads.orders(KILNS, Filters(numbers=many), now=NOW)
    assert names(page, order) == ["shipped", "stopped", "asked"]


async def test_text_is_found_anywhere_and_is_never_a_pattern(reads, order):
    for text, expected in (
        ("teapot", ["stopped"]),
        ("TEAPO", ["stopped"]),
        ("提灯", ["held"]),
        ("100% g", ["unpaid"]),
        ("100%g", []),
        ("%", ["unpaid"]),
        ("n_l", ["held", "partly", "odd", "withdrawn", "asked", "unpaid"]),
        ("\\", []),
        ("bob RAY", ["refused", "shipped", "stopped", "late"]),
        ("ann lee", ["held", "partly", "odd", "withdrawn", "asked", "unpaid"]),
        ("' OR true --", []),
        ("(a+)+$", []),
    ):
        found = names(await reads.orders(EVERYBODY, Filters(text=text), now=NOW), order)
        assert sorted(found) == sorted(expected), text
    assert len((await reads.orders(ANN, Filters(text="ångström"), now=NOW)).rows) == 6
    assert len((await reads.orders(KILNS, Filters(text="ZOE@example"), now=NOW)).rows) == 8
    assert len((await reads.cases(KILNS, Filters(text="teapot"), now=NOW)).rows) == 1


async def test_support_finds_an_order_by_whatever_the_caller_says(reads, order, case):
    for text, expected in (
        ("1005", ["shipped"]),
        (case["stopped"], ["stopped"]),
        (f"{order['asked']}, 1003", ["stopped", "asked"]),
        ("JD0001234SE", ["shipped"]),
        ("bob@example", ["shipped", "refused", "stopped", "late"]),
        ("Bob Ray", ["shipped", "refused", "stopped", "late"]),
        ("1001", ["held", "unpaid"]),
        ("nobody", []),
        ("  ", []),
        ("%", []),
    ):
        assert names(await reads.find(EVERYBODY, text, now=NOW), order) == expected, text
    assert names(await reads.find(KILNS, "1001", now=NOW), order) == ["unpaid"]
    assert await reads.find(ANN, "Bob", now=NOW) == ()
    assert len(await reads.find(EVERYBODY, "zoe@example.org", 3, now=NOW)) == 3
    with pytest.raises(InvalidField):
        await reads.find(EVERYBODY, "x" * 201, now=NOW)
