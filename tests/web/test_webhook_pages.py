"""The pages of webhooks over the real application and database, for a shop and for the operator, in both languages."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.scope import Scope
from rescind.postgres.deliveries import Ended
from rescind.postgres.switched_off import SwitchedOff
from rescind.worker import switched_off
from web.consoles import Person

HOME = "/seller/webhooks"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


async def added(person, home=HOME, **typed):
    """The page after an endpoint was added, and its id."""
    typed = {"url": "https://example.com/hook", "about": "Warehouse", "on_cancellation": "1", **typed}
    page = await person.press(await person.see(home), home, **typed)
    assert page.status == 200, page.text
    return page, re.search(r"hook_[0-9a-z]{22}", page.raw)[0]


async def sent(desk, endpoint, state="failed", fault="status", status=500, answer="<script>no</script>"):
    """A message to it that was tried once."""
    message = await desk.endpoints.test(Scope(), endpoint, "test", f"{state} {fault}")
    leased = await desk.endpoints.deliveries.lease({}, usual=9, most=9, slow_most=9, span=timedelta(seconds=60))
    await desk.endpoints.deliveries.finish([Ended(one, state, None, status, 31, fault, answer) for one in leased])
    return message.event


async def test_a_shop_adds_an_endpoint_and_reads_its_secret_this_once(sam, desk):
    empty = await sam.see(HOME)
    assert "Nobody is told yet" in empty.text
    page, endpoint = await added(sam)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.raw)[0]
    assert "shown this once" in page.text
    again = await sam.see(f"{HOME}/{endpoint}")
    assert secret not in again.raw
    assert "whsec_" not in again.raw
    assert "Requests to cancel" in (await sam.see(HOME)).text
    found = await desk.endpoints.find(Scope(shop=KILN), endpoint)
    assert (found.events, found.created_by) == (("cancellation.*",), "seller:sam")


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(sam):
    page = await sam.press(await sam.see(HOME), HOME, url="http://10.0.0.8/hook", about="Till", on_refund="1")
    assert page.status == 422
    assert "an address that begins with https://" in page.text
    assert ("url", "http://10.0.0.8/hook") in page.form(HOME)["fields"]
    assert ("on_refund", "1") in page.form(HOME)["fields"]
    assert "Nobody is told yet" in page.text


async def test_the_log_says_what_came_of_each_attempt_and_nothing_in_it_runs(sam, desk):
    _, endpoint = await added(sam)
    event = await sent(desk, endpoint)
    await sent(desk, endpoint, fault="timeout", status=0, answer="")
    page = await sam.see(f"{HOME}/{endpoint}")
    assert "Answered 500" in page.text
    assert "No answer in time" in page.text
    assert "Every attempt since" in page.text
    one = await sam.see(f"{HOME}/{endpoint}/{event}")
    assert "&lt;script&gt;no" in one.raw
    assert "<script>no" not in one.raw
    assert "&#34;type&#34;: &#34;endpoint.test&#34;" in one.raw
    done = await sam.press(one, f"{HOME}/{endpoint}/{event}/replay")
    assert "1 message is sent again." in (await sam.see(done.to)).text
    many = await sam.press(await sam.see(f"{HOME}/{endpoint}"), f"{HOME}/{endpoint}/replay", hours="24")
    assert "1 message is sent again." in (await sam.see(many.to)).text
    assert {one.state for one in await desk.endpoints.log(Scope(), endpoint, None, limit=9)} == {"waiting"}


async def test_a_shop_pauses_changes_rotates_and_removes(sam, desk):
    first, endpoint = await added(sam)
    here = f"{HOME}/{endpoint}"
    paused = await sam.press(await sam.see(here), f"{here}/state", state="paused")
    page = await sam.see(paused.to)
    assert "Paused." in page.text
    assert not page.has_form(f"{here}/test"), "nothing is sent while it is paused"
    on = await sam.press(page, f"{here}/state", state="on")
    assert on.to == f"{here}?said=on"
    page = await sam.see(here)
    changed = await sam.press(page, here, url="https://example.org/other", on_cancellation=[], on_refund="1")
    assert changed.to == f"{here}?said=saved"
    found = await desk.endpoints.find(Scope(), endpoint)
    assert (found.url, found.events) == ("https://example.org/other", ("refund.*",))
    rotated = await sam.press(await sam.see(here), f"{here}/rotate")
    old, new = (re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.raw)[0] for page in (first, rotated))
    assert old != new
    assert "The old secret signs too until" in rotated.text
    tested = await sam.press(await sam.see(here), f"{here}/test")
    assert "endpoint.test" in (await sam.see(tested.to)).text
    gone = await sam.press(await sam.see(here), f"{here}/remove")
    assert "Nobody is told yet" in (await sam.see(gone.to)).text
    assert (await sam.see(here)).status == 404


async def test_kinds_that_were_chosen_one_by_one_stay_when_the_form_is_saved(sam, desk):
    made = await desk.endpoints.create(
        Scope(shop=KILN), KILN, "https://example.com/", about="", events=("refund.owed",), by="test", key="k"
    )
    here = f"{HOME}/{made.endpoint.id}"
    await sam.press(await sam.see(here), here, about="Books")
    found = await desk.endpoints.find(Scope(), made.endpoint.id)
    assert (found.about, found.events) == ("Books", ("refund.owed",))


async def test_an_operator_sees_all_and_adds_for_the_marketplace_or_a_shop(sam, ines):
    await added(sam)
    _, market = await added(ines, "/operator/webhooks", about="Data lake")
    await added(ines, "/operator/webhooks", about="For Lantern", shop=LANTERN)
    page = await ines.see("/operator/webhooks")
    assert [word in page.text for word in ("Warehouse", "Data lake", "Blue Lantern", "The marketplace itself")] == [
        True
    ] * 4
    assert "Data lake" not in (await sam.see(HOME)).text
    assert (await sam.see(f"{HOME}/{market}")).status == 404
    wrong = await ines.press(page, "/operator/webhooks", url="https://example.com/", shop="shp_zzzzzzzz")
    assert wrong.status == 404


async def test_an_endpoint_that_was_switched_off_says_why_in_both_languages(app, desk, sam, ines):
    _, endpoint = await added(sam)
    await sent(desk, endpoint, status=410)
    li = await Person(app, "zh").sign_in(desk, "seller", "li", shop_id=KILN)
    assert "Switched off: the receiver said so" in (await sam.see(f"{HOME}/{endpoint}")).text
    assert "已停用：接收方要求停止" in (await li.see(f"{HOME}/{endpoint}")).text
    assert "Webhook 推送" in (await li.see(HOME)).text


async def test_the_form_sent_twice_makes_one_endpoint(sam, desk):
    page = await sam.see(HOME)
    for _ in range(2):
        assert (await sam.press(page, HOME, url="https://example.com/hook")).status == 200
    assert len(await desk.endpoints.all(Scope())) == 1


async def test_a_public_key_is_shown_to_who_wants_one_and_again_whenever_they_look(sam, desk):
    _, endpoint = await added(sam, asymmetric="1")
    (key,) = await desk.endpoints.public_keys(Scope(shop=KILN), endpoint)
    page = await sam.see(f"{HOME}/{endpoint}")
    assert key.key in page.raw
    assert ("asymmetric", "1") in page.form(f"{HOME}/{endpoint}")["fields"]
    chinese = await sam.see(f"{HOME}/{endpoint}?lang=zh")
    assert "用于验证 v1a 签名" in (await sam.see(chinese.to or f"{HOME}/{endpoint}")).text
    _, plain = await added(sam)
    assert "whpk_" not in (await sam.see(f"{HOME}/{plain}")).raw


async def test_the_outbox_names_a_mail_about_an_endpoint_and_leads_there(sam, ines, desk):
    _, endpoint = await added(sam)
    stopped = "UPDATE webhook_endpoints SET state = 'failing', stopped_at = now() WHERE endpoint_id = $1"
    await desk.pool.execute(stopped, endpoint)
    assert await switched_off.sweep(SwitchedOff(desk.pool, desk.clock), "") == 1
    page = await ines.see("/operator/mail")
    assert "Webhook switched off" in page.text
    assert f'href="/operator/webhooks/{endpoint}"' in page.raw
