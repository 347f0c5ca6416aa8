"""PayPal is connected, told of refunds, and tells us: a real database, real HTTP, a strict provider of its own."""

import json
import time

import msgspec
import pytest

from api.test_providers import Till
from api.test_providers import event as of_stripe
from api.test_providers import signed as as_stripe
from postgres.market import audit
from provider.client import Provider
from rescind.connections import Secrets
from rescind.core.chargeback import is_open
from rescind.core.errors import InvalidField, Unavailable
from rescind.core.parts import FactKind, RefundStatus, Tender
from rescind.core.stage import Stage
from rescind.providers import kinds
from rescind.providers.kinds import KINDS
from rescind.worker import fan_out

WEBHOOK, NEXT = "8PT597110X687430L", "1AB23456CD789012E"


@pytest.fixture(scope="module")
def running():
    with Provider() as running:
        yield running


@pytest.fixture
def fake(running):
    running.clear()
    running.subscribe(wire="paypal")
    yield running
    assert running.usage()["broken"] == 0


def secrets(fake, *webhooks, key="fake-secret", client="fake-client"):
    return Secrets(key, webhooks, fake.url, client)


@pytest.fixture
async def connected(desk, fake):
    await desk.connected.connect("paypal_main", "paypal", secrets(fake, WEBHOOK), "operator:ops", own=True)
    return desk.connected


class Counter(Till):
    """The same till, at PayPal."""

    wire = "paypal"

    async def paid(self, stage=Stage.REVIEW, **more):
        paid = self.fake.capture(4000, wire=self.wire)
        tender = Tender(id="t", method="paypal", amount_minor=4000, payment=paid.id, **more)
        order = await self.market.order(stage, tenders=(tender,))
        while await fan_out.sweep(self.due):
            pass
        return order, paid

    async def delivers(self, body, headers=None, connection="paypal_main"):
        # They sign by their own clock, which a test may have moved.
        return await super().delivers(body, headers or self.fake.signed(body), connection)

    async def hears(self, *, times=1, only=None):
        new = self.fake.messages(self.told)
        self.told += len(new)
        for one in [*new, *new[::-1] * (times - 1)]:
            if only is None or one["name"] in only:
                assert (await self.delivers(one["body"])).status_code == 200
        return await self.reads()


@pytest.fixture
async def till(desk, market, people, connected, fake):
    return Counter(desk, market, people, fake)


def event(identifier="WH-1", kind="SOMETHING.NEW", resource_type="something", **resource):
    told = {"id": identifier, "event_type": kind, "resource_type": resource_type, "resource": resource}
    return json.dumps(told | {"create_time": "2026-05-04T08:00:00Z"})


async def test_a_refund_goes_out_and_its_own_message_is_no_news(till):  # KF-14, WH-03
    order, paid = await till.paid()
    await till.market.asks(order)
    await till.works()
    after = await till.order(order)
    assert after.refunds[0].status is RefundStatus.SUCCEEDED
    (made,) = till.fake.ledger()["refunds"]
    assert (made["capture"], made["key"], made["amount"]) == (paid.id, after.refunds[0].id, 4000)
    assert await till.hears(times=5) > 0
    assert await till.order(order) == after, "no event, no money, no version"
    assert {outcome for _, outcome, _ in await till.outcomes()} == {"no_news"}
    assert await audit(till.desk.pool) == 1


async def test_a_message_overtakes_the_answer_of_our_own_call(till):  # WH-03, WH-04
    order, _ = await till.paid()
    await till.market.asks(order)
    till.fake.script("drop_after")
    await till.works()
    assert (await till.order(order)).refunds[0].status is RefundStatus.IN_DOUBT
    await till.hears()
    assert (await till.order(order)).refunds[0].status is RefundStatus.SUCCEEDED
    await till.works()
    assert len(till.fake.ledger()["refunds"]) == 1


