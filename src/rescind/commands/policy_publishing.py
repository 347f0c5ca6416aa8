"""`rescind policy diff | publish | approve | versions`: what would change, and putting it in force with four eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from rescind.clock import wall_clock
from rescind.commands.installation import shop_called, with_pool
from rescind.commands.operator_key import Key, operator_of
from rescind.commands.policy_file import ENDING, examples_of, policy_called, told_failure
from rescind.commands.speaking import _, columns, fail, language, ngettext, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.policy import check
from rescind.core.policy.difference import changes, turns
from rescind.drafting import Drafting, refuse
from rescind.intake.text import words
from rescind.policies import retold, source
from rescind.postgres.publishing import Version, Versions
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

Which = Annotated[str, typer.Argument(help="A preset, or a .toml file of your own.")]


def diff(before: Which, after: Which) -> None:
    """Tell how two policies differ: what is written otherwise, and the examples that are answered otherwise.

    Exit status 1 when they differ, 0 when they do not.
    """
    one, other, spoken = policy_called(before), policy_called(after), language()
    written = changes(one, other)
    say(f"{one.name} {one.hash[:12]} -> {other.name} {other.hash[:12]}")
    for change in written:
        say(f"\n{change.kind} {change.name}")
        say(f"  - {change.before or _('not there')}")
        say(f"  + {change.after or _('not there')}")
    turned = turns(one, other, [book for book in (examples_of(before), examples_of(after)) if book])
    say("")
    say(
        ngettext("%(num)s example is answered otherwise.", "%(num)s examples are answered otherwise.", len(turned))
        % {"num": len(turned)}
    )
    for turn in turned:
        say(f"\n{turn.example}: {retold(turn.says, language().tag)}")
        say(f"  - {spoken.told(turn.before) or _('cannot be asked')}")
        say(f"  + {spoken.told(turn.after) or _('cannot be asked')}")
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
    policy = policy_called(file)
    if (policy.layer == "shop") != (shop is not None):
        fail(_("A policy of layer shop names its --shop; other policies name none."))
    if policy.layer == "law":
        fail(_("A law pack comes with a release; it is not published."))
    book = examples_of(file)
    failures = check(policy, book) if book else []
    if failures:
        fail("\n".join((_("Its examples do not come out:"), *map(told_failure, failures))))
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
        said = {"num": len(draft.accepted), "name": draft.name, "these": ", ".join(draft.accepted)}
        say(
            ngettext(
                "%(num)s worked example of %(name)s comes out otherwise: %(these)s",
                "%(num)s worked examples of %(name)s come out otherwise: %(these)s",
                len(draft.accepted),
            )
            % said
        )
    say(
        _("Draft %(number)s. Another operator puts it in force: rescind policy approve %(number)s")
        % {"number": draft.number}
    )


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
    said = _("%(name)s %(hash)s is in force for %(shop)s.") if live.shop else _("%(name)s %(hash)s is in force.")
    say(said % {"name": live.name, "hash": live.hash[:12], "shop": live.shop})


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
    say(_("Draft %(number)s went back to %(proposed_by)s.") % {"number": back.number, "proposed_by": back.proposed_by})


def versions(data: Data = None) -> None:
    """Print every version that was proposed, with who proposed and who approved it."""

    async def work(pool: asyncpg.Pool[Any], _settings: Settings) -> tuple[Version, ...]:
        return await Versions(pool).all()

    table = columns(
        _("number"), _("policy"), _("shop"), _("status"), _("hash"), _("proposed by"), _("answered by"), whole=(0, 2)
    )
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
