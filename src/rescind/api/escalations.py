"""Calls for the platform: on what ground, whose move it is, and how they ended."""

from __future__ import annotations

from rescind.api.acting import act
from rescind.api.cancellations import note, speaks_for
from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors, escalation, granting
from rescind.core.escalation import CloseEscalation, Escalate, TakeEscalation
from rescind.core.event import Note
from rescind.core.granting import GrantAct, GrantEscalation
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parts import Attached, Escalation, ReturnStatus
from rescind.intake.consent import Consent
from rescind.intake.fields import Amount, Code, Incoming, Words, figure
from rescind.intake.text import words
from rescind.postgres.credentials import Role

_PARTIES: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator"})


class NewEscalation(Incoming, frozen=True, kw_only=True):
    """On what ground the platform is called; a breach wants words. consent: as with a request to cancel."""

    ground: Code
    comment: Words | None = None
    consent: Consent | None = None


class Taking(Incoming, frozen=True, kw_only=True):
    """An empty object."""


class Ending(Incoming, frozen=True, kw_only=True):
    """How support ends it, and the reason that buyer and shop are told."""

    outcome: Code
    comment: Words


class Grant(Incoming, frozen=True, kw_only=True):
    """What is done for the buyer, and the reason that buyer and shop are told.

    act: ``approve`` a request, ``cancel`` what has not arrived, or ``give_back`` money. cancellation: of ``approve``.
    reason: as of a decision against the rules; absent of a request that waits for the platform, and of ``give_back``.
    refund: of ``give_back`` what goes back; else the amount that was shown, so that no other is booked.
    """

    act: GrantAct
    cancellation: Code | None = None
    reason: Code | None = None
    refund: Amount | None = None
    comment: Words


class AskedBeforeTold(Told, frozen=True, kw_only=True):
    """A question from before the order as it stood. digest: of its transcript as the buyer reads it."""

    thread: str
    messages: int
    digest: str


class AttachedTold(Told, frozen=True, kw_only=True):
    """What was said as it stood. digest: of the conversation's transcript as the buyer reads it, up to the message
    ``upto``; both ids are empty where nothing was said since the order. whole: also of ``acts`` requests, offers and
    answers and of the questions ``before``, as in the transcript; empty in calls from when it was not kept.
    """

    thread: str
    upto: str
    messages: int
    digest: str
    whole: str
    acts: int
    before: list[AskedBeforeTold]


class EscalationTold(Told, frozen=True, kw_only=True):
    """One call for the platform. number: of those of the order. owner: told to support alone; taken: there is one.

    deadline: until when support moves, else it goes to whoever leads support, and gets a new one. proposed: what would
    grant it waits for a second person.
    """

    number: int
    order: str
    ground: str
    status: ReturnStatus
    filed_by: str
    opened_at: Instant
    taken: bool
    proposed: bool
    owner: str
    deadline: Instant | None
    attached: AttachedTold | None
    outcome: str
    closed_at: Instant | None
    closed_by: str | None


class EscalationsTold(Told, frozen=True, kw_only=True):
    """The calls of an order, oldest first, and the grounds on which its buyer may call now."""

    rows: list[EscalationTold]
    grounds: list[str]


_FAILS = (errors.NotFound, errors.Forbidden, errors.InvalidTransition, errors.StaleOrder, errors.InvalidField)


