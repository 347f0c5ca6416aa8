"""What a command says to a person, and in which language: the terminal's.

Help texts, results, questions and mistakes have their sentences in the catalogues. JSON, identifiers and codes are what
they are, and so are the log and whatever another program is meant to read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from datetime import datetime
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table

from rescind.core.errors import AddressBounces, RescindError
from rescind.locales import DEFAULT, Locale, locale, negotiate

OF_A_PIPE = 240
"""Columns where nobody looks: what reads a table through a pipe gets its words whole."""


def _width() -> int | None:
    """None: as wide as the terminal, or as ``COLUMNS`` says."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else OF_A_PIPE


out = Console(width=_width())
err = Console(stderr=True)


def language() -> Locale:
    """The language that the terminal speaks, as its environment says (``LC_ALL``, ``LC_MESSAGES``, ``LANG``)."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), DEFAULT)
    return locale(negotiate(None, said.partition(".")[0].replace("_", "-")))


def _(sentence: str) -> str:
    """A sentence in the terminal's language; its places are left for the caller to fill."""
    return language().gettext(sentence)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for ``n``; ``%(num)s`` is left for the caller to fill."""
    return language().ngettext(singular, plural, n)


def pgettext(context: str, code: str) -> str:
    """What people call a thing that the program knows by a code."""
    return language().pgettext(context, code)


def say(sentence: object) -> None:
    """Print a sentence as it is, on one line however narrow the terminal."""
    out.print(str(sentence), highlight=False, markup=False, soft_wrap=True)


def pour(written: bytes, *, text: bool, to_file: str) -> None:
    """Write a file to standard output. One that is no text stays out of a terminal; to_file: what puts it in a file."""
    if not text and sys.stdout.isatty():
        fail(_("A terminal cannot show this. Put it in a file: %(command)s") % {"command": to_file})
    sys.stdout.buffer.write(written)


def columns(*heads: str, whole: Collection[int] = (0,)) -> Table:
    """An empty table under these heads, for ``out``.

    whole: the columns that are typed back into the next command, such as ids; they stand on one line however narrow
    the terminal is. The others go on below, and none is cut.
    """
    table = Table(box=None)
    for place, head in enumerate(heads):
        table.add_column(head, no_wrap=place in whole, overflow="fold")
    return table


def told(error: RescindError) -> str:
    """A problem in the words of its page."""
    said = {name: expected(error) if name == "expected" else _said(one) for name, one in error.params.items()}
    try:
        return pgettext("problem.detail", error.code) % said
    except KeyError:
        return str(error)


def _said(value: object) -> object:
    match value:
        case tuple():
            return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # codes
        case datetime():
            return language().moment(value)
        case _:
            return value


def must_be(error: RescindError, name: str = "") -> str:
    """What a value that was given has to be. name: what people call it; usual: the name of its field."""
    field = str(error.params.get("field", "")).strip("/?").replace("_", " ")
    return _("The %(name)s must be %(expected)s.") % {"name": name or field or _("value"), "expected": expected(error)}


def expected(error: RescindError) -> str:
    """What was expected, in words."""
    return language().expected(str(error.params["expected"]))


def refuses_mail(error: AddressBounces) -> str:
    """That nothing can be sent to an address, and who can change that."""
    return _("%(address)s refuses mail; an operator can allow it again on the page of mail.") % error.params


def fail(message: str) -> NoReturn:
    """End the command with one line that says why."""
    err.print(f"rescind: {message}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)
