"""The pieces every page is made of: they speak both languages, obey the strict content policy, and stay small."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from rescind.core.parts import Tender
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.web import design, rendering
from rescind.web.rendering import STATIC, Frame, Link, address, environment, render, urgency
from rescind.web.tender import method_name, tender_name

WEB = Path(rendering.__file__).parent
NOW = datetime(2026, 11, 23, 12, 48, tzinfo=UTC)
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "path", "polyline", "rect", "line"}


class Page(HTMLParser):
    """What a test asks of a page: its elements in order, their attributes, and whether every tag was closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.misplaced: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.misplaced.append(tag)

    def values(self, *names: str) -> list[str]:
        return [value for _, attrs in self.elements for name, value in attrs.items() if name in names and value]


def frame(role: str = "buyer") -> Frame:
    nav = (Link("/orders", "Orders", current=True), Link("/requests", "Requests", count=7))
    return Frame(
        role=role,
        name="Mina K.",
        nav=nav,
        here="/design?tab=a",
        csrf="tok",
        operator="Harbour",
        demo=True,
        events="/events",
    )


def sample(tag: str, role: str = "buyer") -> str:
    return design.page(locale(tag), frame(role), now=NOW, zone="Europe/London")


@pytest.fixture(params=[(tag, role) for tag in LANGUAGE_NAMES for role in ("buyer", "seller")], ids="-".join)
def page(request) -> Page:
    return Page(sample(*request.param))


def test_every_piece_is_on_the_living_page():
    names = {name for name in vars(environment("en").globals["ui"]) if not name.startswith("_")}
    shown = "".join(
        path.read_text("utf-8") for path in [*WEB.glob("templates/*.html"), *WEB.glob("templates/pieces/*.html")]
    )
    assert {name for name in names if not re.search(rf"ui\.{name}\(", shown)} == set()
    assert len(names) > 40


def test_every_piece_tells_its_parameters_at_the_top_of_its_file():
    for path in WEB.glob("templates/pieces/*.html"):
        text = path.read_text("utf-8")
        head = text[: text.index("#}")]
        for name in re.findall(r"\{% macro ([a-z]\w*)\(", text):
            assert re.search(rf"\b{name}\(", head), f"{path.name} does not describe {name}"


def test_a_name_nobody_gave_is_an_error_not_a_blank(tmp_path):
    with pytest.raises(UndefinedError):
        environment("en").from_string("{{ nobody_gave_this }}").render()


@pytest.mark.parametrize("tag", LANGUAGE_NAMES)
def test_a_page_is_in_the_language_of_its_reader(tag):
    html = sample(tag)
    assert f'<html lang="{locale(tag).html_lang}"' in html
    assert locale(tag).gettext("Request cancellation") in html
    assert ("申请取消" in html) == (tag == "zh")


def test_no_style_and_no_script_stands_in_a_page(page):
    for tag, attrs in page.elements:
        assert tag != "style"
        assert tag != "script" or attrs.get("src", "").startswith("/static/")
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_a_page_asks_nobody_else_for_anything(page):
    assert [value for value in page.values("src", "href", "action") if "//" in value] == []


def test_tags_close_in_order_and_ids_are_unique(page):
    assert page.misplaced == []
    assert page.open == []
    ids = page.values("id")
    assert sorted(ids) == sorted(set(ids))


def test_labels_hints_and_errors_point_at_something(page):
    ids = set(page.values("id"))
    pointed = {one for value in page.values("for", "aria-describedby", "aria-labelledby") for one in value.split()}
    assert pointed <= ids
    summary = [value for value in page.values("href") if value.startswith("#") and len(value) > 1]
    assert {value[1:] for value in summary} <= ids


def test_every_control_has_a_name_for_those_who_do_not_see_it(page):
    labelled = set(page.values("for"))
    for tag, attrs in page.elements:
        if tag in {"input", "select", "textarea"} and attrs.get("type") != "hidden":
            assert attrs.get("id") in labelled or attrs.get("aria-label"), attrs


def test_one_first_heading_and_the_skip_link_comes_first(page):
    assert [tag for tag, _ in page.elements].count("h1") == 1
    first_link = next(attrs for tag, attrs in page.elements if tag == "a")
    assert first_link["href"] == "#main"
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in page.elements}


def test_every_form_that_changes_something_carries_the_token():
    html = sample("en", "seller")
    assert html.count('method="post"') == html.count('name="_csrf_token" value="tok"')


def test_every_icon_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text("utf-8")))
    used = {
        value.split("#")[1]
        for tag in LANGUAGE_NAMES
        for value in re.findall(r'<use href="([^"]+)"', sample(tag, "seller"))
    }
    moods = {icon for _, icon in rendering._MOOD.values() if icon}
    named = set()
    for path in WEB.rglob("templates/**/*.html"):
        named |= set(re.findall(r"ui\.icon\(\"([\w-]+)\"|icon=\"([\w-]+)\"", path.read_text("utf-8")))
    assert used | moods | {one or other for one, other in named} <= known


