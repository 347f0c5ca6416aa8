"""What an operator writes: a value is continued, a text says what the policy means, and a draft is tried beforehand."""

from datetime import UTC, date, datetime

import pytest

from rescind.core.errors import PolicyInvalid
from rescind.core.policy import load
from rescind.core.policy.continuing import NotContinued, continued
from rescind.core.policy.policy import Dated
from rescind.core.policy.trial import as_of, rewritten, turned
from rescind.core.policy.writing import literal, written
from rescind.drafting import read
from rescind.policies import names, preset, source, worked_examples

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
BASES = {name: preset(name) for name in names()}


def value(policy, name):
    return next(one for one in policy.values if one.name == name)


def longer(name="base", day=date(2026, 9, 1)):
    """A preset in which the seller has 36 hours from a day on."""
    text = continued(source(name).decode(), value(preset(name), "answer_span"), Dated(day, "36h", "our notice of July"))
    return text, load(text.encode(), f"{name}.toml", bases=BASES)


@pytest.mark.parametrize("name", names())
def test_a_policy_told_as_a_file_means_the_same_to_the_byte(name):
    assert load(written(preset(name)).encode(), name).hash == preset(name).hash


@pytest.mark.parametrize("words", ['say "hi"', "back\\slash", "line\nbreak", "中文 ❄", "\x07 bell", "é"])
def test_words_are_written_so_that_they_are_read_back(words):
    text = source("base").decode().replace('source = "M-03"', f"source = {literal(words)}", 1)
    policy = load(text.encode(), "base.toml")
    assert value(load(written(policy).encode(), "base.toml"), "window").history[0].source == words


def test_a_value_gets_one_more_day_and_nothing_else_in_the_file_moves():
    text, policy = longer()
    before = source("base").decode().splitlines()
    added = [line for line in text.splitlines() if line not in before]
    assert added == ['2026-09-01 = { value = "36h", source = "our notice of July" }']
    assert len(text.splitlines()) == len(before) + 1
    assert [one.value for one in value(policy, "answer_span").history] == ["24h", "36h"]
    assert rewritten(preset("base"), policy) == ()


def test_an_inherited_value_is_continued_with_all_that_it_was():
    was = value(preset("my"), "requests_per_order")
    assert "requests_per_order" not in source("my").decode()
    text = continued(source("my").decode(), was, Dated(date(2026, 9, 1), 5, "our notice of July"))
    assert text.startswith(source("my").decode().rstrip("\n"))
    policy = load(text.encode(), "my.toml", bases=BASES)
    assert value(policy, "requests_per_order").history[:-1] == was.history
    assert rewritten(preset("my"), policy) == ()


@pytest.mark.parametrize("day", [date(2024, 7, 12), date(2020, 1, 1)])
def test_no_day_of_the_past_gets_another_meaning(day):
    with pytest.raises(NotContinued, match="never edited"):
        longer(day=day)


def test_a_value_that_was_edited_is_found():
    edited = load(source("base").replace(b'"24h", source = "R-040"', b'"36h", source = "R-040"'), "base.toml")
    assert rewritten(preset("base"), edited) == ("answer_span",)


def test_a_draft_is_asked_as_of_the_day_on_which_all_of_it_holds():
    _, policy = longer()
    books = [worked_examples("base")]
    at = as_of([preset("base")], [policy], NOW)
    assert at == datetime(2026, 9, 2, tzinfo=UTC)
    assert as_of([preset("base")], [preset("base")], NOW) == NOW
    # Asked as of today it would change nothing at all.
    assert turned([preset("base")], [policy], books, NOW) == ()
    found = turned([preset("base")], [policy], books, at)
    assert found
    assert {(str(one.before.deadline.span), str(one.after.deadline.span)) for one in found} == {("24h", "36h")}


def test_a_shops_own_rule_is_tried_beside_its_preset():
    kinder = load(
        b"""
        policy = "kiln"
        layer = "shop"
        [[rules]]
        id = "KILN-1"
        on = "request"
        when = "stage < 'packing'"
        verdict = "approve"
        cites = ["M-29"]
        """.replace(b"\n        ", b"\n"),
        "kiln.toml",
    )
    found = turned([preset("base")], [preset("base"), kinder], [worked_examples("base")], NOW)
    assert {one.after.id for one in found} == {"KILN-1"}
    assert all(one.before.rank > one.after.rank for one in found)


@pytest.mark.parametrize(
    "key", ["a." * 2000, 'a = "x"\nb = { ' + "c." * 2000, "# " + "." * 99 + '\n"a"' + ' . "a"' * 2000]
)
def test_a_key_of_thousands_of_parts_is_refused_before_it_is_looked_up(key, monkeypatch):  # section 3: bad input
    monkeypatch.setattr("rescind.drafting.load", lambda *_args, **_more: pytest.fail("it was looked up"))
    with pytest.raises(PolicyInvalid) as refused:
        read(key + "b = 1")
    assert refused.value.params["message"] == "it is nested too deep"
    assert refused.value.params["line"] == 1 + key.count("\n")
