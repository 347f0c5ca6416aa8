"""The pages about oneself, for who works here: as what, what one signs in with, and where one is signed in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from rescind import zones
from rescind.access.browsers import device
from rescind.access.principal import Principal
from rescind.access.request import whence
from rescind.core import one_time
from rescind.core.errors import CodeWrong, InvalidField, InvalidText, NotFound, SignInWrong
from rescind.core.staff import ROLES, Grant
from rescind.intake.text import label
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.postgres.credentials import Role
from rescind.web.operator.console import operator_console
from rescind.web.seller.console import Comes, Console, Notice, seller_console
from rescind.web.session import LANGUAGE_COOKIE, Html, Visit
from rescind.web.session_rows import session_rows
from rescind.web.sign_in import at_step, field_errors, question, square, step_of
from rescind.web.support.find import support_console

ACCOUNT: Final = "/account"
_CONSOLES: Mapping[Role, Callable[[Visit], Awaitable[Console]]] = {
    "seller": seller_console,
    "support": support_console,
    "operator": operator_console,
}
"""What stands around these pages."""


@get(ACCOUNT)
async def read(visit: Comes) -> Html:
    """What one is called, as what one works, and what one signs in with."""
    return await _page(visit)


@post(ACCOUNT, status_code=HTTPStatus.OK)
async def say(visit: Comes) -> Html:
    """Another name, language or clock."""
    who = _staff(visit)
    form = await visit.form()
    language, zone = form.get("language", ""), form.get("zone", "")
    try:
        name = label(form.get("name", ""), field="/name", blank=False)
        if language not in LANGUAGE_NAMES:
            raise InvalidField(field="/language", expected="a language that is spoken here")
        if zone and zone not in zones.known():
            raise InvalidField(field="/zone", expected="a time zone like Europe/London")
    except (InvalidField, InvalidText) as wrong:
        return await _page(visit, form=form, errors=field_errors(visit.locale, wrong))
    await visit.desk.people.table.rename(who.account, name, language, zone)
    response = visit.go(f"{ACCOUNT}?said=saved")
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, path="/", httponly=True)
    return response


@get(ACCOUNT + "/roles")
async def roles(visit: Comes) -> Html:
    """Choose as what to work now."""
    who = _staff(visit)
    around = await _around(visit)
    return around.page("staff/roles.html", here=f"{ACCOUNT}/roles", roles=await _roles(around, who), name=who.name)


@post(ACCOUNT + "/roles", status_code=HTTPStatus.OK)
async def work_as(visit: Comes) -> Html:
    """Work as something else from now on; it is another session, so that nothing of the one before goes along."""
    who = _staff(visit)
    form = await visit.form()
    entered = await visit.desk.signing_in.switch(who, form.get("as", ""), whence(visit.request, who.fresh_s))
    response = visit.go(f"/{entered.person.role}")
    response.headers["Set-Cookie"] = visit.desk.access.cookie(entered.session)
    return response


@get(ACCOUNT + "/join/{token:str}")
async def invited(visit: Comes, token: FromPath[str]) -> Html:
    """Back to an invitation, once one has signed in."""
    _staff(visit)
    return visit.go(f"/join/{token}")


# --- what one signs in with ------------------------------------------------------------------------------------------


@post(ACCOUNT + "/passkeys/question", status_code=HTTPStatus.OK)
async def ask_for_passkey(visit: Comes) -> Response[bytes]:
    """What the browser is asked."""
    who = _staff(visit)
    await visit.form()
    return question(visit, await visit.desk.signing_in.ask_to_make(who))


@post(ACCOUNT + "/passkeys", status_code=HTTPStatus.OK)
async def add_passkey(visit: Comes) -> Html:
    """Keep the passkey that the browser has made."""
    who = _staff(visit)
    form = await visit.form()
    agent = visit.request.headers.get("user-agent", "")
    try:
        await visit.desk.signing_in.add_passkey(who, step_of(visit), form.get("answer", ""), device(agent))
    except SignInWrong:
        said = Notice(visit.locale.gettext("No passkey came of it. Try once more."), "urgent")
        return await _page(visit, notice=said, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go(f"{ACCOUNT}?said=passkey_added")


@post(ACCOUNT + "/passkeys/remove", status_code=HTTPStatus.OK)
async def remove_passkey(visit: Comes) -> Html:
    """Sign in with it no more."""
    who = _staff(visit)
    form = await visit.form()
    try:
        named = base64.urlsafe_b64decode(form.get("passkey", ""))
    except (ValueError, binascii.Error):
        raise NotFound(kind="passkey") from None
    await visit.desk.signing_in.remove_passkey(who, named)
    return visit.go(f"{ACCOUNT}?said=passkey_removed")


@post(ACCOUNT + "/password", status_code=HTTPStatus.OK)
async def change_password(visit: Comes) -> Html:
    """Another password; one signs in with it at once, here too."""
    who = _staff(visit)
    form = await visit.form()
    chosen = form.get("password", "")
    try:
        if chosen != form.get("repeated", ""):
            errors = {"repeated": visit.locale.gettext("This is not the same password.")}
            return await _page(visit, errors=errors)
        await visit.desk.signing_in.change_password(who, chosen)
    except InvalidField as wrong:
        return await _page(visit, errors=field_errors(visit.locale, wrong))
    return visit.go("/sign-in?said=password")


@get(ACCOUNT + "/app")
async def show_app(visit: Comes) -> Html:
    """A square for an authenticator app."""
    who = _staff(visit)
    token, seed = await visit.desk.signing_in.begin_app(who)
    response = await _app_page(visit, seed)
    at_step(visit, response, token)
    return response


@post(ACCOUNT + "/app", status_code=HTTPStatus.OK)
async def set_up_app(visit: Comes) -> Html:
    """Sign in with a password and this app from now on."""
    who = _staff(visit)
    form = await visit.form()
    signing_in, token = visit.desk.signing_in, step_of(visit)
    _ = visit.locale.gettext
    try:
        seed = await signing_in.app_begun(who, token)
    except SignInWrong:
        return visit.go(f"{ACCOUNT}/app")
    if form.get("password", "") != form.get("repeated", ""):
        return await _app_page(visit, seed, {"repeated": _("This is not the same password.")})
    try:
        codes = await signing_in.set_up_app(who, token, form.get("password", ""), form.get("code", ""))
    except InvalidField as wrong:
        return await _app_page(visit, seed, field_errors(visit.locale, wrong))
    except CodeWrong:
        return await _app_page(visit, seed, {"code": _("The code does not fit. Take the one that the app shows now.")})
    return await _codes_page(visit, codes)


@post(ACCOUNT + "/codes", status_code=HTTPStatus.OK)
async def new_codes(visit: Comes) -> Html:
    """Other codes for the day the app is lost; those before let nobody in."""
    who = _staff(visit)
    await visit.form()
    return await _codes_page(visit, await visit.desk.signing_in.new_codes(who))


# --- sessions --------------------------------------------------------------------------------------------------------


@get(ACCOUNT + "/sessions")
async def sessions(visit: Comes) -> Html:
    """Where one is signed in."""
    visit.require(*ROLES)
    around = await _around(visit)
    said = {
        "ended": around.language.gettext("Ended. That browser has to sign in again."),
        "others": around.language.gettext("All others are ended. This one goes on."),
    }.get(visit.query("said"))
    return around.page(
        "staff/sessions.html",
        here=f"{ACCOUNT}/sessions",
        notice=Notice(said) if said else None,
        rows=session_rows(visit, await visit.desk.access.sessions(visit.person)),
    )


@post(ACCOUNT + "/sessions/{mark:str}/end", status_code=HTTPStatus.OK)
async def end(visit: Comes, mark: FromPath[str]) -> Html:
    """End one of one's sessions, also this one."""
    who = visit.require(*ROLES)
    await visit.form()
    if not await visit.desk.access.end_session(who, mark):
        raise NotFound(kind="session")
    return visit.go(f"{ACCOUNT}/sessions?said=ended")


