"""Stripe's own client is understood by the fake, and understands it. Its retries are off: each call is one request."""

import asyncio

import pytest
import stripe


@pytest.fixture
def client(provider):
    return stripe.StripeClient("sk_test_fake", base_addresses={"api": provider.url}, max_network_retries=0)


@pytest.fixture
def sends(client):
    """Ask for a refund, with an idempotency key where one is given."""

    def send(paid, amount=None, key=None, **more):
        params = {"payment_intent": paid.id} | ({} if amount is None else {"amount": amount}) | more
        return client.v1.refunds.create(params, {"idempotency_key": key} if key else {})

    return send


def test_a_refund_goes_back_and_is_found_by_every_name(provider, client, sends):
    paid = provider.capture(4000, "EUR", metadata={"order": "1001"})
    made = sends(paid, 1500, "k", metadata={"refund": "ref_1"}, reason="requested_by_customer", expand=["charge"])
    assert (made.status, made.amount, made.currency, made.metadata["refund"]) == ("succeeded", 1500, "eur", "ref_1")
    assert (made.charge.id, made.charge.amount_refunded, made.charge.refunded) == (paid.charge, 1500, False)
    assert client.v1.refunds.retrieve(made.id).payment_intent == paid.id
    assert [each.id for each in client.v1.refunds.list({"charge": paid.charge}).data] == [made.id]
    intent = client.v1.payment_intents.retrieve(paid.id, {"expand": ["latest_charge"]})
    assert (intent.amount_received, intent.metadata["order"], intent.latest_charge.id) == (4000, "1001", paid.charge)
    assert sends(paid).amount == 2500, "all that is left"
    charge = client.v1.charges.retrieve(paid.charge, {"expand": ["refunds"]})
    assert charge.refunded
    assert [each.amount for each in charge.refunds.data] == [2500, 1500]


def test_the_same_key_and_parameters_are_the_same_refund(provider, sends):
    paid = provider.capture(4000)
    first, again = sends(paid, 1500, "k"), sends(paid, 1500, "k")
    assert first.id == again.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.last_response.headers
    with pytest.raises(stripe.IdempotencyError) as other:
        sends(paid, 1501, "k")
    assert other.value.http_status == 400
    assert len(provider.ledger()["refunds"]) == 1


def test_a_key_is_forgotten_after_a_day_and_then_pays_again(provider, sends):
    paid = provider.capture(4000)
    first = sends(paid, 1500, "k")
    provider.advance(24 * 3600 - 60)
    assert sends(paid, 1500, "k").id == first.id
    provider.advance(120)
    assert sends(paid, 1500, "k").id != first.id


