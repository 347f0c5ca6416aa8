"""What the API tells of policies: versions, what is in force, and what trying a text found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rescind.api.told import Told
from rescind.core.instant import Instant
from rescind.core.policy import Policy, ResolvedRule
from rescind.core.policy.difference import changes
from rescind.core.policy.trial import Turned
from rescind.drafting import Examined, Standing
from rescind.postgres.publishing import Status, Version


class VersionTold(Told, frozen=True, kw_only=True):
    """One version. base: hash of what was in force when it was begun. accepted: examples that are meant to change."""

    number: int
    policy: str
    shop: str | None
    hash: str
    status: Status
    note: str
    base: str | None
    accepted: tuple[str, ...]
    proposed_by: str
    proposed_at: Instant
    submitted_at: Instant | None
    approved_by: str | None
    approved_at: Instant | None
    retired_at: Instant | None
    rejected_by: str | None
    rejected_at: Instant | None
    rejection: str | None


class PolicyStanding(Told, frozen=True, kw_only=True):
    """A policy as it stands. hash: of what is in force; version: None for what came with the release.

    orders: how many of the latest orders are bound to each of its texts. unverified: values without a good source.
    """

    policy: str
    layer: str
    shop: str | None
    hash: str | None
    version: VersionTold | None
    since: Instant | None
    waiting: tuple[VersionTold, ...]
    orders: dict[str, int]
    unverified: int
    release_differs: bool


class PoliciesTold(Told, frozen=True, kw_only=True):
    """Every policy: presets, law packs, and shops' own rules."""

    policies: tuple[PolicyStanding, ...]


class VersionsTold(Told, frozen=True, kw_only=True):
    """Versions, the newest first."""

    versions: tuple[VersionTold, ...]


class ChangeTold(Told, frozen=True, kw_only=True):
    """One thing that is written otherwise. A side is None where it is not there."""

    kind: str
    name: str
    before: str | None
    after: str | None


class AnswerTold(Told, frozen=True, kw_only=True):
    """What a rule answers to a buyer. wait: a span such as `24h`; silence: what no answer means."""

    verdict: str
    rule: str
    instead: str | None
    wait: str | None
    silence: str | None


class ExampleTurned(Told, frozen=True, kw_only=True):
    """A worked example that is answered otherwise; a side is None where it has no answer."""

    example: str
    says: str
    before: AnswerTold | None
    after: AnswerTold | None


class ExampleFailed(Told, frozen=True, kw_only=True):
    """A worked example that does not come out as it says."""

    example: str
    says: str
    message: str


class ExampleCaseTold(Told, frozen=True, kw_only=True):
    """A case in which a shop's own rules give less than the platform (R-012)."""

    stage: str
    circumstances: dict[str, bool | int | str]
    granted: AnswerTold
    given: AnswerTold


class ReachTold(Told, frozen=True, kw_only=True):
    """A case in which a policy's own rules say yes to cancelling what was handed over (M-10). on: the question."""

    stage: str
    on: str
    circumstances: dict[str, bool | int | str]
    given: AnswerTold


class Unfit(Told, frozen=True, kw_only=True):
    """A shop that has chosen what the text does not offer."""

    shop: str
    message: str


class RequestRejudged(Told, frozen=True, kw_only=True):
    """A request of the past, answered as of today and under the text."""

    order: str
    at: Instant
    before: AnswerTold | None
    after: AnswerTold | None


class FindingsTold(Told, frozen=True, kw_only=True):
    """What trying a text found. as_of: the day for which it was asked, when everything in it holds.

    rewritten: values of which a meaning of the past was edited. requests: how many of late were judged again.
    """

    policy: str
    hash: str
    live: str | None
    as_of: date
    changes: tuple[ChangeTold, ...]
    turned: tuple[ExampleTurned, ...]
    failures: tuple[ExampleFailed, ...]
    right_taken_away: ExampleCaseTold | None
    handed_over_cancelled: ReachTold | None
    rewritten: tuple[str, ...]
    unfit: tuple[Unfit, ...]
    requests: int
    otherwise: tuple[RequestRejudged, ...]


