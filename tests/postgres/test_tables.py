"""Every table is of a kind, and its keys are as that kind says."""

import asyncpg
import pytest

from postgres.servers import VERSIONS
from rescind.postgres.embedded import OWNER
from rescind.postgres.tables import KINDS

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
# Unique indexes stand for primary keys and unique constraints too: each of those has one of its own.
UNIQUE = """
SELECT t.relname AS owner, i.relname AS key, pg_get_indexdef(x.indexrelid, 1, true) AS leads
FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE t.relnamespace = 'public'::regnamespace AND x.indisunique
"""
REFERENCES = """
SELECT conrelid::regclass::text AS source, confrelid::regclass::text AS target
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""

pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
async def connection(database):
    opened = await asyncpg.connect(database(OWNER))
    yield opened
    await opened.close()


async def test_every_table_is_declared_and_every_declared_table_is_there(connection):
    assert {row["relname"] for row in await connection.fetch(TABLES)} == set(KINDS)


async def test_every_key_begins_with_what_its_table_is_kept_by(connection):
    keys = await connection.fetch(UNIQUE)
    assert {row["owner"] for row in keys} == set(KINDS), "a table without a key cannot be told apart row by row"
    first = {"shop": "shop_id", "buyer": "buyer_id"}
    wrong = [tuple(row) for row in keys if row["leads"] != first.get(KINDS[row["owner"]], row["leads"])]
    assert wrong == []


async def test_a_table_refers_only_to_what_is_everywhere(connection):
    references = await connection.fetch(REFERENCES)
    assert [tuple(row) for row in references if KINDS[row["target"]] != "reference"] == []
