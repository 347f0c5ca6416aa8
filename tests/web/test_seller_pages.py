"""A seller's pages over the real application and database: the board, stop, queue, and what each answer does."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN, worked
from rescind.app import make_app
from rescind.core.parts import CancellationStatus
from rescind.core.stage import Stage
from web.consoles import Person

ORDERS, REQUESTS, MANY = "/seller/orders", "/seller/requests", "/seller/requests/answer"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    """The seller of Kiln, under the plain rules."""
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def lou(app, desk):
    """The seller of Lantern, under the rules of the United States."""
    return await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)


async def asked(market, stage=Stage.PREPARING, **more):
    """An order somebody asked to cancel: its id and the request's."""
    order = await market.order(stage, **more)
    outcome = await market.asks(order)
    return order, outcome.order.open_cancellation.id


async def status_of(market, order):
    return (await market.read(order)).cancellations[-1].status


# --- the board -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "button", "then"),
    [
        (Stage.ALLOCATED, "Start preparing", "Preparing"),
        (Stage.PREPARING, "Start packing", "Packing"),
        (Stage.PACKING, "Mark as packed", "Packed"),
        (Stage.AWAITING_COLLECTION, "Has the carrier taken order", "Shipped"),
        (Stage.IN_TRANSIT, "Has order", "Delivered"),
    ],
)
async def test_each_stage_has_its_step_on_the_board(sam, market, stage, button, then):
    order = await market.order(stage)
    board = await sam.see(ORDERS)
    step = board.form(f"{ORDERS}/{order}/facts")
    assert button in board.text
    done = await sam.press(board, f"{ORDERS}/{order}/facts", **dict(step["buttons"]))
    assert done.status == 303
    assert "said=" in done.to
    after = await sam.see(f"{ORDERS}/{order}")
    assert f"Order {(await market.read(order)).number} {then}" in after.text


async def test_pressing_a_step_twice_is_one_step(sam, market):
    order = await market.order(Stage.ALLOCATED)
    board = await sam.see(ORDERS)
    for _ in range(2):
        await sam.press(board, f"{ORDERS}/{order}/facts", fact="preparation_started")
    kept = await market.pool.fetchval("SELECT count(*) FROM events WHERE order_id = $1", order)
    assert kept == (await market.read(order)).version


async def test_a_step_pressed_by_mistake_is_taken_back(sam, market):
    order = await market.order(Stage.ALLOCATED)
    page = await sam.see(f"{ORDERS}/{order}")
    assert "That was a mistake" not in page.text, "what the host reported is not the seller's to take back"
    await sam.press(page, f"{ORDERS}/{order}/facts", fact="preparation_started")
    page = await sam.see(f"{ORDERS}/{order}")
    assert "Last step Preparation began" in page.text
    odd = await sam.press(page, f"{ORDERS}/{order}/corrections", seq="x", reason="mistake")
    assert odd.status == 409
    for _ in range(2):
        done = await sam.press(page, f"{ORDERS}/{order}/corrections", reason="mistake")
        assert done.to.endswith("said=corrected")
    after = await sam.see(done.to)
    assert "Taken back: Preparation began Reported by mistake" in after.text
    assert "That was a mistake" not in after.text
    assert (await market.read(order)).progress.preparation_started_at is None


async def test_a_parcel_refused_at_the_door_leaves_nothing_to_pack(sam, market):
    order = await market.order(Stage.IN_TRANSIT)
    await market.fact(order, "refused")
    page = await sam.see(f"{ORDERS}/{order}")
    assert "The carrier reports: Refused at the door." in page.text
    assert "Do not pack" not in page.text
    assert "Cancelled by itself Refused at the door" in page.text


