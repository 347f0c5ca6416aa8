"""A return case. What was said in it stands on its own page."""

from __future__ import annotations

from rescind.core import returns
from rescind.web.timeline.teller import Entry, Teller


def returned(teller: Teller, event: returns.Happened) -> Entry:
    """A step of a case; one that came too late is loud."""
    late = isinstance(event, returns.ReturnLapsed) and event.silent == "support"
    tone = "urgent" if late else "good" if isinstance(event, returns.ReturnClosed) else ""
    return teller.entry(teller.locale.term("event", type(event).__name__), "headset", tone)
