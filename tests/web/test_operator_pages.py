"""The operator's pages over the real application and database: policies read, drafts written, and a second person."""

import html
import re
from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from provider.client import Provider
from rescind.access.people import COMMAND_LINE
from rescind.app import make_app, provider
from rescind.connections import Secrets
from rescind.core.parts import Tender
from rescind.policies import preset
from rescind.postgres.due import DueTable
from rescind.postgres.migrate import released
from rescind.worker import refunds
from web.consoles import Person

POLICIES = "/operator/policies"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


@pytest.fixture
async def omar(app, desk):
    return await Person(app).sign_in(desk, "operator", "omar")


async def longer(ines, day="2026-06-01", value="36h", source="Our notice of May 2026", **more):
    """Ines adds a longer time to answer; the page that she is sent to."""
    page = await ines.see(f"{POLICIES}/base")
    form = [("_csrf_token", token(page)), ("name", "answer_span"), ("first_day", day), ("value", value)]
    return await ines.send(f"{POLICIES}/base/values", [*form, ("source", source), *more.items()])


def token(page):
    return re.search(r'name="_csrf_token" value="([^"]+)"', page.raw)[1]


def number_of(page):
    return int(re.search(r"/operator/drafts/(\d+)", page.to)[1])


async def submitted(ines, **given):
    """The number of a draft that waits for somebody else."""
    number = number_of(await longer(ines, **given))
    page = await ines.see(f"/operator/drafts/{number}")
    done = await ines.press(page, f"/operator/drafts/{number}/submit")
    assert done.to.endswith("said=submitted"), done.text
    return number


async def test_an_operator_lands_on_the_policies_and_others_do_not_come_in(app, desk, ines):
    assert (await ines.see("/")).to == "/operator"
    page = await ines.see("/operator")
    assert page.status == 200
    for name in ("base", "th · Thailand", "law-eu-withdrawal"):
        assert name in page.text
    robin = await Person(app).sign_in(desk, "support", "robin")
    for path in ("/operator", f"{POLICIES}/base", f"{POLICIES}/base/edit", "/operator/keys", "/operator/installation"):
        assert (await robin.see(path)).status == 403
        assert (await Person(app).see(path)).status == 401
    assert "Policies" in (await ines.see("/support")).text


def current(page, label):
    """What the bar of links of that name says the page is; None without such a bar."""
    bar = re.search(rf'<nav[^>]*aria-label="{label}".*?</nav>', page.raw, re.DOTALL)
    found = bar and re.findall(r'<a href="([^"]+)"[^>]*aria-current="page"', bar[0])
    return found[0] if found else None


async def test_what_is_set_up_once_is_one_entry_and_each_page_of_it_leads_back(ines):
    overview = await ines.see("/operator/set-up")
    pages = re.findall(r'<li><span><a href="([^"]+)">', overview.raw)
    assert {"/operator/people", "/operator/providers", "/operator/installation", "/support/calendars"} <= set(pages)
    for path in ("/operator/set-up", *pages):
        page = await ines.see(path)
        assert (page.status, current(page, "Main")) == (200, "/operator/set-up"), path
        if path in pages:
            group = re.findall(r'<nav class="tabs" aria-label="([^"]+)"', page.raw)[0]
            assert current(page, html.unescape(group)) == path
            assert 'href="/operator/set-up">Overview</a>' in page.raw
    for path in ("/support/refunds", "/support/refund-orders", "/operator/books"):
        page = await ines.see(path)
        assert (current(page, "Main"), current(page, "Money")) == ("/support/refunds", path)


async def test_a_policy_is_told_in_words_with_its_sources_and_doubts(ines):
    page = await ines.see(f"{POLICIES}/base")
    for words in (
        "Time the seller has to answer",
        "24 hours from Fri 12 Jul 2024 · holds now R-040",
        "No good source",
        "The order has not reached “Packing”",
        "M-08, M-40, M-41",
        "24 hours from the request. No answer means yes",
        "The shop cannot ship until it has answered",
    ):
        assert words in page.text, words
    chinese = await ines.see(f"{POLICIES}/base?lang=zh")
    assert chinese.to == f"{POLICIES}/base"


