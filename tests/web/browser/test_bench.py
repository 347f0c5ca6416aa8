"""The packing bench as hands use it: a scanner that types fast, a thumb, two people, and a screen reader's ear."""

import re
import time

import pytest

from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

WORDS = {"en": ("STOP", "GO"), "zh": ("停止", "放行")}
SEEN_WITHIN_MS = 2_000
A_LOOK_S = 1.1
"""A little longer than the time in which a second reading of the same label does nothing."""


def scan(page, number):
    """Every sign at once and Enter, as a hand scanner sends them, wherever the focus is."""
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def shows(page, word, number):
    expect(page.locator("#answer .word")).to_have_text(word)
    expect(page.locator("#answer-title")).to_contain_text(number)


def never_reloads(page) -> None:
    page.evaluate("window.same = true")


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_an_order_is_packed_with_the_scanner_alone(visit, marketplace, lang):
    stop, go = WORDS[lang]
    order = marketplace.place("preparing")
    page = visit("seller", lang, "/seller/packing")
    never_reloads(page)
    scan(page, order.number)
    shows(page, go, order.number)
    for stage, following in (("packing", "finish"), ("packed", "lease")):
        time.sleep(A_LOOK_S)
        scan(page, order.number)
        expect(page.locator(f"#answer button[value={following}]")).to_be_visible()
        assert marketplace.read(f"/v1/orders/{order.id}")["stage"] == stage
    marketplace.stop(order)
    expect(page.locator("#answer .word")).to_have_text(stop, timeout=SEEN_WITHIN_MS)
    expect(page.locator("#alarm")).to_contain_text(order.number)
    expect(page.locator("#unpack li", has_text=order.number)).to_have_count(1)
    page.locator("#answer button[value=unpacked]").click()
    expect(page.locator("#unpack li", has_text=order.number)).to_have_count(0)
    assert page.evaluate("window.same === true"), "the page was loaded anew, and signs of a scanner may be lost"


def test_a_label_that_is_read_twice_in_passing_starts_nothing(visit, marketplace):
    order, other = marketplace.place("preparing"), marketplace.place("preparing")
    page = visit("seller", path="/seller/packing")
    scan(page, order.number)
    scan(page, order.number)
    scan(page, other.number)
    shows(page, "GO", other.number)
    for one in (order, other):
        assert marketplace.read(f"/v1/orders/{one.id}")["stage"] == "preparing"


def test_what_the_scanner_types_goes_to_the_field_wherever_the_focus_is(visit, marketplace):
    order = marketplace.place("preparing")
    page = visit("seller", path="/seller/packing")
    page.locator("nav.roles a").first.focus()
    scan(page, order.number)
    shows(page, "GO", order.number)
    expect(page.locator("#code")).to_have_value("")
    assert page.evaluate("document.activeElement.id") == "code"


def test_stop_is_said_at_once_and_says_who_asks(visit, marketplace):
    order = marketplace.place("preparing")
    page = visit("seller", path="/seller/packing")
    expect(page.locator("#alarm")).to_have_attribute("aria-live", "assertive")
    scan(page, order.number)
    shows(page, "GO", order.number)
    expect(page.locator("#alarm")).to_have_text("")
    request = marketplace.ask(order)
    shows(page, "STOP", order.number)
    expect(page.locator("#alarm")).to_have_text(re.compile(f"^STOP. .*{order.number}"))
    expect(page.locator(f"#answer a[href='/seller/requests/{request}']")).to_be_visible()
    expect(page.locator("#answer button[value=start]")).to_have_count(0)
    # Nothing but the word and the picture has to be seen: the same in black and white.
    page.emulate_media(forced_colors="active")
    expect(page.locator("#answer > svg")).to_be_visible()


def test_of_two_people_the_second_sees_that_the_first_ships(visit, marketplace):
    order = marketplace.place("packed")
    page = visit("seller", path=f"/seller/packing?code={order.number}")
    shows(page, "GO", order.number)
    marketplace.lease(order, staff="kim")
    shows(page, "HOLD", order.number)
    expect(page.locator("#answer form")).to_have_count(0)


def test_a_parcel_leaves_on_a_narrow_screen_with_a_thumb(visit, marketplace):
    order = marketplace.place("packed")
    page = visit("seller", path="/seller/packing", viewport={"width": 360, "height": 640}, has_touch=True)
    page.locator("#code").fill(order.number)
    page.locator("#scan button").tap()
    page.locator("#answer button[value=lease]").tap()
    buyer = visit(f"buyer:{order.buyer}", path=order.page)
    expect(buyer.locator("#status .notice")).to_contain_text("Being handed over right now")
    page.locator("#ship [name=carrier]").fill("Royal Mail")
    page.locator("#ship [name=tracking]").fill("RM7654321GB")
    assert page.evaluate("look.tooWide()") == []
    page.locator("#ship [value=ship]").tap()
    shows(page, "STOP", order.number)
    expect(buyer.locator("#status .notice")).to_have_count(0)
    assert marketplace.read(f"/v1/orders/{order.id}")["stage"] == "in_transit"


def test_without_script_the_bench_packs_all_the_same(visit, marketplace):
    order = marketplace.place("preparing")
    page = visit("seller", path="/seller/packing", java_script_enabled=False)
    page.locator("#code").fill(order.number)
    page.locator("#code").press("Enter")
    shows(page, "GO", order.number)
    page.locator("#answer button[value=start]").click()
    shows(page, "GO", order.number)
    time.sleep(A_LOOK_S)
    page.locator("#code").fill(order.number)
    page.locator("#code").press("Enter")
    page.wait_for_load_state()
    assert marketplace.read(f"/v1/orders/{order.id}")["stage"] == "packed"
