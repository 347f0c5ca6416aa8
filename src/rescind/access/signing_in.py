"""Signing in with an account: a passkey, or a password and then a code; and joining by an invitation.

Whatever is wrong gets one answer, and looking at it takes as long for somebody who is not there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from rescind.access.browsers import device
from rescind.access.credentials import Access
from rescind.access.identity import IdentityProvider, Known, Question
from rescind.access.passkeys import Asked, Passkeys
from rescind.access.passwords import Passwords
from rescind.access.people import People, new_account_id
from rescind.access.principal import Principal
from rescind.access.request import Whence
from rescind.access.sign_in_steps import Steps
from rescind.clock import wall_clock
from rescind.core.errors import CodeWrong, InvalidField, LastWayIn, NotFound, SignInWrong
from rescind.core.one_time import DIGITS, matching_step, plain
from rescind.core.staff import RECOVERY_CODES, Grant, require_password
from rescind.intake.text import label
from rescind.mail.address import wire
from rescind.postgres.accounts import Account, Note
from rescind.postgres.staff_links import StaffLink
from rescind.sealing import Sealer

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

PURPOSE = "rescind second factor 1"
_CODE_BYTES = 5
_LONGEST_NAME = 60


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is in. session: the token for the cookie; several: they work here as more than one thing.

    codes: for the day the app is lost, shown this once.
    """

    session: str
    person: Principal
    several: bool = False
    language: str = ""
    codes: tuple[str, ...] = ()


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who joins says of themselves."""

    name: str
    language: str
    zone: str


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """By what a person can sign in."""

    passkeys: int
    both: bool
    identity: bool

    @property
    def count(self) -> int:
        """How many ways there are."""
        return self.passkeys + self.both + self.identity


class SigningIn:
    """The ways in. secret: the installation's."""

    def __init__(
        self,
        people: People,
        access: Access,
        steps: Steps,
        passkeys: Passkeys,
        provider: IdentityProvider | None,
        secret: bytes,
    ) -> None:
        self.people = people
        self.steps = steps
        self.passkeys = passkeys
        self._provider = provider
        self._table = people.table
        self._access = access
        self._passwords = Passwords()
        self._sealer = Sealer(secret, PURPOSE)
        self._key = hmac.digest(secret, b"rescind recovery code 1", hashlib.sha256)

    # --- a password, and then a code ---------------------------------------------------------------------------------

    async def password(self, email: str, password: str, address: str) -> str:
        """The first half; the token of the step at which a code is asked for. Raises SignInWrong, RateLimited.

        Tries are counted by the address that was typed, whether anybody has it or not.
        """
        whom = email.strip().lower()
        await self.steps.count(whom, address)
        try:
            person = await self._table.by_email(wire(email).lower())
        except InvalidField:
            person = None
        fits = await self._passwords.fits(person.password if person else "", password)
        if not fits or person is None:
            raise SignInWrong
        await self.steps.right(whom, address)
        return await self.steps.begin("code", person.id)

    async def code(self, token: str, typed: str, whence: Whence, wish: Grant | None = None) -> Entered:
        """The second half: the app's code, or one of those for when it is lost.

        Raises SignInWrong, RateLimited; OtherSecretKey, when neither can be looked at under the one that is there.
        """
        step = await self.steps.look("code", token)
        await self.steps.count(step.account, whence.address)
        person = await self._find(step.account)
        if not await self._second_factor(person, typed):
            raise SignInWrong
        await self.steps.take("code", token)
        await self.steps.right(step.account, whence.address)
        return await self.enter(person, whence, wish)

    async def _second_factor(self, person: Account, typed: str) -> bool:
        typed = plain(typed)
        # Opened for a recovery code too: those are kept under the same key, and under another one none of them fits.
        seed = self._sealer.open(person.id, person.totp) if person.totp is not None else None
        if len(typed) == DIGITS and seed is not None:
            step = matching_step(seed, typed, wall_clock().timestamp(), person.totp_step)
            return step is not None and await self._table.take_step(person.id, step)
        if await self._table.use_code(person.id, self._hash(person.id, typed)):
            await self._note("code_used", person)
            return True
        return False

    # --- a passkey ---------------------------------------------------------------------------------------------------

    async def moved_from(self) -> str:
        """Where people's passkeys were made who have none for this address; empty where nobody is left behind."""
        host, _ = await self._table.stranded(self.passkeys.host)
        return host

    async def ask_for_passkey(self) -> tuple[str, Asked]:
        """A question to any passkey of ours, and the token of its step."""
        asked = self.passkeys.ask_to_show()
        return await self.steps.begin("passkey", "", asked.state), asked

    async def passkey(self, token: str, answer: str, whence: Whence, wish: Grant | None = None) -> Entered:
        """Somebody shows a passkey. Raises SignInWrong; for a wrong one RateLimited, after many from one address."""
        try:
            person, named = await self._shown(token, answer)
        except SignInWrong:
            # A passkey cannot be guessed: the right one opens, whatever others showed from the same address.
            await self.steps.count(f"passkey {whence.address}", whence.address)
            raise
        await self._table.passkey_used(named, self.passkeys.host)
        return await self.enter(person, whence, wish)

    async def _shown(self, token: str, answer: str) -> tuple[Account, bytes]:
        step = await self.steps.take("passkey", token)
        named = self.passkeys.named(answer)
        person = await self._find(await self._table.whose(named))
        kept = next((one for one in await self._table.passkeys(person.id) if one.id == named), None)
        if kept is None:
            raise SignInWrong
        self.passkeys.check(step.data, kept.attested, answer)
        return person, named

    # --- the identity provider ---------------------------------------------------------------------------------------

    @property
    def provider_name(self) -> str:
        """What the identity provider is called; empty without one."""
        return self._provider.name if self._provider else ""

    async def ask_provider(self, link: str = "") -> tuple[str, str]:
        """Where to send a browser, and the token of its step. link: of an invitation. Raises NotFound, Unavailable."""
        if self._provider is None:
            raise NotFound(kind="page")
        where, question = await self._provider.ask(link)
        return await self.steps.begin("provider", "", msgspec.json.encode(question)), where

    async def provider_answered(
        self, token: str, query: Mapping[str, str], whence: Whence, wish: Grant | None = None
    ) -> Entered:
        """Who came back from there. Raises SignInWrong: also for who has not been invited; NotFound, Unavailable."""
        if self._provider is None:
            raise NotFound(kind="page")
        step = await self.steps.take("provider", token)
        question = msgspec.json.decode(step.data, type=Question)
        known = await self._provider.answered(question, query)
        if question.link:
            return await self._join_known(question.link, known, whence)
        person = await self._table.by_email(known.email)
        if person is None or not await self._table.known_as(person.id, known.subject):
            raise SignInWrong
        return await self.enter(person, whence, wish)

    # --- in ----------------------------------------------------------------------------------------------------------

    async def enter(self, person: Account, whence: Whence, wish: Grant | None = None) -> Entered:
        """A session for somebody who has shown who they are. wish: as what; else as what they worked last.

        Raises SignInWrong: they work here as nothing any more.
        """
        grants = await self._table.grants(person.id)
        wanted = next((one for one in grants if wish and one.code == wish.code), grants[0] if grants else None)
        if wanted is None:
            raise SignInWrong
        try:
            async with self._table.transaction() as connection:
                held = await self._table.hold(person.id, wanted, connection)
                session, who = await self._access.enter(person.id, person.name, held, whence, connection)
        except NotFound:
            raise SignInWrong from None
        return Entered(session=session, person=who, several=len(grants) > 1, language=person.language)

    async def switch(self, who: Principal, code: str, whence: Whence) -> Entered:
        """Work as something else from now on, in a session of its own. Raises NotFound."""
        if not who.account:
            raise NotFound(kind="role")
        grants = await self._table.grants(who.account)
        wanted = next((one for one in grants if one.code == code), None)
        if wanted is None:
            raise NotFound(kind="role")
        entered = await self.enter(await self._table.find(who.account), whence, wanted)
        await self._access.end_session(who, who.mark)
        return entered

    # --- joining, and beginning anew ---------------------------------------------------------------------------------

    async def join_with_both(
        self, token: str, newcomer: Newcomer, password: str, typed: str, whence: Whence
    ) -> Entered:
        """Take up an invitation with a password and an app. Raises NotFound, InvalidField, InvalidText, CodeWrong."""
        link = await self.people.opened(token, "join", "anew")
        person = await self._newcomer(link, newcomer)
        require_password(password, person.email, person.name)
        seed = self.people.seed(link)
        step = matching_step(seed, plain(typed), wall_clock().timestamp(), 0)
        if step is None:
            raise CodeWrong
        hashed, codes = await self._passwords.hash(password), _codes()
        async with self._table.transaction() as connection:
            await self._join(link, person, connection)
            await self._set_both(person, hashed, seed, step, codes, connection)
        entered = await self.enter(person, whence, link.grant if link.role else None)
        return msgspec.structs.replace(entered, codes=codes)

    async def ask_to_join(self, token: str, newcomer: Newcomer) -> tuple[str, Asked]:
        """Ask the browser of somebody who joins for a passkey. Raises NotFound, InvalidText."""
        link = await self.people.opened(token, "join", "anew")
        person = await self._newcomer(link, newcomer)
        asked = self.passkeys.ask_to_make(person.id, person.email, person.name, ())
        return await self.steps.begin("make_passkey", person.id, asked.state), asked

    async def join_with_passkey(
        self, token: str, newcomer: Newcomer, step_token: str, answer: str, whence: Whence
    ) -> Entered:
        """Take up an invitation with a passkey. Raises NotFound, InvalidText, SignInWrong."""
        link = await self.people.opened(token, "join", "anew")
        step = await self.steps.take("make_passkey", step_token)
        person = msgspec.structs.replace(await self._newcomer(link, newcomer), id=step.account)
        if link.account and link.account != person.id:
            raise SignInWrong
        made = self.passkeys.made(step.data, answer)
        async with self._table.transaction() as connection:
            await self._join(link, person, connection)
            await self._table.add_passkey(
                person.id, made.id, made.attested, device(whence.agent), self.passkeys.host, connection
            )
            await self._note("passkey_added", person, connection)
        return await self.enter(person, whence, link.grant if link.role else None)

    async def _join_known(self, token: str, known: Known, whence: Whence) -> Entered:
        """Take up an invitation as who the identity provider says it is. Raises NotFound, SignInWrong."""
        link = await self.people.opened(token, "join", "anew")
        if link.email != known.email:
            raise SignInWrong
        person = await self._newcomer(link, Newcomer(name=link.name, language=link.language, zone=""))
        async with self._table.transaction() as connection:
            await self._join(link, person, connection)
            if not await self._table.known_as(person.id, known.subject, connection):
                raise SignInWrong
        return await self.enter(person, whence, link.grant if link.role else None)

    async def join_as(self, token: str, who: Principal, whence: Whence) -> Entered:
        """Take up an invitation with the account that one has. Raises NotFound: also when it is for somebody else."""
        link = await self.people.opened(token, "join")
        person = await self._table.by_email(link.email)
        if person is None or person.id != who.account:
            raise NotFound(kind="invitation")
        async with self._table.transaction() as connection:
            await self._use(link, person, connection)
        return await self.switch(who, link.grant.code, whence)

    async def _newcomer(self, link: StaffLink, said: Newcomer) -> Account:
        """Who joins, as they will be kept; who begins anew, as they are. Raises InvalidText, NotFound."""
        if link.account:
            return await self._table.find(link.account)
        if await self._table.by_email(link.email):
            # They are here already: an invitation alone must not choose another password for them.
            raise NotFound(kind="invitation")
        return Account(
            id=new_account_id(),
            email=link.email,
            name=label(said.name, field="/name", blank=False),
            language=said.language,
            zone=said.zone,
            password="",
            totp=None,
            totp_step=0,
            identity="",
            made_at=wall_clock(),
        )

    async def _join(self, link: StaffLink, person: Account, connection: PoolConnectionProxy[Any]) -> None:
        if not link.account:
            await self._table.add(person, connection)
        await self._use(link, person, connection)

    async def _use(self, link: StaffLink, person: Account, connection: PoolConnectionProxy[Any]) -> None:
        if not await self.people.links.use(link.id, connection):
            raise NotFound(kind="invitation")
        if link.role:
            await self._table.give(person.id, link.grant, link.made_by, connection)
            await self._note("joined", person, connection, link.grant)

    # --- what somebody shows -----------------------------------------------------------------------------------------

    async def ways(self, account: str) -> Ways:
        """By what somebody can sign in."""
        person = await self._table.find(account)
        return Ways(
            passkeys=len(await self._table.passkeys(account)),
            both=bool(person.password),
            identity=bool(person.identity),
        )

    async def choose_password(self, token: str, password: str) -> None:
        """Another password by a link in a mail; the code is asked for as before. Raises NotFound, InvalidField."""
        link = await self.people.opened(token, "password")
        await self._choose(await self._table.find(link.account), password, link)

    async def change_password(self, who: Principal, password: str) -> None:
        """Another password; every session ends. Raises NotFound, InvalidField, SignInAgain."""
        who.require_fresh()
        person = await self._table.find(who.account)
        if not person.password:
            raise NotFound(kind="password")
        await self._choose(person, password)

    async def _choose(self, person: Account, password: str, link: StaffLink | None = None) -> None:
        require_password(password, person.email, person.name)
        hashed = await self._passwords.hash(password)
        async with self._table.transaction() as connection:
            used = link is None or await self.people.links.use(link.id, connection)
            if not used or not await self._table.set_password(person.id, hashed, connection):
                raise NotFound(kind="invitation")
            await self._note("password_chosen", person, connection)

    async def begin_app(self, who: Principal) -> tuple[str, bytes]:
        """A seed for an authenticator app, and the token of the step that keeps it. Raises SignInAgain."""
        who.require_fresh()
        seed = secrets.token_bytes(20)
        return await self.steps.begin("app", who.account, self._sealer.seal(who.account, seed)), seed

    async def app_begun(self, who: Principal, token: str) -> bytes:
        """The seed that was shown before. Raises SignInWrong."""
        step = await self.steps.look("app", token)
        if step.account != who.account:
            raise SignInWrong
        return self._sealer.open(who.account, step.data)

    async def set_up_app(self, who: Principal, token: str, password: str, typed: str) -> tuple[str, ...]:
        """A password and an app, in place of those before; codes for the day the app is lost.

        Raises SignInAgain, SignInWrong, InvalidField, CodeWrong.
        """
        who.require_fresh()
        seed = await self.app_begun(who, token)
        person = await self._table.find(who.account)
        require_password(password, person.email, person.name)
        step = matching_step(seed, plain(typed), wall_clock().timestamp(), 0)
        if step is None:
            raise CodeWrong
        await self.steps.take("app", token)
        hashed, codes = await self._passwords.hash(password), _codes()
        async with self._table.transaction() as connection:
            await self._set_both(person, hashed, seed, step, codes, connection)
        return codes

    async def new_codes(self, who: Principal) -> tuple[str, ...]:
        """Other recovery codes; those before let nobody in any more. Raises SignInAgain, NotFound."""
        who.require_fresh()
        person = await self._table.find(who.account)
        if not person.password:
            raise NotFound(kind="app")
        codes = _codes()
        async with self._table.transaction() as connection:
            await self._table.set_codes(person.id, self._hashes(person.id, codes), connection)
            await self._note("codes_made", person, connection)
        return codes

    async def ask_to_make(self, who: Principal) -> tuple[str, Asked]:
        """Ask this browser for one more passkey. Raises SignInAgain, NotFound."""
        who.require_fresh()
        person = await self._table.find(who.account)
        known = [one.attested for one in await self._table.passkeys(person.id)]
        asked = self.passkeys.ask_to_make(person.id, person.email, person.name, known)
        return await self.steps.begin("make_passkey", person.id, asked.state), asked

    async def add_passkey(self, who: Principal, token: str, answer: str, name: str) -> None:
        """Keep the passkey that a browser has made. Raises SignInAgain, SignInWrong."""
        who.require_fresh()
        step = await self.steps.take("make_passkey", token)
        if step.account != who.account:
            raise SignInWrong
        made = self.passkeys.made(step.data, answer)
        person = await self._table.find(who.account)
        async with self._table.transaction() as connection:
            await self._table.add_passkey(
                person.id, made.id, made.attested, name[:_LONGEST_NAME], self.passkeys.host, connection
            )
            await self._note("passkey_added", person, connection)

    async def remove_passkey(self, who: Principal, passkey: bytes) -> None:
        """Take a passkey away. Raises SignInAgain, NotFound, LastWayIn."""
        who.require_fresh()
        person = await self._table.find(who.account)
        async with self._table.transaction() as connection:
            left = await self._table.drop_passkey(person.id, passkey, connection)
            if left is None:
                raise NotFound(kind="passkey")
            if not left and not person.password and not person.identity:
                raise LastWayIn
            await self._note("passkey_removed", person, connection)

    async def put(self, person: Account, password: str, seed: bytes) -> None:
        """Let a person who is there sign in with a password and an app of which the seed is known: for a demo."""
        hashed = await self._passwords.hash(password)
        async with self._table.transaction() as connection:
            await self._set_both(person, hashed, seed, 0, _codes(), connection)

    async def _set_both(
        self,
        person: Account,
        password: str,
        seed: bytes,
        step: int,
        codes: tuple[str, ...],
        connection: PoolConnectionProxy[Any],
    ) -> None:
        sealed = self._sealer.seal(person.id, seed)
        await self._table.set_both(person.id, password, sealed, step, self._hashes(person.id, codes), connection)
        await self._note("app_set_up", person, connection)

    async def _find(self, account: str) -> Account:
        try:
            return await self._table.find(account)
        except NotFound:
            raise SignInWrong from None

    async def _note(
        self, act: str, person: Account, within: PoolConnectionProxy[Any] | None = None, grant: Grant | None = None
    ) -> None:
        note = Note(act=act, by=f"person:{person.id}", by_name=person.name, whom=f"{person.name} <{person.email}>")
        if grant:
            note = msgspec.structs.replace(note, role=grant.role, shop=grant.shop or "", rights=grant.rights)
        await self._table.note(note, within)

    def _hash(self, account: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{account} {code}".encode(), hashlib.sha256)

    def _hashes(self, account: str, codes: tuple[str, ...]) -> list[bytes]:
        return [self._hash(account, plain(one)) for one in codes]


def _codes() -> tuple[str, ...]:
    """Ten codes of forty bits that people can write down, in two halves."""
    made = [secrets.token_hex(_CODE_BYTES) for _ in range(RECOVERY_CODES)]
    return tuple(f"{one[:5]}-{one[5:]}" for one in made)
