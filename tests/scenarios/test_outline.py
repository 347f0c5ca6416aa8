"""The public words of a shop are what its policy answers, and nothing else."""

from datetime import UTC, datetime

import pytest

from rescind.core.policy.outline import outline
from rescind.core.stage import Stage
from rescind.core.standing import StandingRule, policy_of
from rescind.policies import automation, preset, presets

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
