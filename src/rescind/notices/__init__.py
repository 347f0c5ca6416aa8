"""Telling people: what a notice says, and the ways it goes. A line a channel."""

from __future__ import annotations

from rescind.notices.channel import Answer, Channel, Refused, Sent, Unclear
from rescind.notices.words import Words, words

INBOX, EMAIL = "inbox", "email"
CHANNELS = (EMAIL,)
"""Every way a notice goes beside the inbox, where each of them stands. One is added here and where ``app`` makes it."""

__all__ = ["CHANNELS", "EMAIL", "INBOX", "Answer", "Channel", "Refused", "Sent", "Unclear", "Words", "words"]
