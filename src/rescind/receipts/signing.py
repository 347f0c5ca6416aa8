"""Signing receipts with the installation's own key, and taking another key (Ed25519, RFC 8032)."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rescind.core.errors import Unavailable
from rescind.core.instant import Instant
from rescind.core.receipt import digests, signed_bytes
from rescind.postgres.receipt_keys import ReceiptKey, ReceiptKeys
from rescind.secret_keys import receipt_key, replace_receipt_key
from rescind.settings import Settings

ALGORITHM = "Ed25519"


class Signer:
    """Signs with the key that is on disk at that moment, so that a rotation holds at once in every process."""

    def __init__(self, settings: Settings, keys: ReceiptKeys) -> None:
        self._settings = settings
        self.keys = keys

    async def open(self, now: Instant) -> ReceiptKey:
        """Make the key when there is none yet, and publish it. SettingsError: its file cannot be used."""
        return await self.keys.publish(_public(_private(receipt_key(self._settings)), now))

    async def sign(self, document: dict[str, object], now: Instant) -> dict[str, object]:
        """The member ``signature`` of a receipt. Raises Unavailable with a key that was retired.

        A machine whose file was left behind by a rotation must not go on signing with the old key.
        """
        private = _private(receipt_key(self._settings))
        key = await self.keys.publish(_public(private, now))
        if key.retired_at is not None:
            raise Unavailable(retry_after=60)
        signature: dict[str, object] = {
            "algorithm": ALGORITHM,
            "digests": digests(document),
            "key": key.id,
            "public_key": key.public,
        }
        return {**signature, "value": private.sign(signed_bytes(signature)).hex()}

    async def rotate(self, now: Instant) -> ReceiptKey:
        """Sign with a new key from now on. The old private key is destroyed; its public half stays published."""
        replace_receipt_key(self._settings)
        key = await self.open(now)
        await self.keys.retire_all_but(key.id, now)
        return key

    async def salt(self, decision: str, fact: str) -> str:
        """The salt that hides one fact of one decision: the same whenever it is asked for, in hex."""
        return hmac.digest(await self.keys.salt(), f"{decision}\n{fact}".encode(), "sha256").hex()


def fits(public: str, signature: str, data: bytes) -> bool:
    """Whether a signature over the bytes is this key's; both in lower-case hex, which has one spelling."""
    try:
        key, value = bytes.fromhex(public), bytes.fromhex(signature)
        if (key.hex(), value.hex()) != (public, signature):
            return False
        Ed25519PublicKey.from_public_bytes(key).verify(value, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """The id of a public key: SHA-256 of its bytes, in hex."""
    return hashlib.sha256(public).hexdigest()


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(private: Ed25519PrivateKey, now: Instant) -> ReceiptKey:
    public = private.public_key().public_bytes_raw()
    return ReceiptKey(id=fingerprint(public), public=public.hex(), added_at=now)
