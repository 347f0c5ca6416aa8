"""How somebody is told: language, clock, the hour of the digest, what goes by mail, and the addresses it goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.errors import AddressBounces, CodeWrong, InvalidField, InvalidTransition, LastAddress, RateLimited
from rescind.core.mail import masked
from rescind.core.notice import GROUPS, REQUIRED, Group, How, NoticeRole, Preferences, how
from rescind.inbox import reader
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.notices import EMAIL
from rescind.unsubscribing import Ending
from rescind.web.notices import FRAME, ROOT
from rescind.web.session import Html, Visit, zone_of

Page = Callable[..., Html]


def group_words(language: Locale, role: NoticeRole, group: Group) -> tuple[str, str]:
    """What a group is called, and what it is about for this reader."""
    return language.pgettext("notice_group", group), language.term("notice_about", group, role)


async def show(
    visit: Visit,
    page: Page,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    sure: str = "",
    status: int = HTTPStatus.OK,
) -> Html:
    """The page of choices. values, errors: of a form that could not be kept. sure: id of an address that was to be
    removed, and turned out to be the shop's last.
    """
    role, _party = reader(visit.person)
    inbox, language, shop = visit.desk.inbox, visit.locale, visit.person.shop_id
    chosen = await inbox.preferences(visit.person)
    addresses = [one for one in await inbox.addresses(visit.person) if one.channel == EMAIL]
    root = ROOT[role]
    return page(
        "notices/preferences.html",
        status=status,
        here=f"{root}/preferences",
        live=False,
        base=FRAME[role],
        root=root,
        values=_values(chosen) | dict(values or {}),
        errors=errors or {},
        said=_said(language, visit.query("said")),
        languages=[("", language.gettext("No choice")), *LANGUAGE_NAMES.items()],
        clock=_clock(visit, role),
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)],
        groups=[_group(language, role, group, chosen) for group in GROUPS[role]],
        mail=await _mail_of_buyer(visit) if role == "buyer" else "",
        own=role == "buyer",
        addresses=addresses,
        hearing=await inbox.people.hearing(shop) if shop else None,
        sure=sure,
    )


def _values(chosen: Preferences) -> dict[str, str]:
    return {
        "language": chosen.language,
        "zone": chosen.zone,
        "hour": str(chosen.hour),
        "address": "",
        "code": "",
    }


def _clock(visit: Visit, role: NoticeRole) -> str:
    """Whose clock it goes by for whoever has chosen none."""
    _ = visit.locale.gettext
    device = zone_of(visit.request)
    if role == "seller":
        return _("As your device names it, such as Europe/Berlin. Empty: the shop's.")
    if device:
        told = _("As your device names it. Empty: pages go by this device, now %(zone)s, and mail by the shop's clock.")
        return told % {"zone": device}
    return _("As your device names it, like Europe/Berlin. Empty: pages go by your device, mail by the shop's clock.")


def _group(language: Locale, role: NoticeRole, group: Group, chosen: Preferences) -> dict[str, Any]:
    name, about = group_words(language, role, group)
    _ = language.gettext
    now = how(role, EMAIL, group, chosen.choices)
    ways: tuple[tuple[How, str], ...] = (
        ("at_once", _("At once")),
        ("digest", _("Once a day")),
        ("off", _("Not by mail")),
    )
    return {
        "id": group,
        "name": name,
        "about": about,
        "required": group in REQUIRED[role],
        "why": _required(language, role, group) if group in REQUIRED[role] else "",
        "how": now,
        "ways": ways,
    }


def _required(language: Locale, role: NoticeRole, group: Group) -> str:
    gap = "" if language.tag == "zh" else " "
    return language.gettext("Always at once.") + gap + language.term("notice_required", group, role)


async def _mail_of_buyer(visit: Visit) -> str:
    """The buyer's address as it may be shown; empty where the marketplace has told none."""
    found = await visit.desk.inbox.people.recipients(((visit.person.buyer_id or "", ""),), (), platform=False)
    return next((masked(one.address) for one in found if one.channel == EMAIL), "")


def _said(language: Locale, code: str) -> str:
    _ = language.gettext
    return {
        "saved": _("Saved. It holds for what happens from now on."),
        "code_sent": _("A code is on its way to that address. Type it below within an hour."),
        "verified": _("Verified. Notices go to this address from now on."),
        "removed": _("Removed. Nothing is sent there any more."),
    }.get(code, "")


