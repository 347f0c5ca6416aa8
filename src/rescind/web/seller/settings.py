"""What a shop decides in advance, in a form: the values its preset offers, each with what it means for buyers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from litestar import get, post

from rescind.beginning import markets
from rescind.core.automation import SETTING
from rescind.core.errors import RescindError
from rescind.core.ids import ShopId
from rescind.core.policy import ResolvedPolicy, Tunable
from rescind.core.policy.literal import Plain
from rescind.core.policy.outline import outline
from rescind.core.policy.tree import values_read
from rescind.core.shop_settings import read, written
from rescind.core.standing import StandingRule
from rescind.core.views import ShopView
from rescind.locales import Locale
from rescind.postgres.shop_versions import Automation, Choices, ShopFacts, ShopVersion
from rescind.web.buyer.terms import Row, special_row, step_row
from rescind.web.explain import span_words
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

HOME = "/seller/settings"
_LONG = "365d"
"""Longer than any order waits: a window of this length is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value in words. ``chosen``: what the form shows; ``usual``: what holds for who chooses nothing."""

    value: str
    words: str
    chosen: bool
    usual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value the shop may choose: among ``choices``, or as it is typed, ``typed`` being what the field shows.

    rules: ids of those that read it; locked: why it cannot be changed now.
    """

    name: str
    title: str
    meaning: str
    choices: tuple[Choice, ...]
    typed: str
    rules: tuple[str, ...]
    sources: str
    locked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line of the history: when, who, and what was chosen."""

    version: ShopVersion
    who: str
    what: str


@get("/settings")
async def settings(console: Here) -> Html:
    """The form as the shop has chosen."""
    shop, preset, choices = await of_shop(console)
    return await _show(console, shop, preset, choices, choices.settings, notice=_said(console))


@post("/settings", status_code=200)
async def save(console: Here) -> Html:
    """Show what buyers would read, or choose it."""
    form = await console.form()
    shop, preset, choices = await of_shop(console)
    chosen: dict[str, Plain] = dict(choices.settings)
    try:
        chosen |= _chosen(form, preset, choices)
        if form.text("act") == "preview":
            return await _show(console, shop, preset, choices, chosen, preview=True)
        change = {name: value for name, value in chosen.items() if choices.settings.get(name) != value}
        if not change:
            return console.go(f"{HOME}?said=unchanged")
        await console.desk.versions.put_settings(
            shop.id, change, preset.policy, console.person.by, expected=version_of(form)
        )
    except RescindError as error:
        again = await console.desk.versions.choices(shop.id)
        return await _show(console, shop, preset, again, chosen, notice=console.problem(error), status=409)
    await console.desk.book.refresh()
    return console.go(f"{HOME}?said=saved")


async def of_shop(console: Console) -> tuple[ShopView, ResolvedPolicy, Choices]:
    """The shop of whoever is here, its preset of today, and what it has decided."""
    assert console.person.shop_id is not None, "a seller has a shop"
    shop = await console.desk.reads.shop(console.person.shop_id)
    policy = await console.desk.book.policy(shop.preset_hash)
    assert policy is not None, "a shop's preset is published before the shop is"
    return shop, policy.at(console.now), await console.desk.versions.choices(ShopId(shop.id))


def version_of(form: Fields) -> int | None:
    """What the shop had decided when the form was shown."""
    text = form.text("version")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _chosen(form: Fields, preset: ResolvedPolicy, choices: Choices) -> dict[str, Plain]:
    """What the form says otherwise than it is. Raises InvalidField."""
    found: dict[str, Plain] = {}
    for tunable in preset.policy.tunable:
        text = form.text(tunable.name)
        if not text:
            continue
        value = read(preset.policy, tunable.name, text)
        if value != choices.settings.get(tunable.name, preset.values[tunable.name]):
            found[tunable.name] = value
    return found


async def _show(
    console: Console,
    shop: ShopView,
    preset: ResolvedPolicy,
    choices: Choices,
    chosen: Mapping[str, Plain],
    *,
    preview: bool = False,
    notice: Notice | None = None,
    status: int = 200,
) -> Html:
    steps: list[Row] = []
    special: list[Row] = []
    if preview:
        terms = await console.desk.book.terms(
            msgspec.structs.replace(console.desk.pins(shop), settings=dict(chosen)), console.now
        )
        found = outline(terms.layers, reached=console.desk.book.reached(ShopId(shop.id)))
        steps = [step_row(console.language, one) for one in found.steps]
        special = [special_row(console.language, one) for one in found.special]
    history = await console.desk.versions.history(ShopId(shop.id), 20)
    who = await _who(console, history)
    return console.page(
        "seller/settings.html",
        status=status,
        here=HOME,
        notice=notice,
        shop=shop,
        settings=[_setting(console, preset, choices, one, chosen) for one in preset.policy.tunable],
        version=choices.settings_version,
        automation=choices.automation,
        automation_words=automation_words(console, choices.automation),
        preview=preview,
        steps=steps,
        special=special,
        history=[_change(console, one, who) for one in history],
        public=f"/shops/{shop.id}",
    )


def automation_words(console: Console, running: Automation | None) -> str:
    """Why the platform agrees for the shop, and until when; empty when it does not."""
    if running is None:
        return ""
    language, answered = console.language, running.answered
    _ = language.gettext
    said = {
        "month": f"{answered.month:%Y-%m}",
        "in_time": answered.in_time,
        "num": answered.asked,
        "percent": answered.in_time_bps // 100,
        "since": language.instant(running.since, console.zone, now=console.now),
        "until": language.instant(running.until, console.zone, now=console.now),
    }
    text = language.ngettext(
        "In %(month)s you answered %(in_time)s of %(num)s request in time: %(percent)s %%. Since %(since)s the "
        "platform approves requests in your place, also for orders that were placed before.",
        "In %(month)s you answered %(in_time)s of %(num)s requests in time: %(percent)s %%. Since %(since)s the "
        "platform approves requests in your place, also for orders that were placed before.",
        answered.asked,
    )
    more = (
        _("You may switch it off from %(until)s on.")
        if console.now < running.until
        else _("You may switch it off: its time ended on %(until)s.")
    )
    return f"{text % said} {more % said}"


def _setting(
    console: Console, preset: ResolvedPolicy, choices: Choices, tunable: Tunable, chosen: Mapping[str, Plain]
) -> Setting:
    usual = preset.values[tunable.name]
    now = chosen.get(tunable.name, usual)
    title, meaning = _words(console.language, tunable.name)
    running = choices.automation
    locked = ""
    if running is not None and tunable.name == SETTING and console.now < running.until:
        until = console.language.instant(running.until, console.zone, now=console.now)
        locked = console.language.gettext("The platform has switched it on; you may change it from %(until)s on.") % {
            "until": until
        }
    dated = next(value for value in preset.policy.values if value.name == tunable.name)
    cites = dict.fromkeys((*tunable.cites, *(one.source for one in dated.history)))
    return Setting(
        name=tunable.name,
        title=title,
        meaning=meaning or _how(console.language, tunable),
        choices=tuple(
            Choice(
                value=written(one),
                words=choice_words(console.language, one),
                chosen=one == now,
                usual=one == usual,
            )
            for one in tunable.choices
        ),
        typed="" if tunable.choices else written(now),
        rules=tuple(
            rule.id
            for rule in preset.policy.rules
            if tunable.name in values_read(rule.when) or tunable.name in rule.fee
        ),
        sources=", ".join(cites),
        locked=locked,
    )


def _how(locale: Locale, tunable: Tunable) -> str:
    """How a value is written that is typed; empty for one that is chosen."""
    _ = locale.gettext
    if tunable.choices:
        return ""
    if tunable.name.endswith("_bps"):
        how = _("In hundredths of a per cent, from %(low)s to %(high)s: 1500 is 15 %%. 0 keeps nothing.")
    elif tunable.name.endswith("_minor"):
        how = _("In the currency's smallest unit, such as cents, from %(low)s to %(high)s. 0 keeps nothing.")
    else:
        how = _("From %(low)s to %(high)s.")
    return how % {"low": written(tunable.low), "high": written(tunable.high)}


def _words(locale: Locale, name: str) -> tuple[str, str]:
    """What a setting is called, and what it means for buyers; one of somebody's own policy has its name only."""
    _ = locale.gettext
    return {
        "window": (
            _("Your own cancellation window"),
            _("For this long after ordering, a buyer cancels at once, also when you have packed already."),
        ),
        "auto_approve": (
            _("Approve for some hours more"),
            _("After the hold, requests in these hours are approved without you, until a label is bought."),
        ),
        "auto_approve_until_ready": (
            _("Approve until the parcel is ready"),
            _("Every request is approved without you until a label is bought."),
        ),
        "request_window": (
            _("How long buyers may ask"),
            _("Later than this after ordering a buyer cannot ask you any more, except as a favour."),
        ),
        "closes_at_packing": (
            _("Close when packing begins"),
            _("Once somebody packs, a buyer cannot ask any more, except as a favour."),
        ),
        "auto_approve_requests": (
            _("Approve every request"),
            _("Requests are approved without you until a label is bought."),
        ),
    }.get(name, (locale.pgettext("policy.value", name), ""))


