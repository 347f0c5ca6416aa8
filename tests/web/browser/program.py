"""Rescind as people run it, ``rescind serve --demo`` in a process of its own, and the marketplace beside it.

The marketplace is the host: it places orders and reports what happens to them through the API, as any marketplace
would, so that a test has orders which nobody else touches.
"""

import asyncio
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from rescind.access.credentials import Access
from rescind.demo.marketplace import demo_shop_id
from rescind.postgres.embedded import APP, EmbeddedServer
from rescind.settings import Settings

CHECKOUT = Path(__file__).parents[3]
SHOP = demo_shop_id(0)
"""The demo's first shop; the seller's link signs in there. Plain rules, without a time of free cancelling."""
STARTS_WITHIN_S = 120
ENDS_WITHIN_S = 20
LINK = re.compile(r"sign in as (\w+) +(\S+)")
SERVES = re.compile(r"serves at (\S+)")
FACTS = {
    "unpaid": (),
    "review": ("paid", "review_opened"),
    "preparing": ("paid", "allocated", "preparation_started"),
    "packed": ("paid", "allocated", "preparation_started", "packing_started", "packed"),
    "shipped": ("paid", "allocated", "preparation_started", "packing_started", "packed", "handed_over"),
    "delivered": ("paid", "allocated", "preparation_started", "packing_started", "packed", "handed_over", "delivered"),
}
"""What the marketplace reports until an order is at a stage."""


class Program:
    """The child process. ``links``: a way to sign in for each of the demo's people."""

    def __init__(self, folder: Path, host: str = "") -> None:
        self.folder = folder
        self.host = host
        self.log = folder / "said.txt"
        self.address = ""
        self.links: dict[str, str] = {}
        # Bound before the program starts, because the program is told of it: the marketplace's own site.
        self.site = socket.create_server(("127.0.0.1", 0))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, port: int = 0) -> "Program":
        settings = self._settings()
        words = ["serve", "--demo", "--data", str(self.folder / "data"), "--port", str(port)]
        if self.host:
            words += ["--host", self.host]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rescind", *words], env=settings, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not ({"buyer", "seller", "support"} <= self.links.keys() and self._answers()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the program did not start: {self.said()[-3000:]}")
            time.sleep(0.05)
            self.links = dict(LINK.findall(self.said()))
        return self

    def _settings(self) -> dict[str, str]:
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("RESCIND_", "DATABASE_"))}
        settings["RESCIND_HOST_SITES"] = f"http://127.0.0.1:{self.site.getsockname()[1]} The Market"
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHECKOUT / "src"), settings.get("PYTHONPATH"))))
        return settings

    def said(self) -> str:
        return self.log.read_text()

    def _answers(self) -> bool:
        found = SERVES.search(self.said())
        self.address = found[1] if found else ""
        try:
            return urllib.request.urlopen(self.address, timeout=5).status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def stop(self) -> int:
        """End it as an operator would; gives its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def issue(self, kind: str, role: str, principal: str, **more: str) -> str:
        """A key or a sign-in link for anybody, as the program's own commands would make it."""
        # A browser's test has a loop running in this thread already.
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(asyncio.run, self._issue(kind, role, principal, more)).result()

    def invite(self, role: str, name: str, email: str) -> str:
        """The link of an invitation, as ``rescind people invite`` prints it."""
        words = ["people", "invite", role, name, email, "--base-url", self.address, "--data", str(self.folder / "data")]
        done = subprocess.run(
            [sys.executable, "-m", "rescind", *words], capture_output=True, text=True, check=True, env=self._settings()
        )
        return done.stdout.split()[0]

    async def _issue(self, kind: str, role: str, principal: str, more: dict[str, str]) -> str:
        place = Settings(data=self.folder / "data")
        server = await asyncio.to_thread(EmbeddedServer.start, place, share=True)
        async with asyncpg.create_pool(server.dsn(APP), min_size=1, max_size=1) as pool:
            access = Access(pool, bytes(32), self.address)
            if kind == "key":
                return await access.issue_key(role, principal, **more)
            return await access.issue_link(role, principal, lifetime=timedelta(hours=1), once=False, **more)


@dataclass(frozen=True)
class Placed:
    """An order of a test's own."""

    id: str
    number: str
    buyer: str
    total: str

    @property
    def page(self) -> str:
        return f"/orders/{self.id}"


