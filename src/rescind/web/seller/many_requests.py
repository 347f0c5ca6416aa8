"""Many requests to cancel, answered together: what it would come to, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from litestar import get, post

from rescind.answering import Reply
from rescind.core.errors import DeadlinePassed, InvalidText, InvalidTransition, RescindError
from rescind.core.money import Money
from rescind.core.views import CaseRow
from rescind.engine import Outcome
from rescind.web.search import MOST
from rescind.web.seller.console import Console, Here, new_key
from rescind.web.seller.request import HOME
from rescind.web.session import Html


@get("/requests/answer")
async def check(console: Here) -> Html:
    """The ticked requests, with what answering them all would give back, before anything happens."""
    answer = _answer(console.query("answer"))
    wanted = list(console.ticked())
    return await _check(console, answer, wanted)


def _answer(text: str) -> Literal["approve", "refuse"]:
    return "refuse" if text == "refuse" else "approve"


async def _check(
    console: Console,
    answer: Literal["approve", "refuse"],
    wanted: list[str],
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    _ = language.gettext
    errors = dict(errors or {})
    if len(wanted) > MOST:
        errors["chosen"] = _("Up to %(most)s at once; the first %(most)s are here.") % {"most": MOST}
    rows = await console.desk.answering.cases(console.person, wanted[:MOST], console.now)
    totals: dict[str, int] = {}
    for row in rows.values():
        totals[row.amount.currency] = totals.get(row.amount.currency, 0) + row.amount.minor
    codes = await _refusals(console, rows) if answer == "refuse" else []
    refusals = [{"value": code, "label": language.term("refusal", code)} for code in codes]
    if answer == "refuse" and rows and not refusals:
        errors["chosen"] = _("Your policy has no plain refusal: answer each by itself, with its tracking number.")
    return console.page(
        "seller/answer_many.html",
        status=status,
        title=_("Approve several requests") if answer == "approve" else _("Refuse several requests"),
        answer=answer,
        key=new_key(),
        errors=errors,
        values=values or {},
        cases=[
            {
                "id": one.case_id,
                "case": one,
                "reason": language.term("reason", one.reason),
                "href": f"{HOME}/{one.case_id}",
            }
            for one in rows.values()
        ],
        totals=[Money(minor, currency) for currency, minor in totals.items()],
        reasons=refusals,
    )


async def _refusals(console: Console, rows: Mapping[str, CaseRow]) -> list[str]:
    """Reasons that one sentence can give for all of them: on offer for each, and needing nothing of its own."""
    if not rows:
        return []
    listed: list[str] | None = None
    for row in rows.values():
        view = await console.desk.reads.order(console.scope, row.order_id)
        terms = await console.desk.terms(view.order)
        if not terms.explicit_reject:
            return []
        codes = [
            one.code
            for one in await console.desk.reasons(view.order, "refusal")
            if not {"tracking", "evidence"} & set(one.needs)
        ]
        listed = codes if listed is None else [code for code in listed if code in codes]
    return listed or []


@post("/requests/answer", status_code=200)
async def answer_many(console: Here) -> Html:
    """Answer each ticked request by a command of its own; one line says what became of each."""
    form = await console.form()
    language = console.language
    _ = language.gettext
    answer = _answer(form.text("answer"))
    wanted = list(form.ticked)
    values = {"reason": form.text("reason"), "comment": form.text("comment")}
    errors = _bulk_errors(console, answer, values)
    if errors or len(wanted) > MOST:
        return await _check(console, answer, wanted, errors, values, 422)
    note = console.note(values["comment"]) if answer == "refuse" else None
    reason = values["reason"] if answer == "refuse" else ""
    replies = [Reply(request=one, approve=answer == "approve", reason=reason, comment=note) for one in wanted]
    answering = console.desk.answering
    rows = await answering.cases(console.person, wanted, console.now)
    became = await answering.each(console.person, replies, form.text("key"), console.now)
    results = [
        _line(console, case_id, rows.get(case_id), answer, result)
        for case_id, result in zip(wanted, became, strict=True)
    ]
    return console.page(
        "seller/answered.html",
        title=_("Approved") if answer == "approve" else _("Refused"),
        answer=answer,
        key=form.text("key"),
        values=values,
        results=results,
        failed=[case_id for case_id, result in zip(wanted, results, strict=True) if result["outcome"] == "failed"],
    )


def _bulk_errors(console: Console, answer: str, values: dict[str, str]) -> dict[str, str]:
    _ = console.language.gettext
    if answer != "refuse":
        return {}
    if not values["reason"]:
        return {"reason": _("Choose a reason")}
    if values["reason"] == "other" and not values["comment"].strip():
        return {"comment": _("Say why, in your own words")}
    try:
        console.note(values["comment"])
    except InvalidText as error:
        return {"comment": console.problem(error).text}
    return {}


def _line(
    console: Console, case_id: str, row: CaseRow | None, answer: str, result: Outcome | RescindError
) -> dict[str, str]:
    """What became of one, in words."""
    language = console.language
    _ = language.gettext
    if row is None:
        return {"label": f"…{case_id[-6:]}", "outcome": "skipped", "detail": _("No request of this shop")}
    line = {"label": row.number, "href": f"{HOME}/{case_id}"}
    match result:
        case InvalidTransition():
            state = str(result.params.get("current_state", ""))
            detail = _("Nothing left to answer: %(state)s") % {"state": language.term("cancellation", state, "seller")}
            return {**line, "outcome": "skipped", "detail": detail}
        case DeadlinePassed():
            return {**line, "outcome": "skipped", "detail": _("The time to answer was over")}
        case RescindError():
            return {**line, "outcome": "failed", "detail": console.problem(result).text}
        case _:
            done = _("%(amount)s goes back") if answer == "approve" else _("The order goes on")
            return {**line, "outcome": "done", "detail": done % {"amount": language.money(row.amount)}}
