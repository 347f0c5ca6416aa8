"""Signing in with an account, and what links in mails lead to: joining, beginning anew, another password."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import segno
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath
from markupsafe import Markup

from rescind.access.passkeys import Asked
from rescind.access.request import whence
from rescind.access.signing_in import Entered, Newcomer
from rescind.core import one_time
from rescind.core.errors import (
    CodeWrong,
    InvalidField,
    InvalidText,
    InvitationOver,
    RateLimited,
    SignInWrong,
    Unavailable,
)
from rescind.core.staff import Grant
from rescind.demo import staff
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.postgres.staff_links import StaffLink
from rescind.web.session import HOME, LANGUAGE_COOKIE, Html, Visit, enter, want, zone_of

SIGN_IN: Final = "/sign-in"
_STEP_S: Final = 600
_Here = NamedDependency[Visit]


def step_cookie(visit: Visit) -> str:
    """What the cookie is called that says at which step of a sign-in this browser stands."""
    return "__Host-rescind_step" if visit.desk.access.secure else "rescind_step"


def step_of(visit: Visit) -> str:
    """The token of that step; empty for none."""
    return visit.request.cookies.get(step_cookie(visit), "")


def at_step(visit: Visit, response: Response[Any], token: str) -> None:
    """Let the browser remember a step."""
    response.set_cookie(
        step_cookie(visit),
        token,
        max_age=_STEP_S,
        path="/",
        secure=visit.desk.access.secure,
        httponly=True,
        samesite="lax",
    )


def question(visit: Visit, begun: tuple[str, Asked]) -> Response[bytes]:
    """What a page's script hands to the browser's own question for a passkey."""
    token, asked = begun
    response = Response(asked.options.encode(), media_type="application/json")
    at_step(visit, response, token)
    return response


def square(address: str) -> Markup:
    """An address as a square of dots that a telephone reads."""
    code = segno.make(address, error="m")
    # Drawn by numbers alone: nothing of it is anybody's text.
    return Markup(code.svg_inline(scale=4, border=2, svgclass="square-code", lineclass=None, omitsize=True))  # noqa: S704


# --- in ------------------------------------------------------------------------------------------------------------


@get(SIGN_IN)
async def read(visit: _Here) -> Html:
    """Sign in; ``again``: also whoever is signed in, before they may do what could let others in."""
    if visit.principal is not None and not visit.query("again"):
        return visit.go(HOME[visit.principal.role])
    return want(visit, await _page(visit), visit.query("to"))


@post(SIGN_IN, status_code=HTTPStatus.OK)
async def password(visit: _Here) -> Html:
    """The first half of a sign-in without a passkey."""
    form = await open_form(visit)
    try:
        token = await visit.desk.signing_in.password(
            form.get("email", ""), form.get("password", ""), whence(visit.request).address
        )
    except SignInWrong:
        return await _page(visit, form=form, wrong=True)
    except RateLimited as many:
        return await _page(visit, form=form, many=many)
    response = visit.go(f"{SIGN_IN}/code")
    at_step(visit, response, token)
    return response


@get(SIGN_IN + "/code")
async def second(visit: _Here) -> Html:
    """The second half: a code of the app, or one that was written down."""
    return _code_page(visit)


@post(SIGN_IN + "/code", status_code=HTTPStatus.OK)
async def code(visit: _Here) -> Html:
    """Look at the code."""
    form = await open_form(visit)
    try:
        entered = await visit.desk.signing_in.code(
            step_of(visit), form.get("code", ""), whence(visit.request), _now(visit)
        )
    except (SignInWrong, RateLimited) as wrong:
        return _code_page(visit, wrong)
    return await _enter(visit, entered)


@post(SIGN_IN + "/passkey/question", status_code=HTTPStatus.OK)
async def ask_for_passkey(visit: _Here) -> Response[bytes]:
    """What the browser is asked."""
    await open_form(visit)
    return question(visit, await visit.desk.signing_in.ask_for_passkey())


@post(SIGN_IN + "/passkey", status_code=HTTPStatus.OK)
async def passkey(visit: _Here) -> Html:
    """What the browser has answered."""
    form = await open_form(visit)
    try:
        entered = await visit.desk.signing_in.passkey(
            step_of(visit), form.get("answer", ""), whence(visit.request), _now(visit)
        )
    except SignInWrong:
        return await _page(visit, wrong=True)
    except RateLimited as many:
        return await _page(visit, many=many)
    return await _enter(visit, entered)


@get(SIGN_IN + "/provider")
async def ask_provider(visit: _Here) -> Html:
    """On to the identity provider. A link and no form: a form may not lead to another site."""
    try:
        token, where = await visit.desk.signing_in.ask_provider(visit.query("link"))
    except Unavailable as away:
        return await _page(visit, away=away)
    response = visit.go(where)
    at_step(visit, response, token)
    return response


@get(SIGN_IN + "/provider/back")
async def provider_answered(visit: _Here) -> Html:
    """Back from there."""
    query = {name: value for name, value in visit.request.query_params.items() if isinstance(value, str)}
    try:
        entered = await visit.desk.signing_in.provider_answered(
            step_of(visit), query, whence(visit.request), _now(visit)
        )
    except SignInWrong:
        return await _page(visit, wrong=True)
    except Unavailable as away:
        return await _page(visit, away=away)
    return await _enter(visit, entered)


@get(SIGN_IN + "/forgotten")
async def forgotten(visit: _Here) -> Html:
    """Ask for a mail that lets one choose another password."""
    return await _forgotten(visit, {}, sent=False)


@post(SIGN_IN + "/forgotten", status_code=HTTPStatus.OK)
async def send(visit: _Here) -> Html:
    """Send it, where there is somebody to send it to; the answer is the same, and goes out before that is found out."""
    form = await open_form(visit)
    email = form.get("email", "")
    await visit.desk.signing_in.steps.count(f"forgotten {email.strip().lower()}", whence(visit.request).address)
    response = await _forgotten(visit, form, sent=True)
    response.background = BackgroundTask(visit.desk.people.forgotten, email)
    return response


async def _forgotten(visit: Visit, form: Mapping[str, str], *, sent: bool) -> Html:
    """sent: a link is asked for. Where no mail goes out it is said before and after, to everybody alike."""
    silent = not visit.desk.settings.demo and await visit.desk.post.view() is None
    here = f"{SIGN_IN}/forgotten"
    return visit.page(
        "staff/forgotten.html", live=False, here=here, sent=sent and not silent, silent=silent, values=form
    )


# --- by a link -----------------------------------------------------------------------------------------------------


@get("/join/{token:str}")
async def open_link(visit: _Here, token: FromPath[str]) -> Html:
    """What a link in a mail is for; looking at it uses nothing up."""
    try:
        link = await visit.desk.people.opened(token, "join", "anew", "password")
    except InvitationOver as over:
        why = str(over.params["why"])
        return visit.page("staff/link_over.html", status=HTTPStatus.GONE, live=False, here=SIGN_IN, why=why)
    if link.kind == "password":
        return _password_page(visit, token)
    return await _join_page(visit, token, link)


@post("/join/{token:str}", status_code=HTTPStatus.OK)
async def join(visit: _Here, token: FromPath[str]) -> Html:
    """Join with a password and an app."""
    form = await open_form(visit)
    link = await visit.desk.people.opened(token, "join", "anew")
    _ = visit.locale.gettext
    if form.get("password", "") != form.get("repeated", ""):
        wrong = {"repeated": _("This is not the same password.")}
        return await _join_page(visit, token, link, form=form, errors=wrong)
    try:
        entered = await visit.desk.signing_in.join_with_both(
            token, _newcomer(visit, form), form.get("password", ""), form.get("code", ""), whence(visit.request)
        )
    except (InvalidField, InvalidText) as wrong:
        return await _join_page(visit, token, link, form=form, errors=field_errors(visit.locale, wrong))
    except CodeWrong:
        errors = {"code": _("The code does not fit. Take the one that the app shows now.")}
        return await _join_page(visit, token, link, form=form, errors=errors)
    return await _enter(visit, entered)


@post("/join/{token:str}/question", status_code=HTTPStatus.OK)
async def ask_to_join(visit: _Here, token: FromPath[str]) -> Response[bytes]:
    """What the browser of somebody who joins is asked."""
    form = await open_form(visit)
    return question(visit, await visit.desk.signing_in.ask_to_join(token, _newcomer(visit, form)))


@post("/join/{token:str}/passkey", status_code=HTTPStatus.OK)
async def join_with_passkey(visit: _Here, token: FromPath[str]) -> Html:
    """Join with the passkey that the browser has made."""
    form = await open_form(visit)
    link = await visit.desk.people.opened(token, "join", "anew")
    try:
        entered = await visit.desk.signing_in.join_with_passkey(
            token, _newcomer(visit, form), step_of(visit), form.get("answer", ""), whence(visit.request)
        )
    except (SignInWrong, InvalidText) as wrong:
        errors = (
            field_errors(visit.locale, wrong)
            if isinstance(wrong, InvalidText)
            else {"name": visit.locale.gettext("No passkey came of it. Try once more, or choose a password.")}
        )
        return await _join_page(visit, token, link, form=form, errors=errors)
    return await _enter(visit, entered)


@post("/join/{token:str}/take", status_code=HTTPStatus.OK)
async def join_as(visit: _Here, token: FromPath[str]) -> Html:
    """Take an invitation up with the account that one is signed in with."""
    await visit.form()
    entered = await visit.desk.signing_in.join_as(token, visit.person, whence(visit.request, visit.person.fresh_s))
    return await _enter(visit, entered, leave=False)


@post("/join/{token:str}/password", status_code=HTTPStatus.OK)
async def choose_password(visit: _Here, token: FromPath[str]) -> Html:
    """Choose another password; whoever did signs in with it, and with the app as before."""
    form = await open_form(visit)
    chosen = form.get("password", "")
    try:
        if chosen != form.get("repeated", ""):
            wrong = {"repeated": visit.locale.gettext("This is not the same password.")}
            return _password_page(visit, token, errors=wrong)
        await visit.desk.signing_in.choose_password(token, chosen)
    except InvalidField as wrong:
        return _password_page(visit, token, errors=field_errors(visit.locale, wrong))
    return visit.go(f"{SIGN_IN}?said=password")


ROUTES = (
    *(read, password, second, code, ask_for_passkey, passkey, ask_provider, provider_answered, forgotten, send),
    *(open_link, join, ask_to_join, join_with_passkey, join_as, choose_password),
)


async def open_form(visit: Visit) -> dict[str, str]:
    """A form of somebody who is not signed in: it came from a page of ours. Raises CrossSite."""
    visit.desk.access.require_same_site(visit.request)
    sent = await visit.request.form()
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _now(visit: Visit) -> Grant | None:
    """As what whoever signs in again works now."""
    who = visit.principal
    if who is None or who.role not in {"operator", "support", "seller"}:
        return None
    return Grant(role=who.role, shop=who.shop_id, rights=who.rights)  # pyright: ignore[reportArgumentType]  # as asked


async def _enter(visit: Visit, entered: Entered, *, leave: bool = True) -> Html:
    """In, in a new session; the one before ends. leave: with it."""
    if leave:
        await visit.desk.access.sign_out(visit.request)
    response = enter(visit, entered.session, entered.person)
    if entered.codes:
        # Written down first; the cookie is there already.
        to = HOME[entered.person.role]
        shown = visit.page("staff/codes.html", live=False, here=SIGN_IN, codes=entered.codes, to=to)
        shown.headers["Set-Cookie"] = visit.desk.access.cookie(entered.session)
        return shown
    if entered.several and not visit.query("again") and visit.principal is None:
        response.headers["Location"] = "/account/roles"
    response.delete_cookie(step_cookie(visit), path="/")
    if LANGUAGE_COOKIE not in visit.request.cookies and entered.language in LANGUAGE_NAMES:
        response.set_cookie(LANGUAGE_COOKIE, entered.language, max_age=365 * 24 * 3600, path="/", httponly=True)
    return response


async def _page(
    visit: Visit,
    *,
    form: dict[str, str] | None = None,
    wrong: bool = False,
    many: RateLimited | None = None,
    away: Unavailable | None = None,
) -> Html:
    _ = visit.locale.gettext
    signing_in = visit.desk.signing_in
    problem = ""
    if wrong:
        problem = _("This does not let you in. Look at what you typed and try once more, or go another way.")
    if many is not None:
        problem = _many(visit, many)
    if away is not None:
        problem = _("%(name)s does not answer at the moment. Sign in another way, or try again in a minute.") % {
            "name": signing_in.provider_name
        }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    if many or away:
        status = HTTPStatus.TOO_MANY_REQUESTS if many else HTTPStatus.SERVICE_UNAVAILABLE
    said = {"password": _("The password is changed. Sign in with it."), "code": _("That took too long. Begin again.")}
    response = visit.page(
        "staff/sign_in.html",
        status=status,
        live=False,
        here=SIGN_IN,
        values={"email": (form or {}).get("email", "")},
        problem=problem,
        said=said.get(visit.query("said"), ""),
        again=visit.principal is not None,
        passkeys=signing_in.passkeys.possible,
        moved_from=await signing_in.moved_from(),
        provider=signing_in.provider_name,
        demo=staff.shown() if visit.desk.settings.demo else None,
    )
    if many is not None:
        response.headers["Retry-After"] = str(many.params["retry_after"])
    return response


def _code_page(visit: Visit, wrong: SignInWrong | RateLimited | None = None) -> Html:
    _ = visit.locale.gettext
    errors: dict[str, str] = {}
    if isinstance(wrong, RateLimited):
        errors["code"] = _many(visit, wrong)
    elif wrong is not None:
        errors["code"] = _("The code does not fit, or was used before. Wait for the next one, or begin again.")
    many = isinstance(wrong, RateLimited)
    return visit.page(
        "staff/code.html",
        status=HTTPStatus.TOO_MANY_REQUESTS if many else HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        live=False,
        here=f"{SIGN_IN}/code",
        errors=errors,
        demo=staff.shown() if visit.desk.settings.demo else None,
    )


def _many(visit: Visit, many: RateLimited) -> str:
    seconds = int(str(many.params["retry_after"]))
    return visit.locale.gettext("Too many tries. Try again in %(time)s.") % {"time": visit.locale.time_left(seconds)}


def _newcomer(visit: Visit, form: dict[str, str]) -> Newcomer:
    language = form.get("language", "")
    return Newcomer(
        name=form.get("name", ""),
        language=language if language in LANGUAGE_NAMES else visit.locale.tag,
        zone=zone_of(visit.request),
    )


async def _join_page(
    visit: Visit,
    token: str,
    link: StaffLink,
    *,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Html:
    desk = visit.desk
    shop = (await desk.reads.shop(link.grant.shop)).name if link.role and link.grant.shop else ""
    known = link.kind == "join" and await desk.people.table.by_email(link.email)
    mine = bool(known and visit.principal and visit.principal.account == known.id)
    seed = desk.people.seed(link)
    values = {"name": link.name, "language": link.language, **(form or {})}
    response = visit.page(
        "staff/join.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        live=False,
        here=f"/join/{token}",
        token=token,
        link=link,
        shop=shop,
        known=bool(known),
        mine=mine,
        values={name: value for name, value in values.items() if name not in {"password", "repeated", "code"}},
        errors=errors or {},
        languages=list(LANGUAGE_NAMES.items()),
        square=square(one_time.address(seed, "Rescind", link.email)),
        seed=one_time.typed_seed(seed),
        passkeys=desk.signing_in.passkeys.possible,
        own_machine=desk.signing_in.passkeys.own_machine,
        provider=desk.signing_in.provider_name,
    )
    return want_to_join(visit, response, token) if known and not mine else response


def want_to_join(visit: Visit, response: Html, token: str) -> Html:
    """After signing in, the invitation is shown again."""
    return want(visit, response, f"/account/join/{token}")


def _password_page(visit: Visit, token: str, errors: dict[str, str] | None = None) -> Html:
    return visit.page(
        "staff/password.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        live=False,
        here=f"/join/{token}",
        token=token,
        errors=errors or {},
    )


def field_errors(language: Locale, wrong: InvalidField | InvalidText) -> dict[str, str]:
    """What is wrong with a field, beside it."""
    field = str(wrong.params["field"]).strip("/")
    said = language.expected(str(wrong.params["expected"]))
    return {field: language.gettext("Write %(expected)s.") % {"expected": said}}
