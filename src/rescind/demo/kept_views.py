"""A view that somebody of the demo keeps, and has mailed to them every Monday."""

from __future__ import annotations

from urllib.parse import urlencode

from rescind.core.instant import Instant
from rescind.core.schedule import Schedule
from rescind.demo.marketplace import SUPPORTER
from rescind.desk import Desk
from rescind.notices import EMAIL
from rescind.postgres.notice_people import Owner

_WHERE = {"tab": "all", "placed": "7d", "amount_min": "5000", "currency": "GBP", "sort": "amount"}
_COLUMNS = ("number", "shop", "items", "reason", "amount", "status", "asked")


async def play(desk: Desk, opened_at: Instant) -> None:
    """Keep it for support, whose address was verified before."""
    supporter = Owner(role="support", shop="", person=SUPPORTER)
    where = urlencode(sorted(_WHERE.items()))
    view = await desk.views.put(supporter, "requests", "From £50, this week", where, _COLUMNS)
    monday = Schedule(rhythm="weekly", hour=8, zone="Europe/London", weekday=0)
    for address in await desk.inbox.people.of(supporter):
        if address.channel == EMAIL:
            next_at = monday.next(opened_at)
            await desk.views.mail(supporter, view.view_id, monday, "xlsx", "en", address.id, next_at)
