"""What went wrong, told in HTTP (RFC 9457). The only place with a status; the core speaks of its own matters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from rescind.access.request import CrossSite
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.automation import AutomationRequired
from rescind.core.errors import RescindError
from rescind.core.money import Money
from rescind.locales import Locale, locale
from rescind.pdf import PdfUnavailable

MEDIA_TYPE = b"application/problem+json; charset=utf-8"
_encode = msgspec.json.Encoder().encode


class MethodNotAllowed(RescindError):
    """The address is right, the method is not offered there. Params: allowed_methods (as Allow has them)."""

    code = "method-not-allowed"


class UnsupportedMediaType(RescindError):
    """The body is of a type that is not read here. Params: expected."""

    code = "unsupported-media-type"


class NotAcceptable(RescindError):
    """The answer's only form is none of those the caller takes. Params: offered."""

    code = "not-acceptable"


class TooLarge(RescindError):
    """The body is larger than any request needs. Params: limit (bytes)."""

    code = "too-large"


class AddressTooLong(TooLarge):
    """The address is longer than any request needs. Params: limit (bytes)."""


class HeadersTooLarge(TooLarge):
    """The headers are larger than any request needs. Params: limit (bytes)."""


class Unexpected(RescindError):
    """Our own mistake. What it was stands in the log under the request's id. Params: none."""

    code = "unexpected"


