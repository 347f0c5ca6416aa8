"""The live stream: what the caller may hear, from where they left off, and no longer than they may listen."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from rescind.api import happenings
from rescind.core.stage import Stage


class Listener:
    """Messages of one stream, as a browser would see them."""

    def __init__(self, answer):
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def message(self):
        """The next block, comments included."""
        found = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line:
                    if found:
                        return found
                    continue
                name, _, value = line.partition(": ")
                found[name or "comment"] = value
        return None

    async def types(self, last):
        """The types of the events up to the first of type ``last``. What was told before one listens may be among them:
        a tail is a moment behind.
        """
        heard = []
        while last not in heard:
            heard.append(json.loads((await self.message())["data"])["type"])
        return heard


@asynccontextmanager
async def listening(served, token, *, after=None, **query):
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    if after:
        headers["last-event-id"] = after
    async with (
        httpx.AsyncClient(base_url=served, timeout=10) as client,
        client.stream("GET", "/v1/events", headers=headers, params=query or None) as answer,
    ):
        assert answer.status_code == 200
        yield Listener(answer)


async def test_a_listener_hears_of_its_own_orders_at_once(served, people, market):
    async with listening(served, people.ann.token) as ann, listening(served, people.lou.token) as lou:
        assert ann.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert ann.answer.headers["x-accel-buffering"] == "no"
        assert ann.answer.headers["cache-control"] == "no-store"
        first = await ann.message()
        assert first["retry"]
        assert first["id"]
        await lou.message()
        await market.order(Stage.UNPAID, buyer="bob")
        order = await market.order(Stage.UNPAID)
        heard = await ann.message()
        assert json.loads(heard["data"]) | {"shop": ""} == {"order": order, "shop": "", "seq": 1, "type": "OrderPlaced"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await lou.message()


async def test_a_listener_goes_on_where_it_left_off(served, people, market):
    async with listening(served, people.ann.token) as ann:
        await ann.message()
        first = await market.order(Stage.UNPAID)
        left = (await ann.message())["id"]
    second = await market.order(Stage.UNPAID)
    third = await market.order(Stage.UNPAID)
    async with listening(served, people.ann.token, after=left) as ann:
        assert "id" not in await ann.message()
        heard = [json.loads((await ann.message())["data"])["order"] for _ in range(2)]
    assert heard == [second, third]
    assert first not in heard
    async with listening(served, people.ann.token, after=left) as ann:
        await ann.message()
        assert json.loads((await ann.message())["data"])["order"] == second


async def test_a_place_that_is_gone_says_reset_and_goes_on(served, people, market):
    for place in ("1-1-1", "9-1-1", "nonsense", "<script>"):
        async with listening(served, people.ann.token, after=place) as ann:
            await ann.message()
            reset = await ann.message()
            assert (reset["event"], reset["data"]) == ("reset", "{}")
            assert reset["id"] != place
            order = await market.order(Stage.UNPAID)
            assert json.loads((await ann.message())["data"])["order"] == order


async def test_whoever_is_shut_out_hears_no_more(served, people, market, desk):
    async with listening(served, people.ann.token) as ann:
        await ann.message()
        await desk.access.revoke(people.ann.token)
        await market.order(Stage.UNPAID)
        assert await ann.message() is None


async def test_whoever_is_shut_out_is_told_within_a_second_where_nothing_happens(served, people, desk):  # I-32
    link = await desk.access.issue_link("support", "kit", name="Kit")
    session, _ = await desk.access.redeem_link(link.rpartition("/")[2])
    async with (
        listening(served, people.ann.token) as ann,
        httpx.AsyncClient(base_url=served, timeout=10, cookies={desk.access.cookie_name: session}) as browser,
        browser.stream("GET", "/live") as answer,
    ):
        page = Listener(answer)
        await ann.message()
        assert "retry" in await page.message()
        await desk.access.revoke(people.ann.token)
        await desk.access.revoke(session)
        async with asyncio.timeout(1.5):
            assert (await page.message())["event"] == "ended"
            assert await ann.message() is None
        assert (await browser.get("/live")).status_code == 401


async def test_silence_is_broken_by_heartbeats(served, people, monkeypatch, desk):
    monkeypatch.setattr(happenings, "HEARTBEAT_S", 0.1)
    async with listening(served, people.ann.token) as ann:
        await ann.message()
        assert "comment" in await ann.message()
        assert "comment" in await ann.message()
        await desk.access.revoke(people.ann.token)
        while (heard := await ann.message()) is not None:
            assert "comment" in heard


async def test_nobody_is_left_behind_when_listeners_go(served, people, desk):
    for _ in range(3):
        async with listening(served, people.ann.token) as ann:
            await ann.message()
    async with asyncio.timeout(5):
        while desk.tail._readers:  # noqa: ASYNC110 - nor has the tail
            await asyncio.sleep(0.05)


async def test_what_support_weighs_among_itself_is_heard_by_staff_alone(served, people, market):  # I-26, R-039
    order = await market.order(Stage.PACKED)
    async with listening(served, people.ann.token) as ann, listening(served, people.sam.token) as sam:
        await ann.message()
        left = await sam.message()
        body = {"act": "cancel", "reason": "fraud", "comment": "Three cards, one address."}
        assert (await people.sue.post(f"/v1/orders/{order}/overrides", body)).status_code == 201
        for listener in (ann, sam):
            assert "RulesOverridden" not in await listener.types("CancellationApproved"), "what came of it, and not how"
    async with listening(served, people.sam.token, after=left["id"]) as sam:
        await sam.message()
        assert "RulesOverridden" not in await sam.types("CancellationApproved")
    async with listening(served, people.sue.token, after=left["id"]) as sue:
        await sue.message()
        assert "RulesOverridden" in await sue.types("CancellationApproved")
