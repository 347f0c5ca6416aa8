"""Who we are to push services, as RFC 8292 has it: a key of the installation's own, and a token signed with it."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rescind.notices.push_message import CURVE, point

_LIFE_S = 12 * 3600
"""Half of what is allowed at most."""
_NUMBER_BYTES = 32


def new_key() -> bytes:
    """A new private key: 32 bytes."""
    return ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(_NUMBER_BYTES, "big")


def public_of(private: bytes) -> str:
    """The public key as browsers are given it when they subscribe."""
    return text_of(point(_key(private).public_key()))


def authorization(endpoint: str, private: bytes, contact: str, at: float) -> str:
    """The header of one message. contact: where a push service reaches us, https: or mailto:; at: Unix time."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(at) + _LIFE_S, "sub": contact}
    said = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
    r, s = decode_dss_signature(_key(private).sign(said.encode(), ec.ECDSA(SHA256())))
    signature = r.to_bytes(_NUMBER_BYTES, "big") + s.to_bytes(_NUMBER_BYTES, "big")
    return f"vapid t={said}.{text_of(signature)}, k={public_of(private)}"


def text_of(data: bytes) -> str:
    """Base 64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """What such a text stands for. Raises ValueError."""
    if len(text) > _LONGEST or not text.isascii():
        raise ValueError(text[:_LONGEST])
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


_LONGEST = 200


def _part(claims: dict[str, Any]) -> str:
    return text_of(msgspec.json.encode(claims))


def _key(private: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(private, "big"), CURVE)
