"""What reading a source's message comes to: something, nothing yet, or a case for a person."""

from __future__ import annotations

from typing import NamedTuple

from rescind.core.actor import Actor, ActorKind
from rescind.postgres.order_sources import Source


class Came(NamedTuple):
    """It was understood. news: something was written; order: which of ours it was about, empty for none."""

    news: bool
    order: str = ""


class NotYet(Exception):
    """What it is about is not here yet. cause: a code; field: where it is named."""

    def __init__(self, cause: str, field: str = "") -> None:
        super().__init__(cause)
        self.cause, self.field = cause, field


class Aside(Exception):
    """Nothing more can be made of it. cause: a code; field, expected: where, and what should stand there."""

    def __init__(self, cause: str, field: str = "", expected: str = "", order: str = "") -> None:
        super().__init__(cause)
        self.cause, self.field, self.expected, self.order = cause, field, expected, order


def host(source: Source) -> Actor:
    """Who speaks in a source's messages."""
    return Actor(kind=ActorKind.HOST, id=f"source:{source.name}")
