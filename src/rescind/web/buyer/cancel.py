"""Asking to cancel: which items, why, and what comes back, in one form that shows everything before it is sent."""

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

from rescind.core.cancellation import RequestCancellation, Said
from rescind.core.cancellation.said import as_said
from rescind.core.errors import AmountChanged, InvalidField, InvalidText, InvalidTransition, StaleOrder
from rescind.core.event import Note
from rescind.core.money import Money
from rescind.core.outlook import Answer
from rescind.core.ports import Fingerprint, Key
from rescind.core.stage import Stage
from rescind.engine import Submission
from rescind.intake.text import words as checked
from rescind.web import quote_words
from rescind.web.buyer import words
from rescind.web.buyer.matter import Matter, load
from rescind.web.buyer.reasons import NEAREST, nearest
from rescind.web.evidence import SENT_AT_ONCE, Brought, brought
from rescind.web.evidence import field as file_field
from rescind.web.session import Html, Visit

LONGEST_COMMENT = 500
ROUTE = "page:cancel"
WITHDRAWAL = "withdrawal"
"""The reason of whoever means the right that a law gives, which has a page of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the first block. ``field``: name of its quantity; ``off``: why it cannot be chosen."""

    line: str
    field: str
    title: str
    variant: str
    image: str
    open: int
    chosen: str
    amount_minor: int
    note: str = ""
    off: str = ""
    off_why: str = ""


@dataclass(slots=True)
class Form:
    """What was typed, kept whatever happens to it. meant: what was wrong, where the list has no such reason."""

    reason: str = ""
    meant: str = ""
    comment: str = ""
    anyway: bool = False
    key: str = ""
    seen: str = ""
    said: Said | None = None
    units: dict[str, int] = field(default_factory=dict[str, int])
    typed: dict[str, str] = field(default_factory=dict[str, str])
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def wrong_units(self) -> list[str]:
        """What is wrong with quantities."""
        return [text for at, text in self.errors if at.startswith("units-")]

    def error(self, name: str) -> str:
        """The first thing that is wrong with a field."""
        return next((text for at, text in self.errors if at == name), "")


@get("/orders/{order_id:str}/cancel")
async def cancel_page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """The empty form, with a reason chosen already when the buyer came by "Something wrong?"."""
    found = await load(visit, order_id)
    if found.order.open_cancellation is not None or found.stage is Stage.CANCELLED:
        asked = await _asked_already(visit, found, "")
        return visit.go(f"{found.path}/requests/{asked}" if asked else found.path)
    over = found.answer is None or found.answer.kind[0] == "refuse"
    if over and found.left and not found.order.open_units():
        return visit.go(f"{found.path}/return")
    form = Form(anyway=visit.query("anyway") == "1", key=secrets.token_urlsafe(18))
    if meant := visit.query("reason"):
        form.reason = nearest(meant, [reason.code for reason in found.outlook.reasons(visit.now)])
        form.meant = meant if meant in NEAREST and meant != form.reason else ""
    form.units = preset_units(found, anyway=form.anyway)
    form.said = await _said(visit, found, visit.query("said"))
    return _show(visit, found, form)


