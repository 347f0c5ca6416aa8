"""An empty marketplace begins: its first operator, its first shop, and the first key of the host's program.

Whoever holds the first address may begin, until the first operator has come in. The address is printed where the
program was started, so it is known to whoever runs the machine and to nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import asyncpg
import msgspec

from rescind import zones
from rescind.access.credentials import Access
from rescind.access.keys import Keys, NewKey
from rescind.access.people import COMMAND_LINE, People
from rescind.access.people import Wanted as Invitation
from rescind.core.errors import InvalidField, NotFound, one_of
from rescind.core.ids import ShopId
from rescind.intake.text import label
from rescind.locales import Locale
from rescind.policies import preset, presets
from rescind.postgres.directory import Directory, new_shop
from rescind.postgres.policies import PolicyTable

BACKEND: Final = "backend"
"""What the first key's program is called."""
_OPEN = """
SELECT NOT EXISTS (SELECT FROM accounts)
   AND (NOT EXISTS (SELECT FROM shops) OR EXISTS (SELECT FROM installation WHERE key = 'begun_shop'))
"""
_KEEP = "INSERT INTO installation (key, value) VALUES ('begun_shop', $1) ON CONFLICT (key) DO NOTHING"
_KEPT = "SELECT value FROM installation WHERE key = 'begun_shop'"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A marketplace as it was typed. preset: what the shop's orders are bought under; zone: where the shop is."""

    name: str
    email: str
    shop: str
    preset: str = "base"
    zone: str = "UTC"
    language: str = "en"


def markets(language: Locale) -> tuple[tuple[str, str], ...]:
    """(name, what people call it) of every preset that a shop can be sold under, plain ones first.

    An order names its own currency; a preset's is the one that its rules count amounts in.
    """
    return tuple((name, _market(language, name)) for name in sorted(presets(), key=lambda one: (one != "base", one)))


def _market(language: Locale, name: str) -> str:
    _ = language.gettext
    policy = preset(name)
    # Codes that begin with X are given to no country.
    abroad = policy.region.startswith("X")
    place = language.country(policy.region) if policy.region and not abroad else ""
    said = {
        "market": place or (_("Cross-border") if abroad else _("Any market")),
        "policy": name,
        "currency": policy.currency,
    }
    return (_("%(market)s (%(policy)s), %(currency)s") if policy.currency else _("%(market)s (%(policy)s)")) % said


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What there is now. key: the host's, shown this once; join: where the first operator chooses how to sign in."""

    shop: ShopId
    key: str
    join: str


class Beginning:
    """The first step of an installation. secret: the installation's own; base_url: where its address leads."""

    def __init__(self, pool: asyncpg.Pool[Any], people: People, access: Access, secret: bytes, base_url: str) -> None:
        self._pool = pool
        self._people = people
        self._access = access
        self._base_url = base_url.rstrip("/")
        self._token = hmac.digest(secret, b"rescind beginning 1", hashlib.sha256).hex()

    async def open(self) -> bool:
        """Whether nobody works here yet, and no shop is here but the one that was begun with."""
        return bool(await self._pool.fetchval(_OPEN))

    @property
    def address(self) -> str:
        """Where it begins; for the terminal of whoever runs the machine."""
        return f"{self._base_url}/begin/{self._token}"

    async def check(self, token: str) -> None:
        """Let only the holder of the address on, and only while it is open. Raises NotFound."""
        if not hmac.compare_digest(token.encode(), self._token.encode()) or not await self.open():
            raise NotFound(kind="page")

    async def begin(self, wanted: Wanted) -> Begun:
        """Make shop, key and invitation. Until the operator has come in, to begin again makes a new key and link for
        the same shop, and those of the first try open nothing any more: its address may have been somebody else's.

        Raises InvalidField and InvalidText (name, email, shop, preset, zone, language), NotFound: it is not open.
        """
        if not await self.open():
            raise NotFound(kind="page")
        name = label(wanted.shop, field="/shop", blank=False)
        if wanted.preset not in presets():
            raise InvalidField(field="/preset", expected=one_of(presets()))
        if wanted.zone not in zones.known():
            raise InvalidField(field="/zone", expected="a time zone like Europe/London")
        # The operator first: what is wrong there is wrong before anything was made.
        asked = Invitation(email=wanted.email, name=wanted.name, role="operator", language=wanted.language)
        invited = await self._people.invite(COMMAND_LINE, asked)
        for earlier in await self._people.waiting(COMMAND_LINE):
            if earlier.id != invited.link.id:
                await self._people.take_back(COMMAND_LINE, earlier.id)
        await self._pool.execute(_KEEP, new_shop())
        shop = ShopId(await self._pool.fetchval(_KEPT))
        policy = preset(wanted.preset)
        await PolicyTable(self._pool).publish(policy)
        await Directory(self._pool).put_shop(
            shop, name=name, preset_hash=policy.hash, settings={}, zone=wanted.zone, contact={}
        )
        await self._access.revoke_principal("host", BACKEND)
        key = await Keys(self._access, self._people.table).make(COMMAND_LINE, NewKey(role="host", name=BACKEND))
        return Begun(shop=shop, key=key, join=invited.address)
