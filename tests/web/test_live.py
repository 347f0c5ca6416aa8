"""Pages that keep themselves up to date, in a real browser under the real content policy."""

import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from rescind.web.rendering import STATIC, Frame, Reading, _reading, environment

sync_api = pytest.importorskip("playwright.sync_api")
# Without windows of its own it starts and draws in two thirds of the time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
if CHROMIUM is None and os.environ.get("CI") != "true":
    pytest.skip("no chromium on this machine: live pages are not tried", allow_module_level=True)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types rescind"
)
LAN = "shop.lan"
"""A name that browsers trust less than their own machine: plain HTTP there is no secure context."""
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
TEMPLATE = """{% extends "layout.html" %}{% block title %}Live{% endblock %}{% block main %}<h1>Live</h1>
{% call ui.card("Mine", id="mine", live="ord_1", say="Step " ~ step) %}<p id="step">{{ step }}</p>
<details id="more"><summary>More</summary>…</details><label for="typed">Words</label><input id="typed">
{{ ui.deadline(due, "seller_answer", reader="buyer") }}{% endcall %}
{% call ui.card("Other", id="other", live="ord_2") %}<p id="other-step">{{ step }}</p>{% endcall %}
{% call ui.card("Bell", id="bell", live="*", src="/bell") %}<p id="bell-step">{{ step }}</p>{% endcall %}
<button hx-on:click="document.title = 'ran'" id="inline">x</button>{% endblock %}"""


class Desk(ThreadingHTTPServer):
    """A server of one live page and one stream, that remembers who asked for what."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.step = 0
        self.page_reads = 0
        self.refuses: list[int] = []
        """Statuses that the page is answered with next, instead of itself."""
        self.streams: list[queue.Queue[str | None]] = []
        self.stream_addresses: list[str] = []
        self.resumed_after: list[str | None] = []
        self.said: list[tuple[str, str]] = []
        self.page = environment("en").from_string(TEMPLATE)

    def happen(self, order: str, cursor: str, kind: str = "FactReported") -> None:
        self.step += 1
        self.said.append((cursor, message := f"id: {cursor}\ndata: {json.dumps({'order': order, 'type': kind})}\n\n"))
        for stream in self.streams:
            stream.put(message)

    def render(self) -> bytes:
        frame = Frame(role="buyer", events="/events", cursor="c0", here="/page")
        now = datetime.now(UTC)
        token = _reading.set(Reading(now, "UTC", frame))
        try:
            return self.page.render(frame=frame, step=self.step, due=now + timedelta(hours=3, seconds=50)).encode()
        finally:
            _reading.reset(token)


class Answer(BaseHTTPRequestHandler):
    server: Desk
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Quiet."""

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/events":
            self.stream()
        elif path.startswith("/static/"):
            self.send((STATIC / path.removeprefix("/static/")).read_bytes(), KINDS[path.rsplit(".", 1)[1]])
        elif path == "/bell":
            self.send(self.server.render(), "text/html; charset=utf-8")
        else:
            self.server.page_reads += 1
            if self.server.refuses:
                self.send_response(self.server.refuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send(self.server.render(), "text/html; charset=utf-8")

    def send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": len(body),
            "Content-Security-Policy": POLICY,
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        mine: queue.Queue[str | None] = queue.Queue()
        mine.put("retry: 500\n\n")
        after = self.headers.get("Last-Event-ID")
        self.server.resumed_after.append(after)
        for cursor, message in self.server.said:
            # What the browser says it has had is not told again.
            if after and cursor > after:
                mine.put(message)
        self.server.streams.append(mine)
        self.server.stream_addresses.append(self.path)
        try:
            while True:
                try:
                    message = mine.get(timeout=0.1)
                except queue.Empty:
                    message = ": still here\n\n"
                if message is None:
                    return
                self.wfile.write(message.encode())
                self.wfile.flush()
        except OSError:
            return
        finally:
            self.server.streams.remove(mine)


@pytest.fixture
def desk() -> Iterator[Desk]:
    server = Desk()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    with sync_api.sync_playwright() as play:
        names = f"--host-resolver-rules=MAP {LAN} 127.0.0.1"
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=[*flags.split(), names, "--no-first-run"])
        yield chromium
        chromium.close()


@contextmanager
def tabs(browser, desk: Desk, count: int, *, host: str = "127.0.0.1", streams: int = 1, refused: int = 0):
    """Tabs of one browser on the live page; any complaint of the console fails the test.

    refused: the one status that the page is answered with meanwhile, which the console tells, too.
    """
    complaints: list[str] = []
    context = browser.new_context()
    pages = []
    for _ in range(count):
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://{host}:{desk.server_port}/page")
        pages.append(page)
    wait_until(lambda: len(desk.streams) == streams)
    yield pages
    context.close()
    assert [one for one in complaints if not refused or f"a status of {refused} " not in one] == []


