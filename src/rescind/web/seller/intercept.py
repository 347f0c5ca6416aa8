"""A parcel that left although it should not have: what to do, step by step, for the shop and for support."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import InvalidText, RescindError
from rescind.core.intercept import PLATFORM_ONLY, ContradictionResolved, ResolveContradiction, steps
from rescind.core.order import on_hold_until, stage
from rescind.core.parts import Contradiction
from rescind.core.views import OrderView, TimelineEntry
from rescind.locales import Locale
from rescind.web.seller.case import load, reader_of
from rescind.web.seller.console import Console, Here, Notice, new_key
from rescind.web.seller.order import lines_of
from rescind.web.session import Html


@get("/orders/{order_id:str}/contradictions/{case_id:str}")
async def case(console: Here, order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """One case: what happened, what to do, and what was done."""
    view = await console.desk.reads.order(console.scope, order_id)
    return await _show(console, view, case_id, notice=console.told())


@post("/orders/{order_id:str}/contradictions/{case_id:str}", status_code=200)
async def resolve(console: Here, order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """Say what was done, or how it ended."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    values = {"outcome": form.text("outcome"), "comment": form.text("comment")}
    _ = console.language.gettext
    if not values["outcome"]:
        errors = {"outcome": _("Say what was done, or how it ended")}
        return await _show(console, view, case_id, errors=errors, values=values, status=422)
    try:
        command = ResolveContradiction(
            order=view.order.id,
            contradiction=case_id,
            outcome=values["outcome"],
            comment=console.note(values["comment"]),
        )
        await console.submit(command, view.shop.id, f"resolve:{order_id}:{case_id}", form.text("key"))
    except InvalidText as error:
        errors = {"comment": console.problem(error).text}
        return await _show(console, view, case_id, errors=errors, values=values, status=422)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await _show(console, fresh, case_id, notice=console.problem(error), values=values, status=409)
    return console.go(f"/{reader_of(console)}/orders/{order_id}/contradictions/{case_id}?said=resolved")


