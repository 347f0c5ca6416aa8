"""A WooCommerce shop, there and back: its orders come here, and what is cancelled here is told there, each once."""

from datetime import timedelta

import pytest

from postgres.market import KILN, Market
from rescind.app import provider
from rescind.connections import Secrets
from rescind.core.errors import InvalidField, InvalidText, InvalidTransition, Unavailable
from rescind.core.order import stage as stage_of
from rescind.core.parts import RefundStatus
from rescind.core.stage import Stage
from rescind.order_sources import Chosen, Keys
from rescind.woocommerce.orders import TENDER
from rescind.worker import fan_out, sources
from sources.shop import KEY, SECRET, gmt, item

TWO = (
    item(11, quantity=2, total="20.00", tax="5.00"),
    item(12, name="Jar", quantity=1, total="8.00", subtotal="10.00", tax="2.00"),
)


async def cancels(woo, order, **more):
    """The seller stops the order, or some of it; the money moves through the sandbox at once."""
    market = Market(woo.desk.pool, woo.desk.engine, woo.desk.clock)
    outcome = await market.cancels(order, **more)
    woo.at_desk.later(minutes=1)
    await woo.at_desk.works()
    return outcome


# --- in ---------------------------------------------------------------------------------------------------------------


async def test_an_order_created_there_is_an_order_here_with_all_its_money(woo):
    await woo.opens()
    shipping = [{"id": 21, "method_title": "Post", "total": "4.00", "total_tax": "1.00"}]
    fees = [{"id": 31, "name": "Gift wrap", "total": "2.00", "total_tax": "0.50"}]
    there, order = await woo.imported(items=list(TWO), shipping_lines=shipping, fee_lines=fees)
    here = await woo.read(order)
    assert (here.shop, here.number, here.currency) == (KILN, str(there), "EUR")
    assert [(one.id, one.sku, one.quantity, one.paid_minor) for one in here.lines] == [
        ("11", "SKU-11", 2, 2500),
        ("12", "SKU-12", 1, 1000),
    ]
    assert here.lines[1].discount_minor == 200
    assert (here.shipping_minor, here.shipping_tax_minor) == (500, 100)
    assert [one.amount_minor for one in here.charges] == [250]
    (tender,) = here.tenders
    assert (tender.method, tender.amount_minor, tender.captured_minor) == ("card", 4250, 4250)
    assert tender.payment == f"ch_{there}abcdefghijkl"
    assert here.progress.paid_at is not None
    assert (await woo.at_desk.last("woo")).told == "done"


async def test_a_guest_is_known_by_the_address_and_a_customer_by_the_number(woo):
    await woo.opens()
    first, second = (await woo.imported())[1], (await woo.imported())[1]
    known = (await woo.imported(customer_id=7))[1]
    buyers = [(await woo.read(one)).buyer for one in (first, second, known)]
    assert buyers[0] == buyers[1] != buyers[2] == "woo:7"
    assert buyers[0].startswith("woo:guest-")


