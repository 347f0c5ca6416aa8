"""Published order histories: every cent and every instant as recorded, and a bad row costs only itself."""

import gzip
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rescind.core.money import Money
from rescind.simulator.history import BadRow, PastOrder, Reading, Tally
from rescind.simulator.layouts import recognise
from rescind.simulator.tables import Amounts, LocalTimes, UnknownLayoutError, UnreadableError

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

ORDERS = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date"
)
ITEMS = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_installments,payment_value"
LINES = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"


@dataclass
class Read:
    orders: dict[str, PastOrder]
    bad: list[BadRow]
    tally: Tally = field(default_factory=Tally)


def drained(reading: Reading) -> Read:
    read = Read({}, [], reading.tally)
    for entry in reading:
        if isinstance(entry, BadRow):
            read.bad.append(entry)
        else:
            assert entry.number not in read.orders
            read.orders[entry.number] = entry
    return read


def complaints(read: Read) -> list[tuple[str, int]]:
    return [(bad.file, bad.line) for bad in read.bad]


@pytest.fixture
def olist(tmp_path):
    """Write a folder of Olist tables and read it; a file's lines come after its heading."""

    def read(orders=(), items=(), payments=(), **others: list[str]) -> Read:
        tables = {
            "orders.csv": [ORDERS, *orders],
            "items.csv": [ITEMS, *items],
            "payments.csv": [PAYMENTS, *payments],
            **{f"{name}.csv": lines for name, lines in others.items()},
        }
        for name, lines in tables.items():
            (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return drained(recognise(tmp_path).read(tmp_path))

    return read


@pytest.fixture
def invoices(tmp_path):
    """Write a file of invoice lines and read it."""

    def read(*lines: str) -> Read:
        path = tmp_path / "lines.csv"
        path.write_text("\n".join([LINES, *lines]), encoding="utf-8")
        return drained(recognise(path).read(path))

    return read


def brl(minor: int) -> Money:
    return Money(minor, "BRL")


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PLACED = "2018-01-14 14:33:31"


# --- Olist -----------------------------------------------------------------------------------------------------------


def test_an_olist_order_comes_with_its_items_payments_and_times(olist):
    read = olist(
        orders=[
            f"o1,c1,delivered,{PLACED},2018-01-14 14:48:30,2018-07-16 12:36:48,2018-07-22 13:19:16,2018-08-05 00:00:00"
        ],
        items=["o1,2,p2,s2,2018-01-18 14:48:30,1.5,0.00", "o1,1,p1,s1,2018-01-17 14:48:30,199.00,17.87"],
        payments=["o1,2,voucher,1,0.10", "o1,1,credit_card,5,218.27"],
    )
    order = read.orders["o1"]
    assert [(line.sku, line.quantity, line.unit_price, line.shipping) for line in order.lines] == [
        ("p1", 1, brl(19900), brl(1787)),
        ("p2", 1, brl(150), brl(0)),
    ]
    assert [(tender.kind, tender.amount) for tender in order.tenders] == [
        ("credit_card", brl(21827)),
        ("voucher", brl(10)),
    ]
    assert order.paid == brl(21837)
    assert order.sellers == ("s1", "s2")
    assert (order.buyer, order.currency, order.ended_as) == ("c1", "BRL", "delivered")
    assert order.placed_at == utc("2018-01-14 16:33:31")  # summer time, UTC-2
    assert order.carrier_at == utc("2018-07-16 15:36:48")  # UTC-3
    assert order.estimate == utc("2018-08-05 03:00:00")
    assert order.ship_by == utc("2018-01-18 16:48:30")
    assert order.cancelled_at is None
    assert order.reached == "delivered"
    assert read.bad == []


@pytest.mark.parametrize(
    ("times", "reached"),
    [
        (",,", "never_approved"),
        ("2018-01-14 15:00:00,,", "approved"),
        ("2018-01-14 15:00:00,2018-01-15 15:00:00,", "with_carrier"),
        (",2018-01-15 15:00:00,", "with_carrier"),
        (",,2018-01-20 15:00:00", "delivered"),
    ],
)
def test_the_stage_reached_is_the_furthest_with_a_time(olist, times, reached):
    assert olist(orders=[f"o1,c1,canceled,{PLACED},{times},"]).orders["o1"].reached == reached


def test_contradictory_times_are_kept_as_recorded(olist):
    order = olist(
        orders=[f"o1,c1,delivered,{PLACED},2018-01-16 10:00:00,2018-01-13 10:00:00,2018-01-12 10:00:00,"]
    ).orders["o1"]
    assert order.delivered_at < order.carrier_at < order.placed_at < order.paid_at
    assert order.last_at == order.paid_at


def test_an_order_without_items_keeps_its_payments(olist):
    read = olist(orders=[f"o1,c1,unavailable,{PLACED},,,,"], payments=["o1,1,boleto,1,8.00"])
    assert read.orders["o1"].lines == ()
    assert read.orders["o1"].sellers == ()
    assert read.orders["o1"].paid == brl(800)


def test_rows_of_orders_that_are_not_there_are_absent_not_bad(olist):
    read = olist(
        orders=[f"o1,c1,created,{PLACED},,,,"],
        items=["o8,1,p1,s1,2018-01-18 14:48:30,1.00,1.00"],
        payments=["o9,1,boleto,1,8.00", "o9,2,voucher,1,2.00", "o8,1,boleto,1,2.00"],
    )
    assert read.bad == []
    assert (read.tally.absent_orders, read.tally.absent_payments, read.tally.absent_items) == (2, 3, 1)


def test_the_buyer_is_the_person_where_the_customers_table_says_who(olist):
    read = olist(
        orders=[f"o1,c1,created,{PLACED},,,,", f"o2,c2,created,{PLACED},,,,"],
        customers=["customer_id,customer_unique_id,customer_state", "c1,anna,SP"],
    )
    assert (read.orders["o1"].buyer, read.orders["o2"].buyer) == ("anna", "c2")


def test_each_bad_olist_row_is_named_and_the_rest_is_read(olist):
    read = olist(
        orders=[
            "o1,c1,created",  # 2
            f"o2,c1,created,{PLACED},,,,",  # 3
            "o3,c1,created,2018-13-01 10:00:00,,,,",  # 4
            f"o4,c1,created,{PLACED},yesterday,,,",  # 5
            f"o2,c1,created,{PLACED},,,,",  # 6
            f"o5,c1,vanished,{PLACED},,,,",  # 7
            f",c1,created,{PLACED},,,,",  # 8
            'o6,"c1,created',  # 9
            "o7,c1,created,,,,,",  # 10
            "",  # 11: an empty line is no row
            f"o8,c1,created,{PLACED},,,,",  # 12
        ],
        items=[
            "o2,1,p1,s1,2018-01-18 14:48:30,-1.00,0.00",  # 2
            "o2,1,p1,s1,2018-01-18 14:48:30,1.00,0.00",  # 3
            "o2,1,p1,s1,2018-01-18 14:48:30,1.00,0.00",  # 4: the same item again
            "o2,x,p1,s1,2018-01-18 14:48:30,1.00,0.00",  # 5
        ],
        payments=[
            "o2,1,voucher,1,1.005",  # 2
            "o2,1,voucher,1,NaN",  # 3
            "o2,1,voucher,1,1e3",  # 4
            "o2,1,voucher,1,",  # 5
            "o2,1,voucher,1,1.00,",  # 6
            "o2,1,voucher,1,1.00",  # 7
        ],
    )
    assert list(read.orders) == ["o2", "o8"]
    assert read.orders["o2"].paid == brl(100)
    assert len(read.orders["o2"].lines) == 1
    assert complaints(read) == [
        *[("payments.csv", line) for line in (2, 3, 4, 5, 6)],
        *[("items.csv", line) for line in (2, 4, 5)],
        *[("orders.csv", line) for line in (2, 4, 5, 6, 7, 8, 9, 10)],
    ]
    told = {(bad.file, bad.line): bad.message for bad in read.bad}
    assert told["orders.csv", 2] == "8 columns expected, 3 found"
    assert told["orders.csv", 4] == (
        "order_purchase_timestamp: '2018-13-01 10:00:00' is not a time like 2018-01-31 14:05:00"
    )
    assert told["orders.csv", 6] == "order_id: 'o2' is listed twice, first on line 3"
    assert told["items.csv", 2] == "price: '-1.00' is a negative amount"
    assert told["payments.csv", 2] == "payment_value: '1.005' is not an amount with at most two decimals"
    assert read.tally.bad_rows == len(read.bad) == 16
    assert read.tally.orders == 2


def test_bytes_that_are_not_utf8_cost_one_row(olist, tmp_path):
    olist()
    rows = [ORDERS, f"o1,c1,created,{PLACED},,,,", f"o2,caf\xe9,created,{PLACED},,,,", f"o3,c1,created,{PLACED},,,,"]
    (tmp_path / "orders.csv").write_bytes("\r\n".join(rows).encode("latin-1"))
    read = drained(recognise(tmp_path).read(tmp_path))
    assert list(read.orders) == ["o1", "o3"]
    assert [str(bad) for bad in read.bad] == ["orders.csv, line 3: not UTF-8 (byte 0xe9 at position 7)"]


def test_a_compressed_file_that_ends_early_is_reported_and_what_came_before_it_counts(olist, tmp_path):
    olist()
    (tmp_path / "orders.csv").unlink()
    rows = [ORDERS, *(f"{os.urandom(16).hex()},c{n},created,{PLACED},,,," for n in range(9000))]
    whole = gzip.compress("\n".join(rows).encode())
    (tmp_path / "orders.csv.gz").write_bytes(whole[: len(whole) // 2])
    read = drained(recognise(tmp_path).read(tmp_path))
    assert 0 < len(read.orders) < 9000
    assert complaints(read)[-1][0] == "orders.csv.gz"
    assert "damaged" in read.bad[-1].message


def test_quoted_fields_other_columns_and_a_byte_order_mark_are_understood(olist, tmp_path):
    olist(payments=["o1,1,voucher,1,1.00"])
    columns = ORDERS.split(",")
    heading = ",".join(f'"{name}"' for name in ("extra", *reversed(columns)))
    row = f'"a, b",,,,,{PLACED},"created","c1","o1"'
    (tmp_path / "orders.csv").write_text(f"{heading}\r\n{row}\r\n", encoding="utf-8-sig")
    read = drained(recognise(tmp_path).read(tmp_path))
    assert read.bad == []
    assert read.orders["o1"].placed_at == utc("2018-01-14 16:33:31")
    assert read.orders["o1"].paid == brl(100)


# --- Online Retail ---------------------------------------------------------------------------------------------------


def test_an_invoice_is_an_order_of_its_product_lines(invoices):
    read = invoices(
        "500001,79323P, PINK CHERRY LIGHTS,12,2010-07-01 07:45:00,6.75,anna,United Kingdom",
        "500001,POST,POSTAGE,1,2010-07-01 07:45:00,18.00,anna,United Kingdom",
        "500001,21035b,MUG,2,2010-07-01 07:45:00,0.5,anna,United Kingdom",
        "500001,21036,[stock note],-5,2010-07-01 07:45:00,0.00,,United Kingdom",
        "500002,POST,POSTAGE,1,2010-07-01 07:45:00,18.00,anna,United Kingdom",
    )
    assert list(read.orders) == ["500001"]
    order = read.orders["500001"]
    assert [(line.sku, line.title, line.quantity, line.unit_price) for line in order.lines] == [
        ("79323P", "PINK CHERRY LIGHTS", 12, gbp(675)),
        ("21035B", "MUG", 2, gbp(50)),
    ]
    assert order.placed_at == order.paid_at == utc("2010-07-01 06:45:00")  # British summer time
    assert [(tender.kind, tender.amount) for tender in order.tenders] == [("invoice", gbp(8200))]
    assert (order.buyer, order.ended_as, order.cancelled_at) == ("anna", "kept", None)
    assert read.bad == []


def test_a_credit_is_taken_off_the_newest_purchase_before_it_each_unit_once(invoices):
    read = invoices(
        "C500009,20000A,MUG,-5,2010-01-03 10:00:00,0.90,anna,UK",
        "500001,20000a,MUG,4,2010-01-01 10:00:00,1.00,anna,UK",
        "500002,20000A,MUG,3,2010-01-02 10:00:00,1.00,anna,UK",
        "500003,20000A,MUG,9,2010-01-04 10:00:00,1.00,anna,UK",
        "500004,20000A,MUG,9,2010-01-02 10:00:00,1.00,bert,UK",
        "500005,20000A,MUG,9,2010-01-02 10:00:00,1.00,,UK",
    )
    taken = {number: [(c.at, c.sku, c.quantity, c.amount) for c in o.credits] for number, o in read.orders.items()}
    at = utc("2010-01-03 10:00:00")
    assert taken == {
        "500001": [(at, "20000A", 2, gbp(180))],
        "500002": [(at, "20000A", 3, gbp(270))],
        "500003": [],
        "500004": [],
        "500005": [],
    }
    assert read.orders["500001"].ended_as == "credited_in_part"
    assert read.orders["500002"].ended_as == "credited_in_whole"
    assert read.orders["500002"].cancelled_at == at
    assert read.orders["500001"].cancelled_at is None


def test_credits_that_find_no_purchase_are_counted(invoices):
    read = invoices(
        "500001,20000,MUG,1,2010-01-02 10:00:00,1.00,anna,UK",
        "C500002,20000,MUG,-1,2010-01-01 10:00:00,1.00,anna,UK",  # before the purchase
        "C500003,20000,MUG,-1,2010-01-03 10:00:00,1.00,,UK",  # nobody's
        "C500004,20000,MUG,-2,2010-01-03 10:00:00,1.00,anna,UK",  # one unit too many
        "C500005,POST,POSTAGE,-1,2010-01-03 10:00:00,1.00,anna,UK",  # no product
    )
    assert (read.tally.credits, read.tally.unmatched_credits, read.tally.partly_matched_credits) == (3, 2, 1)


def test_each_bad_invoice_line_is_named_and_the_rest_is_read(invoices):
    read = invoices(
        "500001,20000,MUG,one,2010-01-02 10:00:00,1.00,anna,UK",  # 2
        "500001,20000,MUG,1,02/01/2010,1.00,anna,UK",  # 3
        "500001,20000,MUG,1,2010-01-02 10:00:00,-1.00,anna,UK",  # 4
        "500001,20000,MUG, BIG,1,2010-01-02 10:00:00,1.00,anna,UK",  # 5
        '500001,20000,"MUG, BIG",1,2010-01-02 10:00:00,1.00,anna,UK',  # 6
    )
    assert complaints(read) == [("lines.csv", line) for line in (2, 3, 4, 5)]
    assert [line.title for line in read.orders["500001"].lines] == ["MUG, BIG"]


# --- recognising -----------------------------------------------------------------------------------------------------


def test_a_layout_is_told_by_headings_not_by_names(olist, invoices, tmp_path):
    olist()
    assert recognise(tmp_path).name == "olist"
    assert recognise(tmp_path / "orders.csv").name == "olist"
    for file in tmp_path.iterdir():
        file.unlink()
    invoices()
    (tmp_path / "lines.csv").rename(tmp_path / "orders.csv")
    assert recognise(tmp_path).name == recognise(tmp_path / "orders.csv").name == "online-retail"


def test_what_is_not_recognised_is_told_with_what_was_looked_for(olist, tmp_path):
    olist()
    (tmp_path / "payments.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnknownLayoutError) as told:
        recognise(tmp_path)
    message = str(told.value)
    assert "payments.csv (a, b)" in message
    assert "looked for olist: no file with the columns order_id, payment_sequential" in message
    assert "looked for online-retail: no file with the columns Invoice, StockCode" in message


def test_a_file_beside_a_history_is_not_that_history(olist, tmp_path):
    olist(notes=["a,b"])
    with pytest.raises(UnknownLayoutError, match=r"notes\.csv is none of its tables"):
        recognise(tmp_path / "notes.csv")


def test_two_files_for_one_table_are_not_guessed_between(olist, tmp_path):
    olist()
    (tmp_path / "again.csv").write_text(ORDERS)
    with pytest.raises(UnknownLayoutError, match=r"several files hold the table orders \(again\.csv, orders\.csv\)"):
        recognise(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "notes.txt", "empty"])
def test_no_table_at_all_is_told(tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UnknownLayoutError, match=r"does not exist|neither \.csv nor \.csv\.gz|no \.csv or \.csv\.gz file"
    ):
        recognise(tmp_path / name)


# --- money and time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"), [("0", 0), ("7", 700), ("7.5", 750), ("0.07", 7), ("999999999999.99", 99999999999999), ("-0", 0)]
)
def test_amounts_are_exact(text, minor):
    assert Amounts("GBP")[text] == gbp(minor)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1_0", "1,5", ".5", "5.", "+1", "1.234", "inf", "١", "1e2", "-0.01"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(UnreadableError):
        Amounts("GBP")[text]


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("America/Sao_Paulo", "2017-10-14 23:59:59", "2017-10-15 02:59:59"),
        ("America/Sao_Paulo", "2017-10-15 00:30:00", "2017-10-15 03:30:00"),  # skipped: meant as 01:30
        ("America/Sao_Paulo", "2017-10-15 01:00:00", "2017-10-15 03:00:00"),
        ("America/Sao_Paulo", "2018-02-17 22:59:59", "2018-02-18 00:59:59"),
        ("America/Sao_Paulo", "2018-02-17 23:30:00", "2018-02-18 01:30:00"),  # twice: the earlier one
        ("America/Sao_Paulo", "2018-02-18 00:00:00", "2018-02-18 03:00:00"),
        ("Europe/London", "2010-03-28 00:59:59", "2010-03-28 00:59:59"),
        ("Europe/London", "2010-03-28 02:00:00", "2010-03-28 01:00:00"),
        ("Europe/London", "2010-10-31 01:30:00", "2010-10-31 00:30:00"),  # twice: the earlier one
        ("Asia/Kolkata", "2018-01-01 05:45:10", "2018-01-01 00:15:10"),  # no whole hours
        ("Australia/Lord_Howe", "2018-04-01 01:59:00", "2018-03-31 14:59:00"),  # half an hour of summer time
    ],
)
def test_local_times_become_instants(zone, local, expected):
    times = LocalTimes(zone)
    assert times.read(local) == times.read(local) == utc(expected)
    assert times.read(local).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2018-01-14",
        "2018-01-14 14:33",
        "2018-01-14 14:33:31Z",
        "2018-01-14 25:00:00",
        "2018-01-14 14:61:00",
        "2018-02-30 14:00:00",
        "20180114 14:33:31",
        "2018-01-14 14:33:31.5",
        "0001-01-01 00:00:00 ",
        "9999-12-31 23:00:00",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UnreadableError):
        LocalTimes("America/Sao_Paulo").read(text)


