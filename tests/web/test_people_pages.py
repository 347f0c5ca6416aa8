"""People on pages: inviting, changing and removing them, one's own account and sessions, and who may do none of it."""

import asyncio
import re

import pytest

from postgres.market import KILN, LANTERN
from rescind.access.people import COMMAND_LINE
from rescind.app import make_app
from rescind.core.errors import LastOperator
from rescind.core.staff import ACTS
from web.consoles import ORIGIN, Person
from web.staff import Member, invited, member

PEOPLE, SHOP = "/operator/people", "/seller/people"
KIT = {"name": "Kit Marlow", "email": "kit@harbour.example", "language": "en"}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


def token(page):
    return re.search(r'name="_csrf_token" value="([^"]+)"', page.raw)[1]


async def grow_old(desk):
    """A quarter of an hour since everybody signed in."""
    await desk.pool.execute("UPDATE credentials SET proven_at = proven_at - interval '15 minutes'")


async def test_without_a_mail_server_the_link_is_shown_once_to_who_invites(app, desk, ines):
    page = await ines.press(await ines.see(PEOPLE), PEOPLE, **KIT, role="support")
    (link,) = set(re.findall(r"http://desk\.test/join/[\w-]+", page.raw))
    assert "It is shown this once" in page.text
    later = await ines.see(PEOPLE)
    assert "/join/" not in later.raw
    assert "kit@harbour.example" in later.text
    kept = [dict(row) for row in await desk.pool.fetch("SELECT * FROM staff_links")]
    assert link.rpartition("/")[2][22:] not in str(kept), "whoever reads the table cannot join"
    kit = Member(app)
    await kit.join(link)
    page = await ines.see(PEOPLE)
    assert "Password and app" in page.text
    assert re.search(r"Joined .* Kit Marlow", page.text)


@pytest.mark.parametrize(
    ("page", "typed", "secret"),
    [
        (PEOPLE, {**KIT, "role": "support"}, ""),
        ("/operator/keys", {"name": "stock feed", "role": "host", "days": "90"}, ""),
        ("/operator/providers", {"name": "stripe_eu", "kind": "stripe", "key": "rk_test_" + "a" * 24}, "rk_test_"),
    ],
)
async def test_who_has_to_sign_in_again_finds_the_form_as_it_was_typed(desk, ines, page, typed, secret):
    form = await ines.see(page)
    await grow_old(desk)
    asked = await ines.press(form, page, **typed)
    assert asked.status == 403
    assert f'href="/sign-in?again=1&amp;to={page.replace("/", "%2F")}"' in asked.raw
    await ines.sign_in(desk, "operator", "ines")
    again = await ines.see(page)
    shown = [value for name, value in typed.items() if name != "key"]
    assert [value for value in shown if f'value="{value}"' not in again.raw] == []
    assert not secret or secret not in again.raw + str(ines.client.cookies)
    assert f'value="{typed["name"]}"' not in (await ines.see(page)).raw, "once, and then it is over"


async def test_whose_session_is_over_is_asked_to_sign_in_and_no_buyer(app):
    page = await Person(app).see("/support/orders?q=4711")
    assert (page.status, "Please sign in" in page.text, "Changed your mind" in page.text) == (401, True, False)
    sent = await Person(app).send("/operator/keys", [("name", "x")])
    assert "/sign-in?again=1" in sent.raw


async def test_a_link_that_makes_an_operator_is_never_shown_to_one(ines, desk):
    """Whoever held it could be two people, and put in force what they wrote themselves."""
    page = await ines.press(await ines.see(PEOPLE), PEOPLE, **KIT, role="operator")
    assert "/join/" not in page.raw
    assert "rescind people prints it" in page.text
    assert [one.role for one in await desk.people.waiting(COMMAND_LINE)] == ["operator"]


