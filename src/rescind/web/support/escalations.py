"""Calls for the platform on an order's page: taken by somebody, granted by what is done, or ended with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core import override
from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.escalation import (
    OUTCOMES,
    CloseEscalation,
    EscalationOpened,
    TakeEscalation,
    current,
    true_of,
)
from rescind.core.event import Note
from rescind.core.granting import GrantAct, GrantEscalation, Way, proposed, ways
from rescind.core.ids import CancellationId
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import AskedBefore, Attached
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.web.seller.console import Console, Fields, Here, new_key
from rescind.web.seller.order import shown
from rescind.web.session import Html


def calls(
    order: Order, records: Iterable[tuple[Record, Mapping[str, str]]], locale: Locale, me: str = ""
) -> list[dict[str, Any]]:
    """The order's calls, the newest first, each with what its buyer wrote. ``me``: who of support reads."""
    wrote = {
        record.event.number: notes.get(record.event.comment.id, "")
        for record, notes in records
        if isinstance(record.event, EscalationOpened) and record.event.comment is not None
    }
    return [
        {
            "one": one,
            "ground": locale.term("escalation", one.ground, "support"),
            "outcome": locale.term("escalation_outcome", one.outcome) if one.outcome else "",
            "wrote": wrote.get(one.number, ""),
            "mine": bool(me) and one.owner == me,
            "attached": _attached(locale, one.attached) if one.attached else [],
            "key": new_key(),
        }
        for one in reversed(order.escalations)
    ]


def _attached(locale: Locale, kept: Attached) -> list[tuple[str, str]]:
    """Words and addresses of what was attached: the conversation, and the questions from before the order."""
    many = locale.ngettext
    found: list[tuple[str, Attached | AskedBefore]] = []
    if kept.messages:
        found.append((many("Conversation, %(num)s message", "Conversation, %(num)s messages", kept.messages), kept))
    elif kept.thread:
        found.append((locale.gettext("Requests and offers"), kept))
    for one in kept.before:
        words = many(
            "Question before the order, %(num)s message", "Question before the order, %(num)s messages", one.messages
        )
        found.append((words, one))
    return [(words % {"num": one.messages}, f"/support/messages/{one.thread}/transcript") for words, one in found]


def outcomes(order: Order, locale: Locale) -> list[tuple[str, str]]:
    """How support may end the call that is open, in words: what would be true of it now."""
    case = current(order)
    return [(one, locale.term("escalation_outcome", one)) for one in true_of(order, case)] if case else []


@dataclass(frozen=True, slots=True)
class Grants:
    """What support may do for whoever has called. choices: of the form, each with what goes back; most: the most that
    can be given back, None where nothing is left. proposed: something of it waits for a second person. alone: up to how
    much one person decides against the rules.
    """

    choices: list[tuple[str, str]]
    most: Money | None
    proposed: bool
    alone: Money | None


def grants(console: Console, order: Order) -> Grants | None:
    """What may be done for the call that is open; None where none is."""
    case = current(order)
    if case is None:
        return None
    choices: list[tuple[str, str]] = []
    most: Money | None = None
    for way in ways(order, console.now):
        amount = Money(way.amount_minor, order.currency)
        if way.act is GrantAct.GIVE_BACK:
            most = amount
            choices.append((f"{way.act.value}:::", _what(console.language, order, way, "")))
            continue
        choices += [
            (
                f"{way.act.value}:{reason}:{way.cancellation or ''}:{amount.minor}",
                _what(console.language, order, way, reason),
            )
            for reason in way.reasons or ("",)
        ]
    limit = console.desk.settings.second_person_above.of(order.currency)
    left = None if limit is None else Money(max(0, limit - override.alone(order)), order.currency)
    return Grants(choices, most, proposed(order, case.number), left)


def _what(locale: Locale, order: Order, way: Way, reason: str) -> str:
    """An act in words, with what goes back by it."""
    _ = locale.gettext
    amount = locale.money(Money(way.amount_minor, order.currency))
    if way.act is GrantAct.GIVE_BACK:
        return _("Give money back, up to %(amount)s") % {"amount": amount}
    what = locale.term("act", way.act.value)
    if reason:
        what = _("%(fact)s: %(answer)s") % {"fact": what, "answer": locale.term("override", reason)}
    return _("%(act)s (%(amount)s goes back)") % {"act": what, "amount": amount}


