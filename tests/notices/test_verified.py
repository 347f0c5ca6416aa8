"""Until a shop has one address at which it can be told, its silence decides nothing: the platform does."""

import asyncio
import re
from datetime import timedelta

import pytest

from mail.people import ANN, BOB, SAM, SUE
from postgres.market import KILN
from rescind.core.errors import CodeWrong, Forbidden, LastAddress, NotFound, RateLimited
from rescind.core.stage import Stage
from rescind.inbox import owner
from rescind.postgres.due import DueTable
from rescind.worker import deadlines


@pytest.fixture
async def wanted(teller):
    """An installation that began with the rule."""
    await teller.people.want(True)
    await teller.desk.book.refresh()
    return teller


async def asked(teller, **more):
    """A request that the shop's policy asks the shop about, in whose silence it would be decided."""
    order = await teller.market.order(Stage.PACKING, **more)
    return order, (await teller.market.asks(order, anyway=True)).order.open_cancellation


async def a_day_later(teller, hours=73):
    teller.market.clock.advance(timedelta(hours=hours))
    due = DueTable(teller.desk.pool, teller.desk.clock)
    while await deadlines.sweep(teller.desk.engine, due):
        pass


async def code_of(teller, server, who=SAM, address="sam@kiln.example"):
    """Add an address, and give the code that was sent there."""
    await teller.goes_to(server)
    kept = await teller.desk.inbox.add_email(who, address, "en")
    await teller.send()
    return kept, re.search(r"\d{8}", server.mails()[-1]["Subject"])[0]


async def test_silence_of_a_shop_that_nobody_can_tell_goes_to_the_platform(wanted):
    order, request = await asked(wanted)
    assert (request.on_silence, request.unreached) == ("escalate", True)
    await a_day_later(wanted)
    waiting = (await wanted.market.read(order)).open_cancellation
    assert (waiting.status, waiting.escalated_at is not None) == ("in_review", True)


async def test_once_an_address_is_verified_silence_is_an_answer_again(wanted, server):
    before, _request = await asked(wanted)
    kept, code = await code_of(wanted, server)
    await wanted.desk.inbox.prove(SAM, kept.id, code)
    await wanted.desk.book.refresh()
    after, request = await asked(wanted)
    assert (request.on_silence, request.unreached) == ("refuse", False)
    await a_day_later(wanted)
    assert (await wanted.market.read(after)).cancellations[-1].closed_by == "silence"
    # What was promised before stays as it was promised.
    assert (await wanted.market.read(before)).open_cancellation.status == "in_review"


async def test_an_installation_that_does_not_want_it_decides_as_before(teller):
    _order, request = await asked(teller)
    assert (request.on_silence, request.unreached) == ("refuse", False)


async def test_what_a_robot_took_counts_as_well(wanted):
    kept = await wanted.people.add(owner(SAM), "robot", "wecom 1")
    await wanted.desk.book.refresh()
    assert not wanted.desk.book.reached(KILN)
    await wanted.desk.inbox.verify(KILN, kept.id)
    await wanted.desk.book.refresh()
    assert wanted.desk.book.reached(KILN)


async def test_an_address_that_is_taken_away_or_refuses_mail_reaches_nobody(wanted, server):
    kept, code = await code_of(wanted, server)
    await wanted.desk.inbox.prove(SAM, kept.id, code)
    await wanted.desk.book.refresh()
    assert wanted.desk.book.reached(KILN)
    server.says("RCPT", *["550 5.1.1 no such mailbox"] * 9)
    await wanted.market.asks(await wanted.market.order(Stage.PACKING), anyway=True)
    await wanted.carry()
    for _time in range(2):
        await wanted.send()
    await wanted.desk.book.refresh()
    assert not wanted.desk.book.reached(KILN)
    assert await wanted.desk.post.table.lift("sam@kiln.example")
    await wanted.desk.book.refresh()
    assert wanted.desk.book.reached(KILN)
    assert await wanted.desk.inbox.remove(SAM, kept.id, last=True)
    await wanted.desk.book.refresh()
    assert not wanted.desk.book.reached(KILN)


async def test_the_last_address_goes_when_somebody_means_it_and_takes_no_promise_away(wanted):  # UNHEARD-1
    people, inbox = wanted.people, wanted.desk.inbox
    one, other = [await people.add(owner(SAM), "email", f"{name}@kiln.example", verified=True) for name in "ab"]
    await wanted.desk.book.refresh()
    before, request = await asked(wanted)
    assert await inbox.remove(SAM, one.id), "there is another"
    with pytest.raises(LastAddress) as refused:
        await inbox.remove(SAM, other.id)
    assert refused.value.params == {"goes_to": "platform", "waiting": 1}
    assert wanted.desk.book.reached(KILN)
    assert await inbox.remove(SAM, other.id, last=True)
    await wanted.desk.book.refresh()
    assert (await wanted.market.read(before)).open_cancellation == request
    _after, request = await asked(wanted)
    assert (request.on_silence, request.unreached) == ("escalate", True)


async def test_of_two_who_remove_the_last_two_at_once_one_is_asked(wanted):
    for number in range(5):
        pair = [
            await wanted.people.add(owner(SAM), "email", f"{number}{one}@kiln.example", verified=True) for one in "ab"
        ]
        done = await asyncio.gather(*(wanted.desk.inbox.remove(SAM, one.id) for one in pair), return_exceptions=True)
        assert [isinstance(one, LastAddress) for one in done].count(True) == 1, done
        (left,) = (await wanted.people.hearing(KILN)).ways
        await wanted.desk.inbox.remove(SAM, left.id, last=True)


async def test_a_code_is_tried_five_times_lives_an_hour_and_proves_its_own_address_alone(wanted, server, clock):
    inbox = wanted.desk.inbox
    kept, code = await code_of(wanted, server)
    for _time in range(5):
        with pytest.raises(CodeWrong):
            await inbox.prove(SAM, kept.id, "00000000")
    with pytest.raises(CodeWrong):
        await inbox.prove(SAM, kept.id, code)
    await inbox.send_code(SAM, kept.id, "en")
    await wanted.send()
    second = re.search(r"\d{8}", server.mails()[-1]["Subject"])[0]
    assert second != code
    clock.advance(timedelta(minutes=61))
    with pytest.raises(CodeWrong):
        await inbox.prove(SAM, kept.id, second)
    with pytest.raises(NotFound):
        await inbox.prove(SUE, kept.id, second)
    for _time in range(3):
        await inbox.send_code(SAM, kept.id, "en")
    with pytest.raises(RateLimited):
        await inbox.send_code(SAM, kept.id, "en")
    with pytest.raises(Forbidden):
        await inbox.add_email(ANN, "elsewhere@example.org", "en")
    assert await inbox.addresses(BOB) == ()
