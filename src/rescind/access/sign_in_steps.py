"""What a sign-in leaves behind while it is under way, and how often it may be tried."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Literal

from rescind.access.credentials import token_hash
from rescind.access.network import network
from rescind.core.errors import RateLimited, SignInWrong
from rescind.postgres.sign_ins import SignInTable, Step

Kind = Literal["code", "passkey", "make_passkey", "provider", "app", "guest"]

GOOD_FOR = timedelta(minutes=10)
SPAN = timedelta(minutes=15)
EACH, FROM_ONE_PLACE = 10, 100
"""How often somebody may be tried within the span, and how often one address may try."""
_PREFIX = "rsi_"


class Steps:
    """Steps and tries. A step is known by a token that a browser keeps in a cookie, so that nobody else goes on."""

    def __init__(self, table: SignInTable) -> None:
        self._table = table

    async def begin(self, kind: Kind, account: str, data: bytes = b"", *, seed: str = "") -> str:
        """Remember a step; its token. seed: what it is made of that nobody can guess, else something at random."""
        token = step_token(seed or secrets.token_urlsafe(32))
        await self._table.keep(token_hash(token), kind, Step(account=account, data=data), GOOD_FOR)
        return token

    async def look(self, kind: Kind, token: str) -> Step:
        """The step that a browser stands at. Raises SignInWrong: none, or it is over."""
        return _there(await self._table.find(token_hash(token), kind))

    async def take(self, kind: Kind, token: str) -> Step:
        """The same, and nobody else goes on from it. Raises SignInWrong."""
        return _there(await self._table.take(token_hash(token), kind))

    async def count(self, whom: str, address: str) -> None:
        """Count a try before it is looked at. Raises RateLimited, alike for people who are not there."""
        counted = {_about("who", whom): EACH}
        # This machine's own address is that of a proxy which nobody has named: all who come through it share it.
        if place := network(address):
            counted[_about("from", place)] = FROM_ONE_PLACE
        for about, most in counted.items():
            await self._limit(about, most, SPAN)

    async def limit(self, kind: str, what: str, most: int, span: timedelta) -> None:
        """Count one of a kind before it is looked at. Raises RateLimited."""
        await self._limit(_about(kind, what), most, span)

    async def tries(self, kind: str, what: str) -> int:
        """Count one, and say how many there were while a step is good."""
        tries, _ = await self._table.count(_about(kind, what), GOOD_FOR)
        return tries

    async def _limit(self, about: str, most: int, span: timedelta) -> None:
        tries, left_s = await self._table.count(about, span)
        if tries > most:
            raise RateLimited(retry_after=left_s)

    async def right(self, whom: str, address: str) -> None:
        """It was no wrong try after all."""
        await self._table.clear(_about("who", whom))
        if place := network(address):
            await self._table.one_less(_about("from", place))


def step_token(seed: str) -> str:
    """The token of a step."""
    return _PREFIX + seed


def _there(step: Step | None) -> Step:
    if step is None:
        raise SignInWrong
    return step


def _about(kind: str, what: str) -> str:
    """Whom a count is about: whoever reads the table need not learn which addresses were typed."""
    return f"{kind}:{hashlib.sha256(what.encode()).hexdigest()[:32]}"
