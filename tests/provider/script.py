"""What goes wrong, and when: by rule («the third refund of this capture»), or by chance from a seed.

Chance is drawn from the seed, what was asked for, under which key, and how often; never from the order in which calls
arrive. So the same seed does the same to the same calls, however many come at once.
"""

import hashlib
from collections import Counter

import msgspec

from provider.serving import Answer, Manner

CONNECTION = {
    "drop_before": "nothing was done, and the connection ends",
    "drop_after": "it was done, and the connection ends without an answer",
    "hang_before": "nothing was done, and no answer comes",
    "hang_after": "it was done, and no answer comes",
    "late": "no answer comes, and it is done only after `seconds`; the key is in use until then",
    "error_before": "nothing was done: 5xx",
    "error_after": "it was done: 5xx all the same",
    "rate_limited": "nothing was done: 429 with Retry-After",
    "slow": "it was done; the answer comes after `seconds`, and the key is in use until then",
    "drip": "it was done; the body comes in drops over `seconds`",
    "truncated": "it was done; the connection ends in the middle of the body",
    "garbled": "it was done; the body is not JSON",
    "html": "it was done; the body is a page for people, with `status` (200)",
    "huge": "it was done; 32 MB come before the answer",
}
MONEY = {
    "pending": "the refund waits; after `seconds` it becomes `then`, if that is given",
    "requires_action": "the refund waits for the buyer; likewise",
    "insufficient_funds": "our balance is too low: Stripe waits, PayPal refuses",
    "failed": "the refund fails at once",
    "fails_later": "the refund succeeds, and fails after `seconds`",
}
MANNERS = {
    "drop_before": Manner.DROP,
    "drop_after": Manner.DROP,
    "hang_before": Manner.HANG,
    "hang_after": Manner.HANG,
    "late": Manner.HANG,
} | {name: Manner(name) for name in ("slow", "drip", "truncated", "garbled", "html", "huge")}


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong. ``stored``: whether Stripe keeps a 5xx under the key, as it does once it has begun."""

    fault: str
    status: int = 0
    seconds: float = 0.0
    retry_after: int | None = 1
    then: str = ""
    failure_reason: str = "expired_or_canceled_card"
    stored: bool = True

    def __post_init__(self) -> None:
        if self.fault not in CONNECTION and self.fault not in MONEY:
            raise ValueError(f"no such fault: {self.fault}")

    @property
    def before(self) -> bool:
        return self.fault.endswith("_before") or self.fault == "rate_limited"


class Rule(Fault, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault for the ``nth`` call of an operation and the ``times - 1`` after it; of any capture if ``of`` is empty.

    operation: refund, refund.read, refunds.list, payment.read, … or ``*``. times 0: from then on.
    """

    operation: str = "refund"
    of: str = ""
    nth: int = 1
    times: int = 1


class Chance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Faults by probability, for these operations. Their ``seconds`` are drawn too, up to this."""

    seed: int
    weights: dict[str, float]
    operations: tuple[str, ...] = ("refund",)
    seconds: float = 0.2
    then: str = "succeeded"

    def __post_init__(self) -> None:
        for names in (CONNECTION, MONEY):
            if sum(weight for name, weight in self.weights.items() if name in names) > 1:
                raise ValueError("the weights of faults of one kind sum to more than 1")
        for name in self.weights:
            Fault(fault=name)


class Fired(msgspec.Struct, frozen=True):
    """A fault that happened: to which operation, of what, under which key, at which attempt."""

    operation: str
    subject: str
    key: str
    attempt: int
    fault: str


class Script:
    """Holds the rules and the chance in force, and remembers what fired."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._rules: list[tuple[Rule, list[int]]] = []
        self._chance: Chance | None = None
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self.fired: list[Fired] = []

    def add(self, rules: list[Rule]) -> None:
        self._rules += [(rule, [0]) for rule in rules]

    def trust_to_chance(self, chance: Chance | None) -> None:
        self._chance = chance

    def next(self, operation: str, names: tuple[str, ...], key: str = "") -> tuple[Fault | None, Fault | None]:
        """What happens to this call: to its connection, and to its money. names: of the capture; a rule may use any."""
        if not self._rules and self._chance is None:
            return None, None
        subject = names[0] if names else ""
        call = (operation, subject, key)
        self._attempts[call] += 1
        connection, money = self._by_rule(operation, names)
        if self._chance and operation in self._chance.operations:
            connection = connection or self._by_chance(self._chance, call, CONNECTION)
            money = money or self._by_chance(self._chance, call, MONEY)
        for fault in (connection, money):
            if fault:
                self.fired.append(Fired(operation, subject, key, self._attempts[call], fault.fault))
        return connection, money

    def _by_rule(self, operation: str, names: tuple[str, ...]) -> tuple[Fault | None, Fault | None]:
        connection = money = None
        for rule, seen in self._rules:
            if rule.operation not in {operation, "*"} or (rule.of and rule.of not in names):
                continue
            seen[0] += 1
            if seen[0] < rule.nth or (rule.times and seen[0] >= rule.nth + rule.times):
                continue
            if rule.fault in CONNECTION:
                connection = connection or rule
            else:
                money = money or rule
        return connection, money

    def _by_chance(self, chance: Chance, call: tuple[str, str, str], kind: dict[str, str]) -> Fault | None:
        text = "/".join((str(chance.seed), *call, str(self._attempts[call]), min(kind)))
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        drawn, second = (int.from_bytes(digest[start : start + 8]) / 2**64 for start in (0, 8))
        for name, weight in chance.weights.items():
            if name in kind:
                if drawn < weight:
                    return Fault(fault=name, seconds=second * chance.seconds, then=chance.then, status=503)
                drawn -= weight
        return None


def leaves(answer: Answer, fault: Fault | None) -> Answer:
    """The answer as the fault lets it leave. Nobody waits for ever: what hangs is cut after an hour."""
    if fault and fault.fault in MANNERS:
        answer.manner = MANNERS[fault.fault]
        answer.seconds = fault.seconds or (3600.0 if answer.manner is Manner.HANG else 0.5)
        if answer.manner is Manner.HTML:
            answer.status = fault.status or 200
    return answer