async def test_a_shop_invites_and_sees_its_own_people_and_no_others(app, desk, sam):
    page = await sam.press(await sam.see(SHOP), SHOP, **KIT, rights="answer")
    assert "Kit Marlow is invited" in page.text
    await invited(desk, "lee@harbour.example", "seller", LANTERN)
    await member(app, desk, "noa@harbour.example", "support")
    page = await sam.see(SHOP)
    assert "lee@" not in page.text
    assert "noa@" not in page.text
    (own,) = await desk.people.links.open(KILN)
    (other,) = await desk.people.links.open(LANTERN)
    missing = await sam.send(f"{SHOP}/invitations/stl_{'0' * 22}/end", [("_csrf_token", token(page))])
    foreign = await sam.send(f"{SHOP}/invitations/{other.id}/end", [("_csrf_token", token(page))])
    assert (missing.status, missing.text) == (404, foreign.text)
    assert (await sam.press(page, f"{SHOP}/invitations/{own.id}/end")).status == 303


async def test_a_shop_makes_nobody_anything_but_its_own(app, desk, sam):
    page = await sam.see(SHOP)
    await sam.press(page, SHOP, **KIT, role="operator", shop=LANTERN, rights="manage")
    (link,) = await desk.people.links.open()
    assert (link.role, link.shop) == ("seller", KILN), "what a form says of another role counts for nothing"


async def test_who_answers_only_does_not_come_to_the_pages_of_the_shop_itself(app, desk):
    kit = await member(app, desk, role="seller", shop=KILN, rights="answer")
    assert (await kit.see("/seller/orders")).status == 200
    assert "/seller/settings" not in (await kit.see("/seller/orders")).raw
    for path in ("settings", "rules", "contact", "replies", "webhooks", "robots", "people"):
        page = await kit.see(f"/seller/{path}")
        assert page.status == 403, path
        sent = await kit.send(f"/seller/{path}", [("_csrf_token", token(await kit.see("/seller/orders")))])
        assert sent.status in {403, 404, 405}, path


async def test_rights_that_change_end_sessions_with_the_old_ones(app, desk, ines):
    kit = await member(app, desk, role="seller", shop=KILN, rights="manage")
    (person,) = await desk.people.all(COMMAND_LINE)
    done = await ines.press(await ines.see(PEOPLE), f"{PEOPLE}/{person.id}/change")
    assert done.to == f"{PEOPLE}?said=role_changed"
    assert (await kit.see("/seller/settings")).status == 401
    await kit.sign_in_again("kit@harbour.example")
    assert (await kit.see("/seller/settings")).status == 403


async def test_who_is_removed_is_out_at_once_on_pages_and_on_streams_that_are_open(app, desk, ines):
    kit = await member(app, desk)
    session = {"cookie": "; ".join(f"{name}={value}" for name, value in kit.client.cookies.items())}
    headers = [(name.encode(), value.encode()) for name, value in session.items()]
    scope = {"type": "http", "headers": headers, "client": ("10.0.0.9", 1)}
    line = type("Line", (), {"scope": scope})()
    assert await desk.access.still_valid(line)
    (person,) = await desk.people.all(COMMAND_LINE)
    done = await ines.press(await ines.see(PEOPLE), f"{PEOPLE}/{person.id}/remove")
    assert done.to == f"{PEOPLE}?said=removed"
    assert not await desk.access.still_valid(line), "what /live asks before each thing it tells"
    assert (await kit.see("/support")).status == 401
    assert (await kit.give("kit@harbour.example")).status == 422, "whoever has no role left is forgotten"
    assert "removed" in [one.act for one in await desk.people.acts(COMMAND_LINE)]


async def called(app, desk, name, email, shop, rights="manage"):
    """Somebody of that name who is signed in for a shop."""
    one = await member(app, desk, email=email, role="seller", shop=shop, rights=rights)
    await desk.pool.execute("UPDATE accounts SET name = $1 WHERE email = $2", name, email)
    return one


