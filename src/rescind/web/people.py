"""People, for the operator and for a shop: who works here, inviting them, what they may do, and ending it."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from litestar import get, post
from litestar.params import FromPath

from rescind.access.people import Invited, Wanted, by
from rescind.core.errors import AddressBounces, Forbidden, InvalidField, InvalidText, LastOperator, NotFound
from rescind.core.lists import PEOPLE
from rescind.core.staff import RIGHTS, ROLES
from rescind.intake.narrowing import PersonNarrowing
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.postgres.reads.people import PersonRow
from rescind.web import typed
from rescind.web.listing import asked, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html
from rescind.web.session_rows import session_rows
from rescind.web.sign_in import field_errors

_ACTS_SHOWN = 30
"""Lines of the record on the page; the API and the command line give more."""


@get("/people")
async def read(console: Here) -> Html:
    """Who works here, narrowed as the address says, who is invited, and who did what."""
    kept = typed.kept(console.visit)
    page = await _page(console, form=Fields(kept, ()) if kept else None)
    return typed.forget(console.visit, page, _home(console))


@post("/people", status_code=HTTPStatus.OK)
async def invite(console: Here) -> Html:
    """Invite somebody; where no mail goes out, the link is shown, this once."""
    form = await console.form()
    typed.keep(console.visit, _home(console), form.values)
    console.person.require_fresh()
    shop = console.scope.shop
    wanted = Wanted(
        email=form.text("email"),
        name=form.text("name"),
        role="seller" if shop else form.text("role"),
        shop=shop or form.text("shop") or None,
        rights=form.text("rights") or "manage",
        language=form.text("language"),
    )
    try:
        invited = await console.desk.people.invite(by(console.person), wanted)
    except (InvalidField, InvalidText) as wrong:
        return await _page(console, form=form, errors=field_errors(console.language, wrong))
    except AddressBounces as error:
        return await _page(console, form=form, notice=console.problem(error), status=HTTPStatus.CONFLICT)
    return await _page(console, invited=invited)


@post("/people/invitations/{link:str}/again", status_code=HTTPStatus.OK)
async def invite_again(console: Here, link: FromPath[str]) -> Html:
    """Send an invitation once more; the link of the one before opens nothing."""
    console.person.require_fresh()
    await console.form()
    return await _page(console, invited=await console.desk.people.invite_again(by(console.person), link))


@post("/people/invitations/{link:str}/end", status_code=HTTPStatus.OK)
async def take_back(console: Here, link: FromPath[str]) -> Html:
    """Take an invitation back."""
    await console.form()
    await console.desk.people.take_back(by(console.person), link)
    return console.go(f"{_home(console)}?said=invitation_ended")


@post("/people/{account:str}/change", status_code=HTTPStatus.OK)
async def change(console: Here, account: FromPath[str]) -> Html:
    """Other rights in a shop."""
    console.person.require_fresh()
    form = await console.form()
    shop = console.scope.shop or form.text("shop") or None
    await console.desk.people.change(by(console.person), account, "seller", shop, form.text("rights"))
    return console.go(f"{_home(console)}?said=role_changed")


@post("/people/{account:str}/remove", status_code=HTTPStatus.OK)
async def remove(console: Here, account: FromPath[str]) -> Html:
    """End what somebody does here, at once."""
    console.person.require_fresh()
    form = await console.form()
    shop = console.scope.shop or form.text("shop") or None
    role = "seller" if console.scope.shop else form.text("role")
    try:
        await console.desk.people.remove(by(console.person), account, role, shop)
    except LastOperator as last:
        return await _page(console, notice=console.problem(last), status=HTTPStatus.CONFLICT)
    return console.go(f"{_home(console)}?said=removed")


@post("/people/{account:str}/anew", status_code=HTTPStatus.OK)
async def begin_anew(console: Here, account: FromPath[str]) -> Html:
    """Let somebody who has lost what they sign in with choose anew."""
    console.person.require_fresh()
    await console.form()
    return await _page(console, invited=await console.desk.people.begin_anew(by(console.person), account))


@post("/people/sessions/{mark:str}/end", status_code=HTTPStatus.OK)
async def end_session(console: Here, mark: FromPath[str]) -> Html:
    """End anybody's session, where one is an operator."""
    await console.form()
    if not await console.desk.people.end_session(by(console.person), mark):
        raise NotFound(kind="session")
    return console.go(f"{_home(console)}?said=session_ended#sessions")


@get("/people/buyers")
async def buyer_sessions(console: Here) -> Html:
    """Where one buyer is signed in, for an operator."""
    _require_all(console)
    buyer = console.query("buyer").strip()
    found = await console.desk.access.every_session(buyer) if buyer else ()
    return console.page(
        "staff/buyer_sessions.html",
        here=_home(console),
        home=_home(console),
        notice=_told(console),
        buyer=buyer,
        sessions=session_rows(console.visit, found),
    )


