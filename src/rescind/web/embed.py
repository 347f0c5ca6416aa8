"""An order as a fragment that the marketplace puts into a page of its own: where it stands, and a button to our page.

The marketplace's server asks for it with a key, or its page does from the browser with a link that was made for this
one order. Only origins that an operator has named may read the answer, and no cookie counts. Our own pages are never
framed. The button signs in where the key could have made such a link, and nobody else's does: what stands in the source
of a page is read by more than its buyer.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.access.links import FAULTS
from rescind.access.principal import Principal
from rescind.core.errors import Forbidden, LinkAltered, LinkExpired, NotFound, RescindError, Unauthenticated
from rescind.core.handover import Destination, Handover
from rescind.core.scope import Scope
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.postgres.credentials import Credential
from rescind.prospects import MONTH
from rescind.web.buyer.matter import matter
from rescind.web.buyer.standing import standing
from rescind.web.find_order import FIND
from rescind.web.rendering import render
from rescind.web.session import Html, Visit

EMBED: Final = "/embed/orders"
_SHOWS: Final = "links:read"
_SIGNS_IN: Final = "links:write"
_Here = NamedDependency[Visit]


# One handler for both methods: the framework answers an OPTIONS of its own where a handler has none.
@route(EMBED + "/{order:str}", http_method=[HttpMethod.GET, HttpMethod.OPTIONS], status_code=HTTPStatus.OK)
async def fragment(visit: _Here, order: FromPath[str]) -> Html:
    """The fragment, or a sentence in its place; and whether a page of another origin may fetch it."""
    if visit.request.method == HttpMethod.OPTIONS:
        return _may_fetch(visit)
    try:
        given, signs_in = await _asked(visit, order)
        text, status = await shown(visit, given, signs_in=signs_in), HTTPStatus.OK
    except (*FAULTS, Unauthenticated, Forbidden, NotFound) as fault:
        text, status = _instead(visit, fault), _status(fault)
    return _told(visit, Response(text, media_type="text/html", status_code=status))


ROUTES = (fragment,)


def _may_fetch(visit: Visit) -> Html:
    """What a browser asks before it fetches for a page of another origin with the headers that htmx sends along."""
    response = _told(visit, Response("", status_code=HTTPStatus.NO_CONTENT))
    if "Access-Control-Allow-Origin" in response.headers:
        asked = visit.request.headers.get("access-control-request-headers", "")
        names = [one.strip().lower() for one in asked.split(",")]
        response.headers["Access-Control-Allow-Methods"] = "GET"
        response.headers["Access-Control-Allow-Headers"] = ", ".join(one for one in names if one.startswith("hx-"))
        response.headers["Access-Control-Max-Age"] = "600"
    return response


async def shown(visit: Visit, given: Credential, *, signs_in: bool) -> str:
    """The fragment of an order for whom it was given to. signs_in: whether its button does, once."""
    if given.language:
        visit.locale = locale(given.language)
    assert given.order_id is not None, "a fragment is of one order"
    eyes = Scope(buyer=given.buyer_id, order=given.order_id)
    view = await visit.desk.reads.order(eyes, given.order_id, counting=visit.now - MONTH)
    found = await matter(visit, view)
    told = standing(visit.locale, found)
    order = found.order
    if signs_in:
        to: Destination = "cancel" if told.step and told.step.href == f"{found.path}/cancel" else "order"
        onward = Handover(buyer=order.buyer, order=order.id, to=to, language=given.language, back_to=given.back_to)
        href = visit.desk.links.onward(onward)
    else:
        said = {"number": order.number} | ({"lang": given.language} if given.language else {})
        href = f"{visit.desk.access.base_url}{FIND}?{urlencode(said)}"
    return render(
        "buyer/fragment.html",
        visit.locale,
        now=visit.now,
        zone=visit.zone or found.zone,
        order=order,
        standing=told,
        href=href,
    )


async def _asked(visit: Visit, order: str) -> tuple[Credential, bool]:
    """Who may see it, and whether they may be signed in by its button.

    Raises Unauthenticated, Forbidden, NotFound, and a link's own faults.
    """
    query = {name: value for name, value in visit.request.query_params.items() if isinstance(value, str)}
    if "token" in query or "signature" in query:
        return await visit.desk.links.fragment(order, query), False
    who = visit.principal
    if who is None or "authorization" not in visit.request.headers:
        raise Unauthenticated
    if who.role != "host" or not _may(who, _SHOWS):
        raise Forbidden(action="embed_order")
    language, back_to = query.get("language", ""), query.get("return", "")
    visit.desk.links.require_site(back_to)
    found = await visit.desk.reads.order(who.scope, order)
    given = Credential(
        kind="link",
        role="buyer",
        principal=found.buyer.id,
        buyer_id=found.buyer.id,
        order_id=found.order.id,
        opens="fragment",
        language=language if language in LANGUAGE_NAMES else "",
        back_to=back_to,
    )
    return given, _may(who, _SIGNS_IN)


def _may(who: Principal, scope: str) -> bool:
    return not who.scopes or scope in who.scopes


def _instead(visit: Visit, fault: RescindError) -> str:
    _ = visit.locale.gettext
    if isinstance(fault, NotFound | Forbidden):
        sentence = _("Nothing can be shown of this order here.")
    elif isinstance(fault, LinkAltered):
        sentence = _("This part of the page is not put together rightly, so nothing is shown here.")
    else:
        sentence = _("This was open for too long. Load the page again to see where the order stands.")
    return render("buyer/fragment_instead.html", visit.locale, now=visit.now, sentence=sentence)


def _status(fault: RescindError) -> int:
    if isinstance(fault, Unauthenticated):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(fault, NotFound):
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.GONE if isinstance(fault, LinkExpired) else HTTPStatus.FORBIDDEN


def _told(visit: Visit, response: Html) -> Html:
    """Let a page of the marketplace read the answer, and no other."""
    response.headers["Vary"] = "Origin, Accept-Language"
    origin = visit.request.headers.get("origin", "")
    if origin in visit.desk.links.sites:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
