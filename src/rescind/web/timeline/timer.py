"""What the clock did by itself."""

from __future__ import annotations

from rescind.core import lost_time, timers
from rescind.web.timeline.teller import Entry, Teller


def rang(teller: Teller, event: timers.TimerRang) -> Entry | None:
    _ = teller.locale.gettext
    if event.then == "cancel":
        # What it did stands beside it.
        return None
    if event.then == "late":
        return teller.entry(_("The shop's time to ship is over"), "clock", "wait")
    return teller.entry(_("Reminder: the order is not paid yet"), "clock")


def time_returned(teller: Teller, event: lost_time.TimeReturned) -> Entry:
    more = teller.locale.time_left(event.returned_s)
    text = teller.locale.gettext("More time: Rescind was not reachable for %(time)s") % {"time": more}
    return teller.entry(text, "clock")


def hold_ended(teller: Teller) -> Entry:
    _ = teller.locale.gettext
    return teller.entry(_("The time in which nothing ships is over"), "clock")
