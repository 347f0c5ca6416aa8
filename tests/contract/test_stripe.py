"""Stripe's adapter against a strict provider that speaks Stripe's wire and does what it is told to do wrong."""

import asyncio
from datetime import timedelta

import pytest

from contract.conftest import AT, fresh, payment, stripe_at
from provider.client import STORM
from rescind.core.errors import Unavailable
from rescind.core.instant import instant
from rescind.core.refund import ProviderOutcome
from rescind.providers import stripe_client

LONG_AGO, FAR_OFF = instant("2020-01-01T00:00Z"), instant("2100-01-01T00:00Z")
DAYS = timedelta(days=1)
FINAL = {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}
TRANSPORT = (
    *("drop_before", "drop_after", "hang_before", "hang_after", "error_before", "error_after"),
    *("rate_limited", "truncated", "garbled", "html", "huge"),
)


@pytest.fixture
async def adapter(fake):
    async with stripe_at(fake) as opened:
        yield opened


def books(fake):
    return fake.ledger()["refunds"]


@pytest.mark.parametrize("fault", TRANSPORT)
async def test_every_fault_of_the_line_ends_in_one_refund(fake, adapter, fault):  # I-05, I-07
    asked = fresh(1500, payment=fake.capture(4000).id)
    fake.script(fault)
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert [one["fault"] for one in fake.fired()] == [fault]
    found = await adapter.look_up(asked)
    (made,) = books(fake)
    assert (found.outcome, found.reference) == (ProviderOutcome.SUCCEEDED, made["id"])
    assert (made["amount"], made["key"], made["metadata"]["rescind_refund"]) == (1500, asked.refund, asked.refund)


async def test_a_slow_answer_is_an_answer(fake, adapter):
    for fault in ("slow", "drip"):
        fake.script(fault, seconds=0.2)
        reply = await adapter.refund(fresh(100, payment=fake.capture(4000).id))
        assert reply.outcome is ProviderOutcome.SUCCEEDED


async def test_what_was_given_up_and_is_done_later_is_done_once(fake, adapter):  # I-07, ID-05
    asked = fresh(1500, payment=fake.capture(4000).id)
    fake.script("late", seconds=60)
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.IN_DOUBT, "the key is in use"
    fake.advance(60)
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.SUCCEEDED
    assert len(books(fake)) == 1


async def test_past_the_keys_life_the_refund_is_looked_for_first(fake, adapter):  # ID-05
    asked = fresh(1500, payment=fake.capture(4000).id)
    fake.script("drop_after")
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    fake.advance(3 * 86400)
    later = fresh(1500, payment=asked.payment, refund=asked.refund, at=AT + 3 * DAYS)
    assert (await adapter.refund(later)).reference == books(fake)[0]["id"], (
        "a worker that died and one that looks again"
    )
    assert (await adapter.look_up(later)).reference == books(fake)[0]["id"]
    assert len(books(fake)) == 1


async def test_a_kept_fault_is_seen_through_by_our_own_id(fake, adapter):  # ID-05
    asked = fresh(1500, payment=fake.capture(4000).id)
    fake.script("error_after")
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.IN_DOUBT, "the key says it again"
    assert (await adapter.look_up(asked)).outcome is ProviderOutcome.SUCCEEDED
    assert len(books(fake)) == 1


async def test_more_than_is_left_is_declined_and_never_again(fake, adapter):  # KF-12, KF-15
    paid = fake.capture(4000).id
    assert (await adapter.refund(fresh(3000, payment=paid))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.refund(fresh(1500, payment=paid))).outcome is ProviderOutcome.DECLINED
    assert (await adapter.refund(fresh(1000, payment=paid))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.refund(fresh(1, payment=paid))).outcome is ProviderOutcome.DECLINED
    disputed = fake.capture(4000).id
    fake.dispute(disputed)
    assert (await adapter.refund(fresh(1000, payment=disputed))).outcome is ProviderOutcome.DECLINED
    assert sum(one["amount"] for one in books(fake)) == 4000


async def test_a_refusal_because_it_is_all_back_may_be_this_very_refund(fake, adapter):  # ID-05, KF-15
    asked = fresh(4000, payment=fake.capture(4000).id)
    fake.script("drop_after")
    await adapter.refund(asked)
    fake.advance(25 * 3600)  # they forgot the key a little earlier than we thought
    assert (await adapter.refund(asked)).outcome is ProviderOutcome.SUCCEEDED
    assert len(books(fake)) == 1


