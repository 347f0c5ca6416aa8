"""Ask first: what would be decided if the caller asked now, and until when that answer holds. Nothing is written."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.money_answers import QuoteTold, ReimbursementTold, quote_told, reimbursement_told
from rescind.api.order_answers import LeaseTold, lease_told
from rescind.api.reasoning import (
    DeadlineTold,
    FlipTold,
    StepTold,
    deadline_told,
    facts_told,
    findings_told,
    flips_told,
    withheld,
)
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import cancellation, errors
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancelBySeller, Decision, RequestCancellation, RequestTerms
from rescind.core.cancellation.moments import lost_to
from rescind.core.context import Context
from rescind.core.errors import RescindError
from rescind.core.event import Note
from rescind.core.evidence import FOR_A_LOOK
from rescind.core.instant import Instant
from rescind.core.order import Order, leased, stage
from rescind.core.outlook import Outlook, kind_of, kind_said, turns
from rescind.core.policy import Finding, Reason, flips
from rescind.core.policy.facts import facts
from rescind.core.price import Fee
from rescind.core.quote import quote, select
from rescind.core.reimbursement import ahead
from rescind.core.stage import Stage, status_of
from rescind.core.terms import Terms
from rescind.core.withdrawal import Right, right
from rescind.intake.fields import Code
from rescind.postgres.credentials import Role
from rescind.prospects import MONTH
from rescind.web.buyer.matter import likely

_WORDS = Note(id="", body="", salt="")
"""Stands for what would be said in earnest: whoever asks first is told what a reason needs, not refused for it."""

LineUnits = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}:[1-9][0-9]{0,6}(?!\n)$",
        description="Units of a line, as in `line=L1:2`.",
    ),
]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What would be asked. Without a reason the first that may be chosen; without lines everything that is open."""

    reason: Code | None = None
    line: Annotated[tuple[LineUnits, ...], msgspec.Meta(max_length=500)] = ()
    anyway: bool = False


class ReasonTold(Told, frozen=True, kw_only=True):
    """A reason that may be given now. needs: what must come with it."""

    code: str
    needs: list[str]


class LikelyTold(Told, frozen=True, kw_only=True):
    """When a request will likely be refused, from how long the shop's orders of the last 90 days took. No promise.

    stage: the one that ends the time. at: the median; eight in ten orders lie from earliest to latest; orders: of how
    many. Only orders count that took longer than this one has taken already.
    """

    stage: Stage
    at: Instant
    earliest: Instant
    latest: Instant
    orders: int


class FavoursTold(Told, frozen=True, kw_only=True):
    """Requests of the last 90 days that came too late and were put to the shop all the same."""

    asked: int
    granted: int


class WithdrawalTold(Told, frozen=True, kw_only=True):
    """The right to withdraw from the contract, or to send goods back without a reason, by a law in force today.

    law: which. kind: `withdraw`, from placing on, or `send_back`, from delivery on. until: the first instant after the
    period; null until everything has been delivered. lines: what it is about. It is declared by a withdrawal. refund:
    what declaring it now would give back, for the lines asked about as far as it is about them, or else for all of
    them.
    """

    law: str
    kind: Literal["withdraw", "send_back"]
    until: Instant | None
    lines: list[UnitsTold]
    refund: ReimbursementTold


class Cancellability(Told, frozen=True, kw_only=True):
    """What would be decided now.

    unreached: the shop has no verified address at which it could be told, so that its silence goes to the platform
    (UNHEARD-1); ``if_silent`` says so wherever the shop is asked. False where the installation lets silence decide.
    verdict: approve, ask_seller, ask_carrier, review or refuse; instead: what the policy offers where it refuses.
    deadline: by when somebody would have to answer. until: when the clock alone changes this answer, to ``then``; null
    when no time changes it. findings: the rules asked, in order. flips: what would change the answer, fact by fact.
    facts: what the rules could read. likely, favours: to buyers and staff, and only when drawn from 20 cases or more.
    withdrawal: null where no law gives such a right, or its time is over. shipping_lease: somebody of the shop is about
    to hand the order to the carrier, and whichever comes first counts; else null.
    """

    order: str
    version: int
    stage: Stage
    status: str
    at: Instant
    role: str
    unreached: bool
    reason: str
    reasons: list[ReasonTold]
    lines: list[UnitsTold]
    anyway: bool
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    deadline: DeadlineTold | None
    until: Instant | None
    then: str
    likely: LikelyTold | None
    favours: FavoursTold | None
    withdrawal: WithdrawalTold | None
    shipping_lease: LeaseTold | None
    quote: QuoteTold
    findings: list[StepTold]
    flips: list[FlipTold]
    facts: dict[str, object]
    withheld: list[str]
    policies: dict[str, str]


