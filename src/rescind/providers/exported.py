"""A provider's list of refunds as a file it exported, where it cannot be asked: CSV, or a JSON object a line.

Wanted of each: ``reference`` or ``refund`` (its id or ours), ``amount`` in the usual units or ``amount_minor``,
``currency``, ``status``, ``at``; ``payment`` if it says so. Other columns are passed over: an export has many.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from rescind.core.errors import InvalidField, RescindError, one_of
from rescind.core.ids import canonical
from rescind.core.instant import instant
from rescind.core.money import CAP_MINOR, Money
from rescind.core.ports import ProviderRefund
from rescind.core.refund import ProviderOutcome
from rescind.core.sentence import phrased

COLUMNS: Final = ("refund", "reference", "payment", "amount", "amount_minor", "currency", "status", "at")
STATUSES: Final[Mapping[str, ProviderOutcome]] = {
    "succeeded": ProviderOutcome.SUCCEEDED,
    "completed": ProviderOutcome.SUCCEEDED,
    "success": ProviderOutcome.SUCCEEDED,
    "paid": ProviderOutcome.SUCCEEDED,
    "submitted": ProviderOutcome.SUBMITTED,
    "pending": ProviderOutcome.SUBMITTED,
    "processing": ProviderOutcome.SUBMITTED,
    "declined": ProviderOutcome.DECLINED,
    "failed": ProviderOutcome.DECLINED,
    "canceled": ProviderOutcome.DECLINED,
    "cancelled": ProviderOutcome.DECLINED,
    "in_doubt": ProviderOutcome.IN_DOUBT,
    "requires_action": ProviderOutcome.IN_DOUBT,
    "unknown": ProviderOutcome.IN_DOUBT,
}
"""Words providers have for where a refund stands, in lower case."""
_LONGEST: Final = 255
_CURRENCY: Final = re.compile("[A-Z]{3}")
_WHOLE: Final = re.compile("[0-9]{1,16}")


class BadExport(Exception):
    """The file cannot be read. The message names the line and what is wrong with it."""


def refunds(file: Path, named: Mapping[str, str] | None = None) -> Iterator[ProviderRefund]:
    """Every refund of the file, one after the other. named: what a column is called in it, where not as here.

    Raises BadExport.
    """
    called = {name: name for name in COLUMNS} | dict(named or {})
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            for line, row in _rows(text, file, called):
                try:
                    yield _refund(row)
                except RescindError as error:
                    said = error.params.get("expected", "something else")
                    where = called.get(str(error.params.get("field", "")), "it")
                    raise BadExport(
                        phrased(
                            "%(file)s, line %(line)s: %(where)s must be %(said)s.",
                            file=file,
                            line=line,
                            where=where,
                            said=said,
                        )
                    ) from None
    except UnicodeDecodeError:
        raise BadExport(phrased("%(file)s is no text in UTF-8.", file=file)) from None
    except OSError as error:
        raise BadExport(phrased("%(file)s cannot be read: %(strerror)s.", file=file, strerror=error.strerror)) from None


def _rows(text: Any, file: Path, called: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and members of each row, under our own names."""
    first = text.read(1)
    text.seek(0)
    if first == "{":
        for line, written in enumerate(text, 1):
            if not written.strip():
                continue
            try:
                found = json.loads(written)
            except ValueError:
                raise BadExport(
                    phrased("%(file)s, line %(line)s: this is no JSON object.", file=file, line=line)
                ) from None
            if not isinstance(found, dict):
                raise BadExport(phrased("%(file)s, line %(line)s: this is no JSON object.", file=file, line=line))
            said = cast("dict[str, object]", found)
            yield line, {ours: str(said[theirs]) for ours, theirs in called.items() if said.get(theirs) is not None}
        return
    reader = csv.DictReader(text, strict=True)
    try:
        missing = [
            called[name] for name in ("currency", "status", "at") if called[name] not in (reader.fieldnames or ())
        ]
        if missing:
            raise BadExport(
                phrased(
                    "%(file)s: there is no column %(these)s; the first line names the columns.",
                    file=file,
                    these=", ".join(missing),
                )
            )
        for found in reader:
            yield reader.line_num, {ours: found[theirs] for ours, theirs in called.items() if found.get(theirs)}
    except csv.Error as error:
        raise BadExport(
            phrased("%(file)s, line %(line_num)s: %(error)s.", file=file, line_num=reader.reader.line_num, error=error)
        ) from None


def _refund(row: Mapping[str, str]) -> ProviderRefund:
    given = {name: text.strip() for name, text in row.items()}
    for name, text in given.items():
        if len(text) > _LONGEST or not text.isprintable():
            raise InvalidField(field=name, expected=f"at most {_LONGEST} visible characters")
    currency = given.get("currency", "").upper()
    if not _CURRENCY.fullmatch(currency):
        raise InvalidField(field="currency", expected="a currency's three letters, such as EUR")
    status = STATUSES.get(given.get("status", "").lower())
    if status is None:
        raise InvalidField(field="status", expected=one_of(STATUSES))
    if not given.get("reference") and not given.get("refund"):
        raise InvalidField(field="reference", expected="there, or our id of the refund")
    return ProviderRefund(
        reference=given.get("reference", ""),
        refund=_ours(given.get("refund", "")),
        payment=given.get("payment", ""),
        amount_minor=_minor(given, currency),
        currency=currency,
        status=status,
        at=instant(given.get("at", ""), field="at"),
    )


def _ours(text: str) -> str:
    """Our id, or nothing where what stands there is none of ours."""
    try:
        return canonical("ref", text)
    except RescindError:
        return ""


def _minor(given: Mapping[str, str], currency: str) -> int:
    if "amount_minor" in given:
        if not _WHOLE.fullmatch(given["amount_minor"]) or not 0 < int(given["amount_minor"]) <= CAP_MINOR:
            raise InvalidField(field="amount_minor", expected="a whole number of minor units above zero")
        return int(given["amount_minor"])
    # Some write money that goes out with a sign.
    found = Money.parse(given.get("amount", "").removeprefix("-"), currency).minor
    if not 0 < found <= CAP_MINOR:
        raise InvalidField(field="amount", expected="above zero")
    return found
