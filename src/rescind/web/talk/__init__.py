"""Conversations on pages: what was said, who reads what is said next, and the form that keeps what was typed."""

from rescind.web.audience_words import label
from rescind.web.talk.bubbles import Bubble, Step, author_of, colleagues, steps
from rescind.web.talk.card import Card, Question, about_order, alone
from rescind.web.talk.saying import Typed, send, status_of, trouble
from rescind.web.talk.standing import Around, Due, Finds, Next, Standing, Wish
from rescind.web.talk.words import FRAME, PARTS, ROOT, choices, name_of, subject

__all__ = [
    "FRAME",
    "PARTS",
    "ROOT",
    "Around",
    "Bubble",
    "Card",
    "Due",
    "Finds",
    "Next",
    "Question",
    "Standing",
    "Step",
    "Typed",
    "Wish",
    "about_order",
    "alone",
    "author_of",
    "choices",
    "colleagues",
    "label",
    "name_of",
    "send",
    "status_of",
    "steps",
    "subject",
    "trouble",
]
