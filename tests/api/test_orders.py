"""Orders come in, things happen to them, and everybody reads what they may."""

import copy

import pytest

from postgres.market import KILN, LANTERN
from rescind.core.stage import Stage

ORDER = {
    "shop": KILN,
    "number": "A-100",
    "buyer": {"id": "ann", "name": "Ann Lee", "email": "ann@example.org"},
    "currency": "EUR",
    "placed_at": "2026-05-04T09:30:00+02:00",
    "lines": [
        {
            "id": "1",
            "sku": "MUG-1",
            "title": "Stoneware mug",
            "variant": "Blue",
            "options": {"Engraving": "Für Zoë"},
            "quantity": 2,
            "unit_price": {"amount": 2000, "currency": "EUR"},
            "discount": {"amount": 300, "currency": "EUR"},
            "tax": {"amount": 740, "currency": "EUR"},
        },
        {"id": "2", "sku": "TRAY", "title": "Tray", "quantity": 1, "unit_price": {"amount": 1550, "currency": "EUR"}},
    ],
    "shipping": {"amount": 490, "currency": "EUR"},
    "tenders": [
        {"id": "card", "method": "card", "label": "Visa 4242", "amount": {"amount": 5480, "currency": "EUR"}},
        {"id": "gift", "method": "gift_card", "amount": {"amount": 1000, "currency": "EUR"}},
    ],
    "recipient": {"name": "Zoë Ångström", "street": "1 Quay", "city": "Brest", "postcode": "29200", "country": "FR"},
    "note": "Please ring twice.",
}


def changed(path, value):
    """The order with one member another one; None takes it away."""
    order = copy.deepcopy(ORDER)
    *way, last = path.split("/")
    place = order
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is None:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return order


async def test_an_order_placed_is_read_back_to_the_cent(people):
    placed = await people.host.post("/v1/orders", ORDER)
    assert placed.status_code == 201, placed.text
    assert placed.headers["etag"] == '"2"', "its note is an event of its own"
    assert placed.json()["stage"] == "unpaid"
    assert placed.json()["total"] == {"amount": 6480, "currency": "EUR"}
    read = await people.ann.get(placed.headers["location"])
    told = read.json()
    assert read.headers["etag"] == '"2"'
    assert [line["paid"]["amount"] for line in told["lines"]] == [4440, 1550]
    assert told["lines"][0]["options"] == {"Engraving": "Für Zoë"}
    assert told["lines"][0]["title"] == "Stoneware mug"
    assert told["recipient"]["name"] == "Zoë Ångström"
    assert told["note"] == "Please ring twice."
    assert told["buyer"] == {"id": "ann", "name": "Ann Lee", "email": "ann@example.org"}
    assert told["policy"]["name"] == "base"
    limit = "2026-05-06T07:30:00Z"
    assert told["next_actions"] == [
        {"actor": "buyer", "action": "pay", "about": told["id"], "deadline": limit, "if_silent": "cancel"}
    ]


async def test_the_same_order_twice_is_one_order_and_another_of_its_number_is_a_conflict(people, desk):
    first = await people.host.post("/v1/orders", ORDER)
    again = await people.host.post("/v1/orders", ORDER)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    for path, value in (("lines/1/sku", "TRAY-2"), ("lines/1/title", "Another tray"), ("recipient/city", "Nowhere")):
        other = await people.host.post("/v1/orders", changed(path, value))
        assert (other.status_code, other.json()["type"]) == (409, "/problems/order-conflict"), path
        assert f"/{path}".startswith(other.json()["field"]), "which member differs is said"
    assert await desk.pool.fetchval("SELECT count(*) FROM events") == 2


