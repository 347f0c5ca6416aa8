"""Where the order stands that people talk about: what was ordered, whose move it is, by when, and the next step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rescind.core.conversation import Message
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.views import OrderView
from rescind.locales import Locale

_NAMED = 2
"""Products that are named; of more, only how many there are is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """By when, as ``ui.deadline`` shows it. kind: of deadline; then: what happens otherwise."""

    at: Instant
    kind: str
    since: Instant | None = None
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What its reader can do: a button, where it leads, and a line under it."""

    label: str
    href: str
    kind: str = "primary"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An order for one reader, as ``ui.standing`` shows it. state: context and key of the pill.

    move: whose it is, empty where it is the reader's own or nobody's. goods: empty where the title names them.
    """

    order: OrderId
    reader: str
    title: str
    state: tuple[str, str]
    sentence: str = ""
    move: str = ""
    due: Due | None = None
    step: Next | None = None
    goods: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is possible now beside a wish to cancel, or what became of it: a sentence, and a step where there is one."""

    sentence: str
    step: Next | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a page knows of the order that is talked about. wish: of a message that plainly asks to cancel."""

    standing: Standing
    wish: Callable[[Message], Wish] | None = None


Finds = Callable[[OrderId], Awaitable[Around]]
"""How a role's page finds it."""


def goods(locale: Locale, view: OrderView) -> str:
    """What was ordered, in a line."""
    _ = locale.gettext
    words = {one.line: " · ".join(part for part in (one.title, one.variant) if part) for one in view.details.lines}
    lines = view.order.lines
    named = [f"{words.get(line.id) or line.sku} × {locale.number(line.quantity)}" for line in lines[:_NAMED]]
    told = _(", ").join(named)
    more = len(lines) - len(named)
    if not more:
        return told
    return locale.ngettext("%(goods)s and %(num)s more", "%(goods)s and %(num)s more", more) % {
        "goods": told,
        "num": locale.number(more),
    }
