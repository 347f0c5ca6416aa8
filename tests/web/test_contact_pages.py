"""How a shop is reached, what was said elsewhere, and sentences kept ready, on pages in both languages (M-19)."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.contact_card import ContactCard, OpenSpan
from rescind.core.quick_reply import QuickReply
from rescind.core.stage import Stage
from web.consoles import Person

CONTACT, REPLIES = "/seller/contact", "/seller/replies"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


async def test_the_shop_fills_in_its_card_and_buyers_read_whether_somebody_is_there(ann, sam, market, clock):
    order = await market.order(Stage.PREPARING)
    page = await sam.see(CONTACT)
    hours = {f"opens-{day}-0": "07:00" for day in range(5)} | {f"closes-{day}-0": "16:30" for day in range(5)}
    typed = hours | {"email": "hi@kiln.example", "phone": "+442079460018", "speaks_en": "1", "zone": "Europe/London"}
    assert (await sam.press(page, CONTACT, **typed)).to == f"{CONTACT}?said=saved"
    for path in (f"/orders/{order}", f"/shops/{KILN}", f"/shops/{KILN}/ask"):
        seen = (await ann.see(path)).text
        assert "Open now" in seen, path
        assert "Mon to Fri 07:00–16:30" in seen
        assert "+44 20 7946 0018" in seen
    clock.advance(timedelta(hours=12))
    seen = (await ann.see(f"/shops/{KILN}")).text
    assert "Closed now opens Tue 5 May, 07:00 UTC+1" in seen, "by the clock of its hours"
    assert "London time" in seen
    again = await sam.see(CONTACT)
    assert 'name="opens-0-0" value="07:00"' in again.raw


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"email": "shop"}, "an e-mail address"),
        ({"phone": "12"}, "a telephone number with its country"),
        ({"opens-0-0": "09:00"}, "an opening and a closing time, or neither"),
        ({"opens-0-0": "09:00", "closes-0-0": "08:00"}, "a time after the opening"),
        ({"zone": "Mars/Base"}, "an IANA time zone"),
    ],
)
async def test_what_cannot_be_meant_is_told_beside_its_field_and_nothing_is_kept(sam, desk, typed, told):
    page = await sam.press(await sam.see(CONTACT), CONTACT, **typed)
    assert (page.status, told in page.text) == (422, True)
    assert next(iter(typed.values())) in page.raw
    assert await desk.versions.contact(KILN) == (None, 0)


async def test_a_card_that_a_colleague_has_changed_is_not_written_over(sam, desk):
    page = await sam.see(CONTACT)
    await desk.versions.put_contact(KILN, ContactCard(email="other@kiln.example"), "seller:kim")
    late = await sam.press(page, CONTACT, email="hi@kiln.example")
    assert late.status == 409
    assert (await desk.versions.contact(KILN))[0].email == "other@kiln.example"


async def test_midnight_a_third_span_and_a_language_of_the_api_survive_the_form(sam, desk):
    spans = [("00:00", "06:00"), ("08:00", "12:00"), ("20:00", "24:00")]
    hours = tuple(OpenSpan(day=0, opens=opens, closes=closes) for opens, closes in spans)
    card = ContactCard(languages=("en", "cy"), zone="Europe/London", hours=hours)
    await desk.versions.put_contact(KILN, card, "seller:kim")
    await sam.press(await sam.see(CONTACT), CONTACT, zone="Europe/London")
    assert await desk.versions.contact(KILN) == (card, 1), "nothing was changed, so nothing was written"


# --- quick replies ---------------------------------------------------------------------------------------------------


async def test_a_reply_is_kept_offered_in_the_buyers_language_first_and_put_into_the_box(app, desk, sam, market):
    await sam.press(
        await sam.see(REPLIES),
        REPLIES,
        **{"title-0": "Tomorrow", "text-en-0": "It goes out tomorrow.", "text-zh-0": "明天发出。"},
    )
    for buyer, first in (("ann", "en"), ("bob", "zh")):
        order = await market.order(Stage.PREPARING, buyer=buyer)
        path = f"/seller/orders/{order}"
        page = await sam.see(path)
        assert "Quick replies Tomorrow" in page.text
        places = [page.raw.index(f"reply=0.{tag}") for tag in ("en", "zh")]
        assert (places[0] < places[1]) == (first == "en")
        filled = await sam.see(f"{path}?reply=0.zh")
        assert "明天发出。</textarea>" in filled.raw
    for odd in ("9.en", "0.fr", "x", "0", "-1.en"):
        assert (await sam.see(f"{path}?reply={odd}")).status == 200
    ann = await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")
    assert "data-replies" not in (await ann.see(f"/orders/{order}")).raw, "they are the shop's"


async def test_half_a_reply_is_told_at_its_field_and_one_can_be_taken_away(sam, desk):
    two = tuple(QuickReply(title=name, texts={"en": name, "zh": name}) for name in ("One", "Two"))
    await desk.versions.put_replies(KILN, two, "seller:kim")
    texts = {f"text-{tag}-{place}": one.title for place, one in enumerate(two) for tag in ("en", "zh")}
    half = texts | {"title-2": "Three", "text-en-2": "Three."}
    page = await sam.press(await sam.see(REPLIES), REPLIES, **half)
    assert page.status == 422
    assert 'href="#text-zh-2"' in page.raw
    assert "Three." in page.raw
    await sam.press(await sam.see(REPLIES), REPLIES, **texts | {"gone-0": "1"})
    assert [one.title for one in (await desk.versions.replies(KILN))[0]] == ["Two"]


# --- what was said elsewhere -----------------------------------------------------------------------------------------


async def test_a_call_is_recorded_read_by_all_and_answered(app, desk, ann, sam, market):
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}/contact-notes"
    said = {"way": "telephone", "at": "2026-05-04T07:30", "with": "Ms Li", "text": "It ships today, she said."}
    assert (await ann.press(await ann.see(path), path, **said)).to == f"/orders/{order}#talk"
    sue = await Person(app).sign_in(desk, "support", "sue")
    for who, root in ((ann, ""), (sam, "/seller"), (sue, "/support")):
        page = await who.see(f"{root}/orders/{order}")
        assert "Said elsewhere: by telephone, with Ms Li, Mon 4 May, 07:30" in page.text
        assert ("That is not what was said" in page.text) == (who is sam)
    (message,) = (await desk.conversations.of_order(_principal(), await market.read(order))).messages
    page = await sam.see(f"/seller/orders/{order}?answers={message.id}")
    assert "You answer a note of what was said elsewhere" in page.text
    answers = f"/seller/orders/{order}/messages"
    await sam.press(page, answers, text="I said next week.", audience="everyone")
    assert "In answer to a note of what was said elsewhere" in (await ann.see(f"/orders/{order}")).text
    thread = (await desk.conversations.of_order(_principal(), await market.read(order))).thread.id
    written = await ann.see(f"/messages/{thread}/transcript")
    assert re.search(r"with Ms Li, \w{3} \d+ \w{3}, \d\d:\d\d UTC", written.text), "on paper a time has its zone"


def _principal():
    from rescind.access.principal import Principal  # noqa: PLC0415

    return Principal(role="buyer", id="ann", buyer_id="ann", credential="test")


async def test_a_note_that_is_not_whole_comes_back_with_what_was_typed(ann, market, desk):
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}/contact-notes"
    whole = {"way": "email", "at": "2026-05-04T07:30", "with": "Ms Li", "text": "Words."}
    for wrong, told in (
        ({"way": ""}, "Say by which way"),
        ({"at": "soon"}, "Say when it was said"),
        ({"at": "2026-05-05T07:30"}, "That is still to come"),
        ({"at": "2020-05-05T07:30"}, "more than a year before the order"),
        ({"with": " "}, "Say with whom"),
        ({"with": "a\u202eb"}, "without invisible ones"),
        ({"text": ""}, "Write down what was said"),
    ):
        page = await ann.press(await ann.see(path), path, **whole | wrong)
        assert (page.status, told in page.text) == (422, True), wrong
    assert await desk.pool.fetchval("SELECT count(*) FROM messages") == 0


async def test_a_message_that_cannot_be_sent_opens_the_card(ann, market):
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}"
    page = await ann.see(path)
    assert "data-contact>" in page.raw
    refused = await ann.press(page, f"{path}/messages", text="")
    assert "data-contact open>" in refused.raw


async def test_in_chinese(app, desk, market):
    await desk.versions.put_contact(KILN, ContactCard(hours=(OpenSpan(day=0, opens="07:00", closes="16:30"),)), "s:s")
    bob = await Person(app, "zh").sign_in(desk, "buyer", "bob", buyer_id="bob")
    order = await market.order(Stage.PREPARING, buyer="bob")
    assert "营业中" in (await bob.see(f"/orders/{order}")).text
    path = f"/orders/{order}/contact-notes"
    said = {"way": "telephone", "at": "2026-05-04T07:30", "with": "李女士", "text": "她说今天发货。"}
    await bob.press(await bob.see(path), path, **said)
    assert "站外沟通：电话，对方 李女士" in (await bob.see(f"/orders/{order}")).text
