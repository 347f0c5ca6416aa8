"""The scenarios of the rule book: each is told, plays as it says, and what is missing is said plainly."""

import re

import pytest
from msgspec import structs

from rescind.core.playing import play, verdict
from rescind.core.story import SCENARIOS, Then, scenarios, stories
from rescind.policies import automation, laws, names, preset, told, worked_examples

STORIES = {story.id: story for story in told()}
# Returns, disputes and metrics: not decided here.
LATER = {*(f"S-{n}" for n in range(26, 32)), *(f"S-{n}" for n in range(44, 49))}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_comes_out_as_it_says(name):
    story = STORIES[name]
    assert verdict(story, preset(story.policy), laws(), automation()) == ""


def test_every_scenario_of_the_rule_book_is_told():
    results = [(one.id, "", "") for name in names() for one in worked_examples(name).examples]
    results += [(story.id, "", story.not_yet) for story in STORIES.values()]
    found = {one.id: one for one in scenarios(results)}
    assert list(found) == list(SCENARIOS) == [f"S-{n:02}" for n in range(1, 53)]
    assert [name for name, one in found.items() if one.state == "not told"] == []
    missing = {name for name, one in found.items() if one.state == "not yet"}
    assert missing >= LATER
    assert all(found[name].why for name in missing)


def test_an_id_is_told_once():
    assert len(STORIES) == len(told())
    for name in names():
        ids = [one.id for one in worked_examples(name).examples]
        assert len(set(ids)) == len(ids), name


def test_a_story_names_the_rows_it_comes_from():
    row = re.compile(r"[MRQE]-\d{2,3}")
    assert [s.id for s in STORIES.values() if not s.cites or not all(row.fullmatch(one) for one in s.cites)] == []


def test_what_does_not_come_out_is_told_with_its_time():
    story = STORIES["S-06"]
    steps = (*story.steps[:-1], structs.replace(story.steps[-1], then=Then(cancellation="refused")))
    wrong = play(structs.replace(story, steps=steps), preset("us"))
    assert wrong == "Thu 2026-05-07 11:30:00: Expected cancellation to be refused; it is approved."


def test_a_deadline_that_differs_is_told_in_local_time():
    story = STORIES["S-12"]
    asked = structs.replace(story.steps[3], then=Then(due=story.steps[3].at))
    wrong = play(structs.replace(story, steps=(*story.steps[:3], asked)), preset("us"))
    assert "Expected due to be Wed 2026-05-06 11:20:00; it is Thu 2026-05-07 11:20:00." in wrong


def test_a_problem_nobody_expected_is_told():
    story = STORIES["S-43"]
    steps = (story.steps[0], structs.replace(story.steps[1], problem=""))
    assert "it met reason-not-listed" in play(structs.replace(story, steps=steps), preset("us"))


def test_a_problem_that_does_not_come_is_told():
    story = STORIES["S-01"]
    steps = (story.steps[0], structs.replace(story.steps[1], problem="reason-not-listed"))
    assert "Expected reason-not-listed; it met none." in play(structs.replace(story, steps=steps), preset("us"))


def test_what_is_missing_may_not_be_there():
    story = structs.replace(STORIES["S-01"], not_yet="nothing is missing")
    assert verdict(story, preset("us")) == "It comes out now: take its not_yet away."


def test_a_fact_nobody_knows_cannot_be_played():
    story = STORIES["S-01"]
    steps = (structs.replace(story.steps[0], fact="eaten_by_the_dog"),)
    assert "nobody can report 'eaten_by_the_dog'" in play(structs.replace(story, steps=steps), preset("us"))


def test_one_that_misses_something_has_not_passed_and_one_that_failed_has_failed():
    found = scenarios([("S-01", "", ""), ("S-01-late", "", "a clock"), ("S-02", "wrong", "a clock"), ("S-031", "", "")])
    assert [(one.state, one.told, one.why) for one in found[:3]] == [
        ("not yet", 2, "a clock"),
        ("failed", 1, "wrong"),
        ("not told", 0, ""),
    ]


def test_a_file_of_stories_with_an_unknown_word_is_refused():
    with pytest.raises(ValueError, match=r"x\.toml:1:1: .*unknown field `tells`"):
        stories(b'[[stories]]\nid = "S-01"\npolicy = "us"\nsays = ""\ncites = []\ntells = 1\n', "x.toml")
