"""What policies cite is in the catalogue: in words, graded, and with an address where it was read."""

import re
from pathlib import Path

import pytest

from rescind.core.policy import PolicyError
from rescind.locales import locale
from rescind.policies import names, preset
from rescind.policies.sources import catalogue, cited, cited_by_the_shipped, codes_in, load, well_formed

ROOT = Path(__file__).parents[2]
EN, ZH = locale("en"), locale("zh")

GOOD = """
[sources]
R-001 = { grade = "official", markets = ["US", "035"], read = ["HELP"] }

[pages]
HELP = { at = "https://help.example.org/cancel?id=1", printed = "2026-02", copied = 2026-05-20 }
"""


@pytest.mark.parametrize("name", names())
def test_whatever_a_shipped_policy_cites_says_something_in_both_languages(name):
    unknown = [one for one in cited(preset(name)) if one not in catalogue()]
    assert unknown == []
    silent = [one for one in cited(preset(name)) if not (EN.source(one) and ZH.source(one))]
    assert silent == []


def test_nothing_is_in_the_catalogue_that_nobody_cites():
    written = ("docs/**/*.md", "src/**/*.py", "src/rescind/policies/*.toml", "tests/**/*.py")
    pages = [page for kind in written for page in ROOT.glob(kind)]
    named = {code for path in pages for code in codes_in(path.read_text("utf-8"))}
    assert [code for code in catalogue() if code not in cited_by_the_shipped() | named] == []
    told = {key for context, key in EN.messages | ZH.messages if context == "source.says"}
    assert told == set(catalogue()), "a sentence about nothing, or a source without one"


def test_every_sentence_is_one_for_a_person():
    """Short, whole, without the codes of others, and no two alike."""
    for language, end in ((EN, ".!?"), (ZH, "。？")):
        said = {code: language.source(code) for code in catalogue()}
        assert len(set(said.values())) == len(said)
        for code, sentence in said.items():
            assert sentence[-1] in end, code
            assert len(sentence) <= 260, code
            assert not codes_in(sentence), code
    # Figures carry over from one language to the other wherever they are written as such.
    percent = {
        code: (re.findall(r"\d+(?:\.\d+)? ?%", EN.source(code)), re.findall(r"\d+(?:\.\d+)?%", ZH.source(code)))
        for code in catalogue()
    }
    assert [code for code, (en, zh) in percent.items() if en and len(en) > len(zh)] == []


def test_every_address_is_one_that_a_browser_can_open():
    pages = {page.at for source in catalogue().values() for page in source.pages}
    assert len(pages) > 50
    assert [at for at in pages if not well_formed(at)] == []
    assert [code for code, one in catalogue().items() if one.grade in {"official", "secondary"} and not one.pages] == [
        "Consumer Rights Protection Law, art. 25"
    ]


def test_two_answers_and_no_third_is_what_r_031_says():
    source = catalogue()["R-031"]
    assert (source.grade, source.markets, len(source.pages)) == ("official", ("US",), 2)
    assert "agree, or upload the tracking number" in EN.source("R-031")


def test_a_good_catalogue_loads():
    source = load(GOOD.encode(), "mine.toml")["R-001"]
    assert (source.markets, source.pages[0].printed) == (("US", "035"), "2026-02")


@pytest.mark.parametrize(
    ("before", "after", "place", "said"),
    [
        ('"official"', '"rumour"', 3, "Invalid enum value 'rumour'"),
        ('grade = "official", ', "", 3, "missing required field `grade`"),
        ("read =", "seen =", 3, "unknown field `seen`"),
        ('"035"', '"Asia"', 3, "Asia is no region"),
        ('["HELP"]', '["HLEP"]', 3, "there is no page called HLEP; did you mean 'HELP'?"),
        ('read = ["HELP"]', "read = []", 6, "no source was read on the page HELP"),
        ("https://help", "http://help", 6, "is no https address"),
        ("cancel?id=1", "cancel me", 6, "is no https address"),
        ("help.example.org", "help", 6, "is no https address"),
        ('"2026-02"', '"2026-13"', 6, "2026-13 is no day, month or year"),
        ("2026-05-20", '"lately"', 6, "Invalid"),
        ("[pages]", "[page]", 1, "unknown field `page`"),
        ("[sources]", "[sources", 2, "Expected ']'"),
    ],
)
def test_a_broken_entry_is_refused_with_its_place(before, after, place, said):
    with pytest.raises(PolicyError) as caught:
        load(GOOD.replace(before, after, 1).encode(), "mine.toml")
    assert said in caught.value.message
    assert (caught.value.file, caught.value.line) == ("mine.toml", place)
