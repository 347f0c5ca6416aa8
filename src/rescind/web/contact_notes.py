"""What was said on the telephone, by e-mail or face to face, recorded by one side for everybody of an order to read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

import msgspec

from rescind.conversations import Saying
from rescind.core.conversation import LONGEST, Outside, Way, side_of
from rescind.core.errors import (
    FactFromTheFuture,
    FileRefused,
    IdempotencyKeyReused,
    InvalidField,
    InvalidText,
    RateLimited,
    Unavailable,
)
from rescind.core.instant import Instant
from rescind.core.views import OrderView
from rescind.intake.text import LABEL
from rescind.locales import Locale
from rescind.web import evidence, talk
from rescind.web.session import Html, Visit

Page = Callable[..., Html]
_FIELDS = ("way", "at", "with", "text", "key")


async def form(visit: Visit, page: Page, view: OrderView, zone: str) -> Html:
    """The empty form. zone: whose clock its time is in."""
    at = visit.now.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return _show(visit, page, view, {"at": at, "key": secrets.token_urlsafe(18)}, {}, None)


async def keep(visit: Visit, page: Page, view: OrderView, zone: str) -> Html:
    """Record it, or show the form again with what is wrong. Raises CrossSite."""
    sent = await visit.form()
    values = {name: sent.get(name, "") for name in _FIELDS}
    order, _ = view.order, visit.locale.gettext
    files = await evidence.brought(visit, order.id)
    errors = {"files": files.error} if files.error else {}
    at = _time(values["at"], zone)
    if at is None:
        errors["at"] = _("Say when it was said")
    if values["way"] not in set(Way):
        errors["way"] = _("Say by which way")
    if not values["with"].strip():
        errors["with"] = _("Say with whom")
    if not values["text"].strip():
        errors["text"] = _("Write down what was said")
    if errors or at is None:
        return _show(visit, page, view, values, errors, files)
    named = tuple(ref.id for ref in files.refs)
    said = [order.id, values["way"], values["at"], values["with"], values["text"], named]
    saying = Saying(
        text=values["text"],
        audience="everyone",
        key=f"contact {values['key'][:200]}",
        fingerprint=hashlib.sha256(msgspec.json.encode(said)).digest(),
        evidence=named,
        outside=Outside(way=Way(values["way"]), at=at, whom=values["with"]),
    )
    try:
        await visit.desk.conversations.note_contact(visit.person, order, saying, visit.now)
    except (
        FactFromTheFuture,
        FileRefused,
        IdempotencyKeyReused,
        InvalidField,
        InvalidText,
        RateLimited,
        Unavailable,
    ) as fault:
        if isinstance(fault, IdempotencyKeyReused):
            values["key"] = secrets.token_urlsafe(18)
        return _show(visit, page, view, values, dict([_wrong(visit.locale, fault)]), files)
    return visit.go(f"{talk.PARTS[side_of(visit.person.role)]}/{order.id}#talk")


def _time(text: str, zone: str) -> Instant | None:
    try:
        local = datetime.fromisoformat(text)
        return local.replace(tzinfo=local.tzinfo or ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _wrong(locale: Locale, fault: Exception) -> tuple[str, str]:
    """The field that a refusal is about, and what to do."""
    _ = locale.gettext
    match fault:
        case FactFromTheFuture():
            return "at", _("That is still to come")
        case InvalidText() if fault.params["field"] == "/with":
            return "with", _("Write at most %(count)s characters, without invisible ones") % {"count": LABEL}
        case InvalidField() if fault.params["field"] == "/at":
            return "at", _("That was more than a year before the order")
        case _:
            return "text", talk.trouble(locale, fault)


def _show(
    visit: Visit,
    page: Page,
    view: OrderView,
    values: dict[str, str],
    errors: dict[str, str],
    files: evidence.Brought | None,
) -> Html:
    side, order = side_of(visit.person.role), view.order
    return page(
        "talk/contact_note.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        here=f"{talk.PARTS[side]}/{order.id}/contact-notes",
        base=talk.FRAME[side],
        root=f"{talk.PARTS[side]}/{order.id}",
        order=order,
        ways=[{"value": one.value, "label": visit.locale.term("contact_way", one.value)} for one in Way],
        values=values,
        errors=errors,
        field=evidence.field(visit, files.tiles if files else (), errors.get("files", "")),
        longest=LONGEST,
    )
