"""What the provider tells by itself: signed, at least once, in no particular order, perhaps never.

Stripe signs with a secret that both know (``Stripe-Signature``); PayPal with a key of its own, over the CRC of the
bytes it sent, and answers whether a signature is genuine. A subscription without a URL only keeps its messages, for a
test to deliver them by hand.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import aiohttp
import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from provider import paypal_objects, stripe_objects
from provider.fake import Fake
from provider.ledger import Capture, Dispute, Refund

RETRY_S = (1.0, 5.0, 30.0, 300.0, 3600.0)
"""After how long a delivery that was not answered with 2xx is tried again, by the provider's clock."""


class Subscription(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to, and how badly. duplicates, lost: of each message, how likely. delay_s: drawn up to this, so that they
    overtake each other. Everything is drawn from the seed and the message's number.
    """

    wire: str
    url: str = ""
    seed: int = 0
    duplicates: float = 0.0
    lost: float = 0.0
    delay_s: float = 0.0
    secrets: tuple[str, ...] = ()
    """Stripe's; two while one takes over from the other; the one of the settings if none is given."""


class Message(msgspec.Struct, kw_only=True):
    """One delivery. answers: the statuses it met, 0 for no answer at all."""

    wire: str
    name: str
    headers: dict[str, str]
    body: str
    url: str = ""
    answers: list[int] = []


class Webhooks:
    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.base = ""
        fake.tell = self.tell
        self.clear()

    def clear(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.subscriptions: list[Subscription] = []
        self.messages: list[Message] = []
        self._events = self._sent = 0

    async def close(self) -> None:
        self.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    def tell(self, news: str, capture: Capture, about: Refund | Dispute | None) -> None:
        wanted = [each for each in self.subscriptions if each.wire == capture.wire]
        if not wanted:
            return
        for name, body in self._bodies(news, capture, about):
            for subscription in wanted:
                self._send(subscription, name, body)

    def _bodies(self, news: str, capture: Capture, about: Refund | Dispute | None) -> list[tuple[str, bytes]]:
        # Only what a request of ours brought about names its key.
        key = about.key if isinstance(about, Refund) and news.startswith("refund.created") else ""
        return [
            (name, msgspec.json.encode(self._event(capture, key, name, *rest)))
            for name, *rest in (
                stripe_objects.happenings(news, capture, about)
                if capture.wire == "stripe"
                else paypal_objects.happenings(news, capture, about, self._fake, self.base)
            )
        ]

    def _event(self, capture: Capture, key: str, name: str, *rest: object) -> dict[str, object]:
        self._events += 1
        now, number = self._fake.clock.now(), self._events
        if capture.wire == "stripe":
            whose = {"account": capture.account} if capture.account else {}
            return {
                "id": f"evt_1{number:023d}",
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": int(now),
                "data": {"object": rest[0]},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": key or None},
                "type": name,
                **whose,
            }
        return {
            "id": f"WH-{number:017d}-{number:017d}",
            "create_time": self._fake.clock.iso(now),
            "resource_type": rest[0],
            "event_version": "1.0",
            "event_type": name,
            "summary": name.lower().replace(".", " "),
            "resource_version": "2.0",
            "resource": rest[1],
            "links": [],
        }

    def _send(self, subscription: Subscription, name: str, body: bytes) -> None:
        self._sent += 1
        number = self._sent
        if subscription.lost > _drawn(subscription.seed, number, "lost"):
            return
        times = 2 if subscription.duplicates > _drawn(subscription.seed, number, "twice") else 1
        for copy in range(times):
            message = Message(
                wire=subscription.wire,
                name=name,
                headers=self.signed(subscription, body, number),
                body=body.decode(),
                url=subscription.url,
            )
            self.messages.append(message)
            wait = subscription.delay_s * _drawn(subscription.seed, number, f"wait {copy}")
            if subscription.url:
                self._fake.clock.after(wait, functools.partial(self._start, subscription, message, number))

    def _start(self, subscription: Subscription, message: Message, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(subscription, message, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, subscription: Subscription, message: Message, number: int) -> None:
        self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        # Signed anew at each try, as they do: the time in the signature is that of the delivery.
        message.headers = self.signed(subscription, message.body.encode(), number)
        status = 0
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.post(message.url, data=message.body.encode(), headers=message.headers) as answer:
                status = answer.status
        message.answers.append(status)
        if not 200 <= status < 300 and len(message.answers) <= len(RETRY_S):
            again = functools.partial(self._start, subscription, message, number)
            self._fake.clock.after(RETRY_S[len(message.answers) - 1], again)

    # Signatures.

    def signed(
        self,
        subscription: Subscription,
        body: bytes,
        number: int,
        *,
        at: float | None = None,
        certificate: str = "CERT-FAKE",
    ) -> dict[str, str]:
        """The headers of a delivery. at: when, by this provider's clock if not said otherwise."""
        now = self._fake.clock.now() if at is None else at
        if subscription.wire == "stripe":
            secrets = subscription.secrets or (self._fake.settings.stripe_webhook_secret,)
            signed = b"%d." % int(now) + body
            signatures = "".join(
                f",v1={hmac.new(each.encode(), signed, hashlib.sha256).hexdigest()}" for each in secrets
            )
            return {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": f"t={int(now)}{signatures},v0={hashlib.sha256(body).hexdigest()}",
            }
        sent_at, transmission = self._fake.clock.iso(now), f"69cd13f0-d67a-11e5-baa3-{number:012x}"
        signed = self._paypal_text(transmission, sent_at, self._fake.settings.paypal_webhook, body)
        signature = _paypal_key().sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": sent_at,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": f"{self.base}/v1/notifications/certs/{certificate}",
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }

    @staticmethod
    def _paypal_text(transmission: str, sent_at: str, webhook: str, body: bytes) -> bytes:
        return f"{transmission}|{sent_at}|{webhook}|{zlib.crc32(body)}".encode()

    def verify_paypal(self, body: bytes) -> bool:
        """Whether they sent this. The event must stand in the request byte for byte as it came."""
        asked = msgspec.json.decode(body, type=Verification)
        signed = self._paypal_text(
            asked.transmission_id, asked.transmission_time, asked.webhook_id, bytes(asked.webhook_event)
        )
        if asked.webhook_id != self._fake.settings.paypal_webhook or asked.auth_algo != "SHA256withRSA":
            return False
        try:
            signature = base64.b64decode(asked.transmission_sig, validate=True)
            _paypal_key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


class Verification(msgspec.Struct):
    """What PayPal is asked to verify. The event is taken raw, because its CRC was signed."""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: str
    webhook_event: msgspec.Raw


@functools.cache
def _paypal_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def certificates() -> dict[str, bytes]:
    """PayPal's, by the name in their address. The second is of another machine of theirs, the third has ended."""
    return {
        "CERT-FAKE": _certified("messageverificationcerts.sandbox.paypal.com", 3650),
        "CERT-OTHER": _certified("www.sandbox.paypal.com", 3650),
        "CERT-ENDED": _certified("messageverificationcerts.sandbox.paypal.com", -1),
    }


def _certified(name: str, days: int) -> bytes:
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, key = datetime.now(UTC), _paypal_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _drawn(seed: int, number: int, what: str) -> float:
    digest = hashlib.blake2b(f"{seed}/{number}/{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
