"""What can be wrong with a command, in words of the domain. HTTP lives in ``api/problems.py``.

Each subclass has a public ``code``: its page is ``docs/problems/<code>.md`` and its sentences are in the locales.
Parameters are ids, codes, amounts and instants, never raw input.
"""

from collections.abc import Iterable
from typing import ClassVar


class RescindError(Exception):
    """Base of every error a caller can cause. ``params`` become members of the problem document."""

    code: ClassVar[str]

    def __init__(self, **params: object) -> None:
        super().__init__(self.code, params)
        self.params = params

    def __str__(self) -> str:
        return f"{self.code}: " + ", ".join(f"{name}={value}" for name, value in self.params.items())


def one_of(codes: Iterable[str]) -> str:
    """What a field expects that takes one of these codes; an empty one is as good as none and is not told."""
    return "one of: " + ", ".join(filter(None, codes))


def table_with(columns: Iterable[str]) -> str:
    """What a file is expected to be that lacks these columns."""
    return "a table with these columns, too: " + ", ".join(columns)


class InvalidField(RescindError):
    """A field has the wrong form or range. Params: field, expected."""

    code = "invalid-field"


class UnknownField(RescindError):
    """A member or query parameter that is not part of the request. Params: field."""

    code = "unknown-field"


class MalformedBody(RescindError):
    """The body is no JSON document of the kind asked for. Params: expected."""

    code = "malformed-body"


class InvalidText(RescindError):
    """Text with control, bidirectional or invisible characters, blank, or too long. Params: field, expected."""

    code = "invalid-text"


class CurrencyMismatch(RescindError):
    """An amount in another currency than the payment's (I-03) or the shop's preset. Params: expected, actual."""

    code = "currency-mismatch"


class AmountsDoNotAddUp(RescindError):
    """Lines, shipping and tenders of an order disagree. Params: lines_and_shipping, tenders (amounts)."""

    code = "amounts-do-not-add-up"


class Unauthenticated(RescindError):
    """No credential, or one that is unknown, expired or revoked. Params: none."""

    code = "unauthenticated"


class SignatureInvalid(RescindError):
    """A message that no secret of this source signed lately. Params: cause (unsigned, too_old, wrong)."""

    code = "signature-invalid"


class Forbidden(RescindError):
    """The role is known and may not do this. Params: action."""

    code = "forbidden"


class OutsideScope(RescindError):
    """The role may do this, and the key was not made for it. Params: action, scope."""

    code = "outside-scope"


class NotFound(RescindError):
    """The object is missing, foreign, or its id is not canonical: all three look the same (I-30). Params: kind."""

    code = "not-found"


class InvalidTransition(RescindError):
    """The state does not allow the action. Params: action, current_state, allowed_actions."""

    code = "invalid-transition"


class CarrierHasScanned(RescindError):
    """The carrier has seen the parcel, so what was reported before is not taken back. Params: fact, parcel."""

    code = "carrier-has-scanned"


class AlreadyCorrected(RescindError):
    """The report was taken back before. Params: event, correction (numbers of both), fact, corrected_at."""

    code = "already-corrected"


class DeadlinePassed(RescindError):
    """The answer came at or after its deadline; the clock answers now (I-37). Params: due_at, now."""

    code = "deadline-passed"


class NoWithdrawal(RescindError):
    """No law in force today lets this buyer withdraw from the contract here, or nothing of it is left.

    Params: until (when the period ended; null where there was none).
    """

    code = "no-withdrawal"


class SecondPersonNeeded(RescindError):
    """Who proposes, to decide against the rules or to move money, is not who confirms it. Params: number."""

    code = "second-person-needed"


class NotTakenOut(RescindError):
    """Cancelled units lie in the parcel, and nobody has said that they are out of it. Params: units (how many)."""

    code = "not-taken-out"


class BeingShipped(RescindError):
    """Somebody else of the shop is handing the order over right now. Params: until (the end of their lease)."""

    code = "being-shipped"


class StaleOrder(RescindError):
    """The order moved on since the caller read it. Params: order, expected, actual (versions)."""

    code = "stale-version"


class StaleShop(RescindError):
    """What a shop decided in advance changed since the caller read it. Params: shop, expected, actual (versions)."""

    code = "stale-shop"


class ReasonNotListed(RescindError):
    """A reason that the policy's catalogue does not offer for this actor and stage (R-130). Params: reason, listed."""

    code = "reason-not-listed"


class RefusalNotOffered(RescindError):
    """The policy gives the seller no plain refusal: approve, or add tracking (R-031). Params: allowed_actions."""

    code = "refusal-not-offered"


class EvidenceMissing(RescindError):
    """The chosen reason needs something with it. Params: reason, needs."""

    code = "evidence-missing"


