"""The books are the judge, so they are judged first."""

import asyncio

import aiohttp
import pytest

from provider.client import Refusal

KEY = {"Authorization": "Bearer sk_test_fake"}


async def test_any_number_of_refunds_at_once_never_exceed_the_payment(provider):  # KF-12, I-02
    paid = provider.capture(10_000)

    async def send(session, number):
        form = {"payment_intent": paid.id, "amount": "600"}
        headers = KEY | {"Idempotency-Key": f"k{number % 40}"}
        async with session.post(f"{provider.url}/v1/refunds", data=form, headers=headers) as answer:
            return answer.status, (await answer.json()).get("id")

    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*(send(session, number) for number in range(80)))
    made = {name for status, name in answers if status == 200}
    books = provider.ledger()
    assert len(made) == len(books["refunds"]) == 16
    assert (books["captures"][0]["refunded"], books["captures"][0]["left"]) == (9600, 400)


def test_what_failed_can_be_refunded_again_and_what_ended_has_ended(provider):  # I-09
    paid = provider.capture(4000)
    refund = provider.refund_by_hand(paid.id)
    with pytest.raises(Refusal, match="already_refunded"):
        provider.refund_by_hand(paid.id)
    provider.move_refund(refund, "failed", "lost_or_stolen_card")
    assert provider.ledger()["captures"][0]["left"] == 4000
    with pytest.raises(Refusal, match="cannot become"):
        provider.move_refund(refund, "succeeded")
    provider.refund_by_hand(paid.id, 1500)
    books = provider.ledger()
    assert [(each["by"], each["status"], each["amount"]) for each in books["refunds"]] == [
        ("dashboard", "failed", 4000),
        ("dashboard", "succeeded", 1500),
    ]


def test_a_chargeback_takes_the_money_and_freezes_the_rest(provider):  # I-10
    paid = provider.capture(4000)
    provider.refund_by_hand(paid.id, 1000)
    dispute = provider.dispute(paid.charge)
    with pytest.raises(Refusal, match="disputed"):
        provider.refund_by_hand(paid.id, 1)
    books = provider.ledger()
    assert books["paid_twice"] == [paid.id], "the bank took all of it, though a part had gone back"
    provider.move_dispute(dispute, "under_review")
    provider.move_dispute(dispute, "won")
    books = provider.ledger()
    assert (books["paid_twice"], books["captures"][0]["left"]) == ([], 3000)
    lost = provider.dispute(paid.id, 3000)
    provider.move_dispute(lost, "lost")
    books = provider.ledger()
    assert (books["paid_twice"], books["captures"][0]["taken"]) == ([], 3000)


def test_an_inquiry_takes_nothing_until_it_is_more(provider):
    paid = provider.capture(4000)
    inquiry = provider.dispute(paid.id, inquiry=True)
    provider.refund_by_hand(paid.id, 1000)
    provider.move_dispute(inquiry, "needs_response")
    with pytest.raises(Refusal, match="disputed"):
        provider.refund_by_hand(paid.id, 1000)


def test_a_payment_that_comes_late_can_be_refunded_then(provider):  # KF-17
    waiting = provider.capture(4000, status="processing")
    with pytest.raises(Refusal, match="not_captured"):
        provider.refund_by_hand(waiting.id)
    assert provider.ledger()["captures"][0]["captured_at"] is None
    provider.move_capture(waiting.id, "succeeded")
    provider.refund_by_hand(waiting.id)


@pytest.mark.parametrize(
    "asked", [{"amount": 0}, {"amount": 100, "currency": "KWD", "wire": "paypal"}, {"amount": 1, "wire": "adyen"}]
)
def test_payments_that_cannot_be_are_refused(provider, asked):
    with pytest.raises(Refusal):
        provider.capture(**asked)
    assert provider.ledger()["captures"] == []


async def test_it_carries_far_more_than_a_thousand_refunds_a_second(provider):
    """By its own CPU time, so that it is so on a busy machine too: no bench ever waits for its provider."""
    paid = provider.captures(600, 4000)
    before = provider.usage()

    async def send(session, some):
        for each in some:
            form, headers = {"payment_intent": each.id, "metadata[refund]": each.id}, KEY | {"Idempotency-Key": each.id}
            async with session.post(f"{provider.url}/v1/refunds", data=form, headers=headers) as answer:
                assert answer.status == 200
                await answer.read()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(send(session, paid[place::8]) for place in range(8)))
    after = provider.usage()
    assert after["refunds"] == 600
    assert (after["cpu_s"] - before["cpu_s"]) / 600 < 1 / 1500