# --- the published sets, to the cent ---------------------------------------------------------------------------------


def published(name: str) -> tuple[Read, dict]:
    folder = DATA / name
    if not folder.is_dir():
        reason = f"the published history {name} is not beside the checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return drained(recognise(folder).read(folder)), json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def pounds(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


STAGES = {
    "1_never_approved": "never_approved",
    "2_approved_not_handed_over": "approved",
    "3_handed_to_carrier": "with_carrier",
    "4_delivered_to_customer": "delivered",
}


def ended(orders: list[PastOrder]) -> dict:
    """The figures the publisher's description gives for orders that ended in one way."""
    by_stage: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for order in orders:
        by_stage[order.reached] += 1
        paid[order.reached] += order.paid.minor
        for tender in order.tenders:
            by_kind[tender.kind] += tender.amount.minor
    names = [name for name, stage in STAGES.items() if by_stage[stage]]
    lines = [line for order in orders for line in order.lines]
    return {
        "orders": len(orders),
        "approved": sum(order.paid_at is not None for order in orders),
        "handed_to_carrier": sum(order.carrier_at is not None for order in orders),
        "delivered_to_customer": sum(order.delivered_at is not None for order in orders),
        "without_items": sum(not order.lines for order in orders),
        "last_stage_reached": {name: by_stage[STAGES[name]] for name in names},
        "paid_by_last_stage": {name: pounds(paid[STAGES[name]]) for name in names},
        "paid_total": pounds(paid.total()),
        "paid_by_type": {kind: pounds(minor) for kind, minor in sorted(by_kind.items())},
        "item_value": pounds(sum(line.unit_price.minor for line in lines)),
        "freight_value": pounds(sum(line.shipping.minor for line in lines)),
    }


