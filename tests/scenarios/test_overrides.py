"""Support decides against the rules: with a reason and words, and above an amount only two people together."""

from datetime import timedelta

import pytest

from rescind.core import stock
from rescind.core.errors import (
    DeadlinePassed,
    EvidenceMissing,
    Forbidden,
    InvalidTransition,
    NothingSelected,
    QuantityNotOpen,
    ReasonNotListed,
    SecondPersonNeeded,
    UnknownLine,
)
from rescind.core.money import Money
from rescind.core.override import REASONS, WAITS, AnswerOverride, OverrideRules, possible
from rescind.core.parts import Act
from rescind.core.stage import Stage
from scenarios.shop import eur, item


def refused(shop, **order):
    """An order on its way whose buyer was refused by the policy."""
    shop.order(**({"paid": eur("40.00")} | order), stage=Stage.IN_TRANSIT)
    shop.buyer.requests_cancellation()
    assert shop.cancellation.status == "refused"
    return shop


def test_one_person_is_enough_up_to_the_amount_and_not_above_it(shop):
    refused(shop)
    shop.agent.overrides("approve", "rule_misapplied", alone=eur("40.00"))
    assert (shop.cancellation.status, shop.cancellation.closed_by) == ("approved", "support")
    assert (shop.refunded, shop.happened[-2:]) == (eur("40.00"), ["RulesOverridden", "CancellationApproved"])


@pytest.mark.parametrize("alone", [eur("39.99"), None])
def test_above_the_amount_nothing_happens_until_another_person_confirms(shop, alone):
    refused(shop)
    shop.agent.overrides("approve", "hardship", alone=alone)
    assert (shop.cancellation.status, shop.refunded.minor) == ("refused", 0)
    with pytest.raises(SecondPersonNeeded):
        shop.agent.confirms()
    shop.colleague.confirms()
    assert (shop.cancellation.status, shop.refunded) == ("approved", eur("40.00"))
    done = shop.state.overrides[-1]
    assert (done.by, done.answered_by, done.outcome) == ("sue", "cal", "done")
    trail = [(record.actor.id, type(record.event).__name__) for record in shop.records[-3:]]
    assert trail == [("sue", "OverrideProposed"), ("cal", "RulesOverridden"), ("cal", "CancellationApproved")]
    assert (shop.records[-2].event.by, shop.records[-2].event.confirmed_by) == ("sue", "cal")


def test_another_person_may_reject_and_whoever_proposed_may_withdraw(shop):
    refused(shop)
    shop.agent.overrides("approve", "goodwill")
    shop.colleague.drops()
    assert shop.state.overrides[-1].outcome == "rejected"
    shop.agent.overrides("approve", "goodwill")
    shop.agent.drops(2)
    assert [one.outcome for one in shop.state.overrides] == ["rejected", "withdrawn"]
    with pytest.raises(InvalidTransition):
        shop.colleague.confirms(2)
    assert shop.refunded.minor == 0


def test_a_proposal_nobody_answers_lapses_once(shop):  # R-039, I-37
    refused(shop)
    shop.agent.overrides("approve", "goodwill")
    due = shop.state.overrides[-1].due_at
    assert due == shop.now + WAITS
    shop.at(due - timedelta(seconds=1))
    assert shop.state.overrides[-1].outcome == "proposed"
    shop.now = due
    with pytest.raises(DeadlinePassed):
        shop.colleague.confirms()
    shop.at(due)
    assert (shop.state.overrides[-1].outcome, shop.refunded.minor) == ("lapsed", 0)
    assert [one for one in shop.due if one.kind == "override"] == []


def test_nobody_stops_more_than_there_is(shop):  # R-039, KF-06
    shop.order(lines=[item("mug", eur("10.00"), 2)], paid=eur("20.00"))
    with pytest.raises(NothingSelected):
        shop.agent.overrides("cancel", "fraud", lines={})
    for lines in ({"mug": 3}, {"mug": 0}):
        with pytest.raises(QuantityNotOpen):
            shop.agent.overrides("cancel", "fraud", lines=lines)
    with pytest.raises(UnknownLine):
        shop.agent.overrides("cancel", "fraud", lines={"cup": 1})
    shop.agent.overrides("cancel", "fraud", lines={"mug": 1}, alone=eur("10.00"))
    assert shop.refunded == eur("10.00")


