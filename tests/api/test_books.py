"""Refunds, books and reconciliations over HTTP."""

from postgres.market import KILN, LANTERN, worked
from postgres.test_reconciliation import Books


async def cancelled(market, price, **more):
    order = await market.order(price=price, **more)
    await market.cancels(order)
    return (await market.read(order)).refunds[0]


async def test_refunds_are_listed_by_state_and_each_sees_its_own(people, market):
    doubt, declined = await cancelled(market, 1017), await cancelled(market, 2013, shop=LANTERN)
    await worked(market)
    told = (await people.sue.get("/v1/refunds")).json()
    (one,) = told["refunds"]
    assert (one["refund"], one["status"], one["amount"]) == (doubt.id, "in_doubt", {"amount": 1017, "currency": "EUR"})
    assert one["next_check_at"]
    assert (one["owner"], told["next"]) == (None, None)
    (one,) = (await people.lou.get("/v1/refunds?state=failed")).json()["refunds"]
    assert (one["refund"], one["next_check_at"]) == (declined.id, None)
    assert (await people.sam.get("/v1/refunds?state=failed")).json()["refunds"] == []
    assert (await people.lou.get("/v1/refunds")).json()["refunds"] == []
    every = (await people.sue.get("/v1/refunds?state=all&limit=1")).json()
    rest = (await people.sue.get(f"/v1/refunds?state=all&limit=1&after={every['next']}")).json()
    assert [one["state"] for one in (*every["refunds"], *rest["refunds"])] == ["failed", "in_doubt"]
    assert (every["total"], rest["next"]) == (2, None)
    mine = (await people.lou.get(f"/v1/refunds?state=all&amount_min=2000&currency=USD&shop={LANTERN}")).json()
    assert [one["refund"] for one in mine["refunds"]] == [declined.id]
    for wrong in (
        "state=gone",
        "after=ref_1",
        "limit=0",
        "limit=101",
        "q=1",
        "sort=oldest",
        "zone=Mars",
        "placed=soon",
    ):
        assert (await people.sue.get(f"/v1/refunds?{wrong}")).status_code in {404, 422, 400}, wrong
    assert (await people.ann.get("/v1/refunds")).status_code == 403


async def test_a_refund_is_taken_by_a_name(people, market):
    refund = await cancelled(market, 1017)
    await worked(market)
    for _ in range(2):
        taken = await people.sue.post(f"/v1/refunds/{refund.id}/take")
        assert taken.json() == {"refund": refund.id, "owner": "key:sue"}
    assert (await people.ops.get("/v1/refunds")).json()["refunds"][0]["owner"] == "key:sue"
    assert (await people.sam.post(f"/v1/refunds/{refund.id}/take")).status_code == 403
    missing = refund.id[:-1] + ("0" if refund.id[-1] != "0" else "1")
    assert (await people.sue.post(f"/v1/refunds/{missing}/take")).status_code == 404


async def test_the_trial_balance_adds_up(people, market):
    await market.order(price=4000)
    await market.order(shop=LANTERN, price=900)
    told = (await people.ops.get("/v1/ledger/balance")).json()["currencies"]
    assert [one["currency"] for one in told] == ["EUR", "USD"]
    assert all(one["total"]["amount"] == 0 for one in told)
    assert [(one["account"], one["holds"]["amount"]) for one in told[0]["accounts"]] == [
        ("provider", 4000),
        ("seller", -4000),
    ]
    (kiln,) = (await people.ops.get(f"/v1/ledger/balance?shop={KILN}")).json()["currencies"]
    assert kiln["currency"] == "EUR"
    assert (await people.ops.get("/v1/ledger/balance?shop=shp_00000000")).status_code == 404
    assert (await people.sue.get("/v1/ledger/balance")).status_code == 403


async def test_differences_are_read_and_explained(people, market):
    books = Books(market)
    refund, order = await books.refunded(4000)
    books.lists(refund, amount_minor=3999)
    run = await books.run()
    (listed,) = (await people.sue.get("/v1/reconciliations")).json()["reconciliations"]
    path = f"/v1/reconciliations/{run.number}"
    assert (await people.sue.get(path)).json() == listed
    assert (listed["open"], listed["ours"], listed["theirs"]) == (1, 1, 1)
    told = (await people.sue.get(f"{path}/differences?state=open")).json()
    (one,) = told["differences"]
    assert (one["kind"], one["refund"], one["order"], one["state"]) == ("amount", refund.id, order, "open")
    assert (one["ours"]["amount"]["amount"], one["theirs"]["amount"]["amount"]) == (4000, 3999)
    assert told["next"] is None
    words = {"why": "They keep a cent."}
    assert (await people.sue.post(f"{path}/differences/1/explain", words)).status_code == 403
    assert (await people.ops.post(f"{path}/differences/1/explain", {"why": " "})).status_code == 422
    first = await people.ops.post(f"{path}/differences/1/explain", words)
    assert (first.json()["state"], first.json()["explained_by"]) == ("explained", "ops")
    again = await people.ops.post(f"{path}/differences/1/explain", words)
    assert again.json() == first.json()
    other = await people.ops.post(f"{path}/differences/1/explain", {"why": "No."})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/difference-settled")
    assert other.json()["state"] == "explained"
    for nowhere in ("2/explain", "0/explain", "9999999999/explain"):
        assert (await people.ops.post(f"{path}/differences/{nowhere}", words)).status_code == 404
    for nowhere in ("0", "x", "9999999999", "99"):
        assert (await people.sue.get(f"/v1/reconciliations/{nowhere}")).status_code == 404
