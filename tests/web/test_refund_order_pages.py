"""Support's pages of refunds that the platform pays out itself: the queue, one of them, the file, the buyer's words."""

import csv
import io

import pytest

from postgres.market import audit, worked
from rescind.app import make_app
from rescind.core.parts import Line, RefundStatus, Tender
from rescind.providers.host import Host
from web.consoles import Person

PATH = "/support/refund-orders"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def robin(app, desk):
    return await Person(app).sign_in(desk, "support", "robin")


@pytest.fixture
def to_pay(desk, market):
    """Cancel an order that the platform pays back itself; gives its order and its refund."""

    async def made(price=4000):
        line = Line(id="1", sku="MUG", quantity=1, unit_minor=price)
        tender = Tender(id="t", method="bank_transfer", amount_minor=price)
        order = await market.order(lines=(line,), tenders=(tender,), price=price)
        outcome = await market.cancels(order)
        await worked(market, Host(3, desk.paying_out.said))
        return order, outcome.order.refunds[0].id

    return made


async def gives(person, data, name="paid.csv"):
    """Send a file by the page's own form."""
    page = await person.see(PATH)
    fields = dict(page.form(f"{PATH}/file")["fields"])
    fields.pop("file", None)
    return await person.client.post(
        f"{PATH}/file", data=fields, files={"file": (name, data, "text/csv")}, headers={"origin": "http://desk.test"}
    )


async def test_support_takes_a_refund_pays_it_and_confirms_it_and_the_buyer_reads_where_it_is(  # M-15
    app, desk, market, robin, to_pay
):
    order, refund = await to_pay()
    queue = await robin.see(PATH)
    assert "Bank transfer" in queue.text
    assert "Otherwise it goes to whoever leads support." in queue.text
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    before = await ann.see(f"/orders/{order}")
    assert "The platform pays it out" in before.text
    one = await robin.see(f"{PATH}/{refund}")
    assert (await robin.press(one, f"{PATH}/{refund}/take")).to.endswith("said=taken")
    assert "The move is with: Robin" in (await robin.see(f"{PATH}/{refund}")).text
    one = await robin.see(f"{PATH}/{refund}")
    done = await robin.press(one, f"{PATH}/{refund}/confirm", reference="SEPA-7", paid_on="2026-05-04", amount="40.00")
    assert done.to.endswith("said=confirmed")
    assert "Nothing to pay out here" in (await robin.see(PATH)).text
    assert "SEPA-7" in (await robin.see(f"{PATH}?state=confirmed")).text
    after = await ann.see(f"/orders/{order}")
    assert "Reference SEPA-7, paid out on" in after.text
    assert "robin" not in after.text.lower(), "who paid is the platform's own matter"
    assert (await market.read(order)).refunds[0].status is RefundStatus.SUCCEEDED
    await audit(market.pool)


async def test_a_mistake_is_named_beside_its_field_and_nothing_is_confirmed(robin, market, to_pay):  # I-03
    order, refund = await to_pay()
    for change, words in (
        ({"reference": " "}, "Write down the payment's reference"),
        ({"paid_on": "soon"}, "Say on which day it was paid out"),
        ({"paid_on": "2026-06-04"}, "It must be: a day from when it was owed until today."),
        ({"amount": "40,00"}, "It must be: a decimal amount"),
        ({"amount": "39.99"}, "The refund is of €40.00, not €39.99."),
    ):
        one = await robin.see(f"{PATH}/{refund}")
        values = {"reference": "SEPA-7", "paid_on": "2026-05-04", "amount": "40.00"} | change
        answer = await robin.press(one, f"{PATH}/{refund}/confirm", **values)
        assert answer.status in {409, 422}
        assert words in answer.text, answer.text
    one = await robin.see(f"{PATH}/{refund}")
    assert "Choose why it was not paid out" in (await robin.press(one, f"{PATH}/{refund}/decline", code="")).text
    assert (await market.read(order)).refunds[0].status is RefundStatus.SUBMITTED