async def test_people_are_a_list_with_search_filters_pages_views_columns_and_a_file(app, desk, ines):
    await member(app, desk)
    await called(app, desk, "Sol Perry", "sol@kiln.example", KILN, "answer")
    await called(app, desk, "Lin Wei", "lin@lantern.example", LANTERN)
    await desk.pool.execute(
        "INSERT INTO accounts (account_id, email, name, language, zone)"
        " SELECT 'psn_' || n, n || '@many.example', 'Zoe ' || lpad(n::text, 3, '0'), 'en', 'UTC'"
        " FROM generate_series(1, 30) n"
    )
    await desk.pool.execute(
        "INSERT INTO account_roles (account_id, role, shop_id, rights, given_by)"
        " SELECT account_id, 'support', '', 'manage', 'test' FROM accounts WHERE name LIKE 'Zoe%'"
    )

    def names(page):
        listed = page.raw.partition('id="sessions"')[0]
        return re.findall(r'(Kit Marlow|Sol Perry|Lin Wei|Zoe \d+)<span class="note">', listed)

    for words, found in {
        "q=perry": ["Sol Perry"],
        "text=lantern.example": ["Lin Wei"],
        "role=seller": ["Lin Wei", "Sol Perry"],
        f"shop={KILN}": ["Sol Perry"],
        "rights=manage": ["Lin Wei"],
        "signed_in=yes&role=support": ["Kit Marlow"],
    }.items():
        assert names(await ines.see(f"{PEOPLE}?{words}")) == found, words
    first = await ines.see(f"{PEOPLE}?role=support")
    following = await ines.see(re.search(r'href="([^"]*cursor=[^"]*)"', first.raw)[1].replace("&amp;", "&"))
    assert names(first) + names(following) == ["Kit Marlow", *(f"Zoe {n:03}" for n in range(1, 31))]
    file = await ines.client.get("/support/lists/people/export?role=seller&column=person&column=signs_in_with")
    assert file.text.lstrip("\ufeff").splitlines() == [
        "Person,Signs in with",
        "Lin Wei,Password and app",
        "Sol Perry,Password and app",
    ]
    page = await ines.see(f"{PEOPLE}?signed_in=never")
    await ines.press(page, "/support/lists/people/columns", column=["person", "email"])
    page = await ines.see(f"{PEOPLE}?signed_in=never")
    kept = await ines.press(page, "/support/lists/people/views", name="Never came")
    assert kept.to.startswith(f"{PEOPLE}?signed_in=never")
    opened = await ines.see(kept.to)
    assert "E-mail" in opened.text
    assert "Signs in with" not in re.findall(r'columnheader"[^>]*>([^<]*)', opened.raw)
    views = await ines.see("/support/views")
    assert "Lists of people who work here are not mailed." in views.text


async def test_a_shop_lists_its_own_people_and_nobody_else_does(app, desk, sam):
    sol = await called(app, desk, "Sol Perry", "sol@kiln.example", KILN, "answer")
    lin = await called(app, desk, "Lin Wei", "lin@lantern.example", LANTERN)
    for path in (f"{SHOP}?shop={LANTERN}", f"{SHOP}?text=e"):
        assert "Lin Wei" not in (await sam.see(path)).text
    assert "Sol Perry" in (await sam.see(SHOP)).text
    mine = await sam.client.get(f"/seller/lists/people/export?shop={LANTERN}")
    assert "Lin Wei" not in mine.text
    assert "Lin Wei" in (await lin.client.get("/seller/lists/people/export")).text
    sue = await Person(app).sign_in(desk, "support", "sue")
    assert (await sue.client.get("/support/lists/people/export")).status_code == 403
    assert (await sol.client.get("/seller/lists/people/export")).status_code == 403