async def test_a_parcel_leaves_with_carrier_and_tracking_number(sam, market):
    order = await market.order(Stage.PACKED)
    board = await sam.see(ORDERS)
    without = await sam.press(board, f"{ORDERS}/{order}/facts", fact="handed_over")
    assert without.status == 422
    assert "Enter the tracking number" in without.text
    assert not (await market.read(order)).parcels
    await sam.press(board, f"{ORDERS}/{order}/facts", fact="handed_over", carrier="Royal Mail", tracking="RM12345678GB")
    (parcel,) = (await market.read(order)).parcels
    assert (parcel.carrier, parcel.tracking) == ("Royal Mail", "RM12345678GB")
    assert parcel.handed_over_at is not None


@pytest.mark.parametrize("tracking", ["soon", "123", "🚚🚚🚚🚚1", "１２３４５６", "1" * 61, "RM 123<b>"])
async def test_what_no_carrier_prints_is_no_tracking_number(sam, market, tracking):
    order = await market.order(Stage.PACKED)
    board = await sam.see(ORDERS)
    fields = {"fact": "handed_over", "carrier": "Royal Mail", "tracking": tracking}
    page = await sam.press(board, f"{ORDERS}/{order}/facts", **fields)
    assert page.status == 422
    assert "Enter the tracking number as it stands on the label" in page.text
    assert not (await market.read(order)).parcels


@pytest.mark.parametrize("stage", [Stage.PACKED, Stage.AWAITING_COLLECTION, Stage.IN_TRANSIT])
async def test_a_step_the_buyer_feels_is_asked_about_once_more_and_can_be_left(sam, market, stage):
    order = await market.order(stage)
    for page in (await sam.see(ORDERS), await sam.see(f"{ORDERS}/{order}")):
        sheet = page.raw[page.raw.index('role="dialog"') :]
        assert f'action="{ORDERS}/{order}/facts"' in sheet
        assert 'popovertargetaction="hide"' in sheet
        assert "Not yet" in sheet
        assert f'action="{ORDERS}/{order}/facts"' not in page.raw[: page.raw.index('role="dialog"')]


async def test_a_step_cannot_send_anybody_to_another_site(sam, market):
    order = await market.order(Stage.ALLOCATED)
    board = await sam.see(ORDERS)
    action = f"{ORDERS}/{order}/facts"
    done = await sam.press(board, action, fact="preparation_started", back="https://elsewhere.test/seller")
    assert done.to.startswith(f"{ORDERS}/{order}?")


async def test_many_numbers_find_their_orders_and_too_many_are_told(sam, market):
    first, second, third = [await market.order() for _ in range(3)]
    numbers = {one: (await market.read(one)).number for one in (first, second, third)}
    found = await sam.see(f"{ORDERS}?q={numbers[first]},+{numbers[third]}")
    assert all(f"{ORDERS}/{one}" in found.raw for one in (first, third))
    assert f"{ORDERS}/{second}" not in found.raw
    many = await sam.see(f"{ORDERS}?q=" + ",".join(str(n) for n in range(130)))
    assert "The last 30 were left out" in many.text


async def test_pages_of_the_board_lead_on_and_back(sam, market):
    for _ in range(30):
        await market.order(Stage.REVIEW)
    first = await sam.see(ORDERS)
    onward = first.raw.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = await sam.see(onward)
    rows = [page.raw.count("data-row") for page in (first, second)]
    assert rows == [25, 5]
    assert 'rel="prev"' in second.raw


# --- the stop and the hold -------------------------------------------------------------------------------------------


async def test_a_cancelled_order_says_stop_and_what_goes_back_to_the_shelf(sam, market):
    order, case = await asked(market, Stage.PREPARING, units=3)
    before = await sam.see(f"{ORDERS}/{order}")
    assert "Hold: the buyer asks to cancel" in before.text
    assert "STOP" not in before.text
    assert not before.has_form(f"{ORDERS}/{order}/facts")
    await market.approves(order, case)
    after = await sam.see(f"{ORDERS}/{order}")
    assert "STOP Order" in after.text
    assert "Put the goods back: 3 × Mug · blue MUG" in after.text
    assert "Mark as shipped" not in after.text


async def test_an_order_cancelled_before_any_work_has_nothing_to_put_back(sam, market):
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    page = await sam.see(f"{ORDERS}/{order}")
    assert "Do not pack, do not ship." in page.text
    assert "Put the goods back" not in page.text


