"""Two shops, their people and their orders in a real database, filled through the engine like everything else."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections import Counter
from contextlib import asynccontextmanager

from rescind.book import Book
from rescind.clock import Clock
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.details import BuyerWords, Details, LineWords, Recipient
from rescind.core.event import Note
from rescind.core.failed_refund import unsettled
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import CancellationId, OrderId, make_id, shop_id
from rescind.core.ledger import BUYER, BY_HAND, CREDIT, ELSEWHERE, SELLER, holder
from rescind.core.lifecycle import due, replay
from rescind.core.limits import DailyLimits, Guards
from rescind.core.parts import FactKind, Line, Pins, Tender
from rescind.core.ports import Fingerprint, Key
from rescind.core.record import decode, decode_order, verify
from rescind.core.stage import Stage, rank
from rescind.engine import Engine, Submission
from rescind.policies import names, preset
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.directory import Directory
from rescind.postgres.due import DueTable
from rescind.postgres.guards import GuardTable
from rescind.postgres.policies import PolicyTable
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.store import PostgresStore
from rescind.providers.sandbox import Sandbox
from rescind.worker import deadlines, fan_out, payments, refunds
from scenarios.shop import STEPS

KILN, LANTERN = shop_id(1), shop_id(2)
"""Kiln sells under the plain rules, Lantern under those of the United States."""
SHOPS = {KILN: ("Kiln & Co", "base", "UTC"), LANTERN: ("Blue Lantern", "us", "America/Los_Angeles")}
BUYERS = {"ann": ("Ann Lee", "en"), "bob": ("Bob Ray", "zh")}

HOST = Actor(kind=ActorKind.HOST, id="host")
ANN = Actor(kind=ActorKind.BUYER, id="ann")
SAM = Actor(kind=ActorKind.SELLER, id="sam")

NOBODY = CancellationId("can_00000001none0000000000")
"""A request that nobody made."""

_numbers = itertools.count(5001)


def person(kind: str, who: str = "") -> Actor:
    return Actor(kind=ActorKind(kind), id=who or kind)


def key(name: str, *, shop=KILN, principal="ann", route="POST /v1/orders/{id}/cancellations") -> Key:
    return Key(shop=shop, principal=principal, route=route, key=name)


def fingerprint(said: str) -> Fingerprint:
    return Fingerprint(hashlib.sha256(said.encode()).digest())


def words_of(buyer):
    """What the marketplace tells of a buyer with each order."""
    if buyer not in BUYERS:
        return BuyerWords()
    name, locale = BUYERS[buyer]
    return BuyerWords(name=name, email=f"{buyer}@example.org", locale=locale)


class Market:
    """A way to speak to one engine. ``market.order()`` places one; the rest is said about it."""

    def __init__(self, pool, engine: Engine, clock: Clock) -> None:
        self.pool, self.engine, self.clock = pool, engine, clock
        self.directory = Directory(pool)

    async def open(self):
        """Make the shops and buyers known."""
        for shop, (name, policy, zone) in SHOPS.items():
            await self.directory.put_shop(
                shop,
                name=name,
                preset_hash=preset(policy).hash,
                settings={},
                zone=zone,
                contact={"email": "shop@example.org"},
            )
        for buyer, (name, locale) in BUYERS.items():
            await self.directory.put_buyer(buyer, name=name, email=f"{buyer}@example.org", locale=locale)
        return self

    async def now(self):
        return self.clock.read() or await self.pool.fetchval("SELECT clock_timestamp()")

    async def does(self, command, actor, **circumstances):
        """One command, decided and written."""
        return await self.engine.handle(Submission(command=command, actor=actor, **circumstances))

    async def placing(
        self, *, shop=KILN, buyer="ann", number=None, price=4000, currency=None, units=1, policy=None, **more
    ):
        """The command that places an order, not sent yet."""
        now = await self.now()
        policy = preset(policy or SHOPS[shop][1])
        return PlaceOrder(
            order=OrderId(make_id("ord", shop, now, secrets.randbits(28))),
            shop=shop,
            buyer=buyer,
            number=number or str(next(_numbers)),
            currency=currency or ("USD" if shop == LANTERN else "EUR"),
            placed_at=more.pop("placed_at", now),
            pins=Pins(preset=policy.name, preset_hash=policy.hash, settings=more.pop("settings", {})),
            lines=more.pop("lines", (Line(id="1", sku="MUG", quantity=units, unit_minor=price),)),
            tenders=more.pop(
                "tenders", (Tender(id="t", method="card", label="Visa ..42", amount_minor=price * units),)
            ),
            **more,
        )

    async def order(self, stage=Stage.ALLOCATED, *, title="Mug", told=None, **more) -> OrderId:
        """Place an order and report everything up to ``stage``, all of it now."""
        command = await self.placing(**more)
        details = Details(
            lines=tuple(LineWords(line=line.id, title=title, variant="blue") for line in command.lines),
            recipient=Recipient(name="Zoë Ångström", email="zoe@example.org", city="Uppsala", country="SE"),
            buyer=told or words_of(command.buyer),
        )
        await self.does(command, HOST, details=details)
        for reached, fact in STEPS:
            if rank(reached) <= rank(stage):
                await self.fact(command.order, fact, tracking="JD1" if fact is FactKind.TRACKING_ADDED else "")
        return command.order

    async def fact(self, order, fact, *, actor=HOST, **more):
        command = ReportFact(order=order, fact=FactKind(fact), occurred_at=await self.now(), **more)
        return await self.does(command, actor)

    async def asks(self, order, *, buyer="ann", reason="changed_mind", lines=None, anyway=False, **circumstances):
        """The buyer asks to cancel; gives the outcome."""
        command = RequestCancellation(order=order, reason=reason, lines=lines, anyway=anyway)
        return await self.does(command, person("buyer", buyer), **circumstances)

    async def approves(self, order, cancellation, **circumstances):
        return await self.does(ApproveCancellation(order=order, cancellation=cancellation), SAM, **circumstances)

    async def refuses(self, order, cancellation, reason="other", *, comment="Sorry", **circumstances):
        note = Note(id="txt_" + secrets.token_hex(8), body=comment, salt="salt") if comment else None
        command = RefuseCancellation(order=order, cancellation=cancellation, reason=reason, comment=note)
        return await self.does(command, SAM, **circumstances)

    async def withdraws(self, order, cancellation, *, buyer="ann", **circumstances):
        command = WithdrawCancellation(order=order, cancellation=cancellation)
        return await self.does(command, person("buyer", buyer), **circumstances)

    async def cancels(self, order, reason="out_of_stock", lines=None, **circumstances):
        return await self.does(CancelBySeller(order=order, reason=reason, lines=lines), SAM, **circumstances)

    async def read(self, order):
        """The order as it is stored."""
        return decode_order(await self.pool.fetchval("SELECT state FROM orders WHERE order_id = $1", order))


@asynccontextmanager
async def market_on(pool, clock, *, store=None, limits=None, alone_up_to=None, **engine):
    """A market over an engine of its own; ``store`` stands between it and the database. limits, alone_up_to: what one
    person may do with money.
    """
    guards = GuardTable(pool, Guards(daily=limits or DailyLimits(), alone_up_to=alone_up_to or {}))
    versions = ShopVersions(pool, clock)
    book = Book(PolicyTable(pool), CalendarTable(pool), versions)
    await book.open(tuple(preset(name) for name in names()))
    async with Engine(store or PostgresStore(pool, clock), book, guards=guards, **engine).running() as running:
        market = await Market(pool, running, clock).open()
        market.book, market.versions = book, versions
        yield market


async def worked(market, provider=None, *, rounds=20):
    """Do everything that is due at the clock's time, until nothing is."""
    table = DueTable(market.pool, market.clock)
    for _ in range(rounds):
        done = await deadlines.sweep(market.engine, table)
        done += await refunds.sweep(market.engine, table, provider or Sandbox())
        done += await payments.sweep(market.engine, table, provider or Sandbox())
        done += await fan_out.sweep(table)
        if not done:
            return
    raise AssertionError("the work does not end")


