"""Mail on pages: sending a document to oneself, and the operator's server, test and outbox."""

import html
import re
from functools import partial

import pytest

from mail.server import office
from postgres.market import LANTERN
from rescind import pdf
from rescind.app import make_app
from rescind.core.details import BuyerWords
from rescind.core.mail import A_DAY_EACH
from rescind.core.stage import Stage
from rescind.mail.smtp import Patience
from rescind.pdf import Press
from rescind.web import letters
from rescind.worker import mails
from web.consoles import Person

MAIL = "/operator/mail"
MAKES_PDF = pytest.mark.skipif(
    not Press().here, reason="no PDF is made here: the extra pdf is not installed, or Pango (libpango-1.0-0) is missing"
)


@pytest.fixture
def app(desk, market, monkeypatch):
    monkeypatch.setattr(pdf, "_here", lambda: False)
    desk.post._patience = Patience(2, 4, 4)
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


@pytest.fixture
async def server():
    async with office() as opened:
        yield opened


async def opened(person, order):
    return (await person.see(f"/documents/of/{order}/receipt")).to


async def sweep(desk):
    return await mails.sweep(desk.post, partial(letters.compose, desk))


async def set_up(ines, server, **more):
    page = await ines.see(MAIL)
    given = {"host": "127.0.0.1", "port": str(server.port), "security": "none", "sender": "desk@market.test", **more}
    return await ines.press(page, f"{MAIL}/server", **given)


async def test_a_buyer_sends_a_receipt_to_their_own_address_and_reads_that_it_was_taken(
    ann, ines, desk, market, server
):
    order = await market.order(Stage.REVIEW)
    await set_up(ines, server)
    path = await opened(ann, order)
    page = await ann.see(path)
    assert "To a…@example.org, the address the marketplace knows you by." in page.text
    assert "ann@example.org" not in page.raw
    sent = await ann.press(page, f"{path}/mail")
    assert (sent.status, sent.to) == (303, f"{path}#mail")
    again = await ann.press(page, f"{path}/mail")
    assert again.status == 303, "the same form sent twice"
    page = await ann.see(path)
    assert "It goes out in a moment." in page.text
    assert "hx-get" in page.raw, "the page looks again by itself"
    await sweep(desk)
    page = await ann.see(path)
    assert re.search(r"Taken by the server\s+To a…@example\.org", page.text)
    assert "Asked for by: Buyer" in page.text
    assert "hx-get" not in page.raw
    assert server.asked == ["ann@example.org"]


async def test_without_a_server_the_page_says_that_the_mail_waits(ann, ines, market):
    path = await opened(ann, await market.order(Stage.REVIEW))
    page = await ann.see(path)
    assert "This marketplace sends no mail at the moment; yours waits until it does." in page.text
    await ann.press(page, f"{path}/mail")
    assert "It waits in the outbox until this marketplace sends mail." in (await ann.see(path)).text
    outbox = await ines.see(MAIL)
    assert "No mail server is set up." in outbox.text
    assert re.search(r"a…@example\.org\s+Receipt of payment R2026-000001", outbox.text)
    assert "ann@example.org" not in outbox.raw


async def test_a_long_outbox_is_read_page_by_page_and_every_mail_is_on_one(ann, ines, market):
    path = await opened(ann, await market.order(Stage.REVIEW))
    await ann.see(path)
    await ann.press(await ann.see(path), f"{path}/mail")
    # What was asked for in the same moment has a place of its own as well.
    await market.pool.execute(
        """
        INSERT INTO mails SELECT (jsonb_populate_record(m, jsonb_build_object(
            'mail_id', m.mail_id || n, 'masked', 'n' || n, 'key', 'k' || n))).*
        FROM mails m, generate_series(10, 69) n
        """
    )
    shown, page, pages = [], await ines.see(f"{MAIL}?status=waiting"), 1
    while True:
        shown += re.findall(r'<span class="nowrap">([^<]+)</span>', page.raw)
        found = re.search(r'href="([^"]+)" rel="next"', page.raw)
        if found is None:
            break
        page, pages = await ines.see(html.unescape(found[1])), pages + 1
    assert (len(shown), len(set(shown)), pages) == (61, 61, 3)
    assert "status=waiting" in page.raw.split('id="outbox"')[1]
    assert (await ines.see(f"{MAIL}?before=made-up")).text.count("No mail here") == 1


async def test_the_shop_sends_it_without_seeing_the_address_and_strangers_send_nothing(app, desk, market, server):
    order = await market.order(Stage.REVIEW)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=order_shop(order))
    path = await opened(sam, order)
    page = await sam.see(path)
    assert "To the buyer's own address and to no other; you need not know it." in page.text
    await sam.press(page, f"{path}/mail")
    page = await sam.see(path)
    assert "To the buyer" in page.text
    assert "example.org" not in page.raw.split('id="mail"')[1].split("</section>")[0]
    sue = await Person(app).sign_in(desk, "support", "sue")
    assert "To the buyer's own address, a…@example.org, and to no other." in (await sue.see(path)).text
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    form = page.form(f"{path}/mail")["fields"]
    own = [(name, value) for name, value in form if name != "_csrf_token"]
    bob = await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")
    for stranger, home in ((lou, "/seller/orders"), (bob, "/orders")):
        token = re.search(r'name="_csrf_token" value="([^"]+)"', (await stranger.see(home)).raw)[1]
        assert (await stranger.send(f"{path}/mail", [("_csrf_token", token), *own])).status == 404
    assert len(await desk.post.table.latest()) == 1


def order_shop(order):
    return f"shp_{order[4:12]}"


