"""A hundred hostile files, sent into a conversation over HTTP: none runs, none tells where it was (UP-01 to UP-06)."""

import asyncio
import hashlib

import pytest

from rescind.core.stage import Stage
from scenarios.files import exif, jpeg, png, segment, webp
from scenarios.hostile import CLEANED, REFUSED, TELLTALE
from web.consoles import ORIGIN, Person

NAMES = (
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/cron.d/evil",
    "C:\\autoexec.bat",
    "jar.png\0.html",
    "\u202egnp.exe",
    "jar.png.html",
    ".htaccess",
    "CON",
    "a" * 4000 + ".png",
    "<img src=x onerror=alert(1)>.png",
    "jar.png\r\nContent-Type: text/html",
    'jar";filename="evil.html',
    "陶罐\u200b.png",
    "%2e%2e%2fevil.html",
    "jar.svg",
)


@pytest.fixture
def chosen():
    return {"evidence_order_files": 200, "evidence_files": 10}


def stored(tmp_path):
    return [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]


async def sends(who, order, data, kind):
    return await who.post(f"/v1/orders/{order}/evidence", content=data, headers={"content-type": kind})


async def says(who, order, files):
    said = {"text": "Look at this", "audience": "everyone", "evidence": files}
    return await who.post(f"/v1/orders/{order}/messages", said)


async def test_what_can_run_nest_or_hide_gets_into_no_conversation(people, market, tmp_path):  # KF-25, UP-01, UP-03
    order = await market.order(Stage.PREPARING)
    wrong = {}
    for name, (data, kind, why) in REFUSED.items():
        answer = await sends(people.ann, order, data, kind)
        told = (answer.status_code, answer.json().get("type"), answer.json().get("why"))
        if told != (422, "/problems/file-refused", why):
            wrong[name] = told
    assert wrong == {}
    assert len(REFUSED) + len(CLEANED) >= 60
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 0
    assert stored(tmp_path) == []


async def test_what_is_given_out_runs_nowhere_and_tells_nothing_of_its_maker(people, market, tmp_path):  # UP-03, UP-05
    order = await market.order(Stage.PREPARING)
    wrong, found = {}, {}
    for name, (data, kind, left) in CLEANED.items():
        answer = await sends(people.ann, order, data, kind)
        if answer.status_code != 201 or answer.json()["digest"] != hashlib.sha256(left).hexdigest():
            wrong[name] = answer.text
        else:
            found[answer.json()["id"]] = (kind, left)
    assert wrong == {}
    assert (await says(people.ann, order, list(found))).status_code == 201
    for file, (kind, left) in found.items():
        seen = await people.sam.get(f"/v1/orders/{order}/evidence/{file}")
        assert (seen.status_code, seen.content, seen.headers["content-type"]) == (200, left, kind)
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in seen.headers["content-security-policy"]
        assert "script" not in seen.headers["content-security-policy"]
        assert seen.headers["cross-origin-resource-policy"] == "same-origin"
    for path in stored(tmp_path):
        data = path.read_bytes()
        assert not any(word in data for word in TELLTALE), path


async def test_a_photo_that_is_turned_is_shown_the_right_way_up_and_from_nowhere(people, market):  # I-27
    order = await market.order(Stage.PREPARING)
    for data, kind in (
        (jpeg(segment(0xE1, exif(turned=6))), "image/jpeg"),
        (webp((b"EXIF", exif(turned=6))), "image/webp"),
    ):
        file = (await sends(people.ann, order, data, kind)).json()["id"]
        kept = (await people.ann.get(f"/v1/orders/{order}/evidence/{file}")).content
        assert b"52.52" not in kept
        assert b"GPS" not in kept


async def test_what_a_file_is_called_is_kept_nowhere_and_names_no_place(desk, people, market, tmp_path):  # UP-04, UP-06
    order = await market.order(Stage.PREPARING)
    ann = await Person(people.nobody.client._transport.app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    for place, name in enumerate(NAMES):
        page = await ann.see(f"/orders/{order}")
        action = f"/orders/{order}/messages"
        fields = dict(page.form(action)["fields"]) | {"text": f"Number {place}", "audience": "everyone"}
        fields.pop("files", None)
        picture = png(colour=(place, 1, 2))
        sent = await ann.client.post(
            action, data=fields, files=[("files", (name, picture, "text/html"))], headers={"origin": ORIGIN}
        )
        assert sent.status_code == 303, (name, sent.status_code)
    files = await market.pool.fetch("SELECT evidence_id FROM evidence")
    assert {path.name for path in stored(tmp_path)} == {row["evidence_id"] for row in files}
    assert len(files) == len(NAMES)
    page = await ann.see(f"/orders/{order}")
    for word in ("onerror", "passwd", "evil", "htaccess", "\u202e", "aaaaaaaa", "autoexec"):
        assert word not in page.raw
    for row in files:
        shown = await ann.client.get(f"/evidence/{order}/{row['evidence_id']}")
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["content-disposition"].startswith('inline; filename="evidence-')


async def raw(served, who, order, length, body):
    """The answer to a call whose length is what it says, whatever comes; empty where there is none."""
    host, port = served.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/orders/{order}/evidence HTTP/1.1",
        f"host: {host}:{port}",
        f"authorization: Bearer {who.token}",
        "content-type: image/png",
        f"idempotency-key: {'k' * 20}",
        f"content-length: {length}",
        "connection: close",
    )
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await writer.drain()
    if len(body) < length:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize("given", [60, 0])
async def test_a_length_that_is_not_kept_leaves_nothing(people, market, served, tmp_path, given):  # UP-02
    order = await market.order(Stage.PREPARING)
    assert b" 201 " not in await raw(served, people.ann, order, 5000, png()[:given])
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 0
    assert stored(tmp_path) == []


async def test_a_length_that_is_too_short_is_the_length(people, market, served, tmp_path):  # UP-02
    order = await market.order(Stage.PREPARING)
    answer = await raw(served, people.ann, order, len(png()) - 4, png())
    assert b" 422 " in answer.split(b"\r\n", 1)[0]
    assert stored(tmp_path) == []
