"""What commands write where nobody looks."""

import os
import pty
import subprocess
import sys

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from rescind import __version__
from rescind.cli import COMMANDS, program

HEAVY = {"aiohttp", "jinja2", "litestar", "uvicorn", "weasyprint", "xlsxwriter"}
TABLE = """
from rich.table import Table
from rescind.commands.speaking import out

table = Table("what", "why")
table.add_row("x" * 60, "y" * 60)
out.print(table)
"""


def test_a_pipe_gets_every_word_of_a_table():
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    told = subprocess.run([sys.executable, "-c", TABLE], env=environment, capture_output=True, text=True, check=True)
    assert "x" * 60 in told.stdout
    assert "y" * 60 in told.stdout


def test_what_is_no_text_goes_through_a_pipe_and_not_into_a_terminal():
    words = ["import", "--template", "xlsx"]
    assert CliRunner().invoke(program("import"), words).stdout_bytes.startswith(b"PK")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rescind", *words]
    told = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.write(theirs, b"the end\n")
    assert os.read(ours, 100) == b"the end\r\n"
    assert told.returncode == 2
    assert "rescind import --template xlsx > orders.xlsx" in told.stderr


@pytest.mark.parametrize("name", ["shop", "key", "policy", "--version"])
def test_a_small_command_does_not_wait_for_pages_and_http(name):
    asks = f"import sys; from rescind.cli import program; program({name!r}); print(*{HEAVY} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_a_word_that_is_no_command_is_looked_for_among_all_of_them():
    for only, wanted in (("shop", {"shop", "version"}), ("shpo", {*COMMANDS, "version"})):
        assert typer.main.get_command(program(only)).commands.keys() == wanted


def test_the_version_is_told_both_ways():
    for words in (["version"], ["--version"]):
        assert CliRunner().invoke(program(words[0]), words).stdout.strip() == __version__


def test_a_command_that_ends_logs_what_nobody_foresaw_in_a_line_and_no_warning():
    words = """
import structlog
from rescind import logs

logs.configure(serving=False)
log = structlog.get_logger("test")
log.warning("import.retried", orders=7)
try:
    raise ValueError("of a secret")
except ValueError:
    log.exception("work.failed", place="here")
"""
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stderr == "error: work.failed place=here\n"
