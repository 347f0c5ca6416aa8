"""Notices: what the caller was told, what they have read, where and how they want to be told."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.order_answers import ShopNamed
from rescind.api.orders import narrowed
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical
from rescind.core.instant import Instant
from rescind.core.notice import GROUPS, REQUIRED, How, Preferences, how
from rescind.inbox import Shown, reader
from rescind.intake.fields import Incoming
from rescind.intake.narrowing import Limit
from rescind.locales import locale, negotiate
from rescind.notices import CHANNELS
from rescind.postgres.credentials import Role
from rescind.postgres.notice_people import Address
from rescind.postgres.reads.notices import NoticeTab

MAY: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator"})
"""Whom notices are for; the host is told by webhooks."""
STAFF: frozenset[Role] = frozenset({"seller", "support", "operator"})
_Language = Literal["en", "zh"]
_Short = Annotated[str, msgspec.Meta(max_length=254)]


class NoticeTold(Told, frozen=True, kw_only=True):
    """One notice as it stands now. kind, group: what it tells; about: the request, refund or case it is about.

    thread: the conversation that a message is of, empty for everything else; order, number: empty before there is an
    order. unread: how many messages of it wait. subject, sentence, move: the words, in the language that was asked for;
    move is empty where nothing is asked of anybody. whose_move: buyer, seller, support, carrier, or empty; due_at:
    until when. link: where the action is, an address on these pages. settled: it does not stand any more. at: when we
    heard of it.
    """

    id: str
    kind: str
    group: str
    order: str
    number: str
    shop: str
    about: str
    thread: str
    unread: int
    subject: str
    sentence: str
    move: str
    whose_move: str
    due_at: Instant | None
    link: str
    settled: bool
    at: Instant
    read_at: Instant | None


class NoticesTold(Told, frozen=True, kw_only=True):
    """A part of the list, the latest first. unread: how many are new, counted up to 100."""

    rows: list[NoticeTold]
    next: str | None
    previous: str | None
    total: int | None
    unread: int


class NoticesAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """language: of the words; that of Accept-Language where it is left out."""

    tab: NoticeTab = "all"
    language: _Language | None = None
    cursor: str | None = None
    limit: Limit = 25


class NoticeAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """language: of the words; that of Accept-Language where it is left out."""

    language: _Language | None = None


class UptoInstant(Incoming, frozen=True, kw_only=True):
    """Until when what was told has been read; null for all of it."""

    upto: Instant | None = None


class ReadTold(Told, frozen=True, kw_only=True):
    """read: how many of the notices that was news of."""

    read: int


class GroupTold(Told, frozen=True, kw_only=True):
    """One group of notices. required: nobody switches it off. channels: by their names, how it goes there."""

    group: str
    required: bool
    channels: dict[str, str]


class PreferencesTold(Told, frozen=True, kw_only=True):
    """How the caller is told. language, zone: empty for those we know of them. hour: of the daily digest, 0 to 23."""

    language: str
    zone: str
    hour: int
    groups: list[GroupTold]


class PreferencesPut(Incoming, frozen=True, kw_only=True):
    """How the caller wants to be told. choices: by channel and group; what is left out is as it comes by itself."""

    language: Literal["", "en", "zh"] = ""
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8
    choices: dict[str, dict[str, How]] = {}  # noqa: RUF012 - copied each time


class ChannelTold(Told, frozen=True, kw_only=True):
    """An address of the caller's. verified_at: when it was proved; gone_at: since when it takes nothing any more."""

    id: str
    channel: str
    address: str
    made_at: Instant
    verified_at: Instant | None
    gone_at: Instant | None


class ChannelsTold(Told, frozen=True, kw_only=True):
    """The caller's addresses. reached: of a seller, whether anything reaches their shop, so that its silence counts.

    last: the id of the one address by which their shop can be told at all, of whoever in it; null where there is none
    or another. waiting: requests that wait for the shop's answer. silence: what it means while the shop has no
    address: ``platform`` or ``decides``.
    """

    channels: list[ChannelTold]
    reached: bool
    last: str | None
    waiting: int
    silence: str


