"""Browsers are told: encrypted for each, by who they subscribed to, and forgotten when they want nothing more."""

import json
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from postgres.market import KILN
from push.service import Browser, Service, plain64, text64
from rescind.access.principal import Principal
from rescind.core.errors import InvalidField, NotFound, Unavailable
from rescind.notices import vapid
from rescind.notices.push import Shown
from rescind.notices.push_message import MOST_BYTES, Keys, encrypted
from rescind.postgres.push import PushTable
from rescind.pushing import MOST, Pushing
from rescind.webhooks.egress import Egress
from rescind.webhooks.posting import Poster

ANN = Principal(id="ann", role="buyer", name="Ann", buyer_id="ann", credential="session:x")
SAM = Principal(id="sam", role="seller", name="Sam", shop_id=KILN, credential="session:x")
SAID = Shown(title="订单 100234", body="It is your move.", url="/orders/1", tag="n1", lang="zh-Hans")


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
async def service():
    async with Service() as running:
        yield running
    assert running.refused == []


@pytest.fixture
async def poster(desk):
    async with Poster(desk.settings.egress, timeout_s=2) as opened:
        yield opened


async def subscribed(desk, service, person=ANN, browser=None):
    browser = browser or service.browser(await desk.pushing.public_key())
    await desk.pushing.subscribe(person, **browser.fields, browser="Firefox · Linux", language="zh")
    return browser, next(one for one in reversed(await desk.pushing.of(person)))


def test_a_message_is_encrypted_as_the_standards_own_example():
    """RFC 8291, section 5 and appendix A."""
    keys = Keys(
        plain64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        plain64("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    number = int.from_bytes(plain64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        keys,
        private=ec.derive_private_key(number, ec.SECP256R1()),
        salt=plain64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert text64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru"
        "3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


async def test_a_browser_reads_what_it_is_told_and_nobody_between_does(desk, market, service, poster):
    browser, row = await subscribed(desk, service)
    assert (row.browser, row.last_at) == ("Firefox · Linux", None)
    pushed = await desk.pushing.send(poster, row.id, SAID, True)
    assert (pushed.fault, pushed.gone) == ("", False)
    assert browser.shown == [
        {"title": "订单 100234", "body": "It is your move.", "url": "/orders/1", "tag": "n1", "lang": "zh-Hans"}
    ]
    assert browser.headers[0]["Urgency"] == "high"
    (row,) = await desk.pushing.of(ANN)
    assert (row.last_at, row.last_fault) == (desk.clock.read(), "")
    another = Browser(service, browser.server_key)
    with pytest.raises(InvalidTag):
        another.read(encrypted(b"{}", Keys(browser.point, browser.auth)))


async def test_the_longest_message_is_cut_to_one_record(desk, market, service, poster):
    browser, row = await subscribed(desk, service)
    long = Shown(title="长" * 900, body="长" * 9000, url="/orders/1", tag="n")
    assert (await desk.pushing.send(poster, row.id, long, False)).fault == ""
    assert browser.shown[0]["body"].endswith("…")
    assert len(json.dumps(browser.shown[0], ensure_ascii=False).encode()) <= MOST_BYTES + 20


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_wants_nothing_more_is_forgotten(desk, market, service, poster, status):
    browser, row = await subscribed(desk, service)
    browser.answers = [status]
    assert (await desk.pushing.send(poster, row.id, SAID, False)).gone
    assert await desk.pushing.of(ANN) == ()
    assert (await desk.pushing.send(poster, row.id, SAID, False)).gone, "and asked no more"
    assert browser.shown == []


@pytest.mark.parametrize(
    ("status", "again", "wait"), [(429, True, 120), (500, True, 0), (503, True, 0), (413, False, 0)]
)
async def test_a_service_that_is_busy_is_asked_later_and_one_that_says_no_is_not(
    desk, market, service, poster, status, again, wait
):
    browser, row = await subscribed(desk, service)
    browser.answers = [status]
    pushed = await desk.pushing.send(poster, row.id, SAID, False)
    assert (pushed.fault, pushed.gone, pushed.again, pushed.wait_s) == ("status", False, again, wait)
    (row,) = await desk.pushing.of(ANN)
    assert row.last_fault == "status"
    assert (await desk.pushing.send(poster, row.id, SAID, False)).fault == ""


async def test_another_key_than_the_browser_subscribed_with_is_refused(desk, market, service, poster):
    browser = service.browser(vapid.public_of(vapid.new_key()))
    _, row = await subscribed(desk, service, browser=browser)
    assert (await desk.pushing.send(poster, row.id, SAID, False)).again is False
    assert service.refused == ["a token of the site that the browser subscribed to"]
    service.refused.clear()


async def test_a_browser_is_one_row_and_belongs_to_who_subscribed_last(desk, market, service, poster):
    browser, _ = await subscribed(desk, service)
    await subscribed(desk, service, browser=browser)
    assert len(await desk.pushing.of(ANN)) == 1
    await subscribed(desk, service, SAM, browser=browser)
    assert await desk.pushing.of(ANN) == ()
    assert len(await desk.pushing.of(SAM)) == 1


async def test_of_many_browsers_the_newest_are_kept(desk, market, service):
    await subscribed(desk, service)
    for _ in range(MOST):
        desk.clock.advance(timedelta(seconds=1))
        await subscribed(desk, service)
    kept = await desk.pushing.of(ANN)
    assert len(kept) == MOST
    assert kept[0].created_at > desk.clock.read() - timedelta(seconds=1) * MOST


async def test_a_foreign_browser_is_like_a_missing_one(desk, market, service):
    _, row = await subscribed(desk, service)
    for identifier in (row.id, "psh_" + "0" * 22):
        with pytest.raises(NotFound):
            await desk.pushing.remove(SAM, identifier)
    await desk.pushing.remove(ANN, row.id)
    assert await desk.pushing.of(ANN) == ()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("endpoint", "http://10.0.0.1/push"),
        ("endpoint", "https://169.254.169.254/latest"),
        ("endpoint", "https://push.internal:22/x"),
        ("endpoint", ""),
        ("point", ""),
        ("point", text64(b"\x04" + b"\x01" * 64)),
        ("point", text64(b"\x02" + b"\x01" * 32)),
        ("point", "a" * 5000),
        ("point", "é" * 87),
        ("auth", text64(b"\x00" * 15)),
        ("auth", "$"),
    ],
)
async def test_what_is_no_subscription_is_refused_and_nothing_is_kept(desk, market, service, member, value):
    browser = service.browser(await desk.pushing.public_key())
    with pytest.raises(InvalidField):
        await desk.pushing.subscribe(ANN, **{**browser.fields, member: value}, browser="", language="en")
    assert await desk.pushing.of(ANN) == ()


async def test_what_is_kept_is_sealed_and_opens_under_no_other_key(desk, market, service, poster):
    browser, row = await subscribed(desk, service)
    kept = str(dict(await desk.pool.fetchrow("SELECT * FROM push_subscriptions")))
    assert browser.name not in kept
    assert repr(browser.auth)[2:-1] not in kept
    elsewhere = Pushing(
        PushTable(desk.pool, desk.clock), desk.inbox.people, b"y" * 32, Egress(loopback=True), "mailto:a@b.test"
    )
    with pytest.raises(Unavailable):
        await elsewhere.public_key()
    pushed = await elsewhere.send(poster, row.id, SAID, False)
    assert (pushed.fault, pushed.again) == ("sealed_elsewhere", True)
    assert await desk.pushing.public_key() == browser.server_key, "two who ask have one key"
    assert await elsewhere.table.reset() == 1
    assert await elsewhere.public_key() != browser.server_key
