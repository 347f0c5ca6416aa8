"""Codes that an authenticator app shows (RFC 6238: SHA-1, thirty seconds, six digits), and the codes for a lost one."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote

SEED_BYTES = 20
STEP_S, DIGITS = 30, 6
_LATE = (0, -1, 1)
"""Steps that a clock may be off, the nearest first."""


def code(seed: bytes, step: int) -> str:
    """The six digits of one step of thirty seconds since 1970."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(seed: bytes, typed: str, at_s: float, last: int) -> int | None:
    """The step whose code was typed, at most one away from now; None for any other.

    at_s: seconds since 1970. last: the last step whose code was taken; it and all before count no more (RFC 6238, 5.2).
    """
    here = int(at_s) // STEP_S
    found = None
    for step in (here + off for off in _LATE):
        # Every one is compared, so that the time tells nothing about which of them was near.
        if hmac.compare_digest(code(seed, step).encode(), typed.encode()) and step > last and found is None:
            found = step
    return found


def typed_seed(seed: bytes) -> str:
    """The seed as people type it where they cannot read the square: base 32 in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(seed: bytes, issuer: str, name: str) -> str:
    """The address in the square that an app reads."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='@')}"
    secret = base64.b32encode(seed).decode()
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"


def plain(typed: str) -> str:
    """A code without what people put between its signs."""
    return "".join(sign for sign in typed.lower() if sign.isalnum())
