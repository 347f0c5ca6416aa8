"""The menu of sentences that a shop keeps ready, beside the box it writes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rescind.locales import LANGUAGE_NAMES
from rescind.web.rendering import address
from rescind.web.session import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One reply in one language. href: the page with these words in the box, for whoever has no script."""

    language: str
    name: str
    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One reply, in the buyer's language first."""

    title: str
    words: Sequence[Words]


async def menu(visit: Visit, here: str, buyer: str = "") -> list[Item]:
    """The replies of the shop of whoever is here; none for anybody else. here: the page with the box.

    buyer: the language that the buyer reads, where that is known.
    """
    shop = visit.person.shop_id
    if visit.person.role != "seller" or shop is None:
        return []
    kept, _version = await visit.desk.versions.replies(shop)
    first = buyer if buyer in LANGUAGE_NAMES else visit.locale.tag
    ordered = sorted(LANGUAGE_NAMES, key=lambda tag: tag != first)
    return [
        Item(
            title=one.title,
            words=[
                Words(
                    language=tag,
                    name=LANGUAGE_NAMES[tag],
                    text=one.texts[tag],
                    href=f"{address(here, reply=f'{place}.{tag}')}#say",
                )
                for tag in ordered
                if tag in one.texts
            ],
        )
        for place, one in enumerate(kept)
    ]


def chosen(visit: Visit, items: Sequence[Item]) -> str:
    """The words that the address asks for, of a menu without script; empty where it asks for none."""
    place, _, tag = visit.query("reply").partition(".")
    if not (place.isdecimal() and len(place) < 4 and int(place) < len(items)):
        return ""
    return next((one.text for one in items[int(place)].words if one.language == tag), "")
