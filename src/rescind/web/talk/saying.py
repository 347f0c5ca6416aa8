"""The form that says something, and keeps what was typed whatever happens to it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

from rescind.conversations import Saying
from rescind.core.conversation import LONGEST, side_of
from rescind.core.errors import IdempotencyKeyReused, InvalidField, InvalidText, RateLimited, Unavailable
from rescind.core.ids import ThreadId
from rescind.core.order import Order
from rescind.locales import Locale
from rescind.postgres.threads import Sent
from rescind.web import evidence
from rescind.web.session import Visit
from rescind.web.talk.words import choices

_KEY = re.compile(r"[!-~]{16,200}")


@dataclass(slots=True, kw_only=True)
class Typed:
    """What was typed into the box, kept whatever happens to it. answers: id of the message that it is an answer to."""

    text: str = ""
    answers: str = ""
    audience: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    files: evidence.Brought | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])


async def send(
    visit: Visit, *, order: Order | None = None, thread: ThreadId | None = None
) -> tuple[Sent | None, Typed]:
    """Say what was typed about an order or in a conversation; None with what is wrong beside each field.

    Raises CrossSite, NotFound, and whatever leaves nothing to put right.
    """
    fields = await visit.form()
    typed = Typed(text=fields.get("text", ""), audience=fields.get("audience", ""), answers=fields.get("answers", ""))
    key = fields.get("key", "")
    typed.key = key if _KEY.fullmatch(key) else typed.key
    _ = visit.locale.gettext
    home = order.id if order is not None else thread
    assert home is not None, "it is said somewhere"
    typed.files = await evidence.brought(visit, home)
    if typed.files.error:
        typed.errors["files"] = typed.files.error
    if typed.audience not in dict(choices(visit.locale, side_of(visit.person.role))):
        typed.errors["audience"] = _("Choose who reads it")
    if not typed.text.strip():
        typed.errors["text"] = _("Write something")
    if typed.errors:
        return None, typed
    files = tuple(ref.id for ref in typed.files.refs)
    said = [
        home,
        typed.audience,
        typed.text,
        files,
        *([typed.answers] if typed.answers else []),
    ]
    saying = Saying(
        text=typed.text,
        audience=typed.audience,
        key=f"page {typed.key}",
        fingerprint=hashlib.sha256(msgspec.json.encode(said)).digest(),
        evidence=files,
        answers=typed.answers,
    )
    talks = visit.desk.conversations
    try:
        if order is not None:
            return await talks.say_about(visit.person, order, saying), typed
        return await talks.say(visit.person, home, saying), typed
    except (InvalidText, InvalidField, RateLimited, Unavailable, IdempotencyKeyReused) as fault:
        typed.errors["text"] = trouble(visit.locale, fault)
        if isinstance(fault, IdempotencyKeyReused):
            # The page was gone back to and something else was written: that is another message.
            typed.key = secrets.token_urlsafe(18)
        return None, typed


def trouble(locale: Locale, fault: Exception) -> str:
    """Why something was not sent. What was typed stays in the box."""
    _ = locale.gettext
    match fault:
        case InvalidField(params={"field": "/evidence"}):
            return _("A file is not there any more. Choose it again.")
        case InvalidText() | InvalidField():
            told = _("Write at most %(count)s characters, without invisible ones")
            return told % {"count": locale.number(LONGEST)}
        case RateLimited():
            return _("That was a lot in a minute. It was not sent yet; wait a moment and send it again.")
        case IdempotencyKeyReused():
            return _("This form was sent before with other words. Send it again if you mean these as well.")
        case _:
            return _("It could not be sent. It stays here; send it again in a moment.")


def status_of(typed: Typed) -> int:
    """The status of a page that shows what was typed again."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if typed.errors else HTTPStatus.OK
