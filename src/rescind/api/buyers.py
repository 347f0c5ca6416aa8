"""Buyers: whether paying at the door is open to them, and ending all the ways in that one has."""

from __future__ import annotations

from datetime import date

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical

_LONGEST = 200


class BuyerQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By whose policy it is asked: that of this shop, as it is today."""

    shop: str


class AtTheDoorTold(Told, frozen=True, kw_only=True):
    """Orders to be paid at the door that were refused there. allowed: whether one may be placed now.

    refused: in the last ``days``. limit: at so many it is switched off; null where the policy sets none. off_until: the
    day on which it is open again by itself.
    """

    allowed: bool
    refused: int
    limit: int | None
    days: int
    off_until: date | None


class BuyerStandingTold(Told, frozen=True, kw_only=True):
    """A buyer as the policy of one shop sees them."""

    id: str
    shop: str
    cash_on_delivery: AtTheDoorTold


@operation(
    "GET",
    "/v1/buyers/{buyer}",
    may=frozenset({"host", "support", "operator"}),
    through="scope",
    summary="Read how a buyer stands",
    query=BuyerQuery,
    gives=BuyerStandingTold,
    fails=(errors.NotFound, errors.Forbidden),
)
async def read(call: Call) -> Answer:
    """Whether a buyer may pay at the door in a shop: ask before you offer it.

    Refusals are counted across all shops, once an order, within two seconds; each shop's policy says how many are too
    many. A buyer nobody has heard of has none.
    """
    buyer = call.ids["buyer"]
    if len(buyer) > _LONGEST or not buyer.isprintable():
        raise errors.NotFound(kind="buyer")
    shop = await call.desk.reads.shop(canonical("shp", call.query.shop))
    found = await call.desk.at_the_door(buyer, shop)
    return Answer(
        body=BuyerStandingTold(
            id=buyer,
            shop=shop.id,
            cash_on_delivery=AtTheDoorTold(
                allowed=found is None or found.off_until is None,
                refused=found.refused if found else 0,
                limit=found.limit if found else None,
                days=found.days if found else 0,
                off_until=found.off_until if found else None,
            ),
        )
    )


class WaysInEnded(Told, frozen=True, kw_only=True):
    """ended: how many sessions and open links there were."""

    ended: int


@operation(
    "POST",
    "/v1/buyers/{buyer}/sessions/end",
    may=frozenset({"host", "support", "operator"}),
    through="scope",
    summary="Sign a buyer out everywhere",
    body=Untouched,
    gives=WaysInEnded,
    changes=True,
    fails=(errors.InvalidField, errors.InvalidText),
)
async def end_sessions(call: Call) -> Answer:
    """End every session and every open link of one buyer at once, on the record of who did it.

    Call it when somebody else got into an account of your site. Links that your site signed itself hold until they are
    over: sign none for this buyer meanwhile, or end the secret.
    """
    call.key(ShopId(""))
    who = call.principal
    ended = await call.desk.links.end_of(call.ids["buyer"], who.by, who.name or who.id)
    return Answer(body=WaysInEnded(ended=ended))


OPERATIONS = (read, end_sessions)