@post(ACCOUNT + "/sessions/end-others", status_code=HTTPStatus.OK)
async def end_others(visit: Comes) -> Html:
    """End all of one's sessions but this one."""
    who = visit.require(*ROLES)
    await visit.form()
    await visit.desk.access.end_other_sessions(who)
    return visit.go(f"{ACCOUNT}/sessions?said=others")


ROUTES = (
    *(read, say, roles, work_as, invited, ask_for_passkey, add_passkey, remove_passkey, change_password),
    *(show_app, set_up_app, new_codes, sessions, end, end_others),
)


def _role_words(language: Locale, grant: Grant, shops: Mapping[str, str]) -> str:
    """As what somebody works: the role, and of a seller the shop."""
    return shops.get(grant.shop or "", grant.shop or "") if grant.shop else language.term("actor", grant.role)


def _staff(visit: Visit) -> Principal:
    """Who is here with an account. Raises Unauthenticated, Forbidden, NotFound: who came by a link has none."""
    who = visit.require(*ROLES)
    if not who.account:
        raise NotFound(kind="page")
    return who


async def _around(visit: Visit) -> Console:
    visit.require(*ROLES)
    return await _CONSOLES[visit.person.role](visit)


async def _roles(around: Console, who: Principal) -> list[dict[str, object]]:
    shops = {str(one.id): one.name for one in await around.desk.reads.shops()}
    here = Grant(role=who.role, shop=who.shop_id) if who.role in ROLES else None  # pyright: ignore[reportArgumentType]  # as asked
    return [
        {
            "code": one.code,
            "name": _role_words(around.language, one, shops),
            "kind": around.language.term("actor", one.role),
            "rights": around.language.term("rights", one.rights) if one.role == "seller" else "",
            "icon": {"seller": "store", "support": "headset", "operator": "settings"}[one.role],
            "here": here is not None and one.code == here.code,
        }
        for one in await around.desk.people.table.grants(who.account)
    ]