async def test_a_late_failure_is_believed_in_whatever_order_it_comes(till):  # I-09, WH-04
    order, _ = await till.paid()
    await till.market.asks(order)
    till.fake.script("fails_later", seconds=86400)
    await till.works()
    till.fake.advance(86400)
    await till.hears(times=2)
    after = await till.order(order)
    assert after.refunds[0].status is RefundStatus.FAILED
    assert (after.tenders[0].refunded_minor, after.tenders[0].reserved_minor) == (0, 0)
    assert await audit(till.desk.pool) == 1


async def test_a_claim_takes_money_once_and_freezes_refunds_and_a_talk_does_not(till):  # I-10
    order, paid = await till.paid()
    talk = till.fake.dispute(paid.id, 1500, inquiry=True)
    await till.hears()
    after = await till.order(order)
    assert (after.tenders[0].taken_elsewhere_minor, is_open(after, "t")) == (0, False)
    till.fake.move_dispute(talk, "needs_response")
    await till.hears(times=3)
    after = await till.order(order)
    assert (after.tenders[0].taken_elsewhere_minor, is_open(after, "t")) == (1500, True)
    assert [one.reference for one in after.reports if one.fact is FactKind.CHARGED_BACK] == [talk]
    await till.market.asks(order)
    await till.works()
    assert till.fake.ledger()["refunds"] == [], "what is owed waits for what becomes of the dispute"
    till.fake.move_dispute(talk, "won")
    await till.hears()
    await till.works()
    after = await till.order(order)
    assert [(one.outcome, one.returned_minor) for one in after.chargebacks] == [("won", 1500)]
    assert after.tenders[0].refunded_minor == 4000
    assert await audit(till.desk.pool) == 1


async def test_a_dispute_that_is_lost_stays_with_the_buyer(till):  # I-10
    order, paid = await till.paid()
    made = till.fake.dispute(paid.id, 1500)
    await till.hears()
    till.fake.move_dispute(made, "lost")
    await till.hears(times=2)
    after = await till.order(order)
    assert after.tenders[0].taken_elsewhere_minor == 1500
    assert [(one.reference, one.outcome) for one in after.chargebacks] == [(made, "lost")]
    assert await audit(till.desk.pool) == 1


async def test_what_a_bank_takes_back_without_a_dispute_is_for_a_person(till):  # WH-05, I-10
    order, paid = await till.paid()
    made = till.fake.dispute(paid.id, 4000)
    till.fake.move_dispute(made, "lost")
    await till.hears()
    assert (await till.order(order)).tenders[0].taken_elsewhere_minor == 4000, "once, though it is told twice"
    assert {outcome for _, outcome, _ in await till.outcomes()} <= {"done", "no_news"}
    _, other = await till.paid()
    up = {"href": f"{till.fake.url}/v2/payments/captures/{other.id}", "rel": "up", "method": "GET"}
    body = event("WH-gone", "PAYMENT.CAPTURE.REVERSED", "refund", id="0GONE0GONE0GONE00", links=[up])
    assert (await till.delivers(body)).status_code == 200
    await till.reads()
    assert (await till.outcomes())[-1][:2] == ("PAYMENT.CAPTURE.REVERSED", "set_aside")


async def test_what_a_message_says_of_a_dispute_is_not_believed_but_asked(till):  # WH-03, I-10
    order, paid = await till.paid()
    made = till.fake.dispute(paid.id, 1500)
    for name, dispute in (("WH-late", made), ("WH-unknown", "PP-D-NOBODY")):
        body = event(name, "CUSTOMER.DISPUTE.RESOLVED", "dispute", dispute_id=dispute, status="RESOLVED")
        assert (await till.delivers(body)).status_code == 200
    await till.reads()
    after = await till.order(order)
    assert [(one.reference, one.amount_minor, one.outcome) for one in after.chargebacks] == [(made, 1500, "")]
    assert sorted(outcome for _, outcome, _ in await till.outcomes()) == ["done", "set_aside"]