async def test_a_value_is_continued_and_becomes_a_draft(ines, desk):
    sent = await longer(ines)
    draft = await ines.see(sent.to)
    assert "A draft was made" in draft.text
    assert "36 hours from Mon 1 Jun 2026" in draft.text
    # The worked examples are asked as of the day on which the new value holds.
    assert "Asked as if on Tue 2 Jun 2026" in draft.text
    assert "no answer within 24 hours means yes" in draft.text
    assert "no answer within 36 hours means yes" in draft.text
    text = await ines.client.get(f"/operator/texts/{(await desk.drafting.versions.all())[0].hash}")
    assert '2026-06-01 = { value = "36h", source = "Our notice of May 2026" }' in text.text
    assert '2024-07-12 = { value = "24h", source = "R-040" }' in text.text
    assert text.headers["content-disposition"].startswith('attachment; filename="base-')


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"day": "2024-07-12"}, "a value is continued, never edited"),
        ({"day": "soon"}, "Choose a day"),
        ({"source": " "}, "Say where this comes from"),
        ({"value": "a while"}, "a while"),
    ],
)
async def test_a_meaning_that_cannot_be_taken_is_shown_where_it_was_typed(ines, desk, given, why):
    page = await longer(ines, **{"source": "kept words", **given})
    assert page.status == 422
    assert why in page.text
    assert re.search(r'<details class="add" open>', page.raw)
    assert await desk.drafting.versions.all() == ()


async def test_a_mistake_in_the_text_is_shown_with_its_line_and_nothing_is_kept(ines, desk):
    page = await ines.see(f"{POLICIES}/base/edit")
    text = (await desk.drafting.text(preset("base"))).replace("stage = 'cancelled'\"", "stadge = 'cancelled'\"", 1)
    wrong = await ines.press(page, f"{POLICIES}/base/edit", text=text, note="")
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "stadge" in one)
    assert wrong.status == 422
    assert f"Line {line}, column 9" in wrong.text
    assert "did you mean 'stage'?" in wrong.text
    assert f'href="#L{line}"' in wrong.raw
    assert f'<li id="L{line}" class="wrong"' in wrong.raw
    assert "stadge" in wrong.raw
    assert await desk.drafting.versions.all() == ()


async def test_an_author_who_reads_chinese_is_told_in_chinese(app, desk):
    mei = await Person(app, "zh").sign_in(desk, "operator", "mei")
    path = f"{POLICIES}/base/edit"
    text = await desk.drafting.text(preset("base"))
    page = await mei.see(path)
    wrong = await mei.press(
        page, path, text=text.replace("stage = 'cancelled'\"", "stadge = 'cancelled'\"", 1), note=""
    )
    assert "没有名为 stadge 的事实或数值；您是否想写 'stage'？" in wrong.text
    assert "did you mean" not in wrong.text
    half = await mei.press(page, path, text=text.replace('zone = "UTC"', 'zone = "UTC', 1), note="")
    assert "非法字符" in half.text
    open_end = text.replace("stage = 'cancelled'\"", "stage = 'cancelled' and\"", 1)
    assert "条件无法读取：`and` 之后缺少条件" in (await mei.press(page, path, text=open_end, note="")).text
    assert "没有任何改动" in (await mei.press(page, path, text=text, note="")).text


async def test_a_text_becomes_a_draft_with_its_comments_and_only_its_author_goes_on_with_it(ines, omar, desk):
    page = await ines.see(f"{POLICIES}/base/edit")
    text = (await desk.drafting.text(preset("base"))).replace("zone = ", "# for the harbour\nzone = ", 1)
    number = number_of(await ines.press(page, f"{POLICIES}/base/edit", text=text.replace("\n", "\r\n"), note="Why not"))
    read = await omar.see(f"/operator/drafts/{number}/text")
    assert "# for the harbour" in read.text
    page = await omar.see(f"/operator/drafts/{number}")
    assert "Why not" in page.text
    assert "Ines is writing it" in page.text
    path = f"/operator/drafts/{number}/edit"
    refused = await omar.send(path, [("_csrf_token", token(page)), ("text", text), ("note", "")])
    assert refused.status == 403
    assert "only its author works on it" in refused.text
    mine = await ines.see(path)
    saved = await ines.press(mine, path, text=text.replace("harbour", "quay"), note="Better")
    assert saved.to.endswith("said=saved")
    assert "# for the quay" in (await omar.see(f"/operator/drafts/{number}/text")).text


