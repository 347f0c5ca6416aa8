"""The page on which somebody has a browser told, for every role and in both languages, and the worker's script."""

import re

import pytest

from postgres.market import KILN
from push.service import Service
from rescind.app import make_app
from rescind.postgres.notice_people import Owner
from web.consoles import Person

HOME = "/push"
ROLES = {"buyer": {"buyer_id": "ann"}, "seller": {"shop_id": KILN}, "support": {}, "operator": {}}


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def service():
    async with Service() as running:
        yield running


@pytest.mark.parametrize("role", ROLES)
async def test_whoever_wants_a_browser_told_switches_it_on_and_off(app, desk, service, role):
    who = await Person(app, "zh" if role == "seller" else "en").sign_in(desk, role, "ann", **ROLES[role])
    page = await who.see(HOME)
    assert page.status == 200, page.text
    key = re.search(r'data-key="([\w-]{87})"', page.raw)[1]
    assert key == await desk.pushing.public_key()
    browser = service.browser(key)
    agent = {"user-agent": "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36"}
    who.client.headers.update(agent)
    done = await who.press(page, HOME, **browser.fields)
    assert done.to == "/push?said=on"
    page = await who.see(done.to)
    assert "Chrome · Android" in page.text
    assert browser.name not in page.raw, "where a browser is told is nobody's to read"
    last = "可用的通知地址"
    assert (last in page.text) is (role == "seller")
    (action,) = [form["action"] for form in page.forms if form["action"].endswith("/remove")]
    off = await who.press(page, action)
    assert off.to == "/push?said=off"
    assert "Chrome · Android" not in (await who.see(off.to)).text


async def test_what_is_no_subscription_and_whose_form_is_not_ours_are_refused(app, desk, service):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    browser = service.browser(await desk.pushing.public_key())
    page = await ann.see(HOME)
    wrong = await ann.press(page, HOME, **{**browser.fields, "endpoint": "https://10.0.0.1/push"})
    assert (wrong.status, "This browser is not told" in wrong.text) == (422, True)
    assert (await ann.press(page, HOME, **{**browser.fields, "_csrf_token": "x"})).status == 403
    assert "No browser is told" in (await ann.see(HOME)).text
    nobody = Person(app)
    assert (await nobody.see(HOME)).status == 401


async def test_nobody_switches_off_another_ones_browser(app, desk, service):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    bob = await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")
    page = await ann.see(HOME)
    browser = service.browser(await desk.pushing.public_key())
    page = await ann.see((await ann.press(page, HOME, **browser.fields)).to)
    (action,) = [form["action"] for form in page.forms if form["action"].endswith("/remove")]
    fields = (await bob.see(HOME)).form(HOME)["fields"]
    foreign, missing, odd = [
        await bob.send(path, fields) for path in (action, f"{HOME}/psh_{'0' * 22}/remove", f"{HOME}/x/remove")
    ]
    assert foreign.status == missing.status == odd.status == 404
    assert foreign.text == missing.text
    assert "Switch off" in (await ann.see(HOME)).text


async def test_under_another_secret_of_the_installation_the_page_says_so_and_nothing_breaks(app, desk):
    await desk.pool.execute("INSERT INTO installation (key, value) VALUES ('push_key', $1)", "00" * 60)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(HOME)
    assert (page.status, "Browsers cannot be told at the moment" in page.text) == (200, True)


async def test_the_workers_script_is_at_the_root_asked_for_anew_and_guarded(app):
    answer = await Person(app).client.get("/service-worker.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_what_browsers_show_is_chosen_but_for_what_nobody_switches_off(app, desk, service):
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    assert not (await sam.see(HOME)).has_form(f"{HOME}/choices"), "nothing to choose before a browser is told"
    browser = service.browser(await desk.pushing.public_key())
    await sam.press(await sam.see(HOME), HOME, **browser.fields)
    page = await sam.see(HOME)
    done = await sam.press(page, f"{HOME}/choices", on_orders=[], on_cases="1")
    assert done.to == "/push?said=chosen"
    chosen = (await desk.inbox.people.preferences(Owner(role="seller", shop=KILN, person="sam"))).choices["push"]
    assert (chosen["orders"], chosen["cases"]) == ("off", "at_once")
    assert "requests" not in chosen, "that a shop is asked is told in any case"
    kept = await sam.see("/seller/notices/preferences")
    assert browser.name not in kept.raw
    assert "psh_" not in kept.raw, "browsers are no mail addresses"
