"""Two shops of every kind of order, for whoever reads."""

import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from rescind.book import Book
from rescind.clock import HandClock
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import (
    ApproveCancellation,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.details import BuyerWords, Details, LineWords, Recipient
from rescind.core.event import Note
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.parts import FactKind, Line, Pins, Tender
from rescind.core.scope import Scope
from rescind.engine import Engine, Submission
from rescind.policies import preset
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.directory import Directory
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.store import PostgresStore, connect

SECRET = bytes(range(32))
MONDAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=8)
KILN, LANTERN = shop_id(1), shop_id(2)
EVERYBODY, ANN, BOB = Scope(), Scope(buyer="ann"), Scope(buyer="bob")
KILNS, LANTERNS = Scope(shop=KILN), Scope(shop=LANTERN)


BUYERS = {
    "ann": BuyerWords(name="Ann Lee", email="ann_lee@example.org", locale="zh"),
    "bob": BuyerWords(name="Bob Ray", email="bob@example.com", locale="en"),
}


class Mall:
    """Two shops on a clock moved by hand, filled through the engine, so that what is read is what is written."""

    def __init__(self, pool, engine, clock):
        self.pool, self.engine, self.clock = pool, engine, clock
        self.reads = Reads(pool, SECRET)
        self.directory = Directory(pool)

    async def does(self, kind, command, *, who="", details=None):
        actor = Actor(kind=kind, id=who or kind.value)
        return await self.engine.handle(Submission(command=command, actor=actor, details=details))

    async def place(
        self, number, buyer="ann", *, shop=KILN, at=MONDAY, title="Mug", sku="MUG", units=1, unit=1000, recipient=None
    ):
        self.clock.set(at)
        name = "us" if shop == LANTERN else "base"
        line = Line(id="1", sku=sku, quantity=units, unit_minor=unit)
        extra = Line(id="2", sku="BAG", quantity=1, unit_minor=50)
        command = PlaceOrder(
            order=OrderId(make_id("ord", shop, at, secrets.randbits(28))),
            shop=shop,
            buyer=buyer,
            number=number,
            currency="EUR",
            placed_at=at,
            pins=Pins(preset=name, preset_hash=preset(name).hash),
            lines=(line, extra),
            tenders=(Tender(id="t", method="card", label="Visa ..42", amount_minor=units * unit + 50),),
        )
        details = Details(
            lines=(
                LineWords(line="1", title=title, variant="blue", options={"Engraving": "für Zoë"}, image="/mug.jpg"),
                LineWords(line="2", title="Paper bag"),
            ),
            recipient=recipient or Recipient(name="Zoë Ångström", email="zoe@example.org", city="Uppsala"),
            buyer=BUYERS.get(buyer, BuyerWords()),
            note="Leave it with the neighbour",
        )
        await self.does(ActorKind.HOST, command, details=details)
        return command.order

    async def fact(self, order, fact, at=None, **more):
        if at is not None:
            self.clock.set(at)
        command = ReportFact(order=order, fact=FactKind(fact), occurred_at=self.clock.read(), **more)
        await self.does(ActorKind.HOST, command)

    async def ask(self, order, *, buyer="ann", reason="changed_mind", **more):
        command = RequestCancellation(order=order, reason=reason, **more)
        outcome = await self.does(ActorKind.BUYER, command, who=buyer)
        return outcome.order.cancellations[-1].id


@asynccontextmanager
async def mall(dsn):
    clock = HandClock(MONDAY)
    pool = await connect(dsn, size=3)
    try:
        book = Book(PolicyTable(pool), CalendarTable(pool))
        await book.open((preset("base"), preset("us")))
        async with Engine(PostgresStore(pool, clock), book).running() as engine:
            yield Mall(pool, engine, clock)
    finally:
        await pool.close()


