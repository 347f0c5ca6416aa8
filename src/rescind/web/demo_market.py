"""The page of the pretended marketplace: fragments in it, and a link that hands over. There is none outside a demo."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from rescind.core.errors import NotFound
from rescind.core.handover import Handover
from rescind.demo import market
from rescind.settings import DEMO_SITE
from rescind.web import embed
from rescind.web.session import Html, Visit

_Here = NamedDependency[Visit]


@get(market.PATH)
async def read(visit: _Here) -> Html:
    """Its list of orders, each with where it stands at the desk."""
    _require_demo(visit)
    who, here = await market.shopper(visit.desk), visit.desk.access.origin + market.PATH
    rows = [
        {"order": one, "fragment": await embed.shown(visit, market.shown(who, one, here), signs_in=True)}
        for one in who.orders
    ]
    everything = visit.desk.links.onward(Handover(buyer=who.buyer, to="orders", back_to=here))
    return visit.page("buyer/market.html", live=False, who=who, rows=rows, everything=everything, market=DEMO_SITE)


ROUTES = (read,)


def _require_demo(visit: Visit) -> None:
    if not visit.desk.settings.demo:
        raise NotFound(kind="page")
