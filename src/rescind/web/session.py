"""One visit to a page: who comes, in which language, and what stands around the content. Also signing in and out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC
from http import HTTPStatus
from typing import Any, Final, Literal, cast
from urllib.parse import quote, unquote, urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.types import Scope as ASGIScope

from rescind import zones
from rescind.access.principal import Principal
from rescind.access.request import CrossSite, whence
from rescind.core.errors import Forbidden, NotFound, RescindError, Unauthenticated
from rescind.core.ids import canonical, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import Preferences
from rescind.core.scope import Scope
from rescind.core.staff import ROLES
from rescind.demo import guests
from rescind.desk import Desk
from rescind.inbox import told
from rescind.locales import LANGUAGE_NAMES, Locale, locale, negotiate
from rescind.postgres.credentials import Role
from rescind.postgres.tail import NOTICE_MADE, LiveEvent, Reset
from rescind.web.rendering import Frame, Link, render

LANGUAGE_COOKIE: Final = "rescind_lang"
WANTED_COOKIE: Final = "rescind_wanted"
_WANTED_S, _LONGEST_WANTED = 15 * 60, 500
"""How long a page that needs somebody is remembered, in seconds; the longest address that is, in characters."""
ZONE_COOKIE: Final = "rescind_zone"
"""Set by page.js: only a browser knows where its reader is."""
CSRF_FIELD: Final = "_csrf_token"
_DESK: Final = "rescind.desk"
_NO_PAGES: Final = ("/static/", "/live", "/evidence/")
"""Where nothing stands around what is given, so that nobody has to know what is new."""
_MESSAGES: Final[dict[str, str]] = {
    "buyer": "/messages",
    "seller": "/seller/messages",
    "support": "/support/messages",
    "operator": "/support/messages",
}
_NOTICES: Final[dict[str, str]] = {
    "buyer": "/notices",
    "seller": "/seller/notices",
    "support": "/support/notices",
    "operator": "/support/notices",
}
_ACCOUNT: Final[dict[str, str]] = dict.fromkeys(ROLES, "/account")
LIVE_NOTICES: Final = "notices"
"""What the live stream calls a notice that was made, and what is brought anew by it."""
LIVE_MESSAGES: Final = "messages"
"""What is brought anew by whatever counts as new in conversations."""
HOME: Final[dict[Role, str]] = {
    "buyer": "/orders",
    "seller": "/seller",
    "support": "/support",
    "operator": "/operator",
    "host": "/",
}
_AREAS: Final = frozenset({*HOME.values(), "/messages", "/notices", "/account"})
"""Where pages begin that are somebody's, so that they are shown after signing in."""
_OF_STAFF: Final = frozenset({*(HOME[role] for role in ROLES), *_ACCOUNT.values()})
_READERS: Final[dict[Role, Literal["buyer", "seller", "support"]]] = {
    "buyer": "buyer",
    "seller": "seller",
    "support": "support",
    "operator": "support",
    "host": "support",
}
_PING_S = 15.0
_RETRY_MS: Final = 1000
_YEAR_S = 365 * 24 * 60 * 60

Html = Response[str]
Call = Request[Any, Any, Any]


