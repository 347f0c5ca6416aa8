import asyncio
import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import asyncpg
import msgspec
import pytest

from postgres.servers import VERSIONS, new_database, running
from rescind.book import Book
from rescind.clock import HandClock
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import (
    ApproveCancellation,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.errors import InvalidField, NotFound
from rescind.core.event import Note
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.money import Money
from rescind.core.order import FactKind, Line, Pins, Stage, Tender
from rescind.core.scope import Scope
from rescind.core.views import CASE_TABS, ORDER_TABS, Filters
from rescind.engine import Engine, Submission
from rescind.policies import preset
from rescind.postgres.directory import Directory
from rescind.postgres.embedded import APP, OWNER
from rescind.postgres.migrate import migrate
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.store import PostgresStore, connect

SECRET = bytes(range(32))
MONDAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=8)
KILN, LANTERN = shop_id(1), shop_id(2)
EVERYBODY, ANN, BOB = Scope(), Scope(buyer="ann"), Scope(buyer="bob")
KILNS, LANTERNS = Scope(shop=KILN), Scope(shop=LANTERN)


class Mall:
    """Two shops on a clock moved by hand, filled through the engine, so that what is read is what is written."""

    def __init__(self, pool, engine, clock):
        self.pool, self.engine, self.clock = pool, engine, clock
        self.reads = Reads(pool, SECRET)
        self.directory = Directory(pool)

    async def does(self, kind, command, *, who="", details=None):
        actor = Actor(kind=kind, id=who or kind.value)
        return await self.engine.handle(Submission(command=command, actor=actor, details=details))

    async def place(
        self, number, buyer="ann", *, shop=KILN, at=MONDAY, title="Mug", sku="MUG", units=1, unit=1000, recipient=None
    ):
        self.clock.set(at)
        name = "us" if shop == LANTERN else "base"
        line = Line(id="1", sku=sku, quantity=units, unit_minor=unit)
        extra = Line(id="2", sku="BAG", quantity=1, unit_minor=50)
        command = PlaceOrder(
            order=OrderId(make_id("ord", shop, at, secrets.randbits(28))),
            shop=shop,
            buyer=buyer,
            number=number,
            currency="EUR",
            placed_at=at,
            pins=Pins(preset=name, preset_hash=preset(name).hash),
            lines=(line, extra),
            tenders=(Tender(id="t", method="card", label="Visa ..42", amount_minor=units * unit + 50),),
        )
        details = Details(
            lines=(
                LineWords(line="1", title=title, variant="blue", options={"Engraving": "für Zoë"}, image="/mug.jpg"),
                LineWords(line="2", title="Paper bag"),
            ),
            recipient=recipient or Recipient(name="Zoë Ångström", email="zoe@example.org", city="Uppsala"),
            note="Leave it with the neighbour",
        )
        await self.does(ActorKind.HOST, command, details=details)
        return command.order

    async def fact(self, order, fact, at=None, **more):
        if at is not None:
            self.clock.set(at)
        command = ReportFact(order=order, fact=FactKind(fact), occurred_at=self.clock.read(), **more)
        await self.does(ActorKind.HOST, command)

    async def ask(self, order, *, buyer="ann", reason="changed_mind", **more):
        command = RequestCancellation(order=order, reason=reason, **more)
        outcome = await self.does(ActorKind.BUYER, command, who=buyer)
        return outcome.order.cancellations[-1].id


@asynccontextmanager
async def mall(dsn):
    clock = HandClock(MONDAY)
    pool = await connect(dsn, size=3)
    try:
        book = Book(PolicyTable(pool))
        await book.open((preset("base"), preset("us")))
        async with Engine(PostgresStore(pool, clock), book).running() as engine:
            yield Mall(pool, engine, clock)
    finally:
        await pool.close()


