"""The public page of a shop says what its policy does, and nothing that this policy cannot come to."""

from __future__ import annotations

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.policy.outline import outline
from rescind.core.terms import Terms
from rescind.locales import locale
from rescind.policies import preset, presets
from rescind.web.buyer import promises
from web.consoles import Person

TOLD_BY_ANOTHER = {
    # Told for ordinary goods; of promised ones the page says that the same times count from their day.
    "auto_cancel_uncollected_pre_order",
    "auto_cancel_uncollected_handling",
    "undelivered_handling",
    "undelivered_pre_order",
    # Whoever is asked about the address is told there.
    "address_check",
    "order_check",
}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


async def page_of(app, market, name, language="en"):
    policy = preset(name)
    await market.directory.put_shop(
        KILN, name="Kiln & Co", preset_hash=policy.hash, settings={}, zone=policy.zone or "UTC", contact={}
    )
    return await Person(app, language).see(f"/shops/{KILN}")


async def test_a_stage_that_a_market_does_not_have_is_not_told(app, market):
    for name in presets():
        held = "hold" in {one.name for one in preset(name).deadlines}
        assert ("From “On hold” on" in (await page_of(app, market, name)).text) == held, name


async def test_what_is_special_in_a_market_is_told_where_it_is_so(app, market):
    whole = "The request is for some of what is left Ask to cancel the whole order"
    late = "The estimated day of delivery is over, and the order has not arrived; The platform's carrier ships"
    for name in presets():
        said = (await page_of(app, market, name)).text
        rules = {rule.id for rule in preset(name).rules}
        assert (whole in said) == ("WHOLE-1" in rules), name
        assert (late in said) == ("RECALL-1" in rules), name
        # In Vietnam what was not scanned is cancelled at once, however often it was asked before.
        assert ("REPEAT-1" in said) == (name != "vn"), name
        assert "The shop answers a return" not in said, "nothing makes it"


async def test_every_rule_that_a_page_names_is_one_of_its_shop_and_its_sentences_have_no_gap(app, market):
    for name in presets():
        rules = {rule.id for rule in preset(name).rules}
        found = outline((preset(name).at(market.clock.read()),))
        named = {one.id for step in found.steps for one in step.deciders} | {one.rule.id for one in found.special}
        assert named <= rules
        assert "%(" not in (await page_of(app, market, name)).text


async def test_the_page_is_chinese_in_chinese(app, market):
    said = (await page_of(app, market, "th", "zh")).text
    assert "发货与配送" in said
    assert "运费" not in said
    assert "中国大陆的买家可在签收后 7 天内无理由退货。" in said


@pytest.mark.parametrize("name", presets())
def test_every_time_by_which_the_clock_does_something_to_an_order_is_told(desk, name):
    at = desk.clock.read()
    terms = Terms(preset=preset(name).at(at))
    said = promises.shipping(locale("en"), terms, at)
    clock = [one for one in preset(name).deadlines if one.then in {"cancel", "late", "release"}]
    told = [one for one in clock if one.name not in TOLD_BY_ANOTHER]
    assert len([one for one in said if one.source]) == len(told)
