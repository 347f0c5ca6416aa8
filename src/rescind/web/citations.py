"""Codes of rules and of where they come from, as links to the page that says in words what they are."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup, escape

from rescind.locales import Locale
from rescind.policies import all_of_them, laws
from rescind.policies.sources import CODE, catalogue, cited, cited_by_the_shipped, codes_in


@cache
def explained() -> frozenset[str]:
    """Every code with a page: rules of what is shipped, whatever its rules, deadlines and values cite, and sources that
    only the documentation names.
    """
    rules = {rule.id for policy in all_of_them() for rule in policy.rules}
    sources = cited_by_the_shipped() | catalogue().keys()
    return frozenset(rules | {code for one in sources for code in codes_in(one)})


@cache
def articles() -> tuple[str, ...]:
    """What the law packs name as their sources, the longest first: one article's name may begin another's."""
    named = {one for law in laws() for one in cited(law) if not codes_in(one)}
    return tuple(sorted(named, key=len, reverse=True))


@cache
def _article() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, articles())))


def linked(locale: Locale, text: str) -> Markup:
    """The text with each code that has a page as a link to it. What a shop or an operator wrote links nowhere else.

    An article of a law is called as the reader's language calls it.
    """
    text = _article().sub(lambda found: locale.pgettext("source", found[0]), text)
    parts: list[Markup] = []
    end = 0
    for found in CODE.finditer(text):
        if found[0] in explained():
            link = Markup('<a class="cite" href="/rules/{0}">{0}</a>').format(found[0])
            parts += [escape(text[end : found.start()]), link]
            end = found.end()
    return Markup().join([*parts, escape(text[end:])])
