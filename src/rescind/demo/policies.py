"""The operators' work in the demo: a draft that waits for the second of them, a shop's own rule, a day that is off."""

from __future__ import annotations

from datetime import timedelta

from rescind.book import Book
from rescind.core.instant import Instant
from rescind.core.policy.continuing import continued
from rescind.core.policy.policy import Dated
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.operators import OPERATORS
from rescind.drafting import Drafting

_SHOP = 2
_NOTICE = timedelta(days=30)
_CALENDAR = "TH"
_RULES = """\
# Inkwell & Oak prints nothing before the parcel is closed: it still lets an order go while it is being packed.
policy = "inkwell-and-oak"
layer = "shop"
zone = "Europe/London"

[[rules]]
id = "INKWELL-1"
on = "request"
when = "stage = 'packing' and not custom_made and not special"
verdict = "approve"
cites = ["the shop's page of 1 May"]
"""


async def open_policies(drafting: Drafting, now: Instant) -> None:
    """Have one operator write both, and the other put the shop's rule in force; the platform's draft waits."""
    (author, _), (second, _) = OPERATORS.values()
    rule, _ = await drafting.draft(
        _RULES, author, shop=demo_shop_id(_SHOP), note="The shop asked for it; buyers lose nothing."
    )
    await drafting.submit(rule.number, author, now)
    await drafting.approve(rule.number, second, now)
    base = await drafting.live("base")
    assert base is not None, "it is shipped"
    value = next(one for one in base.values if one.name == "answer_span")
    first_day = (now + _NOTICE).date()
    text = continued(
        await drafting.text(base), value, Dated(first_day, "36h", f"Our notice to sellers of {now.date()}")
    )
    draft, _ = await drafting.draft(
        text, author, name="base", note="Sellers asked for more time over weekends. Please look at the examples."
    )
    await drafting.submit(draft.number, author, now)


async def say_a_day(book: Book, now: Instant) -> None:
    """Have an operator close a working day of the Thai calendar that is near: parcels do not move, so no clock does."""
    (author, _), *_others = OPERATORS.values()
    days = ((now + timedelta(days=ahead)).date() for ahead in range(4, 30))
    day = next(one for one in days if book.counts(_CALENDAR, one))
    await book.say(_CALENDAR, day, "closed", "Floods in Bangkok: the carriers do not collect.", author, now)
