"""What every page of a console does: who came, what they searched for, what they send, what became of it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
from litestar.params import SkipValidation

from rescind.access.principal import Principal
from rescind.core.errors import Forbidden, IdempotencyKeyInvalid, InvalidField, InvalidText, RescindError
from rescind.core.event import Note
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.ports import Fingerprint, Key
from rescind.core.scope import Scope
from rescind.desk import Desk
from rescind.engine import Outcome, Submission
from rescind.locales import Locale
from rescind.web.rendering import Link
from rescind.web.search import Search, read_search
from rescind.web.session import Html, Visit

_KEY = re.compile(r"[!-~]{16,200}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what the last form did. ``tone``: as of ``ui.notice``."""

    text: str
    tone: str = "good"


@dataclass(frozen=True, slots=True)
class Fields:
    """A form that was sent by a page of ours. ``ticked``: the cases that were ticked, each once, in their order."""

    values: Mapping[str, str]
    ticked: tuple[str, ...]

    def text(self, name: str) -> str:
        """One field without the space around it; empty when it was not sent."""
        return self.values.get(name, "").strip()

    def key(self) -> str:
        """The form's own key, so that a second press of the button is the same press. Raises IdempotencyKeyInvalid."""
        if not _KEY.fullmatch(self.text("key")):
            raise IdempotencyKeyInvalid
        return self.text("key")


_OF_THE_SHOP = tuple(
    f"/seller/{one}" for one in ("settings", "rules", "contact", "replies", "webhooks", "robots", "people")
)
"""Pages about the shop itself, for whoever manages it."""
_CALLED = {"state": "policy.status", "field": "field"}
"""What the catalogue calls the codes of a problem's parameters; of any other they are ways on."""


@dataclass(frozen=True, slots=True)
class Console:
    """One visit to a page of seller or support. ``zone``: whose clock the page is written in."""

    visit: Visit
    zone: str
    nav: tuple[Link, ...]

    @property
    def desk(self) -> Desk:
        """The running program."""
        return self.visit.desk

    @property
    def language(self) -> Locale:
        """The reader's."""
        return self.visit.locale

    @property
    def now(self) -> Instant:
        """What the page is true at."""
        return self.visit.now

    @property
    def person(self) -> Principal:
        """Who is here."""
        return self.visit.person

    @property
    def scope(self) -> Scope:
        """What this person may see."""
        return self.visit.scope

    async def staff(self, ids: Iterable[str | None]) -> Mapping[str, str]:
        """What people of the platform are called, support or operators, by the ids that records have of them."""
        wanted = [one for one in ids if one]
        return await self.desk.access.names("operator", wanted) | await self.desk.access.named("support", wanted)

    @property
    def here(self) -> str:
        """Path and query of this page."""
        return self.visit.here

    def query(self, name: str) -> str:
        """One value of the address, empty when it is not there."""
        return self.visit.query(name)

    def ticked(self) -> tuple[str, ...]:
        """The cases in the address, each once."""
        return tuple(dict.fromkeys(self.visit.request.query_params.getall("case", [])))

    def search(self) -> Search:
        """What the search box of the address says."""
        return read_search(self.query("q"))

    def count(self) -> int:
        """How many a form before this page was about, as its redirect left it in the address; 0 for anything else."""
        said = self.query("count")
        return int(said) if said.isdecimal() and len(said) < 10 else 0

    async def form(self) -> Fields:
        """The form that was sent. Raises CrossSite for one that is not ours."""
        values = await self.visit.form()
        sent = await self.visit.request.form()
        ids = [one for one in sent.getall("case", []) if isinstance(one, str)]
        return Fields(values, tuple(dict.fromkeys(ids)))

    def page(self, template: str, *, status: int = 200, here: str = "", **context: object) -> Html:
        """Answer with a page. ``here``: where the language switch leads, for a page that only a form can reach."""
        given: dict[str, Any] = {"notice": None, "errors": {}, "new_key": new_key, **context}
        return self.visit.page(template, zone=self.zone, status=status, nav=self.nav, here=here, **given)

    def go(self, path: str) -> Html:
        """Go and look at the result, so that a reload does not send the form again."""
        return self.visit.go(path)

    def told(self) -> Notice | None:
        """What the form before this page did, from the codes its redirect left in the address."""
        _ = self.language.gettext
        said = self.query("said")
        text = {
            "review_cleared": _("Noted: the order is fine."),
            "preparation_started": _("Noted: preparing has begun."),
            "packing_started": _("Noted: packing has begun."),
            "packed": _("Noted: packed."),
            "tracking_added": _("Noted: the label is printed, the parcel awaits collection."),
            "handed_over": _("Noted: the parcel is with the carrier."),
            "delivered": _("Noted: delivered."),
            "corrected": _("Taken back. The order is where it was before."),
            "approved": _("Approved. The refund is on its way, and the packing bench sees STOP."),
            "refused": _("Refused. The buyer has your answer, and the order goes on."),
            "tracking": _("Tracking added. The request is closed, and the buyer sees the tracking number."),
            "offered": _("Offered. The buyer reads it now; the time to answer goes on."),
            "leased": _("Noted: you are about to ship it. The buyer reads that, and colleagues are kept off."),
            "given_back": _("Noted: it does not ship now."),
            "money_back": _("Given back. The money is on its way."),
            "proposed": _("Proposed. Nothing happens until a colleague confirms it."),
            "proposal_confirmed": _("Confirmed. Two people agreed, and it is done."),
            "proposal_dropped": _("Dropped. Nothing of it happens."),
            "unpacked": _("Noted: unpacked. It is off the list."),
            "note_read": _("Noted: you have read it."),
            "split": _("Noted: the parcels are as below."),
            "combined": _("Noted: everything without a label goes into one parcel."),
            "received": _("Noted. What can be sold again is back in stock."),
            "resolved": _("Noted. The case stands below as you left it."),
            "cancelled": _("Cancelled. The refund is on its way, and the buyer is told."),
            "cancelled_some": _("These items are cancelled, and the buyer is told. The rest of the order goes on."),
        }.get(said)
        return Notice(text) if text else None

    def problem(self, error: RescindError) -> Notice:
        """What went wrong and what to do next, in words."""
        said: dict[str, str] = {name: self._say(name, value) for name, value in error.params.items()}
        title = self.language.pgettext("problem.title", error.code)
        detail = self.language.pgettext("problem.detail", error.code)
        try:
            return Notice(
                f"{title}. {detail % said}" if self.language.tag != "zh" else f"{title}。{detail % said}", "urgent"
            )
        except KeyError:
            return Notice(title, "urgent")

    def _say(self, name: str, value: object) -> str:
        if isinstance(value, datetime):
            return self.language.moment(value, self.zone, now=self.now)
        if isinstance(value, Money):
            return self.language.money(value)
        if isinstance(value, (tuple, list)):
            parts = cast("Sequence[object]", value)
            return self.language.gettext(", ").join(self._say(name, part) for part in parts)
        text = str(value)
        if name == "current_state":
            return self.language.state(text, self.person.role)
        if name == "expected":
            return self.language.expected(text)
        context, code = _CALLED.get(name, "way_on"), text.removeprefix("/") if name == "field" else text
        known = self.language.has(context, code)
        return self.language.term(context, code, self.person.role) if known else self.language.told(value)

    async def submit(
        self,
        command: Command,
        shop: ShopId,
        route: str,
        key: str,
        *,
        version: int | None = None,
        on_behalf_of: str = "",
    ) -> Outcome:
        """Hand one command to the engine; the form's key makes a second press of the button the same press."""
        if not _KEY.fullmatch(key):
            raise IdempotencyKeyInvalid
        return await self.desk.engine.handle(
            Submission(
                command=command,
                actor=self.person.actor(on_behalf_of),
                key=Key(shop=shop, principal=self.person.by, route=route, key=key),
                fingerprint=fingerprint(command),
                expected_version=version,
            )
        )

    def beside(self, wrong: InvalidField | InvalidText) -> dict[str, str]:
        """What is to be written instead, by the field it stands beside."""
        field = str(wrong.params["field"]).strip("/")
        said = self.language.expected(str(wrong.params["expected"]))
        return {field: self.language.gettext("Write %(expected)s.") % {"expected": said}}

    def note(self, words: str, field: str = "comment") -> Note | None:
        """Somebody's words, None for none. Raises InvalidText for what cannot be kept or shown."""
        words = words.strip()
        if not words:
            return None
        if len(words) > LONGEST_WORDS or _UNSEEN.search(words):
            raise InvalidText(field=field, expected=f"up to {LONGEST_WORDS} characters that can be seen")
        return self.desk.note(words)


