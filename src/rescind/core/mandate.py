"""What a program may do for people: a mandate that a person gives to a key, its bounds, and what of them is used up.

A key that was made to act under mandates alone does nothing to an order without one. Pure; the row of the mandate is
held by whoever asks, so that two acts at once cannot go beyond a day together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from rescind.core.actor import Actor
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    CancellationApproved,
    CancellationHeld,
    CancellationRefused,
    CancellationWithdrawn,
    RefuseCancellation,
    RequestCancellation,
    SellerAsked,
    WithdrawCancellation,
)
from rescind.core.errors import InvalidField, MandateNeeded, OutsideMandate, one_of
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import CancellationId, ShopId
from rescind.core.instant import Instant
from rescind.core.money import CAP_MINOR, Money
from rescind.core.offer import MakeOffer, OfferKind, OfferMade
from rescind.core.order import Order
from rescind.core.quote import worth

UNDER_NONE: Final = "-"
"""Stands for the mandate of a key that acts under mandates alone and was given none."""
LONGEST: Final = timedelta(days=366)
"""A person looks again after a year at the latest."""
MOST_SHOPS: Final = 100
MOST_ACTS: Final = 1_000_000
"""A bound of acts a day that is higher bounds nothing."""


class ProgramAct(StrEnum):
    """What a mandate may let a program do; everything else is left to people."""

    CANCEL = "cancel"
    APPROVE = "approve"
    REFUSE = "refuse"
    OFFER = "offer"
    WITHDRAW = "withdraw"


class Bound(StrEnum):
    """Which bound of a mandate an act would pass."""

    ACTS = "acts"
    SHOPS = "shops"
    BUYER = "buyer"
    CURRENCY = "currency"
    EACH = "each"
    A_DAY = "a_day"
    ACTS_A_DAY = "acts_a_day"
    UNTIL = "until"
    ENDED = "ended"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a person allows. shops: none named for all that the key sees; buyer: whose orders alone, else empty.

    each_minor: the most that one act is about by its worth; a_day_minor: the most that acts of one day (UTC) cancel,
    give back or ask for together; both in minor units of the currency. acts_a_day: the most acts of one day, of every
    kind; None for any number. until: the first instant it does not reach.
    """

    acts: tuple[ProgramAct, ...]
    shops: tuple[ShopId, ...] = ()
    buyer: str = ""
    currency: str
    each_minor: int
    a_day_minor: int
    acts_a_day: int | None = None
    until: Instant


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate as it is at the moment of an act. used_on, used_minor, used_acts: the last day of which something was
    used; acts: how many were made under it in all.
    """

    id: str
    bounds: Bounds
    ended_at: Instant | None = None
    used_on: date | None = None
    used_minor: int = 0
    used_acts: int = 0
    acts: int = 0

    def used(self, day: date) -> int:
        """What acts of this day have used up, in minor units."""
        return self.used_minor if self.used_on == day else 0

    def made(self, day: date) -> int:
        """How many acts were made on this day."""
        return self.used_acts if self.used_on == day else 0


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """An act under a mandate. stake_minor: what it is about by its worth; uses_minor: what of it counts against the
    day.
    """

    mandate: str
    act: ProgramAct
    shop: ShopId
    buyer: str
    currency: str
    stake_minor: int
    uses_minor: int


def bounds(
    *,
    acts: Iterable[str],
    shops: Sequence[ShopId],
    buyer: str,
    currency: str,
    each_minor: int,
    a_day_minor: int,
    acts_a_day: int | None = None,
    until: Instant,
    now: Instant,
    known: Collection[ShopId],
) -> Bounds:
    """Bounds as somebody asks for them. known: the shops that there are. Raises InvalidField."""
    named = tuple(acts)
    if not named or not set(named) <= set(ProgramAct):
        raise InvalidField(field="/acts", expected=one_of(tuple(ProgramAct)))
    if len(shops) > MOST_SHOPS or not set(shops) <= set(known):
        raise InvalidField(field="/shops", expected="shops that are here")
    for name, amount in (("each", each_minor), ("a_day", a_day_minor)):
        if not 0 < amount <= CAP_MINOR:
            raise InvalidField(field=f"/{name}", expected="more than nothing")
    if each_minor > a_day_minor:
        raise InvalidField(field="/a_day", expected="no less than one act may be about")
    if acts_a_day is not None and not 0 < acts_a_day <= MOST_ACTS:
        raise InvalidField(field="/acts_a_day", expected=f"a number from 1 to {MOST_ACTS}")
    if not now < until <= now + LONGEST:
        raise InvalidField(field="/until", expected="within a year from now")
    return Bounds(
        acts=tuple(one for one in ProgramAct if one in named),
        shops=tuple(dict.fromkeys(shops)),
        buyer=buyer,
        currency=currency,
        each_minor=each_minor,
        a_day_minor=a_day_minor,
        acts_a_day=acts_a_day,
        until=until,
    )


def errand(command: BaseCommand, actor: Actor, before: Order | None, events: Sequence[BaseEvent]) -> Errand | None:
    """What an act is as an errand of a program; None for an actor who needs no mandate.

    Raises MandateNeeded for a key without one, OutsideMandate for what no mandate reaches.
    """
    if not actor.mandate:
        return None
    if actor.mandate == UNDER_NONE:
        raise MandateNeeded
    act = _act(command)
    if act is None or before is None:
        raise OutsideMandate(mandate=actor.mandate, bound=Bound.ACTS.value)
    stake = max((_stake(before, one) for one in events), default=0)
    goes_on = any(isinstance(one, CancellationRefused | CancellationWithdrawn) for one in events)
    return Errand(
        mandate=actor.mandate,
        act=act,
        shop=before.shop,
        buyer=before.buyer,
        currency=before.currency,
        stake_minor=stake,
        uses_minor=0 if goes_on else stake,
    )


def require_within(held: Held, wanted: Errand, now: Instant) -> None:
    """The act is within every bound of its mandate. Raises OutsideMandate, which names the one that it would pass."""
    allowed = held.bounds
    day = now.date()
    passed = (
        (Bound.ENDED, held.ended_at is not None),
        (Bound.UNTIL, now >= allowed.until),
        (Bound.ACTS, wanted.act not in allowed.acts),
        (Bound.SHOPS, bool(allowed.shops) and wanted.shop not in allowed.shops),
        (Bound.BUYER, bool(allowed.buyer) and wanted.buyer != allowed.buyer),
        (Bound.CURRENCY, wanted.currency != allowed.currency),
        (Bound.EACH, wanted.stake_minor > allowed.each_minor),
        (Bound.A_DAY, held.used(day) + wanted.uses_minor > allowed.a_day_minor),
        (Bound.ACTS_A_DAY, allowed.acts_a_day is not None and held.made(day) >= allowed.acts_a_day),
    )
    bound = next((one for one, beyond in passed if beyond), None)
    if bound is None:
        return
    more: dict[str, object] = {}
    match bound:
        case Bound.EACH:
            more = {"asked": Money(wanted.stake_minor, wanted.currency), "most": _money(allowed, allowed.each_minor)}
        case Bound.A_DAY:
            left = max(0, allowed.a_day_minor - held.used(day))
            more = {"asked": Money(wanted.uses_minor, wanted.currency), "left": _money(allowed, left)}
        case Bound.ACTS_A_DAY:
            more = {"acts": allowed.acts_a_day}
        case Bound.UNTIL:
            more = {"until": allowed.until}
        case _:
            pass
    raise OutsideMandate(mandate=held.id, bound=bound.value, **more)


def used_by(held: Held, wanted: Errand, now: Instant) -> Held:
    """The mandate after the act."""
    day = now.date()
    return msgspec.structs.replace(
        held,
        used_on=day,
        used_minor=held.used(day) + wanted.uses_minor,
        used_acts=held.made(day) + 1,
        acts=held.acts + 1,
    )


def _money(allowed: Bounds, minor: int) -> Money:
    return Money(minor, allowed.currency)


def _act(command: BaseCommand) -> ProgramAct | None:
    match command:
        case RequestCancellation() | CancelBySeller():
            return ProgramAct.CANCEL
        case ApproveCancellation():
            return ProgramAct.APPROVE
        case RefuseCancellation():
            return ProgramAct.REFUSE
        case MakeOffer():
            return ProgramAct.OFFER
        case WithdrawCancellation():
            return ProgramAct.WITHDRAW
        case _:
            return None


def _stake(before: Order, event: BaseEvent) -> int:
    """What an event is about by its worth, in minor units: the money that goes back, or would if it were granted,
    or the price of what is cancelled, whichever is more: an order that nobody has paid is worth as much to its shop.
    """
    match event:
        case CancellationApproved():
            return max(sum(one.amount_minor for one in event.refunds), worth(before, event.lines))
        case OfferMade(kind=OfferKind.CANCEL_WITH_COSTS):
            return max(event.refund_minor, _asked(before, event.cancellation))
        case OfferMade():
            return max(event.amount_minor, event.refund_minor)
        case SellerAsked(request=asked):
            return max(asked.refund_minor, worth(before, asked.lines))
        case CancellationHeld(request=asked) | CancellationRefused(request=asked) if asked is not None:
            return max(asked.refund_minor, worth(before, asked.lines))
        case CancellationHeld() | CancellationRefused() | CancellationWithdrawn():
            return _asked(before, event.cancellation)
        case _:
            return 0


def _asked(before: Order, cancellation: CancellationId) -> int:
    """What a request that waits is about."""
    found = next((one for one in before.cancellations if one.id == cancellation), None)
    return max(found.refund_minor, worth(before, found.lines)) if found else 0
