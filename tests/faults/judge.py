"""The provider's own ledger as the judge of ours: each refund, each payment and the books in sum."""

from __future__ import annotations

from collections import Counter, defaultdict

from postgres.market import audit
from rescind.clock import wall_clock
from rescind.core.chargeback import frozen, frozen_until
from rescind.core.ledger import PROVIDER
from rescind.core.parts import RefundStatus
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.postgres.ledger import Checked, check
from rescind.postgres.reads import Reads

HELD = {"pending", "requires_action", "succeeded"}
"""How a refund stands at the provider while it has the money."""
ENDED = {RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.TAKEN_ELSEWHERE}
TAKEN = {"needs_response", "under_review", "lost"}


def our_id(refund) -> str:
    """Our id of a refund in the provider's books: in its metadata at Stripe, its invoice number at PayPal."""
    return refund["metadata"].get("rescind_refund") or refund["invoice_id"]


async def judged(pool, theirs) -> Counter:
    """Compare everything; gives how many of our refunds stand how. ``theirs``: what ``Provider.ledger`` says."""
    orders = [decode_order(row[0]) for row in await pool.fetch("SELECT state FROM orders")]
    sent = defaultdict(list)
    for one in theirs["refunds"]:
        sent[our_id(one)].append(one)
    by_hand = sent.pop("", [])
    ours = {refund.id: (order, refund) for order in orders for refund in order.refunds}
    assert sent.keys() <= ours.keys(), "every refund that carries an id of ours is ours"
    for order, refund in ours.values():
        _refund(order, refund, sent[refund.id])
    _payments(orders, theirs, by_hand)
    await _queues(pool, ours)
    await _books(pool, theirs, len(orders))
    assert await audit(pool) == len(orders)
    return Counter(refund.status for _, refund in ours.values())


def _refund(order, refund, sent):
    """One refund: the provider has it once or not at all, and says of it what we say."""
    assert len(sent) <= 1, f"{refund.id} was made {len(sent)} times"
    live = [one for one in sent if one["status"] in HELD]
    assert bool(live) == (refund.status is RefundStatus.SUCCEEDED), (refund, sent)
    tender = next(one for one in order.tenders if one.id == refund.tender)
    for one in live:
        said = (one["capture"], one["amount"], one["currency"], one["status"], one["id"], one["key"])
        wanted = (tender.payment, refund.amount_minor, order.currency, "succeeded", refund.reference, refund.id)
        assert said == wanted
    assert refund.status in ENDED or frozen(order, refund), f"nobody knows what becomes of {refund}"
    if refund.status not in ENDED:
        assert frozen_until(order, refund.tender), "support asks at last what the bank decided"


def _payments(orders, theirs, by_hand):
    """Each payment: what went back, and what left past us."""
    captures = {one["id"]: one for one in theirs["captures"]}
    hand, bank = Counter(), Counter()
    for one in by_hand:
        hand[one["capture"]] += one["amount"] * (one["status"] in HELD)
    for one in theirs["disputes"]:
        bank[one["capture"]] += one["amount"] * (one["status"] in TAKEN)
    tenders = [tender for order in orders for tender in order.tenders]
    assert {one.payment for one in tenders} == captures.keys()
    for tender in tenders:
        there = captures[tender.payment]
        assert there["succeeded"] <= there["amount"] == tender.captured_minor
        assert there["succeeded"] == tender.refunded_minor + hand[tender.payment]
        assert hand[tender.payment] + bank[tender.payment] == tender.taken_elsewhere_minor, tender


async def _queues(pool, ours):
    """What failed and is not settled stands in the list that support works through."""
    failed = Reads(pool, b"judge").every_refund(Scope(), Filters(tab="failed"), now=wall_clock())
    listed = {one.refund async for one in failed}
    waiting = {name for name, (_, one) in ours.items() if one.status is RefundStatus.FAILED and not one.settled}
    assert listed <= waiting
    for name in waiting - listed:
        order, one = ours[name]
        (tender,) = [each for each in order.tenders if each.id == one.tender]
        assert not tender.left_minor, "what is in nobody's list is with the buyer already, by their bank"


async def _books(pool, theirs, orders):
    """The ledger proves right against the events, and holds in sum what the provider holds."""
    async with pool.acquire() as connection:
        *faults, done = [found async for found in check(connection)]
    assert faults == []
    assert isinstance(done, Checked)
    assert done.orders == orders
    held = Counter()
    for one in theirs["captures"]:
        held[one["currency"]] += one["amount"] - one["refunded"] - one["taken"]
    rows = await pool.fetch(
        "SELECT currency, sum(amount_minor) FROM ledger WHERE account = $1 GROUP BY currency", PROVIDER
    )
    assert {row[0]: row[1] for row in rows} == dict(held)
