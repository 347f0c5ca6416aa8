"""Withdrawals from a contract where a law offers the function: declaring one, and its acknowledgement of receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescind.api.acting import act
from rescind.api.cancellations import speaks_for
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.money_answers import ReimbursementTold, reimbursement_told
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import errors
from rescind.core.acknowledgement import Declared, declarations
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.reimbursement import declared
from rescind.core.withdrawal import DeclareWithdrawal, Follows, follows
from rescind.intake import fields
from rescind.intake.consent import Consent
from rescind.intake.fields import Incoming, Units, Words
from rescind.intake.text import label
from rescind.locales import Locale, locale, negotiate
from rescind.web.acknowledgement import acknowledged, statement, text

if TYPE_CHECKING:
    from rescind.core.views import OrderView, TimelineEntry


class NewWithdrawal(Incoming, frozen=True, kw_only=True):
    """A declaration. Without lines, everything that may be withdrawn from.

    name: who declares it. acknowledge_to: where its receipt is acknowledged to, such as an e-mail address. consent: how
    the buyer agreed that support declares it for them; wanted from support, refused from others.
    """

    name: Words
    acknowledge_to: Words
    lines: tuple[Units, ...] | None = None
    consent: Consent | None = None


class WithdrawalDeclared(Told, frozen=True, kw_only=True):
    """A declaration that was received. at: when. cancelled, returned: units stopped, and units that are sent back.

    cancellation, case: ids of what it opened; empty where it did not. refund_before, send_back_before: the first
    instants after the last day for each; null where the law counts from when the goods are back, or names no day.
    refund: what it gives back, as of that moment. acknowledgement: plain text to hand on to the buyer, in the language
    of `Accept-Language`.
    """

    id: str
    order: str
    at: Instant
    statement: str
    cancelled: list[UnitsTold]
    returned: list[UnitsTold]
    cancellation: str
    case: str
    refund: ReimbursementTold
    refund_before: Instant | None
    send_back_before: Instant | None
    acknowledgement: str


class WithdrawalsTold(Told, frozen=True, kw_only=True):
    """The withdrawals of an order, oldest first."""

    rows: list[WithdrawalDeclared]


_BUYER = frozenset({"buyer", "support", "operator"})


@operation(
    "POST",
    "/v1/orders/{order}/withdrawals",
    may=_BUYER,
    through="order",
    summary="Withdraw from the contract",
    body=NewWithdrawal,
    gives=WithdrawalDeclared,
    changes=True,
    versioned=True,
    statuses=(201,),
    fails=(
        errors.NotFound,
        errors.Forbidden,
        errors.NoWithdrawal,
        errors.InvalidTransition,
        errors.StaleOrder,
        errors.InvalidText,
        errors.ConsentMissing,
        errors.NothingSelected,
        errors.UnknownLine,
        errors.QuantityNotOpen,
    ),
)
async def declare(call: Call) -> Answer:
    """Withdraw where a law offers it: what is in the shop is cancelled, what has left becomes a return case.

    A page that sends this has shown the statement before and had it confirmed by a button of its own.
    """
    body, language = call.body, _language(call)
    name = label(body.name, field="/name", blank=False)
    to = label(body.acknowledge_to, field="/acknowledge_to", blank=False)
    on_behalf_of, consent = await speaks_for(call)
    order = OrderId(call.identifier("order", "ord"))
    view = await call.desk.reads.order(call.principal.scope, order)
    terms = await call.desk.terms(view.order)
    bound = follows(view.order, terms, await call.desk.context(view.order, terms), call.desk.now())
    command = DeclareWithdrawal(
        order=order,
        statement=call.desk.note(
            statement(language, view, name, to, sends_back=bound is not None and bound.sends_back)
        ),
        lines=fields.selection(body.lines),
        consent=consent,
    )
    outcome = await act(call, command, on_behalf_of)
    made = declarations((record, {}) for record in outcome.records)[-1]
    view = await call.desk.reads.order(call.principal.scope, order)
    entries = await _entries(call, view)
    told = next(one for one in _declared(entries) if one.id == made.id)
    return Answer(
        body=await _told(call, view, entries, told),
        status=201,
        version=outcome.order.version,
        location=f"/v1/orders/{order}/withdrawals",
        replayed=outcome.replayed,
    )


@operation(
    "GET",
    "/v1/orders/{order}/withdrawals",
    may=_BUYER,
    through="order",
    summary="List the withdrawals of an order",
    gives=WithdrawalsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every withdrawal of this order with its acknowledgement."""
    order = OrderId(call.identifier("order", "ord"))
    view = await call.desk.reads.order(call.principal.scope, order)
    entries = await _entries(call, view)
    rows = [await _told(call, view, entries, one) for one in _declared(entries)]
    return Answer(body=WithdrawalsTold(rows=rows), version=view.order.version)


def _language(call: Call) -> Locale:
    header = call.headers.get(b"accept-language")
    return locale(negotiate(header.decode("latin-1") if header else None))


async def _entries(call: Call, view: OrderView) -> tuple[TimelineEntry, ...]:
    return await call.desk.reads.timeline(call.principal.scope, view.order.id)


def _declared(entries: tuple[TimelineEntry, ...]) -> tuple[Declared, ...]:
    return declarations((entry.record, entry.notes) for entry in entries)


async def _told(call: Call, view: OrderView, entries: tuple[TimelineEntry, ...], one: Declared) -> WithdrawalDeclared:
    order, language = view.order, _language(call)
    terms = await call.desk.terms(order)
    bound = follows(order, terms, await call.desk.context(order, terms), one.at)
    money = declared((entry.record for entry in entries), one, price_alone=bound is not None and bound.sends_back)
    return WithdrawalDeclared(
        id=one.id,
        order=order.id,
        at=one.at,
        statement=one.statement,
        cancelled=units_told(one.stopped),
        returned=units_told(one.returned),
        cancellation=one.cancellation,
        case=one.case,
        refund=reimbursement_told(money, call.principal.role),
        refund_before=_refund_before(bound, one),
        send_back_before=bound.send_back_by if bound and one.returned else None,
        acknowledgement=text(language, view, acknowledged(language, view, one, bound, money, view.shop.zone)),
    )


def _refund_before(bound: Follows | None, one: Declared) -> Instant | None:
    """No day is known where the law counts from when the goods are back."""
    return None if bound is None or (bound.from_return and one.returned) else bound.refund_by


OPERATIONS = (declare, of_order)