def test_while_one_proposal_waits_there_is_no_other(shop):
    refused(shop)
    shop.agent.overrides("approve", "goodwill")
    with pytest.raises(InvalidTransition):
        shop.colleague.overrides("cancel", "fraud")


def test_who_confirms_confirms_what_was_read(shop):
    shop.order(lines=[item("mug", eur("10.00"), 2)], paid=eur("20.00"))
    shop.agent.overrides("cancel", "fraud")
    shop.seller.cancels(lines={"mug": 1})
    with pytest.raises(InvalidTransition):
        shop.colleague.confirms()
    shop.colleague.drops()
    assert shop.refunded == eur("10.00")


def test_the_platform_stops_an_order_for_reasons_of_its_own(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.agent.overrides("cancel", "fraud", alone=eur("100.00"))
    ended = shop.cancellation
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("40.00"))
    assert (ended.reason, ended.filed_by, ended.requested_by, ended.closed_by) == (
        "fraud",
        "operator",
        "sue",
        "support",
    )
    assert ended.fault == ""


def test_a_request_that_waits_is_answered_by_the_platforms_stop(shop):  # R-039, E-04
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    shop.agent.overrides("cancel", "seller_unreachable", alone=eur("100.00"))
    assert (len(shop.state.cancellations), shop.cancellation.status) == (1, "approved")
    assert shop.cancellation.fault == "seller"


def test_what_was_cancelled_before_payment_can_be_restored(shop):
    shop.order(total=eur("40.00"))
    shop.buyer.requests_cancellation()
    assert shop.stage is Stage.CANCELLED
    shop.agent.overrides("reverse", "decided_by_mistake", alone=eur("0.00"))
    assert (shop.cancellation.status, shop.cancellation.closed_by, shop.stage) == ("undone", "support", Stage.UNPAID)


def test_money_on_its_way_is_not_called_back(shop):  # R-039, I-02
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    with pytest.raises(InvalidTransition):
        shop.agent.overrides("reverse", "decided_by_mistake", alone=eur("100.00"))
    shop.provider.answers("declined")
    shop.agent.overrides("reverse", "decided_by_mistake", alone=eur("100.00"))
    assert (shop.stage, shop.refunded.minor) == (Stage.REVIEW, 0)
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("40.00"), "what came back unpaid can be paid back again"


def test_every_act_wants_a_listed_reason_and_words(shop):
    refused(shop)
    with pytest.raises(ReasonNotListed):
        shop.agent.overrides("approve", "fraud")
    with pytest.raises(EvidenceMissing):
        shop.agent.overrides("approve", "goodwill", comment="")
    for person in (shop.buyer, shop.seller, shop.support, shop.host):
        with pytest.raises(Forbidden):
            person.says(
                OverrideRules,
                act=Act.CANCEL,
                reason=REASONS[Act.CANCEL][0],
                comment=shop.note("x"),
                alone_up_to_minor=10**6,
            )
        with pytest.raises(Forbidden):
            person.says(AnswerOverride, number=1, confirm=True)


def test_what_may_be_overridden_is_said_before_anybody_tries(shop):
    refused(shop)
    assert [act for act, _ in possible(shop.state, shop.now)] == ["cancel", "approve"]
    shop.carrier.reports("delivered")
    assert possible(shop.state, shop.now) == (), "what has arrived is returned, not cancelled"


