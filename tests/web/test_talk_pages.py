"""Conversations on the pages of buyer, seller and support, in both languages (M-17, M-34, R-038)."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.stage import Stage
from scenarios.files import png
from web.consoles import Person
from web.test_return_pages import press


@pytest.fixture
async def three(desk, market):
    """Ann, Sam and Sue, each signed in."""
    app = make_app(desk)
    return (
        await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann"),
        await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN),
        await Person(app).sign_in(desk, "support", "sue"),
    )


async def write(who, page, path, text, audience="everyone", **more):
    return await who.press(page, path, text=text, audience=audience, **more)


async def test_the_three_talk_on_the_order_and_each_reads_what_is_for_it(three, market):  # M-17
    ann, sam, sue = three
    order = await market.order(Stage.PREPARING)
    paths = {who: f"{root}/orders/{order}" for who, root in ((ann, ""), (sam, "/seller"), (sue, "/support"))}
    page = await ann.see(paths[ann])
    assert "Nothing was said yet." in page.text
    assert "Who reads it The shop and platform support Platform support only" in page.text
    sent = await write(ann, page, f"{paths[ann]}/messages", "Is it gift-wrapped?")
    assert sent.to == f"{paths[ann]}#say"
    page = await sam.see(paths[sam])
    assert "Ann Lee" in page.text
    assert "Is it gift-wrapped?" in page.text
    await write(sam, page, f"{paths[sam]}/messages", "It can be.")
    page = await sue.see(paths[sue])
    assert "Who reads it Buyer and shop The buyer only The shop only Support only" in page.text
    await write(sue, page, f"{paths[sue]}/messages", "Known for xylophones.", "internal")
    for who in (ann, sam):
        page = await who.see(paths[who])
        assert "It can be." in page.text
        assert "xylophone" not in page.raw
    assert "Seen by Kiln & Co" in (await ann.see(paths[ann])).text
    await write(ann, await ann.see(paths[ann]), f"{paths[ann]}/messages", "Between us.", "buyer")
    page = await sue.see(paths[sue])
    assert "Known for xylophones." in page.text
    assert "The buyer and platform support" in page.text, "whoever reads that is of the platform"


async def test_support_has_to_choose_who_reads_it_and_what_was_typed_stays(three, market):
    _, _, sue = three
    path = f"/support/orders/{await market.order(Stage.PREPARING)}"
    page = await sue.press(await sue.see(path), f"{path}/messages", text="To whom?")
    assert page.status == 422
    assert "Choose who reads it" in page.text
    assert "To whom?" in page.raw


async def test_what_cannot_be_sent_stays_in_the_box_with_its_audience(three, market):
    ann, _, _ = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    for text, told in (("", "Write something"), ("a\u202eb", "Write at most 2,000 characters")):
        page = await write(ann, await ann.see(path), f"{path}/messages", text, "buyer")
        assert page.status == 422
        assert told in page.text
        assert 'value="buyer" required checked' in page.raw
    assert "a\u202eb" in page.raw


async def test_the_same_form_twice_says_it_once(three, market):
    ann, _, _ = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    page = await ann.see(path)
    for _time in range(2):
        assert (await write(ann, page, f"{path}/messages", "Only once")).status == 303
    assert (await ann.see(path)).text.count("Only once") == 1
    again = await write(ann, page, f"{path}/messages", "Something else")
    assert (again.status, "Something else" in again.raw) == (422, True)


async def test_a_wish_to_cancel_gets_the_button_and_files_nothing(three, market):
    ann, sam, _ = three
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}"
    await write(ann, await ann.see(path), f"{path}/messages", "Please cancel my order")
    page = await ann.see(path)
    assert "Writing it here does not cancel anything. This does: Request cancellation" in page.text
    assert f'href="{path}/cancel?said=msg_' in page.raw
    assert (await market.read(order)).open_cancellation is None
    seen = await sam.see(f"/seller{path}")
    assert "Sounds like a wish to cancel." in seen.text
    assert f"{path}/cancel?said=" not in seen.raw


async def test_the_button_beside_a_message_keeps_its_time(three, market, clock):  # M-17
    ann, sam, _ = three
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}"
    await write(ann, await ann.see(path), f"{path}/messages", "Please cancel my order")
    clock.advance(timedelta(hours=1))
    await market.fact(order, "packing_started")
    link = (await ann.see(path)).raw.split(f'href="{path}/cancel?said=')[1].split('"')[0]
    page = await ann.see(f"{path}/cancel?said={link}")
    assert "counts: you are answered as if you had asked then" in page.text
    sent = await ann.press(page, f"{path}/cancel", reason="changed_mind")
    assert "/requests/can_" in sent.to
    assert "counted from the message that asked for it" in (await sam.see(f"/seller{path}")).text
    (asked,) = (await market.read(order)).cancellations
    withdrawing = f"{path}/requests/{asked.id}/withdraw"
    await ann.press(await ann.see(withdrawing), withdrawing)
    old = await ann.see(f"{path}/cancel?said={link}")
    assert "counts: you are answered" not in old.text, "the message is spent"
    assert f'href="{path}/cancel?said=' not in (await ann.see(path)).raw


async def test_a_seller_who_asks_the_buyer_to_cancel_is_shown_to_support_on_pages(three, market):
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(sam, await sam.see(f"/seller{path}"), f"/seller{path}/messages", "Sold out, please cancel")
    assert "R-038" not in (await ann.see(path)).text
    assert "R-038" not in (await sam.see(f"/seller{path}")).text
    page = await sue.see("/support/messages?tab=flagged")
    thread = page.raw.split('href="/support/messages/')[-1].split('"')[0]
    page = await sue.see(f"/support/messages/{thread}")
    assert "The shop asks the buyer to cancel." in page.text
    await sue.press(page, f"/support/messages/{thread}/looked-at")
    assert "No conversation fits" in (await sue.see("/support/messages?tab=flagged")).text
    assert "Sold out, please cancel" in (await ann.see(path)).text


async def test_the_inbox_counts_what_is_new_and_finds_what_was_said(three, market):
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "Where is my teapot?")
    page = await sam.see("/seller/messages")
    assert 'Messages <span class="count">1</span>' in page.raw
    assert "You: " not in page.text
    assert "Where is my teapot?" in (await sam.see("/seller/messages?q=TEAPOT")).text
    assert "No conversation fits" in (await sam.see("/seller/messages?q=kettle")).text
    number = (await market.read(path.rpartition("/")[2])).number
    assert "Where is my teapot?" in (await sam.see(f"/seller/messages?q={number[1:]}")).text, "a part of it is enough"
    assert 'Messages <span class="count">' not in (await sue.see("/support/messages")).raw, "nobody called support"
    await sam.see(f"/seller{path}")
    assert 'Messages <span class="count">' not in (await sam.see("/seller/messages")).raw
    assert "You: Where is my teapot?" in (await ann.see("/messages")).text


async def test_an_inbox_says_you_of_ones_own_words_and_not_of_a_colleagues(three, desk, market):
    _, sam, sue = three
    app = make_app(desk)
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(sam, await sam.see(f"/seller{path}"), f"/seller{path}/messages", "It leaves tomorrow.")
    assert "You: It leaves tomorrow." in (await sam.see("/seller/messages")).text
    kim = await Person(app).sign_in(desk, "seller", "kim", shop_id=KILN)
    assert "Sam: It leaves tomorrow." in (await kim.see("/seller/messages")).text
    await write(sue, await sue.see(f"/support{path}"), f"/support{path}/messages", "Known to us.", "internal")
    cal = await Person(app).sign_in(desk, "support", "cal")
    assert "Sue: Known to us." in (await cal.see("/support/messages")).text


async def test_a_question_before_any_order_is_asked_answered_and_shown_on_the_order(three, market, clock):  # M-34
    ann, sam, sue = three
    page = await ann.see(f"/shops/{KILN}/ask?sku=MUG&product=Blue+mug")
    sent = await ann.press(page, f"/shops/{KILN}/ask", text="How tall is it?", product="Blue mug")
    assert sent.to.startswith("/messages/cnv_")
    page = await sam.see(f"/seller{sent.to}")
    assert "Blue mug" in page.text
    await write(sam, page, f"/seller{sent.to}", "Nine centimetres")
    assert "Nine centimetres" in (await ann.see(sent.to)).text
    order = await market.order(Stage.PREPARING)
    for who, root in ((ann, ""), (sam, "/seller")):
        page = await who.see(f"{root}/orders/{order}")
        assert "Asked before the order: Blue mug" in page.text
    page = await ann.see(f"/orders/{order}/platform")
    assert "Your conversation with the shop, 2 messages, is attached by itself." in page.text
    await ann.press(page, f"/orders/{order}/platform", ground="pressure", comment="They shout.")
    page = await sue.see(f"/support/orders/{order}")
    assert "Question before the order, 2 messages" in page.text
    assert (await sue.see(f"/support{sent.to}/transcript")).status == 200


async def test_a_photo_goes_with_a_question_and_stands_on_the_order_that_follows(three, market):  # M-34, KF-25
    ann, sam, sue = three
    path = f"/shops/{KILN}/ask"
    files = [("crack.png", png(), "image/png"), ("page.html", b"<html>", "text/html")]
    page = await ann.see(f"{path}?sku=MUG&product=Mug")
    page = await press(ann, page, path, files=files, text="Is this crack normal?")
    assert page.status == 422
    assert "Is this crack normal?" in page.raw
    assert "Sent already Photo · PNG" in page.text, "what could be taken is kept with the form"
    sent = await press(ann, page, path, text="Is this crack normal?")
    thread = sent.to.removeprefix("/messages/")
    (photo,) = set(re.findall(rf'href="(/evidence/{thread}/evd_\w+)"', (await sam.see(f"/seller{sent.to}")).raw))
    assert (await sam.client.get(photo)).content == png()
    page = await press(sam, await sam.see(f"/seller{sent.to}"), f"/seller{sent.to}", files=files[:1], text="No")
    assert page.to == f"/seller{sent.to}#say"
    order = await market.order(Stage.PREPARING)
    here, ours = f"/support{sent.to}", [("two.png", png(9), "image/png")]
    note = await press(sue, await sue.see(here), here, files=ours, text="Seen before.", audience="internal")
    assert note.status == 303
    assert "Yours · Internal" in (await sue.see(f"/support/orders/{order}")).text
    for who, root, shown in ((ann, "", 2), (sam, "/seller", 2), (sue, "/support", 3)):
        page = await who.see(f"{root}/orders/{order}")
        found = re.findall(rf'href="(/evidence/{order}/evd_\w+)"', page.raw)
        assert (len(found), len(set(found))) == (shown, shown), "each stands there once"
        assert (await who.client.get(found[0])).content == png()


async def test_a_question_with_a_photo_that_is_sent_twice_is_asked_once(three, market):  # M-34, I-13
    ann, _, _ = three
    path = f"/shops/{KILN}/ask"
    files = [("crack.png", png(), "image/png")]
    page = await ann.see(f"{path}?sku=MUG&product=Mug")
    first, again = [await press(ann, page, path, files=files, text="Is this crack normal?") for _ in range(2)]
    assert (first.status, again.status, again.to) == (303, 303, first.to)
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 1
    other = await press(ann, page, path, files=files, text="Something else")
    assert (other.status, "This form was sent before with other words" in other.text) == (422, True)
    last = await press(ann, other, path, text="Something else")
    assert last.status == 303, last.text
    assert last.to != first.to


async def test_a_transcript_is_a_page_for_paper_with_what_its_reader_may_read(three, market):
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "Hello")
    await write(sue, await sue.see(f"/support{path}"), f"/support{path}/messages", "Xylophone", "internal")
    thread = (await ann.see("/messages")).raw.split('href="/messages/')[-1].split('"')[0]
    page = await ann.see(f"/messages/{thread}/transcript")
    assert "Hello" in page.text
    assert "Xylophone" not in page.raw
    assert "Xylophone" in (await sue.see(f"/support/messages/{thread}/transcript")).text
    foreign = await sam.see("/seller/messages/cnv_" + "0" * 22)
    assert foreign.status == 404


async def test_the_pages_speak_chinese(desk, market):
    ann = await Person(make_app(desk), "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    page = await ann.see(path)
    assert "谁能看到" in page.text
    await write(ann, page, f"{path}/messages", "请取消订单")
    assert "写在这里不会取消订单" in (await ann.see(path)).text
    assert "消息" in (await ann.see("/messages")).text


async def test_the_buyer_calls_the_platform_from_the_order_and_support_ends_it(three, market):  # M-20
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "Please tell me when it ships")
    page = await ann.see(f"{path}/platform")
    assert "Your conversation with the shop, 1 message, is attached by itself." in page.text
    assert "After that its silence is a reason, too." in page.text
    assert "The shop does not answer" not in page.text
    again = await ann.press(page, f"{path}/platform", ground="pressure", comment="")
    assert (again.status, "Say in a few words what happened" in again.text) == (422, True)
    sent = await ann.press(again, f"{path}/platform", ground="pressure", comment="They shout at me.")
    assert sent.to == f"{path}#called"
    assert "The platform was called The shop presses or threatens" in (await ann.see(path)).text
    assert "The platform was called" in (await sam.see(f"/seller{path}")).text
    assert "One case at a time" in (await ann.see(f"{path}/platform")).text
    assert "The shop presses or threatens" in (await sue.see("/support?tab=with_platform")).text
    page, action = await sue.see(f"/support{path}"), f"/support{path}/escalations/1"
    assert "They shout at me." in page.text
    assert re.findall(r'class="button primary[^>]*>.*?<span>([^<]+)', page.raw) == ["Take it"], "one comes first"
    await sue.press(page, f"{action}/take")
    page = await sue.see(f"/support{path}")
    assert "You have it." in page.text
    wrong = await sue.press(page, f"{action}/close", outcome="", ending="Well.")
    assert (wrong.status, "Say how it ends" in wrong.text) == (422, True)
    wrong = await sue.press(wrong, f"{action}/close", outcome="shop_warned", ending="")
    assert (wrong.status, "Tell both sides why" in wrong.text) == (422, True)
    await sue.press(wrong, f"{action}/close", outcome="shop_warned", ending="We told them to be civil.")
    assert "The shop was warned" in (await ann.see(path)).text
    assert "We told them to be civil." in (await sam.see(f"/seller{path}")).text


async def test_support_grants_a_call_by_what_it_does_and_says_nothing_that_was_not_done(three, market):  # M-24
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await ann.press(await ann.see(f"{path}/platform"), f"{path}/platform", ground="pressure", comment="They shout.")
    page, action = await sue.see(f"/support{path}"), f"/support{path}/escalations/1/grant"
    offered = page.raw.split('name="outcome"')[1].split("</select>")[0]
    assert "granted" not in offered, "nothing was cancelled"
    choices = page.raw.split('name="grant"')[1].split("</select>")[0]
    stop = next(one for one in choices.split('value="') if one.startswith("cancel:seller_unreachable:"))
    assert "€40.00 goes back)" in stop
    wrong = await sue.press(page, action, grant="", granting="")
    assert (wrong.status, "Say what is to be done" in wrong.text) == (422, True)
    wrong = await sue.press(page, action, grant="give_back:::", grant_amount="much", granting="Sorry.")
    assert (wrong.status, "Say how much goes back" in wrong.text) == (422, True)
    done = await sue.press(page, action, grant=stop.split('"')[0], granting="We have cancelled it for you.")
    assert done.status == 303
    for who, root in ((ann, ""), (sam, "/seller"), (sue, "/support")):
        told = (await who.see(f"{root}{path}")).text
        assert "Granted: it was cancelled" in told
        assert "We have cancelled it for you." in told


async def test_beside_a_wish_to_cancel_stands_what_the_orders_page_offers_at_that_moment(three, market):
    ann, _, _ = three
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}"
    sent = await write(ann, await ann.see(path), f"{path}/messages", "Please cancel my order")
    assert sent.status == 303
    thread = (await ann.see("/messages")).raw.split('href="/messages/')[-1].split('"')[0]
    for where in (path, f"/messages/{thread}"):
        assert f'href="{path}/cancel?said=msg_' in (await ann.see(where)).raw
    for fact in ("packed", "handed_over"):
        await market.fact(order, fact)
    for where in (path, f"/messages/{thread}"):
        page = await ann.see(where)
        assert f"{path}/cancel?said=" not in page.raw
        assert "It can no longer be cancelled. Refuse the parcel at the door" in page.text.split("Please cancel my")[1]
    for fact in ("delivered", "completed"):
        await market.fact(order, fact)
    assert f"{path}/cancel?said=" not in (await ann.see(path)).raw


async def test_a_wish_that_was_followed_by_a_request_says_what_became_of_it(three, market):
    ann, _, _ = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "Please cancel my order")
    await ann.press(await ann.see(f"{path}/cancel"), f"{path}/cancel", reason="changed_mind")
    page = await ann.see(path)
    assert "You asked to cancel after this" in page.text
    assert f"{path}/cancel?said=" not in page.raw
    (first,) = (await market.read(path[8:])).cancellations
    withdrawing = f"{path}/requests/{first.id}/withdraw"
    await ann.press(await ann.see(withdrawing), withdrawing)
    await ann.press(await ann.see(f"{path}/cancel"), f"{path}/cancel", reason="changed_mind")
    latest = (await market.read(path[8:])).open_cancellation
    remark = (await ann.see(path)).raw.split("You asked to cancel after this")[1].split("</article>")[0]
    assert (latest.id in remark, first.id in remark) == (True, False), "of two requests it is the latest that counts"


async def test_a_conversation_has_on_top_where_its_order_stands(three, market):
    ann, sam, sue = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "Hello?")
    thread = (await ann.see("/messages")).raw.split('href="/messages/')[-1].split('"')[0]
    page = await sam.see(f"/seller/messages/{thread}")
    assert " × 1" in page.raw.split('class="banner-title"')[1].split("</h2>")[0], "what was ordered"
    assert f'data-live="{path[8:]}"' in page.raw.split('id="standing"')[1].split(">")[0]
    await ann.press(await ann.see(f"{path}/cancel"), f"{path}/cancel", reason="changed_mind")
    asked = await sam.see(f"/seller/messages/{thread}")
    assert "Hold: the buyer asks to cancel" in asked.text
    assert 'href="/seller/requests/can_' in asked.raw
    mine = await ann.see(f"/messages/{thread}")
    assert "You asked to cancel" in mine.text
    assert f'href="{path}/requests/can_' in mine.raw
    ours = await sue.see(f"/support/messages/{thread}")
    assert "The move is with: Seller" in ours.text
    for one in (asked, mine, ours):
        assert one.raw.split('id="standing"')[1].split('id="talk"')[0].count("data-deadline=") == 1


async def test_a_shop_sees_what_waits_for_its_answer_with_the_promised_time(three, market):
    ann, sam, _ = three
    path = f"/orders/{await market.order(Stage.PREPARING)}"
    await write(ann, await ann.see(path), f"{path}/messages", "When does it ship?")
    page = await sam.see("/seller/messages?tab=waiting")
    assert "When does it ship?" in page.text
    assert page.raw.count("data-deadline=") == 1
    assert "After that the buyer can call the platform." in page.text
    await write(sam, await sam.see(f"/seller{path}"), f"/seller{path}/messages", "Tomorrow")
    assert "When does it ship?" not in (await sam.see("/seller/messages?tab=waiting")).text
    assert "tab=waiting" not in (await ann.see("/messages")).raw
