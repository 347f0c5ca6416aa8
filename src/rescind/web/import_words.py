"""What is wrong with rows of a file, in words: for pages, the command line, and the file that goes back."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from datetime import datetime

import msgspec

from rescind.core.errors import InvalidField, InvalidText
from rescind.intake.columns import FAULT, KINDS
from rescind.intake.faults import Fault, error_of, fault_of
from rescind.intake.sheet import Row, as_text
from rescind.intake.template import written_csv
from rescind.locales import Locale
from rescind.postgres.imports import Import, ImportTable

_ROWS = 2000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d", re.ASCII)
_faults = msgspec.json.Decoder(list[Fault])
_row = msgspec.json.Decoder(Row)


def faults_of(kept: str) -> list[Fault]:
    """What was kept of a row."""
    return _faults.decode(kept) if kept else []


def column_name(language: Locale, name: str) -> str:
    """A column as its template's header has it."""
    if language.tag != "zh":
        return name
    return next((column.zh for columns in KINDS.values() for column in columns if column.name == name), name)


def said(language: Locale, fault: Fault) -> str:
    """One fault in one sentence, without its row."""
    error, column = error_of(fault), column_name(language, fault.column)
    if isinstance(error, InvalidField | InvalidText):
        expected = language.expected(str(error.params["expected"]))
        if expected == language.expected("present"):
            return language.gettext("%(column)s is missing.") % {"column": column}
        subject = column or (language.gettext("The file") if error.params["field"] == "/file" else "")
        if subject:
            return language.gettext("%(subject)s must be: %(expected)s.") % {"subject": subject, "expected": expected}
        return language.gettext("It must be: %(expected)s.") % {"expected": expected}
    params = {name: _said(language, value) for name, value in error.params.items()}
    params |= {"column": column, "field": column}
    words = language.pgettext("problem.detail", error.code)
    named = "%(column)s" in words or "%(field)s" in words
    try:
        words = words % params
    except KeyError:
        words, named = language.pgettext("problem.title", error.code), False
    return f"{column}{language.gettext(': ')}{words}" if column and not named else words


def refused(language: Locale, error: InvalidField) -> str:
    """Why a file as a whole cannot be put in, in one sentence."""
    field = str(error.params["field"]).strip("/")
    return said(language, fault_of(0, "" if field == "file" else field, error))


def _said(language: Locale, value: object) -> object:
    """A param as it was kept; an instant, which is kept as text, as people read it."""
    text = str(value)
    if not _INSTANT.fullmatch(text):
        return value
    return language.moment(datetime.fromisoformat(text))


def all_said(language: Locale, faults: Iterable[Fault]) -> str:
    """Everything that is wrong with one row; of a row without a fault, that another one of its order has one."""
    words = [said(language, one) for one in faults]
    return " ".join(words) or language.gettext("Another row of this order is wrong, so none of it went in.")


async def errors_file(language: Locale, table: ImportTable, one: Import) -> AsyncGenerator[bytes]:
    """The rows that stay out as they were, and beside each what is wrong: to be corrected and put in again."""
    header = list(one.header)
    last = 0
    yield written_csv([[*header, FAULT.zh if language.tag == "zh" else FAULT.name]])
    while rows := await table.faulty_rows(one, last, _ROWS):
        last = rows[-1][0]
        table_ = [_with_words(language, cells, kept, len(header)) for _, cells, kept in rows]
        yield written_csv(table_, begins=False)


def _with_words(language: Locale, cells: bytes, kept: str, width: int) -> list[str]:
    row = _row.decode(cells)
    filled = (row.cells + [""] * width)[:width]
    return [*map(as_text, filled), all_said(language, faults_of(kept))]
