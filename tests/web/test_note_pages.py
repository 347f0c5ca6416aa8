"""Notes of buyers on the pages of buyer, seller and bench, in both languages (M-18)."""

import re
from datetime import UTC, datetime

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.core.views import Filters
from web.consoles import Person

ADDRESS = "Please change the address to 5 Quay Street."


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def two(app, desk):
    """Ann and Sam."""
    return (
        await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann"),
        await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN),
    )


async def writes(who, order, text, **more):
    path = f"/orders/{order}"
    return await who.press(await who.see(path), f"{path}/notes", note=text, **more)


async def scans(who, market, order):
    return await who.see(f"/seller/packing?code={(await market.read(order)).number}")


async def test_notes_to_read_are_a_tile_of_the_board_what_ships_first_is_first(two, desk, market):
    ann, sam = two
    later, first, left = [await market.order(Stage.PACKING) for _ in range(3)]
    await market.order(Stage.PACKING)
    for order, text in ((first, "Please ring twice."), (later, "Leave it next door."), (left, "No bells.")):
        await writes(ann, order, text)
    for order, hours in ((later, 5), (first, 2)):
        await market.pool.execute(
            "UPDATE orders SET dispatch_due_at = clock_timestamp() + make_interval(hours => $2) WHERE order_id = $1",
            *(order, hours),
        )
    path = f"/seller/orders/{left}"
    page = await sam.see(path)
    assert (await sam.press(page, f"{path}/notes", step="read")).to == f"{path}?said=note_read"
    board = await sam.see("/seller/orders")
    assert re.search(r"Notes to read\s+2|2\s+Notes to read", board.text)
    found = (await sam.see("/seller/orders?tab=notes_to_read")).raw
    assert re.findall(r'<a[^>]+href="/seller/orders/(ord_\w+)"', found.split('id="orders"')[1]) == [first, later]
    kiln = Scope(shop=KILN)
    listed = await desk.reads.orders(kiln, Filters(tab="notes_to_read"), now=datetime.now(UTC))
    assert [row.order_id for row in listed.rows] == [first, later]


async def test_a_note_stops_the_bench_until_somebody_has_read_it(two, market):
    ann, sam = two
    order = await market.order(Stage.PACKING)
    assert (await writes(ann, order, "Please ring twice.")).to == f"/orders/{order}#notes"
    assert "1 note to read" in (await sam.see("/seller/orders")).text
    page = await scans(sam, market, order)
    assert "read what the buyer asks for" in page.text
    assert 'class="order-note unread"' in page.raw
    assert "Please ring twice." in page.text
    bench = f"/seller/packing/{order}"
    assert [form["buttons"] for form in page.forms if form["action"] == bench] == [[("step", "read")]]
    past = await sam.send(bench, [*page.form(bench)["fields"], ("step", "packed")])
    refused = await sam.send(bench, [(name, text) for name, text in page.form(bench)["fields"]] + [("step", "finish")])
    assert (past.status, refused.status) == (409, 409)
    assert "A note of the buyer's is not read yet" in refused.text
    assert (await market.read(order)).progress.packed_at is None
    await sam.press(page, bench, step="read")
    page = await scans(sam, market, order)
    assert "read by Sam" in page.text
    await sam.press(page, bench, step="finish")
    assert (await market.read(order)).progress.packed_at is not None
    assert "read by the shop" in (await ann.see(f"/orders/{order}")).text


async def test_the_orders_page_takes_the_word_too_and_a_colleague_who_is_late_changes_nothing(two, market):
    ann, sam = two
    order = await market.order(Stage.PREPARING)
    await writes(ann, order, "Please ring twice.")
    path = f"/seller/orders/{order}"
    page = await sam.see(path)
    for _time in range(2):
        assert (await sam.press(page, f"{path}/notes", step="read")).to == f"{path}?said=note_read"
    assert "read by Sam" in (await sam.see(path)).text
    assert len((await market.read(order)).notes) == 1


async def test_what_was_understood_is_shown_and_only_the_box_holds_the_order(two, market):
    ann, _ = two
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}/notes"
    asked = await writes(ann, order, ADDRESS)
    assert "We understood: the parcel may have to go to another address" in asked.text
    assert (await market.read(order)).notes == ()
    await ann.press(asked, path)
    assert ((await market.read(order)).notes[0].wish, (await market.read(order)).review) == ("address", None)
    held = await ann.press(await writes(ann, order, ADDRESS), path, hold="1")
    assert held.to == f"/orders/{order}#notes"
    assert (await market.read(order)).review.found == ("address_asked",)
    page = await ann.see(f"/orders/{order}")
    assert f'href="/orders/{order}/address"' in page.raw
    again = await ann.press(asked, path, hold="1", key="another-key-0123456789")
    assert again.status == 409
    assert "The order cannot be held for it any more" in again.text
    assert len((await market.read(order)).notes) == 2


async def test_after_the_parcel_has_left_the_form_is_gone_and_the_page_says_why(two, market):
    ann, _ = two
    order = await market.order(Stage.PREPARING)
    page = await ann.see(f"/orders/{order}")
    assert page.has_form(f"/orders/{order}/notes")
    for fact in ("packed", "tracking_added", "handed_over"):
        await market.fact(order, fact, tracking="JD1" if fact == "tracking_added" else "")
    late = await ann.press(page, f"/orders/{order}/notes", note="Ring twice.")
    for shown in (late, await ann.see(f"/orders/{order}")):
        assert not shown.has_form(f"/orders/{order}/notes")
        assert "The parcel is with the carrier." in shown.text
    assert (await market.read(order)).notes == ()


async def test_what_cannot_be_kept_stays_in_the_form(two, market):
    ann, _ = two
    order = await market.order(Stage.PREPARING)
    for text, told in (("", "Write something"), ("a\u202eb", "Write at most 500 characters")):
        page = await writes(ann, order, text)
        assert (page.status, told in page.text) == (422, True)
        assert text in page.raw


async def test_in_chinese(app, desk, market):
    bob = await Person(app, "zh").sign_in(desk, "buyer", "bob", buyer_id="bob")
    order = await market.order(Stage.PREPARING, buyer="bob")
    asked = await writes(bob, order, "麻烦核对一下地址")
    assert "仅凭留言不会更改地址" in asked.text
    await bob.press(asked, f"/orders/{order}/notes", hold="1")
    assert "买家要求更改或核对收货地址" in (await bob.see(f"/orders/{order}")).text
