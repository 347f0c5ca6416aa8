"""Policies as they stand: the list, one policy in words, its history, and two of its texts side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import InvalidText, NotFound, PolicyInvalid
from rescind.core.policy import Policy
from rescind.core.policy.continuing import NotContinued, continued
from rescind.core.policy.difference import changes
from rescind.core.policy.literal import Plain
from rescind.core.policy.policy import Dated, NamedValue
from rescind.core.policy.trial import turned
from rescind.doctor.examining import ahead
from rescind.doctor.finding import MISSING
from rescind.doctor.words import advice, says, topic
from rescind.drafting import ORDERS, Standing
from rescind.intake.text import label
from rescind.locales import Locale
from rescind.policies import names, retold, worked_examples
from rescind.postgres.publishing import Version
from rescind.web.operator.console import CHECK_UP, DRAFTS, POLICIES, WHERE, signed, told
from rescind.web.policy_words import (
    change_words,
    day_words,
    deadline_words,
    decided_words,
    flow_words,
    kind_of,
    rule_words,
    tunable_words,
    value_words,
)
from rescind.web.seller.console import Console, Fields, Here
from rescind.web.session import Html

QUESTIONS = ("request", "seller_cancel", "ship", "timer", "reason", "fee", "fault", "return", "dispute", "metric")

_PERCENT = re.compile(r"(?P<percent>\d{1,2}(?:\.\d{1,2})?|100)\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page of words or text is about: a policy in force, or a draft. href: its page; draft: None in force."""

    standing: Standing
    policy: Policy
    text: str
    draft: Version | None = None

    @property
    def href(self) -> str:
        """Where its own page is; words, text and history stand below it."""
        return f"{DRAFTS}/{self.draft.number}" if self.draft else f"{POLICIES}/{self.standing.key}"


@get(["/", "/policies"])
async def home(console: Here) -> Html:
    """Every policy with what is in force, since when and by whom, and what waits."""
    standings = await console.desk.drafting.standings()
    return console.page(
        "operator/policies.html",
        notice=told(console),
        rows=[_row(console.language, one) for one in standings],
        missing=await _missing(console),
        waiting=[
            {"version": one, "title": title(console.language, each), "mine": one.proposed_by == console.person.id}
            for each in standings
            for one in each.waiting
        ],
        who=await signed(console, [one for each in standings for one in each.versions]),
        most=ORDERS,
    )


async def _missing(console: Console) -> list[dict[str, str]]:
    """What a marketplace still lacks before its orders come in, and where it is put right; nothing once it is there."""
    if console.desk.settings.demo:
        return []
    return [
        {
            "topic": topic(console.language, one),
            "says": says(console.language, one),
            "advice": advice(console.language, one),
            "href": WHERE.get(one.topic, CHECK_UP),
        }
        for one in await ahead(console.desk.installation)
        if one.code in MISSING
    ]


@get("/policies/{key:str}")
async def read(console: Here, key: FromPath[str]) -> Html:
    """One policy in words: values with their days, deadlines, rules, what a shop may choose."""
    return await words_page(console, await subject(console, key))


@post("/policies/{key:str}/values", status_code=200)
async def add_value(console: Here, key: FromPath[str]) -> Html:
    """Let a value mean something else from a day on: a draft, made from the text in force."""
    form = await console.form()
    about = await subject(console, key)
    try:
        text = _continued(about, form)
        draft, _ = await console.desk.drafting.draft(text, console.person.id, name=about.policy.name, shop=_shop(about))
    except _Refused as refused:
        return await words_page(console, about, form=form, refused=refused, status=422)
    except PolicyInvalid as error:
        refused = _Refused("value", console.language.told(error.params["message"]))
        return await words_page(console, about, form=form, refused=refused, status=422)
    return console.go(f"{DRAFTS}/{draft.number}?said=drafted")


