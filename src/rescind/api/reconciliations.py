"""Our refunds against a provider's: what was compared, what differs, and saying why a difference is none."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.intake.fields import Incoming, Words
from rescind.intake.text import COMMENT, words
from rescind.postgres.reconciliation import KeptDifference, Reconciliations, Run, State

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_MOST = 100


class Explanation(Incoming, frozen=True, kw_only=True):
    """Why a difference is as it should be, or what was done about it."""

    why: Words


class DifferencesAsked(Incoming, frozen=True, kw_only=True):
    """state: only those; after: the place to read on from."""

    state: State | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST)] = 50


class ReconciliationTold(Told, frozen=True, kw_only=True):
    """One comparison with one provider. finished_at: nothing for one that broke off, which counts for nothing."""

    number: int
    provider: str
    source: str
    since: Instant
    until: Instant
    started_by: str
    started_at: Instant
    finished_at: Instant | None
    ours: int
    theirs: int
    agreed: int
    on_its_way: int
    not_sent: int
    open: int
    told: int
    explained: int


class ReconciliationsTold(Told, frozen=True, kw_only=True):
    """Comparisons, the newest first."""

    reconciliations: list[ReconciliationTold]


class SideTold(Told, frozen=True, kw_only=True):
    """How one of the two has it. reference: the provider's own id. count: of `twice` how many there are."""

    status: str
    amount: Money
    payment: str
    reference: str
    at: Instant
    count: int


class DifferenceTold(Told, frozen=True, kw_only=True):
    """One difference. ours or theirs: nothing where there is none."""

    place: int
    kind: str
    refund: str
    shop: str
    order: str
    number: str
    ours: SideTold | None
    theirs: SideTold | None
    state: str
    explained_by: str | None
    explained_at: Instant | None
    explanation: str | None


class DifferencesTold(Told, frozen=True, kw_only=True):
    """A part of a list, in the order of our own ids. next: what to read on after, if anything."""

    differences: list[DifferenceTold]
    next: int | None


@operation(
    "GET",
    "/v1/reconciliations",
    may=STAFF,
    through="scope",
    summary="List reconciliations",
    gives=ReconciliationsTold,
)
async def listed(call: Call) -> Answer:
    """The latest comparisons of our refunds with a provider's."""
    runs = await Reconciliations(call.desk.pool).runs()
    return Answer(body=ReconciliationsTold(reconciliations=[_run(one) for one in runs]))


@operation(
    "GET",
    "/v1/reconciliations/{number}",
    may=STAFF,
    through="scope",
    summary="Read a reconciliation",
    gives=ReconciliationTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """How many agree, are on their way, were told to their orders, and differ."""
    return Answer(body=_run(await Reconciliations(call.desk.pool).run(_number(call, "number"))))


@operation(
    "GET",
    "/v1/reconciliations/{number}/differences",
    may=STAFF,
    through="scope",
    summary="List differences",
    query=DifferencesAsked,
    gives=DifferencesTold,
    fails=(errors.NotFound,),
)
async def differences(call: Call) -> Answer:
    """What differs: `missing`, `unknown`, `twice`, `payment`, `currency`, `amount`, `status`, `late`."""
    wanted: DifferencesAsked = call.query
    table, number = Reconciliations(call.desk.pool), _number(call, "number")
    await table.run(number)
    found = await table.differences(number, state=wanted.state, after=wanted.after, limit=wanted.limit + 1)
    more, shown = len(found) > wanted.limit, found[: wanted.limit]
    return Answer(
        body=DifferencesTold(differences=[_difference(one) for one in shown], next=shown[-1].place if more else None)
    )


@operation(
    "POST",
    "/v1/reconciliations/{number}/differences/{place}/explain",
    may=OPERATOR,
    through="scope",
    summary="Explain a difference",
    body=Explanation,
    gives=DifferenceTold,
    changes=True,
    fails=(errors.NotFound, errors.DifferenceSettled),
)
async def explain(call: Call) -> Answer:
    """Say why it is none that matters; the explanation stands with your name. The same words again are the same."""
    call.key(ShopId(""))  # The words themselves make a repeat harmless; the header is wanted as of every change.
    said = words(call.body.why, field="/why", limit=COMMENT, blank=False)
    kept = await Reconciliations(call.desk.pool).explain(
        _number(call, "number"), _number(call, "place"), call.principal.id, said
    )
    return Answer(body=_difference(kept))


def _number(call: Call, name: str) -> int:
    text = call.ids[name]
    if not _NUMBER.fullmatch(text):
        raise errors.NotFound(kind="reconciliation")
    return int(text)


def _run(one: Run) -> ReconciliationTold:
    return ReconciliationTold(**msgspec.structs.asdict(one))


def _difference(one: KeptDifference) -> DifferenceTold:
    ours = theirs = None
    if one.our_status and one.our_minor is not None and one.our_currency and one.owed_at:
        ours = SideTold(
            status=one.our_status,
            amount=Money(one.our_minor, one.our_currency),
            payment=one.our_payment,
            reference="",
            at=one.owed_at,
            count=1,
        )
    if one.their_status and one.their_minor is not None and one.their_currency and one.their_at:
        theirs = SideTold(
            status=one.their_status,
            amount=Money(one.their_minor, one.their_currency),
            payment=one.their_payment,
            reference=one.their_reference,
            at=one.their_at,
            count=one.their_count,
        )
    return DifferenceTold(
        place=one.place,
        kind=one.kind,
        refund=one.refund,
        shop=one.shop,
        order=one.order,
        number=one.number,
        ours=ours,
        theirs=theirs,
        state=one.state,
        explained_by=one.explained_by,
        explained_at=one.explained_at,
        explanation=one.explanation,
    )


OPERATIONS = (listed, read, differences, explain)
