"""The certificates that PayPal signs its messages with.

A message names its certificate by an address, which anybody could write there. So one is read only from PayPal's own
addresses, over a connection that proves them, and only if it was made out to what signs messages; what it says of its
issuer adds nothing to that. It is read once, so checking a message asks nobody.
"""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from rescind.core.errors import Unavailable
from rescind.core.instant import Instant
from rescind.providers.kinds import PAYPAL_LIVE, PAYPAL_SANDBOX
from rescind.providers.paypal_client import Client, Refused, Unclear

log = structlog.get_logger()

_ORIGINS = {
    PAYPAL_LIVE: (PAYPAL_LIVE, "https://api.paypal.com"),
    PAYPAL_SANDBOX: (PAYPAL_SANDBOX, "https://api.sandbox.paypal.com"),
}
_PATH = re.compile(r"/v1/notifications/certs/CERT-[A-Za-z0-9-]{1,80}")
_SIGNER = re.compile(r"messageverificationcerts(\.[a-z]+)?\.paypal\.com")
_KEPT = 8
_PAUSE_S = 5.0
"""After an address at which there was no certificate, before another is tried: who makes them up makes us ask."""


class Certificates:
    """The public keys that they sign with, each read once."""

    def __init__(self, client: Client, base: str) -> None:
        self._client = client
        self._origins = _ORIGINS.get(base, (base,))
        self._known: dict[str, x509.Certificate] = {}
        self._reading = asyncio.Lock()
        self._rests_until = 0.0

    async def key(self, address: str, now: Instant) -> rsa.RSAPublicKey | None:
        """The key at an address; None where it is none of theirs, or no certificate that holds. Raises Unavailable."""
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._origins or not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
            return None
        found = self._known.get(address)
        if found is None:
            async with self._reading:
                found = self._known.get(address) or await self._read(address)
        key = found and found.public_key()
        holds = found and found.not_valid_before_utc <= now <= found.not_valid_after_utc
        return key if holds and isinstance(key, rsa.RSAPublicKey) else None

    async def _read(self, address: str) -> x509.Certificate | None:
        if time.monotonic() < self._rests_until:
            raise Unavailable(retry_after=int(_PAUSE_S))
        try:
            first = x509.load_pem_x509_certificates(await self._client.fetch(address))[0]
        except Unclear as away:
            raise Unavailable(retry_after=away.after_s) from away
        except (Refused, ValueError):
            first = None
        if first is None or not _signs(first):
            log.warning("provider.no_certificate", address=address)
            self._rests_until = time.monotonic() + _PAUSE_S
            return None
        while len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[address] = first
        return first


def _signs(certificate: x509.Certificate) -> bool:
    """Whether it was made out to what signs their messages, not to some other machine of theirs."""
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    return any(_SIGNER.fullmatch(one) for one in names)
