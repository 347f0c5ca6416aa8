"""From a broken jug to support's answer, in windows side by side, with a photo that is looked at (M-42, KF-25)."""

import re

import pytest

from scenarios.files import HTML, png
from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

PHOTO = {"name": '"><img src=x onerror=alert(1)>.png', "mimeType": "text/html", "buffer": png(40, 30, after=HTML)}


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_a_broken_jug_is_told_shown_and_answered(visit, marketplace, lang):  # M-42, KF-25
    order = marketplace.place("delivered", buyer=f"returns-{lang}")
    buyer = visit(f"buyer:{order.buyer}", lang, f"{order.page}/return")
    buyer.locator("label[for=reason-damaged]").click()
    buyer.locator("#units-0").fill("1")
    buyer.locator("#comment").fill("It is cracked.")
    buyer.locator("#files").set_input_files([PHOTO])
    buyer.locator("label[for=wish-refund]").click()
    buyer.locator("form#return button.primary").click()
    buyer.wait_for_url(re.compile("/returns/ret_"))
    expect(buyer.locator(".banner-title")).to_contain_text(f"{order.number}-R1")
    picture = buyer.locator(".evidence img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    path = re.search(r"/orders/\S+/returns/ret_\w+", buyer.url)[0]

    support = visit("support", lang, f"/support{path}")
    expect(support.locator(".evidence img").first).to_be_visible()
    support.locator("#take button.primary").click()
    expect(support.locator("#take")).to_have_count(0)
    support.locator("label[for=outcome-refund_by_shop]").click()
    support.locator("#comment").fill("The shop pays you back today.")
    support.locator("#close button.primary").click()
    expect(support.locator("#close")).to_have_count(0)

    # The buyer's open page moves on by itself.
    expect(buyer.locator("#talk")).to_contain_text("The shop pays you back today.")
    # Nothing of the file is a page: where it is opened alone, even the browser's own styles have no place.
    file = buyer.request.get(picture.evaluate("image => image.src"))
    assert (file.headers["content-type"], file.body()) == ("image/png", png(40, 30))
    assert "sandbox" in file.headers["content-security-policy"]
