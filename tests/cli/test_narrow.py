"""In a window of 80 columns, and of 72, every list shows in full what the next command is given."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rescind.commands
from postgres.market import KILN
from rescind.access.keys import NewKey
from rescind.access.mandating import WantedMandate
from rescind.access.people import COMMAND_LINE, Wanted
from rescind.cli import program
from rescind.commands import speaking
from rescind.core.scope import Scope
from rescind.notices.robots import ROBOTS
from rescind.postgres.embedded import APP

EMAIL = "maximiliane.von-und-zu-hohenfeld@harbour.example"


@pytest.fixture
async def listed(desk, market, database, tmp_path):
    """What the lists of an installation show of which something has to be typed back: by their commands."""
    new = NewKey(role="seller", name="the night desk of all our shops", shop=KILN, mandated=True)
    await desk.keys.make(COMMAND_LINE, new)
    (key,) = [one.mark for one in await desk.access.keys()]
    bounds = {"acts": ("approve", "refuse", "offer"), "shops": (KILN,), "currency": "EUR"}
    wanted = WantedMandate(
        key=key,
        **bounds,
        each_minor=1234567,
        a_day_minor=7654321,
        until=desk.now() + timedelta(days=30),
        because="Small ones at night",
    )
    mandate = await desk.mandates.make(COMMAND_LINE, wanted, desk.now())
    await desk.people.invite(
        COMMAND_LINE, Wanted(email=EMAIL, name="Maximiliane von und zu Hohenfeld", role="operator")
    )
    secret = await desk.links.secrets.make(COMMAND_LINE, "k" * 20)
    robot = await desk.robots.create(
        Scope(), KILN, "wecom", ROBOTS["wecom"].example, language="zh", by="test", key="k" * 20
    )
    environ = {"RESCIND_DATA": str(tmp_path), "DATABASE_URL": database(APP), "LANG": "C.UTF-8"}

    async def command(*words):
        done = await asyncio.to_thread(CliRunner().invoke, program(), words, env=environ)
        assert done.exit_code == 0, done.output
        return done.output

    return command, {
        ("key", "list"): f"(?s:{key}.*{KILN})",
        ("mandate", "list"): mandate.id,
        ("people", "list"): EMAIL,
        ("link-secret", "list"): secret.secret.id,
        ("robot", "list"): rf"{robot.id} +{KILN}",
        ("shop", "list"): KILN,
        ("shop", "set", KILN): "restocking_minor",
    }


async def test_what_is_typed_back_is_never_cut(listed, monkeypatch):
    command, typed = listed
    for width in (80, 72):
        monkeypatch.setattr(speaking.out, "width", width)
        for words, whole in typed.items():
            said = await command(*words)
            assert re.search(rf"(^|\s){whole}(\s|$)", said, re.MULTILINE), (words, width, said)
            # The end of a robot's address is all that anybody is shown of it.
            assert "…" not in re.sub(r"…[\s0]*", "", said), (words, width)
            assert max(map(len, said.splitlines())) <= width, (words, width)


def test_every_table_under_heads_is_one_of_these():
    for file in Path(rescind.commands.__file__).parent.glob("*.py"):
        text = file.read_text("utf-8")
        made = set(re.findall(r"\bTable\((.*)", text))
        # Tables without heads, and those of presets, which are as wide as they are.
        assert made <= {
            "box=None)",
            "box=None, show_header=False)",
            "box=None, show_header=False, pad_edge=False)",
            "",
        }, file
