"""PayPal's search of all transactions of an account: at most a month at once, at most so many, and hours behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from rescind.core.instant import Instant
from rescind.core.refund import ProviderOutcome
from rescind.providers.means import PAYPAL_LISTS_AFTER
from rescind.providers.paypal_client import Client, Refused, Unclear
from rescind.providers.paypal_units import from_paypal

LISTED_AFTER = PAYPAL_LISTS_AFTER
"""They say a transaction is found within three hours."""
PAYMENT, REFUND = "T0006", "T1107"
"""Their codes for a payment through a checkout, and for a refund."""
PAUSES_S = (0.5, 2.0, 8.0)
"""Before a page of a whole list is asked for again: what was read until then is not to be read anew for it."""
_SPAN, _SHORTEST = timedelta(days=31), timedelta(minutes=1)
_PAGE = 500
_PATH = "/v1/reporting/transactions"
_TOO_MANY = "RESULTSET_TOO_LARGE"
_SECOND = timedelta(seconds=1)

_OUTCOMES = {
    "S": ProviderOutcome.SUCCEEDED,
    "P": ProviderOutcome.SUBMITTED,
    "D": ProviderOutcome.DECLINED,
    "V": ProviderOutcome.DECLINED,
}


class _Amount(msgspec.Struct):
    currency_code: str
    value: str


class Transaction(msgspec.Struct):
    """One line. What came in is above zero, what went out below."""

    transaction_id: str
    transaction_event_code: str
    transaction_initiation_date: str
    transaction_amount: _Amount
    transaction_status: str
    paypal_reference_id: str = ""
    paypal_reference_id_type: str = ""
    invoice_id: str = ""
    custom_field: str = ""

    @property
    def at(self) -> Instant:
        """When it was made, to the second. Raises ValueError."""
        # They write +0000, which msgspec takes for no offset.
        return datetime.fromisoformat(self.transaction_initiation_date).astimezone(UTC)

    @property
    def currency(self) -> str:
        """Of its amount."""
        return self.transaction_amount.currency_code

    @property
    def minor(self) -> int:
        """Minor units of ISO 4217. Raises ValueError."""
        return from_paypal(self.transaction_amount.value, self.currency)

    @property
    def outcome(self) -> ProviderOutcome:
        """Ours for theirs; a word we do not know is not clear."""
        return _OUTCOMES.get(self.transaction_status, ProviderOutcome.IN_DOUBT)


class _Row(msgspec.Struct):
    transaction_info: Transaction


class _Page(msgspec.Struct):
    transaction_details: list[_Row]
    total_pages: int
    account_number: str = ""
    last_refreshed_datetime: str = ""


class Search:
    """Reads that list. Raises Unclear and Refused, as the client does."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def between(
        self, since: Instant, until: Instant, code: str, *, merchant: str = "", whole: bool = False
    ) -> AsyncIterator[Transaction]:
        """All of one code from ``since`` until before ``until``, oldest first. merchant: the assertion for a seller.

        whole: what they have not heard of yet must not be missing; Unclear is raised while their list ends sooner.
        """
        # Their times are whole seconds, so spans are too; the second of ``until`` is read and then left out.
        start, end = since.replace(microsecond=0), until
        while start < end:
            stop = min(start + _SPAN, end)
            async for one in self._span(start, stop, code, merchant, whole=whole):
                yield one
            start = stop

    async def account(self) -> str:
        """Whose list it is."""
        now = datetime.now(UTC)
        return (await self._page(now - timedelta(hours=1), now, REFUND, "", 1, size=1)).account_number

    async def _span(
        self, start: Instant, stop: Instant, code: str, merchant: str, *, whole: bool
    ) -> AsyncIterator[Transaction]:
        number = pages = 1
        while number <= pages:
            try:
                page = await self._page(start, stop, code, merchant, number, pauses=PAUSES_S if whole else ())
            except Refused as refused:
                if refused.issue != _TOO_MANY or number > 1 or stop - start < _SHORTEST:
                    raise
                break
            if whole and number == 1 and not _reaches(page, stop):
                raise Unclear
            for row in page.transaction_details:
                one = row.transaction_info
                if one.transaction_event_code == code and start <= _time(one) < stop:
                    yield one
            number, pages = number + 1, page.total_pages
        else:
            return
        # More than they give at once: each half for itself.
        middle = (start + (stop - start) / 2).replace(microsecond=0)
        for first, last in ((start, middle), (middle, stop)):
            async for one in self._span(first, last, code, merchant, whole=whole):
                yield one

    async def _page(
        self,
        start: Instant,
        stop: Instant,
        code: str,
        merchant: str,
        number: int,
        *,
        size: int = _PAGE,
        pauses: tuple[float, ...] = (),
    ) -> _Page:
        asked: dict[str, object] = {
            "start_date": _written(start),
            "end_date": _written(stop),
            "transaction_type": code,
            "page_size": size,
            "page": number,
        }
        for pause in pauses:
            with suppress(Unclear):
                return await self._client.read(_Page, _PATH, merchant, **asked)
            await asyncio.sleep(pause)
        return await self._client.read(_Page, _PATH, merchant, **asked)


def _time(one: Transaction) -> Instant:
    try:
        return one.at
    except ValueError as odd:
        raise Unclear from odd


def _reaches(page: _Page, stop: Instant) -> bool:
    try:
        heard = datetime.fromisoformat(page.last_refreshed_datetime)
    except ValueError:
        return False
    return heard.tzinfo is not None and heard + _SECOND > stop


def _written(at: Instant) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
