"""What a buyer asks of the shop beside the order: read before it ships, and nothing else follows from it (M-18)."""

import pytest

from rescind.core.address_wish import asks_for_address
from rescind.core.errors import ConsentMissing, Forbidden, InvalidField, InvalidTransition, NoteUnread, NotFound
from rescind.core.order import in_manual_review
from rescind.core.order_note import MOST, AcknowledgeNote, AddNote, closed, may_hold, unread
from rescind.core.packing import Answer, LeaseShipping, ShipOrder, Step, Why, look
from rescind.core.review import ADDRESS_ASKED, CorrectRecipient, waiting
from rescind.core.stage import Stage
from scenarios.shop import eur, usd

GIFT, ADDRESS = "Please wrap it as a gift.", "Please change the address to 5 Quay Street."


def notes(shop, text=GIFT, who=None, **more):
    who = who or shop.buyer
    return shop.handle(AddNote(order=shop.state.id, comment=shop.note(text), **more), who.actor)


def reads(shop, number=1, who=None):
    return shop.handle(AcknowledgeNote(order=shop.state.id, number=number), (who or shop.seller).actor)


def scan(shop):
    return look(shop.state, shop.terms, shop.calendar, shop.now, who="sam", words=False)


def ships(shop):
    return shop.handle(ShipOrder(order=shop.state.id, carrier="Post", tracking="JD12345"), shop.seller.actor)


@pytest.mark.parametrize("stage", [Stage.REVIEW, Stage.PREPARING, Stage.PACKING, Stage.PACKED])
def test_nothing_goes_on_at_the_bench_before_the_note_is_read(shop, stage):
    shop.order(paid=eur("40.00"), stage=stage)
    before = scan(shop).step
    notes(shop)
    found = scan(shop)
    assert (found.answer, found.why, found.step) == (Answer.NOTE, Why.UNREAD, None)
    reads(shop)
    found = scan(shop)
    assert (found.answer, found.why, found.step) == (Answer.NOTE, Why.WORDS, before)
    assert shop.state.notes[0].acknowledged_by == "sam"
    assert shop.state.notes[0].acknowledged_at == shop.now


