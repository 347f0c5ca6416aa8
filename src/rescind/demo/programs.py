"""A program of the demo's first shop that answers small requests at night, under a mandate that an operator gave it."""

from __future__ import annotations

from datetime import timedelta

from rescind.access.credentials import token_hash
from rescind.access.keys import NewKey
from rescind.access.mandating import WantedMandate
from rescind.access.people import By
from rescind.core.instant import Instant
from rescind.core.mandate import ProgramAct
from rescind.core.staff import Grant
from rescind.demo.catalogue import load
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.operators import OPERATORS
from rescind.desk import Desk
from rescind.postgres.credentials import MARK_BYTES

_NIGHTS = "Small requests are answered at night and on Sundays; whatever is more waits for the shop."


async def play(desk: Desk, opened_at: Instant) -> None:
    """Make its key, which nobody keeps, and the mandate."""
    shop = demo_shop_id(0)
    currency = next(one.currency for one in load().orders if one.shop == load().shops[0].key)
    operator, name = OPERATORS["operator"]
    ines = By(grant=Grant(role="operator"), id=operator, name=name)
    new = NewKey(role="seller", name="night-desk", shop=shop, scopes=("orders:read", "orders:write"), mandated=True)
    key = await desk.keys.make(ines, new)
    wanted = WantedMandate(
        key=token_hash(key)[:MARK_BYTES].hex(),
        acts=(ProgramAct.APPROVE, ProgramAct.REFUSE, ProgramAct.OFFER),
        shops=(shop,),
        currency=currency,
        each_minor=4000,
        a_day_minor=20000,
        until=opened_at + timedelta(days=30),
        because=_NIGHTS,
    )
    await desk.mandates.make(ines, wanted, opened_at)
