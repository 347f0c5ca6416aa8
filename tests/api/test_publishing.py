"""A policy comes into force by two people; orders that are under way keep the terms they were bought under (I-18)."""

from datetime import timedelta

import asyncpg
import pytest

from postgres.market import KILN, LANTERN
from rescind.core.errors import DraftSettled, FourEyes, NotFound
from rescind.core.instant import instant
from rescind.core.policy import load
from rescind.core.scope import Scope
from rescind.policies import preset, source
from rescind.postgres.publishing import Versions

LONGER = load(source("base").replace(b'"24h", source = "R-040"', b'"36h", source = "R-040"'), "base.toml")
KINDER_TEXT = b"""
policy = "kiln"
layer = "shop"
zone = "UTC"
[[rules]]
id = "KILN-1"
on = "request"
when = "stage < 'packing'"
verdict = "approve"
cites = ["M-29"]
"""
KINDER = load(KINDER_TEXT, "kiln.toml")


async def placed(people, shop, number, at="2026-05-04T08:00:00Z"):
    """A new order of a shop that is being prepared, placed by the host as any other."""
    price = {"amount": 900 + int(number), "currency": "EUR"}  # of one price they would look like one order twice
    order = {
        "shop": shop,
        "number": number,
        "buyer": {"id": "ann", "name": "Ann", "email": "ann@example.org", "country": "US"},
        "recipient": {"name": "Ann", "street": "1 Quay", "city": "Brest", "postcode": "29200", "country": "FR"},
        "currency": "EUR",
        "placed_at": at,
        "lines": [
            {"id": "1", "sku": "M", "title": "Mug", "quantity": 1, "unit_price": price},
        ],
        "tenders": [{"id": "t", "method": "card", "amount": price}],
    }
    answer = await people.host.post("/v1/orders", order)
    assert answer.status_code == 201, answer.text
    path = f"/v1/orders/{answer.json()['id']}"
    for fact in ("paid", "allocated", "preparation_started"):
        await people.host.post(f"{path}/facts", {"fact": fact, "occurred_at": at})
    return path


async def asked(people, path):
    told = (await people.ann.get(f"{path}/cancellability")).json()
    return told["verdict"], told["rule"], told["deadline"] and told["deadline"]["due_at"]


async def test_a_draft_binds_nobody_and_a_second_person_puts_it_in_force(people, desk):
    versions = Versions(desk.pool)
    before = await placed(people, KILN, "1")
    number = await versions.propose(LONGER, "ines")
    still = await placed(people, KILN, "2")
    with pytest.raises(FourEyes):
        await versions.approve(number, "ines", desk.now())
    live = await versions.approve(number, "omar", desk.now())
    assert (live.status, live.proposed_by, live.approved_by) == ("live", "ines", "omar")
    after = await placed(people, KILN, "3")
    day, day_and_half = instant("2026-05-05T08:00:00Z"), instant("2026-05-05T20:00:00Z")
    for path, due_at in ((before, day), (still, day), (after, day_and_half)):
        verdict, rule, due = await asked(people, path)
        assert (verdict, rule, instant(due)) == ("ask_seller", "ASK-1", due_at)
    # A shop under another preset is bound to what it was.
    assert (await desk.reads.shop(LANTERN)).preset_hash == preset("us").hash


@pytest.mark.parametrize(
    ("at", "rule"),
    [("07:59:59", "ASK-1"), ("08:00:00", "KILN-1"), ("08:59:59", "KILN-1"), ("09:00:00", "ASK-1")],
)
async def test_an_order_told_late_has_the_rules_it_was_bought_under(people, desk, at, rule):  # E-07, E-08
    versions = Versions(desk.pool)
    eight, nine = instant("2026-05-04T08:00:00Z"), instant("2026-05-04T09:00:00Z")
    stricter = load(source("base").replace(b'"24h", source = "R-040"', b'"12h", source = "R-040"'), "base.toml")
    await versions.approve(await versions.propose(KINDER, "ines", KILN), "omar", eight)
    none = load(KINDER_TEXT.replace(b"stage < 'packing'", b"stage = 'unpaid'"), "kiln.toml")
    await versions.approve(await versions.propose(none, "ines", KILN), "omar", nine)
    await versions.approve(await versions.propose(stricter, "ines"), "omar", nine)
    desk.clock.set(nine)
    path = await placed(people, KILN, "7", f"2026-05-04T{at}Z")
    _, decided, due = await asked(people, path)
    assert decided == rule
    hours = 12 if at == "09:00:00" else 24
    assert due is None or instant(due) - desk.now() == timedelta(hours=hours), "the preset is that of then, too"


