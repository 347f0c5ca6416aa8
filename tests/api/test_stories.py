"""The scenarios of the rule book, and those that nobody listed, played through the running program (S-01 to S-52)."""

import asyncio
import socket

import httpx
import pytest
import pytest_asyncio

from api.story_over_http import Program, play
from conftest import START
from rescind.app import make_app, open_desk
from rescind.clock import HandClock
from rescind.policies import told
from rescind.postgres.embedded import APP
from rescind.serving import Server
from rescind.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORIES = {story.id: story for story in told() if not story.not_yet}


@pytest.fixture(scope="module")
def lent(servers):
    """One database for all stories of this run: every story has a shop of its own."""
    name = servers.lend()
    yield servers.server().dsn(APP, name)
    servers.give_back(18, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(lent, tmp_path_factory):
    """The program, serving on a loopback port; the tests move its clock and send its worker."""
    settings = Settings(data=tmp_path_factory.mktemp("stories"))
    async with open_desk(settings, lent, "http://desk.test", HandClock(START)) as desk:
        server = Server(make_app(desk))
        with socket.create_server(("127.0.0.1", 0)) as bound:
            serving = asyncio.create_task(server.serve(sockets=[bound]))
            while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.01)
            address = f"http://127.0.0.1:{bound.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=address, timeout=30) as client:
                yield Program(desk, client)
            server.should_exit = True
            await serving


@pytest.mark.parametrize("name", STORIES)
async def test_a_story_comes_out_over_http_as_it_says(name, program):
    await play(STORIES[name], program)
