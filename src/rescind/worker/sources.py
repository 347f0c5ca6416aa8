"""Order sources: what they sent is read, what they did not is fetched, and shop systems are told what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from rescind.core.errors import InvalidField, NotFound, RescindError, Unavailable, one_of
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.retelling import to_tell
from rescind.core.scope import Scope
from rescind.core.told_twice import counted_twice
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.intake import document
from rescind.intake.facts import report_fact
from rescind.intake.messages import TYPES, FactMessage, OrderMessage
from rescind.locales import locale
from rescind.order_sources import chosen_of, paid_there
from rescind.placing import place, shop_for
from rescind.postgres.order_sources import Linked, Message, Source
from rescind.woocommerce.client import PAGE, Shop, Trouble
from rescind.woocommerce.documents import moment
from rescind.woocommerce.telling import tell
from rescind.worker import woocommerce
from rescind.worker.each import each
from rescind.worker.findings import Aside, Came, NotYet, host

log = structlog.get_logger()

AT_ONCE = 16
LEASE = timedelta(minutes=5)
TRIES = 12
"""How often a message about an order that is not here yet is read again: three quarters of an hour."""
FETCHED_EVERY = timedelta(minutes=10)
FETCH_LEASE = timedelta(minutes=15)
FIRST_FETCH = timedelta(days=30)
"""So far back a shop system is asked at first: what is older is rarely cancelled any more."""
OVERLAP = timedelta(minutes=2)
"""What was written there while we read may have an earlier time than what we have seen."""
UNCLEAR_WAIT = timedelta(minutes=10)
"""Longer than a request goes on at the shop after we stopped waiting: by then it is done, or will not be."""
_LONGEST_WAIT = timedelta(hours=6)


async def sweep(desk: Desk) -> int:
    """Read every message that is due; returns how many. Raises an ExceptionGroup of what failed."""
    leased = await desk.order_sources.table.lease(LEASE, AT_ONCE)
    about: dict[tuple[str, str], list[Message]] = {}
    for one in sorted(leased, key=lambda one: one.received_at):
        about.setdefault((one.source, one.subject), []).append(one)
    await each(_in_turn(desk, some) for some in about.values())
    return len(leased)


async def _in_turn(desk: Desk, some: Sequence[Message]) -> None:
    """What is about one order is read one after another: each builds on what the one before has written."""
    for one in some:
        await _read(desk, one)


async def _read(desk: Desk, message: Message) -> None:
    table = desk.order_sources.table
    try:
        source = await desk.order_sources.find(message.source)
        came = await (woocommerce.read if source.kind == "woocommerce" else _signed)(desk, source, message)
    except Unavailable as away:
        after = away.params.get("retry_after")
        await table.postpone(message, timedelta(seconds=after if isinstance(after, int) else 30), away.code)
    except Trouble as trouble:
        await table.postpone(message, _wait(message.attempts, trouble), trouble.cause)
    except NotYet as absent:
        if message.attempts >= TRIES:
            await table.finish(message, "set_aside", cause=absent.cause, field=absent.field)
        else:
            await table.postpone(message, timedelta(seconds=min(2**message.attempts, 600)), absent.cause)
    except Aside as odd:
        log.warning("source.message_set_aside", source=message.source, id=message.id, cause=odd.cause)
        await table.finish(
            message, "set_aside", cause=odd.cause, field=odd.field, expected=odd.expected, order=odd.order
        )
    except RescindError as wrong:
        log.warning("source.message_set_aside", source=message.source, id=message.id, cause=wrong.code)
        field, expected = str(wrong.params.get("field", "")), str(wrong.params.get("expected", ""))
        await table.finish(message, "set_aside", cause=wrong.code, field=field, expected=expected)
    else:
        await table.finish(message, "done" if came.news else "no_news", order=came.order)


async def _signed(desk: Desk, source: Source, message: Message) -> Came:
    """Documents as the API takes them. Raises Aside, NotYet, RescindError."""
    told = document.parse(message.body)
    kind = told.get("type")
    if kind == "order.placed":
        return await _placed(desk, source, document.shape(told, OrderMessage))
    if kind == "order.fact":
        return await _fact(desk, source, document.shape(told, FactMessage))
    raise InvalidField(field="/type", expected=one_of(TYPES))


async def _placed(desk: Desk, source: Source, told: OrderMessage) -> Came:
    if source.shop and told.data.shop != source.shop:
        raise InvalidField(field="/data/shop", expected="the shop of this source")
    try:
        shop = await shop_for(desk, told.data)
        eyes = Scope(shop=shop.id) if source.shop else Scope()
        placed = await place(desk, shop, told.data, host(source), scope=eyes)
    except RescindError as wrong:
        raise _inside(wrong) from None
    return Came(placed.first, placed.outcome.order.id)


async def _fact(desk: Desk, source: Source, told: FactMessage) -> Came:
    shop = source.shop or told.shop or ""
    if source.shop and told.shop not in {None, source.shop}:
        raise InvalidField(field="/shop", expected="the shop of this source")
    try:
        view = await desk.reads.order_by_number(
            Scope(), told.number, (await desk.reads.shop(shop)).id if shop else None
        )
    except NotFound:
        raise NotYet("unknown_order", "/number") from None
    try:
        command = report_fact(told.data, view.order, "host")
        outcome = await desk.engine.handle(Submission(command=command, actor=host(source)))
    except RescindError as wrong:
        raise _inside(wrong, view.order.id) from None
    return Came(bool(outcome.records), view.order.id)


def _inside(wrong: RescindError, order: str = "") -> RescindError | Aside:
    """A fault of what is in the envelope, with its place in the whole document."""
    if isinstance(wrong, Unavailable):
        return wrong
    field = str(wrong.params.get("field", ""))
    place = f"/data/{field.lstrip('/')}" if field else "/data"
    return Aside(wrong.code, place, str(wrong.params.get("expected", "")), order)


# Catching up.


async def fetch(desk: Desk) -> int:
    """Ask the shop system that is due for what changed there; returns 1 when there was one, else 0."""
    table = desk.order_sources.table
    due = await table.to_fetch(FETCH_LEASE)
    if due is None:
        return 0
    name, now = due
    source = await desk.order_sources.find(name)
    reached = source.fetched_to
    try:
        shop = await desk.order_sources.shop(name)
        if shop is not None:
            async for reached in _fetched(desk, source, shop, now):
                await table.fetched(name, reached, "", FETCH_LEASE)
    except Unavailable:
        await table.fetched(name, None, "sealed_elsewhere", FETCHED_EVERY)
    except Trouble as trouble:
        await table.fetched(name, None, trouble.cause, _wait(1, trouble))
    else:
        await table.fetched(name, max(reached or now, now - OVERLAP), "", FETCHED_EVERY)
    return 1


async def _fetched(desk: Desk, source: Source, shop: Shop, now: Instant) -> AsyncIterator[Instant]:
    """Keep what changed, page by page; gives how far it is after each. Raises Trouble."""
    table = desk.order_sources.table
    since = (source.fetched_to or source.created_at - FIRST_FETCH) - OVERLAP
    page, more = 1, True
    while more:
        told, more = await shop.changed_since(since, page)
        last = since
        for one in told:
            at = _changed(one)
            identifier = one.get("id")
            if at is None or not isinstance(identifier, int):
                continue
            last = max(last, at)
            known = await table.linked(source.name, str(identifier))
            if known is None or known.changed_at < at:
                name = f"fetched-{identifier}-{at:%Y%m%d%H%M%S}"
                await table.keep(source.name, name, "order.fetched", _number(one), msgspec.json.encode(one))
        # Pages move while orders change, so the next one is asked for by its time; only what changed in one and the
        # same second is turned over by number.
        if last > since + timedelta(seconds=1):
            since, page = last - timedelta(seconds=1), 1
            more = more or len(told) >= PAGE
        else:
            page += 1
        yield min(last, now)


def _changed(one: Mapping[str, Any]) -> Instant | None:
    try:
        return moment(one.get("date_modified_gmt"), field="/date_modified_gmt")
    except (InvalidField, AttributeError, TypeError):
        return None


def _number(one: Mapping[str, Any]) -> str:
    return str(one.get("number") or one.get("id"))[:64]


# Telling.


async def retell(desk: Desk) -> int:
    """Tell shop systems what became of their orders here; returns how many orders were looked at."""
    leased = await desk.order_sources.table.to_tell(LEASE * 2, AT_ONCE)
    await each(_retell(desk, one) for one in leased)
    return len(leased)


async def _retell(desk: Desk, one: Linked) -> None:
    table = desk.order_sources.table
    source = await desk.order_sources.find(one.source)
    order = await table.order(one.shop, one.order)
    assert order is not None, "orders are never removed"
    await _ask(desk, one, order)
    tellings = to_tell(order, one.told, paid_there(source))
    known: list[str] = []
    try:
        shop = await desk.order_sources.shop(one.source) if tellings else None
        if shop is not None:
            chosen = chosen_of(source)
            await tell(shop, one.foreign, tellings, known, restock=chosen.restock, language=locale(chosen.locale))
    except Unavailable:
        await table.not_told(one, known, "sealed_elsewhere", FETCHED_EVERY)
    except Trouble as trouble:
        log.warning("source.not_told", source=one.source, order=one.order, cause=trouble.cause, code=trouble.code)
        await table.not_told(one, known, trouble.cause, _wait(one.attempts, trouble))
    else:
        await table.was_told(one, known)


async def _ask(desk: Desk, one: Linked, order: Order) -> None:
    """Put before a person, once, what was written down there and told by a provider after that: both have counted."""
    for report in counted_twice(order, told_by=f"{one.source}:"):
        refund = report.reference.rpartition(":")[2]
        body = msgspec.json.encode({"id": one.foreign, "refund": refund, "order": order.id, "number": order.number})
        name = f"twice-{refund}"
        await desk.order_sources.table.keep(one.source, name, woocommerce.COUNTED_TWICE, order.number, body)


def _wait(attempts: int, trouble: Trouble) -> timedelta:
    """How long to leave it alone: longer each time, as long as it asks, and long enough to know what came of it."""
    asked = timedelta(seconds=min(trouble.retry_after_s, 86_400))
    usual = min(timedelta(seconds=30) * 2 ** min(attempts, 10), _LONGEST_WAIT)
    return max(asked, usual, UNCLEAR_WAIT if trouble.unclear else timedelta())