async def test_goods_that_left_after_the_stop_are_shown_as_a_contradiction(sam, market):
    order, case = await asked(market)
    await market.approves(order, case)
    await market.fact(order, "handed_over", tracking="T1")
    page = await sam.see(f"{ORDERS}/{order}")
    assert "The parcel left all the same" in page.text
    assert "Reports contradict each other:" in page.text
    assert "Contradicting reports" in (await sam.see(f"{ORDERS}?tab=contradictions")).text


async def test_an_order_in_manual_review_waits_for_a_look(sam, market):
    order = await market.order(Stage.REVIEW)
    await market.fact(order, "review_opened")
    page = await sam.see(f"{ORDERS}/{order}")
    assert "Check this order before anything moves" in page.text
    await sam.press(page, f"{ORDERS}/{order}/facts", fact="review_cleared")
    assert "Start preparing" in (await sam.see(f"{ORDERS}/{order}")).text


async def test_a_check_is_no_request_and_gives_nothing_back(sam, market):  # M-07
    order = await market.order(Stage.REVIEW, found=("high_value",))
    queue = await sam.see("/seller/requests?tab=with_platform")
    assert f'href="/seller/orders/{order}"' in queue.raw
    assert "€0.00" not in queue.text
    assert "…review" not in queue.text


# --- one answer ------------------------------------------------------------------------------------------------------


async def test_an_open_row_says_what_each_choice_does(sam, market):
    _, case = await asked(market, price=1250, units=2)
    queue = await sam.see(f"{REQUESTS}?open={case}")
    for said in (
        "If you approve €25.00 goes back: Visa ..42",
        "2 × Mug back to the shelf",
        "If you refuse",
        "If you do nothing Approved by itself on Tue 5 May, 08:00 UTC",
    ):
        assert said in queue.text
    assert queue.has_form(f"{REQUESTS}/{case}/approve")
    assert not (await sam.see(REQUESTS)).has_form(f"{REQUESTS}/{case}/approve")


async def test_the_receipt_of_a_request_can_be_downloaded(sam, market):
    order, case = await asked(market)
    page = await sam.see(f"{REQUESTS}/{case}")
    address = f"/v1/orders/{order}/cancellations/{case}/receipt"
    assert f'href="{address}" download="receipt-{case}.json"' in page.raw
    told = (await sam.client.get(address)).json()
    assert (told["reader"], told["cancellation"]["id"]) == ("seller", case)


async def test_approving_pays_back_once_however_often_it_is_pressed(sam, market):
    order, case = await asked(market)
    page = await sam.see(f"{REQUESTS}/{case}")
    for _ in range(2):
        done = await sam.press(page, f"{REQUESTS}/{case}/approve", comment="Of course")
        assert done.to.endswith("said=approved")
    await worked(market)
    stored = await market.read(order)
    assert stored.cancellations[-1].closed_by == "seller"
    assert stored.given_back.minor == 4000
    assert "Of course" in (await sam.see(f"{ORDERS}/{order}")).text


async def test_a_refusal_needs_a_reason_and_what_the_reason_needs(sam, market):
    order, case = await asked(market)
    action = f"{REQUESTS}/{case}/refuse"
    page = await sam.see(f"{REQUESTS}/{case}")
    for typed, missing in (
        ({}, "Choose a reason"),
        ({"reason": "already_shipped", "carrier": "DHL"}, "Enter the tracking number"),
        ({"reason": "other"}, "Say why, in your own words"),
    ):
        told = await sam.press(page, action, **typed)
        assert told.status == 422
        assert missing in told.text
        assert await status_of(market, order) is CancellationStatus.AWAITING_SELLER
    assert 'value="DHL"' in (await sam.press(page, action, reason="already_shipped", carrier="DHL")).raw
    await sam.press(page, action, reason="other", comment="Half of it is engraved")
    assert await status_of(market, order) is CancellationStatus.REFUSED
    assert "Half of it is engraved" in (await sam.see(f"{ORDERS}/{order}")).text


