"""The shops of the marketplace, as a list."""

from __future__ import annotations

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.orders import narrowed
from rescind.api.told import Told
from rescind.core.instant import Instant
from rescind.core.views import ShopRow
from rescind.intake.narrowing import Limit, ShopNarrowing


class ShopsAsked(ShopNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: found anywhere in the name, or the shop's id. The part of the list that is wanted."""

    cursor: str | None = None
    limit: Limit = 25


class ShopListed(Told, frozen=True, kw_only=True):
    """A shop in the list. policy: the preset that new orders are bought under. to_answer: requests that wait for it."""

    id: str
    name: str
    policy: str
    zone: str
    contact: dict[str, str]
    to_answer: int
    since: Instant


class ShopsTold(Told, frozen=True, kw_only=True):
    """A part of the list. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[ShopListed]
    next: str | None
    previous: str | None
    total: int | None


@operation(
    "GET",
    "/v1/shops",
    may=STAFF | {"host"},
    through="scope",
    summary="List shops",
    query=ShopsAsked,
    gives=ShopsTold,
)
async def listed(call: Call) -> Answer:
    """Every shop of the marketplace, by name or the newest first."""
    wanted: ShopsAsked = call.query
    page = await narrowed(call.desk.reads.shop_rows(wanted.filters(), wanted.cursor, wanted.limit))
    rows = [_told(one) for one in page.rows]
    return Answer(body=ShopsTold(rows=rows, next=page.next, previous=page.previous, total=page.total))


def _told(one: ShopRow) -> ShopListed:
    return ShopListed(
        id=one.shop.id,
        name=one.shop.name,
        policy=one.shop.preset,
        zone=one.shop.zone,
        contact=one.shop.contact,
        to_answer=one.waiting,
        since=one.since,
    )


OPERATIONS = (listed,)
