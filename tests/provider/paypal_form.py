"""PayPal's wire form, as far as refunds go: OAuth tokens, JSON both ways, ``PayPal-Request-Id``, its own errors.

Where it differs from Stripe, this does: a request id that was used before answers with the refund as it is *now*,
whatever the second body says; errors are not kept; amounts are strings with as many decimals as PayPal has for the
currency, not as ISO 4217 has; and a refund is answered in short unless ``Prefer`` asks for all of it.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import msgspec

from provider.fake import Fake, Kept
from provider.ledger import Capture, Refund, Refused
from provider.paypal_objects import (
    CURRENCIES,
    capture_object,
    dispute_object,
    links,
    minor_units,
    refund_object,
    transaction,
)
from provider.script import Fault, leaves
from provider.serving import Answer, Request, json

TOKEN_LIFE_S = 9 * 3600
SEMANTICS = "The requested action could not be performed, semantically incorrect, or failed business validation."
SENTENCES = {
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "DECIMALS_NOT_SUPPORTED": "Currency does not support decimals.",
    "DECIMAL_PRECISION": "The value of the field should not be more than two decimal places.",
    "DUPLICATE_INVOICE_ID": "Invoice ID was previously used to refund a capture.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try again.",
    "INVALID_CURRENCY_CODE": "Currency code is not supported.",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending.",
    "REFUND_AMOUNT_EXCEEDED": (
        "The refund amount must be less than or equal to the capture amount that has not yet been refunded."
    ),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "Capture could not be refunded due to insufficient funds.",
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": "Refunds are not allowed on this capture due to a chargeback.",
    "TRANSACTION_DISPUTED": "Partial refunds cannot be offered while there is an open case on this transaction.",
}
REFUSALS = {
    "already_refunded": "CAPTURE_FULLY_REFUNDED",
    "too_much": "REFUND_AMOUNT_EXCEEDED",
    "disputed": "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK",
    "not_positive": "CANNOT_BE_ZERO_OR_NEGATIVE",
}
BODY = {"amount", "custom_id", "invoice_id", "note_to_payer", "payment_instruction"}
STATUS_OF = {"requires_action": "pending", "fails_later": "succeeded", "failed": "failed"}


class Problem(Exception):
    """One of PayPal's errors: name, sentence, and the issue where there is one."""

    def __init__(
        self, status: int, name: str, message: str, issue: str = "", field: str = "", *, location: str = "body"
    ) -> None:
        super().__init__(name, issue)
        self.status, self.headers = status, dict[str, str]()
        self.error: dict[str, object] = {"name": name, "message": message}
        if issue:
            where = {"field": field, "location": location} if field else {}
            self.error["details"] = [{"issue": issue, "description": SENTENCES.get(issue, issue)} | where]


def unprocessable(issue: str, field: str = "") -> Problem:
    return Problem(422, "UNPROCESSABLE_ENTITY", SEMANTICS, issue, field)


def invalid(issue: str, field: str = "") -> Problem:
    message = "Request is not well-formed, syntactically incorrect, or violates schema."
    return Problem(400, "INVALID_REQUEST", message, issue, field)


def missing(field: str) -> Problem:
    message = "The specified resource does not exist."
    return Problem(404, "RESOURCE_NOT_FOUND", message, "INVALID_RESOURCE_ID", field, location="path")