def test_an_order_with_an_unread_note_is_not_handed_over_by_the_shop(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    notes(shop)
    for act in (ships, lambda one: one.handle(LeaseShipping(order=one.state.id), one.seller.actor)):
        with pytest.raises(NoteUnread):
            act(shop)
    reads(shop)
    ships(shop)
    assert shop.stage is Stage.IN_TRANSIT


def test_a_note_that_comes_while_somebody_is_about_to_ship_is_read_first(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.handle(LeaseShipping(order=shop.state.id), shop.seller.actor)
    assert scan(shop).step is Step.SHIP
    notes(shop)
    with pytest.raises(NoteUnread) as told:
        ships(shop)
    assert told.value.params == {"notes": (1,)}


def test_that_it_has_left_is_a_fact_and_believed_all_the_same(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    notes(shop)
    shop.host.reports("handed_over")
    assert shop.stage is Stage.IN_TRANSIT
    assert unread(shop.state) == (), "nobody can do anything about it any more"


def test_each_note_is_read_by_itself_and_once(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    notes(shop)
    notes(shop, "And ring twice.")
    assert [one.number for one in unread(shop.state)] == [1, 2]
    reads(shop, 2)
    assert [one.number for one in unread(shop.state)] == [1]
    version = shop.state.version
    reads(shop, 2, shop.agent)
    assert shop.state.version == version, "a colleague had read it"
    with pytest.raises(NotFound):
        reads(shop, 3)


def test_a_note_changes_nothing_else(shop):
    """Not even one that asks to cancel."""
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    before = shop.state
    for text in ("Please cancel my order.", ADDRESS):
        notes(shop, text)
    after = shop.state
    assert (after.cancellations, after.refunds, after.progress, after.review) == ((), (), before.progress, None)
    assert [one.wish for one in after.notes] == ["words", "address"]


@pytest.mark.parametrize(
    ("stage", "why"), [(Stage.PACKED, ""), (Stage.AWAITING_COLLECTION, ""), (Stage.IN_TRANSIT, "gone")]
)
def test_notes_are_taken_until_the_parcel_is_handed_over(shop, stage, why):
    shop.order(paid=eur("40.00"), stage=stage)
    assert closed(shop.state) == why
    if why:
        with pytest.raises(InvalidTransition):
            notes(shop)
    else:
        notes(shop)
    assert len(shop.state.notes) == (not why)


def test_a_cancelled_order_takes_no_note(shop):
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    assert closed(shop.state) == "cancelled"
    with pytest.raises(InvalidTransition):
        notes(shop)


def test_an_order_holds_so_many_notes_and_no_more(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    for _time in range(MOST):
        notes(shop)
    with pytest.raises(InvalidTransition):
        notes(shop)
    assert len(shop.state.notes) == MOST


def test_the_buyer_writes_and_the_shop_reads(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    with pytest.raises(Forbidden):
        notes(shop, who=shop.seller)
    with pytest.raises(ConsentMissing):
        notes(shop, who=shop.support)
    notes(shop, who=shop.support, consent=shop.note("on the telephone"))
    assert shop.state.notes[0].filed_by == "support"
    with pytest.raises(Forbidden):
        reads(shop, who=shop.buyer)


# --- a note about the address ----------------------------------------------------------------------------------------


def test_a_note_about_the_address_holds_the_order_when_the_buyer_wants_it(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    notes(shop, ADDRESS, hold=True)
    review = waiting(shop.state)
    assert review.found == (ADDRESS_ASKED,)
    assert review.on_silence == "release", "what nobody looks at goes its way; it is not cancelled"
    assert scan(shop).why is Why.IN_REVIEW
    shop.handle(CorrectRecipient(order=shop.state.id), shop.buyer.actor)
    assert not in_manual_review(shop.state)


def test_the_hold_ends_by_itself_and_the_order_goes_on(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    notes(shop, ADDRESS, hold=True)
    due = waiting(shop.state).due_at
    shop.at(due)
    assert not in_manual_review(shop.state)
    assert shop.state.progress.cancelled_at is None


@pytest.mark.parametrize("market", ["us", "eu", "id", "th", "uk"])
def test_where_the_policy_gives_notes_no_power_nothing_is_held(shop, market):
    here = shop(market)
    here.order(paid=usd("40.00"), stage=Stage.PREPARING)
    assert not may_hold(here.state, here.terms, here.now)
    with pytest.raises(InvalidField):
        notes(here, ADDRESS, hold=True)
    assert here.state.notes == ()
    notes(here, ADDRESS)
    assert not in_manual_review(here.state)


def test_nothing_is_held_for_other_words_nor_once_a_label_says_where_it_goes(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    with pytest.raises(InvalidField):
        notes(shop, GIFT, hold=True)
    shop.host.reports("tracking_added", tracking="JD12345")
    with pytest.raises(InvalidField):
        notes(shop, ADDRESS, hold=True)
    assert shop.state.notes == ()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Please check the address.", True),
        ("Please check the address: it is number 14, not 41.", True),
        ("please change my delivery address to 5 Quay Street", True),
        ("Could you update the shipping address?", True),
        ("Sorry, I gave the wrong address! It is number 12.", True),
        ("The address is outdated, we live at 7 Mill Lane now.", True),
        ("Can you send it to a different address please", True),
        ("Ship the parcel to my work address: 1 Dock Road", True),
        ("We have moved, the address is 3 Hill Street", True),
        ("Please correct the house number, it is 14", True),
        ("New address please: 9 Park Row", True),
        ("请修改一下收货地址，改成人民路5号", True),
        ("地址写错了，应该是2号楼", True),
        ("麻烦核对一下地址", True),
        ("请寄到我的新地址：中山路8号", True),
        ("帮我换个地址", True),
        ("门牌号填错了", True),
        ("Do not change the address.", False),
        ("The address is correct.", False),
        ("No need to check the address", False),
        ("If the address is wrong, ring me", False),
        ("Please send the receipt to another e-mail address", False),
        ("Change the billing address on the invoice", False),
        ("Please do not put the price in the parcel", False),
        ("Leave it with the neighbour", False),
        ("Please address the card to Mum", False),
        ("Same address as last time, new bell: Lee", False),
        ("I like your new shop address", False),
        ("地址没错，谢谢", False),
        ("不要改地址", False),
        ("改地址就不用了", False),
        ("改一下邮箱地址", False),
        ("如果地址不对请联系我", False),
        ("请发送到我的邮箱地址", False),
        ("麻烦包装好一点", False),
        ("退货地址是哪里，改了吗", False),
    ],
)
def test_only_what_plainly_asks_for_another_address_is_understood_so(text, asks):
    assert asks_for_address(text) is asks
