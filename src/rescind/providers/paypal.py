"""Refunds through PayPal, by its own client.

What this has to know of PayPal: under a request id that was used before it answers with that refund as it is now,
whatever is asked the second time, and keeps no fault under it; it forgets an id after 45 days. A payment's refunds
cannot be listed, and the search of all transactions learns of one up to three hours late. So a refund always goes out
under its own id, which it also carries as its invoice number; what is not clear is asked for again under that id, and
only past the id's life looked for by the search.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from paypalserversdk.models.money import Money
from paypalserversdk.models.refund_request import RefundRequest

from rescind.core.errors import Unavailable
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
from rescind.providers.kinds import PAYPAL_LIVE
from rescind.providers.means import PAYPAL
from rescind.providers.paypal_certificates import Certificates
from rescind.providers.paypal_client import AGAIN_S, SOON_S, Client, Refused, Unclear
from rescind.providers.paypal_objects import Authorization, Capture, Dispute, Disputes, Refund, ours
from rescind.providers.paypal_search import LISTED_AFTER, PAYMENT, REFUND, Search, Transaction
from rescind.providers.paypal_units import to_paypal

log = structlog.get_logger()

KEY_LIFE = timedelta(days=44)
"""They say a request id is known for 45 days; our clocks may differ."""
REFUND_WITHIN = timedelta(days=180)
TIMEOUT_S = 20.0
LATER_S = 900
SEARCHED = timedelta(days=31)
"""How far back a payment is looked for that the host gave no id of."""
_ALL = "return=representation"
_ID = re.compile(r"[A-Z0-9]{10,36}")

_SPENT = frozenset({"CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED", "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"})
"""Refusals that say something of the payment itself. The money may have left by this very refund."""
_MADE = "DUPLICATE_INVOICE_ID"
"""A refund of this payment carries our id already."""
_ASKED_WRONGLY = frozenset(
    {
        *("DECIMALS_NOT_SUPPORTED", "DECIMAL_PRECISION", "INVALID_CURRENCY_CODE", "INVALID_PARAMETER_SYNTAX"),
        *("PENDING_CAPTURE", "REFUND_CAPTURE_CURRENCY_MISMATCH"),
    }
)
"""Refusals that are no word about the money: put right, or in time, the same refund may go."""


class PayPal:
    """One application at PayPal.

    direct: sellers take payments on accounts of their own, so every call about a payment acts for the account that its
    tender names. webhook: the ids of the webhooks its messages are signed for.
    """

    name: str
    traits: ProviderTraits

    def __init__(
        self,
        client_id: str,
        secret: str,
        *,
        name: str = "paypal",
        direct: bool = False,
        base: str = PAYPAL_LIVE,
        timeout_s: float = TIMEOUT_S,
        webhook: Sequence[str] = (),
    ) -> None:
        self.name, self.base, self.webhook = name, base, tuple(webhook)
        self.direct = direct
        self.traits = ProviderTraits(
            lists_refunds=True,
            lists_after=LISTED_AFTER,
            releases=True,
            idempotency_life=KEY_LIFE,
            refund_within=REFUND_WITHIN,
            test=base != PAYPAL_LIVE,
            means=PAYPAL,
        )
        self.client = Client(client_id, secret, base=base, timeout_s=timeout_s)
        self.certificates = Certificates(self.client, base)
        self._search = Search(self.client)

    async def close(self) -> None:
        """Give up the connections."""
        await self.client.close()

    # Messages.

    async def opened(self, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:
        """By their certificate, over the sum of the bytes and the id of a webhook of ours."""
        from rescind.providers import paypal_messages  # noqa: PLC0415 - it reads what is declared here

        return await paypal_messages.opened(self, body, headers, now)

    async def news(self, body: bytes) -> tuple[News, ...] | None:
        """Of refunds and disputes a message says only which one; how that stands is asked."""
        from rescind.providers import paypal_messages  # noqa: PLC0415 - as above

        return await paypal_messages.news(self, body)

    # The port.

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask for it under its own id; past the id's life only after looking for it (ID-05)."""
        if call.at - call.owed_at >= KEY_LIFE:
            return await self._found_or_sent(call)
        return await self._send(call)

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """By their id; else by asking again under ours, to which they answer with the refund that there is."""
        if not call.reference:
            return await self.refund(call)
        try:
            found = await self._refund(call.reference, self._for(call))
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused:
            return _doubt(AGAIN_S)
        return self._reply(call, found)

    async def captured(self, call: PaymentCall) -> Captured:
        """By the id of the capture, or of the authorisation that was to be captured; without one, by the host's number
        as the invoice number of a payment of the last month.
        """
        merchant = self._for(call)
        try:
            if not call.payment:
                return await self._came_in_by_number(call)
            try:
                return _came_in(await self._capture(call.payment, merchant))
            except Refused as refused:
                if refused.status != 404:
                    raise
            held = await self._authorization(call.payment, merchant)
        except Unclear as unclear:
            return Captured(clear=False, check_after_s=unclear.after_s)
        except Refused as refused:
            # Nothing is known there by that name. No access at all says nothing of the payment.
            return Captured(clear=refused.status == 404, check_after_s=AGAIN_S)
        # What was captured of an authorisation has an id of its own, which the host will tell.
        return Captured(clear=held.status not in {"CAPTURED", "PARTIALLY_CAPTURED"}, check_after_s=LATER_S)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Void an authorisation. What was captured meanwhile stays and is refunded instead.

        It is voided whole or not at all, so while a part of it is wanted, what is let go waits for the last part.
        """
        if not _ID.fullmatch(call.payment):
            return _not_sent("details_invalid")
        merchant = self._for(call)
        asked = {
            "authorization_id": call.payment,
            "paypal_request_id": f"release-{call.order}-{call.tender}",
            "paypal_auth_assertion": merchant or None,
        }
        try:
            held = await self._authorization(call.payment, merchant)
            if held.amount and held.amount.minor > call.amount_minor and held.status in {"CREATED", "PENDING"}:
                return _not_sent("still_held")
            if held.status in {"CREATED", "PENDING"}:
                await self.client.ask(object, lambda sdk: sdk.payments.void_payment(asked))
                held = await self._authorization(call.payment, merchant)
        except (Unclear, ValueError) as unclear:
            return _doubt(unclear.after_s if isinstance(unclear, Unclear) else SOON_S)
        except Refused as refused:
            # A refusal to void says that it was captured or voided meanwhile; which of them is seen by asking again.
            return _doubt(SOON_S) if refused.status == 422 else await self._not_held(call, refused)
        match held.status:
            case "VOIDED" | "DENIED" | "EXPIRED":
                return ProviderReply(outcome=ProviderOutcome.SUCCEEDED, reference=held.id)
            case "CAPTURED" | "PARTIALLY_CAPTURED":
                return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=held.id)
            case _:
                return _doubt(SOON_S)

    async def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """Those of the application's own account, oldest first."""
        try:
            async for one in self._search.between(since, until, REFUND, whole=True):
                yield _listed(one)
        except (Unclear, Refused, ValueError) as away:
            after = away.after_s if isinstance(away, Unclear) else LATER_S
            raise Unavailable(retry_after=after) from away

    async def check(self) -> Checked:
        """Whether the keys open the account's own transactions, by reading only."""
        try:
            account = await self._search.account()
        except Unclear:
            return Checked(trouble="unreachable")
        except Refused as refused:
            return Checked(trouble="forbidden" if refused.status == 403 else "refused")
        return Checked(account=account, test=self.traits.test)

    async def find(self, reference: str, merchant: str = "") -> Refund | None:
        """A refund by their id, as it stands now; None where they know none. Raises Unavailable."""
        try:
            return await self._refund(reference, self._acting(merchant))
        except (Unclear, Refused) as away:
            return _unknown(away)

    async def find_dispute(self, reference: str, merchant: str = "") -> Dispute | None:
        """A dispute by their id, as it stands now; None where they know none. Raises Unavailable."""
        try:
            return await self.client.read(Dispute, f"/v1/customer/disputes/{_part(reference)}", self._acting(merchant))
        except (Unclear, Refused) as away:
            return _unknown(away)

    async def disputed(self, capture: str, merchant: str = "") -> bool:
        """Whether there is or was a dispute about a payment. Raises Unavailable."""
        path, merchant = "/v1/customer/disputes", self._acting(merchant)
        try:
            found = await self.client.read(Disputes, path, merchant, disputed_transaction_id=_part(capture))
        except (Unclear, Refused) as away:
            _unknown(away)
            return False
        return bool(found.items)

    # Sending.

    async def _found_or_sent(self, call: RefundCall) -> ProviderReply:
        try:
            found = await self._found(call)
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused:
            return _doubt(LATER_S)
        return found or await self._send(call)

    async def _send(self, call: RefundCall) -> ProviderReply:
        value = to_paypal(call.amount_minor, call.currency)
        if value is None or not _ID.fullmatch(call.payment):
            return _not_sent("details_invalid")
        asked = {
            "capture_id": call.payment,
            "paypal_request_id": call.refund,
            "paypal_auth_assertion": self._for(call) or None,
            "prefer": _ALL,
            "body": cast("Any", RefundRequest)(
                amount=Money(currency_code=call.currency, value=value), custom_id=call.order, invoice_id=call.refund
            ),
        }
        try:
            made = await self.client.ask(Refund, lambda sdk: sdk.payments.refund_captured_payment(asked))
        except Unclear as unclear:
            return _doubt(unclear.after_s)
        except Refused as refused:
            return await self._refusal(call, refused)
        return self._reply(call, made)

    async def _refusal(self, call: RefundCall, refused: Refused) -> ProviderReply:
        if refused.status != 422 or refused.issue in _ASKED_WRONGLY:
            return _refused(refused)
        # No more than is left can go back. Where something is left that is no word about this refund, but where nothing
        # is, it may be this one that took it, under an id that they have forgotten.
        if refused.issue == _MADE or refused.issue in _SPENT:
            try:
                found = await self._found(call)
            except (Unclear, Refused):
                return _doubt(LATER_S)
            if found:
                return found
            if refused.issue == _MADE:
                return _doubt(LATER_S)  # It was made, and the search has yet to hear of it.
        return ProviderReply(outcome=ProviderOutcome.DECLINED)

    def _reply(self, call: RefundCall, found: Refund) -> ProviderReply:
        """What a refund says of itself. One that is not what was asked for says nothing."""
        amount = found.amount
        same = amount and (amount.value, amount.currency_code) == (
            to_paypal(call.amount_minor, call.currency),
            call.currency,
        )
        if amount and not same:
            log.error("provider.other_amount", provider=self.name, refund=call.refund, reference=found.id)
        outcome = found.outcome if same else ProviderOutcome.IN_DOUBT
        return _replied(outcome, found.id)

    async def _found(self, call: RefundCall) -> ProviderReply | None:
        """This refund among all of its time, by our id (ID-05). Raises Unclear, Refused."""
        since = call.owed_at - timedelta(days=1)
        async for one in self._search.between(since, call.at, REFUND, merchant=self._for(call)):
            if one.invoice_id == call.refund:
                if (-one.minor, one.currency) == (call.amount_minor, call.currency):
                    return _replied(one.outcome, one.transaction_id)
                log.error("provider.other_amount", provider=self.name, refund=call.refund, reference=one.transaction_id)
                return _replied(ProviderOutcome.IN_DOUBT, one.transaction_id)
        return None

    # Asking.

    async def _not_held(self, call: PaymentCall, refused: Refused) -> ProviderReply:
        """What is no authorisation may be a capture by now."""
        if refused.status == 404 and (await self.captured(call)).at is not None:
            return ProviderReply(outcome=ProviderOutcome.DECLINED, reference=call.payment)
        return _refused(refused)

    async def _refund(self, reference: str, merchant: str) -> Refund:
        asked = {"refund_id": _part(reference), "paypal_auth_assertion": merchant or None}
        return await self.client.ask(Refund, lambda sdk: sdk.payments.get_refund(asked))

    async def _capture(self, name: str, merchant: str) -> Capture:
        return await self.client.read(Capture, f"/v2/payments/captures/{_part(name)}", merchant)

    async def _authorization(self, name: str, merchant: str) -> Authorization:
        asked = {"authorization_id": _part(name), "paypal_auth_assertion": merchant or None}
        return await self.client.ask(Authorization, lambda sdk: sdk.payments.get_authorized_payment(asked))

    async def _came_in_by_number(self, call: PaymentCall) -> Captured:
        now = datetime.now(UTC)
        async for one in self._search.between(now - SEARCHED, now, PAYMENT, merchant=self._for(call)):
            if call.number in {one.invoice_id, one.custom_field} and one.currency == call.currency:
                if one.outcome is not ProviderOutcome.SUCCEEDED:
                    return Captured(clear=False, check_after_s=LATER_S)
                return Captured(clear=True, at=one.at, amount_minor=one.minor)
        return Captured(clear=True)

    def _for(self, call: PaymentCall) -> str:
        return self._acting(call.account)

    def _acting(self, merchant: str) -> str:
        return self.client.acts_for(merchant) if merchant and self.direct else ""


