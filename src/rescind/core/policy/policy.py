"""A policy: dated values, deadlines, rules in their order, reasons, and what a shop may tune. Data, frozen, hashed.

What is stored and hashed is the whole normalised policy, never the difference from another one, so that a receipt
needs one document.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from rescind.core.deadline import Span, day_start, span, zone_of
from rescind.core.instant import Instant
from rescind.core.policy.as_python import Facts, First, first_that_holds
from rescind.core.policy.literal import Plain
from rescind.core.policy.resolved import ResolvedPolicy, resolve
from rescind.core.policy.tree import Node
from rescind.core.policy.vocabulary import STANDARD
from rescind.core.sentence import phrased
from rescind.core.verdict import OnSilence, Verdict

_ALWAYS = datetime.min.replace(tzinfo=UTC)

Layer = Literal["law", "preset", "shop", "standing"]
On = Literal["request", "seller_cancel", "ship", "timer", "reason", "fee", "fault", "return", "dispute", "metric"]
Event = Literal[
    "placed",
    "review_opened",
    "paid",
    "promised",
    "estimated",
    "requested",
    "asked",
    "escalated",
    "approved",
    "shipped",
    "delivered",
    "refused",
]
Then = Literal["cancel", "release", "late", "remind"]
Needed = Literal["tracking", "comment", "evidence"]
Catalogue = Literal["buyer", "seller", "refusal", "returns", "special"]

# Somebody may always ask, cancel or ship, so a preset must always have an answer for these.
ALWAYS_ANSWERED: tuple[On, ...] = ("request", "seller_cancel", "ship")


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what is stored: every member is written, so that the bytes hang on no default; others are refused."""


class Dated(_Data, frozen=True):
    """What a value means from `first_day` on, a day in the policy's zone."""

    first_day: date
    value: Plain
    source: str
    unverified: bool = False


class NamedValue(_Data, frozen=True):
    """A value and its history, earliest first; never edited, only continued."""

    name: str
    history: tuple[Dated, ...]

    def on(self, day: date) -> Dated:
        """What it means on `day`. An order placed before the first day is judged by the first known meaning."""
        return self.history[max(bisect_right(self.history, day, key=lambda dated: dated.first_day) - 1, 0)]


class DeadlineTerms(_Data, frozen=True):
    """When something falls due. span: a length or the name of a value.

    Either somebody is waited for (`on_silence`), or the clock does something (`then`): cancel the order, release the
    hold, mark the dispatch as late, remind.
    """

    name: str
    event: Event = msgspec.field(name="from")
    span: str
    on_silence: OnSilence | None = None
    then: Then | None = None
    cutoff: str = ""
    cites: tuple[str, ...] = ()


class Rule(_Data, frozen=True, kw_only=True):
    """One question with one answer. text: the condition as written, for people; `when`: the one that counts.

    fee: of a rule on fees, the values that say what the seller keeps of a line: `..._bps` of its price, in hundredths
    of a per cent, and `..._minor` once a cancellation. None: nothing.
    """

    id: str
    on: On
    text: str
    when: Node
    verdict: Verdict
    cites: tuple[str, ...]
    deadline: str = ""
    instead: str = ""
    lines: Literal["any", "all"] = "any"
    fee: tuple[str, ...] = ()


class Reason(_Data, frozen=True, kw_only=True):
    """A reason somebody may give. platform: the platform's own codes for it, the first is the one we send.

    needs: what must come with it. fault: when a cancellation for this reason is counted as the seller's fault; never
    without a condition (E-09). The same code may stand twice, for different stages.
    """

    code: str
    platform: tuple[str, ...] = ()
    text: str = ""
    when: Node | None = None
    needs: tuple[Needed, ...] = ()
    fault_text: str = ""
    fault: Node | None = None


class Reasons(_Data, frozen=True):
    """The catalogues, each in the order in which it is shown."""

    buyer: tuple[Reason, ...] = ()
    seller: tuple[Reason, ...] = ()
    refusal: tuple[Reason, ...] = ()
    returns: tuple[Reason, ...] = ()
    special: tuple[Reason, ...] = ()


