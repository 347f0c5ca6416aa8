"""The packing bench and the case of a parcel that left anyway, over the real application and database."""

import re
from datetime import timedelta

import pytest

from postgres.market import HOST, KILN, LANTERN, SAM, person
from rescind.app import make_app
from rescind.core.details import Details
from rescind.core.fulfilment import ReportFact
from rescind.core.packing import LEASE, LeaseShipping
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from web.consoles import Person

BENCH, SCAN = "/seller/packing", "/seller/packing/scan"
A_LOOK = timedelta(seconds=2)


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def kim(app, desk):
    """A colleague at the same bench."""
    return await Person(app).sign_in(desk, "seller", "kim", shop_id=KILN)


async def number_of(market, order):
    return (await market.read(order)).number


async def scans(who, code, page=None):
    """Scan as the form of the page does, and read the answer."""
    page = page or await who.see(BENCH)
    sent = await who.press(page, SCAN, code=code)
    return await who.see(sent.to) if sent.status == 303 else sent


def answer(page):
    """The one word, and what stands beside it."""
    found = re.search(r'<h2 id="answer-title">(?:<span class="word">(\w+)</span>)?([^<]*)</h2>', page.raw)
    return found[1] or "", found[2].strip()


async def presses(who, page, order, step, **more):
    """A button of the bench."""
    fields = next(form for form in page.forms if ("step", step) in form["buttons"])["fields"]
    pairs = [(name, value) for name, value in fields if name not in more]
    return await who.send(f"{BENCH}/{order}", [*pairs, ("step", step), *more.items()])


async def test_a_scan_answers_and_scanning_again_packs_step_by_step(sam, market, clock):
    order = await market.order(Stage.PREPARING)
    number = await number_of(market, order)
    page = await scans(sam, number)
    assert answer(page) == ("GO", f"Order {number}")
    assert "1 × Mug" in page.text
    for stage, said in ((Stage.PACKING, "packing has begun"), (Stage.PACKED, "packed"), (None, "about to ship")):
        clock.advance(A_LOOK)
        page = await scans(sam, number, page)
        assert said in page.text
        if stage:
            assert (await market.fact(order, "allocated")).order.progress.packing_started_at
    assert (await market.read(order)).shipping_lease.by == "sam"


async def test_a_scan_through_a_chinese_keyboard_finds_its_order(sam, market):
    order = await market.order(Stage.PREPARING)
    number = await number_of(market, order)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    assert answer(await scans(sam, f"{wide}\u3000")) == ("GO", f"Order {number}")


async def test_a_scanner_that_reads_twice_in_passing_does_nothing_twice(sam, market, clock):
    order = await market.order(Stage.PREPARING)
    page = await scans(sam, await number_of(market, order))
    clock.advance(timedelta(milliseconds=400))
    await scans(sam, await number_of(market, order), page)
    assert (await market.read(order)).progress.packing_started_at is None
    other = await market.order(Stage.PREPARING)
    clock.advance(A_LOOK)
    await scans(sam, await number_of(market, other), page)
    assert (await market.read(other)).progress.packing_started_at is None, "another order is only shown"


async def test_an_id_a_tracking_number_and_a_number_in_small_letters_find_the_order(sam, market):
    order = await market.order(Stage.AWAITING_COLLECTION, number="AB-77")
    for code in ("ab-77", "#AB-77", order, "JD1", "jd1"):
        assert answer(await scans(sam, code)) == ("GO", "Order AB-77"), code
    twin = await market.order(Stage.AWAITING_COLLECTION, number="AB-78")
    page = await scans(sam, "JD1")
    assert "Several orders have this number" in page.text
    assert all(f"code=AB-{end}" in page.raw for end in (77, 78)), twin


async def test_an_unknown_and_a_foreign_number_are_the_same_and_no_go(sam, market):
    foreign = await market.order(Stage.PREPARING, shop=LANTERN, number="L-1")
    for code in ("L-1", foreign, "nothing", "%", "x" * 500):
        page = await scans(sam, code)
        assert page.status == 200
        assert "No order of this shop has the number" in page.text


async def test_stop_says_who_asks_until_when_and_what_to_do(sam, market):  # M-13 R-052
    order = await market.order(Stage.PREPARING)
    request = (await market.asks(order)).order.open_cancellation.id
    page = await scans(sam, await number_of(market, order))
    assert answer(page)[0] == "STOP"
    assert "Put the parcel aside and answer the request." in page.text
    assert "Buyer" in page.text
    assert f'href="/seller/requests/{request}"' in page.raw
    assert "data-deadline" in page.raw
    assert not any(form["buttons"] for form in page.forms if form["action"] == f"{BENCH}/{order}")


