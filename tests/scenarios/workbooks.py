"""Workbooks for tests, written by hand so that they can be wrong in any way."""

import io
import zipfile
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(
    rows,
    *,
    shared=False,
    merged="",
    doctype="",
    cell="",
    reference="",
    coloured="",
    without="",
    row_twice=False,
    sheet="",
    styles="",
    packed=zipfile.ZIP_DEFLATED,
):
    """The bytes of one. A cell: text, a number, ("d", serial) for a time, ("f", formula, result), ("e", error)."""
    strings = [] if shared else None
    lines = [
        f'<row r="{1 if row_twice else nth}">'
        + "".join(_cell(value, f"{chr(65 + place)}{nth}", strings) for place, value in enumerate(row))
        + "</row>"
        for nth, row in enumerate(rows, start=1)
    ]
    if cell:
        lines.append(f'<row r="{len(rows) + 1}"><c r="A{len(rows) + 1}" t="{cell}"><v>1</v></c></row>')
    if reference:
        lines.append(f'<row r="{len(rows) + 1}"><c r="{reference}"><v>1</v></c></row>')
    if coloured:
        lines.append(f'<row r="{len(rows) + 1}"><c r="{coloured}" s="1"/></row>')
    joined = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    data = sheet or "".join(lines)
    sheet = f'{doctype}<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData>{joined}</worksheet>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns:r="{LINKS}"><sheets><sheet name="S" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<R><Relationship Id="a" Target="worksheets/sheet1.xml"/></R>',
        "xl/styles.xml": (
            '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/>'
            f"{styles}</cellXfs></styleSheet>"
        ),
        "xl/worksheets/sheet1.xml": sheet,
    }
    if shared:
        parts["xl/sharedStrings.xml"] = (
            "<sst>" + "".join(f"<si><t>{escape(one)}</t></si>" for one in strings) + "</sst>"
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for path, text in parts.items():
            if path != without:
                archive.writestr(path, text)
    return out.getvalue()


def _cell(value, name, strings):
    match value:
        case ("d", serial):
            return f'<c r="{name}" s="{1 if serial % 1 else 2}"><v>{serial!r}</v></c>'
        case ("f", formula, result):
            return f'<c r="{name}"><f>{formula}</f><v>{result}</v></c>'
        case ("e", error):
            return f'<c r="{name}" t="e"><v>{error}</v></c>'
        case float() | int():
            return f'<c r="{name}"><v>{value!r}</v></c>'
        case "":
            return ""
        case _ if strings is not None:
            strings.append(value)
            return f'<c r="{name}" t="s"><v>{len(strings) - 1}</v></c>'
        case _:
            return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
