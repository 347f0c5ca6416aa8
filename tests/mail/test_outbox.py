"""Documents by mail over a real server: taken, refused, put off, in doubt; once, to one address, so many a day."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from mail.people import ANN, BOB, SAM, SUE
from mail.server import Broken, office
from rescind.core.details import BuyerWords
from rescind.core.errors import AddressBounces, MailLimit, NoMailAddress, NotFound
from rescind.core.mail import A_DAY_EACH, A_DAY_EVERY, LADDER, MailStatus
from rescind.core.stage import Stage
from rescind.mail.smtp import Patience
from rescind.postgres.embedded import OWNER


async def test_a_mail_is_taken_with_its_document_in_the_language_that_was_asked_for(outbox, server):
    order = await outbox.market.order(Stage.REVIEW, title="青花杯 Cup")
    await outbox.goes_to(server)
    mail = await outbox.asked(ANN, order, language="zh")
    assert await outbox.sweep() == 1
    after = await outbox.after(mail)
    assert (after.status, after.masked, after.code) == (MailStatus.TAKEN, "a…@example.org", 250)
    (envelope,), (message,) = server.taken, server.mails()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("desk@market.test", ["ann@example.org"])
    assert (message["From"], message["To"]) == ("Market <desk@market.test>", "ann@example.org")
    assert message["Message-ID"] == f"<{mail.id}@market.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh-Hans"
    assert message["List-Unsubscribe"] is None, "somebody asked for it: there is nothing to end"
    text, html = (message.get_body(kind).get_content() for kind in (("plain",), ("html",)))
    for part in (text, html):
        assert "的付款收据 R2026-000001" in part
        assert f"http://desk.test/documents/{mail.document}" in part
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("R2026-000001-zh.html", "text/html")
    assert "青花杯 Cup" in file.get_content()


async def test_nothing_more_goes_out_when_it_is_asked_for_twice_or_the_worker_looks_again(outbox, server):
    order = await outbox.market.order(Stage.REVIEW)
    await outbox.goes_to(server)
    first, second = await asyncio.gather(outbox.asked(ANN, order), outbox.asked(ANN, order))
    assert first.id == second.id
    assert [await outbox.sweep() for _ in range(2)] == [1, 0]
    assert len(server.taken) == 1


async def test_two_workers_at_once_send_a_mail_once(outbox, server):
    orders = [await outbox.market.order(Stage.REVIEW) for _ in range(6)]
    await outbox.goes_to(server)
    for order in orders:
        await outbox.asked(ANN, order)
    assert sum(await asyncio.gather(*(outbox.sweep() for _ in range(3)))) == 6
    assert sorted(one["Message-ID"] for one in server.mails()) == sorted({one["Message-ID"] for one in server.mails()})


async def test_without_a_server_mail_stands_in_the_outbox_and_goes_out_once_there_is_one(outbox, server):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    assert await outbox.sweep() == 0
    assert ((await outbox.after(mail)).status, (await outbox.after(mail)).tries) == (MailStatus.WAITING, 0)
    await outbox.goes_to(server)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.TAKEN


async def test_an_address_that_is_refused_for_good_gets_no_more_mail_until_an_operator_allows_it(outbox, server):
    orders = [await outbox.market.order(Stage.REVIEW) for _ in range(2)]
    await outbox.goes_to(server)
    server.says("RCPT", "550 5.1.1 <ann@example.org>: no such mailbox")
    mail = await outbox.asked(ANN, orders[0])
    await outbox.sweep()
    after = await outbox.after(mail)
    assert (after.status, after.code) == (MailStatus.REFUSED, 550)
    assert after.said == "5.1.1 <a…@example.org>: no such mailbox", "the server repeats the address; it is masked"
    with pytest.raises(AddressBounces):
        await outbox.asked(ANN, orders[1])
    with pytest.raises(AddressBounces):
        await outbox.table.again(mail.id)
    assert await outbox.table.lift("ann@example.org")
    assert await outbox.table.again(mail.id)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.TAKEN


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("RCPT", "552 5.2.2 mailbox full"),
        ("RCPT", "550 5.7.1 we take you for a sender of unwanted mail"),
        ("DATA", "554 5.6.0 the content is not wanted"),
    ],
)
async def test_a_refusal_that_is_not_about_the_address_does_not_mark_it(outbox, server, command, said):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    server.says(command, said)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.REFUSED
    assert await outbox.table.bounces() == ()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("RCPT", "450 4.2.0 greylisted"),
        ("DATA", "451 4.3.0 try later"),
        ("MAIL", "550 5.7.1 sender not allowed"),
    ],
)
async def test_what_is_refused_for_now_or_concerns_our_own_sender_is_tried_again(outbox, server, command, said, clock):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    server.says(command, said)
    await outbox.sweep()
    after = await outbox.after(mail)
    assert (after.status, after.tries, after.code) == (MailStatus.WAITING, 1, int(said[:3]))
    assert after.due_at == clock.read() + LADDER[0]
    clock.advance(LADDER[0] - timedelta(seconds=1))
    assert await outbox.sweep() == 0
    clock.advance(timedelta(seconds=1))
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.TAKEN


async def test_what_nobody_takes_for_three_days_is_given_up_and_a_person_may_try_again(outbox, server, clock):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    server.says("RCPT", *["421 4.3.2 closing"] * (len(LADDER) + 1))
    for span in LADDER:
        assert await outbox.sweep() == 1
        assert (await outbox.after(mail)).status is MailStatus.WAITING
        clock.advance(span)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.FAILED
    assert await outbox.table.again(mail.id)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.TAKEN
    assert not await outbox.table.again(mail.id), "what was taken is not sent again"


async def test_a_line_cut_after_the_content_leaves_a_mail_in_doubt_that_goes_nowhere_by_itself(outbox, server, clock):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    server.cut_after_data = True
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.IN_DOUBT
    clock.advance(timedelta(days=9))
    assert await outbox.sweep() == 0
    assert len(server.taken) == 1, "this time the server had taken it"
    server.cut_after_data = False
    assert await outbox.table.again(mail.id)
    await outbox.sweep()
    assert len({one["Message-ID"] for one in server.mails()}) == 1, "a mail program can tell that it is the same"


async def test_a_server_that_thinks_too_long_over_the_content_leaves_a_mail_in_doubt(outbox, server):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    server.slow_s, outbox.desk.post._patience = 1.0, Patience(1, 1, 0.2)
    await outbox.sweep()
    assert (await outbox.after(mail)).status is MailStatus.IN_DOUBT


async def test_a_line_cut_before_the_last_dot_is_tried_again(outbox, monkeypatch):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW, title="Cup " * 40))
    # More than fits into the buffers between the two, so that the cut is noticed while it is sent.
    monkeypatch.setattr("rescind.web.letters.html", lambda *_, **__: "x" * 6_000_000)
    async with office(kind=Broken) as server:
        await outbox.goes_to(server)
        await outbox.sweep()
    after = await outbox.after(mail)
    assert (after.status, after.tries) == (MailStatus.WAITING, 1)


async def test_a_worker_that_ends_between_the_content_and_the_answer_leaves_a_mail_in_doubt(
    outbox, server, database, pool
):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    (leased,) = await outbox.table.lease(timedelta(minutes=1), 8)
    await outbox.table.handing(leased)
    await outbox.goes_to(server)
    assert await outbox.sweep() == 0, "the lease of the one that ended is not over"
    await pool.execute("UPDATE mails SET lease_until = clock_timestamp()")
    assert await outbox.sweep() == 0
    assert (await outbox.after(mail)).status is MailStatus.IN_DOUBT
    assert server.taken == []


async def test_a_worker_that_ends_before_the_content_leaves_a_mail_that_is_sent(outbox, server, pool):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.table.lease(timedelta(minutes=1), 8)
    await outbox.goes_to(server)
    await pool.execute("UPDATE mails SET lease_until = clock_timestamp()")
    assert await outbox.sweep() == 1
    assert (await outbox.after(mail)).status is MailStatus.TAKEN


async def test_a_worker_that_lost_its_lease_hands_nothing_over(outbox, server, pool):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)

    async def taken_meanwhile(*_):
        await pool.execute("UPDATE mails SET fence = fence + 1")
        return "250 OK"

    server_rcpt, server.__class__.handle_RCPT = server.__class__.handle_RCPT, None
    try:

        async def slow_rcpt(self, smtp, session, envelope, address, options):
            envelope.rcpt_tos.append(address)
            return await taken_meanwhile()

        server.__class__.handle_RCPT = slow_rcpt
        await outbox.sweep()
    finally:
        server.__class__.handle_RCPT = server_rcpt
    assert server.taken == []
    assert (await outbox.after(mail)).status is MailStatus.WAITING


async def test_a_restored_installation_sends_nothing_while_it_is_held(outbox, server, database):
    await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    owner = await asyncpg.connect(database(OWNER))
    await owner.execute("INSERT INTO installation (key, value) VALUES ('held', 'yes')")
    assert await outbox.sweep() == 0
    await owner.execute("DELETE FROM installation WHERE key = 'held'")
    await owner.close()
    assert await outbox.sweep() == 1


# --- who, and how often ----------------------------------------------------------------------------------------------


async def test_shop_and_support_send_it_to_the_buyer_and_to_nobody_else(outbox, server):
    order = await outbox.market.order(Stage.REVIEW)
    await outbox.goes_to(server)
    for person, why in ((SAM, "The shop sent you"), (SUE, "Platform support sent you")):
        await outbox.asked(person, order)
        await outbox.sweep()
        assert why in server.mails()[-1].get_body(("plain",)).get_content()
    assert server.asked == ["ann@example.org"] * 2, "never zoe@example.org, who gets the parcel"
    with pytest.raises(NotFound):
        await outbox.asked(BOB, order)


async def test_a_document_goes_out_three_times_a_day_and_an_address_gets_twenty(outbox, clock):
    orders = [await outbox.market.order(Stage.REVIEW) for _ in range(9)]
    for count in range(A_DAY_EACH):
        await outbox.asked(ANN, orders[0], key=f"{count}")
    with pytest.raises(MailLimit) as each:
        await outbox.asked(SUE, orders[0], key="by another person")
    # Monday 8:00; the day ends at midnight UTC.
    assert each.value.params == {"most": A_DAY_EACH, "retry_after": 16 * 3600}
    for count in range(A_DAY_EVERY - A_DAY_EACH):
        await outbox.asked(ANN, orders[1 + count // A_DAY_EACH], key=f"{count}")
    with pytest.raises(MailLimit) as every:
        await outbox.asked(ANN, orders[8])
    assert every.value.params["most"] == A_DAY_EVERY
    clock.advance(timedelta(hours=16))
    await outbox.asked(ANN, orders[0], key="tomorrow")


async def test_a_limit_holds_however_many_ask_at_once(outbox):
    order = await outbox.market.order(Stage.REVIEW)
    await outbox.desk.documents.about(ANN.scope, order, "")
    done = await asyncio.gather(*(outbox.asked(ANN, order, key=f"{n}") for n in range(8)), return_exceptions=True)
    assert sum(isinstance(one, MailLimit) for one in done) == 8 - A_DAY_EACH


@pytest.mark.parametrize("known", ["", "用户@example.org", "not an address"])
async def test_a_buyer_whom_nobody_can_write_to_gets_a_plain_answer(outbox, known):
    await outbox.market.pool.execute("UPDATE buyers SET email = ''")
    order = await outbox.market.order(Stage.REVIEW, told=BuyerWords(name="Ann", email=known))
    with pytest.raises(NoMailAddress):
        await outbox.asked(ANN, order)
    assert await outbox.table.latest() == ()


async def test_where_a_mail_went_is_forgotten_after_ninety_days(outbox, server, clock):
    mail = await outbox.asked(ANN, await outbox.market.order(Stage.REVIEW))
    await outbox.goes_to(server)
    await outbox.sweep()
    clock.advance(timedelta(days=90))
    await outbox.table.forget()
    assert (await outbox.after(mail)).address == "ann@example.org"
    clock.advance(timedelta(seconds=1))
    await outbox.table.forget()
    after = await outbox.after(mail)
    assert (after.address, after.said, after.masked) == ("", "", "a…@example.org")