class Marketplace:
    """The host with a key of its own; it also speaks for a shop and for buyers where no page is needed for that."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._keys: dict[tuple[str, str], str] = {}
        self._numbers = itertools.count(1)

    def place(
        self, stage: str = "preparing", *, buyer: str = "amelia-hart", units: int = 2, country: str = "US"
    ) -> Placed:
        """An order of two lines placed some hours ago, at this stage; its sum is none that the sandbox declines.

        country: where its buyer lives; no law pack speaks for buyers in the United States.

        Each has a sum of its own, for two alike would be held back as one order sent twice.
        """
        place = next(self._numbers)
        number, shipping = f"T-{place:04d}", 295 + 100 * place
        placed = datetime.now(UTC) - timedelta(hours=6)
        lines = [
            ("1", "Enamel jug", {"Colour": "Cream"}, 1250, units),
            ("2", "Tin lantern with a handle and a very long name for a narrow screen", {}, 675, 1),
        ]
        total = sum(price * count for *_, price, count in lines) + shipping
        body = {
            "shop": SHOP,
            "number": number,
            "buyer": {"id": buyer, "country": country},
            "currency": "GBP",
            "placed_at": placed.isoformat(),
            "lines": [
                {
                    "id": line,
                    "sku": f"SKU-{line}",
                    "title": title,
                    "options": options,
                    "quantity": count,
                    "unit_price": _gbp(price),
                }
                for line, title, options, price, count in lines
            ],
            "tenders": [{"id": "card", "method": "card", "label": "Visa ··42", "amount": _gbp(total)}],
            "shipping": _gbp(shipping),
            "recipient": {
                "name": "Amelia Hart",
                "street": "3 Example Street",
                "city": "London",
                "postcode": "EC1A 1BB",
                "country": "GB",
            },
        }
        order = self.send("/v1/orders", body)["id"]
        for hour, fact in enumerate(FACTS[stage], start=1):
            self.report(order, fact, placed + timedelta(minutes=30 * hour))
        return Placed(order, number, buyer, f"£{total / 100:.2f}")

    def report(self, order: str, fact: str, at: datetime) -> None:
        """Tell of something that happened to an order."""
        # A number of its own: one on two parcels is a case.
        parcel = {"parcel": "p1", "carrier": "Royal Mail", "tracking": f"RM{order[-14:].upper()}GB1"}
        parcel = parcel if fact in {"handed_over", "delivered"} else {}
        body = {"fact": fact, "occurred_at": at.isoformat(), **parcel}
        self.send(f"/v1/orders/{order}/facts", body)

    def ask(self, order: Placed, **more: object) -> str:
        """Ask to cancel as its buyer; gives the request's id."""
        body = {"reason": "changed_mind", "comment": "I found the old one again.", **more}
        return self.send(f"/v1/orders/{order.id}/cancellations", body, ("buyer", order.buyer))["cancellation"]["id"]

    def withdraw_from(self, order: Placed) -> str:
        """Withdraw from the contract as its buyer; gives the id of the declaration."""
        body = {"name": "Anna Schmidt", "acknowledge_to": "anna.schmidt@example.org"}
        return self.send(f"/v1/orders/{order.id}/withdrawals", body, ("buyer", order.buyer))["id"]

    def approve(self, order: Placed, request: str) -> None:
        """Agree as the shop."""
        self.send(f"/v1/orders/{order.id}/cancellations/{request}/approve", {}, ("seller", "staff"))

    def refuse(self, order: Placed, request: str) -> None:
        """Decline as the shop."""
        body = {"reason": "buyer_agreed_to_keep", "comment": "As we said on the phone, it is the blue one."}
        self.send(f"/v1/orders/{order.id}/cancellations/{request}/refuse", body, ("seller", "staff"))

    def stop(self, order: Placed) -> None:
        """Cancel it as the shop."""
        self.send(f"/v1/orders/{order.id}/cancellations", {"reason": "out_of_stock"}, ("seller", "staff"))

    def lease(self, order: Placed, staff: str = "staff") -> None:
        """Be about to ship it, as somebody of the shop."""
        self.send(f"/v1/orders/{order.id}/shipping-lease", {}, ("seller", staff))

    def leave(self, order: Placed) -> str:
        """Let the carrier scan a parcel that should not have left; gives the case."""
        self.report(order.id, "handed_over", datetime.now(UTC))
        entries = self.read(f"/v1/orders/{order.id}")["contradictions"]
        return entries[-1]["id"]

    def offer(self, order: Placed, request: str, minor: int = 500) -> None:
        """Offer money back for keeping the goods, as the shop."""
        body = {"kind": "partial_refund", "amount": _gbp(minor), "comment": "It is on the bench already."}
        self.send(f"/v1/orders/{order.id}/cancellations/{request}/offer", body, ("seller", "staff"))

    def propose(self, order: Placed, minor: int = 30000) -> None:
        """Give so much back that a second person has to agree, as the shop."""
        body = {"amount": _gbp(minor), "comment": "Both handles came loose, and it was to be a present."}
        told = self.send(f"/v1/orders/{order.id}/refunds", body, ("seller", "staff"))
        assert told["proposal"], "the demo lets one person give less"

    def talk(self, order: Placed) -> None:
        """Say something for each audience, as those who may."""
        path, shop = f"/v1/orders/{order.id}/messages", ("seller", "staff")
        for words, audience, sender in (
            ("Please cancel my order.", "everyone", ("buyer", order.buyer)),
            ("Could you cancel it on your side?", "everyone", shop),
            ("Is that right?", "buyer", ("buyer", order.buyer)),
            ("Second time this week.", "internal", ("support", "agent")),
        ):
            self.send(path, {"text": words, "audience": audience}, sender)

    def note(self, order: Placed, words: str = "Please ring twice.") -> None:
        """Ask something of the shop, and write down a call, as the order's buyer."""
        buyer = ("buyer", order.buyer)
        self.send(f"/v1/orders/{order.id}/notes", {"text": words}, buyer)
        call = {"way": "telephone", "at": "2026-01-05T10:00:00Z", "with": "Kim", "text": "It leaves tomorrow."}
        self.send(f"/v1/orders/{order.id}/contact-notes", call, buyer)

    def call_platform(self, order: Placed) -> None:
        """Call the platform as the order's buyer."""
        body = {"ground": "asks_buyer_to_cancel", "comment": "They have none left."}
        self.send(f"/v1/orders/{order.id}/escalations", body, ("buyer", order.buyer))

    def withdraw(self, order: Placed, request: str) -> None:
        """Take a request back as its buyer."""
        self.send(f"/v1/orders/{order.id}/cancellations/{request}/withdraw", {}, ("buyer", order.buyer))

    def hears(self) -> tuple[str, str]:
        """An endpoint of the shop, and a message that the worker has made for it."""
        listed = self.read("/v1/webhook-endpoints")["endpoints"]
        endpoint = next(one["id"] for one in listed if one["shop"] == SHOP)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not (rows := self.read(f"/v1/webhook-endpoints/{endpoint}/deliveries")["deliveries"]):
            assert time.monotonic() < deadline, "nothing was carried"
            time.sleep(0.05)
        return endpoint, rows[0]["event"]

    def robots(self) -> tuple[str, str]:
        """A robot of the shop that nobody tried, and one that was tried: its address is one that nothing calls."""
        first, second = [one["id"] for one in self.read("/v1/robots")["robots"] if one["shop"] == SHOP]
        self.send(f"/v1/robots/{second}/test", {})
        return first, second

    def read(self, path: str) -> dict:
        """Something as the host sees it."""
        headers = {"Authorization": f"Bearer {self._key('host', 'marketplace')}"}
        with urllib.request.urlopen(
            urllib.request.Request(self._program.address + path, None, headers), timeout=10
        ) as answer:
            return json.load(answer)

    def send(self, path: str, body: dict, sender: tuple[str, str] = ("host", "marketplace")) -> dict:
        headers = {
            "Authorization": f"Bearer {self._key(*sender)}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        request = urllib.request.Request(self._program.address + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None

    def fragment(self, path: str) -> bytes:
        """A fragment as the site's own server asks for it."""
        headers = {"Authorization": f"Bearer {self._key('host', 'marketplace')}"}
        request = urllib.request.Request(self._program.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def _key(self, role: str, principal: str) -> str:
        if (role, principal) not in self._keys:
            more = {"buyer": {"buyer_id": principal}, "seller": {"shop_id": SHOP}}.get(role, {})
            self._keys[role, principal] = self._program.issue("key", role, principal, **more)
        return self._keys[role, principal]


def _gbp(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "GBP"}
