"""A buyer's pages over the real application and database: what they offer is what the policy says, and no more."""

import dataclasses
import html
import re
from datetime import timedelta

import httpx
import pytest

from postgres.market import KILN, LANTERN, worked
from rescind.api.description import EXAMPLES
from rescind.app import make_app
from rescind.core.parts import CancellationStatus, FactKind, Line, Tender
from rescind.core.stage import Stage
from rescind.core.standing import StandingRule, policy_of
from rescind.locales import locale
from rescind.policies import preset
from rescind.policies.sources import catalogue
from rescind.receipts.checking import check
from rescind.web.citations import explained, linked
from rescind.web.routes import HEADERS

ORIGIN = {"origin": "http://desk.test"}


class Browser:
    """One person's browser: it keeps cookies, sends its origin, and reads pages as text."""

    def __init__(self, app, language="en"):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://desk.test", headers={"accept-language": language}
        )

    async def get(self, path, **query):
        return Page(await self.client.get(path, params=query or None))

    async def post(self, path, fields=None, headers=ORIGIN):
        return Page(await self.client.post(path, data=fields or {}, headers=headers))

    async def sign_in(self, desk, role="buyer", who="ann", **more):
        link = await desk.access.issue_link(role, who, name=who.title(), **more)
        return await self.post(link.removeprefix("http://desk.test"))


class Page:
    """An answer as somebody reads it."""

    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.raw = response.text
        words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
        self.text = re.sub(r" (?=[,.;:])", "", words)
        self.to = response.headers.get("location", "")

    def fields(self):
        """The fields of the page's last form as a browser would send them, with nothing chosen or typed."""
        form = self.raw[self.raw.rindex("<form") :]
        inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form)]
        return {
            one["name"]: html.unescape(one.get("value", ""))
            for one in inputs
            if one.get("type") not in {"radio", "checkbox"}
        }

    def token(self):
        """The token that every form of this page carries."""
        return re.search(r'name="_csrf_token" value="(\w+)"', self.raw)[1]

    def checked(self):
        """The value of the radio button that is on."""
        found = [tag for tag in re.findall(r"<input[^>]*>", self.raw) if " checked" in tag]
        return re.search(r'value="([^"]*)"', found[0])[1] if found else None


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    browser = Browser(app)
    await browser.sign_in(desk, buyer_id="ann")
    return browser


async def filled(browser, order, reason="changed_mind", **fields):
    """Open the cancel form, choose a reason, and send it."""
    form = (await browser.get(f"/orders/{order}/cancel")).fields()
    return form, await browser.post(f"/orders/{order}/cancel", form | {"reason": reason, "step": "send"} | fields)


@pytest.mark.parametrize(
    ("stage", "button", "line"),
    [
        (Stage.UNPAID, "Cancel order", "Cancels at once"),
        (Stage.REVIEW, "Cancel order", "Cancels at once"),
        (Stage.PREPARING, "Request cancellation", "no answer means yes"),
        (Stage.PACKED, "Ask the shop anyway", "no answer means no"),
        (Stage.IN_TRANSIT, "Return or refund", "Refuse the parcel at the door"),
    ],
)
async def test_the_button_is_what_the_policy_says_at_this_stage(ann, market, stage, button, line):
    order = await market.order(stage)
    page = await ann.get(f"/orders/{order}")
    assert page.status == 200
    assert button in page.text
    assert line in page.text


async def test_the_list_promises_no_more_than_the_order_does(ann, market):
    await market.order(Stage.REVIEW)
    assert "Cancel order" in (await ann.get("/orders", tab="to_ship")).text
    await market.order(Stage.PACKED)
    page = (await ann.get("/orders", tab="to_ship")).text
    assert page.count("Cancel order") == 1
    assert page.count("Ask the shop anyway") == 1


@pytest.mark.parametrize("shop", [KILN, LANTERN])
async def test_a_list_offers_what_the_orders_own_page_offers(ann, market, clock, shop):
    at_once = [await market.order(stage, shop=shop) for stage in (Stage.REVIEW, Stage.PREPARING)]
    clock.advance(timedelta(hours=2))
    stages = (Stage.REVIEW, Stage.PREPARING, Stage.PACKED, Stage.AWAITING_COLLECTION, Stage.IN_TRANSIT)
    orders = [*at_once, *[await market.order(stage, shop=shop) for stage in stages]]
    listed = (await ann.get("/orders")).raw
    for order in orders:
        card = listed[listed.index(f'aria-labelledby="{order}"') :]
        offered = re.findall(r"<a class=\"button[^>]*>(.*?)</a>", card[: card.index("</article>")], re.DOTALL)
        assert len(offered) == 2, "what can be done, and the order itself"
        assert offered[0] in (await ann.get(f"/orders/{order}")).raw


async def test_another_shops_terms_give_another_button_and_say_until_when(ann, market, clock):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    page = await ann.get(f"/orders/{order}")
    assert "On hold" in page.text
    assert "Free to cancel until Mon 4 May, 02:00 UTC−7, no approval needed" in page.text
    clock.advance(timedelta(hours=1))
    page = await ann.get(f"/orders/{order}")
    assert "Request cancellation" in page.text
    assert "Free to cancel until" not in page.text


