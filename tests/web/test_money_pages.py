"""Money on pages: what a shop keeps before it is agreed to, what is let go, and what support does with what failed."""

from datetime import timedelta

import msgspec
import pytest

from postgres.market import HOST, KILN, LANTERN, person, worked
from rescind.api.order_state import order_state
from rescind.app import make_app
from rescind.core.cancellation import CancelBySeller
from rescind.core.parts import Line, Pins
from rescind.core.price import Benefit, BenefitKind
from rescind.core.stage import Stage
from rescind.policies import preset
from web.consoles import Person


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


async def engraved(market, **more):
    """A ring made for Ann, begun, in a shop that keeps a quarter of the price."""
    pins = Pins(preset="base", preset_hash=preset("base").hash, settings={"material_bps": 2500})
    lines = (Line(id="1", sku="RING", quantity=1, unit_minor=4000, custom_made=True),)
    command = msgspec.structs.replace(await market.placing(lines=lines, **more), pins=pins)
    await market.does(command, HOST)
    for fact in ("paid", "preparation_started"):
        await market.fact(command.order, fact)
    return command.order


async def test_a_buyer_reads_what_the_shop_keeps_before_asking_and_after(app, desk, market):  # M-08
    order = await engraved(market)
    for language, kept, back in (
        ("en", "Kept by the shop: material and labour", "€30.00"),
        ("zh", "商家扣除：材料和人工成本", "€30.00"),
    ):
        ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
        page = await ann.see(f"/orders/{order}/cancel?anyway=1&reason=changed_mind")
        assert kept in page.text
        assert back in page.text
        assert "€10.00" in page.text
    await market.asks(order, anyway=True)
    case = (await market.read(order)).open_cancellation.id
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/requests/{case}")
    assert "Kept by the shop" in page.text
    assert "€10.00" in page.text


async def test_a_buyer_reads_that_a_promise_is_let_go_and_points_return(app, desk, market):
    points = Benefit(id="pts_1", kind=BenefitKind.POINTS, units=1200)
    order = await market.order(Stage.UNPAID, benefits=(points,))
    await market.fact(order, "authorised")
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/cancel?reason=changed_mind")
    assert "€40.00 is only reserved at your bank. It was never taken, and is let go." in page.text
    assert "1,200 points you used come back to you." in page.text
    assert "Nothing has been paid yet" not in page.text
    page = await ann.see(f"/orders/{order}")
    assert "The bank reserved €40.00" in page.text


async def test_support_sends_a_failed_refund_another_way(robin, market):  # I-04, KF-15
    order = await market.order(Stage.REVIEW, price=4013)
    await market.asks(order)
    await worked(market)
    path = f"/support/orders/{order}"
    page = await robin.see(path)
    assert "A refund did not go through" in page.text
    page = await robin.press(page, f"{path}/settle", way_back="store_credit")
    assert page.status == 409, "nobody said how the buyer agreed"
    page = await robin.press(page, f"{path}/settle", way_back="paid_out", voucher="V-2026-17")
    assert page.to == f"{path}?said=settled_paid_out", page.text
    page = await robin.see(page.to)
    assert "Noted as paid out by hand." in page.text
    assert "€40.13 was paid out by hand" in page.text
    assert "A refund did not go through" not in page.text
    assert (await market.read(order)).refunds[-1].reference == "V-2026-17"


async def test_a_shop_gives_money_back_while_its_order_goes_on(app, desk, market):  # KF-06, M-15
    lines = (Line(id="1", sku="MUG", quantity=1, unit_minor=3501),)
    order = await market.order(lines=lines, shipping_minor=499)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    path = f"/seller/orders/{order}"
    page = await sam.see(path)
    assert "At most €40.00" in page.text
    refused = await sam.press(page, f"{path}/give-back", amount="40.01", why_back="The glaze has a bubble.")
    assert refused.status == 409
    assert "€40.01 was asked for and €40.00 is left." in refused.text
    assert "The glaze has a bubble." in refused.text, "what was written stays"
    page = await sam.press(page, f"{path}/give-back", amount="5", why_back="The glaze has a bubble.")
    assert page.to == f"{path}?said=money_back", page.text
    assert "Given back. The money is on its way." in (await sam.see(page.to)).text
    read = await market.read(order)
    assert (read.given_back.minor, read.given_minor, read.cancellations) == (500, 500, ())
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "The glaze has a bubble." in (await ann.see(f"/orders/{order}")).text