async def test_a_form_of_another_site_sends_nothing(ann, desk, market):
    path = await opened(ann, await market.order(Stage.REVIEW))
    await ann.see(path)
    assert (await ann.send(f"{path}/mail", [("key", "x" * 20)])).status == 403
    assert await desk.post.table.latest() == ()


async def test_enough_for_today_is_said_on_the_page_in_the_readers_language(app, desk, market):
    ann = await Person(app, "zh-CN").sign_in(desk, "buyer", "ann", buyer_id="ann")
    path = await opened(ann, await market.order(Stage.REVIEW))
    for _ in range(A_DAY_EACH):
        assert (await ann.press(await ann.see(path), f"{path}/mail")).status == 303
    page = await ann.press(await ann.see(path), f"{path}/mail")
    assert page.status == 429
    assert f"今天发往该邮箱的此类邮件已达 {A_DAY_EACH} 封上限" in page.text


async def test_a_buyer_without_an_address_is_told_to_save_it(ann, desk, market):
    order = await market.order(Stage.REVIEW, told=BuyerWords(name="Ann", email="用户@example.org"))
    path = await opened(ann, order)
    page = await ann.see(path)
    assert "The marketplace has told us no e-mail address of yours that we can write to." in page.text
    assert not page.has_form(f"{path}/mail")


@MAKES_PDF
async def test_where_a_pdf_is_made_it_goes_along(desk, market, server, monkeypatch):
    app = make_app(desk)
    ines = await Person(app).sign_in(desk, "operator", "ines")
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    await set_up(ines, server)
    path = await opened(ann, await market.order(Stage.REVIEW))
    await ann.press(await ann.see(path), f"{path}/mail")
    await sweep(desk)
    (file,) = server.mails()[0].iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "R2026-000001-en.pdf")
    assert file.get_content().startswith(b"%PDF-")
    assert "It is attached as PDF" in server.mails()[0].get_body(("plain",)).get_content()


# --- operators -------------------------------------------------------------------------------------------------------


async def test_an_operator_sets_a_server_up_and_reads_its_own_answer_to_a_test(ines, server):
    done = await set_up(ines, server, name="市集 Market")
    assert done.to == f"{MAIL}?said=mail_set_up"
    page = await ines.see(done.to)
    assert "Kept. Mail goes to this server from now on" in page.text
    tested = await ines.press(page, f"{MAIL}/test", address="ines@market.test")
    assert "The server took the test. Its own answer: 250" in tested.text
    assert server.mails()[0]["From"] == "市集 Market <desk@market.test>"
    server.says("RCPT", "550 5.1.1 nobody <here>")
    refused = await ines.press(page, f"{MAIL}/test", address="nobody@market.test")
    assert "The test was not taken: The server does not take the recipient" in refused.text
    assert "550 5.1.1 nobody &lt;here&gt;" in refused.raw
    wrong = await ines.press(page, f"{MAIL}/test", address="nobody")
    assert wrong.status == 422
    assert "Write an e-mail address like name@example.com" in wrong.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("host", "mail.market.test/x", "the name or address of a mail server"),
        ("host", "mail.market.test", "an encrypted line: the server is not on this machine"),
        ("port", "99999", "a port number, 1 to 65535"),
        ("port", "many", "a port number, 1 to 65535"),
        ("security", "ssl", "tls, starttls, none"),
        ("sender", "desk", "an e-mail address like name@example.com"),
        ("user", "desk", "the password of that user"),
        ("name", "Market\u202e", "text without direction overrides"),
    ],
)
async def test_what_is_typed_wrong_is_said_beside_the_field_and_nothing_is_kept(ines, server, desk, field, value, said):
    page = await set_up(ines, server, **{field: value})
    assert page.status == 422
    assert said in page.text
    assert await desk.post.view() is None


async def test_a_password_is_on_no_page(ines, server):
    await set_up(ines, server, user="desk", password="correct horse")
    page = await ines.see(MAIL)
    assert "correct horse" not in page.raw
    typed = await ines.press(page, f"{MAIL}/server", password="correct horse", port="x")
    assert typed.status == 422
    assert "correct horse" not in typed.raw


async def test_what_was_refused_is_shown_allowed_and_sent_again(ann, ines, desk, market, server):
    await set_up(ines, server)
    path = await opened(ann, await market.order(Stage.REVIEW))
    await ann.press(await ann.see(path), f"{path}/mail")
    server.says("RCPT", "550 5.1.1 no <ann@example.org> here")
    await sweep(desk)
    assert "The mail server refused it, so this one does not arrive." in (await ann.see(path)).text
    refused = await ann.press(await ann.see(path), f"{path}/mail")
    assert refused.status == 409
    assert "a…@example.org takes no mail" in refused.text
    page = await ines.see(f"{MAIL}?status=refused")
    assert "550 5.1.1 no <a…@example.org> here" in page.text
    (mail,) = await desk.post.table.latest()
    kept = await ines.press(page, f"{MAIL}/{mail.id}/again")
    assert kept.status == 409
    lifted = await ines.press(page, f"{MAIL}/bounces/lift")
    assert lifted.to.endswith("said=mail_lifted")
    assert (await ines.press(page, f"{MAIL}/{mail.id}/again")).to == f"{MAIL}?said=mail_again"
    await sweep(desk)
    assert "Taken by the server" in (await ines.see(MAIL)).text


async def test_a_server_is_forgotten_and_mail_waits(ines, server, desk):
    await set_up(ines, server)
    done = await ines.press(await ines.see(MAIL), f"{MAIL}/server/remove")
    assert done.to == f"{MAIL}?said=mail_removed"
    assert await desk.post.server() is None


async def test_only_operators_see_the_outbox(app, desk, ann):
    sue = await Person(app).sign_in(desk, "support", "sue")
    for person in (ann, sue):
        assert (await person.see(MAIL)).status == 403
