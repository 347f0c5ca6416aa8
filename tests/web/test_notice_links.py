"""Where a notice leads: to the form that does what it asks for, and once that is over to what happened instead."""

import re

import pytest

from mail.people import ANN, SAM, SUE
from postgres.market import KILN
from rescind.app import make_app
from rescind.core.event import Note
from rescind.core.notice import Notice, NoticeKind, as_of
from rescind.core.order_note import AddNote
from rescind.core.parts import Line, Tender
from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.notices import words
from rescind.postgres.due import DueTable
from rescind.providers.host import Host
from rescind.providers.sandbox import Sandbox
from rescind.setting_values import Amounts
from rescind.worker import fan_out, refunds
from scenarios.files import png
from web.consoles import Person
from web.test_return_pages import opens, press

K = NoticeKind
FORMS = {
    (K.ADDRESS_WANTED, "buyer"): "/orders/{order}/address",
    (K.REVIEW_WANTED, "support"): "/support/orders/{order}/review",
    (K.REQUEST_ASKED, "seller"): "/seller/requests/{about}/approve",
    (K.REQUEST_HELD, "support"): "/support/orders/{order}/decide",
    (K.OFFER_MADE, "buyer"): "/orders/{order}/requests/{about}/offer",
    (K.OFFER_MADE, "seller"): "/seller/requests/{about}/offer-answer",
    (K.REFUND_FAILED, "support"): "/support/orders/{order}/settle",
    (K.PAY_OUT, "support"): "/support/refund-orders/{about}/confirm",
    (K.RETURN_OPENED, "support"): "/support/orders/{order}/returns/{about}",
    (K.RETURN_QUESTIONED, "buyer"): "/orders/{order}/returns/{about}/add",
    (K.CALLED, "support"): "/support/orders/{order}/escalations/{about}/take",
    (K.CONTRADICTION, "seller"): "/seller/orders/{order}/contradictions/{about}",
    (K.CONTRADICTION, "support"): "/support/orders/{order}/contradictions/{about}",
    (K.SECOND_WANTED, "seller"): "/seller/orders/{order}/proposals",
    (K.SECOND_WANTED, "support"): "/support/orders/{order}/(?:override/answer|proposals)",
    (K.MESSAGE, "seller"): "/seller/messages/{thread}",
    (K.MESSAGE, "support"): "/support/messages/{thread}",
    (K.ORDER_NOTE, "seller"): "/seller/orders/{order}/notes",
}
"""What does what a notice asks of its reader."""
LATER = {
    (K.REOPENED, "seller"): K.REQUEST_ASKED,
    (K.EXTENDED, "seller"): K.REQUEST_ASKED,
    (K.OFFER_DECLINED, "seller"): K.REQUEST_ASKED,
    (K.REOPENED, "support"): K.REQUEST_HELD,
    (K.EXTENDED, "support"): K.REQUEST_HELD,
    (K.PAY_OUT_LATE, "support"): K.PAY_OUT,
    (K.RETURN_ANSWERED, "support"): K.RETURN_OPENED,
    (K.RETURN_LATE, "support"): K.RETURN_OPENED,
    (K.CALLED_LATE, "support"): K.CALLED,
}
"""What is told again of something that still waits: by kind and role, what it was told by first."""
ELSEWHERE = {(K.ORDER_TO_PAY, "buyer"), (K.REQUEST_HELD, "buyer"), (K.CALLED, "seller")}
"""What others do, or people elsewhere: they pay at the marketplace."""
RING = Line(id="1", sku="RING", quantity=1, unit_minor=4000, custom_made=True)


@pytest.fixture
def chosen():
    """One person moves up to EUR 10 of an order by hand."""
    return {"refund_second_person_above": Amounts({"EUR": 1000})}


@pytest.fixture
async def people(desk, market):
    app = make_app(desk)
    return {
        "buyer": await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann"),
        "seller": await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN),
        "support": await Person(app).sign_in(desk, "support", "sue"),
        "colleague": await Person(app).sign_in(desk, "operator", "casey"),
        "partner": await Person(app).sign_in(desk, "seller", "sid", shop_id=KILN),
    }


async def carried(desk):
    while await fan_out.sweep(DueTable(desk.pool, desk.clock), people=desk.inbox.people):
        pass


