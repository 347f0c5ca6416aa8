"""What robots say around the news, and what they say to try whether they are heard."""

from __future__ import annotations

from rescind.locales import locale
from rescind.notices.robot import Item, Labels


def around(language: str, count: int) -> Labels:
    """The heading over several pieces of news, and what stands on a link."""
    words = locale(language)
    heading = words.ngettext("%(num)s piece of news about orders", "%(num)s pieces of news about orders", count)
    return Labels(heading % {"num": words.number(count)}, words.pgettext("link", "Open"))


def trial(language: str, shop: str, link: str) -> Item:
    """What a test says. shop: its name; link: to the robot's own page, empty where nobody knows our address."""
    words = locale(language)
    return Item(
        words.gettext("Test: this group is connected"),
        words.gettext("From now on this group hears what happens to the orders of %(shop)s and whose move it is.")
        % {"shop": shop},
        link,
    )