async def _show(
    console: Console,
    view: OrderView,
    case_id: str,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    order, language = view.order, console.language
    noted, entries = await load(console, view, "contradiction", order.contradictions, case_id)
    parcels = [one for one in order.parcels if one.handed_over_at or one.delivered_at or one.tracking]
    arrived = bool(parcels) and all(one.delivered_at for one in parcels)
    return console.page(
        "seller/contradiction.html",
        status=status,
        here=f"/{reader_of(console)}/orders/{order.id}/contradictions/{case_id}",
        notice=notice,
        errors=errors or {},
        values=values or {},
        view=view,
        order=order,
        noted=noted,
        stage=stage(order, console.now),
        back=f"/{reader_of(console)}/orders/{order.id}",
        find="/support" if reader_of(console) == "support" else "/seller/orders",
        title=title(language, noted.kind),
        advice=advice(language, noted.kind, arrived=arrived),
        outcomes=[(one, language.term("intercept", one)) for one in _offered(console, noted)],
        done=_done(noted, entries, language),
        refunded=order.given_back,
        parcels=parcels,
        hidden_until=on_hold_until(order, console.now) if console.person.role == "seller" else None,
        lines=lines_of(view, {line.id: line.quantity for line in order.lines}),
        key=new_key(),
        spoken=language.gettext("The case has moved on."),
    )


def title(language: Locale, kind: str) -> str:
    """What does not fit, as a heading."""
    _ = language.gettext
    return {
        "shipped_after_cancel": _("The parcel left although the order is cancelled"),
        "shipped_while_asked": _("The parcel left while a request to cancel was open"),
        "cancelled_inside": _("The parcel left, perhaps with cancelled items in it"),
        "tracking_reused": _("One tracking number stands on two parcels"),
        "shipped_in_hold": _("A parcel was labelled or left in the hold"),
        "shipped_unpaid": _("The goods left, and nobody paid for them"),
        "charged_back": _("The bank took the payment back"),
        "chargeback_lost": _("The bank decided for the buyer: the money stays with them"),
        "chargeback_won": _("The bank decided for the marketplace: the payment stands"),
        "chargeback_silent": _("No word of the bank on a payment that it took back"),
        "refunded_elsewhere": _("Money was paid back outside of this desk"),
        "amounts_differ": _("One payment was told with two amounts"),
    }.get(kind, language.term("contradiction", kind))


def advice(language: Locale, kind: str, *, arrived: bool = False) -> list[str]:
    """What to do, first things first. arrived: the buyer has everything that left; no carrier can turn it back."""
    _ = language.gettext
    if arrived and kind == "shipped_after_cancel":
        return [
            _("The parcel has arrived, so no carrier can turn it back any more."),
            _("The buyer keeps the refund in any case. Ask whether they send the goods back, at your cost."),
        ]
    if arrived and kind == "shipped_while_asked":
        return [
            _("The parcel has arrived, so no carrier can turn it back any more."),
            _("The buyer was waiting for an answer. Tell them how to send the goods back if they still want to."),
        ]
    return {
        "shipped_after_cancel": [
            _("Look at the bench first: is the parcel still there? Then it never left, and is unpacked."),
            _("Call the carrier with the tracking number and have the parcel turned back."),
            _("The buyer keeps the refund in any case, and need not accept the parcel."),
            _("If it cannot be turned back, ask the buyer to refuse it at the door, or accept the loss."),
        ],
        "shipped_while_asked": [
            _("The buyer was waiting for an answer. Call the carrier if the parcel can still be turned back."),
            _("If it goes on, the buyer can send it back after delivery."),
        ],
        "cancelled_inside": [
            _("Some was cancelled after packing began, and nobody said that it was taken out. Ask who packed it."),
            _("If it was taken out, say so here. If not, have the carrier turn the parcel back, or accept the loss."),
            _("The buyer keeps the refund in any case."),
        ],
        "tracking_reused": [
            _("Search the orders for the number: it finds the other parcel."),
            _("Compare both labels. Take the wrong one back on its order's page, and add it again."),
            _("If both parcels really go by one number, write down why."),
        ],
        "shipped_in_hold": [
            _("In the hold the buyer may still think again, and nothing is to be labelled or shipped."),
            _("Keep the parcel here if it has not left, or have the carrier turn it back, until the hold is over."),
            _("If it goes on, a buyer who asked in time is looked at by the platform, and can send it back."),
        ],
        "shipped_unpaid": [
            _("The time to pay is over. Look first whether the payment came by a way that nobody told us of."),
            _("If it did not, have the carrier turn the parcel back, or ask the buyer to pay after all."),
        ],
        "charged_back": [
            _("The buyer's bank has taken the money. Nothing that we owe is paid twice."),
            _("If the goods have not left, keep them here until the bank has decided."),
        ],
        "chargeback_lost": [
            _("The buyer has this money from the bank. What we still owed of it is not sent again."),
            _("Look whether the buyer got a refund besides; nobody can call that back but the buyer."),
        ],
        "chargeback_won": [
            _("The bank gave the payment back. What is owed to the buyer is sent now."),
        ],
        "chargeback_silent": [
            _("Ask the bank or the payment provider how the chargeback ended, and have it reported."),
            _("Until then what we owe on this payment is not sent, because it could be paid twice."),
        ],
        "refunded_elsewhere": [
            _("Somebody paid the buyer back past this desk. What we still owed of it is not sent again."),
            _("Find out who did, and why: refunds that start here cannot be paid twice."),
        ],
        "amounts_differ": [
            _("Ask the bank or the payment provider which amount is right. Until then nothing is paid twice."),
        ],
    }.get(kind, [])


def _offered(console: Console, noted: Contradiction) -> tuple[str, ...]:
    """The steps this reader may take: what the bank did is for the platform to look at."""
    if console.person.role == "seller" and noted.kind in PLATFORM_ONLY:
        return ()
    return steps(noted)


def _done(noted: Contradiction, entries: tuple[TimelineEntry, ...], language: Locale) -> list[dict[str, Any]]:
    """What was done about it so far, oldest first."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        event = entry.record.event
        if isinstance(event, ContradictionResolved) and event.id == noted.id:
            words = entry.notes.get(event.comment.id, "") if event.comment else ""
            text = language.term("intercept", event.outcome)
            found.append(
                {
                    "at": event.at,
                    "actor": event.by,
                    "text": text,
                    "detail": words,
                    "icon": "check" if event.closed else "phone",
                    "tone": "good" if event.closed else "wait",
                }
            )
    return found


ROUTES = (case, resolve)
