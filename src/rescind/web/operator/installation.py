"""How the installation is: what runs, what it runs on, what waits, and when nobody could reach it."""

from __future__ import annotations

from litestar import get

from rescind import __version__
from rescind.postgres.condition import condition
from rescind.postgres.event_streams import MOST, view
from rescind.web.seller.console import Here
from rescind.web.session import Html
from rescind.web.support.alerts import standing


@get("/installation")
async def read(console: Here) -> Html:
    """Facts, as they are now; nothing here changes anything."""
    desk = console.desk
    return console.page(
        "operator/installation.html",
        version=__version__,
        address=desk.base_url,
        own_database=bool(desk.settings.database_url),
        own_provider=next((one for one in await desk.connected.all() if one.own), None),
        found=await condition(desk.pool),
        alerts=await standing(console),
        broker=desk.settings.nats,
        stream=await view(desk.pool) if desk.settings.nats else None,
        most_waiting=MOST,
    )


ROUTES = (read,)
