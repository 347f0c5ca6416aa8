"""Guests find their order by its number, their address and a code; nobody learns anything by trying."""

import asyncio
import re
import socket

import asyncpg
import httpx
import pytest
from httpx import ASGITransport

from postgres.market import KILN, LANTERN
from rescind.access import guest_codes
from rescind.app import make_app
from rescind.core.details import BuyerWords
from rescind.core.stage import Stage
from rescind.serving import Server
from rescind.web import letters
from web.consoles import Person

EMAIL = "ann@example.com"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def bought(desk, market):
    """An order of Ann's, told with her address; its id and number."""
    order = await market.order(Stage.PREPARING, told=BuyerWords(name="Ann Lee", email="Ann@Example.com", locale="en"))
    return order, (await market.read(order)).number


class Guest(Person):
    """A browser that has never been here."""

    def __init__(self, app, address="203.0.113.9", language="en"):
        super().__init__(app, language)
        self.client._transport = ASGITransport(app, client=(address, 1))

    async def ask(self, number, email=EMAIL):
        return await self.send("/find-order", [("number", number), ("email", email)])

    async def type(self, code):
        return await self.send("/find-order/code", [("code", code)])


async def codes(desk):
    """The codes that mails bring, the latest first."""
    found = []
    for mail in await desk.post.table.latest():
        try:
            found.append((mail.address, re.search(r"\b\d{6}\b", (await letters.compose(desk, mail)).text)[0]))
        except letters.notice_letters.Over:
            continue
    return found


async def test_a_guest_sees_the_order_after_typing_the_code_that_came_by_mail(app, desk, market, bought):
    order, number = bought
    other = await market.order(Stage.PREPARING)
    guest = Guest(app)
    assert (await guest.ask(f" #{number} ", "ANN@example.com ")).to == "/find-order/code"
    ((address, code),) = await codes(desk)
    assert address == EMAIL
    assert (await guest.type(f"{code[:3]} {code[3:]}")).to == f"/orders/{order}"
    page = await guest.see(f"/orders/{order}/cancel")
    sent = dict(page.form(f"/orders/{order}/cancel")["fields"]) | {"reason": "changed_mind", "step": "send"}
    done = await guest.send(f"/orders/{order}/cancel", list(sent.items()))
    assert (done.status, (await market.read(order)).cancellations != ()) == (303, True)
    assert (await guest.see(f"/orders/{other}")).status == 404, "the code opens one order"
    assert (await guest.type(code)).status == 422, "and once"


async def test_whoever_asks_is_told_the_same_whether_there_is_such_an_order_or_not(app, desk, market, bought):
    _, number = bought
    lantern = await market.order(Stage.PREPARING, buyer="bob", shop=LANTERN)
    bobs = (await market.read(lantern)).number
    answers = []
    for typed in ((number, EMAIL), (number, "eve@example.com"), (bobs, EMAIL), ("no-such", EMAIL)):
        guest = Guest(app)
        asked = await guest.ask(*typed)
        page = await guest.see(asked.to)
        wrong = await guest.type("000000" if not (await codes(desk)) else "x")
        answers.append((asked.status, asked.to, page.status, page.text, wrong.status, wrong.text))
    assert len(set(answers)) == 1, answers
    assert len(await codes(desk)) == 1


async def test_the_answer_is_there_before_anything_is_looked_up(desk, bought, database):
    _, number = bought
    server = Server(make_app(desk))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/find-order"
        locker = await asyncpg.connect(database())
        async with httpx.AsyncClient(timeout=10) as client:
            async with locker.transaction():
                # Whoever wants to know of an order has to wait; whoever is answered has not looked.
                await locker.execute("LOCK TABLE orders, people, mails IN ACCESS EXCLUSIVE MODE")
                for one in (number, "no-such"):
                    asked = await client.post(
                        address, data={"number": one, "email": EMAIL}, headers={"origin": "http://desk.test"}
                    )
                    assert (asked.status_code, asked.headers["location"]) == (303, "/find-order/code")
            await locker.close()
        while not await codes(desk):  # noqa: ASYNC110 - the mail is written by itself
            await asyncio.sleep(0.01)
        assert len(await codes(desk)) == 1
        server.should_exit = True
        await serving


async def test_five_tries_and_the_code_is_void_also_when_they_are_made_at_once(app, desk, bought):
    _, number = bought
    guest = Guest(app)
    await guest.ask(number)
    ((_, code),) = await codes(desk)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    tries = await asyncio.gather(*(guest.type(wrong) for _ in range(5)))
    assert {page.status for page in tries} == {422}
    assert len({page.text for page in tries}) == 1
    assert (await guest.type(code)).status == 422, "the right one comes too late"
    again, before = Guest(app), set(await codes(desk))
    await again.ask(number)
    ((_, code),) = set(await codes(desk)) - before
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(4):
        assert (await again.type(wrong)).status == 422
    assert (await again.type(code)).status == 303, "the fifth try still counts"


