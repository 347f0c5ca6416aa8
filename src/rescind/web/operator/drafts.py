"""One draft: what it changes, what it was tried on, and the two people who put it in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import FourEyes, NotFound, NothingChanged, PolicyInvalid, RescindError
from rescind.core.policy import Atom
from rescind.core.policy.reach import Reach
from rescind.core.policy.right import Case
from rescind.core.policy.vocabulary import STANDARD, Kind
from rescind.core.views import Filters
from rescind.drafting import REQUESTS, Examined, Rejudged
from rescind.intake.text import words
from rescind.locales import Locale
from rescind.policies import retold
from rescind.postgres.publishing import NUMBERS, Version
from rescind.web.explain import wanted_words
from rescind.web.operator.console import POLICIES, signed, told
from rescind.web.operator.policies import Subject, save_value, title, words_page
from rescind.web.operator.texts import console_note, edit_page, mistake_of, text_page, typed
from rescind.web.policy_words import change_words, day_words, decided_words
from rescind.web.search import MOST
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

_SHOWN = 5
_STATUS = {"four-eyes": HTTPStatus.FORBIDDEN, "draft-settled": HTTPStatus.CONFLICT}


@get("/drafts/{number:str}")
async def read(console: Here, number: FromPath[str]) -> Html:
    """The draft beside what is in force."""
    return await _page(console, await _subject(console, number), notice=told(console))


@get("/drafts/{number:str}/words")
async def in_words(console: Here, number: FromPath[str]) -> Html:
    """The draft in words; its author may add meanings of values."""
    return await words_page(console, await _subject(console, number))


@post("/drafts/{number:str}/values", status_code=200)
async def add_value(console: Here, number: FromPath[str]) -> Html:
    """Let one more value mean something else from a day on."""
    form = await console.form()
    about = await _subject(console, number)
    try:
        return await save_value(console, about, form)
    except FourEyes as error:
        return await _page(console, about, notice=console.problem(error), status=HTTPStatus.FORBIDDEN)


@get("/drafts/{number:str}/text")
async def in_text(console: Here, number: FromPath[str]) -> Html:
    """The draft's text with line numbers."""
    return text_page(console, await _subject(console, number))


@get("/drafts/{number:str}/edit")
async def edit(console: Here, number: FromPath[str]) -> Html:
    """The draft's text, to be edited by its author."""
    about = await _subject(console, number)
    if not _mine(console, about):
        return console.go(about.href)
    return edit_page(console, about, about.text, f"{about.href}/edit")


@post("/drafts/{number:str}/edit", status_code=200)
async def save(console: Here, number: FromPath[str]) -> Html:
    """Keep the edited text; one that has a mistake is shown again with the place."""
    form = await console.form()
    about = await _subject(console, number)
    assert about.draft is not None, "it is about a draft"
    text = typed(form)
    try:
        note = console_note(console, form)
        if (text.strip(), note) == (about.text.strip(), about.draft.note):
            return console.go(f"{about.href}?said=unchanged")
        await console.desk.drafting.save(about.draft.number, text, console.person.id, note=note)
    except PolicyInvalid as error:
        return edit_page(
            console, about, text, f"{about.href}/edit", form=form, mistake=mistake_of(console.language, error)
        )
    except NothingChanged as error:
        return edit_page(console, about, text, f"{about.href}/edit", form=form, notice=console.problem(error))
    except RescindError as error:
        return await _page(console, about, notice=console.problem(error), status=_status(error))
    return console.go(f"{about.href}?said=saved")


@post("/drafts/{number:str}/submit", status_code=200)
async def submit(console: Here, number: FromPath[str]) -> Html:
    """Ask for approval."""
    await console.form()
    sent = await console.visit.request.form()
    accepted = tuple(one for one in sent.getall("accepted", []) if isinstance(one, str))
    return await _act(
        console,
        number,
        "submitted",
        lambda one: console.desk.drafting.submit(one, console.person.id, console.now, accepted),
    )


@post("/drafts/{number:str}/take-back", status_code=200)
async def take_back(console: Here, number: FromPath[str]) -> Html:
    """Work on it again instead of having it approved."""
    await console.form()
    return await _act(
        console, number, "taken_back", lambda one: console.desk.drafting.take_back(one, console.person.id)
    )


@post("/drafts/{number:str}/approve", status_code=200)
async def approve(console: Here, number: FromPath[str]) -> Html:
    """Put it in force."""
    await console.form()
    return await _act(
        console, number, "approved", lambda one: console.desk.drafting.approve(one, console.person.id, console.now)
    )


@post("/drafts/{number:str}/reject", status_code=200)
async def reject(console: Here, number: FromPath[str]) -> Html:
    """Send it back, with a reason."""
    form = await console.form()
    about = await _subject(console, number)
    try:
        reason = words(form.text("reason"), field="reason")
    except RescindError:
        missing = console.language.gettext("Say why: its author has to know what to change.")
        said = form.text("reason")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await _page(console, about, errors={"reason": missing}, reason=said, status=status)
    return await _act(
        console, number, "rejected", lambda one: console.desk.drafting.reject(one, console.person.id, reason)
    )


ROUTES = (read, in_words, add_value, in_text, edit, save, submit, take_back, approve, reject)


async def _subject(console: Console, text: str) -> Subject:
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= NUMBERS):
        raise NotFound(kind="draft")
    drafting = console.desk.drafting
    draft, policy = await drafting.versions.draft(int(text))
    standing = await drafting.standing(draft.shop or draft.name)
    return Subject(standing, policy, await drafting.text(policy), draft)


