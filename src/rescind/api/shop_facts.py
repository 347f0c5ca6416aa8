"""What the platform says of a shop: its name, time zone, contact and preset; adding a shop and changing one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.shops import changed_by, shop_of
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.shop_fit import Fit
from rescind.intake.fields import Incoming
from rescind.shops import NewShop, ShopChange

_Text = Annotated[str, msgspec.Meta(max_length=254)]


class ReachPatch(Incoming, frozen=True, kw_only=True):
    """How a shop is reached and who is behind it. phone: with its country's prefix; trader: its legal name; register:
    trade register and number. What is not named stays, an empty text is taken away.
    """

    email: _Text | None = None
    phone: _Text | None = None
    trader: _Text | None = None
    address: _Text | None = None
    register: _Text | None = None

    def said(self) -> dict[str, str]:
        """What is named, by kind."""
        return {name: text for name in self.__struct_fields__ if (text := getattr(self, name)) is not None}


class ShopPost(Incoming, frozen=True, kw_only=True):
    """A shop to add. policy: name of the preset that its orders are bought under; zone: such as Europe/London.

    settings: values it chooses of those the preset offers, by name.
    """

    name: _Text
    policy: _Text = "base"
    zone: _Text = "UTC"
    contact: ReachPatch = ReachPatch()
    settings: Annotated[dict[str, bool | int | str], msgspec.Meta(max_length=50)] = msgspec.field(
        default_factory=dict[str, bool | int | str]
    )


class ShopPatch(Incoming, frozen=True, kw_only=True):
    """What is to be said otherwise of a shop; what is not named stays."""

    name: _Text | None = None
    policy: _Text | None = None
    zone: _Text | None = None
    contact: ReachPatch = ReachPatch()


class FitAsked(Incoming, frozen=True, kw_only=True):
    """policy: name of the preset that the shop might come under."""

    policy: _Text


class ShopFactsTold(Told, frozen=True, kw_only=True):
    """A shop. ``version`` is the ETag; 0 when nothing of this was changed since it was added. policy_hash: the version
    of its preset that orders placed now are bought under.
    """

    id: str
    name: str
    zone: str
    policy: str
    policy_hash: str
    contact: dict[str, str]
    version: int


class ShopFitTold(Told, frozen=True, kw_only=True):
    """What of a shop's own choices has no room under a preset: settings by name, and rules by theirs."""

    shop: str
    policy: str
    settings: dict[str, bool | int | str]
    rules: list[str]


@operation(
    "POST",
    "/v1/shops",
    may=OPERATOR | {"host"},
    through="scope",
    summary="Add a shop",
    body=ShopPost,
    gives=ShopFactsTold,
    changes=True,
    statuses=(201,),
    fails=(errors.InvalidField, errors.InvalidText, errors.IdempotencyKeyReused, errors.StaleShop),
)
async def add(call: Call) -> Answer:
    """Add a shop; its orders can be placed at once. The same call again gives the same shop."""
    asked: ShopPost = call.body
    key = call.key(ShopId(""))
    wanted = NewShop(
        name=asked.name, policy=asked.policy, zone=asked.zone, contact=asked.contact.said(), settings=asked.settings
    )
    shop = await call.desk.shops.add(wanted, changed_by(call), _called(call), key=f"{key.principal} {key.key}")
    return await _told(call, shop, status=201)


@operation(
    "GET",
    "/v1/shops/{shop}",
    may=STAFF | {"seller", "host"},
    through="shop",
    summary="Read a shop",
    gives=ShopFactsTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """Its name, time zone, contact, and the preset that orders placed from now on are bought under."""
    return await _told(call, (await shop_of(call)).id)


@operation(
    "PATCH",
    "/v1/shops/{shop}",
    may=OPERATOR,
    through="shop",
    summary="Change a shop",
    body=ShopPatch,
    gives=ShopFactsTold,
    changes=True,
    keyed=False,
    versioned=errors.StaleShop,
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText),
)
async def change(call: Call) -> Answer:
    """Say something else of a shop. Another preset holds for orders placed from now on; older ones keep theirs.

    What the shop has chosen and the new preset has no room for falls away with it: ask for the fit before.
    """
    shop, asked = await shop_of(call), call.body
    said = ShopChange(name=asked.name, policy=asked.policy, zone=asked.zone, contact=asked.contact.said())
    await call.desk.shops.change(shop.id, said, changed_by(call), _called(call), expected=call.expected_version())
    await call.desk.book.refresh()
    return await _told(call, shop.id)


@operation(
    "GET",
    "/v1/shops/{shop}/fit",
    may=OPERATOR,
    through="shop",
    summary="See what another preset would take from a shop",
    query=FitAsked,
    gives=ShopFitTold,
    fails=(errors.NotFound, errors.InvalidField),
)
async def fit(call: Call) -> Answer:
    """The settings and rules of the shop that would fall away under this preset. Nothing is changed."""
    shop = await shop_of(call)
    found: Fit = await call.desk.shops.fit(shop.id, call.query.policy)
    rules = [one.name for one in found.lost_rules]
    return Answer(
        body=ShopFitTold(shop=shop.id, policy=call.query.policy, settings=dict(found.lost_settings), rules=rules)
    )


async def _told(call: Call, shop: ShopId, status: int = 200) -> Answer:
    facts, version = await call.desk.versions.facts(shop)
    body = ShopFactsTold(
        id=shop,
        name=facts.name,
        zone=facts.zone,
        policy=facts.preset,
        policy_hash=facts.preset_hash,
        contact=facts.contact,
        version=version,
    )
    return Answer(body=body, status=status, version=version)


def _called(call: Call) -> str:
    return call.principal.name or call.principal.id


OPERATIONS = (add, read, change, fit)
