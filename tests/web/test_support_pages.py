"""Support's pages over the real application and database: find any order, see why, act for a caller with consent."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from postgres.market import LANTERN, SAM, worked
from rescind.app import make_app
from rescind.core.parts import CancellationStatus
from rescind.core.ports import Captured
from rescind.core.stage import Stage
from rescind.providers.sandbox import Sandbox
from web.consoles import ORIGIN, Person

HOME = "/support"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


def consent(**more):
    """A call of this very minute on the clock of the tests, in which orders are placed."""
    return {"way": "phone", "agreed_at": "2026-05-04T08:00", "agreed": "1"} | more


async def events_of(market, order):
    rows = await market.pool.fetch("SELECT body FROM events WHERE order_id = $1 ORDER BY seq", order)
    return [row["body"].decode() for row in rows]


async def test_any_order_is_found_by_number_id_name_mail_or_tracking(robin, market):
    order = await market.order(Stage.AWAITING_COLLECTION)
    other = await market.order(buyer="bob", shop=LANTERN)
    number = (await market.read(order)).number
    for words in (number, order, "Ann+Lee", "ann%40example.org", "JD1", f"{number}+99999"):
        found = await robin.see(f"{HOME}?q={words}")
        assert f"{HOME}/orders/{order}" in found.raw, words
        assert f"{HOME}/orders/{other}" not in found.raw, words
    assert "No order fits" in (await robin.see(f"{HOME}?q=nobody")).text


async def test_the_queue_shows_whose_move_it_is_in_every_shop(robin, market):
    first = await market.order(Stage.PREPARING)
    await market.asks(first)
    second = await market.order(Stage.PREPARING)
    case = (await market.asks(second)).order.open_cancellation.id
    await market.approves(second, case)
    await market.fact(second, "handed_over", tracking="T1")
    waiting = await robin.see(HOME)
    assert f"{HOME}/orders/{first}" in waiting.raw
    assert "Seller Tue 5 May, 08:00" in waiting.text
    ours = await robin.see(f"{HOME}?tab=with_platform")
    assert f"{HOME}/orders/{second}" in ours.raw
    assert "Shipped after it was cancelled" in ours.text
    page = await robin.see(f"{HOME}/orders/{second}")
    assert "Have it turned back" in page.text


async def test_the_policy_is_asked_before_anything_is_filed(robin, market):
    order = await market.order(Stage.PREPARING)
    page = await robin.see(f"{HOME}/orders/{order}?reason=wrong_address")
    for said in (
        "The shop is asked",
        "No answer means yes",
        "Tue 5 May, 08:00 UTC",
        "The buyer gets back €40.00",
        "ASK-1",
    ):
        assert said in page.text
    assert not (await market.read(order)).cancellations


async def test_filing_for_a_caller_is_the_buyers_request_with_the_consent_written_down(robin, market):
    order = await market.order(Stage.PREPARING)
    action = f"{HOME}/orders/{order}/file"
    page = await robin.see(f"{HOME}/orders/{order}?reason=changed_mind")
    sent = await robin.press(page, action, **consent(remark="Confirmed number and street", comment="Bought elsewhere"))
    assert sent.to.endswith("said=filed_awaiting_seller")
    asked = (await market.read(order)).open_cancellation
    assert (asked.requested_by, asked.filed_by) == ("ann", "support")
    body = (await events_of(market, order))[-1]
    assert '"on_behalf_of":"ann"' in body
    assert "Confirmed number" not in body
    after = await robin.see(f"{HOME}/orders/{order}")
    assert "On the telephone · Mon 4 May, 08:00 UTC · Confirmed number and street" in after.text
    assert "Support asked to cancel for the buyer" in after.text


async def test_a_caller_can_have_a_part_of_the_order_cancelled(robin, market):  # M-49
    order = await market.order(Stage.REVIEW, price=999, units=3)
    page = await robin.see(f"{HOME}/orders/{order}?reason=changed_mind&units-0=2")
    assert "The buyer gets back €19.98" in page.text
    sent = await robin.press(page, f"{HOME}/orders/{order}/file", **consent())
    assert sent.to.endswith("said=filed_approved")
    after = await market.read(order)
    assert (after.lines[0].open, after.given_back.minor) == (1, 1998)
    page = await robin.see(f"{HOME}/orders/{order}?reason=changed_mind&units-0=2")
    assert "Choose a number from 0 to 1" in page.text
    assert not page.has_form(f"{HOME}/orders/{order}/file")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"agreed": ""}, "Tick this once the buyer has agreed"),
        ({"agreed_at": ""}, "Say when the buyer agreed"),
        ({"agreed_at": "2026-05-04T08:30"}, "The buyer must have agreed after placing the order"),
        ({"agreed_at": "2019-01-01T10:00"}, "The buyer must have agreed after placing the order"),
        ({"way": "telepathy"}, "Say how the buyer agreed"),
    ],
)
async def test_nothing_is_filed_without_the_buyers_consent(robin, market, given, missing):
    order = await market.order(Stage.PREPARING)
    page = await robin.see(f"{HOME}/orders/{order}?reason=changed_mind")
    told = await robin.press(page, f"{HOME}/orders/{order}/file", **consent(comment="kept words", **given))
    assert told.status == 422
    assert missing in told.text
    assert "kept words" in told.raw
    assert not (await market.read(order)).cancellations


async def test_a_refused_stage_offers_the_favour_and_files_it_as_one(robin, market):
    order = await market.order(Stage.PACKED)
    path = f"{HOME}/orders/{order}?reason=changed_mind"
    page = await robin.see(path)
    assert "Not possible" in page.text
    assert "Ask the shop anyway" in page.text
    assert not page.has_form(f"{HOME}/orders/{order}/file")
    favour = await robin.see(f"{path}&anyway=1")
    assert "No answer means no" in favour.text
    await robin.press(favour, f"{HOME}/orders/{order}/file", **consent())
    asked = (await market.read(order)).open_cancellation
    assert (asked.rule, asked.on_silence) == ("ANYWAY-1", "refuse")


async def test_support_takes_a_request_back_for_the_caller(robin, market):
    order = await market.order(Stage.PREPARING)
    await market.asks(order)
    action = f"{HOME}/orders/{order}/withdraw"
    page = await robin.see(f"{HOME}/orders/{order}")
    assert (await robin.press(page, action, way="phone", agreed_at="2026-05-04T08:00")).status == 422
    assert (await market.read(order)).open_cancellation
    done = await robin.press(page, action, **consent())
    assert done.to.endswith("said=withdrawn")
    assert (await market.read(order)).cancellations[-1].status is CancellationStatus.WITHDRAWN
    assert "The order goes on" in (await robin.see(done.to)).text


async def test_withdrawing_what_was_answered_meanwhile_says_so(robin, market):
    order = await market.order(Stage.PREPARING)
    case = (await market.asks(order)).order.open_cancellation.id
    page = await robin.see(f"{HOME}/orders/{order}")
    await market.refuses(order, case)
    told = await robin.press(page, f"{HOME}/orders/{order}/withdraw", **consent())
    assert told.status == 409
    assert "no open request any more" in told.text


async def test_the_timeline_carries_the_rule_that_decided(robin, market, clock):
    order = await market.order(Stage.PREPARING)
    await market.asks(order)
    clock.advance(timedelta(hours=1))
    page = await robin.see(f"{HOME}/orders/{order}")
    assert "The buyer asked to cancel" in page.text
    assert "ASK-1" in page.text
    assert "Rules that did not decide" in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_has_one_heading_and_speaks_the_readers_language(app, desk, market, language):
    reader = await Person(app, language).sign_in(desk, "support", "robin")
    order = await market.order(Stage.PREPARING)
    for path in (HOME, f"{HOME}?q=Ann", f"{HOME}/orders/{order}", f"{HOME}/orders/{order}?reason=duplicate"):
        page = await reader.see(path)
        assert page.status == 200, path
        assert page.raw.count("<h1") == 1, path
        assert ("订单" in page.text) is (language == "zh"), path


async def test_a_seller_has_no_seat_at_supports_desk(app, desk, market):
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    order = await market.order()
    for path in (HOME, f"{HOME}/orders/{order}"):
        assert (await lou.see(path)).status == 403


async def test_support_takes_back_what_a_seller_pressed_and_the_case_is_closed(robin, market):  # KF-22
    order = await market.order(Stage.PREPARING)
    case = (await market.asks(order)).order.open_cancellation.id
    await market.approves(order, case)
    await market.fact(order, "handed_over", tracking="T1", actor=SAM)
    page = await robin.see(f"{HOME}/orders/{order}")
    assert "Reports contradict each other:" in page.text
    done = await robin.press(page, f"{HOME}/orders/{order}/corrections", reason="other_order")
    assert done.status == 303
    after = await robin.see(done.to)
    assert "Taken back: Handed to the carrier It was another order" in after.text
    assert "Reports contradict each other:" not in after.text
    assert "Contradicting reports" not in (await robin.see(f"{HOME}?tab=with_platform")).text


async def test_a_review_is_a_row_of_the_queue_with_an_owner_and_an_end(robin, market):  # M-07
    order = await market.order(Stage.REVIEW, found=("high_value", "duplicate"))
    queue = await robin.see(f"{HOME}?tab=with_platform")
    assert f"{HOME}/orders/{order}" in queue.raw
    assert "The order is worth a lot" in queue.text
    assert "€0.00" not in queue.text  # what is at stake is the whole order
    act = f"{HOME}/orders/{order}/review"
    page = await robin.see(f"{HOME}/orders/{order}")
    assert "Nobody looks at it yet." in page.text
    assert "Otherwise the order goes on" in page.text
    taken = await robin.see((await robin.press(page, act, act="take")).to)
    assert "Looked at by robin" in taken.text
    assert "Take it" not in taken.text
    odd = await robin.press(taken, act, act="eat")
    assert odd.status == 409
    done = await robin.see((await robin.press(taken, act, act="pass")).to)
    assert "The check is done. The order goes on." in done.text
    assert not done.has_form(act)
    assert f"{HOME}/orders/{order}" not in (await robin.see(f"{HOME}?tab=with_platform")).raw


async def test_a_payment_found_by_asking_is_told_to_staff_once(robin, market):  # KF-17
    order = await market.order(Stage.UNPAID)
    limit = next(one.due_at for one in (await market.read(order)).timers if one.name == "unpaid")
    market.clock.set(limit)

    class Told(Sandbox):
        async def captured(self, call):
            return Captured(clear=True, at=limit - timedelta(seconds=1), amount_minor=call.amount_minor)

    await worked(market, Told())
    page = await robin.see(f"{HOME}/orders/{order}")
    assert page.text.count("found by asking the payment provider") == 1
    assert (await market.read(order)).cancellations == ()


async def test_a_refund_that_never_left_says_why_to_support_and_not_to_the_buyer(robin, app, desk, market):  # KF-16
    order = await market.order(Stage.REVIEW, price=4014)
    await market.asks(order)
    await worked(market)
    page = await robin.see(f"{HOME}/orders/{order}")
    assert "Not sent yet. In the way: there is no account to send it to." in page.text
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "no account" not in (await ann.see(f"/orders/{order}")).text


@pytest.mark.parametrize(
    ("role", "asked", "shown"),
    [
        ("support", "/support?q=1001", "/support?q=1001"),
        ("support", "/seller/orders", "/support"),
        ("operator", "/operator/installation", "/operator/installation"),
    ],
)
async def test_who_signs_in_is_shown_the_page_that_was_asked_for_where_it_is_theirs(app, desk, role, asked, shown):
    person = Person(app)
    assert (await person.see(asked)).status == 401
    link = await desk.access.issue_link(role, "sam", name="Sam")
    entered = await person.client.post(link.removeprefix(ORIGIN), headers={"origin": ORIGIN})
    assert (entered.status_code, entered.headers["location"]) == (303, shown)
    assert (await person.see(shown)).status == 200
    again = await desk.access.issue_link(role, "sam", name="Sam")
    entered = await person.client.post(again.removeprefix(ORIGIN), headers={"origin": ORIGIN})
    assert entered.headers["location"] == f"/{role}", "it is shown once"


@pytest.mark.parametrize(
    "told", ["//evil.example/support", "/\\evil.example", "/support\r\nX: 1", "https://evil.example"]
)
async def test_no_page_of_another_host_is_shown_after_signing_in(app, desk, told):
    person = Person(app)
    person.client.cookies.set("rescind_wanted", quote(told, safe=""))
    link = await desk.access.issue_link("support", "sam", name="Sam")
    entered = await person.client.post(link.removeprefix(ORIGIN), headers={"origin": ORIGIN})
    assert (entered.status_code, entered.headers["location"]) == (303, "/support")
