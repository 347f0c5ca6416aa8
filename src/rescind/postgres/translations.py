"""Translations as rows, beside the messages they are of, and gone with their words."""

from __future__ import annotations

from typing import Any

import asyncpg

from rescind.clock import Clock
from rescind.core.conversation import Side, Translation, audiences
from rescind.core.errors import NotFound
from rescind.core.ids import MessageId, ThreadId, shop_of

_WORDS = """
SELECT m.body, t.body AS translated, t.translator, t.translated_at
FROM messages m LEFT JOIN translations t
    ON t.shop_id = m.shop_id AND t.message_id = m.message_id AND t.language = $5
WHERE m.shop_id = $1 AND m.thread_id = $2 AND m.message_id = $3 AND m.audience = ANY($4::text[])
"""
# Whoever erases the words at this moment is waited for: what was erased meanwhile is not written down again.
_KEEP = """
INSERT INTO translations (shop_id, message_id, language, body, translator, translated_at)
SELECT shop_id, message_id, $3, $4, $5, coalesce($6, clock_timestamp())
FROM (SELECT shop_id, message_id FROM messages
      WHERE shop_id = $1 AND message_id = $2 AND body IS NOT NULL FOR SHARE) AS m
ON CONFLICT DO NOTHING
"""


class TranslationTable:
    """Whoever calls has seen the conversation through their own scope."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def words(
        self, thread: ThreadId, message: MessageId, side: Side, language: str
    ) -> tuple[str, Translation | None]:
        """What a message says to a side that reads it, and its translation where there is one.

        Raises NotFound: there is no such message for this side, or its words were erased.
        """
        readable = [one.value for one in audiences(side)]
        row = await self._pool.fetchrow(_WORDS, shop_of(thread), thread, message, readable, language)
        if row is None or row["body"] is None:
            raise NotFound(kind="message")
        if row["translated"] is None:
            return row["body"], None
        return row["body"], Translation(text=row["translated"], by=row["translator"], at=row["translated_at"])

    async def keep(self, message: MessageId, language: str, text: str, translator: str) -> None:
        """Keep a translation; the one that is there stays, and for words that were erased meanwhile there is none."""
        await self._pool.execute(_KEEP, shop_of(message), message, language, text, translator, self._clock.read())
