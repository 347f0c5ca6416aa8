"""Mandates over HTTP: what a key may do that acts under one alone, bound by bound, and who says so."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.access.credentials import token_hash
from rescind.core.stage import Stage

MANDATES = "/v1/mandates"


def eur(minor):
    return {"amount": minor, "currency": "EUR"}


def wish(key, **more):
    return {
        "key": token_hash(key.token).hex()[:16],
        "acts": ["cancel", "approve", "refuse", "offer", "withdraw"],
        "each": eur(4000),
        "a_day": eur(6000),
        "until": "2026-06-01T00:00:00Z",
        "because": "Nights and weekends",
        **more,
    }


@pytest.fixture
async def helper(people):
    """A seller's program; it has no mandate yet."""
    return await people.key("seller", "helper", shop_id=KILN, mandated=True)


async def given(people, key, **more):
    answer = await people.ops.post(MANDATES, wish(key, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def asked(people, market, **more):
    """An order whose buyer asks to cancel: where the shop answers."""
    order = await market.order(Stage.PREPARING, **more)
    answer = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    return f"/v1/orders/{order}/cancellations/{answer.json()['cancellation']['id']}"


def refused(answer, bound):
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (403, "/problems/outside-mandate"), answer.text
    assert problem["bound"] == bound
    return problem


async def test_without_a_mandate_a_program_reads_and_does_nothing(people, market, helper):
    case = await asked(people, market)
    assert (await helper.get(case)).status_code == 200
    answer = await helper.post(f"{case}/approve")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/mandate-needed")
    told = (await helper.get("/v1/caller")).json()
    assert (told["mandated"], told["mandate"], told["shop"]) == (True, None, KILN)
    assert (await people.sam.get("/v1/caller")).json()["mandated"] is False


async def test_within_its_mandate_a_program_acts_and_every_record_says_under_which(people, market, helper):
    mandate = await given(people, helper)
    case = await asked(people, market)
    done = await helper.post(f"{case}/approve", {"refund": eur(4000)})
    assert done.status_code == 200, done.text
    events = (await people.sue.get(f"{case.partition('/cancellations')[0]}/events")).json()["rows"]
    assert [one["mandate"] for one in events if one["type"] == "CancellationApproved"] == [mandate["id"]]
    assert {one["mandate"] for one in events if one["type"] != "CancellationApproved"} == {""}
    held = (await helper.get("/v1/caller")).json()["mandate"]
    assert (held["used"], held["left"], held["acts_made"]) == (eur(4000), eur(2000), 1)


async def test_each_bound_is_named_that_an_act_would_pass_and_nothing_is_written(people, market, helper):
    case = await asked(people, market)
    bounds = (
        ({"acts": ["refuse"]}, "acts"),
        ({"shops": [LANTERN]}, "shops"),
        ({"buyer": "bob"}, "buyer"),
        ({"each": {"amount": 4000, "currency": "USD"}, "a_day": {"amount": 6000, "currency": "USD"}}, "currency"),
        ({"each": eur(3999)}, "each"),
    )
    for more, bound in bounds:
        mandate = await given(people, helper, **more)
        problem = refused(await helper.post(f"{case}/approve"), bound)
        assert problem["mandate"] == mandate["id"]
        assert (await helper.get(case)).json()["status"] == "awaiting_seller"
        assert (await people.ops.post(f"{MANDATES}/{mandate['id']}/end")).json()["acts_made"] == 0
    refused(await helper.post(f"{case}/approve"), "ended")


async def test_of_several_mandates_the_last_is_the_one_that_is_told_about(people, market, helper, clock):
    await given(people, helper, until="2026-05-05T08:00:00Z")
    clock.advance(timedelta(hours=25))
    case = await asked(people, market)
    last = await given(people, helper)
    assert (await people.ops.post(f"{MANDATES}/{last['id']}/end")).status_code == 200
    problem = refused(await helper.post(f"{case}/refuse", {"reason": "other", "comment": "Sorry"}), "ended")
    assert problem["mandate"] == last["id"]
    assert (await helper.get("/v1/caller")).json()["mandate"]["id"] == last["id"]


async def test_the_days_sum_and_the_time_are_bounds_on_both_sides_of_their_edge(people, market, helper, clock):
    await given(people, helper, a_day=eur(8000))
    cases = [await asked(people, market) for _ in range(2)]
    for case in cases:
        assert (await helper.post(f"{case}/approve")).status_code == 200
    small = await asked(people, market, price=1)
    problem = refused(await helper.post(f"{small}/approve"), "a_day")
    assert (problem["asked"], problem["left"]) == (eur(1), eur(0))
    assert (await helper.post(f"{small}/refuse", {"reason": "other", "comment": "Sorry"})).status_code == 200
    last = await market.order()
    clock.set(await market.pool.fetchval("SELECT '2026-05-31T23:59:59Z'::timestamptz"))
    assert (await helper.post(f"/v1/orders/{last}/cancellations", {"reason": "out_of_stock"})).status_code == 201
    order = await market.order()
    clock.set(await market.pool.fetchval("SELECT '2026-06-01T00:00:00Z'::timestamptz"))
    refused(await helper.post(f"/v1/orders/{order}/cancellations", {"reason": "out_of_stock"}), "until")


async def test_acts_of_every_kind_count_where_a_day_has_so_many(people, market, helper):
    mandate = await given(people, helper, acts_a_day=2)
    assert (mandate["acts_a_day"], mandate["acts_today"]) == (2, 0)
    cases = [await asked(people, market, price=1) for _ in range(3)]
    assert (await helper.post(f"{cases[0]}/refuse", {"reason": "other", "comment": "Sorry"})).status_code == 200
    assert (await helper.post(f"{cases[1]}/approve")).status_code == 200
    problem = refused(await helper.post(f"{cases[2]}/approve"), "acts_a_day")
    assert problem["acts"] == 2
    held = (await helper.get("/v1/caller")).json()["mandate"]
    assert (held["acts_today"], held["acts_made"], held["used"]) == (2, 2, eur(1))


async def test_a_repeat_is_the_first_answer_again_also_after_the_mandate_has_ended(people, market, helper):
    mandate = await given(people, helper)
    case = await asked(people, market)
    first = await helper.post(f"{case}/approve", key="once-and-for-all")
    assert (await people.ops.post(f"{MANDATES}/{mandate['id']}/end")).status_code == 200
    again = await helper.post(f"{case}/approve", key="once-and-for-all")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await people.ops.get(MANDATES)).json()["mandates"][0]["used"] == eur(4000)


async def test_a_buyers_program_asks_and_withdraws_and_what_it_asks_for_counts(people, market):
    valet = await people.key("buyer", "valet", buyer_id="ann", mandated=True)
    await given(people, valet, acts=["cancel", "withdraw"], each=eur(4000), a_day=eur(4000))
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    asked = await valet.post(path, {"reason": "changed_mind"})
    assert asked.json()["cancellation"]["verdict"] == "ask_seller"
    assert (await valet.post(f"{path}/{asked.json()['cancellation']['id']}/withdraw")).status_code == 200
    refused(await valet.post(path, {"reason": "changed_mind"}), "a_day")


async def test_what_no_mandate_is_about_is_refused_to_a_program_at_every_call(people, market, helper):
    await given(people, helper)
    order = await market.order(Stage.PREPARING)
    for path, body in (
        (f"/v1/orders/{order}/facts", {"fact": "packed", "occurred_at": "2026-05-04T08:00:00Z"}),
        (f"/v1/orders/{order}/refunds", {"shipping": True}),
        (f"/v1/orders/{order}/messages", {"text": "Hello"}),
        ("/v1/requests/bulk", {"act": "approve", "requests": []}),
        ("/v1/webhook-endpoints", {"url": "https://example.org/x"}),
    ):
        refused(await helper.post(path, body), "acts")
    assert (await people.client.get("/seller", headers={"authorization": f"Bearer {helper.token}"})).status_code == 403


async def test_scopes_and_the_keys_own_shop_hold_beside_the_mandate(people, market):
    reader = await people.key("seller", "reader", shop_id=KILN, mandated=True, scopes=("orders:read",))
    await given(people, reader)
    case = await asked(people, market)
    assert (await reader.post(f"{case}/approve")).json()["type"] == "/problems/outside-scope"
    foreign = await people.key("seller", "foreign", shop_id=LANTERN, mandated=True)
    await given(people, foreign)
    assert (await foreign.post(f"{case}/approve")).status_code == 404


async def test_a_shop_reads_what_may_act_on_its_orders_and_ends_its_own_alone(people, market, helper):
    own = await given(people, helper)
    agent, valet = (
        await people.key("support", "agent", mandated=True),
        await people.key("buyer", "valet", buyer_id="ann", mandated=True),
    )
    platforms, elsewhere = await given(people, agent, each=eur(9000), a_day=eur(9000)), await given(people, valet)
    foreign = await given(people, await people.key("seller", "theirs", shop_id=LANTERN, mandated=True))
    case = await asked(people, market)
    assert (await helper.post(f"{case}/approve")).status_code == 200
    consent = {"way": "phone", "agreed_at": market.clock.read().isoformat(), "remark": "Called"}
    there = await market.order(shop=LANTERN, currency="EUR")
    order = await market.order(price=3000, number="K-78")
    for one in (order, there):
        path = f"/v1/orders/{one}/cancellations"
        assert (await agent.post(path, {"reason": "changed_mind", "consent": consent})).status_code == 201
    read = {one["id"]: one for one in (await people.sam.get(MANDATES)).json()["mandates"]}
    assert read.keys() == {own["id"], platforms["id"]}, "a buyer's own program did nothing here"
    assert (read[own["id"]]["used"], read[platforms["id"]]["used"]) == (eur(4000), eur(3000)), "of its own orders alone"
    told = (await people.sam.get(f"{MANDATES}/{platforms['id']}")).json()
    assert [(one["order"], one["number"], one["act"], one["worth"]) for one in told["acts"]] == [
        (order, "K-78", "cancel", eur(3000))
    ]
    both = (await people.sue.get(f"{MANDATES}/{platforms['id']}", limit=1)).json()
    rest = (await people.ops.get(f"{MANDATES}/{platforms['id']}", limit=1, after=both["next"])).json()
    assert ([one["order"] for one in (*both["acts"], *rest["acts"])], rest["next"]) == ([there, order], None)
    assert (await people.sam.get(f"{MANDATES}/{foreign['id']}")).status_code == 404
    assert (await people.ann.get(MANDATES)).status_code == 403
    ends = {one["id"]: f"{MANDATES}/{one['id']}/end" for one in (own, platforms, elsewhere, foreign)}
    assert (await people.sam.post(ends[platforms["id"]])).status_code == 403
    assert (await people.sam.post(ends[foreign["id"]])).status_code == 404
    assert (await people.sue.post(ends[own["id"]])).status_code == 403
    bare = await people.client.post(ends[own["id"]], headers={"authorization": f"Bearer {people.sam.token}"})
    assert (bare.status_code, bare.json()["holds"]) == (200, False), "an emergency stop takes no body and no key"
    refused(await helper.post(f"{await asked(people, market)}/approve"), "ended")
    assert (await people.sam.get(f"{MANDATES}/{own['id']}")).json()["acts"][0]["counted"] == eur(4000)


async def test_only_an_operator_gives_one_for_a_key_that_is_made_for_it_and_one_at_a_time(people, desk, helper):
    for who in (people.sam, people.sue, people.host, helper):
        assert (await who.post(MANDATES, wish(helper))).status_code == 403
    assert (await people.ops.post(MANDATES, wish(people.sam))).status_code == 404, "a key that is bound to nothing"
    made = await people.ops.post(MANDATES, wish(helper), key="a-mandate-for-nights")
    again = await people.ops.post(MANDATES, wish(helper), key="a-mandate-for-nights")
    assert again.json() == made.json()
    other = await people.ops.post(MANDATES, wish(helper, acts=["refuse"]), key="a-mandate-for-nights")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    second = await people.ops.post(MANDATES, wish(helper))
    assert (second.status_code, second.json()["mandate"]) == (409, made.json()["id"])
    for bad, field in (
        ({"acts": []}, "/acts"),
        ({"shops": ["shp_0000none"]}, "/shops"),
        ({"buyer": "nobody"}, "/buyer"),
        ({"each": eur(0)}, "/each"),
        ({"a_day": eur(3999)}, "/a_day"),
        ({"acts_a_day": 0}, "/acts_a_day"),
        ({"until": "2026-05-04T08:00:00Z"}, "/until"),
        ({"until": "2028-05-04T08:00:00Z"}, "/until"),
        ({"because": " "}, "/because"),
        ({"each": {"amount": 1, "currency": "XXX"}, "a_day": {"amount": 1, "currency": "XXX"}}, "/currency"),
    ):
        answer = await people.ops.post(MANDATES, wish(helper, **bad))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field), answer.text
    acts = (await people.ops.get("/v1/people/acts")).json()["acts"]
    assert [one["act"] for one in acts] == ["mandate_made"]
    assert await desk.pool.fetchval("SELECT count(*) FROM mandates") == 1
