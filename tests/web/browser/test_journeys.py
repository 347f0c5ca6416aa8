"""What people came for, from end to end, in windows side by side."""

import re
import sys
import time

import pytest

from web.browser.conftest import in_turn
from web.browser.program import SHOP

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

SEEN_WITHIN_S = 1.0
REFUNDED_WITHIN_MS = 20_000
ASK = re.compile("^(Request cancellation|申请取消)$")
STATES = {
    "en": ("Waiting for seller", "Cancellation approved", "Refunded"),
    "zh": ("待商家处理", "取消申请已通过", "退款成功"),
}


def ask(page, order, reason="changed_mind"):
    """From the order's page through the three blocks of the form; ends on the request's page."""
    page.goto(order.page)
    page.locator("#status a.button.primary").click()
    page.locator(f"label[for=reason-{reason}]").click()
    page.locator("#refund button.primary").click()
    page.wait_for_url(re.compile("/requests/can_"))


def never_reloads(page) -> None:
    """Leave a mark that a reload would take away."""
    page.evaluate("window.same = true")


def was_never_reloaded(page) -> bool:
    return page.evaluate("window.same === true")


@pytest.mark.parametrize("lang", in_turn("en"))
def test_a_request_is_seen_within_a_second_answered_and_refunded(visit, marketplace, lang, record_property, capsys):
    order = marketplace.place("preparing", buyer=f"story-{lang}")
    waiting, approved, refunded = STATES[lang]
    queue = visit("seller", lang, "/seller/requests")
    never_reloads(queue)
    row = queue.locator("tr[data-row]", has_text=order.number)
    expect(row).to_have_count(0)

    buyer = visit(f"buyer:{order.buyer}", lang, order.page)
    expect(buyer.locator("#status a.button.primary")).to_have_text(ASK)
    buyer.locator("#status a.button.primary").click()
    buyer.locator("label[for=reason-changed_mind]").click()
    expect(buyer.locator("#refund .sums-total")).to_contain_text(order.total)
    with buyer.expect_response(
        lambda answer: answer.request.method == "POST" and answer.request.is_navigation_request()
    ):
        buyer.locator("#refund button.primary").click()
    answered = time.monotonic()
    row.wait_for(timeout=5000)
    seen = time.monotonic() - answered
    record_property("seen_after_s", round(seen, 3))
    with capsys.disabled():
        sys.stdout.write(f"\n  {lang}: an open queue showed the request {seen * 1000:.0f} ms after it was answered\n")
    assert seen < SEEN_WITHIN_S
    assert was_never_reloaded(queue)
    expect(buyer.locator("#status .pill").first).to_have_text(waiting)
    never_reloads(buyer)

    row.locator("[data-key=a]").click()
    queue.locator("form[action$='/approve'] button").click()
    expect(queue.get_by_role("status").filter(has_text=re.compile("pproved|同意|通过")).first).to_be_visible()
    expect(queue.locator("tr[data-row]", has_text=order.number)).to_have_count(0)

    expect(buyer.locator("#status .banner .pill")).to_have_text(approved)
    expect(buyer.locator("#refund .pill")).to_have_text(refunded, timeout=REFUNDED_WITHIN_MS)
    assert was_never_reloaded(buyer)


def test_what_needs_no_answer_is_cancelled_at_once(visit, marketplace):
    for stage in ("unpaid", "review"):
        order = marketplace.place(stage, buyer="at-once")
        page = visit("buyer:at-once", path=order.page)
        page.locator("#status a.button.primary").click()
        expect(page.locator("h1")).to_have_text("Cancel your order")
        page.locator("label[for=reason-ordered_by_mistake]").click()
        page.locator("#refund button.primary").click()
        expect(page.locator("#status .banner .pill")).to_have_text(re.compile("Approved automatically"))
        page.goto(order.page)
        expect(page.locator("h1")).to_have_text(re.compile("cancelled"))


def test_a_buyer_takes_a_request_back(visit, marketplace):
    order = marketplace.place("preparing", buyer="takes-back")
    page = visit("buyer:takes-back")
    ask(page, order)
    queue = visit("seller", path="/seller/requests")
    row = queue.locator("tr[data-row]", has_text=order.number)
    expect(row).to_be_visible()
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_role("button", name="Withdraw the request").click()
    expect(page.locator("#status .banner .pill")).to_have_text("You withdrew")
    expect(row).to_have_count(0)


def test_a_packed_order_is_asked_for_as_a_favour_and_refused_with_tracking(visit, marketplace):
    order = marketplace.place("packed", buyer="favour")
    page = visit("buyer:favour", path=order.page)
    page.get_by_role("link", name="Ask the shop anyway").click()
    page.locator("label[for=reason-too_late]").click()
    page.locator("#refund button.primary").click()
    expect(page.locator("#status .banner .pill")).to_have_text("Waiting for seller")
    seller = visit("seller", path="/seller/requests")
    seller.locator("tr[data-row]", has_text=order.number).locator("[data-key=r]").click()
    seller.locator("label[for=reason-already_shipped]").click()
    seller.locator("[name=carrier]").fill("Royal Mail")
    seller.locator("[name=tracking]").fill("RM1234567GB")
    seller.locator("form[action$='/refuse'] button.danger").click()
    expect(seller.locator("tr[data-row]", has_text=order.number)).to_have_count(0)
    expect(page.locator("#answer")).to_contain_text("shipped", ignore_case=True)


