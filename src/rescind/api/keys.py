"""Keys of programs, by their marks: seeing who holds one, and ending one at once.

None is made here. A call that is repeated would have to give the same key again, and nobody keeps it.
"""

from __future__ import annotations

import re
from datetime import date

from rescind.access.people import by
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR, Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant

_MARK = re.compile("[0-9a-f]{16}")


class KeyTold(Told, frozen=True, kw_only=True):
    """One key. mark: the beginning of its hash, by which events name it. used_on: the day of its last use.

    scopes: what it may do, empty for all that its role may. mandated: it acts under a mandate alone. made_by: as what
    and who; empty where nobody kept it.
    """

    mark: str
    role: str
    principal: str
    shop: str | None
    buyer: str | None
    scopes: tuple[str, ...]
    mandated: bool
    made_by: str
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    used_on: date | None
    in_force: bool


class KeysTold(Told, frozen=True, kw_only=True):
    """Keys, those in force first."""

    keys: tuple[KeyTold, ...]


@operation("GET", "/v1/keys", may=OPERATOR, through="scope", summary="List keys", gives=KeysTold)
async def listed(call: Call) -> Answer:
    """Who holds a key, until when, and on which day it was last used; never the key itself."""
    found = await call.desk.access.keys()
    return Answer(
        body=KeysTold(
            keys=tuple(
                KeyTold(
                    mark=one.mark,
                    role=one.role,
                    principal=one.principal,
                    shop=one.shop_id,
                    buyer=one.buyer_id,
                    scopes=one.scopes,
                    mandated=one.mandated,
                    made_by=one.made_by,
                    created_at=one.created_at,
                    expires_at=one.expires_at,
                    revoked_at=one.revoked_at,
                    used_on=one.used_on,
                    in_force=one.in_force,
                )
                for one in found
            )
        )
    )


@operation(
    "POST",
    "/v1/keys/{mark}/revoke",
    may=OPERATOR,
    through="scope",
    summary="End a key",
    body=Untouched,
    gives=KeyTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def revoke(call: Call) -> Answer:
    """End a key now, also for whoever is using it. The same call again gives the same answer."""
    call.key(ShopId(""))
    mark = call.ids["mark"]
    if not _MARK.fullmatch(mark):
        raise errors.NotFound(kind="key")
    await call.desk.keys.end(by(call.principal), mark)
    keys = (await listed.handler(call)).body
    assert isinstance(keys, KeysTold), "the list of keys"
    found = next((one for one in keys.keys if one.mark == mark), None)
    if found is None:
        raise errors.NotFound(kind="key")
    return Answer(body=found)


OPERATIONS = (listed, revoke)
