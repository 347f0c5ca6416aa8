"""Money that waits for a second person, over the API."""

from datetime import timedelta

import pytest

from postgres.market import KILN, audit, worked
from rescind.core.parts import Line, Tender
from rescind.core.scope import Scope
from rescind.core.views import RefundOrderFilters
from rescind.providers.host import Host
from rescind.setting_values import Amounts

LIST = "/v1/proposals"


@pytest.fixture
def chosen():
    """One person moves up to EUR 10 of an order by hand."""
    return {"refund_second_person_above": Amounts({"EUR": 1000})}


def eur(minor):
    return {"amount": minor, "currency": "EUR"}


async def proposed(people, market, minor=2000, who=None):
    """An order of EUR 40 of which somebody wants to give EUR 20 back; gives its path."""
    path = f"/v1/orders/{await market.order()}"
    told = await (who or people.sue).post(f"{path}/refunds", {"amount": eur(minor), "comment": "A scratch."})
    assert told.status_code == 202, told.text
    return path


async def to_pay_out(market, desk):
    """A refund of EUR 40 that the marketplace pays out itself: its order and its id."""
    tender, line = (
        Tender(id="t", method="bank_transfer", amount_minor=4000),
        Line(id="1", sku="A", quantity=1, unit_minor=4000),
    )
    order = await market.order(lines=(line,), tenders=(tender,))
    refund = (await market.cancels(order)).order.refunds[-1].id
    await worked(market, Host(3, desk.paying_out.said))
    return order, refund


async def test_above_the_amount_a_refund_is_proposed_and_another_person_has_it_done(people, market):
    path = f"/v1/orders/{await market.order()}"
    small = await people.sue.post(f"{path}/refunds", {"amount": eur(600)})
    assert (small.status_code, small.json()["proposal"]) == (201, None)
    body = {"amount": eur(500), "comment": "A scratch."}
    told = await people.sue.post(f"{path}/refunds", body, key="a-key-of-sues-0001")
    assert (told.status_code, told.json()["refunds"]) == (202, [])
    proposal = told.json()["proposal"]
    assert (proposal["act"], proposal["amount"], proposal["by"], proposal["outcome"]) == (
        "give_back", eur(500), "sue", "proposed",
    )  # fmt: skip
    again = await people.sue.post(f"{path}/refunds", body, key="a-key-of-sues-0001")
    assert (again.status_code, again.json()) == (202, told.json())
    (row,) = (await people.ops.get(LIST)).json()["rows"]
    assert (row["proposal"], row["shop"]["id"]) == (proposal, KILN)
    mine = await people.sue.post(f"{path}/proposals/1/confirm", {})
    assert (mine.status_code, mine.json()["type"]) == (403, "/problems/second-person-needed")
    done = await people.ops.post(
        f"{path}/proposals/1/confirm", {"comment": "I saw the photo."}, key="a-key-of-ops-00001"
    )
    assert done.status_code == 200, done.text
    assert (done.json()["proposal"]["outcome"], done.json()["proposal"]["answered_by"]) == ("done", "ops")
    assert [one["amount"] for one in done.json()["refunds"]] == [eur(500)]
    repeated = await people.ops.post(
        f"{path}/proposals/1/confirm", {"comment": "I saw the photo."}, key="a-key-of-ops-00001"
    )
    assert repeated.content == done.content
    assert (await people.ops.get(LIST)).json()["rows"] == []
    await audit(market.pool)


async def test_another_key_of_one_name_is_no_second_person(people, market):
    path = await proposed(people, market)
    twin = await people.key("support", "sue")
    assert (await twin.post(f"{path}/proposals/1/confirm", {})).status_code == 403
    assert (await people.host.post(f"{path}/proposals/1/confirm", {})).status_code == 403
    assert (await market.read(path.rpartition("/")[2])).given_back.minor == 0


async def test_a_shop_sees_and_answers_its_own_proposals_and_no_others(people, market):
    path = await proposed(people, market)
    assert (await people.sam.get(LIST)).json()["rows"] == []
    assert (await people.sam.get(path)).json()["proposals"] == []
    assert (await people.sam.post(f"{path}/proposals/1/confirm", {})).status_code == 404
    own = await proposed(people, market, who=people.sam)
    tim = await people.key("seller", "tim", shop_id=KILN)
    assert [one["order"] for one in (await tim.get(LIST)).json()["rows"]] == [own.rpartition("/")[2]]
    assert (await people.lou.get(LIST)).json()["rows"] == []
    assert (await people.lou.post(f"{own}/proposals/1/confirm", {})).status_code == 404
    assert (await people.ann.post(f"{own}/proposals/1/confirm", {})).status_code == 403
    assert (await tim.post(f"{own}/proposals/1/confirm", {})).json()["proposal"]["outcome"] == "done"
    told = {who: (await who.get(f"{own}/events")).json()["rows"] for who in (people.ann, people.sam, people.sue)}
    kinds = {who: {one["type"] for one in rows} & {"ProposalMade", "ProposalConfirmed"} for who, rows in told.items()}
    assert list(map(len, kinds.values())) == [0, 2, 2], "the buyer reads what came of it"
    (gift,) = [one for one in told[people.ann] if one["type"] == "RefundOwed"]
    assert gift["text"] == "A scratch."


