"""Group robots of WeCom (企业微信): Markdown of its own kind, nothing signed; the key in the address is the secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs

import msgspec

from rescind.notices.robot import Came, Item, Labels, Request, plain

_KEY = re.compile(r"[0-9A-Za-z-]{32,64}", re.ASCII)
_MARKDOWN_BYTES = 4096
_FAULTS: Mapping[int, str] = {
    93000: "no_robot",
    93004: "no_robot",
    93008: "no_robot",
    45009: "too_fast",
    45002: "too_long",
    40058: "too_long",
    40008: "form",
    44004: "form",
}
_WAIT_S = 60


class WeCom:
    """Robots of 企业微信."""

    kind: ClassVar[str] = "wecom"
    hosts: ClassVar[frozenset[str]] = frozenset({"qyapi.weixin.qq.com"})
    example: ClassVar[str] = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=00000000-0000-0000-0000-000000000000"
    signs: ClassVar[bool] = False
    per_minute: ClassVar[int] = 20
    most_bytes: ClassVar[int] = _MARKDOWN_BYTES
    """Of the text by its documentation; kept to by the whole body, which is more than the text."""

    def key(self, parts: SplitResult) -> str:
        """The key, when the address has the form of a robot's."""
        keys = parse_qs(parts.query).get("key", [])
        fits = parts.path == "/cgi-bin/webhook/send" and len(keys) == 1 and _KEY.fullmatch(keys[0])
        return keys[0] if fits else ""

    def request(self, url: str, secret: str, at: float, labels: Labels, items: Sequence[Item]) -> Request:  # noqa: ARG002 - nothing is signed
        """A message in Markdown."""
        heading = [f"**{plain(labels.heading)}**"] if len(items) > 1 else []
        text = "\n\n".join([*heading, *(_written(item, labels) for item in items)])
        return Request(url, msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": text}}))

    def judged(self, answer: Mapping[str, Any]) -> Came:
        """By ``errcode``; 0 is taken."""
        code = answer.get("errcode")
        said = f"{code}: {answer.get('errmsg', '')}"
        if code == 0:
            return Came("", said)
        if not isinstance(code, int):
            return Came("answer", said)
        fault = _FAULTS.get(code, "answer")
        return Came(fault, said, _WAIT_S if fault == "too_fast" else 0)


def _written(item: Item, labels: Labels) -> str:
    link = f"\n[{plain(item.label or labels.open)}]({item.link})" if item.link else ""
    return f"**{plain(item.title)}**\n> {plain(item.text)}{link}"
