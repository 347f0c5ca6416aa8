"""PayPal's adapter against a strict provider that speaks PayPal's wire and does what it is told to do wrong."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from contract.conftest import fresh as from_the_start
from contract.conftest import payment, paypal_at
from provider.client import STORM, TESTS
from rescind.clock import wall_clock
from rescind.core.errors import Unavailable
from rescind.core.instant import instant
from rescind.core.refund import ProviderOutcome
from rescind.providers import paypal_search
from rescind.providers.paypal_client import PlainJson

LONG_AGO = instant("2020-01-01T00:00Z")
DAY = timedelta(days=1)
FINAL = {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}
TRANSPORT = (
    *("drop_before", "drop_after", "hang_before", "hang_after", "error_before", "error_after"),
    *("rate_limited", "truncated", "garbled", "html", "huge"),
)


@pytest.fixture
async def adapter(fake):
    async with paypal_at(fake) as opened:
        yield opened


def fresh(amount, currency="EUR", **more):
    """A refund of today, as the provider's clock has it."""
    return from_the_start(amount, currency, **{"owed_at": wall_clock(), "at": wall_clock()} | more)


def again(asked, **more):
    """The same refund, asked about later."""
    told = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return type(asked)(**told | more)


def books(fake):
    return fake.ledger()["refunds"]


def paid(fake, amount=4000, currency="EUR", **more):
    return fake.capture(amount, currency, wire="paypal", **more).id


@pytest.mark.parametrize("fault", TRANSPORT)
async def test_every_fault_of_the_line_ends_in_one_refund(fake, adapter, fault):  # I-05, I-07
    asked = fresh(1500, payment=paid(fake))
    fake.script(fault)
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert [one["fault"] for one in fake.fired()] == [fault]
    found = await adapter.look_up(asked)
    (made,) = books(fake)
    assert (found.outcome, found.reference) == (ProviderOutcome.SUCCEEDED, made["id"])
    assert (made["amount"], made["key"], made["invoice_id"]) == (1500, asked.refund, asked.refund)
    assert made["metadata"] == {"custom_id": asked.order}


@pytest.mark.parametrize("fault", ["drop_before", "hang_before", "error_before", "rate_limited", "garbled", "html"])
async def test_without_a_token_nothing_is_sent_and_later_it_is(fake, adapter, fault):  # I-07
    asked = fresh(1500, payment=paid(fake))
    fake.script(fault, "token")
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert books(fake) == []
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.SUCCEEDED


async def test_a_token_that_they_forgot_is_asked_for_anew(fake, adapter):
    assert (await adapter.refund(fresh(100, payment=paid(fake)))).outcome is ProviderOutcome.SUCCEEDED
    fake.advance(10 * 3600)
    many = [adapter.refund(fresh(100, payment=paid(fake))) for _ in range(8)]
    assert {one.outcome for one in await asyncio.gather(*many)} == {ProviderOutcome.SUCCEEDED}


async def test_while_no_token_comes_nobody_waits_for_more_than_one_try(fake):
    async with paypal_at(fake, timeout_s=0.4) as adapter:
        fake.script("hang_before", "token", times=0)
        asked = [fresh(100, payment=paid(fake)) for _ in range(40)]
        began = time.monotonic()
        told = await asyncio.gather(*map(adapter.refund, asked))
        assert {one.outcome for one in told} == {ProviderOutcome.IN_DOUBT}
        assert time.monotonic() - began < 5
        fake.behave()
        told = await asyncio.gather(*map(adapter.look_up, asked))
        assert {one.outcome for one in told} == {ProviderOutcome.SUCCEEDED}
        assert len(books(fake)) == 40