PROBLEMS: Mapping[type[RescindError], tuple[int, str]] = {
    errors.MalformedBody: (400, "The request cannot be read"),
    errors.IdempotencyKeyRequired: (400, "An idempotency key is needed"),
    errors.IdempotencyKeyInvalid: (400, "The idempotency key is not valid"),
    errors.Unauthenticated: (401, "Please sign in"),
    errors.SignatureInvalid: (401, "The signature is not good"),
    errors.Forbidden: (403, "You may not do this"),
    errors.MandateNeeded: (403, "A mandate is needed"),
    errors.OutsideMandate: (403, "The mandate does not reach that far"),
    errors.MandateStands: (409, "The key has a mandate"),
    errors.OutsideScope: (403, "The key was not made for this"),
    errors.FourEyes: (403, "It takes another person"),
    errors.SignInAgain: (403, "Please sign in again"),
    errors.NoWithdrawal: (409, "There is nothing to withdraw from here"),
    errors.SecondPersonNeeded: (403, "Somebody else has to confirm it"),
    CrossSite: (403, "The request came from elsewhere"),
    errors.LinkAltered: (403, "This link is not complete"),
    errors.NotFound: (404, "Nothing here"),
    MethodNotAllowed: (405, "This address does not do that"),
    NotAcceptable: (406, "The answer has another form"),
    errors.InvalidTransition: (409, "This is not possible now"),
    errors.AlreadyCorrected: (409, "This was taken back before"),
    errors.CarrierHasScanned: (409, "The carrier already has it"),
    errors.DeadlinePassed: (409, "The time to answer is over"),
    errors.DraftSettled: (409, "The draft is somewhere else"),
    errors.RowDiffers: (409, "The order that is there says otherwise"),
    errors.ImportSettled: (409, "The import does not wait for this"),
    errors.DifferenceSettled: (409, "The difference is settled already"),
    errors.NotTakenOut: (409, "Cancelled units are still in the parcel"),
    errors.BeingShipped: (409, "A colleague is shipping this order"),
    errors.RefusalNotOffered: (409, "A plain refusal is not possible"),
    errors.InParcel: (409, "It is in a parcel that is further on"),
    errors.AmountChanged: (409, "The refund is another one now"),
    errors.VerdictChanged: (409, "The answer is another one now"),
    errors.EnoughOffers: (409, "Enough was offered"),
    errors.LeftChanged: (409, "Other money went back meanwhile"),
    errors.OrderFull: (409, "The order holds no more"),
    errors.NoteUnread: (409, "A note of the buyer's is not read yet"),
    errors.RefundSettled: (409, "Somebody has answered this refund"),
    errors.QuantityNotOpen: (409, "Fewer are left than you selected"),
    errors.OrderConflict: (409, "This number is another order"),
    errors.IdempotencyInProgress: (409, "The first call is still running"),
    AutomationRequired: (409, "The platform has switched this on"),
    errors.LinkExpired: (410, "This link is too old"),
    errors.InvitationOver: (410, "This link opens nothing any more"),
    errors.LinkUsed: (410, "This link was used before"),
    errors.StaleOrder: (412, "The order has changed since you read it"),
    errors.StaleShop: (412, "The shop has changed since you read it"),
    TooLarge: (413, "The request is too large"),
    AddressTooLong: (414, "The address is too long"),
    UnsupportedMediaType: (415, "The request has another form"),
    errors.InvalidField: (422, "A field is not right"),
    errors.UnknownField: (422, "A field is not known"),
    errors.InvalidText: (422, "The text cannot be used"),
    errors.CurrencyMismatch: (422, "The amount is in another currency"),
    errors.RefundAmountDiffers: (422, "The refund is of another amount"),
    errors.AmountsDoNotAddUp: (422, "The amounts do not add up"),
    errors.ReasonNotListed: (422, "This reason is not on offer"),
    errors.EvidenceMissing: (422, "Something is missing"),
    errors.FileRefused: (422, "This file cannot be used"),
    errors.EndpointsFull: (409, "No more webhook endpoints"),
    errors.SecretsFull: (409, "No more secrets for links"),
    errors.ViewsFull: (409, "No more saved views"),
    errors.RobotsFull: (409, "No more group robots"),
    errors.EvidenceFull: (409, "No more files here"),
    errors.ConsentMissing: (422, "The buyer's consent is missing"),
    errors.NothingSelected: (422, "Nothing is selected"),
    errors.RefundOfNothing: (422, "A refund of nothing"),
    errors.RefundTooHigh: (409, "More than is left to refund"),
    errors.UnknownLine: (422, "The order has no such item"),
    errors.FactFromTheFuture: (422, "A report from the future"),
    errors.IdempotencyKeyReused: (422, "The idempotency key was used before"),
    errors.PolicyInvalid: (422, "The policy cannot be published"),
    errors.NothingChanged: (422, "Nothing was changed"),
    errors.ExamplesTurn: (422, "Worked examples come out otherwise"),
    errors.RightTakenAway: (422, "It takes a right away"),
    errors.CancelsHandedOver: (422, "It cancels what was handed over"),
    errors.SettingNotOffered: (422, "A shop has chosen something else"),
    errors.NoMailAddress: (409, "No address to write to"),
    errors.AddressBounces: (409, "Mail to this address comes back"),
    errors.LastAddress: (409, "It is the shop's last address"),
    errors.TrialRefused: (409, "A provider is connected"),
    errors.NoTranslator: (409, "No translator is set up"),
    errors.NoMailServer: (409, "No mail server is set up"),
    errors.CodeWrong: (422, "The code does not fit"),
    errors.SignInWrong: (422, "This does not let you in"),
    errors.LastOperator: (409, "It is the last operator"),
    errors.LastWayIn: (409, "It is the last way in"),
    errors.MailLimit: (429, "Enough mail for today"),
    errors.RateLimited: (429, "Too many calls"),
    errors.DailyLimit: (429, "Today's limit is reached"),
    HeadersTooLarge: (431, "The headers are too large"),
    Unexpected: (500, "We made a mistake"),
    PdfUnavailable: (501, "No PDF is made here"),
    errors.OtherSecretKey: (503, "The installation has another secret key"),
    errors.RefundUnderWay: (503, "A refund is being sent"),
    errors.Unavailable: (503, "We cannot do this at the moment"),
}
"""Status and English title of every problem. A test walks the classes and wants each here, with page and sentences."""

_ONE_FIELD = (errors.InvalidField, errors.UnknownField, errors.UnknownLine, errors.InvalidText)
# A code is said as people say it; the member beside it keeps the code.
_SAID_AS = {
    "reason": ("reason",),
    "state": ("policy.status", "difference.state"),
    "why": ("file",),
    "bound": ("mandate.bound",),
    "shown": ("verdict",),
    "verdict": ("verdict",),
}


def status(error: RescindError) -> int:
    """The HTTP status of a problem."""
    return PROBLEMS[type(error)][0]


