"""Notices on the pages of buyer, seller and support: the list, what it leads to, and how people are told."""

import re
from functools import partial

import pytest

from mail.people import SAM
from mail.server import office
from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.stage import Stage
from rescind.inbox import owner
from rescind.mail.post import NewServer
from rescind.postgres.due import DueTable
from rescind.web import letters
from rescind.worker import fan_out, mails
from web.consoles import Person


@pytest.fixture
async def three(desk, market):
    """Ann, Sam and Sue, each signed in."""
    app = make_app(desk)
    return (
        await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann"),
        await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN),
        await Person(app).sign_in(desk, "support", "sue"),
    )


async def carried(desk):
    while await fan_out.sweep(DueTable(desk.pool, desk.clock), people=desk.inbox.people):
        pass


def entry(page):
    """The count beside the entry of the navigation."""
    found = re.search(r'id="entry-notices"[^>]*>[^<]*(?:<span class="count">(\d+)</span>)?', page.raw)
    return int(found[1] or 0)


def followed(page, subject):
    """The address behind a notice."""
    return re.search(rf'<a href="([^"]+)">\s*<span class="inbox-head"><strong>{re.escape(subject)}', page.raw)[1]


async def test_the_answer_of_the_shop_is_in_the_buyers_inbox_and_opens_what_it_is_about(three, desk, market):
    ann, sam, sue = three
    order = await market.order(Stage.PACKING, number="1001")
    asked = (await market.asks(order, anyway=True)).order.open_cancellation.id
    await carried(desk)
    page = await sam.see("/seller/notices")
    assert entry(page) == 2
    assert "It is your move, until" in page.text
    assert "(UTC)" not in page.text
    there = followed(page, "A buyer asks to cancel order 1001")
    gone = await sam.see(there)
    assert gone.to == f"/seller/requests/{asked}"
    assert entry(await sam.see("/seller/notices")) == 1
    assert entry(alone := await sam.see("/notices/unread?at=/seller")) == 1
    assert "aria-current" not in alone.raw, "it comes with the page that it stands on"
    await market.approves(order, asked)
    await carried(desk)
    page = await ann.see("/notices")
    assert (await ann.see(followed(page, "Kiln &amp; Co has cancelled order 1001"))).to == (
        f"/orders/{order}/requests/{asked}"
    )
    assert "Settled since" in page.text, "that it was asked is over"
    assert "Nothing new" not in (await ann.see("/notices?tab=unread")).text
    await ann.press(page, "/notices/read")
    assert entry(await ann.see("/orders")) == 0
    assert "Nothing new" in (await ann.see("/notices?tab=unread")).text
    assert "No notices yet" in (await sue.see("/support/notices")).text


async def test_while_an_order_is_in_processing_its_notice_opens_request_cancellation(three, desk, market):  # M-26
    ann, _, _ = three
    order = await market.order(Stage.ALLOCATED, number="1001")
    await carried(desk)
    there = followed(await ann.see("/notices"), "Order 1001 is paid")
    gone = await ann.see(there)
    assert gone.to == f"/orders/{order}/cancel"
    assert "Send the request" in (await ann.see(gone.to)).text
    await market.fact(order, "handed_over")
    assert (await ann.see(there)).to == f"/orders/{order}", "once it has left there is nothing to cancel"


async def test_a_foreign_notice_and_a_missing_one_are_the_same(three, desk, market):
    ann, sam, sue = three
    await market.order(Stage.ALLOCATED, number="1001", shop=LANTERN, buyer="bob")
    await carried(desk)
    identifier = await desk.pool.fetchval("SELECT notice_id FROM notices WHERE role = 'buyer' LIMIT 1")
    for who, root in ((ann, "/notices"), (sam, "/seller/notices"), (sue, "/support/notices")):
        foreign, missing = await who.see(f"{root}/{identifier}"), await who.see(f"{root}/{identifier[:-3]}zzz")
        assert (foreign.status, missing.status) == (404, 404)
        assert foreign.text == missing.text


