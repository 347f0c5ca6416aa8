"""Links for buyers and the secrets that sign them, from the command line."""

import asyncio
import re

import pytest
from typer.testing import CliRunner

from postgres.market import Market
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.core.stage import Stage
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings

DESK = ("--base-url", "https://desk.example")


@pytest.fixture
def run(tmp_path):
    """A command on an installation with an order of Ann's: exit status and what it says; ``run.order`` is its id."""

    async def fill():
        settings = Settings(data=tmp_path / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            market = await Market(desk.pool, desk.engine, desk.clock).open()
            return await market.order(Stage.PREPARING)

    def command(*words):
        done = CliRunner().invoke(program(), words, env=environ)
        # What is logged stands on another stream outside of a test.
        return done.exit_code, " ".join(" ".join(one for one in done.output.splitlines() if one[:1] != "{").split())

    command.order = asyncio.run(fill())
    server = EmbeddedServer.start(Settings(data=tmp_path / "data"))
    environ = {
        "RESCIND_DATA": str(tmp_path / "data"),
        "LANG": "C.UTF-8",
        "COLUMNS": "240",
        "RESCIND_HOST_SITES": "https://market.example The Market",
    }
    yield command
    server.stop()


def test_a_link_is_printed_and_secrets_are_made_listed_and_ended(run):
    back = ("--return-to", "https://market.example/mine")
    for words in (("--lang", "zh", *back), ("--order", run.order, "--to", "cancel"), ("--order", run.order)):
        status, link = run("link", "ann", *words, *DESK)
        assert (status, bool(re.fullmatch(r"https://desk\.example/enter/rso_[\w-]{43}", link))) == (0, True), link
    fragment = run("link", "ann", "--order", run.order, "--to", "fragment", *DESK)[1]
    assert fragment.startswith(f"https://desk.example/embed/orders/{run.order}?token=rsl_")
    for words, said in (
        (("bob", "--order", run.order, *DESK), f"bob has no order {run.order}."),
        (("ann", "--to", "https://evil.example", *DESK), "place it leads to must be one of: orders, order"),
        (("ann", "--to", "cancel", *DESK), "place it leads to must be orders; with an order named"),
        (("ann", "--return-to", "https://evil.example/", *DESK), "return address must be an address of a site"),
        (("ann",), "--base-url"),
    ):
        status, told = run("link", *words)
        assert (status, said in told) == (2, True), told
    assert run("sign-out", "ann") == (0, "4 sessions and links ended.")
    assert run("sign-out", " ")[0] == 2
    for _ in range(2):
        assert re.fullmatch(r"rsh_[\w-]{43}", run("link-secret", "new")[1])
    assert "2 are in force already" in run("link-secret", "new")[1]
    listed = run("link-secret", "list")[1]
    assert (listed.count("in force"), listed.count("command line")) == (2, 2)
    assert run("link-secret", "end", re.search(r"lks_[0-9a-z]{22}", listed)[0]) == (0, "Ended.")
    assert run("link-secret", "list")[1].count("in force") == 1
    assert "There is no secret lks_nothing" in run("link-secret", "end", "lks_nothing")[1]
