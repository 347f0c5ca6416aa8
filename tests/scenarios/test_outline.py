"""The public words of a shop are what its policy answers, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from rescind.core.money import Money
from rescind.core.outlook import Outlook
from rescind.core.policy.outline import outline
from rescind.core.stage import Stage
from rescind.core.standing import StandingRule, policy_of
from rescind.policies import automation, preset, presets
from scenarios.shop import Shop, item

DAY = datetime(2026, 5, 4, tzinfo=UTC)


def of(name, **settings):
    return outline((preset(name).at(DAY, settings),))


def steps(found):
    return [(step.stage.value, step.rule.id) for step in found.steps]


def test_neighbours_that_answer_alike_are_one_step():  # M-01, M-02
    found = of("base")
    assert steps(found) == [
        ("unpaid", "UNPAID-1"),
        ("allocated", "ASK-1"),
        ("packing", "PACKED-1"),
        ("partially_shipping", "PARTSHIP-2"),
        ("in_transit", "SHIPPED-1"),
    ]
    assert found.late.deadline.on_silence == "refuse"
    assert all(step.early is None for step in found.steps)


def test_a_shops_own_window_is_told_at_each_step_it_covers():  # M-03
    found = of("base", window="24h")
    covered = {step.stage.value: step.early.seconds for step in found.steps if step.early}
    assert covered == {"allocated": 24 * 3600, "packing": 24 * 3600, "partially_shipping": 24 * 3600}


@pytest.mark.parametrize("name", presets())
def test_every_preset_has_an_outline_that_begins_at_the_first_stage_and_ends_with_what_left(name):
    found = of(name)
    assert found.steps[0].stage is Stage.UNPAID
    assert found.steps[-1].rule.verdict.value == "refuse"
    assert len({step.stage for step in found.steps}) == len(found.steps)


def agreed(name, *rules):
    terms = preset(name).at(DAY)
    return outline((terms, policy_of(rules, terms, "America/Los_Angeles").at(DAY)))


def test_each_rule_that_decides_is_named_where_neighbours_answer_alike():
    found = outline((preset("th").at(DAY), automation().at(DAY)))
    assert [rule.id for rule in found.steps[0].deciders] == ["UNPAID-1", "AUTOMATED-1"]
    assert [rule.id for rule in of("base").steps[0].deciders] == ["UNPAID-1", "REVIEW-1"]


def test_what_a_shop_agrees_to_for_everybody_is_what_its_page_says():
    assert ("on_hold", "SHOP-1") in steps(agreed("us", StandingRule(name="Two hours", wait="2h")))


def test_what_it_agrees_to_for_some_is_promised_to_nobody_else():
    some = StandingRule(name="Some", reasons=("changed_mind",), wait="2h")
    small = StandingRule(name="Small", least_minor=1000, most_minor=5000, currency="USD")
    assert steps(agreed("us", some, small)) == steps(of("us"))


@pytest.mark.parametrize("name", presets())
def test_every_step_is_what_an_order_that_has_come_there_is_answered(name):
    price = Money(1000, preset(name).currency or "USD")
    told = {step.stage: {rule.id for rule in step.deciders} for step in of(name).steps}
    for stage, rules in told.items():
        shop = Shop(name)
        money = {"total" if stage is Stage.UNPAID else "paid": Money(4000, price.currency)}
        until = Stage.REVIEW if stage in {Stage.ON_HOLD, Stage.PARTIALLY_SHIPPING} else stage
        shop.order(lines=[item("mug", price, 4)], stage=until, **money)
        if stage is Stage.PARTIALLY_SHIPPING:
            shop.host.reports("handed_over", parcel="p1", lines={"mug": 1})
        # The hour after the payment is over, and the day of dispatch is not.
        asked = shop.now + (timedelta(0) if stage is Stage.ON_HOLD else timedelta(hours=2))
        answer = Outlook(shop.state, shop.terms, shop.context).ask(asked)
        early = next(step.early for step in of(name).steps if step.stage is stage)
        allowed = rules | ({early.rule.id} if early else set())
        assert answer.finding.rule in allowed, f"{stage}: {answer.finding.rule}, and the page says {rules}"


@pytest.mark.parametrize("name", presets())
def test_a_hold_is_told_where_a_policy_has_one(name):
    found = of(name)
    assert (Stage.ON_HOLD in {step.stage for step in found.steps}) <= ("hold" in preset(name).at(DAY).deadlines)


def specials(name):
    return {(one.circumstance, one.count, one.by): one.rule.id for one in of(name).special}


def test_what_is_special_is_told_with_who_ships_and_how_often():
    assert specials("us")["partial", None, ""] == "WHOLE-1"
    assert specials("us")["requests_on_order", 3, ""] == "REPEAT-1"
    assert specials("th")["past_estimated_delivery", None, "platform"] == "RECALL-1"
    assert not [name for name, _, _ in specials("base") if name in {"partial", "past_estimated_delivery"}]
