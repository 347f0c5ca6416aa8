"""A letter in its two forms: what it says stands in ``Said``, and text and HTML say the same."""

from __future__ import annotations

from dataclasses import dataclass

from rescind.core.instant import Instant
from rescind.locales import Locale
from rescind.mail.message import Attachment, Letter
from rescind.web.rendering import render


@dataclass(frozen=True, slots=True)
class Said:
    """A letter in parts. lead: the one sentence it is about; more: what else there is to know.

    link, label: where it leads, and its words; link is empty where nobody knows the address of these pages. foot: why
    it came, and whom to ask.
    """

    subject: str
    lead: str
    more: tuple[str, ...]
    foot: tuple[str, ...]
    link: str = ""
    label: str = ""


def letter(
    language: Locale, said: Said, now: Instant, attachments: tuple[Attachment, ...] = (), unsubscribe: str = ""
) -> Letter:
    """A letter as text and as HTML, which say the same. unsubscribe: the address that ends such mail."""
    parts = [said.lead, *said.more]
    if said.link:
        parts.append(f"{said.label}:\n{said.link}")
    return Letter(
        subject=said.subject,
        text="\n\n".join([*parts, "-- \n" + "\n".join(said.foot)]) + "\n",
        html=render("mail/letter.html", language, now=now, said=said),
        language=language.html_lang,
        attachments=attachments,
        unsubscribe=unsubscribe,
    )