@post("/people/buyers/end", status_code=HTTPStatus.OK)
async def end_buyer(console: Here) -> Html:
    """End every session and open link of one buyer, where one is an operator."""
    _require_all(console)
    form, who = await console.form(), by(console.person)
    await console.desk.links.end_of(form.text("buyer"), who.who, who.name)
    return console.go(address(f"{_home(console)}/buyers", buyer=form.text("buyer"), said="buyer_ended"))


ROUTES = (read, invite, invite_again, take_back, change, remove, begin_anew, end_session, buyer_sessions, end_buyer)


def _require_all(console: Console) -> None:
    """Sessions of buyers are the marketplace's. Raises Forbidden."""
    if console.scope.shop is not None:
        raise Forbidden(action="see_sessions")


def _home(console: Console) -> str:
    return "/seller/people" if console.scope.shop else "/operator/people"


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    invited: Invited | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    desk, language, who = console.desk, console.language, by(console.person)
    given = asked(console.visit, PEOPLE, console.zone)
    if given.go:
        return console.go(given.go)
    assert isinstance(given.narrowing, PersonNarrowing), "this list has such filters"
    try:
        people = await desk.people.rows(who, given.narrowing, console.query("cursor") or None)
    except InvalidField:
        people = await desk.people.rows(who, given.narrowing)
    around = await tools(console.visit, given, console.zone, path=_home(console), total=people.total)
    # An answered form stands where only forms are taken.
    base = address(console.here if console.visit.request.method == "GET" else _home(console), cursor=None, said=None)
    around = replace(around, back=base)
    for_all = console.scope.shop is None
    shops = {str(one.id): one.name for one in await desk.reads.shops()} if for_all else {}
    usual = {"role": "support", "rights": "answer", "language": language.tag}
    return console.page(
        "staff/people.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else status,
        here=_home(console),
        around="operator/frame.html" if for_all else "seller/frame.html",
        for_all=for_all,
        home=_home(console),
        notice=notice or _told(console),
        errors=errors or {},
        values={**usual, **(form.values if form else {})},
        invited=invited,
        link=invited.shown if invited else "",
        fresh=console.person.fresh,
        me=console.person.account,
        read_errors=given.errors,
        tools=around,
        q=given.search.text,
        sort=given.value("sort"),
        sorts=_sorts(language),
        columns=heads(language, around, main="person"),
        rows=[_row(console, one) for one in people.rows],
        previous=address(base, cursor=people.previous) if people.previous else "",
        next=address(base, cursor=people.next) if people.next else "",
        waiting=[
            {
                "id": one.id,
                "one": one,
                "as": _as(console, one.role, one.shop, one.rights, shops),
                "over": one.expires_at <= console.now,
            }
            for one in await desk.people.waiting(who)
        ],
        acts=[
            {
                "id": str(one.id),
                "one": one,
                "what": language.term("staff_act", one.act),
                "as": _as(console, one.role, one.shop, one.rights, shops) if one.role else "",
                "who": _who(console, one.by, one.by_name),
            }
            for one in await desk.people.acts(who, _ACTS_SHOWN)
        ],
        sessions=session_rows(console.visit, await desk.access.every_session()) if for_all else [],
        roles=[(one, language.term("actor", one)) for one in ROLES],
        rights=[(one, language.term("rights", one)) for one in RIGHTS],
        shops=[("", "–"), *shops.items()],
        languages=list(LANGUAGE_NAMES.items()),
    )


def _row(console: Console, row: PersonRow) -> dict[str, object]:
    _, one = console.language.gettext, row.person
    ways: list[str] = []
    if one.passkeys:
        ways.append(_("Passkey"))
    if one.app:
        ways.append(_("Password and app"))
    if one.identity:
        ways.append(console.desk.signing_in.provider_name or _("Identity provider"))
    return {"id": f"{one.id}-{one.grant.code.replace(':', '-')}", "one": one, "shop_name": row.shop_name, "ways": ways}


def _sorts(language: Locale) -> list[tuple[str, str]]:
    _ = language.gettext
    return [("", _("Name")), ("newest", _("Newest")), ("seen", _("Longest not signed in"))]


def _as(console: Console, role: str, shop: str, rights: str, shops: dict[str, str]) -> str:
    language = console.language
    if not shop:
        return language.term("actor", role)
    said = language.term("rights", rights) if rights else ""
    return " · ".join(filter(None, (shops.get(shop), said)))


def _who(console: Console, who: str, name: str) -> str:
    return console.language.gettext("The command line") if who == "operator:command line" else name


def _told(console: Console) -> Notice | None:
    _ = console.language.gettext
    said = {
        "invitation_ended": _("The invitation is taken back. Its link opens nothing."),
        "role_changed": _("Changed. It holds at once; the person signs in again."),
        "removed": _("Removed. Open pages of that person are closed at once."),
        "buyer_ended": _("Ended. This buyer is signed out everywhere, and no open link lets anybody in."),
        "session_ended": _("Ended. That browser has to sign in again."),
    }.get(console.query("said"))
    return Notice(said) if said else None
