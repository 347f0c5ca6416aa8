"""Mandates: what a program that acts for people may do, up to which amounts and until when; making and ending them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.access.mandating import WantedMandate
from rescind.access.people import by
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.mandate import MOST_ACTS, MOST_SHOPS, ProgramAct
from rescind.core.money import Money
from rescind.intake.fields import Amount, Incoming, Moment
from rescind.intake.narrowing import Limit
from rescind.postgres.mandates import ActView, MandateView

_READS = OPERATOR | {"support", "seller"}
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Mark = Annotated[str, msgspec.Meta(max_length=64, description="The mark of a key.")]
_Shops = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=64)], ...], msgspec.Meta(max_length=MOST_SHOPS)]
_Acts = Annotated[tuple[ProgramAct, ...], msgspec.Meta(min_length=1, max_length=len(ProgramAct))]


class MandatePost(Incoming, frozen=True, kw_only=True):
    """What a key may do that acts under mandates alone. shops: none for all that the key sees; buyer: whose orders
    alone. each: the most that one act is about by its worth; a_day: the most of one day (UTC), in the same currency.
    acts_a_day: the most acts of one day, null for any number. until: the first moment it does not reach. because: why,
    in your own words.
    """

    key: _Mark
    acts: _Acts
    shops: _Shops = ()
    buyer: _Short = ""
    each: Amount
    a_day: Amount
    acts_a_day: Annotated[int, msgspec.Meta(ge=1, le=MOST_ACTS)] | None = None
    until: Moment
    because: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class MandateTold(Told, frozen=True, kw_only=True):
    """A mandate. key: the mark of its key; program: what that is called. holds: whether anything can be done under it.

    used: what acts of today (UTC) cancelled, gave back or asked for; left: of the day. acts_today: how many there were
    today; acts_made: in all. A shop is told of a mandate that is not its own what was used on the shop's orders.
    """

    id: str
    key: str
    program: str
    role: str
    acts: tuple[ProgramAct, ...]
    shops: tuple[str, ...]
    buyer: str
    each: Money
    a_day: Money
    acts_a_day: int | None
    until: Instant
    because: str
    made_by: str
    made_at: Instant
    ended_by: str
    ended_at: Instant | None
    holds: bool
    used: Money
    left: Money
    acts_today: int
    acts_made: int


class MandatesTold(Told, frozen=True, kw_only=True):
    """Mandates, those that hold first."""

    mandates: tuple[MandateTold, ...]


class ActsAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """after: of which part the next is wanted, as ``next`` said."""

    after: int | None = None
    limit: Limit = 25


class ProgramActTold(Told, frozen=True, kw_only=True):
    """What was done under a mandate. worth: the money that would go back, or the price of what was cancelled if that is
    more; counted: what of it counted against the day.
    """

    shop: str
    order: str
    number: str
    act: ProgramAct
    worth: Money
    counted: Money
    at: Instant


class MandateActsTold(Told, frozen=True, kw_only=True):
    """A mandate and what was done under it, the last first. next: after which to read on, null at the end."""

    mandate: MandateTold
    acts: tuple[ProgramActTold, ...]
    next: int | None


@operation("GET", "/v1/mandates", may=_READS, through="scope", summary="List mandates", gives=MandatesTold)
async def listed(call: Call) -> Answer:
    """What programs may do for people, who said so, and what of it is used.

    A shop reads its own, those of the platform over its orders, and those under which something was done on them.
    """
    now = call.desk.now()
    found = await call.desk.mandates.all(now, call.principal.scope.shop)
    return Answer(body=MandatesTold(mandates=tuple(mandate_told(one, now) for one in found)))


@operation(
    "GET",
    "/v1/mandates/{mandate}",
    may=_READS,
    through="scope",
    summary="Read a mandate and its acts",
    query=ActsAsked,
    gives=MandateActsTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """A mandate and what was done under it, also when it has ended; a shop reads what was done on its own orders."""
    now, shop, wanted = call.desk.now(), call.principal.scope.shop, call.query
    found = await call.desk.mandates.one(call.ids["mandate"], now, shop)
    acts, rest = await call.desk.mandates.acts(found.id, wanted.after, wanted.limit, shop)
    return Answer(
        body=MandateActsTold(mandate=mandate_told(found, now), acts=tuple(_act_told(one) for one in acts), next=rest)
    )


@operation(
    "POST",
    "/v1/mandates",
    may=OPERATOR,
    through="scope",
    summary="Give a mandate",
    body=MandatePost,
    gives=MandateTold,
    changes=True,
    fresh=True,
    statuses=(201,),
    fails=(
        errors.NotFound,
        errors.CurrencyMismatch,
        errors.InvalidField,
        errors.InvalidText,
        errors.MandateStands,
        errors.IdempotencyKeyReused,
    ),
)
async def give(call: Call) -> Answer:
    """Let a key that acts under mandates alone do so much; a key has one mandate at a time."""
    body = call.body
    if body.each.currency != body.a_day.currency:
        raise errors.CurrencyMismatch(expected=body.each.currency, actual=body.a_day.currency)
    now = call.desk.now()
    wanted = WantedMandate(
        key=body.key,
        acts=body.acts,
        shops=body.shops,
        buyer=body.buyer,
        currency=body.each.currency,
        each_minor=body.each.amount,
        a_day_minor=body.a_day.amount,
        acts_a_day=body.acts_a_day,
        until=body.until,
        because=body.because,
    )
    made = await call.desk.mandates.make(by(call.principal), wanted, now, key=call.key(ShopId("")).key)
    return Answer(body=mandate_told(made, now), status=201)


@operation(
    "POST",
    "/v1/mandates/{mandate}/end",
    may=OPERATOR | {"seller"},
    through="scope",
    summary="End a mandate",
    gives=MandateTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound,),
)
async def end(call: Call) -> Answer:
    """End a mandate now, also for whoever is using it. The same call again gives the same answer.

    It takes no body and no key: whoever has to stop a program stops it. A shop ends those of its own programs.
    """
    now = call.desk.now()
    ended = await call.desk.mandates.end(by(call.principal), call.ids["mandate"], now, call.principal.scope.shop)
    return Answer(body=mandate_told(ended, now))


def mandate_told(one: MandateView, now: Instant) -> MandateTold:
    """A mandate as it is told to operators and to its own key."""
    allowed, day = one.bounds, now.date()
    return MandateTold(
        id=one.id,
        key=one.key,
        program=one.program,
        role=one.role,
        acts=allowed.acts,
        shops=allowed.shops,
        buyer=allowed.buyer,
        each=Money(allowed.each_minor, allowed.currency),
        a_day=Money(allowed.a_day_minor, allowed.currency),
        acts_a_day=allowed.acts_a_day,
        until=allowed.until,
        because=one.because,
        made_by=one.made_by_name,
        made_at=one.made_at,
        ended_by=one.ended_by_name,
        ended_at=one.held.ended_at,
        holds=one.holds(now),
        used=Money(one.held.used(day), allowed.currency),
        left=Money(one.left(day), allowed.currency),
        acts_today=one.held.made(day),
        acts_made=one.held.acts,
    )


def _act_told(one: ActView) -> ProgramActTold:
    return ProgramActTold(
        shop=one.shop,
        order=one.order,
        number=one.number,
        act=one.act,
        worth=one.worth,
        counted=one.counted,
        at=one.at,
    )


OPERATIONS = (listed, give, read, end)
