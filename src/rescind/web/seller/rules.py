"""Requests a shop agrees to without looking at them: the list of rules, the form of one, and a try on past requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import CurrencyMismatch, InvalidField, InvalidText, RescindError
from rescind.core.ids import ShopId
from rescind.core.money import Money
from rescind.core.policy import ResolvedPolicy
from rescind.core.standing import AT_ONCE, StandingRule, Trial, allowed, policy_of, rule_id, tried, waits
from rescind.core.views import ShopView
from rescind.intake.text import label
from rescind.locales import Locale
from rescind.postgres.shop_versions import Choices
from rescind.web.explain import span_words
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.seller.settings import automation_words, of_shop, version_of
from rescind.web.session import Html

HOME = "/seller/rules"
TRIED = 50
# The field of the form for each member of a rule that can be wrong.
_AT = {"amount": "least", "reasons": "reasons", "wait": "wait", "last_day": "last_day", "categories": "categories"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule in words. place: counted from 0, as the form names it."""

    id: str
    place: int
    name: str
    which: tuple[str, ...]
    answer: str


@get("/rules")
async def rules(console: Here) -> Html:
    """The rules there are, and a form for one more, or for one to be changed (``?edit=``)."""
    shop, preset, choices = await of_shop(console)
    text = console.query("edit")
    place = int(text) if text.isdecimal() and int(text) < len(choices.rules) else len(choices.rules)
    values = _values(choices.rules[place], preset.policy.currency) if place < len(choices.rules) else {}
    return await _show(console, shop, preset, choices, place=place, values=values, notice=_said(console))


@post("/rules", status_code=200)
async def save(console: Here) -> Html:
    """Try a rule on past requests, or save it."""
    form = await console.form()
    shop, preset, choices = await of_shop(console)
    text = form.text("place")
    place = int(text) if text.isdecimal() and int(text) < len(choices.rules) else len(choices.rules)
    values = dict(form.values)
    try:
        written = list(choices.rules)
        written[place : place + 1] = [_read(form, preset)]
        policy = policy_of(written, preset, shop.zone)
        if form.text("act") == "try":
            asked = await console.desk.versions.asked(ShopId(shop.id), TRIED)
            grounds = [(one.at, one.ground.facts) for one in asked]
            trial = tried(policy, grounds)
            return await _show(console, shop, preset, choices, place=place, values=values, trial=trial)
        if tuple(written) == choices.rules:
            return console.go(f"{HOME}?said=unchanged")
        await console.desk.versions.put_rules(
            ShopId(shop.id), tuple(written), policy, console.person.by, expected=version_of(form)
        )
    except (InvalidField, InvalidText) as error:
        field = _AT.get(str(error.params["field"]).rpartition("/")[2], "name")
        errors = {field: console.language.expected(str(error.params["expected"]))}
        return await _show(console, shop, preset, choices, place=place, values=values, errors=errors, status=422)
    except CurrencyMismatch as error:
        errors = {"least": console.problem(error).text}
        return await _show(console, shop, preset, choices, place=place, values=values, errors=errors, status=422)
    except RescindError as error:
        again = await console.desk.versions.choices(ShopId(shop.id))
        notice = console.problem(error)
        return await _show(console, shop, preset, again, place=place, values=values, notice=notice, status=409)
    await console.desk.book.refresh()
    return console.go(f"{HOME}?said=saved")


@post("/rules/{place:int}/remove", status_code=200)
async def remove(console: Here, place: FromPath[int]) -> Html:
    """Take one rule away; the others stay in their order."""
    form = await console.form()
    shop, preset, choices = await of_shop(console)
    written = choices.rules[:place] + choices.rules[place + 1 :]
    try:
        policy = policy_of(written, preset, shop.zone) if written else None
        await console.desk.versions.put_rules(
            ShopId(shop.id), written, policy, console.person.by, expected=version_of(form)
        )
    except RescindError as error:
        again = await console.desk.versions.choices(ShopId(shop.id))
        last = len(again.rules)
        return await _show(
            console, shop, preset, again, place=last, values={}, notice=console.problem(error), status=409
        )
    await console.desk.book.refresh()
    return console.go(f"{HOME}?said=removed")


