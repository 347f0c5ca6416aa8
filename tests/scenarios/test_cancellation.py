"""Asking to stop an order, and every way the question can end, under the plain rules."""

from datetime import timedelta

import pytest

from rescind.core.actor import SYSTEM
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    LapseDeadline,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.errors import (
    ConsentMissing,
    DeadlinePassed,
    EvidenceMissing,
    Forbidden,
    InvalidTransition,
    NotFound,
    NothingSelected,
    QuantityNotOpen,
    ReasonNotListed,
    UnknownLine,
    VerdictChanged,
)
from rescind.core.ids import CancellationId
from rescind.core.stage import Stage
from scenarios.shop import eur, item, usd

TICK = timedelta(microseconds=1)
TO_SHIP = (Stage.REVIEW, Stage.ALLOCATED, Stage.PREPARING, Stage.PACKING, Stage.PACKED, Stage.AWAITING_COLLECTION)
GONE = (Stage.IN_TRANSIT, Stage.DELIVERED, Stage.COMPLETED)


# --- the window -------------------------------------------------------------------------------------------------------


def test_who_was_shown_an_answer_gets_that_one_or_none(shop):  # KF-06
    here = shop("base").order(placed="Mon 10:00", paid=eur("40.00"))
    for shown in ("ask_seller", "refuse"):
        with pytest.raises(VerdictChanged):
            here.buyer.requests_cancellation(verdict=shown)
        with pytest.raises(VerdictChanged):
            here.seller.says(CancelBySeller, reason="out_of_stock", verdict=shown)
    assert here.state.cancellations == ()
    here.seller.reports("packing_started")
    with pytest.raises(VerdictChanged):
        here.buyer.requests_cancellation(verdict="approve")
    assert here.buyer.requests_cancellation(verdict="refuse").status == "refused"
    assert here.seller.says(CancelBySeller, reason="out_of_stock", verdict="approve")


@pytest.mark.parametrize("paid", [True, False])
def test_the_window_opens_with_the_order_and_ends_when_packing_begins(shop, paid):  # M-01
    def placed_at_ten():
        here = shop("base").order(placed="Mon 10:00", total=eur("40.00"))
        if paid:
            here.host.reports("paid")
        return here

    at_once = placed_at_ten()
    assert at_once.buyer.requests_cancellation().status == "approved"

    before = placed_at_ten().at("Mon 13:59:59")
    assert before.buyer.requests_cancellation().status == "approved"

    after = placed_at_ten().at("Mon 14:00")
    after.seller.reports("packing_started")
    asked = after.buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.instead) == ("refused", "PACKED-1", "ask_seller_anyway")
    assert after.refunded == eur("0.00")


def test_after_the_window_the_seller_may_still_be_asked_and_silence_refuses(shop):  # M-02
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    assert shop.at("Mon 10:00").buyer.requests_cancellation().instead == "ask_seller_anyway"
    asked = shop.buyer.requests_cancellation(anyway=True)
    assert (asked.status, asked.on_silence) == ("awaiting_seller", "refuse")
    assert shop.at("Tue 09:59:59").cancellation.status == "awaiting_seller"
    assert shop.at("Tue 10:00").cancellation.status == "refused"
    assert shop.cancellation.closed_by == "silence"
    assert shop.refunded == eur("0.00")


@pytest.mark.parametrize("stage", [Stage.PACKING, Stage.PACKED, Stage.AWAITING_COLLECTION])
def test_a_seller_may_accept_a_late_request_until_the_parcel_is_handed_over(shop, stage):  # M-02, M-09
    shop.order(paid=eur("40.00"), stage=stage)
    shop.at("Mon 10:00").buyer.requests_cancellation(anyway=True)
    shop.at("Tue 09:59:59").seller.approves()
    assert (shop.cancellation.status, shop.cancellation.closed_by) == ("approved", "seller")
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("40.00"))


