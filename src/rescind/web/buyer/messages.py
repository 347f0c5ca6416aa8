"""A buyer's conversations: the inbox, one of them, and a question to a shop before any order."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.conversations import Saying
from rescind.core.conversation import LONGEST
from rescind.core.errors import IdempotencyKeyReused, InvalidField, InvalidText, RateLimited, Unavailable
from rescind.core.views import OrderView
from rescind.web import contact, contact_notes, evidence, inbox, talk
from rescind.web.buyer import standing
from rescind.web.contact_notes import Page
from rescind.web.evidence import SENT_AT_ONCE
from rescind.web.session import Html, Visit


@get("/messages")
async def listing(visit: NamedDependency[Visit]) -> Html:
    """Everything this buyer talks about."""
    visit.require("buyer")
    return await inbox.listing(visit, visit.page)


@get("/messages/{thread:str}")
async def one(visit: NamedDependency[Visit], thread: FromPath[str]) -> Html:
    """One conversation."""
    visit.require("buyer")
    return await inbox.one(visit, visit.page, partial(standing.around, visit), thread)


@post("/messages/{thread:str}", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def say(visit: NamedDependency[Visit], thread: FromPath[str]) -> Html:
    """Say something in it."""
    visit.require("buyer")
    return await inbox.say(visit, visit.page, partial(standing.around, visit), thread)


@post("/messages/{thread:str}/translations/{message:str}", status_code=303)
async def translate(visit: NamedDependency[Visit], thread: FromPath[str], message: FromPath[str]) -> Html:
    """Show a message in one's own language."""
    visit.require("buyer")
    return await inbox.translate(visit, thread, message)


@get("/messages/{thread:str}/transcript")
async def transcript(visit: NamedDependency[Visit], thread: FromPath[str]) -> Html:
    """The whole of it, for paper."""
    visit.require("buyer")
    return await inbox.transcript(visit, visit.page, thread)


@get("/orders/{order_id:str}/contact-notes")
async def contact_note(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """The form for what was said elsewhere about an order."""
    return await contact_notes.form(visit, *await _noting(visit, order_id))


@post("/orders/{order_id:str}/contact-notes", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def note_contact(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Record it for everybody of the order."""
    return await contact_notes.keep(visit, *await _noting(visit, order_id))


async def _noting(visit: Visit, order_id: str) -> tuple[Page, OrderView, str]:
    visit.require("buyer")
    view = await visit.desk.reads.order(visit.scope, order_id)
    return partial(visit.page, zone=view.shop.zone, live=False), view, visit.zone or view.shop.zone


@get("/shops/{shop_id:str}/ask")
async def question(visit: NamedDependency[Visit], shop_id: FromPath[str]) -> Html:
    """The form for a question before any order; ``sku`` and ``product`` in the address say about what (M-34)."""
    visit.require("buyer")
    return await _ask(visit, shop_id, {"sku": visit.query("sku")[:64], "product": visit.query("product")[:200]}, {})


@post("/shops/{shop_id:str}/ask", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def ask(visit: NamedDependency[Visit], shop_id: FromPath[str]) -> Html:
    """Ask it, and see the conversation that this begins."""
    visit.require("buyer")
    fields = await visit.form()
    shop = (await visit.desk.reads.shop(shop_id)).id
    text, sku, product = (fields.get(name, "") for name in ("text", "sku", "product"))
    files = await evidence.brought(visit, shop, fields.get("key", ""))
    errors = {"files": files.error} if files.error else {}
    if not text.strip():
        errors["text"] = visit.locale.gettext("Write something")
    if errors:
        return await _ask(visit, shop, fields, errors, files)
    key = fields.get("key", "") or secrets.token_urlsafe(18)
    named = tuple(one.id for one in files.refs)
    said = hashlib.sha256(msgspec.json.encode([shop, text, sku, product, *([named] if named else [])])).digest()
    saying = Saying(text=text, audience="everyone", key=f"page {key[:200]}", fingerprint=said, evidence=named)
    try:
        sent = await visit.desk.conversations.ask(visit.person, shop, saying, sku=sku, subject=product)
    except (InvalidText, InvalidField, RateLimited, Unavailable, IdempotencyKeyReused) as fault:
        if isinstance(fault, IdempotencyKeyReused):
            # What was asked first has its files: another question has its own.
            files = await evidence.brought(visit, shop)
        return await _ask(visit, shop, fields | {"key": ""}, {"text": talk.trouble(visit.locale, fault)}, files)
    return visit.go(f"/messages/{sent.thread}")


async def _ask(
    visit: Visit, shop_id: str, values: dict[str, str], errors: dict[str, str], files: evidence.Brought | None = None
) -> Html:
    shop = await visit.desk.reads.shop(shop_id)
    return visit.page(
        "talk/ask.html",
        zone=shop.zone,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        here=f"/shops/{shop.id}/ask",
        live=False,
        shop=shop,
        values=values,
        errors=errors,
        key=values.get("key") or secrets.token_urlsafe(18),
        longest=LONGEST,
        field=evidence.field(visit, files.tiles if files else (), errors.get("files", "")),
        contact=await contact.shown(visit, shop),
    )


ROUTES = (listing, one, say, translate, transcript, contact_note, note_contact, question, ask)
