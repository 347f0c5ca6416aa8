"""What the platform says of a shop, by the API: adding one, changing one, and what another preset takes with it."""

from datetime import timedelta

import pytest

from api.test_publishing import LONGER, placed
from postgres.market import KILN, LANTERN
from rescind.core.errors import StaleShop
from rescind.core.ids import shop_id
from rescind.core.instant import instant
from rescind.core.scope import Scope
from rescind.policies import preset
from rescind.postgres.accounts import Note
from rescind.postgres.publishing import Versions

SHOP, RULES = f"/v1/shops/{LANTERN}", f"/v1/shops/{LANTERN}/rules"
NEW = {"name": "Salt & Pine", "policy": "eu", "zone": "Europe/Paris", "contact": {"trader": "Salt & Pine SARL"}}


async def test_a_marketplace_adds_a_shop_and_its_orders_can_be_placed(people, desk):
    made = await people.host.send("POST", "/v1/shops", NEW, key="a-shop-of-its-own-1")
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["name"], told["policy"], told["version"]) == ("Salt & Pine", "eu", 0)
    assert (await people.host.send("POST", "/v1/shops", NEW, key="a-shop-of-its-own-1")).json() == told
    other = await people.host.send("POST", "/v1/shops", NEW | {"name": "Salt"}, key="a-shop-of-its-own-1")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    path = await placed(people, told["id"], "1", "2026-05-04T08:00:00Z")
    assert (await desk.reads.order(Scope(), path.split("/")[-1])).order.pins.preset == "eu"
    assert (await people.sam.send("POST", "/v1/shops", NEW)).status_code == 403
    (act,) = (await people.ops.get("/v1/people/acts")).json()["acts"]
    assert (act["act"], act["by"], act["whom"], act["shop"]) == ("shop_added", "host:host", "Salt & Pine", told["id"])


async def test_an_order_told_late_has_the_preset_its_shop_was_under(people, desk):  # E-07, I-18
    eight, nine = instant("2026-05-04T08:00:00Z"), instant("2026-05-04T09:00:00Z")
    desk.clock.set(eight)
    await desk.versions.put_settings(LANTERN, {"auto_approve": "3h", "window": "24h"}, preset("us"), "sam")
    desk.clock.set(nine)
    assert (await people.ops.send("PATCH", SHOP, {"policy": "eu"})).status_code == 200
    # Another version of the old preset is none of this shop's any more.
    versions = Versions(desk.pool)
    await versions.approve(await versions.propose(preset("us"), "ines"), "omar", nine + timedelta(minutes=1))
    desk.clock.set(nine + timedelta(minutes=2))
    found = []
    for place, at in enumerate(("07:59:59", "08:59:59", "09:00:00")):
        path = await placed(people, LANTERN, str(30 + place), f"2026-05-04T{at}Z")
        pins = (await desk.reads.order(Scope(), path.split("/")[-1])).order.pins
        found.append((pins.preset, pins.preset_hash == preset(pins.preset).hash, pins.settings))
    assert found == [
        ("us", True, {}),
        ("us", True, {"auto_approve": "3h", "window": "24h"}),
        ("eu", True, {"window": "24h"}),
    ]


async def test_what_another_preset_has_no_room_for_is_told_before_and_falls_away(people, desk):  # I-18
    await people.lou.send("PATCH", f"{SHOP}/settings", {"settings": {"window": "24h", "auto_approve": "3h"}})
    await people.lou.send("PUT", RULES, {"rules": [{"name": "Small", "most": {"amount": 900, "currency": "USD"}}]})
    before = await people.ops.get(f"{SHOP}/fit?policy=eu")
    assert before.json() | {"shop": ""} == {
        "shop": "",
        "policy": "eu",
        "settings": {"auto_approve": "3h"},
        "rules": ["Small"],
    }
    assert (await people.lou.get(RULES)).json()["version"] == 1, "looking changes nothing"
    changed = await people.ops.send("PATCH", SHOP, {"policy": "eu"}, headers={"if-match": '"0"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"')
    settings = (await people.lou.get(f"{SHOP}/settings")).json()
    assert (settings["preset"], settings["version"]) == ("eu", 2)
    assert (await desk.reads.shop(LANTERN)).settings == {"window": "24h"}
    assert (await people.lou.get(RULES)).json()["rules"] == []
    assert LANTERN not in await desk.versions.standing()
    late = await people.ops.send("PATCH", SHOP, {"name": "Lantern"}, headers={"if-match": '"0"'})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/stale-shop")


async def test_a_setting_chosen_under_the_preset_of_before_is_not_kept(desk, people):
    await people.ops.send("PATCH", SHOP, {"policy": "eu"})
    with pytest.raises(StaleShop):
        await desk.versions.put_settings(LANTERN, {"auto_approve": "3h"}, preset("us"), "sam")
    assert (await desk.reads.shop(LANTERN)).settings == {}


async def test_a_shop_does_not_come_under_a_version_that_was_replaced_meanwhile(desk, people):
    facts, _ = await desk.versions.facts(KILN)
    versions = Versions(desk.pool)
    await versions.approve(await versions.propose(LONGER, "ines"), "omar", desk.now())
    note = Note(act="shop_changed", by="operator:ines", by_name="Ines", whom="Kiln")
    with pytest.raises(StaleShop):
        await desk.versions.put_facts(KILN, facts, preset("base"), note)
    assert (await desk.reads.shop(KILN)).preset_hash == LONGER.hash


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " \u200b"}, "/name"),
        ({"policy": "law-eu-withdrawal"}, "/policy"),
        ({"zone": "Mars/Base"}, "/zone"),
        ({"contact": {"email": "nowhere"}}, "/contact/email"),
        ({"contact": {"phone": "12"}}, "/contact/phone"),
    ],
)
async def test_what_cannot_be_said_of_a_shop_names_its_field_and_changes_nothing(people, change, pointer):
    before = (await people.ops.get(SHOP)).json()
    for method, path, good in (("PATCH", SHOP, {"zone": "UTC"}), ("POST", "/v1/shops", NEW)):
        answer = await people.ops.send(method, path, good | change)
        assert answer.status_code == 422, answer.text
        (place,) = answer.json()["errors"]
        assert place["pointer"] == pointer
    assert (await people.ops.get(SHOP)).json() == before
    assert (await people.ops.get("/v1/shops")).json()["total"] == 2
    assert (await people.ops.get(f"/v1/shops/{shop_id(77)}")).status_code == 404


async def test_contact_is_changed_a_field_at_a_time_and_by_operators_alone(people):
    assert (await people.host.send("PATCH", SHOP, {"name": "Mine"})).status_code == 403
    await people.ops.send("PATCH", SHOP, {"contact": {"trader": "Lantern Ltd", "phone": "+442079460018"}})
    told = (await people.ops.send("PATCH", SHOP, {"contact": {"email": ""}})).json()
    assert told["contact"] == {"trader": "Lantern Ltd", "phone": "+44 20 7946 0018"}
    again = await people.ops.send("PATCH", SHOP, {"contact": {"email": ""}})
    assert again.headers["etag"] == '"2"', "the same again is no new version"
