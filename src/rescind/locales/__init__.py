"""The sentences people read, in every language we speak, and the forms their money and times take.

English sentences are the message ids of page text. Things known to the program by a code have a context each, and
English names them in ``en.po``. A catalogue is the plain ``<tag>.po`` beside this file, read once a process.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from zoneinfo import ZoneInfo

from babel import Locale as CldrLocale
from babel.dates import format_date, format_time, get_timezone_location
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from rescind.core.money import decimals
from rescind.core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
DEFAULT = "en"
LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""Languages on offer, each named in itself, in the order the switch shows them."""

_HTML = {"en": "en", "zh": "zh-Hans"}
_CLDR = {"en": "en", "zh": "zh_Hans_CN"}
_HEADER_PART = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(_DAYS)
_DAY_NAMES = re.compile(rf"\b(?P<first>{_DAY})\b(?:\s*[–-]\s*(?P<last>{_DAY})\b)?")
_NUMBER = re.compile(r"\d+")
_CODES = re.compile(r"(?:(?<=^one of: )|(?<=^a table with these columns, too: )).*", re.DOTALL)

MINUTE, HOUR, DAY = 60, 3600, 86400


class Amount(Protocol):
    """Anything with whole minor units and an ISO 4217 code; ``Money`` is one."""

    @property
    def minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


_STATES = (
    "cancellation", "stage", "refund", "state", "webhook", "return_outcome", "escalation_outcome", "intercept", "event",
)  # fmt: skip
"""Everything that can be said of where a matter stands, by what the catalogue calls it."""


