"""Refunds through Stripe, by its own client.

What this has to know of Stripe: a 5xx is kept under the idempotency key, so that asking again under it gives the same
5xx while the money may have left; asking for more than is left has no error code; a key is forgotten after a day, and a
new one would pay again. So a refund always goes out under its own id, carries that id in its metadata, and is looked
for by it wherever an answer was not clear.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypedDict, TypeVar, cast

import aiohttp
import msgspec
import stripe
import structlog

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
from rescind.providers.stripe_units import from_stripe, to_stripe

log = structlog.get_logger()

KEY_LIFE = timedelta(hours=23)
"""They say a key is known for at least 24 hours; our clocks may differ."""
TIMEOUT_S = 20.0
LARGEST_ANSWER = 4 << 20
SOON_S, LATER_S, AGAIN_S = 30, 900, 3600
REFUND, ORDER = "rescind_refund", "rescind_order"
"""Names in the metadata of a refund under which our own ids stand there."""

_OUTCOMES: Mapping[str, ProviderOutcome] = {
    "succeeded": ProviderOutcome.SUCCEEDED,
    "pending": ProviderOutcome.SUBMITTED,
    "requires_action": ProviderOutcome.SUBMITTED,
    "failed": ProviderOutcome.DECLINED,
    "canceled": ProviderOutcome.DECLINED,
}
_SPENT = frozenset({"charge_already_refunded", "charge_disputed"})
"""Refusals that say something of the payment itself. The money may have left by this very refund."""


class Refund(msgspec.Struct):
    """What we read of a refund."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    charge: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] = {}

    @property
    def outcome(self) -> ProviderOutcome:
        """Ours for theirs; a word we do not know is not clear."""
        return _OUTCOMES.get(self.status, ProviderOutcome.IN_DOUBT)


class Dispute(msgspec.Struct):
    """What we read of a dispute."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    charge: str | None = None
    payment_intent: str | None = None


class _Page(msgspec.Struct):
    data: list[Refund]
    has_more: bool


class _Charge(msgspec.Struct):
    id: str
    created: int
    currency: str
    paid: bool
    captured: bool
    amount_captured: int


class _Intent(msgspec.Struct):
    id: str
    status: str
    currency: str
    amount_received: int
    amount_capturable: int = 0
    latest_charge: _Charge | str | None = None
    metadata: dict[str, str] = {}


class _Intents(msgspec.Struct):
    data: list[_Intent]


class _Balance(msgspec.Struct):
    livemode: bool


class _Account(msgspec.Struct):
    id: str


class _Payment(TypedDict, total=False):
    payment_intent: str
    charge: str


class _Unclear(Exception):
    """No answer that says what happened. after_s: when to come again, if they said."""

    def __init__(self, after_s: int = SOON_S) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class _Refused(Exception):
    """They said no, and did nothing."""

    def __init__(self, status: int, code: str, param: str) -> None:
        super().__init__(status, code, param)
        self.status, self.code, self.param = status, code, param


class _Bounded(stripe.AIOHTTPClient):
    """Reads no more of an answer than an answer can be."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Any]:
        # They give it no types.
        stream = cast("Callable[..., Awaitable[tuple[Any, int, Any]]]", self.request_stream_async)  # pyright: ignore[reportUnknownMemberType]
        content, status, said = await stream(method, url, headers, post_data=post_data)
        body = bytearray()
        async for chunk in content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise aiohttp.ClientPayloadError
        return bytes(body), status, said


