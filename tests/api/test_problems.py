"""Whatever is wrong is told the same way, in the reader's language, and never says back what was sent."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from rescind.api import OPERATIONS
from rescind.api.description import EXAMPLES
from rescind.api.problems import PROBLEMS, detail, document, title
from rescind.core.errors import (
    CurrencyMismatch,
    DeadlinePassed,
    InvalidField,
    InvalidTransition,
    NotFound,
    RescindError,
)
from rescind.core.instant import instant
from rescind.core.stage import Stage
from rescind.intake.document import shape as document_of
from rescind.intake.fields import moment
from rescind.intake.orders import NewOrder
from rescind.locales import LANGUAGE_NAMES, locale

PAGES = Path(__file__).parents[2] / "docs/problems"


def problems():
    waiting, found = [RescindError], set()
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found.update(below)
    return sorted((one for one in found if one.__module__.startswith("rescind.")), key=lambda one: one.__name__)


def test_every_problem_has_a_status_a_page_and_sentences():
    assert set(problems()) == set(PROBLEMS)
    for kind in problems():
        page = PAGES / f"{kind.code}.md"
        assert page.exists(), f"docs/problems/{kind.code}.md is missing"
        assert f"`{kind.code}`" in page.read_text()
        assert "## What happened" in page.read_text()
        assert "## What to do next" in page.read_text()
        for tag in LANGUAGE_NAMES:
            for context in ("problem.title", "problem.detail"):
                assert locale(tag).has(context, kind.code), f"{context} {kind.code} has no sentence in {tag}.po"
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == {kind.code for kind in problems()}


def test_titles_say_in_the_table_what_they_say_in_the_catalogue():
    shared = {kind for kind in problems() if kind.__bases__[0] is not RescindError}
    for kind in set(problems()) - shared:
        assert PROBLEMS[kind][1] == locale("en").pgettext("problem.title", kind.code)


def test_parameters_are_said_in_the_readers_language():
    late = DeadlinePassed(due_at=instant("2026-05-04T08:00:00Z"), now=instant("2026-05-04T08:00:01Z"))
    assert "08:00 UTC" in detail(late, locale("en"))
    assert title(DeadlinePassed, locale("zh")) != title(DeadlinePassed, locale("en"))
    over = InvalidTransition(action="withdraw", current_state="refused", allowed_actions=())
    # Who refused it, a rule or the seller, is not known here.
    assert ["seller" in detail(over, locale("en")), "卖家" in detail(over, locale("zh"))] == [False, False]
    mixed = CurrencyMismatch(expected="EUR", actual="USD")
    assert "EUR" in detail(mixed, locale("zh"))
    # A sentence that wants a parameter nobody gave is still a sentence.
    assert detail(DeadlinePassed(), locale("en"))
    told = json.loads(document(InvalidField(field="", expected="object"), "0" * 32, locale("en")))
    assert told["errors"] == [{"pointer": "", "code": "invalid-field", "expected": "object"}]
    assert told["detail"].startswith("The request")


def wrong(example):
    """The example with one value after the other replaced by what is hardly ever right."""
    odd = (True, -1, 10**30, "", "x" * 20_000, [], {}, None, 1.5, [1] * 2_000)
    if isinstance(example, dict):
        for name, value in example.items():
            yield from ({**example, name: one} for one in (*odd, *wrong(value)))
    elif isinstance(example, list) and example:
        yield from ([one, *example[1:]] for one in (*odd, *wrong(example[0])))


def test_whatever_a_field_expects_is_said_in_the_readers_language():
    """A code or a format's name may stand in a Chinese sentence, an English word may not."""
    said = {}
    for operation in OPERATIONS:
        for body in wrong(EXAMPLES[operation.name]) if operation.body else ():
            try:
                document_of(body, operation.body)
            except InvalidField as fault:
                expected = fault.params["expected"]
                said[expected] = [locale(tag).expected(expected) for tag in LANGUAGE_NAMES]
    assert len(said) > 10
    for expected, (english, chinese) in said.items():
        if not expected.startswith("one of: "):
            assert not re.search("[a-z]{2,}", re.sub("true|false|null", "", chinese)), chinese
        assert "int" not in english.split(), english
    assert any("awaiting" in one or "paid" in one for one in said), "codes are listed"


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("currency", "eur", "three capital letters of ISO 4217"),
        ("number", "A 1", "an id of at most 64 letters, digits and . _ : / # -"),
        ("placed_at", "2026-05-06T10:00:00", "RFC 3339 date-time with an offset"),
        ("placed_at", "2026-05-06T10:00:60Z", "RFC 3339 date-time with an offset"),
        ("placed_at", "yesterday", "RFC 3339 date-time with an offset"),
    ],
)
def test_what_does_not_have_its_form_is_told_the_form(member, value, expected):
    with pytest.raises(InvalidField) as refused:
        document_of(EXAMPLES["orders_place"] | {member: value}, NewOrder)
    assert refused.value.params == {"field": f"/{member}", "expected": expected}
    assert not re.search("[a-z]{2,}", locale("zh").expected(expected))


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_that_no_calendar_reaches_is_told_both_ends(year):
    with pytest.raises(InvalidField) as refused:
        moment(datetime(year, 6, 1, tzinfo=UTC), field="/placed_at")
    assert refused.value.params["expected"] == "a time between the years 1970 and 9000"
    assert locale("zh").expected(refused.value.params["expected"]) == "1970 年至 9000 年之间的时间"


