"""The documentation as a site: every page is in it, every link leads somewhere, and nothing comes from elsewhere."""

import os
import re
import subprocess
import sys
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
    assert {"clients/python.html", "contributing.html"} <= written


def test_a_reader_asks_nobody_else_for_anything(site):
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)")
    found = {hit for page in site.rglob("*.html") for hit in fetched.findall(page.read_text("utf-8"))}
    assert {one for one in found if not one.startswith("http://127.0.0.1")} == set()


def test_no_page_leads_to_an_address_that_only_an_installation_has():
    """A path from the root is one of the site's own machine, and mkdocs does not look at those."""
    links = re.compile(r"\]\((/[^)\s]*)\)")
    found = {page.name: links.findall(page.read_text("utf-8")) for page in (ROOT / "docs").rglob("*.md")}
    assert {name: hits for name, hits in found.items() if hits} == {}