BAD_FIELDS = [
    ("colour", "purple", "unknown-field", "/colour"),
    ("lines/0/colour", "purple", "unknown-field", "/lines/0/colour"),
    ("lines/0/<b>x", "purple", "unknown-field", "/lines/0/?"),
    ("lines/0/unit_price/amount", -1, "invalid-field", "/lines/0/unit_price/amount"),
    ("lines/0/unit_price/amount", 19.99, "invalid-field", "/lines/0/unit_price/amount"),
    ("lines/0/unit_price/amount", "2000", "invalid-field", "/lines/0/unit_price/amount"),
    ("lines/0/unit_price/amount", True, "invalid-field", "/lines/0/unit_price/amount"),
    ("lines/0/unit_price/amount", 10**30, "invalid-field", "/lines/0/unit_price/amount"),
    ("lines/0/quantity", 0, "invalid-field", "/lines/0/quantity"),
    ("lines/0/discount/amount", 4001, "invalid-field", "/lines/0/discount"),
    ("lines/0/title", " \u200b ", "invalid-text", "/lines/0/title"),
    ("lines/0/title", "a\u202eb", "invalid-text", "/lines/0/title"),
    ("lines/0/title", "a\u0007b", "invalid-text", "/lines/0/title"),
    ("lines/0/title", "x" * 201, "invalid-text", "/lines/0/title"),
    ("lines/1/id", "1", "invalid-field", "/lines"),
    ("lines/0/special", "smells", "invalid-field", "/lines/0/special"),
    ("lines/0/special", 1, "invalid-field", "/lines/0/special"),
    ("lines", [], "invalid-field", "/lines"),
    ("tenders", None, "invalid-field", "/tenders"),
    ("currency", "eur", "invalid-field", "/currency"),
    ("currency", "XQX", "invalid-field", "/currency"),
    ("placed_at", "2026-05-04T09:30:00", "invalid-field", "/placed_at"),
    ("placed_at", "yesterday", "invalid-field", "/placed_at"),
    ("number", "A 100\n", "invalid-field", "/number"),
    ("number", "A100\n", "invalid-field", "/number"),
    ("recipient/country", "France", "invalid-field", "/recipient/country"),
    ("shop", "shp_zzzzzzzz", "invalid-field", "/shop"),
    ("shop", "anywhere", "invalid-field", "/shop"),
    ("buyer/name", "\u200b", "invalid-text", "/buyer/name"),
    ("buyer/email", "not an address", "invalid-field", "/buyer/email"),
]


async def test_a_bad_field_is_named_and_nothing_is_written(people, desk):
    for path, value, code, pointer in BAD_FIELDS:
        answer = await people.host.post("/v1/orders", changed(path, value))
        told = answer.json()
        assert (answer.status_code, told["type"]) == (422, f"/problems/{code}"), (path, value, answer.text)
        assert (told["errors"][0]["pointer"], told["errors"][0]["code"]) == (pointer, code), (path, value)
        assert "purple" not in answer.text
    assert await desk.pool.fetchval("SELECT count(*) FROM orders") == 0
    assert await desk.pool.fetchval("SELECT count(*) FROM idempotency") == 0


async def test_what_contradicts_itself_or_the_clock_is_refused(people, desk):
    for path, value, code in (
        ("shipping", {"amount": 490, "currency": "USD"}, "currency-mismatch"),
        ("tenders/0/amount/amount", 5479, "amounts-do-not-add-up"),
        ("placed_at", "2026-05-04T08:05:01Z", "fact-from-the-future"),
    ):
        answer = await people.host.post("/v1/orders", changed(path, value))
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
    assert await desk.pool.fetchval("SELECT count(*) FROM orders") == 0
    assert (await people.host.post("/v1/orders", changed("placed_at", "2026-05-04T08:05:00Z"))).status_code == 201


async def test_why_goods_are_special_is_kept_with_the_line(people):  # M-44
    for number, said, told in (
        ("A-1", "hygiene", (True, "hygiene")),
        ("A-2", True, (True, "other")),
        ("A-3", False, (False, "")),
        ("A-4", None, (False, "")),
    ):
        order = changed("lines/0/special", said) if said is not None else copy.deepcopy(ORDER)
        placed = await people.host.post("/v1/orders", {**order, "number": number})
        assert placed.status_code == 201, placed.text
        line = (await people.ann.get(placed.headers["location"])).json()["lines"][0]
        assert (line["special"], line["special_reason"]) == told
        assert (await people.host.post("/v1/orders", {**order, "number": number})).status_code == 200