@operation(
    "GET",
    "/v1/orders/{order}/escalations",
    may=_PARTIES,
    through="order",
    summary="List the calls for the platform",
    gives=EscalationsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every call about this order, and on what grounds its buyer may call: silence and refusal when they are there."""
    order = await call.order()
    since = await call.desk.conversations.unanswered(order)
    grounds = escalation.possible(order, await call.desk.terms(order), since, call.desk.now())
    rows = [escalation_told(one, order, call.principal.role) for one in order.escalations]
    return Answer(body=EscalationsTold(rows=rows, grounds=list(grounds)), version=order.version)


@operation(
    "POST",
    "/v1/orders/{order}/escalations",
    may=frozenset({"buyer", "support", "operator"}),
    through="order",
    summary="Call the platform",
    body=NewEscalation,
    gives=EscalationTold,
    changes=True,
    versioned=True,
    statuses=(201,),
    fails=(*_FAILS, errors.InvalidText, errors.ConsentMissing),
)
async def call_platform(call: Call) -> Answer:
    """Call the platform: the shop does not answer in its time, refuses, or broke a policy that has a name.

    The conversation is attached as it stands, by its digest. A person of support moves by the deadline.
    """
    order = await call.order()
    on_behalf_of, consent = await speaks_for(call)
    attached, since = await call.desk.conversations.attached(order)
    command = Escalate(
        order=order.id,
        ground=call.body.ground,
        comment=note(call, call.body.comment, "/comment"),
        consent=consent,
        attached=attached,
        unanswered_since=since,
    )
    return await _do(call, command, -1, on_behalf_of)


@operation(
    "POST",
    "/v1/orders/{order}/escalations/{escalation}/take",
    may=STAFF,
    through="order",
    summary="Take a call",
    body=Taking,
    gives=EscalationTold,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def take(call: Call) -> Answer:
    """See to it, so that nobody else does. The deadline stays."""
    order, number = await call.order(), _number(call)
    return await _do(call, TakeEscalation(order=order.id, number=number), number - 1)


@operation(
    "POST",
    "/v1/orders/{order}/escalations/{escalation}/close",
    may=STAFF,
    through="order",
    summary="End a call",
    body=Ending,
    gives=EscalationTold,
    changes=True,
    versioned=True,
    fails=(*_FAILS, errors.InvalidText),
)
async def close(call: Call) -> Answer:
    """End it without doing anything: `shop_answers`, `shop_warned`, `settled` or `not_upheld`.

    `granted` and `refunded` are said only where something was cancelled or given back since it began; as a rule `grant`
    does both at once.
    """
    order, number = await call.order(), _number(call)
    said: Note = call.desk.note(words(call.body.comment, field="/comment"))
    command = CloseEscalation(order=order.id, number=number, outcome=call.body.outcome, comment=said)
    return await _do(call, command, number - 1)


@operation(
    "POST",
    "/v1/orders/{order}/escalations/{escalation}/grant",
    may=STAFF,
    through="order",
    summary="Grant a call",
    body=Grant,
    gives=EscalationTold,
    changes=True,
    versioned=True,
    fails=(
        *_FAILS,
        errors.InvalidText,
        errors.DeadlinePassed,
        errors.AmountChanged,
        errors.CurrencyMismatch,
        errors.ReasonNotListed,
        errors.NothingSelected,
        errors.RefundTooHigh,
        errors.RefundOfNothing,
    ),
)
async def grant(call: Call) -> Answer:
    """Cancel, or give money back, and end the call with that: `granted` or `refunded`, in one step.

    Where it takes a second person it is proposed, and the call stays open until a colleague has confirmed it.
    """
    order, number, body = await call.order(), _number(call), call.body
    if body.cancellation is not None and body.act is not GrantAct.APPROVE:
        raise errors.InvalidField(field="/cancellation", expected="absent, unless a request is approved")
    said: Note = call.desk.note(words(body.comment, field="/comment"))
    command = GrantEscalation(
        order=order.id,
        number=number,
        act=body.act,
        cancellation=CancellationId(body.cancellation) if body.cancellation else None,
        reason=body.reason or "",
        refund=figure(body.refund),
        comment=said,
        alone_up_to_minor=call.desk.settings.second_person_above.of(order.currency),
    )
    return await _do(call, command, number - 1)


def _number(call: Call) -> int:
    """Which of the order's calls is meant. Raises NotFound for what is no number of one."""
    text = call.ids["escalation"]
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise errors.NotFound(kind="escalation")
    return int(text)


async def _do(call: Call, command: Command, place: int, on_behalf_of: str = "") -> Answer:
    outcome = await act(call, command, on_behalf_of)
    after = outcome.order
    return Answer(
        body=escalation_told(after.escalations[place], after, call.principal.role),
        status=call.operation.statuses[0],
        version=after.version,
        replayed=outcome.replayed,
    )


def attached_told(kept: Attached) -> AttachedTold:
    """What was said, as it was kept with a call."""
    return AttachedTold(
        thread=kept.thread,
        upto=kept.upto,
        messages=kept.messages,
        digest=kept.digest,
        whole=kept.whole,
        acts=kept.acts,
        before=[AskedBeforeTold(thread=one.thread, messages=one.messages, digest=one.digest) for one in kept.before],
    )


def escalation_told(one: Escalation, order: Order, role: Role) -> EscalationTold:
    """One call as this role is told of it."""
    kept = one.attached
    return EscalationTold(
        number=one.number,
        order=order.id,
        ground=one.ground,
        status=one.status,
        filed_by=one.filed_by,
        opened_at=one.opened_at,
        taken=bool(one.owner),
        proposed=granting.proposed(order, one.number),
        owner=one.owner if role in STAFF else "",
        deadline=one.due_at if one.closed_at is None else None,
        attached=attached_told(kept) if kept else None,
        outcome=one.outcome,
        closed_at=one.closed_at,
        closed_by=one.closed_by,
    )


OPERATIONS = (of_order, call_platform, take, grant, close)
