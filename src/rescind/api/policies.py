"""An operator's policy work: what is in force, drafts, trying them, and putting them in force with four eyes."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import msgspec

from rescind.api.answers import Told
from rescind.api.endpoint import Answer, Call, operation
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.policy import Policy, ResolvedRule
from rescind.core.policy.difference import changes
from rescind.core.policy.trial import turned
from rescind.drafting import Examined, Standing, read
from rescind.intake.fields import Incoming, Words
from rescind.intake.text import COMMENT, words
from rescind.policies import names, worked_examples
from rescind.postgres.credentials import Role
from rescind.postgres.publishing import NUMBERS, Once, Status, Version

OPERATOR: frozenset[Role] = frozenset({"operator"})
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_HASH = r"^[0-9a-f]{64}(?!\n)$"
_TEXT_BYTES = 200_000

Text = Annotated[str, msgspec.Meta(max_length=_TEXT_BYTES, description="A policy file, in TOML.")]
Digest = Annotated[str, msgspec.Meta(pattern=_HASH, description="SHA-256 of a published policy, in hex.")]


class NewDraft(Incoming, frozen=True, kw_only=True):
    """A policy's text. shop: whose own rules it holds. note: why; whoever approves reads it."""

    text: Text
    shop: str | None = None
    note: Words = ""


class DraftText(Incoming, frozen=True, kw_only=True):
    """Another text for a draft; without a note the old one stays."""

    text: Text
    note: Words | None = None


class TextToCheck(Incoming, frozen=True, kw_only=True):
    """A policy's text, to be tried and not kept."""

    text: Text
    shop: str | None = None


class Submission(Incoming, frozen=True, kw_only=True):
    """accepted: ids of worked examples that are meant to come out otherwise."""

    accepted: Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)] = ()


class Untouched(Incoming, frozen=True, kw_only=True):
    """The call says it all."""


class SendBack(Incoming, frozen=True, kw_only=True):
    """Why a draft goes back to its author."""

    reason: Words


class VersionsAsked(Incoming, frozen=True, kw_only=True):
    """Of which policy, of which shop's own rules, and where they stand."""

    policy: str | None = None
    shop: str | None = None
    status: Status | None = None


class TwoPolicies(Incoming, frozen=True, kw_only=True):
    """The two texts to compare, by hash."""

    before: Digest
    after: Digest


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


class CaseTold(Told, frozen=True, kw_only=True):
    """A case in which a shop's own rules give less than the platform (R-012)."""

    stage: str
    circumstances: dict[str, bool | int | str]
    granted: AnswerTold
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
    right_taken_away: CaseTold | None
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


_DRAFT = (errors.NotFound, errors.DraftSettled, errors.FourEyes)
_PUBLISHING = (errors.RightTakenAway, errors.SettingNotOffered)


@operation("GET", "/v1/policies", may=OPERATOR, through="scope", summary="List policies", gives=PoliciesTold)
async def standings(call: Call) -> Answer:
    """Every policy with what is in force, since when and by whom, what waits, and how many orders are bound to it."""
    found = await call.desk.drafting.standings()
    return Answer(body=PoliciesTold(policies=tuple(_standing(one) for one in found)))


@operation(
    "POST",
    "/v1/policies/check",
    may=OPERATOR,
    through="scope",
    summary="Try a policy's text",
    body=TextToCheck,
    gives=FindingsTold,
    fails=(errors.PolicyInvalid, errors.NotFound),
)
async def check(call: Call) -> Answer:
    """Read a text and try it: what it changes, worked examples and recent requests that would be answered otherwise, a
    right that a shop's own rules would take away. Nothing is kept.
    """
    shop = await _shop(call, call.body.shop)
    policy = read(call.body.text, layer="shop" if shop else "preset")
    return Answer(body=_findings(await call.desk.drafting.examine(policy, shop, call.desk.now())))


