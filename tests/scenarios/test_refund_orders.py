"""Refunds that the marketplace pays out itself, and that somebody has to confirm."""

from datetime import date

import pytest

from rescind.core.actor import SYSTEM
from rescind.core.errors import (
    CurrencyMismatch,
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
    RefundAmountDiffers,
    RefundSettled,
)
from rescind.core.parts import RefundStatus
from rescind.core.refund_order import ConfirmRefundOrder, DeclineRefundOrder, LapseRefundOrder, TakeRefundOrder
from scenarios.shop import eur, jpy


@pytest.fixture
def ordered(shop):
    """An order of EUR 40 that was cancelled on Monday; the marketplace has three working days to pay it back."""
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.provider.orders(days=3)
    return shop


def refund(shop):
    return shop.state.refunds[0]


def test_a_refund_order_waits_for_somebodys_word_and_keeps_its_money(ordered):  # M-15, I-07
    assert refund(ordered).status is RefundStatus.SUBMITTED
    assert ordered.state.tenders[0].reserved_minor == 4000
    assert [one.kind for one in ordered.due if one.ref == refund(ordered).id] == ["refund_order"], "nobody is asked"
    ordered.host.paid_out("WX-77", on="2026-05-04")
    assert (refund(ordered).status, refund(ordered).reference) == (RefundStatus.SUCCEEDED, "WX-77")
    assert refund(ordered).ordered.paid_on.isoformat() == "2026-05-04"
    tender = ordered.state.tenders[0]
    assert (tender.reserved_minor, tender.refunded_minor) == (0, 4000)
    assert not [one for one in ordered.due if one.ref == refund(ordered).id]


def test_nobody_pays_out_what_a_bank_decides_about(ordered):  # I-10, M-15
    ordered.host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    assert not [one for one in ordered.due if one.ref == refund(ordered).id], "nobody is late"
    with pytest.raises(InvalidTransition) as problem:
        ordered.agent.takes_refund()
    assert problem.value.params["current_state"] == "waits_for_bank"
    before = ordered.state
    ordered.at("Fri 12:00").handle(LapseRefundOrder(order=before.id, refund=refund(ordered).id), SYSTEM)
    assert ordered.state == before
    ordered.at("Sat 12:00").host.reports("chargeback_won", tender="card", reference="dp_1")
    (waits,) = [one for one in ordered.due if one.ref == refund(ordered).id]
    assert waits.kind == "refund_order"
    ordered.host.paid_out("WX-77", on="2026-05-09")
    assert refund(ordered).status is RefundStatus.SUCCEEDED


def test_what_the_bank_gave_the_buyer_is_not_paid_out_again(ordered):  # I-10, M-15
    ordered.host.reports("charged_back", tender="card", amount_minor=1500, reference="dp_1")
    ordered.at("Wed 12:00").host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert (refund(ordered).amount_minor, refund(ordered).covered_minor) == (2500, 1500)
    ordered.host.reports("charged_back", tender="card", amount_minor=2500, reference="dp_2")
    ordered.host.reports("chargeback_lost", tender="card", reference="dp_2")
    assert refund(ordered).status is RefundStatus.TAKEN_ELSEWHERE
    assert not [one for one in ordered.due if one.ref == refund(ordered).id]


def test_what_was_paid_out_before_the_bank_decided_is_believed(ordered):  # promise 7
    ordered.host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    ordered.host.paid_out("WX-77", on="2026-05-04")
    assert refund(ordered).status is RefundStatus.SUCCEEDED


def test_it_is_ordered_once_however_often_it_is_sent(ordered):  # I-05, ID-05
    before = ordered.state
    ordered.at("Tue 09:00").provider.answers("submitted", refund(ordered).id, confirm_days=3)
    ordered.provider.answers("in_doubt", refund(ordered).id)
    assert ordered.state == before


def test_three_working_days_do_not_count_the_weekend(shop):  # E-03
    shop.order(paid=eur("40.00"), placed="Fri 08:00")
    shop.at("Fri 10:00").buyer.requests_cancellation()
    shop.provider.orders(days=3)
    # Friday does not count, Saturday and Sunday neither: Monday, Tuesday and Wednesday do.
    assert refund(shop).ordered.due_at == shop.time("2026-05-14 00:00")


