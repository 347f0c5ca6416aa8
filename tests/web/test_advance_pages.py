"""The pages on which a seller decides in advance: settings, rules, and what the platform switched on."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.automation import SETTING, Answered
from rescind.core.ids import shop_id
from rescind.core.standing import allowed
from rescind.policies import automation, preset, presets
from web.consoles import Person


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def lou(app, desk):
    return await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)


async def chooses(person, act="save", **fields):
    page = await person.see("/seller/settings")
    return await person.press(page, "/seller/settings", act=act, **fields)


async def writes(person, act="save", at="/seller/rules", **fields):
    page = await person.see(at)
    return await person.press(page, "/seller/rules", act=act, **fields)


async def test_a_seller_chooses_and_the_public_page_follows(app, desk, lou, market):  # M-03, M-36
    page = await lou.see("/seller/settings")
    assert "Your own cancellation window" in page.text
    assert "Approve for some hours more" in page.text
    assert "Source R-008" in page.text
    shown = await chooses(lou, act="preview", window="24h")
    assert "What buyers would read" in shown.text
    assert "in the first 24 hours after ordering" in shown.text
    assert (await desk.reads.shop(LANTERN)).settings == {}, "looking saves nothing"
    assert "after ordering" not in (await lou.see(f"/shops/{LANTERN}")).text
    assert (await chooses(lou, window="24h")).status == 303
    assert (await desk.reads.shop(LANTERN)).settings == {"window": "24h"}
    assert "in the first 24 hours after ordering" in (await lou.see(f"/shops/{LANTERN}")).text
    after = await lou.see("/seller/settings?said=saved")
    assert "It holds for orders placed from now on" in after.text
    assert "Seller Lou" in after.text


async def test_who_changed_a_setting_is_called_by_name_and_never_by_a_namesakes(app, desk, lou, market):
    till = await Person(app).sign_in(desk, "seller", "till", shop_id=LANTERN)
    await desk.access.issue_key("seller", "till", name="Somebody else's", shop_id=KILN)
    await chooses(till, window="24h")
    await desk.access.issue_link("seller", "till", name="Tilda Larsen", shop_id=LANTERN)
    history = (await lou.see("/seller/settings")).text
    assert "Seller Tilda Larsen" in history
    assert "Somebody else" not in history


async def test_a_shop_without_such_rules_finds_out_from_the_settings(app, desk, market):
    plain = next(one for one in map(preset, presets()) if not allowed(one.at(desk.now())))
    orchid = shop_id(3)
    await desk.directory.put_shop(
        orchid, name="Orchid", preset_hash=plain.hash, settings={}, zone="Asia/Bangkok", contact={}
    )
    kim = await Person(app).sign_in(desk, "seller", "kim", shop_id=orchid)
    assert 'href="/seller/rules"' in (await kim.see("/seller/settings")).raw
    page = await kim.see("/seller/rules")
    assert "Your policy has no rules for automatic approval" in page.text
    assert 'href="/seller/settings"' in page.raw


async def test_what_was_not_changed_is_not_saved(lou, desk):
    same = await chooses(lou)
    assert same.to.endswith("said=unchanged")
    assert "Nothing was changed, so nothing was saved." in (await lou.see(same.to)).text
    await chooses(lou, window="24h")
    assert (await chooses(lou, window="24h")).to.endswith("said=unchanged")
    await writes(lou, name="Small", most="10")
    again = await writes(lou, at="/seller/rules?edit=0")
    assert again.to.endswith("said=unchanged")
    assert "Nothing was changed" in (await lou.see(again.to)).text
    assert sorted((one.kind, one.number) for one in await desk.versions.history(LANTERN)) == [
        ("rules", 1),
        ("settings", 1),
    ]


async def test_two_who_change_settings_at_once_are_told(lou, desk):
    page = await lou.see("/seller/settings")
    assert (await chooses(lou, window="24h")).status == 303
    late = await lou.press(page, "/seller/settings", act="save", window="1h")
    assert late.status == 409
    assert "has changed since you read it" in late.text
    assert (await desk.reads.shop(LANTERN)).settings == {"window": "24h"}


async def test_a_choice_nobody_offers_is_refused_in_words(lou, desk):
    assert "0h, 1h, 3h, 5h" in (await chooses(lou, auto_approve="24h")).text
    assert (await desk.reads.shop(LANTERN)).settings == {}


async def test_a_seller_writes_a_rule_tries_it_changes_it_and_takes_it_away(lou, desk, market):
    past, order = await market.order(shop=LANTERN), await market.order(shop=LANTERN)
    desk.clock.advance(timedelta(hours=2))
    await market.asks(past)
    rule = {"name": "Changed their mind", "reason_changed_mind": "1", "most": "50.00", "wait": "2h"}
    tried = await writes(lou, act="try", **rule)
    assert "0 approved at once, 1 after the wait, 0 left to you" in tried.text
    assert (await desk.versions.choices(LANTERN)).rules == (), "trying saves nothing"
    assert (await writes(lou, **rule)).status == 303
    page = await lou.see("/seller/rules")
    assert "Changed their mind" in page.text
    assert "Approve after 2 hours, unless you answered" in page.text
    assert "Up to $50.00" in page.text
    case = (await market.asks(order)).order.open_cancellation
    assert (case.rule, case.due_at) == ("SHOP-1", desk.now() + timedelta(hours=2))
    changed = await writes(lou, at="/seller/rules?edit=0", wait="0h")
    assert changed.status == 303
    (kept,) = (await desk.versions.choices(LANTERN)).rules
    assert (kept.name, kept.reasons, kept.most_minor, kept.wait) == (
        "Changed their mind",
        ("changed_mind",),
        5000,
        "0h",
    )
    gone = await lou.press(await lou.see("/seller/rules"), "/seller/rules/0/remove")
    assert gone.status == 303
    assert (await desk.versions.choices(LANTERN)).rules == ()
    late = await lou.press(page, "/seller/rules/0/remove")
    assert late.status == 409


async def test_a_rule_that_cannot_be_names_its_field(lou):
    page = await writes(lou, name="Odd", least="60", most="50")
    assert page.status == 422
    assert "from the smaller to the larger" in page.text
    assert 'value="Odd"' in page.raw, "what was typed is still there"
    assert (await writes(lou, name="")).status == 422


async def test_a_form_of_another_currency_is_refused_and_comes_back_in_the_shops_own(lou, desk):
    page = await writes(lou, name="Small", most="50", currency="EUR")
    assert page.status == 422
    assert "Amounts here are in USD, this one is in EUR" in page.text
    assert 'name="currency" value="USD"' in page.raw
    assert (await desk.versions.choices(LANTERN)).rules == ()


async def test_the_buyer_reads_that_the_shop_agreed_in_advance(app, desk, lou, market):
    order = await market.order(shop=LANTERN)
    desk.clock.advance(timedelta(hours=2))
    await writes(lou, name="All")
    case = (await market.asks(order)).order.cancellations[-1].id
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/requests/{case}")
    assert "The shop has agreed in advance to requests like this one" in page.text
    assert "SHOP-1" in page.text


async def test_what_the_platform_switched_on_is_told_on_the_sellers_page(app, desk, market):  # R-036, S-51
    thai = shop_id(3)
    await desk.directory.put_shop(
        thai, name="Orchid", preset_hash=preset("th").hash, settings={}, zone="Asia/Bangkok", contact={}
    )
    kim = await Person(app).sign_in(desk, "seller", "kim", shop_id=thai)
    now = desk.now()
    answered = Answered(month=now.date().replace(day=1), asked=20, in_time=17)
    await desk.versions.count(thai, answered, now + timedelta(days=15), automation())
    page = await kim.see("/seller/settings")
    assert "you answered 17 of 20 requests in time: 85 %" in page.text
    assert "You may switch it off from" in page.text
    assert (await chooses(kim, **{SETTING: "false"})).status == 409
    desk.clock.advance(timedelta(days=15))
    assert "You may switch it off: its time ended" in (await kim.see("/seller/settings")).text
    assert (await chooses(kim, **{SETTING: "false"})).status == 303
    assert "The platform answers in your place" not in (await kim.see("/seller/settings")).text


async def test_support_and_buyers_have_no_such_pages(app, desk):
    for role, more in (("support", {}), ("buyer", {"buyer_id": "ann"})):
        somebody = await Person(app).sign_in(desk, role, "x", **more)
        for path in ("/seller/settings", "/seller/rules"):
            assert (await somebody.see(path)).status == 403
