"""An operator's word about a day from the command line."""

import pytest
from typer.testing import CliRunner

from rescind.cli import program


@pytest.fixture
def run(installation):
    """A command on a data folder of its own: exit status and what it says."""
    environ = {"RESCIND_DATA": str(installation), "LANG": "C.UTF-8", "COLUMNS": "160"}

    def command(*words, key=None):
        done = CliRunner().invoke(program(), [str(word) for word in words], env={**environ, "OPERATOR_KEY": key})
        return done.exit_code, " ".join(done.output.split())

    return command


def test_a_day_is_closed_opened_and_left_to_the_package_again(run):
    _, ops = run("key", "new", "operator", "ines")
    _, host = run("key", "new", "host", "backend")
    assert "TH Asia/Bangkok" in run("calendar", "show")[1]
    close = ("calendar", "close", "TH", "2026-09-08", "--reason", "Typhoon")
    assert "it takes an operator's" in run(*close, key=host)[1]
    assert run(*close, key=ops) == (0, "Tue 2026-09-08 does not count for TH.")
    assert run(*close, key=ops) == (0, "Tue 2026-09-08 does not count for TH, as was said before.")
    assert "2026-09-08 Tue no ines Typhoon" in run("calendar", "show", "TH", "--year", 2026)[1]
    restore = ("calendar", "restore", "TH", "2026-09-08", "--reason", "It passed")
    assert run(*restore, key=ops) == (0, "Tue 2026-09-08 counts for TH.")
    assert "2026-09-08" not in run("calendar", "show", "TH", "--year", 2026)[1]
    worked = ("calendar", "open", "VN", "2026-05-09", "--reason", "Worked for 30 April")
    assert run(*worked, key=ops) == (0, "Sat 2026-05-09 counts for VN.")
    for words, says in (
        (("calendar", "close", "TH", "2026-09-12", "--reason", "x"), "The day must be a day that counts now."),
        (("calendar", "close", "TH", "1999-09-13", "--reason", "x"), "The day must be a day from 2016 to 2040."),
        (("calendar", "close", "TH", "2026-09-14", "--reason", " "), "The reason must be at least one visible"),
        (("calendar", "close", "XX", "2026-09-14", "--reason", "x"), "No policy counts by a calendar XX."),
        (("calendar", "show", "TH", "--year", "1900"), "The year must be a year from 2016 to 2040."),
    ):
        status, told = run(*words, key=ops)
        assert (status, says in told) == (2, True), told
