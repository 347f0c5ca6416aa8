"""Views of lists that people keep, and when each is mailed to whom: for pages and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rescind import zones
from rescind.access.principal import Principal
from rescind.core.errors import InvalidField, InvalidText, NotFound
from rescind.core.listing import Listing
from rescind.core.lists import LISTS
from rescind.core.schedule import Schedule
from rescind.desk import Desk
from rescind.inbox import owner
from rescind.intake import query
from rescind.intake.narrowing import NARROWINGS, Format
from rescind.intake.text import label
from rescind.lists import reader_of
from rescind.notices import EMAIL
from rescind.postgres.notice_people import Address
from rescind.postgres.saved_views import SavedView

LONGEST_NAME = 60
LONGEST_WHERE = 4000


class Mailed(NamedTuple):
    """How a view is to be mailed. language: of the file; channel: the id of the address it goes to."""

    schedule: Schedule
    form: Format
    language: Literal["en", "zh"]
    channel: str


async def keep(
    desk: Desk, who: Principal, listing: Listing, name: str, where: str, columns: Sequence[str]
) -> SavedView:
    """Keep a list as an address narrows it under a name; one of that name is kept anew.

    Raises InvalidText, InvalidField, UnknownField (nothing that could not be opened again is kept), ViewsFull.
    """
    called = label(" ".join(name.split()), field="name", limit=LONGEST_NAME)
    if not called:
        raise InvalidText(field="name", expected=f"up to {LONGEST_NAME} characters that can be seen")
    listing.chosen(columns, reader_of(who))
    if len(where) > LONGEST_WHERE:
        raise InvalidField(field="where", expected=f"at most {LONGEST_WHERE} characters")
    desk.lists.require(who, listing, where)
    where = query.only(where, NARROWINGS[listing.name])
    return await desk.views.put(owner(who), listing.name, called, where, columns)


async def addresses(desk: Desk, who: Principal) -> list[Address]:
    """The mail addresses of this person that were proved and take mail."""
    known = await desk.inbox.addresses(who)
    return [one for one in known if one.channel == EMAIL and one.verified_at and not one.gone_at]


async def mail(desk: Desk, who: Principal, view: SavedView, mailed: Mailed) -> None:
    """Mail a view from now on.

    Raises InvalidField: an address that is not this person's, or not verified; a zone. NotFound: of a list that leaves
    by no mail.
    """
    if LISTS[view.list].of_staff:
        raise NotFound(kind="list")
    if mailed.channel not in {one.id for one in await addresses(desk, who)}:
        raise InvalidField(field="channel", expected="a mail address of yours that is verified")
    if mailed.schedule.zone not in zones.known():
        raise InvalidField(field="zone", expected="a time zone such as Europe/London")
    next_at = mailed.schedule.next(desk.now())
    await desk.views.mail(
        owner(who), view.view_id, mailed.schedule, mailed.form, mailed.language, mailed.channel, next_at
    )
