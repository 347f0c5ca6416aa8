"""Secrets of others that the database keeps: sealed under a key that is not in it."""

from __future__ import annotations

import secrets as random

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rescind.core.errors import OtherSecretKey

_NONCE_BYTES = 12
_AGAIN_S = 900
"""Until somebody has put the right key in its place."""


class Sealer:
    """Seals and opens for one purpose. What is sealed says whose it is: put beside another name it does not open.

    secret: the installation's. purpose: keeps what is sealed for one thing from being opened as another.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)
        self._cipher = AESGCM(derived)

    def seal(self, whose: str, plain: bytes) -> bytes:
        """What may be kept."""
        nonce = random.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, whose.encode())

    def open(self, whose: str, sealed: bytes) -> bytes:
        """What was sealed. Raises OtherSecretKey under another one of the installation."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
        except InvalidTag:
            raise OtherSecretKey(retry_after=_AGAIN_S) from None

    def opens(self, whose: str, sealed: bytes) -> bool:
        """Whether this was sealed under the secret key that is there now."""
        try:
            self.open(whose, sealed)
        except OtherSecretKey:
            return False
        return True
