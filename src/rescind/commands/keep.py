"""``rescind migrate``, ``backup``, ``restore`` and ``release``: keeping the database of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescind.backing_up import back_up, let_go, new_file, tried
from rescind.commands.installation import as_owner
from rescind.commands.reconcile import let_go as let_refunds_go
from rescind.commands.speaking import _, fail, language, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.sentence import why
from rescind.postgres.backup import BackupError, restore
from rescind.postgres.migrate import migrate

File = Annotated[Path, typer.Argument(help="The backup file.")]


def migrate_database(data: Data = None) -> None:
    """Bring the database to this version. The embedded one does so by itself."""
    settings = read_settings(data=data)
    for name in run(as_owner(settings, migrate)):
        say(_("applied %(name)s") % {"name": name})
    say(_("The database is up to date."))


def backup(
    file: Annotated[Path, typer.Argument(help="The backup file, or a folder in which it gets a dated name.")],
    keep: Annotated[
        int | None, typer.Option(min=1, help="Of a folder: how many to keep, the oldest are removed.")
    ] = None,
    trial: Annotated[bool, typer.Option("--try", help="Restore it on trial, into a database of its own.")] = False,
    data: Data = None,
) -> None:
    """Write everything to one file. Keep the secret key of the data folder apart; it is not in it."""
    settings = read_settings(data=data)
    if keep is not None and not file.exists():
        fail(_("There is no folder %(folder)s.") % {"folder": file})
    if keep is not None and not file.is_dir():
        fail(_("--keep goes with a folder."))
    try:
        new = new_file(file)
    except BackupError as error:
        fail(language().told(why(error)))
    written = run(as_owner(settings, lambda dsn: back_up(dsn, new, settings)))
    say(_("Wrote %(written)s.") % {"written": written})
    if trial:
        found = run(as_owner(settings, lambda dsn: tried(dsn, written, settings)))
        say(
            _("Restored it on trial in %(took_s)s s. Orders: %(orders)s, events: %(events)s.")
            % {"took_s": f"{found.took_s:.0f}", "orders": found.orders, "events": found.events}
        )
    for one in let_go(file, keep) if keep is not None else ():
        say(_("Removed %(name)s.") % {"name": one.name})


def restore_from(file: File, data: Data = None) -> None:
    """Fill an empty database from a backup. It starts held: no money moves until ``rescind release``."""
    settings = read_settings(data=data)
    run(as_owner(settings, lambda dsn: restore(dsn, file, pg_bin=settings.pg_bin), new=True))
    say(_("Restored. Refunds are held until: rescind reconcile, then: rescind release"))
    key = settings.secret_file or settings.data / "secret"
    if not key.exists():
        say(
            _(
                "The secret key is in no backup. Put the one of before into %(file)s before you serve: "
                "without it nobody signs in with password and app, and keys of providers and order sources do not open."
            )
            % {"file": key}
        )


def release(
    data: Data = None,
    without_comparing: Annotated[
        str | None, typer.Option(metavar="REASON", help="Go without a clean reconciliation; the reason is kept.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so.")] = "command line",
) -> None:
    """Let refunds run again after a restore, once ours were reconciled with every provider's."""
    if without_comparing is not None and not without_comparing.strip():
        fail(_("Say why refunds may run although nobody compared them."))
    settings = read_settings(data=data)
    reason = (without_comparing or "").strip()
    who = f"operator:{by}"
    say(run(as_owner(settings, lambda dsn: let_refunds_go(dsn, who, reason))))
