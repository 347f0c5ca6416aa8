"""`rescind conversation`: written out as one side reads it, and checked without anything but the file."""

import json
import os
import subprocess
import sys

import pytest

from postgres.market import market_on
from rescind.access.principal import Principal
from rescind.app import open_desk
from rescind.conversations import Saying
from rescind.core.stage import Stage
from rescind.postgres.embedded import APP
from rescind.settings import Settings


@pytest.fixture
def rescind(database, tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "RESCIND_DATA": str(tmp_path),
        "DATABASE_URL": database(APP),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }

    def command(*words, status=0):
        run = [sys.executable, "-m", "rescind", "conversation", *words]
        done = subprocess.run(run, check=False, env=environ, capture_output=True, timeout=60)
        assert done.returncode == status, done.stderr
        return (done.stdout if status < 2 else done.stderr).decode()

    return command


async def test_what_was_said_is_written_out_and_a_changed_word_is_found(rescind, database, pool, clock, tmp_path):
    async with (
        market_on(pool, clock) as market,
        open_desk(Settings(data=tmp_path), database(), "http://desk.test", clock) as desk,
    ):
        order = await market.read(await market.order(Stage.PREPARING))
        ann = Principal(role="buyer", id="ann", buyer_id="ann", credential="test")
        sue = Principal(role="support", id="sue", credential="test")
        await desk.conversations.say_about(ann, order, Saying("Hello", "everyone", "1", b"1" * 32))
        await desk.conversations.say_about(sue, order, Saying("Watch her", "internal", "2", b"2" * 32))
    file = tmp_path / "talk.json"
    rescind("export", order.id, "--reader", "buyer", "--file", str(file))
    assert "is there already" in rescind("export", order.id, "--file", str(file), status=2)
    written = json.loads(file.read_bytes())
    assert [one["text"] for one in written["messages"]] == ["Hello"]
    assert len(json.loads(rescind("export", written["thread"]))["messages"]) == 2
    assert "1 message, as it was sent" in rescind("check", str(file))
    for change in ({"text": "Hallo"}, {"at": "2026-05-04T09:00:00Z"}, {"audience": "seller"}):
        other = tmp_path / "other.json"
        other.write_text(json.dumps({**written, "messages": [written["messages"][0] | change]}))
        assert rescind("check", str(other), status=1)
    assert "There is no conversation" in rescind("export", "cnv_x", status=2)
    assert "is no transcript" in rescind("check", __file__, status=2)
