"""The buyer gets the shop's answer in the inbox, at once, and opens by it what can be done now (M-26)."""

import pytest

from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

PHONE = {"width": 360, "height": 740}
SAYS = {
    "en": ("has cancelled order", "Notices", "A buyer asks to cancel order", "Request cancellation"),
    "zh": ("已取消订单", "通知", "买家申请取消订单", "申请取消"),
}


@pytest.mark.parametrize("lang", in_turn("en"))
def test_the_shops_answer_is_told_at_once_and_its_link_opens_the_action(visit, marketplace, lang):
    answered, inbox, asks, cancel = SAYS[lang]
    order = marketplace.place("preparing", buyer=f"told-{lang}")
    buyer = visit(f"buyer:{order.buyer}", lang, "/notices", viewport=PHONE)
    # While it is in processing, what tells of it leads to the form that asks to cancel.
    expect(buyer.locator("#notices .inbox-act", has_text=cancel).first).to_be_visible()
    buyer.evaluate("window.same = true")
    request = marketplace.ask(order)
    seller = visit("seller", lang, "/seller/notices")
    mine = seller.locator("#notices li", has_text=f"{asks} {order.number}")
    expect(mine).to_be_visible()
    count = buyer.locator("#entry-notices .count")
    before = int(count.inner_text())
    mine.locator("a").click()
    seller.wait_for_url(f"**/seller/requests/{request}")
    marketplace.approve(order, request)
    told = buyer.locator("#notices li", has_text=answered).first
    expect(told).to_be_visible()
    expect(count).not_to_have_text(str(before))
    assert buyer.evaluate("window.same") is True
    assert buyer.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    told.locator("a").click()
    buyer.wait_for_url(f"**{order.page}/requests/{request}")
    buyer.locator("#entry-notices").click()
    expect(buyer.locator("h1")).to_have_text(inbox)


def test_a_buyer_chooses_by_keyboard_what_comes_by_mail(visit, marketplace):
    order = marketplace.place("preparing", buyer="chooser")
    buyer = visit(f"buyer:{order.buyer}", "en", "/notices/preferences")
    off = buyer.locator("input[name=mail_deliveries][value=off]")
    off.focus()
    buyer.keyboard.press("Space")
    buyer.locator("main form button.primary").press("Enter")
    expect(buyer.locator(".notice.good")).to_be_visible()
    expect(buyer.locator("input[name=mail_deliveries][value=off]")).to_be_checked()
    assert buyer.locator("input[name=mail_money]").count() == 0
