"""Runs every kind of due work, each in its own loop, so that a slow provider delays no deadline."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from rescind.connections import Connected
from rescind.core.errors import Unavailable
from rescind.core.ports import PaymentProvider
from rescind.desk import Desk
from rescind.engine import Engine
from rescind.evidence import Evidence
from rescind.importing import Importing
from rescind.inbox import Inbox
from rescind.mail.post import Post
from rescind.postgres.deliveries import DeliveryTable
from rescind.postgres.due import DueTable, LeaseLost
from rescind.postgres.endpoints import EndpointTable
from rescind.postgres.imports import ImportLost
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.robot_messages import RobotMessages
from rescind.postgres.store import AWAY
from rescind.postgres.switched_off import SwitchedOff
from rescind.worker import deadlines, fan_out, mails, messages, payments, refunds, sources, switched_off
from rescind.worker.deliveries import Courier
from rescind.worker.lists import Mailing
from rescind.worker.months import Months
from rescind.worker.notices import Messenger
from rescind.worker.publishing import Publisher
from rescind.worker.returned import Returned
from rescind.worker.robots import Speaker
from rescind.worker.tracking import Numbers

log = structlog.get_logger()

IDLE_S = 0.15
MAIL_IDLE_S = 1.0
IMPORTS_IDLE_S = 0.5
IMPORTS_AT_ONCE = 2
"""So that a small file does not wait for a large one."""
FETCH_IDLE_S = 1.0
BEAT_S = 5.0
RETURNED_S = 20.0
MINUTE_S = 60.0
HOUR_S = 3600.0
NAME = f"{socket.gethostname()}:{os.getpid()}"
"""What this process is called where several share work."""


async def run(
    engine: Engine,
    due: DueTable,
    provider: PaymentProvider,
    months: Months | None = None,
    connected: Connected | None = None,
    endpoints: EndpointTable | None = None,
    numbers: Numbers | None = None,
    people: NoticePeople | None = None,
) -> None:
    """Work until cancelled. months: who counts how shops answered, where that follows from anything.

    connected: whose messages are read. endpoints, people: which systems and who is told what happened. numbers: who
    compares tracking numbers.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("deadlines", lambda: deadlines.sweep(engine, due), IDLE_S))
        group.create_task(_refunds(engine, due, provider))
        group.create_task(_repeat("payments", lambda: payments.sweep(engine, due, provider), IDLE_S))
        group.create_task(_repeat("fan_out", lambda: fan_out.sweep(due, endpoints, numbers, people), IDLE_S))
        if connected is not None:
            group.create_task(_repeat("messages", lambda: messages.sweep(engine, connected), IDLE_S))
            group.create_task(_repeat("old_messages", lambda: _once(connected.table.forget()), HOUR_S))
        if months is not None:
            group.create_task(_repeat("months", months.sweep, MINUTE_S))
        group.create_task(_repeat("heartbeat", lambda: _once(due.beat(NAME, "worker")), BEAT_S))
        group.create_task(_repeat("forget", lambda: _once(due.forget()), HOUR_S))


async def deliver(courier: Courier, table: DeliveryTable, off: SwitchedOff, operator: str) -> None:
    """Send messages to webhook endpoints, until cancelled. off, operator: whom to write that one was switched off."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("deliveries", courier.sweep, IDLE_S))
        group.create_task(_repeat("switched_off", lambda: switched_off.sweep(off, operator), BEAT_S))
        group.create_task(_repeat("old_deliveries", lambda: _once(table.forget()), HOUR_S))


async def publish(publisher: Publisher) -> None:
    """Tell a message broker what happens, until cancelled."""
    await _repeat("publishing", publisher.sweep, IDLE_S)


async def tell(messenger: Messenger, inbox: Inbox) -> None:
    """Send notices, each way on its own, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for channel in messenger.channels:
            group.create_task(_repeat(f"notices {channel}", partial(messenger.sweep, channel), IDLE_S))
        group.create_task(_repeat("spoken", messenger.spoken, MAIL_IDLE_S))
        group.create_task(_repeat("digests", messenger.digests, MINUTE_S))
        group.create_task(_repeat("old_notices", lambda: _once(inbox.table.forget()), HOUR_S))


async def speak(speaker: Speaker, messages: RobotMessages) -> None:
    """Speak through group robots, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("robots", speaker.sweep, IDLE_S))
        group.create_task(_repeat("old_robot_messages", lambda: _once(messages.forget()), HOUR_S))


async def send(post: Post, compose: mails.Compose, returned: Returned | None = None) -> None:
    """Hand over mail, until cancelled. returned: who reads what comes back later."""
    async with asyncio.TaskGroup() as group:
        if returned is not None:
            group.create_task(_repeat("returned", returned.sweep, RETURNED_S))
        group.create_task(_repeat("mails", lambda: mails.sweep(post, compose), MAIL_IDLE_S))
        group.create_task(_repeat("old_mails", lambda: _once(post.table.forget()), HOUR_S))


async def put_in(importing: Importing) -> None:
    """Work on files with orders and stage changes, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for _ in range(IMPORTS_AT_ONCE):
            group.create_task(_repeat("imports", lambda: _imported(importing), IMPORTS_IDLE_S))
        group.create_task(_repeat("old_imports", lambda: _once(importing.table.forget()), HOUR_S))


async def _imported(importing: Importing) -> int:
    return int(await importing.work() is not None)


async def follow(desk: Desk) -> None:
    """Read what order sources send, fetch what they did not, and tell shop systems what came of it, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("source_messages", lambda: sources.sweep(desk), IDLE_S))
        group.create_task(_repeat("source_fetches", lambda: sources.fetch(desk), FETCH_IDLE_S))
        group.create_task(_repeat("source_tellings", lambda: sources.retell(desk), IDLE_S))
        group.create_task(_repeat("old_source_messages", lambda: _once(desk.order_sources.table.forget()), HOUR_S))


async def mail_lists(mailing: Mailing) -> None:
    """Make and mail the views whose time has come, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat("lists", mailing.sweep, BEAT_S))
        group.create_task(_repeat("old_lists", lambda: _once(mailing.tidy()), HOUR_S))


async def tidy(evidence: Evidence) -> None:
    """Remove files that no command named in time, until cancelled."""
    await _repeat("evidence", evidence.sweep, HOUR_S)


async def attend(due: DueTable) -> None:
    """Say for a web process that people can reach us, until cancelled."""
    await _repeat("heartbeat", lambda: _once(attend_once(due)), BEAT_S)


async def attend_once(due: DueTable) -> None:
    """Say it now."""
    await due.beat(f"web {NAME}", "web")


async def _refunds(engine: Engine, due: DueTable, provider: PaymentProvider) -> None:
    async with refunds.Sending(engine, due, provider) as sending:
        await _repeat("refunds", sending.sweep, IDLE_S)


async def _once(work: Awaitable[None]) -> int:
    await work
    return 0


async def _repeat(name: str, sweep: Callable[[], Awaitable[int]], idle_s: float) -> None:
    """Sweep again at once while there is work; a database that is away is waited for.

    A mistake of ours in one kind of work is told, and ends no other: what it was about is still due.
    """
    while True:
        try:
            done = await sweep()
        except (*AWAY, Unavailable, LeaseLost, ImportLost) as fault:
            log.warning("worker.interrupted", work=name, fault=type(fault).__name__)
            done = 0
        except Exception:
            log.exception("worker.failed", work=name)
            done = 0
        if not done:
            await asyncio.sleep(idle_s)
