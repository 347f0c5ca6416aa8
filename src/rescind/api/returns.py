"""Return cases: what is wrong with goods that have left the shop, whose move it is, and how it ended."""

from __future__ import annotations

from rescind.api.acting import act
from rescind.api.cancellability import ReasonTold
from rescind.api.cancellations import speaks_for
from rescind.api.endpoint import ANYBODY, STAFF, Answer, Call, operation
from rescind.api.evidence import EvidenceTold, Files, evidence_told, named
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import errors, returns
from rescind.core.event import Note
from rescind.core.exhibits import Said, case_of, talk
from rescind.core.ids import OrderId, ReturnId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parts import ReturnCase, ReturnStatus
from rescind.core.returns import (
    AddToReturn,
    AskForMore,
    CloseReturn,
    OpenReturn,
    TakeReturn,
    Wish,
    WithdrawReturn,
)
from rescind.intake import fields
from rescind.intake.consent import Consent
from rescind.intake.fields import Code, Incoming, Units, Words
from rescind.intake.text import words


class NewReturn(Incoming, frozen=True, kw_only=True):
    """What is wrong, with which items, and what the buyer would like. consent: as with a request to cancel."""

    reason: Code
    wish: Wish
    lines: tuple[Units, ...]
    comment: Words | None = None
    consent: Consent | None = None
    evidence: Files = ()


class ReturnQuestion(Incoming, frozen=True, kw_only=True):
    """What support wants to know of the buyer."""

    comment: Words


class Addition(Incoming, frozen=True, kw_only=True):
    """More words or files of the buyer's; one of them at least."""

    comment: Words | None = None
    evidence: Files = ()


class Outcome(Incoming, frozen=True, kw_only=True):
    """How support ends a case, and the reason that the buyer is told."""

    outcome: Code
    comment: Words


class ReturnWithdrawal(Incoming, frozen=True, kw_only=True):
    """The buyer needs nothing any more. consent: as with a request to cancel."""

    consent: Consent | None = None


class ReturnStep(Incoming, frozen=True, kw_only=True):
    """An empty object."""


class SaidTold(Told, frozen=True, kw_only=True):
    """One step of a case. what: opened, taken, questioned, answered, lapsed, extended or closed. silent: who let the
    time pass.
    """

    what: str
    by: str
    at: Instant
    words: str
    evidence: list[EvidenceTold]
    outcome: str
    silent: str


class ReturnTold(Told, frozen=True, kw_only=True):
    """A return case. number: to say on the telephone. move: whose it is, ``support`` or ``buyer``; empty once closed.

    deadline, if_silent: until when, and what follows then: ``escalate`` passes it to whoever leads support, ``support``
    back to support. No money moves from a case; its outcome says what was agreed.
    """

    id: str
    number: str
    order: str
    status: ReturnStatus
    reason: str
    wish: str
    lines: list[UnitsTold]
    stage: str
    opened_at: Instant
    filed_by: str
    taken: bool
    move: str
    deadline: Instant | None
    if_silent: str
    outcome: str
    closed_at: Instant | None
    closed_by: str | None


class CaseInFull(Told, frozen=True, kw_only=True):
    """A return case with everything that was said and shown, oldest first."""

    case: ReturnTold
    said: list[SaidTold]


class ReturnsTold(Told, frozen=True, kw_only=True):
    """The return cases of an order, oldest first; what may still be put into one, and the reasons there are."""

    rows: list[ReturnTold]
    returnable: list[UnitsTold]
    reasons: list[ReasonTold]


_FAILS = (errors.NotFound, errors.Forbidden, errors.InvalidTransition, errors.StaleOrder, errors.InvalidText)
_BUYER = frozenset({"buyer", "support", "operator"})


@operation(
    "POST",
    "/v1/orders/{order}/returns",
    may=_BUYER,
    through="order",
    summary="Open a return case",
    body=NewReturn,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    statuses=(201,),
    fails=(
        *_FAILS,
        errors.ReasonNotListed,
        errors.EvidenceMissing,
        errors.FileRefused,
        errors.ConsentMissing,
        errors.NothingSelected,
        errors.UnknownLine,
        errors.QuantityNotOpen,
    ),
)
async def open_return(call: Call) -> Answer:
    """Say what is wrong with goods that have left the shop; a person of the platform sees to it by the deadline."""
    body = call.body
    order = OrderId(call.identifier("order", "ord"))
    lines = fields.selection(body.lines) or {}
    on_behalf_of, consent = await speaks_for(call)
    command = OpenReturn(
        order=order,
        reason=body.reason,
        wish=body.wish,
        lines=lines,
        comment=_note(call, body.comment),
        consent=consent,
        evidence=await named(call, body.evidence),
    )
    return await _do(call, command, on_behalf_of)