def _read(form: Fields, preset: ResolvedPolicy) -> StandingRule:
    """The rule as it was typed. Raises InvalidField, InvalidText; the field as of ``StandingRule``."""
    currency = form.text("currency") or preset.policy.currency
    return StandingRule(
        name=label(form.text("name"), field="/name", blank=False),
        reasons=tuple(code for code in _listed(preset) if form.text(f"reason_{code}")),
        categories=tuple(filter(None, form.text("categories").replace("，", ",").replace(",", " ").split())),
        least_minor=_amount(form.text("least"), currency),
        most_minor=_amount(form.text("most"), currency),
        currency=currency if form.text("least") or form.text("most") else "",
        first_day=_day(form.text("first_day"), "first_day"),
        last_day=_day(form.text("last_day"), "last_day"),
        wait=form.text("wait") or AT_ONCE,
    )


def _listed(preset: ResolvedPolicy) -> tuple[str, ...]:
    """The reasons buyers may give, each once."""
    return tuple(dict.fromkeys(reason.code for reason in preset.policy.reasons.buyer))


def _amount(text: str, currency: str) -> int | None:
    return Money.parse(text.replace(",", "."), currency).minor if text else None


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidField(field=f"/{field}", expected="a day, such as 2026-05-31") from None


def _values(rule: StandingRule, own: str) -> dict[str, str]:
    """A rule as the form shows it. own: the preset's currency; amounts in another one have to be written anew."""
    foreign = bool(own) and rule.currency not in {"", own}
    return {
        "name": rule.name,
        "categories": ", ".join(rule.categories),
        "least": _typed(None if foreign else rule.least_minor, rule.currency),
        "most": _typed(None if foreign else rule.most_minor, rule.currency),
        "currency": rule.currency,
        "first_day": rule.first_day.isoformat() if rule.first_day else "",
        "last_day": rule.last_day.isoformat() if rule.last_day else "",
        "wait": rule.wait,
        **{f"reason_{code}": "1" for code in rule.reasons},
    }


def _typed(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(Money(minor, currency)).partition(" ")[0]


async def _show(
    console: Console,
    shop: ShopView,
    preset: ResolvedPolicy,
    choices: Choices,
    *,
    place: int,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    trial: Trial | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    return console.page(
        "seller/rules.html",
        status=status,
        here=HOME,
        notice=notice,
        errors=errors or {},
        values=values,
        shop=shop,
        offered=allowed(preset),
        told=[_told(language, one, n) for n, one in enumerate(choices.rules)],
        version=choices.rules_version,
        place=place,
        editing=place < len(choices.rules),
        reasons=[(code, language.term("reason", code)) for code in _listed(preset)],
        waits=[(one, _wait(language, one)) for one in waits(preset)],
        currency=preset.policy.currency or values.get("currency", ""),
        trial=trial,
        automation_words=automation_words(console, choices.automation),
    )


def _told(language: Locale, rule: StandingRule, place: int) -> Told:
    _ = language.gettext
    which: list[str] = []
    if rule.reasons:
        which.append(_(", ").join(language.term("reason", code) for code in rule.reasons))
    if rule.categories:
        which.append(_("Kinds of goods: %(codes)s") % {"codes": _(", ").join(rule.categories)})
    amounts = {
        "least": language.money(Money(rule.least_minor or 0, rule.currency)) if rule.currency else "",
        "most": language.money(Money(rule.most_minor or 0, rule.currency)) if rule.currency else "",
    }
    match rule.least_minor is not None, rule.most_minor is not None:
        case True, True:
            which.append(_("From %(least)s to %(most)s") % amounts)
        case True, False:
            which.append(_("From %(least)s on") % amounts)
        case False, True:
            which.append(_("Up to %(most)s") % amounts)
        case _:
            pass
    days = {"first": str(rule.first_day or ""), "last": str(rule.last_day or "")}
    match bool(rule.first_day), bool(rule.last_day):
        case True, True:
            which.append(_("On the days from %(first)s to %(last)s") % days)
        case True, False:
            which.append(_("From %(first)s on") % days)
        case False, True:
            which.append(_("Until the end of %(last)s") % days)
        case _:
            pass
    return Told(
        id=rule_id(place),
        place=place,
        name=rule.name,
        which=tuple(which) or (_("Every request"),),
        answer=_wait(language, rule.wait),
    )


def _wait(language: Locale, wait: str) -> str:
    if wait == AT_ONCE:
        return language.gettext("Approve at once")
    return language.gettext("Approve after %(time)s, unless you answered") % {"time": span_words(language, wait)}


def _said(console: Console) -> Notice | None:
    _ = console.language.gettext
    text = {
        "saved": _("Saved. It answers requests that come from now on."),
        "removed": _("Taken away. Such requests wait for you again."),
        "unchanged": _("Nothing was changed, so nothing was saved."),
    }.get(console.query("said"))
    return Notice(text, "calm" if console.query("said") == "unchanged" else "good") if text else None


ROUTES = (rules, save, remove)
