"""Receipts and credit notes: issued at first asking, numbered without gaps, never changed, equal to the ledger."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from postgres.market import KILN, worked
from rescind.core.documents import WHOLE_ORDER, DocumentKind, digest, encode
from rescind.core.errors import NotFound
from rescind.core.parts import Line, Tender
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.postgres.embedded import OWNER

ALL = Scope()
GOODS = (
    Line(id="1", sku="CUP", quantity=3, unit_minor=1000, discount_minor=100, tax_minor=551),
    Line(id="2", sku="POT", quantity=1, unit_minor=4000, tax_minor=760),
)
PAID = 8701


@pytest.fixture
def papers(desk):
    return desk.documents


async def bought(market, **more):
    tenders = (Tender(id="card", method="card", label="Visa ··42", amount_minor=6000),)
    tenders += (Tender(id="gift", method="gift_card", amount_minor=PAID - 6000),)
    return await market.order(Stage.REVIEW, **{"lines": GOODS, "tenders": tenders, "shipping_minor": 490, **more})


async def numbers(pool, kind="credit_note"):
    rows = await pool.fetch("SELECT number FROM documents WHERE kind = $1 ORDER BY number", kind)
    return [row["number"] for row in rows]


async def test_a_cancellation_writes_no_document_and_the_first_asking_does(market, papers, pool):
    order = await bought(market)
    cancelled = await market.cancels(order)
    about = cancelled.order.cancellations[-1].id
    await worked(market)
    assert await pool.fetchval("SELECT count(*) FROM documents") == 0
    assert await pool.fetchval("SELECT count(*) FROM document_numbers") == 0
    first = await papers.about(ALL, order, about)
    assert first.content.number == "C2026-000001"
    assert await papers.about(ALL, order, about) == first, "asked again, it is the same"
    assert await papers.read(ALL, first.content.id) == first


async def test_a_credit_note_says_what_the_ledger_says_to_the_cent(market, papers, pool):  # KF-01, KF-02
    order = await bought(market)
    for lines in ({"1": 1}, {"1": 1}, {"1": 1, "2": 1}):
        await market.asks(order, lines=lines)
    notes = [one.content for one in await papers.of_order(ALL, order) if one.content.kind is DocumentKind.CREDIT_NOTE]
    owed = await pool.fetch(
        "SELECT tender_id, -sum(amount_minor)::bigint AS minor FROM ledger"
        " WHERE order_id = $1 AND account = $2 GROUP BY tender_id",
        order,
        "buyer",
    )
    told = {"card": 0, "gift": 0}
    for one in notes:
        assert one.total_minor == one.back_minor == sum(row.total_minor for row in one.rows) + one.shipping_minor
        assert one.other_minor == 0
        for part in one.back:
            told[part.tender] += part.amount_minor
    assert told == {row["tender_id"]: row["minor"] for row in owed}
    assert sum(told.values()) == PAID
    assert sum(one.tax_minor for one in notes) == 551 + 760, "the recorded tax, unit by unit"
    assert [one.shipping_minor for one in notes] == [0, 0, 490], "delivery with the last of it"


async def test_a_receipt_is_kept_as_issued_and_a_later_one_names_it(market, papers, pool):
    order = await bought(market)
    first = await papers.about(ALL, order, WHOLE_ORDER)
    assert first.content.paid_minor == first.content.total_minor == PAID
    assert first.content.back_minor == 0
    await market.asks(order, lines={"2": 1})
    second = await papers.about(ALL, order, WHOLE_ORDER)
    assert (second.content.number, second.content.replaces_number) == ("R2026-000002", "R2026-000001")
    assert second.content.back_minor == 4760
    again = await papers.read(ALL, first.content.id)
    assert again == msgspec.structs.replace(first, replaced_by=second.content.id), "only that a later one is there"
    await worked(market)
    assert await papers.about(ALL, order, WHOLE_ORDER) == second, "money on its way changes no amount"
    kept = await pool.fetch("SELECT content, digest FROM documents")
    assert all(digest(row["content"]) == row["digest"] for row in kept)


async def test_two_who_issue_at_once_leave_no_gap_and_no_double(market, papers, pool):
    orders = [await bought(market) for _ in range(12)]
    abouts = [(await market.cancels(order)).order.cancellations[-1].id for order in orders]
    asked = [papers.about(ALL, order, about) for order, about in zip(orders, abouts, strict=True) for _ in range(3)]
    issued = await asyncio.gather(*asked)
    assert len({one.content.id for one in issued}) == 12, "asked for three times at once, each is one document"
    assert await numbers(pool) == list(range(1, 13))
    times = await pool.fetch("SELECT issued_at FROM documents ORDER BY number")
    assert times == sorted(times)
    assert await papers.table.flaws(KILN) == ()


async def test_an_issue_that_is_rolled_back_gives_its_number_back(market, papers, pool, database):
    kept, lost = await bought(market), await bought(market)
    for order in (kept, lost):
        await market.cancels(order)

    async def about(order):
        return (await market.read(order)).cancellations[-1].id

    await papers.about(ALL, kept, await about(kept))
    # The database refuses the row after its number was taken.
    refusing = "ALTER TABLE documents ADD CONSTRAINT no_more CHECK (number < 2) NOT VALID"
    connection = await asyncpg.connect(database(OWNER))
    try:
        await connection.execute(refusing)
        with pytest.raises(asyncpg.CheckViolationError):
            await papers.about(ALL, lost, await about(lost))
        assert await pool.fetchval("SELECT last FROM document_numbers WHERE series = 'C'") == 1
        await connection.execute("ALTER TABLE documents DROP CONSTRAINT no_more")
    finally:
        await connection.close()
    assert (await papers.about(ALL, lost, await about(lost))).content.number == "C2026-000002"
    assert await papers.table.flaws(KILN) == ()


async def test_each_year_and_each_shop_counts_from_one_by_its_own_clock(market, papers, clock):
    clock.set(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    orders = [await bought(market, currency="EUR") for _ in range(3)]
    for order in orders:
        await market.cancels(order)
    told = []
    for order, wait in zip(orders, (0, 29, 1), strict=True):
        clock.advance(timedelta(minutes=wait))
        told.append((await papers.about(ALL, order, (await market.read(order)).cancellations[-1].id)).content.number)
    assert told == ["C2026-000001", "C2026-000002", "C2027-000001"]


async def test_what_was_issued_cannot_be_changed_by_whoever_serves(market, papers, pool):
    order = await bought(market)
    one = await papers.about(ALL, order, WHOLE_ORDER)
    for statement in ("UPDATE documents SET content = content", "DELETE FROM documents"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    assert digest(encode(one.content)) == one.digest


async def test_foreign_and_missing_documents_are_the_same(market, papers):  # I-30
    order = await bought(market)
    one = await papers.about(ALL, order, WHOLE_ORDER)
    missing = one.content.id[:-1] + ("0" if one.content.id[-1] != "0" else "1")
    said = set()
    for scope, document in ((Scope(buyer="bob"), one.content.id), (ALL, missing), (ALL, "doc_x"), (ALL, order)):
        with pytest.raises(NotFound) as refused:
            await papers.read(scope, document)
        said.add(str(refused.value.params))
    assert len(said) == 1
    with pytest.raises(NotFound):
        await papers.of_order(Scope(buyer="bob"), order)
    assert await papers.read(Scope(buyer="ann"), one.content.id) == one
    assert await papers.read(Scope(shop=KILN), one.content.id) == one


async def test_what_gave_nothing_back_has_no_credit_note(market, papers):
    order = await market.order(Stage.UNPAID)
    await market.asks(order)
    assert await papers.of_order(ALL, order) == ()
    with pytest.raises(NotFound):
        await papers.about(ALL, order, (await market.read(order)).cancellations[-1].id)