def choice_words(locale: Locale, value: Plain) -> str:
    """One choice in words."""
    _ = locale.gettext
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str) and value[:1].isdigit():
        if value == _LONG:
            return _("As long as it has not shipped")
        return _("None") if value.startswith("0") else span_words(locale, value)
    return str(value)


def choice_line(locale: Locale, name: str, value: Plain) -> str:
    """A choice with what it is a choice of."""
    return f"{_words(locale, name)[0]}: {choice_words(locale, value)}"


async def _who(console: Console, history: Iterable[ShopVersion]) -> Mapping[str, str]:
    """What those are called who changed something, by role and id as the records name them."""
    said = {one.changed_by for one in history}
    found = {one: one.partition(":")[2] for one in said}
    for role in ("seller", "operator"):
        ids = {found[one]: one for one in said if one.startswith(f"{role}:")}
        shop = console.person.shop_id if role == "seller" else None
        found |= {ids[one]: name for one, name in (await console.desk.access.names(role, ids, shop)).items()}
    return found


def _change(console: Console, version: ShopVersion, called: Mapping[str, str]) -> Change:
    _ = console.language.gettext
    name = console.language.term("actor", version.changed_by.partition(":")[0])
    who = called[version.changed_by]
    match version.kind:
        case "settings":
            body = msgspec.json.decode(version.body, type=dict[str, Plain])
            said = [choice_line(console.language, name, value) for name, value in body.items()]
            what = console.language.gettext("; ").join(said) or _("The preset's own values")
        case "rules":
            rules = msgspec.json.decode(version.body, type=tuple[StandingRule, ...])
            what = _("Automatic approval: %(rules)s") % {
                "rules": console.language.gettext(", ").join(one.name for one in rules) or _("no rules")
            }
        case "contact":
            what = _("How buyers reach the shop")
        case "replies":
            what = _("Quick replies")
        case "shop":
            facts = msgspec.json.decode(version.body, type=ShopFacts)
            market = dict(markets(console.language)).get(facts.preset, facts.preset)
            what = _("By the platform: %(name)s, %(policy)s, %(zone)s") % {
                "name": facts.name,
                "policy": market,
                "zone": facts.zone,
            }
        case "automation":
            what = (
                _("The platform approves in your place")
                if version.stands
                else _("The platform no longer approves in your place")
            )
    return Change(version=version, who=f"{name} {who}".strip(), what=what)


def _said(console: Console) -> Notice | None:
    _ = console.language.gettext
    text = {
        "saved": _("Saved. It holds for orders placed from now on."),
        "unchanged": _("Nothing was changed, so nothing was saved."),
    }.get(console.query("said"))
    return Notice(text, "calm" if console.query("said") == "unchanged" else "good") if text else None


ROUTES = (settings, save)
