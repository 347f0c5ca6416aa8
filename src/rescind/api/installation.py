"""What belongs to nobody: published policies, and whether the program is well."""

from __future__ import annotations

import re

from rescind import __version__
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.core import errors
from rescind.doctor.examining import examine
from rescind.doctor.words import advice, says
from rescind.locales import locale, negotiate
from rescind.postgres.alerts import anything
from rescind.postgres.event_streams import failing
from rescind.postgres.migrate import MigrationError, status

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Health(Told, frozen=True, kw_only=True):
    """database: reachable; migrations: the schema is what this program wants; version: of the program.

    refunds: ``ok``, or ``attention`` while one failed for good, cannot be sent, or has been unclear for a day: the
    program is well, and somebody is needed. stream: ``off`` where no message broker is set, ``ok``, or ``attention``
    while it takes nothing; what happens meanwhile waits. proxy: ``off`` where this call came by none that says for whom
    it calls, ``ok``, or ``attention`` where one does that nobody has named, so that it is not believed.
    """

    status: str
    database: str
    migrations: str
    refunds: str
    stream: str
    proxy: str
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
            status="ok",
            database="ok",
            migrations="current",
            refunds=refunds,
            stream=stream,
            proxy=_proxy(call),
            version=__version__,
        )
    )


def _proxy(call: Call) -> str:
    forwarded = call.headers.get(b"x-forwarded-for", b"").decode("latin-1")
    if not forwarded:
        return "off"
    # The server puts the forwarded address in the place of a named proxy's.
    client = call.scope.get("client") or ("",)
    return "ok" if client[0] in [one.strip() for one in forwarded.split(",")] else "attention"


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


class FindingTold(Told, frozen=True, kw_only=True):
    """How one thing is. grade: good, attention (it runs, and somebody should see to it), or broken.

    code names what was found; says tells it in the caller's language, advice what to do, empty where nothing is.
    """

    topic: str
    code: str
    grade: str
    says: str
    advice: str


class CheckUp(Told, frozen=True, kw_only=True):
    """Everything the installation hangs on, in the order in which one is set up. grade: the worst of all."""

    grade: str
    findings: list[FindingTold]


@operation(
    "GET",
    "/v1/check-up",
    may=OPERATOR,
    through="scope",
    summary="Look at everything the installation hangs on",
    gives=CheckUp,
)
async def check_up(call: Call) -> Answer:
    """Database, processes, clock, providers, mail, public address, backups, disk and keys, as they are now.

    It asks the mail server and the providers, which takes up to ten seconds, and sends nobody anything.
    """
    spoken = locale(negotiate(call.headers.get(b"accept-language", b"").decode("latin-1")))
    found = await examine(call.desk.installation)
    grades = {one.grade for one in found}
    worst = next(grade for grade in ("broken", "attention", "good") if grade in grades)
    told = [
        FindingTold(
            topic=one.topic,
            code=one.code,
            grade=one.grade,
            says=says(spoken, one),
            advice=advice(spoken, one) if one.grade != "good" else "",
        )
        for one in found
    ]
    return Answer(body=CheckUp(grade=worst, findings=told))


OPERATIONS = (health, policy, check_up)
