"""Support's buttons for what waits for the platform or the carrier, and what buyers and sellers read of it."""

from datetime import timedelta

import pytest

from postgres.market import KILN, worked
from rescind.app import make_app
from rescind.core.parts import Tender
from rescind.core.stage import Stage
from rescind.demo import catalogue
from rescind.demo.deciders import LateShop
from rescind.demo.stall import Ground
from web.consoles import Person

HOME = "/support/orders"
AT_THE_DOOR = (Tender(id="t", method="cash_on_delivery", amount_minor=4000),)


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


@pytest.fixture
async def casey(app, desk):
    return await Person(app).sign_in(desk, "operator", "casey")


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


async def called_back(market):
    order = await market.order(Stage.IN_TRANSIT, policy="my", shipping_by="platform", deliver_by=market.clock.read())
    asked = await market.asks(order, reason="better_price")
    return order, asked.order.open_cancellation.id


async def test_the_buyer_reads_who_is_asked_until_when_and_what_silence_means(ann, robin, market):
    order, asked = await called_back(market)
    page = await ann.see(f"/orders/{order}/requests/{asked}?sent=1")
    for said in ("The carrier has been asked", "No answer in time: the platform decides", "Wed 6 May"):
        assert said in page.text
    desk = await robin.see(f"{HOME}/{order}")
    blank = await robin.press(desk, f"{HOME}/{order}/decide", act="carrier_no", said="")
    assert (blank.status, "Something is missing" in blank.text) == (409, True)
    told = await robin.press(desk, f"{HOME}/{order}/decide", act="carrier_no", said="Case 4711: on the van")
    assert told.to.endswith("said=decided_carrier_no")
    after = await ann.see(f"/orders/{order}/requests/{asked}")
    for said in ("The carrier could not stop the parcel", "Case 4711: on the van", "Return or refund"):
        assert said in after.text
    assert "The carrier could not stop the parcel" in (await robin.see(f"{HOME}/{order}")).text


async def test_a_parcel_that_arrives_meanwhile_is_said_to_have_arrived(ann, market):
    order, asked = await called_back(market)
    await market.fact(order, "delivered")
    page = await ann.see(f"/orders/{order}/requests/{asked}")
    assert "The parcel arrived before the carrier could stop it." in page.text
    assert "left before" not in page.text


async def test_a_buyer_asks_for_a_late_parcel_by_the_form(ann, market):
    order = await market.order(Stage.IN_TRANSIT, policy="my", shipping_by="platform", deliver_by=market.clock.read())
    assert "The carrier has 48 hours to stop the parcel" in (await ann.see(f"/orders/{order}")).text
    form = await ann.see(f"/orders/{order}/cancel")
    assert "€40.00" in form.text
    sent = await ann.press(form, f"/orders/{order}/cancel", reason="better_price")
    assert "?sent=1" in sent.to, sent.text
    assert (await market.read(order)).open_cancellation.status == "awaiting_carrier"


async def test_the_carriers_yes_gives_the_money_back(ann, robin, market):  # S-33
    order, asked = await called_back(market)
    page = await robin.see(f"{HOME}/{order}")
    sent = await robin.press(page, f"{HOME}/{order}/decide", act="carrier_yes", said="Turned round in Ipoh")
    assert sent.to.endswith("said=decided_carrier_yes")
    assert "Noted: it comes back" in (await robin.see(sent.to)).text
    assert "The carrier brings the parcel back" in (await ann.see(f"/orders/{order}/requests/{asked}")).text
    assert (await market.read(order)).given_back.minor == 4000


