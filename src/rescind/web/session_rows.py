"""Where people are signed in, as lists show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rescind.access.browsers import device
from rescind.postgres.credentials import SessionView
from rescind.web.session import Visit


class SessionRow(NamedTuple):
    """A session in words. where: the browser; here: it is the one that asks."""

    id: str
    one: SessionView
    where: str
    role: str
    here: bool


def session_rows(visit: Visit, found: Iterable[SessionView]) -> list[SessionRow]:
    """Sessions as a list shows them."""
    _ = visit.locale.gettext
    return [
        SessionRow(
            id=one.mark,
            one=one,
            where=device(one.agent) or _("An unknown browser"),
            role=visit.locale.term("actor", one.role),
            here=one.mark == visit.person.mark,
        )
        for one in found
    ]
