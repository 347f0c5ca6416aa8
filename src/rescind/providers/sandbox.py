"""A provider for trying, which moves no money: every outcome can be had by the last two digits of the amount.

A demonstration has it from the start; any other installation only where an operator chose it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import msgspec

from rescind.core.errors import Unavailable
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.ports import (
    Captured,
    Checked,
    News,
    PaymentCall,
    ProviderRefund,
    ProviderReply,
    ProviderTraits,
    RefundCall,
    RefundNews,
    Told,
)
from rescind.core.refund import SANDBOX, ProviderOutcome

SETTLES_AFTER_S = 2
TRIES_AGAIN_AFTER_S = 900
COMES_BACK_AFTER_S = 30

Tell = Callable[[str, bytes, int], Awaitable[None]]
"""Keeps a message of this id, to be read after so many seconds."""


class Sandbox:
    """Accepts a refund at once and settles it when asked again.

    Amounts ending in 11 arrive at once; in 12 likewise, and come back later, which it tells as a provider does; in 13
    are declined; in 14 have no account to go to; in 17 give no clear answer first; in 18 never do. It keeps nothing:
    its answers follow from the id and the amount alone, so asking twice is the same as asking once.
    """

    name = SANDBOX
    traits = ProviderTraits(releases=True, pays_into=True, test=True)

    def __init__(self, tell: Tell | None = None, *, on_trial: bool = False) -> None:
        """tell: how it tells of what comes back; without it nothing does.

        on_trial: it answers for what was paid on trial alone, so that no debt of anybody's ends here.
        """
        self._tell = tell
        self._on_trial = on_trial

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Accept, decline or stay unclear."""
        if self._on_trial and not call.trial:
            return _not_ours()
        match call.amount_minor % 100:
            case 11:
                return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=_reference(call.refund))
            case 12:
                if self._tell is not None:
                    await self._tell(f"{call.refund}-back", msgspec.json.encode(_back(call)), COMES_BACK_AFTER_S)
                return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=_reference(call.refund))
            case 13:
                return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=_reference(call.refund))
            case 14:
                return ProviderReply(
                    outcome=ProviderOutcome.NOT_SENT, cause="account_missing", check_after_s=TRIES_AGAIN_AFTER_S
                )
            case 17:
                return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=SETTLES_AFTER_S)
            case 18:
                return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=TRIES_AGAIN_AFTER_S)
            case _:
                return ProviderReply(
                    outcome=ProviderOutcome.SUBMITTED, reference=_reference(call.refund), check_after_s=SETTLES_AFTER_S
                )

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Whatever was accepted has arrived by now."""
        if call.amount_minor % 100 in {13, 14, 18}:
            return await self.refund(call)
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=_reference(call.refund))

    async def news(self, body: bytes) -> tuple[News, ...] | None:
        """What it told. Raises msgspec.ValidationError."""
        return (msgspec.json.decode(body, type=RefundNews),)

    async def check(self) -> Checked:
        """There is no key to try."""
        return Checked(test=True)

    async def opened(self, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:  # noqa: ARG002
        """It tells from within; whatever comes from outside is somebody else's."""
        return None

    async def close(self) -> None:
        """It keeps nothing open."""

    async def captured(self, call: PaymentCall) -> Captured:  # noqa: ARG002 - the answer is the same for all
        """It takes no money either, so it knows of none."""
        return Captured(clear=True)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Nothing is held, so nothing is in the way."""
        if self._on_trial and not call.trial:
            return _not_ours()
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=f"sandbox-{call.tender}")

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:  # noqa: ARG002
        """It keeps no list, as its traits say."""
        raise Unavailable(retry_after=0)
        yield


def _back(call: RefundCall) -> RefundNews:
    return RefundNews(
        refund=call.refund,
        order=call.order,
        reference=_reference(call.refund),
        payments=(call.payment,) if call.payment else (),
        amount_minor=call.amount_minor,
        currency=call.currency,
        status=ProviderOutcome.DECLINED,
        at=call.at,
    )


def _not_ours() -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="not_set_up", check_after_s=TRIES_AGAIN_AFTER_S)


def _reference(refund: RefundId) -> str:
    return f"sandbox-{refund[-10:]}"
