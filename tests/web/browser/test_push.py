"""A browser is told: the button, what the browser answers, and a message that leads to where it is done.

Chromium here has no push service to subscribe with. So the real refusal is looked at once, and the rest goes on from a
subscription made by hand; messages come in by the protocol of its developer tools.
"""

import json
import re
import shutil

import pytest

from web.browser.conftest import FLAGS

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

# What a browser with a push service gives: keys that are valid, at an address that nobody calls here.
BY_HAND = """
PushManager.prototype.subscribe = async function (options) {
  const key = await crypto.subtle.generateKey({name: 'ECDH', namedCurve: 'P-256'}, true, ['deriveBits'])
  const point = await crypto.subtle.exportKey('raw', key.publicKey)
  window.asked = {visible: options.userVisibleOnly, key: options.applicationServerKey.length}
  const keys = {p256dh: point, auth: crypto.getRandomValues(new Uint8Array(16)).buffer}
  return {endpoint: `https://push.example.com/${crypto.randomUUID()}`, getKey: name => keys[name]}
}
"""


@pytest.fixture(scope="module")
def browser(program):
    """Chromium with windows, though none is seen: the one without them lets nobody show messages."""
    whole = shutil.which("chromium")
    if whole is None:
        pytest.skip("only a Chromium without windows is here, which lets nobody show messages")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=whole, args=FLAGS.split())
        yield chromium
        chromium.close()


def opened(visit, role, lang="en", *, granted=True, by_hand=True):
    page = visit(role, lang)
    if by_hand:
        page.add_init_script(BY_HAND)
    if granted:
        page.context.grant_permissions(["notifications"])
    page.goto("/push")
    return page


def test_a_browser_is_switched_on_by_its_button_and_off_again(visit):
    page = opened(visit, "buyer:told")
    expect(page.get_by_text("This browser is not told.")).to_be_visible()
    page.get_by_role("button", name="Tell me in this browser").click()
    page.wait_for_url(re.compile("said=on"))
    expect(page.get_by_role("row", name="Chrome · Linux")).to_be_visible()
    page.get_by_role("button", name="Switch off").click()
    page.wait_for_url(re.compile("said=off"))
    expect(page.get_by_text("No browser is told")).to_be_visible()


def test_a_browser_without_a_push_service_says_so(visit):
    page = opened(visit, "buyer:untold", "zh", by_hand=False)
    page.get_by_role("button", name="在本浏览器提醒我").click()
    expect(page.get_by_text("浏览器无法连接其消息推送服务")).to_be_visible()
    expect(page.get_by_text("没有浏览器开启提醒")).to_be_visible()
    visit.watch.complaints[:] = [one for one in visit.watch.complaints if "push" not in one.lower()]


def test_a_message_is_shown_and_leads_within_this_site_only(visit, program):
    page = opened(visit, "buyer:shown")
    page.get_by_role("button", name="Tell me in this browser").click()
    page.wait_for_url(re.compile("said=on"))
    tools = page.context.new_cdp_session(page)
    found = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"]))
    tools.send("ServiceWorker.enable")
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    said = {"title": "Order 7", "body": "It is your move.", "url": "/orders", "tag": "n1", "lang": "en"}
    tools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": program.address, "registrationId": found[0]["registrationId"], "data": json.dumps(said)},
    )
    shown = page.evaluate("""async () => {
      const registration = await navigator.serviceWorker.ready
      for (let tries = 0; tries < 50; tries++) {
        const [one] = await registration.getNotifications()
        if (one) return [one.title, one.body, one.tag, one.data.url]
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }""")
    assert shown == ["Order 7", "It is your move.", "n1", "/orders"]