@operation(
    "GET",
    "/v1/policies/differences",
    may=OPERATOR,
    through="scope",
    summary="Compare two policies",
    query=TwoPolicies,
    gives=Differences,
    fails=(errors.NotFound,),
)
async def differences(call: Call) -> Answer:
    """How two published texts differ, and the worked examples of the first that they answer otherwise."""
    before = await call.desk.drafting.policy(call.query.before)
    after = await call.desk.drafting.policy(call.query.after)
    books = [worked_examples(before.name)] if before.name in names() else []
    return Answer(
        body=Differences(
            changes=_changes(before, after),
            turned=tuple(
                ExampleTurned(
                    example=one.example.id, says=one.example.says, before=_answer(one.before), after=_answer(one.after)
                )
                for one in turned([before], [after], books, call.desk.now())
            ),
        )
    )


@operation(
    "GET",
    "/v1/policy-versions",
    may=OPERATOR,
    through="scope",
    summary="List versions",
    query=VersionsAsked,
    gives=VersionsTold,
)
async def versions(call: Call) -> Answer:
    """Every draft and version with who wrote it and who answered, the newest first."""
    asked: VersionsAsked = call.query
    found = [
        _version(one)
        for one in await call.desk.drafting.versions.all()
        if asked.policy in {None, one.name} and asked.shop in {None, one.shop} and asked.status in {None, one.status}
    ]
    return Answer(body=VersionsTold(versions=tuple(found)))


@operation(
    "GET",
    "/v1/policy-versions/{number}",
    may=OPERATOR,
    through="scope",
    summary="Read a version",
    gives=VersionRead,
    fails=(errors.NotFound,),
)
async def version(call: Call) -> Answer:
    """A version with its text and, while it is a draft or waits for approval, what trying it finds."""
    drafting = call.desk.drafting
    found, policy = await drafting.versions.draft(_number(call))
    findings = None
    if found.status in {"draft", "submitted"}:
        shop = ShopId(found.shop) if found.shop else None
        findings = _findings(await drafting.examine(policy, shop, call.desk.now()))
    return Answer(body=VersionRead(version=_version(found), text=await drafting.text(policy), findings=findings))


@operation(
    "POST",
    "/v1/policy-versions",
    may=OPERATOR,
    through="scope",
    summary="Begin a draft",
    body=NewDraft,
    gives=VersionTold,
    changes=True,
    statuses=(201,),
    fails=(errors.PolicyInvalid, errors.InvalidText, errors.NotFound),
)
async def draft(call: Call) -> Answer:
    """Keep a text as a draft of yours. It is read as a whole; nothing follows from a draft."""
    body: NewDraft = call.body
    shop = await _shop(call, body.shop)
    made, new = await call.desk.drafting.draft(
        body.text,
        call.principal.id,
        shop=shop,
        note=_note(body.note),
        once=Once(call.key(ShopId("")).key, call.fingerprint()),
    )
    return Answer(body=_version(made), status=201, location=f"/v1/policy-versions/{made.number}", replayed=not new)


@operation(
    "POST",
    "/v1/policy-versions/{number}/text",
    may=OPERATOR,
    through="scope",
    summary="Edit a draft",
    body=DraftText,
    gives=VersionTold,
    changes=True,
    fails=(*_DRAFT, errors.PolicyInvalid, errors.InvalidText),
)
async def save(call: Call) -> Answer:
    """Put another text into your draft. The same call again leaves it as it is."""
    call.key(ShopId(""))
    note = None if call.body.note is None else _note(call.body.note)
    return Answer(
        body=_version(await call.desk.drafting.save(_number(call), call.body.text, call.principal.id, note=note))
    )


@operation(
    "POST",
    "/v1/policy-versions/{number}/submit",
    may=OPERATOR,
    through="scope",
    summary="Submit a draft",
    body=Submission,
    gives=VersionTold,
    changes=True,
    fails=(*_DRAFT, errors.ExamplesTurn, *_PUBLISHING),
)
async def submit(call: Call) -> Answer:
    """Ask for approval by another operator. Worked examples that come out otherwise have to be accepted by id."""
    call.key(ShopId(""))
    found = await call.desk.drafting.submit(_number(call), call.principal.id, call.desk.now(), call.body.accepted)
    return Answer(body=_version(found))


@operation(
    "POST",
    "/v1/policy-versions/{number}/take-back",
    may=OPERATOR,
    through="scope",
    summary="Take a draft back",
    body=Untouched,
    gives=VersionTold,
    changes=True,
    fails=_DRAFT,
)
async def take_back(call: Call) -> Answer:
    """Go on with your draft instead of having it approved."""
    call.key(ShopId(""))
    return Answer(body=_version(await call.desk.drafting.take_back(_number(call), call.principal.id)))