@get("/policies/{key:str}/versions")
async def versions(console: Here, key: FromPath[str]) -> Html:
    """The history of a policy: every version with its hash, who wrote it and who answered."""
    standing = await console.desk.drafting.standing(key)
    return console.page(
        "operator/versions.html",
        standing=standing,
        title=title(console.language, standing),
        href=f"{POLICIES}/{key}",
        rows=[
            {
                "id": one.number,
                "href": f"{DRAFTS}/{one.number}",
                "version": one,
                "orders": standing.pinned.get(one.hash, 0),
            }
            for one in standing.versions
        ],
        released=[
            (digest, standing.pinned[digest], standing.policy is not None and standing.policy.hash == digest)
            for digest in standing.pinned
            if digest not in {one.hash for one in standing.versions}
        ],
        options=_texts(console.language, standing),
        who=await signed(console, standing.versions),
        most=ORDERS,
    )


@get("/policies/{key:str}/compare")
async def compare(console: Here, key: FromPath[str]) -> Html:
    """How two texts of a policy differ: what is written, and the worked examples that are answered otherwise."""
    drafting = console.desk.drafting
    standing = await drafting.standing(key)
    options = _texts(console.language, standing)
    chosen = [console.query(name) or (options[-1][0] if options else "") for name in ("before", "after")]
    if not all(one in dict(options) for one in chosen):
        raise NotFound(kind="policy")
    before, after = [await drafting.policy(one) for one in chosen]
    books = [worked_examples(before.name)] if before.name in names() else []
    language = console.language
    return console.page(
        "operator/compare.html",
        standing=standing,
        title=title(language, standing),
        href=f"{POLICIES}/{key}",
        options=options,
        before=chosen[0],
        after=chosen[1],
        changes=[change_words(language, one, before, after) for one in changes(before, after)],
        turned=[
            {
                "id": one.example.id,
                "says": retold(one.example.says, language.tag),
                "before": decided_words(language, one.before),
                "after": decided_words(language, one.after),
            }
            for one in turned([before], [after], books, console.now)
        ],
    )


ROUTES = (home, read, add_value, versions, compare)


# --- what the pages of drafts use as well ----------------------------------------------------------------------------


async def subject(console: Console, key: str) -> Subject:
    """A policy that is in force. Raises NotFound."""
    drafting = console.desk.drafting
    standing = await drafting.standing(key)
    if standing.policy is None:
        raise NotFound(kind="policy")
    return Subject(standing, standing.policy, await drafting.text(standing.policy))


def title(language: Locale, standing: Standing) -> str:
    """What people call a policy."""
    _ = language.gettext
    if standing.shop is not None:
        return _("%(shop)s: own rules") % {"shop": standing.shop.name}
    region = standing.policy.region if standing.policy else ""
    # Codes that begin with X are given to no country.
    return f"{standing.name} · {language.country(region)}" if region and region[0] != "X" else standing.name