async def test_a_key_whose_first_request_is_under_way_is_in_use(provider):
    paid = provider.capture(4000)
    http = stripe.AIOHTTPClient()
    api = {"api": provider.url}
    client = stripe.StripeClient("sk_test_fake", base_addresses=api, max_network_retries=0, http_client=http)
    provider.script("slow", seconds=0.5)

    async def send():
        return await client.v1.refunds.create_async({"payment_intent": paid.id}, {"idempotency_key": "k"})

    first = asyncio.create_task(send())
    await asyncio.sleep(0.2)
    with pytest.raises(stripe.APIError) as busy:
        await send()
    assert (busy.value.http_status, busy.value.json_body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert (await first).id == (await send()).id
    await http.close_async()


@pytest.mark.parametrize(
    ("amount", "code", "param"),
    [
        (2501, None, "amount"),  # they send no code for it
        (0, "parameter_invalid_integer", "amount"),
        (-5, "parameter_invalid_integer", "amount"),
        (10**12, "amount_too_large", "amount"),
    ],
)
def test_amounts_that_are_refused(provider, sends, amount, code, param):
    paid = provider.capture(4000)
    sends(paid, 1500)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sends(paid, amount)
    assert (refused.value.code, refused.value.param, refused.value.http_status) == (code, param, 400)
    assert len(provider.ledger()["refunds"]) == 1


def test_what_the_books_refuse_has_its_code(provider, sends, client):
    paid, disputed = provider.captures(2, 4000)
    sends(paid)
    provider.dispute(disputed.id)
    for payment, code in ((paid, "charge_already_refunded"), (disputed, "charge_disputed")):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sends(payment)
        assert refused.value.code == code
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.refunds.create({"charge": "ch_nobody"})
    assert (missing.value.code, missing.value.http_status) == ("resource_missing", 404)
    for slip in ({"colour": "red"}, {"expand": ["colour"]}, {"reason": "colour"}, {"metadata": {"a": "b" * 501}}):
        with pytest.raises(stripe.InvalidRequestError):
            sends(provider.capture(1), **slip)
    assert len(provider.ledger()["refunds"]) == 1


def test_lists_are_paged_newest_first(provider, client, sends):
    paid = provider.capture(4000)
    made = [sends(paid, amount).id for amount in range(1, 8)]
    sends(provider.capture(100))
    asked = {"payment_intent": paid.id, "limit": 3}
    page = client.v1.refunds.list(asked)
    assert page.has_more
    assert [each.id for each in page.data] == made[:3:-1]
    assert [each.id for each in page.auto_paging_iter()] == made[::-1]
    assert len(client.v1.refunds.list({"created": {"gte": page.data[0].created}, "limit": 100}).data) <= 8
    assert client.v1.refunds.list({"created": {"gt": page.data[0].created + 60}}).data == []


def test_who_asks_and_for_whom(provider, sends):
    theirs = provider.capture(4000, account="acct_seller")
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        sends(theirs)
    reader = stripe.StripeClient("rk_test_reads", base_addresses={"api": provider.url}, max_network_retries=0)
    assert reader.v1.accounts.retrieve_current().id == "acct_fake"
    assert reader.v1.payment_intents.retrieve(theirs.id, options={"stripe_account": "acct_seller"}).amount == 4000
    with pytest.raises(stripe.PermissionError):
        reader.v1.refunds.create({"charge": theirs.charge}, {"stripe_account": "acct_seller"})
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": provider.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.balance.retrieve()
    assert provider.ledger()["refunds"] == []


def test_the_life_of_a_refund(provider, client, sends):
    paid = provider.capture(4000)
    provider.script("pending", then="succeeded", seconds=60)
    provider.script("requires_action", nth=2)
    provider.script("fails_later", nth=3, seconds=3 * 86400)
    provider.script("failed", nth=4)
    waits, acts, returns, fails = (sends(paid, 1000) for _ in range(4))
    assert [each.status for each in (waits, acts, returns, fails)] == [
        "pending",
        "requires_action",
        "succeeded",
        "failed",
    ]
    assert fails.failure_reason == "expired_or_canceled_card"
    provider.advance(61)
    assert client.v1.refunds.retrieve(waits.id).status == "succeeded"
    assert client.v1.refunds.cancel(acts.id).status == "canceled"
    provider.advance(3 * 86400)
    assert client.v1.refunds.retrieve(returns.id).status == "failed"
    assert provider.ledger()["captures"][0]["left"] == 3000


def test_a_payment_that_was_not_captured_is_cancelled_and_not_refunded(provider, client, sends):
    held = provider.capture(4000, status="requires_capture")
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        sends(held)
    cancelled = client.v1.payment_intents.cancel(held.id, {"cancellation_reason": "requested_by_customer"})
    assert (cancelled.status, cancelled.amount_received) == ("canceled", 0)
    with pytest.raises(stripe.InvalidRequestError) as paid:
        client.v1.payment_intents.cancel(provider.capture(1).id)
    assert paid.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(  # KF-08
    ("currency", "minor", "theirs"),
    [("EUR", 1999, 1999), ("JPY", 5800, 5800), ("KWD", 1250, 1250), ("ISK", 500, 50000), ("MGA", 500, 5)],
)
def test_amounts_are_in_the_units_that_stripe_counts_in(provider, sends, currency, minor, theirs):
    paid = provider.capture(minor, currency)
    assert sends(paid, theirs).amount == theirs
    assert provider.ledger()["refunds"][0]["amount"] == minor


@pytest.mark.parametrize(("currency", "amount"), [("KWD", 1255), ("ISK", 50050)])
def test_last_digits_that_have_to_be_zero(provider, sends, currency, amount):  # KF-08
    with pytest.raises(stripe.InvalidRequestError):
        sends(provider.capture(9000, currency), amount)


def test_a_sellers_part_and_the_platforms_fee_go_back_if_asked(provider, sends):
    handed_on, kept = provider.capture(4000, destination="acct_seller", fee=400), provider.capture(4000)
    made = sends(handed_on, 1000, reverse_transfer=True, refund_application_fee=True)
    assert made.transfer_reversal.startswith("trr_")
    assert sends(handed_on, 1000).transfer_reversal is None
    for wish in ("reverse_transfer", "refund_application_fee"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sends(kept, 1000, **{wish: True})
        assert refused.value.param == wish
    assert [(each["reversed"], each["fee_refunded"]) for each in provider.ledger()["refunds"]] == [(1000, 100), (0, 0)]


def test_disputes_are_found_by_their_payment(provider, client):
    paid, quiet = provider.captures(2, 4000)
    dispute = provider.dispute(paid.id, 1500, reason="fraudulent")
    found = client.v1.disputes.list({"payment_intent": paid.id}).data
    assert [(each.id, each.amount, each.status, each.reason) for each in found] == [
        (dispute, 1500, "needs_response", "fraudulent")
    ]
    assert client.v1.disputes.list({"charge": quiet.charge}).data == []
    provider.move_dispute(dispute, "lost")
    assert client.v1.disputes.retrieve(dispute).status == "lost"
    assert client.v1.charges.retrieve(paid.charge).disputed
    assert client.v1.balance.retrieve().available[0].amount == 8000 - 1500


def test_payments_are_searched_by_what_the_host_calls_them(provider, client):
    paid = provider.capture(4000, metadata={"order": "1001", "tender": "card"})
    provider.capture(4000, metadata={"order": "1002"})
    waiting = provider.capture(4000, metadata={"order": "1001"}, status="processing")

    def found(query):
        return [each.id for each in client.v1.payment_intents.search({"query": query}).data]

    assert found("metadata['order']:'1001'") == [waiting.id, paid.id]
    assert found('metadata["order"]:"1001" AND status:"succeeded"') == [paid.id]
    assert found("metadata['order']:'1003'") == []
    with pytest.raises(stripe.InvalidRequestError):
        found("order = 1001")
    provider.set(search_delay_s=60)
    assert found("metadata['order']:'1001'") == []
    provider.advance(61)
    assert len(found("metadata['order']:'1001'")) == 2


def test_metadata_of_a_refund_is_changed_key_by_key(provider, client, sends):
    made = sends(provider.capture(4000), metadata={"refund": "ref_1", "shop": "kiln"})
    changed = client.v1.refunds.update(made.id, {"metadata": {"refund": "ref_2", "shop": ""}})
    assert changed.metadata.to_dict() == {"refund": "ref_2"}