async def test_a_code_holds_for_ten_minutes_and_belongs_to_the_browser_that_asked(app, desk, bought):
    _, number = bought
    guest, other = Guest(app), Guest(app)
    await guest.ask(number)
    await other.ask("no-such")
    ((_, code),) = await codes(desk)
    assert (await other.type(code)).status == 422, "a code of another step"
    assert (await Guest(app).type(code)).status == 422, "and no step at all"
    left = await desk.pool.fetchval(
        "SELECT max(expires_at - clock_timestamp()) FROM sign_in_steps WHERE kind = 'guest'"
    )
    assert 590 < left.total_seconds() <= 600
    await desk.pool.execute("UPDATE sign_in_steps SET expires_at = clock_timestamp()")
    assert (await guest.type(code)).status == 422


async def test_codes_are_limited_by_order_by_address_and_by_network_alike_for_what_is_not_there(
    app, desk, bought, monkeypatch
):
    _, number = bought
    for limit, value in (("CODES_OF_ONE_ORDER", 3), ("CODES_TO_ONE_ADDRESS", 3), ("CODES_FROM_ONE_NETWORK", 3)):
        monkeypatch.setattr(guest_codes, limit, value)
        for known in (True, False):
            await desk.pool.execute("DELETE FROM sign_in_tries")
            tries = []
            for one in range(4):
                order = limit == "CODES_OF_ONE_ORDER"
                typed = number if known and order else f"{'n' if order else one}-none"
                email = EMAIL if limit == "CODES_TO_ONE_ADDRESS" else f"eve{one}@example.com"
                address = f"203.0.{one}.9" if limit != "CODES_FROM_ONE_NETWORK" else f"203.0.113.{one}"
                tries.append((await Guest(app, address).ask(typed, email)).status)
            assert tries == [303, 303, 303, 429], limit
        monkeypatch.setattr(guest_codes, limit, 1000)
    assert await codes(desk) == []


async def test_whoever_guesses_across_many_orders_is_stopped_by_their_network(app, desk, bought, monkeypatch):
    monkeypatch.setattr(guest_codes, "GUESSES_FROM_ONE_NETWORK", 4)
    tries = []
    for one in range(5):
        guest = Guest(app, f"2001:db8:1:{one}::9")
        await guest.ask(f"{one}-none", f"eve{one}@example.com")
        tries.append((await guest.type("000000")).status)
    assert tries == [422, 422, 422, 422, 429]
    elsewhere = Guest(app, "2001:db8:2::9")
    await elsewhere.ask("7-none")
    assert (await elsewhere.type("000000")).status == 422


async def test_what_cannot_be_looked_for_is_said_and_nothing_is_kept(app, desk, bought):
    for typed, said in (
        (("", EMAIL), "Write the number of the order."),
        (("1", "nowhere"), "Write an e-mail address."),
    ):
        page = await Guest(app).ask(*typed)
        assert (page.status, said in page.text) == (422, True)
    assert await desk.pool.fetchval("SELECT count(*) FROM sign_in_steps") == 0


async def test_of_two_shops_with_one_number_the_code_goes_to_the_order_of_this_address(app, desk, market, bought):
    order, number = bought
    assert (
        number
        == (await market.read(await market.order(Stage.PREPARING, shop=LANTERN, buyer="bob", number=number))).number
    )
    guest = Guest(app)
    await guest.ask(number)
    ((_, code),) = await codes(desk)
    assert (await guest.type(code)).to == f"/orders/{order}"
    assert order.startswith(f"ord_{KILN[4:]}")


async def test_who_bought_in_two_shops_under_one_number_chooses_after_the_code(app, desk, market, bought):
    order, number = bought
    other = await market.order(Stage.PREPARING, shop=LANTERN, number=number, told=BuyerWords(email=EMAIL))
    for shop, opened in ((KILN, order), (LANTERN, other)):
        guest, known = Guest(app), await codes(desk)
        await guest.ask(number)
        ((_, code),) = [one for one in await codes(desk) if one not in known]
        page = await guest.type(code)
        assert (page.status, "Which order?" in page.text) == (200, True)
        assert page.raw.count('name="shop"') == 2
        assert (await guest.send("/find-order/code", [("code", code), ("shop", shop)])).to == f"/orders/{opened}"


async def test_a_form_of_another_site_asks_for_nothing(app, desk, bought):
    _, number = bought
    answer = await Guest(app).client.post(
        "/find-order", data={"number": number, "email": EMAIL}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert await codes(desk) == []
