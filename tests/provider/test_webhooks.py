"""What the provider tells: signed as the real ones sign, once or twice, early or late."""

import asyncio
import base64
import json
from types import SimpleNamespace

import aiohttp
import pytest
import stripe
from aiohttp import web

SECRET = "whsec_fake_secret_of_no_value"


@pytest.fixture
async def receiver():
    """A place that keeps what it is sent, and answers what ``answers`` says next, else 200."""
    kept, answers = [], []

    async def receive(request):
        kept.append((dict(request.headers), await request.read()))
        return web.Response(status=answers.pop(0) if answers else 200)

    application = web.Application()
    application.router.add_post("/hook", receive)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook", kept=kept, answers=answers)
    await runner.cleanup()


async def until(count, kept):
    for _ in range(200):
        if len(kept) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(kept)} of {count} messages came")


async def test_stripes_own_client_believes_the_signature(provider, receiver):  # WH-01
    provider.subscribe(receiver.url)
    refund = provider.refund_by_hand(provider.capture(4000).id)
    await until(2, receiver.kept)
    events = [
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET) for headers, body in receiver.kept
    ]
    assert {event.type for event in events} == {"refund.created", "charge.refunded"}
    assert next(event for event in events if event.type == "refund.created").data.object.id == refund
    headers, body = receiver.kept[0]
    for wrong_body, secret in ((body.replace(b"4000", b"9000"), SECRET), (body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(wrong_body, headers["Stripe-Signature"], secret)


def test_while_a_secret_is_replaced_both_fit(provider):  # WH-01
    provider.subscribe(secrets=["whsec_old", "whsec_new"])
    provider.refund_by_hand(provider.capture(4000).id)
    message = provider.messages()[0]
    for secret in ("whsec_old", "whsec_new"):
        stripe.Webhook.construct_event(message["body"], message["headers"]["Stripe-Signature"], secret)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(message["body"], message["headers"]["Stripe-Signature"], SECRET)


async def test_a_message_may_come_before_the_answer(provider, receiver):  # WH-03
    provider.subscribe(receiver.url)
    provider.script("slow", seconds=1)
    form, key = {"payment_intent": provider.capture(4000).id}, {"Authorization": "Bearer sk_test_fake"}
    async with aiohttp.ClientSession() as session:
        asked = asyncio.create_task(session.post(f"{provider.url}/v1/refunds", data=form, headers=key))
        await until(2, receiver.kept)
        assert not asked.done()
        assert (await asked).status == 200


def test_an_old_delivery_is_old(provider):
    provider.advance(-3600)
    provider.subscribe()
    provider.refund_by_hand(provider.capture(4000).id)
    message = provider.messages()[0]
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(message["body"], message["headers"]["Stripe-Signature"], SECRET)


async def test_paypal_says_which_signature_is_its_own(provider):
    provider.subscribe(wire="paypal")
    provider.refund_by_hand(provider.capture(4000, wire="paypal").id)
    message = provider.messages()[0]
    headers = {name.lower(): value for name, value in message["headers"].items()}
    asked = {
        "auth_algo": headers["paypal-auth-algo"],
        "cert_url": headers["paypal-cert-url"],
        "transmission_id": headers["paypal-transmission-id"],
        "transmission_sig": headers["paypal-transmission-sig"],
        "transmission_time": headers["paypal-transmission-time"],
        "webhook_id": provider.settings["paypal_webhook"],
    }
    login = base64.b64encode(b"fake-client:fake-secret").decode()

    async with aiohttp.ClientSession() as session:
        form, header = {"grant_type": "client_credentials"}, {"Authorization": f"Basic {login}"}
        async with session.post(f"{provider.url}/v1/oauth2/token", data=form, headers=header) as answer:
            token = (await answer.json())["access_token"]

        async def verify(event):
            text = json.dumps(asked)[:-1] + f', "webhook_event": {event}}}'
            url, bearer = (
                f"{provider.url}/v1/notifications/verify-webhook-signature",
                {"Authorization": f"Bearer {token}"},
            )
            async with session.post(url, data=text, headers=bearer | {"Content-Type": "application/json"}) as answer:
                return (await answer.json())["verification_status"]

        assert await verify(message["body"]) == "SUCCESS"
        assert await verify(message["body"].replace("40.00", "90.00")) == "FAILURE"
        assert await verify(json.dumps(json.loads(message["body"]), indent=1)) == "FAILURE", "byte for byte"
    assert json.loads(message["body"])["event_type"] == "PAYMENT.CAPTURE.REFUNDED"


async def test_a_message_that_is_not_taken_comes_again(provider, receiver):
    receiver.answers += [500, 503]
    provider.subscribe(receiver.url)
    provider.refund_by_hand(provider.capture(4000).id)
    await until(2, receiver.kept)
    provider.advance(10)
    await until(4, receiver.kept)
    bodies = [json.loads(body)["id"] for _, body in receiver.kept]
    assert sorted(bodies[:2]) == sorted(bodies[2:])


async def test_messages_come_twice_late_or_never_and_the_seed_says_which(provider, receiver):
    async def play(seed):
        provider.clear()
        receiver.kept.clear()
        paid = provider.captures(40, 1000)
        provider.subscribe(receiver.url, seed=seed, duplicates=0.3, lost=0.3, delay_s=60)
        for each in paid:
            provider.refund_by_hand(each.id)
        sent = [json.loads(message["body"])["id"] for message in provider.messages()]
        for _ in range(60):
            provider.advance(1)
        await until(len(sent), receiver.kept)
        return sent, [json.loads(body)["id"] for _, body in receiver.kept]

    sent, came = await play(1)
    assert sorted(sent) == sorted(came)
    assert sent != came, "they overtook each other"
    assert len(set(sent)) < len(sent), "some came twice"
    assert len(set(sent)) < 80, "some never"
    assert sent == (await play(1))[0]
    assert sent != (await play(2))[0]


def test_everything_that_happens_is_told(provider):
    provider.subscribe()
    paid = provider.capture(4000, status="processing")
    provider.move_capture(paid.id, "succeeded")
    provider.move_refund(provider.refund_by_hand(paid.id, 1000), "failed")
    won = provider.dispute(paid.id)
    provider.move_dispute(won, "won")
    assert [message["name"] for message in provider.messages()] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
