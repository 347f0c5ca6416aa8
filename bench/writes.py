"""The ceiling: pgbench writing, for one cancellation, the very rows that the program writes.

The rows are copied from a real cancellation, so that both sides write equal rows of equal size; that is asserted.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from bench.marketplace import SHOP, Field, order_id

TABLES = ("order_lines", "tenders", "events", "ledger", "cases", "due", "idempotency")
"""Tables a cancellation writes besides ``orders``."""
_STAMPS = {"received_at", "updated_at", "created_at", "requested_at", "closed_at", "due_at"}
_ID = f"'ord_{SHOP[4:]}' || lpad({{n}}::text, 14, '0')"
_READ = f"SELECT state, head FROM orders WHERE shop_id = '{SHOP}' AND order_id = {_ID} FOR NO KEY UPDATE"


async def footprint(connection: asyncpg.Connection, number: int) -> Mapping[str, tuple[int, int]]:
    """Rows and bytes (of the row as stored) by table, for one order."""
    found = {}
    for table in ("orders", *TABLES):
        row = await connection.fetchrow(
            f"SELECT count(*), coalesce(sum(pg_column_size(t.*)), 0) FROM {table} t WHERE order_id = $1",
            order_id(number),
        )
        found[table] = (row[0], row[1])
    return found


class Ceiling:
    """Three forms of the same writes: statements in a transaction, one statement, one function."""

    def __init__(self, writes: Sequence[str]) -> None:
        counted = "\\set i :i + 1\n\\set n :base + :client_id * :span + :i\n"
        statements = [_READ, *writes]
        plain = ";\n".join(statement.format(n=":n") for statement in statements)
        parts = ", ".join(f"w{place} AS ({write})" for place, write in enumerate(writes)).format(n=":n")
        inner = ";\n".join(statement.format(n="n") for statement in [_READ.replace("SELECT", "PERFORM", 1), *writes])
        self.scripts = {
            "statements": f"{counted}BEGIN;\n{plain};\nCOMMIT;\n",
            "one statement": f"{counted}WITH {parts} SELECT 1;\n",
            "function": f"{counted}SELECT bench_cancel(:n);\n",
        }
        self.function = (
            "CREATE OR REPLACE FUNCTION bench_cancel(n bigint) RETURNS void LANGUAGE plpgsql AS $$\n"
            f"BEGIN\n{inner};\nEND $$"
        )

    @classmethod
    async def like(cls, connection: asyncpg.Connection, number: int) -> Ceiling:
        """The writes of the cancellation of this order, which was made by the program just now."""
        statements = [await _order(connection, number)]
        statements += [await _line(connection, number), await _tender(connection, number)]
        for table in ("events", "ledger", "cases", "due", "idempotency"):
            more = " AND type = 'CancellationApproved'" if table == "events" else ""
            more += " AND seq > 2" if table == "ledger" else ""
            rows = await connection.fetch(f"SELECT * FROM {table} WHERE order_id = $1{more}", order_id(number))
            statements.extend(_insert(table, row) for row in rows)
        ceiling = cls(statements)
        await connection.execute(ceiling.function)
        return ceiling

    def run(self, field: Field, form: str, folder: Path, *, clients: int, seconds: int, base: int) -> tuple[float, int]:
        """Transactions a second, and how many orders were used up (``base`` is the first of them)."""
        script = folder / "cancel.sql"
        script.write_text(self.scripts[form])
        span = 12_000 // clients
        command = [
            *("pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds)),
            *("-D", f"base={base}", "-D", f"span={span}", "-D", "i=0", "-f", str(script)),
            field.server.dsn("rescind_app"),
        ]
        environ = {**os.environ, "PGOPTIONS": "-c synchronous_commit=on"}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environ)
        if done.returncode:
            raise RuntimeError(done.stderr)
        tps = float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])
        failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
        assert failed is None or failed[1] == "0", done.stdout
        return tps, span * clients


async def _order(connection: asyncpg.Connection, number: int) -> str:
    row = await connection.fetchrow("SELECT * FROM orders WHERE order_id = $1", order_id(number))
    return (
        f"UPDATE orders SET version = {row['version']}, state = {_literal(row['state'])},"
        f" head = {_literal(row['head'])},"
        f" stage = '{row['stage']}', case_status = '{row['case_status']}', due_at = NULL,"
        f" updated_at = clock_timestamp() WHERE shop_id = '{SHOP}' AND order_id = {_ID}"
        f" AND version = {row['version'] - 1}"
    )


async def _line(connection: asyncpg.Connection, number: int) -> str:
    row = await connection.fetchrow("SELECT * FROM order_lines WHERE order_id = $1", order_id(number))
    return (
        f"UPDATE order_lines SET cancelled = {row['cancelled']} WHERE shop_id = '{SHOP}' AND order_id = {_ID}"
        f" AND line_id = '{row['line_id']}'"
    )


async def _tender(connection: asyncpg.Connection, number: int) -> str:
    row = await connection.fetchrow("SELECT * FROM tenders WHERE order_id = $1", order_id(number))
    return (
        f"UPDATE tenders SET captured_minor = {row['captured_minor']}, reserved_minor = {row['reserved_minor']},"
        f" refunded_minor = {row['refunded_minor']}, taken_elsewhere_minor = {row['taken_elsewhere_minor']}"
        f" WHERE shop_id = '{SHOP}' AND order_id = {_ID} AND tender_id = '{row['tender_id']}'"
    )


def _insert(table: str, row: asyncpg.Record) -> str:
    """The row again, under another order's id; ids of its own end in the number, at their own length."""
    values = {}
    for name, value in row.items():
        if table == "events" and name in {"id", "tx"}:
            continue
        own_id = (table, name) in {("cases", "case_id"), ("due", "ref"), ("idempotency", "key")}
        if name == "order_id":
            values[name] = _ID
        elif table == "due" and name == "ref" and value.startswith("ord_"):
            values[name] = f"{_ID} || {_literal(value[len(order_id(0)) :])}"
        elif own_id:
            values[name] = f"'{value[:-12]}' || lpad({{n}}::text, 12, '0')"
        elif name in _STAMPS and value is not None:
            values[name] = "clock_timestamp()"
        else:
            values[name] = _literal(value)
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            return rf"'\x{value.hex()}'::bytea"
        case int():
            return str(value)
        case _:
            # pgbench takes a colon for the beginning of a variable, also between quotes.
            plain = str(value).replace("'", "''").replace("{", "{{").replace("}", "}}")
            return "'" + plain.replace(":", "' || chr(58) || '") + "'"
