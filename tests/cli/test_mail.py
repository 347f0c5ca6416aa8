"""`rescind mail` on a real database: the outbox, a test of a real server, and sending once more."""

import asyncio
import os
import sys

import pytest

from mail.server import office
from postgres.market import KILN, market_on
from rescind.core.documents import DocumentKind
from rescind.core.ids import make_id
from rescind.core.stage import Stage
from rescind.postgres.embedded import APP
from rescind.postgres.mails import MailTable, NewMail


@pytest.fixture
def rescind(database, tmp_path):
    async def command(*words, status=0, **environ):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rescind", "mail", *words),
            env={
                "PATH": os.environ["PATH"],
                "RESCIND_DATA": str(tmp_path),
                "DATABASE_URL": database(APP),
                "LANG": "C.UTF-8",
                **environ,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        assert child.returncode == status, err
        return (out if status < 2 else err).decode()

    return command


async def test_the_outbox_a_test_and_sending_again(rescind, pool, clock):
    async with market_on(pool, clock) as market:
        order = await market.order(Stage.REVIEW)
    table = MailTable(pool, clock)
    mail = await table.ask(
        NewMail(
            order=order,
            kind="document",
            document=make_id("doc", KILN, clock.read(), 1),
            language="en",
            address="ann@example.org",
            key=DocumentKind.RECEIPT,
            asked_by="buyer:ann",
        )
    )
    listed = await rescind("list")
    assert mail.id in listed
    assert "a…@example.org" in listed
    assert "ann@example.org" not in listed
    await pool.execute("UPDATE mails SET status = 'in_doubt'")
    assert "once more" in await rescind("retry", mail.id)
    assert (await table.read(mail.id)).status == "waiting"
    async with office() as server:
        environ = {
            "RESCIND_MAIL_HOST": "127.0.0.1",
            "RESCIND_MAIL_PORT": str(server.port),
            "RESCIND_MAIL_SECURITY": "none",
            "RESCIND_MAIL_SENDER": "desk@market.test",
        }
        assert "taken (content): 250" in await rescind("test", "ines@market.test", **environ)
        server.says("RCPT", "550 5.1.1 nobody")
        assert "refused (recipient): 550 5.1.1 nobody" in await rescind("test", "x@market.test", status=1, **environ)
    assert len(server.taken) == 1
