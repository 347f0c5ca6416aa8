"""Offering something instead of a yes or a no: money for keeping the goods, or a later day to ship."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from litestar import post
from litestar.params import FromPath

from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind, most
from rescind.core.order import Order
from rescind.web.seller.console import Console, Fields, Here
from rescind.web.seller.request import HOME, find_case, show
from rescind.web.session import Html

LONGEST = timedelta(days=366)
"""How far away a later shipment may be."""


@post("/requests/{case_id:str}/offer", status_code=200)
async def offer(console: Here, case_id: FromPath[str]) -> Html:
    """Put something on the table; the request's clock goes on."""
    form = await console.form()
    row = await find_case(console, case_id)
    order = (await console.desk.reads.order(console.scope, row.order_id)).order
    names = ("offer", "offer_amount", "offer_share", "offer_material", "offer_labour", "ship_by", "offer_comment")
    values = {name: form.text(name) for name in names}
    try:
        command, errors = _command(console, order, case_id, form)
        if command is None:
            return await show(console, row, errors=errors, values=values, status=422)
        await console.submit(command, row.shop_id, f"offer:{case_id}", form.text("key"))
    except InvalidText as error:
        return await show(
            console, row, errors={"offer_comment": console.problem(error).text}, values=values, status=422
        )
    except RescindError as error:
        return await show(console, await find_case(console, case_id), error=error, values=values, status=409)
    return console.go(f"{HOME}/{case_id}?said=offered")


@post("/requests/{case_id:str}/offer-answer", status_code=200)
async def answer_counter(console: Here, case_id: FromPath[str]) -> Html:
    """Take what the buyer offers in return, or decline it; the request's clock goes on."""
    form = await console.form()
    row = await find_case(console, case_id)
    number = form.text("number")
    command = AnswerOffer(
        order=row.order_id,
        cancellation=CancellationId(case_id),
        number=int(number) if number.isascii() and number.isdigit() and len(number) < _DIGITS else 0,
        accept=form.text("answer") == "accept",
    )
    try:
        await console.submit(command, row.shop_id, f"offer-answer:{case_id}", form.text("key"))
    except RescindError as error:
        return await show(console, await find_case(console, case_id), error=error, status=409)
    return console.go(f"{HOME}/{case_id}")


_DIGITS = 4


def _command(console: Console, order: Order, case_id: str, form: Fields) -> tuple[MakeOffer | None, dict[str, str]]:
    """The command, or what is wrong with the form by field. Raises InvalidText."""
    _ = console.language.gettext
    comment = console.note(form.text("offer_comment"), "offer_comment")
    cancellation = CancellationId(case_id)
    match form.text("offer"):
        case OfferKind.PARTIAL_REFUND:
            limit = Money(most(order), order.currency)
            amount = _amount(form.text("offer_amount"), order.currency)
            if amount is None or not 0 < amount.minor <= limit.minor:
                text = _("Enter an amount up to %(amount)s, such as 5.00") % {"amount": console.language.money(limit)}
                return None, {"offer_amount": text}
            kind = OfferKind.PARTIAL_REFUND
            return (
                MakeOffer(
                    order=order.id, cancellation=cancellation, kind=kind, amount_minor=amount.minor, comment=comment
                ),
                {},
            )
        case OfferKind.SHIP_LATER:
            ship_by = _end_of_day(form.text("ship_by"), console.zone)
            if ship_by is None or not console.now < ship_by < console.now + LONGEST:
                return None, {"ship_by": _("Choose a day within a year from today")}
            kind = OfferKind.SHIP_LATER
            return (
                MakeOffer(order=order.id, cancellation=cancellation, kind=kind, ship_by=ship_by, comment=comment),
                {},
            )
        case OfferKind.KEEP_ITEM:
            share = form.text("offer_share")
            if not (share.isascii() and share.isdigit() and 0 < int(share) <= _WHOLE):
                return None, {"offer_share": _("Enter a whole number from 1 to 100")}
            kind = OfferKind.KEEP_ITEM
            return (
                MakeOffer(
                    order=order.id, cancellation=cancellation, kind=kind, share_bps=int(share) * 100, comment=comment
                ),
                {},
            )
        case OfferKind.CANCEL_WITH_COSTS:
            material = _amount(form.text("offer_material") or "0", order.currency)
            labour = _amount(form.text("offer_labour") or "0", order.currency)
            if material is None or labour is None or material.minor + labour.minor <= 0:
                return None, {"offer_material": _("Enter amounts such as 5.00")}
            if comment is None:
                return None, {"offer_comment": _("Say what material and what work it was")}
            kind = OfferKind.CANCEL_WITH_COSTS
            return (
                MakeOffer(
                    order=order.id,
                    cancellation=cancellation,
                    kind=kind,
                    material_minor=material.minor,
                    labour_minor=labour.minor,
                    comment=comment,
                ),
                {},
            )
        case _:
            return None, {"offer": _("Choose what to offer")}


_WHOLE = 100


def _amount(text: str, currency: str) -> Money | None:
    try:
        return Money.parse(text.replace(",", "."), currency)
    except InvalidField:
        return None


def _end_of_day(text: str, zone: str) -> Instant | None:
    """The instant at which this day is over where the shop is."""
    try:
        following = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(following, time(), ZoneInfo(zone))
