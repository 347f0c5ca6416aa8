"""Notices: made when an event is carried, and sent by each way on its own, or gathered into one mail a day."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from rescind.core.errors import AddressBounces
from rescind.core.fulfilment import FactReported, OrderPlaced
from rescind.core.history import LATELY, is_old
from rescind.core.instant import Instant
from rescind.core.notice import Notice, how, next_digest, notices_of
from rescind.core.record import Record
from rescind.locales import negotiate
from rescind.notices import Channel, Refused, Sent, Unclear, words
from rescind.postgres.due import Told
from rescind.postgres.mails import MailTable, Telling
from rescind.postgres.notice_people import NoticePeople, Recipient
from rescind.postgres.notice_sends import Found, Gathered, Leased, NoticeSends
from rescind.postgres.notices import New, NewSend, parties
from rescind.prospects import Prospects
from rescind.worker.each import each

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
SEND_S = 20.0
"""How long one receiver may take."""
EACH, AT_ONCE = 4, 32
"""How many are under way to one address, and on one channel."""
LADDER = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60, 240, 720, 1440))
"""How long is waited after each try that came to nothing."""
DIGESTS = 50


async def made(people: NoticePeople, told: Sequence[Told]) -> list[New]:
    """A notice for everybody whom these events concern, and where each of them goes."""
    found = [
        (notice, record.received_at)
        for one in told
        for record in one.records
        if not _history(record)
        for notice in notices_of((record,), one.order)
    ]
    if not found:
        return []
    now = people.now()
    by_party = await _by_party(people, [notice for notice, _ in found])
    return [
        New(
            notice,
            at,
            _sends(notice, _of(by_party, notice), now) if now - at <= LATELY else (),
        )
        for notice, at in found
    ]


async def _by_party(people: NoticePeople, found: Sequence[Notice]) -> Mapping[tuple[str, str], list[Recipient]]:
    """Everybody who can be told of these, by role and party."""
    buyers, shops, platform = parties(found)
    by_party: dict[tuple[str, str], list[Recipient]] = defaultdict(list)
    for one in await people.recipients(buyers, shops, platform=platform):
        by_party[one.owner.role, one.party].append(one)
    return by_party


def _of(by_party: Mapping[tuple[str, str], list[Recipient]], notice: Notice) -> list[Recipient]:
    """Those among a notice's readers to whom notices of its order go."""
    return [one for one in by_party[notice.role, notice.party] if one.order in {None, notice.order}]


def _history(record: Record) -> bool:
    """Whether it tells of the world of long ago, as what is brought along from elsewhere does."""
    return isinstance(record.event, OrderPlaced | FactReported) and is_old(record)


def _sends(notice: Notice, to: Sequence[Recipient], now: Instant) -> tuple[NewSend, ...]:
    return tuple(send for recipient in to if (send := _send(notice, recipient, now)) is not None)


def _send(notice: Notice, to: Recipient, now: Instant) -> NewSend | None:
    match how(notice.role, to.channel, notice.group, to.preferences.choices):
        case "off":
            return None
        case "digest":
            return NewSend(to.channel, to.id, "gathered", next_digest(now, to.zone, to.preferences.hour))
        case "at_once":
            return NewSend(to.channel, to.id, "waiting", now)


class Messenger:
    """Sends what waits. ``channels``: by their names; base_url: how people reach these pages."""

    def __init__(
        self,
        sends: NoticeSends,
        people: NoticePeople,
        channels: Mapping[str, Channel],
        mails: MailTable,
        prospects: Prospects,
        base_url: str,
    ) -> None:
        self._sends = sends
        self._people = people
        self._channels = channels
        self._mails = mails
        self._prospects = prospects
        self._base_url = base_url

    @property
    def channels(self) -> tuple[str, ...]:
        """The ways there are. Each is swept on its own, so that one that hangs delays no other."""
        return tuple(self._channels)

    async def sweep(self, channel: str) -> int:
        """Send everything that is due by one way; returns how many there were."""
        leased = await self._sends.lease(channel, LEASE, each=EACH, most=AT_ONCE)
        if leased:
            found = await self._sends.found(leased)
            await each(self._one(one, what) for one, what in zip(leased, found, strict=True))
        return len(leased)

    async def spoken(self) -> int:
        """What was said in conversations goes out, once it has been quiet there; returns how many there were."""
        hushed = await self._sends.hushed(AT_ONCE)
        if hushed:
            by_party = await _by_party(self._people, [one.notice for one in hushed])
            now = self._people.now()
            for one in hushed:
                notice = one.notice
                to = _of(by_party, notice) if now - notice.at <= LATELY else ()
                await self._sends.speak(one, _sends(notice, to, now))
        return len(hushed)

    async def digests(self) -> int:
        """One mail a day for everybody whose hour has come; returns how many."""
        due = await self._sends.gathered(DIGESTS)
        for one in due:
            await self._digest(one)
        return len(due)

    async def _digest(self, one: Gathered) -> None:
        to = await self._people.recipient(one.recipient)
        if to is None:
            await self._sends.let_go(one, "dropped")
            return
        telling = Telling(
            shop=one.shop,
            kind="digest",
            reader=to.id,
            language=negotiate(None, to.language),
            address=to.address,
            key=f"digest:{to.id}:{one.due_at:%Y%m%dT%H%M}",
        )
        try:
            await self._sends.put_together(one, self._mails, telling)
        except AddressBounces:
            await self._sends.let_go(one, "refused")

    async def _one(self, leased: Leased, found: Found) -> None:
        notice = await self._prospects.notice(found.notice, found.order, found.unread)
        to = await self._people.recipient(leased.recipient)
        if notice.over or to is None:
            # What has been settled meanwhile has a notice of its own.
            await self._sends.end(leased, "dropped")
            return
        told = words(
            notice,
            negotiate(None, to.language),
            shop=found.shop_name,
            zone=to.preferences.zone or found.zone,
            promised_in=found.zone if notice.role == "support" else "",
            base_url=self._base_url,
            identifier=leased.notice,
            reader=to.id,
        )
        try:
            async with asyncio.timeout(SEND_S):
                answer = await self._channels[leased.channel].send(told, to.address)
        except TimeoutError:
            answer = Unclear("nobody answered in time")
        except Exception:
            # A mistake of ours is a failure of this one alone, and told.
            log.exception("notice.failed", notice=leased.notice, channel=leased.channel)
            answer = Unclear("a mistake of ours")
        await self._ended(leased, answer)

    async def _ended(self, leased: Leased, answer: Sent | Refused | Unclear) -> None:
        match answer:
            case Sent(said=said):
                by_mail = leased.channel == "email"
                await self._sends.end(leased, "sent", "" if by_mail else said, said if by_mail else "")
            case Refused(said=said, gone=gone):
                await self._sends.end(leased, "refused", said)
                if gone and not leased.recipient.startswith(("buyer:", "order:")):
                    await self._people.gone(leased.recipient)
                log.info("notice.refused", notice=leased.notice, channel=leased.channel)
            case Unclear(said=said, wait_s=wait_s):
                if leased.tries > len(LADDER):
                    await self._sends.end(leased, "failed", said)
                    log.warning("notice.given_up", notice=leased.notice, channel=leased.channel)
                    return
                span = LADDER[leased.tries - 1]
                await self._sends.later(leased, max(span, timedelta(seconds=wait_s or 0)), said)