@post("/orders/{order_id:str}/escalations/{number:int}/take", status_code=200)
async def take(console: Here, order_id: FromPath[str], number: FromPath[int]) -> Html:
    """See to a call, so that nobody else does."""
    return await _do(console, order_id, number, lambda order: TakeEscalation(order=order.id, number=number), {})


@post("/orders/{order_id:str}/escalations/{number:int}/close", status_code=200)
async def close(console: Here, order_id: FromPath[str], number: FromPath[int]) -> Html:
    """End a call without doing anything, with an outcome and words to both sides."""
    form = await console.form()
    errors = _unsaid(console, form, "ending")
    if form.text("outcome") not in OUTCOMES:
        errors["outcome"] = console.language.gettext("Say how it ends")

    def command(order: Order) -> Command:
        comment = _said(console, form, "ending")
        return CloseEscalation(order=order.id, number=number, outcome=form.text("outcome"), comment=comment)

    return await _do(console, order_id, number, command, errors)


@post("/orders/{order_id:str}/escalations/{number:int}/grant", status_code=200)
async def grant(console: Here, order_id: FromPath[str], number: FromPath[int]) -> Html:
    """Do what the call is right about, which ends it, with words to both sides."""
    form = await console.form()
    _ = console.language.gettext
    errors = _unsaid(console, form, "granting")
    chosen = _CHOICE.fullmatch(form.text("grant"))
    gives = chosen is not None and chosen["act"] == GrantAct.GIVE_BACK
    if chosen is None:
        errors["grant"] = _("Say what is to be done")
    if gives and not _AMOUNT.fullmatch(form.text("grant_amount")):
        errors["grant_amount"] = _("Say how much goes back")

    def command(order: Order) -> Command:
        assert chosen is not None, "that it is missing was told before"
        amount = Money.parse(form.text("grant_amount"), order.currency) if gives else None
        return GrantEscalation(
            order=order.id,
            number=number,
            act=GrantAct(chosen["act"]),
            cancellation=CancellationId(chosen["about"]) if chosen["about"] else None,
            reason=chosen["reason"],
            refund=amount or shown(chosen["seen"], order.currency),
            comment=_said(console, form, "granting"),
            alone_up_to_minor=console.desk.settings.second_person_above.of(order.currency),
        )

    return await _do(console, order_id, number, command, errors)


_CHOICE = re.compile(rf"(?P<act>{'|'.join(GrantAct)}):(?P<reason>[a-z_]*):(?P<about>[a-z0-9_]*):(?P<seen>[0-9]*)")
"""What is done, the reason, the request and the amount that was shown, as ``grants`` offers them."""
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_KEPT = ("outcome", "ending", "grant", "grant_amount", "granting")


async def _do(
    console: Console, order_id: str, number: int, command: Callable[[Order], Command], errors: dict[str, str]
) -> Html:
    """Send what a form says, or show the order again with what is wrong and what was written."""
    # The page of the order shows these calls and so knows this file.
    from rescind.web.support.order import show  # noqa: PLC0415

    form = await console.form()
    values = {name: form.text(name) for name in _KEPT}
    view = await console.desk.reads.order(console.scope, order_id)
    if errors:
        return await show(console, view, errors=errors, values=values, status=422)
    try:
        route = f"escalation:{order_id}:{number}"
        outcome = await console.submit(command(view.order), view.shop.id, route, form.text("key"))
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), values=values, status=409)
    waits = proposed(outcome.order, number) and not proposed(view.order, number)
    return console.go(f"/support/orders/{order_id}{'?said=proposed' if waits else ''}#called")


def _said(console: Console, form: Fields, field: str) -> Note:
    """The words to both sides. Raises InvalidText, InvalidField where there are none."""
    said = console.note(form.text(field), field)
    if said is None:
        raise InvalidField(field=field, expected="what happened, in a few words")
    return said


def _unsaid(console: Console, form: Fields, field: str) -> dict[str, str]:
    """What is wrong with the words to both sides, if anything is."""
    try:
        _said(console, form, field)
    except (InvalidText, InvalidField):
        return {field: console.language.gettext("Tell both sides why, in at most 500 characters")}
    return {}


ROUTES = (take, grant, close)
