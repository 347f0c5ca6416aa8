"""`rescind receipt`: check a receipt offline, print the public keys, take a new key."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer

from rescind.api.receipts import ReceiptKeysTold, keys_told
from rescind.clock import wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.policy_file import ENDING, UnknownPolicy, find
from rescind.commands.speaking import _, fail, language, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.policy import Policy, PolicyError, restore
from rescind.core.sentence import why
from rescind.policies import names, preset
from rescind.postgres.receipt_keys import ReceiptKey, ReceiptKeys
from rescind.receipts.checking import NotAReceipt, check
from rescind.receipts.signing import Signer, fingerprint
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Receipts of decisions, and the keys that sign them.")

UNSURE = 3
"""Exit status of a receipt in which nothing is wrong and not everything could be checked."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as it was downloaded.")],
    policy: Annotated[
        list[Path] | None, typer.Option(help="A policy's text, from /v1/policies/HASH or a .toml file; repeatable.")
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="The published keys, from /v1/receipt-keys.")] = None,
) -> None:
    """Check a receipt without asking anybody: its signature, then the decision itself, judged again from its facts.

    Exit status 0: everything holds. 1: something is wrong. 2: a file cannot be used. 3: nothing is wrong, and not
    everything could be checked.
    """
    texts = {preset(name).hash: preset(name) for name in names()}
    for path in policy or ():
        text = _policy(path)
        texts[text.hash] = text
    try:
        found = check(_bytes(file), texts, _keys(keys) if keys else None)
    except NotAReceipt as error:
        say(_("%(file)s is no receipt: %(error)s.") % {"file": file, "error": language().told(why(error))})
        raise typer.Exit(2) from None
    for said in (*found.sure, *found.wrong, *found.unsure):
        say(language().told(said))
    if found.wrong:
        say(_("The receipt does not hold."))
        raise typer.Exit(1)
    if found.unsure:
        say(_("Nothing is wrong with it; not everything could be checked."))
        raise typer.Exit(UNSURE)
    say(_("The receipt holds."))


@app.command("keys")
def print_keys(data: Data = None) -> None:
    """Print the public keys, retired ones among them, in the form that ``verify --keys`` reads."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> ReceiptKeysTold:
        signer = Signer(settings, ReceiptKeys(pool))
        await signer.open(wall_clock())
        return keys_told(await signer.keys.all())

    told = run(with_pool(read_settings(data=data), work))
    say(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())


@app.command()
def rotate(data: Data = None) -> None:
    """Sign with a new key from now on. The old one is destroyed; what it signed can still be checked."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> ReceiptKey:
        signer = Signer(settings, ReceiptKeys(pool))
        await signer.open(wall_clock())
        return await signer.rotate(wall_clock())

    say(run(with_pool(read_settings(data=data), work)).id)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(_("%(path)s cannot be read: %(strerror)s.") % {"path": path, "strerror": error.strerror})


def _policy(path: Path) -> Policy:
    """A policy by its text. The published form has one hash; a .toml file gives it when it has the same meaning."""
    try:
        return find(str(path)) if path.suffix == ENDING else restore(_bytes(path))
    except (UnknownPolicy, PolicyError) as error:
        fail(_("%(path)s is no policy: %(error)s") % {"path": path, "error": language().told(why(error))})


def _keys(path: Path) -> dict[str, ReceiptKey]:
    """The published keys by their id, which is worked out and not believed."""
    try:
        told = msgspec.json.decode(_bytes(path), type=ReceiptKeysTold)
        found = [
            (urlsafe_b64decode(key.x + "=" * (-len(key.x) % 4)), key.added_at, key.retired_at) for key in told.keys
        ]
    except (msgspec.DecodeError, ValueError) as error:
        fail(_("%(path)s holds no keys: %(error)s") % {"path": path, "error": language().told(why(error))})
    return {
        fingerprint(public): ReceiptKey(id=fingerprint(public), public=public.hex(), added_at=at, retired_at=retired)
        for public, at, retired in found
    }
