"""An operator's program does what the pages do: it lists, drafts, tries, submits, and another one approves."""

from datetime import date

import pytest

from postgres.market import KILN
from rescind.api.description import EXAMPLES
from rescind.core.policy.continuing import continued
from rescind.core.policy.policy import Dated
from rescind.policies import preset, source

VERSIONS = "/v1/policy-versions"
OWN = {**EXAMPLES["policies_draft"], "shop": KILN}


def longer(day="2026-06-01"):
    """The text of base with a longer time to answer from a day on."""
    value = next(one for one in preset("base").values if one.name == "answer_span")
    return continued(source("base").decode(), value, Dated(date.fromisoformat(day), "36h", "our notice"))


@pytest.fixture
async def second(people):
    """Another operator than ``people.ops``."""
    return await people.key("operator", "second")


async def test_what_policies_rest_on_is_told_to_anybody_in_both_languages(people):
    told = (await people.nobody.get("/v1/sources", policy="us")).json()["sources"]
    one = next(each for each in told if each["code"] == "R-031")
    assert (one["grade"], one["markets"], set(one["says"])) == ("official", ["US"], {"en", "zh"})
    assert one["pages"][0]["printed"] == "2026-02-23"
    everything = (await people.nobody.get("/v1/sources")).json()["sources"]
    assert {each["code"] for each in told} < {each["code"] for each in everything}
    assert (await people.nobody.get("/v1/sources", policy="nowhere")).json()["type"] == "/problems/not-found"


async def test_every_act_of_the_pages_is_a_call(people, second, desk):
    listed = (await people.ops.get("/v1/policies")).json()["policies"]
    base = next(one for one in listed if one["policy"] == "base")
    assert (base["hash"], base["version"], base["waiting"]) == (preset("base").hash, None, [])
    tried = (await people.ops.post("/v1/policies/check", {"text": longer()}, key=None)).json()
    assert tried["as_of"] == "2026-06-02"
    assert [(one["kind"], one["name"]) for one in tried["changes"]] == [("value", "answer_span")]
    assert {(one["before"]["wait"], one["after"]["wait"]) for one in tried["turned"]} == {("24h", "36h")}
    assert await desk.drafting.versions.all() == ()
    made = await people.ops.post(VERSIONS, {"text": longer(), "note": "Weekends"})
    assert made.status_code == 201
    path = made.headers["location"]
    assert (made.json()["status"], made.json()["base"]) == ("draft", preset("base").hash)
    saved = await people.ops.post(f"{path}/text", {"text": longer("2026-07-01")})
    assert (saved.status_code, saved.json()["note"]) == (200, "Weekends")
    assert (await people.ops.post(f"{path}/submit", {})).json()["status"] == "submitted"
    assert (await people.ops.post(f"{path}/take-back", {})).json()["status"] == "draft"
    await people.ops.post(f"{path}/submit", {})
    assert "2026-07-01 = " in (await second.get(path)).json()["text"]
    alone = await people.ops.post(f"{path}/approve", {})
    assert (alone.status_code, alone.json()["type"], alone.json()["by"]) == (403, "/problems/four-eyes", "ops")
    done = await second.post(f"{path}/approve", {})
    again = await second.post(f"{path}/approve", {})
    assert done.json() == again.json()
    assert (done.json()["status"], done.json()["approved_by"]) == ("live", "second")
    assert (await desk.reads.shop(KILN)).preset_hash == done.json()["hash"]
    query = {"before": preset("base").hash, "after": done.json()["hash"]}
    assert [one["name"] for one in (await people.ops.get("/v1/policies/differences", **query)).json()["changes"]] == [
        "answer_span"
    ]
    late = await second.post(f"{path}/reject", {"reason": "Too late"})
    assert (late.status_code, late.json()["state"]) == (409, "live")
    assert "is at “In force”" in late.json()["detail"]
    live = (await people.ops.get(VERSIONS, policy="base", status="live")).json()["versions"]
    assert [one["number"] for one in live] == [done.json()["number"]]


