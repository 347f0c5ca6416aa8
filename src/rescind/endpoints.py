"""Webhook endpoints: who is told what happened, where, and under which secret; and what became of the messages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from rescind.clock import Clock, wall_clock
from rescind.core import news
from rescind.core.errors import (
    EndpointsFull,
    IdempotencyKeyReused,
    InvalidField,
    InvalidTransition,
    NotFound,
)
from rescind.core.ids import derived
from rescind.core.instant import Instant
from rescind.core.scope import Scope
from rescind.intake.text import label
from rescind.postgres.deliveries import Delivery, DeliveryTable, New, State
from rescind.postgres.endpoints import Endpoint, EndpointTable
from rescind.sealing import Sealer
from rescind.webhooks import signing
from rescind.webhooks.egress import Egress, Wrong

MOST = 20
"""Endpoints that a shop, or the marketplace itself, has at most: each is told each event."""
PURPOSE = "rescind webhook secrets 1"
Choice = Literal["on", "paused"]
"""What somebody may set an endpoint to."""
_ENDPOINT = re.compile(r"hook_[0-9a-hjkmnp-tv-z]{22}", re.ASCII)
_EVENT = re.compile(r"evt_[0-9a-z_]{1,60}", re.ASCII)

_WRONG: Mapping[Wrong, InvalidField] = {
    "form": InvalidField(field="/url", expected="an address like https://example.com/webhooks, without # and spaces"),
    "scheme": InvalidField(field="/url", expected="an address that begins with https://"),
    "credentials": InvalidField(field="/url", expected="an address without a name and a password in it"),
    "port": InvalidField(field="/url", expected="an address at a port that this installation calls, as a rule 443"),
    "host": InvalidField(field="/url", expected="an address at a full name, such as hooks.example.com"),
    "private": InvalidField(field="/url", expected="an address on the public internet"),
}


class Made(NamedTuple):
    """An endpoint with its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str


class PublicKey(NamedTuple):
    """What verifies ``v1a``. until: when it ends, None for the present one."""

    key: str
    until: Instant | None