@operation(
    "GET",
    "/v1/orders/{order}/returns",
    may=ANYBODY,
    through="order",
    summary="List the return cases of an order",
    gives=ReturnsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every return case of this order, and what a new one may be about."""
    order = await call.order()
    left = returns.returnable(order, call.desk.now())
    listed = await call.desk.reasons(order, "returns") if left else ()
    return Answer(
        body=ReturnsTold(
            rows=[return_told(one, order) for one in order.returns],
            returnable=units_told(left),
            reasons=[ReasonTold(code=one.code, needs=list(one.needs)) for one in listed],
        ),
        version=order.version,
    )


@operation(
    "GET",
    "/v1/orders/{order}/returns/{case}",
    may=ANYBODY,
    through="order",
    summary="Read a return case",
    gives=CaseInFull,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """One case with all that was said and shown."""
    order = await call.order()
    case = find(order, call.identifier("case", "ret"))
    entries = await call.desk.reads.timeline(call.principal.scope, order.id)
    said = talk(((entry.record, entry.notes) for entry in entries), case.id)
    return Answer(
        body=CaseInFull(case=return_told(case, order), said=[_said(one) for one in said]), version=order.version
    )


@operation(
    "POST",
    "/v1/orders/{order}/returns/{case}/take",
    may=STAFF,
    through="order",
    summary="Take a return case",
    body=ReturnStep,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def take(call: Call) -> Answer:
    """Become the one of support who sees to it."""
    return await _do(call, TakeReturn(order=_order(call), case=_case(call)))


@operation(
    "POST",
    "/v1/orders/{order}/returns/{case}/ask",
    may=STAFF,
    through="order",
    summary="Ask the buyer for more",
    body=ReturnQuestion,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def ask(call: Call) -> Answer:
    """Put the move to the buyer, with a question; without an answer in time it is support's again."""
    return await _do(call, AskForMore(order=_order(call), case=_case(call), comment=_words(call)))


@operation(
    "POST",
    "/v1/orders/{order}/returns/{case}/add",
    may=frozenset({"buyer"}),
    through="order",
    summary="Answer, or add to a return case",
    body=Addition,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    fails=(*_FAILS, errors.FileRefused),
)
async def add(call: Call) -> Answer:
    """Say or show more, asked or unasked, as long as the case is open."""
    body = call.body
    command = AddToReturn(
        order=_order(call),
        case=_case(call),
        comment=_note(call, body.comment),
        evidence=await named(call, body.evidence),
    )
    return await _do(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/returns/{case}/close",
    may=STAFF,
    through="order",
    summary="Close a return case",
    body=Outcome,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def close(call: Call) -> Answer:
    """End a case with an outcome and the reason for it. No money moves by this."""
    command = CloseReturn(order=_order(call), case=_case(call), outcome=call.body.outcome, comment=_words(call))
    return await _do(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/returns/{case}/withdraw",
    may=_BUYER,
    through="order",
    summary="Withdraw a return case",
    body=ReturnWithdrawal,
    gives=ReturnTold,
    changes=True,
    versioned=True,
    fails=(*_FAILS, errors.ConsentMissing),
)
async def withdraw(call: Call) -> Answer:
    """End a case that needs nothing any more."""
    on_behalf_of, consent = await speaks_for(call)
    return await _do(call, WithdrawReturn(order=_order(call), case=_case(call), consent=consent), on_behalf_of)


def find(order: Order, identifier: str) -> ReturnCase:
    """A case of an order. Raises NotFound."""
    found = next((one for one in order.returns if one.id == identifier), None)
    if found is None:
        raise errors.NotFound(kind="ret")
    return found


def return_told(case: ReturnCase, order: Order) -> ReturnTold:
    """A case as it stands."""
    over = case.closed_at is not None
    with_buyer = case.status is ReturnStatus.WITH_BUYER
    return ReturnTold(
        id=case.id,
        number=returns.number(order, case),
        order=order.id,
        status=case.status,
        reason=case.reason,
        wish=case.wish,
        lines=units_told(case.lines),
        stage=case.stage.value,
        opened_at=case.opened_at,
        filed_by=case.filed_by,
        taken=bool(case.owner),
        move="" if over else "buyer" if with_buyer else "support",
        deadline=None if over else case.due_at,
        if_silent="" if over else "support" if with_buyer else "escalate",
        outcome=case.outcome,
        closed_at=case.closed_at,
        closed_by=case.closed_by,
    )


def _said(one: Said) -> SaidTold:
    return SaidTold(
        what=one.kind.removeprefix("Return").lower(),
        by=one.by.value,
        at=one.at,
        words=one.words,
        evidence=evidence_told(one.evidence),
        outcome=one.outcome,
        silent=one.silent,
    )


def _order(call: Call) -> OrderId:
    return OrderId(call.identifier("order", "ord"))


def _case(call: Call) -> ReturnId:
    return ReturnId(call.identifier("case", "ret"))


def _note(call: Call, said: str | None) -> Note | None:
    return None if said is None else call.desk.note(words(said, field="/comment"))


def _words(call: Call) -> Note:
    return call.desk.note(words(call.body.comment, field="/comment"))


async def _do(call: Call, command: Command, on_behalf_of: str = "") -> Answer:
    outcome = await act(call, command, on_behalf_of)
    order = outcome.order
    about = next((one for record in outcome.records if (one := case_of(record))), call.ids.get("case", ""))
    created = call.operation.statuses[0] == 201
    return Answer(
        body=return_told(find(order, about), order),
        status=call.operation.statuses[0],
        version=order.version,
        location=f"/v1/orders/{order.id}/returns/{about}" if created else "",
        replayed=outcome.replayed,
    )


OPERATIONS = (open_return, of_order, read, take, ask, add, close, withdraw)
