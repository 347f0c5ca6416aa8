"""Calling the platform: on what ground, with what was said attached by itself (M-20)."""

from __future__ import annotations

import hashlib
import secrets
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core import escalation
from rescind.core.errors import InvalidField, InvalidText, InvalidTransition
from rescind.core.escalation import BREACHES, Escalate
from rescind.core.ports import Fingerprint, Key
from rescind.engine import Submission
from rescind.intake.text import words as checked
from rescind.web.buyer.matter import Matter, load
from rescind.web.session import Html, Visit

LONGEST = 1000


@get("/orders/{order_id:str}/platform")
async def page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """The form, with the grounds that hold now and what has to be waited for."""
    found = await load(visit, order_id)
    return await _show(visit, found, {"ground": visit.query("ground")}, {})


@post("/orders/{order_id:str}/platform", status_code=HTTPStatus.OK)
async def call(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Call it; the same form sent twice is one call."""
    fields = await visit.form()
    found = await load(visit, order_id)
    _ = visit.locale.gettext
    errors: dict[str, str] = {}
    ground, comment = fields.get("ground", ""), ""
    try:
        comment = checked(fields.get("comment", ""), field="comment", limit=LONGEST, blank=True)
    except InvalidText:
        errors["comment"] = _("Write at most %(count)s characters, without invisible ones") % {"count": LONGEST}
    if ground not in escalation.GROUNDS:
        errors["ground"] = _("Say why you call the platform")
    elif ground in BREACHES and not comment and not errors:
        errors["comment"] = _("Say in a few words what happened")
    if errors:
        return await _show(visit, found, fields, errors)
    attached, since = await visit.desk.conversations.attached(found.order)
    command = Escalate(
        order=found.order.id,
        ground=ground,
        comment=visit.desk.note(comment) if comment else None,
        attached=attached,
        unanswered_since=since,
    )
    person = visit.person
    try:
        await visit.desk.engine.handle(
            Submission(
                command=command,
                actor=person.actor(),
                key=Key(
                    shop=found.order.shop,
                    principal=person.by,
                    route="page:platform",
                    key=fields.get("key", "") or secrets.token_urlsafe(18),
                ),
                fingerprint=Fingerprint(hashlib.sha256(msgspec.json.encode([ground, comment])).digest()),
            )
        )
    except InvalidField:
        return await _show(visit, found, fields, {"ground": _("This is not so yet. See below when it will be.")})
    except InvalidTransition:
        return visit.go(f"{found.path}#called")
    return visit.go(f"{found.path}#called")


async def _show(visit: Visit, found: Matter, values: dict[str, str], errors: dict[str, str]) -> Html:
    attached, since = await visit.desk.conversations.attached(found.order)
    listed = escalation.possible(found.order, found.terms, since, visit.now)
    waits = since + escalation.answer_time(found.terms) if since and escalation.SILENT not in listed else None
    return visit.page(
        "buyer/platform.html",
        zone=found.zone,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        here=f"{found.path}/platform",
        live=False,
        m=found,
        order=found.order,
        grounds=[{"value": one, "label": visit.locale.term("escalation", one)} for one in listed],
        waits=waits if listed else None,
        attached=attached,
        written=attached.messages + sum(one.messages for one in attached.before) if attached else 0,
        values=values,
        errors=errors,
        key=values.get("key") or secrets.token_urlsafe(18),
    )


ROUTES = (page, call)
