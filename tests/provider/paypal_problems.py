"""PayPal's errors: their names, issues and sentences."""

SEMANTICS = "The requested action could not be performed, semantically incorrect, or failed business validation."
SENTENCES = {
    "AUTHORIZATION_ALREADY_CAPTURED": "Authorization has already been captured.",
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero.",
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "DECIMALS_NOT_SUPPORTED": "Currency does not support decimals.",
    "DECIMAL_PRECISION": "The value of the field should not be more than two decimal places.",
    "DUPLICATE_INVOICE_ID": "Invoice ID was previously used to refund a capture.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and try again.",
    "INVALID_CURRENCY_CODE": "Currency code is not supported.",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending.",
    "PREVIOUSLY_VOIDED": "Authorization has been previously voided and hence cannot be voided again.",
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
