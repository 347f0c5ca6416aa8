"""A refund that cannot be sent has the same ways on as one that failed, and somebody whose move it is."""

import pytest

from rescind.api.order_state import next_actions
from rescind.core.chargeback import ASKED_AGAIN_S
from rescind.core.context import Context
from rescind.core.errors import InvalidTransition, RefundUnderWay
from rescind.core.failed_refund import SettleFailedRefund, WayOn, settle, to_settle
from rescind.core.refund import NEEDS_SOMEBODY, NOT_SENT_BECAUSE, ProviderOutcome
from scenarios.shop import eur


@pytest.fixture
def owed(shop):
    """A cancelled order of EUR 40 whose refund is owed."""
    shop.order(paid=eur("40.00")).buyer.requests_cancellation()
    return shop


def unsent(shop, cause="details_invalid"):
    shop.provider.answers(ProviderOutcome.NOT_SENT, cause=cause)
    return shop


def money(shop):
    (tender,) = shop.state.tenders
    return tender.reserved_minor, tender.refunded_minor, tender.left_minor


@pytest.mark.parametrize("cause", sorted(NEEDS_SOMEBODY))
def test_what_cannot_be_sent_is_paid_out_by_hand_and_never_sent_after_that(owed, cause):  # KF-15, KF-16, I-04
    (refund,) = unsent(owed, cause).state.refunds
    owed.agent.settles("paid_out", voucher="V-1")
    given_up, by_hand = owed.state.refunds
    assert (given_up.id, given_up.status, given_up.cause, given_up.settled) == (refund.id, "failed", cause, "paid_out")
    assert (by_hand.status, by_hand.amount_minor, by_hand.into, by_hand.reference) == (
        "succeeded",
        4000,
        "paid_out",
        "V-1",
    )
    assert money(owed) == (0, 4000, 0)
    assert [one for one in owed.due if one.kind == "refund"] == []
    owed.provider.answers("succeeded", refund.id)
    assert money(owed) == (0, 4000, 0), "nothing brings it back to life"
    assert to_settle(owed.state) == ()


def test_it_is_sent_again_under_a_new_id_or_becomes_credit_with_consent(owed):  # I-05
    unsent(owed).agent.settles("again")
    first, second = owed.state.refunds
    assert first.id != second.id
    assert (first.status, second.status, money(owed)) == ("failed", "owed", (4000, 0, 0))
    unsent(owed).agent.settles("store_credit", consent="By telephone.")
    credit = owed.state.refunds[-1]
    assert (credit.into, credit.status, money(owed)) == ("store_credit", "owed", (4000, 0, 0))


def test_whoever_can_do_something_has_the_move_and_others_are_not_asked(owed):  # I-15
    def moves():
        return [(one.actor, one.action) for one in next_actions(owed.state, owed.now) if one.about.startswith("ref_")]

    assert moves() == [("system", "send_refund")]
    for cause in NOT_SENT_BECAUSE:
        unsent(owed, cause)
        assert moves() == [
            {
                "not_set_up": ("operator", "connect_provider"),
                "still_held": ("system", "send_refund"),
            }.get(cause, ("support", "resolve_failed_refund"))
        ]


def test_what_is_about_to_be_sent_or_waits_for_a_bank_is_not_settled(owed):  # I-05, I-10
    with pytest.raises(InvalidTransition):
        owed.agent.settles("paid_out", owed.state.refunds[0].id, voucher="V-1")
    refund = unsent(owed).state.refunds[0].id
    command = SettleFailedRefund(order=owed.state.id, refund=refund, way=WayOn.PAID_OUT, voucher="V-1")
    asked = Context(calendar=owed.calendar, entropy=1, asked=frozenset({refund}))
    with pytest.raises(RefundUnderWay) as refused:
        settle(owed.state, command, owed.agent.actor, asked, owed.terms, owed.now)
    assert refused.value.params["retry_after"] == ASKED_AGAIN_S
    owed.host.reports("charged_back", tender="card", amount_minor=4000)
    with pytest.raises(InvalidTransition):
        owed.agent.settles("paid_out", refund, voucher="V-1")


def test_while_a_colleague_has_to_agree_nothing_is_sent(owed):  # I-05, ID-05
    owed.alone = eur("10.00")
    unsent(owed).agent.settles("paid_out", voucher="V-1")
    assert owed.state.refunds[0].status == "owed"
    assert [one.kind for one in owed.due if one.kind == "refund"] == []
    owed.colleague.disagrees()
    assert [one.kind for one in owed.due if one.kind == "refund"] == ["refund"]
    owed.agent.settles("paid_out", voucher="V-2")
    owed.colleague.agrees(2)
    assert (owed.state.refunds[-1].reference, money(owed)) == ("V-2", (0, 4000, 0))


def test_a_promise_that_cannot_be_let_go_is_tried_again_and_stays_let_go_of_once(shop):
    shop.order(total=eur("40.00")).host.reports("authorised")
    shop.buyer.requests_cancellation()
    unsent(shop).agent.settles("again")
    (tender,) = shop.state.tenders
    assert (tender.authorised_minor, tender.released_minor) == (0, 4000)
    with pytest.raises(InvalidTransition):
        unsent(shop).agent.settles("paid_out", voucher="V-1")
    shop.provider.answers("succeeded")
    assert shop.state.refunds[-1].status == "succeeded"
