"""Worked examples: what a preset promises, as facts and the expected answer, checked and reported as a person would.

Times in an examples file are local to the policy's zone, without offset: that is how people tell them.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from rescind.core.deadline import Calendar, last_before, zone_of
from rescind.core.instant import Instant
from rescind.core.policy.explain import Atom
from rescind.core.policy.facts import NONE, working_days_late
from rescind.core.policy.judge import Finding, deadline_of, judge
from rescind.core.policy.literal import Plain
from rescind.core.policy.loading import load
from rescind.core.policy.policy import Policy
from rescind.core.policy.position import PolicyError
from rescind.core.policy.resolved import ResolvedPolicy
from rescind.core.policy.vocabulary import Kind, Per
from rescind.core.sentence import Sentence, phrased
from rescind.core.stage import Stage, status_of

_CODES = {
    "actor": "buyer",
    "reason": "changed_mind",
    "shipping_by": "seller",
    "handling": "regular",
    "country": NONE,
}


STAGES = tuple(Stage)


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One story. placed, paid, asks: local times; paid may be missing. facts: what differs from a plain order.

    promised: when goods that are not ready will be. deliver_by: when the estimated day of delivery is over. left: when
    the carrier took the parcel. shop: rules of the shop's own, as a policy file has them, judged as a layer beside.

    Expected: verdict and rule, and where given instead, due (local), on_silence, fault ("seller" or "nobody"), listed
    (whether the reason may be chosen at all; where it may not, nothing is judged). abstains: no rule holds, or a law
    does not speak about this buyer. With `deadline` no question is asked: only that deadline of the policy is worked
    out and compared with `due`.
    """

    id: str
    says: str
    placed: datetime
    paid: datetime | None = None
    asks: datetime | None = None
    promised: datetime | None = None
    deliver_by: datetime | None = None
    left: datetime | None = None
    on: str = "request"
    facts: Mapping[str, Plain] = {}
    lines: tuple[Mapping[str, bool | str], ...] = ({},)
    settings: Mapping[str, Plain] = {}
    shop: str = ""
    fault: Literal["", "seller", "nobody"] = ""
    listed: bool | None = None
    abstains: bool = False
    verdict: str = ""
    rule: str = ""
    instead: str = ""
    on_silence: str = ""
    deadline: str = ""
    due: datetime | None = None


class _Calendar(msgspec.Struct, forbid_unknown_fields=True):
    weekend: tuple[int, ...] = (5, 6)
    holidays: tuple[date, ...] = ()


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The examples of one policy. calendar: the days that do not count, as far as the examples need them."""

    policy: str
    calendar: _Calendar
    examples: tuple[Example, ...]


class Failure(msgspec.Struct, frozen=True):
    """An example that did not come out. str() tells it in a few sentences."""

    example: str
    says: str
    message: str

    def __str__(self) -> str:
        return f"{self.example}: {self.says}\n    {self.message}"


def examples(data: bytes, file: str) -> Book:
    """Read an examples file. PolicyError when it is not one."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), Book)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PolicyError(file, 1, 1, str(error)) from None


def check(policy: Policy, book: Book) -> list[Failure]:
    """Every example that did not come out as it says; an empty list is what one hopes for."""
    calendar = Calendar(policy.zone, frozenset(book.calendar.weekend), frozenset(book.calendar.holidays))
    failures: list[Failure] = []
    for example in book.examples:
        message = _Try(policy, example, calendar).message()
        if message:
            failures.append(Failure(example.id, example.says, message))
    return failures


def answer(policy: Policy, book: Book, example: Example) -> Finding:
    """What a policy says to an example's question, whatever the example expects; times are local to that policy.

    ValueError: the policy does not offer a setting of the example. LookupError: it has no answer to such a question.
    """
    trial = _Try(
        policy, example, Calendar(policy.zone, frozenset(book.calendar.weekend), frozenset(book.calendar.holidays))
    )
    return judge([trial.policy], example.on, trial.facts(), trial.asks, trial.starts, trial.calendar, trace=False)


