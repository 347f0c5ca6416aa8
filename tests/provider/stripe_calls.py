"""What Stripe can be asked of refunds, payments and disputes, once it is clear who asks and that it may."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from provider.fake import Fake
from provider.ledger import Capture, Refund, Refused
from provider.script import Fault
from provider.serving import Answer, json
from provider.stripe_objects import (
    account_object,
    balance_object,
    charge_object,
    dispute_object,
    from_stripe,
    intent_object,
    refund_object,
    spelled,
)

REASONS = {"duplicate", "fraudulent", "requested_by_customer"}
CANCEL_REASONS = {"abandoned", "duplicate", "fraudulent", "requested_by_customer"}
CLAUSE = re.compile(r"""(?:(?P<field>status)|metadata\[["'](?P<key>[^"']+)["']\]):["'](?P<value>[^"']*)["']""")
LARGEST = 999_999_999_999
STATUS_OF = {"requires_action": "requires_action", "failed": "failed", "fails_later": "succeeded"}
"""What a refund is at first under a fault of the script; under any other it is pending."""

Params = dict[str, str]
"""Flat, with the brackets in the names: ``metadata[order]``, ``created[gte]``, ``expand[0]``."""


class Asked(NamedTuple):
    """One call. name: the object in the path; account: the connected one, "" for the platform's own."""

    name: str
    account: str
    params: Params
    key: str
    money: Fault | None


