"""Webhook endpoints: making and changing them, their secrets, a test; whose they are decides who sees them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.api.webhook_deliveries import DeliveryTold, delivery_told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical
from rescind.core.instant import Instant
from rescind.core.news import CHOICES
from rescind.endpoints import Choice, Made
from rescind.intake.fields import Incoming
from rescind.postgres.credentials import Role
from rescind.postgres.endpoints import Endpoint

MAY: frozenset[Role] = frozenset({"seller", "operator", "host"})
_Url = Annotated[str, msgspec.Meta(max_length=1000)]
_About = Annotated[str, msgspec.Meta(max_length=200)]
_Events = Annotated[tuple[str, ...], msgspec.Meta(max_length=len(CHOICES))]


class EndpointTold(Told, frozen=True, kw_only=True):
    """Where somebody is told. shop: whose it is, null for the marketplace's own. events: empty for everything.

    state: on, paused by somebody, gone because the receiver said 410, failing because it took nothing for days.
    asymmetric: whether messages are signed for a public key too. failing_since: when the attempts began that all failed
    until now. old_secret_until: until when the secret before signs too.
    """

    id: str
    shop: str | None
    url: str
    about: str
    events: list[str]
    state: str
    asymmetric: bool
    failing_since: Instant | None
    stopped_at: Instant | None
    old_secret_until: Instant | None
    created_at: Instant
    created_by: str
    changed_at: Instant
    changed_by: str


class EndpointsTold(Told, frozen=True, kw_only=True):
    """Endpoints, the marketplace's own first. offered: what their `events` may name."""

    endpoints: list[EndpointTold]
    offered: list[str]


class EndpointMade(Told, frozen=True, kw_only=True):
    """An endpoint with the secret that its messages are signed with: `whsec_` and base 64. It is shown this once."""

    endpoint: EndpointTold
    secret: str


class PublicKeyTold(Told, frozen=True, kw_only=True):
    """A key that verifies `v1a` signatures: `whpk_` and 32 bytes in base 64. until: null for the present one."""

    key: str
    until: Instant | None


class PublicKeysTold(Told, frozen=True, kw_only=True):
    """The present one first, then the one before while it still signs; none for an endpoint that wants no such."""

    keys: list[PublicKeyTold]


class NewEndpoint(Incoming, frozen=True, kw_only=True):
    """An endpoint to make. url: https, on the public internet. events: kinds, or `noun.*`; empty for everything.

    shop: whose it is to be; for a seller it is their shop's in any case, others leave it out for the marketplace's own.
    asymmetric: sign each message with `v1a` beside `v1`, so that whoever has the public key can verify it.
    """

    url: _Url
    events: _Events = ()
    about: _About = ""
    shop: str | None = None
    asymmetric: bool = False


class EndpointChange(Incoming, frozen=True, kw_only=True):
    """What is to change; what is left out stays. state: on, or paused."""

    url: _Url | None = None
    events: _Events | None = None
    about: _About | None = None
    state: Choice | None = None
    asymmetric: bool | None = None


@operation(
    "GET", "/v1/webhook-endpoints", may=MAY, through="scope", summary="List webhook endpoints", gives=EndpointsTold
)
async def listed(call: Call) -> Answer:
    """Who is told what happened, how each endpoint is, and which kinds of events there are to choose from."""
    found = await call.desk.endpoints.all(call.principal.scope)
    return Answer(body=EndpointsTold(endpoints=list(map(_told, found)), offered=list(CHOICES)))


@operation(
    "POST",
    "/v1/webhook-endpoints",
    may=MAY,
    through="scope",
    summary="Make a webhook endpoint",
    body=NewEndpoint,
    gives=EndpointMade,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText, errors.EndpointsFull, errors.IdempotencyKeyReused),
)
async def create(call: Call) -> Answer:
    """Let an address be told from now on. The answer has its secret; the same call again gives the same answer."""
    new: NewEndpoint = call.body
    scope = call.principal.scope
    shop = scope.shop or (ShopId(canonical("shp", new.shop)) if new.shop else None)
    if new.shop and new.shop != shop:
        raise errors.NotFound(kind="shp")
    if shop:
        await call.desk.reads.shop(shop)
    key = call.key(shop or ShopId(""))
    made = await call.desk.endpoints.create(
        scope,
        shop,
        new.url,
        about=new.about,
        events=new.events,
        by=call.principal.by,
        key=key.key,
        asymmetric=new.asymmetric,
    )
    return Answer(body=_made(made), status=201, location=f"/v1/webhook-endpoints/{made.endpoint.id}")


