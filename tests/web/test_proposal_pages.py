"""Money that waits for a second person, as support and a shop read and answer it, and as the buyer does not."""

import pytest

from postgres.market import KILN, worked
from rescind.app import make_app
from rescind.core.parts import Line, Tender
from rescind.demo import two_people
from rescind.demo.stall import Ground
from rescind.providers.host import Host
from rescind.setting_values import Amounts
from web.consoles import Person

QUEUE = "/support?tab=second_person"


@pytest.fixture
def chosen():
    """One person moves up to EUR 10 of an order by hand."""
    return {"refund_second_person_above": Amounts({"EUR": 1000})}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


@pytest.fixture
async def casey(app, desk):
    return await Person(app).sign_in(desk, "operator", "casey")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


async def test_support_proposes_a_colleague_confirms_and_the_buyer_reads_what_came_of_it(
    app, desk, robin, casey, market
):
    order = await market.order()
    path = f"/support/orders/{order}"
    page = await robin.see(path)
    assert "Up to €10.00 you decide alone" in page.text
    sent = await robin.press(page, f"{path}/give-back", amount="20", why_back="The glaze has a bubble.")
    assert sent.to == f"{path}?said=proposed", sent.text
    mine = await robin.see(sent.to)
    for said in ("Proposed. Nothing happens", "a colleague has to confirm it", "Otherwise it lapses.", "€20.00"):
        assert said in mine.text
    assert ("act", "confirm") not in mine.form(f"{path}/proposals")["buttons"]
    queue = await casey.see(QUEUE)
    assert "Give money back" in queue.text
    theirs, unused = await casey.see(path), await casey.see(path)
    for said in ("The glaze has a bubble.", "Robin", "robin proposes: Give money back, €20.00"):
        assert said in theirs.text
    done = await casey.press(theirs, f"{path}/proposals", act="confirm", words="I saw the photo.")
    assert done.to == f"{path}?said=proposal_confirmed", done.text
    after = await robin.see(done.to)
    assert "robin and casey agreed: Give money back, €20.00" in after.text
    assert "Waits for a second person" not in after.text
    late = await casey.press(unused, f"{path}/proposals", act="drop", words="")
    assert (late.status, "Two people agreed" in late.text) == (409, True)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    read = await ann.see(f"/orders/{order}")
    assert "The glaze has a bubble." in read.text
    assert "casey" not in read.text
    assert (await market.read(order)).given_back.minor == 2000


async def test_a_shop_proposes_and_a_colleague_of_the_shop_rejects(app, desk, sam, robin, market):
    order = await market.order()
    path = f"/seller/orders/{order}"
    page = await sam.see(path)
    assert "Waits for a second person" not in (await sam.see("/seller/requests")).text, "a tab that nobody needs"
    sent = await sam.press(page, f"{path}/give-back", amount="20", why_back="")
    assert sent.to == f"{path}?said=proposed"
    mine = await sam.see(sent.to)
    assert "a colleague of the shop or platform support has to confirm it" in mine.text
    assert order in (await sam.see("/seller/requests?tab=second_person")).raw
    tim = await Person(app).sign_in(desk, "seller", "tim", shop_id=KILN)
    theirs = await tim.see(path)
    assert "sam proposes: Give money back, €20.00" in theirs.text
    no = await tim.press(theirs, f"{path}/proposals", act="drop", words="We sent a new one.")
    assert no.to == f"{path}?said=proposal_dropped"
    after = (await sam.see(path)).text
    assert "The proposal was rejected" in after
    assert "We sent a new one." in after
    await robin.press(await robin.see(f"/support/orders/{order}"), f"/support/orders/{order}/give-back", amount="30")
    assert "robin" not in (await sam.see(path)).text, "what support weighs is not the shop's"
    assert (await market.read(order)).given_back.minor == 0


async def test_a_refund_that_was_paid_out_waits_on_its_own_page_in_both_languages(app, desk, robin, casey, market):
    tender = Tender(id="t", method="bank_transfer", amount_minor=4000)
    line = Line(id="1", sku="MUG", quantity=1, unit_minor=4000)
    order = await market.order(lines=(line,), tenders=(tender,))
    refund = (await market.cancels(order)).order.refunds[-1].id
    await worked(market, Host(3, desk.paying_out.said))
    path = f"/support/refund-orders/{refund}"
    page = await robin.see(path)
    sent = await robin.press(page, f"{path}/confirm", reference="BK-1", paid_on="2026-05-04", amount="40.00")
    assert sent.to == f"{path}?said=proposed", sent.text
    chinese = await Person(app, "zh").sign_in(desk, "support", "lin")
    theirs = await chinese.see(path)
    for said in ("等待第二人确认", "确认退款已打款", "BK-1", "第二人须在"):
        assert said in theirs.text
    done = await chinese.press(theirs, f"/support/orders/{order}/proposals", act="confirm", words="")
    assert done.to.endswith("said=proposal_confirmed")
    assert "双人确认：确认退款已打款" in (await chinese.see(done.to)).text
    assert (await market.read(order)).refunds[0].reference == "BK-1"


async def test_the_demo_has_money_that_waits_for_a_second_person(app, robin, desk, market, clock):
    ground = Ground(desk.engine, desk.directory, clock, desk)
    assert await two_people.play(ground, desk.now()) == 3
    page = await robin.see(QUEUE)
    for number in ("HF-4107", "HF-4112", "HF-4118"):
        assert number in page.text