async def test_an_order_told_late_has_the_settings_it_was_bought_under(people, desk):  # E-07
    eight, nine = instant("2026-05-04T08:00:00Z"), instant("2026-05-04T09:00:00Z")
    for at, window in ((eight, "24h"), (nine, "5h")):
        desk.clock.set(at)
        await desk.versions.put_settings(KILN, {"window": window}, preset("base"), "sam")
    desk.clock.set(nine + timedelta(minutes=1))
    found = []
    for place, at in enumerate(("07:59:59", "08:00:00", "08:59:59", "09:00:00")):
        path = await placed(people, KILN, str(20 + place), f"2026-05-04T{at}Z")
        found.append((await desk.reads.order(Scope(), path.split("/")[-1])).order.pins.settings.get("window"))
    assert found == [None, "24h", "24h", "5h"]


async def test_the_version_before_is_retired_and_none_is_approved_twice(people, desk):
    versions = Versions(desk.pool)
    first = await versions.approve(await versions.propose(LONGER, "ines"), "omar", desk.now())
    second = await versions.approve(await versions.propose(preset("base"), "omar"), "ines", desk.now())
    assert [(one.number, one.status) for one in await versions.all()] == [
        (second.number, "live"),
        (first.number, "retired"),
    ]
    assert (await desk.reads.shop(KILN)).preset_hash == preset("base").hash
    for number in (first.number, second.number):
        with pytest.raises(DraftSettled):
            await versions.approve(number, "uma")
    with pytest.raises(NotFound):
        await versions.approve(second.number + 1, "uma")


async def test_a_shops_own_rules_are_asked_beside_the_preset_and_named_on_its_page(people, desk):
    versions = Versions(desk.pool)
    before = await placed(people, KILN, "1")
    await versions.approve(await versions.propose(KINDER, "ines", KILN), "omar", desk.now())
    after = await placed(people, KILN, "2")
    assert (await asked(people, before))[:2] == ("ask_seller", "ASK-1")
    assert (await asked(people, after))[:2] == ("approve", "KILN-1")
    receipt = (await people.ann.post(f"{after}/cancellations", {"reason": "changed_mind"})).json()["receipt"]
    layers = (await people.ann.get(receipt)).json()["layers"]
    assert [(one["layer"], one["hash"]) for one in layers] == [
        ("preset", preset("base").hash),
        ("shop", KINDER.hash),
    ]
    page = await people.client.get(f"/shops/{KILN}")
    assert f"/v1/policies/{KINDER.hash}" in page.text


GENEROUS = load(
    b"""
policy = "kiln"
layer = "shop"
zone = "UTC"
[[rules]]
id = "GEN-1"
on = "request"
when = "TRUE"
verdict = "approve"
cites = ["M-29"]
""",
    "kiln.toml",
)


@pytest.mark.parametrize("left", ["handed_over", "delivered", "completed"])
async def test_rules_that_always_say_yes_refund_nothing_that_has_left(people, desk, left):  # M-10, KF-22
    versions = Versions(desk.pool)
    await versions.approve(await versions.propose(GENEROUS, "ines", KILN), "omar", desk.now())
    path = await placed(people, KILN, "1")
    for fact in dict.fromkeys(("handed_over", left)):
        await people.host.post(f"{path}/facts", {"fact": fact, "occurred_at": "2026-05-04T08:00:00Z"})
    answer = (await people.ann.post(f"{path}/cancellations", {"reason": "changed_mind"})).json()
    assert (answer["cancellation"]["verdict"], answer["refunds"]) == ("refuse", [])
    assert (await people.ann.get(path)).json()["stage"] == {"handed_over": "in_transit"}.get(left, left)
    (told,) = [one for one in (await people.ann.get(answer["receipt"])).json()["findings"] if one["rule"] == "GEN-1"]
    assert (told["held"], told["set_aside"]) == (True, True)


async def test_the_database_itself_wants_two_people(desk):
    number = await Versions(desk.pool).propose(LONGER, "ines")
    for who in ("ines", None):
        with pytest.raises(asyncpg.CheckViolationError, match="four_eyes"):
            await desk.pool.execute(
                "UPDATE policy_versions SET status = 'live', approved_by = $2 WHERE number = $1", number, who
            )