async def test_the_language_is_the_readers(people):
    for accepted, tag in (("zh-CN,en;q=0.5", "zh"), ("fr, en", "en"), ("", "en")):
        answer = await people.ann.get("/v1/orders/ord_1", headers={"accept-language": accepted})
        assert answer.headers["content-language"] == tag
        assert answer.json()["title"] == title(NotFound, locale(tag))


HOSTILE = "<script>alert(1)</script>'\";DROP TABLE orders;--"
BODIES = [
    (b"", "malformed-body"),
    (b"{", "malformed-body"),
    (b"[]", "invalid-field"),
    (b"null", "invalid-field"),
    (b'"' + HOSTILE.replace('"', "").encode() + b'"', "invalid-field"),
    (b'{"reason":"a","reason":"b"}', "malformed-body"),
    (b'{"comment":{"a":1,"a":2}}', "malformed-body"),
    (b'\xef\xbb\xbf{"reason":"other"}', "malformed-body"),
    ('{"reason":"other"}'.encode("utf-16"), "malformed-body"),
    (b'{"reason":"\xff"}', "malformed-body"),
    (b'{"reason":"other","comment":"\\ud800"}', "malformed-body"),
    (b'{"reason":"other","comment":"a\\u0000b"}', "malformed-body"),
    (b'{"reason":"other","comment":"a\x00b"}', "malformed-body"),
    (b'{"\\u0000":1}', "malformed-body"),
    (b'{"reason":' + b"[" * 33 + b"]" * 33 + b"}", "malformed-body"),
    (b"[" * 5000 + b"]" * 5000, "malformed-body"),
    (b'{"reason":"other"} x', "malformed-body"),
    (b'{"reason":' + b"9" * 5000 + b"}", "malformed-body"),
    (b'{"reason":Infinity}', "invalid-field"),
    (json.dumps({"reason": HOSTILE}).encode(), "invalid-field"),
    (json.dumps({"reason": "other", HOSTILE: 1}).encode(), "unknown-field"),
    (json.dumps({"reason": "other", "x` - at `$.secret": 1}).encode(), "unknown-field"),
    (json.dumps({"reason": "other", "comment": "\u202e" + HOSTILE}).encode(), "invalid-text"),
    (json.dumps({"reason": "other", "lines": [{"line": HOSTILE, "quantity": 1}]}).encode(), "invalid-field"),
    (json.dumps({"reason": "other", "lines": [{"line": "1", "quantity": 1.0}]}).encode(), "invalid-field"),
    (json.dumps({"reason": "alert_1"}).encode(), "reason-not-listed"),
]


async def test_hostile_bodies_are_told_and_not_said_back(people, market, desk):
    order = await market.order(Stage.PREPARING)
    before = await desk.pool.fetchval("SELECT count(*) FROM events")
    for body, code in BODIES:
        for language in ("en", "zh"):
            answer = await people.ann.post(
                f"/v1/orders/{order}/cancellations", content=body, headers={"accept-language": language}
            )
            told = answer.json()
            assert told["type"] == f"/problems/{code}", (body[:60], answer.text)
            assert 400 <= answer.status_code < 500
            assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
            for trace in ("script", "DROP", "secret", "Traceback", "msgspec", "\\ud800"):
                assert trace not in answer.text, body[:60]
    assert await desk.pool.fetchval("SELECT count(*) FROM events") == before
    assert await desk.pool.fetchval("SELECT count(*) FROM idempotency") == 0