async def audit(pool) -> int:
    """Everything that must be true of a whole database at any moment; returns how many orders were looked at."""
    orders = await pool.fetch("SELECT shop_id, order_id, version, state, head, buyer_id FROM orders")
    for row in orders:
        stored = await pool.fetch(
            "SELECT seq, body, hash FROM events WHERE order_id = $1 ORDER BY seq", row["order_id"]
        )
        chained = [(one["seq"], one["body"], one["hash"]) for one in stored]
        assert verify(row["order_id"], chained) is None
        assert chained[-1][2] == row["head"]
        order = decode_order(row["state"])
        assert replay(tuple(decode(one["body"]).event for one in stored)) == order
        assert order.version == row["version"] == len(stored)
        await _audit_money(pool, order)
        await _audit_due(pool, order)
        await _audit_refunds(pool, order)
    sums = await pool.fetch(
        "SELECT currency, sum(amount_minor) FROM ledger GROUP BY currency HAVING sum(amount_minor) <> 0"
    )
    assert sums == []
    orphans = """SELECT 'due', ref FROM due d WHERE NOT EXISTS
                     (SELECT FROM orders o WHERE (o.shop_id, o.order_id) = (d.shop_id, d.order_id))
                 UNION ALL SELECT 'event', order_id FROM events e WHERE NOT EXISTS
                     (SELECT FROM orders o WHERE (o.shop_id, o.order_id) = (e.shop_id, e.order_id))"""
    assert await pool.fetch(orphans) == []
    return len(orders)


