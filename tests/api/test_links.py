"""Links, secrets and codes by the API: what a host asks for, what it gets, and what it may not."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import httpx
import pytest

from postgres.market import KILN, LANTERN
from rescind.access.request import Whence
from rescind.core import handover
from rescind.core.details import BuyerWords
from rescind.core.errors import LinkExpired, LinkUsed, Unauthenticated
from rescind.core.handover import Handover
from rescind.core.stage import Stage
from rescind.setting_values import Sites
from rescind.web import letters

LINKS, SECRETS = "/v1/links", "/v1/link-secrets"
SITE = "https://market.example"
GUIDE = (Path(__file__).parents[2] / "docs" / "operating" / "buyers.md").read_text("utf-8")


@pytest.fixture
def chosen():
    return {"host_sites": Sites({SITE: "The Market"})}


async def test_a_host_asks_for_a_link_and_gets_the_same_one_for_the_same_call(people, market, desk):
    order = await market.order(Stage.PREPARING)
    body = {"buyer": "ann", "order": order, "to": "cancel", "return_to": f"{SITE}/mine", "lifetime_s": 60}
    first, second = [await people.host.post(LINKS, body, key="k" * 20) for _ in range(2)]
    assert first.status_code == 201, first.text
    assert first.json() == second.json()
    assert first.json()["url"].startswith("http://desk.test/enter/rso_")
    left = datetime.fromisoformat(first.json()["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    assert await desk.pool.fetchval("SELECT count(*) FROM credentials WHERE kind = 'link'") == 1
    for other in ({**body, "to": "order"}, {**body, "lifetime_s": 61}, {**body, "return_to": f"{SITE}/"}):
        again = await people.host.post(LINKS, other, key="k" * 20)
        assert (again.status_code, again.json()["type"]) == (422, "/problems/idempotency-key-reused"), other
    anew = await people.host.post(LINKS, body)
    assert anew.json()["url"] != first.json()["url"]


async def test_a_link_that_was_used_or_is_over_is_handed_out_no_more(people, desk):
    body, key = {"buyer": "ann"}, "k" * 20
    token = (await people.host.post(LINKS, body, key=key)).json()["url"].rpartition("/")[2]
    await desk.links.enter(token, Whence())
    used = await people.host.post(LINKS, body, key=key)
    assert (used.status_code, used.json()["type"]) == (410, "/problems/link-used")
    await people.host.post(LINKS, body, key="l" * 20)
    hour_ago = "created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'"
    await desk.pool.execute(f"UPDATE credentials SET {hour_ago} WHERE kind = 'link'")
    over = await people.host.post(LINKS, body, key="l" * 20)
    assert (over.status_code, over.json()["type"]) == (410, "/problems/link-expired")
    assert (await people.host.post(LINKS, body, key="m" * 20)).status_code == 201


async def test_links_of_a_key_end_with_it_however_it_ended(people, desk):
    for how in ("revoked", "by its principal", "over"):
        key = await desk.access.issue_key("host", f"till {how}")
        headers = {"authorization": f"Bearer {key}", "idempotency-key": token_hex(12)}
        made = [
            await people.nobody.post(LINKS, {"buyer": "ann"}, headers=headers | {"idempotency-key": token_hex(12)})
            for _ in range(2)
        ]
        first, second = [one.json()["url"].rpartition("/")[2] for one in made]
        await desk.links.look(first)
        await desk.links.enter(first, Whence())
        if how == "revoked":
            await desk.access.revoke(key)
        elif how == "over":
            await desk.pool.execute("UPDATE credentials SET expires_at = now() WHERE principal = 'till over'")
        else:
            await desk.access.revoke_principal("host", f"till {how}")
        with pytest.raises(LinkExpired):
            await desk.links.look(second)
        with pytest.raises(LinkExpired):
            await desk.links.enter(second, Whence())


async def test_all_ways_in_of_one_buyer_are_ended_at_once(people, desk, market):
    order = await market.order(Stage.PREPARING)
    onward = dict(parse_qsl(urlsplit(desk.links.onward(Handover(buyer="ann", order=order, to="order"))).query))
    open_, used = [(await people.host.post(LINKS, {"buyer": "ann"})).json()["url"].rpartition("/")[2] for _ in range(2)]
    session = (await desk.links.enter(used, Whence())).session
    bobs = (await people.host.post(LINKS, {"buyer": "bob"})).json()["url"].rpartition("/")[2]
    listed = (await people.ops.get("/v1/sessions", whose="all")).json()["sessions"]
    assert [one["person"] for one in listed] == ["ann"]
    assert (await people.ops.get("/v1/sessions", buyer="bob")).json()["sessions"] == []
    assert (await people.sue.get("/v1/sessions", buyer="ann")).status_code == 403
    ended = await people.host.post("/v1/buyers/ann/sessions/end")
    assert (ended.status_code, ended.json()) == (200, {"ended": 2})
    with pytest.raises(Unauthenticated):
        await desk.access.identify(None, session, "")
    with pytest.raises(LinkUsed):
        await desk.links.look(open_)
    with pytest.raises(LinkExpired):
        await desk.links.look_at_signed(onward)
    assert (await desk.links.look(bobs)).buyer_id == "bob"
    again = (await people.host.post(LINKS, {"buyer": "ann"})).json()["url"].rpartition("/")[2]
    assert (await desk.links.look(again)).buyer_id == "ann", "what is made afterwards counts"
    (act, *_) = (await people.ops.get("/v1/people/acts")).json()["acts"]
    assert (act["act"], act["whom"]) == ("sessions_ended", "ann")
    assert (await people.sam.post("/v1/buyers/ann/sessions/end")).status_code == 403


async def test_of_two_shops_with_one_number_the_link_says_whose(people, desk, market):
    here = await market.order(number="A-7")
    there = await market.order(number="A-7", shop=LANTERN)
    body = {"buyer": "ann", "order": "A-7"}
    refused = await people.host.post(LINKS, body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/shop")
    for shop, order in ((KILN, here), (LANTERN, there)):
        token = (await people.host.post(LINKS, {**body, "shop": shop})).json()["url"].rpartition("/")[2]
        assert (await desk.links.look(token)).order_id == order
    assert (await people.host.post(LINKS, {**body, "shop": "shp_nothing"})).status_code == 404


async def test_a_guest_of_two_shops_with_one_number_says_which_order_they_mean(people, desk, market):
    told = BuyerWords(email="ann@example.com")
    orders = {shop: await market.order(number="A-7", shop=shop, told=told) for shop in (KILN, LANTERN)}
    step = (await people.host.post("/v1/guest-codes", {"number": "A-7", "email": "ann@example.com"})).json()["step"]
    (mail,) = await desk.post.table.latest()
    typed = {"step": step, "code": re.search(r"\b\d{6}\b", (await letters.compose(desk, mail)).text)[0]}
    wrong = await people.host.post("/v1/guest-sessions", {**typed, "code": "x"})
    assert wrong.json()["type"] == "/problems/code-wrong", "who has proved nothing learns nothing"
    asked = await people.host.post("/v1/guest-sessions", typed)
    assert (asked.status_code, asked.json()["errors"][0]["pointer"]) == (422, "/shop")
    made = await people.host.post("/v1/guest-sessions", {**typed, "shop": LANTERN})
    assert made.status_code == 201, made.text
    assert (await desk.links.look(made.json()["url"].rpartition("/")[2])).order_id == orders[LANTERN]


WRONG = (
    ({"buyer": ""}, 422, "/buyer"),
    ({"buyer": "ann\n"}, 422, "/buyer"),
    ({"to": "https://evil.example"}, 422, "/to"),
    ({"to": "cancel"}, 422, "/to"),
    ({"order": "{order}", "to": "orders"}, 422, "/to"),
    ({"lifetime_s": 59}, 422, "/lifetime_s"),
    ({"lifetime_s": 24 * 3600 + 1}, 422, "/lifetime_s"),
    ({"lifetime_s": 10**400}, 422, "/lifetime_s"),
    ({"language": "xx"}, 422, "/language"),
    ({"return_to": "https://evil.example/"}, 422, "/return_to"),
    ({"return_to": f"{SITE}@evil.example/"}, 422, "/return_to"),
    ({"return_to": "javascript:alert(1)"}, 422, "/return_to"),
    ({"order": "{bobs}"}, 404, ""),
    ({"order": "nothing"}, 404, ""),
    ({"name": "Ann"}, 422, "/name"),
)


async def test_a_link_that_cannot_be_is_refused_and_nothing_is_kept(people, market, desk):
    ids = {"{order}": await market.order(Stage.PREPARING), "{bobs}": await market.order(Stage.PREPARING, buyer="bob")}
    for wrong, status, field in WRONG:
        body = {"buyer": "ann"} | {name: ids.get(value, value) for name, value in wrong.items()}
        refused = await people.host.post(LINKS, content=json.dumps(body).encode())
        assert refused.status_code == status, (wrong, refused.text)
        if field:
            assert refused.json()["errors"][0]["pointer"].strip("#") == field, refused.text
    assert await desk.pool.fetchval("SELECT count(*) FROM credentials WHERE kind = 'link'") == 0


async def test_only_a_host_makes_links_and_a_key_made_for_that_alone_does_nothing_else(people):
    for who in (people.ann, people.sam, people.sue, people.ops):
        assert (await who.post(LINKS, {"buyer": "ann"})).status_code == 403
    till = await people.key("host", "till", scopes=("links:read", "links:write"))
    assert (await till.post(LINKS, {"buyer": "ann"})).status_code == 201
    assert (await till.get("/v1/orders")).status_code == 403
    other = await people.key("host", "erp", scopes=("orders:read", "orders:write"))
    assert (await other.post(LINKS, {"buyer": "ann"})).status_code == 403


async def test_two_secrets_may_be_in_force_and_each_is_shown_once(people, desk):
    first = await people.ops.post(SECRETS, key="k" * 20)
    assert first.status_code == 201, first.text
    assert first.json() == (await people.ops.post(SECRETS, key="k" * 20)).json()
    assert re.fullmatch(r"rsh_[\w-]{43}", first.json()["secret"])
    second = await people.ops.post(SECRETS)
    full = await people.ops.post(SECRETS)
    assert (full.status_code, full.json()["type"], full.json()["limit"]) == (409, "/problems/secrets-full", 2)
    listed = (await people.ops.get(SECRETS)).json()["secrets"]
    assert {one["id"] for one in listed} == {first.json()["made"]["id"], second.json()["made"]["id"]}
    assert first.json()["secret"] not in (await people.ops.get(SECRETS)).text
    end = f"{SECRETS}/{first.json()['made']['id']}/end"
    ended = [(await people.ops.post(end)).json()["ended_at"] for _ in range(2)]
    assert ended[0] is not None
    assert ended[0] == ended[1]
    assert (await people.ops.post(SECRETS)).status_code == 201
    acts = (await people.ops.get("/v1/people/acts")).json()["acts"]
    assert [one["act"] for one in acts] == ["secret_made", "secret_ended", "secret_made", "secret_made"]
    assert (await people.ops.post(f"{SECRETS}/lks_nothing/end")).status_code == 404
    for who in (people.host, people.sam, people.sue):
        assert (await who.post(SECRETS)).status_code == 403


async def test_of_many_secrets_made_at_once_two_are_in_force(people):
    made = await asyncio.gather(*(people.ops.post(SECRETS) for _ in range(6)))
    assert sorted(one.status_code for one in made) == [201, 201, 409, 409, 409, 409]


# --- guests ----------------------------------------------------------------------------------------------------------


async def test_a_host_lets_a_guest_in_who_types_the_code_of_the_mail(people, market, desk):
    order = await market.order(Stage.PREPARING, told=BuyerWords(email="ann@example.com"))
    wish = {"number": (await market.read(order)).number, "email": "ann@example.com"}
    sent, again = [await people.host.post("/v1/guest-codes", wish, key="k" * 20) for _ in range(2)]
    assert sent.status_code == 202, sent.text
    assert sent.json()["step"] == again.json()["step"]
    other = await people.host.post("/v1/guest-codes", {**wish, "number": "2"}, key="k" * 20)
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    nobody = await people.host.post("/v1/guest-codes", {**wish, "email": "eve@example.com"})
    assert (nobody.status_code, set(nobody.json())) == (202, set(sent.json()))
    (mail,) = await desk.post.table.latest()
    code = re.search(r"\b\d{6}\b", (await letters.compose(desk, mail)).text)[0]
    wrong = await people.host.post("/v1/guest-sessions", {"step": nobody.json()["step"], "code": code})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/code-wrong")
    typed = {"step": sent.json()["step"], "code": code}
    first, second = [await people.host.post("/v1/guest-sessions", typed, key="l" * 20) for _ in range(2)]
    assert first.status_code == 201, first.text
    assert first.json() == second.json()
    assert (await people.host.post("/v1/guest-sessions", typed)).json()["type"] == "/problems/code-wrong"
    found = await desk.links.look(first.json()["url"].rpartition("/")[2])
    assert (found.buyer_id, found.order_id) == ("ann", order)


async def test_a_host_is_answered_before_the_order_of_a_guest_is_looked_for(people, served, market, desk, database):
    number = (await market.read(await market.order(told=BuyerWords(email="ann@example.com")))).number
    locker = await asyncpg.connect(database())
    headers = {"authorization": f"Bearer {people.host.token}"}
    async with httpx.AsyncClient(base_url=served, headers=headers, timeout=10) as client:
        async with locker.transaction():
            # Whoever wants to know of an order has to wait; whoever is answered has not looked.
            await locker.execute("LOCK TABLE orders, people, mails IN ACCESS EXCLUSIVE MODE")
            for one in (number, "no-such"):
                wish = {"number": one, "email": "ann@example.com"}
                sent = await client.post("/v1/guest-codes", json=wish, headers={"idempotency-key": token_hex(12)})
                assert sent.status_code == 202, sent.text
        await locker.close()
        while not await desk.post.table.latest():  # noqa: ASYNC110 - the mail is written by itself
            await asyncio.sleep(0.01)
    assert len(await desk.post.table.latest()) == 1


async def test_codes_and_links_are_no_way_round_each_other(people, market, desk):
    made = await people.host.post(LINKS, {"buyer": "ann"})
    token = made.json()["url"].rpartition("/")[2]
    with pytest.raises(Unauthenticated):
        await desk.access.identify(f"Bearer {token}".encode(), None, "")
    refused = await people.host.post("/v1/guest-sessions", {"step": token, "code": "000000"})
    assert refused.json()["type"] == "/problems/code-wrong"


# --- the guide -------------------------------------------------------------------------------------------------------


def examples(language):
    """The guide's programs in one language: the first asks for a link, the second signs one."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


