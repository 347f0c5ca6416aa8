"""What happened to an order."""

from postgres.mall import ANN, KILNS


async def test_a_timeline_begins_with_the_order_and_carries_each_words_where_they_were_said(reads, order):
    entries = await reads.timeline(KILNS, order["refused"])
    assert [entry.record.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert type(entries[0].record.event).__name__ == "OrderPlaced"
    assert [entry.notes for entry in entries if entry.notes] == [{"txt_refused": "The label is on it"}]
    asked = await reads.timeline(ANN, order["asked"])
    assert asked[-1].notes == {"txt_asked": "I found my old one"}, "the words of a request lie inside of its terms"