def title(error: type[RescindError], language: Locale) -> str:
    """What happened, in a few words; the more exact English of a class that shares its page with others comes first."""
    shared = PROBLEMS[error][1] if language.tag == "en" else ""
    return shared or language.pgettext("problem.title", error.code)


def detail(error: RescindError, language: Locale) -> str:
    """Why, and what to do next, with the problem's parameters in the reader's language.

    What a rule of the policy forbids is said by the rule, and by what it offers instead.
    """
    rule, ways = str(error.params.get("rule", "")), error.params.get("allowed_actions", ())
    if isinstance(error, errors.InvalidTransition) and rule and language.has("rule", rule):
        says = {"rule": language.rule(rule)}
        known = [str(way) for way in ways if language.has("way_on", str(way))] if isinstance(ways, tuple) else []  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # codes
        if not known:
            return language.gettext("%(rule)s.") % says
        says["way"] = language.term("way_on", known[0])
        return language.gettext("%(rule)s. Next: %(way)s.") % says
    sentence = language.pgettext("problem.detail", error.code)
    return sentence % _Words(error, language) if sentence != error.code else title(type(error), language)


def document(error: RescindError, request_id: str, language: Locale) -> bytes:
    """The problem document. It holds our own words, ids, codes, amounts and times; never what was sent."""
    members: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": title(type(error), language),
        "status": status(error),
        "detail": detail(error, language),
        "instance": f"urn:uuid:{request_id}",
    }
    if isinstance(error, _ONE_FIELD):
        members["errors"] = [_place(error)]
    else:
        members |= {
            name: language.told(value) if isinstance(value, str) else value
            for name, value in error.params.items()
            if name not in members
        }
    return _encode(members)


def headers(error: RescindError) -> list[tuple[bytes, bytes]]:
    """The headers a problem brings along."""
    match error:
        case errors.Unauthenticated():
            return [(b"www-authenticate", b'Bearer realm="rescind"')]
        case MethodNotAllowed():
            return [(b"allow", str(error.params["allowed_methods"]).encode())]
        case errors.RateLimited() | errors.DailyLimit() | errors.MailLimit() | errors.Unavailable():
            return [(b"retry-after", str(error.params.get("retry_after", 1)).encode())]
        case errors.IdempotencyInProgress():
            return [(b"retry-after", b"1")]
        case _:
            return []


def _place(error: RescindError) -> dict[str, object]:
    """Where the problem is: a pointer into the body (RFC 6901), a query parameter or a header."""
    field = str(error.params.get("field", ""))
    kind, name = "pointer", field
    if field.startswith("?"):
        kind, name = "parameter", field[1:]
    elif field[:1].isupper():
        kind, name = "header", field
    elif field and not field.startswith("/"):
        name = f"/{field}"
    said = {key: value for key, value in error.params.items() if key != "field"}
    return {kind: name, "code": error.code} | said


class _Words(dict[str, str]):
    """The parameters of a problem as its sentence says them; one that is not given is a dash, not a failure."""

    def __init__(self, error: RescindError, language: Locale) -> None:
        super().__init__({name: _said(name, value, language) for name, value in error.params.items()})
        # An empty pointer is the whole document.
        if isinstance(error, _ONE_FIELD) and not self.get("field"):
            self["field"] = language.gettext("The request")

    def __missing__(self, name: str) -> str:
        return "–"


def _said(name: str, value: object, language: Locale) -> str:
    match value:
        case str() if name == "expected":
            return language.expected(value)
        case Money():
            return language.money(value)
        case datetime():
            return f"{language.instant(value)} UTC"
        case tuple():
            return ", ".join(str(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # codes
        case str() if name == "current_state":
            return language.state(value, "problem")
        case _:
            for context in _SAID_AS.get(name, ()):
                if language.has(context, str(value)):
                    return language.term(context, str(value), "problem")
            return language.told(value)


class ProblemTold(Told, frozen=True, kw_only=True):
    """Why one of several could not be done; ``type`` is the address of the problem's page."""

    type: str
    title: str
    status: int
    detail: str


def told(error: RescindError) -> ProblemTold:
    """A problem as the result of one of several says it, in English as a log would."""
    english = locale("en")
    return ProblemTold(
        type=f"/problems/{error.code}",
        title=title(type(error), english),
        status=status(error),
        detail=detail(error, english),
    )
