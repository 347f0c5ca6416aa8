"""People who work here: who they are, inviting them, what they may do, and ending it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.access.people import Invited, Wanted, by
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.orders import narrowed
from rescind.api.policies import Untouched
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical
from rescind.core.instant import Instant
from rescind.core.staff import Rights, StaffRole
from rescind.intake.fields import Incoming
from rescind.intake.narrowing import Limit, PersonNarrowing
from rescind.postgres.accounts import ActView, PersonView
from rescind.postgres.credentials import Role
from rescind.postgres.staff_links import StaffLink

MAY: frozenset[Role] = frozenset({"seller", "operator"})
_Short = Annotated[str, msgspec.Meta(max_length=254)]
_Shop = Annotated[str, msgspec.Meta(max_length=64)]


class PersonTold(Told, frozen=True, kw_only=True):
    """A person in one role; who has two stands there twice. shop: of a seller. rights: manage the shop, or answer only.

    signed_in_at: when they last signed in with this role. passkeys: how many; app: whether there is a password with an
    authenticator app; provider: whether they came by the identity provider.
    """

    id: str
    name: str
    email: str
    role: str
    shop: str | None
    rights: str
    given_at: Instant
    signed_in_at: Instant | None
    passkeys: int
    app: bool
    provider: bool


class InvitationTold(Told, frozen=True, kw_only=True):
    """An invitation that nobody has taken up."""

    id: str
    name: str
    email: str
    language: str
    role: str
    shop: str | None
    rights: str
    invited_by: str
    invited_at: Instant
    expires_at: Instant


class PeopleAsked(PersonNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the list is narrowed to, and the part of it that is wanted."""

    cursor: str | None = None
    limit: Limit = 100


class PeopleTold(Told, frozen=True, kw_only=True):
    """A part of the list of who works here, and everybody who is invited.

    ``next`` and ``previous``: cursors, null at an end. ``total``: of the people, null when there are many.
    """

    people: list[PersonTold]
    invitations: list[InvitationTold]
    next: str | None
    previous: str | None
    total: int | None


class InvitedTold(Told, frozen=True, kw_only=True):
    """An invitation that goes out. mailed: a mail server is there that it is handed to.

    link: where no mail goes out; never for an operator, whose link is printed on the machine itself alone.
    """

    invitation: InvitationTold
    mailed: bool
    link: str | None


class ActTold(Told, frozen=True, kw_only=True):
    """A line of the record. by: as what and who; whom: a person, a session's or a key's holder."""

    number: int
    at: Instant
    act: str
    by: str
    by_name: str
    whom: str
    role: str
    shop: str | None
    rights: str


class ActsTold(Told, frozen=True, kw_only=True):
    """The record, the latest first."""

    acts: list[ActTold]


class InvitationPost(Incoming, frozen=True, kw_only=True):
    """Somebody to invite. shop, rights: of a seller. language: of the mail."""

    name: _Short
    email: _Short
    role: StaffRole
    shop: _Shop | None = None
    rights: Rights = "manage"
    language: Literal["en", "zh"] = "en"


class RightsPatch(Incoming, frozen=True, kw_only=True):
    """Other rights in a shop."""

    shop: _Shop
    rights: Rights


class RolePost(Incoming, frozen=True, kw_only=True):
    """Which role ends. shop: of a seller."""

    role: StaffRole
    shop: _Shop | None = None


@operation("GET", "/v1/people", may=MAY, through="scope", summary="List people", query=PeopleAsked, gives=PeopleTold)
async def listed(call: Call) -> Answer:
    """Who works here and who is invited: everybody for an operator, a shop's own people for the shop."""
    people, who = call.desk.people, by(call.principal)
    wanted: PeopleAsked = call.query
    page = await narrowed(people.rows(who, wanted, wanted.cursor, wanted.limit))
    return Answer(
        body=PeopleTold(
            people=[_person(one.person) for one in page.rows],
            invitations=[_invitation(one) for one in await people.waiting(who)],
            next=page.next,
            previous=page.previous,
            total=page.total,
        )
    )


@operation("GET", "/v1/people/acts", may=MAY, through="scope", summary="Read who did what", gives=ActsTold)
async def acts(call: Call) -> Answer:
    """Who let whom in, who changed what they may do, who ended it."""
    found = await call.desk.people.acts(by(call.principal))
    return Answer(body=ActsTold(acts=[_act(one) for one in found]))