class Visit:
    """One request for one page. ``principal`` is None before sign-in; ``now``: what every "time left" counts from.

    unread: in how many conversations there is something this person has not seen; unread_notices: how many notices they
    have not read. chosen: their language and clock, where they have chosen any on the page of notices. trial: refunds
    are only tried here, and no money moves. typed: a page and what was typed there, in case they have to sign in again
    first.
    """

    # A plain class: the web framework would look into a dataclass and try to make one from the request.
    __slots__ = (
        "chosen",
        "desk",
        "locale",
        "now",
        "principal",
        "request",
        "trial",
        "typed",
        "unread",
        "unread_notices",
    )

    def __init__(self, desk: Desk, request: Call, principal: Principal | None) -> None:
        self.desk = desk
        self.request = request
        self.principal = principal
        self.locale: Locale = language_of(request)
        self.now: Instant = desk.now().astimezone(UTC)
        self.unread = 0
        self.unread_notices = 0
        self.chosen = Preferences()
        self.trial = False
        self.typed: tuple[str, dict[str, str]] | None = None

    @property
    def own_zone(self) -> str:
        """The clock that somebody chose: for notices, else with their account; empty where they chose none."""
        return self.chosen.zone or (self.principal.zone if self.principal else "")

    @property
    def zone(self) -> str:
        """The reader's clock: the one they chose, else the one their browser goes by; empty where neither is known."""
        return self.own_zone or zone_of(self.request)

    @property
    def person(self) -> Principal:
        """Who is here. Raises Unauthenticated before sign-in."""
        if self.principal is None:
            raise Unauthenticated
        return self.principal

    @property
    def unreached(self) -> bool:
        """Whether this person's shop has no address at which it can be told, where that matters."""
        shop = self.principal.shop_id if self.principal else None
        return shop is not None and not self.desk.book.reached(shop)

    @property
    def scope(self) -> Scope:
        """What this person's objects are fetched through."""
        return self.person.scope

    def require(self, *roles: Role) -> Principal:
        """The person, when they have one of these roles. Raises Unauthenticated, Forbidden."""
        if self.person.role not in roles:
            raise Forbidden(action="see_page")
        return self.person

    @property
    def here(self) -> str:
        """Path and query of this page."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    def query(self, name: str, default: str = "") -> str:
        """One query parameter."""
        value = self.request.query_params.get(name, default)
        return value if isinstance(value, str) else default

    async def form(self) -> dict[str, str]:
        """The fields of a posted form, once it is known to be ours. Raises CrossSite, Unauthenticated."""
        self.desk.access.require_same_site(self.request)
        fields = await _fields(self.request)
        self.desk.access.require_csrf(self.request, self.person, fields.get(CSRF_FIELD))
        return fields

    def page(
        self,
        template: str,
        /,
        *,
        zone: str = "UTC",
        status: int = HTTPStatus.OK,
        live: bool = True,
        nav: Sequence[Link] | None = None,
        here: str = "",
        **context: object,
    ) -> Html:
        """The rendered page. ``here``: where the language switch returns to, when not this address.

        zone: the shop's, or of staff the console's. Whoever chose a clock reads that one; a shop's people else their
        shop's; everybody else their own, where their browser has told it.
        """
        if self.principal is None or self.principal.role == "buyer":
            zone = self.zone or zone
        around = frame(self, live=live, nav=nav, here=here)
        text = render(template, self.locale, now=self.now, zone=zone, frame=around, visit=self, **context)
        return Response(text, media_type="text/html", status_code=status)

    def entry(self, link: Link) -> Html:
        """An entry of the navigation alone."""
        text = render("entry.html", self.locale, now=self.now, frame=frame(self, live=False), link=link)
        return Response(text, media_type="text/html")

    def go(self, path: str) -> Html:
        """See another page: what a form's POST ends with."""
        return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": path})


def bring(desk: Desk, scope: ASGIScope) -> None:
    """Name the desk that a request is brought to."""
    cast("dict[str, Any]", scope)[_DESK] = desk


def desk_of(scope: Mapping[str, Any]) -> Desk:
    """The desk that a request was brought to."""
    desk: Desk = scope[_DESK]
    return desk


async def arrive(request: Call) -> Visit:
    """Find out who comes to a page, before anything else happens on it."""
    desk = desk_of(request.scope)
    try:
        principal = await desk.access.principal_of(request)
    except Unauthenticated:
        principal = None
    if principal is not None and principal.mandated:
        # A program acts through the API, where each act is held to its mandate.
        raise Forbidden(action="pages")
    visit = request.state.visit = Visit(desk, request, principal)
    if not request.url.path.startswith(_NO_PAGES):
        # Who is not signed in may be about to buy, so they are told first of all.
        visit.trial = await desk.connected.trial()
    if principal is not None and not request.url.path.startswith(_NO_PAGES):
        visit.unread = await desk.conversations.unread(principal)
        visit.unread_notices = await desk.inbox.unread(principal)
        if told(principal):
            visit.chosen = await desk.inbox.preferences(principal)
            visit.locale = language_of(request, visit.chosen.language)
    return visit


def visit(request: Call) -> Visit:
    """Who came: a dependency of every page's handler."""
    return request.state.visit