async def test_who_comes_second_reads_what_stands(app, desk, robin, to_pay):  # ID-05
    _, refund = await to_pay()
    one = await robin.see(f"{PATH}/{refund}")
    kim = await Person(app).sign_in(desk, "support", "kim")
    hers = await kim.see(f"{PATH}/{refund}")
    values = {"paid_on": "2026-05-04", "amount": "40.00"}
    assert (await robin.press(one, f"{PATH}/{refund}/confirm", reference="A", **values)).status == 303
    late = await kim.press(hers, f"{PATH}/{refund}/confirm", reference="B", **values)
    assert late.status == 409
    assert "reference A" in late.text
    back = await kim.see(f"{PATH}/{refund}")
    assert (await kim.press(back, f"{PATH}/{refund}/decline")).to.endswith("said=declined")
    assert "the money was sent back" in (await kim.see(f"{PATH}/{refund}")).text


async def test_a_file_with_a_fault_confirms_nothing_and_a_right_one_everything(robin, market, to_pay):
    (first, one), (second, two), (_, three) = await to_pay(), await to_pay(2500), await to_pay()
    taken = await robin.client.get(f"{PATH}.csv")
    assert taken.headers["content-disposition"].startswith("attachment")
    header, *rows = csv.reader(io.StringIO(taken.content.decode("utf-8-sig"), newline=""))
    at = {row[0]: row for row in rows}
    assert set(at) == {one, two, three}

    def file():
        out = io.StringIO(newline="")
        csv.writer(out).writerows([header, *rows])
        return b"\xef\xbb\xbf" + out.getvalue().encode()

    at[one][-2:] = ["A", "2026-05-04"]
    at[two][-2:] = ["B", "2026-05-04"]
    at[two][header.index("amount")] = "25.01"
    bad = await gives(robin, file())
    assert bad.status_code == 422
    assert f"Line {rows.index(at[two]) + 2}" in bad.text
    assert "€25.01" in bad.text
    assert "Nothing was confirmed: 1 line has a fault." in bad.text
    assert (await market.read(first)).refunds[0].status is RefundStatus.SUBMITTED, "the right row waits for the file"
    at[two][header.index("amount")] = "25.00"
    good = await gives(robin, file())
    assert good.status_code == 200
    assert "Read: 2 confirmed, 1 not paid yet." in good.text
    assert (await market.read(second)).refunds[0].reference == "B"
    again = await gives(robin, file())
    assert "It was confirmed before." in again.text
    assert (await gives(robin, b"not,a,table")).status_code == 422
    await audit(market.pool)


async def test_the_queue_is_support_s_alone_and_reads_in_chinese(app, desk, to_pay):  # I-30
    _, refund = await to_pay()
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    for path in (PATH, f"{PATH}.csv", f"{PATH}/{refund}"):
        assert (await ann.see(path)).status == 403
    mei = await Person(app, "zh").sign_in(desk, "support", "mei")
    assert "待付退款" in (await mei.see(PATH)).text
    assert "逾期将转交客服主管。" in (await mei.see(f"{PATH}/{refund}")).text
    assert (await mei.see(f"{PATH}/ref_nobody")).status == 404


async def test_what_a_bank_decides_about_leaves_the_queue_until_it_has(market, robin, to_pay):  # I-10, M-15
    order, refund = await to_pay()
    await market.fact(order, "charged_back", tender="t", amount_minor=4000, reference="dp_1")
    assert refund not in (await robin.see(PATH)).raw
    assert "Nothing to pay out here" in (await robin.see(PATH)).text
    waits = await robin.see(f"{PATH}?state=frozen")
    assert refund in waits.raw
    assert "The buyer's bank decides first" in waits.text
    page = await robin.see(f"{PATH}/{refund}")
    assert "Do not pay it out until it has" in page.text
    assert not page.has_form(f"{PATH}/{refund}/take")
    assert page.has_form(f"{PATH}/{refund}/confirm"), "what was paid before is believed"
    assert refund not in (await robin.client.get(f"{PATH}.csv")).text
    await market.fact(order, "chargeback_won", tender="t", reference="dp_1")
    assert refund in (await robin.see(PATH)).raw
    assert refund in (await robin.client.get(f"{PATH}.csv")).text
