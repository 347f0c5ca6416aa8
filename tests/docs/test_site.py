"""The documentation as a site: every page is in it, every link leads somewhere, and nothing comes from elsewhere."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    # mkdocs.yml is strict: a link that leads nowhere fails.
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_is_in_the_site(site):
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 200
    written = {str(page.relative_to(site)) for page in site.rglob("*.html")}
    wanted = {str(page.with_name("index.html" if page.name == "README.md" else f"{page.stem}.html")) for page in pages}
    assert wanted - written == set()
    assert {"clients/python.html", "contributing.html", "credits.html"} <= written
    # What the guide lets somebody copy is there to be copied.
    for file in (ROOT / "deploy").iterdir():
        assert unescape(re.sub(r"<[^>]+>", "", (site / "deploy" / f"{file.name}.html").read_text("utf-8"))).count(
            file.read_text("utf-8").strip().splitlines()[-1]
        )


def test_no_page_shows_the_brackets_of_a_link_that_leads_nowhere(site):
    written = {str(page): page.read_text("utf-8") for page in site.rglob("*.html")}
    plain = {
        name: re.sub(r"(?s)<(pre|code|script|style)\b.*?</\1>|<[^>]+>", "", text) for name, text in written.items()
    }
    found = {name: re.findall(r"\[[^\]\n]+\]", text) for name, text in plain.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("folder", ["how-to", "zh/how-to"])
def test_the_steps_of_a_page_are_one_list(site, folder):
    for page in (ROOT / "docs" / folder).glob("[!R]*.md"):
        shown = (
            (site / folder / f"{page.stem}.html").read_text("utf-8").partition("<article")[2].partition("</article")[0]
        )
        steps = re.search(r"<ol>(.*)</ol>", shown, re.DOTALL)[1]
        assert "<ol>" not in steps, page.name
        assert steps.count("<li>") == len(re.findall(r"^\d+\. ", page.read_text("utf-8"), re.MULTILINE)), page.name


def test_a_page_is_of_the_language_it_is_written_in(site):
    said = {name: (site / name).read_text("utf-8") for name in ("tutorial.html", "zh/tutorial.html", "api.html")}
    assert [re.search(r'<html lang="(\w+)"', text)[1] for text in said.values()] == ["en", "zh", "en"]


def test_chinese_words_within_a_sentence_are_found(site):
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    between = re.compile(index["config"]["separator"])
    terms = {
        term for page in index["docs"] if page["location"].startswith("zh/") for term in between.split(page["text"])
    }
    assert {"密钥", "退款", "店铺", "订单", "支付"} <= terms


def test_a_reader_asks_nobody_else_for_anything(site):
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)")
    found = {hit for page in site.rglob("*.html") for hit in fetched.findall(page.read_text("utf-8"))}
    assert {one for one in found if not one.startswith("http://127.0.0.1")} == set()


def test_no_page_leads_to_an_address_that_only_an_installation_has():
    """A path from the root is one of the site's own machine, and mkdocs does not look at those."""
    links = re.compile(r"\]\((/[^)\s]*)\)")
    found = {page.name: links.findall(page.read_text("utf-8")) for page in (ROOT / "docs").rglob("*.md")}
    assert {name: hits for name, hits in found.items() if hits} == {}
