"""Commands speak the language of the terminal: help, results, questions and mistakes; identifiers stay as they are."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from rescind.cli import program
from rescind.commands import helping
from rescind.locales import locale

PACKAGE = Path(__file__).parents[2] / "src" / "rescind"
COMMANDS = sorted((PACKAGE / "commands").glob("*.py"))
SAID = {"_", "ngettext", "pgettext", "phrased", "marked", "term"}
"""Through these a sentence comes to its reader's language."""
TO_PEOPLE = {"say", "fail", "print", "prompt", "confirm", "add_row", "columns", "status", "TextColumn"}
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}|\b[A-Z]?[a-z]{3,}\b")
LOOKS_UP = {"get", "getattr", "getuser", "removeprefix", "partition", "replace"}
MARKS = re.compile(r"rescind[a-z -]*|--[a-z-]+|\[/?[a-z]*\]")
CODES = re.compile(r"command line|not told|rescind [a-z-]+")
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def rescind(tmp_path):
    def command(*words, language="zh_CN.UTF-8"):
        return subprocess.run(
            [sys.executable, "-m", "rescind", *words],
            env={"PATH": os.environ["PATH"], "RESCIND_DATA": str(tmp_path / "data"), "LANG": language},
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return command


def test_every_help_text_and_question_has_its_chinese():
    told = set(helping.sentences(typer.main.get_command(program())))
    assert len(told) > 200
    assert sorted(one for one in told if ("", one) not in locale("zh").messages) == []


def called(node):
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def untold(path):
    """Literal words that go to a person as they stand in the code, with their line."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if called(node) in TO_PEOPLE:
            for one in node.args:
                yield from literals(one)
    yield from sentences(tree)


def literals(node):
    """Words in what is printed. What a word is compared with, looked up by, or named by, is a code."""
    if called(node) in SAID:
        return
    match node:
        case ast.Constant(value=value):
            parts = []
            if isinstance(value, str) and WORDS.search(MARKS.sub("", value)):
                yield node.lineno, value
        case ast.Compare() | ast.Subscript():
            parts = []
        case ast.FormattedValue(value=value):
            parts = [value]
        case ast.Dict(values=values):
            parts = values
        case ast.Call(func=func, args=args):
            parts = [func, *(() if called(node) in LOOKS_UP else args)]
        case _:
            parts = ast.iter_child_nodes(node)
    for one in parts:
        yield from literals(one)


def sentences(node):
    """Literals of several words that are anywhere else than in a help text, a docstring, a query or an assertion."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert():
            return
        case ast.Constant(value=str(text)) if SENTENCE.search(CODES.sub("", text)):
            yield node.lineno, text
        case ast.AST() if called(node) not in SAID | {"Option", "Argument", "Typer", "fetch", "execute", "compile"}:
            for one in ast.iter_child_nodes(node):
                yield from sentences(one)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_command_prints_words_that_are_in_no_catalogue(path):
    assert list(untold(path)) == []


def test_a_sentence_that_is_printed_as_it_stands_is_found(tmp_path):
    file = tmp_path / "command.py"
    file.write_text('say(_("Done."))\nsay("Done with it.")\nfail(f"There is no {kind} here.")\n')
    assert [line for line, _ in untold(file)] == [2, 3, 3, 2, 3]


@pytest.mark.parametrize(
    ("words", "says", "status"),
    [
        (("--help",), "商城的取消与退款服务台", 0),
        (("receipt", "verify", "--help"), "离线核对判定凭证", 0),
        (("recept",), "没有命令 recept。您是否要用 'receipt'？", 2),
        (("receipt", "verify"), "缺少 FILE", 2),
        (("webhook", "log", "x", "--limit", "1000"), "--limit 不能大于 100", 2),
        (("shop", "add", "Kiln", "--policy", "moon"), "没有规则 moon", 2),
        (("policy", "check", "us"), "示例", 0),
        (("backup", "x.dump"), "中没有安装", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_terminal_in_chinese_is_answered_in_chinese(rescind, words, says, status):
    done = rescind(*words)
    assert done.returncode == status, done.stderr
    assert says in done.stdout + done.stderr


def test_an_unknown_setting_is_told_in_both_languages(rescind, monkeypatch):
    for language, says in (
        ("C.UTF-8", "RESCIND_PORT must be a port number"),
        ("zh_CN.UTF-8", "RESCIND_PORT 应为端口号"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", "serve"],
            env={"PATH": os.environ["PATH"], "RESCIND_PORT": "x", "LANG": language},
            check=False,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_what_programs_read_is_the_same_in_every_language(rescind):
    told = [rescind("policy", "show", "us", language=language).stdout for language in ("C.UTF-8", "zh_CN.UTF-8")]
    rules = [re.findall(r"\b[A-Z]+-\d+\b|[0-9a-f]{64}", text) for text in told]
    assert rules[0] == rules[1]
    assert not CHINESE.search(told[0])
    assert CHINESE.search(told[1])
