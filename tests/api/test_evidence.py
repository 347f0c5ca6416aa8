"""Files over HTTP: sent, named by a command, given to those of the case and to nobody else (KF-25, KF-23)."""

import asyncio
import hashlib
from datetime import timedelta

import httpx
import pytest

from api.conftest import Caller
from rescind.core.stage import Stage
from rescind.objects import Objects
from scenarios.files import HTML, SVG, exif, jpeg, pdf, png, segment, webp

MIB = 1024 * 1024


async def send(who, order, data=None, kind="image/png", **more):
    return await who.post(
        f"/v1/orders/{order}/evidence",
        content=png() if data is None else data,
        headers={"content-type": kind, **more},
    )


async def sent(who, order, data=None, kind="image/png"):
    answer = await send(who, order, data, kind)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def asked(people, market, evidence=(), stage=Stage.PREPARING):
    """An order with a request that shows files; gives the order and the request."""
    order = await market.order(stage)
    files = [await sent(people.ann, order, data) for data in evidence]
    case = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind", "evidence": files})
    assert case.status_code == 201, case.text
    return order, case.json()["cancellation"]["id"], files


async def test_a_file_is_seen_by_those_of_the_case_and_by_nobody_else(people, market):  # KF-25, KF-23
    order, _, (file,) = await asked(people, market, [png()])
    path = f"/v1/orders/{order}/evidence/{file}"
    for who in (people.ann, people.sam, people.sue, people.ops):
        seen = await who.get(path)
        assert (seen.status_code, seen.content) == (200, png())
    missing = await people.bob.get(path.replace(order, order[:-1] + ("0" if order[-1] != "0" else "1")))
    for who in (people.bob, people.lou):
        foreign = await who.get(path)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "instance": ""} == {**missing.json(), "instance": ""}
    assert (await people.nobody.get(path)).status_code == 401
    assert (await people.host.get(path)).status_code == 403


async def test_a_file_that_nothing_names_is_its_senders_alone(people, market):  # KF-25
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/evidence/{await sent(people.ann, order)}"
    assert (await people.ann.get(path)).status_code == 200
    assert [(await who.get(path)).status_code for who in (people.sam, people.sue, people.bob)] == [404, 404, 404]
    other = await market.order(Stage.PREPARING)
    assert (await people.ann.get(path.replace(order, other))).status_code == 404


