"""What receipts and credit notes say of a story: the part that was cancelled with what belongs to it, to the cent."""

import pytest

from rescind.core.details import Details, LineWords
from rescind.core.documents import WHOLE_ORDER, DocumentKind, draft, due, number, reversed_by, taken_back, year_of
from rescind.core.errors import NotFound
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.stage import Stage
from rescind.core.views import ShopView
from scenarios.shop import SHOP, eur, item, jpy, kwd, usd

KILN = ShopView(
    id=SHOP, name="Kiln", preset_hash="", preset="base", settings={}, zone="Asia/Tokyo", contact={"city": "Mino"}
)
WORDS = Details(lines=(LineWords(line="mug", title="Mug", variant="blue"),))


def written(shop, kind=DocumentKind.RECEIPT, about=WHOLE_ORDER):
    return draft(kind, about, shop.state, WORDS, KILN, shop.records)


def note_of(shop, place=-1):
    return written(shop, DocumentKind.CREDIT_NOTE, shop.state.cancellations[place].id)


def test_a_part_that_is_cancelled_is_credited_with_its_own_discount_and_tax(shop):  # KF-02, KF-03
    lines = (item("mug", eur("10.00"), 3, discount=eur("1.00"), tax=eur("5.51")), item("pot", eur("40.00")))
    shop.order(paid=eur("79.41"), lines=lines, shipping=eur("4.90"), tenders={"gift": 2000, "card": 5941})
    shop.buyer.requests_cancellation(lines={"mug": 1})
    note = note_of(shop)
    (row,) = note.rows
    assert (row.title, row.quantity, row.goods_minor, row.discount_minor, row.tax_minor) == (
        "Mug · blue",
        1,
        1000,
        34,
        184,
    )
    assert (note.shipping_minor, note.other_minor, note.total_minor) == (0, 0, 1150)
    assert {one.tender: one.amount_minor for one in note.back} == {
        tender: money.minor for tender, money in shop.refunds.items()
    }


def test_the_notes_of_an_order_add_up_to_what_was_paid_with_delivery_on_the_last(shop):  # KF-01, KF-07
    lines = (item("mug", eur("3.33"), 3, discount=eur("0.10")), item("pot", eur("8.98"), tax=eur("1.79")))
    shop.order(paid=eur("24.66"), lines=lines, shipping=eur("4.00"))
    for some in ({"mug": 1}, {"pot": 1}, {"mug": 1}, {"mug": 1}):
        shop.buyer.requests_cancellation(lines=some)
    notes = [note_of(shop, place) for place in range(4)]
    assert sum(note.total_minor for note in notes) == 2466
    assert [note.shipping_minor for note in notes] == [0, 0, 0, 400]
    assert all(note.other_minor == 0 for note in notes)
    receipt = written(shop)
    assert (receipt.total_minor, receipt.paid_minor, receipt.back_minor) == (2466, 2466, 2466)


@pytest.mark.parametrize(("price", "minor"), [(jpy("5800"), 5800), (kwd("1.255"), 1255), (usd("0.01"), 1)])
def test_every_currency_keeps_its_own_minor_unit(shop, price, minor):  # KF-08
    shop.order(paid=price)
    shop.buyer.requests_cancellation()
    assert (note_of(shop).currency, note_of(shop).total_minor) == (price.currency, minor)


def test_money_that_left_another_way_is_told_and_not_credited_twice(shop):  # KF-12
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=1500)
    shop.buyer.requests_cancellation()
    note = note_of(shop)
    assert (sum(row.total_minor for row in note.rows), note.other_minor, note.total_minor) == (4000, -1500, 2500)
    receipt = written(shop)
    assert receipt.paid_minor - receipt.elsewhere_minor - receipt.back_minor == 0


def test_a_receipt_of_an_order_that_goes_on_says_that_nothing_came_back(shop):
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    receipt = written(shop)
    assert (receipt.paid_minor, receipt.back, receipt.cancellation) == (4000, (), "")
    assert receipt.rows[0].cancelled == 0
    assert receipt.seller.name == "Kiln"


def test_what_was_never_paid_has_no_receipt_and_no_note(shop):
    shop.order(total=eur("40.00"))
    shop.buyer.requests_cancellation()
    assert due(shop.state) == ()
    for kind, about in ((DocumentKind.RECEIPT, WHOLE_ORDER), (DocumentKind.CREDIT_NOTE, shop.cancellation.id)):
        with pytest.raises(NotFound):
            written(shop, kind, about)


def test_money_for_keeping_the_goods_is_a_note_without_goods(shop):  # M-19
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    shop.seller.says(
        MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.PARTIAL_REFUND, amount_minor=eur("5.00").minor
    )
    shop.buyer.says(AnswerOffer, cancellation=shop.cancellation.id, number=1, accept=True)
    note = note_of(shop)
    assert (note.settled, note.rows, note.other_minor, note.total_minor) == (True, (), 500, 500)
    assert note.back_minor == 500


