"""The platform was called, and what came of it."""

from __future__ import annotations

from rescind.core import escalation
from rescind.web.timeline.teller import Entry, Teller


def escalated(teller: Teller, event: escalation.Happened) -> Entry:
    """A step of it; one that came too late is loud."""
    text = teller.locale.term("event", type(event).__name__)
    match event:
        case escalation.EscalationOpened():
            detail = teller.locale.term("escalation", event.ground, "" if teller.mine else "support")
            return teller.entry(text, "headset", "wait", detail=detail, said=teller.said(event.comment))
        case escalation.EscalationClosed():
            detail = teller.locale.term("escalation_outcome", event.outcome)
            return teller.entry(text, "headset", "good", detail=detail, said=teller.said(event.comment))
        case escalation.EscalationLapsed():
            return teller.entry(text, "headset", "urgent")
        case escalation.EscalationTaken():
            return teller.entry(text, "headset")
