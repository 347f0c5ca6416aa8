"""PayPal's lists: disputes by their payment, and the search of everything that moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs

from provider.fake import Fake
from provider.paypal_objects import dispute_object, links, transaction
from provider.paypal_problems import Problem, invalid
from provider.serving import Answer, Request, json


class Lists:
    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self.base = ""

    def disputes(self, request: Request, merchant: str) -> Answer:
        ledger, query = self._fake.ledger, _query(request)
        size, page = _page(query, largest=50)
        wanted = query.get("disputed_transaction_id")
        found = [
            (dispute, ledger.captures[dispute.capture])
            for dispute in reversed(ledger.disputes.values())
            if ledger.captures[dispute.capture].wire == "paypal"
            and wanted in {None, dispute.capture}
            and ledger.captures[dispute.capture].account == merchant
        ]
        shown = [dispute_object(*each, self._fake, self.base, whole=False) for each in found]
        if state := query.get("dispute_state"):
            shown = [each for each in shown if each["dispute_state"] == state]
        more = [("/v1/customer/disputes?page=" + str(page + 1), "next", "GET")] if len(shown) > page * size else []
        return json(200, {"items": shown[(page - 1) * size : page * size], "links": links(self.base, *more)})

    def search(self, request: Request, merchant: str) -> Answer:
        """What moved in a span of at most 31 days, oldest first, once the reporting has caught up."""
        fake, query = self._fake, _query(request)
        try:
            start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
            if start.tzinfo is None or end.tzinfo is None or not timedelta(0) <= end - start <= timedelta(days=31):
                raise ValueError
        except (KeyError, ValueError):
            raise invalid("INVALID_PARAMETER_VALUE", "start_date") from None
        size, page = _page(query, largest=500)
        latest = min(end.timestamp() + 1, fake.clock.now() - fake.settings.reporting_delay_s)
        wanted, code = query.get("transaction_id"), query.get("transaction_type")
        found = []
        for capture in fake.ledger.captures.values():
            if capture.wire != "paypal" or capture.account != merchant or capture.captured_at is None:
                continue
            found += [(each.created, transaction(each, capture, fake))
                      for each in (capture, *(fake.ledger.refunds[name] for name in capture.refunds))
                      if start.timestamp() <= each.created < latest and wanted in {None, each.id}]  # fmt: skip
        if code:
            found = [each for each in found if each[1]["transaction_info"]["transaction_event_code"] == code]
        if len(found) > fake.settings.search_limit:
            message = "Result set size is greater than the maximum limit. Change the filter criteria and try again."
            raise Problem(422, "RESULTSET_TOO_LARGE", message)
        found.sort(key=lambda each: each[0])
        return json(
            200,
            {
                "transaction_details": [shown for _, shown in found[(page - 1) * size : page * size]],
                "account_number": merchant or fake.settings.paypal_merchant,
                "start_date": query["start_date"],
                "end_date": query["end_date"],
                "last_refreshed_datetime": fake.clock.iso(fake.clock.now() - fake.settings.reporting_delay_s),
                "page": page,
                "total_items": len(found),
                "total_pages": -(-len(found) // size),
                "links": [],
            },
        )


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.query).items()}


def _page(query: dict[str, str], largest: int) -> tuple[int, int]:
    try:
        size, page = int(query.get("page_size", min(100, largest))), int(query.get("page", 1))
    except ValueError:
        size, page = 0, 0
    if not 1 <= size <= largest or page < 1:
        raise invalid("INVALID_PARAMETER_VALUE", "page_size")
    return size, page
