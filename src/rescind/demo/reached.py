"""Who of the demo can be told, and what everybody was told before it opened."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.instant import Instant
from rescind.core.notice import Preferences
from rescind.core.views import ShopView
from rescind.demo.catalogue import load
from rescind.demo.marketplace import SUPPORTER, demo_shop_id
from rescind.desk import Desk
from rescind.notices import EMAIL
from rescind.postgres.due import DueTable
from rescind.postgres.notice_people import Owner
from rescind.worker import fan_out

_READ_UNTIL = timedelta(hours=20)
"""What is older was read by its readers before the demo opened."""
_MAILED_UNTIL = timedelta(hours=3)
"""Of what is older no mail is left to be sent."""


_UNREACHED = "fern-and-spade"
"""The shop that has never typed the code that was sent to it, so that nobody can tell it anything."""


def unreached() -> int:
    """The place of that shop among the demo's."""
    return next(place for place, shop in enumerate(load().shops) if shop.key == _UNREACHED)


async def begin(desk: Desk) -> None:
    """Let every shop's silence count while the demo's past is played: its shops were reached in it."""
    await desk.inbox.people.want(False)
    await desk.book.refresh()


async def play(desk: Desk, opened_at: Instant) -> None:
    """Verify an address of each shop but one, carry what happened, and let most of it be read."""
    people = desk.inbox.people
    due = DueTable(desk.pool, desk.clock)
    while await fan_out.sweep(due, people=people):
        pass
    silent = demo_shop_id(unreached())
    for shop in await desk.reads.shops():
        address = shop.contact.get("email", "orders@shop.example")
        await people.add(_staff(shop), EMAIL, address, verified=shop.id != silent)
    supporter = Owner(role="support", shop="", person=SUPPORTER)
    await people.add(supporter, EMAIL, "robin@harbour.example", verified=True)
    await people.choose(supporter, Preferences(choices={EMAIL: {"checks": "digest", "cases": "digest"}}))
    await desk.inbox.table.past(opened_at - _READ_UNTIL, opened_at - _MAILED_UNTIL)
    for buyer in load().buyers:
        if buyer.locale == "zh":
            await people.choose(Owner(role="buyer", shop="", person=buyer.key), Preferences(zone="Asia/Shanghai"))
    await people.want(True)
    await desk.book.refresh()


def _staff(shop: ShopView) -> Owner:
    return Owner(role="seller", shop=shop.id, person=f"staff-{shop.id}")
