"""Publishing to a message broker: the events that webhooks tell, at least once, an order's own in their order."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

import structlog

from rescind.core import news
from rescind.jetstream import JetStream, Message, NotPublished
from rescind.postgres.event_streams import EventStream, Happened

log = structlog.get_logger()

AT_ONCE = 500
LEASE = timedelta(seconds=60)
"""Longer than a part takes when the server answers at the last moment."""
LONGEST_S = 15.0
"""How long a server that is away is left alone at most."""


class Publisher:
    """Publishes what waits, and remembers when to look again after a fault."""

    def __init__(self, events: EventStream, server: JetStream) -> None:
        self._events = events
        self._server = server
        self._begun = False
        self._faults = 0
        self._again_at = 0.0

    async def sweep(self) -> int:
        """Publish the next part; how many events it was, 0 while there is nothing or nobody to take it."""
        if not self._begun:
            await self._events.begin()
            self._begun = True
        if time.monotonic() < self._again_at:
            return 0
        leased = await self._events.lease(LEASE, AT_ONCE)
        if leased is None:
            return 0
        try:
            await self._server.publish(waves(leased.happened))
        except NotPublished as why:
            if not self._faults:
                log.warning("stream.not_published", fault=why.fault, said=why.said)
            self._again_at = time.monotonic() + min(LONGEST_S, 0.25 * 2**self._faults)
            self._faults = min(self._faults + 1, 10)
            await self._events.fail(leased, why.fault, why.said)
            return 0
        if self._faults:
            log.info("stream.published_again")
        self._faults = 0
        return len(leased.happened) if await self._events.move(leased, LEASE) else 0

    async def close(self) -> None:
        """Hang up, and let another process go on."""
        await self._server.close()
        if self._begun:
            await self._events.leave()


def waves(happened: Iterable[Happened]) -> list[list[Message]]:
    """Messages such that an order has one in each wave: the next goes only after the server has kept the one before."""
    found: list[list[Message]] = []
    places: dict[str, int] = {}
    for one in happened:
        kind = news.kind_of(one.record)
        if kind is None:
            continue
        place = places[one.id] = places.get(one.id, -1) + 1
        if place == len(found):
            found.append([])
        found[place].append(
            Message(news.identifier(one.id, one.record.seq), f"{one.shop}.{kind}", news.body(one, one.record, kind))
        )
    return found