def test_a_call_that_hangs_keeps_no_process_alive(fake):
    fake.script("hang_after")
    program = f"""
import asyncio
from contract.conftest import fresh
from rescind.providers.paypal import PayPal

async def main():
    adapter = PayPal("fake-client", "fake-secret", base={fake.url!r}, timeout_s=60)
    asking = asyncio.create_task(adapter.refund(fresh(100, payment={paid(fake)!r})))
    await asyncio.sleep(0.5)
    asking.cancel()
    await adapter.close()

asyncio.run(main())
"""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20, env=environ)
    assert [one["fault"] for one in fake.fired()] == ["hang_after"]


async def test_a_slow_answer_is_an_answer_and_holds_nobody_up(fake, adapter):
    for fault in ("slow", "drip"):
        fake.script(fault, seconds=0.3)
        slow = asyncio.create_task(adapter.refund(fresh(100, payment=paid(fake))))
        await asyncio.sleep(0.1)
        quick = await adapter.refund(fresh(100, payment=paid(fake)))
        assert quick.outcome is ProviderOutcome.SUCCEEDED
        assert not slow.done()
        assert (await slow).outcome is ProviderOutcome.SUCCEEDED


async def test_what_was_given_up_and_is_done_later_is_done_once(fake, adapter):  # I-07, ID-05
    asked = fresh(1500, payment=paid(fake))
    fake.script("late", seconds=60)
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.IN_DOUBT, "the request id is in use"
    fake.advance(60)
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.SUCCEEDED
    assert len(books(fake)) == 1


async def test_past_the_ids_life_the_refund_is_looked_for_first(fake, adapter):  # ID-05
    fake.set(blocks_duplicates=False)
    asked = fresh(1500, payment=paid(fake))
    fake.script("drop_after")
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    fake.advance(46 * 86400)
    later = again(asked, at=asked.at + 46 * DAY)
    assert (await adapter.refund(later)).reference == books(fake)[0]["id"]
    assert (await adapter.look_up(later)).reference == books(fake)[0]["id"]
    never = fresh(700, payment=asked.payment, owed_at=asked.owed_at, at=later.at)
    assert (await adapter.look_up(never)).outcome is ProviderOutcome.SUCCEEDED, "what is not there is sent"
    assert [one["amount"] for one in books(fake)] == [1500, 700]
    fake.script("error_before", "refunds.list")
    assert (await adapter.refund(later)).outcome is ProviderOutcome.IN_DOUBT


async def test_where_they_know_our_number_nothing_is_sent_again(fake, adapter):  # ID-05
    asked = fresh(1500, payment=paid(fake))
    fake.script("drop_after")
    await adapter.refund(asked)
    # They forgot the request id earlier than we thought, and the search has not heard of the refund.
    fake.advance(46 * 86400)
    fake.set(reporting_delay_s=50 * 86400)
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.IN_DOUBT
    fake.set(reporting_delay_s=0)
    assert (await adapter.look_up(asked)).reference == books(fake)[0]["id"]
    assert len(books(fake)) == 1


async def test_more_than_is_left_is_declined_and_never_again(fake, adapter):  # KF-12, KF-15
    capture = paid(fake)
    assert (await adapter.refund(fresh(3000, payment=capture))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.refund(fresh(1500, payment=capture))).outcome is ProviderOutcome.DECLINED
    assert (await adapter.refund(fresh(1000, payment=capture))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.refund(fresh(1, payment=capture))).outcome is ProviderOutcome.DECLINED
    disputed, asked_about = paid(fake), paid(fake)
    fake.dispute(disputed)
    fake.dispute(asked_about, inquiry=True)
    assert (await adapter.refund(fresh(1000, payment=disputed))).outcome is ProviderOutcome.DECLINED
    assert (await adapter.refund(fresh(1000, payment=asked_about))).outcome is ProviderOutcome.DECLINED
    fake.script("insufficient_funds")
    assert (await adapter.refund(fresh(1000, payment=paid(fake)))).outcome is ProviderOutcome.DECLINED
    assert sum(one["amount"] for one in books(fake)) == 4000


