"""Where money goes: through the connection it came by, in amounts that one takes, and never as credit to a provider."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from api.test_providers import SECRET, Till, connected, fake, running
from postgres.market import HOST, audit
from rescind import connections
from rescind.app import provider
from rescind.clock import wall_clock
from rescind.connections import Secrets
from rescind.core.errors import TrialRefused
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind, RefundStatus, Tender
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.postgres.reconciliation import Reconciliations, in_parts
from rescind.worker import fan_out, messages, reconciliation, refunds
from scenarios.shop import item, kwd

__all__ = ["connected", "fake", "running"]


@pytest.fixture
async def till(desk, market, people, connected, fake):
    return Till(desk, market, people, fake)


async def works(till):
    """Everything that is to be sent, by the way the running program sends it."""
    await refunds.sweep(till.desk.engine, till.due, provider(till.desk))


async def placed(till, currency, price, tenders, **more):
    order = await till.market.order(Stage.REVIEW, currency=currency, price=price, tenders=tuple(tenders), **more)
    while await fan_out.sweep(till.due):
        pass
    return order


async def test_three_cups_in_dinars_go_back_at_stripe_in_two_parts(till):  # KF-08, I-02
    paid = till.fake.capture(3860, "KWD")
    line = item("1", kwd("1.300"), 3, discount=kwd("0.040"))
    tender = Tender(id="t", method="card", amount_minor=3860, payment=paid.id)
    order = await placed(till, "KWD", 1300, [tender], lines=(line,))
    await till.market.cancels(order, lines={"1": 1})
    await works(till)
    await till.market.cancels(order, lines={"1": 2})
    await works(till)
    after = await till.order(order)
    assert [one.status for one in after.refunds] == [RefundStatus.SUCCEEDED] * 2
    assert sum(one["amount"] for one in till.fake.ledger()["refunds"]) == 3860
    assert (after.tenders[0].provider, after.tenders[0].step_minor) == ("stripe_main", 10)
    assert await audit(till.desk.pool) == 1


async def test_credit_and_what_no_provider_takes_is_paid_out_by_the_marketplace(till):  # M-15, I-04
    paid = till.fake.capture(1000)
    wechat = till.fake.capture(1000)
    tenders = [
        Tender(id="a", method="card", amount_minor=1000, payment=paid.id),
        Tender(id="b", method="gift_card", amount_minor=1000),
        Tender(id="c", method="alipay", amount_minor=1000, payment="2026112922001400000000000001"),
        Tender(id="d", method="wechat_pay", amount_minor=1000, payment=wechat.id),
    ]
    order = await placed(till, "EUR", 4000, tenders)
    await till.market.cancels(order)
    await works(till)
    after = await till.order(order)
    assert {one.tender: (one.through, one.status, one.ordered is not None) for one in after.refunds} == {
        "a": ("stripe_main", RefundStatus.SUCCEEDED, False),
        "b": ("host", RefundStatus.SUBMITTED, True),
        "c": ("host", RefundStatus.SUBMITTED, True),
        "d": ("stripe_main", RefundStatus.SUCCEEDED, False),
    }
    assert len(till.fake.ledger()["refunds"]) == 2
    waiting = (await till.people.sue.get("/v1/refund-orders")).json()["rows"]
    assert [one["amount"]["amount"] for one in waiting] == [1000, 1000]


async def test_credit_in_place_of_a_failed_refund_is_given_by_the_marketplace(till):  # I-04
    order, _ = await till.paid()
    await till.market.asks(order)
    till.fake.script("failed")
    await works(till)
    refund = (await till.order(order)).refunds[0]
    assert refund.status is RefundStatus.FAILED
    way = {"way": "store_credit", "consent": "By telephone."}
    assert (await till.people.sue.post(f"/v1/orders/{order}/refunds/{refund.id}/settlement", way)).status_code == 201
    await works(till)
    credit = (await till.order(order)).refunds[-1]
    assert (credit.into, credit.through, credit.status) == ("store_credit", "host", RefundStatus.SUBMITTED)


async def test_what_is_under_way_stays_where_it_was_asked_whichever_is_chosen_since(till, fake):  # WH-03, KF-16
    order, _ = await till.paid()
    other, _ = await till.paid()
    await till.market.asks(order)
    till.fake.script("pending")
    await works(till)
    assert (await till.order(order)).refunds[0].status is RefundStatus.SUBMITTED
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await till.desk.connected.connect("stripe_other", "stripe", secrets, "operator:ops", own=True)
    till.fake.move_refund(till.fake.ledger()["refunds"][0]["id"], "succeeded")
    await till.hears()
    assert (await till.order(order)).refunds[0].status is RefundStatus.SUCCEEDED
    await till.market.asks(other)
    await works(till)
    after = await till.order(other)
    assert (after.refunds[0].through, after.tenders[0].provider) == ("stripe_main", "stripe_main")
    assert {outcome for _, outcome, _ in await till.outcomes()} <= {"done", "no_news"}


async def test_a_promise_is_let_go_with_its_last_part_and_the_first_waits(till):  # KF-11
    held = till.fake.capture(6000, status="requires_capture")
    tender = Tender(id="t", method="card", amount_minor=6000, payment=held.id)
    order = await till.market.order(Stage.UNPAID, price=3000, units=2, tenders=(tender,))
    await till.market.fact(order, "authorised")
    await fan_out.sweep(till.due)
    await till.market.cancels(order, lines={"1": 1})
    await works(till)
    (first,) = (await till.order(order)).refunds
    assert (first.status, first.cause) == (RefundStatus.OWED, "still_held")
    assert till.fake.ledger()["captures"][0]["status"] == "requires_capture"
    assert (await till.people.host.get("/v1/refund-alerts")).json() == {"alerts": []}, "it waits for nobody"
    await till.market.cancels(order, lines={"1": 1})
    await works(till)
    assert [one.status for one in (await till.order(order)).refunds] == [RefundStatus.SUCCEEDED] * 2
    assert till.fake.ledger()["captures"][0]["status"] == "canceled"
    assert await audit(till.desk.pool) == 1


async def test_of_a_promise_that_two_orders_share_the_last_lets_go(till):  # KF-11
    held = till.fake.capture(8000, status="requires_capture")
    tender = Tender(id="t", method="card", amount_minor=4000, payment=held.id)
    orders = [await till.market.order(Stage.UNPAID, tenders=(tender,)) for _ in range(2)]
    for one in orders:
        await till.market.fact(one, "authorised")
    while await fan_out.sweep(till.due):
        pass
    for one in orders:
        await till.market.cancels(one)
        await works(till)
    stands = [(await till.order(one)).refunds[0].status for one in orders]
    assert stands == [RefundStatus.SUCCEEDED] * 2
    assert till.fake.ledger()["captures"][0]["status"] == "canceled"


@pytest.fixture
async def trial(desk):
    """Somebody chose to try without money."""
    await desk.connected.connect("sandbox", "sandbox", Secrets(""), "operator:ops", own=True)


async def test_without_a_provider_a_refund_is_owed_until_one_is_connected(desk, market, people, fake):  # KF-16, I-05
    till = Till(desk, market, people, fake)
    order, _ = await till.paid()
    credit = await placed(till, "EUR", 4000, [Tender(id="t", method="gift_card", amount_minor=4000)])
    for one in (order, credit):
        await market.cancels(one)
    await works(till)
    (owed,) = (await till.order(order)).refunds
    assert (owed.status, owed.cause, owed.reference) == (RefundStatus.OWED, "not_set_up", "")
    assert (await till.order(credit)).refunds[0].through == "host", "it is the marketplace's own, as ever (M-15)"
    (alert,) = (await people.host.get("/v1/refund-alerts")).json()["alerts"]
    assert (alert["kind"], alert["count"]) == ("not_set_up", 1)
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
    # It is tried again after a quarter of an hour, by the clock and by the lease, which is in the database's own time.
    market.clock.advance(timedelta(minutes=16))
    await desk.pool.execute("UPDATE due SET lease_until = clock_timestamp() WHERE kind = 'refund'")
    await works(till)
    (sent,) = (await till.order(order)).refunds
    assert (sent.status, sent.through) == (RefundStatus.SUCCEEDED, "stripe_main")
    assert len(fake.ledger()["refunds"]) == 1


async def test_a_trial_is_chosen_by_name_and_says_what_it_is(desk, market, people, fake):  # KF-16
    till = Till(desk, market, people, fake)
    chosen = {"kind": "sandbox", "own": True}
    refused = await people.ops.send("PUT", "/v1/providers/main", chosen)
    assert (refused.status_code, "sandbox" in refused.json()["detail"]) == (422, True)
    assert (await people.ops.send("PUT", "/v1/providers/sandbox", chosen)).status_code == 200
    order = await placed(till, "EUR", 4000, [Tender(id="t", method="card", amount_minor=4000)])
    await market.cancels(order)
    await works(till)
    (told,) = (await people.host.get(f"/v1/orders/{order}")).json()["refunds"]
    assert (told["status"], told["trial"]) == ("submitted", True)
    assert await desk.connected.trial()
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
    assert not await desk.connected.trial(), "who is connected for these payments ends it"


TENDERS = {"card": "card", "gift_card": "gift card", "bank_transfer": "transfer"}


@pytest.mark.parametrize("seed", range(3))
async def test_no_debt_ends_in_a_trial_whatever_is_connected_tried_and_ended(desk, market, fake, seed):  # KF-16, I-06
    dice, due = Random(seed), DueTable(desk.pool, desk.clock)
    paid_on_trial, stopped = {}, set()
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    for act in dice.choices(("try", "try", "end", "leave", "pay", "pay", "cancel", "cancel"), k=24):
        market.clock.advance(timedelta(minutes=20))
        on_trial = await desk.connected.trial()
        if act == "try" and not on_trial:
            with suppress(TrialRefused):
                await desk.connected.connect("sandbox", "sandbox", Secrets(""), "operator:ops", own=True)
        elif act == "end" and on_trial:
            await desk.connected.end_trial("operator:ops")
        elif act == "leave":
            # Beside a test key that payments do not go to a trial may begin; one that they go to ends it.
            await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=not dice.randrange(4))
        elif act == "pay":
            method = dice.choice(list(TENDERS))
            order = await market.order(price=4000, tenders=(Tender(id="t", method=method, amount_minor=4000),))
            paid_on_trial[order] = on_trial
        elif act == "cancel" and (left := sorted(paid_on_trial.keys() - stopped)):
            stopped.add(one := dice.choice(left))
            await market.cancels(one)
        await desk.pool.execute("UPDATE due SET lease_until = clock_timestamp() WHERE kind = 'refund'")
        await refunds.sweep(desk.engine, due, provider(desk))
        tried = {
            one: [each.reference.startswith("sandbox-") for each in (await market.read(one)).refunds] for one in stopped
        }
        assert tried == {one: [paid_on_trial[one]] for one in stopped}
    assert await audit(desk.pool) == len(paid_on_trial)


async def test_a_trial_tries_no_debt_from_before_it_and_keeps_what_was_told_late_as_owed(desk, market, people):  # KF-16
    due = DueTable(desk.pool, desk.clock)
    card = (Tender(id="t", method="card", amount_minor=4000),)
    before = await market.order(tenders=card)
    late = await market.order(Stage.UNPAID, tenders=card)
    paid_at = market.clock.read()
    market.clock.advance(timedelta(minutes=20))
    await desk.connected.connect("sandbox", "sandbox", Secrets(""), "operator:ops", own=True)
    command = ReportFact(order=late, fact=FactKind.PAID, occurred_at=paid_at)
    await market.does(command, HOST)
    for one in (before, late):
        await market.cancels(one)
    await refunds.sweep(desk.engine, due, provider(desk))
    for one in (before, late):
        (owed,) = (await market.read(one)).refunds
        assert (owed.status, owed.cause, owed.reference) == (RefundStatus.OWED, "not_set_up", "")
    (alert,) = (await people.host.get("/v1/refund-alerts")).json()["alerts"]
    assert (alert["kind"], alert["count"]) == ("not_set_up", 2)


async def test_no_trial_begins_beside_a_provider_that_payments_go_to(till):  # KF-16
    refused = await till.people.ops.send("PUT", "/v1/providers/sandbox", {"kind": "sandbox", "own": True})
    assert (refused.status_code, refused.json()["connection"]) == (409, "stripe_main")
    assert refused.json()["type"].endswith("trial-refused")
    assert not await till.desk.connected.trial()


async def test_what_was_tried_and_turns_out_to_be_real_is_owed_again_and_sent(
    desk, market, people, fake, trial
):  # KF-16
    till = Till(desk, market, people, fake)
    tender = Tender(id="t", method="card", amount_minor=4000)
    order = await placed(till, "EUR", 2000, [tender], units=2)
    for _ in range(2):
        await market.cancels(order, lines={"1": 1})
        await works(till)
    first, second = (await till.order(order)).refunds
    path = f"/v1/orders/{order}/refunds/{first.id}/owed-again"
    assert (await people.sue.post(path, {})).status_code == 403, "an operator's act"
    said = await people.ops.post(path, {"comment": "The buyer showed the statement."})
    assert said.status_code == 201, said.text
    assert [one["status"] for one in said.json()["refunds"]] == ["owed", "owed"], "it is said of the payment"
    assert await audit(desk.pool) == 1
    assert (await people.ops.post(path, {})).status_code == 409, "once"
    await desk.connected.end_trial("operator:ops")
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
    market.clock.advance(timedelta(minutes=16))
    await desk.pool.execute("UPDATE due SET lease_until = clock_timestamp() WHERE kind = 'refund'")
    await works(till)
    after = await till.order(order)
    assert [(one.status, one.settled) for one in after.refunds[:2]] == [(RefundStatus.FAILED, "again")] * 2
    assert {one.through or one.cause for one in after.refunds[2:]} <= {"stripe_main", "details_invalid"}
    assert not after.tenders[0].trial
    assert second.through == "sandbox"


async def test_the_first_provider_strands_nothing_that_the_sandbox_took(desk, market, people, fake, trial):  # KF-16
    till = Till(desk, market, people, fake)
    order = await placed(till, "EUR", 4000, [Tender(id="t", method="card", amount_minor=4000)])
    await market.cancels(order)
    await works(till)
    assert (await till.order(order)).refunds[0].through == "sandbox"
    secrets = Secrets("sk_test_fake", (SECRET,), fake.url)
    await desk.connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
    till.market.clock.advance(timedelta(hours=1))
    await works(till)
    assert (await till.order(order)).refunds[0].status is RefundStatus.SUCCEEDED
    assert till.fake.ledger()["refunds"] == []


@pytest.mark.parametrize(
    ("price", "stands"),
    [
        (1011, ["succeeded"]),
        (1012, ["succeeded", "failed"]),
        (1013, ["failed"]),
        (1014, ["owed"]),
        (1017, ["in_doubt", "succeeded"]),
        (1018, ["in_doubt", "in_doubt"]),
        (1000, ["submitted", "succeeded"]),
    ],
)
async def test_of_the_sandbox_every_outcome_can_be_had_by_the_amount(desk, market, trial, price, stands):
    due = DueTable(desk.pool, desk.clock)
    order = await market.order(price=price)
    await market.cancels(order)
    for wanted in stands:
        await refunds.sweep(desk.engine, due, provider(desk))
        await messages.sweep(desk.engine, desk.connected)
        assert (await market.read(order)).refunds[0].status == wanted
        market.clock.advance(timedelta(minutes=20))
    assert await audit(desk.pool) == 1


async def test_what_the_order_knows_as_taken_elsewhere_is_no_difference(till):  # I-10
    order, paid = await till.paid()
    till.fake.refund_by_hand(paid.id, 1000)
    now = wall_clock()
    known = till.fake.refund_by_hand(till.fake.capture(500).id, 500)

    async def compared():
        adapter = await till.desk.connected.provider("")
        theirs = in_parts(adapter.refunds(now - timedelta(days=1), now + timedelta(days=1)))
        table = Reconciliations(till.desk.pool)
        span = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
        done = await reconciliation.reconcile(
            till.desk.engine, table, theirs, provider="", source="stripe_main", by="ops", **span
        )
        return [one.their_reference for one in await table.differences(done.number)]

    assert len(await compared()) == 2, "nobody has told the order yet"
    await till.hears(only={"refund.created"})
    assert (await till.order(order)).tenders[0].taken_elsewhere_minor == 1000
    assert await compared() == [known]


async def test_a_provider_that_hangs_while_its_key_is_tried_is_unreachable(till, monkeypatch):
    monkeypatch.setattr(connections, "CHECKED_IN_S", 0.5)
    till.fake.script("hang_before", "balance.read", times=5)
    checked = await till.people.ops.get("/v1/providers/stripe_main/check")
    assert (checked.status_code, checked.json()["trouble"]) == (200, "unreachable")
    till.fake.behave()


async def test_a_name_of_the_desks_own_is_refused_as_such(till):
    for name in ("sandbox", "host"):
        refused = await till.people.ops.send("PUT", f"/v1/providers/{name}", {"kind": "stripe", "key": "sk_test_fake"})
        assert (refused.status_code, "desk's own" in refused.json()["detail"]) == (422, True), refused.text
