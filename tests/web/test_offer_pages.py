"""An offer instead of an answer, over the pages of seller and buyer and over the API."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN, audit, worked
from rescind.app import make_app
from rescind.core.habit import LEAST, Favours
from rescind.core.parts import Line
from rescind.core.stage import Stage
from rescind.demo import catalogue, to_measure
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.stall import Ground
from web.consoles import Person


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def asked(market):
    """An order of 40.00 somebody asked to cancel: its id and the request's."""
    order = await market.order(Stage.PREPARING)
    return order, (await market.asks(order)).order.open_cancellation.id


async def offers(sam, request, **fields):
    page = await sam.see(f"/seller/requests/{request}")
    return await sam.press(page, f"/seller/requests/{request}/offer", **fields)


async def answers(ann, order, request, answer):
    page = await ann.see(f"/orders/{order}/requests/{request}")
    action = f"/orders/{order}/requests/{request}/offer"
    fields = next(form["fields"] for form in page.forms if form["action"] == action)
    return await ann.send(action, [*fields, ("answer", answer)])


async def test_an_offer_stands_in_the_conversation_wherever_that_is_shown(app, desk, market, ann, sam, asked):
    order, request = asked
    sue = await Person(app).sign_in(desk, "support", "sue")
    await offers(sam, request, offer="partial_refund", offer_amount="5", offer_comment="The box is dented.")
    listed = "The shop offers €5.00 back if the goods are kept"
    page = await ann.see("/messages")
    assert re.search(f"Unread Answer the offer .*{listed}", page.text), "nobody has said anything, and an offer is new"
    assert listed in (await sue.see("/support/messages")).text
    alone = re.search(r'href="(/messages/cnv_\w+)"', page.raw)[1]
    assert "The box is dented." in (await ann.see(f"{alone}/transcript")).text
    page = await ann.see(alone)
    assert listed in page.text
    assert "Unread" not in (await ann.see("/messages")).raw.partition('id="inbox"')[2], "it was shown"
    page = await ann.see(f"/orders/{order}")
    card = page.raw[page.raw.index('id="talk"') : page.raw.index('id="write"')]
    assert "Nothing was said yet" not in card, "an offer was"
    assert "The shop offers €5.00 back if the goods are kept" in card
    assert re.search(f'href="/orders/{order}/requests/{request}"[^>]*>.*?Answer the offer', card, re.DOTALL)
    await ann.press(page, f"/orders/{order}/messages", text="Let me think.", audience="everyone")
    thread = re.search("cnv_[0-9a-z]+", (await ann.see("/messages")).raw)[0]
    for who, root, can in ((ann, "", True), (sam, "/seller", False), (sue, "/support", False)):
        page = await who.see(f"{root}/messages/{thread}")
        talk = page.raw[page.raw.index('id="talk"') :]
        assert "€5.00 back if the goods are kept" in talk
        assert "The box is dented." in talk
        assert ("Answer the offer" in talk) == can, "who made it, and who only reads along, has nothing to answer"
        assert ("Answer the offer" if can else "An offer is open") in (await who.see(f"{root}/messages")).text
        paper = await who.see(f"{root}/messages/{thread}/transcript")
        assert "€5.00 back if the goods are kept" in paper.text
    assert f'href="/messages/{thread}/transcript"' in (await ann.see(f"/orders/{order}")).raw
    withdrawing = f"/orders/{order}/requests/{request}/withdraw"
    await ann.press(await ann.see(withdrawing), withdrawing)
    talk = (await ann.see(f"/messages/{thread}")).text
    assert "It is off the table." in talk
    assert "You withdrew the request" in talk
    assert "An offer is open" not in (await sam.see("/seller/messages")).text


