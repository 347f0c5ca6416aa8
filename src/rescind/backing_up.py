"""Backups as they are made every night: a dated file in a folder, tried if asked, and the oldest let go."""

from __future__ import annotations

import re
from pathlib import Path

from rescind.clock import wall_clock
from rescind.core.sentence import phrased
from rescind.postgres import backups
from rescind.postgres.backup import BackupError, backup
from rescind.postgres.trial import Trial, try_restore
from rescind.settings import Settings

_NAME = "rescind-{:%Y-%m-%dT%H%M%SZ}.dump"
_OURS = re.compile(r"rescind-\d{4}-\d\d-\d\dT\d{6}Z\.dump", re.ASCII)


def new_file(target: Path) -> Path:
    """The file to write: this one, or one with the moment's name in this folder. BackupError: it is there already."""
    file = target / _NAME.format(wall_clock()) if target.is_dir() else target
    if file.exists():
        raise BackupError(phrased("%(file)s is there already; a backup does not write over another.", file=file))
    return file


async def back_up(dsn: str, file: Path, settings: Settings) -> Path:
    """Write a backup, and remember that it was done; gives the file. dsn: as the owner. Raises BackupError."""
    await backup(dsn, file, pg_bin=settings.pg_bin)
    await backups.keep(dsn, "backup_made_at")
    return file


async def tried(dsn: str, file: Path, settings: Settings) -> Trial:
    """Restore it on trial, and remember that it was done. Raises BackupError."""
    trial = await try_restore(file, pg_bin=settings.pg_bin, pg_user=settings.pg_user)
    await backups.keep(dsn, "backup_tried_at")
    return trial


def let_go(folder: Path, keep: int) -> list[Path]:
    """Remove all but the latest backups of a folder that carry a name of ours; gives those that went."""
    ours = sorted(one for one in folder.iterdir() if _OURS.fullmatch(one.name))
    gone = ours[:-keep]
    for one in gone:
        one.unlink(missing_ok=True)
    return gone
