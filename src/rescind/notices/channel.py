"""The port that every way of telling people something fits: a name, and sending one notice to one address."""

from __future__ import annotations

from typing import Protocol

import msgspec

from rescind.notices.words import Words


class Sent(msgspec.Struct, frozen=True):
    """It was taken. said: the receiver's own words, for whoever looks into the log."""

    said: str = ""


class Refused(msgspec.Struct, frozen=True):
    """It is not taken, and trying again would not help. gone: nor would anything else that is sent to this address."""

    said: str = ""
    gone: bool = False


class Unclear(msgspec.Struct, frozen=True):
    """Nobody answered, or not now: it is tried again. wait_s: seconds until it is worth it, where the receiver said."""

    said: str = ""
    wait_s: int | None = None


Answer = Sent | Refused | Unclear


class Channel(Protocol):
    """One way of telling people something. ``send`` never raises for what a receiver does."""

    name: str

    async def send(self, words: Words, address: str) -> Answer:
        """Send one notice to one address, which is what ``notice_channels`` has of it."""
        ...
