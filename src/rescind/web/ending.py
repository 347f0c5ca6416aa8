"""What the clock will do to an order by itself, in a sentence for buyer, shop and support alike."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup, escape

from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.timers import NOT_ARRIVED, NOT_COLLECTED, UNPAID, cancels_next, reason_of
from rescind.locales import Locale


class Ending(NamedTuple):
    """When what is left of an order ends by itself, and the sentence that says so with ``when`` left open."""

    at: Instant
    sentence: str

    def told(self, when: str) -> Markup:
        """The sentence with its time, as its reader's clock has it."""
        return escape(self.sentence) % {"when": when}


def ready(locale: Locale, order: Order) -> Ending | None:
    """The day for which goods are promised that are made or got first; None once nothing is left to be ready."""
    over = order.progress.cancelled_at or order.progress.completed_at
    if order.promised_at is None or over or not order.unlabelled_units():
        return None
    text = locale.gettext(
        "These goods are promised for %(when)s. Nothing of the order is late before that day is over."
    )
    return Ending(order.promised_at, text)


def ending(locale: Locale, order: Order) -> Ending | None:
    """None where nothing ends by itself, or only for want of a payment, which has a place of its own."""
    timer = cancels_next(order)
    if timer is None or reason_of(timer) == UNPAID:
        return None
    _ = locale.gettext
    sentence = {
        NOT_COLLECTED: _(
            "What the carrier has not collected by %(when)s is cancelled by itself, and what was paid goes back."
        ),
        NOT_ARRIVED: _("What has not arrived by %(when)s is cancelled by itself, and what was paid goes back."),
    }.get(
        reason_of(timer),
        _("What is not ready to ship by %(when)s is cancelled by itself, and what was paid goes back."),
    )
    return Ending(timer.due_at, sentence)
