"""The tutorial is done as it stands: its commands in an empty folder, its steps in a browser."""

import os
import re
from pathlib import Path

import pytest

from docs.doing import Reader
from docs.reading import BLOCK, Commands, read, says
from rescind.objects import Objects
from rescind.secret_keys import receipt_key, secret
from rescind.settings import Settings
from scenarios.files import png
from web.browser.conftest import CHROMIUM, FLAGS, need_chromium

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MEANT = "http://127.0.0.1:8700"
FULL = os.environ.get("PROOF") == "full"
PAGES = {"en": DOCS, "zh": DOCS / "zh"}
LANGUAGES = PAGES if FULL else ("en",)
AFTERWARDS = "how-to/*.md" if FULL else ""
"""Pages whose commands take up where the tutorial ends."""
MOVE = "move-to-another-machine.md"
SEND = """
PHOTO=$(curl -sS "$DESK/v1/orders/$FIRST/evidence" -H "Authorization: Bearer $BUYER" -H "Content-Type: image/png" \\
  -H "Idempotency-Key: a-photo-of-the-mug" --data-binary @photo.png | field '["id"]')
"""
OPEN = """
curl -sS --fail "http://127.0.0.1:8700/v1/orders/$FIRST/evidence/$PHOTO" -H "Authorization: Bearer $BUYER" > opened.png
"""


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stranger_who_does_what_the_tutorial_says_has_refunded_a_cancellation(tmp_path, language):
    need_chromium()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  left out with Chromium

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        reader = Reader(tmp_path, chromium, MEANT, language)
        try:
            for one in read(PAGES[language] / "tutorial.md"):
                if isinstance(one, Commands):
                    reader.run(one)
                else:
                    reader.do(one.text)
            for page in sorted(PAGES[language].glob(AFTERWARDS)) if AFTERWARDS else ():
                if page.name == MOVE:
                    (tmp_path / "photo.png").write_bytes(png())
                    reader.run(Commands(SEND, alone=False))
                for one in read(page):
                    if isinstance(one, Commands):
                        reader.run(one)
                if page.name == MOVE:
                    reader.run(Commands("rescind serve --data new-home\n", alone=True, answer="Rescind …\n"))
                    reader.run(Commands(OPEN, alone=False))
                    assert (tmp_path / "opened.png").read_bytes() == png()
        finally:
            reader.close()
            chromium.close()


@pytest.mark.parametrize(
    ("answer", "shown", "same"),
    [
        ("Put in: 1\nStay out: 0\n", "Put in: 1\nStay out: 0\n", True),
        ("Put in: 1\nStay out: 0\n", "Put in: 1\nStays out: 0\n", False),
        ("Put in: 1\nStay out: 0\n", "Put in: 1\n", False),
        ("key 7f3e.\nIt holds.\n", "key ….\nIt holds.\n", True),
        ("key 7f3e.\nNo.\nIt holds.\n", "key ….\nIt holds.\n", False),
        ("one\ntwo\nthree\n", "…\nthree\n", True),
        ("three\n", "…\nthree\n", True),
        ("one\ntwo\nfour\n", "…\nthree\n", False),
    ],
)
def test_another_word_in_an_answer_is_another_answer(answer, shown, same):
    assert says(answer, shown) is same


def test_what_a_page_marks_and_nobody_can_do_is_an_error(tmp_path):
    reader = Reader(tmp_path, None, MEANT)
    try:
        reader.do("You can also have it printed.")
        with pytest.raises(AssertionError, match="not clear"):
            reader.do("Hit **Begin** twice.")
    finally:
        reader.close()


async def test_whoever_moves_copies_all_that_is_in_no_backup(tmp_path):
    settings = Settings.read({"RESCIND_DATA": str(tmp_path)})
    secret(settings)
    receipt_key(settings)
    await Objects.at(None, tmp_path).put("one", png())
    copied = re.search(r"^ *cp -a (.*) new-home/$", (DOCS / "how-to" / MOVE).read_text("utf-8"), re.MULTILINE)[
        1
    ].split()
    assert set(copied) == {f".data/{one.name}" for one in tmp_path.iterdir()}


CHINESE = sorted(page.relative_to(PAGES["zh"]) for page in PAGES["zh"].rglob("*.md") if page.parent != PAGES["zh"])
"""Pages that are in both languages, but the first page of all, which lists what there is."""


@pytest.mark.parametrize("page", [Path("tutorial.md"), *CHINESE], ids=str)
def test_a_page_in_chinese_lets_people_do_what_the_english_one_does(page):
    english, chinese = (_shape(folder / page) for folder in PAGES.values())
    assert english == chinese


def _shape(page):
    """What does not hang on the language: what is typed, headings, lists, tables, and where its links lead."""
    text = page.read_text("utf-8")
    blocks = [one["text"] for one in BLOCK.finditer(text) if one["kind"] != "output"]
    prose = BLOCK.sub("", text)
    links = {(page.parent / one).resolve().relative_to(ROOT) for one in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose)}
    return (
        [re.sub(r" +# .*", "", block) for block in blocks],
        [len(one) for one in re.findall(r"^(#+) ", prose, re.MULTILINE)],
        len(re.findall(r"^(?:\*|\d\.) ", prose, re.MULTILINE)),
        len(re.findall(r"^ *\|", prose, re.MULTILINE)),
        {str(one).replace("docs/zh/", "docs/") for one in links},
    )
