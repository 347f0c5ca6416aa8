"""The examination: one look at everything an installation hangs on. It changes nothing, and sends nobody anything."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import msgspec

from rescind.clock import wall_clock
from rescind.connections import Connected
from rescind.core.errors import NotFound, Unavailable
from rescind.core.refund import SANDBOX
from rescind.doctor import timekeeping
from rescind.doctor.finding import Finding, of_backup, of_clock, of_disk, of_orders, of_programs
from rescind.doctor.sealed import of_sealed
from rescind.mail.post import Post
from rescind.mail.security import on_this_machine
from rescind.postgres.accounts import AccountTable
from rescind.postgres.backups import Backups, last
from rescind.postgres.condition import Condition, condition
from rescind.postgres.migrate import UnfitDatabase, check_durability, check_serving_role, status
from rescind.postgres.pretence import pretends
from rescind.postgres.sealed import kept
from rescind.postgres.wanting import wanting
from rescind.secret_keys import secret
from rescind.settings import Settings, SettingsError

ANSWERS_S = 10.0
"""So long any other program has to answer; all are asked at once."""
_ALIVE_S = 60
_LONGEST = 200


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined: the settings, the database, and what hands mail and refunds over."""

    settings: Settings
    pool: asyncpg.Pool[Any]
    post: Post
    connected: Connected


async def examine(installation: Installation) -> tuple[Finding, ...]:
    """Every finding, in the order in which an installation is set up. Raises what asyncpg raises for its database."""
    settings, pool = installation.settings, installation.pool
    database = await _database(pool, settings)
    if any(one.grade == "broken" for one in database):
        # What is in a database of another version cannot be read.
        return (*database, *of_files(settings))
    found = await condition(pool)
    asked = await asyncio.gather(
        _clock(pool),
        _providers(installation.connected, demo=settings.demo or await pretends(pool)),
        _one(_mail(installation.post)),
        _one(_address(settings)),
    )
    first, *rest = asked
    return (
        *database,
        *_processes(found),
        _work(found),
        *first,
        *await _wanting(pool),
        *_identity(settings),
        *(finding for each in rest for finding in each),
        _backup(settings, await last(pool)),
        *await _sealed(pool, settings),
        *await _passkeys(pool, settings),
        *of_files(settings),
    )


async def ahead(installation: Installation) -> tuple[Finding, ...]:
    """What is still missing or wants somebody, of what can be seen at once: nobody outside is asked.

    The same findings as of an examination, so that a page may show them each time it is opened.
    """
    settings, pool = installation.settings, installation.pool
    found: list[Finding] = []
    views = await installation.connected.all()
    own = next((one for one in views if one.own), None)
    if own is not None and own.name == SANDBOX:
        found.append(Finding(topic="provider", code="provider_trial", grade="attention"))
    elif not views:
        found += await _providers(installation.connected, demo=settings.demo or await pretends(pool))
    if await installation.post.view() is None:
        found.append(Finding(topic="mail", code="mail_none", grade="attention"))
    if settings.base_url is None:
        found.append(Finding(topic="address", code="address_none", grade="attention"))
    found += [_backup(settings, await last(pool)), *await _wanting(pool)]
    return tuple(one for one in found if one.grade != "good")


async def _wanting(pool: asyncpg.Pool[Any]) -> tuple[Finding, ...]:
    found = await wanting(pool)
    return (
        of_programs(found.keys, found.first_ends, found.first_key, wall_clock()),
        of_orders(found.aside, found.aside_since, ordered=found.ordered),
    )


def _identity(settings: Settings) -> tuple[Finding, ...]:
    """Whether people can be sent to the identity provider: its secret is read anew for each of them."""
    if settings.oidc_secret_file is None:
        return ()
    params: dict[str, Any] = {"file": str(settings.oidc_secret_file)}
    try:
        kept = settings.oidc_secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as odd:
        params["said"] = getattr(odd, "strerror", None) or type(odd).__name__
        return (Finding(topic="people", code="identity_unreadable", grade="broken", params=params),)
    if not kept:
        return (Finding(topic="people", code="identity_empty", grade="broken", params=params),)
    return (Finding(topic="people", code="identity_good", params={"issuer": settings.oidc_issuer or ""}),)


