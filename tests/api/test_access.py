"""Who may come in, for how long, and that every door has a rule."""

import asyncio
from datetime import timedelta

import pytest
from litestar import Request

import rescind.api
from postgres.market import KILN
from rescind.access.credentials import token_hash
from rescind.access.request import CrossSite
from rescind.access.throttle import Throttle
from rescind.app import make_app
from rescind.clock import wall_clock
from rescind.core.errors import RateLimited, Unauthenticated
from rescind.core.stage import Stage


def request(*headers, method="GET"):
    """A request with these headers, as a server would hand it over."""
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": method, "path": "/", "headers": pairs, "client": ("10.0.0.9", 1)})


async def test_a_key_is_kept_as_a_hash_and_opens_until_it_is_revoked(desk, people):
    token = await desk.access.issue_key("seller", "kim", name="Kim", shop_id=KILN)
    assert token.startswith("rsk_")
    rows = await desk.pool.fetch("SELECT * FROM credentials WHERE principal = 'kim'")
    assert [row["token_hash"] for row in rows] == [token_hash(token)]
    assert token not in str(rows)
    found = await desk.access.principal_of(request(("Authorization", f"Bearer {token}")))
    assert (found.role, found.id, found.scope.shop) == ("seller", "kim", KILN)
    assert found.actor().via == found.credential
    assert token not in found.credential
    assert await desk.access.revoke(token)
    assert not await desk.access.revoke(token)
    with pytest.raises(Unauthenticated):
        await desk.access.principal_of(request(("Authorization", f"Bearer {token}")))


async def test_what_ends_opens_nothing(desk, people):
    ended = await desk.access.issue_key("host", "old", lifetime=timedelta(seconds=-1))
    for value in (
        f"Bearer {ended}",
        "Bearer ",
        "Bearer rsk_" + "A" * 43,
        "Bearer rsk_ä" + "A" * 42,
        "Basic aG9zdDpob3N0",
        f"Bearer {ended} {ended}",
        "",
    ):
        answer = await people.client.get("/v1/orders", headers={"authorization": value.encode()})
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated"), value
        assert answer.headers["www-authenticate"] == 'Bearer realm="rescind"'
    pairs = [("authorization", f"Bearer {people.host.token}"), ("authorization", f"Bearer {people.ann.token}")]
    assert (await people.client.get("/v1/orders", headers=pairs)).status_code == 401


async def test_revoking_a_person_ends_keys_links_and_open_sessions_at_once(desk, people):
    link = await desk.access.issue_link("seller", "kim", shop_id=KILN, once=False)
    session, _ = await desk.access.redeem_link(link.rpartition("/")[2])
    cookie = {"cookie": f"rescind_session={session}"}
    assert (await people.client.get("/v1/orders", headers=cookie)).status_code == 200
    assert await desk.access.revoke_principal("seller", "kim") == 2
    assert (await people.client.get("/v1/orders", headers=cookie)).status_code == 401
    with pytest.raises(Unauthenticated):
        await desk.access.redeem_link(link.rpartition("/")[2])


async def test_a_link_signs_in_once_however_often_it_is_looked_at(desk, people):
    link = await desk.access.issue_link("buyer", "ann", name="Ann", buyer_id="ann")
    assert link.startswith("http://desk.test/sign-in/")
    token = link.rpartition("/")[2]
    for _ in range(3):
        assert (await desk.access.peek_link(token)).name == "Ann"
    session, who = await desk.access.redeem_link(token)
    assert who.scope.buyer == "ann"
    assert session != token
    with pytest.raises(Unauthenticated):
        await desk.access.redeem_link(token)
    with pytest.raises(Unauthenticated):
        await desk.access.peek_link(token)
    # One kind of credential is never taken for another.
    with pytest.raises(Unauthenticated):
        await desk.access.principal_of(request(("Authorization", f"Bearer {session}")))
    with pytest.raises(Unauthenticated):
        await desk.access.principal_of(request(("Cookie", f"rescind_session={people.ann.token}")))
    with pytest.raises(Unauthenticated):
        await desk.access.redeem_link(session)


async def test_a_demo_link_may_be_used_again_until_it_ends(desk, people):
    link = await desk.access.issue_link("support", "sue", once=False, lifetime=timedelta(hours=1))
    first, _ = await desk.access.redeem_link(link.rpartition("/")[2])
    second, _ = await desk.access.redeem_link(link.rpartition("/")[2])
    assert first != second
    await desk.access.sign_out(request(("Cookie", f"rescind_session={first}")))
    with pytest.raises(Unauthenticated):
        await desk.access.principal_of(request(("Cookie", f"rescind_session={first}")))
    assert (await desk.access.principal_of(request(("Cookie", f"x=1; rescind_session={second}")))).role == "support"


