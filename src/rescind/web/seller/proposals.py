"""Money that waits for a second person: what is shown of it on an order's page, and that person's word."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core.actor import ActorKind
from rescind.core.errors import InvalidField, RescindError
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Proposal, ProposalOutcome
from rescind.core.second_person import AnswerProposal, seen_by
from rescind.core.views import TimelineEntry
from rescind.web.seller import order as order_page
from rescind.web.seller.console import Console, Fields, Here, new_key
from rescind.web.session import Html


async def waiting_of(console: Console, order: Order, entries: tuple[TimelineEntry, ...]) -> list[dict[str, Any]]:
    """The proposals of an order that this reader may answer, each with what it would do and who wants it."""
    side = console.person.actor().kind
    waits = [one for one in seen_by(order, side) if one.outcome is ProposalOutcome.PROPOSED]
    if not waits:
        return []
    people = await _people(console, order, waits)
    said = {one.comment.id: "" for one in waits if one.comment}
    for entry in entries:
        said |= {text: words for text, words in entry.notes.items() if text in said}
    return [
        {
            "number": one.number,
            "facts": _facts(console, order, one, people.get(one.by, one.by)),
            "said": said[one.comment.id] if one.comment else "",
            "at": one.at,
            "due_at": one.due_at,
            "mine": one.by == console.person.id,
            "shop": one.side == ActorKind.SELLER.value,
            "key": new_key(),
        }
        for one in waits
    ]


async def _people(console: Console, order: Order, waits: list[Proposal]) -> dict[str, str]:
    """What those who proposed are called, by their ids."""
    shop = [one.by for one in waits if one.side == ActorKind.SELLER.value]
    found = await console.desk.access.names("seller", shop, order.shop)
    return {**found, **await console.staff(one.by for one in waits if one.side == ActorKind.SUPPORT.value)}


def _facts(console: Console, order: Order, one: Proposal, who: str) -> list[tuple[str, str]]:
    language, terms = console.language, one.terms
    _ = language.gettext
    facts = [
        (_("What"), language.term("money_act", terms.act.value)),
        (_("Amount"), language.money(Money(terms.amount_minor, order.currency))),
    ]
    if terms.shipping_minor:
        facts.append((_("For delivery"), language.money(Money(terms.shipping_minor, order.currency))))
    if terms.way:
        facts.append((_("How"), language.term("way", terms.way)))
    if terms.reference:
        facts.append((_("Reference"), terms.reference))
    if terms.paid_on:
        facts.append((_("Paid out on"), language.date(terms.paid_on)))
    return [*facts, (_("Proposed by"), f"{who} · {language.term('actor', one.side)}")]


async def answer(console: Console, order_id: str) -> str:
    """Confirm or drop what was proposed. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    number, confirm = second_word(form)
    command = AnswerProposal(
        order=view.order.id,
        number=number,
        confirm=confirm,
        comment=console.note(form.text("words"), "words"),
    )
    await console.submit(command, view.shop.id, f"proposal:{order_id}:{number}", form.text("key"))
    return "proposal_confirmed" if confirm else "proposal_dropped"


def second_word(form: Fields) -> tuple[int, bool]:
    """Which proposal a second person answers, and whether by a yes. Raises InvalidField."""
    number, act = form.text("number"), form.text("act")
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise InvalidField(field="number", expected="the number of a proposal")
    if act not in {"confirm", "drop"}:
        raise InvalidField(field="act", expected="confirm drop")
    return int(number), act == "confirm"


@post("/orders/{order_id:str}/proposals", status_code=200)
async def answer_for_shop(console: Here, order_id: FromPath[str]) -> Html:
    """Confirm or drop what a colleague of the shop proposed."""
    try:
        said = await answer(console, order_id)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await order_page.show(console, fresh, notice=console.problem(error), status=409)
    return console.go(f"/seller/orders/{order_id}?said={said}")