async def test_pages_are_read_in_chinese_too(desk, market):
    wang = await Person(make_app(desk), "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")
    await market.order(Stage.ALLOCATED, number="1001")
    await carried(desk)
    page = await wang.see("/notices")
    assert "订单 1001 已付款" in page.text
    assert "申请取消" in page.text
    assert "通知设置" in (await wang.see("/notices/preferences")).text


async def test_a_long_list_is_read_page_by_page(three, desk, market):
    ann, _, _ = three
    for number in range(15):
        await market.order(Stage.ALLOCATED, number=str(3000 + number))
    await carried(desk)
    page = await ann.see("/notices")
    assert page.raw.count("inbox-head") == 25
    older = re.search(r'href="(/notices\?[^"]*cursor=[^"]+)"', page.raw)[1].replace("&amp;", "&")
    rest = await ann.see(older)
    assert rest.raw.count("inbox-head") == 5
    subjects = re.findall(r"inbox-head\"><strong>([^<]+)", page.raw + rest.raw)
    assert len(set(subjects)) == 30


async def test_pages_of_all_three_say_that_silence_of_an_unreached_shop_decides_nothing(three, desk, market):
    ann, sam, sue = three
    await desk.inbox.people.want(True)
    await desk.book.refresh()
    order = await market.order(Stage.PACKING)
    asked = (await market.asks(order, anyway=True)).order.open_cancellation.id
    page = await ann.see(f"/orders/{order}/requests/{asked}")
    assert "If it does not answer in time, platform support decides." in page.text
    assert "The shop was told at once" not in page.text
    assert "Your shop has no verified address." in (await sam.see(f"/seller/requests/{asked}")).text
    assert "The shop could not be told of this request" in (await sue.see(f"/support/orders/{order}")).text


async def test_every_page_promises_of_silence_what_it_will_do(three, desk, market):  # UNHEARD-1
    ann, sam, _ = three
    late = await market.order(Stage.PACKING, number="1001")
    early = await market.order(Stage.ALLOCATED, number="1002")
    why = "This shop has confirmed no address at which it can be told."
    pages = (
        f"/orders/{late}/cancel?anyway=1",
        f"/orders/{early}",
        f"/orders/{early}/cancel",
        f"/policy?shop={KILN}",
        f"/shops/{KILN}",
    )
    for wanted in (False, True):
        await desk.inbox.people.want(wanted)
        await desk.book.refresh()
        for address in pages:
            # What silence of the platform or of a carrier means is another matter.
            others = r"(?:A person looks at it|The carrier is asked) \S+ · [^·]*?means \w+"
            text = re.sub(others, "", (await ann.see(address)).text)
            promise = re.search(r"[Nn]o answer(?: within \d+ hours)? means (?:yes|no)|the order goes on\.", text)
            assert (promise is None) is wanted, (address, promise)
            assert (why in text) is wanted, address
            assert not wanted or "the platform decides" in text, address
    await market.asks(early)
    for who, address in ((ann, "/orders"), (sam, "/seller/requests")):
        assert "No answer: the platform decides" in (await who.see(address)).text, address
    preview = await sam.press(await sam.see("/seller/settings"), "/seller/settings", act="preview")
    assert "without an answer within 24 hours the platform decides" in preview.text


async def test_a_seller_verifies_an_address_by_the_code_that_was_sent(three, desk, teller_of):
    _, sam, _ = three
    await desk.inbox.people.want(True)
    await desk.book.refresh()
    home = "/seller/notices/preferences"
    assert "Your shop has no verified address." in (await sam.see("/seller/orders")).text
    page = await sam.see(home)
    wrong = await sam.press(page, "/seller/notices/channels", address="nowhere")
    assert (wrong.status, "Write an e-mail address like" in wrong.text) == (422, True)
    await sam.press(page, "/seller/notices/channels", address="sam@kiln.example")
    page = await sam.see(home)
    assert "Not verified yet" in page.text
    channel = re.search(r"channels/(ntf_\w+)/prove", page.raw)[1]
    wrong = await sam.press(page, f"/seller/notices/channels/{channel}/prove", code="12345678")
    assert (wrong.status, "It is not the code that was sent there" in wrong.text) == (422, True)
    code = await teller_of(desk)
    done = await sam.press(page, f"/seller/notices/channels/{channel}/prove", code=f" {code[:4]} {code[4:]} ")
    assert done.to == f"{home}?said=verified#addresses"
    assert "Verified" in (await sam.see(home)).text
    assert "Your shop has no verified address." not in (await sam.see("/seller/orders")).text
    await sam.press(await sam.see(home), f"/seller/notices/channels/{channel}/remove", last="1")
    assert "Your shop has no verified address." in (await sam.see(home)).text


