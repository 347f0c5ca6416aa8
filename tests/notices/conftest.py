"""Notices at a desk: events are carried, and what waits is sent, when a test says so."""

import dataclasses
from functools import partial

import pytest

from mail.server import office
from rescind.app import messenger
from rescind.locales import locale
from rescind.mail.post import NewServer
from rescind.mail.smtp import Patience
from rescind.postgres.due import DueTable
from rescind.providers.sandbox import Sandbox
from rescind.web import letters
from rescind.worker import fan_out, mails, refunds


@pytest.fixture
async def server():
    async with office() as opened:
        yield opened


@pytest.fixture
def teller(desk, market):
    """The desk under an address that people could reach, and its worker."""
    desk.post._patience = Patience(2, 4, 4)
    return Teller(dataclasses.replace(desk, base_url="https://desk.test"), market)


class Teller:
    """Does what the worker does, once: carry events, send notices, hand over mail."""

    def __init__(self, desk, market):
        self.desk, self.market = desk, market
        self.people, self.sends = desk.inbox.people, desk.inbox.sends
        self.messenger = messenger(desk)

    async def carry(self):
        """Make notices of what happened."""
        done = 0
        due = DueTable(self.desk.pool, self.desk.clock)
        while count := await fan_out.sweep(due, people=self.people):
            done += count
        return done

    async def pay_back(self):
        """Ask the provider for what is owed, once."""
        return await refunds.sweep(self.desk.engine, DueTable(self.desk.pool, self.desk.clock), Sandbox())

    async def send(self):
        """Everything that is due, and the mail that comes of it; returns what the mail queue had."""
        await self.messenger.spoken()
        while sum([await self.messenger.sweep(name) for name in self.messenger.channels]):
            pass
        return await mails.sweep(self.desk.post, partial(letters.compose, self.desk))

    async def tell(self):
        """Both."""
        await self.carry()
        return await self.send()

    async def goes_to(self, server, **more):
        given = {"host": "127.0.0.1", "security": "none", "sender": "desk@market.test", "name": "Market"} | more
        await self.desk.post.set_up(NewServer(port=server.port, **given), "operator:test")

    async def shown(self, who, language="en"):
        """Somebody's notices, the latest first."""
        return (await self.desk.inbox.page(who, locale(language), limit=100)).rows

    async def told(self, who, language="en"):
        """What they say, in a few words each."""
        return [one.words.subject for one in await self.shown(who, language)]