def language_of(request: Call, kept: str = "") -> Locale:
    """The reader's own choice if they made one, else the browser's. kept: what they chose for notices and pages.

    The switch on every page is for the browser at hand, and comes first there.
    """
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or kept
    accepted = request.headers.get("accept-language")
    return locale(negotiate(accepted, chosen if isinstance(chosen, str) else None))


def zone_of(request: Call) -> str:
    """The time zone that the reader's browser goes by, or nothing when it has told none that there is."""
    told = request.cookies.get(ZONE_COOKIE, "")
    return told if told in zones.known() else ""


def frame(visit: Visit, *, live: bool = True, nav: Sequence[Link] | None = None, here: str = "") -> Frame:
    """What stands around a page for this person. ``nav``: the role's own entries; a buyer's are known here.

    live: whether what happens is told to the page. Whoever works here is told on every page, because a page that is not
    told stays open when they are removed.
    """
    person = visit.principal
    here = here or visit.here
    policy_href = _policy_of(visit)
    if person is None:
        return Frame(here=here, demo=visit.desk.settings.demo, trial=visit.trial, policy_href=policy_href)
    role = _READERS[person.role]
    live = live or person.role in ROLES
    if nav is None and role == "buyer":
        label = visit.locale.gettext("Orders")
        nav = (Link("/orders", label, current=visit.request.url.path.startswith("/orders")),)
    if person.role in _MESSAGES:
        nav = (*(nav or ()), messages_of(visit), *((notices_of(visit),) if told(person) else ()))
    return Frame(
        role=role,
        name=person.name,
        nav=tuple(nav or ()),
        here=here,
        csrf=visit.desk.access.csrf_token(person),
        csrf_name=CSRF_FIELD,
        home=HOME[person.role],
        policy_href=policy_href,
        account_href=_ACCOUNT.get(person.role, ""),
        back=_back(visit, person),
        others=_others(visit, person),
        demo=visit.desk.settings.demo,
        trial=visit.trial,
        events="/live" if live else "",
        cursor=visit.desk.tail.cursor if live else "",
    )


def messages_of(visit: Visit, at: str = "") -> Link:
    """The entry of the navigation that counts conversations with something new. at: as of ``notices_of``."""
    label = visit.locale.gettext("Messages")
    return _counting(visit, at, _MESSAGES[visit.person.role], label, visit.unread, LIVE_MESSAGES)


def notices_of(visit: Visit, at: str = "") -> Link:
    """The entry of the navigation that counts new notices. at: path of the page it stands on, when not this one."""
    label = visit.locale.gettext("Notices")
    return _counting(visit, at, _NOTICES[visit.person.role], label, visit.unread_notices, LIVE_NOTICES)


def _counting(visit: Visit, at: str, href: str, label: str, count: int, live: str) -> Link:
    """An entry that counts what is new, and is brought anew alone."""
    at = at or visit.request.url.path
    src = f"/{live}/unread?at={quote(at)}"
    return Link(href, label, count=count or None, current=at.startswith(href), live=live, src=src)


def _back(visit: Visit, person: Principal) -> Link | None:
    """To the page of the marketplace that somebody came from, while an operator names its site."""
    name = visit.desk.links.site(person.back_to) if person.back_to else None
    return Link(person.back_to, visit.locale.gettext("Back to %(site)s") % {"site": name}) if name else None


def _others(visit: Visit, person: Principal) -> Link | None:
    """Where a buyer who came for one order finds the others: at the marketplace, or by their numbers."""
    if person.order is None:
        return None
    _ = visit.locale.gettext
    sites = visit.desk.links.sites
    if person.back_to and (name := visit.desk.links.site(person.back_to)):
        return Link(person.back_to, _("All your orders: %(site)s") % {"site": name})
    if sites:
        site, name = next(iter(sites.items()))
        return Link(site, _("All your orders: %(site)s") % {"site": name})
    return Link("/find-order", _("Find another one by its number"))


_ORDER_OR_SHOP = re.compile(r"/(ord|shp)_[0-9a-z]+")


