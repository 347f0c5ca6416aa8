"""Money that leaves another way: a bank takes it, decides about it, or somebody pays it out by hand (I-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rescind.core.errors import InvalidField
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.stage import Stage
from scenarios.shop import eur, item

LINES = (item("cup", eur("30.00")), item("pot", eur("70.00")))


def open_refunds(shop):
    return {one.ref for one in shop.due if one.kind == "refund"}


def states(shop):
    return [(one.status.value, one.amount_minor) for one in shop.state.refunds]


@pytest.fixture
def charged(shop):
    """An order of 100.00 that was cancelled, and whose bank took the money before the refund was sent."""
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.buyer.requests_cancellation()
    shop.at("Mon 09:00").host.reports("charged_back", tender="card", amount_minor=10000, reference="dp_1")
    return shop


def test_what_is_owed_waits_while_the_bank_decides(charged):  # I-10
    assert states(charged) == [("owed", 10000)]
    assert open_refunds(charged) == set(), "nothing is sent"
    assert charged.contradictions == ["charged_back"]


def test_what_waited_is_sent_once_the_chargeback_is_won(charged):  # I-10
    charged.at("Wed 10:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    assert open_refunds(charged) == {charged.state.refunds[0].id}
    assert states(charged) == [("owed", 10000)]
    charged.provider.answers("succeeded")
    (card,) = charged.state.tenders
    assert (card.refunded_minor, card.taken_elsewhere_minor) == (10000, 0)


def test_what_the_bank_paid_out_is_not_sent_again(charged):  # I-10
    charged.at("Wed 10:00").host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert states(charged) == [("taken_elsewhere", 10000)]
    assert open_refunds(charged) == set()
    (card,) = charged.state.tenders
    assert (card.reserved_minor, card.taken_elsewhere_minor) == (0, 10000)


@pytest.mark.parametrize("end", ["chargeback_won", "chargeback_lost"])
def test_the_banks_word_told_twice_counts_once(charged, end):  # I-10
    charged.host.reports(end, tender="card", reference="dp_1")
    before = charged.state
    for when in ("Wed 10:00", "Wed 11:00"):
        charged.at(when).host.reports(end, tender="card", reference="dp_1")
    assert charged.state.refunds == before.refunds
    assert charged.state.tenders == before.tenders
    assert charged.state.version == before.version


def test_a_cancellation_while_the_bank_decides_owes_only_what_it_left(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.host.reports("charged_back", tender="card", amount_minor=3000, reference="dp_1")
    shop.at("Mon 09:00").buyer.requests_cancellation()
    assert states(shop) == [("owed", 7000)]
    assert open_refunds(shop) == set()
    shop.at("Tue 09:00").host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert states(shop) == [("owed", 7000)], "30.00 from the bank and 70.00 from us are all that was paid"
    assert len(open_refunds(shop)) == 1


def test_what_a_won_chargeback_gives_back_is_owed_to_who_cancelled_meanwhile(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.host.reports("charged_back", tender="card", amount_minor=10000, reference="dp_1")
    shop.at("Mon 09:00").buyer.requests_cancellation()
    assert states(shop) == []
    shop.at("Tue 09:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    assert states(shop) == [("owed", 10000)]
    assert len(open_refunds(shop)) == 1


def test_a_won_chargeback_gives_nothing_for_goods_the_buyer_keeps(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.host.reports("charged_back", tender="card", amount_minor=10000, reference="dp_1")
    shop.at("Mon 09:00").buyer.requests_cancellation(lines={"cup": 1})
    shop.at("Tue 09:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    assert states(shop) == [("owed", 3000)]


def test_part_of_a_refund_that_the_bank_paid_is_taken_off(shop):  # I-10, partial
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.buyer.requests_cancellation()
    shop.host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    shop.at("Tue 09:00").host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert states(shop) == [("owed", 6000)]
    assert shop.state.refunds[0].covered_minor == 4000
    shop.provider.answers("succeeded")
    (card,) = shop.state.tenders
    assert card.refunded_minor + card.taken_elsewhere_minor == 10000


def test_a_bank_that_keeps_a_part_gives_the_rest_to_the_refund(charged):  # I-10, partial
    charged.at("Tue 09:00").host.reports("chargeback_lost", tender="card", reference="dp_1", amount_minor=2500)
    assert states(charged) == [("owed", 7500)]
    assert charged.state.tenders[0].taken_elsewhere_minor == 2500


def test_one_payment_frozen_by_two_banks_words_waits_for_both(charged):  # I-10
    charged.host.reports("chargeback_won", tender="card", reference="dp_1")
    charged.host.reports("charged_back", tender="card", amount_minor=500, reference="dp_2")
    assert open_refunds(charged) == set()
    charged.at("Tue 09:00").host.reports("chargeback_won", tender="card", reference="dp_2")
    assert len(open_refunds(charged)) == 1


def test_only_the_payment_the_bank_took_from_is_frozen(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES, tenders={"card": 6000, "gift": 4000})
    shop.host.reports("charged_back", tender="card", amount_minor=1000, reference="dp_1")
    shop.buyer.requests_cancellation()
    by_tender = {one.id: one.tender for one in shop.state.refunds}
    assert [by_tender[one] for one in open_refunds(shop)] == ["gift"]


def test_the_banks_last_word_stands_in_whatever_order_it_is_heard(charged):  # WH-04
    charged.at("Fri 10:00").host.reports("chargeback_lost", tender="card", reference="dp_1", occurred="Thu 10:00")
    charged.host.reports("chargeback_won", tender="card", reference="dp_1", occurred="Wed 10:00")
    assert states(charged) == [("taken_elsewhere", 10000)]


def test_the_end_of_a_chargeback_may_be_heard_before_its_beginning(shop):  # WH-04
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.host.reports("chargeback_won", tender="card", reference="dp_1", amount_minor=4000)
    shop.host.reports("charged_back", tender="card", reference="dp_1", amount_minor=4000)
    assert shop.state.tenders[0].taken_elsewhere_minor == 0
    assert shop.quote() == eur("100.00")


def test_a_bank_that_changes_its_mind_is_believed(charged):  # promise 7
    charged.host.reports("chargeback_lost", tender="card", reference="dp_1")
    charged.at("Fri 10:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    assert states(charged) == [("taken_elsewhere", 10000), ("owed", 10000)]
    assert charged.state.tenders[0].taken_elsewhere_minor == 0
    charged.at("Sat 10:00").host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert [status for status, _ in states(charged)] == ["taken_elsewhere", "taken_elsewhere"]
    assert charged.state.tenders[0].taken_elsewhere_minor == 10000


def test_no_word_for_long_is_a_case_for_support_and_nothing_is_sent(charged):  # promise 5, I-15
    (waits,) = [one for one in charged.due if one.kind == "chargeback"]
    charged.at(waits.due_at - timedelta(seconds=1))
    assert "chargeback_silent" not in charged.contradictions
    charged.at(waits.due_at)
    assert "chargeback_silent" in charged.contradictions
    assert states(charged) == [("owed", 10000)]
    assert open_refunds(charged) == set()
    charged.host.reports("chargeback_won", tender="card", reference="dp_1")
    assert "chargeback_silent" not in charged.contradictions, "the word that was missing closes it"
    assert len(open_refunds(charged)) == 1


def test_a_refund_made_by_hand_takes_the_place_of_what_is_owed(shop):  # I-10, taken_elsewhere
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.buyer.requests_cancellation(lines={"cup": 1})
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=3000, reference="re_9")
    assert states(shop) == [("taken_elsewhere", 3000)]
    assert shop.contradictions == ["refunded_elsewhere"]
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=3000, reference="re_9")
    assert shop.state.tenders[0].taken_elsewhere_minor == 3000
    assert shop.at("Mon 10:00").quote(pot=1) == eur("70.00")


def test_a_refund_by_hand_before_the_cancellation_leaves_less_to_owe(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=4000)
    shop.buyer.requests_cancellation()
    assert states(shop) == [("owed", 6000)]


def test_a_refund_by_hand_counts_towards_what_was_agreed_for_keeping_the_goods(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES, stage=Stage.PACKED)
    shop.buyer.requests_cancellation(anyway=True)
    shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.PARTIAL_REFUND, amount_minor=1000)
    shop.buyer.says(AnswerOffer, cancellation=shop.cancellation.id, number=1, accept=True)
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=400)
    assert states(shop) == [("owed", 600)]


def test_money_paid_at_the_door_that_never_came_goes_nowhere(shop):  # taken_elsewhere
    shop.order(total=eur("100.00"), lines=LINES, tenders={"cash_on_delivery": 10000})
    shop.buyer.requests_cancellation()
    assert states(shop) == []
    with pytest.raises(InvalidField):
        shop.host.reports("refunded_elsewhere", tender="cash_on_delivery", amount_minor=100)


@pytest.mark.parametrize(
    ("fact", "more"),
    [
        ("chargeback_won", {"tender": "card", "reference": "dp_1", "amount_minor": 10001}),
        ("chargeback_lost", {"tender": "card", "reference": "dp_2"}),
        ("chargeback_lost", {"tender": "gift", "reference": "dp_1"}),
        ("refunded_elsewhere", {"tender": "card", "amount_minor": 1}),
        ("refunded_elsewhere", {"tender": "card", "amount_minor": 0}),
        ("charged_back", {"tender": "card", "reference": "dp_3", "amount_minor": 0}),
        ("chargeback_won", {"tender": "card", "reference": "dp_1", "amount_minor": 0}),
        ("chargeback_lost", {"tender": "card", "reference": "dp_1", "amount_minor": 0}),
    ],
)
def test_a_word_about_money_that_cannot_be_is_refused(charged, fact, more):
    before = charged.state
    with pytest.raises(InvalidField):
        charged.host.reports(fact, **more)
    assert charged.state == before


def test_a_lost_chargeback_that_turns_out_larger_leaves_less_to_send(charged):  # I-10, told with two amounts
    charged.host.reports("chargeback_lost", tender="card", reference="dp_1", amount_minor=2500)
    charged.host.reports("charged_back", tender="card", amount_minor=6000, reference="dp_2")
    charged.at("Tue 09:00").host.reports("chargeback_lost", tender="card", reference="dp_2", amount_minor=1000)
    assert states(charged) == [("owed", 6500)]
    charged.host.reports("charged_back", tender="card", amount_minor=7000, reference="dp_2")
    assert states(charged) == [("owed", 5500)]
    assert "amounts_differ" in charged.contradictions


def test_what_the_seller_keeps_is_no_reason_to_send_less(shop):  # I-10, M-08
    shop = shop(material_bps=2500)
    lines = (item("ring", eur("40.00"), custom_made=True), item("pot", eur("60.00")))
    shop.order(paid=eur("100.00"), lines=lines, stage=Stage.PREPARING)
    shop.buyer.requests_cancellation(anyway=True, lines={"ring": 1})
    shop.seller.approves()
    assert states(shop) == [("owed", 3000)]
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=1000, reference="re_9")
    assert states(shop) == [("owed", 2000)], "10.00 of the 30.00 has come to the buyer"


def test_what_was_given_beside_is_the_buyers_too(shop):  # I-10
    shop.order(paid=eur("100.00"), lines=LINES)
    shop.buyer.requests_cancellation(lines={"cup": 1})
    shop.seller.gives_back(eur("5.00"))
    shop.host.reports("refunded_elsewhere", tender="card", amount_minor=500, reference="re_9")
    assert sum(amount for status, amount in states(shop) if status == "owed") == 3000, "5.00 of 35.00 came by hand"


def test_a_promise_is_let_go_whatever_a_bank_decides(shop):  # KF-11
    shop.order(total=eur("100.00"), lines=LINES, tenders={"card": 10000}, stage=Stage.UNPAID)
    shop.host.reports("paid", tender="card", amount_minor=4000)
    shop.host.reports("authorised", tender="card", amount_minor=6000)
    shop.host.reports("charged_back", tender="card", amount_minor=1000, reference="dp_1")
    shop.buyer.requests_cancellation()
    by_id = {one.id: one for one in shop.state.refunds}
    assert [by_id[one].release for one in open_refunds(shop)] == [True]
