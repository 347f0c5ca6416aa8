"""Passwords as Argon2id keeps them (RFC 9106). A look at one takes as long for somebody who is not there."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2
"""Each takes 64 MiB for a while."""


class Passwords:
    """Hashes and compares, off the loop and a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """What may be kept of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, kept: str, password: str) -> bool:
        """Whether it is the password. kept: empty where there is none, which takes as long and never fits."""
        async with self._turn:
            fits = await asyncio.to_thread(self._compare, kept or self._nobodys, password)
        return fits and kept != ""

    def _compare(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
