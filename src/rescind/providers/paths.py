"""Through which connection money goes, where its tender names none: one answer for payments and for refunds.

What is credit of the marketplace's own never goes to a payment provider (ADR 0108). A payment that one of them knows by
its own id goes back there, whichever is chosen for the rest. What none of them takes the marketplace pays out itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from rescind.core.instant import Instant
from rescind.core.ledger import CREDIT_METHODS
from rescind.core.parts import Tender, Through
from rescind.core.ports import Means
from rescind.core.refund import HOST, SANDBOX
from rescind.providers.means import strictest

ALL = "all"
"""Every means of payment."""
NOBODY = ""
"""Where nothing goes: no connection was chosen for payments that name none, so their refunds wait."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as far as its path matters. own: it is used for payments that name none. trial_since: for the one
    that only tries, when that began.
    """

    name: str
    own: bool
    means: Means
    trial_since: Instant | None = None


class Book(Protocol):
    """Every connection there is now; one of them may be the installation's own."""

    async def known(self) -> Sequence[Known]:
        """By name."""
        ...


def path(method: str, payment: str, known: Sequence[Known]) -> str:
    """The name of the connection that takes it; ``host`` where the marketplace pays out itself; else ``NOBODY``."""
    own = next((one for one in known if one.own), None)
    if {method, ALL} & by_hand(known):
        return HOST
    if method in CREDIT_METHODS:
        return own.name if own and own.means.methods is None else HOST
    # Its own id says where a payment is, whatever was chosen since.
    theirs = [one for one in known if payment and one.means.payments and re.fullmatch(one.means.payments, payment)]
    if len(theirs) == 1 and own not in theirs:
        return theirs[0].name
    if theirs:
        return own.name if own else NOBODY
    if own and own.means.take(method, payment):
        return own.name
    others = [one for one in known if one.means.methods is not None and method in one.means.methods]
    if len(others) == 1:
        return others[0].name
    return HOST if own else NOBODY


def by_hand(known: Sequence[Known]) -> frozenset[str]:
    """The means of payment that the marketplace was chosen to pay out itself, wherever they were paid."""
    found = next((one.means.methods for one in known if one.name == HOST), None)
    return found or frozenset()


def real(known: Sequence[Known]) -> list[Known]:
    """Those that move money, or would in a demonstration: what was not paid on trial goes through them alone."""
    return [one for one in known if one.trial_since is None]


class PathsNow:
    """The paths of payments that are told now. methods: what the marketplace pays out itself, wherever it was paid."""

    def __init__(self, book: Book, methods: frozenset[str] = frozenset()) -> None:
        self._book = book
        self._methods = methods

    async def of(
        self, tenders: Sequence[Tender], currency: str, at: Instant, told_by: str = ""
    ) -> Mapping[str, Through]:
        """By tender. A connection is named only where it took the money: what nobody took may be anybody's yet.

        A payment from before the trial began is none of it, whenever it is told.
        """
        known = [
            one for one in await self._book.known() if one.trial_since is None or (one.own and one.trial_since <= at)
        ]
        return {one.id: self._of(one, currency, told_by, known) for one in tenders}

    def _of(self, tender: Tender, currency: str, told_by: str, known: Sequence[Known]) -> Through:
        careful = strictest(currency)
        ours = bool({tender.method, ALL} & (self._methods | by_hand(known)))
        name = HOST if ours else tender.provider or told_by or path(tender.method, tender.payment, known)
        found = next((one for one in known if one.name == name), None)
        if found is not None and found.trial_since is not None:
            return Through(connection=name, step_minor=careful if careful > 1 else 0, trial=True)
        if name == HOST or tender.method in CREDIT_METHODS:
            # Whoever pays by hand pays any amount.
            return Through(step_minor=1 if careful > 1 else 0)
        if found is None or name == SANDBOX:
            return Through(step_minor=careful if careful > 1 else 0)
        step = found.means.steps.get(currency, 1)
        return Through(connection=name, step_minor=step if careful > 1 else 0)