async def test_the_life_of_a_refund_is_told_in_our_words(fake, adapter):  # I-09
    capture = paid(fake)
    fake.script("pending", then="succeeded", seconds=60)
    fake.script("pending", nth=2)
    fake.script("fails_later", nth=3, seconds=3 * 86400)
    fake.script("failed", nth=4)
    asked = [fresh(1000, payment=capture) for _ in range(4)]
    first = [await adapter.refund(one) for one in asked]
    assert [one.outcome.value for one in first] == ["submitted", "submitted", "succeeded", "declined"]
    assert all(one.check_after_s for one in first[:2])
    fake.move_refund(first[1].reference, "canceled")
    fake.advance(3 * 86400 + 60)
    known = [again(one, reference=told.reference) for one, told in zip(asked, first, strict=True)]
    assert [(await adapter.look_up(one)).outcome.value for one in known] == [
        *("succeeded", "declined", "declined", "declined")
    ]


@pytest.mark.parametrize(
    ("currency", "minor", "sent"),
    [("EUR", 1999, True), ("EUR", 5, True), ("JPY", 5800, True), ("HUF", 5800, True), ("HUF", 5850, False)],
)
async def test_every_currency_goes_back_in_its_own_units_or_not_at_all(fake, adapter, currency, minor, sent):  # KF-08
    capture = paid(fake, 9000, currency)
    reply = await adapter.refund(fresh(minor, currency, payment=capture))
    if not sent:
        assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")
    assert [(one["amount"], one["currency"]) for one in books(fake)] == ([(minor, currency)] if sent else [])
    listed = [one async for one in adapter.refunds(wall_clock() - DAY, wall_clock())]
    assert [(one.amount_minor, one.currency) for one in listed] == ([(minor, currency)] if sent else [])
    came = await adapter.captured(payment(9000, currency, payment=capture))
    assert came.amount_minor == 9000


async def test_what_they_cannot_know_is_not_sent(fake, adapter):  # KF-16
    for nothing in ("", "something", "0NOBODY0NOBODY000", "../v2/else", "A" * 200):
        reply = await adapter.refund(fresh(100, payment=nothing))
        assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")
    reply = await adapter.refund(fresh(100, "KWD", payment=paid(fake)))
    assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")
    waits = paid(fake, status="processing")
    reply = await adapter.refund(fresh(100, payment=waits))
    assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid"), "it may be, once it came in"


async def test_a_key_that_opens_nothing_sends_nothing_and_says_so(fake):  # KF-16
    async with paypal_at(fake, secret="of-somebody-else") as adapter:
        reply = await adapter.refund(fresh(100, payment=paid(fake)))
        assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "not_set_up")
        assert (await adapter.check()).trouble == "refused"
    assert books(fake) == []


async def test_a_key_is_tried_by_reading_and_says_test_or_live(fake, adapter):
    checked = await adapter.check()
    assert (checked.trouble, checked.account, checked.test) == ("", "FAKEMERCHANT1", True)
    fake.script("hang_before", "refunds.list")
    assert (await adapter.check()).trouble == "unreachable"
    assert books(fake) == []
    async with paypal_at(fake, base="https://api-m.paypal.com") as live:
        assert not live.traits.test


