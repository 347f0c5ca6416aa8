"""Messages to browsers, encrypted for one of them as RFC 8291 has it: the service between us reads nothing."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
POINT_BYTES = 65
AUTH_BYTES = 16
_RECORD_BYTES = 4096
_TAG_BYTES = 16
_HEAD_BYTES = 16 + 4 + 1 + POINT_BYTES
MOST_BYTES = _RECORD_BYTES - _HEAD_BYTES - _TAG_BYTES - 1
"""Of a message, so that the whole is one record that every push service takes."""
_LAST = b"\x02"
"""Behind the text: this record is the last."""


class Keys(NamedTuple):
    """What a browser gave for messages to it. point: its public key, uncompressed; auth: a secret of 16 bytes."""

    point: bytes
    auth: bytes


def usable(keys: Keys) -> bool:
    """Whether messages can be encrypted with them."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, keys.point)
    except ValueError:
        return False
    return len(keys.point) == POINT_BYTES and len(keys.auth) == AUTH_BYTES


def encrypted(
    plain: bytes, keys: Keys, *, private: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of a message in ``aes128gcm`` (RFC 8188). plain: ``MOST_BYTES`` at most.

    private, salt: new for each message; given only to come to a known result.
    """
    assert len(plain) <= MOST_BYTES, "whoever makes a message keeps it short"
    private = private or ec.generate_private_key(CURVE)
    salt = salt or secrets.token_bytes(16)
    ours = point(private.public_key())
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, keys.point))
    secret = _derived(shared, keys.auth, b"WebPush: info\0" + keys.point + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, plain + _LAST, None)


def point(public: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as browsers have it: uncompressed."""
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
