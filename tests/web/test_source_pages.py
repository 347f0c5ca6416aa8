"""The pages of order sources over the real application and database, in both languages."""

import json
import re

import pytest

from postgres.market import KILN
from rescind.api.description import EXAMPLES
from rescind.app import make_app
from rescind.order_sources import Keys
from rescind.worker import sources
from web.consoles import Person

HOME = "/operator/sources"
ORDER = {**EXAMPLES["orders_place"], "shop": KILN, "placed_at": "2026-05-04T07:30:00Z"}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


async def added(ines, **typed):
    page = await ines.press(await ines.see(HOME), HOME, name="erp", **typed)
    assert page.status == 200, page.text
    return page


async def told(desk, body, name="erp", message="msg_1"):
    """A message that came, and was read."""
    await desk.order_sources.table.keep(name, message, "order.placed", "100234", json.dumps(body).encode())
    await sources.sweep(desk)


async def test_an_operator_adds_a_source_and_reads_its_secret_this_once(ines, desk):
    page = await added(ines)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.raw)[0]
    assert "It is shown this once." in page.text
    assert "/v1/intake/erp" in page.raw
    again = await ines.see(f"{HOME}/erp")
    assert secret not in again.raw
    rotated = await ines.press(again, f"{HOME}/erp/rotate")
    assert re.search(r"whsec_[A-Za-z0-9+/=]{44}", rotated.raw)[0] != secret
    assert "The old secret counts until" in rotated.text


async def test_a_name_that_is_taken_and_a_shop_that_is_private_say_so_beside_the_field(ines):
    await added(ines)
    page = await ines.press(await ines.see(HOME), HOME, name="erp")
    assert (page.status, "Write a name that no source has yet." in page.text) == (422, True)
    typed = {"name": "woo", "url": "https://10.0.0.1", "consumer_key": "ck_" + "a" * 40, "shop": KILN}
    page = await ines.press(await ines.see(f"{HOME}?kind=woocommerce"), HOME, **typed)
    assert page.status == 422
    assert "public internet" in page.text
    assert "a" * 40 not in page.raw, "a key that was typed is not shown again"


@pytest.mark.parametrize(
    ("language", "why", "state"),
    [("en", "It should be an ISO 4217 code.", "Not understood"), ("zh", "应为：", "无法识别")],
)
async def test_what_was_not_understood_says_why_and_where_and_is_tried_again(app, desk, language, why, state):
    person = await Person(app, language).sign_in(desk, "operator", "ines")
    await added(person)
    await told(desk, {"type": "order.placed", "data": {**ORDER, "currency": "XXQ"}})
    for path in (f"{HOME}/erp", f"{HOME}/erp/msg_1"):
        page = await person.see(path)
        assert why in page.text
        assert "/data/currency" in page.text
        assert state in page.text
    listed = await person.see(HOME)
    assert 'href="/operator/sources/erp"' in listed.raw
    page = await person.press(page, f"{HOME}/erp/msg_1/retry")
    assert page.to == f"{HOME}/erp/msg_1?said=again&count=1"
    assert (await desk.order_sources.entry("erp", "msg_1")).told == "waiting"


async def test_a_message_that_was_understood_leads_to_its_order_and_runs_nothing(ines, desk):
    await added(ines)
    await told(desk, {"type": "order.placed", "data": {**ORDER, "note": "<script>alert(1)</script>"}})
    page = await ines.see(f"{HOME}/erp/msg_1")
    order = (await desk.order_sources.entry("erp", "msg_1")).order
    assert f'href="/support/orders/{order}"' in page.raw
    assert "<script>alert" not in page.raw


async def test_what_cannot_be_understood_is_ignored_with_a_reason_and_leaves_the_list(ines, desk):
    await added(ines)
    await told(desk, {"type": "order.placed", "data": {**ORDER, "currency": "XXQ"}})
    page = await ines.see(f"{HOME}/erp/msg_1")
    silent = await ines.press(page, f"{HOME}/erp/msg_1/ignore", reason=" ")
    assert (silent.status, "Say why, in a sentence." in silent.text) == (422, True)
    done = await ines.press(page, f"{HOME}/erp/msg_1/ignore", reason="A trial of ours.")
    page = await ines.see(done.to)
    for said in ("Ignored, with your reason.", "Ignored by", "A trial of ours."):
        assert said in page.text
    assert not page.has_form(f"{HOME}/erp/msg_1/ignore")
    assert (await desk.order_sources.counts())["erp"].by_told == {"ignored": 1}


async def test_a_refund_that_may_have_been_told_twice_is_asked_about_in_both_languages(app, desk, ines):
    await added(ines)
    table = desk.order_sources.table
    await table.keep("erp", "msg_1", "order.updated", "77", b"{}")
    (leased,) = await table.lease(sources.LEASE, 1)
    await table.finish(leased, "set_aside", cause="refund_told_twice", field="/refunds/903")
    chinese = await Person(app, "zh").sign_in(desk, "operator", "omar")
    assert "是同一笔钱的手工登记，还是另一笔退款" in (await chinese.see(f"{HOME}/erp/msg_1")).text.replace(" ", "")
    page = await ines.see(f"{HOME}/erp/msg_1")
    assert "Is it the same money, written down by hand, or as much again?" in page.text
    counted = await ines.press(page, f"{HOME}/erp/msg_1/count")
    assert "the refund is counted" in (await ines.see(counted.to)).text
    assert (await table.lease(sources.LEASE, 1))[0].counts == {"903"}
    assert (await ines.press(page, f"{HOME}/erp/msg_1/count")).status == 409, "it was answered"


async def test_a_status_of_a_plugin_is_given_a_meaning_and_a_source_is_paused_and_goes_on(ines, desk):
    keys = desk.order_sources.sealed("woo", Keys(webhook="secret", key="ck_" + "a" * 40, secret="cs_" + "b" * 40))
    table = desk.order_sources.table
    await table.add("woo", "woocommerce", KILN, "https://shop.example.com", b"{}", keys, b"x", "test", fetched=False)
    page = await ines.see(f"{HOME}/woo")
    saved = await ines.press(
        page, f"{HOME}/woo", new_status="wc-boxed", new_meaning="packed", status_completed="delivered"
    )
    assert saved.to == f"{HOME}/woo?said=saved"
    found = await desk.order_sources.find("woo")
    assert json.loads(found.settings)["statuses"] == {"boxed": "packed", "completed": "delivered"}
    paused = await ines.press(await ines.see(f"{HOME}/woo"), f"{HOME}/woo/state", state="paused")
    assert "Paused." in (await ines.see(paused.to)).text
    assert (await desk.order_sources.find("woo")).state == "paused"


async def test_sources_are_for_operators_alone(app, desk):
    sue = await Person(app).sign_in(desk, "support", "sue")
    assert (await sue.see(HOME)).status == 403
