"""The packing bench: scan or type a number, read one large answer, and scan again for the next step.

One form serves a scanner that types fast and ends with Enter, a thumb, and a keyboard. Whoever scans the order that is
shown already does what its button says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core import order_note
from rescind.core.actor import ActorKind
from rescind.core.errors import InvalidField, RescindError
from rescind.core.fulfilment import FactReported, ReportFact
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order, leased, stage
from rescind.core.packing import (
    AcknowledgeUnpacked,
    Answer,
    GiveBackShipping,
    LeaseShipping,
    Scanned,
    ShipOrder,
    Step,
    Why,
    look,
)
from rescind.core.parts import Cancellation, FactKind
from rescind.core.views import OrderView, TimelineEntry
from rescind.locales import Locale
from rescind.web import order_notes
from rescind.web.rendering import address
from rescind.web.seller import notes
from rescind.web.seller.board import parcel_errors
from rescind.web.seller.console import Console, Fields, Here, Notice, new_key
from rescind.web.seller.order import lines_of, stopped_by
from rescind.web.session import Html

HOME = "/seller/packing"
LONGEST_CODE = 128
TWICE = timedelta(seconds=1)
"""A scanner may read a label twice in passing; only somebody who has seen the answer goes on by scanning again."""

READ = "read"
"""The step that says that a note of the buyer's was read."""

_BY_SCAN = frozenset({Step.START, Step.FINISH, Step.LEASE})
"""Steps that a second scan does. A parcel leaves by its button, where nobody presses it in passing."""
_DONE: Mapping[str, str] = {
    Step.START: "packing_started",
    Step.FINISH: "packed",
    Step.LEASE: "leased",
    Step.SHIP: "handed_over",
    READ: "note_read",
}


@get("/packing")
async def bench(console: Here) -> Html:
    """The bench; ``code`` in the address is what was scanned last."""
    return await _show(console, console.query("code").strip()[:LONGEST_CODE], notice=console.told())


@post("/packing/scan", status_code=200)
async def scan(console: Here) -> Html:
    """A scan: show the order, or do the next step of the one that is shown. ``at``: when it was shown."""
    form = await console.form()
    code = form.text("code")[:LONGEST_CODE]
    found = await console.desk.reads.by_scan(console.scope, code, now=console.now)
    shown, step = form.text("shown"), form.text("step")
    if len(found) == 1 and found[0].order_id == shown and step in _BY_SCAN and _seen(console, form.text("at")):
        return await _do(console, shown, step, form)
    return console.go(address(HOME, code=code))


@post("/packing/{order_id:str}", status_code=200)
async def act(console: Here, order_id: FromPath[str]) -> Html:
    """A button of the bench. ``step``: which."""
    form = await console.form()
    return await _do(console, order_id, form.text("step"), form)


async def _do(console: Console, order_id: str, step: str, form: Fields) -> Html:
    view = await console.desk.reads.order(console.scope, order_id)
    number = view.order.number
    carrier, tracking = form.text("carrier"), form.text("tracking")
    try:
        if step == READ:
            command: Command = notes.acknowledging(view, form)
        else:
            command = _command(console, view.order, step, carrier, tracking, form.text("parcel"))
        if step == Step.SHIP and not _labelled(view.order):
            errors = parcel_errors(console.language, carrier, tracking)
            if errors:
                values = {"carrier": carrier, "tracking": tracking}
                return await _show(console, number, errors=errors, values=values, status=422)
        await console.submit(command, view.shop.id, f"bench:{order_id}:{step}", form.text("key"))
    except RescindError as error:
        return await _show(console, number, notice=console.problem(error), status=409)
    return console.go(address(HOME, code=form.text("stay") or number, said=_DONE.get(step, step)))


def _command(console: Console, order: Order, step: str, carrier: str, tracking: str, parcel: str) -> Command:
    match step:
        case Step.START | Step.FINISH:
            # As facts they would be believed; at the bench they come after what the buyer asks for.
            order_note.require_read(order)
            fact = FactKind.PACKING_STARTED if step == Step.START else FactKind.PACKED
            return ReportFact(order=order.id, fact=fact, occurred_at=console.now)
        case Step.LEASE:
            return LeaseShipping(order=order.id)
        case Step.SHIP:
            return ShipOrder(order=order.id, carrier=carrier, tracking=tracking, parcel=parcel)
        case "given_back":
            return GiveBackShipping(order=order.id)
        case "unpacked":
            return AcknowledgeUnpacked(order=order.id)
        case _:
            raise InvalidField(field="step", expected="a step of this page")


