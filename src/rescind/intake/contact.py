"""How a shop is reached, and the sentences it keeps ready, as they come in from a form or a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import phonenumbers
from babel import Locale as Cldr

from rescind.core.contact_card import ContactCard, OpenSpan, checked
from rescind.core.errors import InvalidField, one_of
from rescind.core.quick_reply import LONGEST_TITLE, QuickReply
from rescind.core.quick_reply import checked as checked_replies
from rescind.intake.text import label, words
from rescind.locales import LANGUAGE_NAMES

_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+")


def card(
    *,
    email: str,
    phone: str,
    languages: Sequence[str],
    zone: str,
    hours: Sequence[OpenSpan],
    holidays: bool,
) -> ContactCard:
    """A contact card. Raises InvalidField, InvalidText."""
    address = label(email, field="/email")
    if address and not _EMAIL.fullmatch(address):
        raise InvalidField(field="/email", expected="an e-mail address")
    for place, one in enumerate(languages):
        if one not in _languages():
            raise InvalidField(field=f"/languages/{place}", expected="a language by its code, such as en or zh")
    return checked(
        ContactCard(
            email=address,
            phone=_phone(label(phone, field="/phone")),
            languages=tuple(languages),
            zone=zone,
            hours=tuple(hours),
            holidays=holidays,
        )
    )


REACH: Final = ("email", "phone", "trader", "address", "register")
"""What the platform says of how a shop is reached and who is behind it, by kind."""


def reach(given: Mapping[str, str]) -> dict[str, str]:
    """How a shop is reached and who is behind it; what is empty is not said. Raises InvalidField, InvalidText."""
    for kind in given:
        if kind not in REACH:
            raise InvalidField(field=f"/contact/{kind}", expected=one_of(REACH))
    said = {kind: label(text, field=f"/contact/{kind}") for kind, text in given.items()}
    try:
        own = card(
            email=said.get("email", ""), phone=said.get("phone", ""), languages=(), zone="UTC", hours=(), holidays=True
        )
    except InvalidField as error:
        raise InvalidField(field=f"/contact{error.params['field']}", expected=error.params["expected"]) from None
    said |= {kind: value for kind, value in (("email", own.email), ("phone", own.phone)) if kind in said}
    return said


def _phone(text: str) -> str:
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise InvalidField(field="/phone", expected="a telephone number with its country's prefix, such as +44 20 …")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@cache
def _languages() -> frozenset[str]:
    return frozenset(code for code in map(str, Cldr("en").languages) if re.fullmatch("[a-z]{2,3}", code))


def replies(told: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[QuickReply, ...]:
    """Quick replies by their titles and texts. Raises InvalidField, InvalidText."""
    read = tuple(
        QuickReply(
            title=label(title, field=f"/{place}/title", limit=LONGEST_TITLE, blank=False),
            texts={
                language: words(text, field=f"/{place}/texts/{language}")
                for language, text in texts.items()
                if language in LANGUAGE_NAMES
            },
        )
        for place, (title, texts) in enumerate(told)
    )
    return checked_replies(read, tuple(LANGUAGE_NAMES))
