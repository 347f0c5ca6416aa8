"""A connection that is cut while somebody types: nothing is lost, and nothing was sent."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")


def test_a_form_sent_without_a_connection_stays_as_it_was(visit, marketplace):
    order = marketplace.place("preparing", buyer="cut-off")
    buyer = visit(f"buyer:{order.buyer}", "en", f"{order.page}/cancel")
    buyer.locator("label[for=reason-changed_mind]").click()
    buyer.locator("#comment").fill("It was a long story.")
    expect(buyer.locator("#refund button.primary")).to_be_enabled()
    buyer.wait_for_load_state("networkidle")
    buyer.context.set_offline(True)
    buyer.locator("#cancel button.primary").click()
    expect(buyer.locator("[data-live-note]")).to_contain_text("Nothing was sent")
    assert buyer.locator("#comment").input_value() == "It was a long story."
    buyer.context.set_offline(False)
    # The quote was asked for anew when the words had been typed, and could not be fetched: the browser tells so.
    assert visit.watch.complaints
    assert all("ERR_INTERNET_DISCONNECTED" in one or "fetch" in one for one in visit.watch.complaints), (
        visit.watch.complaints
    )
    visit.watch.complaints.clear()
    buyer.locator("#cancel button.primary").click()
    buyer.wait_for_url(re.compile("/requests/can_"))