async def test_the_demo_has_work_that_was_quoted_and_tells_how_late_requests_go(app, desk, market, clock):  # M-08
    ground = Ground(desk.engine, desk.directory, clock, desk)
    opened_at = desk.now()
    assert await to_measure.play(ground, opened_at) == LEAST + 7
    amelia = await Person(app).sign_in(desk, "buyer", "amelia", buyer_id=catalogue.load().buyers[0].key)
    path = re.search(r'href="(/orders/ord_\w+)"', (await amelia.see("/orders")).raw)[1]
    page = await amelia.see(path)
    for said in ("The shop has made you an offer", "Answer the offer", "£32.00 for material and £18.00 for labour"):
        assert said in page.text
    told = await desk.habits.favours(demo_shop_id(to_measure.place()), opened_at)
    assert told == Favours(asked=LEAST + 3, granted=16), "whoever agreed to a quote was let off, too"


async def test_money_for_keeping_is_offered_accepted_and_paid_once(sam, ann, market, asked):
    order, request = asked
    sent = await offers(sam, request, offer="partial_refund", offer_amount="5.50", offer_comment="Keep it?")
    assert sent.status == 303
    assert "You offered €5.50 back" in (await sam.see(f"/seller/requests/{request}")).text
    page = await ann.see(f"/orders/{order}/requests/{request}")
    assert "The shop offers €5.50 back if you keep the goods." in page.text
    assert "Keep it?" in page.text
    for path in (f"/orders/{order}", f"/orders/{order}/requests/{request}"):
        page = await ann.see(path)
        assert "The shop has made you an offer" in page.text
        assert "If neither of you answers in time, your request is approved." in page.text
        assert "You can answer the offer until" in page.text
        assert "must answer" not in page.text
    for _ in range(2):
        assert (await ann.send(f"/orders/{order}/requests/{request}/offer", _accept(page))).status == 303
    await worked(market)
    state = await market.read(order)
    assert state.cancellations[-1].status == "settled"
    assert [one.amount_minor for one in state.refunds] == [550]
    after = await ann.see(f"/orders/{order}/requests/{request}")
    assert "Settled" in after.text
    assert "€5.50" in after.text
    assert "The buyer accepted." in (await sam.see(f"/seller/requests/{request}")).text
    assert "The buyer accepted the offer" in (await sam.see(f"/seller/orders/{order}")).text
    assert await audit(market.pool) == 1


def _accept(page):
    form = next(form for form in page.forms if ("answer", "accept") in form["buttons"])
    return [*form["fields"], ("answer", "accept")]


RING = Line(id="1", sku="RING", quantity=1, unit_minor=4000, custom_made=True)


