"""What there is to say in a group: notices of its shop, as they stand at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from rescind.clock import Clock, wall_clock
from rescind.core.notice import as_of
from rescind.notices import words
from rescind.notices.robot import Item
from rescind.postgres.notice_sends import NoticeSends
from rescind.postgres.robot_messages import Waiting
from rescind.postgres.robots import Held

log = structlog.get_logger()


class RobotNews:
    """Makes the words when they are said. base_url: how people reach these pages, empty where nobody knows."""

    def __init__(self, sends: NoticeSends, clock: Clock, base_url: str) -> None:
        self._sends = sends
        self._clock = clock
        self._base_url = base_url

    async def compose(self, held: Held, waiting: Sequence[Waiting]) -> Mapping[str, Item]:
        """What is to be said of these, by their ids; what has been settled meanwhile is not among it."""
        items: dict[str, Item] = {}
        for one in waiting:
            try:
                item = await self._item(held, one.id)
            except Exception:
                # A mistake of ours keeps one piece of news back, which is told, and not all that comes after it.
                log.exception("robot.no_words", robot=held.id, notice=one.id)
                continue
            if item is not None:
                items[one.id] = item
        return items

    async def _item(self, held: Held, identifier: str) -> Item | None:
        found = await self._sends.one(identifier)
        if found is None:
            return None
        notice = as_of(found.notice, found.order, self._clock.read() or wall_clock(), found.unread)
        if notice.over:
            return None
        told = words(notice, held.language, shop=found.shop_name, zone=found.zone, base_url=self._base_url)
        body = ("" if told.language == "zh" else " ").join(filter(None, (told.sentence, told.move)))
        return Item(told.subject, body, told.link if self._base_url else "", told.label)