async def test_a_draft_sent_twice_is_one_draft(people):  # ID-01, ID-02
    first = await people.ops.post(VERSIONS, OWN, key="a-key-of-sixteen-and-more")
    repeat = await people.ops.post(VERSIONS, OWN, key="a-key-of-sixteen-and-more")
    assert (first.json(), repeat.headers["idempotent-replay"]) == (repeat.json(), "true")
    other = await people.ops.post(VERSIONS, {**OWN, "note": "Another"}, key="a-key-of-sixteen-and-more")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert len((await people.ops.get(VERSIONS)).json()["versions"]) == 1
    missing = await people.ops.post(f"{first.headers['location']}/submit", {}, key=None)
    assert missing.json()["type"] == "/problems/idempotency-key-required"


async def test_the_text_in_force_is_no_draft_and_a_repeat_after_approval_is_still_one(people, second):  # ID-01
    refused = await people.ops.post(VERSIONS, {"text": source("base").decode()})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/nothing-changed")
    assert refused.json()["policy"] == "base"
    assert (await people.ops.get(VERSIONS)).json()["versions"] == []
    made = await people.ops.post(VERSIONS, {"text": longer()}, key="a-key-of-sixteen-and-more")
    path = made.headers["location"]
    back = await people.ops.post(f"{path}/text", {"text": source("base").decode()})
    assert back.json()["type"] == "/problems/nothing-changed"
    await people.ops.post(f"{path}/submit", {})
    await second.post(f"{path}/approve", {})
    repeat = await people.ops.post(VERSIONS, {"text": longer()}, key="a-key-of-sixteen-and-more")
    assert (repeat.status_code, repeat.json()["number"]) == (201, made.json()["number"])
    other = await people.ops.post(VERSIONS, {"text": longer()})
    assert other.json()["type"] == "/problems/nothing-changed"


async def test_a_rejected_draft_says_why(people, second):
    path = (await people.ops.post(VERSIONS, OWN)).headers["location"]
    early = await second.post(f"{path}/reject", {"reason": "Not yet"})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/draft-settled")
    await people.ops.post(f"{path}/submit", {})
    blank = await second.post(f"{path}/reject", {"reason": "  "})
    assert blank.json()["type"] == "/problems/invalid-text"
    back = await second.post(f"{path}/reject", EXAMPLES["policies_reject"])
    assert (back.json()["status"], back.json()["rejection"]) == ("rejected", "Ask the shops first.")


async def test_what_cannot_be_read_is_refused_with_its_place_and_nothing_is_kept(people):
    text = longer().replace("stage = 'cancelled'", "stadge = 'cancelled'", 1)
    for path in (VERSIONS, "/v1/policies/check"):
        refused = await people.ops.post(path, {"text": text})
        problem = refused.json()
        assert (refused.status_code, problem["type"]) == (422, "/problems/policy-invalid")
        assert text.split("\n")[problem["line"] - 1].find("stadge") + 1 == problem["column"]
    told = await people.ops.post(VERSIONS, {"text": text}, headers={"accept-language": "zh"})
    assert told.json()["message"] == "没有名为 stadge 的事实或数值；您是否想写 'stage'？"
    assert refused.json()["message"] == "there is no fact and no value called stadge; did you mean 'stage'?"
    assert refused.json()["detail"].endswith("and try again: " + refused.json()["message"])
    for text in ("", "policy = ", "[" * 2000, 'policy = "x"\nlayer = "law"', source("law-eu-withdrawal").decode()):
        assert (await people.ops.post(VERSIONS, {"text": text})).json()["type"] == "/problems/policy-invalid"
    foreign = await people.ops.post(VERSIONS, {**OWN, "shop": "shp_00000000"})
    assert foreign.json()["type"] == "/problems/not-found"
    without = await people.ops.post(VERSIONS, {"text": OWN["text"]})
    assert without.json()["type"] == "/problems/policy-invalid"
    assert (await people.ops.get(VERSIONS)).json()["versions"] == []