async def test_support_declines_what_was_left_to_it_and_the_buyer_reads_why(ann, robin, sam, market):  # M-31
    order = await market.order(Stage.PREPARING)
    await market.pool.execute("INSERT INTO buyer_counters VALUES ('ann', '2026-05-03', 'cancellations', 10)")
    asked = (await market.asks(order)).order.open_cancellation
    assert asked.status == "in_review"
    page = await robin.see(f"{HOME}/{order}")
    assert "The rules leave this one to us" in page.text
    action = f"{HOME}/{order}/decide"
    sent = await robin.press(page, action, act="refuse", why="asked_too_often", said="The eleventh this month.")
    assert sent.to.endswith("said=decided_refuse")
    read = (await ann.see(f"/orders/{order}/requests/{asked.id}")).text
    for said in ("The platform's answer", "The eleventh this month.", "Too many cancellations", "Ask platform support"):
        assert said in read
    late = await robin.press(page, action, act="approve", said="")
    assert late.status == 409


async def test_two_people_decide_against_the_rules_and_nobody_else_hears_of_it(ann, robin, casey, sam, market):
    order = await market.order(Stage.IN_TRANSIT, price=30000)
    asked = (await market.asks(order)).order.cancellations[-1]
    assert asked.status == "refused"
    page = await robin.see(f"{HOME}/{order}")
    assert "Up to €200.00 you decide alone" in page.text
    what = f"approve:hardship:{asked.id}"
    sent = await robin.press(page, f"{HOME}/{order}/override", what=what, words="A death in the family.")
    assert sent.to.endswith("said=override_proposed")
    mine = await robin.see(f"{HOME}/{order}")
    assert "a colleague has to confirm it" in mine.text
    assert ("act", "confirm") not in mine.form(f"{HOME}/{order}/override/answer")["buttons"]
    queue = await casey.see("/support?tab=with_platform")
    assert "hardship of the buyer" in queue.text
    assert "hardship" not in (await sam.see("/seller/requests?tab=with_platform")).text
    theirs = await casey.see(f"{HOME}/{order}")
    for said in ("A death in the family.", "robin", "€300.00"):
        assert said in theirs.text
    done = await casey.press(theirs, f"{HOME}/{order}/override/answer", act="confirm", words="")
    assert done.to.endswith("said=override_done")
    assert "robin and casey decided against the rules: Approve the request" in (await robin.see(f"{HOME}/{order}")).text
    for person, path in ((ann, f"/orders/{order}"), (sam, f"/seller/orders/{order}")):
        read = (await person.see(path)).text
        assert "robin" not in read
        assert "A death in the family" not in read
    assert (await market.read(order)).given_back.minor == 30000


async def test_the_demo_has_something_to_decide_for_everybody(robin, desk, market, clock):
    *buyers, buyer = catalogue.load().buyers[:4]
    ground = Ground(desk.engine, desk.directory, clock, desk)
    await LateShop(ground, KILN, (*buyers, buyer)).play(clock.read() + timedelta(days=30))
    page = await robin.see("/support?tab=with_platform")
    for number in ("SP-1001", "SP-1002", "SP-1003"):
        assert number in page.text
    await worked(market)
    refused = await market.directory.counted_by_day(
        buyer.key, "door_refusals", market.clock.read() - timedelta(days=60)
    )
    assert sum(count for _, count in refused) == 2


async def test_the_door_is_explained_before_and_after(ann, robin, market):  # S-25, R-122
    for number in (1, 2, 3):
        order = await market.order(Stage.UNPAID, policy="th", tenders=AT_THE_DOOR)
        before = await ann.see(f"/orders/{order}")
        await market.fact(order, "handed_over", tracking=f"TH{number}")
        await market.fact(order, "refused")
        await worked(market)
        if number < 3:
            assert f"is counted: {number - 1} in 60 days so far. At 3 you cannot pay there" in before.text
            after = await ann.see(f"/orders/{order}")
            assert f"You did not take this order at the door. That is counted: {number} in 60 days" in after.text
    after = await ann.see(f"/orders/{order}")
    assert "you cannot pay there until 3 Jul 2026. Then it is open again by itself" in after.text
    staff = await robin.see(f"{HOME}/{order}")
    assert "Refused at the door: 3 of 3 in 60 days. Paying at the door is off until 3 Jul 2026." in staff.text
    card = await market.order(Stage.PREPARING, policy="th")
    assert "at the door" not in (await ann.see(f"/orders/{card}")).text