async def test_a_text_in_which_nothing_was_changed_is_no_draft(ines, desk):
    path = f"{POLICIES}/base/edit"
    text = await desk.drafting.text(preset("base"))
    refused = await ines.press(await ines.see(path), path, text=text, note="Looks the same")
    assert refused.status == 422
    assert "Nothing was changed" in refused.text
    assert "Looks the same" in refused.raw, "what was typed stays"
    beginning = f"{POLICIES}/{KILN}/edit"
    page = await ines.see(beginning)
    offered = html.unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page.raw, re.DOTALL)[1])
    assert 'id = "SHOP-1"' in offered
    assert (await ines.press(page, beginning, text=offered)).status == 422
    assert await desk.drafting.versions.all() == ()
    number = number_of(await longer(ines))
    path = f"/operator/drafts/{number}/edit"
    mine = await desk.drafting.text((await desk.drafting.versions.draft(number))[1])
    same = await ines.press(await ines.see(path), path, text=mine)
    assert same.to.endswith("said=unchanged")
    assert "Nothing was changed, so nothing was saved." in (await ines.see(same.to)).text
    undone = await ines.press(await ines.see(path), path, text=text)
    assert undone.status == 422
    assert "36h" in (await ines.see(f"/operator/drafts/{number}/text")).text


async def test_one_person_submits_and_another_puts_it_in_force(ines, omar, market, desk):  # I-18
    before = await market.order()
    number = await submitted(ines)
    mine = await ines.see(f"/operator/drafts/{number}")
    assert "You wrote it, so another operator has to approve it." in mine.text
    assert not mine.has_form(f"/operator/drafts/{number}/approve")
    path = f"/operator/drafts/{number}/approve"
    alone = await ines.send(path, [("_csrf_token", token(mine))])
    assert alone.status == 403
    assert "somebody else has to approve it" in alone.text
    theirs = await omar.see(f"/operator/drafts/{number}")
    assert "keep the rules they were bought under" in theirs.text
    done = await omar.press(theirs, path)
    assert done.to.endswith("said=approved")
    live = (await desk.drafting.standing("base")).policy
    assert (await desk.reads.shop(KILN)).preset_hash == live.hash
    assert (await market.read(before)).pins.preset_hash == preset("base").hash
    assert desk.pins(await desk.reads.shop(KILN)).preset_hash == live.hash
    history = await omar.see(f"{POLICIES}/base/versions")
    assert re.search(rf"Version {number} In force Ines .* Omar", history.text), history.text
    listed = await omar.see(POLICIES)
    assert "Ines, approved by Omar" in listed.text
    compared = await omar.see(f"{POLICIES}/base/compare?before={preset('base').hash}&after={live.hash}")
    assert "36 hours from Mon 1 Jun 2026" in compared.text
    again = await omar.send(path, [("_csrf_token", token(listed))])
    assert again.to.endswith("said=approved")


async def test_what_is_sent_back_says_why(ines, omar):
    number = await submitted(ines)
    page = await omar.see(f"/operator/drafts/{number}")
    path = f"/operator/drafts/{number}/reject"
    silent = await omar.press(page, path, reason="  ")
    assert silent.status == 422
    assert "Say why" in silent.text
    assert (await omar.press(page, path, reason="Ask the shops first.")).to.endswith("said=rejected")
    back = await ines.see(f"/operator/drafts/{number}")
    assert "Sent back by Omar: Ask the shops first." in back.text
    late = await omar.send(f"/operator/drafts/{number}/approve", [("_csrf_token", token(page))])
    assert late.status == 409
    assert f"Draft {number} is at “Sent back”" in late.text


async def test_its_author_takes_a_draft_back_and_goes_on(ines):
    number = await submitted(ines)
    page = await ines.see(f"/operator/drafts/{number}")
    assert (await ines.press(page, f"/operator/drafts/{number}/take-back")).to.endswith("said=taken_back")
    words = await ines.see(f"/operator/drafts/{number}/words")
    form = [("_csrf_token", token(words)), ("name", "high_value"), ("first_day", "2026-07-01"), ("value", "50000")]
    saved = await ines.send(
        f"/operator/drafts/{number}/values", [*form, ("source", "Board, 4 May"), ("unverified", "1")]
    )
    assert saved.to.endswith("said=saved")
    draft = await ines.see(f"/operator/drafts/{number}")
    assert "50,000 from Wed 1 Jul 2026" in draft.text
    assert "36 hours from Mon 1 Jun 2026" in draft.text


