"""Goods that are promised for a day are neither late nor cancelled before it, however they are made, in any preset."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rescind.core.context import Context
from rescind.core.deadline import day_start
from rescind.core.errors import InvalidField
from rescind.core.money import Money
from rescind.core.policy.facts import facts
from rescind.core.policy.vocabulary import HANDLINGS
from rescind.core.stage import Stage
from rescind.core.terms import BY_PAYER
from rescind.policies import preset, presets
from scenarios.shop import Shop

PROMISED = "2026-06-05 15:30"
FOR_NOBODY_READY = [one for one in HANDLINGS if one != "regular"]
BY_THE_BUYER = {BY_PAYER, "address_check"}
"""What only the buyer can do in time, whenever the goods are ready."""


def promised(policy, handling, *, by="seller", at_the_door=False, **more):
    shop = Shop(policy)
    price = Money(4000, shop.policy.currency or "USD")
    told = {"handling": handling, "promised_at": shop.time(PROMISED), "shipping_by": by, **more}
    if at_the_door:
        return shop.order(total=price, tenders={"cash_on_delivery": 4000}, **told)
    return shop.order(paid=price, **told)


def rung(shop):
    return [(one.name, one.then) for one in shop.state.timers if one.rung_at and one.then in {"late", "cancel"}]


@pytest.mark.parametrize("by", ["seller", "platform", "fulfilled_by_platform"])
@pytest.mark.parametrize("handling", HANDLINGS)
@pytest.mark.parametrize("policy", presets())
def test_nothing_of_a_promised_order_is_late_or_cancelled_before_its_day(policy, handling, by):
    for at_the_door in (False, True):
        shop = promised(policy, handling, by=by, at_the_door=at_the_door, deliver_by="2026-05-12 00:00")
        day = shop.time(PROMISED).astimezone(shop.zone).date()
        over = day_start(day + timedelta(days=1), shop.policy.zone)
        for timer in shop.state.timers:
            if timer.then in {"late", "cancel"} and timer.name not in BY_THE_BUYER:
                assert timer.due_at >= over, f"{timer.name} rings {timer.due_at}"
        due_at = shop.state.dispatch_due_at
        assert due_at is None or due_at >= over
        shop.at(over - timedelta(seconds=1))
        assert (shop.stage is not Stage.CANCELLED, rung(shop)) == (True, [])
        assert not _read(shop)["past_dispatch_sla"]
        shop.host.reports("handed_over", tracking="JD1")
        assert not _read(shop)["dispatched_late"]


def _read(shop):
    return facts(
        shop.state,
        now=shop.now,
        at_stage=shop.stage,
        actor="buyer",
        selection=shop.state.open_units(),
        amount_minor=0,
        context=Context(calendar=shop.calendar, entropy=0),
    )


@pytest.mark.parametrize("handling", FOR_NOBODY_READY)
@pytest.mark.parametrize("policy", presets())
def test_where_a_clock_would_run_from_the_order_such_goods_need_their_day(policy, handling):
    shop = Shop(policy)
    price = Money(4000, shop.policy.currency or "USD")
    if shop.terms.needs_promise(handling):
        with pytest.raises(InvalidField) as refused:
            shop.order(paid=price, handling=handling)
        assert refused.value.params["field"] == "/promised_at"
        return
    shop.order(paid=price, handling=handling)
    ends = {one.name for one in shop.state.timers if one.then in {"late", "cancel"}} - BY_THE_BUYER
    assert ends <= {"never_arrived"}, "nothing that counts from the order"


@pytest.mark.parametrize("policy", ["th", "my", "sg", "ph", "vn"])
@pytest.mark.parametrize("handling", FOR_NOBODY_READY)
def test_in_south_east_asia_what_is_not_ready_two_days_after_the_promised_one_is_cancelled(policy, handling):
    shop = promised(policy, handling)
    shop.at("2026-06-07 23:59:59")
    assert shop.stage is not Stage.CANCELLED
    shop.at("2026-06-08 00:00")
    assert (shop.stage, shop.cancellation.reason, shop.cancellation.fault) == (
        Stage.CANCELLED,
        "not_shipped",
        "seller",
    )


@pytest.mark.parametrize("handling", FOR_NOBODY_READY)
def test_in_vietnam_such_goods_leave_on_their_day_whatever_the_hour(handling):
    shop = promised("vn", handling)
    assert shop.state.dispatch_due_at == shop.time("2026-06-06 00:00")
    regular = Shop("vn").order(placed="Tue 13:59", paid=Money(4000, "VND"))
    assert regular.state.dispatch_due_at == regular.time("Wed 00:00")


@pytest.mark.parametrize(("policy", "due"), [("us", "Thu 00:00"), ("uk", "Thu 00:00"), ("cross-border", "Fri 00:00")])
def test_goods_that_nobody_promised_for_a_day_keep_the_times_that_count_from_the_order(policy, due):
    shop = Shop(policy).order(paid=Money(4000, preset(policy).currency or "USD"))
    assert shop.state.dispatch_due_at == shop.time(due)


def test_a_payment_corrected_to_another_time_keeps_the_promised_day():
    shop = promised("us", "pre_order")
    before = shop.state.dispatch_due_at
    shop.host.corrects("paid", to="Mon 07:30")
    assert shop.state.dispatch_due_at == before
