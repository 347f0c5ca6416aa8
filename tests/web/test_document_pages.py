"""Receipts, credit notes and the way of a refund on pages: for the buyer, the shop and support, in both languages."""

import re
import zlib

import pytest

from postgres.market import KILN, LANTERN, worked
from rescind import pdf
from rescind.app import make_app
from rescind.core.actor import SYSTEM
from rescind.core.parts import Line, Tender
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.stage import Stage
from rescind.pdf import Press
from web.consoles import Page, Person

GOODS = (
    Line(id="1", sku="CUP", quantity=3, unit_minor=1000, discount_minor=100, tax_minor=551),
    Line(id="2", sku="POT", quantity=1, unit_minor=4000, tax_minor=760),
)
TENDERS = (
    Tender(id="card", method="card", label="Visa ··42", amount_minor=6000),
    Tender(id="gift", method="gift_card", label="··7731", amount_minor=2701),
)
BOUGHT = {"lines": GOODS, "tenders": TENDERS, "shipping_minor": 490, "title": "青花杯 Cup"}
MAKES_PDF = pytest.mark.skipif(
    not Press().here, reason="no PDF is made here: the extra pdf is not installed, or Pango (libpango-1.0-0) is missing"
)


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def sue(app, desk):
    return await Person(app).sign_in(desk, "support", "sue")


async def refunded(market, lines=None):
    order = await market.order(Stage.REVIEW, country="DE", **BOUGHT)
    await market.asks(order, lines=lines)
    await worked(market)
    return order


async def opened(person, order, about="receipt"):
    page = await person.see(f"/documents/of/{order}/{about}")
    assert page.status == 303
    return page.to, await person.see(page.to)


async def test_the_way_of_each_part_is_on_the_orders_page(ann, market):  # M-15
    order = await refunded(market)
    page = await ann.see(f"/orders/{order}")
    assert page.status == 200
    for said in ("to Visa ··42", "Gift card ··7731", "Accepted by the provider", "On your statement", "With you"):
        assert said in page.text
    # Thursday 14 May 2026 is no working day in Germany; here it is Monday 4 May.
    assert "Expected between 7 May and 11 May 2026" in page.text
    assert "3 to 5 working days in Germany; the bank decides" in page.text
    assert "Provider's reference" in page.text


async def test_the_shop_follows_the_refund_without_the_buyers_means_of_payment(sam, market):  # I-26
    order = await refunded(market)
    page = await sam.see(f"/seller/orders/{order}")
    assert "to the buyer" in page.text
    assert "With the buyer" in page.text
    assert "Visa" not in page.text
    assert "7731" not in page.text


async def test_a_failure_says_what_happens_next_and_whose_move_it_is(ann, sam, sue, market):
    order = await market.order(Stage.REVIEW, **BOUGHT)
    await market.asks(order)
    refund = (await market.read(order)).refunds[0]
    command = RecordRefundReply(order=order, refund=refund.id, outcome=ProviderOutcome.DECLINED)
    await market.does(command, SYSTEM)
    said = {
        "The money stays yours. Platform support finds another way": await ann.see(f"/orders/{order}"),
        "Platform support finds another way to pay the buyer. You need to do nothing.": await sam.see(
            f"/seller/orders/{order}"
        ),
        "It is our move: agree with the buyer on another way": await sue.see(f"/support/orders/{order}"),
    }
    for words, page in said.items():
        assert words in page.text
        assert "The provider could not pay it out" in page.text
        assert re.search(r"Whose move\s+The platform", page.text)


async def test_a_receipt_is_a_sheet_with_everything_on_it(ann, market):
    order = await refunded(market)
    _, page = await opened(ann, order)
    for said in ("Receipt of payment", "R2026-000001", "Kiln & Co", "shop@example.org", "青花杯 Cup · blue", "CUP"):
        assert said in page.text
    for said in ("3 cancelled", "€34.51", "€47.60", "€4.90", "€87.01", "€13.11", "Visa ··42", "−€60.00", "−€27.01"):
        assert said in page.text, said
    assert re.search(r"Left of what was paid\s+€0\.00", page.text)


async def test_a_credit_note_in_chinese(app, desk, market):
    ann = await Person(app, "zh-CN").sign_in(desk, "buyer", "ann", buyer_id="ann")
    order = await refunded(market, lines={"2": 1})
    about = (await market.read(order)).cancellations[0].id
    _, page = await opened(ann, order, about)
    for said in ("贷项通知单", "C2026-000001", "贷记金额", "€47.60", "原路退回", "其中税费", "2026年5月4日"):
        assert said in page.text, said
    assert 'lang="zh-Hans"' in page.raw