async def everything(desk, market, people):
    """Something of every kind that waits for somebody."""
    ann, sam, sue = people["buyer"], people["seller"], people["support"]
    await market.order(Stage.REVIEW, found=("high_value",))
    await market.order(Stage.REVIEW, found=("street_missing",))
    await market.asks(await market.order(Stage.PACKING), anyway=True)
    await market.order(Stage.UNPAID)
    late = await market.order(Stage.IN_TRANSIT, policy="my", shipping_by="platform", deliver_by=market.clock.read())
    await market.asks(late, reason="better_price")
    for counters in (False, True):
        offered = await market.order(Stage.PREPARING, lines=(RING,))
        request = (await market.asks(offered, anyway=True)).order.open_cancellation.id
        made = {"offer_material": "9", "offer_labour": "6", "offer_comment": "Silver, 2 h."}
        page, path = await sam.see(f"/seller/requests/{request}"), f"/seller/requests/{request}/offer"
        await sam.press(page, path, offer="cancel_with_costs", **made)
        if counters:
            here = f"/orders/{offered}/requests/{request}"
            less = {"counter_material": "9", "counter_labour": "1", "counter_words": "One hour."}
            await ann.press(await ann.see(here), f"{here}/counter", **less)
    bank = Tender(id="t", method="bank_transfer", amount_minor=4000)
    await market.cancels(await market.order(lines=(RING,), tenders=(bank,)))
    await refunds.sweep(market.engine, DueTable(market.pool, market.clock), Host(3, desk.paying_out.said))
    await market.asks(await market.order(Stage.REVIEW, price=4013))
    await refunds.sweep(market.engine, DueTable(market.pool, market.clock), Sandbox())
    await opens(ann, await market.order(Stage.DELIVERED))
    asked_back = await opens(ann, await market.order(Stage.DELIVERED), files=[("mug.png", png(), "image/png")])
    there = f"/support{asked_back}"
    form = next(form for form in (await sue.see(there)).forms if ("act", "ask") in form["buttons"])
    await sue.send(there, [*form["fields"], ("question", "Which of the two?"), ("act", "ask")])
    called = f"/orders/{await market.order(Stage.PREPARING)}"
    await ann.press(await ann.see(f"{called}/platform"), f"{called}/platform", ground="pressure", comment="They shout.")
    stopped = await market.order(Stage.PACKING)
    await market.approves(stopped, (await market.asks(stopped, anyway=True)).order.open_cancellation.id)
    await market.fact(stopped, "handed_over", tracking="T1")
    given = await market.order(Stage.PREPARING)
    for name, part in (("colleague", "/support"), ("partner", "/seller")):
        path = f"{part}/orders/{given}"
        page = await people[name].see(path)
        await people[name].press(page, f"{path}/give-back", amount="15", why_back="A bubble.")
    refused = await market.order(Stage.IN_TRANSIT, price=30000)
    what = f"approve:hardship:{(await market.asks(refused)).order.cancellations[-1].id}"
    path = f"/support/orders/{refused}"
    page = await people["colleague"].see(path)
    await people["colleague"].press(page, f"{path}/override", what=what, words="A death in the family.")
    talked = await market.order(Stage.PREPARING)
    for audience in ("everyone", "buyer"):
        page = await ann.see(f"/orders/{talked}")
        await press(ann, page, f"/orders/{talked}/messages", text="Is it on its way?", audience=audience)
    note = Note(id="nte_1", body="Please ring twice.", salt="s")
    await market.does(AddNote(order=talked, comment=note), ANN.actor())
    await carried(desk)


async def asked_of(desk):
    """Every notice that asks something of its reader, once of each kind and role, or of each thing to agree to."""
    found = {}
    for role, who in (("buyer", ANN), ("seller", SAM), ("support", SUE)):
        for one in (await desk.inbox.page(who, locale("en"), limit=100)).rows:
            if (one.notice.yours or one.notice.kind in {K.REQUEST_HELD, K.CALLED}) and not one.notice.over:
                found.setdefault((one.notice.kind, role, one.notice.about.partition(":")[0][:8]), one)
    return found


def leads_to(page, link, action):
    """Whether a page has a form with this address at the place to which a link leads, or after it."""
    _, _, place = link.partition("#")
    start = page.raw.index(f'id="{place}"') if place else 0
    start = page.raw.rindex("<", 0, start) if start else 0
    return re.search(rf'<form[^>]*action="{action}"', page.raw[start:]) is not None


