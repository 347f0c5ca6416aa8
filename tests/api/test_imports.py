"""Orders that come by file: seen first, put in whole or not at all, once however often, and nobody hears of history."""

import csv
import io
from datetime import timedelta

import pytest

from postgres.market import HOST, KILN, LANTERN, audit
from rescind.core.details import BuyerWords
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.importing import TRIES
from rescind.intake.template import template
from rescind.postgres.due import DueTable
from rescind.postgres.imports import ImportLost
from rescind.worker import fan_out

HEADER = "shop,order_number,buyer,currency,placed_at,item,quantity,unit_price,paid_at,handed_over_at,delivered_at"


def table(*rows, header=HEADER):
    return "\n".join((header, *rows, "")).encode()


def old(now, number, *, shop=KILN, buyer="ann", price="9.95", quantity=1):
    def at(days):
        return (now - timedelta(days=days)).isoformat()

    return f"{shop},{number},{buyer},EUR,{at(40)},MUG,{quantity},{price},{at(40)},{at(38)},{at(36)}"


def fresh(now, number, *, shop=KILN, buyer="ann"):
    at = (now - timedelta(hours=2)).isoformat()
    return f"{shop},{number},{buyer},EUR,{at},MUG,1,9.95,{at},,"


async def put_in(who, data, **query):
    headers = {"content-type": query.pop("kind", "text/csv")}
    answer = await who.client.post("/v1/imports", params=query, content=data, headers=who.headers(headers))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def worked(desk, who, one):
    """The import once all there is to do about it is done."""
    await desk.importing.work(one["id"])
    return (await who.get(f"/v1/imports/{one['id']}")).json()


async def imported(desk, who, data, **query):
    return await worked(desk, who, await put_in(who, data, confirmed=True, **query))


def counts(one):
    return [one[name] for name in ("live", "history", "there_already", "left_out")]


async def test_what_would_happen_is_seen_before_anything_goes_in(people, market, desk):
    now = desk.now()
    one = await put_in(
        people.host, table(old(now, "A-1"), fresh(now, "A-2"), old(now, "A-3", quantity=-1)), name="x.csv"
    )
    assert one["state"] == "reading"
    one = await worked(desk, people.host, one)
    assert (one["state"], counts(one)) == ("checked", [1, 1, 0, 1])
    assert [(fault["row"], fault["column"]) for fault in one["faults"]] == [(4, "quantity")]
    assert await market.pool.fetchval("SELECT count(*) FROM orders") == 0
    path = f"/v1/imports/{one['id']}"
    for _ in range(2):
        assert (await people.host.post(f"{path}/confirm")).status_code == 200, "said again it changes nothing"
    one = await worked(desk, people.host, one)
    assert (one["state"], counts(one)) == ("ended", [1, 1, 0, 1])
    assert await audit(market.pool) == 2
    assert (await people.host.post(f"{path}/drop")).status_code == 409


async def test_rows_that_name_their_shop_in_two_ways_are_one_order_and_stay_out_whole(people, desk, market):
    now = desk.now()
    name = next(one.name for one in await desk.reads.shops() if one.id == KILN)
    rows = [fresh(now, "HALF-1"), fresh(now, "HALF-1").replace(KILN, name), fresh(now, "H-2").replace(KILN, name)]
    one = await imported(desk, people.host, table(*rows))
    assert (one["orders"], counts(one)) == (2, [1, 0, 0, 1])
    assert [(fault["row"], fault["column"]) for fault in one["faults"]] == [(3, "shop")]
    assert await market.pool.fetchval("SELECT array_agg(number) FROM orders") == ["H-2"]


async def test_what_happened_before_the_order_was_placed_is_refused(people, desk, market):
    now = desk.now()

    def at(**before):
        return (now - timedelta(**before)).isoformat()

    def row(number, paid):
        return f"{KILN},{number},ann,EUR,{at(days=2)},MUG,1,9.95,{paid},,"

    early, clocks_differ = row("P-1", at(days=3)), row("P-2", at(days=2, minutes=5))
    one = await imported(desk, people.host, table(early, clocks_differ))
    assert counts(one) == [1, 0, 0, 1]
    assert [(fault["row"], fault["column"]) for fault in one["faults"]] == [(2, "paid_at")]
    told = f"shop,order_number,fact,occurred_at\n{KILN},P-2,packed,{at(days=3)}\n".encode()
    one = await imported(desk, people.host, told)
    assert [(fault["row"], fault["column"]) for fault in one["faults"]] == [(2, "occurred_at")]


