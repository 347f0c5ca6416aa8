"""How a shop is reached, and the sentences it keeps ready for its conversations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.shops import CHANGES, READS, changed_by, shop_of
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.contact_card import LANGUAGES, ContactCard, OpenSpan, opening
from rescind.core.instant import Instant
from rescind.core.quick_reply import MOST
from rescind.core.views import ShopView
from rescind.intake import contact as intake
from rescind.intake.fields import Incoming, Words

_SPANS_OF_A_WEEK = 21


class NewSpan(Incoming, frozen=True, kw_only=True):
    """When somebody is there on one day of the week, Monday being 0. Local time; a day ends at `24:00`."""

    day: Annotated[int, msgspec.Meta(ge=0, le=6)]
    opens: Annotated[str, msgspec.Meta(max_length=5)]
    closes: Annotated[str, msgspec.Meta(max_length=5)]


class NewCard(Incoming, frozen=True, kw_only=True):
    """How the shop is reached. phone: with its country's prefix. languages: codes, the shop's best first.

    zone: of the hours, the shop's own without one. holidays: closed on the public holidays of its market's calendar.
    """

    email: Words = ""
    phone: Words = ""
    languages: Annotated[tuple[str, ...], msgspec.Meta(max_length=LANGUAGES)] = ()
    zone: str | None = None
    hours: Annotated[tuple[NewSpan, ...], msgspec.Meta(max_length=_SPANS_OF_A_WEEK)] = ()
    holidays: bool = True


class SpanTold(Told, frozen=True, kw_only=True):
    """As it was set."""

    day: int
    opens: str
    closes: str


class AnswerTimeTold(Told, frozen=True, kw_only=True):
    """How fast the shop answers what it is asked first: the median in seconds, of so many questions of 90 days."""

    seconds: int
    questions: int


class CardTold(Told, frozen=True, kw_only=True):
    """How a shop is reached. version is the ETag, 0 where it has said nothing yet.

    open: whether somebody is there now, null where it says no hours; until: when they go; opens_at: when they come
    back. answer_time: null below 20 questions.
    """

    shop: str
    version: int
    email: str
    phone: str
    languages: list[str]
    zone: str
    hours: list[SpanTold]
    holidays: bool
    open: bool | None
    until: Instant | None
    opens_at: Instant | None
    answer_time: AnswerTimeTold | None


class NewReply(Incoming, frozen=True, kw_only=True):
    """A sentence to keep ready. texts: its words in every language of the pages, by code."""

    title: Words
    texts: Annotated[dict[str, Words], msgspec.Meta(max_length=10)]


class NewReplies(Incoming, frozen=True, kw_only=True):
    """All of the shop's quick replies, in their order; none ends them."""

    replies: Annotated[tuple[NewReply, ...], msgspec.Meta(max_length=MOST)]


class ReplyTold(Told, frozen=True, kw_only=True):
    """One of them."""

    title: str
    texts: dict[str, str]


class RepliesTold(Told, frozen=True, kw_only=True):
    """The shop's quick replies. version is the ETag, 0 where it has kept none yet."""

    shop: str
    version: int
    replies: list[ReplyTold]


@operation(
    "GET",
    "/v1/shops/{shop}/contact",
    may=ANYBODY,
    through="shop",
    summary="Read how a shop is reached",
    gives=CardTold,
    fails=(errors.NotFound,),
)
async def card(call: Call) -> Answer:
    """Hours, e-mail, telephone, languages, whether somebody is there now, and how fast the shop answers."""
    return await _card(call, await shop_of(call))


@operation(
    "PUT",
    "/v1/shops/{shop}/contact",
    may=CHANGES,
    through="shop",
    summary="Set how a shop is reached",
    body=NewCard,
    gives=CardTold,
    changes=True,
    keyed=False,
    versioned=errors.StaleShop,
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText),
)
async def set_card(call: Call) -> Answer:
    """Put this card in the place of the one before. Setting the same again changes nothing."""
    shop, body = await shop_of(call), call.body
    written = intake.card(
        email=body.email,
        phone=body.phone,
        languages=body.languages,
        zone=body.zone or shop.zone,
        hours=[OpenSpan(day=one.day, opens=one.opens, closes=one.closes) for one in body.hours],
        holidays=body.holidays,
    )
    await call.desk.versions.put_contact(shop.id, written, changed_by(call), expected=call.expected_version())
    return await _card(call, shop)


@operation(
    "GET",
    "/v1/shops/{shop}/quick-replies",
    may=READS,
    through="shop",
    summary="Read a shop's quick replies",
    gives=RepliesTold,
    fails=(errors.NotFound,),
)
async def replies(call: Call) -> Answer:
    """The sentences that the shop's people put into a message with one press."""
    return await _replies(call, await shop_of(call))


@operation(
    "PUT",
    "/v1/shops/{shop}/quick-replies",
    may=CHANGES,
    through="shop",
    summary="Set a shop's quick replies",
    body=NewReplies,
    gives=RepliesTold,
    changes=True,
    keyed=False,
    versioned=errors.StaleShop,
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText),
)
async def set_replies(call: Call) -> Answer:
    """Put these in the place of those before. Each has words in every language; the reader's is offered first."""
    shop = await shop_of(call)
    try:
        written = intake.replies([(one.title, one.texts) for one in call.body.replies])
    except errors.InvalidField as fault:
        raise errors.InvalidField(**fault.params | {"field": f"/replies{fault.params['field']}"}) from None
    except errors.InvalidText as fault:
        raise errors.InvalidText(**fault.params | {"field": f"/replies{fault.params['field']}"}) from None
    await call.desk.versions.put_replies(shop.id, written, changed_by(call), expected=call.expected_version())
    return await _replies(call, shop)


async def _card(call: Call, shop: ShopView) -> Answer:
    desk, now = call.desk, call.desk.now()
    kept, version = await desk.versions.contact(shop.id)
    found = kept or ContactCard(zone=shop.zone)
    terms = await desk.book.terms(desk.pins(shop), now, shop.id)
    there = opening(found, desk.book.calendar(terms), now)
    answers = await desk.conversations.first_answers(shop.id, now)
    told = CardTold(
        shop=shop.id,
        version=version,
        email=found.email,
        phone=found.phone,
        languages=list(found.languages),
        zone=found.zone,
        hours=[SpanTold(day=one.day, opens=one.opens, closes=one.closes) for one in found.hours],
        holidays=found.holidays,
        open=there.open if there else None,
        until=there.until if there else None,
        opens_at=there.opens_at if there else None,
        answer_time=AnswerTimeTold(seconds=answers.seconds, questions=answers.threads) if answers else None,
    )
    return Answer(body=told, version=version)


async def _replies(call: Call, shop: ShopView) -> Answer:
    kept, version = await call.desk.versions.replies(shop.id)
    told = [ReplyTold(title=one.title, texts=one.texts) for one in kept]
    return Answer(body=RepliesTold(shop=shop.id, version=version, replies=told), version=version)


OPERATIONS = (card, set_card, replies, set_replies)