async def test_a_refund_made_by_hand_is_not_made_again(till):  # I-10, KF-14
    order, paid = await till.paid()
    made = till.fake.refund_by_hand(paid.id, 4000)
    await till.hears(times=2)
    after = await till.order(order)
    assert after.tenders[0].taken_elsewhere_minor == 4000
    assert [one.reference for one in after.reports if one.fact is FactKind.REFUNDED_ELSEWHERE] == [made]
    await till.market.asks(order)
    await till.works()
    assert len(till.fake.ledger()["refunds"]) == 1


async def test_money_that_came_in_is_told_by_the_provider_too(till):  # KF-17
    waiting = till.fake.capture(4000, wire="paypal", status="processing")
    tender = Tender(id="t", method="paypal", amount_minor=4000, payment=waiting.id)
    order = await till.market.order(Stage.UNPAID, tenders=(tender,))
    await fan_out.sweep(till.due)
    till.fake.move_capture(waiting.id, "succeeded")
    await till.hears(times=2)
    assert (await till.order(order)).tenders[0].captured_minor == 4000


async def test_what_was_only_authorised_is_voided_and_never_refunded(till, fake):  # KF-11
    held = fake.capture(4000, wire="paypal", status="requires_capture")
    tender = Tender(id="t", method="paypal", amount_minor=4000, payment=held.charge)
    order = await till.market.order(Stage.UNPAID, tenders=(tender,))
    await till.market.fact(order, FactKind.AUTHORISED)
    await till.market.cancels(order)
    await till.works()
    after = await till.order(order)
    assert (after.tenders[0].authorised_minor, after.tenders[0].released_minor) == (0, 4000)
    assert [one["status"] for one in fake.ledger()["captures"]] == ["canceled"]
    assert fake.ledger()["refunds"] == []
    await till.hears()
    assert [one[1] for one in await till.outcomes()] == ["no_news"]


async def test_a_sellers_own_account_is_acted_for_when_it_is_heard_of(till, connected, fake):
    await connected.connect("paypal_main", "paypal", Secrets("", (WEBHOOK,)), "operator:ops", own=True, direct=True)
    paid = fake.capture(4000, wire="paypal", account="SELLER1")
    tender = Tender(id="t", method="paypal", amount_minor=4000, payment=paid.id, account="SELLER1")
    order = await till.market.order(Stage.REVIEW, tenders=(tender,))
    await fan_out.sweep(till.due)
    fake.refund_by_hand(paid.id, 1000)
    fake.dispute(paid.id, 1500)
    await till.hears()
    assert (await till.order(order)).tenders[0].taken_elsewhere_minor == 2500


# Signatures.


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        (lambda fake, body: fake.signed(body + " "), "of other bytes"),
        (lambda fake, body: fake.signed(body, at=time.time() - 4 * 86400 - 60), "more than four days old"),
        (lambda fake, body: fake.signed(body, at=time.time() + 400), "ahead of our clock"),
        (lambda fake, body: fake.signed(body, certificate="CERT-OTHER"), "a certificate of another machine of theirs"),
        (lambda fake, body: fake.signed(body, certificate="CERT-ENDED"), "a certificate that has ended"),
        (lambda fake, body: fake.signed(body) | {"PAYPAL-TRANSMISSION-SIG": ""}, "no signature"),
        (lambda fake, body: fake.signed(body) | {"PAYPAL-TRANSMISSION-SIG": "?"}, "no signature at all"),
        (lambda fake, body: fake.signed(body) | {"PAYPAL-TRANSMISSION-TIME": "now"}, "no time"),
        (lambda fake, body: fake.signed(body) | {"PAYPAL-TRANSMISSION-ID": "%s|1"}, "another delivery's"),
        (lambda fake, body: fake.signed(body) | {"PAYPAL-AUTH-ALGO": "none"}, "an algorithm that is none"),
        (lambda _, body: as_stripe(body.encode()), "signed as another provider signs"),
    ],
)
async def test_only_what_paypal_signed_lately_is_kept(till, forged, why):  # WH-01, WH-07
    body = event()
    assert (await till.delivers(body, forged(till.fake, body))).status_code == 401, why
    assert await till.outcomes() == []


