"""Everything the two wires share: the books, the time, the script, the keys, and who may call."""

from __future__ import annotations

import asyncio
import functools
import resource
import time
from collections.abc import Callable

import msgspec

from provider.clockwork import Clockwork
from provider.ledger import REFUND_MOVES, Capture, Dispute, Ledger, Refund
from provider.script import Fault, Script
from provider.serving import Answer


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who may call, and how strict the provider is today."""

    stripe_key: str = "sk_test_fake"
    stripe_read_only_key: str = "rk_test_reads"
    stripe_account: str = "acct_fake"
    stripe_webhook_secret: str = "whsec_fake_secret_of_no_value"
    paypal_client: str = "fake-client"
    paypal_secret: str = "fake-secret"
    paypal_merchant: str = "FAKEMERCHANT1"
    paypal_webhook: str = "8PT597110X687430L"
    requests_per_second: int = 0
    """0: as many as they like."""
    search_delay_s: float = 0.0
    """How young a payment Stripe's search does not find yet: a minute, they say, and longer on a bad day."""
    reporting_delay_s: float = 0.0
    """How long a movement takes to be found by PayPal's transaction search: three hours at worst, they say."""
    blocks_duplicates: bool = True
    """Whether PayPal refuses a second refund under one invoice number, as an account may have it or not."""
    search_limit: int = 10_000
    """How much PayPal's transaction search finds at most before it finds nothing."""


class Kept(msgspec.Struct):
    """An idempotency key: what it was used for, since when, and the answer once there is one."""

    fingerprint: object
    at: float
    answer: Answer | None = None
    refund: str = ""


class Keys:
    """Idempotency keys of one wire; forgotten after ``life_s`` by the provider's clock, as the real ones are."""

    def __init__(self, clock: Clockwork, life_s: float) -> None:
        self._clock, self._life_s = clock, life_s
        self._kept: dict[tuple[str, str], Kept] = {}

    def clear(self) -> None:
        self._kept.clear()

    def find(self, scope: str, key: str) -> Kept | None:
        kept = self._kept.get((scope, key))
        if kept and self._clock.now() - kept.at > self._life_s:
            del self._kept[scope, key]
            return None
        return kept

    def claim(self, scope: str, key: str, fingerprint: object) -> Kept:
        kept = self._kept[scope, key] = Kept(fingerprint, self._clock.now())
        return kept

    def forget(self, scope: str, key: str) -> None:
        self._kept.pop((scope, key), None)


class Fake:
    """One provider with two faces. ``tell`` is set by the webhooks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = Clockwork(loop)
        self.settings = Settings()
        self.script = Script()
        self.tell: Callable[[str, Capture, Refund | Dispute | None], None] = lambda *_: None
        self.ledger = Ledger(self.clock, self._news)
        self.stripe_keys = Keys(self.clock, 24 * 3600)
        self.paypal_keys = Keys(self.clock, 45 * 24 * 3600)
        self.requests = 0
        self.broken = 0
        """How often the fake itself failed: never, or the test is worth nothing."""
        self._second, self._in_second = 0, 0

    def _news(self, news: str, capture: Capture, about: Refund | Dispute | None) -> None:
        self.tell(news, capture, about)

    def clear(self) -> None:
        for part in (self.clock, self.script, self.ledger, self.stripe_keys, self.paypal_keys):
            part.clear()
        self.settings = Settings()

    def too_many(self) -> bool:
        """Whether this request is one more than may come in this second."""
        if not self.settings.requests_per_second:
            return False
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return self._in_second > self.settings.requests_per_second

    def afterwards(self, refund: Refund, fault: Fault | None) -> None:
        """What becomes of the refund later, as the script has it. Somebody's hand may have been quicker."""
        then = "failed" if fault and fault.fault == "fails_later" else fault.then if fault else ""
        if fault and then:
            self.clock.after(fault.seconds, functools.partial(self._becomes, refund, then, fault.failure_reason))

    def _becomes(self, refund: Refund, status: str, failure_reason: str) -> None:
        if status in REFUND_MOVES[refund.status]:
            self.ledger.move_refund(refund, status, failure_reason)

    def usage(self) -> dict[str, float]:
        """This process's own CPU, so that a bench can tell it apart from the program it measures."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "cpu_s": used.ru_utime + used.ru_stime,
            "requests": self.requests,
            "broken": self.broken,
            "refunds": len(self.ledger.refunds),
        }