async def test_a_platform_acts_for_the_seller_whose_payment_it_is(fake):
    theirs = paid(fake, account="SELLER1")
    async with paypal_at(fake) as own, paypal_at(fake, direct=True) as platform:
        asked = fresh(1000, payment=theirs, account="SELLER1")
        assert (await own.refund(asked)).cause == "not_set_up"
        fake.script("drop_after")
        assert (await platform.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
        found = await platform.look_up(asked)
        assert found.outcome is ProviderOutcome.SUCCEEDED
        assert await platform.look_up(again(asked, reference=found.reference)) == found
        assert (await platform.captured(payment(4000, payment=theirs, account="SELLER1"))).amount_minor == 4000
        late = again(asked, at=asked.at + 46 * DAY)
        fake.advance(46 * 86400)
        assert (await platform.refund(late)).reference == found.reference
        assert (await platform.refund(fresh(500, payment=paid(fake), account="SELLER1"))).cause == "not_set_up"


async def test_what_came_in_is_found_by_name_or_by_the_hosts_number(fake, adapter):  # KF-17
    capture = paid(fake, invoice_id="1001")
    for known in (capture, ""):
        found = await adapter.captured(payment(4000, payment=known))
        assert (found.clear, found.amount_minor) == (True, 4000)
    nobody = await adapter.captured(payment(4000, number="1009"))
    assert (nobody.clear, nobody.at) == (True, None)
    assert (await adapter.captured(payment(4000, payment="0NOBODY0NOBODY000"))).clear
    waits = paid(fake, status="processing")
    assert not (await adapter.captured(payment(4000, payment=waits))).clear
    held = fake.capture(4000, wire="paypal", status="requires_capture")
    found = await adapter.captured(payment(4000, payment=held.charge))
    assert (found.clear, found.at) == (True, None)
    fake.move_capture(held.id, "succeeded")
    assert not (await adapter.captured(payment(4000, payment=held.charge))).clear, "its capture has another name"
    fake.script("hang_before", "payment.read")
    assert not (await adapter.captured(payment(4000, payment=capture))).clear, "no answer is no answer"


async def test_an_authorisation_is_voided_and_a_capture_is_not(fake, adapter):  # KF-11
    held = fake.capture(4000, wire="paypal", status="requires_capture")
    assert (await adapter.release(payment(4000, payment=held.charge))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.release(payment(4000, payment=held.charge))).outcome is ProviderOutcome.SUCCEEDED
    taken = fake.capture(4000, wire="paypal", status="requires_capture")
    fake.move_capture(taken.id, "succeeded")
    for name in (taken.charge, taken.id):
        assert (await adapter.release(payment(4000, payment=name))).outcome is ProviderOutcome.DECLINED
    stands = {one["id"]: one["status"] for one in fake.ledger()["captures"]}
    assert stands == {held.id: "canceled", taken.id: "succeeded"}
    dropped = fake.capture(4000, wire="paypal", status="requires_capture")
    fake.script("drop_after", "payment.cancel")
    assert (await adapter.release(payment(4000, payment=dropped.charge))).outcome is ProviderOutcome.IN_DOUBT
    assert (await adapter.release(payment(4000, payment=dropped.charge))).outcome is ProviderOutcome.SUCCEEDED
    nothing = await adapter.release(payment(4000, payment="0NOBODY0NOBODY000"))
    assert (nothing.outcome, nothing.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")


async def test_a_promise_to_several_sellers_is_voided_with_the_last_of_them(fake, adapter):  # KF-11
    held = fake.capture(9000, wire="paypal", status="requires_capture")
    reply = await adapter.release(payment(4000, payment=held.charge))
    assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "still_held")
    assert fake.ledger()["captures"][0]["status"] == "requires_capture"
    last = await adapter.release(payment(9000, payment=held.charge, tender="u"))
    assert last.outcome is ProviderOutcome.SUCCEEDED
    assert fake.ledger()["captures"][0]["status"] == "canceled"
    first = await adapter.release(payment(4000, payment=held.charge))
    assert first.outcome is ProviderOutcome.SUCCEEDED, "it went with the last"


async def test_all_refunds_of_a_span_are_listed_theirs_and_ours(fake, adapter, monkeypatch):
    began = wall_clock() - timedelta(seconds=2)
    capture = paid(fake, 40000)
    asked = [fresh(10, payment=capture) for _ in range(40)]
    await asyncio.gather(*map(adapter.refund, asked))
    by_hand = fake.refund_by_hand(capture, 77)
    # Three months pass, in which more comes than they give at once.
    fake.advance(90 * 86400)
    late = fresh(10, payment=capture)
    await adapter.refund(late)
    fake.set(search_limit=30)
    fake.advance(60)
    until = wall_clock() + 90 * DAY

    async def listed(since, until):
        return {one.reference: one async for one in adapter.refunds(since, until)}

    with pytest.raises(Unavailable):
        await listed(began, until)  # All came within a second or two, which is as fine as they can be asked.
    fake.set(search_limit=10_000)
    found = await listed(began, until)
    assert len(found) == 42
    assert {one.refund for one in found.values()} == {one.refund for one in asked} | {late.refund, ""}
    assert (found[by_hand].payment, found[by_hand].amount_minor) == (capture, 77)
    assert await listed(LONG_AGO, LONG_AGO + DAY) == {}
    assert len(await listed(began, began + 60 * DAY)) == 41
    monkeypatch.setattr(paypal_search, "PAUSES_S", (0.01, 0.01))
    fake.script("error_before", "refunds.list", times=2)
    assert len(await listed(began, until)) == 42, "a page that does not come is asked for again"
    fake.script("error_before", "refunds.list", times=3)
    with pytest.raises(Unavailable):
        await listed(began, until)


async def test_more_than_they_give_at_once_is_asked_for_in_halves(fake, adapter):
    began, capture = wall_clock() - timedelta(seconds=2), paid(fake, 40000)
    for _ in range(12):
        await adapter.refund(fresh(10, payment=capture))
        fake.advance(86400)
    fake.set(search_limit=3)
    listed = [one async for one in adapter.refunds(began, began + 12 * DAY)]
    assert len({one.reference for one in listed}) == len(listed) == 12
    assert [one.at for one in listed] == sorted(one.at for one in listed)


async def test_a_list_that_has_not_caught_up_is_no_list(fake, adapter):
    capture = paid(fake)
    await adapter.refund(fresh(10, payment=capture))
    fake.set(reporting_delay_s=3 * 3600)
    with pytest.raises(Unavailable):
        [one async for one in adapter.refunds(wall_clock() - DAY, wall_clock())]
    until = wall_clock() - adapter.traits.lists_after - timedelta(seconds=1)
    assert [one async for one in adapter.refunds(wall_clock() - DAY, until)] == []


def test_an_answer_that_their_client_would_make_objects_of_does_not_reach_it():
    session = PlainJson(1.0)
    for body in (b'{"custom_id": "py/object"}', b'{"id": "1", "details": [{"issue": "X"}]}', b"[]"):
        assert session.kept(body) == body
    for body in (
        b'{"py/object": "subprocess.Popen"}',
        b'{"a": [{"\\u0070y/reduce": []}]}',
        b"id: 1",
        b'{"a": ',
        b"<p>",
        b"[" * 100_000,
    ):
        assert session.kept(body) == b""


async def test_a_very_bad_day_ends_with_equal_books(fake, adapter):  # I-05, I-07
    captures = fake.captures(10, 10_000, wire="paypal")
    fake.chance(7, STORM, seconds=1.0, operations=["refund", "refund.read", "refunds.list"])
    asked = [fresh(900, payment=captures[number % 10].id) for number in range(60)]
    replies = dict(zip((one.refund for one in asked), await asyncio.gather(*map(adapter.refund, asked)), strict=True))
    for turn in range(12):
        fake.advance(5)
        for one in asked:
            told = replies[one.refund]
            if told.outcome not in FINAL:
                replies[one.refund] = await adapter.look_up(again(one, reference=told.reference))
        if turn == 3:
            fake.behave()
    made = {one["invoice_id"]: one for one in books(fake)}
    assert len(made) == len(books(fake)), "none twice"
    for refund, told in replies.items():
        if told.outcome is ProviderOutcome.SUCCEEDED:
            assert made[refund]["id"] == told.reference
            assert made[refund]["status"] in {"succeeded", "failed"}
        if told.outcome is ProviderOutcome.DECLINED and refund in made:
            assert made[refund]["status"] in {"failed", "canceled"}
    left = {told.outcome for told in replies.values()} - FINAL
    assert left <= {ProviderOutcome.SUBMITTED}, "what waits is known to wait at the provider"
