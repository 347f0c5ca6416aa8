"""A machine that translates what was said, run by the operator: one call in the wire form of LibreTranslate.

What people write to each other goes to it, so nobody is asked unless an operator has named one. What it answers is
somebody else's text: it is read within limits and shown as text.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog

from rescind.core.errors import Unavailable
from rescind.setting_values import TranslationServer
from rescind.webhooks.egress import Address, is_public
from rescind.webhooks.posting import guarded

log = structlog.get_logger()

PATIENCE_S = 10.0
LONGEST = 8000
"""Characters of an answer: no language needs four times as many as another."""
AT_ONCE = 4
READ_BYTES = 64 * 1024
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""Networks of one's own. What clouds tell their machines is at none of them."""
AGAIN_S = 60


class _Answer(msgspec.Struct, frozen=True):
    translated: str = msgspec.field(name="translatedText")


class LibreTranslate:
    """Asks one server. ``name``: what it is called beside what it wrote."""

    def __init__(self, said: TranslationServer, *, patience_s: float = PATIENCE_S) -> None:
        self.name = said.name
        self._said = said
        self._patience_s = patience_s
        self._places = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="translator")

    async def translate(self, text: str, language: str) -> str:
        """The text in this language. Raises Unavailable, whatever the reason; the log has it."""
        if self._places.locked():
            raise Unavailable(retry_after=5)
        async with self._places:
            try:
                async with asyncio.timeout(self._patience_s):
                    return await self._ask(text, language)
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError, msgspec.MsgspecError) as fault:
                log.warning("translator.failed", fault=type(fault).__name__, said=str(fault)[:200])
                raise Unavailable(retry_after=AGAIN_S) from None

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, text: str, language: str) -> str:
        asked = {"q": text, "source": "auto", "target": language, "format": "text"}
        if self._said.key_file is not None:
            asked["api_key"] = self._said.key_file.read_text("utf-8").strip()
        secure = urlsplit(self._said.url).scheme == "https"
        session = guarded(self._allowed, ssl.create_default_context() if secure else False, self._threads)
        async with (
            session,
            session.post(
                f"{self._said.url}/translate", data=msgspec.json.encode(asked), allow_redirects=False
            ) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            data = await answer.content.read(READ_BYTES + 1)
            while len(data) <= READ_BYTES and not answer.content.at_eof():
                data += await answer.content.read(READ_BYTES + 1 - len(data))
        if len(data) > READ_BYTES:
            raise ValueError("its answer has no end")
        return _text(msgspec.json.decode(data, type=_Answer).translated)

    def _allowed(self, address: Address) -> bool:
        """Whether it is where a translator may be: by plain HTTP inside one's own network alone."""
        inside = self._said.private and any(address in one for one in _INSIDE)
        return inside or (self._said.url.startswith("https:") and is_public(address))


def _text(said: str) -> str:
    """What may be shown: one's own signs of line ends, nothing that is not to be seen."""
    lines = said.replace("\r\n", "\n").split("\n")
    text = "\n".join("".join(sign for sign in line if sign.isprintable()) for line in lines).strip()
    if not text or len(text) > LONGEST:
        raise ValueError("its answer is empty, or too long")
    return text