async def test_equal_objects_at_different_places_are_no_repeated_names(people, market):
    order = await market.order(Stage.PREPARING, units=2)
    body = b'{"reason":"changed_mind","lines":[{"line":"1","quantity":1}],"comment":"[[[[\\"{{{{\\\\u0000 " }'
    assert (await people.ann.post(f"/v1/orders/{order}/cancellations", content=body)).status_code == 201


async def test_headers_that_do_not_fit(people, market):
    order = await market.order(Stage.PREPARING)
    path, body = f"/v1/orders/{order}/cancellations", b'{"reason":"changed_mind"}'

    async def sends(key="0123456789abcdef", content=body, **headers):
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await people.ann.post(path, content=content, key=key, headers=more)

    cases = [
        (await sends(content_type="text/plain"), 415, "unsupported-media-type"),
        (await sends(content_type="application/json; charset=latin-1"), 415, "unsupported-media-type"),
        (await sends(accept="text/html"), 406, "not-acceptable"),
        (await sends(accept="application/json;q=0, text/*"), 406, "not-acceptable"),
        (await sends(key=None), 400, "idempotency-key-required"),
        (await sends(key="short"), 400, "idempotency-key-invalid"),
        (await sends(key="has a space in it"), 400, "idempotency-key-invalid"),
        (await sends(key="x" * 256), 400, "idempotency-key-invalid"),
        (await sends(x_padding="x" * 20_000), 431, "too-large"),
        (await sends(content=b" " * (256 * 1024) + body), 413, "too-large"),
        (await people.ann.get("/v1/orders?text=" + "x" * 4096), 414, "too-large"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}"), answer.text
    fits = await sends(content=b" " * (256 * 1024 - len(body)) + body, accept="application/*")
    assert fits.status_code == 201


async def test_a_body_that_grows_beyond_its_limit_is_not_read_to_its_end(people, market):
    order = await market.order(Stage.PREPARING)
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 16_384

    answer = await people.ann.post(f"/v1/orders/{order}/cancellations", content=endless())
    assert answer.status_code == 413
    assert sent < 30


async def test_methods_and_addresses_that_are_not_there(people):
    for method, path, allowed in (
        ("DELETE", "/v1/orders", "GET, HEAD, POST"),
        ("POST", "/v1/orders/ord_1", "GET, HEAD"),
        ("OPTIONS", "/v1/events", "GET, HEAD"),
    ):
        answer = await people.client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.json()["type"] == "/problems/method-not-allowed"
    for path in ("/v1/nothing", "/v1/orders/a/b/c/d", "/v1/"):
        answer = await people.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found"), path
    head = await people.client.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (await people.ann.client.head("/v1/events", headers=people.ann.headers(None))).content == b""


async def test_every_answer_carries_its_headers_and_no_name_of_the_software(people, market):
    order = await market.order()
    for answer in (
        await people.ann.get(f"/v1/orders/{order}"),
        await people.ann.get("/v1/nothing"),
        await people.nobody.get("/v1/orders"),
        await people.nobody.get("/healthz"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["content-type"].endswith("; charset=utf-8")
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        if "instance" in answer.json():
            assert answer.json()["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"


async def test_a_database_that_is_away_is_told_as_such(people, desk):
    await desk.pool.close()
    for call in (people.ann.get("/v1/orders"), people.nobody.get("/healthz")):
        answer = await call
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert int(answer.headers["retry-after"]) > 0


async def test_our_own_mistake_is_told_without_its_words(people, desk, monkeypatch):
    async def breaks(*_, **__):
        raise asyncpg.UndefinedTableError('relation "secret" does not exist')

    monkeypatch.setattr(type(desk.reads), "orders", breaks)
    answer = await people.ann.get("/v1/orders")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected")
    assert "secret" not in answer.text


async def test_a_problems_type_is_a_page(people):
    for language, said in (("en", "The time to answer is over"), ("zh", title(DeadlinePassed, locale("zh")))):
        page = await people.client.get("/problems/deadline-passed", headers={"accept-language": language})
        assert page.status_code == 200
        assert said in page.text
    assert (await people.client.get("/problems/nothing")).status_code == 404
