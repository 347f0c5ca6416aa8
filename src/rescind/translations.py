"""Translations of what was said, where the operator has a translator: asked for by whoever reads, kept once.

Nothing decides by them: what was said is what its author wrote.
"""

from __future__ import annotations

from rescind.access.principal import Principal
from rescind.conversations import Conversations
from rescind.core.conversation import Translation, side_of
from rescind.core.errors import InvalidField, NoTranslator, one_of
from rescind.core.ids import MessageId, canonical
from rescind.core.ports import Translator
from rescind.locales import LANGUAGE_NAMES
from rescind.postgres.translations import TranslationTable


class Translations:
    """translator: None where the operator has none."""

    def __init__(self, table: TranslationTable, conversations: Conversations, translator: Translator | None) -> None:
        self._table = table
        self._conversations = conversations
        self._translator = translator

    @property
    def here(self) -> bool:
        """Whether anybody can ask."""
        return self._translator is not None

    async def ask(self, who: Principal, thread: str, message: str, language: str) -> Translation:
        """A message in a language; the translation that is there already, whoever asked for it.

        Raises Forbidden, NotFound, InvalidField, NoTranslator, and Unavailable where it could not be translated.
        """
        if language not in LANGUAGE_NAMES:
            raise InvalidField(field="/language", expected=one_of(LANGUAGE_NAMES))
        found = await self._conversations.thread(who, canonical("cnv", thread))
        side, identifier = side_of(who.role), MessageId(canonical("msg", message))
        text, known = await self._table.words(found.id, identifier, side, language)
        if known is not None:
            return known
        if self._translator is None:
            raise NoTranslator
        # Outside of any transaction: it may take its time.
        translated = await self._translator.translate(text, language)
        await self._table.keep(identifier, language, translated, self._translator.name)
        _, kept = await self._table.words(found.id, identifier, side, language)
        assert kept is not None, "it was kept, or another one was before"
        return kept
