"""What happens is said in group chats: by each robot one message at a time, with all that came up meanwhile in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from rescind.notices.robot import FOR_NOTHING, Item, fitting
from rescind.notices.robot_words import around
from rescind.notices.robots import ROBOTS
from rescind.postgres.robot_messages import MessageState, RobotMessages, Waiting
from rescind.postgres.robots import Heard, Held
from rescind.robots import LEASE, Robots, heard
from rescind.webhooks.posting import Poster

log = structlog.get_logger()

PLACES = 64
"""Robots of one kind that are spoken to at the same moment, at most: a house that hangs has no more."""
IDLE_S = 0.15

Compose = Callable[[Held, Sequence[Waiting]], Awaitable[Mapping[str, Item]]]
"""What there is to say now, in the group's language; what is not among it is over."""


class Speaker:
    """Speaks to robots that have something to say. Each is a task of its own, so that one that hangs delays no other.

    compose: makes the words when they are said, so that they are true then.
    """

    def __init__(self, robots: Robots, poster: Poster, compose: Compose) -> None:
        self._robots = robots
        self._messages: RobotMessages = robots.messages
        self._poster = poster
        self._compose = compose
        self._under_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def sweep(self) -> int:
        """Begin what there is room for; returns 0 when nothing is under way."""
        rooms = {kind: PLACES - self._under_way[kind] for kind in ROBOTS}
        leased = await self._messages.lease(rooms, LEASE)
        for held in leased:
            self._under_way[held.kind] += 1
            task = asyncio.create_task(self._speak(held))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not leased and self._tasks:
            await asyncio.wait(self._tasks, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        return len(leased) + len(self._tasks)

    async def close(self) -> None:
        """Give up what is under way: nobody else has it before its lease ends, and then it is said again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _speak(self, held: Held) -> None:
        try:
            await self._say(held)
        except Exception:
            # A mistake of ours concerns this robot alone, is told, and comes round again when the lease ends.
            log.exception("robot.failed", robot=held.id)
        finally:
            self._under_way[held.kind] -= 1

    async def _say(self, held: Held) -> None:
        waiting = await self._messages.waiting(held)
        items = await self._compose(held, waiting)
        ended: dict[str, MessageState] = {one.id: "over" for one in waiting if one.id not in items}
        told = [one for one in waiting if one.id in items]
        if not told:
            await self._messages.nothing(held, ended)
            return
        robot, labels = ROBOTS[held.kind], around(held.language, len(told))
        told = told[: fitting(robot, labels, [items[one.id] for one in told])]
        labels = around(held.language, len(told))
        came = await self._robots.speak(self._poster, held, labels, [items[one.id] for one in told])
        if not came.fault or came.fault in FOR_NOTHING:
            state: MessageState = "failed" if came.fault else "said"
            ended |= {one.id: state for one in told}
        await self._finish(held, heard(held, came), ended)

    async def _finish(self, held: Held, what: Heard, ended: Mapping[str, MessageState]) -> None:
        state = await self._messages.finish(held, what, ended)
        if state in {"gone", "failing"}:
            await self._robots.unroute(held.id)
            log.warning("robot.switched_off", robot=held.id, why=state)
