"""What policies cite: codes and articles of laws, how good each source is, and where it was read.

`catalogue.toml` beside this file holds them; what a source says is a sentence of ours in each language
(``Locale.source``), never the source's own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rescind.core.policy import Policy
from rescind.core.policy.loading import toml_error
from rescind.core.policy.position import Text, near
from rescind.policies import all_of_them

CODE = re.compile(r"\b(?:[EMQR]-\d{2,3}|[A-Z]+(?:-[A-Z]+)?-\d+)\b")
"""A source's or a rule's."""
_REGION = re.compile(r"[A-Z]{2}|\d{3}")
_DAY = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


class Grade(StrEnum):
    """How far to trust a source, the best first; the last two are not about the world but about us."""

    OFFICIAL = "official"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"
    INFERRED = "inferred"
    OURS = "ours"
    ASKED = "asked"


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public page. printed: the day on it, or its month or year; copied: of the copy that was read; since: the first
    day on which what it says holds.
    """

    at: str
    printed: str = ""
    copied: date | None = None
    since: date | None = None


class Source(msgspec.Struct, frozen=True):
    """One source. code: as policies cite it. markets: regions of the CLDR; none: every market."""

    code: str
    grade: Grade
    markets: tuple[str, ...]
    pages: tuple[Page, ...]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grade: Grade
    markets: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: dict[str, dict[str, Any]]
    pages: dict[str, dict[str, Any]]


@cache
def catalogue() -> Mapping[str, Source]:
    """Every source that is known, by its code."""
    return load(files(__name__).joinpath("catalogue.toml").read_bytes(), "policies/sources/catalogue.toml")


def load(data: bytes, file: str) -> Mapping[str, Source]:
    """Read a catalogue. Raises PolicyError with the place of a mistake."""
    text = Text(file, data.decode("utf-8", errors="replace"))
    try:
        written = tomllib.loads(text.source)
    except tomllib.TOMLDecodeError as error:
        raise toml_error(text, error) from None
    text.index()
    try:
        whole = msgspec.convert(written, _File)
    except msgspec.ValidationError as error:
        raise text.error(str(error)) from None
    pages = {key: _page(text, key, each) for key, each in whole.pages.items()}
    found = {code: _source(text, code, each, pages) for code, each in whole.sources.items()}
    idle = pages.keys() - {key for entry in whole.sources.values() for key in entry.get("read", ())}
    for key in sorted(idle):
        raise text.error_at_key(f"no source was read on the page {key}", ("pages", key))
    return found


def _page(text: Text, key: str, written: dict[str, Any]) -> Page:
    path = ("pages", key)
    try:
        page = msgspec.convert(written, Page)
    except msgspec.ValidationError as error:
        raise text.error(str(error), path) from None
    if not well_formed(page.at):
        raise text.error(f"{page.at} is no https address", (*path, "at"))
    if page.printed and not _DAY.fullmatch(page.printed):
        raise text.error(f"{page.printed} is no day, month or year such as 2026-02-23", (*path, "printed"))
    return page


def _source(text: Text, code: str, written: dict[str, Any], pages: Mapping[str, Page]) -> Source:
    path = ("sources", code)
    try:
        entry = msgspec.convert(written, _Entry)
    except msgspec.ValidationError as error:
        raise text.error(str(error), path) from None
    for number, market in enumerate(entry.markets):
        if not _REGION.fullmatch(market):
            message = f"{market} is no region: two capital letters, or three digits"
            raise text.error(message, (*path, "markets", number))
    for number, key in enumerate(entry.read):
        if key not in pages:
            raise text.error(f"there is no page called {key}{near(key, pages)}", (*path, "read", number))
    return Source(code, entry.grade, entry.markets, tuple(pages[key] for key in entry.read))


def well_formed(address: str) -> bool:
    """Whether this is an https address of a public host, with nothing in it that a browser would have to mend."""
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and " " not in address
    return plain and parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc)) and not parts.fragment


# --- who cites what --------------------------------------------------------------------------------------------------


def codes_in(text: str) -> tuple[str, ...]:
    """The codes that a text names, each once; an article of a law has none."""
    return tuple(dict.fromkeys(CODE.findall(text)))


def cited(policy: Policy) -> tuple[str, ...]:
    """Everything a policy rests on, each once, in the sequence of its values, deadlines, choices and rules."""
    return tuple(dict.fromkeys(one for text in _texts(policy) for one in named(text)))


def named(text: str) -> tuple[str, ...]:
    """What a citation names: its codes, or the article that it is."""
    return codes_in(text) or (text,)


def _texts(policy: Policy) -> Iterator[str]:
    yield from (dated.source for value in policy.values for dated in value.history)
    for group in (policy.deadlines, policy.tunable, policy.rules):
        yield from (cite for one in group for cite in one.cites)


@cache
def cited_by_the_shipped() -> frozenset[str]:
    """Everything that any shipped policy rests on."""
    return frozenset(one for policy in all_of_them() for one in cited(policy))
