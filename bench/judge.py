"""How many questions a core answers: every shipped preset, on facts that are ready, and on orders from their state."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from rescind.book import calendar
from rescind.core.cancellation import starts
from rescind.core.context import Context
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.order import Order, stage
from rescind.core.parts import Line, Pins, Progress, Tender
from rescind.core.policy import judge_fast
from rescind.core.policy.facts import facts
from rescind.core.stage import Stage
from rescind.core.terms import Terms
from rescind.policies import laws, preset, presets

READY, WHOLE = 500_000, 100_000
"""Decisions a second that are wanted: on ready facts without a trace; from the order, with its trace kept."""

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
SEGMENT_S = 0.2
ROUNDS = 12


def orders(name: str) -> list[Order]:
    """One order at each stage that a request meets, inside the first hour and after it."""
    policy, shop = preset(name), shop_id(1)
    found: list[Order] = []
    for ago in (timedelta(minutes=30), timedelta(hours=5)):
        at = NOW - ago
        reached = Progress()
        for field in ("paid_at", "allocated_at", "preparation_started_at", "packing_started_at", "packed_at"):
            reached = msgspec.structs.replace(reached, **{field: at})
            found.append(
                Order(
                    id=OrderId(make_id("ord", shop, at, len(found))),
                    shop=shop,
                    buyer="ann",
                    number=str(len(found)),
                    currency=policy.currency or "USD",
                    placed_at=at,
                    pins=Pins(preset=name, preset_hash=policy.hash),
                    lines=(Line(id="1", sku="MUG", quantity=1, unit_minor=4000),),
                    tenders=(Tender(id="t", method="card", amount_minor=4000, captured_minor=4000),),
                    progress=reached,
                )
            )
    return found


def rate(work: Callable[[int], None]) -> float:
    """What was done in a second of the core's own time, over a short segment."""
    done, batch, began = 0, 64, time.process_time()
    while (spent := time.process_time() - began) < SEGMENT_S:
        work(batch)
        done += batch
        batch = min(batch * 2, 8192)
    return done / spent


def asking(name: str) -> tuple[Callable[[int], None], Callable[[int], None]]:
    """Questions to one preset, so many at a time: on ready facts, and from the order with its trace."""
    policy = preset(name)
    days = calendar(policy.calendar, policy.zone)
    context = Context(calendar=days, entropy=0)
    terms = Terms(preset=policy.at(NOW), laws=laws())
    asked = orders(name)

    def read(order: Order) -> dict[str, Any]:
        at: Stage = stage(order, NOW)
        return facts(order, now=NOW, at_stage=at, actor="buyer", selection={"1": 1}, amount_minor=4000, context=context)

    ready = [read(order) for order in asked]
    layers = terms.layers

    def on_ready(count: int) -> None:
        for said in islice(cycle(ready), count):
            judge_fast(layers, "request", said)

    def whole(count: int) -> None:
        for order in islice(cycle(asked), count):
            terms.judge("request", read(order), now=NOW, starts=starts(order, NOW), calendar=days, trace=True)

    return on_ready, whole


def run(out: Console) -> bool:
    """Measure every preset; whether all were as fast as we promise.

    The most of several rounds counts, each of which asks every preset: others share the core, for seconds at a time.
    """
    table = Table("preset", "on ready facts", "facts built, trace kept", box=None, pad_edge=False)
    works = {name: asking(name) for name in presets()}
    rounds = [{name: (rate(ready), rate(whole)) for name, (ready, whole) in works.items()} for _ in range(ROUNDS)]
    met = True
    for name in works:
        ready, whole = (max(rates) for rates in zip(*(one[name] for one in rounds), strict=True))
        met &= ready >= READY and whole >= WHOLE
        table.add_row(name, f"{ready:,.0f}/s", f"{whole:,.0f}/s")
    out.print(f"judge: decisions a second on one core (wanted: {READY:,} and {WHOLE:,})")
    out.print(table)
    return met
