"""`rescind document` on a real database: what nobody asked for is issued, listed, written as a file, and checked."""

import json
import os
import re
import subprocess
import sys

import asyncpg
import pytest

from postgres.market import KILN, market_on
from rescind.core.stage import Stage
from rescind.postgres.embedded import APP, OWNER


@pytest.fixture
def rescind(database, tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "RESCIND_DATA": str(tmp_path),
        "DATABASE_URL": database(APP),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }

    def command(*words, status=0):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", "document", *words],
            check=False,
            env=environ,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == status, done.stderr
        return (done.stdout if status < 2 else done.stderr).decode()

    return command


async def test_a_year_is_issued_listed_and_checked(rescind, database, pool, clock, tmp_path):
    async with market_on(pool, clock) as market:
        for _ in range(3):
            await market.asks(await market.order(Stage.REVIEW))
    numbers = rescind("issue", KILN).split()
    assert [one[5:] for one in numbers] == ["-000001", "-000002", "-000003"]
    assert rescind("issue", KILN) == "", "nothing is left to issue"
    listed = rescind("list", KILN)
    assert all(one in listed for one in numbers)
    document = re.search(r"doc_\w+", listed)[0]
    kept = rescind("get", document, "--form", "json")
    assert json.loads(kept)["number"] == numbers[0]
    page = tmp_path / "note.html"
    rescind("get", document, "--language", "zh", "--file", str(page))
    assert "贷项通知单" in page.read_text("utf-8")
    assert "is there already" in rescind("get", document, "--file", str(page), status=2)
    assert "There is no document" in rescind("get", "doc_x", status=2)
    assert "Every number has its document" in rescind("check", KILN)
    owner = await asyncpg.connect(database(OWNER))
    try:
        await owner.execute("UPDATE documents SET content = content || ' ' WHERE number = 1")
        await owner.execute("DELETE FROM documents WHERE number = 3")
    finally:
        await owner.close()
    told = rescind("check", KILN, status=1)
    assert f"{numbers[0]} is not as it was issued." in told
    assert f"{numbers[2]} has no document." in told