T = TypeVar("T")


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
        )
        self._http = _Bounded(timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, 5.0)))
        self._client = stripe.StripeClient(
            key,
            http_client=self._http,
            # A try of theirs would be one that we know nothing of.
            max_network_retries=0,
            base_addresses={"api": base} if base else {},
        )

    async def close(self) -> None:
        """Give up the connections."""
        await self._http.close_async()

    # Messages.

    async def opened(self, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:
        """By one of the signing secrets, over the bytes and the time of the delivery."""
        from rescind.providers import stripe_messages  # noqa: PLC0415 - it reads what is declared here

        return stripe_messages.opened(body, headers, self._webhook, now)

    async def news(self, body: bytes) -> tuple[News, ...] | None:
        """Of refunds and disputes a message says only which one; how that stands is asked."""
        from rescind.providers import stripe_messages  # noqa: PLC0415 - as above

        return await stripe_messages.news(self, body)

    # The port.

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
            found = await self._ask(
                Refund, lambda: self._client.v1.refunds.retrieve_async(call.reference, options=self._options(call))
            )
        except _Unclear as unclear:
            return _doubt(unclear.after_s)
        except _Refused:
            return _doubt(AGAIN_S)
        return self._reply(call, found)

    async def captured(self, call: PaymentCall) -> Captured:
        """By the payment's id; without one, by the host's number in the metadata of the payment (`order`)."""
        try:
            if call.payment.startswith(("ch_", "py_")):
                return _came_in(await self._charge(call, call.payment))
            intents = [await self._intent(call)] if call.payment else await self._intents(call)
        except _Unclear as unclear:
            return Captured(clear=False, check_after_s=unclear.after_s)
        except _Refused as refused:
            # Nothing is known there by that name. No access at all says nothing of the payment.
            return Captured(clear=refused.code == "resource_missing", check_after_s=AGAIN_S)
        paid = next((one for one in intents if one.status == "succeeded"), None)
        if paid is None:
            return Captured(clear=all(one.status != "processing" for one in intents), check_after_s=LATER_S)
        if not isinstance(paid.latest_charge, _Charge):
            return Captured(clear=False, check_after_s=SOON_S)
        return _came_in(paid.latest_charge)

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Cancel an authorisation. What was captured meanwhile stays and is refunded instead.

        It is cancelled whole or not at all, so one that holds money for something else too is left to end by itself.
        """
        if not call.payment.startswith("pi_"):
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="details_invalid", check_after_s=AGAIN_S)
        options = self._options(call, key=f"release-{call.order}-{call.tender}")
        try:
            held = await self._intent(call)
            if held.amount_capturable > (to_stripe(call.amount_minor, call.currency) or 0):
                return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="details_invalid", check_after_s=AGAIN_S)
            await self._ask(_Intent, lambda: self._client.v1.payment_intents.cancel_async(call.payment, {}, options))
        except _Unclear as unclear:
            return _doubt(unclear.after_s)
        except _Refused as refused:
            if refused.code != "payment_intent_unexpected_state":
                return _not_sent(refused)
        try:
            stands = await self._intent(call)
        except (_Unclear, _Refused):
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
        span: stripe.params.RefundListParams = {"created": {"gte": _seconds(since), "lt": _seconds(until)}}
        async for one in self._listed(span, {}):
            currency = one.currency.upper()
            yield ProviderRefund(
                reference=one.id,
                refund=one.metadata.get(REFUND, ""),
                payment=one.payment_intent or one.charge or "",
                amount_minor=from_stripe(one.amount, currency),
                currency=currency,
                status=one.outcome,
                at=_instant(one.created),
            )

    async def check(self) -> Checked:
        """Whether the key opens anything, by reading only, and whether it moves real money."""
        try:
            balance = await self._ask(_Balance, self._client.v1.balance.retrieve_async)
        except _Unclear:
            return Checked(trouble="unreachable")
        except _Refused as refused:
            return Checked(trouble="forbidden" if refused.status == 403 else "refused")
        try:
            account = (await self._ask(_Account, self._client.v1.accounts.retrieve_current_async)).id
        except (_Unclear, _Refused):
            account = ""  # A restricted key need not see it.
        return Checked(account=account, test=not balance.livemode)

    async def find(self, reference: str, account: str = "") -> Refund | None:
        """A refund by their id, as it stands now; None where they know none. Raises Unavailable."""
        options = _on(account)
        return await self._known(Refund, lambda: self._client.v1.refunds.retrieve_async(reference, options=options))

    async def find_dispute(self, reference: str, account: str = "") -> Dispute | None:
        """A dispute by their id, as it stands now; None where they know none. Raises Unavailable."""
        options = _on(account)
        return await self._known(Dispute, lambda: self._client.v1.disputes.retrieve_async(reference, options=options))

    async def _known(self, kind: type[T], ask: Callable[[], Awaitable[Any]]) -> T | None:
        try:
            return await self._ask(kind, ask)
        except _Unclear as unclear:
            raise Unavailable(retry_after=unclear.after_s) from unclear
        except _Refused as refused:
            if refused.code == "resource_missing":
                return None
            raise Unavailable(retry_after=LATER_S) from refused

    # Sending.

    async def _found_or_sent(self, call: RefundCall) -> ProviderReply:
        try:
            found = await self._find(call)
        except _Unclear as unclear:
            return _doubt(unclear.after_s)
        except _Refused as refused:
            return _not_sent(refused) if refused.code == "resource_missing" else _doubt(LATER_S)
        return self._reply(call, found) if found else await self._send(call)

    async def _send(self, call: RefundCall) -> ProviderReply:
        amount, payment = to_stripe(call.amount_minor, call.currency), _payment(call.payment)
        if amount is None or not payment:
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="details_invalid", check_after_s=AGAIN_S)
        params: stripe.params.RefundCreateParams = {
            **payment,
            "amount": amount,
            "metadata": {REFUND: call.refund, ORDER: call.order},
        }
        if call.account and not self._direct:
            params["reverse_transfer"] = True
        options = self._options(call, key=call.refund)
        try:
            made = await self._ask(Refund, lambda: self._client.v1.refunds.create_async(params, options))
        except _Unclear as unclear:
            return _doubt(unclear.after_s)
        except _Refused as refused:
            return await self._refusal(call, refused)
        return self._reply(call, made)

    async def _refusal(self, call: RefundCall, refused: _Refused) -> ProviderReply:
        if refused.status in {401, 403} or refused.code in {"resource_missing", "parameter_invalid_integer"}:
            return _not_sent(refused)
        # No more than is left can go back. Where something is left that is no word about this refund, but where nothing
        # is, it may be this one that took it, under a key that they have forgotten.
        if refused.code in _SPENT or refused.param == "amount":
            try:
                found = await self._find(call)
            except (_Unclear, _Refused):
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

    # Asking.

    async def _find(self, call: RefundCall) -> Refund | None:
        """This refund among all of its payment, by our id (ID-05). Raises _Unclear, _Refused."""
        payment = _payment(call.payment)
        if not payment:
            return None
        try:
            async for one in self._listed({**payment}, self._options(call)):
                if one.metadata.get(REFUND) == call.refund:
                    return one
        except Unavailable as away:
            raise _Unclear from away
        return None

    async def _listed(
        self, params: stripe.params.RefundListParams, options: stripe.RequestOptions
    ) -> AsyncIterator[Refund]:
        """Every refund of a list, page by page. Raises Unavailable, _Refused."""
        asked: stripe.params.RefundListParams = {**params, "limit": 100}
        while True:
            try:
                page = await self._ask(_Page, partial(self._client.v1.refunds.list_async, asked, options))
            except _Unclear as unclear:
                raise Unavailable(retry_after=unclear.after_s) from unclear
            for one in page.data:
                yield one
            if not page.has_more or not page.data:
                return
            asked = {**asked, "starting_after": page.data[-1].id}

    async def _intent(self, call: PaymentCall) -> _Intent:
        options = self._options(call)
        return await self._ask(
            _Intent,
            lambda: self._client.v1.payment_intents.retrieve_async(
                call.payment, {"expand": ["latest_charge"]}, options
            ),
        )

    async def _intents(self, call: PaymentCall) -> list[_Intent]:
        """The payments that carry the host's number of the order; of several tenders those that name this one."""
        number = call.number.replace("\\", "\\\\").replace("'", "\\'")
        asked: stripe.params.PaymentIntentSearchParams = {"query": f"metadata['order']:'{number}'", "limit": 100}
        options = self._options(call)
        page = await self._ask(_Intents, lambda: self._client.v1.payment_intents.search_async(asked, options))
        found = [one for one in page.data if one.metadata.get("tender", call.tender) == call.tender]
        # The search shows a charge by its id alone.
        return [
            await self._intent(msgspec.structs.replace(call, payment=one.id)) if one.status == "succeeded" else one
            for one in found
        ]

    async def _charge(self, call: PaymentCall, charge: str) -> _Charge:
        options = self._options(call)
        return await self._ask(_Charge, lambda: self._client.v1.charges.retrieve_async(charge, {}, options))

    def _options(self, call: PaymentCall, *, key: str = "") -> stripe.RequestOptions:
        options: stripe.RequestOptions = {}
        if key:
            options["idempotency_key"] = key
        if call.account and self._direct:
            options["stripe_account"] = call.account
        return options

    async def _ask(self, shape: type[T], ask: Callable[[], Awaitable[Any]]) -> T:
        """One request. Raises _Refused where they said that nothing was done, _Unclear for everything else."""
        try:
            said = await ask()
            return msgspec.convert(said.last_response.data, shape, strict=False)
        except (stripe.AuthenticationError, stripe.PermissionError, stripe.InvalidRequestError, stripe.CardError) as no:
            code, param = no.code or "", getattr(no, "param", None) or ""
            log.info("provider.refused", provider=self.name, status=no.http_status, code=code, param=param)
            raise _Refused(no.http_status or 400, code, param) from no
        except stripe.RateLimitError as busy:
            raise _Unclear(_retry_after(busy)) from busy
        except stripe.StripeError as unclear:
            log.info("provider.unclear", provider=self.name, status=unclear.http_status, code=unclear.code)
            raise _Unclear from unclear
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError) as unclear:
            # The answer broke off, or is nothing that they would say.
            log.info("provider.unclear", provider=self.name, fault=type(unclear).__name__)
            raise _Unclear from unclear


