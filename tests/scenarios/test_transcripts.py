"""A transcript proves what stands in it: the words, whom they were for, who read them, and every translation (M-24)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from rescind.core.conversation import About, Audience, Message, Outside, Thread, Translation, Way, digest
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.spoken import acts, became
from rescind.core.stage import Stage
from rescind.core.transcript import altered, complete, digest_of, transcript, whole_of
from scenarios.shop import eur

AT = datetime(2026, 5, 4, 8, tzinfo=UTC)


def message(number, by, text, *, outside=None, **more):
    words = text if outside is None else f"{outside.whom}\n{text}"
    sent_at = AT + timedelta(minutes=number)
    salt, audience = f"salt {number}", more.pop("audience", Audience.EVERYONE)
    return Message(
        id=f"msg_{number}",
        by=by,
        author="",
        audience=audience,
        text=text,
        salt=salt,
        digest=digest(salt, words),
        sent_at=sent_at,
        outside=outside,
        **more,
    )


@pytest.fixture
def written():
    call = Outside(way=Way.TELEPHONE, at=AT - timedelta(hours=1), whom="Sam of Kiln & Co")
    said = (
        message(1, "buyer", "Wo ist es?", translations={"en": Translation(text="Where is it?", by="Babel", at=AT)}),
        message(2, "buyer", "They said it waits.", outside=call, seen={"seller": AT + timedelta(hours=1)}),
        message(3, "seller", "We did not.", answers="msg_2"),
    )
    thread = Thread(
        id="cnv_1",
        shop="shp_1",
        shop_name="Kiln & Co",
        buyer="ann",
        buyer_name="Ann",
        about=About.ORDER,
        order="ord_1",
        number="1001",
        sku="",
        subject="",
        last_at=AT,
        unread=False,
        last=said[-1],
    )
    return transcript(thread, "buyer", said, AT + timedelta(days=1))


def test_what_was_written_out_proves_itself_with_contact_notes_and_translations(written):
    assert (altered(written), complete(written)) == ((), True)
    assert written.messages[2].answers == "msg_2"
    again = msgspec.json.decode(msgspec.json.encode(written), type=type(written))
    assert (altered(again), complete(again)) == ((), True), "as a file it does, too"


def change(written, place, **changes):
    messages = list(written.messages)
    messages[place] = msgspec.structs.replace(messages[place], **changes)
    return msgspec.structs.replace(written, messages=tuple(messages))


def test_every_change_is_found(written):
    (english,) = written.messages[0].translations
    kinder = msgspec.structs.replace(english, text="Where is it, please?")
    outside = msgspec.structs.replace(written.messages[1].outside, whom="Somebody")
    assert altered(change(written, 0, text="Wo war es?")) == ("msg_1",)
    assert altered(change(written, 0, translations=(kinder,))) == ("msg_1",)
    assert altered(change(written, 1, outside=outside)) == ("msg_2",)
    for place, changes in ((0, {"translations": ()}), (1, {"seen": {}}), (2, {"answers": None}), (2, {"by": "buyer"})):
        assert not complete(change(written, place, **changes)), changes
    assert not complete(msgspec.structs.replace(written, messages=written.messages[1:]))
    moved = change(written, 2, translations=(english,))
    assert altered(moved) == ("msg_3",), "a translation belongs to its message"


def test_a_translation_and_a_read_mark_leave_the_digest_of_what_was_said(written):
    later = change(change(written, 0, translations=()), 1, seen={})
    assert digest_of(later.messages) == written.digest
    assert whole_of(later.messages) != written.whole


def test_what_was_offered_and_answered_stands_in_it_and_every_change_of_that_is_found(written, shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    words = shop.note("The box is dented.")
    offer = {"cancellation": shop.cancellation.id, "kind": OfferKind.PARTIAL_REFUND, "amount_minor": 500}
    shop.seller.says(MakeOffer, **offer, comment=words)
    shop.buyer.says(AnswerOffer, cancellation=shop.cancellation.id, number=1, accept=False)
    shop.buyer.withdraws()
    found = acts(((record, {words.id: words.body}) for record in shop.records), shop.state)
    assert [(one.type, one.by) for one in found] == [
        ("SellerAsked", "buyer"),
        ("OfferMade", "seller"),
        ("OfferDeclined", "buyer"),
        ("CancellationWithdrawn", "buyer"),
    ]
    assert (found[1].offer.amount_minor, found[1].currency, found[1].text) == (500, "EUR", "The box is dented.")
    whole = msgspec.structs.replace(written, acts=found, whole=whole_of(written.messages, found))
    assert complete(whole)
    assert whole.whole != written.whole
    kinder = msgspec.structs.replace(found[1], offer=msgspec.structs.replace(found[1].offer, amount_minor=5000))
    for changed in (found[:-1], (found[0], kinder, *found[2:]), ()):
        assert not complete(msgspec.structs.replace(whole, acts=changed))


@pytest.mark.parametrize(("answer", "state"), [(None, "open"), ("withdraws", "lapsed"), ("declines", "")])
def test_an_offer_is_open_until_it_is_answered_or_its_request_ends(shop, answer, state):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.PARTIAL_REFUND, amount_minor=500)
    made = shop.records[-1].event
    if answer == "withdraws":
        shop.buyer.withdraws()
    elif answer == "declines":
        shop.buyer.says(AnswerOffer, cancellation=shop.cancellation.id, number=1, accept=False)
    assert became(shop.state, made) == state


def test_a_transcript_of_before_there_were_translations_is_checked_by_its_one_digest(written):
    assert complete(msgspec.structs.replace(change(written, 0, translations=()), whole=""))
