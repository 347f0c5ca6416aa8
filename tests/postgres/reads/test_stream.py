"""Integrators read on from a cursor."""

import pytest

from postgres.mall import EVERYBODY, LANTERN, LANTERNS
from rescind.core.errors import InvalidField
from rescind.core.scope import Scope


async def test_events_are_read_on_from_a_cursor_without_gap_or_repeat(reads, order):
    whole = await reads.events_after(EVERYBODY, None)
    seen, cursor = [], None
    while (part := await reads.events_after(EVERYBODY, cursor, 7)).entries:
        seen += [entry.record for entry in part.entries]
        cursor = part.cursor
    assert seen == [entry.record for entry in whole.entries]
    assert part.cursor == cursor
    by_order = {identifier: [r.seq for r in seen if r.order == identifier] for identifier in order.values()}
    assert all(seqs == sorted(seqs) for seqs in by_order.values())
    mine = await reads.events_after(Scope(shop=LANTERN, buyer="ann"), None)
    assert {entry.record.order for entry in mine.entries} == {order["held"]}
    assert {entry.shop for entry in (await reads.events_after(LANTERNS, None)).entries} == {LANTERN}


@pytest.mark.parametrize("cursor", ["", "x", "2-0-0", "0-0-0", f"1-{10**18 * 99}-0", "1-2", "1-2-3-4", "1--2-3"])
async def test_a_cursor_of_another_stream_is_refused(reads, cursor):
    with pytest.raises(InvalidField) as refused:
        await reads.events_after(EVERYBODY, cursor)
    assert refused.value.params["field"] == "cursor"


async def test_an_event_that_began_early_and_committed_late_is_not_passed_over(spare):
    await spare.place("1")
    early = await spare.pool.acquire()
    slow = early.transaction()
    await slow.start()
    await early.execute("SELECT pg_current_xact_id()")
    await spare.place("2")
    before = await spare.reads.events_after(EVERYBODY, None)
    assert len(before.entries) == 1, "the second is held back while an older transaction may still write"
    await slow.commit()
    await spare.pool.release(early)
    after = await spare.reads.events_after(EVERYBODY, before.cursor)
    assert [entry.record.event.order.number for entry in after.entries] == ["2"]