async def test_what_was_dropped_is_never_put_in(people, market, desk):
    one = await worked(desk, people.host, await put_in(people.host, table(old(desk.now(), "A-1"))))
    assert (await people.host.post(f"/v1/imports/{one['id']}/drop")).json()["state"] == "dropped"
    assert (await people.host.post(f"/v1/imports/{one['id']}/confirm")).status_code == 409
    assert await desk.importing.work() is None
    assert await market.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_the_same_file_again_changes_nothing_and_another_order_of_the_number_is_refused(people, market, desk):
    now = desk.now()
    data = table(old(now, "A-1"), fresh(now, "A-2"))
    assert counts(await imported(desk, people.host, data)) == [1, 1, 0, 0]
    before = await market.pool.fetch("SELECT order_id, version, state FROM orders ORDER BY 1")
    assert counts(await imported(desk, people.host, data)) == [0, 0, 2, 0]
    changed = await imported(desk, people.host, table(old(now, "A-1", price="9.96"), fresh(now, "A-2")))
    assert counts(changed) == [0, 0, 1, 1]
    assert [(one["column"], one["type"]) for one in changed["faults"]] == [("unit_price", "/problems/row-differs")]
    assert await market.pool.fetch("SELECT order_id, version, state FROM orders ORDER BY 1") == before


async def test_what_happened_since_is_no_difference_but_a_fact_nobody_told_is(people, market, desk):
    now = desk.now()
    await imported(desk, people.host, table(fresh(now, "A-1")))
    order = await market.pool.fetchval("SELECT order_id FROM orders")
    await market.fact(order, "packed")
    assert counts(await imported(desk, people.host, table(fresh(now, "A-1")))) == [0, 0, 1, 0]
    later = fresh(now, "A-1")[:-1] + f"{now.isoformat()},"
    assert (await imported(desk, people.host, table(later)))["faults"][0]["column"] == "handed_over_at"


async def test_rows_that_stay_out_come_back_with_what_is_wrong_and_go_in_once_corrected(people, desk, market):
    now = desk.now()
    more = "Kiln & Co,A-2,,,,LAMP,-1,5.00,,,"
    data = table(old(now, "A-1"), old(now, "A-2", shop="Kiln & Co"), more)
    one = await imported(desk, people.host, data)
    assert counts(one) == [0, 1, 0, 1], "an order with one bad row stays out, whole"
    answer = await people.host.get(f"/v1/imports/{one['id']}/errors", headers={"accept-language": "zh"})
    assert answer.headers["content-disposition"].endswith('-errors.csv"')
    header, first, second = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert (header[-1], first[1], second[5]) == ("问题", "A-2", "LAMP")
    assert first[-1] == "该订单的其他行有误，因此整个订单未导入。"
    assert second[-1].startswith("数量须为：")
    second[6] = "1"
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, first, second])
    assert counts(await imported(desk, people.host, out.getvalue().encode())) == [0, 1, 0, 0]
    assert await audit(market.pool) == 2


async def test_history_runs_out_of_nothing_and_is_told_to_nobody(people, market, desk):  # E-08
    now = desk.now()
    unpaid = f"{KILN},A-2,ann,EUR,{(now - timedelta(days=9)).isoformat()},MUG,1,9.95,,,"
    undelivered = old(now, "A-3", shop=LANTERN).rsplit(",", 1)[0] + ","
    one = await imported(desk, people.host, table(old(now, "A-1", shop=LANTERN), unpaid, undelivered))
    assert counts(one) == [0, 3, 0, 0]
    assert await market.pool.fetch("SELECT * FROM due") == []
    assert await market.pool.fetch("SELECT * FROM notices") == []
    states = await market.pool.fetch("SELECT state FROM orders ORDER BY number")
    assert all(b'"timers"' not in row["state"] and b'"hold_until"' not in row["state"] for row in states)


