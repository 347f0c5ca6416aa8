"""People who work here: inviting them, what they may do, and ending it. Whoever does so is named in the record."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from rescind.access.credentials import Access
from rescind.access.principal import Principal
from rescind.core.errors import Forbidden, IdempotencyKeyReused, InvalidField, InvitationOver, NotFound, one_of
from rescind.core.ids import NO_SHOP, ShopId, base32
from rescind.core.staff import (
    GOOD_FOR,
    PASSWORD_GOOD_FOR,
    ROLES,
    Grant,
    LinkKind,
    grant,
    require_may_let_in,
)
from rescind.core.views import Page
from rescind.intake.narrowing import PersonNarrowing
from rescind.intake.text import label
from rescind.locales import LANGUAGE_NAMES
from rescind.mail.address import wire
from rescind.mail.post import Post
from rescind.postgres.accounts import SHOWN, Account, AccountTable, ActView, Note, PersonView
from rescind.postgres.mails import Telling
from rescind.postgres.reads import Reads
from rescind.postgres.reads.people import PersonRow
from rescind.postgres.staff_links import NewLink, StaffLink, StaffLinkTable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_ID_BITS, _ID_LENGTH = 110, 22
_SEAL_LENGTH = 43


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Who lets people in: as what, under which id, and what they are called."""

    grant: Grant
    id: str
    name: str

    @property
    def who(self) -> str:
        """How the record names them."""
        return f"{self.grant.role}:{self.id}"


COMMAND_LINE = By(grant=Grant(role="operator"), id="command line", name="command line")
"""Whoever sits at the machine."""


def by(who: Principal) -> By:
    """Who is here, as somebody who may let people in. Raises Forbidden for all others."""
    if who.role not in ROLES:
        raise Forbidden(action="let_in")
    return By(grant=Grant(role=who.role, shop=who.shop_id, rights=who.rights), id=who.id, name=who.name or who.id)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be invited, as it was typed."""

    email: str
    name: str
    role: str
    shop: str | None = None
    rights: str = "manage"
    language: str = "en"


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, its address, and whether a server is there that its mail is handed to."""

    link: StaffLink
    address: str
    mailed: bool

    @property
    def shown(self) -> str:
        """The address for whoever invites, where no mail goes out; else empty.

        Never for an operator, nor for who begins anew: whoever holds that link could be two people at once.
        """
        held_back = self.mailed or self.link.role == "operator" or self.link.kind != "join"
        return "" if held_back else self.address