async def fill(one):
    for shop, name, policy in ((KILN, "Kiln & Co", "base"), (LANTERN, "Blue Lantern", "us")):
        await one.directory.put_shop(
            shop,
            name=name,
            preset_hash=preset(policy).hash,
            settings={"window": "1h"} if shop == KILN else {},
            zone="Europe/Stockholm",
            contact={"email": "shop@example.org"},
        )
    for buyer, told in BUYERS.items():
        await one.directory.put_buyer(buyer, name=told.name, email=told.email, locale=told.locale)
    seller, is_paid = ActorKind.SELLER, ("paid", "allocated")
    order, case = {}, {}

    order["unpaid"] = await one.place("1001", title="Mug 100% glaze", sku="MUG-1", unit=4000)

    order["asked"] = await one.place("1002", at=MONDAY + timedelta(minutes=1), units=3)
    for fact in is_paid:
        await one.fact(order["asked"], fact)
    comment = Note(id="txt_asked", body="I found my old one", salt="s")
    case["asked"] = await one.ask(order["asked"], lines={"1": 2}, comment=comment)

    order["stopped"] = await one.place("1003", "bob", at=MONDAY + timedelta(minutes=2), title="Teapot", unit=2000)
    for fact in is_paid:
        await one.fact(order["stopped"], fact)
    case["stopped"] = await one.ask(order["stopped"], buyer="bob", reason="duplicate")
    await one.does(seller, ApproveCancellation(order=order["stopped"], cancellation=case["stopped"]))

    order["refused"] = await one.place("1004", "bob", at=MONDAY + timedelta(minutes=3), title="Bowl")
    for fact in (*is_paid, "packing_started", "packed"):
        await one.fact(order["refused"], fact)
    case["refused"] = await one.ask(order["refused"], buyer="bob", anyway=True)
    said = Note(id="txt_refused", body="The label is on it", salt="s")
    await one.does(
        seller,
        RefuseCancellation(order=order["refused"], cancellation=case["refused"], reason="packed", comment=said),
    )

    order["shipped"] = await one.place("1005", "bob", at=MONDAY + timedelta(minutes=4), sku="CUP-7")
    for fact in is_paid:
        await one.fact(order["shipped"], fact)
    await one.fact(order["shipped"], "tracking_added", carrier="Post", tracking="JD0001234SE")
    await one.fact(order["shipped"], "handed_over")

    order["withdrawn"] = await one.place("1006", at=MONDAY + timedelta(minutes=5))
    for fact in is_paid:
        await one.fact(order["withdrawn"], fact)
    case["withdrawn"] = await one.ask(order["withdrawn"])
    withdrawal = WithdrawCancellation(order=order["withdrawn"], cancellation=case["withdrawn"])
    await one.does(ActorKind.BUYER, withdrawal, who="ann")

    order["odd"] = await one.place("1007", at=MONDAY + timedelta(minutes=6))
    await one.fact(order["odd"], "paid")
    case["odd"] = await one.ask(order["odd"])
    await one.fact(order["odd"], "handed_over")

    order["partly"] = await one.place("1008", at=MONDAY + timedelta(minutes=7), units=2)
    for fact in is_paid:
        await one.fact(order["partly"], fact)
    case["partly"] = await one.ask(order["partly"], lines={"1": 1})
    await one.does(seller, ApproveCancellation(order=order["partly"], cancellation=case["partly"]))

    order["late"] = await one.place("2002", "bob", shop=LANTERN, at=MONDAY - timedelta(days=6), title="Lamp")
    await one.fact(order["late"], "paid", at=MONDAY - timedelta(days=6))
    # The very number of a neighbour's order: numbers are a shop's own.
    order["held"] = await one.place("1001", shop=LANTERN, at=NOW - timedelta(minutes=10), title="Lamp 提灯", unit=9900)
    await one.fact(order["held"], "paid")
    return SimpleNamespace(order=order, case=case)


def names(page_or_rows, known):
    rows = getattr(page_or_rows, "rows", page_or_rows)
    by_id = {identifier: name for name, identifier in known.items()}
    return [by_id.get(getattr(row, "case_id", row.order_id), "?") for row in rows]
