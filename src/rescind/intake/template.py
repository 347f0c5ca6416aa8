"""The files to fill in: every column with its header, and a few rows that show how each is meant.

The examples are orders like any other. They name a shop that has to be given, so that they can be put in as they are.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Literal
from xml.sax.saxutils import escape

from rescind.core.instant import Instant
from rescind.core.parts import FactKind
from rescind.intake.columns import KINDS, Kind, template_header
from rescind.intake.methods import METHODS
from rescind.intake.sheet import safe
from rescind.intake.stage_rows import FACTS

Language = Literal["en", "zh"]
Form = Literal["csv", "xlsx"]

_NUMBERS = ("EXAMPLE-1", "EXAMPLE-2", "EXAMPLE-3")
_WORDS: dict[str, tuple[str, str]] = {
    "JAR": ("Jar", "陶罐"),
    "white": ("white", "白色"),
    "LAMP": ("Lamp", "台灯"),
    "ann": ("Ann Lee", "李安"),
    "street": ("1 High Street", "中山路1号"),
    "city": ("London", "上海市"),
    "note": ("Please ring twice", "请放快递柜"),
    "carrier": ("Royal Mail", "顺丰"),
}


def template(kind: Kind, form: Form, language: Language, shop: str, now: Instant) -> bytes:
    """A file to fill in, with examples of this shop from the days before ``now``."""
    rows = _orders(language, shop, now) if kind == "orders" else _stages(language, shop, now)
    named = [column.name for column in KINDS[kind]]
    cells = [[row.get(name, "") for name in named] for row in rows]
    table = [template_header(kind, language), *cells]
    return written_csv(table) if form == "csv" else _written_xlsx(table)


def written_csv(table: Iterable[Sequence[str]], *, begins: bool = True) -> bytes:
    """Rows as CSV: UTF-8 with a mark that spreadsheets look for, and no cell that is a formula."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in table)
    return (b"\xef\xbb\xbf" if begins else b"") + out.getvalue().encode()


def _orders(language: Language, shop: str, now: Instant) -> list[dict[str, str]]:
    """One that is over, with two lines; one that waits to be shipped; one that nobody has paid yet."""
    said = {name: words[language == "zh"] for name, words in _WORDS.items()}
    money, country = ("CNY", "CN") if language == "zh" else ("GBP", "GB")
    paid_by = METHODS["alipay"][0] if language == "zh" else "card"
    region, postcode = ("上海", "200001") if language == "zh" else ("", "N1 9GU")
    done = {
        "shop": shop,
        "order_number": _NUMBERS[0],
        "buyer": "buyer-1",
        "buyer_name": said["ann"],
        "buyer_email": "ann@example.com",
        "currency": money,
        "placed_at": _at(now, days=40),
        "item": "JAR",
        "item_name": said["JAR"],
        "variant": said["white"],
        "quantity": "2",
        "unit_price": "9.95",
        "discount": "1.00",
        "shipping": "5.00",
        "total": "48.90",
        "payment_method": paid_by,
        "payment_reference": "EXAMPLE-PAYMENT-1",
        "paid_at": _at(now, days=40, minutes=-5),
        "packed_at": _at(now, days=39),
        "label_at": _at(now, days=39, minutes=-10),
        "handed_over_at": _at(now, days=38),
        "delivered_at": _at(now, days=36),
        "completed_at": _at(now, days=26),
        "carrier": said["carrier"],
        "tracking_number": "EX000001",
        "recipient_name": said["ann"],
        "street": said["street"],
        "city": said["city"],
        "region": region,
        "postcode": postcode,
        "country": country,
        "note": said["note"],
    }
    second = {
        "shop": shop,
        "order_number": _NUMBERS[0],
        "item": "LAMP",
        "item_name": said["LAMP"],
        "quantity": "1",
        "unit_price": "25.00",
    }
    open_order = {
        "shop": shop,
        "order_number": _NUMBERS[1],
        "buyer": "buyer-2",
        "currency": money,
        "placed_at": _at(now, days=1),
        "item": "LAMP",
        "item_name": said["LAMP"],
        "quantity": "1",
        "unit_price": "25.00",
        "payment_method": paid_by,
        "paid_at": _at(now, days=1, minutes=-3),
    }
    unpaid = open_order | {"order_number": _NUMBERS[2], "buyer": "buyer-3", "placed_at": _at(now, minutes=10)}
    return [done, second, open_order, unpaid | {"paid_at": ""}]


def _stages(language: Language, shop: str, now: Instant) -> list[dict[str, str]]:
    def word(fact: FactKind) -> str:
        return FACTS[fact][0] if language == "zh" else fact.value

    packed = {
        "shop": shop,
        "order_number": _NUMBERS[1],
        "fact": word(FactKind.PACKED),
        "occurred_at": _at(now, minutes=9),
    }
    left = packed | {
        "fact": word(FactKind.HANDED_OVER),
        "occurred_at": _at(now, minutes=4),
        "carrier": _WORDS["carrier"][language == "zh"],
        "tracking_number": "EX000002",
    }
    return [packed, left]


def _at(now: Instant, *, days: int = 0, minutes: int = 0) -> str:
    return (now - timedelta(days=days, minutes=minutes)).replace(microsecond=0).isoformat()


_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = (
    f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>'
)
_BOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Rescind" sheetId="1" r:id="rId1"/></sheets>'
    "</workbook>"
)
_BOOK_RELS = (
    f'<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
# Whatever is typed into these columns stays text: ids keep their zeros, and amounts their digits.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" xfId="0"/>'
    '<xf numFmtId="49" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def _written_xlsx(table: Sequence[Sequence[str]]) -> bytes:
    """Rows as a workbook of one sheet, every cell text."""
    rows = "".join(
        f'<row r="{nth}">'
        + "".join(f'<c t="inlineStr" s="1"><is><t>{escape(cell)}</t></is></c>' for cell in row)
        + "</row>"
        for nth, row in enumerate(table, start=1)
    )
    columns = f'<cols><col min="1" max="{len(table[0])}" width="18" style="1" customWidth="1"/></cols>'
    sheet = f'<worksheet xmlns="{_MAIN}">{columns}<sheetData>{rows}</sheetData></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in (
            ("[Content_Types].xml", _CONTENT_TYPES),
            ("_rels/.rels", _RELS),
            ("xl/workbook.xml", _BOOK),
            ("xl/_rels/workbook.xml.rels", _BOOK_RELS),
            ("xl/styles.xml", _STYLES),
            ("xl/worksheets/sheet1.xml", sheet),
        ):
            archive.writestr(path, text)
    return out.getvalue()