def test_user_text_is_always_escaped():
    html = environment("en").from_string(
        '{{ ui.pill(t) }}{{ ui.notice(t) }}{{ ui.empty(t, t) }}{{ _("Copy %(text)s", text=t) }}{{ ui.copy(t) }}'
        '{{ ui.button(t, href="/") }}{{ ui.field("a", t, t, hint=t, error=t) }}{{ t|short_id }}'
    )
    out = html.render(t='<img src=x onerror="x">')
    assert "<img" not in out
    assert out.count("&lt;img") > 8


def test_a_deadline_gives_the_instant_first_then_what_is_left_then_what_happens():
    deadline = environment("en").from_string(
        '{{ ui.deadline(due, "seller_answer", reader="buyer", since=since, then=term("silence", "approve")) }}'
    )
    token = rendering._reading.set(rendering.Reading(NOW, "Europe/London", Frame()))
    html = deadline.render(due=NOW + timedelta(hours=5, minutes=7), since=NOW - timedelta(hours=18, minutes=53))
    rendering._reading.reset(token)
    text = " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert text == "The seller must answer by Mon 23 Nov, 17:55 UTC 5 h 7 min left No answer means yes"
    assert 'datetime="2026-11-23T17:55:00Z"' in html
    assert 'class="deadline wait"' in html


@pytest.mark.parametrize(
    ("left", "total", "tone"),
    [
        (13 * 3600, 24 * 3600, "calm"),  # more than half is left
        (12 * 3600, 24 * 3600, "wait"),  # under a day
        (25 * 3600, None, "calm"),
        (24 * 3600 - 1, None, "wait"),
        (7200, 24 * 3600, "wait"),
        (7199, 24 * 3600, "urgent"),  # under two hours
        (50 * 60, 60 * 60, "calm"),  # a short window that has hardly begun
        (30 * 3600, 240 * 3600, "wait"),  # under a quarter
        (0, 3600, "urgent"),
    ],
)
def test_urgency_grows_at_the_agreed_thresholds(left, total, tone):
    assert urgency(left, total) == tone


def test_a_window_that_closes_never_looks_like_an_alarm():
    piece = environment("en").from_string('{{ ui.deadline(due, "free_until") }}')
    token = rendering._reading.set(rendering.Reading(NOW, "UTC", Frame()))
    html = piece.render(due=NOW + timedelta(minutes=9))
    rendering._reading.reset(token)
    assert 'class="deadline wait"' in html


def test_the_language_switch_returns_to_the_same_page():
    assert 'href="/design?tab=a&amp;lang=zh"' in sample("en")


def test_an_address_keeps_what_it_is_not_asked_to_change():
    assert address("/q?stage=packing&page=3", page=None, q="C-1, C-2") == "/q?stage=packing&q=C-1%2C+C-2"


def test_a_page_that_is_not_live_opens_no_stream():
    html = render("design.html", locale("en"), now=NOW, frame=Frame(), **design._sample(locale("en"), NOW))
    assert "data-events" not in html


def test_the_stylesheet_and_the_scripts_stay_small():
    assert (STATIC / "rescind.css").stat().st_size <= 30 * 1024
    assert (STATIC / "live.js").stat().st_size <= 7.75 * 1024
    assert (STATIC / "page.js").stat().st_size <= 6.25 * 1024
    assert (STATIC / "inter-latin.woff2").stat().st_size <= 52 * 1024


def test_the_stylesheet_asks_nobody_else_for_anything():
    css = (STATIC / "rescind.css").read_text("utf-8")
    # The same address as in the page's preload, or the face would be fetched twice.
    assert [f"/static/{name}" for name in re.findall(r'url\("([^"]*)"\)', css)] == [
        rendering.static("inter-latin.woff2")
    ]
    assert "@import" not in css


def test_files_of_others_are_the_ones_we_took():
    rows = re.findall(
        r"^\| `([^`]+)` \| .* \| `([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) == 6
    for name, digest in rows:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    ("method", "english", "chinese"),
    [
        ("wechat_pay", "WeChat Pay", "微信支付"),
        ("alipay", "Alipay", "支付宝"),
        ("apple_pay", "Apple Pay", "Apple Pay"),
        ("acme_pay_later", "Acme pay later", "Acme pay later"),
    ],
)
def test_a_means_of_payment_is_called_by_its_name_and_never_by_a_code(method, english, chinese):
    assert (method_name(locale("en"), method), method_name(locale("zh"), method)) == (english, chinese)
    assert tender_name(locale("en"), Tender(id="1", method=method, amount_minor=1)) == english
