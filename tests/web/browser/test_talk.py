"""Buyer, seller and support talk in windows side by side, by thumb and without a reload (M-17, I-26)."""

import pytest

from scenarios.files import png
from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

PHONE = {"width": 360, "height": 740}
PHOTO = {"name": "jar.png", "mimeType": "image/png", "buffer": png(40, 30)}


@pytest.mark.parametrize("lang", in_turn("en"))
def test_what_one_says_the_others_read_at_once_and_what_is_typed_stays(visit, marketplace, lang):  # M-17, I-26
    order = marketplace.place("preparing", buyer=f"talk-{lang}")
    buyer = visit(f"buyer:{order.buyer}", lang, order.page, viewport=PHONE)
    seller = visit("seller", lang, f"/seller{order.page}")
    support = visit("support", lang, f"/support{order.page}")
    for page in (buyer, seller, support):
        page.evaluate("window.same = true")
    buyer.locator("#text").fill("Half a sentence")

    seller.locator("#text").fill("It leaves tomorrow.")
    seller.locator("#say button.primary").click()
    expect(buyer.locator("#talk .message-text")).to_have_text("It leaves tomorrow.")
    expect(support.locator("#talk .message-text")).to_have_text("It leaves tomorrow.")
    assert buyer.evaluate("window.same") is True
    assert buyer.locator("#text").input_value() == "Half a sentence"

    # In the console words are larger than their time, as everywhere; webhooks' messages have a size of their own.
    size = "(found) => parseFloat(getComputedStyle(found).fontSize)"
    said = seller.locator("#talk .message").first
    assert said.locator(".message-text").evaluate(size) > said.locator("header .note").evaluate(size)

    # Nobody loads the seller's page again: that the buyer has seen it comes by itself.
    expect(seller.locator("#talk .message.own .seen")).to_be_visible()

    support.locator("#text").fill("Xylophone")
    support.locator("label[for=audience-internal]").click()
    support.locator("#say button.primary").click()
    expect(support.locator("#talk .message.internal")).to_have_count(1)
    buyer.locator(".composer summary").click()
    buyer.locator("#files").set_input_files([PHOTO])
    buyer.locator("#say button.primary").click()
    picture = seller.locator("#talk .message img").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 40)
    for page in (buyer, seller):
        assert "Xylophone" not in page.content()
    box = buyer.locator("#say button.primary").bounding_box()
    assert box["height"] >= 40, "large enough for a thumb"
    assert buyer.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_every_page_the_count_beside_messages_moves_by_itself(visit, marketplace):
    order = marketplace.place("preparing", buyer="counted")
    ours, theirs = ("buyer", order.buyer), ("seller", "staff")
    pages = {
        "buyer": visit(f"buyer:{order.buyer}", "en", "/notices", viewport=PHONE),
        "seller": visit("seller", "en", "/seller/packing"),
        "support": visit("support", "en", "/support/notices"),
        "operator": visit("operator", "en", "/operator"),
    }
    entry = {who: page.locator("#entry-messages") for who, page in pages.items()}
    number = "(found) => Number(found.querySelector('.count')?.textContent ?? 0)"
    before = {who: one.evaluate(number) for who, one in entry.items()}
    said = f"/v1/orders/{order.id}/messages"
    marketplace.send(said, {"text": "It leaves tomorrow.", "audience": "everyone"}, theirs)
    expect(entry["buyer"].locator(".count")).to_have_text("1")
    marketplace.send(said, {"text": "And mine?", "audience": "everyone"}, ours)
    expect(entry["buyer"].locator(".count")).to_have_count(0)
    marketplace.send(said, {"text": "Is that right?", "audience": "buyer"}, ours)
    for who in ("seller", "support", "operator"):
        expect(entry[who].locator(".count")).to_have_text(str(before[who] + 1))
        assert entry[who].get_attribute("aria-current") is None