class NewChannel(Incoming, frozen=True, kw_only=True):
    """A mail address. language: of the mail with the code."""

    address: _Short
    language: _Language = "en"


class CodePost(Incoming, frozen=True, kw_only=True):
    """The code from the mail."""

    code: Annotated[str, msgspec.Meta(max_length=20)]


class SilenceTold(Told, frozen=True, kw_only=True):
    """goes_to: platform where a shop that cannot be told is not decided for by its silence, else decides.

    unreached: how many shops have no verified address.
    """

    goes_to: str
    unreached: int


class UnreachedAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    cursor: str | None = None
    limit: Limit = 25


class UnreachedShopTold(Told, frozen=True, kw_only=True):
    """A shop without a verified address. waiting: requests that wait for its answer; since: when the oldest was made,
    null where none waits.
    """

    shop: ShopNamed
    waiting: int
    since: Instant | None


class UnreachedTold(SilenceTold, frozen=True, kw_only=True):
    """goes_to, unreached: as ``SilenceTold`` has them. rows: such shops, first the one whose buyers have waited
    longest. ``next``: where to go on, null at the end.
    """

    rows: list[UnreachedShopTold]
    next: str | None
    previous: str | None
    total: int | None


class Removal(Incoming, frozen=True, kw_only=True):
    """last: remove it also where nothing else tells the shop anything."""

    last: bool = False


class SilencePut(Incoming, frozen=True, kw_only=True):
    """What the silence of a shop that cannot be told means."""

    goes_to: Literal["platform", "decides"]


@operation(
    "GET", "/v1/notices", may=MAY, through="scope", summary="List notices", query=NoticesAsked, gives=NoticesTold
)
async def listed(call: Call) -> Answer:
    """What you were told, the latest first, each as it stands now. A shop's people share one list, as support does."""
    wanted: NoticesAsked = call.query
    language = locale(_language(call, wanted.language))
    inbox = call.desk.inbox
    page = await inbox.page(call.principal, language, wanted.tab, wanted.cursor, limit=wanted.limit)
    return Answer(
        body=NoticesTold(
            rows=[_told(one) for one in page.rows],
            next=page.next,
            previous=page.previous,
            total=page.total,
            unread=await inbox.unread(call.principal),
        )
    )


@operation(
    "GET",
    "/v1/notices/{notice}",
    may=MAY,
    through="scope",
    summary="Read a notice",
    query=NoticeAsked,
    gives=NoticeTold,
    fails=(errors.NotFound,),
)
async def one(call: Call) -> Answer:
    """One notice as it stands now. Reading it here marks nothing as read."""
    wanted: NoticeAsked = call.query
    language = locale(_language(call, wanted.language))
    return Answer(body=_told(await call.desk.inbox.one(call.principal, _notice(call), language)))


