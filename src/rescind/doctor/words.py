"""What a finding is called, what it says, and what to do about it, in somebody's language."""

from __future__ import annotations

from datetime import datetime

from rescind.doctor.finding import Finding
from rescind.locales import Locale


def topic(language: Locale, finding: Finding) -> str:
    """What was looked at."""
    return language.pgettext("doctor.topic", finding.topic)


def says(language: Locale, finding: Finding) -> str:
    """How it is, in a sentence."""
    return _filled(language, "doctor.says", finding)


def advice(language: Locale, finding: Finding) -> str:
    """What to do, in a sentence; empty where nothing is to be done."""
    return _filled(language, "doctor.advice", finding) if language.has("doctor.advice", finding.code) else ""


def _filled(language: Locale, context: str, finding: Finding) -> str:
    params = {
        name: language.number(value)
        if isinstance(value, int)
        else f"{language.instant(value)} UTC"
        if isinstance(value, datetime)
        else value
        for name, value in finding.params.items()
    }
    return language.pgettext(context, finding.code) % params
