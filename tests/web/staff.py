"""Somebody who joins and signs in as people do: with what the pages and the mails show."""

import base64
import re
import time

from rescind.access.people import COMMAND_LINE, Wanted
from rescind.core.one_time import STEP_S, code
from web.consoles import ORIGIN, Person

PASSWORD = "quay lantern over brine"


class Member(Person):
    """A browser, and an authenticator app. Each code is of a later step than the one before: none counts twice."""

    def __init__(self, app, language="en"):
        super().__init__(app, language)
        self.seed, self.used, self.codes = b"", 0, []

    def code(self):
        """What the app shows; one step ahead where it was used."""
        here = int(time.time()) // STEP_S
        self.used = max(here - 1, self.used + 1)
        assert self.used <= here + 1, "the app has no code that was not used; wait for half a minute"
        return code(self.seed, self.used)

    def read_seed(self, page):
        typed = re.search(r'class="seed id">([A-Z2-7 ]+)<', page.raw)[1]
        self.seed = base64.b32decode(typed.replace(" ", ""))

    async def join(self, link, password=PASSWORD):
        """Take an invitation up with a password and an app."""
        path = link.removeprefix(ORIGIN)
        page = await self.see(path)
        self.read_seed(page)
        done = await self.send(
            path,
            [
                ("name", "Kit Marlow"),
                ("language", "en"),
                ("password", password),
                ("repeated", password),
                ("code", self.code()),
            ],
        )
        self.codes = re.findall(r'<li class="id">([0-9a-f-]{11})</li>', done.raw)
        return done

    async def give(self, email, password=PASSWORD):
        """The first half."""
        return await self.send("/sign-in", [("email", email), ("password", password)])

    async def sign_in_again(self, email, typed=None, password=PASSWORD):
        """Both halves."""
        await self.give(email, password)
        return await self.send("/sign-in/code", [("code", typed or self.code())])


async def invited(desk, email="kit@harbour.example", role="support", shop=None, rights="manage", by=COMMAND_LINE):
    """An invitation's address."""
    wanted = Wanted(email=email, name="Kit Marlow", role=role, shop=shop, rights=rights)
    return (await desk.people.invite(by, wanted)).address


async def member(app, desk, email="kit@harbour.example", role="support", shop=None, rights="manage"):
    """Somebody who has joined and is signed in."""
    one = Member(app)
    done = await one.join(await invited(desk, email, role, shop, rights))
    assert done.status == 200, done.text
    return one
