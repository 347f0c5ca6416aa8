"""PayPal's own client is understood by the fake, and understands it."""

import base64
import json
import time
import urllib.request
from threading import Thread

import pytest
import requests
from paypalserversdk.configuration import Configuration, Environment
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.money import Money
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

ALL = "return=representation"


@pytest.fixture
def connect(provider, monkeypatch):
    """PayPal's client knows two places, production and sandbox: the sandbox is here."""
    here = dict.fromkeys(Configuration.environments[Environment.SANDBOX], provider.url)
    monkeypatch.setitem(Configuration.environments, Environment.SANDBOX, here)
    credentials = ClientCredentialsAuthCredentials("fake-client", "fake-secret")
    return lambda: PaypalServersdkClient(
        client_credentials_auth_credentials=credentials, environment=Environment.SANDBOX
    )


@pytest.fixture
def client(connect):
    return connect()


@pytest.fixture
def sends(client):
    def send(paid, value=None, key=None, currency="EUR", *, prefer=ALL, client=client, **more):
        amount = {} if value is None else {"amount": Money(currency_code=currency, value=value)}
        asked = {
            "capture_id": paid.id,
            "paypal_request_id": key,
            "prefer": prefer,
            "body": RefundRequest(**amount, **more),
        }
        return client.payments.refund_captured_payment(asked)

    return send


def issue(refused):
    return refused.value.details[0].issue


def test_a_refund_goes_back_and_is_found(provider, client, sends):
    paid = provider.capture(4000, wire="paypal", invoice_id="1001")
    made = sends(paid, "15.00", custom_id="ref_1", invoice_id="1001-1", note_to_payer="Sorry")
    assert (made.status_code, made.body.status, made.body.amount.value) == (201, "COMPLETED", "15.00")
    assert made.body.seller_payable_breakdown.total_refunded_amount.value == "15.00"
    found = client.payments.get_refund({"refund_id": made.body.id}).body
    assert (found.custom_id, found.invoice_id, found.note_to_payer) == ("ref_1", "1001-1", "Sorry")
    capture = client.payments.get_captured_payment({"capture_id": paid.id}).body
    assert (capture.status, capture.amount.value, capture.invoice_id) == ("PARTIALLY_REFUNDED", "40.00", "1001")
    assert sends(paid).body.amount.value == "25.00", "all that is left"
    assert client.payments.get_captured_payment({"capture_id": paid.id}).body.status == "REFUNDED"
    with pytest.raises(ErrorException) as refused:
        sends(paid)
    assert (refused.value.name, issue(refused)) == ("UNPROCESSABLE_ENTITY", "CAPTURE_FULLY_REFUNDED")
    assert refused.value.debug_id


def test_without_preference_the_answer_is_short(provider, sends):
    made = json.loads(sends(provider.capture(4000, wire="paypal"), prefer=None).text)
    assert set(made) == {"id", "status", "links"}


def test_the_same_request_id_is_the_same_refund_as_it_is_now(provider, connect, sends):
    paid = provider.capture(4000, wire="paypal")
    provider.script("pending", then="succeeded", seconds=60)
    first = sends(paid, "15.00", "k")
    provider.advance(61)
    again = sends(paid, "16.00", "k")  # what the second says is not looked at
    assert (again.status_code, again.body.id, again.body.amount.value) == (200, first.body.id, "15.00")
    assert (first.body.status, again.body.status) == ("PENDING", "COMPLETED")
    provider.advance(45 * 86400)
    with pytest.raises(ErrorException) as expired:  # the token is forgotten too
        sends(paid, "15.00", "k")
    assert expired.value.response_code == 401
    assert sends(paid, "15.00", "k", client=connect()).body.id != first.body.id


def test_a_5xx_is_not_kept_under_the_request_id(provider, sends):
    paid = provider.capture(4000, wire="paypal")
    provider.script("error_after")
    with pytest.raises(ApiException) as broken:
        sends(paid, "15.00", "k")
    assert broken.value.response_code == 500
    again = sends(paid, "15.00", "k")
    assert (again.status_code, again.body.id) == (200, provider.ledger()["refunds"][0]["id"])


def test_a_refusal_is_not_kept_either(provider, sends):
    paid = provider.capture(4000, wire="paypal")
    provider.script("insufficient_funds")
    with pytest.raises(ErrorException) as refused:
        sends(paid, "15.00", "k")
    assert issue(refused) == "REFUND_FAILED_INSUFFICIENT_FUNDS"
    assert sends(paid, "15.00", "k").status_code == 201


def test_a_request_id_whose_first_request_is_under_way_is_in_use(provider, connect, sends):
    paid = provider.capture(4000, wire="paypal")
    provider.script("slow", seconds=0.6)
    first = Thread(target=sends, args=(paid, "15.00", "k"), kwargs={"client": connect()})
    first.start()
    time.sleep(0.3)
    with pytest.raises(ErrorException) as busy:
        sends(paid, "15.00", "k")
    assert (busy.value.response_code, issue(busy)) == (409, "PREVIOUS_REQUEST_IN_PROGRESS")
    first.join()
    assert sends(paid, "15.00", "k").status_code == 200


def test_what_was_given_up_may_still_be_done(provider, sends):  # I-07
    paid = provider.capture(4000, wire="paypal")
    provider.script("late", seconds=0.5)
    with pytest.raises(requests.ConnectionError):
        sends(paid, "15.00", "k")
    assert sends(paid, "15.00", "k").status_code == 200
    assert len(provider.ledger()["refunds"]) == 1