class PayPalForm:
    def __init__(self, fake: Fake, verify: Callable[[bytes], bool]) -> None:
        self._fake, self._verify = fake, verify
        self._tokens: dict[str, float] = {}
        self._count = 0
        self.base = ""

    def handle(self, request: Request) -> Answer:
        self._count += 1
        debug_id = f"f{self._count:012x}"
        try:
            answer = self._answer(request)
        except Problem as problem:
            more = {"debug_id": debug_id, "links": []}
            answer = json(problem.status, problem.error | more, problem.headers)
        answer.headers["paypal-debug-id"] = debug_id
        return answer

    def _answer(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        if parts == ["v1", "oauth2", "token"] and request.method == "POST":
            return self._with_faults("token", "", "", request, lambda _: self._token(request))
        operation, name, call = self._route(request, parts)
        self._authorised(request)
        key = request.header("paypal-request-id") if operation == "refund" else ""
        return self._with_faults(operation, name, key, request, lambda money: call(request, name, key, money))

    def _route(self, request: Request, parts: list[str]) -> tuple[str, str, Callable[..., Answer]]:
        match [request.method, *parts]:
            case ["POST", "v2", "payments", "captures", name, "refund"]:
                return "refund", name, self._refund
            case ["GET", "v2", "payments", "captures", name]:
                return "payment.read", name, self._read_capture
            case ["GET", "v2", "payments", "refunds", name]:
                return "refund.read", name, self._read_refund
            case ["GET", "v1", "customer", "disputes"]:
                return "disputes.list", "", self._list_disputes
            case ["GET", "v1", "customer", "disputes", name]:
                return "dispute.read", name, self._read_dispute
            case ["GET", "v1", "reporting", "transactions"]:
                return "refunds.list", "", self._search
            case ["POST", "v1", "notifications", "verify-webhook-signature"]:
                return "webhook.verify", "", self._verified
        raise Problem(404, "NOT_FOUND", "The requested URL was not found.")

    def _with_faults(
        self, operation: str, name: str, key: str, request: Request, call: Callable[[Fault | None], Answer]
    ) -> Answer:
        if self._fake.too_many():
            raise self._limit(None)
        if refund := self._fake.ledger.refunds.get(name):
            name = refund.capture
        connection, money = self._fake.script.next(operation, (name,) if name else (), key)
        if connection and connection.before:
            if connection.fault == "rate_limited":
                raise self._limit(connection)
            return leaves(self._broken(connection.status or 503), connection)
        kept = self._in_use(request, key) if key else None
        if kept and connection and connection.fault == "late" and not kept.refund:
            self._fake.clock.after(connection.seconds, lambda: self._afterwards(request, key, kept, call, money))
            return leaves(self._broken(504), connection)
        try:
            answer = call(money)
        except Problem:
            if kept and not kept.refund:
                self._fake.paypal_keys.forget(request.path, key)
            raise
        if connection and connection.fault == "error_after":
            answer = self._broken(connection.status or 500)
        if kept and connection and connection.fault == "slow":
            answer.sent = lambda: setattr(kept, "answer", answer)
        elif kept:
            kept.answer = answer
        return leaves(answer, connection)

    def _afterwards(
        self, request: Request, key: str, kept: Kept, call: Callable[[Fault | None], Answer], money: Fault | None
    ) -> None:
        """Do it when nobody waits for the answer any more."""
        try:
            kept.answer = call(money)
        except Problem:
            self._fake.paypal_keys.forget(request.path, key)

    def _in_use(self, request: Request, key: str) -> Kept | None:
        """The key as it is held from now on. Raises Problem while somebody else's request with it is under way."""
        kept = self._fake.paypal_keys.find(request.path, key)
        if kept and kept.answer is None:
            message = "The server has detected a conflict while processing this request."
            raise Problem(409, "RESOURCE_CONFLICT", message, "PREVIOUS_REQUEST_IN_PROGRESS")
        return kept or self._fake.paypal_keys.claim(request.path, key, None)

    @staticmethod
    def _broken(status: int) -> Answer:
        message = "An internal server error has occurred."
        name = "SERVICE_UNAVAILABLE" if status == 503 else "INTERNAL_SERVER_ERROR"
        return json(status, {"name": name, "message": message, "debug_id": "f0", "links": []})

    @staticmethod
    def _limit(fault: Fault | None) -> Problem:
        problem = Problem(429, "RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting.")
        after = fault.retry_after if fault else 1
        if after is not None:
            problem.headers["retry-after"] = str(after)
        return problem

    # Who asks.

    def _token(self, request: Request) -> Answer:
        settings = self._fake.settings
        scheme, _, value = request.header("authorization").partition(" ")
        try:
            given = base64.b64decode(value).decode("latin-1") if scheme.lower() == "basic" else ""
        except ValueError:
            given = ""
        if given != f"{settings.paypal_client}:{settings.paypal_secret}":
            return json(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
        if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
            return json(400, {"error": "unsupported_grant_type", "error_description": "Grant Type is NULL"})
        token = "A21AA" + secrets.token_hex(20)
        self._tokens[token] = self._fake.clock.now() + TOKEN_LIFE_S
        told = {"scope": "https://uri.paypal.com/services/payments/refund", "app_id": "APP-FAKE", "nonce": token[5:15]}
        return json(200, told | {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE_S})

    def _authorised(self, request: Request) -> None:
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0) <= self._fake.clock.now():
            problem = Problem(401, "", "")
            problem.error = {"error": "invalid_token", "error_description": "Access Token not found in cache"}
            raise problem

    def _merchant(self, request: Request) -> str:
        """The merchant that is meant, by the unsigned assertion of a platform; "" for whoever holds the token."""
        assertion = request.header("paypal-auth-assertion")
        if not assertion:
            return ""
        try:
            payload = assertion.split(".")[1]
            claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            merchant = str(claims["payer_id"])
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise Problem(401, "AUTHENTICATION_FAILURE", "The assertion is not well-formed.") from error
        return "" if merchant == self._fake.settings.paypal_merchant else merchant

    def _capture(self, request: Request, name: str) -> Capture:
        capture = self._fake.ledger.captures.get(name)
        if capture is None or capture.wire != "paypal":
            raise missing("capture_id")
        if capture.account != self._merchant(request):
            message = "Authorization failed due to insufficient permissions."
            raise Problem(403, "NOT_AUTHORIZED", message, "PERMISSION_DENIED")
        return capture

    # Refunds.

    def _refund(self, request: Request, name: str, key: str, fault: Fault | None) -> Answer:
        if len(key) > 108:
            raise invalid("INVALID_STRING_LENGTH", "PayPal-Request-Id")
        capture = self._capture(request, name)
        kept = self._fake.paypal_keys.find(request.path, key) if key else None
        if kept and kept.refund:
            return self._shown(200, self._fake.ledger.refunds[kept.refund], capture, request)
        body = self._body(request)
        amount = self._amount(body, capture)
        self._refusable(capture, amount, body, fault)
        try:
            refund = self._fake.ledger.refund(
                capture,
                amount,
                key=key,
                status=STATUS_OF.get(fault.fault, "pending") if fault else "succeeded",
                metadata={"custom_id": body["custom_id"]} if "custom_id" in body else {},
                invoice_id=body.get("invoice_id", ""),
                note=body.get("note_to_payer", ""),
                failure_reason=fault.failure_reason if fault else "",
                pending_reason="ECHECK",
            )
        except Refused as refused:
            if refused.why == "not_captured":
                issue = (
                    "PENDING_CAPTURE" if capture.status in {"processing", "requires_capture"} else "REFUND_NOT_ALLOWED"
                )
                raise unprocessable(issue) from None
            raise unprocessable(
                REFUSALS[refused.why], "/amount/value" if refused.why == "not_positive" else ""
            ) from None
        if kept:
            kept.refund = refund.id
        self._fake.afterwards(refund, fault)
        return self._shown(201, refund, capture, request)

    @staticmethod
    def _body(request: Request) -> dict:
        if request.header("content-type").partition(";")[0].strip() != "application/json":
            message = "The server does not support the request payload's media type."
            raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", message)
        try:
            body = msgspec.json.decode(request.body or b"{}", type=dict)
        except msgspec.DecodeError:
            raise invalid("MALFORMED_REQUEST_JSON") from None
        for name, value in body.items():
            longest = {"custom_id": 127, "invoice_id": 127, "note_to_payer": 255}.get(name)
            if name not in BODY or (longest and not (isinstance(value, str) and 1 <= len(value) <= longest)):
                raise invalid("INVALID_STRING_LENGTH" if name in BODY else "MALFORMED_REQUEST_JSON", f"/{name}")
        return body

    @staticmethod
    def _amount(body: dict, capture: Capture) -> int | None:
        amount = body.get("amount")
        if amount is None:
            return None
        match amount:
            case {"currency_code": str(currency), "value": str(value)}:
                pass
            case _:
                raise invalid("MALFORMED_REQUEST_JSON", "/amount")
        if currency not in CURRENCIES:
            raise unprocessable("INVALID_CURRENCY_CODE", "/amount/currency_code")
        if currency != capture.currency:
            raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        try:
            return minor_units(value, currency)
        except ValueError as wrong:
            issue = str(wrong)
            raise (invalid if issue == "INVALID_PARAMETER_SYNTAX" else unprocessable)(issue, "/amount/value") from None

    def _refusable(self, capture: Capture, amount: int | None, body: dict, fault: Fault | None) -> None:
        """What PayPal refuses for reasons of its own, before the books are asked."""
        ledger = self._fake.ledger
        if fault and fault.fault == "insufficient_funds":
            raise unprocessable("REFUND_FAILED_INSUFFICIENT_FUNDS")
        asked = any(ledger.disputes[name].status == "warning_needs_response" for name in capture.disputes)
        if asked and amount is not None and amount < ledger.left(capture):
            raise unprocessable("TRANSACTION_DISPUTED")
        invoice = body.get("invoice_id")
        if invoice and any(ledger.refunds[name].invoice_id == invoice for name in capture.refunds):
            raise unprocessable("DUPLICATE_INVOICE_ID")

    def _shown(self, status: int, refund: Refund, capture: Capture, request: Request) -> Answer:
        shown = refund_object(refund, capture, self._fake, self.base)
        if request.header("prefer") != "return=representation":
            shown = {name: shown[name] for name in ("id", "status", "links")}
        return json(status, shown)

    def _read_refund(self, request: Request, name: str, *_: object) -> Answer:
        refund = self._fake.ledger.refunds.get(name)
        if refund is None:
            raise missing("refund_id")
        return json(200, refund_object(refund, self._capture(request, refund.capture), self._fake, self.base))

    def _read_capture(self, request: Request, name: str, *_: object) -> Answer:
        return json(200, capture_object(self._capture(request, name), self._fake, self.base))

    # Lists.

    def _list_disputes(self, request: Request, *_: object) -> Answer:
        ledger, query = self._fake.ledger, {name: values[0] for name, values in parse_qs(request.query).items()}
        size, page = self._page(query, largest=50)
        wanted = query.get("disputed_transaction_id")
        found = [
            (dispute, ledger.captures[dispute.capture])
            for dispute in reversed(ledger.disputes.values())
            if ledger.captures[dispute.capture].wire == "paypal"
            and wanted in {None, dispute.capture}
            and ledger.captures[dispute.capture].account == self._merchant(request)
        ]
        shown = [dispute_object(*each, self._fake, self.base, whole=False) for each in found]
        if state := query.get("dispute_state"):
            shown = [each for each in shown if each["dispute_state"] == state]
        more = [("/v1/customer/disputes?page=" + str(page + 1), "next", "GET")] if len(shown) > page * size else []
        return json(200, {"items": shown[(page - 1) * size : page * size], "links": links(self.base, *more)})

    def _read_dispute(self, request: Request, name: str, *_: object) -> Answer:
        dispute = self._fake.ledger.disputes.get(name)
        if dispute is None:
            raise missing("dispute_id")
        capture = self._capture(request, dispute.capture)
        return json(200, dispute_object(dispute, capture, self._fake, self.base, whole=True))

    def _search(self, request: Request, *_: object) -> Answer:
        """What moved in a span of at most 31 days, oldest first, once the reporting has caught up."""
        fake, query = self._fake, {name: values[0] for name, values in parse_qs(request.query).items()}
        try:
            start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
            if start.tzinfo is None or end.tzinfo is None or not timedelta(0) <= end - start <= timedelta(days=31):
                raise ValueError
        except (KeyError, ValueError):
            raise invalid("INVALID_PARAMETER_VALUE", "start_date") from None
        size, page = self._page(query, largest=500)
        latest = min(end.timestamp() + 1, fake.clock.now() - fake.settings.reporting_delay_s)
        merchant, wanted = self._merchant(request), query.get("transaction_id")
        found = []
        for capture in fake.ledger.captures.values():
            if capture.wire != "paypal" or capture.account != merchant or capture.captured_at is None:
                continue
            found += [(each.created, transaction(each, capture, fake))
                      for each in (capture, *(fake.ledger.refunds[name] for name in capture.refunds))
                      if start.timestamp() <= each.created < latest and wanted in {None, each.id}]  # fmt: skip
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

    @staticmethod
    def _page(query: dict[str, str], largest: int) -> tuple[int, int]:
        try:
            size, page = int(query.get("page_size", min(100, largest))), int(query.get("page", 1))
        except ValueError:
            size, page = 0, 0
        if not 1 <= size <= largest or page < 1:
            raise invalid("INVALID_PARAMETER_VALUE", "page_size")
        return size, page

    def _verified(self, request: Request, *_: object) -> Answer:
        try:
            genuine = self._verify(request.body)
        except (msgspec.DecodeError, ValueError):
            raise invalid("MALFORMED_REQUEST_JSON") from None
        return json(200, {"verification_status": "SUCCESS" if genuine else "FAILURE"})
