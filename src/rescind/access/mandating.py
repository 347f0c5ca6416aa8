"""Mandates for programs: a person makes one for a key, sees what is used of it, and ends it at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec

from rescind.access.people import By
from rescind.access.principal import Principal
from rescind.core.errors import Forbidden, IdempotencyKeyReused, InvalidField, NotFound
from rescind.core.ids import ShopId, base32, derived
from rescind.core.instant import Instant
from rescind.core.mandate import bounds
from rescind.intake.fields import currencies, moment
from rescind.intake.text import words
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.mandates import ActView, MandateTable, MandateView, NewMandate
from rescind.postgres.reads import Reads

_ID_BITS, _ID_LENGTH = 110, 22
_LONGEST_REASON = 500


class WantedMandate(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate as somebody asks for it. key: the mark of the key; because: why, in their own words; the rest as in
    ``core.mandate.Bounds``.
    """

    key: str
    acts: Sequence[str]
    shops: Sequence[str] = ()
    buyer: str = ""
    currency: str
    each_minor: int
    a_day_minor: int
    acts_a_day: int | None = None
    until: datetime
    because: str


class Mandates:
    """Making, showing and ending them; each leaves a line in the record of who did what."""

    def __init__(self, table: MandateTable, record: AccountTable, reads: Reads) -> None:
        self._table = table
        self._record = record
        self._reads = reads

    async def all(self, now: Instant, shop: ShopId | None = None) -> tuple[MandateView, ...]:
        """Those that hold first; shop: its own, those of the platform over its orders, and whose programs acted there.

        Of a mandate that is not its own a shop is told what was used on its own orders.
        """
        return await self._table.all(now, shop)

    async def one(self, identifier: str, now: Instant, shop: ShopId | None = None) -> MandateView:
        """One of them. Raises NotFound."""
        return await self._table.one(identifier, now, shop)

    async def acts(
        self, identifier: str, after: int | None = None, limit: int = 25, shop: ShopId | None = None
    ) -> tuple[tuple[ActView, ...], int | None]:
        """What was done under one, the last first, and after which the next part goes on; shop: on its orders alone."""
        found = await self._table.acts(identifier, after, limit + 1, shop)
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def of(self, who: Principal, now: Instant) -> MandateView | None:
        """The last one that a program was given."""
        return await self._table.one(who.mandate, now) if who.mandate else None

    async def make(self, who: By, wanted: WantedMandate, now: Instant, *, key: str = "") -> MandateView:
        """Let a program do so much. key: the same one makes one mandate.

        Raises InvalidField, InvalidText, NotFound (no key in force that acts under mandates alone), MandateStands,
        IdempotencyKeyReused.
        """
        if wanted.currency not in currencies():
            raise InvalidField(field="/currency", expected="three capital letters of ISO 4217")
        allowed = bounds(
            acts=wanted.acts,
            shops=[ShopId(one) for one in wanted.shops],
            buyer=wanted.buyer,
            currency=wanted.currency,
            each_minor=wanted.each_minor,
            a_day_minor=wanted.a_day_minor,
            acts_a_day=wanted.acts_a_day,
            until=moment(wanted.until, field="/until"),
            now=now,
            known={one.id for one in await self._reads.shops()},
        )
        await self._require_known(wanted.buyer)
        because = words(wanted.because, field="/because", limit=_LONGEST_REASON)
        new = NewMandate(
            id=f"man_{derived(f'mandate {who.who} {key}') if key else _new_id()}",
            key=wanted.key,
            bounds=allowed,
            because=because,
            by=who.who,
            by_name=who.name,
            at=now,
        )
        before = await self._made(new) if key else None
        if before is not None:
            return before
        await self._table.add(new)
        made = await self._table.one(new.id, now)
        await self._note("mandate_made", who, made)
        return made

    async def end(self, who: By, identifier: str, now: Instant, shop: ShopId | None = None) -> MandateView:
        """End one now, also for whoever is using it; shop: only where its own program acts under it.

        Raises NotFound, Forbidden.
        """
        if shop is not None and (await self._table.one(identifier, now, shop)).shop != shop:
            raise Forbidden(action="mandates_end")
        ended = await self._table.end(identifier, now, who.who, who.name)
        found = await self._table.one(identifier, now, shop)
        if ended:
            await self._note("mandate_ended", who, found)
        return found

    async def _require_known(self, buyer: str) -> None:
        """A mandate for somebody who is not here lets nothing be done, which nobody means. Raises InvalidField."""
        if not buyer:
            return
        try:
            await self._reads.buyer(buyer)
        except NotFound:
            raise InvalidField(field="/buyer", expected="a buyer of this marketplace") from None

    async def _made(self, new: NewMandate) -> MandateView | None:
        """What the same call made before. Raises IdempotencyKeyReused where it was another."""
        try:
            made = await self._table.one(new.id, new.at)
        except NotFound:
            return None
        if (made.key, made.bounds, made.because) != (new.key, new.bounds, new.because):
            raise IdempotencyKeyReused
        return made

    async def _note(self, act: str, who: By, mandate: MandateView) -> None:
        whom = f"{mandate.program} ({mandate.id})"
        note = Note(act=act, by=who.who, by_name=who.name, whom=whom, role=mandate.role, shop=mandate.shop or "")
        await self._record.note(note)


def _new_id() -> str:
    return base32(secrets.randbits(_ID_BITS), _ID_LENGTH)
