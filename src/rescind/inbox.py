"""What people are told, for pages and the API alike: their notices, their addresses, and how they want to be told."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NamedTuple

import msgspec
import structlog

from rescind import zones
from rescind.access.principal import Principal
from rescind.clock import Clock, wall_clock
from rescind.core.errors import Forbidden, InvalidField, InvalidTransition, NotFound, one_of
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.notice import How, Notice, NoticeRole, Preferences, require_choosable
from rescind.core.views import Page
from rescind.locales import LANGUAGE_NAMES, Locale, negotiate
from rescind.mail.address import wire
from rescind.notices import CHANNELS, EMAIL, Words, words
from rescind.postgres.mails import MailTable, Telling
from rescind.postgres.notice_people import Address, NoticePeople, Owner
from rescind.postgres.notice_sends import NoticeSends
from rescind.postgres.notices import NoticeTable
from rescind.postgres.reads import Reads
from rescind.postgres.reads.notices import NoticeRow, NoticeTab
from rescind.prospects import Prospects
from rescind.unsubscribing import Ending, Unsubscribing

log = structlog.get_logger()

PLATFORM = ShopId("shp_00000000")
"""Under which shop mail stands that is of none."""
CODE_DIGITS = 8


class Shown(NamedTuple):
    """A notice as it stands now, in words, and when somebody has read it."""

    row: NoticeRow
    notice: Notice
    words: Words


class Inbox:
    """The one way in and out of notices. secret: the installation's."""

    def __init__(
        self,
        table: NoticeTable,
        people: NoticePeople,
        sends: NoticeSends,
        reads: Reads,
        mails: MailTable,
        prospects: Prospects,
        clock: Clock,
        secret: bytes,
    ) -> None:
        self.table = table
        self.people = people
        self.sends = sends
        self.unsubscribing = Unsubscribing(secret)
        self._reads = reads
        self._mails = mails
        self._prospects = prospects
        self._clock = clock
        self._key = hmac.digest(secret, b"rescind address code 1", hashlib.sha256)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def page(
        self,
        who: Principal,
        language: Locale,
        tab: NoticeTab = "all",
        cursor: str | None = None,
        *,
        zone: str = "",
        limit: int = 25,
    ) -> Page[Shown]:
        """Somebody's notices as they stand now, the latest first. zone: the reader's clock, where it is known.

        Raises Forbidden, InvalidField.
        """
        role, party = reader(who)
        found = await self._reads.notices(role, party, tab, cursor, limit)
        return Page(
            rows=tuple([await self._shown(row, language, zone) for row in found.rows]),
            next=found.next,
            previous=found.previous,
            total=found.total,
        )

    async def one(self, who: Principal, notice: str, language: Locale, *, zone: str = "") -> Shown:
        """One of somebody's notices. Raises Forbidden, NotFound."""
        return await self._shown(await self._reads.notice(*reader(who), notice), language, zone)

    async def unread(self, who: Principal) -> int:
        """How many are new; none for whom no notice is."""
        return await self._reads.notices_unread(*reader(who)) if told(who) else 0

    async def read(self, who: Principal, notice: str) -> bool:
        """Somebody has read one; whether that was news. Raises Forbidden, NotFound."""
        role, party = reader(who)
        row = await self._reads.notice(role, party, notice)
        return await self.table.read(role, party, row.id, who.holder)

    async def read_all(self, who: Principal, upto: Instant | None = None) -> int:
        """Somebody has read all of theirs, or those made until then; how many that were. Raises Forbidden."""
        role, party = reader(who)
        return await self.table.read_all(role, party, who.holder, upto or self.now())

    async def _shown(self, row: NoticeRow, language: Locale, zone: str) -> Shown:
        notice = await self._prospects.notice(row.notice, row.order, row.unread)
        told = words(
            notice,
            language,
            shop=row.shop_name,
            zone=zone or row.zone,
            promised_in=row.zone if notice.role == "support" else "",
            identifier=row.id,
            now=self.now(),
        )
        return Shown(row, notice, told)

    def now(self) -> Instant:
        """The time to show things at."""
        return self._clock.read() or wall_clock()

    # --- addresses ---------------------------------------------------------------------------------------------------

    async def addresses(self, who: Principal) -> tuple[Address, ...]:
        """Where somebody has chosen to be told, beside the address that the marketplace tells of a buyer."""
        return await self.people.of(owner(who))

    async def add_email(self, who: Principal, address: str, language: str) -> Address:
        """Keep a mail address and send a code to it. Raises Forbidden, InvalidField, AddressBounces, RateLimited."""
        if who.role == "buyer":
            # A buyer's is the one the marketplace knows: a typed one would let a stolen session read along.
            raise Forbidden(action="add_address")
        kept = await self.people.add(owner(who), EMAIL, wire(address))
        if kept.verified_at is None:
            await self._send_code(kept, language)
        return kept

    async def send_code(self, who: Principal, channel: str, language: str) -> Address:
        """Send another code. Raises Forbidden, NotFound, InvalidTransition (proved), AddressBounces, RateLimited."""
        kept = await self.people.find(owner(who), channel)
        if kept.verified_at is not None or kept.channel != EMAIL:
            raise InvalidTransition(action="send_code", current_state="verified", allowed_actions=())
        await self._send_code(kept, language)
        return kept

    async def prove(self, who: Principal, channel: str, code: str) -> Address:
        """Somebody types the code that was sent. Raises Forbidden, NotFound, CodeWrong."""
        kept = await self.people.find(owner(who), channel)
        if kept.verified_at is None:
            await self.people.prove(kept.id, _digest(kept.id, "".join(code.split())))
            log.info("channel.verified", channel=kept.id, shop=kept.owner.shop)
        return await self.people.find(owner(who), channel)

    async def verify(self, shop: ShopId, channel: str) -> Address:
        """What was sent to this address of a shop has been taken, so that the shop can be told. Raises NotFound."""
        kept = await self.people.by_id(channel)
        if kept is None or kept.owner.shop != shop:
            raise NotFound(kind="channel")
        return await self.people.verify(kept.id)

    async def remove(self, who: Principal, channel: str, *, last: bool = False) -> bool:
        """Tell nobody there any more. last: it may be the shop's last. Raises Forbidden, NotFound, LastAddress."""
        kept = await self.people.find(owner(who), channel)
        return await self.people.remove(kept.owner, kept.id, last=last)

    async def _send_code(self, kept: Address, language: str) -> None:
        nonce = secrets.token_hex(12)
        await self.people.new_code(kept.id, _digest(kept.id, self.code(kept.id, nonce)))
        shop = ShopId(kept.owner.shop) if kept.owner.shop else PLATFORM
        await self._mails.tell(
            Telling(
                shop=shop,
                kind="code",
                about=nonce,
                reader=kept.id,
                language=negotiate(None, language),
                address=kept.address,
                key=f"code:{kept.id}:{nonce}",
            )
        )

    def code(self, channel: str, nonce: str) -> str:
        """The digits that prove an address. The row of the mail has the nonce; without the secret it says nothing."""
        number = int.from_bytes(hmac.digest(self._key, f"{channel} {nonce}".encode(), hashlib.sha256)[:8], "big")
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}}"

    # --- choices -----------------------------------------------------------------------------------------------------

    async def preferences(self, who: Principal) -> Preferences:
        """How somebody wants to be told. Raises Forbidden."""
        return await self.people.preferences(owner(who))

    async def choose(self, who: Principal, chosen: Preferences) -> Preferences:
        """Keep how somebody wants to be told. Raises Forbidden; InvalidField (language, zone, hour, choices)."""
        mine = owner(who)
        if chosen.language and chosen.language not in LANGUAGE_NAMES:
            raise InvalidField(field="/language", expected=one_of(LANGUAGE_NAMES))
        if chosen.zone and chosen.zone not in zones.known():
            raise InvalidField(field="/zone", expected="the name of a time zone, like Europe/Berlin")
        if not 0 <= chosen.hour <= 23:
            raise InvalidField(field="/hour", expected="a whole hour, 0 to 23")
        if unknown := chosen.choices.keys() - set(CHANNELS):
            raise InvalidField(field=f"/choices/{min(unknown)}", expected=one_of(CHANNELS))
        require_choosable(mine.role, chosen.choices)
        await self.people.choose(mine, chosen)
        return chosen

    async def unsubscribe(self, token: str) -> Ending:
        """End what a link from a mail ends, whoever follows it. Raises NotFound."""
        ending = self.unsubscribing.read(token)
        before = await self.people.preferences(ending.owner)
        off: How = "off"
        mine = {**before.choices.get(EMAIL, {}), ending.group: off}
        await self.people.choose(ending.owner, msgspec.structs.replace(before, choices={**before.choices, EMAIL: mine}))
        log.info("notices.unsubscribed", role=ending.role, group=ending.group)
        return ending


def told(who: Principal) -> bool:
    """Whether anybody is told anything here: not a host, nor a buyer who came for one order alone."""
    return who.role != "host" and who.order is None


def reader(who: Principal) -> tuple[NoticeRole, str]:
    """As whom somebody is told. Raises Forbidden for a host, told by webhooks, and for who came for one order."""
    if who.order is not None:
        # Notices, addresses and choices are of all that somebody bought.
        raise Forbidden(action="read_notices")
    match who.role:
        case "buyer":
            return "buyer", who.buyer_id or ""
        case "seller":
            return "seller", who.shop_id or ""
        case "support" | "operator":
            return "support", ""
        case "host":
            raise Forbidden(action="read_notices")


def owner(who: Principal) -> Owner:
    """Whose addresses and choices are somebody's; a key of the platform or of a shop has its own. Raises Forbidden for
    a host.
    """
    role, _ = reader(who)
    if role == "buyer":
        return Owner(role=role, shop="", person=who.buyer_id or "")
    return Owner(role=role, shop=who.shop_id or "", person=who.holder)


def _digest(channel: str, code: str) -> bytes:
    return hashlib.sha256(f"{channel}\n{code}".encode()).digest()
