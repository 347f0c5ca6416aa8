"""The one way to everything that is set up once; which pages these are stands in ``templates/operator/places.html``."""

from __future__ import annotations

from litestar import get

from rescind.doctor.examining import ahead
from rescind.doctor.words import says
from rescind.web.operator.console import CHECK_UP, WHERE
from rescind.web.seller.console import Here
from rescind.web.session import Html


@get("/set-up")
async def read(console: Here) -> Html:
    """What can be set up, by what it is about, and what of it wants somebody."""
    states: dict[str, list[str]] = {}
    for one in await ahead(console.desk.installation):
        states.setdefault(WHERE.get(one.topic, CHECK_UP), []).append(says(console.language, one))
    return console.page("operator/set_up.html", states=states)


ROUTES = (read,)
