"""Secrets under which the marketplace signs links itself: made, shown once, ended. Two may be in force, to change."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

from rescind.access.people import By
from rescind.core.errors import NotFound, SecretsFull
from rescind.core.ids import derived
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.links import LinkSecret, LinkTable
from rescind.sealing import Sealer

MOST = 2
"""How many are in force at a time: the one that is used, and the one that takes its place."""
PURPOSE = "rescind link secrets 1"
_PREFIX, _BYTES = "rsh_", 32
_ID = re.compile(r"lks_[0-9a-z]{22}")


class Made(NamedTuple):
    """A secret, and what it is, which is shown this once."""

    secret: LinkSecret
    text: str


class LinkSecrets:
    """What operators do with them. secret: the installation's, under which they are sealed."""

    def __init__(self, table: LinkTable, accounts: AccountTable, secret: bytes) -> None:
        self._table = table
        self._accounts = accounts
        self._sealer = Sealer(secret, PURPOSE)

    async def all(self) -> tuple[LinkSecret, ...]:
        """Every secret that is or was, those in force first."""
        return await self._table.all()

    async def make(self, who: By, key: str) -> Made:
        """Make one. key: of the request; the same key gives the same secret again. Raises SecretsFull."""
        identifier = "lks_" + derived(f"{who.who}\n{key}")
        text = _PREFIX + secrets.token_urlsafe(_BYTES)
        if not await self._table.add(identifier, self._sealer.seal(identifier, text.encode()), who.who, MOST):
            raise SecretsFull(limit=MOST)
        shown = self._sealer.open(identifier, await self._table.kept(identifier)).decode()
        if shown == text:
            await self._accounts.note(Note(act="secret_made", by=who.who, by_name=who.name, whom=identifier))
        return Made(await self.find(identifier), shown)

    async def find(self, identifier: str) -> LinkSecret:
        """One of them. Raises NotFound."""
        found = await self._table.find(identifier) if _ID.fullmatch(identifier) else None
        if found is None:
            raise NotFound(kind="secret")
        return found

    async def end(self, who: By, identifier: str) -> LinkSecret:
        """Let one count no more, also for links that are out already. Raises NotFound."""
        await self.find(identifier)
        if await self._table.end(identifier):
            await self._accounts.note(Note(act="secret_ended", by=who.who, by_name=who.name, whom=identifier))
        return await self.find(identifier)

    async def in_force(self) -> tuple[tuple[str, str], ...]:
        """Id and text of those that count. Raises Unavailable under another secret key of the installation."""
        return tuple([(one.id, self._sealer.open(one.id, one.secret).decode()) for one in await self._table.in_force()])