async def _page(
    visit: Visit,
    *,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    who = visit.require(*ROLES)
    around = await _around(visit)
    if not who.account:
        return around.page("staff/by_link.html", here=ACCOUNT)
    desk, _ = visit.desk, visit.locale.gettext
    table = desk.people.table
    person = await table.find(who.account)
    said = {
        "saved": _("Saved."),
        "passkey_added": _("The passkey is kept. Sign in with it from now on."),
        "passkey_removed": _("The passkey lets nobody in any more."),
    }.get(visit.query("said"))
    values = {"name": person.name, "language": person.language, "zone": person.zone, **(form or {})}
    return around.page(
        "staff/account.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else status,
        here=ACCOUNT,
        notice=notice or (Notice(said) if said else None),
        errors=errors or {},
        person=person,
        values={name: value for name, value in values.items() if name not in {"password", "repeated"}},
        languages=list(LANGUAGE_NAMES.items()),
        zones=[("", _("The shop's, or your browser's")), *((one, one) for one in zones.offered())],
        roles=await _roles(around, who),
        keys=[
            {"id": base64.urlsafe_b64encode(one.id).decode(), "one": one} for one in await table.passkeys(who.account)
        ],
        ways=await desk.signing_in.ways(who.account),
        codes_left=await table.codes_left(who.account),
        possible=desk.signing_in.passkeys.possible,
        fresh=who.fresh,
    )


async def _app_page(visit: Visit, seed: bytes, errors: dict[str, str] | None = None) -> Html:
    around = await _around(visit)
    person = await visit.desk.people.table.find(visit.person.account)
    return around.page(
        "staff/app.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        here=f"{ACCOUNT}/app",
        errors=errors or {},
        person=person,
        square=square(one_time.address(seed, "Rescind", person.email)),
        seed=one_time.typed_seed(seed),
    )


async def _codes_page(visit: Visit, codes: tuple[str, ...]) -> Html:
    return (await _around(visit)).page("staff/codes.html", here=ACCOUNT, codes=codes, to=ACCOUNT)
