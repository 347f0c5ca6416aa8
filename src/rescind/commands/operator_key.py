"""The key by which an operator says who does this."""

from __future__ import annotations

from typing import Annotated, Any

import asyncpg
import typer

from rescind.access.credentials import Access
from rescind.commands.speaking import _, fail
from rescind.core.errors import Unauthenticated
from rescind.secret_keys import secret
from rescind.settings import Settings

Key = Annotated[
    str, typer.Option(envvar="OPERATOR_KEY", prompt="Your operator key", hide_input=True, help="Who does this.")
]


async def operator_of(pool: asyncpg.Pool[Any], settings: Settings, key: str) -> str:
    """Who holds an operator's key."""
    try:
        who = await Access(pool, secret(settings), "").identify(f"Bearer {key}".encode(), None, "command line")
    except Unauthenticated:
        fail(_("This key is not in force."))
    if who.role != "operator":
        fail(_("This is a key of role %(role)s; it takes an operator's.") % {"role": who.role})
    return who.id
