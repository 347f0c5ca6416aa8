"""From nothing to the first operator: the address that is printed at the start, and nobody else's."""

import re

import httpx
import pytest
from structlog.testing import capture_logs

from rescind.app import make_app
from rescind.beginning import BACKEND
from web.consoles import ORIGIN, Page
from web.staff import Member

TYPED = {
    "name": "Ines Duarte",
    "email": "ines@harbour.example",
    "shop": "Kiln & Clay",
    "preset": "us",
    "zone": "America/New_York",
}


@pytest.fixture
async def browser(desk):
    transport = httpx.ASGITransport(make_app(desk))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as client:
        yield client


def begins(desk):
    return desk.beginning.address.removeprefix(desk.base_url)


async def test_an_empty_marketplace_begins_with_its_operator_its_shop_and_a_key(browser, desk):
    page = Page(await browser.get(begins(desk)))
    assert (page.status, "Begin a marketplace" in page.text) == (200, True)
    begun = Page(await browser.post(begins(desk), data={**TYPED, "language": "en"}))
    assert begun.status == 200, begun.text
    key = re.search(r"rsk_[\w-]{43}", begun.raw)[0]
    shop = re.search(r"shp_\w{8}", begun.raw)[0]
    join = re.search(r'href="([^"]*/join/[^"]+)"', begun.raw)[1].removeprefix(desk.base_url)
    assert "Welcome, Ines Duarte" in Page(await browser.get(join)).text

    found = await desk.reads.shop(shop)
    assert (found.name, found.preset, found.zone) == ("Kiln & Clay", "us", "America/New_York")
    asked = await browser.get(f"/v1/shops/{shop}/settings", headers={"authorization": f"Bearer {key}"})
    assert asked.status_code in {200, 403}, "a key that is known"


async def test_the_first_page_says_that_nothing_is_here_until_somebody_works_here(browser, desk):
    said = Page(await browser.get("/"))
    assert "Nothing is here yet" in said.text
    assert "rescind init" in said.text
    assert desk.beginning.address not in said.raw, "the address is printed where the program runs, and nowhere else"
    begun = Page(await browser.post(begins(desk), data={**TYPED, "language": "en"}))
    await Member(make_app(desk)).join(re.search(r"/join/[\w-]+", begun.raw)[0])
    assert "Nothing is here yet" not in Page(await browser.get("/")).text


@pytest.mark.parametrize(
    ("tag", "any_market", "abroad", "europe"),
    [
        ("en", "Any market (base)", "Cross-border (cross-border)", " (eu), EUR"),
        ("zh", "不限市场（base）", "跨境（cross-border）", "（eu），EUR"),
    ],
)
async def test_each_policy_is_called_by_its_market(browser, desk, tag, any_market, abroad, europe):
    page = Page(await browser.get(begins(desk), headers={"accept-language": tag}))
    called = dict(re.findall(r'<option value="([a-z-]+)"[^>]*>([^<]+)</option>', page.raw.partition('id="preset"')[2]))
    assert called["base"] == any_market
    assert called["cross-border"] == abroad
    assert called["eu"].endswith(europe)


async def test_whoever_does_not_hold_the_address_begins_nothing(browser, desk):
    for token in ("", "0" * 64, begins(desk).rpartition("/")[2][:-1]):
        assert (await browser.get(f"/begin/{token}")).status_code == 404
        assert (await browser.post(f"/begin/{token}", data=TYPED)).status_code == 404
    stranger = {"origin": "http://elsewhere.example"}
    assert (await browser.post(begins(desk), data=TYPED, headers=stranger)).status_code == 403
    assert await desk.directory.empty()


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nobody"), ("shop", " "), ("preset", "moon"), ("zone", "Mars/Base"), ("name", "")]
)
async def test_what_is_wrong_is_said_and_nothing_is_half_made(browser, desk, field, value):
    page = Page(await browser.post(begins(desk), data={**TYPED, "language": "en", field: value}))
    assert page.status == 422
    assert await desk.directory.empty()
    assert await desk.people.links.open("") == ()
    assert await desk.access.keys() == ()


async def test_begun_twice_is_one_shop_with_one_key_that_counts(browser, desk):
    first, second = [Page(await browser.post(begins(desk), data={**TYPED, "language": "en"})).raw for _ in range(2)]
    assert re.search(r"shp_\w{8}", first)[0] == re.search(r"shp_\w{8}", second)[0]
    keys = [one for one in await desk.access.keys() if one.principal == BACKEND]
    assert [one.in_force for one in keys].count(True) == 1


async def test_an_address_that_was_mistyped_at_first_lets_nobody_in(browser, desk):
    wrong, right = "lin@wrong.example", "lin@right.example"
    for email in (wrong, right):
        await browser.post(begins(desk), data={**TYPED, "language": "en", "email": email})
    assert [one.email for one in await desk.people.links.open("")] == [right]
    assert not await desk.pool.fetchval("SELECT count(*) FROM staff_links WHERE email = $1 AND ended_at IS NULL", wrong)


async def test_where_somebody_works_or_a_shop_was_there_before_nothing_begins(browser, desk, market):
    assert not await desk.beginning.open()
    assert (await browser.get(begins(desk))).status_code == 404


async def test_a_page_that_breaks_leaves_its_address_in_the_log_without_what_lets_somebody_in(
    browser, desk, monkeypatch
):
    async def breaks(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(type(desk.beginning), "check", breaks)
    with capture_logs() as lines:
        assert (await browser.get(begins(desk))).status_code == 500
    assert [one["path"] for one in lines if one["event"] == "page.failed"] == ["/begin/***"]