def _policy_of(visit: Visit) -> str:
    """The rules of the shop at hand: of who works there, of the order or the shop that the page is about; else all."""
    path = visit.request.url.path
    found = _ORDER_OR_SHOP.search(path)
    shop = visit.query("shop") if path == "/policy" else ""
    try:
        if visit.principal is not None and visit.principal.shop_id is not None:
            shop = visit.principal.shop_id
        elif found is not None:
            shop = shop_of(found[0][1:]) if found[1] == "ord" else canonical("shp", found[0][1:])
        elif shop:
            canonical("shp", shop)
    except NotFound:
        shop = ""
    return f"/policy?shop={shop}" if shop else "/policy"


async def _fields(request: Call) -> dict[str, str]:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


# --- signing in and out ----------------------------------------------------------------------------------------------


def guests_of(visit: Visit) -> Mapping[str, guests.Guest]:
    """Whom anybody may be here: nobody outside a demo."""
    return guests.people() if visit.desk.settings.demo else {}


def ask_who(visit: Visit, status: int) -> Html:
    """What nobody in particular gets for a page of somebody; the page that was asked for is shown after signing in."""
    url, people = visit.request.url, guests_of(visit)
    if of_staff(url.path) and not people:
        response = visit.page("staff/sign_in_first.html", status=status, live=False, here=visit.here)
    else:
        response = visit.page("buyer/start.html", status=status, live=False, people=people, empty=False)
    return want(visit, response, url.path + (f"?{url.query}" if url.query else ""))


def of_staff(path: str) -> bool:
    """Whether a page is of those who work here."""
    return _area(path) in _OF_STAFF


def _area(path: str) -> str:
    return "/" + path.strip("/").partition("/")[0]


def _wanted(visit: Visit, role: Role) -> str:
    """The page that was asked for before anybody signed in, where it is one of this role's; else the role's home."""
    told = unquote(visit.request.cookies.get(WANTED_COOKIE, ""))
    path = told.partition("?")[0]
    # One slash, and no more: two would name another host.
    local = path.isascii() and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return (
        told
        if local
        and len(told) <= _LONGEST_WANTED
        and _area(path) in (HOME[role], _MESSAGES.get(role), _NOTICES.get(role), _ACCOUNT.get(role))
        else HOME[role]
    )


@get("/")
async def start(visit: NamedDependency[Visit]) -> Html:
    """Signed in: the role's home. Signed out: what this is, and how to get in."""
    if visit.principal is not None:
        return visit.go(HOME[visit.principal.role])
    people = guests_of(visit)
    return visit.page(
        "buyer/start.html", live=False, people=people, empty=not people and await visit.desk.beginning.open()
    )


@get("/sign-in/{token:str}")
async def sign_in_with(visit: NamedDependency[Visit], token: FromPath[str]) -> Html:
    """Ask before using up a link: mail scanners open links too, and must not sign in."""
    person = await visit.desk.access.peek_link(token)
    path = f"/sign-in/{quote(token)}"
    return visit.page("buyer/sign_in.html", live=False, guest=person, action=path, here="/")


@post("/sign-in/{token:str}", status_code=HTTPStatus.SEE_OTHER)
async def sign_in(visit: NamedDependency[Visit], token: FromPath[str]) -> Html:
    """Turn the link into a session."""
    visit.desk.access.require_same_site(visit.request)
    session, person = await visit.desk.access.redeem_link(token, whence(visit.request))
    return enter(visit, session, person)


@post("/demo/{role:str}", status_code=HTTPStatus.SEE_OTHER)
async def sign_in_to_demo(visit: NamedDependency[Visit], role: FromPath[str]) -> Html:
    """Be one of the demo's people; there is no such door outside a demo."""
    visit.desk.access.require_same_site(visit.request)
    guest = guests_of(visit).get(role)
    if guest is None:
        raise NotFound(kind="page")
    link = await guest.link(visit.desk)
    session, person = await visit.desk.access.redeem_link(link.rpartition("/")[2], whence(visit.request))
    return enter(visit, session, person)


def enter(visit: Visit, session: str, person: Principal, path: str = "") -> Html:
    """Somebody is in: the cookie, and the page they wanted. path: the one that their link leads to."""
    response = visit.go(path or _wanted(visit, person.role))
    response.headers["Set-Cookie"] = visit.desk.access.cookie(session)
    if WANTED_COOKIE in visit.request.cookies:
        response.delete_cookie(WANTED_COOKIE, path="/")
    return response


