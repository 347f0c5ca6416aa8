"""The books of a real database: right as they are written, and no row of them can be changed unnoticed.

The serving role cannot change the ledger at all; whoever tampers here is the owner of the tables.
"""

from datetime import timedelta

import asyncpg
import pytest

from postgres.market import KILN, LANTERN, worked
from rescind.commands.ledger import words
from rescind.core.parts import FactKind, Tender
from rescind.postgres.embedded import OWNER
from rescind.postgres.ledger import Checked, balance, check


@pytest.fixture
async def owner(database):
    connection = await asyncpg.connect(database(OWNER))
    yield connection
    await connection.close()


async def differences(connection, shop=None):
    """The faults, and what was looked at."""
    *faults, done = [found async for found in check(connection, shop, at_once=2)]
    assert isinstance(done, Checked)
    return faults, done


@pytest.fixture
async def orders(market):
    """Five orders of two shops: one as it was paid, one refunded, one declined, one in doubt, one charged back."""
    made = {"paid": await market.order(price=1000)}
    two = (
        Tender(id="card", method="card", amount_minor=2500),
        Tender(id="gift", method="gift_card", amount_minor=1500),
    )
    made["refunded"] = await market.order(price=4000, tenders=two)
    await market.cancels(made["refunded"])
    made["declined"] = await market.order(price=2013)
    await market.cancels(made["declined"])
    made["charged"] = await market.order(price=3000)
    await market.fact(made["charged"], FactKind.CHARGED_BACK, amount_minor=700, tender="t")
    made["other shop"] = await market.order(shop=LANTERN, price=9000)
    await worked(market)
    market.clock.advance(timedelta(hours=1))
    await worked(market)
    made["in doubt"] = await market.order(price=1017)
    await market.cancels(made["in doubt"])
    await worked(market)
    return made


async def test_what_was_written_proves_right_and_adds_up_to_nothing(orders, owner, market):  # I-06
    faults, done = await differences(owner)
    assert faults == []
    assert done.orders == len(orders)
    assert done.postings == await owner.fetchval("SELECT count(*) FROM ledger")
    found = await balance(market.pool)
    whole = {(one.currency, one.account): one.amount_minor for one in found if not one.shop}
    assert whole["EUR", "provider"] == 1000 + 2013 + 3000 - 700 + 1017
    assert whole["EUR", "elsewhere"] == 700
    assert whole["EUR", "buyer"] == -1017
    assert whole["EUR", "credit"] == 0
    assert whole["USD", "seller"] == -9000
    for currency in ("EUR", "USD"):
        assert sum(amount for (one, _), amount in whole.items() if one == currency) == 0
    by_shop = {one.shop for one in found if one.shop}
    assert by_shop == {KILN, LANTERN}
    assert {one.currency for one in await balance(market.pool, LANTERN)} == {"USD"}


# What somebody changes, the first difference that is told of it, and a part of its words.
TAMPERED = [
    ("UPDATE ledger SET amount_minor = amount_minor + 1 WHERE {one}", "posting_differs", "the amount of posting"),
    ("UPDATE ledger SET account = 'elsewhere' WHERE {one}", "posting_differs", "the account of posting"),
    ("UPDATE ledger SET currency = 'USD' WHERE {one}", "posting_differs", "the currency of posting"),
    ("DELETE FROM ledger WHERE {one}", "posting_missing", "is not in the ledger"),
    (
        (
            "INSERT INTO ledger SELECT shop_id, order_id, seq, 77, account, tender_id, currency, amount_minor"
            " FROM ledger WHERE {one}"
        ),
        "posting_extra",
        "which no event makes",
    ),
    (
        (
            "UPDATE ledger SET tender_id = CASE tender_id WHEN 'card' THEN 'gift' ELSE 'card' END"
            " WHERE order_id = '{order}' AND seq = (SELECT max(seq) FROM ledger WHERE order_id = '{order}')"
        ),
        "posting_differs",
        "the tender of posting",
    ),
    ("UPDATE tenders SET captured_minor = captured_minor - 1, refunded_minor = 0 WHERE {card}", "tender_differs", ""),
    (
        "UPDATE tenders SET refunded_minor = refunded_minor - 1 WHERE {card}",
        "tender_differs",
        "refunded of tender card",
    ),
    ("UPDATE tenders SET reserved_minor = 0, refunded_minor = 0 WHERE {card}", "tender_differs", "refunded of tender"),
    ("UPDATE tenders SET taken_elsewhere_minor = 5 WHERE {card}", "tender_differs", "taken_elsewhere of tender card"),
    ("UPDATE tenders SET method = 'wallet' WHERE {card}", "tender_differs", "method of tender card is wallet"),
    ("UPDATE tenders SET tender_id = 'cash' WHERE {card}", "tender_missing", "tender card is not in the table"),
    ("DELETE FROM tenders WHERE {card}", "tender_missing", "tender card is not in the table of tenders"),
    (
        (
            "UPDATE orders SET state = (SELECT state FROM orders o WHERE o.order_id <> '{order}' LIMIT 1)"
            " WHERE order_id = '{order}'"
        ),
        "state",
        "its stored state is not what its",
    ),
    ("UPDATE orders SET version = version - 1 WHERE order_id = '{order}'", "history", "does not hold from record"),
    (
        (
            "DELETE FROM events e WHERE order_id = '{order}' AND seq = (SELECT max(seq) FROM events"
            " WHERE order_id = '{order}')"
        ),
        "history",
        "does not hold from record",
    ),
    (
        (
            "UPDATE events SET body = convert_to(replace(convert_from(body, 'UTF8'), '2500', '2600'), 'UTF8')"
            " WHERE order_id = '{order}'"
        ),
        "history",
        "(edited)",
    ),
    ("DELETE FROM orders WHERE order_id = '{order}'", "orphan", "which is not there"),
]


@pytest.mark.parametrize(("statement", "kind", "said"), TAMPERED, ids=[one[0][:60] for one in TAMPERED])
async def test_every_row_somebody_tampers_with_is_found(orders, owner, statement, kind, said):  # I-06
    order = orders["refunded"]
    one = f"(order_id, seq, place) = (SELECT order_id, seq, place FROM ledger WHERE order_id = '{order}' LIMIT 1)"
    changed = await owner.execute(
        statement.format(order=order, one=one, card=f"order_id = '{order}' AND tender_id = 'card'")
    )
    assert int(changed.split()[-1]) > 0
    faults, _ = await differences(owner)
    assert faults
    assert {fault.order for fault in faults} == {order}
    assert faults[0].kind == kind
    assert said in words(faults[0])
    assert order in words(faults[0])


async def test_one_shop_is_proven_alone(orders, owner):
    await owner.execute("DELETE FROM ledger WHERE order_id = $1", orders["refunded"])
    assert (await differences(owner, LANTERN)) == ([], Checked(1, 2))
    assert (await differences(owner, KILN))[0]
