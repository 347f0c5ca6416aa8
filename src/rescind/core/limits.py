"""How much one person, or one key, may give back on one day (the threat model's cash-out).

What a rule decides is not counted: a buyer's right does not end because somebody has been generous.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancellationApproved
from rescind.core.event import BaseEvent
from rescind.core.offer import OfferMade
from rescind.core.refund import RefundOwed
from rescind.core.second_person import ProposalConfirmed

_GIVERS = frozenset({ActorKind.SELLER, ActorKind.SUPPORT})
_BY_ITSELF = frozenset({"rule", "silence", "system", "carrier", "shipment"})


class DailyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The most refunds, and amounts in minor units by currency, of one actor on one day; None: no limit."""

    acts: int | None = None
    amounts: Mapping[str, int] = msgspec.field(default_factory=dict[str, int])

    def applies(self, currency: str) -> bool:
        """Whether anything is counted in this currency."""
        return self.acts is not None or currency in self.amounts


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation lets one person do with money. alone_up_to: by currency, what one moves by hand on one order
    in minor units; a currency that is not named has no limit.
    """

    daily: DailyLimits = DailyLimits()
    alone_up_to: Mapping[str, int] = {}


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """Money that somebody gives back by their own decision. givers: the person, or both where two decided, and the key
    they used.
    """

    givers: tuple[str, ...]
    currency: str
    amount_minor: int
    most_acts: int | None
    most_minor: int | None


def gift(events: Sequence[BaseEvent], actor: Actor, currency: str, limits: DailyLimits) -> Gift | None:
    """What of a decision counts against its actor's day; None for what a rule, or a buyer, decides."""
    if actor.kind not in _GIVERS or actor.on_behalf_of or not limits.applies(currency):
        return None
    amount = sum(map(_given, events))
    if not amount:
        return None
    proposers = tuple(f"{one.side}:{one.by}" for one in events if isinstance(one, ProposalConfirmed))
    return Gift(
        givers=(f"{actor.kind.value}:{actor.id}", *((f"key:{actor.via}",) if actor.via else ()), *proposers),
        currency=currency,
        amount_minor=amount,
        most_acts=limits.acts,
        most_minor=limits.amounts.get(currency),
    )


def _given(event: BaseEvent) -> int:
    match event:
        case CancellationApproved() if event.by not in _BY_ITSELF:
            return sum(one.amount_minor for one in event.refunds if not one.release)
        case RefundOwed() if event.by:
            return sum(one.amount_minor for one in event.refunds)
        case OfferMade():
            return event.amount_minor
        case _:
            return 0