def new_key() -> str:
    """A key for one form, as it is shown once."""
    return secrets.token_urlsafe(18)


def fingerprint(command: Command) -> Fingerprint:
    """What was asked, without what differs at each press: the time it is said to happen, and the salt of words."""
    said = msgspec.to_builtins(command)
    said.pop("occurred_at", None)
    for name in ("comment", "consent"):
        if isinstance(said.get(name), Mapping):
            said[name] = said[name]["body"]
    return Fingerprint(hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest())


def back_to(path: str, home: str) -> str:
    """``path`` when it is a page of this console, else ``home``: a form cannot send anybody elsewhere."""
    root = "/" + home.split("/")[1]
    inside = path == root or path.startswith((f"{root}/", f"{root}?"))
    return path if inside and path.isprintable() and "\\" not in path else home


Comes = SkipValidation[Visit]
Here = SkipValidation[Console]
"""How handlers ask for what a dependency made: it is ours, so Litestar has nothing to check."""


async def seller_console(visit: Comes) -> Console:
    """A dependency of the seller's pages. Raises Unauthenticated, Forbidden."""
    person = visit.require("seller")
    assert person.shop_id is not None, "a seller has a shop"
    manages = person.rights == "manage"
    if not manages and visit.request.url.path.startswith(_OF_THE_SHOP):
        raise Forbidden(action="manage_shop")
    shop = await visit.desk.reads.shop(person.shop_id)
    counts = await visit.desk.reads.case_counts(visit.scope)
    _ = visit.locale.gettext
    path = visit.request.url.path
    nav = (
        Link("/seller/orders", _("Orders"), current=path.startswith("/seller/orders")),
        Link(
            "/seller/requests",
            _("Requests to cancel"),
            count=counts.get("to_respond") or None,
            current=path.startswith("/seller/requests"),
        ),
        Link("/seller/packing", _("Packing"), current=path.startswith("/seller/packing")),
        Link("/seller/refunds", _("Refunds"), current=path.startswith("/seller/refunds")),
    )
    if manages:
        settings = Link("/seller/settings", _("Settings"), current=path.startswith((*_OF_THE_SHOP, "/seller/programs")))
        nav = (*nav, settings)
    return Console(visit, visit.own_zone or shop.zone or "UTC", nav)
