"""`rescind notice` on a real database: which shops cannot be told, and what their silence means."""

import asyncio
import os
import sys

import pytest

from postgres.market import KILN, market_on
from rescind.core.stage import Stage
from rescind.postgres.embedded import APP
from rescind.postgres.notice_people import NoticePeople, Owner


@pytest.fixture
def rescind(database, tmp_path):
    async def command(*words, status=0):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rescind", "notice", *words),
            env={
                "PATH": os.environ["PATH"],
                "RESCIND_DATA": str(tmp_path),
                "DATABASE_URL": database(APP),
                "LANG": "C.UTF-8",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        assert child.returncode == status, err
        return (out if status < 2 else err).decode()

    return command


async def test_shops_that_cannot_be_told_are_listed_and_what_their_silence_means_is_said(rescind, pool, clock):
    async with market_on(pool, clock) as market:
        await market.asks(await market.order(Stage.PACKING), anyway=True)
    listed = (await rescind("unreached")).splitlines()
    assert [line.split()[-3:] for line in listed[1:2]] == [["1", "2026-05-04", "08:00"]]
    assert listed[2].split()[-1] == "0"
    assert KILN in listed[1]
    assert "decides.\n2 shops are like that" in await rescind("silence")
    assert "goes to the platform.\n2 shops" in await rescind("silence", "platform")
    people = NoticePeople(pool, clock)
    await people.add(Owner(role="seller", shop=KILN, person="sam"), "email", "sam@kiln.example", verified=True)
    assert "goes to the platform.\n1 shop is like that" in await rescind("silence")
    assert KILN not in await rescind("unreached")
    assert "must be one of: 'platform', 'decides'" in await rescind("silence", "perhaps", status=2)
