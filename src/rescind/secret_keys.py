"""The keys of an installation, each in a file of its own: made at the first call, readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from rescind.core.sentence import Sentence, phrased
from rescind.settings import Settings, SettingsError

SECRET_BYTES = 32


def secret(settings: Settings) -> bytes:
    """The installation's secret key, 32 bytes; made at the first call, readable by its owner only.

    SettingsError: the file can be read by others, or holds something else.
    """
    return _key(settings.secret_file, settings.data / "secret", phrased("secret key"))


def receipt_key(settings: Settings) -> bytes:
    """The 32 bytes of the Ed25519 key that signs receipts; made and kept as ``secret`` is. SettingsError likewise."""
    return _key(settings.receipt_key_file, settings.data / "receipt-key", phrased("receipt key"))


def replace_receipt_key(settings: Settings) -> bytes:
    """Put a new key in place of the one that signs receipts; the old one is gone for good."""
    path = settings.receipt_key_file or settings.data / "receipt-key"
    _write_key(path, lambda beside: beside.replace(path))
    return receipt_key(settings)


def _key(chosen: Path | None, ours: Path, name: Sentence) -> bytes:
    path = chosen or ours
    if not path.exists() and chosen is None:
        # Linked, not renamed: whoever comes first wins, and nobody ever reads half a key.
        _write_key(path, path.hardlink_to)
    try:
        text = path.read_text("ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            phrased("The %(name)s %(path)s cannot be read: %(error)s.", name=name, path=path, error=error)
        ) from error
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise SettingsError(phrased("The %(name)s %(path)s must hold 64 hexadecimal digits.", name=name, path=path))
    if mode & 0o077 and chosen is None:
        raise SettingsError(
            phrased(
                "The %(name)s %(path)s can be read by others: chmod 600 it, or remove it to get a new one.",
                name=name,
                path=path,
            )
        )
    return bytes.fromhex(text)


def _write_key(path: Path, place: Callable[[Path], object]) -> None:
    """Write a new key beside, then put it in its place."""
    path.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process made it meanwhile; that one holds
            place(beside)
    finally:
        beside.unlink(missing_ok=True)
