"""Joining, signing in with a password and a code, another password, and what each of them refuses."""

import asyncio
import re

import pytest
from httpx import ASGITransport

from postgres.market import KILN
from rescind.access import sign_in_steps
from rescind.access.people import COMMAND_LINE
from rescind.access.signing_in import PURPOSE
from rescind.app import make_app
from rescind.core.errors import SignInWrong
from rescind.core.one_time import code
from rescind.sealing import Sealer
from rescind.web import letters
from web.consoles import ORIGIN, Person
from web.staff import PASSWORD, Member, invited, member

EMAIL = "kit@harbour.example"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


async def links_of(desk, kind):
    """The addresses that mails of this kind lead to, as their readers get them."""
    found = []
    for mail in await desk.post.table.latest():
        try:
            letter = await letters.compose(desk, mail)
        except letters.notice_letters.Over:
            continue
        if kind in letter.subject:
            found.append(re.search(r"http://desk\.test(/join/\S+)", letter.text)[1])
    return found


# --- joining ---------------------------------------------------------------------------------------------------------


async def test_an_invitation_brings_a_mail_whose_link_lets_one_join_once(app, desk):
    link = await invited(desk)
    assert await links_of(desk, "invited") == [link.removeprefix(ORIGIN)]
    kit = Member(app)
    page = await kit.see(link.removeprefix(ORIGIN))
    assert "Welcome, Kit Marlow" in page.text
    assert "<svg" in page.raw.split('class="square"')[1], "the square that telephones read"
    done = await kit.join(link)
    assert len(kit.codes) == len(set(kit.codes)) == 10
    assert "Write these down" in done.text
    assert (await kit.see("/support")).status == 200
    again = await Member(app).see(link.removeprefix(ORIGIN))
    assert (again.status, "This link was used" in again.text) == (410, True), "a link works once"
    assert "sign in with what you chose" in again.text
    assert await links_of(desk, "invited") == [], "a mail that waits is not sent with a link that opens nothing"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"password": "short", "repeated": "short"}, "Write a password of 12 to 200 signs."),
        ({"password": "aaaaaaaaaaaaaa", "repeated": "aaaaaaaaaaaaaa"}, "Write a password that is not easily guessed."),
        ({"repeated": "another password"}, "This is not the same password."),
        ({"code": "000000"}, "The code does not fit."),
        ({"name": " "}, "at least one visible character"),
    ],
)
async def test_what_is_wrong_with_a_form_to_join_is_said_and_the_link_is_not_used_up(app, desk, typed, said):
    path = (await invited(desk)).removeprefix(ORIGIN)
    kit = Member(app)
    kit.read_seed(await kit.see(path))
    right = {"name": "Kit", "language": "en", "password": PASSWORD, "repeated": PASSWORD, "code": kit.code()}
    wrong = await kit.send(path, list((right | typed).items()))
    assert (wrong.status, said in wrong.text) == (422, True), wrong.text
    assert PASSWORD not in wrong.raw
    assert await desk.people.table.by_email(EMAIL) is None, "nothing is half-written"
    assert (await kit.send(path, list(right.items()))).status == 200


async def test_of_two_who_take_one_invitation_up_at_once_one_joins(app, desk):
    link = await invited(desk)
    path = link.removeprefix(ORIGIN)
    two = Member(app), Member(app)
    for one in two:
        one.read_seed(await one.see(path))
    form = [("name", "Kit"), ("language", "en"), ("password", PASSWORD), ("repeated", PASSWORD)]
    done = await asyncio.gather(*(one.send(path, [*form, ("code", one.code())]) for one in two))
    assert sorted(one.status for one in done).count(200) == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM accounts") == 1


async def test_who_has_an_invitation_that_is_over_is_told_why_and_the_way_on(app, desk):
    first = (await invited(desk)).removeprefix(ORIGIN)
    second = (await invited(desk)).removeprefix(ORIGIN)
    nobody = Person(app)
    assert "the link in the last mail is the one that works" in (await nobody.see(first)).text
    await desk.pool.execute("UPDATE staff_links SET expires_at = clock_timestamp()")
    page = await nobody.see(second)
    assert (page.status, "This link is too old" in page.text, 'href="/sign-in"' in page.raw) == (410, True, True)


