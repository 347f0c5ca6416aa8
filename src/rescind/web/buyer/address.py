"""Putting the address right, while a person looks at the order: what is wrong where, and a form with what was told."""

from __future__ import annotations

import secrets
import unicodedata
from hashlib import sha256
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.details import Details, Recipient
from rescind.core.errors import RescindError
from rescind.core.ports import Fingerprint, Key
from rescind.core.review import FIELDS as AT_FAULT
from rescind.core.review import OF_RECIPIENT, CorrectRecipient, correctable, waiting
from rescind.core.terms import undeliverable
from rescind.engine import Submission
from rescind.intake.checks import check_recipient
from rescind.intake.postal import countries, wanted
from rescind.intake.text import label, words
from rescind.web.buyer.matter import Matter, load
from rescind.web.session import Html, Visit

FIELDS = tuple(Recipient.__struct_fields__)


@get("/orders/{order_id:str}/address")
async def address_page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """The form; an order that nobody looks at has none."""
    found = await load(visit, order_id)
    if not correctable(found.order, visit.now):
        return visit.go(found.path)
    return _page(visit, found, msgspec.structs.asdict(found.view.details.recipient))


def _page(visit: Visit, found: Matter, values: dict[str, str], *, wrong: str = "", status: int = 200) -> Html:
    review = waiting(found.order)
    assert review is not None, "the page is for an order in review"
    faults = [code for code in review.found if code in OF_RECIPIENT]
    names = sorted(((code, visit.locale.country(code)) for code in countries()), key=_alphabetical)
    return visit.page(
        "buyer/address.html",
        zone=found.zone,
        live=False,
        status=status,
        m=found,
        order=found.order,
        values=values,
        errors={AT_FAULT[code]: visit.locale.term("finding", code) for code in reversed(faults) if code in AT_FAULT},
        found=[visit.locale.term("finding", code) for code in faults if code not in AT_FAULT],
        wanted=wanted(values["country"]),
        countries=[("", ""), *names],
        must=undeliverable(faults),
        due_at=review.due_at,
        then=visit.locale.term("silence", review.on_silence) if review.on_silence else "",
        wrong=wrong,
        key=secrets.token_urlsafe(18),
    )


@post("/orders/{order_id:str}/address", status_code=HTTPStatus.SEE_OTHER)
async def correct(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Keep what was written, and see what the checks say of it now."""
    form = await visit.form()
    found = await load(visit, order_id)
    values = {name: form.get(name, "").strip() for name in FIELDS}
    if not correctable(found.order, visit.now):
        return visit.go(found.path)
    try:
        to = Recipient(**{name: _clean(name, value) for name, value in values.items()})
    except RescindError:
        text = visit.locale.gettext("A field is too long, or holds characters that cannot be kept.")
        return _page(visit, found, values, wrong=text, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    person, left, kept = visit.person, check_recipient(to), found.view.details.recipient
    submission = Submission(
        command=CorrectRecipient(order=found.order.id, found=left, changed=to != kept),
        actor=person.actor(),
        key=Key(
            shop=found.order.shop,
            principal=person.by,
            route=f"page:address:{found.order.id}",
            key=form.get("key", ""),
        ),
        fingerprint=Fingerprint(sha256(msgspec.json.encode(to)).digest()),
        details=Details(recipient=to),
    )
    try:
        await visit.desk.engine.handle(submission)
    except RescindError:
        return visit.go(found.path)
    if not left:
        return visit.go(found.path)
    _ = visit.locale.gettext
    text = (
        _("Nothing was saved, because nothing is different. What needs your attention is marked below.")
        if to == kept
        else _("Saved. Something still does not look right: it is marked below.")
    )
    again = await load(visit, order_id)
    if not correctable(again.order, visit.now):
        return visit.go(found.path)
    return _page(visit, again, values, wrong=text, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _alphabetical(country: tuple[str, str]) -> bytes:
    # GB 18030 has the common characters in the order of their sound, and letters as they are.
    return unicodedata.normalize("NFD", country[1]).encode("gb18030")


def _clean(name: str, value: str) -> str:
    if name == "country":
        return value.upper()[:2] if value.isascii() and value.isalpha() else ""
    if name == "street":
        return words(value, field="/street", limit=400, blank=True)
    return label(value, field=f"/{name}")


ROUTES = (address_page, correct)
