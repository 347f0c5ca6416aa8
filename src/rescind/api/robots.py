"""Group robots: connecting and changing them, and trying one; whose they are decides who sees them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming
from rescind.postgres.credentials import Role
from rescind.postgres.robots import Row
from rescind.robots import TOPICS, Choice

MAY: frozenset[Role] = frozenset({"seller", "operator", "host"})
_Url = Annotated[str, msgspec.Meta(max_length=1000)]
_Secret = Annotated[str, msgspec.Meta(max_length=200)]
_About = Annotated[str, msgspec.Meta(max_length=200)]
_Topics = Annotated[tuple[str, ...], msgspec.Meta(max_length=len(TOPICS))]


class LastTold(Told, frozen=True, kw_only=True):
    """What came of the last message. fault: empty when the group has it. said: what the robot answered.

    test: whether it was one.
    """

    at: Instant
    fault: str
    said: str
    test: bool


class RobotTold(Told, frozen=True, kw_only=True):
    """A robot of a group chat. address: its host and its end; the rest is a secret. topics: empty for everything.

    signed: whether messages are signed with a secret. state: on, paused by somebody, gone because it is not in its
    group any more, failing because it took nothing for days. verified_at: when a message was first taken at this
    address: before that the group hears nothing. waiting: pieces of news that it is still to say.
    """

    id: str
    shop: str
    kind: str
    address: str
    signed: bool
    about: str
    topics: list[str]
    language: str
    state: str
    failing_since: Instant | None
    stopped_at: Instant | None
    verified_at: Instant | None
    waiting: int
    last: LastTold | None
    created_at: Instant
    created_by: str
    changed_at: Instant
    changed_by: str


class RobotsTold(Told, frozen=True, kw_only=True):
    """Robots of group chats. offered: what their `topics` may name."""

    robots: list[RobotTold]
    offered: list[str]


class NewRobot(Incoming, frozen=True, kw_only=True):
    """A robot to connect. kind: `wecom` 企业微信, `feishu` 飞书, `dingtalk` 钉钉. url: as the group shows it.

    secret: where the robot asks for a signature. topics: empty for everything. language: of the group, `en` or `zh`.
    shop: whose it is to be; a seller leaves it out.
    """

    kind: str
    url: _Url
    secret: _Secret = ""
    topics: _Topics = ()
    language: str = "zh"
    about: _About = ""
    shop: str | None = None


class RobotChange(Incoming, frozen=True, kw_only=True):
    """What is to change; what is left out stays. secret: empty to sign no more. state: on, or paused."""

    url: _Url | None = None
    secret: _Secret | None = None
    topics: _Topics | None = None
    language: str | None = None
    about: _About | None = None
    state: Choice | None = None


@operation("GET", "/v1/robots", may=MAY, through="scope", summary="List group robots", gives=RobotsTold)
async def listed(call: Call) -> Answer:
    """Which group chats are told what happens, how each robot is, and which topics there are to choose from."""
    found = await call.desk.robots.all(call.principal.scope)
    waiting = await call.desk.robots.messages.count(sorted({one.shop for one in found}))
    return Answer(body=RobotsTold(robots=[_told(one, waiting.get(one.id, 0)) for one in found], offered=list(TOPICS)))


@operation(
    "POST",
    "/v1/robots",
    may=MAY,
    through="scope",
    summary="Connect a group robot",
    body=NewRobot,
    gives=RobotTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText, errors.RobotsFull, errors.IdempotencyKeyReused),
)
async def connect(call: Call) -> Answer:
    """Let a group be told from now on. The address is a secret: it is kept sealed and is in no answer."""
    new: NewRobot = call.body
    scope = call.principal.scope
    shop = scope.shop or (ShopId(canonical("shp", new.shop)) if new.shop else None)
    if shop is None:
        raise errors.InvalidField(field="/shop", expected="the shop whose orders the group hears of")
    if new.shop and new.shop != shop:
        raise errors.NotFound(kind="shp")
    await call.desk.reads.shop(shop)
    made = await call.desk.robots.create(
        scope,
        shop,
        new.kind,
        new.url,
        secret=new.secret,
        about=new.about,
        topics=new.topics,
        language=new.language,
        by=call.principal.by,
        key=call.key(shop).key,
    )
    return Answer(body=_told(made, 0), status=201, location=f"/v1/robots/{made.id}")


@operation(
    "GET",
    "/v1/robots/{robot}",
    may=MAY,
    through="scope",
    summary="Read a group robot",
    gives=RobotTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """How a robot is, and what came of its last message."""
    return await _answer(call, await call.desk.robots.find(call.principal.scope, call.ids["robot"]))


@operation(
    "PATCH",
    "/v1/robots/{robot}",
    may=MAY,
    through="scope",
    summary="Change a group robot",
    body=RobotChange,
    gives=RobotTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.InvalidField, errors.InvalidText),
)
async def change(call: Call) -> Answer:
    """Another address or secret, other topics, paused, or on again."""
    asked: RobotChange = call.body
    changed = await call.desk.robots.change(
        call.principal.scope,
        call.ids["robot"],
        call.principal.by,
        url=asked.url,
        secret=asked.secret,
        about=asked.about,
        topics=asked.topics,
        language=asked.language,
        state=asked.state,
    )
    await call.desk.book.refresh()
    return await _answer(call, changed)


@operation(
    "POST",
    "/v1/robots/{robot}/test",
    may=MAY,
    through="scope",
    summary="Try a group robot",
    body=Untouched,
    gives=RobotTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def test(call: Call) -> Answer:
    """Say a test in the group now; `last` has what the robot answered. It is busy for some seconds after a message."""
    key = call.key(ShopId("")).key
    scope, robots = call.principal.scope, call.desk.robots
    one = await robots.find(scope, call.ids["robot"])
    shop = await call.desk.reads.shop(ShopId(one.shop))
    base = call.desk.base_url
    link = f"{base}/seller/robots/{one.id}" if base else ""
    tried = await robots.test(scope, one.id, shop.name, link, by=call.principal.by, key=key)
    await call.desk.book.refresh()
    return await _answer(call, tried)


@operation(
    "POST",
    "/v1/robots/{robot}/remove",
    may=MAY,
    through="scope",
    summary="Remove a group robot",
    body=Untouched,
    gives=RobotTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def remove(call: Call) -> Answer:
    """Say nothing there any more, and forget its address. The same call again finds nothing."""
    call.key(ShopId(""))
    scope, identifier = call.principal.scope, call.ids["robot"]
    found = await call.desk.robots.find(scope, identifier)
    await call.desk.robots.remove(scope, identifier, call.principal.by)
    await call.desk.book.refresh()
    return Answer(body=_told(msgspec.structs.replace(found, state="removed"), 0))


async def _answer(call: Call, one: Row) -> Answer:
    waiting = await call.desk.robots.messages.count([one.shop])
    return Answer(body=_told(one, waiting.get(one.id, 0)))


def _told(one: Row, waiting: int) -> RobotTold:
    last = one.last_at and LastTold(at=one.last_at, fault=one.last_fault, said=one.last_said, test=one.last_test)
    return RobotTold(
        id=one.id,
        shop=one.shop,
        kind=one.kind,
        address=one.shown,
        signed=one.signed,
        about=one.about,
        topics=list(one.topics),
        language=one.language,
        state=one.state,
        failing_since=one.failing_since,
        stopped_at=one.stopped_at,
        verified_at=one.verified_at,
        waiting=waiting,
        last=last,
        created_at=one.created_at,
        created_by=one.created_by,
        changed_at=one.changed_at,
        changed_by=one.changed_by,
    )


OPERATIONS = (listed, connect, read, change, test, remove)
