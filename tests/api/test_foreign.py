"""Whatever an address asks about an order that is somebody else's, it answers as for one that is not there (KF-23).

The operations and pages are not listed here: they are walked as the program declares them, so that a new one is asked
too.
"""

import asyncio
import json
import re
from datetime import timedelta

import httpx
import pytest

import rescind.api
from postgres.market import KILN, LANTERN
from rescind.access.request import Whence
from rescind.api.description import EXAMPLES
from rescind.app import make_app
from rescind.core.handover import Handover
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.setting_values import Amounts
from rescind.web import routes
from scenarios.files import png
from web.consoles import ORIGIN, Person

FOREIGNERS = ("bob", "lou")
"""A buyer and a seller with valid credentials, and nothing to do with the order."""
ROLE = {"bob": "buyer", "lou": "seller"}
CURRENCY = {"bob": "EUR", "lou": "USD"}


def other(identifier, length=1):
    """An id of the same form and shop that nothing has."""
    last = identifier[-length:]
    return identifier[:-length] + ("0" if last != "0" else "1") * length


@pytest.fixture
def chosen():
    """One person gives back a euro of an order, so that more waits for a second one."""
    return {"refund_second_person_above": Amounts({"EUR": 100})}


@pytest.fixture
async def anns(people, market):
    """An order of Ann's at Sam's shop with everything an address can name: request, parcel case, file, return, refund,
    proposal, note.
    """
    order = await market.order(Stage.PREPARING, units=3)
    sent = await people.ann.post(f"/v1/orders/{order}/evidence", content=png(), headers={"content-type": "image/png"})
    evidence = sent.json()["id"]
    noted = await people.ann.post(f"/v1/orders/{order}/notes", {"text": "Please ring twice."})
    assert noted.status_code == 201, noted.text
    asked = await people.ann.post(
        f"/v1/orders/{order}/cancellations", {"reason": "changed_mind", "lines": [{"line": "1", "quantity": 1}]}
    )
    case = asked.json()["cancellation"]["id"]
    await market.fact(order, "handed_over", tracking="JD1", lines={"1": 3})
    await market.fact(order, "delivered", tracking="JD1", lines={"1": 3})
    back = await people.ann.post(
        f"/v1/orders/{order}/returns", EXAMPLES["returns_open_return"] | {"evidence": [evidence]}
    )
    assert back.status_code == 201, back.text
    given = await people.sam.post(f"/v1/orders/{order}/refunds", {"amount": {"amount": 100, "currency": "EUR"}})
    assert given.status_code == 201, given.text
    more = await people.sam.post(f"/v1/orders/{order}/refunds", {"amount": {"amount": 1, "currency": "EUR"}})
    assert more.status_code == 202, more.text
    called = await people.ann.post(f"/v1/orders/{order}/escalations", EXAMPLES["escalations_call_platform"])
    assert called.status_code == 201, called.text
    known = (await market.read(order)).contradictions
    assert known, "the parcel left while a request was open"
    return {
        "order": order,
        "cancellation": case,
        "contradiction": known[0].id,
        "evidence": evidence,
        "case": back.json()["id"],
        "escalation": "1",
        "note": "1",
        "refund": given.json()["refunds"][0]["id"],
        "number": str(more.json()["proposal"]["number"]),
    }


def of_orders():
    """Every operation about one order, by its name, with the foreigners whose role may call it."""
    return {
        f"{one.method} {one.path} {who}": (one, who)
        for one in rescind.api.OPERATIONS
        if "{order}" in one.path and one.may
        for who in FOREIGNERS
        if ROLE[who] in one.may
    }


async def asks(who, one, ids, currency="EUR"):
    path = one.path.format(**ids)
    if one.method == "GET":
        return await who.get(path)
    if one.body is None:
        return await who.post(path, content=png(), headers={"content-type": "image/png"})
    return await who.post(path, json.loads(json.dumps(EXAMPLES[one.name]).replace('"EUR"', f'"{currency}"')))


