"""All pages over one desk: what stands before and after each of them, and what is shown when one cannot be."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any, cast

import structlog
from litestar import Litestar, Response, Router, get
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, InternalServerException
from litestar.params import FromPath
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from rescind.access.request import CrossSite
from rescind.core.errors import (
    Forbidden,
    NotFound,
    RateLimited,
    RescindError,
    SignInAgain,
    Unauthenticated,
    Unavailable,
)
from rescind.core.money import Money
from rescind.desk import Desk
from rescind.headers import EVERYWHERE, SECURE, SHOWN_ALONE
from rescind.locales import Locale
from rescind.postgres.store import AWAY
from rescind.web import (
    account,
    begin,
    buyer,
    demo_market,
    document,
    embed,
    enter,
    evidence,
    find_order,
    inbox,
    notice_settings,
    notices,
    operator,
    push,
    seller,
    session,
    sign_in,
    support,
    typed,
)
from rescind.web.design import page as design_page
from rescind.web.rendering import STATIC, address
from rescind.web.session import Call, Html, Visit

log = structlog.get_logger()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types rescind rescind-worker"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    **EVERYWHERE,
    **SHOWN_ALONE,
}
_PLAINLY: Mapping[str, str] = {**HEADERS, "Cache-Control": "no-store"}
_SAFELY: Mapping[str, str] = {**_PLAINLY, **SECURE}
_FOREVER = "public, max-age=31536000, immutable"


@cache
def pages() -> Litestar:
    """Every page, file and form, as one application over whichever desk a request is brought to (``over``).

    To look at a hundred handlers takes the framework half a second, and they are the same for every desk.
    """
    everything = Router(
        path="/",
        route_handlers=[
            *session.ROUTES,
            *buyer.ROUTES,
            seller.PAGES,
            support.PAGES,
            *document.ROUTES,
            *evidence.ROUTES,
            *push.ROUTES,
            *begin.ROUTES,
            *sign_in.ROUTES,
            *enter.ROUTES,
            *find_order.ROUTES,
            *embed.ROUTES,
            *demo_market.ROUTES,
            *account.ROUTES,
            *inbox.ROUTES,
            *notices.ROUTES,
            *notice_settings.ROUTES,
            operator.PAGES,
            design,
            static_file,
            nothing_here,
        ],
        dependencies={"visit": Provide(session.visit, sync_to_thread=False)},
        before_request=_arrive,
        exception_handlers={RescindError: show_problem, HTTPException: show_problem, Exception: show_problem},
        include_in_schema=False,
    )
    return Litestar(
        route_handlers=[everything],
        openapi_config=None,
        debug=False,
        logging_config=None,
        # Also here: an address below a known one that leads nowhere is refused before any router is reached.
        exception_handlers={HTTPException: show_astray},
        after_exception=[_tell],
        before_send=[_say_headers],
    )


def over(desk: Desk) -> ASGIApp:
    """The pages over one desk."""
    handlers = pages()

    async def bring(scope: Scope, receive: Receive, send: Send) -> None:
        session.bring(desk, scope)
        await handlers(scope, receive, send)

    return bring


async def _arrive(request: Call) -> Html | None:
    await session.arrive(request)
    return session.remember_language(request)


async def _tell(fault: Exception, scope: Scope) -> None:
    """Leave a trace of what no handler foresaw; what was asked is not in it."""
    if not isinstance(fault, HTTPException | RescindError):
        log.error("request.failed", kind=scope["type"], exc_info=fault)


async def _say_headers(message: Message, scope: Scope) -> None:
    """The headers every answer to a browser carries (HDR): also errors, redirects, files, and a wrong method's refusal.

    A hook of the whole application, because no router sees a request with a method that its address does not have.
    The API has headers of its own.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in (_SAFELY if session.desk_of(scope).access.secure else _PLAINLY).items():
        if name not in headers:
            headers[name] = value


@get("/design", sync_to_thread=False)
def design(visit: NamedDependency[Visit]) -> Html:
    """The living page of pieces; ``?role=`` shows it as another reader sees it."""
    around = session.frame(visit, live=False)
    return Response(design_page(visit.locale, around, now=visit.now, zone="UTC"), media_type="text/html")


