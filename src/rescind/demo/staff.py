"""Somebody of the demo who signs in with a password, so that the page for it can be tried.

Everything that opens it is written here for everybody to read: there is no such person outside a demo.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from rescind.clock import wall_clock
from rescind.core.one_time import STEP_S, code
from rescind.core.staff import Grant
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk
from rescind.postgres.accounts import Account

EMAIL, NAME = "wren@harbour.example", "Wren Calloway"
PASSWORD = "a lantern over the quay"  # noqa: S105 - everybody may read it
_SEED = hashlib.sha1(b"the demo's authenticator app", usedforsecurity=False).digest()
_ID = "psn_00000000000000000wren1"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a demo shows of the one who can be tried; code: the app's, at this moment."""

    email: str
    password: str
    code: str


def shown() -> Shown:
    """What lets them in just now."""
    return Shown(EMAIL, PASSWORD, code(_SEED, int(wall_clock().timestamp()) // STEP_S))


async def play(desk: Desk) -> None:
    """Let them answer for one shop and work for support, so that they choose as what they work."""
    table = desk.people.table
    person = Account(
        id=_ID,
        email=EMAIL,
        name=NAME,
        language="en",
        zone="Europe/London",
        password="",
        totp=None,
        totp_step=0,
        identity="",
        made_at=wall_clock(),
    )
    async with table.transaction() as connection:
        await table.add(person, connection)
        for grant in (Grant(role="support"), Grant(role="seller", shop=demo_shop_id(0), rights="answer")):
            await table.give(person.id, grant, "operator:ines", connection)
    await desk.signing_in.put(person, PASSWORD, _SEED)
