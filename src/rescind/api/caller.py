"""Who calls: what a program can find out about its own key before it does anything."""

from __future__ import annotations

from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.mandates import MandateTold, mandate_told
from rescind.api.told import Told
from rescind.core.scopes import SCOPES


class CallerTold(Told, frozen=True, kw_only=True):
    """Whoever shows this credential. scopes: what it may do, all of them where nobody narrowed it.

    mandated: it acts under a mandate alone; mandate: the last it was given, which may have ended.
    """

    role: str
    id: str
    name: str
    shop: str | None
    buyer: str | None
    scopes: tuple[str, ...]
    mandated: bool
    mandate: MandateTold | None


@operation("GET", "/v1/caller", may=ANYBODY, through="self", summary="Read who calls", gives=CallerTold)
async def read(call: Call) -> Answer:
    """As whom the desk knows you, what your key may do, and under which mandate. It takes no scope."""
    who, desk = call.principal, call.desk
    mandate = await desk.mandates.of(who, desk.now())
    return Answer(
        body=CallerTold(
            role=who.role,
            id=who.id,
            name=who.name,
            shop=who.shop_id,
            buyer=who.buyer_id,
            scopes=who.scopes or SCOPES,
            mandated=who.mandated,
            mandate=mandate_told(mandate, desk.now()) if mandate else None,
        )
    )


OPERATIONS = (read,)
