"""Links by which the marketplace hands a buyer over to their orders here."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors, handover
from rescind.core.handover import Destination, Handover
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Identifier, Incoming
from rescind.postgres.credentials import Role

MAY: frozenset[Role] = frozenset({"host"})
_SHORTEST_S, _USUAL_S, _LONGEST_S = (
    int(one.total_seconds()) for one in (handover.SHORTEST, handover.USUAL, handover.LONGEST)
)


class NewLink(Incoming, frozen=True, kw_only=True):
    """Whom to hand over, and to what. buyer: your id of them. order: its id here or your number of it. shop: the id of
    the shop whose order it is, where several may have one of this number.

    to: orders (all of them; without an order), or of one order its page (order), the form to cancel it (cancel), what
    was said about it (conversation), or a fragment for a page of yours (fragment). Without ``to``, the order's page, or
    all orders. language: what they read. return_to: the page of yours to come back to, of a site in RESCIND_HOST_SITES.
    """

    buyer: Identifier
    order: Annotated[str, msgspec.Meta(max_length=128)] = ""
    shop: Annotated[str, msgspec.Meta(max_length=64)] = ""
    to: Destination | None = None
    language: Literal["en", "zh", ""] = ""
    return_to: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    lifetime_s: Annotated[int, msgspec.Meta(ge=_SHORTEST_S, le=_LONGEST_S)] = _USUAL_S


class LinkTold(Told, frozen=True, kw_only=True):
    """A link. It signs in once; the address of a fragment is good until it ends."""

    url: str
    expires_at: Instant


@operation(
    "POST",
    "/v1/links",
    may=MAY,
    through="self",
    summary="Make a link for a buyer",
    body=NewLink,
    gives=LinkTold,
    changes=True,
    statuses=(201,),
    fails=(
        errors.NotFound,
        errors.InvalidField,
        errors.InvalidText,
        errors.IdempotencyKeyReused,
        errors.LinkUsed,
        errors.LinkExpired,
    ),
)
async def make(call: Call) -> Answer:
    """A short link that signs one buyer in, once, for a minute up to a day (a quarter of an hour unless you say so).

    With an order, the session sees that order and nothing else of the buyer's. Send the browser there at once: who
    comes from a page of yours goes straight in, everybody else is asked first. Keep it out of logs and mails. The same
    Idempotency-Key gives the same link while it is good, and then says that it was used or is too old.
    """
    wanted: NewLink = call.body
    said = Handover(
        buyer=wanted.buyer,
        order=wanted.order,
        shop=wanted.shop,
        to=wanted.to or ("order" if wanted.order else "orders"),
        language=wanted.language,
        back_to=wanted.return_to,
    )
    key = call.key(ShopId("")).key
    who = call.principal
    made = await call.desk.links.make(said, timedelta(seconds=wanted.lifetime_s), who.by, key, who.credential)
    return Answer(status=201, body=LinkTold(url=made.url, expires_at=made.expires_at))


OPERATIONS = (make,)
