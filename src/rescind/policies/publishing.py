"""`rescind policy diff | publish | approve | versions`: what would change, and putting it in force with four eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Table

from rescind.access import Access
from rescind.administration import shop_called, with_pool
from rescind.clock import wall_clock
from rescind.core.errors import Unauthenticated
from rescind.core.policy import Policy, PolicyError, check, examples
from rescind.core.policy.difference import changes, turns
from rescind.core.policy.example import Book
from rescind.drafting import Drafting, refuse
from rescind.intake.text import words
from rescind.policies import source, worked_examples
from rescind.policies.command import ENDING, UnknownPolicy, find
from rescind.postgres.publishing import Version, Versions
from rescind.postgres.reads import Reads
from rescind.settings import Settings, secret
from rescind.terminal import Data, fail, out, read_settings, run

Which = Annotated[str, typer.Argument(help="A preset, or a .toml file of your own.")]
Key = Annotated[
    str, typer.Option(envvar="OPERATOR_KEY", prompt="Your operator key", hide_input=True, help="Who does this.")
]


def diff(before: Which, after: Which) -> None:
    """Tell how two policies differ: what is written otherwise, and the examples that are answered otherwise.

    Exit status 1 when they differ, 0 when they do not.
    """
    one, other = _found(before), _found(after)
    written = changes(one, other)
    _say(f"{one.name} {one.hash[:12]} -> {other.name} {other.hash[:12]}")
    for change in written:
        _say(f"\n{change.kind} {change.name}")
        _say(f"  - {change.before or 'not there'}")
        _say(f"  + {change.after or 'not there'}")
    turned = turns(one, other, [book for book in (_book(before), _book(after)) if book])
    _say(f"\n{len(turned)} examples are answered otherwise.")
    for turn in turned:
        _say(f"\n{turn.example}: {turn.says}")
        _say(f"  - {turn.before or 'cannot be asked'}")
        _say(f"  + {turn.after or 'cannot be asked'}")
    raise typer.Exit(1 if written or turned else 0)


def publish(
    file: Annotated[str, typer.Argument(help="The .toml file.")],
    key: Key,
    shop: Annotated[str | None, typer.Option(help="The shop whose own rules these are.")] = None,
    note: Annotated[str, typer.Option(help="Why; whoever approves reads it.")] = "",
    data: Data = None,
) -> None:
    """Propose a policy. It is a draft until another operator approves it, and no order is bought under a draft.

    A shop's own rules are refused when there is a case in which they give less than the platform does. Worked examples
    of a shipped preset that come out otherwise are taken as meant, and named for whoever approves.
    """
    policy = _found(file)
    if (policy.layer == "shop") != (shop is not None):
        fail("A policy of layer shop names its --shop; other policies name none.")
    if policy.layer == "law":
        fail("A law pack comes with a release; it is not published.")
    book = _book(file)
    failures = check(policy, book) if book else []
    if failures:
        fail("\n".join(("Its examples do not come out:", *map(str, failures))))
    text = Path(file).read_text("utf-8") if file.endswith(ENDING) else source(file).decode()

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Version:
        by = await operator_of(pool, settings, key)
        reads = Reads(pool, secret(settings))
        drafting = Drafting(pool, reads)
        owner = (await shop_called(reads, shop)).id if shop else None
        now = wall_clock()
        found = await drafting.examine(policy, owner, now, past=False)
        meant = tuple(one.example for one in found.failures)
        # Looked at before anything is kept: what is refused leaves no draft behind.
        refuse(found, meant)
        draft, _ = await drafting.draft(text, by, shop=owner, note=note)
        return await drafting.submit(draft.number, by, now, meant)

    draft = run(with_pool(read_settings(data=data), work))
    if draft.accepted:
        _say(f"{len(draft.accepted)} worked examples of {draft.name} come out otherwise: {', '.join(draft.accepted)}")
    _say(f"Draft {draft.number}. Another operator puts it in force: rescind policy approve {draft.number}")


def approve(
    number: Annotated[int, typer.Argument(help="The draft's number.")],
    key: Key,
    data: Data = None,
) -> None:
    """Put a draft in force. Whoever proposed it cannot; orders that were placed before keep their terms."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Version:
        by = await operator_of(pool, settings, key)
        return await Drafting(pool, Reads(pool, secret(settings))).approve(number, by, wall_clock())

    live = run(with_pool(read_settings(data=data), work))
    _say(f"{live.name} {live.hash[:12]} is in force{f' for {live.shop}' if live.shop else ''}.")


def reject(
    number: Annotated[int, typer.Argument(help="The draft's number.")],
    reason: Annotated[str, typer.Argument(help="Why; its author reads it.")],
    key: Key,
    data: Data = None,
) -> None:
    """Send a draft back to its author, with the reason."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Version:
        by = await operator_of(pool, settings, key)
        return await Drafting(pool, Reads(pool, secret(settings))).reject(number, by, words(reason, field="reason"))

    back = run(with_pool(read_settings(data=data), work))
    _say(f"Draft {back.number} went back to {back.proposed_by}.")


def versions(data: Data = None) -> None:
    """Print every version that was proposed, with who proposed and who approved it."""

    async def work(pool: asyncpg.Pool[Any], _: Settings) -> tuple[Version, ...]:
        return await Versions(pool).all()

    table = Table("number", "policy", "shop", "status", "hash", "proposed by", "answered by", box=None)
    for one in run(with_pool(read_settings(data=data), work)):
        table.add_row(
            str(one.number),
            one.name,
            one.shop,
            one.status,
            one.hash[:12],
            one.proposed_by,
            one.approved_by or one.rejected_by,
        )
    out.print(table)


COMMANDS = (diff, publish, approve, reject, versions)


async def operator_of(pool: asyncpg.Pool[Any], settings: Settings, key: str) -> str:
    """Who holds an operator's key."""
    try:
        who = await Access(pool, secret(settings), "").identify(f"Bearer {key}".encode(), None, "command line")
    except Unauthenticated:
        fail("This key is not in force.")
    if who.role != "operator":
        fail(f"This is a key of role {who.role}; it takes an operator's.")
    return who.id


def _found(name: str) -> Policy:
    try:
        return find(name)
    except UnknownPolicy as error:
        fail(str(error))


def _book(name: str) -> Book | None:
    """The worked examples of a preset, or those beside a file; a file may have none."""
    if not name.endswith(ENDING):
        return worked_examples(name)
    file = Path(name.removesuffix(ENDING) + ".examples.toml")
    try:
        return examples(file.read_bytes(), str(file)) if file.exists() else None
    except PolicyError as error:
        fail(str(error))


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
