"""A browser on the real program. What a page says on the console, asks of others or fails to load is a failure."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

import pytest

from web.browser.places import Place, set_scene
from web.browser.program import Marketplace, Program

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
# Without windows of its own it starts and draws in two thirds of the time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
LOCALES = {"en": "en-GB", "zh": "zh-CN"}


def in_turn(lang: str) -> list[str]:
    """The language a journey is made in; both in the long form. Every page is read in both elsewhere."""
    return list(LOCALES) if os.environ.get("PROOF") == "full" else [lang]


# Given to every page before its own scripts.
LOOK = Path(__file__).with_name("look.js").read_text()


@dataclass
class Watch:
    """What pages complained about, and what they were expected to."""

    address: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def listen(self, context) -> None:
        context.on("console", lambda message: self._said(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("request", self._asked)

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")

    def _failed(self, request) -> None:
        # A page that is left ends what it was still reading; the event stream is read until then.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.method} {request.url} {request.failure}")

    def _asked(self, request) -> None:
        if not request.url.startswith(self.address + "/"):
            self.complaints.append(f"another origin: {request.url}")

    def go(self, page, place: Place) -> None:
        """Bring a page to a place."""
        if place.status != 200:
            with self.refusal(place.status):
                page.goto(place.path)
                place.then(page)
        else:
            assert page.goto(place.path).status == 200, f"{place.name} cannot be read"
            place.then(page)

    @contextmanager
    def refusal(self, status: int) -> Iterator[None]:
        """The block makes the server answer with this status, which the console tells once."""
        before = len(self.complaints)
        yield
        told = [text for text in self.complaints[before:] if f"the server responded with a status of {status} " in text]
        assert told, f"nothing was answered with {status}"
        self.complaints[before:] = [text for text in self.complaints[before:] if text not in told]


class Visits:
    """Opens pages as somebody, each in a window that shares nothing with the others."""

    def __init__(self, browser, program: Program, watch: Watch, cookies: dict[str, list]) -> None:
        self._browser = browser
        self._program = program
        self._cookies = cookies
        self._open = []
        self.watch = watch

    def __call__(self, role: str = "", lang: str = "en", path: str = "", **options):
        """A page of its own window. ``role``: one of the demo's people, nobody, or ``buyer:their-id``."""
        options = {"viewport": {"width": 1280, "height": 800}, "locale": LOCALES[lang], **options}
        context = self._browser.new_context(base_url=self._program.address, **options)
        context.set_default_timeout(10_000)
        context.add_init_script(LOOK)
        self.watch.listen(context)
        self._open.append(context)
        page = context.new_page()
        if role and role not in self._cookies:
            page.goto(self._link(role))
            page.locator("main form button").click()
            page.wait_for_url(lambda url: "/sign-in/" not in url)
            self._cookies[role] = context.cookies()
        elif role:
            context.add_cookies(self._cookies[role])
        if path:
            answer = page.goto(path)
            assert answer.status == 200, f"{path} answered {answer.status}"
        return page

    def _link(self, role: str) -> str:
        kind, _, person = role.partition(":")
        return (
            self._program.issue("link", kind, person, name=person, buyer_id=person)
            if person
            else self._program.links[kind]
        )

    def cookies_of(self, role: str) -> list:
        """What the browser of somebody who has signed in sends along."""
        return self._cookies.get(role, [])

    def close(self) -> None:
        for context in self._open:
            context.close()
        self._open.clear()


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """Started once for all tests that a worker runs, on a data folder of its own."""
    need_chromium()
    running = Program(tmp_path_factory.mktemp("b")).start()
    yield running
    status = running.stop()
    said = running.said()
    assert "Traceback" not in said, said
    assert status in {0, -SIGTERM}, said[-3000:]


@pytest.fixture(scope="session")
def marketplace(program):
    return Marketplace(program)


@pytest.fixture(scope="session")
def scene(marketplace):
    """Orders in every stage and state; tests read them and leave them as they are."""
    return set_scene(marketplace)


@pytest.fixture(scope="session")
def cookies():
    """Sessions by role, so that each person signs in once."""
    return {}


# A module, not the session: while it runs, no other test of this worker could have an event loop of its own.
@pytest.fixture(scope="module")
def browser(program):
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  left out with Chromium

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, program, cookies):
    """``visit("seller", "zh", "/seller")`` opens a page; every complaint of any page fails the test at its end."""
    watch = Watch(program.address)
    visits = Visits(browser, program, watch, cookies)
    yield visits
    visits.close()
    assert watch.complaints == []


def need_chromium() -> None:
    if CHROMIUM is None:
        reason = "Chromium is not here (Debian: chromium); no page was opened in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