class _Refused(Exception):
    """A new meaning of a value that cannot be taken. field: where; message: a code of ours, or what the loader says."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


async def save_value(console: Console, about: Subject, form: Fields) -> Html:
    """Put a new meaning of a value into a draft, or show the page again with what is wrong."""
    assert about.draft is not None, "a draft is saved"
    try:
        text = _continued(about, form)
        await console.desk.drafting.save(about.draft.number, text, console.person.id)
    except _Refused as refused:
        return await words_page(console, about, form=form, refused=refused, status=422)
    except PolicyInvalid as error:
        refused = _Refused("value", console.language.told(error.params["message"]))
        return await words_page(console, about, form=form, refused=refused, status=422)
    return console.go(f"{about.href}?said=saved")


async def words_page(
    console: Console,
    about: Subject,
    *,
    form: Fields | None = None,
    refused: _Refused | None = None,
    status: int = 200,
) -> Html:
    """The policy in words. form, refused: a new meaning that was sent and could not be taken."""
    language, policy = console.language, about.policy
    today = console.now.astimezone(UTC).date()
    values = policy.at(console.now).values
    opened = form.text("name") if form else ""
    mine = about.draft is None or (about.draft.status == "draft" and about.draft.proposed_by == console.person.id)
    return console.page(
        "operator/words.html",
        status=status,
        here=about.href,
        notice=told(console),
        about=about,
        title=title(language, about.standing),
        editable=mine and policy.layer != "law",
        values=[value_words(language, one, today) for one in policy.values],
        opened=opened,
        sent=form.values if form else {},
        errors={f"{opened}-{refused.field}": _why(language, refused)} if refused else {},
        deadlines=[
            (
                language.pgettext("policy.deadline", one.name),
                deadline_words(language, one, values),
                ", ".join(one.cites),
            )
            for one in policy.deadlines
        ],
        questions=[
            (language.pgettext("policy.on", on), [rule_words(language, policy, rule, values) for rule in rules])
            for on in QUESTIONS
            if (rules := policy.rules_on(on))
        ],
        tunable=[
            (language.pgettext("policy.value", one.name), tunable_words(language, one), ", ".join(one.cites))
            for one in policy.tunable
        ],
        flow=flow_words(language, policy) if policy.layer == "preset" else [],
        tomorrow=today,
        most=ORDERS,
        since=day_words(language, about.standing.since.date()) if about.standing.since else "",
    )


def _why(language: Locale, refused: _Refused) -> str:
    _ = language.gettext
    return {
        "day": _("Choose a day."),
        "later": _("Choose a day after the last one: a value is continued, never edited."),
        "source": _("Say where this comes from."),
        "number": _("Write a whole number."),
        "percent": _("Write a share in percent, such as 90 or 12.5."),
        "text": _("Write what it means."),
    }.get(refused.message, refused.message)


def _continued(about: Subject, form: Fields) -> str:
    """The text with the new meaning of the form. Raises _Refused."""
    value = next((one for one in about.policy.values if one.name == form.text("name")), None)
    if value is None:
        raise NotFound(kind="policy")
    try:
        first_day = date.fromisoformat(form.text("first_day"))
    except ValueError:
        raise _Refused("first_day", "day") from None
    try:
        cited = label(form.text("source"), field="source", blank=False)
    except InvalidText:
        raise _Refused("source", "source") from None
    dated = Dated(first_day, _plain(value, form.text("value")), cited, form.text("unverified") == "1")
    try:
        return continued(about.text, value, dated)
    except NotContinued:
        raise _Refused("first_day", "later") from None


def _plain(value: NamedValue, said: str) -> Plain:
    """What was typed, as what the value is. Raises _Refused."""
    latest = value.history[-1].value
    if isinstance(latest, bool):
        return said == "true"
    if kind_of(value) == "percent":
        share = _PERCENT.fullmatch(said)
        if share is None:
            raise _Refused("value", "percent")
        return int(Decimal(share["percent"]) * 100)
    if isinstance(latest, int):
        if not (said.isascii() and said.isdigit() and len(said) <= 12):
            raise _Refused("value", "number")
        return int(said)
    try:
        return label(said, field="value", blank=False)
    except InvalidText:
        raise _Refused("value", "text") from None


def _shop(about: Subject) -> str | None:
    return about.standing.shop.id if about.standing.shop else None


def _row(language: Locale, standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.key,
        "href": f"{POLICIES}/{standing.key}" if standing.policy else f"{POLICIES}/{standing.key}/versions",
        "title": title(language, standing),
        "standing": standing,
        "retired": sum(one.status == "retired" for one in standing.versions),
    }


def _texts(language: Locale, standing: Standing) -> list[tuple[str, str]]:
    """Every text of a policy by its hash, the latest first."""
    _ = language.gettext
    found: dict[str, str] = {}
    for one in standing.versions:
        status = language.pgettext("policy.status", one.status)
        found.setdefault(one.hash, _("Version %(number)s, %(status)s") % {"number": one.number, "status": status})
    live = standing.policy
    if live is not None:
        found.setdefault(live.hash, _("In force, as it came with the release"))
    for digest in standing.pinned:
        found.setdefault(digest, _("As it came with the release"))
    return list(found.items())