async def fill(one):
    for shop, name, policy in ((KILN, "Kiln & Co", "base"), (LANTERN, "Blue Lantern", "us")):
        await one.directory.put_shop(
            shop,
            name=name,
            preset_hash=preset(policy).hash,
            settings={"window": "1h"} if shop == KILN else {},
            zone="Europe/Stockholm",
            contact={"email": "shop@example.org"},
        )
    await one.directory.put_buyer("ann", name="Ann Lee", email="ann_lee@example.org", locale="zh")
    await one.directory.put_buyer("bob", name="Bob Ray", email="bob@example.com")
    seller, is_paid = ActorKind.SELLER, ("paid", "allocated")
    order, case = {}, {}

    order["unpaid"] = await one.place("1001", title="Mug 100% glaze", sku="MUG-1", unit=4000)

    order["asked"] = await one.place("1002", at=MONDAY + timedelta(minutes=1), units=3)
    for fact in is_paid:
        await one.fact(order["asked"], fact)
    comment = Note(id="txt_asked", body="I found my old one", salt="s")
    case["asked"] = await one.ask(order["asked"], lines={"1": 2}, comment=comment)

    order["stopped"] = await one.place("1003", "bob", at=MONDAY + timedelta(minutes=2), title="Teapot", unit=2000)
    for fact in is_paid:
        await one.fact(order["stopped"], fact)
    case["stopped"] = await one.ask(order["stopped"], buyer="bob", reason="duplicate")
    await one.does(seller, ApproveCancellation(order=order["stopped"], cancellation=case["stopped"]))

    order["refused"] = await one.place("1004", "bob", at=MONDAY + timedelta(minutes=3), title="Bowl")
    for fact in (*is_paid, "packing_started", "packed"):
        await one.fact(order["refused"], fact)
    case["refused"] = await one.ask(order["refused"], buyer="bob", anyway=True)
    said = Note(id="txt_refused", body="The label is on it", salt="s")
    await one.does(
        seller,
        RefuseCancellation(order=order["refused"], cancellation=case["refused"], reason="packed", comment=said),
    )

    order["shipped"] = await one.place("1005", "bob", at=MONDAY + timedelta(minutes=4), sku="CUP-7")
    for fact in is_paid:
        await one.fact(order["shipped"], fact)
    await one.fact(order["shipped"], "tracking_added", carrier="Post", tracking="JD0001234SE")
    await one.fact(order["shipped"], "handed_over")

    order["withdrawn"] = await one.place("1006", at=MONDAY + timedelta(minutes=5))
    for fact in is_paid:
        await one.fact(order["withdrawn"], fact)
    case["withdrawn"] = await one.ask(order["withdrawn"])
    withdrawal = WithdrawCancellation(order=order["withdrawn"], cancellation=case["withdrawn"])
    await one.does(ActorKind.BUYER, withdrawal, who="ann")

    order["odd"] = await one.place("1007", at=MONDAY + timedelta(minutes=6))
    await one.fact(order["odd"], "paid")
    case["odd"] = await one.ask(order["odd"])
    await one.fact(order["odd"], "handed_over")

    order["partly"] = await one.place("1008", at=MONDAY + timedelta(minutes=7), units=2)
    for fact in is_paid:
        await one.fact(order["partly"], fact)
    case["partly"] = await one.ask(order["partly"], lines={"1": 1})
    await one.does(seller, ApproveCancellation(order=order["partly"], cancellation=case["partly"]))

    order["late"] = await one.place("2002", "bob", shop=LANTERN, at=MONDAY - timedelta(days=6), title="Lamp")
    await one.fact(order["late"], "paid", at=MONDAY - timedelta(days=6))
    # The very number of a neighbour's order: numbers are a shop's own.
    order["held"] = await one.place("1001", shop=LANTERN, at=NOW - timedelta(minutes=10), title="Lamp 提灯", unit=9900)
    await one.fact(order["held"], "paid")
    return SimpleNamespace(order=order, case=case)


@pytest.fixture(scope="module", params=VERSIONS)
def server(request, tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("reads"), request.param)


@pytest.fixture(scope="module")
def filled(server):
    async def make():
        address = await new_database(server, "reads")
        await migrate(address(OWNER))
        async with mall(address(APP)) as one:
            return address(APP), await fill(one)

    return asyncio.run(make())


