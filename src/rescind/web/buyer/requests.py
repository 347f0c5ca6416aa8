"""One request to cancel: whose move it is, what was answered, how far the money is, and taking the request back."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from types import UnionType

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core import cancellation as stop
from rescind.core.cancellation import WithdrawCancellation
from rescind.core.errors import DeadlinePassed, InvalidField, InvalidText, InvalidTransition
from rescind.core.money import Money
from rescind.core.offer import MOST, AnswerOffer, MakeOffer, OfferKind, OfferMade, open_offer
from rescind.core.parts import Cancellation, CancellationStatus
from rescind.core.ports import Fingerprint, Key
from rescind.core.receipt import judged_again
from rescind.core.record import Record
from rescind.engine import Submission
from rescind.intake.text import words as checked
from rescind.web.buyer import words
from rescind.web.buyer.matter import Matter, history, load
from rescind.web.buyer.orders import refunds
from rescind.web.evidence import wall
from rescind.web.explain import RuleCard, ground_of, programs_in, rule_card
from rescind.web.offer_words import answered, offered
from rescind.web.session import Html, Visit
from rescind.web.timeline import Entry


@get("/orders/{order_id:str}/requests/{request_id:str}")
async def request_page(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """The request as it stands."""
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    entries, told = await history(visit, found)
    records = [entry.record for entry in entries]
    notes = {name: text for entry in entries for name, text in entry.notes.items()}
    return visit.page(
        "buyer/request.html",
        zone=found.zone,
        here=f"{found.path}/requests/{one.id}",
        m=found,
        order=found.order,
        one=one,
        pill=words.pill_key(one),
        sentence=words.request_sentence(visit.locale, one, found.order),
        words=words,
        said=_said(records, notes, one.id),
        entries=_part(told, one),
        rule=await _rule(visit, found, records, one),
        refunds=refunds(visit, found, records, one.id),
        goods=_goods(found, one),
        sent=visit.query("sent") == "1",
        next_answer=_next(visit, found, one),
        offer=open_offer(one),
        offered=offered(visit.locale, one.offer, found.order, found.zone, "buyer") if one.offer else "",
        offer_answered=answered(visit.locale, one.offer, "buyer") if one.offer else "",
        offer_words=_said(records, notes, one.id, OfferMade),
        late=visit.query("late") == "1",
        counter_wrong=visit.query("counter") == "wrong",
        may_counter=one.offer is not None and one.offer.number < MOST,
        exhibits=wall(visit.locale, found.order, records, "buyer", one.id),
    )


@get("/orders/{order_id:str}/requests/{request_id:str}/withdraw")
async def withdraw_page(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """What withdrawing means, said before it happens."""
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    if not one.status.waiting:
        return visit.go(f"{found.path}/requests/{one.id}")
    after = found.outlook.after_withdrawal(one.id, visit.now)
    return visit.page(
        "buyer/withdraw.html",
        zone=found.zone,
        live=False,
        m=found,
        order=found.order,
        one=one,
        after=words.inside(visit.locale, words.answer_line(visit.locale, after)) if after else "",
        tries=found.outlook.tries_left(),
    )


@post("/orders/{order_id:str}/requests/{request_id:str}/withdraw", status_code=HTTPStatus.SEE_OTHER)
async def withdraw(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """Take the request back. A second press, or an answer that was faster, leads to the page that says so."""
    await visit.form()
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    person = visit.person
    submission = Submission(
        command=WithdrawCancellation(order=found.order.id, cancellation=one.id),
        actor=person.actor(),
        # A request is withdrawn once, so its own id is the key.
        key=Key(shop=found.order.shop, principal=person.by, route="page:withdraw", key=one.id),
        fingerprint=Fingerprint(sha256(one.id.encode()).digest()),
    )
    try:
        await visit.desk.engine.handle(submission)
    except InvalidTransition:
        return visit.go(f"{found.path}/requests/{one.id}?late=1")
    return visit.go(f"{found.path}/requests/{one.id}")


@post("/orders/{order_id:str}/requests/{request_id:str}/offer", status_code=HTTPStatus.SEE_OTHER)
async def answer_offer(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """Take the shop's offer or decline it. Whoever was faster, the page after it says how things stand."""
    form = await visit.form()
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    person = visit.person
    number = int(form.get("number", "")) if form.get("number", "").isdecimal() else 0
    accept = form.get("answer") == "accept"
    # An offer is answered once, so it is its own key; accepting after declining is another request.
    name = f"{one.id}-{number}-{'accept' if accept else 'decline'}"
    submission = Submission(
        command=AnswerOffer(order=found.order.id, cancellation=one.id, number=number, accept=accept),
        actor=person.actor(),
        key=Key(shop=found.order.shop, principal=person.by, route="page:offer", key=name),
        fingerprint=Fingerprint(sha256(name.encode()).digest()),
    )
    try:
        await visit.desk.engine.handle(submission)
    except (InvalidTransition, DeadlinePassed):
        return visit.go(f"{found.path}/requests/{one.id}?late=1")
    return visit.go(f"{found.path}/requests/{one.id}")