async def _audit_money(pool, order):
    found = await pool.fetch("SELECT * FROM tenders WHERE order_id = $1", order.id)
    rows = {row["tender_id"]: row for row in found}
    postings = await pool.fetch(
        "SELECT tender_id, account, sum(amount_minor) AS sum FROM ledger WHERE order_id = $1 GROUP BY 1, 2", order.id
    )
    balance = {(row["tender_id"], row["account"]): row["sum"] for row in postings}
    for tender in order.tenders:
        row = rows[tender.id]
        kept = ("amount", "captured", "reserved", "refunded", "taken_elsewhere")
        assert all(row[f"{name}_minor"] == getattr(tender, f"{name}_minor") for name in kept)
        assert 0 <= tender.reserved_minor + tender.refunded_minor <= tender.captured_minor
        if tender.trial:
            assert not any(account for of, account in balance if of == tender.id), "on trial no money moves"
            continue
        gone = tender.reserved_minor + tender.refunded_minor
        done = [one for one in order.refunds if one.tender == tender.id and one.status == "succeeded"]
        otherwise = {
            CREDIT: sum(one.amount_minor for one in done if one.into == "store_credit"),
            BY_HAND: sum(one.amount_minor for one in done if one.into == "paid_out"),
        }
        wanted = Counter({account: -amount for account, amount in otherwise.items()})
        wanted[holder(tender)] += tender.captured_minor - tender.refunded_minor - tender.taken_elsewhere_minor
        wanted[holder(tender)] += sum(otherwise.values())
        assert all(balance.get((tender.id, account), 0) == amount for account, amount in wanted.items())
        assert balance.get((tender.id, SELLER), 0) == gone - tender.captured_minor
        assert balance.get((tender.id, BUYER), 0) == -tender.reserved_minor
        assert balance.get((tender.id, ELSEWHERE), 0) == tender.taken_elsewhere_minor


async def _audit_refunds(pool, order):
    found = await pool.fetch(
        "SELECT refund_id, amount_minor, status, reference, settled_at, place = 'failed' AS failed FROM refunds"
        " WHERE order_id = $1",
        order.id,
    )
    waiting = {one.id for one in unsettled(order)}
    assert {tuple(row) for row in found} == {
        (one.id, one.amount_minor, one.status, one.reference, one.settled_at, one.id in waiting)
        for one in order.refunds
    }


async def _audit_due(pool, order):
    found = await pool.fetch("SELECT kind, ref, due_at FROM due WHERE order_id = $1 AND kind <> 'fan_out'", order.id)
    assert {(row["kind"], row["ref"], row["due_at"]) for row in found} == {
        (one.kind, one.ref, one.due_at) for one in due(order)
    }


async def contents(pool):
    """Everything that is stored, to see whether something was written."""
    tables = ("orders", "events", "ledger", "due", "cases", "idempotency", "tenders", "order_lines", "texts")
    return {name: await pool.fetch(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in tables}
