"""From what commands changed to the rows of each table, as the types of the statements want them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from rescind.core.cancellation import PLATFORM
from rescind.core.chargeback import frozen
from rescind.core.details import LineWords
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.packing import to_unpack
from rescind.core.parts import Cancellation, Contradiction, ProposalOutcome, Review
from rescind.core.ports import Change
from rescind.core.record import encode_order
from rescind.core.refund_order import waits
from rescind.core.returns import worth
from rescind.core.review import waiting
from rescind.core.stage import Stage
from rescind.postgres import refund_rows
from rescind.postgres import statements as sql

Row = tuple[Any, ...]
SLICES = 64
"""Into how many parts due work is divided, so that workers can own some each."""

_json = msgspec.json.Encoder()


def slice_of(order: str) -> int:
    """The part of the due work an order belongs to."""
    return zlib.crc32(order.encode()) % SLICES


_Rows = Callable[[Change, Instant], Iterable[Row]]


class Write:
    """What a batch writes, as one statement for all tables that get rows from it; their rows travel together."""

    def __init__(self, *tables: tuple[str, _Rows]) -> None:
        self._tables = [
            (statement, rows_of, sql.SHARED.get(statement, ()), place == 0)
            for place, (statement, rows_of) in enumerate(tables)
        ]
        self._together: dict[tuple[str, ...], str] = {}

    def statement(self, changes: Sequence[Change], now: Instant) -> tuple[str, list[list[Row]]]:
        """The statement, and the rows of each of its tables, in order.

        A table without rows is left out, because preparing to write none costs as much as writing a few; only the
        first one stays, whose rows are counted.
        """
        parts: list[str] = []
        written: list[list[Row]] = []
        for part, rows_of, shared, first in self._tables:
            rows = [row for change in changes for row in rows_of(change, now)]
            if shared:
                rows.sort(key=lambda row, shared=shared: [row[column] for column in shared])
            if rows or first:
                parts.append(part)
                written.append(rows)
        chosen = tuple(parts)
        text = self._together.get(chosen)
        if text is None:
            text = self._together[chosen] = sql.together(chosen)
        return text, written


def _moved_order(change: Change, now: Instant) -> Iterable[Row]:
    if change.before is None or not change.written:
        return
    after = change.after
    status, due_at = _waiting(after)
    yield (
        after.shop,
        after.id,
        change.before.version,
        after.version,
        encode_order(after),
        change.written[-1].hash,
        stage(after, now).value,
        status,
        due_at,
        change.written[-1].record.received_at,
        after.dispatch_due_at,
    )


def _new_order(change: Change, now: Instant) -> Iterable[Row]:
    after = change.after
    if change.before is None and change.written:
        status, due_at = _waiting(after)
        yield (
            after.shop,
            after.id,
            after.number,
            after.buyer,
            after.version,
            encode_order(after),
            change.written[-1].hash,
            stage(after, now).value,
            status,
            due_at,
            after.total.minor,
            after.currency,
            after.placed_at,
            now,
            after.dispatch_due_at,
        )


def _waiting(order: Order) -> tuple[str | None, Instant | None]:
    last = order.open_cancellation or (order.cancellations[-1] if order.cancellations else None)
    return (last.status.value, last.due_at if last.status.waiting else None) if last else (None, None)


def _new_lines(change: Change, _: Instant) -> Iterable[Row]:
    if change.before is not None or not change.written:
        return
    words = {line.line: line for line in change.details.lines} if change.details else {}
    for place, line in enumerate(change.after.lines):
        said = words.get(line.id) or LineWords(line=line.id, title=line.sku)
        yield (
            change.after.shop,
            change.after.id,
            line.id,
            place,
            line.sku,
            said.title,
            said.variant,
            _json.encode(said.options).decode(),
            said.image,
            line.quantity,
            line.unit_minor,
            line.discount_minor,
            line.tax_minor,
        )


def _new_tenders(change: Change, _: Instant) -> Iterable[Row]:
    if change.before is not None or not change.written:
        return
    for tender in change.after.tenders:
        yield (
            change.after.shop,
            change.after.id,
            tender.id,
            tender.method,
            tender.label,
            change.after.currency,
            tender.amount_minor,
            tender.captured_minor,
            tender.reserved_minor,
            tender.refunded_minor,
            tender.taken_elsewhere_minor,
        )


def _people(change: Change, _: Instant) -> Iterable[Row]:
    if change.written and change.details:
        recipient, buyer = (_json.encode(one).decode() for one in (change.details.recipient, change.details.buyer))
        yield (change.after.shop, change.after.id, recipient, change.details.note, buyer)


def _lines(change: Change, _: Instant) -> Iterable[Row]:
    if change.before is None:
        return
    for was, line in zip(change.before.lines, change.after.lines, strict=True):
        if was.cancelled != line.cancelled:
            yield (change.after.shop, change.after.id, line.id, line.cancelled)


def _parcels(change: Change, _: Instant) -> Iterable[Row]:
    before = change.before.parcels if change.before else ()
    known = {(one.id, one.carrier, one.tracking) for one in before}
    for parcel in change.after.parcels:
        if parcel.tracking and (parcel.id, parcel.carrier, parcel.tracking) not in known:
            yield (change.after.shop, change.after.id, parcel.id, parcel.carrier, parcel.tracking)


def _tenders(change: Change, _: Instant) -> Iterable[Row]:
    if change.before is None:
        return
    for was, tender in zip(change.before.tenders, change.after.tenders, strict=True):
        if was != tender:
            yield (
                change.after.shop,
                change.after.id,
                tender.id,
                tender.captured_minor,
                tender.reserved_minor,
                tender.refunded_minor,
                tender.taken_elsewhere_minor,
            )


def _events(change: Change, _: Instant) -> Iterable[Row]:
    for one in change.written:
        record = one.record
        kind = type(record.event).__name__
        yield (change.after.shop, change.after.id, record.seq, kind, one.data, one.hash, record.received_at)


def _texts(change: Change, _: Instant) -> Iterable[Row]:
    for note in change.notes:
        yield (change.after.shop, change.after.id, note.id, note.body, note.salt)


def _ledger(change: Change, _: Instant) -> Iterable[Row]:
    for one in change.written:
        for place, posting in enumerate(one.postings):
            yield (
                change.after.shop,
                change.after.id,
                one.record.seq,
                place,
                posting.account,
                posting.tender,
                change.after.currency,
                posting.amount_minor,
            )


def _cases(change: Change, _: Instant) -> Iterable[Row]:
    before = change.before
    known: tuple[Cancellation | Contradiction, ...] = (
        (*before.cancellations, *before.contradictions) if before is not None else ()
    )
    order = change.after
    for one in order.cancellations:
        if one not in known:
            yield (
                order.shop,
                one.id,
                order.id,
                order.buyer,
                "cancellation",
                one.status.value,
                one.reason,
                one.stage.value,
                one.rule,
                one.refund_minor,
                order.currency,
                one.requested_at,
                one.due_at,
                one.on_silence,
                one.closed_at,
                one.closed_by,
                one.filed_by,
            )
    for one in order.contradictions:
        if one not in known:
            yield (
                order.shop,
                f"{order.id}:{one.id}",
                order.id,
                order.buyer,
                "contradiction",
                one.outcome or ("open" if one.closed_at is None else "closed"),
                one.kind,
                one.fact.value,
                "",
                0,
                order.currency,
                one.at,
                None,
                "",
                one.closed_at,
                one.closed_by,
                "system",
            )


def _unpacking(change: Change, now: Instant) -> Iterable[Row]:
    before = to_unpack(change.before) if change.before else {}
    after = to_unpack(change.after)
    if bool(before) != bool(after):
        yield (change.after.shop, change.after.id, now, None if after else now)


def _reviews(change: Change, now: Instant) -> Iterable[Row]:
    """The review of an order as a row of the queue. It keeps its place when it is opened again."""
    order, before = change.after, change.before
    opened_at = order.progress.review_opened_at
    if opened_at is None or (before is not None and _review(before) == _review(order)):
        return
    review = order.review or Review()
    progress = order.progress
    # Where nobody cleared it, it ended with the parcel that has just left.
    closed_at = None if waiting(order) else progress.cancelled_at or progress.review_cleared_at or now
    yield (
        order.shop,
        f"{order.id}:review",
        order.id,
        order.buyer,
        "review",
        "open" if closed_at is None else "closed",
        review.found[0] if review.found else "asked_for",
        Stage.REVIEW.value,
        "",
        0,
        order.currency,
        opened_at,
        review.due_at,
        review.on_silence,
        closed_at,
        None,
        "system",
    )


def _overrides(change: Change, _: Instant) -> Iterable[Row]:
    """Decisions against the rules that wait, or waited, for a second person; the others have nobody to wait for."""
    known = change.before.overrides if change.before is not None else ()
    order = change.after
    for one in order.overrides:
        if one in known or (one.answered_at == one.at and one.outcome is ProposalOutcome.DONE):
            continue
        yield (
            order.shop,
            f"{order.id}:override-{one.number}",
            order.id,
            order.buyer,
            "override",
            one.outcome.value,
            one.reason,
            one.act.value,
            "",
            one.amount_minor,
            order.currency,
            one.at,
            one.due_at,
            "refuse",
            one.answered_at,
            "support" if one.answered_by else None,
            PLATFORM,
        )


def _proposals(change: Change, now: Instant) -> Iterable[Row]:
    """Money that waits, or waited, for a second person; ``reason`` is what is to be done, ``filed_by`` whose it is."""
    order = change.after
    known = change.before.proposals if change.before is not None else ()
    if order.proposals is known:
        return
    for one in order.proposals:
        if one in known:
            continue
        yield (
            order.shop,
            f"{order.id}:proposal-{one.number}",
            order.id,
            order.buyer,
            "proposal",
            one.outcome.value,
            one.terms.act.value,
            stage(order, now).value,
            "",
            one.terms.amount_minor,
            order.currency,
            one.at,
            one.due_at,
            "refuse",
            one.answered_at,
            one.side if one.answered_by else None,
            one.side,
        )


def _review(order: Order) -> tuple[object, ...]:
    return (order.review, order.progress.review_opened_at, waiting(order) is None)


def _returns(change: Change, _: Instant) -> Iterable[Row]:
    """The return cases of an order as rows of the queue. An amount is what was paid for the goods, not what is owed."""
    order = change.after
    known = change.before.returns if change.before is not None else ()
    for one in order.returns:
        if one not in known:
            yield (
                order.shop,
                one.id,
                order.id,
                order.buyer,
                "return",
                one.status.value,
                one.reason,
                one.stage.value,
                "",
                worth(order, one.lines).minor,
                order.currency,
                one.opened_at,
                one.due_at,
                "escalate",
                one.closed_at,
                one.closed_by,
                one.filed_by,
            )


def _escalations(change: Change, _: Instant) -> Iterable[Row]:
    """Calls for the platform as rows of the queue."""
    order = change.after
    known = change.before.escalations if change.before is not None else ()
    for one in order.escalations:
        if one not in known:
            yield (
                order.shop,
                f"{order.id}:escalation-{one.number}",
                order.id,
                order.buyer,
                "escalation",
                one.status.value,
                one.ground,
                stage(order, one.opened_at).value,
                "",
                0,
                order.currency,
                one.opened_at,
                one.due_at,
                "escalate",
                one.closed_at,
                one.closed_by,
                one.filed_by,
            )


def _refund_orders(change: Change, now: Instant) -> Iterable[Row]:
    """Refunds that the marketplace pays out itself, as rows of the queue; ``reason`` is by which means."""
    order = change.after
    before = change.before
    for one in order.refunds:
        if one.ordered is None:
            continue
        waits_for_bank = frozen(order, one)
        if before is not None and one in before.refunds and frozen(before, one) == waits_for_bank:
            continue
        waiting = "frozen" if waits_for_bank else "escalated" if one.ordered.escalated_at else "ordered"
        yield (
            order.shop,
            one.id,
            order.id,
            order.buyer,
            "refund",
            waiting if waits(one) else one.status.value,
            next(tender.method for tender in order.tenders if tender.id == one.tender),
            stage(order, now).value,
            "",
            one.amount_minor,
            order.currency,
            one.ordered.ordered_at,
            one.ordered.due_at,
            "escalate",
            one.settled_at,
            None,
            "system",
        )


def _all_cases(change: Change, now: Instant) -> Iterable[Row]:
    yield from _cases(change, now)
    yield from _returns(change, now)
    yield from _reviews(change, now)
    yield from _overrides(change, now)
    yield from _proposals(change, now)
    yield from _escalations(change, now)
    yield from _refund_orders(change, now)


def _due_gone(change: Change, _: Instant) -> Iterable[Row]:
    for kind, ref in change.due.gone:
        yield (change.after.shop, kind, ref)


def _due_new(change: Change, now: Instant) -> Iterable[Row]:
    order = change.after
    part = slice_of(order.id)
    for one in change.due.new:
        yield (order.shop, one.kind, one.ref, order.id, one.due_at, part)
    if change.written and change.told:
        first, last = change.written[0].record.seq, change.written[-1].record.seq
        yield (order.shop, FAN_OUT, f"{order.id}:{first}-{last}", order.id, now, part)


FAN_OUT: Final = "fan_out"
"""Due work that carries events to everybody who wants to hear of them."""


def _payments(change: Change, _: Instant) -> Iterable[Row]:
    """Which tenders a provider's messages are about, where no fan-out will see to it."""
    if change.told:
        return
    for tender in change.after.tenders:
        if tender.payment:
            yield (tender.payment, tender.provider, change.after.shop, change.after.id, tender.id)