def test_a_shops_own_window_lasts_its_hours_and_packing_does_not_end_it(shop):  # M-03
    here = shop("base", window="24h").order(placed="Mon 10:00", paid=eur("40.00"), stage=Stage.PACKED)
    late = shop("base", window="24h").order(placed="Mon 10:00", paid=eur("40.00"), stage=Stage.PACKED)
    assert here.at(here.time("Tue 10:00") - TICK).buyer.requests_cancellation().rule == "STANDING-1"
    assert here.cancellation.status == "approved"
    assert late.at("Tue 10:00").buyer.requests_cancellation().rule == "PACKED-1"


def test_a_shops_own_window_ends_with_the_hand_over(shop):  # M-03
    here = shop("base", window="24h").order(placed="Mon 10:00", paid=eur("40.00"), stage=Stage.AWAITING_COLLECTION)
    here.at("Mon 11:00").carrier.reports("handed_over")
    assert here.buyer.requests_cancellation().rule == "SHIPPED-1"


@pytest.mark.parametrize("stage", [Stage.ALLOCATED, Stage.PREPARING])
def test_at_allocation_and_preparation_the_seller_is_asked(shop, stage):  # M-08
    shop.order(paid=eur("40.00"), stage=stage)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.on_silence) == ("awaiting_seller", "ASK-1", "approve")
    assert asked.due_at == shop.time("Tue 10:00")
    assert asked.stage is stage
    assert shop.refunded == eur("0.00"), "nothing is owed before somebody says yes"


def test_at_packaging_the_seller_may_refuse_with_that_reason(shop):  # M-09
    shop.order(paid=eur("40.00"), stage=Stage.PACKING)
    shop.at("Mon 10:00").buyer.requests_cancellation(anyway=True)
    shop.seller.refuses("packed")
    assert (shop.cancellation.status, shop.cancellation.answer) == ("refused", "packed")
    assert (shop.stage, shop.refunded) == (Stage.PACKING, eur("0.00"))


def test_packed_is_no_reason_before_packing_began(shop):  # M-09, R-130
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    with pytest.raises(ReasonNotListed) as refused:
        shop.seller.refuses("packed")
    assert "packed" not in refused.value.params["listed"]
    assert shop.cancellation.status == "awaiting_seller"


@pytest.mark.parametrize("stage", GONE)
@pytest.mark.parametrize("anyway", [False, True])
def test_after_the_hand_over_nothing_can_be_cancelled(shop, stage, anyway):  # M-10
    shop.order(paid=eur("40.00"), stage=stage)
    asked = shop.at("Wed 10:00").buyer.requests_cancellation(anyway=anyway)
    assert asked.status == "refused"
    assert asked.instead == ("contact_support" if stage is Stage.COMPLETED else "return_or_refund")
    seller = shop.seller.cancels()
    assert (seller.status, seller.rule) == ("refused", "SELLER-3")
    assert shop.refunded == eur("0.00")


def test_a_parcel_reported_delivered_but_never_handed_over_is_gone_too(shop):  # M-10, I-14
    shop.order(paid=eur("15.00"), lines=(item("cup", eur("5.00")), item("pot", eur("10.00"))), stage=Stage.ALLOCATED)
    shop.carrier.reports("delivered", parcel="1", lines={"cup": 1})
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert asked.lines == {"pot": 1}
    with pytest.raises(QuantityNotOpen):
        shop.seller.cancels(lines={"cup": 1})


# --- custom goods -----------------------------------------------------------------------------------------------------


def test_custom_goods_before_work_starts_the_seller_is_asked_and_silence_refuses(shop):  # M-44
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED, custom_made=True)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert (asked.rule, asked.on_silence) == ("CUSTOM-1", "refuse")
    assert shop.at("Tue 09:59:59").cancellation.status == "awaiting_seller"
    assert shop.at("Tue 10:00").cancellation.status == "refused"


def test_custom_goods_in_the_making_are_refused_unless_the_seller_agrees(shop):  # M-44, M-08
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING, custom_made=True)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.instead) == ("refused", "CUSTOM-2", "ask_seller_anyway")
    shop.buyer.requests_cancellation(anyway=True)
    shop.seller.approves()
    assert shop.refunded == eur("40.00")


