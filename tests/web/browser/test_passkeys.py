"""Passkeys in a real browser, with an authenticator that Chromium plays: joining, signing in, adding, and refusing."""

import re
from contextlib import contextmanager

import pytest

from web.browser.conftest import CHROMIUM, LOCALES, Watch, in_turn, need_chromium
from web.browser.program import Program


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A program that people reach as ``localhost``: browsers make no passkeys for a bare address."""
    need_chromium()
    running = Program(tmp_path_factory.mktemp("k"), host="localhost").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium(named):
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  left out with Chromium

    from web.browser.conftest import FLAGS  # noqa: PLC0415

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield opened
        opened.close()


class Device:
    """A window with an authenticator of its own."""

    def __init__(self, chromium, program, lang="en"):
        self.watch = Watch(program.address)
        self.context = chromium.new_context(base_url=program.address, locale=LOCALES[lang])
        self.context.set_default_timeout(10_000)
        self.watch.listen(self.context)
        self.page = self.context.new_page()
        self.wire = self.context.new_cdp_session(self.page)
        self.wire.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.authenticator = self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, *, person):
        """Whether the finger is the right one."""
        self.wire.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": person})

    def passkeys(self):
        return self.wire.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})["credentials"]

    def press_passkey(self):
        self.page.locator("[data-passkey-go]").click()


@contextmanager
def device(chromium, program, lang="en"):
    opened = Device(chromium, program, lang)
    yield opened
    opened.context.close()
    assert opened.watch.complaints == []


def invite(chromium, program, email, lang="en"):
    """An operator of the demo invites somebody; the link that is shown."""
    context = chromium.new_context(base_url=program.address, locale=LOCALES[lang])
    page = context.new_page()
    page.goto(program.links["operator"])
    page.locator("main form button").click()
    page.wait_for_url("**/operator")
    page.goto("/operator/people")
    page.fill("#name", "Kit Marlow")
    page.fill("#email", email)
    page.select_option("#role", "support")
    page.select_option("#language", lang)
    page.locator("#invite button.primary").click()
    link = page.locator(".made .id").inner_text()
    context.close()
    return link


@pytest.mark.parametrize("lang", in_turn("en"))
def test_somebody_joins_with_a_passkey_and_signs_in_with_it_under_the_policies_that_stand(chromium, named, lang):
    with device(chromium, named, lang) as kit:
        kit.page.goto(invite(chromium, named, f"kit-{lang}@harbour.example", lang))
        kit.press_passkey()
        kit.page.wait_for_url("**/support")
        assert len(kit.passkeys()) == 1
        kit.page.locator("form.who button").click()
        kit.page.wait_for_url(lambda url: url.endswith("/"))
        kit.page.goto("/sign-in")
        kit.press_passkey()
        kit.page.wait_for_url("**/support")
        kit.page.goto("/account")
        assert kit.page.locator("#ways tbody tr").count() == 1
        assert kit.page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[lang]


def test_a_finger_that_is_not_the_right_one_a_removed_passkey_and_a_foreign_one_let_nobody_in(chromium, named):
    with device(chromium, named) as kit, device(chromium, named) as eve:
        kit.page.goto(invite(chromium, named, "lee@harbour.example"))
        kit.press_passkey()
        kit.page.wait_for_url("**/support")

        kit.page.goto("/account")
        kit.press_passkey()
        kit.page.locator("[data-passkey-failed]:not([hidden])").wait_for()
        assert len(kit.passkeys()) == 1, "a device that has one makes no second"

        with kit.watch.refusal(409):
            kit.page.locator("form[action='/account/passkeys/remove'] button").click()
            kit.page.get_by_text("last way in").first.wait_for()

        kit.page.goto("/sign-in?again=1")
        kit.verifies(person=False)
        kit.press_passkey()
        kit.page.locator("[data-passkey-failed]:not([hidden])").wait_for()
        kit.verifies(person=True)

        # A passkey for this site that nobody here knows.
        eve.wire.send(
            "WebAuthn.addCredential",
            {"authenticatorId": eve.authenticator, "credential": kit.passkeys()[0] | {"credentialId": "AAAA"}},
        )
        eve.page.goto("/sign-in")
        with eve.watch.refusal(422):
            eve.press_passkey()
            eve.page.get_by_role("alert").wait_for()
        eve.page.goto("/sign-in")
        assert not re.search("/support", eve.page.url)


def test_an_answer_counts_once_and_for_the_browser_that_was_asked(chromium, named):
    with device(chromium, named) as kit, device(chromium, named) as eve:
        kit.page.goto(invite(chromium, named, "noa@harbour.example"))
        kit.press_passkey()
        kit.page.wait_for_url("**/support")
        sent = []
        kit.page.on(
            "request", lambda request: sent.append(request.post_data) if request.url.endswith("/passkey") else None
        )
        kit.page.goto("/sign-in?again=1")
        kit.press_passkey()
        kit.page.wait_for_url("**/support")
        (form,) = filter(None, sent)
        headers = {"origin": named.address, "content-type": "application/x-www-form-urlencoded"}
        replayed = kit.context.request.post("/sign-in/passkey", data=form, headers=headers, max_redirects=0)
        assert replayed.status == 422, "the same answer once more"
        eve.page.goto("/sign-in")
        stolen = eve.context.request.post("/sign-in/passkey", data=form, headers=headers, max_redirects=0)
        assert stolen.status == 422, "from a browser that was asked nothing"
