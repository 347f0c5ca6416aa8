"""Webhook endpoints from the command line: made, changed, tested, and what failed sent again."""

import asyncio
import re

import pytest
from typer.testing import CliRunner

from postgres.market import KILN, Market
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A command on an installation with two shops, whose server runs meanwhile: exit status and what it says."""
    tmp_path = tmp_path_factory.mktemp("webhooks")

    async def fill():
        settings = Settings(data=tmp_path / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            await Market(desk.pool, desk.engine, desk.clock).open()

    asyncio.run(fill())
    server = EmbeddedServer.start(Settings(data=tmp_path / "data"))
    environ = {"RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", "COLUMNS": "240"}

    def command(*words):
        done = CliRunner().invoke(program(), ["webhook", *words], env=environ)
        return done.exit_code, " ".join(done.output.split())

    yield command
    server.stop()


def test_an_endpoint_from_the_first_to_the_last_command(run):
    status, said = run("add", "https://example.com/hook", "--event", "refund.*", "--shop", KILN, "--about", "Books")
    assert status == 0, said
    endpoint, secret = said.split()
    assert secret.startswith("whsec_")
    status, listed = run("list")
    assert (status, secret in listed) == (0, False)
    assert f"{endpoint} {KILN} https://example.com/hook refund.* on" in listed
    status, event = run("test", endpoint)
    assert status == 0, event
    assert f"{event} endpoint.test" in run("log", endpoint)[1]
    assert event not in run("log", endpoint, "--state", "failed")[1]
    assert run("replay", endpoint, "--event", event) == (0, "Sent again: 1")
    assert run("replay", endpoint, "--since", "2026-01-01T00:00Z") == (0, "Sent again: 0")
    rotated = run("rotate", endpoint)
    assert rotated[0] == 0
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", rotated[1])
    assert rotated[1] != secret
    changed = run("set", endpoint, "--state", "paused", "--event", "order.placed")
    assert changed == (0, f"{endpoint}: paused, order.placed to https://example.com/hook")
    assert run("test", endpoint)[0] == 2
    assert run("remove", endpoint) == (0, "Removed.")
    assert endpoint not in run("list")[1]


def test_what_cannot_be_is_said_in_words(run):
    def refused(*words):
        status, said = run(*words)
        return status == 2 and said.removeprefix("rescind: ")

    assert refused("add", "http://example.com/hook") == "The url must be an address that begins with https://."
    assert (
        refused("add", "https://a.example/", "--event", "all") == "The events must be kinds of events that there are."
    )
    assert "There is no shop" in run("add", "https://example.com/", "--shop", "shp_zzzzzzzz")[1]
    for words in (("rotate", "hook_none"), ("log", "hook_none"), ("replay", "hook_none", "--event", "x")):
        status, said = run(*words)
        assert (status, "There is no such endpoint or message" in said) == (2, True)
    assert refused("replay", "hook_none") == "Say which: --event or --since."
    assert refused("replay", "hook_none", "--since", "yesterday") == "Write a time such as 2026-05-01T00:00Z."
    assert refused("set", "hook_none", "--state", "failing") == "An endpoint is on or paused."
