"""What a quote says over the API, money given back without a cancellation, and refunds that failed."""

import copy

import msgspec
import pytest

from api.test_orders import ORDER
from postgres.market import HOST, worked
from rescind.core.parts import Line, Pins
from rescind.core.stage import Stage
from rescind.policies import preset

ENGRAVED = (Line(id="1", sku="RING", quantity=2, unit_minor=2000, custom_made=True),)


def eur(minor):
    return {"amount": minor, "currency": "EUR"}


async def with_fee(market):
    """An order of two engraved rings, begun, in a shop that keeps a quarter for material and labour."""
    pins = Pins(preset="base", preset_hash=preset("base").hash, settings={"material_bps": 2500})
    placing = await market.placing(lines=ENGRAVED, units=2, price=2000)
    command = msgspec.structs.replace(placing, pins=pins)
    await market.does(command, HOST)
    for fact in ("paid", "preparation_started"):
        await market.fact(command.order, fact)
    return f"/v1/orders/{command.order}"


async def test_the_same_figures_before_and_after_and_in_the_receipt(people, market):  # M-08: the quote is the decision
    path = await with_fee(market)
    told = (await people.ann.get(f"{path}/cancellability", line="1:1", anyway="true")).json()
    quote = told["quote"]
    assert (quote["fee"], quote["total"]) == (eur(500), eur(1500))
    assert quote["fees"] == [{"rule": "FEE-2", "line": "1", "amount": eur(500)}]
    assert quote["funding"] is None, "who bears it is not the buyer's business"
    body = {"reason": told["reason"], "lines": [{"line": "1", "quantity": 1}], "anyway": True}
    asked = (await people.ann.post(f"{path}/cancellations", body)).json()["cancellation"]
    assert (asked["fee"], asked["fees"], asked["refund"]) == (quote["fee"], quote["fees"], quote["total"])
    done = await people.sam.post(f"{path}/cancellations/{asked['id']}/approve", {})
    assert (done.json()["cancellation"]["fee"], done.json()["cancellation"]["refund"]) == (eur(500), eur(1500))
    assert [one["amount"] for one in done.json()["refunds"]] == [eur(1500)]
    receipt = await people.ann.get(done.json()["receipt"])
    assert receipt.status_code == 200, receipt.text


async def test_support_rules_a_credit_with_the_buyers_consent(people, market):  # M-22
    path = f"/v1/orders/{await market.order(Stage.DELIVERED)}"
    credit = {"amount": eur(500), "credit": True, "comment": "It came a month late."}
    unasked = await people.sue.post(f"{path}/refunds", credit)
    assert unasked.json()["type"] == "/problems/consent-missing"
    agreed = {**credit, "consent": "On the phone, 4 May."}
    assert (await people.sam.post(f"{path}/refunds", agreed)).json()["type"] == "/problems/forbidden"
    done = await people.sue.post(f"{path}/refunds", agreed)
    assert done.status_code == 201, done.text
    (owed,) = done.json()["refunds"]
    assert (owed["into"], owed["amount"]) == ("store_credit", eur(500))


async def test_every_part_of_a_price_is_placed_and_quoted(people):  # KF-01, R-142, R-143, R-144
    body = copy.deepcopy(ORDER)
    body["shipping_tax"] = eur(60)
    body["charges"] = [{"code": "service_fee", "amount": eur(100)}]
    body["lines"][0]["discount_by_platform"] = eur(1)
    body["benefits"] = [{"id": "pts_7", "kind": "points", "units": 120}, {"id": "vou_9", "kind": "voucher"}]
    body["tenders"][0]["amount"]["amount"] += 100
    placed = await people.host.post("/v1/orders", body)
    assert placed.status_code == 201, placed.text
    path = placed.headers["location"]
    paid = {"fact": "paid", "occurred_at": body["placed_at"]}
    assert (await people.host.post(f"{path}/facts", paid)).status_code in {200, 201}
    quote = (await people.sam.get(f"{path}/cancellability")).json()["quote"]
    assert quote["total"] == placed.json()["total"], "everything that was paid"
    assert (quote["shipping_tax"], quote["charges"]) == (eur(60), eur(100))
    assert {one["id"]: one["units"] for one in quote["benefits"]} == {"pts_7": 120, "vou_9": 1}
    assert quote["funding"]["subsidy"] == eur(1)
    assert quote["funding"]["seller"]["amount"] + quote["funding"]["platform"]["amount"] == quote["total"]["amount"]


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("shipping_tax", eur(10**6), "/shipping_tax"),
        ("benefits", [{"id": "v", "kind": "voucher", "units": 2}], "/benefits/0/units"),
        ("benefits", [{"id": "v", "kind": "voucher"}, {"id": "v", "kind": "voucher"}], "/benefits"),
        ("charges", [{"code": "Service", "amount": eur(1)}], "/charges/0/code"),
    ],
)
async def test_a_part_that_cannot_be_is_named(people, member, value, field):
    told = await people.host.post("/v1/orders", ORDER | {member: value})
    assert (told.status_code, told.json()["type"]) == (422, "/problems/invalid-field")
    assert [one["pointer"] for one in told.json()["errors"]] == [field]


