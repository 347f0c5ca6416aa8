"""One journey per role with the keyboard alone, watching the focus at every key."""

import re

import pytest

from web.browser.conftest import in_turn
from web.browser.places import Scene

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

MOST_KEYS = 120


class Keys:
    """Hands on a keyboard. Every step looks where the focus is: seen, not covered, in the order of the page."""

    def __init__(self, page) -> None:
        self.page = page
        self.faults: list[str] = []

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on an element that fits, if it is not there already."""
        if self._is_at(selector):
            return
        for _ in range(MOST_KEYS):
            self.page.keyboard.press("Tab")
            seen = self.page.evaluate("look.focus()")
            self.faults += [f"{self.page.url}: {fault}: {seen['html']}" for fault in seen["faults"]]
            if self._is_at(selector):
                return
        raise AssertionError(f"{MOST_KEYS} times Tab did not lead to {selector}")

    def _is_at(self, selector: str) -> bool:
        return self.page.evaluate("css => document.activeElement.matches(css)", selector)

    def press(self, key: str = "Enter", times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def go(self, selector: str) -> None:
        """Tab to a link or a button and follow it; the next page begins at its own beginning."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.press()

    def skip(self) -> None:
        """The first Tab of a page is the way past its head."""
        self.press("Tab")
        assert self.page.evaluate("document.activeElement.matches('.skip')")
        expect(self.page.locator(".skip")).to_be_in_viewport()
        self.press()
        assert self.page.evaluate("document.activeElement.id") == "main"

    def is_at_the_error_summary(self) -> None:
        assert self.page.evaluate("document.activeElement.matches('.error-summary')")
        self.tab_to(".error-summary a")
        self.press()
        assert not self.page.evaluate("!!document.activeElement.closest('.error-summary')")


@pytest.fixture
def keys(visit):
    """``keys("seller", "en", "/seller/requests")``: a page and hands; what they met is judged at the end."""
    hands: list[Keys] = []

    def open_page(role, lang, path):
        hands.append(Keys(visit(role, lang, path)))
        return hands[-1]

    yield open_page
    faults = [fault for one in hands for fault in one.faults]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_a_buyer_asks_and_withdraws(visit, keys, marketplace, lang):
    order = marketplace.place("preparing", buyer=f"keys-{lang}")
    hands = keys(f"buyer:keys-{lang}", lang, "/orders")
    page = hands.page
    hands.skip()
    hands.go(f"a[href='{order.page}']")
    hands.go("#status a.primary")
    # None of anything: the form says what to put right.
    hands.tab_to("#which li:nth-child(1) [data-step='-1']")
    hands.press("Space", times=2)
    hands.tab_to("#which li:nth-child(2) [data-step='-1']")
    hands.press("Space")
    expect(page.locator("#refund .sums")).to_have_count(0)
    hands.tab_to("#reason-changed_mind")
    hands.press("Space")
    hands.tab_to("#refund button.primary")
    with visit.watch.refusal(422), page.expect_navigation():
        hands.press()
    hands.is_at_the_error_summary()
    hands.tab_to("#which [data-step='1']")
    hands.press("Space")
    expect(page.locator("#refund .sums-total")).to_be_visible()
    hands.go("#refund button.primary")
    expect(page).to_have_url(re.compile("/requests/can_"))
    assert page.evaluate("document.activeElement.matches('[role=status]')")
    hands.go("a[href$='/withdraw']")
    hands.go("main form button.primary")
    expect(page.locator("#status .banner .pill")).to_have_text(re.compile("You withdrew|您已撤销申请"))


@pytest.mark.parametrize("lang", in_turn("en"))
def test_a_seller_refuses_and_approves(visit, keys, marketplace, lang):
    orders = [marketplace.place("preparing", buyer=f"keys-{lang}") for _ in range(2)]
    requests = [marketplace.ask(order) for order in orders]
    hands = keys("seller", lang, "/seller/requests?q=" + "+".join(order.number for order in orders))
    page = hands.page
    hands.skip()
    hands.go(f"#row-{requests[0]} [data-key=r]")
    hands.tab_to("#reason-already_shipped")
    hands.press("Space")
    hands.tab_to("form[action$='/refuse'] button.danger")
    with visit.watch.refusal(422), page.expect_navigation():
        hands.press()
    hands.is_at_the_error_summary()
    hands.tab_to("[name=tracking]")
    page.keyboard.type("RM1234567GB")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("Royal Mail")
    page.evaluate("look.last = null")
    hands.go("form[action$='/refuse'] button.danger")
    expect(page.locator("#request .pill").first).to_have_text(re.compile("refused|拒绝", re.IGNORECASE))
    page.goto("/seller/requests?q=" + orders[1].number)
    hands.tab_to("tr[data-row] input[type=checkbox]")
    hands.press("Space")
    hands.go("[form=bulk][value=approve]")
    hands.go("main form button.primary")
    expect(page.locator(".results li")).to_have_count(1)
    assert page.evaluate("!!document.activeElement.closest('.results')")


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_support_finds_and_files(visit, keys, marketplace, lang):
    order = marketplace.place("preparing", buyer=f"keys-{lang}")
    hands = keys("support", lang, "/support")
    page = hands.page
    hands.skip()
    hands.tab_to("[name=q]")
    page.keyboard.type(order.number)
    with page.expect_navigation():
        hands.press()
    hands.go(f"a[href='/support{order.page}']")
    hands.tab_to("#reason")
    page.keyboard.press("ArrowDown")
    hands.go("#act form button")
    assert page.evaluate("document.activeElement.id") == "preview"
    page.locator("#preview form").last.evaluate("form => { form.noValidate = true }")
    hands.tab_to("form[action$='/file'] button.primary")
    with visit.watch.refusal(422), page.expect_navigation():
        hands.press()
    hands.is_at_the_error_summary()
    assert page.evaluate("document.activeElement.id") == "agreed"
    hands.press("Space")
    hands.go("form[action$='/file'] button.primary")
    expect(page.locator("#act form[action$='/withdraw']")).to_be_visible()


def test_in_the_queue_letters_move_and_open(visit, scene: Scene):
    page = visit("seller", path="/seller/requests")
    first, second = page.locator("tr[data-row]").all()[:2]
    first.locator("a").first.focus()
    page.keyboard.press("j")
    assert second.evaluate("row => row.contains(document.activeElement)")
    page.keyboard.press("k")
    assert first.evaluate("row => row.contains(document.activeElement)")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator("form[action$='/approve']")).to_be_visible()
    assert page.evaluate("!!document.activeElement.closest('form[action$=\"/approve\"]')")


def test_the_first_letter_enters_the_queue(visit, scene: Scene):
    page = visit("seller", path="/seller/requests")
    page.keyboard.press("j")
    assert page.locator("tr[data-row]").first.evaluate("row => row.contains(document.activeElement)")
    page.goto("/seller/requests")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator("form[action$='/approve']")).to_be_visible()


def test_on_a_phone_the_open_tab_is_in_sight(visit, scene: Scene):
    page = visit("seller", path="/seller/requests?tab=all", viewport={"width": 360, "height": 760})
    expect(page.locator("#tabs [aria-current]")).to_be_in_viewport(ratio=0.95)


def test_a_sheet_closes_and_gives_the_focus_back(visit, scene: Scene):
    page = visit("seller", path=f"/seller/orders?q={scene.orders['packed'].number}")
    opener = page.locator("[popovertarget^=ship-]").first
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert opener.evaluate("one => one === document.activeElement")