def _came_in(capture: Capture) -> Captured:
    match capture.status:
        case "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED":
            try:
                return Captured(clear=True, at=capture.create_time, amount_minor=capture.amount.minor)
            except ValueError:
                return Captured(clear=False, check_after_s=AGAIN_S)
        case "DECLINED" | "FAILED":
            return Captured(clear=True)
        case _:
            return Captured(clear=False, check_after_s=LATER_S)


def _listed(one: Transaction) -> ProviderRefund:
    return ProviderRefund(
        reference=one.transaction_id,
        refund=ours("ref", one.invoice_id),
        payment=one.paypal_reference_id if one.paypal_reference_id_type == "TXN" else "",
        amount_minor=-one.minor,
        currency=one.currency,
        status=one.outcome,
        at=one.at,
    )


def _part(name: str) -> str:
    """One part of a path; anything else is nothing that they would know."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
        raise Refused(404, "INVALID_RESOURCE_ID")
    return name


def _unknown(away: Unclear | Refused) -> None:
    if isinstance(away, Unclear):
        raise Unavailable(retry_after=away.after_s) from away
    if away.status != 404:
        raise Unavailable(retry_after=LATER_S) from away


def _replied(outcome: ProviderOutcome, reference: str) -> ProviderReply:
    final = outcome in {ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}
    return ProviderReply(outcome=outcome, reference=reference, check_after_s=0 if final else LATER_S)


def _doubt(after_s: int) -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=after_s)


def _refused(refused: Refused) -> ProviderReply:
    return _not_sent("not_set_up" if refused.status in {401, 403} else "details_invalid")


def _not_sent(cause: str) -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause=cause, check_after_s=AGAIN_S)