async def test_a_certificate_is_read_from_paypals_own_addresses_alone(till, fake):  # WH-01
    body = event()
    before = fake.usage()["requests"]
    for address in (
        fake.url.replace("127.0.0.1", "localhost") + "/v1/notifications/certs/CERT-FAKE",
        fake.url + "@elsewhere.test/v1/notifications/certs/CERT-FAKE",
        fake.url + "/v1/notifications/certs/../certs/CERT-FAKE",
        fake.url + "/v1/notifications/certs/CERT-FAKE?more",
        "file:///etc/hostname",
        "",
    ):
        forged = fake.signed(body) | {"PAYPAL-CERT-URL": address}
        assert (await till.delivers(body, forged)).status_code == 401, address
    assert fake.usage()["requests"] == before, "nobody was asked"


async def test_who_makes_up_certificates_does_not_make_us_ask_for_each(till, fake):  # WH-07
    body = event()
    before = fake.usage()["requests"]
    answers = [
        (await till.delivers(body, fake.signed(body, certificate=f"CERT-{number}"))).status_code for number in range(20)
    ]
    assert answers == [401] + [503] * 19
    assert fake.usage()["requests"] == before + 1


async def test_a_certificate_is_read_once_and_one_that_cannot_be_read_comes_later(till, fake):  # WH-01, WH-02
    fake.script("hang_before", "certificate", seconds=0.1)
    fake.script("error_before", "certificate", nth=2)
    for _ in range(2):
        assert (await till.delivers(event())).status_code == 503, "they try again"
    before = fake.usage()["requests"]
    for number in range(5):
        assert (await till.delivers(event(f"WH-{number}"))).status_code == 200
    assert fake.usage()["requests"] == before + 1
    assert len(await till.outcomes()) == 5


async def test_two_webhooks_hold_while_one_takes_over(till, connected, fake):  # WH-01
    assert (await till.delivers(event("WH-1"))).status_code == 200
    await connected.connect("paypal_main", "paypal", Secrets("", (NEXT, WEBHOOK)), "operator:ops", own=True)
    assert (await till.delivers(event("WH-2"))).status_code == 200
    for webhooks in ((NEXT,), ()):
        await connected.connect("paypal_main", "paypal", Secrets("", webhooks), "operator:ops", own=True)
        assert (await till.delivers(event("WH-3"))).status_code == 401


async def test_one_message_is_one_row_and_an_unknown_one_is_set_aside(till):  # WH-02, WH-05
    for _ in range(3):
        assert (await till.delivers(event())).status_code == 200
    await till.reads()
    assert await till.outcomes() == [("SOMETHING.NEW", "set_aside", "unknown_type")]
    for name, odd in (("WH-2", {"status": "?"}), ("WH-3", {"id": "1", "payer": []})):
        assert (await till.delivers(event(name, "PAYMENT.CAPTURE.REFUNDED", "refund", **odd))).status_code == 200
    assert (await till.delivers(event("WH-4", "PAYMENT.AUTHORIZATION.VOIDED", "authorization"))).status_code == 200
    await till.reads()
    assert [(outcome, cause) for _, outcome, cause in await till.outcomes()] == [
        ("set_aside", "unknown_type"),
        ("set_aside", "unreadable"),
        ("set_aside", "unreadable"),
        ("no_news", ""),
    ]


async def test_of_two_providers_each_hears_only_its_own(till, connected, fake):  # WH-01
    of_another = Secrets("sk_test_fake", ("whsec_fake_secret_of_no_value",), fake.url)
    await connected.connect("stripe_main", "stripe", of_another, "operator:ops")
    assert (await till.delivers(event(), connection="stripe_main")).status_code == 401
    body = of_stripe().decode()
    assert (await till.delivers(body, as_stripe(of_stripe()))).status_code == 401
    assert (await till.delivers(body, as_stripe(of_stripe()), connection="stripe_main")).status_code == 200