async def test_examples_that_turn_are_named_and_have_to_be_meant(ines, omar, desk):
    page = await ines.see(f"{POLICIES}/base/edit")
    text = (await desk.drafting.text(preset("base"))).replace('"24h", source = "R-040"', '"36h", source = "R-040"')
    number = number_of(await ines.press(page, f"{POLICIES}/base/edit", text=text, note=""))
    draft = await ines.see(f"/operator/drafts/{number}")
    # A value of before was edited: that is said, too.
    assert "Add a day instead" in draft.text
    path = f"/operator/drafts/{number}/submit"
    refused = await ines.press(draft, path)
    assert refused.status == 422
    assert "do not come out as they say: M-01-before" in refused.text
    meant = re.findall(r'name="accepted" value="([^"]+)"', draft.raw)
    assert (await ines.press(draft, path, accepted=meant)).to.endswith("said=submitted")
    assert (
        "Ines says that these worked examples are meant to change: M-01-before"
        in (await omar.see(f"/operator/drafts/{number}")).text
    )


async def test_a_value_is_written_as_people_say_it(ines):
    page = await ines.see(f"{POLICIES}/th")
    assert "As before: 24h. 30m are minutes, 24h hours, 7d days, 2bd working days" in page.text
    assert "As before: 10%" in page.text
    form = [("_csrf_token", token(page)), ("name", "fault_limit_bps"), ("first_day", "2026-06-01"), ("source", "Board")]
    for odd in ("1000", "101", "-3", "a tenth", "1.234"):
        refused = await ines.send(f"{POLICIES}/th/values", [*form, ("value", odd)])
        assert refused.status == 422
        assert "Write a share in percent, such as 90 or 12.5." in refused.text
    number = number_of(await ines.send(f"{POLICIES}/th/values", [*form, ("value", "12.5 %")]))
    assert "12.5% from Mon 1 Jun 2026" in (await ines.see(f"/operator/drafts/{number}")).text


async def test_recent_requests_are_judged_again_under_a_draft(ines, market):
    order = await market.order("preparing")
    await market.asks(order)
    page = await ines.see(f"{POLICIES}/base")
    form = [("_csrf_token", token(page)), ("name", "window"), ("first_day", "2026-06-01"), ("value", "24h")]
    number = number_of(await ines.send(f"{POLICIES}/base/values", [*form, ("source", "Our notice")]))
    draft = await ines.see(f"/operator/drafts/{number}")
    assert "The latest request would be answered otherwise." in draft.text
    number = (await market.read(order)).number
    assert f'href="/support/orders/{order}">{number}</a>' in draft.raw
    assert "Cancels at once (STANDING-1)" in draft.text
    untouched = number_of(await longer(ines))
    assert "The latest request would be answered" in (await ines.see(f"/operator/drafts/{untouched}")).text


async def test_a_shops_rule_that_gives_less_is_shown_with_the_case(ines, omar, desk):  # R-012, M-29
    page = await ines.see(f"{POLICIES}/{KILN}/edit")
    rule = page.form(f"{POLICIES}/{KILN}/edit")
    assert rule
    text = """policy = "kiln"
layer = "shop"
zone = "UTC"
[[rules]]
id = "KILN-1"
on = "request"
when = "since_placed >= '10m'"
verdict = "refuse"
instead = "contact_support"
cites = ["M-29"]
"""
    number = number_of(await ines.press(page, f"{POLICIES}/{KILN}/edit", text=text, note=""))
    draft = await ines.see(f"/operator/drafts/{number}")
    assert "It takes a right away" in draft.text
    assert "The platform grants Cancels at once (UNPAID-1)" in draft.text
    path = f"/operator/drafts/{number}/submit"
    refused = await ines.send(path, [("_csrf_token", token(draft))])
    assert refused.status == 422
    assert "the platform grants: approve by UNPAID-1" in refused.text
    edit = await ines.see(f"/operator/drafts/{number}/edit")
    kinder = text.replace("since_placed >= '10m'", "stage = 'packing'").replace("refuse", "approve")
    kinder = kinder.replace('instead = "contact_support"\n', "")
    await ines.press(edit, f"/operator/drafts/{number}/edit", text=kinder, note="")
    draft = await ines.see(f"/operator/drafts/{number}")
    assert "No case was found" in draft.text
    await ines.press(draft, path)
    await omar.press(await omar.see(f"/operator/drafts/{number}"), f"/operator/drafts/{number}/approve")
    assert (await desk.reads.shop(KILN)).shop_hash


