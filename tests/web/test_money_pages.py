"""Money on pages: what a shop keeps before it is agreed to, what is let go, and what support does with what failed."""

import msgspec
import pytest

from postgres.market import HOST, KILN, person, worked
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
    assert (read.refunded.minor, read.given_minor, read.cancellations) == (500, 500, ())
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "The glaze has a bubble." in (await ann.see(f"/orders/{order}")).text


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
    assert (read.refunded.minor, read.shipping_refunded_minor) == (499, 499)
    page = await robin.see(path)
    assert "€4.99 given back, the delivery among it" in page.text
    assert "The delivery: " not in page.text
