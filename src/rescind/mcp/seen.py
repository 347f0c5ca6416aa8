"""What the API tells, made small: codes and amounts on one side, the words of people on the other."""

from __future__ import annotations

from collections.abc import Iterator

from rescind.locales import Locale
from rescind.mcp.answers import Happened, Line, OrderFound, OrderRead, Quoted, Refund, Request
from rescind.mcp.quote import Quote
from rescind_client import models


def found(row: models.OrderRowTold) -> OrderFound:
    """An order of a list."""
    return OrderFound(
        order=row.id,
        number=row.number,
        shop=row.shop.id,
        buyer=row.buyer.id,
        stage=row.stage,
        placed_at=row.placed_at,
        total=row.total,
        request=row.cancellation,
        request_status=row.cancellation_status,
        deadline=row.deadline,
        if_silent=row.if_silent,
    )


def said_of(row: models.OrderRowTold) -> Iterator[Quoted]:
    """What people wrote into what a list tells of an order."""
    yield Quoted(by="seller", about=f"shop name of {row.id}", text=row.shop.name)
    if row.buyer.name:
        yield Quoted(by="buyer", about=f"buyer name of {row.id}", text=row.buyer.name)
    for line in row.lines:
        yield Quoted(by="seller", about=f"title in {row.id}", text=f"{line.title} {line.variant}".strip())


def request(told: models.CancellationTold, version: int, language: Locale) -> Request:
    """A request, with the quote that answers to it take."""
    return Request(
        request=told.id,
        order=told.order,
        status=told.status,
        reason=told.reason,
        verdict=told.verdict,
        rule=told.rule,
        rule_says=rule_says(told.rule, language),
        refund=told.refund,
        deadline=told.deadline,
        if_silent=told.if_silent,
        quote=Quote(version=version, refund=told.refund).written(),
    )


def refund(told: models.RefundTold, order: str) -> Refund:
    """A refund of an order."""
    return Refund(refund=told.id, order=order, tender=told.tender, amount=told.amount, status=told.status)


def happened(told: models.EventTold) -> Happened:
    """One thing that happened, without anybody's words."""
    return Happened(
        at=told.at,
        type=told.type,
        by=told.by,
        behalf=told.behalf,
        mandate=told.mandate,
        verdict=told.verdict,
        rule=told.rule,
        amount=told.amount,
    )


def order(told: models.OrderTold, language: Locale) -> OrderRead:
    """An order. Names, titles and notes stand apart; where it is sent is left out, for no tool needs it."""
    return OrderRead(
        order=told.id,
        number=told.number,
        shop=told.shop.id,
        buyer=told.buyer.id,
        version=told.version,
        stage=told.stage,
        total=told.total,
        paid=told.paid,
        refunded=told.refunded,
        lines=[Line(line=one.id, quantity=one.quantity, open=one.open, paid=one.paid) for one in told.lines],
        moves=told.next_actions,
        requests=[request(one, told.version, language) for one in told.cancellations],
        refunds=[refund(one, told.id) for one in told.refunds],
        quoted=list(_said_in(told)),
    )


def _said_in(told: models.OrderTold) -> Iterator[Quoted]:
    yield Quoted(by="seller", about="shop name", text=told.shop.name)
    if told.buyer.name:
        yield Quoted(by="buyer", about="buyer name", text=told.buyer.name)
    for line in told.lines:
        options = ", ".join(f"{name}: {value}" for name, value in line.options.items())
        words = " · ".join(part for part in (line.title, line.variant, options) if part)
        yield Quoted(by="seller", about=f"title of line {line.id}", text=words)
    if told.note:
        yield Quoted(by="buyer", about="note to the order", text=told.note)


def rule_says(rule: str, language: Locale) -> str:
    """A rule in words; empty for none, and for one that nobody has worded, such as a shop's own."""
    return language.rule(rule) if rule and (language.has("rule", rule) or rule.startswith("SHOP-")) else ""
