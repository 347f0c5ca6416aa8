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
from rescind.core.policy.example import Book, situation
from rescind.core.policy.right import taken_away
from rescind.core.views import ShopView
from rescind.policies import names, worked_examples
from rescind.policies.command import ENDING, UnknownPolicy, find
from rescind.postgres.policies import PolicyTable
from rescind.postgres.publishing import Version, VersionError, Versions
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
    data: Data = None,
) -> None:
    """Propose a policy. It is a draft until another operator approves it, and no order is bought under a draft.

    A shop's own rules are refused when there is a case in which they give less than the platform does.
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

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> int:
        by = await operator_of(pool, settings, key)
        if shop is None:
            return await Versions(pool).propose(policy, by)
        owner = await shop_called(Reads(pool, secret(settings)), shop)
        await _refuse_if_less(pool, policy, owner)
        return await Versions(pool).propose(policy, by, owner.id)

    number = run(with_pool(read_settings(data=data), work))
    _say(f"Draft {number}. Another operator puts it in force: rescind policy approve {number}")


def approve(
    number: Annotated[int, typer.Argument(help="The draft's number.")],
    key: Key,
    data: Data = None,
) -> None:
    """Put a draft in force. Whoever proposed it cannot; orders that were placed before keep their terms."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Version:
        by = await operator_of(pool, settings, key)
        versions, reads = Versions(pool), Reads(pool, secret(settings))
        draft, policy = await versions.draft(number)
        if draft.shop:
            # The platform's rules may have moved since it was proposed.
            await _refuse_if_less(pool, policy, await reads.shop(draft.shop))
        else:
            _refuse_if_unfit(policy, [one for one in await reads.shops() if one.preset == policy.name])
        return await versions.approve(number, by)

    try:
        live = run(with_pool(read_settings(data=data), work))
    except VersionError as error:
        fail(str(error))
    _say(f"{live.name} {live.hash[:12]} is in force{f' for {live.shop}' if live.shop else ''}.")


def versions(data: Data = None) -> None:
    """Print every version that was proposed, with who proposed and who approved it."""

    async def work(pool: asyncpg.Pool[Any], _: Settings) -> tuple[Version, ...]:
        return await Versions(pool).all()

    table = Table("number", "policy", "shop", "status", "hash", "proposed by", "approved by", box=None)
    for one in run(with_pool(read_settings(data=data), work)):
        table.add_row(str(one.number), one.name, one.shop, one.status, one.hash[:12], one.proposed_by, one.approved_by)
    out.print(table)


COMMANDS = (diff, publish, approve, versions)


async def _refuse_if_less(pool: asyncpg.Pool[Any], rules: Policy, shop: ShopView) -> None:
    """End the command when a shop's rules take away what its preset grants (R-012, M-29)."""
    platform = await PolicyTable(pool).by_hash(shop.preset_hash)
    assert platform is not None, "a shop's preset is published before the shop is"
    now = wall_clock()
    book = worked_examples(platform.name) if platform.name in names() else None
    situations = [situation(platform, one) for one in book.examples if one.on == "request"] if book else []
    case = taken_away(platform.at(now, shop.settings), rules.at(now), situations, now)
    if case is not None:
        fail(str(case))


def _refuse_if_unfit(policy: Policy, shops: list[ShopView]) -> None:
    """End the command when a shop has chosen something that the new version does not offer."""
    for shop in shops:
        try:
            policy.check_settings(shop.settings)
        except ValueError as error:
            fail(f"{shop.id} ({shop.name}): {error}.")


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
