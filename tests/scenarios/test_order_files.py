"""Files that are put in: read so that a row has one meaning, or a fault that names its cell; and hostile ones."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest

from rescind.core.errors import InvalidField
from rescind.core.history import is_history
from rescind.core.parts import FactKind
from rescind.core.views import ShopView
from rescind.intake.columns import kind_of, read_header, template_header
from rescind.intake.faults import expects
from rescind.intake.methods import METHODS, code_of
from rescind.intake.moments import read_moment
from rescind.intake.order_rows import Unreadable, read_order
from rescind.intake.sheet import MOST_ROWS, Row, read_rows
from rescind.locales import locale
from rescind.web.import_words import refused as whole_file
from rescind.web.import_words import said
from scenarios.shop import SHOP
from scenarios.workbooks import workbook

KILN = ShopView(
    id=SHOP, name="Kiln", preset_hash="0" * 64, preset="base", settings={}, zone="Asia/Shanghai", contact={}
)
HEADER = "shop,order number,buyer,currency,placed_at,item,quantity,unit_price"
ROW = "Kiln,A-1,ann,EUR,2026-05-04 10:00,MUG,2,9.95"


def rows(data):
    return list(read_rows(io.BytesIO(data)))


def refused(data):
    with pytest.raises(InvalidField) as wrong:
        rows(data)
    assert wrong.value.params["field"] == "/file"
    return wrong.value.params["expected"]


def read(*lines, header=HEADER):
    """The order that these lines make."""
    first, *others = rows("\n".join((header, *lines)).encode())
    return read_order(others, read_header(first.cells, "orders").places, KILN)


def faults(*lines, header=HEADER):
    with pytest.raises(Unreadable) as wrong:
        read(*lines, header=header)
    return [(one.nth, one.column, one.params.get("expected", "")) for one in wrong.value.faults]


# --- tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("apart", [",", ";", "\t"])
def test_a_table_is_read_in_every_encoding_and_with_whatever_stands_between_its_cells(encoding, apart):
    table = '店铺,买家账号,订单编号\nKiln,"安, 娜",甲-1\r\n'.replace(",", apart).replace(f"安{apart}", "安,")
    header, row = rows(table.encode(encoding))
    assert header.cells == ["店铺", "买家账号", "订单编号"]
    assert row == Row(2, ["Kiln", "安, 娜", "甲-1"])


@pytest.mark.parametrize("said", ["sep=;", '\ufeff"sep=;"', "SEP=;"])
def test_what_a_spreadsheet_says_of_its_own_file_is_no_header(said):
    assert rows(f"{said}\r\na,b;c\r\n1;2\r\n".encode()) == [Row(1, ["a,b", "c"]), Row(2, ["1", "2"])]


def test_a_row_keeps_its_place_in_the_file():
    found = rows(b'a,b\n\n1,"two\nlines"\n,,\n3,4\n')
    assert [one.nth for one in found] == [1, 3, 6]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a table with a header"),
        (b"\n , \n", "a table with a header"),
        (b"%PDF-1.7 ...", "a table in CSV or XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "saved as XLSX"),
        (b"a,b\n1,\0\n", "without NUL"),
        (b'a,b\n1,"never\n' + b"ends\n" * 60_000, "quotes that are closed"),
        (b'a,b\n1,"ends', "quotes that are closed"),
        (b"a,b\n" + b"," * 1_100_000, "quotes that are closed"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-8 or GB18030"),
        ("a,b\nJosé,Müller\nZoë,Bäcker\n".encode("latin-1"), "UTF-8 or GB18030"),
        (b",".join(b"x%d" % n for n in range(101)), "at most 100 columns"),
        (b"a\n" + b"1\n" * (MOST_ROWS + 1), f"at most {MOST_ROWS} rows"),
        (b"PK\x03\x04 is no archive", "XLSX workbook"),
        (b"\xef\xbb\xbf\n<HTML><table><tr><td>shop", "this is a web page in HTML"),
        (b"<!DOCTYPE html><title>Please sign in</title>", "this is a web page in HTML"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_table_is_refused_with_what_to_give_instead(data, said):
    assert said in refused(data)


# --- workbooks ---------------------------------------------------------------------------------------------------


def test_a_workbook_gives_what_somebody_typed():
    cells = [
        ["text", 'MUG & "co"'],
        ["zeros", "00123"],
        ["float", 1.1000000000000001],
        ["whole", 12.0],
        ["small", 0.07],
        ["long", 12345678901234567.0],
        ["moment", ("d", 46146.4166666667)],
        ["day", ("d", 46146.0)],
        ["formula", ("f", "1+1", 2)],
        ["error", ("e", "#REF!")],
        ["like a formula", "=1+1"],
    ]
    found = {row.cells[0]: row for row in rows(workbook(cells))}
    said = {name: row.cells[1] for name, row in found.items()}
    assert said["text"] == 'MUG & "co"'
    assert said["zeros"] == "00123"
    assert (said["float"], said["whole"], said["small"]) == ("1.1", "12", "0.07")
    assert said["moment"] == "2026-05-04T10:00:00"
    assert said["day"] == "2026-05-04"
    assert said["like a formula"] == "=1+1"
    bad = {name: row.bad for name, row in found.items() if row.bad}
    assert bad == {"long": {1: "long_number"}, "formula": {1: "formula"}, "error": {1: "error"}}
    assert found["formula"].nth == 9


def test_empty_cells_that_are_only_coloured_are_no_columns():
    assert rows(workbook([["a"], ["b"]], coloured="ZZ1")) == rows(workbook([["a"], ["b"]]))
    assert rows(b"a,b" + b"," * 200 + b"\n1,2\n")[0].cells[:2] == ["a", "b"]


def test_shared_texts_are_read_and_an_empty_place_stays_empty():
    found = rows(workbook([["a", "", "c"], ["", "b"]], shared=True))
    assert [one.cells for one in found] == [["a", "", "c"], ["", "b"]]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"merged": "A1:A2"}, "without merged cells"),
        ({"doctype": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'}, "declarations of its own"),
        ({"doctype": '<!DOCTYPE x SYSTEM "file:///etc/passwd">'}, "declarations of its own"),
        ({"cell": "A" * 2_000_000}, "XLSX workbook"),
        ({"reference": "ZZ1"}, "at most 100 columns"),
        ({"without": "xl/workbook.xml"}, "XLSX workbook"),
        ({"without": "xl/worksheets/sheet1.xml"}, "XLSX workbook"),
        ({"row_twice": True}, "XLSX workbook"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_workbook_that_means_something_else_is_refused(parts, said):
    assert said in refused(workbook([["a"], ["b"]], **parts))


def test_what_counts_is_what_is_unpacked(monkeypatch):
    """A megabyte of zeros packs into a kilobyte, and a header can lie about its size."""
    monkeypatch.setattr("rescind.intake.workbook._SHEET_BYTES", 1024 * 1024)
    bomb = workbook([["x" * 7000] for _ in range(400)])
    assert len(bomb) < 50_000
    assert "unpacks to" in refused(bomb)


def test_of_a_cell_without_end_no_more_is_kept_than_a_cell_has():
    data = workbook([], sheet=f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"A" * 24_000_000}</t></is></c></row>')
    tracemalloc.start()
    assert refused(data) == "at most 8000 characters in a cell"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
    long = workbook([["a"], ["B" * 9000]], shared=True)
    assert [len(one) for one in rows(long)[1].cells] == [8000]


@pytest.mark.parametrize("style", ["²", "9" * 5000, "٣", "-1"])
def test_a_number_that_is_none_of_a_workbooks_own_breaks_nothing(style):
    cell = f'<row r="1"><c r="A1" s="{style}"><v>5</v></c></row>'
    assert rows(workbook([], sheet=cell))[0].cells == ["5"]
    assert rows(workbook([["a"]], styles=f'<xf numFmtId="{style}"/>'))[0].cells == ["a"]


@pytest.mark.parametrize("packed", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_packed_as_no_spreadsheet_program_packs_is_refused(packed):
    assert "as spreadsheet programs write it" in refused(workbook([["a"]], packed=packed))


def test_rows_with_nothing_in_them_count_too(monkeypatch):
    monkeypatch.setattr("rescind.intake.workbook._MOST_PLACES", 3000)
    monkeypatch.setattr("rescind.intake.sheet._MOST_EMPTY", 3000)
    filled = '<row r="1"><c r="A1"><v>5</v></c></row>'
    assert len(rows(workbook([], sheet=filled + "<row/>" * 2999))) == 1
    assert refused(workbook([], sheet=filled + "<row/>" * 3000)) == f"at most {MOST_ROWS} rows"
    assert len(rows(b"a,b\n" + b"\n" * 2999)) == 1
    assert refused(b"a,b\n" + b"\n" * 3002) == f"at most {MOST_ROWS} rows"


def test_an_archive_of_countless_entries_is_not_opened():
    many = io.BytesIO(workbook([["a"]]))
    with zipfile.ZipFile(many, "a") as archive:
        for n in range(20_000):
            archive.writestr(f"xl/{n}", b"")
    assert "XLSX workbook" in refused(many.getvalue())


# --- columns -----------------------------------------------------------------------------------------------------


def test_headers_are_known_in_both_languages_and_in_any_order():
    english = read_header(
        ["Unit Price", "Order-Number", "shop", "buyer", "currency", "placed at", "item", "quantity"], "orders"
    )
    chinese = read_header(
        ["单价", "订单号", "店铺", "买家账号", "币种", "下单时间", "商家编码", "数量", "颜色"], "orders"
    )
    assert english.places == chinese.places
    assert chinese.ignored == ("颜色",)
    for tag in ("en", "zh"):
        for kind in ("orders", "stages"):
            assert kind_of(template_header(kind, tag)) == kind


def test_a_header_that_is_missing_or_stands_twice_is_named():
    with pytest.raises(InvalidField) as wrong:
        read_header(HEADER.replace("buyer,", "").split(","), "orders")
    assert wrong.value.params["field"] == "/file"
    with pytest.raises(InvalidField) as wrong:
        read_header([*HEADER.split(","), "单价"], "orders")
    assert wrong.value.params["field"] == "/unit_price"


# --- times -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-05-04T10:00:00+08:00", 2),
        ("2026-05-04 10:00 +0800", 2),
        ("2026-05-04T10:00Z", 10),
        ("2026-05-04 10:00", 2),
        ("2026/5/4 10:00:00", 2),
        ("2026年5月4日 10:00", 2),
    ],
)
def test_a_time_without_a_zone_is_the_shops(text, hour):
    assert read_moment(text, "Asia/Shanghai", "at") == datetime(2026, 5, 4, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("03/04/2026 10:00", "year first"),
        ("03.04.26", "year first"),
        ("2026-05-04", "a day and a time"),
        ("2026-02-30 10:00", "in the calendar"),
        ("2026-10-25 01:30", "with its offset"),
        ("2026-03-29 01:30", "with its offset"),
        ("yesterday", "a day and a time"),
        ("46146.5", "a day and a time"),
    ],
)
def test_a_time_that_could_be_another_is_refused(text, said):
    with pytest.raises(InvalidField) as wrong:
        read_moment(text, "Europe/London", "at")
    assert said in wrong.value.params["expected"]


# --- orders ------------------------------------------------------------------------------------------------------


def test_rows_of_one_number_are_one_order_with_a_line_each():
    told = read(ROW, "Kiln,A-1,,,,LAMP,1,25.00")
    assert [(line.sku, line.quantity, line.unit_price.amount) for line in told.body.lines] == [
        ("MUG", 2, 995),
        ("LAMP", 1, 2500),
    ]
    assert told.body.tenders[0].amount.amount == 2 * 995 + 2500
    assert told.body.placed_at == datetime(2026, 5, 4, 2, tzinfo=UTC)


def test_amounts_have_the_decimals_of_their_currency():  # KF-08
    assert read(ROW.replace("EUR", "JPY").replace("9.95", "995")).body.lines[0].unit_price.amount == 995
    assert faults(ROW.replace("EUR", "JPY"))[0][:2] == (2, "unit_price")
    assert faults(ROW.replace("9.95", "9.955"))[0][:2] == (2, "unit_price")
    assert faults(ROW.replace("9.95", "1e3"))[0][:2] == (2, "unit_price")
    assert faults(ROW.replace("9.95", "9" * 5000))[0][:2] == (2, "unit_price")


def test_what_an_input_method_writes_wide_and_a_currency_in_small_letters_mean_the_same():
    told = read("Kiln,A-1,ann,eur,２０２６-05-04 10：00,MUG,２,９．95", "Kiln,A-1,,EUR,,LAMP,1,25.00")
    assert told.body == read(ROW, "Kiln,A-1,,,,LAMP,1,25.00").body


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (ROW.replace(",2,", ",-2,"), "quantity"),
        (ROW.replace(",2,", ",0,"), "quantity"),
        (ROW.replace(",2,", ",2.5,"), "quantity"),
        (ROW.replace("ann", ""), "buyer"),
        (ROW.replace("EUR", "XXX"), "currency"),
        (ROW.replace("MUG", "a mug"), "item"),
        (ROW.replace("2026-05-04 10:00", "04/05/2026"), "placed_at"),
    ],
)
def test_a_fault_names_its_row_and_column(line, column):
    assert [one[:2] for one in faults(line)] == [(2, column)]


def test_a_comma_that_nobody_quoted_moves_no_price():
    assert faults(ROW.replace("9.95", "1,299.00")) == [
        (2, "unit_price", "in its column; the row has more cells than the header: put a comma in quotes")
    ]
    assert read(ROW + ",, ").body == read(ROW).body, "empty cells at the end are nothing"


def test_rows_that_do_not_agree_about_their_order_are_refused():
    assert faults(ROW, "Kiln,A-1,ann,USD,,LAMP,1,25.00") == [(3, "currency", "the same in every row of one order")]


def test_a_formula_is_no_value_whatever_it_comes_to():
    header = HEADER.split(",")
    table = workbook([header, ["Kiln", "A-1", "ann", "EUR", "2026-05-04 10:00", "MUG", 2, ("f", "9+0.95", 9.95)]])
    first, *others = rows(table)
    with pytest.raises(Unreadable) as wrong:
        read_order(others, read_header(first.cells, "orders").places, KILN)
    assert [(one.nth, one.column) for one in wrong.value.faults] == [(2, "unit_price")]


def test_text_that_looks_like_a_formula_stays_text():
    told = read(f"{ROW},\"=cmd|' /c calc'!A1\"", f'{ROW},"\'=1+1"', header=f"{HEADER},item_name")
    assert [line.title for line in told.body.lines] == ["=cmd|' /c calc'!A1", "=1+1"]


def test_what_happened_is_told_in_its_order_and_a_number_needs_its_parcel():
    header = f"{HEADER},paid_at,handed_over_at,scanned_at,delivered_at,tracking_number"
    told = read(f"{ROW},2026-05-04 10:01,2026-05-05 18:00,2026-05-05 17:00,2026-05-06 09:00,JD-77", header=header)
    assert [(one.fact, one.tracking) for one in told.happened] == [
        (FactKind.PAID, ""),
        (FactKind.HANDED_OVER, "JD-77"),
        (FactKind.DELIVERED, ""),
    ]
    assert told.happened[1].column == "scanned_at", "of two clocks the earlier counts"
    assert [one[1] for one in faults(f"{ROW},,,,,JD-77", header=header)] == ["tracking_number"]


def test_where_history_ends():
    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert not is_history(now.replace(day=7), [FactKind.PAID, FactKind.PACKED], now)
    assert is_history(now.replace(day=7, hour=11), [], now), "a moment more than three days ago"
    assert is_history(now, [FactKind.HANDED_OVER], now), "it has left"


def test_a_means_of_payment_is_named_in_chinese_or_by_its_code():
    header = f"{HEADER},支付方式"
    for cell, code in (
        ("微信支付", "wechat_pay"),
        ("支付宝", "alipay"),
        ("house_credit", "house_credit"),
        ("", "card"),
    ):
        assert read(f"{ROW},{cell}", header=header).body.tenders[0].method == code
    ((_, column, expected),) = faults(f"{ROW},付了钱", header=header)
    assert column == "payment_method"
    assert expected.startswith("one of: 银行卡, ")


def test_every_means_of_payment_in_a_file_has_its_name_on_pages_and_each_word_one_meaning():
    assert [code for code in METHODS if not locale("zh").has("tender", code)] == []
    words = [word for said in METHODS.values() for word in said]
    assert len(words) == len(set(words))
    assert code_of("付了钱") is None


def test_all_columns_that_a_header_lacks_are_named_at_once_as_the_header_is_written():
    for header, these in (
        (["店铺", "订单编号", "币种"], "买家账号, 下单时间, 商家编码, 数量, 单价"),
        (["shop", "order_number", "currency"], "buyer, placed_at, item, quantity, unit_price"),
    ):
        with pytest.raises(InvalidField) as lacking:
            read_header(header, "orders")
        assert lacking.value.params == {"field": "/file", "expected": f"a table with these columns, too: {these}"}
        sentence = whole_file(locale("zh"), lacking.value)
        assert sentence == f"文件须为：还包含以下列的表格：{these}。"


def test_what_is_wrong_with_a_cell_names_its_column_though_the_words_name_it_too():
    wrong = expects(2, "shop", expected="a shop of this marketplace, by its id or its exact name")
    assert said(locale("en"), wrong).startswith("shop must be: a shop of this marketplace")
