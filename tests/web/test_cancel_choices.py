"""What the form for cancelling lets a buyer choose is what the policy would answer, and nothing is sent in vain."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest

from postgres.market import LANTERN
from rescind.app import make_app
from rescind.core.parts import FactKind, Line
from rescind.core.stage import Stage
from web.consoles import Person

GOODS = (
    Line(id="1", sku="SIGN", quantity=1, unit_minor=2000, custom_made=True),
    Line(id="2", sku="MUG", quantity=2, unit_minor=1000),
)
WHOLE_ONLY = "rules allow a request for the whole order only"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture(autouse=True)
def summer(desk):
    """After the law of June 2026."""
    desk.clock.set(desk.clock.read().replace(year=2026, month=7, day=6))


def seen(page, order):
    """What the page showed, as the form sends it back."""
    return dict(page.form(f"/orders/{order}/cancel")["fields"])["seen"]


async def part_shipped(market, desk, **more):
    order = await market.order(Stage.REVIEW, units=4, **more)
    desk.clock.advance(timedelta(hours=2))
    await market.fact(order, FactKind.HANDED_OVER, parcel="p1", lines={"1": 3}, tracking="JD1")
    return order


async def german(market, desk):
    order = await market.order(Stage.REVIEW, policy="eu", country="DE", lines=GOODS)
    desk.clock.advance(timedelta(hours=2))
    return order


async def test_what_is_left_of_a_part_shipped_order_is_led_to_a_return_and_not_round_in_a_circle(
    ann, market, desk
):  # READY-1, R-060
    order = await part_shipped(market, desk, shop=LANTERN)
    for path in (f"/orders/{order}", f"/orders/{order}/cancel"):
        page = await ann.see(path)
        assert "whole order, not a part of it" not in page.text
        assert "Return or refund" in page.text
    assert 'name="reason"' not in page.raw, "there is nothing to send"
    told = await ann.client.get(f"/v1/orders/{order}/cancellability")
    assert (told.json()["rule"], told.json()["instead"]) == ("READY-1", "return_or_refund")


async def test_the_form_shows_as_many_as_can_be_cancelled(ann, market, desk):
    order = await part_shipped(market, desk)
    page = await ann.see(f"/orders/{order}/cancel")
    assert "× 1" in page.text
    assert "× 4" not in page.text


async def test_whom_a_law_lets_go_in_part_may_choose_a_part_where_the_market_knows_the_whole_order_only(
    ann, market, desk
):  # LAW-EU-1, WHOLE-1
    order = await german(market, desk)
    page = await ann.see(f"/orders/{order}/cancel")
    assert WHOLE_ONLY not in page.text
    sent = await ann.press(
        page, f"/orders/{order}/cancel", **{"units-0": "0", "reason": "changed_mind", "step": "quote"}
    )
    sent = await ann.press(
        page,
        f"/orders/{order}/cancel",
        **{"units-0": "0", "reason": "changed_mind", "step": "send", "seen": seen(sent, order)},
    )
    assert sent.status == HTTPStatus.SEE_OTHER
    after = await market.read(order)
    assert [line.cancelled for line in after.lines] == [0, 2]
    assert after.cancellations[-1].rule == "LAW-EU-1"


async def test_where_no_law_speaks_the_whole_order_is_still_the_only_choice(ann, market, desk):
    order = await market.order(Stage.REVIEW, policy="eu", lines=GOODS)
    desk.clock.advance(timedelta(hours=2))
    assert WHOLE_ONLY in (await ann.see(f"/orders/{order}/cancel")).text


async def test_who_withdraws_by_the_ordinary_form_is_shown_the_page_for_it_and_asks_nobody(ann, market, desk):
    order = await german(market, desk)
    page = await ann.see(f"/orders/{order}/cancel")
    shown = await ann.press(page, f"/orders/{order}/cancel", reason="withdrawal", step="quote")
    assert "By law you may withdraw from 2 × Mug, and nobody has to agree." in shown.text
    assert f'href="/orders/{order}/withdrawal"' in shown.raw
    assert "Send the request" not in shown.text
    sent = await ann.press(page, f"/orders/{order}/cancel", reason="withdrawal", step="send", seen=seen(shown, order))
    assert sent.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "By law you may withdraw" in sent.text
    assert (await market.read(order)).cancellations == ()


async def test_a_choice_that_is_refused_is_not_sent(ann, market, desk):  # WHOLE-1
    order = await german(market, desk)
    page = await ann.see(f"/orders/{order}/cancel")
    typed = {"units-0": "1", "units-1": "0", "reason": "changed_mind"}
    shown = await ann.press(page, f"/orders/{order}/cancel", **typed, step="quote")
    assert "Choose all that is left" in shown.text
    assert 'value="send"' not in shown.raw
    sent = await ann.press(page, f"/orders/{order}/cancel", **typed, step="send", seen=seen(shown, order))
    assert sent.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (await market.read(order)).cancellations == ()
