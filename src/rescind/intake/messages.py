"""What a host sends to a source by a signed message: the same documents as it reports to the API, in an envelope."""

from __future__ import annotations

from typing import Literal

from rescind.intake.facts import Fact
from rescind.intake.fields import Identifier, Incoming, Moment
from rescind.intake.orders import NewOrder

TYPES = ("order.placed", "order.fact")


class OrderMessage(Incoming, frozen=True, kw_only=True):
    """An order was placed. timestamp: when the host wrote this; nothing follows from it."""

    type: Literal["order.placed"]
    data: NewOrder
    timestamp: Moment | None = None


class FactMessage(Incoming, frozen=True, kw_only=True):
    """Something happened to an order. number: the host's own for it; shop: whose it is, if the source does not say."""

    type: Literal["order.fact"]
    number: Identifier
    data: Fact
    shop: str | None = None
    timestamp: Moment | None = None