class Tunable(_Data, frozen=True, kw_only=True):
    """A value a shop may set for itself: one of `choices`, or a span or number from `low` to `high`."""

    name: str
    choices: tuple[Plain, ...] = ()
    low: Plain = ""
    high: Plain = ""
    cites: tuple[str, ...] = ()

    def allows(self, value: Plain) -> bool:
        """Whether a shop may choose this."""
        if self.choices:
            return any(type(value) is type(choice) and value == choice for choice in self.choices)
        try:
            return type(value) is type(self.low) and _size(self.low) <= _size(value) <= _size(self.high)
        except ValueError:
            return False


class Settings(_Data, frozen=True):
    """How the flow works around the rules.

    ship_while_pending: an upload of tracking while a request waits either answers it or is not possible (R-050, R-052).
    explicit_reject: whether the seller may refuse in words (R-031, R-054). buyer_partial: whether a buyer may ask for
    some lines only (R-060). seller_partial: when a seller may cancel some lines (R-061). failed_refund: what may be
    done with money that a provider could not send back.
    """

    ship_while_pending: Literal["rejects_request", "blocked"] = "blocked"
    explicit_reject: bool = True
    buyer_partial: bool = True
    seller_partial: Literal["no", "out_of_stock", "any"] = "any"
    failed_refund: tuple[Literal["again", "store_credit", "paid_out"], ...] = ("again", "store_credit", "paid_out")


