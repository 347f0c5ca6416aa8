"""The three kinds of robots: their form, what they sign, what they answer, and that nobody's name means anything."""

import json
import time

import pytest

from rescind.notices.robot import Item, Labels, cut, fitting, gap_s
from rescind.notices.robots import ROBOTS
from rescind.robot_post import came, say, shown, wrong
from rescind.webhooks.egress import Egress
from rescind.webhooks.posting import Posted, Poster
from robots.groups import Groups

KINDS = tuple(ROBOTS)
LABELS = Labels("2 pieces of news", "Open")
ITEM = Item("Order 100234", "The buyer asks to cancel. Answer by 14:00.", "https://desk.test/seller/requests/can_1")
HERE = Egress(loopback=True)


@pytest.fixture
async def groups():
    async with Groups() as running:
        yield running


@pytest.fixture
async def poster():
    async with Poster(HERE, timeout_s=2) as opened:
        yield opened


async def told(poster, groups, robot, items=(ITEM,), secret=None):
    secret = robot.secret if secret is None else secret
    return await say(poster, HERE, ROBOTS[robot.kind], groups.url(robot), secret, LABELS, items)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_takes_its_own_form_with_the_link_to_the_action(poster, groups, kind, signed):
    robot = groups.add(kind, signed=signed)
    assert (await told(poster, groups, robot)).fault == ""
    assert (await told(poster, groups, robot, (ITEM, ITEM._replace(title="Order 7", link="")))).fault == ""
    assert robot.refused == []
    assert robot.links == [ITEM.link, ITEM.link]
    assert "Order 100234" in robot.texts[0]
    assert "Order 7" in robot.texts[1]
    assert LABELS.heading in robot.texts[1]
    assert LABELS.heading not in robot.texts[0], "one piece of news is its own heading"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ROBOTS[kind].signs])
async def test_another_secret_none_at_all_and_a_wrong_clock_are_one_refusal_that_is_read(poster, groups, kind):
    robot = groups.add(kind, signed=True)
    for secret in (f"SEC{'0' * 64}", ""):
        refused = await told(poster, groups, robot, secret=secret)
        assert refused.fault == "sign", "their status is 200"
        assert refused.said
    late = ROBOTS[kind].request(groups.url(robot), robot.secret, time.time() - 3700, LABELS, [ITEM])
    posted = await poster.post(late.url, {}, late.body)
    assert came(ROBOTS[kind], posted).fault == "sign", "an hour is what a clock may differ"
    assert robot.said == []


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_robot_says_no_for_is_told_apart(poster, groups, kind):
    robot = groups.add(kind)
    robot.keyword = "cancel order"
    assert (await told(poster, groups, robot)).fault == ("answer" if kind == "wecom" else "keyword")
    robot.keyword = ""
    for _ in range(ROBOTS[kind].per_minute):
        robot.times.append(time.time() - 30)
    fast = await told(poster, groups, robot)
    assert (fast.fault, fast.wait_s >= 60) == ("too_fast", True)
    robot.here = False
    assert (await told(poster, groups, robot)).fault == "no_robot"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("posted", "fault"),
    [
        (Posted(status=200, answer="<html>welcome</html>"), "answer"),
        (Posted(status=200, answer="[0]"), "answer"),
        (Posted(status=200, answer="{}"), "answer"),
        (Posted(status=200, answer='{"errcode": null, "code": null}'), "answer"),
        (Posted(status=200, answer='{"errcode": -7, "code": -7}'), "answer"),
        (Posted(status=502, fault="status", answer="Bad gateway"), "status"),
        (Posted(status=302, fault="redirect"), "redirect"),
        (Posted(fault="timeout"), "timeout"),
        (Posted(fault="refused", answer="private"), "refused"),
    ],
)
def test_what_is_no_answer_of_a_robot_is_no_receipt(kind, posted, fault):
    assert came(ROBOTS[kind], posted).fault == fault


