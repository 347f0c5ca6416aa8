"""How the installation is: what runs, what it runs on, what waits, and when nobody could reach it."""

from __future__ import annotations

from litestar import get, post

from rescind import __version__
from rescind.core.errors import InvalidField
from rescind.doctor.examining import examine
from rescind.doctor.words import advice, says, topic
from rescind.postgres.condition import condition
from rescind.postgres.event_streams import MOST, view
from rescind.web.operator.console import INSTALLATION, WHERE, told
from rescind.web.rendering import address
from rescind.web.seller.board import counted
from rescind.web.seller.console import Here
from rescind.web.session import Html
from rescind.web.support.alerts import standing


@get("/installation")
async def read(console: Here) -> Html:
    """Facts, as they are now, and the one rule of the whole installation."""
    desk = console.desk
    try:
        unreached = await desk.reads.unreached_shops(console.query("cursor") or None)
    except InvalidField:
        unreached = await desk.reads.unreached_shops()
    return console.page(
        "operator/installation.html",
        version=__version__,
        address=desk.base_url,
        own_database=bool(desk.settings.database_url),
        own_provider=next((one for one in await desk.connected.all() if one.own), None),
        trial=await desk.connected.trial(),
        demo=desk.settings.demo,
        found=await condition(desk.pool),
        alerts=await standing(console),
        broker=desk.settings.nats,
        stream=await view(desk.pool) if desk.settings.nats else None,
        most_waiting=MOST,
        silence=await desk.inbox.people.silence(),
        unreached=unreached.rows,
        previous=address(INSTALLATION, cursor=unreached.previous) + "#silence" if unreached.previous else "",
        next=address(INSTALLATION, cursor=unreached.next) + "#silence" if unreached.next else "",
        count=counted(console.language, unreached.total, len(unreached.rows)),
        notice=told(console),
    )


@get("/check-up")
async def check_up(console: Here) -> Html:
    """Everything the installation hangs on, looked at now, and what to do."""
    desk, language = console.desk, console.language
    found = await examine(desk.installation)
    rows = [
        {
            "id": one.code,
            "grade": one.grade,
            "topic": topic(language, one),
            "says": says(language, one),
            "advice": advice(language, one) if one.grade != "good" else "",
            "href": WHERE.get(one.topic, ""),
        }
        for one in found
    ]
    return console.page(
        "operator/check_up.html", rows=rows, wanting=sum(one.grade != "good" for one in found), at=console.now
    )


@post("/installation/silence", status_code=200)
async def silence(console: Here) -> Html:
    """Whether the silence of a shop that nobody can tell goes to the platform."""
    form = await console.form()
    await console.desk.inbox.people.want(form.text("silence") == "platform")
    await console.desk.book.refresh()
    return console.go("/operator/installation?said=silence_saved")


ROUTES = (read, check_up, silence)