async def _act(console: Console, number: str, said: str, act: Callable[[int], Awaitable[Version]]) -> Html:
    """Do it and look at the result; what stands in the way is told on the draft's page."""
    about = await _subject(console, number)
    assert about.draft is not None, "it is about a draft"
    try:
        await act(about.draft.number)
    except RescindError as error:
        fresh = await _subject(console, number)
        return await _page(console, fresh, notice=console.problem(error), status=_status(error))
    return console.go(f"{about.href}?said={said}")


def _status(error: RescindError) -> int:
    return _STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)


def _mine(console: Console, about: Subject) -> bool:
    draft = about.draft
    return draft is not None and draft.status == "draft" and draft.proposed_by == console.person.id


async def _page(
    console: Console,
    about: Subject,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    reason: str = "",
    status: int = HTTPStatus.OK,
) -> Html:
    draft, language = about.draft, console.language
    assert draft is not None, "it is about a draft"
    open_yet = draft.status in {"draft", "submitted"}
    found = None
    if open_yet:
        shop = about.standing.shop
        found = await console.desk.drafting.examine(about.policy, shop.id if shop else None, console.now)
    tried: dict[str, Any] = _tried(language, found, draft.accepted) if found else {"tried": False}
    return console.page(
        "operator/draft.html",
        status=status,
        here=about.href,
        notice=notice,
        errors=errors or {},
        reason=reason,
        draft=draft,
        standing=about.standing,
        title=title(language, about.standing),
        href=about.href,
        policy_href=f"{POLICIES}/{about.standing.key}",
        digest=about.policy.hash,
        who=await signed(console, [draft]),
        mine=draft.proposed_by == console.person.id,
        moved=open_yet and bool(found and found.live and found.live.hash != draft.base_hash),
        **tried,
        numbers=await _numbers(console, tried.get("judged", ())),
    )


def _tried(language: Locale, found: Examined, accepted: tuple[str, ...]) -> dict[str, Any]:
    """What trying it found, in words."""
    live = found.live
    return {
        "tried": True,
        "fresh": live is None,
        "at": day_words(language, found.at.date()),
        "changes": [change_words(language, one, live, found.policy) for one in found.changes] if live else [],
        "rewritten": [language.pgettext("policy.value", name) for name in found.rewritten],
        "failures": [
            {
                "id": one.example,
                "says": retold(one.says, language.tag),
                "message": language.told(one.message),
                "accepted": one.example in accepted,
            }
            for one in found.failures
        ],
        "turned": [
            {
                "id": one.example.id,
                "says": retold(one.example.says, language.tag),
                "before": decided_words(language, one.before),
                "after": decided_words(language, one.after),
                "worse": bool(one.before and (one.after is None or one.after.rank > one.before.rank)),
            }
            for one in found.turned
        ],
        "case": _case(language, found.case) if found.case else None,
        "reach": _reach(language, found.reach) if found.reach else None,
        "unfit": [(shop, language.told(message)) for shop, message in found.unfit],
        "asked": found.asked,
        "judged": _alike(language, found.judged),
        "judged_count": len(found.judged),
        "shown": _SHOWN,
        "most": REQUESTS,
        "stands": not (found.case or found.reach or found.unfit),
    }


async def _numbers(console: Console, alike: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What people call the orders that are shown of these requests, by their ids."""
    ids = tuple(order for one in alike for order in one["orders"][:_SHOWN])[:MOST]
    if not ids:
        return {}
    page = await console.desk.reads.orders(console.scope, Filters(numbers=ids), None, len(ids), now=console.now)
    return {row.order_id: row.number for row in page.rows}


def _alike(language: Locale, judged: Sequence[Rejudged]) -> list[dict[str, Any]]:
    """Requests of which the same would become of another answer, told once, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in judged:
        sides = decided_words(language, one.before), decided_words(language, one.after)
        found.setdefault(sides, []).append(one.order)
    return [
        {"before": before, "after": after, "orders": orders}
        for (before, after), orders in sorted(found.items(), key=lambda pair: -len(pair[1]))
    ]


def _case(language: Locale, case: Case) -> dict[str, Any]:
    """The situation in which a shop's rules would take something away."""
    return {
        "situation": _situation(language, case.stage, case.circumstances),
        "granted": decided_words(language, case.granted),
        "given": decided_words(language, case.given),
    }


def _reach(language: Locale, found: Reach) -> dict[str, Any]:
    """The situation in which it would say yes to what was handed over."""
    return {
        "situation": _situation(language, found.stage, found.circumstances),
        "given": decided_words(language, found.given),
    }


def _situation(language: Locale, at_stage: str, circumstances: Sequence[tuple[str, Any]]) -> list[str]:
    """A case in sentences: its stage, and what is special beside."""
    _ = language.gettext
    stage = _("“%(name)s”") % {"name": language.term("stage", at_stage)}
    situation = [_("The order is at %(stage)s") % {"stage": stage}]
    for fact, value in circumstances:
        kind = STANDARD[fact].kind
        if kind is Kind.FLAG:
            atom = Atom(fact, "is" if value else "is not", wanted=True, actual=True, held=True)
        else:
            atom = Atom(fact, "=", wanted=value, actual=value, held=True, unit="")
        plain = f"{language.term('fact', fact)}: {value}"
        situation.append(plain if kind is Kind.AMOUNT else wanted_words(language, atom))
    return situation
