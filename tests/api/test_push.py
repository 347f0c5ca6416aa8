"""Browsers over the API: the same ones as on the page, of the caller alone, and what they are told of."""

import pytest

from push.service import Service
from rescind.api.description import EXAMPLES

PLACE = "/v1/push-subscriptions"


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
async def service():
    async with Service() as running:
        yield running


def as_browsers_give_it(browser):
    given = browser.fields
    return {"endpoint": given["endpoint"], "keys": {"p256dh": given["point"], "auth": given["auth"]}}


async def test_a_browser_is_told_once_it_subscribed_by_the_api_and_no_more_once_it_is_removed(people, desk, service):
    key = (await people.sam.get(PLACE)).json()["public_key"]
    assert key == await desk.pushing.public_key()
    new = as_browsers_give_it(service.browser(key)) | {"browser": "Firefox", "language": "zh"}
    made = await people.sam.post(PLACE, new)
    assert made.status_code == 201, made.text
    again = (await people.sam.post(PLACE, new)).json()
    assert (again["id"], again["browser"], again["language"]) == (made.json()["id"], "Firefox", "zh")
    assert "endpoint" not in again, "where it is told is a secret"
    left = (await people.lou.post(f"{PLACE}/{again['id']}/remove", {})).status_code
    assert left == 404, "it is not theirs"
    assert [one["id"] for one in (await people.sam.get(PLACE)).json()["subscriptions"]] == [again["id"]]
    assert (await people.sam.post(f"{PLACE}/{again['id']}/remove", {})).json()["subscriptions"] == []
    assert (await people.sam.post(f"{PLACE}/{again['id']}/remove", {})).status_code == 404
    assert (await people.sam.post(f"{PLACE}/psh_nothing/remove", {})).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"endpoint": "http://push.example.net/x"}, "/endpoint"),
        ({"endpoint": "https://10.0.0.1/x"}, "/endpoint"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "/keys"),
        ({"language": "xx"}, "/language"),
    ],
)
async def test_what_is_no_browser_is_refused_and_nothing_is_kept(people, wrong, field):
    answer = await people.ann.post(PLACE, EXAMPLES["push_subscribe"] | wrong)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field), answer.text
    assert (await people.ann.get(PLACE)).json()["subscriptions"] == []
    assert (await people.ann.get("/v1/notice-channels")).json()["channels"] == []


async def test_a_browser_whose_address_is_removed_is_forgotten(people, service):
    key = (await people.sam.get(PLACE)).json()["public_key"]
    await people.sam.post(PLACE, as_browsers_give_it(service.browser(key)))
    (channel,) = (await people.sam.get("/v1/notice-channels")).json()["channels"]
    removed = await people.sam.post(f"/v1/notice-channels/{channel['id']}/remove", {"last": True})
    assert removed.status_code == 200, removed.text
    assert (await people.sam.get(PLACE)).json()["subscriptions"] == []


async def test_of_what_browsers_are_told_is_chosen_as_on_the_page(people):
    chosen = {"choices": {"push": {"messages": "off"}}}
    after = (await people.ann.send("PUT", "/v1/notice-preferences", chosen)).json()
    ways = {one["group"]: one["channels"]["push"] for one in after["groups"]}
    assert (ways["messages"], ways["orders"]) == ("off", "at_once")
    digest = await people.ann.send("PUT", "/v1/notice-preferences", {"choices": {"push": {"messages": "digest"}}})
    assert digest.status_code == 422, "a browser gathers nothing"