async def test_a_preset_keeps_its_name_and_a_law_is_not_edited(ines, desk):
    page = await ines.see(f"{POLICIES}/base/edit")
    text = (await desk.drafting.text(preset("base"))).replace('policy = "base"', 'policy = "bass"')
    renamed = await ines.press(page, f"{POLICIES}/base/edit", text=text, note="")
    assert renamed.status == 422
    assert "this policy is called base" in renamed.text
    assert (await ines.see(f"{POLICIES}/law-eu-withdrawal")).status == 200
    assert (await ines.see(f"{POLICIES}/law-eu-withdrawal/edit")).status == 404
    for path in ("nothing", "shp_00000000", "base/compare?before=x&after=y"):
        assert (await ines.see(f"{POLICIES}/{path}")).status == 404
    for number in ("0", "7", "x", "99999999999999999999"):
        assert (await ines.see(f"/operator/drafts/{number}")).status == 404


async def test_keys_are_listed_by_their_mark_made_once_and_ended(ines, app, desk):
    page = await ines.see("/operator/keys")
    made = await ines.press(page, "/operator/keys", role="host", name="backend", shop="", days="30")
    key = re.search(r"rsk_[\w-]{43}", made.text)[0]
    used = await Person(app).client.get("/v1/orders", headers={"authorization": f"Bearer {key}"})
    assert used.status_code == 200
    (one,) = [each for each in await desk.access.keys() if each.principal == "backend"]
    page = await ines.see("/operator/keys")
    assert key not in page.raw
    assert f"backend Host {one.expires_at:%a}" in page.text.replace("Marketplace", "Host")
    assert str(one.used_on) in page.text
    done = await ines.press(page, f"/operator/keys/{one.mark}/revoke")
    assert done.to.endswith("said=revoked")
    ended = await Person(app).client.get("/v1/orders", headers={"authorization": f"Bearer {key}"})
    assert ended.status_code == 401
    again = await ines.send(f"/operator/keys/{one.mark}/revoke", [("_csrf_token", token(page))])
    assert again.status == 404


async def test_secrets_for_links_are_made_shown_once_and_ended_on_the_page_of_keys(ines, app, desk):
    page = await ines.see("/operator/keys")
    form = page.form("/operator/keys/secrets")["fields"]
    made, again = [await ines.send("/operator/keys/secrets", form) for _ in range(2)]
    secret = re.search(r"rsh_[\w-]{43}", made.text)[0]
    assert secret in again.text, "the same form sent twice makes one"
    assert await desk.pool.fetchval("SELECT count(*) FROM link_secrets") == 1
    page = await ines.see("/operator/keys")
    assert secret not in page.raw
    await ines.send("/operator/keys/secrets", page.form("/operator/keys/secrets")["fields"])
    page = await ines.see("/operator/keys")
    full = await ines.send("/operator/keys/secrets", page.form("/operator/keys/secrets")["fields"])
    assert (full.status, "2 are in force already" in full.text) == (409, True)
    one = (await desk.links.secrets.all())[0].id
    done = await ines.press(page, f"/operator/keys/secrets/{one}/end")
    assert "Links that were signed with this secret open nothing any more." in (await ines.see(done.to)).text
    assert len(await desk.links.secrets.in_force()) == 1
    chinese = await ines.see((await ines.see("/operator/keys?lang=zh")).to)
    assert "商城自行签名的链接" in chinese.text
    await desk.pool.execute("UPDATE credentials SET proven_at = clock_timestamp() - interval '16 minutes'")
    late = await ines.send("/operator/keys/secrets", page.form("/operator/keys/secrets")["fields"])
    assert late.status == 403, "who could let others in signs in again first"
    sam = await Person(app).sign_in(desk, "support", "sam")
    assert (await sam.send("/operator/keys/secrets", form)).status == 403


async def test_nobody_makes_a_second_self_on_the_page_of_keys(ines, desk):
    page = await ines.see("/operator/keys")
    for given in (
        {"role": "operator", "name": "omar", "days": "30"},
        {"role": "seller", "name": "till", "days": "30"},
        {"role": "host", "name": " ", "days": "30"},
        {"role": "host", "name": "backend", "days": "0"},
    ):
        refused = await ines.press(page, "/operator/keys", **{"shop": "", **given})
        assert refused.status == 422
    assert await desk.access.keys() == ()