def test_what_nobody_confirms_goes_to_the_lead_each_time_anew(ordered):  # promise 5
    ordered.agent.takes_refund()
    assert refund(ordered).ordered.owner == "sue"
    assert ordered.at("Thu 23:59").state.refunds[0].ordered.escalated_at is None
    ordered.at("Fri 00:00")
    first = refund(ordered).ordered
    assert first.escalated_at == ordered.time("Fri 00:00")
    assert first.owner == "", "whoever leads support gives it to somebody anew"
    assert first.due_at == ordered.time("2026-05-14 00:00")
    ordered.colleague.takes_refund()
    ordered.at("2026-05-14 00:00")
    assert refund(ordered).ordered.due_at == ordered.time("2026-05-20 00:00")
    assert refund(ordered).ordered.owner == ""
    assert refund(ordered).status is RefundStatus.SUBMITTED, "silence pays nobody, and takes nothing back"
    ordered.agent.paid_out(on="2026-05-13")
    assert refund(ordered).status is RefundStatus.SUCCEEDED


def test_nobody_takes_it_from_a_colleague_without_meaning_to(ordered):  # ID-05
    ordered.agent.takes_refund()
    with pytest.raises(InvalidTransition):
        ordered.colleague.takes_refund()
    assert refund(ordered).ordered.owner == "sue"
    ordered.colleague.takes_refund(over=True)
    assert refund(ordered).ordered.owner == "cal"


def test_confirmed_twice_is_confirmed_once_and_otherwise_is_told(ordered):  # ID-05
    ordered.host.paid_out("WX-77")
    before = ordered.state
    ordered.agent.paid_out("WX-77")
    assert ordered.state == before, "two people who say the same have said it"
    with pytest.raises(RefundSettled) as told:
        ordered.agent.paid_out("WX-78")
    assert told.value.params["reference"] == "WX-77"
    with pytest.raises(RefundSettled):
        ordered.agent.paid_out("WX-77", on="2026-05-05")
    assert ordered.state == before


def test_another_amount_or_currency_is_another_refund(ordered):  # I-03
    before = ordered.state
    for amount in ("39.99", "40.01", "0.00"):
        with pytest.raises(RefundAmountDiffers):
            ordered.host.paid_out(amount=eur(amount))
    with pytest.raises(CurrencyMismatch):
        ordered.host.paid_out(amount=jpy("4000"))
    assert ordered.state == before


def test_the_day_it_left_lies_between_owing_and_today(ordered):  # E-08
    before = ordered.state
    for day in ("2026-05-02", "2026-05-06", "2025-05-04"):
        with pytest.raises(InvalidField):
            ordered.host.paid_out(on=day)
    assert ordered.state == before
    ordered.host.paid_out(on="2026-05-05")
    assert refund(ordered).status is RefundStatus.SUCCEEDED, "somewhere it is tomorrow already"


def test_what_was_declined_is_not_confirmed_and_can_be_refunded_again(ordered):  # I-04
    ordered.agent.could_not_pay("account_closed")
    assert (refund(ordered).status, refund(ordered).ordered.declined) == (RefundStatus.FAILED, "account_closed")
    assert ordered.state.tenders[0].left_minor == 4000
    before = ordered.state
    ordered.agent.could_not_pay("account_closed")
    for late in (ordered.host.paid_out, ordered.agent.takes_refund, lambda: ordered.host.could_not_pay("not_accepted")):
        with pytest.raises(RefundSettled):
            late()
    assert ordered.state == before


def test_money_that_comes_back_late_is_owed_to_nobody_until_somebody_decides(ordered):  # I-09
    ordered.host.paid_out("WX-77")
    with pytest.raises(RefundSettled):
        ordered.agent.could_not_pay("account_closed")
    ordered.at("2026-06-01 09:00").host.could_not_pay("came_back")
    assert (refund(ordered).status, refund(ordered).reference) == (RefundStatus.FAILED, "WX-77")
    assert ordered.state.tenders[0].refunded_minor == 0
    with pytest.raises(RefundSettled):
        ordered.host.paid_out("WX-77")


def test_only_the_marketplace_and_support_say_that_money_left(ordered):  # I-30
    before = ordered.state
    one = {"refund": refund(ordered).id}
    said = {"reference": "BK-1", "paid_on": date(2026, 5, 4), "amount": eur("40.00")}
    for somebody in (ordered.seller, ordered.buyer, ordered.support):
        with pytest.raises(Forbidden):
            somebody.says(ConfirmRefundOrder, **one, **said)
        with pytest.raises(Forbidden):
            somebody.says(DeclineRefundOrder, **one, code="not_accepted")
        with pytest.raises(Forbidden):
            somebody.says(TakeRefundOrder, **one)
    with pytest.raises(InvalidField):
        ordered.agent.could_not_pay("no_idea")
    assert ordered.state == before


def test_a_refund_that_a_provider_pays_is_nobodys_to_confirm(shop):  # I-05
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("submitted")
    for by in (shop.host.paid_out, shop.host.could_not_pay, shop.agent.takes_refund):
        with pytest.raises(NotFound):
            by()