async def test_a_shop_sees_its_refunds_by_where_they_stand_and_no_other_shops(app, desk, market):  # M-15
    mine, theirs = await market.order(Stage.REVIEW, price=4013), await market.order(Stage.REVIEW, shop=LANTERN)
    for order in (mine, theirs):
        await market.asks(order)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    assert "€40.13" in (await sam.see("/seller/refunds?state=owed")).text
    await worked(market)
    page = await sam.see("/seller/refunds?state=failed")
    number = (await market.read(mine)).number
    for said in ("Failed 1", number, "€40.13", "Platform support finds another way with the buyer."):
        assert said in page.text
    assert (await market.read(theirs)).number not in page.text
    assert "Look after it" not in page.text, "that is support's"
    zh = await Person(app, "zh").sign_in(desk, "seller", "tim", shop_id=KILN)
    assert "平台客服会与买家商定其他退款方式" in (await zh.see("/seller/refunds?state=failed")).text
    assert "No refund fits" in (await sam.see("/seller/refunds?state=failed&q=RM-1")).text
    assert "€40.13" in (await sam.see(f"/seller/refunds?state=in_doubt&q={number}")).text, "under whichever tab it is"
    arrived = await market.order(Stage.REVIEW, price=5000)
    await market.asks(arrived)
    await worked(market)
    market.clock.advance(timedelta(days=1))
    await worked(market)
    page = await sam.see("/seller/refunds?state=succeeded&placed=7d")
    for said in ("€50.00", "Ended on", "Last 7 days", "1 row"):
        assert said in page.text
    assert {"€40.13", "€50.00"} <= set((await sam.see("/seller/refunds?state=all&sort=amount")).text.split())
    assert "No refund stands here" in (await sam.see("/seller/refunds?state=all&placed=today")).text


async def test_a_form_from_before_other_money_left_gives_nothing_again(app, desk, market):  # KF-06, ID-05
    order = await market.order(price=4000)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    path = f"/seller/orders/{order}"
    page, again = await sam.see(path), await sam.see(path)
    assert (await sam.press(page, f"{path}/give-back", amount="1")).to.endswith("money_back")
    back = await sam.press(again, f"{path}/give-back", amount="1")
    assert back.status == 409
    assert "You saw that €40.00 can go back, and it is €39.00 now. Nothing was done." in back.text
    assert (await market.read(order)).given_back.minor == 100
    assert (await sam.press(back, f"{path}/give-back", amount="1")).to.endswith("money_back"), "looked at, and meant"
    for odd in ("-1", "1e3", "９", "9" * 40):
        assert (await sam.press(again, f"{path}/give-back", amount="1", left=odd)).status == 409
    assert (await market.read(order)).given_back.minor == 200


@pytest.mark.parametrize(
    ("language", "before", "failed"),
    [
        ("en", "Given back before", "An earlier refund of €15.13 failed"),
        ("zh", "此前已退还", "此前有一笔 €15.13 的退款未成功"),
    ],
)
async def test_a_quote_adds_up_after_money_was_given_back(app, desk, market, language, before, failed):
    lines = (Line(id="1", sku="MUG", quantity=2, unit_minor=1513), Line(id="2", sku="POT", quantity=1, unit_minor=1974))
    order = await market.order(Stage.PREPARING, lines=lines, price=5000)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    path = f"/seller/orders/{order}"
    await sam.press(await sam.see(path), f"{path}/give-back", amount="10.33", why_back="A dent.")
    ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/cancel?reason=changed_mind")
    for words in (before, "€10.33", "€39.67"):
        assert words in page.text
    await market.does(CancelBySeller(order=order, reason="out_of_stock", lines={"1": 1}), person("seller", "sam"))
    await worked(market)
    page = await ann.see(f"/orders/{order}/cancel?reason=changed_mind")
    assert failed in page.text


async def test_support_gives_credit_and_both_sides_read_that_it_is_credit(app, robin, market, desk):  # M-22
    lines = (Line(id="1", sku="MUG", quantity=1, unit_minor=4000),)
    order = await market.order(Stage.DELIVERED, lines=lines)
    path = f"/support/orders/{order}"
    page = await robin.see(path)
    assert "As credit toward a later purchase, not as money" in page.text
    refused = await robin.press(page, f"{path}/give-back", amount="5", credit="1", why_back="It came late.")
    assert refused.status == 409
    assert (await market.read(order)).refunds == ()
    page = await robin.press(
        page, f"{path}/give-back", amount="5", credit="1", why_back="It came late.", credit_agreed="On the phone."
    )
    assert page.to == f"{path}?said=given_back", page.text
    assert "€5.00 becomes credit toward a later purchase" in (await robin.see(path)).text
    for language, words in (("en", "€5.00 becomes credit toward a later purchase"), ("zh", "转为下次购物可用的余额")):
        ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
        assert words in (await ann.see(f"/orders/{order}")).text


