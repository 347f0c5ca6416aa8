"""Where people are signed in, and ending it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.access.people import by
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.postgres.credentials import Role, SessionView

_LONGEST_ID = 64
MAY: frozenset[Role] = frozenset({"seller", "support", "operator"})


class SessionTold(Told, frozen=True, kw_only=True):
    """A session. mark: the beginning of its hash, by which events name it. agent: what the browser says of itself.

    address: whence it was begun. seen_at: within a quarter of an hour. this: it is the one that asks.
    """

    mark: str
    person: str
    name: str
    role: str
    shop: str | None
    agent: str
    address: str
    signed_in_at: Instant
    seen_at: Instant
    expires_at: Instant
    this: bool


class SessionsTold(Told, frozen=True, kw_only=True):
    """Sessions, the one that was used last first."""

    sessions: list[SessionTold]


class SessionsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose sessions: one's own, or for an operator everybody's. buyer: those of one buyer alone, by their id."""

    whose: Literal["own", "all"] = "own"
    buyer: Annotated[str, msgspec.Meta(max_length=_LONGEST_ID)] = ""


@operation(
    "GET", "/v1/sessions", may=MAY, through="self", summary="List sessions", query=SessionsQuery, gives=SessionsTold
)
async def listed(call: Call) -> Answer:
    """Where one is signed in; an operator may ask where everybody is, those who work here before the buyers."""
    return Answer(body=await _sessions(call, call.query.whose, call.query.buyer))


@operation(
    "POST",
    "/v1/sessions/end-others",
    may=MAY,
    through="self",
    summary="End all other sessions",
    body=Untouched,
    gives=SessionsTold,
    changes=True,
)
async def end_others(call: Call) -> Answer:
    """End all of one's sessions but the one that asks; asked with a key, all of them."""
    call.key(ShopId(""))
    await call.desk.access.end_other_sessions(call.principal)
    return Answer(body=await _sessions(call, "own"))


@operation(
    "POST",
    "/v1/sessions/{mark}/end",
    may=MAY,
    through="self",
    summary="End a session",
    body=Untouched,
    gives=SessionsTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def end(call: Call) -> Answer:
    """End a session now: one's own, or for an operator anybody's, which is kept with the operator's name."""
    call.key(ShopId(""))
    who, mark = call.principal, call.ids["mark"]
    own = await call.desk.access.end_session(who, mark)
    if not own and not (who.role == "operator" and await call.desk.people.end_session(by(who), mark)):
        raise errors.NotFound(kind="session")
    return Answer(body=await _sessions(call, "own"))


OPERATIONS = (listed, end_others, end)


async def _sessions(call: Call, whose: str, buyer: str = "") -> SessionsTold:
    everybody = whose == "all" or buyer != ""
    if everybody and call.principal.role != "operator":
        raise errors.Forbidden(action="see_sessions")
    access = call.desk.access
    found = await (access.every_session(buyer, buyers=True) if everybody else access.sessions(call.principal))
    return SessionsTold(sessions=[_told(one, call.principal.mark) for one in found])


def _told(one: SessionView, here: str) -> SessionTold:
    return SessionTold(
        mark=one.mark,
        person=one.principal,
        name=one.name,
        role=one.role,
        shop=one.shop_id,
        agent=one.agent,
        address=one.address,
        signed_in_at=one.created_at,
        seen_at=one.used_at,
        expires_at=one.expires_at,
        this=one.mark == here,
    )
