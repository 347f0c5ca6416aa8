"""Robots of group chats: what the three have in common. How each is spoken to stands in a file of its own.

A group's members add a robot to it and get an address; whoever posts there speaks in the group. Such an address is a
secret by itself. Each kind has its own form of messages, its own signature, and a limit that one robot may not exceed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import SplitResult

_CUT = "…"
_WIDE = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "<>[]*`#_~|\\"})
"""To the full-width form of each."""

FAULTS = ("sign", "keyword", "source", "no_robot", "too_fast", "too_long", "form", "answer")
"""Why a robot took nothing, beside what may befall any message: by the codes that the three give it.

sign: the secret or the time. keyword: a word that its messages must have. source: only some addresses may call it.
no_robot: it is not there any more. form, too_long: our message. answer: what came back is no answer of a robot.
"""
FOR_NOTHING = frozenset({"form", "too_long"})
"""Faults of the message itself: to send the same again is for nothing."""


class Item(NamedTuple):
    """One piece of news. title: what it is about; text: what happened and whose move it is; link: where to act.

    label: what the link says; empty for the common word.
    """

    title: str
    text: str
    link: str = ""
    label: str = ""


class Labels(NamedTuple):
    """Words around the news, in the group's language. heading: over several; open: on a link."""

    heading: str
    open: str


class Request(NamedTuple):
    """What is posted, and where: a signature may be part of the address."""

    url: str
    body: bytes


class Came(NamedTuple):
    """What came of a message: fault is empty when the group has it. said: what the robot answered, as text.

    wait_s: how long the robot is to be left alone.
    """

    fault: str
    said: str
    wait_s: int = 0


class Robot(Protocol):
    """A kind of robot. hosts: where its addresses are. signs: whether it can ask for a signature.

    per_minute: messages that one robot takes, at most. most_bytes: of a body.
    """

    kind: ClassVar[str]
    hosts: ClassVar[frozenset[str]]
    example: ClassVar[str]
    signs: ClassVar[bool]
    per_minute: ClassVar[int]
    most_bytes: ClassVar[int]

    def key(self, parts: SplitResult) -> str:
        """What is secret in an address of its form; empty for an address that has another form."""
        ...

    def request(self, url: str, secret: str, at: float, labels: Labels, items: Sequence[Item]) -> Request:
        """A message with this news. secret: empty where none is set; at: Unix time."""
        ...

    def judged(self, answer: Mapping[str, Any]) -> Came:
        """What an answer means."""
        ...


def gap_s(robot: Robot) -> float:
    """Seconds between two messages of one robot: kept to, no minute has more of them than the robot takes."""
    return math.ceil(600 / robot.per_minute) / 10


def fitting(robot: Robot, labels: Labels, items: Sequence[Item]) -> int:
    """How much of the news, from the first on, one message can carry; at least one, which is cut short to fit."""
    for count in range(len(items), 1, -1):
        if _length(robot, labels, items[:count]) <= robot.most_bytes:
            return count
    return min(1, len(items))


def cut(robot: Robot, labels: Labels, item: Item) -> Item:
    """The same news, short enough for a message of its own."""
    shorter = item
    while _length(robot, labels, [shorter]) > robot.most_bytes and len(shorter.text) > len(_CUT):
        shorter = shorter._replace(text=shorter.text[: len(shorter.text) * 3 // 4 - 1] + _CUT)
    return shorter


def signature(key: str, said: str) -> str:
    """HMAC-SHA256, in base 64."""
    return base64.b64encode(hmac.digest(key.encode(), said.encode(), hashlib.sha256)).decode()


def one_line(text: str) -> str:
    """Without breaks, so that nothing of it begins a line of its own."""
    return " ".join(text.split())


def plain(text: str) -> str:
    """Signs that mean something are written wide: nothing else is safe from them, and "<@all>" would call everybody."""
    return one_line(text).translate(_WIDE)


def _length(robot: Robot, labels: Labels, items: Sequence[Item]) -> int:
    return len(robot.request(robot.example, "", 0, labels, items).body)
