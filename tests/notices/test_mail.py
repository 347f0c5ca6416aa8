"""Notices by mail over a real server: once, at once or once a day, true when they are sent, and ended by one click."""

import asyncio
from datetime import timedelta

import httpx
import msgspec
import pytest

from mail.people import ANN, SAM, SUE
from postgres.market import HOST
from rescind.app import make_app
from rescind.core.errors import InvalidField, NotFound
from rescind.core.fulfilment import ReportFact
from rescind.core.mail import MailStatus
from rescind.core.notice import Preferences
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from rescind.inbox import owner


def words(message):
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


async def test_a_buyer_gets_one_mail_an_event_that_says_whose_move_it_is_and_opens_the_action(teller, server):  # M-26
    await teller.goes_to(server)
    order = await teller.market.order(Stage.ALLOCATED, number="1001")
    await teller.tell()
    paid = next(one for one in server.mails() if one["Subject"] == "Order 1001 is paid")
    for part in words(paid):
        assert "You can still ask to cancel it." in part
        assert f"https://desk.test/orders/{order}/cancel" in part
    assert (paid["To"], paid["Content-Language"], paid["Auto-Submitted"]) == ("ann@example.org", "en", "auto-generated")


async def test_two_workers_that_carry_and_send_at_once_tell_everybody_once(teller, server):
    await teller.goes_to(server)
    orders = [await teller.market.order(Stage.ALLOCATED) for _ in range(4)]
    await asyncio.gather(*(teller.carry() for _ in range(3)))
    await asyncio.gather(*(teller.send() for _ in range(3)))
    while await teller.send():
        pass
    subjects = [one["Subject"] for one in server.mails()]
    assert len(orders) == 4
    assert sorted(subjects) == sorted(set(subjects))
    assert len(subjects) == len(await teller.told(ANN)) - len(orders), "what waited for a payment is paid meanwhile"


async def test_kf_15_a_refund_that_fails_is_never_told_as_refunded(teller, server, clock):
    await teller.goes_to(server)
    failing = await teller.market.order(Stage.REVIEW, number="1001", price=4013)
    await teller.market.asks(failing)
    await teller.tell()
    approved = next(one for one in server.mails() if one["Subject"] == "Your request for order 1001 is approved")
    assert "€40.13 goes back to you" in words(approved)[0]
    assert await teller.pay_back()
    await teller.tell()
    subjects = [one["Subject"] for one in server.mails()]
    assert subjects[-1] == "The refund of order 1001 did not go through"
    assert await teller.told(SUE) == ["A refund of order 1001 failed"]
    # One that the provider takes is told as sent, and as refunded no sooner than the provider says so.
    going = await teller.market.order(Stage.REVIEW, number="1002", price=4000)
    await teller.market.asks(going)
    await teller.pay_back()
    await teller.tell()
    assert "€40.00 of order 1002 is on its way to you" in [one["Subject"] for one in server.mails()]
    assert [one for one in server.mails() if "refunded" in one["Subject"]] == []
    clock.advance(timedelta(seconds=5))
    await teller.pay_back()
    await teller.tell()
    assert [one["Subject"] for one in server.mails() if "refunded" in one["Subject"]] == [
        "€40.00 of order 1002 was refunded"
    ]


async def test_what_is_settled_before_its_turn_comes_is_not_sent(teller, server, clock):
    order = await teller.market.order(Stage.PACKING, number="1001")
    asked = (await teller.market.asks(order, anyway=True)).order.open_cancellation
    # The mail is written, and there is no server yet that takes it.
    await teller.tell()
    await teller.market.refuses(order, asked.id)
    await teller.tell()
    await teller.goes_to(server)
    while await teller.send():
        pass
    subjects = [one["Subject"] for one in server.mails()]
    assert "Kiln & Co was asked to cancel order 1001" not in subjects
    assert "Your request for order 1001 is declined" in subjects
    dropped = await teller.desk.post.table.latest(MailStatus.DROPPED)
    assert dropped
    assert {one.kind for one in dropped} == {"notice"}
    settled = {one.words.subject: one.notice.over for one in await teller.shown(ANN)}
    assert settled["Kiln & Co was asked to cancel order 1001"] is True
    assert settled["Your request for order 1001 is declined"] is False


