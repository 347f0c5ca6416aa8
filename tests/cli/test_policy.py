"""`rescind policy`: what is shipped, what every value rests on, and that all of it comes out."""

import re

import pytest
from typer.testing import CliRunner

from rescind.commands.policy import app
from rescind.policies import laws, names, preset, presets, worked_examples

MARKETS = ("base", "br", "cross-border", "eu", "id", "my", "ph", "sg", "th", "uk", "us", "vn")


def policy(*words, status=0):
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert done.exit_code == status, done.output
    return done.output


def test_the_list_has_every_market_and_every_law():
    assert presets() == MARKETS
    listed = policy("list")
    for name in names():
        assert re.search(rf"^{name} .*{preset(name).hash[:12]}", listed, re.MULTILINE), name
    assert [law.name for law in laws()] == ["law-cn-7-day", "law-eu-withdrawal", "law-uk-cancellation"]


@pytest.mark.parametrize("name", names())
def test_every_value_is_shown_with_its_day_and_source_and_what_is_unverified_is_counted(name):
    shown = policy("show", name)
    unverified = 0
    for value in preset(name).values:
        for dated in value.history:
            doubt = "  UNVERIFIED" if dated.unverified else ""
            unverified += dated.unverified
            assert f"  {value.name} = {dated.value} from {dated.first_day} ({dated.source}){doubt}\n" in shown
    total = sum(len(value.history) for value in preset(name).values)
    assert f"{unverified} of {total} values are unverified\n" in shown
    assert shown.count("UNVERIFIED") == unverified
    for rule in preset(name).rules:
        assert f"      when {rule.text}\n" in shown


def test_what_a_policy_rests_on_is_told_in_words_with_its_pages():
    shown = policy("show", "us")
    assert "  R-031 (Official; United States)\n      Between the end of the hold" in shown
    assert "/university/essay?knowledge_id=7947040639371021 (dated 2026-02-23)\n" in shown
    law = policy("show", "law-cn-7-day")
    assert "  Consumer Rights Protection Law, art. 25 (Official; China)\n" in law


def test_a_source_that_only_a_file_of_ones_own_knows_is_told_as_that(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'policy = "mine"\nextends = "us"\n[values.answer_span]\n2026-03-01 = { value = "12h", source = "our notice" }\n'
    )
    assert "  our notice: not in the catalogue\n" in policy("show", str(tmp_path / "mine.toml"))


def test_check_says_what_is_missing_in_a_condition_and_where(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'policy = "mine"\nextends = "us"\n[[rules]]\nid = "MINE-1"\non = "request"\n'
        'when = "stage < \'packed\' and"\nverdict = "approve"\n'
    )
    said = policy("check", str(tmp_path / "mine.toml"), status=2)
    assert said.rstrip().endswith("mine.toml:6:26: the condition cannot be read: a condition is missing after `and`")


def test_check_prints_every_scenario():
    checked = policy("check")
    told = re.findall(r"^(S-\d\d)  (passed|not yet: .+)$", checked, re.MULTILINE)
    assert [name for name, _ in told] == [f"S-{n:02}" for n in range(1, 53)]
    assert f"{sum(state == 'passed' for _, state in told)} passed" in checked.splitlines()[-1]


def test_check_of_one_preset_leaves_the_scenarios_out():
    count = len(worked_examples("us").examples)
    assert policy("check", "us").splitlines() == [f"us: examples: {count}, failed: 0"]


def test_an_example_that_does_not_come_out_is_told_and_fails(tmp_path):
    (tmp_path / "shop.toml").write_text('policy = "shop"\nextends = "us"\n')
    (tmp_path / "shop.examples.toml").write_text(
        'policy = "shop"\n[calendar]\nholidays = []\n[[examples]]\nid = "X-1"\nsays = "A wish."\n'
        'placed = 2026-05-06T10:00:00\nfacts = { stage = "unpaid" }\nverdict = "refuse"\nrule = "UNPAID-1"\n'
    )
    told = policy("check", str(tmp_path / "shop.toml"), status=1)
    assert "X-1: A wish.\n    Expected refuse by UNPAID-1; the answer is approve by UNPAID-1." in told
