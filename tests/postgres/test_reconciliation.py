"""Reconciling on a real database: what is news reaches the order, what differs is kept until somebody explains it."""

from datetime import timedelta

import asyncpg
import msgspec
import pytest

from postgres.market import LANTERN, person, worked
from rescind.core.errors import DifferenceSettled, NotFound
from rescind.core.failed_refund import SettleFailedRefund, WayOn
from rescind.core.parts import RefundStatus, Tender
from rescind.core.ports import ProviderRefund
from rescind.core.reconcile import KINDS
from rescind.core.refund import ProviderOutcome
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import OWNER
from rescind.postgres.hold import held, release
from rescind.postgres.ledger import Checked, check
from rescind.postgres.reconciliation import Reconciliations, in_parts
from rescind.providers.host import Host
from rescind.providers.sandbox import Sandbox
from rescind.worker import refunds as sending
from rescind.worker.reconciliation import reconcile


class Books:
    """A market, and a provider's list that agrees with it until a test says otherwise."""

    def __init__(self, market):
        self.market, self.table, self.list = market, Reconciliations(market.pool), []

    async def refunded(self, price=4000, **more):
        """An order whose refund arrived; gives the refund."""
        order = await self.market.order(price=price, **more)
        await self.market.cancels(order)
        await worked(self.market)
        self.market.clock.advance(timedelta(minutes=30))
        await worked(self.market)
        return (await self.market.read(order)).refunds[0], order

    def lists(self, refund, currency="EUR", /, **but):
        """The provider has it too."""
        one = ProviderRefund(
            reference=refund.reference,
            refund=refund.id,
            payment="",
            amount_minor=refund.amount_minor,
            currency=currency,
            status=ProviderOutcome.SUCCEEDED,
            at=refund.owed_at,
        )
        self.list.append(msgspec.structs.replace(one, **but))

    async def run(self, **more):
        until = self.market.clock.read() + timedelta(hours=2)
        span = {"since": until - timedelta(days=20), "until": until, **more}
        return await reconcile(
            self.market.engine, self.table, in_parts(list(self.list)), provider="", source="list.csv", by="ines", **span
        )

    async def found(self, run):
        return await self.table.differences(run.number)


@pytest.fixture
async def books(market):
    return Books(market)


async def test_the_same_refunds_on_both_sides_are_clean(books):
    for price in (1000, 2000, 3000):
        refund, _ = await books.refunded(price)
        books.lists(refund)
    other, _ = await books.refunded(4000, shop=LANTERN)
    books.lists(other, "USD")
    await books.market.order(price=1000)
    books.list.reverse()
    run = await books.run()
    assert (run.ours, run.theirs, run.agreed, run.open, run.told) == (4, 4, 4, 0, 0)
    assert run.finished_at
    assert await books.found(run) == ()


async def test_a_refund_that_the_provider_knows_by_its_own_id_only_is_found_by_it(books):
    refund, _ = await books.refunded()
    books.lists(refund, refund="")
    run = await books.run()
    assert (run.agreed, run.open) == (1, 0)


async def test_the_provider_is_asked_while_nothing_is_open_in_the_database(books, database):  # architecture, promise 2
    refund, _ = await books.refunded()
    books.lists(refund)
    watching = await asyncpg.connect(database(OWNER))
    seen = []

    async def slow():
        # The first word comes after ours were read, the next while theirs are kept.
        for some in ([], books.list, []):
            seen.append(
                await watching.fetchval(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
                )
            )
            yield some

    until = books.market.clock.read() + timedelta(hours=2)
    span = {"since": until - timedelta(days=20), "until": until, "provider": "", "source": "", "by": "ines"}
    try:
        for _ in range(2):
            run = await reconcile(books.market.engine, books.table, slow(), **span)
            assert (run.agreed, run.open) == (1, 0)
    finally:
        await watching.close()
    assert seen == [0] * 6


async def test_a_provider_that_breaks_off_leaves_nothing_in_the_way_of_the_next_run(books):
    refund, _ = await books.refunded()
    books.lists(refund)

    async def broken():
        yield books.list
        raise OSError("gone")

    until = books.market.clock.read() + timedelta(hours=2)
    span = {"since": until - timedelta(days=20), "until": until, "provider": "", "source": "", "by": "ines"}
    for _ in range(8):  # As many as the pool has connections.
        with pytest.raises(OSError, match="gone"):
            await reconcile(books.market.engine, books.table, broken(), **span)
    assert (await books.run()).agreed == 1