@pytest.fixture
async def reads(filled):
    pool = await connect(filled[0], size=2)
    yield Reads(pool, SECRET)
    await pool.close()


@pytest.fixture
def order(filled):
    return filled[1].order


@pytest.fixture
def case(filled):
    return filled[1].case


@pytest.fixture
async def spare(server):
    """An empty mall of one test's own."""
    address = await new_database(server, f"spare_{secrets.token_hex(4)}")
    await migrate(address(OWNER))
    async with mall(address(APP)) as one:
        yield one


def names(page_or_rows, known):
    rows = getattr(page_or_rows, "rows", page_or_rows)
    by_id = {identifier: name for name, identifier in known.items()}
    return [by_id.get(getattr(row, "case_id", row.order_id), "?") for row in rows]


# --- one order --------------------------------------------------------------------------------------------------------


async def test_an_order_comes_with_its_words_its_shop_and_its_buyer(reads, order):
    view = await reads.order(EVERYBODY, order["asked"])
    assert (view.order.id, view.order.version) == (order["asked"], 4)
    assert [line.title for line in view.details.lines] == ["Mug", "Paper bag"]
    assert view.details.lines[0].options == {"Engraving": "für Zoë"}
    assert (view.details.recipient.name, view.details.note) == ("Zoë Ångström", "Leave it with the neighbour")
    assert (view.shop.name, view.shop.preset, view.shop.settings) == ("Kiln & Co", "base", {"window": "1h"})
    assert view.shop.contact == {"email": "shop@example.org"}
    assert (view.buyer.name, view.buyer.email, view.buyer.locale) == ("Ann Lee", "ann_lee@example.org", "zh")
    assert view.notes == {"txt_asked": "I found my old one"}
    assert view.updated_at == MONDAY + timedelta(minutes=1)


@pytest.mark.parametrize("scope", [KILNS, ANN, Scope(shop=KILN, buyer="ann"), EVERYBODY])
async def test_whoever_has_part_in_an_order_sees_it(reads, order, scope):
    assert (await reads.order(scope, order["asked"])).order.id == order["asked"]
    assert (await reads.timeline(scope, order["asked"]))[0].record.order == order["asked"]


@pytest.mark.parametrize("scope", [LANTERNS, BOB, Scope(shop=KILN, buyer="bob"), Scope(shop=LANTERN, buyer="ann")])
async def test_a_foreign_order_and_a_missing_one_are_the_same(reads, order, scope):
    missing = OrderId(make_id("ord", KILN, MONDAY, 7))
    said = set()
    for identifier in (
        order["asked"],
        missing,
        "ord_nonsense",
        order["asked"].upper(),
        "",
        "ord\x00",
        "ord_" + "é" * 22,
    ):
        for read in (reads.order, reads.timeline):
            with pytest.raises(NotFound) as refused:
                await read(scope, identifier)
            said.add(str(refused.value))
    assert said == {"not-found: kind=order"}


async def test_a_number_belongs_to_its_shop(reads, order):
    assert (await reads.order_by_number(KILNS, "1001")).order.id == order["unpaid"]
    assert (await reads.order_by_number(LANTERNS, "1001")).order.id == order["held"]
    assert (await reads.order_by_number(ANN, "1001", LANTERN)).order.id == order["held"]
    assert (await reads.order_by_number(EVERYBODY, "2002")).order.id == order["late"]
    with pytest.raises(InvalidField) as refused:
        await reads.order_by_number(ANN, "1001")
    assert refused.value.params["field"] == "shop"
    for scope, number in ((BOB, "1001"), (LANTERNS, "1002"), (EVERYBODY, "9"), (EVERYBODY, "1001\x00")):
        with pytest.raises(NotFound):
            await reads.order_by_number(scope, number)