# --- files -----------------------------------------------------------------------------------------------------------


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Bytes, type and tag of every static file by its name: a name that is not here has no file behind it."""
    mimetypes.add_type("font/woff2", ".woff2")
    found: dict[str, tuple[bytes, str, str]] = {}
    for path in STATIC.iterdir():
        if path.is_file():
            data = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "text/plain"
            found[path.name] = (data, kind, f'"{sha256(data).hexdigest()[:16]}"')
    return found


@get("/static/{name:str}", sync_to_thread=False)
def static_file(request: Call, name: FromPath[str]) -> Response[bytes]:
    """A file of ours. Its address changes with its contents, so a browser may keep it."""
    if name not in _files():
        raise NotFound(kind="file")
    data, kind, tag = _files()[name]
    kept = _FOREVER if "v" in request.query_params else "no-cache"
    headers = {"Cache-Control": kept, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, media_type=kind, headers=headers)
    return Response(data, media_type=kind, headers=headers)


# --- problems --------------------------------------------------------------------------------------------------------


@get(["/{anything:path}"], sync_to_thread=False)
def nothing_here(anything: FromPath[str]) -> Html:  # noqa: ARG001 - the address has it
    """An address that leads nowhere."""
    raise NotFound(kind="page")


_STATUS: Mapping[str, int] = {
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "csrf": HTTPStatus.FORBIDDEN,
    "consent-missing": HTTPStatus.FORBIDDEN,
    "outside-scope": HTTPStatus.FORBIDDEN,
    "four-eyes": HTTPStatus.FORBIDDEN,
    "sign-in-again": HTTPStatus.FORBIDDEN,
    "sign-in-wrong": HTTPStatus.UNPROCESSABLE_ENTITY,
    "link-altered": HTTPStatus.FORBIDDEN,
    "link-expired": HTTPStatus.GONE,
    "link-used": HTTPStatus.GONE,
    "invitation-over": HTTPStatus.GONE,
    "secrets-full": HTTPStatus.CONFLICT,
    "last-operator": HTTPStatus.CONFLICT,
    "last-way-in": HTTPStatus.CONFLICT,
    "draft-settled": HTTPStatus.CONFLICT,
    "difference-settled": HTTPStatus.CONFLICT,
    "import-settled": HTTPStatus.CONFLICT,
    "not-found": HTTPStatus.NOT_FOUND,
    "stale-version": HTTPStatus.PRECONDITION_FAILED,
    "invalid-transition": HTTPStatus.CONFLICT,
    "deadline-passed": HTTPStatus.CONFLICT,
    "no-withdrawal": HTTPStatus.CONFLICT,
    "order-conflict": HTTPStatus.CONFLICT,
    "endpoints-full": HTTPStatus.CONFLICT,
    "robots-full": HTTPStatus.CONFLICT,
    "views-full": HTTPStatus.CONFLICT,
    "idempotency-key-reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency-in-progress": HTTPStatus.CONFLICT,
    "rate-limited": HTTPStatus.TOO_MANY_REQUESTS,
    "no-mail-address": HTTPStatus.CONFLICT,
    "address-bounces": HTTPStatus.CONFLICT,
    "last-address": HTTPStatus.CONFLICT,
    "no-mail-server": HTTPStatus.CONFLICT,
    "code-wrong": HTTPStatus.UNPROCESSABLE_ENTITY,
    "mail-limit": HTTPStatus.TOO_MANY_REQUESTS,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "other-secret-key": HTTPStatus.SERVICE_UNAVAILABLE,
    "refund-under-way": HTTPStatus.SERVICE_UNAVAILABLE,
    "pdf-unavailable": HTTPStatus.NOT_IMPLEMENTED,
}


_LEFT = "client disconnected prematurely"
"""Litestar's words for a browser that went away while it sent a form: nobody's fault, and nobody reads the answer."""


class _Astray(Response[None]):
    """A problem whose page is made once it is known who came."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(None)
        self._fault = fault

    def to_asgi_response(self, *, request: Call, **_: object) -> ASGIApp:  # pyright: ignore[reportIncompatibleMethodOverride]  # all else of it stands in the page that is made
        """Find out who came, and show the problem to them."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            with suppress(RescindError, *AWAY):
                await session.arrive(request)
            page: Any = show_problem(request, self._fault)
            await page.to_asgi_response(app=None, request=request)(scope, receive, send)

        return answer


def show_astray(_request: Call, fault: Exception) -> Response[None]:
    """A problem of an address that leads to no router, which would have found out who came."""
    return _Astray(fault)


def show_problem(request: Call, fault: Exception) -> Html:
    """Any problem as a page in the reader's language: what happened, why, what to do next."""
    visit: Visit = request.state.get("visit") or Visit(session.desk_of(request.scope), request, None)
    code, status, params = _problem(fault)
    if isinstance(fault, Unauthenticated) and request.method == "GET" and not request.url.path.startswith("/sign-in/"):
        return session.ask_who(visit, status)
    if isinstance(fault, InternalServerException) and fault.detail == _LEFT:
        log.info("page.left", path=_logged(request))
    elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("page.failed", path=_logged(request), exc_info=fault)
    title, detail = _problem_words(visit.locale, code, params)
    if isinstance(fault, Forbidden) and visit.principal is not None and visit.principal.order is not None:
        title, detail = _one_order(visit.locale)
    headers = {"Retry-After": str(params["retry_after"])} if "retry_after" in params else {}
    if isinstance(fault, HTTPException) and fault.headers:
        headers |= fault.headers  # which methods there are, where another one was asked for
    response = visit.page(
        "buyer/problem.html",
        status=status,
        live=False,
        code=code,
        title=title,
        detail=detail,
        sign_in=_sign_in(visit, fault),
        here="/",
    )
    response.headers.update(headers)
    if isinstance(fault, SignInAgain):
        typed.hand_over(visit, response)
    return response