async def test_examples_that_turn_are_accepted_by_name(people):
    edited = source("base").decode().replace('"24h", source = "R-040"', '"36h", source = "R-040"')
    path = (await people.ops.post(VERSIONS, {"text": edited})).headers["location"]
    assert (await people.ops.get(path)).json()["findings"]["rewritten"] == ["answer_span"]
    refused = await people.ops.post(f"{path}/submit", {})
    assert refused.json()["type"] == "/problems/examples-turn"
    done = await people.ops.post(f"{path}/submit", {"accepted": refused.json()["examples"]})
    assert done.json()["accepted"] == refused.json()["examples"]


async def test_a_right_that_would_be_taken_away_is_a_case(people):  # R-012, M-29
    text = OWN["text"].replace("stage = 'packing'", "since_placed >= '10m'").replace("approve", "refuse")
    text = text.replace('verdict = "refuse"', 'verdict = "refuse"\ninstead = "contact_support"')
    path = (await people.ops.post(VERSIONS, {**OWN, "text": text})).headers["location"]
    case = (await people.ops.get(path)).json()["findings"]["right_taken_away"]
    assert (case["stage"], case["granted"]["rule"], case["given"]["rule"]) == ("unpaid", "UNPAID-1", "KILN-1")
    refused = await people.ops.post(f"{path}/submit", {})
    assert refused.json()["type"] == "/problems/right-taken-away"
    assert "the platform grants" in refused.json()["detail"]


async def test_a_rule_that_cancels_what_was_handed_over_is_a_case_and_not_published(people):  # M-10, KF-22
    text = OWN["text"].replace("stage = 'packing'", "stage = 'packing' or (stage = 'delivered' and paid)")
    path = (await people.ops.post(VERSIONS, {**OWN, "text": text})).headers["location"]
    findings = (await people.ops.get(path)).json()["findings"]
    case = findings["handed_over_cancelled"]
    assert findings["right_taken_away"] is None
    assert (case["stage"], case["on"], case["given"]["rule"]) == ("delivered", "request", "KILN-1")
    for language, words in (("en", "It cancels what was handed over"), ("zh", "该规则会取消已发出的商品")):
        refused = await people.ops.post(f"{path}/submit", {}, headers={"accept-language": language})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/cancels-handed-over")
        assert refused.json()["title"] == words
    assert (await people.ops.get(path)).json()["version"]["status"] == "draft"


@pytest.mark.parametrize("role", ["ann", "sam", "sue", "host", "nobody"])
async def test_policy_work_is_for_operators(people, role):
    who = getattr(people, role)
    status = 401 if role == "nobody" else 403
    for path in ("/v1/policies", VERSIONS, f"{VERSIONS}/1", "/v1/keys"):
        assert (await who.get(path)).status_code == status
    for path in (VERSIONS, f"{VERSIONS}/1/approve", "/v1/policies/check", f"/v1/keys/{'0' * 16}/revoke"):
        assert (await who.post(path)).status_code == status


@pytest.mark.parametrize("number", ["0", "01", "-1", "x", "9999999999", "2147483648", "1e3"])
async def test_a_number_that_is_none_is_not_found(people, number):
    assert (await people.ops.get(f"{VERSIONS}/{number}")).status_code == 404


async def test_a_key_is_seen_by_its_mark_and_ended(people, desk):
    keys = (await people.ops.get("/v1/keys")).json()["keys"]
    ann = next(one for one in keys if one["principal"] == "ann")
    assert (ann["used_on"], ann["in_force"]) == (None, True)
    assert (await people.ann.get("/v1/orders")).status_code == 200
    keys = (await people.ops.get("/v1/keys")).json()["keys"]
    assert next(one for one in keys if one["principal"] == "ann")["used_on"]
    assert people.ann.token not in str(keys)
    ended = await people.ops.post(f"/v1/keys/{ann['mark']}/revoke", {})
    assert (ended.json()["in_force"], (await people.ann.get("/v1/orders")).status_code) == (False, 401)
    assert (await people.ops.post(f"/v1/keys/{ann['mark']}/revoke", {})).json() == ended.json()
    for mark in ("0" * 16, "%00", "a%00b", ann["mark"].upper(), "%F0%9F%94%91"):
        assert (await people.ops.post(f"/v1/keys/{mark}/revoke", {})).status_code == 404, mark