def situation(policy: Policy, example: Example) -> dict[str, Any]:
    """The facts of an example, as the policy would read them. ValueError as for ``answer``."""
    return _Try(policy, example, Calendar(policy.zone)).facts()


def plain_facts(policy: ResolvedPolicy) -> dict[str, Any]:
    """A plain order's facts: one line, nothing special about it, shipped by the seller, just placed and not paid."""
    zero: dict[Kind, Plain] = {Kind.FLAG: False, Kind.COUNT: 0, Kind.AMOUNT: 4000}
    specs = policy.vocabulary.values()
    facts: dict[str, Any] = {
        spec.name: zero[spec.kind] if spec.kind in zero else _CODES.get(spec.name, Stage.UNPAID.value)
        for spec in specs
        if spec.level is Per.ORDER
    }
    facts["currency"] = policy.policy.currency or "USD"
    facts["lines"] = [
        {spec.name: False if spec.kind is Kind.FLAG else NONE for spec in specs if spec.level is Per.LINE}
    ]
    return facts


class _Try:
    def __init__(self, policy: Policy, example: Example, calendar: Calendar) -> None:
        self.example = example
        self.calendar = calendar
        self.zone = zone_of(policy.zone)
        self.asks = self._instant(example.asks or example.placed)
        self.starts = {"placed": self._instant(example.placed), "requested": self.asks}
        for name, local in (("paid", example.paid), ("promised", example.promised)):
            if local:
                self.starts[name] = self._instant(local)
        if example.deliver_by:
            self.starts["estimated"] = last_before(self._instant(example.deliver_by))
        # A law or a standing consent is that of the day of the decision; a preset that of the day of the order.
        when = self.asks if policy.layer in {"law", "standing"} else self.starts["placed"]
        self.policy = policy.at(when, example.settings)
        self.layers = [self.policy]
        if example.shop:
            head = f'policy = "shop"\nlayer = "shop"\nzone = "{policy.zone}"\n'
            self.layers.append(load((head + example.shop).encode(), f"{example.id}, shop").at(when))

    def message(self) -> str:
        """What is wrong, or nothing."""
        example = self.example
        if example.deadline:
            promised = deadline_of(self.policy, example.deadline, self.starts, self.calendar)
            return self._due(promised.due_at)
        facts = self.facts()
        wrong = self._reason(facts)
        if wrong or example.listed is False:
            return wrong
        try:
            finding = self._finding(facts)
        except LookupError as error:
            return "" if example.abstains else f"{error}."
        if example.abstains:
            return phrased(
                "Expected no answer; the answer is %(verdict)s by %(rule)s.",
                verdict=finding.verdict.value,
                rule=finding.rule,
            )
        if (finding.verdict, finding.rule) != (example.verdict, example.rule):
            return phrased(
                "Expected %(verdict)s by %(rule)s; the answer is %(found)s by %(found_rule)s. %(because)s",
                verdict=example.verdict,
                rule=example.rule,
                found=finding.verdict.value,
                found_rule=finding.rule,
                because=_because(finding, example.rule),
            )
        if (finding.instead or "") != example.instead and (example.instead or example.verdict == "refuse"):
            return phrased(
                "Expected to be offered %(instead)s; offered is %(found)s.",
                instead=example.instead or phrased("nothing"),
                found=finding.instead or phrased("nothing"),
            )
        silence = finding.deadline.on_silence if finding.deadline else ""
        if example.on_silence and silence != example.on_silence:
            return phrased(
                "Expected silence to mean %(means)s; it means %(found)s.",
                means=example.on_silence,
                found=silence or phrased("nothing"),
            )
        return self._due(finding.deadline.due_at) if finding.deadline else ""

    def _finding(self, facts: dict[str, Any]) -> Finding:
        law = self.policy.policy
        if law.layer == "law" and not law.protects(
            facts["country"],
            placed_at=self.starts["placed"],
            now=self.asks,
            ended=facts["stage"] in {Stage.COMPLETED, Stage.CANCELLED},
        ):
            msg = f"{law.name} does not speak about this order"
            raise LookupError(msg)
        return judge(self.layers, self.example.on, facts, self.asks, self.starts, self.calendar)

    def _reason(self, facts: dict[str, Any]) -> str:
        """What is wrong with the reason: whether it may be chosen, and whose fault it makes the cancellation."""
        example, policy, reason = self.example, self.policy.policy, facts["reason"]
        catalogue = "seller" if facts["actor"] == "seller" else "buyer"
        if example.listed is not None:
            offered = [one.code for one in policy.reasons_for(catalogue, facts)]
            if (reason in offered) != example.listed:
                told = {"reason": reason, "these": ", ".join(offered)}
                if reason in offered:
                    return phrased("The reason %(reason)s is on the list: %(these)s.", **told)
                return phrased("The reason %(reason)s is not on the list: %(these)s.", **told)
        if example.fault:
            fault = "seller" if policy.seller_at_fault(catalogue, reason, facts) else "nobody"
            if fault != example.fault:
                return phrased(
                    "Expected it to be the fault of %(fault)s; it is that of %(found)s.",
                    fault=example.fault,
                    found=fault,
                )
        return ""

    def facts(self) -> dict[str, Any]:
        """The plain order, the times of the story, and what the example says differs."""
        facts = plain_facts(self.policy)
        paid = self.starts.get("paid")
        facts["since_placed"] = int((self.asks - self.starts["placed"]).total_seconds())
        facts["paid"] = paid is not None
        facts["since_paid"] = int((self.asks - paid).total_seconds()) if paid else 0
        if "dispatch" in self.policy.deadlines:
            due_at = deadline_of(self.policy, "dispatch", self.starts, self.calendar).due_at
            facts["past_dispatch_sla"] = self.asks >= due_at
            facts["working_days_late"] = working_days_late(due_at, self.asks, self.calendar)
            facts["dispatched_late"] = self.example.left is not None and self._instant(self.example.left) >= due_at
        facts |= self.example.facts
        if self.example.deliver_by and STAGES.index(facts["stage"]) < STAGES.index(Stage.DELIVERED):
            facts["past_estimated_delivery"] = self.asks >= self._instant(self.example.deliver_by)
        facts["status"] = status_of(Stage(facts["stage"]))
        facts["lines"] = [{**facts["lines"][0], **line} for line in self.example.lines]
        return facts

    def _due(self, due_at: Instant) -> str:
        if self.example.due is None or due_at == self._instant(self.example.due):
            return ""
        return phrased(
            "Expected the deadline at %(due)s; it is %(found)s.",
            due=self._told(self._instant(self.example.due)),
            found=self._told(due_at),
        )

    def _instant(self, local: datetime) -> Instant:
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _told(self, moment: Instant) -> str:
        return f"{moment.astimezone(self.zone):%a %Y-%m-%d %H:%M:%S}"


def _because(finding: Finding, expected: str) -> Sentence:
    """Why the expected rule did not decide."""
    for step in finding.trace:
        if step.rule == expected:
            return phrased(
                "%(rule)s did not hold: %(these)s.", rule=expected, these="; ".join(_told(atom) for atom in step.failed)
            )
    return phrased("%(found)s stands before %(rule)s.", found=finding.rule, rule=expected)


def _told(atom: Atom) -> str:
    """As a condition is written."""
    at = "" if atom.line is None else f"[{atom.line + 1}]"
    if atom.op in {"is", "is not"}:
        return f"{atom.fact}{at} = {'true' if atom.actual else 'false'}"
    return f"{atom.fact}{at} = {atom.actual}, not {atom.op} {atom.wanted}"
