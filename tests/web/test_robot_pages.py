"""The pages of group robots over the real application and database, in both languages, with groups that answer."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.core.scope import Scope
from rescind.postgres.notice_people import Owner
from robots.groups import Groups
from web.consoles import Person

HOME = "/seller/robots"


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
async def groups():
    async with Groups() as running:
        yield running


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def chen(app, desk):
    return await Person(app, "zh").sign_in(desk, "seller", "chen", shop_id=KILN)


async def connected(person, groups, robot, **typed):
    """The page after a robot was connected, and where it is."""
    given = {"kind": robot.kind, "url": groups.url(robot), "secret": robot.secret, "about": "Shipping desk"}
    typed = {"language": "en", **given, **typed}
    page = await person.press(await person.see(HOME), HOME, **typed)
    assert page.status == 303, page.text
    here = page.to.partition("?")[0]
    return await person.see(page.to), here


async def test_a_shop_connects_a_group_and_its_test_is_read_in_the_group(sam, groups, desk):
    assert "No group hears anything yet" in (await sam.see(HOME)).text
    robot = groups.add("dingtalk", signed=True)
    page, here = await connected(sam, groups, robot, language="zh", on_money="1")
    assert "the group hears nothing before one was taken" in page.text
    assert "Not tried yet" in page.text
    done = await sam.press(page, f"{here}/test")
    page = await sam.see(done.to)
    assert "was taken" in page.text
    assert "0: ok" in page.text
    (text,) = robot.texts
    assert "测试" in text
    assert robot.links == [f"http://desk.test{here}"], "the link leads back to the robot's own page"
    for shown in (page.raw, (await sam.see(HOME)).raw):
        assert robot.secret not in shown
        assert robot.query.partition("=")[2] not in shown
    (row,) = await desk.robots.all(Scope(shop=KILN))
    assert (row.topics, row.created_by) == (("money",), "seller:sam")


@pytest.mark.parametrize(
    ("language", "words", "later"),
    [
        ("en", "the secret here is not the one of the robot", "Try again in"),
        ("zh", "这里的密钥与机器人的密钥不一致", "后重试"),
    ],
)
async def test_what_a_robot_says_no_for_is_told_in_the_readers_own_words(app, desk, groups, language, words, later):
    reader = await Person(app, language).sign_in(desk, "seller", "sam", shop_id=KILN)
    robot = groups.add("feishu", signed=True)
    page, here = await connected(reader, groups, robot, secret="not-its-secret")
    page = await reader.see((await reader.press(page, f"{here}/test")).to)
    assert words in page.text
    assert "19021: sign match fail" in page.text, "and in the robot's, for whoever wants to look it up"
    again = await reader.press(page, f"{here}/test")
    assert again.status == 429, "a robot is not spoken to twice in a second"
    assert later in again.text
    changed = await reader.press(page, here, secret=robot.secret, language="en")
    assert changed.to == f"{here}?said=saved"


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(sam):
    page = await sam.press(
        await sam.see(HOME), HOME, kind="wecom", url="https://example.com/hook", language="en", on_money="1"
    )
    assert page.status == 422
    assert "the address of a robot of the kind that was chosen" in page.text
    assert ("url", "https://example.com/hook") in page.form(HOME)["fields"]
    assert ("on_money", "1") in page.form(HOME)["fields"]
    assert "No group hears anything yet" in page.text


async def test_a_shop_pauses_changes_and_removes(sam, groups, desk):
    robot = groups.add("feishu", signed=True)
    _, here = await connected(sam, groups, robot, on_money="1")
    await sam.press(await sam.see(here), f"{here}/test")
    before = await sam.see(here)
    told = "It is the last address at which your shop can be told."
    assert before.text.count(told) == 2, "before it is paused, and before it is removed"
    await desk.inbox.people.add(
        Owner(role="seller", shop=KILN, person="sam"), "email", "sam@kiln.example", verified=True
    )
    assert told not in (await sam.see(here)).text
    paused = await sam.press(before, f"{here}/state", state="paused")
    page = await sam.see(paused.to)
    assert "Paused." in page.text
    assert (await sam.press(page, f"{here}/state", state="on")).to == f"{here}?said=on"
    page = await sam.see(here)
    changed = await sam.press(page, here, about="Books", on_money=[], on_cases="1", language="zh", unsigned="1")
    assert changed.to == f"{here}?said=saved"
    (row,) = await desk.robots.all(Scope())
    assert (row.about, row.topics, row.language, row.signed) == ("Books", ("cases",), "zh", False)
    wrong = await sam.press(await sam.see(here), here, url="https://example.com/", language="en")
    assert wrong.status == 422
    assert (await desk.robots.all(Scope()))[0].shown == row.shown
    gone = await sam.press(await sam.see(here), f"{here}/remove")
    assert "No group hears anything yet" in (await sam.see(gone.to)).text
    assert (await sam.see(here)).status == 404


async def test_a_robot_that_was_switched_off_is_told_where_people_begin(sam, chen, app, desk, groups):
    robot = groups.add("wecom")
    _, here = await connected(sam, groups, robot)
    assert "A group hears nothing any more." not in (await sam.see("/seller/orders")).text
    await desk.pool.execute("UPDATE robots SET state = 'gone', last_fault = 'no_robot', stopped_at = now()")
    board = await sam.see("/seller/orders")
    assert "A group hears nothing any more. The robot “Shipping desk” was switched off: There is no robot" in board.text
    assert f'href="{here}"' in board.raw
    assert "有一个群已收不到通知" in (await chen.see("/seller/orders")).text
    assert "the robot is not in the group any more" in (await sam.see(here)).text
    lou = await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)
    assert "A group hears nothing" not in (await lou.see("/seller/orders")).text


async def test_what_a_group_heard_and_what_waits_stands_on_the_page(sam, groups, desk):
    robot = groups.add("wecom")
    _, here = await connected(sam, groups, robot)
    await desk.robots.messages.put(KILN, here.rpartition("/")[2], "a", "money")
    (held,) = await desk.robots.messages.lease({"wecom": 1}, timedelta(seconds=60))
    await desk.robots.messages.nothing(held, {"a": "over"})
    page = await sam.see(here)
    assert "Over by then" in page.text
    assert "Money" in page.text
