"""A report taken back, as the host, a seller or support says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from rescind.core.correction import CorrectFact, CorrectionReason
from rescind.core.event import Note
from rescind.core.ids import OrderId
from rescind.intake import fields
from rescind.intake.fields import Incoming, Moment, Words
from rescind.intake.text import words


class Correction(Incoming, frozen=True, kw_only=True):
    """What was reported was not so. ``event``: the number of the event that reported it, as the timeline has it.

    occurred_at: when it really happened; without it, it did not happen.
    """

    event: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    reason: CorrectionReason
    occurred_at: Moment | None = None
    comment: Words = ""


def correct_fact(body: Correction, order: OrderId, note: Callable[[str], Note]) -> CorrectFact:
    """The command for a correction; ``note`` keeps somebody's words. Raises InvalidField, InvalidText."""
    said = words(body.comment, field="/comment", blank=True)
    return CorrectFact(
        order=order,
        seq=body.event,
        reason=body.reason,
        occurred_at=None if body.occurred_at is None else fields.moment(body.occurred_at, field="/occurred_at"),
        comment=note(said) if said else None,
    )
