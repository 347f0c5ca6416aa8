"""Orders by file, on the pages: a file is looked at, confirmed, and what stays out is taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from postgres.market import KILN, audit
from rescind.app import make_app
from rescind.core.errors import FactFromTheFuture
from rescind.exporting import csv_file, workbook
from rescind.intake.faults import fault_of
from rescind.locales import locale
from rescind.web.import_words import said
from web.consoles import Page, Person

OPERATOR, SELLER = "/operator/imports", "/seller/imports"
HEADER = "shop,order_number,buyer,currency,placed_at,item,quantity,unit_price,colour"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


def row(desk, number, price="9.95"):
    return f"{KILN},{number},ann,EUR,{(desk.now() - timedelta(days=9)).isoformat()},MUG,1,{price},red"


async def gives(person, home, *rows, header=HEADER, name="orders.csv"):
    """Send a file by the page's own form; gives the page that comes back."""
    page = await person.see(home)
    fields = dict(page.form(home)["fields"])
    fields.pop("file", None)
    data = "\n".join((header, *rows)).encode()
    sent = await person.client.post(
        home, data=fields, files={"file": (name, data, "text/csv")}, headers={"origin": "http://desk.test"}
    )
    return Page(sent)


async def test_what_would_happen_is_shown_confirmed_and_done(app, desk, market, ines):
    sent = await gives(ines, OPERATOR, row(desk, "A-1"), row(desk, "A-2"), row(desk, "A-3", "9.955"))
    assert sent.status == 303, sent.text
    page = await ines.see(sent.to)
    assert "Being read" in page.text
    assert "hx-trigger" in page.raw, "it looks again by itself"
    await desk.importing.work()
    page = await ines.see(sent.to)
    assert "hx-trigger" not in page.raw
    assert "unit_price must be: a decimal amount with at most 2 digits after the point." in page.text
    assert "were not read: colour." in page.text
    assert await market.pool.fetchval("SELECT count(*) FROM orders") == 0
    await ines.press(page, f"{sent.to}/confirm")
    await desk.importing.work()
    page = await ines.see(sent.to)
    assert "2 orders were put in. 0 were there already." in page.text
    assert not page.has_form(f"{sent.to}/confirm")
    assert await audit(market.pool) == 2
    errors = await ines.client.get(f"{sent.to}/errors.csv")
    assert errors.content.count(b"A-3") == 1
    assert errors.headers["content-type"] == csv_file.MEDIA_TYPE
    for form, media_type in (("csv", csv_file.MEDIA_TYPE), ("xlsx", workbook.MEDIA_TYPE)):
        template = await ines.client.get(f"/operator/import-templates/orders/{form}")
        assert (template.status_code, template.headers["content-type"]) == (200, media_type)
    zh = Person(app, "zh")
    await zh.sign_in(desk, "operator", "wei")
    assert "已导入 2 个订单。" in (await zh.see(sent.to)).text
    assert "单价须为：" in (await zh.see(sent.to)).text


def test_a_time_that_is_told_is_one_that_people_read():
    midnight = datetime(2026, 11, 29, tzinfo=UTC)
    early = FactFromTheFuture(occurred_at=midnight + timedelta(hours=34), now=midnight)
    fault = fault_of(2, "paid_at", early)
    assert "at Mon 30 Nov 2026, 10:00 UTC, and it is Sun 29 Nov 2026, 00:00 UTC here" in said(locale("en"), fault)
    assert "2026年11月30日 周一 10:00 UTC" in said(locale("zh"), fault)


async def test_nothing_goes_in_of_what_was_dropped(desk, market, ines):
    sent = await gives(ines, OPERATOR, row(desk, "A-1"))
    await desk.importing.work()
    done = await ines.press(await ines.see(sent.to), f"{sent.to}/drop")
    assert "Nothing of the file was put in." in (await ines.see(done.to)).text
    assert await desk.importing.work() is None
    late = await ines.send(f"{sent.to}/confirm", (await ines.see(OPERATOR)).form(OPERATOR)["fields"])
    assert late.status == 409
    assert await market.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_what_is_no_table_is_said_beside_the_field(desk, ines):
    page = await gives(ines, OPERATOR, "a,b", header="x,y")
    assert page.status == 422
    assert "The file must be: a table with these columns, too: shop, order_number, buyer" in page.text


async def test_a_shop_tells_of_its_own_orders_and_sees_its_own_files(app, desk, market, ines):
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    refused = await gives(sam, SELLER, row(desk, "A-1"))
    assert refused.status == 403
    assert "the marketplace puts them in" in refused.text
    order = await market.order(number="A-5")
    header = "shop,order_number,fact,occurred_at"
    told = await gives(sam, SELLER, f"{KILN},A-5,packed,{desk.now().isoformat()}", header=header)
    await desk.importing.work()
    await sam.press(await sam.see(told.to), f"{told.to}/confirm")
    await desk.importing.work()
    assert (await market.read(order)).progress.packed_at == desk.now()
    foreign = (await gives(ines, OPERATOR, row(desk, "A-1"))).to.rpartition("/")[2]
    assert (await sam.see(f"{SELLER}/{foreign}")).status == 404
    assert (await sam.see(f"{SELLER}/{foreign}/errors.csv")).status == 404


@pytest.mark.parametrize(("kind", "form"), [("orders", "csv"), ("stages", "xlsx")])
async def test_there_is_a_file_to_fill_in(desk, ines, kind, form):
    page = await ines.see(OPERATOR)
    assert f"/operator/import-templates/{kind}/{form}" in page.raw
    answer = await ines.client.get(f"/operator/import-templates/{kind}/{form}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{kind}.{form}"'
    assert (await ines.see("/operator/import-templates/orders/pdf")).status == 404
