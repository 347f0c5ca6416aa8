"""Group robots through the API: whose they are, addresses that are in no answer, and the test that says what came."""

import pytest

from postgres.market import KILN, LANTERN
from rescind.api.description import EXAMPLES
from robots.groups import Groups

PLACE = "/v1/robots"
NEW = EXAMPLES["robots_connect"]


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
async def groups():
    async with Groups() as running:
        yield running


def here(groups, robot):
    return {**NEW, "kind": robot.kind, "url": groups.url(robot), "secret": robot.secret}


async def made(who, new=NEW, **more):
    answer = await who.post(PLACE, {**new, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_who_may_connect_robots_and_whose_they_are(people):
    own = await made(people.sam)
    theirs = await made(people.host, shop=LANTERN)
    assert (own["shop"], theirs["shop"]) == (KILN, LANTERN)
    assert (await people.ops.post(PLACE, NEW)).json()["errors"][0]["pointer"] == "/shop"
    assert [one["id"] for one in (await people.sam.get(PLACE)).json()["robots"]] == [own["id"]]
    assert [one["id"] for one in (await people.lou.get(PLACE)).json()["robots"]] == [theirs["id"]]
    assert len((await people.ops.get(PLACE)).json()["robots"]) == 2
    for who in (people.ann, people.sue):
        assert (await who.get(PLACE)).status_code == (await who.post(PLACE, NEW)).status_code == 403
    for shop in (LANTERN, "shp_zzzzzzzz", "nonsense"):
        assert (await people.sam.post(PLACE, {**NEW, "shop": shop})).status_code == 404


async def test_no_answer_has_the_address_or_the_secret(people):
    answer = await people.sam.post(PLACE, NEW)
    listed = await people.sam.get(PLACE)
    for said in (answer.text, listed.text, (await people.sam.get(f"{PLACE}/{answer.json()['id']}")).text):
        assert "5f5f5f" not in said
        assert NEW["secret"] not in said
    assert answer.json()["address"] == "oapi.dingtalk.com …5f5f"
    assert (answer.json()["signed"], answer.json()["last"], answer.json()["verified_at"]) == (True, None, None)
    assert "requests" in listed.json()["offered"]


async def test_the_same_call_again_connects_the_same_robot_and_no_second_one(people):  # ID-01
    first = await people.sam.post(PLACE, NEW, key="k" * 20)
    again = await people.sam.post(PLACE, NEW, key="k" * 20)
    assert first.json() == again.json()
    other = await people.sam.post(PLACE, {**NEW, "about": "Another"}, key="k" * 20)
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    twice = await people.sam.post(PLACE, NEW)
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/url"), "two rows would speak twice"
    assert (await people.lou.post(PLACE, NEW)).status_code == 201, "that a foreign shop has it is not told"
    assert len((await people.sam.get(PLACE)).json()["robots"]) == 1


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("kind", "slack"),
        ("url", "https://example.com/robot/send?access_token=1"),
        ("url", "https://oapi.dingtalk.com/robot/send?access_token=1"),
        ("url", "https://oapi.dingtalk.com/robot/send"),
        ("url", "http://169.254.169.254/latest"),
        ("url", ""),
        ("url", "https://oapi.dingtalk.com/" + "a" * 1001),
        ("secret", "with space in it"),
        ("secret", "short"),
        ("topics", ["money", "moneys"]),
        ("language", "fr"),
        ("about", "a\nb"),
        ("about", "x" * 201),
        ("webhook", "x"),
    ],
)
async def test_what_cannot_be_a_robot_is_refused_by_its_field_and_nothing_is_made(people, member, value):
    answer = await people.sam.post(PLACE, {**NEW, member: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{member}")
    assert (await people.sam.get(PLACE)).json()["robots"] == []


async def test_a_kind_that_signs_nothing_takes_no_secret(people, groups):
    answer = await people.sam.post(PLACE, {**here(groups, groups.add("wecom")), "secret": "SEC0123456789"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/secret")


async def test_a_shop_has_so_many_and_no_more_and_removing_one_makes_room(people, groups):
    new = [here(groups, groups.add("feishu")) for _ in range(12)]
    ids = [(await made(people.sam, one))["id"] for one in new[:10]]
    full = await people.sam.post(PLACE, new[10])
    assert (full.status_code, full.json()["type"], full.json()["limit"]) == (409, "/problems/robots-full", 10)
    assert (await people.sam.post(f"{PLACE}/{ids[0]}/remove")).json()["state"] == "removed"
    assert (await people.sam.get(f"{PLACE}/{ids[0]}")).status_code == 404
    assert (await people.sam.post(PLACE, new[11])).status_code == 201


async def test_a_robot_is_changed_in_what_is_given_and_all_or_nothing(people):
    own = await made(people.sam)
    changed = await people.sam.send("PATCH", f"{PLACE}/{own['id']}", {"topics": [], "state": "paused", "secret": ""})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["topics"], changed.json()["state"], changed.json()["signed"]) == ([], "paused", False)
    assert changed.json()["address"] == own["address"]
    for wrong in ({"about": "B", "url": "https://example.com"}, {"state": "gone"}, {"about": "B", "secret": "x"}):
        assert (await people.sam.send("PATCH", f"{PLACE}/{own['id']}", wrong)).status_code == 422
    assert (await people.sam.get(f"{PLACE}/{own['id']}")).json() == changed.json()


async def test_a_test_says_what_the_robot_answered_once_a_press(people, groups, desk):
    robot = groups.add("feishu", signed=True)
    own = await made(people.sam, here(groups, robot))
    place = f"{PLACE}/{own['id']}/test"
    first = await people.sam.post(place, key="t" * 20)
    assert first.status_code == 200, first.text
    assert (first.json()["last"]["fault"], first.json()["last"]["test"]) == ("", True)
    assert first.json()["verified_at"] == first.json()["last"]["at"]
    assert (await people.sam.post(place, key="t" * 20)).json() == first.json()
    assert len(robot.said) == 1
    soon = await people.sam.post(place)
    assert (soon.status_code, soon.json()["type"]) == (429, "/problems/rate-limited")
    assert int(soon.headers["retry-after"]) >= 1
    robot.here = False
    desk.clock.set(desk.clock.read().replace(hour=20))
    gone = await people.sam.post(place)
    assert (gone.json()["last"]["fault"], gone.json()["last"]["said"][:5]) == ("no_robot", "19001")