async def test_a_program_is_given_a_mandate_on_the_page_and_loses_it_there(ines, app, desk, market):
    page = await ines.see("/operator/keys")
    made = await ines.press(
        page, "/operator/keys", role="seller", name="night-desk", shop=KILN, days="30", mandated="1"
    )
    key = {"authorization": "Bearer " + re.search(r"rsk_[\w-]{43}", made.text)[0]}
    (mark,) = [one.mark for one in await desk.access.keys() if one.principal == "night-desk"]
    page = await ines.see("/operator/mandates")
    form = {
        "key": mark,
        "buyer": "",
        f"for_{KILN}": "1",
        f"for_{LANTERN}": "1",
        "each": "40.00",
        "a_day": "60",
        "currency": "EUR",
        "until": "30",
    }
    words = {"because": "Small ones at night", "may_approve": "1"}
    for wrong, said in (
        ({"may_approve": ""}, "acts"),
        ({"a_day": "39.99"}, "a_day"),
        ({"acts_a_day": "0"}, "acts_a_day"),
        ({"acts_a_day": "a few"}, "acts_a_day"),
        ({"each": "forty"}, "each"),
        ({"until": "367"}, "until"),
        ({"because": " "}, "because"),
    ):
        refused = await ines.press(page, "/operator/mandates", **{**form, **words, **wrong})
        assert (refused.status, f'href="#{said}"' in refused.raw) == (422, True), said
    given = await ines.press(page, "/operator/mandates", **form, **words, acts_a_day="20")
    assert given.to.endswith("said=mandate_given")
    page = await ines.see("/operator/mandates")
    for told in (
        "night-desk",
        "Approve requests",
        "Blue Lantern, Kiln & Co",
        "€40.00",
        "€60.00",
        "at most 20 acts",
        "Small ones at night",
        "Ines",
    ):
        assert told in page.text, told
    client = Person(app).client
    (row,) = await desk.mandates.all(desk.now())
    assert (await client.get("/v1/caller", headers=key)).json()["mandate"]["id"] == row.id
    ended = await ines.press(page, f"/operator/mandates/{row.id}/end")
    assert ended.to.endswith("said=mandate_ended")
    assert (await client.get("/v1/caller", headers=key)).json()["mandate"]["holds"] is False
    acts = [one.act for one in await desk.people.acts(COMMAND_LINE)]
    assert acts[:3] == ["mandate_ended", "mandate_made", "key_made"]


async def test_the_installation_tells_what_runs_and_what_waits(ines, market, desk):
    await market.order("preparing")
    page = await ines.see("/operator/installation")
    schema = released()[-1].name
    for words in ("PostgreSQL 18", "None: refunds wait until one is connected", schema, "No process has reported yet"):
        assert words in page.text


async def test_a_check_up_says_what_is_to_be_done_in_the_readers_language(ines, market, desk):
    page = await ines.see("/operator/installation")
    assert 'href="/operator/check-up"' in page.raw
    page = await ines.see("/operator/check-up")
    assert re.search(r"\d things want somebody", page.text)
    assert "No backup was ever made. Make one now, and every night" in page.text
    await ines.see("/operator/check-up?lang=zh")
    page = await ines.see("/operator/check-up")
    assert "从未做过备份。" in page.text


async def test_without_a_provider_everybody_is_told_that_money_waits_and_a_trial_says_so(
    app, ines, market, desk
):  # KF-16
    page = await ines.see("/operator/providers")
    assert "Refunds are owed and wait until one is connected" in page.text
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    order = await market.order()
    await market.cancels(order)
    due = DueTable(desk.pool, desk.clock)
    await refunds.sweep(desk.engine, due, provider(desk))
    page = await ann.see(f"/orders/{order}")
    assert "You are owed this money. The marketplace has no working connection" in page.text
    assert "refunded to" not in page.text
    page = await ines.see("/operator/providers?kind=sandbox")
    assert "Owed now: €40.00 in 1 refund. That stays owed and is not tried" in page.text
    assert "Begin?" in page.text, "it is asked before it begins"
    done = await ines.press(page, "/operator/providers", kind="sandbox", name="sandbox", own="on")
    assert done.to.endswith("said=trial"), done.text
    order = await market.order()
    await market.cancels(order)
    await refunds.sweep(desk.engine, due, provider(desk))
    page = await ann.see(f"/orders/{order}")
    assert "(trial, no money moves)" in page.text
    stranger = Person(app)
    for seen in (page, await stranger.see("/sign-in")):
        assert "Refunds are only tried here: no money moves" in seen.raw, "it stands above every page"
    assert "€40.00 Trial" in (await ines.see("/support/refunds?state=submitted")).text
    assert ">Trial</strong>" in (await stranger.see("/docs/api")).raw
    page = await ines.see("/operator/providers")
    tried = (await market.read(order)).refunds[0].id
    done = await ines.press(page, f"/operator/providers/tried/{order}/{tried}", why="She paid by card.")
    assert done.to.endswith("said=owed_again"), done.text
    assert "She paid by card." in (await ann.see(f"/orders/{order}")).text
    done = await ines.press(page, "/operator/providers/sandbox/end")
    page = await ines.see(done.to)
    assert "The trial has ended." in page.text
    assert "End the trial" not in page.text
    assert "Owed now: €80.00 in 2 refunds" in (await ines.see("/operator/providers?kind=sandbox")).text