async def test_a_session_lives_while_it_is_used_but_not_for_ever(desk, people):
    link = await desk.access.issue_link("support", "sue")
    session, _ = await desk.access.redeem_link(link.rpartition("/")[2])
    rest = "SELECT expires_at - clock_timestamp() FROM credentials WHERE token_hash = $1"
    shift = (
        "UPDATE credentials SET expires_at = expires_at - $2::interval, created_at = created_at - $2::interval"
        " WHERE token_hash = $1"
    )
    asks = request(("Cookie", f"rescind_session={session}"))
    await desk.pool.execute(shift, token_hash(session), timedelta(minutes=29))
    await desk.access.principal_of(asks)
    assert timedelta(minutes=29) < await desk.pool.fetchval(rest, token_hash(session)) <= timedelta(minutes=30)
    await desk.pool.execute(
        "UPDATE credentials SET created_at = created_at - interval '23 h 20 min', expires_at = expires_at - interval"
        " '20 min' WHERE token_hash = $1",
        token_hash(session),
    )
    await desk.access.principal_of(asks)
    assert await desk.pool.fetchval(rest, token_hash(session)) < timedelta(minutes=12)
    await desk.pool.execute(shift, token_hash(session), timedelta(minutes=12))
    with pytest.raises(Unauthenticated):
        await desk.access.principal_of(asks)


async def test_a_session_in_use_was_seen_within_the_minute(desk, people):
    link = await desk.access.issue_link("support", "sue")
    session, who = await desk.access.redeem_link(link.rpartition("/")[2])
    await desk.pool.execute("UPDATE credentials SET used_at = used_at - interval '9 minutes' WHERE kind = 'session'")
    await desk.access.principal_of(request(("Cookie", f"rescind_session={session}")))
    (seen,) = await desk.access.sessions(who)
    assert wall_clock() - seen.used_at < timedelta(minutes=1)


async def test_the_cookie_is_bound_to_the_host_where_there_is_tls(desk):
    plain = desk.access.cookie("rss_x")
    assert plain == "rescind_session=rss_x; Path=/; HttpOnly; SameSite=Lax"
    secure = type(desk.access)(desk.pool, b"s" * 32, "https://desk.example/")
    assert secure.cookie("rss_x") == "__Host-rescind_session=rss_x; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert secure.no_cookie().endswith("Max-Age=0")
    assert secure.origin == "https://desk.example"


async def test_a_session_changes_things_from_its_own_pages_only(people, market, desk):
    order = await market.order(Stage.PREPARING)
    link = await desk.access.issue_link("buyer", "ann", buyer_id="ann")
    session, who = await desk.access.redeem_link(link.rpartition("/")[2])
    token = desk.access.csrf_token(who)
    other = desk.access.csrf_token("session:0123456789abcdef")

    async def asks(**headers):
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        cookie = {"cookie": f"rescind_session={session}"}
        return await people.nobody.post(
            f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"}, headers={**cookie, **more}
        )

    for refused in (
        await asks(x_csrf_token=token),
        await asks(sec_fetch_site="cross-site", x_csrf_token=token),
        await asks(sec_fetch_site="same-site", x_csrf_token=token),
        await asks(sec_fetch_site="none", x_csrf_token=token),
        await asks(origin="http://evil.test", x_csrf_token=token),
        await asks(origin="null", x_csrf_token=token),
        await asks(sec_fetch_site="same-origin"),
        await asks(sec_fetch_site="same-origin", x_csrf_token=other),
    ):
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/csrf")
    assert (await asks(origin="http://desk.test", x_csrf_token=token)).status_code == 201
    with pytest.raises(CrossSite):
        desk.access.require_same_site(request())


def test_failures_are_counted_and_forgiven():
    counted = Throttle(burst=3, per_second=0.001)
    for _ in range(3):
        counted.check("10.0.0.1")
        counted.count("10.0.0.1")
    with pytest.raises(RateLimited) as refused:
        counted.check("10.0.0.1")
    assert refused.value.params["retry_after"] > 0
    counted.check("10.0.0.2")
    forgiving = Throttle(burst=1, per_second=1e9)
    forgiving.count("10.0.0.1")
    forgiving.check("10.0.0.1")


async def test_guessing_keys_is_slowed_down(people):
    bad = {"authorization": "Bearer rsk_" + "A" * 43}
    answers = [(await people.client.get("/v1/orders", headers=bad)).status_code for _ in range(80)]
    assert answers[0] == 401
    assert answers[-1] == 429


async def test_what_is_valid_opens_whatever_others_try_from_the_same_address(people, desk):
    bad = {"authorization": "Bearer rsk_" + "A" * 43}
    while (await people.client.get("/v1/orders", headers=bad)).status_code != 429:
        pass
    session, _ = await desk.access.redeem_link((await desk.access.issue_link("support", "sue")).rpartition("/")[2])
    assert (await people.ann.get("/v1/orders")).status_code == 200
    cookie = {"cookie": f"rescind_session={session}"}
    assert (await people.client.get("/v1/orders", headers=cookie)).status_code == 200
    assert (await people.client.get("/v1/orders", headers=bad)).status_code == 429


OF_REFUND_ORDERS = (
    "refund_orders_take",
    "refund_orders_confirm",
    "refund_orders_decline",
    "refund_orders_confirm_many",
)


