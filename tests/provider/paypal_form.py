"""PayPal's wire form, as far as refunds go: OAuth tokens, JSON both ways, ``PayPal-Request-Id``, its own errors.

Where it differs from Stripe, this does: a request id that was used before answers with the refund as it is *now*,
whatever the second body says; errors are not kept; amounts are strings with as many decimals as PayPal has for the
currency, not as ISO 4217 has; and a refund is answered in short unless ``Prefer`` asks for all of it.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import msgspec

from provider.fake import Fake, Kept
from provider.ledger import Capture, Refund, Refused
from provider.paypal_lists import Lists
from provider.paypal_objects import (
    CURRENCIES,
    authorization_object,
    capture_object,
    dispute_object,
    minor_units,
    refund_object,
)
from provider.paypal_problems import REFUSALS, Problem, invalid, missing, unprocessable
from provider.script import Fault, leaves
from provider.serving import Answer, Request, json

TOKEN_LIFE_S = 9 * 3600
BODY = {"amount", "custom_id", "invoice_id", "note_to_payer", "payment_instruction"}
STATUS_OF = {"requires_action": "pending", "fails_later": "succeeded", "failed": "failed"}


class PayPalForm:
    def __init__(
        self, fake: Fake, verify: Callable[[bytes], bool], certificates: Callable[[], Mapping[str, bytes]]
    ) -> None:
        self._fake, self._verify, self._certificates = fake, verify, certificates
        self._lists = Lists(fake)
        self._tokens: dict[str, float] = {}
        self._count = 0
        self.base = ""

    def opens(self, base: str) -> None:
        self.base = self._lists.base = base

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
        if parts[:3] == ["v1", "notifications", "certs"] and request.method == "GET":
            return self._with_faults("certificate", "", "", request, lambda _: self._certificate(parts[3:]))
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
            case ["GET", "v2", "payments", "authorizations", name]:
                return "payment.read", name, self._read_authorization
            case ["POST", "v2", "payments", "authorizations", name, "void"]:
                return "payment.cancel", name, self._void
            case ["GET", "v1", "customer", "disputes"]:
                return "disputes.list", "", lambda request, *_: self._lists.disputes(request, self._merchant(request))
            case ["GET", "v1", "customer", "disputes", name]:
                return "dispute.read", name, self._read_dispute
            case ["GET", "v1", "reporting", "transactions"]:
                return "refunds.list", "", lambda request, *_: self._lists.search(request, self._merchant(request))
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
        # What was only authorised is no capture yet.
        if capture is None or capture.wire != "paypal" or (capture.charge and capture.captured_at is None):
            raise missing("capture_id")
        return self._seen(request, capture)

    def _authorization(self, request: Request, name: str) -> Capture:
        capture = self._fake.ledger.by_charge.get(name)
        if capture is None or capture.wire != "paypal":
            raise missing("authorization_id")
        return self._seen(request, capture)

    def _seen(self, request: Request, capture: Capture) -> Capture:
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
        if (
            invoice
            and self._fake.settings.blocks_duplicates
            and any(ledger.refunds[name].invoice_id == invoice for name in capture.refunds)
        ):
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

    # Authorisations.

    def _read_authorization(self, request: Request, name: str, *_: object) -> Answer:
        return json(200, authorization_object(self._authorization(request, name), self._fake, self.base))

    def _void(self, request: Request, name: str, *_: object) -> Answer:
        capture = self._authorization(request, name)
        if capture.status != "requires_capture":
            issue = "PREVIOUSLY_VOIDED" if capture.status == "canceled" else "AUTHORIZATION_ALREADY_CAPTURED"
            raise unprocessable(issue)
        self._fake.ledger.move_capture(capture, "canceled")
        if request.header("prefer") == "return=representation":
            return json(200, authorization_object(capture, self._fake, self.base))
        return Answer(204, b"")

    # Disputes and messages.

    def _certificate(self, name: list[str]) -> Answer:
        """Anybody may read the certificates that messages are signed with."""
        pem = self._certificates().get("/".join(name))
        if pem is None:
            raise Problem(404, "NOT_FOUND", "The requested URL was not found.")
        answer = Answer(200, pem)
        answer.content_type = "text/plain"
        return answer

    def _read_dispute(self, request: Request, name: str, *_: object) -> Answer:
        dispute = self._fake.ledger.disputes.get(name)
        if dispute is None:
            raise missing("dispute_id")
        capture = self._capture(request, dispute.capture)
        return json(200, dispute_object(dispute, capture, self._fake, self.base, whole=True))

    def _verified(self, request: Request, *_: object) -> Answer:
        try:
            genuine = self._verify(request.body)
        except (msgspec.DecodeError, ValueError):
            raise invalid("MALFORMED_REQUEST_JSON") from None
        return json(200, {"verification_status": "SUCCESS" if genuine else "FAILURE"})
