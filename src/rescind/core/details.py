"""The words around an order: titles, names, addresses. People read them; no rule does, and no event holds them."""

from __future__ import annotations

import msgspec


class LineWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line as the buyer saw it when buying. ``options``: what the buyer chose or wrote, by name."""

    line: str
    title: str
    variant: str = ""
    options: dict[str, str] = {}
    image: str = ""


class Recipient(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom the parcel goes to. ``country``: ISO 3166 alpha-2."""

    name: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


class BuyerWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who bought, as it was told with this very order; empty for what was not. locale: the language they read."""

    name: str = ""
    email: str = ""
    locale: str = ""


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything about an order that is said in words. ``note``: the buyer's own instruction at placement (M-18)."""

    lines: tuple[LineWords, ...] = ()
    recipient: Recipient = Recipient()
    buyer: BuyerWords = BuyerWords()
    note: str = ""
