"""Notes of a buyer's to the shop, in words for whoever reads them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from rescind.core.instant import Instant
from rescind.core.order_note import LONGEST, closed, unread
from rescind.core.views import OrderView
from rescind.locales import Locale
from rescind.web.session import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One note. waits: somebody who packs still has to read it. by: who wrote it, where that was not the buyer.

    read_by: who read it, for the shop and support.
    """

    number: int
    text: str
    erased: bool
    at: Instant
    by: str
    about_address: bool
    waits: bool
    read_at: Instant | None
    read_by: str
    key: str


def _new_key() -> str:
    return secrets.token_urlsafe(18)


@dataclass(slots=True, kw_only=True)
class Typed:
    """What was typed and could not be kept yet."""

    text: str = ""
    error: str = ""
    key: str = field(default_factory=_new_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The notes of an order with the form below them. closed: why there is no form."""

    rows: list[Row]
    closed: str
    action: str
    typed: Typed
    longest: int = LONGEST


def card(locale: Locale, view: OrderView, path: str, typed: Typed | None) -> Card:
    """What the order's page shows."""
    return Card(
        rows=rows(locale, view),
        closed=why_closed(locale, view),
        action=f"{path}/notes",
        typed=typed or Typed(),
    )


async def for_staff(visit: Visit, view: OrderView) -> list[Row]:
    """The notes of an order, with what people of the shop are called who read them."""
    readers = {one.acknowledged_by for one in view.order.notes if one.acknowledged_by}
    called = await visit.desk.access.named("seller", readers, view.shop.id) if readers else {}
    return rows(visit.locale, view, called)


def rows(locale: Locale, view: OrderView, called: Mapping[str, str] | None = None) -> list[Row]:
    """Every note of an order, oldest first. called: what people of the shop are called, for those who may know.

    A note of before notes could be acknowledged is there too, as one that nobody has to read any more.
    """
    order = view.order
    waiting = unread(order)
    if not order.notes and view.details.note:
        return [_row(0, view.details.note, order.placed_at, read_at=order.placed_at)]
    return [
        _row(
            one.number,
            view.said(one),
            one.at,
            by=locale.term("actor", "support") if one.filed_by == "support" else "",
            about_address=one.wish == "address",
            waits=one in waiting,
            read_at=one.acknowledged_at,
            read_by=(called or {}).get(one.acknowledged_by, one.acknowledged_by) if called is not None else "",
        )
        for one in order.notes
    ]


def _row(
    number: int,
    text: str,
    at: Instant,
    *,
    by: str = "",
    about_address: bool = False,
    waits: bool = False,
    read_at: Instant | None = None,
    read_by: str = "",
) -> Row:
    return Row(
        number=number,
        text=text,
        erased=not text,
        at=at,
        by=by,
        about_address=about_address,
        waits=waits,
        read_at=read_at,
        read_by=read_by,
        key=_new_key(),
    )


def why_closed(locale: Locale, view: OrderView) -> str:
    """Why there is no form for another note; empty where there is one."""
    _ = locale.gettext
    return {
        "": "",
        "cancelled": _("The order is cancelled, so nobody packs it any more."),
        "gone": _("The parcel is with the carrier. The shop cannot do anything about it any more; write a message."),
        "full": _("This order holds no more notes. Write a message to the shop instead."),
    }[closed(view.order)]