def told(answer):
    """All that an answer says, without the number of the request itself and the lengths that follow from it."""
    body = re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"", answer.content)
    headers = {name: value for name, value in answer.headers.items() if name not in {"x-request-id", "date"}}
    return answer.status_code, body, headers


async def test_a_foreign_order_answers_like_a_missing_one_at_every_operation(people, market, anns):  # KF-23, I-30
    before = await market.read(anns["order"])
    missing = anns | {"order": other(anns["order"])}
    nowhere = anns | {"order": "ord_" + "0" * 22}
    differ, walked = [], of_orders()
    for name, (one, who) in walked.items():
        answers = [told(await asks(getattr(people, who), one, ids)) for ids in (anns, missing, nowhere)]
        if answers[0] != answers[1] or answers[0] != answers[2] or answers[0][0] != 404:
            differ.append((name, [answer[0] for answer in answers]))
    assert differ == []
    assert len(walked) > 25
    assert await market.read(anns["order"]) == before, "nothing was done to it"


@pytest.fixture
async def ann_for_another(people, desk, market):
    """Ann again, come by a link that names another order of hers."""
    own = Handover(buyer="ann", order=await market.order(Stage.PREPARING), to="order")
    url = (await desk.links.make(own, timedelta(minutes=5), "host:host", "k" * 20)).url
    return await desk.links.enter(url.rpartition("/")[2], Whence())


async def test_a_session_for_one_order_finds_nothing_of_another_at_every_operation(
    people, desk, market, anns, ann_for_another
):  # KF-23, I-30
    said = await people.ann.post(f"/v1/orders/{anns['order']}/messages", {"text": "Is it on its way?"})
    assert said.status_code == 201, said.text
    before = await market.read(anns["order"])
    cookie = {
        "cookie": f"rescind_session={ann_for_another.session}",
        "origin": ORIGIN,
        "x-csrf-token": desk.access.csrf_token(ann_for_another.person),
    }
    missing, differ, walked = anns | {"order": other(anns["order"])}, [], 0
    people.client.headers.update(cookie)
    for name, (one, who) in of_orders().items():
        if ROLE[who] == "buyer":
            walked += 1
            answers = [told(await asks(people.nobody, one, ids)) for ids in (anns, missing)]
            if answers[0] != answers[1] or answers[0][0] != 404:
                differ.append((name, [answer[0] for answer in answers]))
    assert differ == []
    assert walked > 10
    assert await market.read(anns["order"]) == before, "nothing was done to it"
    listed = (await people.nobody.get("/v1/orders")).json()["rows"]
    assert [one["id"] for one in listed] == [ann_for_another.person.order]
    assert anns["order"] not in (await people.nobody.get("/v1/threads")).text
    asked = await people.nobody.post("/v1/threads", EXAMPLES["threads_ask"] | {"shop": KILN})
    assert asked.status_code == 403, "what is asked before an order is of none"
    for path in ("/v1/notices", "/v1/notice-channels", "/v1/notice-preferences"):
        assert (await people.nobody.get(path)).status_code == 403, path


async def test_a_session_for_one_order_hears_of_no_other(desk, market, anns, ann_for_another):  # I-32
    whole, one = desk.tail.subscribe(Scope(buyer="ann"), None), desk.tail.subscribe(ann_for_another.person.scope, None)
    heard = {"whole": [], "one": []}

    async def listen(name, stream):
        async for event in stream:
            heard[name].append(event.order)

    listening = [asyncio.create_task(listen("whole", whole)), asyncio.create_task(listen("one", one))]
    await asyncio.sleep(0.05)
    await market.fact(ann_for_another.person.order, "packed")
    await market.asks(ann_for_another.person.order)
    await market.fact(anns["order"], "completed")
    while anns["order"] not in heard["whole"] or ann_for_another.person.order not in heard["one"]:  # noqa: ASYNC110 - the stream has no event
        await asyncio.sleep(0.02)
    assert set(heard["one"]) == {ann_for_another.person.order}
    for task in listening:
        task.cancel()


