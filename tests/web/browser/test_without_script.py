"""The core journeys in a browser that runs no script: ask, answer, withdraw."""

import re

import pytest

from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("lang", in_turn("en"))
def test_asking_answering_and_withdrawing_need_no_script(visit, marketplace, lang):
    plain = {"java_script_enabled": False}
    buyer = visit(f"buyer:plain-{lang}", lang, **plain)
    seller = visit("seller", lang, **plain)
    orders = [marketplace.place("preparing", buyer=f"plain-{lang}") for _ in range(4)]
    for order in orders:
        buyer.goto(order.page)
        buyer.locator("#status a.button.primary").click()
        # One of two: what comes back is worked out again on request; delivery is paid for what still comes.
        buyer.locator("[name=units-0]").fill("1")
        buyer.locator("label[for=reason-changed_mind]").click()
        buyer.locator("noscript button, [name=step][value=quote]").first.click()
        expect(buyer.locator("#refund .sums-total")).to_contain_text("£19.25")
        buyer.locator("#refund button.primary").click()
        expect(buyer).to_have_url(re.compile("/requests/can_"))
    approved, refused, many, withdrawn = orders

    buyer.locator("#status a[href$='/withdraw']").click()
    buyer.locator("main form button.primary").click()
    expect(buyer.locator("#status .banner .pill")).to_have_text(re.compile("You withdrew|您已撤销申请"))

    def row(order):
        seller.goto(f"/seller/requests?q={order.number}")
        return seller.locator("tr[data-row]")

    row(approved).locator("[data-key=a]").click()
    seller.locator("form[action$='/approve'] button").click()
    row(refused).locator("[data-key=r]").click()
    seller.locator("label[for=reason-buyer_agreed_to_keep]").click()
    seller.locator("form[action$='/refuse'] button.danger").click()
    row(many).get_by_role("checkbox").check()
    seller.locator("[form=bulk][value=approve]").click()
    seller.locator("main form button.primary").click()
    expect(seller.locator(".results li")).to_have_count(1)
    assert row(withdrawn).count() == 0

    for order in (approved, many):
        buyer.goto(order.page)
        expect(buyer.locator("#refund")).to_contain_text("£19.25")
    buyer.goto(refused.page)
    expect(buyer.locator("#status")).to_contain_text(re.compile("declined|拒绝"))


def test_support_files_and_withdraws_without_script(visit, marketplace):
    order = marketplace.place("preparing", buyer="plain-caller")
    page = visit("support", path=f"/support?q={order.number}", java_script_enabled=False)
    page.get_by_role("link", name=order.number, exact=True).click()
    page.locator("#reason").select_option("duplicate")
    page.get_by_role("button", name="See what the policy says").click()
    page.locator("label[for=agreed]").click()
    page.get_by_role("button", name="File for the buyer").click()
    page.locator("label[for=agreed]").click()
    page.get_by_role("button", name="Withdraw the request").click()
    expect(page.locator("#story")).to_contain_text("The request was withdrawn")
