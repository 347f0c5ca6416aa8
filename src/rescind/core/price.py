"""What a price was made of besides goods and delivery, and what of it stays with the seller: stored in the order."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from rescind.core.instant import Instant

Payer = Literal["seller", "platform"]
"""Who bears a part: of a discount that was given, of money that goes back."""


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what is stored inside an order; defaults are left out of the bytes."""


class Charge(_State, frozen=True, kw_only=True):
    """Something the buyer paid for the order as a whole: a service fee, a delivery levy (R-142). Minor units.

    returns: it goes back with the last of the order; otherwise it stays, as it was said at checkout. by: whose money.
    """

    code: str
    amount_minor: int
    returns: bool = True
    by: Payer = "platform"


class BenefitKind(StrEnum):
    """What a buyer gave up for a discount and gets back as what it was, never as money."""

    VOUCHER = "voucher"
    POINTS = "points"


class Benefit(_State, frozen=True, kw_only=True):
    """A voucher or points used for this order. ``id``: the host's. units: 1 for a voucher, the count of points.

    by: who gave the discount for it. returned: how many of the units went back.
    """

    id: str
    kind: BenefitKind
    units: int = 1
    by: Payer = "platform"
    expires_at: Instant | None = None
    returned: int = 0


class Fee(_State, frozen=True, kw_only=True):
    """What the seller keeps of a cancellation, by a rule of the policy. Minor units.

    line: whose price it is taken from, and ``units`` of how many units; empty for what is kept once a cancellation.
    """

    rule: str
    amount_minor: int
    line: str = ""
    units: int = 0
