"""The typed client against a real server: what it says is heard once, and what it hears is typed."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import httpx
import pytest

from postgres.market import KILN
from rescind.core.stage import Stage
from rescind_client import (
    AsyncRescind,
    InvalidCall,
    ProblemError,
    Rescind,
    UnexpectedAnswer,
    Unreachable,
    models,
    moment,
)

SETTINGS = models.NewSettings(settings={"window": "24h"})
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def desk_of(desk, served):
    """A client of somebody's, on its own thread's connections."""

    async def client(role, name, *, kind=Rescind, address=served, **more):
        whose = {key: more.pop(key) for key in ("shop_id", "buyer_id") if key in more}
        return kind(address, await desk.access.issue_key(role, name, **whose), **more)

    return client


def test_the_client_is_what_the_description_makes_of_it():
    spec = spec_from_file_location("write_client", ROOT / "tools" / "write_client.py")
    writer = module_from_spec(spec)
    spec.loader.exec_module(writer)
    for path, text in writer.files().items():
        assert (ROOT / path).read_text("utf-8") == text, f"{path} is behind: make client"


def test_it_can_be_built_and_published(tmp_path):
    wanted = ("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path))
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *wanted, str(ROOT / "clients" / "python")], check=True)
    (wheel,) = tmp_path.glob("rescind_client-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert {"rescind_client/py.typed", "rescind_client/models.py"} <= set(opened.namelist())


async def test_what_the_readme_shows_is_what_happens(desk, market, served, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "clients/python/README.md").read_text("utf-8"), re.DOTALL)
    order = await market.order(Stage.PREPARING)
    given = {"key": await desk.access.issue_key("buyer", "ann", buyer_id="ann"), "order": order}
    await asyncio.to_thread(exec, example.replace("https://desk.example", served), given)
    assert capsys.readouterr().out.splitlines()[-1] == "ask_seller"
    assert given["told"].verdict == "ask_seller"
    assert (await market.read(order)).open_cancellation.id == given["decision"].cancellation.id


async def test_a_cancellation_from_the_question_to_the_answer(desk_of, market):
    order = await market.order(Stage.PREPARING)
    with await desk_of("buyer", "ann", buyer_id="ann") as ann, await desk_of("seller", "sam", shop_id=KILN) as sam:

        def story():
            asked = ann.cancellability.ask(order)
            assert asked.order == order
            made = ann.cancellations.request(order, models.NewCancellation(reason="changed_mind"))
            assert made.cancellation.status == "awaiting_seller"
            again = sam.cancellations.approve(order, made.cancellation.id, models.Approval())
            assert again.cancellation.status == "approved"
            (row,) = sam.cancellations.queue(tab="all", number=[made.order.number]).rows
            return made.cancellation.id, row.id

        case, listed = await asyncio.to_thread(story)
        assert case == listed


async def test_a_list_is_read_to_its_end_and_a_file_is_written_as_it_comes(desk_of, market, tmp_path):
    orders = {await market.order(Stage.REVIEW, title="Mug" * 40) for _ in range(5)}
    with await desk_of("seller", "sam", shop_id=KILN) as sam:

        def reads():
            pages = list(sam.orders.search_pages(limit=2))
            assert [len(one.rows) for one in pages] == [2, 2, 1]
            assert {row.id for one in pages for row in one.rows} == orders
            assert moment(pages[0].rows[0].placed_at).utcoffset() is not None
            whole = sam.exports.orders()
            with (tmp_path / "orders.csv").open("w+b") as file:
                file.write(b"before")
                assert sam.exports.orders(to=file) == b""
            assert (tmp_path / "orders.csv").read_bytes() == b"before" + whole
            assert len(whole.decode("utf-8-sig").splitlines()) == 1 + len(orders)

        await asyncio.to_thread(reads)
    async with await desk_of("support", "sue", kind=AsyncRescind) as sue:
        found = [row.id async for page in sue.orders.search_pages(limit=2) for row in page.rows]
        assert set(found) == orders
        with (tmp_path / "all.csv").open("w+b") as file:
            await sue.exports.orders(to=file)
        assert "Mug" in (tmp_path / "all.csv").read_text("utf-8-sig")


def test_what_a_broken_line_left_in_a_file_is_taken_back_before_the_next_try(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    tries = []

    def breaks():
        yield b"half of "
        if len(tries) < 2:
            raise httpx.ReadError("broken")
        yield b"it"

    def sends(_):
        tries.append(1)
        return httpx.Response(200, headers={"content-type": "text/csv"}, content=breaks())

    client = httpx.Client(transport=httpx.MockTransport(sends))
    with Rescind("http://desk.test", "rsk_x", client=client) as desk:
        with (tmp_path / "it").open("w+b") as file:
            desk.exports.orders(to=file)
        assert (tmp_path / "it").read_bytes() == b"half of it"
        tries.clear()
        ahead, behind = os.pipe()
        with os.fdopen(behind, "wb", buffering=0) as pipe, pytest.raises(Unreachable):
            desk.exports.orders(to=pipe)
        os.close(ahead)
        assert len(tries) == 1, "what is out cannot be taken back"


async def test_a_program_that_does_other_things_meanwhile(desk_of, market):
    order = await market.order(Stage.REVIEW)
    async with await desk_of("buyer", "ann", kind=AsyncRescind, buyer_id="ann") as ann:
        made = await ann.cancellations.request(order, models.NewCancellation(reason="changed_mind"))
        assert made.cancellation.status == "approved"
        assert (await ann.orders.read(order)).stage == "cancelled"


async def test_a_refusal_is_an_exception_with_its_code_in_the_readers_language(desk_of, market):
    with await desk_of("buyer", "ann", buyer_id="ann", language="zh") as ann:
        with pytest.raises(ProblemError) as caught:
            await asyncio.to_thread(ann.orders.read, "ord_0000000000000000000000")
        assert (caught.value.status, caught.value.code) == (404, "not-found")
        assert re.search("[\u4e00-\u9fff]", caught.value.title + caught.value.detail)


async def test_what_got_no_answer_is_said_again_and_done_once(desk_of, market, served):
    order = await market.order(Stage.PREPARING)
    with _losing(served, answers=2) as address:
        client = await desk_of("buyer", "ann", buyer_id="ann", address=address, timeout_s=5)
        made = await asyncio.to_thread(
            client.cancellations.request, order, models.NewCancellation(reason="changed_mind")
        )
        found = await asyncio.to_thread(client.cancellations.of_order, order)
    assert [one.id for one in found.rows] == [made.cancellation.id]


async def test_a_desk_that_is_not_there_is_told_after_every_try(desk_of):
    with socket.create_server(("127.0.0.1", 0)) as bound:
        nobody = f"http://127.0.0.1:{bound.getsockname()[1]}"
    with await desk_of("buyer", "ann", buyer_id="ann", address=nobody, tries=2) as ann, pytest.raises(Unreachable):
        await asyncio.to_thread(ann.orders.read, "ord_0000000000000000000000")


def test_a_key_is_kept_across_tries_and_a_stranger_in_between_is_no_struct():
    seen = []

    def proxy(request):
        seen.append(request.headers["idempotency-key"])
        if len(seen) < 3:
            return httpx.Response(503, headers={"retry-after": "0"}, text="<h1>upstream</h1>")
        return httpx.Response(418, text="<h1>teapot</h1>")

    with (
        Rescind("http://desk.test", "rsk_x", client=httpx.Client(transport=httpx.MockTransport(proxy))) as desk,
        pytest.raises(ProblemError) as caught,
    ):
        desk.cancellations.request("ord_x", models.NewCancellation(reason="changed_mind"))
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert caught.value.status == 418


@pytest.mark.parametrize("nothing", ["", ".", ".."])
def test_what_names_nothing_is_no_part_of_an_address_and_nothing_is_sent(nothing):
    sent = []
    client = httpx.Client(transport=httpx.MockTransport(lambda request: sent.append(request) or httpx.Response(500)))
    with Rescind("http://desk.test", "rsk_x", client=client) as desk:
        for call in (
            lambda: desk.orders.read(nothing),
            lambda: desk.happenings.timeline(nothing),
            lambda: desk.webhook_deliveries.replay("hook_1", nothing, models.Untouched()),
            lambda: desk.order_sources.retry("src_1", nothing, models.Untouched()),
        ):
            with pytest.raises(InvalidCall, match="names nothing"):
                call()
    assert sent == []


async def test_an_answer_that_is_another_ones_is_told_and_a_stream_is_not_read_to_its_end(desk_of):
    async with await desk_of("host", "host", kind=AsyncRescind) as host, asyncio.timeout(5):
        with pytest.raises(UnexpectedAnswer, match="text/event-stream"):
            await host._transport.call("GET", "/v1/events", models.OrdersTold)
        with pytest.raises(UnexpectedAnswer, match="text/html"):
            await host._transport.call("GET", "/docs/api", models.OrdersTold)
    with await desk_of("host", "host") as waits:
        for path, kind in (("/v1/events", "text/event-stream"), ("/docs/api", "text/html")):
            with pytest.raises(UnexpectedAnswer, match=kind):
                await asyncio.to_thread(waits._transport.call, "GET", path, models.OrdersTold)
        with pytest.raises(UnexpectedAnswer):
            await asyncio.to_thread(waits._transport.call, "GET", "/v1/caller", models.OrdersTold)


async def test_an_answer_that_does_not_end_is_given_up_after_the_time_of_one_try():
    async def drips(_, writer):
        with contextlib.suppress(OSError):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)

    async with await asyncio.start_server(drips, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncRescind(address, "rsk_x", timeout_s=0.3, tries=1) as desk:
            with pytest.raises(Unreachable):
                await asyncio.wait_for(desk.caller.read(), 5)
        with Rescind(address, "rsk_x", timeout_s=0.3, tries=1) as desk, pytest.raises(Unreachable):
            await asyncio.wait_for(asyncio.to_thread(desk.caller.read), 5)


async def test_a_key_is_looked_at_once_and_never_said(desk, served):
    key = await desk.access.issue_key("host", "host")
    with Rescind(served, f" {key}\n") as host:
        assert (await asyncio.to_thread(host.caller.read)).role == "host"
    for wrong in ("", " \n", f"{key} {key}", f"{key}\nx", "ключ"):
        for kind in (Rescind, AsyncRescind):
            with pytest.raises(InvalidCall) as caught:
                kind(served, wrong)
            assert not wrong.strip() or wrong.strip() not in str(caught.value)


def test_what_no_line_takes_is_the_callers_fault_and_tried_once(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it was tried again"))
    with Rescind("ftp://desk.test", "rsk_x") as desk, pytest.raises(InvalidCall, match="protocol"):
        desk.orders.read("ord_x")
    with socket.create_server(("127.0.0.1", 0)) as bound:
        at = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with Rescind(at, "rsk_x") as desk, pytest.raises(InvalidCall, match="header"):
            desk.cancellations.withdraw("ord_x", "can_x", models.Withdrawal(), idempotency_key="two\nlines-of-it")


def test_a_page_that_says_200_and_a_problem_without_places_are_told_as_what_they_are():
    said = [
        httpx.Response(200, html="<h1>Please sign in</h1>"),
        httpx.Response(200, json=["no", "order"]),
        httpx.Response(409, json={"type": "/problems/order-conflict", "title": "No", "errors": None}),
    ]
    client = httpx.Client(transport=httpx.MockTransport(lambda _: said.pop(0)))
    with Rescind("http://desk.test", "rsk_x", client=client) as desk:
        for _ in range(2):
            with pytest.raises(UnexpectedAnswer):
                desk.orders.read("ord_x")
        with pytest.raises(ProblemError) as caught:
            desk.orders.read("ord_x")
    assert (caught.value.code, caught.value.errors) == ("order-conflict", [])


@pytest.mark.parametrize(
    ("make", "tries"),
    [
        (lambda desk: desk.shops.choose("shp_x", SETTINGS, if_match=3), 1),
        (lambda desk: desk.shops.choose("shp_x", SETTINGS), 3),
        (lambda desk: desk.imports.put_in(b"number\n"), 1),
        (lambda desk: desk.orders.read("ord_x"), 3),
    ],
)
def test_what_would_be_done_twice_is_not_sent_again_without_an_answer(make, tries):
    sent = []

    def lost(request):
        sent.append(request.method)
        raise httpx.ReadTimeout("no answer")

    client = httpx.Client(transport=httpx.MockTransport(lost))
    with Rescind("http://desk.test", "rsk_x", client=client, tries=3) as desk, pytest.raises(Unreachable):
        make(desk)
    assert len(sent) == tries


def test_what_was_not_done_for_certain_is_sent_again():
    answers = [httpx.ConnectError("nobody there"), httpx.Response(429, headers={"retry-after": "0"})]

    def busy(request):
        if not answers:
            return httpx.Response(418)
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    client = httpx.Client(transport=httpx.MockTransport(busy))
    with Rescind("http://desk.test", "rsk_x", client=client) as desk, pytest.raises(ProblemError) as caught:
        desk.imports.put_in(b"number\n")
    assert (caught.value.status, answers) == (418, [])


def test_the_stream_outlives_a_proxy_that_has_nobody_behind_it_for_a_while():
    said = b'id: 1-2-3\ndata: {"order": "ord_x"}\n\n'
    answers = [httpx.Response(502, text="<h1>upstream</h1>"), httpx.Response(503), httpx.Response(200, content=said)]
    asked = []

    def proxy(request):
        asked.append(request.headers.get("last-event-id"))
        return answers[len(asked) - 1] if len(asked) <= len(answers) else httpx.Response(401)

    with Rescind("http://desk.test", "rsk_x", client=httpx.Client(transport=httpx.MockTransport(proxy))) as desk:
        stream = desk.follow(after="1-1-1")
        assert next(stream).data == {"order": "ord_x"}
        with pytest.raises(ProblemError) as caught:
            next(stream)
    assert (caught.value.status, asked) == (401, ["1-1-1", "1-1-1", "1-1-1", "1-2-3"])


async def test_the_stream_is_followed_from_where_one_was(desk_of, market):
    async with await desk_of("host", "host", kind=AsyncRescind) as host, asyncio.timeout(30):
        stream = host.follow()
        first_heard = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.5)
        first = await market.order(Stage.REVIEW)
        heard = [await first_heard]
        assert heard[0].data["order"] == first
        await stream.aclose()

        second = await market.order(Stage.REVIEW)
        async for one in host.follow(after=heard[0].id):
            heard.append(one)
            if one.data["order"] == second:
                break
    ids = [one.id for one in heard]
    assert len(ids) == len(set(ids)), "nothing twice"
    assert [one.data["order"] for one in heard].index(second) == sum(one.data["order"] == first for one in heard)


@contextlib.contextmanager
def _losing(address, *, answers):
    """A line to the desk on which the first answers are lost after they were given."""
    host, port = address.removeprefix("http://").split(":")
    left = [answers]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=carry, args=(near,), daemon=True).start()

    def carry(near):
        with contextlib.suppress(OSError), near, socket.create_connection((host, int(port))) as far:
            near.settimeout(10)
            while said := near.recv(65536):
                far.sendall(said)
                answer = far.recv(65536)
                if left[0] and answer:
                    left[0] -= 1
                    return
                near.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