async def test_a_timeline_begins_with_the_order_and_carries_each_words_where_they_were_said(reads, order):
    entries = await reads.timeline(KILNS, order["refused"])
    assert [entry.record.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert type(entries[0].record.event).__name__ == "OrderPlaced"
    assert [entry.notes for entry in entries if entry.notes] == [{"txt_refused": "The label is on it"}]
    asked = await reads.timeline(ANN, order["asked"])
    assert asked[-1].notes == {"txt_asked": "I found my old one"}, "the words of a request lie inside of its terms"


async def test_erased_words_are_empty_not_gone(spare):
    identifier = await spare.place("1")
    await spare.fact(identifier, "paid")
    await spare.ask(identifier, comment=Note(id="txt_1", body="Mine", salt="s"))
    await spare.pool.execute("UPDATE texts SET body = NULL, salt = NULL")
    await spare.directory.put_shop(
        KILN, name="Kiln", preset_hash=preset("base").hash, settings={}, zone="UTC", contact={}
    )
    assert (await spare.reads.order(EVERYBODY, identifier)).notes == {"txt_1": ""}
    assert (await spare.reads.timeline(EVERYBODY, identifier))[-1].notes == {"txt_1": ""}


async def test_a_buyer_whom_the_directory_does_not_know_has_no_name_yet(spare):
    identifier = await spare.place("1", "eve")
    await spare.directory.put_shop(
        KILN, name="Kiln", preset_hash=preset("base").hash, settings={}, zone="UTC", contact={}
    )
    view = await spare.reads.order(EVERYBODY, identifier)
    assert (view.buyer.id, view.buyer.name, view.buyer.locale) == ("eve", "", "en")
    assert (await spare.reads.orders(EVERYBODY, Filters(), now=NOW)).rows[0].buyer_name == ""
    with pytest.raises(NotFound):
        await spare.reads.buyer("eve")


async def test_shops_and_buyers_are_found_by_id(reads):
    assert [shop.name for shop in await reads.shops()] == ["Blue Lantern", "Kiln & Co"]
    assert (await reads.shop(KILN)).preset == "base"
    card = await reads.shops_public(LANTERN)
    assert (card.name, card.zone, card.contact) == ("Blue Lantern", "Europe/Stockholm", {"email": "shop@example.org"})
    assert (await reads.buyer("bob")).email == "bob@example.com"
    for read, identifier in (
        (reads.shop, shop_id(9)),
        (reads.shop, "x"),
        (reads.shops_public, "shp_"),
        (reads.buyer, "x\x00"),
    ):
        with pytest.raises(NotFound):
            await read(identifier)


# --- lists of orders --------------------------------------------------------------------------------------------------


async def test_a_row_says_what_was_bought_and_what_waits(reads, order, case):
    row = (await reads.orders(KILNS, Filters(numbers=("1002",)), now=NOW)).rows[0]
    assert (row.order_id, row.number, row.shop_name, row.buyer_name) == (order["asked"], "1002", "Kiln & Co", "Ann Lee")
    assert (row.stage, row.total, row.version) == (Stage.ALLOCATED, Money(3050, "EUR"), 4)
    assert (row.case_status, row.open_case_id, row.on_silence) == ("awaiting_seller", case["asked"], "approve")
    assert row.due_at == MONDAY + timedelta(hours=24, minutes=1)
    mug, bag = row.lines
    assert (mug.title, mug.variant, mug.quantity, mug.asked, mug.sku) == ("Mug", "blue", 3, 2, "MUG")
    assert (bag.title, bag.asked, bag.unit_minor, bag.image) == ("Paper bag", 0, 50, "")


async def test_a_list_shows_what_its_reader_may_see_and_nothing_else(reads, order):
    for scope, shops, buyers in (
        (KILNS, {KILN}, {"ann", "bob"}),
        (LANTERNS, {LANTERN}, {"ann", "bob"}),
        (ANN, {KILN, LANTERN}, {"ann"}),
        (Scope(shop=KILN, buyer="bob"), {KILN}, {"bob"}),
        (EVERYBODY, {KILN, LANTERN}, {"ann", "bob"}),
    ):
        page = await reads.orders(scope, Filters(), now=NOW)
        assert {row.shop_id for row in page.rows} == shops
        assert {row.buyer_id for row in page.rows} == buyers
        assert page.total == len(page.rows) == len({row.order_id for row in page.rows})
    assert (await reads.orders(EVERYBODY, Filters(), now=NOW)).total == len(order)
    # What is asked for narrows the scope; it never widens it.
    assert (await reads.orders(KILNS, Filters(shop=LANTERN), now=NOW)).rows == ()
    assert (await reads.orders(ANN, Filters(buyer="bob"), now=NOW)).rows == ()
    for number in ("2002", order["late"], "JD0001234SE", "CUP-7"):
        assert (await reads.orders(ANN, Filters(numbers=(number,)), now=NOW)).rows == ()
    assert (await reads.orders(LANTERNS, Filters(text="Teapot"), now=NOW)).rows == ()


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("to_pay", ["unpaid"]),
        ("to_ship", ["partly", "withdrawn", "refused", "asked"]),
        ("to_pack", ["refused"]),
        ("shipped", ["shipped"]),
        ("in_transit", ["shipped"]),
        ("cancelled", ["partly", "odd", "stopped", "asked"]),
        ("cancellation_requested", ["asked"]),
        ("auto_cancelling_24h", ["asked"]),
        ("contradictions", ["odd"]),
        ("completed", []),
    ],
)
async def test_a_tab_holds_the_orders_its_name_says(reads, order, tab, expected):
    assert names(await reads.orders(KILNS, Filters(tab=tab), now=NOW), order) == expected


