"""Spans of time, what silence means, and how a deadline was worked out, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from rescind.core.deadline import span
from rescind.core.policy import Deadline
from rescind.locales import Locale


def span_words(locale: Locale, text: str) -> str:
    """A policy's span in words: `24h` is 24 hours, `2bd` is 2 business days."""
    length = span(text)
    n = length.amount
    form = {
        "s": locale.ngettext("%(num)s second", "%(num)s seconds", n),
        "m": locale.ngettext("%(num)s minute", "%(num)s minutes", n),
        "h": locale.ngettext("%(num)s hour", "%(num)s hours", n),
        "d": locale.ngettext("%(num)s day", "%(num)s days", n),
        "bd": locale.ngettext("%(num)s working day", "%(num)s working days", n),
    }[length.unit]
    return form % {"num": n}


def seconds_words(locale: Locale, seconds: int) -> str:
    """A span of seconds in its largest whole unit."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0 and seconds >= size:
            return span_words(locale, f"{seconds // size}{unit}")
    return span_words(locale, f"{seconds}s")


def silence_word(locale: Locale, on_silence: str) -> str:
    """What no answer means, in one word."""
    _ = locale.gettext
    return {
        "approve": _("Yes: the request is approved"),
        "refuse": _("No: the order goes on"),
        "escalate": _("The platform looks at it"),
    }.get(on_silence, on_silence)


def arithmetic(locale: Locale, deadline: Deadline) -> Iterator[tuple[str, str]]:
    """How a deadline was worked out: where the counting began, the days that do not count, when it is over (M-09)."""
    _ = locale.gettext
    begun = {
        "requested": _("the request"),
        "placed": _("the order"),
        "paid": _("the payment"),
    }.get(deadline.event, deadline.event)
    at = locale.instant(deadline.start, deadline.zone)
    yield _("Counted from"), _("%(event)s, %(when)s") % {"event": begun, "when": at}
    if deadline.skipped:
        days = (locale.day(datetime.combine(one, time(12), UTC)) for one in deadline.skipped)
        yield _("Days that do not count"), _(", ").join(days)
    yield (
        _("Over"),
        _("%(when)s (%(zone)s)")
        % {
            "when": locale.instant(deadline.due_at, deadline.zone),
            "zone": deadline.zone,
        },
    )