@pytest.mark.parametrize("fact", ["seller_at_fault", "error_confirmed"])
def test_the_sellers_fault_and_a_confirmed_error_always_go_through(shop, fact):  # M-44, M-48
    shop.order(paid=eur("40.00"), stage=Stage.PACKED, custom_made=True)
    shop.host.reports(fact)
    assert shop.at("Mon 10:00").buyer.requests_cancellation("wrong_variant").rule == "FAULT-1"
    assert shop.refunded == eur("40.00")


# --- silence and its boundary -----------------------------------------------------------------------------------------


def test_a_seller_who_stays_silent_for_24_hours_has_agreed(shop):  # CONSENT-2
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    assert shop.at("Tue 09:59").cancellation.status == "awaiting_seller"
    assert shop.at("Tue 10:00").cancellation.status == "approved"
    assert shop.refunded == eur("40.00")


def test_a_seller_who_answers_in_the_last_instant_has_answered(shop):  # CONSENT-2, I-37
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    due_at = shop.at("Mon 10:00").buyer.requests_cancellation().due_at
    shop.at(due_at - TICK).seller.refuses("other", comment="It is nearly done")
    assert shop.at("Thu 10:00").cancellation.status == "refused"
    assert shop.cancellation.closed_by == "seller"


@pytest.mark.parametrize("answers", ["approves", "refuses"])
def test_an_answer_at_the_deadline_is_late_even_before_the_timer_ran(shop, answers):  # CONSENT-2, I-37
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    due_at = shop.at("Mon 10:00").buyer.requests_cancellation().due_at
    shop.now = due_at
    with pytest.raises(DeadlinePassed) as late:
        getattr(shop.seller, answers)()
    assert late.value.params == {"due_at": due_at, "now": due_at}
    assert shop.cancellation.status == "awaiting_seller"


def test_a_timer_that_comes_early_twice_or_too_late_changes_nothing(shop):  # I-37, I-38
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    lapse = LapseDeadline(order=shop.state.id, cancellation=asked.id)
    shop.now = asked.due_at - TICK
    assert shop.handle(lapse, SYSTEM).events == ()
    shop.now = asked.due_at
    assert len(shop.handle(lapse, SYSTEM).events) == 1
    assert shop.handle(lapse, SYSTEM).events == ()
    other = LapseDeadline(order=shop.state.id, cancellation=CancellationId("can_00000007none0000000000"))
    assert shop.handle(other, SYSTEM).events == ()
    assert shop.refunded == eur("40.00")


def test_a_timer_that_runs_days_late_still_answers_once(shop):  # I-38
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.now = shop.time("2026-05-20 10:00")
    shop.handle(LapseDeadline(order=shop.state.id, cancellation=asked.id), SYSTEM)
    assert (shop.cancellation.status, shop.cancellation.closed_at) == ("approved", shop.now)


def test_a_buyer_who_cancels_all_the_time_is_looked_at_and_a_slow_desk_is_no_no(shop):  # M-31, M-20
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    for counted, rule in ((9, "ASK-1"), (10, "FREQUENT-1")):
        shop.counters = counted
        assert shop.at(shop.now).buyer.requests_cancellation().rule == rule
        if rule == "ASK-1":
            shop.buyer.withdraws()
    assert shop.cancellation.status == "in_review"
    with pytest.raises(InvalidTransition):
        shop.seller.approves()
    assert shop.at("Wed 07:59:59").cancellation.status == "in_review"
    assert shop.at("Wed 08:00").cancellation.status == "approved"


def test_the_third_request_on_an_order_is_the_last(shop):  # M-31
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    for _ in range(3):
        assert shop.buyer.requests_cancellation().status == "awaiting_seller"
        shop.buyer.withdraws()
    assert shop.buyer.requests_cancellation().rule == "REPEAT-1"


