"""Numbers that were told of parcels, compared with those of the shop's other orders once they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rescind.core import tracking
from rescind.core.actor import SYSTEM
from rescind.core.fulfilment import FactReported
from rescind.core.record import Record
from rescind.engine import Engine, Submission
from rescind.postgres.due import Told
from rescind.postgres.tracking import TrackingTable
from rescind.worker.each import each


@dataclass(frozen=True, slots=True)
class Numbers:
    """Looks for a number that was told of a parcel of another buyer, too, and has a person look.

    It looks after the commit: whichever of two orders is written last sees the other, however they arrive together.
    """

    engine: Engine
    table: TrackingTable

    async def compare(self, told: Sequence[Told]) -> None:
        """Compare what was just told. Raises an ExceptionGroup of what failed; what was noted is not noted again."""
        asked = [(one.order, fact) for one in told for fact in _numbered(one.records)]
        places = await self.table.reused([(order, fact.carrier, fact.tracking) for order, fact in asked])
        commands = [
            tracking.NoteReusedTracking(order=order.id, parcel=fact.parcel, tracking=fact.tracking)
            for place, (order, fact) in enumerate(asked)
            if place in places
        ]
        await each(self._note(command) for command in commands)

    async def _note(self, command: tracking.NoteReusedTracking) -> None:
        await self.engine.handle(Submission(command=command, actor=SYSTEM))


def _numbered(records: Iterable[Record]) -> list[FactReported]:
    """What was reported of parcels with a number."""
    events = (one.event for one in records)
    return [one for one in events if isinstance(one, FactReported) and one.tracking and one.parcel]