async def test_a_foreign_matter_of_ones_own_order_answers_like_a_missing_one(people, market, anns):  # KF-23, I-30
    own = {
        "bob": await market.order(Stage.PREPARING, buyer="bob"),
        "lou": await market.order(Stage.PREPARING, shop=LANTERN),
    }
    differ, walked = [], 0
    for name, (one, who) in of_orders().items():
        inner = [part for part in re.findall(r"{(\w+)}", one.path) if part != "order"]
        if not inner:
            continue
        walked += 1
        foreign = anns | {"order": own[who]}
        missing = foreign | {part: other(anns[part]) for part in inner}
        answers = [told(await asks(getattr(people, who), one, ids, CURRENCY[who])) for ids in (foreign, missing)]
        if answers[0] != answers[1] or answers[0][0] != 404:
            differ.append((name, [answer[:2] for answer in answers]))
    assert differ == []
    assert walked > 10


async def test_a_foreign_endpoint_answers_like_a_missing_one_at_every_operation(people, desk):  # I-30, I-35
    asked = await people.sam.post("/v1/webhook-endpoints", EXAMPLES["webhook_endpoints_create"])
    sams = asked.json()["endpoint"]["id"]
    sent = (await people.sam.post(f"/v1/webhook-endpoints/{sams}/test")).json()["event"]
    before = (await people.sam.get(f"/v1/webhook-endpoints/{sams}")).json()
    differ, walked = [], [one for one in rescind.api.OPERATIONS if "{endpoint}" in one.path]
    for one in walked:
        body = EXAMPLES[one.name] if one.body else None
        answers = []
        for endpoint in (sams, other(sams), "hook_nothing"):
            path = one.path.format(endpoint=endpoint, event=sent)
            answers.append(
                told(await (people.lou.get(path) if body is None else people.lou.send(one.method, path, body)))
            )
        if answers[0] != answers[1] or answers[0] != answers[2] or answers[0][0] != 404:
            differ.append((one.name, [answer[0] for answer in answers]))
    assert differ == []
    assert len(walked) == 10
    assert (await people.sam.get(f"/v1/webhook-endpoints/{sams}")).json() == before


async def test_a_foreign_robot_answers_like_a_missing_one_at_every_operation(people):  # I-30, I-35
    sams = (await people.sam.post("/v1/robots", EXAMPLES["robots_connect"])).json()["id"]
    before = (await people.sam.get(f"/v1/robots/{sams}")).json()
    differ, walked = [], [one for one in rescind.api.OPERATIONS if "{robot}" in one.path]
    for one in walked:
        body = EXAMPLES[one.name] if one.body else None
        answers = []
        for robot in (sams, other(sams), "bot_nothing"):
            path = one.path.format(robot=robot)
            answers.append(
                told(await (people.lou.get(path) if body is None else people.lou.send(one.method, path, body)))
            )
        if answers[0] != answers[1] or answers[0] != answers[2] or answers[0][0] != 404:
            differ.append((one.name, [answer[0] for answer in answers]))
    assert differ == []
    assert len(walked) == 4
    assert (await people.sam.get(f"/v1/robots/{sams}")).json() == before


# --- pages ------------------------------------------------------------------------------------------------------------


def pages(root):
    """(method, address) of every page below ``root`` that names something of an order."""
    for route in routes.pages().routes:
        path = re.sub(r"{(\w+):\w+}", r"{\1}", route.path_format) if hasattr(route, "path_format") else route.path
        named = re.findall(r"{(\w+)", path)
        if {"order_id", "request_id", "case_id", "home_id"} & set(named) and path.startswith(root):
            for method in sorted(route.methods & {"GET", "POST"}):
                yield method, re.sub(r"{(\w+)(:\w+)?}", r"{\1}", path)