async def test_the_trial_of_a_new_webhook_is_answered_and_keeps_nothing(woo):
    await woo.opens()
    for name in ("woo", "nobody"):
        answer = await woo.at_desk.posts(name, {"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=5")
        assert answer.status_code == 200, "alike for every name, so that names cannot be tried"
    forged = await woo.at_desk.posts("woo", {"content-type": "application/json"}, b'{"id": 1}')
    assert (forged.status_code, forged.json()["cause"]) == (401, "unsigned")
    assert await woo.at_desk.entries("woo") == ()


async def test_an_older_state_that_comes_late_and_one_that_comes_twice_are_no_news(woo):
    await woo.opens()
    old = dict(woo.woo.order(701, status="pending", paid=False))
    paid = {"status": "processing", "date_paid_gmt": gmt(woo.woo.now), "transaction_id": "ch_later"}
    new = dict(woo.woo.changes(701, line_items=list(TWO), total="35.00", **paid))
    await woo.hears(new)
    await woo.hears(old, "order.created")
    await woo.hears(new)
    (order,) = await woo.at_desk.orders()
    assert order.tenders[0].captured_minor == 3500
    assert sorted(one.told for one in await woo.at_desk.entries("woo")) == ["done", "no_news", "no_news"]


@pytest.mark.parametrize(
    ("status", "stage"),
    [("pending", Stage.UNPAID), ("on-hold", Stage.UNPAID), ("failed", Stage.UNPAID), ("completed", Stage.IN_TRANSIT)],
)
async def test_what_a_status_there_says_of_the_order_here(woo, status, stage):
    await woo.opens()
    there, order = await woo.imported(status="pending", paid=False)
    paid = {"date_paid_gmt": gmt(woo.woo.now)} if status == "completed" else {}
    await woo.hears(woo.woo.changes(there, status=status, date_completed_gmt=gmt(woo.woo.now), **paid))
    assert stage_of(await woo.read(order), woo.desk.now()) is stage


async def test_a_status_of_a_plugin_waits_for_the_operator_to_say_what_it_means(woo):
    await woo.opens()
    there, order = await woo.imported()
    await woo.hears(woo.woo.changes(there, status="boxed"))
    (odd,) = await woo.at_desk.entries("woo", "set_aside")
    assert (odd.cause, odd.field, odd.order) == ("unknown_status", "/status", order)
    await woo.at_desk.sources.change("woo", "operator:ops", chosen=Chosen(statuses={"boxed": "packed"}))
    await woo.at_desk.sources.again("woo", odd.id)
    await woo.at_desk.works()
    assert (await woo.read(order)).progress.packed_at is not None


async def test_cash_at_the_door_is_an_order_that_is_not_paid_before(woo):
    await woo.opens()
    _, order = await woo.imported(payment_method="cod", payment_method_title="Cash", paid=False)
    here = await woo.read(order)
    assert here.cash_on_delivery
    assert here.tenders[0].captured_minor == 0


async def test_an_order_cancelled_there_is_cancelled_here_and_its_money_goes_back_once(woo):
    await woo.opens()
    there, order = await woo.imported()
    await woo.hears(woo.woo.changes(there, status="cancelled"))
    await woo.hears(woo.woo.changes(there))
    here = await woo.read(order)
    assert here.lines[0].open == 0
    assert [one.amount_minor for one in here.refunds] == [2000]
    assert not [one for one in woo.woo.asked if one[0] == "PUT"], "it is cancelled there already"


async def test_an_order_that_was_over_before_it_was_heard_of_is_left_alone(woo):
    await woo.opens()
    for status in ("cancelled", "refunded", "failed", "checkout-draft", "trash"):
        await woo.hears(woo.woo.order(status=status))
    assert await woo.at_desk.orders() == []
    assert {one.told for one in await woo.at_desk.entries("woo")} == {"no_news"}


async def test_money_paid_back_there_is_taken_elsewhere_and_not_paid_again(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    woo.woo.refunded(there, "25.00")
    await woo.hears(woo.woo.orders[there])
    await woo.hears(woo.woo.changes(there))
    assert (await woo.read(order)).tenders[0].taken_elsewhere_minor == 2500
    await cancels(woo, order)
    here = await woo.read(order)
    assert sum(one.amount_minor for one in here.refunds) == 1000
    assert sum(one.left_minor for one in here.tenders) == 0


async def test_what_was_changed_there_after_it_came_here_is_a_case_for_a_person_and_told_once(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    await woo.hears(woo.woo.changes(there, line_items=[TWO[0]], total="25.00"))
    (odd,) = await woo.at_desk.entries("woo", "set_aside")
    assert (odd.cause, odd.field, odd.order) == ("changed_there", "/line_items", order)
    await woo.hears(woo.woo.changes(there, status="completed", date_completed_gmt=gmt(woo.woo.now)))
    assert len(await woo.at_desk.entries("woo", "set_aside")) == 1
    here = await woo.read(order)
    assert len(here.lines) == 2
    assert any(one.gone for one in here.parcels)


async def test_an_order_put_in_the_bin_there_is_a_case_while_it_goes_on_here(woo):
    await woo.opens()
    there, order = await woo.imported()
    await woo.hears({"id": there}, "order.deleted")
    (odd,) = await woo.at_desk.entries("woo", "set_aside")
    assert (odd.cause, odd.order) == ("deleted_there", order)
    await cancels(woo, order)
    await woo.hears({"id": there}, "order.deleted")
    assert len(await woo.at_desk.entries("woo", "set_aside")) == 1
    assert (await woo.hears(woo.woo.changes(there), "order.restored")).status_code == 200


# --- catching up ------------------------------------------------------------------------------------------------------


async def test_what_no_webhook_told_is_fetched_page_by_page_and_once(woo):
    await woo.opens()
    for _ in range(60):
        woo.woo.later(seconds=7)
        woo.woo.order()
    heard = woo.woo.order()
    await woo.hears(heard, "order.created")
    assert await sources.fetch(woo.desk) == 1
    assert await sources.fetch(woo.desk) == 0, "it is asked again in ten minutes"
    await woo.at_desk.works()
    assert len(await woo.at_desk.orders()) == 61
    kept = len(await woo.at_desk.sources.entries("woo", None, limit=100))
    assert kept == 61, "what a webhook told is not kept a second time"
    woo.at_desk.later(minutes=10)
    assert await sources.fetch(woo.desk) == 1
    assert len(await woo.at_desk.sources.entries("woo", None, limit=100)) == kept


async def test_orders_of_one_second_are_all_fetched(woo):
    await woo.opens()
    for _ in range(sources.PAGE * 2 + 3):
        woo.woo.order()
    await sources.fetch(woo.desk)
    await woo.at_desk.works()
    assert len(await woo.at_desk.orders()) == sources.PAGE * 2 + 3


@pytest.mark.parametrize(
    ("rude", "cause", "after"),
    [
        (("busy", 1200), "busy", timedelta(minutes=20)),
        (500, "no_answer", timedelta(minutes=10)),
        ("html", "no_answer", timedelta(minutes=10)),
        ("hang", "timeout", timedelta(minutes=10)),
    ],
)
async def test_a_shop_that_misbehaves_is_left_alone_and_caught_up_with_later(woo, rude, cause, after):
    await woo.opens()
    woo.woo.order()
    woo.woo.rude = [rude]
    await sources.fetch(woo.desk)
    found = await woo.at_desk.sources.find("woo")
    assert (found.fetch_trouble, found.fetched_to) == (cause, None)
    assert found.fetch_at == woo.desk.now() + after
    woo.at_desk.desk.clock.set(found.fetch_at - timedelta(seconds=1))
    assert await sources.fetch(woo.desk) == 0
    woo.at_desk.later(seconds=1)
    assert await sources.fetch(woo.desk) == 1
    await woo.at_desk.works()
    assert len(await woo.at_desk.orders()) == 1


# --- out --------------------------------------------------------------------------------------------------------------


async def test_an_order_cancelled_here_is_cancelled_there_and_told_that_money_went_back(woo):
    await woo.opens()
    there, order = await woo.imported()
    await cancels(woo, order)
    assert woo.woo.orders[there]["status"] == "cancelled"
    (note,) = woo.woo.notes[there]
    assert "20.00 EUR" in note["note"]
    assert note["customer_note"] is False
    assert woo.woo.refunds.get(there, []) == [], "one that is cancelled does not become one that is refunded"
    asked = len(woo.woo.asked)
    woo.at_desk.later(days=1)
    await woo.at_desk.works()
    assert len(woo.woo.asked) == asked, "nothing is told twice"


async def test_what_is_only_tried_is_not_told_to_the_shop_as_money(woo):
    await woo.opens()
    await woo.desk.connected.connect("sandbox", "sandbox", Secrets(""), "operator:ops", own=True)
    woo.woo.later(hours=1)  # paid while it is tried
    there, order = await woo.imported()
    woo.at_desk.payer = provider(woo.desk)
    await cancels(woo, order)
    assert (await woo.read(order)).refunds[0].through == "sandbox"
    assert woo.woo.orders[there]["status"] == "cancelled"
    assert woo.woo.notes.get(there, []) == []


async def test_a_part_cancelled_here_is_a_refund_there_in_its_books_alone_and_back_in_stock(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    await cancels(woo, order, lines={"11": 1})
    here = await woo.read(order)
    assert woo.woo.orders[there]["status"] == "processing"
    (refund,) = woo.woo.refunds[there]
    assert (refund["amount"], refund["refunded_payment"]) == ("12.50", False)
    assert refund["meta_data"][0]["value"] == here.refunds[0].id
    (line,) = refund["line_items"]
    assert (line["quantity"], line["refund_total"], line["refund_tax"]) == (1, 10.0, [{"id": 1, "refund_total": 2.5}])
    assert woo.woo.restocked == [(11, 1)]
    assert woo.woo.paid_back == []
    # Its own echo is no money that went another way.
    await woo.hears(woo.woo.orders[there])
    assert (await woo.read(order)).tenders[0].taken_elsewhere_minor == 0


@pytest.mark.parametrize("rude", ["hang", 500, "html", ("busy", 60), 504])
async def test_whatever_answer_is_lost_there_is_one_refund_in_the_end(woo, rude):
    await woo.opens()
    # The order, its refunds and its notes are read; then the note is written, and the refund.
    for lost in range(5):
        there, order = await woo.imported(items=list(TWO))
        woo.woo.rude, woo.woo.restocked = [None] * lost + [rude], []
        await cancels(woo, order, lines={"11": 1})
        assert woo.woo.rude == [], "it was lost"
        assert (await woo.at_desk.table.ours(KILN, order)).trouble
        woo.at_desk.later(hours=7)
        await woo.at_desk.works()
        assert len(woo.woo.refunds[there]) == 1
        assert len(woo.woo.notes[there]) == 1
        assert woo.woo.restocked == [(11, 1)]
        linked = await woo.at_desk.table.ours(KILN, order)
        assert (linked.due_at, linked.trouble) == (None, "")


async def test_while_one_worker_tells_no_other_begins_and_what_moved_meanwhile_is_told_after(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    market = Market(woo.desk.pool, woo.desk.engine, woo.desk.clock)
    await market.cancels(order, lines={"11": 1})
    await fan_out.sweep(woo.at_desk.due)
    (leased,) = await woo.at_desk.table.to_tell(sources.LEASE, 9)
    await market.cancels(order)
    await fan_out.sweep(woo.at_desk.due)
    assert await woo.at_desk.table.to_tell(sources.LEASE, 9) == []
    await woo.at_desk.table.was_told(leased, ["nothing"])
    await woo.at_desk.works()
    assert woo.woo.orders[there]["status"] == "cancelled"


async def test_what_could_not_be_told_is_seen_and_told_later(woo):
    await woo.opens()
    there, order = await woo.imported()
    woo.woo.bin.add(there)
    await cancels(woo, order)
    (untold,) = await woo.at_desk.table.untold("woo")
    assert (untold.trouble, untold.foreign) == ("missing", str(there))
    woo.woo.bin.clear()
    woo.at_desk.later(hours=1)
    await woo.at_desk.works()
    assert woo.woo.orders[there]["status"] == "cancelled"
    assert await woo.at_desk.table.untold("woo") == ()


# --- where the shop's own plugins pay ---------------------------------------------------------------------------------


async def test_where_the_shop_pays_it_pays_once_and_nobody_else_does(woo):
    await woo.opens(pays="there")
    there, order = await woo.imported()
    await cancels(woo, order)
    here = await woo.read(order)
    assert woo.woo.paid_back == [(there, "20.00")]
    assert [(one.status, one.through) for one in here.refunds] == [(RefundStatus.SUCCEEDED, "source_woo")]
    assert woo.woo.orders[there]["status"] == "cancelled"
    await woo.hears(woo.woo.orders[there])
    assert (await woo.read(order)).tenders[0].taken_elsewhere_minor == 0


@pytest.mark.parametrize("rude", ["hang", 500, 503, "html"])
async def test_a_lost_answer_never_pays_twice_and_what_is_not_found_waits_for_a_person(woo, rude):
    await woo.opens(pays="there")
    there, order = await woo.imported()
    # The refunds there, the order there, and then the money.
    woo.woo.rude = [None, None, rude]
    await cancels(woo, order)
    assert [one.status for one in (await woo.read(order)).refunds] == [RefundStatus.IN_DOUBT]
    for _ in range(4):
        woo.at_desk.later(hours=7)
        # A lease is counted in the database's own time.
        await woo.desk.pool.execute("UPDATE due SET lease_until = NULL")
        await woo.at_desk.works()
    here = await woo.read(order)
    if rude == "hang":
        assert woo.woo.paid_back == [(there, "20.00")]
        assert [one.status for one in here.refunds] == [RefundStatus.SUCCEEDED]
    else:
        assert woo.woo.paid_back == []
        assert [one.status for one in here.refunds] == [RefundStatus.IN_DOUBT]


async def test_what_the_shop_plainly_did_not_take_is_asked_for_again(woo):
    await woo.opens(pays="there")
    there, order = await woo.imported()
    woo.woo.rude = [None, None, ("busy", 60)]
    await cancels(woo, order)
    assert woo.woo.paid_back == []
    woo.at_desk.later(hours=1)
    # A lease is counted in the database's own time.
    await woo.desk.pool.execute("UPDATE due SET lease_until = NULL")
    await woo.at_desk.works()
    assert woo.woo.paid_back == [(there, "20.00")]


# --- the source itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "http://shop.example.com"}, "/url"),
        ({"url": "https://10.0.0.8"}, "/url"),
        ({"url": "https://localhost"}, "/url"),
        ({"url": "https://me:word@shop.example.com"}, "/url"),
        ({"key": "nonsense"}, "/consumer_key"),
        ({"secret": ""}, "/consumer_secret"),
        ({"key": "ck_" + "c" * 40}, "/consumer_key"),
        ({"shop": "shp_nonsense"}, "/shop"),
        ({"name": "Not a name"}, "/name"),
        ({"kind": "magento"}, "/kind"),
    ],
)
async def test_a_source_that_cannot_be_says_what_is_wrong_and_is_not_kept(woo, given, field):
    more = {"name": "woo", "kind": "woocommerce", "shop": KILN, "url": woo.url, "key": KEY, "secret": SECRET} | given
    name, kind = more.pop("name"), more.pop("kind")
    with pytest.raises(InvalidField) as fault:
        await woo.at_desk.source(name, kind, **more)
    assert fault.value.params["field"] == field
    assert await woo.at_desk.sources.all() == ()


async def test_a_shop_that_cannot_be_reached_is_not_kept_either(woo):
    woo.woo.rude = ["hang"]
    with pytest.raises(Unavailable):
        await woo.opens()
    assert await woo.at_desk.sources.all() == ()


async def test_a_payment_finds_the_connected_provider_of_its_plugin(woo):
    await woo.opens()
    source = await woo.at_desk.sources.find("woo")
    await woo.desk.pool.execute(
        "INSERT INTO provider_connections (name, kind, test, account, own, direct, secrets, changed_by) "
        "VALUES ('stripe_main', 'stripe', true, '', false, false, '', 'test')"
    )
    buying = await woo.at_desk.sources.buying(source)
    assert buying.kinds == {"stripe": "stripe_main"}
    _, order = await woo.imported()
    assert (await woo.read(order)).tenders[0].provider == "stripe_main"


async def test_no_key_is_in_a_text_about_a_source_or_in_the_database_as_it_is(woo):
    await woo.opens()
    assert woo.made.secret not in repr(Keys(webhook=woo.made.secret, key=KEY, secret=SECRET))
    kept = str([tuple(row) for row in await woo.desk.pool.fetch("SELECT * FROM order_sources")])
    assert not [one for one in (KEY, SECRET, woo.made.secret) if one in kept]


# --- money that may have been told of twice ---------------------------------------------------------------------------


async def told_by_the_provider(woo, order, amount, reference="re_1"):
    """The connected provider says that money went back on its own page."""
    market = Market(woo.desk.pool, woo.desk.engine, woo.desk.clock)
    await market.fact(order, "refunded_elsewhere", amount_minor=amount, reference=reference, tender=TENDER)
    await woo.at_desk.works()


async def asked(woo, cause):
    (odd,) = await woo.at_desk.entries("woo", "set_aside")
    assert odd.cause == cause
    return odd


async def taken(woo, order):
    return (await woo.read(order)).tenders[0].taken_elsewhere_minor


async def test_the_same_refund_by_the_provider_and_by_hand_asks_a_person_and_counts_once_until_then(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    await told_by_the_provider(woo, order, 1250)
    refund = woo.woo.refunded(there, "12.50")
    await woo.hears(woo.woo.orders[there])
    await woo.hears(woo.woo.changes(there, status="completed", date_completed_gmt=gmt(woo.woo.now)))
    odd = await asked(woo, "refund_told_twice")
    assert (odd.field, odd.order) == (f"/refunds/{refund}", order), "and it is asked once, whatever else comes"
    assert await taken(woo, order) == 1250
    assert any(one.gone for one in (await woo.read(order)).parcels), "what else the message says holds"
    await woo.at_desk.sources.count("woo", odd.id)
    await woo.at_desk.works()
    assert await taken(woo, order) == 2500, "as much again"
    assert await woo.at_desk.entries("woo", "set_aside") == ()


@pytest.mark.parametrize(("told", "days"), [(999, 0), (1000, 4)])
async def test_another_amount_or_another_week_is_another_refund(woo, told, days):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    await told_by_the_provider(woo, order, told)
    woo.at_desk.later(days=days)
    woo.woo.later(days=days)
    woo.woo.refunded(there, "10.00")
    await woo.hears(woo.woo.orders[there])
    assert await woo.at_desk.entries("woo", "set_aside") == ()
    assert await taken(woo, order) == told + 1000


async def test_a_refund_of_ours_that_is_written_down_by_hand_is_ignored_with_a_reason(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    await cancels(woo, order)
    woo.woo.refunded(there, "35.00")
    await woo.hears(woo.woo.orders[there])
    odd = await asked(woo, "refund_told_twice")
    assert await taken(woo, order) == 0
    with pytest.raises(InvalidText):
        await woo.at_desk.sources.ignore("woo", odd.id, "operator:ops", "  ")
    ignored = await woo.at_desk.sources.ignore("woo", odd.id, "operator:ops", "Booked by hand in the shop.")
    assert (ignored.told, ignored.ignored_by) == ("ignored", "operator:ops")
    assert ignored.ignored_why == "Booked by hand in the shop."
    with pytest.raises(InvalidTransition):
        await woo.at_desk.sources.ignore("woo", odd.id, "operator:ops", "Again.")
    with pytest.raises(InvalidTransition):
        await woo.at_desk.sources.count("woo", odd.id)
    await woo.hears(woo.woo.changes(there))
    assert await woo.at_desk.entries("woo", "set_aside") == ()
    assert await taken(woo, order) == 0


async def test_what_a_provider_tells_after_it_was_written_down_by_hand_is_put_before_a_person_once(woo):
    await woo.opens()
    there, order = await woo.imported(items=list(TWO))
    refund = woo.woo.refunded(there, "12.50")
    await woo.hears(woo.woo.orders[there])
    assert await woo.at_desk.entries("woo", "set_aside") == ()
    for reference in ("re_1", "re_1"):
        await told_by_the_provider(woo, order, 1250, reference)
    odd = await asked(woo, "refund_counted_twice")
    assert (odd.id, odd.field, odd.order) == (f"twice-{refund}", f"/refunds/{refund}", order)
    assert await taken(woo, order) == 2500, "less goes back then, never more"


async def test_the_history_of_a_chinese_shop_is_in_chinese(woo):
    await woo.opens(locale="zh")
    there, order = await woo.imported(items=list(TWO))
    await cancels(woo, order, lines={"11": 1})
    assert any("请勿发货" in one["note"] for one in woo.woo.notes[there])