async def test_each_kind_of_difference_is_found_and_told_in_the_order_of_our_ids(books):
    """But ``payment``, which nobody tells us yet; the core's own test has it."""
    market = books.market
    (twice, _), (missing, _), (currency, _) = [await books.refunded() for _ in range(3)]
    amount, _ = await books.refunded(tenders=(Tender(id="t", method="card", amount_minor=4000),))
    failed, _ = await books.refunded(4013)
    slow_order = await market.order(price=7000)
    await market.cancels(slow_order)
    await sending.sweep(market.engine, DueTable(market.pool, market.clock), Sandbox())
    slow = (await market.read(slow_order)).refunds[0]
    assert (failed.status, slow.status) == (RefundStatus.FAILED, RefundStatus.SUBMITTED)
    books.lists(twice)
    books.lists(twice, reference="again")
    books.lists(currency, "USD")
    books.lists(amount, amount_minor=3999)
    books.lists(failed)
    books.lists(slow, status=ProviderOutcome.SUBMITTED)
    books.lists(missing, refund="", reference="by hand")
    market.clock.advance(timedelta(days=11))
    run = await books.run()
    found = await books.found(run)
    assert {one.kind for one in found} == set(KINDS) - {"payment"}
    assert [one.place for one in found] == list(range(1, 8))
    assert [one.refund for one in found] == sorted(one.refund for one in found)
    assert (found[0].kind, found[0].their_reference) == ("unknown", "by hand")
    assert all(one.state == "open" for one in found)
    by_kind = {one.kind: one for one in found}
    assert (by_kind["twice"].their_count, by_kind["twice"].their_minor) == (2, 8000)
    assert (by_kind["amount"].our_minor, by_kind["amount"].their_minor) == (4000, 3999)
    assert (by_kind["currency"].our_currency, by_kind["currency"].their_currency) == ("EUR", "USD")
    assert (by_kind["status"].our_status, by_kind["status"].their_status) == ("failed", "succeeded")
    assert (by_kind["missing"].refund, by_kind["late"].refund) == (missing.id, slow.id)
    # Reading on begins after a place.
    assert await books.table.differences(run.number, after=5) == found[5:]


async def test_what_is_in_doubt_here_is_told_what_the_provider_knows(books):  # I-07
    order = await books.market.order(price=1017)
    await books.market.cancels(order)
    table = books.market
    await sending.sweep(table.engine, DueTable(table.pool, table.clock), Sandbox())
    refund = (await table.read(order)).refunds[0]
    assert refund.status is RefundStatus.IN_DOUBT
    books.lists(refund, reference="re_77")
    run = await books.run()
    assert (run.told, run.open) == (1, 0)
    (found,) = await books.found(run)
    assert (found.kind, found.state, found.our_status, found.their_status) == (
        "status",
        "told",
        "in_doubt",
        "succeeded",
    )
    after = (await table.read(order)).refunds[0]
    assert (after.status, after.reference) == (RefundStatus.SUCCEEDED, "re_77")
    # It was told by an event, so that the books go with it.
    async with table.pool.acquire() as connection:
        assert [one async for one in check(connection)] == [Checked(1, 6)]
    assert (await books.run()).agreed == 1


async def test_what_came_back_from_the_bank_is_told_too(books):  # I-09
    refund, order = await books.refunded()
    books.lists(refund, status=ProviderOutcome.DECLINED)
    assert (await books.run()).told == 1
    assert (await books.market.read(order)).refunds[0].status is RefundStatus.FAILED
    failed = await books.market.pool.fetch("SELECT refund_id FROM failed_refunds")
    assert [row["refund_id"] for row in failed] == [refund.id]
    settled = SettleFailedRefund(order=order, refund=refund.id, way=WayOn.PAID_OUT, voucher="V-1")
    await books.market.does(settled, person("support", "sue"))
    assert await books.market.pool.fetch("SELECT refund_id FROM failed_refunds") == []
    # What was paid out by hand is in nobody's list, and the books know where it came from.
    assert (await books.run()).open == 0
    async with books.market.pool.acquire() as connection:
        assert [one async for one in check(connection)] == [Checked(1, 12)]