async def test_history_moves_no_address_of_an_order_of_now(people, market, desk):
    order = await market.order(number="N-1", told=BuyerWords(name="Ann", email="now@example.com"))
    await market.directory.put_buyer("ann", name="Ann", email="now@example.com")
    row = old(await market.now(), "H-1").replace(",ann,", ",ann,once@example.com,")
    ended = await imported(desk, people.host, table(row, header=HEADER.replace("buyer,", "buyer,buyer_email,")))
    assert counts(ended) == [0, 1, 0, 0], ended
    assert (await desk.reads.buyer("ann")).email == "now@example.com"
    assert await desk.reads.addresses_of("N-1") == ((order, "now@example.com"),)
    assert [email for _, email in await desk.reads.addresses_of("H-1")] == ["once@example.com"]


async def test_what_lives_gets_what_an_order_told_late_gets(people, market, desk):
    now = desk.now()
    assert counts(await imported(desk, people.host, table(fresh(now, "A-1", shop=LANTERN)))) == [1, 0, 0, 0]
    (order,) = [decode_order(row["state"]) for row in await market.pool.fetch("SELECT state FROM orders")]
    placed = await market.placing(shop=LANTERN, placed_at=order.placed_at)
    await market.does(placed, HOST)
    paid = ReportFact(order=placed.order, fact=FactKind.PAID, occurred_at=order.placed_at)
    told = (await market.does(paid, HOST)).order
    assert order.hold_until == told.hold_until is not None
    assert (order.dispatch_due_at, order.timers) == (told.dispatch_due_at, told.timers)
    await fan_out.sweep(DueTable(market.pool, market.clock), people=desk.inbox.people)
    told = await market.pool.fetch("SELECT kind, role FROM notices")
    assert told, "it is news"


async def test_one_message_says_that_an_import_is_over_and_none_is_of_its_history(people, desk, market):
    made = await people.host.post("/v1/webhook-endpoints", {"url": "https://example.com/hook"})
    assert made.status_code == 201, made.text
    await imported(desk, people.host, table(old(desk.now(), "A-1"), old(desk.now(), "A-2", price="-1")))
    await fan_out.sweep(DueTable(market.pool, market.clock), desk.endpoints.table)
    (message,) = await market.pool.fetch("SELECT type, body FROM deliveries")
    assert message["type"] == "import.ended"
    assert b'"put_in":1,"there_already":0,"left_out":1' in message["body"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_templates_examples_go_in_as_they_are(people, desk, market, form, language):
    kind = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[form]
    one = await imported(desk, people.host, template("orders", form, language, KILN, desk.now()), kind=kind)
    assert (counts(one), one["ignored"], one["faults"]) == ([2, 1, 0, 0], [], [])
    stages = template("stages", form, language, KILN, desk.now())
    assert counts(await imported(desk, people.host, stages, kind=kind)) == [1, 0, 0, 0]
    assert counts(await imported(desk, people.host, stages, kind=kind)) == [0, 0, 1, 0]
    assert await audit(market.pool) == 3


async def test_a_shop_tells_what_happened_to_its_own_orders_and_places_none(people, desk, market):
    now = desk.now()
    refused = await people.sam.client.post(
        "/v1/imports", content=table(fresh(now, "A-9")), headers=people.sam.headers({"content-type": "text/csv"})
    )
    assert refused.status_code == 403
    await imported(desk, people.host, table(fresh(now, "A-1"), fresh(now, "L-1", shop=LANTERN)))
    header, at = "shop,order_number,fact,occurred_at", now.isoformat()
    mixed = table(f"{KILN},A-1,packed,{at}", f"{KILN},A-1,paid,{at}", header=header)
    assert counts(await imported(desk, people.sam, mixed)) == [0, 0, 0, 1], "money is the host's word alone"
    rows = (f"{KILN},A-1,已打包,{at}", f"{LANTERN},L-1,packed,{at}", f"{KILN},A-2,packed,{at}")
    one = await imported(desk, people.sam, table(*rows, header=header))
    assert counts(one) == [1, 0, 0, 2]
    assert {fault["column"] for fault in one["faults"]} == {"shop", "order_number"}
    assert (await people.lou.get(f"/v1/imports/{one['id']}")).status_code == 404
    assert (await people.ann.get("/v1/imports")).status_code == 403
    assert one["id"] in {row["id"] for row in (await people.sam.get("/v1/imports")).json()["rows"]}
    assert (await people.lou.get("/v1/imports")).json()["rows"] == []


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        (b"", 422, "/file"),
        (b"shop,buyer\n", 422, "/file"),
        (table(header=HEADER + ",quantity"), 422, "/quantity"),
        (b"%PDF-1.4", 422, "/file"),
    ],
)
async def test_a_file_that_is_no_such_table_is_refused_at_once(people, market, data, status, field):
    answer = await people.host.client.post(
        "/v1/imports", content=data, headers=people.host.headers({"content-type": "text/csv"})
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, field)
    assert await market.pool.fetchval("SELECT count(*) FROM imports") == 0