def test_every_operation_says_who_may_call_it_and_how_its_object_is_reached():
    for one in rescind.api.OPERATIONS:
        assert one.may is None or one.may, one.name
        assert (one.may is None) == (one.through == "public"), one.name
        if "{order}" in one.path:
            assert one.through == "order", one.name
        # Trying a policy text sends one and changes nothing.
        assert one.changes == (one.method != "GET" and one.name not in {"policies_check", "order_notes_understood"}), (
            one.name
        )
        # What replaces may be repeated; what adds may not. A provider's message has a number of its own, and what is
        # said of a refund order is about that one: said again in the same words it is said once. A test of the mail
        # server is sent as often as somebody wants to see its answer.
        # A file that is put in again changes nothing, and says so. A mandate that has ended stays as it ended.
        heard = {"providers_hear", "order_sources_hear", "imports_put_in", "imports_confirm", "imports_drop"}
        once = one.method in {"PUT", "PATCH"} or one.name in {*heard, "mail_test", "mandates_end", *OF_REFUND_ORDERS}
        assert one.keyed == (not once), one.name
    assert len({one.name for one in rescind.api.OPERATIONS}) == len(rescind.api.OPERATIONS)


async def test_every_address_leads_to_its_own_operations_and_to_no_others(desk):
    app = make_app(desk)
    for one in rescind.api.OPERATIONS:
        endpoint, parameters = app.find(one.path)
        assert endpoint.operations[one.method] is one, one.path
        assert all(value == f"{{{name}}}" for name, value in parameters.items()), one.path
        assert len(parameters) == one.path.count("{"), one.path
    assert not app.find("/v1/orders/x/y/z")[0].operations, "nothing is offered below /v1 that nobody declared"
    for path in ("/", "/orders", "/v2/orders", "/v1x", "//v1/orders", "/design", "/problems", "/problems/"):
        assert app.find(path) == (None, {}), path


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("GET", "/v1", 404, "not-found"),
        ("GET", "/v1/", 404, "not-found"),
        ("GET", "/v1/orders/", 404, "not-found"),
        ("GET", "/v1//orders", 404, "not-found"),
        ("GET", "/v1/orders/{order}/", 404, "not-found"),
        ("PROPFIND", "/v1/orders", 405, "method-not-allowed"),
        ("DELETE", "/v1/orders/{order}", 405, "method-not-allowed"),
        ("PROPFIND", "/v1/nothing", 404, "not-found"),
    ],
)
async def test_an_address_or_method_that_does_not_exist_is_told_as_a_problem(
    people, market, method, path, status, problem
):
    order = await market.order(Stage.REVIEW)
    answer = await people.client.request(method, path.replace("{order}", order), headers=people.ann.headers(None))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["type"] == f"/problems/{problem}"


async def test_deny_by_default_for_every_role_and_operation(people, market):
    order = await market.order(Stage.PREPARING)
    case = (await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).json()
    ids = {"{order}": order, "{cancellation}": case["cancellation"]["id"], "{shop}": KILN}
    people_by_role = {"buyer": people.bob, "seller": people.lou, "support": people.sue, "host": people.host}
    for one in rescind.api.OPERATIONS:
        if one.may is None or one.media_type == "text/event-stream":
            continue
        path = one.path
        for name, value in ids.items():
            path = path.replace(name, value)
        assert (await people.client.request(one.method, path)).status_code == 401, one.name
        for role, who in people_by_role.items():
            body = {"reason": "other", "fact": "packed", "occurred_at": "2026-05-04T08:00:00Z"}
            answer = await (who.get(path) if one.method == "GET" else who.send(one.method, path, body))
            if role not in one.may:
                assert answer.status_code == 403, (one.name, role, answer.text)
            elif (one.through == "order" and role in {"buyer", "seller"} and one.method == "GET") or (
                "{shop}" in one.path and role == "seller" and one.method == "GET"
            ):
                assert answer.status_code == 404, (one.name, role)


async def test_many_who_ask_at_once_are_each_answered_for_themselves(desk, people):
    tokens = [await desk.access.issue_key("buyer", f"b{n}", buyer_id=f"b{n}") for n in range(20)]
    bad = [tokens[0][:-1] + ("A" if tokens[0][-1] != "A" else "B")]

    async def who(token):
        try:
            return (await desk.access.identify(f"Bearer {token}".encode(), None, "10.0.0.8")).id
        except Unauthenticated:
            return None

    found = await asyncio.gather(*(who(token) for token in [*tokens, *bad, *tokens]))
    assert found == [*(f"b{n}" for n in range(20)), None, *(f"b{n}" for n in range(20))]
    # Of two who ask for the same, one that leaves takes nothing from the other.
    leaving, staying = asyncio.create_task(who(tokens[3])), asyncio.create_task(who(tokens[3]))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "b3"


async def test_a_fault_of_the_database_reaches_everybody_who_asked(desk, people):
    await desk.pool.close()
    answers = await asyncio.gather(*(people.ann.get("/v1/orders") for _ in range(5)))
    assert [one.status_code for one in answers] == [503] * 5