async def test_the_page_says_how_long_cancelling_is_possible_and_what_follows(ann, market):
    page = await ann.get(f"/orders/{await market.order(Stage.PREPARING)}")
    ahead = page.text[page.text.index("How long can I cancel?") :]
    steps = ("Now", "no answer within 24 hours means yes", "From “Packing” on", "From “Shipped” on", "No longer")
    places = [ahead.index(step) for step in steps]
    assert places == sorted(places)


async def test_what_can_be_wrong_is_shown_with_the_way_to_say_so(ann, market):
    order = await market.order(Stage.PREPARING)
    page = await ann.get(f"/orders/{order}")
    for shown in ("Zoë Ångström", "Uppsala", "zoe@example.org", "blue", "Visa"):
        assert shown in page.text
    reasons = set(re.findall(r"/cancel\?reason=(\w+)", page.raw))
    assert reasons == {"wrong_variant", "wrong_contact", "wrong_address", "price_error", "change_payment"}
    assert (await ann.get(f"/orders/{order}/cancel", reason="wrong_address")).checked() == "wrong_address"


async def test_what_is_wrong_finds_the_nearest_reason_of_the_market(ann, market, clock):
    order = await market.order(Stage.PREPARING, shop=LANTERN)
    clock.advance(timedelta(hours=2))
    page = await ann.get(f"/orders/{order}")
    wanted = {
        "wrong_variant": "ordered_by_mistake",
        "wrong_contact": "wrong_address",
        "price_error": "better_price",
        "change_payment": "change_payment",
    }
    for meant, nearest in wanted.items():
        assert f"/cancel?reason={meant}" in page.raw
        form = await ann.get(f"/orders/{order}/cancel", reason=meant)
        assert form.checked() == nearest
        assert ("is not among the reasons here. The nearest is chosen" in form.text) is (meant != nearest)
    assert "not among the reasons" not in (await ann.get(f"/orders/{order}/cancel", reason="nonsense")).text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "2 to 24 hours (depending on the reason)"), ("zh", "2 至 24 小时")]
)
async def test_a_time_that_hangs_on_the_reason_is_told_as_such(app, desk, market, clock, language, said):
    order = await market.order(Stage.PREPARING, shop=LANTERN)
    clock.advance(timedelta(hours=2))
    rules = (StandingRule(name="Two hours", reasons=("changed_mind",), wait="2h"),)
    policy = policy_of(rules, preset("us").at(clock.read()), "America/Los_Angeles")
    await desk.versions.put_rules(LANTERN, rules, policy, "seller:lou")
    await desk.book.refresh()
    browser = Browser(app, language)
    await browser.sign_in(desk, buyer_id="ann")
    page = await browser.get(f"/orders/{order}")
    assert page.text.count(said) == 2, "beside the button and in the table"
    assert {"en": "From “Awaiting collection” on", "zh": "从“待揽收”起"}[language] in page.text
    assert {"en": "What is not ready to ship by", "zh": "前未备妥待发的部分将自动取消"}[language] in page.text
    seller = Browser(app, language)
    await seller.sign_in(desk, "seller", "lou", shop_id=LANTERN)
    theirs = await seller.get(f"/seller/orders/{order}")
    assert {"en": "What is not ready to ship by", "zh": "前未备妥待发的部分将自动取消"}[language] in theirs.text
    assert "&lt;time" not in page.raw + theirs.raw
    shop = await browser.get(f"/shops/{LANTERN}")
    assert {"en": "SHOP-1", "zh": "SHOP-1"}[language] in shop.text
    assert {"en": "2 hours from", "zh": "2 小时"}[language] in shop.text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Cannot be sold again: cut to length"), ("zh", "按长度裁剪，不可再次销售")]
)
async def test_a_buyer_reads_why_goods_are_special_before_asking(app, desk, market, language, words):  # M-44
    film = Line(id="film", sku="FILM", quantity=1, unit_minor=4000, special=True, special_reason="cut_to_length")
    order = await market.order(Stage.REVIEW, lines=(film,))
    browser = Browser(app, language)
    await browser.sign_in(desk, buyer_id="ann")
    for path in (f"/orders/{order}", f"/orders/{order}/cancel"):
        assert words in (await browser.get(path)).text


async def test_the_refund_is_shown_before_sending_and_paid_after(ann, market, clock):
    order = await market.order(Stage.REVIEW, price=1250, units=2)
    page = await ann.get(f"/orders/{order}/cancel")
    assert "You get back €25.00" in page.text
    assert "Owed at once; sent as soon as the marketplace has a way to send it" in page.text, (
        "nothing is connected here"
    )
    _, sent = await filled(ann, order)
    assert sent.status == 303
    result = await ann.get(sent.to)
    assert "Approved automatically" in result.text
    assert "Refund being prepared" in result.text
    await worked(market)
    assert "Refund on its way" in (await ann.get(sent.to)).text
    clock.advance(timedelta(minutes=1))
    await worked(market)
    assert "Refunded" in (await ann.get(sent.to)).text
    assert "€25.00" in (await ann.get(sent.to.partition("?")[0] + "/receipt")).text


