"""What shops decide in advance, kept in a real database: settings, rules, and the platform for those who are slow."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from postgres.market import LANTERN, SAM, audit, market_on, person, worked
from rescind.core.automation import SETTING, Answered, AutomationRequired
from rescind.core.cancellation import RefuseCancellation
from rescind.core.errors import InvalidField, NotFound, StaleShop
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.parts import Pins
from rescind.core.stage import Stage
from rescind.core.standing import StandingRule, policy_of
from rescind.policies import automation, preset
from rescind.worker.months import Months

ORCHID = shop_id(3)
"""A shop under the rules of Thailand."""
DECEMBER, JANUARY = datetime(2025, 12, 10, 3, tzinfo=UTC), datetime(2025, 12, 31, 17, tzinfo=UTC)


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        await opened.directory.put_shop(
            ORCHID, name="Orchid", preset_hash=preset("th").hash, settings={}, zone="Asia/Bangkok", contact={}
        )
        yield opened


async def orchid_order(market, **more):
    """An order of the Thai shop that is paid, and whose first hour is over."""
    command = await market.placing(shop=LANTERN, currency="THB", **more)
    now = await market.now()
    command = msgspec.structs.replace(
        command,
        order=OrderId(make_id("ord", ORCHID, now, int(command.number))),
        shop=ORCHID,
        pins=Pins(preset="th", preset_hash=preset("th").hash),
    )
    await market.does(command, person("host"))
    await market.fact(command.order, "paid")
    market.clock.advance(timedelta(hours=2))
    return command.order


async def answers(market, *, in_time, late):
    """Requests of December that the shop answered in time, and some to which silence answered."""
    market.clock.set(DECEMBER)
    for _ in range(in_time):
        order = await orchid_order(market)
        case = (await market.asks(order, reason="better_price")).order.open_cancellation
        await market.approves(order, case.id)
        market.clock.set(DECEMBER)
    for _ in range(late):
        await market.asks(await orchid_order(market), reason="better_price")
        market.clock.set(DECEMBER)
    market.clock.set(DECEMBER + timedelta(days=3))
    await worked(market)


def months(market):
    return Months(market.versions, market.book, automation())


async def rules(market, shop, *written, by="seller:sam", **more):
    policy = policy_of(written, preset("us").at(await market.now()), "America/Los_Angeles") if written else None
    found = await market.versions.put_rules(shop, written, policy, by, **more)
    await market.book.refresh()
    return found


# --- the platform in the place of a slow shop ------------------------------------------------------------------------


async def test_a_shop_that_answers_too_few_in_time_is_answered_for(market):  # S-51, R-036
    await answers(market, in_time=17, late=3)
    market.clock.set(JANUARY - timedelta(days=1))
    before = await orchid_order(market)
    asked = await orchid_order(market)
    assert (await market.asks(asked, reason="better_price")).order.open_cancellation is not None
    market.clock.set(JANUARY - timedelta(microseconds=1))
    assert await months(market).sweep() == 1, "November, in which nobody asked"
    assert (await market.versions.choices(ORCHID)).automation is None

    market.clock.set(JANUARY)
    assert await months(market).sweep() == 1
    choices = await market.versions.choices(ORCHID)
    assert choices.settings == {SETTING: True}
    assert choices.automation.answered == Answered(month=date(2025, 12, 1), asked=20, in_time=17)
    assert choices.automation.until == datetime(2026, 1, 16, 17, tzinfo=UTC), "fifteen days of Bangkok"

    # It reaches who bought before, and asks from now on; what waited already waits on.
    outcome = await market.asks(before, reason="better_price")
    cancelled = outcome.order.cancellations[-1]
    assert (cancelled.status, cancelled.rule) == ("approved", "AUTOMATED-1")
    ground = outcome.records[0].event.ground
    assert (ground.layer, ground.policies["standing"]) == ("standing", automation().hash)
    assert (await market.read(asked)).open_cancellation.status == "awaiting_seller"
    await audit(market.pool)


async def test_the_seller_may_end_it_when_its_time_is_over_and_not_before(market):  # S-51, R-036
    await answers(market, in_time=8, late=2)
    market.clock.set(JANUARY)
    await months(market).sweep()
    until = (await market.versions.choices(ORCHID)).automation.until
    market.clock.set(until - timedelta(microseconds=1))
    with pytest.raises(AutomationRequired) as met:
        await market.versions.put_settings(ORCHID, {SETTING: False}, preset("th"), "seller:sam")
    assert met.value.params["until"] == until
    assert (await market.versions.choices(ORCHID)).settings == {SETTING: True}

    market.clock.set(until)
    order = await orchid_order(market)
    await market.versions.put_settings(ORCHID, {SETTING: False}, preset("th"), "seller:sam")
    await market.book.refresh()
    after = await market.versions.choices(ORCHID)
    assert (after.settings, after.automation) == ({SETTING: False}, None)
    assert (await market.asks(order, reason="better_price")).order.open_cancellation.rule == "ASK-1"
    told = [(one.kind, one.changed_by) for one in await market.versions.history(ORCHID)]
    assert set(told[:2]) == {("automation", "seller:sam"), ("settings", "seller:sam")}
    assert set(told[2:]) == {("automation", "system"), ("settings", "system")}


async def test_nine_tenths_are_enough_and_few_requests_say_nothing(market):
    await answers(market, in_time=9, late=1)
    market.clock.set(JANUARY)
    assert await months(market).sweep() == 1
    assert (await market.versions.choices(ORCHID)).automation is None
    counted = await market.pool.fetchrow("SELECT asked, in_time FROM answer_months WHERE month = '2025-12-01'")
    assert tuple(counted) == (10, 9)


async def test_what_the_shop_need_not_answer_is_not_counted(market):
    await answers(market, in_time=8, late=1)
    market.clock.set(DECEMBER)
    taken_back = await orchid_order(market)
    case = (await market.asks(taken_back, reason="better_price")).order.open_cancellation
    await market.withdraws(taken_back, case.id)
    market.clock.set(JANUARY)
    await months(market).sweep()
    counted = await market.pool.fetchrow("SELECT asked, in_time FROM answer_months WHERE month = '2025-12-01'")
    assert tuple(counted) == (9, 8), "one of nine is late, which is few, and one was taken back"
    assert (await market.versions.choices(ORCHID)).automation is None


async def test_a_month_is_counted_when_nothing_of_it_waits_and_once(market):
    await answers(market, in_time=0, late=10)
    market.clock.set(JANUARY - timedelta(hours=27))
    await market.asks(await orchid_order(market, buyer="bob"), buyer="bob", reason="better_price")
    market.clock.set(JANUARY)
    assert await months(market).sweep() == 0, "silence has not answered yet"
    await worked(market)
    assert sum(await asyncio.gather(*(months(market).sweep() for _ in range(4)))) == 1
    assert await months(market).sweep() == 0
    assert await market.pool.fetchval("SELECT count(*) FROM shop_versions WHERE kind = 'automation'") == 1


async def test_a_market_that_does_not_demand_it_counts_nothing(market):
    market.clock.set(JANUARY)
    await months(market).sweep()
    assert {row[0] for row in await market.pool.fetch("SELECT shop_id FROM answer_months")} == {ORCHID}


# --- rules -----------------------------------------------------------------------------------------------------------


async def test_a_rule_of_the_shop_answers_for_it_also_about_orders_placed_before(market):
    order, other = await market.order(shop=LANTERN), await market.order(shop=LANTERN)
    market.clock.advance(timedelta(hours=2))
    await rules(market, LANTERN, StandingRule(name="Changed their mind", reasons=("changed_mind",)))
    outcome = await market.asks(order)
    assert (outcome.order.cancellations[-1].status, outcome.order.cancellations[-1].rule) == ("approved", "SHOP-1")
    assert (await market.asks(other, reason="better_price")).order.open_cancellation.rule == "ASK-1"
    await audit(market.pool)


async def test_silence_approves_after_the_wait_of_a_rule_unless_the_seller_answered(market):
    quiet, answered = await market.order(shop=LANTERN), await market.order(shop=LANTERN)
    market.clock.advance(timedelta(hours=2))
    await rules(market, LANTERN, StandingRule(name="After two hours", wait="2h"))
    asked_at = await market.now()
    case = (await market.asks(quiet)).order.open_cancellation
    assert (case.due_at, case.on_silence) == (asked_at + timedelta(hours=2), "approve")
    case = (await market.asks(answered)).order.open_cancellation
    await market.does(refusal(answered, case.id), SAM)
    market.clock.set(asked_at + timedelta(hours=2))
    await worked(market)
    assert (await market.read(quiet)).cancellations[-1].closed_by == "silence"
    assert (await market.read(answered)).cancellations[-1].status == "refused"


def refusal(order, cancellation):
    return RefuseCancellation(
        order=order, cancellation=cancellation, reason="already_shipped", carrier="UPS", tracking="1Z"
    )


async def test_another_process_hears_of_a_rule_by_itself(market):
    order = await market.order(shop=LANTERN)
    market.clock.advance(timedelta(hours=2))
    written = StandingRule(name="All")
    policy = policy_of((written,), preset("us").at(await market.now()), "UTC")
    us = Pins(preset="us", preset_hash=preset("us").hash)
    follower = asyncio.create_task(market.book.follow())
    try:
        await market.versions.put_rules(LANTERN, (written,), policy, "seller:sam")
        async with asyncio.timeout(10):
            while (await market.book.terms(us, await market.now(), LANTERN)).standing is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the book has no event to wait for
    finally:
        follower.cancel()
    assert (await market.asks(order)).order.cancellations[-1].rule == "SHOP-1"


async def test_a_rule_that_was_taken_away_answers_nothing_any_more(market):
    order = await market.order(shop=LANTERN)
    market.clock.advance(timedelta(hours=2))
    await rules(market, LANTERN, StandingRule(name="All"))
    assert (await rules(market, LANTERN)).rules == ()
    assert (await market.asks(order)).order.open_cancellation.rule == "ASK-1"


async def test_two_who_change_a_shop_at_the_same_moment_are_told(market):
    first = StandingRule(name="A"), StandingRule(name="B")
    found = await asyncio.gather(*(rules(market, LANTERN, one, expected=0) for one in first), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Choices", "StaleShop"]
    with pytest.raises(StaleShop):
        await rules(market, LANTERN, expected=0)


# --- settings --------------------------------------------------------------------------------------------------------


async def test_a_setting_is_for_who_buys_from_now_on(market):  # M-03, I-18
    before = await market.versions.put_settings(LANTERN, {"window": "24h"}, preset("us"), "seller:sam")
    again = await market.versions.put_settings(LANTERN, {"window": "24h"}, preset("us"), "seller:sam")
    assert before.settings_version == again.settings_version == 1, "what is chosen already is no new version"
    more = await market.versions.put_settings(LANTERN, {"auto_approve": "3h"}, preset("us"), "seller:pat", expected=1)
    assert more.settings == {"window": "24h", "auto_approve": "3h"}
    told = [
        (one.number, one.changed_by, msgspec.json.decode(one.body)) for one in await market.versions.history(LANTERN)
    ]
    assert told == [
        (2, "seller:pat", {"window": "24h", "auto_approve": "3h"}),
        (1, "seller:sam", {"window": "24h"}),
    ]
    with pytest.raises(StaleShop):
        await market.versions.put_settings(LANTERN, {"auto_approve": "5h"}, preset("us"), "seller:pat", expected=1)
    with pytest.raises(InvalidField, match="one of: 0h, 1h, 3h, 5h"):
        await market.versions.put_settings(LANTERN, {"auto_approve": "24h"}, preset("us"), "seller:pat")
    with pytest.raises(NotFound):
        await market.versions.choices(shop_id(99))


async def test_nobody_rewrites_what_a_shop_had_decided(market):
    await market.versions.put_settings(LANTERN, {"window": "24h"}, preset("us"), "seller:sam")
    for statement in ("UPDATE shop_versions SET body = '{}'", "DELETE FROM shop_versions"):
        with pytest.raises(Exception, match="permission denied"):
            await market.pool.execute(statement)


async def test_an_order_of_a_shop_without_rules_reads_nothing_more(market):
    assert await market.versions.standing() == {}
    order = await market.order(Stage.ALLOCATED)
    assert (await market.asks(order)).records[0].event.ground.policies.keys() == {"preset"}