@operation(
    "POST",
    "/v1/people/invitations",
    may=MAY,
    through="scope",
    summary="Invite somebody",
    body=InvitationPost,
    gives=InvitedTold,
    changes=True,
    fresh=True,
    statuses=(201,),
    fails=(
        *(errors.NotFound, errors.InvalidField, errors.InvalidText, errors.AddressBounces),
        errors.IdempotencyKeyReused,
    ),
)
async def invite(call: Call) -> Answer:
    """Let somebody join by a link that works once, within 7 days. The same call again gives the same invitation."""
    asked: InvitationPost = call.body
    shop = canonical("shp", asked.shop) if asked.shop else None
    key = call.key(ShopId(""))
    wanted = Wanted(
        email=asked.email, name=asked.name, role=asked.role, shop=shop, rights=asked.rights, language=asked.language
    )
    invited = await call.desk.people.invite(by(call.principal), wanted, key=f"{key.principal} {key.key}")
    return Answer(body=_invited(invited), status=201)


@operation(
    "POST",
    "/v1/people/invitations/{invitation}/end",
    may=MAY,
    through="scope",
    summary="Take an invitation back",
    body=Untouched,
    gives=InvitationTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def take_back(call: Call) -> Answer:
    """End an invitation that nobody has taken up; its link opens nothing any more."""
    call.key(ShopId(""))
    return Answer(body=_invitation(await call.desk.people.take_back(by(call.principal), call.ids["invitation"])))


@operation(
    "PATCH",
    "/v1/people/{person}",
    may=MAY,
    through="scope",
    summary="Change what somebody may do in a shop",
    body=RightsPatch,
    gives=PeopleTold,
    changes=True,
    fresh=True,
    keyed=False,
    fails=(errors.NotFound,),
)
async def change(call: Call) -> Answer:
    """Manage the shop, or answer only. It holds at once; the person signs in again."""
    asked: RightsPatch = call.body
    shop = canonical("shp", asked.shop)
    await call.desk.people.change(by(call.principal), call.ids["person"], "seller", shop, asked.rights)
    return await listed.handler(call)


@operation(
    "POST",
    "/v1/people/{person}/remove",
    may=MAY,
    through="scope",
    summary="End what somebody does here",
    body=RolePost,
    gives=PeopleTold,
    changes=True,
    fresh=True,
    fails=(errors.NotFound, errors.LastOperator, errors.InvalidField),
)
async def remove(call: Call) -> Answer:
    """End a role and its sessions at once, on open pages and streams too; who has no role left is forgotten."""
    call.key(ShopId(""))
    asked: RolePost = call.body
    shop = canonical("shp", asked.shop) if asked.shop else None
    await call.desk.people.remove(by(call.principal), call.ids["person"], asked.role, shop)
    return await listed.handler(call)


@operation(
    "POST",
    "/v1/people/{person}/begin-anew",
    may=frozenset({"operator"}),
    through="scope",
    summary="Let somebody begin anew",
    body=Untouched,
    gives=PeopleTold,
    changes=True,
    fresh=True,
    fails=(errors.NotFound, errors.AddressBounces),
)
async def begin_anew(call: Call) -> Answer:
    """For who has lost what they sign in with: it is forgotten, and a mail lets them choose anew."""
    call.key(ShopId(""))
    await call.desk.people.begin_anew(by(call.principal), call.ids["person"])
    return await listed.handler(call)


OPERATIONS = (listed, acts, invite, take_back, change, remove, begin_anew)


def _person(one: PersonView) -> PersonTold:
    return PersonTold(
        id=one.id,
        name=one.name,
        email=one.email,
        role=one.role,
        shop=one.shop or None,
        rights=one.rights,
        given_at=one.given_at,
        signed_in_at=one.used_at,
        passkeys=one.passkeys,
        app=one.app,
        provider=one.identity,
    )


def _invitation(one: StaffLink) -> InvitationTold:
    return InvitationTold(
        id=one.id,
        name=one.name,
        email=one.email,
        language=one.language,
        role=one.role,
        shop=one.shop or None,
        rights=one.rights,
        invited_by=one.made_by,
        invited_at=one.made_at,
        expires_at=one.expires_at,
    )


def _invited(one: Invited) -> InvitedTold:
    return InvitedTold(invitation=_invitation(one.link), mailed=one.mailed, link=one.shown or None)


def _act(one: ActView) -> ActTold:
    return ActTold(
        number=one.id,
        at=one.at,
        act=one.act,
        by=one.by,
        by_name=one.by_name,
        whom=one.whom,
        role=one.role,
        shop=one.shop or None,
        rights=one.rights,
    )