def want(visit: Visit, response: Html, path: str) -> Html:
    """Remember the page that is to be shown after signing in, where it is somebody's."""
    if _area(path.partition("?")[0]) in _AREAS and len(path) <= _LONGEST_WANTED:
        response.set_cookie(
            WANTED_COOKIE,
            quote(path, safe=""),
            max_age=_WANTED_S,
            path="/",
            secure=visit.desk.access.secure,
            httponly=True,
            samesite="lax",
        )
    return response


@post("/sign-out", status_code=HTTPStatus.SEE_OTHER)
async def sign_out(visit: NamedDependency[Visit]) -> Html:
    """End the session; the browser forgets what it kept."""
    if visit.principal is not None:
        await visit.form()
        await visit.desk.access.sign_out(visit.request)
    response = visit.go("/")
    response.headers["Set-Cookie"] = visit.desk.access.no_cookie()
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


# --- language --------------------------------------------------------------------------------------------------------


def speak(visit: Visit, response: Html, language: str) -> None:
    """Let this browser read a language from now on."""
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=_YEAR_S,
        path="/",
        secure=visit.desk.access.secure,
        httponly=True,
        samesite="lax",
    )


def remember_language(request: Call) -> Html | None:
    """``?lang=`` on any page: keep the choice and show the page without it.

    A link that hands a buyer over may name a language itself: there the choice stays in the address until they are in.
    """
    chosen = request.query_params.get("lang")
    if request.method != "GET" or chosen not in LANGUAGE_NAMES or _area(request.url.path) == "/enter":
        return None
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    path = request.url.path + (f"?{urlencode(rest)}" if rest else "")
    # The browser's own connection counts: behind a proxy that speaks TLS this one is plain.
    secure = "; Secure" if desk_of(request.scope).access.secure else ""
    cookie = f"{LANGUAGE_COOKIE}={chosen}; Path=/; Max-Age={_YEAR_S}; SameSite=Lax; HttpOnly{secure}"
    # Two slashes would name another host.
    target = "/" + path.lstrip("/")
    return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": target, "Set-Cookie": cookie})


# --- live ------------------------------------------------------------------------------------------------------------


@get("/live")
async def live(visit: NamedDependency[Visit]) -> ServerSentEvent:
    """What happens to anything this person may see, as it happens: ids only, pages fetch the rest."""
    after = visit.request.headers.get("last-event-id") or visit.query("after") or None
    return ServerSentEvent(_told(visit, visit.person, after), headers={"X-Accel-Buffering": "no"})


async def _told(visit: Visit, person: Principal, after: str | None) -> AsyncIterator[ServerSentEventMessage]:
    stream = cast("AsyncGenerator[LiveEvent | Reset]", visit.desk.tail.subscribe(person.scope, after))
    async with aclosing(stream) as events:
        coming = asyncio.ensure_future(anext(events))
        try:
            # A short break is over before anybody is told of it.
            yield ServerSentEventMessage(data=None, comment="here", retry=_RETRY_MS)
            while True:
                # A session that was ended hears nothing more, also on a line that is already open (I-32).
                if not await visit.desk.access.valid_until(visit.request, coming, _PING_S):
                    yield ServerSentEventMessage(data="{}", event="ended")
                    return
                if not coming.done():
                    yield ServerSentEventMessage(data=None, comment="still here")
                    continue
                event = coming.result()
                if isinstance(event, Reset):
                    yield ServerSentEventMessage(data="{}", event="reset", id=event.cursor)
                else:
                    made = event.type == NOTICE_MADE
                    about = {"order": LIVE_NOTICES if made else event.order or event.thread, "type": event.type}
                    said = msgspec.json.encode(about).decode()
                    yield ServerSentEventMessage(data=said, id=event.cursor)
                coming = asyncio.ensure_future(anext(events))
        except (StopAsyncIteration, RescindError):
            return
        finally:
            # The stream can only be closed once nobody is inside it any more.
            coming.cancel()
            await asyncio.wait({coming})


ROUTES = (start, sign_in_with, sign_in, sign_in_to_demo, sign_out, live)

__all__ = [
    "CSRF_FIELD",
    "HOME",
    "ROUTES",
    "CrossSite",
    "Html",
    "Visit",
    "arrive",
    "enter",
    "frame",
    "language_of",
    "speak",
    "visit",
    "want",
]
