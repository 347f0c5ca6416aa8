"""Refunds that the marketplace pays out itself: the list, one word about one of them, and many at once."""

import asyncio

import pytest

from postgres.market import KILN, LANTERN, audit, worked
from rescind.app import provider
from rescind.core.parts import Line, RefundStatus, Tender
from rescind.core.refund import ProviderOutcome
from rescind.core.scope import Scope
from rescind.core.views import RefundOrderFilters
from rescind.providers.host import Host
from rescind.providers.router import Fixed, Router
from rescind.providers.sandbox import Sandbox
from rescind.worker.refunds import refund_call

LIST = "/v1/refund-orders"
MANY = "/v1/refund-order-confirmations"


@pytest.fixture
def paid_by_host(desk):
    """The provider of an installation that pays bank transfers out itself, and all else by the sandbox."""
    return Router(Fixed(Sandbox()), Host(3, desk.paying_out.said), frozenset({"bank_transfer"}))


@pytest.fixture
def to_pay(market, paid_by_host):
    """Place an order paid by bank transfer and cancel it; gives its order and the refund's id."""

    async def made(*, price=4000, method="bank_transfer", **more):
        tender = Tender(id="t", method=method, amount_minor=price)
        line = Line(id="1", sku="MUG", quantity=1, unit_minor=price)
        order = await market.order(lines=(line,), tenders=(tender,), price=price, **more)
        outcome = await market.cancels(order)
        await worked(market, paid_by_host)
        return order, outcome.order.refunds[-1].id

    return made


def said(reference="BK-1", on="2026-05-04", amount=4000, currency="EUR"):
    return {"reference": reference, "paid_on": on, "amount": {"amount": amount, "currency": currency}}


async def test_the_host_lists_what_is_to_be_paid_confirms_it_and_everybody_sees_it(people, market, to_pay):  # M-15
    order, refund = await to_pay()
    (row,) = (await people.host.get(LIST)).json()["rows"]
    assert (row["id"], row["order"], row["status"], row["owner"]) == (refund, order, "submitted", "support")
    assert row["amount"] == {"amount": 4000, "currency": "EUR"}
    assert row["deadline"] == "2026-05-08T00:00:00Z", "three working days after Monday"
    assert (row["if_silent"], row["reference"], row["method"]) == ("escalate", "", "bank_transfer")
    answer = await people.host.post(f"{LIST}/{refund}/confirm", said("WX-77"), key=None)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["reference"], answer.json()["paid_on"]) == (
        "succeeded", "WX-77", "2026-05-04",
    )  # fmt: skip
    assert answer.json()["deadline"] is None
    assert (await people.host.get(LIST)).json()["rows"] == []
    (done,) = (await people.sue.get(LIST, state="confirmed")).json()["rows"]
    assert done["reference"] == "WX-77"
    events = (await people.host.get(f"/v1/orders/{order}/events")).json()["rows"]
    assert [one["status"] for one in events if one["refund"] == refund] == ["submitted", "succeeded"]
    tender = (await market.read(order)).tenders[0]
    assert (tender.refunded_minor, tender.reserved_minor) == (4000, 0)
    await audit(market.pool)


async def test_a_refund_of_another_means_goes_the_ordinary_way(people, market, to_pay):  # I-05
    order, refund = await to_pay(method="card")
    assert (await people.host.get(LIST, state="all")).json()["rows"] == []
    assert (await people.host.post(f"{LIST}/{refund}/confirm", said(), key=None)).status_code == 404
    assert (await market.read(order)).refunds[0].ordered is None


async def test_buyers_and_sellers_have_no_part_in_it(people, to_pay):  # I-30
    _, refund = await to_pay()
    for who in (people.ann, people.sam, people.nobody):
        for answer in (
            await who.get(LIST),
            await who.post(f"{LIST}/{refund}/confirm", said(), key=None),
            await who.post(f"{LIST}/{refund}/decline", {"code": "not_accepted"}, key=None),
            await who.post(MANY, {"rows": [said() | {"refund_order": refund}]}, key=None),
        ):
            assert answer.status_code in {401, 403}
    assert (await people.host.post(f"{LIST}/{refund}/take", {}, key=None)).status_code == 403
    sellers = (await people.sam.get("/v1/cancellations", tab="all")).json()["rows"]
    assert [one["kind"] for one in sellers] == ["cancellation"], "a seller's queue has no refund orders"


