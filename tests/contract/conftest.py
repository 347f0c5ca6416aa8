"""The strict fake provider as a process of its own, as good as new for every test, and every adapter on it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from provider.client import Provider, Refusal
from rescind.core.ids import make_id, shop_id
from rescind.core.instant import instant
from rescind.core.ports import PaymentCall, ProviderReply, RefundCall
from rescind.core.refund import ProviderOutcome
from rescind.providers.host import Host
from rescind.providers.paypal import PayPal
from rescind.providers.router import Fixed, Router
from rescind.providers.sandbox import Sandbox
from rescind.providers.stripe import Stripe

AT = instant("2026-05-04T08:00Z")
SHOP = shop_id(1)
ORDER = make_id("ord", SHOP, AT, 1)
_numbers = itertools.count(1000)


def payment(amount, currency="EUR", **more):
    told = {"order": ORDER, "number": "1001", "shop": SHOP, "tender": "t", "method": "card"}
    return PaymentCall(**told | {"amount_minor": amount, "currency": currency} | more)


def call(number, amount, currency="EUR", **more):
    told = payment(amount, currency)
    asked = {name: getattr(told, name) for name in told.__struct_fields__}
    refund = make_id("ref", SHOP, AT, number)
    return RefundCall(**asked | {"refund": refund, "owed_at": AT, "at": AT + timedelta(seconds=1)} | more)


def fresh(amount, currency="EUR", **more):
    """A refund that was never asked for before."""
    return call(next(_numbers), amount, currency, **more)


@dataclass
class Wire:
    """An adapter and how payments come to be at its provider. wire: empty for one that is nobody's."""

    adapter: Any
    fake: Provider
    wire: str = ""

    def paid(self, amount, currency="EUR"):
        """The provider's own name for a payment of this much; empty where it takes none of that."""
        try:
            return self.fake.capture(amount, currency, wire=self.wire).id if self.wire else ""
        except Refusal:
            return ""


@asynccontextmanager
async def stripe_at(fake, key="sk_test_fake", **more) -> AsyncIterator[Stripe]:
    adapter = Stripe(key, base=fake.url, **{"timeout_s": 1.0} | more)
    yield adapter
    await adapter.close()


@asynccontextmanager
async def paypal_at(fake, **more) -> AsyncIterator[PayPal]:
    keys = {"client_id": "fake-client", "secret": "fake-secret", "webhook": (fake.settings["paypal_webhook"],)}
    adapter = PayPal(**keys | {"base": fake.url, "timeout_s": 1.0} | more)
    yield adapter
    await adapter.close()


@asynccontextmanager
async def sandbox(_) -> AsyncIterator[Sandbox]:
    yield Sandbox()


@asynccontextmanager
async def routed(_) -> AsyncIterator[Router]:
    yield Router(Fixed(Sandbox()))


async def paid_out(refund):
    """Somebody who has paid everything out."""
    return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=refund)


@asynccontextmanager
async def host(_) -> AsyncIterator[Host]:
    yield Host(3, paid_out)


PROVIDERS = {
    "sandbox": ("", sandbox),
    "host": ("", host),
    "router": ("", routed),
    "stripe": ("stripe", stripe_at),
    "paypal": ("paypal", paypal_at),
}


@pytest.fixture(scope="session")
def running_provider():
    with Provider() as running:
        yield running


@pytest.fixture
def fake(running_provider):
    running_provider.clear()
    yield running_provider
    assert running_provider.usage()["broken"] == 0, "the fake itself must not fail"


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
async def provider(request, fake):
    wire, opened = request.param
    async with opened(fake) as adapter:
        yield Wire(adapter, fake, wire)