async def test_the_receipt_of_a_request_can_be_downloaded_and_holds(ann, market, desk):
    order = await market.order(Stage.PREPARING)
    _, sent = await filled(ann, order)
    page = await ann.get(sent.to.partition("?")[0])
    assert "A signed file with the rules, the facts and the answer." in page.text
    address = re.search(r'href="(/v1/[^"]+/receipt)" download="receipt-can_\w+\.json"', page.raw)[1]
    # The session that shows the page is what the file is downloaded with.
    receipt = (await ann.client.get(address)).content
    terms = await desk.terms(await market.read(order))
    found = check(receipt, {terms.preset.hash: terms.preset.policy}, None)
    assert found.wrong == ()
    assert found.sure[-1].startswith("The policy text gives again ask_seller by ")


async def test_the_answer_tells_its_arithmetic_and_what_would_have_changed_it(ann, market, clock):  # M-09, E-01
    order = await market.order(Stage.PREPARING)
    _, sent = await filled(ann, order)
    page = await ann.get(sent.to.partition("?")[0])
    assert "Counted from the request, Mon 4 May 2026, 08:00 Over Tue 5 May 2026, 08:00 (UTC)" in page.text
    changed = "What would have changed it The order is at “In review”: Cancels at once"
    assert changed in page.text, page.text
    closed = await market.order(Stage.PACKING)
    page = await ann.get(f"/orders/{closed}")
    assert "What would have changed it The order is at “Preparing”: The shop is asked; no answer means yes" in page.text


async def test_an_estimate_comes_with_its_error_and_is_no_promise(ann, market, clock):
    for _ in range(20):
        order = await market.order(Stage.PREPARING)
        clock.advance(timedelta(hours=2))
        await market.fact(order, FactKind.PACKING_STARTED)
    order = await market.order(Stage.PREPARING)
    page = await ann.get(f"/orders/{order}")
    assert "Likely in time until about Wed 6 May, 02:00 UTC" in page.text
    assert "Estimated from 20 orders of this shop in the last 90 days." in page.text
    assert "It is no promise." in page.text
    clock.advance(timedelta(hours=3))
    assert "Likely in time" not in (await ann.get(f"/orders/{order}")).text


async def test_a_part_of_the_order_is_quoted_before_it_is_sent(ann, market):
    lines = (Line(id="a", sku="CUP", quantity=3, unit_minor=500), Line(id="b", sku="JUG", quantity=1, unit_minor=900))
    order = await market.order(Stage.REVIEW, lines=lines, tenders=(Tender(id="t", method="card", amount_minor=2400),))
    form = (await ann.get(f"/orders/{order}/cancel")).fields()
    assert (form["units-0"], form["units-1"]) == ("3", "1")
    part = form | {"units-0": "2", "units-1": "0", "reason": "changed_mind"}
    quoted = await ann.post(f"/orders/{order}/cancel", part | {"step": "quote"})
    assert "You get back €10.00" in quoted.text
    stale = await ann.post(f"/orders/{order}/cancel", part | {"step": "send"})
    assert stale.status == 409, "what was seen last was the refund of the whole order"
    assert "Nothing was sent" in stale.text
    sent = await ann.post(f"/orders/{order}/cancel", stale.fields() | {"reason": "changed_mind", "step": "send"})
    assert sent.status == 303
    after = await market.read(order)
    assert [line.cancelled for line in after.lines] == [2, 0]
    assert after.given_back.minor == 1000


async def test_what_was_typed_is_kept_and_every_fault_is_named(ann, market):
    order = await market.order(Stage.REVIEW)
    form = (await ann.get(f"/orders/{order}/cancel")).fields()
    wrong = form | {"units-0": "7", "comment": "My sister bought one", "step": "send"}
    page = await ann.post(f"/orders/{order}/cancel", wrong)
    assert page.status == 422
    assert "2 things to put right" in page.text
    assert 'href="#reason"' in page.raw
    assert "Choose a number from 0 to 1 for Mug" in page.text
    assert "My sister bought one" in page.raw
    page = await ann.post(f"/orders/{order}/cancel", form | {"reason": "other", "step": "send"})
    assert (page.status, page.checked()) == (422, "other")
    assert "Tell the shop in a few words" in page.text
    assert (await market.read(order)).cancellations == ()


async def test_the_same_form_sent_twice_asks_once(ann, market):
    order = await market.order(Stage.PREPARING)
    form, first = await filled(ann, order)
    second = await ann.post(f"/orders/{order}/cancel", form | {"reason": "changed_mind", "step": "send"})
    assert (first.status, second.status) == (303, 303)
    assert first.to == second.to
    assert len((await market.read(order)).cancellations) == 1


async def test_a_partial_form_sent_twice_cancels_once(ann, market):
    order = await market.order(Stage.REVIEW, units=4)
    form = (await ann.get(f"/orders/{order}/cancel")).fields() | {"units-0": "2", "reason": "changed_mind"}
    form |= {"seen": (await ann.post(f"/orders/{order}/cancel", form | {"step": "quote"})).fields()["seen"]}
    sent = [await ann.post(f"/orders/{order}/cancel", form | {"step": "send"}) for _ in range(2)]
    assert [one.status for one in sent] == [303, 303]
    assert (await market.read(order)).lines[0].cancelled == 2


