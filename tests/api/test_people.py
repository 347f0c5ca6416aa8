"""People, invitations, sessions and keys by the API, and what a key that was made for some calls may not."""

import pytest

import rescind.api
from postgres.market import KILN, LANTERN
from rescind.api.scopes import GROUP
from rescind.core.errors import InvalidField
from rescind.core.scopes import SCOPES, scopes
from rescind.core.stage import Stage

KIT = {"name": "Kit Marlow", "email": "kit@harbour.example", "role": "support"}
PEOPLE, INVITE = "/v1/people", "/v1/people/invitations"


async def by_session(desk, people, role, who, **more):
    """A call as a browser makes it, with what its own page would send along."""
    link = await desk.access.issue_link(role, who, name=who.title(), **more)
    session, principal = await desk.access.redeem_link(link.rpartition("/")[2])
    return {
        "cookie": f"rescind_session={session}",
        "origin": "http://desk.test",
        "x-csrf-token": desk.access.csrf_token(principal),
    }


async def test_an_operator_invites_sees_and_takes_back(people):
    invited = await people.ops.post(INVITE, KIT)
    assert invited.status_code == 201, invited.text
    told = invited.json()
    assert told["mailed"] is False
    assert told["link"].startswith("http://desk.test/join/")
    listed = (await people.ops.get(PEOPLE)).json()
    assert [one["email"] for one in listed["invitations"]] == ["kit@harbour.example"]
    end = f"{INVITE}/{told['invitation']['id']}/end"
    assert (await people.ops.post(end)).status_code == 200
    assert (await people.ops.post(end)).status_code == 404
    assert (await people.ops.get(PEOPLE)).json()["invitations"] == []
    acts = (await people.ops.get(f"{PEOPLE}/acts")).json()["acts"]
    assert [(one["act"], one["by"]) for one in acts] == [
        ("invitation_ended", "operator:ops"),
        ("invited", "operator:ops"),
    ]


async def test_the_same_call_invites_once_and_the_same_key_for_somebody_else_is_refused(people, desk):
    key = "k" * 20
    first, second = [await people.ops.post(INVITE, KIT, key=key) for _ in range(2)]
    assert first.json() == second.json()
    assert len(await desk.post.table.latest()) == 1
    other = await people.ops.post(INVITE, {**KIT, "email": "lee@harbour.example"}, key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_shop_lets_in_its_own_people_and_no_others(people):
    own = {**KIT, "role": "seller", "shop": KILN, "rights": "answer"}
    assert (await people.sam.post(INVITE, own)).status_code == 201
    for other in ({**own, "shop": LANTERN}, KIT, {**KIT, "role": "operator"}):
        assert (await people.sam.post(INVITE, other)).status_code == 403, other
    assert (await people.lou.get(PEOPLE)).json() == {
        "people": [],
        "invitations": [],
        "next": None,
        "previous": None,
        "total": 0,
    }
    for nobody in (people.sue, people.ann, people.host):
        assert (await nobody.get(PEOPLE)).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"email": "kit"}, "/email"),
        ({"name": " "}, "/name"),
        ({"role": "seller"}, "/shop"),
        ({"role": "host"}, "/role"),
        ({"shop": KILN}, "/shop"),
    ],
)
async def test_what_is_wrong_with_an_invitation_is_told_by_its_field_and_nothing_is_written(
    people, desk, wrong, pointer
):
    answer = await people.ops.post(INVITE, KIT | wrong)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await desk.pool.fetchval("SELECT count(*) FROM staff_links") == 0
    missing = await people.ops.post(INVITE, {**KIT, "role": "seller", "shop": "shp_00000000"})
    assert missing.status_code == 404


async def test_a_link_that_makes_an_operator_is_given_to_nobody(people):
    assert (await people.ops.post(INVITE, {**KIT, "role": "operator"})).json()["link"] is None