def test_a_seller_answers_many_at_once_and_sees_a_line_for_each(visit, marketplace):
    orders = [marketplace.place("preparing", buyer="many") for _ in range(4)]
    page = visit("buyer:many")
    for order in orders:
        ask(page, order)
    seller = visit("seller", path="/seller/requests?q=" + "+".join(order.number for order in orders))
    for order in orders:
        seller.locator("tr[data-row]", has_text=order.number).get_by_role("checkbox").check()
    seller.get_by_role("button", name="Approve …").click()
    expect(seller.locator("#chosen tbody tr")).to_have_count(4)
    # Meanwhile the buyer takes one of them back: it is skipped, and the others are not held up by it.
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_role("button", name="Withdraw the request").click()
    seller.get_by_role("button", name="Approve 4 requests").click()
    lines = seller.locator(".results li")
    expect(lines).to_have_count(4)
    told = lines.all_inner_texts()
    assert sorted(line.count(order.number) for line in told for order in orders) == [0] * 12 + [1] * 4
    assert sum("Done" in line for line in told) == 3
    assert sum("Skipped" in line for line in told) == 1


def test_support_files_for_a_caller_with_consent_and_the_buyer_sees_it(visit, marketplace):
    order = marketplace.place("preparing", buyer="caller")
    buyer = visit("buyer:caller", path=order.page)
    never_reloads(buyer)
    support = visit("support", path="/support")
    support.locator("[name=q]").fill(order.number)
    support.get_by_role("button", name="Search").click()
    support.get_by_role("link", name=order.number, exact=True).click()
    support.locator("#reason").select_option("wrong_address")
    support.get_by_role("button", name="See what the policy says").click()
    expect(support.locator("#preview")).to_contain_text(order.total)
    support.locator("label[for=agreed]").click()
    support.get_by_role("button", name="File for the buyer").click()
    expect(support.locator("#act h2")).to_have_text("A request is open")
    expect(support.locator("#story")).to_contain_text("consent", ignore_case=True)
    expect(buyer.locator("#status .banner .pill")).to_have_text("Waiting for seller")
    expect(buyer.locator("#story")).to_contain_text("support", ignore_case=True)
    assert was_never_reloaded(buyer)
    support.locator("label[for=agreed]").click()
    support.get_by_role("button", name="Withdraw the request").click()
    expect(buyer.locator("#status .banner")).not_to_contain_text("Waiting for seller")


def test_the_packing_bench_sees_stop(visit, marketplace):
    order = marketplace.place("review", buyer="stop")
    bench = visit("seller", path=f"/seller/orders/{order.id}")
    never_reloads(bench)
    ask(visit("buyer:stop"), order)
    expect(bench.locator(".stop h1")).to_contain_text("STOP")
    assert was_never_reloaded(bench)
    board = visit("seller", path=f"/seller/orders?q={order.number}")
    expect(board.locator("tbody tr")).to_have_count(1)
    expect(board.locator("tbody tr")).to_contain_text("STOP")


def test_a_seller_packs_and_ships_from_the_board(visit, marketplace):
    order = marketplace.place("preparing", buyer="ships")
    board = visit("seller", path=f"/seller/orders?q={order.number}")
    row = board.locator("tbody tr")
    for label in ("Start packing", "Mark as packed"):
        row.get_by_role("button", name=label).click()
        expect(board.locator(".notice")).to_be_visible()
    row.get_by_role("button", name="Mark as shipped …").click()
    sheet = board.get_by_role("dialog")
    sheet.locator("[name=carrier]").fill("Royal Mail")
    sheet.locator("[name=tracking]").fill("RM7654321GB")
    sheet.get_by_role("button", name="Mark as shipped").click()
    expect(row).to_contain_text("Shipped")
    buyer = visit("buyer:ships", path=order.page)
    expect(buyer.locator("#parcels")).to_contain_text("RM7654321GB")
    expect(buyer.locator("#status")).not_to_contain_text("Request cancellation")


def test_a_buyer_of_another_shop_finds_nothing_here(visit, marketplace):
    order = marketplace.place("preparing", buyer="somebody")
    page = visit("buyer:stranger")
    with visit.watch.refusal(404):
        assert page.goto(order.page).status == 404
    assert SHOP in f"shp_{order.id[4:12]}"


def test_of_quick_changes_the_last_one_counts(visit, marketplace):
    order = marketplace.place("preparing", buyer="quick", units=5)
    page = visit("buyer:quick", path=order.page + "/cancel")
    page.evaluate("for (let n = 0; n < 5; n++) document.querySelector('#which [data-step=\"-1\"]').click()")
    expect(page.locator("#units-0")).to_have_value("0")
    expect(page.locator("#refund .sums-total")).to_contain_text("£6.75")


def test_an_offer_is_read_and_accepted_while_both_look_on(visit, marketplace):
    order = marketplace.place("preparing", buyer="story-offer")
    request = marketplace.ask(order)
    buyer = visit(f"buyer:{order.buyer}", path=f"{order.page}/requests/{request}")
    seller = visit("seller", path=f"/seller/requests/{request}")
    never_reloads(buyer)
    seller.locator(".offer summary").click()
    seller.locator("label[for=offer-partial_refund]").click()
    seller.locator("#offer_amount").fill("4.20")
    seller.locator("#offering button").click()
    expect(buyer.locator("#offer")).to_contain_text("£4.20")
    assert was_never_reloaded(buyer)
    buyer.locator("#offer [value=accept]").click()
    expect(buyer.locator("#status .banner .pill")).to_have_text("Settled by an offer")
    expect(seller.locator("#request")).to_contain_text("The buyer accepted.")
    expect(buyer.locator("#refund")).to_contain_text("£4.20")
