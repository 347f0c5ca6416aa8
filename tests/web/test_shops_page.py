"""The operator's pages of shops: adding one, changing one, and what another policy takes with it."""

import pytest

from postgres.market import LANTERN
from rescind.access.people import COMMAND_LINE
from rescind.app import make_app
from rescind.policies import preset
from web.consoles import Person

SHOPS, SHOP = "/operator/shops", f"/operator/shops/{LANTERN}"


@pytest.fixture
async def ines(desk, market):
    return await Person(make_app(desk)).sign_in(desk, "operator", "ines")


async def test_an_operator_adds_a_shop_and_sees_what_is_wrong_beside_its_field(ines, desk):
    page = await ines.see(SHOPS)
    assert "Blue Lantern" in page.text
    assert f'href="{SHOP}"' in page.raw
    typed = {"name": "Salt & Pine", "policy": "eu", "zone": "Europe/Paris"}
    wrong = await ines.press(page, SHOPS, **typed, email="nowhere")
    assert (wrong.status, 'href="#email"' in wrong.raw) == (422, True)
    assert "an e-mail address" in wrong.text
    assert dict(wrong.form(SHOPS)["fields"])["name"] == "Salt & Pine", "nothing typed is lost"
    done = await ines.press(page, SHOPS, **typed)
    again = await ines.press(page, SHOPS, **typed)
    assert done.to == again.to, "a second press is the same press"
    shown = await ines.see(done.to)
    assert "Its orders can be placed at once" in shown.text
    assert (await desk.reads.shop(done.to.partition("?")[0].rpartition("/")[2])).zone == "Europe/Paris"
    assert [one.act for one in await desk.people.acts(COMMAND_LINE)] == ["shop_added"]


async def test_another_policy_is_agreed_to_once_what_falls_away_was_shown(ines, desk):  # I-18
    await desk.versions.put_settings(LANTERN, {"auto_approve": "3h", "window": "24h"}, preset("us"), "sam")
    page, typed = await ines.see(SHOP), {"policy": "eu", "zone": "America/Los_Angeles"}
    asked = await ines.press(page, SHOP, **typed, trader="Lantern Ltd")
    assert asked.status == 200
    assert "Orders placed before keep the policy they were bought under" in asked.text
    assert "They fall away: Approve for some hours more: 3 hours" in asked.text
    assert (await desk.reads.shop(LANTERN)).preset == "us", "nothing is changed by looking"
    done = await ines.press(asked, SHOP, **typed)
    assert done.to.endswith("said=shop_changed")
    shop = await desk.reads.shop(LANTERN)
    assert (shop.preset, shop.settings, shop.contact["trader"]) == ("eu", {"window": "24h"}, "Lantern Ltd")
    stale = await ines.press(page, SHOP, **typed, name="Lantern")
    assert stale.status == 409
    seller = await Person(make_app(desk)).sign_in(desk, "seller", "sam", shop_id=LANTERN)
    assert "By the platform: Blue Lantern, European Union (eu), EUR" in (await seller.see("/seller/settings")).text
