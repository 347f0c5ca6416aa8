"""Order sources from the command line: made, paused, rotated, and what was set aside read again."""

import asyncio

import pytest
from typer.testing import CliRunner

from postgres.market import KILN, Market
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.postgres.directory import Directory, new_shop
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings
from rescind.worker import sources


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A command on an installation with sources that sent something odd: exit status and what it says."""
    tmp_path = tmp_path_factory.mktemp("sources")

    async def fill():
        settings = Settings(data=tmp_path / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            await Market(desk.pool, desk.engine, desk.clock).open()
            rules = (await desk.reads.shop(KILN)).preset_hash
            for _ in range(2):
                await Directory(desk.pool).put_shop(
                    new_shop(), name="Twin", preset_hash=rules, settings={}, zone="UTC", contact={}
                )
            for name, message, order in (("odd", "msg_1", "77"), ("old", "msg_2", "78")):
                await desk.order_sources.create(name, "signed", "test", request=name)
                await desk.order_sources.table.keep(name, message, "order.gone", order, b'{"type": "order.gone"}')
            await sources.sweep(desk)

    asyncio.run(fill())
    server = EmbeddedServer.start(Settings(data=tmp_path / "data"))
    environ = {"RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", "COLUMNS": "240"}

    def command(*words, piped=""):
        done = CliRunner().invoke(program(), ["source", *words], env=environ, input=piped)
        return done.exit_code, " ".join(done.output.split())

    yield command
    server.stop()


def test_a_source_from_the_first_to_the_last_command(run):
    status, secret = run("add", "erp", "--shop", KILN)
    assert (status, secret[:6]) == (0, "whsec_"), secret
    status, listed = run("list")
    assert (status, secret in listed) == (0, False)
    assert f"erp signed {KILN} on" in listed
    assert run("add", "erp") == (2, "rescind: The name must be a name that no source has yet.")
    assert run("rotate", "erp")[1] != secret
    assert run("set", "erp", "--state", "paused") == (0, "erp: paused")
    assert run("test", "erp") == (0, "erp: good")
    assert run("fetch", "erp")[0] == 2
    assert run("log", "none")[0] == 2
    status, said = run("add", "woo", "--kind", "woocommerce", "--shop", KILN, "--url", "https://10.0.0.1", piped="a b")
    assert (status, "The url must be" in said) == (2, True)


def test_a_shop_is_named_as_the_guide_names_it(run):
    assert run("add", "by_name", "--shop", "Kiln & Co")[0] == 0
    assert f"by_name signed {KILN} on" in run("list")[1]
    assert run("add", "by_part", "--shop", "Kiln") == (2, "rescind: There is no shop Kiln; see: rescind shop list")
    status, said = run("add", "by_two", "--shop", "Twin")
    assert (status, "Several shops are called Twin; say which by its id: shp_" in said) == (2, True)


def test_what_the_page_chooses_is_chosen_and_what_is_ignored_says_why(run):
    assert run("set", "erp2", "--reason", "price_error")[0] == 2
    run("add", "erp2")
    assert run("set", "erp2", "--reason", "price_error", "--language", "zh", "--pays", "there", "--no-restock")[0] == 0
    assert run("set", "erp2", "--pays", "nowhere") == (2, "rescind: Refunds are sent back from here or there.")
    status, said = run("ignore", "old", "msg_2", "--reason", "A trial of ours.")
    assert (status, said) == (0, "Ignored."), said
    assert "ignored" in run("log", "old", "--told", "ignored")[1]
    assert run("ignore", "old", "msg_2", "--reason", "Again.")[0] == 2
    assert run("count", "old", "msg_2")[0] == 2


def test_what_was_set_aside_is_shown_with_its_place_and_read_again(run):
    assert "msg_1 77" in run("log", "odd", "--told", "set_aside")[1]
    assert "/type one of: order.placed, order.fact" in run("log", "odd")[1]
    assert run("retry", "odd") == (0, "Read again: 1")
    assert run("retry", "odd", "--message", "msg_1") == (0, "Read again: 1")
    assert "waiting" in run("log", "odd")[1]