def _keys(change: Change, now: Instant) -> Iterable[Row]:
    if change.key is None:
        return
    key = change.key
    first, last = change.written[0].record.seq, change.written[-1].record.seq
    yield (key.shop, key.principal, key.route, key.key, change.fingerprint, change.after.id, first, last, now)


_MOVES = (
    (sql.UPDATE_ORDERS, _moved_order),
    (sql.UPDATE_LINES, _lines),
    (sql.UPDATE_TENDERS, _tenders),
    (sql.UPSERT_PARCELS, _parcels),
    (sql.INSERT_EVENTS, _events),
    (sql.INSERT_TEXTS, _texts),
    (sql.INSERT_LEDGER, _ledger),
    (sql.UPSERT_CASES, _all_cases),
    (sql.UPSERT_UNPACKING, _unpacking),
    (sql.UPSERT_REFUNDS, refund_rows.every),
    (sql.INSERT_FAILED, refund_rows.failed),
    (sql.DELETE_FAILED, refund_rows.no_more_failed),
    (sql.INSERT_UNCLEAR, refund_rows.unclear),
    (sql.DELETE_UNCLEAR, refund_rows.no_more_unclear),
    (sql.UPSERT_UNSENT, refund_rows.unsent),
    (sql.DELETE_UNSENT, refund_rows.no_more_unsent),
    (sql.DELETE_DUE, _due_gone),
    (sql.UPSERT_DUE, _due_new),
    (sql.INSERT_PAYMENTS, _payments),
    (sql.INSERT_KEYS, _keys),
)
_BEGINNINGS = (
    (sql.INSERT_ORDERS, _new_order),
    (sql.INSERT_LINES, _new_lines),
    (sql.INSERT_TENDERS, _new_tenders),
    (sql.INSERT_PEOPLE, _people),
)
MOVING = Write(*_MOVES)
"""What commands about orders that are there write."""
PLACING = Write(*_MOVES[:-1], *_BEGINNINGS, _MOVES[-1])
"""The same with new orders among them. Keys come last in both: whoever waits for one holds all the rest already."""
