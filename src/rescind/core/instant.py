"""One kind of time: an aware UTC ``datetime``.

Callers hand in text or datetimes; everything past this door is UTC, so that two instants can always be compared.
"""

from datetime import UTC, datetime

from rescind.core.errors import InvalidField

EXPECTED = "RFC 3339 date-time with an offset"

Instant = datetime
"""An aware ``datetime`` in UTC. Only :func:`instant` makes one from the outside world."""


def instant(value: str | datetime, *, field: str = "time") -> Instant:
    """Read an instant. ``field`` names it in the error.

    Raises InvalidField for text that is no date-time and for one without an offset: "10:00" happened at many moments.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidField(field=field, expected=EXPECTED) from None
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidField(field=field, expected=EXPECTED)
    return value.astimezone(UTC)
