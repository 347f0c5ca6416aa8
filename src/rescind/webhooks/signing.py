"""Signatures by Standard Webhooks 1.0 over id, time and body, for every secret that holds (WH-10).

``v1`` is HMAC-SHA256 under the secret that both sides know. ``v1a`` is Ed25519: whoever has the public key verifies it,
and cannot sign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PREFIX = "whsec_"
PUBLIC = "whpk_"
_BYTES = 32
"""Of a secret; the standard wants at least 24."""


def new_secret() -> bytes:
    """The bytes of a new secret."""
    return secrets.token_bytes(_BYTES)


def shown(secret: bytes) -> str:
    """A secret as receivers configure it: ``whsec_`` and its bytes in base 64."""
    return PREFIX + base64.b64encode(secret).decode()


class KeyPairs:
    """The key pair of an endpoint, which follows from its secret and from the installation's.

    So it changes with the endpoint's secret, nothing more is kept, and a receiver that knows the one secret still
    cannot sign as we do.
    """

    def __init__(self, installation: bytes) -> None:
        self._installation = installation
        self.private = lru_cache(maxsize=1000)(self._private)

    def _private(self, endpoint: str, secret: bytes) -> Ed25519PrivateKey:
        info = f"rescind webhook key pairs 1 {endpoint}".encode()
        seed = HKDF(algorithm=SHA256(), length=32, salt=secret, info=info).derive(self._installation)
        return Ed25519PrivateKey.from_private_bytes(seed)

    def public(self, endpoint: str, secret: bytes) -> str:
        """The public key as receivers configure it: ``whpk_`` and its 32 bytes in base 64."""
        raw = self.private(endpoint, secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PUBLIC + base64.b64encode(raw).decode()


def headers(
    identifier: str, at: int, body: bytes, keys: Iterable[bytes], pairs: Iterable[Ed25519PrivateKey] = ()
) -> dict[str, str]:
    """The headers of one attempt. at: whole seconds of Unix time; keys: two while one takes over from the other.

    pairs: those that sign too, where the endpoint wants it.
    """
    said = b"%s.%d.%s" % (identifier.encode(), at, body)
    signatures = [
        *(("v1", hmac.digest(key, said, hashlib.sha256)) for key in keys),
        *(("v1a", pair.sign(said)) for pair in pairs),
    ]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"{kind},{base64.b64encode(one).decode()}" for kind, one in signatures),
    }


TOLERANCE_S = 300
"""How far the time in a message may be from ours: what is older may be a copy of a message that was caught."""


def verified(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: int) -> str | None:
    """The id of a message that one of these secrets signed lately; None for anything else.

    headers: by their names in small letters. now: whole seconds of Unix time.
    """
    identifier, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    plain = identifier.isascii() and at.isascii() and at.isdigit() and len(at) < 13
    if not identifier or not plain or abs(int(at) - now) > TOLERANCE_S:
        return None
    said = b"%s.%s.%s" % (identifier.encode(), at.encode(), body)
    wanted = [hmac.digest(key, said, hashlib.sha256) for key in keys]
    for one in headers.get("webhook-signature", "").split(" "):
        kind, _, signature = one.partition(",")
        if kind == "v1" and any(hmac.compare_digest(_decoded(signature), each) for each in wanted):
            return identifier
    return None


def key_of(secret: str) -> bytes:
    """The bytes of a secret as it is shown. Raises ValueError for what is none."""
    if not secret.startswith(PREFIX):
        msg = f"a secret begins with {PREFIX}"
        raise ValueError(msg)
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
