"""What a test says to the provider beside the wires: payments, faults, disputes, time. And what it asks: the books."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from provider.fake import Fake, Settings
from provider.ledger import Refused
from provider.paypal_objects import CURRENCIES, WHOLE
from provider.script import Chance, Rule
from provider.serving import Answer, Request, json
from provider.webhooks import Subscription, Webhooks


class NewCaptures(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    wire: str
    amount: int
    currency: str
    count: int = 1
    account: str = ""
    status: str = "succeeded"
    metadata: dict[str, str] = {}
    invoice_id: str = ""
    destination: str = ""
    fee: int = 0


class Moves(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    status: str
    failure_reason: str = ""


class ByHand(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A refund that somebody makes at the provider's own screen; amount None: of all that is left."""

    capture: str
    amount: int | None = None
    status: str = "succeeded"


class NewDispute(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    capture: str
    amount: int | None = None
    reason: str = ""
    inquiry: bool = False


class Scripted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    rules: list[Rule] = []
    chance: Chance | None = None


class ToSign(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    wire: str
    body: str
    certificate: str
    at: float | None = None


class Since(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Messages from this one on, counted from 0."""

    since: int = 0


class Advance(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    seconds: float


Found = TypeVar("Found")


class Unknown(Exception):
    pass


class Control:
    def __init__(self, fake: Fake, webhooks: Webhooks) -> None:
        self._fake, self._webhooks = fake, webhooks

    def handle(self, request: Request) -> Answer:
        try:
            match [request.method, *request.path.strip("/").split("/")]:
                case [method, noun]:
                    told = self._noun(method, noun)(request.body)
                case ["POST", noun, name]:
                    told = self._move(noun, name, msgspec.json.decode(request.body, type=Moves))
                case _:
                    raise Unknown
        except Unknown:
            return json(404, {"wrong": f"nothing here: {request.method} {request.path}"})
        except (msgspec.DecodeError, Refused, ValueError) as wrong:
            return json(400, {"wrong": str(wrong)})
        return json(200, told)

    def _noun(self, method: str, noun: str) -> Callable[[bytes], object]:
        found = {
            ("GET", "_ledger"): lambda _: self._fake.ledger.facts(),
            ("GET", "_usage"): lambda _: self._fake.usage(),
            ("GET", "_script"): lambda _: {"fired": self._fake.script.fired},
            ("POST", "_script"): self._script,
            ("DELETE", "_script"): lambda _: self._fake.script.clear(),
            ("POST", "_captures"): self._captures,
            ("POST", "_refunds"): self._by_hand,
            ("POST", "_disputes"): self._dispute,
            ("GET", "_webhooks"): lambda body: self._webhooks.messages[msgspec.json.decode(body, type=Since).since :],
            ("POST", "_webhooks"): self._subscribe,
            ("POST", "_signatures"): self._sign,
            ("DELETE", "_webhooks"): lambda _: self._webhooks.clear(),
            ("GET", "_settings"): lambda _: self._fake.settings,
            ("POST", "_settings"): self._settings,
            ("POST", "_clock"): lambda body: self._fake.clock.advance(msgspec.json.decode(body, type=Advance).seconds),
            ("DELETE", "_all"): self._clear,
        }.get((method, noun))
        if found is None:
            raise Unknown
        return found

    def _script(self, body: bytes) -> None:
        scripted = msgspec.json.decode(body, type=Scripted)
        self._fake.script.add(scripted.rules)
        if scripted.chance:
            self._fake.script.trust_to_chance(scripted.chance)

    def _captures(self, body: bytes) -> list[dict[str, str]]:
        new = msgspec.json.decode(body, type=NewCaptures)
        if new.wire == "paypal" and (new.currency not in CURRENCIES or new.amount % WHOLE.get(new.currency, 1)):
            raise ValueError(f"PayPal takes no {new.amount} {new.currency}")
        more = msgspec.structs.asdict(new)
        wire, amount, currency, count = (more.pop(name) for name in ("wire", "amount", "currency", "count"))
        made = [self._fake.ledger.add(wire, amount, currency, **more) for _ in range(count)]
        return [{"id": each.id, "charge": each.charge} for each in made]

    def _by_hand(self, body: bytes) -> dict[str, str]:
        hand = msgspec.json.decode(body, type=ByHand)
        capture = self._known(self._fake.ledger.find(hand.capture))
        return {"id": self._fake.ledger.refund(capture, hand.amount, by="dashboard", status=hand.status).id}

    def _dispute(self, body: bytes) -> dict[str, str]:
        new = msgspec.json.decode(body, type=NewDispute)
        capture = self._known(self._fake.ledger.find(new.capture))
        return {"id": self._fake.ledger.dispute(capture, new.amount, new.reason, inquiry=new.inquiry).id}

    def _move(self, noun: str, name: str, moves: Moves) -> None:
        ledger = self._fake.ledger
        match noun:
            case "_captures":
                ledger.move_capture(self._known(ledger.find(name)), moves.status)
            case "_refunds":
                ledger.move_refund(self._known(ledger.refunds.get(name)), moves.status, moves.failure_reason)
            case "_disputes":
                ledger.move_dispute(self._known(ledger.disputes.get(name)), moves.status)
            case _:
                raise Unknown

    @staticmethod
    def _known(found: Found | None) -> Found:
        if found is None:
            raise Unknown
        return found

    def _subscribe(self, body: bytes) -> None:
        self._webhooks.subscriptions.append(msgspec.json.decode(body, type=Subscription))

    def _sign(self, body: bytes) -> dict[str, str]:
        wanted = msgspec.json.decode(body, type=ToSign)
        at = time.time() if wanted.at is None else wanted.at
        return self._webhooks.signed(
            Subscription(wire=wanted.wire), wanted.body.encode(), 1, at=at, certificate=wanted.certificate
        )

    def _settings(self, body: bytes) -> Settings:
        given = msgspec.json.decode(body, type=dict)
        self._fake.settings = msgspec.convert({**msgspec.to_builtins(self._fake.settings), **given}, Settings)
        return self._fake.settings

    def _clear(self, _: bytes) -> None:
        self._fake.clear()
        self._webhooks.clear()
