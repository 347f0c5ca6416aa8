"""How a test or a bench holds the provider: starts it, tells it what to do wrong, and reads its books."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Self

TESTS = Path(__file__).parent.parent

STORM = {
    "drop_before": 0.05,
    "drop_after": 0.05,
    "hang_before": 0.03,
    "hang_after": 0.03,
    "late": 0.03,
    "error_before": 0.05,
    "error_after": 0.05,
    "rate_limited": 0.05,
    "slow": 0.05,
    "drip": 0.03,
    "truncated": 0.03,
    "garbled": 0.03,
    "html": 0.03,
    "pending": 0.1,
    "requires_action": 0.02,
    "insufficient_funds": 0.03,
    "failed": 0.03,
    "fails_later": 0.03,
}
"""Weights for ``Provider.chance``: a very bad day."""


class Paid(NamedTuple):
    """A payment at the provider. id: the PaymentIntent's or PayPal's capture; charge: Stripe's, or the authorisation at
    PayPal, else "".
    """

    id: str
    charge: str


class Refusal(Exception):
    """The provider's control does not do that: what was wrong."""


class Provider:
    """A running provider, for ``with``. Its process ends with the block, or with whoever started it.

    Whether it counts as well as it should is asked at the end: a fake that broke fails the test.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted = port

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        environ = {**os.environ, "PYTHONPATH": str(TESTS)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "provider", str(self._wanted)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self._process.stdout.readline().split()
        if said[:1] != ["ready"]:
            raise RuntimeError(f"the provider did not start: {self._process.wait(10)}")
        self.port = int(said[1])
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.settings = self._ask("GET", "/_settings")
        return self

    def stop(self) -> None:
        """End it by its own process id; raises if it broke on the way."""
        try:
            broken = self.usage()["broken"] if self._process.poll() is None else "its process"
        finally:
            self._connection.close()
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process.stdin.close()
            self._process.stdout.close()
        assert not broken, f"the fake provider broke: {broken}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What came in.

    def capture(self, amount: int, currency: str = "EUR", *, wire: str = "stripe", **more: Any) -> Paid:
        """A payment of this many ISO minor units. more: account, status, metadata, invoice_id, destination, fee."""
        return self.captures(1, amount, currency, wire=wire, **more)[0]

    def captures(
        self, count: int, amount: int, currency: str = "EUR", *, wire: str = "stripe", **more: Any
    ) -> list[Paid]:
        made = self._ask(
            "POST", "/_captures", {"wire": wire, "amount": amount, "currency": currency, "count": count, **more}
        )
        return [Paid(**each) for each in made]

    def move_capture(self, capture: str, status: str) -> None:
        self._ask("POST", f"/_captures/{capture}", {"status": status})

    # What goes wrong.

    def script(self, fault: str, operation: str = "refund", **more: Any) -> None:
        """The next call of this operation meets this fault of script.py; more: of, nth, times, seconds, status, …"""
        self._ask("POST", "/_script", {"rules": [{"fault": fault, "operation": operation, **more}]})

    def chance(self, seed: int, weights: dict[str, float], **more: Any) -> None:
        """From now on faults by probability; more: operations, seconds, then."""
        self._ask("POST", "/_script", {"chance": {"seed": seed, "weights": weights, **more}})

    def behave(self) -> None:
        """No more faults."""
        self._ask("DELETE", "/_script")

    def fired(self) -> list[dict[str, Any]]:
        """The faults that happened, in the order in which they did."""
        return self._ask("GET", "/_script")["fired"]

    # What others do.

    def refund_by_hand(self, capture: str, amount: int | None = None) -> str:
        return self._ask("POST", "/_refunds", {"capture": capture, "amount": amount})["id"]

    def move_refund(self, refund: str, status: str, failure_reason: str = "") -> None:
        self._ask("POST", f"/_refunds/{refund}", {"status": status, "failure_reason": failure_reason})

    def dispute(self, capture: str, amount: int | None = None, *, inquiry: bool = False, reason: str = "") -> str:
        asked = {"capture": capture, "amount": amount, "inquiry": inquiry, "reason": reason}
        return self._ask("POST", "/_disputes", asked)["id"]

    def move_dispute(self, dispute: str, status: str) -> None:
        self._ask("POST", f"/_disputes/{dispute}", {"status": status})

    def advance(self, seconds: float) -> None:
        """Move the provider's clock; what became due happens now. Keys and tokens grow old by it."""
        self._ask("POST", "/_clock", {"seconds": seconds})

    def set(self, **settings: Any) -> None:
        self.settings = self._ask("POST", "/_settings", settings)

    # What it tells, and what it knows.

    def subscribe(self, url: str = "", *, wire: str = "stripe", **more: Any) -> None:
        """Send what happens to this URL, or only keep it; more: seed, duplicates, lost, delay_s, secrets."""
        self._ask("POST", "/_webhooks", {"wire": wire, "url": url, **more})

    def messages(self, since: int = 0) -> list[dict[str, Any]]:
        """What was or is to be sent, signed: name, headers, body, answers. since: how many were read before."""
        return self._ask("GET", "/_webhooks", {"since": since})

    def signed(self, body: str, wire: str = "paypal", certificate: str = "CERT-FAKE", at: float | None = None) -> dict:
        """The headers under which it would deliver this at that time, now if none is given by the real clock."""
        return self._ask("POST", "/_signatures", {"wire": wire, "body": body, "certificate": certificate, "at": at})

    def ledger(self) -> dict[str, Any]:
        """The provider's own books: captures, refunds, disputes, paid_twice."""
        return self._ask("GET", "/_ledger")

    def usage(self) -> dict[str, Any]:
        """CPU seconds and requests of the provider's own process."""
        return self._ask("GET", "/_usage")

    def clear(self) -> None:
        """As if it had just been started."""
        self._ask("DELETE", "/_all")
        self.settings = self._ask("GET", "/_settings")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body))
        answer = self._connection.getresponse()
        told = json.loads(answer.read())
        if answer.status != 200:
            raise Refusal(told["wrong"])
        return told