@post("/orders/{order_id:str}/requests/{request_id:str}/counter", status_code=HTTPStatus.SEE_OTHER)
async def counter_offer(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """Answer the shop's offer by another one. An amount that cannot be leads back to the page, which says so."""
    form = await visit.form()
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    page = f"{found.path}/requests/{one.id}"
    number = form.get("number", "")
    before = open_offer(one)
    if before is None or number != str(before.number):
        return visit.go(f"{page}?late=1")
    person, currency = visit.person, found.order.currency
    try:
        said = form.get("counter_words", "")
        costs = before.kind == OfferKind.CANCEL_WITH_COSTS
        command = MakeOffer(
            order=found.order.id,
            cancellation=one.id,
            kind=OfferKind.CANCEL_WITH_COSTS if costs else OfferKind.PARTIAL_REFUND,
            amount_minor=0 if costs else _minor(form.get("counter_amount", ""), currency),
            material_minor=_minor(form.get("counter_material", ""), currency) if costs else 0,
            labour_minor=_minor(form.get("counter_labour", ""), currency) if costs else 0,
            comment=visit.desk.note(checked(said, field="counter_words", blank=True)) if said.strip() else None,
        )
        name = sha256("-".join((one.id, number, *sorted(form.values()))).encode()).hexdigest()
        await visit.desk.engine.handle(
            Submission(
                command=command,
                actor=person.actor(),
                key=Key(shop=found.order.shop, principal=person.by, route="page:offer", key=name),
                fingerprint=Fingerprint(sha256(name.encode()).digest()),
            )
        )
    except (InvalidField, InvalidText):
        return visit.go(f"{page}?counter=wrong#offer")
    except (InvalidTransition, DeadlinePassed):
        return visit.go(f"{page}?late=1")
    return visit.go(page)


def _minor(typed: str, currency: str) -> int:
    """An amount as typed; nothing typed is nothing. Raises InvalidField."""
    return Money.parse(typed.replace(",", "."), currency).minor if typed.strip() else 0


@get("/orders/{order_id:str}/requests/{request_id:str}/receipt")
async def receipt_page(visit: NamedDependency[Visit], order_id: FromPath[str], request_id: FromPath[str]) -> Html:
    """A confirmation to keep or print: what was asked and answered, under which rule, what comes back (M-15)."""
    found = await load(visit, order_id)
    one = found.cancellation(request_id)
    entries, told = await history(visit, found)
    records = [entry.record for entry in entries]
    return visit.page(
        "buyer/receipt.html",
        zone=found.zone,
        live=False,
        m=found,
        order=found.order,
        one=one,
        pill=words.pill_key(one),
        words=words,
        entries=_part(told, one),
        refunds=refunds(visit, found, records, one.id),
        goods=_goods(found, one),
        rule=await _rule(visit, found, records, one),
        ground=ground_of(records, one.id),
    )


async def _rule(visit: Visit, found: Matter, records: list[Record], one: Cancellation) -> RuleCard | None:
    calendar = await visit.desk.book.calendar_when(records, one, found.terms)
    judged = judged_again(records, one, found.terms, calendar)
    if judged is None:
        return None
    return rule_card(
        judged.ground,
        found.terms,
        visit.locale,
        title=visit.locale.gettext("Why this answer?"),
        on=judged.on,
        deadline=judged.finding.deadline,
        reached=not one.unreached,
        program=programs_in(records, one.id, visit.locale, buyer=True),
    )


def _said(
    records: list[Record],
    notes: dict[str, str],
    identifier: str,
    kinds: type[OfferMade] | UnionType = stop.CancellationApproved | stop.CancellationRefused,
) -> str:
    """The seller's own words about this request, or with an offer, if there were any."""
    for record in reversed(records):
        event = record.event
        if (
            isinstance(event, kinds)
            and isinstance(event, stop.CancellationApproved | stop.CancellationRefused | OfferMade)
            and event.cancellation == identifier
            and event.comment is not None
        ):
            return notes.get(event.comment.id, "")
    return ""


def _part(told: tuple[Entry, ...], one: Cancellation) -> list[Entry]:
    """The part of the order's story that this request begins."""
    return [entry for entry in told if entry.cancellation == one.id]


def _goods(found: Matter, one: Cancellation) -> list[dict[str, object]]:
    return [
        {
            "title": found.words(line).title,
            "variant": found.words(line).variant,
            "quantity": count,
            "image": found.words(line).image,
        }
        for line, count in one.lines.items()
    ]


def _next(visit: Visit, found: Matter, one: Cancellation) -> words.Offer | None:
    """What a buyer may still do after a no."""
    if one.status not in {CancellationStatus.REFUSED, CancellationStatus.OVERTAKEN, CancellationStatus.WITHDRAWN}:
        return None
    if found.answer is None or found.order.cancellations[-1].id != one.id:
        return None
    return words.offer(visit.locale, found.answer, found.path, arrived=found.arrived, reached=found.outlook.reached)


ROUTES = (request_page, withdraw_page, withdraw, answer_offer, counter_offer, receipt_page)
