"""Withdrawing from the contract: the function on the order's page, two steps, and the acknowledgement (art. 11a)."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN, audit
from rescind.app import make_app
from rescind.core.parts import Line
from rescind.core.stage import Stage
from rescind.demo import catalogue
from rescind.demo.stall import Ground
from rescind.demo.withdrawals import ProtectedBuyer, protected
from web.consoles import Person

HERE = "Withdraw from contract here"
GOODS = (
    Line(id="1", sku="MUG", quantity=2, unit_minor=1000),
    Line(id="2", sku="SIGN", quantity=1, unit_minor=2000, custom_made=True),
)


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def bob(app, desk):
    return await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")


@pytest.fixture(autouse=True)
def summer(desk):
    """After the law of June 2026."""
    desk.clock.set(desk.clock.read().replace(year=2026, month=7, day=6))


async def confirms(ann, order, **typed):
    path = f"/orders/{order}/withdrawal"
    return await ann.press(await ann.see(path), path, **typed)


@pytest.mark.parametrize(
    "stage", [Stage.UNPAID, Stage.PREPARING, Stage.AWAITING_COLLECTION, Stage.IN_TRANSIT, Stage.DELIVERED]
)
async def test_the_function_stands_on_the_orders_page_in_every_stage(ann, market, stage):
    order = await market.order(stage, country="DE")
    assert f'href="/orders/{order}/withdrawal"' in (await ann.see(f"/orders/{order}")).raw
    assert HERE in (await ann.see(f"/orders/{order}")).text


async def test_a_buyer_in_britain_cancels_by_the_same_function(ann, market):
    order = await market.order(Stage.DELIVERED, country="GB")
    page = await ann.see(f"/orders/{order}")
    assert "until the end of Mon 20 Jul 2026, London time" in page.text
    done = await confirms(ann, order)
    assert "within 14 days of having the goods back" in (await ann.see(done.to)).text


@pytest.mark.parametrize(
    ("language", "offer", "until", "money"),
    [
        ("en", "Return without a reason", "until the end of Mon 13 Jul 2026, Shanghai time", "within 7 days of having"),
        ("zh", "无理由退货", "无理由退回这些商品", "自收到退回商品起"),
    ],
)
async def test_a_buyer_in_china_returns_without_a_reason_for_seven_days(
    app, market, desk, language, offer, until, money
):
    on_its_way = await market.order(Stage.IN_TRANSIT, country="CN")
    ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert offer not in (await ann.see(f"/orders/{on_its_way}")).text
    order = await market.order(Stage.DELIVERED, country="CN")
    late = await market.order(Stage.DELIVERED, country="CN")
    page = await ann.see(f"/orders/{order}")
    assert offer in page.text
    assert until in page.text
    done = await confirms(ann, order)
    assert money in (await ann.see(done.to)).text
    desk.clock.set(desk.clock.read() + timedelta(days=9))
    assert offer not in (await ann.see(f"/orders/{late}")).text


async def test_before_the_goods_leave_it_cancels_and_is_acknowledged_at_once(ann, bob, market, desk):
    order = await market.order(Stage.PREPARING, country="DE", lines=GOODS)
    page = await ann.see(f"/orders/{order}/withdrawal")
    assert "Confirm withdrawal" in page.text
    assert "No right of withdrawal" in page.text
    sent = await confirms(ann, order, name="Ann Müller", to="ann@example.org")
    assert sent.status == 303, sent.text
    seen = await ann.see(sent.to)
    state = await market.read(order)
    one = state.cancellations[-1]
    assert (one.status, one.reason, one.lines) == ("approved", "withdrawal", {"1": 2})
    for words in ("I, Ann Müller, withdraw", state.number, "2 × Mug", one.id, "Kiln", "UTC", "Mon 20 Jul"):
        assert words in seen.text, words
    file = await ann.client.get(sent.to.removesuffix("?sent=1") + "/file")
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert file.headers["content-disposition"] == f'attachment; filename="withdrawal-{one.id}.txt"'
    for words in ("I, Ann Müller, withdraw", state.number, "2 × Mug", one.id, "Kiln", "shop@example.org", "UTC"):
        assert words in file.text, words
    assert (await bob.see(sent.to)).status == 404
    assert (await bob.client.get(sent.to.removesuffix("?sent=1") + "/file")).status_code == 404
    assert sent.to.removesuffix("?sent=1") in (await ann.see(f"/orders/{order}")).raw
    assert HERE not in (await ann.see(f"/orders/{order}")).text
    assert await audit(desk.pool) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("What comes back", "Mug · blue × 2", "€20.00", "You get back", "The shop keeps nothing of it.")),
        ("zh", ("Mug · blue × 2", "€20.00", "店铺不扣除任何费用。")),
    ],
)
async def test_amounts_stand_beside_the_button_and_in_the_acknowledgement(app, desk, market, language, words):
    order = await market.order(
        Stage.PACKED, country="DE", lines=GOODS, settings={"restocking_bps": 1500, "restocking_minor": 700}
    )
    ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
    path = f"/orders/{order}/withdrawal"
    page = await ann.see(path)
    half = await ann.press(page, path, **{"name": "", "units-0": "1", "step": "quote"})
    assert (half.status, "Mug · blue × 1" in half.text, "€10.00" in half.text) == (200, True, True)
    wrong = await ann.press(page, path, **{"units-0": "3", "step": "quote"})
    assert "€" not in re.findall(r'(?s)id="refund".*?</section>', wrong.raw)[0], (
        "no sum is shown for less than what was typed"
    )
    assert (await market.read(order)).cancellations == ()
    done = await confirms(ann, order, name="Ann", to="ann@example.org")
    seen = await ann.see(done.to)
    file = await ann.client.get(done.to.removesuffix("?sent=1") + "/file")
    for said in words:
        for place in (page.text, seen.text, file.text):
            assert said in place, said
    state = await market.read(order)
    assert (sum(one.amount_minor for one in state.refunds), state.kept_minor) == (2000, 0)


async def test_after_delivery_it_is_a_case_and_the_same_form_sent_twice_makes_one(ann, market):
    order = await market.order(Stage.DELIVERED, country="DE", units=2)
    path = f"/orders/{order}/withdrawal"
    page = await ann.see(path)
    typed = {"name": "Ann", "to": "ann@example.org", "units-0": "1"}
    first, second = await ann.press(page, path, **typed), await ann.press(page, path, **typed)
    assert (first.status, first.to) == (second.status, second.to)
    state = await market.read(order)
    assert [(case.reason, case.lines) for case in state.returns] == [("withdrawal", {"1": 1})]
    seen = (await ann.see(first.to)).text
    for words in (f"{state.number}-R1", "Send the goods", "may wait until they are there"):
        assert words in seen
    assert HERE in (await ann.see(f"/orders/{order}")).text, "one unit is left"


async def test_support_reads_that_it_needs_no_ground(app, ann, desk, market):
    sue = await Person(app).sign_in(desk, "support", "sue")
    order = await market.order(Stage.DELIVERED, country="DE")
    await confirms(ann, order, name="Ann", to="ann@example.org")
    case = (await market.read(order)).returns[-1]
    seen = (await sue.see(f"/support/orders/{order}/returns/{case.id}")).text
    assert "Withdrawal from the contract" in seen
    assert "needs no ground" in seen
    assert "Withdrawal from the contract" in (await sue.see("/support?tab=with_platform")).text


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(ann, market):
    order = await market.order(Stage.DELIVERED, country="DE", units=2)
    for typed, words in (
        ({"name": " ", "to": "x"}, "Give your name"),
        ({"name": "Ann", "to": ""}, "Say where the acknowledgement should be sent"),
        ({"name": "Ann", "to": "x", "units-0": "3"}, "Choose a number from 0 to 2"),
        ({"name": "Ann", "to": "x", "units-0": "0"}, "Choose at least one item"),
        ({"name": "A\u202eb", "to": "x"}, "without invisible ones"),
    ):
        sent = await confirms(ann, order, **typed)
        assert (sent.status, words in sent.text) == (422, True), words
    assert (await market.read(order)).returns == ()


async def test_the_last_day_and_the_first_instant_after_it(ann, market, desk):
    order = await market.order(Stage.DELIVERED, country="DE")
    page = await ann.see(f"/orders/{order}/withdrawal")
    end = desk.clock.read().replace(day=20, hour=22, minute=0, second=0, microsecond=0)
    desk.clock.set(end - timedelta(seconds=1))
    assert HERE in (await ann.see(f"/orders/{order}")).text
    desk.clock.set(end)
    assert HERE not in (await ann.see(f"/orders/{order}")).text
    late = await ann.press(page, f"/orders/{order}/withdrawal", name="Ann", to="x")
    assert late.status == 409
    assert (await market.read(order)).returns == ()


async def test_the_same_in_chinese(app, desk, market):
    li = await Person(app, "zh").sign_in(desk, "buyer", "ann", buyer_id="ann")
    order = await market.order(Stage.DELIVERED, country="DE")
    assert "在此撤回合同" in (await li.see(f"/orders/{order}")).text
    sent = await confirms(li, order, name="安", to="ann@example.org")
    file = await li.client.get(sent.to.removesuffix("?sent=1") + "/file")
    assert "撤回声明的接收确认" in file.text


async def test_the_demos_german_buyer_has_an_order_of_either_kind(app, desk, market):
    lukas = protected(catalogue.load())
    opened = desk.clock.read()
    ground = Ground(market.engine, market.directory, desk.clock, desk)
    assert await ProtectedBuyer(ground, KILN, lukas).play(opened) == 2
    buyer = await Person(app).sign_in(desk, "buyer", lukas.key, buyer_id=lukas.key)
    orders = (await buyer.see("/orders")).raw
    pages = [await buyer.see(path) for path in sorted(set(re.findall(r"/orders/ord_\w+", orders)))]
    assert [HERE in page.text for page in pages] == [True, True]
    assert sum("until 14 days after everything has come" in page.text for page in pages) == 1