def wait_until(holds) -> None:
    pause = threading.Event()
    for _ in range(200):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("waited ten seconds")


def test_an_event_changes_its_card_and_nothing_else(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        page.fill("#typed", "half a sentence")
        page.focus("#typed")
        page.click("#more summary")
        page.focus("#typed")
        desk.happen("ord_1", "c1")
        sync_api.expect(page.locator("#step")).to_have_text("1")
        assert page.text_content("#other-step") == "0"
        assert page.input_value("#typed") == "half a sentence"
        assert page.evaluate("document.activeElement.id") == "typed"
        assert page.evaluate("document.querySelector('#more').open") is True
        sync_api.expect(page.locator("[data-live-status]")).to_have_text("Step 1")
        sync_api.expect(page.locator("[data-live-note]")).to_have_text("Updated just now")


def test_tabs_share_one_stream_and_another_takes_over(browser, desk):
    with tabs(browser, desk, 3) as pages:
        assert desk.stream_addresses == ["/events?after=c0"]
        desk.happen("ord_1", "c1")
        for page in pages:
            sync_api.expect(page.locator("#step")).to_have_text("1")
        pages[0].close()
        wait_until(lambda: len(desk.stream_addresses) == 2 and len(desk.streams) == 1)
        assert desk.stream_addresses[1] == "/events?after=c1"
        desk.happen("ord_1", "c2")
        for page in pages[1:]:
            sync_api.expect(page.locator("#step")).to_have_text("2")


def test_many_events_in_a_moment_are_one_reading(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        before = desk.page_reads
        for number in range(10):
            desk.happen("ord_1", f"c{number + 1}")
        sync_api.expect(page.locator("#step")).to_have_text("10")
        assert desk.page_reads - before <= 2


def test_a_lost_stream_is_said_and_mended(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        page.route("**/events*", lambda route: route.fulfill(status=204))
        desk.streams[0].put(None)
        sync_api.expect(page.locator("[data-live-note]")).to_have_text("Connection lost", timeout=10_000)
        sync_api.expect(page.locator("[data-live-refresh]")).to_be_visible()
        desk.step = 7
        page.unroute("**/events*")
        sync_api.expect(page.locator("#step")).to_have_text("7", timeout=15_000)
        sync_api.expect(page.locator("[data-live-refresh]")).to_be_hidden()


def test_a_page_that_could_not_be_read_is_said_whatever_else_could_and_read_again_until_it_can(browser, desk):
    with tabs(browser, desk, 1, refused=502) as [page]:
        page.clock.install()
        note, again = page.locator("[data-live-note]"), page.locator("[data-live-refresh]")
        desk.refuses = [502, 502, 502]
        with page.expect_response("**/bell"):
            desk.happen("ord_1", "c1")
            page.wait_for_timeout(100)
            page.clock.fast_forward(100)
        sync_api.expect(page.locator("#bell-step")).to_have_text("1")
        sync_api.expect(note).to_have_text("Connection lost")
        sync_api.expect(again).to_be_visible()
        assert len(desk.streams) == 1, "the stream is up all the while"
        pauses = 0
        while note.text_content() != "Updated just now":
            pauses += 1
            assert pauses < 60, "a minute is the most that is waited"
            page.clock.fast_forward(1000)
            page.wait_for_timeout(50)
        assert pauses >= 3, "each pause is longer than the one before"
        assert desk.refuses == []
        sync_api.expect(page.locator("#step")).to_have_text("1")
        sync_api.expect(again).to_be_hidden()


def test_who_may_not_read_the_page_any_more_is_told_to_sign_in(browser, desk):
    with tabs(browser, desk, 1, refused=403) as [page]:
        desk.refuses = [403] * 9
        desk.happen("ord_1", "c1")
        sync_api.expect(page.locator("#bell-step")).to_have_text("1")
        sync_api.expect(page.locator("[data-live-note]")).to_have_text("Sign in again to see what is new.")
        # What is about another order was read well; the page of this one was not.
        page.wait_for_timeout(200)
        sync_api.expect(page.locator("[data-live-note]")).to_have_text("Sign in again to see what is new.")
        sync_api.expect(page.locator("[data-live-refresh]")).to_be_visible()


def test_whose_session_has_ended_sees_nothing_more_in_any_tab(browser, desk):
    with tabs(browser, desk, 2, refused=401) as pages:
        pages[0].evaluate("document.querySelector('main').append(document.createElement('textarea'))")
        pages[0].fill("textarea", "What I was about to say")
        desk.refuses = [401] * 9
        for stream in desk.streams:
            stream.put("event: ended\ndata: {}\n\n")
        sync_api.expect(pages[0].locator("[data-live-note]")).to_have_text("Sign in again to see what is new.")
        sync_api.expect(pages[1].locator("#step")).to_have_count(0)
        assert pages[0].locator("#step").count() == 0
        assert pages[0].input_value("textarea") == "What I was about to say", "to be copied"
        assert len(desk.stream_addresses) == 1, "and asks for nothing more"


def test_a_page_that_is_answered_with_the_sign_in_leaves(browser, desk):
    with tabs(browser, desk, 1, refused=401) as [page]:
        desk.refuses = [401] * 9
        desk.happen("ord_1", "c1")
        sync_api.expect(page.locator("#step")).to_have_count(0)


def test_by_plain_http_in_ones_own_network_each_tab_has_a_stream_of_its_own(browser, desk):
    with tabs(browser, desk, 2, host=LAN, streams=2) as pages:
        assert not pages[0].evaluate("window.isSecureContext")
        before = desk.page_reads
        desk.happen("ord_1", "c1")
        for page in pages:
            sync_api.expect(page.locator("#step")).to_have_text("1")
        assert desk.page_reads == before + 2, "each reads once, and tells the other nothing"


def test_what_happened_while_the_stream_was_away_is_told_by_the_place_it_left_off(browser, desk):
    with tabs(browser, desk, 2) as pages:
        desk.happen("ord_1", "c1")
        for page in pages:
            sync_api.expect(page.locator("#step")).to_have_text("1")
        before = desk.page_reads
        desk.streams[0].put(None)
        wait_until(lambda: not desk.streams)
        desk.happen("ord_1", "c2")
        for page in pages:
            sync_api.expect(page.locator("#step")).to_have_text("2", timeout=10_000)
        assert desk.resumed_after == [None, "c1"]
        assert len(desk.stream_addresses) == 2, "one tab asked again, for both"
        assert desk.page_reads == before + 2, "and each read its page for what it had missed"


def test_while_the_stream_is_down_pages_are_read_again_from_time_to_time_and_say_so(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        page.clock.install()
        page.reload()
        wait_until(lambda: len(desk.stream_addresses) == 2 and len(desk.streams) == 1)
        page.route("**/events*", lambda route: route.fulfill(status=204))
        desk.streams[0].put(None)
        wait_until(lambda: not desk.streams)
        note = page.locator("[data-live-note]")
        page.wait_for_timeout(200)
        for _ in range(50):
            page.clock.fast_forward(1000)
            if note.is_visible():
                break
        sync_api.expect(note).to_have_text("Connection lost")
        desk.step = 7
        page.clock.fast_forward(20_000)
        sync_api.expect(page.locator("#step")).to_have_text("7")
        sync_api.expect(note).to_have_text("Live updates are interrupted. This page is read again every 20 seconds.")
        sync_api.expect(page.locator("[data-live-refresh]")).to_be_visible()
        desk.step = 8
        page.clock.fast_forward(20_000)
        sync_api.expect(page.locator("#step")).to_have_text("8")
        page.unroute("**/events*")
        for _ in range(30):
            page.clock.fast_forward(1000)
            if desk.streams:
                break
            page.wait_for_timeout(50)
        wait_until(lambda: len(desk.streams) == 1)
        sync_api.expect(page.locator("[data-live-refresh]")).to_be_hidden()
        before = desk.page_reads
        page.clock.fast_forward(60_000)
        page.wait_for_timeout(200)
        assert desk.page_reads == before, "nobody reads again what is told"


def test_that_something_was_seen_is_shown_and_not_read_out(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        desk.happen("ord_1", "c1", "MessagesSeen")
        sync_api.expect(page.locator("#step")).to_have_text("1")
        assert page.text_content("[data-live-status]") == ""
        assert page.locator("[data-live-note]").is_hidden()
        desk.happen("ord_1", "c2", "MessagesSeen")
        desk.happen("ord_1", "c3")
        sync_api.expect(page.locator("[data-live-status]")).to_have_text("Step 3")


def test_expressions_in_attributes_never_run(browser, desk):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{desk.server_port}/page")
    page.click("#inline")
    assert page.title() == "Live · Rescind"
    context.close()


def test_what_is_left_is_counted_by_the_servers_clock(browser, desk):
    with tabs(browser, desk, 1) as [page]:
        left = page.locator("#mine [data-left]")
        sync_api.expect(left).to_have_text("3 h left")
        page.clock.install()
        page.goto(page.url)
        page.clock.fast_forward("01:00:00")
        sync_api.expect(left).to_have_text("2 h left")
        sync_api.expect(page.locator("#mine .deadline")).to_have_class("deadline wait")
        page.clock.fast_forward("01:30:00")
        sync_api.expect(left).to_have_text("30 min left")
        sync_api.expect(page.locator("#mine .deadline")).to_have_class("deadline urgent")
        page.clock.fast_forward("01:00:00")
        sync_api.expect(left).to_have_text("Time is up, the result is on its way")
