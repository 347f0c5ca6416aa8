"""Web push from the command line."""

import asyncio

from typer.testing import CliRunner

from postgres.market import KILN
from rescind.access.principal import Principal
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.settings import Settings

SAM = Principal(id="sam", role="seller", shop_id=KILN, credential="session:x")


def test_a_reset_forgets_every_browser_and_asks_before(tmp_path):
    settings = Settings(data=tmp_path / "data")

    async def fill():
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            key = await desk.pushing.public_key()
            # The installation's own key is a valid point, and so will do for a browser's.
            await desk.pushing.subscribe(SAM, "https://push.example.com/x", key, "A" * 22, browser="", language="en")

    asyncio.run(fill())
    environ = {"RESCIND_DATA": str(settings.data), "LANG": "C.UTF-8"}
    no = CliRunner().invoke(program(), ["push", "reset"], env=environ, input="n\n")
    assert no.exit_code != 0
    yes = CliRunner().invoke(program(), ["push", "reset", "--yes"], env=environ)
    assert (yes.exit_code, "Browsers forgotten: 1" in yes.output) == (0, True), yes.output