async def test_an_answer_that_got_worse_meanwhile_is_shown_before_it_counts(ann, market):
    order = await market.order(Stage.REVIEW)
    form = (await ann.get(f"/orders/{order}/cancel")).fields()
    await market.fact(order, FactKind.PREPARATION_STARTED)
    page = await ann.post(f"/orders/{order}/cancel", form | {"reason": "changed_mind", "step": "send"})
    assert page.status == 409
    assert "Send the request" in page.text
    assert (await market.read(order)).cancellations == ()


async def test_a_closed_window_can_be_asked_about_anyway(ann, market):
    order = await market.order(Stage.PACKED)
    page = await ann.get(f"/orders/{order}/cancel")
    assert 'name="reason"' not in page.raw
    assert "Why can I not cancel?" in page.text
    form = (await ann.get(f"/orders/{order}/cancel", anyway="1")).fields()
    sent = await ann.post(f"/orders/{order}/cancel", form | {"reason": "duplicate", "step": "send"})
    assert sent.status == 303
    asked = (await market.read(order)).cancellations[-1]
    assert (asked.status, asked.on_silence) == (CancellationStatus.AWAITING_SELLER, "refuse")
    assert "No answer means no" in (await ann.get(sent.to)).text


async def test_a_shipped_order_shows_carrier_tracking_and_how_to_reach_the_shop(ann, market):
    order = await market.order(Stage.PACKED)
    await market.fact(order, FactKind.HANDED_OVER, parcel="1", carrier="Royal Post", tracking="RP123456")
    for page in (await ann.get(f"/orders/{order}"), await ann.get(f"/orders/{order}/return")):
        for shown in ("Royal Post", "RP123456", "shop@example.org"):
            assert shown in page.text


async def test_withdrawing_says_what_it_means_and_works_once(ann, market):
    order = await market.order(Stage.PREPARING)
    _, sent = await filled(ann, order)
    path = sent.to.partition("?")[0]
    asking = await ann.get(f"{path}/withdraw")
    assert "The order goes on" in asking.text
    assert "2 more times" in asking.text
    done = [await ann.post(f"{path}/withdraw", asking.fields()) for _ in range(2)]
    assert [page.status for page in done] == [303, 303]
    assert (await market.read(order)).cancellations[-1].status is CancellationStatus.WITHDRAWN
    assert "You withdrew" in (await ann.get(path)).text


async def test_the_sellers_no_is_shown_with_words_and_what_to_do_next(ann, market):
    order = await market.order(Stage.PREPARING)
    _, sent = await filled(ann, order)
    asked = (await market.read(order)).cancellations[-1]
    await market.refuses(order, asked.id, comment="The glaze is already on")
    page = await ann.get(sent.to)
    for shown in ("Refused by seller", "The glaze is already on", "Ask platform support"):
        assert shown in page.text


async def test_somebody_elses_order_is_as_if_it_were_not_there(ann, market):
    order = await market.order(Stage.PREPARING, buyer="bob")
    missing = await ann.get("/orders/ord_00000000000000000000aa")
    for path in ("", "/cancel", "/return", "/requests/can_00000000000000000000aa"):
        page = await ann.get(f"/orders/{order}{path}")
        assert (page.status, page.text) == (404, missing.text)
    token = (await ann.get("/orders")).token()
    stolen = await ann.post(f"/orders/{order}/cancel", {"_csrf_token": token, "reason": "changed_mind"})
    assert stolen.status == 404
    assert (await market.read(order)).cancellations == ()


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.test"}, {}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}]
)
async def test_another_site_cannot_send_a_form(ann, market, headers):
    order = await market.order(Stage.REVIEW)
    form = (await ann.get(f"/orders/{order}/cancel")).fields() | {"reason": "changed_mind", "step": "send"}
    assert (await ann.post(f"/orders/{order}/cancel", form, headers)).status == 403
    assert (await ann.post(f"/orders/{order}/cancel", form | {"_csrf_token": "0" * 64})).status == 403
    assert (await market.read(order)).cancellations == ()


async def test_the_list_has_tabs_search_and_pages_that_hold_still(ann, market, clock):
    numbers = []
    for _ in range(12):
        clock.advance(timedelta(minutes=1))
        numbers.append((await market.read(await market.order(Stage.PREPARING))).number)
    await market.order(Stage.UNPAID, title="Tall teapot")
    first = await ann.get("/orders")
    assert "All 13" in first.text
    assert "To pay 1" in first.text
    following = html.unescape(re.search(r'href="([^"]*after=[^"]*)" rel="next"', first.raw)[1])
    await market.order(Stage.UNPAID)
    second = await ann.get(following)
    shown = re.findall(r"Order (\d+), placed", first.text + second.text)
    assert len(shown) == len(set(shown)) == 13
    assert "Tall teapot" in (await ann.get("/orders", q="teapot")).text
    assert re.findall(r"Order (\d+), placed", (await ann.get("/orders", q=numbers[3])).text) == [numbers[3]]
    assert "No order fits" in (await ann.get("/orders", q="zzz")).text


