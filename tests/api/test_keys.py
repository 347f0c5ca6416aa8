"""A key is nobody: what people keep opens to no program, whatever it is called. It is made and ended on the record."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.access.keys import NewKey
from rescind.access.people import COMMAND_LINE
from rescind.access.principal import Principal
from rescind.connections import Secrets
from rescind.core.errors import InvalidField
from rescind.core.notice import Preferences
from rescind.core.stage import Stage
from rescind.inbox import owner
from rescind.notices import EMAIL
from rescind.postgres.migrate import FOLDER

APART = "0041_pre_keys_and_amounts.sql"


@pytest.fixture
async def sue(desk):
    """Sue of support, who signed in, has an address, chose her hour and keeps a view."""
    sue = Principal(role="support", id="sue", credential="session:1")
    await desk.access.issue_link("support", "sue", name="Sue Ostrova")
    await desk.inbox.people.add(owner(sue), EMAIL, "sue@desk.example", verified=True)
    await desk.inbox.choose(sue, Preferences(language="en", hour=7, zone="Europe/London"))
    await desk.views.put(owner(sue), "orders", "My own", "stage=packed", ())
    return sue


async def test_a_key_that_is_called_like_a_person_opens_nothing_of_hers(people, desk, sue):
    """``people.sue`` is a key of that very name, as one made before names were kept apart."""
    assert (await people.sue.get("/v1/views")).json()["views"] == []
    assert (await people.sue.get("/v1/notice-channels")).json()["channels"] == []
    assert (await people.sue.get("/v1/notice-preferences")).json()["hour"] != 7
    changed = await people.sue.send("PUT", "/v1/notice-preferences", {"hour": 23})
    assert changed.status_code == 200, changed.text
    assert (await desk.inbox.preferences(sue)).hour == 7
    await people.sue.get("/v1/orders/export")
    (taken,) = (await people.ops.get("/v1/exports")).json()["rows"]
    assert taken["person"] == "key:sue"
    assert (await people.ops.get("/v1/exports?person=sue")).json()["rows"] == []
    assert await desk.access.names("support", ["sue", "key:sue"]) == {"sue": "Sue Ostrova", "key:sue": "sue"}


async def test_what_a_key_reads_and_writes_is_not_read_and_written_by_a_person_of_its_name(people, market, desk, sue):
    order = await market.order(Stage.PREPARING)
    said = await people.sue.post(f"/v1/orders/{order}/messages", {"text": "Looking into it.", "audience": "everyone"})
    assert said.status_code == 201, said.text
    assert await desk.pool.fetchval("SELECT author FROM messages") == "key:sue"
    assert await desk.access.sessions(sue) == ()
    session, _ = await desk.access.redeem_link((await desk.access.issue_link("support", "sue")).rpartition("/")[2])
    assert (await people.sue.get("/v1/sessions")).json()["sessions"] == []
    await people.sue.post("/v1/sessions/end-others")
    assert (await desk.access.identify(None, session, "test")).id == "sue", "a key ends no session of hers"


@pytest.mark.parametrize("name", ["psn_7q8vexample", "SHP_00000001", "key:erp", "rsk_x", "sue", "SUE"])
async def test_a_name_that_could_be_taken_for_somebodys_is_given_to_no_key(desk, sue, name):
    with pytest.raises(InvalidField):
        await desk.keys.make(COMMAND_LINE, NewKey(role="support", name=name))
    assert await desk.access.keys() == ()


async def test_a_person_does_not_sign_in_under_a_name_that_a_key_has(people, desk):
    for name in ("host", "Host", "psn_7q8v"):
        with pytest.raises(InvalidField):
            await desk.keys.require_person(name)
    await desk.keys.require_person("kim")


async def test_keys_are_made_and_ended_on_the_record_whoever_does_so(people, desk):
    key = await desk.keys.make(COMMAND_LINE, NewKey(role="seller", name="shelf", shop=KILN))
    mark = next(one.mark for one in await desk.access.keys() if one.principal == "shelf")
    assert (await people.ops.post(f"/v1/keys/{mark}/revoke")).json()["in_force"] is False
    assert (await people.ops.post(f"/v1/keys/{mark}/revoke")).status_code == 200
    ended, made = [(one.act, one.by, one.whom, one.role, one.shop) for one in await desk.people.acts(COMMAND_LINE)]
    assert made == ("key_made", "operator:command line", "shelf", "seller", KILN)
    assert ended == ("key_ended", "operator:ops", f"shelf ({mark})", "seller", KILN)
    assert key.startswith("rsk_")


async def test_a_key_that_ends_ends_the_mails_of_its_views(people, desk, market):
    new = NewKey(role="seller", name="shelf", shop=KILN)
    await desk.keys.make(COMMAND_LINE, new)
    await desk.keys.make(COMMAND_LINE, new)
    await desk.keys.make(COMMAND_LINE, NewKey(role="seller", name="shelf", shop=LANTERN))
    shelf = Principal(role="seller", id="shelf", shop_id=KILN, credential="key:1")
    view = (await desk.views.put(owner(shelf), "orders", "All", "", ())).view_id
    await desk.pool.execute("UPDATE saved_views SET rhythm = 'daily', next_at = $1", desk.now() + timedelta(days=1))
    first, second = [one.mark for one in await desk.access.keys() if (one.principal, one.shop_id) == ("shelf", KILN)]
    await desk.keys.end(COMMAND_LINE, first)
    assert (await desk.views.by_id(view)).paused == "", "another key of that program is in force"
    await desk.keys.end(COMMAND_LINE, second)
    assert (await desk.views.by_id(view)).paused == "no_access"
    assert await desk.views.seen(owner(shelf)) is None, "whatever says so anew, a key that has ended is not there"


async def test_what_keys_kept_before_is_theirs_and_what_people_kept_stays_theirs(people, desk, sue):
    lou = Principal(role="seller", id="lou", shop_id=LANTERN, credential="key:1")
    old = owner(Principal(role="seller", id="lou", shop_id=LANTERN, credential="session:1"))
    await desk.views.put(old, "orders", "Of the program", "", ())
    await desk.inbox.people.add(old, EMAIL, "erp@lantern.example", verified=True)
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute((FOLDER / APART).read_text("utf-8").partition("DROP INDEX")[0])
    assert [one.name for one in await desk.views.of(owner(lou))] == ["Of the program"]
    assert [one["address"] for one in (await people.lou.get("/v1/notice-channels")).json()["channels"]] == [
        "erp@lantern.example"
    ]
    assert [one.name for one in await desk.views.of(owner(sue))] == ["My own"]


async def test_connecting_a_provider_and_making_a_source_of_orders_are_on_the_record(people, desk, market):
    await desk.access.issue_link("operator", "ines", name="Ines Duarte")
    made = await desk.order_sources.create("warehouse", "signed", "operator:ines", request="k" * 20)
    again = await desk.order_sources.create("warehouse", "signed", "operator:ines", request="k" * 20)
    assert made.secret == again.secret
    await desk.order_sources.rotate("warehouse", "operator:ops", request="r" * 20)
    await desk.order_sources.rotate("warehouse", "operator:ops", request="r" * 20)
    await desk.order_sources.change("warehouse", "operator:command line", state="paused")
    await desk.connected.connect("sandbox", "sandbox", Secrets(key=""), "operator:command line")
    acts = [(one.act, one.whom, one.by_name) for one in await desk.people.acts(COMMAND_LINE)]
    assert acts == [
        ("provider_connected", "sandbox (sandbox)", "command line"),
        ("source_changed", "warehouse", "command line"),
        ("source_rotated", "warehouse", "ops"),
        ("source_made", "warehouse (signed)", "Ines Duarte"),
    ]
