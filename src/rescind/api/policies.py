"""An operator's policy work: what is in force, drafts, trying them, and putting them in force with four eyes."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policy_answers import (
    Differences,
    FindingsTold,
    PoliciesTold,
    VersionRead,
    VersionsTold,
    VersionTold,
    changes_told,
    findings_told,
    standing_told,
    turned_told,
    version_told,
)
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.policy.trial import turned
from rescind.drafting import read
from rescind.intake.fields import Incoming, Words
from rescind.intake.text import COMMENT, words
from rescind.policies import names, worked_examples
from rescind.postgres.credentials import Role
from rescind.postgres.publishing import NUMBERS, Once, Status

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


_DRAFT = (errors.NotFound, errors.DraftSettled, errors.FourEyes)
_PUBLISHING = (errors.RightTakenAway, errors.CancelsHandedOver, errors.SettingNotOffered)


@operation("GET", "/v1/policies", may=OPERATOR, through="scope", summary="List policies", gives=PoliciesTold)
async def standings(call: Call) -> Answer:
    """Every policy with what is in force, since when and by whom, what waits, and how many orders are bound to it."""
    found = await call.desk.drafting.standings()
    return Answer(body=PoliciesTold(policies=tuple(standing_told(one) for one in found)))


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
    return Answer(body=findings_told(await call.desk.drafting.examine(policy, shop, call.desk.now())))


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
            changes=changes_told(before, after),
            turned=turned_told(turned([before], [after], books, call.desk.now())),
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
        version_told(one)
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
        findings = findings_told(await drafting.examine(policy, shop, call.desk.now()))
    return Answer(body=VersionRead(version=version_told(found), text=await drafting.text(policy), findings=findings))


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
    fails=(errors.PolicyInvalid, errors.InvalidText, errors.NotFound, errors.NothingChanged),
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
    return Answer(body=version_told(made), status=201, location=f"/v1/policy-versions/{made.number}", replayed=not new)


@operation(
    "POST",
    "/v1/policy-versions/{number}/text",
    may=OPERATOR,
    through="scope",
    summary="Edit a draft",
    body=DraftText,
    gives=VersionTold,
    changes=True,
    fails=(*_DRAFT, errors.PolicyInvalid, errors.InvalidText, errors.NothingChanged),
)
async def save(call: Call) -> Answer:
    """Put another text into your draft. The same call again leaves it as it is."""
    call.key(ShopId(""))
    note = None if call.body.note is None else _note(call.body.note)
    return Answer(
        body=version_told(await call.desk.drafting.save(_number(call), call.body.text, call.principal.id, note=note))
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
    return Answer(body=version_told(found))


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
    return Answer(body=version_told(await call.desk.drafting.take_back(_number(call), call.principal.id)))


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
    return Answer(body=version_told(found))


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
    return Answer(body=version_told(await call.desk.drafting.reject(_number(call), call.principal.id, reason)))


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
