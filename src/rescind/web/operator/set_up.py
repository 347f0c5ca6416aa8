"""The one way to everything that is set up once; which pages these are stands in ``templates/operator/places.html``."""

from __future__ import annotations

from litestar import get

from rescind.web.seller.console import Here
from rescind.web.session import Html


@get("/set-up")
async def read(console: Here) -> Html:
    """What can be set up, by what it is about."""
    return console.page("operator/set_up.html")


ROUTES = (read,)