async def test_a_quote_for_work_that_was_begun_is_read_to_the_cent_countered_and_agreed(app, desk, sam, ann, market):
    order = await market.order(Stage.PREPARING, lines=(RING,))  # M-08, M-44
    request = (await market.asks(order, anyway=True)).order.open_cancellation.id
    mute = await offers(sam, request, offer="cancel_with_costs", offer_material="9")
    assert (mute.status, "Say what material and what work it was" in mute.text) == (422, True)
    quoted = {"offer": "cancel_with_costs", "offer_material": "9", "offer_labour": "6", "offer_comment": "Silver, 2 h."}
    assert (await offers(sam, request, **quoted)).status == 303
    here = f"/orders/{order}/requests/{request}"
    page = await ann.see(here)
    assert "keeps €9.00 for material and €6.00 for labour" in page.text
    assert "€25.00 goes back" in page.text
    assert "Silver, 2 h." in page.text
    zh = await Person(app, "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "保留材料费" in (await zh.see(here)).text
    wrong = await ann.press(page, f"{here}/counter", counter_material="99", counter_words="Too much.")
    assert "counter=wrong" in wrong.to
    assert "That cannot be offered." in (await ann.see(wrong.to.partition("#")[0])).text
    sent = await ann.press(page, f"{here}/counter", counter_material="9", counter_labour="1", counter_words="One hour.")
    assert sent.to == here
    assert "The shop has not answered yet." in (await ann.see(here)).text
    story = (await ann.see(f"/orders/{order}")).text
    assert re.search("You offer to leave €9.00 for material and €1.00 for labour · See the offer .{0,2}One hour", story)
    assert "The buyer offers" not in story
    theirs = await sam.see(f"/seller/requests/{request}")
    assert "The buyer offers to leave you €9.00 for material and €1.00 for labour." in theirs.text
    form = next(one for one in theirs.forms if ("answer", "accept") in one["buttons"])
    assert (await sam.send(form["action"], [*form["fields"], ("answer", "accept")])).status == 303
    state = await market.read(order)
    assert (state.cancellations[-1].status, state.given_back.minor) == ("approved", 3000)
    after = (await ann.see(here)).text
    assert "The shop accepted." in after
    assert "The shop accepted the offer" in (await ann.see(f"/orders/{order}")).text


async def test_a_share_of_the_price_is_offered_in_per_cent(sam, ann, market, asked):
    order, request = asked
    assert "Enter a whole number from 1 to 100" in (await offers(sam, request, offer="keep_item", offer_share="0")).text
    assert (await offers(sam, request, offer="keep_item", offer_share="25")).status == 303
    here = f"/orders/{order}/requests/{request}"
    assert "The shop offers €10.00 back if you keep the goods." in (await ann.see(here)).text
    assert "Cancel, and keep what the work has cost" not in (await sam.see(f"/seller/requests/{request}")).text


async def test_a_later_day_is_offered_declined_and_the_clock_answers(sam, ann, market, clock, asked):
    order, request = asked
    day = (clock.read() + timedelta(days=3)).date().isoformat()
    assert (await offers(sam, request, offer="ship_later", ship_by=day)).status == 303
    assert "The shop offers to ship it by" in (await ann.see(f"/orders/{order}/requests/{request}")).text
    await answers(ann, order, request, "decline")
    assert "You declined." in (await ann.see(f"/orders/{order}/requests/{request}")).text
    state = await market.read(order)
    assert (state.cancellations[-1].status, state.dispatch_due_at) == ("awaiting_seller", None)
    clock.advance(timedelta(hours=24))
    await worked(market)
    assert (await market.read(order)).cancellations[-1].status == "approved"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose what to offer"),
        ({"offer": "partial_refund", "offer_amount": "99"}, "Enter an amount up to €40.00"),
        ({"offer": "partial_refund", "offer_amount": "1.001"}, "Enter an amount up to"),
        ({"offer": "partial_refund", "offer_amount": "-1"}, "Enter an amount up to"),
        ({"offer": "ship_later", "ship_by": "2020-01-01"}, "Choose a day within a year from today"),
        ({"offer": "ship_later", "ship_by": "9999-12-30"}, "Choose a day within a year from today"),
        ({"offer": "a house"}, "Choose what to offer"),
    ],
)
async def test_a_form_that_offers_nothing_real_says_what_to_put_right(sam, market, asked, fields, said):
    order, request = asked
    answer = await offers(sam, request, **fields)
    assert answer.status == 422
    assert said in answer.text
    assert (await market.read(order)).cancellations[-1].offer is None


async def test_an_offer_nobody_has_any_more_leads_to_how_it_stands(sam, ann, market, asked):
    order, request = asked
    await offers(sam, request, offer="partial_refund", offer_amount="5")
    page = await ann.see(f"/orders/{order}/requests/{request}")
    await market.approves(order, request)
    late = await ann.send(f"/orders/{order}/requests/{request}/offer", _accept(page))
    assert "Somebody was faster" in (await ann.see(late.to)).text
    assert (await market.read(order)).given_back.minor == 4000


async def test_the_buyer_reads_the_offer_in_chinese(sam, app, desk, asked):
    order, request = asked
    await offers(sam, request, offer="partial_refund", offer_amount="5")
    page = await (await Person(app, "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")).see(
        f"/orders/{order}/requests/{request}"
    )
    assert "商家提议退还 €5.00" in page.text
    assert "接受方案" in page.text