async def test_wrong_words_change_nothing_and_name_what_is_wrong(people, market, to_pay):  # I-03, E-08
    order, refund = await to_pay()
    before = await market.read(order)
    for body, status, code in (
        (said(amount=3999), 422, "refund-amount-differs"),
        (said(currency="USD"), 422, "currency-mismatch"),
        (said(on="2026-06-04"), 422, "invalid-field"),
        (said(on="2026-13-04"), 422, "invalid-field"),
        (said(reference=""), 422, "invalid-field"),
        (said(reference="   "), 422, "invalid-text"),
        (said(reference="x" * 101), 422, "invalid-text"),
        (said() | {"note": "x"}, 422, "unknown-field"),
    ):
        answer = await people.host.post(f"{LIST}/{refund}/confirm", body, key=None)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}"), answer.text
    answer = await people.sue.post(f"{LIST}/{refund}/decline", {"code": "no_idea"}, key=None)
    assert answer.status_code == 422
    assert await market.read(order) == before


async def test_two_people_confirm_at_once_and_one_reference_stands(people, market, to_pay):  # ID-05
    order, refund = await to_pay()
    answers = await asyncio.gather(
        *(
            who.post(f"{LIST}/{refund}/confirm", said(reference), key=None)
            for who, reference in ((people.host, "A"), (people.sue, "B")) * 4
        )
    )
    kept = (await market.read(order)).refunds[0].reference
    by_status = sorted(answer.status_code for answer in answers)
    assert by_status == [200] * 4 + [409] * 4, "who says the same said it; who says otherwise is told"
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/refund-settled"
            assert answer.json()["reference"] == kept
    await audit(market.pool)


async def test_declined_then_confirmed_and_sent_back_late(people, market, to_pay, clock):  # I-09
    order, refund = await to_pay()
    assert (await people.sue.post(f"{LIST}/{refund}/take", {}, key=None)).json()["owner"] == "sue"
    declined = await people.sue.post(f"{LIST}/{refund}/decline", {"code": "account_closed"}, key=None)
    assert (declined.json()["status"], declined.json()["declined"]) == ("failed", "account_closed")
    late = await people.host.post(f"{LIST}/{refund}/confirm", said(), key=None)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/refund-settled")
    assert (await market.read(order)).tenders[0].left_minor == 4000

    order, refund = await to_pay()
    await people.host.post(f"{LIST}/{refund}/confirm", said("WX-9"), key=None)
    back = await people.host.post(f"{LIST}/{refund}/decline", {"code": "came_back"}, key=None)
    assert (back.json()["status"], back.json()["reference"]) == ("failed", "WX-9")
    assert (await market.read(order)).tenders[0].refunded_minor == 0
    await audit(market.pool)


async def test_many_are_confirmed_each_by_itself_and_again_without_harm(people, market, to_pay):  # ID-05
    _, one = await to_pay()
    _, two = await to_pay(price=2500)
    _, three = await to_pay()
    rows = [
        said("A") | {"refund_order": one},
        said("B", amount=9999) | {"refund_order": two},
        said("C") | {"refund_order": "ref_nobody"},
        said("D") | {"refund_order": three},
    ]
    answer = await people.host.post(MANY, {"rows": rows}, key=None)
    assert answer.status_code == 200, answer.text
    told = answer.json()["rows"]
    assert [row["result"] for row in told] == ["confirmed", "problem", "problem", "confirmed"]
    assert told[1]["problem"]["type"] == "/problems/refund-amount-differs"
    assert told[2]["problem"]["status"] == 404
    rows[1]["amount"]["amount"] = 2500
    again = (await people.host.post(MANY, {"rows": rows}, key=None)).json()["rows"]
    assert [row["result"] for row in again] == ["already", "confirmed", "problem", "already"]
    twice = await people.host.post(MANY, {"rows": [rows[0], rows[0]]}, key=None)
    assert twice.status_code == 422
    await audit(market.pool)