class _Asking(msgspec.Struct, frozen=True, kw_only=True):
    """The question put to the core, as it stands or as it would at another time."""

    order: Order
    terms: Terms
    context: Context
    actor: Actor
    reason: str
    lines: dict[str, int] | None
    anyway: bool

    def decide(self, now: Instant) -> Decision:
        """The same code that decides in earnest."""
        order = self.order
        if self.actor.speaks_as is ActorKind.SELLER:
            wish = CancelBySeller(
                order=order.id, reason=self.reason, lines=self.lines, comment=_WORDS, evidence=(FOR_A_LOOK,)
            )
            return cancellation.cancel_by_seller(order, wish, self.actor, self.context, self.terms, now)
        asked = RequestCancellation(
            order=order.id,
            reason=self.reason,
            lines=self.lines,
            anyway=self.anyway,
            comment=_WORDS,
            evidence=(FOR_A_LOOK,),
            consent=_WORDS if self.actor.on_behalf_of else None,
        )
        return cancellation.request(order, asked, self.actor, self.context, self.terms, now)

    def until(self, now: Instant, finding: Finding, read: dict[str, object]) -> tuple[Instant | None, str]:
        """The first moment at which time alone brings another answer, and that answer's verdict."""
        selection = select(self.order, self.lines)
        amount_minor = quote(self.order, selection).freed_minor
        outages = self.context.outages if finding.on == "request" else ()
        # A window is as long as it was promised, without the time in which nobody could ask.
        away = lost_to(self.order, outages, now)
        for moment in turns(self.order, self.terms.layers_for(read, now), finding.on, now, outages):
            then = facts(
                self.order,
                now=moment - away,
                at_stage=stage(self.order, moment - away),
                actor=self.actor.speaks_as,
                reason=self.reason,
                selection=selection,
                amount_minor=amount_minor,
                asked_anyway=bool(read["asked_anyway"]),
                context=self.context,
            )
            kind = kind_said(self.order, self.terms, finding.on, then, self.context, moment)
            if kind == kind_of(finding):
                continue
            try:
                later = self.decide(moment).finding
            except RescindError:
                continue
            if later is not None:
                return moment, later.verdict.value
        return None, ""


