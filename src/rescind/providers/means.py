"""Which means of payment each kind of provider sends money back to, in which steps, and how its payments are called.

Apart from the adapters, whose clients take long to load: what a payment is asked of long before anything is sent.
"""

from __future__ import annotations

from datetime import timedelta

from rescind.core.money import decimals
from rescind.core.ports import Means

CARDS = frozenset({"card", "credit_card", "debit_card", "apple_pay", "google_pay"})

_WHOLE_AT_PAYPAL = ("HUF", "TWD")
_TENTHS_AT_STRIPE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")

STRIPE = Means(
    methods=CARDS | {"bancontact", "eps", "ideal", "klarna", "link", "p24", "sepa_debit"},
    payments=r"(?:pi|ch|py)_[A-Za-z0-9_]+",
    steps={"MGA": 100, **{currency: 10 for currency in _TENTHS_AT_STRIPE if decimals(currency) == 3}},
)
PAYPAL = Means(
    methods=CARDS | {"paypal", "venmo"},
    # A capture's id; numbers alone are other people's.
    payments=r"(?=[0-9]*[A-Z])[A-Z0-9]{17}",
    steps=dict.fromkeys(_WHOLE_AT_PAYPAL, 100),
)
KNOWN = (STRIPE, PAYPAL)

PAYPAL_LISTS_AFTER = timedelta(hours=3)
"""So long it takes at most until its list knows everything."""


def strictest(currency: str) -> int:
    """The smallest amount that every kind of provider moves, in minor units: for money whose provider nobody knows yet.

    The steps are powers of ten, so the largest is a multiple of each.
    """
    return max(one.steps.get(currency, 1) for one in KNOWN)
