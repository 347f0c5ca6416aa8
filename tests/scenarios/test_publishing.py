"""A shop may give more than the platform and never less; and how two policies differ is told by cases (R-012, M-29)."""

import time
from datetime import UTC, datetime

import pytest

from rescind.core.policy import load
from rescind.core.policy.difference import changes, turns
from rescind.core.policy.example import situation
from rescind.core.policy.right import taken_away
from rescind.policies import names, preset, source, worked_examples

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)

SHOP = """
policy = "kiln"
layer = "shop"
zone = "UTC"

[deadlines.answer]
from = "requested"
span = "{span}"
on_silence = "approve"

[[rules]]
id = "KILN-1"
on = "request"
when = "{when}"
verdict = "{verdict}"
{rest}
cites = ["M-29"]
"""


def shop(when, verdict="approve", *, span="24h", rest=""):
    return load(SHOP.format(when=when, verdict=verdict, span=span, rest=rest).encode(), "kiln.toml").at(NOW)


def found(rules, name="base"):
    policy = preset(name)
    situations = [situation(policy, one) for one in worked_examples(name).examples if one.on == "request"]
    return taken_away(policy.at(NOW), rules, situations, NOW)


def test_a_rule_that_gives_more_is_fine():
    assert found(shop("stage < 'in_transit'")) is None
    assert found(shop("stage = 'packing' and custom_made")) is None


def test_a_page_that_says_only_within_ten_minutes_is_refused_with_a_case():  # S-40
    case = found(shop("since_placed >= '10m' and stage < 'in_transit'", "refuse", rest='instead = "contact_support"'))
    assert str(case) == (
        "With stage = unpaid the platform grants: approve by UNPAID-1. The shop would give: refuse by KILN-1. "
        "A shop may give more, never less (R-012)."
    )


def test_a_right_that_hangs_on_two_facts_is_found():
    case = found(shop("custom_made and order_error_confirmed and paid", "refuse", rest='instead = "contact_support"'))
    assert dict(case.circumstances) == {"custom_made": True, "order_error_confirmed": True}
    assert case.granted.id == "FAULT-1"


def test_letting_the_buyer_wait_longer_takes_something_away_and_shorter_does_not():
    asks = 'deadline = "answer"'
    # Where the platform ships, the shop is not asked at all.
    when = (
        "stage >= 'allocated' and stage < 'packing' and not seller_fault and not order_error_confirmed "
        "and not in_manual_review and shipping_by = 'seller'"
    )
    longer = found(shop(when, "ask_seller", span="25h", rest=asks))
    assert longer.given.deadline.name == "answer"
    assert found(shop(when, "ask_seller", span="23h", rest=asks)) is None


@pytest.mark.parametrize("name", names())
def test_the_search_is_quick_enough_to_run_at_each_publishing(name):
    began = time.perf_counter()
    assert found(shop("stage = 'packed' and custom_made and amount > 'EUR 1.00'"), name) is None
    assert time.perf_counter() - began < 20


def edited(name, *replacements):
    text = source(name).decode()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    bases = {} if name == "base" else {"base": preset("base")}
    return load(text.encode(), f"{name}.toml", bases=bases)


def test_a_policy_differs_from_itself_in_nothing():
    for name in names():
        assert changes(preset(name), preset(name)) == ()
        assert turns(preset(name), preset(name), [worked_examples(name)]) == ()


def test_a_longer_answer_is_told_as_a_value_and_as_the_deadlines_it_moves():
    longer = edited("base", ('value = "24h", source = "R-040"', 'value = "36h", source = "R-040"'))
    (change,) = changes(preset("base"), longer)
    assert (change.kind, change.name) == ("value", "answer_span")
    assert (change.before, change.after) == ("24h from 2024-07-12", "36h from 2024-07-12")
    moved = turns(preset("base"), longer, [worked_examples("base")])
    assert moved
    assert all("ask_seller by ASK-1 until" in turn.before for turn in moved)
    assert all(turn.before != turn.after and turn.says for turn in moved)


def test_a_rule_that_answers_otherwise_is_told_with_the_examples_that_turn():
    stricter = edited(
        "base",
        (
            'id = "ASK-1"\non = "request"\nwhen = "stage < \'packing\'"',
            'id = "ASK-1"\non = "request"\nwhen = "stage < \'preparing\'"',
        ),
    )
    told = {(one.kind, one.name): one for one in changes(preset("base"), stricter)}
    assert "when stage < 'preparing'" in told["rule", "ASK-1"].after
    turned = turns(preset("base"), stricter, [worked_examples("base")])
    assert {turn.before.split()[0] for turn in turned} == {"ask_seller"}
    assert {turn.after.split()[0] for turn in turned} == {"refuse"}