async def test_every_answer_carries_the_headers_that_keep_a_page_safe(app, ann, market):
    order = await market.order(Stage.REVIEW)
    nobody = Browser(app)
    for page in (
        await ann.get(f"/orders/{order}"),
        await ann.get("/orders/nothing"),
        await ann.get("/nowhere"),
        await ann.post(f"/orders/{order}/cancel", {}, {}),
        await nobody.get("/"),
        await nobody.get("/orders"),
        await nobody.get("/static/rescind.css"),
        await nobody.get("/static/none.css"),
        await nobody.get("/orders", lang="zh"),
    ):
        for name, value in HEADERS.items():
            assert page.headers.get(name) == value, name
        assert page.headers["cache-control"] in {"no-store", "no-cache"}


async def test_an_address_that_leads_nowhere_is_a_page_below_known_ones_too(app, ann):
    for path in ("/nonsense", "/begin", "/orders/x/y/z", "/support/x/y", "/operator/orders-by-file"):
        page = await ann.get(path)
        assert (page.status, "Nothing here" in page.text) == (404, True), path
        assert page.headers["content-type"].startswith("text/html")
        assert "Nothing here" in (await ann.post(path)).text, path
    wrong = await Browser(app).post("/help")
    assert (wrong.status, "GET" in wrong.headers["allow"], "Nothing here" in wrong.text) == (405, True, True)


async def test_a_page_for_somebody_asks_nobody_to_sign_in(app, market):
    order = await market.order(Stage.REVIEW)
    page = await Browser(app).get(f"/orders/{order}")
    assert page.status == 401
    assert "Open the link on your order" in page.text
    assert (await Browser(app).post("/demo/buyer")).status == 404


async def test_a_link_signs_in_only_when_somebody_presses_the_button(app, desk, market):
    link = await desk.access.issue_link("buyer", "ann", name="Ann", buyer_id="ann")
    path = link.removeprefix("http://desk.test")
    browser = Browser(app)
    for _ in range(2):
        assert "Sign in as Ann?" in (await browser.get(path)).text
    assert (await browser.get("/orders")).status == 401
    assert (await browser.post(path)).to == "/orders"
    assert (await browser.get("/orders")).status == 200
    assert (await Browser(app).post(path)).status == 401, "a link for one use is used up"
    signed_out = await browser.post("/sign-out", {"_csrf_token": (await browser.get("/orders")).token()})
    assert "cookie" not in signed_out.headers.get("clear-site-data", "")
    assert (await browser.get("/orders")).status == 401


async def test_a_seller_may_not_open_a_buyers_page(app, desk, market):
    order = await market.order(Stage.REVIEW)
    seller = Browser(app)
    await seller.sign_in(desk, "seller", "sam", shop_id=KILN)
    assert (await seller.get(f"/orders/{order}")).status == 403


async def test_the_chosen_language_is_remembered_and_says_the_same(ann, market):
    order = await market.order(Stage.PREPARING)
    switched = await ann.get(f"/orders/{order}", lang="zh")
    assert (switched.status, switched.to) == (303, f"/orders/{order}")
    page = await ann.get(f"/orders/{order}")
    assert 'lang="zh-Hans"' in page.raw
    for said in ("申请取消", "备货中"):
        assert said in page.text
    assert "Request cancellation" not in page.text
    away = await ann.get("//evil.test/x", lang="en")
    assert not away.to.startswith("//")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "From “Set aside” on The shop is asked; no answer within 24 hours means yes Cancels at once in",
                "From “Packing” on Only if the shop agrees",
                "You can still ask the shop as a favour: The shop is asked; no answer within 24 hours means no.",
                "An item is made to order The shop is asked; no answer within 24 hours means no",
                "Trader Kiln and Company Ltd",
                "Business address 1 Quay, Leeds",
            ),
        ),
        ("zh", ("可直接取消（下单后 24 小时内）", "从“打包中”起 需商家同意", "经营者 Kiln and Company Ltd")),
    ],
)
async def test_anybody_may_read_what_a_shop_promises_and_who_it_is(app, market, language, said):  # M-36
    contact = {"email": "a@example.org", "trader": "Kiln and Company Ltd", "address": "1 Quay, Leeds"}
    policy = preset("base").hash
    await market.directory.put_shop(
        KILN, name="Kiln & Co", preset_hash=policy, settings={"window": "24h"}, zone="UTC", contact=contact
    )
    page = await Browser(app, language).get(f"/shops/{KILN}")
    assert page.status == 200
    for one in said:
        assert one in page.text, page.text
    assert f'href="/v1/policies/{policy}"' in page.raw
    assert (await Browser(app).get("/shops/shp_00000000")).status == 404


async def test_the_page_of_a_shop_follows_its_policy(app, market):  # S-01, R-002
    page = await Browser(app).get(f"/shops/{LANTERN}")
    assert "Cancels at once in the first 1 hour after the payment" in page.text
    assert "The shop's time to ship is over Cancels at once" in page.text
    assert "as a favour" not in page.text


