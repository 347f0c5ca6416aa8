"""How buyers reach the shop, in a form: hours, e-mail, telephone, languages, and the card as they will read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from litestar import get, post

from rescind import zones
from rescind.core.contact_card import DAYS, MIDNIGHT, SPANS, ContactCard, OpenSpan
from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.views import ShopView
from rescind.intake import contact as intake
from rescind.web import contact
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.seller.settings import of_shop, version_of
from rescind.web.session import Html

HOME = "/seller/contact"
SHOWN_SPANS = 2
"""Spans of a day that the form has room for, unless there are more already: one break is what most shops have."""
LANGUAGES = ("en", "zh", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "ru", "ar", "hi", "id", "ms", "th", "vi", "ja")
"""What the form offers; a card may name others by the API, which stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A row of the week. spans: number in the day, opening and closing as the form shows them."""

    number: int
    name: str
    spans: list[tuple[int, str, str]]


@get("/contact")
async def page(console: Here) -> Html:
    """The form as the card stands."""
    shop, _preset, _choices = await of_shop(console)
    card, version = await console.desk.versions.contact(shop.id)
    said = console.language.gettext("Saved. Buyers read it from now on.") if console.query("said") else ""
    return await _show(console, shop, _values(card or ContactCard(zone=shop.zone)), version, notice=said)


@post("/contact", status_code=200)
async def save(console: Here) -> Html:
    """Keep it, or show what is wrong."""
    form = await console.form()
    shop, _preset, _choices = await of_shop(console)
    values = dict(form.values)
    kept, version = await console.desk.versions.contact(shop.id)
    try:
        written = _read(form, kept, shop)
        await console.desk.versions.put_contact(shop.id, written, console.person.by, expected=version_of(form))
    except (InvalidField, InvalidText) as error:
        field = str(error.params["field"]).split("/")[1] or "hours"
        errors = {field: console.language.expected(str(error.params["expected"]))}
        return await _show(console, shop, values, version_of(form) or 0, errors=errors, status=422)
    except RescindError as error:
        said = console.problem(error).text
        return await _show(console, shop, values, version, notice=said, tone="urgent", status=409)
    return console.go(f"{HOME}?said=saved")


def _read(form: Fields, kept: ContactCard | None, shop: ShopView) -> ContactCard:
    others = [code for code in (kept.languages if kept else ()) if code not in LANGUAGES]
    return intake.card(
        email=form.text("email"),
        phone=form.text("phone"),
        languages=[*(code for code in LANGUAGES if form.text(f"speaks_{code}")), *others],
        zone=form.text("zone") or shop.zone,
        hours=_hours(form),
        holidays=bool(form.text("holidays")),
    )


def _hours(form: Fields) -> list[OpenSpan]:
    found: list[OpenSpan] = []
    for day in range(DAYS):
        for place in range(SPANS):
            opens, closes = (form.text(f"{end}-{day}-{place}")[:5] for end in ("opens", "closes"))
            if not opens and not closes:
                continue
            if not (opens and closes):
                raise InvalidField(field="/hours", expected="an opening and a closing time, or neither")
            # A clock has no 24:00, and nobody closes before they open.
            found.append(OpenSpan(day=day, opens=opens, closes=MIDNIGHT if closes == "00:00" else closes))
    return found


def _values(card: ContactCard) -> dict[str, str]:
    values = {"email": card.email, "phone": card.phone, "zone": card.zone, "holidays": "1" if card.holidays else ""}
    values |= {f"speaks_{code}": "1" for code in card.languages}
    for day in range(DAYS):
        for place, one in enumerate(span for span in card.hours if span.day == day):
            values[f"opens-{day}-{place}"] = one.opens
            values[f"closes-{day}-{place}"] = "00:00" if one.closes == MIDNIGHT else one.closes
    return values


async def _show(
    console: Console,
    shop: ShopView,
    values: Mapping[str, str],
    version: int,
    *,
    notice: str = "",
    tone: str = "good",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    names = language.cldr.days["stand-alone"]["wide"]
    days = [Day(number=day, name=str(names[day]), spans=_spans(values, day)) for day in range(DAYS)]
    return console.page(
        "seller/contact.html",
        status=status,
        here=HOME,
        notice=Notice(notice, tone) if notice else None,
        errors=errors or {},
        values=values,
        version=version,
        days=days,
        # A card may name a zone by another of its names: choosing the first of the list for it would change it.
        zones=[(name, name) for name in dict.fromkeys((values.get("zone") or shop.zone, *_zones()))],
        languages=[(code, contact.language(language, code)) for code in LANGUAGES],
        card=await contact.shown(console.visit, shop),
        public=f"/shops/{shop.id}",
    )


@cache
def _zones() -> tuple[str, ...]:
    """Zones by the names of places, and the one that is everybody's."""
    return ("UTC", *(name for name in sorted(zones.known()) if "/" in name and not name.startswith("Etc/")))


def _spans(values: Mapping[str, str], day: int) -> list[tuple[int, str, str]]:
    told = [(n, values.get(f"opens-{day}-{n}", ""), values.get(f"closes-{day}-{n}", "")) for n in range(SPANS)]
    return [one for one in told if one[0] < SHOWN_SPANS or one[1] or one[2]]


ROUTES = (page, save)
