"""Lists, views that people keep and their mail by the API: each person's own, and what cannot be opened is not kept."""

from datetime import timedelta

from postgres.market import KILN
from rescind.app import mailing
from rescind.core.stage import Stage
from rescind.notices import EMAIL
from rescind.postgres.notice_people import Owner


async def test_lists_say_what_they_can_be_narrowed_by_and_whose_columns_they_have(people):
    mine = {one["name"]: one for one in (await people.sam.get("/v1/lists")).json()["lists"]}
    assert set(mine) == {"orders", "requests", "refunds", "messages", "people"}
    assert "shop" not in {one["name"] for one in mine["orders"]["columns"]}
    assert {"stage", "placed", "amount_min"} <= set(mine["orders"]["filters"])
    chosen = await people.sue.send("PUT", "/v1/lists/messages/columns", {"columns": ["subject", "unread"]})
    assert [one["name"] for one in chosen.json()["columns"] if one["shown"]] == ["subject", "unread"]
    usual = (await people.ops.get("/v1/lists")).json()["lists"]
    shown = {one["name"] for each in usual if each["name"] == "messages" for one in each["columns"] if one["shown"]}
    assert "number" in shown, "what one chooses another does not see"
    assert (await people.sam.send("PUT", "/v1/lists/shops/columns", {"columns": []})).status_code == 404
    assert (await people.sam.send("PUT", "/v1/lists/orders/columns", {"columns": ["shop"]})).status_code == 422
    assert (await people.ann.get("/v1/lists")).status_code == 403


async def test_a_view_is_kept_by_its_name_and_is_its_persons_alone(people, market):
    await market.order(Stage.PACKED, number="A-1")
    wanted = {"list": "orders", "name": "  Heavy   parcels ", "where": "stage=packed&amount_min=100&currency=EUR"}
    kept = await people.sue.post("/v1/views", wanted)
    view = kept.json()
    assert (kept.status_code, kept.headers["location"]) == (201, f"/v1/views/{view['id']}")
    assert (view["name"], view["where"]) == ("Heavy parcels", "amount_min=100&currency=EUR&stage=packed")
    again = await people.sue.post("/v1/views", wanted | {"where": "stage=delivered", "columns": ["number"]})
    assert again.json()["id"] == view["id"]
    assert (await people.sue.get(f"/v1/views/{view['id']}")).json()["columns"] == ["number"]
    assert [one["id"] for one in (await people.sue.get("/v1/views?list=orders")).json()["views"]] == [view["id"]]
    for other in (people.sam, people.ops):
        assert (await other.get("/v1/views")).json()["views"] == []
        assert (await other.get(f"/v1/views/{view['id']}")).status_code == 404
        assert (await other.post(f"/v1/views/{view['id']}/remove")).status_code == 404
        assert (await other.send("PUT", f"/v1/views/{view['id']}/mail", {"rhythm": ""})).status_code == 404
    for wrong, field in (
        ({"where": "stage=nowhere"}, "/where"),
        ({"where": "colour=red"}, "/where"),
        ({"where": "tab=nope"}, "/where"),
        ({"where": "sort=colour"}, "/where"),
        ({"where": "currency=XXA"}, "/where"),
        ({"list": "buyers"}, "/list"),
        ({"columns": ["secret"]}, "columns"),
        ({"name": " "}, "name"),
    ):
        refused = await people.sue.post("/v1/views", wanted | wrong)
        assert (refused.status_code, field in refused.text) == (422, True), wrong
    assert (await people.sue.post(f"/v1/views/{view['id']}/remove")).json() == {"views": []}
    flagged = {"list": "messages", "name": "Flagged", "where": "tab=flagged"}
    assert (await people.sam.post("/v1/views", flagged)).status_code in {403, 422}, "what never opens is not kept"
    assert (await people.sue.post("/v1/views", flagged)).status_code == 201


async def test_a_view_is_mailed_to_an_address_of_ones_own_and_its_file_is_fetched_by_nobody_else(
    people, market, desk
):  # the page and the API keep one schedule
    await market.order(Stage.PACKED, number="A-1", shop=KILN)
    view = (await people.sam.post("/v1/views", {"list": "orders", "name": "All"})).json()["id"]
    channel = (await people.sam.post("/v1/notice-channels", {"address": "sam@kiln.example"})).json()["id"]
    daily = {"rhythm": "daily", "hour": 6, "zone": "Europe/London", "channel": channel}
    unproved = await people.sam.send("PUT", f"/v1/views/{view}/mail", daily)
    assert (unproved.status_code, "channel" in unproved.text) == (422, True)
    sam = Owner(role="seller", shop=KILN, person="key:sam")
    channel = (await desk.inbox.people.add(sam, EMAIL, "sam@kiln.example", verified=True)).id
    daily["channel"] = channel
    assert (await people.sam.send("PUT", f"/v1/views/{view}/mail", daily | {"zone": "Mars"})).status_code == 422
    assert (await people.sam.send("PUT", f"/v1/views/{view}/mail", daily | {"hour": 24})).status_code == 422
    kept = (await people.sam.send("PUT", f"/v1/views/{view}/mail", daily)).json()
    assert (kept["rhythm"], kept["next_at"]) == ("daily", "2026-05-05T05:00:00Z"), "six in London's summer"
    market.clock.advance(timedelta(days=1))
    assert await mailing(desk).sweep() == 1
    (file,) = (await people.sam.get("/v1/view-files")).json()["files"]
    assert (file["view"], file["rows"]) == (view, 1)
    assert b"A-1" in (await people.sam.get(f"/v1/view-files/{file['id']}")).content
    assert (await people.lou.get(f"/v1/view-files/{file['id']}")).status_code == 404
    staff = (await people.sam.post("/v1/views", {"list": "people", "name": "All"})).json()["id"]
    unsent = await people.sam.send("PUT", f"/v1/views/{staff}/mail", daily)
    assert unsent.status_code == 404, "who works here leaves by no mail"
    ended = (await people.sam.send("PUT", f"/v1/views/{view}/mail", {"rhythm": ""})).json()
    assert (ended["rhythm"], ended["next_at"]) == ("", None)


async def test_the_record_of_exports_is_narrowed_and_read_to_its_end(people, market):
    await market.order(number="A-1")
    await people.sue.get("/v1/orders/export", column=["number"])
    market.clock.advance(timedelta(minutes=1))
    await people.sam.get("/v1/orders/export", stage="packed")
    market.clock.advance(timedelta(minutes=1))
    await people.sue.get("/v1/shops/export")
    every = (await people.ops.get("/v1/exports?limit=2")).json()
    assert ([one["list"] for one in every["rows"]], every["total"]) == (["shops", "orders"], 3)
    rest = (await people.ops.get(f"/v1/exports?limit=2&cursor={every['next']}")).json()
    assert [(one["person"], one["rows"], one["personal"]) for one in rest["rows"]] == [("key:sue", 1, False)]
    for query, count in (
        ("list=orders", 2),
        ("person=key:sam", 1),
        ("person=sam", 0),
        ("personal=true", 1),
        ("via=mail", 0),
    ):
        assert (await people.ops.get(f"/v1/exports?{query}")).json()["total"] == count, query
    assert (await people.ops.get("/v1/exports?via=post")).status_code in {400, 422}
    assert (await people.sue.get("/v1/exports")).status_code == 403
