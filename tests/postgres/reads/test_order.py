"""One order, and who may see it."""

from datetime import timedelta

import pytest

from postgres.mall import ANN, BOB, EVERYBODY, KILN, KILNS, LANTERN, LANTERNS, MONDAY, NOW
from rescind.core.errors import InvalidField, NotFound
from rescind.core.event import Note
from rescind.core.ids import OrderId, make_id
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.policies import preset


async def test_an_order_comes_with_its_words_its_shop_and_its_buyer(reads, order):
    view = await reads.order(EVERYBODY, order["asked"])
    assert (view.order.id, view.order.version) == (order["asked"], 4)
    assert [line.title for line in view.details.lines] == ["Mug", "Paper bag"]
    assert view.details.lines[0].options == {"Engraving": "für Zoë"}
    assert (view.details.recipient.name, view.details.note) == ("Zoë Ångström", "Leave it with the neighbour")
    assert (view.shop.name, view.shop.preset, view.shop.settings) == ("Kiln & Co", "base", {"window": "1h"})
    assert view.shop.contact == {"email": "shop@example.org"}
    assert (view.buyer.name, view.buyer.email, view.buyer.locale) == ("Ann Lee", "ann_lee@example.org", "zh")
    assert view.notes == {"txt_asked": "I found my old one"}
    assert view.updated_at == MONDAY + timedelta(minutes=1)


@pytest.mark.parametrize("scope", [KILNS, ANN, Scope(shop=KILN, buyer="ann"), EVERYBODY])
async def test_whoever_has_part_in_an_order_sees_it(reads, order, scope):
    assert (await reads.order(scope, order["asked"])).order.id == order["asked"]
    assert (await reads.timeline(scope, order["asked"]))[0].record.order == order["asked"]


@pytest.mark.parametrize("scope", [LANTERNS, BOB, Scope(shop=KILN, buyer="bob"), Scope(shop=LANTERN, buyer="ann")])
async def test_a_foreign_order_and_a_missing_one_are_the_same(reads, order, scope):
    missing = OrderId(make_id("ord", KILN, MONDAY, 7))
    said = set()
    for identifier in (
        order["asked"],
        missing,
        "ord_nonsense",
        order["asked"].upper(),
        "",
        "ord\x00",
        "ord_" + "é" * 22,
    ):
        for read in (reads.order, reads.timeline):
            with pytest.raises(NotFound) as refused:
                await read(scope, identifier)
            said.add(str(refused.value))
    assert said == {"not-found: kind=order"}


async def test_a_number_belongs_to_its_shop(reads, order):
    assert (await reads.order_by_number(KILNS, "1001")).order.id == order["unpaid"]
    assert (await reads.order_by_number(LANTERNS, "1001")).order.id == order["held"]
    assert (await reads.order_by_number(ANN, "1001", LANTERN)).order.id == order["held"]
    assert (await reads.order_by_number(EVERYBODY, "2002")).order.id == order["late"]
    with pytest.raises(InvalidField) as refused:
        await reads.order_by_number(ANN, "1001")
    assert refused.value.params["field"] == "shop"
    for scope, number in ((BOB, "1001"), (LANTERNS, "1002"), (EVERYBODY, "9"), (EVERYBODY, "1001\x00")):
        with pytest.raises(NotFound):
            await reads.order_by_number(scope, number)


async def test_erased_words_are_empty_not_gone(spare):
    identifier = await spare.place("1")
    await spare.fact(identifier, "paid")
    await spare.ask(identifier, comment=Note(id="txt_1", body="Mine", salt="s"))
    await spare.pool.execute("UPDATE texts SET body = NULL, salt = NULL")
    await spare.directory.put_shop(
        KILN, name="Kiln", preset_hash=preset("base").hash, settings={}, zone="UTC", contact={}
    )
    assert (await spare.reads.order(EVERYBODY, identifier)).notes == {"txt_1": ""}
    assert (await spare.reads.timeline(EVERYBODY, identifier))[-1].notes == {"txt_1": ""}


async def test_a_buyer_whom_the_directory_does_not_know_has_no_name_yet(spare):
    identifier = await spare.place("1", "eve")
    await spare.directory.put_shop(
        KILN, name="Kiln", preset_hash=preset("base").hash, settings={}, zone="UTC", contact={}
    )
    view = await spare.reads.order(EVERYBODY, identifier)
    assert (view.buyer.id, view.buyer.name, view.buyer.locale) == ("eve", "", "en")
    assert (await spare.reads.orders(EVERYBODY, Filters(), now=NOW)).rows[0].buyer_name == ""
    with pytest.raises(NotFound):
        await spare.reads.buyer("eve")