async def test_the_life_of_a_refund_is_told_in_our_words(fake, adapter):  # I-09
    paid = fake.capture(4000).id
    fake.script("pending", then="succeeded", seconds=60)
    fake.script("requires_action", nth=2)
    fake.script("fails_later", nth=3, seconds=3 * 86400)
    fake.script("failed", nth=4)
    asked = [fresh(1000, payment=paid) for _ in range(4)]
    first = [await adapter.refund(one) for one in asked]
    assert [one.outcome.value for one in first] == ["submitted", "submitted", "succeeded", "declined"]
    assert all(one.check_after_s for one in first[:2])
    fake.advance(3 * 86400 + 60)
    known = [
        fresh(1000, payment=paid, refund=one.refund, reference=told.reference)
        for one, told in zip(asked, first, strict=True)
    ]
    later = [(await adapter.look_up(one)).outcome.value for one in known]
    assert later == ["succeeded", "submitted", "declined", "declined"]


@pytest.mark.parametrize(
    ("currency", "minor", "sent"),
    [
        *[("EUR", 1999, True), ("JPY", 5800, True), ("KWD", 1250, True), ("KWD", 1255, False)],
        *[("ISK", 500, True), ("UGX", 7, True), ("MGA", 500, True), ("MGA", 550, False)],
    ],
)
async def test_every_currency_goes_back_in_its_own_units_or_not_at_all(fake, adapter, currency, minor, sent):  # KF-08
    paid = fake.capture(9000, currency).id
    reply = await adapter.refund(fresh(minor, currency, payment=paid))
    if not sent:
        assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")
    assert [(one["amount"], one["currency"]) for one in books(fake)] == ([(minor, currency)] if sent else [])
    listed = [one async for one in adapter.refunds(LONG_AGO, FAR_OFF)]
    assert [(one.amount_minor, one.currency) for one in listed] == ([(minor, currency)] if sent else [])
    came = await adapter.captured(payment(9000, currency, payment=paid))
    assert came.amount_minor == 9000


async def test_a_charge_is_a_payment_too(fake, adapter):
    paid = fake.capture(4000)
    assert (await adapter.refund(fresh(100, payment=paid.charge))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.captured(payment(4000, payment=paid.charge))).amount_minor == 4000
    for nothing in ("", "something", "pi_3nobody"):
        reply = await adapter.refund(fresh(100, payment=nothing))
        assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "details_invalid")


async def test_a_key_that_opens_nothing_sends_nothing_and_says_so(fake):  # KF-16
    paid = fake.capture(4000).id
    for key, trouble in (("sk_test_stranger", "refused"), ("rk_test_reads", "")):
        async with stripe_at(fake, key=key) as adapter:
            reply = await adapter.refund(fresh(100, payment=paid))
            assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "not_set_up")
            assert (await adapter.check()).trouble == trouble
    assert books(fake) == []


async def test_a_key_is_tried_by_reading_and_says_test_or_live(fake, adapter):
    checked = await adapter.check()
    assert (checked.trouble, checked.account, checked.test) == ("", "acct_fake", True)
    fake.script("hang_before", "balance.read")
    assert (await adapter.check()).trouble == "unreachable"
    assert adapter.traits.test


async def test_a_sellers_own_account_and_a_sellers_part(fake):  # reverse transfer, direct charges
    theirs = fake.capture(4000, account="acct_seller").id
    handed_on = fake.capture(4000, destination="acct_seller").id
    async with stripe_at(fake) as platform, stripe_at(fake, direct=True) as direct:
        assert platform.traits.reverses_transfers
        assert not direct.traits.reverses_transfers
        assert (
            await direct.refund(fresh(1000, payment=theirs, account="acct_seller"))
        ).outcome is ProviderOutcome.SUCCEEDED
        assert (
            await platform.refund(fresh(1000, payment=handed_on, account="acct_seller"))
        ).outcome is ProviderOutcome.SUCCEEDED
        assert (await platform.refund(fresh(1000, payment=theirs))).outcome is ProviderOutcome.NOT_SENT
        in_doubt = fresh(500, payment=theirs, account="acct_seller")
        fake.script("drop_after")
        assert (await direct.refund(in_doubt)).outcome is ProviderOutcome.IN_DOUBT
        assert (await direct.look_up(in_doubt)).outcome is ProviderOutcome.SUCCEEDED
    assert [one["reversed"] for one in books(fake)] == [0, 1000, 0]


async def test_what_came_in_is_found_by_name_or_by_the_hosts_number(fake, adapter):  # KF-17
    paid = fake.capture(4000, metadata={"order": "1001", "tender": "t"}).id
    for known in (paid, ""):
        found = await adapter.captured(payment(4000, payment=known))
        assert (found.clear, found.amount_minor) == (True, 4000)
    other = await adapter.captured(payment(4000, tender="other"))
    assert (other.clear, other.at) == (True, None)
    waits = fake.capture(4000, metadata={"order": "1002"}, status="processing").id
    assert not (await adapter.captured(payment(4000, payment=waits, number="1002"))).clear
    held = fake.capture(4000, status="requires_capture").id
    assert (await adapter.captured(payment(4000, payment=held))).at is None
    fake.script("hang_before", "payment.read")
    assert not (await adapter.captured(payment(4000, payment=paid))).clear, "no answer is no answer"


