"""Tools that act: under a mandate that the desk enforces, on what was quoted, once for each idempotency key."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

import msgspec

from rescind.mcp import seen, words
from rescind.mcp.answers import Done
from rescind.mcp.quote import Quote
from rescind.mcp.reading import Id
from rescind.mcp.tools import ACTING, ANSWERING, Asked, Here, Tool
from rescind_client import models

_Words = Annotated[str, msgspec.Meta(max_length=2000)]
_Reason = Annotated[str, msgspec.Meta(max_length=64)]
_Key = Annotated[
    str,
    msgspec.Meta(
        min_length=16, max_length=255, pattern=r"^[!-~]+$", description="Made for the call and given back without one."
    ),
]


class Act(Asked, frozen=True, kw_only=True):
    """Base of what acting tools take. quote: as the tool that read it gave it. idempotency_key: once for each.

    consent: how the buyer agreed; wanted from support where it acts for a buyer.
    """

    order: Id
    quote: Annotated[str, msgspec.Meta(max_length=100)]
    idempotency_key: _Key | None = None


class CancelOrder(Act, frozen=True, kw_only=True):
    """reason, lines, anyway: as they were quoted. comment: for the shop."""

    reason: _Reason
    lines: Annotated[list[models.Units], msgspec.Meta(max_length=100)] | None = None
    anyway: bool = False
    comment: _Words | None = None
    consent: models.Consent | None = None


class ApproveRequest(Act, frozen=True, kw_only=True):
    """comment: for the buyer."""

    request: Id
    comment: _Words | None = None


class RefuseRequest(Act, frozen=True, kw_only=True):
    """reason: of the policy's list. carrier, tracking: wanted with already_shipped. comment: for the buyer."""

    request: Id
    reason: _Reason
    carrier: Annotated[str, msgspec.Meta(max_length=200)] = ""
    tracking: Annotated[str, msgspec.Meta(max_length=200)] = ""
    comment: _Words | None = None


class OfferInstead(Act, frozen=True, kw_only=True):
    """kind: partial_refund wants an amount, keep_item a share_bps, ship_later a ship_by, cancel_with_costs material or
    labour and a comment.
    """

    request: Id
    kind: models.OfferKind
    amount: models.Amount | None = None
    share_bps: int | None = None
    material: models.Amount | None = None
    labour: models.Amount | None = None
    ship_by: datetime | None = None
    comment: _Words | None = None
    consent: models.Consent | None = None


class WithdrawRequest(Act, frozen=True, kw_only=True):
    """The request to take back."""

    request: Id
    consent: models.Consent | None = None


async def cancel_order(here: Here, asked: CancelOrder) -> Done:
    """Ask to cancel, or as a shop cancel, exactly as it was quoted."""
    quote, key = Quote.read(asked.quote), key_of(asked)
    body = models.NewCancellation(
        reason=asked.reason,
        lines=asked.lines,
        anyway=asked.anyway,
        comment=asked.comment,
        consent=asked.consent,
        refund=quote.amount,
        verdict=msgspec.convert(quote.verdict, models.Verdict) if quote.verdict else None,
    )
    told = await here.desk.cancellations.request(asked.order, body, idempotency_key=key, if_match=quote.version)
    return _done(here, told, key)


async def approve_request(here: Here, asked: ApproveRequest) -> Done:
    """Say yes."""
    quote, key = Quote.read(asked.quote), key_of(asked)
    body = models.Approval(comment=asked.comment, refund=quote.amount)
    told = await here.desk.cancellations.approve(
        asked.order, asked.request, body, idempotency_key=key, if_match=quote.version
    )
    return _done(here, told, key)


async def refuse_request(here: Here, asked: RefuseRequest) -> Done:
    """Say no, with a reason."""
    quote, key = Quote.read(asked.quote), key_of(asked)
    body = models.Refusal(reason=asked.reason, carrier=asked.carrier, tracking=asked.tracking, comment=asked.comment)
    told = await here.desk.cancellations.refuse(
        asked.order, asked.request, body, idempotency_key=key, if_match=quote.version
    )
    return _done(here, told, key)


async def offer_instead(here: Here, asked: OfferInstead) -> Done:
    """Offer something in place of an answer."""
    quote, key = Quote.read(asked.quote), key_of(asked)
    body = models.NewOffer(
        kind=asked.kind,
        amount=asked.amount,
        share_bps=asked.share_bps,
        material=asked.material,
        labour=asked.labour,
        ship_by=asked.ship_by,
        comment=asked.comment,
        consent=asked.consent,
    )
    told = await here.desk.cancellations.offer(
        asked.order, asked.request, body, idempotency_key=key, if_match=quote.version
    )
    return _done(here, told, key)


async def withdraw_request(here: Here, asked: WithdrawRequest) -> Done:
    """Take a request back."""
    quote, key = Quote.read(asked.quote), key_of(asked)
    body = models.Withdrawal(consent=asked.consent)
    told = await here.desk.cancellations.withdraw(
        asked.order, asked.request, body, idempotency_key=key, if_match=quote.version
    )
    return _done(here, told, key)


def key_of(asked: Act) -> str:
    """What makes a repeat of the call a repeat: the caller's own key, or one that is made once for these arguments."""
    return asked.idempotency_key or secrets.token_hex(16)


def _done(here: Here, told: models.DecisionTold, key: str) -> Done:
    order = told.order
    return Done(
        order=order.id,
        version=order.version,
        request=seen.request(told.cancellation, order.version, here.language),
        refunds=[seen.refund(one, order.id) for one in told.refunds],
        mandate=told.mandate,
        idempotency_key=key,
    )


TOOLS = (
    Tool(
        name="cancel_order",
        about=(
            "Ask to cancel an order as its buyer or for one, or cancel it as its shop, as quote_cancellation quoted it."
            " Money may go back and cannot be called back."
        ),
        takes=CancelOrder,
        gives=Done,
        roles=ACTING,
        scope="orders:write",
        act="cancel",
        run=cancel_order,
        says=words.done,
    ),
    Tool(
        name="approve_request",
        about="Approve a request to cancel that waits. The refund is owed at once and cannot be called back.",
        takes=ApproveRequest,
        gives=Done,
        roles=ANSWERING,
        scope="orders:write",
        act="approve",
        run=approve_request,
        says=words.done,
    ),
    Tool(
        name="refuse_request",
        about="Refuse a request to cancel that waits, with a reason of the policy's list. The order goes on.",
        takes=RefuseRequest,
        gives=Done,
        roles=ANSWERING,
        scope="orders:write",
        act="refuse",
        run=refuse_request,
        says=words.done,
    ),
    Tool(
        name="offer_instead",
        about=(
            "Offer something in place of an answer to a request: part of the money, a share of the price, a later day"
            " to ship, or to cancel and keep what work has cost. The deadline stays."
        ),
        takes=OfferInstead,
        gives=Done,
        roles=ACTING,
        scope="orders:write",
        act="offer",
        run=offer_instead,
        says=words.done,
    ),
    Tool(
        name="withdraw_request",
        about="Take back a request to cancel that waits, as its buyer or for one. The order goes on.",
        takes=WithdrawRequest,
        gives=Done,
        roles=frozenset({"buyer", "support", "operator"}),
        scope="orders:write",
        act="withdraw",
        run=withdraw_request,
        says=words.done,
    ),
)