def _logged(request: Call) -> str:
    """The address for the log. What lets somebody in is left out: whoever read it there would be that person."""
    token = request.path_params.get("token")
    return request.url.path.replace(token, "***") if token else request.url.path


def _sign_in(visit: Visit, fault: Exception) -> str:
    """Where to sign in again; empty where that would not help. What was asked for is shown after it."""
    path = visit.request.url.path
    if not isinstance(fault, SignInAgain | Unauthenticated) or not session.of_staff(path):
        return ""
    # A form is sent to an address of its own below its page; the page is two steps deep, and the account's one.
    steps = path.strip("/").split("/")
    page = visit.typed[0] if visit.typed else "/" + "/".join(steps[: 1 if steps[0] == "account" else 2])
    return address("/sign-in", again="1", to=page)


def _problem(fault: Exception) -> tuple[str, int, dict[str, object]]:
    if isinstance(fault, RescindError):
        known = isinstance(fault, CrossSite | RateLimited | Unavailable) or fault.code in _STATUS
        return fault.code, _STATUS.get(fault.code, 422) if known else 422, fault.params
    if isinstance(fault, HTTPException):
        code = {401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "not-found", 413: "too-large"}.get(
            fault.status_code
        )
        return (
            code or "malformed-body",
            fault.status_code,
            {"expected": "a form of this page", "limit": evidence.SENT_AT_ONCE},
        )
    return "broken", HTTPStatus.INTERNAL_SERVER_ERROR, {}


def _problem_words(locale: Locale, code: str, params: Mapping[str, object]) -> tuple[str, str]:
    _ = locale.gettext
    if code == "broken":
        return _("Something broke on our side"), _(
            "Nothing was changed by it. Try again in a moment; we have been told."
        )
    if not locale.has("problem.title", code):
        return _("This did not work"), _("Nothing was changed. Go back, load the page again and try once more.")
    values = {
        name: locale.expected(value) if name == "expected" and isinstance(value, str) else _param(locale, value)
        for name, value in params.items()
    }
    detail = locale.pgettext("problem.detail", code)
    try:
        return locale.pgettext("problem.title", code), detail % values
    except KeyError:
        return locale.pgettext("problem.title", code), _("Nothing was changed. Go back and look at the page again.")


def _one_order(locale: Locale) -> tuple[str, str]:
    """Why somebody who came for one order does not see what is of all of them."""
    _ = locale.gettext
    return _("You came for one order"), _(
        "This is about everything you bought, and you came to see one order. Open your orders from where you bought "
        "them, and you see it here."
    )


def _param(locale: Locale, value: object) -> str:
    if isinstance(value, Money):
        return locale.money(value)
    if isinstance(value, datetime):
        return locale.moment(value)
    if isinstance(value, tuple | list):
        return locale.gettext(", ").join(map(str, cast("Sequence[object]", value)))
    return locale.told(value)