class Policy(_Data, frozen=True, kw_only=True, dict=True):
    """One layer. calendar: name of the calendar of business days, looked up by whoever has calendars.

    A law and a standing consent are not pinned: they are those of the day of the decision.

    A law names the `countries` of the buyers it protects and the first day it is in force; `applies` says which orders
    it speaks about: those placed since that day, those open, or all.
    """

    language: int
    name: str
    layer: Layer
    zone: str
    region: str = ""
    calendar: str = ""
    currency: str = ""
    applies: Literal["placed", "open", "all"] = "placed"
    countries: tuple[str, ...] = ()
    in_force: date | None = None
    settings: Settings = Settings()
    values: tuple[NamedValue, ...] = ()
    deadlines: tuple[DeadlineTerms, ...] = ()
    rules: tuple[Rule, ...] = ()
    reasons: Reasons = Reasons()
    tunable: tuple[Tunable, ...] = ()

    def canonical(self) -> bytes:
        """The published form: one byte string for one meaning. A restored policy gives the bytes it was read from."""
        return self._published

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the published form, in hex."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @cached_property
    def _published(self) -> bytes:
        return msgspec.json.encode(self, order="sorted")

    def rule(self, rule_id: str) -> Rule:
        """The rule of this id; KeyError when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def rules_on(self, on: str) -> tuple[Rule, ...]:
        """The rules for one kind of question, in their order."""
        return tuple(rule for rule in self.rules if rule.on == on)

    def changes_after(self, moment: Instant) -> tuple[Instant, ...]:
        """When some value of it will mean something else, the next first."""
        return tuple(self._changes[bisect_right(self._changes, moment) :])

    def at(self, placed_at: Instant, settings: Mapping[str, Plain] | None = None) -> ResolvedPolicy:
        """The policy as it stands for an order placed then, in a shop that chose `settings` among the tunable values.

        Cached. A setting that is not offered, or out of its range: ValueError.
        """
        chosen = tuple(sorted(settings.items())) if settings else ()
        # Types are part of the key: True, 1 and "1" are three settings.
        key = (bisect_right(self._changes, placed_at), tuple([(name, type(value), value) for name, value in chosen]))
        found = self._resolved.get(key)
        if found is None:
            self.check_settings(dict(chosen))
            found = self._resolved[key] = resolve(self, self._day(placed_at), dict(chosen))
        return found

    def check_settings(self, settings: Mapping[str, Plain]) -> None:
        """ValueError, with a sentence, unless a shop may choose all of these."""
        offered = {tunable.name: tunable for tunable in self.tunable}
        for name, value in settings.items():
            if name not in offered:
                msg = phrased("%(policy)s offers no setting called %(name)s", policy=self.name, name=name)
                raise ValueError(msg)
            if not offered[name].allows(value):
                msg = phrased(
                    "%(policy)s does not allow %(name)s = %(value)s", policy=self.name, name=name, value=value
                )
                raise ValueError(msg)

    def reasons_for(self, catalogue: Catalogue, facts: Facts) -> tuple[Reason, ...]:
        """The reasons that fit the order as it is (R-130), in the order in which they are shown.

        Conditions of reasons read facts of the order and literals, never values that change.
        """
        return tuple([reason for reason, fits in self._offers[catalogue] if fits is None or fits(facts) == 0])

    def reason_for(self, catalogue: Catalogue, code: str, facts: Facts) -> Reason | None:
        """The reason of this code among those, without a look at the others."""
        for reason, fits in self._by_code[catalogue].get(code, ()):
            if fits is None or fits(facts) == 0:
                return reason
        return None

    def seller_at_fault(self, catalogue: Catalogue, code: str, facts: Facts) -> bool:
        """Whether a cancellation for this reason of this actor's list counts against the seller (E-09, R-134, Q-16).

        One code may stand in a list several times, for different stages: the one that fits the order is meant.
        """
        return any(
            fault(facts) == 0 and (fits is None or fits(facts) == 0)
            for fits, fault in self._faults[catalogue].get(code, ())
        )

    def protects(self, country: str, *, placed_at: Instant, now: Instant, ended: bool) -> bool:
        """Whether this law speaks about an order of a buyer who lives there. ended: the order is over."""
        if country not in self.countries or self.in_force is None or self._day(now) < self.in_force:
            return False
        match self.applies:
            case "placed":
                return self._day(placed_at) >= self.in_force
            case "open":
                return not ended
            case "all":
                return True

    def _day(self, moment: Instant) -> date:
        return moment.astimezone(self._zone).date()

    @cached_property
    def _faults(self) -> Mapping[Catalogue, Mapping[str, tuple[tuple[First | None, First], ...]]]:
        return {
            catalogue: {
                code: faults
                for code, offers in codes.items()
                if (
                    faults := tuple(
                        (fits, first_that_holds([(reason.fault, "any")], {}, STANDARD))
                        for reason, fits in offers
                        if reason.fault is not None
                    )
                )
            }
            for catalogue, codes in self._by_code.items()
        }

    @cached_property
    def _offers(self) -> Mapping[Catalogue, tuple[tuple[Reason, First | None], ...]]:
        """Every reason with its condition, compiled: they are asked with each request."""
        return {
            catalogue: tuple(
                (reason, None if reason.when is None else first_that_holds([(reason.when, "any")], {}, STANDARD))
                for reason in getattr(self.reasons, catalogue)
            )
            for catalogue in get_args(Catalogue)
        }

    @cached_property
    def _by_code(self) -> Mapping[Catalogue, Mapping[str, tuple[tuple[Reason, First | None], ...]]]:
        found: dict[Catalogue, dict[str, tuple[tuple[Reason, First | None], ...]]] = {}
        for catalogue, offers in self._offers.items():
            codes = found[catalogue] = {}
            for reason, fits in offers:
                codes[reason.code] = (*codes.get(reason.code, ()), (reason, fits))
        return found

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone_of(self.zone)

    @cached_property
    def _changes(self) -> list[Instant]:
        """When some value changes: with the first instant of a local day."""
        days = {dated.first_day for value in self.values for dated in value.history}
        return [_ALWAYS if day == date.min else day_start(day, self.zone) for day in sorted(days)]

    @cached_property
    def _resolved(self) -> dict[object, ResolvedPolicy]:
        return {}


def _size(value: Plain) -> int:
    """A number to compare settings by: seconds for spans. A word or business days: ValueError."""
    if isinstance(value, str):
        length: Span = span(value)
        return length.seconds
    return int(value)
