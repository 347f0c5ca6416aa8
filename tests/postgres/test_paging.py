from datetime import UTC, datetime, timedelta
from itertools import product

import asyncpg
import pytest

from postgres.servers import VERSIONS, new_database, running
from rescind.core.errors import InvalidField
from rescind.postgres.embedded import APP
from rescind.postgres.paging import COUNTED, Cursors, Mark, Order, check_limit, page

DAY = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
SECRET = b"s" * 32


@pytest.fixture(scope="module", params=VERSIONS)
def server(request, tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("paging"), request.param)


@pytest.fixture
async def database(server):
    connection = await asyncpg.connect((await new_database(server, "paging"))(APP))
    yield connection
    await connection.close()


ASCENDING = Order("soon", "lead", "tie", "timestamptz", nullable=True)
DESCENDING = Order("newest", "lead", "tie", "timestamptz", descending=True)
AMOUNT = Order("amount", "lead", "tie", "bigint", descending=True)


async def read(database, rows, order, mark, limit):
    """One page of rows that lie in the statement itself, as the reads build it."""
    beyond, parameters = mark.predicate(order, 3) if mark else ("true", ())
    backward = mark is not None and mark.backward
    found = await database.fetch(
        f"SELECT * FROM unnest($1::{order.cast}[], $2::text[]) AS r (lead, tie) "
        f"WHERE {beyond} ORDER BY {order.by(backward=backward)} LIMIT {limit + 1}",
        [lead for lead, _ in rows],
        [tie for _, tie in rows],
        *parameters,
    )
    return page(
        found,
        mark=mark,
        limit=limit,
        total=len(rows),
        read=lambda row: (row["lead"], row["tie"]),
        seal=lambda row, backward: Mark(backward, row["lead"], row["tie"]),
    )


@pytest.mark.parametrize(
    ("order", "leads"),
    [
        (ASCENDING, [DAY, None, DAY, DAY + timedelta(microseconds=1), None, DAY - timedelta(days=1), None]),
        (ASCENDING, [None, None, None]),
        (ASCENDING, [DAY, DAY, DAY]),
        (ASCENDING, []),
        (DESCENDING, [DAY, DAY, DAY - timedelta(microseconds=1), DAY + timedelta(days=1), DAY]),
        (AMOUNT, [0, 5, 5, 10**15, 5, 0]),
    ],
)
async def test_every_page_size_walks_the_whole_list_both_ways(database, order, leads):
    rows = [(lead, f"{place * 7 % 10}") for place, lead in enumerate(leads)]
    far = datetime.max.replace(tzinfo=UTC)
    expected = sorted(rows, key=lambda row: (far if row[0] is None else row[0], row[1]), reverse=order.descending)
    for limit in range(1, len(rows) + 2):
        one, forward = await read(database, rows, order, None, limit), []
        while True:
            forward.append(one.rows)
            assert one.total == len(rows)
            if one.next is None:
                break
            one = await read(database, rows, order, one.next, limit)
        assert [row for part in forward for row in part] == expected
        assert all(len(part) == limit for part in forward[:-1])
        backward = [one.rows]
        while one.previous is not None:
            one = await read(database, rows, order, one.previous, limit)
            backward.insert(0, one.rows)
        assert backward == forward


@pytest.mark.parametrize(("lead", "backward"), list(product((DAY, None, 10**15, 0), (True, False))))
def test_a_cursor_brings_back_what_was_sealed(lead, backward):
    mark = Mark(backward, lead, "ord_1")
    cursor = Cursors(SECRET).seal(b"list", mark)
    assert Cursors(SECRET).open(b"list", cursor) == mark
    assert cursor.replace("-", "").replace("_", "").isalnum(), "it goes into an address as it is"


def test_no_byte_of_a_cursor_can_be_changed():
    cursors = Cursors(SECRET)
    cursor = cursors.seal(b"list", Mark(False, DAY, "ord_1"))
    for place, letter in product(range(len(cursor) - 1), "Aq"):
        if cursor[place] == letter:
            continue
        with pytest.raises(InvalidField):
            cursors.open(b"list", cursor[:place] + letter + cursor[place + 1 :])
    for text in ("", "=", "A" * 22, cursor + "\n", " " + cursor, cursor[:20], cursor * 50, "ü", "\x00", "%2B"):
        with pytest.raises(InvalidField):
            cursors.open(b"list", text)


def test_a_cursor_belongs_to_one_list_of_one_installation():
    cursor = Cursors(SECRET).seal(b"list", Mark(False, DAY, "ord_1"))
    for secret, of in ((SECRET, b"other"), (SECRET, b""), (b"t" * 32, b"list")):
        with pytest.raises(InvalidField):
            Cursors(secret).open(of, cursor)


def test_a_list_is_counted_up_to_a_thousand():
    for total, said in ((COUNTED, COUNTED), (COUNTED + 1, None)):
        found = page([1], mark=None, limit=1, total=total, read=str, seal=lambda *_: "")
        assert (found.total, found.rows) == (said, ("1",))


def test_a_page_has_one_to_a_hundred_rows():
    assert (check_limit(1), check_limit(100)) == (1, 100)
    for limit in (0, 101, -5):
        with pytest.raises(InvalidField):
            check_limit(limit)