def _payment(name: str) -> _Payment:
    if name.startswith("pi_"):
        return {"payment_intent": name}
    return {"charge": name} if name.startswith(("ch_", "py_")) else {}


def _came_in(charge: _Charge) -> Captured:
    if not (charge.paid and charge.captured and charge.amount_captured):
        return Captured(clear=True)
    amount = from_stripe(charge.amount_captured, charge.currency.upper())
    return Captured(clear=True, at=_instant(charge.created), amount_minor=amount)


def _doubt(after_s: int) -> ProviderReply:
    return ProviderReply(outcome=ProviderOutcome.IN_DOUBT, check_after_s=after_s)


def _not_sent(refused: _Refused) -> ProviderReply:
    cause = "not_set_up" if refused.status in {401, 403} else "details_invalid"
    return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause=cause, check_after_s=AGAIN_S)


def _retry_after(error: stripe.StripeError) -> int:
    said = (error.headers or {}).get("retry-after", "")
    return min(int(said), AGAIN_S) if said.isdecimal() and int(said) else 5


def _seconds(at: Instant) -> int:
    return int(at.timestamp())


def _instant(seconds: int) -> Instant:
    return datetime.fromtimestamp(seconds, UTC)


def _on(account: str) -> stripe.RequestOptions:
    return {"stripe_account": account} if account else {}
