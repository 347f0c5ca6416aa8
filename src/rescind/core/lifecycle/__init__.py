"""The whole life of an order. ``decide`` may refuse, ``apply`` may not: what an event says has happened.

messages: what can be asked and what can have happened. decide: who answers each command. placement, report,
consequences: the answers that concern more than one noun. fold: what each event does to the order. due: what waits
for a time.
"""

from rescind.core.lifecycle.decide import decide, require
from rescind.core.lifecycle.due import UNPAID, Due, DueMoves, by_itself, due, due_moves
from rescind.core.lifecycle.fold import apply, replay
from rescind.core.lifecycle.messages import Command, Event, known, weighs_refunds

__all__ = [
    "UNPAID",
    "Command",
    "Due",
    "DueMoves",
    "Event",
    "apply",
    "by_itself",
    "decide",
    "due",
    "due_moves",
    "known",
    "replay",
    "require",
    "weighs_refunds",
]
