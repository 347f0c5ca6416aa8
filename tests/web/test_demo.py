"""The demo's people can all come in, and its shops show what their policies do."""

import dataclasses
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from rescind.app import check_demo, make_app
from rescind.core.order import stage
from rescind.core.parts import CancellationStatus
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.demo import advance, catalogue, guests
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.policies import say_a_day
from rescind.demo.stall import Ground, Layout, Stall
from rescind.locales import locale
from rescind.postgres import pretence
from rescind.postgres.embedded import APP
from rescind.settings import SettingsError
from rescind.web.session import HOME

ORIGIN = {"origin": "http://desk.test"}
ROOT = Path(__file__).parents[2]
ON_A_PAGE = 10
"""Orders of a buyer."""


@pytest.fixture
async def browser(desk):
    shown = dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, demo=True))
    transport = httpx.ASGITransport(make_app(shown))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=ORIGIN) as client:
        yield client


@pytest.fixture
async def ground(desk):
    """The demo's own shops stand in the directory."""
    ground = Ground(desk.engine, desk.directory, desk.clock, desk)
    for place, shop in enumerate(catalogue.load().shops):
        layout = Layout(name=shop.name, preset=shop.preset, currency="", zone=shop.zone, carrier="", contact={})
        await Stall(ground, demo_shop_id(place), layout).open()
    return ground


async def test_whoever_the_demo_offers_comes_in_by_the_page_and_by_the_printed_link(browser, desk, ground):
    await advance.decide(desk, ground, desk.now())
    offered = re.findall(r'action="/demo/(\w+)"', (await browser.get("/")).text)
    links = dict(await guests.links(desk))
    assert sorted(offered) == sorted(links) == sorted(guests.people())
    assert {"buyer2", "seller2", "seller3", "seller4"} < set(links)
    for who, guest in guests.people().items():
        for way in (f"/demo/{who}", links[who].removeprefix("http://desk.test")):
            entered = await browser.post(way)
            assert (entered.status_code, entered.headers["location"]) == (303, HOME[guest.role])
            home = await browser.get(HOME[guest.role], follow_redirects=True)
            assert home.status_code == 200
            assert guest.name.replace("&", "&amp;") in home.text
            browser.cookies.clear()


async def test_demo_and_real_data_never_share_a_database(desk, database, market):
    pretending, real = dataclasses.replace(desk.settings, demo=True), desk.settings
    await check_demo(real, database(APP))
    with pytest.raises(SettingsError, match="would let anybody in as anybody"):
        await check_demo(pretending, database(APP))
    await pretence.mark(desk.pool)
    await check_demo(pretending, database(APP))
    with pytest.raises(SettingsError, match="The demo marketplace is here"):
        await check_demo(real, database(APP))


async def test_an_empty_database_may_become_either(desk, database):
    for settings in (desk.settings, dataclasses.replace(desk.settings, demo=True)):
        await check_demo(settings, database(APP))


async def test_a_shop_that_is_answered_for_has_a_request_that_was(desk, ground):  # R-036, S-51
    now = desk.now()
    assert await advance.decide(desk, ground, now) == 2
    assert desk.now() == now
    scope = Scope(shop=demo_shop_id(advance.answered_for()))
    answered = (await desk.reads.order_by_number(scope, "OP-3001")).order
    (request,) = answered.cancellations
    assert (request.status, request.rule) == (CancellationStatus.APPROVED, "AUTOMATED-1")
    open_still = (await desk.reads.order_by_number(scope, "OP-3002")).order
    assert (stage(open_still, now), open_still.cancellations) == (Stage.PREPARING, ())


async def test_an_operator_closed_a_working_day_that_is_near(desk, ground):
    await say_a_day(desk.book, desk.now())
    (word,) = desk.book.said("TH")
    assert timedelta(0) < word.day - desk.now().date() < timedelta(days=30)
    assert not desk.book.counts("TH", word.day)
    assert word.said_by in {guest.principal for guest in guests.people().values()}


def test_the_checks_stop_at_different_things():  # M-07
    found = Counter(
        event.reason
        for order in catalogue.load().orders
        if order.expects.manual_review
        for event in order.plan
        if event.what == "review_opened"
    )
    assert len(found) >= 4
    assert "" not in found


def test_a_shop_sells_in_the_currency_of_its_policy():
    shops = {shop.key: shop for shop in catalogue.load().shops}
    sold = {(shops[order.shop].preset, order.currency) for order in catalogue.load().orders}
    assert sold == {("base", "GBP"), ("us", "USD")}


def test_the_first_buyer_has_orders_that_are_over():
    demo = catalogue.load()
    over = [one for one in demo.orders if one.buyer == demo.buyers[0].key and one.expects.stage == "completed"]
    assert len(over) == 2


@pytest.mark.parametrize(
    ("tag", "page", "quoted"), [("en", "README.md", r"\*([^*]+)\*"), ("zh", "README.zh-CN.md", "“([^”]+)”")]
)
def test_the_readme_names_orders_of_the_first_page_as_the_first_buyer_sees_them(tag, page, quoted):
    words, demo = locale(tag), catalogue.load()
    orders = sorted(
        (one for one in demo.orders if one.buyer == demo.buyers[0].key), key=lambda one: one.number, reverse=True
    )
    shown = {words.pgettext("stage", one.expects.stage) for one in orders[:ON_A_PAGE]}
    step = re.search(r"^2\. (.*?)^3\. ", (ROOT / page).read_text("utf-8").replace("**", ""), re.MULTILINE | re.DOTALL)[
        1
    ]
    order, act, other = re.findall(quoted, step)
    assert {order, other} <= shown
    assert act == words.gettext("Ask the shop anyway")
