"""Many requests to cancel, answered by one call."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.answering import MOST, Reply
from rescind.api.cancellations import note
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.problems import ProblemTold, told
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.errors import RescindError
from rescind.core.ids import NO_SHOP
from rescind.engine import Outcome
from rescind.intake import fields
from rescind.intake.fields import Amount, Incoming, Words
from rescind.intake.text import label
from rescind.intake.tracking import tracking_number
from rescind.postgres.whole_calls import WholeCalls


class OneAnswer(Incoming, frozen=True, kw_only=True):
    """A yes or a no to one request. reason: of a no; ``already_shipped`` wants carrier and tracking. version: of its
    order, as it was read, in the place of ``If-Match``: where the order has moved on, nothing is done. refund: of a
    yes, the amount that was shown; where another would be booked, nothing is.
    """

    request: Annotated[str, msgspec.Meta(max_length=64)]
    answer: Literal["approve", "refuse"]
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""
    carrier: Words = ""
    tracking: Words = ""
    comment: Words | None = None
    version: Annotated[int, msgspec.Meta(ge=0)] | None = None
    refund: Amount | None = None


class ManyAnswers(Incoming, frozen=True, kw_only=True):
    """Several answers, each request once."""

    answers: Annotated[tuple[OneAnswer, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class ItemAnswered(Told, frozen=True, kw_only=True):
    """What became of one: approved, refused, or a problem. order, version: as of then. repeated: the same was sent
    before under the same key, and this is what became of it then.
    """

    request: str
    result: Literal["approved", "refused", "problem"]
    order: str
    version: int | None
    repeated: bool
    problem: ProblemTold | None


class ItemsAnswered(Told, frozen=True, kw_only=True):
    """What became of each, in the order in which they came."""

    rows: list[ItemAnswered]


@operation(
    "POST",
    "/v1/requests/bulk",
    may=frozenset({"seller", "support", "operator"}),
    through="scope",
    summary="Answer many requests",
    body=ManyAnswers,
    gives=ItemsAnswered,
    changes=True,
    fails=(errors.InvalidField, errors.InvalidText, errors.IdempotencyKeyReused),
)
async def answer(call: Call) -> Answer:
    """Up to five hundred at a time, each decided as by a call of its own: one that cannot be keeps no other from it, so
    `200` says nothing of any of them. Sent again under the same key, each tells what became of it and nothing happens
    twice; the same key for other answers is refused as a whole. A form that is not right in any row refuses the whole
    call.
    """
    body: ManyAnswers = call.body
    if len({one.request for one in body.answers}) != len(body.answers):
        raise errors.InvalidField(field="/answers", expected="each request once")
    replies = [_reply(call, one, f"/answers/{place}") for place, one in enumerate(body.answers)]
    key = call.key(NO_SHOP)
    await WholeCalls(call.desk.pool).claim(key, call.fingerprint(), call.desk.clock.read())
    became = await call.desk.answering.each(call.principal, replies, key.key, call.desk.now())
    return Answer(body=ItemsAnswered(rows=[_told(one, result) for one, result in zip(replies, became, strict=True)]))


def _reply(call: Call, one: OneAnswer, at: str) -> Reply:
    if one.answer == "refuse" and not one.reason:
        raise errors.InvalidField(field=f"{at}/reason", expected="present")
    if one.answer == "approve" and (one.reason or one.carrier or one.tracking):
        raise errors.InvalidField(field=f"{at}/reason", expected="absent, for a yes has no reason")
    if one.answer == "refuse" and one.refund is not None:
        raise errors.InvalidField(field=f"{at}/refund", expected="absent, for a no gives nothing back")
    return Reply(
        request=one.request,
        approve=one.answer == "approve",
        reason=one.reason,
        carrier=label(one.carrier, field=f"{at}/carrier"),
        tracking=tracking_number(one.tracking, field=f"{at}/tracking"),
        comment=note(call, one.comment, f"{at}/comment"),
        version=one.version,
        refund=fields.figure(one.refund),
    )


def _told(reply: Reply, result: Outcome | RescindError) -> ItemAnswered:
    if isinstance(result, RescindError):
        return ItemAnswered(
            request=reply.request, result="problem", order="", version=None, repeated=False, problem=told(result)
        )
    return ItemAnswered(
        request=reply.request,
        result="approved" if reply.approve else "refused",
        order=result.order.id,
        version=result.order.version,
        repeated=result.replayed,
        problem=None,
    )


OPERATIONS = (answer,)
