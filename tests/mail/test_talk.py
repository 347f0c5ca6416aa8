"""The talk with a server: encrypted or not at all, with a login nobody overhears, and given up in time."""

import asyncio
import time

import pytest

from mail.server import PASSWORD, USER, certificate, office
from rescind.clock import DatabaseClock
from rescind.core.errors import InvalidField, NoMailServer, Unavailable
from rescind.core.mail import judge
from rescind.mail.message import Letter
from rescind.mail.post import NewServer, Post
from rescind.mail.smtp import Patience
from rescind.postgres.mail_server import MailServerTable
from rescind.postgres.mails import MailTable
from rescind.settings import Settings, SettingsError

LETTER = Letter(subject="A test", text="One line\n.\n..\nand more\n", html="<p>One line</p>", language="en")
SECRET = b"k" * 32


@pytest.fixture
def post(pool, tmp_path):
    """``post(**settings)``: mail as the environment sets it up."""
    opened = []

    def make(*, secret=SECRET, **settings):
        read = Settings.read({f"RESCIND_{name.upper()}": str(value) for name, value in settings.items()}, data=tmp_path)
        made = Post(MailTable(pool, DatabaseClock()), MailServerTable(pool), read, secret, patience=Patience(0.5, 1, 1))
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A certificate for localhost, and the file it is trusted by."""
    return certificate(tmp_path_factory.mktemp("certificate"))


def at(server, **more):
    return {"mail_host": "localhost", "mail_port": server.port, "mail_sender": "desk@market.test", **more}


async def tries(post):
    return await post.test("ines@market.test", LETTER)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_line_is_encrypted_before_anybody_logs_in(post, shown, security, tmp_path):
    context, trusted = shown
    word = tmp_path / "password"
    word.write_text(PASSWORD + "\n")
    kind = {"tls": context} if security == "tls" else {"starttls": context, "require_starttls": True}
    async with office(login=security == "starttls", **kind) as server:
        login = {"mail_user": USER, "mail_password_file": word} if security == "starttls" else {}
        answer = await tries(post(**at(server, mail_security=security, mail_ca_file=trusted, **login)))
    assert (answer.how, answer.code, answer.said) == ("taken", 250, "2.0.0 queued as 4711")
    assert all(encrypted for _, encrypted in server.logins)
    assert len(server.logins) == bool(login)


async def test_a_wrong_password_is_told_and_sends_nothing(post, shown, tmp_path):
    context, trusted = shown
    word = tmp_path / "password"
    word.write_text("wrong")
    async with office(starttls=context, login=True) as server:
        more = {"mail_ca_file": trusted, "mail_user": USER, "mail_password_file": word}
        answer = await tries(post(**at(server, **more)))
    assert (answer.how, answer.place, answer.code) == ("not_now", "login", 535)
    assert server.taken == []


async def test_a_certificate_that_nobody_vouches_for_or_of_another_name_gets_no_mail(post, shown, tmp_path):
    context, trusted = shown
    other, of_other = certificate(tmp_path, "elsewhere.test")
    for tls, ca in ((context, None), (other, of_other), (other, trusted)):
        async with office(starttls=tls) as server:
            more = {"mail_ca_file": ca} if ca else {}
            answer = await tries(post(**at(server, **more)))
        assert (answer.how, answer.place) == ("not_now", "tls")
        assert "certificate" in answer.said
        assert server.taken == []


async def test_a_server_without_starttls_gets_no_mail_in_the_clear(post):
    async with office() as server:
        answer = await tries(post(**at(server)))
    assert (answer.how, answer.place, answer.said) == ("not_now", "tls", "the server offers no STARTTLS")
    assert server.asked == []


async def test_an_open_line_is_for_this_machine_alone(post):
    with pytest.raises(SettingsError, match="this machine alone"):
        post(mail_host="mail.market.test", mail_sender="desk@market.test", mail_security="none")
    for host in ("mail.market.test", "10.0.0.7", "localhost.market.test"):
        with pytest.raises(InvalidField) as wrong:
            await post().set_up(NewServer(host=host, security="none", sender="desk@market.test"), "operator:ines")
        assert wrong.value.params["field"] == "/security"


async def test_what_a_mail_says_arrives_as_it_was_written_dots_and_all(post):
    async with office() as server:
        assert (await tries(post(**at(server, mail_security="none")))).how == "taken"
    (message,) = server.mails()
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER.text


async def test_a_mail_larger_than_the_server_takes_is_not_begun(post):
    big = Letter(subject="Big", text="x" * 200_000, html="<p>", language="en")
    async with office(data_size_limit=100_000) as server:
        answer = await post(**at(server, mail_security="none")).test("ines@market.test", big)
    assert (answer.how, answer.place, answer.code) == ("refused", "size", 552)
    assert server.asked == []
    largest = Letter(subject="Big", text="x" * 11_000_000, html="<p>", language="en")
    answer = await post(**at(server, mail_security="none")).test("ines@market.test", largest)
    assert (answer.how, answer.place) == ("refused", "size"), "ours has an end where the server is not even asked"


async def test_a_server_that_is_away_or_silent_is_given_up_in_time(post):
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    began = time.monotonic()
    answer = await tries(post(mail_host="127.0.0.1", mail_port=port, mail_sender="a@b.test", mail_security="none"))
    assert (answer.how, answer.place, answer.said) == ("not_now", "connect", "no answer in time")
    assert time.monotonic() - began < 3
    silent.close()
    answer = await tries(post(mail_host="127.0.0.1", mail_port=port, mail_sender="a@b.test", mail_security="none"))
    assert (answer.how, answer.place) == ("not_now", "connect")


async def test_a_server_that_drips_is_given_up_in_time(post):
    async def drip(_reader, writer):
        while not writer.is_closing():
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.1)

    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = dripping.sockets[0].getsockname()[1]
    began = time.monotonic()
    answer = await tries(post(mail_host="127.0.0.1", mail_port=port, mail_sender="a@b.test", mail_security="none"))
    assert (answer.how, answer.place) == ("not_now", "connect")
    assert time.monotonic() - began < 3
    dripping.close()


async def test_whoever_stops_waiting_leaves_no_thread_behind(post):
    async with office() as server:
        server.slow_s = 30
        made = post(**at(server, mail_security="none"))
        made._patience = Patience(30, 30, 30)
        waiting = asyncio.create_task(tries(made))
        while not server.asked:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        began = time.monotonic()
        await asyncio.to_thread(made._threads.shutdown)
        assert time.monotonic() - began < 5


# --- setting it up ---------------------------------------------------------------------------------------------------


async def test_a_password_is_kept_sealed_and_goes_to_no_other_server(post, pool):
    new = NewServer(host="mail.market.test", security="tls", sender="desk@market.test", user=USER, password=PASSWORD)
    await post().set_up(new, "operator:ines")
    kept = await pool.fetchval("SELECT password FROM mail_server")
    assert PASSWORD.encode() not in kept
    assert (await post().server()).password == PASSWORD
    with pytest.raises(Unavailable):
        await post(secret=b"x" * 32).server()
    same = NewServer(host="mail.market.test", security="starttls", sender="new@market.test", user=USER)
    await post().set_up(same, "operator:omar")
    assert (await post().server()).password == PASSWORD
    for host, user in (("other.market.test", USER), ("mail.market.test", "somebody")):
        with pytest.raises(InvalidField) as wrong:
            await post().set_up(
                NewServer(host=host, security="tls", sender="desk@market.test", user=user), "operator:omar"
            )
        assert wrong.value.params["field"] == "/password"
    view = await post().view()
    assert (view.host, view.port, view.security, view.changed_by) == (
        "mail.market.test",
        587,
        "starttls",
        "operator:omar",
    )
    assert PASSWORD not in repr(await post().server())
    assert PASSWORD not in repr(new)


async def test_the_environment_goes_first_and_no_page_changes_it(post):
    await post().set_up(NewServer(host="localhost", security="none", sender="page@market.test"), "operator:ines")
    set_so = post(mail_host="mail.market.test", mail_sender="desk@market.test")
    assert (await set_so.view()).source == "environment"
    with pytest.raises(InvalidField):
        await set_so.set_up(NewServer(host="localhost", security="none", sender="b@market.test"), "operator:ines")


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"mail_host": "mail.market.test"}, "RESCIND_MAIL_SENDER"),
        ({"mail_user": "desk"}, "RESCIND_MAIL_PASSWORD_FILE"),
        ({"mail_security": "ssl"}, "tls, starttls or none"),
        ({"mail_sender": "desk"}, "RESCIND_MAIL_SENDER must be an address"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(post, settings, missing):
    with pytest.raises(SettingsError, match=missing):
        post(**settings)


async def test_a_demonstration_writes_to_nobody_outside(post):
    with pytest.raises(InvalidField) as wrong:
        await post(demo=1).set_up(
            NewServer(host="mail.market.test", security="tls", sender="desk@market.test"), "operator:ines"
        )
    assert "demonstration" in wrong.value.params["expected"]


async def test_without_a_server_there_is_no_test(post):
    with pytest.raises(NoMailServer):
        await tries(post())


# --- what an answer means --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "code", "said", "how", "bounces"),
    [
        ("content", 250, "2.0.0 Ok", "taken", False),
        ("content", 0, "", "in_doubt", False),
        ("content", 452, "4.3.1 disk full", "not_now", False),
        ("content", 554, "5.7.1 spam", "refused", False),
        ("recipient", 550, "5.1.1 unknown", "refused", True),
        ("recipient", 550, "5.1.10 null MX", "refused", True),
        ("recipient", 550, "unknown user", "refused", True),
        ("recipient", 550, "5.1.100 something new", "refused", False),
        ("recipient", 554, "no", "refused", False),
        ("recipient", 450, "4.1.1 not yet", "not_now", False),
        ("recipient", 0, "", "not_now", False),
        ("sender", 550, "5.1.8 who are you", "not_now", False),
        ("sender", 552, "5.3.4 too large", "refused", False),
        ("login", 535, "5.7.8 wrong", "not_now", False),
        ("connect", 554, "5.7.1 we do not know you", "not_now", False),
    ],
)
def test_what_an_answer_means_for_the_mail_and_for_the_address(place, code, said, how, bounces):
    answer = judge(place, code, said)
    assert (answer.how, answer.bounces) == (how, bounces)


def test_what_a_server_says_is_one_line_of_what_people_can_read():
    said = judge("recipient", 550, "5.1.1 no\r\nBcc: x\x1b[31m\u202e" + "y" * 900).said
    assert said.startswith("5.1.1 no Bcc: x [31m ")
    assert len(said) == 300