@operation(
    "GET",
    "/v1/orders/{order}/cancellability",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Ask first",
    query=Question,
    gives=Cancellability,
    fails=(
        errors.NotFound,
        errors.InvalidTransition,
        errors.ReasonNotListed,
        errors.NothingSelected,
        errors.UnknownLine,
        errors.QuantityNotOpen,
        errors.InParcel,
    ),
)
async def ask(call: Call) -> Answer:
    """What would be decided if the caller asked to cancel now: the verdict, why, what comes back, and until when.

    A seller asks about their own cancellation, everybody else about the buyer's request. Nothing is written, and
    nothing is promised: whoever asks in earnest later is answered as things are then. Where a request could not even
    be made, it is the same problem.
    """
    desk, who, wanted = call.desk, call.principal, call.query
    now = desk.now()
    view = await call.view(counting=now - MONTH)
    order = view.order
    actor = who.actor(order.buyer if who.role in {"support", "operator"} else "")
    terms = await desk.terms(order)
    context = await desk.context(order, terms, view.counted)
    listed = _listed(order, terms, context, actor.speaks_as, now)
    lines = _lines(wanted.line)
    asking = _Asking(
        order=order,
        terms=terms,
        context=context,
        actor=actor,
        reason=wanted.reason or (listed[0].code if listed else ""),
        lines=lines,
        anyway=wanted.anyway,
    )
    decision = asking.decide(now)
    finding, ground = decision.finding, getattr(decision.events[0], "ground", None)
    assert finding is not None, "a policy has an answer to every request"
    assert ground is not None, "a decision by policy keeps its ground"
    until, then = asking.until(now, finding, ground.facts)
    selection = select(order, lines)
    at_stage = stage(order, now)
    return Answer(
        body=Cancellability(
            order=order.id,
            version=order.version,
            stage=at_stage,
            status=status_of(at_stage),
            at=now,
            role=actor.speaks_as.value,
            unreached=not context.reached,
            reason=asking.reason,
            reasons=[ReasonTold(code=one.code, needs=list(one.needs)) for one in listed],
            lines=units_told(selection),
            anyway=wanted.anyway,
            verdict=finding.verdict.value,
            rule=finding.rule,
            layer=finding.layer,
            cites=list(finding.cites),
            instead=finding.instead or "",
            deadline=deadline_told(finding.deadline),
            until=until,
            then=then,
            likely=await _likely(call, asking, now),
            favours=await _favours(call, order, finding, wanted, now),
            withdrawal=_withdrawal(asking, right(order, terms, context, now), who.role, now),
            shipping_lease=lease_told(leased(order, now), who.role),
            quote=quote_told(quote(order, selection, fees=_fees(decision), at=now), who.role),
            findings=findings_told(finding, who.role),
            flips=flips_told(
                flips(terms.layers_for(ground.facts, now), finding.on, ground.facts, reached=context.reached), who.role
            ),
            facts=facts_told(who.role, ground.facts),
            withheld=withheld(who.role, ground.facts),
            policies=ground.policies,
        ),
        version=order.version,
    )


def _fees(decision: Decision) -> tuple[Fee, ...]:
    """What would be kept: what the decision itself would store."""
    asked: RequestTerms | None = getattr(decision.events[0], "request", None)
    return asked.fees if asked is not None else ()


def _withdrawal(asking: _Asking, may: Right | None, role: Role, now: Instant) -> WithdrawalTold | None:
    if may is None or may.over(now):
        return None
    wanted = asking.lines or may.lines
    lines = {line: min(count, may.lines[line]) for line, count in wanted.items() if line in may.lines}
    return WithdrawalTold(
        law=may.law,
        kind="send_back" if may.sends_back else "withdraw",
        until=may.until,
        lines=units_told(may.lines),
        refund=reimbursement_told(
            ahead(asking.order, lines, asking.terms, asking.context, now, price_alone=may.sends_back), role
        ),
    )


async def _likely(call: Call, asking: _Asking, now: Instant) -> LikelyTold | None:
    if asking.actor.speaks_as is ActorKind.SELLER:
        return None
    found = await likely(call.desk, Outlook(asking.order, asking.terms, asking.context), now)
    return msgspec.convert(found, LikelyTold, from_attributes=True) if found else None


async def _favours(call: Call, order: Order, finding: Finding, wanted: Question, now: Instant) -> FavoursTold | None:
    if call.principal.role == "seller" or not (wanted.anyway or finding.instead == "ask_seller_anyway"):
        return None
    found = await call.desk.habits.favours(order.shop, now)
    return msgspec.convert(found, FavoursTold, from_attributes=True) if found else None


def _listed(order: Order, terms: Terms, context: Context, actor: ActorKind, now: Instant) -> tuple[Reason, ...]:
    """The reasons on offer, each once: the catalogue may hold one several times, for different stages."""
    catalogue = "seller" if actor is ActorKind.SELLER else "buyer"
    offered = terms.reasons(catalogue, cancellation.read(order, actor, context, now), now)
    return tuple({one.code: one for one in offered}.values())


def _lines(given: tuple[str, ...]) -> dict[str, int] | None:
    if not given:
        return None
    chosen = {line: int(count) for line, _, count in (one.rpartition(":") for one in given)}
    if len(chosen) != len(given):
        raise errors.InvalidField(field="?line", expected="each line once")
    return chosen


OPERATIONS = (ask,)
