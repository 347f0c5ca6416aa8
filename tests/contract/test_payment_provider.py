"""What every payment provider has to keep, whoever it is. A new adapter is one more entry of ``PROVIDERS``."""

import asyncio
import inspect

import pytest

from rescind.core.ids import make_id, shop_id
from rescind.core.instant import instant
from rescind.core.ports import Captured, PaymentProvider, ProviderReply
from rescind.core.refund import NOT_SENT_BECAUSE, ProviderOutcome
from rescind.providers.host import ByMethod, Host
from rescind.providers.sandbox import Sandbox


async def paid_out(refund):
    """Somebody who has paid everything out."""
    return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=refund)


PROVIDERS = {
    "sandbox": Sandbox,
    "host": lambda: Host(3, paid_out),
    "by method": lambda: ByMethod(Host(3, paid_out), frozenset({"bank_transfer"}), Sandbox()),
}
AMOUNTS = (1, 12, 13, 14, 17, 99, 100, 113, 117, 1999, 10**15)
FINAL = {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}


def refund_id(number):
    return make_id("ref", shop_id(1), instant("2026-05-04T08:00Z"), number)


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
def provider(request):
    return request.param()


def test_it_speaks_the_ports_language(provider):
    assert provider.name
    for method in ("refund", "look_up", "captured"):
        wanted = inspect.signature(getattr(PaymentProvider, method)).parameters
        given = inspect.signature(getattr(type(provider), method)).parameters
        assert list(given) == list(wanted)


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("amount", AMOUNTS)
async def test_every_amount_gets_one_of_the_answers(provider, amount, currency):  # I-07, KF-16
    reply = await provider.refund(refund_id(amount), "card", amount, currency)
    assert isinstance(reply, ProviderReply)
    assert reply.outcome in ProviderOutcome
    assert reply.check_after_s >= 0
    assert reply.outcome in FINAL or reply.check_after_s > 0, "what is not final says when to ask again"
    assert (reply.cause in NOT_SENT_BECAUSE) == (reply.outcome is ProviderOutcome.NOT_SENT), "and why, if nothing left"


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_asking_twice_is_asking_once(provider, amount):  # I-05, ID-05
    first = await provider.refund(refund_id(amount), "card", amount, "EUR")
    again = await asyncio.gather(*(provider.refund(refund_id(amount), "card", amount, "EUR") for _ in range(5)))
    assert all(one == first for one in again)


async def test_two_refunds_of_one_amount_are_two(provider):  # I-05
    one, other = [await provider.refund(refund_id(number), "card", 4000, "EUR") for number in (1, 2)]
    assert one.reference
    assert one.reference != other.reference


@pytest.mark.parametrize("amount", [amount for amount in AMOUNTS if amount % 100 != 13])
async def test_what_was_not_final_can_be_looked_up_and_ends(provider, amount):  # WH-06
    first = await provider.refund(refund_id(amount), "card", amount, "EUR")
    if first.outcome in FINAL or first.outcome is ProviderOutcome.NOT_SENT:
        return
    found = await provider.look_up(refund_id(amount))
    assert found.outcome in FINAL
    assert not first.reference or found.reference == first.reference
    assert await provider.look_up(refund_id(amount)) == found


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_what_came_in_is_told_with_its_time_or_is_not_clear(provider, amount):  # KF-17, I-07
    found = await provider.captured("1001", "t", "card", amount, "EUR")
    assert isinstance(found, Captured)
    assert found.clear or found.at is None, "what is not clear says nothing"
    assert (found.at is None) == (found.amount_minor == 0)
    assert found.check_after_s >= 0
