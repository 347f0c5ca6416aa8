"""Mail over the API: a document to its buyer, and the operators' server and outbox."""

import secrets

import pytest

from mail.server import office
from postgres.market import KILN
from rescind import pdf
from rescind.core.stage import Stage
from rescind.mail.smtp import Patience


@pytest.fixture
async def receipt(people, market):
    """The address of a receipt of Ann's."""
    order = await market.order(Stage.REVIEW, shop=KILN)
    (row,) = (await people.ann.get(f"/v1/orders/{order}/documents")).json()["rows"]
    return f"/v1/documents/{row['id']}"


async def test_a_document_is_sent_once_to_its_buyer_and_each_reader_is_told_what_they_may_know(people, receipt):
    key = secrets.token_hex(12)
    first, second = [await people.ann.post(f"{receipt}/mails", {"language": "zh"}, key=key) for _ in range(2)]
    assert first.status_code == second.status_code == 201, first.text
    told = first.json()
    assert told == second.json()
    assert (told["to"], told["status"], told["language"], told["asked_by"]) == (
        "a…@example.org",
        "waiting",
        "zh",
        "buyer",
    )
    by_shop = (await people.sam.post(f"{receipt}/mails")).json()
    assert (by_shop["to"], by_shop["language"]) == ("", "en")
    rows = (await people.sue.get(f"{receipt}/mails")).json()["rows"]
    assert {row["asked_by"] for row in rows} == {"seller", "buyer"}
    for stranger in (people.bob, people.lou):
        assert (await stranger.get(f"{receipt}/mails")).status_code == 404
        assert (await stranger.post(f"{receipt}/mails")).status_code == 404
    assert (
        (await people.ann.post(f"{receipt}/mails", {"to": "eve@example.org"})).json()["type"].endswith("/unknown-field")
    )


async def test_too_many_a_day_or_nobody_to_write_to_are_problems_of_their_own(people, receipt, market):
    for _ in range(3):
        assert (await people.ann.post(f"{receipt}/mails")).status_code == 201
    refused = await people.ann.post(f"{receipt}/mails")
    assert (refused.status_code, refused.json()["most"]) == (429, 3)
    assert int(refused.headers["retry-after"]) == 16 * 3600
    for said in ("UPDATE people SET buyer = '{}'", "UPDATE buyers SET email = ''"):
        await market.pool.execute(said)
    nobody = await people.sue.post(f"{receipt}/mails")
    assert (nobody.status_code, nobody.json()["type"].rpartition("/")[2]) == (409, "no-mail-address")


async def test_an_operator_sets_a_server_up_tries_it_and_reads_the_outbox(people, receipt, desk, monkeypatch):
    monkeypatch.setattr(pdf, "_here", lambda: False)
    desk.post._patience = Patience(2, 4, 4)
    missing = await people.ops.post("/v1/mail/test", {"address": "ines@market.test"})
    assert (missing.status_code, missing.json()["type"].rpartition("/")[2]) == (409, "no-mail-server")
    mail = (await people.ann.post(f"{receipt}/mails")).json()["id"]
    async with office() as server:
        new = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "desk@market.test"}
        put = await people.ops.send("PUT", "/v1/mail/server", new)
        assert put.status_code == 200, put.text
        assert "password" not in put.json()
        server.says("RCPT", "450 4.2.0 later")
        tested = [(await people.ops.post("/v1/mail/test", {"address": "ines@market.test"})).json() for _ in range(2)]
        assert [one["how"] for one in tested] == ["not_now", "taken"]
        assert tested[0]["said"] == "4.2.0 later"
    outbox = (await people.ops.get("/v1/mail", status="waiting")).json()
    assert outbox["counts"] == {"waiting": 1}
    assert [row["id"] for row in outbox["rows"]] == [mail]
    again = await people.ops.post(f"/v1/mail/{mail}/retry")
    assert again.json()["status"] == "waiting", "what waits already is left alone"
    for somebody in (people.ann, people.sam, people.sue, people.host):
        assert (await somebody.get("/v1/mail")).status_code == 403
        assert (await somebody.send("PUT", "/v1/mail/server", new)).status_code == 403
    assert (await people.ops.post("/v1/mail/eml_x/retry")).status_code == 404
