"""Orders from the command line: a template, a look, putting in, going on, and what stays out."""

import asyncio

import pytest
from typer.testing import CliRunner

from postgres.market import KILN, Market
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.settings import Settings


@pytest.fixture
def run(tmp_path):
    """A command on a data folder with two shops and no orders: exit status and what it says."""

    async def fill():
        settings = Settings(data=tmp_path / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            await Market(desk.pool, desk.engine, desk.clock).open()

    asyncio.run(fill())
    environ = {"RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", "COLUMNS": "160"}

    def command(*words):
        done = CliRunner().invoke(program(), [str(word) for word in words], env=environ)
        return done.exit_code, done.output if "--template" in words else " ".join(done.output.split())

    return command


def test_a_file_is_looked_at_put_in_and_put_in_again(run, tmp_path):
    file, wrong = tmp_path / "orders.csv", tmp_path / "wrong.csv"
    status, template = run("import", "--template", "csv", "--shop", KILN)
    assert status == 0
    file.write_text(template, "utf-8")
    status, said = run("import", file, "--dry-run")
    assert (status, "Would be put in: 2 live, 1 as history" in said) == (0, True)
    identifier = next(word for word in said.split() if word.startswith("imp_")).rstrip(":")
    assert "Put in: 2 live, 1 as history" in run("import", "--resume", identifier)[1]
    status, said = run("import", file)
    assert (status, "Put in: 0 live, 0 as history There already: 3 Stay out: 0" in said) == (0, True)
    file.write_text(template.replace("9.95", "9.96"), "utf-8")
    status, said = run("import", file, "--errors", wrong, "--language", "zh")
    assert (status, "单价" in said) == (1, True)
    assert wrong.read_text("utf-8-sig").splitlines()[0].endswith("问题")
    assert run("import", file, "--errors", wrong)[0] == 2, "what is there is not written over"
    file.write_text("nothing of it\n")
    assert "a table with these columns, too: " in run("import", file)[1]
    assert run("import", tmp_path / "none.csv")[0] == 2
    assert run("import")[0] == 2
    assert run("import", "--resume", "imp_00000000none0000000000")[0] == 2
