"""A refund that fails for good, or stays unclear too long, is told to those who can do something about it (KF-15)."""

from datetime import timedelta

from postgres.market import audit, worked
from rescind.app import make_app
from rescind.core.parts import Tender
from rescind.providers.router import Fixed, Router
from rescind.providers.sandbox import Sandbox
from web.consoles import Person

ALERTS = "/v1/refund-alerts"


async def cancelled(market, price):
    """An order of this price, cancelled, and its refund sent; the sandbox answers by the last two digits."""
    order = await market.order(price=price)
    refund = (await market.cancels(order)).order.refunds[-1].id
    await worked(market)
    return order, refund


async def test_a_refund_that_failed_is_told_with_count_and_age_until_it_is_settled(people, market):  # KF-15
    assert (await people.host.get(ALERTS)).json() == {"alerts": []}
    assert (await people.nobody.get("/healthz")).json()["refunds"] == "ok"
    order, refund = await cancelled(market, 2013)
    since = market.clock.read()
    market.clock.advance(timedelta(hours=3))
    await cancelled(market, 3013)
    (alert,) = (await people.host.get(ALERTS)).json()["alerts"]
    assert (alert["kind"], alert["count"], alert["unowned"]) == ("failed", 2, 2)
    assert alert["since"] == since.isoformat().replace("+00:00", "Z")
    health = await people.nobody.get("/healthz")
    assert (health.status_code, health.json()["status"], health.json()["refunds"]) == (200, "ok", "attention")
    await people.sue.post(f"/v1/refunds/{refund}/take", {})
    assert (await people.sue.get(ALERTS)).json()["alerts"][0]["unowned"] == 1
    way = {"way": "paid_out", "voucher": "V-1"}
    assert (await people.sue.post(f"/v1/orders/{order}/refunds/{refund}/settlement", way)).status_code == 201
    assert (await people.ops.get(ALERTS)).json()["alerts"][0]["count"] == 1
    for who in (people.ann, people.sam):
        assert (await who.get(ALERTS)).status_code == 403


async def test_what_is_unclear_is_told_after_a_day_and_not_before(people, market):  # KF-15, I-07
    order, _ = await cancelled(market, 1017)
    began = market.clock.read()
    rows = await market.pool.fetch("SELECT order_id, unclear_at FROM unclear_refunds")
    assert [row["order_id"] for row in rows] == [order]
    assert rows[0]["unclear_at"] <= began
    market.clock.set(rows[0]["unclear_at"] + timedelta(hours=24, seconds=-1))
    assert (await people.sue.get(ALERTS)).json()["alerts"] == []
    assert (await people.nobody.get("/healthz")).json()["refunds"] == "ok"
    market.clock.advance(timedelta(seconds=1))
    (alert,) = (await people.sue.get(ALERTS)).json()["alerts"]
    assert (alert["kind"], alert["count"]) == ("unclear", 1)
    assert (await people.nobody.get("/healthz")).json()["refunds"] == "attention"
    await worked(market)
    assert (await market.read(order)).refunds[0].status == "succeeded"
    assert await market.pool.fetch("SELECT FROM unclear_refunds") == []
    assert (await people.sue.get(ALERTS)).json()["alerts"] == []


async def test_support_and_operators_read_it_on_their_first_pages_in_their_language(desk, people, market):
    await cancelled(market, 2013)
    app = make_app(desk)
    robin = await Person(app).sign_in(desk, "support", "robin")
    page = await robin.see("/support")
    for said in ("1 refund failed.", "Somebody has to find another way.", "Looked after by nobody: 1."):
        assert said in page.text
    assert 'href="/support/refunds?state=failed"' in page.raw
    ines = await Person(app, "zh").sign_in(desk, "operator", "ines")
    assert "1 笔退款失败。" in (await ines.see("/operator/installation")).text
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "refund failed" not in (await ann.see("/orders")).text


async def test_what_cannot_be_sent_is_told_with_whose_move_it_is_and_has_a_way_on(people, market, desk):  # KF-15, KF-16
    order, refund = await cancelled(market, 2014)
    (alert,) = (await people.host.get(ALERTS)).json()["alerts"]
    assert (alert["kind"], alert["count"], alert["unowned"]) == ("not_sent", 1, 1)
    assert (await people.nobody.get("/healthz")).json()["refunds"] == "attention"
    state = (await people.sue.get(f"/v1/orders/{order}")).json()
    assert {"actor": "support", "action": "resolve_failed_refund", "about": refund}.items() <= next(
        one for one in state["next_actions"] if one["about"] == refund
    ).items()
    robin = await Person(make_app(desk)).sign_in(desk, "support", "robin")
    assert "1 refund cannot be sent." in (await robin.see("/support")).text
    page = await robin.see(f"/support/orders/{order}")
    assert "A refund cannot be sent" in page.text
    assert "Once that is put right" not in page.text
    way = {"way": "paid_out", "voucher": "V-7"}
    settled = await people.sue.post(f"/v1/orders/{order}/refunds/{refund}/settlement", way)
    assert (settled.status_code, settled.json()["refunds"][0]["status"]) == (201, "succeeded")
    assert (await people.ops.get(ALERTS)).json() == {"alerts": []}
    assert (await market.pool.fetch("SELECT FROM unsent_refunds"), await audit(market.pool)) == ([], 1)


async def test_what_waits_for_the_installation_is_the_operators(people, market):  # KF-16
    tenders = (Tender(id="t", method="card", amount_minor=2000, provider="nobody_here"),)
    order = await market.order(price=2000, tenders=tenders)
    refund = (await market.cancels(order)).order.refunds[-1].id
    await worked(market, Router(Fixed(Sandbox())))
    assert [one["kind"] for one in (await people.ops.get(ALERTS)).json()["alerts"]] == ["not_set_up"]
    state = (await people.ops.get(f"/v1/orders/{order}")).json()
    (move,) = [one for one in state["next_actions"] if one["about"] == refund]
    assert (move["actor"], move["action"], move["if_silent"]) == ("operator", "connect_provider", "try_again")
