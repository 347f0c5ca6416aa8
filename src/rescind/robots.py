"""Robots of group chats: which groups of a shop's people are told what happens, in 企业微信, 飞书 and 钉钉."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Literal

import msgspec

from rescind.clock import Clock, wall_clock
from rescind.core.errors import (
    IdempotencyKeyReused,
    InvalidField,
    NotFound,
    RateLimited,
    RobotsFull,
    Unavailable,
)
from rescind.core.ids import derived
from rescind.core.notice import GROUPS
from rescind.core.scope import Scope
from rescind.intake.text import label
from rescind.locales import LANGUAGE_NAMES
from rescind.notices import ROBOT
from rescind.notices.robot import Came, Item, Labels, Robot, gap_s
from rescind.notices.robot_words import around, trial
from rescind.notices.robots import ROBOTS
from rescind.postgres.notice_people import NoticePeople, Owner
from rescind.postgres.robot_messages import RobotMessages
from rescind.postgres.robots import Address, Heard, Held, RobotTable, Row
from rescind.robot_post import say, shown, wrong
from rescind.sealing import Sealer
from rescind.webhooks import ladder
from rescind.webhooks.egress import Egress, Wrong
from rescind.webhooks.posting import Poster

MOST = 10
"""Robots that a shop has at most."""
PURPOSE = "rescind group robots 1"
LEASE = timedelta(seconds=60)
"""Longer than one message can take, and what it leaves to be written."""
TOPICS: tuple[str, ...] = GROUPS["seller"]
"""What a group may choose to hear."""
Choice = Literal["on", "paused"]
"""What somebody may set a robot to."""
_ROBOT = re.compile(r"bot_[0-9a-hjkmnp-tv-z]{22}", re.ASCII)
_SECRET = re.compile(r"[!-~]{8,200}", re.ASCII)

_WRONG: Mapping[Wrong, InvalidField] = {
    "form": InvalidField(field="/url", expected="the address that the group shows for its robot, copied whole"),
    "scheme": InvalidField(field="/url", expected="an address that begins with https://"),
    "credentials": InvalidField(field="/url", expected="an address without a name and a password in it"),
    "port": InvalidField(field="/url", expected="the address that the group shows for its robot, copied whole"),
    "host": InvalidField(field="/url", expected="the address of a robot of the kind that was chosen"),
    "private": InvalidField(field="/url", expected="the address of a robot of the kind that was chosen"),
}
_TWICE = InvalidField(field="/url", expected="a robot that is not connected yet")


class Robots:
    """Everything people do with robots. Each is found through the scope of whoever asks (I-30).

    secret: the installation's, under which addresses and secrets are sealed. egress: which addresses they may have.
    posting: opens what sends a test.
    """

    def __init__(
        self,
        table: RobotTable,
        messages: RobotMessages,
        people: NoticePeople,
        secret: bytes,
        egress: Egress,
        clock: Clock,
        posting: Callable[[Egress], AbstractAsyncContextManager[Poster]] = Poster,
    ) -> None:
        self.table = table
        self.messages = messages
        self._people = people
        self._sealer = Sealer(secret, PURPOSE)
        self._egress = egress
        self._clock = clock
        self._posting = posting

    async def all(self, scope: Scope) -> tuple[Row, ...]:
        """Every robot that is visible."""
        return await self.table.all(scope)

    async def find(self, scope: Scope, identifier: str) -> Row:
        """One robot. Raises NotFound, for a foreign one likewise."""
        if not _ROBOT.fullmatch(identifier):
            raise NotFound(kind="robot")
        return await self.table.find(scope, identifier)

    async def create(
        self,
        scope: Scope,
        shop: str,
        kind: str,
        url: str,
        *,
        secret: str = "",
        about: str = "",
        topics: Sequence[str] = (),
        language: str,
        by: str,
        key: str,
    ) -> Row:
        """Connect a robot of a shop that the scope sees.

        key: of the request; the same key gives the same robot again. Raises InvalidField (kind, url, secret, topics,
        language), InvalidText (about), RobotsFull, IdempotencyKeyReused.
        """
        assert scope.shop in {None, shop}, "who sees one shop connects robots of that one"
        robot = _kind(kind)
        about, chosen, language = label(about, field="/about"), _topics(topics), _language(language)
        secret = _secret(robot, secret)
        self._check(robot, url)
        identifier = "bot_" + derived(f"{by}\n{shop}\n{key}")
        asked = hashlib.sha256(msgspec.json.encode([shop, kind, url, secret, about, chosen, language])).digest()
        try:
            return await self._made(scope, identifier, asked)
        except NotFound:
            pass
        if await self.table.count(shop) >= MOST:
            raise RobotsFull(limit=MOST)
        added = await self.table.add(
            shop,
            identifier,
            kind,
            self.address_of(identifier, kind, url),
            self.secret_of(identifier, secret),
            signed=bool(secret),
            about=about,
            topics=chosen,
            language=language,
            made_with=asked,
            by=by,
        )
        if not added:
            raise InvalidField(**_TWICE.params)
        return await self._made(scope, identifier, asked)

    async def _made(self, scope: Scope, identifier: str, asked: bytes) -> Row:
        kept = await self.table.asked(scope, identifier)
        if kept.made_with != asked:
            raise IdempotencyKeyReused
        return await self.find(scope, identifier)

    async def change(
        self,
        scope: Scope,
        identifier: str,
        by: str,
        *,
        url: str | None = None,
        secret: str | None = None,
        about: str | None = None,
        topics: Sequence[str] | None = None,
        language: str | None = None,
        state: Choice | None = None,
    ) -> Row:
        """Change what is given; secret: empty for none. Raises NotFound, InvalidField, InvalidText (about)."""
        one = await self.find(scope, identifier)
        robot = ROBOTS[one.kind]
        address = None
        if url is not None:
            self._check(robot, url)
            address = self.address_of(identifier, one.kind, url)
        sealed = None
        if secret is not None:
            secret = _secret(robot, secret)
            sealed = (self.secret_of(identifier, secret), bool(secret))
        changed = await self.table.change(
            scope,
            identifier,
            by,
            about=None if about is None else label(about, field="/about"),
            topics=None if topics is None else _topics(topics),
            language=None if language is None else _language(language),
            state=state,
            address=address,
            secret=sealed,
        )
        if changed is None:
            raise InvalidField(**_TWICE.params)
        await self.route(changed)
        return changed

    async def remove(self, scope: Scope, identifier: str, by: str) -> None:
        """Say nothing there any more, and forget its address. Raises NotFound."""
        await self.find(scope, identifier)
        nowhere = Address(b"", "", b"")
        await self.table.change(scope, identifier, by, state="removed", address=nowhere, secret=(b"", False))
        await self.unroute(identifier)

    async def test(self, scope: Scope, identifier: str, shop: str, link: str, *, by: str, key: str) -> Row:
        """Say something now, whatever the robot's state; what came of it stands in ``last_fault`` and ``last_said``.

        shop: its name. link: to the robot's page, for whoever reads it in the group. key: of the request; the same key
        says nothing again. Raises NotFound; RateLimited while somebody speaks to it, or it wants to be left alone.
        """
        one = await self.find(scope, identifier)
        asked = hashlib.sha256(f"{by}\n{key}".encode()).digest()
        if (await self.table.asked(scope, identifier)).tested_with == asked:
            return one
        held = await self.table.claim(one.shop, one.id, LEASE, asked)
        if held is None:
            now = self._clock.read() or wall_clock()
            raise RateLimited(retry_after=max(1, -int((now - one.free_at).total_seconds() // 1)))
        told = Came("not_sent", "")
        try:
            async with self._posting(self._egress) as poster:
                item = trial(held.language, shop, link)
                told = await self.speak(poster, held, around(held.language, 1), [item])
        finally:
            # Also when whoever pressed the button has gone away meanwhile: the robot is not kept from others.
            await self.table.tested(held, Heard(told.fault, told.said, gap(held, told)))
        found = await self.find(scope, identifier)
        await self.route(found)
        return found

    async def route(self, one: Row) -> None:
        """Let the shop be told by a robot that is on and was heard, and by no other: that is how a shop is reached."""
        if one.state == "on" and one.verified_at:
            whose = Owner(role="seller", shop=one.shop, person=one.id)
            await self._people.add(whose, ROBOT, one.id, verified=True)
        else:
            await self.unroute(one.id)

    async def unroute(self, identifier: str) -> None:
        """The shop is not told by this robot any more."""
        await self._people.drop(ROBOT, identifier)

    async def speak(self, poster: Poster, held: Held, labels: Labels, items: Sequence[Item]) -> Came:
        """Send news that fit one message through a robot that is held, and say what came of it."""
        try:
            url = self._sealer.open(f"{held.id} url", held.url).decode()
            secret = self._sealer.open(f"{held.id} secret", held.secret).decode()
        except Unavailable:
            return Came("sealed_elsewhere", "")
        return await say(poster, self._egress, ROBOTS[held.kind], url, secret, labels, items)

    def address_of(self, identifier: str, kind: str, url: str) -> Address:
        """A robot's address as it is kept. Whether it may be called is looked at with each message."""
        sealed = self._sealer.seal(f"{identifier} url", url.encode())
        return Address(sealed, shown(ROBOTS[kind], url), hashlib.sha256(url.encode()).digest())

    def secret_of(self, identifier: str, secret: str) -> bytes:
        """A robot's secret as it is kept."""
        return self._sealer.seal(f"{identifier} secret", secret.encode())

    def _check(self, robot: Robot, url: str) -> None:
        fault = wrong(robot, url, self._egress)
        if fault:
            raise InvalidField(**_WRONG[fault].params)


