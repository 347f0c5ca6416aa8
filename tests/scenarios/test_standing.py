"""What a shop agrees to in advance: rules of its own, and the platform's in the place of a slow shop (R-035, R-036)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.automation import Answered, AutomationRequired, Required, may_end_at, month_before, require_over
from rescind.core.deadline import Calendar
from rescind.core.errors import CurrencyMismatch, InvalidField
from rescind.core.policy import PolicyError, judge, load
from rescind.core.policy.example import plain_facts
from rescind.core.standing import WAITS, StandingRule, allowed, policy_of, waits
from rescind.core.verdict import Verdict
from rescind.policies import automation, preset, presets

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
US = preset("us").at(NOW)
ZONE = "America/Los_Angeles"
STARTS = {"placed": NOW - timedelta(days=1), "paid": NOW - timedelta(days=1)}


def asked(*rules, at=NOW, platform=US, **facts):
    """The answer to a buyer who asks a day after paying, of an order that nobody has packed."""
    said = plain_facts(platform) | {"stage": "preparing", "status": "awaiting_shipment", "paid": True}
    said |= {"since_placed": 86_400, "since_paid": 86_400, "currency": "USD"} | facts
    standing = policy_of(rules, platform, ZONE).at(at)
    return judge([platform, standing], "request", said, at, STARTS, Calendar(ZONE), trace=True)


def line(category):
    return {"custom_made": False, "special": False, "category": category}


def test_a_matching_request_is_approved_without_review_and_another_waits():
    rule = StandingRule(name="Duplicates", reasons=("ordered_by_mistake", "changed_mind"))
    found = asked(rule, reason="changed_mind")
    assert (found.verdict, found.rule, found.layer, found.cites) == (Verdict.APPROVE, "SHOP-1", "standing", ("R-035",))
    found = asked(rule, reason="better_price")
    assert (found.verdict, found.rule, found.layer) == (Verdict.ASK_SELLER, "ASK-1", "preset")


def test_every_line_must_be_of_a_category_that_is_named():
    rule = StandingRule(name="Shoes", categories=("shoes", "600001"))
    assert asked(rule, lines=[line("shoes"), line("600001")]).rule == "SHOP-1"
    assert asked(rule, lines=[line("shoes"), line("hats")]).rule == "ASK-1"
    assert asked(rule, lines=[line("none")]).rule == "ASK-1"


@pytest.mark.parametrize(("amount", "rule"), [(999, "ASK-1"), (1000, "SHOP-1"), (5000, "SHOP-1"), (5001, "ASK-1")])
def test_an_amount_range_includes_its_ends(amount, rule):
    ranged = StandingRule(name="Small", least_minor=1000, most_minor=5000, currency="USD")
    assert asked(ranged, amount=amount).rule == rule
    assert asked(ranged, amount=amount, currency="CAD").rule == "ASK-1", "an amount of another currency is none of it"


def test_a_rule_holds_on_its_days_where_the_shop_is():
    rule = StandingRule(name="Sale", first_day=date(2026, 5, 6), last_day=date(2026, 5, 7))
    midnight = datetime(2026, 5, 6, 7, 0, tzinfo=UTC)  # 00:00 in Los Angeles
    assert asked(rule, at=midnight - timedelta(seconds=1)).rule == "ASK-1"
    assert asked(rule, at=midnight).rule == "SHOP-1"
    assert asked(rule, at=midnight + timedelta(days=2, seconds=-1)).rule == "SHOP-1"
    assert asked(rule, at=midnight + timedelta(days=2)).rule == "ASK-1"


def test_a_rule_may_give_the_seller_a_while_and_then_silence_agrees():
    found = asked(StandingRule(name="In two hours", wait="2h"))
    assert (found.verdict, found.rule) == (Verdict.ASK_SELLER, "SHOP-1")
    assert found.deadline is not None
    assert (found.deadline.due_at, found.deadline.on_silence) == (NOW + timedelta(hours=2), "approve")


def test_the_first_rule_that_fits_decides():
    slow, quick = StandingRule(name="All", wait="2h"), StandingRule(name="Twice", reasons=("ordered_by_mistake",))
    assert asked(slow, quick, reason="ordered_by_mistake").rule == "SHOP-1"
    assert asked(quick, slow, reason="ordered_by_mistake").rule == "SHOP-1"
    assert asked(quick, slow, reason="ordered_by_mistake").verdict is Verdict.APPROVE


def test_a_shop_agrees_in_its_own_place_only():  # M-29
    everything = StandingRule(name="Everything")
    assert asked(everything, stage="awaiting_collection").rule == "READY-1"
    assert asked(everything, stage="in_transit").verdict is Verdict.REFUSE
    assert asked(everything, requests_on_order=3).rule == "REPEAT-1"
    assert asked(everything, buyer_cancels_30d=10).rule == "FREQUENT-1", (
        "what the platform looks at is not waved through"
    )


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (StandingRule(name="x", reasons=("eaten",)), "/rules/0/reasons"),
        (StandingRule(name="x", wait="24h"), "/rules/0/wait"),
        (StandingRule(name="x", wait="3h"), "/rules/0/wait"),
        (StandingRule(name="x", least_minor=2, most_minor=1, currency="USD"), "/rules/0/amount"),
        (StandingRule(name="x", least_minor=2), "/rules/0/amount"),
        (StandingRule(name="x", first_day=date(2026, 5, 2), last_day=date(2026, 5, 1)), "/rules/0/last_day"),
        (StandingRule(name="x", categories=tuple(f"c{n}" for n in range(21))), "/rules/0/categories"),
    ],
)
def test_what_a_rule_cannot_say_is_named(rule, field):
    with pytest.raises(InvalidField) as met:
        policy_of((rule,), US, ZONE)
    assert met.value.params["field"] == field


def test_an_amount_in_a_currency_of_elsewhere_is_refused():
    foreign = StandingRule(name="x", most_minor=100, currency="THB")
    with pytest.raises(CurrencyMismatch) as why:
        policy_of((StandingRule(name="y", most_minor=100, currency="USD"), foreign), US, ZONE)
    assert why.value.params == {"expected": "USD", "actual": "THB"}


def test_only_presets_that_offer_rules_have_them():
    assert {name for name in presets() if allowed(preset(name).at(NOW))} == {"us", "th"}
    with pytest.raises(InvalidField):
        policy_of((StandingRule(name="x"),), preset("uk").at(NOW), ZONE)


def test_waiting_as_long_as_anyway_is_no_choice():
    assert waits(US) == WAITS[:-1]


@pytest.mark.parametrize("verdict", ["refuse", "review"])
def test_a_standing_consent_that_does_not_agree_is_none(verdict):
    text = (
        'policy = "x"\nlayer = "standing"\n'
        '[deadlines.d]\nfrom = "requested"\nspan = "1h"\non_silence = "refuse"\n'
        '[[rules]]\nid = "A"\non = "request"\nwhen = "TRUE"\n'
        f'verdict = "{verdict}"\ninstead = "contact_support"\ncites = ["R-035"]\n'
    )
    if verdict == "review":
        text += 'deadline = "d"\n'
    with pytest.raises(PolicyError, match="does not agree"):
        load(text.encode(), "x.toml")


RULES = st.builds(
    StandingRule,
    name=st.just("x"),
    reasons=st.lists(st.sampled_from(("changed_mind", "better_price")), max_size=2, unique=True).map(tuple),
    categories=st.lists(st.sampled_from(("shoes", "hats")), max_size=2).map(tuple),
    wait=st.sampled_from(WAITS[:-1]),
)


@given(
    st.lists(RULES, min_size=1, max_size=3),
    st.sampled_from(("unpaid", "on_hold", "preparing", "packed", "awaiting_collection", "in_transit", "delivered")),
    st.sampled_from(("changed_mind", "better_price")),
    st.sampled_from((0, 3, 10)),
    st.booleans(),
)
def test_no_standing_consent_takes_a_right_away(rules, stage, reason, often, anyway):  # R-012, M-29
    facts = {"stage": stage, "reason": reason, "buyer_cancels_30d": often, "asked_anyway": anyway}
    without = asked(StandingRule(name="never", reasons=("ordered_by_mistake",)), **facts)
    found = asked(*rules, **facts)
    order = list(Verdict)
    assert order.index(found.verdict) <= order.index(without.verdict)
    if found.verdict is without.verdict and found.deadline and without.deadline:
        assert found.deadline.due_at <= without.deadline.due_at
    if without.verdict is not Verdict.ASK_SELLER:
        assert found.rule == without.rule


# --- the platform in the place of a slow shop ------------------------------------------------------------------------

REQUIRED = Required(answered_bps=9000, least=10, span="15d")
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked_", "in_time", "switched"),
    [(20, 18, False), (20, 17, True), (10, 8, True), (9, 0, False), (1000, 899, True), (1000, 900, False)],
)
def test_less_than_nine_tenths_of_enough_requests_switch_it_on(asked_, in_time, switched):  # R-036, S-51
    answered = Answered(month=date(2025, 12, 1), asked=asked_, in_time=in_time)
    assert (may_end_at(REQUIRED, answered, JANUARY, "UTC") is not None) is switched


def test_it_lasts_fifteen_whole_days_and_then_the_seller_may_end_it():  # R-036, S-51
    until = may_end_at(REQUIRED, Answered(month=date(2025, 12, 1), asked=20, in_time=17), JANUARY, "UTC")
    assert until == datetime(2026, 1, 17, tzinfo=UTC)
    with pytest.raises(AutomationRequired) as met:
        require_over(until, until - timedelta(seconds=1))
    assert met.value.params["until"] == until
    require_over(until, until)
    require_over(None, JANUARY)


def test_a_month_ends_where_the_shops_market_is():
    first, since, until = month_before(datetime(2025, 12, 31, 17, 0, tzinfo=UTC), "Asia/Bangkok")  # 1 January, 00:00
    assert first == date(2025, 12, 1)
    assert (since, until) == (datetime(2025, 11, 30, 17, tzinfo=UTC), datetime(2025, 12, 31, 17, tzinfo=UTC))
    assert month_before(datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC), "Asia/Bangkok")[0] == date(2025, 11, 1)


def test_the_markets_of_south_east_asia_demand_it_and_no_other():
    demanding = {name for name in presets() if Required.of(preset(name).at(NOW).values)}
    assert demanding >= {"id", "my", "ph", "sg", "th", "vn"}
    assert not demanding & {"base", "us", "uk", "eu", "br"}
    assert automation().layer == "standing"
