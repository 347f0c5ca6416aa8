"""Something is wrong with what arrived: from the buyer's form to support's answer, with photos, over real pages."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN, audit, worked
from rescind.app import make_app
from rescind.core.stage import Stage
from scenarios.files import HTML, SVG, exif, jpeg, pdf, png, segment
from web.consoles import ORIGIN, Page, Person

NAMED = '"><img src=x onerror=alert(1)>.png'


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ann(app, desk):
    return await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")


@pytest.fixture
async def bob(app, desk):
    return await Person(app).sign_in(desk, "buyer", "bob", buyer_id="bob")


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def lou(app, desk):
    return await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)


@pytest.fixture
async def sue(app, desk):
    return await Person(app).sign_in(desk, "support", "sue")


async def press(who, page, action, files=(), **typed):
    """Fill in a form with files in it and send it, as a browser does. files: name, bytes, type as claimed."""
    form = page.form(action)
    data: dict[str, list[str]] = {}
    for name, value in form["fields"]:
        if name not in typed and name != "files":
            data.setdefault(name, []).append(value)
    for name, value in typed.items():
        data[name] = value if isinstance(value, list) else [value]
    # A browser sends an empty part where nothing was chosen.
    parts = [("files", one) for one in files] or [("files", ("", b"", "application/octet-stream"))]
    return Page(await who.client.post(action, data=data, files=parts, headers={"origin": ORIGIN}))


async def opens(ann, order, **more):
    """The form as most people fill it in; gives the address of the case."""
    path = f"/orders/{order}/return"
    wanted = {"reason": "damaged", "wish": "refund", "comment": "It is cracked.", **more}
    files = wanted.pop("files", [("mug.png", png(), "image/png")])
    sent = await press(ann, await ann.see(path), path, files, **wanted)
    assert sent.status == 303, sent.text
    return sent.to.removesuffix("?sent=1")


async def test_a_broken_mug_from_the_form_to_the_answer(ann, sam, sue, market):  # M-42
    order = await market.order(Stage.DELIVERED, units=2)
    case = await opens(ann, order, **{"units-0": "1"})
    number = (await market.read(order)).number + "-R1"
    page = await ann.see(f"{case}?sent=1")
    for words in (
        number,
        "With support",
        "Support takes the next step by",
        "Otherwise it goes to whoever leads",
        "PNG",
    ):
        assert words in page.text
    assert number in (await ann.see(f"/orders/{order}")).text
    inside = case.removeprefix("/orders")
    assert "It is cracked." in (await sam.see(f"/seller/orders{inside}")).text
    assert not (await sam.see(f"/seller/orders{inside}")).forms[1:]
    queue = await sue.see("/support?tab=with_platform")
    assert "It arrived damaged" in queue.text
    desk = f"/support/orders{inside}"

    async def does(act, pressed="", **typed):
        form = next(form for form in (await sue.see(desk)).forms if ("act", act) in form["buttons"])
        kept = [(name, value) for name, value in form["fields"] if name not in typed]
        return await sue.send(desk, [*kept, *typed.items(), ("act", pressed or act)])

    assert (await does("close", "nonsense", comment="x")).status == 409
    assert (await does("take")).status == 303
    assert (await does("ask", question="")).status == 422
    assert (await does("ask", question="Which of the two?")).status == 303
    page = await ann.see(case)
    assert "Your answer is needed" in page.text
    assert "Which of the two?" in page.text
    assert (await press(ann, page, f"{case}/add", comment="")).status == 422
    said = await press(ann, page, f"{case}/add", [("b.pdf", pdf(), "application/pdf")], comment="The blue one.")
    assert said.status == 303
    assert "The blue one." in (await sue.see(desk)).text
    assert (await does("close", outcome="", comment="")).status == 422
    assert (await does("close", outcome="refund_by_shop", comment="The shop pays you back today.")).status == 303
    page = await ann.see(case)
    assert "The shop pays you back today." in page.text
    assert "This case itself moves no money." in page.text
    assert not page.has_form(f"{case}/add")
    assert (await market.read(order)).refunds == ()
    assert await audit(market.pool) == 1


async def test_what_is_missing_is_told_and_what_was_sent_is_kept(ann, market):  # A11Y
    order = await market.order(Stage.DELIVERED, units=2)
    path = f"/orders/{order}/return"
    page = await press(ann, await ann.see(path), path, [("a.png", png(), "image/png")], comment="Cracked.")
    assert page.status == 422
    for words in (
        "Say what is wrong",
        "Choose at least one item",
        "Say what you would like",
        "Sent already",
        "Cracked.",
    ):
        assert words in page.text
    # The file is not chosen again: the form names the one it has.
    sent = await press(ann, page, path, reason="faulty", wish="replacement", **{"units-0": "2"})
    assert sent.status == 303, sent.text
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 1
    # Everything is in a case now, so there is nothing left to fill in.
    assert not (await ann.see(path)).has_form(path)


async def test_a_reason_that_can_be_shown_must_be_shown(ann, market):  # M-42
    order = await market.order(Stage.DELIVERED)
    path = f"/orders/{order}/return"
    page = await press(ann, await ann.see(path), path, reason="damaged", wish="refund")
    assert (page.status, "Add a photo or a document that shows it" in page.text) == (422, True)
    page = await press(ann, await ann.see(path), path, reason="other", wish="refund")
    assert (page.status, "Say in a few words what is wrong" in page.text) == (422, True)
    assert (await market.read(order)).returns == ()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("photo.jpg", SVG, "image/jpeg"), "This is no JPEG, PNG, WebP or PDF"),
        (("photo.png", HTML, "image/png"), "This is no JPEG, PNG, WebP or PDF"),
        (("photo.png", b"", "image/png"), "This file is empty"),
        (("photo.png", png()[:50], "image/png"), "damaged or not whole"),
        (("photo.png", png() + bytes(11 * 1024 * 1024), "image/png"), "at most 10 MB"),
        (("a.pdf", pdf(b"<< /S /JavaScript >>"), "application/pdf"), "does something by itself"),
    ],
    ids=["svg", "html", "empty", "damaged", "large", "active"],
)
async def test_a_file_that_is_no_evidence_is_told_in_the_form(ann, market, file, said):  # KF-25
    order = await market.order(Stage.DELIVERED)
    path = f"/orders/{order}/return"
    page = await press(ann, await ann.see(path), path, [file], reason="damaged", wish="refund")
    assert page.status == 422
    assert said in page.text
    assert (await market.read(order)).returns == ()


async def test_too_many_files_are_told_and_the_first_are_kept(ann, market):  # KF-25
    order = await market.order(Stage.DELIVERED)
    path = f"/orders/{order}/return"
    many = [(f"{place}.png", png(colour=(place, 0, 0)), "image/png") for place in range(6)]
    page = await press(ann, await ann.see(path), path, many, reason="damaged", wish="refund")
    assert page.status == 422
    assert "At most 5 files can go together." in page.text
    assert len([one for one in page.form(path)["fields"] if one[0] == "kept"]) == 5


async def test_a_name_with_markup_is_shown_nowhere_and_nothing_runs(ann, sam, sue, market):  # KF-25
    order = await market.order(Stage.DELIVERED)
    photo = jpeg(segment(0xE1, exif()), after=HTML)
    case = await opens(ann, order, files=[(NAMED, photo, "text/html"), ("照片\u202egnp.exe", png(), "image/png")])
    inside = case.removeprefix("/orders")
    for who, path in ((ann, case), (sam, f"/seller/orders{inside}"), (sue, f"/support/orders{inside}")):
        page = await who.see(path)
        assert page.status == 200
        assert "onerror" not in page.raw
        assert "gnp.exe" not in page.raw
        links = {part.split('"')[0] for part in page.raw.split('href="/evidence/')[1:]}
        assert len(links) == 2
        for link in links:
            file = await who.client.get(f"/evidence/{link}")
            assert file.status_code == 200
            assert file.headers["content-type"] in {"image/jpeg", "image/png"}
            assert file.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
            assert file.headers["x-content-type-options"] == "nosniff"
            assert b"script" not in file.content
            assert "onerror" not in file.headers["content-disposition"]


async def test_a_foreign_file_and_a_foreign_case_answer_like_missing_ones(ann, bob, lou, market):  # KF-23, KF-25
    order = await market.order(Stage.DELIVERED)
    case = await opens(ann, order)
    link = (await ann.see(case)).raw.split('href="/evidence/')[1].split('"')[0]
    for who, path in ((bob, case), (lou, f"/seller/orders{case.removeprefix('/orders')}")):
        foreign = await who.see(path)
        missing = await who.see(path[:-1] + ("0" if path[-1] != "0" else "1"))
        assert foreign.status == missing.status == 404
        assert foreign.text == missing.text
    for who in (bob, lou):
        foreign = Page(await who.client.get(f"/evidence/{link}"))
        missing = Page(await who.client.get(f"/evidence/{link[:-1]}{'0' if link[-1] != '0' else '1'}"))
        assert (foreign.status, foreign.text) == (missing.status, missing.text)
        assert foreign.status == 404


async def test_the_same_form_sent_twice_makes_one_case(ann, market):
    order = await market.order(Stage.DELIVERED, units=2)
    path = f"/orders/{order}/return"
    page = await ann.see(path)
    wish = {"reason": "no_longer_wanted", "wish": "return_refund", "units-0": "1"}
    first, second = await press(ann, page, path, **wish), await press(ann, page, path, **wish)
    assert first.to == second.to
    assert len((await market.read(order)).returns) == 1


async def test_nobody_at_support_moves_and_everybody_sees_it(ann, sue, market, clock):  # promise 5
    order = await market.order(Stage.DELIVERED)
    case = await opens(ann, order)
    clock.set(clock.read() + timedelta(hours=48))
    await worked(market)
    assert "Support did not get to it in time." in (await ann.see(case)).text
    late = await sue.see("/support?tab=escalated")
    assert "Too late at support 1" in late.text
    assert "It arrived damaged" in late.text


async def test_a_buyer_ends_a_case_that_needs_nothing_any_more(ann, sam, market):
    order = await market.order(Stage.DELIVERED)
    case = await opens(ann, order)
    page = await ann.see(case)
    for _ in range(2):
        assert (await ann.press(page, f"{case}/withdraw")).status == 303
    assert "Settled, closed by the buyer" in (await ann.see(case)).text
    assert "Closed" in (await sam.see(f"/seller/orders/{order}")).text


async def test_a_parcel_that_does_not_come_is_told_to_support(ann, market):  # M-43
    order = await market.order(Stage.IN_TRANSIT)
    page = await ann.see(f"/orders/{order}/return")
    assert "Refuse the parcel" in page.text
    assert "It has not arrived" in page.text
    await opens(ann, order, reason="not_arrived", files=[])
    assert (await market.read(order)).returns[0].reason == "not_arrived"


async def test_a_request_and_a_refusal_carry_photos_to_the_other_side(ann, sam, sue, market):
    order = await market.order(Stage.PREPARING)
    path = f"/orders/{order}/cancel"
    page = await ann.see(path)
    sent = await press(ann, page, path, [("a.png", png(), "image/png")], reason="changed_mind", step="send")
    if sent.status == 409:  # What the page showed had to be confirmed once more.
        sent = await press(ann, sent, path, reason="changed_mind", step="send")
    assert sent.status == 303, sent.text
    request = (await market.read(order)).open_cancellation.id
    asked = await sam.see(f"/seller/requests/{request}")
    assert "Photo" in asked.text
    assert "/evidence/" in asked.raw
    action = f"/seller/requests/{request}/refuse"
    shown = [("b.png", png(colour=(0, 9, 0)), "image/png")]
    done = await press(sam, asked, action, shown, reason="other", comment="It is in the kiln.")
    assert done.status == 303, done.text
    assert (await ann.see(f"/orders/{order}/requests/{request}")).raw.count('href="/evidence/') == 2
    assert (await sue.see(f"/support/orders/{order}")).raw.count('href="/evidence/') == 2


async def test_a_form_with_more_than_a_form_may_have_is_refused(ann, market):  # UP-02
    order = await market.order(Stage.DELIVERED)
    path = f"/orders/{order}/return"
    huge = [("a.png", bytes(101 * 1024 * 1024), "image/png")]
    page = await press(ann, await ann.see(path), path, huge, reason="damaged", wish="refund")
    assert page.status == 413
    assert "too large" in page.text
