"""From what was decided to words: why a rule applied.

Nothing here decides. A rule's own sentence stands in the catalogues under its id; the comparisons it made are told from
the facts that were read, so that a card of a year ago says what counted then.
"""

from rescind.web.explain.card import Other, RuleCard, rule_card
from rescind.web.explain.comparison import atom_words, wanted_words
from rescind.web.explain.ground import finding_of, ground_in, ground_of, programs_in
from rescind.web.explain.span import seconds_words, silence_word, span_words

__all__ = [
    "Other",
    "RuleCard",
    "atom_words",
    "finding_of",
    "ground_in",
    "ground_of",
    "programs_in",
    "rule_card",
    "seconds_words",
    "silence_word",
    "span_words",
    "wanted_words",
]
