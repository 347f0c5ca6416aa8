"""A mail to whoever has to put a receiver right, once for each time an endpoint is switched off."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.core.scope import Scope
from rescind.postgres.switched_off import SwitchedOff
from rescind.worker import switched_off

EVERYTHING = Scope()
_DAYS = timedelta(days=6)


@pytest.fixture
def off(desk, market):
    """Switches an endpoint off as long failure does, and writes about it as the worker does."""
    return Off(desk)


class Off:
    def __init__(self, desk):
        self.desk, self.found, self._keys = desk, SwitchedOff(desk.pool, desk.clock), 0

    async def endpoint(self, shop):
        self._keys += 1
        made = await self.desk.endpoints.create(
            Scope(shop=shop), shop, "https://example.com/hook", about="Books", events=(), by="test", key=f"{self._keys}"
        )
        return made.endpoint.id

    async def fails(self, endpoint, state="failing"):
        at = self.desk.clock.read()
        await self.desk.pool.execute(
            "UPDATE webhook_endpoints SET state = $2, stopped_at = $3, failing_since = $3 WHERE endpoint_id = $1",
            endpoint,
            state,
            at,
        )

    async def written(self, operator="ops@market.test"):
        return await switched_off.sweep(self.found, operator)


async def test_the_shop_is_written_to_once_for_each_time(outbox, off, server, desk):  # WH-13
    await outbox.goes_to(server)
    endpoint = await off.endpoint(KILN)
    await off.endpoint(KILN)
    assert await off.written() == 0, "one that works is nobody's business"
    await off.fails(endpoint)
    assert [await off.written(), await off.written()] == [1, 0]
    await outbox.sweep()
    (mail,) = server.mails()
    assert mail["To"] == "shop@example.org"
    text = mail.get_body(("plain",)).get_content()
    for words in ("https://example.com/hook", "switch the endpoint on", f"/seller/webhooks/{endpoint}"):
        assert words in text
    await desk.endpoints.change(EVERYTHING, endpoint, "test", state="on")
    assert await off.written() == 0
    desk.clock.advance(_DAYS)
    await off.fails(endpoint)
    assert await off.written() == 1, "and again when it happens again"


async def test_what_is_nobodys_goes_to_those_who_run_it(outbox, off, server, desk):
    await outbox.goes_to(server)
    endpoint = await off.endpoint(None)
    await off.fails(endpoint)
    theirs = await off.endpoint(LANTERN)
    await off.fails(theirs)
    await desk.pool.execute("UPDATE shops SET contact = '{}', zone = 'Asia/Shanghai' WHERE shop_id = $1", LANTERN)
    assert await off.written() == 2
    await outbox.sweep()
    about = {mail["Subject"]: mail for mail in server.mails()}
    assert {mail["To"] for mail in about.values()} == {"ops@market.test"}
    assert set(about) == {"Webhook switched off: Books", "Webhook 已停用：Books"}
    assert f"/operator/webhooks/{theirs}" in about["Webhook 已停用：Books"].get_body(("plain",)).get_content()


async def test_nobody_to_write_to_is_no_reason_to_look_again(off, desk):
    await off.fails(await off.endpoint(None))
    assert [await off.written(""), await off.written("")] == [1, 0]
    assert await desk.pool.fetchval("SELECT count(*) FROM mails") == 0


async def test_one_that_said_it_wants_nothing_more_is_not_written_about(off):
    await off.fails(await off.endpoint(KILN), "gone")
    assert await off.written() == 0


async def test_an_address_that_refuses_mail_is_left_alone_and_a_removed_endpoint_is_still_told_of(
    outbox, off, server, desk
):
    await outbox.goes_to(server)
    endpoint = await off.endpoint(KILN)
    await off.fails(endpoint)
    await off.written()
    await desk.endpoints.remove(EVERYTHING, endpoint, "test")
    server.says("RCPT", "550 5.1.1 no such mailbox")
    await outbox.sweep()
    await off.fails(await off.endpoint(KILN))
    assert [await off.written(), await off.written()] == [1, 0]
    (mail,) = await outbox.table.latest()
    assert (mail.status, mail.endpoint) == ("refused", endpoint)


async def test_twenty_of_them_are_not_twenty_documents(off, desk):
    for _ in range(20):
        await off.fails(await off.endpoint(KILN))
    assert await off.written() == 20
    assert await desk.pool.fetchval("SELECT count(*) FROM mails") == 20