async def test_who_is_removed_is_mailed_no_lists_any_more(app, desk):
    await member(app, desk, role="seller", shop=KILN)
    (person,) = await desk.people.all(COMMAND_LINE)
    await desk.pool.execute(
        "INSERT INTO saved_views (view_id, role, shop_id, person, list, name, query, columns, rhythm, next_at)"
        " VALUES ('vw_1', 'seller', $1, $2, 'orders', 'Mine', '', '{}', 'daily', clock_timestamp()),"
        " ('vw_2', 'seller', $1, 'somebody', 'orders', 'Theirs', '', '{}', 'daily', clock_timestamp())",
        KILN,
        person.id,
    )
    await desk.people.remove(COMMAND_LINE, person.id, "seller", KILN)
    views = await desk.pool.fetch("SELECT view_id, paused, next_at IS NULL AS still FROM saved_views ORDER BY 1")
    assert [tuple(row) for row in views] == [("vw_1", "no_access", True), ("vw_2", "", False)]


async def test_what_somebody_invited_who_is_removed_opens_nothing_any_more(app, desk):
    kit = await member(app, desk, role="seller", shop=KILN)
    page = await kit.press(
        await kit.see(SHOP), SHOP, name="Lee", email="lee@harbour.example", rights="manage", language="en"
    )
    (link,) = set(re.findall(r"http://desk\.test(/join/[\w-]+)", page.raw))
    assert (await Member(app).see(link)).status == 200
    (person,) = await desk.people.all(COMMAND_LINE)
    await desk.people.remove(COMMAND_LINE, person.id, "seller", KILN)
    assert (await Member(app).see(link)).status == 410


async def test_no_session_outlives_a_role_that_is_taken_away_while_somebody_signs_in(app, desk):
    kit = await member(app, desk)
    (person,) = await desk.people.all(COMMAND_LINE)
    await kit.give("kit@harbour.example")
    answer, _ = await asyncio.gather(
        kit.send("/sign-in/code", [("code", kit.code())]),
        desk.people.remove(COMMAND_LINE, person.id, "support", None),
    )
    assert answer.status in {303, 422}
    assert (await kit.see("/support")).status == 401


async def test_the_last_operator_cannot_be_removed_and_of_two_who_remove_each_other_one_stays(app, desk):
    kit = await member(app, desk, role="operator")
    (person,) = await desk.people.all(COMMAND_LINE)
    page = await kit.press(await kit.see(PEOPLE), f"{PEOPLE}/{person.id}/remove")
    assert (page.status, "last operator" in page.text) == (409, True)
    await member(app, desk, "lee@harbour.example", "operator")
    both = [one.id for one in await desk.people.all(COMMAND_LINE)]
    done = await asyncio.gather(
        *(desk.people.remove(COMMAND_LINE, one, "operator", None) for one in both), return_exceptions=True
    )
    assert [type(one) for one in done].count(LastOperator) == 1
    assert len(await desk.people.all(COMMAND_LINE)) == 1


async def test_what_could_let_others_in_wants_a_sign_in_of_the_last_quarter_of_an_hour(app, desk, ines):
    await member(app, desk)
    (person,) = await desk.people.all(COMMAND_LINE)
    page = await ines.see(PEOPLE)
    await grow_old(desk)
    said = (await ines.see(PEOPLE)).text
    assert "wants a sign-in of the last 15 minutes" in said
    for path in (
        PEOPLE,
        f"{PEOPLE}/{person.id}/remove",
        f"{PEOPLE}/{person.id}/anew",
        "/operator/keys",
        "/operator/providers",
    ):
        refused = await ines.send(
            path, [("_csrf_token", token(page)), ("role", "support"), ("name", "x"), ("days", "1")]
        )
        assert (refused.status, "Please sign in again" in refused.text) == (403, True), path
    assert (await ines.see(PEOPLE)).status == 200, "looking is not doing"
    assert len(await desk.people.all(COMMAND_LINE)) == 1


async def test_signing_in_again_is_another_session_and_comes_back(app, desk):
    kit = await member(app, desk, role="operator")
    await grow_old(desk)
    page = await kit.see("/operator/people")
    (href,) = set(re.findall(r'href="(/sign-in\?[^"]+)"', page.raw))
    before = dict(kit.client.cookies)
    assert "Sign in again" in (await kit.see(href.replace("&amp;", "&"))).text
    done = await kit.sign_in_again("kit@harbour.example")
    assert done.to == "/operator/people"
    assert dict(kit.client.cookies) != before
    assert len(await desk.access.every_session()) == 1, "the one before has ended"
    assert "wants a sign-in" not in (await kit.see("/operator/people")).text


