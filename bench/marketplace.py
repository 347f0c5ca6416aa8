"""A database full of orders that can be cancelled, made from one real order, and a web process that serves it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from rescind.app import open_desk
from rescind.core.actor import Actor, ActorKind
from rescind.core.details import Details, LineWords
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, ShopId, shop_id
from rescind.core.parts import FactKind, Line, Pins, Tender
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.policies import preset
from rescind.postgres import embedded
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.settings import Settings

SHOP = shop_id(1)
BUYER = "bench-buyer"


def order_id(number: int) -> OrderId:
    """The id of the nth order."""
    return OrderId(f"ord_{SHOP[4:]}{number:014d}")


@dataclass(frozen=True)
class Field:
    """A running database with orders 1 to ``orders``, each paid and ready to be cancelled."""

    settings: Settings
    server: EmbeddedServer
    orders: int
    token: str

    @property
    def owner(self) -> str:
        """Address of the database for its owner."""
        return self.server.dsn(embedded.OWNER)


@asynccontextmanager
async def field(folder: Path, orders: int) -> AsyncIterator[Field]:
    """Start a server in ``folder`` and fill it."""
    settings = Settings.read({}, data=folder)
    with EmbeddedServer.start(settings) as server:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        await migrate(server.dsn(embedded.OWNER))
        async with open_desk(settings, server.dsn(embedded.APP), "http://127.0.0.1") as desk:
            await _one_order(desk, SHOP)
            token = await desk.access.issue_key("buyer", BUYER, buyer_id=BUYER)
        await _clone(server.dsn(embedded.OWNER), orders)
        await _settle(server.dsn(embedded.SUPERUSER))
        yield Field(settings, server, orders, token)


async def _one_order(desk: Desk, shop: ShopId) -> None:
    policy = preset("base")
    await desk.directory.put_shop(
        shop, name="Bench", preset_hash=policy.hash, settings={}, zone="Europe/London", contact={}
    )
    await desk.directory.put_buyer(BUYER, name="Bench Buyer", email="bench@example.org")
    host = Actor(kind=ActorKind.HOST, id="bench")
    now = desk.now()
    await desk.engine.handle(
        Submission(
            actor=host,
            command=PlaceOrder(
                order=order_id(1),
                shop=shop,
                buyer=BUYER,
                number="B-00000000000001",
                currency="EUR",
                placed_at=now,
                pins=Pins(preset=policy.name, preset_hash=policy.hash),
                lines=(Line(id="1", sku="JAR", quantity=2, unit_minor=995, tax_minor=380),),
                tenders=(Tender(id="1", method="card", label="Visa ··4242", amount_minor=2870),),
                shipping_minor=500,
            ),
            details=Details(lines=(LineWords(line="1", title="Jar", variant="white"),)),
        )
    )
    paid = ReportFact(order=order_id(1), fact=FactKind.PAID, occurred_at=now)
    await desk.engine.handle(Submission(actor=host, command=paid))


async def _clone(dsn: str, orders: int) -> None:
    """Copy the one order under other ids. Histories are copied as they are; nothing here verifies their chain."""
    connection = await asyncpg.connect(dsn)
    first = order_id(1)
    other = f"'{first[:-14]}' || lpad(n::text, 14, '0')"
    inside = f"convert_to(replace(convert_from(t.{{}}, 'UTF8'), '{first}', {other}), 'UTF8')"
    try:
        for table in ("orders", "order_lines", "tenders", "people", "events"):
            rows = await connection.fetch(
                "SELECT column_name, is_identity FROM information_schema.columns WHERE table_name = $1"
                " ORDER BY ordinal_position",
                table,
            )
            names = [row[0] for row in rows if row[1] != "YES"]
            change = {
                "order_id": other,
                "number": "'B-' || lpad(n::text, 14, '0')",
                "state": inside.format("state"),
                "body": inside.format("body"),
            }
            columns = ", ".join(change.get(name, f"t.{name}") for name in names)
            statement = (
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {columns}"
                f" FROM {table} t, generate_series(2, {orders}) AS n WHERE t.order_id = $1"
            )
            await connection.execute(statement, first, timeout=600)
        await connection.execute("DELETE FROM due")
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()


async def _settle(dsn: str) -> None:
    """Bring to disk what filling left in memory; otherwise the first figures pay for it."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CHECKPOINT", timeout=600)
        await asyncio.to_thread(os.sync)
    finally:
        await connection.close()


@contextmanager
def web(field: Field, port: int) -> Iterator[int]:
    """The web process of a larger installation, without a worker; yields its process id."""
    environ = {
        **os.environ,
        "DATABASE_URL": field.server.dsn(embedded.APP),
        "RESCIND_DATA": str(field.settings.data),
        "RESCIND_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "rescind", "web"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def wait_for(url: str, seconds: float = 30) -> float:
    """Wait until ``url`` answers; returns how long that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return time.monotonic() - begun
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(url)


def fresh_key() -> str:
    """An idempotency key's beginning, new for each segment."""
    return secrets.token_hex(8)
