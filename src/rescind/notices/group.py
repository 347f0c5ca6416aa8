"""By a robot in a group chat: a place in the robot's own queue, because one message may carry much."""

from __future__ import annotations

from typing import Protocol

from rescind.core.ids import shop_of
from rescind.notices.channel import Answer, Refused, Sent
from rescind.notices.words import Words


class Queue(Protocol):
    """Where a notice waits until the robot may speak."""

    async def put(self, shop: str, robot: str, notice: str, topic: str) -> bool:
        """Let a robot tell of a notice if its group chose the topic, once however often it is called.

        False: the robot is not there, or was switched off.
        """
        ...


class GroupChat:
    """The words are made anew when the robot speaks: they have to be true then."""

    name = "robot"

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def send(self, words: Words, address: str) -> Answer:
        """Put it into the queue. address: the robot's id."""
        if await self._queue.put(shop_of(words.notice), address, words.notice, words.group):
            return Sent("in the robot's queue")
        return Refused("this robot is switched off", gone=True)