VECTOR = json.loads(re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)[1])
RUN = {
    "python": ([sys.executable, "-c"], "{program}\nprint(signed_link({desk!r}, {secret!r}, {link!r}))"),
    "js": (["node", "-e"], "{program}\nconsole.log(signedLink({desk!r}, {secret!r}, {link!r}))"),
    "php": (["php", "-r"], "{program}\necho signed_link({desk!r}, {secret!r}, json_decode('{json}', true));"),
}


@pytest.mark.parametrize("language", RUN)
def test_the_guides_program_makes_the_link_that_stands_beside_it(language):
    program = examples(language)[1]
    command, call = RUN[language]
    told = VECTOR["url"].replace("\n", "")
    link = dict(parse_qsl(urlsplit(told).query))
    assert link.pop("signature") == handover.signature(VECTOR["secret"], link), "the vector is what is checked here"
    assert link == VECTOR["link"]
    if shutil.which(command[0]) is None:
        # Without the interpreter: every line of the text that is signed stands in the program, in its order.
        places = [program.index(f"'{name}'") for name in handover.NAMES]
        assert places == sorted(places)
        assert f"'{handover.VERSION}'" in program
        assert "hash_hmac('sha256', implode(\"\\n\", $lines), $secret)" in program
        return
    text = call.format(
        program=program.removeprefix("<?php\n"),
        desk=VECTOR["desk"],
        secret=VECTOR["secret"],
        link=link,
        json=json.dumps(link),
    )
    done = subprocess.run([*command, text], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == told


@pytest.mark.parametrize(
    ("language", "call"),
    [
        ("python", "{program}\nprint(link_for({desk!r}, {key!r}, {body!r}))"),
        ("js", "{program}\nlinkFor({desk!r}, {key!r}, {body!r}).then((url) => console.log(url))"),
    ],
)
async def test_the_guides_program_asks_for_a_link(people, served, market, language, call):
    if shutil.which(RUN[language][0][0]) is None:
        assert LINKS in examples(language)[0]
        return
    await market.order(Stage.PREPARING, shop=LANTERN)
    text = call.format(program=examples(language)[0], desk=served, key=people.host.token, body={"buyer": "ann"})
    running = await asyncio.create_subprocess_exec(
        *RUN[language][0], text, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await running.communicate()
    assert re.fullmatch(r"http://desk\.test/enter/rso_[\w-]{43}", out.decode().strip()), err.decode()
