"""Programs that act for people, as shop, support and operator see them: whose, how far, and what was done."""

import re

import httpx
import pytest

from api.conftest import People
from api.test_mandates import asked, given
from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.stage import Stage
from web.consoles import ORIGIN, Person

HOME = "/seller/programs"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def people(app, desk):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield await People(client, desk.access).open()


@pytest.fixture
async def scene(people, market):
    """A shop's own program and one of the platform, each with a mandate, and a request that the first approved."""
    helper = await people.key("seller", "night-desk", shop_id=KILN, mandated=True)
    agent = await people.key("support", "front-desk", mandated=True)
    own = await given(people, helper, acts_a_day=9)
    platforms = await given(people, agent, shops=[KILN, LANTERN], because="Calls at noon")
    case = await asked(people, market)
    assert (await helper.post(f"{case}/approve")).status_code == 200
    consent = {"way": "phone", "agreed_at": market.clock.read().isoformat(), "remark": "Called"}
    order = await market.order(Stage.PREPARING, price=1500)
    wish = {"reason": "changed_mind", "consent": consent}
    asked_for = await agent.post(f"/v1/orders/{order}/cancellations", wish)
    assert asked_for.status_code == 201
    return {
        "own": own["id"],
        "platforms": platforms["id"],
        "case": case.split("/")[-1],
        "order": case.split("/")[3],
        "asked": asked_for.json()["cancellation"]["id"],
        "called": order,
    }


async def test_a_shop_sees_what_may_act_on_its_orders_and_ends_its_own(app, desk, scene):
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    page = await sam.see(HOME)
    for told in (
        "night-desk",
        "Your own",
        "at most 9 acts",
        "€40.00 used today, 1 act",
        "Nights and weekends",
        "front-desk",
        "The platform's support",
        "Calls at noon",
        "€15.00 used today",
        "Kiln & Co",
    ):
        assert told in page.text, told
    assert "Blue Lantern" not in page.text, "another shop is nobody's business here"
    assert f"{HOME}/{scene['own']}/end" in page.raw
    assert f"{HOME}/{scene['platforms']}/end" not in page.raw
    refused = await sam.send(f"{HOME}/{scene['platforms']}/end", page.form(f"{HOME}/{scene['own']}/end")["fields"])
    assert refused.status == 403
    ended = await sam.press(page, f"{HOME}/{scene['own']}/end")
    page = await sam.see(ended.to)
    assert "The program does nothing under it any more." in page.text
    assert f"{HOME}/{scene['own']}/end" not in page.raw
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    assert (await lou.see(f"{HOME}/{scene['own']}")).status == 404


async def test_the_id_in_a_history_leads_to_everything_that_was_done_under_it(app, desk, scene):
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    sue = await Person(app).sign_in(desk, "support", "sue")
    ines = await Person(app).sign_in(desk, "operator", "ines")
    for person, console in ((sam, "seller"), (sue, "support"), (ines, "support")):
        history = await person.see(f"/{console}/orders/{scene['order']}")
        assert "Done by a program for the shop, under mandate" in history.text
        (link,) = set(re.findall(rf'href="(/{console}/programs/man_\w+)"', history.raw))
        page = await person.see(link)
        for told in ("night-desk", scene["own"], "What was done under it", "Approved", "€40.00", "Nights and weekends"):
            assert told in page.text, told
        assert f'href="/{console}/orders/{scene["order"]}"' in page.raw
    assert (await ines.see(f"/operator/programs/{scene['own']}")).status == 200
    chen = await Person(app, "zh").sign_in(desk, "seller", "chen", shop_id=KILN)
    assert "授权下的操作记录" in (await chen.see(f"{HOME}/{scene['own']}")).text


async def test_the_card_of_an_answer_names_the_program_in_the_words_of_the_history(app, desk, scene):
    said = "Done by a program of the platform's support for the buyer, under mandate"
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    page = await sam.see(f"/seller/requests/{scene['asked']}")
    card = page.raw.partition('<details class="rule"')[2].partition("</details>")[0]
    assert f"{said} {scene['platforms']}." in re.sub(r"\s+", " ", card).replace("&#39;", "'"), card
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{scene['called']}/requests/{scene['asked']}")
    assert page.text.count("for you, under mandate") >= 2, "history and card say the same"