def _seen(console: Console, at: str) -> bool:
    """Whether the answer has been in front of somebody long enough to be read."""
    try:
        shown_at = datetime.fromisoformat(at)
    except ValueError:
        return False
    return shown_at.tzinfo is not None and console.now - shown_at >= TWICE


def _labelled(order: Order) -> bool:
    """Whether a parcel with its label waits to be handed over, so that its number is known."""
    return any(one.labelled_at and not one.handed_over_at and not one.delivered_at for one in order.parcels)


async def _show(
    console: Console,
    code: str,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    """Render the bench with what a code means."""
    language = console.language
    _ = language.gettext
    rows = await console.desk.reads.by_scan(console.scope, code, now=console.now) if code else ()
    found: dict[str, Any] | None = None
    if len(rows) == 1:
        found = await _answer(console, await console.desk.reads.order(console.scope, rows[0].order_id))
    unpack = await console.desk.reads.to_unpack(console.scope)
    return console.page(
        "seller/packing.html",
        status=status,
        here=address(HOME, code=code or None),
        notice=notice,
        errors=errors or {},
        values=values or {},
        code=code,
        found=found,
        several=[{"number": row.number, "href": address(HOME, code=row.number)} for row in rows]
        if len(rows) > 1
        else [],
        unknown=bool(code) and not rows,
        # To the microsecond: the second scan is compared with it.
        at=console.now.isoformat(),
        unpack=[
            {
                "row": row,
                "href": address(HOME, code=row.number),
                "action": f"{HOME}/{row.order_id}",
                "key": new_key(),
            }
            for row in unpack.rows
        ],
        more=(unpack.total or 0) - len(unpack.rows),
        tab_title=f"{found['word']} · {found['number']}" if found else _("Packing bench"),
    )


async def _answer(console: Console, view: OrderView) -> dict[str, Any]:
    """One order in the bench's words."""
    order, language = view.order, console.language
    terms = await console.desk.terms(order)
    calendar = console.desk.book.calendar(terms)
    told = look(order, terms, calendar, console.now, who=console.person.id, words=bool(view.details.note))
    entries = await console.desk.reads.timeline(console.scope, order.id)
    waiting = order.open_cancellation if told.why is Why.ASKED else None
    word = answer_word(language, told.answer)
    title = _title(console, view, told)
    at_stage = stage(order, console.now)
    return {
        "told": told,
        "answer": told.answer.value,
        "why": told.why.value,
        "word": word,
        "title": title,
        "said": language.gettext("%(word)s. %(title)s") % {"word": word, "title": title},
        "number": order.number,
        "order": order,
        "stage": at_stage,
        "details": _details(console, view, told, entries),
        "waiting": waiting,
        "deadline_kind": _deadline_kind(waiting) if waiting else "",
        "refund": Money(waiting.refund_minor if waiting else 0, order.currency),
        "notes": await order_notes.for_staff(console.visit, view),
        "pack": lines_of(view, told.pack) if told.answer is not Answer.STOP else [],
        "out": lines_of(view, told.out),
        "left_out": lines_of(view, {line.id: line.cancelled for line in order.lines if line.cancelled})
        if told.why in {Why.PART_CANCELLED, Why.UNREAD}
        else [],
        "cases": [one for one in order.contradictions if one.closed_at is None],
        "step": told.step.value if told.step else "",
        "step_label": step_label(language, told.step) if told.step else "",
        "by_scan": told.step in _BY_SCAN,
        "needs_number": not _labelled(order),
        "choices": [(one.id, language.gettext("Parcel %(name)s") % {"name": one.id}) for one in order.arranged],
        "lease": leased(order, console.now),
        "key": new_key(),
        "own_keys": (new_key(), new_key()),
    }


def answer_word(language: Locale, answer: Answer) -> str:
    """The one word that is read from across the room."""
    _ = language.gettext
    return {Answer.STOP: _("STOP"), Answer.HOLD: _("HOLD"), Answer.NOTE: _("NOTE"), Answer.GO: _("GO")}[answer]


def step_label(language: Locale, step: Step) -> str:
    """What the button of a step says, and what a second scan does."""
    _ = language.gettext
    return {
        Step.START: _("Start packing"),
        Step.FINISH: _("Packed"),
        Step.LEASE: _("About to ship"),
        Step.SHIP: _("Shipped"),
    }[step]


def _title(console: Console, view: OrderView, told: Scanned) -> str:
    _ = console.language.gettext
    number = {"number": view.order.number}
    until = console.language.clock(told.until, console.zone) if told.until else ""
    return {
        Why.CANCELLED: _("Order %(number)s is cancelled") % number,
        Why.PLATFORM_SHIPS: _("The platform ships order %(number)s") % number,
        Why.TAKE_OUT: _("Part of order %(number)s is cancelled: open the parcel") % number,
        Why.ASKED: _("Somebody asks to cancel order %(number)s") % number,
        Why.LEFT: _("Order %(number)s has left already") % number,
        Why.UNPAID: _("Order %(number)s is not paid yet") % number,
        Why.ON_HOLD: _("Order %(number)s is on hold until %(until)s") % {**number, "until": until},
        Why.IN_REVIEW: _("Order %(number)s is still being checked") % number,
        Why.BEING_SHIPPED: _("A colleague is shipping order %(number)s") % number,
        Why.NOT_YET: _("Order %(number)s does not ship yet") % number,
        Why.PART_CANCELLED: _("Order %(number)s: a part is cancelled") % number,
        Why.UNREAD: _("Order %(number)s: read what the buyer asks for") % number,
        Why.WORDS: _("Order %(number)s: the buyer asks for something") % number,
        Why.READY: _("Order %(number)s") % number,
    }[told.why]


def _details(console: Console, view: OrderView, told: Scanned, entries: tuple[TimelineEntry, ...]) -> list[str]:
    """What to do, and who did or wants what, a sentence each."""
    language, order = console.language, view.order
    _ = language.gettext
    found: list[str] = []
    match told.why:
        case Why.CANCELLED:
            found.append(_("Take the parcel apart and put back:") if told.out else _("Do not pack, do not ship."))
            found.append(stopped_by(console, order))
        case Why.TAKE_OUT:
            found.append(_("Take out, and pack the rest:"))
        case Why.ASKED:
            found += _who_asks(console, order)
        case Why.LEFT | Why.PLATFORM_SHIPS | Why.UNPAID | Why.ON_HOLD | Why.IN_REVIEW:
            found.append(_not_here(language)[told.why])
        case Why.BEING_SHIPPED:
            until = language.clock(told.until, console.zone) if told.until else ""
            found.append(_("They said so, and it ends by itself at %(until)s. Ask them first.") % {"until": until})
        case Why.NOT_YET:
            found.append(language.term("way_on", told.instead or "contact_support"))
        case Why.UNREAD:
            found.append(_("Say for each note that you have read it. Then it goes on."))
        case Why.PART_CANCELLED | Why.WORDS | Why.READY:
            pass
    if told.answer in {Answer.GO, Answer.NOTE, Answer.HOLD}:
        found.append(_begun_by(console, entries))
    return [text for text in found if text]


def _not_here(language: Locale) -> Mapping[Why, str]:
    """Why nobody packs it at this bench, or not yet."""
    _ = language.gettext
    return {
        Why.LEFT: _("Do not send it twice. If a parcel is still here, ask a colleague."),
        Why.PLATFORM_SHIPS: _("The platform packs and ships this order. You need to do nothing."),
        Why.UNPAID: _("Do not pack. It goes on when the payment arrives."),
        Why.ON_HOLD: _("Do not pack yet: the buyer may still cancel."),
        Why.IN_REVIEW: _("Do not pack. A person has to say that the order is fine."),
    }


def _who_asks(console: Console, order: Order) -> list[str]:
    language = console.language
    _ = language.gettext
    waiting = order.open_cancellation
    assert waiting is not None, "a request is open"
    asker = language.term("actor", "support" if waiting.filed_by == "support" else "buyer")
    words = {
        "who": asker,
        "when": language.instant(waiting.requested_at, console.zone, now=console.now),
        "why": language.term("reason", waiting.reason),
    }
    todo = (
        _("Put the parcel aside and answer the request.")
        if waiting.status.value == "awaiting_seller"
        else _("Put the parcel aside until it is decided.")
    )
    return [todo, _("%(who)s, %(when)s: %(why)s") % words]


def _deadline_kind(waiting: Cancellation) -> str:
    return {"awaiting_seller": "seller_answer", "awaiting_carrier": "carrier_answer"}.get(
        waiting.status.value, "review"
    )


def _begun_by(console: Console, entries: tuple[TimelineEntry, ...]) -> str:
    """Who of the others has begun to pack it, for two people at one bench."""
    for entry in reversed(entries):
        record = entry.record
        event = record.event
        if isinstance(event, FactReported) and event.fact in {FactKind.PACKING_STARTED, FactKind.PACKED}:
            if record.actor.kind is not ActorKind.SELLER or record.actor.id == console.person.id:
                return ""
            words = {"who": record.actor.id, "when": console.language.instant(event.at, console.zone, now=console.now)}
            text = console.language.gettext
            done = event.fact is FactKind.PACKED
            return (text("%(who)s packed it, %(when)s") if done else text("%(who)s began to pack it, %(when)s")) % words
    return ""


ROUTES = (bench, scan, act)
