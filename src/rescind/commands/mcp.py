"""``rescind mcp``: tools for a program that acts for people, by standard input and output or this machine's HTTP."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Literal

import typer

from rescind.commands.speaking import _, fail
from rescind.locales import DEFAULT

URL, KEY = "RESCIND_URL", "RESCIND_KEY"


def mcp(
    url: Annotated[str | None, typer.Option(help=f"Where the desk is, such as https://desk.example; or {URL}.")] = None,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of answers for which none is asked.")] = DEFAULT,
    http: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="Serve on this port of the loopback instead of stdio."),
    ] = None,
) -> None:
    """Serve the Model Context Protocol: tools to read, to quote, and to act under a mandate.

    Over standard input and output the key is taken from RESCIND_KEY; over HTTP each caller shows its own.
    """
    address = url or os.environ.get(URL, "")
    if not address.startswith(("http://", "https://")):
        fail(_("Say where the desk is: --url https://desk.example, or %(setting)s.") % {"setting": URL})
    key = os.environ.get(KEY, "")
    lacks_key = _("Set %(setting)s to the program's key; it is never an option, for others could read it there.")
    if http is None and not key:
        fail(lacks_key % {"setting": KEY})
    try:
        # An extra, which only this command needs.
        from rescind.mcp import transports  # noqa: PLC0415
        from rescind_client import InvalidCall  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        fail(_("%(name)s is not installed: pip install 'rescind[mcp]'") % {"name": missing.name})
    if http is None:
        try:
            asyncio.run(transports.stdio(address, key, language))
        except InvalidCall:
            fail(lacks_key % {"setting": KEY})
    else:
        asyncio.run(transports.loopback(address, http, language))
