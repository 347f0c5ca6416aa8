"""A mail server that is open, and documents to send."""

from functools import partial

import pytest

from mail.server import office
from rescind import pdf
from rescind.mail.post import NewServer
from rescind.mail.smtp import Patience
from rescind.web import letters
from rescind.worker import mails


@pytest.fixture
async def server():
    async with office() as opened:
        yield opened


@pytest.fixture
def outbox(desk, market, monkeypatch):
    """The desk's outbox. Sheets go as HTML: making a PDF takes a second, and one test does."""
    monkeypatch.setattr(pdf, "_here", lambda: False)
    desk.post._patience = Patience(2, 4, 4)
    return Outbox(desk, market)


class Outbox:
    """Asks for mails as people do, and lets the worker look once."""

    def __init__(self, desk, market):
        self.desk, self.market, self.table = desk, market, desk.post.table

    async def goes_to(self, server, **more):
        given = {"host": "127.0.0.1", "security": "none", "sender": "desk@market.test", "name": "Market"} | more
        await self.desk.post.set_up(NewServer(port=server.port, **given), "operator:test")

    async def asked(self, person, order, key="once", language=None):
        """A receipt of the order, asked for by mail."""
        issued = await self.desk.documents.about(person.scope, order, "")
        return await self.desk.document_mail.send(person, issued.content.id, key, language)

    async def sweep(self):
        return await mails.sweep(self.desk.post, partial(letters.compose, self.desk))

    async def after(self, mail):
        return await self.table.read(mail.id)
