"""Signatures by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, for every secret that holds (WH-10)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
_BYTES = 32
"""Of a secret; the standard wants at least 24."""


def new_secret() -> bytes:
    """The bytes of a new secret."""
    return secrets.token_bytes(_BYTES)


def shown(secret: bytes) -> str:
    """A secret as receivers configure it: ``whsec_`` and its bytes in base 64."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(identifier: str, at: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The headers of one attempt. at: whole seconds of Unix time; keys: two while one takes over from the other."""
    said = b"%s.%d.%s" % (identifier.encode(), at, body)
    signatures = (base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
