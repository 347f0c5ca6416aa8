"""What is found out about an order before it is placed, whichever door it comes through."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.book import Book
from rescind.core.details import Details
from rescind.core.fulfilment import PlaceOrder
from rescind.core.money import Money
from rescind.intake.checks import check_order
from rescind.postgres.reads import Reads

SOON_AGAIN = timedelta(hours=1)
"""Within this an equal order of the same buyer may be one too many."""


async def checked(book: Book, reads: Reads, command: PlaceOrder, details: Details) -> PlaceOrder:
    """The command with what the automatic checks want a person to look at."""
    charged = sum(charge.amount_minor for charge in command.charges)
    price = sum(line.paid_minor for line in command.lines) + command.shipping_minor + charged
    total = Money(price, command.currency)
    terms = await book.terms(command.pins, command.placed_at)
    since = command.placed_at - SOON_AGAIN
    # Hosts that only ship at home say once where that is.
    to = msgspec.structs.replace(details.recipient, country=details.recipient.country or command.country)
    found = check_order(
        to,
        total_minor=total.minor,
        high_value=terms.preset.values.get("high_value", 0),
        duplicate=await reads.placed_between(
            command.shop, command.buyer, since, command.placed_at, total=total, besides=command.number
        ),
    )
    return msgspec.structs.replace(command, found=found)