async def test_hold_and_note_say_why(sam, market):
    unpaid = await market.order(Stage.UNPAID)
    assert answer(await scans(sam, await number_of(market, unpaid)))[0] == "HOLD"
    command = await market.placing()
    await market.does(command, HOST, details=Details(note="No plastic, please <b>"))
    await market.fact(command.order, "paid")
    page = await scans(sam, command.number)
    assert answer(page)[0] == "NOTE"
    assert "No plastic, please &lt;b&gt;" in page.raw


async def test_packing_told_after_the_cancellation_is_unpacked_and_says_when_it_was_told(  # E-08
    app, desk, sam, market
):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    order = await market.order(Stage.PREPARING)
    began = await market.now() - timedelta(minutes=10)
    await market.cancels(order)
    assert "To unpack 0" in (await sam.see(BENCH)).text
    await market.does(ReportFact(order=order, fact=FactKind.PACKING_STARTED, occurred_at=began), SAM)
    assert "To unpack 1" in (await sam.see(BENCH)).text
    told = (await sam.see(f"/seller/orders/{order}")).text
    assert "Told after the cancellation, which stands: what was packed comes out of the parcel." in told
    assert re.search(r"The shop began to pack.*told later, on \w", told)
    hers = (await ann.see(f"/orders/{order}")).text
    assert "We heard of it after the cancellation, which stands." in hers
    # What was told in the sequence in which it happened needs no second time.
    assert told.count("told later") == hers.count("told later") == 1


async def test_cancelled_parcels_are_listed_until_somebody_says_they_are_unpacked(sam, kim, market):  # M-11
    order = await market.order(Stage.PACKED)
    number = await number_of(market, order)
    assert "To unpack 0" in (await sam.see(BENCH)).text
    await market.cancels(order)
    page = await sam.see(BENCH)
    assert "To unpack 1" in page.text
    assert number in page.text
    stop = await kim.see(f"{BENCH}?code={number}")
    assert answer(stop)[0] == "STOP"
    assert "Take the parcel apart and put back: 1 × Mug" in stop.text
    await presses(sam, page, order, "unpacked")
    await presses(kim, stop, order, "unpacked")
    after = await kim.see(BENCH)
    assert "To unpack 0" in after.text
    bodies = [row["body"] for row in await market.pool.fetch("SELECT body FROM events WHERE order_id = $1", order)]
    done = [body for body in bodies if b"GoodsUnpacked" in body]
    assert len(done) == 1
    assert b'"id":"sam"' in done[0]


async def test_of_two_people_at_one_bench_one_ships(sam, kim, market, clock):
    order = await market.order(Stage.PACKED)
    number = await number_of(market, order)
    page = await scans(sam, number)
    await presses(sam, page, order, "lease")
    other = await scans(kim, number)
    assert answer(other) == ("HOLD", f"A colleague is shipping order {number}")
    mine = await sam.see(f"{BENCH}?code={number}")
    without = await presses(sam, mine, order, "ship")
    assert without.status == 422
    assert "Enter the tracking number" in without.text
    sent = await presses(sam, mine, order, "ship", carrier="Post", tracking="JD1001")
    assert sent.status == 303
    assert answer(await kim.see(f"{BENCH}?code={number}")) == ("STOP", f"Order {number} has left already")


async def test_a_lease_is_over_when_its_time_is(sam, kim, market, clock):
    order = await market.order(Stage.PACKED)
    await market.does(LeaseShipping(order=order), SAM)
    clock.advance(LEASE)
    assert answer(await scans(kim, await number_of(market, order)))[0] == "GO"


async def test_a_cancellation_that_was_first_stops_the_parcel_at_the_last_button(sam, market):  # KF-22
    order = await market.order(Stage.REVIEW)
    await market.does(LeaseShipping(order=order), SAM)
    page = await sam.see(f"{BENCH}?code={await number_of(market, order)}")
    assert 'value="ship"' in page.raw
    await market.asks(order)
    pairs = [*next(form for form in page.forms if form["action"] == f"{BENCH}/{order}")["fields"]]
    late = await sam.send(f"{BENCH}/{order}", [*pairs, ("step", "ship"), ("carrier", "Post"), ("tracking", "JD1001")])
    assert late.status == 409
    assert answer(late)[0] == "STOP"
    assert (await market.read(order)).parcels == ()


