"""Secrets under which the marketplace signs links itself, without a call."""

from __future__ import annotations

from rescind.access.people import by
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR, Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.postgres.links import LinkSecret


class LinkSecretTold(Told, frozen=True, kw_only=True):
    """A secret; what it is nobody is told again. used_at: when a link of it last signed somebody in, within a day."""

    id: str
    made_by: str
    made_at: Instant
    used_at: Instant | None
    ended_at: Instant | None


class LinkSecretsTold(Told, frozen=True, kw_only=True):
    """Secrets, those in force first."""

    secrets: tuple[LinkSecretTold, ...]


class LinkSecretMade(Told, frozen=True, kw_only=True):
    """A new secret, and what it is: text, to be used as it stands."""

    made: LinkSecretTold
    secret: str


@operation(
    "GET", "/v1/link-secrets", may=OPERATOR, through="scope", summary="List secrets for links", gives=LinkSecretsTold
)
async def listed(call: Call) -> Answer:
    """Which are in force, since when, and when each was last used."""
    found = await call.desk.links.secrets.all()
    return Answer(body=LinkSecretsTold(secrets=tuple(map(_told, found))))


@operation(
    "POST",
    "/v1/link-secrets",
    may=OPERATOR,
    through="scope",
    summary="Make a secret for links",
    body=Untouched,
    gives=LinkSecretMade,
    changes=True,
    fresh=True,
    statuses=(201,),
    fails=(errors.SecretsFull,),
)
async def make(call: Call) -> Answer:
    """Make one and see it. Two may be in force: make the second, give it to your servers, end the first."""
    made = await call.desk.links.secrets.make(by(call.principal), call.key(ShopId("")).key)
    return Answer(status=201, body=LinkSecretMade(made=_told(made.secret), secret=made.text))


@operation(
    "POST",
    "/v1/link-secrets/{secret}/end",
    may=OPERATOR,
    through="scope",
    summary="End a secret for links",
    body=Untouched,
    gives=LinkSecretTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def end(call: Call) -> Answer:
    """Let it count no more, also for links that are out already. The same call again gives the same answer."""
    call.key(ShopId(""))
    return Answer(body=_told(await call.desk.links.secrets.end(by(call.principal), call.ids["secret"])))


OPERATIONS = (listed, make, end)


def _told(one: LinkSecret) -> LinkSecretTold:
    return LinkSecretTold(
        id=one.id, made_by=one.made_by, made_at=one.made_at, used_at=one.used_at, ended_at=one.ended_at
    )