async def test_what_must_be_shipped_soon_and_what_should_have_been(reads, order):
    rows = (await reads.orders(LANTERNS, Filters(), now=NOW)).rows
    due = {row.order_id: row.dispatch_due_at for row in rows}
    assert names(await reads.orders(LANTERNS, Filters(tab="shipping_overdue"), now=NOW), order) == ["late"]
    day, moment = timedelta(days=1), timedelta(microseconds=1)
    end = due[order["held"]]
    for now, within, overdue in (
        (end - day, [], ["late"]),
        (end - day + moment, ["held"], ["late"]),
        (end, ["held"], ["late"]),
        (end + moment, [], ["held", "late"]),
    ):
        counts = await reads.order_counts(LANTERNS, now=now)
        for tab, expected in (("ship_within_24h", within), ("shipping_overdue", overdue)):
            assert names(await reads.orders(LANTERNS, Filters(tab=tab), now=now), order) == expected, (tab, now)
            assert counts[tab] == len(expected)


async def test_silence_that_approves_within_a_day_is_announced_to_the_moment(reads, case):
    due_at = MONDAY + timedelta(hours=24, minutes=1)
    for now, found in ((due_at - timedelta(hours=24), 0), (due_at - timedelta(hours=23, minutes=59), 1)):
        page = await reads.orders(KILNS, Filters(tab="auto_cancelling_24h"), now=now)
        counts = await reads.order_counts(KILNS, now=now)
        assert (len(page.rows), counts["auto_cancelling_24h"]) == (found, found)


async def test_the_stage_is_as_it_is_at_the_time_of_reading(reads, order):
    for now, expected in ((NOW, Stage.ON_HOLD), (NOW + timedelta(hours=1), Stage.REVIEW)):
        rows = (await reads.orders(LANTERNS, Filters(numbers=("1001",)), now=now)).rows
        assert [row.stage for row in rows] == [expected]
        assert rows[0].hold_until == NOW + timedelta(minutes=50)


@pytest.mark.parametrize("scope", [EVERYBODY, KILNS, LANTERNS, ANN, BOB, Scope(buyer="nobody")])
async def test_every_tab_counts_what_it_lists(reads, scope):
    counts = await reads.order_counts(scope, now=NOW)
    assert set(counts) == set(ORDER_TABS)
    for tab in ORDER_TABS:
        page = await reads.orders(scope, Filters(tab=tab), now=NOW, limit=100)
        assert (tab, len(page.rows), page.total) == (tab, counts[tab], counts[tab])


@pytest.mark.parametrize("scope", [EVERYBODY, KILNS, LANTERNS, ANN, BOB, Scope(buyer="nobody")])
async def test_every_tab_of_the_queue_counts_what_it_lists(reads, scope):
    counts = await reads.case_counts(scope)
    assert set(counts) == set(CASE_TABS)
    for tab in CASE_TABS:
        page = await reads.cases(scope, Filters(tab=tab), now=NOW, limit=100)
        assert (tab, len(page.rows), page.total) == (tab, counts[tab], counts[tab])


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


