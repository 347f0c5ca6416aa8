"""The proof of the books: what the events of an order say its money did, against everything that was kept of it.

Events are the truth; the ledger, the tenders' columns and the order's stored state follow from them. Here they follow
once more, and whatever is otherwise is told as a fault: what was expected, and what was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import msgspec

from rescind.core.ledger import ACCOUNTS, Posting, balances, postings
from rescind.core.lifecycle import apply
from rescind.core.order import Order
from rescind.core.parts import Tender
from rescind.core.record import decode, decode_order, verify

FaultKind = Literal[
    "history",
    "state",
    "posting_missing",
    "posting_extra",
    "posting_differs",
    "tender_missing",
    "tender_extra",
    "tender_differs",
    "unbalanced",
    "account_differs",
    "orphan",
]
"""What can be wrong. orphan: rows of an order that is not there."""

COLUMNS = ("method", "currency", "amount", "captured", "reserved", "refunded", "taken_elsewhere")
"""What is kept of a tender beside the order's state, as it is called in a fault."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is stored of one order's money, as it is stored.

    events: (seq, bytes, hash) from the first; postings: (seq, place, account, tender, currency, amount) in that order;
    tenders: id and then ``COLUMNS``.
    """

    shop: str
    order: str
    number: str
    version: int
    currency: str
    state: bytes
    head: bytes
    events: Sequence[tuple[int, bytes, bytes]]
    postings: Sequence[tuple[int, int, str, str, str, int]]
    tenders: Sequence[tuple[str, str, str, int, int, int, int, int]]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One place where what is kept is not what the events say.

    seq and place: of the record and of the posting in its entry; what: a column, an account, or how a history is
    broken. expected and found: amounts in minor units where ``what`` is one, otherwise words; None: nothing is there.
    """

    kind: FaultKind
    shop: str
    order: str
    number: str
    currency: str
    seq: int = 0
    place: int = 0
    tender: str = ""
    what: str = ""
    expected: int | str | None = None
    found: int | str | None = None


_Make = Callable[..., Fault]


def prove(kept: Kept) -> Iterator[Fault]:
    """Every fault of one order, those of its history first: without a history there is nothing to compare with."""
    fault: _Make = partial(Fault, shop=kept.shop, order=kept.order, number=kept.number, currency=kept.currency)
    broken = verify(kept.order, kept.events)  # pyright: ignore[reportArgumentType]  # an id is text
    if broken is not None:
        yield fault(kind="history", seq=broken.seq, what=broken.why)
        return
    if not kept.events or len(kept.events) != kept.version or kept.events[-1][2] != kept.head:
        # The last records are gone, or the order was put back to an earlier one.
        yield fault(kind="history", seq=len(kept.events) + 1, what="end", expected=kept.version, found=len(kept.events))
        return
    order: Order | None = None
    entries: dict[tuple[int, int], Posting] = {}
    for seq, data, _ in kept.events:
        event = decode(data).event
        for place, posting in enumerate(postings(order, event)):
            entries[seq, place] = posting
        order = apply(order, event)
    assert order is not None, "there are events"

    yield from _entries(entries, kept, order.currency, fault)
    yield from _columns(order, kept, fault)
    try:
        same = decode_order(kept.state) == order
    except (msgspec.MsgspecError, UnicodeDecodeError):
        same = False
    if not same:
        yield fault(kind="state", seq=kept.version)
    yield from _sums(order, kept, fault)


def _entries(entries: dict[tuple[int, int], Posting], kept: Kept, currency: str, make: _Make) -> Iterator[Fault]:
    found = {(seq, place): rest for seq, place, *rest in kept.postings}
    for key in sorted(entries.keys() | found.keys()):
        seq, place = key
        posting, row = entries.get(key), found.get(key)
        if posting is None and row is not None:
            yield make(kind="posting_extra", seq=seq, place=place, tender=str(row[1]), what=str(row[0]), found=row[3])
        elif posting is not None and row is None:
            yield make(
                kind="posting_missing",
                seq=seq,
                place=place,
                tender=posting.tender,
                what=posting.account,
                expected=posting.amount_minor,
            )
        elif posting is not None and row is not None:
            wanted = {
                "account": posting.account,
                "tender": posting.tender,
                "currency": currency,
                "amount": posting.amount_minor,
            }
            for (what, value), other in zip(wanted.items(), row, strict=True):
                if value != other:
                    yield make(
                        kind="posting_differs",
                        seq=seq,
                        place=place,
                        tender=posting.tender,
                        what=what,
                        expected=value,
                        found=other,
                    )


def _columns(order: Order, kept: Kept, make: _Make) -> Iterator[Fault]:
    rows = {row[0]: row[1:] for row in kept.tenders}
    for tender in order.tenders:
        row = rows.pop(tender.id, None)
        if row is None:
            yield make(kind="tender_missing", tender=tender.id)
            continue
        for what, value, other in zip(COLUMNS, _told(tender, order.currency), row, strict=True):
            if value != other:
                yield make(kind="tender_differs", tender=tender.id, what=what, expected=value, found=other)
    for left in rows:
        yield make(kind="tender_extra", tender=left)


def _sums(order: Order, kept: Kept, make: _Make) -> Iterator[Fault]:
    """Each entry by itself, and each account of each tender: they cannot be wrong while all of the above is right."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    by_account: dict[tuple[str, str], int] = defaultdict(int)
    for seq, _, account, tender, currency, amount in kept.postings:
        sums[seq, currency] += amount
        by_account[tender, account] += amount
    for (seq, currency), amount in sorted(sums.items()):
        if amount:
            yield make(kind="unbalanced", seq=seq, what=currency, expected=0, found=amount)
    for tender in order.tenders:
        wanted = balances(tender, order.refunds)
        for account in ACCOUNTS:
            expected, found = wanted.get(account, 0), by_account.get((tender.id, account), 0)
            if expected != found:
                yield make(kind="account_differs", tender=tender.id, what=account, expected=expected, found=found)


def _told(tender: Tender, currency: str) -> tuple[str | int, ...]:
    return (
        tender.method,
        currency,
        tender.amount_minor,
        tender.captured_minor,
        tender.reserved_minor,
        tender.refunded_minor,
        tender.taken_elsewhere_minor,
    )
