"""A policy as text: read with line numbers, edited in a plain field, with each mistake shown where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from litestar import Response, get, post
from litestar.params import FromPath

from rescind.core.errors import NotFound, NothingChanged, PolicyInvalid
from rescind.core.sentence import phrased
from rescind.locales import Locale
from rescind.web.operator.console import DRAFTS, POLICIES
from rescind.web.operator.policies import Subject, subject, title
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

MOST_BYTES = 200_000
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where a text is wrong, and how, in the reader's language."""

    line: int
    column: int
    message: str


@get("/policies/{key:str}/text")
async def read(console: Here, key: FromPath[str]) -> Html:
    """The text in force, with line numbers."""
    return text_page(console, await subject(console, key))


@get("/policies/{key:str}/edit")
async def edit(console: Here, key: FromPath[str]) -> Html:
    """The text in force, to go on from. A shop without rules of its own gets the beginning of some."""
    about = await _to_edit(console, key)
    return edit_page(console, about, about.text, f"{POLICIES}/{key}/edit")


@post("/policies/{key:str}/edit", status_code=200)
async def write(console: Here, key: FromPath[str]) -> Html:
    """Make a draft of a text; one that has a mistake is shown again with the place."""
    form = await console.form()
    about = await _to_edit(console, key)
    text = typed(form)
    action = f"{POLICIES}/{key}/edit"
    shop = about.standing.shop
    try:
        # The beginning that a shop without rules is offered is nothing to approve either.
        if text.strip() == about.text.strip():
            raise NothingChanged(policy=about.policy.name)
        draft, _ = await console.desk.drafting.draft(
            text,
            console.person.id,
            name=None if shop else about.policy.name,
            shop=shop.id if shop else None,
            note=console_note(console, form),
        )
    except PolicyInvalid as error:
        return edit_page(console, about, text, action, form=form, mistake=mistake_of(console.language, error))
    except NothingChanged as error:
        return edit_page(console, about, text, action, form=form, notice=console.problem(error))
    return console.go(f"{DRAFTS}/{draft.number}?said=drafted")


@get("/texts/{digest:str}")
async def download(console: Here, digest: FromPath[str]) -> Response[str]:
    """A version's text as a file."""
    policy = await console.desk.drafting.policy(digest)
    text = await console.desk.drafting.text(policy)
    plain = policy.name if _PLAIN.fullmatch(policy.name) else "policy"
    name = f"{plain}-{digest[:12]}.toml"
    return Response(text, media_type="text/plain", headers={"Content-Disposition": f'attachment; filename="{name}"'})


ROUTES = (read, edit, write, download)


# --- what the pages of drafts use as well ----------------------------------------------------------------------------


def text_page(console: Console, about: Subject) -> Html:
    """The text with line numbers."""
    return console.page(
        "operator/text.html",
        about=about,
        title=title(console.language, about.standing),
        lines=about.text.rstrip("\n").split("\n"),
        editable=about.policy.layer != "law",
    )


def edit_page(
    console: Console,
    about: Subject,
    text: str,
    action: str,
    *,
    form: Fields | None = None,
    mistake: Mistake | None = None,
    notice: Notice | None = None,
) -> Html:
    """The text to be edited; below it, where there is a mistake, the lines with their numbers."""
    return console.page(
        "operator/edit.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if mistake or notice else HTTPStatus.OK,
        here=action,
        notice=notice,
        about=about,
        title=title(console.language, about.standing),
        action=action,
        text=text,
        note=form.text("note") if form else about.draft.note if about.draft else "",
        mistake=mistake,
        lines=text.rstrip("\n").split("\n") if mistake else [],
        errors={f"L{mistake.line}": ""} if mistake else {},
    )


def typed(form: Fields) -> str:
    """The text of a form, with one kind of line end: browsers send two signs for each. Raises PolicyInvalid."""
    text = form.values.get("text", "").replace("\r\n", "\n")
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise PolicyInvalid(
            file="policy.toml",
            line=1,
            column=1,
            message=phrased("a policy has at most %(most)s bytes", most=MOST_BYTES),
        )
    return text


def console_note(console: Console, form: Fields) -> str:
    """Why, in the author's words. Raises InvalidText."""
    kept = console.note(form.text("note"), "note")
    return kept.body if kept else ""


def mistake_of(language: Locale, error: PolicyInvalid) -> Mistake:
    """The place that an error names, and what is wrong there."""
    said = error.params
    return Mistake(int(str(said["line"])), int(str(said["column"])), language.told(said["message"]))


async def _to_edit(console: Console, key: str) -> Subject:
    standing = await console.desk.drafting.standing(key)
    if standing.policy is not None and standing.policy.layer != "law":
        return Subject(standing, standing.policy, await console.desk.drafting.text(standing.policy))
    if standing.shop is None:
        raise NotFound(kind="policy")
    # A shop that has no rules of its own yet begins with what such a file needs.
    preset = await console.desk.drafting.policy(standing.shop.preset_hash)
    return Subject(standing, preset, _BEGINNING.format(shop=standing.shop.id[4:], zone=standing.shop.zone or "UTC"))


_BEGINNING = """\
policy = "{shop}"
layer = "shop"
zone = "{zone}"

# A shop may give more than the platform, never less. A rule holds where its condition says, and nowhere else.
[[rules]]
id = "SHOP-1"
on = "request"
when = "stage = 'packing'"
verdict = "approve"
cites = ["own rule"]
"""