async def test_a_shops_page_says_how_it_ships_returns_and_since_when(app, market, desk):  # M-03, M-19, M-36
    page = await Browser(app).get(f"/shops/{LANTERN}")
    for said in (
        "For 1 hour from the payment nobody ships",
        "The shop ships within",
        "After delivery you may send goods back for",
        "By law, buyers in the European Economic Area may withdraw within 14 days of delivery.",
        "Source: Directive 2011/83/EU, art. 9(1) · since Fri 13 Jun 2014",
        "Last changed on",
    ):
        assert said in page.text, said
    assert "without asking anybody" not in page.text
    await market.directory.put_shop(
        KILN, name="Kiln & Co", preset_hash=preset("base").hash, settings={"window": "24h"}, zone="UTC", contact={}
    )
    page = await Browser(app).get(f"/shops/{KILN}")
    assert "For 24 hours after ordering you can cancel without asking anybody." in page.text
    assert "Packing does not end this time; handing the parcel to the carrier does." in page.text
    assert "the shop's own choice" in page.text
    assert "The shop has left no e-mail address" in page.text
    chinese = await Browser(app, "zh").get(f"/shops/{KILN}")
    assert "下单后 24 小时内，您可以直接取消，无需征得任何人同意。" in chinese.text


async def test_a_shops_page_changes_with_what_comes_into_force(app, market, desk):  # M-29, M-36
    text = EXAMPLES["policies_draft"]["text"]
    draft, _ = await desk.drafting.draft(text, "ines", shop=KILN)
    before = await Browser(app).get(f"/shops/{KILN}")
    assert "What this shop gives beside" not in before.text
    await desk.drafting.submit(draft.number, "ines", desk.now())
    await desk.drafting.approve(draft.number, "omar", desk.now())
    page = await Browser(app).get(f"/shops/{KILN}")
    assert "What this shop gives beside Cancels at once The order is at “Packing” KILN-1" in page.text
    since = (await desk.drafting.standing(KILN)).since
    assert f"Last changed on {locale('en').day(since)}" in page.text


async def test_the_rules_can_be_read_by_anybody(app, market):
    browser = Browser(app)
    page = await browser.get("/policy", shop=KILN)
    assert page.status == 200
    for said in ("SHIPPED-1", "24 hours to answer; no answer means yes"):
        assert said in page.text
    assert "shop@example.org" in (await browser.get(f"/shops/{KILN}")).text
    assert (await browser.get("/help")).status == 200


async def test_codes_on_a_shops_page_lead_to_words(app, market):  # M-36
    browser = Browser(app)
    page = await browser.get(f"/shops/{KILN}")
    codes = set(re.findall(r'href="/rules/([^"]+)"', page.raw))
    assert {"ASK-1", "R-040"} & codes
    for code in codes:
        assert (await browser.get(f"/rules/{code}")).status == 200, code
    rule = await browser.get("/rules/ASK-1")
    assert "The shop is asked; 24 hours from the request. No answer means yes" in rule.text
    assert 'href="/rules/R-040"' in rule.raw
    source = await browser.get("/rules/R-040")
    assert "Time the seller has to answer: 24 hours, since Fri 12 Jul 2024" in source.text
    assert "以此为依据的规则" in (await Browser(app, "zh").get("/rules/R-040")).text
    # What the source itself says, how good it is, and where it can be read.
    assert "A seller who does not answer a request to cancel within 24 hours has agreed to it." in source.text
    assert "Official" in source.text
    assert "United States" in source.text
    assert 'href="https://seller-us.tiktok.com/university/essay?knowledge_id=7947040639371021"' in source.raw
    assert "dated 23 Feb 2026" in source.text
    assert "A seller who does not answer a request to cancel within 24 hours has agreed to it." in rule.text
    chinese = await Browser(app, "zh").get("/rules/R-031")
    assert "商家面对取消申请只有两种回应：同意，或上传运单号。" in chinese.text
    law = await browser.get("/rules/LAW-EU-1")
    assert "leave the contract within fourteen days" in law.text
    assert 'href="https://eur-lex.europa.eu/eli/dir/2011/83/oj"' in law.raw
    for nothing in ("R-999", "SHOP-1", "<b>"):
        assert (await browser.get(f"/rules/{nothing}")).status == 404


def test_every_code_that_is_cited_is_explained_in_both_languages():
    for code in explained():
        if code in catalogue():
            assert all(locale(tag).source(code) for tag in ("en", "zh")), code
        else:
            assert all(locale(tag).has("rule", code) for tag in ("en", "zh")), code
    cited = linked(locale("en"), "R-040, KILN-1 & art. 9")
    assert cited == '<a class="cite" href="/rules/R-040">R-040</a>, KILN-1 &amp; art. 9'


