"""A provider is connected, told of refunds, and tells us: a real database, real HTTP, a strict provider of its own."""

import asyncio
import hashlib
import hmac
import json
import time

import pytest

from postgres.market import audit
from provider.client import Provider
from rescind.connections import Secrets
from rescind.core.errors import InvalidField, Unavailable
from rescind.core.parts import FactKind, RefundStatus, Tender
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.providers.router import Router
from rescind.worker import fan_out, messages, refunds

SECRET, NEXT = "whsec_fake_secret_of_no_value", "whsec_the_one_that_takes_over"


@pytest.fixture(scope="module")
def running():
    with Provider() as running:
        yield running


@pytest.fixture
def fake(running):
    running.clear()
    running.subscribe()
    yield running
    assert running.usage()["broken"] == 0


@pytest.fixture
async def connected(desk, fake):
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
    return desk.connected


class Till:
    """An order that was paid at the provider, and the work that is due."""

    def __init__(self, desk, market, people, fake):
        self.desk, self.market, self.people, self.fake = desk, market, people, fake
        self.due = DueTable(desk.pool, desk.clock)
        self.told, self.late = 0, False

    async def paid(self, stage=Stage.REVIEW, **more):
        paid = self.fake.capture(4000)
        tender = Tender(id="t", method="card", amount_minor=4000, payment=paid.id, **more)
        order = await self.market.order(stage, tenders=(tender,))
        while await fan_out.sweep(self.due):
            pass
        return order, paid

    async def works(self):
        await refunds.sweep(self.desk.engine, self.due, Router(self.desk.connected))

    async def hears(self, *, times=1, only=None):
        """Deliver what the provider has sent since, each ``times``, and read it."""
        new = self.fake.messages()[self.told :]
        self.told += len(new)
        for one in [*new, *new[::-1] * (times - 1)]:
            if only is None or one["name"] in only:
                # They sign by their own clock, which a test may have moved.
                headers = signed(one["body"].encode()) if self.late else one["headers"]
                assert (await self.delivers(one["body"], headers)).status_code == 200
        return await self.reads()

    async def delivers(self, body, headers, connection="stripe_main"):
        return await self.people.nobody.client.post(
            f"/v1/providers/{connection}/webhooks", content=body, headers=headers
        )

    async def reads(self):
        done = 0
        while count := await messages.sweep(self.desk.engine, self.desk.connected):
            done += count
        return done

    async def order(self, order):
        return await self.market.read(order)

    async def outcomes(self):
        rows = await self.desk.pool.fetch("SELECT type, outcome, cause FROM provider_messages ORDER BY received_at")
        return [tuple(row) for row in rows]


@pytest.fixture
async def till(desk, market, people, connected, fake):
    return Till(desk, market, people, fake)


def signed(body, secret=SECRET, at=None):
    stamp = int(time.time() if at is None else at)
    signature = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "stripe-signature": f"t={stamp},v1={signature}"}


def event(identifier="evt_1", kind="something.new", livemode=False, thing=None):
    thing = thing or {"object": "something", "id": "some_1"}
    return json.dumps({"id": identifier, "type": kind, "livemode": livemode, "data": {"object": thing}}).encode()


async def test_a_refund_goes_out_and_its_own_message_is_no_news(till):  # KF-14, WH-03
    order, paid = await till.paid()
    assert await till.desk.connected.nowhere((await till.order(order)).tenders) == frozenset(), "a day is promised"
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
    till.late = True
    await till.hears(times=2)
    after = await till.order(order)
    assert after.refunds[0].status is RefundStatus.FAILED
    assert (after.tenders[0].refunded_minor, after.tenders[0].reserved_minor) == (0, 0)
    assert await audit(till.desk.pool) == 1


async def test_a_dispute_takes_money_once_and_an_inquiry_none(till):  # I-10
    order, paid = await till.paid()
    inquiry = till.fake.dispute(paid.id, 1500, inquiry=True)
    await till.hears()
    assert (await till.order(order)).tenders[0].taken_elsewhere_minor == 0
    till.fake.move_dispute(inquiry, "needs_response")
    await till.hears(times=3)
    after = await till.order(order)
    assert after.tenders[0].taken_elsewhere_minor == 1500
    assert [one.reference for one in after.reports if one.fact is FactKind.CHARGED_BACK] == [inquiry]
    till.fake.move_dispute(inquiry, "won")
    await till.hears()
    after = await till.order(order)
    assert after.tenders[0].taken_elsewhere_minor == 0
    assert [(one.outcome, one.returned_minor) for one in after.chargebacks] == [("won", 1500)]
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


