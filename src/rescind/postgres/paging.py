"""Reading a long list part by part: by the last row seen, never by counting rows, so that new ones shift nothing.

A cursor names a row and a direction. It is sealed with the installation's secret together with whose list it is a
place in, so that it cannot be made up, changed, or carried over to another list.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.views import Page

MOST = 100
"""Rows a page may have at most."""
COUNTED = 10_000
"""A list is counted up to here; beyond it nobody needs the number, and counting would cost more than the page."""

_SEAL_BYTES = 16
_LONGEST_CURSOR = 1_000

R = TypeVar("R")
T = TypeVar("T")


class Order(msgspec.Struct, frozen=True):
    """What a list is sorted by: ``lead``, then ``tie``, which is unique; both SQL expressions, both in one direction.

    nullable: ``lead`` may be null, and such rows come last; only for lists that ascend.
    """

    name: str
    lead: str
    tie: str
    cast: str
    descending: bool = False
    nullable: bool = False

    def __post_init__(self) -> None:
        assert not (self.nullable and self.descending), "PostgreSQL puts nulls first where a list descends"

    def by(self, *, backward: bool = False, lead: str = "", tie: str = "") -> str:
        """The ORDER BY list. lead and tie: other names of the two, for use outside of the list's own query."""
        word = "DESC" if self.descending != backward else "ASC"
        return f"{lead or self.lead} {word}, {tie or self.tie} {word}"


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The row a page begins after (``backward``: ends before), by what the list is sorted by."""

    backward: bool
    lead: Any
    tie: str

    def predicate(self, order: Order, first: int) -> tuple[str, tuple[object, ...]]:
        """The condition for rows beyond this one, with its parameters, which are numbered from ``first``."""
        lead, tie = f"${first}::{order.cast}", f"${first + 1}::text"
        sign = "<" if order.descending != self.backward else ">"
        if order.nullable and self.lead is None:
            others = f"{order.lead} IS NOT NULL OR " if self.backward else f"{order.lead} IS NULL AND "
            return f"({others}{order.tie} {sign} ${first}::text)", (self.tie,)
        found = f"({order.lead}, {order.tie}) {sign} ({lead}, {tie})"
        if order.nullable and not self.backward:
            found = f"({found} OR {order.lead} IS NULL)"
        return found, (self.lead, self.tie)


class Cursors:
    """Seals places in lists, and opens them again."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"rescind cursor 1", hashlib.sha256)

    def seal(self, of: bytes, mark: Mark) -> str:
        """A cursor for a place. ``of``: which list it is, how sorted, through whose eyes and how filtered."""
        body = msgspec.msgpack.encode(mark)
        return base64.urlsafe_b64encode(self._seal(of, body) + body).rstrip(b"=").decode()

    def open(self, of: bytes, text: str) -> Mark:
        """Read a cursor of this very list. Raises InvalidField: made up, changed, or of another list."""
        if len(text) > _LONGEST_CURSOR or not text.isascii():
            _refuse()
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            _refuse()
        seal, body = data[:_SEAL_BYTES], data[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(of, body)):
            _refuse()
        return msgspec.msgpack.decode(body, type=Mark)

    def _seal(self, of: bytes, body: bytes) -> bytes:
        # The length stands between the two, so that no byte can move from one to the other.
        return hmac.digest(self._key, b"%d:%b%b" % (len(of), of, body), hashlib.sha256)[:_SEAL_BYTES]


def _refuse() -> NoReturn:
    raise InvalidField(field="cursor", expected="a cursor that this very list has given out")


def check_limit(limit: int) -> int:
    """A page's length as asked for. Raises InvalidField outside of 1 to 100."""
    if not 1 <= limit <= MOST:
        raise InvalidField(field="limit", expected=f"a whole number from 1 to {MOST}")
    return limit


def page(
    found: Sequence[R],
    *,
    mark: Mark | None,
    limit: int,
    total: int,
    read: Callable[[R], T],
    seal: Callable[[R, bool], str],
) -> Page[T]:
    """Make a page of what was found, one row more than ``limit`` where there are more, in the order it was read.

    seal: the cursor for reading on from a row; True: backward. total: as counted, one more than is counted where it
    stopped there.
    """
    more, rows = len(found) > limit, list(found[:limit])
    backward = mark is not None and mark.backward
    if backward:
        rows.reverse()
    # Where a page came from by a cursor, the row of that cursor lies on the side it came from.
    after, before = (True, more) if backward else (more, mark is not None)
    return Page(
        rows=tuple(read(row) for row in rows),
        next=seal(rows[-1], False) if rows and after else None,
        previous=seal(rows[0], True) if rows and before else None,
        total=total if total <= COUNTED else None,
    )
