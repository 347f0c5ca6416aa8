"""Codes of rules and of where they come from, as links to the page that says in words what they are."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup, escape

from rescind.locales import Locale
from rescind.policies import laws, names, preset

_CODE = re.compile(r"\b(?:[EMQR]-\d{2,3}|[A-Z]+(?:-[A-Z]+)?-\d+)\b")


def codes_in(text: str) -> tuple[str, ...]:
    """The codes that a text names, each once; an article of a law has none."""
    return tuple(dict.fromkeys(_CODE.findall(text)))


@cache
def explained() -> frozenset[str]:
    """Every code with a page: rules of what is shipped, and whatever its rules, deadlines and values cite."""
    found: set[str] = set()
    for policy in map(preset, names()):
        found |= {rule.id for rule in policy.rules}
        texts = [
            *(cite for rule in policy.rules for cite in rule.cites),
            *(cite for terms in policy.deadlines for cite in terms.cites),
            *(cite for tunable in policy.tunable for cite in tunable.cites),
            *(dated.source for value in policy.values for dated in value.history),
        ]
        found.update(code for text in texts for code in codes_in(text))
    return frozenset(found)


@cache
def articles() -> tuple[str, ...]:
    """What the law packs name as their sources, the longest first: one article's name may begin another's."""
    cited = {text for law in laws() for rule in law.rules for text in rule.cites}
    cited |= {dated.source for law in laws() for value in law.values for dated in value.history}
    return tuple(sorted((text for text in cited if not codes_in(text)), key=len, reverse=True))


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
    for found in _CODE.finditer(text):
        if found[0] in explained():
            link = Markup('<a class="cite" href="/rules/{0}">{0}</a>').format(found[0])
            parts += [escape(text[end : found.start()]), link]
            end = found.end()
    return Markup().join([*parts, escape(text[end:])])
