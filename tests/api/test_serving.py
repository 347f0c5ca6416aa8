"""How answers leave the server."""

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from rescind.app import make_app
from rescind.serving import Server

DATA_SEGMENTS_IN = 152
"""Where Linux's ``struct tcp_info`` counts the segments that brought data."""


def segments(line):
    return struct.unpack_from("I", line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), DATA_SEGMENTS_IN)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts segments for us")
async def test_the_head_and_the_body_of_an_answer_leave_together(served):
    loop = asyncio.get_running_loop()
    with socket.socket() as line:
        line.setblocking(False)
        async with asyncio.timeout(10):
            await loop.sock_connect(line, ("127.0.0.1", urlsplit(served).port))
            for answers, ending in enumerate(("keep-alive", "close"), 1):
                asked = f"GET /v1/orders HTTP/1.1\r\nHost: desk\r\nConnection: {ending}\r\n\r\n"
                await loop.sock_sendall(line, asked.encode())
                head, _, body = (await loop.sock_recv(line, 65536)).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 401 ")
                assert f"content-length: {len(body)}".encode() in head
                assert body.startswith(b"{")
                assert segments(line) == answers
            assert await loop.sock_recv(line, 1) == b""


async def test_a_head_without_an_end_is_not_read_to_its_end(served):
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(served).port)
    async with asyncio.timeout(10):
        writer.write(b"GET /help HTTP/1.1\r\nHost: desk\r\n")
        with suppress(ConnectionError):
            for number in range(5_000):
                writer.write(b"x-%d: %s\r\n" % (number, b"a" * 1_000))
                await writer.drain()
        with suppress(ConnectionError):
            assert (await reader.read(64)).startswith(b"HTTP/1.1 431 ")
        writer.close()
    assert number < 4_999


async def test_pages_have_the_limits_of_the_api(served):
    async with httpx.AsyncClient(base_url=served) as client:
        for path in ("/help", "/v1/orders"):
            long = await client.get(f"{path}?{'a' * 20_000}")
            assert (long.status_code, long.json()["type"]) == (414, "/problems/too-large")
            wide = await client.get(path, headers={"x-much": "a" * 20_000})
            assert (wide.status_code, wide.json()["type"]) == (431, "/problems/too-large")
        assert (await client.get("/help")).status_code == 200


async def test_a_proxy_that_is_named_is_believed_when_it_says_for_whom_it_calls_and_no_other_is(desk, market):
    for proxies, seen in ((("127.0.0.1",), "203.0.113.9"), ((), "127.0.0.1")):
        server = Server(make_app(desk), proxies)
        link = await desk.access.issue_link("support", "sue")
        with socket.create_server(("127.0.0.1", 0)) as bound:
            serving = asyncio.create_task(server.serve(sockets=[bound]))
            while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.01)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}") as client:
                headers = {"origin": "http://desk.test", "x-forwarded-for": "203.0.113.9"}
                await client.post(f"/sign-in/{link.rpartition('/')[2]}", headers=headers)
                health = (await client.get("/healthz", headers=headers)).json()
                assert health["proxy"] == ("ok" if proxies else "attention")
                assert (await client.get("/healthz")).json()["proxy"] == "off"
            server.should_exit = True
            await serving
        assert (await desk.access.every_session())[0].address == seen
