"""Support's conversations: the inbox, one of them, and what is said about an order."""

from __future__ import annotations

from functools import partial

from litestar import get, post
from litestar.params import FromPath

from rescind.web import contact_notes, inbox, talk
from rescind.web.evidence import SENT_AT_ONCE
from rescind.web.seller.console import Here
from rescind.web.session import Html
from rescind.web.support import standing
from rescind.web.support.order import show


@get("/messages")
async def listing(console: Here) -> Html:
    """Every conversation, the latest message first."""
    return await inbox.listing(console.visit, console.page)


@get("/messages/{thread:str}")
async def one(console: Here, thread: FromPath[str]) -> Html:
    """One conversation."""
    return await inbox.one(console.visit, console.page, partial(standing.around, console), thread)


@post("/messages/{thread:str}", status_code=200, request_max_body_size=SENT_AT_ONCE)
async def say(console: Here, thread: FromPath[str]) -> Html:
    """Say something in it."""
    return await inbox.say(console.visit, console.page, partial(standing.around, console), thread)


@post("/messages/{thread:str}/translations/{message:str}", status_code=303)
async def translate(console: Here, thread: FromPath[str], message: FromPath[str]) -> Html:
    """Show a message in one's own language."""
    return await inbox.translate(console.visit, thread, message)


@get("/messages/{thread:str}/transcript")
async def transcript(console: Here, thread: FromPath[str]) -> Html:
    """The whole of it, for paper."""
    return await inbox.transcript(console.visit, console.page, thread)


@post("/orders/{order_id:str}/messages", status_code=200, request_max_body_size=SENT_AT_ONCE)
async def about_order(console: Here, order_id: FromPath[str]) -> Html:
    """Say something about an order, or show its page again with what was typed."""
    view = await console.desk.reads.order(console.scope, order_id)
    sent, typed = await talk.send(console.visit, order=view.order)
    if sent is None:
        return await show(console, view, typed=typed, status=talk.status_of(typed))
    return console.go(f"/support/orders/{order_id}#say")


@post("/messages/{thread:str}/looked-at", status_code=303)
async def looked_at(console: Here, thread: FromPath[str]) -> Html:
    """What was flagged in it needs no more looking at."""
    return await inbox.looked_at(console.visit, thread)


@get("/orders/{order_id:str}/contact-notes")
async def contact_note(console: Here, order_id: FromPath[str]) -> Html:
    """The form for what was said elsewhere about an order."""
    view = await console.desk.reads.order(console.scope, order_id)
    return await contact_notes.form(console.visit, console.page, view, console.zone)


@post("/orders/{order_id:str}/contact-notes", status_code=200, request_max_body_size=SENT_AT_ONCE)
async def note_contact(console: Here, order_id: FromPath[str]) -> Html:
    """Record it for everybody of the order."""
    view = await console.desk.reads.order(console.scope, order_id)
    return await contact_notes.keep(console.visit, console.page, view, console.zone)


ROUTES = (contact_note, note_contact, listing, one, say, translate, transcript, about_order, looked_at)