@pytest.mark.parametrize(
    ("who", "root"), [("bob", "/orders"), ("bob", "/evidence"), ("lou", "/seller"), ("lou", "/evidence")]
)
async def test_a_foreign_order_answers_like_a_missing_one_on_every_page(people, desk, market, anns, who, root):  # KF-23
    person = Person(make_app(desk))
    await person.sign_in(desk, ROLE[who], who, **({"buyer_id": who} if who == "bob" else {"shop_id": LANTERN}))
    home = await person.see("/orders" if who == "bob" else "/seller/orders")
    token = [pair for form in home.forms for pair in form["fields"] if form["action"] == "/sign-out"]
    before = await market.read(anns["order"])
    differ, walked = [], 0
    for method, path in pages(root):
        walked += 1
        theirs = {
            "order_id": anns["order"],
            "home_id": anns["order"],
            "request_id": anns["cancellation"],
            "case_id": anns["cancellation"] if "/requests/" in path else anns["case"],
            "evidence_id": anns["evidence"],
            # A declaration is found by the id of what it opened.
            "declared_id": anns["case"],
        }
        missing = {name: other(value) for name, value in theirs.items()}
        answers = [await _page(person.client, method, path.format(**ids), token) for ids in (theirs, missing)]
        texts = [_without(answer, ids) for answer, ids in zip(answers, (theirs, missing), strict=True)]
        if texts[0] != texts[1] or answers[0].status_code != 404:
            differ.append((method, path, [answer.status_code for answer in answers]))
    assert differ == []
    assert walked > (0 if root == "/evidence" else 5)
    assert await market.read(anns["order"]) == before


async def test_a_foreign_endpoint_answers_like_a_missing_one_on_every_page(people, desk, market):  # I-30, I-35
    asked = await people.sam.post("/v1/webhook-endpoints", EXAMPLES["webhook_endpoints_create"])
    sams = asked.json()["endpoint"]["id"]
    sent = (await people.sam.post(f"/v1/webhook-endpoints/{sams}/test")).json()["event"]
    person = await Person(make_app(desk)).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    token = (await person.see("/seller/orders")).form("/sign-out")["fields"]
    form = [*token, ("key", "k" * 20), ("url", "https://example.com/mine"), ("state", "paused")]
    differ, walked = [], 0
    for method, path in endpoint_pages():
        walked += 1
        ids = [{"endpoint": one, "event": sent} for one in (sams, other(sams))]
        answers = [await _page(person.client, method, path.format(**one), form) for one in ids]
        texts = [_without(answer, one) for answer, one in zip(answers, ids, strict=True)]
        if texts[0] != texts[1] or answers[0].status_code != 404:
            differ.append((method, path, [answer.status_code for answer in answers]))
    assert differ == []
    assert walked == 9
    assert (await people.sam.get(f"/v1/webhook-endpoints/{sams}")).json()["url"] == asked.json()["endpoint"]["url"]


async def test_a_foreign_robot_answers_like_a_missing_one_on_every_page(people, desk, market):  # I-30, I-35
    sams = (await people.sam.post("/v1/robots", EXAMPLES["robots_connect"])).json()["id"]
    before = (await people.sam.get(f"/v1/robots/{sams}")).json()
    person = await Person(make_app(desk)).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    token = (await person.see("/seller/orders")).form("/sign-out")["fields"]
    form = [*token, ("key", "k" * 20), ("language", "en"), ("state", "paused")]
    differ, walked = [], 0
    for method, path in endpoint_pages("/seller/robots/"):
        walked += 1
        ids = [{"robot": one} for one in (sams, other(sams))]
        answers = [await _page(person.client, method, path.format(**one), form) for one in ids]
        texts = [_without(answer, one) for answer, one in zip(answers, ids, strict=True)]
        if texts[0] != texts[1] or answers[0].status_code != 404:
            differ.append((method, path, [answer.status_code for answer in answers]))
    assert differ == []
    assert walked == 5
    assert (await people.sam.get(f"/v1/robots/{sams}")).json() == before


def endpoint_pages(root="/seller/webhooks/"):
    """(method, address) of every page of a seller that names an endpoint, or a robot."""
    for route in routes.pages().routes:
        if route.path.startswith(root):
            for method in sorted(route.methods & {"GET", "POST"}):
                yield method, re.sub(r"{(\w+)(:\w+)?}", r"{\1}", route.path)


async def _page(client, method, path, token):
    if method == "GET":
        return await client.get(path)
    return await client.post(path, data=dict(token), headers={"origin": ORIGIN})


def _without(answer: httpx.Response, ids):
    text = answer.text
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, text