@operation(
    "GET",
    "/v1/webhook-endpoints/{endpoint}",
    may=MAY,
    through="scope",
    summary="Read a webhook endpoint",
    gives=EndpointTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """How an endpoint is."""
    return Answer(body=_told(await call.desk.endpoints.find(call.principal.scope, call.ids["endpoint"])))


@operation(
    "PATCH",
    "/v1/webhook-endpoints/{endpoint}",
    may=MAY,
    through="scope",
    summary="Change a webhook endpoint",
    body=EndpointChange,
    gives=EndpointTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText),
)
async def change(call: Call) -> Answer:
    """Another address, other events, paused, or on again. What waits is sent to where the endpoint is then."""
    asked: EndpointChange = call.body
    changed = await call.desk.endpoints.change(
        call.principal.scope,
        call.ids["endpoint"],
        call.principal.by,
        url=asked.url,
        about=asked.about,
        events=asked.events,
        state=asked.state,
        asymmetric=asked.asymmetric,
    )
    return Answer(body=_told(changed))


@operation(
    "GET",
    "/v1/webhook-endpoints/{endpoint}/public-keys",
    may=MAY,
    through="scope",
    summary="Read the public keys of a webhook endpoint",
    gives=PublicKeysTold,
    fails=(errors.NotFound, errors.Unavailable),
)
async def public_keys(call: Call) -> Answer:
    """What verifies the `v1a` signatures of its messages."""
    keys = await call.desk.endpoints.public_keys(call.principal.scope, call.ids["endpoint"])
    return Answer(body=PublicKeysTold(keys=[PublicKeyTold(key=one.key, until=one.until) for one in keys]))


@operation(
    "POST",
    "/v1/webhook-endpoints/{endpoint}/rotate",
    may=MAY,
    through="scope",
    summary="Give a webhook endpoint a new secret",
    body=Untouched,
    gives=EndpointMade,
    changes=True,
    fails=(errors.NotFound,),
)
async def rotate(call: Call) -> Answer:
    """A new secret, shown this once. For a day messages carry two signatures, so that the receiver can change over."""
    made = await call.desk.endpoints.rotate(
        call.principal.scope, call.ids["endpoint"], call.principal.by, call.key(ShopId("")).key
    )
    return Answer(body=_made(made))


@operation(
    "POST",
    "/v1/webhook-endpoints/{endpoint}/test",
    may=MAY,
    through="scope",
    summary="Send a test to a webhook endpoint",
    body=Untouched,
    gives=DeliveryTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidTransition),
)
async def test(call: Call) -> Answer:
    """Send an `endpoint.test`, signed and tried again like any other message; what comes of it is in the log."""
    sent = await call.desk.endpoints.test(
        call.principal.scope, call.ids["endpoint"], call.principal.by, call.key(ShopId("")).key
    )
    return Answer(body=delivery_told(sent), status=201)


@operation(
    "POST",
    "/v1/webhook-endpoints/{endpoint}/remove",
    may=MAY,
    through="scope",
    summary="Remove a webhook endpoint",
    body=Untouched,
    gives=EndpointTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def remove(call: Call) -> Answer:
    """Send nothing there any more. It is in no list from now on, and the same call again finds nothing."""
    call.key(ShopId(""))
    scope, identifier = call.principal.scope, call.ids["endpoint"]
    found = await call.desk.endpoints.find(scope, identifier)
    await call.desk.endpoints.remove(scope, identifier, call.principal.by)
    return Answer(body=_told(msgspec.structs.replace(found, state="removed")))


def _made(made: Made) -> EndpointMade:
    return EndpointMade(endpoint=_told(made.endpoint), secret=made.secret)


def _told(one: Endpoint) -> EndpointTold:
    return EndpointTold(
        id=one.id,
        shop=one.shop,
        url=one.url,
        about=one.about,
        events=list(one.events),
        state=one.state,
        asymmetric=one.asymmetric,
        failing_since=one.failing_since,
        stopped_at=one.stopped_at,
        old_secret_until=one.old_until,
        created_at=one.created_at,
        created_by=one.created_by,
        changed_at=one.changed_at,
        changed_by=one.changed_by,
    )


OPERATIONS = (listed, create, read, change, public_keys, rotate, test, remove)