async def test_an_authorisation_is_let_go_and_a_capture_is_not(fake, adapter):  # KF-11
    held, paid = fake.capture(4000, status="requires_capture").id, fake.capture(4000).id
    assert (await adapter.release(payment(4000, payment=held))).outcome is ProviderOutcome.SUCCEEDED
    assert (await adapter.release(payment(4000, payment=held))).outcome is ProviderOutcome.SUCCEEDED, "once is enough"
    assert (await adapter.release(payment(4000, payment=paid, tender="u"))).outcome is ProviderOutcome.DECLINED
    stands = {one["id"]: one["status"] for one in fake.ledger()["captures"]}
    assert stands == {held: "canceled", paid: "succeeded"}
    dropped = fake.capture(4000, status="requires_capture").id
    fake.script("drop_after", "payment.cancel")
    assert (await adapter.release(payment(4000, payment=dropped, tender="v"))).outcome is ProviderOutcome.IN_DOUBT
    assert (await adapter.release(payment(4000, payment=dropped, tender="v"))).outcome is ProviderOutcome.SUCCEEDED


async def test_a_promise_to_several_sellers_is_cancelled_with_the_last_of_them(fake, adapter):  # KF-11
    held = fake.capture(9000, status="requires_capture").id
    reply = await adapter.release(payment(4000, payment=held))
    assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "still_held")
    assert fake.ledger()["captures"][0]["status"] == "requires_capture"
    last = await adapter.release(payment(9000, payment=held, tender="u"))
    assert last.outcome is ProviderOutcome.SUCCEEDED
    assert fake.ledger()["captures"][0]["status"] == "canceled"
    first = await adapter.release(payment(4000, payment=held))
    assert first.outcome is ProviderOutcome.SUCCEEDED, "it went with the last"


async def test_all_refunds_of_a_span_are_listed_theirs_and_ours(fake, adapter):
    paid = fake.capture(40000).id
    asked = [fresh(10, payment=paid) for _ in range(120)]
    for one in asked:
        await adapter.refund(one)
    by_hand = fake.refund_by_hand(paid, 77)
    listed = {one.reference: one async for one in adapter.refunds(LONG_AGO, FAR_OFF)}
    assert len(listed) == 121
    assert {one.refund for one in listed.values()} == {one.refund for one in asked} | {""}
    assert (listed[by_hand].payment, listed[by_hand].amount_minor) == (paid, 77)
    assert [one async for one in adapter.refunds(LONG_AGO, LONG_AGO + DAYS)] == []


async def test_a_page_that_does_not_come_is_asked_for_again_and_the_list_goes_on(fake, adapter, monkeypatch):
    monkeypatch.setattr(stripe_client, "PAUSES_S", (0.01, 0.01))
    paid = fake.capture(40000).id
    for _ in range(120):
        await adapter.refund(fresh(10, payment=paid))
    fake.script("error_before", "refunds.list", nth=2, times=2)
    assert len([one async for one in adapter.refunds(LONG_AGO, FAR_OFF)]) == 120
    fake.script("error_before", "refunds.list", nth=2, times=3)
    with pytest.raises(Unavailable):
        [one async for one in adapter.refunds(LONG_AGO, FAR_OFF)]


async def test_a_very_bad_day_ends_with_equal_books(fake, adapter):  # I-05, I-07
    paid = fake.captures(10, 10_000)
    fake.chance(7, STORM, seconds=1.0, operations=["refund", "refund.read", "refunds.list"])
    asked = [fresh(900, payment=paid[number % 10].id) for number in range(60)]
    replies = dict(zip((one.refund for one in asked), await asyncio.gather(*map(adapter.refund, asked)), strict=True))
    for _ in range(12):
        fake.advance(5)
        for one in asked:
            told = replies[one.refund]
            if told.outcome not in FINAL:
                known = fresh(900, payment=one.payment, refund=one.refund, reference=told.reference)
                replies[one.refund] = await adapter.look_up(known)
        if _ == 5:
            fake.behave()
    made = {one["metadata"]["rescind_refund"]: one for one in books(fake)}
    assert len(made) == len(books(fake)), "none twice"
    for refund, told in replies.items():
        if told.outcome is ProviderOutcome.SUCCEEDED:
            assert made[refund]["id"] == told.reference
            assert made[refund]["status"] in {"succeeded", "failed"}
        if told.outcome is ProviderOutcome.DECLINED and refund in made:
            assert made[refund]["status"] in {"failed", "canceled"}
    left = {told.outcome for told in replies.values()} - FINAL
    assert left <= {ProviderOutcome.SUBMITTED}, "what waits is known to wait at the provider"