async def test_history_that_is_brought_along_is_told_to_nobody(teller, server, clock):
    await teller.goes_to(server)
    order = await teller.market.order(Stage.UNPAID)
    await teller.carry()
    before = await teller.told(ANN)
    await teller.market.fact(order, "paid")
    clock.advance(timedelta(days=4))
    await teller.tell()
    assert len(await teller.told(ANN)) == len(before) + 1, "what we heard in time is told, however late it is carried"
    assert server.mails() == [], "and nobody gets mail of it any more"
    # An order of another system, with what had happened to it there.
    long_ago = clock.read() - timedelta(days=30)
    placing = await teller.market.placing(number="7001")
    await teller.market.does(msgspec.structs.replace(placing, placed_at=long_ago), HOST)
    for fact in (FactKind.PAID, FactKind.PACKED):
        command = ReportFact(order=placing.order, fact=fact, occurred_at=long_ago + timedelta(hours=1))
        await teller.market.does(command, HOST)
    await teller.tell()
    assert len(await teller.told(ANN)) == len(before) + 1
    assert [one for one in await teller.told(SAM) if "7001" in one] == []
    # What is decided about it from now on is told as everything is.
    asked = (await teller.market.asks(placing.order, anyway=True)).order.cancellations[-1]
    await teller.tell()
    latest, *_rest = await teller.shown(ANN)
    assert latest.notice.about == asked.id
    assert server.mails() != []


async def test_a_days_notices_come_in_one_mail_at_the_hour_that_was_chosen(teller, server, clock):
    await teller.goes_to(server)
    chosen = Preferences(zone="Asia/Shanghai", hour=18, language="zh", choices={"email": {"orders": "digest"}})
    await teller.desk.inbox.choose(ANN, chosen)
    for number in ("1001", "1002"):
        await teller.market.order(Stage.ALLOCATED, number=number)
    await teller.tell()
    assert server.mails() == []
    clock.advance(timedelta(hours=1, minutes=59))  # 17:59 there
    assert await teller.messenger.digests() == 0
    clock.advance(timedelta(minutes=1))
    assert await asyncio.gather(teller.messenger.digests(), teller.messenger.digests()) in ([1, 1], [1, 0], [0, 1])
    await teller.send()
    (mail,) = server.mails()
    assert mail["Content-Language"] == "zh-Hans"
    for part in words(mail):
        assert "订单 1001 已收到付款" in part
        assert "订单 1002 已收到付款" in part
    clock.advance(timedelta(days=1))
    assert await teller.messenger.digests() == 0


async def test_one_click_in_a_mail_program_ends_that_kind_of_mail_and_no_other(teller, server):
    await teller.goes_to(server)
    await teller.market.order(Stage.ALLOCATED, number="1001")
    await teller.tell()
    paid = next(one for one in server.mails() if one["Subject"] == "Order 1001 is paid")
    link = paid["List-Unsubscribe"].strip("<>")
    assert paid["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in words(paid)[0]
    client = httpx.AsyncClient(transport=httpx.ASGITransport(make_app(teller.desk)), base_url="https://desk.test")
    # Whoever only looks, as scanners of mail do, ends nothing.
    assert "Send me no more of it" in (await client.get(link)).text
    assert (await teller.people.preferences(owner(ANN))).choices == {}
    done = await client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, "Done." in done.text) == (200, True)
    assert (await teller.people.preferences(owner(ANN))).choices == {"email": {"orders": "off"}}
    seen = len(server.mails())
    order = await teller.market.order(Stage.REVIEW, number="1002")
    await teller.market.asks(order)
    await teller.tell()
    assert [one["Subject"] for one in server.mails()[seen:]] == ["Your request for order 1002 is approved"]
    assert server.mails()[-1]["List-Unsubscribe"] is None, "what was decided is told in any case"
    for other in ("x", link.rpartition("/")[2][:-2] + "AA"):
        assert (await client.post(f"/unsubscribe/{other}")).status_code == 404


async def test_mail_that_a_shop_cannot_switch_off_does_not_say_that_it_was_chosen(teller, server):
    await teller.goes_to(server)
    await teller.people.add(owner(SAM), "email", "sam@example.org", verified=True)
    await teller.market.asks(await teller.market.order(Stage.PREPARING, number="1001"))
    await teller.tell()
    asked = next(one for one in server.mails() if one["To"] == "sam@example.org" and "asks to cancel" in one["Subject"])
    for part in words(asked):
        assert "Sent because somebody gave this address to be told of orders." in part
        assert "No more mail of this kind" not in part


async def test_what_law_or_money_requires_cannot_be_switched_off(teller):
    inbox = teller.desk.inbox
    for who, group in ((ANN, "requests"), (ANN, "money"), (SAM, "requests")):
        for how in ("off", "digest"):
            with pytest.raises(InvalidField):
                await inbox.choose(who, Preferences(choices={"email": {group: how}}))
    with pytest.raises(InvalidField):
        await inbox.choose(ANN, Preferences(choices={"email": {"checks": "off"}}))
    with pytest.raises(InvalidField):
        await inbox.choose(ANN, Preferences(choices={"pigeon": {"orders": "off"}}))
    with pytest.raises(InvalidField):
        await inbox.choose(ANN, Preferences(zone="Mars/Olympus"))
    token = inbox.unsubscribing.token(owner(ANN), "money")
    assert token == ""
    with pytest.raises(NotFound):
        await inbox.unsubscribe(token)