class Problem(Exception):
    """One of Stripe's errors. ``kept``: execution had begun, so the answer stays under the idempotency key."""

    def __init__(
        self, status: int, message: str, *, code: str = "", param: str = "", kept: bool = False,
        kind: str = "invalid_request_error", headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.kept, self.headers = status, kept, headers
        self.error = {"type": kind, "message": message}
        if code:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.error["param"] = param

    def answer(self) -> Answer:
        return json(self.status, {"error": self.error}, dict(self.headers or {}))


def missing(kind: str, name: str, param: str) -> Problem:
    return Problem(404, f"No such {kind}: '{name}'", code="resource_missing", param=param, kept=True)


class StripeCalls:
    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    # Refunds.

    def create_refund(self, asked: Asked) -> Answer:
        params, fault = asked.params, asked.money
        reason, metadata = params.get("reason", ""), self._metadata(params)
        if reason and reason not in REASONS:
            raise Problem(
                400, "Invalid reason: must be duplicate, fraudulent, or requested_by_customer", param="reason"
            )
        self._expanded(params, {"charge", "payment_intent"})
        capture = self._payment(params, asked.account)
        amount, (reverse, return_fee) = self._amount(params, capture), self._seller_side(params, capture)
        currency = capture.currency.lower()
        if params.get("currency", currency) != currency:
            raise Problem(400, f"The currency of this charge is {currency}.", param="currency", kept=True)
        short = fault is not None and fault.fault == "insufficient_funds"
        try:
            refund = self._fake.ledger.refund(
                capture,
                amount,
                key=asked.key,
                status=STATUS_OF.get(fault.fault, "pending") if fault else "succeeded",
                metadata=metadata,
                reason=reason,
                failure_reason=fault.failure_reason if fault else "",
                pending_reason="insufficient_funds" if short else "processing",
                reverse=reverse,
                return_fee=return_fee,
            )
        except Refused as refused:
            raise self._refused(refused, capture, amount) from None
        self._fake.afterwards(refund, fault)
        return json(200, self._shown(refund, capture, params))

    @staticmethod
    def _seller_side(params: Params, capture: Capture) -> tuple[bool, bool]:
        """Whether the seller gives back its transfer, and the platform its fee. Both must have been taken."""
        wishes = []
        for name, there in (("reverse_transfer", capture.destination), ("refund_application_fee", capture.fee)):
            wish = params.get(name, "false")
            if wish not in {"true", "false"}:
                raise Problem(400, f"Invalid boolean: {wish}", param=name)
            if wish == "true" and not there:
                raise Problem(400, f"Charge {capture.charge} has nothing for {name}.", param=name, kept=True)
            wishes.append(wish == "true")
        return wishes[0], wishes[1]

    @staticmethod
    def _amount(params: Params, capture: Capture) -> int | None:
        text = params.get("amount")
        if text is None:
            return None
        if not re.fullmatch(r"-?\d+", text, re.ASCII):
            raise Problem(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param="amount")
        if int(text) < 1:
            raise Problem(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
        if int(text) > LARGEST:
            raise Problem(400, "Amount must be no more than 999999999999.", code="amount_too_large", param="amount")
        amount = from_stripe(int(text), capture.currency)
        if amount is None:
            raise Problem(400, f"Amounts in {capture.currency} cannot end in these digits: {text}", param="amount")
        return amount

    @staticmethod
    def _refused(refused: Refused, capture: Capture, amount: int | None) -> Problem:
        match refused.why:
            case "already_refunded":
                message, code, param = (
                    f"Charge {capture.charge} has already been refunded.",
                    "charge_already_refunded",
                    "",
                )
            case "disputed":
                message = f"Charge {capture.charge} has been charged back; cannot issue a refund."
                code, param = "charge_disputed", ""
            case "too_much":
                # Without a code, as Stripe sends it: there is only the parameter, and a sentence.
                asked, left = spelled(amount or 0, capture.currency), spelled(refused.left, capture.currency)
                message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})"
                code, param = "", "amount"
            case _:
                message = f"This PaymentIntent ({capture.id}) does not have a successful charge to refund."
                code, param = "", "payment_intent"
        return Problem(400, message, code=code, param=param, kept=True)

    def _expanded(self, params: Params, known: set[str], prefix: str = "") -> set[str]:
        """What is to be shown whole instead of by its id. Raises Problem for anything else."""
        wanted = {name.removeprefix(prefix) for name in self._inner(params, "expand").values()}
        if unknown := wanted - known:
            raise Problem(400, f"This property cannot be expanded ({min(unknown)}).", param="expand")
        return wanted

    def _shown(self, refund: Refund, capture: Capture, params: Params, prefix: str = "") -> dict[str, object]:
        shown, wanted = refund_object(refund, capture), self._expanded(params, {"charge", "payment_intent"}, prefix)
        if "charge" in wanted:
            shown["charge"] = charge_object(capture)
        if "payment_intent" in wanted:
            shown["payment_intent"] = intent_object(capture)
        return shown

    def read_refund(self, asked: Asked) -> Answer:
        refund = self._refund(asked.name, asked.account)
        return json(200, self._shown(refund, self._fake.ledger.captures[refund.capture], asked.params))

    def update_refund(self, asked: Asked) -> Answer:
        refund = self._refund(asked.name, asked.account)
        refund.metadata |= self._metadata(asked.params)
        refund.metadata = {name: value for name, value in refund.metadata.items() if value}
        return json(200, refund_object(refund, self._fake.ledger.captures[refund.capture]))

    def cancel_refund(self, asked: Asked) -> Answer:
        refund = self._refund(asked.name, asked.account)
        if refund.status != "requires_action":
            message = f"Refund {refund.id} is {refund.status}. Only refunds that require action can be canceled."
            raise Problem(400, message, kept=True)
        self._fake.ledger.move_refund(refund, "canceled")
        return json(200, refund_object(refund, self._fake.ledger.captures[refund.capture]))

    def list_refunds(self, asked: Asked) -> Answer:
        ledger = self._fake.ledger
        if asked.params.get("payment_intent") or asked.params.get("charge"):
            found = [ledger.refunds[name] for name in self._payment(asked.params, asked.account).refunds]
        else:
            found = [each for each in ledger.refunds.values() if ledger.captures[each.capture].account == asked.account]
        found = [each for each in found if ledger.captures[each.capture].wire == "stripe"]
        return self._list(
            "/v1/refunds",
            found,
            asked.params,
            lambda each: self._shown(each, ledger.captures[each.capture], asked.params, "data."),
        )

    def _list(self, url: str, found: list, params: Params, shown: Callable) -> Answer:
        """Newest first, a page at a time. found: in the order in which they were made."""
        found.reverse()
        for name, keeps in (
            ("created[gte]", lambda made, limit: made >= limit),
            ("created[gt]", lambda made, limit: made > limit),
            ("created[lte]", lambda made, limit: made <= limit),
            ("created[lt]", lambda made, limit: made < limit),
            ("created", lambda made, limit: made == limit),
        ):
            if name in params:
                found = [each for each in found if keeps(int(each.created), self._whole(params, name))]
        limit = self._whole(params, "limit") if "limit" in params else 10
        if not 1 <= limit <= 100:
            raise Problem(400, "This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
        names = [each.id for each in found]
        start, end = 0, len(found)
        for name in ("starting_after", "ending_before"):
            if name in params and params[name] not in names:
                raise missing("refund", params[name], name)
        if "starting_after" in params:
            start = names.index(params["starting_after"]) + 1
        if "ending_before" in params:
            end = names.index(params["ending_before"])
            start = max(start, end - limit)
        page = found[start : min(end, start + limit)]
        more = start > 0 if "ending_before" in params else start + limit < end
        return json(200, {"object": "list", "data": [shown(each) for each in page], "has_more": more, "url": url})

    @staticmethod
    def _whole(params: Params, name: str) -> int:
        if not re.fullmatch(r"\d+", params[name], re.ASCII):
            raise Problem(400, f"Invalid integer: {params[name]}", code="parameter_invalid_integer", param=name)
        return int(params[name])

    # Payments, disputes, and whose account this is.

    def read_intent(self, asked: Asked) -> Answer:
        capture = self._payment({"payment_intent": asked.name}, asked.account)
        shown = intent_object(capture)
        if "latest_charge" in self._expanded(asked.params, {"latest_charge"}) and shown["latest_charge"]:
            shown["latest_charge"] = charge_object(capture)
        return json(200, shown)

    def search_intents(self, asked: Asked) -> Answer:
        """By metadata and status, all of which have to fit. What is young is not found yet."""
        clauses = [CLAUSE.fullmatch(clause.strip()) for clause in asked.params.get("query", "").split(" AND ")]
        if None in clauses:
            raise Problem(400, "We were unable to parse your search query.", param="query")
        wanted = [(each["field"], each["key"], each["value"]) for each in clauses if each]
        latest = self._fake.clock.now() - self._fake.settings.search_delay_s
        found = [
            capture
            for capture in reversed(self._fake.ledger.captures.values())
            if (capture.wire, capture.account) == ("stripe", asked.account)
            and capture.created <= latest
            and all((capture.status if field else capture.metadata.get(key)) == value for field, key, value in wanted)
        ]
        limit = self._whole(asked.params, "limit") if "limit" in asked.params else 10
        shown = [intent_object(each) for each in found[:limit]]
        url, more = "/v1/payment_intents/search", len(found) > limit
        return json(200, {"object": "search_result", "data": shown, "has_more": more, "next_page": None, "url": url})

    def cancel_intent(self, asked: Asked) -> Answer:
        capture = self._payment({"payment_intent": asked.name}, asked.account)
        reason = asked.params.get("cancellation_reason", "")
        if reason and reason not in CANCEL_REASONS:
            raise Problem(400, f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
        try:
            self._fake.ledger.move_capture(capture, "canceled", reason)
        except Refused:
            message = f"You cannot cancel this PaymentIntent because it has a status of {capture.status}."
            raise Problem(400, message, code="payment_intent_unexpected_state", kept=True) from None
        return json(200, intent_object(capture))

    def read_charge(self, asked: Asked) -> Answer:
        capture = self._payment({"charge": asked.name}, asked.account)
        if capture.status not in {"succeeded", "requires_capture"}:
            raise missing("charge", capture.charge, "id")
        shown = charge_object(capture)
        if "refunds" in self._expanded(asked.params, {"refunds"}):
            newest = [self._fake.ledger.refunds[name] for name in reversed(capture.refunds)]
            shown["refunds"] = {
                "object": "list",
                "data": [refund_object(each, capture) for each in newest[:10]],
                "has_more": len(newest) > 10,
                "url": f"/v1/charges/{capture.charge}/refunds",
            }
        return json(200, shown)

    def list_disputes(self, asked: Asked) -> Answer:
        ledger = self._fake.ledger
        if asked.params.get("payment_intent") or asked.params.get("charge"):
            found = [ledger.disputes[name] for name in self._payment(asked.params, asked.account).disputes]
        else:
            found = [
                each for each in ledger.disputes.values() if ledger.captures[each.capture].account == asked.account
            ]
        found = [each for each in found if ledger.captures[each.capture].wire == "stripe"]
        return self._list(
            "/v1/disputes", found, asked.params, lambda each: dispute_object(each, ledger.captures[each.capture])
        )

    def read_dispute(self, asked: Asked) -> Answer:
        dispute = self._fake.ledger.disputes.get(asked.name)
        if dispute is None or self._fake.ledger.captures[dispute.capture].account != asked.account:
            raise missing("dispute", asked.name, "dispute")
        return json(200, dispute_object(dispute, self._fake.ledger.captures[dispute.capture]))

    def read_account(self, asked: Asked) -> Answer:
        return json(200, account_object(asked.account or self._fake.settings.stripe_account))

    def read_balance(self, _: Asked) -> Answer:
        return json(200, balance_object(self._fake))

    @staticmethod
    def _inner(params: Params, name: str) -> dict[str, str]:
        return {key[len(name) + 1 : -1]: value for key, value in params.items() if key.startswith(name + "[")}

    def _metadata(self, params: Params) -> dict[str, str]:
        metadata = self._inner(params, "metadata")
        for name, value in metadata.items():
            if len(name) > 40 or len(value) > 500:
                raise Problem(
                    400, f"Metadata keys have at most 40 characters, values 500: {name[:40]}", param="metadata"
                )
        if len(metadata) > 50:
            raise Problem(400, "You can have at most 50 metadata keys.", param="metadata")
        return metadata

    def _payment(self, params: Params, account: str) -> Capture:
        given = [name for name in ("charge", "payment_intent") if params.get(name)]
        if len(given) != 1:
            wrong = "Only one" if given else "One"
            raise Problem(400, f"{wrong} of the following params should be provided: payment_intent or charge.")
        (kind,) = given
        name = params[kind]
        capture = self._fake.ledger.find(name)
        if capture is None or (capture.wire, capture.account) != ("stripe", account):
            raise missing(kind, name, kind)
        if name != (capture.charge if kind == "charge" else capture.id):
            raise missing(kind, name, kind)
        return capture

    def _refund(self, name: str, account: str) -> Refund:
        refund = self._fake.ledger.refunds.get(name)
        if refund is not None:
            capture = self._fake.ledger.captures[refund.capture]
            if capture.wire == "stripe" and capture.account == account:
                return refund
        raise missing("refund", name, "id")


Call = Callable[[StripeCalls, Asked], Answer]

OF_PAYMENT = ("payment_intent", "charge")
PAGES = ("limit", "starting_after", "ending_before", "created", "expand")
MAKING = (
    "amount",
    "currency",
    "reason",
    "metadata",
    "reverse_transfer",
    "refund_application_fee",
    "instructions_email",
)

ROUTES: dict[tuple[str, str, int, str], tuple[str, frozenset[str], Call]] = {
    (method, noun, length, verb): (operation, frozenset(allowed), call)
    for method, noun, length, verb, operation, allowed, call in (
        ("POST", "refunds", 3, "", "refund", (*OF_PAYMENT, *MAKING, "expand"), StripeCalls.create_refund),
        ("GET", "refunds", 3, "", "refunds.list", (*OF_PAYMENT, *PAGES), StripeCalls.list_refunds),
        ("GET", "refunds", 4, "", "refund.read", ("expand",), StripeCalls.read_refund),
        ("POST", "refunds", 4, "", "refund.update", ("metadata", "expand"), StripeCalls.update_refund),
        ("POST", "refunds", 5, "cancel", "refund.cancel", ("expand",), StripeCalls.cancel_refund),
        ("GET", "payment_intents", 4, "", "payment.read", ("expand", "client_secret"), StripeCalls.read_intent),
        ("GET", "payment_intents", 4, "search", "payments.search", ("query", "limit"), StripeCalls.search_intents),
        (
            "POST",
            "payment_intents",
            5,
            "cancel",
            "payment.cancel",
            ("cancellation_reason", "expand"),
            StripeCalls.cancel_intent,
        ),
        ("GET", "charges", 4, "", "charge.read", ("expand",), StripeCalls.read_charge),
        ("GET", "disputes", 3, "", "disputes.list", (*OF_PAYMENT, *PAGES), StripeCalls.list_disputes),
        ("GET", "disputes", 4, "", "dispute.read", ("expand",), StripeCalls.read_dispute),
        ("GET", "account", 3, "", "account.read", ("expand",), StripeCalls.read_account),
        ("GET", "balance", 3, "", "balance.read", ("expand",), StripeCalls.read_balance),
    )
}
