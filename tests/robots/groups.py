"""Three houses of group chats on one real HTTP server, each as strict as its documentation.

A robot is added to a group, and what it is told is checked: form, size, signature, time, keyword, and how much of it
comes in a minute. A refusal is an answer with status 200 and a code, as theirs are. ``rude``: answers that a test wants
instead of what is right, one after another; a number below zero hangs for so many seconds first.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import uuid
from collections import Counter

from aiohttp import web

HOUR_S = 3600
LINK = re.compile(r"\[[^\]]+\]\((https?://[^\s)]+)\)")


class Robot:
    """One robot in one group. said: what the group reads, as it was sent."""

    def __init__(self, kind, path, query, secret="", keyword=""):
        self.kind, self.path, self.query, self.secret, self.keyword = kind, path, query, secret, keyword
        self.said: list[dict] = []
        self.refused: list[str] = []
        self.rude: list = []
        self.here = True
        self.times: list[float] = []
        self.asked = 0

    @property
    def texts(self):
        """What the group reads, as plain text with its markup."""
        return [shown(self.kind, one) for one in self.said]

    @property
    def links(self):
        return [link for one in self.said for link in links(self.kind, one)]


def shown(kind, message):
    """Everything of a message that somebody reads."""
    if kind == "feishu":
        card = message["card"]
        parts = [part["text"]["content"] for part in card["elements"] if part["tag"] == "div"]
        return "\n".join([card["header"]["title"]["content"], *parts])
    markdown = message["markdown"]
    return markdown["content"] if kind == "wecom" else f"{markdown['title']}\n{markdown['text']}"


def links(kind, message):
    if kind == "feishu":
        parts = message["card"]["elements"]
        return [action["url"] for part in parts if part["tag"] == "action" for action in part["actions"]]
    return LINK.findall(shown(kind, message))


class Refusal(Exception):
    """What a house answers instead of taking a message."""


class Groups:
    """The server. now: the time by which messages are counted, seconds; signatures go by the real one."""

    def __init__(self, now=time.time):
        self._now = now
        self._robots: dict[tuple[str, str], Robot] = {}
        self.under_way: Counter[str] = Counter()
        self.came = asyncio.Event()

    async def __aenter__(self):
        app = web.Application(client_max_size=10**6)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    def add(self, kind, *, signed=False, keyword=""):
        """A robot in a new group."""
        if kind == "wecom":
            robot = Robot(kind, "/cgi-bin/webhook/send", f"key={uuid.uuid4()}", keyword=keyword)
        elif kind == "feishu":
            secret = secrets.token_urlsafe(16) if signed else ""
            robot = Robot(kind, f"/open-apis/bot/v2/hook/{uuid.uuid4()}", "", secret, keyword)
        else:
            secret = f"SEC{secrets.token_hex(32)}" if signed else ""
            robot = Robot(kind, "/robot/send", f"access_token={secrets.token_hex(32)}", secret, keyword)
        self._robots[robot.path, robot.query] = robot
        return robot

    def url(self, robot):
        """Where it is, on this machine."""
        return f"http://127.0.0.1:{self.port}{robot.path}" + (f"?{robot.query}" if robot.query else "")

    async def _take(self, request):
        kind = {"/cgi-bin/webhook/send": "wecom", "/robot/send": "dingtalk"}.get(request.path, "feishu")
        names = [name for name in request.query if name in {"key", "access_token"}]
        robot = self._robots.get((request.path, "&".join(f"{name}={request.query[name]}" for name in names)))
        body = await request.read()
        self.came.set()
        if robot is None or not robot.here:
            return _no(kind, "no_robot")
        robot.asked += 1
        self.under_way[robot.kind] += 1
        try:
            while robot.rude:
                rude = robot.rude.pop(0)
                if isinstance(rude, web.Response):
                    return rude
                await asyncio.sleep(-rude)
            message = _read(robot, request, body)
            self._count(robot)
        except Refusal as refusal:
            robot.refused.append(str(refusal))
            return _no(kind, str(refusal))
        finally:
            self.under_way[robot.kind] -= 1
        robot.said.append(message)
        fine = {"code": 0, "msg": "success", "data": {}} if kind == "feishu" else {"errcode": 0, "errmsg": "ok"}
        return web.json_response(fine)

    def _count(self, robot):
        now = self._now()
        robot.times = [at for at in robot.times if at > now - 60]
        if len(robot.times) >= {"feishu": 100}.get(robot.kind, 20):
            raise Refusal("too_fast")
        if robot.kind == "feishu" and len([at for at in robot.times if at > now - 1]) >= 5:
            raise Refusal("too_fast")
        robot.times.append(now)


_CODES = {
    "wecom": {"no_robot": 93000, "too_fast": 45009, "too_long": 40058, "form": 40008, "keyword": 93017},
    "feishu": {
        "no_robot": 19001,
        "too_fast": 11232,
        "too_long": 9499,
        "form": 9499,
        "sign": 19021,
        "keyword": 19024,
    },
    "dingtalk": {
        "no_robot": 300005,
        "too_fast": 130101,
        "too_long": 460101,
        "form": 40035,
        "sign": 310000,
        "keyword": 310000,
    },
}
_SAYS = {
    ("dingtalk", "sign"): "错误描述:机器人发送签名不匹配;解决方案:请确认签名和生成签名的时间戳必须都放在调用的网址中",
    ("dingtalk", "keyword"): "错误描述:关键词不匹配;解决方案:请联系群管理员查看此机器人的关键词",
    ("feishu", "sign"): "sign match fail or timestamp is not within one hour from current time",
}


def _no(kind, why):
    code, said = _CODES[kind][why], _SAYS.get((kind, why), why.replace("_", " "))
    return web.json_response({"code": code, "msg": said} if kind == "feishu" else {"errcode": code, "errmsg": said})


def _read(robot, request, body):
    """The message, when it is one that its house takes."""
    if request.content_type != "application/json":
        raise Refusal("form")
    try:
        message = json.loads(body.decode("utf-8"))
    except ValueError:
        raise Refusal("form") from None
    {"wecom": _wecom, "feishu": _feishu, "dingtalk": _dingtalk}[robot.kind](robot, request, body, message)
    if robot.keyword and robot.keyword not in shown(robot.kind, message):
        raise Refusal("keyword")
    return message


def _exactly(given, **wanted):
    """Members of a message by name and type, all of them and no other."""
    if not isinstance(given, dict) or set(given) != set(wanted):
        raise Refusal("form")
    for name, kind in wanted.items():
        if not isinstance(given[name], kind) or given[name] in ("", [], {}):
            raise Refusal("form")


def _wecom(robot, request, body, message):
    if set(request.query) != {"key"}:
        raise Refusal("form")
    _exactly(message, msgtype=str, markdown=dict)
    _exactly(message["markdown"], content=str)
    if message["msgtype"] != "markdown":
        raise Refusal("form")
    if len(message["markdown"]["content"].encode()) > 4096:
        raise Refusal("too_long")


def _dingtalk(robot, request, body, message):
    if len(body) > 20_000:
        raise Refusal("too_long")
    _exactly(message, msgtype=str, markdown=dict)
    _exactly(message["markdown"], title=str, text=str)
    if message["msgtype"] != "markdown":
        raise Refusal("form")
    if not robot.secret:
        return
    moment, sign = request.query.get("timestamp", ""), request.query.get("sign", "")
    if not moment.isdigit() or abs(int(moment) / 1000 - time.time()) > HOUR_S:
        raise Refusal("sign")
    mac = hmac.new(robot.secret.encode(), digestmod=hashlib.sha256)
    mac.update(moment.encode() + b"\n" + robot.secret.encode())
    if base64.b64encode(mac.digest()).decode() != sign:
        raise Refusal("sign")


def _feishu(robot, request, body, message):
    if len(body) > 20_000:
        raise Refusal("too_long")
    signed = {"timestamp": str, "sign": str} if robot.secret else {}
    if robot.secret and not {"timestamp", "sign"} <= set(message):
        raise Refusal("sign")
    _exactly(message, msg_type=str, card=dict, **signed)
    if message["msg_type"] != "interactive":
        raise Refusal("form")
    card = message["card"]
    _exactly(card, config=dict, header=dict, elements=list)
    _exactly(card["header"], title=dict, template=str)
    _exactly(card["header"]["title"], tag=str, content=str)
    for part in card["elements"]:
        _element(part)
    if robot.secret:
        moment = message["timestamp"]
        if not moment.isdigit() or abs(int(moment) - time.time()) > HOUR_S:
            raise Refusal("sign")
        mac = hmac.new(moment.encode() + b"\n" + robot.secret.encode(), digestmod=hashlib.sha256)
        if base64.b64encode(mac.digest()).decode() != message["sign"]:
            raise Refusal("sign")


def _element(part):
    match part:
        case {"tag": "hr"}:
            _exactly(part, tag=str)
        case {"tag": "div"}:
            _exactly(part, tag=str, text=dict)
            _exactly(part["text"], tag=str, content=str)
            if part["text"]["tag"] != "lark_md":
                raise Refusal("form")
        case {"tag": "action"}:
            _exactly(part, tag=str, actions=list)
            for action in part["actions"]:
                _exactly(action, tag=str, text=dict, url=str, type=str)
        case _:
            raise Refusal("form")
