"""A note to the shop: written on the order's page, read before the parcel leaves, and never more than a note (M-18)."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.errors import InvalidField, InvalidText, InvalidTransition, OrderFull, RescindError, Unavailable
from rescind.core.order_note import LONGEST, AddNote, may_hold, wish_of
from rescind.core.ports import Fingerprint, Key
from rescind.engine import Submission
from rescind.intake.text import words as checked
from rescind.locales import Locale
from rescind.web.buyer import orders
from rescind.web.buyer.matter import Matter, load
from rescind.web.order_notes import Typed
from rescind.web.session import Html, Visit


@post("/orders/{order_id:str}/notes", status_code=HTTPStatus.OK)
async def add(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Keep a note. One that asks for another address is first shown as it was understood, where that may hold it."""
    fields = await visit.form()
    found = await load(visit, order_id)
    typed = Typed(text=fields.get("note", ""))
    typed.key = fields.get("key", "") or typed.key
    try:
        text = checked(typed.text, field="note", limit=LONGEST)
    except InvalidText:
        typed.error = _wrong(visit.locale, typed.text)
        return await orders.show(visit, found, note=typed)
    asks = wish_of(text) == "address"
    if asks and "understood" not in fields and may_hold(found.order, found.terms, visit.now):
        return _ask(visit, found, text, typed.key)
    hold = fields.get("hold") == "1" and asks
    person = visit.person
    submission = Submission(
        command=AddNote(order=found.order.id, comment=visit.desk.note(text), hold=hold),
        actor=person.actor(),
        key=Key(
            shop=found.order.shop,
            principal=person.by,
            route=f"page:note:{found.order.id}",
            key=typed.key,
        ),
        fingerprint=Fingerprint(hashlib.sha256(msgspec.json.encode([text, hold])).digest()),
    )
    try:
        await visit.desk.engine.handle(submission)
    except InvalidTransition:
        # It left, or was cancelled, while the note was written: the page says why there is no form.
        return await orders.show(visit, await load(visit, order_id))
    except InvalidField:
        # Somebody looks already, or a label says by now where it goes: the note is kept as one.
        return _ask(visit, await load(visit, order_id), text, Typed().key, late=True)
    except (OrderFull, Unavailable) as fault:
        typed.error = visit.locale.pgettext("problem.title", fault.code)
        return await orders.show(visit, found, note=typed)
    except RescindError:
        return visit.go(f"{found.path}#notes")
    return visit.go(f"{found.path}#notes")


def _wrong(locale: Locale, text: str) -> str:
    _ = locale.gettext
    if not text.strip():
        return _("Write something")
    return _("Write at most %(count)s characters, without invisible ones") % {"count": locale.number(LONGEST)}


def _ask(visit: Visit, found: Matter, text: str, key: str, *, late: bool = False) -> Html:
    """The page that says what was understood."""
    return visit.page(
        "buyer/note.html",
        zone=found.zone,
        status=HTTPStatus.CONFLICT if late else HTTPStatus.OK,
        here=found.path,
        live=False,
        m=found,
        order=found.order,
        text=text,
        key=key,
        late=late,
    )


ROUTES = (add,)
