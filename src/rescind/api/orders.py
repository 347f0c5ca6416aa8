"""Placing orders, reporting what happened to them, and reading them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal, TypeVar

from rescind import placing
from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.order_answers import BuyerNamed, OrderTold, ShopNamed, order_told
from rescind.api.order_state import OrderState, order_state
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.details import Details
from rescind.core.fulfilment import ReportFact
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.core.review import CorrectRecipient, StopReviewed, TakeReview
from rescind.core.stage import Stage, status_of
from rescind.core.views import OrderRow
from rescind.engine import Outcome, Submission
from rescind.intake.checks import check_recipient
from rescind.intake.corrections import Correction, correct_fact
from rescind.intake.facts import Fact, report_fact
from rescind.intake.fields import Incoming
from rescind.intake.narrowing import Limit, Narrowing
from rescind.intake.orders import NewOrder, NewRecipient, recipient

T = TypeVar("T")


class FactTold(Told, frozen=True, kw_only=True):
    """What a report did. ``recorded``: false when it was no news; ``events``: what was written, in order."""

    recorded: bool
    events: list[str]
    order: OrderState


class RowTold(Told, frozen=True, kw_only=True):
    """A line in a list of orders."""

    line: str
    sku: str
    title: str
    variant: str
    options: dict[str, str]
    image: str
    quantity: int
    cancelled: int
    unit_price: Money


class OrderRowTold(Told, frozen=True, kw_only=True):
    """An order in a list. ``cancellation_status``, ``deadline``, ``if_silent`` are of the request that waits.

    unread_notes: notes of the buyer's that nobody of the shop has said to have read.
    refunded: what has gone back; on_its_way_back: what is owed, sent or in doubt.
    """

    id: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    version: int
    stage: Stage
    status: str
    placed_at: Instant
    updated_at: Instant
    total: Money
    refunded: Money
    on_its_way_back: Money
    lines: list[RowTold]
    tracking: list[str]
    dispatch_due_at: Instant | None
    hold_until: Instant | None
    cancellation: str | None
    cancellation_status: str | None
    deadline: Instant | None
    if_silent: str
    unread_notes: int


class OrdersTold(Told, frozen=True, kw_only=True):
    """A part of a list. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[OrderRowTold]
    next: str | None
    previous: str | None
    total: int | None


