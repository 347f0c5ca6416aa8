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
    expect(buyer.locator("[data-live-note]")).to_be_hidden()
    # The quote was asked for anew when the words had been typed, and could not be fetched: the browser tells so.
    assert visit.watch.complaints
    assert all("ERR_INTERNET_DISCONNECTED" in one or "fetch" in one for one in visit.watch.complaints), (
        visit.watch.complaints
    )
    visit.watch.complaints.clear()
    buyer.locator("#cancel button.primary").click()
    buyer.wait_for_url(re.compile("/requests/can_"))


def test_a_message_whose_answer_is_lost_stays_with_its_words_and_is_said_once(visit, marketplace):
    order = marketplace.place("preparing", buyer="lost-answer")
    buyer = visit(f"buyer:{order.buyer}", "en", order.page)

    def lose(route):
        assert route.fetch(max_redirects=0).status == 303, "it was taken"
        route.fulfill(status=502, body="")

    buyer.route("**/messages", lose, times=1)
    buyer.locator("#text").fill("Is it the blue one?")
    with visit.watch.refusal(502):
        buyer.locator("#say button.primary").click()
        expect(buyer.locator("#say [data-unsent]")).to_contain_text("It could not be sent")
    assert buyer.locator("#text").input_value() == "Is it the blue one?"
    expect(buyer.locator("#write [data-contact]")).to_have_attribute("open", "")
    buyer.locator("#say button.primary").click()
    expect(buyer.locator("#say [data-unsent]")).to_be_hidden()
    expect(buyer.locator("#text")).to_have_value("")
    expect(buyer.locator("#talk .message-text")).to_have_text(["Is it the blue one?"])
    # The new form says something new.
    buyer.locator("#text").fill("Thank you.")
    buyer.locator("#say button.primary").click()
    expect(buyer.locator("#talk .message-text")).to_have_text(["Is it the blue one?", "Thank you."])


def test_a_message_sent_without_a_connection_says_so_beside_it_until_there_is_one(visit, marketplace):
    order = marketplace.place("preparing", buyer="cut-off-talk")
    buyer = visit(f"buyer:{order.buyer}", "zh", order.page)
    buyer.locator("#text").fill("请问什么时候发货？")
    buyer.wait_for_load_state("networkidle")
    buyer.context.set_offline(True)
    buyer.locator("#say button.primary").click()
    unsent = buyer.locator("#say [data-unsent]")
    expect(unsent).to_contain_text("网络已断开")
    expect(buyer.locator("#write [data-contact]")).to_have_attribute("open", "")
    buyer.context.set_offline(False)
    expect(unsent).to_be_hidden()
    visit.watch.complaints.clear()
    buyer.locator("#say button.primary").click()
    expect(buyer.locator("#talk .message-text")).to_have_text(["请问什么时候发货？"])


def test_what_is_wrong_with_a_message_is_said_where_it_was_typed(visit, marketplace):
    order = marketplace.place("preparing", buyer="blank-talk")
    buyer = visit(f"buyer:{order.buyer}", "en", order.page)
    buyer.locator("#text").fill("  ")
    with visit.watch.refusal(422):
        buyer.locator("#say button.primary").click()
        expect(buyer.locator("#say")).to_contain_text("Write something")
    expect(buyer.get_by_role("alert").filter(has_text="Not sent").first).to_be_focused()
    assert buyer.url.endswith(order.page)