def test_a_cancellation_that_was_undone_takes_its_note_back(shop):
    shop.order(paid=eur("40.00"))
    shop.seller.cancels()
    note = note_of(shop)
    shop.provider.answers("declined")
    assert not taken_back(shop.state, shop.cancellation.id)
    shop.agent.overrides("reverse", "decided_by_mistake", cancellation=shop.cancellation.id, alone=eur("100.00"))
    assert taken_back(shop.state, shop.cancellation.id)
    assert (DocumentKind.CREDIT_NOTE, shop.cancellation.id) not in due(shop.state)
    back = reversed_by(note)
    assert (back.kind, back.total_minor, back.kind.series) == (DocumentKind.REVERSAL, 4000, "C")


def test_a_year_is_that_of_the_shops_own_clock(shop):
    eve = shop.time("2026-12-31 20:00")
    assert (year_of(eve, "Asia/Tokyo"), year_of(eve, "UTC")) == (2027, 2026)
    assert number(DocumentKind.CREDIT_NOTE, 2027, 42) == "C2027-000042"


def test_what_the_seller_kept_has_a_row_of_its_own(shop):  # M-08
    kept = shop(material_bps=2500)
    kept.order(paid=eur("40.00"), custom_made=True, stage=Stage.PREPARING)
    kept.buyer.requests_cancellation(anyway=True)
    kept.seller.approves()
    note = note_of(kept)
    assert [(one.rule, one.amount_minor) for one in note.fees] == [("FEE-2", 1000)]
    assert (note.total_minor, note.other_minor) == (3000, 0)
    assert kept.refunded.minor == note.total_minor


def test_what_was_only_reserved_is_not_credited(shop):  # KF-11
    shop.order(total=eur("40.00"), stage=Stage.UNPAID)
    shop.host.reports("authorised")
    shop.buyer.requests_cancellation()
    assert due(shop.state) == ()


def test_a_refund_that_went_another_way_is_credited_once(shop):  # I-12
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    shop.agent.settles("store_credit", consent="On the telephone.")
    shop.provider.answers("succeeded")
    assert (note_of(shop).total_minor, len(note_of(shop).back)) == (4000, 1)
    (back,) = written(shop).back
    assert (back.amount_minor, back.into) == (4000, "store_credit")


def test_a_note_tells_the_way_that_money_took_in_the_end(shop):  # KF-15
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    (waits,) = note_of(shop).back
    assert (waits.state, waits.amount_minor) == ("failed", 4000)
    shop.agent.settles("paid_out", voucher="V-99")
    (went,) = note_of(shop).back
    assert (went.into, went.reference, went.state) == ("paid_out", "V-99", "")
    assert due(shop.state) == ((DocumentKind.CREDIT_NOTE, shop.cancellation.id), (DocumentKind.RECEIPT, WHOLE_ORDER))


def test_a_note_tells_what_a_bank_took_of_a_refund_that_failed(shop):  # I-10
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=1500)
    shop.agent.settles("store_credit", consent="On the telephone.")
    note = note_of(shop)
    assert [(one.into, one.state, one.amount_minor) for one in note.back] == [
        ("store_credit", "", 2500),
        ("", "elsewhere", 1500),
    ]
    assert (note.total_minor, note.other_minor) == (4000, 0)


def test_money_given_back_without_a_cancellation_has_a_note(shop):  # KF-06
    shop.order(paid=eur("40.00"), lines=(item("mug", eur("35.00")),), shipping=eur("5.00"))
    shop.seller.gives_back(eur("10.00"))
    shop.at("Mon 09:00").agent.gives_back(shipping=True)
    first, second = (one.id for one in shop.state.refunds)
    assert due(shop.state) == (
        (DocumentKind.CREDIT_NOTE, first),
        (DocumentKind.CREDIT_NOTE, second),
        (DocumentKind.RECEIPT, WHOLE_ORDER),
    )
    some, delivery = (written(shop, DocumentKind.CREDIT_NOTE, one) for one in (first, second))
    assert (some.owed, some.total_minor, some.other_minor, some.cancellation) == ("given", 1000, 1000, "")
    assert (delivery.total_minor, delivery.shipping_minor, delivery.other_minor) == (500, 500, 0)
    shop.provider.answers("declined", first)
    shop.agent.settles("again", first)
    assert len(due(shop.state)) == 3, "what is sent in its place is the same money"


def test_money_that_a_bank_gave_back_and_a_late_payment_have_notes(shop):  # I-10, S-04
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    shop.seller.cancels()
    shop.at("Tue 09:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    note = written(shop, DocumentKind.CREDIT_NOTE, shop.state.refunds[0].id)
    assert (note.owed, note.total_minor) == ("chargeback", 4000)
    late = shop().order(total=eur("40.00"))
    late.seller.cancels()
    late.host.reports("paid")
    note = written(late, DocumentKind.CREDIT_NOTE, late.state.refunds[0].id)
    assert (note.owed, note.total_minor) == ("late_payment", 4000)