@operation(
    "POST",
    "/v1/policy-versions/{number}/approve",
    may=OPERATOR,
    through="scope",
    summary="Put a draft in force",
    body=Untouched,
    gives=VersionTold,
    changes=True,
    fails=(*_DRAFT, *_PUBLISHING),
)
async def approve(call: Call) -> Answer:
    """Put in force what another operator submitted. New orders are bought under it from now on; orders that are under
    way keep theirs. The same call again gives the same answer.
    """
    call.key(ShopId(""))
    found = await call.desk.drafting.approve(_number(call), call.principal.id, call.desk.now())
    return Answer(body=_version(found))


@operation(
    "POST",
    "/v1/policy-versions/{number}/reject",
    may=OPERATOR,
    through="scope",
    summary="Send a draft back",
    body=SendBack,
    gives=VersionTold,
    changes=True,
    fails=(*_DRAFT, errors.InvalidText),
)
async def reject(call: Call) -> Answer:
    """Send back what another operator submitted, with the reason."""
    call.key(ShopId(""))
    reason = words(call.body.reason, field="/reason")
    return Answer(body=_version(await call.desk.drafting.reject(_number(call), call.principal.id, reason)))


OPERATIONS = (standings, check, differences, versions, version, draft, save, submit, take_back, approve, reject)


def _number(call: Call) -> int:
    """The number of the address. Raises NotFound."""
    text = call.ids["number"]
    if not _NUMBER.fullmatch(text) or int(text) > NUMBERS:
        raise errors.NotFound(kind="draft")
    return int(text)


async def _shop(call: Call, shop: str | None) -> ShopId | None:
    """The shop of this id. Raises NotFound."""
    return None if shop is None else (await call.desk.reads.shop(shop)).id


def _note(text: str) -> str:
    return words(text, field="/note", limit=COMMENT, blank=True)


def _standing(one: Standing) -> PolicyStanding:
    return PolicyStanding(
        policy=one.name,
        layer=one.layer,
        shop=one.shop.id if one.shop else None,
        hash=one.policy.hash if one.policy else None,
        version=_version(one.version) if one.version else None,
        since=one.since,
        waiting=tuple(_version(each) for each in one.waiting),
        orders=one.pinned,
        unverified=one.unverified,
        release_differs=one.newer,
    )


def _version(one: Version) -> VersionTold:
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


def _changes(before: Policy, after: Policy) -> tuple[ChangeTold, ...]:
    return tuple(
        ChangeTold(kind=one.kind, name=one.name, before=one.before or None, after=one.after or None)
        for one in changes(before, after)
    )


def _answer(rule: ResolvedRule | None) -> AnswerTold | None:
    return None if rule is None else _answered(rule)


def _answered(rule: ResolvedRule) -> AnswerTold:
    deadline = rule.deadline
    return AnswerTold(
        verdict=rule.verdict.value,
        rule=rule.id,
        instead=rule.instead,
        wait=str(deadline.span) if deadline else None,
        silence=deadline.on_silence.value if deadline and deadline.on_silence else None,
    )


def _findings(found: Examined) -> FindingsTold:
    case = found.case
    return FindingsTold(
        policy=found.policy.name,
        hash=found.policy.hash,
        live=found.live.hash if found.live else None,
        as_of=found.at.date(),
        changes=_changes(found.live, found.policy) if found.live else (),
        turned=tuple(
            ExampleTurned(
                example=one.example.id, says=one.example.says, before=_answer(one.before), after=_answer(one.after)
            )
            for one in found.turned
        ),
        failures=tuple(
            ExampleFailed(example=one.example, says=one.says, message=one.message) for one in found.failures
        ),
        right_taken_away=CaseTold(
            stage=case.stage,
            circumstances=dict(case.circumstances),
            granted=_answered(case.granted),
            given=_answered(case.given),
        )
        if case
        else None,
        rewritten=found.rewritten,
        unfit=tuple(Unfit(shop=shop, message=message) for shop, message in found.unfit),
        requests=found.asked,
        otherwise=tuple(
            RequestRejudged(order=one.order, at=one.at, before=_answer(one.before), after=_answer(one.after))
            for one in found.judged
        ),
    )