class FileRefused(RescindError):
    """A file that is not kept as evidence (KF-25). Params: why (a code of the page), limit (files, or MiB of one)."""

    code = "file-refused"


class EvidenceFull(RescindError):
    """This side has sent as much for the order as it may (UP-02). Params: files, mib (what it may send in all)."""

    code = "evidence-full"


class EndpointsFull(RescindError):
    """A shop, or the marketplace, has as many webhook endpoints as it may. Params: limit."""

    code = "endpoints-full"


class ViewsFull(RescindError):
    """Somebody keeps as many views of lists as they may. Params: limit."""

    code = "views-full"


class RobotsFull(RescindError):
    """A shop has as many robots of group chats as it may. Params: limit."""

    code = "robots-full"


class ConsentMissing(RescindError):
    """Support acts for a buyer only with the buyer's recorded consent (M-49). Params: none."""

    code = "consent-missing"


class RefundSettled(RescindError):
    """A refund order that was answered before, otherwise. Params: refund, status, reference, paid_on."""

    code = "refund-settled"


class RefundAmountDiffers(RescindError):
    """The amount that somebody says was paid out is not the refund's. Params: refund, expected, actual (amounts)."""

    code = "refund-amount-differs"


class RefundOfNothing(RescindError):
    """An amount to give back is 0 or less, or is that of delivery of which nothing is left (KF-13). Params: left."""

    code = "refund-of-nothing"


class RefundTooHigh(RescindError):
    """More is to go back than was captured and has not gone back (I-02). Params: asked, left (amounts)."""

    code = "refund-too-high"


class UnknownLine(RescindError):
    """A line that the order does not have. Params: field."""

    code = "unknown-line"


class NothingSelected(RescindError):
    """An empty selection never means everything (KF-06). Params: none."""

    code = "nothing-selected"


class QuantityNotOpen(RescindError):
    """More units selected than are left of the line. Params: line, open."""

    code = "quantity-not-open"


class DailyLimit(RescindError):
    """One person, or one key, would give back more today than they may.

    Params: currency, retry_after (seconds); most (amount) and acts, the limits of a day, as far as there are any.
    """

    code = "daily-limit"


class MandateNeeded(RescindError):
    """The key acts under mandates alone, and nobody has given it one. Params: none."""

    code = "mandate-needed"


class OutsideMandate(RescindError):
    """A program would do what the mandate it acts under does not reach.

    Params: mandate, bound (acts, shops, buyer, currency, each, a_day, acts_a_day, until, ended); of an amount asked and
    most, or left of the day (amounts); of acts a day acts, the most; of a time until.
    """

    code = "outside-mandate"


class MandateStands(RescindError):
    """The key has a mandate that holds; a second one beside it would leave open which counts. Params: mandate."""

    code = "mandate-stands"


class NoMailAddress(RescindError):
    """The marketplace has told no address of this buyer that mail can be sent to. Params: none."""

    code = "no-mail-address"


class AddressBounces(RescindError):
    """Mail to this address was refused for good. Params: address (masked)."""

    code = "address-bounces"


class LastAddress(RescindError):
    """Without this address nothing tells the shop anything, and nobody has said that this is meant.

    Params: goes_to (platform or decides: what the shop's silence means from then on), waiting (requests that wait).
    """

    code = "last-address"


class MailLimit(RescindError):
    """As much was sent to this address today as may be. Params: most (mails a day), retry_after (seconds)."""

    code = "mail-limit"


class TrialRefused(RescindError):
    """Payments go to a provider that is connected, and a trial would take them from it. Params: connection."""

    code = "trial-refused"


class NoTranslator(RescindError):
    """Nobody has set up a translator."""

    code = "no-translator"


class NoMailServer(RescindError):
    """Nobody has set up a server that mail is handed to. Params: none."""

    code = "no-mail-server"


class CodeWrong(RescindError):
    """What was typed is not the code that was sent there, or comes too late or too often. Params: none."""

    code = "code-wrong"


class SignInWrong(RescindError):
    """What was shown does not let anybody in: which part of it was wrong is not said. Params: none."""

    code = "sign-in-wrong"


class SignInAgain(RescindError):
    """It could let others in, so whoever does it has shown who they are a short while ago. Params: minutes."""

    code = "sign-in-again"


class InvitationOver(RescindError):
    """A link to somebody who works here opens nothing any more. Params: why (used, ended, over)."""

    code = "invitation-over"


class LinkAltered(RescindError):
    """A link that no secret in force has signed as it is: something of it was changed or left out. Params: none."""

    code = "link-altered"


class LinkExpired(RescindError):
    """A link whose time is over. Params: none."""

    code = "link-expired"