async def test_what_follows_from_removing_the_last_address_is_said_before_and_asked_once(three, desk, market):
    _, sam, _ = three
    home, people = "/seller/notices/preferences", desk.inbox.people
    mine = [await people.add(owner(SAM), "email", f"{one}@kiln.example", verified=True) for one in "ab"]
    await market.asks(await market.order(Stage.PACKING), anyway=True)
    stale = await sam.see(home)
    assert "It is the last address" not in stale.text, "there are two"
    await sam.press(stale, f"/seller/notices/channels/{mine[0].id}/remove")
    for wanted, follows in (
        (False, "here your silence decides them all the same"),
        (True, "your silence decides nothing"),
    ):
        await people.want(wanted)
        await desk.book.refresh()
        page = await sam.see(home)
        assert follows in page.text
        assert "1 request waits for your answer now." in page.text
    # Whoever looks at a page from before is asked, too.
    asked = await sam.press(stale, f"/seller/notices/channels/{mine[1].id}/remove")
    assert (asked.status, follows in asked.text) == (409, True)
    assert desk.book.reached(KILN)
    await sam.press(page, f"/seller/notices/channels/{mine[1].id}/remove", last="1")
    assert "Your shop has no verified address." in (await sam.see(home)).text
    await people.want(False)
    await desk.book.refresh()
    page = await sam.see(home)
    assert "nothing tells you of requests outside of these pages" in page.text
    assert "goes to the platform" not in page.text


@pytest.fixture
async def teller_of():
    """What a mail server got last: the code in its subject."""
    async with office() as server:

        async def code(desk):
            given = NewServer(
                port=server.port, host="127.0.0.1", security="none", sender="desk@market.test", name="Market"
            )
            await desk.post.set_up(given, "operator:test")
            await mails.sweep(desk.post, partial(letters.compose, desk))
            return re.search(r"\d{8}", server.mails()[-1]["Subject"])[0]

        yield code


async def test_a_buyer_chooses_what_comes_by_mail_and_cannot_end_what_is_required(three, desk):
    ann, _, _ = three
    page = await ann.see("/notices/preferences")
    assert "Mail goes to a…@example.org" in page.text
    assert "Always at once. It is your money." in page.text
    assert 'name="mail_money"' not in page.raw
    sent = await ann.press(page, "/notices/preferences", mail_orders="off", mail_money="off", language="zh", hour="19")
    assert sent.to == "/notices/preferences?said=saved&lang=zh"
    page = await ann.see((await ann.see(sent.to)).to)
    assert "已保存，对今后的通知生效。" in page.text, "the language that was chosen is that of pages, too"
    assert re.search(r'name="mail_orders" value="off" checked', page.raw)
    wrong = await ann.press(page, "/notices/preferences", zone="Mars")
    assert (wrong.status, "Europe/Berlin" in wrong.text or "Asia/Shanghai" in wrong.text) == (422, True)


async def test_an_operator_lets_silence_of_unreached_shops_go_to_the_platform(desk, market):
    opal = await Person(make_app(desk)).sign_in(desk, "operator", "opal")
    await market.asks(await market.order(Stage.PACKING), anyway=True)
    page = await opal.see("/operator/installation")
    assert "Every shop's silence decides" in page.text
    await opal.press(page, "/operator/installation/silence", silence="platform")
    page = await opal.see("/operator/installation?said=silence_saved")
    assert "2 shops have no verified address." in page.text
    assert re.search(rf'href="/shops/{KILN}">[^<]+</a>\s*</t[dh]>\s*<td[^>]*>\s*1\s*</td>', page.raw)
    assert f'href="/shops/{LANTERN}"' in page.raw
    assert not desk.book.reached(KILN)
    await opal.press(page, "/operator/installation/silence", silence="decides")
    assert desk.book.reached(KILN)


