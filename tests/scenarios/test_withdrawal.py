"""Leaving a contract because the law allows it: whom, from what, until when (2011/83/EU, art. 9 and 11a)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.acknowledgement import declarations
from rescind.core.context import Context
from rescind.core.errors import (
    ConsentMissing,
    Forbidden,
    NothingSelected,
    NoWithdrawal,
    QuantityNotOpen,
    ReasonNotListed,
    UnknownLine,
)
from rescind.core.instant import instant
from rescind.core.parts import CancellationStatus, FactKind
from rescind.core.returns import WithdrawReturn
from rescind.core.stage import Stage
from rescind.core.withdrawal import DeclareWithdrawal, follows, right
from scenarios.shop import Shop, eur, item

BRUSSELS = ZoneInfo("Europe/Brussels")
TICK = timedelta(microseconds=1)


def offered(shop):
    """The right as a page reads it: none, or one whose period has not ended."""
    context = Context(calendar=shop.calendar, entropy=0)
    found = right(shop.state, shop.terms, context, shop.now)
    return None if found is None or found.over(shop.now) else found


def declares(shop, actor=None, **more):
    command = DeclareWithdrawal(order=shop.state.id, statement=shop.note("I, Ann, withdraw."), **more)
    return shop.handle(command, actor or shop.buyer.actor)


def german(placed="2026-07-06 10:00", stage=Stage.PREPARING, policy="eu", country="DE", **more):
    return Shop(policy).order(paid=eur("40.00"), placed=placed, stage=stage, country=country, **more)


def two(**more):
    return [item("mug", eur("20.00")), item("sign", eur("20.00"), **more)]


# --- whom the law offers it, and since when ---------------------------------------------------------------------------


def test_the_function_is_there_from_the_day_of_the_law_for_orders_placed_before_it():
    shop = german(placed="2026-06-18 10:00", stage=Stage.REVIEW)
    assert offered(shop.at("2026-06-18 23:59")) is None
    assert offered(shop.at("2026-06-19 00:00")).lines == {"mug": 1}


def test_before_that_day_nobody_declares_it_and_cancelling_is_as_it_was():
    shop = german(placed="2026-06-18 10:00")
    with pytest.raises(NoWithdrawal):
        declares(shop)
    shop.buyer.requests_cancellation()
    assert shop.cancellation.status == "approved"


@pytest.mark.parametrize(("country", "policy"), [("US", "us"), ("TW", "base"), ("", "eu")])
def test_where_no_law_gives_the_right_there_is_none(country, policy):
    shop = german(country=country, policy=policy)
    assert offered(shop) is None
    with pytest.raises(NoWithdrawal):
        declares(shop)


@pytest.mark.parametrize("stage", [one for one in Stage if one not in {Stage.CANCELLED, Stage.PARTIALLY_SHIPPING}])
def test_it_is_reachable_in_every_stage_that_is_not_over(stage):
    shop = Shop("eu").order(total=eur("40.00"), placed="2026-07-06 10:00", country="DE")
    if stage is Stage.ON_HOLD:
        shop.host.reports(FactKind.PAID)
    elif stage is not Stage.UNPAID:
        shop = german(stage=stage)
    assert offered(shop).lines == {"mug": 1}


# --- until when -------------------------------------------------------------------------------------------------------


def test_an_order_that_has_not_arrived_may_always_be_withdrawn_from():
    shop = german(stage=Stage.IN_TRANSIT)
    assert offered(shop.at("2026-12-06 10:00")).until is None


def test_day_fourteen_is_in_time_and_the_first_instant_of_day_fifteen_is_not():
    shop = german(stage=Stage.DELIVERED)  # delivered on 6 July
    end = shop.time("2026-07-21 00:00")  # the day before is a Monday
    assert offered(shop).until == end
    shop.at(end - TICK)
    assert offered(shop)
    shop.at(end)
    assert offered(shop) is None
    with pytest.raises(NoWithdrawal) as late:
        declares(shop)
    assert late.value.params == {"until": end}


@given(
    day=st.dates(date(2026, 6, 20), date(2030, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    fold=st.integers(0, 1),
)
def test_the_period_ends_with_the_first_working_day_from_the_fourteenth_on_whatever_the_clocks_do(day, minute, fold):
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=BRUSSELS, fold=fold)
    came = instant(local)
    shop = Shop("eu").order(paid=eur("40.00"), placed="2026-06-19 10:00", country="DE")
    shop.now = came
    shop.host.reports(FactKind.DELIVERED)
    found = offered(shop)
    last = instant(found.until - TICK).astimezone(BRUSSELS)
    fourteenth = came.astimezone(BRUSSELS).date() + timedelta(days=14)
    later = (fourteenth + timedelta(days=n) for n in range(14))
    assert last.date() == next(one for one in later if one.weekday() < 5 and one not in shop.calendar.holidays)
    assert instant(found.until).astimezone(BRUSSELS).date() == last.date() + timedelta(days=1)
    assert not found.over(found.until - TICK)
    assert found.over(found.until)


@pytest.mark.parametrize(
    ("came", "until"),
    [
        ("2026-11-27 10:00", "2026-12-12 00:00"),  # Friday, and so is the fourteenth day
        ("2026-11-28 10:00", "2026-12-15 00:00"),  # a Saturday: to the end of Monday
        ("2026-11-29 10:00", "2026-12-15 00:00"),  # a Sunday: the same
        ("2026-11-30 10:00", "2026-12-15 00:00"),  # a Monday
        ("2026-12-11 10:00", "2026-12-29 00:00"),  # Christmas Day, then a Saturday and a Sunday
    ],
)
def test_no_period_of_european_law_ends_on_a_day_of_rest(came, until):  # Regulation 1182/71, art. 3(4)
    shop = german(placed="2026-11-20 10:00", stage=Stage.IN_TRANSIT)
    shop.calendar = msgspec.structs.replace(shop.calendar, holidays=frozenset({date(2026, 12, 25)}))
    shop.at(came).host.reports(FactKind.DELIVERED)
    assert offered(shop).until == shop.time(until)
    bound = follows(shop.state, shop.terms, Context(calendar=shop.calendar, entropy=0), shop.now)
    assert bound.refund_by == bound.send_back_by == shop.time(until), "what follows it is a period too"


# --- the laws that know no page of two steps --------------------------------------------------------------------------


def british(**more):
    return german(policy="uk", country="GB", **more)


def test_british_law_lets_the_buyer_cancel_until_fourteen_days_after_delivery():  # SI 2013/3134, reg. 30(3)
    shop = british(stage=Stage.DELIVERED)
    end = shop.time("2026-07-21 00:00")
    assert (offered(shop).law, offered(shop).until, offered(shop).sends_back) == ("law-uk-cancellation", end, False)
    shop.at(end - TICK)
    declares(shop)
    (case,) = shop.state.returns
    assert (case.reason, case.wish, case.lines) == ("withdrawal", "return_refund", {"mug": 1})
    bound = follows(shop.state, shop.terms, Context(calendar=shop.calendar, entropy=0), shop.now)
    assert (bound.from_return, bound.send_back_by) == (True, shop.time("2026-08-04 00:00"))
    late = british(stage=Stage.DELIVERED).at(end)
    with pytest.raises(NoWithdrawal):
        declares(late)


def test_british_law_covers_what_is_still_in_the_shop_and_what_has_left_in_one_declaration():
    shop = british(lines=two())
    shop.at(shop.now + timedelta(hours=2)).host.reports(
        FactKind.HANDED_OVER, parcel="1", lines={"mug": 1}, tracking="JD1"
    )
    declares(shop)
    assert (shop.cancellation.rule, shop.cancellation.lines) == ("LAW-UK-2", {"sign": 1})
    assert shop.state.returns[-1].lines == {"mug": 1}


def test_british_periods_end_as_they_are_counted():
    shop = british(placed="2026-11-20 10:00", stage=Stage.IN_TRANSIT).at("2026-11-28 10:00")
    shop.host.reports(FactKind.DELIVERED)
    assert offered(shop).until == shop.time("2026-12-13 00:00"), "the regulation on periods is not in its sources"


def chinese(**more):
    return german(policy="base", country="CN", **more)


def shanghai(text):
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")))


def test_chinese_law_lets_goods_be_sent_back_within_seven_days_of_receipt():  # Consumer Rights Protection Law, art. 25
    shop = chinese(stage=Stage.IN_TRANSIT)
    assert offered(shop) is None, "there is nothing yet that could be sent back"
    shop.now = shanghai("2026-07-08 23:30")
    shop.host.reports(FactKind.DELIVERED)
    end = shanghai("2026-07-16 00:00")
    assert (offered(shop).law, offered(shop).until, offered(shop).sends_back) == ("law-cn-7-day", end, True)
    shop.now = end
    assert offered(shop) is None
    with pytest.raises(NoWithdrawal):
        declares(shop)
    shop.now = end - TICK
    declares(shop)
    (case,) = shop.state.returns
    assert (case.reason, case.lines) == ("withdrawal", {"mug": 1})
    bound = follows(shop.state, shop.terms, Context(calendar=shop.calendar, entropy=0), shop.now)
    assert (bound.refund_within, bound.from_return, bound.send_back_by) == ("7d", True, None)
    assert offered(shop) is None, "nothing is left of it"


def test_chinese_law_covers_of_a_split_order_what_has_come():
    shop = chinese(lines=two())
    shop.host.reports(FactKind.DELIVERED, parcel="1", lines={"mug": 1})
    assert (offered(shop).lines, offered(shop).until) == ({"mug": 1}, None)
    with pytest.raises(QuantityNotOpen):
        declares(shop, lines={"sign": 1})
    declares(shop)
    assert shop.state.returns[-1].lines == {"mug": 1}
    assert not shop.state.cancellations


@pytest.mark.parametrize("goods", [{"custom_made": True}, {"special": True}])
@pytest.mark.parametrize("here", [british, chinese])
def test_goods_that_a_law_excepts_are_sent_back_under_no_such_right(here, goods):
    shop = here(lines=two(**goods), stage=Stage.DELIVERED)
    assert offered(shop).lines == {"mug": 1}
    with pytest.raises(QuantityNotOpen):
        declares(shop, lines={"sign": 1})


def test_goods_that_come_in_two_parcels_count_from_the_last():
    shop = german(lines=two())
    shop.host.reports(FactKind.DELIVERED, parcel="1", lines={"mug": 1})
    shop.at("2026-07-09 10:00")
    assert offered(shop).until is None
    shop.host.reports(FactKind.DELIVERED, parcel="2", lines={"sign": 1})
    assert offered(shop).until == shop.time("2026-07-24 00:00")
    assert offered(shop).lines == {"mug": 1, "sign": 1}


def test_an_order_that_ended_without_word_of_its_delivery_had_come_by_then():
    shop = german()
    shop.host.reports(FactKind.COMPLETED)
    assert offered(shop).until == shop.time("2026-07-21 00:00")


# --- from what --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.AWAITING_COLLECTION, Stage.DELIVERED])
@pytest.mark.parametrize("exempt", ["custom_made", "special"])
def test_what_was_made_for_the_buyer_stays_and_the_line_beside_it_goes(stage, exempt):
    shop = german(stage=stage, lines=two(**{exempt: True}))
    assert offered(shop).lines == {"mug": 1}
    with pytest.raises(QuantityNotOpen):
        declares(shop, lines={"mug": 1, "sign": 1})
    declares(shop)
    assert offered(shop) is None
    assert shop.state.lines[1].open == 1


def test_an_order_of_nothing_but_custom_goods_has_no_function():
    assert offered(german(custom_made=True)) is None


def test_what_is_declared_is_checked_before_anything_is_written():
    shop = german(lines=two())
    for wrong, error in (({}, NothingSelected), ({"cup": 1}, UnknownLine), ({"mug": 2}, QuantityNotOpen)):
        with pytest.raises(error):
            declares(shop, lines=wrong)
    with pytest.raises(Forbidden):
        declares(shop, actor=shop.seller.actor)
    with pytest.raises(ConsentMissing):
        declares(shop, actor=shop.support.actor)
    assert not shop.state.cancellations


# --- what follows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "custom"), [(Stage.REVIEW, False), (Stage.PACKED, True), (Stage.AWAITING_COLLECTION, True)]
)
def test_before_the_goods_leave_it_is_a_cancellation_that_the_law_approves(stage, custom):
    shop = german(stage=stage, lines=two(custom_made=custom))
    declares(shop)
    one = shop.cancellation
    assert (one.status, one.reason, one.filed_by) == ("approved", "withdrawal", "buyer")
    assert shop.decision.finding.verdict == "approve"
    assert shop.refunded == (eur("20.00") if custom else eur("40.00"))
    assert shop.state.returns == ()


@pytest.mark.parametrize("stage", [Stage.IN_TRANSIT, Stage.DELIVERED, Stage.COMPLETED])
def test_after_the_goods_have_left_it_is_a_return_case_that_needs_no_ground(stage):
    shop = german(stage=stage)
    declares(shop)
    case = shop.state.returns[-1]
    assert (case.reason, case.wish, case.lines) == ("withdrawal", "return_refund", {"mug": 1})
    assert (case.due_at - shop.now, case.filed_by) == (timedelta(hours=48), "buyer")
    assert shop.state.cancellations == ()
    with pytest.raises(NoWithdrawal):
        declares(shop)


def test_of_a_split_order_the_rest_is_stopped_and_what_left_comes_back_at_once():
    shop = german(lines=two())
    shop.at(shop.now + timedelta(hours=2)).host.reports(
        FactKind.HANDED_OVER, parcel="1", lines={"mug": 1}, tracking="JD1"
    )
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    declares(shop)
    assert (shop.cancellation.status, shop.cancellation.lines) == ("approved", {"sign": 1})
    assert shop.cancellation.rule == "LAW-EU-2"
    assert shop.state.returns[-1].lines == {"mug": 1}


def test_what_cannot_be_taken_out_of_its_parcel_comes_back_in_it():
    shop = german(lines=[item("mug", eur("20.00")), item("cup", eur("10.00")), item("sign", eur("10.00"))])
    shop.host.reports(FactKind.TRACKING_ADDED, parcel="1", lines={"mug": 1, "cup": 1}, tracking="JD1")
    declares(shop, lines={"mug": 1})
    assert shop.state.returns[-1].lines == {"mug": 1}
    assert shop.state.lines[0].open == 1


def test_a_request_that_waits_about_the_same_goods_is_taken_back_by_it():
    shop = german(policy="base", stage=Stage.ALLOCATED, lines=two(custom_made=True))
    shop.buyer.requests_cancellation()
    assert shop.cancellation.status == "awaiting_seller"
    declares(shop)
    first, second = shop.state.cancellations
    assert (first.status, second.status) == (CancellationStatus.WITHDRAWN, CancellationStatus.APPROVED)


def test_a_request_that_waits_about_other_goods_goes_on():
    shop = german(policy="base", stage=Stage.ALLOCATED, lines=two(custom_made=True))
    shop.buyer.requests_cancellation(lines={"sign": 1})
    declares(shop)
    first, second = shop.state.cancellations
    assert (first.status, second.status) == ("awaiting_seller", "approved")
    assert shop.state.open_cancellation == first


def test_a_case_the_buyer_takes_back_may_be_declared_again():
    shop = german(stage=Stage.DELIVERED)
    declares(shop)
    shop.handle(WithdrawReturn(order=shop.state.id, case=shop.state.returns[-1].id), shop.buyer.actor)
    assert offered(shop).lines == {"mug": 1}


def test_support_declares_it_with_consent():
    shop = german()
    declares(shop, actor=shop.support.actor, consent=shop.note("on the phone"))
    assert (shop.cancellation.status, shop.cancellation.filed_by) == ("approved", "support")


@pytest.mark.parametrize("policy", ["eu", "base", "th", "us"])
@pytest.mark.parametrize(
    "stage", [Stage.UNPAID, Stage.REVIEW, Stage.PREPARING, Stage.PACKED, Stage.AWAITING_COLLECTION]
)
def test_whatever_the_market_says_the_law_gives_it(policy, stage):
    shop = Shop(policy).order(
        **{"total" if stage is Stage.UNPAID else "paid": eur("40.00")},
        placed="2026-07-06 10:00",
        stage=stage,
        country="DE",
    )
    declares(shop)
    assert shop.cancellation.status == "approved"


def test_money_and_goods_are_due_fourteen_days_after_the_declaration():
    shop = german(stage=Stage.DELIVERED)
    declares(shop)
    at = shop.now
    bound = follows(shop.at("2026-09-06 10:00").state, shop.terms, Context(calendar=shop.calendar, entropy=0), at)
    assert bound.refund_by == bound.send_back_by == shop.time("2026-07-21 00:00")


def test_what_was_declared_is_told_from_the_records():
    shop = german(lines=two())
    shop.at(shop.now + timedelta(hours=2)).host.reports(
        FactKind.HANDED_OVER, parcel="1", lines={"mug": 1}, tracking="JD1"
    )
    declares(shop)
    shop.at("2026-07-08 10:00")
    one = declarations((record, {"txt_1": "I, Ann, withdraw."}) for record in shop.records)
    assert [(told.stopped, told.returned, told.statement) for told in one] == [
        ({"sign": 1}, {"mug": 1}, "I, Ann, withdraw.")
    ]
    assert (one[0].id, one[0].case) == (shop.cancellation.id, shop.state.returns[-1].id)
    assert one[0].lines == {"sign": 1, "mug": 1}


# --- reasons that a law brings ----------------------------------------------------------------------------------------


def test_a_law_that_protects_the_buyer_brings_its_reason_to_the_list():
    mine = german()
    mine.buyer.requests_cancellation(reason="withdrawal")
    assert mine.cancellation.status == "approved"
    theirs = german(country="US", policy="us")
    with pytest.raises(ReasonNotListed):
        theirs.buyer.requests_cancellation(reason="withdrawal")