async def test_a_page_read_on_from_its_cursor_skips_none_while_others_are_confirmed(people, to_pay, clock):
    made = []
    for _ in range(5):
        made.append((await to_pay())[1])
        clock.forward(minutes=1) if hasattr(clock, "forward") else None
    first = (await people.host.get(LIST, limit=2)).json()
    for refund in [row["id"] for row in first["rows"]]:
        await people.host.post(f"{LIST}/{refund}/confirm", said(), key=None)
    rest = (await people.host.get(LIST, limit=100, cursor=first["next"])).json()
    seen = [row["id"] for row in first["rows"] + rest["rows"]]
    assert sorted(seen) == sorted(made)
    assert len(set(seen)) == 5
    bad = await people.host.get(LIST, state="paid")
    assert bad.status_code == 422
    assert (await people.host.get(LIST, cursor="made-up")).status_code == 422


async def test_the_list_is_narrowed_by_state_method_shop_and_time(people, to_pay):
    _, here = await to_pay()
    _, there = await to_pay(shop=LANTERN, currency="USD")

    async def ids(**narrowing):
        answer = await people.host.get(LIST, **narrowing)
        assert answer.status_code == 200, answer.text
        return {row["id"] for row in answer.json()["rows"]}

    assert await ids(shop=KILN) == {here}
    assert await ids(shop=LANTERN) == {there}
    assert await ids(method="alipay") == set()
    assert await ids(method="bank_transfer") == {here, there}
    assert await ids(state="overdue") == set()
    assert await ids(since="2026-05-04T00:00:00Z") == {here, there}
    assert await ids(before="2026-05-04T00:00:00Z") == set()


async def test_what_nobody_confirms_is_passed_up_by_the_clock(people, market, to_pay, clock, paid_by_host):  # promise 5
    _, refund = await to_pay()
    await people.sue.post(f"{LIST}/{refund}/take", {}, key=None)
    (waiting,) = [
        one
        for one in (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"]
        if one["kind"] == "refund"
    ]
    assert (waiting["deadline"], waiting["if_silent"]) == ("2026-05-08T00:00:00Z", "escalate")
    from datetime import UTC, datetime  # noqa: PLC0415

    clock.set(datetime(2026, 5, 8, tzinfo=UTC))
    await worked(market, paid_by_host)
    (row,) = (await people.host.get(LIST, state="overdue")).json()["rows"]
    assert (row["owner"], row["overdue"], row["deadline"]) == ("lead", True, "2026-05-14T00:00:00Z")
    escalated = (await people.sue.get("/v1/cancellations", tab="escalated")).json()["rows"]
    assert [one["id"] for one in escalated] == [refund]
    await audit(market.pool)


async def test_the_provider_port_tells_what_somebody_said(desk, market, to_pay, people, paid_by_host):  # WH-06
    order, refund = await to_pay()
    host = Host(3, desk.paying_out.said)
    kept = await market.read(order)
    asked = refund_call(kept, kept.refunds[0], kept.refunds[0].owed_at)
    assert (await host.look_up(asked)).outcome is ProviderOutcome.SUBMITTED
    await people.host.post(f"{LIST}/{refund}/confirm", said("WX-1"), key=None)
    found = await host.look_up(asked)
    assert (found.outcome, found.reference) == (ProviderOutcome.SUCCEEDED, "WX-1")
    assert (await market.read(order)).refunds[0].status is RefundStatus.SUCCEEDED


async def test_an_installation_without_the_setting_leaves_nothing_to_people(desk, market):
    order = await market.order()
    await market.cancels(order)
    await worked(market, provider(desk))
    assert (await market.read(order)).refunds[0].cause == "not_set_up"
    assert await desk.paying_out.every(Scope(), RefundOrderFilters(state="all")) == []