async def test_what_a_message_says_of_a_dispute_is_not_believed_but_asked(till):  # WH-03, I-10
    order, paid = await till.paid()
    made = till.fake.dispute(paid.id, 1500)
    thing = {"object": "dispute", "id": made, "amount": 4000, "currency": "eur", "created": 1, "status": "lost"}
    thing["payment_intent"] = paid.id
    for name, said in (("evt_late", thing), ("evt_unknown", thing | {"id": "dp_of_nobody"})):
        body = event(name, "charge.dispute.closed", thing=said)
        assert (await till.delivers(body, signed(body))).status_code == 200
    await till.reads()
    after = await till.order(order)
    assert [(one.reference, one.amount_minor, one.outcome) for one in after.chargebacks] == [(made, 1500, "")]
    assert sorted(outcome for _, outcome, _ in await till.outcomes()) == ["done", "set_aside"]
    till.fake.move_dispute(made, "won")
    # The message that opened it is read only now: how it stands is how it ended.
    await till.hears(only={"charge.dispute.created"})
    assert [(one.outcome, one.returned_minor) for one in (await till.order(order)).chargebacks] == [("won", 1500)]
    assert await audit(till.desk.pool) == 1


async def test_a_refund_made_by_hand_is_not_made_again(till):  # I-10, KF-14
    order, paid = await till.paid()
    made = till.fake.refund_by_hand(paid.id, 4000)
    await till.hears(times=2)
    after = await till.order(order)
    assert after.tenders[0].taken_elsewhere_minor == 4000
    assert [one.reference for one in after.reports if one.fact is FactKind.REFUNDED_ELSEWHERE] == [made]
    await till.market.asks(order)
    await till.works()
    assert (await till.order(order)).refunds == ()
    assert len(till.fake.ledger()["refunds"]) == 1


async def test_money_that_came_in_is_told_by_the_provider_too(till):  # KF-17
    order, _ = await till.paid(Stage.UNPAID)
    waiting = till.fake.capture(4000, status="processing")
    other = await till.market.order(
        Stage.UNPAID, tenders=(Tender(id="t", method="card", amount_minor=4000, payment=waiting.id),)
    )
    await fan_out.sweep(till.due)
    till.fake.move_capture(waiting.id, "succeeded")
    await till.hears(times=2)
    assert (await till.order(other)).tenders[0].captured_minor == 4000
    assert (await till.order(order)).tenders[0].captured_minor == 0, "of that one nothing was said"


async def test_what_finds_no_order_waits_and_then_a_person_looks(till, clock):  # WH-05
    till.fake.refund_by_hand(till.fake.capture(4000).id)
    await till.hears(only={"refund.created"})
    assert [outcome for _, outcome, _ in await till.outcomes()] == [""], "the order may come yet"
    for _ in range(12):
        clock.set(clock.read() + messages.LEASE * 20)
        await till.reads()
    assert await till.outcomes() == [("refund.created", "set_aside", "unknown_payment")]
    listed = (await till.people.ops.get("/v1/providers")).json()
    assert [(one["type"], one["cause"]) for one in listed["set_aside"]] == [("refund.created", "unknown_payment")]


async def test_a_payment_of_two_orders_is_for_a_person(till):  # WH-05
    paid = till.fake.capture(8000)
    tender = Tender(id="t", method="card", amount_minor=4000, payment=paid.id)
    orders = [await till.market.order(Stage.REVIEW, tenders=(tender,)) for _ in range(2)]
    await fan_out.sweep(till.due)
    till.fake.refund_by_hand(paid.id, 1000)
    await till.hears(only={"refund.created"})
    assert await till.outcomes() == [("refund.created", "set_aside", "shared_payment")]
    assert [(await till.order(one)).tenders[0].taken_elsewhere_minor for one in orders] == [0, 0]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"stripe-signature": ""}, "no signature"),
        (signed(event(), "whsec_of_somebody_else"), "another secret"),
        (signed(event(), at=time.time() - 3600), "an hour old"),
        (signed(event(), at=time.time() + 3600), "an hour ahead"),
        (signed(event() + b" "), "of other bytes"),
        (signed(event(), ""), "an empty secret"),
    ],
)
async def test_only_what_the_provider_signed_just_now_is_kept(till, headers, why):  # WH-01, WH-07
    answer = await till.delivers(event(), {"content-type": "application/json", **headers})
    assert answer.status_code == 401, why
    assert await till.outcomes() == []


async def test_two_secrets_hold_while_one_takes_over(till, connected, fake):  # WH-01
    assert (await till.delivers(event(), signed(event(), NEXT))).status_code == 401
    await connected.connect("stripe_main", "stripe", Secrets("", (SECRET, NEXT)), "operator:ops", own=True)
    assert (await till.delivers(event("evt_1"), signed(event("evt_1"), NEXT))).status_code == 200
    assert (await till.delivers(event("evt_2"), signed(event("evt_2")))).status_code == 200
    await connected.connect("stripe_main", "stripe", Secrets("", (NEXT,)), "operator:ops", own=True)
    assert (await till.delivers(event("evt_3"), signed(event("evt_3")))).status_code == 401


async def test_live_and_test_are_kept_apart_and_strangers_are_met_alike(till):  # WH-01, WH-07
    live = event(livemode=True)
    refused = await till.delivers(live, signed(live))
    stranger = await till.delivers(event(), signed(event()), connection="nobody_knows")
    own = await till.delivers(event(), signed(event()), connection="sandbox")
    assert {one.status_code for one in (refused, stranger, own)} == {401}
    assert refused.json()["detail"] == stranger.json()["detail"]