async def test_filters_narrow_together(reads, order):
    async def found(**filters):
        return names(await reads.orders(EVERYBODY, Filters(**filters), now=NOW), order)

    assert await found(amount_min_minor=4050) == ["held", "unpaid"]
    assert await found(amount_min_minor=4051) == ["held"]
    assert await found(amount_min_minor=2050, amount_max_minor=4050) == ["partly", "stopped", "asked", "unpaid"]
    assert await found(placed_to=MONDAY, placed_from=MONDAY - timedelta(days=6)) == ["late"]
    assert await found(placed_from=MONDAY, placed_to=MONDAY + timedelta(minutes=1)) == ["unpaid"]
    assert await found(stage=("unpaid", "in_transit")) == ["shipped", "unpaid"]
    assert await found(reason=("duplicate",)) == ["stopped"]
    assert await found(shop=LANTERN, buyer="bob") == ["late"]
    assert await found(currency="SEK") == []
    assert await found(currency="EUR", tab="to_pay", text="mug", numbers=("1001",)) == ["unpaid"]
    assert await found(due_before=MONDAY + timedelta(days=2)) == ["asked"]


async def test_orders_are_sorted_as_asked(reads, order):
    async def found(sort, tab="all"):
        return names(await reads.orders(EVERYBODY, Filters(sort=sort, tab=tab), now=NOW), order)

    assert (await found("newest"))[:2] == ["held", "partly"]
    assert (await found("newest"))[-1] == "late"
    assert (await found("amount"))[:5] == ["held", "unpaid", "asked", "partly", "stopped"]
    assert (await found("time_left"))[0] == "asked"


@pytest.mark.parametrize(
    ("field", "filters"),
    [
        ("tab", {"tab": "to_respond"}),
        ("tab", {"tab": "x'; --"}),
        ("sort", {"sort": "total_minor; --"}),
        ("numbers", {"numbers": ("1",) * 101}),
        ("numbers", {"numbers": ("1" * 129,)}),
        ("numbers", {"numbers": ("1\x00",)}),
        ("text", {"text": "x" * 201}),
        ("text", {"text": "x\x00"}),
        ("text", {"text": "\ud800"}),
        ("stage", {"stage": ("On Hold",)}),
        ("reason", {"reason": ("x\x00",)}),
        ("currency", {"currency": "eur"}),
        ("amount_min_minor", {"amount_min_minor": -1}),
        ("amount_max_minor", {"amount_max_minor": 2**63}),
        ("placed_from", {"placed_from": datetime(2026, 3, 2)}),  # noqa: DTZ001
        ("shop", {"shop": "\x00"}),
        ("buyer", {"buyer": "x" * 300}),
    ],
)
async def test_a_filter_out_of_its_range_is_named(reads, field, filters):
    with pytest.raises(InvalidField) as refused:
        await reads.orders(KILNS, Filters(**filters), now=NOW)
    assert refused.value.params["field"] == field


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_page_has_one_to_a_hundred_rows(reads, limit):
    for read in (reads.orders, reads.cases):
        with pytest.raises(InvalidField, match="limit"):
            await read(KILNS, Filters(), limit=limit, now=NOW)


# --- the queue --------------------------------------------------------------------------------------------------------


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
    assert await found(amount_min_minor=2050) == ["stopped"]
    assert await found(due_before=NOW + timedelta(days=1)) == ["asked"]
    assert await found(buyer="bob", tab="approved") == ["stopped"]
    assert await found(placed_from=MONDAY + timedelta(minutes=7)) == ["partly"]


# --- page after page --------------------------------------------------------------------------------------------------


async def walk(read, scope, filters, limit, *, back=False):
    page, pages = await read(scope, filters, limit=limit, now=NOW), []
    while True:
        pages.append([getattr(row, "case_id", row.order_id) for row in page.rows])
        cursor = page.previous if back else page.next
        if cursor is None:
            return pages, page
        page = await read(scope, filters, cursor, limit, now=NOW)


