"""What would have changed an answer is found by asking the policy, and is true of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.policy import Atom, flips, judge_fast
from rescind.core.policy.flip import _with
from rescind.core.policy.tree import values_read
from rescind.core.policy.vocabulary import BUYER_REASONS, STANDARD
from rescind.core.stage import Stage, status_of
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.policies import names, preset, presets
from rescind.web.explain.comparison import atom_words

PLACED = datetime(2026, 5, 4, 10, tzinfo=UTC)


def order(stage="preparing", *, lines=({"custom_made": False, "special": False},), **more):
    known = {
        "stage": stage,
        "status": status_of(Stage(stage)),
        "actor": "buyer",
        "reason": "changed_mind",
        "shipping_by": "seller",
        "amount": 4000,
        "currency": "EUR",
        "paid": True,
        "since_placed": 7200,
        "since_paid": 7200,
        "requests_on_order": 0,
        "buyer_cancels_30d": 0,
        "lines": [dict(line) for line in lines],
    }
    # Whatever the vocabulary has beside these is a flag that is off, or nothing counted.
    rest = {name: "" if spec.kind == "code" else 0 if spec.unit else False for name, spec in STANDARD.items()}
    return {**rest, **known, **more}


def told(policy, facts, *, kinder):
    found = flips((preset(policy).at(PLACED),), "request", facts)
    return {
        (one.atom.fact, one.atom.op, one.atom.wanted): (one.verdict, one.rule) for one in found if one.kinder is kinder
    }


def test_too_late_by_one_stage_is_told_as_that_stage():  # M-01
    kinder = told("base", order("packing"), kinder=True)
    assert kinder["stage", "=", "preparing"] == ("ask_seller", "ASK-1")
    # Nothing further back is told: the nearest is what somebody can learn from.
    assert [fact for fact, _, _ in kinder].count("stage") == 1


def test_a_window_is_told_by_its_edge_and_not_by_a_second_less():
    kinder = told("us", order("preparing"), kinder=True)
    assert kinder["since_paid", "<", 3600] == ("approve", "HOLD-1")


def test_what_was_approved_says_what_would_have_spoiled_it():
    harder = told("base", order("review"), kinder=False)
    assert harder["stage", "=", "allocated"][0] == "ask_seller"
    assert harder["custom_made", "is", True][0] == "ask_seller"
    assert not told("base", order("review"), kinder=True)


def test_a_custom_made_item_is_told_as_the_reason():
    kinder = told("base", order("preparing", lines=({"custom_made": True, "special": False},)), kinder=True)
    assert kinder["custom_made", "is not", True] == ("ask_seller", "ASK-1")


def value_of(atom):
    """A value of which the comparison is true, and the nearest to its edge."""
    if atom.op in {"is", "is not"}:
        return atom.op == "is"
    return atom.wanted - 1 if atom.op == "<" else atom.wanted


@pytest.mark.parametrize("policy", presets())
@given(
    st.sampled_from([one.value for one in Stage]),
    st.sampled_from(BUYER_REASONS),
    st.integers(0, 10**7),
    st.integers(0, 12),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_each_flip_leads_where_it_says(policy, stage, reason, since, count, flags):
    facts = order(
        stage,
        reason=reason,
        since_placed=since,
        since_paid=since,
        requests_on_order=count % 5,
        buyer_cancels_30d=count,
        partial=flags[0],
        seller_fault=flags[1],
        lines=({"custom_made": flags[2], "special": False}, {"custom_made": False, "special": False}),
    )
    layers = (preset(policy).at(PLACED),)
    _, given_rule = judge_fast(layers, "request", facts)
    for flip in flips(layers, "request", facts):
        spec = STANDARD[flip.atom.fact]
        _, then = judge_fast(layers, "request", _with(facts, spec, value_of(flip.atom)))
        assert (then.id, then.verdict.value) == (flip.rule, flip.verdict)
        assert then.rank != given_rule.rank or then.verdict is not given_rule.verdict
        assert flip.kinder is (then.rank < given_rule.rank)


@pytest.mark.parametrize("tag", LANGUAGE_NAMES)
@pytest.mark.parametrize("name", names())
def test_a_switch_of_a_policy_is_told_in_words(name, tag):  # M-36
    policy = preset(name)
    read = {value for rule in policy.rules for value in values_read(rule.when)}
    switches = {one.name for one in policy.values if one.name in read and isinstance(one.history[0].value, bool)}
    for switch in (*sorted(switches), "holds_1"):
        yes, no = (
            atom_words(locale(tag), Atom(fact=switch, op="is", wanted=True, actual=held, held=held))
            for held in (True, False)
        )
        assert switch not in yes + no
        assert yes != no