async def test_support_reads_every_deadline_in_one_zone_with_the_shops_own_beside_it(three, desk, market):
    _, _, sue = three
    for number, shop, zone in (("1001", KILN, "Europe/Berlin"), ("1002", LANTERN, "America/New_York")):
        await market.pool.execute("UPDATE shops SET zone = $2 WHERE shop_id = $1", shop, zone)
        await market.order(Stage.REVIEW, found=("high_value",), number=number, shop=shop)
    await carried(desk)
    told = re.compile(r"until ([^.]*?UTC\S*) \(at the shop: ([^)]*?)\)")
    sue.client.cookies.set("rescind_zone", "Asia/Shanghai")
    found = told.findall((await sue.see("/support/notices")).text)
    assert {here.rpartition(" ")[2] for here, _ in found} == {"UTC+8"}, "the clock of her browser"
    assert {there.rpartition(" ")[2] for _, there in found} == {"UTC+2", "UTC−4"}
    home = "/support/notices/preferences"
    await sue.press(await sue.see(home), home, zone="Europe/Berlin")
    page = await sue.see("/support/notices")
    assert {here.rpartition(" ")[2] for here, _ in told.findall(page.text)} == {"UTC+2"}, "what she chose comes first"
    assert len(told.findall(page.text)) == 1, "where the shop has the same hour it is said once"
    assert "Times in Europe/Berlin" in page.text, "and it holds for the whole page"


async def test_no_choice_is_kept_as_none_and_the_browser_counts_again(three, desk):
    ann, _, _ = three
    home = "/notices/preferences"
    ann.client.cookies.set("rescind_zone", "Asia/Shanghai")
    page = await ann.see(home)
    assert dict(page.form(home)["fields"])["zone"] == "", "what the browser goes by is no choice of hers"
    assert "now Asia/Shanghai" in page.text
    await ann.press(page, home, zone="America/New_York")
    page = await ann.see(home)
    assert "Times in America/New_York" in page.text
    await ann.press(page, home, zone="")
    page = await ann.see(home)
    assert "Times in Asia/Shanghai" in page.text
    assert await desk.pool.fetchval("SELECT zone FROM notice_preferences WHERE person = 'ann'") == ""


async def test_a_language_that_was_chosen_comes_before_the_browsers_and_the_switch_at_hand_before_both(desk, market):
    app = make_app(desk)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see("/notices/preferences")
    await ann.press(page, "/notices/preferences", language="zh")
    other = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "通知设置" in (await other.see("/notices/preferences")).text
    await other.see("/notices/preferences?lang=en")
    assert "How you are told" in (await other.see("/notices/preferences")).text


async def test_the_notice_of_a_message_opens_the_conversation_at_the_first_that_was_not_read(three, desk, market):
    ann, sam, _ = three
    order = await market.order(Stage.PREPARING, number="1001")
    path = f"/orders/{order}"
    await carried(desk)
    before = entry(await sam.see("/seller/orders"))
    await ann.press(await ann.see(path), f"{path}/messages", text="Is it on its way?", audience="everyone")
    first = await desk.pool.fetchval("SELECT message_id FROM messages")
    for _ in range(2):
        await ann.press(await ann.see(path), f"{path}/messages", text="Hello?", audience="everyone")
    page = await sam.see("/seller/notices")
    assert entry(page) == before + 1
    assert "3 new messages about order 1001. The buyer wrote last: “Hello?”" in page.text
    assert "the buyer can call the platform" in page.text
    gone = await sam.see(followed(page, "The buyer wrote about order 1001"))
    there, _, place = gone.to.partition("#")
    assert place == first
    talked = await sam.see(there)
    assert f'id="{first}"' in talked.raw
    assert entry(talked) == before
    assert "What was written about order 1001 has been read." in (await sam.see("/seller/notices")).text
