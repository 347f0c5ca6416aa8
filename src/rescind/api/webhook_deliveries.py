"""What was sent to webhook endpoints, each attempt with what came of it, and sending again."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming, Moment, moment
from rescind.postgres.credentials import Role
from rescind.postgres.deliveries import MOST, Delivery, State

_MAY: frozenset[Role] = frozenset({"seller", "operator", "host"})


class AttemptTold(Told, frozen=True, kw_only=True):
    """One attempt. at: when it ended; ms: how long it took; status: of HTTP, 0 without an answer.

    fault: empty where it was taken; timeout, unreachable, unknown_name, tls, no_answer, redirect, status, refused,
    sealed_elsewhere, not_sent. answer: the first of what the receiver said.
    """

    at: Instant
    ms: int
    status: int
    fault: str
    answer: str


class DeliveryTold(Told, frozen=True, kw_only=True):
    """One event for one endpoint. event: what `webhook-id` says. state: waiting, delivered, failed, missed.

    next_at: when it is sent next, while it waits. sent: how often it was. attempts: the newest first; in a list the
    last one alone.
    """

    event: str
    type: str
    state: str
    made_at: Instant
    next_at: Instant | None
    ended_at: Instant | None
    sent: int
    message: msgspec.Raw
    attempts: list[AttemptTold]


class DeliveriesTold(Told, frozen=True, kw_only=True):
    """A part of the log, the newest first. next: what to read on after, if there is more."""

    deliveries: list[DeliveryTold]
    next: str | None


class DeliveriesAsked(Incoming, frozen=True, kw_only=True):
    """state: only those; after: the event to read on from."""

    state: State | None = None
    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50


class Since(Incoming, frozen=True, kw_only=True):
    """since: what failed or was missed from then on is sent again; no more than thirty days are kept."""

    since: Moment


class AgainTold(Told, frozen=True, kw_only=True):
    """How many messages wait again."""

    again: int


@operation(
    "GET",
    "/v1/webhook-endpoints/{endpoint}/deliveries",
    may=_MAY,
    through="scope",
    summary="List messages to a webhook endpoint",
    query=DeliveriesAsked,
    gives=DeliveriesTold,
    fails=(errors.NotFound, errors.InvalidField),
)
async def listed(call: Call) -> Answer:
    """Every message of the last thirty days with its last attempt, the newest first."""
    asked: DeliveriesAsked = call.query
    found = await call.desk.endpoints.log(
        call.principal.scope, call.ids["endpoint"], asked.state, after=asked.after, limit=asked.limit + 1
    )
    shown = found[: asked.limit]
    return Answer(
        body=DeliveriesTold(
            deliveries=[delivery_told(one) for one in shown],
            next=shown[-1].event if len(found) > asked.limit else None,
        )
    )


@operation(
    "GET",
    "/v1/webhook-endpoints/{endpoint}/deliveries/{event}",
    may=_MAY,
    through="scope",
    summary="Read a message to a webhook endpoint",
    gives=DeliveryTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """One message, byte for byte what is signed, and every attempt."""
    one = await call.desk.endpoints.delivery(call.principal.scope, call.ids["endpoint"], call.ids["event"])
    return Answer(body=delivery_told(one))


@operation(
    "POST",
    "/v1/webhook-endpoints/{endpoint}/deliveries/{event}/replay",
    may=_MAY,
    through="scope",
    summary="Send a message again",
    body=Untouched,
    gives=DeliveryTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def replay(call: Call) -> Answer:
    """Send a message again now, whatever came of it. It has the same id, by which the receiver knows it."""
    call.key(ShopId(""))  # What waits already goes on waiting; the header is wanted as of every change.
    one = await call.desk.endpoints.again(call.principal.scope, call.ids["endpoint"], call.ids["event"])
    return Answer(body=delivery_told(one))


@operation(
    "POST",
    "/v1/webhook-endpoints/{endpoint}/replay",
    may=_MAY,
    through="scope",
    summary="Send again what failed",
    body=Since,
    gives=AgainTold,
    changes=True,
    fails=(errors.NotFound, errors.InvalidField),
)
async def replay_since(call: Call) -> Answer:
    """Send again what failed or was missed since a time, the oldest first; what arrived is left alone.

    One call sends 50,000 again at most; the same call once more goes on with the rest.
    """
    call.key(ShopId(""))
    asked: Since = call.body
    count = await call.desk.endpoints.all_again(
        call.principal.scope, call.ids["endpoint"], moment(asked.since, field="/since")
    )
    return Answer(body=AgainTold(again=count))


def delivery_told(one: Delivery) -> DeliveryTold:
    """A message and its attempts, for whoever may see its endpoint."""
    return DeliveryTold(
        event=one.event,
        type=one.type,
        state=one.state,
        made_at=one.made_at,
        next_at=one.due_at if one.state == "waiting" else None,
        ended_at=one.ended_at,
        sent=one.sent,
        message=msgspec.Raw(one.body),
        attempts=[
            AttemptTold(at=each.at, ms=each.ms, status=each.status, fault=each.fault, answer=each.answer)
            for each in one.attempts
        ],
    )


OPERATIONS = (listed, read, replay, replay_since)
