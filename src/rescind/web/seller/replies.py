"""Sentences that a shop keeps ready for its conversations, in a form: each with its words in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import get, post

from rescind.core.conversation import LONGEST
from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.quick_reply import LONGEST_TITLE, MOST, QuickReply
from rescind.intake import contact as intake
from rescind.locales import LANGUAGE_NAMES
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.seller.settings import of_shop, version_of
from rescind.web.session import Html

HOME = "/seller/replies"


@get("/replies")
async def page(console: Here) -> Html:
    """The list as it stands, with room for one more."""
    shop, _preset, _choices = await of_shop(console)
    kept, version = await console.desk.versions.replies(shop.id)
    said = console.language.gettext("Saved. They stand beside the box of every conversation.")
    return _show(console, _values(kept), len(kept), version, notice=said if console.query("said") else "")


@post("/replies", status_code=200)
async def save(console: Here) -> Html:
    """Keep all of them, or show what is wrong with one."""
    form = await console.form()
    shop, _preset, _choices = await of_shop(console)
    rows = int(form.text("rows")) if form.text("rows").isdecimal() and len(form.text("rows")) < 3 else 0
    # An empty row is none, so what is kept is counted anew: a mistake is told at the row that was typed.
    typed = [place for place in range(min(rows, MOST) + 1) if not form.text(f"gone-{place}") and _filled(form, place)]
    try:
        written = intake.replies(
            [(form.text(f"title-{place}"), {tag: _text(form, tag, place) for tag in LANGUAGE_NAMES}) for place in typed]
        )
        await console.desk.versions.put_replies(shop.id, written, console.person.by, expected=version_of(form))
    except (InvalidField, InvalidText) as error:
        errors = {_field(str(error.params["field"]), typed): console.language.expected(str(error.params["expected"]))}
        return _show(console, form.values, rows, version_of(form) or 0, errors=errors, status=422)
    except RescindError as error:
        _kept, version = await console.desk.versions.replies(shop.id)
        said = console.problem(error).text
        return _show(console, form.values, rows, version, notice=said, tone="urgent", status=409)
    return console.go(f"{HOME}?said=saved")


def _text(form: Fields, tag: str, place: int) -> str:
    return form.text(f"text-{tag}-{place}")


def _filled(form: Fields, place: int) -> bool:
    return bool(form.text(f"title-{place}") or any(_text(form, tag, place) for tag in LANGUAGE_NAMES))


def _field(pointer: str, typed: list[int]) -> str:
    """The field of the form that a pointer into the list is about."""
    place, _, rest = pointer.lstrip("/").partition("/")
    if not place.isdecimal():
        return "title-0"
    tag = rest.rpartition("/")[2]
    return f"text-{tag}-{typed[int(place)]}" if tag in LANGUAGE_NAMES else f"title-{typed[int(place)]}"


def _values(kept: tuple[QuickReply, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for place, one in enumerate(kept):
        values[f"title-{place}"] = one.title
        values |= {f"text-{tag}-{place}": text for tag, text in one.texts.items()}
    return values


def _show(
    console: Console,
    values: Mapping[str, str],
    rows: int,
    version: int,
    *,
    notice: str = "",
    tone: str = "good",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    return console.page(
        "seller/replies.html",
        status=status,
        here=HOME,
        notice=Notice(notice, tone) if notice else None,
        errors=errors or {},
        values=values,
        rows=rows,
        room=rows < MOST,
        tongues=list(LANGUAGE_NAMES.items()),
        version=version,
        longest=LONGEST,
        longest_title=LONGEST_TITLE,
    )


ROUTES = (page, save)
