"""The contact card of a shop as its reader sees it: who is there now, when they come back, and how to reach them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from rescind.core.contact_card import ContactCard, Opening, by_days, opening
from rescind.core.conversation import FirstAnswer
from rescind.core.ids import ShopId
from rescind.core.views import ShopView
from rescind.locales import Locale
from rescind.web.session import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A card. ways: address by its kind, the operator's words about the shop among them. there: whether somebody is.

    hours: days and clock times, row by row; zone: whose clock they are of; holidays: closed on those. answers: how fast
    it answers, None of too few.
    """

    shop: ShopId
    ways: Mapping[str, str]
    there: Opening | None
    hours: list[tuple[str, str]]
    zone: str
    holidays: bool
    languages: str
    answers: FirstAnswer | None


async def shown(visit: Visit, shop: ShopView) -> Shown:
    """The card of a shop as it stands now. What the shop says itself comes before what the operator wrote down."""
    desk = visit.desk
    kept, _version = await desk.versions.contact(shop.id)
    card = kept or ContactCard(zone=shop.zone)
    terms = await desk.book.terms(desk.pins(shop), visit.now, shop.id)
    own = {"email": card.email, "phone": card.phone}
    ways = {**shop.contact, **{kind: way for kind, way in own.items() if way}}
    if card.hours:
        ways.pop("hours", None)
    return Shown(
        shop=shop.id,
        ways=ways,
        there=opening(card, desk.book.calendar(terms), visit.now),
        hours=hours(visit.locale, card),
        zone=card.zone,
        holidays=card.holidays,
        languages=languages(visit.locale, card.languages),
        answers=await desk.conversations.first_answers(shop.id, visit.now),
    )


def hours(locale: Locale, card: ContactCard) -> list[tuple[str, str]]:
    """The week, with days that are alike in one row."""
    _ = locale.gettext
    names = locale.cldr.days["format"]["abbreviated"]
    rows: list[tuple[str, str]] = []
    for (first, last), spans in by_days(card.hours):
        days = str(names[first])
        if first != last:
            days = _("%(first)s to %(last)s") % {"first": names[first], "last": names[last]}
        rows.append((days, _(", ").join(f"{one.opens}–{one.closes}" for one in spans)))
    return rows


def languages(locale: Locale, codes: tuple[str, ...]) -> str:
    """Languages by their names in the reader's."""
    return locale.gettext(", ").join(language(locale, code) for code in codes)


def language(locale: Locale, code: str) -> str:
    """One of them; a code that nobody knows stays as it is."""
    return str(cast("Mapping[str, str]", locale.cldr.languages).get(code, code))