async def test_every_notice_that_asks_for_something_leads_to_the_form_that_does_it(desk, market, people):
    await everything(desk, market, people)
    waiting = await asked_of(desk)
    seen = set()
    for (kind, role, _), one in waiting.items():
        if (kind, role) in ELSEWHERE:
            continue
        gone = await people[role].see(f"{'' if role == 'buyer' else '/' + role}/notices/{one.row.id}")
        assert gone.status == 303, (kind, role)
        page = await people[role].see(gone.to)
        notice = one.notice
        action = FORMS[kind, role].format(order=notice.order, about=notice.about, thread=notice.thread)
        assert leads_to(page, gone.to, action), (kind, role, gone.to)
        seen.add((kind, role))
        order = one.row.order
        for (again, whose), first in LATER.items():
            if (first, whose) == (kind, role):
                later = as_of(Notice(**{**fields(notice), "kind": again}), order, desk.now())
                link = words(later, "en").link
                assert leads_to(await people[role].see(link), link, action), (again, role, link)
                seen.add((again, role))
    assert seen == set(FORMS) | set(LATER)


def fields(notice):
    """What a notice says of itself when it is made."""
    return {name: getattr(notice, name) for name in ("role", "party", "order", "shop", "number", "seq", "at", "about")}


async def test_every_notice_opens_a_page_that_is_there_at_a_place_that_is_there(desk, market, people):
    await everything(desk, market, people)
    opened, lost = set(), []
    for role, who in (("buyer", ANN), ("seller", SAM), ("support", SUE)):
        pages = {}
        for one in (await desk.inbox.page(who, locale("en"), limit=100)).rows:
            path, _, place = one.words.link.partition("#")
            page = pages[path] = pages.get(path) or await people[role].see(path)
            if page.status != 200 or (place and f'id="{place}"' not in page.raw):
                lost.append((one.notice.kind, role, one.words.link, page.status))
            opened.add((one.notice.kind, role))
    assert lost == []
    assert len(opened) > 30


async def test_once_it_is_over_a_notice_and_its_old_links_lead_to_what_happened_instead(desk, market, people):
    await everything(desk, market, people)
    sue = people["support"]
    before = {(kind, about): one for (kind, role, about), one in (await asked_of(desk)).items() if role == "support"}
    acts = {
        K.REVIEW_WANTED: {"act": "pass"},
        K.REQUEST_HELD: {"act": "carrier_no", "said": "Case 4711: on the van"},
        K.REFUND_FAILED: {"way_back": "again"},
        K.SECOND_WANTED: {"act": "drop", "words": "Not like this."},
    }
    done = set()
    for (kind, _), one in before.items():
        if kind not in acts:
            continue
        old, notice = one.words.link, one.notice
        action = FORMS[kind, "support"].format(order=notice.order, about=notice.about, thread="")
        page = await sue.see(old)
        form = next(form for form in page.forms if re.fullmatch(action, form["action"]))
        typed = [(name, value) for name, value in form["fields"] if name not in acts[kind]]
        answer = await sue.send(form["action"], [*typed, *acts[kind].items()])
        assert answer.status == 303, (kind, answer.text)
        gone = await sue.see(f"/support/notices/{one.row.id}")
        path, _, place = gone.to.partition("#")
        assert place in {"story", "money"}, (kind, gone.to)
        page = await sue.see(path)
        story = page.raw.index('id="story"')
        assert page.raw.index(f'id="{old.partition("#")[2]}"') > story, "the link of a mail leads there, too"
        done.add(kind)
    assert done == set(acts)


async def test_what_is_overtaken_is_told_to_whoever_had_to_answer(desk, market):
    asked = await market.order(Stage.PACKING, number="1001")
    await market.asks(asked, anyway=True)
    held = await market.order(Stage.PREPARING, number="1002")
    await market.pool.execute("INSERT INTO buyer_counters VALUES ('ann', '2026-05-03', 'cancellations', 10)")
    assert (await market.asks(held)).order.open_cancellation.status == "in_review"
    for order in (asked, held):
        await market.fact(order, "handed_over", tracking="T1")
    await carried(desk)

    async def told(who):
        rows = (await desk.inbox.page(who, locale("en"), limit=100)).rows
        return {(one.notice.number, one.words.link) for one in rows if one.notice.kind is K.OVERTAKEN}

    request = (await market.read(asked)).cancellations[-1].id
    assert {number for number, _ in await told(ANN)} == {"1001", "1002"}
    assert await told(SAM) == {("1001", f"/seller/requests/{request}")}
    assert await told(SUE) == {("1002", f"/support/orders/{held}#story")}