class Locale:
    """One language: its sentences, and how it writes money, numbers and times. Get it with :func:`locale`."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.html_lang = _HTML[tag]
        self.cldr = CldrLocale.parse(_CLDR[tag])
        self.messages = read_messages(tag)

    def __repr__(self) -> str:
        return f"Locale({self.tag!r})"

    def gettext(self, message: str) -> str:
        """The sentence in this language; a sentence nobody has translated stays English."""
        return self.messages.get(("", message), (message,))[0]

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The form for ``n``; ``%(num)s`` is left for the caller to fill."""
        forms = self.messages.get(("", singular))
        if forms is None:
            return singular if n == 1 else plural
        return forms[0] if n == 1 or len(forms) == 1 else forms[1]

    def told(self, said: object) -> str:
        """What the core says to an author, in this language where it has a pattern; the rest as it is."""
        if not isinstance(said, Sentence):
            return str(said)
        parts = {
            name: self.expected(str(value)) if name == "expected" else self.told(value)
            for name, value in said.params.items()
        }
        return self.gettext(said.pattern) % parts

    def pgettext(self, context: str, key: str) -> str:
        """What people call the thing that the program calls ``key``; the key itself when nobody has named it."""
        return self.messages.get((context, key), (key,))[0]

    def rule(self, rule_id: str) -> str:
        """What a rule says, in a sentence. A rule that a shop wrote for itself is told as what it is."""
        if not self.has("rule", rule_id) and rule_id.startswith("SHOP-"):
            return self.gettext("The shop has agreed in advance to requests like this one")
        return self.pgettext("rule", rule_id)

    def source(self, code: str) -> str:
        """What a source says, in a sentence of ours. Empty for one that is in no catalogue."""
        return self.pgettext("source.says", code) if self.has("source.says", code) else ""

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """``ngettext`` within a context."""
        forms = self.messages.get((context, singular), (singular, plural))
        return forms[0] if n == 1 or len(forms) == 1 else forms[1]

    def term(self, context: str, key: str, reader: str = "") -> str:
        """``pgettext`` that prefers the wording for this reader (buyer, seller, support): "your answer needed"."""
        if reader and (own := self.messages.get((context, f"{key}@{reader}"))):
            return own[0]
        return self.pgettext(context, key)

    def state(self, code: str, reader: str = "") -> str:
        """Where something stands, in words: an order, a request, a refund, a case, a proposal (``override_lapsed``)."""
        kind, _, outcome = code.partition("_")
        for context, key in (*((one, code) for one in _STATES), (f"{kind}_outcome", outcome)):
            if self.has(context, key):
                return self.term(context, key, reader)
        return code

    def has(self, context: str, key: str) -> bool:
        """Whether there is a wording for this code."""
        return (context, key) in self.messages

    def expected(self, words: str) -> str:
        """What a field expects. In the catalogue its numbers are ``#``, and a list of codes is ``*``."""
        codes = _CODES.search(words)
        said = self.pgettext("expected", _NUMBER.sub("#", _CODES.sub("*", words)))
        if codes:
            return said.replace("*", codes[0])
        for number in _NUMBER.findall(words):
            said = said.replace("#", number, 1)
        return said

    def money(self, amount: Amount | int, currency: str = "") -> str:
        """``Money``, or minor units beside their currency, with exactly the currency's own digits (KF-08)."""
        minor, code = (amount, currency) if isinstance(amount, int) else (amount.minor, amount.currency)
        value = Decimal(minor).scaleb(-decimals(code))
        # Letters stand apart from the digits, signs do not: KWD 1.255, £24.90.
        sign = get_currency_symbol(code, locale=self.cldr)
        gap = "\u00a0" if sign[-1:].isalpha() else ""
        pattern = f"¤{gap}#,##0" + ("." + "0" * decimals(code) if decimals(code) else "")
        # A minus sign, not a hyphen: it is as wide as the digits it stands beside.
        return format_currency(
            value, code, f"{pattern};−{pattern}", locale=self.cldr, currency_digits=False, decimal_quantization=True
        )

    def number(self, value: float | Decimal) -> str:
        """Grouped digits."""
        return format_decimal(value, locale=self.cldr)

    def percent(self, ratio: float | Decimal, digits: int = 0) -> str:
        """``0.954`` as 95 % in the language's form."""
        return format_percent(ratio, "#,##0" + ("." + "0" * digits if digits else "") + "%", locale=self.cldr)

    def instant(self, moment: datetime, zone: str = "UTC", *, now: datetime | None = None) -> str:
        """Day and clock time in the reader's zone; the year only when it is not the year of ``now``."""
        local = moment.astimezone(ZoneInfo(zone))
        return f"{self.day(moment, zone, now=now)}{'' if self.tag == 'zh' else ','} {self._clock(local)}"

    def moment(self, moment: datetime, zone: str = "UTC", *, now: datetime | None = None) -> str:
        """The same with its zone, for whoever may read another clock."""
        return f"{self.instant(moment, zone, now=now)} {self.zone(moment, zone)}"

    def day(self, moment: datetime, zone: str = "UTC", *, now: datetime | None = None) -> str:
        """Weekday and day in the reader's zone."""
        local = moment.astimezone(ZoneInfo(zone))
        same_year = now is not None and now.astimezone(ZoneInfo(zone)).year == local.year
        if self.tag == "zh":
            return format_date(local, "M月d日 EEE" if same_year else "y年M月d日 EEE", locale=self.cldr)
        return format_date(local, "EEE d MMM" if same_year else "EEE d MMM y", locale=self.cldr)

    def weekday(self, day: date) -> str:
        """Its short name."""
        return format_date(day, "EEE", locale=self.cldr)

    def date(self, day: date) -> str:
        """A day that is the same everywhere, with its year."""
        return format_date(day, "y年M月d日" if self.tag == "zh" else "d MMM y", locale=self.cldr)

    def day_or_month(self, written: str) -> str:
        """A day written as 2026-02-23, or only its month (2026-02) or year."""
        year, month, day = (*map(int, written.split("-")), 0, 0)[:3]
        if day:
            return self.date(date(year, month, day))
        zh = self.tag == "zh"
        pattern = ("y年M月" if zh else "MMM y") if month else ("y年" if zh else "y")
        return format_date(date(year, month or 1, 1), pattern, locale=self.cldr)

    def days(self, first: date, last: date) -> tuple[str, str]:
        """Both ends of a span of days; the year is said once where it is one."""
        zh = self.tag == "zh"
        bare = [format_date(one, "M月d日" if zh else "d MMM", locale=self.cldr) for one in (first, last)]
        if first.year != last.year:
            return self.date(first), self.date(last)
        return (self.date(first), bare[1]) if zh else (bare[0], self.date(last))

    def clock(self, moment: datetime, zone: str = "UTC") -> str:
        """Clock time in the reader's zone, 24 hours."""
        return self._clock(moment.astimezone(ZoneInfo(zone)))

    def zone(self, moment: datetime, zone: str = "UTC") -> str:
        """The zone as its distance from UTC at that moment: it means the same to everybody."""
        offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert offset is not None, "a moment in a zone has an offset"
        minutes = int(offset.total_seconds()) // MINUTE
        if not minutes:
            return "UTC"
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")

    def place(self, zone: str) -> str:
        """The city that a zone goes by: Europe/London is London, or 伦敦."""
        return get_timezone_location(zone, locale=self.cldr, return_city=True)

    def country(self, code: str) -> str:
        """A country's name; a code that nobody knows stays as it is."""
        return str(cast("Mapping[str, str]", self.cldr.territories).get(code, code))

    def weekdays(self, hours: str) -> str:
        """Opening hours as somebody wrote them, with English short names of days in this language."""
        if self.tag == DEFAULT:
            return hours
        names = self.cldr.days["format"]["abbreviated"]
        return _DAY_NAMES.sub(
            lambda found: (
                self.gettext("%(first)s to %(last)s")
                % {name: names[_DAYS.index(day)] for name, day in found.groupdict().items()}
                if found["last"]
                else names[_DAYS.index(found["first"])]
            ),
            hours,
        )

    def time_left(self, seconds: float) -> str:
        """A span in its two largest units, rounded down: a promise of time is never longer than the truth."""
        _ = self.gettext
        units = [_("%(n)s d"), _("%(n)s h"), _("%(n)s min")]
        counts = split_span(seconds)
        first = next((place for place, count in enumerate(counts) if count), None)
        if first is None:
            return _("less than a minute")
        parts = zip(units[first : first + 2], counts[first : first + 2], strict=True)
        return " ".join(unit % {"n": count} for unit, count in parts if count)

    def _clock(self, local: datetime) -> str:
        return format_time(local, "HH:mm", locale=self.cldr)


