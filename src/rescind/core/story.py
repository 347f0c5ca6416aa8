"""Scenarios as they are told: an order, what people do and when, what must be true then; and what became of each.

An example asks one question of one policy; a story goes on until its end, and time passes in it.
"""

import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

import msgspec

from rescind.core.parts import Line
from rescind.core.policy.literal import Plain
from rescind.core.policy.position import PolicyError

_PRICE = 4000


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what a story is told with."""


class Bought(_Part, frozen=True):
    """The order; times are local. lines: minor units of one unit by line id, and how many where it is not one.

    custom, special: ids of the lines made for the buyer, and of those that go bad or the like. discount, tax: recorded
    shares by line id. tenders: minor units by means of payment where there are several; `paid_by` pays all otherwise.
    cancels_30d, door_refusals: what has been counted of the buyer before.
    """

    placed: datetime
    lines: dict[str, int] = msgspec.field(default_factory=lambda: {"mug": _PRICE})
    units: dict[str, int] = {}
    custom: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    discount: dict[str, int] = {}
    tax: dict[str, int] = {}
    shipping: int = 0
    paid_by: str = "card"
    tenders: dict[str, int] = {}
    shipping_by: str = "seller"
    handling: str = "regular"
    promised: datetime | None = None
    deliver_by: datetime | None = None
    cross_border: bool = False
    country: str = ""
    cancels_30d: int = 0
    door_refusals: int = 0

    def bought(self) -> tuple[Line, ...]:
        """The lines."""
        return tuple(
            Line(
                id=name,
                sku=name,
                quantity=self.units.get(name, 1),
                unit_minor=minor,
                discount_minor=self.discount.get(name, 0),
                tax_minor=self.tax.get(name, 0),
                custom_made=name in self.custom,
                special=name in self.special,
            )
            for name, minor in self.lines.items()
        )

    def paid(self) -> dict[str, int]:
        """Minor units by means of payment."""
        return self.tenders or {self.paid_by: sum(line.paid_minor for line in self.bought()) + self.shipping}


class Month(_Part, frozen=True):
    """How many requests the shop had to answer in the month in which the order is placed, and answered in time."""

    asked: int
    in_time: int


class Then(_Part, frozen=True):
    """What must be true: of the order, of its last request, and of the ground on which it was decided.

    cancellation, by, rule, due, on_silence: of the last request. requests: how many there were. refunded: minor units
    that went back or are on their way. refund: status of the last refund. noted: kind of the last contradiction.
    back: minor units by means of payment that went back or are on their way, none left out.
    door_refusals: of the buyer, as "2 of 3". at_the_door: whether the buyer may pay there the next time.
    """

    stage: str | None = None
    requests: int | None = None
    cancellation: str | None = None
    by: str | None = None
    rule: str | None = None
    layer: str | None = None
    instead: str | None = None
    due: datetime | None = None
    on_silence: str | None = None
    fault: str | None = None
    refunded: int | None = None
    refund: str | None = None
    noted: str | None = None
    back: dict[str, int] | None = None
    door_refusals: str | None = None
    at_the_door: bool | None = None


class Step(_Part, frozen=True):
    """One moment. Without `does` somebody only looks. happened: when it happened, where that is earlier.

    lines: units by line, of a request or of a parcel. tender, amount: of a payment, a chargeback or an offer.
    corrects: the last report of `fact`; it happened at `happened`, or not at all. act: what support does with a review.
    evidence: a photo comes with it. problem: the code of the problem it must meet.
    """

    at: datetime
    who: Literal["buyer", "seller", "support", "host", "carrier", "provider"] = "host"
    does: Literal[
        "requests",
        "withdraws",
        "approves",
        "refuses",
        "cancels",
        "reports",
        "corrects",
        "replies",
        "offers",
        "accepts",
        "declines",
        "reviews",
        "switches_off",
        "",
    ] = ""
    fact: str = ""
    act: str = ""
    parcel: str = ""
    tender: str = ""
    amount: int | None = None
    ship_by: datetime | None = None
    happened: datetime | None = None
    tracking: str = ""
    reason: str = "changed_mind"
    lines: dict[str, int] | None = None
    anyway: bool = False
    comment: str = ""
    evidence: bool = False
    outcome: str = ""
    problem: str = ""
    then: Then = Then()


class Story(_Part, frozen=True):
    """A scenario under one policy. not_yet: what is missing for it to come out; then it must not come out.

    answered: how the shop answered everybody's requests in the month of the order; looked at when the month is over.
    """

    id: str
    policy: str
    says: str
    cites: tuple[str, ...]
    order: Bought | None = None
    settings: dict[str, Plain] = {}
    holidays: tuple[date, ...] = ()
    answered: Month | None = None
    steps: tuple[Step, ...] = ()
    not_yet: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    stories: tuple[Story, ...]


def stories(data: bytes, file: str) -> tuple[Story, ...]:
    """Read a file of stories. PolicyError when it is not one."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), _File).stories
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PolicyError(file, 1, 1, str(error)) from None


class Scenario(msgspec.Struct, frozen=True):
    """What became of one scenario of the rule book. told: how many examples and stories tell it.

    why: what is missing, or what went wrong.
    """

    id: str
    state: Literal["passed", "not yet", "failed", "not told"]
    told: int
    why: str = ""


SCENARIOS = tuple(f"S-{number:02}" for number in range(1, 53))
"""S-01 to S-52 of the rule book."""


def scenarios(results: Sequence[tuple[str, str, str]]) -> tuple[Scenario, ...]:
    """Every scenario with what became of it. results: id of an example or story, what is wrong with it, its not_yet.

    What is told under `S-10-late` belongs to S-10. One that misses something has not passed, whatever else came out.
    """
    return tuple(
        _scenario(one, [result for result in results if result[0] == one or result[0].startswith(f"{one}-")])
        for one in SCENARIOS
    )


def _scenario(name: str, results: Sequence[tuple[str, str, str]]) -> Scenario:
    wrong = next((wrong for _, wrong, _ in results if wrong), "")
    missing = next((not_yet for _, _, not_yet in results if not_yet), "")
    if not results:
        return Scenario(name, "not told", 0)
    if wrong:
        return Scenario(name, "failed", len(results), wrong)
    return Scenario(name, "not yet" if missing else "passed", len(results), missing)
