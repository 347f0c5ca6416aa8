"""A request to cancel: asked, answered, overtaken, restored."""

from __future__ import annotations

from rescind.core import cancellation as stop
from rescind.web.timeline.teller import Entry, Teller

RequestEvent = (
    stop.SellerAsked
    | stop.CancellationHeld
    | stop.CancellationApproved
    | stop.CancellationRefused
    | stop.CancellationWithdrawn
    | stop.CancellationOvertaken
    | stop.DeadlineExtended
    | stop.CancellationReopened
    | stop.CancellationUndone
)


def request(teller: Teller, event: RequestEvent) -> Entry:
    """What happened to a request to cancel."""
    _ = teller.locale.gettext
    match event:
        case stop.SellerAsked():
            return _asked(teller, event, event.request)
        case stop.CancellationHeld() if event.request is not None:
            return _asked(teller, event, event.request)
        case stop.CancellationHeld():
            return teller.entry(_("No answer in time: the platform looks at it"), "eye")
        case stop.CancellationApproved():
            return _answered(teller, event, _approval(teller, event), "circle-check", "good")
        case stop.CancellationRefused():
            text = {
                "seller": _("The shop declined"),
                "silence": _("No answer in time, so the order goes on"),
                "support": _("The platform declined"),
                "carrier": _("The carrier could not stop the parcel"),
            }.get(event.by, _("Asked, and not possible under the policy"))
            return _answered(teller, event, text, "circle-x", "urgent" if teller.mine else "")
        case stop.CancellationWithdrawn():
            return teller.entry(
                _("You withdrew the request") if teller.mine else _("The request was withdrawn"), "undo-2"
            )
        case stop.CancellationOvertaken():
            return teller.entry(_("The parcel went ahead before an answer"), "truck")
        case stop.DeadlineExtended():
            more = teller.locale.time_left(event.returned_s)
            return teller.entry(
                _("More time to answer: Rescind was not reachable for %(time)s") % {"time": more}, "clock"
            )
        case stop.CancellationReopened():
            return teller.entry(_("The parcel had not left: the request waits again"), "hourglass", "wait")
        case stop.CancellationUndone() if event.by == "support":
            return teller.entry(_("The platform restored the order"), "circle-check", "good")
        case stop.CancellationUndone():
            return teller.entry(_("The payment had come in time: the order is restored"), "circle-check", "good")


def _asked(teller: Teller, event: stop.SellerAsked | stop.CancellationHeld, terms: stop.RequestTerms) -> Entry:
    _ = teller.locale.gettext
    if teller.record.actor.on_behalf_of:
        text = _("Support asked to cancel for you") if teller.mine else _("Support asked to cancel for the buyer")
    else:
        text = _("You asked to cancel") if teller.mine else _("The buyer asked to cancel")
    return teller.entry(
        text,
        "undo-2",
        "wait",
        detail=_why(teller, terms, terms.reason),
        said=teller.said(terms.comment),
        rule=event.ground.rule if event.ground else "",
    )


def _answered(
    teller: Teller, event: stop.CancellationApproved | stop.CancellationRefused, text: str, icon: str, tone: str
) -> Entry:
    asked = event.request
    detail = _why(teller, asked, _reason(teller, asked)) if asked else ""
    if isinstance(event, stop.CancellationRefused) and event.answer:
        detail = teller.locale.term("refusal", event.answer)
    return teller.entry(
        text,
        icon,
        tone,
        detail=detail,
        said=teller.said(event.comment) or teller.said(asked.comment if asked else None),
        rule=event.ground.rule if event.ground else "",
    )


def _why(teller: Teller, asked: stop.RequestTerms, reason: str) -> str:
    """The reason, and that a message counted where one did."""
    told = teller.locale.term("reason", reason)
    if asked.said is None:
        return told
    return teller.locale.gettext("%(reason)s (counted from the message that asked for it)") % {"reason": told}


def _reason(teller: Teller, asked: stop.RequestTerms) -> str:
    """Why, as this reader is told it (I-26)."""
    return stop.reason_for_buyer(asked.reason) if teller.mine else asked.reason


def _approval(teller: Teller, event: stop.CancellationApproved) -> str:
    _ = teller.locale.gettext
    if event.request is not None and event.by == "seller":
        return _("The shop cancelled the order")
    if event.request is not None and event.request.filed_by == stop.PLATFORM:
        return _("The platform stopped the order")
    return {
        "rule": _("Cancelled: approved at once by the policy"),
        "seller": _("The shop agreed to cancel"),
        "silence": _("No answer in time, so the request was approved"),
        "support": _("The platform approved the request"),
        "carrier": _("The carrier brings the parcel back"),
        "system": _("Cancelled by itself"),
    }.get(event.by, _("Cancellation approved"))
