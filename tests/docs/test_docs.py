"""What the documentation says is there, and what is there is in the documentation."""

import importlib
import pkgutil
import re
import runpy
import subprocess
from pathlib import Path

import pytest
import typer.main

import rescind
from rescind.cli import program
from rescind.core.errors import RescindError
from rescind.core.parts import CancellationStatus, RefundStatus
from rescind.core.policy.handed_over import OVER
from rescind.core.policy.unheard import UNHEARD
from rescind.core.stage import Stage
from rescind.core.verdict import OnSilence, Verdict
from rescind.locales import locale
from rescind.policies import names, preset
from rescind.postgres.tables import KINDS
from rescind.settings import documentation

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COLUMNS = 120

# Each a place that only one machine has, or a host that only one network has.
PLACES = re.compile(
    r"/(?:work|root|builds|workspaces?)/[\w.-]"
    r"|/home/(?!rescind\b)\w"
    r"|/Users/\w"
    r"|/tmp/(?!pg-)\w+/\w"
    r"|/var/folders/"
    r"|(?:index|extra-index)-url\s*[=:]?\s*http"
    r"|\b(?:[\w-]+\.)?(?:artifactory|nexus|devpi)\.[\w.-]+"
    r"|\bfiles\.pythonhosted\.org|\bpypi\.org/simple|\bregistry\.npmjs\.org"
)
# A socket's folder, a path in an example of the server's own start code, and the texts of those who made other things.
ABOUT_OTHERS = ("src/rescind/web/static/", "LICENSE")


