"""Web push: browsers that people want to be told in while no page is open."""

from __future__ import annotations

import hashlib
import time

import msgspec

from rescind.access.principal import Principal
from rescind.core.errors import InvalidField, NotFound, Unavailable
from rescind.core.ids import derived
from rescind.inbox import owner
from rescind.notices import PUSH, vapid
from rescind.notices.push import Pushed, Shown
from rescind.notices.push_message import MOST_BYTES, Keys, encrypted, usable
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.push import PushTable, Sealed, Subscription
from rescind.sealing import Sealer
from rescind.webhooks.egress import Egress
from rescind.webhooks.posting import Posted, Poster

MOST = 5
"""Browsers of one person; the one that subscribed longest ago gives way."""
PURPOSE = "rescind web push 1"
_TTL_S = 24 * 3600
"""For how long a push service keeps a message for a browser that is not running."""
GONE = frozenset({404, 410})


class Pushing:
    """Everything about browsers that are told.

    secret: the installation's, under which endpoints and the key are sealed. contact: of whoever runs this, for push
    services: an https: or mailto: address.
    """

    def __init__(self, table: PushTable, people: NoticePeople, secret: bytes, egress: Egress, contact: str) -> None:
        self.table = table
        self._people = people
        self._sealer = Sealer(secret, PURPOSE)
        self._egress = egress
        self._contact = contact

    async def public_key(self) -> str:
        """The key that browsers subscribe with. Raises Unavailable under another key of the installation."""
        return vapid.public_of(await self._private())

    async def of(self, person: Principal) -> tuple[Subscription, ...]:
        """The browsers of a person."""
        return await self.table.of(owner(person))

    async def subscribe(
        self, person: Principal, endpoint: str, point: str, auth: str, *, browser: str, language: str
    ) -> str:
        """Tell a person in this browser from now on; its id. point, auth: as the browser gives them, in base 64.

        Raises Forbidden, InvalidField; RateLimited: they have too many addresses in all.
        """
        whose = owner(person)
        if self._egress.wrong(endpoint):
            raise InvalidField(field="/endpoint", expected="the address of a push service, by https")
        try:
            keys = Keys(vapid.bytes_of(point), vapid.bytes_of(auth))
        except ValueError:
            keys = Keys(b"", b"")
        if not usable(keys):
            raise InvalidField(field="/keys", expected="the keys of a subscription, as the browser gives them")
        # The same browser of the same person is the same, however often it subscribes.
        identifier = "psh_" + derived(f"{whose.role}\n{whose.shop}\n{whose.person}\n{endpoint}")
        sealed = Sealed(
            identifier,
            self._sealer.seal(f"{identifier} endpoint", endpoint.encode()),
            keys.point,
            self._sealer.seal(f"{identifier} auth", keys.auth),
            language,
        )
        # First the way and then where it leads: a way that leads nowhere is taken away with the first message.
        await self._people.add(whose, PUSH, identifier, verified=True)
        await self.table.add(sealed, hashlib.sha256(endpoint.encode()).digest(), whose, browser[:80], most=MOST)
        return identifier

    async def remove(self, person: Principal, identifier: str) -> None:
        """Tell nothing more in a browser of this person. Raises NotFound, for a foreign one likewise."""
        if not await self.table.remove(identifier, owner(person)):
            raise NotFound(kind="subscription")

    async def send(self, poster: Poster, identifier: str, said: Shown, urgent: bool) -> Pushed:
        """Send a message to one browser, once. A browser that wants nothing more is forgotten."""
        found = await self.table.find(identifier)
        if found is None:
            await self.table.gone(identifier)
            return Pushed(fault="gone", gone=True)
        try:
            endpoint = self._sealer.open(f"{identifier} endpoint", found.endpoint).decode()
            keys = Keys(found.point, self._sealer.open(f"{identifier} auth", found.auth))
            private = await self._private()
        except Unavailable:
            return Pushed(fault="sealed_elsewhere", again=True)
        headers = {
            "Authorization": vapid.authorization(endpoint, private, self._contact, time.time()),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(_TTL_S),
            "Urgency": "high" if urgent else "normal",
        }
        pushed = _judged(await poster.post(endpoint, headers, encrypted(_encoded(said), keys)))
        if pushed.gone:
            await self.table.gone(identifier)
        else:
            await self.table.told(identifier, pushed.fault)
        return pushed

    async def _private(self) -> bytes:
        return self._sealer.open("key", await self.table.key(self._sealer.seal("key", vapid.new_key())))


def contact(base_url: str) -> str:
    """Where push services find whoever runs this: our own address, or a mailbox of a machine nobody else reaches."""
    return base_url if base_url.startswith("https://") else "mailto:webmaster@localhost"


def _judged(posted: Posted) -> Pushed:
    said = f"{posted.status} {posted.answer}".strip()[:200] if posted.status else posted.answer[:200]
    if posted.taken:
        return Pushed(said=said)
    if posted.status in GONE:
        return Pushed(fault="gone", said=said, gone=True)
    fault = posted.fault or "status"
    # Busy, or a fault of its own; what it calls our fault stays one.
    again = posted.status == 429 or posted.status >= 500 or (not posted.status and fault != "refused")
    return Pushed(fault=fault, said=said, again=again, wait_s=posted.retry_after_s)


def _encoded(said: Shown) -> bytes:
    """As the service worker reads it, cut to what a message may hold."""
    plain = msgspec.json.encode(said)
    while len(plain) > MOST_BYTES and len(said.body) > 1:
        body = said.body[: len(said.body) * 3 // 4]
        said = msgspec.structs.replace(said, body=body.rstrip("…") + "…", title=said.title[:200])
        plain = msgspec.json.encode(said)
    return plain