def split_span(seconds: float) -> tuple[int, int, int]:
    """Whole days, hours and minutes of a span, rounded down, never negative."""
    whole = max(0, math.floor(seconds))
    return whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE


@cache
def locale(tag: str) -> Locale:
    """The language of that tag. Raises KeyError for one we do not speak; :func:`negotiate` gives a tag we do."""
    return Locale(tag)


def negotiate(accept_language: str | None, explicit: str | None = None) -> str:
    """The tag to answer in: the person's own choice if we speak it, else the best of Accept-Language, else English."""
    if explicit and (chosen := _spoken(explicit)):
        return chosen
    best, best_quality = DEFAULT, 0.0
    for part in (accept_language or "").split(","):
        match = _HEADER_PART.fullmatch(part)
        tag = _spoken(match[1]) if match else None
        quality = float(match[2]) if match and match[2] else 1.0
        if tag and quality > best_quality:
            best, best_quality = tag, quality
    return best


def _spoken(tag: str) -> str | None:
    """``zh-Hans-CN`` is 中文 to us, ``en-GB`` is English."""
    primary = tag.strip().lower().partition("-")[0]
    return primary if primary in LANGUAGE_NAMES else None


@cache
def read_messages(tag: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(context or "", message id) -> its forms, the plural last. Empty and fuzzy entries are left out."""
    return {(context, key): forms for context, key, forms in _entries(tag)}


def _entries(tag: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    with (HERE / f"{tag}.po").open("rb") as file:
        catalogue = read_po(file, locale=_CLDR[tag], abort_invalid=True)
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if key and forms and all(forms) and not message.fuzzy:
            yield message.context or "", key, forms
