"""By a browser that somebody wants to be told in, while no page is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from rescind.locales import locale
from rescind.notices.channel import Answer, Refused, Sent, Unclear
from rescind.notices.words import Words


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser shows. url: where a click leads, within this site. tag: a later one with it takes its place."""

    title: str
    body: str
    url: str
    tag: str
    lang: str = ""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a message. fault: empty when the service took it. gone: the browser wants nothing more.

    again: trying later may help; wait_s: not before so many seconds.
    """

    fault: str = ""
    said: str = ""
    gone: bool = False
    again: bool = False
    wait_s: int = 0


Send = Callable[[str, Shown, bool], Awaitable[Pushed]]
"""Sends a message to the browser with this id, now. The last: whether somebody waits for an answer."""


class Push:
    """One message to one browser."""

    name = "push"

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, words: Words, address: str) -> Answer:
        """Send it. address: the subscription's id."""
        spoken = locale(words.language)
        body = ("" if spoken.tag == "zh" else " ").join(filter(None, (words.sentence, words.move)))
        shown = Shown(title=words.subject, body=body, url=words.link, tag=words.notice, lang=spoken.html_lang)
        pushed = await self._send(address, shown, bool(words.deadline))
        if not pushed.fault:
            return Sent(pushed.said)
        if pushed.again:
            return Unclear(pushed.said or pushed.fault, pushed.wait_s or None)
        return Refused(pushed.said or pushed.fault, gone=pushed.gone)