@operation(
    "POST",
    "/v1/notices/{notice}/read",
    may=MAY,
    through="scope",
    summary="Mark a notice as read",
    body=Untouched,
    gives=ReadTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """Say that it has been read; for a shop or the platform by one of them for all."""
    call.key(ShopId(""))  # What was read is read once; the header is wanted as of every change.
    return Answer(body=ReadTold(read=int(await call.desk.inbox.read(call.principal, _notice(call)))))


@operation(
    "POST",
    "/v1/notices/read",
    may=MAY,
    through="scope",
    summary="Mark all notices as read",
    body=UptoInstant,
    gives=ReadTold,
    changes=True,
)
async def read_all(call: Call) -> Answer:
    """Say that everything has been read, or everything we had heard of until an instant."""
    call.key(ShopId(""))
    body: UptoInstant = call.body
    return Answer(body=ReadTold(read=await call.desk.inbox.read_all(call.principal, body.upto)))


@operation(
    "GET",
    "/v1/notice-preferences",
    may=MAY,
    through="scope",
    summary="Read how you are told",
    gives=PreferencesTold,
)
async def preferences(call: Call) -> Answer:
    """Which groups of notices go by which channel, in which language, and when the daily digest comes."""
    return Answer(body=_preferences(call, await call.desk.inbox.preferences(call.principal)))


@operation(
    "PUT",
    "/v1/notice-preferences",
    may=MAY,
    through="scope",
    summary="Choose how you are told",
    body=PreferencesPut,
    gives=PreferencesTold,
    changes=True,
    keyed=False,
    fails=(errors.InvalidField,),
)
async def choose(call: Call) -> Answer:
    """Choose for each group and channel: at once, in the daily digest, or off. Groups that are required stay as they
    are.
    """
    body: PreferencesPut = call.body
    chosen = Preferences(language=body.language, zone=body.zone, hour=body.hour, choices=body.choices)
    return Answer(body=_preferences(call, await call.desk.inbox.choose(call.principal, chosen)))


@operation(
    "GET",
    "/v1/notice-channels",
    may=MAY,
    through="scope",
    summary="List your addresses",
    gives=ChannelsTold,
)
async def channels(call: Call) -> Answer:
    """Where you are told. A buyer's mail address is not among them: it is the one the marketplace knows."""
    return await _channels(call)


@operation(
    "POST",
    "/v1/notice-channels",
    may=STAFF,
    through="scope",
    summary="Add a mail address",
    body=NewChannel,
    gives=ChannelTold,
    changes=True,
    statuses=(201,),
    fails=(errors.InvalidField, errors.AddressBounces, errors.RateLimited),
)
async def add(call: Call) -> Answer:
    """Take an address and send a code there. Notices go to it once the code was shown."""
    call.key(ShopId(""))  # An address is kept once; the header is wanted as of every change.
    body: NewChannel = call.body
    kept = await call.desk.inbox.add_email(call.principal, body.address, body.language)
    return Answer(body=_channel(kept), status=201)


@operation(
    "POST",
    "/v1/notice-channels/{channel}/code",
    may=STAFF,
    through="scope",
    summary="Send another code",
    body=Untouched,
    gives=ChannelTold,
    changes=True,
    fails=(errors.NotFound, errors.InvalidTransition, errors.AddressBounces, errors.RateLimited),
)
async def send_code(call: Call) -> Answer:
    """Another code; the one before does not hold any more. Five a day for each address."""
    call.key(ShopId(""))
    language = _language(call, None)
    return Answer(body=_channel(await call.desk.inbox.send_code(call.principal, call.ids["channel"], language)))


@operation(
    "POST",
    "/v1/notice-channels/{channel}/verify",
    may=STAFF,
    through="scope",
    summary="Verify an address",
    body=CodePost,
    gives=ChannelTold,
    changes=True,
    fails=(errors.NotFound, errors.CodeWrong),
)
async def verify(call: Call) -> Answer:
    """Show the code that was sent. From then on a shop's silence is an answer, where it was not."""
    call.key(ShopId(""))
    body: CodePost = call.body
    kept = await call.desk.inbox.prove(call.principal, call.ids["channel"], body.code)
    await call.desk.book.refresh()
    return Answer(body=_channel(kept))


@operation(
    "POST",
    "/v1/notice-channels/{channel}/remove",
    may=STAFF,
    through="scope",
    summary="Remove an address",
    body=Removal,
    gives=ChannelsTold,
    changes=True,
    fails=(errors.NotFound, errors.LastAddress),
)
async def remove(call: Call) -> Answer:
    """Tell nobody there any more; the answer has the addresses that are left.

    The last by which a shop can be told goes only where `last` says that this is meant: what the shop's silence means
    follows from it, for requests from then on. What was promised for those that wait stays.
    """
    call.key(ShopId(""))
    body: Removal = call.body
    await call.desk.inbox.remove(call.principal, call.ids["channel"], last=body.last)
    await call.desk.book.refresh()
    return await _channels(call)


@operation(
    "GET",
    "/v1/unreached-shops",
    may=frozenset({"operator"}),
    through="scope",
    summary="List shops that cannot be told",
    query=UnreachedAsked,
    gives=UnreachedTold,
)
async def silence(call: Call) -> Answer:
    """Whether the silence of a shop that cannot be told goes to the platform, and which shops these are."""
    wanted: UnreachedAsked = call.query
    page = await narrowed(call.desk.reads.unreached_shops(wanted.cursor, wanted.limit))
    found = await call.desk.inbox.people.silence()
    return Answer(
        body=UnreachedTold(
            goes_to=_goes_to(wanted=found.wanted),
            unreached=found.unreached,
            rows=[
                UnreachedShopTold(shop=ShopNamed(id=one.id, name=one.name), waiting=one.waiting, since=one.since)
                for one in page.rows
            ],
            next=page.next,
            previous=page.previous,
            total=page.total,
        )
    )


@operation(
    "PUT",
    "/v1/unreached-shops",
    may=frozenset({"operator"}),
    through="scope",
    summary="Say what silence of unreached shops means",
    body=SilencePut,
    gives=SilenceTold,
    changes=True,
    keyed=False,
)
async def set_silence(call: Call) -> Answer:
    """It holds for requests from now on; what was promised for those that wait stays."""
    body: SilencePut = call.body
    await call.desk.inbox.people.want(body.goes_to == "platform")
    await call.desk.book.refresh()
    found = await call.desk.inbox.people.silence()
    return Answer(body=SilenceTold(goes_to=_goes_to(wanted=found.wanted), unreached=found.unreached))


async def _channels(call: Call) -> Answer:
    found = await call.desk.inbox.addresses(call.principal)
    shop = call.principal.shop_id
    hearing = await call.desk.inbox.people.hearing(shop or ShopId(""))
    ways = hearing.ways if shop else ()
    return Answer(
        body=ChannelsTold(
            channels=list(map(_channel, found)),
            reached=shop is None or call.desk.book.reached(shop),
            last=ways[0].id if len(ways) == 1 else None,
            waiting=hearing.waiting,
            silence=_goes_to(wanted=hearing.wanted),
        )
    )


def _goes_to(*, wanted: bool) -> str:
    return "platform" if wanted else "decides"


def _language(call: Call, chosen: str | None) -> str:
    return chosen or negotiate(call.headers.get(b"accept-language", b"").decode("latin-1"))


def _notice(call: Call) -> str:
    return canonical("ntc", call.ids["notice"])


def _told(one: Shown) -> NoticeTold:
    notice, words = one.notice, one.words
    return NoticeTold(
        id=one.row.id,
        kind=notice.kind.value,
        group=notice.group,
        order=notice.order,
        number=notice.number,
        shop=notice.shop,
        about=notice.about,
        thread=notice.thread or "",
        unread=notice.unread,
        subject=words.subject,
        sentence=words.sentence,
        move=words.move,
        whose_move=notice.move,
        due_at=notice.due_at,
        link=words.link,
        settled=notice.over,
        at=one.row.made_at,
        read_at=one.row.read_at,
    )


def _preferences(call: Call, chosen: Preferences) -> PreferencesTold:
    role, _party = reader(call.principal)
    return PreferencesTold(
        language=chosen.language,
        zone=chosen.zone,
        hour=chosen.hour,
        groups=[
            GroupTold(
                group=group,
                required=group in REQUIRED[role],
                channels={channel: how(role, channel, group, chosen.choices) for channel in CHANNELS},
            )
            for group in GROUPS[role]
        ],
    )


def _channel(one: Address) -> ChannelTold:
    return ChannelTold(
        id=one.id,
        channel=one.channel,
        address=one.address,
        made_at=one.made_at,
        verified_at=one.verified_at,
        gone_at=one.gone_at,
    )


OPERATIONS = (
    *(listed, read_all, one, read),
    *(preferences, choose),
    *(channels, add, send_code, verify, remove),
    *(silence, set_silence),
)