@pytest.mark.parametrize(
    ("value", "currency", "wrong"),
    [
        ("25.01", "EUR", "REFUND_AMOUNT_EXCEEDED"),
        ("0.00", "EUR", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("-1.00", "EUR", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("1.001", "EUR", "DECIMAL_PRECISION"),
        ("1e2", "EUR", "INVALID_PARAMETER_SYNTAX"),
        ("1.00", "USD", "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        ("1.000", "KWD", "INVALID_CURRENCY_CODE"),
    ],
)
def test_amounts_that_are_refused(provider, sends, value, currency, wrong):
    paid = provider.capture(4000, wire="paypal")
    sends(paid, "15.00")
    with pytest.raises(ErrorException) as refused:
        sends(paid, value, currency=currency)
    assert issue(refused) == wrong
    assert len(provider.ledger()["refunds"]) == 1


@pytest.mark.parametrize(
    ("currency", "minor", "value"), [("JPY", 5800, "5800"), ("HUF", 10000, "100"), ("EUR", 5, "0.05")]
)
def test_amounts_have_the_decimals_that_paypal_has(provider, sends, currency, minor, value):  # KF-08
    paid = provider.capture(2 * minor, currency, wire="paypal")
    assert sends(paid, value, currency=currency).body.amount.value == value
    assert provider.ledger()["refunds"][0]["amount"] == minor
    if currency != "EUR":
        with pytest.raises(ErrorException) as refused:
            sends(paid, value + ".00", currency=currency)
        assert issue(refused) == "DECIMALS_NOT_SUPPORTED"


def test_what_is_missing_foreign_or_disputed_is_refused(provider, sends):
    theirs = provider.capture(4000, wire="paypal", account="SELLER1")
    asked, taken = provider.captures(2, 4000, wire="paypal")
    provider.dispute(asked.id, inquiry=True)
    provider.dispute(taken.id)
    for paid, value, wrong in (
        (theirs, None, "PERMISSION_DENIED"),
        (asked, "1.00", "TRANSACTION_DISPUTED"),
        (taken, None, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"),
    ):
        with pytest.raises(ErrorException) as refused:
            sends(paid, value)
        assert issue(refused) == wrong
    with pytest.raises(ErrorException) as refused:
        sends(provider.capture(1, wire="stripe"))
    assert (refused.value.name, refused.value.response_code) == ("RESOURCE_NOT_FOUND", 404)
    assert sends(asked).body.amount.value == "40.00", "all of it may go back while they only ask"


def test_a_platform_refunds_for_its_seller(provider, client):
    theirs = provider.capture(4000, wire="paypal", account="SELLER1")
    claims = base64.urlsafe_b64encode(b'{"iss":"fake-client","payer_id":"SELLER1"}').decode().rstrip("=")
    asked = {"capture_id": theirs.id, "paypal_auth_assertion": f"eyJhbGciOiJub25lIn0.{claims}.", "body": {}}
    assert client.payments.refund_captured_payment(asked).body.status == "COMPLETED"


def test_the_search_finds_what_moved_once_reporting_has_caught_up(provider, client, sends):
    paid = provider.capture(4000, wire="paypal", invoice_id="1001")
    made = sends(paid, "15.00", custom_id="ref_1").body
    provider.refund_by_hand(paid.id, 500)
    search = client.transaction_search.search_transactions
    span = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-01-02T00:00:00Z"}
    assert json.loads(search(span).text)["total_items"] == 0
    day = made.create_time[:10]
    span = {"start_date": f"{day}T00:00:00Z", "end_date": f"{day}T23:59:59Z", "page_size": 2}
    first = search(span).body
    assert (first.total_items, first.total_pages) == (3, 2)
    came, went = (each.transaction_info for each in first.transaction_details)
    assert (came.transaction_amount.value, went.transaction_amount.value) == ("40.00", "-15.00")
    assert (went.paypal_reference_id, went.custom_field, went.transaction_event_code) == (paid.id, "ref_1", "T1107")
    provider.set(reporting_delay_s=3 * 3600)
    assert json.loads(search(span).text)["total_items"] == 0
    with pytest.raises(ApiException) as too_long:
        search(span | {"end_date": "2030-01-01T00:00:00Z"})
    assert too_long.value.response_code == 400


def test_disputes_are_found_by_their_payment(provider):  # their client has no call for these
    paid, quiet = provider.captures(2, 4000, wire="paypal")
    dispute = provider.dispute(paid.id, 1500)

    def ask(path, form=None, **headers):
        asked = urllib.request.Request(provider.url + path, form, headers)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    login = base64.b64encode(b"fake-client:fake-secret").decode()
    token = ask("/v1/oauth2/token", b"grant_type=client_credentials", Authorization=f"Basic {login}")["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    listed = ask(f"/v1/customer/disputes?disputed_transaction_id={paid.id}", **bearer)["items"]
    assert [(each["dispute_id"], each["dispute_state"]) for each in listed] == [(dispute, "REQUIRED_ACTION")]
    assert ask(f"/v1/customer/disputes?disputed_transaction_id={quiet.id}", **bearer)["items"] == []
    provider.move_dispute(dispute, "lost")
    found = ask(f"/v1/customer/disputes/{dispute}", **bearer)
    assert found["disputed_transactions"][0]["seller_transaction_id"] == paid.id
    assert found["dispute_outcome"]["amount_refunded"] == {"currency_code": "EUR", "value": "15.00"}
