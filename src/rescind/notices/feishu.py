"""Group robots of Feishu (飞书) and Lark: a card, signed in its body where the robot asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import SplitResult

import msgspec

from rescind.notices.robot import Came, Item, Labels, Request, one_line, signature

_PATH = re.compile(r"/open-apis/bot/v2/hook/([0-9A-Za-z-]{32,64})", re.ASCII)
_FAULTS: Mapping[int, str] = {
    19021: "sign",
    19022: "source",
    19024: "keyword",
    19001: "no_robot",
    19002: "form",
    19007: "no_robot",
    9499: "form",
    11232: "too_fast",
    11247: "too_long",
}
_WAIT_S = 60
_MARKUP = re.compile(r"[<>*_~`\[\]#&]")


class Feishu:
    """Robots of 飞书, which abroad is called Lark."""

    kind: ClassVar[str] = "feishu"
    hosts: ClassVar[frozenset[str]] = frozenset({"open.feishu.cn", "open.larksuite.com"})
    example: ClassVar[str] = "https://open.feishu.cn/open-apis/bot/v2/hook/00000000-0000-0000-0000-000000000000"
    signs: ClassVar[bool] = True
    per_minute: ClassVar[int] = 100
    most_bytes: ClassVar[int] = 18_000
    """20 kB by its documentation, with the signature and some room."""

    def key(self, parts: SplitResult) -> str:
        """The token, when the address has the form of a robot's."""
        found = _PATH.fullmatch(parts.path)
        return found[1] if found and not parts.query else ""

    def request(self, url: str, secret: str, at: float, labels: Labels, items: Sequence[Item]) -> Request:
        """A card: a heading, and below it one part a piece of news."""
        single = len(items) == 1
        elements: list[dict[str, Any]] = []
        for item in items:
            if elements:
                elements.append({"tag": "hr"})
            elements += _written(item, labels, titled=not single)
        heading = one_line(items[0].title) if single else labels.heading
        card = {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": heading}, "template": "turquoise"},
            "elements": elements,
        }
        message: dict[str, Any] = {"msg_type": "interactive", "card": card}
        if secret:
            # The signed text is the key of the signature, and what it signs is empty.
            second = str(int(at))
            message = {"timestamp": second, "sign": signature(f"{second}\n{secret}", ""), **message}
        return Request(url, msgspec.json.encode(message))

    def judged(self, answer: Mapping[str, Any]) -> Came:
        """By ``code``; 0 is taken. Robots of the first form answer with ``StatusCode`` alone."""
        code = answer.get("code", answer.get("StatusCode"))
        said = f"{code}: {answer.get('msg', answer.get('StatusMessage', ''))}"
        if code == 0:
            return Came("", said)
        if not isinstance(code, int):
            return Came("answer", said)
        fault = _FAULTS.get(code, "answer")
        if code == 9499 and "too many" in said.lower():
            fault = "too_fast"
        return Came(fault, said, _WAIT_S if fault == "too_fast" else 0)


def _written(item: Item, labels: Labels, *, titled: bool) -> list[dict[str, Any]]:
    text = f"**{_plain(item.title)}**\n{_plain(item.text)}" if titled else _plain(item.text)
    parts: list[dict[str, Any]] = [{"tag": "div", "text": {"tag": "lark_md", "content": text}}]
    if item.link:
        button = {
            "tag": "button",
            "text": {"tag": "plain_text", "content": item.label or labels.open},
            "url": item.link,
        }
        parts.append({"tag": "action", "actions": [button | {"type": "default" if titled else "primary"}]})
    return parts


def _plain(text: str) -> str:
    """Signs that mean something are written as entities, so that a name of somebody calls nobody."""
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", one_line(text))