async def test_a_refusal_with_tracking_is_kept_as_a_parcel(sam, market):
    order, case = await asked(market)
    page = await sam.see(f"{REQUESTS}/{case}")
    action = f"{REQUESTS}/{case}/refuse"
    done = await sam.press(page, action, reason="already_shipped", carrier="DHL", tracking="JJD7")
    assert done.to.endswith("said=tracking")
    stored = await market.read(order)
    assert stored.cancellations[-1].answer == "already_shipped"
    assert stored.parcels[0].tracking == "JJD7"


async def test_where_the_policy_has_no_plain_refusal_tracking_is_the_way(lou, market, clock):
    order = await market.order(Stage.PREPARING, shop=LANTERN)
    clock.advance(timedelta(hours=2))
    case = (await market.asks(order)).order.open_cancellation.id
    queue = await lou.see(REQUESTS)
    assert ("a approve r add tracking" in queue.text, "Refuse …" in queue.text) == (True, False)
    many = await lou.see(f"{REQUESTS}/answer?answer=refuse&case={case}")
    assert "Nothing can be refused together here" in many.text
    assert "Refuse 1 request" not in many.text
    page = await lou.see(f"{REQUESTS}/{case}")
    assert "Your policy has no plain refusal" in page.text
    assert "Add tracking" in page.text
    action = f"{REQUESTS}/{case}/refuse"
    plain = await lou.press(page, action, reason="packed")
    assert "A plain refusal is not possible" in plain.text
    await lou.press(page, action, carrier="UPS", tracking="1Z999AA1")
    assert (await market.read(order)).open_cancellation is None


async def test_an_answer_after_the_deadline_changes_nothing_and_says_so(sam, market, clock):
    order, case = await asked(market)
    page = await sam.see(f"{REQUESTS}/{case}")
    clock.advance(timedelta(hours=24))
    late = await sam.press(page, f"{REQUESTS}/{case}/approve")
    assert late.status == 409
    assert "The time to answer is over" in late.text
    assert await status_of(market, order) is CancellationStatus.AWAITING_SELLER


async def test_a_favour_is_shown_as_one(sam, market):
    order = await market.order(Stage.PACKED)
    case = (await market.asks(order, anyway=True)).order.open_cancellation.id
    page = await sam.see(f"{REQUESTS}/{case}")
    assert "the buyer asks you all the same" in page.text
    assert "If you do nothing Refused by itself" in page.text


# --- many answers ----------------------------------------------------------------------------------------------------


async def test_many_answers_are_many_commands_with_one_line_each(sam, market, clock):
    late_order, late = await asked(market)
    clock.advance(timedelta(hours=23))
    good = [await asked(market) for _ in range(3)]
    gone_order, gone = await asked(market)
    foreign_order = await market.order(Stage.PREPARING, shop=LANTERN)
    clock.advance(timedelta(hours=1))
    foreign = (await market.asks(foreign_order)).order.open_cancellation.id
    cases = [case for _, case in good]
    page = await sam.see(f"{MANY}?answer=approve" + "".join(f"&case={one}" for one in (late, *cases, gone)))
    assert "Approve 5 requests" in page.text
    assert "€200.00" in page.text
    await market.withdraws(gone_order, gone)
    done = await sam.press(page, MANY, case=[late, *cases, gone, foreign])
    assert "3 of 6 done" in done.text
    assert "The time to answer was over" in done.text
    assert "Nothing left to answer: Withdrawn" in done.text
    assert "No request of this shop" in done.text
    assert [await status_of(market, order) for order, _ in good] == [CancellationStatus.APPROVED] * 3
    assert await status_of(market, late_order) is CancellationStatus.AWAITING_SELLER
    assert await status_of(market, foreign_order) is CancellationStatus.AWAITING_SELLER
    again = await sam.press(page, MANY, case=[late, *cases, gone, foreign])
    assert "3 of 6 done" in again.text
    assert {(await market.read(order)).given_back.minor for order, _ in good} == {4000}