@post("/orders/{order_id:str}/cancel", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def cancel(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Check the form, show what has changed since it was read, and only then ask."""
    fields = await visit.form()
    found = await load(visit, order_id)
    if (asked := await _asked_already(visit, found, fields.get("key", ""))) is not None:
        return visit.go(f"{found.path}/requests/{asked}?sent=1")
    form = _read(visit, found, fields)
    form.said = await _said(visit, found, fields.get("said", ""))
    if fields.get("step") == "quote":
        # The refund is worked out while the rest is still being filled in.
        form.errors = [error for error in form.errors if error[0].startswith("units-")]
        return _show(visit, found, form)
    files = await brought(visit, found.order.id)
    _check_files(visit, found, form, files)
    answer = _ask(found, form)
    if form.errors or answer is None:
        return _show(visit, found, form, files, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if seen(answer) != form.seen:
        return _show(visit, found, form, files, status=HTTPStatus.CONFLICT, changed=True)
    if answer.finding.verdict == "refuse" or _declared(visit, found, form, answer) is not None:
        # There is nothing to send: the page says what leads on.
        return _show(visit, found, form, files, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        outcome = await visit.desk.engine.handle(_submission(visit, found, form, files, answer))
    except (AmountChanged, StaleOrder, InvalidTransition):
        found = await load(visit, order_id)
        if (asked := await _asked_already(visit, found, form.key)) is not None:
            return visit.go(f"{found.path}/requests/{asked}?sent=1")
        return _show(visit, found, form, files, status=HTTPStatus.CONFLICT, changed=True)
    return visit.go(f"{found.path}/requests/{outcome.order.cancellations[-1].id}?sent=1")


async def _said(visit: Visit, found: Matter, message: str) -> Said | None:
    """The message whose button led here; a form that names another is filed without it."""
    try:
        return await visit.desk.reads.said(found.order.id, message) if message else None
    except InvalidField:
        return None


async def _asked_already(visit: Visit, found: Matter, key: str) -> str | None:
    """The request this very form made when it was sent before, or the one that is in the way of another."""
    for entry in await visit.desk.reads.timeline(visit.scope, found.order.id):
        if key and entry.record.key == key and hasattr(entry.record.event, "cancellation"):
            return str(getattr(entry.record.event, "cancellation", ""))
    waiting = found.order.open_cancellation
    if waiting is not None:
        return waiting.id
    return found.order.cancellations[-1].id if found.stage is Stage.CANCELLED and found.order.cancellations else None


def _left(found: Matter) -> dict[str, int]:
    """What a request may be about: what is open, or of an order on its way what the policy still lets come back."""
    order = found.order
    possible = found.answer is not None and found.answer.kind[0] != "refuse"
    return order.open_units() or (order.undelivered() if possible else {})


def preset_units(found: Matter, *, anyway: bool = False) -> dict[str, int]:
    """Everything that is open; where that is refused and some lines alone are not, those."""
    whole = _left(found)
    answer = found.outlook.ask(found.now, lines=whole, anyway=anyway) if whole else None
    if answer is None or answer.finding.verdict != "refuse" or not _parts_allowed(found):
        return whole
    better = {
        line: count
        for line, count in whole.items()
        if (one := found.outlook.ask(found.now, lines={line: count}, anyway=anyway)) and one.finding.verdict != "refuse"
    }
    together = found.outlook.ask(found.now, lines=better, anyway=anyway) if better else None
    return better if together is not None and together.finding.verdict != "refuse" else whole


def seen(answer: Answer) -> str:
    """What a buyer agrees to by sending: the kind of answer and the money, as one word to compare."""
    return ":".join((*answer.kind[:2], str(answer.quote.total_minor)))


def _parts_allowed(found: Matter) -> bool:
    """Whether less than all that is left may be asked for: where the market has no such request, a law may give it.

    What is on its way comes back whole or not at all.
    """
    order = found.order
    if found.terms.preset.policy.settings.buyer_partial:
        return bool(order.open_units())
    left = order.open_units()
    asked = ({line: 1} for line, count in order.units_by_line().items() if left != {line: 1} and count)
    answers = (found.outlook.ask(found.now, lines=one) for one in asked)
    return any(one is not None and one.finding.verdict != "refuse" for one in answers)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the law lets a buyer withdraw from who gives that as the reason, by a page of its own. items: in words."""

    items: str
    href: str


def _declared(visit: Visit, found: Matter, form: Form, answer: Answer | None) -> Declared | None:
    """None where another reason was given, no law gives the right, or this very request goes through at once."""
    may = found.withdrawal
    if form.reason != WITHDRAWAL or may is None or answer is None or answer.finding.verdict == "approve":
        return None
    named = [f"{count} × {found.words(line).title}" for line, count in may.lines.items()]
    return Declared(visit.locale.gettext(", ").join(named), f"{found.path}/withdrawal")


def _ask(found: Matter, form: Form) -> Answer | None:
    # No sum is shown for less than what was typed: a quantity that cannot be is told, not left out.
    if not form.units or form.wrong_units:
        return None
    return found.outlook.ask(found.now, reason=form.reason, lines=form.units, anyway=form.anyway, said=form.said)


def _read(visit: Visit, found: Matter, fields: dict[str, str]) -> Form:
    _ = visit.locale.gettext
    form = Form(
        reason=fields.get("reason", ""),
        comment=fields.get("comment", ""),
        anyway=fields.get("anyway") == "1",
        key=fields.get("key", ""),
        seen=fields.get("seen", ""),
    )
    form.units = _units(visit, found, fields, form)
    listed = {reason.code: reason for reason in found.outlook.reasons(visit.now)}
    if form.reason not in listed:
        form.errors.append(("reason", _("Choose a reason")))
    elif "comment" in listed[form.reason].needs and not form.comment.strip():
        form.errors.append(("comment", _("Tell the shop in a few words what the reason is")))
    try:
        form.comment = checked(form.comment, field="comment", limit=LONGEST_COMMENT, blank=True)
    except InvalidText:
        text = _("Write at most %(count)s characters, without invisible ones") % {"count": LONGEST_COMMENT}
        form.errors.append(("comment", text))
    return form


def _check_files(visit: Visit, found: Matter, form: Form, files: Brought) -> None:
    needs = {reason.code: reason.needs for reason in found.outlook.reasons(visit.now)}.get(form.reason, ())
    if files.error:
        form.errors.append(("files", files.error))
    elif "evidence" in needs and not files.refs:
        form.errors.append(("files", visit.locale.gettext("Add a photo or a document that shows it")))


def _units(visit: Visit, found: Matter, fields: dict[str, str], form: Form) -> dict[str, int]:
    left = _left(found)
    if not _parts_allowed(found):
        return left
    units: dict[str, int] = {}
    for place, line in enumerate(found.order.lines):
        text = form.typed[f"units-{place}"] = fields.get(f"units-{place}", "0").strip()
        most = left.get(line.id, 0)
        if not text.isascii() or not text.isdigit() or int(text[:9]) > most:
            message = visit.locale.gettext("Choose a number from 0 to %(most)s for %(item)s")
            form.errors.append((f"units-{place}", message % {"most": most, "item": found.words(line.id).title}))
        elif int(text):
            units[line.id] = int(text)
    by_line = found.order.units_by_line()
    if units != left and any(count > by_line.get(line, 0) for line, count in units.items()):
        for place, line in enumerate(found.order.lines):
            if units.get(line.id, 0) > by_line.get(line.id, 0):
                form.errors.append((f"units-{place}", _in_parcel(visit, by_line.get(line.id, 0))))
    if not units and not form.errors:
        first = next((place for place, line in enumerate(found.order.lines) if left.get(line.id)), 0)
        form.errors.append((f"units-{first}", visit.locale.gettext("Choose at least one item to cancel")))
    return units


def _in_parcel(visit: Visit, most: int) -> str:
    """Why fewer of a line can be picked than are open (R-024)."""
    text = visit.locale.gettext("In a parcel that is ready to ship. Choose at most %(most)s, or the whole order")
    return text % {"most": most}


def _submission(visit: Visit, found: Matter, form: Form, files: Brought, answer: Answer) -> Submission:
    note: Note | None = visit.desk.note(form.comment) if form.comment else None
    command = RequestCancellation(
        order=found.order.id,
        reason=form.reason,
        lines=form.units,
        anyway=form.anyway,
        comment=note,
        evidence=files.refs,
        refund=Money(answer.quote.total_minor, found.order.currency),
        said=form.said,
    )
    person = visit.person
    said = [form.reason, sorted(form.units.items()), form.anyway, form.comment, [one.id for one in files.refs]]
    return Submission(
        command=command,
        actor=person.actor(),
        key=Key(shop=found.order.shop, principal=person.by, route=ROUTE, key=form.key),
        fingerprint=Fingerprint(hashlib.sha256(msgspec.json.encode(said)).digest()),
        # What was shown is what is decided: had the order moved since it was read, the answer might differ.
        expected_version=found.order.version,
    )


def _choices(visit: Visit, found: Matter, form: Form, *, parts: bool) -> list[Choice]:
    _ = visit.locale.gettext
    left, by_line = _left(found), found.order.units_by_line()
    choices: list[Choice] = []
    for place, line in enumerate(found.order.lines):
        said = found.words(line.id)
        count = left.get(line.id, 0)
        note = off = why = ""
        if not line.open:
            off = _("Already cancelled")
        elif not count:
            off, why = _("Already shipped"), _("It can be returned, but no longer cancelled.")
        elif parts and by_line and count > by_line.get(line.id, 0):
            note = _in_parcel(visit, by_line.get(line.id, 0))
        elif parts and len(left) > 1:
            alone = found.outlook.ask(found.now, lines={line.id: count}, anyway=form.anyway)
            if alone is not None and found.answer is not None and alone.kind != found.answer.kind:
                note = words.answer_line(visit.locale, alone)
        choices.append(
            Choice(
                line.id,
                f"units-{place}",
                said.title,
                said.variant,
                said.image,
                count,
                form.typed.get(f"units-{place}", str(form.units.get(line.id, 0))),
                line.unit_minor * count,
                note,
                off,
                why,
            )
        )
    return choices


def _show(
    visit: Visit,
    found: Matter,
    form: Form,
    files: Brought | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    changed: bool = False,
) -> Html:
    answer, parts = _ask(found, form), _parts_allowed(found)
    reasons = found.outlook.reasons(visit.now)
    refused = answer is not None and answer.finding.verdict == "refuse" and not form.errors
    offer = (
        words.offer(visit.locale, answer, found.path, arrived=found.arrived, reached=found.outlook.reached)
        if answer
        else None
    )
    context: dict[str, Any] = {
        "m": found,
        "order": found.order,
        "form": form,
        "choices": _choices(visit, found, form, parts=parts),
        "partial": parts,
        "declared": _declared(visit, found, form, answer),
        "reasons": [reason.code for reason in reasons],
        "answer": answer,
        "refused": refused,
        "offer": offer,
        "quoted": quote_words.quote_rows(visit.locale, answer.quote, found.titles(), found.order) if answer else [],
        "tenders": quote_words.quote_tenders(visit.locale, answer.quote, found.order, found.nowhere) if answer else [],
        "notes": [
            *(quote_words.quote_notes(visit.locale, answer.quote) if answer else []),
            *quote_words.failed_note(visit.locale, found.order),
        ],
        "seen": seen(answer) if answer else "",
        "changed": changed,
        "files": file_field(visit, files.tiles if files else (), form.error("files")),
        "words": words,
        "counts": form.said.at if form.said and as_said(found.order, form.said, found.terms, found.now) else None,
    }
    here = found.path + "/cancel"
    return visit.page("buyer/cancel.html", zone=found.zone, status=status, live=False, here=here, **context)


ROUTES = (cancel_page, cancel)
