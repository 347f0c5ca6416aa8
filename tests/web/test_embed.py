"""An order as a fragment in a page of the marketplace: who may see it, what it says, and where its button leads."""

import html
import re
from datetime import timedelta
from secrets import token_hex

import httpx
import pytest

from rescind.access.people import COMMAND_LINE
from rescind.app import make_app
from rescind.clock import wall_clock
from rescind.core.handover import Handover, SignedLink, signed
from rescind.core.stage import Stage
from rescind.setting_values import Sites
from web.consoles import ORIGIN, Page, Person

SITE = "https://market.example"


@pytest.fixture
def chosen():
    return {"host_sites": Sites({SITE: "The Market"})}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ask(app, desk):
    """Ask for a fragment as the marketplace's server does, with a key of its own."""
    key = await desk.access.issue_key("host", "till", scopes=("links:read", "links:write"))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)

    async def asked(path, key=key, **headers):
        given = {"authorization": f"Bearer {key}"} if key else {}
        return await client.get(path, headers=given | headers)

    return asked


async def link(desk, order, minutes=5, **said):
    handover = Handover(**{"buyer": "ann", "order": order, "to": "fragment"} | said)
    return (await desk.links.make(handover, timedelta(minutes=minutes), "host:till", token_hex(16))).url


async def own(desk, order, minutes=5, **said):
    """The same, signed by the marketplace itself."""
    secret = (await desk.links.secrets.make(COMMAND_LINE, "k" * 20)).text
    handover = Handover(**{"buyer": "ann", "order": order, "to": "fragment"} | said)
    signed_ = SignedLink(handover=handover, expires_at=wall_clock() + timedelta(minutes=minutes), nonce=token_hex(16))
    return f"/embed/orders/{order}?{signed(secret, signed_)}"


def button(answer):
    return html.unescape(re.search(r'<a class="rescind-button" href="([^"]+)"', answer.text)[1])


async def test_it_says_where_the_order_stands_and_its_button_opens_the_page_once(app, desk, market, ask):
    order = await market.order(Stage.PREPARING)
    answer = await ask(f"/embed/orders/{order}?language=en&return={SITE}/mine", **{"accept-language": "zh"})
    assert answer.status_code == 200, answer.text
    assert "You can still ask to cancel. The shop has 24 hours to answer; no answer means yes." in answer.text
    assert not re.search(r"<(script|style|link|img|form|iframe)\b| (style|on\w+)=", answer.text), "nothing runs"
    ann = Person(app)
    asked = await ann.see(button(answer))
    assert "Go on as Ann Lee?" in asked.text
    (form,) = [one for one in asked.forms if one["action"].startswith("/enter")]
    assert (await ann.send(form["action"], [])).to == f"/orders/{order}/cancel"
    page = await ann.see(f"/orders/{order}/cancel")
    assert f'href="{SITE}/mine"' in page.raw
    assert (await Person(app).send(form["action"], [])).status == 410


async def test_what_only_shows_signs_nobody_in_by_its_button_either(app, desk, market, ask):
    order = await market.order(Stage.PREPARING)
    number = (await market.read(order)).number
    looks = await desk.access.issue_key("host", "looks", scopes=("links:read",))
    for url, key in (
        (f"/embed/orders/{order}?language=en", looks),
        (await link(desk, order, language="en"), ""),
        (await own(desk, order, language="en"), ""),
    ):
        answer = await ask(url, key=key)
        assert answer.status_code == 200, answer.text
        assert button(answer) == f"{ORIGIN}/find-order?number={number}&lang=en"
        assert "/enter" not in answer.text
    there = await Person(app).see(f"/find-order?number={number}")
    assert f'value="{number}"' in there.raw
    before = await desk.pool.fetchval("SELECT count(*) FROM credentials WHERE kind = 'session'")
    assert before == 0, "nobody is in"
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert (await ann.see(f"/find-order?number={number}")).to == f"/orders/{order}", (
        "who is in already is asked nothing"
    )
    bob = await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")
    assert (await bob.see(f"/find-order?number={number}")).status == 200


async def test_a_secret_that_signs_fragments_alone_was_used(desk, market, ask):
    order = await market.order(Stage.PREPARING)
    assert (await ask(await own(desk, order), key="")).status_code == 200
    assert [one.used_at is not None for one in await desk.links.secrets.all()] == [True]


async def test_it_follows_the_order(market, ask):
    order = await market.order(Stage.PREPARING)
    await market.asks(order)
    waiting = await ask(f"/embed/orders/{order}?language=zh")
    assert "您申请取消订单" in waiting.text
    assert "<time" in waiting.text


async def test_whoever_may_not_see_it_reads_one_sentence_and_nothing_of_the_order(desk, market, ask):
    order, other = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    bobs = await market.order(Stage.PREPARING, buyer="bob")
    of_order = (await link(desk, order)).partition("?")[2]
    over = await link(desk, order)
    await desk.pool.execute(
        "UPDATE credentials SET expires_at = clock_timestamp() WHERE token_hash = (SELECT token_hash FROM credentials"
        " WHERE kind = 'link' ORDER BY created_at DESC LIMIT 1)"
    )
    for_orders = await desk.access.issue_key("host", "erp", scopes=("orders:read",))
    seller = await desk.access.issue_key("seller", "sam", shop_id=order_shop(order))
    for url, key, status in (
        (f"/embed/orders/{other}?{of_order}", "", 404),
        (f"/embed/orders/{bobs}?{of_order}", "", 404),
        (f"/embed/orders/{order}?token=rsl_{'x' * 43}", "", 403),
        (over, "", 410),
        (await own(desk, order, minutes=-1), "", 410),
        ((await own(desk, order)).replace("buyer=ann", "buyer=bob"), "", 403),
        ((await own(desk, order, to="order")), "", 404),
        (f"/embed/orders/{order}", "", 401),
        (f"/embed/orders/{order}", "rsk_" + "x" * 43, 401),
        (f"/embed/orders/{order}", for_orders, 403),
        (f"/embed/orders/{order}", seller, 403),
        ("/embed/orders/ord_" + "0" * 22, None, 404),
        (f"/embed/orders/{order}?return=https://evil.example/", None, 422),
    ):
        answer = await (ask(url) if key is None else ask(url, key=key))
        assert answer.status_code == status, (url, answer.text)
        assert order not in answer.text.replace(url, "")
        assert "rescind-button" not in answer.text


def order_shop(order):
    return f"shp_{order[4:12]}"


async def test_only_pages_of_a_named_site_may_read_it_and_no_cookie_counts(app, desk, market, ask):
    order = await market.order(Stage.PREPARING)
    url = (await link(desk, order)).removeprefix(ORIGIN)
    told = await ask(url, key="", origin=SITE)
    assert told.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in told.headers
    assert "Origin" in told.headers["vary"]
    assert told.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in told.headers["content-security-policy"]
    for origin in ("https://evil.example", f"{SITE}.evil.example", "null", "http://market.example"):
        assert "access-control-allow-origin" not in (await ask(url, key="", origin=origin)).headers
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        wish = {
            "access-control-request-method": "GET",
            "access-control-request-headers": "hx-request, hx-target, cookie",
        }
        before = await client.options(url, headers={"origin": SITE} | wish)
        assert before.status_code == 204
        assert before.headers["access-control-allow-headers"] == "hx-request, hx-target"
        elsewhere = await client.options(url, headers={"origin": "https://evil.example"} | wish)
        assert "access-control-allow-origin" not in elsewhere.headers
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert (await ann.see(f"/embed/orders/{order}")).status == 401
    assert isinstance(await ann.see(url), Page)
