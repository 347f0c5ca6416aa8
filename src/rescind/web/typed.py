"""What somebody had typed when they had to sign in again: their browser keeps it until they see the page once more."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from rescind.web.session import CSRF_FIELD, Html, Visit

COOKIE: Final = "rescind_typed"
_KEPT_S: Final = 15 * 60
_LONGEST: Final = 3500
"""In characters; browsers take cookies of four thousand."""


def keep(visit: Visit, page: str, values: Mapping[str, str], secret: Collection[str] = ()) -> None:
    """Remember the form of this page for the answer that asks to sign in again. secret: fields that are not kept."""
    visit.typed = page, {name: value for name, value in values.items() if name not in {*secret, CSRF_FIELD}}


def hand_over(visit: Visit, response: Html) -> None:
    """Let the browser keep it, where there is any and it is not too long."""
    if visit.typed is None:
        return
    page, values = visit.typed
    said = urlsafe_b64encode(msgspec.json.encode(values)).decode()
    if len(said) <= _LONGEST:
        secure = visit.desk.access.secure
        response.set_cookie(COOKIE, said, max_age=_KEPT_S, path=page, secure=secure, httponly=True, samesite="lax")


def kept(visit: Visit) -> dict[str, str]:
    """What the browser has kept for this page; nothing where it has none, or something else under the name."""
    try:
        told = urlsafe_b64decode(visit.request.cookies.get(COOKIE, ""))
        return msgspec.json.decode(told, type=dict[str, str])
    except ValueError:
        return {}


def forget(visit: Visit, response: Html, page: str) -> Html:
    """The page is there again, and the browser need keep nothing."""
    if COOKIE in visit.request.cookies:
        response.delete_cookie(COOKIE, path=page)
    return response
