"""Refunds through Stripe.

What this has to know of Stripe: a 5xx is kept under the idempotency key, so that asking again under it gives the same
5xx while the money may have left; asking for more than is left has no error code; a key is forgotten after a day, and a
new one would pay again. So a refund always goes out under its own id, carries that id in its metadata, and is looked
for by it wherever an answer was not clear.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

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
    Told,
)
from rescind.core.refund import ProviderOutcome
from rescind.providers import stripe_messages
from rescind.providers.means import STRIPE
from rescind.providers.stripe_client import (
    AGAIN_S,
    LATER_S,
    SOON_S,
    Refused,
    StripeClient,
    Unclear,
    is_charge,
    payment_name,
)
from rescind.providers.stripe_objects import ORDER, REFUND, Charge, Refund, instant
from rescind.providers.stripe_units import from_stripe, to_stripe

if TYPE_CHECKING:
    import stripe

log = structlog.get_logger()

KEY_LIFE = timedelta(hours=23)
"""They say a key is known for at least 24 hours; our clocks may differ."""
TIMEOUT_S = 20.0

_SPENT = frozenset({"charge_already_refunded", "charge_disputed"})
"""Refusals that say something of the payment itself. The money may have left by this very refund."""


class Stripe:
    """One account at Stripe.

    direct: sellers take payments on accounts of their own, so a payment is looked for on the account its tender names.
    Otherwise all are the platform's, and what was handed on to a seller's account comes back from there.
    """

    name: str
    traits: ProviderTraits

    def __init__(
        self,
        key: str,
        *,
        name: str = "stripe",
        direct: bool = False,
        base: str = "",
        timeout_s: float = TIMEOUT_S,
        webhook: Sequence[str] = (),
    ) -> None:
        """webhook: what its messages are signed with."""
        self.name = name
        self._webhook = tuple(webhook)
        self._direct = direct
        self.traits = ProviderTraits(
            lists_refunds=True,
            releases=True,
            reverses_transfers=not direct,
            idempotency_life=KEY_LIFE,
            test=key.startswith(("sk_test_", "rk_test_")),
            means=STRIPE,
        )
        self._client = StripeClient(key, name=name, direct=direct, base=base, timeout_s=timeout_s)

    async def close(self) -> None:
        """Give up the connections."""
        await self._client.close()

    # --- messages ----------------------------------------------------------------------------------------------------

    async def opened(self, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:
        """By one of the signing secrets, over the bytes and the time of the delivery."""
        return stripe_messages.opened(body, headers, self._webhook, now)

    async def news(self, body: bytes) -> tuple[News, ...] | None:
        """Of refunds and disputes a message says only which one; how that stands is asked."""
        return await stripe_messages.news(self._client, body)

    # --- the port ----------------------------------------------------------------------------------------------------

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask for it under its own id; past the key's life only after looking for it (ID-05)."""
        if call.at - call.owed_at >= KEY_LIFE:
            return await self._found_or_sent(call)
        return await self._send(call)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """By their id; else by ours. What is not there was not done, and is asked for again under the same key."""
        if not call.reference:
            return await self._found_or_sent(call)
        try:
            return self._reply(call, await self._client.refund_of(call))
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused:
            return _doubt(AGAIN_S)

    async def captured(self, call: PaymentCall) -> Captured:
        """By the payment's id; without one, by the host's number in the metadata of the payment (`order`)."""
        try:
            if is_charge(call.payment):
                return _came_in(await self._client.charge(call))
            intents = [await self._client.intent(call)] if call.payment else await self._client.intents(call)
        except Unclear as unclear:
            return Captured(clear=False, check_after_s=unclear.after_s)
        except Refused as refused:
            # Nothing is known there by that name. No access at all says nothing of the payment.
            return Captured(clear=refused.code == "resource_missing", check_after_s=AGAIN_S)
        paid = next((one for one in intents if one.status == "succeeded"), None)
        if paid is None:
            return Captured(clear=all(one.status != "processing" for one in intents), check_after_s=LATER_S)
        if not isinstance(paid.latest_charge, Charge):
            return Captured(clear=False, check_after_s=SOON_S)
        return _came_in(paid.latest_charge)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Cancel an authorisation. What was captured meanwhile stays and is refunded instead.

        It is cancelled whole or not at all, so while a part of it is wanted, what is let go waits for the last part.
        """
        if not call.payment.startswith("pi_"):
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="details_invalid", check_after_s=AGAIN_S)
        try:
            held = await self._client.intent(call)
            if held.amount_capturable > (to_stripe(call.amount_minor, call.currency) or 0):
                return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="still_held", check_after_s=AGAIN_S)
            await self._client.cancel(call)
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused as refused:
            if refused.code != "payment_intent_unexpected_state":
                return _not_sent(refused)
        try:
            stands = await self._client.intent(call)
        except (Unclear, Refused):
            return _doubt(SOON_S)
        match stands.status:
            case "canceled":
                return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=stands.id)
            case "succeeded":
                return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=stands.id)
            case _:
                return _doubt(SOON_S)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """Those of the platform's own payments, newest first."""
        async for one in self._client.created(_seconds(since), _seconds(until)):
            currency = one.currency.upper()
            yield ProviderRefund(
                reference=one.id,
                refund=one.metadata.get(REFUND, ""),
                payment=one.payment_intent or one.charge or "",
                amount_minor=from_stripe(one.amount, currency),
                currency=currency,
                status=one.outcome,
                at=instant(one.created),
            )

    async def check(self) -> Checked:
        """Whether the key opens anything, by reading only, and whether it moves real money."""
        try:
            balance = await self._client.balance()
        except Unclear:
            return Checked(trouble="unreachable")
        except Refused as refused:
            return Checked(trouble="forbidden" if refused.status == 403 else "refused")
        try:
            account = await self._client.account()
        except (Unclear, Refused):
            account = ""  # A restricted key need not see it.
        return Checked(account=account, test=not balance.livemode)

    # --- sending -----------------------------------------------------------------------------------------------------

    async def _found_or_sent(self, call: RefundCall) -> ProviderReply:
        try:
            found = await self._client.search(call)
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused as refused:
            return _not_sent(refused) if refused.code == "resource_missing" else _doubt(LATER_S)
        return self._reply(call, found) if found else await self._send(call)

    async def _send(self, call: RefundCall) -> ProviderReply:
        amount, payment = to_stripe(call.amount_minor, call.currency), payment_name(call.payment)
        if amount is None or not payment:
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="details_invalid", check_after_s=AGAIN_S)
        params: stripe.params.RefundCreateParams = {
            **payment,
            "amount": amount,
            "metadata": {REFUND: call.refund, ORDER: call.order},
        }
        if call.account and not self._direct:
            params["reverse_transfer"] = True
        try:
            return self._reply(call, await self._client.refund(call, params))
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused as refused:
            return await self._refusal(call, refused)

    async def _refusal(self, call: RefundCall, refused: Refused) -> ProviderReply:
        if refused.status in {401, 403} or refused.code in {"resource_missing", "parameter_invalid_integer"}:
            return _not_sent(refused)
        # No more than is left can go back. Where something is left that is no word about this refund, but where nothing
        # is, it may be this one that took it, under a key that they have forgotten.
        if refused.code in _SPENT or refused.param == "amount":
            try:
                found = await self._client.search(call)
            except (Unclear, Refused):
                return _doubt(SOON_S)
            if found:
                return self._reply(call, found)
        return ProviderReply(outcome=ProviderOutcome.DECLINED)

    def _reply(self, call: RefundCall, found: Refund) -> ProviderReply:
        """What a refund says of itself. One that is not what was asked for says nothing."""
        same = (found.amount, found.currency.upper()) == (to_stripe(call.amount_minor, call.currency), call.currency)
        outcome = found.outcome if same else ProviderOutcome.IN_DOUBT
        if not same:
            log.error("provider.other_amount", provider=self.name, refund=call.refund, reference=found.id)
        final = outcome in {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}
        return ProviderReply(outcome=outcome, reference=found.id, check_after_s=0 if final else LATER_S)


def _came_in(charge: Charge) -> Captured:
    if not (charge.paid and charge.captured and charge.amount_captured):
        return Captured(clear=True)
    amount = from_stripe(charge.amount_captured, charge.currency.upper())
    return Captured(clear=True, at=instant(charge.created), amount_minor=amount)


def _doubt(after_s: int) -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=after_s)


def _not_sent(refused: Refused) -> ProviderReply:
    cause = "not_set_up" if refused.status in {401, 403} else "details_invalid"
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause=cause, check_after_s=AGAIN_S)


def _seconds(at: Instant) -> int:
    return int(at.timestamp())
