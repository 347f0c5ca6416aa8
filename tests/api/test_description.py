"""The OpenAPI document and the reference page say what the API does."""

import re

import asyncpg
from openapi_spec_validator import OpenAPIV31SpecValidator

import rescind.api
from postgres.market import KILN, LANTERN
from rescind.api.description import EXAMPLES
from rescind.api.reference import UNDESCRIBED
from rescind.core.stage import Stage
from rescind.postgres.embedded import APP, OWNER

REPEATED = {
    *("policies_check", "order_notes_understood", "providers_hear", "order_sources_hear", "mail_test"),
    "imports_put_in",
} | {f"refund_orders_{act}" for act in ("take", "confirm", "decline", "confirm_many")}
"""Calls with a body that want no key: one changes nothing, a test is sent as often as somebody wants to see one, and
what is said twice of a refund is heard once, as is a file that is put in again."""


async def test_the_document_is_valid_and_complete(people):
    answer = await people.client.get("/openapi.json")
    assert answer.status_code == 200
    api = answer.json()
    OpenAPIV31SpecValidator(api).validate()
    described = {(method.upper(), path) for path, methods in api["paths"].items() for method in methods}
    assert described == {(one.method, one.path) for one in rescind.api.OPERATIONS if one not in UNDESCRIBED}
    for path, methods in api["paths"].items():
        for method, one in methods.items():
            assert one["description"], path
            names = [parameter["name"] for parameter in one.get("parameters", ())]
            # Trying a text is the one call with a body that changes nothing; files and choices repeat harmlessly.
            changes = method == "post" and "requestBody" in one and one["operationId"] not in REPEATED
            assert ("Idempotency-Key" in names) == changes
    assert api["paths"]["/v1/orders"]["post"]["x-roles"] == ["host"]
    assert "Narrowing" not in api["components"]["schemas"]
    assert [name for name in api["components"]["schemas"] if not name.isidentifier()] == [], "each has its own name"
    assert api["components"]["schemas"]["NewCancellation"]["additionalProperties"] is False


async def test_the_examples_work(people, market):
    bodies = {one.name for one in rescind.api.OPERATIONS if one.body}
    assert bodies == EXAMPLES.keys()
    order = {**EXAMPLES["orders_place"], "shop": KILN}
    placed = await people.host.post("/v1/orders", order)
    assert placed.status_code == 201, placed.text
    path = f"/v1/orders/{placed.json()['id']}"
    paid = await people.host.post(f"{path}/facts", EXAMPLES["orders_report"])
    assert paid.status_code == 201, paid.text
    kit = await market.order(Stage.PREPARING, units=2)
    path = f"/v1/orders/{kit}/cancellations"
    for act in ("approve", "refuse", "withdraw"):
        asked = await people.ann.post(path, EXAMPLES["cancellations_request"])
        assert asked.status_code == 201, asked.text
        case = asked.json()["cancellation"]["id"]
        who = people.ann if act == "withdraw" else people.sam
        done = await who.post(f"{path}/{case}/{act}", EXAMPLES[f"cancellations_{act}"])
        assert done.status_code == 200, done.text
        kit = await market.order(Stage.PREPARING, units=2)
        path = f"/v1/orders/{kit}/cancellations"
    chosen = await people.lou.send("PATCH", f"/v1/shops/{LANTERN}/settings", EXAMPLES["shops_choose"])
    assert chosen.status_code == 200, chosen.text
    ruled = await people.lou.send("PUT", f"/v1/shops/{LANTERN}/rules", EXAMPLES["shops_set_rules"])
    assert ruled.status_code == 200, ruled.text
    added = await people.host.post("/v1/shops", EXAMPLES["shop_facts_add"])
    assert added.status_code == 201, added.text
    moved = await people.ops.send("PATCH", f"/v1/shops/{added.json()['id']}", EXAMPLES["shop_facts_change"])
    assert moved.status_code == 200, moved.text


async def test_answers_have_the_members_the_document_gives_them(people, market):
    api = (await people.client.get("/openapi.json")).json()
    schemas = api["components"]["schemas"]
    order = await market.order(Stage.PREPARING)
    asked = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    for name, answer in (
        ("DecisionTold", asked),
        ("OrderTold", await people.ann.get(f"/v1/orders/{order}")),
        ("OrdersTold", await people.ann.get("/v1/orders")),
        ("QueueTold", await people.ann.get("/v1/cancellations")),
        ("TimelineTold", await people.ann.get(f"/v1/orders/{order}/events")),
        ("Receipt", await people.ann.get(asked.json()["receipt"])),
        ("Health", await people.nobody.get("/healthz")),
    ):
        assert answer.json().keys() == schemas[name]["properties"].keys(), name
    problem = (await people.ann.get("/v1/orders?limit=0")).json()
    assert problem.keys() == schemas["Problem"]["properties"].keys()


async def test_the_reference_page_stands_on_its_own(people):
    page = await people.client.get("/docs/api", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "'unsafe" not in page.headers["content-security-policy"]
    html = page.text
    assert "<script" not in html
    assert "style=" not in html
    for address in re.findall(r'(?:href|src)="([^"]+)"', html):
        assert address.startswith(("#", "/")), address
    anchors = set(re.findall(r'id="([^"]+)"', html))
    for target in re.findall(r'href="#([^"]+)"', html):
        assert target in anchors, target
    for one in rescind.api.OPERATIONS:
        if one not in UNDESCRIBED:
            assert one.path in html
    style = await people.client.get("/docs/api.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "http" not in style.text


async def test_health_says_when_the_schema_is_not_the_one_it_wants(people, desk, database):
    told = (await people.nobody.get("/healthz")).json()
    assert (told["status"], told["migrations"]) == ("ok", "current")
    owner = await asyncpg.connect(database(OWNER))
    # What a migration of another make and one that is missing look like; the database is used again, so put back.
    await owner.execute("ALTER TABLE migrations RENAME TO kept")
    await owner.execute("CREATE TABLE migrations AS SELECT number, name, 'another' AS checksum FROM kept")
    await owner.execute(f"GRANT SELECT ON migrations TO {APP}")
    try:
        assert (await people.nobody.get("/healthz")).json()["type"] == "/problems/unavailable"
        await owner.execute("DELETE FROM migrations")
        assert (await people.nobody.get("/healthz")).status_code == 503
    finally:
        await owner.execute("DROP TABLE migrations")
        await owner.execute("ALTER TABLE kept RENAME TO migrations")
        await owner.close()
    assert (await people.nobody.get("/healthz")).status_code == 200