async def test_money_that_was_only_promised_is_let_go(people, market):
    order = await market.order(Stage.UNPAID)
    path = f"/v1/orders/{order}"
    told = await people.host.post(
        f"{path}/facts", {"fact": "authorised", "occurred_at": (await market.now()).isoformat()}
    )
    assert told.status_code in {200, 201}, told.text
    quote = (await people.ann.get(f"{path}/cancellability")).json()["quote"]
    assert (quote["total"], quote["released"]) == (eur(0), eur(4000))
    done = (await people.ann.post(f"{path}/cancellations", {"reason": "changed_mind"})).json()
    assert [(one["amount"], one["release"]) for one in done["refunds"]] == [(eur(4000), True)]
    assert done["order"]["on_its_way_back"] == eur(0)


# --- given back -------------------------------------------------------------------------------------------------------

BAD = [
    ({}, "nothing-selected"),
    ({"amount": eur(0)}, "refund-of-nothing"),
    ({"amount": eur(-1)}, "refund-of-nothing"),
    ({"amount": eur(4001)}, "refund-too-high"),
    ({"amount": {"amount": 100, "currency": "USD"}}, "currency-mismatch"),
    ({"shipping": True}, "refund-of-nothing"),
    ({"amount": {"amount": 1.5, "currency": "EUR"}}, "invalid-field"),
    ({"amount": eur(100), "account": "DE89370400440532013000"}, "unknown-field"),
    ({"amount": eur(100), "tender": "t"}, "unknown-field"),
]


@pytest.mark.parametrize(("body", "problem"), BAD, ids=[problem for _, problem in BAD])
async def test_each_bad_refund_is_its_own_problem_and_reserves_nothing(people, market, body, problem):  # KF-13, I-04
    order = await market.order()
    before = await market.read(order)
    told = await people.sue.post(f"/v1/orders/{order}/refunds", body)
    assert told.json()["type"] == f"/problems/{problem}", told.text
    assert await market.read(order) == before


BAD_LINES = [
    ([], "nothing-selected"),
    ([{"line": "9", "quantity": 1}], "unknown-line"),
    ([{"line": "1", "quantity": 2}], "quantity-not-open"),
    ([{"line": "1", "quantity": 0}], "invalid-field"),
    ([{"line": "1", "quantity": -1}], "invalid-field"),
]


@pytest.mark.parametrize(("lines", "problem"), BAD_LINES, ids=[f"{n}-{one[1]}" for n, one in enumerate(BAD_LINES)])
async def test_each_bad_selection_is_its_own_problem_on_every_way(people, market, lines, problem):  # KF-06
    order = await market.order()
    before, path = await market.read(order), f"/v1/orders/{order}"
    for who, where, more in (
        (people.ann, "cancellations", {"reason": "changed_mind"}),
        (people.sam, "cancellations", {"reason": "out_of_stock"}),
        (people.sue, "overrides", {"act": "cancel", "reason": "fraud", "comment": "She did not order it."}),
    ):
        told = await who.post(f"{path}/{where}", {"lines": lines} | more)
        assert told.json()["type"] == f"/problems/{problem}", told.text
    assert await market.read(order) == before


async def test_an_amount_is_given_back_once_a_key(people, market):  # ID-02
    order = await market.order()
    path, body = f"/v1/orders/{order}/refunds", {"amount": eur(250), "comment": "A scratch."}
    first = await people.sam.post(path, body, key="one-key-of-sams-01")
    again = await people.sam.post(path, body, key="one-key-of-sams-01")
    assert first.status_code == 201, first.text
    assert first.content == again.content
    assert [(one["amount"], one["tender"]) for one in first.json()["refunds"]] == [(eur(250), "")]
    assert (await market.read(order)).given_back.minor == 250
    for who, status in ((people.ann, 403), (people.host, 403), (people.lou, 404)):
        assert (await who.post(path, body)).status_code == status


# --- a refund that failed ---------------------------------------------------------------------------------------------


async def bounced(market):
    """An order whose refund the sandbox declines."""
    order = await market.order(Stage.REVIEW, price=4013)
    await market.asks(order)
    await worked(market)
    (refund,) = (await market.read(order)).refunds
    assert refund.status == "failed"
    return f"/v1/orders/{order}/refunds/{refund.id}/settlement"


async def test_support_settles_a_failed_refund_and_nobody_names_an_account(people, market):  # I-04, KF-15
    path = await bounced(market)
    assert (await people.sam.post(path, {"way": "again"})).status_code == 403
    told = await people.sue.post(path, {"way": "store_credit"})
    assert told.json()["type"] == "/problems/consent-missing"
    told = await people.sue.post(path, {"way": "again", "account": "4111111111111111"})
    assert told.json()["type"] == "/problems/unknown-field"
    told = await people.sue.post(path, {"way": "paid_out", "voucher": "V-2026-17"})
    assert told.status_code == 201, told.text
    (new,) = told.json()["refunds"]
    assert (new["amount"], new["status"], new["into"]) == (eur(4013), "succeeded", "paid_out")
    told = await people.sue.post(path, {"way": "again"})
    assert (told.status_code, told.json()["current_state"]) == (409, "paid_out")
    accounts = await market.pool.fetch("SELECT account, sum(amount_minor) AS total FROM ledger GROUP BY account")
    assert {row["account"]: row["total"] for row in accounts if row["total"]} == {"by_hand": -4013, "provider": 4013}


async def test_credit_waits_for_the_word_of_who_books_it(people, market):
    path = await bounced(market)
    told = await people.sue.post(path, {"way": "store_credit", "consent": "On the telephone."})
    assert [(one["status"], one["into"]) for one in told.json()["refunds"]] == [("owed", "store_credit")]
    events = (await people.sue.get(path.partition("/refunds")[0] + "/events")).json()["rows"]
    assert (events[-1]["type"], events[-1]["consent"]) == ("FailedRefundSettled", "On the telephone.")
