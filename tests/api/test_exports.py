"""What a list shows, taken away as a file: by whom, in which form, and what is written down of it."""

import csv
import io
import zipfile
from datetime import timedelta

import asyncpg
import pytest

from postgres.market import KILN, LANTERN
from rescind.core.details import BuyerWords
from rescind.core.stage import Stage
from rescind.exporting import csv_file
from rescind.intake.sheet import as_text, plain, read_rows


def table(answer):
    """The cells of a CSV file, header first."""
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf"), "spreadsheets know UTF-8 by the mark"
    text = answer.content.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n")
    return list(csv.reader(io.StringIO(text)))


def column(rows, name):
    return [row[rows[0].index(name)] for row in rows[1:]]


async def test_an_export_has_the_rows_of_the_list_in_its_order(people, market):
    for number, price in (("A-1", 1999), ("A-2", 5000), ("A-3", 700)):
        await market.order(number=number, price=price)
        market.clock.advance(timedelta(minutes=1))
    await market.order(Stage.PACKED, number="A-4")
    for query in (
        {},
        {"sort": "amount"},
        {"stage": "allocated"},
        {"amount_min": "1000", "currency": "EUR"},
        {"number": ["A-3", "A-1"]},
    ):
        listed = (await people.sue.get("/v1/orders", **query)).json()["rows"]
        rows = table(await people.sue.get("/v1/orders/export", **query))
        assert column(rows, "number") == [row["number"] for row in listed], query
    rows = table(await people.sue.get("/v1/orders/export", sort="amount"))
    assert column(rows, "total")[0] == "50.00"
    assert column(rows, "total_currency")[0] == "EUR"
    assert column(rows, "placed")[0] == "2026-05-04T08:01:00+00:00"
    shanghai = table(await people.sue.get("/v1/orders/export", sort="amount", zone="Asia/Shanghai"))
    assert column(shanghai, "placed")[0] == "2026-05-04T16:01:00+08:00"


async def test_a_shop_takes_away_its_own_and_a_buyer_nothing(people, market):
    await market.order(number="K-1", shop=KILN)
    await market.order(number="L-1", shop=LANTERN)
    assert column(table(await people.sam.get("/v1/orders/export")), "number") == ["K-1"]
    assert column(table(await people.lou.get("/v1/orders/export")), "number") == ["L-1"]
    assert len(table(await people.host.get("/v1/orders/export"))) == 3
    for path in ("orders", "cancellations", "refunds", "threads", "shops"):
        assert (await people.ann.get(f"/v1/{path}/export")).status_code == 403
    assert (await people.sam.get("/v1/shops/export")).status_code == 403
    refused = await people.sam.get("/v1/orders/export", column="shop_id")
    assert (refused.status_code, "?column" in refused.text, "?columns" in refused.text) == (422, True, False)


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1"])
async def test_no_cell_is_a_formula_and_numbers_stay_numbers(people, market, name):
    await market.order(title=name, number="00017", told=BuyerWords(name=name.strip()))
    rows = table(await people.sue.get("/v1/orders/export", column=["number", "buyer", "total"]))
    assert column(rows, "buyer") == ["'" + name.strip()]
    assert column(rows, "total") == ["40.00"]
    assert column(rows, "number") == ["00017\t"]


TURNED = (
    "00012345678901234567",
    "10/12",
    "2026-12-01",
    "12E5",
    "1-SEP",
    "Mar 3",
    "8:30",
    "12%",
    "（12）",
    "10月12日",
    "TRUE",
)
KEPT = ("A-1", "ord_0123", "Maria 2", "12 jars", "1Z999AA10123456784", "EUR", "")


async def test_a_spreadsheet_leaves_ids_as_they_are_and_so_does_our_own_import(people, market):
    for number in TURNED[:3]:
        await market.order(number=number)
    rows = table(await people.sue.get("/v1/orders/export", column="number"))
    assert sorted(column(rows, "number")) == [f"{one}\t" for one in sorted(TURNED[:3])]
    for one in TURNED:
        assert as_text(one) == f"{one}\t", "a tab behind it is no formula, cannot be seen, and makes it text"
    for one in KEPT:
        assert as_text(one) == one
    file = csv_file.parts(["order_number"], cells(*TURNED, *KEPT[:-1], "=1", "＝1", "-5", "@x"))
    said = b"".join([part async for part in file])
    read = [plain(row.cells[0]) for row in read_rows(io.BytesIO(said))]
    assert read == ["order_number", *TURNED, *KEPT[:-1], "=1", "＝1", "-5", "@x"]


async def cells(*each):
    for one in each:
        yield (one,)


async def test_a_workbook_has_text_ids_real_numbers_and_dates(people, market):
    await market.order(number="00017", price=1999)
    answer = await people.sue.get("/v1/orders/export", format="xlsx", column=["number", "total", "placed"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="orders-20260504-0800.xlsx"'
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="A2" t="inlineStr"><is><t>00017</t></is></c>' in sheet
    assert "<v>19.99</v>" in sheet
    assert "placed (UTC)" in sheet
    # The day of a spreadsheet's calendar, with its hour as a part of it.
    assert "<v>46146.33333333334</v>" in sheet or "<v>46146.3333333333</v>" in sheet


async def test_what_was_taken_away_is_written_down_for_the_operator(people, market):
    await market.order(number="A-1")
    await people.sam.get("/v1/orders/export", stage="allocated")
    market.clock.advance(timedelta(minutes=1))
    await people.sue.get("/v1/orders/export", column=["number", "total"], format="xlsx")
    told = (await people.ops.get("/v1/exports")).json()["rows"]
    first, second = told[1], told[0]
    assert (first["role"], first["person"], first["shop"], first["list"]) == ("seller", "key:sam", KILN, "orders")
    assert (first["query"], first["rows"], first["personal"], first["via"]) == ("stage=allocated", 1, True, "api")
    assert (second["person"], second["format"], second["personal"]) == ("key:sue", "xlsx", False)
    assert first["ended_at"] is not None
    for who in (people.sue, people.sam, people.host):
        assert (await who.get("/v1/exports")).status_code == 403
    for statement in ("DELETE FROM list_exports", "UPDATE list_exports SET person = 'nobody'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await market.pool.execute(statement)


async def test_what_cannot_be_meant_is_refused_before_anything_is_written_down(people, market):
    for query in ({"format": "pdf"}, {"sort": "colour"}, {"column": "colour"}, {"colour": "red"}, {"zone": "Mars"}):
        answer = await people.sue.get("/v1/orders/export", **query)
        assert answer.status_code in {400, 422}, query
    assert (await people.ops.get("/v1/exports")).json()["rows"] == []


async def test_shops_are_listed_for_the_platform_alone(people, market):
    listed = (await people.sue.get("/v1/shops", text="kiln")).json()
    assert [(row["id"], row["policy"], row["to_answer"]) for row in listed["rows"]] == [(KILN, "base", 0)]
    assert column(table(await people.sue.get("/v1/shops/export")), "shop_id") == [LANTERN, KILN]
    assert (await people.sam.get("/v1/shops")).status_code == 403