async def test_the_footer_leads_to_the_rules_of_the_shop_at_hand(app, ann, desk, market):
    order = await market.order("preparing")
    footer = f'<a href="/policy?shop={KILN}">Cancellation policy</a></li>'
    assert footer in (await ann.get(f"/orders/{order}")).raw
    assert footer in (await Browser(app).get(f"/shops/{KILN}")).raw
    everywhere = '<a href="/policy">Cancellation policy</a></li>'
    assert everywhere in (await ann.get("/orders")).raw
    assert everywhere in (await Browser(app).get("/policy", shop="<")).raw
    listed = await Browser(app).get("/policy")
    for shop in await desk.reads.shops():
        assert f'href="/policy?shop={shop.id}"' in listed.raw
    lou = Browser(app)
    await lou.sign_in(desk, "seller", "lou", shop_id=LANTERN)
    assert f'href="/policy?shop={LANTERN}"' in (await lou.get("/seller/orders")).raw


async def test_an_address_that_looks_wrong_is_put_right_by_the_buyer(ann, market):  # M-07, R-028
    order = await market.order(Stage.REVIEW, found=("street_missing", "postcode_implausible"))
    page = await ann.get(f"/orders/{order}")
    assert "Check the address" in page.text
    assert "The street is missing" in page.text
    assert "Otherwise the order is cancelled" in page.text, "the page itself says what follows"
    assert "Cancel order" in page.text, "the window is open meanwhile"
    form = await ann.get(f"/orders/{order}/address")
    assert "Otherwise the order is cancelled" in form.text
    assert '<option value="FR"' in form.raw
    empty = form.fields() | {"street": "", "city": "Brest", "postcode": "XX", "country": "FR"}
    wrong = await ann.post(f"/orders/{order}/address", empty)
    assert (wrong.status, 'id="street-error"' in wrong.raw, 'id="postcode-error"' in wrong.raw) == (422, True, True)
    same = await ann.post(f"/orders/{order}/address", empty | {"key": wrong.fields()["key"]})
    assert (same.status, "nothing is different" in same.text) == (422, True)
    assert (await ann.get(f"/orders/{order}")).text.count("You put the address right") == 1
    filled = empty | {"street": "1 Quay", "key": same.fields()["key"]}
    still = await ann.post(f"/orders/{order}/address", filled)
    assert (still.status, 'id="street-error"' in still.raw, 'id="postcode-error"' in still.raw) == (422, False, True)
    assert "you need do nothing" in still.text, "what is left cancels nothing"
    assert still.fields()["postcode"] == "XX", "what was written stays"
    done = await ann.post(f"/orders/{order}/address", filled | {"postcode": "29200", "key": still.fields()["key"]})
    assert (done.status, done.to) == (303, f"/orders/{order}")
    after = await ann.get(f"/orders/{order}")
    assert "You put the address right" in after.text
    assert "Check the address" not in after.text
    assert 'id="check"' not in after.raw
    assert (await ann.get(f"/orders/{order}/address")).to == f"/orders/{order}"


async def test_an_order_nobody_paid_says_until_when_it_waits(ann, market):
    order = await market.order(Stage.UNPAID)
    page = await ann.get(f"/orders/{order}")
    assert "Pay by" in page.text
    assert "Otherwise the order ends by itself." in page.text


@pytest.mark.parametrize("stage", [Stage.IN_TRANSIT, Stage.DELIVERED])
async def test_what_has_left_is_returned_and_not_cancelled(ann, market, stage):
    order = await market.order(stage)
    card = await ann.get("/orders")
    assert f"/orders/{order}/return" in card.raw
    assert f"/orders/{order}/cancel" not in card.raw
    assert (await ann.get(f"/orders/{order}/cancel")).to == f"/orders/{order}/return"
    assert (await ann.get(f"/orders/{order}/return")).status == 200


@pytest.mark.parametrize("stage", [Stage.UNPAID, Stage.PREPARING, Stage.PACKED])
async def test_what_has_not_left_is_cancelled_and_not_returned(ann, market, stage):
    order = await market.order(stage)
    card = await ann.get("/orders")
    assert f"/orders/{order}/cancel" in card.raw
    assert f"/orders/{order}/return" not in card.raw
    assert (await ann.get(f"/orders/{order}/return")).to == f"/orders/{order}/cancel"
    assert (await ann.get(f"/orders/{order}/cancel")).status == 200


async def test_of_a_cancelled_order_nothing_is_returned(ann, market):
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    assert (await ann.get(f"/orders/{order}/return")).to == f"/orders/{order}"


async def test_times_are_those_of_the_readers_own_clock_once_the_browser_has_told_it(ann, market):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    assert "02:00 UTC−7" in (await ann.get(f"/orders/{order}")).text, "the shop's clock, named"
    ann.client.cookies.set("rescind_zone", "Asia/Shanghai")
    page = await ann.get(f"/orders/{order}")
    assert "Free to cancel until Mon 4 May, 17:00 UTC+8" in page.text
    assert "Times in Asia/Shanghai" in page.text
    assert "UTC−7" not in page.text


@pytest.mark.parametrize("told", ["Mars/Olympus", "../../etc/passwd", "", "x" * 3000])
async def test_a_zone_that_does_not_exist_is_as_if_none_was_told(ann, market, told):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    ann.client.cookies.set("rescind_zone", told)
    page = await ann.get(f"/orders/{order}")
    assert page.status == 200
    assert "02:00 UTC−7" in page.text