async def test_a_proposal_is_rejected_taken_back_or_lapses(people, market):
    path = await proposed(people, market)
    no = await people.ops.post(f"{path}/proposals/1/reject", {"comment": "The shop sent a new one."})
    assert no.json()["proposal"]["outcome"] == "rejected"
    for number in ("1", "01", "9", "x"):
        assert (await people.ops.post(f"{path}/proposals/{number}/confirm", {})).status_code in {404, 409}
    await people.sue.post(f"{path}/refunds", {"amount": eur(2000)})
    assert (await people.sue.post(f"{path}/proposals/2/reject", {})).json()["proposal"]["outcome"] == "withdrawn"
    await people.sue.post(f"{path}/refunds", {"amount": eur(2000)})
    market.clock.set(market.clock.read() + timedelta(hours=48))
    late = await people.ops.post(f"{path}/proposals/3/confirm", {})
    assert late.json()["type"] == "/problems/deadline-passed"
    await worked(market)
    assert [one["outcome"] for one in (await people.sue.get(path)).json()["proposals"]] == ["lapsed"]
    assert (await people.sue.get("/v1/cancellations", tab="second_person")).json()["rows"] == []


async def test_what_is_left_now_decides_and_the_problem_says_it(people, market):
    path = await proposed(people, market, 4000)
    await people.sam.post(f"{path}/refunds", {"amount": eur(700)})
    told = await people.ops.post(f"{path}/proposals/1/confirm", {})
    assert (told.status_code, told.json()["type"]) == (409, "/problems/refund-too-high")
    assert told.json()["left"] == eur(3300)
    twice = await people.sue.post(f"{path}/refunds", {"amount": eur(2000)})
    assert (twice.status_code, twice.json()["current_state"]) == (409, "proposal_proposed")
    assert "Waits for a second person" in twice.json()["detail"]


async def test_a_refund_order_says_that_a_second_person_has_to_agree(people, market, desk):
    order, refund = await to_pay_out(market, desk)
    path = f"/v1/refund-orders/{refund}/confirm"
    body = {"reference": "BK-1", "paid_on": "2026-05-04", "amount": eur(4000)}
    for _ in range(2):
        told = await people.sue.post(path, body, key=None)
        assert (told.status_code, told.json()["status"]) == (202, "submitted")
        assert (told.json()["proposal"]["reference"], told.json()["proposal"]["paid_on"]) == ("BK-1", "2026-05-04")
    rows = [body | {"refund_order": refund}]
    (result,) = (await people.sue.post("/v1/refund-order-confirmations", {"rows": rows}, key=None)).json()["rows"]
    assert result["result"] == "proposed"
    assert (await people.ops.post(path, body | {"reference": "BK-2"}, key=None)).status_code == 409
    seen = (await people.host.get(f"/v1/refund-orders/{refund}")).json()
    assert (seen["proposal"], seen["waits_for"]) == (None, "second_person"), "who said so is among staff"
    assert (await people.ops.post(f"/v1/refund-orders/{refund}/take", {}, key=None)).status_code == 409
    assert await desk.paying_out.every(Scope(), RefundOrderFilters()) == [], "no file pays it once more"
    done = await people.ops.post(f"/v1/orders/{order}/proposals/1/confirm", {})
    assert [(one["id"], one["status"]) for one in done.json()["refunds"]] == [(refund, "succeeded")]
    assert (await people.host.get(f"/v1/refund-orders/{refund}")).json()["reference"] == "BK-1"


async def test_what_the_host_paid_out_needs_nobody_else(people, market, desk):
    _, refund = await to_pay_out(market, desk)
    body = {"reference": "BK-1", "paid_on": "2026-05-04", "amount": eur(4000)}
    told = await people.host.post(f"/v1/refund-orders/{refund}/confirm", body, key=None)
    assert (told.status_code, told.json()["status"]) == (200, "succeeded")


async def test_a_failed_refund_is_settled_another_way_by_two(people, market):
    order = await market.order(price=4013)
    await market.cancels(order)
    await worked(market)
    failed = (await market.read(order)).refunds[0].id
    path = f"/v1/orders/{order}"
    told = await people.sue.post(
        f"{path}/refunds/{failed}/settlement", {"way": "store_credit", "consent": "On the telephone."}
    )
    assert (told.status_code, told.json()["proposal"]["way"]) == (202, "store_credit")
    done = await people.ops.post(f"{path}/proposals/1/confirm", {})
    assert [one["into"] for one in done.json()["refunds"]] == ["store_credit"]
    events = (await people.sue.get(f"{path}/events")).json()["rows"]
    assert [one["consent"] for one in events if one["type"] == "FailedRefundSettled"] == ["On the telephone."]
    await audit(market.pool)
