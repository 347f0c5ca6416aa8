"""The packing bench for programs: scans, leases, shipping as an act, unpacking, and parcels that left anyway."""

from postgres.market import person
from rescind.api.description import EXAMPLES
from rescind.core.stage import Stage


async def bench(who, code):
    answer = await who.get("/v1/bench", code=code)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


async def test_a_scan_says_what_the_page_says(people, market):
    order = await market.order(Stage.PACKED)
    number = (await market.read(order)).number
    for code in (number, order, f"#{number}"):
        (told,) = await bench(people.sam, code)
        assert (told["answer"], told["why"], told["step"], told["pack"]) == (
            "go",
            "ready",
            "lease",
            [{"line": "1", "quantity": 1}],
        )
    assert await bench(people.lou, number) == []
    assert (await people.ann.get("/v1/bench", code=number)).status_code == 403
    assert (await people.sam.get("/v1/bench", code="nothing")).json()["rows"] == []


async def test_a_lease_keeps_colleagues_off_and_is_told_to_the_buyer(people, market):
    order = await market.order(Stage.PACKED)
    kim = await people.key("seller", "kim", shop_id="shp_" + order[4:12])
    path = f"/v1/orders/{order}"
    leased = await people.sam.post(f"{path}/shipping-lease", EXAMPLES["packing_lease"])
    assert leased.status_code == 200, leased.text
    assert leased.json()["events"] == ["ShippingLeased"]
    until = leased.json()["shipping_lease"]["until"]
    refused = await kim.post(f"{path}/ship", EXAMPLES["packing_ship"])
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/being-shipped")
    assert refused.json()["until"] == until
    seen = (await people.ann.get(path)).json()["shipping_lease"]
    assert (seen["by"], seen["until"]) == ("", until)
    assert (await people.ann.get(f"{path}/cancellability")).json()["shipping_lease"] == seen
    assert (await people.sam.get(path)).json()["shipping_lease"]["by"] == "sam"
    back = await kim.post(f"{path}/shipping-lease/give-back", EXAMPLES["packing_give_back"])
    assert back.json()["events"] == ["ShippingGivenBack"]
    assert (await people.ann.get(f"{path}/cancellability")).json()["shipping_lease"] is None
    assert (await kim.post(f"{path}/ship", EXAMPLES["packing_ship"])).json()["order"]["stage"] == "in_transit"


async def test_shipping_is_refused_where_the_fact_is_believed(people, market):  # KF-22
    order = await market.order(Stage.PACKED)
    path = f"/v1/orders/{order}"
    await market.cancels(order)
    refused = await people.sam.post(f"{path}/ship", EXAMPLES["packing_ship"])
    assert (refused.status_code, refused.json()["current_state"]) == (409, "cancelled")
    await market.fact(order, "handed_over", actor=person("carrier"), tracking="JD1")
    (noted,) = (await people.sam.get(path)).json()["contradictions"]
    assert noted["steps"] == ["carrier_asked", "came_back", "never_left", "loss_accepted"]
    resolve = f"{path}/contradictions/{noted['id']}/resolve"
    asked = await people.sam.post(resolve, EXAMPLES["packing_resolve"])
    assert asked.json()["events"] == ["ContradictionResolved"]
    queue = (await people.sam.get("/v1/cancellations", tab="with_platform")).json()["rows"]
    assert [row["status"] for row in queue] == ["carrier_asked"]
    assert (await people.sue.post(resolve, {"outcome": "came_back"})).status_code == 200
    assert (await people.sue.post(resolve, {"outcome": "loss_accepted"})).status_code == 409
    assert (await people.ann.post(resolve, {"outcome": "came_back"})).status_code == 403
    assert (await people.lou.post(resolve, {"outcome": "came_back"})).status_code == 404
    after = (await people.sam.get(path)).json()
    assert not [one for one in after["next_actions"] if one["action"] == "resolve_contradiction"]
    assert after["to_unpack"] == [{"line": "1", "quantity": 1}]
    assert (await people.ann.get(path)).json()["to_unpack"] == []


async def test_a_wrong_outcome_names_the_right_ones(people, market):
    order = await market.order(Stage.PACKED)
    await market.cancels(order)
    outcome = await market.fact(order, "handed_over", tracking="JD1")
    path = f"/v1/orders/{order}/contradictions/{outcome.order.contradictions[0].id}/resolve"
    wrong = await people.sam.post(path, {"outcome": "goes_on"})
    assert wrong.status_code == 422
    assert "came_back" in wrong.json()["errors"][0]["expected"]
    nobody = await people.sam.post(path.replace("handed_over-", "x"), {"outcome": "came_back"})
    assert nobody.status_code == 404


async def test_what_is_unpacked_leaves_the_list_and_a_repeat_gets_the_same_answer(people, market):  # M-11 ID-02
    order = await market.order(Stage.PACKED)
    await market.cancels(order)
    (row,) = (await people.sam.get("/v1/unpacking")).json()["rows"]
    assert (row["order"], row["whole"], row["take_out"]) == (order, True, [{"line": "1", "quantity": 1}])
    assert (await people.lou.get("/v1/unpacking")).json() == {"rows": [], "total": 0}
    assert (await people.sue.get("/v1/unpacking")).json()["total"] == 1
    key = {"key": "unpacked-once-0001"}
    first = await people.sam.post(f"/v1/orders/{order}/unpacked", EXAMPLES["packing_unpacked"], **key)
    again = await people.sam.post(f"/v1/orders/{order}/unpacked", EXAMPLES["packing_unpacked"], **key)
    assert first.json()["events"] == ["GoodsUnpacked"]
    assert again.content == first.content
    assert (await people.sam.get("/v1/unpacking")).json() == {"rows": [], "total": 0}


async def test_a_seller_who_may_not_ship_is_told_what_to_do_first(people, market):
    order = await market.order(Stage.PREPARING)
    await market.asks(order)
    body = {"carrier": "Post", "tracking": "JD9"}
    for language, words in (
        ("en", "An order with an open request waits for the answer. Next: Answer the open request."),
        ("zh", "有待处理的取消申请时不可发货。下一步：处理待处理的申请。"),
    ):
        refused = await people.sam.post(f"/v1/orders/{order}/ship", body, headers={"accept-language": language})
        assert (refused.status_code, refused.json()["rule"]) == (409, "SHIP-4")
        assert (refused.json()["detail"], refused.json()["allowed_actions"]) == (words, ["answer_request"])
