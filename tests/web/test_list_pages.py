"""Lists on pages: filters that stand in the address, views that somebody keeps, columns they choose, and a file."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.stage import Stage
from rescind.exporting import csv_file, workbook
from rescind.web.rendering import address, mail_address
from web.consoles import Person

TYPES = {"csv": csv_file.MEDIA_TYPE, "xlsx": workbook.MEDIA_TYPE}
ORDERS, REQUESTS = "/support/orders", "/seller/requests"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sue(app, desk):
    return await Person(app).sign_in(desk, "support", "sue")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


def numbers(page):
    return re.findall(r'class="row-link" href="[^"]*"[^>]*>\s*([\w-]+)', page.raw)


async def download(person, page, form="csv"):
    (href,) = [one for one in re.findall(r'href="([^"]*/export\?[^"]*)"', page.raw) if f"format={form}" in one]
    answer = await person.client.get(href.replace("&amp;", "&"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPES[form], "nosniff holds browsers to it"
    assert re.fullmatch(
        rf'attachment; filename="[a-z]+-\d{{8}}-\d{{4}}\.{form}"', answer.headers["content-disposition"]
    )
    return answer


async def table(person, page):
    return list(csv.reader(io.StringIO((await download(person, page)).content.decode("utf-8-sig"))))


async def test_filters_stand_in_the_address_in_the_words_of_the_api(sue, market):
    await market.order(number="A-1", price=1000)
    await market.order(Stage.PACKED, number="A-2", price=2000)
    market.clock.advance(timedelta(minutes=1))
    await market.order(Stage.PACKED, number="A-3", price=3000)
    assert numbers(await sue.see(f"{ORDERS}?stage=packed")) == ["A-3", "A-2"]
    typed = await sue.see(
        f"{ORDERS}?stage=packed&placed=&from=2026-05-04&to=2026-05-04&least=15&most=25.00&currency=EUR"
    )
    assert typed.status == 303
    assert parse_qs(urlsplit(typed.to).query) == {
        "stage": ["packed"],
        "placed_from": ["2026-05-04T00:00:00+00:00"],
        "placed_to": ["2026-05-05T00:00:00+00:00"],
        "amount_min": ["1500"],
        "amount_max": ["2500"],
        "currency": ["EUR"],
    }
    page = await sue.see(typed.to)
    assert numbers(page) == ["A-2"]
    assert 'value="15.00"' in page.raw
    assert "≥ €15.00" in page.text
    wrong = await sue.see(f"{ORDERS}?from=yesterday&least=x&currency=EUR")
    assert "Write a day as 2026-11-28" in wrong.text
    assert "Write an amount like 12.50" in wrong.text
    assert 'value="x"' in wrong.raw, "what was typed stays"
    nonsense = await sue.see(f"{ORDERS}?stage=nowhere&tab=x&cursor=abc&sort=colour")
    assert (nonsense.status, len(numbers(nonsense))) == (200, 3)


async def test_a_filter_with_several_values_says_each_and_keeps_them(sue, market):
    await market.order(Stage.PACKED, number="A-1")
    await market.order(number="A-2")
    await market.order(Stage.IN_TRANSIT, number="A-3")
    page = await sue.see(f"{ORDERS}?stage=packed&stage=allocated&buyer=ann&sort=newest")
    assert sorted(numbers(page)) == ["A-1", "A-2"]
    chips = re.findall(r'<a class="chip" href="([^"]*)">([^<]*)<svg', page.raw)
    off = {label: parse_qs(urlsplit(href.replace("&amp;", "&")).query).get("stage") for href, label in chips}
    assert off["Packed"] == ["allocated"]
    assert {tuple(one or ()) for one in off.values()} == {("packed",), ("allocated",), ("packed", "allocated")}
    form = page.form(ORDERS)["fields"]
    assert {(name, value) for name, value in form if name in {"stage", "buyer"}} == {
        *(("stage", "packed"), ("stage", "allocated"), ("buyer", "ann"))
    }, "whoever applies another filter loses none of these"
    assert address("/x?stage=a&stage=b&cursor=c", cursor=None) == "/x?stage=a&stage=b"


async def test_an_amount_without_its_currency_is_left_out_and_said(sue, market):
    await market.order(number="E-1", price=5000)
    await market.order(number="D-1", price=90000, shop=LANTERN)
    await market.order(number="E-2", price=70000)
    page = await sue.see(f"{ORDERS}?amount_min=40000")
    assert "amount_min=40000 cannot be read; it was left out" in page.text
    assert "≥" not in page.text
    assert len(numbers(page)) == 3
    page = await sue.see(f"{ORDERS}?amount_min=6000&currency=EUR")
    assert "≥ €60.00" in page.text
    assert numbers(page) == ["E-2"]
    (off,) = re.findall(r'chip" href="([^"]*)">EUR', page.raw)
    assert "amount_min" not in off, "nobody is left with an amount of no currency"


async def test_what_ends_before_it_begins_is_said(sue, market):
    await market.order(number="A-1")
    for words, said in (
        ("from=2026-05-09&to=2026-05-04", "The last day is before the first"),
        ("amount_min=200&amount_max=100&currency=EUR", "It is less than the least amount"),
    ):
        page = await sue.see(f"{ORDERS}?{words}")
        page = await sue.see(page.to) if page.status == 303 else page
        assert (said in page.text, numbers(page)) == (True, []), words
    assert "before the first" not in (await sue.see(f"{ORDERS}?placed_from=2026-05-04T00:00:00Z")).text


async def test_columns_are_offered_where_they_are_seen(sue, sam, market):
    page = await sue.see("/support/messages")
    tabs = page.raw[page.raw.index('id="tabs"') :]
    assert re.findall(r"tab=(\w+)", tabs[: tabs.index("</nav>")]) == ["unread", "flagged"], "and its own tabs"
    assert 'popovertarget="columns-sheet"' not in page.raw, "the page of conversations has no columns"
    assert page.has_form("/support/lists/messages/columns"), "its file has"
    assert 'popovertarget="columns-sheet"' in (await sue.see(ORDERS)).raw
    assert "kiln@<wbr>example.<wbr>org" in mail_address("kiln@example.org")


async def test_the_file_has_what_the_page_shows(sue, sam, market):
    await market.order(Stage.PACKED, number="A-1", shop=KILN)
    market.clock.advance(timedelta(minutes=1))
    await market.order(Stage.PACKED, number="B-1", shop=LANTERN)
    await market.order(number="A-2", shop=KILN)
    page = await sue.see(f"{ORDERS}?stage=packed&sort=newest")
    rows = await table(sue, page)
    assert rows[0] == [
        "Order",
        "Shop",
        "Buyer",
        "Items",
        "Stage",
        "Cancellation",
        "Total",
        "Total: currency",
        *rows[0][8:],
    ]
    assert [row[0] for row in rows[1:]] == numbers(page) == ["B-1", "A-1"]
    assert rows[1][4] == "Packed"
    own = await table(sam, await sam.see("/seller/orders?q=A-1,B-1"))
    assert [row[0] for row in own[1:]] == ["A-1"]
    assert (await download(sam, await sam.see("/seller/orders"), "xlsx")).content[:2] == b"PK"
    foreign = await sam.client.get("/seller/lists/shops/export")
    assert foreign.status_code == 404


async def test_the_words_of_the_api_are_taken_in_an_address_and_what_is_none_of_them_is_said(sue, market):
    order = await market.order(Stage.PREPARING, number="A-1")
    await market.order(number="A-2")
    await market.asks(order)
    for words in ("number=A-1", "number=A-1&number=A-9", "q=A-1"):
        page = await sue.see(f"{ORDERS}?{words}")
        assert numbers(page) == ["A-1"], words
        assert "left out" not in page.text
        assert re.search(r"<textarea[^>]*>\s*A-1", page.raw), "the box shows what is looked for"
        assert (await table(sue, page))[1][0] == "A-1", "and the file is of the same"
    assert numbers(await sue.see(f"{ORDERS}?text=nowhere")) == []
    kept = await sue.press(await sue.see(f"{ORDERS}?number=A-1"), "/support/lists/orders/views", name="One")
    assert numbers(await sue.see(kept.to)) == ["A-1"]
    for path in ("orders", "requests", "refunds", "messages", "shops"):
        page = await sue.see(f"/support/{path}?bogus=1&sort=sideways")
        assert "This list has no filter bogus; it was left out" in page.text, path
    page = await sue.see(f"{ORDERS}?stage=packt")
    assert "stage=packt cannot be read; it was left out" in page.text
    assert sorted(numbers(page)) == ["A-1", "A-2"]
    assert "Kiln" in (await sue.see("/support/shops?text=kiln")).text
    assert "Blue Lantern" not in (await sue.see("/support/shops?text=kiln")).text
    assert "Blue Lantern" not in (await sue.see(f"/support/shops?q={KILN}")).text


async def test_columns_are_chosen_by_each_person_for_themselves(sue, app, desk, market):
    await market.order(number="A-1")
    page = await sue.see(ORDERS)
    assert "Order id" not in re.findall(r'columnheader"[^>]*>([^<]*)', page.raw)
    done = await sue.press(page, "/support/lists/orders/columns", column=["number", "order", "total"])
    assert (done.status, done.to) == (303, ORDERS)
    page = await sue.see(ORDERS)
    assert re.findall(r'columnheader"[^>]*>([^<]*)', page.raw) == ["Order", "Order id", "Total"]
    assert (await table(sue, page))[0] == ["Order", "Order id", "Total", "Total: currency"]
    other = await Person(app).sign_in(desk, "support", "sid")
    assert "Order id" not in re.findall(r'columnheader"[^>]*>([^<]*)', (await other.see(ORDERS)).raw)
    await sue.send(
        "/support/lists/orders/columns", [*page.form("/support/lists/orders/columns")["fields"], ("usual", "1")]
    )
    assert "Items" in (await sue.see(ORDERS)).text


async def test_a_view_is_kept_with_its_filters_and_is_its_persons_alone(sue, app, desk, market):
    await market.order(Stage.PACKED, number="A-1")
    await market.order(number="A-2")
    page = await sue.see(f"{ORDERS}?stage=packed&q=A-1")
    kept = await sue.press(page, "/support/lists/orders/views", name="Heavy  parcels")
    opened = await sue.see(kept.to)
    assert numbers(opened) == ["A-1"]
    assert re.search(r'aria-current="page">Heavy parcels<', opened.raw)
    assert "Heavy parcels" in (await sue.see("/support/views")).text
    other = await Person(app).sign_in(desk, "support", "sid")
    assert "Heavy parcels" not in (await other.see(kept.to)).text
    view = await desk.pool.fetchval("SELECT view_id FROM saved_views")
    page = await other.see("/support/views")
    token = re.search(r'name="_csrf_token" value="([^"]*)"', page.raw)[1]
    assert (await other.send(f"/support/views/{view}/remove", [("_csrf_token", token)])).status == 404
    again = await sue.press(
        await sue.see(f"{ORDERS}?stage=allocated"), "/support/lists/orders/views", name="Heavy parcels"
    )
    assert numbers(await sue.see(again.to)) == ["A-2"], "a name that is there is kept anew"
    gone = await sue.press(await sue.see("/support/views"), f"/support/views/{view}/remove")
    assert "Heavy parcels" not in (await sue.see(gone.to)).text


async def test_views_that_everybody_has_open_what_they_say(sam, market):
    order = await market.order(Stage.PREPARING, number="A-1")
    await market.asks(order)
    await market.order(Stage.PACKED, number="A-2")
    page = await sam.see("/seller/orders")
    links = dict(re.findall(r'class="chip" href="([^"]*)"[^>]*>([^<]*)<', page.raw))
    by_name = {name: href.replace("&amp;", "&") for href, name in links.items()}
    assert numbers(await sam.see(by_name["Packed and waiting"])) == ["A-2"]
    assert numbers(await sam.see(by_name["Asked to cancel"])) == ["A-1"]
    due = re.search(r'class="chip" href="([^"]*)"[^>]*>Due today<', (await sam.see(REQUESTS)).raw)[1]
    assert "A-1" not in numbers(await sam.see(due.replace("&amp;", "&"))), "it is due tomorrow"
    market.clock.advance(timedelta(hours=17))
    assert numbers(await sam.see(due.replace("&amp;", "&"))) == ["A-1"]


async def test_every_list_of_support_has_its_page_and_its_file(sue, market):
    order = await market.order(Stage.PREPARING, number="A-1")
    await market.asks(order)
    for path in ("orders", "requests", "refunds", "messages", "shops"):
        page = await sue.see(f"/support/{path}")
        assert page.status == 200
        assert (await download(sue, page)).content.startswith(b"\xef\xbb\xbf")
    assert "Kiln" in (await sue.see("/support/shops?q=kiln")).text
    assert "Kiln & Co" not in (await sue.see("/support/shops?q=lantern")).text
    assert [row[0] for row in (await table(sue, await sue.see("/support/shops")))[1:]] == ["Blue Lantern", "Kiln & Co"]


async def test_a_list_is_narrowed_to_a_shop_by_its_name(sue, sam, market):
    await market.order(Stage.PACKED, number="A-1", shop=KILN)
    await market.order(Stage.PACKED, number="B-1", shop=LANTERN)
    page = await sue.see(ORDERS)
    assert '<option value="Blue Lantern">' in page.raw, "offered without a script"
    named = await sue.see(f"{ORDERS}?stage=packed&shop_name=blue+LANTERN")
    assert (named.status, named.to) == (303, f"{ORDERS}?stage=packed&shop={LANTERN}")
    page = await sue.see(named.to)
    assert numbers(page) == ["B-1"]
    assert 'value="Blue Lantern"' in page.raw
    assert re.search(r'class="chip" href="[^"]*">Blue Lantern<', page.raw)
    several = await sue.see(f"{ORDERS}?shop_name=l")
    assert "Several shops are called like that. Choose one." in several.text
    assert re.findall(r'<option value="(shp_[^"]*)"', several.raw) == [LANTERN, KILN]
    nobody = await sue.see(f"{ORDERS}?shop_name=Nobody's")
    assert "No shop is called like that" in nobody.text
    assert len(numbers(nobody)) == 2
    assert "shop_name" not in (await sam.see("/seller/orders?shop_name=blue+lantern")).raw.partition("<main")[2]


async def test_columns_of_conversations_are_those_of_their_file(sue, market):
    page = await sue.see("/support/messages")
    await sue.press(page, "/support/lists/messages/columns", column=["subject", "unread"])
    page = await sue.see("/support/messages")
    assert "They are those of files and of views by mail." in page.text
    assert (await table(sue, page))[0] == ["About", "Unread"]


async def test_operators_read_who_took_which_list_away(app, desk, sue, sam, market):
    await market.order(Stage.PACKED, number="A-1", shop=KILN)
    await table(sam, await sam.see("/seller/orders?stage=packed"))
    await table(sue, await sue.see("/support/shops"))
    ines = await Person(app).sign_in(desk, "operator", "ines")
    page = await ines.see("/operator/exports")
    for said in ("2 rows", "Kiln & Co", "stage=packed", "People who bought", "Platform support"):
        assert said in page.text, said
    only = await ines.see("/operator/exports?list=shops&personal=no")
    assert "Kiln & Co" not in only.text
    assert "1 row" in only.text
    assert "Nothing fits" in (await ines.see("/operator/exports?person=nobody")).text
    assert (await sue.see("/operator/exports")).status == 403
