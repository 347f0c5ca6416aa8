"""What was said before it was filed: a wish to cancel in a message counts from the moment of the message.

Only where the policy gives it a span, for the first request that follows it, and only while nothing has left: what is
with the carrier no message calls back. Once the buyer has asked, the wish is that request, whatever became of it: one
that was withdrawn was taken back with all that led to it.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core.cancellation.messages import Said
from rescind.core.deadline import span
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation, Parcel, Progress
from rescind.core.policy import Finding
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.verdict import SILENCE_RANK, VERDICT_RANK

VALUE = "message_counts"
"""Name of the policy's value: how long a message counts; none, or ``0h``, is not at all."""


def as_said(order: Order, said: Said | None, terms: Terms, now: Instant) -> Order | None:
    """The order as it stood when the buyer said it; None where that does not count.

    What was reported since with an earlier time counts too: facts are believed by their own clock.
    """
    if said is None or not order.placed_at <= said.at <= now or now - said.at > _counts_for(terms):
        return None
    if rank(stage(order, now)) >= rank(Stage.PARTIALLY_SHIPPING) or asked_since(order, said.at) is not None:
        return None
    return msgspec.structs.replace(
        order,
        progress=Progress(
            **{
                name: at
                for name in Progress.__struct_fields__
                if (at := getattr(order.progress, name)) is not None and at <= said.at
            }
        ),
        parcels=tuple(_as_said(one, said.at) for one in order.parcels),
    )


def asked_since(order: Order, at: Instant) -> Cancellation | None:
    """The latest request that the buyer has made since, which a wish to cancel of that moment has become."""
    mine = (one for one in reversed(order.cancellations) if one.requested_by == order.buyer and one.requested_at >= at)
    return next(mine, None)


def generosity(finding: Finding) -> tuple[int, int]:
    """Least for the kindest answer: by verdict, then by what silence means, as between layers."""
    silence = finding.deadline.on_silence if finding.deadline else None
    return VERDICT_RANK[finding.verdict], SILENCE_RANK[silence] if silence else 0


def _as_said(parcel: Parcel, at: Instant) -> Parcel:
    later = parcel.labelled_at is not None and parcel.labelled_at > at
    return msgspec.structs.replace(parcel, labelled_at=None) if later else parcel


def _counts_for(terms: Terms) -> timedelta:
    told = span(str(terms.preset.values.get(VALUE, "0h")))
    return timedelta(seconds=told.seconds) if told.elapsed else timedelta()