async def _sealed(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[Finding, ...]:
    try:
        key = secret(settings)
    except SettingsError:
        # What is wrong with the file is a finding of its own.
        return ()
    return of_sealed(await kept(pool), key)


def of_files(settings: Settings) -> tuple[Finding, ...]:
    """The disk, and who may read the keys: what can be seen without a database."""
    folders = [settings.data] if not settings.database_url else []
    if settings.evidence_store is None:
        folders.append(settings.data / "evidence")
    disks = {folder.stat().st_dev: folder for folder in reversed(folders) if folder.is_dir()}
    found: list[Finding] = []
    for folder in disks.values():
        usage = shutil.disk_usage(folder)
        found.append(of_disk(str(folder), usage.free, usage.total))
    keys = (
        settings.secret_file or settings.data / "secret",
        settings.receipt_key_file or settings.data / "receipt-key",
    )
    open_to_others = [key for key in keys if key.is_file() and stat.S_IMODE(key.stat().st_mode) & 0o077]
    found += [
        Finding(topic="keys", code="key_readable", grade="broken", params={"file": str(key)}) for key in open_to_others
    ]
    if not open_to_others and all(map(Path.is_file, keys)):
        found.append(Finding(topic="keys", code="keys_good"))
    return tuple(found)


async def _database(pool: asyncpg.Pool[Any], settings: Settings) -> list[Finding]:
    async with pool.acquire() as connection:
        try:
            await check_serving_role(connection)
            await check_durability(connection)
        except UnfitDatabase as unfit:
            return [Finding(topic="database", code="database_unfit", grade="broken", params={"said": str(unfit)})]
        schema = await status(connection)
        version = await connection.fetchval("SELECT current_setting('server_version')")
    if schema.pending:
        params: dict[str, Any] = {"count": len(schema.pending)}
        return [Finding(topic="database", code="schema_behind", grade="broken", params=params)]
    code = "database_own" if settings.database_url else "database_embedded"
    return [Finding(topic="database", code=code, params={"version": version.partition(" ")[0]})]


def _processes(found: Condition) -> Iterable[Finding]:
    alive = {one.role for one in found.beats if (found.now - one.beat_at).total_seconds() < _ALIVE_S}
    for role in ("web", "worker"):
        here = role in alive
        yield Finding(
            topic="processes", code=f"{role}_{'runs' if here else 'silent'}", grade="good" if here else "broken"
        )
    if found.held:
        yield Finding(topic="processes", code="held", grade="attention")


def _work(found: Condition) -> Finding:
    late = sum(one.late for one in found.due)
    if late:
        return Finding(topic="work", code="work_late", grade="broken", params={"count": late})
    return Finding(topic="work", code="work_in_time", params={"count": sum(one.waiting for one in found.due)})


async def _clock(pool: asyncpg.Pool[Any]) -> list[Finding]:
    async with pool.acquire() as connection:
        before = wall_clock()
        there = await connection.fetchval("SELECT clock_timestamp()")
        took = wall_clock() - before
    return [of_clock((there - before - took / 2).total_seconds(), timekeeping.kept())]


async def _providers(connected: Connected, *, demo: bool) -> list[Finding]:
    views = await connected.all()
    if not views:
        # A demonstration has the sandbox; anywhere else money that is owed waits.
        code, grade = ("provider_sandbox", "attention") if demo else ("provider_none", "broken")
        return [Finding(topic="provider", code=code, grade=grade)]
    return list(await asyncio.gather(*(_provider(connected, one.name) for one in views)))


async def _provider(connected: Connected, name: str) -> Finding:
    if name == SANDBOX:
        return Finding(topic="provider", code="provider_trial", grade="attention")
    params: dict[str, Any] = {"name": name}
    try:
        checked = await connected.check(name)
    except Unavailable:
        return Finding(topic="provider", code="provider_sealed", grade="broken", params=params)
    except NotFound:
        return Finding(topic="provider", code="provider_none", grade="broken")
    if checked.trouble:
        return Finding(topic="provider", code=f"provider_{checked.trouble}", grade="broken", params=params)
    grade = "attention" if checked.test else "good"
    return Finding(
        topic="provider", code="provider_test" if checked.test else "provider_live", grade=grade, params=params
    )


async def _mail(post: Post) -> Finding:
    view = await post.view()
    if view is None:
        return Finding(topic="mail", code="mail_none", grade="attention")
    params: dict[str, Any] = {"host": view.host}
    try:
        async with asyncio.timeout(ANSWERS_S):
            answer = await post.greet()
    except Unavailable:
        return Finding(topic="mail", code="mail_sealed", grade="broken", params=params)
    except TimeoutError:
        return Finding(topic="mail", code="mail_refused", grade="broken", params=params | {"said": "no answer in time"})
    if answer is not None:
        said = " ".join(part for part in (str(answer.code or ""), answer.said) if part)
        return Finding(topic="mail", code="mail_refused", grade="broken", params=params | {"said": said})
    return Finding(topic="mail", code="mail_good", params=params)


async def _address(settings: Settings) -> Finding:
    """Ask for ourselves by the address that people are told, as a browser would."""
    address = settings.base_url
    if address is None:
        return Finding(topic="address", code="address_none", grade="attention")
    params: dict[str, Any] = {"address": address}
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWERS_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as client,
            client.get(f"{address}/healthz", allow_redirects=False) as answer,
        ):
            health = msgspec.json.decode(await answer.content.read(10_000), type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        health = {}
    except (aiohttp.ClientError, OSError, TimeoutError) as odd:
        said = str(odd)[:_LONGEST] or type(odd).__name__
        return Finding(topic="address", code="address_away", grade="broken", params=params | {"said": said})
    if "migrations" not in health:
        return Finding(topic="address", code="address_elsewhere", grade="broken", params=params)
    parts = urlsplit(address)
    if parts.scheme == "http" and not on_this_machine(parts.hostname or ""):
        return Finding(topic="address", code="address_plain", grade="broken", params=params)
    if health.get("proxy") == "attention":
        return Finding(topic="address", code="address_unnamed", grade="attention", params=params)
    return Finding(topic="address", code="address_good", params=params)


async def _passkeys(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[Finding, ...]:
    """Whether people are left with passkeys of an address that was."""
    here = urlsplit(settings.base_url or "").hostname
    if not here:
        return ()
    host, people = await AccountTable(pool).stranded(here)
    if not people:
        return ()
    params: dict[str, Any] = {"host": host, "here": here, "count": people}
    return (Finding(topic="address", code="passkeys_elsewhere", grade="attention", params=params),)


def _backup(settings: Settings, backups: Backups) -> Finding:
    if backups.made is None and settings.backed_up_elsewhere:
        return Finding(topic="backup", code="backup_elsewhere")
    return of_backup(backups.made, backups.tried, wall_clock())


async def _one(work: Awaitable[Finding]) -> list[Finding]:
    return [await work]
