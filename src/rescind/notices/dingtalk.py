"""Group robots of DingTalk (钉钉): Markdown, signed in the address where the robot asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, urlencode

import msgspec

from rescind.notices.robot import Came, Item, Labels, Request, one_line, plain, signature

_TOKEN = re.compile(r"[0-9A-Za-z]{64}", re.ASCII)
_FAULTS: Mapping[str, str] = {
    "300001": "no_robot",
    "300005": "no_robot",
    "400101": "no_robot",
    "400013": "no_robot",
    "130101": "too_fast",
    "410100": "too_fast",
    "660026": "too_fast",
    "90018": "too_fast",
    "90030": "too_fast",
    "460101": "too_long",
    "430103": "too_long",
    "400105": "form",
    "40035": "form",
    "43004": "form",
}
_NOT_ALLOWED = "310000"
_WAIT_S = 600
"""Who is too fast is not heard for ten minutes."""


class DingTalk:
    """Robots of 钉钉."""

    kind: ClassVar[str] = "dingtalk"
    hosts: ClassVar[frozenset[str]] = frozenset({"oapi.dingtalk.com"})
    example: ClassVar[str] = f"https://oapi.dingtalk.com/robot/send?access_token={'0' * 64}"
    signs: ClassVar[bool] = True
    per_minute: ClassVar[int] = 20
    most_bytes: ClassVar[int] = 20_000

    def key(self, parts: SplitResult) -> str:
        """The token, when the address has the form of a robot's. A signature that was copied along is no part of it."""
        query = parse_qs(parts.query)
        tokens = query.get("access_token", [])
        fits = parts.path == "/robot/send" and set(query) == {"access_token"} and len(tokens) == 1
        return tokens[0] if fits and _TOKEN.fullmatch(tokens[0]) else ""

    def request(self, url: str, secret: str, at: float, labels: Labels, items: Sequence[Item]) -> Request:
        """A message in Markdown. Its title is what a phone shows before the message is opened."""
        single = len(items) == 1
        title = one_line(items[0].title) if single else labels.heading
        heading = [] if single else [f"### {plain(labels.heading)}"]
        text = "\n\n".join([*heading, *(_written(item, labels) for item in items)])
        body = msgspec.json.encode({"msgtype": "markdown", "markdown": {"title": title, "text": text}})
        if not secret:
            return Request(url, body)
        moment = str(int(at * 1000))
        signed = {"timestamp": moment, "sign": signature(secret, f"{moment}\n{secret}")}
        return Request(f"{url}&{urlencode(signed)}", body)

    def judged(self, answer: Mapping[str, Any]) -> Came:
        """By ``errcode``, a number or its digits; 0 is taken. One code stands for all that guards a robot."""
        code, said = str(answer.get("errcode", "")), str(answer.get("errmsg", ""))
        text = f"{code}: {said}"
        if code == "0":
            return Came("", text)
        fault = _guarded(said) if code == _NOT_ALLOWED else _FAULTS.get(code, "answer")
        return Came(fault, text, _WAIT_S if fault == "too_fast" else 0)


def _guarded(said: str) -> str:
    """Which of the three guards it was."""
    low = said.lower()
    if "keyword" in low or "关键词" in said:
        return "keyword"
    return "source" if "whitelist" in low or "白名单" in said or re.search(r"\bip\b", low) else "sign"


def _written(item: Item, labels: Labels) -> str:
    link = f"\n\n[{plain(item.label or labels.open)}]({item.link})" if item.link else ""
    return f"**{plain(item.title)}**\n\n{plain(item.text)}{link}"
