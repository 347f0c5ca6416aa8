"""A buyer's note on its way to whoever packs, and the sentences and addresses beside a conversation (M-18, M-19)."""

import pytest

from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

PHONE = {"width": 360, "height": 740}
WORDS = {"en": "Please ring at Lee.", "zh": "请按“李”的门铃。"}


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_a_note_is_red_at_the_bench_until_somebody_has_read_it(visit, marketplace, lang):  # M-18
    order = marketplace.place("preparing", buyer=f"note-{lang}")
    bench = visit("seller", lang, f"/seller/packing?code={order.number}", viewport=PHONE)
    expect(bench.locator("#answer button[value=start]")).to_be_visible()
    bench.evaluate("window.same = true")
    buyer = visit(f"buyer:{order.buyer}", lang, order.page, viewport=PHONE)
    buyer.locator("#note").fill(WORDS[lang])
    buyer.locator("#note-form button").click()
    expect(buyer.locator("#notes blockquote")).to_have_text(WORDS[lang])

    # It comes by itself, while somebody stands there.
    note = bench.locator("#answer .order-note.unread")
    expect(note.locator("blockquote")).to_have_text(WORDS[lang])
    red = note.evaluate("one => getComputedStyle(one).color")
    assert red == "rgb(143, 29, 20)"
    expect(bench.locator("#answer button[value=start]")).to_have_count(0)
    button = note.locator("button")
    assert button.bounding_box()["height"] >= 40, "large enough for a thumb"
    button.click()
    expect(bench.locator("#answer button[value=start]")).to_be_visible()
    expect(bench.locator("#answer .order-note.unread")).to_have_count(0)
    assert bench.evaluate("window.same") is True, "nothing was loaded anew"
    assert bench.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    (told,) = marketplace.read(f"/v1/orders/{order.id}/notes")["rows"]
    assert told["acknowledged_at"]


def test_a_reply_is_put_where_the_cursor_stands_with_keys_alone(visit, marketplace):
    order = marketplace.place("preparing", buyer="reply")
    page = visit("seller", path=f"/seller{order.page}")
    box = page.locator("#text")
    box.fill("Dear Ann,")
    box.press("End")
    menu = page.locator("[data-replies]")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    assert box.input_value() == "Dear Ann, Your order is packed and goes out tomorrow morning."
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu.locator("summary")).to_be_focused()
    assert not menu.evaluate("one => one.open")


def test_what_cannot_be_sent_opens_the_card(visit, marketplace):
    order = marketplace.place("preparing", buyer="offline")
    page = visit(f"buyer:{order.buyer}", path=order.page, viewport=PHONE)
    card = page.locator("#write [data-contact]")
    assert not card.evaluate("one => one.open")
    page.locator("#text").fill("Are you there?")
    page.context.set_offline(True)
    page.locator("#say button.primary").click()
    expect(card.locator("a[href^='tel:']")).to_be_visible()
    assert page.locator("#text").input_value() == "Are you there?"
    page.context.set_offline(False)
