"""One message to one robot of a group chat: which addresses are called, and what an answer means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rescind.notices.robot import Came, Item, Labels, Robot, cut
from rescind.webhooks.egress import HTTPS, Egress, Wrong, number
from rescind.webhooks.posting import Posted, Poster

ANSWER_BYTES = 4096
"""Of an answer, at most: enough for the longest refusal with its advice."""
SAID = 200
"""Signs of it that are kept."""
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def wrong(robot: Robot, url: str, egress: Egress) -> Wrong | None:
    """What is wrong with a robot's address, None for one that may be called: the kind's own host, by https.

    A robot on this very machine is for development, where the egress allows that.
    """
    fault = egress.wrong(url)
    if fault:
        return fault
    parts = urlsplit(url)
    host = parts.hostname or ""
    literal = number(host)
    here = egress.loopback and (host == "localhost" or (literal is not None and literal.is_loopback))
    if not here and (host not in robot.hosts or parts.port not in {None, HTTPS}):
        return "host"
    return None if robot.key(parts) else "form"


def shown(robot: Robot, url: str) -> str:
    """An address as people may see it: the host, and the last signs of what is secret."""
    parts = urlsplit(url)
    return f"{parts.hostname} …{robot.key(parts)[-4:]}"


async def say(
    poster: Poster, egress: Egress, robot: Robot, url: str, secret: str, labels: Labels, items: Sequence[Item]
) -> Came:
    """Send the news once; they were found to fit. Raises nothing but the end of the task."""
    if wrong(robot, url, egress):
        # What may be called has changed since it was connected.
        return Came("refused", "")
    if len(items) == 1:
        items = (cut(robot, labels, items[0]),)
    # They compare it with their own clocks; a rehearsal's would be too far away.
    asked = robot.request(url, secret, time.time(), labels, items)
    return came(robot, await poster.post(asked.url, _HEADERS, asked.body, kept=ANSWER_BYTES))


def came(robot: Robot, posted: Posted) -> Came:
    """What came of one attempt. A robot says no with a status of 200, so the body is what counts."""
    told = _judged(robot, posted.answer)
    if posted.taken:
        return told or Came("answer", posted.answer[:SAID])
    if told and told.fault:
        # Some give their refusals a status too, and say why all the same.
        return told._replace(wait_s=max(told.wait_s, posted.retry_after_s))
    said = f"{posted.status} {posted.answer}".strip()[:SAID] if posted.status else ""
    return Came(posted.fault or "status", said, posted.retry_after_s)


def _judged(robot: Robot, answer: str) -> Came | None:
    try:
        told = msgspec.json.decode(answer.encode(), type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    judged = robot.judged(told)
    return judged._replace(said=judged.said[:SAID])