async def test_what_the_marketplace_pays_out_itself_is_in_no_providers_list(books):
    order = await books.market.order()
    await books.market.cancels(order)
    await worked(books.market, Host(3, nobody_said))
    assert (await books.market.read(order)).refunds[0].ordered
    books.market.clock.advance(timedelta(days=1))
    run = await books.run()
    assert (run.ours, run.open) == (0, 0)


async def nobody_said(_):
    return None


async def test_a_difference_is_explained_once_and_by_a_name(books, market):
    refund, _ = await books.refunded()
    books.lists(refund, amount_minor=1)
    run = await books.run()
    assert run.open == 1
    kept = await books.table.explain(run.number, 1, "ines", "Settled by hand with the buyer.")
    assert (kept.state, kept.explained_by) == ("explained", "ines")
    assert (await books.table.run(run.number)).explained == 1
    # The same again is the same; another word is refused.
    assert await books.table.explain(run.number, 1, "ines", "Settled by hand with the buyer.") == kept
    with pytest.raises(DifferenceSettled):
        await books.table.explain(run.number, 1, "omar", "No.")
    for nowhere in ((run.number, 2), (run.number + 1, 1), (0, 0), (2**40, 1)):
        with pytest.raises(NotFound):
            await books.table.explain(*nowhere, "ines", "x")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await market.pool.execute("DELETE FROM differences")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await market.pool.execute("UPDATE differences SET their_minor = 4000")


async def test_a_list_that_breaks_off_leaves_nothing(books):
    async def broken():
        yield []
        raise RuntimeError("the line went dead")

    now = books.market.clock.read()
    with pytest.raises(RuntimeError):
        await reconcile(
            books.market.engine,
            books.table,
            broken(),
            provider="",
            source="x",
            since=now - timedelta(days=1),
            until=now,
            by="ines",
        )
    assert await books.table.runs() == ()


# --- after a restore --------------------------------------------------------------------------------------------------


@pytest.fixture
async def restored(books, database):
    """As a restore leaves it: held, with two orders that were refunded before the backup."""
    owner = await asyncpg.connect(database(OWNER))
    one, _ = await books.refunded(1000)
    two, _ = await books.refunded(2000)
    books.lists(one)
    books.lists(two)
    books.market.clock.advance(timedelta(hours=3))
    at = books.market.clock.read()
    await owner.execute(
        "INSERT INTO installation VALUES ('held', $1), ('restored_at', $2)",
        f"restore {at:%Y-%m-%dT%H:%M:%SZ}",
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
    )
    # The runs of a test begin by the database's own clock.
    yield owner
    await owner.close()


async def test_a_restore_stays_held_until_a_run_is_clean_or_explained(books, restored):
    waits = (await held(restored)).waits_for
    assert [(one.provider, one.run, one.open) for one in waits] == [("", None, 0)]
    # A list that ends before the restore, or begins after the backup, has not looked at all of it.
    at = books.market.clock.read()
    await books.run(until=at - timedelta(minutes=1))
    await books.run(since=at - timedelta(minutes=1))
    assert (await held(restored)).waits_for[0].run is None
    # After the backup a third refund was made, of which nothing is known here.
    lost = msgspec.structs.replace(books.list[0], refund="ref_00000001zzzzzzzzzzzzzz", reference="lost", at=at)
    books.list.append(lost)
    run = await books.run()
    (wanted,) = (await held(restored)).waits_for
    assert (wanted.run, wanted.open) == (run.number, 1)
    await books.table.explain(run.number, 1, "ines", "Order 77 of the host; told again.")
    ready = await held(restored)
    assert (ready.waits_for, ready.runs) == ((), (run.number,))
    # A later run that finds something counts, not the one before it.
    again = await books.run()
    assert (await held(restored)).waits_for[0].run == again.number
    await books.table.explain(again.number, 1, "omar", "As before.")
    assert await release(restored, "operator:ines", (await held(restored)).runs)
    assert await held(restored) is None
    assert not await release(restored, "operator:ines", (1,))
    kept = await restored.fetchrow("SELECT released_by, runs, reason FROM releases")
    assert tuple(kept) == ("operator:ines", [again.number], "")


async def test_nobody_lets_refunds_run_for_no_reason(restored):
    with pytest.raises(asyncpg.CheckViolationError):
        await release(restored, "operator:ines", ())
    assert await held(restored)
    assert await release(restored, "operator:ines", (), "The provider is gone.")
    assert await restored.fetchval("SELECT reason FROM releases") == "The provider is gone."