def test_a_refusal_with_a_status_of_its_own_says_why():
    refused = Posted(status=400, fault="status", answer='{"code":19021,"msg":"sign match fail"}')
    assert came(ROBOTS["feishu"], refused) == ("sign", "19021: sign match fail", 0)
    busy = Posted(status=429, fault="status", answer='{"errcode":45009,"errmsg":"x"}', retry_after_s=300)
    assert came(ROBOTS["wecom"], busy)[::2] == ("too_fast", 300)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_as_long_as_its_house_takes_and_no_news_is_lost(kind):
    robot = ROBOTS[kind]
    many = [
        ITEM._replace(title=f"订单 {number}", text="买家申请取消，请在截止时间前处理。" * 5) for number in range(300)
    ]
    fits = fitting(robot, LABELS, many)
    assert 1 < fits < 300
    body = robot.request(robot.example, "", 0, LABELS, many[:fits]).body
    assert len(body) <= robot.most_bytes < len(robot.request(robot.example, "", 0, LABELS, many[: fits + 1]).body)
    assert fitting(robot, LABELS, many[:2]) == 2
    assert fitting(robot, LABELS, []) == 0
    endless = ITEM._replace(text="长" * 30_000)
    assert fitting(robot, LABELS, [endless, ITEM]) == 1
    short = cut(robot, LABELS, endless)
    assert short.link == ITEM.link
    assert short.text.endswith("…")
    assert len(robot.request(robot.example, "", 0, LABELS, [short]).body) <= robot.most_bytes


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_a_name_calls_nobody_and_draws_nothing(kind):
    robot = ROBOTS[kind]
    name = "<@all> <at id=all></at> @所有人 **x** [link](https://evil.example) `c`\n# big"
    sent = json.loads(robot.request(robot.example, "", 0, LABELS, [Item(name, name, ""), Item("a", name, "")]).body)
    text = shown_text(kind, sent)
    for markup in ("<@all>", "<at id", "**x**", "[link](", "`c`", "\n# big"):
        assert markup not in text, text
    assert "evil.example" in text, "it is shown as what it is"


def shown_text(kind, message):
    if kind == "feishu":
        return "\n".join(part["text"]["content"] for part in message["card"]["elements"] if "text" in part)
    return message["markdown"]["content" if kind == "wecom" else "text"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_minute_has_more_messages_than_a_robot_takes(kind):
    assert 60 / gap_s(ROBOTS[kind]) <= ROBOTS[kind].per_minute


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_houses_own_addresses_are_robots(kind):  # WH-14
    robot, example = ROBOTS[kind], ROBOTS[kind].example
    assert wrong(robot, example, Egress()) is None
    host = example.split("/")[2]
    for url, fault in {
        example.replace(host, "hooks.example.com"): "host",
        example.replace(host, f"{host}.example.com"): "host",
        example.replace(host, f"{host}:8443"): "port",
        example.replace("https", "http"): "scheme",
        example.replace(host, "127.0.0.1"): "private",
        example.replace(host, f"{host}@10.0.0.1"): "credentials",
        example[:-20]: "form",
        example.replace(host, f"{host}/x"): "form",
        f"{example}#x": "form",
    }.items():
        assert wrong(robot, url, Egress()) == fault, url
    here = example.replace(f"https://{host}", "http://127.0.0.1:9")
    assert wrong(robot, here, Egress()) == "scheme"
    assert wrong(robot, here, HERE) is None, "for development"
    assert wrong(robot, example.replace(f"https://{host}", "http://10.0.0.1"), HERE) == "scheme"
    others = [one.example for name, one in ROBOTS.items() if name != kind]
    assert [wrong(robot, url, Egress()) for url in others] == ["host", "host"]


@pytest.mark.parametrize("kind", KINDS)
def test_of_an_address_only_its_end_is_shown(kind):
    robot = ROBOTS[kind]
    url = robot.example[:-4] + "beef"
    assert shown(robot, url) == f"{robot.example.split('/')[2]} …beef"
