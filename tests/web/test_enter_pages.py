"""A buyer comes in by a link of the marketplace: what it opens, what it does not, and what is said where it fails."""

import asyncio
import re
from datetime import timedelta
from secrets import token_hex

import pytest

from postgres.market import LANTERN
from rescind.access.people import COMMAND_LINE
from rescind.app import make_app
from rescind.clock import wall_clock
from rescind.core.handover import Handover, SignedLink, signed
from rescind.core.stage import Stage
from rescind.setting_values import Sites
from web.consoles import ORIGIN, Page, Person

SITE = "https://market.example"
FROM_SITE = {"referer": f"{SITE}/", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
def chosen():
    return {"host_sites": Sites({SITE: "The Market"})}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def secret(desk):
    return (await desk.links.secrets.make(COMMAND_LINE, "k" * 20)).text


class Buyer(Person):
    """A browser in which somebody follows links."""

    async def follow(self, url, **headers):
        return Page(await self.client.get(url.removeprefix(ORIGIN), headers=headers))

    async def come(self, url, language="en"):
        """From the marketplace's own page."""
        return await self.follow(url, **{"accept-language": language, **FROM_SITE})


async def short(desk, minutes=15, **said):
    handover = Handover(**{"buyer": "ann", "to": "order" if "order" in said else "orders"} | said)
    return (await desk.links.make(handover, timedelta(minutes=minutes), "host:till", token_hex(16))).url


def own(secret, minutes=15, nonce="", **said):
    """A link that the marketplace signs itself."""
    handover = Handover(**{"buyer": "ann", "to": "order" if "order" in said else "orders"} | said)
    link = SignedLink(
        handover=handover, expires_at=wall_clock() + timedelta(minutes=minutes), nonce=nonce or token_hex(16)
    )
    return f"{ORIGIN}/enter?{signed(secret, link)}"


async def test_a_link_leads_to_what_it_names_and_from_the_marketplaces_page_nothing_is_asked(app, desk, market, secret):
    order = await market.order(Stage.PREPARING)
    number = (await market.read(order)).number
    for named, to, path in (
        (order, "cancel", f"/orders/{order}/cancel"),
        (number, "order", f"/orders/{order}"),
        (number, "conversation", f"/orders/{order}#say"),
    ):
        for url in (await short(desk, order=named, to=to), own(secret, order=named, to=to)):
            ann = Buyer(app)
            assert (await ann.come(url)).to == path
            assert (await ann.see(path)).status == 200


async def test_who_comes_back_goes_to_the_page_of_the_link_and_reads_in_its_language(app, desk, market, secret):
    for url in (
        await short(desk, language="zh", back_to=f"{SITE}/mine"),
        own(secret, language="zh", back_to=f"{SITE}/mine"),
    ):
        ann = Buyer(app)
        assert (await ann.come(url)).to == "/orders"
        page = await ann.see("/orders")
        assert "返回 The Market" in page.text
        assert f'href="{SITE}/mine"' in page.raw


async def test_a_link_that_names_an_order_shows_that_order_and_nothing_else_of_its_buyers(app, desk, market):
    one, other = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    ann = Buyer(app)
    await ann.come(await short(desk, order=one))
    assert (await ann.see(f"/orders/{one}")).status == 200
    for path in (f"/orders/{other}", f"/orders/{other}/cancel", "/notices", "/notices/settings"):
        assert (await ann.see(path)).status in {403, 404}, path
    listed = await ann.see("/orders")
    assert one in listed.raw
    assert other not in listed.raw
    for path in (f"/orders/{one}", "/messages"):
        assert 'href="/notices"' not in (await ann.see(path)).raw, "nothing leads where it does not come in"


async def test_a_link_that_its_site_made_wrongly_has_ways_on_and_says_what_is_wrong_to_who_made_it(
    app, desk, market, secret
):
    bobs = await market.order(Stage.PREPARING, buyer="bob")
    back = f"{SITE}/mine"
    for url, status, told in (
        (own(secret, order=bobs, back_to=back), 404, "“order” must be an order of this buyer"),
        (own(secret, order="nothing", back_to=back), 404, "“order” must be an order of this buyer"),
        (own(secret, language="fr", back_to=back), 422, "“language” must be one of: en, zh."),
        (own(secret, buyer=" ", back_to=back), 422, "“buyer” must be"),
        (own(secret, minutes=60 * 25, back_to=back), 422, "“expires” must be a time at most 24 hours ahead"),
        (own(secret, nonce="short", back_to=back), 422, "“nonce” must be 16 to 64 letters and digits"),
        (own(secret, back_to="https://evil.example/"), 422, "“return” must be an address of a site in RESCIND_HOST"),
    ):
        for page in (await Buyer(app).come(url), await Buyer(app).send(url.removeprefix(ORIGIN), [])):
            assert (page.status, "This link leads nowhere" in page.text) == (status, True), page.text
            assert told in page.text
            assert 'href="/find-order"' in page.raw
            assert "evil.example" not in page.raw.replace("%3A%2F%2Fevil.example", "")
            assert f'href="{back if "mine" in url else SITE}"' in page.raw
    assert "此链接无法打开" in (await Buyer(app).come(own(secret, order=bobs), "zh")).text


async def test_who_came_for_one_order_reads_so_with_the_way_to_the_others(app, desk, market):
    order = await market.order(Stage.PREPARING)
    ann = Buyer(app)
    await ann.come(await short(desk, order=order))
    page = await ann.see(f"/orders/{order}")
    assert "You came for this one order." in page.text
    assert f'href="{SITE}"' in page.raw
    refused = await ann.see("/notices")
    assert (refused.status, "You came for one order" in refused.text) == (403, True)
    assert "role" not in refused.text
    await ann.come(await short(desk))
    for path in ("/orders", f"/orders/{order}"):
        assert "You came for this one order." not in (await ann.see(path)).text


async def test_who_is_in_for_everything_stays_so_after_a_link_to_one_order(app, desk, market):
    one, other = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    bobs = await market.order(Stage.PREPARING, buyer="bob")
    ann = Buyer(app)
    await ann.come(await short(desk))
    url = await short(desk, order=one, to="cancel")
    assert (await ann.come(url)).to == f"/orders/{one}/cancel"
    assert (await ann.see(f"/orders/{other}")).status == 200
    assert (await Buyer(app).come(url)).status == 410, "it was used"
    await ann.come(await short(desk, buyer="bob", order=bobs))
    assert (await ann.see(f"/orders/{other}")).status == 404, "somebody else's is a session of its own"


async def test_the_language_is_switched_before_going_on_and_the_link_is_not_lost(app, desk, market, secret):
    for url in (await short(desk, language="en"), own(secret, language="en")):
        ann = Buyer(app)
        asked = await ann.follow(url)
        (switch,) = re.findall(r'href="([^"]+)" hreflang="zh"', asked.raw)
        there = await ann.follow(switch.replace("&amp;", "&"))
        assert "以 Ann Lee 的身份继续" in there.text
        (form,) = [one for one in there.forms if one["action"].startswith("/enter")]
        assert (await ann.send(form["action"], [])).to == "/orders"
        assert "订单" in (await ann.see("/orders")).text


async def test_a_link_is_used_once_and_says_so_afterwards_in_both_languages(app, desk, market, secret):
    for url in (await short(desk), own(secret)):
        assert (await Buyer(app).come(url)).status == 303
        again = await Buyer(app).come(url)
        assert (again.status, "This link was used before" in again.text) == (410, True)
        assert "Back to The Market" in again.text
        assert 'href="/find-order"' in again.raw
        assert "链接已被使用" in (await Buyer(app).come(url, "zh")).text


async def test_of_many_who_follow_one_link_at_once_one_gets_in(app, desk, market, secret):
    for url in (await short(desk), own(secret)):
        came = await asyncio.gather(*(Buyer(app).come(url) for _ in range(6)))
        assert sorted(page.status for page in came) == [303, 410, 410, 410, 410, 410]


async def test_a_link_that_is_over_or_was_altered_says_which_and_what_to_do(app, desk, market, secret):
    url = await short(desk)
    await desk.pool.execute("UPDATE credentials SET expires_at = clock_timestamp() - interval '1 second'")
    said = {"en": ("This link is too old", "This link is not complete"), "zh": ("链接已过期", "链接不完整或已被改动")}
    for language, (old, changed) in said.items():
        for link, status, title in (
            (url, 410, old),
            (own(secret, minutes=-1), 410, old),
            (url[:-1] + ("A" if url[-1] != "A" else "B"), 403, changed),
            (own(secret).replace("buyer=ann", "buyer=bob"), 403, changed),
            (own(secret) + "&order=x", 403, changed),
            (own("rsh_of_nobody"), 403, changed),
            (f"{ORIGIN}/enter", 403, changed),
            (f"{ORIGIN}/enter/x", 403, changed),
        ):
            page = await Buyer(app).come(link, language)
            assert (page.status, title in page.text) == (status, True), (link, page.text)
            assert 'href="/find-order"' in page.raw
            assert page.to == ""


async def test_two_secrets_count_at_a_time_and_one_that_was_ended_signs_nobody_in(app, desk, market, secret):
    second = (await desk.links.secrets.make(COMMAND_LINE, "l" * 20)).text
    for one in (secret, second):
        assert (await Buyer(app).come(own(one))).status == 303
    first = next(one for one in await desk.links.secrets.all() if one.ended_at is None and one.used_at)
    await desk.links.secrets.end(COMMAND_LINE, first.id)
    came = [await Buyer(app).come(own(one)) for one in (secret, second)]
    assert sorted(page.status for page in came) == [303, 403]


ELSEWHERE = {
    "a mail program": {},
    "another site": {**FROM_SITE, "referer": "https://evil.example/"},
    "a site that looks alike": {**FROM_SITE, "referer": f"{SITE}.evil.example/"},
    "a browser that fetches ahead": {**FROM_SITE, "sec-purpose": "prefetch"},
    "a frame": {**FROM_SITE, "sec-fetch-dest": "iframe"},
    "a picture": {**FROM_SITE, "sec-fetch-mode": "no-cors"},
}


async def test_whoever_does_not_come_from_the_marketplaces_page_is_asked_and_uses_nothing_up(app, desk, market, secret):
    for url in (await short(desk), own(secret)):
        ann = Buyer(app)
        for name, headers in ELSEWHERE.items():
            asked = await ann.follow(url, **headers)
            assert (asked.status, "Go on as Ann Lee?" in asked.text) == (200, True), name
        action = re.search(r'<form action="([^"]+)" method="post">', asked.raw)[1].replace("&amp;", "&")
        elsewhere = await ann.client.post(action, headers={"origin": "https://evil.example"})
        assert elsewhere.status_code == 403, "a form of another site signs nobody in"
        assert (await ann.send(action, [])).to == "/orders"


async def test_nobody_who_works_here_is_signed_out_by_a_link_before_they_agreed(app, desk, market):
    sam = await Buyer(app).sign_in(desk, "support", "sam")
    asked = await sam.come(await short(desk))
    assert "You are signed in as Sam. That ends when you go on." in asked.text
    assert (await sam.see("/support")).status == 200


async def test_a_link_leads_back_to_named_sites_alone_and_only_as_long_as_they_are_named(app, desk, market, secret):
    page = await Buyer(app).come(own(secret, back_to="https://evil.example/"))
    assert page.status == 422
    ann = Buyer(app)
    await ann.come(own(secret, back_to=f"{SITE}/mine"))
    assert "Back to The Market" in (await ann.see("/orders")).text
    desk.links.sites = {}
    assert "Back to" not in (await ann.see("/orders")).text


async def test_a_link_of_the_desk_for_staff_is_none_for_buyers_and_the_other_way_round(app, desk, market):
    staff = (await desk.access.issue_link("support", "sam")).rpartition("/")[2]
    assert (await Buyer(app).come(f"{ORIGIN}/enter/{staff}")).status == 403
    order = await market.order(Stage.PREPARING, shop=LANTERN)
    fragment = re.search(r"token=(\w+)", await short(desk, order=order, to="fragment"))[1]
    for path in (f"/enter/{fragment}", f"/sign-in/{fragment}"):
        assert (await Buyer(app).send(path, [])).status in {401, 403}, "what only shows signs nobody in"
