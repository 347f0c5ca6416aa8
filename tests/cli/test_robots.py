"""Group robots from the command line: how each is, and trying one."""

import asyncio

import pytest
from typer.testing import CliRunner

from postgres.market import KILN, Market
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.core.scope import Scope
from rescind.notices.robots import ROBOTS
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A command on an installation with a robot at an address that nothing calls: exit status and what it says."""
    data = tmp_path_factory.mktemp("robots") / "data"

    async def fill():
        async with database(Settings(data=data)) as dsn, open_desk(Settings(data=data), dsn, "") as desk:
            await Market(desk.pool, desk.engine, desk.clock).open()
            made = await desk.robots.create(
                Scope(), KILN, "wecom", ROBOTS["wecom"].example, language="zh", by="test", key="k" * 20
            )
            elsewhere = desk.robots.address_of(made.id, "wecom", "https://wecom.example/")
            await desk.robots.table.change(Scope(), made.id, "test", address=elsewhere)
            return made.id

    robot = asyncio.run(fill())
    server = EmbeddedServer.start(Settings(data=data))
    environ = {"RESCIND_DATA": str(data), "LANG": "C.UTF-8", "COLUMNS": "240"}

    def command(*words):
        done = CliRunner().invoke(program(), ["robot", *words], env=environ)
        return done.exit_code, " ".join(done.output.split())

    yield command, robot
    server.stop()


def test_a_robot_is_listed_and_tried_and_a_missing_one_is_said(run):
    command, robot = run
    status, said = command("list")
    assert (status, robot in said, "wecom.example" in said) == (0, True, True)
    assert "everything on" in said
    status, said = command("test", robot)
    assert (status, "This address may not be called from here." in said) == (2, True)
    assert "refused" in command("list")[1]
    status, said = command("test", robot)
    assert (status, "takes no more messages at the moment" in said) == (2, True)
    status, said = command("test", "bot_" + "0" * 22)
    assert (status, "There is no such robot" in said) == (2, True)
