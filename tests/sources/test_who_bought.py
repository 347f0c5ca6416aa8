"""Who bought an order is told with that order: no other shop, no file of long ago and no silence moves it."""

import pytest

from postgres.market import KILN, LANTERN
from rescind.access.guest_codes import CodeWrong
from rescind.api.description import EXAMPLES
from rescind.core.scope import Scope
from rescind.worker import fan_out, sources

ORDER = {**EXAMPLES["orders_place"], "shop": KILN, "placed_at": "2026-05-04T07:30:00Z"}
MEI, EVE = "mei@example.com", "attacker@evil.example"


def placed(number, shop=KILN, **buyer):
    return {"type": "order.placed", "data": {**ORDER, "number": number, "shop": shop, "buyer": buyer}}


async def tells(at_desk, made, *documents):
    for one in documents:
        assert (await at_desk.sends(made, one)).status_code == 200
        await sources.sweep(at_desk.desk)
        await fan_out.sweep(at_desk.due, people=at_desk.desk.inbox.people)
    assert {one.told for one in await at_desk.entries(made.source.name)} <= {"done", "no_news"}


async def opened(desk, number, email):
    """The orders that whoever reads this address gets into by this number; none where no code comes."""
    token = await desk.guest_codes.ask(number, email, "en", "")
    await desk.guest_codes.send(token)
    try:
        return await desk.guest_codes.prove(token, await desk.guest_codes.sent(token) or "000000", "")
    except CodeWrong:
        return None


async def found(desk, number, scope=None):
    return await desk.reads.order_by_number(scope or Scope(), number)


@pytest.fixture
async def meis(at_desk):
    """The marketplace's source, and an order of Mei's in one shop; the source of another shop, which knows her id."""
    whole = await at_desk.source("market")
    await tells(at_desk, whole, placed("A-1", LANTERN, id="mei", name="Mei Tanaka", email=MEI, locale="zh"))
    return whole, await at_desk.source("other", shop=KILN)


async def test_the_program_of_another_shop_opens_no_order_by_an_address_of_its_choosing(at_desk, desk, meis):
    _, other = meis
    await tells(at_desk, other, placed("B-1", id="mei", name="Eve", email=EVE))
    assert await opened(desk, "A-1", EVE) is None
    assert await opened(desk, "A-1", MEI) == (await found(desk, "A-1")).order.id
    assert await opened(desk, "B-1", EVE) == (await found(desk, "B-1")).order.id, "its own order is its own affair"
    mine, its = [(await found(desk, number)).buyer for number in ("A-1", "B-1")]
    assert [(one.id, one.name, one.email) for one in (mine, its)] == [
        ("mei", "Mei Tanaka", MEI),
        ("mei", "Eve", EVE),
    ]
    known = await desk.reads.buyer("mei")
    assert (known.name, known.email, known.locale) == ("Mei Tanaka", MEI, "zh")


async def test_a_shop_that_knows_an_id_learns_nobodys_name_or_address_by_it(at_desk, desk, meis):
    _, other = meis
    await tells(at_desk, other, placed("B-1", id="mei"))
    eyes = Scope(shop=KILN)
    its = await found(desk, "B-1", eyes)
    assert (its.buyer.name, its.buyer.email) == ("", "")
    for text in ("Tanaka", MEI):
        assert await desk.reads.find(eyes, text, now=desk.now()) == ()
        assert len(await desk.reads.find(Scope(), text, now=desk.now())) == 2
    assert (await found(desk, "B-1")).buyer.email == MEI, "the marketplace knows who that is"


async def test_notices_of_an_order_go_to_its_own_address_and_are_ended_there_for_it_alone(at_desk, desk, meis):
    whole, other = meis
    await tells(at_desk, other, placed("B-1", id="mei", email=EVE))
    await tells(at_desk, whole, placed("A-2", LANTERN, id="mei"))
    people = desk.inbox.people
    its, mine, silent = [(await found(desk, number)).order.id for number in ("B-1", "A-1", "A-2")]
    reached = await people.recipients([("mei", one) for one in (its, mine, silent)], (), platform=False)
    to = {one.order: one for one in reached}
    assert {order: one.address for order, one in to.items()} == {its: EVE, mine: MEI, silent: MEI}
    await desk.inbox.unsubscribe(desk.inbox.unsubscribing.token(to[its].owner, "deliveries"))
    after = {
        order: (await people.recipient(one.id)).preferences.choices.get("email", {}).get("deliveries")
        for order, one in to.items()
    }
    assert after == {its: "off", mine: None, silent: None}
    rows = await desk.pool.fetch("SELECT n.order_id, s.recipient FROM notice_sends s JOIN notices n USING (notice_id)")
    assert {(row["order_id"], row["recipient"]) for row in rows} == {(one, to[one].id) for one in to}


async def test_silence_empties_nothing_and_the_marketplace_corrects_an_address_by_telling_it(at_desk, desk, meis):
    whole, other = meis
    await tells(at_desk, whole, placed("A-2", LANTERN, id="mei", name="Mei T."))
    known = await desk.reads.buyer("mei")
    assert (known.name, known.email) == ("Mei T.", MEI)
    assert await opened(desk, "A-2", MEI) is None, "no address was told with it"
    # Whoever speaks for one shop alone corrects nothing, not even there.
    await tells(at_desk, other, placed("B-1", id="mei", email="old@example.com"), placed("B-1", id="mei", email=EVE))
    assert (await found(desk, "B-1")).buyer.email == "old@example.com"
    await tells(at_desk, whole, placed("A-1", LANTERN, id="mei", email="new@example.com"))
    assert await opened(desk, "A-1", MEI) is None
    assert await opened(desk, "A-1", "new@example.com") is not None
    assert (await found(desk, "A-1")).buyer.name == "Mei Tanaka"


async def test_one_id_for_all_guests_lets_none_of_them_in_to_another(at_desk, desk):
    whole = await at_desk.source("market")
    await tells(
        at_desk,
        whole,
        placed("G-1", id="guest", name="Alice", email="alice@example.com"),
        placed("G-2", id="guest", name="Bob", email="bob@example.com"),
        placed("G-3", id="guest"),
    )
    first, second, third = [(await found(desk, number)).order.id for number in ("G-1", "G-2", "G-3")]
    assert await opened(desk, "G-1", "bob@example.com") is None
    assert await opened(desk, "G-1", "alice@example.com") == first
    assert await opened(desk, "G-2", "bob@example.com") == second
    came = await desk.reads.order(Scope(buyer="guest", order=third), third)
    assert (came.buyer.name, came.buyer.email) == ("", ""), "who came for one order sees what was told with it"