async def test_a_later_receipt_leaves_the_first_as_it_was_and_says_so(ann, market):
    order = await market.order(Stage.REVIEW, **BOUGHT)
    first, before = await opened(ann, order)
    await market.asks(order, lines={"2": 1})
    second, after = await opened(ann, order)
    assert second != first
    assert "Takes the place of receipt R2026-000001" in after.text
    again = await ann.see(first)
    assert f'href="{second}"' in again.raw
    sheet = re.compile(r'<article class="sheet".*</article>', re.DOTALL)
    assert sheet.search(again.raw)[0] == sheet.search(before.raw)[0]


async def test_own_documents_and_no_others(app, desk, ann, sam, sue, market):  # I-30
    order = await refunded(market)
    path, _ = await opened(ann, order)
    missing = path[:-1] + ("0" if path[-1] != "0" else "1")
    bob = await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    gone = (await ann.see(missing)).text
    for stranger in (bob, lou):
        assert [(await stranger.see(one)).status for one in (path, missing, f"/documents/of/{order}/receipt")] == [
            404
        ] * 3
        assert (await stranger.client.get(f"{path}/en.pdf")).status_code == 404
    assert "Nothing here" in gone
    for reader in (sam, sue):
        assert (await reader.see(path)).status == 200
    assert "Visa" not in (await sam.see(path)).text
    assert "By the buyer's means of payment" in (await sam.see(path)).text
    assert "Visa" in (await sue.see(path)).text


async def test_the_file_is_whole_in_itself_and_runs_nothing(ann, market):
    order = await refunded(market)
    path, _ = await opened(ann, order)
    answer = await ann.client.get(f"{path}/zh.html")
    assert answer.headers["content-disposition"] == 'attachment; filename="R2026-000001-zh.html"'
    assert "付款收据" in answer.text
    assert not re.search(r"<(script|link|img|iframe)|url\(", answer.text)
    for odd in ("fr.pdf", "en.exe", "en", "en.pdf.html"):
        assert (await ann.client.get(f"{path}/{odd}")).status_code == 404


def fonts(data):
    """Names of the fonts in a PDF and whether a font's own file is in it, its packed objects unpacked."""
    text = data
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            # What follows a stream is a line's end; what ends with one by chance is not cut off.
            text += zlib.decompressobj().decompress(packed)
        except zlib.error:
            continue
    return set(re.findall(rb"/BaseFont\s*/([\w+-]+)", text)), b"/FontFile" in text


@MAKES_PDF
async def test_a_pdf_carries_the_fonts_it_is_written_in(ann, market):
    order = await refunded(market)
    path, _ = await opened(ann, order)
    answer = await ann.client.get(f"{path}/zh.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.rstrip().endswith(b"%%EOF")
    names, embedded = fonts(answer.content)
    assert embedded
    assert len(names) >= 2, "one for the figures, another for Chinese"


@MAKES_PDF
async def test_the_press_asks_nobody_for_anything(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("KEEP OUT")
    page = f'<link rel=attachment href="file://{secret}"><p>x<img src="http://127.0.0.1:9/x">'
    data = await Press().print(page)
    assert data.startswith(b"%PDF-")
    assert b"/EmbeddedFile" not in data


async def test_without_the_press_the_page_says_how_to_print(ann, market, monkeypatch):
    order = await refunded(market)
    path, page = await opened(ann, order)
    monkeypatch.setattr(pdf, "_here", lambda: False)
    page = await ann.see(path)
    assert "print this page and choose “Save as PDF”" in page.text
    assert ".pdf" not in page.raw
    refused = Page(await ann.client.get(f"{path}/en.pdf"))
    assert refused.status == 501
    assert "No PDF is made here" in refused.text


async def test_nothing_is_issued_by_looking_at_an_order(ann, sam, sue, market, pool):
    order = await refunded(market)
    for person, path in ((ann, "/orders"), (sam, "/seller/orders"), (sue, "/support/orders")):
        page = await person.see(f"{path}/{order}")
        assert f'href="/documents/of/{order}/receipt"' in page.raw
    assert await pool.fetchval("SELECT count(*) FROM documents") == 0
