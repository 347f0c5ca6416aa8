"""What was quoted, in one word, so that what is done later is what was shown."""

from __future__ import annotations

from typing import Self

import msgspec

from rescind_client import models


class Misquoted(ValueError):
    """What was passed is no quote of ours."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The order's version, what would be answered (empty for a request that was answered before), and the refund."""

    version: int
    verdict: str = ""
    refund: models.Money

    def written(self) -> str:
        """As tools give it and take it."""
        return f"{self.version}/{self.verdict}/{self.refund.amount}/{self.refund.currency}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises Misquoted."""
        version, *rest = text.split("/")
        if len(rest) != 3 or not _number(version) or not _number(rest[1]):
            raise Misquoted(text)
        verdict, amount, currency = rest
        return cls(version=int(version), verdict=verdict, refund=models.Money(amount=int(amount), currency=currency))

    @property
    def amount(self) -> models.Amount:
        """The refund as calls take it."""
        return models.Amount(amount=self.refund.amount, currency=self.refund.currency)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16
