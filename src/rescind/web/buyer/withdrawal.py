"""Withdrawing from the contract, or sending goods back without a reason, where a law allows it (2011/83/EU, art. 11a).

Two steps: the order's page leads to the statement, the statement's one button confirms it. Then it is acknowledged, on
a page and in a file to keep.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core import reimbursement
from rescind.core.acknowledgement import Declared, declarations
from rescind.core.errors import InvalidText, NotFound, NoWithdrawal, QuantityNotOpen
from rescind.core.ports import Fingerprint, Key
from rescind.core.withdrawal import DeclareWithdrawal, Follows, Right, follows
from rescind.engine import Submission
from rescind.intake.text import LABEL, label
from rescind.web.acknowledgement import Acknowledged, acknowledged, pays, statement, text
from rescind.web.buyer.matter import Matter, load
from rescind.web.reimbursement import sums
from rescind.web.session import Html, Visit

ROUTE = "page:withdrawal"


@dataclass(slots=True)
class Form:
    """What was typed, kept whatever happens to it. to: where the acknowledgement should go."""

    name: str = ""
    to: str = ""
    key: str = ""
    typed: dict[str, str] = field(default_factory=dict[str, str])
    units: dict[str, int] = field(default_factory=dict[str, int])
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def wrong_units(self) -> list[str]:
        """What is wrong with quantities."""
        return [said for at, said in self.errors if at.startswith("units-")]

    def error(self, name: str) -> str:
        """The first thing that is wrong with a field."""
        return next((said for at, said in self.errors if at == name), "")


@get("/orders/{order_id:str}/withdrawal")
async def statement_page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """The statement, filled in as far as it is known: everything that may be withdrawn from. Raises NoWithdrawal."""
    found = await load(visit, order_id)
    may = _right(found)
    buyer = found.view.buyer
    form = Form(name=buyer.name, to=buyer.email, key=secrets.token_urlsafe(18), units=dict(may.lines))
    return await _show(visit, found, may, form)


@post("/orders/{order_id:str}/withdrawal", status_code=HTTPStatus.OK)
async def confirm(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Withdraw, and lead to the acknowledgement. The same form sent twice leads to the one it made."""
    fields = await visit.form()
    found = await load(visit, order_id)
    key = fields.get("key", "")
    if (made := next((one for one in await _declared(visit, found) if key and one.key == key), None)) is not None:
        return visit.go(f"{found.path}/withdrawals/{made.id}?sent=1")
    may = _right(found)
    form = _read(visit, found, may, fields)
    if fields.get("step") == "quote":
        # What comes back is worked out while the rest is still being filled in.
        form.errors = [error for error in form.errors if error[0].startswith("units-")]
        return await _show(visit, found, may, form)
    if form.errors:
        return await _show(visit, found, may, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    person = visit.person
    said = statement(visit.locale, found.view, form.name, form.to, sends_back=may.sends_back)
    try:
        await visit.desk.engine.handle(
            Submission(
                command=DeclareWithdrawal(order=found.order.id, statement=visit.desk.note(said), lines=form.units),
                actor=person.actor(),
                key=Key(shop=found.order.shop, principal=person.by, route=ROUTE, key=key),
                fingerprint=Fingerprint(
                    hashlib.sha256(msgspec.json.encode([form.name, form.to, sorted(form.units.items())])).digest()
                ),
            )
        )
    except QuantityNotOpen:
        found = await load(visit, order_id)
        may = _right(found)
        first = next(iter(_places(found, may)), "units-0")
        form.errors.append((first, visit.locale.gettext("The order has moved on. Look once more at what is left.")))
        return await _show(visit, found, may, form, status=HTTPStatus.CONFLICT)
    made = (await _declared(visit, found))[-1]
    return visit.go(f"{found.path}/withdrawals/{made.id}?sent=1")


@get("/orders/{order_id:str}/withdrawals/{declared_id:str}")
async def acknowledgement_page(
    visit: NamedDependency[Visit], order_id: FromPath[str], declared_id: FromPath[str]
) -> Html:
    """That it was received, when, and what follows."""
    found = await load(visit, order_id)
    return visit.page(
        "buyer/acknowledgement.html",
        zone=found.zone,
        live=False,
        here=f"{found.path}/withdrawals/{declared_id}",
        m=found,
        order=found.order,
        told=await _told(visit, found, declared_id),
        sent=visit.query("sent") == "1",
    )


@get("/orders/{order_id:str}/withdrawals/{declared_id:str}/file")
async def acknowledgement_file(
    visit: NamedDependency[Visit], order_id: FromPath[str], declared_id: FromPath[str]
) -> Response[str]:
    """The same as a file to keep."""
    found = await load(visit, order_id)
    told = await _told(visit, found, declared_id)
    return Response(
        text(visit.locale, found.view, told),
        media_type="text/plain",
        headers={"Content-Disposition": f'attachment; filename="withdrawal-{told.declared.id}.txt"'},
    )


def _right(found: Matter) -> Right:
    """The right, while it is there. Raises NoWithdrawal."""
    if found.withdrawal is None:
        raise NoWithdrawal(until=None)
    return found.withdrawal


async def _declared(visit: Visit, found: Matter) -> tuple[Declared, ...]:
    entries = await visit.desk.reads.timeline(visit.scope, found.order.id)
    return declarations((entry.record, entry.notes) for entry in entries)


async def _told(visit: Visit, found: Matter, declared_id: str) -> Acknowledged:
    """A declaration of this order in words. Raises NotFound."""
    one = next((one for one in await _declared(visit, found) if one.id == declared_id), None)
    if one is None:
        raise NotFound(kind="withdrawal")
    context = await visit.desk.context(found.order, found.terms)
    bound = follows(found.order, found.terms, context, one.at)
    entries = await visit.desk.reads.timeline(visit.scope, found.order.id)
    money = reimbursement.declared(
        (entry.record for entry in entries), one, price_alone=bound is not None and bound.sends_back
    )
    return acknowledged(visit.locale, found.view, one, bound, money, visit.zone or found.zone)


def _read(visit: Visit, found: Matter, may: Right, fields: dict[str, str]) -> Form:
    _ = visit.locale.gettext
    form = Form(name=fields.get("name", ""), to=fields.get("to", ""), key=fields.get("key", ""))
    places = _places(found, may)
    for place, line in places.items():
        most = may.lines[line]
        typed = form.typed[line] = fields.get(place, "0").strip() or "0"
        if not typed.isascii() or not typed.isdigit() or int(typed[:9]) > most:
            told = _("Choose a number from 0 to %(most)s for %(item)s")
            form.errors.append((place, told % {"most": most, "item": found.words(line).title}))
        elif int(typed):
            form.units[line] = int(typed)
    if not form.units and not form.errors:
        form.errors.append((next(iter(places)), _("Choose at least one item")))
    for name, told in (("name", _("Give your name")), ("to", _("Say where the acknowledgement should be sent"))):
        try:
            setattr(form, name, label(getattr(form, name), field=name, blank=False))
        except InvalidText:
            wrong = _("Write at most %(count)s characters, without invisible ones") % {"count": LABEL}
            form.errors.append((name, wrong if getattr(form, name).strip() else told))
    return form


def _places(found: Matter, may: Right) -> dict[str, str]:
    """The lines that may be withdrawn from, by the name of the field of their quantity."""
    return {f"units-{place}": line.id for place, line in enumerate(found.order.lines) if line.id in may.lines}


async def _show(visit: Visit, found: Matter, may: Right, form: Form, *, status: HTTPStatus = HTTPStatus.OK) -> Html:
    _ = visit.locale.gettext
    context = await visit.desk.context(found.order, found.terms)
    bound: Follows | None = follows(found.order, found.terms, context, visit.now)
    assert bound is not None, "who has the right has a law that says what follows"
    money = None
    if form.units and not form.wrong_units:
        money = reimbursement.ahead(
            found.order, form.units, found.terms, context, visit.now, price_alone=may.sends_back
        )
    return visit.page(
        "buyer/withdrawal.html",
        zone=found.zone,
        status=status,
        live=False,
        here=f"{found.path}/withdrawal",
        m=found,
        order=found.order,
        form=form,
        may=may,
        pays=pays(visit.locale, bound, back=found.left),
        sums=sums(visit.locale, money, found.order, found.titles(), sends_back=may.sends_back, nowhere=found.nowhere)
        if money
        else (),
        choices=[
            {
                "field": f"units-{place}",
                "words": found.words(line.id),
                "quantity": may.lines.get(line.id, line.open),
                "left": may.lines.get(line.id, 0),
                "chosen": form.typed.get(line.id, str(form.units.get(line.id, 0))),
                "error": form.error(f"units-{place}"),
                "note": "" if line.id in may.lines else _("Made for you, not to be sold again, or withdrawn already."),
            }
            for place, line in enumerate(found.order.lines)
            if line.open
        ],
    )


ROUTES = (statement_page, confirm, acknowledgement_page, acknowledgement_file)