@pytest.mark.parametrize("sort", ["newest", "amount", "time_left"])
@pytest.mark.parametrize("limit", [1, 3, 5, 100])
async def test_pages_in_a_row_are_the_list_and_lead_back_again(reads, sort, limit):
    for read in (reads.orders, reads.cases):
        filters = Filters(sort=sort)
        whole = await read(EVERYBODY, filters, limit=100, now=NOW)
        ids = [getattr(row, "case_id", row.order_id) for row in whole.rows]
        forward, last = await walk(read, EVERYBODY, filters, limit)
        assert [one for part in forward for one in part] == ids
        assert all(len(part) == limit for part in forward[:-1])
        assert (whole.previous, whole.next) == (None, None)
        page, seen = last, [forward[-1]]
        while page.previous is not None:
            page = await read(EVERYBODY, filters, page.previous, limit, now=NOW)
            seen.insert(0, [getattr(row, "case_id", row.order_id) for row in page.rows])
        assert seen == forward


async def test_new_orders_shift_nothing_and_are_there_on_the_way_back(spare):
    old = [await spare.place(f"{n}", at=MONDAY + timedelta(minutes=n)) for n in range(7)]
    read = spare.reads.orders
    first = await read(KILNS, Filters(), limit=3, now=NOW)
    assert [row.order_id for row in first.rows] == [old[6], old[5], old[4]]
    new = [await spare.place(f"new{n}", at=MONDAY + timedelta(hours=1, minutes=n)) for n in range(2)]
    second = await read(KILNS, Filters(), first.next, 3, now=NOW)
    assert [row.order_id for row in second.rows] == [old[3], old[2], old[1]]
    back = await read(KILNS, Filters(), second.previous, 3, now=NOW)
    assert [row.order_id for row in back.rows] == [old[6], old[5], old[4]]
    # Two newer ones before it: too few for a page of their own, so it is the first page, whole.
    top = await read(KILNS, Filters(), back.previous, 3, now=NOW)
    assert [row.order_id for row in top.rows] == [new[1], new[0], old[6]]
    assert (top.previous, top.total) == (None, 9)


async def test_a_row_that_left_the_list_leaves_its_cursor_good(spare):
    ids = [await spare.place(f"{n}", at=MONDAY + timedelta(minutes=n)) for n in range(4)]
    filters = Filters(tab="to_pay")
    page = await spare.reads.orders(KILNS, filters, limit=2, now=NOW)
    await spare.fact(ids[2], "paid", at=MONDAY + timedelta(hours=1))
    rest = await spare.reads.orders(KILNS, filters, page.next, 2, now=NOW)
    assert [row.order_id for row in rest.rows] == [ids[1], ids[0]]
    await spare.fact(ids[1], "paid")
    await spare.fact(ids[0], "paid")
    empty = await spare.reads.orders(KILNS, filters, page.next, 2, now=NOW)
    assert (empty.rows, empty.next, empty.previous) == ((), None, None)


async def test_equal_times_are_told_apart_by_id(spare):
    ids = sorted([await spare.place(f"{n}") for n in range(5)], reverse=True)
    pages, _ = await walk(spare.reads.orders, KILNS, Filters(), 2)
    assert pages == [ids[:2], ids[2:4], ids[4:]]


async def test_a_cursor_is_good_for_its_own_list_only(reads):
    page = await reads.orders(KILNS, Filters(), limit=2, now=NOW)
    assert page.next is not None
    assert (await reads.orders(KILNS, Filters(), page.next, 2, now=NOW)).rows
    for read, scope, filters, cursor in (
        (reads.orders, LANTERNS, Filters(), page.next),
        (reads.orders, EVERYBODY, Filters(), page.next),
        (reads.orders, Scope(shop=KILN, buyer="ann"), Filters(), page.next),
        (reads.orders, KILNS, Filters(tab="to_pay"), page.next),
        (reads.orders, KILNS, Filters(sort="amount"), page.next),
        (reads.cases, KILNS, Filters(), page.next),
        (reads.orders, KILNS, Filters(), page.next[:-2]),
        (reads.orders, KILNS, Filters(), ("A" if page.next[0] != "A" else "B") + page.next[1:]),
        (reads.orders, KILNS, Filters(), "2"),
        (reads.orders, KILNS, Filters(), "é"),
        (Reads(reads._pool, bytes(32)).orders, KILNS, Filters(), page.next),
    ):
        with pytest.raises(InvalidField) as refused:
            await read(scope, filters, cursor, 2, now=NOW)
        assert refused.value.params["field"] == "cursor"


