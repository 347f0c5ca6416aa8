"""Our refunds against a payment provider's: which differ, how, and what of it is news for the order.

Both come in the order of our own ids and are read side by side, so that a million of them take no more memory than one.
What the provider says is believed where it can be: news is told to the order by the same command as any reply. What
cannot be told is a difference, which a person explains.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal, get_args

import msgspec

from rescind.core.instant import Instant
from rescind.core.parts import RefundStatus
from rescind.core.ports import ProviderRefund
from rescind.core.refund import OPEN, ProviderOutcome

Kind = Literal["missing", "unknown", "twice", "payment", "currency", "amount", "status", "late"]
"""The kinds of difference, the gravest of a pair first.

missing: we sent it, and they do not know it. unknown: they sent money back, and we know of no such refund. twice: they
sent more than one for one of ours. payment: theirs went back on another payment. currency, amount: theirs is another.
status: one of us says that it arrived or is on its way, the other that it failed. late: both say that it is on its way,
and have said so for too long.
"""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

GRACE: Final = timedelta(hours=1)
"""What was owed so shortly before the end need not be with the provider yet, or not yet in what it listed."""
LATE_AFTER: Final = timedelta(days=10)
"""Time in which a refund that is on its way is expected to arrive, where nobody says otherwise."""

_OVER: Final = frozenset({RefundStatus.FAILED, RefundStatus.TAKEN_ELSEWHERE})
_UNDER_WAY: Final = frozenset({ProviderOutcome.SUBMITTED, ProviderOutcome.IN_DOUBT})
_SENT: Final = frozenset({RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT, RefundStatus.SUCCEEDED})


class OurRefund(msgspec.Struct, frozen=True, kw_only=True):
    """One refund as the order has it. expected: a provider would list it, if it was sent at all.

    payment: the provider's id of the payment it goes back on, empty where nobody told us.
    """

    refund: str
    shop: str
    order: str
    number: str
    tender: str
    payment: str
    amount_minor: int
    currency: str
    status: RefundStatus
    reference: str
    owed_at: Instant
    expected: bool = True


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. theirs: of ``twice`` all of them. news: what the order is to be told; it is settled by that."""

    kind: Kind
    ours: OurRefund | None
    theirs: tuple[ProviderRefund, ...]
    news: ProviderOutcome | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one refund: its differences, or how the two of us agree. None: it is nothing to compare."""

    differences: tuple[Difference, ...] = ()
    agreed: Literal["agreed", "on_its_way", "not_sent"] | None = None


def compare(
    ours: OurRefund | None, theirs: Sequence[ProviderRefund], *, until: Instant, late_after: timedelta = LATE_AFTER
) -> Compared:
    """Judge one refund of ours and everything the provider has under its id. Pure.

    until: up to when the provider's list goes.
    """
    if ours is None:
        # What a provider declined moved no money, whoever asked for it.
        sent = [one for one in theirs if one.status is not ProviderOutcome.DECLINED]
        return Compared(
            differences=tuple(Difference(kind="unknown", ours=None, theirs=(one,)) for one in sent),
        )
    if not theirs:
        if ours.status not in _SENT:
            return Compared(agreed="not_sent")
        return Compared(differences=(Difference(kind="missing", ours=ours, theirs=()),) if ours.expected else ())
    live = [one for one in theirs if one.status is not ProviderOutcome.DECLINED]
    if len(live) > 1:
        return Compared(differences=(Difference(kind="twice", ours=ours, theirs=tuple(live)),))
    one = live[0] if live else max(theirs, key=lambda each: each.at)
    unlike: list[Kind] = []
    if ours.payment and one.payment and ours.payment != one.payment:
        unlike.append("payment")
    if ours.currency != one.currency:
        unlike.append("currency")
    elif ours.amount_minor != one.amount_minor:
        unlike.append("amount")
    if unlike:
        # It is not surely the same refund, so what became of it is no news of ours.
        return Compared(differences=tuple(Difference(kind=kind, ours=ours, theirs=(one,)) for kind in unlike))
    return _status(ours, one, until, late_after)


_NEWS: Final[Mapping[RefundStatus, frozenset[ProviderOutcome]]] = {
    RefundStatus.OWED: frozenset({ProviderOutcome.SUBMITTED, ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}),
    RefundStatus.SUBMITTED: frozenset({ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}),
    RefundStatus.IN_DOUBT: frozenset({ProviderOutcome.SUBMITTED, ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED}),
    # A bank sends money back days after it was accepted (I-09).
    RefundStatus.SUCCEEDED: frozenset({ProviderOutcome.DECLINED}),
    RefundStatus.FAILED: frozenset(),
    RefundStatus.TAKEN_ELSEWHERE: frozenset(),
}
"""What of a provider's word an order can still take as news."""

BECOMES: Final[Mapping[ProviderOutcome, RefundStatus]] = {
    ProviderOutcome.SUBMITTED: RefundStatus.SUBMITTED,
    ProviderOutcome.SUCCEEDED: RefundStatus.SUCCEEDED,
    ProviderOutcome.DECLINED: RefundStatus.FAILED,
}
"""What a refund is when it has been told."""


def _status(ours: OurRefund, one: ProviderRefund, until: Instant, late_after: timedelta) -> Compared:
    differences: list[Difference] = []
    if one.status in _NEWS[ours.status]:
        differences.append(Difference(kind="status", ours=ours, theirs=(one,), news=one.status))
    elif ours.status in _OVER and one.status is not ProviderOutcome.DECLINED:
        # Nothing brings a failed refund back to life: the order may have paid the buyer in another way by now. What the
        # buyer got another way was not to be sent.
        return Compared(differences=(Difference(kind="status", ours=ours, theirs=(one,)),))
    if one.status in _UNDER_WAY and ours.status in OPEN:
        if until - one.at > late_after:
            differences.append(Difference(kind="late", ours=ours, theirs=(one,)))
        return Compared(differences=tuple(differences), agreed=None if differences else "on_its_way")
    return Compared(differences=tuple(differences), agreed=None if differences else "agreed")


async def side_by_side(
    ours: AsyncIterator[OurRefund], theirs: AsyncIterator[ProviderRefund]
) -> AsyncIterator[tuple[OurRefund | None, tuple[ProviderRefund, ...]]]:
    """Each refund of ours with everything the provider has under its id, and each of theirs that has none of ours.

    Both come in the order of our ids; those of theirs without one are first.
    """
    mine, his = await anext(ours, None), await anext(theirs, None)
    while mine is not None or his is not None:
        if his is not None and (mine is None or his.refund < mine.refund):
            yield None, (his,)
            his = await _next(theirs, his.refund)
            continue
        assert mine is not None, "one of the two is there"
        found: list[ProviderRefund] = []
        while his is not None and his.refund == mine.refund:
            found.append(his)
            his = await _next(theirs, his.refund)
        yield mine, tuple(found)
        before, mine = mine.refund, await anext(ours, None)
        assert mine is None or before < mine.refund, "ours come in the order of their ids, each once"


async def _next(theirs: AsyncIterator[ProviderRefund], before: str) -> ProviderRefund | None:
    one = await anext(theirs, None)
    assert one is None or before <= one.refund, "theirs come in the order of our ids"
    return one