async def test_what_could_let_others_in_wants_a_fresh_session_and_asks_no_key(people, desk):
    headers = await by_session(desk, people, "operator", "ines")
    await desk.pool.execute(
        "UPDATE credentials SET proven_at = proven_at - interval '15 minutes' WHERE kind = 'session'"
    )
    refused = await people.nobody.post(INVITE, KIT, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/sign-in-again")
    assert (await people.nobody.get(PEOPLE, headers=headers)).status_code == 200
    assert (await people.ops.post(INVITE, KIT)).status_code == 201
    wants = {one.name for one in rescind.api.OPERATIONS if one.fresh}
    assert wants == {
        *("people_invite", "people_change", "people_remove", "people_begin_anew"),
        *("providers_connect", "providers_pay_out", "refunds_owe_again", "mandates_give", "link_secrets_make"),
    }


async def test_sessions_are_ones_own_and_for_an_operator_everybodys(people, desk):
    sue = await by_session(desk, people, "support", "sue")
    ines = await by_session(desk, people, "operator", "ines")
    own = (await people.nobody.get("/v1/sessions", headers=sue)).json()["sessions"]
    assert [(one["person"], one["this"]) for one in own] == [("sue", True)]
    everybody = await people.nobody.get("/v1/sessions?whose=all", headers=sue)
    assert everybody.status_code == 403
    found = (await people.nobody.get("/v1/sessions?whose=all", headers=ines)).json()["sessions"]
    marks = {one["person"]: one["mark"] for one in found}
    assert set(marks) == {"sue", "ines"}
    foreign = await people.nobody.post(f"/v1/sessions/{marks['ines']}/end", headers=sue)
    assert foreign.status_code == 404
    assert (await people.nobody.post(f"/v1/sessions/{marks['sue']}/end", headers=ines)).status_code == 200
    assert (await people.nobody.get("/v1/sessions", headers=sue)).status_code == 401
    another = await by_session(desk, people, "operator", "ines")
    assert (await people.nobody.post("/v1/sessions/end-others", headers=ines)).status_code == 200
    assert (await people.nobody.get("/v1/sessions", headers=another)).status_code == 401
    assert (await people.nobody.get("/v1/sessions", headers=ines)).status_code == 200


async def test_a_key_does_what_it_was_made_for_and_no_more(people, market):
    order = await market.order(Stage.PREPARING)
    reads = await people.key("seller", "shelf", shop_id=KILN, scopes=("orders:read",))
    assert (await reads.get(f"/v1/orders/{order}")).status_code == 200
    for path in ("/v1/refunds", "/v1/webhook-endpoints", PEOPLE):
        refused = await reads.get(path)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/outside-scope"), path
    assert refused.json()["scope"] == "desk:read"
    assert "The role of this key may do it" in refused.json()["detail"]
    never = await reads.get("/v1/exports")
    assert never.json()["type"] == "/problems/forbidden", "what the role may not do either is said of the role"
    told = await reads.post(f"/v1/orders/{order}/facts", {"fact": "packed", "occurred_at": "2026-05-04T08:00:00Z"})
    assert told.status_code == 403


def test_whoever_may_change_may_read_and_what_is_no_scope_is_refused():
    assert scopes(["orders:write"]) == ("orders:read", "orders:write")
    assert scopes([]) == ()
    with pytest.raises(InvalidField):
        scopes(["orders:all"])


def test_every_operation_that_asks_who_calls_belongs_to_a_group_of_scopes():
    nouns = {one.tag for one in rescind.api.OPERATIONS if one.may is not None}
    assert nouns - GROUP.keys() == {"caller"}, "what a key may do is told to every key"
    assert {one.partition(":")[0] for one in SCOPES} == set(GROUP.values())


async def test_who_answers_only_changes_nothing_of_the_shop_by_the_api_either(people, desk, market):
    order = await market.order(Stage.PREPARING)
    await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    headers = await by_session(desk, people, "seller", "kit", shop_id=KILN)
    await desk.pool.execute("UPDATE credentials SET rights = 'answer' WHERE kind = 'session'")
    for path, body in (
        ("/v1/webhook-endpoints", {"url": "https://example.org/x"}),
        (INVITE, {**KIT, "role": "seller", "shop": KILN}),
    ):
        assert (await people.nobody.post(path, body, headers=headers)).status_code == 403, path
    case = (await people.nobody.get("/v1/cancellations", headers=headers)).json()["rows"][0]
    done = await people.nobody.post(f"/v1/orders/{order}/cancellations/{case['id']}/approve", headers=headers)
    assert done.status_code == 200, done.text


async def test_keys_say_what_they_may_and_who_made_them(people, desk):
    await desk.access.issue_key(
        "seller", "shelf", shop_id=KILN, scopes=("orders:read",), made_by="operator:command line"
    )
    keys = {one["principal"]: one for one in (await people.ops.get("/v1/keys")).json()["keys"]}
    assert (keys["shelf"]["scopes"], keys["shelf"]["made_by"]) == (["orders:read"], "operator:command line")
    assert (keys["sam"]["scopes"], keys["sam"]["made_by"]) == ([], "")