def test_the_olist_figures_come_out_to_the_cent():
    read, expected = published("olist")
    orders = list(read.orders.values())
    assert read.bad == []
    assert Counter(order.ended_as for order in orders) == expected["status"]
    assert sum(len(order.lines) for order in orders) == expected["rows"]["items"]
    payments = sum(len(order.tenders) for order in orders)
    assert payments + read.tally.absent_payments == expected["rows"]["payments"]
    assert read.tally.absent_orders == 57_528
    assert sum(not order.tenders for order in orders) == expected["oddities"]["orders_here_without_payment"]
    assert sum(len(order.sellers) > 1 for order in orders) == expected["orders_with_several_sellers"]
    for status in ("canceled", "unavailable"):
        found = ended([order for order in orders if order.ended_as == status])
        assert found == {key: expected[status][key] for key in found}
    assert read.tally.bytes_read == read.tally.bytes_total > 0


def test_the_olist_times_contradict_each_other_exactly_as_published():
    read, expected = published("olist")
    orders = list(read.orders.values())
    odd = expected["oddities"]
    assert (
        sum(bool(o.paid_at and o.carrier_at and o.carrier_at < o.paid_at) for o in orders)
        == odd["carrier_before_approval"]
    )
    assert sum(bool(o.carrier_at and o.carrier_at < o.placed_at) for o in orders) == odd["carrier_before_purchase"]
    early = sum(bool(o.carrier_at and o.delivered_at and o.delivered_at < o.carrier_at) for o in orders)
    assert early == odd["customer_before_carrier"]
    late = [o for o in orders if o.carrier_at and o.ship_by]
    assert len(late) == expected["seller_past_shipping_limit"]["orders"]
    assert sum(o.carrier_at > o.ship_by for o in late) == expected["seller_past_shipping_limit"]["past_limit"]


def test_the_online_retail_figures_come_out_to_the_cent():
    read, expected = published("online-retail-2010")
    orders = list(read.orders.values())
    whole = [order for order in orders if order.ended_as == "credited_in_whole"]
    assert read.bad == []
    assert len(orders) == expected["orders"]["n"]
    assert sum(bool(order.buyer) for order in orders) == expected["orders"]["with_customer"]
    assert pounds(sum(order.paid.minor for order in orders)) == expected["orders"]["value"]
    assert len(whole) == expected["orders"]["credited_in_whole"]
    assert sum(order.ended_as == "credited_in_part" for order in orders) == expected["orders"]["credited_in_part"]
    assert pounds(sum(order.paid.minor for order in whole)) == expected["orders"]["value_of_orders_credited_in_whole"]
    matched = sum(credit.amount.minor for order in orders for credit in order.credits)
    assert pounds(matched) == expected["credit_lines"]["matched_value"]
    outcome = expected["credit_lines"]["by_outcome"]
    assert read.tally.credits == expected["credit_lines"]["lines"]
    assert read.tally.unmatched_credits == outcome["unmatched"] + outcome["no_customer"]
    assert read.tally.partly_matched_credits == outcome["partly_matched"]
