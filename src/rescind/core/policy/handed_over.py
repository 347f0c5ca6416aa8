"""What no layer can say yes to: cancelling goods that a carrier or the buyer has (M-10, KF-22).

A cancellation stops something. Of what was handed over only the carrier can still stop anything, and the platform may
look at it; once it has arrived, it is a return. A seller may stop a parcel of their own on its way where the platform's
rules for the market say so (R-037), and by no rule of a shop.
"""

from __future__ import annotations

from typing import Final

from rescind.core.policy.policy import Rule
from rescind.core.policy.resolved import ResolvedRule
from rescind.core.policy.tree import Always
from rescind.core.stage import Stage
from rescind.core.verdict import OnSilence, Verdict

GONE: Final = frozenset({Stage.IN_TRANSIT, Stage.DELIVERED, Stage.COMPLETED, Stage.CANCELLED})
"""Stages at which nothing of an order is left in the house: whatever is selected was handed over, or is stopped."""

PLAIN: Final = ("request", "seller_cancel")
"""Questions of a buyer or a seller that are no more than: stop it."""

OVER: Final = {
    on: ResolvedRule(
        rule=Rule(
            id="HANDED-OVER-1",
            on=on,
            when=Always(holds=True),
            text="TRUE",
            verdict=Verdict.REFUSE,
            instead="return_or_refund",
            cites=("M-10", "KF-22"),
        ),
        deadline=None,
        rank=15,
    )
    for on in PLAIN
}
"""What is answered where every layer would have said yes."""


def within(on: str, stage: str, layer: str, rule: ResolvedRule) -> bool:
    """Whether a rule that holds at this stage may count."""
    if rule.verdict is Verdict.REFUSE or stage not in GONE or on not in OVER:
        return True
    if stage != Stage.IN_TRANSIT:
        return False
    if on == "seller_cancel":
        return layer == "preset"
    if rule.verdict is Verdict.REVIEW:
        return rule.deadline is None or rule.deadline.on_silence is not OnSilence.APPROVE
    return rule.verdict is Verdict.ASK_CARRIER
