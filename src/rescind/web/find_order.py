"""Guests find their order: its number, their address, and the code that comes by mail."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency

from rescind.access.request import whence
from rescind.core.errors import CodeWrong, InvalidField, InvalidText, NotFound, RateLimited
from rescind.core.scope import Scope
from rescind.demo import guests
from rescind.web import session
from rescind.web.session import Html, Visit
from rescind.web.sign_in import at_step, open_form, step_of

FIND: Final = "/find-order"
_Here = NamedDependency[Visit]


@get(FIND)
async def read(visit: _Here) -> Html:
    """Ask for number and address. number: of the order, where whoever leads here knows it; its buyer who is in already
    is asked for nothing.
    """
    number = visit.query("number")
    who = visit.principal
    if number and who is not None and who.role == "buyer":
        # Of two shops with one number nobody can say which is meant; the form asks as it asks everybody.
        with suppress(NotFound, InvalidField):
            found = await visit.desk.reads.order_by_number(who.scope, number)
            return visit.go(f"/orders/{found.order.id}")
    return await _page(visit, form={"number": number})


@post(FIND, status_code=HTTPStatus.OK)
async def ask(visit: _Here) -> Html:
    """Say the same to everybody; whether there is such an order is found out once the answer is on its way."""
    form = await open_form(visit)
    _ = visit.locale.gettext
    codes = visit.desk.guest_codes
    try:
        token = await codes.ask(
            form.get("number", ""), form.get("email", ""), visit.locale.tag, whence(visit.request).address
        )
    except (InvalidField, InvalidText) as wrong:
        said = {"/number": _("Write the number of the order."), "/email": _("Write an e-mail address.")}
        at = str(wrong.params["field"])
        return await _page(visit, form=form, errors={at[1:]: said[at]})
    except RateLimited as many:
        return await _page(visit, form=form, many=many)
    response = visit.go(f"{FIND}/code")
    at_step(visit, response, token)
    response.background = BackgroundTask(codes.send, token)
    return response


@get(FIND + "/code")
async def second(visit: _Here) -> Html:
    """Ask for the code."""
    return await _code_page(visit)


@post(FIND + "/code", status_code=HTTPStatus.OK)
async def code(visit: _Here) -> Html:
    """Look at the code, and show the order."""
    form = await open_form(visit)
    came = whence(visit.request)
    try:
        order = await visit.desk.guest_codes.prove(
            step_of(visit), form.get("code", ""), came.address, form.get("shop", "")
        )
    except InvalidField:
        return await _which(visit, form["code"])
    except (CodeWrong, RateLimited) as wrong:
        return await _code_page(visit, wrong)
    entered = await visit.desk.links.enter_guest(order, came, visit.principal)
    if not entered.session:
        return visit.go(entered.path)
    await visit.desk.access.sign_out(visit.request)
    return session.enter(visit, entered.session, entered.person, entered.path)


ROUTES = (read, ask, second, code)


async def _page(
    visit: Visit,
    *,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    many: RateLimited | None = None,
) -> Html:
    demo = visit.desk.settings.demo
    return visit.page(
        "buyer/find_order.html",
        status=_status(many, wrong=bool(errors)),
        live=False,
        here=FIND,
        values={"number": "", "email": ""} | (form or {}),
        errors=errors or {},
        wait=_wait(visit, many),
        silent=not demo and await visit.desk.post.server() is None,
        example=await guests.bought(visit.desk) if demo else None,
    )


async def _which(visit: Visit, code: str) -> Html:
    """Several shops have an order of this number and address: whoever has proved the address says which they mean."""
    found = [await visit.desk.reads.order(Scope(), one) for one in await visit.desk.guest_codes.choices(step_of(visit))]
    return visit.page("buyer/find_order_which.html", live=False, here=FIND, code=code, found=found)


async def _code_page(visit: Visit, wrong: CodeWrong | RateLimited | None = None) -> Html:
    many = wrong if isinstance(wrong, RateLimited) else None
    sentence = visit.locale.gettext("This code does not open an order. Type the latest one, or ask for another.")
    return visit.page(
        "buyer/find_order_code.html",
        status=_status(many, wrong=wrong is not None),
        live=False,
        here=f"{FIND}/code",
        errors={"code": sentence} if isinstance(wrong, CodeWrong) else {},
        wait=_wait(visit, many),
        shown=await visit.desk.guest_codes.sent(step_of(visit)) if visit.desk.settings.demo else "",
    )


def _status(many: RateLimited | None, *, wrong: bool) -> int:
    if many is not None:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _wait(visit: Visit, many: RateLimited | None) -> str:
    if many is None:
        return ""
    time = visit.locale.time_left(int(str(many.params["retry_after"])))
    return visit.locale.gettext("Too many tries. Come back in %(time)s.") % {"time": time}
