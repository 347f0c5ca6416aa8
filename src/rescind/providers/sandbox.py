"""A provider that moves no money: every outcome can be had by the last two digits of the amount."""

from __future__ import annotations

from rescind.core.ids import RefundId
from rescind.core.ports import Captured, ProviderReply
from rescind.core.refund import ProviderOutcome

SETTLES_AFTER_S = 2
TRIES_AGAIN_AFTER_S = 900


class Sandbox:
    """Accepts a refund at once and settles it when asked again.

    Amounts ending in 13 are declined; amounts ending in 17 give no clear answer first; amounts ending in 14 have
    no account to go to. It keeps nothing: its answers follow from the id and the amount alone, so asking twice is the
    same as asking once.
    """

    name = "sandbox"

    async def refund(self, refund: RefundId, method: str, amount_minor: int, currency: str) -> ProviderReply:  # noqa: ARG002
        """Accept, decline or stay unclear."""
        match amount_minor % 100:
            case 13:
                return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=_reference(refund))
            case 14:
                return ProviderReply(
                    outcome=ProviderOutcome.NOT_SENT, cause="account_missing", check_after_s=TRIES_AGAIN_AFTER_S
                )
            case 17:
                return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=SETTLES_AFTER_S)
            case _:
                return ProviderReply(
                    outcome=ProviderOutcome.SUBMITTED, reference=_reference(refund), check_after_s=SETTLES_AFTER_S
                )

    async def look_up(self, refund: RefundId) -> ProviderReply:
        """Whatever was accepted has arrived by now."""
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=_reference(refund))

    async def captured(self, number: str, tender: str, method: str, amount_minor: int, currency: str) -> Captured:  # noqa: ARG002
        """It takes no money either, so it knows of none."""
        return Captured(clear=True)


def _reference(refund: RefundId) -> str:
    return f"sandbox-{refund[-10:]}"
