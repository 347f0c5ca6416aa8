"""Ids that carry their kind and their shop: ``ord_`` + 8 characters of shop + 14 of their own.

Whoever holds an id knows the shard to ask, so no look-up table stands between an id and its row.
The own part begins with the time, so that new rows land beside each other in the index.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

from rescind.core.errors import NotFound
from rescind.core.instant import Instant

ShopId = NewType("ShopId", str)
OrderId = NewType("OrderId", str)
CancellationId = NewType("CancellationId", str)
RefundId = NewType("RefundId", str)
ReturnId = NewType("ReturnId", str)
EvidenceId = NewType("EvidenceId", str)
DocumentId = NewType("DocumentId", str)
ThreadId = NewType("ThreadId", str)
MessageId = NewType("MessageId", str)
MailId = NewType("MailId", str)
NoticeId = NewType("NoticeId", str)
ImportId = NewType("ImportId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u, so that an id can be read out on the phone
_SHOP = re.compile(rf"shp_([{_ALPHABET}]{{8}})", re.ASCII)
_OWN = re.compile(rf"(ord|can|ref|ret|evd|doc|cnv|msg|eml|ntc|imp)_([{_ALPHABET}]{{8}})([{_ALPHABET}]{{14}})", re.ASCII)
_OURS = re.compile(
    r"(bot|can|cnv|doc|eml|evd|evt|exp|imp|lfl|lks|man|msg|ntc|ntf|ord|psh|psn|ref|ret|rs[hiklos]|shp|stl|svw|txt)_",
    re.ASCII | re.IGNORECASE,
)
_RANDOM_BITS = 28
NO_SHOP = ShopId("shp_00000000")
"""What stands for a shop where something is the marketplace's own and has to have one."""


_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def base32(number: int, width: int) -> str:
    """Write a number >= 0 in ``width`` (even) characters of the id alphabet, most significant first."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * width - 10, -10, -10)])


def derived(text: str) -> str:
    """22 characters that follow from a text and from nothing else, so that the same call makes the same thing."""
    return base32(int.from_bytes(hashlib.sha256(text.encode()).digest()[:14], "big") >> 2, 22)


def shop_id(number: int) -> ShopId:
    """Make a shop's id from 40 random bits."""
    return ShopId("shp_" + base32(number, 8))


def make_id(prefix: str, shop: ShopId, at: Instant, random: int) -> str:
    """Make an id. ``random``: 28 bits from the shell; ``at``: its millisecond leads the own part."""
    milliseconds = int(at.timestamp() * 1000)
    return f"{prefix}_{shop[4:]}{base32(milliseconds << _RANDOM_BITS | random & (1 << _RANDOM_BITS) - 1, 14)}"


def shop_of(identifier: str) -> ShopId:
    """The shop that an id of an order or of anything of one was made for. Raises NotFound for a malformed id."""
    match = _OWN.fullmatch(identifier)
    if not match:
        raise NotFound(kind="id")
    return ShopId("shp_" + match[2])


def like_an_id(text: str) -> bool:
    """Whether it begins as an id or a secret made here does, so that people could take it for one."""
    return _OURS.match(text) is not None


def canonical(prefix: str, text: str) -> str:
    """Return ``text`` when it is exactly an id of that kind; otherwise NotFound, as for an id that does not exist."""
    pattern = _SHOP if prefix == "shp" else _OWN
    match = pattern.fullmatch(text)
    if not match or (prefix != "shp" and match[1] != prefix):
        raise NotFound(kind=prefix)
    return text