# --- one's own -------------------------------------------------------------------------------------------------------


async def test_somebody_with_two_roles_chooses_and_switches_and_each_is_a_session_of_its_own(app, desk):
    kit = await member(app, desk)
    link = (await invited(desk, role="seller", shop=KILN, rights="answer")).removeprefix(ORIGIN)
    stranger = Member(app)
    page = await stranger.see(link)
    assert "You are here already" in page.text
    assert not page.has_form(link), "an invitation alone chooses no password for somebody who is here"
    done = await kit.press(await kit.see(link), f"{link}/take")
    assert done.to == "/seller"
    assert (await kit.see("/seller/orders")).status == 200
    assert (await kit.see("/support")).status == 403
    page = await kit.see("/account/roles")
    back = await kit.send("/account/roles", [("_csrf_token", token(page)), ("as", "support")])
    assert back.to == "/support"
    assert (await kit.see("/support")).status == 200
    assert len(await desk.access.every_session()) == 1
    foreign = await kit.send(
        "/account/roles", [("_csrf_token", token(await kit.see("/account"))), ("as", f"seller:{LANTERN}")]
    )
    assert foreign.status == 404
    other = Member(app)
    assert (await other.sign_in_again("kit@harbour.example", kit.code())).to == "/account/roles"


async def test_pages_go_by_the_clock_of_ones_account_unless_another_was_chosen_for_notices(app, desk, market):
    await market.pool.execute("UPDATE shops SET zone = 'Europe/London' WHERE shop_id = $1", KILN)
    kit = await member(app, desk, role="seller", shop=KILN)
    assert "Times in Europe/London" in (await kit.see("/seller/orders")).text, "nobody chose one, and no browser told"
    await kit.press(await kit.see("/account"), "/account", language="en", zone="Asia/Tokyo")
    assert "Times in Asia/Tokyo" in (await kit.see("/seller/orders")).text
    home = "/seller/notices/preferences"
    await kit.press(await kit.see(home), home, zone="America/New_York")
    assert "Times in America/New_York" in (await kit.see("/seller/orders")).text
    await kit.press(await kit.see(home), home, zone="")
    await kit.press(await kit.see("/account"), "/account", language="en", zone="")
    assert "Times in Europe/London" in (await kit.see("/seller/orders")).text


async def test_switching_makes_nothing_fresh_that_was_not(app, desk):
    kit = await member(app, desk)
    link = (await invited(desk, role="seller", shop=KILN)).removeprefix(ORIGIN)
    await grow_old(desk)
    await kit.press(await kit.see(link), f"{link}/take")
    page = await kit.see(SHOP)
    assert "wants a sign-in of the last 15 minutes" in page.text


async def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(app, desk):
    kit = await member(app, desk)
    kit.client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/150.0"
    others = [Member(app), Member(app)]
    for one, typed in zip(others, kit.codes, strict=False):
        one.client.headers["user-agent"] = "Mozilla/5.0 (iPhone) Safari/605.1"
        await one.sign_in_again("kit@harbour.example", typed)
    page = await kit.see("/account/sessions")
    assert page.text.count("Safari · iPhone") == 2
    assert page.text.count("This browser") == 1
    actions = [form["action"] for form in page.forms if re.search(r"/sessions/[0-9a-f]{16}/end", form["action"])]
    assert len(actions) == 3
    stranger = await member(app, desk, "lee@harbour.example")
    foreign = await stranger.send(actions[0], [("_csrf_token", token(await stranger.see("/account")))])
    assert foreign.status == 404
    phone = next(one.mark for one in await desk.access.every_session() if "iPhone" in one.agent)
    await kit.press(page, f"/account/sessions/{phone}/end")
    assert sorted([(await one.see("/support")).status for one in others]) == [200, 401]
    await kit.press(await kit.see("/account/sessions"), "/account/sessions/end-others")
    assert [(await one.see("/support")).status for one in others] == [401, 401]
    assert (await kit.see("/support")).status == 200
    assert (await stranger.see("/support")).status == 200


