"""Stripe's wire form, as far as refunds go: form-encoded requests, JSON answers, idempotency keys, its own errors.

Where Stripe is stricter than one would think, this is too: a 5xx is kept under the key that met it, asking for more
than is left has no error code of its own, and a three-decimal amount must end in 0.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from provider.fake import Fake, Kept
from provider.script import Fault, leaves
from provider.serving import Answer, Request, json
from provider.stripe_calls import ROUTES, Asked, Params, Problem, StripeCalls

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


class StripeForm:
    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._calls = StripeCalls(fake)
        self._count = 0

    def handle(self, request: Request) -> Answer:
        self._count += 1
        request_id = f"req_{self._count:014d}"
        try:
            answer = self._answer(request, request_id)
        except Problem as problem:
            answer = problem.answer()
        answer.headers["request-id"] = request_id
        if version := request.header("stripe-version"):
            answer.headers["stripe-version"] = version
        return answer

    def _answer(self, request: Request, request_id: str) -> Answer:
        fake, parts = self._fake, request.path.split("/")
        key = request.header("idempotency-key") if request.method == "POST" else ""
        account = self._account(request)
        noun, name, verb = (*parts[2:5], "", "", "")[:3]
        found = ROUTES.get((request.method, noun, len(parts), "search" if name == "search" else verb))
        if found is None:
            raise Problem(404, f"Unrecognized request URL ({request.method}: {request.path}).")
        operation, allowed, call = found
        params = self._params(request, allowed)
        if fake.too_many():
            raise self._limit(None)
        names = self._names(name or params.get("payment_intent") or params.get("charge") or "")
        connection, money = fake.script.next(operation, names, key)
        if connection and connection.before:
            if connection.fault == "rate_limited":
                raise self._limit(connection)
            return leaves(self._broken(connection.status or 503), connection)
        asked = Asked(name, account, params, key, money)
        if not key:
            return leaves(self._said(call(self._calls, asked), connection), connection)
        return self._once(asked, request.path, request_id, connection, lambda: call(self._calls, asked))

    # Who asks.

    def _account(self, request: Request) -> str:
        """The connected account that is meant, "" for the platform's own."""
        settings, scheme, key = self._fake.settings, *self._credential(request)
        if not scheme:
            raise Problem(401, "You did not provide an API key.")
        if key not in {settings.stripe_key, settings.stripe_read_only_key}:
            raise Problem(401, f"Invalid API Key provided: {key[:8]}****")
        if key == settings.stripe_read_only_key and request.method != "GET":
            raise Problem(
                403,
                f"Permission denied. The provided key '{key[:8]}***' does not have the required permissions for this "
                f"endpoint on account '{settings.stripe_account}'.",
            )
        version, account = request.header("stripe-version"), request.header("stripe-account")
        if version and not VERSION.fullmatch(version):
            raise Problem(400, f"Invalid Stripe API version: {version}")
        if account and not re.fullmatch(r"acct_\w+", account):
            raise Problem(403, f"The provided key does not have access to account '{account}'.", code="account_invalid")
        return "" if account == settings.stripe_account else account

    @staticmethod
    def _credential(request: Request) -> tuple[str, str]:
        scheme, _, value = request.header("authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                value = base64.b64decode(value).decode("latin-1").partition(":")[0]
            except ValueError:
                value = ""
        return scheme, value

    # Once a key.

    def _once(
        self, asked: Asked, path: str, request_id: str, connection: Fault | None, call: Callable[[], Answer]
    ) -> Answer:
        keys, key, account, what = self._fake.stripe_keys, asked.key, asked.account, (path, asked.params)
        if len(key) > 255:
            raise Problem(400, "Idempotency keys can be at most 255 characters long.")
        if kept := keys.find(account, key):
            return leaves(self._said(self._again(kept, key, what), connection), connection)
        kept = keys.claim(account, key, what)
        if connection and connection.fault == "late":
            self._fake.clock.after(connection.seconds, lambda: self._finish(kept, asked, request_id, None, call))
            return leaves(self._broken(504), connection)
        answer = self._finish(kept, asked, request_id, connection, call)
        return leaves(answer, connection)

    def _finish(
        self, kept: Kept, asked: Asked, request_id: str, connection: Fault | None, call: Callable[[], Answer]
    ) -> Answer:
        """Do what was asked, and keep the answer under the key where Stripe would."""
        try:
            made = call()
        except Problem as problem:
            made = problem.answer()
            if not problem.kept:
                self._fake.stripe_keys.forget(asked.account, asked.key)
                return made
        said = self._said(made, connection)
        # What Stripe's own programs failed at is kept as it failed. Had something before them failed, they would have
        # kept what they meant to say.
        keep = said if connection and connection.stored else made
        for answer in (made, said):
            answer.headers |= {"idempotency-key": asked.key, "original-request": request_id}
        if connection and connection.fault == "slow":
            said.sent = lambda: setattr(kept, "answer", keep)
        else:
            kept.answer = keep
        return said

    @staticmethod
    def _again(kept: Kept, key: str, what: object) -> Answer:
        if kept.fingerprint != what:
            raise Problem(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if kept.answer is None:
            raise Problem(
                409,
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                code="idempotency_key_in_use",
                kind="idempotency_error",
            )
        return Answer(kept.answer.status, kept.answer.body, {**kept.answer.headers, "idempotent-replayed": "true"})

    # Where things break.

    def _said(self, made: Answer, connection: Fault | None) -> Answer:
        return self._broken(connection.status or 500) if connection and connection.fault == "error_after" else made

    @staticmethod
    def _broken(status: int) -> Answer:
        message = "An unknown error occurred. If the problem persists, please contact support."
        return json(status, {"error": {"message": message, "type": "api_error"}})

    @staticmethod
    def _limit(fault: Fault | None) -> Problem:
        after = fault.retry_after if fault else 1
        return Problem(
            429,
            "Request rate limit exceeded. You can learn more about rate limits in Stripe's documentation.",
            code="rate_limit",
            headers={"stripe-rate-limited-reason": "global-rate"}
            | ({} if after is None else {"retry-after": str(after)}),
        )

    # What is asked.

    def _names(self, name: str) -> tuple[str, ...]:
        """Every name of the payment that is meant, so that a rule may use any."""
        ledger = self._fake.ledger
        if refund := ledger.refunds.get(name):
            name = refund.capture
        capture = ledger.find(name)
        return (capture.id, capture.charge) if capture else (name,) if name else ()

    @staticmethod
    def _params(request: Request, allowed: frozenset[str]) -> Params:
        """Flat, with the brackets in the names: ``metadata[order]``, ``created[gte]``, ``expand[0]``."""
        text = request.query
        if request.method == "POST":
            kind = request.header("content-type").partition(";")[0]
            if request.body and kind != "application/x-www-form-urlencoded":
                raise Problem(400, f"Invalid request: unsupported content type: {kind}")
            text = request.body.decode()
        params: Params = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name.partition("[")[0] not in allowed:
                raise Problem(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
            if name in params and not name.endswith("[]"):
                raise Problem(400, f"Received the parameter {name} twice.", param=name)
            params[f"{name}{len(params)}" if name.endswith("[]") else name] = value
        return params
