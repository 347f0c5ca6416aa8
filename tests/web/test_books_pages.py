"""The pages of money over the real application: refunds by where they stand, the trial balance, reconciliations."""

import re
from datetime import timedelta

import pytest

from postgres.market import LANTERN, worked
from postgres.test_reconciliation import Books
from rescind.app import make_app
from web.consoles import Person

REFUNDS, BOOKS = "/support/refunds", "/operator/books"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


async def cancelled(market, price, **more):
    order = await market.order(price=price, **more)
    await market.cancels(order)
    return (await market.read(order)).refunds[0]


async def sent(market):
    """Everything is sent once and nothing is asked again."""
    for _ in range(2):
        await worked(market)


async def test_each_refund_stands_in_the_list_of_its_state(market, robin, ines):
    doubt, declined = await cancelled(market, 1017), await cancelled(market, 2013)
    nowhere, on_its_way = await cancelled(market, 3014, shop=LANTERN), await cancelled(market, 4000)
    await sent(market)
    owed = await cancelled(market, 5000)
    for where, refund in (
        ("in_doubt", doubt),
        ("failed", declined),
        ("not_sent", nowhere),
        ("submitted", on_its_way),
        ("owed", owed),
    ):
        page = await robin.see(f"{REFUNDS}?state={where}")
        assert page.status == 200
        rows = re.findall(r'id="row-(ref_\w+)"', page.raw)
        assert rows == [refund.id], where
    page = await robin.see(f"{REFUNDS}?state=not_sent")
    assert "there is no account to send it to" in page.text
    assert "Blue Lantern" in page.text
    assert (await robin.see(REFUNDS)).text.count("In doubt 1") == 1
    assert (await ines.see(REFUNDS)).status == 200


async def test_somebody_takes_a_refund_in_doubt_and_it_grows_old(market, robin, desk, app):
    refund = await cancelled(market, 1017)
    await sent(market)
    page = await robin.see(REFUNDS)
    assert "Nobody yet" in page.text
    done = await robin.press(page, f"{REFUNDS}/{refund.id}/take")
    assert done.to == f"{REFUNDS}?state=in_doubt&said=taken"
    page = await robin.see(done.to)
    assert "you look after this refund" in page.text
    assert not page.has_form(f"{REFUNDS}/{refund.id}/take")
    other = await Person(app).sign_in(desk, "support", "sue")
    assert "Robin" in (await other.see(REFUNDS)).text
    assert "2 days" not in page.text
    desk.clock.advance(timedelta(days=2))
    assert "2 days" in (await other.see(REFUNDS)).text
    # Nothing of what has arrived is anybody's.
    arrived = await cancelled(market, 4000)
    await worked(market)
    desk.clock.advance(timedelta(hours=1))
    await worked(market)
    csrf = ("_csrf_token", re.search(r'name="_csrf_token" value="([^"]+)"', page.raw)[1])
    assert (await robin.send(f"{REFUNDS}/{arrived.id}/take", [csrf])).status == 404


async def test_a_long_list_is_read_part_by_part(market, robin):
    for _ in range(53):
        await cancelled(market, 5000)
    page = await robin.see(f"{REFUNDS}?state=owed")
    first = re.findall(r'id="row-(ref_\w+)"', page.raw)
    onward = re.search(r'href="([^"]+)" rel="next"', page.raw)[1].replace("&amp;", "&")
    second = re.findall(r'id="row-(ref_\w+)"', (await robin.see(onward)).raw)
    assert (len(first), len(second)) == (50, 3)
    assert len({*first, *second}) == 53


async def test_the_books_add_up_in_each_currency(market, ines, robin):
    await market.order(price=4000)
    await market.order(shop=LANTERN, price=900)
    await cancelled(market, 1017)
    page = await ines.see(BOOKS)
    assert page.text.count("Adds up to nothing") == 2
    assert re.search(r"With payment providers \d+ postings €50\.17", page.text)
    assert re.search(r"On its way back to buyers 1 posting .€10\.17", page.text)
    assert page.text.count("Together €0.00") == 1
    page = await ines.see(f"{BOOKS}?shop={LANTERN}")
    assert page.text.count("Adds up to nothing") == 1
    assert "€" not in page.text
    assert (await robin.see(BOOKS)).status == 403


async def test_a_difference_is_explained_on_its_page(market, ines, robin):
    books = Books(market)
    refund, _ = await books.refunded(4000)
    books.lists(refund, amount_minor=3999)
    run = await books.run()
    assert f"Reconciliation {run.number}" in (await ines.see(BOOKS)).text
    here = f"{BOOKS}/{run.number}"
    page = await ines.see(here)
    assert "Another amount" in page.text
    assert "€40.00" in page.text
    assert "€39.99" in page.text
    blank = await ines.press(page, f"{here}/1", why=" ")
    assert blank.status == 422
    done = await ines.press(page, f"{here}/1", why="They keep a cent.")
    assert done.to == f"{here}?said=explained"
    page = await ines.see(done.to)
    assert "They keep a cent. ines" in page.text
    assert not page.has_form(f"{here}/1")
    assert (await robin.see(here)).status == 403
    assert (await ines.see(f"{BOOKS}/999")).status == 404


async def test_a_held_installation_says_what_it_waits_for(market, ines):
    await market.pool.execute(
        "INSERT INTO installation VALUES ('held', 'restore 2026-05-04T00:00:00Z'), "
        "('restored_at', '2026-05-04T00:00:00Z')"
    )
    assert "Refunds are held until" in (await ines.see(BOOKS)).text
    assert "no money moves until" in (await ines.see("/operator/installation")).text
