"""What holds for the packing bench, whatever anybody tried before the scan."""

from hypothesis import given

from laws.histories import histories, play, shops
from rescind.core.errors import RescindError
from rescind.core.order import leased
from rescind.core.order_note import unread
from rescind.core.packing import Answer, ShipOrder, Step, look, to_unpack


def scan(shop):
    return look(shop.state, shop.terms, shop.calendar, shop.now, who="sam", words=False)


@given(shops(), histories())
def test_the_bench_never_goes_on_with_what_is_cancelled_asked_about_or_gone(shop, history):  # M-11 M-13
    def watch(shop, *_):
        told = scan(shop)
        if told.answer in {Answer.GO, Answer.NOTE}:
            assert shop.state.open_cancellation is None
            assert shop.state.progress.cancelled_at is None
            assert told.pack
            assert told.out == {}
        goes_on = told.answer in {Answer.GO, Answer.NOTE}
        assert (told.step is not None) == (goes_on and not unread(shop.state)), "what the buyer asks for is read first"

    play(shop, history, watch)


@given(shops(), histories())
def test_what_comes_out_of_a_parcel_was_cancelled_and_bought(shop, history):
    def watch(shop, *_):
        lines = {line.id: line for line in shop.state.lines}
        for line, count in to_unpack(shop.state).items():
            assert 0 < count <= lines[line].cancelled
        for line, count in shop.state.unpacked.items():
            assert 0 < count <= lines[line].cancelled

    play(shop, history, watch)


@given(shops(), histories())
def test_what_the_bench_offers_to_ship_can_be_shipped(shop, history):
    play(shop, history)
    told = scan(shop)
    if told.step is not Step.SHIP:
        return
    assert leased(shop.state, shop.now).by == "sam"
    try:
        shop.seller.says(ShipOrder, carrier="Post", tracking="JD7")
    except RescindError as refusal:
        raise AssertionError(f"the bench offered what is refused: {refusal}") from refusal
    assert scan(shop).answer is Answer.STOP