class OrdersAsked(Narrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list is narrowed to, and the part of it that is wanted. Amounts are minor units and want a currency.

    placed, due: spans that follow the clock, by the days of ``zone``.
    """

    cursor: str | None = None
    limit: Limit = 25


async def narrowed(page: Awaitable[T]) -> T:
    """A page of a list; a fault in what it was narrowed to is one of the query."""
    try:
        return await page
    except errors.InvalidField as fault:
        field = str(fault.params["field"]).lstrip("?/")
        raise errors.InvalidField(**fault.params | {"field": f"?{field}"}) from None


@operation(
    "POST",
    "/v1/orders",
    may=frozenset({"host"}),
    through="shop",
    summary="Place an order",
    body=NewOrder,
    gives=OrderState,
    changes=True,
    statuses=(201, 200),
    fails=(
        errors.AmountsDoNotAddUp,
        errors.CurrencyMismatch,
        errors.FactFromTheFuture,
        errors.OrderConflict,
        errors.InvalidText,
        errors.NotFound,
    ),
)
async def place(call: Call) -> Answer:
    """Report an order with everything a later refund will need; its terms are those in force when it was placed.

    The automatic checks of address, recipient, telephone, e-mail, value and duplicates refuse nothing: an order that
    they stop at waits in manual review for a person, and the buyer may still cancel. The same order again, under
    another key, is `200` and changes nothing but the buyer's name and e-mail address, where they were wrong; the same
    number with other contents is a conflict.
    """
    desk, body = call.desk, call.body
    shop = await placing.shop_for(desk, body)
    placed = await placing.place(
        desk,
        shop,
        body,
        call.principal.actor(),
        key=call.key(shop.id),
        fingerprint=call.fingerprint(),
        scope=call.principal.scope,
    )
    order, first = placed.outcome.order, placed.first
    return Answer(
        body=order_state(order, placed.outcome.records[-1].received_at if first else desk.now()),
        status=201 if first else 200,
        version=order.version,
        location=f"/v1/orders/{order.id}",
        replayed=placed.outcome.replayed,
    )


class ReviewAct(Incoming, frozen=True, kw_only=True):
    """What becomes of a review: ``take`` it, let the order ``pass``, or ``stop`` it."""

    act: Literal["take", "pass", "stop"]


def review_command(order: OrderId, act: str, now: Instant) -> Command:
    """The command for what support does with a review."""
    match act:
        case "take":
            return TakeReview(order=order)
        case "stop":
            return StopReviewed(order=order)
        case _:
            return ReportFact(order=order, fact=FactKind.REVIEW_CLEARED, occurred_at=now)


@operation(
    "POST",
    "/v1/orders/{order}/review",
    may=frozenset({"support", "operator"}),
    through="order",
    summary="Decide a manual review",
    body=ReviewAct,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=(errors.NotFound, errors.InvalidTransition),
)
async def review(call: Call) -> Answer:
    """Take the review of an order, let the order pass, or stop it and refund what was paid."""
    order = await call.order()
    return await _acted(call, order, review_command(order.id, call.body.act, call.desk.now()))


@operation(
    "POST",
    "/v1/orders/{order}/recipient",
    may=frozenset({"buyer"}),
    through="order",
    summary="Correct the recipient",
    body=NewRecipient,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=(errors.NotFound, errors.InvalidTransition, errors.InvalidText),
)
async def correct_recipient(call: Call) -> Answer:
    """Put right where an order in manual review goes. What the checks find no more is off the review, which ends with
    the last of it.
    """
    order = await call.order()
    to = recipient(call.body)
    kept = (await call.desk.reads.order(call.principal.scope, order.id)).details.recipient
    command = CorrectRecipient(order=order.id, found=check_recipient(to), changed=to != kept)
    return await _acted(call, order, command, Details(recipient=to))


async def _acted(call: Call, order: Order, command: Command, details: Details | None = None) -> Answer:
    outcome = await call.desk.engine.handle(
        Submission(
            command=command,
            actor=call.principal.actor(),
            key=call.key(order.shop),
            fingerprint=call.fingerprint(),
            expected_version=call.expected_version(),
            scope=call.principal.scope,
            details=details,
        )
    )
    return recorded(call, outcome)


@operation(
    "POST",
    "/v1/orders/{order}/facts",
    may=frozenset({"host", "seller", "support", "operator"}),
    through="order",
    summary="Report a fact",
    body=Fact,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=(
        errors.NotFound,
        errors.FactFromTheFuture,
        errors.InvalidTransition,
        errors.CurrencyMismatch,
        errors.InvalidText,
    ),
)
async def report(call: Call) -> Answer:
    """Report what happened in the world: paid, packed, tracked, handed over, delivered, charged back.

    An authentic fact is believed however late or odd it is; one that does not fit what was decided opens a case for a
    person. A parcel that will not arrive (refused at the door, failed, lost, damaged, untraceable, tracking stale) is
    cancelled and refunded on the carrier's word. A seller's own next step may be out of the question, and then it is a
    conflict. No news is `200`.
    """
    order = await call.order()
    key = call.key(order.shop)
    outcome = await call.desk.engine.handle(
        Submission(
            command=report_fact(call.body, order, call.principal.role),
            actor=call.principal.actor(),
            key=key,
            fingerprint=call.fingerprint(),
            expected_version=call.expected_version(),
            scope=call.principal.scope,
        )
    )
    return recorded(call, outcome)


@operation(
    "POST",
    "/v1/orders/{order}/corrections",
    may=frozenset({"host", "seller", "support", "operator"}),
    through="order",
    summary="Correct a fact",
    body=Correction,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=(
        errors.NotFound,
        errors.AlreadyCorrected,
        errors.CarrierHasScanned,
        errors.FactFromTheFuture,
        errors.InvalidTransition,
        errors.InvalidText,
    ),
)
async def correct(call: Call) -> Answer:
    """Take back what was reported by mistake, or put its time right. The report stays in the history.

    What the mistake had closed opens again: the window, a request that a parcel had overtaken, a case about it. A
    seller takes back the seller's own reports, support those too, the host any. What a carrier has scanned stays, and
    of a payment only the time can have been wrong.
    """
    order = await call.order()
    outcome = await call.desk.engine.handle(
        Submission(
            command=correct_fact(call.body, order.id, call.desk.note),
            actor=call.principal.actor(),
            key=call.key(order.shop),
            fingerprint=call.fingerprint(),
            expected_version=call.expected_version(),
            scope=call.principal.scope,
        )
    )
    return recorded(call, outcome)


def recorded(call: Call, outcome: Outcome) -> Answer:
    """What was written, if it was news."""
    news = bool(outcome.records)
    return Answer(
        body=FactTold(
            recorded=news,
            events=[type(one.event).__name__ for one in outcome.records],
            order=order_state(outcome.order, _at(outcome) or call.desk.now()),
        ),
        status=201 if news else 200,
        version=outcome.order.version,
        replayed=outcome.replayed,
    )


def _at(outcome: Outcome) -> Instant | None:
    """When an outcome was decided: a repeat is told with the time of the first answer."""
    return outcome.records[-1].received_at if outcome.records else None


@operation(
    "GET",
    "/v1/orders/{order}",
    may=ANYBODY,
    through="order",
    summary="Read an order",
    gives=OrderTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """One order: stage, money, parcels, requests, refunds, and whose move it is. Its `ETag` is its version."""
    desk, who = call.desk, call.principal
    view = await call.view()
    return Answer(body=order_told(view, who.role, desk.now()), version=view.order.version)


@operation(
    "GET",
    "/v1/orders",
    may=ANYBODY,
    through="scope",
    summary="List orders",
    query=OrdersAsked,
    gives=OrdersTold,
)
async def search(call: Call) -> Answer:
    """The orders of the caller's scope, in pages that stay put while orders come in.

    `number` takes order numbers, ids, tracking numbers and SKUs, up to 100 of them.
    """
    desk, wanted = call.desk, call.query
    page = await narrowed(
        desk.reads.orders(
            call.principal.scope, wanted.filters(call.principal.role), wanted.cursor, wanted.limit, now=desk.now()
        )
    )
    return Answer(
        body=OrdersTold(rows=[_row(one) for one in page.rows], next=page.next, previous=page.previous, total=page.total)
    )


def _row(one: OrderRow) -> OrderRowTold:
    return OrderRowTold(
        id=one.order_id,
        number=one.number,
        shop=ShopNamed(id=one.shop_id, name=one.shop_name),
        buyer=BuyerNamed(id=one.buyer_id, name=one.buyer_name),
        version=one.version,
        stage=one.stage,
        status=status_of(one.stage),
        placed_at=one.placed_at,
        updated_at=one.updated_at,
        total=one.total,
        refunded=one.refunded,
        on_its_way_back=one.on_its_way_back,
        lines=[
            RowTold(
                line=line.line,
                sku=line.sku,
                title=line.title,
                variant=line.variant,
                options=line.options,
                image=line.image,
                quantity=line.quantity,
                cancelled=line.cancelled,
                unit_price=Money(line.unit_minor, one.total.currency),
            )
            for line in one.lines
        ],
        tracking=list(one.tracking),
        dispatch_due_at=one.dispatch_due_at,
        hold_until=one.hold_until,
        cancellation=one.open_case_id,
        cancellation_status=one.case_status,
        deadline=one.due_at,
        if_silent=one.on_silence,
        unread_notes=one.unread,
    )


OPERATIONS = (place, search, read, report, correct, review, correct_recipient)
