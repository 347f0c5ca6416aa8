"""Business calendars: the days that are not plain, who said so, and an operator's word about one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from litestar import get, post

from rescind.core.business_calendar import FIRST_YEAR, LAST_YEAR, CalendarDay, DaySaid, Says
from rescind.core.errors import Forbidden, InvalidField, InvalidText, NotFound
from rescind.intake.text import label
from rescind.locales import Locale
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

PATH = "/support/calendars"
_SAYS: dict[str, Says] = {"closed": "closed", "open": "open", "package": "package"}


@get("/calendars")
async def read(console: Here) -> Html:
    """One calendar's year; the address says which."""
    said = console.query("said")
    _ = console.language.gettext
    notice = {
        "yes": Notice(_("Noted. What is promised from now on counts by it.")),
        "again": Notice(_("That was said before; nothing was changed."), "wait"),
    }.get(said)
    return _show(console, console.query("calendar"), console.query("year"), notice=notice)


@post("/calendars/days", status_code=200)
async def say(console: Here) -> Html:
    """An operator closes or opens a day, or leaves it to the package again."""
    form = await console.form()
    if console.person.role != "operator":
        raise Forbidden(action="say_day")
    name, values = form.text("calendar"), {key: form.text(key) for key in ("day", "says", "reason")}
    language = console.language
    try:
        day = date.fromisoformat(values["day"])
        reason = label(values["reason"], field="reason", blank=False)
        news = await console.desk.book.say(name, day, _SAYS[values["says"]], reason, console.person.id, console.now)
    except (ValueError, KeyError):
        errors = {"day": language.gettext("Choose a day and what holds for it.")}
    except InvalidText as error:
        errors = {"reason": _words(language, error)}
    except InvalidField as error:
        errors = {"day": _words(language, error)}
    else:
        return console.go(address(PATH, calendar=name, year=str(day.year), said="yes" if news else "again"))
    return _show(console, name, values["day"][:4], errors=errors, values=values, status=422)


def _words(language: Locale, error: InvalidField | InvalidText) -> str:
    expected = language.expected(str(error.params["expected"]))
    return language.gettext("It must be: %(expected)s.") % {"expected": expected}


def _show(
    console: Console,
    name: str,
    year: str,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    book, language = console.desk.book, console.language
    zones = book.zones()
    if name and name not in zones:
        raise NotFound(kind="calendar")
    chosen = name or next((one for one in zones if book.said(one)), next(iter(zones)))
    asked = int(year) if year.isascii() and year.isdigit() else console.now.year
    shown = asked if FIRST_YEAR <= asked <= LAST_YEAR else console.now.year
    _ = language.gettext
    return console.page(
        "support/calendars.html",
        status=status,
        here=address(PATH, calendar=chosen, year=str(shown)),
        notice=notice,
        errors=errors or {},
        values=values or {},
        calendar=chosen,
        name=_name(language, chosen),
        year=shown,
        zones=zones[chosen],
        calendars=[(one, _name(language, one)) for one in zones],
        years=[(str(one), str(one)) for one in range(FIRST_YEAR, LAST_YEAR + 1)],
        days=[_row(language, one) for one in book.year(chosen, shown, language.tag)],
        said=[_said(language, one) for one in reversed(book.said(chosen)) if one.day.year == shown],
        may_say=console.person.role == "operator",
        choices=[(code, language.term("day_says", code)) for code in _SAYS],
        previous=address(PATH, calendar=chosen, year=str(shown - 1)) if shown > FIRST_YEAR else "",
        next=address(PATH, calendar=chosen, year=str(shown + 1)) if shown < LAST_YEAR else "",
    )


def _name(language: Locale, calendar: str) -> str:
    """What people call a calendar: its country, with the code by which policies name it."""
    if calendar == "weekdays":
        return language.gettext("Weekdays only")
    return f"{language.country(calendar.partition('-')[0])} · {calendar}"


def _row(language: Locale, one: CalendarDay) -> dict[str, object]:
    return {
        "id": one.day.isoformat(),
        "day": _day(language, one.day),
        "counts": one.counts,
        "name": one.name,
        "word": one.word,
    }


def _said(language: Locale, one: DaySaid) -> dict[str, object]:
    return {"day": _day(language, one.day), "says": language.term("day_says", one.says), "word": one}


def _day(language: Locale, day: date) -> str:
    """Without its year, which stands above."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return language.day(moment, now=moment)


ROUTES = (read, say)