async def test_a_number_that_is_no_number_is_named_and_not_echoed(people):
    body = '{"shop": "x", "lines": [{"id": "1", "quantity": NaN}]}'
    answer = await people.host.post("/v1/orders", content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    assert "NaN" not in answer.text


async def test_an_order_of_500_lines_is_taken_and_one_that_would_not_fit_is_refused(people):
    def order(count, sku):
        line = {"quantity": 1, "unit_price": {"amount": 1, "currency": "EUR"}, "title": "Pin"}
        lines = [{**line, "id": str(n), "sku": sku} for n in range(count)]
        tender = {"id": "t", "method": "card", "amount": {"amount": count, "currency": "EUR"}}
        return {**ORDER, "number": f"N{count}{len(sku)}", "lines": lines, "tenders": [tender], "shipping": None}

    assert (await people.host.post("/v1/orders", order(500, "P"))).status_code == 201
    long = await people.host.post("/v1/orders", order(500, "P" * 60))
    assert (long.status_code, long.json()["errors"][0]["pointer"]) == (422, "/lines")
    many = await people.host.post("/v1/orders", order(501, "P"))
    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/lines")


async def test_facts_move_the_order_and_no_news_is_no_event(people, market, desk):
    order = await market.order(Stage.UNPAID)
    path = f"/v1/orders/{order}/facts"
    paid = await people.host.post(path, {"fact": "paid", "occurred_at": "2026-05-04T08:00:00Z"})
    assert paid.status_code == 201, paid.text
    assert paid.json()["events"] == ["FactReported"]
    assert paid.json()["order"]["paid"] == {"amount": 4000, "currency": "EUR"}
    again = await people.host.post(path, {"fact": "paid", "occurred_at": "2026-05-04T08:00:00Z"})
    assert (again.status_code, again.json()["recorded"]) == (200, False)
    desk.clock.set(desk.clock.read().replace(hour=9))
    packed = await people.sam.post(path, {"fact": "packed", "occurred_at": "2026-05-04T08:59:00Z"})
    assert packed.json()["order"]["stage"] == "packed"
    ahead = await people.host.post(path, {"fact": "delivered", "occurred_at": "2026-05-05T08:00:00Z"})
    assert (ahead.status_code, ahead.json()["type"]) == (422, "/problems/fact-from-the-future")


async def test_who_may_report_what(people, market):
    order = await market.order()
    for name, fact, status in (
        ("sam", "paid", 403),
        ("sam", "charged_back", 403),
        ("sam", "completed", 403),
        ("sue", "paid", 403),
        ("sue", "packed", 403),
        ("sue", "error_confirmed", 201),
        ("ann", "packed", 403),
        ("lou", "packed", 404),
    ):
        body = {"fact": fact, "occurred_at": "2026-05-04T08:00:00Z"}
        answer = await getattr(people, name).post(f"/v1/orders/{order}/facts", body)
        assert answer.status_code == status, (name, fact, answer.text)


async def test_what_was_reported_by_mistake_is_taken_back(people, market, desk):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}"
    packed = await people.sam.post(f"{path}/facts", {"fact": "packed", "occurred_at": "2026-05-04T07:00:00Z"})
    number = packed.json()["order"]["version"]
    wrong = {"event": number, "reason": "mistake", "comment": "The box beside it."}
    assert (await people.lou.post(f"{path}/corrections", wrong)).status_code == 404
    assert (await people.ann.post(f"{path}/corrections", wrong)).status_code == 403
    missing = await people.sam.post(f"{path}/corrections", {**wrong, "event": 999})
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
    undone = await people.sam.post(f"{path}/corrections", wrong, key="undo-the-packed-box")
    again = await people.sam.post(f"{path}/corrections", wrong, key="undo-the-packed-box")
    assert (again.status_code, again.json(), again.headers["idempotent-replay"]) == (201, undone.json(), "true")
    twice = await people.sam.post(f"{path}/corrections", wrong)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/already-corrected")
    assert (twice.json()["event"], twice.json()["correction"]) == (number, undone.json()["order"]["version"])
    assert twice.json()["fact"] == "packed"
    assert (undone.status_code, undone.json()["order"]["stage"]) == (201, "preparing"), undone.text
    told = (await people.host.get(f"{path}/events")).json()["rows"]
    assert [row["type"] for row in told[-2:]] == ["FactReported", "FactCorrected"], "the original stays in the history"
    assert (told[-1]["corrects"], told[-1]["reason"], told[-1]["text"]) == (number, "mistake", "The box beside it.")
    label = {"fact": "tracking_added", "occurred_at": "2026-05-04T07:10:00Z", "carrier": "Post", "tracking": "JD19"}
    number = (await people.sam.post(f"{path}/facts", label)).json()["order"]["version"]
    await people.host.post(f"{path}/facts", {"fact": "handed_over", "occurred_at": "2026-05-04T07:20:00Z"})
    late = await people.sam.post(f"{path}/corrections", {"event": number, "reason": "label_voided"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/carrier-has-scanned")
    assert (late.json()["fact"], late.json()["parcel"]) == ("tracking_added", "1")


async def test_a_parcel_that_will_not_arrive_is_cancelled_on_the_carriers_word(people, market):
    order = await market.order(Stage.IN_TRANSIT)
    path = f"/v1/orders/{order}"
    lost = {"fact": "lost", "occurred_at": "2026-05-04T08:00:00Z", "parcel": "1"}
    assert (await people.sam.post(f"{path}/facts", lost)).status_code == 403
    answer = await people.host.post(f"{path}/facts", lost)
    assert answer.json()["events"] == ["FactReported", "CancellationApproved"], answer.text
    assert answer.json()["order"]["stage"] == "cancelled"
    told = (await people.ann.get(path)).json()
    (done,) = told["cancellations"]
    assert (done["reason"], done["requested_by"], done["closed_by"], done["fault"]) == (
        "lost",
        "system",
        "system",
        "carrier",
    )
    assert done["refund"] == {"amount": 4000, "currency": "EUR"}
    assert (told["parcels"][0]["ended"], told["parcels"][0]["ended_at"]) == ("lost", "2026-05-04T08:00:00Z")
    receipt = await people.ann.get(f"{path}/cancellations/{done['id']}/receipt")
    assert receipt.status_code == 404, "no rule decided, so there is no receipt of one"
    assert (await people.host.post(f"{path}/facts", lost)).status_code == 200


async def test_an_address_that_looks_wrong_is_looked_at_and_put_right(people, desk):  # M-07, R-028
    placed = await people.host.post("/v1/orders", changed("recipient/street", ""))
    assert placed.status_code == 201, placed.text
    path = f"/v1/orders/{placed.json()['id']}"
    told = (await people.sue.get(path)).json()["review"]
    assert (told["found"], told["fields"], told["if_silent"]) == (["street_missing"], ["street"], "cancel")
    assert told["owner"] == ""
    waits = placed.json()["next_actions"]
    assert [(one["actor"], one["action"]) for one in waits] == [
        ("buyer", "pay"),
        ("buyer", "correct_recipient"),
        ("support", "review"),
    ]
    (row,) = (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"]
    assert (row["kind"], row["status"], row["reason"]) == ("review", "open", "street_missing")
    assert (await people.ann.get("/v1/cancellations")).json()["rows"] == []
    assert (await people.sam.post(f"{path}/review", {"act": "take"})).status_code == 403
    assert (await people.sue.post(f"{path}/review", {"act": "take"})).json()["events"] == ["ReviewTaken"]
    assert (await people.sue.get(path)).json()["review"]["owner"] == "sue"
    assert (await people.ann.get(path)).json()["review"]["owner"] == ""
    assert (await people.bob.post(f"{path}/recipient", ORDER["recipient"])).status_code == 404
    same = await people.ann.post(f"{path}/recipient", {**ORDER["recipient"], "street": ""})
    assert (same.status_code, same.json()["events"]) == (200, []), same.text
    fixed = await people.ann.post(f"{path}/recipient", ORDER["recipient"])
    assert fixed.json()["events"] == ["RecipientCorrected", "FactReported"], fixed.text
    read = (await people.ann.get(path)).json()
    assert (read["review"], read["recipient"]["postcode"]) == (None, "29200")
    assert await desk.pool.fetchval("SELECT note FROM people") == ORDER["note"], "what else is kept stays"
    assert (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"] == []
    again = await people.host.post("/v1/orders", changed("recipient/street", ""))
    assert again.status_code == 200, "the host's own copy is no other order"


async def test_an_equal_order_within_the_hour_is_looked_at(people, desk):  # M-07
    first = await people.host.post("/v1/orders", ORDER)
    second = await people.host.post("/v1/orders", changed("number", "A-101"))
    desk.clock.set(desk.clock.read().replace(hour=9))
    later = {**changed("number", "A-102"), "placed_at": "2026-05-04T10:30:01+02:00"}
    third = await people.host.post("/v1/orders", later)
    reviews = [
        (await people.sue.get(f"/v1/orders/{one.json()['id']}")).json()["review"] for one in (first, second, third)
    ]
    assert [one and one["found"] for one in reviews] == [None, ["duplicate"], None]
    stopped = await people.sue.post(f"/v1/orders/{second.json()['id']}/review", {"act": "stop"})
    assert stopped.json()["order"]["stage"] == "cancelled"


async def test_money_beyond_the_tender_is_refused(people, market):
    order = await market.order(Stage.UNPAID)
    body = {"fact": "paid", "occurred_at": "2026-05-04T08:00:00Z", "tender": "t"}
    for amount, code in (
        ({"amount": 4001, "currency": "EUR"}, "invalid-field"),
        ({"amount": 4000, "currency": "USD"}, "currency-mismatch"),
    ):
        answer = await people.host.post(f"/v1/orders/{order}/facts", {**body, "amount": amount})
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")


async def test_each_role_reads_what_it_may_and_no_more(people, market):
    order = await market.order()
    by_role = {
        name: (await getattr(people, name).get(f"/v1/orders/{order}")).json() for name in ("ann", "sam", "sue", "host")
    }
    assert by_role["ann"]["tenders"][0]["label"] == "Visa ..42"
    assert by_role["sam"]["tenders"] == []
    assert by_role["sam"]["buyer"] == {"id": "ann", "name": "Ann Lee", "email": ""}
    assert by_role["sue"]["buyer"]["email"] == "ann@example.org"
    assert by_role["sam"]["recipient"]["city"] == "Uppsala"
    assert by_role["ann"]["contradictions"] == []


async def test_missing_and_foreign_orders_answer_alike(people, market):
    order = await market.order()
    missing = order[:-1] + ("0" if order[-1] != "0" else "1")
    answers = [
        await people.bob.get(f"/v1/orders/{order}"),
        await people.lou.get(f"/v1/orders/{order}"),
        await people.bob.get(f"/v1/orders/{missing}"),
        await people.bob.get(f"/v1/orders/{order.upper()}"),
        await people.bob.get("/v1/orders/1"),
    ]
    told = [{**one.json(), "instance": ""} for one in answers]
    assert {one.status_code for one in answers} == {404}
    assert [{**one, "kind": ""} for one in told] == [{**told[0], "kind": ""}] * 5


async def test_lists_are_narrowed_to_the_caller_and_to_what_is_asked(people, market):
    mine = await market.order()
    await market.order(buyer="bob")
    await market.order(shop=LANTERN)
    assert (await people.ann.get("/v1/orders")).json()["total"] == 2
    assert (await people.bob.get("/v1/orders")).json()["total"] == 1
    assert (await people.sam.get("/v1/orders")).json()["total"] == 2
    assert (await people.sue.get("/v1/orders")).json()["total"] == 3
    found = (await people.sue.get("/v1/orders", number=mine)).json()
    assert [row["id"] for row in found["rows"]] == [mine]
    assert found["rows"][0]["lines"][0]["unit_price"] == {"amount": 4000, "currency": "EUR"}
    assert (await people.ann.get("/v1/orders", stage="packed")).json()["rows"] == []


async def test_pages_follow_each_other_without_gap_or_repeat(people, market):
    orders = {await market.order() for _ in range(5)}
    seen, cursor = [], None
    while True:
        page = (await people.sam.get("/v1/orders", limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [row["id"] for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(orders)


BAD_QUERIES = [
    ("colour=purple", "unknown-field", "colour"),
    ("%3Cb%3E=purple", "unknown-field", "?"),
    ("limit=0", "invalid-field", "limit"),
    ("limit=101", "invalid-field", "limit"),
    ("limit=ten", "invalid-field", "limit"),
    ("limit=1&limit=2", "invalid-field", "limit"),
    ("tab=nowhere", "invalid-field", "tab"),
    ("cursor=abc", "invalid-field", "cursor"),
    ("sort=price", "invalid-field", "sort"),
    ("text=" + "x" * 201, "invalid-field", "text"),
    ("text=a%00b", "invalid-text", "text"),
    ("text=%FF", "invalid-field", ""),
    ("placed_from=2026-05-04T08:00:00", "invalid-field", "placed_from"),
    ("&".join(f"number={n}" for n in range(101)), "invalid-field", ""),
]


async def test_a_bad_query_is_named(people):
    for query, code, parameter in BAD_QUERIES:
        answer = await people.ann.client.get(f"/v1/orders?{query}", headers=people.ann.headers(None))
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}"), (query, answer.text)
        assert answer.json()["errors"][0]["parameter"] == parameter, (query, answer.text)
        assert "purple" not in answer.text


LATE = ORDER | {
    "handling": "pre_order",
    "promised_at": "2026-05-15T12:00:00+02:00",
    "deliver_by": "2026-05-20T00:00:00+02:00",
    "cross_border": True,
    "buyer": ORDER["buyer"] | {"country": "FR"},
}


async def test_what_was_promised_of_an_order_is_read_back_and_belongs_to_its_contents(people):
    placed = await people.host.post("/v1/orders", LATE)
    assert placed.status_code == 201, placed.text
    told = (await people.ann.get(placed.headers["location"])).json()
    assert told["handling"] == "pre_order"
    assert told["promised_at"] == "2026-05-15T10:00:00Z"
    assert told["deliver_by"] == "2026-05-19T22:00:00Z"
    assert told["cross_border"] is True
    for member in ("handling", "promised_at", "deliver_by", "cross_border"):
        other = await people.host.post("/v1/orders", {name: said for name, said in LATE.items() if name != member})
        assert other.status_code == 409, member


async def test_a_word_for_who_ships_and_a_currency_that_nobody_has_are_refused(people):
    assert (await people.host.post("/v1/orders", ORDER | {"shipping_by": "platfrom"})).status_code == 422
    for currency in ("XXX", "XTS", "XAU", "DEM"):
        answer = await people.host.post("/v1/orders", ORDER | {"currency": currency})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-field"), currency
        assert answer.json()["errors"][0]["pointer"] == "/currency", answer.text


async def test_a_buyer_whose_country_nobody_told_lives_where_the_parcel_goes(people):
    placed = await people.host.post("/v1/orders", ORDER)
    assert "country" not in ORDER["buyer"]
    asked = await people.ann.get(f"{placed.headers['location']}/cancellability")
    assert asked.json()["facts"]["country"] == "FR"
    elsewhere = await people.host.post(
        "/v1/orders", ORDER | {"number": "A-200", "buyer": ORDER["buyer"] | {"country": "US"}}
    )
    asked = await people.ann.get(f"{elsewhere.headers['location']}/cancellability")
    assert asked.json()["facts"]["country"] == "US", "what the host says of the buyer comes first"
    assert (await people.host.post("/v1/orders", ORDER)).status_code == 200


async def test_an_address_without_a_country_is_read_as_one_where_the_buyer_lives(people):  # M-07
    to = {name: said for name, said in ORDER["recipient"].items() if name != "country"}
    at_home = ORDER | {"buyer": ORDER["buyer"] | {"country": "FR"}, "recipient": to}
    placed = await people.host.post("/v1/orders", at_home)
    assert (await people.sue.get(placed.headers["location"])).json()["review"] is None
    nowhere = await people.host.post("/v1/orders", ORDER | {"number": "A-201", "recipient": to})
    told = (await people.sue.get(nowhere.headers["location"])).json()["review"]
    assert (told["found"][0], told["if_silent"]) == ("country_left_out", "release")


async def test_what_is_no_handling_or_no_country_is_refused(people):
    for body in (LATE | {"handling": "slow"}, LATE | {"buyer": {"id": "ann", "country": "France"}}):
        refused = await people.host.post("/v1/orders", body)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-field")


@pytest.mark.parametrize(("code", "meant"), [("UK", "GB"), ("EL", "GR"), ("XX", "ISO 3166-1"), ("EU", "ISO 3166-1")])
async def test_a_code_that_is_no_country_loses_nobody_a_law(people, code, meant):
    to = ORDER.get("recipient", {})
    wrong = {
        "/buyer/country": {"buyer": ORDER["buyer"] | {"country": code}},
        "/recipient/country": {"recipient": to | {"country": code}},
    }
    for pointer, part in wrong.items():
        refused = await people.host.post("/v1/orders", ORDER | {"number": "A-777"} | part)
        problem = refused.json()
        assert (refused.status_code, problem["type"]) == (422, "/problems/invalid-field")
        assert problem["errors"][0]["pointer"] == pointer
        assert meant in problem["errors"][0]["expected"]


async def test_a_parcel_on_its_way_to_the_door_is_a_fact_like_any_other(people, market):
    order = await market.order(Stage.IN_TRANSIT)
    fact = {"fact": "out_for_delivery", "occurred_at": (await market.now()).isoformat()}
    assert (await people.host.post(f"/v1/orders/{order}/facts", fact)).status_code == 201
    assert (await people.sam.post(f"/v1/orders/{order}/facts", fact)).status_code == 403


async def test_amounts_are_compared_and_sorted_within_their_currency(people, market):
    for number, price, shop in (
        ("E-1", 5000, KILN),
        ("D-1", 90000, LANTERN),
        ("E-2", 70000, KILN),
        ("D-2", 1, LANTERN),
    ):
        await market.order(number=number, price=price, shop=shop)
    for path in ("/v1/orders", "/v1/cancellations", "/v1/refunds", "/v1/orders/export"):
        for field in ("amount_min", "amount_max"):
            refused = await people.sue.get(path, **{field: 40000})
            assert (refused.status_code, f"?{field}" in refused.text) == (422, True), path
    assert "?currency" in (await people.sue.get("/v1/orders", amount_min=1, currency="XXA")).text
    view = {"list": "orders", "name": "Large", "where": "amount_max=40000"}
    assert (await people.sue.post("/v1/views", view)).status_code == 422

    async def found(**more):
        return [row["number"] for row in (await people.sue.get("/v1/orders", **more)).json()["rows"]]

    assert await found(amount_min=5000, amount_max=70000, currency="EUR", sort="amount") == ["E-2", "E-1"]
    assert await found(amount_min=5001, amount_max=69999, currency="EUR") == []
    assert await found(sort="amount") == ["E-2", "E-1", "D-1", "D-2"], "EUR before USD, the largest first in each"
    first = (await people.sue.get("/v1/orders", sort="amount", limit=3)).json()
    rest = (await people.sue.get("/v1/orders", sort="amount", limit=3, cursor=first["next"])).json()
    assert [row["number"] for row in rest["rows"]] == ["D-2"]


async def test_the_list_of_refunds_reads_back_and_is_called_as_other_lists(people, market):
    for number in ("A-1", "A-2", "A-3"):
        order = await market.order(Stage.PREPARING, number=number)
        case = (await market.asks(order)).order.open_cancellation.id
        assert (await people.sam.post(f"/v1/orders/{order}/cancellations/{case}/approve", {})).status_code == 200
    first = (await people.sue.get("/v1/refunds", state="all", limit=1)).json()
    assert first["rows"] == first["refunds"]
    assert len(first["rows"]) == 1
    second = (await people.sue.get("/v1/refunds", state="all", limit=1, after=first["next"])).json()
    back = (await people.sue.get("/v1/refunds", state="all", limit=1, after=second["previous"])).json()
    assert (back["rows"], back["previous"]) == (first["rows"], None)
    assert second["rows"] != first["rows"]
    odd = await people.sue.get("/v1/orders", placed="14d")
    assert "one of: 30d, 7d, today" in odd.text, "what is not said is no choice"
