"""Links by which the marketplace hands its buyers over: made here for it, or signed by itself and checked here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import asyncpg
import msgspec
import structlog

from rescind.access.credentials import Access
from rescind.access.link_secrets import LinkSecrets
from rescind.access.principal import Principal
from rescind.access.request import Whence
from rescind.clock import wall_clock
from rescind.core import handover
from rescind.core.errors import (
    IdempotencyKeyReused,
    InvalidField,
    LinkAltered,
    LinkExpired,
    LinkUsed,
    NotFound,
    one_of,
)
from rescind.core.handover import Handover, SignedLink
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.scope import Scope
from rescind.intake.text import label
from rescind.locales import LANGUAGE_NAMES
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.credentials import Credential, KeptLink
from rescind.postgres.links import LinkTable
from rescind.postgres.reads import Reads
from rescind.settings import Settings

log = structlog.get_logger()

FAULTS = (LinkAltered, LinkExpired, LinkUsed)
"""What is wrong with a link itself; its reader goes back and takes a fresh one."""
_LONGEST_ID = 64


class Made(NamedTuple):
    """A link, and until when it is good."""

    url: str
    expires_at: Instant


class Entered(NamedTuple):
    """A buyer who is in: the session for the cookie, who it is, where the link leads, and the language it names.

    session: empty where the one they are in shows it already.
    """

    session: str
    person: Principal
    path: str
    language: str


class Links:
    """The one way in for buyers. sites: what each origin of the marketplace is called; secret: the installation's."""

    def __init__(
        self,
        table: LinkTable,
        link_secrets: LinkSecrets,
        access: Access,
        accounts: AccountTable,
        reads: Reads,
        sites: Mapping[str, str],
        secret: bytes,
    ) -> None:
        self.secrets = link_secrets
        self._accounts = accounts
        self.sites = sites
        self._table = table
        self._access = access
        self._reads = reads
        self._base_url = access.base_url
        self._own = hmac.digest(secret, b"rescind own links 1", hashlib.sha256).hex()

    @classmethod
    def over(cls, pool: asyncpg.Pool[Any], access: Access, reads: Reads, settings: Settings, secret: bytes) -> Self:
        """The links of an installation."""
        table, accounts = LinkTable(pool), AccountTable(pool)
        kept = LinkSecrets(table, accounts, secret)
        return cls(table, kept, access, accounts, reads, settings.sites(access.origin), secret)

    # --- making ------------------------------------------------------------------------------------------------------

    async def make(self, said: Handover, lifetime: timedelta, by: str, key: str, maker: str = "") -> Made:
        """A short link. key: of the request; the same key gives the same link again. maker: the credential that asks;
        the link ends with it.

        Raises NotFound (the order is not this buyer's), InvalidField, InvalidText, IdempotencyKeyReused; LinkUsed,
        LinkExpired for one that was made with this key and opens nothing any more.
        """
        wanted = msgspec.structs.replace(await self._credential(said), made_by=maker)
        token, kept = await self._access.buyers_link(wanted, lifetime, f"{by}\n{key}")
        one = kept.credential
        same = (one.buyer_id, one.order_id, one.opens, one.language, one.back_to) == (
            *(wanted.buyer_id, wanted.order_id, wanted.opens, wanted.language, wanted.back_to),
        )
        if not same or kept.lifetime_s != int(lifetime.total_seconds()):
            raise IdempotencyKeyReused
        _require_good(kept)
        log.info("link.made", by=by, to=said.to, order=one.order_id)
        shown = said.to == "fragment"
        leads = f"/embed/orders/{one.order_id}?{urlencode({'token': token})}" if shown else f"/enter/{token}"
        return Made(f"{self._base_url}{leads}", kept.expires_at)

    async def made_before(self, by: str, key: str) -> Made | None:
        """The link that was made with this key; None for none. Raises LinkUsed, LinkExpired."""
        found = await self._access.made_buyers_link(f"{by}\n{key}")
        if found is None:
            return None
        token, kept = found
        _require_good(kept)
        return Made(f"{self._base_url}/enter/{token}", kept.expires_at)

    async def from_guest(self, order: OrderId, by: str, key: str, maker: str) -> Made:
        """A short link for somebody who has shown that an order is theirs."""
        buyer = (await self._reads.order(Scope(), order)).buyer.id
        return await self.make(Handover(buyer=buyer, order=order, to="order"), handover.USUAL, by, key, maker)

    def onward(self, said: Handover) -> str:
        """A link of our own making, for a button that is shown before anybody clicks: it works once, like any other."""
        link = SignedLink(handover=said, expires_at=wall_clock() + handover.USUAL, nonce=secrets.token_hex(16))
        return f"{self._base_url}/enter?{handover.signed(self._own, link)}"

    # --- coming in ---------------------------------------------------------------------------------------------------

    async def look(self, token: str) -> Credential:
        """Whom a short link would sign in, without using it up. Raises LinkAltered, LinkUsed, LinkExpired."""
        found = await self._access.find_buyers_link(token)
        if found.opens == "fragment":
            raise LinkAltered
        return found

    async def look_at_signed(self, query: Mapping[str, str]) -> Credential:
        """The same of a signed one. Raises LinkAltered, LinkExpired, LinkUsed, InvalidField, InvalidText, NotFound."""
        link, _ = await self._read(query)
        if await self._table.taken(query["signature"]):
            raise LinkUsed
        return await self._page(link.handover)

    async def enter(self, token: str, whence: Whence, who: Principal | None = None) -> Entered:
        """Sign a buyer in by a short link. who: is in already. Raises as ``look``."""
        return await self._entered(await self._access.take_buyers_link(token), whence, who)

    async def enter_signed(self, query: Mapping[str, str], whence: Whence, who: Principal | None = None) -> Entered:
        """The same by a signed one. Raises as ``look_at_signed``."""
        link, by = await self._read(query)
        # What leads nowhere is not used up: whoever signed it wrongly can be told as often as they like.
        credential = await self._page(link.handover)
        if not await self._table.take(query["signature"], link.expires_at):
            raise LinkUsed
        if by:
            await self._table.used(by)
        return await self._entered(credential, whence, who)

    async def enter_guest(self, order: OrderId, whence: Whence, who: Principal | None = None) -> Entered:
        """Sign somebody in who has shown that an order is theirs: for this order alone."""
        buyer = (await self._reads.order(Scope(), order)).buyer.id
        credential = await self._credential(Handover(buyer=buyer, order=order, to="order"))
        return await self._entered(credential, whence, who)

    async def fragment(self, order: str, query: Mapping[str, str]) -> Credential:
        """Who may see the fragment of an order, by a short link's token or a signed query; looked at, not used up.

        Raises as ``look`` and ``look_at_signed``, and NotFound where the link is of another order.
        """
        if token := query.get("token", ""):
            found = await self._access.find_buyers_link(token)
        else:
            link, by = await self._read(query)
            found = await self._credential(link.handover)
            if by:
                await self._table.used(by)
        if found.opens != "fragment" or found.order_id != order:
            raise NotFound(kind="order")
        return found

    async def _entered(self, credential: Credential, whence: Whence, who: Principal | None) -> Entered:
        everything = Scope(buyer=credential.buyer_id)
        if credential.order_id and who is not None and who.scope == everything:
            # Somebody who is in for all of it does not come out of it by looking at one.
            return Entered("", who, path(credential), credential.language)
        session, person = await self._access.enter_buyer(credential, whence)
        return Entered(session, person, path(credential), credential.language)

    async def _read(self, query: Mapping[str, str]) -> tuple[SignedLink, str]:
        """A signed link, and the id of the secret that signed it, empty for our own."""
        known = (("", self._own), *await self.secrets.in_force())
        now = wall_clock()
        link = handover.read(query, tuple(text for _, text in known), now)
        by = next(one for one, text in known if handover.signature(text, query) == query["signature"])
        if not by and await self._table.ended(link.handover.buyer, link.expires_at - handover.USUAL):
            raise LinkExpired
        return link, by

    async def _page(self, said: Handover) -> Credential:
        if said.to == "fragment":
            raise InvalidField(field="?to", expected=one_of(handover.PAGES))
        return await self._credential(said)

    async def _credential(self, said: Handover) -> Credential:
        """What a link gives, once all it names is there."""
        buyer = label(said.buyer, field="/buyer", limit=_LONGEST_ID, blank=False)
        if said.language and said.language not in LANGUAGE_NAMES:
            raise InvalidField(field="/language", expected=one_of(LANGUAGE_NAMES))
        self.require_site(said.back_to)
        try:
            name = (await self._reads.buyer(buyer)).name
        except NotFound:
            # Somebody who has bought nothing yet may look at an empty list.
            name = ""
        return Credential(
            kind="link",
            role="buyer",
            principal=buyer,
            name=name,
            buyer_id=buyer,
            order_id=await self._order(buyer, said) if said.order else None,
            opens=said.to,
            language=said.language,
            back_to=said.back_to,
        )

    async def _order(self, buyer: str, said: Handover) -> OrderId:
        """The order that a link names. Raises NotFound; InvalidField where several shops have one of its number."""
        scope = Scope(shop=ShopId(said.shop) if said.shop else None, buyer=buyer)
        if said.order.startswith("ord_"):
            return (await self._reads.order(scope, said.order)).order.id
        try:
            return (await self._reads.order_by_number(scope, said.order)).order.id
        except InvalidField:
            expected = "the shop whose order it is, for several have one of this number"
            raise InvalidField(field="/shop", expected=expected) from None

    # --- ending ------------------------------------------------------------------------------------------------------

    async def end_of(self, buyer: str, by: str, by_name: str) -> int:
        """End every session and open link of one buyer, on the record; how many that were. Raises InvalidField.

        What the marketplace has signed itself holds until it is over: nobody here knows when that was.
        """
        buyer = label(buyer, field="/buyer", limit=_LONGEST_ID, blank=False)
        ended = await self._access.end_buyer(buyer)
        await self._accounts.note(Note(act="sessions_ended", by=by, by_name=by_name, whom=buyer, role="buyer"))
        log.info("buyer.ended", by=by, ended=ended)
        return ended

    # --- the marketplace's site --------------------------------------------------------------------------------------

    def require_site(self, address: str) -> None:
        """Let nothing lead to a site that no operator has named. Raises InvalidField."""
        if address and self.site(address) is None:
            raise InvalidField(field="/return_to", expected="an address of a site in RESCIND_HOST_SITES")

    def site(self, address: str) -> str | None:
        """What the site of an address is called; None for one that is not the marketplace's."""
        return self.sites.get(handover.origin(address)) if address.isascii() and address.isprintable() else None


def _require_good(kept: KeptLink) -> None:
    """Hand out no link again that opens nothing any more: whoever repeats a call takes a new key and gets a fresh one.

    Raises LinkUsed, LinkExpired.
    """
    if kept.used:
        raise LinkUsed
    if kept.over:
        raise LinkExpired


def path(credential: Credential) -> str:
    """The page that a link leads to."""
    order = f"/orders/{credential.order_id}"
    match credential.opens:
        case "cancel":
            return f"{order}/cancel"
        case "conversation":
            return f"{order}#say"
        case "order":
            return order
        case _:
            return "/orders"
