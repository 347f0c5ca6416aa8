"""What differs between markets, and what the law gives whatever the market says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rescind.core.deadline import Calendar
from rescind.core.parts import FactKind, Line
from rescind.core.policy import PolicyError, load
from rescind.core.policy.example import plain_facts
from rescind.core.policy.facts import working_days_late
from rescind.core.policy.vocabulary import HANDLINGS
from rescind.core.stage import Stage
from rescind.core.terms import Terms
from rescind.core.verdict import OnSilence, Verdict
from rescind.policies import laws, preset, presets

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLATFORM = tuple(name for name in presets() if name != "base")


def facts(name, **said):
    return plain_facts(preset(name).at(NOW)) | {"paid": True, "since_placed": 90_000, "since_paid": 90_000} | said


def terms(name, **settings):
    return Terms(preset=preset(name).at(NOW, settings), laws=laws())


def asked(name, **said):
    found = facts(name, **said)
    starts = {"placed": NOW - timedelta(seconds=found["since_placed"]), "paid": NOW}
    calendar = Calendar(preset(name).zone)
    return terms(name).judge("request", found, now=NOW, starts=starts, calendar=calendar, trace=True)


@pytest.mark.parametrize("name", PLATFORM)
def test_the_hour_after_payment_is_free_whether_or_not_it_is_a_stage(name):
    for stage in ("on_hold", "review", "allocated", "preparing", "packed"):
        assert asked(name, stage=stage, since_paid=3599, since_placed=3599).verdict is Verdict.APPROVE
    over = asked(name, stage="packed", since_paid=3600, since_placed=3600, shipping_by="seller")
    assert over.verdict is (Verdict.APPROVE if name == "vn" else Verdict.REFUSE if name == "br" else Verdict.ASK_SELLER)


def test_the_hour_is_a_stage_only_where_the_platform_has_one():
    assert {name for name in PLATFORM if "hold" in preset(name).at(NOW).deadlines} == {"us", "uk", "eu", "br"}


@pytest.mark.parametrize(
    ("name", "span"),
    [("us", 24), ("th", 24), *((name, 48) for name in ("uk", "eu", "sg", "my", "ph", "id", "cross-border"))],
)
def test_how_long_a_seller_has_and_that_silence_approves(name, span):
    finding = asked(name, stage="preparing")
    assert finding.deadline.due_at == NOW + timedelta(hours=span)
    assert finding.deadline.on_silence is OnSilence.APPROVE


def test_only_in_the_united_states_is_shipping_an_answer_and_a_plain_no_none():
    for name in PLATFORM:
        said = preset(name).settings
        assert (said.ship_while_pending == "rejects_request") == (name == "us")
        assert said.explicit_reject == (name != "us")
        assert not said.buyer_partial
        assert said.seller_partial == ("out_of_stock" if name in {"us", "uk"} else "no")


@pytest.mark.parametrize(
    ("name", "said", "rule"),
    [
        ("vn", {}, "EARLY-1"),
        ("th", {}, "READY-1"),
        ("sg", {}, "READY-1"),
        ("sg", {"cross_border": True, "shipping_by": "platform"}, "EARLY-1"),
        ("sg", {"cross_border": True, "shipping_by": "seller"}, "READY-1"),
        ("ph", {"cross_border": True, "shipping_by": "platform"}, "EARLY-1"),
        ("cross-border", {"country": "PH", "shipping_by": "platform"}, "EARLY-1"),
        ("cross-border", {"country": "MY", "shipping_by": "platform"}, "READY-1"),
        ("us", {}, "READY-1"),
        ("br", {}, "READY-1"),
    ],
)
def test_where_a_label_closes_the_window(name, said, rule):
    assert asked(name, stage="awaiting_collection", **said).rule == rule


@pytest.mark.parametrize(
    ("name", "at_the_door", "rule"),
    [
        *((name, True, "RECALL-1") for name in ("th", "my", "vn")),
        *((name, True, "SHIPPED-1") for name in ("sg", "ph", "us", "uk", "eu", "br", "id")),
        *((name, False, "RECALL-1") for name in ("sg", "ph", "th", "my", "vn", "cross-border")),
    ],
)
def test_how_late_a_parcel_may_still_be_called_back(name, at_the_door, rule):
    said = {"stage": "in_transit", "past_estimated_delivery": True, "shipping_by": "platform"}
    finding = asked(name, out_for_delivery=at_the_door, **said)
    assert finding.rule == rule
    if rule == "RECALL-1":
        assert finding.deadline.on_silence is OnSilence.ESCALATE, "money does not go back for goods that may arrive"
    assert asked(name, **said | {"shipping_by": "seller"}).rule == "SHIPPED-1"


@pytest.mark.parametrize("name", PLATFORM)
def test_too_late_is_the_sellers_fault_in_south_east_asia_only(name):  # E-09
    asia = name in {"th", "sg", "my", "ph", "vn", "id", "cross-border"}
    said = facts(name, stage="preparing", reason="too_late")
    assert terms(name).seller_at_fault("buyer", "too_late", said) == asia
    for reason in preset(name).reasons.buyer:
        if reason.code != "too_late":
            assert not terms(name).seller_at_fault("buyer", reason.code, said | {"reason": reason.code})
    assert terms(name).seller_at_fault("seller", "out_of_stock", said)
    assert not terms(name).seller_at_fault("seller", "buyer_asked", said)


def test_working_days_late_are_those_that_passed_whole():
    london = ZoneInfo("Europe/London")
    due_at = datetime(2026, 5, 9, tzinfo=london).astimezone(UTC)  # Friday was the day of dispatch
    calendar = Calendar("Europe/London")
    for local, days in (
        ("08T23:59:59", 0),
        ("09T00:00:01", 0),
        ("11T23:59:59", 0),
        ("12T00:00:00", 1),
        ("13T12:00:00", 2),
    ):
        now = datetime.fromisoformat(f"2026-05-{local}").replace(tzinfo=london).astimezone(UTC)
        assert working_days_late(due_at, now, calendar) == days, local
    assert working_days_late(due_at, due_at + timedelta(days=4000), calendar) < 366, "a lost order stays cheap to judge"


# --- goods that are made, got or released first -----------------------------------------------------------------------


@pytest.mark.parametrize("handling", HANDLINGS)
def test_goods_that_are_not_ready_yet_have_deadlines_of_their_own(handling):
    placed, promised = datetime(2026, 5, 4, 17, tzinfo=UTC), datetime(2026, 5, 15, 17, tzinfo=UTC)
    calendar, us = Calendar("America/Los_Angeles"), terms("us")
    starts = {"placed": placed, "promised": promised}
    dispatch = us.due_at("dispatch", starts, calendar, handling)
    cancel = us.due_at("auto_cancel", starts, calendar, handling)
    days = {"regular": ("05-20", "05-27"), "pre_order": ("05-19", "05-26")}.get(handling, ("05-16", "05-22"))
    local = tuple(f"{one.astimezone(ZoneInfo('America/Los_Angeles')):%m-%d}" for one in (dispatch, cancel))
    assert local == days
    # Nobody told when it will be ready: the ordinary deadline stands, and counts from the order.
    ordinary = us.due_at("dispatch", {"placed": placed}, calendar, handling)
    assert ordinary == us.due_at("dispatch", {"placed": placed}, calendar)


@pytest.mark.parametrize("name", presets())
def test_a_pre_order_ends_by_itself_only_after_the_day_it_is_promised_for(name):
    placed, promised = NOW, NOW + timedelta(days=21)
    starts = {"placed": placed, "paid": placed, "promised": promised}
    timers = terms(name).timers(starts, Calendar(preset(name).zone), placed, handling="pre_order")
    ends = [one for one in timers if one.then == "cancel" and one.name != "unpaid"]
    assert [one.name for one in ends if one.due_at <= promised] == []


# --- the law ----------------------------------------------------------------------------------------------------------

LAW = """policy = "law-xx"
layer = "law"
zone = "UTC"
countries = ["XX"]
in_force = 2026-01-01
applies = "{applies}"
[[rules]]
id = "LAW-XX-1"
on = "request"
when = "stage < 'in_transit'"
verdict = "{verdict}"
instead = "contact_support"
cites = ["an act"]
"""


def law(applies="placed", verdict="approve"):
    return load(LAW.format(applies=applies, verdict=verdict).encode(), "law-xx.toml")


def test_a_law_that_refuses_is_no_law():
    with pytest.raises(PolicyError, match="LAW-XX-1 refuses: a law grants a right or says nothing") as wrong:
        law(verdict="refuse")
    assert wrong.value.line == 11


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ('countries = ["XX"]\n', "a law names the countries of the buyers it protects"),
        ("in_force = 2026-01-01\n", "a law names the first day it is in force"),
    ],
)
def test_a_law_says_whom_it_protects_and_since_when(cut, message):
    with pytest.raises(PolicyError, match=message):
        load(LAW.format(applies="all", verdict="approve").replace(cut, "").encode(), "law-xx.toml")


def test_only_a_law_names_countries():
    text = LAW.format(applies="all", verdict="approve").replace('"law"', '"shop"')
    with pytest.raises(PolicyError, match="only a law names countries"):
        load(text.encode(), "x.toml")


@pytest.mark.parametrize(
    ("applies", "placed", "ended", "speaks"),
    [
        ("placed", "2026-01-01", False, True),
        ("placed", "2025-12-31", False, False),
        ("open", "2025-12-31", False, True),
        ("open", "2026-01-01", True, False),
        ("all", "2025-12-31", True, True),
    ],
)
def test_which_orders_a_law_speaks_about(applies, placed, ended, speaks):
    placed_at = datetime.fromisoformat(placed).replace(tzinfo=UTC)
    assert law(applies).protects("XX", placed_at=placed_at, now=NOW, ended=ended) == speaks
    assert not law(applies).protects("XY", placed_at=placed_at, now=NOW, ended=ended)
    before = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert not law(applies).protects("XX", placed_at=before, now=before, ended=ended), "not in force yet"


def test_no_buyer_is_protected_by_two_laws_at_once():
    # A decision names one hash for each layer.
    countries = [country for one in laws() for country in one.countries]
    assert len(countries) == len(set(countries)) > 28


@pytest.mark.parametrize(("name", "country"), [("eu", "FR"), ("uk", "GB"), ("base", "CN"), ("th", "DE")])
def test_the_most_generous_right_wins(name, country):
    for stage in ("packing", "awaiting_collection"):
        finding = asked(name, stage=stage, country=country)
        assert (finding.verdict, finding.layer) == (Verdict.APPROVE, "law")
        assert asked(name, stage=stage).verdict is not Verdict.APPROVE
        custom = [{"custom_made": True, "special": False}]
        assert asked(name, stage=stage, country=country, lines=custom).layer == "preset"


def test_a_law_is_that_of_the_day_of_the_decision():
    eu = next(one for one in laws() if one.name == "law-eu-withdrawal")
    for day, two_steps in (
        (datetime(2026, 6, 18, 21, tzinfo=UTC), False),
        (datetime(2026, 6, 18, 22, tzinfo=UTC), True),
    ):
        found = facts("eu", country="FR", stage="preparing")
        layer = next(one for one in terms("eu").layers_for(found, day) if one.layer == "law")
        assert (layer.name, layer.values["two_step_withdrawal"]) == (eu.name, two_steps)


def test_what_is_judged_without_laws_costs_nothing_for_them():
    plain = Terms(preset=preset("us").at(NOW))
    assert plain.layers_for({}, NOW) == plain.layers


# --- through the decisions --------------------------------------------------------------------------------------------


def test_the_decision_keeps_the_hash_of_the_law_and_whose_fault_it_is(shop):  # E-09
    shop = shop("eu")
    shop.order(stage=Stage.PACKED, country="FR")
    shop.at("Mon 12:00").buyer.requests_cancellation()
    ground = shop.records[-1].event.ground
    assert (ground.layer, ground.rule, ground.fault) == ("law", "LAW-EU-1", "")
    assert ground.policies == {
        "preset": preset("eu").hash,
        "law": next(one.hash for one in laws() if one.name == "law-eu-withdrawal"),
    }


def test_a_seller_who_is_out_of_stock_is_at_fault(shop):  # E-09, R-190
    shop = shop("th")
    shop.order(stage=Stage.ALLOCATED)
    shop.seller.cancels("out_of_stock")
    assert shop.records[-1].event.ground.fault == "seller"


def test_an_order_on_its_way_is_asked_about_whole(shop):
    shop = shop("my")
    shop.order(stage=Stage.IN_TRANSIT, shipping_by="platform", deliver_by="Tue 00:00")
    shop.at("Mon 23:00").buyer.requests_cancellation("better_price")
    assert (shop.rule, shop.cancellation.status) == ("SHIPPED-1", "refused")
    shop.at("Tue 00:00").buyer.requests_cancellation("better_price")
    assert (shop.rule, shop.cancellation.status, shop.cancellation.refund_minor) == (
        "RECALL-1",
        "awaiting_carrier",
        4000,
    )
    shop.at("Thu 00:00")
    assert shop.cancellation.status == "in_review", "a silent carrier hands it to support"


def test_a_custom_line_beside_another_is_not_covered_by_the_law_for_the_other(shop):
    shop = shop("uk")
    lines = (
        Line(id="mug", sku="MUG", quantity=1, unit_minor=4000, custom_made=True),
        Line(id="cup", sku="CUP", quantity=1, unit_minor=1000),
    )
    shop.order(stage=Stage.PREPARING, lines=lines, country="GB")
    shop.at("Mon 12:00").buyer.requests_cancellation()
    assert (shop.rule, shop.cancellation.status) == ("ASK-1", "awaiting_seller")
    shop.buyer.withdraws()
    shop.buyer.requests_cancellation(lines={"cup": 1})
    assert (shop.rule, shop.cancellation.status) == ("LAW-UK-1", "approved")


def test_out_for_delivery_is_a_fact_of_the_world(shop):
    shop.order(stage=Stage.IN_TRANSIT)
    shop.carrier.reports(FactKind.OUT_FOR_DELIVERY)
    assert shop.state.progress.out_for_delivery_at == shop.now
    assert shop.stage is Stage.IN_TRANSIT, "no stage of its own"
