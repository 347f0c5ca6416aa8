"""A provider that moves no money: every outcome can be had by the last two digits of the amount."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rescind.core.errors import Unavailable
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.ports import Captured, PaymentCall, ProviderRefund, ProviderReply, ProviderTraits, RefundCall
from rescind.core.refund import SANDBOX, ProviderOutcome

SETTLES_AFTER_S = 2
TRIES_AGAIN_AFTER_S = 900


class Sandbox:
    """Accepts a refund at once and settles it when asked again.

    Amounts ending in 13 are declined; amounts ending in 17 give no clear answer first; amounts ending in 14 have
    no account to go to. It keeps nothing: its answers follow from the id and the amount alone, so asking twice is the
    same as asking once.
    """

    name = SANDBOX
    traits = ProviderTraits(releases=True, pays_into=True, test=True)

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Accept, decline or stay unclear."""
        match call.amount_minor % 100:
            case 13:
                return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=_reference(call.refund))
            case 14:
                return ProviderReply(
                    outcome=ProviderOutcome.NOT_SENT, cause="account_missing", check_after_s=TRIES_AGAIN_AFTER_S
                )
            case 17:
                return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=SETTLES_AFTER_S)
            case _:
                return ProviderReply(
                    outcome=ProviderOutcome.SUBMITTED, reference=_reference(call.refund), check_after_s=SETTLES_AFTER_S
                )

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Whatever was accepted has arrived by now."""
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=_reference(call.refund))

    async def captured(self, call: PaymentCall) -> Captured:  # noqa: ARG002 - the answer is the same for all
        """It takes no money either, so it knows of none."""
        return Captured(clear=True)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Nothing is held, so nothing is in the way."""
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=f"sandbox-{call.tender}")

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:  # noqa: ARG002
        """It keeps no list, as its traits say."""
        raise Unavailable(retry_after=0)
        yield


def _reference(refund: RefundId) -> str:
    return f"sandbox-{refund[-10:]}"