def test_an_order_whose_late_payment_goes_back_is_not_restored(shop):  # I-10
    shop.order(total=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.host.reports("paid")
    assert shop.refunded == eur("40.00")
    assert [act for act, _ in possible(shop.state, shop.now)] == []
    with pytest.raises(InvalidTransition):
        shop.agent.overrides("reverse", "parties_agree", alone=eur("100.00"))
    assert shop.stage is Stage.CANCELLED, "nobody packs what nobody has paid for"


def test_small_steps_on_one_order_add_up_to_what_two_people_decide(shop):  # R-039, I-33
    shop.order(lines=[item("mug", eur("10.00"), 4)], paid=eur("40.00"))
    for _ in range(2):
        shop.agent.overrides("cancel", "experience", lines={"mug": 1}, alone=eur("20.00"))
    shop.colleague.overrides("cancel", "experience", lines={"mug": 1}, alone=eur("20.00"))
    assert shop.refunded == eur("20.00"), "another single person is no second one"
    shop.agent.confirms(3)
    assert shop.refunded == eur("30.00")


def test_an_order_nobody_paid_in_time_is_not_restored_to_wait_for_ever(shop):  # I-15
    shop.order(total=eur("40.00"))
    shop.at(max(one.due_at for one in shop.state.timers))
    assert (shop.stage, shop.cancellation.reason) == (Stage.CANCELLED, "unpaid_timeout")
    assert possible(shop.state, shop.now) == ()
    with pytest.raises(InvalidTransition):
        shop.agent.overrides("reverse", "parties_agree", alone=eur("100.00"))


# --- what was called back and is to go out once more ------------------------------------------------------------------


RINGGIT = Money(10000, "MYR")


def at_the_door(shop):
    """An order that is to be paid at the door, so that no money stands in the way of restoring it."""
    return shop("my").order(total=Money(4000, "MYR"), tenders={"cash_on_delivery": 4000})


def called_back(shop, *, back=True):
    """Such an order, stopped on its way, and a week later in the house again."""
    here = at_the_door(shop)
    here.seller.reports("tracking_added", tracking="MY1")
    here.carrier.reports("handed_over")
    here.at("Tue 08:00").agent.overrides("cancel", "experience", alone=RINGGIT)
    assert stock.outside(here.state) == {here.state.lines[0].id: 1}
    here.at("2026-05-11 08:00")
    if not back:
        return here
    here.seller.says(stock.ReceiveBack)
    assert stock.back_to_stock(here.state) == {here.state.lines[0].id: 1}
    return here


def test_goods_that_came_back_are_the_restored_orders_again(shop):  # KF-18, R-039
    here = called_back(shop)
    before = here.state
    here.agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    assert (here.state.came_back, here.state.sellable, here.stage) == ({}, {}, Stage.REVIEW)
    told = stock.instructions(before, here.state)
    assert [(one.kind, one.quantity) for one in told] == [("reserve", 1)]


def test_what_leaves_a_second_time_is_not_back_until_somebody_says_so(shop):  # KF-18
    here = called_back(shop)
    here.agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    here.seller.reports("tracking_added", tracking="MY2")
    here.carrier.reports("handed_over")
    assert here.stage == Stage.IN_TRANSIT
    here.agent.overrides("cancel", "experience", alone=RINGGIT)
    assert stock.outside(here.state) == {here.state.lines[0].id: 1}, "it is out once more"
    assert stock.back_to_stock(here.state) == {}


def test_what_stayed_after_it_was_restored_is_released_at_once(shop):  # KF-18
    here = called_back(shop)
    here.agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    here.agent.overrides("cancel", "experience", alone=RINGGIT)
    assert stock.released(here.state) == {here.state.lines[0].id: 1}
    assert stock.outside(here.state) == {}


def test_what_is_still_out_when_it_is_restored_stays_on_its_way(shop):  # KF-18
    here = called_back(shop, back=False)
    here.agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    assert here.stage == Stage.IN_TRANSIT
    assert [parcel.id for parcel in here.state.parcels] == ["1"]


def test_a_restored_order_has_a_new_time_to_ship_where_the_old_one_is_over(shop):  # I-15, R-073, R-079
    here = called_back(shop)
    over = {one.name: one.due_at for one in here.state.timers}
    here.agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    waits = [one for one in here.due if one.kind == "timer"]
    assert waits, "nothing waits for ever"
    assert all(one.due_at > here.now for one in waits)
    again = {one.name: one.due_at for one in here.state.timers}
    assert all(over[name] <= here.now < again[name] for name in ("auto_cancel", "auto_cancel_uncollected"))
    assert again["undelivered"] == over["undelivered"], "a time that is still to come stays"
    assert here.at(here.now).stage == Stage.REVIEW, "it is not cancelled again at once"
    assert here.at(max(one.due_at for one in waits)).stage == Stage.CANCELLED


def test_a_time_to_ship_that_is_still_to_come_stays(shop):  # I-15
    here = at_the_door(shop)
    before, dispatch = here.state.timers, here.state.dispatch_due_at
    here.agent.overrides("cancel", "experience", alone=RINGGIT)
    here.at("Mon 09:00").agent.overrides("reverse", "parties_agree", alone=RINGGIT)
    assert before
    assert (here.state.timers, here.state.dispatch_due_at) == (before, dispatch)
