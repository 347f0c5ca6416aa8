"""The file that goes out to be paid and comes back confirmed: read so that a row has one meaning, or a fault."""

import csv
import io
from datetime import date

import pytest

from rescind.core.errors import InvalidField, NotFound, UnknownField
from rescind.core.ids import make_id
from rescind.core.views import RefundOrderRow
from rescind.intake.confirmations import HEADER, LONGEST_REFERENCE, read, safe, written
from rescind.paying_out import MOST_ROWS
from scenarios.shop import SHOP, eur, jpy, kwd

COLUMNS = "refund_order,amount,currency,reference,paid_on"


@pytest.fixture
def refunds(shop):
    """Ids of some refunds of the shop."""
    return [make_id("ref", SHOP, shop.now, number) for number in range(5)]


def table(*rows, header=COLUMNS, end="\r\n"):
    return end.join((header, *rows, "")).encode()


def row(refund, amount="40.00", currency="EUR", reference="BK-1", paid_on="2026-05-04"):
    return f"{refund},{amount},{currency},{reference},{paid_on}"


def faults(data):
    return [(one.line, one.error.params.get("field"), type(one.error)) for one in read(data).faults]


def test_a_file_that_went_out_and_was_filled_in_comes_back_as_it_was_meant(shop):  # M-15
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.orders()
    order = shop.state
    out = written([RefundOrderRow(order=order, refund=order.refunds[0], shop_name="=cmd()", buyer_name="Ann, Lee")])
    assert out.startswith(b"\xef\xbb\xbf")
    header, told = list(csv.reader(io.StringIO(out.decode("utf-8-sig"), newline="")))
    assert tuple(header) == HEADER
    assert told[header.index("shop")] == "'=cmd()", "a spreadsheet shows it and does not work it out"
    assert told[header.index("buyer")] == "Ann, Lee"
    assert (told[-2], told[-1]) == ("", ""), "nobody has paid it yet"
    assert read(out).left == 1
    told[-2:] = ["BK-1", "2026-05-04"]
    back = io.StringIO(newline="")
    csv.writer(back).writerows([header, told])
    (found,) = read(b"\xef\xbb\xbf" + back.getvalue().encode()).rows
    assert (found.line, found.said.refund, found.said.reference) == (2, order.refunds[0].id, "BK-1")
    assert (found.said.amount, found.said.paid_on) == (eur("40.00"), date(2026, 5, 4))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_that_goes_out_is_a_formula(start):
    assert safe(f"{start}1+1") == f"'{start}1+1"
    assert safe("PL-2201") == "PL-2201"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_spreadsheets_of_all_kinds_are_read(refunds, end, mark):
    assert len(read(mark + table(row(refunds[0]), "", row(refunds[1]), end=end)).rows) == 2
    apart = table(row(refunds[0]).replace(",", ";"), header=COLUMNS.replace(",", ";"), end=end)
    assert read(mark + apart).rows[0].said.refund == refunds[0]
    quoted = f'{refunds[0]},40.00,EUR,"two{end}lines",2026-05-04'
    found = read(mark + table(quoted, row(refunds[1], amount="4,00").replace("4,00", '"4,00"'), end=end))
    assert [one.line for one in found.faults] == [2, 4], "a line is where its row begins"


def test_currencies_are_written_with_their_own_digits(refunds):  # KF-08
    one, two, three, four, *_ = refunds
    found = read(
        table(row(one, "5800", "JPY"), row(two, "1.255", "KWD"), row(three, "5800.5", "JPY"), row(four, "1", "XXQ"))
    )
    assert [each.said.amount for each in found.rows] == [jpy("5800"), kwd("1.255")]
    assert [(fault.line, fault.error.params["field"]) for fault in found.faults] == [(4, "/amount"), (5, "/currency")]


def test_each_row_that_is_wrong_is_told_with_its_line_and_its_column(refunds):
    one, two, three, four, five = refunds
    data = table(
        row(one, amount="-40.00"),
        row(two, paid_on="04.05.2026"),
        row(three, paid_on="2026-02-30"),
        row("ref_nobody"),
        row(four, reference=""),
        row(five, reference="x" * (LONGEST_REFERENCE + 1)),
        row(five) + ",more",
        row(five, paid_on=""),
    )
    told = faults(data)
    assert [line for line, _, _ in told] == [2, 3, 4, 5, 6, 7, 8, 9]
    fields = [field for _, field, _ in told]
    assert fields == ["/amount", "/paid_on", "/paid_on", None, "/reference", "/reference", "/file", "/paid_on"]
    assert told[3][2] is NotFound
    assert read(data).rows == ()


def test_a_refund_that_stands_twice_counts_in_neither_row(refunds):
    one, two, *_ = refunds
    found = read(table(row(one), row(two), row(one, reference="BK-2")))
    assert [each.said.refund for each in found.rows] == [two]
    assert [(each.line, each.error.params["field"]) for each in found.faults] == [
        (2, "/refund_order"),
        (4, "/refund_order"),
    ]


def test_a_file_that_is_none_is_refused_whole(refunds):
    for data in (b"", b"\xff\xfe\x00", b"a\0b", table('"open', header=COLUMNS), b"x" * (3 * 1024 * 1024)):
        with pytest.raises((InvalidField, UnknownField)):
            read(data)
    with pytest.raises(UnknownField):
        read(table(row(refunds[0]) + ",x", header=COLUMNS + ",note"))
    with pytest.raises(InvalidField):
        read(table(row(refunds[0]), header=COLUMNS.replace("paid_on", "reference")))
    with pytest.raises(InvalidField):
        read(table(header="refund_order,amount"))
    with pytest.raises(InvalidField):
        read(table(*[row(refunds[0])] * (MOST_ROWS + 1)))
