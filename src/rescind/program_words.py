"""That a program did something, said in one way wherever it is told."""

from __future__ import annotations

from rescind.core.actor import ActorKind
from rescind.locales import Locale


def done_by_program(locale: Locale, by: str, *, for_buyer: bool, mandate: str, mine: bool = False) -> str:
    """Whose program it was, for whom it spoke, and under which mandate.

    by: the role of its key; for_buyer: it spoke for the buyer, with whosever key; mine: the reader is the buyer.
    """
    buyer = "you" if mine else ActorKind.BUYER.value
    whose = buyer if by == ActorKind.BUYER else by
    words = {"name": locale.term("program_for", whose), "mandate": mandate}
    if not for_buyer or by == ActorKind.BUYER:
        return locale.gettext("Done by a program for %(name)s, under mandate %(mandate)s.") % words
    words["buyer"] = locale.term("program_for", buyer)
    return locale.gettext("Done by a program of %(name)s for %(buyer)s, under mandate %(mandate)s.") % words