async def test_many_refusals_share_a_reason_that_each_of_them_offers(sam, market):
    packed = await market.order(Stage.PACKING)
    first = (await market.asks(packed, anyway=True)).order.open_cancellation.id
    other, second = await asked(market, Stage.ALLOCATED)
    path = f"{MANY}?answer=refuse&case={first}&case={second}"
    page = await sam.see(path)
    assert "The buyer agreed to keep it" in page.text
    assert "Packed, label bought" not in page.text
    assert "Choose a reason" in (await sam.press(page, MANY)).text
    done = await sam.press(page, MANY, reason="buyer_agreed_to_keep")
    assert "2 of 2 done" in done.text
    assert [await status_of(market, one) for one in (packed, other)] == [CancellationStatus.REFUSED] * 2


async def test_more_than_a_hundred_are_not_answered_at_once(sam, market):
    order, case = await asked(market)
    page = await sam.see(f"{MANY}?answer=approve&case={case}")
    told = await sam.press(page, MANY, case=[case, *(f"{case[:-3]}{n:03}" for n in range(100))])
    assert told.status == 422
    assert "Up to 100 at once" in told.text
    assert await status_of(market, order) is CancellationStatus.AWAITING_SELLER


# --- cancelling oneself ----------------------------------------------------------------------------------------------


async def test_a_direct_cancellation_shows_what_it_does_and_does_that(sam, market):
    order = await market.order(Stage.PACKED, price=999, units=3)
    action = f"{ORDERS}/{order}/cancel"
    page = await sam.see(action)
    assert "Cancel and refund €29.97" in page.text
    assert (await sam.press(page, action)).status == 422
    done = await sam.press(page, action, reason="out_of_stock", comment="The kiln broke")
    assert done.to.endswith("said=cancelled")
    assert (await market.read(order)).given_back.minor == 2997
    assert "STOP" in (await sam.see(done.to)).text


async def test_what_left_after_the_stop_is_said_on_the_orders_own_page(sam, market):  # KF-22
    order = await market.order(Stage.PACKED)
    await market.cancels(order)
    page = await sam.see(f"{ORDERS}/{order}")
    action = f"{ORDERS}/{order}/facts"
    odd = await sam.press(page, action, fact="handed_over", carrier="Royal Mail", tracking="?")
    assert odd.status == 422
    assert not (await market.read(order)).contradictions
    told = await sam.press(page, action, fact="handed_over", carrier="Royal Mail", tracking="JD 0002")
    assert told.to
    after = await market.read(order)
    assert [one.kind for one in after.contradictions] == ["shipped_after_cancel"]
    page = await sam.see(f"{ORDERS}/{order}")
    assert "The parcel left all the same" in page.text
    assert "It has already left" not in page.text


async def test_one_item_that_is_out_of_stock_costs_the_buyer_nothing_else(sam, market):
    order = await market.order(Stage.PREPARING, price=999, units=3)
    action = f"{ORDERS}/{order}/cancel"
    page = await sam.see(action)
    looked = await sam.press(page, action, step="quote", **{"units-0": "1"})
    assert "Cancel and refund €9.99" in looked.text
    assert not (await market.read(order)).cancellations, "looking does nothing"
    for wrong in ("0", "4", "-1", "1.5", "x"):
        told = await sam.press(looked, action, reason="out_of_stock", **{"units-0": wrong})
        assert told.status == 422
        assert f'value="{wrong}"' in told.raw, "what was typed stands there still"
    done = await sam.press(looked, action, reason="out_of_stock", **{"units-0": "1"})
    assert done.to.endswith("said=cancelled_some")
    after = await market.read(order)
    assert (after.lines[0].open, after.given_back.minor) == (2, 999)
    assert "The rest of the order goes on" in (await sam.see(done.to)).text


async def test_what_has_left_cannot_be_cancelled_and_the_page_says_what_can_be_done(sam, market):
    order = await market.order(Stage.IN_TRANSIT)
    page = await sam.see(f"{ORDERS}/{order}/cancel")
    assert "The policy does not allow this now." in page.text
    assert "Return the goods for a refund" in page.text
    assert not page.has_form(f"{ORDERS}/{order}/cancel")