async def test_the_buyer_reads_that_the_parcel_is_being_handed_over(app, desk, market):
    order = await market.order(Stage.PREPARING)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "Being handed over right now" not in (await ann.see(f"/orders/{order}")).text
    await market.does(LeaseShipping(order=order), SAM)
    for path in (f"/orders/{order}", f"/orders/{order}/cancel"):
        assert "Being handed over right now" in (await ann.see(path)).text, path
    asked = (await market.asks(order)).order.open_cancellation
    assert "Being handed over right now" in (await ann.see(f"/orders/{order}/requests/{asked.id}")).text
    zoe = await Person(app, "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "正在交给物流" in (await zoe.see(f"/orders/{order}")).text


async def test_a_step_of_no_bench_is_refused(sam, market):
    order = await market.order(Stage.PREPARING)
    page = await scans(sam, await number_of(market, order))
    fields = page.form(f"{BENCH}/{order}")["fields"]
    wrong = await sam.send(f"{BENCH}/{order}", [*fields, ("step", "fly")])
    assert wrong.status == 409
    assert (await sam.send(f"{BENCH}/{order}", [("step", "start")])).status in {403, 409}
    assert (await market.read(order)).progress.packing_started_at is None


# --- a parcel that left anyway ----------------------------------------------------------------------------------------


@pytest.fixture
async def gone(market):
    """Cancelled, and then the carrier scans the parcel all the same: the order and the case."""
    order = await market.order(Stage.PACKED)
    await market.cancels(order)
    outcome = await market.fact(order, "handed_over", actor=person("carrier"), tracking="JD1001", carrier="Post")
    return order, outcome.order.contradictions[0].id


async def test_a_late_shipment_leads_to_a_page_with_what_to_do_and_an_end(sam, app, desk, market, gone):  # KF-22
    order, case = gone
    page = f"/seller/orders/{order}/contradictions/{case}"
    assert page in (await sam.see(f"/seller/orders/{order}")).raw
    assert page in (await sam.see("/seller/requests?tab=with_platform")).raw
    assert page in (await scans(sam, await number_of(market, order))).raw
    shown = await sam.see(page)
    assert "Call the carrier with the tracking number" in shown.text
    assert "JD1" in shown.text
    nothing = await sam.press(shown, page)
    assert nothing.status == 422
    asked = await sam.press(shown, page, outcome="carrier_asked", comment="They turn it back tonight")
    assert asked.status == 303
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    told = (await ann.see(f"/orders/{order}")).text
    assert "Your refund stays." in told
    assert "The shop has asked the carrier to turn it back." in told
    assert "tonight" not in told
    sue = await Person(app).sign_in(desk, "support", "sue")
    support = page.replace("/seller/", "/support/")
    assert support in (await sue.see("/support?tab=with_platform")).raw
    seen = await sue.see(support)
    assert "They turn it back tonight" in seen.text
    await sue.press(seen, support, outcome="came_back")
    assert "Dealt with" in (await sam.see(page)).text
    assert page not in (await sam.see("/seller/requests?tab=with_platform")).raw
    assert "To unpack 1" in (await sam.see(BENCH)).text
    row = await market.pool.fetchrow("SELECT status, closed_by FROM cases WHERE kind = 'contradiction'")
    assert tuple(row) == ("came_back", "support")
    assert (await market.read(order)).given_back.minor == 4000


async def test_of_a_parcel_that_has_arrived_nobody_is_told_to_turn_it_back(sam, market, gone):
    order, case = gone
    page = f"/seller/orders/{order}/contradictions/{case}"
    assert "Call the carrier" in (await sam.see(page)).text
    await market.fact(order, "delivered", actor=person("carrier"))
    shown = (await sam.see(page)).text
    assert "The parcel has arrived, so no carrier can turn it back any more." in shown
    assert "Call the carrier" not in shown


async def test_a_case_of_another_shop_is_not_there(app, desk, gone):
    order, case = gone
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    assert (await lou.see(f"/seller/orders/{order}/contradictions/{case}")).status == 404


async def test_one_number_on_two_parcels_says_what_to_do_and_leads_to_the_other(sam, market):
    order = await market.order(Stage.PACKED, units=2)
    for parcel in ("1", "2"):
        await market.fact(
            order, "tracking_added", parcel=parcel, lines={"1": 1}, carrier="Post", tracking="8R41592653589"
        )
    page = await sam.see(f"/seller/orders/{order}")
    assert "its tracking number stands on another parcel, too." in page.text
    (noted,) = (await market.read(order)).open_contradictions
    case = f"/seller/orders/{order}/contradictions/{noted.id}"
    page = await sam.see(case)
    assert "One tracking number stands on two parcels" in page.text
    found = await sam.see(re.search(r'href="(/seller/orders\?q=8R41592653589)"', page.raw)[1])
    assert await number_of(market, order) in found.text
    done = await sam.press(page, case, outcome="looked_at", comment="Both travel in one box.")
    assert done.status == 303
    assert (await market.read(order)).open_contradictions == ()