class LinkUsed(RescindError):
    """A link that has signed somebody in before; each does so once. Params: none."""

    code = "link-used"


class SecretsFull(RescindError):
    """As many secrets for signing links are in force as may be. Params: limit."""

    code = "secrets-full"


class LastOperator(RescindError):
    """Without this operator nobody could let anybody in. Params: none."""

    code = "last-operator"


class LastWayIn(RescindError):
    """Without it this person could not sign in any more. Params: none."""

    code = "last-way-in"


class AmountChanged(RescindError):
    """What somebody confirmed is not what would go back now. Params: confirmed, refund (amounts)."""

    code = "amount-changed"


class VerdictChanged(RescindError):
    """What somebody was shown is not what would be answered now. Params: shown, verdict."""

    code = "verdict-changed"


class EnoughOffers(RescindError):
    """Both sides have offered as often as they may; the request waits for its answer. Params: most, deadline."""

    code = "enough-offers"


class LeftChanged(RescindError):
    """What can go back is not what somebody saw before they gave of it. Params: seen, left (amounts)."""

    code = "left-changed"


class InParcel(RescindError):
    """Units picked one by one that lie in a parcel which is further on than the rest (R-024). Params: line, open."""

    code = "in-parcel"


class FactFromTheFuture(RescindError):
    """A fact said to happen after now, beyond the allowed clock difference. Params: occurred_at, now."""

    code = "fact-from-the-future"


class OrderConflict(RescindError):
    """The number is already an order with other contents. Params: number, order, field (the first that differs)."""

    code = "order-conflict"


class IdempotencyKeyRequired(RescindError):
    """The call changes something and carries no Idempotency-Key. Params: none."""

    code = "idempotency-key-required"


class IdempotencyKeyInvalid(RescindError):
    """A key is 16 to 255 visible ASCII characters (ID-01). Params: none."""

    code = "idempotency-key-invalid"


class NoteUnread(RescindError):
    """The buyer asked for something that nobody has said to have read. Params: notes (their numbers)."""

    code = "note-unread"


class OrderFull(RescindError):
    """So much has happened to the order that only what must still be written has room. Params: none."""

    code = "order-full"


class IdempotencyKeyReused(RescindError):
    """The key was used for another request (ID-02). Params: none."""

    code = "idempotency-key-reused"


class IdempotencyInProgress(RescindError):
    """The first request with this key is still running. Params: none."""

    code = "idempotency-in-progress"


class PolicyInvalid(RescindError):
    """A policy text that cannot be published. Params: file, line, column, message."""

    code = "policy-invalid"


class FourEyes(RescindError):
    """One's own draft is approved or sent back by somebody else, and only its author works on it. Params: by."""

    code = "four-eyes"


class DraftSettled(RescindError):
    """The draft is not where this act begins: not submitted yet, or answered already. Params: number, state."""

    code = "draft-settled"


class NothingChanged(RescindError):
    """The text is, letter for letter, what is in force: there is nothing to approve. Params: policy."""

    code = "nothing-changed"


class RowDiffers(RescindError):
    """A row of a file says in one column something else than the order that is there. Params: number, column."""

    code = "row-differs"


class ImportSettled(RescindError):
    """The import does not wait for this: it is being read, was confirmed already, or came to nothing. Params: state."""

    code = "import-settled"


class DifferenceSettled(RescindError):
    """The difference is not open any more: told to its order, or explained otherwise. Params: run, place, state."""

    code = "difference-settled"


class ExamplesTurn(RescindError):
    """Worked examples come out otherwise than they say, and nobody has said that this is meant. Params: examples."""

    code = "examples-turn"


class RightTakenAway(RescindError):
    """A shop's own rules give less than the platform in some case (R-012, M-29). Params: case."""

    code = "right-taken-away"


class CancelsHandedOver(RescindError):
    """A policy's own rules say yes to cancelling what was handed over, in some case (M-10, KF-22). Params: case."""

    code = "cancels-handed-over"


class SettingNotOffered(RescindError):
    """A version does not offer what a shop under it has chosen. Params: shop, message."""

    code = "setting-not-offered"


class RateLimited(RescindError):
    """Too many calls. Params: retry_after (seconds)."""

    code = "rate-limited"


class Unavailable(RescindError):
    """Database, provider or disk cannot be reached now; nothing was written. Params: retry_after (seconds)."""

    code = "unavailable"


class OtherSecretKey(Unavailable):
    """What is needed was sealed under another secret key of the installation. Params: retry_after (seconds)."""

    code = "other-secret-key"


class RefundUnderWay(Unavailable):
    """A provider may have been asked for a refund and its answer is not known yet, so what else left the payment cannot
    be told from it (I-10). Params: refund, retry_after (seconds).
    """

    code = "refund-under-way"