# Connections.


async def test_an_operator_connects_paypal_and_nobody_sees_the_secret_again(people, desk, fake, connected):
    answer = await people.ops.get("/v1/providers")
    (told,) = answer.json()["providers"]
    assert (told["kind"], told["test"], told["account"], told["own"]) == ("paypal", True, "FAKEMERCHANT1", True)
    kept = await desk.pool.fetchval("SELECT secrets FROM provider_connections")
    assert "fake-secret" not in answer.text
    assert b"fake-secret" not in kept
    checked = (await people.ops.get("/v1/providers/paypal_main/check")).json()
    assert (checked["trouble"], checked["account"], checked["test"]) == ("", "FAKEMERCHANT1", True)
    fake.set(paypal_secret="another")
    fake.advance(86400)
    checked = (await people.ops.get("/v1/providers/paypal_main/check")).json()
    assert checked["trouble"] == "refused"


async def test_what_cannot_be_connected_says_what_is_wrong_and_changes_nothing(people, fake, connected):
    good = {"kind": "paypal", "client_id": "fake-client", "key": "fake-secret"}
    for more, field in (
        ({"kind": "bank"}, "/kind"),
        ({"client_id": ""}, "/client_id"),
        ({"client_id": "two words"}, "/client_id"),
        ({"key": ""}, "/key"),
        ({"key": "short"}, "/key"),
        ({"webhook_secrets": ["whsec_of_stripe"]}, "/webhook_secrets"),
        ({"webhook_secrets": [WEBHOOK, NEXT, WEBHOOK]}, None),
        ({"kind": "stripe", "key": "sk_test_fake"}, "/client_id"),
    ):
        answer = await people.ops.send("PUT", "/v1/providers/other", good | more)
        assert answer.status_code in {400, 422}
        assert field is None or answer.json()["errors"][0]["pointer"] == field
        assert "fake-secret" not in answer.text
    for wrong in (secrets(fake, key="of-somebody-else"), secrets(fake, client="somebody-else")):
        with pytest.raises(InvalidField) as refused:
            await connected.connect("other", "paypal", wrong, "operator:ops")
        assert refused.value.params["field"] == "/key"
    # A secret that is kept is of the client it was kept with, and of its kind.
    for kept, kind in ((Secrets("", client="somebody-else"), "paypal"), (Secrets(""), "stripe")):
        with pytest.raises(InvalidField):
            await connected.connect("paypal_main", kind, kept, "operator:ops")
    fake.script("error_before", "token")
    with pytest.raises(Unavailable):
        await connected.connect("other", "paypal", secrets(fake), "operator:ops")
    assert [(one.name, one.version) for one in await connected.all()] == [("paypal_main", 1)]


async def test_keys_are_tried_live_first_and_kept_where_they_are_good(desk, fake, monkeypatch):
    with Provider() as live:
        live.set(paypal_secret="live-secret", paypal_merchant="LIVEMERCHANT1")
        monkeypatch.setattr(kinds, "PAYPAL_LIVE", live.url)
        monkeypatch.setattr("rescind.providers.paypal.PAYPAL_LIVE", live.url)
        monkeypatch.setitem(KINDS, "paypal", msgspec.structs.replace(KINDS["paypal"], places=(live.url, fake.url)))
        connect = desk.connected.connect
        for key, test, account in (("fake-secret", True, "FAKEMERCHANT1"), ("live-secret", False, "LIVEMERCHANT1")):
            view = await connect("main", "paypal", Secrets(key, client="fake-client"), "operator:ops")
            assert (view.test, view.account) == (test, account)
        asked = live.usage()["requests"]
        desk.connected._pretend = True
        with pytest.raises(InvalidField):
            await desk.connected.connect(
                "demo", "paypal", Secrets("live-secret", (), "", "fake-client"), "operator:ops"
            )
        assert live.usage()["requests"] == asked, "a demonstration does not even ask there"
