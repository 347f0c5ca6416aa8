"""Stripe's own client: one request at a time, and what its answers and faults come to.

direct: sellers take payments on accounts of their own, so what is asked about a payment is asked on the account its
tender names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypedDict, TypeVar, cast

import aiohttp
import msgspec
import stripe
import structlog

from rescind.core.errors import Unavailable
from rescind.core.ports import PaymentCall, RefundCall
from rescind.providers.stripe_objects import (
    REFUND,
    Account,
    Balance,
    Charge,
    Dispute,
    Intent,
    Intents,
    Page,
    Refund,
)

log = structlog.get_logger()

LARGEST_ANSWER = 4 << 20
SOON_S, LATER_S, AGAIN_S = 30, 900, 3600
PAUSES_S = (0.5, 2.0, 8.0)
"""Before a page of a long list is asked for again: what was read until then is not to be read anew for it."""

T = TypeVar("T")


class Unclear(Exception):
    """No answer that says what happened. after_s: when to come again, if they said."""

    def __init__(self, after_s: int = SOON_S) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class Refused(Exception):
    """They said no, and did nothing."""

    def __init__(self, status: int, code: str, param: str) -> None:
        super().__init__(status, code, param)
        self.status, self.code, self.param = status, code, param


class PaymentName(TypedDict, total=False):
    """How a refund names its payment; empty for a name that is none of theirs."""

    payment_intent: str
    charge: str


def payment_name(name: str) -> PaymentName:
    """A payment by their id, as a request names it."""
    if name.startswith("pi_"):
        return {"payment_intent": name}
    return {"charge": name} if is_charge(name) else {}


def is_charge(name: str) -> bool:
    """Whether this is the id of a charge."""
    return name.startswith(("ch_", "py_"))


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


class StripeClient:
    """Asks; never twice by itself, but for a page of a list. All of it raises Unclear and Refused unless it says so."""

    def __init__(self, key: str, *, name: str, direct: bool, base: str, timeout_s: float) -> None:
        self._name = name
        self._direct = direct
        self._http = _Bounded(timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, 5.0)))
        self._sdk = stripe.StripeClient(
            key,
            http_client=self._http,
            # A try of theirs would be one that we know nothing of.
            max_network_retries=0,
            base_addresses={"api": base} if base else {},
        )

    async def close(self) -> None:
        """Give up the connections."""
        await self._http.close_async()

    # --- refunds -----------------------------------------------------------------------------------------------------

    async def refund(self, call: RefundCall, params: stripe.params.RefundCreateParams) -> Refund:
        """Ask for one, under its own id."""
        options = self._options(call, key=call.refund)
        return await self._ask(Refund, partial(self._sdk.v1.refunds.create_async, params, options))

    async def refund_of(self, call: RefundCall) -> Refund:
        """The one that it names, as it stands."""
        options = self._options(call)
        return await self._ask(Refund, partial(self._sdk.v1.refunds.retrieve_async, call.reference, options=options))

    async def search(self, call: RefundCall) -> Refund | None:
        """This refund among all of its payment, by our id (ID-05)."""
        payment = payment_name(call.payment)
        if not payment:
            return None
        try:
            async for one in self._listed({**payment}, self._options(call)):
                if one.metadata.get(REFUND) == call.refund:
                    return one
        except Unavailable as away:
            raise Unclear from away
        return None

    def created(self, since_s: int, until_s: int) -> AsyncIterator[Refund]:
        """Those of the platform's own payments of a time, newest first. Raises Unavailable, Refused."""
        return self._listed({"created": {"gte": since_s, "lt": until_s}}, {}, pauses=PAUSES_S)

    async def find(self, reference: str, account: str = "") -> Refund | None:
        """A refund by their id, as it stands now; None where they know none. Raises Unavailable."""
        options = _on(account)
        return await self._known(Refund, partial(self._sdk.v1.refunds.retrieve_async, reference, options=options))

    async def find_dispute(self, reference: str, account: str = "") -> Dispute | None:
        """A dispute by their id, as it stands now; None where they know none. Raises Unavailable."""
        options = _on(account)
        return await self._known(Dispute, partial(self._sdk.v1.disputes.retrieve_async, reference, options=options))

    # --- payments ----------------------------------------------------------------------------------------------------

    async def intent(self, call: PaymentCall) -> Intent:
        """The payment that it names, with what came in."""
        asked: stripe.params.PaymentIntentRetrieveParams = {"expand": ["latest_charge"]}
        options = self._options(call)
        return await self._ask(
            Intent, partial(self._sdk.v1.payment_intents.retrieve_async, call.payment, asked, options)
        )

    async def intents(self, call: PaymentCall) -> list[Intent]:
        """The payments that carry the host's number of the order; of several tenders those that name this one."""
        number = call.number.replace("\\", "\\\\").replace("'", "\\'")
        asked: stripe.params.PaymentIntentSearchParams = {"query": f"metadata['order']:'{number}'", "limit": 100}
        options = self._options(call)
        page = await self._ask(Intents, partial(self._sdk.v1.payment_intents.search_async, asked, options))
        found = [one for one in page.data if one.metadata.get("tender", call.tender) == call.tender]
        # The search shows a charge by its id alone.
        return [
            await self.intent(msgspec.structs.replace(call, payment=one.id)) if one.status == "succeeded" else one
            for one in found
        ]

    async def charge(self, call: PaymentCall) -> Charge:
        """The charge that it names."""
        options = self._options(call)
        return await self._ask(Charge, partial(self._sdk.v1.charges.retrieve_async, call.payment, {}, options))

    async def cancel(self, call: PaymentCall) -> None:
        """Let a payment go that was authorised and not captured."""
        options = self._options(call, key=f"release-{call.order}-{call.tender}")
        await self._ask(Intent, partial(self._sdk.v1.payment_intents.cancel_async, call.payment, {}, options))

    # --- the key -----------------------------------------------------------------------------------------------------

    async def balance(self) -> Balance:
        """What every key may read."""
        return await self._ask(Balance, self._sdk.v1.balance.retrieve_async)

    async def account(self) -> str:
        """The id of the key's account."""
        return (await self._ask(Account, self._sdk.v1.accounts.retrieve_current_async)).id

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _listed(
        self,
        params: stripe.params.RefundListParams,
        options: stripe.RequestOptions,
        pauses: tuple[float, ...] = (),
    ) -> AsyncIterator[Refund]:
        """Every refund of a list, page by page; a page that does not come is asked for again after each of the pauses.

        Raises Unavailable, Refused.
        """
        asked: stripe.params.RefundListParams = {**params, "limit": 100}
        while True:
            page = await self._page(asked, options, pauses)
            for one in page.data:
                yield one
            if not page.has_more or not page.data:
                return
            asked = {**asked, "starting_after": page.data[-1].id}

    async def _page(
        self, asked: stripe.params.RefundListParams, options: stripe.RequestOptions, pauses: tuple[float, ...]
    ) -> Page:
        for pause in (*pauses, None):
            try:
                return await self._ask(Page, partial(self._sdk.v1.refunds.list_async, asked, options))
            except Unclear as unclear:
                if pause is None:
                    raise Unavailable(retry_after=unclear.after_s) from unclear
                await asyncio.sleep(pause)
        raise AssertionError("the last try answers or raises")

    async def _known(self, kind: type[T], ask: Callable[[], Awaitable[Any]]) -> T | None:
        try:
            return await self._ask(kind, ask)
        except Unclear as unclear:
            raise Unavailable(retry_after=unclear.after_s) from unclear
        except Refused as refused:
            if refused.code == "resource_missing":
                return None
            raise Unavailable(retry_after=LATER_S) from refused

    def _options(self, call: PaymentCall, *, key: str = "") -> stripe.RequestOptions:
        options: stripe.RequestOptions = {}
        if key:
            options["idempotency_key"] = key
        if call.account and self._direct:
            options["stripe_account"] = call.account
        return options

    async def _ask(self, shape: type[T], ask: Callable[[], Awaitable[Any]]) -> T:
        """One request. Raises Refused where they said that nothing was done, Unclear for everything else."""
        try:
            said = await ask()
            return msgspec.convert(said.last_response.data, shape, strict=False)
        except (stripe.AuthenticationError, stripe.PermissionError, stripe.InvalidRequestError, stripe.CardError) as no:
            code, param = no.code or "", getattr(no, "param", None) or ""
            log.info("provider.refused", provider=self._name, status=no.http_status, code=code, param=param)
            raise Refused(no.http_status or 400, code, param) from no
        except stripe.RateLimitError as busy:
            raise Unclear(_retry_after(busy)) from busy
        except stripe.StripeError as unclear:
            log.info("provider.unclear", provider=self._name, status=unclear.http_status, code=unclear.code)
            raise Unclear from unclear
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError) as unclear:
            # The answer broke off, or is nothing that they would say.
            log.info("provider.unclear", provider=self._name, fault=type(unclear).__name__)
            raise Unclear from unclear


def _on(account: str) -> stripe.RequestOptions:
    return {"stripe_account": account} if account else {}


def _retry_after(error: stripe.StripeError) -> int:
    said = (error.headers or {}).get("retry-after", "")
    return min(int(said), AGAIN_S) if said.isdecimal() and int(said) else 5
