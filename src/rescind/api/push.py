"""Browsers in which the caller is told while no page is open. Of what they are told, notice preferences say."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.notices import MAY
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming
from rescind.locales import LANGUAGE_NAMES
from rescind.postgres.push import Subscription

_Endpoint = Annotated[str, msgspec.Meta(max_length=2000)]
_Key = Annotated[str, msgspec.Meta(max_length=200)]
_Short = Annotated[str, msgspec.Meta(max_length=80)]


class SubscriptionTold(Told, frozen=True, kw_only=True):
    """A browser that is told. browser: what it was called; language: in which it is told, where nothing else is chosen.

    last_at: when a message last went there; last_fault: what was in the way, empty when it was taken.
    """

    id: str
    browser: str
    language: str
    created_at: Instant
    last_at: Instant | None
    last_fault: str


class SubscriptionsTold(Told, frozen=True, kw_only=True):
    """The caller's browsers. public_key: what a browser subscribes with (`applicationServerKey`, in base 64 for URLs);
    null where the installation can tell none.
    """

    public_key: str | None
    subscriptions: list[SubscriptionTold]


class SubscriptionKeys(Incoming, frozen=True, kw_only=True):
    """What messages are encrypted with, in base 64 for URLs."""

    p256dh: _Key
    auth: _Key


class NewSubscription(Incoming, frozen=True, kw_only=True):
    """endpoint, keys: as the browser's `PushSubscription` gives them. browser: what its person knows it by."""

    endpoint: _Endpoint
    keys: SubscriptionKeys
    browser: _Short = ""
    language: str = "en"


@operation(
    "GET",
    "/v1/push-subscriptions",
    may=MAY,
    through="scope",
    summary="List your browsers",
    gives=SubscriptionsTold,
)
async def listed(call: Call) -> Answer:
    """In which browsers you are told, and the key that another one subscribes with."""
    return await _answer(call)


@operation(
    "POST",
    "/v1/push-subscriptions",
    may=MAY,
    through="scope",
    summary="Have a browser told",
    body=NewSubscription,
    gives=SubscriptionTold,
    changes=True,
    statuses=(201,),
    fails=(errors.InvalidField, errors.RateLimited),
)
async def subscribe(call: Call) -> Answer:
    """Tell you in this browser from now on. The same browser again is the same; of a person the newest five stay."""
    call.key(ShopId(""))  # A browser is kept once; the header is wanted as of every change.
    new: NewSubscription = call.body
    if new.language not in LANGUAGE_NAMES:
        raise errors.InvalidField(field="/language", expected=errors.one_of(LANGUAGE_NAMES))
    pushing = call.desk.pushing
    identifier = await pushing.subscribe(
        call.principal, new.endpoint, new.keys.p256dh, new.keys.auth, browser=new.browser, language=new.language
    )
    made = next(one for one in await pushing.of(call.principal) if one.id == identifier)
    await call.desk.book.refresh()
    return Answer(body=_told(made), status=201)


@operation(
    "POST",
    "/v1/push-subscriptions/{subscription}/remove",
    may=MAY,
    through="scope",
    summary="Stop telling a browser",
    body=Untouched,
    gives=SubscriptionsTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def remove(call: Call) -> Answer:
    """Tell nothing more there; the answer has the browsers that are left."""
    call.key(ShopId(""))
    await call.desk.pushing.remove(call.principal, call.ids["subscription"])
    await call.desk.book.refresh()
    return await _answer(call)


async def _answer(call: Call) -> Answer:
    pushing = call.desk.pushing
    try:
        key = await pushing.public_key()
    except errors.Unavailable:
        key = None
    found = await pushing.of(call.principal)
    return Answer(body=SubscriptionsTold(public_key=key, subscriptions=[_told(one) for one in found]))


def _told(one: Subscription) -> SubscriptionTold:
    return SubscriptionTold(
        id=one.id,
        browser=one.browser,
        language=one.language,
        created_at=one.created_at,
        last_at=one.last_at,
        last_fault=one.last_fault,
    )


OPERATIONS = (listed, subscribe, remove)
