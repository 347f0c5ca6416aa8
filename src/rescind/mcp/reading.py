"""Tools that read: orders and whose move it is, why, what a cancellation would give back. None changes anything."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from rescind.mcp import seen, words
from rescind.mcp.answers import (
    Caller,
    CancellationQuote,
    Explained,
    OrderRead,
    OrdersFound,
    Quoted,
    Refund,
    Refunds,
    Request,
    Requests,
    Rule,
    Rules,
    Timeline,
)
from rescind.mcp.quote import Quote
from rescind.mcp.tools import ACTING, ANSWERING, ANYBODY, Asked, Here, Tool
from rescind_client import models

Id = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z]{3}_[0-9A-Za-z]+$")]
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Cursor = Annotated[str, msgspec.Meta(max_length=400, description="What the part before gave as next.")]
Few = Annotated[int, msgspec.Meta(ge=1, le=25)]


class FindOrders(Asked, frozen=True, kw_only=True):
    """numbers: order numbers, ids, tracking numbers or SKUs. text: words of titles and names."""

    numbers: Annotated[tuple[Number, ...], msgspec.Meta(max_length=25)] = ()
    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Few = 10
    cursor: Cursor | None = None


class OneOrder(Asked, frozen=True, kw_only=True):
    """order: its id (ord_…)."""

    order: Id


class OneRequest(Asked, frozen=True, kw_only=True):
    """order and request: their ids (ord_…, can_…)."""

    order: Id
    request: Id


class AskFirst(Asked, frozen=True, kw_only=True):
    """reason: a code, without one the first that may be given. lines: everything that is open unless some are named.

    anyway: ask the shop although the policy would refuse.
    """

    order: Id
    reason: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    lines: Annotated[list[models.Units], msgspec.Meta(max_length=100)] | None = None
    anyway: bool = False


class Part(Asked, frozen=True, kw_only=True):
    """A part of a list."""

    limit: Few = 10
    cursor: Cursor | None = None


async def find_orders(here: Here, asked: FindOrders) -> OrdersFound:
    """Orders of this key."""
    told = await here.desk.orders.search(
        number=list(asked.numbers) or None, text=asked.text or None, limit=asked.limit, cursor=asked.cursor
    )
    return OrdersFound(
        orders=[seen.found(one) for one in told.rows],
        next=told.next,
        quoted=[one for row in told.rows for one in seen.said_of(row)],
    )


async def read_order(here: Here, asked: OneOrder) -> OrderRead:
    """One order."""
    return seen.order(await here.desk.orders.read(asked.order), here.language)


async def read_timeline(here: Here, asked: OneOrder) -> Timeline:
    """What happened to it."""
    told = await here.desk.happenings.timeline(asked.order)
    quoted = [
        Quoted(by=one.by, about=f"{about} of event {one.seq}", text=text)
        for one in told.rows
        for about, text in (("comment", one.text), ("consent", one.consent))
        if text
    ]
    return Timeline(order=told.order, events=[seen.happened(one) for one in told.rows], quoted=quoted)


async def explain_decision(here: Here, asked: OneRequest) -> Explained:
    """Why, from the receipt, and who did what about it."""
    told = await here.desk.receipts.receipt(asked.order, asked.request)
    events = (await here.desk.happenings.timeline(asked.order)).rows
    return Explained(
        request=told.cancellation.id,
        verdict=told.verdict,
        rule=told.rule,
        rule_says=seen.rule_says(told.rule, here.language),
        cites=told.cites,
        decided_at=told.decided_at,
        deadline=told.deadline,
        findings=told.findings,
        facts=dict[str, Any](told.facts),
        withheld=told.withheld,
        acts=[seen.happened(one) for one in events if one.cancellation == asked.request],
    )


async def quote_cancellation(here: Here, asked: AskFirst) -> CancellationQuote:
    """What would be decided now."""
    told = await here.desk.cancellability.ask(
        asked.order,
        reason=asked.reason,
        line=[f"{one.line}:{one.quantity}" for one in asked.lines] if asked.lines else None,
        anyway=asked.anyway or None,
    )
    return CancellationQuote(
        order=told.order,
        version=told.version,
        verdict=told.verdict,
        rule=told.rule,
        rule_says=seen.rule_says(told.rule, here.language),
        instead=told.instead,
        reason=told.reason,
        reasons=told.reasons,
        refund=told.quote.total,
        released=told.quote.released,
        fee=told.quote.fee,
        tenders=told.quote.tenders,
        deadline=told.deadline.due_at if told.deadline else None,
        if_silent=told.deadline.if_silent if told.deadline else "",
        until=told.until,
        then=told.then,
        findings=told.findings,
        flips=told.flips,
        quote=Quote(version=told.version, verdict=told.verdict, refund=told.quote.total).written(),
    )


async def waiting_requests(here: Here, asked: Part) -> Requests:
    """Requests that wait for whoever holds this key; a buyer's own that wait for an answer."""
    role = (await here.desk.caller.read()).role
    tab = "with_platform" if role in {"support", "operator"} else "to_respond"
    told = await here.desk.cancellations.queue(tab=tab, kind="cancellation", limit=asked.limit, cursor=asked.cursor)
    requests = [
        Request(
            request=one.id,
            order=one.order,
            status=one.status,
            reason=one.reason,
            verdict="",
            rule=one.rule,
            rule_says=seen.rule_says(one.rule, here.language),
            refund=one.amount,
            deadline=one.deadline,
            if_silent=one.if_silent,
            quote=Quote(version=one.order_version, refund=one.amount).written(),
        )
        for one in told.rows
    ]
    quoted = [Quoted(by="buyer", about=f"buyer name of {one.order}", text=one.buyer.name) for one in told.rows]
    return Requests(requests=requests, next=told.next, quoted=[one for one in quoted if one.text])