async def test_a_key_in_use_that_ends_and_orders_that_did_not_come_in_are_told_on_the_first_page(ines, market, desk):
    await market.order()
    page = await ines.see("/support")
    assert "Keys in use end" not in page.text
    await desk.pool.execute(
        "INSERT INTO credentials (token_hash, kind, role, principal, expires_at, used_on)"
        " VALUES (sha256('1'), 'key', 'host', 'erp', clock_timestamp() + interval '29 days', current_date),"
        " (sha256('2'), 'key', 'host', 'unused', clock_timestamp() + interval '3 days', NULL)"
    )
    await desk.order_sources.create("erp", "signed", "operator:ops", request="erp")
    await desk.pool.execute(
        "INSERT INTO source_messages (source, message_id, topic, subject, body, outcome, done_at)"
        " VALUES ('erp', 'm1', 'order', '1', '', 'set_aside', clock_timestamp())"
    )
    page = await ines.see("/support")
    for words in ("Keys in use end within 30 days: 1. First that of erp", "Messages of which no order came: 1"):
        assert words in page.text, page.text
    page = await ines.see("/operator/set-up")
    assert page.text.count("Wants somebody") >= 2
    page = await ines.see("/operator/check-up")
    for there in ("/operator/keys", "/operator/sources", "/operator/providers", "/operator/mail"):
        assert f'href="{there}"' in page.raw


async def test_what_a_young_marketplace_lacks_stands_first_until_it_is_there(ines, market, desk):
    page = await ines.see("/operator")
    for words in ("Still missing", "None is connected", "No order has come in yet", "No mail server is set up"):
        assert words in page.text, page.text
    await market.order()
    page = await ines.see("/operator")
    assert "No order has come in yet" not in page.text


async def test_a_marketplace_that_takes_cash_chooses_on_a_page_to_pay_out_itself(app, ines, market, desk):  # M-15
    cash = Tender(id="t", method="cash_on_delivery", amount_minor=4000)
    order = await market.order(tenders=(cash,))
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    preview = (await ann.see(f"/orders/{order}/cancel")).text
    assert "Owed at once; sent as soon as the marketplace has a way to send it" in preview
    assert "Usually there" not in preview
    await market.cancels(order)
    due = DueTable(desk.pool, desk.clock)
    await refunds.sweep(desk.engine, due, provider(desk))
    page = await ines.see("/operator/providers")
    assert "Choose what the marketplace pays out itself" in page.text
    wrong = await ines.press(page, "/operator/providers/paid-out", others="Bank transfer!")
    assert wrong.status == 422, wrong.text
    done = await ines.press(page, "/operator/providers/paid-out", pays_cash_on_delivery="on", others="boleto")
    assert done.to.endswith("said=paid_out#otherwise"), done.text
    market.clock.advance(timedelta(minutes=16))
    await desk.pool.execute("UPDATE due SET lease_until = clock_timestamp() WHERE kind = 'refund'")
    await refunds.sweep(desk.engine, due, provider(desk))
    (refund,) = (await market.read(order)).refunds
    assert (refund.through, refund.to_pay_out) == ("host", True)
    assert await desk.connected.paid_out() == ("cash_on_delivery", "boleto")


