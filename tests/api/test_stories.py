"""The scenarios of the rule book, and those that nobody listed, played through the running program (S-01 to S-52)."""

import asyncio
import socket
from typing import get_args, get_type_hints

import httpx
import pytest
import pytest_asyncio
from msgspec import structs

from api.story_over_http import VERBS, Program, Wrong, play
from conftest import START
from rescind.app import make_app, open_desk
from rescind.clock import HandClock
from rescind.core.story import Step, Then
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
                yield await Program(desk, client).opens()
            server.should_exit = True
            await serving


@pytest.mark.parametrize("name", STORIES)
async def test_a_story_comes_out_over_http_as_it_says(name, program):
    await play(STORIES[name], program)


async def played(story, program):
    """What is wrong with a story over HTTP, as ``core.playing.play`` says it."""
    with pytest.raises(Wrong) as wrong:
        await play(story, program)
    return str(wrong.value)


def changed(name, place, **changes):
    """The story of this name with one step changed."""
    story = STORIES[name]
    steps = tuple(structs.replace(one, **changes) if n == place else one for n, one in enumerate(story.steps))
    return structs.replace(story, steps=steps)


@pytest.mark.parametrize(
    ("name", "place", "then", "wrong"),
    [
        ("S-06", 3, Then(cancellation="refused"), "Thu 2026-05-07 11:30:00: Expected cancellation to be refused"),
        ("S-06", 2, Then(cancellation="approved"), "Thu 2026-05-07 11:29:59: Expected cancellation to be approved"),
        ("S-06", 3, Then(refunded=4001), "Expected refunded to be 4001; it is 4000"),
        ("S-05", 1, Then(due=STORIES["S-05"].steps[1].at), "Expected due to be 2026-05-06 18:30:00+00:00"),
        ("LAW-UK", 2, Then(layer="preset"), "Expected layer to be preset; it is 'law'"),
        ("S-38", 1, Then(fault="nobody"), "Expected fault to be nobody; it is 'seller'"),
        ("MONEY-two-means", 1, Then(back={"card": 4000}), "Expected back to be {'card': 4000}"),
    ],
)
async def test_what_does_not_come_out_is_told_with_its_step(name, place, then, wrong, program):
    assert wrong in await played(changed(name, place, then=then), program)


async def test_a_problem_nobody_expected_and_one_that_does_not_come(program):
    assert "Expected no problem; it met reason-not-listed." in await played(changed("S-43", 1, problem=""), program)
    wrong = await played(changed("S-01", 1, problem="reason-not-listed"), program)
    assert "Expected reason-not-listed; it met none." in wrong


async def test_a_verb_nobody_can_say_over_http_is_told(program):
    wrong = await played(changed("S-01", 1, does="sings"), program)
    assert wrong == "Wed 2026-05-06 10:40:00: nobody says over HTTP how somebody sings"


async def test_every_verb_of_the_stories_has_a_way_over_http():
    verbs = set(get_args(get_type_hints(Step)["does"])) - {""}
    assert verbs == set(VERBS)