def gap(held: Held, told: Came) -> timedelta:
    """How long a robot is left alone after a message, heard or not: what its house allows, or what it asks for."""
    return timedelta(seconds=max(gap_s(ROBOTS[held.kind]), told.wait_s))


def heard(held: Held, told: Came) -> Heard:
    """What is written down of a message; what failed is tried again up the ladder of webhooks, then daily."""
    wait = ladder.wait_after(min(held.tries + 1, len(ladder.WAITS)), told.wait_s) if told.fault else timedelta(0)
    assert wait is not None, "the ladder's last step is used for ever"
    return Heard(told.fault, told.said, gap(held, told), wait)


def _kind(kind: str) -> Robot:
    if kind not in ROBOTS:
        raise InvalidField(field="/kind", expected="one of wecom, feishu, dingtalk")
    return ROBOTS[kind]


def _secret(robot: Robot, secret: str) -> str:
    if secret and not robot.signs:
        raise InvalidField(field="/secret", expected="nothing: robots of this kind sign no messages")
    if secret and not _SECRET.fullmatch(secret):
        raise InvalidField(field="/secret", expected="the secret that the group shows for its robot, copied whole")
    return secret


def _topics(topics: Sequence[str]) -> list[str]:
    """What was chosen, each once and in the order of the list."""
    if not set(topics) <= set(TOPICS):
        raise InvalidField(field="/topics", expected="topics that there are")
    return [one for one in TOPICS if one in topics]


def _language(language: str) -> str:
    if language not in LANGUAGE_NAMES:
        raise InvalidField(field="/language", expected="a language of these pages")
    return language
