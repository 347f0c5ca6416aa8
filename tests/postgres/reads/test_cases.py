"""The queue."""

from datetime import timedelta

import pytest

from postgres.mall import ANN, BOB, EVERYBODY, KILNS, LANTERNS, MONDAY, NOW, names
from rescind.core.actor import ActorKind
from rescind.core.cancellation import ApproveCancellation, WithdrawCancellation
from rescind.core.errors import InvalidField
from rescind.core.money import Money
from rescind.core.stage import Stage
from rescind.core.views import Filters


async def test_a_request_in_the_queue_says_all_that_an_answer_needs(reads, order, case):
    page = await reads.cases(KILNS, Filters(tab="to_respond"), now=NOW)
    assert page.total == 1
    row = page.rows[0]
    assert (row.case_id, row.kind, row.order_id, row.number) == (case["asked"], "cancellation", order["asked"], "1002")
    assert (row.status, row.reason, row.stage, row.rule) == ("awaiting_seller", "changed_mind", "allocated", "ASK-1")
    assert (row.amount, row.order_total) == (Money(2000, "EUR"), Money(3050, "EUR"))
    assert (row.due_at, row.on_silence) == (MONDAY + timedelta(hours=24, minutes=1), "approve")
    assert [(line.title, line.asked, line.quantity) for line in row.lines] == [("Mug", 2, 3)]
    assert (row.order_version, row.order_stage, row.filed_by) == (4, Stage.ALLOCATED, "buyer")
    assert (row.note, row.requests_on_order, row.closed_at) == ("Leave it with the neighbour", 1, None)


async def test_each_tab_of_the_queue_holds_its_own(reads, case):
    for tab, expected in (
        ("to_respond", ["asked"]),
        ("waiting_for_buyer", []),
        ("with_platform", ["?"]),
        ("approved", ["partly", "odd", "stopped"]),
        ("refused", ["refused"]),
        ("withdrawn", ["withdrawn"]),
    ):
        assert names(await reads.cases(KILNS, Filters(tab=tab), now=NOW), case) == expected, tab
    refused = (await reads.cases(BOB, Filters(tab="refused"), now=NOW)).rows[0]
    assert (refused.answer, refused.closed_by) == ("packed", "seller")
    with pytest.raises(InvalidField, match="tab"):
        await reads.cases(KILNS, Filters(tab="to_ship"), now=NOW)


async def test_a_contradiction_is_for_sellers_and_support_not_for_the_buyer(reads, order):
    row = (await reads.cases(KILNS, Filters(tab="with_platform"), now=NOW)).rows[0]
    assert (row.kind, row.order_id, row.reason, row.stage) == (
        "contradiction",
        order["odd"],
        "shipped_after_cancel",
        "handed_over",
    )
    assert len(row.lines) == 2
    assert (await reads.cases(ANN, Filters(), now=NOW)).total == 4
    assert {row.kind for row in (await reads.cases(ANN, Filters(), now=NOW)).rows} == {"cancellation"}


async def test_a_requests_number_finds_that_request_and_an_orders_number_all_of_its(spare):
    identifier = await spare.place("1", units=3)
    for fact in ("paid", "allocated"):
        await spare.fact(identifier, fact)
    first = await spare.ask(identifier, lines={"1": 1})
    await spare.does(ActorKind.SELLER, ApproveCancellation(order=identifier, cancellation=first))
    spare.clock.advance(timedelta(minutes=1))
    second = await spare.ask(identifier, lines={"1": 1})

    async def found(number, scope=EVERYBODY):
        page = await spare.reads.cases(scope, Filters(numbers=(number,)), now=NOW)
        return [row.case_id for row in page.rows]

    assert await found(first) == [first]
    assert await found("1") == await found(identifier) == await found("mug") == [second, first]
    assert await found(first, BOB) == await found("1", LANTERNS) == []
    row = (await spare.reads.cases(EVERYBODY, Filters(numbers=(second,)), now=NOW)).rows[0]
    assert row.requests_on_order == 2
    counts = await spare.reads.order_counts(EVERYBODY, now=NOW)
    assert (counts["cancelled"], counts["cancellation_requested"], counts["all"]) == (1, 1, 1)


async def test_where_open_and_closed_stand_together_what_waits_comes_first(spare):
    cases = []
    for n in range(3):
        identifier = await spare.place(f"{n}", at=MONDAY + timedelta(minutes=n), unit=1000 * (n + 1))
        for fact in ("paid", "allocated"):
            await spare.fact(identifier, fact)
        cases.append(await spare.ask(identifier))
        if n == 0:
            command = WithdrawCancellation(order=identifier, cancellation=cases[0])
            await spare.does(ActorKind.BUYER, command, who="ann")
    for filters, expected in (
        (Filters(sort="time_left"), [cases[1], cases[2], cases[0]]),
        (Filters(tab="to_respond"), [cases[1], cases[2]]),
        (Filters(tab="to_respond", sort="newest"), [cases[2], cases[1]]),
        (Filters(), [cases[2], cases[1], cases[0]]),
        (Filters(sort="amount"), [cases[2], cases[1], cases[0]]),
    ):
        page = await spare.reads.cases(KILNS, filters, now=NOW)
        assert [row.case_id for row in page.rows] == expected, filters


async def test_filters_of_the_queue(reads, case):
    async def found(**filters):
        return names(await reads.cases(EVERYBODY, Filters(**filters), now=NOW), case)

    assert await found(reason=("duplicate",)) == ["stopped"]
    assert await found(stage=("packed",)) == ["refused"]
    assert await found(amount_min_minor=2050, currency="EUR") == ["stopped"]
    assert await found(due_before=NOW + timedelta(days=1)) == ["asked"]
    assert await found(buyer="bob", tab="approved") == ["stopped"]
    assert await found(placed_from=MONDAY + timedelta(minutes=7)) == ["partly"]