# --- one question at a time -------------------------------------------------------------------------------------------


def test_there_is_one_open_request_at_a_time(shop):  # E-04
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    with pytest.raises(InvalidTransition) as refused:
        shop.buyer.requests_cancellation()
    assert refused.value.params["allowed_actions"] == ("withdraw",)
    assert refused.value.params["deadline"] == asked.due_at
    assert len(shop.state.cancellations) == 1


def test_a_cancelled_order_cannot_be_cancelled_again(shop):  # I-17
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    for again in (shop.buyer.requests_cancellation, shop.seller.cancels):
        with pytest.raises(InvalidTransition) as refused:
            again()
        assert refused.value.params["current_state"] == "cancelled"
    assert shop.refunded == eur("40.00")


@pytest.mark.parametrize("answered", ["approves", "refuses", "withdraws"])
def test_what_is_answered_stays_answered(shop, answered):  # I-17
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    ways = {
        "approves": shop.seller.approves,
        "refuses": lambda: shop.seller.refuses(comment="No"),
        "withdraws": shop.buyer.withdraws,
    }
    ways[answered]()
    before = shop.state
    for again in ways.values():
        with pytest.raises(InvalidTransition):
            again()
    assert shop.at("Fri 10:00").state == before


def test_a_buyer_takes_a_request_back_and_may_ask_again(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.at("Mon 11:00").buyer.withdraws()
    assert (shop.cancellation.status, shop.cancellation.closed_by) == ("withdrawn", "buyer")
    assert shop.due == (), "the deadline went with the request"
    shop.at("Mon 12:00").buyer.requests_cancellation()
    assert shop.cancellation.due_at == shop.time("Tue 12:00")
    assert shop.at("Tue 11:59").cancellation.status == "awaiting_seller"


def test_each_answer_is_its_own_persons(shop):  # I-33
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    wrong = (
        lambda: shop.buyer.says(ApproveCancellation, cancellation=asked.id),
        lambda: shop.host.says(ApproveCancellation, cancellation=asked.id),
        lambda: shop.carrier.says(ApproveCancellation, cancellation=asked.id),
        lambda: shop.seller.says(WithdrawCancellation, cancellation=asked.id),
        lambda: shop.seller.says(RequestCancellation, reason="changed_mind"),
        lambda: shop.host.says(RequestCancellation, reason="changed_mind"),
    )
    for does in wrong:
        with pytest.raises(Forbidden):
            does()
    assert shop.cancellation.status == "awaiting_seller"


def test_a_cancellation_that_never_was_is_not_found(shop):  # I-30
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    for does in (shop.seller.approves, shop.buyer.withdraws):
        with pytest.raises(NotFound):
            does(CancellationId("can_00000007none0000000000"))


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_a_reason_is_wanted_and_must_be_a_listed_one(shop):  # M-32, R-130
    shop.order(paid=eur("40.00"))
    for reason in ("", "none", "because", "out_of_stock"):
        with pytest.raises(ReasonNotListed):
            shop.buyer.requests_cancellation(reason)
    assert shop.state.cancellations == ()


def test_other_needs_words_and_already_shipped_needs_tracking(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    for reason, needs in (("other", ("comment",)), ("already_shipped", ("tracking",))):
        with pytest.raises(EvidenceMissing) as refused:
            shop.seller.refuses(reason)
        assert refused.value.params["needs"] == needs
    with pytest.raises(EvidenceMissing):
        shop.seller.refuses("already_shipped", tracking="JD2")
    shop.seller.refuses("already_shipped", carrier="Post", tracking="JD2")
    assert (shop.cancellation.status, shop.stage) == ("refused", Stage.AWAITING_COLLECTION)
    assert shop.state.parcels[0].tracking == "JD2"


def test_a_buyer_who_says_other_says_what(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    with pytest.raises(EvidenceMissing):
        shop.buyer.requests_cancellation("other")
    shop.buyer.requests_cancellation("other", comment="It is for a friend who moved")
    assert shop.cancellation.reason == "other"


def test_words_are_kept_beside_the_event_not_in_it(shop):  # I-25, I-28
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation(comment="my old one turned up")
    (note,) = shop.decision.notes
    assert note.body == "my old one turned up"
    kept = shop.records[-1].event.request.comment
    assert (kept.id, kept.digest) == (note.id, note.digest)
    assert "turned up" not in repr(shop.records[-1])


# --- parts ------------------------------------------------------------------------------------------------------------


def test_an_empty_choice_never_means_everything(shop):  # KF-06
    shop.order(paid=eur("15.00"), lines=(item("cup", eur("5.00")), item("pot", eur("10.00"))))
    for does in (shop.buyer.requests_cancellation, shop.seller.cancels):
        with pytest.raises(NothingSelected):
            does(lines={})
        for wrong in ({"cup": 0}, {"cup": -1}, {"cup": 2}):
            with pytest.raises(QuantityNotOpen):
                does(lines=wrong)
        with pytest.raises(UnknownLine):
            does(lines={"cup": 1, "lid": 1})
    assert shop.state.cancellations == ()


def test_a_part_of_an_order_is_cancelled_and_the_rest_goes_on(shop):  # M-16
    shop.order(paid=eur("35.00"), lines=(item("cup", eur("5.00"), 3), item("pot", eur("20.00"))))
    assert shop.buyer.requests_cancellation(lines={"cup": 2}).status == "approved"
    assert (shop.refunded, shop.stage) == (eur("10.00"), Stage.REVIEW)
    with pytest.raises(QuantityNotOpen) as refused:
        shop.buyer.requests_cancellation(lines={"cup": 2})
    assert refused.value.params["open"] == 1
    shop.buyer.requests_cancellation()
    assert (shop.refunded, shop.stage) == (eur("35.00"), Stage.CANCELLED)


def test_the_wrong_units_are_never_cancelled(shop):  # KF-19
    shop.order(paid=eur("25.00"), lines=(item("cup", eur("5.00"), 5),), stage=Stage.ALLOCATED)
    shop.carrier.reports("handed_over", parcel="1", lines={"cup": 2})
    with pytest.raises(QuantityNotOpen):
        shop.seller.cancels(lines={"cup": 4})
    shop.seller.cancels(lines={"cup": 3})
    assert (shop.cancellation.status, shop.refunded) == ("approved", eur("15.00"))
    assert shop.stage is Stage.IN_TRANSIT, "what is left is on its way"
    assert shop.state.open_units() == {}


# --- the seller stops -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.UNPAID, *TO_SHIP])
def test_a_seller_may_stop_an_order_until_it_is_handed_over(shop, stage):  # M-29, R-037
    paid = {"total": eur("40.00")} if stage is Stage.UNPAID else {"paid": eur("40.00")}
    shop.order(**paid, stage=stage)
    cancelled = shop.at("Mon 10:00").seller.cancels("out_of_stock")
    assert (cancelled.status, cancelled.closed_by, cancelled.filed_by) == ("approved", "seller", "seller")
    assert shop.stage is Stage.CANCELLED
    assert shop.refunded == eur("0.00" if stage is Stage.UNPAID else "40.00")


def test_a_seller_who_stops_the_order_answers_the_question_that_waits(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.seller.cancels("buyer_asked")
    assert len(shop.state.cancellations) == 1
    assert (shop.cancellation.id, shop.cancellation.status) == (asked.id, "approved")
    assert shop.due[0].kind == "refund"
    assert len(shop.due) == 1


def test_a_seller_who_stops_something_else_has_not_answered_the_question(shop):  # I-15, I-17
    lines = (item("cup", eur("5.00")), item("pot", eur("10.00")))
    shop.order(paid=eur("15.00"), lines=lines, stage=Stage.PREPARING)
    asked = shop.at("Mon 10:00").buyer.requests_cancellation(lines={"cup": 1})
    with pytest.raises(InvalidTransition) as refused:
        shop.seller.cancels("out_of_stock", lines={"pot": 1})
    assert refused.value.params["allowed_actions"] == ("approve", "refuse")
    assert shop.cancellation.status == "awaiting_seller"
    shop.seller.cancels("out_of_stock")
    assert (shop.cancellation.id, shop.cancellation.lines) == (asked.id, {"cup": 1, "pot": 1})
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("15.00"))


def test_support_does_not_stop_an_order_as_if_it_were_the_seller(shop):  # I-33
    shop.order(paid=eur("40.00"))
    with pytest.raises(Forbidden):
        shop.support.says(ApproveCancellation, cancellation=CancellationId("can_00000007none0000000000"))


# --- support for a caller ---------------------------------------------------------------------------------------------


def test_support_files_for_a_buyer_under_the_same_rules(shop):  # M-49
    for stage, status in ((Stage.REVIEW, "approved"), (Stage.PREPARING, "awaiting_seller"), (Stage.PACKED, "refused")):
        mine, theirs = (shop("base").order(paid=eur("40.00"), stage=stage) for _ in range(2))
        by_buyer = mine.at("Mon 10:00").buyer.requests_cancellation()
        by_support = theirs.at("Mon 10:00").support.requests_cancellation()
        assert by_buyer.status == by_support.status == status
        assert by_buyer.rule == by_support.rule
        assert (by_support.requested_by, by_support.filed_by) == ("ann", "support")
        assert (by_buyer.requested_by, by_buyer.filed_by) == ("ann", "buyer")
        actor = theirs.records[-1].actor
        assert (actor.kind, actor.id, actor.on_behalf_of) == ("support", "sue", "ann")


def test_support_needs_the_buyers_consent_and_it_is_kept(shop):  # M-49
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    with pytest.raises(ConsentMissing):
        shop.support.requests_cancellation(consent="")
    assert shop.state.cancellations == ()
    shop.support.requests_cancellation(consent="rang at 10:02")
    assert [note.body for note in shop.decision.notes] == ["rang at 10:02"]
    assert shop.records[-1].event.request.consent is not None
    with pytest.raises(ConsentMissing):
        shop.support.withdraws(consent="")
    shop.support.withdraws(consent="rang again")
    assert shop.cancellation.status == "withdrawn"
    assert shop.records[-1].event.consent is not None


def test_what_the_policy_sends_on_to_the_seller_is_not_counted_against_the_buyer(shop):  # M-02, REPEAT-1
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    for _ in range(5):
        refused = shop.buyer.requests_cancellation()
        assert (refused.rule, refused.instead) == ("PACKED-1", "ask_seller_anyway")
    assert shop.buyer.requests_cancellation(anyway=True).status == "awaiting_seller"


# --- late is late, whether or not the clock has acted -----------------------------------------------------------------


def test_a_buyer_takes_back_before_the_deadline_only(shop):  # I-37, E-02
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.now = shop.time("Tue 10:00")  # the worker has not come by yet
    with pytest.raises(DeadlinePassed):
        shop.buyer.withdraws(shop.cancellation.id)
    assert shop.at("Tue 10:00").cancellation.status == "approved"
    other = shop().order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    other.at("Mon 10:00").buyer.requests_cancellation()
    other.now = other.time("Tue 10:00") - timedelta(microseconds=1)
    other.buyer.withdraws(other.cancellation.id)
    assert other.cancellation.status == "withdrawn"


def test_a_label_at_the_deadline_is_no_answer_any_more(shop):  # I-37, R-050, KF-22
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    us.at("Mon 12:00").buyer.requests_cancellation()
    us.now = us.time("Tue 12:00")
    with pytest.raises(DeadlinePassed):
        us.seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert (us.at("Tue 12:00").cancellation.status, us.refunded) == ("approved", usd("40.00"))
    other = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    other.at("Mon 12:00").buyer.requests_cancellation()
    other.now = other.time("Tue 12:00") - timedelta(microseconds=1)
    other.seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert other.cancellation.status == "overtaken"