async def choose(visit: Visit, page: Page) -> Html:
    """Keep the choices of the form."""
    form = await visit.form()
    role, _party = reader(visit.person)
    before = await visit.desk.inbox.preferences(visit.person)
    ways: dict[str, How] = {}
    for group in GROUPS[role]:
        sent = form.get(f"mail_{group}", "")
        if group not in REQUIRED[role] and sent in ("at_once", "digest", "off"):
            ways[group] = sent
    hour = form.get("hour", "")
    chosen = Preferences(
        language=form.get("language", ""),
        zone=form.get("zone", "").strip(),
        hour=int(hour) if hour.isdecimal() and len(hour) < 3 else 8,
        choices={**before.choices, EMAIL: ways},
    )
    try:
        await visit.desk.inbox.choose(visit.person, chosen)
    except InvalidField as wrong:
        errors = _errors(visit.locale, wrong)
        return await show(visit, page, values=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    # The switch of this browser, which comes first in it, was set before; what is chosen now holds here too.
    spoken = f"&lang={chosen.language}" if chosen.language and chosen.language != visit.locale.tag else ""
    return visit.go(f"{ROOT[role]}/preferences?said=saved{spoken}")


async def add_address(visit: Visit, page: Page) -> Html:
    """Take an address and send a code there."""
    form = await visit.form()
    role, _party = reader(visit.person)
    try:
        await visit.desk.inbox.add_email(visit.person, form.get("address", ""), visit.locale.tag)
    except (InvalidField, AddressBounces, RateLimited) as wrong:
        return await show(
            visit, page, values=form, errors=_errors(visit.locale, wrong), status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    return visit.go(f"{ROOT[role]}/preferences?said=code_sent#addresses")


async def prove(visit: Visit, page: Page, channel: str) -> Html:
    """Compare the code that was typed."""
    form = await visit.form()
    role, _party = reader(visit.person)
    try:
        await visit.desk.inbox.prove(visit.person, channel, form.get("code", ""))
    except CodeWrong as wrong:
        errors = {f"code-{channel}": visit.locale.pgettext("problem.detail", wrong.code)}
        return await show(visit, page, values=form, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    await visit.desk.book.refresh()
    return visit.go(f"{ROOT[role]}/preferences?said=verified#addresses")


async def send_code(visit: Visit, page: Page, channel: str) -> Html:
    """Send another code."""
    await visit.form()
    role, _party = reader(visit.person)
    try:
        await visit.desk.inbox.send_code(visit.person, channel, visit.locale.tag)
    except (AddressBounces, RateLimited, InvalidTransition) as wrong:
        errors = {f"code-{channel}": _errors(visit.locale, wrong)["address"]}
        return await show(visit, page, errors=errors, status=HTTPStatus.CONFLICT)
    return visit.go(f"{ROOT[role]}/preferences?said=code_sent#addresses")


async def remove(visit: Visit, page: Page, channel: str) -> Html:
    """Tell nobody there any more; the last address of a shop goes when somebody has read what follows from it."""
    form = await visit.form()
    role, _party = reader(visit.person)
    try:
        await visit.desk.inbox.remove(visit.person, channel, last=form.get("last") == "1")
    except LastAddress as wrong:
        errors = {f"remove-{channel}": visit.locale.pgettext("problem.detail", wrong.code)}
        return await show(visit, page, errors=errors, sure=channel, status=HTTPStatus.CONFLICT)
    await visit.desk.book.refresh()
    return visit.go(f"{ROOT[role]}/preferences?said=removed#addresses")


def _errors(language: Locale, wrong: InvalidField | AddressBounces | RateLimited | InvalidTransition) -> dict[str, str]:
    _ = language.gettext
    if isinstance(wrong, InvalidField):
        field = str(wrong.params["field"]).strip("/").partition("/")[0]
        said = language.expected(str(wrong.params["expected"]))
        return {field: _("Write %(expected)s.") % {"expected": said}}
    if isinstance(wrong, RateLimited):
        return {"address": _("That is enough for today. Try again tomorrow.")}
    if isinstance(wrong, InvalidTransition):
        return {"address": _("This address is verified already.")}
    return {"address": language.pgettext("problem.detail", wrong.code) % wrong.params}


# --- a buyer's own, and ending mail without signing in ---------------------------------------------------------------


@get("/notices/preferences")
async def of_buyer(visit: NamedDependency[Visit]) -> Html:
    """How a buyer is told."""
    visit.require("buyer")
    return await show(visit, visit.page)


@post("/notices/preferences", status_code=HTTPStatus.OK)
async def choose_of_buyer(visit: NamedDependency[Visit]) -> Html:
    """Keep it."""
    visit.require("buyer")
    return await choose(visit, visit.page)


@get("/unsubscribe/{token:str}")
async def ending(visit: NamedDependency[Visit], token: FromPath[str]) -> Html:
    """What a link from a mail ends. Looking ends nothing: mail scanners follow links too."""
    found = visit.desk.inbox.unsubscribing.read(token)
    return visit.page(
        "notices/unsubscribe.html",
        live=False,
        here=visit.here,
        group=_ended(visit, found),
        action=visit.here.partition("?")[0],
        done=False,
    )


@post("/unsubscribe/{token:str}", status_code=HTTPStatus.OK)
async def end(visit: NamedDependency[Visit], token: FromPath[str]) -> Html:
    """End it: by one click of a mail program (RFC 8058), which knows no session, or by the button of the page."""
    found = visit.desk.inbox.unsubscribing.read(token)
    if found.view:
        await visit.desk.views.stop(found.view)
    else:
        await visit.desk.inbox.unsubscribe(token)
    ended = _ended(visit, found)
    return visit.page("notices/unsubscribe.html", live=False, here=visit.here, group=ended, action="", done=True)


def _ended(visit: Visit, found: Ending) -> str:
    """What a link ends, in words."""
    if found.view:
        return visit.locale.gettext("a list that is mailed to you")
    return group_words(visit.locale, found.role, visit.desk.inbox.unsubscribing.group_of(found))[0]


ROUTES = (of_buyer, choose_of_buyer, ending, end)