async def test_an_unknown_message_is_taken_and_set_aside(till):  # WH-02, WH-05
    for _ in range(3):
        assert (await till.delivers(event(), signed(event()))).status_code == 200
    await till.reads()
    assert await till.outcomes() == [("something.new", "set_aside", "unknown_type")], "one message is one row"
    odd = event("evt_2", "refund.created", thing={"object": "refund", "id": "re_1"})
    assert (await till.delivers(odd, signed(odd))).status_code == 200
    await till.reads()
    assert (await till.outcomes())[-1] == ("refund.created", "set_aside", "unreadable")


async def test_a_provider_that_is_away_while_a_message_is_read_is_asked_again(till, clock):  # WH-02
    order, _ = await till.paid()
    await till.market.asks(order)
    till.fake.script("drop_after")
    await till.works()
    till.fake.script("error_before", "refund.read", times=20)
    await till.hears(only={"refund.created"})
    assert [outcome for _, outcome, _ in await till.outcomes()] == [""]
    till.fake.behave()
    clock.set(clock.read() + messages.LEASE * 20)
    await till.reads()
    assert [outcome for _, outcome, _ in await till.outcomes()] == ["done"]
    assert (await till.order(order)).refunds[0].status is RefundStatus.SUCCEEDED


# Connections.


async def test_an_operator_connects_a_provider_and_nobody_sees_the_key_again(people, desk, fake, connected):
    answer = await people.ops.get("/v1/providers")
    (told,) = answer.json()["providers"]
    assert (told["name"], told["test"], told["account"], told["own"]) == ("stripe_main", True, "acct_fake", True)
    kept = await desk.pool.fetchval("SELECT secrets FROM provider_connections")
    assert "sk_test_fake" not in answer.text
    assert b"sk_test_fake" not in kept
    assert b"whsec" not in kept
    checked = (await people.ops.get("/v1/providers/stripe_main/check")).json()
    assert (checked["trouble"], checked["account"], checked["test"]) == ("", "acct_fake", True)
    assert (await people.ops.get("/v1/providers/nobody_knows/check")).status_code == 404
    for somebody in (people.sam, people.sue, people.ann, people.host, people.nobody):
        assert (await somebody.get("/v1/providers")).status_code in {401, 403}
        assert (await somebody.send("PUT", "/v1/providers/x", {"kind": "stripe"})).status_code in {401, 403}


async def test_refunds_of_one_moment_ask_for_their_connection_once(connected, fake, monkeypatch):
    asked, read, goes_on, find = [], asyncio.Event(), asyncio.Event(), connected.table.find

    async def counted(name):
        asked.append(name)
        found = await find(name)
        if len(asked) == 2:
            read.set()
            await goes_on.wait()
        return found

    monkeypatch.setattr(connected.table, "find", counted)
    found = await asyncio.gather(*(connected.provider("stripe_main") for _ in range(32)))
    assert (asked, len(set(found))) == (["stripe_main"], 1)

    # The connection was read, and before that is told its key is replaced.
    late = asyncio.create_task(connected.provider("stripe_main"))
    await read.wait()
    await connected.connect(
        "stripe_main", "stripe", Secrets("sk_test_fake", (NEXT,), fake.url), "operator:ops", own=True
    )
    after = await connected.provider("stripe_main")
    goes_on.set()
    await late
    assert after not in found, "what was replaced is not used again"


async def test_what_cannot_be_connected_says_what_is_wrong_and_changes_nothing(people, desk, fake, connected):
    for body, field in (
        ({"name": "sandbox", "kind": "stripe", "key": "sk_test_fake"}, "/name"),
        ({"name": "other", "kind": "bank", "key": "sk_test_fake"}, "/kind"),
        ({"name": "other", "kind": "stripe", "key": "pk_test_fake"}, "/key"),
        ({"name": "other", "kind": "stripe"}, "/key"),
        ({"name": "other", "kind": "stripe", "key": "sk_test_fake", "webhook_secrets": ["x"]}, "/webhook_secrets"),
    ):
        answer = await people.ops.send("PUT", f"/v1/providers/{body.pop('name')}", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field)
        assert "sk_test_fake" not in answer.text
    with pytest.raises(InvalidField):
        await connected.connect("other", "stripe", Secrets("sk_test_stranger", (), fake.url), "operator:ops")
    fake.script("hang_before", "balance.read")
    with pytest.raises(Unavailable):
        async with asyncio.timeout(30):
            await connected.connect("other", "stripe", Secrets("sk_test_fake", (), fake.url), "operator:ops")
    assert [one.name for one in await connected.all()] == ["stripe_main"]


async def test_a_demonstration_moves_no_real_money(connected):
    connected._pretend = True
    with pytest.raises(InvalidField) as refused:
        await connected.connect("real", "stripe", Secrets("sk_live_something"), "operator:ops")
    assert refused.value.params["field"] == "/key"
