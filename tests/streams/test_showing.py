"""Where an operator sees the event stream: the page, the health, the command; and the worker that runs it."""

import asyncio
import time
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from rescind.app import make_app, working
from rescind.cli import program
from rescind.postgres.event_streams import view
from rescind.settings import Settings, SettingsError
from web.consoles import Person


@pytest.fixture
def chosen(nats):
    return {"nats_url": (nats.url,)}


@pytest.fixture
async def ines(desk, market):
    return await Person(make_app(desk)).sign_in(desk, "operator", "ines")


async def until(holds):
    for _ in range(400):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited eight seconds")


async def health(ines):
    return (await ines.see("/healthz")).raw


async def test_a_server_that_is_away_delays_no_deadline_and_is_seen_until_it_is_back(ines, desk, market, nats, told):
    async with working(desk):

        async def begun():
            return await view(desk.pool) is not None

        await until(begun)
        first = await market.order("review")

        async def published():
            state = await view(desk.pool)
            return state is not None and state.published_at is not None and not state.waiting

        await until(published)
        assert '"stream":"ok"' in await health(ines)
        await nats.kill()
        order = await market.order("preparing")
        asked = await market.asks(order)
        assert asked.order.cancellations[0].status == "awaiting_seller"
        desk.clock.advance(timedelta(days=3))
        began = time.monotonic()

        async def answered():
            return (await market.read(order)).cancellations[0].status == "approved"

        await until(answered)
        assert time.monotonic() - began < 4, "the clock waits for no broker"

        async def failing():
            return (await view(desk.pool)).failing_since is not None

        await until(failing)
        assert '"stream":"attention"' in await health(ines)
        page = await ines.see("/operator/installation")
        for words in ("Event stream", nats.url, "Nothing is published since", "It cannot be reached"):
            assert words in page.text
        chinese = await ines.see("/operator/installation?lang=zh")
        assert "无法连接" in (await ines.see(chinese.to or "/operator/installation")).text
        await nats.start()
        await until(published)
        assert '"stream":"ok"' in await health(ines)
    found = await told()
    assert {first[4:], order[4:]} == {one[4:].rpartition("_")[0] for one in found.ids}
    assert found.of(order) == sorted(found.of(order))


def test_the_command_logs_in_and_says_what_is_wrong(nats, database, tmp_path):
    def checked(**environ):
        return CliRunner().invoke(program(), ["stream", "check"], env={"DATABASE_URL": database(), **environ})

    data = {"RESCIND_DATA": str(tmp_path)}
    assert "set RESCIND_NATS_URL" in checked(**data).output
    right = checked(**data, RESCIND_NATS_URL=nats.url, RESCIND_NATS_STREAM="MADE")
    assert right.exit_code == 0, right.output
    assert "the stream is there" in right.output
    assert "nothing yet: no worker has begun" in right.output
    wrong = checked(**data, RESCIND_NATS_URL="nats://127.0.0.1:1")
    assert wrong.exit_code == 2
    assert "It cannot be reached" in wrong.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RESCIND_NATS_URL": "http://127.0.0.1:4222"}, "addresses like nats://"),
        ({"RESCIND_NATS_URL": "nats://desk:secret@nats.example"}, "without user and password"),
        ({"RESCIND_NATS_URL": "nats://nats.example:70000"}, "addresses like nats://"),
        ({"RESCIND_NATS_URL": "nats://nats.example, "}, "addresses like nats://"),
        ({"RESCIND_NATS_STREAM": "two words"}, "letters, digits"),
        ({"RESCIND_NATS_SUBJECT": "desk.>"}, "words of letters"),
        ({"RESCIND_NATS_DAYS": "0"}, "a number from 1 to 365"),
        ({"RESCIND_NATS_USER": "desk"}, "RESCIND_NATS_PASSWORD_FILE"),
        (
            {
                "RESCIND_NATS_URL": "tls://a.example,nats://b.example",
                "RESCIND_NATS_USER": "desk",
                "RESCIND_NATS_PASSWORD_FILE": "password",
            },
            "encrypted line",
        ),
    ],
)
def test_what_does_not_fit_is_refused_when_it_is_set(given, said):
    with pytest.raises(SettingsError) as refused:
        Settings.read(given)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_password_may_go_to_this_machine_and_over_tls():
    given = {"RESCIND_NATS_USER": "desk", "RESCIND_NATS_PASSWORD_FILE": "password"}
    for address in ("nats://127.0.0.1:4222", "tls://nats.example"):
        assert Settings.read({**given, "RESCIND_NATS_URL": address}).nats.user == "desk"
    assert Settings.read({}).nats is None


def test_without_the_client_a_server_is_refused(monkeypatch):
    monkeypatch.setattr("rescind.jetstream.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="install rescind"):
        Settings.read({"RESCIND_NATS_URL": "nats://127.0.0.1"})