class Differences(Told, frozen=True, kw_only=True):
    """How two policies differ: in what is written, and in the worked examples that are answered otherwise."""

    changes: tuple[ChangeTold, ...]
    turned: tuple[ExampleTurned, ...]


class VersionRead(Told, frozen=True, kw_only=True):
    """A version with its text; findings as long as it waits."""

    version: VersionTold
    text: str
    findings: FindingsTold | None


def standing_told(one: Standing) -> PolicyStanding:
    """A policy as it stands, told."""
    return PolicyStanding(
        policy=one.name,
        layer=one.layer,
        shop=one.shop.id if one.shop else None,
        hash=one.policy.hash if one.policy else None,
        version=version_told(one.version) if one.version else None,
        since=one.since,
        waiting=tuple(version_told(each) for each in one.waiting),
        orders=one.pinned,
        unverified=one.unverified,
        release_differs=one.newer,
    )


def version_told(one: Version) -> VersionTold:
    """A version, told."""
    return VersionTold(
        number=one.number,
        policy=one.name,
        shop=one.shop or None,
        hash=one.hash,
        status=one.status,
        note=one.note,
        base=one.base_hash or None,
        accepted=one.accepted,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        submitted_at=one.submitted_at,
        approved_by=one.approved_by or None,
        approved_at=one.approved_at,
        retired_at=one.retired_at,
        rejected_by=one.rejected_by or None,
        rejected_at=one.rejected_at,
        rejection=one.rejection or None,
    )


def changes_told(before: Policy, after: Policy) -> tuple[ChangeTold, ...]:
    """How two texts differ, told."""
    return tuple(
        ChangeTold(kind=one.kind, name=one.name, before=one.before or None, after=one.after or None)
        for one in changes(before, after)
    )


def answer_told(rule: ResolvedRule | None) -> AnswerTold | None:
    """An answer, told; None for none."""
    return None if rule is None else answered_told(rule)


def answered_told(rule: ResolvedRule) -> AnswerTold:
    """What a rule answers, told."""
    deadline = rule.deadline
    return AnswerTold(
        verdict=rule.verdict.value,
        rule=rule.id,
        instead=rule.instead,
        wait=str(deadline.span) if deadline else None,
        silence=deadline.on_silence.value if deadline and deadline.on_silence else None,
    )


def findings_told(found: Examined) -> FindingsTold:
    """What trying a text found, told."""
    case = found.case
    return FindingsTold(
        policy=found.policy.name,
        hash=found.policy.hash,
        live=found.live.hash if found.live else None,
        as_of=found.at.date(),
        changes=changes_told(found.live, found.policy) if found.live else (),
        turned=turned_told(found.turned),
        failures=tuple(
            ExampleFailed(example=one.example, says=one.says, message=str(one.message)) for one in found.failures
        ),
        right_taken_away=ExampleCaseTold(
            stage=case.stage,
            circumstances=dict(case.circumstances),
            granted=answered_told(case.granted),
            given=answered_told(case.given),
        )
        if case
        else None,
        handed_over_cancelled=ReachTold(
            stage=found.reach.stage,
            on=found.reach.on,
            circumstances=dict(found.reach.circumstances),
            given=answered_told(found.reach.given),
        )
        if found.reach
        else None,
        rewritten=found.rewritten,
        unfit=tuple(Unfit(shop=shop, message=str(message)) for shop, message in found.unfit),
        requests=found.asked,
        otherwise=tuple(
            RequestRejudged(order=one.order, at=one.at, before=answer_told(one.before), after=answer_told(one.after))
            for one in found.judged
        ),
    )


def turned_told(found: Sequence[Turned]) -> tuple[ExampleTurned, ...]:
    """Worked examples that are answered otherwise, told."""
    return tuple(
        ExampleTurned(
            example=one.example.id, says=one.example.says, before=answer_told(one.before), after=answer_told(one.after)
        )
        for one in found
    )
