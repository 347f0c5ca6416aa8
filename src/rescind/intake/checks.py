"""What the automatic checks want a person to look at before an order goes on (M-07). They refuse nothing.

What the host keeps to itself is not checked: an order without any address is one whose address we were not told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import phonenumbers

from rescind.core.details import Recipient
from rescind.intake.postal import doubts

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_ORDER = ("street", "city", "postcode", "region", "country")
_CANNOT: Mapping[str, str] = {"street": "street_missing", "city": "town_missing", "country": "country_unknown"}


def check_recipient(to: Recipient) -> tuple[str, ...]:
    """Codes of what is not plausible about whom the parcel goes to, field by field as they stand on a form.

    What a parcel cannot do without is told apart from what only looks unusual: see ``core/review.py``.
    """
    found: list[str] = []
    if any((to.street, to.city, to.postcode)):
        wrong = doubts(to)
        if not to.name:
            found.append("recipient_missing")
        for name in _ORDER:
            if name in wrong.missing:
                found.append(_CANNOT[name])
            elif name in wrong.unlikely:
                found.append(f"{name}_implausible")
            elif name in wrong.left_out:
                found.append(f"{name}_left_out")
    if to.phone and not _phone(to):
        found.append("phone_implausible")
    if to.email and _MAIL.fullmatch(to.email) is None:
        found.append("email_implausible")
    return tuple(found)


def check_order(to: Recipient, *, total_minor: int, high_value: object, duplicate: bool) -> tuple[str, ...]:
    """All of it. high_value: the policy's limit in minor units; 0 or anything but a number: none."""
    high = isinstance(high_value, int) and 0 < high_value <= total_minor
    order = {"duplicate": duplicate, "high_value": high}
    return (*check_recipient(to), *(code for code, wrong in order.items() if wrong))


def _phone(to: Recipient) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(to.phone, to.country or None))
    except phonenumbers.NumberParseException:
        return False