async def failed_refunds(here: Here, asked: Part) -> Refunds:
    """Refunds that no provider could send."""
    told = await here.desk.refund_lists.listed(state="failed", limit=asked.limit, after=asked.cursor)
    found = [
        Refund(refund=one.refund, order=one.order, tender=one.tender, amount=one.amount, status=one.status)
        for one in told.refunds
    ]
    return Refunds(refunds=found, next=told.next)


async def read_rules(here: Here, asked: OneOrder) -> Rules:
    """The rules that hold for an order, in words."""
    order = await here.desk.orders.read(asked.order)
    policy = msgspec.json.decode(await here.desk.installation.policy(order.policy.hash), type=_Policy)
    rules = [
        Rule(
            rule=one.id,
            on=one.on,
            verdict=one.verdict,
            says=seen.rule_says(one.id, here.language),
            condition=one.text,
            cites=one.cites,
        )
        for one in policy.rules
    ]
    return Rules(order=order.id, policy=order.policy.name, hash=order.policy.hash, rules=rules)


async def read_mandate(here: Here, _: Asked) -> Caller:
    """Who this program is to the desk, and what it may do."""
    told = await here.desk.caller.read()
    mandate = told.mandate
    quoted = [Quoted(by="platform", about="why the mandate was given", text=mandate.because)] if mandate else []
    return Caller(
        role=told.role,
        name=told.name,
        shop=told.shop,
        buyer=told.buyer,
        scopes=told.scopes,
        mandate=mandate.id if mandate else None,
        holds=bool(mandate and mandate.holds),
        acts=mandate.acts if mandate else [],
        shops=mandate.shops if mandate else [],
        for_buyer=mandate.buyer if mandate else "",
        each=mandate.each if mandate else None,
        a_day=mandate.a_day if mandate else None,
        left=mandate.left if mandate else None,
        acts_a_day=mandate.acts_a_day if mandate else None,
        acts_today=mandate.acts_today if mandate else 0,
        until=mandate.until if mandate else None,
        quoted=quoted,
    )


class _Written(msgspec.Struct, frozen=True):
    """A rule as the canonical text of a policy has it."""

    id: str
    on: str
    verdict: str
    text: str
    cites: list[str]


class _Policy(msgspec.Struct, frozen=True):
    rules: list[_Written]


TOOLS = (
    Tool(
        name="find_orders",
        about="Find orders by number, id, tracking number, SKU or words: stage, total and any request that waits.",
        takes=FindOrders,
        gives=OrdersFound,
        roles=ANYBODY,
        scope="orders:read",
        run=find_orders,
        says=words.orders,
    ),
    Tool(
        name="read_order",
        about=(
            "Read one order: lines, money, requests to cancel, refunds, and whose move it is, by when, and what happens"
            " otherwise."
        ),
        takes=OneOrder,
        gives=OrderRead,
        roles=ANYBODY,
        scope="orders:read",
        run=read_order,
        says=words.order,
    ),
    Tool(
        name="read_timeline",
        about="Read everything that happened to an order, oldest first: who did it, under which rule or mandate.",
        takes=OneOrder,
        gives=Timeline,
        roles=ANYBODY,
        scope="orders:read",
        run=read_timeline,
        says=words.timeline,
    ),
    Tool(
        name="explain_decision",
        about="Explain why the policy answered a request to cancel as it did: the rules asked in order, facts read.",
        takes=OneRequest,
        gives=Explained,
        roles=ANYBODY,
        scope="orders:read",
        run=explain_decision,
        says=words.explained,
    ),
    Tool(
        name="quote_cancellation",
        about=(
            "Dry run of a cancellation: what would be decided now, by which rule, how much would go back and to which"
            " means of payment. Changes nothing. Its quote is what cancel_order takes."
        ),
        takes=AskFirst,
        gives=CancellationQuote,
        roles=ACTING,
        scope="orders:read",
        run=quote_cancellation,
        says=words.quote,
    ),
    Tool(
        name="waiting_requests",
        about="List requests to cancel that wait: for the shop of this key, for the platform, or a buyer's own.",
        takes=Part,
        gives=Requests,
        roles=ACTING,
        scope="orders:read",
        run=waiting_requests,
        says=words.requests,
    ),
    Tool(
        name="failed_refunds",
        about="List refunds that failed, so that the money has not gone back.",
        takes=Part,
        gives=Refunds,
        roles=ANSWERING,
        scope="money:read",
        run=failed_refunds,
        says=words.refunds,
    ),
    Tool(
        name="read_rules",
        about="Read the rules that an order was bought under, in words and as conditions.",
        takes=OneOrder,
        gives=Rules,
        roles=ANYBODY,
        scope="orders:read",
        run=read_rules,
        says=words.rules,
    ),
    Tool(
        name="read_mandate",
        about="Read what this program may do: role, scopes, and the mandate it acts under, with what is left of today.",
        takes=Asked,
        gives=Caller,
        roles=ANYBODY,
        scope="",
        run=read_mandate,
        says=words.caller,
    ),
)