async def test_a_provider_is_connected_on_a_page_that_never_shows_its_key(ines, desk):  # KF-16
    page = await ines.see("/operator/providers")
    assert "No provider is connected" in page.text
    refused = await ines.press(page, "/operator/providers", kind="stripe", name="main", key="pk_test_wrong")
    assert (refused.status, "Write a secret or restricted key" in refused.text) == (422, True)
    assert "pk_test_wrong" not in refused.raw
    with Provider() as fake:
        await desk.connected.connect("main", "stripe", Secrets("sk_test_fake", (), fake.url), "operator:ines", own=True)
        page = await ines.see("/operator/providers")
        for words in ("main Stripe Test acct_fake", "Payments that name no connection"):
            assert words in page.text, page.text
        assert "sk_test" not in page.raw
        tried = await ines.press(page, "/operator/providers/main/check")
        assert "main: the key is good (test, no real money)." in tried.text
        fake.set(stripe_key="sk_test_another")
        tried = await ines.press(page, "/operator/providers/main/check")
        assert "the provider does not accept the key" in tried.text
        chinese = await ines.see("/operator/providers?lang=zh")
        assert "支付服务商" in (await ines.see(chinese.to)).text
    english = await ines.see("/operator/installation?lang=en")
    assert "main · Test" in (await ines.see(english.to)).text


async def test_each_kind_of_provider_asks_for_what_it_needs(ines, desk):  # KF-16
    stripe, paypal = await ines.see("/operator/providers"), await ines.see("/operator/providers?kind=paypal")
    for page, there, elsewhere in (
        (stripe, ("Secret or restricted key", "charge.dispute.*"), ("Client ID", "CUSTOMER.DISPUTE.*")),
        (paypal, ("Client ID", "Webhook ID", "CUSTOMER.DISPUTE.*"), ("Secret or restricted key", "charge.dispute.*")),
    ):
        assert all(words in page.text for words in there)
        assert not any(words in page.text for words in elsewhere)
    told = {"kind": "paypal", "name": "main", "client_id": "fake-client", "webhook_secrets": "8PT597110X687430L"}
    refused = await ines.press(paypal, "/operator/providers", **told, key="two words")
    assert (refused.status, "Write the secret of that application" in refused.text) == (422, True)
    assert "two words" not in refused.raw
    assert 'value="fake-client"' in refused.raw, "what opens nothing need not be typed again"
    assert 'value="8PT597110X687430L"' in refused.raw
    odd = await ines.see("/operator/providers?kind=bank")
    assert "Secret or restricted key" in odd.text
    with Provider() as fake:
        keys = Secrets("fake-secret", ("8PT597110X687430L",), fake.url, "fake-client")
        await desk.connected.connect("main", "paypal", keys, "operator:ines", own=True)
        page = await ines.see("/operator/providers")
        assert "main PayPal Test FAKEMERCHANT1" in page.text
        tried = await ines.press(page, "/operator/providers/main/check")
        assert "main: the key is good (test, no real money)." in tried.text
    chinese = await ines.see("/operator/providers?kind=paypal&lang=zh")
    assert "更换期间可填两个" in (await ines.see(chinese.to)).text


async def test_the_installation_says_in_chinese_what_it_means(ines, market):
    page = await ines.see("/operator/installation?lang=zh")
    page = await ines.see(page.to or "/operator/installation")
    assert "访问地址" in page.text
    assert "占用空间" in page.text
    for word_of_an_order in ("收货地址", "尺寸", "分页"):
        assert word_of_an_order not in page.text


async def test_operators_are_called_by_name_wherever_a_version_is_signed(ines, omar, desk):
    await desk.access.issue_link("operator", "ines", name="Ines Duarte")
    number = await submitted(ines)
    assert "by Ines Duarte" in (await omar.see("/operator")).text
    page = await omar.see(f"/operator/drafts/{number}")
    assert "Written by Ines Duarte" in page.text
    assert (await omar.press(page, f"/operator/drafts/{number}/approve")).status == 303
    assert "approved by Omar" in (await ines.see(f"/operator/drafts/{number}")).text
    history = (await ines.see(f"{POLICIES}/base/versions")).text
    assert "Ines Duarte" in history
    assert "Omar" in history
    assert "ines, approved by omar" not in (await ines.see("/operator")).text


async def test_worked_examples_that_turn_are_told_in_the_readers_language(app, ines, desk):
    number = await submitted(ines)
    page = await Person(app, "zh").sign_in(desk, "operator", "omar")
    read = await page.see(f"/operator/drafts/{number}")
    assert "13:59 申请须商家同意，超时未处理视为同意" in read.text
    assert "packing begins at 14:00" not in read.text
    assert "packing begins at 14:00" in (await ines.see(f"/operator/drafts/{number}")).text