async def test_a_form_made_before_the_order_changed_is_not_taken(sam, market):
    order = await market.order(Stage.PREPARING)
    action = f"{ORDERS}/{order}/cancel"
    page = await sam.see(action)
    await market.fact(order, "packing_started")
    told = await sam.press(page, action, reason="out_of_stock")
    assert told.status == 409
    assert "The order has changed since you read it" in told.text
    assert not (await market.read(order)).cancellations


# --- whose it is -----------------------------------------------------------------------------------------------------


async def test_another_shops_orders_and_requests_are_not_there(lou, market):
    order, case = await asked(market)
    for path in (f"{ORDERS}/{order}", f"{ORDERS}/{order}/cancel", f"{REQUESTS}/{case}"):
        assert (await lou.see(path)).status == 404
    home = await lou.see(ORDERS)
    token = home.forms[0]["fields"][0]
    for path in (f"{ORDERS}/{order}/facts", f"{ORDERS}/{order}/cancel", f"{REQUESTS}/{case}/approve"):
        sent = await lou.send(path, [token, ("key", "k" * 20), ("fact", "packed"), ("reason", "out_of_stock")])
        assert sent.status == 404
    assert await status_of(market, order) is CancellationStatus.AWAITING_SELLER


async def test_a_form_without_the_sessions_token_is_not_taken(sam, market):
    order, case = await asked(market)
    sent = await sam.send(f"{REQUESTS}/{case}/approve", [("key", "k" * 20)])
    assert sent.status == 403
    assert await status_of(market, order) is CancellationStatus.AWAITING_SELLER


async def test_a_buyer_has_no_seat_at_the_sellers_desk(app, desk, market):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    for path in (ORDERS, REQUESTS, "/support"):
        assert (await ann.see(path)).status == 403


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_has_one_heading_and_speaks_the_readers_language(app, desk, market, language):
    reader = await Person(app, language).sign_in(desk, "seller", "sam", shop_id=KILN)
    order, case = await asked(market)
    paths = (ORDERS, f"{ORDERS}/{order}", f"{ORDERS}/{order}/cancel", REQUESTS, f"{REQUESTS}?open={case}")
    more = (f"{REQUESTS}/{case}", f"{MANY}?answer=refuse&case={case}", f"{REQUESTS}?tab=all")
    for path in (*paths, *more):
        page = await reader.see(path)
        assert page.status == 200, path
        assert page.raw.count("<h1") == 1, path
        assert ('lang="zh-Hans"' in page.raw.split("<head>")[0]) is (language == "zh")
        assert ("取消" in page.text.replace("中文", "")) is (language == "zh"), path


async def test_a_request_that_was_answered_elsewhere_says_so_where_it_was_open(sam, market):
    order = await market.order(Stage.PREPARING)
    case = (await market.asks(order)).order.cancellations[-1].id
    open_here = f"/seller/requests?open={case}"
    assert "has been answered meanwhile" not in (await sam.see(open_here)).text
    await market.approves(order, case)
    assert "has been answered meanwhile: You approved." in (await sam.see(open_here)).text


async def test_a_shop_types_what_it_keeps_of_goods_it_made_and_is_told_how(sam, desk):  # M-08
    page = await sam.see("/seller/settings")
    assert "material_bps" not in page.text
    assert "In hundredths of a per cent, from 0 to 5000: 1500 is 15 %." in page.text
    sent = await sam.press(page, "/seller/settings", material_bps="1500", act="save")
    assert sent.status in {200, 303}, sent.text
    assert (await desk.versions.choices(KILN)).settings["material_bps"] == 1500
    refused = await sam.press(await sam.see("/seller/settings"), "/seller/settings", material_bps="5001", act="save")
    assert refused.status == 409
    assert (await desk.versions.choices(KILN)).settings["material_bps"] == 1500
