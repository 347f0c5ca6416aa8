"""Telling people: what a notice says, and the ways it goes. A line a channel."""

from __future__ import annotations

from rescind.notices.channel import Answer, Channel, Refused, Sent, Unclear
from rescind.notices.words import Words, words

INBOX, EMAIL, PUSH, ROBOT = "inbox", "email", "push", "robot"
CHANNELS = (EMAIL, PUSH)
"""Every way people choose beside the inbox, where each notice stands. One is added here and where ``app`` makes it.

Robots of group chats are a shop's and choose by topics of their own.
"""

__all__ = [
    "CHANNELS",
    "EMAIL",
    "INBOX",
    "PUSH",
    "ROBOT",
    "Answer",
    "Channel",
    "Refused",
    "Sent",
    "Unclear",
    "Words",
    "words",
]