async def test_an_operator_finds_where_a_buyer_is_signed_in_and_signs_them_out(app, desk, ines, sam):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert f'href="{PEOPLE}/buyers"' in (await ines.see(PEOPLE)).raw
    assert "Sign this buyer out" not in (await ines.see(f"{PEOPLE}/buyers")).text
    page = await ines.see(f"{PEOPLE}/buyers?buyer=ann")
    assert page.raw.count(f"{PEOPLE}/sessions/") == 1
    assert "Nobody is signed in" in (await ines.see(f"{PEOPLE}/buyers?buyer=bob")).text
    await ines.press(page, f"{PEOPLE}/buyers/end")
    assert (await ann.see("/orders")).status == 401
    assert (await sam.see(f"{SHOP}/buyers?buyer=ann")).status == 403
    refused = await sam.send(f"{SHOP}/buyers/end", [("_csrf_token", token(await sam.see(SHOP))), ("buyer", "ann")])
    assert refused.status == 403


async def test_an_operator_ends_anybodys_session_and_is_named_for_it(app, desk, ines, sam):
    kit = await member(app, desk)
    page = await ines.see(PEOPLE)
    mark = next(one.mark for one in await desk.access.every_session() if one.account)
    await ines.press(page, f"{PEOPLE}/sessions/{mark}/end")
    assert (await kit.see("/support")).status == 401
    assert desk.people is not None
    (note, *_) = await desk.people.acts(COMMAND_LINE)
    assert (note.act, note.by, note.whom) == ("sessions_ended", "operator:ines", "Kit Marlow")
    refused = await sam.send(f"{SHOP}/sessions/{mark}/end", [("_csrf_token", token(await sam.see(SHOP)))])
    assert refused.status == 403


async def test_the_last_way_in_stays(app, desk):
    kit = await member(app, desk)
    await desk.pool.execute("UPDATE accounts SET password = '', totp = NULL")
    (person,) = await desk.people.all(COMMAND_LINE)
    await desk.pool.execute("INSERT INTO passkeys VALUES ('\\x01', $1, '\\x02', 'Telephone')", person.id)
    page = await kit.press(await kit.see("/account"), "/account/passkeys/remove")
    assert (page.status, "last way in" in page.text) == (409, True)
    assert await desk.pool.fetchval("SELECT count(*) FROM passkeys") == 1


async def test_who_came_by_a_link_has_sessions_and_no_account(ines):
    assert "You came by a link" in (await ines.see("/account")).text
    assert "This browser" in (await ines.see("/account/sessions")).text
    assert (await ines.see("/account/roles")).status == 404


async def test_buyers_and_support_come_to_none_of_it(app, desk):
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    sue = await Person(app).sign_in(desk, "support", "sue")
    assert [(await ann.see(path)).status for path in ("/account", "/account/sessions", PEOPLE, SHOP)] == [403] * 4
    assert [(await sue.see(path)).status for path in (PEOPLE, SHOP)] == [403] * 2


async def test_whoever_serves_cannot_rewrite_who_did_what(app, desk):
    await member(app, desk)
    for statement in ("UPDATE staff_acts SET by = 'x'", "DELETE FROM staff_acts"):
        with pytest.raises(Exception, match="permission denied"):
            await desk.pool.execute(statement)
    assert {one.act for one in await desk.people.acts(COMMAND_LINE)} <= set(ACTS)


async def test_the_page_is_in_chinese_too(app, desk):
    await member(app, desk)
    ines = await Person(app, "zh-CN").sign_in(desk, "operator", "ines")
    page = await ines.see(PEOPLE)
    for said in ("成员管理", "密码 + 动态验证码", "操作记录", "设置密码与验证器"):
        assert said in page.text
