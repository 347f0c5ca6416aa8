"""Whoever is refused reads what to do next, and it is there: every refusal of every preset, to its page."""

import pytest

from postgres.market import KILN, worked
from rescind.app import make_app
from rescind.core.policy.vocabulary import WAYS_ON
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.locales import locale
from rescind.policies import names, preset
from rescind.web.buyer import words
from web.consoles import Person

REFUSALS = sorted(
    {
        (rule.on, rule.instead or "")
        for name in names()
        for rule in preset(name).rules
        if Verdict(rule.verdict) is Verdict.REFUSE
    }
)
WAITING = ("wait_for_hold", "wait_for_payment", "wait_for_review")
OF_BUYERS = [instead for on, instead in REFUSALS if on == "request"]

# An order at which the way stands open, and a word of the page that it leads to.
OPEN = {
    "ask_seller_anyway": (Stage.PACKED, "You ask the shop for a favour"),
    "return_or_refund": (Stage.IN_TRANSIT, "Return or refund"),
    "contact_support": (Stage.COMPLETED, "Ask platform support"),
    "see_refund": (Stage.CANCELLED, "Where your money is"),
    "request_whole_order": (Stage.PREPARING, "Which items?"),
    "ask_for_what_is_open": (Stage.PREPARING, "Which items?"),
}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.mark.parametrize("name", names())
def test_every_refusal_names_a_way_on(name):  # R-005, M-10
    for rule in preset(name).rules:
        if Verdict(rule.verdict) is Verdict.REFUSE:
            assert rule.instead in WAYS_ON, f"{name}: {rule.id} leaves whoever is refused without a next step"


@pytest.mark.parametrize(("on", "instead"), REFUSALS)
def test_every_way_on_is_said_in_words(on, instead):
    for tag in ("en", "zh"):
        assert locale(tag).has("way_on", instead), instead
        if on == "request":
            offer = words.way_on(locale(tag), instead, "/orders/x", arrived=False, reached=True)
            assert offer.sentence
            assert bool(offer.href) != (instead in WAITING), f"{instead}: a button, unless one can only wait"


async def at(market, stage):
    if stage is not Stage.CANCELLED:
        return await market.order(stage)
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    return order


@pytest.mark.parametrize("instead", [one for one in OF_BUYERS if one not in WAITING])
async def test_every_way_on_leads_a_buyer_to_a_page_that_is_there(app, desk, market, instead):
    stage, said = OPEN[instead]
    order = await at(market, stage)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page, _, anchor = words.way_on(
        locale("en"), instead, f"/orders/{order}", arrived=False, reached=True
    ).href.partition("#")
    found = await ann.see(page)
    assert found.status == 200, f"{instead} leads to {page}, which answers {found.status} {found.to}"
    assert said in found.text
    assert not anchor or f'id="{anchor}"' in found.raw


@pytest.mark.parametrize(("by", "said"), [("seller", "Ask platform support"), ("silence", "Ask platform support")])
async def test_whoever_a_person_or_the_clock_refused_is_led_to_support(app, desk, market, by, said):  # M-44
    order = await market.order(Stage.PACKED)
    asked = (await market.asks(order, anyway=True)).order.open_cancellation
    if by == "seller":
        await market.refuses(order, asked.id, "other")
    else:
        desk.clock.set(asked.due_at)
        await worked(market)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/requests/{asked.id}")
    assert said in page.text
    help_page = await ann.see("/help")
    assert 'id="support"' in help_page.raw


async def test_a_seller_who_is_refused_reads_what_to_do(app, desk, market):
    order = await market.order(Stage.DELIVERED)
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    page = await sam.see(f"/seller/orders/{order}/cancel")
    assert "Return the goods for a refund" in page.text
