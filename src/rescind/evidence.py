"""Evidence from the upload to the reader: checked, kept, named by a command, shown to those of the case, swept if not.

A file is uploaded first and named by a command or a message afterwards. The event or message that names it is what
attaches it, so there is no moment at which one of the two is written and the other is not; what nothing names goes
after two days. It is uploaded for an order, for a conversation before any, or to a shop that is about to be asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import structlog

from rescind.access.principal import Principal
from rescind.clock import Clock, wall_clock
from rescind.core.conversation import audiences, side_of
from rescind.core.errors import FileRefused, InvalidField, NotFound
from rescind.core.evidence import EvidenceRef, Home, digest, shop_at
from rescind.core.ids import EvidenceId, OrderId, ThreadId, make_id, shop_of
from rescind.core.ports import ObjectStore
from rescind.intake.evidence import take
from rescind.postgres.evidence import EvidenceTable, Hand, Old, Once, Room
from rescind.postgres.reads import Reads
from rescind.settings import Settings

log = structlog.get_logger()

MIB = 1024 * 1024
_SWEPT_AT_ONCE = 100
_RANDOM_BITS = 28
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


class Limits(NamedTuple):
    """mib: of one file; files: with one command; of_order: what each side may have sent for one order in all, and
    before any order for one conversation; there it is what a buyer may send to one shop in a day, too.
    """

    mib: int
    files: int
    of_order: Room

    @property
    def size(self) -> int:
        """Bytes of one file."""
        return self.mib * MIB


class Kept(NamedTuple):
    """A file that was taken. repeated: the same call had brought it before."""

    ref: EvidenceRef
    repeated: bool


class Shown(NamedTuple):
    """A file for its reader."""

    ref: EvidenceRef
    data: bytes

    @property
    def headers(self) -> dict[str, str]:
        """What makes sure that nothing in it runs as a page of ours (KF-25, UP-05).

        The name is ours: its sender's is never kept. A picture may be looked at, a document is saved.
        """
        way = "inline" if self.ref.picture else "attachment"
        name = f"evidence-{self.ref.id[-8:]}.{SUFFIXES[self.ref.type]}"
        return {
            "Content-Disposition": f'{way}; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }


class Evidence:
    """Keeps files and gives them out. ``limits``: what the settings allow."""

    def __init__(
        self, table: EvidenceTable, objects: ObjectStore, settings: Settings, clock: Clock, reads: Reads
    ) -> None:
        self._table = table
        self._reads = reads
        self._objects = objects
        self._clock = clock
        self.limits = Limits(
            settings.evidence_mib,
            settings.evidence_files,
            Room(settings.evidence_order_files, settings.evidence_order_mib),
        )

    async def keep(self, home: Home, who: Principal, data: bytes, declared: str = "", once: Once | None = None) -> Kept:
        """Take a file for what the caller was seen to have a part in. declared: the type its sender gives it.

        The same file from the same hand again is the same file. Raises FileRefused, EvidenceFull,
        IdempotencyKeyReused, Unavailable; after any of them there is no more than before.
        """
        if len(data) > self.limits.size:
            raise FileRefused(why="too_large", limit=self.limits.mib)
        taken = take(data)
        if declared and declared != taken.type:
            raise FileRefused(why="type")
        hand = Hand(who.role, who.holder)
        now = self._clock.read() or wall_clock()
        wanted = EvidenceRef(
            id=EvidenceId(make_id("evd", shop_at(home), now, secrets.randbits(_RANDOM_BITS))),
            type=taken.type,
            size=len(taken.data),
            digest=digest(taken.data),
        )
        claimed, repeated = await self._table.claim(home, hand, wanted, self.limits.of_order, once)
        ref = msgspec.structs.replace(wanted, id=claimed)
        try:
            await self._objects.put(_name(_order(home), ref.id), taken.data)
        except Exception:
            await self._table.forget(ref.id, once)
            raise
        await self._table.kept(ref.id)
        return Kept(ref, repeated)

    async def named(self, home: Home, who: Principal, ids: Sequence[str]) -> tuple[EvidenceRef, ...]:
        """The files a command or a message names. Raises FileRefused for too many, InvalidField for what the caller did
        not upload for this in the last day.
        """
        if not ids:
            return ()
        if len(ids) > self.limits.files:
            raise FileRefused(why="too_many_at_once", limit=self.limits.files)
        hand, once = Hand(who.role, who.holder), list(dict.fromkeys(ids))
        found = await self._table.to_attach(home, hand, once, await self._before(home, who))
        if len(found) < len(ids):
            raise InvalidField(field="/evidence", expected="ids of files that you uploaded here, each once")
        return found

    async def show(self, home: Home, who: Principal, evidence: str) -> Shown:
        """A file of what the caller sees: their own upload, one that is part of a case, or of a message to them; of an
        order also those of the questions that it followed.

        Raises NotFound.
        """
        reads = [one.value for one in audiences(side_of(who.role))]
        found = await self._table.shown(
            home, Hand(who.role, who.holder), evidence, reads, await self._before(home, who)
        )
        if found is None:
            raise NotFound(kind="evidence")
        ref, order = found
        data = await self._objects.get(_name(order, ref.id))
        if data is None:
            raise NotFound(kind="evidence")
        log.info("evidence.read", home=home, evidence=ref.id, role=who.role, credential=who.credential)
        return Shown(ref, data)

    async def _before(self, home: Home, who: Principal) -> tuple[ThreadId, ...]:
        """The questions that an order followed; none of anything else."""
        order = _order(home)
        if order is None:
            return ()
        asked = await self._reads.questions_before(who.scope, side_of(who.role), order)
        return tuple(one.id for one in asked)

    async def sweep(self) -> int:
        """Remove what no command named in time; returns how many files were looked at."""
        old = await self._table.old(_SWEPT_AT_ONCE)
        for one in old:
            if one.named:
                await self._table.mark(one)
            else:
                await self._remove(one)
        return len(old)

    async def _remove(self, one: Old) -> None:
        async with self._table.removing(one) as gone:
            if gone:
                await self._objects.delete(_name(one.order, one.id))


def _order(home: Home) -> OrderId | None:
    return OrderId(home) if home.startswith("ord_") else None


def _name(order: OrderId | None, evidence: EvidenceId) -> str:
    """Where a file lies: ids of ours only. What came before any order does not move when its question is asked."""
    return f"{shop_of(evidence)}/{order or 'questions'}/{evidence}"