async def test_a_file_that_breaks_off_in_the_middle_puts_nothing_in(people, desk, market):
    one = await imported(desk, people.host, table(*(old(desk.now(), f"A-{n}") for n in range(9))) + b'"never')
    assert (one["state"], one["faults"][0]["column"]) == ("refused", "")
    for name in ("orders", "import_rows", "import_parts"):
        assert await market.pool.fetchval(f"SELECT count(*) FROM {name}") == 0


async def test_a_file_that_we_fail_at_every_time_is_given_up(people, desk, market, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("rescind.importing._some", fails)
    one = await put_in(people.host, table(fresh(desk.now(), "A-1")))
    for _ in range(TRIES - 1):
        with pytest.raises(ZeroDivisionError):
            await desk.importing.work()
        assert (await people.host.get(f"/v1/imports/{one['id']}")).json()["state"] == "reading"
        await market.pool.execute("UPDATE imports SET lease_until = clock_timestamp()")
    one = await worked(desk, people.host, one)
    assert (one["state"], one["faults"][0]["column"]) == ("refused", "")
    assert await desk.importing.work() is None


async def test_work_that_was_stopped_anywhere_goes_on_and_nothing_is_twice(people, desk, market, monkeypatch):  # I-39
    monkeypatch.setattr("rescind.importing.ROWS_OF_A_CHUNK", 4)
    now = desk.now()
    rows = [old(now, f"A-{n:02}", buyer=f"b{n}") for n in range(20)] + [old(now, "A-99", price="x")]
    one = await put_in(people.host, table(*rows), confirmed=True)
    real, stops = type(desk.importing.table).keep, iter((1, 0, 3, 2, 1))

    async def stopped(self, *args, left=[None], **more):  # noqa: B006 - it counts down
        if left[0] is None:
            left[0] = next(stops, -1)
        left[0] -= 1
        if left[0] == -1:
            left[0] = None
            raise ImportLost
        await real(self, *args, **more)

    monkeypatch.setattr("rescind.postgres.imports.ImportTable.keep", stopped)
    tries = 0
    while (await people.host.get(f"/v1/imports/{one['id']}")).json()["state"] != "ended":
        tries += 1
        await market.pool.execute("UPDATE imports SET lease_until = NULL")
        try:
            await desk.importing.work()
        except ImportLost:
            continue
    assert tries > 3
    done = (await people.host.get(f"/v1/imports/{one['id']}")).json()
    assert (counts(done), done["looked_at"]) == ([0, 20, 0, 1], 21)
    assert await audit(market.pool) == 20


async def test_two_workers_do_not_do_the_same_import_at_once(people, desk):
    one = await put_in(people.host, table(old(desk.now(), "A-1")), confirmed=True)
    table_ = desk.importing.table
    held = await table_.lease()
    assert held.id == one["id"]
    assert await desk.importing.work() is None
    with pytest.raises(ImportLost):
        await table_.keep(
            type(held)(**{name: getattr(held, name) for name in held.__struct_fields__} | {"fence": 0}),
            "ended",
            None,
            held.counts,
        )
    assert (await table_.read(Scope(), one["id"])).state == "reading"


async def test_what_nobody_came_back_for_is_forgotten_with_the_names_in_it(people, desk, market):
    one = await worked(desk, people.host, await put_in(people.host, table(old(desk.now(), "A-1"))))
    await desk.importing.table.forget()
    assert await market.pool.fetchval("SELECT count(*) FROM import_rows") == 1
    market.clock.set(desk.now() + timedelta(days=31))
    await desk.importing.table.forget()
    assert await market.pool.fetchval("SELECT count(*) FROM import_rows") == 0
    assert (await people.host.post(f"/v1/imports/{one['id']}/confirm")).status_code == 409