async def test_a_list_is_counted_only_so_far(reads, monkeypatch):
    for counted, total in ((9, None), (10, 10)):
        monkeypatch.setattr("rescind.postgres.reads.source.COUNTED", counted)
        monkeypatch.setattr("rescind.postgres.paging.COUNTED", counted)
        assert (await reads.orders(EVERYBODY, Filters(), now=NOW)).total == total


# --- support finds, integrators follow --------------------------------------------------------------------------------


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


async def test_events_are_read_on_from_a_cursor_without_gap_or_repeat(reads, order):
    whole = await reads.events_after(EVERYBODY, None)
    seen, cursor = [], None
    while (part := await reads.events_after(EVERYBODY, cursor, 7)).entries:
        seen += [entry.record for entry in part.entries]
        cursor = part.cursor
    assert seen == [entry.record for entry in whole.entries]
    assert part.cursor == cursor
    by_order = {identifier: [r.seq for r in seen if r.order == identifier] for identifier in order.values()}
    assert all(seqs == sorted(seqs) for seqs in by_order.values())
    mine = await reads.events_after(Scope(shop=LANTERN, buyer="ann"), None)
    assert {entry.record.order for entry in mine.entries} == {order["held"]}
    assert {entry.shop for entry in (await reads.events_after(LANTERNS, None)).entries} == {LANTERN}


@pytest.mark.parametrize("cursor", ["", "x", "2-0-0", "0-0-0", f"1-{10**18 * 99}-0", "1-2", "1-2-3-4", "1--2-3"])
async def test_a_cursor_of_another_stream_is_refused(reads, cursor):
    with pytest.raises(InvalidField) as refused:
        await reads.events_after(EVERYBODY, cursor)
    assert refused.value.params["field"] == "cursor"


async def test_an_event_that_began_early_and_committed_late_is_not_passed_over(spare):
    await spare.place("1")
    early = await spare.pool.acquire()
    slow = early.transaction()
    await slow.start()
    await early.execute("SELECT pg_current_xact_id()")
    await spare.place("2")
    before = await spare.reads.events_after(EVERYBODY, None)
    assert len(before.entries) == 1, "the second is held back while an older transaction may still write"
    await slow.commit()
    await spare.pool.release(early)
    after = await spare.reads.events_after(EVERYBODY, before.cursor)
    assert [entry.record.event.order.number for entry in after.entries] == ["2"]


# --- what the statements cost -----------------------------------------------------------------------------------------


async def test_reading_changes_nothing_and_needs_no_right_to(filled, reads, order):
    connection = await asyncpg.connect(filled[0])
    try:
        await connection.execute("SET default_transaction_read_only = on")
        only = Reads(connection, SECRET)
        assert (await only.orders(KILNS, Filters(), now=NOW)).rows
        assert (await only.cases(KILNS, Filters(), now=NOW)).rows
        assert await only.order_counts(KILNS, now=NOW)
        assert (await only.order(KILNS, order["asked"])).order.id == order["asked"]
    finally:
        await connection.close()


async def test_views_are_json_with_exact_amounts(reads):
    page = await reads.orders(KILNS, Filters(numbers=("1002",)), now=NOW)
    said = msgspec.json.decode(msgspec.json.encode(page.rows[0]))
    assert said["total"] == {"amount": 3050, "currency": "EUR"}
    assert said["stage"] == "allocated"
    assert said["due_at"] == "2026-03-03T18:01:00Z"
