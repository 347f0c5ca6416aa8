"""Guests at the marketplace's own pages: a code by mail for an order, and the link that it opens."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec

from rescind.access.guest_codes import GOOD_FOR
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.links import MAY, LinkTold
from rescind.api.told import Told
from rescind.clock import wall_clock
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming

_Short = Annotated[str, msgspec.Meta(max_length=254)]


class GuestCodeWish(Incoming, frozen=True, kw_only=True):
    """What a guest typed. number: of the order, as the marketplace writes it. language: of the mail."""

    number: _Short
    email: _Short
    language: Literal["en", "zh"] = "en"


class GuestCodeTold(Told, frozen=True, kw_only=True):
    """The same for every order, also for one that is not there. step: goes with the code that the guest types."""

    step: str
    expires_at: Instant


class GuestCodeTyped(Incoming, frozen=True, kw_only=True):
    """The step, and the code as it was typed. shop: its id, where the guest has orders of this number in several."""

    step: _Short
    code: _Short
    shop: Annotated[str, msgspec.Meta(max_length=64)] = ""


@operation(
    "POST",
    "/v1/guest-codes",
    may=MAY,
    through="self",
    summary="Send a guest a code",
    body=GuestCodeWish,
    gives=GuestCodeTold,
    changes=True,
    statuses=(202,),
    fails=(errors.InvalidField, errors.InvalidText, errors.RateLimited, errors.IdempotencyKeyReused),
)
async def send(call: Call) -> Answer:
    """A code of six digits goes to the address, if the order is of a buyer with this address. It holds for ten minutes
    and may be typed five times. Ten an hour for one order, five to one address. Limit it by your visitors' network too:
    we see your server's alone.
    """
    seed = f"{call.principal.by}\n{call.key(ShopId('')).key}"
    wanted: GuestCodeWish = call.body
    step = await call.desk.guest_codes.ask(wanted.number, wanted.email, wanted.language, "", seed)
    body = GuestCodeTold(step=step, expires_at=wall_clock() + GOOD_FOR)
    return Answer(status=202, body=body, afterwards=partial(call.desk.guest_codes.send, step))


@operation(
    "POST",
    "/v1/guest-sessions",
    may=MAY,
    through="self",
    summary="Let a guest in",
    body=GuestCodeTyped,
    gives=LinkTold,
    changes=True,
    statuses=(201,),
    fails=(errors.CodeWrong, errors.InvalidField, errors.RateLimited, errors.LinkUsed, errors.LinkExpired),
)
async def enter(call: Call) -> Answer:
    """A link that signs the guest in for this one order, once. Whatever is wrong is answered alike.

    Once the code is right, `invalid-field` at `/shop` says that the guest has orders of this number in several shops:
    ask which they mean, and send the same code with the id of that shop.
    """
    typed: GuestCodeTyped = call.body
    # A code counts once; the same call again is known by all that it said.
    links, who, key = (
        call.desk.links,
        call.principal.by,
        f"{call.key(ShopId('')).key}\n{typed.step}\n{typed.code}\n{typed.shop}",
    )
    made = await links.made_before(who, key)
    if made is None:
        order = await call.desk.guest_codes.prove(typed.step, typed.code, "", typed.shop)
        made = await links.from_guest(order, who, key, call.principal.credential)
    return Answer(status=201, body=LinkTold(url=made.url, expires_at=made.expires_at))


OPERATIONS = (send, enter)
