"""Support decides what the policy leaves to it, tells what the carrier said, and decides against the rules."""

from __future__ import annotations

from typing import Any

from rescind.core.cancellation import (
    SUPPORT_REFUSALS,
    AnswerForCarrier,
    ApproveCancellation,
    RefuseCancellation,
    still_open,
)
from rescind.core.errors import InvalidField
from rescind.core.ids import CancellationId
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.override import REASONS, AnswerOverride, OverrideRules, alone, possible, waiting
from rescind.core.parts import Act, CancellationStatus
from rescind.core.quote import quote
from rescind.core.views import TimelineEntry
from rescind.locales import Locale
from rescind.web.seller.console import Console, new_key
from rescind.web.seller.order import shown
from rescind.web.seller.proposals import second_word


def answer_of(order: Order, language: Locale) -> dict[str, Any] | None:
    """What support may say to the request that waits; nothing while it waits for the seller."""
    asked = order.open_cancellation
    if asked is None or asked.status is CancellationStatus.AWAITING_SELLER:
        return None
    carrier = asked.status is CancellationStatus.AWAITING_CARRIER
    return {
        "carrier": carrier,
        "reasons": [] if carrier else [(code, language.term("refusal", code)) for code in SUPPORT_REFUSALS],
        "refund": Money(quote(order, still_open(order, asked), fees=asked.fees).total_minor, order.currency),
        "key": new_key(),
    }


def override_of(console: Console, order: Order, entries: tuple[TimelineEntry, ...]) -> dict[str, Any] | None:
    """The proposal that waits, or what could be decided against the rules; nothing where there is neither."""
    language = console.language
    proposed = waiting(order)
    if proposed is not None:
        return {
            "proposed": proposed,
            "what": language.term("act", proposed.act.value),
            "reason": language.term("override", proposed.reason),
            "amount": Money(proposed.amount_minor, order.currency),
            "said": _said(entries, proposed.number),
            "mine": proposed.by == console.person.id,
            "key": new_key(),
        }
    choices = [
        (f"{act.value}:{reason}:{about or ''}", _choice(language, order, act, about, reason))
        for act, about in possible(order, console.now)
        for reason in REASONS[act]
    ]
    if not choices:
        return None
    limit = console.desk.settings.second_person_above.of(order.currency)
    return {
        "proposed": None,
        "choices": choices,
        "alone": None if limit is None else Money(max(0, limit - alone(order)), order.currency),
        "key": new_key(),
    }


def _choice(language: Locale, order: Order, act: Act, about: CancellationId | None, reason: str) -> str:
    what = language.term("act", act.value)
    if about is not None and len(order.cancellations) > 1:
        asked = next(one for one in order.cancellations if one.id == about)
        what = language.gettext("%(what)s (%(reason)s)") % {
            "what": what,
            "reason": language.term("reason", asked.reason),
        }
    return language.gettext("%(fact)s: %(answer)s") % {"fact": what, "answer": language.term("override", reason)}


def _said(entries: tuple[TimelineEntry, ...], number: int) -> str:
    """What was written with a proposal."""
    for entry in reversed(entries):
        event = entry.record.event
        comment = getattr(event, "comment", None)
        if getattr(event, "number", None) == number and comment is not None:
            return entry.notes.get(comment.id, "")
    return ""


async def decide(console: Console, order_id: str) -> str:
    """Do what the form says to the request it was shown for; gives the word for what was done. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    act, asked = form.text("act"), CancellationId(form.text("about"))
    words = console.note(form.text("said"), "said")
    command: Command
    match act:
        case "approve":
            figure = shown(form.text("refund"), view.order.currency)
            command = ApproveCancellation(order=view.order.id, cancellation=asked, comment=words, refund=figure)
        case "refuse":
            command = RefuseCancellation(
                order=view.order.id, cancellation=asked, reason=form.text("why"), comment=words
            )
        case "carrier_yes" | "carrier_no":
            command = AnswerForCarrier(
                order=view.order.id, cancellation=asked, stops=act == "carrier_yes", comment=words
            )
        case _:
            raise InvalidField(field="act", expected="approve refuse carrier_yes carrier_no")
    await console.submit(command, view.shop.id, f"decide:{asked}", form.text("key"))
    return f"decided_{act}"


async def override(console: Console, order_id: str) -> str:
    """Decide against the rules, or propose it. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    act, _, rest = form.text("what").partition(":")
    reason, _, about = rest.partition(":")
    if act not in {one.value for one in Act}:
        raise InvalidField(field="what", expected="a choice of the list")
    command = OverrideRules(
        order=view.order.id,
        act=Act(act),
        cancellation=CancellationId(about) if about else None,
        reason=reason,
        comment=console.note(form.text("words"), "words"),
        alone_up_to_minor=console.desk.settings.second_person_above.of(view.order.currency),
    )
    outcome = await console.submit(command, view.shop.id, f"override:{order_id}", form.text("key"))
    return "override_proposed" if waiting(outcome.order) else "override_done"


async def answer_override(console: Console, order_id: str) -> str:
    """Confirm or drop what was proposed. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    number, confirm = second_word(form)
    command = AnswerOverride(
        order=view.order.id,
        number=number,
        confirm=confirm,
        comment=console.note(form.text("words"), "words"),
    )
    await console.submit(command, view.shop.id, f"override:{order_id}:{number}", form.text("key"))
    return "override_done" if confirm else "override_dropped"