class Endpoints:
    """Everything people do with endpoints. Each is found through the scope of whoever asks (I-30).

    secret: the installation's, under which theirs are sealed. egress: which addresses they may have.
    """

    def __init__(
        self, table: EndpointTable, deliveries: DeliveryTable, secret: bytes, egress: Egress, clock: Clock
    ) -> None:
        self.table = table
        self.deliveries = deliveries
        self.sealer = Sealer(secret, PURPOSE)
        self.pairs = signing.KeyPairs(secret)
        self._egress = egress
        self._clock = clock

    async def all(self, scope: Scope) -> tuple[Endpoint, ...]:
        """Every endpoint that is visible, the marketplace's own first."""
        return await self.table.all(scope)

    async def find(self, scope: Scope, identifier: str) -> Endpoint:
        """One endpoint. Raises NotFound, for a foreign one likewise."""
        if not _ENDPOINT.fullmatch(identifier):
            raise NotFound(kind="endpoint")
        return await self.table.find(scope, identifier)

    async def create(
        self,
        scope: Scope,
        shop: str | None,
        url: str,
        *,
        about: str,
        events: Sequence[str],
        by: str,
        key: str,
        asymmetric: bool = False,
    ) -> Made:
        """Make an endpoint of a shop, or with None of the marketplace; ``shop`` is one that the scope sees.

        asymmetric: sign for a public key too. key: of the request; the same key gives the same endpoint and the same
        secret again. Raises InvalidField (url,
        events), InvalidText (about), EndpointsFull, IdempotencyKeyReused.
        """
        assert scope.shop in {None, shop}, "who sees one shop makes endpoints of that one"
        url, about, chosen = self._address(url), label(about, field="/about"), _events(events)
        identifier = "hook_" + derived(f"{by}\n{shop or ''}\n{key}")
        asked = hashlib.sha256(
            msgspec.json.encode([shop, url, about, chosen, *([True] if asymmetric else [])])
        ).digest()
        try:
            return await self._made(scope, identifier, asked)
        except NotFound:
            pass
        if await self.table.count(shop) >= MOST:
            raise EndpointsFull(limit=MOST)
        sealed = self.sealer.seal(identifier, signing.new_secret())
        await self.table.add(identifier, shop, url, about, chosen, sealed, asked, by, asymmetric)
        return await self._made(scope, identifier, asked)

    async def _made(self, scope: Scope, identifier: str, asked: bytes) -> Made:
        kept = await self.table.secrets(scope, identifier)
        if kept.made_with != asked:
            raise IdempotencyKeyReused
        return Made(await self.find(scope, identifier), signing.shown(self.sealer.open(identifier, kept.secret)))

    async def change(
        self,
        scope: Scope,
        identifier: str,
        by: str,
        *,
        url: str | None = None,
        about: str | None = None,
        events: Sequence[str] | None = None,
        state: Choice | None = None,
        asymmetric: bool | None = None,
    ) -> Endpoint:
        """Change what is given. Raises NotFound, InvalidField (url, events), InvalidText (about)."""
        await self.find(scope, identifier)
        return await self.table.change(
            scope,
            identifier,
            by,
            url=None if url is None else self._address(url),
            about=None if about is None else label(about, field="/about"),
            events=None if events is None else _events(events),
            state=state,
            asymmetric=asymmetric,
        )

    async def remove(self, scope: Scope, identifier: str, by: str) -> None:
        """Send nothing there any more, and show it no more. Raises NotFound."""
        await self.find(scope, identifier)
        await self.table.change(scope, identifier, by, state="removed")

    async def rotate(self, scope: Scope, identifier: str, by: str, key: str) -> Made:
        """Make a new secret; for a day messages carry the signatures of both. Raises NotFound.

        key: of the request; the same key gives the same secret again.
        """
        await self.find(scope, identifier)
        asked = hashlib.sha256(f"{by}\n{key}".encode()).digest()
        sealed = self.sealer.seal(identifier, signing.new_secret())
        await self.table.rotate(scope, identifier, sealed, asked, by)
        kept = await self.table.secrets(scope, identifier)
        return Made(await self.find(scope, identifier), signing.shown(self.sealer.open(identifier, kept.secret)))

    async def public_keys(self, scope: Scope, identifier: str) -> tuple[PublicKey, ...]:
        """What the receiver verifies with, the present one first; none where the endpoint does not want them.

        Raises NotFound, Unavailable where its secret was sealed under another key.
        """
        one = await self.find(scope, identifier)
        if not one.asymmetric:
            return ()
        kept, now = await self.table.secrets(scope, identifier), self._clock.read() or wall_clock()
        found: list[tuple[bytes, Instant | None]] = [(kept.secret, None)]
        if kept.old_secret and kept.old_until and kept.old_until > now:
            found.append((kept.old_secret, kept.old_until))
        return tuple(
            PublicKey(self.pairs.public(one.id, self.sealer.open(one.id, sealed)), until) for sealed, until in found
        )

    async def test(self, scope: Scope, identifier: str, by: str, key: str) -> Delivery:
        """Send a message that says it is a test. Raises NotFound, InvalidTransition for an endpoint that is not on."""
        one = await self.find(scope, identifier)
        if one.state != "on":
            raise InvalidTransition(action="test", current_state=one.state, allowed_actions=("switch_on",))
        event = news.TEST_PREFIX + derived(f"{by}\n{key}")
        body = news.test_body(one.id, self._clock.read() or wall_clock())
        await self.deliveries.add([New("", event, one.id, news.TEST, body)])
        return await self.deliveries.one(one.id, event)

    async def log(
        self, scope: Scope, identifier: str, state: State | None, *, after: str | None = None, limit: int
    ) -> tuple[Delivery, ...]:
        """Messages to an endpoint, the newest first, from after an event on. Raises NotFound, InvalidField."""
        one = await self.find(scope, identifier)
        if after is not None and not _EVENT.fullmatch(after):
            raise InvalidField(field="?after", expected="the id of an event of this list")
        return await self.deliveries.log(one.id, state, after=after, limit=limit)

    async def delivery(self, scope: Scope, identifier: str, event: str) -> Delivery:
        """A message with every attempt. Raises NotFound."""
        one = await self.find(scope, identifier)
        if not _EVENT.fullmatch(event):
            raise NotFound(kind="delivery")
        return await self.deliveries.one(one.id, event)

    async def again(self, scope: Scope, identifier: str, event: str) -> Delivery:
        """Send a message again, whatever came of it before. Raises NotFound."""
        await self.delivery(scope, identifier, event)
        await self.deliveries.again(identifier, event)
        return await self.deliveries.one(identifier, event)

    async def all_again(self, scope: Scope, identifier: str, since: Instant) -> int:
        """Send again what failed or was missed since then; how much that is. Raises NotFound."""
        one = await self.find(scope, identifier)
        return await self.deliveries.all_again(one.id, since)

    def _address(self, url: str) -> str:
        wrong = self._egress.wrong(url)
        if wrong:
            raise InvalidField(**_WRONG[wrong].params)
        return url


def _events(events: Sequence[str]) -> list[str]:
    """What was chosen, each once and in the order of the list."""
    if not set(events) <= set(news.CHOICES):
        raise InvalidField(field="/events", expected="kinds of events that there are")
    return [one for one in news.CHOICES if one in events]
