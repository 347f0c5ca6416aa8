"""Another imitation of Stripe, by others, is asked what the fake is asked, through Stripe's own client.

It runs as a process of its own and stays outside the program: it is GPL, knows no idempotency keys and refunds above
the charge. What both answer alike is less likely to be our own misunderstanding.
"""

import socket
import subprocess
import sys
import time

import pytest
import stripe

SERVE = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.store.dump_to_disk = lambda: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
"""On the loopback address only, and with nothing left behind, neither of which its own command can do."""

SHARED = {"id", "object", "amount", "charge", "created", "currency", "metadata", "payment_intent", "reason", "status"}
"""What an adapter may read of a refund."""


@pytest.fixture(scope="module")
def localstripe():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "localstripe ended"
            time.sleep(0.05)
        yield stripe.StripeClient("sk_test_any", base_addresses={"api": f"http://127.0.0.1:{port}"})
    finally:
        process.terminate()
        process.wait(10)


def test_a_refund_looks_alike_at_both(localstripe, provider):
    customer = localstripe.v1.customers.create({"email": "buyer@example.com"})
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = localstripe.v1.payment_methods.create({"type": "card", "card": card})
    localstripe.v1.payment_methods.attach(method.id, {"customer": customer.id})
    theirs = localstripe.v1.payment_intents.create(
        {"amount": 4000, "currency": "eur", "customer": customer.id, "payment_method": method.id, "confirm": True}
    )
    ours = stripe.StripeClient("sk_test_fake", base_addresses={"api": provider.url})
    answers = []
    for client, intent in ((localstripe, theirs.id), (ours, provider.capture(4000).id)):
        asked = {"payment_intent": intent, "amount": 1500, "metadata": {"refund": "ref_1"}}
        made = client.v1.refunds.create(asked, {"idempotency_key": "ref_1"})
        assert client.v1.refunds.retrieve(made.id).id == made.id
        assert [each.id for each in client.v1.refunds.list({"payment_intent": intent}).data] == [made.id]
        charge = client.v1.charges.retrieve(made.charge)
        paid = client.v1.payment_intents.retrieve(intent)
        answers.append(
            {
                "refund": (made.object, made.amount, made.currency, made.status, made.metadata.to_dict()),
                "charge": (
                    charge.object,
                    charge.amount,
                    charge.amount_refunded,
                    charge.refunded,
                    charge.payment_intent == intent,
                ),
                "intent": (paid.object, paid.amount, paid.status),
                "shape": {name: type(made[name]) for name in SHARED & set(made.to_dict()) if made[name] is not None},
            }
        )
        with pytest.raises(stripe.InvalidRequestError) as missing:
            client.v1.refunds.retrieve("re_nobody")
        assert missing.value.http_status == 404
    assert answers[0] == answers[1]
