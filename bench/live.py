"""How soon a subscribed page hears of a change, with many pages open on one process, and what an open page costs."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
from rich.console import Console

from bench.marketplace import SHOP, field, order_id, web
from bench.serving import pss_mib
from rescind.app import open_desk
from rescind.core.actor import Actor, ActorKind
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId
from rescind.core.parts import FactKind, Line, Pins, Tender
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.policies import preset
from rescind.postgres import embedded

PORT = 8796
BUYERS, SELLERS = 480, 20
"""Open pages: a buyer hears of their own orders, every seller of all of the shop's."""
COMMANDS_A_SECOND = 50
SECONDS = 40
WANTED_MS = 300.0
WANTED_KIB = 60.0
_Heard = dict[OrderId, float]


async def run(out: Console) -> bool:
    """Measure and print; whether both figures were met."""
    with tempfile.TemporaryDirectory() as name:
        async with field(Path(name) / "data", 1) as ready:
            async with open_desk(ready.settings, ready.server.dsn(embedded.APP), "http://127.0.0.1") as desk:
                buyers = [f"buyer-{n}" for n in range(BUYERS)]
                tokens = [await desk.access.issue_key("buyer", one, buyer_id=one) for one in buyers]
                sellers = [await desk.access.issue_key("seller", f"s-{n}", shop_id=SHOP) for n in range(SELLERS)]
                orders = await _orders(desk, buyers)
            with web(ready, PORT) as process:
                async with _client() as client:
                    await _warm(client, tokens[0])
                    before = pss_mib(process)
                    heard: list[_Heard] = [{} for _ in range(BUYERS + SELLERS)]
                    async with _open(client, [*tokens, *sellers], heard):
                        kib = (pss_mib(process) - before) * 1024 / (BUYERS + SELLERS)
                        sent = await _ask(client, tokens, orders)
                        await asyncio.sleep(2)
    waits = [one[order] - at for one in heard[BUYERS:] for order, at in sent.items() if order in one]
    waits += [heard[place % BUYERS][order] - at for place, (order, at) in enumerate(sent.items())]
    expected = len(sent) * (SELLERS + 1)
    top = statistics.quantiles(waits, n=100)[98] * 1000
    out.print(
        f"live: {len(sent)} commands at {COMMANDS_A_SECOND}/s, {BUYERS + SELLERS} open streams: heard after"
        f" {statistics.median(waits) * 1000:.0f} ms, 99th percentile {top:.0f} ms"
        f" (wanted: at most {WANTED_MS:.0f} ms), {len(waits)} of {expected} messages came"
    )
    out.print(f"an open stream costs {kib:.1f} KiB of the process (wanted: at most {WANTED_KIB:.0f} KiB)")
    return len(waits) == expected and top <= WANTED_MS and kib <= WANTED_KIB


async def _orders(desk: Desk, buyers: list[str]) -> list[OrderId]:
    """Paid orders, one a command to come, in turns of the buyers."""
    policy = preset("base")
    host = Actor(kind=ActorKind.HOST, id="bench")
    now = desk.now()

    async def one(place: int) -> OrderId:
        order = order_id(1_000 + place)
        placed = PlaceOrder(
            order=order,
            shop=SHOP,
            buyer=buyers[place % BUYERS],
            number=f"L-{place}",
            currency="EUR",
            placed_at=now,
            pins=Pins(preset=policy.name, preset_hash=policy.hash),
            lines=(Line(id="1", sku="JAR", quantity=1, unit_minor=995),),
            tenders=(Tender(id="1", method="card", amount_minor=995),),
        )
        await desk.engine.handle(Submission(actor=host, command=placed))
        paid = ReportFact(order=order, fact=FactKind.PAID, occurred_at=now)
        await desk.engine.handle(Submission(actor=host, command=paid))
        return order

    return list(await asyncio.gather(*(one(place) for place in range(COMMANDS_A_SECOND * SECONDS))))


@asynccontextmanager
async def _client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{PORT}",
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as client:
        yield client


async def _warm(client: aiohttp.ClientSession, token: str) -> None:
    """Whatever is made at the first use is no stream's cost."""
    for _ in range(50):
        async with client.get("/v1/orders", headers=_as(token)) as answer:
            assert answer.status == 200, answer.status
            await answer.read()


@asynccontextmanager
async def _open(client: aiohttp.ClientSession, tokens: list[str], heard: list[_Heard]) -> AsyncIterator[None]:
    """Keep a stream open for each token while the block runs."""
    ready = [asyncio.Event() for _ in tokens]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_listen(client, token, one, opened))
            for token, one, opened in zip(tokens, heard, ready, strict=True)
        ]
        for opened in ready:
            await opened.wait()
        yield
        for task in tasks:
            task.cancel()


async def _listen(client: aiohttp.ClientSession, token: str, heard: _Heard, opened: asyncio.Event) -> None:
    async with client.get("/v1/events", headers=_as(token)) as answer:
        assert answer.status == 200, answer.status
        async for line in answer.content:
            opened.set()
            if line.startswith(b"data: "):
                order = msgspec.json.decode(line[6:])["order"]
                heard.setdefault(order, time.monotonic())


async def _ask(client: aiohttp.ClientSession, tokens: list[str], orders: list[OrderId]) -> dict[OrderId, float]:
    """Cancel an order every so often, however long each takes; gives when each was asked for."""
    sent: dict[OrderId, float] = {}

    async def one(place: int, order: OrderId) -> None:
        sent[order] = time.monotonic()
        headers = _as(tokens[place % BUYERS]) | {"Idempotency-Key": secrets.token_hex(16)}
        asked = {"reason": "changed_mind"}
        async with client.post(f"/v1/orders/{order}/cancellations", headers=headers, json=asked) as answer:
            assert answer.status == 201, await answer.text()

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, order in enumerate(orders):
            await asyncio.sleep(max(0.0, begun + place / COMMANDS_A_SECOND - time.monotonic()))
            group.create_task(one(place, order))
    return sent


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
