"""Buyers come in: by a link of the marketplace, whose page or whose signature says who they are and what they want."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.access.links import FAULTS, Entered
from rescind.access.request import Whence, whence
from rescind.core.errors import LinkAltered, RescindError
from rescind.core.handover import origin
from rescind.locales import locale
from rescind.postgres.credentials import Credential
from rescind.web import session
from rescind.web.rendering import Link
from rescind.web.session import Html, Visit, speak

ENTER: Final = "/enter"
_Here = NamedDependency[Visit]


@get(ENTER + "/{token:str}")
async def by_link(visit: _Here, token: FromPath[str]) -> Html:
    """A short link: straight in from the marketplace's own page, and otherwise once it was agreed to."""
    try:
        found = await visit.desk.links.look(token)
        if not _straight(visit):
            return _ask(visit, found)
        return await _enter(visit, await visit.desk.links.enter(token, _whence(visit)))
    except FAULTS as fault:
        return _over(visit, fault)


@post(ENTER + "/{token:str}", status_code=HTTPStatus.SEE_OTHER)
async def agree(visit: _Here, token: FromPath[str]) -> Html:
    """Sign in by it."""
    visit.desk.access.require_same_site(visit.request)
    try:
        return await _enter(visit, await visit.desk.links.enter(token, _whence(visit)))
    except FAULTS as fault:
        return _over(visit, fault)


@get(ENTER)
async def by_signature(visit: _Here) -> Html:
    """A link that the marketplace signed itself."""
    query = _query(visit.request)
    try:
        found = await visit.desk.links.look_at_signed(query)
        if not _straight(visit):
            return _ask(visit, found)
        return await _enter(visit, await visit.desk.links.enter_signed(query, _whence(visit)))
    except FAULTS as fault:
        return _over(visit, fault)


@post(ENTER, status_code=HTTPStatus.SEE_OTHER)
async def agree_to_signed(visit: _Here) -> Html:
    """Sign in by it."""
    visit.desk.access.require_same_site(visit.request)
    try:
        return await _enter(visit, await visit.desk.links.enter_signed(_query(visit.request), _whence(visit)))
    except FAULTS as fault:
        return _over(visit, fault)


ROUTES = (by_link, agree, by_signature, agree_to_signed)


def _straight(visit: Visit) -> bool:
    """Whether somebody clicked on a page of the marketplace, so that nothing has to be asked.

    A mail scanner that follows links, a browser that fetches ahead and a page of somebody else's do not use a link up;
    nor is anybody who works here signed out of that by one.
    """
    headers = visit.request.headers
    clicked = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    ahead = "sec-purpose" in headers or "purpose" in headers
    known = origin(headers.get("referer", "")) in visit.desk.links.sites
    return clicked and known and not ahead and (visit.principal is None or visit.principal.role == "buyer")


def _ask(visit: Visit, found: Credential) -> Html:
    if found.language:
        visit.locale = locale(found.language)
    return visit.page("buyer/enter.html", live=False, guest=found, action=visit.here, here="/", busy=_works_here(visit))


def _works_here(visit: Visit) -> str:
    """What somebody is called who is signed in as one of those who work here; empty for anybody else."""
    who = visit.principal
    return (who.name or who.id) if who is not None and who.role != "buyer" else ""


async def _enter(visit: Visit, entered: Entered) -> Html:
    """In, in a session of its own; the one before ends with it."""
    await visit.desk.access.sign_out(visit.request)
    response = session.enter(visit, entered.session, entered.person, entered.path)
    if entered.language:
        speak(visit, response, entered.language)
    return response


def _over(visit: Visit, fault: RescindError) -> Html:
    """A link that leads nowhere, or not any more: why, and the two ways on."""
    _ = visit.locale.gettext
    sites = [Link(site, _("Back to %(site)s") % {"site": name}) for site, name in visit.desk.links.sites.items()]
    status = HTTPStatus.FORBIDDEN if isinstance(fault, LinkAltered) else HTTPStatus.GONE
    return visit.page("buyer/link_over.html", status=status, live=False, here="/", code=fault.code, sites=sites)


def _query(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {name: cast("str", value) for name, value in request.query_params.items()}


def _whence(visit: Visit) -> Whence:
    return whence(visit.request)
