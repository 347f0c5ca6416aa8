"""A return case of a buyer's: the form that opens it, and the page that says whose move it is and how it ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core import returns
from rescind.core.errors import InvalidText, InvalidTransition, NotFound, QuantityNotOpen, StaleOrder
from rescind.core.exhibits import case_of, talk
from rescind.core.ids import ReturnId
from rescind.core.lifecycle import Command
from rescind.core.parts import ReturnCase
from rescind.core.policy import Reason
from rescind.core.ports import Fingerprint, Key
from rescind.core.returns import AddToReturn, OpenReturn, Wish, WithdrawReturn
from rescind.engine import Outcome, Submission
from rescind.intake.text import words as checked
from rescind.locales import Locale
from rescind.web import evidence
from rescind.web.buyer.matter import Matter, history, load
from rescind.web.buyer.orders import parcel_words
from rescind.web.evidence import SENT_AT_ONCE, Brought
from rescind.web.return_words import conversation, return_rows, sentence
from rescind.web.session import Html, Visit

LONGEST_COMMENT = 1000


@dataclass(slots=True)
class Form:
    """What was typed, kept whatever happens to it."""

    reason: str = ""
    wish: str = ""
    comment: str = ""
    key: str = ""
    typed: dict[str, str] = field(default_factory=dict[str, str])
    units: dict[str, int] = field(default_factory=dict[str, int])
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def error(self, name: str) -> str:
        """The first thing that is wrong with a field."""
        return next((text for at, text in self.errors if at == name), "")


@get("/orders/{order_id:str}/return")
async def return_page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """What follows when an order can no longer be cancelled: the ways back, and the form for support (M-42, M-43).

    Of an order that has not left there is nothing to return: it is cancelled, or it was.
    """
    found = await load(visit, order_id)
    if not found.left:
        return visit.go(f"{found.path}/cancel" if found.order.open_units() else found.path)
    left = returns.returnable(found.order, visit.now)
    alone = left if sum(left.values()) == 1 else {}
    return await _show(visit, found, Form(reason=visit.query("reason"), key=secrets.token_urlsafe(18), units=alone))


@post("/orders/{order_id:str}/return", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def open_return(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Check the form and open the case. The same form sent twice leads to the one case it made."""
    fields = await visit.form()
    found = await load(visit, order_id)
    key = fields.get("key", "")
    if (made := await _made(visit, found, key)) is not None:
        return visit.go(f"{found.path}/returns/{made}?sent=1")
    files = await evidence.brought(visit, found.order.id)
    form = await _read(visit, found, fields, files)
    if form.errors:
        return await _show(visit, found, form, files, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    command = OpenReturn(
        order=found.order.id,
        reason=form.reason,
        wish=Wish(form.wish),
        lines=form.units,
        comment=visit.desk.note(form.comment) if form.comment else None,
        evidence=files.refs,
    )
    said = [form.reason, form.wish, sorted(form.units.items()), form.comment, [one.id for one in files.refs]]
    try:
        outcome = await _send(visit, found, command, "page:return", key, said)
    except (StaleOrder, InvalidTransition, QuantityNotOpen):
        found = await load(visit, order_id)
        form.errors.append(("units-0", visit.locale.gettext("The order has moved on. Look once more at what is left.")))
        return await _show(visit, found, form, files, status=HTTPStatus.CONFLICT)
    return visit.go(f"{found.path}/returns/{outcome.order.returns[-1].id}?sent=1")


async def _made(visit: Visit, found: Matter, key: str) -> str | None:
    """The case this very form opened when it was sent before."""
    for entry in await visit.desk.reads.timeline(visit.scope, found.order.id):
        if key and entry.record.key == key and (case := case_of(entry.record)):
            return case
    return None


async def _read(visit: Visit, found: Matter, fields: dict[str, str], files: Brought) -> Form:
    _ = visit.locale.gettext
    form = Form(
        reason=fields.get("reason", ""),
        wish=fields.get("wish", ""),
        comment=fields.get("comment", ""),
        key=fields.get("key", ""),
    )
    listed = {one.code: one for one in await _reasons(visit, found)}
    needs = listed[form.reason].needs if form.reason in listed else ()
    if form.reason not in listed:
        form.errors.append(("reason", _("Say what is wrong")))
    _units(visit, found, fields, form)
    if "comment" in needs and not form.comment.strip():
        form.errors.append(("comment", _("Say in a few words what is wrong")))
    form.comment = _comment(visit, form.comment, form.errors)
    if files.error:
        form.errors.append(("files", files.error))
    elif "evidence" in needs and not files.refs:
        form.errors.append(("files", _("Add a photo or a document that shows it")))
    if form.wish not in set(Wish):
        form.errors.append(("wish", _("Say what you would like")))
    return form


def _comment(visit: Visit, text: str, errors: list[tuple[str, str]]) -> str:
    try:
        return checked(text, field="comment", limit=LONGEST_COMMENT, blank=True)
    except InvalidText:
        told = visit.locale.gettext("Write at most %(count)s characters, without invisible ones")
        errors.append(("comment", told % {"count": LONGEST_COMMENT}))
        return text


def _units(visit: Visit, found: Matter, fields: dict[str, str], form: Form) -> None:
    _ = visit.locale.gettext
    left = returns.returnable(found.order, visit.now)
    for place, line in enumerate(found.order.lines):
        most = left.get(line.id, 0)
        text = form.typed[line.id] = fields.get(f"units-{place}", "0").strip() or "0"
        if not text.isascii() or not text.isdigit() or int(text[:9]) > most:
            told = _("Choose a number from 0 to %(most)s for %(item)s")
            form.errors.append((f"units-{place}", told % {"most": most, "item": found.words(line.id).title}))
        elif int(text):
            form.units[line.id] = int(text)
    if not form.units and not any(at.startswith("units-") for at, _said in form.errors):
        first = next((place for place, line in enumerate(found.order.lines) if left.get(line.id)), 0)
        form.errors.append((f"units-{first}", _("Choose at least one item")))


async def _reasons(visit: Visit, found: Matter) -> tuple[Reason, ...]:
    return await visit.desk.reasons(found.order, "returns")


async def _show(
    visit: Visit, found: Matter, form: Form, files: Brought | None = None, *, status: HTTPStatus = HTTPStatus.OK
) -> Html:
    order = found.order
    left = returns.returnable(order, visit.now)
    listed = await _reasons(visit, found) if left else ()
    places = {line.id: place for place, line in enumerate(order.lines)}
    return visit.page(
        "buyer/return.html",
        zone=found.zone,
        status=status,
        here=f"{found.path}/return",
        live=False,
        m=found,
        order=order,
        form=form,
        parcels=[parcel_words(found, parcel) for parcel in order.parcels],
        choices=[
            {
                "field": f"units-{places[line]}",
                "words": found.words(line),
                "left": count,
                "chosen": form.typed.get(line, str(form.units.get(line, 0))),
                "error": form.error(f"units-{places[line]}"),
            }
            for line, count in left.items()
        ],
        reasons=[_option(visit.locale, one) for one in listed],
        wishes=[{"value": one.value, "label": visit.locale.term("wish", one.value)} for one in Wish],
        files=evidence.field(visit, files.tiles if files else (), form.error("files")),
        cases=return_rows(visit.locale, order, found.path),
    )


def _option(locale: Locale, one: Reason) -> dict[str, str]:
    hint = ""
    if "evidence" in one.needs:
        hint = locale.gettext("Needs a photo or a document")
    elif "comment" in one.needs:
        hint = locale.gettext("Needs a few words")
    return {"value": one.code, "label": locale.term("return_reason", one.code), "hint": hint}


# --- one case --------------------------------------------------------------------------------------------------------


def find(found: Matter, case_id: str) -> ReturnCase:
    """A case of this order. Raises NotFound."""
    case = next((one for one in found.order.returns if one.id == case_id), None)
    if case is None:
        raise NotFound(kind="return")
    return case


@get("/orders/{order_id:str}/returns/{case_id:str}")
async def case_page(visit: NamedDependency[Visit], order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """The case as it stands."""
    found = await load(visit, order_id)
    return await _show_case(visit, found, find(found, case_id))


async def _show_case(
    visit: Visit,
    found: Matter,
    case: ReturnCase,
    *,
    files: Brought | None = None,
    comment: str = "",
    errors: list[tuple[str, str]] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Html:
    entries, _told = await history(visit, found)
    errors = errors or []
    return visit.page(
        "buyer/case.html",
        zone=found.zone,
        status=status,
        here=f"{found.path}/returns/{case.id}",
        m=found,
        order=found.order,
        case=case,
        number=returns.number(found.order, case),
        sentence=sentence(visit.locale, case),
        goods=goods(found, case),
        said=conversation(
            visit.locale, found.order.id, talk([(one.record, one.notes) for one in entries], case.id), "buyer"
        ),
        files=evidence.field(visit, files.tiles if files else (), dict(errors).get("files", "")),
        comment=comment,
        errors=errors,
        key=secrets.token_urlsafe(18),
        sent=visit.query("sent") == "1",
        late=visit.query("late") == "1",
    )


def goods(found: Matter, case: ReturnCase) -> list[dict[str, object]]:
    """What a case is about."""
    return [
        {
            "title": found.words(line).title,
            "variant": found.words(line).variant,
            "quantity": count,
            "image": found.words(line).image,
        }
        for line, count in case.lines.items()
    ]


@post("/orders/{order_id:str}/returns/{case_id:str}/add", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def add(visit: NamedDependency[Visit], order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """Answer support, or say and show more."""
    fields = await visit.form()
    found = await load(visit, order_id)
    case = find(found, case_id)
    files = await evidence.brought(visit, found.order.id)
    errors: list[tuple[str, str]] = []
    comment = _comment(visit, fields.get("comment", ""), errors)
    if files.error:
        errors.append(("files", files.error))
    elif not comment and not files.refs:
        errors.append(("comment", visit.locale.gettext("Write something, or add a file")))
    if errors:
        return await _show_case(
            visit, found, case, files=files, comment=comment, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    command = AddToReturn(
        order=found.order.id,
        case=ReturnId(case.id),
        comment=visit.desk.note(comment) if comment else None,
        evidence=files.refs,
    )
    said = [case.id, comment, [one.id for one in files.refs]]
    try:
        await _send(visit, found, command, "page:return-add", fields.get("key", ""), said, fresh=False)
    except InvalidTransition:
        return visit.go(f"{found.path}/returns/{case.id}?late=1")
    return visit.go(f"{found.path}/returns/{case.id}")


@post("/orders/{order_id:str}/returns/{case_id:str}/withdraw", status_code=HTTPStatus.SEE_OTHER)
async def withdraw(visit: NamedDependency[Visit], order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """Nothing is needed any more."""
    await visit.form()
    found = await load(visit, order_id)
    case = find(found, case_id)
    command = WithdrawReturn(order=found.order.id, case=ReturnId(case.id))
    try:
        await _send(visit, found, command, "page:return-withdraw", f"withdraw-{case.id}", [case.id], fresh=False)
    except InvalidTransition:
        return visit.go(f"{found.path}/returns/{case.id}?late=1")
    return visit.go(f"{found.path}/returns/{case.id}")


async def _send(
    visit: Visit, found: Matter, command: Command, route: str, key: str, said: list[Any], *, fresh: bool = True
) -> Outcome:
    """``fresh``: the order must be as the form was checked against it."""
    person = visit.person
    return await visit.desk.engine.handle(
        Submission(
            command=command,
            actor=person.actor(),
            key=Key(shop=found.order.shop, principal=person.by, route=route, key=key),
            fingerprint=Fingerprint(hashlib.sha256(msgspec.json.encode(said)).digest()),
            expected_version=found.order.version if fresh else None,
        )
    )


ROUTES = (return_page, open_return, case_page, add, withdraw)
