"""Goods for programs: the feed of stock instructions, parcels that are split and combined, and what comes back."""

from datetime import timedelta

import asyncpg

from postgres.market import KILN, LANTERN, person
from rescind.api.description import EXAMPLES
from rescind.core.parts import Line, Tender
from rescind.core.stage import Stage
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.stock import StockFeed

FEED = "/v1/stock-instructions"


async def feed(who, after=None):
    """Everything the feed has now, from after a cursor; and the cursor to go on from."""
    rows = []
    while True:
        answer = await who.get(FEED, **({"after": after} if after else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["rows"]
        after = page["next"]
        if not page["more"]:
            return rows, after


def short(rows):
    return [(one["order"], one["kind"], one["line"], one["quantity"]) for one in rows]


async def test_the_host_reads_each_instruction_once_and_the_same_again_from_the_beginning(people, market):  # KF-18
    order = await market.order(Stage.ALLOCATED, units=3)
    rows, here = await feed(people.host)
    assert rows == []
    path = f"/v1/orders/{order}/cancellations"
    body = {"reason": "out_of_stock", "lines": [{"line": "1", "quantity": 1}]}
    assert (await people.sam.post(path, body)).status_code == 201
    rows, next_ = await feed(people.host, here)
    assert short(rows) == [(order, "release", "1", 1)]
    (first,) = rows
    assert (first["sku"], first["because"], first["shop"]) == ("MUG", "CancellationApproved", KILN)
    assert first["number"] == (await market.read(order)).number
    assert (await people.sam.post(path, {"reason": "out_of_stock"})).status_code == 201
    rest, end = await feed(people.host, next_)
    assert short(rest) == [(order, "release", "1", 2)]
    assert await feed(people.host, end) == ([], end)
    again, _ = await feed(people.ops)
    assert again == rows + rest
    assert len({one["id"] for one in again}) == 2


async def test_an_unpaid_order_makes_no_instruction(people, market):  # KF-20
    order = await market.order(Stage.UNPAID)
    assert (await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).status_code == 201
    assert (await feed(people.host))[0] == []


async def test_an_ordinary_cancellation_writes_nothing_for_stock(market, pool):
    order = await market.order(Stage.ALLOCATED)
    before = await counts(pool)
    await market.cancels(order)
    after = await counts(pool)
    grown = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    # What its refund, its pages and its queue need, and no row for the warehouse.
    assert grown.keys() <= {"events", "ledger", "due", "cases", "refunds", "idempotency", "texts"}, grown
    assert grown["events"] == 1


async def counts(pool):
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {one["tablename"]: await pool.fetchval(f"SELECT count(*) FROM {one['tablename']}") for one in tables}


async def test_an_instruction_that_was_committed_late_is_not_passed_over(people, market, database):
    """Two lanes commit in reverse: the later instruction waits until the earlier one is to be seen."""
    slow = await market.order(Stage.ALLOCATED)
    fast = await market.order(Stage.ALLOCATED)
    _, here = await feed(people.host)
    other = await asyncpg.connect(database(SUPERUSER))
    try:
        # Somebody's transaction has a number and does not end.
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT pg_current_xact_id()")
        await market.cancels(fast)
        rows, here = await feed(people.host, here)
        assert rows == []
        await transaction.rollback()
    finally:
        await other.close()
    await market.cancels(slow)
    rows, _ = await feed(people.host, here)
    assert short(rows) == [(fast, "release", "1", 1), (slow, "release", "1", 1)]


async def test_a_page_ends_between_events_and_its_cursor_leads_on(market, pool):
    orders = [await market.order(Stage.ALLOCATED) for _ in range(3)]
    for order in orders:
        await market.cancels(order)
    reader, after, told, pages = StockFeed(pool, looked_at=4), None, [], 0
    while True:
        page = await reader.read(after)
        told, after, pages = [*told, *page.told], page.next, pages + 1
        if not page.more:
            break
    assert pages > 2
    assert [one.instruction.order for one in told] == orders


async def test_a_cursor_of_another_time_is_refused_and_names_itself(people, market):
    for wrong in ("7-1-1", "x", "1-2", "1--3", "1-1-" + "9" * 19):
        answer = await people.host.get(FEED, after=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "after"), wrong


async def test_nobody_but_host_and_operator_reads_the_feed(people, market):
    for who in (people.ann, people.sam, people.sue):
        assert (await who.get(FEED)).status_code == 403
    assert (await people.nobody.get(FEED)).status_code == 401


async def test_goods_that_come_back_are_restocked_as_far_as_they_can_be_sold(people, market):  # KF-21
    order = await market.order(Stage.IN_TRANSIT, units=3)
    await market.fact(order, "refused", actor=person("carrier"))
    path = f"/v1/orders/{order}"
    assert (await people.sam.get(path)).json()["still_out"] == [{"line": "1", "quantity": 3}]
    assert (await people.ann.get(path)).json()["still_out"] == []
    body = {"lines": [{"line": "1", "quantity": 2}], "unsellable": [{"line": "1", "quantity": 1}]}
    assert (await people.lou.post(f"{path}/received-back", body)).status_code == 404
    assert (await people.ann.post(f"{path}/received-back", body)).status_code == 403
    back = await people.sam.post(f"{path}/received-back", body)
    assert (back.status_code, back.json()["events"]) == (201, ["GoodsCameBack"])
    told = (await people.sam.get(path)).json()
    assert told["still_out"] == told["back_to_stock"] == [{"line": "1", "quantity": 1}]
    assert short((await feed(people.host))[0]) == [(order, "restock", "1", 1)]
    more = await people.sam.post(f"{path}/received-back", {"lines": [{"line": "1", "quantity": 2}]})
    assert (more.status_code, more.json()["type"], more.json()["open"]) == (409, "/problems/quantity-not-open", 1)
    assert (await people.host.post(f"{path}/received-back", {})).status_code == 201
    assert (await people.host.post(f"{path}/received-back", {})).json()["recorded"] is False
    timeline = (await people.sam.get(f"{path}/events")).json()["rows"]
    assert next(one["lines"] for one in timeline if one["type"] == "GoodsCameBack") == [{"line": "1", "quantity": 2}]


async def test_an_order_is_split_and_the_part_that_is_further_on_stays_whole(people, market):  # R-024 R-025
    order = await market.order(Stage.PACKED, units=2)
    path = f"/v1/orders/{order}"
    split = await people.sam.post(f"{path}/parcels", EXAMPLES["stock_arrange"])
    assert (split.status_code, split.json()["events"]) == (201, ["ParcelsArranged"])
    assert (await people.host.post(f"{path}/parcels", EXAMPLES["stock_arrange"])).json()["recorded"] is False
    parcels = (await people.ann.get(path)).json()["parcels"]
    assert [(one["id"], one["lines"], one["labelled_at"]) for one in parcels] == [
        ("p1", [{"line": "1", "quantity": 1}], None),
        ("p2", [{"line": "1", "quantity": 1}], None),
    ]
    await market.fact(order, "tracking_added", parcel="p1", tracking="JD1")
    body = {"reason": "out_of_stock", "lines": [{"line": "1", "quantity": 2}]}
    assert (await people.sam.post(f"{path}/cancellations", body)).status_code == 201, "as a whole it can be stopped"
    order = await market.order(Stage.PACKED, lines=two_lines(), tenders=tender(3000))
    path = f"/v1/orders/{order}"
    parts = [{"id": "a", "lines": [{"line": "1", "quantity": 2}]}, {"id": "b", "lines": [{"line": "2", "quantity": 1}]}]
    assert (await people.host.post(f"{path}/parcels", {"parcels": parts, "together": "PKG-9"})).status_code == 201
    assert {one["together"] for one in (await people.sam.get(path)).json()["parcels"]} == {"PKG-9"}
    await market.fact(order, "tracking_added", parcel="a", tracking="JD2")
    refused = await people.sam.post(
        f"{path}/cancellations", {"reason": "out_of_stock", "lines": [{"line": "1", "quantity": 1}]}
    )
    assert (refused.status_code, refused.json()["type"], refused.json()["open"]) == (409, "/problems/in-parcel", 0)
    shipped = await people.sam.post(f"{path}/ship", {"carrier": "Post", "tracking": "JD3", "parcel": "b"})
    assert shipped.json()["order"]["stage"] == "partially_shipping"


def two_lines():
    return (
        Line(id="1", sku="MUG", quantity=2, unit_minor=1000),
        Line(id="2", sku="LID", quantity=1, unit_minor=1000),
    )


def tender(minor):
    return (Tender(id="t", method="card", label="Visa ..42", amount_minor=minor),)


async def test_parcels_that_do_not_add_up_name_where(people, market):
    order = await market.order(Stage.PACKED, units=2)
    path = f"/v1/orders/{order}/parcels"
    one = {"line": "1", "quantity": 1}
    for parcels, pointer in (
        ([], "/parcels"),
        ([{"id": "a", "lines": [one]}], "/parcels"),
        ([{"id": "a", "lines": [one]}, {"id": "a", "lines": [one]}], "/parcels"),
        ([{"id": "a", "lines": [one, one]}], "/parcels/0/lines"),
        ([{"id": "a", "lines": [{"line": "1", "quantity": 2}]}, {"id": "b", "lines": []}], "/parcels/1/lines"),
    ):
        refused = await people.host.post(path, {"parcels": parcels})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert (await market.read(order)).parcels == ()


async def test_in_the_hold_the_seller_ships_nothing_and_is_not_told_where_it_goes(people, market, clock):
    order = await market.order(Stage.REVIEW, shop=LANTERN, units=2)
    path = f"/v1/orders/{order}"
    until = (await people.lou.get(path)).json()["hold_until"]
    for act, body in (
        ("facts", {"fact": "tracking_added", "occurred_at": clock.read().isoformat(), "tracking": "JD12345"}),
        ("ship", EXAMPLES["packing_ship"]),
        ("shipping-lease", {}),
        ("parcels", EXAMPLES["stock_arrange"]),
    ):
        refused = await people.lou.post(f"{path}/{act}", body)
        told = refused.json()
        assert (refused.status_code, told["rule"], told["deadline"]) == (409, "SHIP-6", until), act
    for who, seen in ((people.lou, ""), (people.ann, "Zoë Ångström"), (people.host, "Zoë Ångström")):
        assert (await who.get(path)).json()["recipient"].get("name", "") == seen
    clock.advance(timedelta(hours=1))
    assert (await people.lou.get(path)).json()["recipient"].get("name", "") == "Zoë Ångström"
    assert (await people.lou.post(f"{path}/parcels", EXAMPLES["stock_arrange"])).status_code == 201


async def test_what_the_platform_ships_the_seller_does_not(people, market, clock):
    order = await market.order(Stage.REVIEW, shipping_by="fulfilled_by_platform", units=2)
    path = f"/v1/orders/{order}"
    for act, body in (
        ("facts", {"fact": "packed", "occurred_at": clock.read().isoformat()}),
        ("ship", EXAMPLES["packing_ship"]),
        ("parcels", EXAMPLES["stock_arrange"]),
    ):
        refused = await people.sam.post(f"{path}/{act}", body)
        assert (refused.status_code, refused.json()["rule"]) == (409, "SHIP-8"), act
    assert (await people.ann.get(path)).json()["shipping_by"] == "fulfilled_by_platform"
    number = (await market.read(order)).number
    (told,) = (await people.sam.get("/v1/bench", code=number)).json()["rows"]
    assert (told["answer"], told["why"], told["step"]) == ("hold", "platform_ships", None)
    packed = {"fact": "packed", "occurred_at": clock.read().isoformat()}
    assert (await people.host.post(f"{path}/facts", packed)).status_code == 201