async def test_a_link_that_was_made_up_and_a_foreign_one_look_alike(app, desk):
    path = (await invited(desk)).removeprefix(ORIGIN)
    nobody = Person(app)
    pages = [await nobody.see(one) for one in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/join/x")]
    assert {page.status for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


# --- signing in ------------------------------------------------------------------------------------------------------


async def test_no_role_is_reached_by_a_password_alone(app, desk):
    await member(app, desk)
    kit = Member(app)
    first = await kit.give(EMAIL)
    assert (first.status, first.to) == (303, "/sign-in/code")
    for path in ("/support", "/account", "/account/sessions"):
        assert (await kit.see(path)).status == 401
    with pytest.raises(Exception, match="accounts_check"):
        await desk.pool.execute("UPDATE accounts SET totp = NULL")


async def test_password_and_code_let_in_and_a_code_counts_once(app, desk):
    kit = await member(app, desk)
    used = code(kit.seed, kit.used)
    other = Member(app)
    refused = await other.sign_in_again(EMAIL, used)
    assert (refused.status, "The code does not fit, or was used before." in refused.text) == (422, True)
    done = await other.sign_in_again(EMAIL, kit.code())
    assert (done.status, done.to) == (303, "/support")
    assert (await other.see("/support")).status == 200


async def test_of_two_who_show_one_code_at_once_one_gets_in(app, desk):
    kit = await member(app, desk)
    typed, two = kit.code(), (Member(app), Member(app))
    for one in two:
        await one.give(EMAIL)
    done = await asyncio.gather(*(one.send("/sign-in/code", [("code", typed)]) for one in two))
    assert sorted(one.status for one in done) == [303, 422]


async def test_under_another_secret_key_the_cause_is_named_and_how_to_begin_anew(app, desk):
    kit = await member(app, desk)
    person = await desk.people.table.by_email(EMAIL)
    sealed = Sealer(b"o" * 32, PURPOSE).seal(person.id, kit.seed)
    await desk.pool.execute("UPDATE accounts SET totp = $1 WHERE account_id = $2", sealed, person.id)
    for typed in (kit.code(), "ab12c-34def"):
        page = await Member(app).sign_in_again(EMAIL, typed)
        assert (page.status, "another secret key" in page.text, "rescind people begin-anew" in page.text) == (
            503,
            True,
            True,
        ), page.text


async def test_each_recovery_code_lets_in_once_and_that_is_recorded(app, desk):
    kit = await member(app, desk)
    other = Member(app)
    assert (await other.sign_in_again(EMAIL, kit.codes[0].upper().replace("-", " "))).status == 303
    assert (await Member(app).sign_in_again(EMAIL, kit.codes[0])).status == 422
    kept = await desk.pool.fetch("SELECT * FROM recovery_codes")
    assert not any(one.encode() in str(dict(row)).encode() for row in kept for one in kit.codes)
    assert next(one.act for one in await desk.people.acts(COMMAND_LINE)) == "code_used"
    page = await kit.press(await kit.see("/account"), "/account/codes")
    fresh = re.findall(r'<li class="id">([0-9a-f-]{11})</li>', page.raw)
    assert len(fresh) == 10
    assert (await Member(app).sign_in_again(EMAIL, kit.codes[1])).status == 422, "those before are over"


async def test_a_wrong_password_and_somebody_who_is_not_there_get_the_same_answer_after_the_same_work(
    app, desk, monkeypatch
):
    await member(app, desk)
    looked = []
    real = desk.signing_in._passwords._compare
    monkeypatch.setattr(desk.signing_in._passwords, "_compare", lambda *given: looked.append(1) or real(*given))
    wrong = await Member(app).give(EMAIL, "another password")
    missing = await Member(app).give("nobody@harbour.example", "another password")
    odd = await Member(app).give("no address", "another password")
    assert wrong.status == missing.status == odd.status == 422
    assert wrong.text.replace(EMAIL, "") == missing.text.replace("nobody@harbour.example", "")
    assert len(looked) == 3, "a hash is worked out for everybody"


async def test_wrong_tries_end_by_person_alike_for_somebody_who_is_not_there(app, desk, monkeypatch):
    monkeypatch.setattr(sign_in_steps, "EACH", 2)
    await member(app, desk)
    for email in (EMAIL, "nobody@harbour.example"):
        tries = [await Member(app).give(email, "another password") for _ in range(3)]
        assert [one.status for one in tries] == [422, 422, 429]
    assert (await Member(app).give(EMAIL)).status == 429, "also with the right one, until the time is over"
    await desk.pool.execute("UPDATE sign_in_tries SET until = clock_timestamp() - interval '1 second'")
    assert (await Member(app).give(EMAIL)).status == 303


async def test_tries_that_are_made_at_once_do_not_go_past_the_limit_together(app, desk, monkeypatch):
    monkeypatch.setattr(sign_in_steps, "EACH", 3)
    await member(app, desk)
    kit = Member(app)
    await kit.give(EMAIL)
    done = await asyncio.gather(*(kit.send("/sign-in/code", [("code", f"00000{one}")]) for one in range(9)))
    assert [one.status for one in done].count(422) == 3
    assert [one.status for one in done].count(429) == 6


async def test_one_address_tries_only_so_often_whoever_it_tries(app, desk, monkeypatch):
    monkeypatch.setattr(sign_in_steps, "FROM_ONE_PLACE", 3)
    for address, last in (("203.0.113.9", 429), ("203.0.113.10", 422), ("127.0.0.1", 422)):
        tries = []
        for one in range(4 if last == 429 or address == "127.0.0.1" else 3):
            kit = Member(app)
            kit.client._transport = ASGITransport(app, client=(address, 1))
            tries.append((await kit.give(f"kit{one}{address}@harbour.example", "another password")).status)
        assert tries == [422] * (len(tries) - 1) + [last], "an unnamed proxy is everybody's, and is not counted"


async def test_all_addresses_of_one_ipv6_network_are_one_place(app, desk, monkeypatch):
    monkeypatch.setattr(sign_in_steps, "FROM_ONE_PLACE", 3)
    tries = []
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::3", "2001:db8::4", "2001:db8:0:100::1"):
        kit = Member(app)
        kit.client._transport = ASGITransport(app, client=(address, 1))
        tries.append((await kit.give(f"kit{address}@harbour.example", "another password")).status)
    assert tries == [422, 422, 422, 429, 422]


async def test_a_form_of_another_site_signs_nobody_in(app, desk):
    await member(app, desk)
    answer = await Person(app).client.post(
        "/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers={"origin": "http://elsewhere.test"}
    )
    assert answer.status_code == 403


async def test_the_second_half_belongs_to_the_browser_that_did_the_first(app, desk):
    kit = await member(app, desk)
    await Member(app).give(EMAIL)
    assert (await Member(app).send("/sign-in/code", [("code", kit.code())])).status == 422
    with pytest.raises(SignInWrong):
        await desk.signing_in.steps.look("code", "rsi_" + "x" * 43)


async def test_the_page_that_was_asked_for_is_shown_after_signing_in(app, desk):
    kit = await member(app, desk)
    other = Member(app)
    assert (await other.see("/support/refunds")).status == 401
    assert (await other.sign_in_again(EMAIL, kit.code())).to == "/support/refunds"


# --- another password ------------------------------------------------------------------------------------------------


async def test_a_forgotten_password_is_chosen_anew_by_mail_and_the_code_is_asked_for_as_before(app, desk):
    kit = await member(app, desk)
    other = Member(app)
    known = await other.send("/sign-in/forgotten", [("email", EMAIL.upper())])
    unknown = await other.send("/sign-in/forgotten", [("email", "nobody@harbour.example")])
    assert known.text == unknown.text
    (path,) = await links_of(desk, "Choose another password")
    page = await other.see(path)
    assert (await other.press(page, f"{path}/password", password="short", repeated="short")).status == 422
    chosen = "brine over quay lantern"
    done = await other.press(page, f"{path}/password", password=chosen, repeated=chosen)
    assert done.to == "/sign-in?said=password"
    assert (await kit.see("/support")).status == 401, "every session ends"
    assert (await other.see("/support")).status == 401, "the link lets nobody in by itself"
    assert (await other.give(EMAIL)).status == 422, "the old one"
    assert (await other.sign_in_again(EMAIL, kit.code(), chosen)).status == 303
    assert (await other.see(path)).status == 410, "a link works once"


async def test_whoever_has_no_password_is_sent_none_so_that_mail_alone_is_no_way_in(app, desk):
    await member(app, desk)
    await desk.pool.execute("UPDATE accounts SET password = '', totp = NULL")
    await Member(app).send("/sign-in/forgotten", [("email", EMAIL)])
    assert await links_of(desk, "Choose another password") == []


async def test_an_operator_lets_somebody_begin_anew_who_has_lost_everything(app, desk):
    kit = await member(app, desk)
    ines = await Person(app).sign_in(desk, "operator", "ines")
    (person,) = await desk.people.all(COMMAND_LINE)
    page = await ines.press(await ines.see("/operator/people"), f"/operator/people/{person.id}/anew")
    assert "Kit Marlow begins anew" in page.text
    assert "/join/" not in page.raw, "whoever lets somebody begin anew cannot do it in their place"
    assert (await kit.see("/support")).status == 401
    assert (await kit.give(EMAIL)).status == 422
    (path,) = await links_of(desk, "Choose anew")
    assert (await kit.join(path, "another quay altogether")).status == 200
    assert (await kit.see("/support")).status == 200
    assert [one.act for one in await desk.people.acts(COMMAND_LINE)][:2] == ["app_set_up", "begun_anew"]


async def test_nobody_begins_anew_by_themselves(app, desk):
    kit = await member(app, desk, role="operator")
    (person,) = await desk.people.all(COMMAND_LINE)
    page = await kit.see("/operator/people")
    assert not page.has_form(f"/operator/people/{person.id}/anew")
    token = re.search(r'name="_csrf_token" value="([^"]+)"', page.raw)[1]
    assert (await kit.send(f"/operator/people/{person.id}/anew", [("_csrf_token", token)])).status == 403


async def test_a_desk_without_mail_promises_no_link_for_another_password(app, desk):
    await member(app, desk)
    page = await Person(app).see("/sign-in/forgotten")
    assert "No mail goes out from here yet, so no link reaches you" in page.text
    for email in (EMAIL, "nobody@harbour.example"):
        sent = await Person(app).press(page, "/sign-in/forgotten", email=email)
        assert "is on its way" not in sent.text
        assert "Ask an operator to let you begin anew" in sent.text


async def test_a_desk_that_moved_says_that_passkeys_of_before_are_of_no_use(app, desk):
    kit = await member(app, desk)
    (person,) = await desk.people.all(COMMAND_LINE)
    async with desk.people.table.transaction() as connection:
        await desk.people.table.add_passkey(person.id, b"old", b"", "Laptop", "localhost", connection)
    page = await Person(app).see("/sign-in")
    assert "Those made at localhost, where this desk was before, are of no use here" in page.text
    assert "rescind people begin-anew" in page.text
    async with desk.people.table.transaction() as connection:
        await desk.people.table.add_passkey(person.id, b"new", b"", "Laptop", "desk.test", connection)
    assert "localhost" not in (await Person(app).see("/sign-in")).text
    assert (await kit.see("/support")).status == 200


# --- languages -------------------------------------------------------------------------------------------------------


async def test_the_page_for_signing_in_is_in_both_languages_and_needs_no_script(app, desk):
    assert "E-mail address" in (await Person(app).see("/sign-in")).text
    page = await Person(app, "zh-CN").see("/sign-in")
    assert "供商家、平台客服与平台运营使用" in page.text
    assert page.form("/sign-in")["method"] == "post"


async def test_a_shop_is_named_in_its_invitation(app, desk):
    page = await Person(app, "zh-CN").see(
        (await invited(desk, role="seller", shop=KILN, rights="answer")).removeprefix(ORIGIN)
    )
    assert "仅处理订单" in page.text