async def test_a_request_in_the_list_names_the_zone_of_its_deadline(ann, market):
    await market.asks(await market.order(Stage.PREPARING))
    assert re.search(r"08:00 UTC \d+ h|08:00 UTC 1 d", (await ann.get("/orders")).text)


async def test_platform_support_can_be_reached_or_the_page_says_that_it_cannot(desk, market):
    silent = Browser(make_app(desk))
    assert "has not given an address of its support" in (await silent.get("/help")).text
    settings = dataclasses.replace(
        desk.settings,
        support_email="help@desk.test",
        support_phone="+44 20 7946 0111",
        support_hours="Mon–Fri 9–17 UTC",
    )
    told = Browser(make_app(dataclasses.replace(desk, settings=settings)), language="zh")
    page = await told.get("/help")
    for shown in ("mailto:help@desk.test", "tel:+442079460111", "周一至周五 9–17 UTC"):
        assert shown in page.raw
    demo = Browser(make_app(dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, demo=True))))
    assert "support@harbour.example" in (await demo.get("/help")).text


@pytest.mark.parametrize("typed", ["2", "-3", "1.5", "", "一"])
async def test_a_quantity_that_cannot_be_is_told_at_once_and_no_other_sum_is_shown(ann, market, typed):
    lines = (Line(id="a", sku="CUP", quantity=1, unit_minor=500), Line(id="b", sku="JUG", quantity=1, unit_minor=900))
    order = await market.order(Stage.REVIEW, lines=lines, tenders=(Tender(id="t", method="card", amount_minor=1400),))
    form = (await ann.get(f"/orders/{order}/cancel")).fields() | {"units-0": typed}
    quoted = await ann.post(f"/orders/{order}/cancel", form | {"step": "quote"})
    refund = quoted.raw[quoted.raw.index('id="refund"') :]
    assert "Choose a number from 0 to 1 for Mug" in refund
    assert "€9.00" not in refund


async def test_the_prices_of_an_order_add_up(ann, app, desk, market):
    lines = (
        Line(id="a", sku="CUP", quantity=2, unit_minor=1000, discount_minor=300, tax_minor=340),
        Line(id="b", sku="JUG", quantity=1, unit_minor=900, tax_minor=180),
    )
    paid = (Tender(id="t", method="card", amount_minor=3620),)
    order = await market.order(Stage.REVIEW, lines=lines, shipping_minor=500, tenders=paid)
    sam = Browser(app)
    await sam.sign_in(desk, "seller", "sam", shop_id=KILN)
    for page in (await ann.get(f"/orders/{order}"), await sam.get(f"/seller/orders/{order}")):
        goods = re.findall(r'line-amount"><span class="money">€([\d.]+)', page.raw)
        assert goods == ["20.00", "9.00"]
        table = page.raw[page.raw.index('class="sums"') : page.raw.index('class="sums-total"')]
        rows = [float(one.replace("−", "-").replace("€", "")) for one in re.findall(r'"money">([^<]+)', table)]
        assert rows == [29.00, -3.00, 5.20, 5.00]
        assert sum(rows) == pytest.approx(36.20)
        assert "Total €36.20" in page.text


async def test_variants_of_one_product_are_told_apart(ann, market):
    lines = (Line(id="a", sku="S", quantity=2, unit_minor=500), Line(id="b", sku="L", quantity=4, unit_minor=900))
    order = await market.order(Stage.REVIEW, lines=lines, tenders=(Tender(id="t", method="card", amount_minor=4600),))
    page = await ann.get(f"/orders/{order}/cancel")
    assert page.text.count("Mug · blue ×") == 2
    assert "How many of Mug · blue" in page.text
    assert 'data-less="One less: Mug · blue"' in page.raw


async def test_a_hundred_numbers_at_once_find_the_last_of_them_however_they_are_kept_apart(ann, market):
    number = (await market.read(await market.order(Stage.REVIEW))).number
    others = [f"NOT-MINE-{one}" for one in range(99)]
    for sign in (" ", ",", "，", "、", "；", "\n"):
        page = await ann.get("/orders", q=sign.join([*others, number]))
        assert re.findall(r"Order (\S+), placed", page.text) == [number], f"kept apart by {sign!r}"
    assert (await ann.get("/orders", q="9" * 2000)).status == 200


@pytest.mark.parametrize("address", ["/orders?after=garbage", "/orders?q=%00", "/orders?q=mug%00&after=%00"])
async def test_an_address_that_makes_no_sense_shows_the_list_from_its_beginning(ann, market, address):
    await market.order(Stage.REVIEW)
    page = await ann.get(address)
    assert page.status == 200
    assert "Your orders" in page.text


async def test_money_that_has_come_back_is_told_as_done(ann, market, clock):
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    assert "€40.00 goes back the way you paid" in (await ann.get(f"/orders/{order}")).text
    for _ in range(2):
        await worked(market)
        clock.advance(timedelta(minutes=1))
    page = await ann.get(f"/orders/{order}")
    assert "€40.00 has gone back the way you paid" in page.text
    assert "goes back the way" not in page.text
