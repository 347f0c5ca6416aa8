"""What every payment provider has to keep, whoever it is. A new adapter is one more entry of ``conftest.PROVIDERS``."""

import asyncio
import inspect

import pytest

from contract.conftest import call, paid_out, payment
from rescind.core.ports import Captured, PaymentProvider, ProviderReply, ProviderTraits
from rescind.core.refund import NOT_SENT_BECAUSE, ProviderOutcome
from rescind.providers.host import Host
from rescind.providers.router import Fixed, Router
from rescind.providers.sandbox import Sandbox

AMOUNTS = (1, 12, 13, 14, 17, 99, 100, 113, 117, 1999, 10**15)
FINAL = {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}


def test_it_speaks_the_ports_language(provider):
    assert provider.adapter.name
    assert isinstance(provider.adapter.traits, ProviderTraits)
    for method in ("refund", "look_up", "captured", "release", "refunds"):
        wanted = inspect.signature(getattr(PaymentProvider, method)).parameters
        given = inspect.signature(getattr(type(provider.adapter), method)).parameters
        assert list(given) == list(wanted)


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("amount", AMOUNTS)
async def test_every_amount_gets_one_of_the_answers(provider, amount, currency):  # I-07, KF-16
    reply = await provider.adapter.refund(call(amount, amount, currency, payment=provider.paid(amount, currency)))
    assert isinstance(reply, ProviderReply)
    assert reply.outcome in ProviderOutcome
    assert reply.check_after_s >= 0
    assert reply.outcome in FINAL or reply.check_after_s > 0, "what is not final says when to ask again"
    assert (reply.cause in NOT_SENT_BECAUSE) == (reply.outcome is ProviderOutcome.NOT_SENT), "and why, if nothing left"


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_asking_twice_is_asking_once(provider, amount):  # I-05, ID-05
    asked = call(amount, amount, payment=provider.paid(amount))
    first = await provider.adapter.refund(asked)
    again = await asyncio.gather(*(provider.adapter.refund(asked) for _ in range(5)))
    assert all(one == first for one in again)
    assert len(provider.fake.ledger()["refunds"]) <= 1


async def test_two_refunds_of_one_amount_are_two(provider):  # I-05
    paid = provider.paid(8000)
    one, other = [await provider.adapter.refund(call(number, 4000, payment=paid)) for number in (1, 2)]
    assert one.reference
    assert one.reference != other.reference


@pytest.mark.parametrize("amount", [amount for amount in AMOUNTS if amount % 100 != 13])
async def test_what_was_not_final_can_be_looked_up_and_ends(provider, amount):  # WH-06
    asked = call(amount, amount, payment=provider.paid(amount))
    if provider.wire:
        provider.fake.script("drop_after")
    first = await provider.adapter.refund(asked)
    if first.outcome in FINAL or first.outcome is ProviderOutcome.NOT_SENT:
        return
    found = await provider.adapter.look_up(asked)
    assert found.outcome in FINAL
    assert not first.reference or found.reference == first.reference
    assert await provider.adapter.look_up(asked) == found


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_what_came_in_is_told_with_its_time_or_is_not_clear(provider, amount):  # KF-17, I-07
    found = await provider.adapter.captured(payment(amount, payment=provider.paid(amount)))
    assert isinstance(found, Captured)
    assert found.clear or found.at is None, "what is not clear says nothing"
    assert (found.at is None) == (found.amount_minor == 0)
    assert found.check_after_s >= 0
    assert not provider.wire or found.amount_minor == amount


async def test_what_goes_through_a_connection_nobody_made_is_not_sent():  # KF-16, I-07
    router = Router(Fixed(Sandbox()))
    reply = await router.refund(call(1, 4000, provider="nobody_knows"))
    assert (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "not_set_up")
    assert (await router.look_up(call(1, 4000, provider="nobody_knows"))).outcome is ProviderOutcome.IN_DOUBT
    assert not (await router.captured(payment(4000, provider="nobody_knows"))).clear


async def test_each_payment_goes_back_through_its_own_connection():
    asked = []

    class Other(Sandbox):
        async def refund(self, call):
            asked.append(call.refund)
            return await super().refund(call)

    router = Router(Fixed(Sandbox(), {"other": Other()}))
    await router.refund(call(1, 4000))
    await router.refund(call(2, 4000, provider="other"))
    assert asked == [call(2, 4000).refund]


async def test_what_the_host_pays_goes_to_the_host():
    router = Router(Fixed(Sandbox()), Host(3, paid_out), frozenset({"bank_transfer", "store_credit"}))
    assert (await router.refund(call(1, 4000, method="bank_transfer"))).confirm_days == 3
    assert (await router.refund(call(2, 4000, into="store_credit"))).confirm_days == 3
    assert (await router.refund(call(3, 4000))).confirm_days == 0
    every = Router(Fixed(Sandbox()), Host(3, paid_out), frozenset({"all"}))
    assert (await every.refund(call(4, 4000))).confirm_days == 3


async def test_what_goes_another_way_never_goes_back_through_the_card(provider):  # I-04, I-10
    router = Router(Fixed(provider.adapter))
    reply = await router.refund(call(1, 4000, payment=provider.paid(4000), into="store_credit"))
    assert provider.wire == "" or (reply.outcome, reply.cause) == (ProviderOutcome.NOT_SENT, "not_set_up")
    assert not provider.fake.ledger()["refunds"]
