"""Refunds by where they stand, and who looks after those that do not come to an end by themselves."""

from __future__ import annotations

from typing import Literal

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.orders import narrowed
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import RefundId, ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.views import RefundRow
from rescind.intake.narrowing import Limit, RefundNarrowing
from rescind.postgres.alerts import alerts
from rescind.postgres.credentials import Role
from rescind.postgres.refunds import RefundOwners

_MAY: frozenset[Role] = frozenset({"seller", "support", "operator"})


class RefundsAsked(RefundNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list is narrowed. after: what the part before it gave as its ``next``."""

    after: str | None = None
    limit: Limit = 50


class RefundListed(Told, frozen=True, kw_only=True):
    """One refund. state: where it stands. next_check_at: when its provider is asked next; nothing for one that has
    ended. ended_at: when it did. owner: who looks after it. cause: why nothing was sent yet.
    """

    refund: str
    shop: str
    order: str
    number: str
    tender: str
    method: str
    amount: Money
    state: str
    status: str
    cause: str
    reference: str
    owed_at: Instant
    next_check_at: Instant | None
    ended_at: Instant | None
    owner: str | None


class RefundsListed(Told, frozen=True, kw_only=True):
    """A part of a list. rows: as of other lists; refunds: the same, as they were first called. next, previous: cursors,
    null at an end. total: null when there are many.
    """

    rows: list[RefundListed]
    refunds: list[RefundListed]
    next: str | None
    previous: str | None
    total: int | None


class AlertTold(Told, frozen=True, kw_only=True):
    """Refunds of one kind that wait for a person: ``failed`` for good, ``not_sent`` for their details, ``not_set_up``
    for an operator to connect a provider, or ``unclear`` for more than a day.

    count: how many, up to ten thousand; since: the oldest of them; unowned: those that nobody looks after.
    """

    kind: Literal["failed", "not_sent", "not_set_up", "unclear"]
    count: int
    since: Instant
    unowned: int


class AlertsTold(Told, frozen=True, kw_only=True):
    """What wants somebody now; empty where all is well."""

    alerts: list[AlertTold]


class RefundTaken(Told, frozen=True, kw_only=True):
    """Who looks after a refund."""

    refund: str
    owner: str


@operation(
    "GET", "/v1/refunds", may=_MAY, through="scope", summary="List refunds", query=RefundsAsked, gives=RefundsListed
)
async def listed(call: Call) -> Answer:
    """Refunds by where they stand: `in_doubt`, `not_sent` with a cause, `failed`, `owed`, `submitted`, `succeeded`,
    `settled` another way, or `all`. Open ones come oldest first, those that failed and those that ended newest first.
    """
    wanted: RefundsAsked = call.query
    page = await narrowed(
        call.desk.reads.refunds(call.principal.scope, wanted.filters(), wanted.after, wanted.limit, now=call.desk.now())
    )
    rows = [_told(one) for one in page.rows]
    told = RefundsListed(rows=rows, refunds=rows, next=page.next, previous=page.previous, total=page.total)
    return Answer(body=told)


@operation(
    "POST",
    "/v1/refunds/{refund}/take",
    may=STAFF,
    through="scope",
    summary="Look after a refund",
    body=Untouched,
    gives=RefundTaken,
    changes=True,
    fails=(errors.NotFound,),
)
async def take(call: Call) -> Answer:
    """Put your name to a refund that is open or failed, so that others know who looks after it."""
    call.key(ShopId(""))  # A name that is there already is there once; the header is wanted as of every change.
    refund = RefundId(call.identifier("refund", "ref"))
    await RefundOwners(call.desk.pool).take(refund, call.principal.holder)
    return Answer(body=RefundTaken(refund=refund, owner=call.principal.holder))


@operation(
    "GET",
    "/v1/refund-alerts",
    may=STAFF | {"host"},
    through="scope",
    summary="Ask what refunds need somebody",
    gives=AlertsTold,
)
async def stuck(call: Call) -> Answer:
    """Refunds that do not come to an end by themselves: those that failed for good, those that cannot be sent until
    support or an operator does something, and those whose provider has given no clear answer for more than a day. Ask
    every few minutes and call somebody when there is one; `/healthz` says in one word whether there is.
    """
    found = await alerts(call.desk.pool, call.desk.now())
    told = [AlertTold(kind=one.kind, count=one.count, since=one.since, unowned=one.unowned) for one in found]
    return Answer(body=AlertsTold(alerts=told))


def _told(one: RefundRow) -> RefundListed:
    return RefundListed(
        refund=one.refund,
        shop=one.shop_id,
        order=one.order_id,
        number=one.number,
        tender=one.tender,
        method=one.method,
        amount=one.amount,
        state=one.place,
        status=one.status,
        cause=one.cause,
        reference=one.reference,
        owed_at=one.owed_at,
        next_check_at=one.due_at,
        ended_at=one.settled_at,
        owner=one.owner,
    )


OPERATIONS = (listed, take, stuck)
