"""What a shop decides in advance, by the API: its settings, its rules, and who may see and change them."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.core.automation import SETTING, Answered
from rescind.core.ids import shop_id
from rescind.policies import automation, preset

SETTINGS, RULES = f"/v1/shops/{LANTERN}/settings", f"/v1/shops/{LANTERN}/rules"
MISTAKE = {"name": "Ordered by mistake", "reasons": ["ordered_by_mistake"]}


async def test_a_shop_reads_what_it_may_choose_and_where_it_comes_from(people):  # M-03, R-008
    answer = await people.lou.get(SETTINGS)
    told = {one["name"]: one for one in answer.json()["settings"]}
    assert (answer.headers["etag"], answer.json()["preset"], answer.json()["automation"]) == ('"0"', "us", None)
    assert told["auto_approve"] == {
        "name": "auto_approve",
        "value": "0h",
        "default": "0h",
        "choices": ["0h", "1h", "3h", "5h"],
        "low": "",
        "high": "",
        "cites": ["R-008"],
        "locked_until": None,
    }
    assert told.keys() == {tunable.name for tunable in preset("us").tunable}


async def test_what_a_shop_chooses_holds_for_orders_placed_from_then_on(people, market, desk):  # M-03, I-18
    before = await market.order(shop=LANTERN)
    answer = await people.lou.send("PATCH", SETTINGS, {"settings": {"window": "24h", "closes_at_packing": True}})
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"1"'
    shop = await desk.reads.shop(LANTERN)
    assert desk.pins(shop).settings == {"window": "24h", "closes_at_packing": True}
    assert (await market.read(before)).pins.settings == {}
    again = await people.lou.send("PATCH", SETTINGS, {"settings": {"window": "24h"}})
    assert (again.status_code, again.headers["etag"]) == (200, '"1"'), "what is chosen already is no new version"


@pytest.mark.parametrize(
    ("settings", "pointer", "expected"),
    [
        ({"auto_approve": "24h"}, "/settings/auto_approve", "one of: 0h, 1h, 3h, 5h"),
        ({"closes_at_packing": "true"}, "/settings/closes_at_packing", "one of: false, true"),
        ({"window": 24}, "/settings/window", "one of: 0h, 1h, 3h, 5h, 12h, 24h, 48h, 72h"),
        ({"hold": "0h"}, "/settings", "one of: "),
        ({}, "/settings", ""),
    ],
)
async def test_a_choice_that_is_not_offered_names_the_value_and_the_choices(people, settings, pointer, expected):
    good = {"window": "24h"} if settings else {}
    answer = await people.lou.send("PATCH", SETTINGS, {"settings": good | settings})
    assert answer.status_code == 422
    (place,) = answer.json()["errors"]
    assert place["pointer"] == pointer
    assert expected in place["expected"]
    assert (await people.lou.get(SETTINGS)).json()["version"] == 0, "nothing is half written"


async def test_whoever_read_an_older_version_is_told(people):
    await people.lou.send("PATCH", SETTINGS, {"settings": {"window": "24h"}}, headers={"if-match": '"0"'})
    late = await people.lou.send("PATCH", SETTINGS, {"settings": {"window": "1h"}}, headers={"if-match": '"0"'})
    assert late.status_code == 412
    assert (late.json()["type"], late.json()["actual"]) == ("/problems/stale-shop", 1)


@pytest.mark.parametrize("path", [SETTINGS, RULES])
async def test_another_shops_choices_are_as_if_they_were_not_there(people, path):  # I-30
    assert (await people.sam.get(path)).status_code == 404
    foreign = await people.sam.send(
        "PATCH" if path == SETTINGS else "PUT",
        path,
        {"settings": {"window": "1h"}} if path == SETTINGS else {"rules": []},
    )
    missing = await people.lou.get(path.replace(LANTERN, shop_id(77)))
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert (await people.ann.get(path)).status_code == 403
    assert (await people.sue.get(path)).status_code == 200
    assert (await people.sue.send("PATCH", SETTINGS, {"settings": {"window": "1h"}})).status_code == 403


async def test_a_rule_answers_matching_requests_and_decisions_name_it(people, market, desk):
    order, other = await market.order(shop=LANTERN), await market.order(shop=LANTERN)
    desk.clock.advance(timedelta(hours=2))
    answer = await people.lou.send("PUT", RULES, {"rules": [MISTAKE]})
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()["rules"]
    assert (told["id"], told["name"]) == ("SHOP-1", "Ordered by mistake")
    assert told["condition"] == "stage < 'awaiting_collection' and reason in ('ordered_by_mistake')"
    path = f"/v1/orders/{order}"
    decided = (await people.ann.post(f"{path}/cancellations", {"reason": "ordered_by_mistake"})).json()
    assert (decided["cancellation"]["verdict"], decided["cancellation"]["rule"]) == ("approve", "SHOP-1")
    receipt = (await people.ann.get(decided["receipt"])).json()
    assert receipt["layer"] == "standing"
    assert [one["layer"] for one in receipt["layers"]] == ["preset", "standing"]
    text = await people.nobody.get(f"/v1/policies/{receipt['layers'][1]['hash']}")
    assert text.status_code == 200, "whoever holds the receipt finds the rule it names"
    waits = (await people.ann.post(f"/v1/orders/{other}/cancellations", {"reason": "changed_mind"})).json()
    assert (waits["cancellation"]["verdict"], waits["cancellation"]["rule"]) == ("ask_seller", "ASK-1")


@pytest.mark.parametrize(
    ("change", "pointer", "expected"),
    [
        ({"reasons": ["eaten"]}, "/rules/0/reasons", "one of: changed_mind"),
        ({"wait": "3d"}, "/rules/0/wait", "one of: 0h, 1h, 2h, 4h, 8h, 12h"),
        ({"name": ""}, "/rules/0/name", "visible"),
        ({"first_day": "2026-05-02", "last_day": "2026-05-01"}, "/rules/0/last_day", "not before the first"),
        ({"last_day": "9999-12-31"}, "/rules/0/last_day", "a day from 2016 to 2040"),
        ({"first_day": "0001-01-01"}, "/rules/0/first_day", "a day from 2016 to 2040"),
        (
            {"categories": ["home & garden"]},
            "/rules/0/categories/0",
            "a code of at most 64 letters, digits and _ . : / -",
        ),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_by_field(people, change, pointer, expected):
    answer = await people.lou.send("PUT", RULES, {"rules": [MISTAKE | change]})
    assert answer.status_code == 422, answer.text
    (place,) = answer.json()["errors"]
    assert place["pointer"] == pointer
    assert expected in place["expected"]
    assert (await people.lou.get(RULES)).json()["rules"] == []


async def test_a_rule_in_another_currency_names_the_shops_own(people):
    for change in ({"most": {"amount": 5000, "currency": "THB"}}, {"least": {"amount": 1, "currency": "EUR"}}):
        answer = await people.lou.send("PUT", RULES, {"rules": [MISTAKE, MISTAKE | change]})
        told = answer.json()
        assert (answer.status_code, told["type"], told["expected"]) == (422, "/problems/currency-mismatch", "USD")
    assert (await people.lou.get(RULES)).json()["rules"] == []


async def test_a_shop_whose_preset_has_no_rules_is_told(people):
    told = (await people.sam.get(f"/v1/shops/{KILN}/rules")).json()
    assert (told["offered"], told["rules"]) == (False, [])
    answer = await people.sam.send("PUT", f"/v1/shops/{KILN}/rules", {"rules": [{"name": "All"}]})
    assert answer.status_code == 422


async def test_what_the_platform_switched_on_is_told_with_its_reason_and_its_end(people, desk):  # R-036, S-51
    thai = shop_id(3)
    await desk.directory.put_shop(
        thai, name="Orchid", preset_hash=preset("th").hash, settings={}, zone="Asia/Bangkok", contact={}
    )
    kim = await people.key("seller", "kim", shop_id=thai)
    now = desk.now()
    answered = Answered(month=now.date().replace(day=1), asked=20, in_time=17)
    await desk.versions.count(thai, answered, now + timedelta(days=15), automation())
    told = (await kim.get(f"/v1/shops/{thai}/settings")).json()
    assert (told["automation"]["asked"], told["automation"]["in_time"]) == (20, 17)
    locked = {one["name"]: one["locked_until"] for one in told["settings"]}
    assert locked.pop(SETTING) == told["automation"]["until"]
    assert set(locked.values()) == {None}
    refused = await kim.send("PATCH", f"/v1/shops/{thai}/settings", {"settings": {SETTING: False}})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/automation-required")
    assert refused.json()["until"] == told["automation"]["until"]
    desk.clock.advance(timedelta(days=15))
    off = await kim.send("PATCH", f"/v1/shops/{thai}/settings", {"settings": {SETTING: False}})
    assert (off.status_code, off.json()["automation"]) == (200, None)


async def test_the_kind_of_goods_is_told_when_an_order_is_placed(people, market, desk):
    order = await market.order(shop=LANTERN)
    assert (await people.lou.get(f"/v1/orders/{order}")).json()["lines"][0]["category"] == ""