@pytest.mark.parametrize(
    ("data", "kind", "way"),
    [
        (png(), "image/png", "inline"),
        (jpeg(), "image/jpeg", "inline"),
        (webp(), "image/webp", "inline"),
        (pdf(), "application/pdf", "attachment"),
    ],
)
async def test_nothing_runs_in_our_origin_whatever_is_opened(people, market, data, kind, way):  # KF-25, UP-05
    order = await market.order(Stage.PREPARING)
    file = await sent(people.ann, order, data, kind)
    seen = await people.ann.get(f"/v1/orders/{order}/evidence/{file}")
    assert seen.headers["content-type"] == kind
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert seen.headers["content-disposition"].startswith(f'{way}; filename="evidence-')
    assert seen.headers["cross-origin-resource-policy"] == "same-origin"
    assert seen.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("data", "kind", "status", "code", "why"),
    [
        (SVG, "image/png", 422, "file-refused", "type"),
        (SVG, "image/svg+xml", 415, "unsupported-media-type", None),
        (HTML, "image/jpeg", 422, "file-refused", "type"),
        (HTML, "text/html", 415, "unsupported-media-type", None),
        (HTML + png(), "image/png", 422, "file-refused", "type"),
        (png(), "image/jpeg", 422, "file-refused", "type"),
        (pdf(b"<< /S /JavaScript /JS (x) >>"), "application/pdf", 422, "file-refused", "active"),
        (b"", "image/png", 422, "file-refused", "empty"),
        (png()[:-9], "image/png", 422, "file-refused", "damaged"),
        (png(), "application/octet-stream", 415, "unsupported-media-type", None),
        (png() + bytes(10 * MIB), "image/png", 413, "too-large", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_evidence_leaves_nothing(people, market, data, kind, status, code, why):  # KF-25
    order = await market.order(Stage.PREPARING)
    answer = await send(people.ann, order, data, kind)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert answer.json().get("why") == why
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 0


async def test_a_photo_is_kept_without_its_place_and_a_polyglot_without_its_script(people, market, tmp_path):  # KF-25
    order = await market.order(Stage.PREPARING)
    told = (await send(people.ann, order, jpeg(segment(0xE1, exif()), after=HTML), "image/jpeg")).json()
    (kept,) = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    data = kept.read_bytes()
    assert b"52.52" not in data
    assert b"script" not in data
    assert (told["size"], told["digest"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert kept.name == told["id"]


async def test_a_file_over_a_real_connection(people, market, served):  # KF-25
    order = await market.order(Stage.PREPARING)
    async with httpx.AsyncClient(base_url=served) as client:
        ann = Caller(client, people.ann.token)
        file = await sent(ann, order, png(after=HTML))
        seen = await ann.get(f"/v1/orders/{order}/evidence/{file}")
        assert (seen.content, seen.headers["content-type"]) == (png(), "image/png")

        async def endless():
            for _ in range(11):
                yield bytes(MIB)

        # No length is declared, so the limit is met while the body comes in.
        too_much = await ann.client.post(
            f"/v1/orders/{order}/evidence",
            content=endless(),
            headers=ann.headers({"content-type": "image/png", "idempotency-key": "k" * 20}),
        )
        assert (too_much.status_code, too_much.json()["type"]) == (413, "/problems/too-large")


async def test_the_event_keeps_the_hash_and_neither_bytes_nor_name(people, market):  # M-42
    order, case, (file,) = await asked(people, market, [png()])
    body = await market.pool.fetchval("SELECT body FROM events WHERE order_id = $1 AND type = 'SellerAsked'", order)
    assert hashlib.sha256(png()).hexdigest().encode() in body
    assert b"PNG" not in body
    listed = (await people.sam.get(f"/v1/orders/{order}/evidence")).json()["rows"]
    assert [(one["file"]["id"], one["about"], one["by"]) for one in listed] == [(file, case, "buyer")]


async def test_a_command_names_only_what_its_sender_uploaded_for_this_order_lately(people, market, desk):  # KF-25
    order = await market.order(Stage.PREPARING)
    other = await market.order(Stage.PREPARING)
    mine, elsewhere = await sent(people.ann, order), await sent(people.ann, other)
    support = await sent(people.sue, order, png(colour=(1, 2, 3)))
    path = f"/v1/orders/{order}/cancellations"
    for wrong in ([elsewhere], [support], [mine, mine], [mine[:-1] + ("0" if mine[-1] != "0" else "1")]):
        answer = await people.ann.post(path, {"reason": "changed_mind", "evidence": wrong})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-field")
    many = await people.ann.post(path, {"reason": "changed_mind", "evidence": [mine] * 6})
    assert (many.status_code, many.json()["why"], many.json()["limit"]) == (422, "too_many_at_once", 5)
    odd = await people.ann.post(path, {"reason": "changed_mind", "evidence": ["../../secret"]})
    assert (odd.status_code, odd.json()["type"]) == (422, "/problems/invalid-field")
    desk.clock.set(desk.clock.read() + timedelta(hours=24))
    late = await people.ann.post(path, {"reason": "changed_mind", "evidence": [mine]})
    assert (late.status_code, late.json()["type"]) == (422, "/problems/invalid-field")
    assert (await market.read(order)).cancellations == ()


async def test_the_same_file_sent_again_is_the_same_and_so_is_a_request(people, market, desk):  # ID-02
    order, _, (file,) = await asked(people, market, [png()])
    assert await sent(people.ann, order) == file
    path = f"/v1/orders/{await market.order(Stage.PREPARING)}"
    again = await sent(people.ann, path.rpartition("/")[2])
    wish = {"reason": "changed_mind", "evidence": [again]}
    first = await people.ann.post(f"{path}/cancellations", wish, key="a-key-of-some-length")
    desk.clock.set(desk.clock.read() + timedelta(hours=30))
    second = await people.ann.post(f"{path}/cancellations", wish, key="a-key-of-some-length")
    assert (second.status_code, second.content) == (201, first.content)


async def test_a_key_that_was_used_for_one_file_takes_no_other(people, market):  # ID-02
    order, other = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    key = {"idempotency-key": "a-key-of-some-length"}
    first = await send(people.ann, order, png(), **key)
    assert (first.status_code, first.headers.get("idempotent-replay")) == (201, None)
    for where, data, kind in (
        (order, jpeg(), "image/jpeg"),
        (order, png(colour=(1, 2, 3)), "image/png"),
        (other, png(), "image/png"),
    ):
        reused = await send(people.ann, where, data, kind, **key)
        assert (reused.status_code, reused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    again = await send(people.ann, order, png(), **key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert (await send(people.sam, order, jpeg(), "image/jpeg", **key)).status_code == 201
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 2


async def test_of_two_files_with_one_key_at_once_one_is_kept(people, market):  # ID-02
    order = await market.order(Stage.PREPARING)
    key = {"idempotency-key": "a-key-of-some-length"}
    answers = await asyncio.gather(*(send(people.ann, order, png(colour=(n, 0, 0)), **key) for n in range(6)))
    assert sorted(one.status_code for one in answers) == [201] + [422] * 5
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 1


async def test_a_call_that_kept_nothing_leaves_its_key_free(people, market, tmp_path):  # ID-02, UP-06
    order = await market.order(Stage.PREPARING)
    key = {"idempotency-key": "a-key-of-some-length"}
    assert (await send(people.ann, order, SVG, **key)).status_code == 422
    blocked = tmp_path / "evidence" / f"shp_{order[4:12]}"
    blocked.write_text("in the way")
    assert (await send(people.ann, order, png(), **key)).status_code == 503
    blocked.unlink()
    assert (await send(people.ann, order, jpeg(), "image/jpeg", **key)).status_code == 201


async def test_no_side_can_fill_the_store_however_many_send_at_once(people, market, desk, tmp_path):  # UP-02
    order = await market.order(Stage.PREPARING)
    most = desk.settings.evidence_order_files
    answers = await asyncio.gather(*(send(people.ann, order, png(colour=(place, 0, 0))) for place in range(most + 5)))
    assert sorted(one.status_code for one in answers) == [201] * most + [409] * 5
    full = next(one.json() for one in answers if one.status_code == 409)
    assert (full["type"], full["files"], full["mib"]) == ("/problems/evidence-full", most, 100)
    kept = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert len(kept) == await market.pool.fetchval("SELECT count(*) FROM evidence") == most
    assert (await send(people.sam, order)).status_code == 201
    kept_already = next(place for place, one in enumerate(answers) if one.status_code == 201)
    assert (await send(people.ann, order, png(colour=(kept_already, 0, 0)))).status_code == 201


async def test_large_files_fill_a_sides_room_before_many_do(people, market, desk, tmp_path):  # UP-02
    order, other = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    large = [pdf(b"(" + bytes((65 + place,)) * (9 * MIB) + b")") for place in range(12)]
    answers = await asyncio.gather(*(send(people.ann, order, one, "application/pdf") for one in large))
    assert sorted(one.status_code for one in answers) == [201] * 11 + [409]
    held = await market.pool.fetchval("SELECT sum(size) FROM evidence WHERE order_id = $1", order)
    kept = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert held == sum(path.stat().st_size for path in kept) <= desk.settings.evidence_order_mib * MIB
    assert (await send(people.ann, order, png())).status_code == 201
    assert (await send(people.ann, other, large[0], "application/pdf")).status_code == 201


async def test_what_nothing_names_is_swept_and_what_is_named_stays(people, market, desk, tmp_path):  # UP-06
    order, _, (named,) = await asked(people, market, [png()])
    orphan = await sent(people.ann, order, png(colour=(9, 9, 9)))
    desk.clock.set(desk.clock.read() + timedelta(hours=47))
    assert await desk.evidence.sweep() == 0
    desk.clock.set(desk.clock.read() + timedelta(hours=2))
    assert await desk.evidence.sweep() == 2
    assert await desk.evidence.sweep() == 0
    assert [path.name for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == [named]
    assert (await people.ann.get(f"/v1/orders/{order}/evidence/{orphan}")).status_code == 404
    assert (await people.sam.get(f"/v1/orders/{order}/evidence/{named}")).status_code == 200


async def test_a_store_that_fails_leaves_no_half_file(people, market, tmp_path, monkeypatch):  # UP-06
    order = await market.order(Stage.PREPARING)
    folder = tmp_path / "evidence"
    (folder / order[4:12]).mkdir()
    (folder / f"shp_{order[4:12]}").write_text("in the way")
    answer = await send(people.ann, order)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 0
    (folder / f"shp_{order[4:12]}").unlink()
    assert (await send(people.ann, order)).status_code == 201


async def test_a_folder_of_files_is_closed_to_others(tmp_path):
    objects = Objects.at(None, tmp_path)
    await objects.put("a/b", b"1")
    await objects.put("a/b", b"2")
    assert (await objects.get("a/b"), await objects.get("a/c")) == (b"2", None)
    await objects.delete("a/b")
    await objects.delete("a/b")
    assert await objects.get("a/b") is None
    assert (tmp_path / "evidence").stat().st_mode & 0o077 == 0


async def test_a_shop_shows_what_it_refuses_with(people, market):
    order, case, _ = await asked(people, market)
    file = await sent(people.sam, order)
    done = await people.sam.post(
        f"/v1/orders/{order}/cancellations/{case}/refuse",
        {"reason": "other", "comment": "It is in the kiln.", "evidence": [file]},
    )
    assert done.status_code == 200, done.text
    listed = (await people.ann.get(f"/v1/orders/{order}/evidence")).json()["rows"]
    assert [(one["file"]["id"], one["about"], one["by"]) for one in listed] == [(file, case, "seller")]
    assert (await people.ann.get(f"/v1/orders/{order}/evidence/{file}")).status_code == 200