async def test_support_gives_the_delivery_back_alone(robin, market):  # KF-06
    lines = (Line(id="1", sku="MUG", quantity=1, unit_minor=3501),)
    order = await market.order(lines=lines, shipping_minor=499)
    path = f"/support/orders/{order}"
    page = await robin.see(path)
    assert "The delivery: €4.99" in page.text
    refused = await robin.press(page, f"{path}/give-back", amount="40.01")
    assert refused.status == 409
    assert "€40.01 was asked for and €40.00 is left." in refused.text
    page = await robin.press(page, f"{path}/give-back", shipping="1", why_back="It came a week late.")
    assert page.to == f"{path}?said=given_back", page.text
    read = await market.read(order)
    assert (read.given_back.minor, read.shipping_refunded_minor) == (499, 499)
    page = await robin.see(path)
    assert "€4.99 given back, the delivery among it" in page.text
    assert "The delivery: " not in page.text


async def failed_and_settled(market, robin, way, **said):
    """A refund of 40.13 that the provider declined, and what support made of it."""
    order = await market.order(Stage.REVIEW, price=4013)
    await market.asks(order)
    await worked(market)
    path = f"/support/orders/{order}"
    await robin.press(await robin.see(path), f"{path}/settle", way_back=way, **said)
    return order


async def test_a_refund_that_was_settled_looks_settled_to_everybody(app, desk, robin, market):  # I-12, I-26
    waiting = await market.order(Stage.REVIEW, price=4013)
    await market.asks(waiting)
    await worked(market)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    request = (await market.read(waiting)).cancellations[-1].id
    page = await ann.see(f"/orders/{waiting}/requests/{request}")
    assert "€40.13 could not be paid back the way you paid." in page.text
    order = await failed_and_settled(market, robin, "paid_out", voucher="V-99")
    request = (await market.read(order)).cancellations[-1].id
    pages = [
        await ann.see(f"/orders/{order}"),
        await ann.see(f"/orders/{order}/requests/{request}"),
        await sam.see(f"/seller/orders/{order}"),
        await robin.see(f"/support/orders/{order}"),
    ]
    for page in pages:
        assert "It did not go through." in page.text
        assert "Paid out by hand" in page.text
        for words in ("we are fixing it", "Whose move", "if the buyer agrees"):
            assert words not in page.text, words
    assert "You have €40.13 back, not all of it the way you paid." in pages[1].text
    assert "€40.13 to the buyer, by hand" in pages[0].text
    assert ["V-99" in page.text for page in pages] == [True, True, False, True], "not for the shop"
    state = await market.read(order)
    assert [one.settled for one in state.refunds] == ["paid_out", ""]
    assert "resolve_failed_refund" not in {one.action for one in order_state(state, await market.now()).next_actions}


async def test_a_reference_that_leads_to_the_buyers_means_is_not_the_shops_to_read(app, desk, robin, market):  # I-26
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    await worked(market)
    reference = (await market.read(order)).refunds[0].reference
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    assert reference
    assert reference in (await robin.see(f"/support/orders/{order}")).text
    assert reference not in (await sam.see(f"/seller/orders/{order}")).raw


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("Nothing is left to refund", "€40.00 of it went back another way")),
        ("zh", ("没有需要退还的款项", "其中 €40.00 已通过其他途径退回")),
    ],
)
async def test_a_buyer_whose_bank_took_it_reads_that_and_not_that_nothing_was_paid(app, desk, market, language, told):
    order = await market.order(Stage.PREPARING)
    await market.fact(order, "charged_back", tender="t", amount_minor=4000, reference="dp_1")
    await market.does(CancelBySeller(order=order, reason="out_of_stock"), person("seller", "sam"))
    ann = await Person(app, language).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}")
    for words in told:
        assert words in page.text
    assert "Nothing had been paid" not in page.text


async def test_what_was_paid_back_past_the_desk_is_told_with_its_amount(app, desk, market):  # I-10
    order = await market.order(Stage.PREPARING)
    await market.fact(order, "refunded_elsewhere", tender="t", amount_minor=1000)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}")
    assert "Money was paid back outside of this desk" in page.text
    assert "€10.00" in page.text.split("Money was paid back outside of this desk")[1][:60]