class People:
    """Letting people in and out. secret: the installation's; base_url: where links lead."""

    def __init__(
        self,
        table: AccountTable,
        links: StaffLinkTable,
        access: Access,
        post: Post,
        reads: Reads,
        secret: bytes,
        base_url: str,
    ) -> None:
        self.table = table
        self.links = links
        self._access = access
        self._post = post
        self.reads = reads
        self._key = hmac.digest(secret, b"rescind staff link 1", hashlib.sha256)
        self._base_url = base_url.rstrip("/")

    # --- reading -----------------------------------------------------------------------------------------------------

    async def all(self, who: By) -> tuple[PersonView, ...]:
        """Whom somebody may let in and out: everybody, or the people of their shop. Raises Forbidden."""
        return await self.table.people(whose(who))

    async def rows(
        self, who: By, narrowing: PersonNarrowing, cursor: str | None = None, limit: int = 25
    ) -> Page[PersonRow]:
        """A page of those whom somebody may let in and out. Raises Forbidden, InvalidField."""
        return await self.reads.person_rows(narrowing.filters(whose(who)), cursor, limit)

    async def waiting(self, who: By) -> tuple[StaffLink, ...]:
        """Invitations that nobody has taken up. Raises Forbidden."""
        return await self.links.open(whose(who))

    async def acts(self, who: By, most: int = SHOWN) -> tuple[ActView, ...]:
        """Who did what to people, sessions and keys, the latest first. Raises Forbidden."""
        return await self.table.acts(whose(who), most)

    # --- inviting ----------------------------------------------------------------------------------------------------

    async def invite(self, who: By, wanted: Wanted, *, key: str = "") -> Invited:
        """Let somebody join who opens a link within a week; a mail brings it. key: the same one invites once.

        Raises Forbidden, InvalidField and InvalidText (email, name, role, shop, rights, language), AddressBounces,
        NotFound (shop).
        """
        email = wire(wanted.email, field="/email").lower()
        name = label(wanted.name, field="/name", blank=False)
        asked = grant(wanted.role, wanted.shop, wanted.rights)
        require_may_let_in(who.grant, asked)
        if wanted.language not in LANGUAGE_NAMES:
            raise InvalidField(field="/language", expected=one_of(LANGUAGE_NAMES))
        if asked.shop:
            await self.reads.shop(asked.shop)
        known = await self.table.by_email(email)
        if known and any(one.code == asked.code for one in await self.table.grants(known.id)):
            raise InvalidField(field="/email", expected="somebody who is not there already")
        new = NewLink(
            id=self._id_of(key) if key else _new_id("stl"),
            kind="join",
            email=email,
            name=name,
            language=wanted.language,
            role=asked.role,
            shop=asked.shop or "",
            rights=asked.rights,
            made_by=who.who,
        )
        async with self.table.transaction() as connection:
            if key and (kept := await self.links.kept(new.id, connection)):
                if (kept.email, kept.role, kept.shop, kept.rights) != (email, new.role, new.shop, new.rights):
                    raise IdempotencyKeyReused
                return await self._invited(kept)
            link = await self._send(new, connection)
            await self.table.note(_note("invited", who, f"{name} <{email}>", asked), connection)
        return await self._invited(link)

    async def invite_again(self, who: By, identifier: str) -> Invited:
        """Send an invitation once more, with a link of its own. Raises NotFound, Forbidden, AddressBounces."""
        link = next((one for one in await self.waiting(who) if one.id == identifier), None)
        if link is None:
            raise NotFound(kind="invitation")
        wanted = Wanted(
            email=link.email,
            name=link.name,
            role=link.role,
            shop=link.shop or None,
            rights=link.rights,
            language=link.language,
        )
        return await self.invite(who, wanted)

    async def take_back(self, who: By, identifier: str) -> StaffLink:
        """End an invitation that nobody has taken up. Raises NotFound, Forbidden."""
        async with self.table.transaction() as connection:
            link = await self.links.end(identifier, whose(who), connection)
            if link is None:
                raise NotFound(kind="invitation")
            await self.table.note(_note("invitation_ended", who, f"{link.name} <{link.email}>", link.grant), connection)
        return link

    # --- changing and ending -----------------------------------------------------------------------------------------

    async def change(self, who: By, account: str, role: str, shop: str | None, rights: str) -> None:
        """Other rights for somebody in a shop; they sign in again. Raises NotFound, Forbidden, InvalidField."""
        asked = grant(role, shop, rights)
        person = await self._person(who, account, asked)
        await self.table.change(account, asked, _note("role_changed", who, _called(person), asked))

    async def remove(self, who: By, account: str, role: str, shop: str | None) -> None:
        """End what somebody does here, and their sessions, at once. Raises NotFound, Forbidden, LastOperator."""
        asked = grant(role, shop, "manage")
        person = await self._person(who, account, asked)
        await self.table.take_away(account, asked, _note("removed", who, _called(person), person.grant))

    async def end_session(self, who: By, mark: str) -> bool:
        """End anybody's session, as an operator; False where there is none. Raises Forbidden."""
        if who.grant.role != "operator":
            raise Forbidden(action="end_session")
        ended = await self._access.end_anybodys(mark)
        if ended is None:
            return False
        name, role, shop = ended
        note = Note(act="sessions_ended", by=who.who, by_name=who.name, whom=name, role=role, shop=shop)
        await self.table.note(note)
        return True

    async def begin_anew(self, who: By, account: str) -> Invited:
        """For who has lost what they sign in with: it is forgotten, and a mail lets them choose anew.

        Only operators, and nobody for themselves: that would be a way past what was lost. Raises NotFound, Forbidden,
        AddressBounces.
        """
        if who.grant.role != "operator" or who.id == account:
            raise Forbidden(action="begin_anew")
        person = await self.table.find(account)
        async with self.table.transaction() as connection:
            await self.table.begin_anew(account, connection)
            await self.links.end_of(account, connection)
            link = await self._send(_to(person, "anew", who.who), connection)
            await self.table.note(
                Note(act="begun_anew", by=who.who, by_name=who.name, whom=f"{person.name} <{person.email}>"),
                connection,
            )
        return await self._invited(link)

    async def forgotten(self, email: str) -> None:
        """Send a link to choose another password, where there is one; else nothing, and nobody is told which."""
        try:
            person = await self.table.by_email(wire(email).lower())
        except InvalidField:
            return
        # Whoever signs in otherwise has no password to forget; a mail alone must not become a way in.
        if person is None or not person.password:
            return
        async with self.table.transaction() as connection:
            await self._send(_to(person, "password", f"person:{person.id}"), connection)

    # --- links -------------------------------------------------------------------------------------------------------

    def address(self, link: StaffLink) -> str:
        """Where a link leads; only its reader gets it."""
        return f"{self._base_url}/join/{link.id[4:]}{self._seal(link.id)}"

    async def opened(self, token: str, *kinds: LinkKind) -> StaffLink:
        """The link of a token while it is good. Raises InvitationOver for one that was, NotFound for any other.

        Whoever has the token had the mail, so they may learn what became of its link; nobody else learns anything.
        """
        identifier, seal = f"stl_{token[:_ID_LENGTH]}", token[_ID_LENGTH:]
        well = len(token) == _ID_LENGTH + _SEAL_LENGTH and token.isascii()
        if not well or not hmac.compare_digest(self._seal(identifier), seal):
            raise NotFound(kind="invitation")
        link = await self.links.find(identifier)
        if link is None and (fate := await self.links.fate(identifier)):
            raise InvitationOver(why=fate)
        if link is None or link.kind not in kinds:
            raise NotFound(kind="invitation")
        return link

    def seed(self, link: StaffLink) -> bytes:
        """The seed of the authenticator app that somebody sets up by this link: the same however often it is shown."""
        return hmac.digest(self._key, f"app {link.id}".encode(), hashlib.sha1)

    def _id_of(self, key: str) -> str:
        digest = hmac.digest(self._key, f"invitation {key}".encode(), hashlib.sha256)
        return f"stl_{base32(int.from_bytes(digest[:14], 'big') >> 2, _ID_LENGTH)}"

    def _seal(self, identifier: str) -> str:
        digest = hmac.digest(self._key, identifier.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    async def _send(self, link: NewLink, connection: PoolConnectionProxy[Any]) -> StaffLink:
        lifetime = PASSWORD_GOOD_FOR if link.kind == "password" else GOOD_FOR
        kept = await self.links.add(link, lifetime, connection)
        await self._post.table.write_telling(
            connection,
            Telling(
                shop=ShopId(kept.shop) if kept.shop else NO_SHOP,
                kind="staff",
                about=kept.id,
                reader=kept.email,
                language=kept.language,
                address=kept.email,
                key=f"staff:{kept.id}",
            ),
        )
        return kept

    async def _invited(self, link: StaffLink) -> Invited:
        return Invited(link=link, address=self.address(link), mailed=await self._post.view() is not None)

    async def _person(self, who: By, account: str, asked: Grant) -> PersonView:
        require_may_let_in(who.grant, asked)
        for one in await self.table.people(asked.shop or ""):
            if one.id == account and one.grant.code == asked.code:
                return one
        raise NotFound(kind="person")


def new_account_id() -> str:
    """An id for somebody who joins."""
    return _new_id("psn")


def _new_id(prefix: str) -> str:
    return f"{prefix}_{base32(secrets.randbits(_ID_BITS), _ID_LENGTH)}"


def whose(who: By) -> str:
    """Whose people somebody lets in: empty for everybody's. Raises Forbidden."""
    require_may_let_in(who.grant, Grant(role="seller", shop=who.grant.shop))
    return who.grant.shop or ""


def _to(person: Account, kind: LinkKind, made_by: str) -> NewLink:
    return NewLink(
        id=_new_id("stl"),
        kind=kind,
        email=person.email,
        name=person.name,
        language=person.language,
        account=person.id,
        made_by=made_by,
    )


def _called(person: PersonView) -> str:
    return f"{person.name} <{person.email}>"


def _note(act: str, who: By, whom: str, about: Grant) -> Note:
    return Note(
        act=act, by=who.who, by_name=who.name, whom=whom, role=about.role, shop=about.shop or "", rights=about.rights
    )