def tracked(*patterns):
    """Files of the repository, as paths from its root."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            *patterns,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


MARKDOWN = tracked("*.md")
ALL_COMMANDS = typer.main.get_command(program())


def name_of(path):
    return str(path.relative_to(ROOT))


def subclasses(kind):
    found = set(kind.__subclasses__())
    return found.union(*(subclasses(one) for one in found))


def prose(path):
    """(number, line) outside of code blocks."""
    inside = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def anchors(path):
    """The places of a page that a link may name, as code hosts make them from headings."""
    headings = (line.lstrip("#").strip() for _, line in prose(path) if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


# --- every thing has its page ----------------------------------------------------------------------------------------


def test_every_problem_has_its_page():
    for module in pkgutil.walk_packages(rescind.__path__, "rescind."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {one.code for one in subclasses(RescindError) if one.__module__.startswith("rescind.")}
    pages = {path.stem for path in (DOCS / "problems").glob("*.md")}
    assert ours - pages == set(), "a problem without a page"
    assert pages - ours == {"README"} & pages, "a page about no problem"


def test_every_rule_of_every_preset_has_its_page():
    bounds = {rule.id for rule in OVER.values()} | {UNHEARD}
    rules = {rule.id for name in names() for rule in preset(name).rules} | bounds
    pages = {path.stem for path in (DOCS / "rules").glob("*.md")}
    assert rules, "presets have rules"
    assert rules - pages == set()


def test_the_page_of_settings_is_current():
    written = runpy.run_path(str(ROOT / "tools" / "write_docs.py"))["pages"]()
    stale = [str(place) for place, text in written.items() if (ROOT / place).read_text("utf-8") != text]
    assert stale == [], "run: python tools/write_docs.py"


def test_every_setting_is_on_the_page_of_settings():
    page = (DOCS / "operating" / "settings.md").read_text("utf-8")
    assert [name for name, _, _ in documentation() if f"## {name}\n" not in page] == []


def commands(group, before):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, f"{before} {name}")
        else:
            yield f"{before} {name}"


def test_every_command_is_in_the_table_of_commands_and_nothing_else():
    ours = set(commands(ALL_COMMANDS, "rescind"))
    page = (DOCS / "operating" / "run.md").read_text("utf-8")
    told = {row.split(" --")[0].rstrip() for row in re.findall(r"^\| `(rescind [a-z -]+)", page, re.MULTILINE)}
    assert told == ours


def typed(page):
    """(line, words) of every command of ours that a page lets people type, in blocks and within sentences."""
    inside = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            inside = not inside
        written = [line] if inside else re.findall(r"`([^`]+)`", line)
        for text in written:
            words = re.split(r"\s+", re.sub(r"\$\(|[)|;#·]", " · ", text).strip())
            for place, word in enumerate(words):
                before = words[place - 1] if place else "·"
                # After a word of another program it is the name of a folder, an account or a service.
                if Path(word).name == "rescind" and (
                    before in {"·", "rescind"} or before.endswith(":") or "=" in before
                ):
                    until = next((at for at, one in enumerate(words[place:], place) if one == "·"), len(words))
                    said = " ".join(words[place + 1 : until]).partition(", ")[0]
                    if re.match(r"[a-z]", said):
                        yield number, said.split()


@pytest.mark.parametrize("page", [page for page in MARKDOWN if page.parent != ROOT / "changes"], ids=name_of)
def test_every_command_that_a_page_shows_is_one_with_these_options(page):
    wrong = []
    for number, words in typed(page):
        group, rest = ALL_COMMANDS, list(words)
        while rest and hasattr(group, "commands") and rest[0] in group.commands:
            group = group.commands[rest.pop(0)]
        known = {one for param in getattr(group, "params", ()) for one in (*param.opts, *param.secondary_opts)}
        asked = {one.partition("=")[0].rstrip(".,:") for one in rest if one.startswith("--")}
        if (hasattr(group, "commands") and rest) or asked - known - {"--help"}:
            wrong.append(f"line {number}: rescind {' '.join(words)}")
    assert wrong == []


def test_the_table_of_tables_is_the_declaration():
    page = (DOCS / "architecture.md").read_text("utf-8")
    rows = {kind: re.search(rf"^\| {kind} \|.*\| (.*) \|$", page, re.MULTILINE)[1] for kind in set(KINDS.values())}
    told = {table: kind for kind, row in rows.items() for table in re.findall(r"`(\w+)`", row)}
    assert told == dict(KINDS)


def test_every_known_failure_has_a_test_that_carries_its_number():
    page = (DOCS / "known-failures.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (KF-\d\d) \|.*\| (.*) \|$", page, re.MULTILINE))
    assert sorted(rows) == [f"KF-{number:02}" for number in range(1, 26)]
    heads = {}
    for path in tracked("tests/**.py"):
        # The name, and the numbers beside it up to the end of the line on which its parameters end.
        for name, beside in re.findall(r"def (test_\w+)\((?:[^()]|\n)*\):(.*)", path.read_text("utf-8")):
            heads[name] = f"{name.upper().replace('_', '-')} {beside}"
    without = [
        (number, name)
        for number, row in rows.items()
        for name in re.findall(r"`(test_\w+)`", row)
        if number not in heads.get(name, "")
    ]
    assert without == [], "the named test is not there, or does not carry the number"
    assert [number for number, row in rows.items() if "`test_" not in row] == []


def test_every_promise_names_a_test_there_is():
    page = (DOCS / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    written = set(re.findall(r"def (test_\w+)", "".join(path.read_text("utf-8") for path in tracked("tests/**.py"))))
    assert len(named) > 10
    assert named - written == set()


def test_every_file_a_page_of_ours_names_is_there():
    pages = [DOCS / "architecture.md", *sorted((DOCS / "decisions").glob("00[01]*.md"))]
    named = {
        (page.name, path) for page in pages for path in re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text("utf-8"))
    }
    assert [
        one for one in sorted(named) if not any((base / one[1]).is_file() for base in (ROOT, ROOT / "src/rescind"))
    ] == []


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("stage", Stage),
        ("cancellation", CancellationStatus),
        ("verdict", Verdict),
        ("silence", OnSilence),
        ("refund", RefundStatus),
    ],
)
def test_the_glossary_has_every_status_as_the_pages_show_it(context, kind):
    page = (DOCS / "glossary.md").read_text("utf-8")
    chinese = locale("zh")
    assert [
        one.value for one in kind if f"| `{one.value}` | {chinese.pgettext(context, one.value)} |" not in page
    ] == []


def test_decisions_have_numbers_of_their_own():
    numbers = [path.name[:4] for path in (DOCS / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


# --- the pages themselves --------------------------------------------------------------------------------------------


def test_the_readme_begins_with_the_two_commands():
    block = re.search(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert [line.split("  ")[0].strip() for line in block[1].splitlines()] == ["make run", "make test"]


@pytest.mark.parametrize("page", MARKDOWN, ids=name_of)
def test_no_link_leads_nowhere(page):
    broken = []
    for number, line in prose(page):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:|/", target):  # another host, or an address of the running program
                continue
            path, _, anchor = target.partition("#")
            to = (page.parent / path).resolve() if path else page
            if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors(to)):
                broken.append(f"line {number}: {target}")
    assert broken == []


# Pages of rules and problems are read by the program too; a sentence of theirs stands on one line.
@pytest.mark.parametrize(
    "page",
    [page for page in MARKDOWN if not {"rules", "problems", "static"} & set(page.parts)],
    ids=name_of,
)
def test_a_page_can_be_read_in_a_narrow_window(page):
    wide = [number for number, line in prose(page) if len(line) > COLUMNS and not line.startswith(("|", "!["))]
    assert wide == [], f"lines of more than {COLUMNS} columns"


def test_nothing_names_the_machine_it_was_written_on():
    found = []
    for path in tracked():
        name = name_of(path)
        if name.startswith(ABOUT_OTHERS) or path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match[0]}" for match in PLACES.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_a_place"),
    [
        ("see /work/main/src", True),
        ("in /root/.cache", True),
        ("cat /tmp/brief/common.md", True),
        ("/home/ada/project", True),
        ("--index-url https://example", True),
        ("https://pypi.org/simple/x", True),
        ("a 0700 folder under `/tmp`", False),
        ("/usr/lib/postgresql/15/bin", False),
        ("/srv/rescind", False),
        ("at work/home and in the tree's root/leaf", False),
    ],
)
def test_a_place_of_one_machine_is_recognised(text, is_a_place):
    assert bool(PLACES.search(text)) is is_a_place


def test_the_readme_says_the_same_in_chinese():
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))

    def shape(text):
        body = text.partition("\n---\n")[0]
        code = re.findall(r"^```\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        commands = [re.sub(r"\s+#.*| · ", "", line).strip() for block in code for line in block.splitlines()]
        # Pages that there are in both languages are linked in the reader's.
        found = {link.replace("docs/zh/", "docs/") for link in re.findall(r"\]\(([^)]+)\)", body)}
        links = {link for link in found if not link.startswith(("README", "docs/screens"))}
        return (
            len(re.findall(r"^## ", body, re.MULTILINE)),
            len(re.findall(r"^(?:\* |\d\. )", body, re.MULTILINE)),
            commands,
            links,
        )

    assert shape(english) == shape(chinese)
