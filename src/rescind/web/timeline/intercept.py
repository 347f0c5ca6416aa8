"""A parcel that should not have left."""

from __future__ import annotations

from rescind.core import intercept
from rescind.web.timeline.teller import Entry, Teller


def noted(teller: Teller) -> Entry:
    """What does not fit."""
    _ = teller.locale.gettext
    return teller.entry(_("Something does not fit: a person is looking at it"), "circle-alert", "wait")


def resolved(teller: Teller, event: intercept.ContradictionResolved) -> Entry | None:
    """What became of a parcel that should not have left. What the shop and the platform write is theirs."""
    if teller.mine and event.outcome not in intercept.TOLD_TO_BUYER:
        return None
    text = teller.locale.term("intercept", event.outcome, "buyer" if teller.mine else "")
    tone = "good" if event.closed else "wait"
    return teller.entry(text, "undo-2", tone, said="" if teller.mine else teller.said(event.comment))
