"""A table of refund orders as a file: what goes out to be paid, and what comes back confirmed.

One form both ways: the file that was taken, with ``reference`` and ``paid_on`` filled in, is the file to give back. It
is read as strictly as any document: a row has one meaning, or a fault with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from rescind.core.errors import InvalidField, NotFound, RescindError, UnknownField
from rescind.core.ids import canonical
from rescind.core.money import Money
from rescind.core.refund_order import owner_of
from rescind.core.views import RefundOrderRow
from rescind.intake.fields import currencies
from rescind.intake.sheet import NO_PAGE, as_text, is_page, narrow, plain, safe, said_apart
from rescind.intake.text import label
from rescind.paying_out import MOST_ROWS, Confirmation

TOLD = ("order", "shop", "buyer", "method", "ordered_on", "due", "owner")
"""Columns that are there to be read; what comes back in them is not looked at."""
GIVEN = ("refund_order", "amount", "currency", "reference", "paid_on")
"""Columns a confirmation is made of; all of them have to be there."""
HEADER = ("refund_order", *TOLD, "amount", "currency", "reference", "paid_on")

_TEXT = frozenset({"order", "shop", "buyer", "owner", "reference", "paid_on"})
"""What a spreadsheet must not make a number or a day of its own form of."""

MOST_BYTES = 2 * 1024 * 1024
LONGEST_REFERENCE = 100
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one line, counted from 1, the header."""

    line: int
    refund: str
    error: RescindError


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmation and the line it stands in."""

    line: int
    said: Confirmation


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A file in full. ``left``: rows with neither reference nor day, which are not paid yet."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    left: int


def written(rows: Iterable[RefundOrderRow]) -> bytes:
    """The file to pay out from: UTF-8 with a mark that spreadsheets look for, and no cell that is a formula."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(HEADER)
    for one in rows:
        amount, _, currency = str(one.amount).partition(" ")
        told = {
            "refund_order": one.refund.id,
            "order": one.order.number,
            "shop": one.shop_name,
            "buyer": one.buyer_name or one.order.buyer,
            "method": " ".join(part for part in (one.tender.method, one.tender.label) if part),
            "ordered_on": one.ordered.ordered_at.date().isoformat(),
            "due": one.ordered.due_at.isoformat(timespec="minutes"),
            "owner": owner_of(one.refund),
            "amount": amount,
            "currency": currency,
            "reference": one.refund.reference if one.ordered.paid_on else "",
            "paid_on": one.ordered.paid_on.isoformat() if one.ordered.paid_on else "",
        }
        table.writerow([(as_text if name in _TEXT else safe)(told[name]) for name in HEADER])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def read(data: bytes) -> Read:
    """Every row of a file, or what is wrong with it. Raises InvalidField, UnknownField for a file that is none."""
    lines = _lines(data)
    if not lines:
        raise InvalidField(field="/file", expected="a table with a header")
    header = _header(lines[0][1])
    if len(lines) - 1 > MOST_ROWS:
        raise InvalidField(field="/file", expected=f"at most {MOST_ROWS} rows")
    rows: list[Row] = []
    faults: list[Fault] = []
    left = 0
    for line, cells in lines[1:]:
        values = dict(zip(header, (plain(cell) for cell in cells), strict=False))
        refund = values.get("refund_order", "")[:64]
        try:
            if len(cells) != len(header):
                raise InvalidField(field="/file", expected=f"{len(header)} cells, as in the header")
            if not values["reference"] and not values["paid_on"]:
                left += 1
                continue
            rows.append(Row(line=line, said=_confirmation(values)))
        except RescindError as error:
            faults.append(Fault(line=line, refund=refund, error=error))
    times = Counter(one.said.refund for one in rows)
    for one in rows:
        if times[one.said.refund] > 1:
            twice = InvalidField(field="/refund_order", expected="each refund once")
            faults.append(Fault(line=one.line, refund=one.said.refund, error=twice))
    return Read(
        rows=tuple(one for one in rows if times[one.said.refund] == 1),
        faults=tuple(sorted(faults, key=lambda one: one.line)),
        left=left,
    )


def _header(cells: list[str]) -> list[str]:
    names = [name.strip() for name in cells]
    for name in names:
        if name not in HEADER:
            raise UnknownField(field=f"/{name[:64]}")
    for name in HEADER:
        if names.count(name) > 1 or (name in GIVEN and name not in names):
            raise InvalidField(field=f"/{name}", expected="one column of this name")
    return names


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, with their lines. The mark of a spreadsheet and either line break are taken as they are;
    a header with semicolons is of a place where the comma stands in numbers.
    """
    if len(data) > MOST_BYTES:
        raise InvalidField(field="/file", expected=f"at most {MOST_BYTES // 1024 // 1024} MiB")
    if is_page(data[:512]):
        raise InvalidField(field="/file", expected=NO_PAGE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidField(field="/file", expected="text in UTF-8") from None
    if "\0" in text:
        raise InvalidField(field="/file", expected="text in UTF-8")
    first, end, rest = text.partition("\n")
    said = said_apart(first + end)
    if said:
        text, first = rest, rest.partition("\n")[0]
    apart = said or (";" if ";" in first and "," not in first else ",")
    table = csv.reader(io.StringIO(text, newline=""), delimiter=apart, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        begins = 1
        for cells in table:
            if any(cell.strip() for cell in cells):
                found.append((begins, cells))
            begins = table.line_num + 1
    except csv.Error:
        raise InvalidField(field="/file", expected="a table with commas and with quotes that are closed") from None
    return found


def _confirmation(values: Mapping[str, str]) -> Confirmation:
    """Raises InvalidField, InvalidText, NotFound."""
    try:
        refund = canonical("ref", values["refund_order"])
    except NotFound:
        raise NotFound(kind="refund") from None
    currency = narrow(values["currency"]).upper()
    if currency not in currencies():
        raise InvalidField(field="/currency", expected="three capital letters of ISO 4217")
    try:
        amount = Money.parse(narrow(values["amount"]), currency)
    except InvalidField as error:
        raise InvalidField(field="/amount", expected=error.params["expected"]) from None
    return Confirmation(
        refund=refund,
        reference=label(values["reference"], field="/reference", limit=LONGEST_REFERENCE, blank=False),
        paid_on=_day(narrow(values["paid_on"])),
        amount=amount,
    )


def _day(text: str) -> date:
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidField(field="/paid_on", expected="a day such as 2026-09-08")
