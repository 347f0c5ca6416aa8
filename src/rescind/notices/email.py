"""By mail: a row in the queue that mail has, which names the notice and says nothing yet."""

from __future__ import annotations

from typing import Protocol

from rescind.core.errors import AddressBounces
from rescind.notices.channel import Answer, Refused, Sent
from rescind.notices.words import Words


class Outbox(Protocol):
    """Where a mail waits until a server takes it."""

    async def tell_of(self, notice: str, order: str, reader: str, language: str, address: str) -> str:
        """Let a mail tell of a notice, once however often it is called; its id. Raises AddressBounces."""
        ...


class Email:
    """The words are made when the mail is handed over: they have to be true then (KF-15)."""

    name = "email"

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def send(self, words: Words, address: str) -> Answer:
        """Put it into the queue."""
        try:
            mail = await self._outbox.tell_of(words.notice, words.order, words.reader, words.language, address)
        except AddressBounces:
            return Refused("this address takes no mail", gone=True)
        return Sent(mail)
