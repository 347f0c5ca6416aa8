"""What belongs to nobody: published policies, and whether the program is well."""

from __future__ import annotations

import re

from rescind import __version__
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.postgres.alerts import anything
from rescind.postgres.event_streams import failing
from rescind.postgres.migrate import MigrationError, status

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Health(Told, frozen=True, kw_only=True):
    """database: reachable; migrations: the schema is what this program wants; version: of the program.

    refunds: ``ok``, or ``attention`` while one failed for good, cannot be sent, or has been unclear for a day: the
    program is well, and somebody is needed. stream: ``off`` where no message broker is set, ``ok``, or ``attention``
    while it takes nothing; what happens meanwhile waits.
    """

    status: str
    database: str
    migrations: str
    refunds: str
    stream: str
    version: str


@operation("GET", "/healthz", may=None, through="public", summary="Ask whether it is well", gives=Health)
async def health(call: Call) -> Answer:
    """`200` while the database answers and has the schema this program wants, otherwise `503`."""
    try:
        async with call.desk.pool.acquire(timeout=2) as connection:
            found = await status(connection)  # pyright: ignore[reportArgumentType]  # a pool lends a stand-in
            silent = not found.pending and bool(call.desk.settings.nats) and await failing(connection)
            stuck = not found.pending and await anything(connection, call.desk.now())  # pyright: ignore[reportArgumentType]  # likewise
    except MigrationError:
        raise errors.Unavailable(retry_after=10) from None
    if found.pending:
        raise errors.Unavailable(retry_after=10)
    refunds = "attention" if stuck else "ok"
    stream = "attention" if silent else "ok" if call.desk.settings.nats else "off"
    return Answer(
        body=Health(
            status="ok", database="ok", migrations="current", refunds=refunds, stream=stream, version=__version__
        )
    )


@operation(
    "GET",
    "/v1/policies/{hash}",
    may=None,
    through="public",
    summary="Read a policy",
    gives=None,
    fails=(errors.NotFound,),
)
async def policy(call: Call) -> Answer:
    """The whole normalised policy with this SHA-256, byte for byte what is hashed: what receipts and orders name."""
    digest = call.ids["hash"]
    found = await call.desk.book.policy(digest) if _HASH.fullmatch(digest) else None
    if found is None:
        raise errors.NotFound(kind="policy")
    return Answer(body=found.canonical(), headers=((b"etag", f'"{digest}"'.encode()),))


OPERATIONS = (health, policy)
